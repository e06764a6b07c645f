"""Receipts over HTTP on both stores: read, changed, paid, numbered (contract 9.5 to 9.8, 14.2 to 14.5, 14.8)."""

import asyncio
import csv
import random
import re
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import RFC_4122, UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from tests.conftest import REAL_ORDERS, Server
from tests.http.chain import DOCUMENTED, MINIMAL, did, events, hub_get, manager, payment, place, post
from tests.http.documented import ask

from comanda import demo
from comanda.access.model import Brand, BrandId
from comanda.base.clock import Micros
from comanda.base.errors import ComandaError
from comanda.catalogue.model import PaymentMethod
from comanda.receipts.model import OPEN, OrderStatus, Receipt, receipt_cid, receipt_id_of
from comanda.receipts.pay import Offer, Tender, close_receipt

pytestmark = pytest.mark.anyio
SORTS = ["id", "created_at", "updated_at", "closed_at", "total"]
SECOND = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
MOVES = {
    "NEW": "SCHEDULED IN_PROGRESS READY PICKED_UP COMPLETED CANCELLED",
    "SCHEDULED": "NEW IN_PROGRESS READY PICKED_UP COMPLETED CANCELLED",
    "IN_PROGRESS": "NEW SCHEDULED READY PICKED_UP COMPLETED CANCELLED",
    "READY": "IN_PROGRESS PICKED_UP COMPLETED CANCELLED",
    "PICKED_UP": "COMPLETED CANCELLED",
    "COMPLETED": "",
    "CANCELLED": "",
}
FORWARD = list(MOVES)


async def accepted(server: Server, **changes) -> int:
    """An order accepted as it comes in, nothing sent to a station; its id is its receipt's."""
    return await place(server, auto_order_accept=True, **changes)


