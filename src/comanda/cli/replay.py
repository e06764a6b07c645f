"""``comanda replay``: send any file of past orders over real HTTP, then hold what was sent against what is stored."""

import asyncio
import secrets
import time
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from comanda import administration
from comanda.administration import ClientSettings
from comanda.base.errors import SetupError
from comanda.base.json import to_json
from comanda.base.money import plain
from comanda.base.numbers import Money
from comanda.catalogue.document import Document
from comanda.catalogue.model import Modifier, ModifierGroup, Product, SaleType, Venue
from comanda.catalogue.snapshot import Snapshot
from comanda.cli.api import Api, Credentials, Url
from comanda.cli.options import (
    AsJson,
    BrandOption,
    DatabaseUrl,
    DataDir,
    console,
    errors,
    show,
    store_settings,
    with_store,
)
from comanda.cli.past_orders import PastLine, PastOrder, PriceIs, read_mapping, read_past_orders
from comanda.store.store import Store

_CLIENT = "replay"
_QUOTA = 10_000_000
_SEEN_BY_SERVER_S = 1.2
_GROUP_NAME = "Replayed choices"


@dataclass(slots=True)
class Report:
    """What a replay came to. ``sent_sum`` and ``stored_sum`` are major units."""

    sent: int = 0
    accepted: int = 0
    refused: list[str] = field(default_factory=list)
    stored: int = 0
    sent_sum: Decimal = Decimal(0)
    stored_sum: Decimal = Decimal(0)
    missing: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def reconciled(self) -> bool:
        """Whether every order sent is stored once with its own sum."""
        return (
            self.stored == self.sent
            and self.sent_sum == self.stored_sum
            and not (self.refused or self.missing or self.duplicated or self.differing)
        )


