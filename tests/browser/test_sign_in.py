"""Signing in, pairing and PINs in a real browser: the first page anybody sees, and how a device comes and goes."""

import re
import uuid
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from tests.browser.conftest import House, Watch, axe, wait_until

from comanda import demo

HOMES = {"manager": "/board", "cashier": "/board", "cook": "/kitchen", "call_centre": "/new"}
TITLE_OF = {"en": "Sign in", "az": "Daxil olun", "ru": "Вход", "tr": "Giriş yapın"}
PIN = "24680"
CASHIER = "person-demo-cashier"


def test_each_person_of_the_demo_enters_by_one_tap_and_lands_at_home(
    house: House, new_context: Callable[..., BrowserContext]
) -> None:
    """The passwords are in sight, and every role begins where its day does."""
    for role, home in HOMES.items():
        page = new_context(house.url).new_page()
        page.goto("/")
        expect(page.get_by_test_id(f"enter-{role}")).to_contain_text("demo-password")
        page.get_by_test_id(f"enter-{role}").click()
        wait_until(page, f"location.pathname === '{home}'")
        expect(page.get_by_role("main")).to_be_visible()


def test_a_password_leads_to_the_page_that_was_wanted_and_a_wrong_one_is_told_in_place(
    house: House, new_context: Callable[..., BrowserContext]
) -> None:
    """A wrong password is refused in words beside the form; the right one goes on to the address that was asked for."""
    page = new_context(house.url).new_page()
    page.goto("/setup?tab=staff")
    page.get_by_test_id("username").fill("demo-manager")
    page.get_by_test_id("password").fill("not-the-password")
    page.get_by_test_id("sign-in").click()
    expect(page.get_by_test_id("sign-in-error")).to_have_text("The user name or the password is wrong.")
    expect(page.get_by_test_id("password")).to_have_value("")
    page.get_by_test_id("password").fill("demo-password")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Staff")
    page.get_by_test_id("preferences").click()
    page.get_by_test_id("sign-out").click()
    expect(page.get_by_test_id("sign-in")).to_be_visible()


def test_a_till_is_paired_signed_in_to_by_pin_and_thrown_out(
    house: House, new_context: Callable[..., BrowserContext]
) -> None:
    """From a code on one screen to a name and a PIN; a manager asked for the password; revoked, it is out at once."""
    manager, till = _manager(house, new_context), new_context(house.url, size=(1024, 768)).new_page()
    till.goto("/")
    till.get_by_test_id("pair-link").click()
    till.get_by_test_id("pair-terminal").click()
    device = _approve(manager, till, "Till at the door")
    expect(till.get_by_role("heading", level=1)).to_have_text("Who is working?")
    assert axe(till) == []

    till.get_by_test_id(CASHIER).click()
    assert axe(till) == []
    for digit in PIN:
        till.get_by_test_id(f"key-{digit}").click()
    till.get_by_test_id("pin-enter").click()
    wait_until(till, "location.pathname === '/board'")
    order = _order(house)
    expect(till.locator(f'[data-testid="card"][data-order="{order}"]')).to_be_visible()

    till.get_by_test_id("preferences").click()
    till.get_by_test_id("sign-out").click()
    expect(till.get_by_test_id("calling")).to_have_text("1 order waits for an answer")
    expect(till).to_have_title(re.compile(r"^\(1\)"))
    assert axe(till) == []
    till.get_by_test_id("person-demo-manager").click()
    till.keyboard.type(PIN)
    till.keyboard.press("Enter")
    wait_until(till, "location.pathname === '/board'")
    till.goto("/setup?tab=staff")
    question = till.get_by_role("dialog")
    question.get_by_label("Password").fill("demo-password")
    question.get_by_role("button", name="Confirm").click()
    expect(till.get_by_test_id("row-1")).to_be_visible()

    manager.get_by_test_id(f"revoke-{device}").click()
    manager.get_by_test_id("revoke-confirm").click()
    expect(till.get_by_test_id("sign-in")).to_be_visible()
    expect(manager.get_by_test_id(f"device-{device}")).to_have_count(0)


def test_wrong_pins_are_told_and_then_wait_in_sight(house: House, new_context: Callable[..., BrowserContext]) -> None:
    """After three wrong PINs the pad is shut and the seconds run down; erasing works, and so does going back."""
    manager, till = _manager(house, new_context), new_context(house.url).new_page()
    till.goto("/pair")
    till.get_by_test_id("pair-terminal").click()
    _approve(manager, till, "Till two")
    till.get_by_test_id(CASHIER).click()
    till.keyboard.type("97")
    till.get_by_test_id("key-Erase the last digit").click()
    expect(till.get_by_test_id("pin")).to_have_value("9")
    till.keyboard.press("Backspace")
    wrong, locked = till.get_by_test_id("sign-in-error"), till.get_by_test_id("locked")
    for _ in range(4):
        till.keyboard.type("97531")
        till.keyboard.press("Enter")
        expect(wrong.or_(locked)).to_be_visible()
        if locked.is_visible():
            break
        expect(wrong).to_have_text("This PIN is wrong.")
        expect(till.get_by_test_id("pin")).to_be_focused()
    expect(till.get_by_test_id("locked")).to_be_visible()
    expect(till.get_by_test_id("pin")).to_be_disabled()
    till.get_by_test_id("pin-back").click()
    expect(till.get_by_test_id(CASHIER)).to_be_visible()
    till.get_by_test_id("by-password").click()
    expect(till.get_by_test_id("sign-in")).to_be_visible()