async def receipt(server: Server, receipt_id: int, query: str = "") -> dict:
    """A receipt as v2 shows it."""
    answer = await server.get(f"/receipts/{receipt_id}{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def listed(server: Server, query: str = "", **headers: str) -> list[int]:
    """The ids of a list, which says how many they are."""
    answer = await server.get(f"/receipts?{query}", **headers)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    ids = [row["id"] for row in body["data"]]
    assert body["total"] == len(ids), query
    return ids


async def patch(server: Server, receipt_id: int, body, **headers: str):
    """Change a receipt as the integrator."""
    return await server.http.patch(
        f"/open-api/v2/receipts/{receipt_id}", json=body, headers={**server.headers, **headers}
    )


async def close(server: Server, receipt_id: int, body, **headers: str):
    """Pay a receipt as the integrator."""
    return await server.http.post(
        f"/open-api/v2/receipts/{receipt_id}/close", json=body, headers={**server.headers, **headers}
    )


def problems(answer) -> list[tuple[str, str]]:
    """Where a 400 says that something is wrong, and what."""
    assert (answer.status_code, answer.json()["error"]) == (400, "validation_failed"), answer.text
    return [(problem["field"], problem["code"]) for problem in answer.json()["details"]]


async def everything(server: Server, order_id: int) -> tuple:
    """All that is stored of an order: itself, its receipt and tickets, its events."""
    order = await hub_get(server, f"/orders/{order_id}", server.headers)
    return order, await events(server, order_id, order["venue_id"])


def noon(**changes) -> dict:
    """Venue 1 in a zone where it is about noon now: whatever day starts in the evening began yesterday."""
    ahead = 12 - datetime.now(UTC).hour
    return {
        "id": 1,
        "name": "Main",
        "is_main": True,
        "timezone": f"Etc/GMT{-ahead:+d}",
        "default_terminal_id": 1,
        **changes,
    }


def today_at(venue: dict) -> date:
    """The calendar day at a venue made by `noon`."""
    return (datetime.now(UTC) - timedelta(hours=int(venue["timezone"][7:]))).date()


# Lists and reads


async def test_a_list_of_receipts_has_the_whole_envelope(server: Server):
    """success, data, total, sorts, time, timestamp, unix; the two times are one instant."""
    ids = [await accepted(server) for _ in range(3)]
    body = (await server.get("/receipts?limit=2")).json()
    assert body.keys() == {"success", "data", "total", "sorts", "next_cursor", "time", "timestamp", "unix"}
    assert (body["success"], body["total"], body["sorts"]) == (True, 3, SORTS)
    assert [row["id"] for row in body["data"]] == ids[:0:-1]
    assert all("receipt_products" not in row for row in body["data"])
    told = datetime.strptime(body["timestamp"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    assert told.timestamp() == body["unix"]


async def test_an_order_that_is_not_accepted_has_no_receipt(server: Server):
    """Neither in the list nor by id, nor in the order's relation; acceptance makes one with the order's id."""
    order_id = await place(server)
    relation = f"/orders/{order_id}?with[0]=receipt:id,service_notification_id,status"
    assert await listed(server) == []
    for path in (f"/receipts/{order_id}", f"/receipts/{order_id}/close", f"/receipts/{order_id}"):
        answer = await server.get(path) if "close" not in path else await close(server, order_id, payment(17))
        assert (answer.status_code, answer.json()["error"], answer.json()["message"]) == (
            404,
            "not_found",
            "Receipt not found",
        )
    assert (await patch(server, order_id, {"lock": True})).status_code == 404
    assert (await server.get(relation)).json()["data"]["receipt"] is None
    await did(server, f"/orders/{order_id}/accept", {})
    assert await listed(server) == [order_id]
    shown = {"id": order_id, "service_notification_id": order_id, "status": 1}
    assert (await server.get(relation)).json()["data"]["receipt"] == shown
    rows = (await server.get("/orders?with[0]=receipt:id,service_notification_id,status")).json()["data"]
    assert [row["receipt"] for row in rows] == [shown]


async def test_pages_and_cursors_go_through_all_receipts_once(server: Server):
    """Pages by number; a cursor covers what was there at its first page though more come meanwhile."""
    ids = [await accepted(server) for _ in range(5)]
    pages = [(await server.get(f"/receipts?limit=2&page={page}")).json() for page in (1, 2, 3, 4)]
    assert [row["id"] for page in pages for row in page["data"]] == ids[::-1]
    assert {page["total"] for page in pages} == {5}
    seen, cursor = [row["id"] for row in pages[0]["data"]], pages[0]["next_cursor"]
    while cursor:
        await accepted(server)
        page = (await server.get(f"/receipts?limit=2&cursor={cursor}")).json()
        seen += [row["id"] for row in page["data"]]
        cursor = page["next_cursor"]
    assert seen == ids[::-1]
    for query in (
        "cursor=x",
        f"cursor={pages[0]['next_cursor']}&sort[0]=total",
        f"cursor={pages[0]['next_cursor']}&sort[0]=id",
    ):
        answer = await server.get(f"/receipts?limit=2&{query}")
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_parameter"), query


async def test_receipts_are_sorted_by_every_documented_field(server: Server):
    """Open receipts, which have no `closed_at`, come before all closed ones, and last when the newest come first."""
    prices = {
        await accepted(server, products=[{**MINIMAL["products"][0], "price": price}]): price for price in (3, 1, 2)
    }
    first, second, third = prices
    await patch(server, first, {"fiscal_id": "f"})
    assert (await close(server, second, payment(2))).status_code == 200
    body = {**payment(4), "closed_at": (datetime.now(UTC) + timedelta(hours=1)).isoformat()}
    assert (await close(server, third, body)).status_code == 200
    cases = {
        "id": [first, second, third],
        "created_at": [first, second, third],
        "updated_at": [first, second, third],
        "closed_at": [first, second, third],
        "total": [second, third, first],
    }
    assert list(cases) == SORTS
    for field, rising in cases.items():
        assert await listed(server, f"sort[0]={field}&sort[1]=1") == rising, field
        assert await listed(server, f"sort[0]={field}&sort[1]=-1") == rising[::-1], field


async def test_receipts_are_filtered_by_every_promised_field(server: Server):
    """Each alone, as an IN list, and with AND."""
    plain = await accepted(server)
    closed = await accepted(server, sale_type_id=1, order_number="A-1")
    ready = await accepted(server, customer={**MINIMAL["customer"], "id": 0})
    by_hand = await place(server)
    await did(server, f"/orders/{by_hand}/accept", {}, await manager(server))
    await close(server, closed, payment(17))
    await patch(server, ready, {"order_status": "READY"})
    cases = {
        "filters[0][0]=status&filters[0][1]=2": {closed},
        "filters[0][0]=status&filters[0][1]=1": {plain, ready, by_hand},
        "filters[0][0]=status&filters[0][1][0]=1&filters[0][1][1]=2": {plain, closed, ready, by_hand},
        "filters[0][0]=order_status&filters[0][1]=READY": {ready},
        "filters[0][0]=sale_type_id&filters[0][1]=1": {closed},
        "filters[0][0]=terminal_id&filters[0][1]=1": {plain, closed, ready},
        "filters[0][0]=customer_id&filters[0][1]=9": {plain, closed, by_hand},
        "filters[0][0]=order_number&filters[0][1]=A-1": {closed},
        "filters[a][0]=order_number&filters[a][1][0]=001&filters[a][1][1]=A-1": {plain, closed},
        "filters[a][0]=status&filters[a][1]=1&filters[b][0]=order_status&filters[b][1]=READY": {ready},
        "filters[a][0]=status&filters[a][1]=2&filters[b][0]=order_status&filters[b][1]=READY": set(),
        "unknown=1": {plain, closed, ready, by_hand},
    }
    for query, expected in cases.items():
        assert set(await listed(server, query)) == expected, query


async def test_receipts_of_customers_are_those_of_their_orders(server: Server):
    """Of the active venue, with other filters and by cursor; an order that is not accepted has none."""
    await server.import_({"customers": [{"id": 20, "name": "A"}]})
    other = {**MINIMAL["customer"], "id": 20}
    mine = [await accepted(server) for _ in range(3)]
    theirs = [await accepted(server, customer=other) for _ in range(4)]
    there = await accepted(server, customer=other, venue_id=2)
    await place(server, customer=other)
    await close(server, theirs[1], payment(17))
    asked = "filters[c][0]=customer_id&filters[c][1]=20"
    assert await listed(server, asked) == theirs[::-1]
    assert await listed(server, asked, **{"x-venue": "2"}) == [there]
    assert await listed(server, f"{asked}&filters[s][0]=status&filters[s][1]=2") == [theirs[1]]
    assert await listed(server, f"{asked}&sort[0]=closed_at&sort[1]=-1") == [theirs[1], theirs[3], theirs[2], theirs[0]]
    assert await listed(server, "filters[c][0]=customer_id&filters[c][1][]=9&filters[c][1][]=20") == [
        *theirs[::-1],
        *mine[::-1],
    ]
    first = (await server.get(f"/receipts?{asked}&limit=3")).json()
    rest = (await server.get(f"/receipts?{asked}&limit=3&cursor={first['next_cursor']}")).json()
    assert [[row["id"] for row in page["data"]] for page in (first, rest)] == [theirs[:0:-1], theirs[:1]]
    assert (first["total"], rest["total"], rest["next_cursor"]) == (4, 4, None)


@pytest.mark.parametrize(
    ("query", "allowed"),
    [
        ("sort[0]=price", ", ".join(SORTS)),
        (
            "filters[0][0]=phone&filters[0][1]=1",
            "status, order_status, sale_type_id, terminal_id, customer_id, order_number",
        ),
        ("with[0]=customer", "receipt_products, receipt_products.modificators"),
        ("with[0]=receipt_products.cost", "receipt_products.product.unit, receipt_products.product.station"),
        ("sort[0]=id&sort[1]=2", "sort[1] must be 1 or -1"),
        ("limit=201", "limit must be between 1 and 200"),
        ("limit=0", "between 1 and 200"),
        ("page=0", "page must be between 1"),
        ("date[0]=2026-02-30", "must be a day such as 2026-01-19"),
        ("filters[0][0]=status&filters[0][1]=open", "must be 1 (open) or 2 (closed)"),
        ("filters[0][0]=status&filters[0][1]=99999999999", "must be 1 (open) or 2 (closed)"),
    ],
)
async def test_a_wrong_parameter_of_receipts_is_a_400_that_says_what_is_allowed(server: Server, query, allowed):
    """invalid_parameter, on both stores alike."""
    answer = await server.get(f"/receipts?{query}")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_parameter"), answer.text
    assert allowed in answer.json()["message"]


async def test_days_of_receipts_are_the_venues_business_days(server: Server):
    """At noon of a venue whose day starts in the evening it is still yesterday; `shift_date` and `date[]` agree."""
    evening, midnight = noon(day_start="20:00"), noon(day_start="00:00")
    await server.import_({"venues": [evening]})
    receipt_id = await accepted(server)
    today = today_at(evening)
    yesterday, before = today - timedelta(days=1), today - timedelta(days=2)
    assert (await receipt(server, receipt_id))["shift_date"] == str(yesterday)
    assert await listed(server, f"date[0]={yesterday}&date[1]={yesterday}") == [receipt_id]
    assert await listed(server, f"date[]={today}&date[]={today}") == []
    assert await listed(server, f"date[1]={before}") == []
    assert await listed(server, f"date_from={before}&date_to={today}") == [receipt_id]
    await server.import_({"venues": [midnight]})
    later = await accepted(server)
    assert (await receipt(server, later))["shift_date"] == str(today)
    assert await listed(server, f"date[0]={today}") == [later, receipt_id]
    assert await listed(server, f"date[1]={yesterday}") == []


async def test_receipts_are_of_the_active_venue_and_within_the_clients_limits(server: Server):
    """Lists of x-venue or the token's; by id brand-wide unless x-venue is sent; limits are a 404 everywhere."""
    main, seaside = await accepted(server), await accepted(server, venue_id=2)
    assert await listed(server) == [main]
    assert await listed(server, **{"x-venue": "2"}) == [seaside]
    assert (await receipt(server, seaside))["venue_id"] == 2
    for path in (f"/receipts/{seaside}", f"/receipts/cid/{(await receipt(server, seaside))['cid']}"):
        assert (await server.get(path)).status_code == 200
        assert (await server.get(path, **{"x-venue": "1"})).status_code == 404
    unknown = await server.get("/receipts", **{"x-venue": "77"})
    assert (unknown.status_code, unknown.json()["error"]) == (400, "invalid_parameter")
    limited = await server.client("limited", venues=(1,), venue_id=1)
    here = Server(server.hub, server.http, limited["x-token"])
    before = await everything(server, seaside)
    cid = (await receipt(server, seaside))["cid"]
    assert await listed(here) == [main]
    for answer in (
        await here.get(f"/receipts/{seaside}"),
        await here.get(f"/receipts/cid/{cid}"),
        await here.get("/receipts", **{"x-venue": "2"}),
        await patch(here, seaside, {"lock": True}),
        await patch(server, seaside, {"lock": True}, **{"x-venue": "1"}),
        await close(here, seaside, payment(17)),
        await close(server, seaside, payment(17), **{"x-venue": "1"}),
    ):
        assert answer.status_code == 404, answer.text
    assert await everything(server, seaside) == before
    reader = await server.client("reader", scopes=("receipts:read",))
    only_reads = Server(server.hub, server.http, reader["x-token"])
    assert await listed(only_reads) == [main]
    assert {(await patch(only_reads, main, {})).status_code, (await close(only_reads, main, {})).status_code} == {403}


@pytest.mark.parametrize("wanted", ["99999", "0", "abc", "1.0", "-1", "9999999999999999999999", "%20", "1%00"])
async def test_a_receipt_that_is_not_there_is_the_documented_404(server: Server, wanted):
    """not_found / Receipt not found, whatever the method."""
    await accepted(server)
    missing = (404, {"success": False, "error": "not_found", "message": "Receipt not found"})
    for answer in (
        await server.get(f"/receipts/{wanted}"),
        await patch(server, wanted, {"lock": True}),
        await close(server, wanted, payment(17)),
    ):
        assert (answer.status_code, answer.json()) == missing, answer.request.method


async def test_a_receipt_is_found_by_its_cid_and_by_no_other(server: Server):
    """A 400 for what is no UUID; a 404 for a UUID of nobody and for one that carries the id with other random bits."""
    receipt_id = await accepted(server)
    shown = await receipt(server, receipt_id, "?with[0]=receipt_products")
    cid = UUID(shown["cid"])
    assert (cid.version, cid.variant) == (8, RFC_4122)
    assert (await server.get(f"/receipts/cid/{cid}?with[0]=receipt_products")).json()["data"] == shown
    assert (await server.get(f"/receipts/cid/{str(cid).upper()}")).status_code == 200
    forged = UUID(receipt_cid(receipt_id, random.Random(7).getrandbits(68)))
    assert (receipt_id_of(forged), forged == cid) == (receipt_id, False)
    for other in (
        forged,
        uuid4(),
        UUID(int=0),
        UUID(int=2**128 - 1),
        UUID(int=cid.int ^ 1),
        UUID(int=cid.int ^ 1 << 76),
    ):
        answer = await server.get(f"/receipts/cid/{other}")
        assert (answer.status_code, answer.json()["error"]) == (404, "not_found"), other
    for wanted in ("abc", str(receipt_id), str(cid)[:-1], f"{cid}0", "%00"):
        answer = await server.get(f"/receipts/cid/{wanted}")
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_parameter"), wanted


@given(st.integers(1, 2**53 - 1), st.integers(0, 2**68 - 1))
def test_a_cid_holds_its_receipts_id(receipt_id, bits):
    """For every id there can be; it is a UUID of version 8."""
    cid = UUID(receipt_cid(receipt_id, bits))
    assert (receipt_id_of(cid), cid.version) == (receipt_id, 8)


@given(st.integers(0, 2**128 - 1))
def test_any_uuid_stands_for_an_id_the_store_can_be_asked_for(number):
    """Never beyond the largest id, so that no store is asked for more than it can hold."""
    assert 0 <= receipt_id_of(UUID(int=number)) <= 2**53 - 1


async def test_every_documented_field_of_a_receipt_is_there_and_true(server: Server):
    """Contract 9.5, for the documented order: 18.00 - 1.80 + 0.81 + 2.50 = 19.51."""
    order_id = await place(server, {**DOCUMENTED, "order_number": "R-7"})
    shown = await receipt(server, order_id)
    made = {name: shown.pop(name) for name in ("cid", "created_at", "updated_at", "shift_date")}
    assert shown == {
        "id": order_id,
        "venue_id": 1,
        "customer_id": 9,
        "sale_type_id": 2,
        "source": "web",
        "guests": 1,
        "status": 1,
        "order_status": "NEW",
        "order_number": "R-7",
        "lock": False,
        "total": 19.51,
        "subtotal": 18,
        "discount_type": 1,
        "discount_value": 10,
        "discount_rate": 10,
        "total_discount": 1.8,
        "service_charge": 5,
        "service_charge_value": 0.81,
        "delivery_fee": 2.5,
        "remaining": 19.51,
        "i_tax": 0,
        "e_tax": 0,
        "total_tax": 0,
        "payment_methods": [],
        "fiscal_id": None,
        "loyalty_type": None,
        "loyalty_value": None,
        "address": "123 Main St",
        "description": "Leave at the door",
        "closed_at": None,
        "service_notification_id": order_id,
        "terminal_id": 1,
        "refund_due": False,
        "deleted_at": None,
    }
    now = datetime.now(UTC)
    for name in ("created_at", "updated_at"):
        told = datetime.strptime(made[name], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
        assert timedelta(0) <= now - told < timedelta(minutes=1)
    assert made["shift_date"] in {str((now + timedelta(hours=4 - 6, minutes=minutes)).date()) for minutes in (0, -1)}


async def test_a_line_of_a_receipt_has_every_documented_field(server: Server):
    """Contract 9.5; modifiers, product, unit and station only when they are asked for."""
    order_id = await place(server, DOCUMENTED)
    (line,) = (await receipt(server, order_id, "?with[0]=receipt_products"))["receipt_products"]
    UUID(line["cid"])
    assert SECOND.fullmatch(line["created_at"])
    assert SECOND.fullmatch(line["updated_at"])
    expected = {
        "id": order_id * 1000,
        "cid": line["cid"],
        "receipt_id": order_id,
        "product_id": 101,
        "count": 2,
        "portion_size": 1,
        "total": 16.2,
        "price": 8.5,
        "subtotal": 18,
        "is_gift": False,
        "discount_type": 0,
        "discount_value": 0,
        "discount_rate": 0,
        "total_discount": 0,
        "receipt_discount": 1.8,
        "loyalty_type": None,
        "loyalty_value": None,
        "product_hash": "abc123",
        "meta": {"product": {"name": "Pizza", "type": "DISH", "price": 8.5, "barcode": None}},
        "modificators": [],
        "created_at": line["created_at"],
        "updated_at": line["updated_at"],
    }
    assert line == expected
    modifier = {"id": 501, "name": "Extra Cheese", "count": 1, "price": 0.5, "portion_size": 1}
    group = {"id": 50, "name": "Extras"}
    unit = {
        "id": 1,
        "_lft": 1,
        "_rgt": 2,
        "parent_id": None,
        "name": "Piece",
        "type": "PIECE",
        "symbol": "pcs",
        "equal": 1,
        "deleted_at": None,
    }
    product = {"id": 101, "name": "Pizza", "unit": unit, "station": {"id": 1, "name": "Kitchen"}}
    cases = {
        "receipt_products.modificators": {"modificators": [modifier]},
        "receipt_products.modificators.modificator_group": {"modificators": [{**modifier, "modificator_group": group}]},
        "receipt_products.product.unit": {"product": product},
        "receipt_products.product.station": {"product": product},
        "receipt_products,receipt_products.modificators,receipt_products.product.station": {
            "modificators": [modifier],
            "product": product,
        },
    }
    for relation, more in cases.items():
        for query in (f"with[0]={relation}", f"with[]={relation}", f"with={relation}"):
            (shown,) = (await receipt(server, order_id, f"?{query}"))["receipt_products"]
            assert shown == {**expected, **more}, query
        rows = (await server.get(f"/receipts?with[0]={relation}")).json()["data"]
        assert [row["receipt_products"] for row in rows] == [[{**expected, **more}]], relation


@pytest.mark.parametrize("discount", [(0, 0), (1, 33.3333), (1, 100), (2, 7.77), (2, 10**6)])
async def test_the_lines_of_a_receipt_add_up_to_it(server: Server, discount):
    """Σ lines = subtotal - total_discount, exactly; total = that + service + delivery."""
    lines = [
        {**MINIMAL["products"][0], "product_id": product, "count": count, "price": price}
        for product, count, price in ((101, 3, 3.33), (102, 1, 0.01), (111, 7, 1.2), (120, 0.333, 14.9))
    ]
    order_id = await accepted(
        server,
        products=lines,
        discount={"discount_type": discount[0], "discount_value": discount[1]},
        service_charge={"enabled": True, "value": 7.5},
        delivery_fee=2.55,
    )
    shown = await receipt(server, order_id, "?with[0]=receipt_products")
    exact = {name: Decimal(str(shown[name])) for name in ("subtotal", "total_discount", "total", "discount_rate")}
    sums = {
        name: sum(Decimal(str(line[name])) for line in shown["receipt_products"])
        for name in ("total", "subtotal", "receipt_discount")
    }
    assert sums == {
        "total": exact["subtotal"] - exact["total_discount"],
        "subtotal": exact["subtotal"],
        "receipt_discount": exact["total_discount"],
    }
    assert [line["id"] for line in shown["receipt_products"]] == [order_id * 1000 + n for n in range(4)]
    assert len({line["cid"] for line in shown["receipt_products"]}) == 4
    rest = Decimal(str(shown["service_charge_value"])) + Decimal(str(shown["delivery_fee"]))
    assert exact["total"] == sums["total"] + rest == Decimal(str(shown["remaining"]))
    assert (shown["service_charge"], shown["discount_type"]) == (7.5, discount[0])
    assert abs(exact["discount_rate"] * exact["subtotal"] / 100 - exact["total_discount"]) <= Decimal("0.01")


async def test_a_guests_receipt_and_one_of_the_fuller_body_are_readable(server: Server):
    """No customer is null; an empty address is as it was sent; the v1 body makes the same receipt."""
    guest = await accepted(server, customer={"id": 0, "name": "G", "phone": "+994501112233", "address": ""})
    shown = await receipt(server, guest)
    assert (shown["customer_id"], shown["description"], shown["discount_rate"]) == (None, None, 0)
    body = demo.example("create-order.v1.request")
    answer = await server.create(body)
    assert answer.status_code == 201, answer.text
    order_id = answer.json()["data"]["id"]
    if (await server.get(f"/receipts/{order_id}")).status_code == 404:
        await did(server, f"/orders/{order_id}/accept", {})
    assert (await receipt(server, order_id, "?with[0]=receipt_products.modificators"))["total"] > 0


# PATCH


async def test_the_four_keys_of_a_receipt_are_written(server: Server):
    """Each alone and all at once; the answer is the whole receipt; the change is told once."""
    receipt_id = await accepted(server)
    before = await receipt(server, receipt_id)
    body = {"order_status": "IN_PROGRESS", "order_number": "RPO-00001", "fiscal_id": "Twrewr89fnscvj22", "lock": True}
    answer = await patch(server, receipt_id, body)
    assert (answer.status_code, answer.json()["message"]) == (200, "Operation completed successfully")
    assert answer.json()["success"] is True
    data = answer.json()["data"]
    assert data == await receipt(server, receipt_id)
    assert data == {**before, **body, "updated_at": data["updated_at"]}
    for one in ({"lock": False}, {"order_number": "2"}, {"fiscal_id": ""}, {"order_status": "NEW"}):
        data = (await patch(server, receipt_id, one)).json()["data"]
        assert data.items() >= one.items()
    assert [event["type"] for event in await events(server, receipt_id)].count("receipt.changed") == 5


async def test_what_is_absent_null_or_equal_changes_nothing(server: Server):
    """Also `id` and unknown keys in the body; nothing is told, and `updated_at` stays."""
    receipt_id = await accepted(server)
    await patch(server, receipt_id, {"fiscal_id": "f", "order_number": "n", "lock": True, "order_status": "READY"})
    before = await everything(server, receipt_id)
    empty = dict.fromkeys(("order_status", "order_number", "fiscal_id", "lock"))
    equal = {"fiscal_id": "f", "order_number": "n", "lock": True, "order_status": "READY"}
    for body in ({}, empty, equal, {"id": receipt_id}, {"id": 4711, "total": 1, "status": 2}, {**equal, "id": "x"}):
        answer = await patch(server, receipt_id, body)
        assert (answer.status_code, answer.json()["message"]) == (200, "Operation completed successfully"), body
    assert await everything(server, receipt_id) == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"order_status": "DONE"}, "order_status"),
        ({"order_status": "new"}, "order_status"),
        ({"order_status": ""}, "order_status"),
        ({"order_status": 1}, "order_status"),
        ({"order_status": ["NEW"]}, "order_status"),
        ({"order_number": ""}, "order_number"),
        ({"order_number": "x" * 21}, "order_number"),
        ({"order_number": 12}, "order_number"),
        ({"fiscal_id": "x" * 256}, "fiscal_id"),
        ({"fiscal_id": "a\x00b"}, "fiscal_id"),
        ({"fiscal_id": False}, "fiscal_id"),
        ({"lock": 1}, "lock"),
        ({"lock": "true"}, "lock"),
        ([], ""),
    ],
)
async def test_wrong_values_of_a_patch_are_the_documented_400(server: Server, body, field):
    """validation_failed / Invalid field values provided, naming the field; the right keys beside it are not written."""
    receipt_id = await accepted(server)
    before = await everything(server, receipt_id)
    given_ = {"fiscal_id": "beside", **body} if isinstance(body, dict) else body
    answer = await patch(server, receipt_id, given_)
    assert answer.json()["message"] == "Invalid field values provided"
    assert [where for where, _ in problems(answer)] == [field]
    assert await everything(server, receipt_id) == before


