"""Accept deadlines: every step that is due is carried out once, however many processes run.

The steps are rows; whoever deletes one in the order's own transaction carries it out, so nothing is lost with a
process and nothing is done twice. Nothing waits here for an order: the rows are asked for four times a second.
"""

import asyncio
import time
from collections.abc import Iterator

import structlog

from comanda.base import limits
from comanda.base.clock import Micros, now_micros
from comanda.duties.rounds import pause
from comanda.orders.deliver import reach_deadline
from comanda.orders.dossier import Change, Dossier, House
from comanda.orders.ports import ChainMeter
from comanda.store.changes import reach_step
from comanda.store.deadlines import due_steps
from comanda.store.known import Known
from comanda.store.store import Store

log = structlog.get_logger("comanda.deadlines")


async def keep_deadlines(store: Store, known: Known, meter: ChainMeter, ending: asyncio.Event) -> None:
    """Carry out what is due until the server winds down; while the store is away it is tried again."""
    swept_at = float("-inf")
    while not ending.is_set():
        everybody = time.monotonic() - swept_at > limits.DEADLINE_SWEEP_S
        if everybody:
            swept_at = time.monotonic()
        try:
            await _one_round(store, known, meter, everybody=everybody)
        except Exception:
            log.exception("deadlines.postponed")
        await pause(ending, limits.DEADLINE_POLL_S)


async def _one_round(store: Store, known: Known, meter: ChainMeter, *, everybody: bool) -> None:
    directory = await known.directory()
    houses = [House(brand, known.snapshot(brand.id)) for brand in directory.brands.values()]
    for house in houses:
        if everybody or any(_ladders(house)):
            due = await store.read(lambda brand_id=house.brand.id: due_steps(brand_id, now_micros()))
            by_order: dict[int, list[tuple[int, str]]] = {}
            for order_id, step, action in due:
                by_order.setdefault(order_id, []).append((step, action))
            turns = asyncio.Semaphore(limits.STEPS_AT_ONCE)
            await asyncio.gather(*(_climb(store, house, meter, turns, order, by_order[order]) for order in by_order))


def _ladders(house: House) -> Iterator[bool]:
    """Whether each venue of a brand has a deadline; brands without one are only looked at now and then."""
    return (bool(venue.accept_deadlines) for venue in house.snapshot.venues.values())


async def _climb(
    store: Store,
    house: House,
    meter: ChainMeter,
    turns: asyncio.Semaphore,
    order_id: int,
    steps: list[tuple[int, str]],
) -> None:
    """Carry out what is due of one order, step after step; one order must not keep the others waiting."""
    async with turns:
        for step, action in steps:
            try:
                await _carry_out(store, house, meter, order_id, step, action)
            except Exception:
                log.exception("deadline.postponed", brand=house.brand.id, order_id=order_id, step=step)
                return


async def _carry_out(store: Store, house: House, meter: ChainMeter, order_id: int, step: int, action: str) -> None:
    def decide(dossier: Dossier, at: Micros) -> Change:
        return reach_deadline(dossier, house, at, action)

    done = await store.run(lambda: reach_step(house.brand.id, order_id, step, decide, now_micros()))
    if done is not None:
        before, after = done
        meter.chain(before.order, after.order)
        log.info("deadline.reached", brand=house.brand.id, order_id=order_id, step=step, action=action)
