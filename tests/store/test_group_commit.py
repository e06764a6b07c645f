"""One behaviour suite of the store's port over SQLite and PostgreSQL: batches, portions, numbers, callers."""

import asyncio
import json
import threading
import time
from collections import Counter
from statistics import median

import pytest
from msgspec.structs import replace
from sqlalchemy import text
from tests.conftest import demo_hub

from comanda import administration, demo
from comanda.access.model import Caller
from comanda.base import limits
from comanda.base.clock import now_micros
from comanda.base.errors import ComandaError
from comanda.catalogue.document import parse_document
from comanda.http.acting import actor_of
from comanda.http.hub import Hub
from comanda.orders.place import Incoming, place_order
from comanda.settings import Settings
from comanda.store.transaction import Statement, one

pytestmark = pytest.mark.anyio
MINIMAL = demo.example("create-order.minimal.request")
DOCUMENTED = demo.example("create-order.request")


def body(product_id=101, count=1, **values) -> bytes:
    """A minimal order of some product."""
    line = {**MINIMAL["products"][0], "product_id": product_id, "count": count}
    return json.dumps({**MINIMAL, "products": [line], **values}).encode()


async def incoming(hub: Hub, raw: bytes) -> Incoming:
    """A request of the demo client."""
    directory = await hub.known.directory()
    client = directory.clients["demo", "demo-client"]
    caller = Caller(directory.brands["demo"], client, directory.integrators["test_demo"], 1)
    return Incoming(raw, caller, caller.client, actor_of(caller), None, None, now_micros())


async def place(hub: Hub, raw: bytes) -> int | str:
    """Place an order: its id, or the code of the first problem."""
    try:
        answer = await place_order(await incoming(hub, raw), hub.known.snapshot("demo"), hub.store, hub.gate)
    except ComandaError as error:
        return error.details[0].code if error.details else error.code
    return answer.order_id


async def rows(hub: Hub, sql: str) -> list[tuple]:
    """What a question to the store answers."""

    def build():
        return (yield one(Statement(text(sql))))

    return [tuple(row) for row in await hub.store.read(build)]


async def limit(hub: Hub, quantity, product_id=101) -> None:
    """Set a product's quantity at venue 1."""
    entry = {"venue_id": 1, "product_id": product_id, "quantity": quantity}
    await administration.import_document(hub.store, "demo", parse_document({"stop_list": [entry]}))


async def test_of_a_thousand_buyers_of_a_hundred_portions_exactly_a_hundred_are_served(hub: Hub):
    """All at once; the quantity ends at zero and each order has its hold."""
    await limit(hub, 100)
    found = await asyncio.gather(*(place(hub, body()) for _ in range(1000)))
    assert Counter(isinstance(item, int) for item in found) == {True: 100, False: 900}
    assert {item for item in found if isinstance(item, str)} == {"stop_listed"}
    assert await rows(hub, "SELECT quantity_milli FROM stop_list WHERE product_id = 101") == [(0,)]
    assert await rows(hub, "SELECT count(*), sum(quantity_milli) FROM stop_list_holds") == [(100, 100_000)]
    assert await rows(hub, "SELECT count(*) FROM orders") == [(100,)]


async def test_one_bad_order_never_harms_its_neighbours(hub: Hub):
    """In one batch: sound, unknown customer, out of stock, sound; the sound ones are stored."""
    await limit(hub, 1, product_id=102)
    nobody = {"customer": {**MINIMAL["customer"], "id": 77}}
    wanted = [body(), body(**nobody), body(102, 2), body(102, 1), body()]
    found = await asyncio.gather(*(place(hub, raw) for raw in wanted))
    assert [item if isinstance(item, str) else "stored" for item in found] == [
        "stored",
        "unknown_customer",
        "stop_listed",
        "stored",
        "stored",
    ]


async def test_an_order_takes_all_its_portions_or_none(hub: Hub):
    """A shortage of one product gives nothing away of the other."""
    await limit(hub, 5, 101)
    await limit(hub, 1, 102)
    lines = [{**MINIMAL["products"][0], "product_id": p, "count": 2} for p in (101, 102)]
    assert await place(hub, body(products=lines)) == "stop_listed"
    assert await rows(hub, "SELECT product_id, quantity_milli FROM stop_list WHERE product_id < 103 ORDER BY 1") == [
        (101, 5000),
        (102, 1000),
    ]


async def test_demand_is_summed_over_lines(hub: Hub):
    """Two lines of one product count together."""
    await limit(hub, 3)
    two = [{**MINIMAL["products"][0], "count": 2} for _ in range(2)]
    assert await place(hub, body(products=two)) == "stop_listed"
    assert isinstance(await place(hub, body(products=[{**two[0], "count": 1.5}, {**two[0], "count": 1.5}])), int)


