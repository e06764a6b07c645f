"""The cases of a series and how each is run: a fresh store, a server, a load, and what was stored held against it."""

import asyncio
import contextlib
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import asyncpg
import msgspec
import psutil

from benchmarks.bodies import bodies, real_menu, real_orders
from benchmarks.load import Load, Result, read_journal
from benchmarks.servers import ROOT, Postgres, Process, free_port, make_brand, sign_in, start, start_comanda
from benchmarks.typical import prepare as typical

SECRET = "a benchmark's secret, long enough for HS256"
CHAIN = "documented"
"""The body that is accepted and sent as it comes in: its order has a receipt, a ticket and their events."""
APPS = {"typical": "benchmarks.typical.orm_app:app", "raw": "benchmarks.typical.raw_app:app"}


@dataclass(frozen=True)
class Case:
    """One thing to measure. ``program`` is ceiling, comanda, typical or raw; ``rate`` 0 is a closed loop."""

    program: str
    store: str = ""
    body: str = "minimal"
    venues: int = 1
    connections: int = 64
    rate: int = 0
    keys: float = 1.0
    workers: int = 1
    pool: int = 1

    @property
    def name(self) -> str:
        """How tables call it."""
        load = f"{self.rate}/s open" if self.rate else f"{self.connections} closed"
        parts = [self.program, self.store, self.body, "1 venue" if self.venues == 1 else f"{self.venues} venues", load]
        parts += [] if self.keys else ["no keys"]
        parts += [f"{self.workers} workers, pool {self.pool}"] if self.program in APPS else []
        return " · ".join(part for part in parts if part)


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What one run of a case gave. Latencies are milliseconds; CPU is microseconds of all server processes an order.

    ``sound`` says that what is stored is exactly what was acknowledged.
    """

    per_second: float
    p50: float
    p99: float
    p999: float
    errors: int
    sound: bool
    late: int = 0
    resident_mib: float = 0.0
    cpu_us: float = 0.0


@dataclass
class Bench:
    """Where the series runs: a PostgreSQL, and templates of prepared stores that each run copies."""

    postgres: Postgres
    folder: Path
    seconds: float

    def prepare(self) -> None:
        """Make the template stores."""
        menu = real_menu(real_orders())
        document = menu.document if menu else None
        for store in ("sqlite", "postgresql"):
            template = self.folder / f"template-{store}"
            template.mkdir()
            url = self.postgres.named_database("bench_template") if store == "postgresql" else None
            make_brand(template, url, document)

    def run(self, case: Case) -> Measured:
        """Run one case on a fresh store."""
        if case.program == "ceiling":
            return self._run_ceiling(case)
        with self._store(case) as (data_dir, url):
            server = self._server(case, data_dir, url)
            try:
                return self.measure(case, server, data_dir, url)
            finally:
                server.stop()

    def measure(self, case: Case, server: Process, data_dir: Path, url: str | None, *, requests: int = 0) -> Measured:
        """Put a case's load on a running server and hold its store against the answers.

        ``requests`` sends so many instead of for so long.
        """
        token = sign_in(server.url) if case.program == "comanda" else typical.token(SECRET)
        journal = data_dir / "journal.json"
        load = self._load(case, server.port, token, journal)
        if requests:
            load = msgspec.structs.replace(load, requests=requests, seconds=600.0, warmup_s=0.0)
        before = acknowledged_ids(data_dir, url)
        cpu, postgres_cpu = server.cpu_s(), self._postgres_cpu_s(url)
        result = send(load)
        cpu = server.cpu_s() - cpu + self._postgres_cpu_s(url) - postgres_cpu
        sent = read_journal(journal)
        acknowledged = [one.order_id for one in sent if one.status == 201]
        stored = acknowledged_ids(data_dir, url) - before
        sound = len(acknowledged) == len(set(acknowledged)) and stored == set(acknowledged)
        return Measured(
            per_second=result.per_second,
            p50=result.p50,
            p99=result.p99,
            p999=result.p999,
            errors=len(sent) - len(acknowledged),
            sound=sound and gapless(data_dir, url) and (case.body != CHAIN or chain_is_whole(data_dir, url)),
            late=result.late,
            resident_mib=server.resident_mib(),
            cpu_us=cpu / max(1, len(acknowledged)) * 1e6,
        )

    def h2load(self, case: Case) -> float:
        """The same minimal, keyless, closed load by a tool everybody knows: answers a second."""
        with self._store(case) as (data_dir, url):
            server = self._ceiling() if case.program == "ceiling" else self._server(case, data_dir, url)
            try:
                token = sign_in(server.url) if case.program == "comanda" else "x" * 500
                body = data_dir / "body.json"
                body.write_text(bodies("minimal")[0])
                words = ["h2load", "--h1", "-c", str(case.connections), "-t", "1", "-D", str(max(2, int(self.seconds)))]
                words += ["--warm-up-time", "1", "-d", str(body), "-H", "content-type: application/json"]
                words += ["-H", f"x-token: {token}", f"{server.url}/open-api/v2/orders"]
                shown = subprocess.run(words, capture_output=True, text=True, check=True).stdout  # noqa: S603
                found = re.search(r"finished in [\d.]+m?s, ([\d.]+) req/s", shown)
                bad = re.search(r" (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", shown)
                failed = re.search(r" 0 failed, 0 errored, 0 timeout", shown)
                if found is None or bad is None or failed is None or any(int(count) for count in bad.groups()):
                    raise RuntimeError(shown)
                return float(found[1])
            finally:
                server.stop()

    @contextmanager
    def store_copy(self, store: str) -> Iterator[tuple[Path, str | None]]:
        """A prepared store of our own, gone afterwards."""
        with self._store(Case("comanda", store)) as found:
            yield found

    @contextmanager
    def _store(self, case: Case) -> Iterator[tuple[Path, str | None]]:
        data_dir = Path(tempfile.mkdtemp(dir=self.folder))
        url = None
        try:
            if case.program == "comanda":
                shutil.copytree(self.folder / "template-sqlite", data_dir, dirs_exist_ok=True)
            if case.store == "postgresql":
                url = self.postgres.new_database("bench_template" if case.program == "comanda" else "template1")
            yield data_dir, url
        finally:
            if url:
                self.postgres.drop(url)
            shutil.rmtree(data_dir, ignore_errors=True)

    def _server(self, case: Case, data_dir: Path, url: str | None) -> Process:
        if case.program == "comanda":
            return start_comanda(data_dir, url)
        port = free_port()
        words = ["-m", "granian", "--interface", "asgi", "--workers", str(case.workers), "--port", str(port)]
        words += ["--loop", "uvloop", "--no-ws", "--log-level", "error", APPS[case.program]]
        address = url.replace("postgresql://", "postgresql+asyncpg://") if url else f"sqlite:///{data_dir}/comanda.db"
        asyncio.run(typical.prepare(address))
        environment = {
            "DATABASE_URL": address,
            "POOL_SIZE": str(case.pool),
            "TOKEN_SECRET": SECRET,
            "PYTHONPATH": str(ROOT),
            "RATE_PER_MINUTE": "100000000",
        }
        process = start(words, port, data_dir / "server.log", environment)
        process.wait_until_answering()
        return process

    def _ceiling(self) -> Process:
        port = free_port()
        process = start(["-m", "benchmarks.ceiling", str(port)], port, self.folder / "ceiling.log")
        process.wait_until_answering()
        return process

    def _run_ceiling(self, case: Case) -> Measured:
        server = self._ceiling()
        try:
            result = send(self._load(case, server.port, "x" * 500, None))
        finally:
            server.stop()
        bad = sum(count for status, count in result.statuses.items() if status != "201") + result.unanswered
        return Measured(
            per_second=result.per_second, p50=result.p50, p99=result.p99, p999=result.p999, errors=bad, sound=True
        )

    def _load(self, case: Case, port: int, token: str, journal: Path | None) -> Load:
        return Load(
            host="127.0.0.1",
            port=port,
            bodies=bodies(case.body, case.venues),
            headers={"x-token": token},
            connections=case.connections,
            rate=case.rate,
            seconds=self.seconds,
            key_prefix=f"{os.getpid()}-{time.time_ns()}-",
            key_share=case.keys,
            journal=str(journal) if journal else None,
        )

    def _postgres_cpu_s(self, url: str | None) -> float:
        if url is None:
            return 0.0
        postmaster = psutil.Process(self.postgres.handle.get_pid())
        total = 0.0
        for process in (postmaster, *postmaster.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                total += times.user + times.system
        return total


def send(load: Load) -> Result:
    """Run a load in a process of its own."""
    words = [sys.executable, "-m", "benchmarks.load"]
    done = subprocess.run(words, input=msgspec.json.encode(load), capture_output=True, check=True, cwd=ROOT)  # noqa: S603
    return msgspec.json.decode(done.stdout, type=Result)


def acknowledged_ids(data_dir: Path, url: str | None) -> set[int]:
    """The ids of every order in a store."""
    return {int(row[0]) for row in query(data_dir, url, "SELECT id FROM orders")}


def gapless(data_dir: Path, url: str | None) -> bool:
    """Whether every order has its events, and every venue's are numbered from 1 without a gap."""
    rows = query(
        data_dir,
        url,
        "SELECT count(*), min(number), max(number), count(DISTINCT order_id) FROM events "
        "WHERE venue_id > 0 GROUP BY venue_id",
    )
    orders = query(data_dir, url, "SELECT count(*) FROM orders")[0][0]
    numbered = all(count == highest and lowest == 1 for count, lowest, highest, _ in rows)
    return numbered and sum(row[3] for row in rows) == orders


