"""Reading the catalogue over a real socket, on both stores (contract 9.10 to 9.16, 9.19, 14.5)."""

import json
import re
from decimal import Decimal
from typing import Any

import pytest
from tests.conftest import Server
from tests.http.documented import ask
from tests.http.unchecked import keep_unchecked

from comanda import demo
from comanda.pictures.model import Picture
from comanda.store.tables import pictures
from comanda.store.transaction import Statement, one

pytestmark = pytest.mark.anyio
SECOND = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
MADE = "2026-01-13T20:04:05.000000Z"
OLD = {"created_at": MADE, "updated_at": MADE}
PICTURE = "0b6f1f2e-2222-5333-8444-555566667777"
LIVE = {
    "cid": None,
    "net_output": 0,
    "image": None,
    "max_age": 0,
    "meta": None,
    "emenu_category_id": None,
    "emenu_position": None,
    "emenu_hidden": 0,
    "accounting_category_id": None,
    "markup_rate": 0,
    "ignore_service_charge": False,
    "name_slug": None,
    "slug": None,
    "color": None,
    "gross_margin": 0,
    "properties": [],
    "deleted_at": None,
    "is_inventory_behavior_changeable": False,
    "sold_by_portion": False,
}


async def read(server: Server, path: str, headers: dict[str, str] | None = None, status: int = 200) -> Any:
    """An answer that is what the document says to the last key."""
    return await ask(server, "GET", f"/open-api/v2/{path}", headers, status)


async def put(server: Server, document: dict[str, Any]) -> None:
    """Apply a catalogue document; documents hold exact decimals."""
    await server.import_(json.loads(json.dumps(document), parse_float=Decimal))


async def ids(server: Server, path: str) -> list[int]:
    """The ids of a list, in its order; as many as it says there are."""
    body = await read(server, path)
    assert body["total"] == len(body["data"])
    return [row["id"] for row in body["data"]]


async def add_picture(server: Server) -> dict[str, Any]:
    """A picture in the store; the media object that reads show of it."""
    picture = Picture(PICTURE, "image/jpeg", 87_281, 612, 459, "LEIpFsE%t1}TxpENEgaK0iowRktQ", 1)
    row = {"brand_id": demo.BRAND, **{name: getattr(picture, name) for name in picture.__struct_fields__}}

    def insert():
        yield one(Statement(pictures.insert(), returns=False), **row)

    await server.hub.store.run(insert)
    base = f"http://127.0.0.1:{server.hub.settings.port}/media/demo/{PICTURE}"
    return {
        "uuid": PICTURE,
        "mime_type": "image/jpeg",
        "size": 87_281,
        "urls": {name: f"{base}/{name}" for name in ("original", "extra_large", "thumb")},
        "blur_hash": "LEIpFsE%t1}TxpENEgaK0iowRktQ",
        "dimensions": {"width": 612, "height": 459},
    }


async def test_the_documented_product_reads_word_for_word(server: Server):
    """Contract 15 G, and the keys known from live systems beside it."""
    await put(server, {"products": [{"id": 1, "name": "Test_Tomato", "type": "INGREDIENT", "inventory_behavior": 0, **OLD}]})  # fmt: skip
    body = await read(server, "products?filters[0][0]=type&filters[0][1][0]=INGREDIENT")
    (documented,) = demo.example("list-products.response")["data"]
    assert body["data"] == [documented]
    assert LIVE.items() <= documented.items()
    assert body.keys() == {"success", "data", "total", "sorts", "next_cursor", "time", "timestamp", "unix"}
    assert (body["total"], body["sorts"]) == (1, ["id", "name", "price", "created_at", "updated_at", "position"])
    assert (await read(server, "products/1"))["data"] == documented


async def test_a_product_of_the_demo_has_every_documented_field(server: Server):
    """Numbers exact, flags as the page has them: status and hidden 1 and 0, the others booleans."""
    product = (await read(server, "products/120"))["data"]
    assert SECOND.fullmatch(product["created_at"])
    assert SECOND.fullmatch(product["updated_at"])
    expected = {
        "id": 120,
        "parent_id": None,
        "station_id": None,
        "category_id": 1,
        "unit_id": 2,
        "type": "GOODS",
        "name": "Baklava",
        "parent_name": "",
        "full_name": "Baklava",
        "position": 4,
        "barcode": None,
        "gov_code": None,
        "status": 1,
        "hidden": 0,
        "sold_by_weight": True,
        "discountable": True,
        "giftable": False,
        "has_modifications": False,
        "description": None,
        "price": 14.9,
        "cost_price": 0,
        "cooking_time": 0,
        "inventory_behavior": 3,
        "low_stock": 0,
        "unit_weight": 0,
        "venues": [],
        "media": [],
        "created_at": product["created_at"],
        "updated_at": product["updated_at"],
        **LIVE,
    }
    assert product == expected
    assert [row for row in (await read(server, "products"))["data"] if row["id"] == 120] == [expected]


