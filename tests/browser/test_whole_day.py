"""One order through the whole house, by its screens alone: taken on the phone, accepted, cooked, paid, handed over."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect
from tests.browser.conftest import House

from comanda import demo

GUARD_MS = 1_000
"""Screens take no tap right after another, or on what has just moved under the finger."""


def test_an_order_goes_through_every_screen(house: House, new_context: Callable[..., BrowserContext]) -> None:
    """Each screen is a device of its own; nobody reloads anything, and all see each step."""

    def opened(username: str, path: str, size: tuple[int, int] = (1440, 900)) -> Page:
        context = new_context(house.url, size=size)
        credentials = {"brand": demo.BRAND, "username": username, "password": demo.MANAGER_PASSWORD}
        assert context.request.post("/hub/v1/session", data=credentials).status == 200
        page = context.new_page()
        page.goto(path)
        expect(page.locator('[data-testid="line"][data-state="live"]').first).to_be_visible()
        return page

    phone, till, kitchen = (
        opened("demo-operator", "/new"),
        opened("demo-cashier", "/board", (1024, 768)),
        opened("demo-cook", "/kitchen/all"),
    )

    phone.get_by_test_id("guest-phone").fill("0505550199")
    phone.get_by_test_id("guest-name").fill("Leyla")
    phone.get_by_test_id("guest-address").fill("Nizami küç. 12")
    phone.get_by_test_id("product-search").fill("lim")
    phone.get_by_test_id("product-search").press("Enter")
    expect(phone.get_by_test_id("basket-line")).to_have_count(1)
    expect(phone.get_by_test_id("send-order")).to_be_enabled()
    phone.get_by_test_id("send-order").click()
    expect(phone.get_by_test_id("order-taken")).to_be_visible()
    order_id = phone.get_by_test_id("order-number").inner_text()

    card = till.locator(f'[data-testid="card"][data-order="{order_id}"]')
    expect(till.get_by_test_id("column-new").locator(card)).to_contain_text("Leyla")
    till.wait_for_timeout(GUARD_MS)
    card.get_by_test_id("open").click()
    panel = till.locator(f'[data-testid="panel"][data-order="{order_id}"]')
    panel.get_by_test_id("minutes-15").click()
    panel.get_by_test_id("accept").click()

    ticket = kitchen.locator(f'[data-testid="ticket"][data-ticket^="{order_id}-"]')
    for status in ("NEW", "STARTED"):
        expect(ticket).to_have_attribute("data-status", status)
        kitchen.wait_for_timeout(GUARD_MS)
        ticket.get_by_test_id("bump").click()

    expect(till.get_by_test_id("column-ready").locator(card)).to_be_attached()
    panel.get_by_test_id("pay").click()
    till.get_by_test_id("method-1").click()
    till.get_by_test_id("pay-confirm").click()
    expect(panel.get_by_test_id("paid")).to_have_text("Paid")
    till.wait_for_timeout(GUARD_MS)
    panel.get_by_test_id("hand-over").click()
    expect(till.get_by_test_id("column-done").locator(card)).to_be_attached()

    with house.call(demo.TERMINAL_TOKEN) as client:
        steps = client.get(f"/hub/v1/orders/{order_id}/timeline").json()["data"]
    assert steps["status"] == "DELIVERED"
    assert [step["step"] for step in steps["steps"] if step["step"] != "seen"] == [
        "stored", "accepted", "sent_to_station", "started", "ready", "handed_over",
    ]  # fmt: skip
