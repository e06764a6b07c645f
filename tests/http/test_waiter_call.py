"""Tables that call, over HTTP on both stores: an event at their venue, once under a key (contract 9.20, 14.2)."""

import asyncio
import json

import pytest
from tests.conftest import Server
from tests.http.chain import TILL, place
from tests.http.documented import ask

from comanda import demo

pytestmark = pytest.mark.anyio
PATH = "/open-api/v2/waiter-call"
TABLES = [
    {"id": 51, "name": "By the window", "venue_id": 1},
    {"id": 52, "name": "Terrace", "venue_id": 2},
    {"id": 53, "name": "Cellar", "venue_id": 1, "active": False},
]


async def furnish(server: Server) -> None:
    """Three tables; venue 1 takes cash as 1 and cards as 2, venue 2 takes cards only."""
    await server.import_({"tables": TABLES})
    venues = (await server.hub.store.whole_catalogue(demo.BRAND)).venues
    methods = {1: {"cash_method_id": 1, "card_method_id": 2}, 2: {"cash_method_id": None, "card_method_id": 2}}
    plain = [{"id": venue.id, "name": venue.name, "is_main": venue.is_main, **methods[venue.id]} for venue in venues]
    await server.import_({"venues": plain})


async def call(server: Server, body, status: int = 200, headers=None, **more: str):
    """Call; the answer is held to the document."""
    return await ask(server, "POST", PATH, {**(headers or server.headers), **more}, status, json=body)


async def calls(server: Server, venue: int = 1) -> list[dict]:
    """The calls in a venue's log."""
    body = await ask(server, "GET", f"/hub/v1/events?venue={venue}&limit=500&types=waiter.called")
    return body["data"]


async def test_a_call_is_an_event_at_the_tables_venue(server: Server):
    """What the table, what for and by whom; no order, and no part of a board."""
    await furnish(server)
    await place(server)
    board = await ask(server, "GET", "/hub/v1/venues/1/board")
    answer = await call(server, {"table_id": 51, "type": "PAY", "payment_method": 2, "mood": "in a hurry"})
    data = {"venue_id": 1, "table_id": 51, "table": "By the window", "type": "PAY", "payment_method": 2}
    assert answer.keys() == {"success", "data", "time", "timestamp", "unix"}
    assert (answer["success"], answer["data"]) == (True, data)
    (event,) = await calls(server)
    after = await ask(server, "GET", "/hub/v1/venues/1/board")
    assert event == {
        "venue_id": 1,
        "number": board["data"]["number"] + 1,
        "type": "waiter.called",
        "version": 1,
        "time": event["time"],
        "order_id": None,
        "order_sequence": None,
        "actor": f"client:{demo.CLIENT_ID}",
        "data": data,
    }
    assert after["data"] == {**board["data"], "number": event["number"]}
    assert (await call(server, {"table_id": 52, "type": "WAITER"}))["data"]["venue_id"] == 2
    assert [event["data"]["type"] for event in await calls(server, 2)] == ["WAITER"]
    assert len(await calls(server)) == 1


async def test_a_call_reaches_a_till_that_watches(server: Server):
    """By its stream, as it happens."""
    await furnish(server)
    url = "/hub/v1/stream?venues=1"
    async with server.http.stream("GET", url, headers=TILL) as stream, asyncio.timeout(20):
        lines = stream.aiter_lines()
        async for line in lines:
            if line == "event: hello":
                break
        await call(server, {"table_id": 51, "type": "WAITER", "payment_method": None})
        async for line in lines:
            if line.startswith("data: ") and "waiter.called" in line:
                break
    assert json.loads(line.removeprefix("data: "))["data"]["table_id"] == 51


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        ({}, [("table_id", "required"), ("type", "required")]),
        ({"table_id": 51, "type": "BILL"}, [("type", "not_allowed")]),
        ({"table_id": "51", "type": "WAITER"}, [("table_id", "wrong_type")]),
        ({"table_id": 99, "type": "WAITER"}, [("table_id", "unknown_table")]),
        ({"table_id": 53, "type": "WAITER"}, [("table_id", "unknown_table")]),
        ({"table_id": 51, "type": "PAY"}, [("payment_method", "required")]),
        ({"table_id": 51, "type": "PAY", "payment_method": None}, [("payment_method", "required")]),
        ({"table_id": 51, "type": "PAY", "payment_method": 3}, [("payment_method", "unknown_payment_method")]),
        ({"table_id": 52, "type": "PAY", "payment_method": 1}, [("payment_method", "unknown_payment_method")]),
        ({"table_id": 51, "type": "WAITER", "payment_method": 1}, [("payment_method", "not_allowed")]),
        ({"table_id": 99, "type": "PAY"}, [("table_id", "unknown_table"), ("payment_method", "required")]),
    ],
)
async def test_a_wrong_call_is_refused_and_told_to_nobody(server: Server, body, problems):
    """400 with ``success`` false, as documented, and every reason in our envelope."""
    await furnish(server)
    refusal = await call(server, body, 400)
    assert (refusal["success"], refusal["error"]) == (False, "validation_failed")
    assert [(problem["field"], problem["code"]) for problem in refusal["details"]] == problems
    assert (await calls(server), await calls(server, 2)) == ([], [])


async def test_a_client_calls_for_tables_of_its_venues(server: Server):
    """Beyond them there is no such table; nor at another venue than ``x-venue``."""
    await furnish(server)
    seaside = await server.client("seaside", venue_id=2, venues=(2,))
    waiter = {"type": "WAITER"}
    refused = await call(server, {"table_id": 51, **waiter}, 400, seaside)
    assert refused["details"][0]["code"] == "unknown_table"
    await call(server, {"table_id": 52, **waiter}, 200, seaside)
    await call(server, {"table_id": 52, **waiter}, 400, **{"x-venue": "1"})
    await call(server, {"table_id": 51, **waiter}, 200, **{"x-venue": "1"})
    assert (await call(server, {"table_id": 51, **waiter}, 400, **{"x-venue": "77"}))["error"] == "invalid_parameter"
    other = await server.client("other", scopes=("orders:write", "customers:write"))
    assert (await call(server, {"table_id": 51, **waiter}, 403, other))["error"] == "forbidden"
    assert (len(await calls(server)), len(await calls(server, 2))) == (1, 1)


async def test_a_repeat_under_a_key_tells_nothing_again(server: Server):
    """Without a key two calls are two events: guests call twice."""
    await furnish(server)
    body, headers = {"table_id": 51, "type": "WAITER"}, {**server.headers, "idempotency-key": "call-1"}
    await call(server, {"table_id": 99, "type": "WAITER"}, 400, headers)
    answers = await asyncio.gather(*(server.http.post(PATH, json=body, headers=headers) for _ in range(6)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == 5
    assert len({answer.headers["idempotency-expires"] for answer in answers}) == 1
    await call(server, {"table_id": 52, "type": "WAITER"}, 422, headers)
    assert len(await calls(server)) == 1
    await server.import_({"tables": [{"id": 51, "name": "Gone", "venue_id": 1, "active": False}]})
    again = await server.http.post(PATH, json=body, headers=headers)
    assert (again.status_code, again.content) == (200, answers[0].content)
    await call(server, body, 400)
    await server.import_({"tables": [{"id": 51, "name": "Back", "venue_id": 1}]})
    await call(server, body)
    await call(server, body)
    first, *later = [event["number"] for event in await calls(server)]
    assert later == [first + 1, first + 2]
