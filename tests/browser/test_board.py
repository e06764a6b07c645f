"""The order board in a real browser: what people see and do from the first ring to done, and what it never gets wrong."""

import re
import socket
import struct
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect
from tests.browser.conftest import House, axe, wait_until

from comanda import demo

SETTLING_MS = 1_000
"""A tap on what has just slid under the finger does nothing; people take longer than this anyhow."""
VENUE, PIZZA, MARGHERITA = 1, 101, 102
HOSTILE = '<img src=x onerror="window.ran=1"> "><script>window.ran=1</script> \u202e\u2066evil & =1+1'
TITLES = {"en": "Orders", "az": "Sifarişlər", "ru": "Заказы", "tr": "Siparişler"}


class Channel:
    """A channel that sends orders, and a colleague who works on them, beside the browser."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.http = httpx.Client(base_url=house.url, timeout=60)
        self.kitchen = house.call(demo.KITCHEN_TOKEN)
        self.till = house.call(demo.TERMINAL_TOKEN)
        asked = {
            "client_id": demo.CLIENT_ID,
            "client_secret": demo.CLIENT_SECRET,
            "brand": demo.BRAND,
            "integrator_id": demo.INTEGRATOR_ID,
        }
        self.http.headers["x-token"] = self.http.post("/open-api/v2/auth", json=asked).json()["token"]

    def close(self) -> None:
        """Hang up."""
        for client in (self.http, self.kitchen, self.till):
            client.close()

    def order(self, **changes: Any) -> int:
        """Send the documented order, to be accepted by people; returns its id."""
        body = {**demo.example("create-order.request"), "auto_order_accept": False, **changes}
        body["auto_order_sent_to_station"] = False
        answer = self.http.post("/open-api/v2/orders", json=body, headers={"Idempotency-Key": uuid.uuid4().hex})
        assert answer.status_code == 201, answer.text
        return int(answer.json()["data"]["id"])

    def act(self, path: str, body: dict[str, Any] | None = None, *, cook: bool = False) -> dict[str, Any]:
        """Do something as the till or the kitchen's screen."""
        client = self.kitchen if cook else self.till
        answer = client.post(f"/hub/v1/{path}", json=body or {}, headers={"Idempotency-Key": uuid.uuid4().hex})
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def whole(self, order_id: int) -> dict[str, Any]:
        """The order with its chain, as the house keeps it."""
        return self.till.get(f"/hub/v1/orders/{order_id}").json()["data"]

    def events(self, order_id: int, type_: str) -> int:
        """How often something happened to an order."""
        answer = self.till.get("/hub/v1/events", params={"venue": VENUE, "after": 0, "limit": 500, "types": type_})
        assert answer.status_code == 200, answer.text
        return sum(event["order_id"] == order_id for event in answer.json()["data"])

    def accept_and_pay(self, order_id: int, *, send: bool) -> None:
        """Accept an order and take its money at once."""
        accepted = self.act(f"orders/{order_id}/accept", {"send_to_station": send})
        paid = {"id": 1, "name": "Cash", "amount": accepted["receipt"]["remaining"]}
        self.act(f"receipts/{order_id}/close", {"payment_methods": [paid]})

    def cook(self, order_id: int) -> None:
        """Let every station finish the order."""
        for ticket in self.whole(order_id)["chain"]["tickets"]:
            self.act(f"tickets/{ticket['id']}/start", cook=True)
            self.act(f"tickets/{ticket['id']}/ready", cook=True)


@contextmanager
def _channel(house: House) -> Iterator[Channel]:
    made = Channel(house)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def channel(house: House) -> Iterator[Channel]:
    """The orders' other end."""
    with _channel(house) as made:
        yield made


@pytest.fixture
def open_board(house: House, new_context: Callable[..., BrowserContext]) -> Callable[..., Page]:
    """Opens the board, signed in; each time as on a device of its own."""

    def make(username: str = "demo-cashier", **options: Any) -> Page:
        context = new_context(house.url, **options)
        credentials = {"brand": demo.BRAND, "username": username, "password": demo.MANAGER_PASSWORD}
        assert context.request.post("/hub/v1/session", data=credentials).status == 200
        page = context.new_page()
        page.goto("/board")
        settled(page)
        return page

    return make


def settled(page: Page) -> None:
    """Wait until the board is there and alive."""
    expect(page.get_by_test_id("column-new")).to_be_attached()
    expect(page.locator('[data-testid="line"]').first).to_have_attribute("data-state", "live")


def card(page: Page, order_id: int, stage: str | None = None) -> Locator:
    """An order's card, in a column if one is named."""
    place = page.get_by_test_id(f"column-{stage}") if stage else page
    return place.locator(f'[data-testid="card"][data-order="{order_id}"]')


def open_order(page: Page, order_id: int) -> Locator:
    """Open an order; returns its panel."""
    card(page, order_id).get_by_test_id("open").click()
    panel = page.locator(f'[data-testid="panel"][data-order="{order_id}"]')
    expect(panel.get_by_test_id("order-line").first).to_be_visible()
    return panel


