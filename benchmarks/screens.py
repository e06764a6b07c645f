"""How fast the staff app is in a real browser: first paint, script sizes, events on screen, scrolling, the heap.

In: a demo server of our own on a fresh store, Chromium driven by Playwright. Out: a table, and with ``--write`` a page
of it. Paints are cold (a browser context of their own, nothing cached), and the processor is slowed down four times
where that is said. The server and the browser share this machine's processor.
"""

import argparse
import contextlib
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, sync_playwright
from tools.chromium import chromium_flags, find_chromium

from benchmarks.servers import ROOMY, free_port, start
from comanda import demo

SLOWDOWN = 4
ROUNDS = 5
ORDERS_SEEN = 100
TICKETS = 60
PLACES = 20
"""Something that scrolls is seen in at least so many places on its way."""
EVENTS = (1_000, 10_000)
TABLET = {"width": 1024, "height": 768}
FULL_HD = {"width": 1920, "height": 1080}
_USEFUL = {
    "/sign-in": "form, [data-testid^='person-']",
    "/board": "[data-testid='card']",
    "/kitchen/1": "[data-testid='ticket']",
    "/new": "[data-testid='product']",
}
"""What makes a page useful: where it can be signed in, an order, a ticket, a product."""
_WATCH = """selector => new Promise(resolve => {
  const look = () => document.querySelector(selector) && requestAnimationFrame(() => resolve(performance.now()));
  if (look() === null) new MutationObserver((_, watcher) => look() && watcher.disconnect())
    .observe(document, {childList: true, subtree: true});
})"""
_SCRIPTS = """() => performance.getEntriesByType('resource')
  .filter(entry => new URL(entry.name).pathname.endsWith('.js'))
  .reduce((sum, entry) => sum + entry.encodedBodySize, 0)"""
_SEEN = """() => { window.seenAt = {}; new MutationObserver(() => {
  for (const card of document.querySelectorAll('[data-testid="card"]'))
    if (!(card.dataset.order in window.seenAt)) {
      window.seenAt[card.dataset.order] = 0;
      requestAnimationFrame(() => { window.seenAt[card.dataset.order] = performance.timeOrigin + performance.now(); });
    }
}).observe(document.body, {childList: true, subtree: true}); }"""
_SCROLL = """([selector, sideways]) => new Promise(resolve => {
  const area = document.querySelector(selector);
  const way = sideways ? area.scrollWidth - area.clientWidth : area.scrollHeight - area.clientHeight;
  const frames = []; let last = performance.now(), down = 1, seen = new Set();
  const turn = () => area.scrollTo({left: down > 0 ? way : 0, behavior: 'smooth'});
  if (sideways) turn();
  const step = at => {
    frames.push(at - last); last = at;
    const now = sideways ? area.scrollLeft : area.scrollTop;
    seen.add(Math.round(now));
    if (now >= way - 2 && down > 0) { down = -1; if (sideways) turn(); }
    else if (now <= 0 && down < 0) { down = 1; if (sideways) turn(); }
    if (!sideways) area.scrollTop += 24 * down;
    if (frames.length < 180) requestAnimationFrame(step);
    else resolve({frames: frames.slice(1), way, places: seen.size});
  };
  requestAnimationFrame(step);
})"""
"""Scrolls to the end and back, by pages where pages are turned, and counts frames; `places`: how far it really went."""


@dataclass(frozen=True)
class Row:
    """One figure: what it is, in which unit, its median and worst over the rounds, what was aimed at."""

    what: str
    unit: str
    median: float
    worst: float
    aim: str


