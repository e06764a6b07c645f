"""The feed: gapless under concurrency, shared by viewers, bounded; and the cutting of the log. On both stores."""

import asyncio
import json
import random

import pytest
from tests.conftest import demo_hub
from tests.events.logs import empty_logs, until, write, write_many

from comanda.base import limits
from comanda.base.clock import now_micros
from comanda.base.errors import ComandaError
from comanda.events.feed import Viewer
from comanda.events.model import OutsideLog, encode_event
from comanda.http.hub import Hub
from comanda.store import events
from comanda.store.transaction import POSTGRESQL, SQLITE, Many, Statement

pytestmark = pytest.mark.anyio
BRAND = "demo"


async def follow(hub: Hub, viewer: Viewer, wanted: dict[int, int], limit: int = 500) -> dict[int, list[int]]:
    """What a viewer is given, by venue, until it has come to the wanted numbers."""
    found: dict[int, list[int]] = {venue_id: [] for venue_id in wanted}
    async with asyncio.timeout(60):
        while any(viewer.cursors[venue_id] < last for venue_id, last in wanted.items()):
            pulled = await hub.feed.pull(viewer, limit)
            for event in pulled:
                found[event.venue_id].append(event.number)
            if not pulled:
                await hub.feed.wait(viewer, 5)
    return found


async def write_at_random(hub: Hub, count: int, seed: int) -> None:
    """One event in each of two venues, ``count`` times, in transactions of random sizes, some of them slow."""
    chance = random.Random(seed)
    left = {1: count, 2: count}
    while any(left.values()):
        sizes = {venue_id: min(left[venue_id], chance.randint(0, 4)) for venue_id in left}
        await write_many(hub, sizes)
        left = {venue_id: left[venue_id] - sizes[venue_id] for venue_id in left}
        if chance.random() < 0.1:
            await asyncio.sleep(chance.random() / 100)


async def test_readers_of_two_processes_miss_and_repeat_nothing(settings):
    """Two hubs on one store write to the same two venues from many tasks; followers of each get 1, 2, 3, …"""
    writers, each = 4, 100
    async with demo_hub(settings) as first, demo_hub(settings) as second:
        ends = await first.store.log_ends(BRAND, [1, 2])
        wanted = {venue_id: found.last + 2 * writers * each for venue_id, found in ends.items()}
        viewers = [
            (hub, await hub.feed.open(BRAND, [1, 2], {}, of_house=True)) for hub in (first, second) for _ in range(3)
        ]
        following = [
            asyncio.create_task(follow(hub, viewer, wanted, limit=7 if index == 2 else 500))
            for index, (hub, viewer) in enumerate(viewers)
        ]
        writing = [write_at_random(hub, each, seed) for hub in (first, second) for seed in range(writers)]
        await asyncio.gather(*writing)
        for found in await asyncio.gather(*following):
            for venue_id, last in wanted.items():
                assert found[venue_id] == list(range(ends[venue_id].last + 1, last + 1))


async def test_pages_of_the_store_miss_nothing_while_others_write(settings):
    """A reader that asks for what is after the last number it saw, from another process than the writers'."""
    async with demo_hub(settings) as first, demo_hub(settings) as second:
        await empty_logs(first)
        writing = asyncio.gather(*(write_at_random(first, 100, seed) for seed in range(4)))
        seen: list[int] = []
        async with asyncio.timeout(60):
            while len(seen) < 400:
                page = await second.store.read_events(BRAND, 1, seen[-1] if seen else 0, 50)
                seen += [event.number for event in page.events]
        await writing
        assert seen == list(range(1, 401))


async def test_all_viewers_share_what_was_encoded_once(hub: Hub):
    """The very same events of one commit for each of them, however many watch."""
    viewers = [await hub.feed.open(BRAND, [1], {}, of_house=True) for _ in range(20)]
    await write(hub, 1, 5)
    await until(lambda: all(viewer.woken.is_set() for viewer in viewers))
    pulled = [await hub.feed.pull(viewer, 100) for viewer in viewers]
    assert [len(found) for found in pulled] == [5] * 20
    assert len({id(event) for found in pulled for event in found}) == 5


async def test_a_commit_wakes_viewers_at_once(hub: Hub, monkeypatch):
    """By the driver's hint, without waiting for the feed's own look."""
    monkeypatch.setattr(limits, "FEED_POLL_S", 3600)
    viewer = await hub.feed.open(BRAND, [1], {}, of_house=True)
    await hub.feed.pull(viewer, 10)
    await write(hub, 1)
    async with asyncio.timeout(20):
        assert await follow(hub, viewer, {1: 1}) == {1: [1]}