def tap(page: Page, order_id: int, move: str) -> None:
    """Do the next thing to an order with one tap on its card, once the cards stand still."""
    page.wait_for_timeout(SETTLING_MS)
    card(page, order_id).get_by_test_id(f"move-{move}").click()


def pay_cash(page: Page) -> None:
    """Take the whole amount by the first way of payment."""
    page.get_by_test_id("method-1").click()
    page.get_by_test_id("pay-confirm").click()
    expect(page.get_by_test_id("pay-dialog")).to_have_count(0)


def test_an_order_walks_from_its_ring_to_done_on_two_screens(channel, open_board):
    """Accepted with minutes on one screen, cooked, paid on the other, handed over: both show each step."""
    first, second = open_board(), open_board("demo-manager", size=(1024, 768), scheme="dark")
    order = channel.order()
    for page in (first, second):
        expect(card(page, order, "new")).to_contain_text("Test Customer")
        expect(page).to_have_title(re.compile(r"^\(1\)"))
    panel = open_order(first, order)
    expect(panel.get_by_test_id("totals")).to_contain_text("19.51")
    panel.get_by_test_id("minutes-30").click()
    panel.get_by_test_id("accept").click()
    for page in (first, second):
        expect(card(page, order, "accepted")).to_be_visible()
        expect(page).to_have_title(re.compile(r"^Orders"))
    kept = channel.whole(order)["chain"]["order"]
    assert kept["promised_at"] is not None
    assert kept["accepted_by"] == "staff:demo-cashier"
    channel.cook(order)
    for page in (first, second):
        expect(card(page, order, "ready")).to_be_visible()
    tap(second, order, "pay")
    expect(second.get_by_test_id("due")).to_contain_text("19.51")
    pay_cash(second)
    expect(panel.get_by_test_id("paid")).to_have_text("Paid")
    expect(panel.get_by_test_id("timeline").locator("li")).not_to_have_count(0)
    first.wait_for_timeout(SETTLING_MS)
    panel.get_by_test_id("hand-over").click()
    for page in (first, second):
        expect(card(page, order, "done")).to_be_attached()
        expect(page.get_by_test_id("count-ready")).to_have_text("0")
    assert channel.whole(order)["chain"]["order"]["status"] == "DELIVERED"
    assert channel.events(order, "order.received") == channel.events(order, "receipt.closed") == 1


def test_what_is_accepted_and_not_sent_is_a_state_of_its_own(channel, open_board):
    """It says so on its card until one tap sends it to the kitchen."""
    page = open_board()
    order = channel.order()
    panel = open_order(page, order)
    panel.get_by_test_id("send-now").uncheck()
    panel.get_by_test_id("accept").click()
    expect(card(page, order, "accepted").get_by_test_id("unsent")).to_be_visible()
    assert channel.whole(order)["chain"]["tickets"] == []
    tap(page, order, "send")
    expect(card(page, order).get_by_test_id("unsent")).to_have_count(0)
    expect(panel.get_by_test_id("ticket")).to_have_count(1)
    assert len(channel.whole(order)["chain"]["tickets"]) == 1


def test_refusing_puts_what_is_gone_on_the_stop_list(channel, open_board):
    """The reason and the line are kept, the product is off sale, and one tap in the drawer puts it back."""
    page = open_board()
    order = channel.order()
    panel = open_order(page, order)
    panel.get_by_test_id("refuse").click()
    page.get_by_test_id("reason-out_of_stock").click()
    page.get_by_test_id("refuse-dialog").get_by_role("textbox", name="Note").fill("called, comes tomorrow")
    page.get_by_test_id("gone-0").check()
    page.get_by_test_id("refuse-confirm").click()
    expect(page.get_by_test_id("refuse-dialog")).to_have_count(0)
    expect(card(page, order, "done")).to_be_attached()
    expect(panel.get_by_test_id("refusal")).to_contain_text("Out of stock")
    expect(panel.get_by_test_id("refusal-note")).to_have_text("called, comes tomorrow")
    refusal = channel.whole(order)["chain"]["order"]["refusal"]
    assert refusal["reason"] == "out_of_stock"
    assert refusal["lines"] == [{"line": 0, "product_id": PIZZA, "reason": "out_of_stock"}]
    assert left_of(channel, PIZZA) == 0
    page.get_by_test_id("stop-list").click()
    page.get_by_test_id("stop-list-search").fill("pizza")
    page.get_by_test_id(f"stop-tap-{PIZZA}").click()
    expect(page.get_by_test_id(f"stop-{PIZZA}")).to_contain_text("On sale")
    assert left_of(channel, PIZZA) is None


def test_nothing_moves_in_the_open_stop_list(channel, open_board):
    """What has just been stopped stays under the finger that stopped it; opened anew, the list has it on top."""
    page = open_board()
    page.get_by_test_id("stop-list").click()
    rows = page.locator(".stop-list-row")
    expect(rows.nth(4)).to_be_visible()
    before = rows.evaluate_all("rows => rows.map((row) => row.dataset.testid)")
    rows.nth(4).locator(".stop-list-tap").click()
    expect(rows.nth(4)).to_have_class("stop-list-row is-gone")
    assert rows.evaluate_all("rows => rows.map((row) => row.dataset.testid)") == before
    page.keyboard.press("Escape")
    page.get_by_test_id("stop-list").click()
    expect(rows.first).to_be_visible()
    assert before[4] in rows.evaluate_all("rows => rows.slice(0, 4).map((row) => row.dataset.testid)")


