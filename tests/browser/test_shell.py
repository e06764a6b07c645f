"""The app's shell in a real browser: it loads without a complaint, holds its policy, and outlives the server."""

import re
import time

from playwright.sync_api import Page, expect
from tests.browser.conftest import wait_until

PAGES = ("/", "/board", "/kitchen", "/kitchen/1", "/new", "/insights", "/setup", "/sign-in", "/pair")


def wait_for_app(page: Page) -> None:
    """Wait until the app has drawn something."""
    expect(page.locator("#app")).not_to_be_empty()


def wait_for_kept_shell(page: Page) -> None:
    """Wait until the service worker has kept the shell and answers for this page."""
    wait_until(page, "navigator.serviceWorker.controller !== null")


def test_every_page_loads_without_a_complaint(house, new_context):
    """Each address is answered with the app; the watch hears of errors, breaches and other hosts."""
    page = new_context(house.url).new_page()
    for path in PAGES:
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 200
        assert answer.headers["cache-control"] == "no-cache"
        wait_for_app(page)
        page.wait_for_load_state("load")


def test_the_policy_holds_what_a_page_may_do(house_over_tls, new_context, watch):
    """Scripts in the page, evaluated text, and other hosts are refused by the browser itself."""
    page = new_context(house_over_tls.url).new_page()
    answer = page.goto("/sign-in")
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    wait_for_app(page)
    refused = page.evaluate(
        """async () => {
            const heard = [];
            document.addEventListener("securitypolicyviolation", (event) => heard.push(event.effectiveDirective));
            const script = document.createElement("script");
            script.textContent = "window.ran = true";
            document.body.append(script);
            const style = document.createElement("style");
            style.textContent = "body { color: red }";
            document.body.append(style);
            await fetch("https://elsewhere.invalid/").catch(() => undefined);
            const frame = document.createElement("iframe");
            frame.src = "/docs";
            document.body.append(frame);
            const until = performance.now() + 20_000;
            while (new Set(heard).size < 4 && performance.now() < until)
                await new Promise((resolve) => setTimeout(resolve, 50));
            return { heard: [...new Set(heard)].sort(), ran: window.ran === true };
        }"""
    )
    assert refused == {"heard": ["connect-src", "frame-src", "script-src-elem", "style-src-elem"], "ran": False}
    page.wait_for_timeout(1_000)
    assert watch.complaints
    assert all(re.search("Content Security Policy|violates the following|elsewhere", said) for said in watch.complaints)
    watch.complaints.clear()


def test_the_page_is_shown_while_the_server_is_away(house_over_tls, new_context, watch):
    """Killed like by a power cut, a reload still shows the app; once the server is back, it is asked again."""
    house = house_over_tls
    page = new_context(house.url).new_page()
    page.goto("/sign-in")
    wait_for_app(page)
    wait_for_kept_shell(page)
    with watch.server_away():
        house.kill()
        page.goto("/board")
        wait_for_app(page)
        page.reload()
        wait_for_app(page)
        # What is no page of the app, and whatever is data, is never answered from what was kept.
        assert page.evaluate("fetch('/hub/v1/hello').then(() => 'answered', () => 'away')") == "away"
        assert page.evaluate("fetch('/openapi.json').then(() => 'answered', () => 'away')") == "away"
        house.start()
    answer = page.goto("/sign-in")
    assert answer is not None
    assert answer.headers["etag"]
    wait_for_app(page)


def test_a_server_that_hangs_is_waited_for_three_seconds(house_over_tls, new_context, watch):
    """Connections are taken and nothing is answered, as by a machine that swaps: the kept page is shown all the same."""
    page = new_context(house_over_tls.url).new_page()
    page.goto("/sign-in")
    wait_for_kept_shell(page)
    with watch.server_away():
        house_over_tls.hang()
        began = time.monotonic()
        page.goto("/board")
        wait_for_app(page)
        assert 3 <= time.monotonic() - began < 15
        house_over_tls.go_on()
        page.goto("/sign-in")


def test_only_this_builds_files_are_kept(house, new_context):
    """Caches of former builds go; no answer of the API is ever in one."""
    page = new_context(house.url).new_page()
    page.goto("/sign-in")
    page.evaluate("caches.open('comanda-shell-former').then((cache) => cache.put('/former', new Response('x')))")
    page.evaluate("caches.open('not-ours').then((cache) => cache.put('/other', new Response('x')))")
    page.evaluate("navigator.serviceWorker.getRegistration().then((found) => found?.unregister())")
    page.reload()
    wait_for_app(page)
    wait_for_kept_shell(page)
    wait_until(page, "caches.keys().then((names) => !names.includes('comanda-shell-former'))")
    names = page.evaluate("caches.keys()")
    assert "not-ours" in names
    (shell,) = [name for name in names if name.startswith("comanda-shell-")]
    kept = page.evaluate(
        "(name) => caches.open(name).then((cache) => cache.keys())"
        ".then((kept) => kept.map((request) => new URL(request.url).pathname))",
        shell,
    )
    assert "/" in kept
    assert all(re.match(r"/(assets/.*|icons/.*|manifest\.webmanifest)?$", path) for path in kept)


def test_the_app_can_be_installed(house_over_tls, new_context):
    """Its manifest is read by the browser without a mistake, and every icon is as large as it says."""
    page = new_context(house_over_tls.url).new_page()
    page.goto("/sign-in")
    found = page.context.new_cdp_session(page).send("Page.getAppManifest")
    assert found["errors"] == []
    sizes = page.evaluate(
        """async () => {
            const { icons } = await (await fetch("/manifest.webmanifest")).json();
            return Promise.all(icons.filter((icon) => icon.type === "image/png").map(async (icon) => {
                const picture = await createImageBitmap(await (await fetch(icon.src)).blob());
                return [icon.sizes, `${picture.width}x${picture.height}`];
            }));
        }"""
    )
    assert len(sizes) == 4
    assert all(said == real for said, real in sizes)
