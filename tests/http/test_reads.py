"""Reading and ignoring orders over a real socket, on both stores (contract 9.2 to 9.4, 14.5)."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from tests.conftest import Server

from comanda import demo

pytestmark = pytest.mark.anyio
MINIMAL = demo.example("create-order.minimal.request")
BY_WEIGHT = {**MINIMAL, "products": [{**MINIMAL["products"][0], "product_id": 120, "count": 12.5, "price": 14.9}]}


async def create(server: Server, count: int = 1, **values) -> list[int]:
    """Orders, one after another; their ids."""
    return [(await server.create({**MINIMAL, **values})).json()["data"]["id"] for _ in range(count)]


async def test_a_list_has_the_whole_envelope(server: Server):
    """success, data, total, sorts, time, timestamp, unix; the two times are one instant."""
    await create(server, 3)
    body = (await server.get("/orders?limit=2")).json()
    assert body.keys() == {"success", "data", "total", "sorts", "next_cursor", "time", "timestamp", "unix"}
    assert (body["total"], len(body["data"]), body["sorts"]) == (3, 2, ["id", "created_at", "updated_at"])
    told = datetime.strptime(body["timestamp"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    assert told.timestamp() == body["unix"]


async def test_pages_follow_one_another_newest_first(server: Server):
    """page and limit, and both notations of sort."""
    ids = await create(server, 5)
    pages = [(await server.get(f"/orders?limit=2&page={page}")).json()["data"] for page in (1, 2, 3, 4)]
    assert [order["id"] for page in pages for order in page] == ids[::-1]
    for query in ("sort[0]=id&sort[1]=1", "sort%5B0%5D=id&sort%5B1%5D=1", "sort_by=id&sort_order=asc"):
        assert [order["id"] for order in (await server.get(f"/orders?{query}")).json()["data"]] == ids


async def test_filters_work_in_every_notation(server: Server):
    """Scalar, IN list, named outer keys; several combine with AND."""
    first, second, third = [*await create(server, 2, order_number="A"), *await create(server, order_number="B")]
    await server.ignore(second)
    cases = {
        "status=IGNORE": {second},
        "filters[0][0]=order_number&filters[0][1]=A": {first, second},
        "filters[n][0]=order_number&filters[n][1]=A&filters[s][0]=status&filters[s][1]=PENDING": {first},
        "filters[0][0]=status&filters[0][1][0]=IGNORE&filters[0][1][1]=PENDING": {first, second, third},
        "filters[0][0]=customer_id&filters[0][1]=9": {first, second, third},
        "filters[0][0]=sale_type_id&filters[0][1]=1": set(),
        "unknown=1": {first, second, third},
    }
    for query, expected in cases.items():
        body = (await server.get(f"/orders?{query}")).json()
        assert ({order["id"] for order in body["data"]}, body["total"]) == (expected, len(expected)), query


async def test_days_are_the_venues_days(server: Server):
    """The span is inclusive, in the venue's zone, each day from its start (the demo's at 06:00 in Baku)."""
    await create(server)
    today = (datetime.now(UTC) + timedelta(hours=4) - timedelta(hours=6)).date()
    tomorrow, yesterday = today + timedelta(days=1), today - timedelta(days=1)
    for query, expected in (
        (f"date[0]={today}&date[1]={today}", 1),
        (f"date_from={today}", 1),
        (f"date[]={yesterday}&date[]={yesterday}", 0),
        (f"date[0]={tomorrow}", 0),
        (f"date[1]={yesterday}", 0),
    ):
        assert (await server.get(f"/orders?{query}")).json()["total"] == expected, query


async def test_relations_come_in_every_notation(server: Server):
    """with[0], with[], with; a column list; bare columns join the relation before them."""
    (order_id,) = await create(server)
    for query in (
        "with[0]=receipt:id,service_notification_id,status",
        "with[]=receipt",
        "with=receipt",
        "with[0]=receipt:id&with[1]=service_notification_id&with[2]=status",
    ):
        order = (await server.get(f"/orders/{order_id}?{query}")).json()["data"]
        assert (order["receipt"], "customer" in order) == (None, False), query
    order = (await server.get(f"/orders/{order_id}?with=customer:name,receipt")).json()["data"]
    assert order["customer"] == {"name": "Test Customer"}
    assert "receipt" not in (await server.get(f"/orders/{order_id}")).json()["data"]


@pytest.mark.parametrize(
    "query",
    [
        "status=DONE", "limit=0", "limit=201", "limit=x", "page=0", "page=99999999999999", "sort[0]=price",
        "sort[1]=2", "date[0]=yesterday", "date[0]=2026-02-30", "date[0]=9001-01-01", "filters[0][0]=phone&filters[0][1]=1",
        "filters[0][0]=status", "filters[0][1]=x", "filters[0][0]=customer_id&filters[0][1]=x",
        "filters[0][0]=customer_id&filters[0][1]=99999999999999999999", "with=lines", "with=receipt:total",
        "with=id", "filters[0][0]=order_number&filters[0][1]=%00", "status=%ff", "&".join(["a=1"] * 201),
    ],
)  # fmt: skip
async def test_a_wrong_parameter_is_a_400_that_says_what_is_allowed(server: Server, query):
    """invalid_parameter, never a 5xx."""
    answer = await server.get(f"/orders?{query}")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_parameter"), answer.text


async def test_the_documented_sentence_of_a_wrong_status(server: Server):
    """Clients compare it."""
    message = (await server.get("/orders?status=DONE")).json()["message"]
    assert message == "status must be one of PENDING, RECEIVED, IGNORE, DELIVERED"


@pytest.mark.parametrize("wanted", ["99999", "0", "abc", "1.0", "-1", "9999999999999999999999", "%20", "1%00"])
async def test_an_order_that_is_not_there_is_the_documented_404(server: Server, wanted):
    """resource_not_found / Order not found."""
    answer = await server.get(f"/orders/{wanted}")
    assert (answer.status_code, answer.json()) == (
        404,
        {"success": False, "error": "resource_not_found", "message": "Order not found"},
    )


async def test_ignoring_moves_an_order_once(server: Server):
    """200 and the order as reads show it, shape A among it; a repeat changes nothing, not even the time."""
    (order_id,) = await create(server)
    first = (await server.ignore(order_id)).json()
    assert first.keys() == {"success", "data", "time", "timestamp", "unix"}
    assert first["data"]["status"] == "IGNORE"
    assert demo.example("create-order.response")["data"].keys() - {"payload"} <= first["data"].keys()
    assert first["data"]["updated_at"] > first["data"]["created_at"]
    assert (await server.ignore(order_id)).json()["data"] == first["data"]
    assert (await server.get(f"/orders/{order_id}")).json()["data"] == first["data"]


async def test_an_accepted_order_may_be_ignored_and_others_may_not_be_set(server: Server):
    """RECEIVED to IGNORE; every other status is the documented refusal."""
    answer = await server.create(demo.example("create-order.request"))
    order_id = answer.json()["data"]["id"]
    for body in ({"status": "READY"}, {"status": "PENDING"}, {}, {"status": None}, {"status": ["IGNORE"]}):
        refused = await server.http.put(f"/open-api/v2/orders/{order_id}", json=body, headers=server.headers)
        assert (refused.status_code, refused.json()) == (
            400,
            {"success": False, "error": "validation_failed", "message": "Status is not allowed"},
        )
    assert (await server.ignore(order_id)).json()["data"]["status"] == "IGNORE"
    assert (await server.ignore(999999)).status_code == 404


async def test_an_ignored_order_gives_its_portions_back_once(server: Server):
    """Holds are returned, not twice, and not after the quantity was set anew."""
    one = (await server.create(BY_WEIGHT)).json()["data"]["id"]
    assert (await server.create(BY_WEIGHT)).status_code == 400
    await asyncio.gather(*(server.ignore(one) for _ in range(10)))
    two = (await server.create(BY_WEIGHT)).json()["data"]["id"]
    assert (await server.create(BY_WEIGHT)).status_code == 400
    await server.import_({"stop_list": [{"venue_id": 1, "product_id": 120, "quantity": 1}]})
    await server.ignore(two)
    assert (await server.create(BY_WEIGHT)).status_code == 400
    left = [entry.quantity for entry in (await server.hub.store.whole_catalogue("demo")).stop_list]
    assert left == [1]


async def test_the_active_venue_decides_what_is_seen(server: Server):
    """Lists are of the token's venue or x-venue; by-id reads are brand-wide unless x-venue is sent."""
    (here,), (there,) = await create(server), await create(server, venue_id=2)
    assert [o["id"] for o in (await server.get("/orders")).json()["data"]] == [here]
    assert [o["id"] for o in (await server.get("/orders", **{"x-venue": "2"})).json()["data"]] == [there]
    assert (await server.get(f"/orders/{there}")).status_code == 200
    assert (await server.get(f"/orders/{there}", **{"x-venue": "1"})).status_code == 404
    assert (await server.ignore(there, **{"x-venue": "1"})).status_code == 404
    for wrong in ("99", "x", "1 OR 1", "²"):
        answer = await server.http.get(
            "/open-api/v2/orders", headers=[("x-token", server.token), ("x-venue", wrong.encode())]
        )
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_parameter")