async def test_event_numbers_have_no_gap_and_orders_their_own_sequence(hub: Hub):
    """Under concurrency, with refusals between, per venue; an order accepted and sent begins with four events."""
    await limit(hub, 20)
    raws = [json.dumps(DOCUMENTED).encode()] * 5 + [body() for _ in range(30)] + [body(venue_id=2)] * 4
    await asyncio.gather(*(place(hub, raw) for raw in raws))
    found = await rows(hub, "SELECT venue_id, number FROM events ORDER BY venue_id, number")
    by_venue: dict[int, list[int]] = {}
    for venue_id, number in found:
        by_venue.setdefault(venue_id, []).append(number)
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in by_venue.values())
    assert by_venue.keys() == {0, 1, 2}
    accepted = await rows(
        hub,
        "SELECT e.order_sequence, e.type FROM events e JOIN orders o ON o.brand_id = e.brand_id AND o.id = e.order_id "
        "WHERE o.status = 'RECEIVED' ORDER BY e.order_id, e.order_sequence LIMIT 4",
    )
    assert accepted == [(1, "order.created"), (2, "order.received"), (3, "receipt.opened"), (4, "ticket.created")]


async def test_events_name_no_person(hub: Hub):
    """Customers by reference only, and no comment; the note of a line is for the cook and travels with the ticket."""
    await place(hub, json.dumps(DOCUMENTED).encode())
    for (data,) in await rows(hub, "SELECT data FROM events"):
        for private in ("Test Customer", "501234567", "Main St", "Leave at the door"):
            assert private not in data


async def test_a_caller_who_leaves_leaves_a_whole_order_or_none(hub: Hub):
    """Cancelled at every moment; what is stored is complete."""
    whole_s = await seconds_of_an_order(hub)
    before, sent = await accepted_orders(hub), 0
    for _ in range(10):
        for moment in range(25):
            await leave_after(hub, 2 * whole_s * moment / 24)
        sent += 25
        assert isinstance(await place(hub, body()), int)
        await until_nobody_waits(hub)
        stored = await accepted_orders(hub) - before
        if 3 < len(stored) < sent:
            break
    assert 3 < len(stored) < sent
    events = await rows(hub, "SELECT order_id, count(*) FROM events WHERE order_id IS NOT NULL GROUP BY order_id")
    assert before | stored == {order for order, count in events if count == 4}


async def seconds_of_an_order(hub: Hub) -> float:
    """How long an accepted order takes on this machine, in the middle of a few."""
    took = []
    for _ in range(7):
        began = time.perf_counter()
        await place(hub, json.dumps(DOCUMENTED).encode())
        took.append(time.perf_counter() - began)
    return median(took)


async def leave_after(hub: Hub, seconds: float) -> None:
    """Send an order that would be accepted and give it up."""
    task = asyncio.create_task(place(hub, json.dumps(DOCUMENTED).encode()))
    await asyncio.sleep(seconds)
    task.cancel()
    await asyncio.wait([task])


async def accepted_orders(hub: Hub) -> set[int]:
    """The ids of the accepted orders."""
    return {order for (order,) in await rows(hub, "SELECT id FROM orders WHERE status = 'RECEIVED'")}


async def test_many_orders_share_one_commit(hub: Hub):
    """Group commit: far fewer commits than orders."""
    await asyncio.gather(*(place(hub, body()) for _ in range(200)))
    commits = hub.metrics.registry.get_sample_value("comanda_commit_seconds_count")
    assert commits is not None
    assert commits < 100


async def test_a_catalogue_change_is_seen_by_the_next_order(hub: Hub):
    """At once in its process, within a second in others."""
    change = parse_document({"products": [{"id": 101, "name": "Pizza", "active": False}]})
    await administration.import_document(hub.store, "demo", change)
    await hub.known.refresh()
    assert await place(hub, body()) == "product_unavailable"


async def test_another_process_sees_a_change_within_a_second(settings):
    """Two hubs on one store, nobody tells the second."""
    async with demo_hub(settings) as first, demo_hub(settings) as second:
        change = parse_document({"products": [{"id": 101, "name": "Pizza", "active": False}]})
        await administration.import_document(first.store, "demo", change)
        await asyncio.sleep(1)
        assert await place(second, body()) == "product_unavailable"


async def test_a_change_replaces_only_what_it_touches(hub: Hub):
    """Kinds and resources that did not change are the same objects."""
    before = hub.known.snapshot("demo")
    change = parse_document({"products": [{"id": 101, "name": "Pizza", "price": 9}]})
    await administration.import_document(hub.store, "demo", change)
    await hub.known.refresh()
    after = hub.known.snapshot("demo")
    assert after.venues is before.venues
    assert after.products[102] is before.products[102]
    assert after.products[101] is not before.products[101]


