"""Takes ``docs/screenshots`` anew: a demo of its own that is alive, each screen by light and in the dark.

Run by ``make screenshots``; which screens there are stands in `SCREENS`.
"""

import contextlib
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from typing import Final

import httpx
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from tools.chromium import chromium_flags, find_chromium

from comanda import demo

SHOTS: Final = Path(__file__).parent.parent / "docs" / "screenshots"
DESKTOP: Final = ("desktop", 1440, 900)
TABLET: Final = ("tablet", 1024, 768)
WALL: Final = ("wall", 1920, 1080)
SCHEMES: Final = ("light", "dark")
ALIVE_S: Final = 80
"""How long the demo's orders come in before anything is shown."""
EVENING, WEEK = 24, 120
"""How many come in a minute for a busy evening's screens, and for a week's figures."""
_SLOWER: Final = 14
"""How much longer ago everything is then said to have happened: an evening in little more than a minute."""
_UNANSWERED_S: Final = 150
"""No order has waited longer than this to be accepted, or its deadline would pass while it is shown."""
_OF_ORDERS: Final = (("orders", "id"), ("tickets", "order_id"), ("receipts", "order_id"))
"""What hangs on an order, and the column that names it."""
_PATIENCE_MS: Final = 30_000
_BUSY: Final = {10: 1, 11: 2, 12: 5, 13: 7, 14: 5, 15: 3, 16: 2, 17: 3, 18: 6, 19: 9, 20: 8, 21: 5, 22: 3, 23: 1}
"""How busy the hours of a day are, by the clock in Baku."""
_DEMO_PRINTER = 9100
"""Where the demo's printer is looked for (demo/catalogue.yaml)."""


def settled(page: Page) -> None:
    """Wait until the app has drawn its screen and its fonts and pictures are there."""
    expect(page.locator("#app")).not_to_be_empty()
    # The first touch, after which the page may make sounds and says nothing of them any more.
    page.mouse.click(1, 1)
    expect(page.get_by_test_id("sound-blocked")).to_have_count(0)
    page.evaluate("document.fonts.ready.then(() => true)")
    page.wait_for_timeout(1_500)


@dataclass(frozen=True)
class Screen:
    """One screen: its name in the file's name, where it is, on what it is shown, what is done before the shot."""

    name: str
    path: str
    sizes: tuple[tuple[str, int, int], ...] = (DESKTOP, TABLET)
    signed_in: bool = True
    prepare: Callable[[Page], None] = settled


def order_begun(page: Page) -> None:
    """An operator in the middle of an order, by the same keys as in the tests."""
    page.get_by_test_id("guest-phone").fill("505550111")
    expect(page.get_by_test_id("guest-option").first).to_be_visible()
    page.get_by_test_id("guest-phone").press("Enter")
    for name in ("qut", "lim", "şah"):
        page.get_by_test_id("product-search").fill(name)
        page.get_by_test_id("product-search").press("Enter")
        page.wait_for_timeout(600)
        if page.get_by_test_id("options").count():
            page.keyboard.press("Escape")
    page.get_by_test_id("product-search").fill("")
    settled(page)


def order_opened(page: Page) -> None:
    """The board with an order's panel beside it."""
    settled(page)
    page.locator('[data-testid="card"][data-stage="accepted"]').first.get_by_test_id("open").click()
    expect(page.get_by_test_id("panel")).to_be_visible()
    settled(page)


SCREENS: Final = (
    Screen("sign-in", "/sign-in", signed_in=False),
    Screen("board", "/board"),
    Screen("order", "/board", prepare=order_opened),
    Screen("kitchen", "/kitchen/all", sizes=(WALL, TABLET)),
    Screen("new-order", "/new", prepare=order_begun),
    Screen("setup", "/setup?tab=menu"),
    Screen("insights", "/insights?range=week"),
)
"""Insights come last: for them the orders are spread over a week."""


def main() -> int:
    """Take every screen on every size and scheme; names as words take only those."""
    wanted = [screen for screen in SCREENS if not sys.argv[1:] or screen.name in sys.argv[1:]]
    SHOTS.mkdir(parents=True, exist_ok=True)
    with _demo() as (url, database), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=chromium_flags())
        _liven(url, EVENING)
        evening = _stretch(database)
        for screen in wanted:
            if screen.name == "insights":
                _liven(url, WEEK)
                _spread_over_a_week(database, spared=evening)
            for size in screen.sizes:
                for scheme in SCHEMES:
                    _take(browser, url, screen, size, scheme)
        browser.close()
    return 0


