"""``GET /hub/v1/menu`` on both stores: what an order would be taken of, at the price it would be charged."""

from decimal import Decimal
from io import BytesIO

import pytest
from PIL import Image
from tests.conftest import Server
from tests.http.chain import KITCHEN, MINIMAL, TILL, manager, place
from tests.http.documented import ask
from tests.http.test_create_order import changed, line
from tests.http.test_quotes import MAIN, quoted, staff

from comanda import demo
from comanda.base.errors import SetupError

pytestmark = pytest.mark.anyio
PATH = "/hub/v1/menu"


async def menu(server: Server, headers=TILL, venue: int | None = None):
    """The menu, which is as documented."""
    return (await ask(server, "GET", PATH if venue is None else f"{PATH}?venue={venue}", headers))["data"]


async def test_the_menu_is_what_the_house_sells(server: Server):
    """The demo's menu: variants under their parent, choices with their limits, stations as they are worked out."""
    found = await menu(server)
    assert (found["venue_id"], found["currency"], found["decimals"]) == (1, "AZN", 2)
    assert found["version"] == server.hub.known.snapshot(demo.BRAND).version
    assert [(p["id"], p["parent_id"], p["price"], p["station_id"]) for p in found["products"]] == [
        (101, None, 8.5, 1), (102, None, 7.9, 1), (110, None, None, 2), (111, 110, 1.2, 2), (112, 110, 2.9, 2),
        (120, None, 14.9, 1),
    ]  # fmt: skip
    baklava = found["products"][-1]
    assert (baklava["sold_by_weight"], baklava["unit"], baklava["cooking_time"]) == (True, "kg", None)
    assert (found["products"][0]["cooking_time"], found["products"][0]["modifier_groups"]) == (12, [50])
    (group,) = found["modifier_groups"]
    assert (group["min_select"], group["max_select"], len(group["modifiers"])) == (0, 5, 3)
    assert [(c["id"], c["name"], c["color"]) for c in found["categories"]] == [
        (1, "Pizza", "ff7043"), (2, "Drinks", "00bcd4"),
    ]  # fmt: skip
    assert [(s["id"], s["service_charge_rate"]) for s in found["sale_types"]] == [(1, 10), (2, None), (3, None)]
    assert [m["customer_required"] for m in found["payment_methods"]] == [False, False, True]
    assert [(v["id"], v["accepting_orders"]) for v in found["venues"]] == [(1, True)]
    assert [t["id"] for t in found["terminals"]] == [1]


async def test_a_group_of_one_choice_takes_one(server: Server):
    """Unless it wants more than one, whatever its upper bound; the kitchen's targets are the venue's."""
    choices = [{"id": 900 + number, "name": f"Choice {number}"} for number in range(3)]
    for least, most, shown in ((0, 0, 1), (1, 3, 1), (2, 3, 2)):
        group = {"id": 50, "name": "One", "single_choice": True, "min_select": least, "max_select": most}
        await server.import_({"modifier_groups": [{**group, "modifiers": choices}]})
        (found,) = (await menu(server))["modifier_groups"]
        assert (found["min_select"], found["max_select"]) == (least, shown)
    assert (await menu(server))["kitchen"] == {"pressing_minutes": 10, "late_minutes": 15}


async def test_a_group_that_has_nothing_to_choose_asks_for_nothing(server: Server):
    """Its modifiers are all switched off: the product stays to be had, whatever the group wants."""
    off = [{"id": 900, "name": "Off", "active": False}]
    group = {"id": 50, "name": "G", "min_select": 1, "modifiers": off}
    await server.import_({"venues": [{**MAIN, "modifier_rules_policy": "reject"}], "modifier_groups": [group]})
    assert all(50 not in product["modifier_groups"] for product in (await menu(server))["products"])
    await place(server, MINIMAL)


async def test_a_group_that_takes_fewer_than_it_asks_for_is_refused(server: Server):
    """By the name of the bound; none at all is no lower one."""
    group = {"id": 50, "name": "G", "min_select": 3, "modifiers": [{"id": 900, "name": "A"}]}
    with pytest.raises(SetupError, match=r"modifier_groups\[0\]\.max_select: must be 3 "):
        await server.import_({"modifier_groups": [{**group, "max_select": 2}]})
    await server.import_({"modifier_groups": [{**group, "max_select": 0}]})


async def test_what_is_not_sold_here_is_not_on_the_menu(server: Server):
    """Retired, hidden, not offered, what dishes are made of, and what hangs below a branch that is not shown."""
    await server.import_(
        {
            "sale_types": [{"id": 3, "name": "Takeaway", "disabled_venues": [1]}],
            "categories": [
                {"id": 3, "name": "Hidden", "hidden": True},
                {"id": 4, "name": "Below it", "parent_id": 3},
                {"id": 5, "name": "Flour", "type": "INGREDIENT"},
            ],
            "modifier_groups": [{"id": 51, "name": "Unused"}],
            "products": [
                {"id": 201, "name": "Retired", "active": False},
                {"id": 202, "name": "Hidden", "hidden": True},
                {"id": 203, "name": "Elsewhere", "venues": [{"venue_id": 1, "available": False}]},
                {"id": 204, "name": "Dearer here", "price": 5, "venues": [{"venue_id": 1, "price": 6}]},
                {"id": 205, "name": "Dough", "type": "PREPARATION"},
                {"id": 206, "name": "Below hidden", "category_id": 4},
                {"id": 207, "name": "Parent of nothing on sale"},
                {"id": 208, "name": "Variant", "parent_id": 207, "venues": [{"venue_id": 1, "available": False}]},
                {"id": 209, "name": "No category"},
            ],
        }
    )
    boss = await manager(server)
    here, there = await menu(server, boss, 1), await menu(server, boss, 2)
    prices = [{p["id"]: p["price"] for p in found["products"] if p["id"] > 200} for found in (here, there)]
    assert prices == [{204: 6, 209: 0}, {203: 0, 204: 5, 207: None, 208: 0, 209: 0}]
    assert [c["id"] for c in here["categories"]] == [1, 2]
    assert [s["id"] for s in here["sale_types"]] == [1, 2]
    assert [g["id"] for g in here["modifier_groups"]] == [50]
    assert [v["id"] for v in here["venues"]] == [1, 2]


