"""What an order holds of a venue's stop list, when an action makes it more or less (contract 14.1.7).

Under the lock of the order's row; the stop list's rows are locked as everywhere, sorted by product.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert as upsert

from comanda.base.clock import Micros
from comanda.base.errors import invalid
from comanda.orders.dossier import Change
from comanda.orders.model import Shortage
from comanda.store.commit_orders import stop_list_event
from comanda.store.event_log import NewEvent
from comanda.store.order_statements import LOCK_STOP_LIST, MILLI, SET_STOP_LIST
from comanda.store.tables import stop_list_holds
from comanda.store.transaction import Statement, Transaction, each, many, one


class _Hold(NamedTuple):
    """What an order took while the quantity had this version."""

    quantity: int
    version: int


def adjust_holds(change: Change, actor: str, now: Micros) -> Transaction[list[NewEvent]]:
    """Take what a change takes and give back what it leaves; the events that tell what is left.

    Raises ComandaError ``validation_failed`` with ``stop_listed`` for a product of which there is less. A hold from
    before the quantity was set anew counts for nothing. What a line took before and what another took after is one
    hold, which does not say whose it is: what the first leaves is given back as far as the order holds so much.
    """
    order = change.dossier.order
    wanted = sorted({*change.takes, *change.leaves})
    if not wanted:
        return []
    rows = yield many(LOCK_STOP_LIST, [(order.brand_id, order.venue_id, product) for product in wanted])
    left = {int(row[2]): int(row[3]) for row in rows}
    versions = {int(row[2]): int(row[4]) for row in rows}
    held = yield one(_SELECT_HOLDS, brand_id=order.brand_id, order_id=order.id)
    holds = {int(row[0]): _Hold(int(row[1]), int(row[2])) for row in held}
    before = dict(left)
    after = {product: _taken(product, count, left, holds, versions) for product, count in _listed(change.takes, left)}
    for product, count in _listed(change.leaves, left):
        hold = after.get(product, holds.get(product))
        if hold is not None and hold.version == versions[product]:
            returned = min(hold.quantity, int(count * MILLI))
            left[product] += returned
            after[product] = _Hold(hold.quantity - returned, hold.version)
    place: dict[str, Any] = {"p_brand_id": order.brand_id, "p_venue_id": order.venue_id}
    moved = {product: left[product] for product in sorted(left) if left[product] != before[product]}
    yield each(SET_STOP_LIST, [{**place, "p_product_id": p, "p_left": q, "p_now": now} for p, q in moved.items()])
    key = {"brand_id": order.brand_id, "order_id": order.id}
    kept = {product: hold for product, hold in sorted(after.items()) if hold.quantity}
    yield each(
        _PUT_HOLD,
        [
            {
                **key,
                "product_id": product,
                "venue_id": order.venue_id,
                "quantity_milli": hold.quantity,
                "version": hold.version,
            }
            for product, hold in kept.items()
        ],
    )
    yield each(_DELETE_HOLD, [{**key, "product_id": product} for product in sorted(after.keys() - kept.keys())])
    return [stop_list_event(order.venue_id, product, quantity, actor, now) for product, quantity in moved.items()]


def _listed(counts: Mapping[int, Decimal], left: Mapping[int, int]) -> list[tuple[int, Decimal]]:
    """The products that have a limit, sorted."""
    return [(product, counts[product]) for product in sorted(counts) if product in left]


def _taken(
    product: int, count: Decimal, left: dict[int, int], holds: Mapping[int, _Hold], versions: Mapping[int, int]
) -> _Hold:
    """The hold with more of a product, which is no longer ``left``."""
    need, version = int(count * MILLI), versions[product]
    if left[product] < need:
        raise invalid([Shortage(product, Decimal(left[product]) / MILLI).problem("product_id")])
    left[product] -= need
    earlier = holds.get(product)
    more = earlier.quantity if earlier is not None and earlier.version == version else 0
    return _Hold(need + more, version)


_of_order = (stop_list_holds.c.brand_id == bindparam("brand_id"), stop_list_holds.c.order_id == bindparam("order_id"))
_SELECT_HOLDS = Statement(
    select(stop_list_holds.c.product_id, stop_list_holds.c.quantity_milli, stop_list_holds.c.version).where(*_of_order)
)
_DELETE_HOLD = Statement(
    delete(stop_list_holds).where(*_of_order, stop_list_holds.c.product_id == bindparam("product_id")), returns=False
)
_put = upsert(stop_list_holds)
_PUT_HOLD = Statement(
    _put.on_conflict_do_update(
        index_elements=[stop_list_holds.c.brand_id, stop_list_holds.c.order_id, stop_list_holds.c.product_id],
        set_={name: _put.excluded[name] for name in ("quantity_milli", "version")},
    ),
    returns=False,
)
