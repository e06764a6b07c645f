"""Large imports on both stores: whole or not at all, in the audit log, and nothing stays behind."""

import asyncio
from typing import Any

import pytest
from tests.conftest import document

from comanda import administration, demo
from comanda.base import limits
from comanda.base.clock import now_micros
from comanda.base.errors import SetupError
from comanda.duties.housekeeping import clear_brand
from comanda.http.hub import Hub
from comanda.orders.dossier import House
from comanda.store.audit import read_audit
from comanda.store.bulk_import import stage_resources
from comanda.store.tables import catalogue_staged
from comanda.store.transaction import Statement, one

pytestmark = pytest.mark.anyio
MANY = limits.IMPORT_STEP * 2 + 7


def menu(price: int, count: int = MANY) -> list[dict[str, Any]]:
    """Products with ids of their own."""
    return [{"id": 10_000 + number, "name": f"Dish {number}", "price": price} for number in range(count)]


async def staged(hub: Hub) -> int:
    """How many resources wait beside the catalogue."""

    def count():
        rows = yield one(Statement(catalogue_staged.select().where(catalogue_staged.c.brand_id == demo.BRAND)))
        return len(rows)

    return await hub.store.read(count)


async def test_a_large_import_is_one_version_with_an_entry_for_each(hub: Hub):
    """Added, changed, left alone; small parts of the same document with it; progress rises to its end."""
    seen: list[tuple[int, int]] = []
    before = hub.known.snapshot(demo.BRAND).version
    parts = {"products": menu(2), "tags": [{"id": 9_995, "name": "Spicy"}]}
    changes = await administration.import_document(
        hub.store, demo.BRAND, document(**parts), lambda done, total: seen.append((done, total))
    )
    assert changes.counts() == {"products": MANY, "tags": 1}
    assert seen[-1] == (MANY, MANY)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    await hub.known.refresh()
    snapshot = hub.known.snapshot(demo.BRAND)
    assert snapshot.version == before + 1
    assert len([number for number in snapshot.products if number >= 10_000]) == MANY
    entries = await hub.store.read(lambda: read_audit(demo.BRAND, limits.MAX_ID, MANY + 1))
    assert {entry["number"] // 1_000_000 for entry in entries} == {before + 1}
    assert len({entry["number"] for entry in entries}) == MANY + 1
    assert {(entry["action"], entry["kind"]) for entry in entries} == {("created", "products"), ("created", "tags")}
    again = menu(2)
    again[3] = {**again[3], "price": 3}
    changes = await administration.import_document(hub.store, demo.BRAND, document(products=again))
    assert changes.rows == [("products", 10_003, "Dish 3", False)]
    entry = (await hub.store.read(lambda: read_audit(demo.BRAND, limits.MAX_ID, 1)))[0]
    assert (entry["action"], entry["resource"]) == ("changed", "10003")
    assert await staged(hub) == 0
    unchanged = await administration.import_document(hub.store, demo.BRAND, document(products=again))
    assert not unchanged


async def test_an_import_that_is_refused_leaves_nothing(hub: Hub):
    """Neither in the catalogue nor beside it: two customers of one document share a phone number."""
    people = [{"id": 50 + number, "name": "Twin", "phone": "+994501112233"} for number in range(2)]
    before = await hub.store.whole_catalogue(demo.BRAND)
    with pytest.raises(SetupError, match="same phone number"):
        await administration.import_document(hub.store, demo.BRAND, document(products=menu(1), customers=people))
    assert await hub.store.whole_catalogue(demo.BRAND) == before
    assert await staged(hub) == 0


async def test_imports_at_once_are_each_checked_against_what_is_there(hub: Hub):
    """The later one goes again; both are whole."""
    await asyncio.gather(
        administration.import_document(hub.store, demo.BRAND, document(products=menu(1))),
        administration.import_document(
            hub.store, demo.BRAND, document(tags=[{"id": number, "name": "T"} for number in range(1, MANY)])
        ),
        administration.import_document(hub.store, demo.BRAND, document(units=[{"id": 5, "name": "Box"}])),
    )
    found = await hub.store.whole_catalogue(demo.BRAND)
    assert len([product for product in found.products if product.id >= 10_000]) == MANY
    assert {tag.name for tag in found.tags if tag.id < MANY} == {"T"}
    assert 5 in {unit.id for unit in found.units}
    assert await staged(hub) == 0


async def test_what_a_broken_import_left_beside_the_catalogue_lapses(hub: Hub):
    """A day later it is cleared away; what is younger may still be at work."""
    product = document(products=menu(1, 3)).products
    now = now_micros()
    for batch, at in (("old", now - 25 * 3_600_000_000), ("young", now)):
        await hub.store.run(lambda batch=batch, at=at: stage_resources(demo.BRAND, batch, "products", product, at))
    brand = hub.known.present.brands[demo.BRAND]
    await clear_brand(hub.store, House(brand, hub.known.snapshot(brand.id)), hub.settings)
    assert await staged(hub) == 3
