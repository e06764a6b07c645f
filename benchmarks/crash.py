"""Kill it, again and again, and look for what is missing: ``python -m benchmarks.crash --store both --rounds 200``.

A round starts the real server on what the last crash left, repeats with its key every request that got no answer,
holds everything that is stored against everything that was sent, puts load on it, and kills something with SIGKILL:
the server; PostgreSQL under the running server; both. After some of SQLite's kills the tail of its write-ahead log
is torn as well. Every choice of a round comes from the seed, the store and the round's number.
"""

import argparse
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from secrets import randbelow
from typing import Final

import httpx
import msgspec

from benchmarks import crash_checks as checks
from benchmarks.crash_checks import KINDS, Book, Database, Fate, Request, Since
from benchmarks.load import Generator, Load
from benchmarks.servers import ROOT, Postgres, Process, make_brand, run_postgres, sign_in, start_comanda
from benchmarks.torn_log import Mark, mark, tear

STORES: Final = ("sqlite", "postgresql")
_PATH: Final = "/open-api/v2/orders"
STOCK: Final = {"stop_list": [{"venue_id": 1, "product_id": checks.STOP_LISTED, "quantity": 9_000}]}
"""Imported before the first round; more than any number of rounds takes."""
_CONNECTIONS: Final = 32
_BODIES: Final = 6_000
"""More than a load can send before its kill; each request has a body of its own."""
_ALLOWED: Final = {"server": {0, 201}, "both": {0, 201, 503, 504}, "postgresql": {201, 503, 504}}
"""What requests may be answered in a round, by what it kills; 0 is no answer, and a server that lives gives one."""
_VICTIMS: Final = {"server": "the server", "postgresql": "PostgreSQL", "both": "both at once"}
_WHOLE_EVERY: Final = 20
_SAMPLE: Final = 5
_LIMITS: Final = (
    "SIGKILL ends processes; it does not lose what the operating system still holds for the disk. So the kills "
    "prove atomicity, ordering and recovery, and not that the disk keeps what it was told to sync. The torn logs "
    "stand in for the tail that a power cut loses. They are torn on purpose behind a moment when everything was "
    "synced, and so take orders acknowledged after it, which is counted and no violation: what must hold is that "
    "nothing before that moment is missing, nothing is there by half, and the database is sound."
)
_PATIENCE_S: Final = 20.0
_LOAD_OVER_S: Final = 60.0
_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Plan:
    """What a round does; its later choices, such as where to tear, come from ``rng``."""

    number: int
    kill: str
    after_s: float
    torn: str
    quiet: int
    pause_s: float
    rng: Random


def plan_round(store: str, seed: int, number: int) -> Plan:
    """The same plan for the same store, seed and number, whatever happened before."""
    rng = Random(f"{seed}/{store}/{number}")
    after_s, special, pause_s = rng.uniform(0.05, 0.8), rng.random() < 1 / 3, rng.uniform(0, 0.5)
    quiet = rng.randint(_CONNECTIONS, 300)
    kill = rng.choice(("postgresql", "both")) if special and store == "postgresql" else "server"
    torn = rng.choice(("cut", "garble")) if special and store == "sqlite" else ""
    return Plan(number, kill, after_s, torn, quiet if torn else 0, pause_s, rng)


class Broken(Exception):
    """Something that must hold does not; says what."""

    def __init__(self, found: list[str]) -> None:
        super().__init__("; ".join(found[:_SHOWN]))
        self.found = found


