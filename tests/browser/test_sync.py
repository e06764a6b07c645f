"""How pages stay true to the house in a real browser: one stream for all tabs, nothing missed, nothing kept for ever."""

import asyncio
import itertools
import json
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from tests.browser.cable import Cable
from tests.browser.conftest import PATIENCE_MS, House
from tests.browser.test_kitchen import (
    GUARD_MS,
    PIZZA,
    Restaurant,
    card,
    expect_status,
    line,
    restaurant,
    tap,
    wait_until_shown,
)

from comanda import demo
from comanda.base.clock import now_micros
from comanda.main import open_store
from comanda.settings import Settings

__all__ = ["restaurant"]

FEW, MANY = 1_000, 10_000
HEAP_MAY_DIFFER = 0.10
WORKERS = 8


@pytest.fixture
def cable(house: House) -> Iterator[Cable]:
    """Between the browser and the house."""
    with Cable(house.port) as made:
        yield made


@pytest.fixture
def signed_in(cable: Cable, new_context: Callable[..., BrowserContext]) -> Callable[..., BrowserContext]:
    """Makes a browser with somebody signed in, who reaches the house through the cable."""

    def make(username: str = demo.MANAGER) -> BrowserContext:
        context = new_context(cable.url)
        credentials = {"brand": demo.BRAND, "username": username, "password": demo.MANAGER_PASSWORD}
        assert context.request.post("/hub/v1/session", data=credentials).status == 200
        return context

    return make


def opened(context: BrowserContext, path: str) -> Page:
    """A tab on a screen, once it is live."""
    page = context.new_page()
    page.goto(path)
    expect(page.locator('[data-testid="line"][data-state="live"]').first).to_be_visible()
    return page


def wait_for(condition: Callable[[], bool], page: Page, within_s: float = PATIENCE_MS / 1_000) -> None:
    """Wait until something beside the page is so; the page goes on meanwhile."""
    until = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < until
        page.wait_for_timeout(50)


def test_all_tabs_of_a_browser_share_one_stream(cable, restaurant, signed_in):
    """Three tabs, one stream; each hears of everything, also when the tab that began it is closed."""
    context = signed_in()
    tabs = [opened(context, path) for path in ("/kitchen/1", "/kitchen/all", "/board")]
    wait_for(lambda: cable.streams == 1, tabs[0])
    order_id = restaurant.order(line(PIZZA))
    for tab in tabs[:2]:
        expect_status(tab, order_id, "NEW")
    expect(tabs[2].locator(f'[data-order="{order_id}"]').first).to_be_attached()
    assert cable.streams == 1

    tabs[0].close()
    tabs[2].close()
    restaurant.move(f"{order_id}-1-1", "start")
    expect_status(tabs[1], order_id, "STARTED")
    wait_for(lambda: cable.streams == 1, tabs[1])
    opened(context, "/kitchen/1").close()
    wait_for(lambda: cable.streams == 1, tabs[1])
    # Another browser is another viewer.
    other = opened(signed_in("demo-cook"), "/kitchen/all")
    expect_status(other, order_id, "STARTED")
    wait_for(lambda: cable.streams == 2, other)


def test_what_somebody_else_did_meanwhile_is_asked_about(cable, restaurant, signed_in, watch):
    """An action waits for the cable; by then the order has changed: people are asked, and what they say is done."""
    page = opened(signed_in("demo-cook"), "/kitchen/1")
    orders = [restaurant.order(line(PIZZA)) for _ in range(2)]
    expect_status(page, orders[1], "NEW")
    with watch.server_away():
        cable.cut()
        expect(page.get_by_test_id("lost")).to_be_visible()
        for order_id in orders:
            tap(card(page, order_id).get_by_test_id("bump"))
        restaurant.move(f"{orders[0]}-1-1", "start")
        restaurant.move(f"{orders[0]}-1-1", "ready")
        late = restaurant.order(line(PIZZA))
        cable.mend()
        question = page.get_by_test_id("doubt")
        expect(question).to_contain_text("somebody has changed this order since")
    page.wait_for_timeout(GUARD_MS)
    question.get_by_role("button", name="Discard").click()
    expect(question).to_have_count(0)
    # The other one nobody has touched: it was sent without a question.
    expect_status(page, orders[1], "STARTED")
    expect_status(page, late, "NEW")
    wait_until_shown(page, restaurant.tickets)
    assert restaurant.tickets()[f"{orders[0]}-1-1"] == "READY"


def test_a_log_that_does_not_reach_back_far_enough_means_a_fresh_board(house, cable, restaurant, signed_in, watch):
    """Events the screen has missed are gone: it takes a board by itself, and misses nothing after it."""
    page = opened(signed_in("demo-cook"), "/kitchen/1")
    early = [restaurant.order(line(PIZZA)) for _ in range(3)]
    expect_status(page, early[-1], "NEW")
    boards: list[str] = []
    page.on("request", lambda request: boards.append(request.url) if request.url.endswith("/board") else None)
    with watch.server_away():
        cable.cut()
        expect(page.get_by_test_id("lost")).to_be_visible()
        restaurant.move(f"{early[0]}-1-1", "start")
        restaurant.cancel(early[1])
        forget_events(house)
        cable.mend()
        expect_status(page, early[1], "CANCELLED")
        expect(page.get_by_test_id("lost")).to_have_count(0)
    assert len(boards) == 1
    late = restaurant.order(line(PIZZA))
    expect_status(page, late, "NEW")
    wait_until_shown(page, restaurant.tickets)
    assert len(boards) == 1


