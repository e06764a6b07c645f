"""What a venue took: every figure is what the page's own query answers, on both stores."""

import asyncio
import random
import re
import sqlite3
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import asyncpg
import pytest
from tests.conftest import ROOT, Server
from tests.http.chain import KITCHEN, MINIMAL, TILL, did, hub_get, manager, payment, place
from tests.http.documented import ask

from comanda import demo
from comanda.base.clock import business_day, day_bounds, now_micros
from comanda.store.tables import orders
from comanda.store.transaction import Statement, one

pytestmark = pytest.mark.anyio
ORDERS = 240
QUERIES = {
    (name, store.strip().lower()): text
    for name, stores, text in re.findall(
        r"```sql\n-- (\w+): ([^\n]+)\n(.*?)```", (ROOT / "docs" / "insights.md").read_text(), re.DOTALL
    )
    for store in stores.split(",")
}
BAKU_US = 4 * 3_600_000_000


async def run_query(server: Server, name: str, **parameters: Any) -> list[dict[str, Any]]:
    """The rows that a query of the page answers on the server's store."""
    settings = server.hub.settings
    text = QUERIES[name, server.hub.store.name]
    if settings.database_url is None:
        connection = sqlite3.connect(settings.database_file)
        connection.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in connection.execute(text, parameters)]
        finally:
            connection.close()
    names = sorted(set(re.findall(r":([a-z_]+)", text)))
    for index, found in enumerate(names, start=1):
        text = re.sub(rf":{found}\b", f"${index}", text)
    connection = await asyncpg.connect(settings.database_url)
    try:
        return [dict(row) for row in await connection.fetch(text, *(parameters[found] for found in names))]
    finally:
        await connection.close()


async def insights(server: Server, query: str) -> Any:
    """The endpoint's figures, once they are as documented."""
    return (await ask(server, "GET", f"/hub/v1/insights?{query}", await manager(server)))["data"]


def line(chance: random.Random) -> dict[str, Any]:
    """A line of the demo's menu, weighed or counted, with modifiers or none, or of no product anybody knows."""
    product_id = chance.choice([101, 101, 102, 111, 120, 777_777])
    count = Decimal(chance.randint(1, 3_000)).scaleb(-3) if product_id == 120 else chance.randint(1, 4)
    price = Decimal(chance.randint(1, 30_000)).scaleb(-4) if chance.random() < 0.3 else chance.choice([8.5, 7.9, 1.2])
    chosen = chance.sample([501, 502, 503, 599], chance.randint(0, 3)) if product_id in (101, 102, 777_777) else []
    modifiers = [
        {
            "modifier_id": found,
            "modifier_name": f"Modifier {found}",
            "count": chance.randint(1, 2),
            "price": chance.choice([0.5, 0.7, 0, 0.1375]),
        }
        for found in chosen
    ]
    return {
        "product_id": product_id,
        "product_name": f"Product {product_id}",
        "count": float(count),
        "price": float(price),
        "status": "new",
        "product_hash": "x",
        "modifiers": modifiers,
    }


def body(chance: random.Random) -> dict[str, Any]:
    """An order of some kind."""
    found = {
        **MINIMAL,
        "sale_type_id": chance.randint(1, 3),
        "products": [line(chance) for _ in range(chance.randint(1, 4))],
        "auto_order_accept": chance.random() < 0.3,
        "auto_order_sent_to_station": chance.random() < 0.8,
    }
    if chance.random() < 0.4:
        found["discount"] = chance.choice(
            [{"discount_type": 1, "discount_value": 12.5}, {"discount_type": 2, "discount_value": 1.11}]
        )
    if chance.random() < 0.4:
        found["service_charge"] = {"enabled": True, "value": 7.5}
    if chance.random() < 0.4:
        found["delivery_fee"] = 2.35
    return found


