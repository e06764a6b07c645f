"""Administration: the same five operations on every kind of catalogue resource, described from the kind's own type."""

from typing import Any, Final

from msgspec.structs import fields

from comanda.access.routes import ADMINISTERED
from comanda.base import limits
from comanda.catalogue.editing import EDITABLE
from comanda.catalogue.model import Resource
from comanda.http.operations.parts import (
    ID,
    NUMBER,
    Operation,
    Operations,
    body,
    operation,
    parameter,
    path_part,
    reference,
    reply,
)

_TAG: Final = "Administration"
_OWN: Final = ("id", "created_at", "updated_at")
_SHOWN: Final = {"version": {"type": "integer", "minimum": 0}}
_IF_MATCH: Final = {
    **parameter("header", "If-Match", {"type": "string"}, "The ETag that was seen, or * for whichever there is"),
    "required": True,
}
_EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "venues": {"name": "Seaside", "timezone": "Asia/Baku", "price_policy": "catalogue"},
    "sale-types": {"name": "Wolt", "system_type": "DELIVERY"},
    "terminals": {"name": "Second till", "venue_id": 1},
    "stations": {"name": "Grill"},
    "printers": {"name": "Bar printer", "venue_id": 1, "station_id": 2, "host": "192.168.1.50"},
    "tables": {"name": "Table 7", "venue_id": 1},
    "payment-methods": {"name": "Voucher", "split": False},
    "customer-groups": {"name": "Regulars", "discount_type": "PERCENT", "discount_value": 5},
    "units": {"name": "Kilogram", "type": "WEIGHT", "symbol": "kg"},
    "tags": {"name": "Spicy"},
    "categories": {"name": "Desserts", "color": "00bcd4", "position": 3},
    "modifier-groups": {"name": "Sauces", "max_select": 2, "modifiers": [{"name": "Garlic", "price": 0.5}]},
    "products": {"name": "Lahmacun", "price": 3.4, "category_id": 1},
    "price-lists": {"name": "Terrace", "prices": [{"product_id": 101, "price": 9.9}]},
    "customers": {"name": "Test Customer", "phone": "+994501112233"},
    "users": {"name": "Test Cook", "username": "cook", "role": "cook"},
}


def kept_name(kind: type[Resource]) -> str:
    """The schema of a resource as administration shows it."""
    return f"Kept{kind.__name__}"


def administration_schemas(named: dict[str, Any], envelope: dict[str, Any]) -> dict[str, Any]:
    """The schemas of bodies, changes and answers of every kind, from the schemas of the kinds themselves.

    ``named`` has the types' own names; in the document they begin with ``Catalogue``, since orders have lines,
    modifiers and customers too. Parts with ids of their own may be sent without.
    """
    renamed = {f"Catalogue{name}": _renamed(schema) for name, schema in named.items()}
    for name in ("Modifier", "ListPrice"):
        part = renamed[f"Catalogue{name}"]
        part["required"] = [field for field in part["required"] if field != "id"]
    for kind in EDITABLE.values():
        whole = renamed.pop(f"Catalogue{kind.__name__}")
        renamed |= _schemas_of(kind, whole, envelope)
    return renamed


def _schemas_of(kind: type[Resource], whole: dict[str, Any], envelope: dict[str, Any]) -> dict[str, Any]:
    name, described = kind.__name__, {"title": kind.__name__, "description": whole.get("description", "")}
    writable = {key: value for key, value in whole["properties"].items() if key not in _OWN}
    required = [field.name for field in fields(kind) if field.required and field.name != "id"]
    cleared = {key: {"anyOf": [value, {"type": "null"}]} for key, value in writable.items()}
    shown = {**whole["properties"], **_SHOWN}
    given = {"password": {"type": "string", "description": "Shown this once"}} if name == "User" else {}
    kept = {"type": "object", **described, "properties": {**shown, **given}, "required": list(shown)}
    closed = {"type": "object", **described, "additionalProperties": False}
    page = {
        "data": {"type": "array", "items": reference(kept_name(kind))},
        "total": {"type": "integer"},
        "next_after": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
    }
    return {
        f"Create{name}": {
            **closed,
            "properties": {"id": {**whole["properties"]["id"], "maximum": limits.MAX_STATED_ID}, **writable},
            "required": required,
        },
        f"Change{name}": {**closed, "properties": cleared},
        kept_name(kind): kept,
        f"{name}Answer": _enveloped(envelope, {"data": reference(kept_name(kind))}),
        f"Kept{name}s": _enveloped(envelope, page),
    }