def test_an_order_that_costs_nothing_is_closed_with_nothing(channel, open_board):
    """Everything was given away: nothing is due, one tap closes the receipt."""
    gift = {**demo.example("create-order.request")["products"][0], "price": 0, "modifiers": []}
    order = channel.order(products=[gift], delivery_fee=0, discount_value=0, service_charge_value=0)
    channel.act(f"orders/{order}/accept", {"send_to_station": True})
    channel.cook(order)
    page = open_board()
    expect(card(page, order, "ready")).to_be_visible()
    tap(page, order, "pay")
    expect(page.get_by_test_id("due")).to_contain_text("0.00")
    expect(page.get_by_test_id("pay-confirm")).to_contain_text("nothing to pay")
    page.get_by_test_id("pay-confirm").click()
    expect(page.get_by_test_id("pay-dialog")).to_have_count(0)
    tap(page, order, "handOver")
    expect(card(page, order, "done")).to_contain_text("Delivered")
    assert channel.whole(order)["chain"]["receipt"]["status"] == 2


def left_of(channel: Channel, product: int) -> float | None:
    """What the stop list has left of a product; None for no limit."""
    entries = channel.till.get(f"/hub/v1/venues/{VENUE}/stop-list").json()["data"]
    return next((entry["quantity"] for entry in entries if entry["product_id"] == product), None)


def test_an_item_of_an_open_order_is_stopped_with_one_tap(channel, open_board):
    """From the order's own line, and back again."""
    page = open_board()
    panel = open_order(page, channel.order())
    panel.get_by_test_id("stop-line").click()
    expect(panel.get_by_test_id("order-line")).to_contain_text("Stopped")
    assert left_of(channel, PIZZA) == 0
    panel.get_by_test_id("stop-line").click()
    expect(panel.get_by_test_id("order-line")).not_to_contain_text("Stopped")
    assert left_of(channel, PIZZA) is None


def test_what_the_menu_hides_is_stopped_from_its_order(channel, open_board):
    """A channel goes on selling it; whoever sees that it has run out says so."""
    page = open_board("demo-manager")
    token = page.context.request.get("/hub/v1/session").json()["data"]["csrf_token"]
    hidden = page.context.request.patch(
        f"/hub/v1/admin/products/{PIZZA}", data={"hidden": True}, headers={"X-CSRF-Token": token, "If-Match": "*"}
    )
    assert hidden.status == 200, hidden.text()
    panel = open_order(page, channel.order())
    panel.get_by_test_id("stop-line").click()
    expect(panel.get_by_test_id("order-line")).to_contain_text("Stopped")
    assert left_of(channel, PIZZA) == 0


def test_a_printer_that_does_not_answer_is_told_of(channel, open_board):
    """The demo's printer is nobody's: what waits for it is said until somebody looks."""
    page = open_board()
    order = channel.order()
    channel.act(f"orders/{order}/accept", {"send_to_station": True})
    late = page.get_by_test_id("late-papers")
    expect(late).to_contain_text("the printer does not answer, 1 ticket waits", timeout=90_000)
    assert axe(page) == []


def test_another_button_of_the_mouse_holds_nothing(channel, open_board):
    """A menu of the browser may swallow its release: the board goes on all the same."""
    page = open_board()
    first, second = channel.order(), channel.order()
    expect(card(page, second, "new")).to_be_visible()
    card(page, first).dispatch_event("pointerdown", {"button": 2, "bubbles": True})
    channel.act(f"orders/{first}/refuse", {"reason": "too_busy"})
    expect(card(page, first, "new")).to_have_count(0)


def test_an_unknown_item_is_mapped(channel, open_board):
    """It needs a look until somebody says which product it is; the kitchen then gets it."""
    page = open_board()
    known = demo.example("create-order.request")["products"][0]
    strange = {**known, "product_id": 999_999, "product_name": "Mystery cake", "modifiers": []}
    order = channel.order(products=[known, strange])
    expect(card(page, order, "new")).to_contain_text("Needs a look")
    panel = open_order(page, order)
    panel.get_by_test_id("map").click()
    page.get_by_test_id("map-search").fill("margherita")
    page.get_by_test_id(f"product-{MARGHERITA}").click()
    expect(panel.get_by_test_id("map")).to_have_count(0)
    expect(card(page, order)).not_to_contain_text("Needs a look")
    expect(panel).to_contain_text("Pizza Margherita")
    panel.get_by_test_id("accept").click()
    expect(card(page, order, "accepted")).to_be_visible()
    tickets = channel.whole(order)["chain"]["tickets"]
    assert MARGHERITA in [line["product_id"] for ticket in tickets for line in ticket["lines"]]


