"""Orders for the house's screens: many by id with what hangs on them, a venue's newest, and those that a text finds.

However many orders there are, a table is asked once. Nothing looks through all orders: ids, external ids, phones and
customers have their indexes, and what has none is looked for among a venue's newest orders.
"""

import re
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Column, ColumnElement, Select, false, func, literal, literal_column, or_, select, tuple_

from comanda.base import limits
from comanda.base.clock import Micros
from comanda.orders.model import Step
from comanda.orders.summary import Summarised
from comanda.store.order_rows import COLUMNS, SELECT_ORDER, order_of, receipt_of
from comanda.store.tables import deadlines, orders, receipts
from comanda.store.transaction import Row, SelectMany, Statement, Transaction, many, one

_NEWEST_FIRST: Final = (orders.c.created_at.desc(), orders.c.id.desc())
"""Ids come in blocks, one for each process: between processes they do not rise with time."""


class Looked(NamedTuple):
    """Some of a venue's newest orders with their payloads, newest first, and where to go on; None at the end."""

    payloads: Sequence[tuple[int, str]]
    until: tuple[int, int] | None


def read_summaries(brand_id: str, ids: Collection[int]) -> Transaction[list[Summarised]]:
    """Orders by id, newest first, with receipts and deadlines; those that are not there are left out."""
    rows = yield many(_SELECT_ORDERS, [(brand_id, order_id) for order_id in sorted(set(ids))])
    return (yield from _summarised(brand_id, rows))


def read_done(brand_id: str, venue_id: int, limit: int) -> Transaction[list[Summarised]]:
    """A venue's newest orders that are done with: ignored, handed over and paid, or left untouched for days."""
    query = SELECT_ORDER.where(orders.c.brand_id == brand_id, orders.c.venue_id == venue_id, orders.c.open == false())
    rows = yield one(Statement(query.order_by(*_NEWEST_FIRST).limit(limit)))
    return (yield from _summarised(brand_id, rows))


def read_customers_orders(
    brand_id: str, customer_id: int, venues: Collection[int], limit: int
) -> Transaction[list[Summarised]]:
    """A customer's newest orders at some venues; no venues means every venue."""
    query = SELECT_ORDER.where(
        orders.c.brand_id == brand_id,
        orders.c.customer_id == customer_id,
        # As the index of customers' orders says it: without it no plan may use that index.
        orders.c.customer_id != literal_column("0"),
    )
    if venues:
        query = query.where(orders.c.venue_id.in_(sorted(venues)))
    # In a sum it leads no planner to the index of a venue's orders by time: there are few of one customer.
    newest_first = ((orders.c.created_at + literal_column("0")).desc(), orders.c.id.desc())
    rows = yield one(Statement(query.order_by(*newest_first).limit(limit)))
    return (yield from _summarised(brand_id, rows))


def find_named_orders(brand_id: str, venue_id: int, text: str, limit: int) -> Transaction[list[int]]:
    """The ids of a venue's orders that have a text for their id, external id or number, newest first.

    Ids and external ids of every order; numbers, the order's own and its receipt's, of the venue's newest ones.
    """
    named = [
        _found(brand_id, venue_id, orders.c.integration_id == text),
        _among_newest(orders.c.order_number, brand_id, venue_id, lambda number: number == text),
        _among_newest(receipts.c.order_number, brand_id, venue_id, lambda number: number == text),
    ]
    if re.fullmatch(r"[1-9][0-9]{0,15}", text) and int(text) <= limits.MAX_ID:
        named.append(_found(brand_id, venue_id, orders.c.id == int(text)))
    return (yield from _newest_of(named, limit))


def find_phoned_orders(
    brand_id: str, venue_id: int, phone_e164: str | None, endings: Collection[str], limit: int
) -> Transaction[list[int]]:
    """The ids of a venue's orders made under a phone; or, among its newest ones, under one that ends in some digits."""
    phoned = [
        _among_newest(
            orders.c.phone_e164,
            brand_id,
            venue_id,
            lambda phone: or_(*(phone.like(f"%{ending}") for ending in endings)),
        )
    ]
    if phone_e164 is not None:
        phoned.append(_found(brand_id, venue_id, orders.c.phone_e164 == phone_e164))
    return (yield from _newest_of(phoned, limit))


