"""An action on a stored order: lock it, let the action decide, write what it says and tell of it; one transaction.

The order's row is the lock of everything that hangs on it, so that of two who act at once one comes second and sees
what the first did. Locks are taken as in `comanda.store.commit_orders`: key, order, stop list, numbers, row
counts, counters.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from msgspec.structs import asdict, replace
from sqlalchemy import Table, bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from comanda.base import limits
from comanda.base.clock import Micros
from comanda.base.errors import ComandaError
from comanda.base.json import to_json
from comanda.orders.dossier import Change, Dossier, later, numbered
from comanda.orders.lifecycle import Status
from comanda.orders.model import KeyedRequest, KeyReused, Replayed, StoredOrder
from comanda.receipts.model import Receipt
from comanda.store.commit_orders import new_event, stop_list_event
from comanda.store.counts import add_counts
from comanda.store.event_log import NewEvent, append_events
from comanda.store.holds import adjust_holds
from comanda.store.keys import claim_key, keep_answer
from comanda.store.numbering import take_numbers
from comanda.store.order_rows import (
    SELECT_ORDER,
    SELECT_RECEIPT,
    SELECT_TICKET,
    line_rows,
    order_of,
    receipt_of,
    receipt_row,
    ticket_of,
    ticket_row,
)
from comanda.store.order_statements import (
    INSERT_RECEIPT,
    INSERT_TICKET,
    INSERT_TICKET_LINE,
    LOCK_STOP_LIST,
    SET_STOP_LIST,
)
from comanda.store.tables import deadlines, events, orders, receipts, stop_list, stop_list_holds, tickets
from comanda.store.transaction import Row, Statement, Transaction, each, many, one

Decide = Callable[[Dossier, Micros], Change]
"""An action: given the order as it is and the instant of the change, what becomes of it; or a ComandaError."""


@dataclass(frozen=True, slots=True)
class Wish:
    """An action wished for. ``sees`` tells whether the caller may touch a venue's orders.

    ``render`` makes the answer's body from the order as it then is and whether it changed; it is kept under the
    key. ``missing`` is what to answer when there is no such order. ``unchanged_since`` is the event of its venue up to
    which the caller knows the order: one that something happened to since is left alone.
    """

    brand_id: str
    order_id: int
    sees: Callable[[int], bool]
    decide: Decide
    render: Callable[[Dossier, bool], bytes]
    missing: Callable[[], ComandaError]
    keyed: KeyedRequest | None = None
    unchanged_since: int | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """The order as it is after an action; the answer to give, and until when it is kept under the request's key."""

    body: bytes
    before: Dossier
    dossier: Dossier
    key_expires_at: Micros | None


def change_order(wish: Wish, now: Micros) -> Transaction[Done | Replayed | KeyReused]:
    """Carry out an action whole.

    Raises what its ``decide`` raises, ``missing``, and ComandaError ``order_changed``; a known key is answered first.
    """
    if wish.keyed is not None:
        known = yield from claim_key(wish.brand_id, wish.keyed, now)
        if known is not None:
            return known
    before = yield from _lock_dossier(wish.brand_id, wish.order_id)
    if before is None or not wish.sees(before.order.venue_id):
        raise wish.missing()
    if wish.unchanged_since is not None:
        yield from _require_unchanged(before.order, wish.unchanged_since)
    at = later(before.order, now)
    change = wish.decide(before, at)
    after = yield from _write(before, change, at)
    body = wish.render(after, bool(change.events))
    if wish.keyed is None:
        return Done(body, before, after, None)
    yield from keep_answer(wish.brand_id, wish.keyed, wish.order_id, body, now)
    return Done(body, before, after, Micros(now + limits.IDEMPOTENCY_WINDOW_S * 1_000_000))


def reach_step(
    brand_id: str, order_id: int, step: int, decide: Decide, now: Micros
) -> Transaction[tuple[Dossier, Dossier] | None]:
    """Carry out a step of an accept deadline, once: None when another process did, or the order was answered."""
    before = yield from _lock_dossier(brand_id, order_id)
    if before is None:
        return None
    taken = yield one(_TAKE_STEP, brand_id=brand_id, order_id=order_id, step=step)
    if not taken:
        return None
    at = later(before.order, now)
    after = yield from _write(before, decide(before, at), at)
    return before, after


def find_dossier(brand_id: str, order_id: int) -> Transaction[Dossier | None]:
    """An order with all that hangs on it, as one moment has it."""
    rows = yield one(_SELECT_ORDER, brand_id=brand_id, id=order_id)
    return (yield from _dossier_of(rows)) if rows else None


def _lock_dossier(brand_id: str, order_id: int) -> Transaction[Dossier | None]:
    rows = yield one(_LOCK_ORDER, brand_id=brand_id, id=order_id)
    return (yield from _dossier_of(rows)) if rows else None


def _dossier_of(rows: Sequence[Row]) -> Transaction[Dossier]:
    order = order_of(rows[0])
    found = yield one(_SELECT_RECEIPT, brand_id=order.brand_id, id=order.id)
    cards = yield one(_SELECT_TICKETS, brand_id=order.brand_id, order_id=order.id)
    return Dossier(order, receipt_of(found[0]) if found else None, tuple(map(ticket_of, cards)))