async def test_nothing_is_asked_of_the_store_while_nobody_watches(hub: Hub, monkeypatch):
    """Neither by itself nor after a commit; what was watched is forgotten."""
    viewer = await hub.feed.open(BRAND, [1, 2], {}, of_house=True)
    await write(hub, 1)
    await follow(hub, viewer, {1: 1})
    hub.feed.leave(viewer)
    await asyncio.sleep(0.3)
    asked = []
    original = hub.store.new_events
    monkeypatch.setattr(hub.store, "new_events", lambda *values: asked.append(values) or original(*values))
    await write(hub, 1)
    await asyncio.sleep(0.5)
    assert (asked, hub.feed.viewers, hub.feed._rings) == ([], 0, {})


async def test_a_viewer_behind_the_ring_reads_from_the_store(hub: Hub, monkeypatch):
    """More events than the process remembers, then back into the ring, in order."""
    monkeypatch.setattr(limits, "FEED_EVENTS", 10)
    viewer = await hub.feed.open(BRAND, [1], {1: 0}, of_house=True)
    for _ in range(10):
        await write(hub, 1, 5)
    await until(lambda: hub.feed.last(viewer, 1) == 50)
    assert len(hub.feed._rings[BRAND, 1]._events) == 10
    assert await follow(hub, viewer, {1: 50}, limit=3) == {1: list(range(1, 51))}


async def test_what_the_feed_remembers_is_bounded_in_bytes(hub: Hub, monkeypatch):
    """The oldest event of all venues goes first."""
    monkeypatch.setattr(limits, "FEED_BYTES", 100_000)
    viewer = await hub.feed.open(BRAND, [1, 2], {}, of_house=True)
    for _ in range(20):
        await write_many(hub, {1: 1, 2: 1}, data=json.dumps("x" * 9_000))
    await until(lambda: hub.feed.last(viewer, 1) == hub.feed.last(viewer, 2) == 20)
    held = [event for ring in hub.feed._rings.values() for event in ring._events]
    assert 90_000 < sum(len(event.wire) for event in held) == hub.feed._memory._bytes <= 100_000
    assert await follow(hub, viewer, {1: 20, 2: 20}) == {1: list(range(1, 21)), 2: list(range(1, 21))}


async def test_what_was_heard_long_ago_is_read_from_the_store_again(hub: Hub, monkeypatch):
    """Where it may have been redacted meanwhile; who is behind misses nothing."""
    viewer = await hub.feed.open(BRAND, [1], {1: 0}, of_house=True)
    await write(hub, 1, 5)
    await until(lambda: hub.feed.last(viewer, 1) == 5)
    monkeypatch.setattr(limits, "FEED_REMEMBERS_S", 0.0)
    await write(hub, 1, 5)
    await until(lambda: hub.feed.last(viewer, 1) == 10)
    await until(lambda: not hub.feed._rings[BRAND, 1]._events)
    assert hub.feed._memory._bytes == 0
    assert await follow(hub, viewer, {1: 10}) == {1: list(range(1, 11))}


async def test_integrators_together_leave_places_to_the_house(hub: Hub, monkeypatch):
    """However many clients they call as."""
    monkeypatch.setattr(limits, "MAX_INTEGRATORS_VIEWERS", 2)
    for client in ("a", "b"):
        await hub.feed.open(BRAND, [1], {}, client, of_house=False)
    with pytest.raises(ComandaError) as refused:
        await hub.feed.open(BRAND, [1], {}, "c", of_house=False)
    assert refused.value.code == "too_many_viewers"
    await hub.feed.open(BRAND, [1], {}, "till", of_house=True)


async def test_a_busy_venue_does_not_keep_another_waiting(hub: Hub):
    """The venues of a viewer take turns."""
    await write_many(hub, {1: 1000, 2: 1})
    viewer = await hub.feed.open(BRAND, [1, 2], {1: 0, 2: 0}, of_house=True)
    first, second = await hub.feed.pull(viewer, 100), await hub.feed.pull(viewer, 100)
    assert {event.venue_id for event in first} == {1}
    assert 2 in {event.venue_id for event in second}


async def test_one_viewer_too_many_is_refused_until_another_leaves(hub: Hub, monkeypatch):
    """503 too_many_viewers with Retry-After."""
    monkeypatch.setattr(limits, "MAX_VIEWERS", 2)
    viewers = [await hub.feed.open(BRAND, [1], {}, of_house=True) for _ in range(2)]
    with pytest.raises(ComandaError) as refused:
        await hub.feed.open(BRAND, [1], {}, of_house=True)
    assert (refused.value.code, refused.value.retry_after_s) == ("too_many_viewers", limits.VIEWER_RETRY_S)
    hub.feed.leave(viewers[0])
    hub.feed.leave(viewers[0])
    await hub.feed.open(BRAND, [1], {}, of_house=True)
    assert hub.feed.viewers == 2