def look_through(brand_id: str, venue_id: int, after: tuple[int, int] | None) -> Transaction[Looked]:
    """The next of a venue's newest orders, for what only their payloads tell."""
    query = select(orders.c.created_at, orders.c.id, orders.c.payload).where(
        orders.c.brand_id == brand_id, orders.c.venue_id == venue_id
    )
    if after is not None:
        query = query.where(tuple_(orders.c.created_at, orders.c.id) < tuple_(literal(after[0]), literal(after[1])))
    newest = query.order_by(orders.c.created_at.desc(), orders.c.id.desc()).limit(limits.DECODED_AT_ONCE)
    rows = yield one(Statement(newest))
    last = (int(rows[-1][0]), int(rows[-1][1])) if len(rows) == limits.DECODED_AT_ONCE else None
    return Looked([(int(row[1]), row[2]) for row in rows], last)


def count_orders(brand_id: str, customer_ids: Collection[int]) -> Transaction[dict[int, int]]:
    """How many orders customers made that were not refused."""
    rows = yield one(
        Statement(
            select(orders.c.customer_id, func.count())
            .where(
                orders.c.brand_id == brand_id,
                orders.c.customer_id != literal_column("0"),
                orders.c.customer_id.in_(sorted(customer_ids)),
                orders.c.status != "IGNORE",
            )
            .group_by(orders.c.customer_id)
        )
    )
    return {int(row[0]): int(row[1]) for row in rows}


def _summarised(brand_id: str, rows: Sequence[Row]) -> Transaction[list[Summarised]]:
    found = {int(row[1]): order_of(row) for row in rows}
    keys = [(brand_id, order_id) for order_id in sorted(found)]
    if not keys:
        return []
    paid = {int(row[1]): receipt_of(row) for row in (yield many(_SELECT_RECEIPTS, keys))}
    steps: dict[int, dict[int, Step]] = {}
    for order_id, number, due_at, action in (yield many(_SELECT_STEPS, keys)):
        steps.setdefault(int(order_id), {})[int(number)] = Step(int(number), Micros(due_at), action)
    newest = sorted(found.values(), key=lambda order: (order.created_at, order.id), reverse=True)
    return [
        Summarised(order, paid.get(order.id), tuple(step for _, step in sorted(steps.get(order.id, {}).items())))
        for order in newest
    ]


def _found(brand_id: str, venue_id: int, wanted: ColumnElement[bool]) -> Select[Any]:
    """The ids of the orders with a value that has an index; in a sum the venue leads no planner to its own."""
    return select(orders.c.id).where(
        orders.c.brand_id == brand_id, wanted, orders.c.venue_id + literal_column("0") == venue_id
    )


def _among_newest(
    sought: Column[Any], brand_id: str, venue_id: int, matches: Callable[[Any], ColumnElement[bool]]
) -> Select[Any]:
    """The ids of the rows whose column matches, among as many of a venue's newest as a search looks through."""
    table = sought.table
    newest = (
        select(table.c.id, sought)
        .where(table.c.brand_id == brand_id, table.c.venue_id == venue_id)
        .order_by(table.c.created_at.desc(), table.c.id.desc())
        .limit(limits.SEARCHED_ORDERS)
        .subquery()
    )
    return select(newest.c.id).where(matches(newest.c[sought.name]))


def _newest_of(queries: Sequence[Select[Any]], limit: int) -> Transaction[list[int]]:
    """The highest ids of several queries; sorted by a sum, so that no planner walks all ids instead."""
    found: set[int] = set()
    for query in queries:
        (order_id,) = query.selected_columns
        rows = yield one(Statement(query.order_by((order_id + literal_column("0")).desc()).limit(limit)))
        found |= {int(row[0]) for row in rows}
    return sorted(found, reverse=True)[:limit]


_SELECT_ORDERS = SelectMany(COLUMNS, (orders.c.brand_id, orders.c.id))
_SELECT_RECEIPTS = SelectMany(tuple(receipts.c), (receipts.c.brand_id, receipts.c.id))
_SELECT_STEPS = SelectMany(
    (deadlines.c.order_id, deadlines.c.step, deadlines.c.due_at, deadlines.c.action),
    (deadlines.c.brand_id, deadlines.c.order_id),
)
