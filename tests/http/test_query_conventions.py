"""Every notation of the query conventions, on several resources (contract 4, 13, 14.5)."""

import base64
import json
from datetime import datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from tests.conftest import Server
from tests.http.documented import ask

from comanda import demo

pytestmark = pytest.mark.anyio
LISTS = {
    "products": (100, "id, name, price, created_at, updated_at, position"),
    "categories": (999, "id, name, position, created_at, updated_at"),
    "stations": (200, "id, name, created_at, updated_at"),
    "sale-types": (999, "id, name, position, created_at, updated_at"),
    "payment-methods": (999, "id, name, position, created_at, updated_at"),
    "price-lists": (999, "id, name, created_at"),
    "price-lists/prices": (999, "id, created_at"),
    "venues": (999, "id, name, created_at, updated_at"),
}
FILTERS = {
    "products": "type, id, category_id, station_id, tags, inventory_behavior, giftable, discountable, sold_by_portion, "
    "haveIngredients, has_variants, has_modifiers, has_barcode, has_service_charge",
    "categories": "id, parent_id, type, status",
    "stations": "id, status, can_print",
    "sale-types": "id, system_type",
    "payment-methods": "id",
    "price-lists": "id",
    "price-lists/prices": "id, product_id, list_id",
    "venues": "id",
}
RELATIONS = {
    "products": "category, station, modifications, modifications.codes, taxes, codes, modificator_groups, recipe, "
    "packages, tags",
    "price-lists": "prices",
    "price-lists/prices": "product, list",
}
ONE_RELATIONS = (
    "unit, media, setting, modificator_groups.modificators, modificator_groups.modificators.ingredient, "
    "modificator_groups.modificators.ingredient.unit"
)
CATEGORY_COLUMNS = "id, name, status, hidden, type, position, parent_id, _lft, _rgt, depth, color, children, media, created_at, updated_at"


async def read(server: Server, path: str, status: int = 200):
    """An answer that is what the document says to the last key."""
    return await ask(server, "GET", f"/open-api/v2/{path}", None, status)


async def ids(server: Server, path: str) -> list[int]:
    """The ids of a page."""
    return [row["id"] for row in (await read(server, path))["data"]]


async def refused(server: Server, path: str) -> str:
    """The sentence of a refusal that names the parameter in its details."""
    refusal = await read(server, path, 400)
    assert refusal["error"] == "invalid_parameter"
    assert refusal["details"][0]["message"] == refusal["message"]
    return refusal["message"]


@pytest.mark.parametrize(
    "sort",
    [
        "sort[0]={field}&sort[1]=1", "sort%5B0%5D={field}&sort%5B1%5D=1", "sort[0][0]={field}&sort[0][1]=asc",
        "sort_by={field}&sort_order=asc", "sort_by={field}&sort_order=1", "sort[1]=ASC&sort[0]={field}",
    ],
)  # fmt: skip
async def test_sorts_in_every_notation(server: Server, sort):
    """Field and direction; the default is created_at, newest first, ties by id."""
    await server.import_({"products": [{"id": 110, "name": "ayran (all sizes)", "type": "GOODS", "position": 3}]})
    expected = {
        ("products", "name"): [110, 111, 112, 120, 101, 102],
        ("products", "price"): [110, 111, 112, 102, 101, 120],
        ("products", "position"): [111, 112, 101, 102, 110, 120],
        ("products", "updated_at"): [101, 102, 111, 112, 120, 110],
        ("categories", "name"): [2, 1],
        ("stations", "name"): [2, 1],
        ("sale-types", "position"): [1, 2, 3],
        ("payment-methods", "name"): [2, 1, 3],
        ("price-lists", "name"): [1],
        ("price-lists/prices", "id"): [1, 2],
        ("venues", "id"): [1, 2],
        ("products/stop-list", "limit"): [120],
    }
    for (path, field), found in expected.items():
        rising = sort.format(field=field)
        falling = rising.replace("=1", "=-1").replace("asc", "desc").replace("ASC", "DESC")
        assert await ids(server, f"{path}?{rising}") == found, (path, field)
        assert await ids(server, f"{path}?{falling}") == found[::-1], (path, field)
    assert await ids(server, "products") == [120, 112, 111, 110, 102, 101]