@pytest.mark.parametrize("present", FORWARD)
async def test_order_status_moves_as_the_table_says(server: Server, present):
    """Every allowed move is made and told, every other refused without a trace (contract 14.4)."""
    for wanted in FORWARD:
        receipt_id = await accepted(server)
        if present != "NEW":
            assert (await patch(server, receipt_id, {"order_status": present})).status_code == 200
        before = await everything(server, receipt_id)
        answer = await patch(server, receipt_id, {"order_status": wanted, "fiscal_id": "beside"})
        if wanted == present or (present, wanted) == ("COMPLETED", "PICKED_UP"):
            assert (answer.status_code, answer.json()["data"]["fiscal_id"]) == (200, "beside")
            assert answer.json()["data"]["order_status"] == present
        elif wanted in MOVES[present].split():
            assert (answer.status_code, answer.json()["data"]["order_status"]) == (200, wanted), answer.text
            assert answer.json()["data"]["fiscal_id"] == "beside"
            status = {"CANCELLED": "IGNORE", "COMPLETED": "DELIVERED"}.get(wanted, "RECEIVED")
            assert (await server.get(f"/orders/{receipt_id}")).json()["data"]["status"] == status
        else:
            sentence = "Status is not allowed" if wanted == "CANCELLED" else "Invalid field values provided"
            assert (answer.status_code, answer.json()["error"]) == (400, "validation_failed"), (present, wanted)
            assert answer.json()["message"] == sentence, (present, wanted)
            assert await everything(server, receipt_id) == before


