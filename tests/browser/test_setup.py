"""Set-up in a real browser: what a manager changes counts at once, and of two managers the slower one is told."""

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import httpx
import pytest
from benchmarks.servers import free_port
from PIL import Image
from playwright.sync_api import BrowserContext, Page, Route, expect
from tests.browser.conftest import House, Watch, axe

PIZZA, MENU_VENUE = 101, 1
TABS = ("overview", "menu", "stations", "devices", "policies", "staff")
OVERVIEW_OF = {"en": "Overview", "az": "Ümumi baxış", "ru": "Обзор", "tr": "Genel bakış"}
CREDENTIALS = {"brand": "demo", "username": "demo-manager", "password": "demo-password"}


@pytest.fixture
def colleague(house: House) -> Iterator[httpx.Client]:
    """Another manager, beside the browser."""
    with httpx.Client(base_url=house.url, timeout=60) as http:
        answer = http.post("/hub/v1/session", json=CREDENTIALS)
        http.headers["X-CSRF-Token"] = answer.json()["data"]["csrf_token"]
        yield http


@pytest.fixture
def open_setup(house: House, new_context: Callable[..., BrowserContext]) -> Callable[..., Page]:
    """Opens a tab of set-up, signed in as a manager."""

    def make(tab: str, **options: Any) -> Page:
        context = new_context(house.url, **options)
        assert context.request.post("/hub/v1/session", data=CREDENTIALS).status == 200
        page = context.new_page()
        page.goto(f"/setup?tab={tab}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        return page

    return make


def test_a_price_that_is_changed_is_on_the_menu_at_once(
    open_setup: Callable[..., Page], colleague: httpx.Client
) -> None:
    """Found by its name without its marks, changed with a comma, and sold at the new price."""
    page = open_setup("menu")
    page.get_by_test_id("setup-search").fill("pizza")
    page.get_by_test_id(f"row-{PIZZA}").click()
    page.get_by_test_id("field-price").fill("eleven")
    page.get_by_test_id("save").click()
    expect(page.get_by_role("alert")).to_have_text("This is not a number.")
    page.get_by_test_id("field-price").fill("11,25")
    assert axe(page) == []
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("resource-dialog")).to_have_count(0)
    expect(page.get_by_test_id(f"row-{PIZZA}")).to_contain_text("11.25")
    assert _menu_product(colleague)["price"] == 11.25


def test_a_manager_of_some_venues_is_told_that_set_up_is_not_theirs(
    house: House, colleague: httpx.Client, new_context: Callable[..., BrowserContext]
) -> None:
    """One sentence instead of refusals; letting a tablet in at their venue is."""
    body = {"username": "south", "name": "Manager of one", "role": "manager", "venues": [1]}
    made = colleague.post("/hub/v1/admin/users", json=body)
    assert made.status_code == 201, made.text
    context = new_context(house.url)
    who = {"brand": "demo", "username": "south", "password": made.json()["data"]["password"]}
    assert context.request.post("/hub/v1/session", data=who).status == 200
    page = context.new_page()
    page.goto("/setup?tab=staff")
    expect(page.get_by_role("main")).to_contain_text("for managers of all venues")
    assert axe(page) == []
    tablet = new_context(house.url).new_page()
    tablet.goto("/pair")
    tablet.get_by_test_id("pair-kitchen").click()
    page.get_by_test_id("approve-device").click()
    page.get_by_test_id("code").fill(tablet.get_by_test_id("pair-code").inner_text())
    page.get_by_test_id("code-next").click()
    page.get_by_test_id("place-name").fill("Their kitchen")
    page.get_by_test_id("place-approve").click()
    expect(tablet.get_by_test_id("line")).to_have_attribute("data-state", "live")


def test_a_picture_is_uploaded_and_shown(open_setup: Callable[..., Page], colleague: httpx.Client) -> None:
    """A file from the device becomes the product's first picture, served by the house itself."""
    page = open_setup("menu")
    page.get_by_test_id(f"row-{PIZZA}").click()
    file = BytesIO()
    Image.new("RGB", (640, 480), "tomato").save(file, "PNG")
    before = page.locator(".setup-picture").count()
    page.get_by_test_id("picture-file").set_input_files(
        {"name": "pizza.png", "mimeType": "image/png", "buffer": file.getvalue()}
    )
    expect(page.locator(".setup-picture")).to_have_count(before + 1)
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("resource-dialog")).to_have_count(0)
    kept = colleague.get(f"/hub/v1/admin/products/{PIZZA}").json()["data"]["pictures"]
    assert len(kept) == before + 1
    assert colleague.get(f"/media/demo/{kept[0]}/thumb").status_code == 200


