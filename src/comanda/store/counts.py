"""How many orders and receipts there are: kept per venue, UTC day and status by the transactions that change them.

In: rows as they are stored and changed; or a list that somebody asks for. Out: its exact total, without counting every
row of it. What a list asks beyond its venue, its status and its days is never answered from here.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from sqlalchemy import Table, bindparam, func, select

from comanda.base.listing import Listing
from comanda.orders.model import StoredOrder
from comanda.receipts.model import Receipt
from comanda.store.tables import orders, receipts, row_counts
from comanda.store.transaction import InsertMany, Params, Row, Statement, Transaction, each, many

Counted = StoredOrder | Receipt
DAY_MICROS: Final = 86_400_000_000
_EVER: Final = (0, DAY_MICROS << 26)
"""What no row lies outside of: from 1970 on, and no further than instants are numbers of 64 bits."""


def add_counts(after: Iterable[Counted], before: Iterable[Counted] = ()) -> Transaction[None]:
    """Count rows as they are after a change, and no longer as they were before it.

    The counts are locked in order of their keys, after daily numbers and just before the venues' event counters.
    """
    yield many(ADD_COUNTS, count_rows(after, before))


def count_rows(after: Iterable[Counted], before: Iterable[Counted] = ()) -> list[Row]:
    """The rows that `ADD_COUNTS` takes: what each count changes by, sorted by key."""
    quantities = Counter(map(_key_of, after))
    quantities.subtract(map(_key_of, before))
    return [(*key, quantity) for key, quantity in sorted(quantities.items()) if quantity]


def count_listed(brand_id: str, counted: str, listing: Listing) -> Transaction[int | None]:
    """The exact total of a venue's list of ``counted`` rows (the table's name) on any span, by status or not.

    Whole UTC days are summed from the counts; only the rows of a first and a last day in part are counted. None for a
    list that asks for more, of a whole brand, or of a table without counts.
    """
    if counted not in _COUNTING or listing.venue_id is None or listing.filters.keys() - {"status"}:
        return None
    count, count_status = _COUNTING[counted]
    place = {"brand_id": brand_id, "venue_id": listing.venue_id}
    statuses = set(listing.filters["status"]) if "status" in listing.filters else None
    days, parts = _divide(listing)
    total = yield from _sum(_SUM_DAYS, _SUM_DAYS_STATUS, {**place, "counted": counted}, days, _texts(statuses))
    return total + (yield from _sum(count, count_status, place, parts, statuses))


Span = tuple[int, int]


def _divide(listing: Listing) -> tuple[list[Span], list[Span]]:
    """A list's span as whole days, in days since 1970, and as the parts of days around them, in instants."""
    begin, end = (bound if asked is None else asked for bound, asked in zip(_EVER, listing.span, strict=True))
    first, last = -(-begin // DAY_MICROS), end // DAY_MICROS
    if first > last:
        return [], [(begin, end)]
    parts = [(begin, first * DAY_MICROS), (last * DAY_MICROS, end)]
    return [(first, last)], [part for part in parts if part[0] < part[1]]


def _texts(statuses: set[str | int] | None) -> set[str | int] | None:
    """Statuses as the counts have them."""
    return None if statuses is None else {str(status) for status in statuses}


def _sum(
    of_all: Statement, of_status: Statement, place: Params, spans: list[Span], statuses: set[str | int] | None
) -> Transaction[int]:
    """What a statement answers for each span, and for each status where some are asked for, together."""
    sets = [{**place, "begin": begin, "end": end} for begin, end in spans]
    if statuses is None:
        found = yield each(of_all, sets)
    else:
        found = yield each(of_status, [{**values, "status": status} for values in sets for status in statuses])
    return sum(int(row[0]) for row in found)


def _key_of(row: Counted) -> tuple[str, str, int, int, str]:
    day = row.created_at // DAY_MICROS
    if isinstance(row, Receipt):
        return row.brand_id, "receipts", row.venue_id, day, str(row.status)
    return row.brand_id, "orders", row.venue_id, day, row.status.value


def _counting(table: Table) -> tuple[Statement, Statement]:
    """How a table's rows on a span are counted: all, and those of a status."""
    count = select(func.count()).where(
        table.c.brand_id == bindparam("brand_id"),
        table.c.venue_id == bindparam("venue_id"),
        table.c.created_at >= bindparam("begin"),
        table.c.created_at < bindparam("end"),
    )
    return Statement(count), Statement(count.where(table.c.status == bindparam("status")))


ADD_COUNTS = InsertMany(
    row_counts,
    lambda insert: insert.on_conflict_do_update(
        index_elements=list(row_counts.primary_key.columns),
        set_={"quantity": row_counts.c.quantity + insert.excluded.quantity},
    ),
)
_sum_days = select(func.coalesce(func.sum(row_counts.c.quantity), 0)).where(
    row_counts.c.brand_id == bindparam("brand_id"),
    row_counts.c.counted == bindparam("counted"),
    row_counts.c.venue_id == bindparam("venue_id"),
    row_counts.c.day >= bindparam("begin"),
    row_counts.c.day < bindparam("end"),
)
_SUM_DAYS = Statement(_sum_days)
_SUM_DAYS_STATUS = Statement(_sum_days.where(row_counts.c.status == bindparam("status")))
_COUNT_ORDERS, _COUNT_ORDERS_STATUS = _counting(orders)
_COUNT_RECEIPTS, _COUNT_RECEIPTS_STATUS = _counting(receipts)
_COUNTING: Final = {
    "orders": (_COUNT_ORDERS, _COUNT_ORDERS_STATUS),
    "receipts": (_COUNT_RECEIPTS, _COUNT_RECEIPTS_STATUS),
}
