"""What applying a document would change: per kind what is new, what differs and how, what is retired. Pure.

Times are left out, because a store keeps its own. Of people only fields are named, never what stands in them.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import msgspec
from msgspec.structs import asdict, replace

from comanda.base.money import plain
from comanda.catalogue.document import Document
from comanda.catalogue.model import RESOURCES, Product, StopListEntry

RETIRED_WITH: Final = {
    "venues": ("venues",),
    "sale_types": ("sale_types",),
    "stations": ("stations",),
    "payment_methods": ("payment_methods",),
    "customer_groups": ("customer_groups",),
    "categories": ("categories",),
    "modifier_groups": ("products",),
    "products": ("products",),
    "price_lists": ("price_lists",),
}
"""Kinds that a source tells whole, each with the resources that must have been read to the last row for it.

Units and tags are only seen with products, terminals, printers and tables never; people are nobody's to retire.
"""
_KINDS: Final = (*(kind.plural for kind in RESOURCES), "customers", "users")
_PEOPLE: Final = ("customers", "users")
_TIMES: Final = ("created_at", "updated_at")
_KEYS: Final = ("id", "venue_id", "ingredient_id", "from_minute")
"""By which field the entries of a list are told apart."""
_LONGEST_VALUE: Final = 60


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field: what stands there and what would."""

    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Line:
    """One resource that would change; ``name`` is empty for people."""

    id: int
    name: str
    fields: tuple[FieldChange, ...] = ()


@dataclass(slots=True)
class KindDifference:
    """What would change of one kind."""

    added: list[Line] = field(default_factory=list)
    changed: list[Line] = field(default_factory=list)
    retired: list[Line] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.retired)


Difference = dict[str, KindDifference]
"""By kind, in a document's order; kinds without a change are not in it."""


def with_retired(document: Document, here: Document, whole: Collection[str]) -> Document:
    """The document with everything here that it does not have made inactive, of kinds that were read whole.

    A kind of which it has nothing is left alone: a source that shows none is more likely wrong than empty.
    Of stop lists the limits are taken away, at venues whose list was read whole.
    """
    more: dict[str, Any] = {}
    for kind, needed in RETIRED_WITH.items():
        if not getattr(document, kind) or not all(name in whole for name in needed):
            continue
        named = {resource.id for resource in getattr(document, kind)}
        gone = [resource for resource in getattr(here, kind) if resource.active and resource.id not in named]
        more[kind] = (*getattr(document, kind), *(_retired(resource, named) for resource in gone))
    limited = {(entry.venue_id, entry.product_id) for entry in document.stop_list}
    freed = (
        StopListEntry(venue_id=entry.venue_id, product_id=entry.product_id, quantity=None)
        for entry in here.stop_list
        if f"stop_list_{entry.venue_id}" in whole and (entry.venue_id, entry.product_id) not in limited
    )
    return replace(document, **more, stop_list=(*document.stop_list, *freed))


def _retired(resource: Any, named: Collection[int]) -> Any:
    """A resource out of use. A variant whose parent stays is no variant any more: the parent is sold by itself."""
    if isinstance(resource, Product) and resource.parent_id in named:
        return replace(resource, active=False, parent_id=None)
    return replace(resource, active=False)


def difference(document: Document, here: Document) -> Difference:
    """What applying the document to what is here would change."""
    found: Difference = {}
    for kind in _KINDS:
        of_kind = _kind_difference(kind, getattr(document, kind), getattr(here, kind))
        if of_kind:
            found[kind] = of_kind
    stop_list = _stop_list_difference(document.stop_list, here)
    return {**found, "stop_list": stop_list} if stop_list else found


def _kind_difference(kind: str, wanted: Sequence[Any], there: Sequence[Any]) -> KindDifference:
    held = {resource.id: resource for resource in there}
    found = KindDifference()
    for resource in wanted:
        name = "" if kind in _PEOPLE else resource.name
        before = held.get(resource.id)
        if before is None:
            found.added.append(Line(resource.id, name))
            continue
        fields = tuple(_field_changes(before, resource, hidden=kind in _PEOPLE))
        if not fields:
            continue
        retired = before.active and not resource.active
        (found.retired if retired else found.changed).append(Line(resource.id, name, fields))
    return found


def _field_changes(before: Any, after: Any, *, hidden: bool) -> Iterator[FieldChange]:
    new = asdict(after)
    for name, old in asdict(before).items():
        if name in _TIMES or old == new[name] or (name == "cid" and new[name] is None):
            # A customer without a cid keeps the one that it has.
            continue
        if hidden:
            yield FieldChange(name, "", "")
        elif _are_entries(old) and _are_entries(new[name]):
            yield from _entry_changes(name, old, new[name])
        else:
            yield FieldChange(name, _shown(old), _shown(new[name]))


def _are_entries(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(item, msgspec.Struct) for item in value)


def _entry_changes(name: str, old: Sequence[Any], new: Sequence[Any]) -> Iterator[FieldChange]:
    """The entries of a list that came, went or differ; a list that is only in another order says so."""
    before, after = {_key(item): item for item in old}, {_key(item): item for item in new}
    found = False
    for key in dict.fromkeys((*before, *after)):
        if key not in before or key not in after:
            found = True
            yield FieldChange(f"{name}[{key}]", _shown(before.get(key)), _shown(after.get(key)))
            continue
        for change in _field_changes(before[key], after[key], hidden=False):
            found = True
            yield FieldChange(f"{name}[{key}].{change.name}", change.old, change.new)
    if not found:
        yield FieldChange(name, "in one order", "in another")


def _key(item: Any) -> Any:
    return next((getattr(item, key) for key in _KEYS if hasattr(item, key)), repr(item))


def _stop_list_difference(wanted: Sequence[StopListEntry], here: Document) -> KindDifference:
    held = {(entry.venue_id, entry.product_id): entry.quantity for entry in here.stop_list}
    found = KindDifference()
    for entry in wanted:
        old = held.get((entry.venue_id, entry.product_id))
        if old != entry.quantity:
            change = FieldChange("quantity", _quantity(old), _quantity(entry.quantity))
            found.changed.append(Line(entry.product_id, f"at venue {entry.venue_id}", (change,)))
    return found


def _quantity(quantity: Decimal | None) -> str:
    return "unlimited" if quantity is None else str(plain(quantity))


def _shown(value: Any) -> str:
    """A value in a few characters."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return str(plain(value))
    if isinstance(value, tuple):
        text = ", ".join(map(_shown, value)) or "none"
    elif isinstance(value, msgspec.Struct):
        text = " ".join(f"{name} {_shown(item)}" for name, item in asdict(value).items() if item is not None)
    else:
        text = str(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"
