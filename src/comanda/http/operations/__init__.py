"""What the OpenAPI document says of each route, by subject; `comanda.http.openapi` completes and joins it."""
