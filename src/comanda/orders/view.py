"""How orders look on the wire: shape A of contract 9.1, the answer to a create, and the object that reads show."""

from typing import Any

import msgspec

from comanda.base.clock import Micros, envelope_times, iso_micros
from comanda.base.json import major_json, number_json, raw_json, to_json
from comanda.orders.lifecycle import Status
from comanda.orders.model import (
    CheckedLine,
    CheckedModifier,
    OrderWarning,
    PricedLine,
    PricedOrder,
    StoredOrder,
    Totals,
)

ORDER_TYPE = "CALL_CENTER_ORDER"
INTEGRATION = "call_center_new"


def shape_a(
    *,
    order_id: int,
    venue_id: int,
    status: str,
    external: tuple[str | None, str | None, str | None],
    created_at: Micros,
    updated_at: Micros,
) -> dict[str, Any]:
    """The twelve documented keys; ``external`` is integration_uuid, integration_id, customer_ref_id."""
    integration_uuid, integration_id, customer_ref_id = external
    created = iso_micros(created_at)
    return {
        "id": order_id,
        "venue_id": venue_id,
        "type": ORDER_TYPE,
        "integration": INTEGRATION,
        "integration_uuid": integration_uuid,
        "integration_id": integration_id,
        "customer_ref_id": customer_ref_id,
        "integration_status": "CREATED",
        "status": status,
        "created_at": created,
        "updated_at": created if updated_at == created_at else iso_micros(updated_at),
        "integration_response": None,
    }


def stored_shape_a(order: StoredOrder) -> dict[str, Any]:
    """Shape A of an order as it is now."""
    return shape_a(
        order_id=order.id,
        venue_id=order.venue_id,
        status=order.status,
        external=(order.integration_uuid, order.integration_id, order.customer_ref_id),
        created_at=order.created_at,
        updated_at=order.updated_at,
    )


def creation(shape: dict[str, Any], *, status: Status, totals: Any, warnings: Any) -> dict[str, Any]:
    """Shape A with the ``payload`` object that clients of shape B and of Comanda read (contract 14.1.1)."""
    inner = {
        "id": shape["id"],
        "venue_id": shape["venue_id"],
        "status": status,
        "created_at": shape["created_at"],
        "updated_at": shape["updated_at"],
        "totals": totals,
        "warnings": warnings,
    }
    return {**shape, "payload": inner}


def envelope(data: Any, *, started: Micros, now: Micros, message: str | None = None, **more: Any) -> dict[str, Any]:
    """The success envelope (contract 3, 14.5); ``time`` is the milliseconds since the request arrived."""
    timestamp, unix = envelope_times(now)
    head: dict[str, Any] = {"success": True}
    if message is not None:
        head["message"] = message
    return {**head, "data": data, **more, "time": max(0, now - started) // 1_000, "timestamp": timestamp, "unix": unix}


def order_object(order: StoredOrder, decimals: int) -> dict[str, Any]:
    """An order as reads show it (contract 9.2), with its ``payload`` and the keys known from live systems."""
    return {
        **stored_shape_a(order),
        "payload": raw_json(order.payload),
        "customer_id": order.customer_id,
        "receive_user_id": None,
        "receive_terminal_id": order.receive_terminal_id,
        "received_at": None if order.received_at is None else iso_micros(order.received_at),
        "receipt_id": None if order.accepted_by is None else order.id,
        "total_amount": major_json(order.total_minor, decimals),
        "needs_attention": order.needs_attention,
        "deleted_at": None,
    }


def totals_json(totals: Totals, currency: str, decimals: int) -> msgspec.Raw:
    """``totals`` in major units (contract 14.3), encoded once for the answer, the payload and the events."""
    shown = {
        "currency": currency,
        "subtotal": major_json(totals.subtotal_minor, decimals),
        "discount": major_json(totals.discount_minor, decimals),
        "service_charge": major_json(totals.service_minor, decimals),
        "delivery_fee": major_json(totals.delivery_minor, decimals),
        "total": major_json(totals.total_minor, decimals),
    }
    return msgspec.Raw(to_json(shown))


def stored_payload(
    priced: PricedOrder, totals: msgspec.Raw, warnings: tuple[OrderWarning, ...], decimals: int
) -> dict[str, Any]:
    """The ``payload`` that reads show: all that was sent, where v2 stores it (contract 9.1, 14.5), and our sums."""
    checked = priced.checked
    request = checked.request
    customer = request.customer
    discount_type = number_json(customer.customer_discount_type or 0)
    return {
        "auto_order_accept": bool(request.auto_order_accept),
        "auto_order_sent_to_station": bool(request.auto_order_sent_to_station),
        "auto_accept_terminal": request.auto_accept_terminal or None,
        "delivery_fee": number_json(checked.delivery_fee),
        "order_number": checked.order_number,
        "service": {"sale_type_id": request.sale_type_id, "venue_id": request.venue_id},
        "customer": {
            "id": customer.id,
            "phone": customer.phone,
            "address": customer.address,
            "customer_discount_type": discount_type,
            "name": customer.name,
        },
        "products": [_line_json(line, sums, decimals) for line, sums in zip(checked.lines, priced.lines, strict=True)],
        "meta": {
            "comment": checked.comment,
            "discount": {
                "discount_type": checked.discount_type,
                "discount_value": number_json(checked.discount_value),
            },
            "apply_service_charge": checked.service_enabled,
            "customer_discount_type": discount_type,
            "service_charge_value": number_json(checked.service_value),
        },
        "customer_id": customer.id,
        "sale_type_id": request.sale_type_id,
        "totals": totals,
        "warnings": [warning.as_json() for warning in warnings],
    }


def payload_part(order: StoredOrder, name: str) -> msgspec.Raw:
    """One top-level part of a stored payload, untouched."""
    parts: dict[str, msgspec.Raw] = msgspec.json.decode(order.payload, type=dict[str, msgspec.Raw])
    return parts[name]


def _line_json(line: CheckedLine, sums: PricedLine, decimals: int) -> dict[str, Any]:
    modifiers = [_modifier_json(modifier) for modifier in line.modifiers]
    count = number_json(line.count)
    return {
        "product_id": line.product_id,
        "count": count,
        "product_modificators": modifiers,
        "portion_size": number_json(line.portion_size),
        "note": line.note,
        "meta": {
            "price": number_json(line.price),
            "order_product": {
                "count": count,
                "status": line.status,
                "product_modificators": modifiers,
                "product_hash": line.product_hash,
                "note": line.note,
                "product": {"id": line.product_id, "name": line.name, "price": number_json(line.stated_price)},
            },
        },
        "totals": {
            "subtotal": major_json(sums.subtotal_minor, decimals),
            "discount": major_json(sums.discount_minor, decimals),
            "total": major_json(sums.total_minor, decimals),
        },
    }


def _modifier_json(modifier: CheckedModifier) -> dict[str, Any]:
    return {
        "modificator_id": modifier.modifier_id,
        "count": modifier.count,
        "name": modifier.name,
        "price": number_json(modifier.price),
        "portion_size": number_json(modifier.portion_size),
    }
