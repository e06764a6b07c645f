"""Receipts on the v2 wire (contract 9.5, 14.4): a receipt with the lines of its order."""

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

import msgspec
from msgspec import Struct

from comanda.base import limits
from comanda.base.clock import Micros, envelope_times
from comanda.base.json import major_json, number_json
from comanda.base.money import EXACT
from comanda.catalogue.snapshot import Snapshot
from comanda.catalogue.views import unit_object
from comanda.orders.cards import payment_json
from comanda.orders.dossier import House
from comanda.receipts.model import OrderStatus, Receipt

MODIFIERS = "receipt_products.modificators"
GROUPS = "receipt_products.modificators.modificator_group"


class _Discount(Struct):
    discount_type: Decimal
    discount_value: Decimal


class _Customer(Struct):
    address: str | None


class _Meta(Struct):
    comment: str | None
    discount: _Discount
    apply_service_charge: bool
    service_charge_value: Decimal


class _Modifier(Struct):
    modificator_id: int
    count: int
    name: str
    price: Decimal
    portion_size: Decimal


class _Product(Struct):
    name: str


class _OrderProduct(Struct):
    product: _Product
    product_hash: str


class _LineMeta(Struct):
    price: Decimal
    order_product: _OrderProduct


class _LineTotals(Struct):
    subtotal: Decimal
    discount: Decimal
    total: Decimal


class _Line(Struct):
    product_id: int
    count: Decimal
    portion_size: Decimal
    product_modificators: list[_Modifier]
    meta: _LineMeta
    totals: _LineTotals


class _Payload(Struct):
    """What a receipt shows of its order's payload."""

    customer: _Customer
    products: list[_Line]
    meta: _Meta


def receipt_object(receipt: Receipt, payload: str, house: House, relations: dict[str, Any]) -> dict[str, Any]:
    """A receipt as reads show it, with ``receipt_products`` when a relation asks for them."""
    decimals = house.brand.decimals
    order = _payloads.decode(payload)
    cancelled = receipt.order_status is OrderStatus.CANCELLED
    shown = {
        "id": receipt.id,
        "venue_id": receipt.venue_id,
        "cid": receipt.cid,
        "customer_id": receipt.customer_id or None,
        "sale_type_id": receipt.sale_type_id,
        "source": "web",
        "guests": 1,
        "status": receipt.status,
        "order_status": receipt.order_status.value,
        "order_number": receipt.order_number,
        "lock": receipt.locked,
        "total": major_json(receipt.total_minor, decimals),
        "subtotal": major_json(receipt.subtotal_minor, decimals),
        "discount_type": number_json(order.meta.discount.discount_type),
        "discount_value": number_json(order.meta.discount.discount_value),
        "discount_rate": number_json(_rate(receipt)),
        "total_discount": major_json(receipt.discount_minor, decimals),
        "service_charge": number_json(order.meta.service_charge_value if order.meta.apply_service_charge else 0),
        "service_charge_value": major_json(receipt.service_minor, decimals),
        "delivery_fee": major_json(receipt.delivery_minor, decimals),
        "remaining": major_json(receipt.remaining_minor, decimals),
        "i_tax": 0,
        "e_tax": 0,
        "total_tax": 0,
        "payment_methods": [] if cancelled else [payment_json(payment, house.brand) for payment in receipt.payments],
        "fiscal_id": receipt.fiscal_id,
        "loyalty_type": None,
        "loyalty_value": None,
        "address": order.customer.address,
        "description": order.meta.comment,
        "created_at": second(receipt.created_at),
        "updated_at": second(receipt.updated_at),
        "closed_at": None if receipt.closed_at is None else second(receipt.closed_at),
        "shift_date": receipt.shift_date,
        "service_notification_id": receipt.order_id,
        "terminal_id": receipt.terminal_id,
        "refund_due": receipt.refund_due,
        "deleted_at": None,
    }
    if not relations:
        return shown
    lines = [_line_json(receipt, index, line, house, relations) for index, line in enumerate(order.products)]
    return {**shown, "receipt_products": lines}


