"""From the pass to the guest: what cooks, payments and hand-over make of an order, and when it is DELIVERED. Pure."""

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from comanda.base.clock import Micros
from comanda.base.errors import ComandaError
from comanda.kitchen import moves as kitchen
from comanda.kitchen.model import Ticket, TicketStatus
from comanda.orders.accept import Acceptance, accept, paper_for, send
from comanda.orders.dossier import By, Change, Dossier, House, Telling
from comanda.orders.ignore import NOT_ANSWERED, WITHDRAWN, Refusal, ignore
from comanda.orders.lifecycle import Actor, Status, moves, status_not_allowed
from comanda.orders.model import StoredOrder
from comanda.receipts.model import OrderStatus, Receipt
from comanda.receipts.moves import status_moves
from comanda.receipts.pay import Tender, close_receipt

Cook = Callable[[Ticket, Micros], Ticket]
COOKS: Final[dict[str, tuple[Cook, str]]] = {
    "start": (kitchen.start, "ticket.started"),
    "ready": (kitchen.ready, "ticket.ready"),
    "recall": (kitchen.recall, "ticket.recalled"),
    "dismiss": (kitchen.dismiss, "ticket.dismissed"),
}
"""What a cook may do to a whole ticket, and the event that tells of it."""


def cook(dossier: Dossier, house: House, by: By, at: Micros, ticket_id: str, action: str) -> Change:
    """Start, finish, recall or dismiss a ticket. Raises ComandaError ``resource_not_found``, ``ticket_not_allowed``."""
    ticket = find_ticket(dossier, ticket_id)
    move, event = COOKS[action]
    moved = move(ticket, at)
    receipt = dossier.receipt
    if action == "recall" and moved is not ticket and receipt is not None and receipt.handed_over:
        raise ComandaError("ticket_not_allowed", f"Ticket {ticket.id} cannot be recalled: its order has left")
    return _progress(dossier, house, by, at, ticket, [*_begun(ticket, event, at), (event, moved)])


def cook_line(dossier: Dossier, house: House, by: By, at: Micros, ticket_id: str, line: int) -> Change:
    """Finish one line of a ticket; the last one finishes the ticket. Raises as `cook`."""
    ticket = find_ticket(dossier, ticket_id)
    moved = kitchen.line_ready(ticket, line, at)
    event = "ticket.ready" if moved.status is TicketStatus.READY else "ticket.line_ready"
    return _progress(dossier, house, by, at, ticket, [*_begun(ticket, event, at), (event, moved)])


def send_to_station(dossier: Dossier, house: House, by: By, at: Micros) -> Change:
    """Make the tickets of an accepted order that was not sent; one that was is left as it is.

    Raises ComandaError ``validation_failed`` for an order that is not accepted, or is paid and gone.
    """
    order, receipt = dossier.order, dossier.receipt
    if order.sent_at is not None and order.status is not Status.IGNORE:
        return Change(dossier)
    if receipt is None or order.status is Status.IGNORE or (receipt.closed and receipt.handed_over):
        raise status_not_allowed()
    telling = Telling(house, by)
    sent = send(order, receipt, house, at, telling)
    # Where no station makes any of it, it is finished.
    return _settle(sent, sent, telling, by, at)


def reprint(dossier: Dossier, house: House, by: By, ticket_id: str) -> Change:
    """Print a ticket once more, marked as what it is. Raises ComandaError ``no_printer``, ``resource_not_found``."""
    ticket = find_ticket(dossier, ticket_id)
    paper = paper_for(ticket, house, "cancellation" if ticket.status is TicketStatus.CANCELLED else "reprint")
    if paper is None:
        raise ComandaError("no_printer", f"Station {ticket.station_id} has no printer at venue {ticket.venue_id}")
    telling = Telling(house, by)
    telling.ticket("ticket.reprinted", ticket, paper)
    return Change(dossier, tuple(telling.events))


def hand_over(dossier: Dossier, house: House, by: By, at: Micros) -> Change:
    """Give the food to the guest or courier: PICKED_UP, or COMPLETED when it is paid (contract 14.4).

    Raises ComandaError ``validation_failed`` for an order that is not accepted.
    """
    receipt = dossier.receipt
    if receipt is None or dossier.order.status is Status.IGNORE:
        raise status_not_allowed()
    if receipt.handed_over:
        return Change(dossier)
    left = _completed(replace(receipt, order_status=OrderStatus.PICKED_UP, updated_at=at))
    return _restate(dossier, house, by, at, receipt=left)