async def test_pages_have_a_range_and_say_it(server: Server):
    """Beyond the maximum of each resource is a refusal, never a shorter page."""
    for path, (most, _) in LISTS.items():
        assert await refused(server, f"{path}?limit={most + 1}") == f"limit must be between 1 and {most}"
        assert await refused(server, f"{path}?limit=0") == f"limit must be between 1 and {most}"
        assert await refused(server, f"{path}?page=0") == "page must be between 1 and 1000000"
        body = await read(server, f"{path}?limit={most}&page=1")
        assert body["total"] == len(body["data"]) > 0
        assert (await read(server, f"{path}?page=1000000"))["data"] == []
    assert await refused(server, "products/stop-list?limit=1000") == "limit must be between 1 and 999"


async def test_unknown_names_are_refused_with_the_list(server: Server):
    """Sorts, filters and relations; other parameters that nobody knows are let pass."""
    for path, (_, sorts) in LISTS.items():
        assert await refused(server, f"{path}?sort[0]=colour") == f"sort[0] must be one of {sorts}"
        assert await refused(server, f"{path}?sort[0]=id&sort[1]=2") == "sort[1] must be 1 or -1"
        wrong = f"{path}?filters[0][0]=colour&filters[0][1]=1"
        assert await refused(server, wrong) == f"filters[0][0] must be one of {FILTERS[path]}"
        assert "are written filters[0][0]=FIELD" in await refused(server, f"{path}?filters=colour")
        message = f"must be one of {RELATIONS[path]}" if path in RELATIONS else "takes nothing here"
        assert await refused(server, f"{path}?with=colour") == f"with {message}"
        assert await ids(server, f"{path}?colour=red&search=x") == await ids(server, path)
    assert (
        await refused(server, "products/stop-list?sort[0]=name")
        == "sort[0] must be one of id, limit, timestamp, quantity"
    )


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("products?filters[0][0]=type&filters[0][1]=PIZZA",
         "type must be one of GOODS, DISH, TIMER, PREPARATION, INGREDIENT, MODIFICATION"),
        ("products?filters[0][0]=giftable&filters[0][1]=yes", "giftable must be true or false"),
        ("products?filters[0][0]=has_variants&filters[0][1]=2", "has_variants must be true or false"),
        ("products?filters[0][0]=inventory_behavior&filters[0][1]=2", "inventory_behavior must be one of 0, 1, 3"),
        ("products?filters[0][0]=tags&filters[0][1]=sweet", "tags must be an integer from 0 to 9007199254740991"),
        ("products?filters[0][0]=type", "filters[0][1] is required"),
        ("users?filters[0][0]=name&filters[0][1]=x", "filters are for other lists: this one takes no filters"),
        ("customer-groups?filters[0][1]=x", "filters are for other lists: this one takes no filters"),
        ("customer-groups?filters=x", "filters are for other lists: this one takes no filters"),
        ("products/stop-list?with[]=colour", "with takes nothing here"),
        ("products/stop-list?cursor=x", "cursor works with the sorts id and created_at, whose values do not change"),
        ("stations?status=2", "status must be one of 1, 0"),
        ("stations?can_print=yes", "can_print must be true or false"),
        ("sale-types?filters[0][0]=system_type&filters[0][1]=BOAT", "system_type must be one of IN, DELIVERY, TAKEAWAY"),
        ("categories?date[0]=tomorrow", "date[0] must be a day such as 2026-01-19, or a time such as 2026-01-19T14:51:33"),
        ("price-lists?selects=colour", "selects must be of id, name, description, status, created_at, updated_at, prices"),
        ("price-lists?with=prices:colour", "with prices has the columns id, list_id, product_id, price"),
        ("products?with=category:colour",
         f"with category has the columns {CATEGORY_COLUMNS}"),
        ("products/101?with=colour",
         f"with must be one of {RELATIONS['products']}, {ONE_RELATIONS}"),
    ],
)  # fmt: skip
async def test_wrong_values_are_refused_with_what_is_allowed(server: Server, path, rule):
    """One sentence that a person can act on."""
    assert await refused(server, path) == rule


