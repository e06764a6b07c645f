"""Insights in a real browser: every figure on the page is the endpoint's, live, drawn, downloadable."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect
from tests.browser.conftest import House, axe, wait_until

CREDENTIALS = {"brand": "demo", "username": "demo-manager", "password": "demo-password"}
TITLE_OF = {"en": "Insights", "az": "Hesabat", "ru": "Отчёты", "tr": "Raporlar"}
HOSTILE = '<img src=x onerror="window.ran=1">'
LIVE_MS = 40_000
"""A refetch comes at most every 15 seconds."""


class Colleague:
    """A manager who takes and answers orders beside the browser."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http
        self.taken = 0
        answer = http.post("/hub/v1/session", json=CREDENTIALS)
        http.headers["X-CSRF-Token"] = answer.json()["data"]["csrf_token"]

    def order(self, product: int, name: str, price: float, sale_type: int = 3) -> int:
        """Take an order; returns its id."""
        self.taken += 1
        line = {"product_id": product, "product_name": name, "count": 2, "price": price, "portion_size": 1}
        body = {
            "sale_type_id": sale_type,
            "venue_id": 1,
            "customer": {"id": 0, "name": "Leyla", "phone": "+994501112233", "address": "Nizami 1"},
            "products": [{"status": "new", "product_hash": "", **line}],
        }
        answer = self.http.post("/hub/v1/orders", json=body, headers={"Idempotency-Key": f"figure-{self.taken}"})
        assert answer.status_code == 201, answer.text
        return int(answer.json()["data"]["id"])

    def act(self, order: int, action: str, body: dict[str, Any]) -> None:
        """Accept or refuse an order."""
        answer = self.http.post(
            f"/hub/v1/orders/{order}/{action}", json=body, headers={"Idempotency-Key": f"{action}-{order}"}
        )
        assert answer.status_code == 200, answer.text

    def figures(self, **days: str) -> dict[str, Any]:
        """What the endpoint says."""
        figures: dict[str, Any] = self.http.get("/hub/v1/insights", params={"venue": 1, **days}).json()["data"]
        return figures


@pytest.fixture
def colleague(house: House) -> Iterator[Colleague]:
    """Another manager."""
    with httpx.Client(base_url=house.url, timeout=60) as http:
        yield Colleague(http)


@pytest.fixture
def open_insights(house: House, new_context: Callable[..., BrowserContext]) -> Callable[..., Page]:
    """Opens the page, signed in as a manager."""

    def make(query: str = "", **options: Any) -> Page:
        context = new_context(house.url, **options)
        assert context.request.post("/hub/v1/session", data=CREDENTIALS).status == 200
        page = context.new_page()
        page.goto(f"/insights{query}")
        expect(page.get_by_test_id("report")).to_be_visible(timeout=30_000)
        return page

    return make


def test_a_day_without_orders_says_so(open_insights: Callable[..., Page]) -> None:
    """Nothing is drawn of nothing."""
    page = open_insights("?range=yesterday")
    expect(page.get_by_test_id("report")).to_contain_text("No orders on these days yet")
    expect(page.get_by_test_id("chart")).to_have_count(0)
    assert axe(page) == []


def test_every_figure_on_the_page_is_the_endpoints_and_follows_the_day(
    open_insights: Callable[..., Page], colleague: Colleague
) -> None:
    """Totals, hours, items and refusals; an order that comes in later is there without a reload."""
    first, second = colleague.order(101, "Pizza", 8.5), colleague.order(102, "Pizza Margherita", 7.9, sale_type=1)
    colleague.act(first, "accept", {})
    colleague.act(second, "refuse", {"reason": "out_of_stock"})
    page = open_insights()
    _same_as(page, colleague.figures())
    rows = page.get_by_test_id("table-refusals").locator("tbody tr")
    expect(rows).to_have_text(["Out of stock1"])

    third = colleague.order(120, HOSTILE, 14.9)
    colleague.act(third, "accept", {})
    expect(page.get_by_test_id("total-orders")).to_have_text("3", timeout=LIVE_MS)
    figures = colleague.figures()
    if page.get_by_test_id("total-items").inner_text() != _shown(figures["totals"]["items"]):
        expect(page.get_by_test_id("total-items")).to_have_text(_shown(figures["totals"]["items"]), timeout=LIVE_MS)
    _same_as(page, figures)
    assert page.evaluate("window.ran") is None


def test_charts_are_drawn_again_for_size_theme_and_language_and_read_as_tables(
    open_insights: Callable[..., Page], colleague: Colleague
) -> None:
    """The canvas is there in every case, as wide as its frame, and the table beside it has the same figures."""
    colleague.act(colleague.order(101, "Pizza", 8.5), "accept", {})
    page = open_insights("?range=week")
    expect(page.get_by_test_id("chart")).to_have_count(2)
    _drawn(page)
    page.set_viewport_size({"width": 820, "height": 900})
    _drawn(page)
    page.get_by_test_id("preferences").click()
    page.get_by_role("button", name="Dark").click()
    page.get_by_test_id("language").select_option("ru")
    page.keyboard.press("Escape")
    _drawn(page)
    page.get_by_test_id("as-table-days").click()
    figures = colleague.figures(**_days(page))
    cells = page.get_by_test_id("table-days").locator("tbody tr td:nth-child(2)").all_inner_texts()
    assert cells == [str(one["orders"]) for one in figures["by_day"]]
    assert len(cells) == 7
    assert axe(page) == []


