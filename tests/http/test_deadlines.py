"""Accept deadlines on both stores: each step once, in order, never before its time, whatever processes run.

How late a step is depends on the machine; the benchmark measures it (`benchmarks.lateness`).
"""

import asyncio
import time
from dataclasses import replace
from datetime import datetime

import httpx
import pytest
from tests.conftest import Server, fresh_database, sign_in
from tests.http.chain import DOCUMENTED, MINIMAL, did, events, hub_get, manager, place, post

from comanda import administration, demo
from comanda.base import limits
from comanda.base.clock import Micros
from comanda.catalogue.document import parse_document
from comanda.cli.serve import make_demo
from comanda.main import open_hub, open_store
from comanda.settings import Settings
from comanda.store.deadlines import due_steps

pytestmark = pytest.mark.anyio
STEPS = ("order.reminded", "order.escalated", "order.ignored")
LADDER = {"remind": 1, "escalate": 2, "ignore": 3}
LOST_S = 30
"""A step that is so late will not come any more, on a slow machine either."""


def ladder(*, sale_types: tuple[int, ...] = (), **after: int) -> dict:
    """A deadline whose steps come after so many seconds."""
    steps = [{"after_s": seconds, "action": action} for action, seconds in after.items()]
    return {"sale_types": list(sale_types), "steps": steps}


def at_main(*deadlines: dict, **changes) -> dict:
    """A document that gives the main venue its deadlines."""
    venue = {"id": 1, "name": "Main", "is_main": True, "default_terminal_id": 1, "default_station_id": 1, **changes}
    return {"venues": [{**venue, "accept_deadlines": list(deadlines)}]}


def seconds_between(order: dict, event: dict) -> float:
    """How long after an order was stored an event was."""
    begun, told = (datetime.fromisoformat(text) for text in (order["created_at"], event["time"]))
    return (told - begun).total_seconds()


async def told(server: Server, order_id: int, last: str) -> list[dict]:
    """The events of an order once one of a type is among them."""
    for _ in range(int(LOST_S / 0.05)):
        found = await events(server, order_id)
        if any(event["type"] == last for event in found):
            return found
        await asyncio.sleep(0.05)
    raise AssertionError([event["type"] for event in await events(server, order_id)])


async def steps_left(server: Server) -> list:
    """The steps that are still to come, however late."""
    return list(await server.hub.store.read(lambda: due_steps(demo.BRAND, Micros(2**60))))


def held_in_order(order: dict, found: list[dict], expected: dict[str, int]) -> None:
    """Each step is told once, in its turn, not before its time, and was not lost."""
    steps = [event for event in found if event["type"] in expected]
    assert [event["type"] for event in steps] == list(expected)
    for event in steps:
        assert 0 <= seconds_between(order, event) - expected[event["type"]] < LOST_S, event["type"]


async def test_an_order_nobody_answers_goes_up_the_ladder_and_is_ignored(server: Server):
    """Reminded, escalated, ignored as not_answered; each once and not before its time; the clock is the actor."""
    await server.import_(at_main(ladder(**LADDER)))
    order_id = await place(server)
    found = await told(server, order_id, "order.ignored")
    assert [event["type"] for event in found] == ["order.created", *STEPS]
    assert [event["actor"] for event in found[1:]] == ["deadline"] * 3
    assert [event["order_sequence"] for event in found] == [1, 2, 3, 4]
    order = (await hub_get(server, f"/orders/{order_id}"))["chain"]["order"]
    held_in_order(order, found, dict(zip(STEPS, (1, 2, 3), strict=True)))
    assert [event["data"]["status"] for event in found] == ["PENDING", "PENDING", "PENDING", "IGNORE"]
    assert (order["status"], order["open"], order["refusal"]["reason"]) == ("IGNORE", False, "not_answered")
    assert (order["refusal"]["by"], order["refusal"]["at"]) == ("deadline", found[-1]["time"])
    assert await steps_left(server) == []
    late = await post(server, f"/orders/{order_id}/accept", {})
    assert (late.status_code, late.json()["message"]) == (400, "Status is not allowed")