@pytest.mark.parametrize("present", FORWARD[:5])
async def test_a_closed_receipt_is_never_opened_again(server: Server, present):
    """It takes the other keys and every step forward, none back; CANCELLED, while nothing is cooked, for a refund."""
    for wanted in FORWARD:
        receipt_id = await accepted(server)
        await patch(server, receipt_id, {"order_status": present})
        assert (await close(server, receipt_id, payment(17))).status_code == 200
        now = (await receipt(server, receipt_id))["order_status"]
        assert now == ("COMPLETED" if present == "PICKED_UP" else present)
        before = await everything(server, receipt_id)
        answer = await patch(server, receipt_id, {"order_status": wanted})
        forward = FORWARD.index(wanted) >= FORWARD.index(now)
        if wanted == "CANCELLED" and now != "COMPLETED":
            data = answer.json()["data"]
            assert (data["order_status"], data["status"], data["refund_due"]) == ("CANCELLED", 2, True), (
                present,
                wanted,
            )
            assert (data["total"], data["remaining"], data["payment_methods"]) == (0, 0, [])
        elif now == "COMPLETED" and wanted == "PICKED_UP":
            # It is picked up already, and paid: the same asked for again changes nothing.
            assert answer.status_code == 200, answer.text
            assert await everything(server, receipt_id) == before
        elif forward and (wanted == now or wanted in MOVES[now].split()):
            data = answer.json()["data"]
            left = "COMPLETED" if wanted == "PICKED_UP" else wanted  # picked up and paid is completed
            assert (data["order_status"], data["status"], data["remaining"]) == (left, 2, 0), (present, wanted)
            assert data["payment_methods"] == [{"id": 1, "name": "Cash", "amount": 17}]
        else:
            assert answer.status_code == 400, (present, wanted)
            assert await everything(server, receipt_id) == before
    other = {"order_number": "9", "fiscal_id": "z", "lock": True}
    assert (await patch(server, receipt_id, other)).json()["data"].items() >= other.items()