def _require_unchanged(order: StoredOrder, since: int) -> Transaction[None]:
    """Raise ComandaError ``order_changed`` if something happened to the order after this event.

    Its row is locked by us. That a till shows it, or that its time runs out, is nothing that happened to it.
    """
    rows = yield one(_SELECT_LAST_EVENT, brand_id=order.brand_id, order_id=order.id, venue_id=order.venue_id)
    last = int(rows[0][0] or 0)
    if last > since:
        message = f"Something happened to order {order.id} since event {since}"
        raise ComandaError("order_changed", message, extra={"order_id": order.id, "last": last})


def _write(before: Dossier, change: Change, at: Micros) -> Transaction[Dossier]:
    """Write the differences, then the events; an action that changed nothing writes nothing."""
    if not change.events:
        if change.sold_out:
            stopped = yield from _change_stop_list(change, change.stopped_by, at)
            yield from append_events({(before.order.brand_id, before.order.venue_id): stopped})
        return change.dossier
    actor = change.events[0].actor
    told = yield from _change_stop_list(change, actor, at)
    told += yield from adjust_holds(change, actor, at)
    change = yield from _number(change)
    after = change.dossier
    sequence = before.order.event_sequence
    order = after.order
    yield one(_SET_ORDER, **_values(order, _ORDER_COLUMNS), p_event_sequence=sequence + len(change.events))
    if order.payload is not before.order.payload:
        yield one(_SET_PAYLOAD, **_values(order, ("brand_id", "id", "payload")))
    if order.status is not Status.PENDING:
        yield one(_DELETE_STEPS, brand_id=order.brand_id, order_id=order.id)
    yield from _write_receipt(before, after)
    yield from _write_tickets(before, after)
    yield from add_counts(_counted(after), _counted(before))
    of_order = [new_event(order.id, n, event, at) for n, event in enumerate(change.events, start=sequence + 1)]
    yield from append_events({(order.brand_id, order.venue_id): [*of_order, *told]})
    return after


def _number(change: Change) -> Transaction[Change]:
    """Give a receipt just opened without a number the next of its venue's day."""
    order, receipt, cards = change.dossier.order, change.dossier.receipt, change.dossier.tickets
    if receipt is None or receipt.order_number:
        return change
    numbers = yield from take_numbers([receipt])
    receipt, cards, events = numbered(receipt, cards, change.events, numbers[receipt.id])
    return replace(change, dossier=Dossier(order, receipt, cards), events=events)


def _write_receipt(before: Dossier, after: Dossier) -> Transaction[None]:
    receipt = after.receipt
    if receipt is None or receipt is before.receipt:
        return
    if before.receipt is None:
        yield many(INSERT_RECEIPT, [receipt_row(receipt)])
        return
    values = {**_values(receipt, _RECEIPT_COLUMNS), "p_payments": to_json(receipt.payments).decode()}
    yield one(_SET_RECEIPT, **values)


def _write_tickets(before: Dossier, after: Dossier) -> Transaction[None]:
    known = {ticket.id: ticket for ticket in before.tickets}
    made = [ticket for ticket in after.tickets if ticket.id not in known]
    yield many(INSERT_TICKET, [ticket_row(ticket) for ticket in made])
    yield many(INSERT_TICKET_LINE, [row for ticket in made for row in line_rows(ticket)])
    moved = [ticket for ticket in after.tickets if ticket.id in known and ticket is not known[ticket.id]]
    yield each(
        _SET_TICKET,
        [{**_values(ticket, _TICKET_COLUMNS), "p_lines": to_json(ticket.lines).decode()} for ticket in moved],
    )


def _counted(dossier: Dossier) -> list[StoredOrder | Receipt]:
    return [dossier.order] if dossier.receipt is None else [dossier.order, dossier.receipt]


def _change_stop_list(change: Change, actor: str, now: Micros) -> Transaction[list[NewEvent]]:
    """Set sold-out products to nothing, give back what the order held of the others; the events that tell of it.

    A quantity that was set anew since the hold was taken is left alone (contract 14.1.7).
    """
    order = change.dossier.order
    holds = (yield one(_SELECT_HOLDS, brand_id=order.brand_id, order_id=order.id)) if change.gives_back else []
    wanted = {int(row[0]) for row in holds} | set(change.sold_out)
    if not wanted:
        return []
    locked = yield many(LOCK_STOP_LIST, [(order.brand_id, order.venue_id, product) for product in sorted(wanted)])
    left = {int(row[2]): (int(row[3]), int(row[4])) for row in locked}
    changed = {
        int(product): left[product][0] + quantity
        for product, quantity, version in holds
        if product in left and left[product][1] == version and product not in change.sold_out
    }
    key = {"p_brand_id": order.brand_id, "p_venue_id": order.venue_id}
    yield each(SET_STOP_LIST, [{**key, "p_product_id": p, "p_left": q, "p_now": now} for p, q in changed.items()])
    yield each(_SELL_OUT, [_sold_out_row(order, product, now) for product in sorted(change.sold_out)])
    if change.gives_back:
        yield one(_DELETE_HOLDS, brand_id=order.brand_id, order_id=order.id)
    changed |= dict.fromkeys(change.sold_out, 0)
    return [stop_list_event(order.venue_id, product, left_, actor, now) for product, left_ in sorted(changed.items())]


