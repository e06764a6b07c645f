"""Mapping items that nobody knew, on both stores: routed, held and counted as the product; never oversold."""

import asyncio

import pytest
from sqlalchemy import text
from tests.conftest import Server
from tests.http.chain import KITCHEN, MINIMAL, TILL, did, events, hub_get, post
from tests.http.documented import ask
from tests.http.test_create_order import V1, changed, line
from tests.http.test_quotes import BAKLAVA, MAIN, staff

from comanda.store.transaction import Statement, one

pytestmark = pytest.mark.anyio
STRANGE = {"product_id": 999, "product_name": "Grandma's dish", "price": 6.3}


@pytest.fixture
async def quarantine(server: Server) -> Server:
    """A server whose main venue takes orders with unknown items, and has ten pizzas left."""
    await server.import_(
        {
            "venues": [{**MAIN, "default_station_id": 1, "unknown_item_policy": "quarantine"}],
            "stop_list": [{"venue_id": 1, "product_id": 101, "quantity": 10}],
        }
    )
    return server


async def wait_for(server: Server, *lines, **values) -> int:
    """An order with these lines, which waits for staff; its id."""
    answer = await server.create(changed(MINIMAL, products=list(lines), **values))
    assert answer.status_code == 201, answer.text
    assert answer.json()["data"]["payload"]["status"] == "PENDING"
    return int(answer.json()["data"]["id"])


async def mapped(server: Server, order_id: int, number: int, product_id: int, headers=TILL, status=200, **more: str):
    """Map a line; the answer, which is as documented."""
    path = f"/hub/v1/orders/{order_id}/lines/{number}/product"
    return await ask(server, "POST", path, {**headers, **more}, status, json={"product_id": product_id})


async def summary(server: Server, order_id: int) -> dict:
    """The order as screens show it."""
    return (await ask(server, "GET", f"/hub/v1/orders?ids={order_id}", TILL))["data"][0]


async def left(server: Server, product_id: int = 101) -> float:
    """What the main venue has left of a product."""
    rows = await hub_get(server, "/venues/1/stop-list")
    return next(row["quantity"] for row in rows if row["product_id"] == product_id)


async def held(server: Server, order_id: int) -> list[tuple]:
    """What an order holds, in thousandths."""

    def build():
        sql = f"SELECT product_id, quantity_milli FROM stop_list_holds WHERE order_id = {order_id} ORDER BY 1"
        return (yield one(Statement(text(sql))))

    return [tuple(row) for row in await server.hub.store.read(build)]


async def test_a_mapped_item_is_the_product_in_everything_but_price_and_name(quarantine: Server):
    """Station, stop list and receipt are the product's; what was sent is charged and shown as it was sent."""
    server = quarantine
    order_id = await wait_for(server, line(**STRANGE, count=2, note="hot"), line(), auto_order_accept=True)
    before = await summary(server, order_id)
    assert (before["needs_attention"], [item["unknown"] for item in before["lines"]]) == (True, [True, False])
    done = (await mapped(server, order_id, 0, 111))["data"]
    assert (done["changed"], done["order"]["needs_attention"], done["order"]["status"]) == (True, False, "PENDING")
    after = await summary(server, order_id)
    assert after["totals"] == before["totals"]
    first = {**before["lines"][0], "product_id": 111, "unknown": False}
    assert after["lines"] == [first, before["lines"][1]]
    (told,) = [event for event in await events(server, order_id) if event["type"] == "order.changed"]
    assert (told["data"]["needs_attention"], told["actor"]) == (False, "device:1")
    accepted = await did(server, f"/orders/{order_id}/accept", {"send_to_station": True})
    dishes = {(ticket["station_id"], item["name"]) for ticket in accepted["tickets"] for item in ticket["lines"]}
    assert dishes == {(2, "Grandma's dish"), (1, "Pizza")}
    payload = (await server.get(f"/orders/{order_id}")).json()["data"]["payload"]
    assert payload["products"][0]["product_id"] == 111
    assert payload["products"][0]["meta"]["order_product"]["product"] == {
        "id": 999, "name": "Grandma's dish", "price": 6.3,
    }  # fmt: skip
    assert [(w["code"], w["field"]) for w in payload["warnings"]] == [("product_mapped", "products[0].product_id")]
    receipt = (await server.get(f"/receipts/{order_id}?with[0]=receipt_products")).json()["data"]
    assert [item["product_id"] for item in receipt["receipt_products"]] == [111, 101]