def chain_is_whole(data_dir: Path, url: str | None) -> bool:
    """Whether every accepted order has exactly one receipt of its sum and exactly one ticket with its one line."""
    counts = query(
        data_dir,
        url,
        "SELECT (SELECT count(*) FROM orders WHERE status <> 'PENDING'), (SELECT count(*) FROM receipts), "
        "(SELECT count(*) FROM tickets), (SELECT count(*) FROM ticket_lines), (SELECT count(*) FROM orders o "
        "JOIN receipts r ON r.brand_id = o.brand_id AND r.id = o.id AND r.order_id = o.id "
        "JOIN tickets t ON t.brand_id = o.brand_id AND t.order_id = o.id "
        "WHERE o.sent_at IS NOT NULL AND r.total_minor = o.total_minor)",
    )[0]
    return len(set(counts)) == 1


def query(data_dir: Path, url: str | None, statement: str) -> list[tuple[int, ...]]:
    """The rows of a statement, asked on a connection of our own."""
    if url:
        return asyncio.run(_query_postgres(url, statement))
    connection = sqlite3.connect(data_dir / "comanda.db")
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


async def _query_postgres(url: str, statement: str) -> list[tuple[int, ...]]:
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(statement)]
    finally:
        await connection.close()


def variants(case: Case, choices: dict[str, tuple[int, ...]]) -> list[Case]:
    """A case in every combination of the choices given for its fields, to look for its best."""
    return [replace(case, **dict(zip(choices, values, strict=True))) for values in product(*choices.values())]
