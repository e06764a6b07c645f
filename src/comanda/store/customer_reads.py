"""Customers as v2 reads them: a page, or one, with what they spent.

A customer is the brand's: no venue stands between. What they spent is summed from their receipts when it is asked for,
so it is what the receipts say.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, false, func, literal_column, or_, select, true

from comanda.base import limits
from comanda.base.listing import Listing
from comanda.catalogue.customer_names import digits_of, folded
from comanda.catalogue.customer_view import KnownCustomer, Spending
from comanda.orders.phone import normalise_phone, without_trunk
from comanda.receipts.model import CLOSED, OrderStatus
from comanda.store.customers import COLUMNS, kept_of
from comanda.store.listing import list_page
from comanda.store.order_summaries import count_orders
from comanda.store.tables import customers, orders, receipts
from comanda.store.transaction import Row, Statement, Transaction, one


class KnownGuest(NamedTuple):
    """A customer as those know them who take their orders: with what they spent, and how many orders they made."""

    known: KnownCustomer
    orders: int


_SEARCHED: Final = ("name", "phones")
"""Filters that look for a part and not for the whole."""
_SORTED_BY: Final = {"name": "name_folded"}


def list_customers(brand_id: str, region: str, listing: Listing) -> Transaction[tuple[list[KnownCustomer], int]]:
    """A page of a brand's customers and how many there are in all, on one view of the store."""
    exact = {name: values for name, values in listing.filters.items() if name not in _SEARCHED}
    searches = _searches(listing, region)
    if 0 in exact.get("group_id", ()):
        # As it is shown: 0 is no group.
        searches.append(or_(customers.c.group_id.is_(None), customers.c.group_id.in_(exact.pop("group_id"))))
    plain = replace(listing, filters=exact)
    rows, total = yield from list_page(select(*COLUMNS), customers, brand_id, plain, _SORTED_BY, searches)
    return (yield from _with_spending(brand_id, rows)), total


def find_customer(brand_id: str, customer_id: int) -> Transaction[KnownCustomer | None]:
    """One customer of a brand."""
    rows = yield one(_SELECT_ONE, brand_id=brand_id, id=customer_id)
    found = yield from _with_spending(brand_id, rows)
    return found[0] if found else None


def find_guests(brand_id: str, region: str, text: str, limit: int, *, by_name: bool) -> Transaction[list[KnownGuest]]:
    """Customers with a part of a number and, ``by_name``, of a name: who has the whole number first, then the newest.

    Retired and erased ones are nobody's any more.
    """
    digits = digits_of(text)
    phone = normalise_phone(text, region) if digits else None
    wanted: list[ColumnElement[bool]] = []
    if by_name:
        wanted.append(customers.c.name_folded.contains(folded(text), autoescape=True))
    if digits and (not by_name or len(digits) >= limits.MIN_SEARCHED_DIGITS):
        wanted += [customers.c.phone_digits.contains(part) for part in _searched_parts(text, region)]
    rows = (yield one(_SELECT_BY_PHONE, brand_id=brand_id, phone_e164=phone)) if phone else []
    if wanted and len(rows) < limit:
        query = select(*COLUMNS).where(customers.c.brand_id == brand_id, customers.c.active == true(), or_(*wanted))
        others = yield one(Statement(query.order_by(customers.c.id.desc()).limit(limit)))
        owners = {row[1] for row in rows}
        rows = [*rows, *(row for row in others if row[1] not in owners)][:limit]
    found = yield from _with_spending(brand_id, rows)
    made = (yield from count_orders(brand_id, [known.id for known in found])) if found else {}
    return [KnownGuest(known, made.get(known.id, 0)) for known in found]


def _searches(listing: Listing, region: str) -> list[ColumnElement[bool]]:
    """Conditions for a part of the name, and for a part of any number however it is spelled."""
    searches = []
    for name, values in [*listing.filters.items(), *listing.also]:
        if name == "name":
            parts = [folded(str(value)) for value in values]
            searches.append(or_(false(), *(customers.c.name_folded.contains(part, autoescape=True) for part in parts)))
        elif name == "phones":
            parts = [part for value in values for part in _searched_parts(str(value), region)]
            searches.append(or_(false(), *(customers.c.phone_digits.contains(digits) for digits in parts)))
    return searches


def _searched_parts(phone: str, region: str) -> list[str]:
    """The digits of a number as it is written, in E.164 where it can be normalised, and of one that is half dialled."""
    spellings = (phone, normalise_phone(phone, region) or phone, without_trunk(phone, region))
    return list(dict.fromkeys(digits_of(spelling) for spelling in spellings))


def _with_spending(brand_id: str, rows: Sequence[Row]) -> Transaction[list[KnownCustomer]]:
    people = [kept_of(row).customer for row in rows]
    if not people:
        return []
    found = yield one(Statement(spending_of(brand_id, [customer.id for customer in people])))
    spent = {int(row[0]): Spending(int(row[1]), int(row[2]), int(row[3])) for row in found}
    return [KnownCustomer(customer, spent.get(customer.id, Spending())) for customer in people]


def spending_of(brand_id: str, ids: Sequence[int]) -> Select[tuple[int, int, int, int]]:
    """What customers' closed receipts come to, by customer; a cancelled order's receipt counts for nothing."""
    return (
        select(
            orders.c.customer_id,
            func.count(),
            func.sum(receipts.c.total_minor),
            func.sum(receipts.c.discount_minor),
        )
        .join_from(orders, receipts, and_(receipts.c.brand_id == orders.c.brand_id, receipts.c.id == orders.c.id))
        .where(
            orders.c.brand_id == brand_id,
            # As the index of customers' orders says it: without it no plan may use that index.
            orders.c.customer_id != literal_column("0"),
            orders.c.customer_id.in_(ids),
            receipts.c.status == CLOSED,
            receipts.c.order_status != OrderStatus.CANCELLED.value,
        )
        .group_by(orders.c.customer_id)
    )


_SELECT_BY_PHONE = Statement(
    select(*COLUMNS).where(
        customers.c.brand_id == bindparam("brand_id"),
        customers.c.phone_e164 == bindparam("phone_e164"),
        customers.c.active == true(),
    )
)
_SELECT_ONE = Statement(
    select(*COLUMNS).where(customers.c.brand_id == bindparam("brand_id"), customers.c.id == bindparam("id"))
)
