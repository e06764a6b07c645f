"""What must hold after any crash, and what a crash may take.

The checks are pure: in, what was sent and what is stored; out, sentences of what is wrong. Every request carries a
name of its own as its ``order_number`` (and, when keyed, as its key), so each order is held against the one request
that caused it: none is lost, none doubled, none invented, none half there.
"""

import asyncio
import re
import sqlite3
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import asyncpg
import msgspec

from benchmarks.chain_checks import (
    KITCHEN,
    QUERIES,
    STEPS,
    ChainFacts,
    Deed,
    Fate,
    Known,
    Row,
    chain_violations,
    is_history,
    status_after,
)
from comanda import demo

STOP_LISTED: Final = 120
"""A product of the demo brand that is sold by weight and on venue 1's stop list."""
VENUES: Final = 5
_HELD_MILLI: Final = 10
_STOP_LISTED_KINDS: Final = 3
_CREATED: Final = ("order.created",)
_ACCEPTED: Final = (*_CREATED, *STEPS["accept"])
_ORDER_ID = re.compile(r'"id":(\d+)')
_GONE_S = 20.0


@dataclass(frozen=True, slots=True)
class Kind:
    """A body to send, and what an order of it must be; ``waits`` where a clock answers it when nobody does."""

    body: str
    venue_id: int
    events: tuple[str, ...]
    holds: tuple[tuple[int, int], ...] = ()
    waits: bool = False

    def named(self, name: str) -> str:
        """The body of one request."""
        return f'{{"order_number":"{name}",{self.body[1:]}'


def _kinds() -> Iterator[Kind]:
    """15 of them: two of each of the first venues, then what takes from the stop list, then what the kitchen gets."""
    for venue in range(1, VENUES + 1):
        yield Kind(_text(_minimal(venue)), venue, _CREATED)
        yield Kind(_text(_documented(venue)), venue, _ACCEPTED)
    body = _minimal(1)
    body["products"][0] |= {
        "product_id": STOP_LISTED,
        "product_name": "Baklava",
        "price": 14.9,
        "count": _HELD_MILLI / 1_000,
    }
    for _ in range(_STOP_LISTED_KINDS):
        yield Kind(_text(body), 1, _CREATED, ((STOP_LISTED, _HELD_MILLI),))
    yield Kind(_text(_minimal(KITCHEN)), KITCHEN, _CREATED, waits=True)
    yield Kind(_text(_documented(KITCHEN)), KITCHEN, _ACCEPTED)


def _minimal(venue: int) -> Any:
    return {**demo.example("create-order.minimal.request"), "venue_id": venue}


def _documented(venue: int) -> Any:
    return {**demo.example("create-order.request"), "venue_id": venue, "auto_accept_terminal": venue}


def _text(body: Any) -> str:
    return msgspec.json.encode(body).decode()


KINDS: Final = tuple(_kinds())
WAITING, PRINTED = KINDS[-2:]
"""An order that somebody must answer in time; one that is accepted at once and comes out of a printer."""
LOAD: Final = (*KINDS[:-2], *KINDS[:-2], *KINDS[:-2], *(WAITING,) * 4, *(PRINTED,) * 2)
"""An odd number, because every second request has a key and each kind is to come with and without; few papers,
because a printer takes its time."""


@dataclass(slots=True)
class Request:
    """A request that was sent; an open one with an ``order_id`` was answered, and then its commit was torn away."""

    name: str
    kind: Kind
    keyed: bool
    fate: Fate
    order_id: int = 0