class House:
    """A demo server, and whoever acts in it over HTTP."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client = httpx.Client(base_url=url, timeout=30)
        credentials = {
            "client_id": demo.CLIENT_ID,
            "client_secret": demo.CLIENT_SECRET,
            "brand": demo.BRAND,
            "integrator_id": demo.INTEGRATOR_ID,
        }
        token = self.client.post("/open-api/v2/auth", json=credentials).json()["token"]
        self.channel = {"x-token": token}
        self.till = {"Authorization": f"Bearer {demo.TERMINAL_TOKEN}"}

    def order(self, name: str = "create-order.request") -> tuple[int, float]:
        """Post a documented order; its id, and when its answer was there (seconds since 1970)."""
        answer = self.client.post("/open-api/v2/orders", json=demo.example(name), headers=self.channel)
        answered_at = time.time()
        answer.raise_for_status()
        return answer.json()["data"]["id"], answered_at

    def stop(self, quantity: int) -> None:
        """The cheapest event there is: a product's quantity."""
        self.client.put(
            "/hub/v1/venues/1/stop-list/103", json={"quantity": quantity}, headers=self.till
        ).raise_for_status()

    def close(self) -> None:
        """Close the connections."""
        self.client.close()


def measure(browser: Browser, house: House) -> Iterator[Row]:
    """Every figure, one after the other."""
    for _ in range(12):
        house.order()
    house.order("create-order.minimal.request")
    yield from paints(browser, house)
    yield from events_on_screen(browser, house)
    yield from scrolling(browser, house)
    yield from heaps(browser, house)


def paints(browser: Browser, house: House) -> Iterator[Row]:
    """The first useful paint of each page on a cold cache, and what it loads of scripts."""
    for path, selector in _USEFUL.items():
        useful, scripts = [], []
        for _ in range(ROUNDS):
            with page_of(browser, house, signed_in=path != "/sign-in") as (page, session):
                session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
                page.goto(house.url + path, wait_until="commit")
                useful.append(float(page.evaluate(_WATCH, selector)))
                page.wait_for_timeout(500)
                scripts.append(float(page.evaluate(_SCRIPTS)))
        yield Row(f"{path}: first useful paint, cold, processor ÷ {SLOWDOWN}", "ms", *spread(useful), "< 1000")
        yield Row(f"{path}: script, compressed", "KB", *spread([size / 1_000 for size in scripts]), "< 150")


def events_on_screen(browser: Browser, house: House) -> Iterator[Row]:
    """From the answer to an order (so after its commit) to the frame that shows it; never less than 0."""
    with page_of(browser, house) as (page, _):
        page.goto(house.url + "/board")
        page.wait_for_selector(_USEFUL["/board"])
        page.wait_for_selector('[data-testid="line"][data-state="live"]')
        page.evaluate(_SEEN)
        answered = {}
        for _ in range(ORDERS_SEEN):
            order_id, at = house.order("create-order.minimal.request")
            answered[order_id] = at
            time.sleep(0.05)
        page.wait_for_timeout(1_000)
        seen = page.evaluate("() => window.seenAt")
    waits = [max(0.0, seen[str(order_id)] - at * 1_000) for order_id, at in answered.items()]
    yield Row(
        "an order's answer → on the board's screen, median and p99", "ms", statistics.median(waits), p99(waits), "< 100"
    )


def scrolling(browser: Browser, house: House) -> Iterator[Row]:
    """Frame times while the pages of 60 tickets are turned, and while a column of 60 orders scrolls.

    16.7 ms is every frame of a common screen.
    """
    for _ in range(TICKETS):
        house.order()
    places = (
        ("tickets: pages turned", "/kitchen/1", "ticket", ".kitchen-grid", True),
        ("orders: a column scrolls", "/board", "card", "[data-testid='column-accepted'] .board-column-cards", False),
    )
    for what, path, shown, area, sideways in places:
        for rate in (1, SLOWDOWN):
            with page_of(browser, house, viewport=TABLET) as (page, session):
                page.goto(house.url + path)
                until_there(page, shown, TICKETS)
                session.send("Emulation.setCPUThrottlingRate", {"rate": rate})
                found = page.evaluate(_SCROLL, [area, sideways])
            if found["way"] <= 0 or found["places"] < PLACES:
                raise AssertionError(f"{path} did not scroll: {found['way']} px, {found['places']} places")
            frames: list[float] = found["frames"]
            slowed = "" if rate == 1 else f", processor ÷ {rate}"
            yield Row(f"{TICKETS} {what}: time of a frame, median and p99{slowed}", "ms",
                      statistics.median(frames), p99(frames), "< 34")  # fmt: skip


