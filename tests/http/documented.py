"""What the tests of the OpenAPI document share: its schemas as validators, and calls whose answers are held to them."""

import copy
from typing import Any

import jsonschema_rs
from tests.conftest import Server

from comanda import demo
from comanda.access.routes import ROUTES, find_route
from comanda.http.openapi import openapi_document

DOCUMENT = openapi_document(ROUTES)
TERMINAL = {"authorization": f"Bearer {demo.TERMINAL_TOKEN}"}
KITCHEN = {"authorization": f"Bearer {demo.KITCHEN_TOKEN}"}


async def manager_headers(server: Server) -> dict[str, str]:
    """The demo's manager, signed in: cookie and CSRF token."""
    who = {"brand": demo.BRAND, "username": demo.MANAGER, "password": demo.MANAGER_PASSWORD}
    answer = await server.http.post("/hub/v1/session", json=who)
    assert answer.status_code == 200, answer.text
    server.http.cookies.clear()
    cookie = answer.headers["set-cookie"].partition(";")[0]
    return {"cookie": cookie, "x-csrf-token": answer.json()["data"]["csrf_token"]}


def problems(
    schema: dict[str, Any], value: Any, *, closed: bool = False, components: dict[str, Any] | None = None
) -> list[str]:
    """What speaks against a value; ``closed`` also refuses keys that the schema does not name.

    ``components`` are what its references mean, by default those of the document.
    """
    whole = {**schema, "components": components or (_closed if closed else DOCUMENT["components"])}
    validator = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
    return [
        f"{'/'.join(map(str, error.instance_path))}: {error.message[:300]}" for error in validator.iter_errors(value)
    ]


def response_of(method: str, path: str, status: int) -> dict[str, Any]:
    """What the document says of an answer."""
    route = find_route(method, path)
    assert route is not None, path
    responses = DOCUMENT["paths"][route.path][method.lower()]["responses"]
    assert str(status) in responses, f"{route.name} answered {status}, which is not documented"
    return responses[str(status)]


async def ask(server: Server, method: str, path: str, headers=None, status: int = 200, **sent: Any) -> Any:
    """Call the server; its answer's JSON, or bytes, once it is what the document says to the last key."""
    headers = {**(server.headers if headers is None else headers)}
    if isinstance(sent.get("content"), bytes):
        headers["content-type"] = "application/json"
    answer = await server.http.request(method, path, headers=headers, **sent)
    assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
    content = response_of(method, path.partition("?")[0], status)["content"]
    media = answer.headers["content-type"].partition(";")[0]
    assert media in content
    if media != "application/json":
        return answer.content
    found = problems(content[media]["schema"], answer.json(), closed=True)
    assert found == [], f"{method} {path}: {found}"
    return answer.json()


def _close(components: dict[str, Any]) -> dict[str, Any]:
    """The same schemas, each with no other keys than its own."""
    closed = copy.deepcopy(components)
    for schema in closed["schemas"].values():
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return closed


_closed = _close(DOCUMENT["components"])
