"""``GET /hub/v1/events`` over a real socket, on both stores: pages, types, the low-water mark, waiting."""

import asyncio
import time

import pytest
from tests.conftest import Server
from tests.events.logs import MINIMAL, until, write

from comanda import administration, demo
from comanda.base.clock import now_micros
from comanda.events.types import EVENT_TYPES

pytestmark = pytest.mark.anyio


async def events(server: Server, query: str = "", status: int = 200, **headers: str) -> dict:
    """The answer to a question for events."""
    answer = await server.http.get(f"/hub/v1/events{query}", headers=headers or server.headers)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_orders_make_events_that_can_be_read_page_by_page(server: Server):
    """The whole wire form, the envelope, and a walk by next_after through the log of the caller's venue."""
    for _ in range(5):
        await server.create(MINIMAL)
    body = await events(server)
    assert body.keys() == {"success", "data", "next_after", "last", "time", "timestamp", "unix"}
    first = next(event for event in body["data"] if event["type"] == "order.created")
    assert list(first) == [
        "venue_id", "number", "type", "version", "time", "order_id", "order_sequence", "actor", "data",
    ]  # fmt: skip
    assert (first["venue_id"], first["version"]) == (1, 1)
    assert (first["actor"], first["order_sequence"]) == ("client:demo-client", 1)
    assert first["data"]["id"] == first["order_id"]
    after, walked = 0, []
    while after < body["last"]:
        page = await events(server, f"?venue=1&after={after}&limit=2")
        walked += page["data"]
        after = page["next_after"]
    assert walked == body["data"]
    assert [event["number"] for event in walked] == list(range(1, body["last"] + 1))
    assert (await events(server, f"?after={after}"))["data"] == []


async def test_types_are_filtered_and_passed_over(server: Server):
    """next_after moves on past what was not asked for."""
    for kind in ("order.created", "ticket.ready", "order.created", "receipt.closed", "order.seen"):
        await write(server.hub, 2, type=kind)
    body = await events(server, "?venue=2&types=ticket.ready,receipt.closed")
    assert ([event["number"] for event in body["data"]], body["next_after"], body["last"]) == ([2, 4], 5, 5)
    body = await events(server, "?venue=2&types=order.created&limit=1")
    assert ([event["number"] for event in body["data"]], body["next_after"]) == ([1], 1)
    body = await events(server, "?venue=2&types=print.settled&after=2")
    assert (body["data"], body["next_after"]) == ([], 5)


@pytest.mark.parametrize(
    "query",
    [
        "types=order.made",
        "limit=0",
        "limit=501",
        "after=-1",
        "after=x",
        "wait=31",
        "venue=x",
        "after=99999999999999999",
    ],
)
async def test_a_wrong_parameter_is_a_400(server: Server, query):
    """invalid_parameter, saying what is allowed."""
    body = await events(server, f"?{query}", 400)
    assert body["error"] == "invalid_parameter"
    if query.startswith("types"):
        assert all(name in body["message"] for name in EVENT_TYPES)


async def test_below_the_low_water_mark_is_a_410(server: Server):
    """And so is a number that the log has never given out."""
    await write(server.hub, 1, 10)
    await server.hub.store.purge_events("demo", 1, now_micros() + 1, 4)
    for after in (0, 3, 11):
        body = await events(server, f"?after={after}", 410)
        assert (body["error"], body["last"]) == ("events_expired", 10)
    body = await events(server, "?after=4")
    assert [event["number"] for event in body["data"]] == [5, 6, 7, 8, 9, 10]


async def test_a_waiting_read_answers_as_soon_as_there_is_something(server: Server):
    """By the feed; what is not of the wanted types does not wake it."""
    await write(server.hub, 1, 3)
    began = time.monotonic()
    asking = asyncio.create_task(events(server, "?after=3&wait=30&types=receipt.opened"))
    await until(lambda: server.hub.feed.viewers == 1)
    await write(server.hub, 1, 2)
    await asyncio.sleep(0.3)
    assert not asking.done()
    await write(server.hub, 1, 1, type="receipt.opened")
    body = await asking
    assert ([event["number"] for event in body["data"]], body["next_after"], body["last"]) == ([6], 6, 6)
    assert time.monotonic() - began < 20
    assert server.hub.feed.viewers == 0


async def test_a_waiting_read_is_refused_when_its_caller_is_no_longer_let_in(server: Server):
    """What happens after a client was disabled is not for it, however long ago it asked."""
    headers = await server.client("short-lived")
    asking = asyncio.create_task(server.http.get("/hub/v1/events?venue=1&after=0&wait=30", headers=headers))
    await until(lambda: server.hub.feed.viewers == 1)
    await administration.set_enabled(
        server.hub.store, "clients", {"brand_id": "demo", "client_id": "short-lived"}, enabled=False
    )
    await server.hub.known.refresh()
    await write(server.hub, 1)
    answer = await asking
    assert (answer.status_code, answer.json()["error"]) == (401, "Client is disabled")


async def test_a_wait_without_events_ends_empty_in_its_time(server: Server):
    """Even while others go by."""
    asking = asyncio.create_task(events(server, "?wait=5&types=receipt.opened"))
    await until(lambda: server.hub.feed.viewers == 1)
    await write(server.hub, 1, 2)
    body = await asking
    assert (body["data"], body["next_after"], body["last"]) == ([], 2, 2)


async def test_a_wait_ends_at_once_when_the_server_winds_down(server: Server):
    """Empty, to be asked again."""
    asking = asyncio.create_task(events(server, "?wait=30"))
    await until(lambda: server.hub.feed.viewers == 1)
    server.hub.feed.drain()
    async with asyncio.timeout(20):
        assert (await asking)["data"] == []


async def test_venues_not_to_be_seen_do_not_exist(server: Server):
    """Of another brand, beyond the client's venues, or none at all: 404 each; no scope: 403."""
    store = server.hub.store
    await administration.add_brand(store, "other", name="Other", currency="AZN", region="AZ", is_test=True)
    other = await server.client("other-client", brand="other")
    await write(server.hub, 1, 3)
    for venue in (1, 2):
        body = await events(server, f"?venue={venue}", 404, **other)
        assert (body["error"], body["message"]) == ("resource_not_found", "Venue not found")
    assert (await events(server, "?venue=0", **other))["data"] == []
    limited = await server.client("limited", venues=(2,))
    assert (await events(server, "", **limited))["last"] == 0
    for venue in (1, 77):
        await events(server, f"?venue={venue}", 404, **limited)
    await events(server, "?venue=77", 404)
    deaf = await server.client("deaf", scopes=("orders:read", "orders:write"))
    assert (await events(server, "", 403, **deaf))["error"] == "forbidden"


async def test_a_device_reads_its_own_venue(server: Server):
    """With its token, and no other."""
    await write(server.hub, 1, 1)
    headers = {"authorization": f"Bearer {demo.TERMINAL_TOKEN}"}
    assert len((await events(server, "", **headers))["data"]) == 1
    await events(server, "?venue=2", 404, **headers)


async def test_what_the_brand_itself_does_is_venue_nought(server: Server):
    """Catalogue changes count there."""
    before = (await events(server, "?venue=0"))["last"]
    await server.import_({"products": [{"id": 101, "name": "Pizza", "price": 9}]})
    body = await events(server, f"?venue=0&after={before}")
    assert {event["venue_id"] for event in body["data"]} == {0}
    assert {event["type"] for event in body["data"]} <= set(EVENT_TYPES)
    assert body["data"]
