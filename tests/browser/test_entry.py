"""Call-centre order entry in a real browser: by keyboard alone, priced by the server, sent once whatever happens."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from playwright.sync_api import APIResponse, BrowserContext, Locator, Page, Route, expect
from tests.browser.conftest import House, Watch, axe, wait_until

VENUE = 1
TIKA_KABAB, PITI, QUTAB, STURGEON, DOVGA, LEMONADE, PLOV = 212, 225, 244, 216, 222, 267, 205
SEND_OF = {"en": "Send order", "az": "Sifarişi göndər", "ru": "Отправить заказ", "tr": "Siparişi gönder"}
TITLE_OF = {"en": "New order", "az": "Yeni sifariş", "ru": "Новый заказ", "tr": "Yeni sipariş"}
GONE_OF = {"en": "Gone", "az": "Bitib", "ru": "Закончилось", "tr": "Tükendi"}
HOSTILE = '<img src=x onerror="window.ran=1"><script>window.ran=1</script>\u202e\'"&amp; =1+1'


class Colleague:
    """Somebody else who works with the same house, beside the browser."""

    def __init__(self, house: House) -> None:
        self.http = httpx.Client(base_url=house.url, timeout=60)
        credentials = {"brand": "demo", "username": "demo-manager", "password": "demo-password"}
        signed_in = self.http.post("/hub/v1/session", json=credentials)
        self.http.headers["X-CSRF-Token"] = signed_in.json()["data"]["csrf_token"]

    def stop(self, product: int, quantity: int | None) -> None:
        """Say how many of a product are left."""
        answer = self.http.put(f"/hub/v1/venues/{VENUE}/stop-list/{product}", json={"quantity": quantity})
        assert answer.status_code == 200, answer.text

    def orders_of(self, phone: str) -> list[dict[str, Any]]:
        """The orders of a guest, as the house sees them."""
        answer = self.http.get("/hub/v1/orders", params={"venue": VENUE, "search": phone, "limit": 50})
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def order(self, phone: str, lines: list[dict[str, Any]], name: str = "Leyla", **more: Any) -> None:
        """Take an order for a guest."""
        body = {
            "sale_type_id": 2,
            "venue_id": VENUE,
            "customer": {"id": 0, "phone": phone, "name": name, "address": "Nizami 1"},
            "products": [{"count": 1, "price": 1, "status": "new", "product_hash": "", **line} for line in lines],
            **more,
        }
        answer = self.http.post("/hub/v1/orders", json=body, headers={"Idempotency-Key": f"colleague-{phone}"})
        assert answer.status_code == 201, answer.text


@contextmanager
def _colleague(house: House) -> Iterator[Colleague]:
    made = Colleague(house)
    try:
        yield made
    finally:
        made.http.close()


@pytest.fixture
def colleague(house: House) -> Iterator[Colleague]:
    """A manager beside the browser."""
    with _colleague(house) as made:
        yield made


@pytest.fixture
def open_entry(house: House, new_context: Callable[..., BrowserContext]) -> Callable[..., Page]:
    """Opens the screen, signed in as somebody of the call centre."""

    def make(**options: Any) -> Page:
        context = new_context(house.url, **options)
        credentials = {"brand": "demo", "username": "demo-operator", "password": "demo-password"}
        answer = context.request.post("/hub/v1/session", data=credentials)
        assert answer.status == 200
        page = context.new_page()
        page.goto("/new")
        expect(page.get_by_test_id("product").first).to_be_attached()
        expect(page.get_by_test_id("line").first).to_have_attribute("data-state", "live")
        return page

    return make


class Keys:
    """Hands on a keyboard, counting."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.strokes = 0

    def press(self, key: str) -> None:
        """One stroke; a chord such as Control+Enter counts for each of its keys."""
        self.strokes += len(key.split("+")) if len(key) > 1 else 1
        self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        """A stroke for each letter."""
        for letter in text:
            self.press(letter)


def product(page: Page, product_id: int) -> Locator:
    """A product's tile."""
    return page.locator(f'[data-product="{product_id}"]')


def search(page: Page, text: str) -> None:
    """Search for products."""
    page.get_by_test_id("product-search").fill(text)


def add(page: Page, name: str, product_id: int) -> None:
    """Put a product without choices into the basket."""
    search(page, name)
    product(page, product_id).click()
    search(page, "")


