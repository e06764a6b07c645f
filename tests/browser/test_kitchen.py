"""The kitchen display in a real browser: tickets come, are cooked, taken back and cancelled, by glove and by keyboard."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect
from tests.browser.conftest import House, axe

from comanda import demo

KITCHEN, BAR, GRILL = 1, 2, 3
PIZZA, MARGHERITA, AYRAN, ADANA = 101, 102, 111, 213
CHEESE, MUSHROOMS = 501, 502
NAMES = {
    PIZZA: "Pizza",
    MARGHERITA: "Pizza Margherita",
    AYRAN: "Ayran",
    ADANA: "Adana kebap",
    CHEESE: "Extra Cheese",
    MUSHROOMS: "Mushrooms",
}
GUARD_MS = 1_000
"""What comes sooner than 400 ms after a card has moved, or was hit, is not meant (moves.ts); a slow page draws late."""
PRESS_ONE = "() => document.body.dispatchEvent(new KeyboardEvent('keydown', {code: 'Digit1', bubbles: true}))"
HOSTILE = '<img src=x onerror="window.ran=1"><script>window.ran=1</script>\u202e\'"&amp;'
START_OF = {"en": "Start", "az": "Başla", "ru": "Начать", "tr": "Başla"}


class Restaurant:
    """What goes on around the kitchen: guests who order, and other screens of the house."""

    def __init__(self, house: House) -> None:
        self.guests = httpx.Client(base_url=house.url, timeout=60)
        credentials = {
            "client_id": demo.CLIENT_ID,
            "client_secret": demo.CLIENT_SECRET,
            "brand": demo.BRAND,
            "integrator_id": demo.INTEGRATOR_ID,
        }
        self.guests.headers["x-token"] = self.guests.post("/open-api/v2/auth", json=credentials).json()["token"]
        self.screen = house.call(demo.KITCHEN_TOKEN)
        self.till = house.call(demo.TERMINAL_TOKEN)

    def order(self, *lines: dict[str, Any], **more: Any) -> int:
        """A guest's order that is accepted and sent to its stations at once; its id."""
        body = {
            **demo.example("create-order.minimal.request"),
            "auto_accept_terminal": 1,
            "auto_order_accept": True,
            "auto_order_sent_to_station": True,
            "products": list(lines) or [line(PIZZA, 2)],
            **more,
        }
        answer = self.guests.post("/open-api/v2/orders", json=body)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["data"]["id"])

    def cancel(self, order_id: int) -> None:
        """The guest does not want it any more."""
        answer = self.guests.put(f"/open-api/v2/orders/{order_id}", json={"status": "IGNORE"})
        assert answer.status_code == 200, answer.text

    def move(self, ticket_id: str, what: str) -> None:
        """Another screen of the kitchen does something with a ticket."""
        answer = self.screen.post(
            f"/hub/v1/tickets/{ticket_id}/{what}", headers={"Idempotency-Key": f"{ticket_id}-{what}"}
        )
        assert answer.status_code == 200, answer.text

    def tickets(self, station: int = KITCHEN) -> dict[str, str]:
        """The station's tickets as the server has them, with their states."""
        answer = self.screen.get(f"/hub/v1/stations/{station}/tickets")
        return {ticket["id"]: ticket["status"] for ticket in answer.json()["data"]["tickets"]}


def line(product_id: int, count: float = 1, modifiers: tuple[int, ...] = (), **more: Any) -> dict[str, Any]:
    """A line of an order."""
    chosen = [
        {"modifier_id": m, "modifier_name": NAMES[m], "count": 1, "price": 0.5, "portion_size": 1} for m in modifiers
    ]
    plain = {"product_id": product_id, "product_name": NAMES[product_id], "count": count, "price": 8.5}
    return {**plain, "status": "new", "product_hash": "", "modifiers": chosen, **more}