def _take(browser: Browser, url: str, screen: Screen, size: tuple[str, int, int], scheme: str) -> None:
    device, width, height = size
    context = browser.new_context(
        base_url=url,
        locale="en",
        timezone_id="Asia/Baku",
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": width, "height": height},
        reduced_motion="reduce",
    )
    context.set_default_timeout(_PATIENCE_MS)
    try:
        if screen.signed_in:
            _sign_in(context)
        page = context.new_page()
        page.goto(screen.path)
        screen.prepare(page)
        file = SHOTS / f"{screen.name}-{device}-{scheme}.png"
        page.screenshot(path=file, animations="disabled")
    finally:
        context.close()
    _compress(file)
    print(f"{file.name}: {file.stat().st_size // 1024} KiB")


def _sign_in(context: BrowserContext) -> str:
    """Sign the demo's manager in, in this context; the session's CSRF token."""
    who = {"brand": demo.BRAND, "username": demo.MANAGER, "password": demo.MANAGER_PASSWORD}
    answer = context.request.post("/hub/v1/session", data=who)
    expect(answer).to_be_ok()
    token: str = answer.json()["data"]["csrf_token"]
    return token


def _liven(url: str, per_minute: int) -> None:
    """Let the demo's guests order and its house work for a while, then hold still."""
    who = {"brand": demo.BRAND, "username": demo.MANAGER, "password": demo.MANAGER_PASSWORD}
    with httpx.Client(base_url=url, timeout=60) as http:
        signed_in = http.post("/hub/v1/session", json=who).raise_for_status()
        headers = {"X-CSRF-Token": signed_in.json()["data"]["csrf_token"]}
        for on in (True, False):
            alive = {"orders": on, "house": on, "per_minute": per_minute}
            http.put("/hub/v1/demo", json=alive, headers=headers).raise_for_status()
            time.sleep(ALIVE_S if on else 2)


def _stretch(database: Path) -> set[int]:
    """Say that what happened in a minute took an evening: each order with all that hangs on it is so much older."""
    seen: set[int] = set()
    now, chance = time.time_ns() // 1_000, random.Random(5)
    with contextlib.closing(sqlite3.connect(database, timeout=30)) as store, store:
        for order_id, created, status in store.execute("SELECT id, created_at, status FROM orders").fetchall():
            seen.add(order_id)
            back = (now - created) * (_SLOWER - 1)
            if status == "PENDING":
                back = max(0, chance.randint(5, _UNANSWERED_S) * 1_000_000 - (now - created))
            _move(store, order_id, back, (*_OF_ORDERS, ("deadlines", "order_id")))
    return seen


def _move(
    store: sqlite3.Connection, order_id: int, back_us: int, tables: tuple[tuple[str, str], ...] = _OF_ORDERS
) -> None:
    """Let everything of an order have happened so much earlier."""
    for table, key in tables:
        columns = [row[1] for row in store.execute(f"PRAGMA table_info({table})") if row[1].endswith("_at")]
        moved = ", ".join(f"{column} = {column} - {back_us}" for column in columns)
        store.execute(f"UPDATE {table} SET {moved} WHERE {key} = {order_id}")  # noqa: S608 - our own names and numbers


def _spread_over_a_week(database: Path, *, spared: set[int]) -> None:
    """Put orders that came a minute ago on the hours of a week as a restaurant has them; today keeps its evening."""
    busy = [hour for hour, weight in _BUSY.items() for _ in range(weight)]
    chance = random.Random(7)
    with contextlib.closing(sqlite3.connect(database, timeout=30)) as store, store:
        for order_id, created in store.execute("SELECT id, created_at FROM orders").fetchall():
            if order_id in spared:
                continue
            day_us, hour_us = 86_400_000_000, 3_600_000_000
            at = created - created % day_us - chance.randint(1, 6) * day_us + (chance.choice(busy) - 4) * hour_us
            _move(store, order_id, created - at - chance.randrange(hour_us))


def _compress(file: Path) -> None:
    """Screens have few colours: a palette of them is a third of the size and looks the same."""
    with Image.open(file) as shot:
        shot.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(file, optimize=True)


@contextmanager
def _demo() -> Iterator[tuple[str, Path]]:
    """A demo server of our own while the block runs; its address and its store."""
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="comanda-screenshots-") as folder:
        words = ["serve", "--demo", "--port", str(port), "--metrics-port", "0", "--data-dir", folder]
        log = Path(folder, "server.log")
        # The house has its printer: without it the board would rightly complain.
        listen = ["printer", "listen", "--port", str(_DEMO_PRINTER)]
        with log.open("w") as output:
            server, printer = (
                subprocess.Popen([sys.executable, "-m", "comanda", *command], stdout=output, stderr=output)
                for command in (words, listen)
            )
        try:
            _wait_until_ready(url, server, log)
            yield url, Path(folder, "comanda.db")
        finally:
            for process in (server, printer):
                process.terminate()
                process.wait(60)


def _wait_until_ready(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until and server.poll() is None:
        try:
            if httpx.get(f"{url}/ready", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise RuntimeError(f"the demo does not answer: {log.read_text(encoding='utf-8')[-2000:]}")


if __name__ == "__main__":
    sys.exit(main())