async def test_cancelled_is_the_orders_move_to_ignore(server: Server):
    """Holds are given back, the receipt is closed at zero, tickets are cancelled; twice changes nothing."""
    await server.import_({"stop_list": [{"venue_id": 1, "product_id": 101, "quantity": 10}]})
    order_id = await place(server, DOCUMENTED)
    answer = await patch(server, order_id, {"order_status": "CANCELLED", "order_number": "C-1"})
    data = answer.json()["data"]
    assert (data["order_status"], data["status"], data["total"], data["remaining"]) == ("CANCELLED", 2, 0, 0)
    assert (data["payment_methods"], data["order_number"], data["refund_due"]) == ([], "C-1", False)
    order = await hub_get(server, f"/orders/{order_id}")
    assert (order["status"], order["chain"]["tickets"][0]["status"]) == ("IGNORE", "CANCELLED")
    assert order["chain"]["order"]["refusal"]["reason"] == "withdrawn"
    left = [event["data"]["quantity"] for event in await events(server) if event["type"] == "stop_list.changed"]
    assert left[-2:] == [8, 10]
    before = await everything(server, order_id)
    assert (await patch(server, order_id, {"order_status": "CANCELLED"})).status_code == 200
    assert await everything(server, order_id) == before
    begun = await place(server, DOCUMENTED)
    await did(server, f"/tickets/{begun}-1-1/start")
    before = await everything(server, begun)
    refused = await patch(server, begun, {"order_status": "CANCELLED", "fiscal_id": "x"})
    assert (refused.status_code, refused.json()["message"]) == (400, "Status is not allowed")
    assert await everything(server, begun) == before
    paid = await close(server, order_id, payment(0))
    assert (paid.status_code, paid.json()["error"]) == (409, "receipt_closed")


async def test_completed_delivers_the_order_and_it_stays_open_until_it_is_paid(server: Server):
    """order_status COMPLETED is DELIVERED, handed over; the payment after it closes everything."""
    order_id = await accepted(server)
    await patch(server, order_id, {"order_status": "COMPLETED"})
    order = (await hub_get(server, f"/orders/{order_id}"))["chain"]["order"]
    assert (order["status"], order["open"], order["handed_over_at"] is None) == ("DELIVERED", True, False)
    who_and_when = (order["delivered_by"], order["delivered_at"])
    assert who_and_when == (f"client:{demo.CLIENT_ID}", order["handed_over_at"])
    assert (await close(server, order_id, payment(17))).status_code == 200
    after = (await hub_get(server, f"/orders/{order_id}"))["chain"]
    assert (after["order"]["open"], after["receipt"]["status"], after["receipt"]["order_status"]) == (
        False,
        2,
        "COMPLETED",
    )
    assert (after["order"]["delivered_by"], after["order"]["delivered_at"]) == who_and_when
    types = [event["type"] for event in await events(server, order_id)]
    assert (types.count("order.delivered"), types.count("receipt.closed")) == (1, 1)


async def test_a_lock_stops_staff_and_neither_patch_nor_close(server: Server):
    """Contract 14.4."""
    order_id = await accepted(server)
    await patch(server, order_id, {"lock": True})
    refused = await post(server, f"/orders/{order_id}/refuse", {"reason": "closed"})
    assert (refused.status_code, refused.json()["error"]) == (409, "receipt_locked")
    assert (await patch(server, order_id, {"fiscal_id": "y"})).status_code == 200
    assert (await close(server, order_id, payment(17))).status_code == 200


