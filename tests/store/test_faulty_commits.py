"""Many callers on a store whose commits fail, stall and lose their answers: whatever the plan, nobody is lied to."""

import asyncio
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conftest import demo_hub, fresh_database
from tests.store.faulty import Fault, make_faulty
from tests.store.test_group_commit import body, incoming, rows

from comanda.base import limits
from comanda.base.canonical import content_sha256
from comanda.base.errors import ComandaError
from comanda.http.hub import Hub
from comanda.orders.model import KeyedRequest
from comanda.orders.place import place_order
from comanda.settings import Settings

CALLERS, QUEUE, BATCH = 60, 24, 4
COMMIT_S, OUTCOME_S, GATE_S = 0.3, 0.3, 1.0
LONGEST_S = GATE_S + 2 * (COMMIT_S + OUTCOME_S) + 15.0
"""The gate, a block of ids, the commit; and time for a slow machine: what hangs would hang for ever."""


@dataclass
class Heard:
    """What one caller was told: an order's id, or a code; and how long the longest answer took."""

    number: str
    keyed: bool
    ids: list[int] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    longest_s: float = 0.0


async def ask(hub: Hub, heard: Heard) -> bool:
    """Send the caller's order once; whether it was taken."""
    raw = body(order_number=heard.number)
    request = await incoming(hub, raw)
    if heard.keyed:
        keyed = KeyedRequest("client:test", heard.number, content_sha256(raw))
        request = msgspec.structs.replace(request, keyed=keyed)
    began = time.monotonic()
    try:
        answer = await place_order(request, hub.known.snapshot("demo"), hub.store, hub.gate)
    except ComandaError as error:
        heard.codes.append(error.code)
        return False
    finally:
        heard.longest_s = max(heard.longest_s, time.monotonic() - began)
    heard.ids.append(answer.order_id)
    return True


async def call(hub: Hub, heard: Heard, delay_s: float) -> None:
    """Send it; a caller with a key repeats until it is told an order, as integrators are told to."""
    await asyncio.sleep(delay_s)
    for _ in range(200):
        if await ask(hub, heard) or not heard.keyed:
            return
        await asyncio.sleep(0.02)


async def drive(where: Settings, faults: list[Fault]) -> None:
    """One example: sixty callers, a plan of faults, then the books."""
    async with demo_hub(where) as hub:
        plan = make_faulty(hub, faults)
        everyone = [Heard(f"n{n}", keyed=n % 3 != 0) for n in range(CALLERS)]
        deepest = 0

        async def watch() -> None:
            nonlocal deepest
            while True:
                deepest = max(deepest, hub.store.queued())
                await asyncio.sleep(0)

        watching = asyncio.create_task(watch())
        await asyncio.gather(*(call(hub, heard, n * 0.004) for n, heard in enumerate(everyone)))
        watching.cancel()
        for _ in range(400):
            if not hub.store.queued():
                break
            await asyncio.sleep(0.01)
        hold_the_books(everyone, await rows(hub, "SELECT id, order_number FROM orders"))
        numbers = [row[0] for row in await rows(hub, "SELECT number FROM events WHERE venue_id = 1 ORDER BY number")]
        assert numbers == list(range(1, len(numbers) + 1))
        assert deepest <= QUEUE
        assert len(plan.happened) >= len(faults), "the plan was not used up; it tests less than it says"


def hold_the_books(everyone: list[Heard], stored: list[tuple[int, str]]) -> None:
    """Compare what each caller was told with what is stored."""
    by_number = Counter(number for _, number in stored)
    ids = {number: order_id for order_id, number in stored}
    for heard in everyone:
        assert heard.longest_s < LONGEST_S, heard
        assert set(heard.codes) <= {
            "storage_unavailable",
            "outcome_unknown",
            "intake_full",
            "request_in_progress",
        }, heard
        count = by_number.pop(heard.number, 0)
        assert count <= 1, f"doubled: {heard}"
        if heard.ids:
            assert set(heard.ids) == {ids.get(heard.number)}, f"a 2xx for an order that is not there: {heard}"
        elif heard.keyed:
            raise AssertionError(f"never taken: {heard}")
        elif count:
            assert "outcome_unknown" in heard.codes, f"told that nothing was stored: {heard}"
    assert not by_number, f"nobody sent {by_number}"


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(faults=st.lists(st.sampled_from(Fault), min_size=4, max_size=8))
def test_whatever_commits_do_callers_are_told_the_truth_in_time(kind, request, faults):
    """No lost order, no doubled order, no wrong 2xx, no caller waiting past the limit, no queue beyond its bound."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(limits, "COMMIT_WAIT_S", COMMIT_S)
        patch.setattr(limits, "OUTCOME_WAIT_S", OUTCOME_S)
        patch.setattr(limits, "IN_FLIGHT_WAIT_S", GATE_S)
        patch.setattr(limits, "INTAKE_QUEUE", QUEUE)
        patch.setattr(limits, "MAX_BATCH", BATCH)
        patch.setattr(limits, "ORDER_ID_BLOCK", 10)
        url = fresh_database(request) if kind == "postgresql" else None
        asyncio.run(drive(Settings(data_dir=Path(folder), database_url=url, demo=True), faults))
