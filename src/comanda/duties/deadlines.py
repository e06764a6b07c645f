"""Accept deadlines: every step that is due is carried out once, however many processes run.

The steps are rows; whoever deletes one in the order's own transaction carries it out, so nothing is lost with a
process and nothing is done twice. Nothing waits here for an order: the rows are asked for four times a second.
"""

import asyncio
import time
from collections.abc import Sequence

import structlog

from comanda.base import limits
from comanda.base.clock import ClockWatch, Micros, now_micros
from comanda.duties.rounds import pause
from comanda.orders.deliver import reach_deadline
from comanda.orders.dossier import Change, Dossier, House
from comanda.orders.ports import ChainMeter
from comanda.store.changes import reach_step
from comanda.store.deadlines import due_steps, has_steps
from comanda.store.known import Known
from comanda.store.store import Store

log = structlog.get_logger("comanda.deadlines")


async def keep_deadlines(store: Store, known: Known, meter: ChainMeter, ending: asyncio.Event) -> None:
    """Carry out what is due until the server winds down; while the store is away it is tried again."""
    await _Deadlines(store, known, meter).keep(ending)


class _Deadlines:
    """What is being carried out by this process: of each order one step at a time, some orders at once."""

    def __init__(self, store: Store, known: Known, meter: ChainMeter) -> None:
        self._store = store
        self._known = known
        self._meter = meter
        self._turns = asyncio.Semaphore(limits.STEPS_AT_ONCE)
        self._climbing: dict[tuple[str, int], asyncio.Task[None]] = {}
        self._watched: set[str] = set()
        self._crowded: set[str] = set()
        self._swept_at = float("-inf")
        self._clock = ClockWatch()
        self._respite_until = float("-inf")

    async def keep(self, ending: asyncio.Event) -> None:
        """Look round after round; what was begun is finished, unless nobody waits for that any more."""
        try:
            while not ending.is_set():
                try:
                    await self._one_round()
                except Exception:
                    log.exception("deadlines.postponed")
                if self._crowded and self._climbing:
                    # There is more than one look shows: the next one is as soon as all of this one is done.
                    await asyncio.wait(self._climbing.values(), timeout=limits.DEADLINE_POLL_S)
                else:
                    await pause(ending, limits.DEADLINE_POLL_S)
            if self._climbing:
                await asyncio.wait(self._climbing.values())
        finally:
            for task in self._climbing.values():
                task.cancel()

    async def _one_round(self) -> None:
        """Begin what is due and not begun yet."""
        directory = await self._known.directory()
        houses = [House(brand, self._known.snapshot(brand.id)) for brand in directory.brands.values()]
        await self._choose_watched(houses)
        for house in houses:
            if house.brand.id in self._watched:
                await self._begin(house)

    async def _choose_watched(self, houses: Sequence[House]) -> None:
        """Watch brands with a ladder, and those of whose orders one is still on a ladder that is there no more."""
        self._watched |= {house.brand.id for house in houses if _has_ladder(house)}
        if time.monotonic() - self._swept_at <= limits.DEADLINE_SWEEP_S:
            return
        self._swept_at = time.monotonic()
        for house in houses:
            brand_id = house.brand.id
            if _has_ladder(house) or await self._store.read(lambda brand_id=brand_id: has_steps(brand_id)):
                self._watched.add(brand_id)
            else:
                self._watched.discard(brand_id)

    async def _begin(self, house: House) -> None:
        brand_id = house.brand.id
        due = await self._store.read(lambda: due_steps(brand_id, now_micros()))
        by_order: dict[int, list[tuple[int, str]]] = {}
        decides = self._may_decide()
        for order_id, step, action in due:
            if decides or action not in ("accept", "ignore"):
                by_order.setdefault(order_id, []).append((step, action))
        for order_id, steps in by_order.items():
            key = (brand_id, order_id)
            if key not in self._climbing:
                task = asyncio.create_task(self._climb(house, order_id, steps), name=f"deadline-{order_id}")
                self._climbing[key] = task
                task.add_done_callback(lambda _, key=key: self._climbing.pop(key))  # type: ignore[misc]
        (self._crowded.add if len(due) >= limits.DUE_STEPS else self._crowded.discard)(brand_id)

    def _may_decide(self) -> bool:
        """Whether what is due is so by the time that has gone by; asked after the clock was, which says what is due."""
        if self._clock.jumped():
            self._respite_until = time.monotonic() + limits.DEADLINE_RESPITE_S
            log.warning("deadlines.clock_was_set", waits_s=limits.DEADLINE_RESPITE_S)
        return time.monotonic() >= self._respite_until

    async def _climb(self, house: House, order_id: int, steps: list[tuple[int, str]]) -> None:
        """Carry out what is due of one order, step after step; one that has to wait keeps no other waiting."""
        async with self._turns:
            done = await self._take_steps(house, order_id, steps)
        if not done:
            # It is begun again only after a while: a store that takes nothing is not asked without a pause.
            await asyncio.sleep(limits.DEADLINE_POLL_S)

    async def _take_steps(self, house: House, order_id: int, steps: list[tuple[int, str]]) -> bool:
        for step, action in steps:
            try:
                await _carry_out(self._store, house, self._meter, order_id, step, action)
            except Exception:
                log.exception("deadline.postponed", brand=house.brand.id, order_id=order_id, step=step)
                return False
        return True


def _has_ladder(house: House) -> bool:
    return any(venue.accept_deadlines for venue in house.snapshot.venues.values())


async def _carry_out(store: Store, house: House, meter: ChainMeter, order_id: int, step: int, action: str) -> None:
    def decide(dossier: Dossier, at: Micros) -> Change:
        return reach_deadline(dossier, house, at, action)

    done = await store.run(lambda: reach_step(house.brand.id, order_id, step, decide, now_micros()))
    if done is not None:
        before, after = done
        meter.chain(before.order, after.order)
        log.info("deadline.reached", brand=house.brand.id, order_id=order_id, step=step, action=action)