async def test_a_client_limited_to_venues_sees_no_other(server: Server):
    """Lists, reads and writes alike: 404."""
    (here,), (there,) = await create(server), await create(server, venue_id=2)
    limited = await server.client("limited", venue_id=2, venues=(2,))
    assert [o["id"] for o in (await server.get("/orders", **limited)).json()["data"]] == [there]
    assert (await server.get("/orders", **limited, **{"x-venue": "1"})).status_code == 404
    assert (await server.get(f"/orders/{here}", **limited)).status_code == 404
    assert (await server.ignore(here, **limited)).status_code == 404
    assert (await server.create(MINIMAL, **limited)).status_code == 404
    assert (await server.create({**MINIMAL, "venue_id": 2}, **limited)).status_code == 201


@pytest.mark.parametrize("sort", ["sort[0]=created_at&sort[1]=-1", "sort[0]=id&sort[1]=1", "sort[0]=id&sort[1]=-1"])
async def test_a_cursor_neither_skips_nor_repeats_while_orders_pour_in(server: Server, sort):
    """Every order present at its first page comes once, whatever arrives or changes meanwhile."""
    present = await create(server, 13)
    pouring = asyncio.create_task(create(server, 20))
    seen, cursor = [], ""
    while cursor is not None:
        page = (await server.get(f"/orders?{sort}&limit=4{cursor and '&cursor=' + cursor}")).json()
        seen += [order["id"] for order in page["data"]]
        cursor = page["next_cursor"]
        await server.ignore(seen[-1])
    await pouring
    assert len(seen) == len(set(seen))
    assert set(present) <= set(seen)