def test_the_slower_of_two_managers_is_told_who_was_faster(
    open_setup: Callable[..., Page], colleague: httpx.Client
) -> None:
    """Nothing is written over; what there is now is one tap away, and can be changed from there."""
    page = open_setup("menu")
    page.get_by_test_id(f"row-{PIZZA}").click()
    page.get_by_test_id("field-price").fill("7")
    answer = colleague.patch(f"/hub/v1/admin/products/{PIZZA}", json={"price": 9.75}, headers={"If-Match": "*"})
    assert answer.status_code == 200
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("faster")).to_contain_text("demo-manager was faster")
    assert colleague.get(f"/hub/v1/admin/products/{PIZZA}").json()["data"]["price"] == 9.75
    page.get_by_test_id("take-theirs").click()
    expect(page.get_by_test_id("field-price")).to_have_value("9.75")
    page.get_by_test_id("field-price").fill("7")
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("resource-dialog")).to_have_count(0)
    assert _menu_product(colleague)["price"] == 7


def test_a_modifier_group_gets_a_choice_and_bounds(open_setup: Callable[..., Page], colleague: httpx.Client) -> None:
    """New modifiers get their ids from the server; the others keep theirs."""
    page = open_setup("menu")
    page.get_by_role("button", name="Modifier groups").click()
    page.get_by_test_id("row-50").click()
    page.get_by_test_id("add-modifier").click()
    rows = page.locator(".setup-modifier")
    rows.last.get_by_label("Name").fill("Anchovies")
    rows.last.get_by_label("Extra price").fill("2x")
    page.get_by_test_id("add-modifier").click()
    rows.last.get_by_label("Name").fill("Olives")
    rows.last.get_by_label("Extra price").fill("1,5")
    # What is typed stays with its row when the one above it goes.
    rows.nth(-2).get_by_role("button").click()
    expect(rows.last.get_by_label("Name")).to_have_value("Olives")
    expect(rows.last.get_by_label("Extra price")).to_have_value("1,5")
    page.get_by_test_id("field-max_select").fill("3")
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("resource-dialog")).to_have_count(0)
    kept = colleague.get("/hub/v1/admin/modifier-groups/50").json()["data"]
    assert kept["max_select"] == 3
    assert [one["id"] for one in kept["modifiers"][:3]] == [501, 502, 503]
    assert (kept["modifiers"][-1]["name"], kept["modifiers"][-1]["price"]) == ("Olives", 1.5)


def test_a_ladder_of_deadlines_and_the_switch_of_orders_are_saved(
    open_setup: Callable[..., Page], colleague: httpx.Client
) -> None:
    """A step more on the ladder, another ladder, and the venue takes no orders; what is wrong stands at its step."""
    before = colleague.get("/hub/v1/admin/venues/1").json()["data"]["accept_deadlines"]
    page = open_setup("policies")
    page.get_by_test_id("add-ladder").click()
    number = len(before)
    page.get_by_test_id(f"step-{number}-0").fill("0")
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("form-problem")).to_be_visible()
    page.get_by_test_id(f"step-{number}-0").fill("75")
    page.get_by_test_id(f"add-step-{number}").click()
    page.get_by_test_id(f"step-{number}-1-action").select_option(label="Refuse by itself")
    page.get_by_test_id("field-accepting_orders").click()
    page.get_by_test_id(f"step-{number}-0-action").select_option(label="Refuse by itself")
    page.get_by_test_id("save").click()
    # What is wrong with the steps together stands at their ladder.
    expect(page.get_by_test_id(f"ladder-problem-{number}")).to_contain_text("Only the last step")
    page.get_by_test_id(f"step-{number}-0-action").select_option("remind")
    page.get_by_test_id("save").click()
    expect(page.get_by_text("Saved: Main")).to_be_visible()
    kept = colleague.get("/hub/v1/admin/venues/1").json()["data"]
    assert kept["accepting_orders"] is False
    added = {"sale_types": [], "steps": [{"after_s": 75, "action": "remind"}, {"after_s": 135, "action": "ignore"}]}
    assert kept["accept_deadlines"] == [*before, added]