@dataclass
class Tally:
    """What was done to one store, and what came of it."""

    store: str
    database: str = ""
    rounds: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    tears: Counter[str] = field(default_factory=Counter)
    sent: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    repeated: int = 0
    stored_unheard: int = 0
    asked_again: int = 0
    at_stake: int = 0
    torn_away: int = 0
    orders: int = 0
    events: int = 0
    holds: int = 0
    keys: int = 0
    violations: list[str] = field(default_factory=list)
    seconds: float = 0.0
    longest_start_s: float = 0.0
    longest_recovery_s: float = 0.0

    def line(self) -> str:
        """It in one line."""
        return (
            f"{self.store}: {self.sent} sent, {self.statuses[201]} acknowledged, {self.statuses[0]} unanswered, "
            f"{self.repeated} repeated, {self.orders} orders, {len(self.violations)} violations, {self.seconds} s"
        )

    def rows(self) -> list[tuple[str, object]]:
        """It as a table."""
        return [
            ("database", self.database),
            ("rounds", self.rounds),
            *((f"kills of {_VICTIMS[kind]}", self.kills[kind]) for kind in _VICTIMS),
            ("torn logs", ", ".join(f"{how} {count}" for how, count in sorted(self.tears.items())) or "-"),
            ("acknowledged between the quiet moment and the tear", self.at_stake),
            ("of these taken by the tear", self.torn_away),
            ("requests sent", self.sent),
            ("acknowledged (201)", self.statuses[201]),
            ("refused (503)", self.statuses[503]),
            ("outcome unknown (504)", self.statuses[504]),
            ("unanswered", self.statuses[0]),
            ("repeated with their key, each ending in one order", self.repeated),
            ("unanswered without a key, and stored all the same", self.stored_unheard),
            ("repeats told to ask again first (409, 503, 504)", self.asked_again),
            ("orders stored", self.orders),
            ("events", self.events),
            ("stop-list holds", self.holds),
            ("idempotency records", self.keys),
            ("**violations**", f"**{len(self.violations)}**"),
            ("seconds", self.seconds),
            ("longest start until ready, s", self.longest_start_s),
            ("longest wait for ready after PostgreSQL was back, s", self.longest_recovery_s),
        ]