async def test_a_clock_that_was_set_refuses_nothing_at_once(server: Server, monkeypatch: pytest.MonkeyPatch):
    """What became due by that is reminded of; it is refused only after people have had the time to answer."""
    monkeypatch.setattr(limits, "DEADLINE_RESPITE_S", 8.0)
    await server.import_(at_main(ladder(remind=300, ignore=900)))
    order_id = await place(server)
    true_time, true_ns = time.time, time.time_ns
    monkeypatch.setattr(time, "time", lambda: true_time() + 1_000)
    monkeypatch.setattr(time, "time_ns", lambda: true_ns() + 1_000 * 1_000_000_000)
    await told(server, order_id, "order.reminded")
    await asyncio.sleep(1)
    assert (await hub_get(server, f"/orders/{order_id}"))["chain"]["order"]["status"] == "PENDING"
    await told(server, order_id, "order.ignored")


async def test_many_orders_at_once_are_each_reminded_and_ignored_once(server: Server):
    """The time is each order's own."""
    await server.import_(at_main(ladder(remind=1, ignore=2)))
    ids = await asyncio.gather(*(place(server) for _ in range(40)))
    for order_id in ids:
        found = await told(server, order_id, "order.ignored")
        order = (await hub_get(server, f"/orders/{order_id}"))["chain"]["order"]
        held_in_order(order, found, {"order.reminded": 1, "order.ignored": 2})


@pytest.mark.parametrize(
    ("policy", "flag", "tickets"), [("as_ordered", False, 0), ("as_ordered", True, 1), ("always", False, 1)]
)
async def test_a_clock_that_accepts_opens_the_receipt_and_sends_as_the_venue_says(
    server: Server, policy, flag, tickets
):
    """Receipt with its daily number; tickets by the order's flag or the venue's policy, as when a person accepts."""
    await server.import_(at_main(ladder(accept=1), send_on_accept=policy))
    order_id = await place(server, auto_order_sent_to_station=flag)
    found = await told(server, order_id, "ticket.created" if tickets else "receipt.opened")
    assert [event["type"] for event in found][:3] == ["order.created", "order.received", "receipt.opened"]
    chain = (await hub_get(server, f"/orders/{order_id}"))["chain"]
    held_in_order(chain["order"], found, {"order.received": 1})
    assert (chain["order"]["status"], chain["order"]["accepted_by"]) == ("RECEIVED", "deadline")
    assert (chain["receipt"]["status"], chain["receipt"]["order_number"]) == (1, "001")
    assert len(chain["tickets"]) == tickets
    assert {ticket["order_number"] for ticket in chain["tickets"]} <= {"001"}


async def test_a_clock_accepts_by_no_terminal_that_is_out_of_use(server: Server):
    """The venue's default till was retired: nobody's terminal stands on the order and its receipt (contract 14.1.9)."""
    retired = {"terminals": [{"id": 1, "name": "Till", "venue_id": 1, "active": False}]}
    await server.import_({**at_main(ladder(accept=1), default_terminal_id=1), **retired})
    order_id = await place(server)
    await told(server, order_id, "receipt.opened")
    chain = (await hub_get(server, f"/orders/{order_id}", await manager(server)))["chain"]
    assert (chain["order"]["terminal_id"], chain["receipt"]["terminal_id"]) == (None, None)


async def test_an_answered_order_has_no_further_step(server: Server):
    """Accepted at once, by a person, after the first step, refused, withdrawn: the ladder ends there."""
    # The last step leaves a slow machine the time to answer; the first may come before an answer, and none after it.
    await server.import_(at_main(ladder(remind=1, escalate=2, ignore=8)))
    automatic = await place(server, auto_order_accept=True)
    accepted = await place(server)
    await did(server, f"/orders/{accepted}/accept", {})
    refused = await place(server)
    await did(server, f"/orders/{refused}/refuse", {"reason": "too_busy"})
    withdrawn = await place(server)
    await server.ignore(withdrawn)
    reminded = await place(server)
    await told(server, reminded, "order.reminded")
    await did(server, f"/orders/{reminded}/accept", {})
    assert await steps_left(server) == []
    await told(server, await place(server), "order.ignored")
    for order_id, answer in (
        (automatic, "order.received"),
        (accepted, "order.received"),
        (refused, "order.ignored"),
        (withdrawn, "order.ignored"),
        (reminded, "order.received"),
    ):
        types = [event["type"] for event in await events(server, order_id)]
        assert not set(types[types.index(answer) + 1 :]) & set(STEPS), types
    reasons = [
        (await hub_get(server, f"/orders/{order_id}"))["chain"]["order"]["refusal"]["reason"]
        for order_id in (refused, withdrawn)
    ]
    assert reasons == ["too_busy", "withdrawn"]