async def test_attention_is_needed_until_the_last_unknown_item_is_mapped(quarantine: Server):
    """Also in the fuller form, whose fields are called otherwise; a line without a name gets the product's."""
    server = quarantine
    body = {**V1, "payload": {**V1["payload"]}}
    (known,) = body["payload"]["products"][:1]
    strange = {"product_id": 998, "count": 1, "meta": {"price": 4}}
    body["payload"]["products"] = [known, strange, {**strange, "product_id": 997}]
    answer = await server.create(body)
    order_id = answer.json()["data"]["id"]
    assert [item["unknown"] for item in (await summary(server, order_id))["lines"]] == [False, True, True]
    assert (await mapped(server, order_id, 2, 102))["data"]["order"]["needs_attention"]
    assert not (await mapped(server, order_id, 1, 111))["data"]["order"]["needs_attention"]
    lines = (await summary(server, order_id))["lines"]
    assert [(item["product_id"], item["name"]) for item in lines[1:]] == [
        (111, "Ayran 0.3 l"), (102, "Pizza Margherita"),
    ]  # fmt: skip


async def test_what_is_mapped_is_held_and_given_back(quarantine: Server):
    """The portions leave the stop list with the mapping, beside those the order has already, and come back on ignore."""
    server = quarantine
    order_id = await wait_for(server, line(count=3), line(**STRANGE, count=2.5))
    assert await left(server) == 7
    await mapped(server, order_id, 1, 101)
    assert (await left(server), await held(server, order_id)) == (4.5, [(101, 5500)])
    told = [event["data"] for event in await events(server) if event["type"] == "stop_list.changed"]
    assert told[-1] == {"venue_id": 1, "product_id": 101, "quantity": 4.5}
    await did(server, f"/orders/{order_id}/refuse", {"reason": "too_busy"})
    assert (await left(server), await held(server, order_id)) == (10, [])


async def test_an_item_that_is_sold_out_cannot_be_mapped_to(quarantine: Server):
    """In the words of an order; nothing changes, and the key is free for another product."""
    server = quarantine
    order_id = await wait_for(server, line(**STRANGE, count=11))
    key = {"idempotency-key": "map-1"}
    refused = await mapped(server, order_id, 0, 101, status=400, **key)
    assert refused["details"] == [
        {"field": "product_id", "code": "stop_listed", "message": "Only 10 of product 101 is left", "value": 101}
    ]
    assert (await summary(server, order_id))["needs_attention"]
    assert (await left(server), await held(server, order_id)) == (10, [])
    assert (await mapped(server, order_id, 0, 102, **key))["data"]["changed"]


async def test_a_mistake_is_put_right_while_the_order_waits(quarantine: Server):
    """The first product's portions go back, the second's are taken; what other lines hold stays."""
    server = quarantine
    order_id = await wait_for(server, line(count=1), line(**STRANGE, count=2))
    await mapped(server, order_id, 1, 101)
    assert await left(server) == 7
    assert not (await mapped(server, order_id, 1, 101))["data"]["changed"]
    assert (await mapped(server, order_id, 1, 120))["data"]["changed"]
    assert await held(server, order_id) == [(101, 1000), (120, 2000)]
    assert (await left(server), await left(server, 120)) == (9, 10.5)
    await mapped(server, order_id, 1, 111)
    assert await held(server, order_id) == [(101, 1000)]
    await did(server, f"/orders/{order_id}/refuse", {"reason": "other"})
    assert (await left(server), await left(server, 120)) == (10, 12.5)


