"""The counts that lists tell their totals from: exact, whoever changes what, for every span of instants."""

import asyncio
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from benchmarks.servers import free_port
from tests.conftest import demo_hub, serving
from tests.http.chain import DOCUMENTED, MINIMAL, hub_get, manager, payment, post
from tests.http.test_chain_properties import Restaurant
from tests.http.totals import hold_totals
from tests.store.test_group_commit import body, incoming, limit, place, rows

from comanda import demo
from comanda.base.clock import Micros, now_micros
from comanda.base.json import to_json
from comanda.base.listing import Listing
from comanda.http.hub import Hub
from comanda.orders.decode import decode
from comanda.orders.model import Placed
from comanda.orders.place import assess_order, never_absent
from comanda.orders.plan import Origin, plan_order
from comanda.store.counts import DAY_MICROS

pytestmark = pytest.mark.anyio
VENUE = {"id": 1, "name": "Main", "is_main": True, "default_terminal_id": 1, "default_station_id": 1}
ZONES = [("Asia/Kathmandu", "06:30"), ("America/St_Johns", "00:00"), ("Pacific/Chatham", "23:59")]
MINUTE = 60_000_000


@pytest.mark.parametrize(("zone", "day_start"), ZONES, ids=[zone for zone, _ in ZONES])
async def test_totals_are_the_number_of_rows_on_all_pages(settings, zone, day_start):
    """For every status and span of days, in zones whose days begin at odd times, whatever was done to the orders."""
    roomy = replace(settings, rate_calls=10**6, rate_auth=10**6, rate_failed=10**6)
    dice = random.Random(zone)
    async with demo_hub(roomy) as hub, serving(hub) as server:
        await server.import_({"venues": [{**VENUE, "timezone": zone, "day_start": day_start}]})
        people = Restaurant(server, await manager(server), dice)
        now = now_micros()
        for _ in range(60):
            raw = to_json(dice.choice([MINIMAL, DOCUMENTED]))
            people.orders.append(await place_at(hub, raw, Micros(now - dice.randrange(4 * 24 * 60) * MINUTE)))
        people.at_work = list(people.orders)
        await server.ignore(people.orders[0])
        assert (await post(server, f"/orders/{people.orders[1]}/accept", {})).status_code == 200
        assert (await post(server, f"/orders/{people.orders[2]}/accept", {})).status_code == 200
        remaining = (await hub_get(server, f"/orders/{people.orders[2]}"))["chain"]["receipt"]["remaining"]
        assert (await post(server, f"/receipts/{people.orders[2]}/close", payment(remaining))).status_code == 200
        for _ in range(15):
            await asyncio.gather(*(people.act() for _ in range(8)))
        totals = await hold_totals(server, spans_of_days(now))
        assert await differences(hub) == set()
    assert totals["/orders?&"] == len(people.orders)
    for listed, least in (("orders", 3), ("receipts", 2)):
        by_status = [
            total for query, total in totals.items() if query.startswith(f"/{listed}?f") and query.endswith("&")
        ]
        assert sum(total > 0 for total in by_status) >= least
        assert sum(by_status) == totals[f"/{listed}?&"]


def spans_of_days(now: Micros) -> list[str]:
    """All, each day, each pair of days also the wrong way round, and what is open at one side."""
    today = datetime.fromtimestamp(now / 1_000_000, UTC).date()
    days = [(today - timedelta(days=back)).isoformat() for back in range(-1, 6)]
    open_ended = [f"date[{side}]={day}" for side in (0, 1) for day in days[1::2]]
    return ["", *open_ended, *(f"date[0]={first}&date[1]={last}" for first, last in product(days[::2], days))]