async def test_a_person_and_the_clock_at_the_same_instant_do_one_thing(server: Server):
    """Accepted with a receipt, or ignored without one; whoever comes second is told so."""
    await server.import_(at_main(ladder(ignore=1)))

    async def accept_at(seconds: float) -> tuple[int, int]:
        order_id = await place(server)
        await asyncio.sleep(seconds)
        return order_id, (await post(server, f"/orders/{order_id}/accept", {})).status_code

    for order_id, status in await asyncio.gather(*(accept_at(0.9 + n * 0.03) for n in range(14))):
        types = [event["type"] for event in await events(server, order_id)]
        expected = ["order.received", "receipt.opened"] if status == 200 else ["order.ignored"]
        assert types == ["order.created", *expected]
        assert (await server.get(f"/receipts/{order_id}")).status_code == (200 if status == 200 else 404)


async def test_a_ladder_is_for_its_sale_types_and_its_venue(server: Server):
    """The first that fits counts; other sale types and venues have none."""
    ladders = ladder(sale_types=(1,), escalate=1, ignore=3600), ladder(sale_types=(1, 2), remind=1, ignore=3600)
    await server.import_(at_main(*ladders))
    inside, delivery, takeaway = [await place(server, sale_type_id=sale_type) for sale_type in (1, 2, 3)]
    elsewhere = await place(server, venue_id=2)
    assert {order_id for order_id, _, _ in await steps_left(server)} == {inside, delivery}
    await told(server, inside, "order.escalated")
    await told(server, delivery, "order.reminded")
    await asyncio.sleep(0.5)
    assert [event["type"] for event in await events(server, inside)] == ["order.created", "order.escalated"]
    assert [event["type"] for event in await events(server, delivery)] == ["order.created", "order.reminded"]
    assert [event["type"] for event in await events(server, takeaway)] == ["order.created"]
    assert [event["type"] for event in await events(server, elsewhere, venue=2)] == ["order.created"]


async def test_there_is_no_deadline_unless_one_is_set(server: Server):
    """Off by default: no step is stored, nothing is told."""
    order_id = await place(server)
    assert await steps_left(server) == []
    await asyncio.sleep(1)
    assert [event["type"] for event in await events(server, order_id)] == ["order.created"]


async def test_an_order_keeps_the_ladder_it_was_stored_under(server: Server):
    """Steps are rows: taken out of the catalogue, or changed, they still hold for the orders that have them."""
    await server.import_(at_main(ladder(remind=1, ignore=2)))
    before = await place(server)
    await server.import_(at_main(ladder(remind=3600)))
    after = await place(server)
    found = await told(server, before, "order.ignored")
    assert [event["type"] for event in found] == ["order.created", "order.reminded", "order.ignored"]
    assert [left[0] for left in await steps_left(server)] == [after]


@pytest.fixture
def never_swept(monkeypatch):
    """Brands without a ladder are looked at when the server starts, and then not again."""
    monkeypatch.setattr(limits, "DEADLINE_SWEEP_S", 10**6)


async def test_the_last_ladder_of_a_brand_may_be_taken_out_while_orders_stand_on_it(never_swept, server: Server):
    """They are watched until their steps are done, not only when all brands are looked at now and then."""
    await server.import_(at_main(ladder(remind=1, ignore=10)))
    order_id = await place(server)
    # What a ladder leaves behind is watched once it was seen.
    await told(server, order_id, "order.reminded")
    await server.import_(at_main())
    found = await told(server, order_id, "order.ignored")
    assert [event["type"] for event in found] == ["order.created", "order.reminded", "order.ignored"]