async def test_filters_in_every_notation(server: Server):
    """Numbered or named outer keys, scalars and lists, encoded brackets; AND between them."""
    cases = {
        "products?filters[0][0]=type&filters[0][1]=DISH": [101, 102],
        "products?filters[type][0]=type&filters[type][1]=DISH": [101, 102],
        "products?filters%5B0%5D%5B0%5D=type&filters%5B0%5D%5B1%5D=DISH": [101, 102],
        "products?filters[0][0]=type&filters[0][1][0]=DISH&filters[0][1][1]=GOODS": [101, 102, 110, 120],
        "products?filters[0][0]=type&filters[0][1][]=DISH&filters[0][1][]=GOODS": [101, 102, 110, 120],
        "products?filters[7][0]=category_id&filters[7][1]=1&filters[x][0]=tags&filters[x][1][0]=1": [102, 120],
        "products?filters[0][0]=tags&filters[0][1]=1&filters[1][0]=tags&filters[1][1]=2": [120],
        "products?filters[0][0]=type&filters[0][1]=DISH&filters[1][0]=type&filters[1][1]=GOODS": [],
        "stations?filters[0][0]=id&filters[0][1][0]=2&filters[0][1][1]=9": [2],
        "stations?status[0]=1&status[1]=0": [1, 2],
        "stations?status=&can_print=": [1, 2],
        "stations?status[]=&status[]=1": [1, 2],
        "categories?type=&parent_id=&status=": [1, 2],
        "products?filters[0][0]=has_barcode&filters[0][1]=true": [111, 112],
        "products?filters[0][0]=has_variants&filters[0][1]=1": [110],
        "products?filters[0][0]=has_variants&filters[0][1][]=TRUE&filters[0][1][]=False": [
            101,
            102,
            110,
            111,
            112,
            120,
        ],
        "venues?filters[v][0]=id&filters[v][1]=2": [2],
        "payment-methods?filters[0][0]=id&filters[0][1][a]=1&filters[0][1][b]=3": [1, 3],
        "price-lists/prices?filters[0][0]=product_id&filters[0][1][0]=101": [1],
    }
    for path, expected in cases.items():
        assert await ids(server, f"{path}&sort_by=id&sort_order=1") == expected, path


async def test_relations_in_every_notation(server: Server):
    """with[0], with[], with; commas, column lists, bare columns after a relation, dotted paths."""
    whole = (await read(server, "products/102?with=category"))["data"]
    for query in ("with[0]=category", "with[]=category", "with=category", "with%5B0%5D=category", "with[x]=category"):
        assert (await read(server, f"products/102?{query}"))["data"] == whole, query
    small = {"id": 1, "name": "Pizza"}
    for query in (
        "with=category:id,name",
        "with[0]=category:id,name",
        "with[]=category:id&with[]=name",
        "with[0]=category:id&with[1]=name&with[2]=tags",
        "with=tags,category:name,id",
    ):
        shown = (await read(server, f"products/102?{query}"))["data"]
        assert shown["category"] == small, query
        assert ("tags" in shown) is ("tags" in query)
    both = (await read(server, "products/110?with=modifications:name,modifications.codes"))["data"]["modifications"]
    assert both == [
        {"name": "Ayran 0.3 l", "codes": [{"code": "4760000000018"}]},
        {"name": "Ayran 1 l", "codes": [{"code": "4760000000025"}]},
    ]
    listed = (await read(server, "price-lists?with[]=prices:product_id"))["data"]
    assert listed[0]["prices"] == [{"product_id": 101}, {"product_id": 120}]
    (price,) = (await read(server, "price-lists/prices?limit=1&with=product:id,list:name"))["data"]
    assert (price["product"], price["list"]) == ({"id": 120}, {"name": "Wholesale"})
    assert "category" not in (await read(server, "products/102?with="))["data"]


