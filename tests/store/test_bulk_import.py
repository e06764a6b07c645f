"""Large imports on both stores: whole or not at all, in the audit log, and nothing stays behind."""

import asyncio
from typing import Any

import pytest
from tests.conftest import document

from comanda import administration, demo
from comanda.base import limits
from comanda.base.clock import Micros, iso_micros, now_micros
from comanda.base.errors import SetupError
from comanda.catalogue.document import Document
from comanda.duties.housekeeping import clear_brand
from comanda.http.hub import Hub
from comanda.orders.dossier import House
from comanda.store.audit import read_audit
from comanda.store.bulk_import import Staged, move_staged, settle_staged, stage_resources
from comanda.store.catalogue import CatalogueMoved, Edit
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


async def put_in_place(hub: Hub, batch: str, products: list[dict[str, Any]], at: Micros) -> None:
    """Put products beside the catalogue and leave them there."""
    found = document(products=products).products
    await hub.store.run(lambda: stage_resources(demo.BRAND, batch, "products", found, at))


async def clear(hub: Hub) -> None:
    """Have housekeeping look after the demo brand."""
    brand = hub.known.present.brands[demo.BRAND]
    await clear_brand(hub.store, House(brand, hub.known.snapshot(brand.id)), hub.settings)


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
    first = entries[-1]["number"]
    assert [entry["number"] for entry in entries] == list(range(first + MANY, first - 1, -1))
    assert [entry["resource"] for entry in entries] == [*(str(10_000 + n) for n in reversed(range(MANY))), "9995"]
    assert {(entry["action"], entry["kind"]) for entry in entries[:-1]} == {("created", "products")}
    assert (entries[-1]["action"], entries[-1]["kind"]) == ("created", "tags")
    assert len({(entry["at"], entry["actor"]) for entry in entries}) == 1
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


async def test_an_import_that_died_once_it_was_moved_is_completed_by_housekeeping(hub: Hub):
    """Its audit log is whole, once and with the import's instant, however often and by however many it is settled."""
    version, now = hub.known.snapshot(demo.BRAND).version, now_micros()
    await put_in_place(hub, "died", menu(1), now)
    staged_rows = Staged([("products", 10_000 + number, f"Dish {number}", True) for number in range(MANY)])
    edit = Edit(document(tags=[{"id": 9_995, "name": "Spicy"}]), (), version, "staff:anna")
    await hub.store.run(lambda: move_staged(demo.BRAND, "died", edit, staged_rows, now))
    assert await hub.store.run(lambda: settle_staged(demo.BRAND, "died")) == limits.IMPORT_STEP
    assert await staged(hub) == MANY - limits.IMPORT_STEP + 1
    await asyncio.gather(clear(hub), clear(hub))
    assert await staged(hub) == 0
    await clear(hub)
    entries = await hub.store.read(lambda: read_audit(demo.BRAND, limits.MAX_ID, MANY + 1))
    first = entries[-1]["number"]
    assert [entry["number"] for entry in entries] == list(range(first + MANY, first - 1, -1))
    assert [entry["resource"] for entry in entries] == [*(str(10_000 + n) for n in reversed(range(MANY))), "9995"]
    assert {(entry["at"], entry["actor"], entry["action"]) for entry in entries} == {
        (iso_micros(now), "staff:anna", "created")
    }
    older = await hub.store.read(lambda: read_audit(demo.BRAND, first, 1))
    assert older[0]["number"] == first - 1


async def test_a_batch_of_which_some_was_cleared_is_not_moved(hub: Hub):
    """The import is told to go again, and neither the catalogue nor its audit log holds any of it."""
    held = await hub.store.whole_catalogue(demo.BRAND)
    entries = await hub.store.read(lambda: read_audit(demo.BRAND, limits.MAX_ID, MANY))
    version, now = hub.known.snapshot(demo.BRAND).version, now_micros()
    await put_in_place(hub, "slow", menu(1), now)
    staged_rows = Staged([("products", 10_000 + number, f"Dish {number}", True) for number in range(MANY)])
    assert await hub.store.run(lambda: settle_staged(demo.BRAND, "slow")) == limits.IMPORT_STEP
    with pytest.raises(CatalogueMoved):
        await hub.store.run(lambda: move_staged(demo.BRAND, "slow", Edit(document(), (), version), staged_rows, now))
    while await hub.store.run(lambda: settle_staged(demo.BRAND, "slow")):
        pass
    assert await staged(hub) == 0
    assert await hub.store.whole_catalogue(demo.BRAND) == held
    assert await hub.store.read(lambda: read_audit(demo.BRAND, limits.MAX_ID, MANY)) == entries