@dataclass
class Campaign:
    """All rounds on one store."""

    store: str
    seed: int
    folder: Path
    database: Database
    postgres: Postgres | None = None
    url: str | None = None
    book: Book = field(default_factory=Book)
    tally: Tally = field(init=False)
    server: Process | None = None
    _headers: dict[str, str] = field(default_factory=dict)
    _started: float = 0.0
    _doubted: bool = False

    def __post_init__(self) -> None:
        self.tally = Tally(self.store, self.database.version())
        facts = checks.read_facts(self.database, Since())
        self.book.stop_list = {(venue_id, product_id): milli for venue_id, product_id, milli in facts.left}

    def run(self, rounds: int, say: Callable[[str], None]) -> Tally:
        """Strike ``rounds`` times; stops at the first round after which something is wrong."""
        began = time.monotonic()
        try:
            for number in range(1, rounds + 1):
                plan = plan_round(self.store, self.seed, number)
                self._come_back(number)
                self._look(plan.rng, whole=number % _WHOLE_EVERY == 0)
                self._strike(plan)
                self.tally.rounds = number
                self.tally.seconds = round(time.monotonic() - began, 1)
                if number % 10 == 0:
                    say(f"{number}/{rounds}  {self.tally.line()}")
            self._come_back(rounds + 1)
            self._look(Random(self.seed), whole=True)
        except Broken as broken:
            self.tally.violations = broken.found
        except Exception as error:
            traceback.print_exc()
            self.tally.violations = [f"a round could not be finished: {error!r}"]
        finally:
            self.tally.seconds = round(time.monotonic() - began, 1)
            if self.server is not None:
                self.server.kill()
        return self.tally

    def _come_back(self, number: int) -> None:
        """Start the server where it is dead, and repeat what got no answer."""
        if self.server is None:
            began, self._started = time.monotonic(), time.time()
            self.server = start_comanda(self.folder, self.url, ready=False)
            try:
                self.server.wait_until_answering("/ready")
            except RuntimeError as error:
                raise Broken([f"round {number}: {error}"]) from error
            self.tally.longest_start_s = max(self.tally.longest_start_s, round(time.monotonic() - began, 3))
            self._headers = {"x-token": sign_in(self.server.url), "content-type": "application/json"}
        wanted = [r for r in self.book.fresh.values() if r.fate is Fate.OPEN and r.keyed and not r.order_id]
        with self._client() as http:
            for request in wanted:
                self._repeat(http, request)

    def _repeat(self, http: httpx.Client, request: Request) -> None:
        """The same key and body must end in 201, and once more in the same answer."""
        first = self._create(http, request)
        again = self._create(http, request)
        self.tally.repeated += 1
        if again.content != first.content or again.headers.get("idempotent-replayed") != "true":
            raise Broken([f"a repeat of {request.name} was answered {again.text} after {first.text}"])

    def _create(self, http: httpx.Client, request: Request) -> httpx.Response:
        """Send a keyed request until it is answered 201; a 409 or 503 says to ask again."""
        until = time.monotonic() + _PATIENCE_S
        while True:
            body, key = request.kind.named(request.name), {"idempotency-key": request.name}
            answer = http.post(_PATH, content=body, headers=key)
            if answer.status_code == 201:
                request.fate, request.order_id = Fate.STORED, answer.json()["data"]["id"]
                return answer
            if answer.status_code not in (409, 503, 504) or time.monotonic() > until:
                raise Broken([f"{request.name}, sent with its key, ends in {answer.status_code}: {answer.text}"])
            self.tally.asked_again += 1
            time.sleep(0.1)

    def _look(self, rng: Random, *, whole: bool) -> None:
        """Hold what is stored against what was sent: what is new, or everything."""
        self.database.wait_out(self._started)
        unsound = self.database.unsound() if whole or self._doubted else []
        if unsound:
            raise Broken(unsound)
        self._doubted = False
        facts = checks.read_facts(self.database, self.book.since)
        found = checks.violations(facts, self.book.fresh, self.book.settled, self.book.stop_list)
        if whole or found:
            # What is new is told by ids and clocks; the judgement is the look at everything.
            facts = checks.read_facts(self.database, Since())
            found = checks.violations(facts, self.book.everything, checks.Counts(), self.book.stop_list)
        if found:
            raise Broken(found)
        self._settle(facts)
        self._sample(rng)

    def _settle(self, facts: checks.Facts) -> None:
        unknown = [request for request in self.book.fresh.values() if request.fate is Fate.OPEN]
        torn = [request for request in unknown if request.order_id]
        unheard = [request for request in unknown if not request.order_id]
        self.book.settle(facts)
        self.tally.torn_away += sum(request.fate is Fate.ABSENT for request in torn)
        self.tally.stored_unheard += sum(request.fate is Fate.STORED for request in unheard)
        self.tally.orders, self.tally.holds = facts.counts.orders, facts.counts.holds
        self.tally.keys, self.tally.events = facts.counts.keys, checks.count_events(facts)

    def _sample(self, rng: Random) -> None:
        """A few orders of any round so far, as their senders would read them."""
        stored = [request for request in self.book.everything.values() if request.fate is Fate.STORED]
        with self._client() as http:
            for request in rng.sample(stored, min(_SAMPLE, len(stored))):
                answer = http.get(f"{_PATH}/{request.order_id}")
                if answer.status_code != 200 or answer.json()["data"]["payload"]["order_number"] != request.name:
                    raise Broken([f"order {request.order_id} ({request.name}) reads as {answer.text}"])

    def _strike(self, plan: Plan) -> None:
        """Put load on it and kill."""
        quiet = self._load_quietly(plan) if plan.quiet else None
        load = _Load(self._generator(f"{plan.number}.1.", plan.after_s + 0.3))
        load.start()
        time.sleep(plan.after_s)
        self._kill(plan)
        load.join(_LOAD_OVER_S)
        if load.is_alive():
            raise Broken([f"round {plan.number}: a request was kept waiting for a minute"])
        sent = self._note(load.generator, _ALLOWED[plan.kill])
        if plan.kill == "postgresql":
            self._recover(plan.number)
        if quiet is not None:
            self._tear(plan, quiet, sent)

    def _kill(self, plan: Plan) -> None:
        assert self.server is not None
        power = threading.Thread(target=self._kill_postgres) if plan.kill != "server" else None
        if power is not None:
            power.start()
        if plan.kill != "postgresql":
            self.server.kill()
            self.server = None
        if power is not None:
            power.join()
            time.sleep(plan.pause_s)
            self._start_postgres()
        self.tally.kills[plan.kill] += 1

    def _kill_postgres(self) -> None:
        assert self.postgres is not None
        # Held still, it starts no process that would be overlooked.
        os.kill(self.postgres.handle.get_pid(), signal.SIGSTOP)
        self.postgres.kill()

    def _start_postgres(self) -> None:
        """Until the last killed process has let go of the shared memory, a new postmaster refuses to start."""
        assert self.postgres is not None
        until = time.monotonic() + _PATIENCE_S
        while True:
            try:
                return self.postgres.start()
            except subprocess.SubprocessError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)

    def _recover(self, number: int) -> None:
        """The server has lived through it: it gets ready by itself and takes orders of every venue again."""
        assert self.server is not None
        began = time.monotonic()
        try:
            self.server.wait_until_answering("/ready")
        except RuntimeError as error:
            raise Broken([f"round {number}: not ready after PostgreSQL came back: {error}"]) from error
        self.tally.longest_recovery_s = max(self.tally.longest_recovery_s, round(time.monotonic() - began, 3))
        with self._client() as http:
            for index in range(checks.VENUES):
                # The kinds begin with two of each venue.
                request = Request(f"{number}.2.{index}", KINDS[2 * index], keyed=True, fate=Fate.OPEN)
                self.book.add(request)
                self._create(http, request)
                self._count(201)

    def _load_quietly(self, plan: Plan) -> Mark:
        """A load that is answered to its end; then the log holds nothing that is not committed."""
        generator = self._generator(f"{plan.number}.0.", _PATIENCE_S, plan.quiet)
        generator.run()
        self._note(generator, {201})
        return mark(self._log)

    def _tear(self, plan: Plan, quiet: Mark, sent: list[Request]) -> None:
        """Tear the log after the quiet moment: orders acknowledged since may be lost, none before it."""
        torn = tear(self._log, quiet, plan.torn, plan.rng)
        if torn is None:
            self.tally.tears["nothing to tear"] += 1
            return
        self.tally.tears[f"{plan.torn} after a reset" if torn.reset else plan.torn] += 1
        self._doubted = True
        for request in sent:
            if request.fate is Fate.STORED:
                request.fate = Fate.OPEN
                self.tally.at_stake += 1

    @property
    def _log(self) -> Path:
        assert isinstance(self.database, checks.SqliteFile)
        return self.database.path.with_name(self.database.path.name + "-wal")

    def _generator(self, prefix: str, seconds: float, requests: int = _BODIES) -> Generator:
        assert self.server is not None
        bodies = [KINDS[n % len(KINDS)].named(f"{prefix}{n}") for n in range(requests)]
        return Generator(
            Load(
                host="127.0.0.1",
                port=self.server.port,
                bodies=bodies,
                headers={"x-token": self._headers["x-token"]},
                connections=_CONNECTIONS,
                seconds=seconds,
                warmup_s=0,
                requests=requests,
                key_prefix=prefix,
                key_share=0.5,
            )
        )

    def _note(self, generator: Generator, allowed: set[int]) -> list[Request]:
        """Enter a load's journal in the book."""
        fates = {201: Fate.STORED, 503: Fate.ABSENT}
        noted = []
        for sent in generator.journal:
            name = f"{generator.load.key_prefix}{sent.number}"
            fate = fates.get(sent.status, Fate.OPEN)
            noted.append(Request(name, KINDS[sent.number % len(KINDS)], sent.key is not None, fate, sent.order_id))
            self.book.add(noted[-1])
            self._count(sent.status)
        strange = Counter(sent.status for sent in generator.journal if sent.status not in allowed)
        if strange:
            raise Broken([f"{count} requests were answered {status}" for status, count in strange.items()])
        return noted

    def _count(self, status: int) -> None:
        self.tally.sent += 1
        self.tally.statuses[status] += 1

    def _client(self) -> httpx.Client:
        assert self.server is not None
        return httpx.Client(base_url=self.server.url, headers=self._headers, timeout=30, trust_env=False)


