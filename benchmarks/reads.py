"""How fast reads are in a store after two years of business, over HTTP, by one client and by eight at once.

Every answer's ``total`` is held against what the archive says there must be; a wrong one makes the run unsound.
``python -m benchmarks.bench --reads`` runs this part alone.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import httpx
import msgspec

from benchmarks.archive import (
    CATEGORIES,
    FIRST_CATEGORY,
    FIRST_CUSTOMER,
    FIRST_PRODUCT,
    INGREDIENTS,
    LISTED,
    Archive,
)
from benchmarks.cases import query, send
from benchmarks.load import Load, read_journal
from benchmarks.servers import Process, sign_in, start_comanda

AIM_MS: Final = 30.0
WIDTHS: Final = (1, 8)
PAGE: Final = 500
"""The page that is reached by cursors."""
_VENUE: Final = 1
_LIMIT: Final = 50
_PICKED: Final = 20
"""How many days, ids and categories a read takes turns with."""
_SEED: Final = 1
_STATUSES: Final = {
    "PENDING": ("PENDING",),
    "RECEIVED": ("RECEIVED",),
    "IGNORE": ("REFUSED", "CANCELLED"),
    "DELIVERED": ("DELIVERED",),
}
_RECEIPT_STATUSES: Final = {1: ("RECEIVED",), 2: ("CANCELLED", "DELIVERED")}
"""Which kinds of order have what status; a receipt that is cancelled is closed with it."""


@dataclass(frozen=True, slots=True)
class Read:
    """One way to read: paths to take turns with and the total each must tell, -1 for a read of one.

    ``aimed``: whether its 99th percentile is to stay below `AIM_MS`.
    """

    name: str
    paths: Sequence[str]
    totals: Sequence[int]
    aimed: bool = True


class ReadTimes(msgspec.Struct, frozen=True, kw_only=True):
    """Milliseconds of one read by so many clients at once, and how many were measured."""

    name: str
    width: int
    count: int
    p50: float
    p99: float
    aimed: bool
    sound: bool


def read_archive(
    data_dir: Path, url: str | None, archive: Archive, *, rounds: int, seconds: float
) -> tuple[list[ReadTimes], dict[str, float]]:
    """Every read by every number of clients in each round, and single figures by name.

    Reads without an aim are asked by one client only: eight at once would fill the readers for seconds.
    """
    before = (_count(data_dir, url, "catalogue", "kind = 'products'"), _count(data_dir, url, "customers"))
    server = start_comanda(data_dir, url)
    try:
        client = httpx.Client(base_url=server.url, timeout=60, trust_env=False)
        client.headers["x-token"] = sign_in(server.url)
        with client:
            figures = _first_asks(client)
            figures["resident MiB with the archive"] = server.resident_mib()
            cursor, walked = _walk(client)
            figures["pages by cursor show every product once, sound"] = float(walked)
            reads = list(_reads(archive, *before, cursor))
            wrong = [read.name for read in reads if not _answers_soundly(client, read)]
        times = [
            _measure(server, data_dir, read, width, seconds, answered=read.name not in wrong)
            for _ in range(rounds)
            for read in reads
            for width in (WIDTHS if read.aimed else WIDTHS[:1])
        ]
    finally:
        server.stop()
    return times, figures


def _first_asks(client: httpx.Client) -> dict[str, float]:
    """What a list of the catalogue costs the first time after a change: it is sorted then, and remembered."""
    asked = {
        "the products' first page": _path("products"),
        "a category of products": _path("products", ("category_id", FIRST_CATEGORY)),
        "products by name": _path("products", sort=("name", "1")),
        "the tree of categories": _TREE,
    }
    found = {}
    for name, path in asked.items():
        answer = client.get(path).raise_for_status()
        found[f"{name}, first asked after a change, ms"] = answer.elapsed.total_seconds() * 1_000
    return found


def _walk(client: httpx.Client) -> tuple[str, bool]:
    """The cursor of page `PAGE` of all products, and whether every product before it was shown once."""
    cursor, seen = "", list[int]()
    for _ in range(PAGE - 1):
        body = client.get(_path("products", more={"selects": "id", "cursor": cursor})).raise_for_status().json()
        seen += [shown["id"] for shown in body["data"]]
        cursor = body["next_cursor"]
    return cursor, len(set(seen)) == len(seen) == (PAGE - 1) * _LIMIT


def _reads(archive: Archive, products: int, customers: int, cursor: str) -> Iterator[Read]:
    pick = random.Random(_SEED)
    days = _days(archive, pick)
    kinds = archive.kinds(_VENUE)
    yield from _reads_of_orders(archive, kinds, days, pick)
    yield from _reads_of_receipts(archive, kinds, days, pick)
    yield from _reads_of_products(archive, products, cursor, pick)
    yield Read("tree of categories", [_TREE], [12])
    yield Read("stop list", ["/open-api/v2/products/stop-list"], [LISTED + 1])
    yield Read("customers, first page", [_path("customers")], [customers])
    yield from _rare_reads(archive, pick)


def _reads_of_orders(archive: Archive, kinds: Any, days: Sequence["_Day"], pick: random.Random) -> Iterator[Read]:
    every = sum(kinds.values())
    by_status = {status: sum(kinds[kind] for kind in held) for status, held in _STATUSES.items()}
    both = [(day, status, held) for day in days for status, held in _STATUSES.items()]
    yield Read("orders, first page", [_path("orders")], [every])
    yield Read(
        "orders by status", [_path("orders", ("status", status)) for status in by_status], list(by_status.values())
    )
    yield Read("orders by day", [_path("orders", day=day.date) for day in days], [day.orders for day in days])
    yield Read(
        "orders by status and day",
        [_path("orders", ("status", status), day=day.date) for day, status, _ in both],
        [sum(day.kinds[kind] for kind in held) for day, _, held in both],
    )
    yield Read("orders with receipts", [_path("orders", more={"with[0]": "receipt"})], [every])
    yield Read("one order", [f"/open-api/v2/orders/{number}" for number in _ids(archive, pick)], [-1] * _PICKED)


def _reads_of_receipts(archive: Archive, kinds: Any, days: Sequence["_Day"], pick: random.Random) -> Iterator[Read]:
    by_status = {status: sum(kinds[kind] for kind in held) for status, held in _RECEIPT_STATUSES.items()}
    both = [(day, status, held) for day in days for status, held in _RECEIPT_STATUSES.items()]
    every = sum(by_status.values())
    yield Read("receipts, first page", [_path("receipts")], [every])
    yield Read(
        "receipts by status", [_path("receipts", ("status", status)) for status in by_status], list(by_status.values())
    )
    yield Read("receipts by day", [_path("receipts", day=day.date) for day in days], [day.receipts for day in days])
    yield Read(
        "receipts by status and day",
        [_path("receipts", ("status", status), day=day.date) for day, status, _ in both],
        [sum(day.kinds[kind] for kind in held) for day, _, held in both],
    )
    yield Read("receipts with their lines", [_path("receipts", more={"with[0]": "receipt_products"})], [every])
    with_receipt = [number for number in _ids(archive, pick) if _has_receipt(archive, number)]
    yield Read("one receipt", [f"/open-api/v2/receipts/{number}" for number in with_receipt], [-1] * len(with_receipt))


def _reads_of_products(archive: Archive, products: int, cursor: str, pick: random.Random) -> Iterator[Read]:
    categories = pick.sample(range(CATEGORIES), _PICKED)
    each = archive.products // CATEGORIES
    ids = [FIRST_PRODUCT + pick.randrange(archive.products // 3) * 3 for _ in range(_PICKED)]
    yield Read("products, first page", [_path("products")], [products])
    yield Read(f"products, page {PAGE} by cursor", [_path("products", more={"cursor": cursor})], [products])
    yield Read(
        "products by category",
        [_path("products", ("category_id", FIRST_CATEGORY + number)) for number in categories],
        [each] * _PICKED,
    )
    yield Read("products by type", [_path("products", ("type", "INGREDIENT"))], [archive.products // INGREDIENTS])
    yield Read("products, some columns", [_path("products", more={"selects": "id,name,price"})], [products])
    yield Read(
        "one product with its groups",
        [f"/open-api/v2/products/{number}?{urlencode({'with[0]': 'modificator_groups'})}" for number in ids],
        [-1] * _PICKED,
    )


def _rare_reads(archive: Archive, pick: random.Random) -> Iterator[Read]:
    """Filters that no kept count and no aim is for."""
    of_customers = archive.of_customers(_VENUE)
    people = [FIRST_CUSTOMER + pick.randrange(archive.customers) for _ in range(_PICKED)]
    numbers = [20 * pick.randrange(archive.orders // 20) for _ in range(_PICKED)]
    yield Read(
        "orders of a customer",
        [_path("orders", ("customer_id", number)) for number in people],
        [of_customers[number] for number in people],
        aimed=False,
    )
    yield Read(
        "orders by their number",
        [_path("orders", ("order_number", number)) for number in numbers],
        [1] * _PICKED,
        aimed=False,
    )


@dataclass(frozen=True, slots=True)
class _Day:
    """A business day of the venue that is read, and how many orders of each kind it has."""

    date: date
    kinds: Any

    @property
    def orders(self) -> int:
        return sum(self.kinds.values())

    @property
    def receipts(self) -> int:
        return sum(self.kinds[kind] for held in _RECEIPT_STATUSES.values() for kind in held)


def _days(archive: Archive, pick: random.Random) -> list[_Day]:
    """Days in the midst of the archive; a day of the demo's venues begins at six in Baku."""
    first = datetime.fromtimestamp(archive.begin / 1e6, UTC).date() + timedelta(days=7)
    found = []
    for after in pick.sample(range(700), _PICKED):
        day = first + timedelta(days=after)
        begin = datetime(day.year, day.month, day.day, 6, tzinfo=ZoneInfo("Asia/Baku"))
        bounds = [int((begin + timedelta(days=more)).timestamp()) * 1_000_000 for more in (0, 1)]
        found.append(_Day(day, archive.kinds(_VENUE, *bounds)))
    return found