async def live_through(server: Server, order_id: int, chance: random.Random) -> None:
    """Let an order come as far as it may."""
    fate = chance.random()
    order = f"/orders/{order_id}"
    if fate < 0.1:
        return
    if fate < 0.25:
        await did(server, f"{order}/refuse", {"reason": chance.choice(["too_busy", "closed", "other"])})
        return
    await did(server, f"{order}/accept", {"send_to_station": True})
    if fate < 0.35:
        await did(server, f"{order}/refuse", {"reason": "customer_request"})
        return
    if fate < 0.5:
        return
    for ticket in (await hub_get(server, f"/orders/{order_id}"))["chain"]["tickets"]:
        await did(server, f"/tickets/{ticket['id']}/start", None, KITCHEN)
        await did(server, f"/tickets/{ticket['id']}/ready", None, KITCHEN)
    if fate < 0.7:
        return
    total = (await hub_get(server, f"/orders/{order_id}"))["total_amount"]
    if total:
        await did(server, f"/receipts/{order_id}/close", payment(total))
    await did(server, f"{order}/hand-over")


async def spread(server: Server, chance: random.Random) -> None:
    """Move each order's whole chain back within the last three days, by what differs from order to order."""
    rows = await server.hub.store.read(lambda: (yield one(Statement(orders.select()))))
    instants = [column.name for column in orders.c if column.name.endswith("_at")]
    shifts = {row[1]: (chance.randint(0, 3 * 86_400_000_000), chance.randint(0, 900_000_000)) for row in rows}
    names = [column.name for column in orders.c]

    def move():
        for row in rows:
            values, (back, slow) = dict(zip(names, row, strict=True)), shifts[row[1]]
            step = slow // 7
            moved = {
                name: values[name] - back + step * index
                for index, name in enumerate(instants)
                if values[name] is not None and name != "updated_at"
            }
            same = (orders.c.brand_id == demo.BRAND) & (orders.c.id == row[1])
            yield one(Statement(orders.update().where(same).values(moved), returns=False))

    await server.hub.store.run(move)