async def test_lists_of_customers_are_leafed_through_by_cursor(server: Server):
    """Newest first, of the active venue, with other filters; a total on every page; guests are nobody's."""
    await server.import_({"customers": [{"id": 20, "name": "A"}, {"id": 21, "name": "B"}]})
    made: dict[tuple[int, int], list[int]] = {}
    for _ in range(4):
        for customer_id, venue_id in ((9, 1), (20, 1), (21, 1), (20, 2), (0, 1)):
            customer = {**MINIMAL["customer"], "id": customer_id}
            made.setdefault((customer_id, venue_id), []).extend(
                await create(server, venue_id=venue_id, customer=customer)
            )
    one, two = "filters[c][0]=customer_id&filters[c][1]=20", "filters[c][1][]=20&filters[c][1][]=9"
    for query, venue, expected in (
        (one, "1", made[20, 1]),
        (one, "2", made[20, 2]),
        (f"filters[c][0]=customer_id&{two}", "1", sorted(made[20, 1] + made[9, 1])),
        (f"{one}&status=PENDING", "1", made[20, 1]),
        (f"{one}&status=IGNORE", "1", []),
        ("filters[c][0]=customer_id&filters[c][1]=0", "1", made[0, 1]),
        ("filters[c][0]=customer_id&filters[c][1][]=0&filters[c][1][]=21", "1", sorted(made[0, 1] + made[21, 1])),
        ("filters[c][0]=customer_id&filters[c][1]=777", "1", []),
    ):
        seen, cursor = [], ""
        while cursor is not None:
            page = await server.get(f"/orders?{query}&limit=3{cursor and '&cursor=' + cursor}", **{"x-venue": venue})
            seen += [order["id"] for order in page.json()["data"]]
            cursor = page.json()["next_cursor"]
            assert page.json()["total"] == len(expected), query
        assert seen == expected[::-1], query


@pytest.mark.parametrize(
    "query",
    [
        "cursor=x",
        "cursor=",
        "cursor=e30",
        "cursor=%00",
        "sort_by=updated_at&cursor=W10",
        "cursor=WzkyMjMzNzIwMzY4NTQ3NzU4MDgsMSwxLCJ4Il0",
    ],
)
async def test_a_cursor_that_is_none_is_refused(server: Server, query):
    """As are cursors of another list."""
    await create(server, 3)
    assert (await server.get(f"/orders?{query}")).status_code == 400
    cursor = (await server.get("/orders?limit=1")).json()["next_cursor"]
    assert (await server.get(f"/orders?limit=1&status=PENDING&cursor={cursor}")).status_code == 400
    assert (await server.get(f"/orders?limit=1&cursor={cursor}")).status_code == 200


async def test_filters_that_contradict_find_nothing(server: Server):
    """They combine with AND, however they are written."""
    (order_id,) = await create(server)
    await server.ignore(order_id)
    assert (await server.get("/orders?filters[0][0]=status&filters[0][1]=PENDING&status=IGNORE")).json()["total"] == 0
    assert (await server.get("/orders?filters[0][0]=status&filters[0][1]=IGNORE&status=IGNORE")).json()["total"] == 1


async def test_a_keyed_change_says_until_when_it_is_kept(server: Server):
    """Idempotency-Expires, the first time and on a repeat."""
    (order_id,) = await create(server)
    first, again = [await server.ignore(order_id, **{"idempotency-key": "k"}) for _ in range(2)]
    assert first.headers["idempotency-expires"] == again.headers["idempotency-expires"]


async def test_customers_may_swap_their_phones_in_one_document(server: Server):
    """Validated and applied as a whole."""
    people = [{"id": 20, "name": "A", "phone": "+994501111111"}, {"id": 21, "name": "B", "phone": "+994502222222"}]
    await server.import_({"customers": people})
    swapped = [{**people[0], "phone": people[1]["phone"]}, {**people[1], "phone": people[0]["phone"]}]
    await server.import_({"customers": swapped})
    found = {c.id: c.phone for c in (await server.hub.store.whole_catalogue("demo")).customers}
    assert (found[20], found[21]) == ("+994502222222", "+994501111111")