async def test_every_field_of_a_product_that_is_kept_is_shown(server: Server):
    """Descriptions, codes, costs, exceptions at venues; one that is not active has status 0."""
    kept = {
        "id": 200, "name": "Dolma", "price": 9.25, "description": "Vine leaves", "barcode": "476", "gov_code": "19059",
        "position": 0, "hidden": True, "sold_by_portion": True, "discountable": False, "giftable": True,
        "cost_price": 4.125, "cooking_time": 25, "inventory_behavior": 1, "low_stock": 3, "unit_weight": 0.25,
        "station_id": 1, "active": False,
        "venues": [{"venue_id": 1, "price": 9.5}, {"venue_id": 2, "available": False}],
    }  # fmt: skip
    await put(server, {"products": [kept]})
    shown = (await read(server, "products/200"))["data"]
    expected = {
        **{name: value for name, value in kept.items() if name not in ("active", "hidden")},
        "status": 0,
        "hidden": 1,
        "venues": [
            {"venue_id": 1, "available": True, "price": 9.5},
            {"venue_id": 2, "available": False, "price": None},
        ],
    }
    assert {name: shown[name] for name in expected} == expected
    assert await ids(server, "products?filters[0][0]=id&filters[0][1]=200") == [200]


async def test_variants_are_products_of_their_own(server: Server):
    """They know their parent, which is not sold itself; a name that begins with the parent's is full already."""
    await put(server, {"products": [{"id": 113, "name": "Mint", "type": "MODIFICATION", "parent_id": 110, "position": 1},
                                       {"id": 114, "name": "Old", "type": "MODIFICATION", "parent_id": 110, "active": False}]})  # fmt: skip
    parent = (await read(server, "products/110?with[0]=modifications.codes"))["data"]
    assert parent["has_modifications"] is True
    found = [
        (variant["id"], variant["full_name"], variant["parent_name"], variant["status"], variant["codes"])
        for variant in parent["modifications"]
    ]
    assert found == [
        (113, "Ayran Mint", "Ayran", 1, []),
        (111, "Ayran 0.3 l", "Ayran", 1, [{"code": "4760000000018"}]),
        (112, "Ayran 1 l", "Ayran", 1, [{"code": "4760000000025"}]),
        (114, "Ayran Old", "Ayran", 0, []),
    ]
    whole = (await read(server, "products/113"))["data"]
    assert parent["modifications"][0] == {**whole, "codes": []}
    assert whole["has_modifications"] is False


async def test_the_relations_of_a_product(server: Server):
    """Each is there only when asked for, on the list and by id; what Comanda keeps none of is empty."""
    await put(server,
        {
            "products": [
                {"id": 300, "name": "Tomato", "type": "INGREDIENT"},
                {"id": 301, "name": "Salad", "category_id": 1, "station_id": 2, "barcode": "12", "tags": [2, 1],
                 "recipe": [{"ingredient_id": 300, "gross": 1, "net": 0.95}]},
            ]
        }
    )  # fmt: skip
    names = "category,station,modifications,taxes,codes,modificator_groups,recipe,packages,tags"
    plain = (await read(server, "products/301"))["data"]
    assert not set(names.split(",")) & plain.keys()
    category = (await read(server, "categories/1"))["data"]
    station = (await read(server, "stations/2"))["data"]
    expected = {
        **plain,
        "category": category,
        "station": station,
        "modifications": [],
        "taxes": [],
        "codes": [{"code": "12"}],
        "modificator_groups": [],
        "recipe": [{"ingredient_id": 300, "name": "Tomato", "gross": "1.000", "net": "0.950"}],
        "packages": [],
        "tags": [{"id": 2, "name": "Sweet"}, {"id": 1, "name": "Vegetarian"}],
    }
    assert (await read(server, f"products/301?with={names}"))["data"] == expected
    query = "&".join(f"with[{index}]={name}" for index, name in enumerate(names.split(",")))
    assert (await read(server, f"products?filters[0][0]=id&filters[0][1]=301&{query}"))["data"] == [expected]
    lonely = (await read(server, "products/300?with=category,station,codes"))["data"]
    assert [lonely[name] for name in ("category", "station", "codes")] == [None, None, []]