async def test_what_staff_must_map_first_is_never_accepted_by_a_clock(server: Server):
    """It escalates instead, and stays PENDING with its flag."""
    await server.import_(at_main(ladder(remind=1, accept=2), unknown_item_policy="quarantine"))
    line = {**MINIMAL["products"][0], "product_id": 4711, "product_name": "Mystery"}
    order_id = await place(server, products=[line])
    found = await told(server, order_id, "order.escalated")
    order = (await hub_get(server, f"/orders/{order_id}"))["chain"]["order"]
    held_in_order(order, found, {"order.reminded": 1, "order.escalated": 2})
    assert (order["status"], order["needs_attention"]) == ("PENDING", True)
    assert (await server.get(f"/receipts/{order_id}")).status_code == 404
    assert await steps_left(server) == []


async def test_what_an_unanswered_order_held_is_given_back(server: Server):
    """The stop list has it again, and says so; the next order gets it."""
    await server.import_(
        {**at_main(ladder(ignore=15)), "stop_list": [{"venue_id": 1, "product_id": 101, "quantity": 2}]}
    )
    order_id = await place(server, DOCUMENTED, auto_order_accept=False)
    none_left = await server.create(MINIMAL)
    assert none_left.json()["details"][0]["code"] == "stop_listed"
    await told(server, order_id, "order.ignored")
    found = [event for event in await events(server) if event["type"] == "stop_list.changed"]
    assert [event["data"]["quantity"] for event in found[-2:]] == [0, 2]
    assert found[-1]["actor"] == "deadline"
    assert (await server.create(MINIMAL)).status_code == 201


async def test_two_hubs_on_one_store_take_each_step_once(server: Server):
    """Both look four times a second; who deletes the step's row carries it out."""
    await server.import_(at_main(ladder(**LADDER)))
    async with open_hub(replace(server.hub.settings, metrics_port=0)):
        ids = await asyncio.gather(*(place(server) for _ in range(12)))
        for order_id in ids:
            found = await told(server, order_id, "order.ignored")
            assert [event["type"] for event in found] == ["order.created", *STEPS]
            order = (await hub_get(server, f"/orders/{order_id}"))["chain"]["order"]
            held_in_order(order, found, dict(zip(STEPS, (1, 2, 3), strict=True)))


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_killed_process_takes_no_timer_with_it(kind, request, tmp_path, start_comanda):
    """What fell due while nobody ran is done once at the start, what comes later not before its time."""
    settings = Settings(data_dir=tmp_path / "data", demo=True)
    words = ["serve", "--demo", "--log-level", "error", "--data-dir", str(settings.data_dir)]
    if kind == "postgresql":
        settings = replace(settings, database_url=await asyncio.to_thread(fresh_database, request))
        words += ["--database-url", str(settings.database_url)]
    async with open_store(settings) as store:
        await make_demo(store)
        document = at_main(ladder(remind=1, escalate=4, ignore=15))
        await administration.import_document(store, demo.BRAND, parse_document(document))
    environment = {"COMANDA_RATE_CALLS": "1000000"}
    first = await asyncio.to_thread(lambda: start_comanda(*words, environment=environment))
    async with httpx.AsyncClient(base_url=first.url, timeout=40) as http:
        server = Server(None, http, await sign_in(http))
        order_id = await place(server)
        await told(server, order_id, "order.reminded")
        first.popen.kill()
        first.popen.wait()
    await asyncio.sleep(3)
    second = await asyncio.to_thread(lambda: start_comanda(*words, environment=environment))
    async with httpx.AsyncClient(base_url=second.url, timeout=40) as http:
        server = Server(None, http, await sign_in(http))
        found = await told(server, order_id, "order.ignored")
        assert [event["type"] for event in found] == ["order.created", *STEPS]
        order = (await hub_get(server, f"/orders/{order_id}"))["chain"]["order"]
        held_in_order(order, found, dict(zip(STEPS, (1, 4, 15), strict=True)))