def test_what_is_done_offline_is_sent_once_on_return(channel, open_board, watch):
    """The banner says since when; the tap waits, and takes effect exactly once."""
    page = open_board()
    order = channel.order()
    panel = open_order(page, order)
    with watch.server_away():
        page.context.set_offline(True)
        expect(page.get_by_test_id("lost")).to_be_visible()
        panel.get_by_test_id("accept").click()
        expect(page.get_by_test_id("waiting")).to_be_visible()
        expect(card(page, order, "new")).to_be_visible()
        page.context.set_offline(False)
        expect(card(page, order, "accepted")).to_be_visible()
    expect(page.get_by_test_id("waiting")).to_have_count(0)
    expect(page.get_by_test_id("lost")).to_have_count(0)
    assert channel.events(order, "order.received") == 1


def test_what_was_overtaken_is_asked_about_again(channel, open_board, watch):
    """Somebody else accepted meanwhile: the refusal that waited is not sent unless people say so."""
    page = open_board()
    order = channel.order()
    panel = open_order(page, order)
    with watch.server_away():
        page.context.set_offline(True)
        expect(page.get_by_test_id("lost")).to_be_visible()
        panel.get_by_test_id("refuse").click()
        page.get_by_test_id("reason-too_busy").click()
        page.get_by_test_id("refuse-confirm").click()
        expect(page.get_by_test_id("waiting")).to_be_visible()
        channel.act(f"orders/{order}/accept", {"send_to_station": True})
        page.context.set_offline(False)
        doubt = page.get_by_test_id("doubt")
        expect(doubt).to_be_visible()
    # It came by itself: whoever was typing answers it by no key that was meant for something else.
    expect(doubt.get_by_role("heading")).to_be_focused()
    for key in ("Space", "Enter"):
        page.keyboard.press(key)
    page.wait_for_timeout(SETTLING_MS)
    doubt.get_by_role("button", name="Discard").click()
    expect(card(page, order, "accepted")).to_be_visible()
    assert channel.whole(order)["chain"]["order"]["status"] == "RECEIVED"


def test_a_refusal_begun_before_somebody_accepted_is_asked_for_anew(channel, open_board):
    """The dialog says who accepted it meanwhile; the order is refused only when people say so then."""
    page = open_board("demo-manager")
    order = channel.order()
    panel = open_order(page, order)
    panel.get_by_test_id("refuse").click()
    page.get_by_test_id("reason-too_busy").click()
    channel.act(f"orders/{order}/accept", {"send_to_station": True})
    dialog = page.get_by_test_id("refuse-dialog")
    expect(dialog.get_by_test_id("refuse-accepted")).to_contain_text("has accepted this order meanwhile")
    expect(dialog.get_by_test_id("refuse-confirm")).to_be_disabled()
    assert axe(page) == []
    dialog.get_by_test_id("refuse-still").click()
    dialog.get_by_test_id("refuse-confirm").click()
    expect(card(page, order, "done")).to_be_attached()
    assert channel.whole(order)["chain"]["order"]["status"] == "IGNORE"


def test_a_question_that_comes_by_itself_takes_no_hit_meant_for_the_last_one(channel, open_board, watch):
    """Two refusals waited and were overtaken: a hand that hits twice answers the first question only."""
    page = open_board()
    orders = [channel.order() for _ in range(2)]
    for order in orders:
        # Its lines have come too: the panel has them without a connection.
        expect(card(page, order, "new")).to_contain_text("Test Customer")
    with watch.server_away():
        page.context.set_offline(True)
        expect(page.get_by_test_id("lost")).to_be_visible()
        for order in orders:
            panel = open_order(page, order)
            page.wait_for_timeout(SETTLING_MS)
            panel.get_by_test_id("refuse").click()
            page.get_by_test_id("reason-too_busy").click()
            page.get_by_test_id("refuse-confirm").click()
            expect(page.get_by_test_id("refuse-dialog")).to_have_count(0)
            channel.act(f"orders/{order}/accept", {"send_to_station": True})
        page.context.set_offline(False)
        expect(page.get_by_test_id("doubt")).to_be_visible()
    page.wait_for_timeout(SETTLING_MS)
    # The second hit comes as soon as there is another question; within the page, whose timers a slow machine delays, too.
    page.get_by_test_id("doubt").evaluate(
        """async (first) => {
            const discard = (dialog) => dialog.querySelector(".dialog-foot button").click();
            discard(first);
            let next = first;
            while (next === first || next === null) {
                await new Promise((resolve) => setTimeout(resolve, 5));
                next = document.querySelector('[data-testid="doubt"]');
            }
            discard(next);
        }"""
    )
    expect(page.get_by_test_id("doubt")).to_be_visible()
    expect(page.get_by_test_id("waiting")).to_contain_text("1")
    page.wait_for_timeout(SETTLING_MS)
    page.get_by_test_id("doubt").get_by_role("button", name="Discard").click()
    expect(page.get_by_test_id("doubt")).to_have_count(0)
    assert [channel.whole(order)["chain"]["order"]["status"] for order in orders] == ["RECEIVED", "RECEIVED"]