async def test_modifier_groups_of_a_product(server: Server):
    """Active groups with their active modifiers; a variant without its own has its parent's."""
    groups = [
        {"id": 60, "name": "Size", "single_choice": True, "min_select": 1, "max_select": 1, **OLD,
         "modifiers": [{"id": 601, "name": "Gone", "active": False}, {"id": 602, "name": "Large", "price": 0.25}]},
        {"id": 61, "name": "Retired", "active": False, "modifiers": [{"id": 611, "name": "Never"}]},
    ]  # fmt: skip
    products = [
        {"id": 310, "name": "Wrap", "modifier_groups": [60, 61]},
        {"id": 311, "name": "Small wrap", "type": "MODIFICATION", "parent_id": 310},
    ]
    await put(server, {"modifier_groups": groups, "products": products})
    modifier = {
        "id": 602,
        "name": "Large",
        "price": 0.25,
        "ingredient": None,
        "group_id": 60,
        "dish_id": None,
        "ingredient_id": None,
        "image": None,
        "cost_price": 0,
        "brutto": 0,
        "default_count": 0,
        "min_count": 0,
        "max_count": 0,
        "meta": None,
        "status": 1,
        "position": 0,
        "media": [],
        "created_at": "2026-01-13 20:04:05",
        "updated_at": "2026-01-13 20:04:05",
        "deleted_at": None,
    }
    group = {
        "id": 60,
        "name": "Size",
        "type": 1,
        "min_select": 1,
        "max_select": 1,
        "modificators": [modifier],
        "meta": None,
        "status": 1,
        "adjust_to_portion": False,
        "created_at": "2026-01-13 20:04:05",
        "updated_at": "2026-01-13 20:04:05",
        "deleted_at": None,
        "pivot": {"product_id": 311, "modificator_group_id": 60},
    }
    for relation in ("modificator_groups", "modificator_groups.modificators.ingredient.unit"):
        assert (await read(server, f"products/311?with={relation}"))["data"]["modificator_groups"] == [group]
    assert (await read(server, "products?with=modificator_groups:name"))["data"][0]["modificator_groups"] == [{"name": "Size"}]  # fmt: skip
    chosen = (
        "with=modificator_groups:id,modificator_groups.modificators:name,modificator_groups.modificators.ingredient"
    )
    shown = (await read(server, f"products/310?{chosen}"))["data"]["modificator_groups"]
    assert shown == [{"id": 60, "modificators": [{"name": "Large", "ingredient": None}]}]


async def test_relations_of_one_product_only(server: Server):
    """unit, media and setting come with a read by id; lists refuse them."""
    timer = {"interval": 30, "prices": [{"price": 5}, {"price": 3.5, "from_minute": 60}]}
    await put(server, {"products": [{"id": 320, "name": "Billiards", "type": "TIMER", "timer": timer}]})
    shown = (await read(server, "products/320?with=unit,media,setting"))["data"]
    assert shown["setting"] == {"interval": 30, "prices": [{"price": 5, "from": 0}, {"price": 3.5, "from": 60}]}
    piece = {"id": 1, "_lft": 1, "_rgt": 2, "parent_id": None, "name": "Piece", "type": "PIECE", "symbol": "pcs",
             "equal": 1, "deleted_at": None}  # fmt: skip
    assert (shown["unit"], shown["media"]) == (piece, [])
    other = (await read(server, "products/120?with[]=unit:symbol,_lft&with[]=setting"))["data"]
    assert (other["unit"], other["setting"]) == ({"symbol": "kg", "_lft": 3}, None)
    for name in ("unit", "media", "setting"):
        assert (await read(server, f"products?with={name}", status=400))["error"] == "invalid_parameter"


async def test_the_unit_of_a_product_has_its_place_among_units(server: Server):
    """Unit 1 is what products without one are counted in."""
    await put(server, {"units": [{"id": 1, "name": "Portion", "symbol": "por", "equal": 0.5, "parent_id": 2}]})
    unit = (await read(server, "products/101?with=unit"))["data"]["unit"]
    assert unit == {"id": 1, "_lft": 2, "_rgt": 3, "parent_id": 2, "name": "Portion", "type": "PIECE", "symbol": "por",
                    "equal": 0.5, "deleted_at": None}  # fmt: skip


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("type=GOODS", [400, 401]),
        ("type=DISH,TIMER", [402, 404]),
        ("category_id=1,9", [400]),
        ("station_id=2", [402]),
        ("tags=1", [400, 402]),
        ("tags=2,1", [400, 402]),
        ("tags=2", [402]),
        ("giftable=1", [401]),
        ("giftable=0", [400, 402, 403, 404]),
        ("discountable=0", [402]),
        ("inventory_behavior=0", [400]),
        ("inventory_behavior=1,3", [401, 402, 403, 404]),
        ("haveIngredients=1", [402]),
        ("haveIngredients=0", [400, 401, 403, 404]),
        ("sold_by_portion=1", [404]),
        ("has_variants=1", [400]),
        ("has_modifiers=1", [400, 403]),
        ("has_barcode=1", [403]),
        ("has_service_charge=1", [400, 401, 402, 403, 404]),
        ("has_service_charge=0", []),
        ("id=402,404,999", [402, 404]),
        ("type=DISH&tags=1", [402]),
    ],
)
async def test_each_filter_of_products(server: Server, query, expected):
    """Values are IN lists; filters combine with AND."""
    await put(server,
        {
            "products": [
                {"id": 400, "name": "A", "type": "GOODS", "category_id": 1, "tags": [1], "inventory_behavior": 0,
                 "modifier_groups": [50]},
                {"id": 401, "name": "B", "type": "GOODS", "giftable": True, "category_id": 2},
                {"id": 402, "name": "C", "station_id": 2, "tags": [1, 2], "discountable": False,
                 "recipe": [{"ingredient_id": 401, "gross": 1, "net": 1}]},
                {"id": 403, "name": "D", "type": "MODIFICATION", "parent_id": 400, "barcode": "1"},
                {"id": 404, "name": "E", "type": "TIMER", "sold_by_portion": True, "inventory_behavior": 1},
            ]
        }
    )  # fmt: skip
    parts = [("sort[0]=id", "sort[1]=1", "limit=100")]
    for outer, part in enumerate(query.split("&")):
        name, _, values = part.partition("=")
        parts.append((f"filters[{outer}][0]={name}",))
        parts.append(tuple(f"filters[{outer}][1][{index}]={value}" for index, value in enumerate(values.split(","))))
    text = "&".join(part for group in parts for part in group)
    assert [found for found in await ids(server, f"products?{text}") if found >= 400] == expected