def fill_guest(page: Page, phone: str, name: str = "Leyla") -> None:
    """Type a guest who is not known yet."""
    page.get_by_test_id("guest-phone").fill(phone)
    page.get_by_test_id("guest-name").fill(name)
    page.get_by_test_id("guest-address").fill("Nizami küç. 1")


def send(page: Page) -> None:
    """Send the order and see that it was taken."""
    page.get_by_test_id("send-order").click()
    expect(page.get_by_test_id("order-taken")).to_be_visible()


def shown_total(page: Page) -> float:
    """The total, once it is that of the basket."""
    expect(page.get_by_test_id("totals")).to_have_attribute("data-state", "fresh")
    return float(page.get_by_test_id("total").get_attribute("data-amount") or "nan")


def test_a_whole_order_by_keyboard_alone(open_entry, colleague):
    """A known guest, three products, one with a choice, quantities, sent: in at most forty strokes."""
    page = open_entry()
    keys = Keys(page)
    expect(page.get_by_test_id("guest-phone")).to_be_focused()
    keys.type("505550111")
    expect(page.get_by_test_id("guest-option").first).to_contain_text("Nigar Əliyeva")
    keys.press("Enter")
    expect(page.get_by_test_id("guest-name")).to_have_value("Nigar Əliyeva")
    expect(page.get_by_test_id("product-search")).to_be_focused()
    keys.type("tik")
    keys.press("Enter")
    expect(page.get_by_test_id("options")).to_be_visible()
    keys.press("2")
    keys.press("Enter")
    expect(page.get_by_test_id("options")).to_have_count(0)
    keys.press("3")
    keys.type("qut")
    keys.press("Enter")
    keys.press("2")
    keys.type("lim")
    keys.press("Enter")
    expect(page.get_by_test_id("basket-line")).to_have_count(3)
    total = shown_total(page)
    keys.press("Control+Enter")
    expect(page.get_by_test_id("order-taken")).to_be_visible()
    assert keys.strokes <= 40
    [order] = colleague.orders_of("505550111")
    assert page.get_by_test_id("order-number").inner_text() == str(order["id"])
    assert [(line["product_id"], line["count"]) for line in order["lines"]] == [
        (TIKA_KABAB, 3),
        (QUTAB, 2),
        (LEMONADE, 1),
    ]
    assert [modifier["name"] for modifier in order["lines"][0]["modifiers"]] == ["Medium"]
    assert order["channel"]["id"] == "house"
    assert order["totals"]["total"] == total == 3 * 11.5 + 2 * 2.2 + 3.9
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("guest-phone")).to_be_focused()
    expect(page.get_by_test_id("basket-line")).to_have_count(0)


def test_products_are_moved_among_and_explained_by_keys(open_entry):
    """Arrows go through the tiles, one of which is in the order of Tab; ``/`` searches, ``?`` explains."""
    page = open_entry()
    page.keyboard.press("/")
    expect(page.get_by_test_id("product-search")).to_be_focused()
    page.keyboard.press("?")
    expect(page.get_by_test_id("help")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("help")).to_have_count(0)
    page.keyboard.press("ArrowDown")
    tiles = page.get_by_test_id("product")
    expect(tiles.nth(0)).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(tiles.nth(1)).to_be_focused()
    page.keyboard.press("End")
    expect(tiles.last).to_be_focused()
    assert page.locator('.entry-grid [tabindex="0"]').count() == 1
    page.keyboard.press("Home")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_test_id("product-search")).to_be_focused()
    for typed, found in {
        "COBAN": "Çoban salatı",
        "künefe": "Künefe",
        "борщ": "Борщ",
        "4760000000032": "Su 0.5 l",
    }.items():
        search(page, typed)
        expect(page.get_by_test_id("product").first).to_contain_text(found)