def close(dossier: Dossier, house: House, by: By, at: Micros, tender: Tender) -> Change:
    """Take payment and close the receipt. Raises ComandaError as `comanda.receipts.pay.close_receipt`."""
    receipt = receipt_of(dossier)
    paid = close_receipt(receipt, tender, house.brand, house.snapshot.payment_methods, by_name=by.name, at=at)
    return _restate(dossier, house, by, at, receipt=_completed(paid), event="receipt.closed")


def patch(
    dossier: Dossier, house: House, by: By, at: Micros, values: dict[str, str | bool], wanted: OrderStatus | None
) -> Change:
    """Change a receipt's ``order_number``, ``fiscal_id``, ``locked`` and, if ``wanted``, its ``order_status``.

    CANCELLED is the order's move to IGNORE (contract 14.4). Raises ComandaError ``not_found``, ``validation_failed``.
    """
    receipt = receipt_of(dossier)
    changed = replace(receipt, **values)
    if wanted is OrderStatus.CANCELLED:
        ended = ignore(replace(dossier, receipt=changed), house, by, at, Refusal(WITHDRAWN))
        if ended.events or changed == receipt:
            return ended
    elif wanted is not None and status_moves(changed, wanted):
        changed = _completed(replace(changed, order_status=wanted))
    if changed == receipt:
        return Change(dossier)
    return _restate(dossier, house, by, at, receipt=replace(changed, updated_at=at))


def see(dossier: Dossier, house: House, by: By, at: Micros) -> Change:
    """Note that a terminal has shown the order to somebody; only the first time counts."""
    if dossier.order.seen_at is not None:
        return Change(dossier)
    seen = replace(dossier.order, seen_at=at, updated_at=at)
    telling = Telling(house, by)
    telling.order("order.seen", seen)
    return Change(replace(dossier, order=seen), tuple(telling.events))


def reach_deadline(dossier: Dossier, house: House, at: Micros, action: str) -> Change:
    """Carry out a step of the accept deadline; an order that was answered is left as it is.

    What staff must map first is never accepted by a clock; somebody is told instead.
    """
    order = dossier.order
    by = By(Actor.DEADLINE, "deadline", house.snapshot.default_terminal(house.venue(order.venue_id)))
    if order.status is not Status.PENDING:
        return Change(dossier)
    if action == "ignore":
        return ignore(dossier, house, by, at, Refusal(NOT_ANSWERED))
    if action == "accept" and not order.needs_attention:
        return accept(dossier, house, by, at, Acceptance())
    telling = Telling(house, by)
    telling.order("order.reminded" if action == "remind" else "order.escalated", order)
    return Change(dossier, tuple(telling.events))


def leave_screens(dossier: Dossier, house: House, at: Micros, before: Micros) -> Change:
    """Take an order off every screen that nobody has touched since ``before``, nor its receipt, nor its tickets.

    Its status and its money stay as they are. What is accepted and not sent waits for that on the screens (contract
    14.1.9).
    """
    order, receipt = dossier.order, dossier.receipt
    if order.open and order.status is Status.RECEIVED and order.sent_at is None and order.handed_over_at is None:
        return Change(dossier)
    touched = [order.updated_at, *(ticket.updated_at for ticket in dossier.tickets)]
    if max(touched) >= before or (receipt is not None and receipt.updated_at >= before):
        return Change(dossier)
    telling = Telling(house, By(Actor.AUTOMATIC, "housekeeping"))
    tickets = tuple(replace(ticket, open=False) if ticket.open else ticket for ticket in dossier.tickets)
    for ticket in tickets:
        if ticket.status is TicketStatus.CANCELLED and ticket not in dossier.tickets:
            telling.ticket("ticket.dismissed", ticket)
    if order.open:
        order = replace(order, open=False, updated_at=at)
        telling.order("order.changed", order)
    if not telling.events:
        return Change(dossier)
    return Change(Dossier(order, dossier.receipt, tickets), tuple(telling.events))


def find_ticket(dossier: Dossier, ticket_id: str) -> Ticket:
    """A ticket of the order. Raises ComandaError ``resource_not_found``."""
    for ticket in dossier.tickets:
        if ticket.id == ticket_id:
            return ticket
    raise ComandaError("resource_not_found", "Ticket not found")


def receipt_of(dossier: Dossier) -> Receipt:
    """The order's receipt. Raises ComandaError ``not_found``: the documented 404 of receipts (contract 7)."""
    if dossier.receipt is None:
        raise ComandaError("not_found", "Receipt not found")
    return dossier.receipt