def test_a_killed_server_is_told_of_and_nothing_is_missing_after_it(house, open_board, watch):
    """The banner while it is away; afterwards the orders of before and those that came right after the start."""
    with _channel(house) as channel:
        before = channel.order()
    page = open_board()
    expect(card(page, before, "new")).to_be_visible()
    with watch.server_away():
        house.kill()
        expect(page.get_by_test_id("lost")).to_be_visible()
        house.start()
        with _channel(house) as channel:
            channel.act(f"orders/{before}/accept", {"send_to_station": True})
            after = [channel.order() for _ in range(3)]
            expect(page.get_by_test_id("lost")).to_have_count(0)
            expect(card(page, before, "accepted")).to_be_visible()
            for order in after:
                expect(card(page, order, "new")).to_be_attached()
            expect(page.get_by_test_id("count-new")).to_have_text("3")


def test_two_hundred_orders_in_a_burst_are_all_there(channel, open_board):
    """Each with its lines and its button, none twice; the page goes on answering."""
    page = open_board()
    with ThreadPoolExecutor(8) as threads:
        orders = list(threads.map(lambda _: channel.order(), range(200)))
    expect(page.get_by_test_id("count-new")).to_have_text("200")
    shown = "[...document.querySelectorAll('[data-testid=card]')].map((card) => Number(card.dataset.order)).sort()"
    wait_until(page, "document.querySelectorAll('.board-card-lines.is-loading').length === 0")
    assert sorted(page.evaluate(shown)) == sorted(orders)
    whole = "[...document.querySelectorAll('[data-testid=card]')].every((card) => card.querySelector('header + p') && card.querySelector('footer button'))"
    assert page.evaluate(whole)
    panel = open_order(page, orders[0])
    panel.get_by_test_id("accept").click()
    expect(card(page, orders[0], "accepted")).to_be_visible()
    expect(page.get_by_test_id("count-new")).to_have_text("199")


def test_texts_of_people_are_shown_and_never_run(channel, open_board):
    """Name, comment, note and item in the letters they were written in; nothing of them is markup."""
    page = open_board()
    body = demo.example("create-order.request")
    strange = {**body["products"][0], "product_id": 999_998, "product_name": HOSTILE[:100], "note": HOSTILE}
    guest = {**body["customer"], "id": 0, "name": HOSTILE[:60], "phone": "+994501112233", "address": HOSTILE}
    order = channel.order(customer=guest, comment=HOSTILE, products=[strange])
    panel = open_order(page, order)
    assert panel.get_by_test_id("comment").inner_text() == HOSTILE
    expect(panel.get_by_test_id("customer")).to_contain_text("<img src=x onerror=")
    expect(panel.get_by_test_id("order-line")).to_contain_text("<script>window.ran=1</script>")
    panel.get_by_test_id("map").click()
    expect(page.get_by_test_id("map-dialog")).to_contain_text("<img src=x")
    assert page.evaluate("window.ran") is None
    assert page.locator("img, main script").count() == 0


def test_a_payment_without_an_answer_is_told_as_such_and_safe_to_repeat(channel, open_board, watch):
    """Nobody knows: it says so, also after a refusal that does not settle it; every try has the first one's key."""
    page = open_board()
    order = channel.order(sale_type_id=1, delivery_fee=0)
    channel.act(f"orders/{order}/accept", {"send_to_station": True})
    panel = open_order(page, order)
    keys: list[str | None] = []

    def lose_the_first(route: Route) -> None:
        keys.append(route.request.headers.get("idempotency-key"))
        if len(keys) == 1:
            route.abort("connectionreset")
        elif len(keys) == 2:
            route.fulfill(status=429, json={"success": False, "error": "rate_limited", "message": "Slowly"})
        else:
            route.continue_()

    page.route("**/hub/v1/receipts/*/close", lose_the_first)
    panel.get_by_test_id("pay").click()
    due = float(re.sub(r"[^\d.]", "", page.get_by_test_id("due").inner_text()))
    page.get_by_test_id("split").click()
    page.get_by_test_id("amount-0").fill("10.00")
    page.get_by_test_id("amount-1").fill("0.01")
    expect(page.get_by_test_id("pay-confirm")).to_be_disabled()
    page.get_by_test_id("amount-1").fill(f"{due - 10:.2f}")
    with watch.server_away():
        page.get_by_test_id("pay-confirm").click()
        expect(page.get_by_test_id("pay-doubt")).to_be_visible()
    assert channel.events(order, "receipt.closed") == 0
    page.get_by_test_id("pay-again").click()
    expect(page.get_by_test_id("pay-refused")).to_contain_text("Wait a little")
    expect(page.get_by_test_id("pay-doubt")).to_be_visible()
    page.get_by_test_id("pay-again").click()
    expect(panel.get_by_test_id("paid")).to_have_text("Paid")
    assert keys == [keys[0]] * 3
    payments = channel.whole(order)["chain"]["receipt"]["payment_methods"]
    assert [payment["amount"] for payment in payments] == [10, pytest.approx(due - 10)]
    assert channel.events(order, "receipt.closed") == 1


