"""The accept deadlines that are due."""

from sqlalchemy import bindparam, select

from comanda.base import limits
from comanda.base.clock import Micros
from comanda.store.tables import deadlines
from comanda.store.transaction import Statement, Transaction, one

DueStep = tuple[int, int, str]
"""An order, the number of the step, its action."""


def due_steps(brand_id: str, now: Micros) -> Transaction[list[DueStep]]:
    """The steps due by now, the longest due first."""
    rows = yield one(_SELECT_DUE, brand_id=brand_id, now=now)
    return [(int(row[0]), int(row[1]), row[2]) for row in rows]


def has_steps(brand_id: str) -> Transaction[bool]:
    """Whether any order of the brand has a step to come."""
    return bool((yield one(_SELECT_ANY, brand_id=brand_id)))


_SELECT_ANY = Statement(select(deadlines.c.order_id).where(deadlines.c.brand_id == bindparam("brand_id")).limit(1))
_SELECT_DUE = Statement(
    select(deadlines.c.order_id, deadlines.c.step, deadlines.c.action)
    .where(deadlines.c.brand_id == bindparam("brand_id"), deadlines.c.due_at <= bindparam("now"))
    .order_by(deadlines.c.due_at, deadlines.c.order_id, deadlines.c.step)
    .limit(limits.DUE_STEPS)
)
