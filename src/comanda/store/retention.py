"""How long personal data on orders is kept: the old ones by venue and time, and how far a venue is done."""

from typing import Final, NamedTuple

from sqlalchemy import bindparam, select, tuple_
from sqlalchemy.dialects.postgresql import insert as upsert

from comanda.base import limits
from comanda.base.clock import Micros
from comanda.store.tables import orders, retention_marks, venue_counters
from comanda.store.transaction import Statement, Transaction, one

PERSONAL: Final = "personal"


class OldOrder(NamedTuple):
    """An order and where it stands in its venue's time."""

    created_at: Micros
    id: int
    open: bool


def venues_with_orders(brand_id: str) -> Transaction[list[int]]:
    """Every venue in which something has happened, those included that have left the catalogue."""
    rows = yield one(_SELECT_VENUES, brand_id=brand_id)
    return [int(row[0]) for row in rows]


def old_orders(brand_id: str, venue_id: int, after: tuple[int, int], before: Micros) -> Transaction[list[OldOrder]]:
    """A venue's orders made before an instant, the oldest first, after a place (instant, id); one page of them."""
    rows = yield one(
        _SELECT_OLD,
        brand_id=brand_id,
        venue_id=venue_id,
        after_at=after[0],
        after_id=after[1],
        before=before,
        amount=limits.ORDER_SCAN,
    )
    return [OldOrder(Micros(row[0]), int(row[1]), bool(row[2])) for row in rows]


def read_mark(brand_id: str, venue_id: int, kind: str) -> Transaction[int]:
    """The instant through which a venue is done; 0 where nothing was done yet."""
    rows = yield one(_SELECT_MARK, brand_id=brand_id, venue_id=venue_id, kind=kind)
    return int(rows[0][0]) if rows else 0


def raise_mark(brand_id: str, venue_id: int, kind: str, done_through: int) -> Transaction[None]:
    """Note that a venue is done through an instant; a mark never goes back."""
    yield one(_RAISE_MARK, brand_id=brand_id, venue_id=venue_id, kind=kind, done_through=done_through)


_SELECT_VENUES = Statement(
    select(venue_counters.c.venue_id)
    .where(venue_counters.c.brand_id == bindparam("brand_id"), venue_counters.c.venue_id != 0)
    .order_by(venue_counters.c.venue_id)
)
_SELECT_OLD = Statement(
    select(orders.c.created_at, orders.c.id, orders.c.open)
    .where(
        orders.c.brand_id == bindparam("brand_id"),
        orders.c.venue_id == bindparam("venue_id"),
        tuple_(orders.c.created_at, orders.c.id) > tuple_(bindparam("after_at"), bindparam("after_id")),
        orders.c.created_at < bindparam("before"),
    )
    .order_by(orders.c.created_at, orders.c.id)
    .limit(bindparam("amount"))
)
_SELECT_MARK = Statement(
    select(retention_marks.c.done_through).where(
        retention_marks.c.brand_id == bindparam("brand_id"),
        retention_marks.c.venue_id == bindparam("venue_id"),
        retention_marks.c.kind == bindparam("kind"),
    )
)
_mark = upsert(retention_marks).values(
    brand_id=bindparam("brand_id"),
    venue_id=bindparam("venue_id"),
    kind=bindparam("kind"),
    done_through=bindparam("done_through"),
)
_RAISE_MARK = Statement(
    _mark.on_conflict_do_update(
        index_elements=[retention_marks.c.brand_id, retention_marks.c.venue_id, retention_marks.c.kind],
        set_={"done_through": _mark.excluded.done_through},
        where=retention_marks.c.done_through < _mark.excluded.done_through,
    ),
    returns=False,
)