async def test_who_cannot_be_served_without_a_gap_is_told(hub: Hub, monkeypatch):
    """Below the low-water mark, too far behind, or ahead of the log."""
    monkeypatch.setattr(limits, "MAX_STREAM_LAG", 50)
    await write(hub, 1, 60)
    await hub.store.purge_events(BRAND, 1, now_micros(), 5)
    for after, told in ((4, True), (5, True), (9, True), (10, False), (60, False), (61, True)):
        viewer = await hub.feed.open(BRAND, [1], {1: after}, of_house=True)
        if told:
            with pytest.raises(OutsideLog) as outside:
                await hub.feed.pull(viewer, 10)
            assert (outside.value.venue_id, outside.value.last) == (1, 60)
        else:
            assert len(await hub.feed.pull(viewer, 10)) == min(10, 60 - after)
        hub.feed.leave(viewer)


async def test_the_feed_outlives_a_store_that_is_away(hub: Hub, monkeypatch):
    """It goes on where it was as soon as the store answers."""
    viewer = await hub.feed.open(BRAND, [1], {}, of_house=True)
    original = hub.store.new_events
    away = [ComandaError("storage_unavailable", "away"), RuntimeError("odd")]

    async def sometimes(*values):
        if away:
            raise away.pop()
        return await original(*values)

    monkeypatch.setattr(hub.store, "new_events", sometimes)
    await write(hub, 1, 3)
    assert await follow(hub, viewer, {1: 3}) == {1: [1, 2, 3]}
    assert away == []


async def test_a_log_is_cut_at_its_beginning_only(hub: Hub):
    """In steps, up to the first event that is young enough, however old later ones say they are."""
    for age in (5, 4, 3, 1, 9):
        await write(hub, 1, 2, created_at=now_micros() - age * 1_000_000)
    before = now_micros() - 2_000_000
    assert [await hub.store.purge_events(BRAND, 1, before, 4) for _ in range(3)] == [4, 2, 0]
    assert (await hub.store.log_ends(BRAND, [1]))[1] == (10, 6)
    page = await hub.store.read_events(BRAND, 1, 6, 100)
    assert [event.number for event in page.events] == [7, 8, 9, 10]
    assert await hub.store.purge_events(BRAND, 2, before, 4) == 0


async def test_cutting_the_log_and_writing_to_it_at_once_leave_it_whole(hub: Hub):
    """Numbers go on from where they were; what is left has no hole."""

    async def cut() -> None:
        while not writing.done():
            await hub.store.purge_events(BRAND, 1, now_micros() - 20_000, 3)

    writing = asyncio.create_task(write_at_random(hub, 200, 1))
    await cut()
    await writing
    last, purged = (await hub.store.log_ends(BRAND, [1]))[1]
    left = [event.number for event in (await hub.store.read_events(BRAND, 1, purged, 500)).events]
    assert (last, left) == (200, list(range(purged + 1, 201)))
    assert 0 < purged <= 200


async def test_a_rare_type_is_looked_for_in_steps(hub: Hub, monkeypatch):
    """A read looks through a bounded part of the log and says how far it came."""
    monkeypatch.setattr(limits, "EVENT_SCAN", 10)
    await write(hub, 1, 25)
    await write(hub, 1, 1, type="receipt.closed")
    pages = []
    after = 0
    for _ in range(3):
        pages.append(await hub.store.read_events(BRAND, 1, after, 100, ["receipt.closed"]))
        after = pages[-1].through
    assert [(len(page.events), page.through) for page in pages] == [(0, 10), (0, 20), (1, 26)]


def test_an_event_is_one_line_of_json_around_its_data():
    """The data are taken over as they stand; only line breaks between them go."""
    event = encode_event(
        1, 205, "order.created", 1770039953000000, 295, 1, "client:demo-client", '{"a":\n 1.50,"b":"\\n"}'
    )
    assert event.wire == (
        b'{"venue_id":1,"number":205,"type":"order.created","version":1,"time":"2026-02-02T13:45:53.000000Z",'
        b'"order_id":295,"order_sequence":1,"actor":"client:demo-client","data":{"a":  1.50,"b":"\\n"}}'
    )


@pytest.mark.parametrize("dialect", [SQLITE, POSTGRESQL], ids=lambda dialect: dialect.name)
def test_every_statement_of_the_log_names_its_brand(dialect):
    """No reader of events crosses brands."""
    found = [value for value in vars(events).values() if isinstance(value, Statement | Many)]
    found.append(events._select_of_types(("order.created",)))
    assert len(found) >= 6
    for statement in found:
        if isinstance(statement, Many):
            assert statement.columns[0].name == "brand_id"
        else:
            assert {"brand_id", "p_brand_id"} & set(statement.compiled(dialect).names)
