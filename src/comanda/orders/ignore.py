"""Refusing or withdrawing an order: IGNORE, its tickets cancelled where cooks see it, its receipt at zero. Pure."""

from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from comanda.base.clock import Micros
from comanda.base.errors import ComandaError
from comanda.base.json import to_json
from comanda.kitchen import moves as kitchen
from comanda.kitchen.model import Ticket, TicketStatus
from comanda.orders.accept import paper_for
from comanda.orders.cards import is_paid, when
from comanda.orders.dossier import By, Change, Dossier, House, Telling
from comanda.orders.lifecycle import Actor, Status, moves
from comanda.receipts.model import CLOSED, OrderStatus, Receipt

Reason = Literal[
    "out_of_stock",
    "closed",
    "too_busy",
    "outside_delivery_area",
    "wrong_price",
    "unknown_item",
    "duplicate",
    "suspected_fraud",
    "customer_request",
    "technical_problem",
    "other",
]
"""Why people refuse an order: a closed list, so that machines can act on it."""
LineReason = Literal["out_of_stock", "unknown_item", "wrong_price", "other"]
NOT_ANSWERED: Final = "not_answered"
WITHDRAWN: Final = "withdrawn"
"""Reasons only Comanda gives: the accept deadline passed; the integrator set IGNORE."""


class LineRefusal(Struct, frozen=True):
    """Why one line could not be made; ``line`` is its position, from 0."""

    line: int
    product_id: int
    reason: str


class Refusal(Struct, frozen=True):
    """Why an order is ignored; ``sold_out`` are products whose quantity at the venue becomes 0 with it."""

    reason: str
    note: str | None = None
    lines: tuple[LineRefusal, ...] = ()
    sold_out: tuple[int, ...] = ()


def ignore(dossier: Dossier, house: House, by: By, at: Micros, refusal: Refusal) -> Change:
    """Move an order to IGNORE, or leave an ignored one as it is.

    What it held of stop lists is given back unless a station has begun (contract 14.1.7). Raises ComandaError
    ``validation_failed`` where the lifecycle forbids it, ``receipt_locked`` for people and a locked receipt,
    ``password_needed`` for a paid one and somebody who is known by a PIN only.
    """
    order, receipt = dossier.order, dossier.receipt
    if not moves(
        present=order.status, wanted=Status.IGNORE, actor=by.actor, started=dossier.started, paid=is_paid(receipt)
    ):
        # Somebody else was faster; what cannot be made is stopped all the same.
        return Change(dossier, sold_out=refusal.sold_out, stopped_by=by.name)
    if receipt is not None and receipt.locked and by.actor in (Actor.TERMINAL, Actor.STAFF):
        raise ComandaError("receipt_locked", "The receipt is locked; a manager can cancel it")
    if by.unconfirmed and is_paid(receipt):
        raise ComandaError(
            "password_needed", "The order was paid, so cancelling it owes a refund: confirm your password"
        )
    told = {
        "reason": refusal.reason,
        "note": refusal.note,
        "lines": [{"line": item.line, "product_id": item.product_id, "reason": item.reason} for item in refusal.lines],
        "by": by.name,
        "at": when(at),
    }
    ignored = replace(
        order, status=Status.IGNORE, open=False, needs_attention=False, refusal=to_json(told).decode(), updated_at=at
    )
    telling = Telling(house, by)
    tickets = tuple(_cancelled(ticket, house, telling, at) for ticket in dossier.tickets)
    if receipt is not None:
        # One that was paid is closed already, and is told as closed once.
        event = "receipt.changed" if receipt.closed else "receipt.closed"
        receipt = _cancelled_receipt(receipt, by, at)
        telling.receipt(event, receipt)
    telling.order("order.ignored", ignored)
    return Change(
        Dossier(ignored, receipt, tickets),
        tuple(telling.events),
        sold_out=refusal.sold_out,
        gives_back=not dossier.started,
    )


def _cancelled(ticket: Ticket, house: House, telling: Telling, at: Micros) -> Ticket:
    if ticket.status is TicketStatus.CANCELLED:
        return ticket
    cancelled = kitchen.cancel(ticket, at)
    telling.ticket("ticket.cancelled", cancelled, paper_for(cancelled, house, "cancellation"))
    return cancelled


def _cancelled_receipt(receipt: Receipt, by: By, at: Micros) -> Receipt:
    """What was paid stays in the row, for the refund, but is shown to nobody as income."""
    return replace(
        receipt,
        status=CLOSED,
        order_status=OrderStatus.CANCELLED,
        total_minor=0,
        remaining_minor=0,
        refund_due=is_paid(receipt),
        closed_by=receipt.closed_by or by.name,
        closed_at=receipt.closed_at or at,
        updated_at=at,
    )