async def test_what_a_broken_import_left_beside_the_catalogue_lapses(hub: Hub):
    """A day later it is cleared away, the audit log tells nothing of it; what is younger may still be at work."""
    entries = await hub.store.read(lambda: read_audit(demo.BRAND, limits.MAX_ID, MANY))
    now = now_micros()
    for batch, at in (("old", Micros(now - 25 * 3_600_000_000)), ("young", now)):
        await put_in_place(hub, batch, menu(1, 3), at)
    await clear(hub)
    assert await staged(hub) == 3
    assert await hub.store.read(lambda: read_audit(demo.BRAND, limits.MAX_ID, MANY)) == entries


async def test_many_customers_follow_in_steps(hub: Hub):
    """Every one, with groups of the same document; two who swap numbers across steps too; the second time none."""
    people = [{"id": 20_000 + n, "name": f"Guest {n}", "phone": f"+99450{n:07}", "group_id": 77} for n in range(MANY)]
    groups = [{"id": 77, "name": "Guests"}]
    changes = await administration.import_document(
        hub.store, demo.BRAND, document(customers=people, customer_groups=groups)
    )
    assert changes.counts() == {"customers": MANY, "customer_groups": 1}
    people[0], people[-1] = {**people[0], "phone": people[-1]["phone"]}, {**people[-1], "phone": people[0]["phone"]}
    changes = await administration.import_document(hub.store, demo.BRAND, document(customers=people))
    assert changes.counts() == {"customers": 2}
    assert not await administration.import_document(hub.store, demo.BRAND, document(customers=people))
    found = {customer.id: customer for customer in (await hub.store.whole_catalogue(demo.BRAND)).customers}
    assert (found[20_000].phone, found[20_000].group_id) == (people[0]["phone"], 77)


async def test_an_edit_that_changes_nothing_hinders_none_after_it(hub: Hub):
    """Neither the catalogue's version nor any process's view of it moves; quantities move neither."""
    version = hub.known.snapshot(demo.BRAND).version
    stop_list = [{"venue_id": 1, "product_id": 101, "quantity": 7}]
    for _ in range(2):
        await administration.import_document(hub.store, demo.BRAND, document(stop_list=stop_list))
        await administration.import_document(hub.store, demo.BRAND, document(venues=[]))
    same = (await hub.store.whole_catalogue(demo.BRAND)).products
    assert not await hub.store.apply_edit(demo.BRAND, Edit(Document(products=same), (), version))
    assert (await hub.store.directory()).brands[demo.BRAND].catalogue_version == version
    await hub.store.apply_edit(demo.BRAND, Edit(document(tags=[{"id": 9_995, "name": "Spicy"}]), (), version))
    await hub.known.refresh()
    assert hub.known.snapshot(demo.BRAND).version == version + 1
    assert 9_995 in hub.known.snapshot(demo.BRAND).tags


async def test_quantities_set_all_the_while_do_not_keep_an_import_from_its_end(hub: Hub):
    """They belong to no version of the catalogue."""
    done = asyncio.Event()

    async def sell() -> int:
        quantity = 0
        while not done.is_set():
            quantity += 1
            entry = [{"venue_id": 1, "product_id": 101, "quantity": quantity}]
            await administration.import_document(hub.store, demo.BRAND, document(stop_list=entry))
        return quantity

    selling = asyncio.create_task(sell())
    try:
        changes = await administration.import_document(hub.store, demo.BRAND, document(products=menu(4)))
    finally:
        done.set()
    assert await selling > 1
    assert changes.counts() == {"products": MANY}
