"""What is kept for a while only, and cleared away afterwards: keys, sessions, printed papers, old events."""

from collections.abc import Iterable

from comanda.base import limits
from comanda.base.clock import Micros, now_micros
from comanda.store import access, print_jobs, sessions
from comanda.store.store import Store

_DAY = 86_400_000_000


async def clear_lapsed(store: Store, brand_id: str, venue_ids: Iterable[int], *, keep_events_days: int) -> None:
    """Clear what of a brand has lapsed, in small steps between the orders; 0 days keep every event for ever."""
    now = now_micros()
    await store.run(lambda: access.purge_lapsed_keys(brand_id, now))
    await store.run(lambda: sessions.purge_lapsed_sessions(brand_id, now))
    await store.run(lambda: print_jobs.purge_printed(brand_id, Micros(now - limits.KEEP_PAPERS_DAYS * _DAY)))
    if not keep_events_days:
        return
    before = Micros(now - keep_events_days * _DAY)
    for venue_id in (0, *venue_ids):
        while await store.purge_events(brand_id, venue_id, before, limits.PURGE_STEP) == limits.PURGE_STEP:
            pass
