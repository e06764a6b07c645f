"""What holds on every screen, in a real browser: the bell, the stop list, the warning about plain HTTP, taps that arrive."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from tests.browser.cable import Cable
from tests.browser.conftest import House, wait_until
from tests.browser.test_board import PIZZA, Channel, _channel, left_of
from tests.browser.test_kitchen import line

from comanda import demo

SCREENS = {
    "/board": demo.MANAGER,
    "/kitchen/1": "demo-cook",
    "/new": "demo-operator",
    "/insights": demo.MANAGER,
    "/setup?tab=staff": demo.MANAGER,
}
AGAIN_MS = 11_000
"""A new order rings every ten seconds until it is answered."""
LISTEN = """
window.tones = [];
window.OscillatorNode = class extends OscillatorNode {
    constructor(context, options) { super(context, options); window.tones.push(options.frequency); }
};
"""


@pytest.fixture
def channel(house: House) -> Iterator[Channel]:
    """Whoever orders, and a colleague beside the browser."""
    with _channel(house) as made:
        yield made


@pytest.fixture
def opened(house: House, new_context: Callable[..., BrowserContext]) -> Callable[..., Page]:
    """Opens a screen as somebody, and listens to what it plays; through another address of the house if one is given."""

    def make(username: str, path: str, url: str = "") -> Page:
        context = new_context(url or house.url)
        credentials = {"brand": demo.BRAND, "username": username, "password": demo.MANAGER_PASSWORD}
        assert context.request.post("/hub/v1/session", data=credentials).status == 200
        context.add_init_script(LISTEN)
        page = context.new_page()
        page.goto(path)
        expect(page.locator('[data-testid="line"][data-state="live"]').first).to_be_visible()
        return page

    return make


def tones(page: Page) -> list[int]:
    """What the page has played so far, by frequency."""
    found: list[int] = page.evaluate("window.tones")
    return found


@pytest.mark.parametrize("path", ["/board", "/new"])
def test_a_new_order_rings_at_the_till_until_it_is_answered(channel, opened, path):
    """After the first touch, on whichever page the till shows; once it is accepted, nothing rings any more."""
    page = opened("demo-cashier", path)
    expect(page.get_by_test_id("sound-blocked")).to_be_visible()
    page.get_by_role("heading", level=1).click()
    expect(page.get_by_test_id("sound-blocked")).to_have_count(0)
    order = channel.order()
    wait_until(page, "window.tones.length >= 2")
    assert tones(page)[:2] == [784, 1047]
    wait_until(page, "window.tones.length >= 4")
    channel.act(f"orders/{order}/accept", {"send_to_station": False})
    expect(page.locator(".bar-nav .chip")).to_have_count(0)
    played = len(tones(page))
    page.wait_for_timeout(AGAIN_MS)
    assert len(tones(page)) == played


def test_a_kitchen_hears_of_a_new_ticket_and_of_a_cancelled_one(channel, opened):
    """Two different sounds; the second one comes again until somebody has seen the ticket."""
    page = opened("demo-cook", "/kitchen/1")
    page.get_by_role("heading", level=1).click()
    expect(page.get_by_test_id("sound-blocked")).to_have_count(0)
    order = channel.order(auto_order_accept=True)
    channel.act(f"orders/{order}/send-to-station")
    wait_until(page, "window.tones.length >= 2")
    assert tones(page)[:2] == [784, 1047]
    channel.act(f"orders/{order}/refuse", {"reason": "customer_request"})
    wait_until(page, "window.tones.filter((one) => one < 400).length >= 4")


def test_who_switched_the_sound_off_hears_nothing(channel, opened):
    """And is not asked to touch the screen for it."""
    page = opened("demo-cashier", "/board")
    page.get_by_role("button", name="Sound: On").click()
    expect(page.get_by_test_id("sound-blocked")).to_have_count(0)
    order = channel.order()
    expect(page.locator(f'[data-testid="card"][data-order="{order}"]')).to_be_visible()
    page.wait_for_timeout(1_000)
    assert tones(page) == []


def test_the_first_tap_of_all_arrives(channel, opened):
    """It also lets the page make sounds, and the banner about that goes; what is under the finger stays there meanwhile."""
    page = opened("demo-cook", "/kitchen/1")
    order = channel.order(auto_order_accept=True, products=[line(PIZZA)])
    channel.act(f"orders/{order}/send-to-station")
    ticket = page.locator(f'[data-ticket="{order}-1-1"]')
    expect(ticket).to_be_visible()
    page.wait_for_timeout(1_000)
    expect(page.get_by_test_id("sound-blocked")).to_be_visible()
    box = ticket.get_by_test_id("bump").bounding_box()
    assert box is not None
    # The edge that another thing would be under if the page moved up by a banner.
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 4)
    page.mouse.down()
    page.wait_for_timeout(700)
    expect(page.get_by_test_id("sound-blocked")).to_be_visible()
    page.mouse.up()
    expect(ticket).to_have_attribute("data-status", "STARTED")
    expect(page.get_by_test_id("sound-blocked")).to_have_count(0)


def test_the_stop_list_is_one_tap_away_on_every_screen(channel, opened):
    """Taken off on one, put back on the next."""
    off = False
    for path, username in SCREENS.items():
        page = opened(username, path)
        page.get_by_test_id("stop-list").click()
        page.get_by_test_id("stop-list-search").fill("pizza")
        row = page.get_by_test_id(f"stop-{PIZZA}")
        expect(row).to_have_class("stop-list-row is-gone" if off else "stop-list-row")
        page.get_by_test_id(f"stop-tap-{PIZZA}").click()
        off = not off
        expect(row).to_have_class("stop-list-row is-gone" if off else "stop-list-row")
        assert left_of(channel, PIZZA) == (0 if off else None), path


def test_over_plain_http_every_screen_says_so_and_works(house, channel, opened, watch):
    """Not on the machine itself, where nobody can read along."""
    order = channel.order()
    with watch.server_away(), Cable(house.port, "127.0.0.2") as cable:
        for path, username in SCREENS.items():
            page = opened(username, path, cable.url)
            expect(page.get_by_test_id("insecure")).to_be_visible()
            page.close()
        board = opened("demo-cashier", "/board", cable.url)
        card = board.locator(f'[data-testid="card"][data-order="{order}"]')
        board.wait_for_timeout(500)
        card.get_by_test_id("move-accept").click()
        board.get_by_test_id("accept").click()
        expect(board.get_by_test_id("column-accepted").locator(card)).to_be_visible()
        board.close()
    assert channel.whole(order)["chain"]["order"]["accepted_by"] == "staff:demo-cashier"
    page = opened("demo-cashier", "/board")
    expect(page.get_by_test_id("insecure")).to_have_count(0)


def test_letters_do_nothing_for_whoever_switched_them_off(opened):
    """Who speaks to their screen must not accept orders by it (WCAG 2.1.4); it is kept on the device."""
    page = opened("demo-cashier", "/board")
    page.keyboard.press("?")
    expect(page.get_by_test_id("keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_test_id("preferences").click()
    page.get_by_test_id("keys-on").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    expect(page.locator('[data-testid="line"][data-state="live"]').first).to_be_visible()
    page.keyboard.press("?")
    page.keyboard.press("/")
    page.wait_for_timeout(300)
    expect(page.get_by_test_id("keys")).to_have_count(0)
    expect(page.get_by_test_id("search")).not_to_be_focused()