def replay(
    file: Annotated[Path, typer.Argument(help="CSV or TSV, one row a line.")],
    columns: Annotated[str, typer.Option("--map", help="order=…,item=…,quantity=…,price=…[,choices=…,time=…]")],
    brand: BrandOption = "demo",
    price_is: Annotated[str, typer.Option("--price-is", help="What price means: line or unit.")] = "line",
    create_catalogue: Annotated[bool, typer.Option("--create-catalogue", help="Add the menu the file needs.")] = False,
    rate: Annotated[float, typer.Option("--rate", min=0, help="Orders a second; 0 is as fast as possible.")] = 0,
    connections: Annotated[int, typer.Option("--connections", min=1, max=256, help="Orders in flight.")] = 16,
    url: Url = "http://127.0.0.1:8080",
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Replay past orders through a running server and reconcile: counts, sums to the cent, duplicates.

    The store's address is needed to look up or build the menu and to give the replay a client of its own;
    the orders themselves travel over HTTP like anybody's. Exit code 1 when anything does not reconcile.
    """
    if price_is not in ("line", "unit"):
        raise SetupError("--price-is is line or unit")
    kind: PriceIs = "line" if price_is == "line" else "unit"
    past = read_past_orders(file, read_mapping(columns), kind)
    settings = store_settings(data_dir, database_url)
    menu, credentials = with_store(settings, lambda store: _prepare(store, brand, past, create=create_catalogue))
    try:
        report = asyncio.run(_run(url, credentials, menu, past, rate=rate, connections=connections))
    finally:
        with_store(settings, lambda store: _enable_client(store, brand, enabled=False))
    _print(report, as_json=as_json)
    if not report.reconciled:
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class Menu:
    """Ids by name, and where orders go."""

    venue_id: int
    sale_type_id: int
    products: dict[str, int]
    modifiers: dict[str, int]


async def _prepare(store: Store, brand: str, past: list[PastOrder], *, create: bool) -> tuple[Menu, Credentials]:
    snapshot = await administration.catalogue_of(store, brand)
    if create:
        await administration.import_document(store, brand, missing_menu(snapshot, past))
        snapshot = await administration.catalogue_of(store, brand)
    menu = _menu_of(snapshot, past)
    return menu, await _own_credentials(store, brand)


def missing_menu(snapshot: Snapshot, past: list[PastOrder]) -> Document:
    """What the catalogue lacks for these orders: products at their usual price, one group with every choice."""
    lines = [line for order in past for line in order.lines]
    known = {product.name for product in snapshot.products.values()}
    prices: dict[str, Counter[Decimal]] = {}
    for line in lines:
        prices.setdefault(line.item, Counter())[line.unit_price] += 1
    group = next((group for group in snapshot.modifier_groups.values() if group.name == _GROUP_NAME), None)
    group_id = group.id if group else max(snapshot.modifier_groups, default=0) + 1
    choices = _with_choices(snapshot, group, sorted({choice for line in lines for choice in line.choices}))
    first = max(snapshot.products, default=0) + 1
    products = tuple(
        Product(
            id=first + index, name=name, price=Money(prices[name].most_common(1)[0][0]), modifier_groups=(group_id,)
        )
        for index, name in enumerate(sorted(set(prices) - known))
    )
    return Document(
        venues=() if snapshot.venues else (Venue(id=1, name="Main", is_main=True),),
        sale_types=() if snapshot.sale_types else (SaleType(id=1, name="Takeaway", system_type="TAKEAWAY"),),
        modifier_groups=(ModifierGroup(id=group_id, name=_GROUP_NAME, modifiers=choices),) if choices else (),
        products=products,
    )


def _with_choices(snapshot: Snapshot, group: ModifierGroup | None, names: list[str]) -> tuple[Modifier, ...]:
    present = group.modifiers if group else ()
    used = [modifier.id for found in snapshot.modifier_groups.values() for modifier in found.modifiers]
    fresh = sorted(set(names) - {modifier.name for modifier in present})
    first = max(used, default=0) + 1
    return (*present, *(Modifier(id=first + index, name=name) for index, name in enumerate(fresh)))


def _menu_of(snapshot: Snapshot, past: list[PastOrder]) -> Menu:
    products = {product.name: product.id for product in snapshot.products.values()}
    group = next((group for group in snapshot.modifier_groups.values() if group.name == _GROUP_NAME), None)
    modifiers = {modifier.name: modifier.id for modifier in group.modifiers} if group else {}
    lines = [line for order in past for line in order.lines]
    absent = sorted({line.item for line in lines} - products.keys())
    absent += sorted({choice for line in lines for choice in line.choices} - modifiers.keys())
    venue_id = snapshot.main_venue_id()
    if absent or venue_id is None or not snapshot.sale_types:
        shown = ", ".join(absent[:5]) or "a venue and a sale type"
        raise SetupError(f"the catalogue lacks {shown}; --create-catalogue adds what the file needs")
    enabled = [s.id for s in snapshot.sale_types.values() if s.active and venue_id not in s.disabled_venues]
    if not enabled:
        raise SetupError(f"no sale type is enabled at venue {venue_id}")
    return Menu(venue_id, max(enabled), products, modifiers)


async def _own_credentials(store: Store, brand: str) -> Credentials:
    """A client for replays, with a quota of its own and a fresh secret that lives only in this process."""
    directory = await store.directory()
    is_test = directory.brands[brand].is_test
    integrator_id = "replay-test" if is_test else "replay"
    if integrator_id not in directory.integrators:
        await administration.add_integrator(store, integrator_id, name="Replay", is_test=is_test)
    if (brand, _CLIENT) in directory.clients:
        secret = await administration.rotate_client(store, brand, _CLIENT)
        await _enable_client(store, brand, enabled=True)
    else:
        client = ClientSettings(quota_per_minute=_QUOTA)
        secret = await administration.add_client(store, brand, _CLIENT, name="Replay", settings=client)
    return Credentials(_CLIENT, secret, brand, integrator_id)


async def _enable_client(store: Store, brand: str, *, enabled: bool) -> None:
    await administration.set_enabled(store, "clients", {"brand_id": brand, "client_id": _CLIENT}, enabled=enabled)


async def _run(
    url: str, credentials: Credentials, menu: Menu, past: list[PastOrder], *, rate: float, connections: int
) -> Report:
    await asyncio.sleep(_SEEN_BY_SERVER_S)
    run = secrets.token_hex(4)
    report = Report(sent=len(past), sent_sum=sum((order.total for order in past), Decimal(0)))
    async with Api(url, credentials) as api:
        sent = await _send_all(api, menu, past, run, report, rate=rate, connections=connections)
        await _reconcile(api, past, run, sent, report)
    return report


async def _send_all(
    api: Api, menu: Menu, past: list[PastOrder], run: str, report: Report, *, rate: float, connections: int
) -> list[int]:
    """Post every order under a key of its own; returns the ids that were answered."""
    ids: list[int] = []
    pending = iter(enumerate(past))
    began = time.monotonic()
    bars = (TextColumn("sending"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*bars, console=errors) as progress:
        task = progress.add_task("orders", total=len(past))

        async def work() -> None:
            for index, order in pending:
                if rate:
                    await asyncio.sleep(max(0.0, began + index / rate - time.monotonic()))
                name = f"{run}-{index}"
                answer = await api.send_order(to_json(order_body(order, menu, name)), key=name)
                if answer.status_code in (200, 201):
                    ids.append(answer.json()["data"]["id"])
                else:
                    report.refused.append(f"{order.number}: {answer.status_code} {answer.text[:300]}")
                progress.advance(task)

        await asyncio.gather(*(work() for _ in range(connections)))
    report.seconds = time.monotonic() - began
    report.accepted = len(ids)
    return ids


async def _reconcile(api: Api, past: list[PastOrder], run: str, ids: list[int], report: Report) -> None:
    """Read back every order stored since the first one sent, and compare order by order."""
    expected = {f"{run}-{index}": order.total for index, order in enumerate(past)}
    found: Counter[str] = Counter()
    for item in await _stored_since(api, min(ids, default=0)):
        name = item["integration_id"]
        if name not in expected:
            continue
        total = Decimal(str(item["payload"]["totals"]["total"]))
        lines = sum(Decimal(str(line["totals"]["total"])) for line in item["payload"]["products"])
        found[name] += 1
        report.stored += 1
        report.stored_sum += total
        if total != expected[name] or lines != total:
            report.differing.append(f"{name}: sent {expected[name]}, stored {total}")
    report.missing = sorted(expected.keys() - found.keys())
    report.duplicated = sorted(name for name, count in found.items() if count > 1)


async def _stored_since(api: Api, first_id: int) -> list[dict[str, Any]]:
    stored: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": 200, "sort[0]": "id", "sort[1]": "-1"}
    while True:
        answer = await api.get("/open-api/v2/orders", query)
        if answer.status_code != 200:
            raise SetupError(f"the orders cannot be read back: {answer.text[:300]}")
        page = msgspec.json.Decoder(float_hook=Decimal).decode(answer.content)
        rows = page["data"]
        stored += [row for row in rows if row["id"] >= first_id]
        if not page["next_cursor"] or rows[-1]["id"] < first_id:
            return stored
        query["cursor"] = page["next_cursor"]


def order_body(order: PastOrder, menu: Menu, name: str) -> dict[str, Any]:
    """The create request of a past order; ``name`` becomes its ``integration_id``."""
    return {
        "sale_type_id": menu.sale_type_id,
        "venue_id": menu.venue_id,
        "order_number": order.number[:20],
        "integration_id": name,
        "customer": {"id": 0, "phone": "+994501234567", "address": "", "name": "Replay"},
        "products": [_line(line, menu, index) for index, line in enumerate(order.lines)],
    }


def _line(line: PastLine, menu: Menu, index: int) -> dict[str, Any]:
    chosen = Counter(line.choices)
    return {
        "product_id": menu.products[line.item],
        "product_name": line.item,
        "count": plain(line.count),
        "price": plain(line.unit_price),
        "status": "new",
        "product_hash": str(index),
        "note": line.note,
        "modifiers": [
            {"modifier_id": menu.modifiers[choice], "modifier_name": choice, "count": count, "price": 0}
            for choice, count in chosen.items()
        ],
    }


def _print(report: Report, *, as_json: bool) -> None:
    row = {
        "sent": report.sent,
        "accepted": report.accepted,
        "stored": report.stored,
        "sent_sum": str(report.sent_sum),
        "stored_sum": str(report.stored_sum),
        "refused": len(report.refused),
        "missing": len(report.missing),
        "duplicated": len(report.duplicated),
        "differing": len(report.differing),
        "seconds": round(report.seconds, 2),
        "orders_per_second": round(report.accepted / report.seconds, 1) if report.seconds else 0,
        "reconciled": report.reconciled,
    }
    show([row], as_json=True) if as_json else show(
        [{"": name, "value": value} for name, value in row.items()], as_json=False
    )
    for text in (report.refused + report.missing + report.duplicated + report.differing)[:20]:
        errors.print(text, markup=False)
    if not as_json:
        console.print("[bold green]reconciled[/]" if report.reconciled else "[bold red]does not reconcile[/]")
