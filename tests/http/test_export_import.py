"""An export imported into an empty installation reads the same, to the last key."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from benchmarks.servers import free_port
from tests.conftest import Server, fresh_database, serving, sign_in

from comanda import administration, demo
from comanda.administration import ClientSettings
from comanda.base.limits import IMPORT_STEP
from comanda.catalogue.document import parse_document, read_document, write_document
from comanda.main import open_hub, open_store
from comanda.settings import Settings

pytestmark = pytest.mark.anyio
READS = (
    "/products?limit=100&with[0]=category&with[1]=station&with[2]=modificator_groups&with[3]=recipe&with[4]=tags",
    "/products?limit=100&sort[0]=id&sort[1]=1",
    "/products/101?with[0]=unit&with[1]=setting",
    "/products/stop-list",
    "/categories?include_children=true&include_inactive=true",
    "/stations",
    "/sale-types",
    "/payment-methods",
    "/price-lists?with[]=prices",
    "/price-lists/prices",
    "/venues",
    "/users",
    "/customers?with[0]=group",
    "/customer-groups",
)
RICH: dict[str, Any] = {
    "units": [{"id": 90, "name": "Kilogram", "type": "WEIGHT", "symbol": "kg"}],
    "tags": [{"id": 90, "name": "Spicy"}, {"id": 91, "name": "Retired", "active": False}],
    "customer_groups": [{"id": 90, "name": "Regulars", "discount_type": "PERCENT", "discount_value": 5}],
    "categories": [
        {"id": 90, "name": "Grill", "color": "00bcd4", "position": 4},
        {"id": 91, "name": "Old", "parent_id": 90, "active": False, "hidden": True},
    ],
    "products": [
        {
            "id": 900,
            "name": "Кебаб из ягнёнка, Ən dadlı",
            "price": 12,
            "category_id": 90,
            "unit_id": 90,
            "tags": [90],
            "recipe": [{"ingredient_id": 120, "gross": 1, "net": 1}],
            "venues": [{"venue_id": 2, "available": False}],
            "cooking_time": 25,
        },
        {"id": 901, "name": "By the hour", "type": "TIMER", "timer": {"interval": 60, "prices": [{"price": 5}]}},
        {"id": 902, "name": "Gone", "active": False},
    ],
    "price_lists": [{"id": 90, "name": "Terrace", "prices": [{"id": 900, "product_id": 900, "price": 14}]}],
    "tables": [{"id": 90, "name": "Table 9", "venue_id": 1}],
    "customers": [
        {"id": 90, "name": "Second", "phone": "0505550011", "phones": ["0505550012"], "group_id": 90, "code": "C-90",
         "gender": 2, "date_of_birth": "1990-02-28", "description": "Regular"},
    ],
    "users": [{"id": 90, "name": "Test Cook", "username": "cook", "role": "cook", "first_name": "Test"}],
    "stop_list": [{"venue_id": 2, "product_id": 900, "quantity": 3}],
}  # fmt: skip


@asynccontextmanager
async def empty_installation(settings: Settings, tmp_path: Path, request: Any) -> AsyncIterator[Server]:
    """Another server on a store of the same kind, with the brand and its client and nothing else."""
    url = None
    if settings.database_url is not None:
        url = await _fresh(request)
    other = replace(settings, data_dir=tmp_path / "other", database_url=url, port=free_port())
    async with open_store(other) as store:
        await administration.add_integrator(store, demo.INTEGRATOR_ID, name="", is_test=True)
        await administration.add_brand(store, demo.BRAND, name="Demo", currency="AZN", region="AZ", is_test=True)
        await administration.add_client(
            store, demo.BRAND, demo.CLIENT_ID, name="Demo", settings=ClientSettings(), secret=demo.CLIENT_SECRET
        )
    async with open_hub(other) as hub, serving(hub) as server:
        yield server


async def _fresh(request: Any) -> str:
    import asyncio

    return await asyncio.to_thread(fresh_database, request)


async def reads(server: Server) -> dict[str, Any]:
    """What every read says, without what is the server's own: times of the answer, its address."""
    found = {}
    for path in READS:
        answer = await server.get(path)
        assert answer.status_code == 200, (path, answer.text)
        body = {name: value for name, value in answer.json().items() if name in ("data", "total", "pagination")}
        text = json.dumps(body).replace(str(server.http.base_url).rstrip("/"), "http://here")
        found[path] = json.loads(text)
    return found


@pytest.mark.parametrize("ending", [".yaml", ".json"])
async def test_an_export_imported_elsewhere_reads_the_same(server: Server, settings, tmp_path, request, ending):
    """Every kind, every field, retired ones, times of creation and change; and the export of the copy is the export."""
    await server.import_(RICH)
    await server.import_({"products": [{**RICH["products"][0], "price": 13}]})
    exported = await server.hub.store.whole_catalogue(demo.BRAND)
    file = tmp_path / f"menu{ending}"
    file.write_text(write_document(exported, as_json=ending == ".json"), encoding="utf-8")
    async with empty_installation(settings, tmp_path, request) as other:
        await administration.import_document(other.hub.store, demo.BRAND, read_document(file))
        await other.hub.known.refresh()
        other.token = await sign_in(other.http)  # the first one was given before there was a venue
        assert await reads(other) == await reads(server)
        assert await other.hub.store.whole_catalogue(demo.BRAND) == exported


async def test_a_large_menu_makes_the_same_way(server: Server, settings, tmp_path, request):
    """Also through the steps of a large import."""
    await server.import_(
        {"products": [{"id": 5_000 + n, "name": f"Dish {n}", "price": n} for n in range(IMPORT_STEP + 3)]}
    )
    exported = await server.hub.store.whole_catalogue(demo.BRAND)
    async with empty_installation(settings, tmp_path, request) as other:
        text = json.loads(write_document(exported, as_json=True))
        del text["stop_list"]
        await administration.import_document(other.hub.store, demo.BRAND, parse_document(text_numbers(text)))
        copied = await other.hub.store.whole_catalogue(demo.BRAND)
        assert copied.products == exported.products


def text_numbers(value: Any) -> Any:
    """The document as its reader hands it over: decimals, not floats."""
    from decimal import Decimal

    if isinstance(value, dict):
        return {name: text_numbers(part) for name, part in value.items()}
    if isinstance(value, list):
        return [text_numbers(part) for part in value]
    return Decimal(str(value)) if isinstance(value, float) else value


async def test_times_of_a_document_count_only_where_a_resource_is_new(server: Server):
    """The store keeps its own; what says the same again is left alone."""
    old = "2020-01-01T00:00:00.000000Z"
    await server.import_({"tags": [{"id": 95, "name": "Old", "created_at": old, "updated_at": old}]})
    tag = (await server.hub.store.whole_catalogue(demo.BRAND)).tags[-1]
    assert (tag.created_at, tag.updated_at) == (old, old)
    await server.import_({"tags": [{"id": 95, "name": "Old", "created_at": "2021-01-01T00:00:00.000000Z"}]})
    assert (await server.hub.store.whole_catalogue(demo.BRAND)).tags[-1] == tag
    await server.import_({"tags": [{"id": 95, "name": "Newer", "updated_at": old}]})
    changed = (await server.hub.store.whole_catalogue(demo.BRAND)).tags[-1]
    assert (changed.created_at, changed.updated_at > old) == (old, True)