def _enveloped(envelope: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """An answer: what every success carries, and these keys."""
    properties = {**envelope["properties"], **more}
    return {"type": "object", "properties": properties, "required": list(properties)}


def _renamed(node: Any) -> Any:
    """The same schema with its references led to the names of the document."""
    if isinstance(node, list):
        return [_renamed(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {key: _led(value) if key == "$ref" else _renamed(value) for key, value in node.items()}


def _led(target: str) -> str:
    head, _, name = target.rpartition("/")
    return f"{head}/Catalogue{name}"


def _list(kind: type[Resource]) -> Operation:
    limit = {
        "type": "integer",
        "minimum": 1,
        "maximum": limits.MAX_PAGE_SIZE,
        "default": limits.DEFAULT_PAGE_SIZE,
    }
    return operation(
        f"adminList{kind.__name__}s",
        f"List {_spoken(kind)} by id, retired ones too",
        _TAG,
        {"200": reply("A page, with the id to go on after", f"Kept{kind.__name__}s")},
        parameters=[
            parameter("query", "after", NUMBER, "The page after this id"),
            parameter("query", "limit", limit, "Page size"),
        ],
    )


def _create(name: str, kind: type[Resource]) -> Operation:
    return operation(
        f"adminCreate{kind.__name__}",
        f"Add one of the {_spoken(kind)}",
        _TAG,
        {"201": _tagged("It was added", kind), "409": reply("The id or a name is taken", "Error")},
        requestBody=body(f"Create{kind.__name__}", {"one": _EXAMPLES[name]}),
    )


def _read(kind: type[Resource]) -> Operation:
    return operation(
        f"adminRead{kind.__name__}",
        f"Read one of the {_spoken(kind)} with its version",
        _TAG,
        {"200": _tagged("The resource", kind)},
        parameters=[_id(kind)],
    )


def _change(kind: type[Resource]) -> Operation:
    return operation(
        f"adminChange{kind.__name__}",
        f"Change fields of one of the {_spoken(kind)}; null sets a field back to its default",
        _TAG,
        {"200": _tagged("The resource after the change", kind), **_conflicts()},
        parameters=[_id(kind), _IF_MATCH],
        requestBody=body(f"Change{kind.__name__}", {"name": {"name": "Another name"}}),
    )


def _retire(kind: type[Resource]) -> Operation:
    return operation(
        f"adminRetire{kind.__name__}",
        f"Retire one of the {_spoken(kind)}: it is kept and no longer active",
        _TAG,
        {"200": _tagged("The resource, retired", kind), **_conflicts()},
        parameters=[_id(kind), _IF_MATCH],
    )


def _password() -> Operation:
    return operation(
        "adminGivePassword",
        "Give a user another password, shown this once; its sessions end",
        _TAG,
        {"200": _tagged("The user with the password", EDITABLE["users"])},
        parameters=[_id(EDITABLE["users"])],
    )


def _audit() -> Operation:
    limit = {
        "type": "integer",
        "minimum": 1,
        "maximum": limits.MAX_ORDER_PAGE_SIZE,
        "default": limits.DEFAULT_PAGE_SIZE,
    }
    return operation(
        "adminListAudit",
        "Who changed what in the catalogue, newest first",
        _TAG,
        {"200": reply("Entries, with the number to go on before", "AuditRead")},
        parameters=[
            parameter("query", "before", ID, "Entries with a lower number"),
            parameter("query", "limit", limit, "Page size"),
        ],
    )


def _stop_list() -> Operation:
    return operation(
        "listVenueStopList",
        "What is left of a venue's limited products",
        "Stop list",
        {"200": reply("The limited products, by id", "StopListRead")},
        parameters=[path_part("id", ID, "The venue's id")],
    )


def _set_stop_list() -> Operation:
    examples = {"out": {"quantity": 0}, "some": {"quantity": 12.5}, "unlimited": {"quantity": None}}
    return operation(
        "setVenueStopList",
        "Set how much of a product a venue has left",
        "Stop list",
        {"200": reply("What is left now", "StopListSet"), **_conflicts()},
        parameters=[
            path_part("id", ID, "The venue's id"),
            path_part("product", ID, "The product's id"),
            {**_IF_MATCH, "required": False},
        ],
        requestBody=body("StopListQuantity", examples),
    )


def _conflicts() -> dict[str, Any]:
    return {
        "409": reply("A name is taken, or the catalogue is busy", "Error"),
        "412": reply("Somebody changed it meanwhile", "Error"),
        "428": reply("If-Match is missing", "Error"),
    }


def _tagged(description: str, kind: type[Resource]) -> dict[str, Any]:
    tag = {"schema": {"type": "string"}, "description": "The version, for If-Match"}
    return {**reply(description, f"{kind.__name__}Answer"), "headers": {"ETag": tag}}


def _id(kind: type[Resource]) -> dict[str, Any]:
    return path_part("id", ID, f"An id of the {_spoken(kind)}")


def _spoken(kind: type[Resource]) -> str:
    return kind.plural.replace("_", " ")


def _of_kind(name: str) -> Operations:
    kind, path = EDITABLE[name], f"/hub/v1/admin/{name}"
    return {
        ("GET", path): lambda: _list(kind),
        ("POST", path): lambda: _create(name, kind),
        ("GET", f"{path}/{{id}}"): lambda: _read(kind),
        ("PATCH", f"{path}/{{id}}"): lambda: _change(kind),
        ("DELETE", f"{path}/{{id}}"): lambda: _retire(kind),
    }


OPERATIONS: Final[Operations] = {
    **{key: describe for name in ADMINISTERED for key, describe in _of_kind(name).items()},
    ("POST", "/hub/v1/admin/users/{id}/password"): _password,
    ("GET", "/hub/v1/admin/audit"): _audit,
    ("GET", "/hub/v1/venues/{id}/stop-list"): _stop_list,
    ("PUT", "/hub/v1/venues/{id}/stop-list/{product}"): _set_stop_list,
}