def test_a_past_order_is_repeated_in_one_tap(open_entry, colleague):
    """Its lines become the basket; what is gone by now is left out, and named."""
    modifiers = [{"modifier_id": 602, "modifier_name": "Medium", "count": 1}]
    lines = [
        {"product_id": TIKA_KABAB, "product_name": "Tikə kabab", "price": 11.5, "count": 2, "modifiers": modifiers},
        {"product_id": PITI, "product_name": "Piti", "price": 9.9},
        {"product_id": QUTAB, "product_name": "Qutab", "price": 2.2, "count": 4, "note": "hot"},
    ]
    colleague.order("+994507770001", lines)
    colleague.stop(PITI, 0)
    page = open_entry()
    page.get_by_test_id("guest-phone").press_sequentially("507770001")
    page.get_by_test_id("guest-option").first.click()
    expect(page.get_by_test_id("guest-address")).to_have_value("Nizami 1")
    expect(page.get_by_test_id("past-order")).to_have_count(1)
    page.get_by_test_id("repeat").click()
    expect(page.get_by_test_id("basket-line")).to_have_count(2)
    expect(page.get_by_test_id("basket-line").nth(0)).to_contain_text("Medium")
    expect(page.get_by_test_id("basket-line").nth(1)).to_contain_text("hot")
    expect(page.get_by_test_id("left-out")).to_contain_text("Piti")
    assert shown_total(page) == 2 * 11.5 + 4 * 2.2
    send(page)
    newest = colleague.orders_of("507770001")[0]
    assert [(line["product_id"], line["count"], line["note"]) for line in newest["lines"]] == [
        (TIKA_KABAB, 2, None),
        (QUTAB, 4, "hot"),
    ]


def test_choices_are_held_to_while_choosing(open_entry, colleague):
    """Too few keep the button closed and say of what; the most there may be blocks the others; counts add up."""
    page = open_entry()
    fill_guest(page, "0507770002")
    search(page, "tike")
    product(page, TIKA_KABAB).click()
    dialog = page.get_by_test_id("options")
    expect(dialog).to_contain_text("choose 1")
    expect(dialog).to_contain_text("up to 3")
    expect(page.get_by_test_id("options-add")).to_be_disabled()
    expect(dialog.locator(".entry-missing")).to_contain_text("Doneness")
    dialog.get_by_label("Rare").check()
    dialog.get_by_label("Well done").check()
    expect(dialog.get_by_label("Rare")).not_to_be_checked()
    expect(page.get_by_test_id("options-add")).to_be_enabled()
    dialog.get_by_label("Düyü").check()
    dialog.get_by_role("button", name="More: Düyü").click()
    dialog.get_by_label("Lavaş").check()
    expect(dialog.get_by_label("Qırmızı soğan")).to_be_disabled()
    expect(dialog.get_by_role("button", name="More: Lavaş")).to_be_disabled()
    dialog.get_by_role("button", name="Fewer: Düyü").click()
    expect(dialog.get_by_label("Qırmızı soğan")).to_be_enabled()
    dialog.get_by_label("Qırmızı soğan").check()
    page.get_by_test_id("line-note").fill("no salt")
    page.get_by_test_id("options-add").click()
    send(page)
    [order] = colleague.orders_of("0507770002")
    [line] = order["lines"]
    assert line["note"] == "no salt"
    chosen = {(modifier["name"], modifier["count"]) for modifier in line["modifiers"]}
    assert chosen == {("Well done", 1), ("Düyü", 1), ("Lavaş", 1), ("Qırmızı soğan", 1)}


def test_a_product_with_variants_asks_which(open_entry, colleague):
    """The parent is no product to order: one of its variants is."""
    page = open_entry()
    fill_guest(page, "0507770003")
    search(page, "nar sir")
    page.get_by_test_id("product").first.click()
    expect(page.get_by_test_id("options-add")).to_be_disabled()
    page.get_by_test_id("variant").nth(1).check()
    page.get_by_test_id("options-add").click()
    assert shown_total(page) == 12
    send(page)
    assert colleague.orders_of("0507770003")[0]["lines"][0]["name"] == "Nar şirəsi 1 l"


def test_what_is_gone_is_seen_gone_at_once(open_entry, colleague):
    """A product goes while the screen is open: its tile closes, and so does the basket that has it."""
    page = open_entry()
    fill_guest(page, "0507770004")
    add(page, "dovga", DOVGA)
    expect(page.get_by_test_id("basket-line")).to_have_count(1)
    search(page, "dovga")
    colleague.stop(DOVGA, 3)
    expect(product(page, DOVGA)).to_contain_text("3 left")
    colleague.stop(DOVGA, 0)
    expect(product(page, DOVGA)).to_contain_text("Gone")
    expect(product(page, DOVGA)).to_have_attribute("aria-disabled", "true")
    expect(page.get_by_test_id("line-problem")).to_contain_text("Gone")
    page.get_by_test_id("send-order").click()
    expect(page.get_by_test_id("order-taken")).to_have_count(0)
    assert colleague.orders_of("0507770004") == []
    page.get_by_test_id("remove-line").click()
    add(page, "qutab", QUTAB)
    send(page)
    assert len(colleague.orders_of("0507770004")) == 1