def until_there(page: Page, kind: str, count: int) -> None:
    """Wait until so many of a kind are drawn; the page's policy lets no waiting expression be evaluated in it."""
    until = time.monotonic() + 30
    while page.locator(f"[data-testid='{kind}']").count() < count:
        if time.monotonic() > until:
            raise AssertionError(f"there are not {count} of {kind}")
        page.wait_for_timeout(50)


def heaps(browser: Browser, house: House) -> Iterator[Row]:
    """The page's heap after 1,000 and after 10,000 events."""
    sizes: list[float] = []
    with page_of(browser, house) as (page, session):
        page.goto(house.url + "/board")
        page.wait_for_selector(_USEFUL["/board"])
        done = 0
        for events in EVENTS:
            while done < events:
                done += 1
                house.stop(done)
            page.wait_for_timeout(1_500)
            session.send("HeapProfiler.enable")
            session.send("HeapProfiler.collectGarbage")
            sizes.append(session.send("Runtime.getHeapUsage")["usedSize"] / 1_000_000)
    for events, size in zip(EVENTS, sizes, strict=True):
        yield Row(f"heap after {events:,} events", "MB", size, size, "the same ± 10 %")


@contextlib.contextmanager
def page_of(
    browser: Browser, house: House, *, signed_in: bool = True, viewport: dict[str, int] | None = None
) -> Iterator[tuple[Page, CDPSession]]:
    """A page in a context of its own, signed in as the demo's manager or not."""
    context: BrowserContext = browser.new_context(viewport=viewport or FULL_HD, locale="en-GB")
    if signed_in:
        body = {"brand": demo.BRAND, "username": demo.MANAGER, "password": demo.MANAGER_PASSWORD}
        answer = context.request.post(house.url + "/hub/v1/session", data=body)
        assert answer.ok, answer.text()
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    try:
        yield page, session
    finally:
        context.close()


@contextlib.contextmanager
def serving() -> Iterator[str]:
    """A quiet demo server on a store of its own."""
    with tempfile.TemporaryDirectory(prefix="comanda-screens-") as folder:
        port = free_port()
        options = ["--demo", "--port", str(port), "--metrics-port", "0", "--data-dir", folder]
        server = start(["-m", "comanda", "serve", *options], port, Path(folder) / "server.log", ROOMY)
        try:
            server.wait_until_answering()
            yield server.url
        finally:
            server.stop()


def spread(values: Sequence[float]) -> tuple[float, float]:
    """Median and worst."""
    return statistics.median(values), max(values)


def p99(values: Sequence[float]) -> float:
    """The 99th percentile, nearest rank."""
    return sorted(values)[max(0, -(-99 * len(values) // 100) - 1)]


def table(rows: Sequence[Row]) -> str:
    """The rows as the page shows them."""
    head = "| what | unit | median | worst | aim |\n|---|---|--:|--:|---|\n"
    return head + "".join(
        f"| {row.what} | {row.unit} | {row.median:,.1f} | {row.worst:,.1f} | {row.aim} |\n" for row in rows
    )


def main() -> None:
    """Measure, print, and write the page when asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="a page to write the table to")
    given = parser.parse_args()
    rows: list[Row] = []
    with serving() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=chromium_flags())
        house = House(url)
        for row in measure(browser, house):
            rows.append(row)
            print(f"{row.what}: {row.median:,.1f} {row.unit}, worst {row.worst:,.1f} (aim {row.aim})", flush=True)
        house.close()
        browser.close()
        version: Any = browser.version
    if given.write is not None:
        intro = (
            "# The staff app's speed\n\nOne run of `make bench-screens`: Chromium "
            f"{version}, headless, without a graphics card, beside the server on the same two cores.\n\n"
        )
        given.write.write_text(intro + table(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