async def test_a_patch_is_kept_under_its_key(server: Server):
    """The first answer again, though the receipt has moved on; the key with other content is refused."""
    receipt_id = await accepted(server)
    key = {"Idempotency-Key": "patch-1"}
    first = await patch(server, receipt_id, {"order_status": "READY"}, **key)
    await patch(server, receipt_id, {"order_status": "IN_PROGRESS"})
    again = await patch(server, receipt_id, {"order_status": "READY"}, **key)
    assert (again.status_code, again.content, again.headers["Idempotent-Replayed"]) == (200, first.content, "true")
    assert (await receipt(server, receipt_id))["order_status"] == "IN_PROGRESS"
    for body in ({"order_status": "NEW"}, {"order_status": "wrong"}):
        other = await patch(server, receipt_id, body, **key)
        assert (other.status_code, other.json()["error"]) == (422, "idempotency_key_reused")


# Close


@pytest.mark.parametrize("amount", [17, "17", "17.0", "17.00", "0017.0000"])
async def test_a_receipt_is_closed_by_exact_numbers_and_strings(server: Server, amount):
    """The documented keys among the whole receipt: status 2, nothing remains, what was paid told to the cent."""
    receipt_id = await accepted(server)
    began = datetime.now(UTC).replace(microsecond=0)
    answer = await close(server, receipt_id, {**payment(amount, name="Nağd"), "id": 99, "cid": "x"})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body.keys() == {"success", "data", "message", "time", "timestamp", "unix"}
    assert (body["success"], body["message"]) == (True, "Receipt closed")
    at = body["data"]["closed_at"]
    assert body["data"]["id"] == receipt_id
    assert body["data"]["payment_methods"] == [{"id": 1, "name": "Nağd", "amount": 17}]
    assert began <= datetime.strptime(at, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC) <= datetime.now(UTC)
    shown = await receipt(server, receipt_id)
    assert (shown["status"], shown["total"], shown["remaining"], shown["closed_at"]) == (2, 17, 0, at)
    assert shown == body["data"]
    assert [event["type"] for event in await events(server, receipt_id)].count("receipt.closed") == 1


async def test_a_receipt_is_split_over_methods_to_the_cent(server: Server):
    """Numbers and strings mixed, the same method twice, a payment of nothing."""
    order_id = await place(server, DOCUMENTED)
    parts = [(1, 0.1), (2, "0.2"), (1, "19.2"), (2, 0.01), (2, 0)]
    body = {"payment_methods": [{"id": id_, "name": f"m{id_}", "amount": amount} for id_, amount in parts]}
    answer = await close(server, order_id, body)
    assert answer.status_code == 200, answer.text
    assert [part["amount"] for part in answer.json()["data"]["payment_methods"]] == [0.1, 0.2, 19.2, 0.01, 0]


@pytest.mark.parametrize(
    ("form", "hours"),
    [
        ("%Y-%m-%d %H:%M:%S", 0),
        ("%Y-%m-%dT%H:%M:%SZ", 0),
        ("%Y-%m-%dT%H:%M:%S.123456+00:00", 0),
        ("%Y-%m-%dT%H:%M:%S+04:00", 4),
    ],
)
async def test_when_it_was_closed_may_be_stated(server: Server, form, hours):
    """The documented form is UTC; ISO 8601 with its zone."""
    receipt_id = await accepted(server)
    wanted = (datetime.now(UTC) + timedelta(minutes=5)).replace(microsecond=0)
    body = {**payment(17), "closed_at": (wanted + timedelta(hours=hours)).strftime(form)}
    answer = await close(server, receipt_id, body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]["closed_at"] == wanted.strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize("empty", ["", None])
async def test_an_empty_closed_at_means_now(server: Server, empty):
    """Clients send it so."""
    receipt_id = await accepted(server)
    assert (await close(server, receipt_id, {**payment(17), "closed_at": empty})).status_code == 200
    shown = await receipt(server, receipt_id)
    assert shown["closed_at"] >= shown["created_at"]


@pytest.mark.parametrize(
    ("closed_at", "code"),
    [
        ("2020-01-01 00:00:00", "too_early"),
        ("1970-01-01T00:00:00+14:00", "too_early"),
        ("before", "too_early"),
        ("yesterday", "invalid_time"),
        ("9999-12-31 23:59:59", "invalid_time"),
        ("0001-01-01T00:00:00+14:00", "invalid_time"),
        ("2026-13-01 00:00:00", "invalid_time"),
        (1768820869, "wrong_type"),
    ],
)
async def test_a_wrong_closed_at_is_refused(server: Server, closed_at, code):
    """Earlier than the receipt with the documented sentence; nothing is stored."""
    receipt_id = await accepted(server)
    if closed_at == "before":
        created = datetime.fromisoformat((await receipt(server, receipt_id))["created_at"])
        closed_at = str(created - timedelta(seconds=1))
    before = await everything(server, receipt_id)
    answer = await close(server, receipt_id, {**payment(17), "closed_at": closed_at})
    assert problems(answer) == [("closed_at", code)]
    if code == "too_early":
        assert answer.json()["message"] == "closed_at must be greater than created_at"
    assert await everything(server, receipt_id) == before


