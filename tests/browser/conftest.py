"""The browser tests' parts: an installed Chromium, real houses it looks at, and a watch over all that it complains about.

A test fails on whatever the browser says is wrong: a script's error, a breach of the content security policy, a request
to another host, a file that is missing, an answer that is our fault.
"""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from benchmarks.servers import ROOMY, free_port
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    expect,
    sync_playwright,
)
from tests.conftest import ROOT, STORES, Process, administer, run_comanda
from tools.chromium import MissingProgramError, chromium_flags, find_chromium, find_program

from comanda.demo.house import furnish_demo
from comanda.main import open_store
from comanda.settings import Settings

PATIENCE_MS = 30_000
"""How long anything on a page may take; CI's machines are slow."""
LATE_S = 15.0
"""How much later than it happened the browser may tell of something."""
expect.set_options(timeout=PATIENCE_MS)
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
_AWAY = re.compile(
    r"net::ERR_(CONNECTION_|SOCKET_NOT_CONNECTED|EMPTY_RESPONSE|INCOMPLETE_CHUNKED|NETWORK_CHANGED|INTERNET_DISCONNECTED"
    r"|ABORTED)"
)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where Chromium is, with the tool beside it that makes it trust an authority; fails with what to install."""
    try:
        find_program(("certutil",), "libnss3-tools")
        return find_chromium()
    except MissingProgramError as error:
        pytest.fail(f"the browser tests cannot run: {error}")


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as `comanda tls init` makes it: an authority of these tests' own, a certificate for the loopback."""
    folder = tmp_path_factory.mktemp("certificates")
    run_comanda("tls", "init", "--host", "localhost", "--host", "127.0.0.1", "--data-dir", str(folder), cwd=folder)
    return folder / "tls"


@pytest.fixture(scope="session")
def furnished_file(demo_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An embedded store with the whole demo restaurant, to copy for each test: its dishes are drawn once."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("furnished"))
    shutil.copy(demo_file, settings.database_file)
    asyncio.run(_furnish(settings))
    return settings.database_file


@pytest.fixture(scope="session")
def furnished_template(postgres_url: str, postgres_template: str) -> str:
    """The name of a database with the whole demo restaurant, to copy for each test."""
    name = "comanda_furnished"
    asyncio.run(administer(postgres_url, f"CREATE DATABASE {name} TEMPLATE {postgres_template}"))
    asyncio.run(_furnish(Settings(database_url=postgres_url.replace("/postgres?", f"/{name}?"))))
    return name


async def _furnish(settings: Settings) -> None:
    async with open_store(settings) as store:
        await furnish_demo(store)


@pytest.fixture(scope="module")
def browser(
    chromium: str,
    certificates: Path,
    furnished_file: Path,
    furnished_template: str,
) -> Iterator[Browser]:
    """A browser that trusts the certificates' authority as a tablet would: by its own store of certificates.

    The stores' templates are made before Playwright's event loop runs in this thread, beside which no other one can.
    """
    with tempfile.TemporaryDirectory(prefix="comanda-browser-") as home, sync_playwright() as playwright:
        trusted = Path(home, ".pki", "nssdb")
        trusted.mkdir(parents=True)
        database = ["certutil", "-d", f"sql:{trusted}"]
        subprocess.run([*database, "-N", "--empty-password"], check=True, capture_output=True)
        authority = ["-A", "-t", "C,,", "-n", "comanda", "-i", str(certificates / "ca.crt")]
        subprocess.run([*database, *authority], check=True, capture_output=True)
        running = playwright.chromium.launch(
            executable_path=chromium, args=chromium_flags(), env={**os.environ, "HOME": home}, timeout=120_000
        )
        yield running
        running.close()


@dataclass
class Watch:
    """What the browser has complained about so far."""

    complaints: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)
    away_until: float = 0.0

    @property
    def server_may_be_away(self) -> bool:
        """Whether a request that does not reach the server is no complaint just now."""
        return time.monotonic() < self.away_until

    @contextmanager
    def server_away(self) -> Iterator[None]:
        """While the block runs, and a moment longer, the server may be killed: what was asked of it then is told late."""
        self.away_until = float("inf")
        try:
            yield
        finally:
            self.away_until = time.monotonic() + LATE_S

    def follow(self, context: BrowserContext) -> None:
        """Listen to every page of a context, and to its workers."""
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.complaints.append(f"uncaught: {error.error}"))
        context.on("request", self._on_request)
        context.on("response", self._on_response)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type != "error":
            return
        where = message.location.get("url", "")
        # Answers are judged as answers, below; a 401 that a page asks for is no mistake.
        if message.text.startswith("Failed to load resource: the server responded"):
            return
        if self.server_may_be_away and _AWAY.search(message.text):
            return
        self.complaints.append(f"console: {message.text} ({where})")

    def _on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc not in self.hosts:
            self.complaints.append(f"request to another host: {request.url}")

    def _on_response(self, response: Response) -> None:
        path = urlsplit(response.url).path
        ours = response.status >= 500 and response.status not in (503, 504)
        missing = response.status >= 400 and not path.startswith(("/hub/", "/open-api/", "/media/"))
        if (ours or missing) and not self.server_may_be_away:
            self.complaints.append(f"{response.status} for {response.request.method} {path}")


