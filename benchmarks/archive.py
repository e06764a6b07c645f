"""A store after two years of business: a large menu, its customers, and a million orders with their receipts.

In: a prepared store without a server. The menu comes in as operators bring theirs; the orders are a handful that a
real server took and carried to their ends, copied by one statement a table with other ids, venues and instants. Out:
an `Archive`, which knows how many rows of what kind there must be without asking the store.
"""

import asyncio
import sqlite3
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, cast

import asyncpg
import httpx
from sqlalchemy import Table

from benchmarks.bodies import bodies
from benchmarks.servers import VENUES, start_comanda
from comanda import administration, demo
from comanda.base.clock import now_micros
from comanda.base.numbers import Money, Stock
from comanda.catalogue.document import Document
from comanda.catalogue.model import Category, Product, StopListEntry
from comanda.main import open_store
from comanda.settings import Settings
from comanda.store.access import take_order_ids
from comanda.store.tables import customers, orders, receipts

YEARS: Final = 2
SPREAD: Final = 8
"""How many venues the orders are of; the first has 13 of each 20."""
CATEGORIES: Final = 200
LISTED: Final = 100
"""Entries of the first venue's stop list."""
FIRST_CATEGORY, FIRST_PRODUCT, FIRST_CUSTOMER = 10_000, 1_000_000, 1_000_000
INGREDIENTS: Final = 10
"""One product in so many is an ingredient; the demo's menu has none."""
UNFINISHED: Final = 200
"""So many of the last orders are still with somebody: every other one pending, the rest received."""
_YEAR_MICROS: Final = 365 * 86_400_000_000
_SAMPLED_AT: Final = VENUES
"""The venue of the orders that all others are copied from; nothing is read there."""
KINDS: Final = ("PENDING", "REFUSED", "RECEIVED", "CANCELLED", "DELIVERED")
_STEP: Final = 100_000


@dataclass(frozen=True, slots=True)
class Extent:
    """How much an archive is to hold."""

    orders: int
    products: int
    customers: int