async def test_a_quantity_set_anew_is_nobodys_to_give_back(quarantine: Server):
    """What was held before the limit was set again is not returned when the item is mapped to something else."""
    server = quarantine
    order_id = await wait_for(server, line(**STRANGE, count=4))
    await mapped(server, order_id, 0, 101)
    await server.import_({"stop_list": [{"venue_id": 1, "product_id": 101, "quantity": 8}]})
    await mapped(server, order_id, 0, 102)
    assert await left(server) == 8


async def test_a_quantity_counted_anew_is_anew_though_it_is_the_same(quarantine: Server):
    """Who counts five says five, whatever the list showed; giving back what was taken before would oversell."""
    server = quarantine
    order_id = await wait_for(server, line(count=5))
    assert await left(server) == 5
    before = await events(server)
    await ask(server, "PUT", "/hub/v1/venues/1/stop-list/101", KITCHEN, json={"quantity": 5})
    assert await events(server) == before
    await server.ignore(order_id)
    assert await left(server) == 5


async def test_what_was_sent_without_names_has_those_of_the_menu_or_its_ids(quarantine: Server):
    """Cooks read what to make: the modifiers of what an item was mapped to; what stays unknown is called by its id."""
    server = quarantine
    sauces = [{"modificator_id": 501, "count": 2}, {"modificator_id": 77, "count": 1}]
    strange = {"product_id": 998, "count": 1, "meta": {"price": 4}, "product_modificators": sauces}
    body = {**V1, "payload": {**V1["payload"], "products": [strange, {**strange, "product_id": 997}]}}
    answer = await server.create(body)
    assert answer.status_code == 201, answer.text
    order_id = answer.json()["data"]["id"]
    await mapped(server, order_id, 0, 101)
    (ticket,) = (await did(server, f"/orders/{order_id}/accept", {"send_to_station": True}))["tickets"]
    read = [(item["name"], [modifier["name"] for modifier in item["modifiers"]]) for item in ticket["lines"]]
    assert read == [("Pizza", ["Extra Cheese", "Modifier 77"]), ("Product 997", ["Modifier 501", "Modifier 77"])]
    for kept in (await server.get(f"/orders/{order_id}")).json()["data"]["payload"]["products"]:
        assert kept["product_modificators"] == kept["meta"]["order_product"]["product_modificators"]


async def test_a_quantity_set_anew_gives_back_what_was_taken_since(quarantine: Server):
    """A known line's portions from before do not stand for those that the mapping took afterwards."""
    server = quarantine
    order_id = await wait_for(server, line(count=2), line(**STRANGE, count=3))
    await server.import_({"stop_list": [{"venue_id": 1, "product_id": 101, "quantity": 10}]})
    await mapped(server, order_id, 1, 101)
    assert (await left(server), await held(server, order_id)) == (7, [(101, 3000)])
    await mapped(server, order_id, 1, 102)
    assert (await left(server), await held(server, order_id)) == (10, [])


async def test_of_all_who_map_at_once_only_those_get_portions_for_whom_there_are(quarantine: Server):
    """Ten portions, twelve mappings of two and as many orders: what was given out is what is gone."""
    server = quarantine
    ids = [await wait_for(server, line(**STRANGE, count=2)) for _ in range(12)]
    mappings = [post(server, f"/orders/{order_id}/lines/0/product", {"product_id": 101}) for order_id in ids]
    buyers = [server.create(changed(MINIMAL, products=[line(count=1)])) for _ in range(12)]
    answers = await asyncio.gather(*mappings, *buyers)
    maps, orders = answers[:12], answers[12:]
    assert {answer.status_code for answer in maps} <= {200, 400}
    sold = 2 * sum(a.status_code == 200 for a in maps) + sum(a.status_code == 201 for a in orders)
    assert await left(server) == 10 - sold
    assert 9 <= sold <= 10
    assert sum([quantity for order_id in ids for _, quantity in await held(server, order_id)]) == 2_000 * sum(
        answer.status_code == 200 for answer in maps
    )


async def test_two_who_map_the_same_item_at_once_take_it_once(quarantine: Server):
    """The second finds it done; the portions left the stop list once."""
    server = quarantine
    order_id = await wait_for(server, line(**STRANGE, count=3))
    path = f"/orders/{order_id}/lines/0/product"
    answers = await asyncio.gather(*(post(server, path, {"product_id": 101}) for _ in range(6)))
    assert sorted(answer.json()["data"]["changed"] for answer in answers) == [False] * 5 + [True]
    assert await left(server) == 7


