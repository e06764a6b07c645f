"""The duty that notices silence: a device that has said nothing for a while counts as absent.

Any number of processes may do it at once: the store lets each turn happen once. What never happens here is a turn for
want of listening: a process that has just started, has lost its store, or whose clock was set, first listens for as
long as it takes.
"""

import asyncio

import structlog

from comanda.base import limits
from comanda.base.clock import ClockWatch, Micros, now_micros
from comanda.duties.rounds import pause
from comanda.store.known import Known
from comanda.store.presence import find_silent, mark_absent
from comanda.store.store import Store

log = structlog.get_logger("comanda.duties")


async def watch_presence(
    store: Store,
    known: Known,
    ending: asyncio.Event,
    *,
    absent_after_s: float = limits.ABSENT_AFTER_S,
    every_s: float = limits.PRESENCE_CHECK_S,
) -> None:
    """Mark silent devices absent, until the server winds down. A store that is away is logged, and asked again."""
    listening_since, clock = now_micros(), ClockWatch()
    while not ending.is_set():
        await pause(ending, every_s)
        now = now_micros()
        if clock.jumped():
            listening_since = now
        before = Micros(now - int(absent_after_s * 1_000_000))
        try:
            if before >= listening_since:
                await mark_silent(store, known, before, now)
            else:
                await known.directory()
        except Exception as error:
            listening_since = now_micros()
            log.warning("presence.postponed", reason=str(error))


async def mark_silent(store: Store, known: Known, before: Micros, now: Micros) -> int:
    """Mark every device absent that was last heard of before an instant, one brand at a time; returns how many were."""
    turned = 0
    for brand_id in sorted({brand_id for brand_id, _ in (await known.directory()).present}):
        for device_id in await _silent(store, brand_id, before):
            turned += await _mark(store, brand_id, device_id, before, now)
    return turned


async def _silent(store: Store, brand_id: str, before: Micros) -> list[int]:
    return await store.read(lambda: find_silent(brand_id, before))


async def _mark(store: Store, brand_id: str, device_id: int, before: Micros, now: Micros) -> bool:
    turned = await store.run(lambda: mark_absent(brand_id, device_id, before, now))
    if turned:
        log.info("presence.absent", brand=brand_id, device=device_id)
    return turned
