"""Pages of a table: filtered, sorted, counted, on one view of the store."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, column, func, literal, literal_column, select, tuple_, values

from comanda.base.listing import Listing
from comanda.store.counts import count_listed
from comanda.store.tables import orders, receipts
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
    sorted_by = table.c[(renamed or {}).get(listing.sort, listing.sort)]
    where += _after(table, sorted_by, listing)
    order_by = [sorted_by.desc(), table.c.id.desc()] if listing.descending else [sorted_by.asc(), table.c.id.asc()]
    if sorted_by.nullable:
        # Stores differ in where null stands; here it comes before every value.
        order_by[0] = order_by[0].nulls_last() if listing.descending else order_by[0].nulls_first()
    page = query.where(*where).order_by(*order_by).limit(listing.limit).offset((listing.page - 1) * listing.limit)
    rows = yield one(Statement(page))
    return rows, total


def _conditions(table: Table, brand_id: str, listing: Listing) -> list[Any]:
    filters = dict(listing.filters)
    where = [table.c.brand_id == brand_id]
    venue: ColumnElement[int] = table.c.venue_id
    customer_ids = set(filters.get("customer_id", ()))
    if table in (orders, receipts) and customer_ids and 0 not in customer_ids:
        where = _of_customers(table, brand_id, filters.pop("customer_id"))
        venue = venue + literal_column("0")  # in a sum it leads no planner to the venues' indexes
    if "integration_id" in filters:
        # Likewise: external ids have an index of their own, in which there is next to nothing of each.
        venue = venue + literal_column("0")
    if listing.venue_id is not None:
        where.append(venue == listing.venue_id)
    where += [table.c[name].in_(allowed) for name, allowed in filters.items()]
    first, last = listing.span
    if first is not None:
        where.append(table.c.created_at >= first)
    if last is not None:
        where.append(table.c.created_at < last)
    return where


def _of_customers(table: Table, brand_id: str, ids: Sequence[str | int]) -> list[Any]:
    """Rows of a brand that are of these customers, none of them 0: found by the index of customers' orders.

    The brand stands in the list of customers, which is joined, and is not stated of the rows: a planner that does not
    know how many there are takes a brand for fewer rows than a dozen customers, and walks all that it has.
    """
    listed = values(column("brand_id", orders.c.brand_id.type), column("customer_id", orders.c.customer_id.type))
    wanted = listed.data([(brand_id, customer_id) for customer_id in sorted(set(ids))]).cte("wanted")
    where: list[Any] = [
        orders.c.brand_id == wanted.c.brand_id,
        orders.c.customer_id == wanted.c.customer_id,
        # As the index says it: without it no plan may use that index.
        orders.c.customer_id != literal_column("0"),
    ]
    if table is receipts:
        # Receipts have no such index; each has the brand, the id and the customer of its order.
        where += [receipts.c.brand_id == orders.c.brand_id, receipts.c.id == orders.c.id]
    return where


def _after(table: Table, sorted_by: ColumnElement[Any], listing: Listing) -> list[Any]:
    """What a cursor adds: rows beyond the last one seen, of those there were at its first page."""
    where: list[Any] = [] if listing.until is None else [table.c.created_at <= listing.until]
    if listing.after is not None:
        seen = tuple_(*(literal(part) for part in listing.after))
        place = tuple_(sorted_by, table.c.id)
        where.append(place < seen if listing.descending else place > seen)
    return where