@pytest.fixture
def watch() -> Iterator[Watch]:
    """The watch over this test's pages; what it has heard by the end fails the test."""
    found = Watch()
    yield found
    assert found.complaints == []


@pytest.fixture
def new_context(browser: Browser, watch: Watch) -> Iterator[Callable[..., BrowserContext]]:
    """Makes browser contexts, each like a device of its own; its pages' addresses begin at ``base_url``."""
    opened: list[BrowserContext] = []

    def make(
        base_url: str,
        *,
        language: str = "en",
        scheme: str = "light",
        size: tuple[int, int] = (1440, 900),
        **options: Any,
    ) -> BrowserContext:
        context = browser.new_context(
            base_url=base_url,
            locale=language,
            timezone_id="Asia/Baku",
            color_scheme=scheme,
            viewport={"width": size[0], "height": size[1]},
            **options,
        )
        context.set_default_timeout(PATIENCE_MS)
        context.set_default_navigation_timeout(PATIENCE_MS)
        watch.hosts.add(urlsplit(base_url).netloc)
        watch.follow(context)
        opened.append(context)
        return context

    yield make
    for context in opened:
        context.close()


@dataclass
class House:
    """A real ``comanda serve --demo`` on a port and data of its own; it can be killed and started on both again."""

    words: list[str]
    port: int
    folder: Path
    tls: bool = False
    process: Process | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"https://localhost:{self.port}" if self.tls else f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it takes orders."""
        with (self.folder / "server.log").open("a") as file:
            command = [sys.executable, "-m", "comanda", "serve", "--demo", *self.words]
            popen = subprocess.Popen(
                [*command, "--port", str(self.port), "--metrics-port", "0", "--data-dir", str(self.folder)],
                stdout=file, stderr=subprocess.STDOUT, text=True, cwd=self.folder, env={**os.environ, **ROOMY},
            )  # fmt: skip
        self.process = Process(popen, self.port, self.folder / "server.log", scheme="https" if self.tls else "http")
        self.process.wait_until_ready(120)

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self.process is not None
        self.process.popen.kill()
        self.process.popen.wait()

    def hang(self) -> None:
        """Let it take connections and answer nothing, until it is told to go on."""
        assert self.process is not None
        self.process.popen.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it answer again."""
        assert self.process is not None
        self.process.popen.send_signal(signal.SIGCONT)

    def call(self, token: str) -> httpx.Client:
        """A caller with a device's token, beside the browser."""
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {token}"}, timeout=60, verify=False)


@pytest.fixture(params=STORES)
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """A house on each kind of store, over plain HTTP on the loopback."""
    with _running(request, tmp_path, request.param) as running:
        yield running


@pytest.fixture
def house_over_tls(request: pytest.FixtureRequest, tmp_path: Path, certificates: Path) -> Iterator[House]:
    """A house that is reached over HTTPS, with its own authority."""
    shutil.copytree(certificates, tmp_path / "tls")
    with _running(request, tmp_path, "sqlite", tls=True) as running:
        yield running


def wait_until(page: Page, expression: str, within_s: float = PATIENCE_MS / 1_000) -> None:
    """Wait until an expression is true in the page; `Page.wait_for_function` would need the policy that it breaks."""
    until = time.monotonic() + within_s
    while not page.evaluate(expression):
        assert time.monotonic() < until, f"never came true: {expression}"
        page.wait_for_timeout(50)


def axe(page: Page, *, skipped: tuple[str, ...] = ()) -> list[str]:
    """What axe finds wrong with a page's accessibility (WCAG 2.2 A and AA), one line for each element."""
    assert AXE.is_file(), "axe-core is missing: make web-check installs what the pages are tested with"
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        """(skipped) => axe.run(document, {
            runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
            rules: Object.fromEntries(skipped.map((rule) => [rule, { enabled: false }])),
        })""",
        list(skipped),
    )
    return [f"{rule['id']}: {node['html']}" for rule in found["violations"] for node in rule["nodes"]]


@contextmanager
def _running(request: pytest.FixtureRequest, folder: Path, kind: str, *, tls: bool = False) -> Iterator[House]:
    words = []
    if kind == "postgresql":
        url, template = request.getfixturevalue("postgres_url"), request.getfixturevalue("furnished_template")
        name = f"browser_{uuid.uuid4().hex}"
        _beside_playwright(url, f"CREATE DATABASE {name} TEMPLATE {template}")
        words += ["--database-url", url.replace("/postgres?", f"/{name}?")]
    else:
        shutil.copy(request.getfixturevalue("furnished_file"), folder / "comanda.db")
    if tls:
        words += ["--tls-cert", str(folder / "tls" / "server.crt"), "--tls-key", str(folder / "tls" / "server.key")]
    house = House(words, free_port(), folder, tls)
    house.start()
    try:
        yield house
    finally:
        house.kill()
        if kind == "postgresql":
            _beside_playwright(url, f"DROP DATABASE {name} WITH (FORCE)")


def _beside_playwright(postgres_url: str, statement: str) -> None:
    """In a thread: Playwright's event loop stands in this one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(administer(postgres_url, statement))).result()
