"""Mapping an item nobody knew to a product of the menu, before the order is accepted (contract 14.1.6). Pure.

The product says from now on where the line is cooked, what it takes from the stop list and how it is counted. What the
caller sent stays: price, sums, names, modifiers and note (what came without a name gets the menu's); ``product`` inside
the line goes on naming the id as it was sent. Which items were unknown stands in the order's warnings; the mapped one's
says what became of it.
"""

from decimal import Decimal
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from comanda.base.clock import Micros
from comanda.base.errors import ComandaError, Problem, invalid
from comanda.base.json import to_json
from comanda.catalogue.model import Product
from comanda.catalogue.snapshot import Snapshot, price_at
from comanda.orders.check import why_not_sold
from comanda.orders.dossier import By, Change, Dossier, House, Telling
from comanda.orders.lifecycle import Status, status_not_allowed
from comanda.orders.places import warning_line

UNKNOWN: Final = "unknown_product"
MAPPED: Final = "product_mapped"


class _Warning(Struct):
    code: str
    field: str
    message: str


class _Counted(Struct):
    product_id: int
    count: Decimal


class _Items(Struct):
    """What is read of a payload to know its items."""

    products: list[_Counted]
    warnings: list[_Warning]


def map_item(dossier: Dossier, house: House, by: By, at: Micros, line: int, product_id: int) -> Change:
    """Make a line that came in unknown one of a product; mapped before, it may be mapped anew while the order waits.

    Nothing changes where it is that product already. Raises ComandaError ``resource_not_found`` for a line that the
    order does not have, ``validation_failed`` for one that was known, an order that is not pending, and a product
    that is not on sale at the venue.
    """
    order = dossier.order
    items = _items.decode(order.payload)
    if line >= len(items.products):
        raise ComandaError("resource_not_found", f"The order has no line {line}")
    if order.status is not Status.PENDING:
        raise status_not_allowed()
    sent = next((found for found in items.warnings if _is_item(found) and warning_line(found.field) == line), None)
    if sent is None:
        raise invalid([Problem("line", "not_unknown", f"Line {line} came in as a product of the menu", line)])
    before = items.products[line]
    if sent.code == MAPPED and before.product_id == product_id:
        return Change(dossier)
    product = _on_sale(house, order.venue_id, product_id)
    left = sum(warning.code == UNKNOWN for warning in items.warnings if warning is not sent)
    mapped = replace(
        order,
        payload=_mapped(order.payload, line, product, sent.field, house.snapshot),
        needs_attention=left > 0,
        updated_at=at,
    )
    telling = Telling(house, by)
    telling.order("order.changed", mapped)
    return Change(
        replace(dossier, order=mapped),
        tuple(telling.events),
        takes={product_id: before.count},
        leaves={before.product_id: before.count} if sent.code == MAPPED else {},
    )


def _is_item(warning: _Warning) -> bool:
    return warning.code in (UNKNOWN, MAPPED)


def _on_sale(house: House, venue_id: int, product_id: int) -> Product:
    """The product, refused in the words in which an order of it would be."""
    product = house.snapshot.products.get(product_id)
    if product is None:
        raise invalid([Problem("product_id", UNKNOWN, f"No product {product_id} in this brand", product_id)])
    if flaw := why_not_sold(product, price_at(product, venue_id), house.snapshot):
        raise invalid([Problem("product_id", *flaw, product_id)])
    return product


def _mapped(payload: str, line: int, product: Product, field: str, snapshot: Snapshot) -> str:
    """The payload with the line's product; every number that is not replaced keeps its digits."""
    parts: dict[str, msgspec.Raw] = _PARTS.decode(payload)
    lines: list[msgspec.Raw] = _LIST.decode(parts["products"])
    item: dict[str, Any] = _PARTS.decode(lines[line])
    item["product_id"] = product.id
    named = _modifiers_named(item["product_modificators"], product, snapshot)
    item["product_modificators"] = named
    item["meta"] = _named(item["meta"], product.name, named)
    lines[line] = msgspec.Raw(to_json(item))
    message = f"No product {_sent_id(item['meta'])} in this brand; staff mapped it to product {product.id}"
    warnings = [
        _Warning(MAPPED, field, message) if warning.field == field and _is_item(warning) else warning
        for warning in _items.decode(payload).warnings
    ]
    return to_json({**parts, "products": lines, "warnings": warnings}).decode()


def _named(meta: msgspec.Raw, name: str, modifiers: msgspec.Raw) -> msgspec.Raw:
    """The line's ``meta``; where the caller sent no names it has the menu's, since cooks read them."""
    parts: dict[str, Any] = _PARTS.decode(meta)
    inner: dict[str, Any] = _PARTS.decode(parts["order_product"])
    product: dict[str, Any] = _PARTS.decode(inner["product"])
    if not msgspec.json.decode(product["name"]):
        inner["product"] = {**product, "name": name}
    inner["product_modificators"] = modifiers
    return msgspec.Raw(to_json({**parts, "order_product": inner}))


def _modifiers_named(sent: msgspec.Raw, product: Product, snapshot: Snapshot) -> msgspec.Raw:
    """The line's modifiers; those that were sent without a name have that of the product's, if it has such ones."""
    modifiers: list[dict[str, Any]] = _LIST_OF_PARTS.decode(sent)
    named = False
    for modifier in modifiers:
        found = snapshot.modifier_of(product, msgspec.json.decode(modifier["modificator_id"]))
        if found is not None and not msgspec.json.decode(modifier["name"]):
            modifier["name"] = found.name
            named = True
    return msgspec.Raw(to_json(modifiers)) if named else sent


def _sent_id(meta: msgspec.Raw) -> int:
    return _META.decode(meta).order_product.product.id


class _SentProduct(Struct):
    id: int


class _SentOrderProduct(Struct):
    product: _SentProduct


class _SentMeta(Struct):
    """Where a line keeps the id that was sent."""

    order_product: _SentOrderProduct


_META: Final = msgspec.json.Decoder(_SentMeta)
_PARTS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST: Final = msgspec.json.Decoder(list[msgspec.Raw])
_LIST_OF_PARTS: Final = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_items: Final = msgspec.json.Decoder(_Items)
