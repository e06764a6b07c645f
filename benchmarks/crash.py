"""Kill it, again and again, and look for what is missing: ``python -m benchmarks.crash --store both --rounds 200``.

A round starts the real server on what the last crash left, repeats with its key every request that got no answer,
holds everything that is stored against everything that was sent, puts load on it, and kills something with SIGKILL:
the server; PostgreSQL under the running server; both. After some of SQLite's kills the tail of its write-ahead log
is torn as well. Meanwhile a terminal brings orders from accepted to paid, the clock answers those that nobody
answers, and a printer prints, resets or is away. Every choice of a round comes from the seed, the store and its number.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from secrets import randbelow
from typing import Final

import httpx

from benchmarks import crash_checks as checks
from benchmarks import crash_kitchen as kitchen
from benchmarks.chain_checks import IGNORE_S, Deed, Fate, Known
from benchmarks.crash_checks import KINDS, LOAD, PRINTED, WAITING, Book, Database, Request, Since
from benchmarks.crash_report import Tally, circumstances, table_of, write_evidence
from benchmarks.load import Generator, Load
from benchmarks.servers import Postgres, Process, run_postgres, sign_in, start_comanda
from benchmarks.torn_log import Mark, mark, tear
from comanda.base.clock import Micros, now_micros

STORES: Final = ("sqlite", "postgresql")
_PATH: Final = "/open-api/v2/orders"
_CONNECTIONS: Final = 32
_BODIES: Final = 6_000
"""More than a load can send before its kill; each request has a body of its own."""
_ALLOWED: Final = {"server": {0, 201}, "both": {0, 201, 503, 504}, "postgresql": {201, 503, 504}}
"""What requests may be answered in a round, by what it kills; 0 is no answer, and a server that lives gives one."""
_WHOLE_EVERY: Final = 20
_PATIENT_EVERY: Final = 4
_GRACE_S: Final = 60.0
"""What duties have to make up for a crash: a lease of a process that is gone is held for six seconds."""
_PAPERS: Final = 8
_MOMENT_US: Final = 1_000_000
"""What a transaction may take from the instant it notes until others see it."""
_FOR_TILL: Final = (WAITING, PRINTED, WAITING, WAITING, PRINTED, WAITING)
_SAMPLE: Final = 5
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
    mood: str
    rng: Random


def plan_round(store: str, seed: int, number: int) -> Plan:
    """The same plan for the same store, seed and number, whatever happened before."""
    rng = Random(f"{seed}/{store}/{number}")
    after_s, special, pause_s = rng.uniform(0.05, 0.8), rng.random() < 1 / 3, rng.uniform(0, 0.5)
    quiet = rng.randint(_CONNECTIONS, 300)
    kill = rng.choice(("postgresql", "both")) if special and store == "postgresql" else "server"
    torn = rng.choice(("cut", "garble")) if special and store == "sqlite" else ""
    return Plan(number, kill, after_s, torn, quiet if torn else 0, pause_s, rng.choice(kitchen.MOODS), rng)


class Broken(Exception):
    """Something that must hold does not; says what."""

    def __init__(self, found: list[str]) -> None:
        super().__init__("; ".join(found[:_SHOWN]))
        self.found = found


@dataclass
class Campaign:
    """All rounds on one store."""

    store: str
    seed: int
    folder: Path
    database: Database
    printer: kitchen.Printer
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

    def run(self, numbers: Sequence[int], say: Callable[[str], None]) -> Tally:
        """Strike in the rounds of these numbers; stops at the first after which something is wrong.

        Further rounds may be run later on the same store, each number once.
        """
        began = time.monotonic()
        try:
            for number in numbers:
                plan = plan_round(self.store, self.seed, number)
                self._come_back(number)
                self._look(plan.rng, whole=number % _WHOLE_EVERY == 0, patient=number % _PATIENT_EVERY == 0)
                self._strike(plan)
                self.tally.rounds = number
                self.tally.seconds = round(time.monotonic() - began, 1)
                if number % 10 == 0:
                    say(f"{number}/{numbers[-1]}  {self.tally.line()}")
            self._come_back(self.tally.rounds + 1)
            self._look(Random(self.seed), whole=True, patient=True)
        except Broken as broken:
            self.tally.violations = broken.found
        except Exception as error:
            traceback.print_exc()
            self.tally.violations = [f"a round could not be finished: {error!r}"]
        finally:
            self.tally.seconds = round(time.monotonic() - began, 1)
            if self.server is not None:
                self.server.kill()
                self.server = None
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
        with kitchen.client(self.server.url) as http:
            stopped = set()
            for deed in [deed for deed in self.book.deeds.values() if deed.fate is Fate.OPEN]:
                if deed.order_id in stopped:
                    deed.fate = Fate.ABSENT
                    continue
                self._repeat_deed(http, deed)
                if deed.fate is Fate.ABSENT:
                    stopped.add(deed.order_id)
            self._settle_papers(http)

    def _repeat(self, http: httpx.Client, request: Request) -> None:
        """The same key and body must end in 201, and once more in the same answer."""
        first = self._create(http, request)
        again = self._create(http, request)
        self.tally.repeated += 1
        if again.content != first.content or again.headers.get("idempotent-replayed") != "true":
            raise Broken([f"a repeat of {request.name} was answered {again.text} after {first.text}"])

    def _repeat_deed(self, http: httpx.Client, deed: Deed) -> None:
        """The same key must end in 200, and once more in the same answer, unless the clock was faster."""
        answer = kitchen.send(http, deed)
        again = kitchen.send(http, deed)
        self.tally.deeds_repeated += 1
        deed.fate = Fate.STORED if answer.status_code == 200 else Fate.ABSENT
        same = again.content == answer.content and again.headers.get("idempotent-replayed") == "true"
        if not (same if deed.fate is Fate.STORED else kitchen.is_refused(deed, answer)):
            raise Broken([f"a repeat of {deed.step} of order {deed.order_id}: {answer.text}, then {again.text}"])

    def _settle_papers(self, http: httpx.Client) -> None:
        """Somebody looks at papers whose fate is unknown: one is printed again, one had come out."""
        found = http.get("/hub/v1/print-jobs").json()["data"]
        for job, action in zip(found, ("reprint", "dismiss"), strict=False):
            answer = http.post(f"/hub/v1/print-jobs/{job['id']}/{action}", json={})
            if answer.status_code != 200 or not answer.json()["data"]["changed"]:
                raise Broken([f"{action} of the uncertain paper {job['id']} was answered {answer.text}"])

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

    def _look(self, rng: Random, *, whole: bool, patient: bool) -> None:
        """Hold what is stored against what was sent: what is new, or everything; ``patient`` once duties are done."""
        self.database.wait_out(self._started)
        overdue_at = self._let_time_pass() if patient else 0
        unsound = self.database.unsound() if whole or self._doubted else []
        if unsound:
            raise Broken(unsound)
        self._doubted = False
        facts, found = self._read(self.book.since, overdue_at)
        if whole or found:
            # What is new is told by ids and clocks; the judgement is the look at everything.
            facts, found = self._read(Since(), overdue_at)
        if found:
            raise Broken(found)
        self._settle(facts)
        self._sample(rng)

    def _read(self, since: Since, overdue_at: int) -> tuple[checks.Facts, list[str]]:
        """What is stored, and what is wrong with it."""
        book, before = self.book, len(self.printer.papers)
        facts = checks.read_facts(self.database, since)
        known = Known(book.deeds, list(self.printer.papers), before, overdue_at)
        requests, settled = (book.everything, checks.Counts()) if facts.whole else (book.fresh, book.settled)
        return facts, checks.violations(facts, requests, settled, book.stop_list, known)

    def _let_time_pass(self) -> int:
        """Wait until what is due soon has happened and some papers have come out, though not for ever.

        Returns the instant by which it was due. What is in line may be taken up meanwhile and is on its way then, so
        that instant is no later than a moment before the last look.
        """
        self.printer.come_back()
        due_at = asked_at = Micros(now_micros() + IGNORE_S * 1_000_000)
        until, enough = time.monotonic() + _GRACE_S, len(self.printer.papers) + _PAPERS
        while time.monotonic() < until:
            asked_at = Micros(now_micros() - _MOMENT_US)
            undone, in_line = self.database.ask([(checks.UNDONE, (due_at,))])[0][0]
            if not undone and (not in_line or len(self.printer.papers) >= enough):
                break
            time.sleep(0.1)
        return min(due_at, asked_at)

    def _settle(self, facts: checks.Facts) -> None:
        unknown = [request for request in self.book.fresh.values() if request.fate is Fate.OPEN]
        torn = [request for request in unknown if request.order_id]
        unheard = [request for request in unknown if not request.order_id]
        self.book.settle(facts)
        self.tally.torn_away += sum(request.fate is Fate.ABSENT for request in torn)
        self.tally.stored_unheard += sum(request.fate is Fate.STORED for request in unheard)
        self.tally.orders, self.tally.holds = facts.counts.orders, facts.counts.holds
        self.tally.keys, self.tally.events = facts.counts.keys, checks.count_events(facts)
        self.tally.deeds = sum(deed.fate is Fate.STORED for deed in self.book.deeds.values())
        self.tally.papers = len(self.printer.papers)
        self.tally.papers_marked = sum(paper.marked for paper in self.printer.papers)
        if facts.whole:
            self.tally.steps_reached = sum(row[2] in ("order.reminded", "order.ignored") for row in facts.events)
            self.tally.uncertain = sum(row[7] in ("uncertain", "settled") for row in facts.chain.jobs)

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
        self.printer.be(plan.mood)
        till = self._till(plan)
        quiet, papers = self._load_quietly(plan) if plan.quiet else None, len(self.printer.papers)
        load = _Load(self._generator(f"{plan.number}.1.", plan.after_s + 0.3))
        load.start()
        till.start()
        time.sleep(plan.after_s)
        self._kill(plan)
        load.join(_LOAD_OVER_S)
        till.join(_LOAD_OVER_S)
        if load.is_alive() or till.is_alive():
            raise Broken([f"round {plan.number}: a request was kept waiting for a minute"])
        if till.strange:
            raise Broken(till.strange)
        sent = self._note(load.generator, _ALLOWED[plan.kill])
        if plan.kill == "postgresql":
            self._recover(plan.number)
        if quiet is not None:
            self._tear(plan, quiet, sent, papers)

    def _till(self, plan: Plan) -> kitchen.Till:
        """A terminal, and the orders it is to act on."""
        assert self.server is not None
        orders = {}
        with self._client() as http:
            for index, kind in enumerate(_FOR_TILL):
                request = Request(f"{plan.number}.3.{index}", kind, keyed=True, fate=Fate.OPEN)
                self.book.add(request)
                total = self._create(http, request).json()["data"]["payload"]["totals"]["total"]
                orders[request.order_id] = (request.name, total, kind is PRINTED)
                self._count(201)

        def note(deed: Deed) -> None:
            self.book.deeds[deed.key] = deed

        return kitchen.Till(self.server.url, orders, plan.rng, note)

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

    def _tear(self, plan: Plan, quiet: Mark, sent: list[Request], papers: int) -> None:
        """Tear the log after the quiet moment: what was acknowledged since may be lost, nothing before it."""
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
        for deed in self.book.deeds.values():
            if deed.key.startswith(f"{plan.number}.") and deed.fate is Fate.STORED:
                deed.fate = Fate.OPEN
        self.printer.doubt(papers)

    @property
    def _log(self) -> Path:
        assert isinstance(self.database, checks.SqliteFile)
        return self.database.path.with_name(self.database.path.name + "-wal")

    def _generator(self, prefix: str, seconds: float, requests: int = _BODIES) -> Generator:
        assert self.server is not None
        bodies = [LOAD[n % len(LOAD)].named(f"{prefix}{n}") for n in range(requests)]
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
            noted.append(Request(name, LOAD[sent.number % len(LOAD)], sent.key is not None, fate, sent.order_id))
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
        printer = kitchen.Printer()
        kitchen.make_store(folder, url, printer.port)
        database = checks.PostgresDatabase(url) if url else checks.SqliteFile(folder / "comanda.db")
        campaign = Campaign(store, seed, folder, database, printer, postgres, url)
        tally = campaign.run(range(1, rounds + 1), say)
        printer.close()
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
    table = table_of(tallies)
    print(table)
    if asked.evidence:
        command = f"python -m benchmarks.crash --store {asked.store} --rounds {asked.rounds} --seed {seed}"
        write_evidence(asked.evidence, {"command": command, "seed": seed, **circumstances()}, table, tallies)
    return 1 if any(tally.violations for tally in tallies) else 0


if __name__ == "__main__":
    sys.exit(main())