async def test_selects(server: Server):
    """id, name and type always; relations and selects do not mind each other."""
    one = "products?filters[0][0]=id&filters[0][1]=120"
    always = {"id": 120, "type": "GOODS", "name": "Baklava"}
    for query in ("selects=price", "selects=price,id", "selects[]=price", "selects[0]=id&selects[1]=price"):
        assert (await read(server, f"{one}&{query}"))["data"] == [{**always, "price": 14.9}], query
    tags = [{"id": 1, "name": "Vegetarian"}, {"id": 2, "name": "Sweet"}]
    assert (await read(server, f"{one}&selects=id&with=tags"))["data"] == [{**always, "tags": tags}]
    assert len((await read(server, f"{one}&selects="))["data"][0]) == 48
    assert (await refused(server, f"{one}&selects=price,colour")).startswith("selects must be of id, parent_id, ")


async def test_days_are_of_created_at(server: Server):
    """In the venue's zone, each from its start; products know no days (contract 9.10)."""
    made = {"created_at": "2026-01-19T21:00:00.000000Z"}
    await server.import_(
        {"categories": [{"id": 5, "name": "Old", **made}], "price_lists": [{"id": 5, "name": "Old", **made}],
         "stations": [{"id": 5, "name": "Old", **made}], "products": [{"id": 5, "name": "Old", **made}]}
    )  # fmt: skip
    for path in ("categories", "stations", "price-lists"):
        for query, expected in (
            ("date[0]=2026-01-19&date[1]=2026-01-20", [5]),
            # 21:00 UTC is 01:00 in Baku, before the day's start at 06:00.
            ("date[]=2026-01-19&date[]=2026-01-19", [5]),
            ("date_to=2026-01-19", [5]),
            ("date[1]=2026-01-18", []),
            ("date[0]=2026-01-20&date[1]=2026-01-21", []),
            ("date[0]=1970-01-01&date[1]=2026-01-20", [5]),
            ("date_from=0001-01-01T00:00:00&date_to=2026-01-20", [5]),
            ("date[1]=1900-01-01", []),
        ):
            assert await ids(server, f"{path}?{query}") == expected, (path, query)
        assert 5 not in await ids(server, f"{path}?date_from=2026-01-20")
    assert await ids(server, "products?date[1]=2026-01-18&sort_by=id&sort_order=1&limit=1") == [5]


@pytest.mark.parametrize("sort", ["sort[0]=id&sort[1]=1", "sort[0]=id&sort[1]=-1", "sort_by=created_at"])
async def test_a_cursor_walks_the_menu_while_it_grows(server: Server, sort):
    """Products there at its first page come once each."""
    seen, cursor, added = [], "", 600
    while cursor is not None:
        body = await read(server, f"products?{sort}&limit=2{cursor and '&cursor=' + cursor}")
        seen += [row["id"] for row in body["data"]]
        cursor = body["next_cursor"]
        added += 1
        await server.import_({"products": [{"id": added, "name": "More"}]})
    assert len(seen) == len(set(seen))
    assert {101, 102, 110, 111, 112, 120} <= set(seen)
    assert sorted(seen, reverse="-1" in sort or "by" in sort) == seen


async def test_a_cursor_belongs_to_its_list(server: Server):
    """Other filters, another sort, a sort whose values change: refused."""
    cursor = (await read(server, "products?limit=2"))["next_cursor"]
    assert len(await ids(server, f"products?limit=3&cursor={cursor}")) == 3
    for query in (f"limit=2&cursor={cursor}&sort_by=id", f"cursor={cursor}&filters[0][0]=type&filters[0][1]=DISH",
                  f"cursor={cursor}&sort_by=name", "cursor=x", "cursor="):  # fmt: skip
        assert (await refused(server, f"products?{query}")).startswith("cursor ")
    assert (await read(server, "products?limit=2&sort_by=name"))["next_cursor"] is None
    assert (await read(server, "products?limit=6"))["next_cursor"] is None


