"""The orders of a span one by one, as a table of them shows them; no person is in it."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import and_, bindparam, func, or_, select

from comanda.base import limits
from comanda.store.insights.lines import text_in
from comanda.store.insights.read import WITHIN, Span
from comanda.store.tables import orders
from comanda.store.transaction import Row, Statement, Transaction, one


@dataclass(frozen=True, slots=True)
class OrderLine:
    """An order as a line of a table; instants are UTC microseconds, amounts minor units."""

    id: int
    created_at: int
    order_number: str | None
    status: str
    client_id: str
    sale_type_id: int
    subtotal_minor: int
    discount_minor: int
    service_minor: int
    delivery_minor: int
    total_minor: int
    received_at: int | None
    ready_at: int | None
    handed_over_at: int | None
    reason: str | None


def count_orders(span: Span) -> Transaction[int]:
    """How many orders were stored in a span."""
    rows = yield one(_COUNT, **span.whole)
    return int(rows[0][0])


def read_order_lines(span: Span, after: tuple[int, int]) -> Transaction[list[OrderLine]]:
    """The next orders of a span after an instant and id, oldest first."""
    rows = yield one(_SELECT, **span.whole, after_at=after[0], after_id=after[1])
    return [_line(row) for row in rows]


def _line(row: Row) -> OrderLine:
    return OrderLine(*row)


_COLUMNS: Final[tuple[Any, ...]] = (
    orders.c.id,
    orders.c.created_at,
    orders.c.order_number,
    orders.c.status,
    orders.c.client_id,
    orders.c.sale_type_id,
    orders.c.subtotal_minor,
    orders.c.discount_minor,
    orders.c.service_minor,
    orders.c.delivery_minor,
    orders.c.total_minor,
    orders.c.received_at,
    orders.c.ready_at,
    orders.c.handed_over_at,
    text_in(orders.c.refusal, "reason"),
)
_after_at, _after_id = (
    bindparam("after_at", type_=orders.c.created_at.type),
    bindparam("after_id", type_=orders.c.id.type),
)
_COUNT = Statement(select(func.count()).select_from(orders).where(*WITHIN))
_SELECT = Statement(
    select(*_COLUMNS)
    .where(
        *WITHIN,
        orders.c.created_at >= _after_at,
        or_(orders.c.created_at > _after_at, and_(orders.c.created_at == _after_at, orders.c.id > _after_id)),
    )
    .order_by(orders.c.created_at, orders.c.id)
    .limit(limits.EXPORT_STEP)
)