async def test_several_processes_share_portions_and_numbers(settings):
    """Two hubs on one store: no oversell, no gap, one order for each integration id."""
    async with demo_hub(settings) as first, demo_hub(settings) as second:
        await limit(first, 50)
        hubs = (first, second)
        found = await asyncio.gather(*(place(hubs[i % 2], body(integration_id=f"i{i // 2}")) for i in range(300)))
        assert sum(isinstance(item, int) for item in found) >= 50
        assert await rows(first, "SELECT count(*), count(DISTINCT integration_id) FROM orders") == [(50, 50)]
        found = await rows(first, "SELECT number, type FROM events WHERE venue_id = 1 ORDER BY 1")
        assert [number for number, _ in found] == list(range(1, len(found) + 1))
        assert [kind for _, kind in found].count("order.created") == 50
        ids = [i for (i,) in await rows(first, "SELECT id FROM orders")]
        assert len(set(ids)) == 50


async def test_an_unexpected_failure_in_a_batch_costs_only_its_order(hub: Hub, monkeypatch):
    """A row that the database refuses fails alone."""
    from comanda.orders import place as place_module
    from comanda.orders.plan import plan_order as original

    ids = []

    def twice(*given):
        planned = original(*given)
        ids.append(planned.id)
        return replace(planned, order=replace(planned.order, id=ids[0])) if len(ids) == 5 else planned

    monkeypatch.setattr(place_module, "plan_order", twice)
    found = await asyncio.gather(*(place(hub, body()) for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(item, int) for item in found) == 19
    assert await rows(hub, "SELECT count(*) FROM orders") == [(19,)]


async def test_no_two_orders_of_the_installation_share_an_id(settings):
    """Ids come in blocks, whoever takes them."""
    async with demo_hub(settings) as first, demo_hub(settings) as second:
        many = limits.ORDER_ID_BLOCK + 50
        ids = await asyncio.gather(*(hub.store.next_order_id() for hub in (first, second) for _ in range(many)))
        assert len(set(ids)) == 2 * many


async def test_an_order_waits_no_longer_than_its_limit(hub: Hub, monkeypatch):
    """A store that does not come round: 503 for what was never begun."""
    monkeypatch.setattr(limits, "COMMIT_WAIT_S", 0.2)
    monkeypatch.setattr(hub.store._driver, "submit", lambda waiting: None)
    assert await place(hub, body()) == "storage_unavailable"


async def test_orders_given_up_while_queued_are_not_counted(hub: Hub):
    """Callers who leave before their batch begins: the queue is empty again."""
    tasks = [asyncio.create_task(place(hub, body())) for _ in range(300)]
    await asyncio.sleep(0.01)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    assert isinstance(await place(hub, body()), int)
    await until_nobody_waits(hub)


async def until_nobody_waits(hub: Hub) -> None:
    """Wait until the queue is empty; a duty may have a transaction of its own in line."""
    async with asyncio.timeout(30):
        while hub.store.queued():
            await asyncio.sleep(0.01)


async def test_orders_behind_a_stalled_commit_are_refused_in_time(tmp_path, monkeypatch):
    """Twenty wait behind a transaction that does not end: 503, nothing stored; they count until they are dropped, so
    that a stalled store cannot gather more than the queue's bound."""
    monkeypatch.setattr(limits, "COMMIT_WAIT_S", 0.2)
    monkeypatch.setattr(limits, "OUTCOME_WAIT_S", 0.2)
    free = threading.Event()

    def stall():
        free.wait(30)
        yield from ()

    async with demo_hub(Settings(data_dir=tmp_path, demo=True)) as hub:
        await place(hub, body())
        work = asyncio.create_task(hub.store.run(stall))
        await asyncio.sleep(0.05)
        found = await asyncio.gather(*(place(hub, body()) for _ in range(20)))
        assert set(found) == {"storage_unavailable"}
        assert 21 <= hub.store.queued() <= 24  # the server's own duties may stand in line too
        monkeypatch.setattr(limits, "INTAKE_QUEUE", 21)
        assert await place(hub, body()) == "intake_full"
        with pytest.raises(ComandaError, match="not known"):
            await work
        free.set()
        monkeypatch.undo()
        assert isinstance(await place(hub, body()), int)
        await until_nobody_waits(hub)
        assert await rows(hub, "SELECT count(*) FROM orders") == [(2,)]


async def test_a_database_that_takes_no_connections_costs_503s_only(new_postgres, tmp_path):
    """Committers mend themselves when it takes them again."""
    import asyncpg

    settings = Settings(data_dir=tmp_path, database_url=new_postgres, demo=True)
    name = new_postgres.split("/")[3].split("?")[0]
    async with demo_hub(settings) as hub:
        assert isinstance(await place(hub, body()), int)
        admin = await asyncpg.connect(new_postgres.replace(f"/{name}?", "/postgres?"))
        await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
        for _ in range(5):
            assert await refused(hub) == "storage_unavailable"
        await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        await admin.close()
        assert isinstance(await place(hub, body()), int)
        assert not hub.store.health.failing


async def refused(hub: Hub) -> str:
    """The code of an order that could not be stored, or of a directory that could not be read."""
    try:
        return str(await place(hub, body()))
    except ComandaError as error:
        return error.code