def test_somebody_new_is_added_and_signs_in_with_the_password_shown_once(
    house: House, open_setup: Callable[..., Page], new_context: Callable[..., BrowserContext]
) -> None:
    """What the server says of a user name stands at its field; given a PIN, retired and signed out again."""
    page = open_setup("staff")
    page.get_by_test_id("add").click()
    page.get_by_test_id("field-name").fill("Nigar Əliyeva")
    page.get_by_test_id("field-username").fill("nigar!")
    page.get_by_test_id("save").click()
    expect(page.locator(".field", has=page.get_by_test_id("field-username")).get_by_role("alert")).to_be_visible()
    page.get_by_test_id("field-username").fill("nigar")
    page.get_by_test_id("save").click()
    password = page.get_by_test_id("first-password").inner_text()
    page.get_by_test_id("password-seen").click()

    hers = new_context(house.url).new_page()
    hers.goto("/sign-in")
    hers.get_by_test_id("username").fill("nigar")
    hers.get_by_test_id("password").fill(password)
    hers.get_by_test_id("sign-in").click()
    expect(hers.get_by_test_id("preferences")).to_contain_text("Nigar Əliyeva")

    page.get_by_role("button", name="Nigar Əliyeva").click()
    page.get_by_test_id("pin-field").fill("11111")
    page.get_by_test_id("pin-save").click()
    expect(page.get_by_test_id("resource-dialog").get_by_role("alert")).to_be_visible()
    page.get_by_test_id("pin-field").fill("80246")
    page.get_by_test_id("pin-save").click()
    expect(page.get_by_text("The PIN is set")).to_be_visible()
    assert axe(page) == []
    page.get_by_test_id("field-active").click()
    page.get_by_test_id("save").click()
    expect(hers.get_by_test_id("sign-in")).to_be_visible()


def test_a_new_password_of_ones_own_can_be_read(open_setup: Callable[..., Page], house: House) -> None:
    """Whoever makes one for themselves stays signed in where it is shown."""
    page = open_setup("staff")
    page.get_by_role("button", name="demo-manager").click()
    page.get_by_test_id("new-password").click()
    password = page.get_by_test_id("first-password").inner_text()
    # As long as the server takes to end streams and the page to notice.
    page.wait_for_timeout(3_000)
    expect(page.get_by_test_id("first-password")).to_have_text(password)
    with httpx.Client(base_url=house.url) as http:
        who = {"brand": "demo", "username": "demo-manager", "password": password}
        assert http.post("/hub/v1/session", json=who).status_code == 200


def test_an_answer_that_is_lost_adds_nothing_twice(
    open_setup: Callable[..., Page], colleague: httpx.Client, watch: Watch
) -> None:
    """Saved again, it is the same one; a change that was made already is no other manager's."""
    page = open_setup("menu")
    lost: list[str] = []

    def lose_the_first(route: Route) -> None:
        if route.request.method in ("POST", "PATCH") and route.request.method not in lost:
            lost.append(route.request.method)
            route.fetch()
            route.abort("connectionreset")
        else:
            route.continue_()

    def save_twice(price: str) -> list[dict[str, Any]]:
        page.get_by_test_id("field-price").fill(price)
        with watch.server_away():
            page.get_by_test_id("save").click()
            expect(page.get_by_test_id("form-problem")).to_be_visible()
        page.get_by_test_id("save").click()
        expect(page.get_by_test_id("resource-dialog")).to_have_count(0)
        products = colleague.get("/hub/v1/admin/products?limit=500").json()["data"]
        return [one for one in products if one["name"] == "Twice Pie"]

    page.route("**/hub/v1/admin/products**", lose_the_first)
    page.get_by_test_id("add").first.click()
    page.get_by_test_id("field-name").fill("Twice Pie")
    (added,) = save_twice("4")
    page.get_by_test_id(f"row-{added['id']}").click()
    (changed,) = save_twice("5")
    assert (changed["id"], changed["price"]) == (added["id"], 5)
    assert lost == ["POST", "PATCH"]


def test_one_s_own_pin_is_set_and_taken_away(open_setup: Callable[..., Page]) -> None:
    """A simple PIN is refused in the server's words."""
    page = open_setup("staff")
    page.get_by_test_id("my-pin").click()
    page.get_by_test_id("pin-field").fill("12345")
    page.get_by_test_id("pin-save").click()
    expect(page.get_by_test_id("own-pin").get_by_role("alert")).to_be_visible()
    page.get_by_test_id("pin-clear").click()
    expect(page.get_by_test_id("my-pin")).to_have_text("Set my PIN")


def test_a_test_page_that_does_not_come_out_is_told(open_setup: Callable[..., Page], colleague: httpx.Client) -> None:
    """Nobody listens where the printer should be, and the page says so."""
    changes = {"host": "127.0.0.1", "port": free_port()}
    answer = colleague.patch("/hub/v1/admin/printers/1", json=changes, headers={"If-Match": "*"})
    assert answer.status_code == 200
    page = open_setup("stations")
    page.get_by_role("region", name="Printers").get_by_test_id("row-1").click()
    page.get_by_test_id("test-page").click()
    expect(page.get_by_test_id("test-page-told")).to_have_text("Not printed: the printer did not answer")
    assert axe(page) == []