async def test_totals_of_any_span_are_exact_to_the_microsecond(hub: Hub):
    """Spans that begin and end at, just before and just after rows and midnights, empty and turned round ones too."""
    midnight = now_micros() // DAY_MICROS * DAY_MICROS - 10 * DAY_MICROS
    near = [midnight + day * DAY_MICROS + off for day in (0, 1, 3) for off in (-1, 0, 1, DAY_MICROS // 2)]
    for instant in near:
        await place_at(hub, to_json(DOCUMENTED), Micros(instant))
        await place_at(hub, to_json(MINIMAL), Micros(instant))
    ends = [None, *sorted({instant + off for instant in near for off in (-1, 0, 1)})]
    for first, last in product(ends[::3], ends[::2]):
        span = (first and Micros(first), last and Micros(last))
        inside = sum(1 for at in near if (first or 0) <= at and (last is None or at < last))
        for wanted in ((), ("PENDING",), ("RECEIVED", "PENDING"), ("DELIVERED",)):
            asked = Listing(venue_id=1, filters={"status": wanted} if wanted else {}, span=span, limit=1)
            _, total = await hub.store.list_orders("demo", asked)
            assert total == inside * {(): 2, ("PENDING",): 1, ("RECEIVED", "PENDING"): 2, ("DELIVERED",): 0}[wanted], (
                span
            )
        for states, share in (({}, 1), ({"status": (1,)}, 1), ({"status": (1, 2)}, 1), ({"status": (2,)}, 0)):
            _, total = await hub.store.list_receipts("demo", Listing(venue_id=1, filters=states, span=span, limit=1))
            assert total == inside * share, span


async def test_what_counts_do_not_tell_is_counted_row_by_row(hub: Hub):
    """Other filters, a status that excludes itself, another venue, and what a cursor's later pages are of."""
    for _ in range(3):
        await place_at(hub, to_json(DOCUMENTED), now_micros())
    last = await place_at(hub, body(order_number="K-9"), now_micros())
    found, total = await hub.store.list_orders("demo", Listing(venue_id=1, filters={"order_number": ("K-9",)}))
    assert ([order.id for order in found], total) == ([last], 1)
    both = {"order_number": ("K-9",), "status": ("PENDING", "RECEIVED")}
    assert (await hub.store.list_orders("demo", Listing(venue_id=1, filters=both)))[1] == 1
    assert (await hub.store.list_orders("demo", Listing(venue_id=1, filters={"status": ()}))) == ([], 0)
    assert (await hub.store.list_orders("demo", Listing(venue_id=2))) == ([], 0)
    assert (await hub.store.list_orders("demo", Listing()))[1] == 4
    seen = Listing(venue_id=1, sort="id", after=(last, last), until=Micros(found[0].created_at - 1))
    found, total = await hub.store.list_orders("demo", seen)
    assert (len(found), total) == (3, 4)


async def test_writers_of_two_processes_keep_the_counts_exact(settings):
    """Orders of one venue placed, accepted, refused and paid from two processes at once."""
    roomy = replace(settings, rate_calls=10**6, rate_auth=10**6, rate_failed=10**6)
    second_of = replace(roomy, port=free_port())
    dice = random.Random(9)
    async with (
        demo_hub(roomy) as first,
        demo_hub(second_of) as second,
        serving(first) as one_server,
        serving(second) as other_server,
    ):
        staff = [Restaurant(server, await manager(server), dice) for server in (one_server, other_server)]
        staff[1].at_work = staff[0].at_work
        for _ in range(25):
            await asyncio.gather(*(person.act() for person in staff for _ in range(6)))
        totals = [await hold_totals(server) for server in (one_server, other_server)]
        assert await differences(first) == set()
    assert totals[0] == totals[1]
    assert totals[0]["/orders?&"] == sum(len(person.orders) for person in staff) > 5
    assert totals[0]["/receipts?&"] > 0


async def test_a_batch_counts_only_what_it_stores(hub: Hub):
    """What is refused at commit time leaves no count; the brand's other venues have counts of their own."""
    await limit(hub, 3)
    found = await asyncio.gather(*(place(hub, body(venue_id=venue)) for venue in (1, 2) for _ in range(9)))
    assert sum(isinstance(item, int) for item in found) == 12
    counted = await rows(hub, "SELECT counted, venue_id, status, quantity FROM row_counts ORDER BY 1, 2, 3")
    assert counted == [("orders", 1, "PENDING", 3), ("orders", 2, "PENDING", 9)]


async def place_at(hub: Hub, raw: bytes, instant: Micros) -> int:
    """Store an order as if it had come in at some instant, by the steps that every order takes."""
    asking = await incoming(hub, raw)
    snapshot = hub.known.snapshot(demo.BRAND)
    checked = assess_order(decode(raw), asking.caller, snapshot, None, terminal_absent=never_absent)
    origin = Origin(asking.caller.brand, asking.client, asking.by, instant, None, ())
    planned = plan_order(checked, origin, snapshot, await hub.store.next_order_id(), instant)
    assert isinstance(await hub.store.place(planned), Placed)
    return planned.id


async def differences(hub: Hub) -> set[tuple]:
    """Where the counts and the rows themselves disagree."""
    counted = await rows(hub, "SELECT counted, venue_id, day, status, quantity FROM row_counts WHERE quantity <> 0")
    stored = [row for table in ("orders", "receipts") for row in await rows(hub, STORED.format(table))]
    return set(counted) ^ set(stored)


STORED = """SELECT '{0}', venue_id, created_at / 86400000000, CAST(status AS text), count(*) FROM {0}
    GROUP BY venue_id, created_at / 86400000000, status"""
