"""``GET /hub/v1/orders`` on both stores: orders as screens show them, by id, by a text, and those that are done."""

import re

import pytest
from tests.conftest import Server
from tests.http.chain import DOCUMENTED, KITCHEN, MINIMAL, TILL, did, hub_get, manager, payment, place
from tests.http.documented import ask
from tests.http.test_create_order import changed, line
from tests.http.test_customers import explain
from tests.http.test_quotes import MAIN, staff

from comanda import demo
from comanda.base import limits
from comanda.store import order_summaries
from comanda.store.transaction import POSTGRESQL, SQLITE, Query, SelectMany, Statement

pytestmark = pytest.mark.anyio
PATH = "/hub/v1/orders"


def guest(name: str, phone: str) -> dict:
    """Somebody who is no customer."""
    return {"customer": {"id": 0, "name": name, "phone": phone, "address": None}}


async def shown(server: Server, query: str, headers=TILL, status: int = 200):
    """Summaries, which are as documented."""
    answer = await ask(server, "GET", f"{PATH}?{query}", headers, status)
    return answer["data"] if status == 200 else answer


async def ids(server: Server, query: str, headers=TILL) -> list[int]:
    """The ids of summaries in their order."""
    return [order["id"] for order in await shown(server, query, headers)]


async def search(server: Server, text: str, headers=TILL, **more) -> list[int]:
    """The ids that a text finds."""
    answer = await server.http.get(PATH, params={"search": text, **more}, headers=headers)
    assert answer.status_code == 200, answer.text
    return [order["id"] for order in answer.json()["data"]]


async def test_a_summary_is_the_card_with_whom_what_and_by_when(server: Server):
    """The documented order to the last key: what an event tells, and what none may."""
    order_id = await place(server, DOCUMENTED)
    (found,) = await shown(server, f"ids={order_id}")
    whole = await hub_get(server, f"/orders/{order_id}")
    assert {name: found[name] for name in whole["chain"]["order"]} == whole["chain"]["order"]
    assert found["receipt"] == whole["chain"]["receipt"]
    assert found["customer"] == {
        "id": 9, "name": "Test Customer", "phone": "+994501234567", "address": "123 Main St",
    }  # fmt: skip
    assert found["comment"] == "Leave at the door"
    assert found["channel"] == {"id": demo.CLIENT_ID, "name": server.hub.known.present.clients[
        demo.BRAND, demo.CLIENT_ID].name}  # fmt: skip
    assert found["sale_type"] == {"id": 2, "name": "Delivery", "system_type": "DELIVERY"}
    assert found["lines"] == [
        {
            "line": 0, "product_id": 101, "name": "Pizza", "count": 2, "price": 8.5, "portion_size": 1,
            "note": "No onions", "unknown": False, "subtotal": 18, "total": 16.2,
            "modifiers": [
                {"modifier_id": 501, "name": "Extra Cheese", "count": 1, "price": 0.5, "unknown": False}
            ],
        }
    ]  # fmt: skip
    assert found["deadlines"] == []


async def test_deadlines_and_unknown_modifiers_are_told(server: Server):
    """What is due and when; which modifier only a reader can make sense of."""
    steps = [{"after_s": 600, "action": "remind"}, {"after_s": 900, "action": "ignore"}]
    venue = {**MAIN, "unknown_modifier_policy": "keep_as_note", "accept_deadlines": [{"steps": steps}]}
    await server.import_({"venues": [venue]})
    chosen = [
        {"modifier_id": 501, "modifier_name": "Extra Cheese", "count": 1, "price": 0.5},
        {"modifier_id": 77, "modifier_name": "Sauce", "count": 2, "price": 0},
    ]
    order_id = await place(server, changed(MINIMAL, products=[line(), line(modifiers=chosen)]))
    (found,) = await shown(server, f"ids={order_id}")
    assert [[m["unknown"] for m in item["modifiers"]] for item in found["lines"]] == [[], [False, True]]
    assert found["lines"][1]["note"] == "2 x Sauce"
    ticket = (await did(server, f"/orders/{order_id}/accept", {"send_to_station": True}))["tickets"][0]
    told = [(item["note"], [m["name"] for m in item["modifiers"]]) for item in ticket["lines"]]
    assert told == [(None, []), ("2 x Sauce", ["Extra Cheese"])]
    at_once = await place(
        server,
        changed(MINIMAL, products=[line(modifiers=chosen)], auto_order_accept=True, auto_order_sent_to_station=True),
    )
    (sent,) = (await hub_get(server, f"/orders/{at_once}"))["chain"]["tickets"]
    assert (sent["lines"][0]["note"], [m["name"] for m in sent["lines"][0]["modifiers"]]) == told[1]
    assert [(step["step"], step["action"]) for step in found["deadlines"]] == [(0, "remind"), (1, "ignore")]
    assert found["deadlines"][0]["due_at"] < found["deadlines"][1]["due_at"]