@dataclass(frozen=True, slots=True)
class Since:
    """From where on rows are new; order ids and the times of records only grow."""

    order_id: int = 0
    expires_at: int = 0


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows there are."""

    orders: int = 0
    keys: int = 0
    holds: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """What one view of the store holds: new rows singly, everything in sums; ``whole`` when every row is new."""

    counts: Counts
    orders: list[Row]
    events: list[Row]
    holds: list[Row]
    keys: list[Row]
    numbers: list[Row]
    counters: list[Row]
    held: list[Row]
    left: list[Row]
    totals: list[Row]
    listed: list[Row]
    chain: ChainFacts
    whole: bool


@dataclass(slots=True)
class Book:
    """Every request sent so far; ``fresh`` are those not yet held against the store."""

    stop_list: dict[tuple[int, int], int] = field(default_factory=dict)
    deeds: dict[str, Deed] = field(default_factory=dict)
    everything: dict[str, Request] = field(default_factory=dict)
    fresh: dict[str, Request] = field(default_factory=dict)
    settled: Counts = Counts()
    since: Since = Since()

    def add(self, request: Request) -> None:
        """Note a request that was sent."""
        self.everything[request.name] = self.fresh[request.name] = request

    def settle(self, facts: Facts) -> None:
        """After a look that found nothing wrong: what was open is now known, and stays so."""
        by_name = {row[5]: row[1] for row in facts.orders}
        for request in self.fresh.values():
            if request.fate is Fate.OPEN:
                found = by_name.get(request.name)
                request.fate, request.order_id = (Fate.STORED, found) if found else (Fate.ABSENT, 0)
        self.fresh = {}
        self.settled = facts.counts
        self.since = Since(
            max((row[1] + 1 for row in facts.orders), default=self.since.order_id),
            max((row[-1] for row in (*facts.keys, *facts.chain.keys)), default=self.since.expires_at),
        )


_COUNTED: Final = """SELECT brand_id, '{0}', venue_id, created_at / 86400000000, CAST(status AS text), count(*) FROM {0}
    GROUP BY brand_id, venue_id, created_at / 86400000000, status"""
_QUERIES: Final = (
    """SELECT brand_id, id, venue_id, status, event_sequence, order_number, total_minor, sent_at FROM orders
       WHERE brand_id = $1 AND id >= $2""",
    "SELECT order_id, order_sequence, type, venue_id, number FROM events WHERE brand_id = $1 AND order_id >= $2",
    "SELECT order_id, venue_id, product_id, quantity_milli FROM stop_list_holds WHERE brand_id = $1 AND order_id >= $2",
    """SELECT key, status, order_id, body, expires_at FROM idempotency
       WHERE brand_id = $1 AND expires_at > $2 AND actor NOT LIKE 'device:%'""",
    "SELECT venue_id, count(*), min(number), max(number) FROM events GROUP BY brand_id, venue_id",
    "SELECT venue_id, last_event FROM venue_counters",
    """SELECT venue_id, product_id, CAST(sum(quantity_milli) AS bigint) FROM stop_list_holds
       GROUP BY brand_id, venue_id, product_id""",
    "SELECT venue_id, product_id, quantity_milli FROM stop_list",
    "SELECT brand_id, counted, venue_id, day, status, quantity FROM row_counts WHERE quantity <> 0",
    f"{_COUNTED.format('orders')} UNION ALL {_COUNTED.format('receipts')}",
    """SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM idempotency WHERE actor NOT LIKE 'device:%'),
       (SELECT count(*) FROM stop_list_holds)""",
)


UNDONE: Final = """SELECT (SELECT count(*) FROM deadlines WHERE due_at < $1)
    + (SELECT count(*) FROM print_jobs WHERE status = 'sending' AND updated_at < $1),
    (SELECT count(*) FROM print_jobs WHERE status = 'queued')"""
"""How much is still to do of what was due; how many papers are in line."""


class SqliteFile:
    """A store in a file, read beside its server."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def ask(self, queries: Sequence[tuple[str, tuple[Any, ...]]]) -> list[list[Row]]:
        """Answer queries from one view of the store."""
        with closing(sqlite3.connect(f"{self.path.as_uri()}?mode=ro", uri=True, isolation_level=None)) as connection:
            connection.execute("BEGIN")
            return [
                connection.execute(sql, {str(n): value for n, value in enumerate(values, 1)}).fetchall()
                for sql, values in queries
            ]

    def unsound(self) -> list[str]:
        """What SQLite finds wrong with the file itself."""
        found = [row[0] for row in self.ask([("PRAGMA integrity_check", ())])[0]]
        return [] if found == ["ok"] else [f"integrity_check: {line}" for line in found]

    def version(self) -> str:
        """The library that reads and writes it."""
        return f"SQLite {sqlite3.sqlite_version}"

    def wait_out(self, _before: float) -> None:
        """A killed process leaves nobody behind who could still commit."""