@contextmanager
def _restaurant(house: House) -> Iterator[Restaurant]:
    made = Restaurant(house)
    try:
        yield made
    finally:
        for client in (made.guests, made.screen, made.till):
            client.close()


@pytest.fixture
def restaurant(house: House) -> Iterator[Restaurant]:
    """The rest of the house."""
    with _restaurant(house) as made:
        yield made


@pytest.fixture
def open_kitchen(house: House, new_context: Callable[..., BrowserContext]) -> Callable[..., Page]:
    """Opens a station's screen on a device of its own, signed in as the cook."""

    def make(station: int | str = KITCHEN, **options: Any) -> Page:
        context = new_context(house.url, **options)
        credentials = {"brand": "demo", "username": "demo-cook", "password": "demo-password"}
        assert context.request.post("/hub/v1/session", data=credentials).status == 200
        page = context.new_page()
        page.goto(f"/kitchen/{station}")
        expect(page.get_by_test_id("line")).to_have_attribute("data-state", "live")
        expect(page.get_by_test_id("grid").locator(".spinner")).to_have_count(0)
        return page

    return make


def card(page: Page, order_id: int, station: int = KITCHEN) -> Locator:
    """An order's ticket on the grid."""
    return page.locator(f'[data-ticket="{order_id}-{station}-1"]')


def expect_status(page: Page, order_id: int, status: str, station: int = KITCHEN) -> None:
    """Wait until a ticket is shown as being in a state."""
    expect(card(page, order_id, station)).to_have_attribute("data-status", status)


def tap(target: Locator) -> None:
    """A tap that is meant: not right after another one."""
    target.page.wait_for_timeout(GUARD_MS)
    target.click()


def press(page: Page, key: str) -> None:
    """A key that is meant."""
    page.wait_for_timeout(GUARD_MS)
    page.keyboard.press(key)


def while_ready(ticket: Locator, does: str) -> None:
    """Do something with a ticket's button while it stands in the grid for a moment as ready, not right after a hit.

    It is done within the page: a slow machine delays the page's own timers as much as ours.
    """
    bump = ticket.get_by_test_id("bump")
    bump.evaluate(
        f"""async (bump) => {{
            const ticket = bump.closest("[data-ticket]");
            while (ticket.dataset.status !== "READY") await new Promise((resolve) => setTimeout(resolve, 20));
            await new Promise((resolve) => setTimeout(resolve, 500));
            ({does})(ticket.querySelector('[data-testid="bump"]'));
        }}"""
    )


def shown(page: Page) -> dict[str, str]:
    """The tickets on the grid's pages, with their states."""
    found = page.get_by_test_id("ticket").evaluate_all("cards => cards.map(c => [c.dataset.ticket, c.dataset.status])")
    return dict(found)


def wait_until_shown(page: Page, expected: Callable[[], dict[str, str]], within_s: float = 20) -> None:
    """Wait until the grid shows exactly these tickets; what has just been finished stays for a moment."""
    until = time.monotonic() + within_s
    while (seen := shown(page)) != (wanted := {k: v for k, v in expected().items() if v != "READY"}):
        assert time.monotonic() < until, (seen, wanted)
        page.wait_for_timeout(100)