def queries_of(transaction) -> list[Query]:
    """What a reading asks of a store that has nothing."""
    asked: list[Query] = []
    try:
        query = next(transaction)
        while True:
            asked.append(query)
            query = transaction.send([])
    except StopIteration:
        return asked


async def test_many_orders_take_no_more_statements_than_one(server: Server, monkeypatch: pytest.MonkeyPatch):
    """A table is asked once, however many orders are wanted."""
    found = [await place(server, changed(MINIMAL, comment=str(number))) for number in range(30)]
    asked: list[str] = []
    store = server.hub.store
    read = store.read

    async def counted(build):
        def noted():
            transaction = build()
            rows = None
            while True:
                try:
                    query = transaction.send(rows)
                except StopIteration as done:
                    return done.value
                asked.extend(["asked"] * isinstance(query.statement, SelectMany))
                rows = yield query

        return await read(noted)

    monkeypatch.setattr(store, "read", counted)
    assert await ids(server, f"ids={found[0]}") == found[:1]
    one_takes = len(asked)
    assert await ids(server, f"ids={','.join(map(str, found))}") == found[::-1]
    assert (one_takes, len(asked)) == (3, 6)


SEARCHES = {
    "a number": lambda: order_summaries.find_named_orders(demo.BRAND, 1, "77", 20),
    "a phone": lambda: order_summaries.find_phoned_orders(demo.BRAND, 1, "+994507654321", ["4321"], 20),
    "a name": lambda: order_summaries.look_through(demo.BRAND, 1, (5, 6)),
    "done": lambda: order_summaries.read_done(demo.BRAND, 1, 30),
    "past orders": lambda: order_summaries.read_customers_orders(demo.BRAND, 9, {1, 2}, 5),
    "how many": lambda: order_summaries.count_orders(demo.BRAND, [9, 21]),
}


@pytest.mark.parametrize("name", SEARCHES)
async def test_no_search_looks_through_all_orders(server: Server, name: str):
    """Each statement begins with an index of the brand and what is looked for, or of its venue's newest orders."""
    for query in queries_of(SEARCHES[name]()):
        assert isinstance(query.statement, Statement)
        if server.hub.store.name == "sqlite":
            compiled = query.statement.compiled(SQLITE)
            plan = await explain(server, f"EXPLAIN QUERY PLAN {compiled.sql}", compiled.bind({}))
            steps = [row[3].replace("COVERING ", "") for row in plan]
            (first,) = [step for step in steps if step.startswith("SEARCH")]
            assert re.match(r"SEARCH (orders|receipts) USING INDEX \S+ \(brand_id=\? AND \w+=\?", first)
            assert "SCAN" not in " ".join(steps).replace("SCAN anon_1", "")
        else:
            compiled = query.statement.compiled(POSTGRESQL)
            plan = await explain(server, f"EXPLAIN {compiled.sql}", compiled.bind({}))
            assert "Seq Scan" not in " ".join(row[0] for row in plan)


async def test_ids_are_those_of_the_venue(server: Server):
    """Another venue's orders, unknown ids and repeats are left out; of more than 200 none is answered."""
    here, there = await place(server), await place(server, changed(MINIMAL, venue_id=2))
    assert await ids(server, f"ids={here},{there},{here},999999,{limits.MAX_ID}") == [here]
    boss = await manager(server)
    assert await ids(server, f"venue=2&ids={here},{there}", boss) == [there]
    for wrong in (
        "ids=x",
        "ids=1,,2",
        "ids=" + ",".join(["1"] * 201),
        "ids=1&done=1",
        "",
        "done=2",
        "search=" + "x" * 101,
    ):
        assert (await shown(server, f"venue=1&{wrong}", boss, 400))["error"] == "invalid_parameter"
    assert (await shown(server, "ids=1", boss, 400))["details"][0]["field"] == "venue"
    for venue in (3, 0):
        assert (await shown(server, f"venue={venue}&ids=1", boss, 404))["error"] == "resource_not_found"


