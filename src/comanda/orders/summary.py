"""An order as the house's screens show it: its card with whom it is for, its lines, its deadline and its receipt.

Unlike a card it names a person, so it stands in no event: it is read by id, by those who work in the venue. Pure.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec
from msgspec import Raw, Struct

from comanda.base.clock import iso_micros
from comanda.catalogue.customer_names import folded
from comanda.orders.cards import Card, order_card, receipt_card
from comanda.orders.dossier import House
from comanda.orders.map_item import UNKNOWN
from comanda.orders.model import Step, StoredOrder
from comanda.orders.places import modifier_place, warning_line
from comanda.receipts.model import Receipt


class Summarised(NamedTuple):
    """An order with what its summary shows beside it."""

    order: StoredOrder
    receipt: Receipt | None
    deadline: tuple[Step, ...]


class _Customer(Struct):
    name: str
    phone: str
    address: str | None


class _Meta(Struct):
    comment: str | None


class _Modifier(Struct):
    modificator_id: int
    count: int
    name: str
    price: Raw


class _Product(Struct):
    name: str


class _OrderProduct(Struct):
    product: _Product


class _LineMeta(Struct):
    price: Raw
    order_product: _OrderProduct


class _LineTotals(Struct):
    subtotal: Raw
    total: Raw


class _Line(Struct):
    product_id: int
    count: Raw
    portion_size: Raw
    note: str | None
    product_modificators: list[_Modifier]
    meta: _LineMeta
    totals: _LineTotals


class _Warning(Struct):
    code: str
    field: str


class _Payload(Struct):
    """What a summary shows of an order's payload; its numbers are passed on digit by digit."""

    customer: _Customer
    products: list[_Line]
    meta: _Meta
    warnings: list[_Warning]


def order_summary(found: Summarised, house: House, channels: Mapping[str, str]) -> Card:
    """The summary of an order; ``channels`` are the names of clients by their ids."""
    order, receipt, deadline = found
    payload = _payloads.decode(order.payload)
    unknown = {warning_line(w.field) for w in payload.warnings if w.code == UNKNOWN}
    notes = {modifier_place(w.field) for w in payload.warnings if w.code == "unknown_modifier"}
    return {
        **order_card(order, house.brand),
        "customer": _customer_json(payload.customer, order.customer_id),
        "comment": payload.meta.comment,
        "channel": {"id": order.client_id, "name": channels.get(order.client_id, order.client_id)},
        "sale_type": _sale_type_json(order.sale_type_id, house),
        "lines": [
            _line_json(position, line, unknown=position in unknown, notes=notes)
            for position, line in enumerate(payload.products)
        ],
        "deadlines": [
            {"step": step.number, "due_at": iso_micros(step.due_at), "action": step.action} for step in deadline
        ],
        "receipt": None if receipt is None else receipt_card(receipt, house.brand),
    }


def names_person(payload: str, part: str) -> bool:
    """Whether the person an order is for is called by a name with this part in it, folded."""
    return part in folded(_persons.decode(payload).customer.name)


def _customer_json(customer: _Customer, customer_id: int) -> Card | None:
    """Whom this order is for, as its caller said; null where nobody is named."""
    shown = {"name": customer.name or None, "phone": customer.phone or None, "address": customer.address or None}
    return {"id": customer_id, **shown} if customer_id or any(shown.values()) else None


def _sale_type_json(sale_type_id: int, house: House) -> Card:
    sale_type = house.snapshot.sale_types.get(sale_type_id)
    name = sale_type.name if sale_type else f"Sale type {sale_type_id}"
    return {"id": sale_type_id, "name": name, "system_type": sale_type.system_type if sale_type else None}


def _line_json(position: int, line: _Line, *, unknown: bool, notes: set[tuple[int, int] | None]) -> Card:
    return {
        "line": position,
        "product_id": line.product_id,
        "name": line.meta.order_product.product.name,
        "count": line.count,
        "price": line.meta.price,
        "portion_size": line.portion_size,
        "note": line.note,
        "unknown": unknown,
        "subtotal": line.totals.subtotal,
        "total": line.totals.total,
        "modifiers": [
            {
                "modifier_id": modifier.modificator_id,
                "name": modifier.name,
                "count": modifier.count,
                "price": modifier.price,
                "unknown": (position, index) in notes,
            }
            for index, modifier in enumerate(line.product_modificators)
        ],
    }


class _Person(Struct):
    customer: _Customer


_persons: Final = msgspec.json.Decoder(_Person)
_payloads: Final = msgspec.json.Decoder(_Payload)