class PostgresDatabase:
    """A store in PostgreSQL, read beside its server."""

    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, queries: Sequence[tuple[str, tuple[Any, ...]]]) -> list[list[Row]]:
        """Answer queries from one view of the store."""
        return asyncio.run(self._ask(queries))

    def unsound(self) -> list[str]:
        """PostgreSQL has no check of its own that is open to everybody."""
        return []

    def version(self) -> str:
        """The server's version."""
        return f"PostgreSQL {self.ask([('SHOW server_version', ())])[0][0][0]}"

    def wait_out(self, before: float) -> None:
        """Wait until no connection opened before ``before`` is left: its last commit may outlive a killed server."""
        asked = """SELECT count(*) FROM pg_stat_activity
                   WHERE application_name = 'comanda' AND backend_start < to_timestamp($1)"""
        until = time.monotonic() + _GONE_S
        while self.ask([(asked, (before,))])[0][0][0]:
            if time.monotonic() > until:
                raise RuntimeError("PostgreSQL still serves a process that was killed")
            time.sleep(0.02)

    async def _ask(self, queries: Sequence[tuple[str, tuple[Any, ...]]]) -> list[list[Row]]:
        connection = await asyncpg.connect(self.url)
        try:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                return [list(await connection.fetch(sql, *values)) for sql, values in queries]
        finally:
            await connection.close()


Database = SqliteFile | PostgresDatabase


def read_facts(database: Database, since: Since) -> Facts:
    """What the store holds, rows from ``since`` on."""
    ids, times = (demo.BRAND, since.order_id), (demo.BRAND, since.expires_at)
    values: tuple[tuple[Any, ...], ...] = (ids, ids, ids, times, (), (), (), (), (), (), ())
    chain = zip(QUERIES, (*(ids,) * (len(QUERIES) - 1), times), strict=True)
    found = database.ask([*zip(_QUERIES, values, strict=True), *chain])
    lists, counts, behind = found[: len(_QUERIES) - 1], found[len(_QUERIES) - 1], found[len(_QUERIES) :]
    return Facts(Counts(*counts[0]), *lists, chain=ChainFacts(*behind), whole=since == Since())


def violations(
    facts: Facts,
    requests: Mapping[str, Request],
    settled: Counts,
    stop_list: Mapping[tuple[int, int], int],
    known: Known,
) -> list[str]:
    """Everything that is wrong. ``settled`` counts the rows of requests that are not among ``requests``."""
    orders = {row[1]: row for row in facts.orders}
    events: dict[int, list[Row]] = defaultdict(list)
    for order_id, *event in facts.events:
        events[order_id].append(event)
    for found in events.values():
        found.sort(key=tuple)
    behind = {row[1]: (row[1], row[2], row[3], row[6], row[7] is not None) for row in facts.orders}
    return [
        *_check_orders(facts.orders, events, requests),
        *_check_events(events, orders, requests, known),
        *chain_violations(facts.chain, behind, events, known, whole=facts.whole),
        *_check_holds(facts.holds, orders, requests),
        *_check_keys(facts.keys, orders, requests),
        *_check_numbers(facts),
        *_check_stop_list(facts, stop_list),
        *_check_totals(facts),
        *_check_counts(facts, settled),
    ]


def _check_orders(
    orders: Sequence[Row], events: Mapping[int, Sequence[Row]], requests: Mapping[str, Request]
) -> Iterator[str]:
    by_name: dict[str, list[int]] = defaultdict(list)
    for brand_id, order_id, venue_id, status, event_sequence, name, _, _ in orders:
        request = requests.get(name)
        by_name[name].append(order_id)
        if request is None:
            yield f"order {order_id} ({name}) was sent by nobody"
            continue
        types = [event[1] for event in events.get(order_id, ())]
        wanted = (demo.BRAND, request.kind.venue_id, status_after(types), len(types))
        if (brand_id, venue_id, status, event_sequence) != wanted:
            yield f"order {order_id} is {(brand_id, venue_id, status, event_sequence)} and not {wanted}"
    for request in requests.values():
        ids = by_name.get(request.name, [])
        if len(ids) > 1:
            yield f"request {request.name} became {len(ids)} orders: {ids}"
        elif request.fate is Fate.STORED and not ids:
            yield f"order {request.order_id}, acknowledged to {request.name}, is lost"
        elif request.fate is Fate.ABSENT and ids:
            yield f"order {ids[0]} is stored, though {request.name} was told that nothing was"
        elif ids and request.order_id and ids[0] != request.order_id:
            yield f"request {request.name} was answered with order {request.order_id} and is stored as {ids[0]}"


def _check_events(
    events: Mapping[int, Sequence[Row]], orders: Mapping[int, Row], requests: Mapping[str, Request], known: Known
) -> Iterator[str]:
    """Each order has the events of its making and of every deed that was done to it, at its venue, without a gap."""
    for order_id in events.keys() - orders.keys():
        yield f"order {order_id} has events and is not stored"
    done: dict[int, list[str]] = defaultdict(list)
    for deed in known.deeds.values():
        if deed.fate is Fate.STORED:
            done[deed.order_id] += STEPS[deed.step]
    for order_id, name, kind in _orders_and_kinds(orders, requests):
        found = [tuple(event[:3]) for event in events.get(order_id, ())]
        types = [type_ for _, type_, _ in found]
        numbered = [(sequence, type_, kind.venue_id) for sequence, type_ in enumerate(types, 1)]
        wanted = [*kind.events, *done.get(order_id, ())]
        if found != numbered or not is_history(types, wanted, waits=kind.waits):
            yield f"order {order_id} ({name}) has the events {found} and not {wanted}"