def test_who_was_faster_is_told(channel, open_board):
    """The event is held back; accepting what a colleague has accepted says who it was."""
    page = open_board()
    order = channel.order()
    panel = open_order(page, order)
    expect(panel.get_by_test_id("accept")).to_be_visible()

    def overtake(route: Route) -> None:
        channel.act(f"orders/{order}/accept", {"send_to_station": True})
        route.continue_()

    page.route("**/hub/v1/orders/*/accept", overtake)
    panel.get_by_test_id("accept").click()
    expect(page.locator(".toast")).to_contain_text("Already accepted by Main till")


def test_the_board_by_keyboard_alone(channel, open_board):
    """Arrows, A, Enter on the focused button, P, H, Escape, the search and the list of keys."""
    page = open_board()
    order = channel.order(sale_type_id=3, delivery_fee=0)
    expect(card(page, order, "new")).to_be_visible()
    keys = page.keyboard
    keys.press("ArrowDown")
    expect(card(page, order).get_by_test_id("open")).to_be_focused()
    keys.press("a")
    expect(page.get_by_test_id("accept")).to_be_focused()
    keys.press("Enter")
    expect(card(page, order, "accepted")).to_be_visible()
    keys.press("Escape")
    expect(page.get_by_test_id("panel")).to_have_count(0)
    assert "order=" not in page.url
    channel.cook(order)
    expect(card(page, order, "ready")).to_be_visible()
    keys.press("p")
    expect(page.get_by_test_id("pay-dialog")).to_be_visible()
    page.get_by_test_id("pay-confirm").focus()
    keys.press("Enter")
    expect(page.get_by_test_id("pay-dialog")).to_have_count(0)
    expect(card(page, order)).to_contain_text("Paid")
    keys.press("h")
    expect(card(page, order, "done")).to_be_visible()
    keys.press("?")
    expect(page.get_by_test_id("keys")).to_be_visible()
    keys.press("Escape")
    keys.press("/")
    expect(page.get_by_test_id("search")).to_be_focused()


def test_keys_act_on_the_order_that_is_looked_at(channel, open_board):
    """The one opened or focused last, not where arrows had been before; with the panel open arrows go on in it."""
    page = open_board()
    first, second = channel.order(), channel.order()
    keys = page.keyboard
    expect(card(page, second)).to_be_visible()
    keys.press("ArrowDown")
    expect(card(page, first).get_by_test_id("open")).to_be_focused()
    open_order(page, second)
    keys.press("Escape")
    expect(page.get_by_test_id("panel")).to_have_count(0)
    keys.press("r")
    number = card(page, second).locator(".board-card-open [aria-hidden]").inner_text()
    assert number != card(page, first).locator(".board-card-open [aria-hidden]").inner_text()
    expect(page.get_by_test_id("refuse-dialog")).to_contain_text(number)
    keys.press("Escape")
    expect(open_order(page, second).get_by_role("heading").first).to_be_focused()
    card(page, second).get_by_test_id("open").focus()
    for key, order in (("ArrowUp", first), ("ArrowDown", second)):
        keys.press(key)
        expect(page.locator(f'[data-testid="panel"][data-order="{order}"]')).to_be_visible()
        expect(card(page, order).get_by_test_id("open")).to_be_focused()
    keys.press("Escape")
    page.get_by_test_id("search").fill("nobody of this name")
    expect(page.get_by_test_id("card")).to_have_count(0)
    page.get_by_test_id("search").evaluate("field => field.blur()")
    keys.press("r")
    page.wait_for_timeout(SETTLING_MS)
    expect(page.get_by_test_id("refuse-dialog")).to_have_count(0)


def test_the_open_order_is_in_the_address_and_back_closes_it(channel, open_board):
    """A link to an order opens it; on a phone it fills the screen."""
    order = channel.order()
    page = open_board(size=(390, 844))
    open_order(page, order)
    assert page.url.endswith(f"?order={order}")
    expect(page.get_by_test_id("column-new")).to_be_hidden()
    page.go_back()
    expect(page.get_by_test_id("panel")).to_have_count(0)
    expect(card(page, order, "new")).to_be_visible()
    page.goto(f"/board?order={order}")
    expect(page.get_by_test_id("panel")).to_contain_text("Test Customer")


