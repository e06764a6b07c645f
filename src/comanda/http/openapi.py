"""The OpenAPI 3.1 document, made from the types that read requests and the table of routes.

Litestar's own generator cannot express the exact bounds of our numbers, so the schemas come from msgspec.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from comanda import __version__
from comanda.access.routes import Route
from comanda.base import limits
from comanda.base.numbers import Number
from comanda.demo import example
from comanda.http.open_api import answers
from comanda.orders.listing import FILTERS, RELATIONS, SORTS
from comanda.orders.request import OrderRequest, V1Order

_REQUESTS = (OrderRequest, V1Order)
_ANSWERS = (
    answers.Credentials,
    answers.Token,
    answers.StatusChange,
    answers.OrderCreated,
    answers.OrderRead,
    answers.OrderChanged,
    answers.OrderPage,
    answers.Error,
)


def openapi_document(routes: Sequence[Route]) -> dict[str, Any]:
    """The document for every listed route that is part of the API."""
    paths: dict[str, Any] = {}
    for route in routes:
        describe = _OPERATIONS.get((route.method, route.path))
        if describe is not None:
            paths.setdefault(route.path, {})[route.method.lower()] = _complete(route, describe())
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Comanda",
            "version": __version__,
            "description": "Order hub, wire-compatible with the Clopos Open API v2. Money is JSON numbers in major "
            "units, times are UTC. Sign in with `POST /open-api/v2/auth`, then send the token as `x-token`.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {"token": {"type": "apiKey", "in": "header", "name": "x-token"}},
        },
    }


def _schemas() -> dict[str, Any]:
    _, requests = msgspec.json.schema_components(
        _REQUESTS, schema_hook=_number_schema, ref_template="#/components/schemas/{name}"
    )
    _, replies = msgspec.json.schema_components(_ANSWERS, ref_template="#/components/schemas/{name}")
    for schema in requests.values():
        _loosen(schema)
    _forbid(requests["OrderRequest"], "payload", "customer_id")
    _forbid(requests["V1Order"], "products", "sale_type_id", "venue_id", "customer")
    requests["Discount"] |= {
        "if": {"properties": {"discount_type": {"const": 1}}, "required": ["discount_type"]},
        "then": {"properties": {"discount_value": {"anyOf": [{"maximum": 100}, {"type": "null"}]}}},
    }
    return {**requests, **replies}


def _number_schema(kind: type) -> dict[str, Any]:
    if issubclass(kind, Number):
        return kind.schema()
    raise NotImplementedError(kind)


def _loosen(schema: dict[str, Any]) -> None:
    """Unknown keys are let pass with a warning, and no text may hold U+0000."""
    schema.pop("additionalProperties", None)
    pending: list[Any] = [schema]
    while pending:
        node = pending.pop()
        if isinstance(node, list):
            pending.extend(node)
        elif isinstance(node, dict):
            if node.get("type") == "string" and "format" not in node:
                node["pattern"] = "^[^\\u0000]*$"
            pending.extend(node.values())


def _forbid(schema: dict[str, Any], *names: str) -> None:
    """Keys of the other body: a body that mixes the two is refused."""
    for name in names:
        schema["properties"].setdefault(name, {"not": {}})


def _complete(route: Route, operation: dict[str, Any]) -> dict[str, Any]:
    """Add what follows from the route: security, headers, the errors it can answer."""
    parameters = list(operation.pop("parameters", []))
    statuses = [400, 401, 408, 413, 415, 429, 431, 503] if route.audience != "public" else [503]
    if route.audience == "integrator":
        operation["security"] = [{"token": []}]
        parameters.append(_parameter("header", "x-venue", {"type": "string"}, "Acts for this venue"))
        statuses += [403, 404]
    if route.takes_key:
        key = {"type": "string", "pattern": "^[\\x21-\\x7e]{1,255}$"}
        parameters.append(_parameter("header", "Idempotency-Key", key, "Kept 72 hours; a repeat gets the first answer"))
        statuses += [409, 422, 504]
    for status in sorted(statuses):
        operation["responses"].setdefault(str(status), _reply("See `error` and `details`", "Error"))
    return {**operation, "parameters": parameters}


def _sign_in() -> dict[str, Any]:
    body = {
        "client_id": "demo-client",
        "client_secret": "demo-secret",
        "brand": "demo",
        "integrator_id": "test_demo",
    }
    return {
        "operationId": "signIn",
        "summary": "Exchange credentials for a token",
        "tags": ["Authentication"],
        "requestBody": _body("Credentials", {"demo": body}),
        "responses": {"200": _reply("A token, or `success` false for a test/production mismatch", "Token")},
    }


def _create() -> dict[str, Any]:
    either = {"anyOf": [{"$ref": "#/components/schemas/OrderRequest"}, {"$ref": "#/components/schemas/V1Order"}]}
    examples = {
        name: {"value": example(f"create-order.{name}")} for name in ("request", "minimal.request", "v1.request")
    }
    refused = _reply("Every problem at once", "Error")
    refused["content"]["application/json"]["example"] = example("create-order.refused")
    created = _reply("The order was stored", "OrderCreated")
    return {
        "operationId": "createOrder",
        "summary": "Create an order",
        "tags": ["Orders"],
        "requestBody": {"required": True, "content": {"application/json": {"schema": either, "examples": examples}}},
        "responses": {
            "200": _reply("A repeat of an order stored before", "OrderCreated"),
            "201": created,
            "400": refused,
        },
    }


def _list() -> dict[str, Any]:
    page = {"type": "integer", "minimum": 1, "maximum": limits.MAX_PAGE, "default": 1}
    limit = {"type": "integer", "minimum": 1, "maximum": limits.MAX_ORDER_PAGE_SIZE, "default": 50}
    day = {"type": "string", "format": "date"}
    return {
        "operationId": "listOrders",
        "summary": "List the active venue's orders",
        "tags": ["Orders"],
        "parameters": [
            _parameter("query", "page", page, "1-based"),
            _parameter("query", "limit", limit, "Page size"),
            _parameter("query", "cursor", {"type": "string"}, "next_cursor of the page before, with the same filters"),
            _parameter("query", "status", {"enum": ["PENDING", "RECEIVED", "IGNORE", "DELIVERED"]}, "Only this status"),
            _parameter("query", "sort[0]", {"enum": list(SORTS)}, "Field"),
            _parameter("query", "sort[1]", {"enum": ["1", "-1"]}, "1 ascending, -1 descending"),
            _parameter("query", "date[0]", day, "First day, in the venue's zone"),
            _parameter("query", "date[1]", day, "Last day"),
            _parameter("query", "filters[0][0]", {"enum": list(FILTERS)}, "Field of a filter; needs its value"),
            _parameter("query", "filters[0][1]", {"type": "string"}, "Value of the filter"),
            _with_parameter(),
        ],
        "responses": {"200": _reply("A page of orders", "OrderPage")},
    }


def _read() -> dict[str, Any]:
    return {
        "operationId": "getOrder",
        "summary": "Read one order",
        "tags": ["Orders"],
        "parameters": [_id_parameter(), _with_parameter()],
        "responses": {"200": _reply("The order", "OrderRead")},
    }


def _update() -> dict[str, Any]:
    return {
        "operationId": "ignoreOrder",
        "summary": "Set an order to IGNORE",
        "tags": ["Orders"],
        "parameters": [_id_parameter()],
        "requestBody": _body("StatusChange", {"ignore": {"status": "IGNORE"}}),
        "responses": {"200": _reply("The order after the change", "OrderChanged")},
    }


def _probe(summary: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"type": "object"}}}
    return {
        "operationId": summary.split(maxsplit=1)[0].lower(),
        "summary": summary,
        "tags": ["Operation"],
        "responses": {
            "200": {"description": "Yes", "content": content},
            "503": {"description": "No", "content": content},
        },
    }


def _with_parameter() -> dict[str, Any]:
    return _parameter(
        "query", "with[0]", {"enum": [*RELATIONS, "receipt:id,service_notification_id,status"]}, "Relation"
    )


def _id_parameter() -> dict[str, Any]:
    schema = {"type": "integer", "minimum": 1, "maximum": limits.MAX_ID}
    return {**_parameter("path", "id", schema, "The order's id"), "required": True}


def _parameter(place: str, name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"in": place, "name": name, "schema": schema, "description": description, "required": False}


def _body(name: str, examples: dict[str, Any]) -> dict[str, Any]:
    shown = {title: {"value": value} for title, value in examples.items()}
    content = {"schema": {"$ref": f"#/components/schemas/{name}"}, "examples": shown}
    return {"required": True, "content": {"application/json": content}}


def _reply(description: str, name: str) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{name}"}
    return {"description": description, "content": {"application/json": {"schema": schema}}}


_OPERATIONS: dict[tuple[str, str], Callable[[], dict[str, Any]]] = {
    ("POST", "/open-api/v2/auth"): _sign_in,
    ("POST", "/open-api/v2/orders"): _create,
    ("GET", "/open-api/v2/orders"): _list,
    ("GET", "/open-api/v2/orders/{id}"): _read,
    ("PUT", "/open-api/v2/orders/{id}"): _update,
    ("GET", "/health"): lambda: _probe("Health: the process answers"),
    ("GET", "/ready"): lambda: _probe("Ready: orders can be taken now"),
}