async def test_pictures_are_media_objects(server: Server):
    """Of the page's products, their categories and variants; a picture that is gone is left out."""
    media = await add_picture(server)
    gone = "0b6f1f2e-2222-5333-8444-000000000000"
    seen = [PICTURE, gone]
    menu = {
        "venues": [{"id": 1, "name": "Main", "is_main": True, "pictures": seen}],
        "sale_types": [{"id": 2, "name": "Delivery", "system_type": "DELIVERY", "pictures": seen}],
        "categories": [{"id": 1, "name": "Pizza", "pictures": seen}, {"id": 5, "name": "Thin", "parent_id": 1, "pictures": seen}],
        "products": [
            {"id": 110, "name": "Ayran", "type": "GOODS", "category_id": 1},
            {"id": 111, "name": "Small", "type": "MODIFICATION", "parent_id": 110, "pictures": seen},
        ],
    }  # fmt: skip
    await keep_unchecked(server, **menu)
    product = (await read(server, "products/110?with=category:media,modifications:media"))["data"]
    assert (product["media"], product["category"], product["modifications"][0]) == ([], {"media": [media]}, {"media": [media]})  # fmt: skip
    assert (await read(server, "products/111?with=media:uuid"))["data"]["media"] == [{"uuid": PICTURE}]
    tree = (await read(server, "categories/1?include_children=true"))["data"]
    assert (tree["media"], tree["children"][0]["media"]) == ([media], [media])
    venues = (await read(server, "venues?sort[0]=id&sort[1]=1"))["data"]
    assert [venue["media"] for venue in venues] == [[media], []]
    sale_types = (await read(server, "sale-types?filters[0][0]=id&filters[0][1]=2"))["data"]
    assert [sale_type["media"] for sale_type in sale_types] == [[media]]


@pytest.mark.parametrize("wanted", ["999", "0", "9999999999999999999999", "3f0c5f9e-1111-4222-8333-444455556666"])
async def test_a_product_that_is_not_there_is_the_documented_404(server: Server, wanted):
    """Products have no UUIDs here, so one that is asked for is not there."""
    assert await read(server, f"products/{wanted}", status=404) == {
        "success": False,
        "error": "resource_not_found",
        "message": "Product not found",
    }


@pytest.mark.parametrize("wanted", ["abc", "1.0", "-1", "1%20", "3f0c5f9e-1111", "%D9%A1"])
async def test_a_product_id_of_a_wrong_form_is_a_400(server: Server, wanted):
    """An integer or a UUID."""
    refusal = await read(server, f"products/{wanted}", status=400)
    assert (refusal["error"], refusal["message"]) == ("invalid_parameter", "id must be an integer or a UUID")


