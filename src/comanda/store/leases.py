"""Leases: which process does a duty for a brand. Held by renewing it; a process that is gone loses it in seconds."""

from sqlalchemy import bindparam, delete, or_
from sqlalchemy.dialects.postgresql import insert as upsert

from comanda.base import limits
from comanda.base.clock import Micros
from comanda.store.tables import leases
from comanda.store.transaction import Statement, Transaction, one


def hold_lease(brand_id: str, duty: str, holder: str, now: Micros, until: Micros) -> Transaction[bool]:
    """Take or renew a duty until an instant; False while another holds it.

    A lease that lasts much longer than any is taken for was taken by a clock that was wrong, and holds nobody up.
    """
    latest = until + limits.LEASE_CLOCKS_S * 1_000_000
    rows = yield one(_HOLD, brand_id=brand_id, duty=duty, holder=holder, until=until, p_now=now, p_latest=latest)
    return bool(rows)


def release_lease(brand_id: str, duty: str, holder: str) -> Transaction[None]:
    """Give a duty up, so that another process need not wait."""
    yield one(_RELEASE, brand_id=brand_id, duty=duty, holder=holder)


_lease = upsert(leases).values(
    brand_id=bindparam("brand_id"),
    duty=bindparam("duty"),
    holder=bindparam("holder"),
    until=bindparam("until"),
)
_HOLD = Statement(
    _lease.on_conflict_do_update(
        index_elements=[leases.c.brand_id, leases.c.duty],
        set_={"holder": _lease.excluded.holder, "until": _lease.excluded.until},
        where=or_(
            leases.c.holder == _lease.excluded.holder,
            leases.c.until < bindparam("p_now"),
            leases.c.until > bindparam("p_latest"),
        ),
    ).returning(leases.c.holder)
)
_RELEASE = Statement(
    delete(leases).where(
        leases.c.brand_id == bindparam("brand_id"),
        leases.c.duty == bindparam("duty"),
        leases.c.holder == bindparam("holder"),
    ),
    returns=False,
)