def second(instant: Micros) -> str:
    """``2026-01-13 20:04:05``, the form of receipts (contract 5): UTC."""
    return envelope_times(instant)[0]


def _rate(receipt: Receipt) -> Decimal:
    """The discount in percent of the subtotal, to 2 decimals."""
    if not receipt.discount_minor:
        return Decimal(0)
    percent = EXACT.divide(Decimal(receipt.discount_minor * 100), Decimal(receipt.subtotal_minor))
    return EXACT.quantize(percent, Decimal("0.01"))


def _line_json(receipt: Receipt, index: int, line: _Line, house: House, relations: dict[str, Any]) -> dict[str, Any]:
    product = house.snapshot.products.get(line.product_id)
    shown = {
        "id": receipt.id * limits.LINE_IDS + index,
        "cid": str(uuid5(UUID(receipt.cid), str(index))),
        "receipt_id": receipt.id,
        "product_id": line.product_id,
        "count": number_json(line.count),
        "portion_size": number_json(line.portion_size),
        "total": number_json(line.totals.total),
        "price": number_json(line.meta.price),
        "subtotal": number_json(line.totals.subtotal),
        "is_gift": False,
        "discount_type": 0,
        "discount_value": 0,
        "discount_rate": 0,
        "total_discount": 0,
        "receipt_discount": number_json(line.totals.discount),
        "loyalty_type": None,
        "loyalty_value": None,
        "product_hash": line.meta.order_product.product_hash,
        "meta": {
            "product": {
                "name": line.meta.order_product.product.name,
                "type": product.type if product else "DISH",
                "price": number_json(line.meta.price),
                "barcode": product.barcode if product else None,
            }
        },
        "modificators": _modifiers_json(line, house.snapshot, relations) if _asks(relations, MODIFIERS) else [],
        "created_at": second(receipt.created_at),
        "updated_at": second(receipt.updated_at),
    }
    if _asks(relations, "receipt_products.product"):
        shown["product"] = _product_json(line, house.snapshot, receipt.venue_id, house)
    return shown


def _modifiers_json(line: _Line, snapshot: Snapshot, relations: dict[str, Any]) -> list[dict[str, Any]]:
    shown = [_modifier_json(modifier) for modifier in line.product_modificators]
    if _asks(relations, GROUPS):
        for modifier in shown:
            modifier["modificator_group"] = _group_json(line.product_id, modifier["id"], snapshot)
    return shown


def _group_json(product_id: int, modifier_id: int, snapshot: Snapshot) -> dict[str, Any] | None:
    """The group of the product that has the modifier; null once it is gone from the catalogue."""
    product = snapshot.products.get(product_id)
    for group_id in snapshot.groups_of(product) if product else ():
        if modifier_id in snapshot.modifiers[group_id]:
            return {"id": group_id, "name": snapshot.modifier_groups[group_id].name}
    return None


def _modifier_json(modifier: _Modifier) -> dict[str, Any]:
    return {
        "id": modifier.modificator_id,
        "name": modifier.name,
        "count": modifier.count,
        "price": number_json(modifier.price),
        "portion_size": number_json(modifier.portion_size),
    }


def _product_json(line: _Line, snapshot: Snapshot, venue_id: int, house: House) -> dict[str, Any]:
    station_id = snapshot.station_of(line.product_id, house.venue(venue_id))
    station = snapshot.stations.get(station_id) if station_id else None
    product = snapshot.products.get(line.product_id)
    return {
        "id": line.product_id,
        "name": line.meta.order_product.product.name,
        "unit": None if product is None else unit_object(snapshot, product.unit_id),
        "station": None if station is None else {"id": station.id, "name": station.name},
    }


def _asks(relations: dict[str, Any], name: str) -> bool:
    return any(wanted == name or wanted.startswith(f"{name}.") for wanted in relations)


_payloads = msgspec.json.Decoder(_Payload)