def test_the_demo_is_switched_on_and_lives(open_setup: Callable[..., Page], colleague: httpx.Client) -> None:
    """The switch shows what the server says."""
    page = open_setup("overview")
    page.get_by_test_id("demo-house").click()
    expect(page.get_by_test_id("demo-house")).to_be_checked()
    page.get_by_test_id("demo-pace").select_option(label="12 orders a minute")
    page.get_by_test_id("demo-orders").click()
    expect(page.get_by_test_id("demo-orders")).to_be_checked()
    state = colleague.get("/hub/v1/demo").json()["data"]
    assert state == {"orders": True, "house": True, "per_minute": 12}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_tab_holds_on_a_phone(open_setup: Callable[..., Page], scheme: str) -> None:
    """Nothing sticks out at 390 px, and axe finds nothing."""
    page = open_setup("overview", scheme=scheme, size=(390, 844))
    for tab in TABS:
        page.goto(f"/setup?tab={tab}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.locator(".setup-main .spinner")).to_have_count(0)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, tab
        assert axe(page) == [], tab


def test_it_speaks_every_language(open_setup: Callable[..., Page]) -> None:
    """The first tab's heading, in each."""
    for language, heading in OVERVIEW_OF.items():
        page = open_setup("overview", language=language)
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)


def _menu_product(colleague: httpx.Client) -> dict[str, Any]:
    menu = colleague.get("/hub/v1/menu", params={"venue": MENU_VENUE}).json()["data"]
    return next(one for one in menu["products"] if one["id"] == PIZZA)


def test_a_till_is_added_renamed_and_retired(open_setup: Callable[..., Page], colleague: httpx.Client) -> None:
    """Beside the devices; what is retired is shown when it is asked for."""
    page = open_setup("devices")
    tills = page.get_by_role("region", name="Tills")
    tills.get_by_test_id("add").click()
    page.get_by_test_id("field-name").fill("Till at the bar")
    page.get_by_test_id("save").click()
    expect(tills).to_contain_text("Till at the bar")
    kept = colleague.get("/hub/v1/admin/terminals").json()["data"]
    added = next(one for one in kept if one["name"] == "Till at the bar")
    tills.get_by_test_id(f"row-{added['id']}").click()
    page.get_by_test_id("field-name").fill("Bar")
    page.get_by_test_id("field-active").click()
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("resource-dialog")).to_have_count(0)
    expect(tills.get_by_test_id(f"row-{added['id']}")).to_have_count(0)
    now = colleague.get(f"/hub/v1/admin/terminals/{added['id']}").json()["data"]
    assert (now["name"], now["active"]) == ("Bar", False)


def test_a_product_is_added_with_its_variant_and_its_price_elsewhere(
    open_setup: Callable[..., Page], colleague: httpx.Client
) -> None:
    """Sold by its variant, in portions, dearer at the other venue; its menu has it at once."""
    page = open_setup("menu")
    page.get_by_test_id("add").click()
    page.get_by_test_id("field-name").fill("Lobio")
    page.get_by_test_id("field-price").fill("0")
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("resource-dialog")).to_have_count(0)
    page.get_by_test_id("add").click()
    page.get_by_test_id("field-name").fill("Lobio with walnuts")
    page.get_by_test_id("field-price").fill("7,5")
    page.get_by_test_id("field-parent_id").select_option(label="Lobio")
    page.locator("label", has=page.get_by_test_id("field-sold_by_portion")).click()
    page.get_by_test_id("offer-2").get_by_label("Another price there").fill("8,25")
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("resource-dialog")).to_have_count(0)
    for venue, price in ((1, 7.5), (2, 8.25)):
        products = colleague.get("/hub/v1/menu", params={"venue": venue}).json()["data"]["products"]
        found = {one["name"]: one for one in products if one["name"].startswith("Lobio")}
        assert found["Lobio"]["price"] is None
        variant = found["Lobio with walnuts"]
        assert (variant["price"], variant["parent_id"], variant["sold_by_portion"]) == (
            price,
            found["Lobio"]["id"],
            True,
        )


def test_the_kitchens_targets_are_the_venues(open_setup: Callable[..., Page], colleague: httpx.Client) -> None:
    """A ticket presses before it is late; kitchen screens get them with the menu."""
    page = open_setup("policies")
    page.get_by_test_id("field-kitchen_pressing_minutes").fill("9")
    page.get_by_test_id("field-kitchen_late_minutes").fill("9")
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("form-problem")).to_be_visible()
    page.get_by_test_id("field-kitchen_late_minutes").fill("20")
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("form-problem")).to_have_count(0)
    expect(page.get_by_text("Saved")).to_be_visible()
    menu = colleague.get("/hub/v1/menu", params={"venue": 1}).json()["data"]
    assert menu["kitchen"] == {"pressing_minutes": 9, "late_minutes": 20}