def test_a_kitchen_screen_is_paired_goes_to_its_tickets_and_is_thrown_out(
    house: House, new_context: Callable[..., BrowserContext]
) -> None:
    """A kitchen screen asks nobody's name; a revoked one is back at the first page."""
    manager, screen = _manager(house, new_context), new_context(house.url).new_page()
    screen.goto("/pair")
    screen.get_by_test_id("pair-kitchen").click()
    expect(screen.get_by_test_id("pair-left")).to_contain_text("04:")
    assert axe(screen) == []
    device = _approve(manager, screen, "Pass")
    wait_until(screen, "location.pathname === '/kitchen/all'")
    screen.goto("/sign-in")
    wait_until(screen, "location.pathname === '/kitchen/all'")
    screen.goto("/kitchen?choose")
    expect(screen.get_by_test_id("station")).not_to_have_count(0)
    manager.get_by_test_id(f"revoke-{device}").click()
    manager.get_by_test_id("revoke-confirm").click()
    expect(screen.get_by_test_id("sign-in")).to_be_visible()


def test_a_code_that_nobody_shows_is_refused_in_words(house: House, new_context: Callable[..., BrowserContext]) -> None:
    """What is no code is told before anybody is asked; a code under which nobody waits by the server."""
    manager = _manager(house, new_context)
    manager.get_by_test_id("approve-device").click()
    manager.get_by_test_id("code").fill("ABC")
    manager.get_by_test_id("code-next").click()
    expect(manager.get_by_role("alert")).to_have_text("A code has 8 letters and digits.")
    manager.get_by_test_id("code").fill("ABCD 2345")
    manager.get_by_test_id("code-next").click()
    expect(manager.get_by_role("alert")).to_contain_text("No device waits under this code")
    assert axe(manager) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_first_pages_speak_every_language_on_a_phone(
    house: House, new_context: Callable[..., BrowserContext], scheme: str
) -> None:
    """Chosen on the page itself; nothing is cut off at 390 px, and axe finds nothing."""
    page = new_context(house.url, scheme=scheme, size=(390, 844)).new_page()
    page.goto("/sign-in")
    for language, title in TITLE_OF.items():
        page.get_by_test_id("language").select_option(label=_name_of(page, language))
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        assert axe(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.goto("/pair")
        assert axe(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.goto("/sign-in")
    page.get_by_test_id("theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark" if scheme == "light" else "light")


def test_plain_http_to_another_machine_is_warned_about(
    house: House, new_context: Callable[..., BrowserContext], watch: Watch
) -> None:
    """On the machine itself nobody can read along; under another name the page says that they could."""
    page = new_context(house.url).new_page()
    page.goto("/")
    expect(page.get_by_test_id("sign-in")).to_be_visible()
    expect(page.get_by_test_id("insecure")).to_have_count(0)
    # The same machine, under a name that a browser does not know for its own.
    elsewhere = house.url.replace("127.0.0.1", "[::ffff:7f00:1]")
    watch.hosts.add(elsewhere.removeprefix("http://"))
    page = new_context(elsewhere).new_page()
    page.goto("/")
    expect(page.get_by_test_id("insecure")).to_contain_text("plain HTTP")


def _order(house: House) -> int:
    """An order that waits for somebody to accept it."""
    body = {**demo.example("create-order.request"), "auto_order_accept": False}
    with house.call(demo.TERMINAL_TOKEN) as till:
        answer = till.post("/hub/v1/orders", json=body, headers={"Idempotency-Key": uuid.uuid4().hex})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["data"]["id"])


def _manager(house: House, new_context: Callable[..., BrowserContext]) -> Page:
    context = new_context(house.url)
    credentials = {"brand": "demo", "username": "demo-manager", "password": "demo-password"}
    assert context.request.post("/hub/v1/session", data=credentials).status == 200
    page = context.new_page()
    page.goto("/setup?tab=devices")
    return page


def _approve(manager: Page, device: Page, name: str) -> int:
    """Let the device in that shows a code, and wait until it is there; returns its id."""
    code = device.get_by_test_id("pair-code").inner_text()
    assert len(code.split()) == 2
    manager.get_by_test_id("approve-device").click()
    manager.get_by_test_id("code").fill(code.lower())
    manager.get_by_test_id("code-next").click()
    expect(manager.get_by_test_id("pairing-facts")).to_contain_text("127.0.0.1")
    manager.get_by_test_id("place-name").fill(name)
    manager.get_by_test_id("place-approve").click()
    row = manager.locator('[data-testid^="device-"]').filter(has_text=name)
    expect(row).to_be_visible()
    expect(device.get_by_test_id("pair-code")).to_have_count(0)
    return int((row.get_attribute("data-testid") or "").removeprefix("device-"))


def _name_of(page: Page, language: str) -> str:
    found = page.locator(f'[data-testid="language"] option[value="{language}"]')
    return found.inner_text()
