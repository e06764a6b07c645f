"""The storage ceiling: the rows of orders inserted straight into a store in batches; and stores filled that way.

Nothing is checked, nobody asks over HTTP: what is left is what the database needs for the same rows with the same
durability. The rows are those that Comanda would write for a minimal pending order, made by its own steps.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from msgspec.structs import replace
from sqlalchemy import select

from benchmarks.servers import VENUES
from comanda import demo
from comanda.base.clock import Micros, now_micros
from comanda.main import open_hub
from comanda.orders.check import check_order
from comanda.orders.decode import decode
from comanda.orders.dossier import By
from comanda.orders.lifecycle import Actor
from comanda.orders.model import KeyedRequest, OrderId, PlannedOrder
from comanda.orders.plan import Origin, plan_order
from comanda.orders.price import price_order
from comanda.settings import Settings
from comanda.store.access import take_order_ids
from comanda.store.counts import ADD_COUNTS, count_rows
from comanda.store.event_log import COUNT_EVENTS, INSERT_EVENT
from comanda.store.keys import key_record
from comanda.store.order_rows import order_row
from comanda.store.order_statements import INSERT_KEY, INSERT_ORDER
from comanda.store.sqlite import open_sqlite
from comanda.store.tables import venue_counters
from comanda.store.transaction import POSTGRESQL, SQLITE, Many, Row, Statement, Transaction, one

BATCH = 128
_FILL_BATCH = 2_048
_DAY_MICROS = 86_400_000_000


@dataclass
class Rows:
    """Makes the rows of any number of orders from one planned order of each venue."""

    planned: list[PlannedOrder]
    next_id: int
    numbers: dict[int, int]

    def batch(self, size: int, created_at: int) -> list[tuple[Many, Sequence[Row]]]:
        """The statements of one transaction: keys, orders, counts, counters and events, as Comanda writes them."""
        keys, stored_orders, orders, events = [], [], [], []
        counts: dict[int, int] = {}
        for index in range(size):
            planned = self.planned[index % len(self.planned)]
            order_id, self.next_id = self.next_id, self.next_id + 1
            venue = planned.venue_id
            stored = replace(
                planned.order,
                id=OrderId(order_id),
                created_at=Micros(created_at),
                updated_at=Micros(created_at),
                event_sequence=len(planned.events),
            )
            stored_orders.append(stored)
            orders.append(order_row(stored, planned.phone_e164))
            keyed = KeyedRequest("client:filled", f"filled-{order_id}", "0" * 64)
            keys.append(key_record(demo.BRAND, keyed, 201, planned.answer, order_id, Micros(created_at)))
            for sequence, event in enumerate(planned.events, start=1):
                number = self.numbers[venue] = self.numbers.get(venue, 0) + 1
                counts[venue] = counts.get(venue, 0) + 1
                told = (event.type, event.actor, event.data, created_at)
                events.append((demo.BRAND, venue, number, order_id, sequence, *told))
        counted = [(demo.BRAND, venue, count, 0) for venue, count in sorted(counts.items())]
        return [
            (INSERT_KEY, keys),
            (INSERT_ORDER, orders),
            (ADD_COUNTS, count_rows(stored_orders)),
            (COUNT_EVENTS, counted),
            (INSERT_EVENT, events),
        ]


def storage_ceiling(data_dir: Path, database_url: str | None, seconds: float) -> float:
    """Orders a second, inserted in batches with one commit each."""
    rows = _rows(data_dir, database_url, 10_000_000)
    done, spent = 0, 0.0
    with _Writer(data_dir, database_url) as writer:
        while spent < seconds:
            batch = rows.batch(BATCH, now_micros())
            began = time.perf_counter()
            writer.commit(batch)
            spent += time.perf_counter() - began
            done += BATCH
    return done / spent


def fill(data_dir: Path, database_url: str | None, orders: int, venues: int = VENUES) -> None:
    """Put pending orders of the last day into a store, spread over the first ``venues``; each has one event."""
    rows = _rows(data_dir, database_url, orders, venues)
    begin = now_micros() - _DAY_MICROS
    with _Writer(data_dir, database_url) as writer:
        for done in range(0, orders, _FILL_BATCH):
            size = min(_FILL_BATCH, orders - done)
            writer.commit(rows.batch(size, begin + done * (_DAY_MICROS // orders)))
        writer.settle()


def _rows(data_dir: Path, database_url: str | None, orders: int, venues: int = VENUES) -> Rows:
    async def make() -> Rows:
        settings = Settings(data_dir=data_dir, database_url=database_url, demo=True)
        async with open_hub(settings) as hub:
            directory = await hub.known.directory()
            brand = directory.brands[demo.BRAND]
            client = directory.clients[demo.BRAND, demo.CLIENT_ID]
            decoded = decode(demo.example_bytes("create-order.minimal.request"))
            planned = []
            for venue in range(1, venues + 1):
                request = type(decoded.request)(
                    **{name: getattr(decoded.request, name) for name in decoded.request.__struct_fields__}
                    | {"venue_id": venue}
                )
                snapshot = hub.known.snapshot(brand.id)
                checked = check_order(type(decoded)(request), snapshot, brand, None)
                now = now_micros()
                by = By(Actor.INTEGRATOR, f"client:{client.id}")
                origin = Origin(brand, client, by, now, None, ())
                planned.append(plan_order(price_order(checked, brand), origin, snapshot, OrderId(1), now))
            first = await hub.store.run(lambda: take_order_ids(orders))
            numbers = await hub.store.read(_last_numbers)
            return Rows(planned, first, numbers)

    return asyncio.run(make())


def _last_numbers() -> Transaction[dict[int, int]]:
    rows = yield one(Statement(select(venue_counters.c.venue_id, venue_counters.c.last_event)))
    return {int(venue): int(number) for venue, number in rows}


class _Writer:
    """A connection to either store that runs the statements of a transaction and commits."""

    def __init__(self, data_dir: Path, database_url: str | None) -> None:
        self._url = database_url
        self._file = data_dir / "comanda.db"
        self._loop = asyncio.new_event_loop()

    def __enter__(self) -> "_Writer":
        if self._url:
            self._postgres = self._loop.run_until_complete(asyncpg.connect(self._url))
        else:
            self._sqlite = open_sqlite(self._file)
        return self

    def __exit__(self, *_: object) -> None:
        if self._url:
            self._loop.run_until_complete(self._postgres.close())
        else:
            self._sqlite.close()
        self._loop.close()

    def commit(self, batch: list[tuple[Many, Sequence[Row]]]) -> None:
        """Run and commit one transaction."""
        if self._url:
            self._loop.run_until_complete(self._commit_postgres(batch))
            return
        self._sqlite.execute("BEGIN IMMEDIATE")
        for statement, rows in batch:
            for begin in range(0, len(rows), BATCH):
                for sql, values in statement.calls(SQLITE, rows[begin : begin + BATCH]):
                    self._sqlite.execute(sql, values).fetchall()
        self._sqlite.commit()

    def settle(self) -> None:
        """Let the database tidy up now, and not while something is measured."""
        if self._url:
            self._loop.run_until_complete(self._postgres.execute("VACUUM ANALYZE"))
            self._loop.run_until_complete(self._postgres.execute("CHECKPOINT"))
        else:
            self._sqlite.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    async def _commit_postgres(self, batch: list[tuple[Many, Sequence[Row]]]) -> None:
        async with self._postgres.transaction():
            for statement, rows in batch:
                for sql, values in statement.calls(POSTGRESQL, rows):
                    await self._postgres.fetch(sql, *values)