def _ids(archive: Archive, pick: random.Random) -> list[int]:
    return [archive.first_id + pick.randrange(archive.orders) for _ in range(_PICKED)]


def _has_receipt(archive: Archive, order_id: int) -> bool:
    kind = archive.kind_of(order_id - archive.first_id)
    return any(kind in held for held in _RECEIPT_STATUSES.values())


_TREE: Final = "/open-api/v2/categories?include_children=true&limit=999"


def _path(
    resource: str,
    filtered: tuple[str, Any] | None = None,
    *,
    day: date | None = None,
    sort: tuple[str, str] | None = None,
    more: dict[str, str] | None = None,
) -> str:
    """A list's address in the documented notation."""
    asked: dict[str, Any] = {"limit": _LIMIT}
    if filtered:
        asked |= {"filters[0][0]": filtered[0], "filters[0][1]": filtered[1]}
    if day:
        asked |= {"date[0]": day, "date[1]": day}
    if sort:
        asked |= {"sort[0]": sort[0], "sort[1]": sort[1]}
    asked |= {name: value for name, value in (more or {}).items() if value}
    return f"/open-api/v2/{resource}?{urlencode(asked)}"


def _answers_soundly(client: httpx.Client, read: Read) -> bool:
    """Whether each answer tells its total and shows as many rows as a first page of so many has."""
    for path, total in zip(read.paths, read.totals, strict=True):
        body = client.get(path).raise_for_status().json()
        if total < 0:
            continue
        whole = "limit=" not in path or "include_children" in path
        if body["total"] != total or len(body["data"]) != (total if whole else min(total, _LIMIT)):
            print(f"unsound: {path}: {body['total']} and {len(body['data'])} rows, and not {total}")
            return False
    return True


def _measure(server: Process, data_dir: Path, read: Read, width: int, seconds: float, *, answered: bool) -> ReadTimes:
    journal = data_dir / "reads.json"
    load = Load(
        host="127.0.0.1",
        port=server.port,
        method="GET",
        paths=list(read.paths),
        bodies=[""],
        wanted=200,
        headers={"x-token": sign_in(server.url)},
        connections=width,
        seconds=seconds,
        warmup_s=0.0,
        journal=str(journal),
    )
    send(load)
    sent = read_journal(journal)
    exact = all(one.status == 200 and read.totals[one.body] in (-1, one.total) for one in sent)
    # All of them count, the first too: of a slow read there may be no other.
    times = sorted((one.answered_at - one.due_at) * 1_000 for one in sent)
    return ReadTimes(
        name=read.name,
        width=width,
        count=len(sent),
        p50=times[len(times) // 2],
        p99=times[int(len(times) * 0.99)],
        aimed=read.aimed,
        sound=answered and exact and bool(sent),
    )


def _count(data_dir: Path, url: str | None, table: str, where: str = "1 = 1") -> int:
    (count,) = query(data_dir, url, f"SELECT count(*) FROM {table} WHERE {where}")[0]  # noqa: S608
    return count
