"""The OpenAPI 3.1 document, made from the types that read requests, the table of routes and `comanda.http.operations`.

Litestar's own generator cannot express the exact bounds of our numbers, so the schemas come from msgspec.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from comanda import __version__
from comanda.access.credentials import DEVICE_COOKIE, SESSION_COOKIE
from comanda.access.routes import Route
from comanda.base import limits
from comanda.base.numbers import Number
from comanda.catalogue.editing import EDITABLE
from comanda.http.hub_api import access_answers, event_answers, house_answers, insights_answers
from comanda.http.hub_api import administration_answers as managed
from comanda.http.hub_api import answers as hub
from comanda.http.hub_api.actions import AcceptBody, MapBody, NoBody, RefuseBody
from comanda.http.hub_api.demo_life import DemoWish
from comanda.http.hub_api.pairings import DevicePlace, PairingClaim, PairingWish
from comanda.http.hub_api.stop_lists import StopListQuantity
from comanda.http.open_api import (
    answers,
    catalogue_answers,
    media_answers,
    people_answers,
    price_answers,
    product_answers,
    receipt_answers,
)
from comanda.http.open_api.customers import CustomerRequest
from comanda.http.open_api.receipts import ReceiptChange, ReceiptPayments
from comanda.http.open_api.waiter_calls import WaiterCall
from comanda.http.operations import (
    access,
    administration,
    catalogue,
    chain,
    devices,
    events,
    house,
    insights,
    orders,
    people,
    pictures,
    receipts,
    screens,
    tls,
)
from comanda.http.operations.administration import administration_schemas
from comanda.http.operations.links import add_links
from comanda.http.operations.parts import ID, Operation, Operations, parameter, reference, reply
from comanda.orders.request import OrderRequest, V1Order

_TOLERANT: Final = (
    OrderRequest,
    V1Order,
    ReceiptChange,
    ReceiptPayments,
    answers.Credentials,
    answers.StatusChange,
    CustomerRequest,
    WaiterCall,
    *access_answers.BODIES,
)
"""Bodies whose unknown keys are let pass."""
_STRICT: Final = (
    AcceptBody,
    RefuseBody,
    MapBody,
    NoBody,
    StopListQuantity,
    DemoWish,
    PairingWish,
    PairingClaim,
    DevicePlace,
    access_answers.PinWish,
)
"""Bodies whose unknown keys are refused."""
_ANSWERS: Final = (
    answers.Token,
    answers.OrderCreated,
    answers.OrderRead,
    answers.OrderChanged,
    answers.OrderPage,
    receipt_answers.ReceiptRead,
    receipt_answers.ReceiptPage,
    receipt_answers.ReceiptChanged,
    receipt_answers.ReceiptClosed,
    receipt_answers.StockOperationPage,
    people_answers.CustomerRead,
    people_answers.CustomerPage,
    people_answers.CustomerGroupPage,
    people_answers.UserRead,
    people_answers.UserPage,
    people_answers.WaiterCalled,
    *catalogue_answers.ANSWERS,
    *product_answers.ANSWERS,
    *price_answers.ANSWERS,
    media_answers.PictureKept,
    hub.QuoteRead,
    managed.AdministrationEnvelope,
    managed.AuditRead,
    managed.StopListRead,
    managed.StopListSet,
    *house_answers.ANSWERS,
    hub.ActionDone,
    hub.WholeOrderRead,
    hub.TimelineRead,
    hub.TicketRead,
    hub.BoardRead,
    hub.StationTicketsRead,
    hub.PerformanceRead,
    hub.PrintJobPage,
    hub.PrintJobSettled,
    *access_answers.ANSWERS,
    hub.HeartbeatTaken,
    hub.TerminalList,
    event_answers.EventsRead,
    *event_answers.EVENTS,
    *insights_answers.ANSWERS,
    answers.Error,
    answers.Health,
    answers.Readiness,
)
_PARTIAL: Final = {**catalogue_answers.PARTIAL, **product_answers.PARTIAL, **price_answers.PARTIAL}
_OPERATIONS: Final[Operations] = {
    **administration.OPERATIONS,
    **pictures.OPERATIONS,
    **access.OPERATIONS,
    **devices.OPERATIONS,
    **orders.OPERATIONS,
    **receipts.OPERATIONS,
    **people.OPERATIONS,
    **catalogue.OPERATIONS,
    **chain.OPERATIONS,
    **screens.OPERATIONS,
    **house.OPERATIONS,
    **events.OPERATIONS,
    **insights.OPERATIONS,
    **tls.OPERATIONS,
}
_SCHEMES: Final = {
    "token": {
        "type": "apiKey",
        "in": "header",
        "name": "x-token",
        "description": "An integrator's, from POST /open-api/v2/auth",
    },
    "device": {
        "type": "http",
        "scheme": "bearer",
        "description": f"A terminal's or kitchen screen's. A paired one has it in the cookie `{DEVICE_COOKIE}` "
        "instead, and sends X-CSRF-Token with every change",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": SESSION_COOKIE,
        "description": "A person's, from POST /hub/v1/session",
    },
    "csrf": {
        "type": "apiKey",
        "in": "header",
        "name": "X-CSRF-Token",
        "description": "The session's csrf_token; every change by a person needs it beside the cookie",
    },
}
_SCHEME_OF: Final = {"integrator": "token", "device": "device", "staff": "session"}
_READING: Final = ("GET", "HEAD")


def openapi_document(routes: Sequence[Route]) -> dict[str, Any]:
    """The document for every listed route that is part of the API."""
    paths: dict[str, Any] = {}
    for route in routes:
        describe = _OPERATIONS.get((route.method, route.path))
        if describe is not None:
            paths.setdefault(route.path, {})[route.method.lower()] = _complete(route, describe())
    add_links(paths)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Comanda",
            "version": __version__,
            "description": "Order hub, wire-compatible with the Clopos Open API v2. Money is JSON numbers in major "
            "units, times are UTC. Sign in with `POST /open-api/v2/auth`, then send the token as `x-token`. What is "
            "our own stands under `/hub/v1`, for integrators, devices and people.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": _schemas(), "securitySchemes": dict(_SCHEMES)},
    }


def _schemas() -> dict[str, Any]:
    tolerant, strict, replies = _named(_TOLERANT), _named(_STRICT), _named(_ANSWERS)
    for schema in tolerant.values():
        schema.pop("additionalProperties", None)
        _refuse_nul(schema)
    for schema in strict.values():
        schema["additionalProperties"] = False
        _refuse_nul(schema)
    _forbid(tolerant["OrderRequest"], "payload", "customer_id")
    _forbid(tolerant["V1Order"], "products", "sale_type_id", "venue_id", "customer")
    tolerant["Discount"] |= {
        "if": {"properties": {"discount_type": {"const": 1}}, "required": ["discount_type"]},
        "then": {"properties": {"discount_value": {"anyOf": [{"maximum": 100}, {"type": "null"}]}}},
    }
    catalogue = administration_schemas(_named(tuple(EDITABLE.values())), replies.pop("AdministrationEnvelope"))
    for schema in catalogue.values():
        _refuse_nul(schema)
    for kind, always in _PARTIAL.items():
        replies[kind.__name__]["required"] = list(always)
    kinds = [reference(kind.__name__) for kind in event_answers.EVENTS]
    event = {"Event": {"title": "Event", "description": "Something that happened", "oneOf": kinds}}
    return _joined(tolerant, strict, replies, catalogue, event)


def _named(kinds: Sequence[type[msgspec.Struct]]) -> dict[str, Any]:
    _, found = msgspec.json.schema_components(
        kinds, schema_hook=_number_schema, ref_template="#/components/schemas/{name}"
    )
    for schema in found.values():
        for part in schema.get("properties", {}).values():
            if part.get("type") == "number" and "default" in part:
                part["default"] = int(part["default"])
    return found


def _number_schema(kind: type) -> dict[str, Any]:
    if issubclass(kind, Number):
        return kind.schema()
    raise NotImplementedError(kind)


def _refuse_nul(schema: dict[str, Any]) -> None:
    """No text of a request may hold U+0000."""
    pending: list[Any] = [schema]
    while pending:
        node = pending.pop()
        if isinstance(node, list):
            pending.extend(node)
        elif isinstance(node, dict):
            if node.get("type") == "string" and not node.keys() & {"format", "pattern"}:
                node["pattern"] = "^[^\\u0000]*$"
            pending.extend(node.values())


def _forbid(schema: dict[str, Any], *names: str) -> None:
    """Keys of the other body: a body that mixes the two is refused."""
    for name in names:
        schema["properties"].setdefault(name, {"not": {}})


def _joined(*parts: Mapping[str, Any]) -> dict[str, Any]:
    """All schemas; two types of one name must say the same."""
    joined: dict[str, Any] = {}
    for part in parts:
        for name, schema in part.items():
            if joined.setdefault(name, schema) != schema:
                raise AssertionError(f"two schemas are called {name}")
    return joined


def _complete(route: Route, operation: Operation) -> Operation:
    """Add what follows from the route: security, headers, who may call, the errors it can answer."""
    parameters = list(operation.pop("parameters", []))
    if route.audience == "integrator":
        operation["security"] = [{"token": []}]
        parameters.append(parameter("header", "x-venue", ID, "Acts for this venue"))
    if route.audience == "hub":
        operation["security"] = [_requirement(route, caller) for caller in route.callers]
    if rules := _rules(route):
        operation["description"] = rules
    if route.takes_key:
        key = {"type": "string", "pattern": f"^[\\x21-\\x7e]{{1,{limits.MAX_IDEMPOTENCY_KEY}}}$"}
        kept = parameter("header", "Idempotency-Key", key, "Kept 72 hours; a repeat gets the first answer")
        parameters.append({**kept, "required": route.needs_key})
    for status in sorted(_error_statuses(route, takes_input=bool(parameters) or "requestBody" in operation)):
        operation["responses"].setdefault(str(status), _refusal(status))
    return {**operation, "parameters": parameters}


def _requirement(route: Route, caller: str) -> dict[str, Any]:
    scheme = _SCHEME_OF[caller]
    if scheme == "session" and route.method not in _READING:
        return {"session": [], "csrf": []}
    return {scheme: []}


def _rules(route: Route) -> str:
    rules = []
    if route.scope is not None:
        rules.append(f"Integrators need the scope `{route.scope}`.")
    if route.roles:
        rules.append(f"People need the role {' or '.join(f'`{role}`' for role in route.roles)}.")
    if route.needs_password:
        rules.append("A session that was begun with a PIN must have been confirmed with the password.")
    if "device" in route.callers and "kitchen" not in route.devices:
        rules.append("Of devices only terminals may call.")
    return " ".join(rules)


def _error_statuses(route: Route, *, takes_input: bool) -> set[int]:
    if route.path == "/hub/v1/session" and route.method == "DELETE":
        return {403, 431, 503, 504}
    if route.audience == "public":
        return {431, 503}
    found = {401, 429, 431, 503}
    if takes_input:
        found.add(400)
    if route.method in ("POST", "PUT", "PATCH"):
        found |= {408, 413, 415}
    if route.audience in ("integrator", "hub"):
        found.add(403)
        if route.method not in _READING:
            found.add(504)
    if route.audience in ("credentials", "claim") and route.path.startswith("/hub/"):
        found.add(504)
    if route.audience == "integrator" or "{" in route.path:
        found.add(404)
    if route.takes_key:
        found |= {409, 422}
    return found


def _refusal(status: int) -> dict[str, Any]:
    refusal = reply("See `error` and `details`", "Error")
    if status in (429, 503):
        retry = {"schema": {"type": "integer", "minimum": 1}, "description": "Seconds"}
        refusal["headers"] = {"Retry-After": retry}
    return refusal