def test_a_ticket_comes_with_all_the_cook_must_know(restaurant, open_kitchen):
    """Number, quantities, modifiers, notes and the order's comment; how long it took is printed, texts stay texts."""
    page = open_kitchen()
    restaurant.order()
    expect(page.get_by_test_id("ticket")).to_have_count(1)
    page.evaluate(
        """() => {
            window.came = {};
            new MutationObserver(() => {
                for (const card of document.querySelectorAll("[data-ticket]")) window.came[card.dataset.ticket] ??= Date.now();
            }).observe(document.body, { childList: true, subtree: true });
        }"""
    )
    latencies = []
    for _ in range(10):
        order_id = restaurant.order(line(PIZZA))
        answered_ms = time.time() * 1_000
        expect(card(page, order_id)).to_be_visible()
        latencies.append(page.evaluate("id => window.came[id]", f"{order_id}-1-1") - answered_ms)
    sys.stdout.write(
        f"\nfrom the answer to the guest until the ticket is on the screen, ms: {[round(ms) for ms in sorted(latencies)]}"
    )

    order_id = restaurant.order(
        line(PIZZA, 12, (CHEESE, MUSHROOMS), note=HOSTILE),
        line(MARGHERITA),
        line(AYRAN, 3),
        comment=f"Ring twice {HOSTILE}",
    )
    ticket = card(page, order_id)
    expect(ticket.get_by_test_id("ticket-line")).to_have_count(2)
    first = ticket.get_by_test_id("ticket-line").first
    expect(first.locator(".kitchen-count")).to_have_text("12")
    expect(first.locator(".kitchen-modifier")).to_have_text(["Extra Cheese", "Mushrooms"])
    expect(first.locator(".kitchen-note")).to_have_text(HOSTILE)
    expect(ticket.get_by_test_id("comment")).to_contain_text("Ring twice <img src=x")
    assert page.evaluate("window.ran") is None
    tall = page.evaluate("() => parseFloat(getComputedStyle(document.querySelector('.kitchen-number')).fontSize)")
    assert tall >= 40
    small = page.locator(".kitchen button, .kitchen-bar a").evaluate_all(
        "all => all.map(b => [b.outerHTML.slice(0, 80), b.getBoundingClientRect()]).filter(([, r]) => r.height > 0 && (r.width < 63.5 || r.height < 63.5)).map(([html]) => html)"
    )
    assert small == []


def test_started_cooked_line_by_line_and_taken_back(restaurant, open_kitchen):
    """Taps say start, line, ready and undo; nothing is shown before the server has said it."""
    page = open_kitchen()
    order_id = restaurant.order(line(PIZZA, 2), line(MARGHERITA))
    ticket = card(page, order_id)
    expect_status(page, order_id, "NEW")
    tap(ticket.get_by_test_id("bump"))
    expect_status(page, order_id, "STARTED")

    lines = ticket.get_by_test_id("ticket-line")
    tap(lines.nth(0))
    expect(lines.nth(0)).to_have_attribute("aria-pressed", "true")
    expect(lines.nth(1)).to_have_attribute("aria-pressed", "false")
    tap(lines.nth(1))
    while_ready(ticket, "bump => bump.click()")
    expect_status(page, order_id, "STARTED")
    expect(lines.nth(0)).to_have_attribute("aria-pressed", "false")

    # The head does as the button does; what was finished goes to the strip, and comes back from there.
    tap(ticket.get_by_test_id("ticket-head"))
    expect(page.get_by_test_id("ready-strip").get_by_test_id("recall")).to_have_count(1)
    expect(ticket).to_have_count(0)
    assert restaurant.tickets() == {f"{order_id}-1-1": "READY"}
    tap(page.get_by_test_id("recall"))
    expect_status(page, order_id, "STARTED")
    assert restaurant.tickets() == {f"{order_id}-1-1": "STARTED"}


def test_a_glove_that_hits_twice_is_taken_for_one(restaurant, open_kitchen):
    """Start and Ready stand in the same place: the second hit of one hand does not finish what the first began."""
    page = open_kitchen()
    for _ in range(10):
        order_id = restaurant.order()
        expect_status(page, order_id, "NEW")
        page.wait_for_timeout(GUARD_MS)
        between_ms = (
            card(page, order_id)
            .get_by_test_id("ticket-head")
            .evaluate(
                """async (head) => {
                const [began, ticket] = [performance.now(), head.closest("[data-ticket]")];
                head.click();
                while (ticket.dataset.status === "NEW" && performance.now() - began < 200)
                    await new Promise((resolve) => setTimeout(resolve, 10));
                const between = performance.now() - began;
                head.click();
                return between;
            }"""
            )
        )
        expect_status(page, order_id, "STARTED")
        if between_ms < 350:  # else the page stood still, and the second hit was one of its own
            break
    else:
        raise AssertionError("the page never was quick enough to be hit twice at once")
    page.wait_for_timeout(GUARD_MS)
    assert restaurant.tickets()[f"{order_id}-1-1"] == "STARTED"