def _begun(ticket: Ticket, event: str, at: Micros) -> list[tuple[str, Ticket]]:
    """What is finished without having been started is started in the same moment, and that is told first."""
    if ticket.status is not TicketStatus.NEW or event not in ("ticket.ready", "ticket.line_ready"):
        return []
    return [("ticket.started", kitchen.start(ticket, at))]


def _progress(
    dossier: Dossier, house: House, by: By, at: Micros, before: Ticket, told: list[tuple[str, Ticket]]
) -> Change:
    """The order after one ticket moved, by these events: its receipt's ``order_status`` follows the kitchen."""
    after = told[-1][1]
    if after is before:
        return Change(dossier)
    tickets = tuple(after if ticket is before else ticket for ticket in dossier.tickets)
    telling = Telling(house, by)
    for event, ticket in told:
        telling.ticket(event, ticket)
    receipt, order = dossier.receipt, dossier.order
    if receipt is None or order.status is Status.IGNORE:
        return Change(replace(dossier, tickets=tickets), tuple(telling.events))
    all_ready = all(ticket.finished for ticket in tickets)
    status = OrderStatus.READY if all_ready else OrderStatus.IN_PROGRESS
    recalled = receipt.order_status is OrderStatus.READY and receipt.closed  # a closed receipt takes nothing back
    if not receipt.handed_over and not recalled and status is not receipt.order_status:
        receipt = replace(receipt, order_status=status, updated_at=at)
    order = _with_times(order, tickets, at, all_ready=all_ready)
    changed = Dossier(order, receipt, tickets)
    return _settle(dossier, changed, telling, by, at)


def _with_times(order: StoredOrder, tickets: tuple[Ticket, ...], at: Micros, *, all_ready: bool) -> StoredOrder:
    started = order.started_at or min((t.started_at for t in tickets if t.started_at is not None), default=None)
    ready = (order.ready_at or at) if all_ready else None
    if (started, ready) == (order.started_at, order.ready_at):
        return order
    return replace(order, started_at=started, ready_at=ready, updated_at=at)


def _restate(
    dossier: Dossier, house: House, by: By, at: Micros, *, receipt: Receipt, event: str = "receipt.changed"
) -> Change:
    """The order after its receipt changed; leaving the house is noted with the first hand-over."""
    order = dossier.order
    if receipt.handed_over and order.handed_over_at is None:
        order = replace(order, handed_over_at=at, updated_at=at)
    return _settle(dossier, Dossier(order, receipt, dossier.tickets), Telling(house, by), by, at, event=event)


def _settle(
    before: Dossier, after: Dossier, telling: Telling, by: By, at: Micros, *, event: str = "receipt.changed"
) -> Change:
    """What follows from receipt and tickets: DELIVERED, and whether the order is still open (contract 14.4).

    What was never sent to a station is not finished: an order paid in advance waits for its cooking.
    """
    order, receipt, tickets = after.order, after.receipt, after.tickets
    assert receipt is not None
    if receipt is not before.receipt:
        telling.receipt(event, receipt)
    finished = order.sent_at is not None and all(ticket.finished for ticket in tickets)
    delivered = receipt.order_status is OrderStatus.COMPLETED or (receipt.closed and finished)
    if delivered and order.status is Status.RECEIVED:
        moves(present=order.status, wanted=Status.DELIVERED, actor=by.actor)
        order = replace(order, status=Status.DELIVERED, delivered_at=at, delivered_by=by.name, updated_at=at)
    if receipt.closed and receipt.handed_over and order.open:
        order = replace(order, open=False, updated_at=at)
        tickets = tuple(
            replace(ticket, open=False) if ticket.status is not TicketStatus.CANCELLED else ticket for ticket in tickets
        )
    _tell_order(before.order, order, telling)
    return Change(Dossier(order, receipt, tickets), tuple(telling.events))


def _tell_order(before: StoredOrder, after: StoredOrder, telling: Telling) -> None:
    """Tell what happened to the order; handed over comes first where it is DELIVERED by that."""
    handed_over = before.handed_over_at is None and after.handed_over_at is not None
    delivered = after.status is not before.status
    if handed_over:
        left = after
        if delivered:
            left = replace(
                after,
                status=before.status,
                open=before.open,
                delivered_at=before.delivered_at,
                delivered_by=before.delivered_by,
            )
        telling.order("order.handed_over", left)
    if delivered:
        telling.order("order.delivered", after)
    elif after is not before and not handed_over:
        telling.order("order.changed", after)


def _completed(receipt: Receipt) -> Receipt:
    """Picked up and paid is completed, whichever came first."""
    if receipt.closed and receipt.order_status is OrderStatus.PICKED_UP:
        return replace(receipt, order_status=OrderStatus.COMPLETED)
    return receipt