async def test_the_stop_list_of_the_active_venue(server: Server):
    """Product id, whole units left and exactly, milliseconds of the last change; the whole envelope, and all rows."""
    body = await read(server, "products/stop-list")
    (row,) = body["data"]
    assert row == {"id": 120, "limit": 12, "timestamp": row["timestamp"], "quantity": 12.5}
    assert 0 <= body["unix"] * 1000 + 1000 - row["timestamp"] < 600_000
    assert (body["total"], body["sorts"], body["next_cursor"]) == (1, ["id", "limit", "timestamp", "quantity"], None)
    there = {**server.headers, "x-venue": "2"}
    assert (await read(server, "products/stop-list", there))["data"] == []
    await put(server, {"stop_list": [{"venue_id": 2, "product_id": product, "quantity": 0} for product in (101, 102)]})  # fmt: skip
    rows = (await read(server, "products/stop-list?sort_by=id&sort_order=asc", there))["data"]
    assert [(row["id"], row["limit"]) for row in rows] == [(101, 0), (102, 0)]
    await put(server, {"stop_list": [{"venue_id": 2, "product_id": 101, "quantity": 0.25}]})
    rows = (await read(server, "products/stop-list?filters[0][0]=id&filters[0][1]=101", there))["data"]
    assert [(row["limit"], row["quantity"]) for row in rows] == [(1, 0.25)]  # a quarter of a kilogram is not sold out


async def test_the_filters_of_the_stop_list(server: Server):
    """Ids are a list; limits as they are shown, timestamps and quantities are a value, or an inclusive range of two."""
    left = {101: 0, 102: 1, 111: 2.5, 112: 7}
    await put(
        server,
        {"stop_list": [{"venue_id": 1, "product_id": product, "quantity": some} for product, some in left.items()]},
    )
    rows = (await read(server, "products/stop-list"))["data"]
    assert [row["timestamp"] for row in rows] == sorted((row["timestamp"] for row in rows), reverse=True)
    first = next(row["timestamp"] for row in rows if row["id"] == 120)
    late = max(row["timestamp"] for row in rows)
    cases = {
        "filters[0][0]=id&filters[0][1][0]=101&filters[0][1][1]=112": [101, 112],
        "filters[0][0]=id&filters[0][1]=102": [102],
        "filters[limit][0]=limit&filters[limit][1]=2": [111],
        "filters[limit][0]=limit&filters[limit][1]=12.0": [120],
        "filters[limit][0]=limit&filters[limit][1]=2.5": [],
        "filters[0][0]=quantity&filters[0][1]=2.5": [111],
        "filters[0][0]=quantity&filters[0][1][0]=2.1&filters[0][1][1]=7": [111, 112],
        "filters[0][0]=limit&filters[0][1]=1&filters[1][0]=limit&filters[1][1]=7": [],
        "filters[0][0]=limit&filters[0][1][0]=1&filters[0][1][1]=7": [102, 111, 112],
        "filters[0][0]=limit&filters[0][1][0]=7&filters[0][1][1]=1": [],
        f"filters[0][0]=timestamp&filters[0][1]={first}": [120],
        f"filters[0][0]=timestamp&filters[0][1][0]={first + 1}&filters[0][1][1]={late}": [101, 102, 111, 112],
        "filters[0][0]=id&filters[0][1][0]=101&filters[0][1][1]=102&filters[1][0]=limit&filters[1][1]=0": [101],
        "unknown=1": [101, 102, 111, 112, 120],
    }
    for query, expected in cases.items():
        assert await ids(server, f"products/stop-list?sort[0]=id&sort[1]=1&{query}") == expected, query
    pages = [await read(server, f"products/stop-list?sort_by=limit&limit=2&page={page}") for page in (1, 2, 3, 4)]
    assert [[row["id"] for row in page["data"]] for page in pages] == [[120, 112], [111, 102], [101], []]
    assert {page["total"] for page in pages} == {5}


async def test_the_stop_list_is_sorted_by_what_it_shows(server: Server):
    """Rows of one shown limit stand by their ids; exact quantities are a sort of their own."""
    left = {101: 2.9, 102: 2.1, 111: 2, 112: 0.2}
    await put(
        server,
        {"stop_list": [{"venue_id": 1, "product_id": product, "quantity": some} for product, some in left.items()]},
    )
    assert await ids(server, "products/stop-list?sort[0]=limit&sort[1]=1") == [112, 101, 102, 111, 120]
    assert await ids(server, "products/stop-list?sort[0]=quantity&sort[1]=1") == [112, 111, 102, 101, 120]