def forget_events(house: House) -> None:
    """What the duty that clears old events does, for all of them."""
    url = house.words[house.words.index("--database-url") + 1] if "--database-url" in house.words else None

    async def purge() -> None:
        async with open_store(Settings(data_dir=house.folder, database_url=url)) as store:
            assert await store.purge_events(demo.BRAND, demo.VENUE_ID, now_micros(), MANY) > 0

    # In a thread: Playwright's event loop stands in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, purge()).result()


def test_whoever_signs_out_in_one_tab_is_out_in_all(signed_in):
    """The other tab does not go on showing what nobody is signed in to see."""
    context = signed_in("demo-cook")
    one, other = opened(context, "/kitchen"), opened(context, "/kitchen/1")
    one.get_by_test_id("preferences").click()
    one.get_by_test_id("sign-out").click()
    for page in (one, other):
        expect(page.locator('input[type="password"]').first).to_be_visible(timeout=PATIENCE_MS)
        expect(page.get_by_test_id("grid")).to_have_count(0)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("house", ["sqlite"], indirect=True)
def test_the_heap_after_ten_thousand_events_is_that_after_a_thousand(house, restaurant, signed_in):
    """A screen that is never reloaded does not fill up: stop lists, tickets taken back and forth, orders that come and go."""
    context = signed_in()
    tabs = {path: opened(context, path) for path in ("/kitchen/all", "/board")}
    kitchen = tabs["/kitchen/all"]
    orders = [restaurant.order(line(PIZZA)) for _ in range(10)]
    begun = time.monotonic()
    numbers = itertools.count(1)
    make_events(restaurant, orders, FEW, numbers)
    before = {path: heap_of(page, kitchen, restaurant) for path, page in tabs.items()}
    make_events(restaurant, orders, MANY - FEW, numbers)
    after = {path: heap_of(page, kitchen, restaurant) for path, page in tabs.items()}
    took_s = time.monotonic() - begun
    for path in tabs:
        sys.stdout.write(
            f"\n{path}: {before[path]} bytes after {FEW} events, {after[path]} after {MANY} ({took_s:.0f} s)\n"
        )
    for path in tabs:
        assert abs(after[path].held / before[path].held - 1) < HEAP_MAY_DIFFER, (path, before, after)


def make_events(restaurant: Restaurant, orders: list[int], count: int, numbers: Iterator[int]) -> None:
    """Have so many events happen, nine of ten of them on the stop list."""

    def one(number: int) -> None:
        if number % 20 == 0:
            ticket = f"{orders[number // 20 % len(orders)]}-1-1"
            for what in ("ready", "recall"):
                answer = restaurant.screen.post(
                    f"/hub/v1/tickets/{ticket}/{what}", headers={"Idempotency-Key": f"{what}-{number}"}
                )
                assert answer.status_code in (200, 400, 409), answer.text
        else:
            path = f"/hub/v1/venues/1/stop-list/{(102, 111, 112, 201)[number % 4]}"
            answer = restaurant.till.put(path, json={"quantity": 1 + number % 5_000})
            assert answer.status_code == 200, answer.text

    with ThreadPoolExecutor(WORKERS) as workers:
        list(workers.map(one, itertools.islice(numbers, count)))


class Heap(NamedTuple):
    """How large a page's heap is: all of it, and what the page itself holds in it.

    The rest is mostly machine code, which V8 makes more of the hotter a function becomes, whatever the page holds.
    """

    used: int
    held: int


def heap_of(page: Page, kitchen: Page, restaurant: Restaurant) -> Heap:
    """A page's heap once it has heard of everything and what it let go is collected."""
    last = restaurant.order(line(PIZZA))
    expect_status(kitchen, last, "NEW")
    restaurant.cancel(last)
    restaurant.move(f"{last}-1-1", "dismiss")
    expect(card(kitchen, last)).to_have_count(0)
    # What has just come or been finished stands out for a moment.
    page.wait_for_timeout(5_000)
    session = page.context.new_cdp_session(page)
    pieces: list[str] = []
    session.on("HeapProfiler.addHeapSnapshotChunk", lambda told: pieces.append(told["chunk"]))
    for _ in range(2):
        session.send("HeapProfiler.collectGarbage")
    used = int(session.send("Runtime.getHeapUsage")["usedSize"])
    session.send("HeapProfiler.takeHeapSnapshot", {"reportProgress": False})
    session.detach()
    return Heap(used, held_by(json.loads("".join(pieces))))


def held_by(snapshot: dict[str, Any]) -> int:
    """The bytes of a snapshot that are the page's own: no machine code, no parts of the browser."""
    meta, nodes = snapshot["snapshot"]["meta"], snapshot["nodes"]
    fields, kinds = meta["node_fields"], meta["node_types"][0]
    step, kind_at, size_at = len(fields), fields.index("type"), fields.index("self_size")
    others = {kinds.index("code"), kinds.index("native")}
    return sum(
        size for kind, size in zip(nodes[kind_at::step], nodes[size_at::step], strict=True) if kind not in others
    )
