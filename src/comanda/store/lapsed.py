"""Rows that are kept for a while only: found without a lock, deleted by key in small steps, so that no order waits."""

from typing import Any, Final, NamedTuple

from sqlalchemy import Table, bindparam, delete, or_, select, true

from comanda.base import limits
from comanda.base.clock import Micros
from comanda.store.tables import (
    audit_log,
    idempotency,
    order_claims,
    orders,
    pairings,
    pin_failures,
    print_jobs,
    staff_sessions,
    tickets,
)
from comanda.store.transaction import Row, Statement, Transaction, each, one


class _Kind(NamedTuple):
    """What lapses: how it is found, and how some of it is deleted."""

    find: Statement
    remove: Statement
    key: tuple[str, ...]


def find_lapsed(kind: str, brand_id: str, before: Micros) -> Transaction[list[Row]]:
    """The keys of some rows that lapsed before an instant; none when there are no more."""
    rows = yield one(LAPSING[kind].find, brand_id=brand_id, before=before, amount=limits.PURGE_STEP)
    return rows


def remove_lapsed(kind: str, brand_id: str, before: Micros, rows: list[Row]) -> Transaction[None]:
    """Delete rows by key, as far as they have still lapsed."""
    names = LAPSING[kind].key
    yield each(
        LAPSING[kind].remove,
        [{"brand_id": brand_id, "before": before, **dict(zip(names, row, strict=True))} for row in rows],
    )


def find_left_behind(brand_id: str, venue_id: int, before: Micros) -> Transaction[list[int]]:
    """Orders of a venue that nobody has touched since an instant but that are still on its screens, the oldest."""
    place = {"brand_id": brand_id, "venue_id": venue_id, "before": before, "amount": limits.PURGE_STEP}
    left = yield one(_LEFT_ORDERS, **place)
    cancelled = yield one(_LEFT_TICKETS, **place)
    return sorted({int(row[0]) for row in (*left, *cancelled)})


def _kind(table: Table, lapsed: Any) -> _Kind:
    key = tuple(column for column in table.primary_key.columns if column.name != "brand_id")
    where = (table.c.brand_id == bindparam("brand_id"), lapsed)
    named = [column == bindparam(column.name) for column in key]
    return _Kind(
        Statement(select(*key).where(*where).limit(bindparam("amount"))),
        Statement(delete(table).where(*where, *named), returns=False),
        tuple(column.name for column in key),
    )


def _oldest_of_audit() -> _Kind:
    """Entries are numbered as they are made, so the oldest stand first; however many there are, few are looked at."""
    oldest = (
        select(audit_log.c.number, audit_log.c.at)
        .where(audit_log.c.brand_id == bindparam("brand_id"))
        .order_by(audit_log.c.number)
        .limit(bindparam("amount"))
        .subquery()
    )
    plain = _kind(audit_log, audit_log.c.at < bindparam("before"))
    return plain._replace(find=Statement(select(oldest.c.number).where(oldest.c.at < bindparam("before"))))


_done = or_(*(print_jobs.c.status == status for status in ("printed", "settled", "overtaken")))
LAPSING: Final = {
    "keys": _kind(idempotency, idempotency.c.expires_at < bindparam("before")),
    "claims": _kind(
        order_claims, (order_claims.c.kind == "repeat") & (order_claims.c.claimed_at < bindparam("before"))
    ),
    "papers": _kind(print_jobs, _done & (print_jobs.c.updated_at < bindparam("before"))),
    "audit": _oldest_of_audit(),
    "pairings": _kind(pairings, pairings.c.expires_at < bindparam("before")),
    "guesses": _kind(pin_failures, pin_failures.c.last_at < bindparam("before")),
    "sessions": _kind(staff_sessions, staff_sessions.c.expires_at < bindparam("before")),
}
_oldest_open = (
    select(orders.c.id, orders.c.updated_at)
    .where(
        orders.c.brand_id == bindparam("brand_id"),
        orders.c.venue_id == bindparam("venue_id"),
        orders.c.open == true(),
        # What is accepted and not sent waits (`comanda.orders.deliver.leave_screens`).
        or_(orders.c.status != "RECEIVED", orders.c.sent_at.is_not(None), orders.c.handed_over_at.is_not(None)),
    )
    .order_by(orders.c.id)
    .limit(bindparam("amount"))
    .subquery()
)
"""Ids rise with time, but for the blocks of several processes: what was left behind stands first, sooner or later;
however many are open, few are looked at."""
_LEFT_ORDERS = Statement(select(_oldest_open.c.id).where(_oldest_open.c.updated_at < bindparam("before")))
_LEFT_TICKETS = Statement(
    select(tickets.c.order_id)
    .where(
        tickets.c.brand_id == bindparam("brand_id"),
        tickets.c.venue_id == bindparam("venue_id"),
        tickets.c.open == true(),
        tickets.c.status == "CANCELLED",
        tickets.c.updated_at < bindparam("before"),
    )
    .limit(bindparam("amount"))
)
