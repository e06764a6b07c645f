"""Orders, receipts and tickets as events, boards and the hub show them: no name, phone or address (contract 14.11)."""

from typing import Any

import msgspec

from comanda.access.model import Brand
from comanda.base.clock import Micros, iso_micros
from comanda.base.json import major_json, number_json, to_json
from comanda.kitchen.model import Ticket, TicketLine, TicketModifier
from comanda.orders.model import StoredOrder
from comanda.receipts.model import CLOSED, OrderStatus, Payment, Receipt

Card = dict[str, Any]


def order_card(order: StoredOrder, brand: Brand) -> Card:
    """An order by reference: who it is for stands in the order itself."""
    decimals = brand.decimals
    return {
        "id": order.id,
        "venue_id": order.venue_id,
        "status": order.status,
        "open": order.open,
        "needs_attention": order.needs_attention,
        "sale_type_id": order.sale_type_id,
        "customer_id": order.customer_id,
        "client_id": order.client_id,
        "order_number": order.order_number,
        "integration_id": order.integration_id,
        "terminal_id": order.receive_terminal_id,
        "accepted_by": order.accepted_by,
        "refusal": None if order.refusal is None else _refusal_json(order.refusal),
        "totals": {
            "currency": brand.currency,
            "subtotal": major_json(order.subtotal_minor, decimals),
            "discount": major_json(order.discount_minor, decimals),
            "service_charge": major_json(order.service_minor, decimals),
            "delivery_fee": major_json(order.delivery_minor, decimals),
            "total": major_json(order.total_minor, decimals),
        },
        "promised_at": when(order.promised_at),
        "created_at": iso_micros(order.created_at),
        "seen_at": when(order.seen_at),
        "received_at": when(order.received_at),
        "sent_at": when(order.sent_at),
        "started_at": when(order.started_at),
        "ready_at": when(order.ready_at),
        "handed_over_at": when(order.handed_over_at),
        "delivered_at": when(order.delivered_at),
        "delivered_by": order.delivered_by,
        "updated_at": iso_micros(order.updated_at),
    }


def _refusal_json(refusal: str) -> Card:
    """Why an order was refused, without the note: people write into it what they like."""
    return {name: value for name, value in msgspec.json.decode(refusal).items() if name != "note"}


def receipt_card(receipt: Receipt, brand: Brand) -> Card:
    """A receipt by reference; money in major units."""
    decimals = brand.decimals
    cancelled = receipt.order_status is OrderStatus.CANCELLED
    return {
        "id": receipt.id,
        "venue_id": receipt.venue_id,
        "service_notification_id": receipt.order_id,
        "cid": receipt.cid,
        "customer_id": receipt.customer_id,
        "sale_type_id": receipt.sale_type_id,
        "terminal_id": receipt.terminal_id,
        "status": receipt.status,
        "order_status": receipt.order_status,
        "order_number": receipt.order_number,
        "lock": receipt.locked,
        "fiscal_id": receipt.fiscal_id,
        "total": major_json(receipt.total_minor, decimals),
        "remaining": major_json(receipt.remaining_minor, decimals),
        "payment_methods": [] if cancelled else [payment_json(payment, brand) for payment in receipt.payments],
        "refund_due": receipt.refund_due,
        "closed_by": receipt.closed_by,
        "shift_date": receipt.shift_date,
        "created_at": iso_micros(receipt.created_at),
        "updated_at": iso_micros(receipt.updated_at),
        "closed_at": when(receipt.closed_at),
    }


def payment_json(payment: Payment, brand: Brand) -> Card:
    """A payment as contract 3.2 shows it."""
    return {"id": payment.id, "name": payment.name, "amount": major_json(payment.amount_minor, brand.decimals)}


def ticket_card(ticket: Ticket) -> Card:
    """A ticket with its lines; the order's comment is not among it, since it is written to whoever delivers."""
    return {
        "id": ticket.id,
        "order_id": ticket.order_id,
        "station_id": ticket.station_id,
        "revision": ticket.revision,
        "venue_id": ticket.venue_id,
        "status": ticket.status,
        "open": ticket.open,
        "order_number": ticket.order_number,
        "sale_type": ticket.sale_type,
        "promised_at": when(ticket.promised_at),
        "lines": [_line_json(line) for line in ticket.lines],
        "created_at": iso_micros(ticket.created_at),
        "started_at": when(ticket.started_at),
        "ready_at": when(ticket.ready_at),
        "cancelled_at": when(ticket.cancelled_at),
        "updated_at": iso_micros(ticket.updated_at),
    }


def when(instant: Micros | None) -> str | None:
    """An instant in the form of orders, or null."""
    return None if instant is None else iso_micros(instant)


def card_text(card: Card) -> str:
    """A card as the text an event holds."""
    return to_json(card).decode()


def with_values(card: str, values: Card) -> str:
    """A card's text with some of its keys changed; keys it does not have are left out."""
    parts: dict[str, Any] = msgspec.json.decode(card, type=dict[str, msgspec.Raw])
    parts.update({name: value for name, value in values.items() if name in parts})
    return card_text(parts)


def is_paid(receipt: Receipt | None) -> bool:
    """Whether money was taken for an order."""
    return receipt is not None and receipt.status == CLOSED and any(one.amount_minor for one in receipt.payments)


def _line_json(line: TicketLine) -> Card:
    return {
        "line": line.line,
        "product_id": line.product_id,
        "name": line.name,
        "count": number_json(line.count),
        "portion_size": number_json(line.portion_size),
        "note": line.note,
        "modifiers": [_modifier_json(modifier) for modifier in line.modifiers],
        "ready_at": when(line.ready_at),
    }


def _modifier_json(modifier: TicketModifier) -> Card:
    return {
        "name": modifier.name,
        "count": modifier.count,
        "portion_size": number_json(modifier.portion_size),
    }
