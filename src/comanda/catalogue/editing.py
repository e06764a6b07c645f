"""One catalogue resource as administration reads, changes and shows it. Pure: nothing is stored here.

The resource's own type is the law: what a document may say of it is what a body may say.
"""

from collections.abc import Collection, Iterator
from decimal import Decimal
from itertools import count
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import fields

from comanda.base import limits
from comanda.base.errors import Problem, invalid
from comanda.base.money import plain
from comanda.base.reading import Reading, read_struct
from comanda.catalogue.document import Document
from comanda.catalogue.model import RESOURCES, Customer, Resource, User
from comanda.catalogue.snapshot import Snapshot

_KINDS: Final[tuple[type[Resource], ...]] = (*RESOURCES, Customer, User)
EDITABLE: Final = {kind.plural.replace("_", "-"): kind for kind in _KINDS}
"""The kinds that administration edits one by one, by the name they have in paths."""
_NESTED: Final = {"modifier_groups": "modifiers", "price_lists": "prices"}
"""Parts of resources that have ids of their own, unique within their kind."""
_KEPT: Final = ("id", "created_at", "updated_at", "version")
"""What a caller is shown and cannot change."""


def read_resource(kind: type[Resource], value: dict[str, Any]) -> Resource:
    """A resource from a decoded body. Raises ComandaError ``validation_failed`` with every problem."""
    reading = Reading()
    resource = read_struct(kind, value, "", reading)
    problems = list(reading.problems)
    problems += [Problem(path, "unknown_field", f"{path} is not a field of {kind.plural}") for path in reading.unknown]
    if problems:
        raise invalid(problems)
    return resource


def merged(resource: Resource, changes: dict[str, Any]) -> dict[str, Any]:
    """The body of a resource with some keys replaced whole; null sets a key back to its default (RFC 7396)."""
    value = {**shown(resource), **{name: new for name, new in changes.items() if name not in _KEPT}}
    return {name: new for name, new in value.items() if new is not None or name not in _defaulted(type(resource))}


def numbered(kind: type[Resource], value: dict[str, Any], snapshot: Snapshot, resource_id: int) -> dict[str, Any]:
    """The body with its id, and with ids for those of its parts that have none."""
    value = {**{name: part for name, part in value.items() if name not in _KEPT}, "id": resource_id}
    part = _NESTED.get(kind.plural)
    if part is None or not isinstance(value.get(part), list):
        return value
    resources = getattr(snapshot, kind.plural).values()
    used = {item.id for resource in resources for item in getattr(resource, part)}
    used |= {item["id"] for item in value[part] if isinstance(item, dict) and isinstance(item.get("id"), int)}
    free = free_ids(used)
    items = [
        {**item, "id": next(free)} if isinstance(item, dict) and item.get("id") is None else item
        for item in value[part]
    ]
    return {**value, part: items}


def free_ids(used: Collection[int]) -> Iterator[int]:
    """Ids that nothing has, from the highest on that a manager might have given."""
    highest = max((number for number in used if number <= limits.MAX_STATED_ID), default=0)
    return (number for number in count(highest + 1) if number not in used)


def shown(resource: Struct) -> dict[str, Any]:
    """Every field of a resource, also those that have their default."""
    return {name: _plain(getattr(resource, name)) for name in resource.__struct_fields__}


def document_of(resource: Resource) -> Document:
    """The document that writes one resource."""
    parts: dict[str, Any] = {resource.plural: (resource,)}
    return Document(**parts)


def _defaulted(kind: type[Resource]) -> frozenset[str]:
    """The fields that may be left out."""
    return frozenset(field.name for field in fields(kind) if not field.required)


def _plain(value: Any) -> Any:
    if isinstance(value, Struct):
        return shown(value)
    if isinstance(value, Decimal):
        return plain(value)
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