class _Load(threading.Thread):
    """A load beside the one who kills."""

    def __init__(self, generator: Generator) -> None:
        super().__init__(daemon=True)
        self.generator = generator

    def run(self) -> None:
        """Send it; when the very connections are refused, the kill came first and nothing was sent."""
        with suppress(OSError):
            self.generator.run()


def run_store(store: str, rounds: int, seed: int, keep: Path | None, say: Callable[[str], None]) -> Tally:
    """Run the rounds on a fresh store. Its folder stays when something was wrong, or when asked for with ``keep``."""
    folder = keep / store if keep else Path(tempfile.mkdtemp(prefix="comanda-crash-"))
    folder.mkdir(parents=True, exist_ok=keep is None)
    with run_postgres() if store == "postgresql" else nullcontext() as postgres:
        url = postgres.new_database() if postgres else None
        make_brand(folder, url, STOCK)
        database = checks.PostgresDatabase(url) if url else checks.SqliteFile(folder / "comanda.db")
        tally = Campaign(store, seed, folder, database, postgres, url).run(rounds, say)
        if postgres and (keep or tally.violations):
            postgres.kill()
            shutil.copytree(postgres.folder, folder / "postgresql", ignore=shutil.ignore_patterns(".s.*"))
            postgres.start()
    if tally.violations:
        say(f"round {tally.rounds + 1} is wrong; the data is kept in {folder}")
        say(f"again: python -m benchmarks.crash --store {store} --rounds {tally.rounds + 1} --seed {seed}")
        for sentence in tally.violations[:_SHOWN]:
            say(f"  {sentence}")
    elif keep is None:
        shutil.rmtree(folder)
    return tally


