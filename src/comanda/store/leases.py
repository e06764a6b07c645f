"""Leases: which process does a duty for a brand. Held by renewing it; a process that is gone loses it in seconds.

No process trusts another's clock: ``until`` only makes a renewed lease another one than before.
"""

from typing import NamedTuple

from sqlalchemy import and_, bindparam, delete, or_, select
from sqlalchemy.dialects.postgresql import insert as upsert

from comanda.base.clock import Micros
from comanda.store.tables import leases
from comanda.store.transaction import Statement, Transaction, one


class Lease(NamedTuple):
    """Who does a duty; ``until`` by its own clock, another one with each renewal."""

    holder: str
    until: Micros


NOBODY = Lease("", Micros(0))


def hold_lease(brand_id: str, duty: str, wanted: Lease, *, lapsed: Lease = NOBODY) -> Transaction[Lease | None]:
    """Take or renew a duty; None when it is ours, else the lease that stands in the way.

    Whoever has watched a lease go unrenewed for as long as one lasts names it as ``lapsed`` and takes it: its holder is
    gone. What the clocks say does not count: they may be wrong, this one's too.
    """
    rows = yield one(
        _HOLD,
        brand_id=brand_id,
        duty=duty,
        holder=wanted.holder,
        until=wanted.until,
        p_lapsed_holder=lapsed.holder,
        p_lapsed_until=lapsed.until,
    )
    if rows:
        return None
    found = yield one(_SELECT, brand_id=brand_id, duty=duty)
    return Lease(str(found[0][0]), Micros(found[0][1])) if found else NOBODY


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
            and_(leases.c.holder == bindparam("p_lapsed_holder"), leases.c.until == bindparam("p_lapsed_until")),
        ),
    ).returning(leases.c.holder)
)
_SELECT = Statement(
    select(leases.c.holder, leases.c.until).where(
        leases.c.brand_id == bindparam("brand_id"), leases.c.duty == bindparam("duty")
    )
)
_RELEASE = Statement(
    delete(leases).where(
        leases.c.brand_id == bindparam("brand_id"),
        leases.c.duty == bindparam("duty"),
        leases.c.holder == bindparam("holder"),
    ),
    returns=False,
)