async def test_the_pages_of_the_stop_list(server: Server):
    """All rows, unless page, limit or cursor is sent; a cursor goes on by id, whatever is sold meanwhile."""
    sold_out = [{"id": 1_000 + number, "name": "Soup", "price": 1} for number in range(51)]
    rows = [{"venue_id": 1, "product_id": product["id"], "quantity": 0} for product in sold_out]
    await put(server, {"products": sold_out, "stop_list": rows})
    assert len(await ids(server, "products/stop-list")) == 52
    shown = [await read(server, f"products/stop-list?{query}") for query in ("page=1", "page=2", "page=3", "limit=2")]
    assert [len(page["data"]) for page in shown] == [50, 2, 0, 2]
    assert {(page["total"], page["next_cursor"]) for page in shown} == {(52, None)}
    for order, expected in (("1", sorted), ("-1", lambda found: sorted(found, reverse=True))):
        seen, cursor = [], ""
        while cursor is not None:
            page = await read(
                server, f"products/stop-list?sort[0]=id&sort[1]={order}&limit=25{cursor and '&cursor=' + cursor}"
            )
            assert page["total"] == 52
            seen += [row["id"] for row in page["data"]]
            cursor = page["next_cursor"]
            await put(server, {"stop_list": [{"venue_id": 1, "product_id": seen[-1], "quantity": 3}]})
        assert seen == expected([120, *(product["id"] for product in sold_out)])
    first = (await read(server, "products/stop-list?sort_by=id&limit=1"))["next_cursor"]
    elsewhere = {**server.headers, "x-venue": "2"}
    assert (await read(server, f"products/stop-list?sort_by=id&cursor={first}", elsewhere, 400))["error"] == "invalid_parameter"  # fmt: skip


async def test_a_path_names_each_of_its_methods_once(server: Server):
    """Though two routes match it."""
    answer = await server.http.request("PUT", "/open-api/v2/products/stop-list", headers=server.headers)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


@pytest.mark.parametrize(
    "query",
    [
        "filters[0][0]=name&filters[0][1]=x", "filters[0][0]=id&filters[0][1]=x", "filters[0][0]=id", "filters=id",
        "filters[0][0]=limit&filters[0][1]=1.0001", "filters[0][0]=limit&filters[0][1]=-1",
        "filters[0][0]=timestamp&filters[0][1]=now",
        "filters[0][0]=limit&filters[0][1][0]=1&filters[0][1][1]=2&filters[0][1][2]=3",
    ],
)  # fmt: skip
async def test_wrong_filters_of_the_stop_list_are_the_documented_refusal(server: Server, query):
    """Clients compare the sentence; the details say what is wrong."""
    refusal = await read(server, f"products/stop-list?{query}", status=400)
    assert (refusal["error"], refusal["message"]) == ("invalid_parameter", "Invalid filter parameters")
    assert len(refusal["details"]) == 1


async def test_a_sold_out_product_is_on_the_stop_list_at_once(server: Server):
    """It is read from the store, not from what the process remembers."""
    order = demo.example("create-order.minimal.request")
    line = {**order["products"][0], "product_id": 120, "count": 12.5, "price": 14.9}
    assert (await server.create({**order, "products": [line]})).status_code == 201
    (row,) = (await read(server, "products/stop-list"))["data"]
    assert (row["id"], row["limit"]) == (120, 0)


async def test_stations(server: Server):
    """Every documented key, the filters as parameters and as filters[], by id, and the documented 404."""
    body = await read(server, "stations?sort[0]=id&sort[1]=1")
    kitchen, bar = body["data"]
    assert INSTANT.fullmatch(kitchen["created_at"])
    expected = {
        "id": 1,
        "name": "Kitchen",
        "status": 1,
        "type": 1,
        "printable": 1,
        "created_at": kitchen["created_at"],
        "updated_at": kitchen["updated_at"],
        "can_print": True,
        "reminder_enabled": False,
        "meta": None,
        "description": None,
    }
    assert kitchen == expected
    assert (bar["id"], bar["printable"], bar["can_print"]) == (2, 0, False)
    assert body["sorts"] == ["id", "name", "created_at", "updated_at"]
    old = {"id": 3, "name": "Tandir", "kitchen": False, "active": False, "description": "Bread"}
    await put(server, {"stations": [old]})
    retired = (await read(server, "stations/3"))["data"]
    assert (retired["status"], retired["type"], retired["description"]) == (0, 0, "Bread")
    cases = {
        "status=1": [1, 2], "status=0": [3], "can_print=true": [1, 3], "can_print=0": [2], "can_print=False": [2],
        "status=1&can_print=1": [1], "filters[0][0]=status&filters[0][1]=0": [3], "": [1, 2, 3],
        "filters[0][0]=can_print&filters[0][1]=false": [2],
        "filters[0][0]=status&filters[0][1][0]=0&filters[0][1][1]=1": [1, 2, 3],
    }  # fmt: skip
    for query, found in cases.items():
        assert await ids(server, f"stations?sort[0]=id&sort[1]=1&{query}") == found, query
    for wanted in ("9", "x"):
        refusal = await read(server, f"stations/{wanted}", status=404)
        assert (refusal["error"], refusal["message"]) == ("resource_not_found", "Station not found")