async def test_what_cannot_be_mapped(quarantine: Server):
    """A product nobody sells, a known line, one that is not there, an order that is no longer waiting."""
    server = quarantine
    await server.import_({"products": [{"id": 130, "name": "Gone", "active": False}]})
    order_id = await wait_for(server, line(**STRANGE), line(**BAKLAVA))
    for product_id, code in ((12345, "unknown_product"), (110, "product_not_sellable"), (130, "product_unavailable")):
        refused = await mapped(server, order_id, 0, product_id, status=400)
        assert [(p["field"], p["code"]) for p in refused["details"]] == [("product_id", code)]
    assert (await mapped(server, order_id, 1, 101, status=400))["details"][0]["code"] == "not_unknown"
    for path in (f"{order_id}/lines/2", f"{order_id}/lines/9999", f"{order_id}/lines/x", "77/lines/0"):
        answer = await post(server, f"/orders/{path}/product", {"product_id": 101})
        assert (answer.status_code, answer.json()["error"]) == (404, "resource_not_found")
    for body in ({}, {"product_id": 0}, {"product_id": "101"}, {"product_id": 101, "price": 2}):
        answer = await post(server, f"/orders/{order_id}/lines/0/product", body)
        assert (answer.status_code, answer.json()["error"]) == (400, "validation_failed")
    await did(server, f"/orders/{order_id}/accept")
    assert (await mapped(server, order_id, 0, 101, status=400))["message"] == "Status is not allowed"


async def test_staff_are_never_stuck(quarantine: Server):
    """An order is accepted as it is, too: what was not mapped is cooked at the venue's default station."""
    server = quarantine
    extra = [{"modifier_id": 77, "modifier_name": "Grandma's sauce", "count": 1, "price": 0.5}]
    order_id = await wait_for(server, line(**STRANGE, modifiers=extra))
    await mapped(server, order_id, 0, 101)
    other = await wait_for(server, line(**STRANGE, modifiers=extra))
    for waiting in (order_id, other):
        done = await did(server, f"/orders/{waiting}/accept", {"send_to_station": True})
        assert not done["order"]["needs_attention"]
        assert [m["name"] for m in done["tickets"][0]["lines"][0]["modifiers"]] == ["Grandma's sauce"]
        assert done["order"]["totals"]["total"] == 13.6


async def test_who_may_map(quarantine: Server):
    """Terminals and people at the counter; no kitchen screen, no cook, no integrator, nobody from another venue."""
    server = quarantine
    order_id = await wait_for(server, line(**STRANGE))
    for headers in (KITCHEN, await staff(server, "cook"), server.headers):
        assert (await mapped(server, order_id, 0, 101, headers, 403))["error"] == "forbidden"
    elsewhere = await staff(server, "cashier", (2,))
    assert (await mapped(server, order_id, 0, 101, elsewhere, 404))["error"] == "resource_not_found"
    assert (await mapped(server, order_id, 0, 101, await staff(server, "call_centre")))["data"]["changed"]


async def test_a_clock_accepts_what_has_been_mapped(quarantine: Server):
    """A deadline that accepts passes by what needs staff, and takes it once they have looked."""
    server = quarantine
    steps = [{"after_s": 1, "action": "accept"}]
    venue = {**MAIN, "default_station_id": 1, "unknown_item_policy": "quarantine"}
    await server.import_({"venues": [{**venue, "accept_deadlines": [{"steps": steps}]}]})
    order_id = await wait_for(server, line(**STRANGE))
    shown = await summary(server, order_id)
    assert [(step["step"], step["action"]) for step in shown["deadlines"]] == [(0, "accept")]
    await mapped(server, order_id, 0, 101)
    async with asyncio.timeout(20):
        while (await summary(server, order_id))["status"] != "RECEIVED":
            await asyncio.sleep(0.05)
    assert (await summary(server, order_id))["deadlines"] == []
