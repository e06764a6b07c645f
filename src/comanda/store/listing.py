"""Pages of a table: filtered, sorted, counted, on one view of the store."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, func, literal, select, tuple_

from comanda.base.listing import Listing
from comanda.store.counts import count_listed
from comanda.store.transaction import Rows, Statement, Transaction, one


def list_page(
    query: Select[Any],
    table: Table,
    brand_id: str,
    listing: Listing,
    renamed: dict[str, str] | None = None,
    searches: Sequence[ColumnElement[bool]] = (),
) -> Transaction[tuple[Rows, int]]:
    """The rows of one page and how many there are in all; ``renamed`` maps sorts to columns of other names.

    ``searches`` are conditions beside the listing's filters, for a table whose rows are counted one by one.
    """
    where = [*_conditions(table, brand_id, listing), *searches]
    total = yield from count_listed(brand_id, table.name, listing)
    if total is None:
        counted = yield one(Statement(select(func.count()).select_from(table).where(*where)))
        total = int(counted[0][0])
    column = table.c[(renamed or {}).get(listing.sort, listing.sort)]
    where += _after(table, column, listing)
    order_by = [column.desc(), table.c.id.desc()] if listing.descending else [column.asc(), table.c.id.asc()]
    if column.nullable:
        # Stores differ in where null stands; here it comes before every value.
        order_by[0] = order_by[0].nulls_last() if listing.descending else order_by[0].nulls_first()
    page = query.where(*where).order_by(*order_by).limit(listing.limit).offset((listing.page - 1) * listing.limit)
    rows = yield one(Statement(page))
    return rows, total


def _conditions(table: Table, brand_id: str, listing: Listing) -> list[Any]:
    where = [table.c.brand_id == brand_id]
    if listing.venue_id is not None:
        where.append(table.c.venue_id == listing.venue_id)
    where += [table.c[name].in_(values) for name, values in listing.filters.items()]
    first, last = listing.span
    if first is not None:
        where.append(table.c.created_at >= first)
    if last is not None:
        where.append(table.c.created_at < last)
    return where


def _after(table: Table, column: ColumnElement[Any], listing: Listing) -> list[Any]:
    """What a cursor adds: rows beyond the last one seen, of those there were at its first page."""
    where: list[Any] = [] if listing.until is None else [table.c.created_at <= listing.until]
    if listing.after is not None:
        seen = tuple_(*(literal(part) for part in listing.after))
        place = tuple_(column, table.c.id)
        where.append(place < seen if listing.descending else place > seen)
    return where