def _sold_out_row(order: StoredOrder, product_id: int, now: Micros) -> Mapping[str, Any]:
    return {
        "brand_id": order.brand_id,
        "venue_id": order.venue_id,
        "product_id": product_id,
        "quantity_milli": 0,
        "version": now,
        "updated_at": now,
    }


def _values(resource: Any, columns: Sequence[str]) -> dict[str, Any]:
    """The parameters of an update: each column as ``p_`` and its name."""
    values = asdict(resource)
    return {f"p_{name}": values[name] for name in columns}


def _update(table: Table, keys: Sequence[str], columns: Sequence[str], *also: str) -> Statement:
    where = [table.c[name] == bindparam(f"p_{name}") for name in keys]
    set_: dict[str, Any] = {name: bindparam(f"p_{name}") for name in (*columns, *also) if name not in keys}
    return Statement(update(table).where(*where).values(**set_), returns=False)


_ORDER_COLUMNS: Final = (
    "brand_id",
    "id",
    "status",
    "needs_attention",
    "receive_terminal_id",
    "received_at",
    "updated_at",
    "open",
    "accepted_by",
    "refusal",
    "promised_at",
    "seen_at",
    "sent_at",
    "started_at",
    "ready_at",
    "handed_over_at",
    "delivered_at",
    "delivered_by",
)
_RECEIPT_COLUMNS: Final = (
    "brand_id",
    "id",
    "status",
    "order_status",
    "order_number",
    "locked",
    "fiscal_id",
    "total_minor",
    "remaining_minor",
    "refund_due",
    "closed_by",
    "updated_at",
    "closed_at",
)
_TICKET_COLUMNS: Final = (
    "brand_id",
    "order_id",
    "station_id",
    "revision",
    "status",
    "open",
    "started_at",
    "ready_at",
    "cancelled_at",
    "updated_at",
)
_SET_ORDER = _update(orders, ("brand_id", "id"), _ORDER_COLUMNS, "event_sequence")
_SET_PAYLOAD = _update(orders, ("brand_id", "id"), ("payload",))
_SET_RECEIPT = _update(receipts, ("brand_id", "id"), _RECEIPT_COLUMNS, "payments")
_SET_TICKET = _update(tickets, ("brand_id", "order_id", "station_id", "revision"), _TICKET_COLUMNS, "lines")
_one_order = SELECT_ORDER.where(orders.c.brand_id == bindparam("brand_id"), orders.c.id == bindparam("id"))
_SELECT_ORDER = Statement(_one_order)
_LOCK_ORDER = Statement(_one_order.with_for_update())
_SELECT_LAST_EVENT = Statement(
    select(func.max(events.c.number)).where(
        events.c.brand_id == bindparam("brand_id"),
        events.c.order_id == bindparam("order_id"),
        events.c.venue_id == bindparam("venue_id"),
        *(events.c.type != passing for passing in ("order.seen", "order.reminded", "order.escalated")),
    )
)
_SELECT_RECEIPT = Statement(
    SELECT_RECEIPT.where(receipts.c.brand_id == bindparam("brand_id"), receipts.c.id == bindparam("id"))
)
_SELECT_TICKETS = Statement(
    SELECT_TICKET.where(
        tickets.c.brand_id == bindparam("brand_id"), tickets.c.order_id == bindparam("order_id")
    ).order_by(tickets.c.station_id, tickets.c.revision)
)
_of_order = (deadlines.c.brand_id == bindparam("brand_id"), deadlines.c.order_id == bindparam("order_id"))
_TAKE_STEP = Statement(
    delete(deadlines).where(*_of_order, deadlines.c.step == bindparam("step")).returning(deadlines.c.step)
)
_DELETE_STEPS = Statement(delete(deadlines).where(*_of_order), returns=False)
_held_by = (stop_list_holds.c.brand_id == bindparam("brand_id"), stop_list_holds.c.order_id == bindparam("order_id"))
_SELECT_HOLDS = Statement(
    select(stop_list_holds.c.product_id, stop_list_holds.c.quantity_milli, stop_list_holds.c.version)
    .where(*_held_by)
    .order_by(stop_list_holds.c.product_id)
)
_DELETE_HOLDS = Statement(delete(stop_list_holds).where(*_held_by), returns=False)
_sold_out = upsert(stop_list)
_SELL_OUT = Statement(
    _sold_out.on_conflict_do_update(
        index_elements=[stop_list.c.brand_id, stop_list.c.venue_id, stop_list.c.product_id],
        set_={name: _sold_out.excluded[name] for name in ("quantity_milli", "version", "updated_at")},
    ),
    returns=False,
)