async def test_sale_types(server: Server):
    """The map of status has every venue; a retired one is off everywhere."""
    await put(server, {"sale_types": [{"id": 2, "name": "Delivery", "system_type": "DELIVERY", "disabled_venues": [2]},
                                         {"id": 3, "name": "Takeaway", "system_type": "TAKEAWAY", "active": False}]})  # fmt: skip
    found = (await read(server, "sale-types?sort[0]=id&sort[1]=1"))["data"]
    assert found[0] == {
        "id": 1,
        "name": "Dine in",
        "system_type": "IN",
        "channel": "IN",
        "status": {"1": 1, "2": 1},
        "service_charge_rate": 10,
        "position": 0,
        "media": [],
        "created_at": found[0]["created_at"],
        "updated_at": found[0]["updated_at"],
        "payment_method_id": None,
        "payment_method": None,
    }
    assert INSTANT.fullmatch(found[0]["created_at"])
    assert [row["status"] for row in found[1:]] == [{"1": 1, "2": 0}, {"1": 0, "2": 0}]
    assert found[1]["service_charge_rate"] is None
    assert await ids(server, "sale-types?filters[0][0]=system_type&filters[0][1]=TAKEAWAY") == [3]


async def test_payment_methods(server: Server):
    """Numbers for its flags, an object for its service."""
    await put(server, {"payment_methods": [{"id": 4, "name": "Cashback", "service": "loyalty", "split": False, "position": 3,
                                               "disabled_venues": [1]}]})  # fmt: skip
    found = (await read(server, "payment-methods?sort[0]=id&sort[1]=1"))["data"]
    assert found[2] == {
        "id": 3,
        "name": "Customer balance",
        "status": {"1": 1, "2": 1},
        "split": 1,
        "position": 2,
        "customer_required": 1,
        "is_system": 1,
        "created_at": found[2]["created_at"],
        "updated_at": found[2]["updated_at"],
        "balance": None,
        "service": None,
    }
    cashback = found[3]
    assert (cashback["status"], cashback["split"], cashback["is_system"]) == ({"1": 0, "2": 1}, 0, 0)
    assert cashback["service"] == {"name": "loyalty", "check": [], "payload": []}


async def test_venues(server: Server):
    """The documented keys first, then what earlier clients know."""
    await put(server, {"venues": [{"id": 3, "name": "Masally", "active": False, "address": "1 Sea St", "phone": "1", "email": "m@x.az"}]})  # fmt: skip
    found = (await read(server, "venues?sort[0]=id&sort[1]=1"))["data"]
    assert found == [
        {"id": 1, "name": "Main", "is_main": 1, "media": [], "address": None, "status": 1, "phone": None, "email": None},
        {"id": 2, "name": "Seaside", "is_main": 0, "media": [], "address": None, "status": 1, "phone": None, "email": None},
        {"id": 3, "name": "Masally", "is_main": 0, "media": [], "address": "1 Sea St", "status": 0, "phone": "1",
         "email": "m@x.az"},
    ]  # fmt: skip


async def test_price_lists(server: Server):
    """Their own pagination beside our envelope; prices only when asked for."""
    await put(server, {"price_lists": [{"id": 2, "name": "August", "active": False, "prices": [{"id": 9, "product_id": 102, "price": 1.05}]}]})  # fmt: skip
    body = await read(server, "price-lists?sort[0][0]=name&sort[0][1]=asc&limit=1")
    assert body["pagination"] == {"page": 1, "per_page": 1, "total": 2, "total_pages": 2}
    assert (body["total"], body["sorts"]) == (2, ["id", "name", "created_at"])
    (august,) = body["data"]
    assert august == {
        "id": 2,
        "name": "August",
        "description": None,
        "status": False,
        "created_at": august["created_at"],
        "updated_at": august["updated_at"],
    }
    second = await read(server, "price-lists?sort[0][0]=name&sort[0][1]=asc&limit=1&page=2")
    assert (second["data"][0]["name"], second["pagination"]["page"]) == ("Wholesale", 2)
    prices = [{"id": 1, "list_id": 1, "product_id": 101, "price": 7.5}, {"id": 2, "list_id": 1, "product_id": 120, "price": 13.4}]  # fmt: skip
    one_list = "price-lists?filters[0][0]=id&filters[0][1]=1"
    assert (await read(server, f"{one_list}&with[]=prices&selects=status"))["data"] == [
        {"id": 1, "name": "Wholesale", "status": True, "prices": prices}
    ]
    assert (await read(server, f"{one_list}&selects=id,name,prices"))["data"] == [{"id": 1, "name": "Wholesale", "prices": prices}]  # fmt: skip
    assert (await read(server, f"{one_list}&with=prices:price"))["data"][0]["prices"] == [{"price": 7.5}, {"price": 13.4}]  # fmt: skip