@pytest.fixture
async def busy(server: Server):
    """A venue with a few hundred varied orders of three days, of several channels."""
    chance = random.Random(6)
    await server.import_({"venues": [{
        "id": 1, "name": "Main", "is_main": True, "timezone": "Asia/Baku", "day_start": "06:00",
        "default_terminal_id": 1, "default_station_id": 1, "unknown_item_policy": "quarantine",
        "unknown_modifier_policy": "keep_as_note",
    }], "stop_list": [{"venue_id": 1, "product_id": 120, "quantity": None}]})  # fmt: skip
    channels = [{}, await server.client("wolt"), await server.client("own-site")]
    turns = asyncio.Semaphore(8)

    async def make(seed: int) -> None:
        own = random.Random(seed)
        async with turns:
            order_id = await place(server, body(own))
            await live_through(server, order_id, own)

    token = server.token
    for headers in channels:
        server.token = headers.get("x-token", token)
        await asyncio.gather(*(make(chance.randrange(2**30)) for _ in range(ORDERS // 3)))
    server.token = token
    await spread(server, chance)
    return server


def minor(amount: Any) -> int:
    """An amount of the answer in minor units; exact, since amounts have two decimals."""
    found = Decimal(str(amount)) * 100
    assert found == int(found)
    return int(found)


def milli(number: Any) -> int | None:
    """Thousandths."""
    return None if number is None else int(Decimal(str(number)) * 1_000)


def lasted(row: dict[str, Any], number: str) -> dict[str, Any]:
    """A row of durations as the endpoint tells it."""
    rounded = {f"{name}_s": None if row[name] is None else (row[name] + 500) // 1_000 for name in ("p50", "p90")}
    return {number: row[number], **rounded}


async def test_every_figure_is_what_the_pages_query_answers(busy: Server):
    """Totals, hours, days, channels, sale types, items, modifiers, refusals, times, stations."""
    today = datetime.fromisoformat(business_day(now_micros(), "Asia/Baku", "06:00")).date()
    first = today - timedelta(days=4)
    begin, end = day_bounds(first, "Asia/Baku", "06:00")[0], day_bounds(today, "Asia/Baku", "06:00")[1]
    span = {"brand": demo.BRAND, "venue": 1, "from_us": begin, "to_us": end}
    found = await insights(busy, f"venue=1&from={first}&to={today}")

    (totals,) = await run_query(busy, "totals", **span)
    told = found["totals"]
    assert totals["orders"] == ORDERS
    assert {name: told[name] for name in ("orders", "accepted", "refused", "delivered")} == {
        name: totals[name] for name in ("orders", "accepted", "refused", "delivered")
    }
    assert min(totals.values()) > 0
    for name in ("sales", "discounts", "service_charges", "delivery_fees"):
        assert minor(told[name]) == totals[name], name
    (average,) = await run_query(busy, "average_ticket", **span)
    assert minor(told["average_ticket"]) == int(average["average_ticket"])

    hours = await run_query(busy, "hours", **span, offset_us=BAKU_US, timezone="Asia/Baku")
    taken = [(row["hour"], row["orders"], minor(row["sales"])) for row in found["by_hour"] if row["orders"]]
    assert taken == [(row["hour"], row["orders"], row["sales"]) for row in hours]
    assert [row["hour"] for row in found["by_hour"]] == list(range(24))
    for row in found["by_day"]:
        bounds = day_bounds(datetime.fromisoformat(row["day"]).date(), "Asia/Baku", "06:00")
        (day,) = await run_query(busy, "totals", **{**span, "from_us": bounds[0], "to_us": bounds[1]})
        assert (row["orders"], minor(row["sales"])) == (day["accepted"], day["sales"])

    channels = await run_query(busy, "channels", **span)
    assert len(channels) == 3
    assert [(r["channel"], r["orders"], minor(r["sales"])) for r in found["by_channel"]] == [
        (r["channel"], r["orders"], r["sales"]) for r in channels
    ]
    sale_types = await run_query(busy, "sale_types", **span)
    assert [(r["sale_type_id"], r["orders"], minor(r["sales"])) for r in found["by_sale_type"]] == [
        (r["sale_type_id"], r["orders"], r["sales"]) for r in sale_types
    ]
    items = await run_query(busy, "items", **span, scale=100)
    assert [(r["product_id"], milli(r["count"]), minor(r["sales"])) for r in found["top_items"]] == [
        (r["product_id"], r["count"], r["sales"]) for r in items
    ]
    assert milli(told["items"]) == sum(row["count"] for row in items)
    modifiers = await run_query(busy, "modifiers", **span, scale=100)
    assert len(modifiers) == 4
    assert [(r["modifier_id"], milli(r["count"]), minor(r["sales"])) for r in found["top_modifiers"]] == [
        (r["modifier_id"], r["count"], r["sales"]) for r in modifiers
    ]
    names = {row["product_id"]: row["name"] for row in found["top_items"]}
    assert (names[101], names[777_777]) == ("Pizza", "Product 777777")

    refusals = await run_query(busy, "refusals", **span)
    assert found["refusals"] == refusals
    assert {"too_busy", "customer_request"} <= {row["reason"] for row in refusals}
    for leg in ("accept", "ready", "hand_over"):
        (row,) = await run_query(busy, leg, **span)
        wanted = lasted(row, "orders")
        assert wanted["orders"] > 10
        assert {
            name: value if name == "orders" else milli(value) for name, value in found["times"][leg].items()
        } == wanted
    stations = await run_query(busy, "stations", **span)
    assert len(stations) == 2
    assert [
        {"station_id": r["station_id"], "tickets": r["tickets"], "p50_s": milli(r["p50_s"]), "p90_s": milli(r["p90_s"])}
        for r in found["stations"]
    ] == [{"station_id": row["station_id"], **lasted(row, "tickets")} for row in stations]


async def test_every_query_of_the_page_is_run():
    """None stands there that nothing holds."""
    names = {name for name, _ in QUERIES}
    assert names == {
        "totals", "average_ticket", "hours", "channels", "sale_types", "items", "modifiers", "refusals", "accept",
        "ready", "hand_over", "stations",
    }  # fmt: skip
    assert all((name, store) in QUERIES for name in names for store in ("sqlite", "postgresql"))


async def at(server: Server, order_id: int, instant: datetime) -> None:
    """Move an order to an instant."""
    created = int(instant.timestamp()) * 1_000_000
    same = (orders.c.brand_id == demo.BRAND) & (orders.c.id == order_id)
    change = Statement(orders.update().where(same).values(created_at=created), returns=False)
    await server.hub.store.run(lambda: (yield one(change)))


async def test_days_and_hours_are_of_the_venues_clock_also_when_it_changes(server: Server):
    """Berlin, from 04:30: the night clocks go back has two 02 hours, the one they go forward none; 25 and 23 hours."""
    await server.import_({"venues": [{"id": 1, "name": "Main", "timezone": "Europe/Berlin", "day_start": "04:30"}]})
    accepted = {"auto_order_accept": True}
    for moment in (
        datetime(2026, 10, 25, 0, 10, tzinfo=UTC),  # 02:10 in summer
        datetime(2026, 10, 25, 1, 10, tzinfo=UTC),  # 02:10 in winter
        datetime(2026, 10, 25, 3, 29, tzinfo=UTC),  # 04:29, the last minute of the 24th
        datetime(2026, 10, 25, 3, 30, tzinfo=UTC),  # 04:30, the first of the 25th
        datetime(2026, 3, 29, 1, 10, tzinfo=UTC),  # 03:10 after the hour that was not
    ):
        await at(server, await place(server, **accepted), moment)
    found = await insights(server, "venue=1&from=2026-10-24&to=2026-10-25")
    assert [(row["day"], row["orders"]) for row in found["by_day"]] == [("2026-10-24", 3), ("2026-10-25", 1)]
    assert {row["hour"]: row["orders"] for row in found["by_hour"] if row["orders"]} == {2: 2, 4: 2}
    spring = await insights(server, "venue=1&from=2026-03-28&to=2026-03-28")
    assert {row["hour"]: row["orders"] for row in spring["by_hour"] if row["orders"]} == {3: 1}
    assert (spring["timezone"], spring["totals"]["orders"]) == ("Europe/Berlin", 1)


async def test_percentiles_are_of_nearest_rank(server: Server):
    """Of 1 to 10 seconds the median is 5 and the ninth decile 9: times that occurred, no means."""
    for seconds in range(1, 11):
        order_id = await place(server)
        await did(server, f"/orders/{order_id}/accept")
        same = (orders.c.brand_id == demo.BRAND) & (orders.c.id == order_id)
        later = orders.c.created_at + seconds * 1_000_000
        change = Statement(orders.update().where(same).values(received_at=later), returns=False)
        await server.hub.store.run(lambda change=change: (yield one(change)))
    found = await insights(server, "venue=1")
    assert found["times"]["accept"] == {"orders": 10, "p50_s": 5, "p90_s": 9}
    assert found["times"]["ready"] == {"orders": 0, "p50_s": None, "p90_s": None}


async def test_a_day_without_orders_is_told_as_such(server: Server):
    """Zeros, empty lists, no average; every hour and the day are there."""
    found = await insights(server, "venue=2&from=2026-01-01&to=2026-01-02")
    assert found["totals"] == {
        "orders": 0, "accepted": 0, "refused": 0, "delivered": 0, "items": 0, "sales": 0, "average_ticket": None,
        "discounts": 0, "service_charges": 0, "delivery_fees": 0,
    }  # fmt: skip
    assert (len(found["by_hour"]), len(found["by_day"]), found["top_items"], found["stations"]) == (24, 2, [], [])
    assert (found["from"], found["to"], found["currency"], found["decimals"]) == ("2026-01-01", "2026-01-02", "AZN", 2)


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("from=2026-01-01", "venue"),
        ("venue=1&from=2026-13-01", "from"),
        ("venue=1&from=20260101", "from"),
        ("venue=1&to=today", "to"),
        ("venue=1&to=9999-12-31", "to"),
        ("venue=1&from=2026-01-02&to=2026-01-01", "from"),
        ("venue=1&from=2026-01-01&to=2026-04-03", "to"),
        ("venue=x", "venue"),
    ],
)
async def test_what_cannot_be_asked_is_refused_by_name(server: Server, query: str, named: str):
    """400 naming the parameter."""
    answer = await server.http.get(f"/hub/v1/insights?{query}", headers=await manager(server))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_parameter")
    assert answer.json()["details"][0]["field"] == named
    too_long = "2026-04-03" in query
    assert answer.json()["details"][0]["code"] == ("too_many_days" if too_long else "invalid_parameter")


async def test_only_managers_of_the_venue_see_figures(server: Server):
    """Tills and integrators are refused; a venue that is none is not there."""
    for headers in (TILL, KITCHEN, server.headers):
        answer = await server.http.get("/hub/v1/insights?venue=1", headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (403, "forbidden")
    for venue in (0, 9):
        answer = await server.http.get(f"/hub/v1/insights?venue={venue}", headers=await manager(server))
        assert answer.status_code == 404