@dataclass(frozen=True, slots=True)
class Archive:
    """What a filled store holds. Order number ``index`` has the id ``first_id + index``, from 0 on."""

    orders: int
    products: int
    customers: int
    begin: int
    step: int
    first_id: int

    def created_at(self, index: int) -> int:
        """When an order was stored."""
        return self.begin + index * self.step

    def venue_of(self, index: int) -> int:
        """The venue of an order."""
        return max(1, index % 20 - 11)

    def kind_of(self, index: int) -> str:
        """How far an order came: four of a hundred were refused, one was cancelled after it was accepted."""
        if index >= self.orders - UNFINISHED:
            return KINDS[0] if index // 20 % 2 else KINDS[2]
        place = index // 20 % 100
        return KINDS[1] if place < 4 else KINDS[3] if place == 4 else KINDS[4]

    def customer_of(self, index: int) -> int:
        """The customer of an order; every third is nobody's."""
        return FIRST_CUSTOMER + index * 7_919 % self.customers if index % 3 else 0

    def kinds(self, venue_id: int, begin: int = 0, end: int = 1 << 62) -> Counter[str]:
        """How many orders of each kind a venue stored from ``begin`` on and before ``end``."""
        return Counter(self.kind_of(index) for index in self._between(begin, end) if self.venue_of(index) == venue_id)

    def of_customers(self, venue_id: int) -> Counter[int]:
        """How many orders each customer has at a venue."""
        everything = range(self.orders)
        return Counter(self.customer_of(index) for index in everything if self.venue_of(index) == venue_id)

    def _between(self, begin: int, end: int) -> range:
        first, last = (-(-(instant - self.begin) // self.step) for instant in (begin, end))
        return range(max(0, first), min(self.orders, last))


def fill_archive(data_dir: Path, url: str | None, extent: Extent) -> Archive:
    """Fill a store whose server is not running."""
    samples = _sample_orders(data_dir, url)
    _import_menu(data_dir, url, extent.products)
    first_id = asyncio.run(_take_ids(data_dir, url, extent.orders))
    step = YEARS * _YEAR_MICROS // extent.orders
    archive = Archive(
        orders=extent.orders,
        products=extent.products,
        customers=extent.customers,
        begin=now_micros() - step * extent.orders,
        step=step,
        first_id=first_id,
    )
    statements = list(_statements(archive, samples))
    if url:
        asyncio.run(_fill_postgres(url, statements))
    else:
        _fill_sqlite(data_dir, statements)
    return archive


def menu_document(products: int) -> Document:
    """Products in `CATEGORIES`, ten top ones with the others below; some are ingredients, some on the stop list."""
    categories = tuple(
        Category(
            id=FIRST_CATEGORY + number,
            name=f"Category {number}",
            parent_id=FIRST_CATEGORY + number % 10 if number >= 10 else None,
            position=number,
        )
        for number in range(CATEGORIES)
    )
    stop_list = tuple(
        StopListEntry(venue_id=1, product_id=FIRST_PRODUCT + number, quantity=cast("Stock", Decimal("12.5")))
        for number in range(LISTED)
    )
    return Document(
        categories=categories, products=tuple(product(number) for number in range(products)), stop_list=stop_list
    )


def product(number: int, price: Decimal | None = None) -> Product:
    """A product of a large menu."""
    return Product(
        id=FIRST_PRODUCT + number,
        name=f"Dish {number} of the house",
        price=cast("Money", price if price is not None else Decimal(number % 400 + 100) / 20),
        type="DISH" if number % INGREDIENTS else "INGREDIENT",
        category_id=FIRST_CATEGORY + number % CATEGORIES,
        modifier_groups=(50,) if number % 3 == 0 else (),
        barcode=str(4_760_000_000_000 + number),
        description="Served warm, with herbs and bread from our own oven",
        position=number,
    )


def _import_menu(data_dir: Path, url: str | None, products: int) -> None:
    async def work() -> None:
        async with open_store(Settings(data_dir=data_dir, database_url=url)) as store:
            await administration.import_document(store, demo.BRAND, menu_document(products))

    asyncio.run(work())


async def _take_ids(data_dir: Path, url: str | None, count: int) -> int:
    async with open_store(Settings(data_dir=data_dir, database_url=url)) as store:
        return await store.run(lambda: take_order_ids(count))


def _sample_orders(data_dir: Path, url: str | None) -> dict[str, int]:
    """One order of each kind, made by a server; their ids."""
    server = start_comanda(data_dir, url)
    try:
        with httpx.Client(base_url=f"{server.url}/open-api/v2", timeout=30, trust_env=False) as client:
            return _make_samples(client)
    finally:
        server.stop()


def _make_samples(client: httpx.Client) -> dict[str, int]:
    signed_in = {
        "client_id": demo.CLIENT_ID,
        "client_secret": demo.CLIENT_SECRET,
        "brand": demo.BRAND,
        "integrator_id": demo.INTEGRATOR_ID,
    }
    client.headers["x-token"] = _done(client.post("/auth", json=signed_in))["token"]
    minimal, documented = bodies("minimal", VENUES)[-1], bodies("documented", VENUES)[-1]
    found = {
        kind: int(_done(client.post("/orders", content=body, headers=_JSON))["data"]["id"])
        for kind, body in zip(KINDS, (minimal, minimal, documented, documented, documented), strict=True)
    }
    _done(client.put(f"/orders/{found['REFUSED']}", json={"status": "IGNORE"}))
    _done(client.patch(f"/receipts/{found['CANCELLED']}", json={"order_status": "CANCELLED"}))
    delivered = f"/receipts/{found['DELIVERED']}"
    rest = _done(client.get(delivered))["data"]["remaining"]
    _done(client.post(f"{delivered}/close", json={"payment_methods": [{"id": 1, "name": "Cash", "amount": rest}]}))
    _done(client.patch(delivered, json={"order_status": "COMPLETED"}))
    return found


_JSON: Final = {"content-type": "application/json"}


def _done(answer: httpx.Response) -> Any:
    answer.raise_for_status()
    return answer.json()


def _statements(archive: Archive, samples: dict[str, int]) -> list[str]:
    """What fills the store, the same for both: copies of samples, then the counts as migration 0003 makes them."""
    ids = {kind: f"{order_id}" for kind, order_id in samples.items()}
    place = "(i / 20 % 100)"
    kind = (
        f"CASE WHEN i >= {archive.orders - UNFINISHED} THEN "
        f"CASE WHEN i / 20 % 2 = 1 THEN {ids['PENDING']} ELSE {ids['RECEIVED']} END "
        f"WHEN {place} < 4 THEN {ids['REFUSED']} WHEN {place} = 4 THEN {ids['CANCELLED']} ELSE {ids['DELIVERED']} END"
    )
    made = {
        "id": f"{archive.first_id} + i",
        "venue_id": "CASE WHEN i % 20 > 12 THEN i % 20 - 11 ELSE 1 END",
        "customer_id": f"CASE WHEN i % 3 = 0 THEN 0 ELSE {FIRST_CUSTOMER} + i * 7919 % {archive.customers} END",
        "order_number": "CAST(i AS TEXT)",
        "order_id": f"{archive.first_id} + i",
    }
    found = []
    for table in (orders, receipts):
        shifted = {
            column.name: f"s.{column.name} - s.created_at + {archive.begin} + i * {archive.step}"
            for column in table.c
            if column.name.endswith("_at")
        }
        found += _copies(table, archive.orders, made | shifted, f"s.id = {kind}", f"id IN ({', '.join(ids.values())})")
    found += _copies(customers, archive.customers, _CUSTOMER, "s.id > 0", "id = 9")
    found.append("DELETE FROM row_counts")
    found += [
        "INSERT INTO row_counts (brand_id, counted, venue_id, day, status, quantity) "  # noqa: S608 - all are ours
        f"SELECT brand_id, '{table}', venue_id, created_at / 86400000000, CAST(status AS TEXT), count(*) FROM {table} "
        "GROUP BY brand_id, venue_id, created_at / 86400000000, status"
        for table in ("orders", "receipts")
    ]
    return found


_CUSTOMER: Final = {
    "id": f"{FIRST_CUSTOMER} + i",
    "name": "'Guest ' || i",
    "name_folded": "'guest ' || i",
    "phone": "'050 ' || (1000000 + i)",
    "phone_e164": "'+99450' || (1000000 + i)",
    "phone_digits": "' 050' || (1000000 + i) || ' 99450' || (1000000 + i) || ' '",
    "cid": "'00000000-0000-5000-8000-' || (100000000000 + i)",
    "created_at": "s.created_at + i",
}


def _copies(table: Table, count: int, made: dict[str, str], which: str, sampled: str) -> list[str]:
    """Statements that put ``count`` copies of a table's samples into it, in steps, so that none grows without bound."""
    names = [column.name for column in table.c]
    values = ", ".join(made.get(name, f"s.{name}") for name in names)
    sample = f"sampled_{table.name}"
    found = [f"CREATE TEMP TABLE {sample} AS SELECT * FROM {table.name} WHERE {sampled}"]  # noqa: S608 - all are ours
    for begin in range(0, count, _STEP):
        last = min(count, begin + _STEP) - 1
        found.append(
            f"WITH RECURSIVE n(i) AS (SELECT CAST({begin} AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < {last}) "  # noqa: S608
            f"INSERT INTO {table.name} ({', '.join(names)}) SELECT {values} FROM n JOIN {sample} s ON {which}"
        )
    return found


def _fill_sqlite(data_dir: Path, statements: list[str]) -> None:
    connection = sqlite3.connect(data_dir / "comanda.db", isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA cache_size=-262144")
        for statement in statements:
            connection.execute(statement)
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()


async def _fill_postgres(url: str, statements: list[str]) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
        await connection.execute("VACUUM ANALYZE")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()