async def test_a_cursor_belongs_to_its_resource(server: Server):
    """That of one path is none of another's, by venue or not, though filters, sort and venue are the same."""
    for _ in range(2):
        created = await server.create({**demo.example("create-order.minimal.request"), "auto_order_accept": True})
        assert created.status_code == 201, created.text
    await server.import_({"customers": [{"id": 20, "name": "A"}], "price_lists": [{"id": 5, "name": "Old"}]})
    paths = ("orders", "receipts", "customers", "stations", "categories", "products", "venues", "price-lists")
    cursors = {path: (await read(server, f"{path}?limit=1&sort_by=id"))["next_cursor"] for path in paths}
    for path in paths:
        for other, cursor in cursors.items():
            query = f"{path}?limit=1&sort_by=id&cursor={cursor}"
            if other == path:
                assert len((await read(server, query))["data"]) == 1
            else:
                rule = "cursor belongs to another list, or to one with other filters, sort or venue"
                assert await refused(server, query) == rule, (path, other)


async def test_a_cursor_that_was_tampered_with_ends_no_request(server: Server):
    """Instants beyond the calendar are after everything."""
    cursor = (await read(server, "products?limit=2"))["next_cursor"]
    parts = json.loads(base64.urlsafe_b64decode(cursor + "=="))
    forged = json.dumps([2**63 - 1, 1, 2**63 - 1, parts[3]]).encode()
    text = base64.urlsafe_b64encode(forged).rstrip(b"=").decode()
    assert await ids(server, f"products?limit=2&cursor={text}") == [120, 112]


async def test_days_may_be_instants(server: Server):
    """Libraries send date-times: with a zone or in UTC, with a space for the T, inclusive to what is written."""
    order_id = (await server.create(demo.example("create-order.minimal.request"))).json()["data"]["id"]
    created = (await server.get(f"/orders/{order_id}")).json()["data"]["created_at"]
    moment = datetime.fromisoformat(created)
    later = (moment + timedelta(microseconds=1)).isoformat()
    there = {
        "first": [moment.isoformat(), created, moment.replace(tzinfo=None).isoformat(" ")],
        "last": [moment.astimezone(ZoneInfo("Asia/Baku")).isoformat(), created],
    }
    for first in there["first"]:
        for last in there["last"]:
            for names in (("date_from", "date_to"), ("date[0]", "date[1]")):
                query = urlencode(dict(zip(names, (first, last), strict=True)))
                assert (await server.get(f"/orders?{query}")).json()["total"] == 1, query
    assert (await server.get(f"/orders?{urlencode({'date_from': later})}")).json()["total"] == 0
    before = moment - timedelta(microseconds=1)
    for end, total in (
        (moment.replace(tzinfo=None).isoformat(" ", "seconds"), 1),
        (moment.isoformat(timespec="milliseconds"), 1),
        (moment.isoformat(timespec="minutes"), 1),
        (before.isoformat(timespec="microseconds"), 0),
        ((moment - timedelta(milliseconds=1)).isoformat(timespec="milliseconds"), 0),
        ((moment - timedelta(seconds=1)).isoformat(timespec="seconds"), 0),
        ((moment - timedelta(minutes=1)).isoformat(timespec="minutes"), 0),
    ):
        for name in ("date_to", "date[1]"):
            assert (await server.get(f"/orders?{urlencode({name: end})}")).json()["total"] == total, end
    for wrong in ("2026-01-19T25:00:00", "2026-13-01", "yesterday", "2026-01-19T10", "20260119T100000"):
        refused = await server.get(f"/receipts?{urlencode({'date_to': wrong})}")
        assert (refused.status_code, refused.json()["details"][0]["field"]) == (400, "date[1]"), wrong