async def test_done_orders_come_newest_first(server: Server):
    """Ignored ones, and those that are paid and handed over; none that still belongs on the board."""
    made = [await place(server) for _ in range(4)]
    await server.ignore(made[0])
    await did(server, f"/orders/{made[2]}/accept")
    await did(server, f"/receipts/{made[2]}/close", payment(17))
    await did(server, f"/orders/{made[2]}/hand-over")
    await did(server, f"/orders/{made[3]}/accept")
    assert await ids(server, "done=1&limit=30") == [made[2], made[0]]
    assert await ids(server, "done=1&limit=1") == [made[2]]


async def test_a_search_finds_numbers_and_ids(server: Server):
    """The order's id, its number, its receipt's number of the day, the caller's own id: the whole of it, here only."""
    first = await place(server, changed(MINIMAL, order_number="A-17", integration_id="Wolt/55"))
    await place(server, changed(MINIMAL, venue_id=2, order_number="A-17"))
    second = await place(server)
    accepted = await did(server, f"/orders/{second}/accept")
    assert await search(server, "A-17") == await search(server, " A-17 ") == await search(server, "Wolt/55") == [first]
    assert await search(server, accepted["receipt"]["order_number"]) == [second]
    assert second in await search(server, str(second))
    assert await search(server, "A-1") == await search(server, "999999") == []


async def test_a_search_finds_phones_in_any_spelling(server: Server):
    """The whole number, national or international, and its end from four digits on; newest first."""
    made = [await place(server, **guest("G", phone)) for phone in ("+994507654321", "050 765 43 21", "+994507650000")]
    for text in ("+994507654321", "050-765-43-21", "(050) 765 43 21", "7654321", "765 43 21", "4321", "50 765 43 21"):
        assert await search(server, text) == [made[1], made[0]], text
    assert await search(server, "0000") == [made[2]]
    assert await search(server, "321") == []
    assert await search(server, "4321", limit=1) == [made[1]]


async def test_a_search_finds_names_among_the_newest(server: Server, monkeypatch: pytest.MonkeyPatch):
    """A part of a name in any script's case; as far back as searches look, and not beyond."""
    made = [await place(server, **guest(name, "+994507654321")) for name in ("İlqar Məmmədov", "Ilgar", "Мурад", "%_")]
    assert await search(server, "ilqar") == await search(server, "MƏMMƏD") == [made[0]]
    assert await search(server, "мур") == [made[2]]
    assert await search(server, "il") == [made[1], made[0]]
    assert await search(server, "test") == []
    monkeypatch.setattr(limits, "DECODED_AT_ONCE", 1)
    monkeypatch.setattr(limits, "SEARCHED_ORDERS", 2)
    assert await search(server, "мур") == [made[2]]
    assert await search(server, "il") == []


async def test_who_may_see_orders(server: Server):
    """People of every role and devices, in their venues; integrators have their own lists, the kitchen no search."""
    order_id = await place(server)
    there = await place(server, changed(MINIMAL, venue_id=2), **guest("Elsewhere", "+994507654321"))
    for headers in (KITCHEN, await staff(server, "cook", (1,))):
        assert await ids(server, f"ids={order_id},{there}", headers) == [order_id]
        for query in ("search=test", "done=1", "venue=2&done=1"):
            assert (await shown(server, query, headers, 403))["error"] == "forbidden"
    for headers in (TILL, await staff(server, "cashier", (1,))):
        for query in (f"ids={order_id},{there}", "search=test"):
            assert await ids(server, query, headers) == [order_id]
        assert await search(server, "Elsewhere", headers) == []
        assert (await shown(server, "venue=2&done=1", headers, 404))["error"] == "resource_not_found"
    assert (await shown(server, f"venue=1&ids={order_id}", server.headers, 403))["error"] == "forbidden"
    assert (await shown(server, "venue=1&done=1", {}, 401))["error"] == "unauthorized"