async def test_the_prices_of_all_lists(server: Server):
    """Filters by id, product and list; the product and the list as relations."""
    await put(server, {"price_lists": [{"id": 2, "name": "August", "prices": [{"id": 9, "product_id": 101, "price": 1.05}]}]})  # fmt: skip
    body = await read(server, "price-lists/prices?sort[0]=id&sort[1]=1")
    assert body["data"] == [
        {"id": 1, "list_id": 1, "product_id": 101, "price": 7.5},
        {"id": 2, "list_id": 1, "product_id": 120, "price": 13.4},
        {"id": 9, "list_id": 2, "product_id": 101, "price": 1.05},
    ]
    assert body["pagination"] == {"page": 1, "per_page": 50, "total": 3, "total_pages": 1}
    for query, expected in (("product_id", {101: [9, 1], 120: [2], 7: []}), ("list_id", {2: [9]}), ("id", {2: [2]})):
        for value, found in expected.items():
            assert await ids(server, f"price-lists/prices?filters[0][0]={query}&filters[0][1]={value}") == found
    (row,) = (await read(server, "price-lists/prices?filters[0][0]=id&filters[0][1]=9&with[0]=product&with[1]=list"))["data"]  # fmt: skip
    assert row["product"] == (await read(server, "products/101"))["data"]
    assert row["list"] == (await read(server, "price-lists?filters[0][0]=id&filters[0][1]=2"))["data"][0]
    empty = await read(server, "price-lists/prices?filters[0][0]=id&filters[0][1]=7")
    assert empty["pagination"] == {"page": 1, "per_page": 50, "total": 0, "total_pages": 0}


async def test_a_client_limited_to_venues_sees_no_other(server: Server):
    """Venues, stop lists, maps of status and exceptions; the menu itself is the brand's."""
    await put(server, {"products": [{"id": 120, "name": "Baklava", "price": 14.9, "type": "GOODS",
                                        "venues": [{"venue_id": 1, "price": 15}, {"venue_id": 2, "price": 16}]}],
                          "stop_list": [{"venue_id": 2, "product_id": 101, "quantity": 3}]})  # fmt: skip
    limited = await server.client("limited", venue_id=2, venues=(2,))
    assert [row["id"] for row in (await read(server, "venues"))["data"]] == [2, 1]
    assert [row["id"] for row in (await read(server, "venues", limited))["data"]] == [2]
    assert (await read(server, "venues", limited))["total"] == 1
    (row,) = (await read(server, "products/stop-list", limited))["data"]
    assert (row["id"], row["limit"]) == (101, 3)
    assert (await read(server, "products/120", limited))["data"]["venues"] == [{"venue_id": 2, "available": True, "price": 16}]  # fmt: skip
    assert (await read(server, "sale-types", limited))["data"][0]["status"] == {"2": 1}
    assert (await read(server, "payment-methods", limited))["data"][0]["status"] == {"2": 1}
    assert (await read(server, "products", limited))["total"] == 6
    for path in ("products", "products/120", "products/stop-list", "categories", "categories/1", "stations", "stations/1",
                 "sale-types", "payment-methods", "price-lists", "price-lists/prices", "venues"):  # fmt: skip
        refusal = await read(server, path, {**limited, "x-venue": "1"}, 404)
        assert (refusal["error"], refusal["message"]) == ("resource_not_found", "Venue not found"), path
        assert (await read(server, path, {**server.headers, "x-venue": "99"}, 400))["error"] == "invalid_parameter"
        await read(server, path, {**server.headers, "x-venue": "2"})


async def test_reads_need_their_scope(server: Server):
    """catalogue:read, on every one of them."""
    other = await server.client("cashier", scopes=("orders:read",))
    for path in ("products", "products/101", "products/stop-list", "categories/1", "venues", "price-lists/prices"):
        assert (await read(server, path, other, 403))["error"] == "forbidden"


async def test_no_answer_has_a_secret(server: Server):
    """Never a PIN, a card, a salary, a hidden person or a credential, nor where a printer is."""
    paths = ("products?with=category,station,modifications,modificator_groups,tags", "stations", "sale-types",
             "payment-methods", "venues", "categories", "price-lists?with=prices")  # fmt: skip
    for path in paths:
        text = (await server.get(f"/{path}")).text
        for word in ("pin", "card", "salary", "hide", "password", "secret", "token", "host", "port"):
            assert f'"{word}"' not in text, (path, word)


async def test_a_change_of_the_menu_is_read_at_once(server: Server):
    """What was remembered of a list belongs to one version of the catalogue."""
    assert await ids(server, "products?filters[0][0]=type&filters[0][1]=TIMER") == []
    await put(server, {"products": [{"id": 500, "name": "Billiards", "type": "TIMER"}]})
    assert await ids(server, "products?filters[0][0]=type&filters[0][1]=TIMER") == [500]
    before = (await read(server, "products/500"))["data"]
    await put(server, {"products": [{"id": 500, "name": "Darts", "type": "TIMER"}]})
    after = (await read(server, "products/500"))["data"]
    assert (after["name"], after["created_at"]) == ("Darts", before["created_at"])
