"""Reading receipts; their lines are those of their order."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, bindparam

from comanda.base.listing import Listing
from comanda.receipts.model import Receipt
from comanda.store.listing import list_page
from comanda.store.order_rows import SELECT_RECEIPT, receipt_of
from comanda.store.tables import orders, receipts
from comanda.store.transaction import Row, SelectMany, Statement, Transaction, many, one

PaidOrder = tuple[Receipt, str]
"""A receipt with the payload of its order."""


def find_receipt(brand_id: str, receipt_id: int) -> Transaction[PaidOrder | None]:
    """One receipt of a brand."""
    rows = yield one(_SELECT_ONE, brand_id=brand_id, id=receipt_id)
    return _paid_order_of(rows[0]) if rows else None


def find_receipt_heads(brand_id: str, order_ids: Sequence[int]) -> Transaction[dict[int, dict[str, Any]]]:
    """What orders show of their receipts, by order id."""
    rows = yield many(_SELECT_HEADS, [(brand_id, order_id) for order_id in order_ids])
    return {
        int(row[0]): {"id": int(row[0]), "service_notification_id": int(row[1]), "status": int(row[2])} for row in rows
    }


def list_receipts(brand_id: str, listing: Listing) -> Transaction[tuple[list[PaidOrder], int]]:
    """A page of receipts and how many there are in all, on one view of the store."""
    rows, total = yield from list_page(_WITH_PAYLOAD, receipts, brand_id, listing, {"total": "total_minor"})
    return [_paid_order_of(row) for row in rows], total


def _paid_order_of(row: Row) -> PaidOrder:
    return receipt_of(row[:-1]), row[-1]


_WITH_PAYLOAD = SELECT_RECEIPT.add_columns(orders.c.payload).join_from(
    receipts, orders, and_(orders.c.brand_id == receipts.c.brand_id, orders.c.id == receipts.c.order_id)
)
_SELECT_HEADS = SelectMany(
    (receipts.c.id, receipts.c.order_id, receipts.c.status), (receipts.c.brand_id, receipts.c.id)
)
_SELECT_ONE = Statement(
    _WITH_PAYLOAD.where(receipts.c.brand_id == bindparam("brand_id"), receipts.c.id == bindparam("id"))
)