def _check_holds(holds: Sequence[Row], orders: Mapping[int, Row], requests: Mapping[str, Request]) -> Iterator[str]:
    by_order: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for order_id, venue_id, product_id, milli in holds:
        by_order[order_id].append((venue_id, product_id, milli))
    for order_id in by_order.keys() - orders.keys():
        yield f"order {order_id} has stop-list holds and is not stored"
    for order_id, name, kind in _orders_and_kinds(orders, requests):
        wanted = [(kind.venue_id, *hold) for hold in kind.holds]
        if sorted(by_order[order_id]) != wanted:
            yield f"order {order_id} ({name}) holds {by_order[order_id]} and not {wanted}"


def _orders_and_kinds(orders: Mapping[int, Row], requests: Mapping[str, Request]) -> Iterator[tuple[int, str, Kind]]:
    for order_id, row in orders.items():
        if row[5] in requests:
            yield order_id, row[5], requests[row[5]].kind


def _check_keys(keys: Sequence[Row], orders: Mapping[int, Row], requests: Mapping[str, Request]) -> Iterator[str]:
    kept = {row[0]: row[2] for row in keys}
    for key, status, order_id, body, _ in keys:
        request, order = requests.get(key), orders.get(order_id)
        told = _ORDER_ID.search(body)
        if request is None or not request.keyed:
            yield f"key {key} is kept and was sent by nobody"
        if order is None or order[5] != key:
            yield f"key {key} is kept for order {order_id}, which is not its order"
        if status != 201 or told is None or int(told[1]) != order_id:
            yield f"key {key} keeps an answer ({status}) that does not name order {order_id}"
    for order_id, row in orders.items():
        request = requests.get(row[5])
        if request is not None and request.keyed and request.name not in kept:
            yield f"order {order_id} was sent with key {request.name}, which is not kept"


def _check_numbers(facts: Facts) -> Iterator[str]:
    last: dict[int, int] = {row[0]: row[1] for row in facts.counters}
    for venue_id, count, first, highest in facts.numbers:
        if (first, highest) != (1, count):
            yield f"venue {venue_id} has {count} events, numbered {first} to {highest}"
    for venue_id in last.keys() | {row[0] for row in facts.numbers}:
        highest = max((row[3] for row in facts.numbers if row[0] == venue_id), default=0)
        if last.get(venue_id, 0) != highest:
            yield f"venue {venue_id} has counted to {last.get(venue_id, 0)}, its events to {highest}"


def _check_stop_list(facts: Facts, stop_list: Mapping[tuple[int, int], int]) -> Iterator[str]:
    held = {(venue_id, product_id): milli for venue_id, product_id, milli in facts.held}
    left = {(venue_id, product_id): milli for venue_id, product_id, milli in facts.left}
    for place in stop_list.keys() | held.keys() | left.keys():
        there, taken, now = stop_list.get(place, 0), held.get(place, 0), left.get(place, 0)
        if there - taken != now:
            yield f"stop list {place}: of {there} thousandths {taken} are held and {now} left"


def _check_totals(facts: Facts) -> Iterator[str]:
    """What lists tell as their totals is what there is, for each venue, day and status."""
    told = {tuple(row[:-1]): row[-1] for row in facts.totals}
    there = {tuple(row[:-1]): row[-1] for row in facts.listed}
    for place in sorted(told.keys() | there.keys()):
        if told.get(place, 0) != there.get(place, 0):
            _, counted, venue_id, day, status = place
            where = f"{counted} of venue {venue_id} on day {day} with status {status}"
            yield f"{where} are counted as {told.get(place, 0)}, and {there.get(place, 0)} are stored"


def _check_counts(facts: Facts, settled: Counts) -> Iterator[str]:
    wanted = Counts(
        settled.orders + len(facts.orders), settled.keys + len(facts.keys), settled.holds + len(facts.holds)
    )
    if facts.counts != wanted:
        yield f"the store has {facts.counts}, by its own account of what is new {wanted}"


def count_events(facts: Facts) -> int:
    """How many events the store holds."""
    return sum(row[1] for row in facts.numbers)