def main(words: list[str] | None = None) -> int:
    """Run what is asked for; 1 when anything was wrong."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crash", description="Kill Comanda, look for losses.")
    parser.add_argument("--store", choices=(*STORES, "both"), default="both")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=None, help="chosen and printed when not given")
    parser.add_argument("--evidence", type=Path, default=None, help="write JSON here, and Markdown next to it")
    parser.add_argument("--keep", type=Path, default=None, help="a new folder for the stores, which then stay")
    asked = parser.parse_args(words)
    seed = randbelow(1_000_000) if asked.seed is None else asked.seed
    print(f"seed {seed}", flush=True)
    stores = STORES if asked.store == "both" else (asked.store,)
    tallies = []
    for store in stores:
        tallies.append(run_store(store, asked.rounds, seed, asked.keep, lambda text: print(text, flush=True)))
        print(tallies[-1].line(), flush=True)
    table = _table(tallies)
    print(table)
    if asked.evidence:
        command = f"python -m benchmarks.crash --store {asked.store} --rounds {asked.rounds} --seed {seed}"
        _write_evidence(asked.evidence, {"command": command, "seed": seed, **_circumstances()}, table, tallies)
    return 1 if any(tally.violations for tally in tallies) else 0


def _circumstances() -> dict[str, object]:
    def git(*words: str) -> str:
        command = ["git", *words]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603

    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": git("rev-parse", "HEAD"),
        "uncommitted_changes": bool(git("status", "--porcelain")),
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
        "kernel": platform.release(),
    }


def _table(tallies: list[Tally]) -> str:
    lines = ["| | " + " | ".join(tally.store for tally in tallies) + " |", "|---|" + "---|" * len(tallies)]
    for cells in zip(*(tally.rows() for tally in tallies), strict=True):
        lines.append(f"| {cells[0][0]} | " + " | ".join(str(value) for _, value in cells) + " |")
    return "\n".join(lines)


def _write_evidence(file: Path, circumstances: dict[str, object], table: str, tallies: list[Tally]) -> None:
    found = msgspec.json.encode({**circumstances, "limits": _LIMITS, "stores": tallies})
    file.write_bytes(msgspec.json.format(found, indent=2) + b"\n")
    facts = "\n".join(f"- {name.replace('_', ' ')}: {value}" for name, value in circumstances.items())
    text = f"# Crash evidence\n\n{facts}\n\n{table}\n\n{_LIMITS}\n"
    file.with_name(file.name + ".md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
