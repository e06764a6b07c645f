"""Lists of customers' orders and receipts: what an index finds is what a look at every row finds, in the same order."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from tests.http.chain import DOCUMENTED, MINIMAL
from tests.store.test_counts import place_at

from comanda import demo
from comanda.administration import import_document
from comanda.base.clock import Micros, now_micros
from comanda.base.json import to_json
from comanda.base.listing import Listing
from comanda.catalogue.document import parse_document
from comanda.http.hub import Hub

pytestmark = pytest.mark.anyio
PEOPLE = [{"id": number, "name": f"Customer {number}"} for number in (20, 21, 22)]
WANTED = [(9,), (20,), (9, 20), (20, 21, 20), (22,), (777,), (22, 777, 9), tuple(range(1, 60)), (0,), (0, 9), ()]
"""Of whom: one, several, one twice, nobody's, nobody at all, many, guests, guests with others, and no value."""


@pytest.mark.parametrize("kind", ["orders", "receipts"])
async def test_lists_of_customers_are_what_a_look_at_every_row_finds(hub: Hub, kind):
    """For every sort, page, status, span and venue, with many orders of one instant; rows and totals."""
    begin = await fill(hub)
    read = hub.store.list_orders if kind == "orders" else hub.store.list_receipts
    found, total = await read(demo.BRAND, Listing(limit=200))
    everything = [row_of(item) for item in found]
    assert len(everything) == total == (128 if kind == "orders" else 64)
    assert {row.customer_id for row in everything} == {0, 9, 20, 21}
    seen = 0
    for listing in listings(kind, begin):
        items, total = await read(demo.BRAND, listing)
        rows = looked_at(everything, listing)
        skipped = (listing.page - 1) * listing.limit
        assert ([row_of(item).id for item in items], total) == (
            [row.id for row in beyond(rows, listing)][skipped : skipped + listing.limit],
            len(rows),
        ), listing
        seen += len(items)
    assert seen > 1_000


async def test_customers_of_another_brand_are_not_found(hub: Hub):
    """The brand goes with the customers that are asked for."""
    await fill(hub)
    asked = Listing(filters={"customer_id": (9, 20)})
    for read in (hub.store.list_orders, hub.store.list_receipts):
        assert (await read(demo.BRAND, asked))[1] > 0
        assert await read("another", asked) == ([], 0)


async def fill(hub: Hub) -> Micros:
    """Orders and receipts of three customers and a guest at two venues, each instant many times; the first instant."""
    await import_document(hub.store, demo.BRAND, parse_document({"customers": PEOPLE}))
    begin = Micros(now_micros() - 3_600_000_000)
    for late, customer_id, venue_id, _ in product(range(4), (9, 20, 0, 21), (1, 2), range(2)):
        for body in (MINIMAL, DOCUMENTED):
            at = Micros(begin + (late * 7 % 4) * 1_000_000)
            await place_at(hub, to_json(of_customer(body, customer_id, venue_id)), at)
    return begin


def of_customer(body: dict[str, Any], customer_id: int, venue_id: int) -> dict[str, Any]:
    """An order's body for another customer and venue; 0 is a guest."""
    here = {name: value for name, value in body.items() if name != "auto_accept_terminal"}
    return {**here, "venue_id": venue_id, "customer": {**body["customer"], "id": customer_id}}


def listings(kind: str, begin: Micros) -> Iterator[Listing]:
    """Everything that may stand beside the customers, and every way to leaf through."""
    status = "PENDING" if kind == "orders" else 1
    ways = [
        Listing(limit=7),
        Listing(limit=7, page=2, descending=False),
        Listing(limit=7, sort="id", page=2),
        Listing(limit=200, sort="updated_at"),
        Listing(limit=7, after=(begin + 2_000_000, 1 << 40), until=Micros(begin + 2_000_000)),
        Listing(limit=7, descending=False, after=(begin + 1_000_000, 0), until=Micros(begin + 2_000_000)),
    ]
    if kind == "receipts":
        ways += [Listing(limit=200, sort="closed_at"), Listing(limit=5, sort="total", descending=False, page=2)]
    spans = [(None, None), (Micros(begin + 1), Micros(begin + 3_000_000))]
    for way, ids, venue_id, span, only in product(ways, WANTED, (None, 1, 2), spans, (True, False)):
        filters: dict[str, tuple[str | int, ...]] = {"customer_id": ids, **({"status": (status,)} if only else {})}
        yield replace(way, venue_id=venue_id, span=span, filters=filters)


def row_of(item: Any) -> Any:
    """The order, or the receipt of the pair that a list of receipts has."""
    return item[0] if isinstance(item, tuple) else item


def looked_at(everything: list[Any], listing: Listing) -> list[Any]:
    """The rows that a list is of, sorted as it asks."""
    first, last = listing.span
    rows = [
        row
        for row in everything
        if all(getattr(row, name) in allowed for name, allowed in listing.filters.items())
        and listing.venue_id in (None, row.venue_id)
        and (first is None or row.created_at >= first)
        and (last is None or row.created_at < last)
    ]
    name = "total_minor" if listing.sort == "total" else listing.sort
    return sorted(rows, key=lambda row: (getattr(row, name) or 0, row.id), reverse=listing.descending)


def beyond(rows: list[Any], listing: Listing) -> list[Any]:
    """What a cursor leaves of them."""
    if listing.after is None or listing.until is None:
        return rows
    present = [row for row in rows if row.created_at <= listing.until]
    places = [(getattr(row, listing.sort), row.id) for row in present]
    ahead = [place < listing.after if listing.descending else place > listing.after for place in places]
    return [row for row, shown in zip(present, ahead, strict=True) if shown]