def test_search_finds_by_number_phone_and_name_also_what_has_left(channel, open_board):
    """On the board at once, older ones from the server."""
    page = open_board()
    body = demo.example("create-order.request")
    guests = [("Əli Çələbi", "+994501110001"), ("Ольга", "+994501110002")]
    here, other = [
        channel.order(customer={**body["customer"], "id": 0, "name": name, "phone": phone}) for name, phone in guests
    ]
    expect(page.get_by_test_id("count-new")).to_have_text("2")
    expect(card(page, here)).to_contain_text("Əli")
    field = page.get_by_test_id("search")
    for text in ("eli cel", "1110001", str(here)):
        field.fill(text)
        expect(card(page, here)).to_be_visible()
        expect(card(page, other)).to_have_count(0)
    field.fill("")
    for order in (here, other):
        channel.act(f"orders/{order}/refuse", {"reason": "closed"})
    page.reload()
    settled(page)
    field.fill("eli cel")
    expect(card(page, here, "done")).to_be_visible()
    expect(card(page, other)).to_have_count(0)
    expect(page.get_by_test_id("hit")).to_have_count(0)
    page.evaluate("sessionStorage.clear()")
    for _ in range(31):
        channel.act(f"orders/{channel.order()}/refuse", {"reason": "closed"})
    page.reload()
    settled(page)
    expect(page.get_by_test_id("count-done")).to_have_text("30")
    field.fill("Ольга")
    hit = page.locator(f'[data-testid="hit"][data-order="{other}"]')
    hit.click()
    expect(page.get_by_test_id("refusal")).to_contain_text("We are closed")


def test_a_terminal_says_that_it_has_shown_an_order(house, channel, new_context):
    """Once, from the paired till; a manager who looks on from elsewhere says nothing."""
    manager, till = new_context(house.url), new_context(house.url)
    credentials = {"brand": demo.BRAND, "username": demo.MANAGER, "password": demo.MANAGER_PASSWORD}
    token = manager.request.post("/hub/v1/session", data=credentials).json()["data"]["csrf_token"]
    pairing = till.request.post("/hub/v1/pairings", data={"brand": demo.BRAND, "kind": "terminal"}).json()["data"]
    wish = {"venue_id": VENUE, "kind": "terminal", "name": "Second till", "terminal_id": None, "station_id": None}
    approved = manager.request.post(
        f"/hub/v1/pairings/{pairing['code']}/approve", data=wish, headers={"X-CSRF-Token": token}
    )
    assert approved.ok, approved.text()
    claimed = till.request.post("/hub/v1/pairings/claim", data={"brand": demo.BRAND, "claim": pairing["claim"]})
    assert claimed.json()["data"]["status"] == "paired"
    office = manager.new_page()
    office.goto("/board")
    settled(office)
    order = channel.order()
    expect(card(office, order, "new")).to_be_visible()
    assert channel.events(order, "order.seen") == 0
    counter = till.new_page()
    counter.goto("/board")
    expect(card(counter, order, "new")).to_be_visible()
    expect(card(office, order, "new")).to_be_visible()
    for _ in range(100):
        if channel.events(order, "order.seen"):
            break
        counter.wait_for_timeout(100)
    assert channel.events(order, "order.seen") == 1


def test_papers_nobody_knows_about_are_settled_by_people(channel, open_board):
    """The printer broke off in the middle of a paper: the board says so until somebody has looked."""
    with _broken_printer() as port, httpx.Client(base_url=channel.house.url, timeout=60) as manager:
        credentials = {"brand": demo.BRAND, "username": demo.MANAGER, "password": demo.MANAGER_PASSWORD}
        signed_in = manager.post("/hub/v1/session", json=credentials).json()["data"]
        headers = {"X-CSRF-Token": signed_in["csrf_token"], "If-Match": "*"}
        moved = manager.patch("/hub/v1/admin/printers/1", json={"port": port}, headers=headers)
        assert moved.status_code == 200, moved.text
        page = open_board()
        for _ in range(2):
            channel.act(f"orders/{channel.order()}/accept", {"send_to_station": True})
        paper = page.get_by_test_id("paper")
        expect(paper).to_have_count(2)
        expect(paper.first).to_contain_text("Kitchen")
        page.wait_for_timeout(SETTLING_MS)
        # A hand that hits twice says nothing of the paper that comes to stand under it.
        page.evaluate(
            """async () => {
                const buttons = () => document.querySelectorAll('[data-testid="paper-dismiss"]');
                const gone = new Promise((resolve) => new MutationObserver((_, watch) => {
                    if (buttons().length > 1) return;
                    watch.disconnect();
                    buttons()[0].click();
                    resolve();
                }).observe(document.body, { subtree: true, childList: true }));
                buttons()[0].click();
                await gone;
            }"""
        )
        page.wait_for_timeout(SETTLING_MS)
        expect(paper).to_have_count(1)
        paper.get_by_test_id("paper-dismiss").click()
        expect(paper).to_have_count(0)