CASH = {"id": 1, "name": "Cash", "amount": 17}
REFUSED = {
    "underpaid": ([{**CASH, "amount": 16.99}], [("payment_methods", "underpaid")]),
    "nothing": ([], [("payment_methods", "underpaid")]),
    "overpaid": ([{**CASH, "amount": "17.01"}], [("payment_methods", "overpaid")]),
    "unknown method": ([{**CASH, "id": 77}], [("payment_methods[0].id", "unknown_payment_method")]),
    "disabled here": ([{**CASH, "id": 11}], [("payment_methods[0].id", "unknown_payment_method")]),
    "inactive": ([{**CASH, "id": 12}], [("payment_methods[0].id", "unknown_payment_method")]),
    "no customer": ([{**CASH, "id": 3}], [("payment_methods[0].id", "customer_required")]),
    "not divisible": (
        [{**CASH, "id": 13, "amount": 10}, {**CASH, "amount": 7}],
        [("payment_methods[0].id", "not_divisible")],
    ),
    "too fine": ([{**CASH, "amount": 17.001}], [("payment_methods[0].amount", "too_many_decimals")]),
    "too fine a text": ([{**CASH, "amount": "17.0001"}], [("payment_methods[0].amount", "too_many_decimals")]),
    "several": (
        [{**CASH, "id": 77}, {**CASH, "id": 13, "amount": "0.001"}, {**CASH, "id": 3, "amount": 1}],
        [
            ("payment_methods[0].id", "unknown_payment_method"),
            ("payment_methods[1].id", "not_divisible"),
            ("payment_methods[1].amount", "too_many_decimals"),
            ("payment_methods[2].id", "customer_required"),
        ],
    ),
    "negative": ([{**CASH, "amount": 18}, {**CASH, "amount": -1}], [("payment_methods[1].amount", "too_small")]),
    "no amount": ([{"id": 1, "name": "Cash"}], [("payment_methods[0].amount", "required")]),
    "no amount, null": ([{**CASH, "amount": None}], [("payment_methods[0].amount", "wrong_type")]),
    "a word": ([{**CASH, "amount": "all"}], [("payment_methods[0].amount", "wrong_type")]),
    "an exponent": ([{**CASH, "amount": "17e0"}], [("payment_methods[0].amount", "wrong_type")]),
    "a sign": ([{**CASH, "amount": "+17"}], [("payment_methods[0].amount", "wrong_type")]),
    "a space": ([{**CASH, "amount": "17 "}], [("payment_methods[0].amount", "wrong_type")]),
    "digits of another script": ([{**CASH, "amount": "١٧"}], [("payment_methods[0].amount", "wrong_type")]),
    "a truth": ([{**CASH, "amount": True}], [("payment_methods[0].amount", "wrong_type")]),
    "too much": ([{**CASH, "amount": 10**9 + 1}], [("payment_methods[0].amount", "too_large")]),
    "bad everywhere": (
        [{"id": "1", "name": 2, "amount": "17"}, 5],
        [
            ("payment_methods[0].id", "wrong_type"),
            ("payment_methods[0].name", "wrong_type"),
            ("payment_methods[1]", "wrong_type"),
        ],
    ),
    "no name": ([{"id": 1, "amount": 17}], [("payment_methods[0].name", "required")]),
    "too many": ([{**CASH, "amount": 0}] * 21, [("payment_methods", "too_many")]),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_payments_that_do_not_fit_are_refused_with_every_problem(server: Server, case):
    """Nothing is stored, and the right payment afterwards is taken."""
    methods = [
        {"id": 11, "name": "Voucher", "disabled_venues": [1]},
        {"id": 12, "name": "Old card", "active": False},
        {"id": 13, "name": "Invoice", "split": False},
    ]
    await server.import_({"payment_methods": methods})
    receipt_id = await accepted(server, customer={**MINIMAL["customer"], "id": 0})
    before = await everything(server, receipt_id)
    offers, expected = REFUSED[case]
    key = {"Idempotency-Key": "same"}
    assert problems(await close(server, receipt_id, {"payment_methods": offers}, **key)) == expected
    assert await everything(server, receipt_id) == before
    right = {"payment_methods": [{**CASH, "id": 13, "name": "Invoice"}]}
    assert (await close(server, receipt_id, right, **key)).status_code == 200


async def test_a_body_without_payments_is_refused_and_a_free_order_needs_none(server: Server):
    """The key is required; for a total of 0 an empty list covers it."""
    receipt_id = await accepted(server)
    for body in ({}, {"payment_methods": None}, {"payment_methods": {}}):
        assert [where for where, _ in problems(await close(server, receipt_id, body))] == ["payment_methods"]
    free = await accepted(server, products=[{**MINIMAL["products"][0], "price": 0}])
    assert (await close(server, free, {"payment_methods": []})).status_code == 200
    assert (await receipt(server, free))["status"] == 2


async def test_a_method_that_needs_a_customer_takes_one(server: Server):
    """And one disabled elsewhere is taken here."""
    await server.import_(
        {"payment_methods": [{"id": 3, "name": "Balance", "customer_required": True, "disabled_venues": [2]}]}
    )
    assert (await close(server, await accepted(server), payment(17, 3))).status_code == 200
    elsewhere = await accepted(server, venue_id=2)
    assert problems(await close(server, elsewhere, payment(17, 3))) == [
        ("payment_methods[0].id", "unknown_payment_method")
    ]


async def test_a_closed_receipt_is_not_closed_again(server: Server):
    """409 receipt_closed with its id, whatever the body pays; the first payment stands."""
    receipt_id = await accepted(server)
    await close(server, receipt_id, payment(17))
    before = await everything(server, receipt_id)
    for body in (payment(17), payment(1), payment(17, 77), {**payment(17), "closed_at": "2020-01-01 00:00:00"}):
        answer = await close(server, receipt_id, body)
        assert (answer.status_code, answer.json()["error"]) == (409, "receipt_closed"), answer.text
        assert answer.json()["receipt_id"] == receipt_id
    assert await everything(server, receipt_id) == before


async def test_a_lost_answer_to_a_payment_is_asked_for_again_under_its_key(server: Server):
    """The same bytes, marked; the key with other amounts is refused; without it the receipt is closed already."""
    receipt_id = await accepted(server)
    key = {"Idempotency-Key": "pay-1"}
    first = await close(server, receipt_id, payment(17), **key)
    again = await close(server, receipt_id, payment("17.00"), **key)
    assert (again.status_code, again.json()["error"]) == (422, "idempotency_key_reused")
    again = await close(server, receipt_id, payment(17.0), **key)
    assert (first.status_code, again.status_code, again.content) == (200, 200, first.content)
    assert (again.headers["Idempotent-Replayed"], "Idempotent-Replayed" in first.headers) == ("true", False)
    wrong = await close(server, receipt_id, {"payment_methods": 1}, **key)
    assert (wrong.status_code, wrong.json()["error"]) == (422, "idempotency_key_reused")
    assert [event["type"] for event in await events(server, receipt_id)].count("receipt.closed") == 1


async def test_of_those_who_pay_at_once_one_wins(server: Server):
    """One 200, all others 409; one payment stands. Under one key all get one answer."""
    for _ in range(3):
        receipt_id = await accepted(server)
        answers = await asyncio.gather(*(close(server, receipt_id, payment(17, 1 + n % 2)) for n in range(6)))
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409, 409]
        (won,) = [answer.json()["data"]["payment_methods"] for answer in answers if answer.status_code == 200]
        assert (await receipt(server, receipt_id))["payment_methods"] == won
    receipt_id = await accepted(server)
    key = {"Idempotency-Key": "together"}
    answers = await asyncio.gather(*(close(server, receipt_id, payment(17), **key) for _ in range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len({answer.content for answer in answers}) == 1
    assert [event["type"] for event in await events(server, receipt_id)].count("receipt.closed") == 1


async def test_a_payment_and_a_cancellation_at_once_end_in_one_story(server: Server):
    """Paid and delivered, or ignored at zero, or paid first and then marked for a refund; never a mixture."""
    for _ in range(4):
        order_id = await place(server, DOCUMENTED)
        paid, cancelled = await asyncio.gather(
            close(server, order_id, payment(19.51)), patch(server, order_id, {"order_status": "CANCELLED"})
        )
        shown = await receipt(server, order_id)
        story = (paid.status_code, cancelled.status_code, shown["order_status"], shown["refund_due"], shown["total"])
        assert story in ((200, 200, "CANCELLED", True, 0), (409, 200, "CANCELLED", False, 0))


def real_totals() -> list[int]:
    """The totals of real orders in cents; where the file is absent, some like them."""
    if not REAL_ORDERS.exists():
        return [n * 137 % 9_000 + 1 for n in range(300)]
    found: dict[str, Decimal] = defaultdict(Decimal)
    with REAL_ORDERS.open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            found[row["order_id"]] += Decimal(row["item_price"].strip().lstrip("$"))
    return [int(total * 100) for total in found.values()]


TOTALS = real_totals()


@st.composite
def splits(draw) -> tuple[int, list[int]]:
    """A real order's total, cut at random places."""
    total = draw(st.sampled_from(TOTALS))
    cuts = sorted(draw(st.lists(st.integers(0, total), max_size=19)))
    return total, [high - low for low, high in zip([0, *cuts], [*cuts, total], strict=True)]


def an_open_receipt(total: int) -> Receipt:
    """A receipt over so many cents."""
    return Receipt(
        BrandId("b"), 1, 1, 1, receipt_cid(1, 0), 0, 1, None, OPEN, OrderStatus.NEW, "001", False, None,
        total, 0, 0, 0, total, total, (), False, None, "2026-01-19", Micros(0), Micros(0), None,
    )  # fmt: skip


@examples(max_examples=300, deadline=None)
@given(splits(), st.integers(-3, 3))
def test_payments_are_taken_exactly_when_they_sum_to_the_total(split, off):
    """Over real totals and random splits: the sum of what is kept is the total; a cent off is refused."""
    total, parts = split
    parts = [*parts[:-1], max(parts[-1] + off, 0)]
    offers = tuple(Offer(1, "Cash", Decimal(part).scaleb(-2)) for part in parts)
    brand = Brand(BrandId("b"), "B", True, "USD", 2, "US", True, 1)
    methods = {1: PaymentMethod(id=1, name="Cash")}

    def pay() -> Receipt:
        return close_receipt(an_open_receipt(total), Tender(offers), brand, methods, by_name="x", at=Micros(5))

    if sum(parts) == total:
        paid = pay()
        assert sum(kept.amount_minor for kept in paid.payments) == total == paid.total_minor
        assert (paid.remaining_minor, paid.status, paid.closed_at) == (0, 2, 5)
    else:
        with pytest.raises(ComandaError) as refused:
            pay()
        assert [problem.code for problem in refused.value.details] == [
            "underpaid" if sum(parts) < total else "overpaid"
        ]


async def test_real_totals_are_paid_in_random_parts(server: Server):
    """Over HTTP, as numbers and as strings: what is kept adds up to the total, exactly."""
    chance = random.Random(20260119)
    for cents in chance.sample(TOTALS, 25):
        receipt_id = await accepted(server, products=[{**MINIMAL["products"][0], "count": 1, "price": cents / 100}])
        cuts = sorted(chance.randint(0, cents) for _ in range(chance.randint(0, 5)))
        parts = [Decimal(high - low).scaleb(-2) for low, high in zip([0, *cuts], [*cuts, cents], strict=True)]
        amounts = [str(part) if chance.random() < 0.5 else float(part) for part in parts]
        body = {"payment_methods": [{"id": chance.choice((1, 2)), "name": "m", "amount": amount} for amount in amounts]}
        answer = await close(server, receipt_id, body)
        assert answer.status_code == 200, answer.text
        kept = [Decimal(str(part["amount"])) for part in answer.json()["data"]["payment_methods"]]
        assert (kept, sum(kept)) == (parts, Decimal(cents).scaleb(-2))


# Daily numbers


async def test_receipts_are_numbered_by_venue_and_business_day(server: Server):
    """001, 002, … at acceptance; each venue and day by itself; a number of the order's own is kept and takes none."""

    async def number(**changes) -> str:
        return (await receipt(server, await accepted(server, **changes)))["order_number"]

    evening, midnight = noon(day_start="20:00"), noon(day_start="00:00")
    await server.import_({"venues": [evening]})
    waiting = await place(server)
    assert [await number(), await number(), await number(order_number="MINE")] == ["001", "002", "MINE"]
    assert [await number(venue_id=2), await number(venue_id=2)] == ["001", "002"]
    await did(server, f"/orders/{waiting}/accept", {})
    assert (await receipt(server, waiting))["order_number"] == "003"
    assert (await server.get(f"/orders/{waiting}")).json()["data"]["payload"]["order_number"] is None
    await server.import_({"venues": [midnight]})
    assert [await number(), await number()] == ["001", "002"]
    await server.import_({"venues": [evening]})
    assert await number() == "004"


async def test_the_number_of_a_receipt_stands_on_its_tickets_papers_and_events(server: Server):
    """Whoever accepts: the number that the transaction gave is everywhere."""
    by_hand = await place(server)
    await did(server, f"/orders/{by_hand}/accept", {"send_to_station": True})
    at_once = await place(server, DOCUMENTED)
    for order_id, number in ((by_hand, "001"), (at_once, "002")):
        chain = (await hub_get(server, f"/orders/{order_id}"))["chain"]
        assert (chain["receipt"]["order_number"], chain["tickets"][0]["order_number"]) == (number, number)
        told = {event["type"]: event["data"]["order_number"] for event in await events(server, order_id)}
        assert (told["receipt.opened"], told["ticket.created"]) == (number, number)


async def test_orders_accepted_at_once_get_distinct_consecutive_numbers(server: Server):
    """By hand and automatically at the same time, at two venues; none is left out, none given twice."""
    pending = [await place(server) for _ in range(15)]

    async def by_hand(order_id: int) -> int:
        await did(server, f"/orders/{order_id}/accept", {})
        return order_id

    done = await asyncio.gather(
        *(by_hand(order_id) for order_id in pending),
        *(accepted(server) for _ in range(25)),
        *(accepted(server, venue_id=2) for _ in range(10)),
        *(accepted(server, order_number=f"own-{n}") for n in range(5)),
    )
    assert len(set(done)) == 55
    numbers = sorted([(await receipt(server, order_id))["order_number"] for order_id in done[:40]])
    assert numbers == [f"{n:03d}" for n in range(1, 41)]
    assert sorted([(await receipt(server, order_id))["order_number"] for order_id in done[40:50]]) == numbers[:10]


async def test_a_refused_acceptance_takes_no_number(server: Server):
    """Numbers go with the transaction: what was not stored leaves no gap."""
    order_id = await accepted(server)
    ignored = await place(server)
    await server.ignore(ignored)
    assert (await post(server, f"/orders/{ignored}/accept", {})).status_code == 400
    assert (await server.create({**MINIMAL, "auto_order_accept": True, "sale_type_id": 77})).status_code == 400
    await did(server, f"/orders/{order_id}/accept", {})
    assert (await receipt(server, await accepted(server)))["order_number"] == "002"


# What a receipt took from stock


async def test_a_receipt_took_nothing_from_stock(server: Server):
    """Comanda keeps none: an empty page, for receipts that the caller may see (contract 9.9)."""
    receipt_id = await accepted(server)
    path = f"/open-api/v2/receipts/{receipt_id}/stock-operations"
    body = await ask(server, "GET", path)
    assert body.keys() == {"success", "data", "total", "sorts", "next_cursor", "time", "timestamp", "unix"}
    assert (body["success"], body["data"], body["total"]) == (True, [], 0)
    other = await server.client("seaside", venue_id=2, venues=(2,))
    for headers, missing in (
        (server.headers, "/open-api/v2/receipts/999999/stock-operations"),
        (server.headers, "/open-api/v2/receipts/x/stock-operations"),
        (other, path),
        ({**server.headers, "x-venue": "2"}, path),
    ):
        refusal = await ask(server, "GET", missing, headers, 404)
        assert (refusal["error"], refusal["message"]) == ("not_found", "Receipt not found")
    writer = await server.client("writer", scopes=("receipts:write",))
    assert (await ask(server, "GET", path, writer, 403))["error"] == "forbidden"
