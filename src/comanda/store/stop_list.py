"""A venue's stop list as rows; orders take from it in `commit_orders`, edits set it in `catalogue`."""

from typing import NamedTuple

from sqlalchemy import bindparam, select

from comanda.base.clock import Micros
from comanda.store.tables import stop_list
from comanda.store.transaction import Statement, Transaction, one


class Limited(NamedTuple):
    """What is left of a product, in thousandths of a unit."""

    product_id: int
    quantity_milli: int
    version: int
    updated_at: Micros


def read_stop_list(brand_id: str, venue_id: int) -> Transaction[list[Limited]]:
    """The limited products of a venue, by id."""
    rows = yield one(_SELECT, brand_id=brand_id, venue_id=venue_id)
    return [Limited(int(row[0]), int(row[1]), int(row[2]), Micros(row[3])) for row in rows]


_SELECT = Statement(
    select(stop_list.c.product_id, stop_list.c.quantity_milli, stop_list.c.version, stop_list.c.updated_at)
    .where(stop_list.c.brand_id == bindparam("brand_id"), stop_list.c.venue_id == bindparam("venue_id"))
    .order_by(stop_list.c.product_id)
)