def test_nothing_else_is_taken_for_what_is_gone(open_entry, colleague):
    """Enter on a search whose first product is gone adds nothing and says so; the next search writes over this one."""
    page = open_entry()
    search(page, "dovga")
    colleague.stop(DOVGA, 0)
    expect(product(page, DOVGA)).to_contain_text("Gone")
    search(page, "")
    search(page, "do")
    expect(page.get_by_test_id("product").first).to_have_attribute("data-product", str(DOVGA))
    page.get_by_test_id("product-search").press("Enter")
    expect(page.get_by_text("nothing was added").first).to_be_attached()
    page.keyboard.type("qutab")
    expect(page.get_by_test_id("product-search")).to_have_value("qutab")
    expect(page.get_by_test_id("basket-line")).to_have_count(0)


def test_a_sale_type_the_venue_does_not_offer_is_never_replaced(open_entry, colleague):
    """Chosen, then switched off at the venue: it says so, and no delivery is made of it."""
    page = open_entry()
    fill_guest(page, "0507770021")
    add(page, "qutab", QUTAB)
    page.get_by_role("radio", name="Takeaway").or_(page.get_by_role("button", name="Takeaway")).first.click()
    shown_total(page)
    types = colleague.http.get("/hub/v1/admin/sale-types").json()["data"]
    takeaway = next(one for one in types if one["system_type"] == "TAKEAWAY")
    path = f"/hub/v1/admin/sale-types/{takeaway['id']}"
    answer = colleague.http.patch(path, json={"disabled_venues": [VENUE]}, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text
    expect(page.get_by_text("Not offered at this venue")).to_be_visible()
    page.get_by_test_id("send-order").click()
    expect(page.get_by_test_id("order-taken")).to_have_count(0)
    assert colleague.orders_of("0507770021") == []


def test_a_double_click_repeats_once(open_entry, colleague):
    """Twice as much would look like any other order."""
    colleague.order("+994507770022", [{"product_id": QUTAB, "product_name": "Qutab", "price": 2.2, "count": 2}])
    page = open_entry()
    page.get_by_test_id("guest-phone").press_sequentially("507770022")
    page.get_by_test_id("guest-option").first.click()
    page.get_by_test_id("repeat").dblclick()
    expect(page.get_by_test_id("quantity")).to_have_value("2")


def test_one_guests_discount_is_not_the_next_ones(open_entry, colleague):
    """It went with the group of whoever was taken for the caller first."""
    group = {"name": "Regulars", "discount_type": "percent", "discount_value": 20}
    made = colleague.http.post("/hub/v1/admin/customer-groups", json=group, headers={"Idempotency-Key": "g"})
    assert made.status_code == 201, made.text
    guest = {"name": "Vip", "phone": "+994507770031", "group_id": made.json()["data"]["id"]}
    answer = colleague.http.post("/hub/v1/admin/customers", json=guest, headers={"Idempotency-Key": "c"})
    assert answer.status_code == 201, answer.text
    page = open_entry()
    page.get_by_test_id("guest-phone").press_sequentially("507770031")
    page.get_by_test_id("guest-option").first.click()
    page.get_by_test_id("group-discount").click()
    expect(page.get_by_test_id("discount-value")).to_have_value("20")
    page.get_by_test_id("guest-phone").fill("0507770032")
    expect(page.get_by_test_id("discount-value")).to_have_count(0)


def test_a_double_click_makes_one_order(open_entry, colleague):
    """The second click finds the first under way."""
    page = open_entry()
    fill_guest(page, "0507770005")
    add(page, "qutab", QUTAB)
    page.get_by_test_id("send-order").dblclick()
    expect(page.get_by_test_id("order-taken")).to_be_visible()
    assert len(colleague.orders_of("0507770005")) == 1


def test_a_lost_reply_makes_one_order(open_entry, colleague, watch: Watch):
    """The server took the order, the answer was lost: the same request finds it, also after a reload."""
    page = open_entry()
    sent: list[tuple[str, str | None]] = []

    def lose_the_first(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        sent.append((route.request.headers["idempotency-key"], route.request.post_data))
        if len(sent) > 1:
            route.continue_()
            return
        assert route.fetch().status == 201
        route.abort("connectionreset")

    page.route("**/hub/v1/orders", lose_the_first)
    fill_guest(page, "0507770006")
    add(page, "qutab", QUTAB)
    total = shown_total(page)
    with watch.server_away():
        page.get_by_test_id("send-order").click()
        expect(page.get_by_test_id("doubt-order")).to_be_visible()
    expect(page.get_by_test_id("guest-name")).to_be_disabled()
    expect(page.get_by_test_id("quantity").first).to_be_disabled()
    expect(page.get_by_test_id("product-search")).to_be_disabled()
    page.reload()
    expect(page.get_by_test_id("doubt-order")).to_be_visible()
    page.get_by_test_id("send-again").click()
    expect(page.get_by_test_id("order-taken")).to_be_visible()
    assert len(sent) == 2
    assert sent[0] == sent[1]
    [order] = colleague.orders_of("0507770006")
    assert page.get_by_test_id("order-number").inner_text() == str(order["id"])
    assert order["totals"]["total"] == total
    page.get_by_test_id("next-order").click()
    fill_guest(page, "0507770006")
    add(page, "qutab", QUTAB)
    send(page)
    assert sent[2][0] != sent[0][0]
    assert len(colleague.orders_of("0507770006")) == 2


def test_who_comes_next_begins_with_nothing_of_whoever_left(open_entry, colleague):
    """The answer to one person's order comes while another is typing: it settles the first one's, and only that."""
    page = open_entry()
    answers: list[tuple[Route, APIResponse]] = []

    def keep_waiting(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        answers.append((route, route.fetch()))

    page.route("**/hub/v1/orders", keep_waiting)
    fill_guest(page, "0507770016")
    add(page, "qutab", QUTAB)
    shown_total(page)
    page.get_by_test_id("send-order").click()
    expect(page.get_by_test_id("send-order")).to_be_disabled()
    page.get_by_test_id("preferences").click()
    page.get_by_test_id("sign-out").click()
    page.get_by_test_id("enter-manager").click()
    page.get_by_role("link", name=TITLE_OF["en"]).click()
    expect(page.get_by_test_id("guest-phone")).to_have_value("")
    fill_guest(page, "0507770017", "Murad")
    [(route, answer)] = answers
    assert answer.status == 201
    with page.expect_response("**/hub/v1/orders"):
        route.fulfill(response=answer)
    left = "JSON.parse(sessionStorage.getItem('comanda.entry.staff:demo-operator'))"
    wait_until(page, f"{left}.pending === null && {left}.draft.lines.length === 0")
    expect(page.get_by_test_id("guest-name")).to_have_value("Murad")
    expect(page.get_by_test_id("order-taken")).to_have_count(0)
    assert len(colleague.orders_of("0507770016")) == 1


def test_totals_are_the_servers_to_the_cent(open_entry, colleague):
    """Discount, service charge and delivery fee; what is shown before is what is stored after."""
    page = open_entry()
    fill_guest(page, "0507770007")
    add(page, "sirin plov", PLOV)
    page.get_by_test_id("quantity").fill("3")
    page.get_by_test_id("delivery-fee").fill("2,35")
    page.get_by_role("group", name="Discount").get_by_role("button", name="%").click()
    page.get_by_test_id("discount-value").fill("7.5")
    page.get_by_test_id("service-charge").check()
    page.get_by_test_id("service-rate").fill("12.5")
    page.get_by_test_id("comment").fill("ring twice")
    page.wait_for_timeout(200)
    total = shown_total(page)
    send(page)
    [order] = colleague.orders_of("0507770007")
    totals = order["totals"]
    assert totals["total"] == total == float(page.get_by_test_id("taken-total").get_attribute("data-amount") or 0)
    # 29.70 - 2.23 + 3.43 + 2.35
    assert (totals["subtotal"], totals["discount"], totals["service_charge"], totals["delivery_fee"]) == (
        29.7,
        2.23,
        3.43,
        2.35,
    )
    assert order["comment"] == "ring twice"


def test_what_is_wrong_stands_where_it_belongs(open_entry):
    """A percentage too high, a number that is none, what is missing: at its field, and the focus goes to the first."""
    page = open_entry()
    add(page, "qutab", QUTAB)
    page.get_by_test_id("delivery-fee").fill("two")
    expect(page.locator('[data-place="deliveryFee"]')).to_contain_text("Not a number")
    page.get_by_test_id("delivery-fee").fill("")
    page.get_by_test_id("send-order").click()
    expect(page.get_by_test_id("guest-phone")).to_be_focused()
    expect(page.get_by_text("A phone number is needed")).to_be_visible()
    expect(page.get_by_text("Delivery needs an address")).to_be_visible()
    page.get_by_test_id("quantity").fill("0")
    expect(page.get_by_test_id("line-problem")).to_contain_text("How many?")


def test_entry_goes_on_without_connection(open_entry, house, colleague, watch: Watch):
    """The draft is kept, also over a reload; totals say that nobody knows them; back on line, it is priced and sent."""
    page = open_entry()
    fill_guest(page, "0507770008")
    add(page, "qutab", QUTAB)
    shown_total(page)
    with watch.server_away():
        house.kill()
        expect(page.get_by_test_id("totals")).to_have_attribute("data-state", "unknown")
        expect(page.get_by_test_id("totals")).to_contain_text("not known without connection")
        expect(page.get_by_test_id("send-order")).to_be_disabled()
        add(page, "sirin", PLOV)
        expect(page.get_by_test_id("basket-line")).to_have_count(2)
        house.start()
        assert shown_total(page) == 12.1
    page.reload()
    expect(page.get_by_test_id("guest-name")).to_have_value("Leyla")
    expect(page.get_by_test_id("basket-line")).to_have_count(2)
    send(page)
    assert len(colleague.orders_of("0507770008")) == 1


def test_hostile_names_are_shown_as_they_are_written(open_entry, colleague):
    """A guest, a note and a comment full of markup: text, and nothing runs."""
    line = {"product_id": QUTAB, "product_name": HOSTILE[:200], "price": 2.2, "note": HOSTILE}
    colleague.order("+994507770009", [line], HOSTILE, comment=HOSTILE)
    page = open_entry()
    page.get_by_test_id("guest-phone").press_sequentially("507770009")
    expect(page.get_by_test_id("guest-option").first).to_contain_text("<img src=x")
    page.get_by_test_id("guest-option").first.click()
    page.get_by_test_id("repeat").click()
    expect(page.get_by_test_id("basket-line")).to_contain_text("<script>")
    page.get_by_test_id("comment").fill(HOSTILE)
    shown_total(page)
    send(page)
    expect(page.get_by_test_id("order-taken")).to_contain_text("<img src=x")
    assert page.evaluate("window.ran") is None
    assert colleague.orders_of("507770009")[0]["comment"] == HOSTILE


def test_nothing_keeps_anybody_out(open_entry, colleague):
    """axe finds nothing, light and dark, wide and on a phone: empty, in use, with its questions, and taken."""
    colleague.stop(DOVGA, 0)
    for scheme, size in (("light", (1440, 900)), ("dark", (390, 844))):
        page = open_entry(scheme=scheme, size=size)
        narrow = size[0] < 800
        assert axe(page) == []
        page.get_by_test_id("guest-phone").press_sequentially("505550111")
        expect(page.get_by_test_id("guest-option").first).to_be_visible()
        assert axe(page) == []
        page.keyboard.press("Enter")
        search(page, "kabab")
        assert axe(page) == []
        product(page, TIKA_KABAB).click()
        page.get_by_test_id("modifier").first.check()
        assert axe(page) == []
        page.get_by_test_id("options-add").click()
        if narrow:
            page.get_by_test_id("basket-bar").click()
        shown_total(page)
        assert axe(page) == []
        send(page)
        assert axe(page) == []


@pytest.mark.parametrize("language", ["en", "az", "ru", "tr"])
def test_every_language_takes_orders(house, open_entry, colleague, language):
    """The screen speaks it, with its way to write numbers, and works in it."""
    colleague.stop(STURGEON, 0)
    page = open_entry(language=language)
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE_OF[language])
    expect(page.get_by_test_id("send-order")).to_contain_text(SEND_OF[language])
    search(page, "осетр")
    expect(product(page, STURGEON)).to_contain_text(GONE_OF[language])
    fill_guest(page, "0507770010")
    add(page, "qutab", QUTAB)
    expect(page.get_by_test_id("total")).to_contain_text("2.20" if language == "en" else "2,20")
    send(page)
