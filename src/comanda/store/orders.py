"""Reading orders."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, select

from comanda.base.clock import Micros
from comanda.base.errors import ComandaError
from comanda.base.listing import Listing
from comanda.orders.model import (
    AlreadyStored,
    Claim,
    Refused,
    Shortage,
    StoredOrder,
)
from comanda.store.commit_orders import claim_lapsed
from comanda.store.listing import list_page
from comanda.store.order_rows import SELECT_ORDER, order_of
from comanda.store.order_statements import (
    MILLI,
    SELECT_CLAIM,
    SELECT_CUSTOMER,
    SELECT_ORDER_BY_ID,
    SELECT_STOP_LIST,
)
from comanda.store.tables import customers, orders
from comanda.store.transaction import Statement, Transaction, each, many, one


def find_order(brand_id: str, order_id: int) -> Transaction[StoredOrder | None]:
    """One order of a brand."""
    rows = yield one(SELECT_ORDER_BY_ID, brand_id=brand_id, id=order_id)
    return order_of(rows[0]) if rows else None


def list_orders(brand_id: str, listing: Listing) -> Transaction[tuple[list[StoredOrder], int]]:
    """A page of orders and how many there are in all, on one view of the store."""
    rows, total = yield from list_page(SELECT_ORDER, orders, brand_id, listing)
    return [order_of(row) for row in rows], total


def find_customers(brand_id: str, ids: Iterable[int]) -> Transaction[dict[int, dict[str, Any]]]:
    """Customers by id, as ``with=customer`` shows them."""
    rows = yield each(_SELECT_CUSTOMER_CARD, [{"brand_id": brand_id, "id": wanted} for wanted in sorted(set(ids))])
    return {
        int(row[0]): {"id": row[0], "name": row[1], "phone": row[2], "address": row[3], "email": row[4]} for row in rows
    }


def find_claimed(
    brand_id: str, client_id: str, claims: Iterable[Claim], now: Micros
) -> Transaction[AlreadyStored | None]:
    """The order that holds one of the claims."""
    for claim in claims:
        rows = yield one(SELECT_CLAIM, brand_id=brand_id, client_id=client_id, kind=claim.kind, value=claim.value)
        if not rows or claim_lapsed(claim, rows[0][2], now):
            continue
        found = yield one(SELECT_ORDER_BY_ID, brand_id=brand_id, id=rows[0][1])
        return AlreadyStored(order_of(found[0]), claim, rows[0][0] == claim.content_sha256)
    return None


def find_shortages(
    brand_id: str, venue_id: int, customer_id: int, demand: Mapping[int, Decimal]
) -> Transaction[Refused]:
    """What the store knows against an order right now; nothing is locked."""
    rows = yield many(SELECT_STOP_LIST, [(brand_id, venue_id, product_id) for product_id in demand])
    left = {int(row[2]): Decimal(int(row[3])) / MILLI for row in rows}
    shortages = tuple(Shortage(p, left[p]) for p, need in demand.items() if p in left and left[p] < need)
    known = (yield many(SELECT_CUSTOMER, [(brand_id, customer_id)])) if customer_id else [()]
    return Refused(unknown_customer=not known, shortages=shortages)


def order_not_found() -> ComandaError:
    """The documented 404 of orders (contract 9.3)."""
    return ComandaError("resource_not_found", "Order not found")


_SELECT_CUSTOMER_CARD = Statement(
    select(customers.c.id, customers.c.name, customers.c.phone, customers.c.address, customers.c.email).where(
        customers.c.brand_id == bindparam("brand_id"), customers.c.id == bindparam("id")
    )
)