@contextmanager
def _broken_printer() -> Iterator[int]:
    """A printer that takes the first bytes of each paper and then resets the connection; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.2)
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                try:
                    connection, _ = listening.accept()
                except TimeoutError:
                    continue
                with connection:
                    connection.settimeout(60)
                    connection.recv(16)
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            over.set()
            thread.join()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(channel, open_board, scheme):
    """The columns in every state, an open order, each question, the drawer; on a desktop and on a phone."""
    page = open_board(scheme=scheme)
    orders = [channel.order() for _ in range(4)]
    channel.act(f"orders/{orders[1]}/accept", {"send_to_station": False, "minutes": 20})
    channel.act(f"orders/{orders[2]}/accept", {"send_to_station": True, "minutes": 20})
    channel.cook(orders[2])
    channel.act(f"orders/{orders[3]}/refuse", {"reason": "closed"})
    expect(card(page, orders[3], "done")).to_be_visible()
    assert axe(page) == []
    panel = open_order(page, orders[0])
    assert axe(page) == []
    panel.get_by_test_id("refuse").click()
    page.get_by_test_id("reason-out_of_stock").click()
    assert axe(page) == []
    page.keyboard.press("Escape")
    tap(page, orders[2], "pay")
    expect(page.get_by_test_id("pay-dialog")).to_be_visible()
    assert axe(page) == []
    page.keyboard.press("Escape")
    page.get_by_test_id("stop-list").click()
    expect(page.get_by_test_id("stop-list-drawer")).to_be_visible()
    assert axe(page) == []
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 390, "height": 844})
    assert axe(page) == []


@pytest.mark.parametrize("language", ["en", "az", "ru", "tr"])
def test_each_language_has_all_its_texts(channel, open_board, language):
    """No text is missing or shows its making, on the board, in an order and in its questions."""
    order = channel.order()
    page = open_board(language=language)
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLES[language])
    panel = open_order(page, order)
    panel.get_by_test_id("refuse").click()
    expect(page.get_by_test_id("refuse-dialog")).to_be_visible()
    text = page.locator("body").inner_text()
    for made in ("undefined", "[object", "=>", "NaN", "null", "# "):
        assert made not in text
    page.keyboard.press("Escape")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_clock_moves_and_the_cards_stay(channel, open_board):
    """A running clock draws nothing anew but itself, and a new order moves none that stand there."""
    page = open_board()
    first = channel.order()
    expect(card(page, first)).to_contain_text("Pizza")
    page.evaluate(
        """(id) => {
            window.changed = [];
            const card = document.getElementById(`board-card-${id}`);
            window.standing = card;
            new MutationObserver((records) => {
                for (const { target } of records) {
                    const at = target.nodeType === 1 ? target : target.parentElement;
                    if (!at.closest("time, .board-deadline")) window.changed.push(at.outerHTML);
                }
            }).observe(card, { subtree: true, childList: true, characterData: true, attributes: true });
        }""",
        first,
    )
    place = card(page, first).bounding_box()
    second = channel.order()
    expect(card(page, second)).to_contain_text("Pizza")
    page.wait_for_timeout(2_500)
    assert page.evaluate("window.changed") == []
    assert page.evaluate("document.contains(window.standing)")
    assert card(page, first).bounding_box() == place


def test_only_those_who_take_money_are_offered_it(channel, open_board):
    """The call centre accepts and hands over; the till takes payments."""
    order = channel.order()
    channel.act(f"orders/{order}/accept", {"send_to_station": True})
    operator = open_order(open_board("demo-operator"), order)
    expect(operator.get_by_test_id("hand-over")).to_be_visible()
    expect(operator.get_by_test_id("pay")).to_have_count(0)
    expect(open_order(open_board("demo-cashier"), order).get_by_test_id("pay")).to_be_visible()


def test_what_the_kitchen_takes_back_is_not_handed_over(channel, open_board):
    """Also when it was paid, and its closed receipt goes on saying READY: it stands with what is being made."""
    page = open_board()
    order = channel.order()
    channel.accept_and_pay(order, send=True)
    channel.cook(order)
    expect(card(page, order, "ready").get_by_test_id("move-handOver")).to_be_visible()
    (ticket,) = channel.whole(order)["chain"]["tickets"]
    channel.act(f"tickets/{ticket['id']}/recall", cook=True)
    expect(card(page, order, "accepted")).to_be_visible()
    expect(card(page, order).get_by_test_id("move-handOver")).to_have_count(0)


def test_one_key_hands_over_only_what_is_ready(channel, open_board):
    """On what is still to be cooked it opens the order, and on what was paid R does no more at a till."""
    page = open_board()
    order = channel.order()
    channel.accept_and_pay(order, send=True)
    expect(card(page, order, "accepted")).to_contain_text("Paid")
    page.keyboard.press("ArrowDown")
    for key in ("h", "r"):
        page.keyboard.press(key)
        expect(page.locator(f'[data-testid="panel"][data-order="{order}"]')).to_be_visible()
        expect(page.get_by_test_id("refuse-dialog")).to_have_count(0)
        page.keyboard.press("Escape")
        expect(page.get_by_test_id("panel")).to_have_count(0)
    assert channel.whole(order)["chain"]["order"]["handed_over_at"] is None


def test_what_goes_wrong_in_a_question_is_told_in_it(channel, open_board):
    """Nothing stands behind the question where nobody sees it."""
    page = open_board()
    order = channel.order()
    panel = open_order(page, order)
    panel.get_by_test_id("refuse").click()
    page.get_by_test_id("reason-too_busy").click()
    channel.accept_and_pay(order, send=False)
    page.get_by_test_id("refuse-still").click()
    page.get_by_test_id("refuse-confirm").click()
    told = page.get_by_test_id("refuse-dialog").locator(".toast")
    expect(told).to_contain_text("The server refused this")
    told.get_by_role("button").click()
    expect(told).to_have_count(0)