async def test_every_price_on_the_menu_is_the_one_that_is_charged(server: Server):
    """At a venue that charges its own prices, a quote of each product and of each of its choices says the same."""
    await server.import_(
        {"products": [{"id": 102, "name": "Pizza Margherita", "price": Decimal("7.9"), "modifier_groups": [50],
                       "venues": [{"venue_id": 2, "price": Decimal("9.1")}]}]}
    )  # fmt: skip
    boss = await manager(server)
    found = await menu(server, boss, 2)
    groups = {group["id"]: group for group in found["modifier_groups"]}
    for product in found["products"]:
        if product["price"] is None:
            continue
        chosen = [choice for group in product["modifier_groups"] for choice in groups[group]["modifiers"]]
        modifiers = [{"modifier_id": m["id"], "modifier_name": m["name"], "count": 1, "price": 99} for m in chosen]
        wanted = line(product_id=product["id"], price=99, modifiers=modifiers)
        quote = await quoted(server, changed(MINIMAL, venue_id=2, products=[wanted]), boss)
        assert quote["acceptable"], quote
        assert quote["lines"][0]["price"] == product["price"]
        assert [m["price"] for m in quote["lines"][0]["modifiers"]] == [m["price"] for m in chosen]


async def test_who_has_the_menu_is_told_so(server: Server):
    """304 until the catalogue changes; a stop list that changes leaves the menu as it is."""
    first = await server.http.get(PATH, headers=TILL)
    tag = first.headers["etag"]
    for wanted in (tag, f'W/{tag}, "other"', f'"other", {tag}'):
        again = await server.http.get(PATH, headers={**TILL, "if-none-match": wanted})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert (await server.http.get(PATH, headers={**TILL, "if-none-match": '"other"'})).status_code == 200
    await server.import_({"stop_list": [{"venue_id": 1, "product_id": 101, "quantity": 3}]})
    assert (await server.http.get(PATH, headers={**TILL, "if-none-match": tag})).status_code == 304
    await server.import_({"products": [{"id": 101, "name": "Pizza", "price": Decimal("8.7"), "category_id": 1}]})
    changed_menu = await server.http.get(PATH, headers={**TILL, "if-none-match": tag})
    assert changed_menu.status_code == 200
    assert changed_menu.headers["etag"] != tag
    assert {p["id"]: p["price"] for p in changed_menu.json()["data"]["products"]}[101] == 8.7


async def test_a_menu_is_of_the_venues_that_its_reader_may_see(server: Server):
    """Two who may see different venues never get each other's, and no two menus have one tag."""
    boss, limited = await manager(server), await staff(server, "cook", (1,))
    assert [v["id"] for v in (await menu(server, limited))["venues"]] == [1]
    assert [v["id"] for v in (await menu(server, boss, 1))["venues"]] == [1, 2]
    tags = {(await server.http.get(f"{PATH}?venue={venue}", headers=boss)).headers["etag"] for venue in (1, 2)}
    tags.add((await server.http.get(PATH, headers=limited)).headers["etag"])
    assert len(tags) == 3
    for headers in (TILL, KITCHEN, limited):
        assert (await ask(server, "GET", f"{PATH}?venue=2", headers, 404))["error"] == "resource_not_found"
    assert (await menu(server, boss))["venue_id"] == 1, "who stands for no one venue begins with the main one"
    assert (await ask(server, "GET", f"{PATH}?venue=1", server.headers, 403))["error"] == "forbidden"


async def test_pictures_are_named_where_they_are(server: Server):
    """The first picture of a product, in its small size, from the same server."""
    pictures = demo_picture()
    boss = await manager(server)
    sent = {**boss, "content-type": "image/png"}
    kept = (await server.http.post("/hub/v1/admin/pictures", content=pictures, headers=sent)).json()["data"]
    pizza = {"id": 101, "name": "Pizza", "price": Decimal("8.5"), "category_id": 1, "pictures": [kept["uuid"]]}
    await server.import_({"products": [pizza]})
    (image,) = [p["image"] for p in (await menu(server))["products"] if p["image"]]
    assert image["blur_hash"] == kept["blur_hash"]
    assert (await server.http.get(image["url"])).status_code == 200


def demo_picture() -> bytes:
    """A small picture."""
    buffer = BytesIO()
    Image.new("RGB", (64, 48), (200, 60, 20)).save(buffer, "PNG")
    return buffer.getvalue()