def test_a_cancelled_ticket_shouts_until_it_is_seen(restaurant, open_kitchen):
    """It stands first, crossed out, and stays after its order has left, on every screen until one has seen it."""
    page, other = open_kitchen(), open_kitchen("all")
    kept, cancelled = restaurant.order(), restaurant.order(line(MARGHERITA))
    expect_status(page, cancelled, "NEW")
    restaurant.cancel(cancelled)
    for screen in (page, other):
        expect_status(screen, cancelled, "CANCELLED")
        expect(screen.get_by_test_id("ticket").first).to_have_attribute("data-status", "CANCELLED")
    assert "line-through" in card(page, cancelled).locator(".kitchen-name").evaluate(
        "e => getComputedStyle(e).textDecoration"
    )
    page.reload()
    expect_status(page, cancelled, "CANCELLED")
    tap(card(page, cancelled).get_by_test_id("bump"))
    for screen in (page, other):
        expect(card(screen, cancelled)).to_have_count(0)
        expect_status(screen, kept, "NEW")
    assert restaurant.tickets() == {f"{kept}-1-1": "NEW"}


def test_the_kitchen_by_keyboard_alone(restaurant, open_kitchen):
    """Numbers bump, with Shift they select; arrows and Space mark lines; R and Backspace take back; A counts."""
    page = open_kitchen()
    first = restaurant.order(line(PIZZA))
    second = restaurant.order(line(PIZZA, 3, (CHEESE,)), line(MARGHERITA, 2), line(PIZZA))
    expect_status(page, second, "NEW")
    press(page, "1")
    expect_status(page, first, "STARTED")
    expect(card(page, second).locator("kbd")).to_have_text("2")
    press(page, "1")
    # It keeps its number while it stands there, so no number means another ticket than the one it is read on.
    while_ready(card(page, first), PRESS_ONE)
    expect(card(page, first)).to_have_count(0)
    expect(card(page, second).locator("kbd")).to_have_text("1")

    press(page, "Shift+1")
    expect(card(page, second).get_by_test_id("ticket-line").first).to_be_focused()
    press(page, "ArrowDown")
    press(page, "Space")
    lines = card(page, second).get_by_test_id("ticket-line")
    expect(lines.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(lines.nth(0)).to_have_attribute("aria-pressed", "false")

    press(page, "a")
    totals = page.get_by_test_id("total").evaluate_all("all => all.map(t => [t.dataset.name, Number(t.dataset.count)])")
    assert totals == [["Pizza", 4]]
    assert page.locator(".kitchen-variants li").all_inner_texts() == ["3\nExtra Cheese", "1\nas it is"]
    press(page, "a")
    expect(page.get_by_test_id("all-day")).to_have_count(0)

    press(page, "Escape")
    press(page, "r")
    expect_status(page, first, "STARTED")
    press(page, "1")
    expect_status(page, first, "READY")
    press(page, "Backspace")
    expect_status(page, first, "STARTED")


def test_keys_do_nothing_behind_a_dialog(restaurant, open_kitchen):
    """Whatever has the focus just then."""
    page = open_kitchen()
    order = restaurant.order(line(PIZZA))
    expect_status(page, order, "NEW")
    page.get_by_test_id("stop-list").click()
    expect(page.locator("dialog[open]")).to_be_visible()
    page.evaluate("document.activeElement.blur()")
    press(page, "1")
    press(page, "a")
    expect(page.get_by_test_id("all-day")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect_status(page, order, "NEW")


def test_keys_mean_the_page_that_is_turned_to(restaurant, open_kitchen):
    """Also while it still slides into place: a number is one of what is to stand there."""
    page = open_kitchen()
    orders = [restaurant.order(*[line(PIZZA, note=f"{row} {'x' * 60}") for row in range(9)]) for _ in range(8)]
    expect_status(page, orders[-1], "NEW")
    # The first key takes the banner about sound away, which moves the page.
    press(page, "Escape")
    page.wait_for_timeout(GUARD_MS)
    second = page.locator(".kitchen-page").nth(1).get_by_test_id("ticket").first.get_attribute("data-ticket")
    page.keyboard.press("PageDown")
    page.keyboard.press("1")
    expect(page.locator(f'[data-ticket="{second}"]')).to_have_attribute("data-status", "STARTED")
    assert {ticket for ticket, status in restaurant.tickets().items() if status != "NEW"} == {second}


def test_two_screens_agree(restaurant, open_kitchen):
    """What one cook does, the other sees; both show what the server has."""
    one, two = open_kitchen(), open_kitchen("all")
    orders = [restaurant.order(line(PIZZA)) for _ in range(4)]
    for screen in (one, two):
        expect_status(screen, orders[-1], "NEW")
    tap(card(one, orders[0]).get_by_test_id("bump"))
    tap(card(two, orders[1]).get_by_test_id("bump"))
    expect_status(two, orders[0], "STARTED")
    expect_status(one, orders[1], "STARTED")
    tap(card(two, orders[0]).get_by_test_id("bump"))
    expect(one.get_by_test_id("recall")).to_have_count(1)
    for screen in (one, two):
        wait_until_shown(screen, restaurant.tickets)


def test_a_screen_that_slept_shows_exactly_what_it_missed(restaurant, open_kitchen):
    """Frozen as browsers freeze pages of sleeping tablets; on waking it is as a fresh screen would be."""
    page = open_kitchen()
    early = [restaurant.order(line(PIZZA)) for _ in range(5)]
    expect_status(page, early[-1], "NEW")
    browser_side = page.context.new_cdp_session(page)
    browser_side.send("Page.setWebLifecycleState", {"state": "frozen"})
    restaurant.move(f"{early[0]}-1-1", "start")
    restaurant.move(f"{early[1]}-1-1", "ready")
    restaurant.cancel(early[2])
    late = [restaurant.order(line(MARGHERITA)) for _ in range(5)]
    time.sleep(5)
    browser_side.send("Page.setWebLifecycleState", {"state": "active"})
    expect_status(page, late[-1], "NEW")
    wait_until_shown(page, restaurant.tickets)
    assert shown(page)[f"{early[2]}-1-1"] == "CANCELLED"


def test_a_server_that_was_killed_comes_back_under_the_screen(house, restaurant, open_kitchen, watch):
    """The screen says how old it is; an action waits and is sent once; what was missed comes by itself."""
    page = open_kitchen()
    early = restaurant.order(line(PIZZA))
    expect_status(page, early, "NEW")
    with watch.server_away():
        house.kill()
        expect(page.get_by_test_id("lost")).to_be_visible()
        tap(card(page, early).get_by_test_id("bump"))
        expect(page.get_by_test_id("waiting")).to_be_visible()
        expect_status(page, early, "NEW")
        house.start()
        with _restaurant(house) as after:
            late = after.order(line(MARGHERITA))
            expect(page.get_by_test_id("lost")).to_have_count(0)
            expect_status(page, late, "NEW")
            expect_status(page, early, "STARTED")
            wait_until_shown(page, after.tickets)
        expect(page.get_by_test_id("waiting")).to_have_count(0)


def test_sixty_tickets(restaurant, open_kitchen):
    """They stand on pages that keys and buttons turn; each is there once, oldest first, and the page stays fluent."""
    page = open_kitchen(size=(1920, 1080))
    orders = [restaurant.order(line(PIZZA, 1 + n % 3, (CHEESE,)), *[line(MARGHERITA)] * (n % 4)) for n in range(60)]
    expect(page.get_by_test_id("ticket")).to_have_count(60)
    in_order = page.get_by_test_id("ticket").evaluate_all("all => all.map(card => card.dataset.ticket)")
    assert in_order == [f"{order}-1-1" for order in orders]
    expect(page.get_by_test_id("open-count")).to_have_text("60 tickets to make")
    in_sight = page.locator(".kitchen-page").first.get_by_test_id("ticket").count()
    expect(page.get_by_test_id("next-page")).to_contain_text(f"+{60 - in_sight}")
    frames = page.evaluate(
        """async () => {
            const grid = document.querySelector('[data-testid="grid"]');
            const gaps = [];
            let last = performance.now();
            for (let step = 0; step < 90; step += 1) {
                await new Promise(requestAnimationFrame);
                gaps.push(performance.now() - last);
                last = performance.now();
                grid.scrollLeft = (grid.scrollWidth - grid.clientWidth) * Math.abs(Math.sin(step / 15));
            }
            grid.scrollLeft = 0;
            return gaps.sort((a, b) => a - b);
        }"""
    )
    sys.stdout.write(
        f"\nframes while 60 tickets scroll, ms: p50 {frames[45]:.1f}, p90 {frames[81]:.1f}, longest {frames[-1]:.1f}"
    )
    page.wait_for_timeout(500)
    press(page, "PageDown")
    second = page.locator(".kitchen-page").nth(1).get_by_test_id("ticket").first
    expect(second).to_be_in_viewport(ratio=0.9)
    expect(second.locator("kbd")).to_have_text("1")
    tap(page.get_by_test_id("previous-page"))
    expect(card(page, orders[0])).to_be_in_viewport(ratio=0.9)


@pytest.mark.parametrize("size", [(1920, 1080), (1024, 768), (360, 740)])
def test_nothing_keeps_anybody_out(house, restaurant, open_kitchen, size):
    """Axe finds nothing on a screen with every kind of ticket, its counts and its questions; dark whatever is wanted."""
    started, ready, cancelled = (restaurant.order(line(PIZZA, 2, (CHEESE,), note="No onion")) for _ in range(3))
    restaurant.order(line(ADANA, 2), comment="Ring twice")
    restaurant.move(f"{started}-1-1", "start")
    restaurant.move(f"{ready}-1-1", "ready")
    restaurant.cancel(cancelled)
    page = open_kitchen("all", size=size, scheme="light")
    expect(page.get_by_test_id("ticket")).to_have_count(3)
    expect(page.get_by_test_id("comment")).to_have_count(1)
    assert page.locator(".kitchen").evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(16, 20, 19)"
    # Waiting cards pulse: contrast is judged when they are still.
    page.emulate_media(reduced_motion="reduce")
    assert axe(page) == []
    page.keyboard.press("a")
    expect(page.get_by_test_id("all-day")).to_be_visible()
    assert axe(page) == []
    page.keyboard.press("a")
    tap(card(page, started).get_by_test_id("more"))
    expect(page.get_by_test_id("ticket-menu")).to_be_visible()
    assert axe(page) == []
    page.goto("/kitchen")
    expect(page.get_by_test_id("station")).to_have_count(5)
    assert axe(page) == []


def test_every_language(restaurant, open_kitchen):
    """The same screen in each of the four."""
    order_id = restaurant.order()
    for language, start in START_OF.items():
        page = open_kitchen(language=language)
        expect(page.locator("html")).to_have_attribute("lang", language)
        expect(card(page, order_id).get_by_test_id("bump")).to_have_text(start)


def test_a_paired_screen_goes_to_its_station(house, restaurant, new_context):
    """A device that was paired for the grill shows the grill's tickets and no other, without anybody signing in."""
    context = new_context(house.url)
    with httpx.Client(base_url=house.url, timeout=60) as manager:
        signed_in = manager.post(
            "/hub/v1/session", json={"brand": "demo", "username": "demo-manager", "password": "demo-password"}
        ).json()["data"]
        pairing = context.request.post("/hub/v1/pairings", data={"brand": "demo", "kind": "kitchen"}).json()["data"]
        approved = manager.post(
            f"/hub/v1/pairings/{pairing['code']}/approve",
            json={"venue_id": 1, "kind": "kitchen", "name": "Grill screen", "terminal_id": None, "station_id": GRILL},
            headers={"X-CSRF-Token": signed_in["csrf_token"]},
        )
        assert approved.status_code == 200, approved.text
    claimed = context.request.post("/hub/v1/pairings/claim", data={"brand": "demo", "claim": pairing["claim"]})
    assert claimed.json()["data"]["status"] == "paired"
    order_id = restaurant.order(line(PIZZA), line(ADANA))
    page = context.new_page()
    page.goto("/kitchen")
    expect(page).to_have_url(f"{house.url}/kitchen/{GRILL}")
    expect_status(page, order_id, "NEW", GRILL)
    assert shown(page) == {f"{order_id}-{GRILL}-1": "NEW"}
    tap(card(page, order_id, GRILL).get_by_test_id("bump"))
    expect_status(page, order_id, "STARTED", GRILL)
    page.get_by_test_id("stations").click()
    expect(page.get_by_test_id("station")).to_have_count(5)


def test_tickets_stand_in_the_order_in_which_they_are_due(restaurant, open_kitchen):
    """What was promised sooner comes first, whenever it was ordered."""
    page = open_kitchen()
    promised = {}
    for minutes in (60, 5, 30):
        order_id = restaurant.order(line(PIZZA), auto_order_accept=False)
        answer = restaurant.till.post(
            f"/hub/v1/orders/{order_id}/accept", json={"minutes": minutes, "send_to_station": True}
        )
        assert answer.status_code == 200, answer.text
        promised[minutes] = f"{order_id}-1-1"
    expect(page.get_by_test_id("ticket")).to_have_count(3)
    assert list(shown(page)) == [promised[5], promised[30], promised[60]]


def test_what_is_read_of_a_ticket_stays_while_tickets_move(restaurant, open_kitchen):
    """Its card comes to stand in another column when the ones before it are done."""
    page = open_kitchen(size=(1280, 800))
    orders = [restaurant.order(line(PIZZA, 2), line(MARGHERITA)) for _ in range(6)]
    expect(page.get_by_test_id("ticket")).to_have_count(6)
    last = card(page, orders[-1])
    tap(last.get_by_test_id("more"))
    before = last.bounding_box()
    for order_id in orders[:4]:
        restaurant.cancel(order_id)
        restaurant.move(f"{order_id}-{KITCHEN}-1", "dismiss")
    expect(page.get_by_test_id("ticket")).to_have_count(2)
    assert last.bounding_box() != before
    expect(page.get_by_test_id("ticket-menu")).to_be_visible()


def test_a_letter_of_a_comment_leaves_the_dishes_in_sight(restaurant, open_kitchen):
    """Its beginning stands on the ticket, with a mark that there is more; one tap shows all of it."""
    page = open_kitchen("all", size=(1024, 768))
    letter = "Please come through the yard, the gate between the pharmacy and the flower shop. " * 6 + "No nuts!"
    order_id = restaurant.order(line(PIZZA, 2), comment=letter)
    ticket = card(page, order_id)
    expect(ticket.get_by_test_id("comment")).to_contain_text("Read on")
    expect(ticket.get_by_test_id("ticket-line")).to_be_in_viewport(ratio=1)
    expect(ticket.get_by_test_id("bump")).to_be_in_viewport(ratio=1)
    tap(ticket.get_by_test_id("comment"))
    expect(page.get_by_test_id("ticket-menu")).to_contain_text("No nuts!")
    assert axe(page) == []