def test_tables_are_downloaded(open_insights: Callable[..., Page], colleague: Colleague) -> None:
    """A file for each table, of the days that are shown; what could be a formula is none."""
    for order in [colleague.order(101, "Pizza", 8.5), colleague.order(102, "Pizza Margherita", 7.9)]:
        colleague.act(order, "accept", {})
    page = open_insights()
    figures = colleague.figures()
    items = _downloaded(page, page.get_by_test_id("csv-items"))
    assert [row[1] for row in items[1:]] == [one["name"] for one in figures["top_items"]]
    orders = _downloaded(page, page.get_by_test_id("csv-orders"))
    assert len(orders) == 1 + figures["totals"]["orders"]
    assert len(_downloaded(page, page.get_by_test_id("csv-hours"))) == 1 + 24


def test_own_days_stay_in_the_address(open_insights: Callable[..., Page], colleague: Colleague) -> None:
    """They survive a reload; a span that is too long is refused in the language in use."""
    page = open_insights()
    today = _days(page)["to"]
    page.get_by_role("button", name="Own days").click()
    page.get_by_test_id("from").fill("2026-01-01")
    expect(page.get_by_role("alert")).to_contain_text("three months is the most")
    page.get_by_test_id("from").fill(f"{today[:8]}01")
    expect(page.get_by_test_id("report")).to_have_attribute("data-from", f"{today[:8]}01")
    page.reload()
    expect(page.get_by_test_id("report")).to_have_attribute("data-from", f"{today[:8]}01")
    assert colleague.figures(**_days(page))["from"] == f"{today[:8]}01"


def test_own_days_are_typed_digit_by_digit(open_insights: Callable[..., Page]) -> None:
    """The field keeps the focus, and only the day that is left standing is asked for."""
    page = open_insights()
    today = _days(page)["to"]
    page.get_by_role("button", name="Own days").click()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/hub/v1/insights?" in request.url else None)
    page.get_by_test_id("from").focus()
    page.keyboard.type(f"{today[5:7]}01{today[:4]}", delay=40)
    expect(page.get_by_test_id("report")).to_have_attribute("data-from", f"{today[:8]}01")
    expect(page.get_by_test_id("from")).to_be_focused()
    assert not [url for url in asked if "from=000" in url or "from=00" in url]


def test_it_speaks_every_language_on_a_phone(open_insights: Callable[..., Page], colleague: Colleague) -> None:
    """Nothing sticks out at 390 px, and axe finds nothing."""
    colleague.act(colleague.order(101, "Pizza", 8.5), "accept", {})
    for language, title in TITLE_OF.items():
        page = open_insights(language=language, scheme="dark" if language == "az" else "light", size=(390, 844))
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        _drawn(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert axe(page) == []


def _same_as(page: Page, figures: dict[str, Any]) -> None:
    """Totals, the table of hours and the best sellers against the endpoint's answer."""
    for name, value in figures["totals"].items():
        if name != "accepted":
            assert _number(page.get_by_test_id(f"total-{name}")) == (value or 0), name
    page.get_by_test_id("as-table-hours").click()
    rows = page.get_by_test_id("table-hours").locator("tbody tr")
    expect(rows).to_have_count(24)
    for hour in figures["by_hour"]:
        cells = rows.nth(hour["hour"]).locator("td")
        assert (_number(cells.nth(0)), _number(cells.nth(1))) == (hour["orders"], hour["sales"])
    page.get_by_test_id("as-table-hours").click()
    sold = page.get_by_test_id("table-items").locator("tbody tr")
    assert sold.count() == len(figures["top_items"])
    for index, item in enumerate(figures["top_items"]):
        cells = sold.nth(index).locator("td")
        assert (_number(cells.nth(0)), _number(cells.nth(1))) == (item["count"], item["sales"])


def _drawn(page: Page) -> None:
    """Wait until every chart has a canvas that fits its frame and has something on it."""
    wait_until(
        page,
        """[...document.querySelectorAll('[data-testid="chart"]')].every((frame) => {
            const canvas = frame.querySelector("canvas");
            if (canvas === null || Math.abs(canvas.clientWidth - frame.clientWidth) > 2) return false;
            const dots = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
            return dots.some((value) => value > 0);
        })""",
    )


def _days(page: Page) -> dict[str, str]:
    report = page.get_by_test_id("report")
    return {name: report.get_attribute(f"data-{name}") or "" for name in ("from", "to")}


def _downloaded(page: Page, link: Locator) -> list[list[str]]:
    with page.expect_download() as expected:
        link.click()
    text = expected.value.path().read_text(encoding="utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def _number(shown: Locator) -> float:
    return float(re.sub(r"[^\d.]", "", shown.inner_text()) or 0)


def _shown(value: float) -> str:
    return f"{value:,}"
