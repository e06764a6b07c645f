"""``make bench``: the whole series in one go, its tables, and JSON and a plot under ``docs/benchmarks/``.

The cases are run in rounds, one after the other, so that a noisy minute of the machine falls on all of them; what is
shown is the median of the rounds, and ratios within this one series.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median

from rich.console import Console

from benchmarks.archive import Extent, fill_archive
from benchmarks.bodies import real_orders
from benchmarks.cases import CHAIN, Bench, Case, Measured, variants
from benchmarks.following import BEHIND, catch_up, delivery
from benchmarks.imports import FORMATS, run_imports
from benchmarks.lateness import lateness, set_deadline
from benchmarks.reads import ReadTimes, read_archive
from benchmarks.report import Report, write_report
from benchmarks.servers import VENUES, Process, run_postgres, start_comanda
from benchmarks.storage import fill, storage_ceiling

STORES = ("sqlite", "postgresql")
RATES = (500, 1_000, 2_000)
MILLION = 1_000_000
console = Console(stderr=True)


@dataclass(frozen=True)
class Scale:
    """How much of everything: the full series, or the quick one."""

    name: str
    rounds: int
    seconds: float
    filled: int
    starts: int
    many_requests: int
    archive: Extent
    reading_s: float
    imported: int
    formats: tuple[str, ...]


FULL = Scale(
    "full",
    rounds=3,
    seconds=3.0,
    filled=MILLION,
    starts=5,
    many_requests=100_000,
    archive=Extent(orders=1_050_000, products=100_000, customers=100_000),
    reading_s=0.25,
    imported=20_000,
    formats=FORMATS,
)
QUICK = Scale(
    "quick",
    rounds=1,
    seconds=1.5,
    filled=50_000,
    starts=2,
    many_requests=0,
    archive=Extent(orders=105_000, products=25_000, customers=10_000),
    reading_s=0.1,
    imported=5_000,
    formats=FORMATS[:1],
)


@dataclass
class Series:
    """One series: what was run, and what came of it."""

    bench: Bench
    scale: Scale
    found: dict[Case, list[Measured]] = field(default_factory=dict)
    figures: dict[str, list[float]] = field(default_factory=dict)
    reads: dict[str, list[ReadTimes]] = field(default_factory=dict)

    def cases(self) -> list[Case]:
        """Every case of Comanda and the ceiling."""
        found = [Case("ceiling", keys=0.0)]
        for store in STORES:
            minimal = Case("comanda", store)
            found += [minimal, Case("comanda", store, keys=0.0), Case("comanda", store, venues=VENUES)]
            found += [Case("comanda", store, rate=1_000, venues=VENUES), Case("comanda", store, CHAIN)]
            if self.scale is FULL:
                found += [Case("comanda", store, connections=width) for width in (1, 16, 256)]
                found += [Case("comanda", store, rate=rate, venues=VENUES) for rate in RATES if rate != 1_000]
                found += [Case("comanda", store, CHAIN, venues=VENUES)]
                if real_orders():
                    found += [Case("comanda", store, "real", venues=count) for count in (1, VENUES)]
        if self.scale is FULL:
            found += [Case("ceiling", connections=width, keys=0.0) for width in (1, 16, 256)]
        return found

    def run(self) -> Report:
        """Run it all."""
        began = time.monotonic()
        cases = [*self.cases(), *self._best_of_the_others()]
        for round_ in range(self.scale.rounds):
            for index, case in enumerate(cases):
                self._note(case, self.bench.run(case), f"round {round_ + 1}, {index + 1} of {len(cases)}")
            self._round_of_ceilings()
            self._round_of_streams()
            for store in STORES:
                self._round_of_deadlines(store)
        self._starts()
        for store in STORES:
            self.growth(store)
            self.read(store)
            self.import_menus(store)
        self._memory()
        return Report(
            scale=self.scale.name,
            minutes=round((time.monotonic() - began) / 60, 1),
            cases={case: [*runs] for case, runs in self.found.items()},
            figures={name: median(values) for name, values in self.figures.items()},
            spread={name: (min(values), max(values)) for name, values in self.figures.items()},
            reads=self.reads,
        )

    def _note(self, case: Case, measured: Measured, where: str) -> None:
        self.found.setdefault(case, []).append(measured)
        verdict = "" if measured.sound and not measured.errors else f"  UNSOUND, {measured.errors} errors"
        console.print(f"{where}: {case.name}: {measured.per_second:.0f}/s, p99 {measured.p99:.1f} ms{verdict}")

    def _figure(self, name: str, value: float) -> None:
        self.figures.setdefault(name, []).append(value)
        console.print(f"{name}: {value:,.1f}")

    def _best_of_the_others(self) -> list[Case]:
        """The comparison in its best configuration over workers, pools and connections, found by trying."""
        full = self.scale is FULL
        one = {"workers": (1, 2) if full else (1,), "connections": (16, 64) if full else (16,)}
        many = {
            "workers": (1, 2, 4) if full else (2,),
            "pool": (5, 10) if full else (5,),
            "connections": (32,) if full else (16,),
        }
        sets = [variants(Case("typical", "sqlite"), one)]
        for venues in (1, VENUES) if full else (VENUES,):
            sets += [variants(Case(program, "postgresql", venues=venues), many) for program in ("typical", "raw")]
        trial = replace(self.bench, seconds=min(self.bench.seconds, 1.5))
        best = []
        for candidates in sets:
            tried = []
            for case in candidates:
                measured = trial.run(case)
                if not _is_sound(measured):
                    raise RuntimeError(f"{case.name}: {measured}")
                tried.append((measured.per_second, case))
                console.print(f"looking for the best: {case.name}: {measured.per_second:.0f}/s")
            best.append(max(tried, key=lambda pair: pair[0])[1])
        return best

    def _round_of_ceilings(self) -> None:
        for store in STORES:
            with self.bench.store_copy(store) as (data_dir, url):
                self._figure(f"storage ceiling {store}, orders/s", storage_ceiling(data_dir, url, self.scale.seconds))
        if shutil.which("h2load"):
            self._figure("h2load ceiling, answers/s", self.bench.h2load(Case("ceiling")))
            for store in STORES:
                self._figure(f"h2load comanda {store}, answers/s", self.bench.h2load(Case("comanda", store)))

    def _round_of_streams(self) -> None:
        """From commit to the screen, with every screen connected; and a screen that comes back late."""
        for store in STORES:
            for body in ("minimal", CHAIN) if self.scale is FULL else (CHAIN,):
                with self.bench.store_copy(store) as (data_dir, url), _serving(data_dir, url) as server:
                    found = delivery(server, data_dir, url, body, self.scale.seconds)
                for since, times in (("answer", found.after_answer), ("request", found.after_request)):
                    for name, value in zip(("p50", "p99", "worst"), times, strict=True):
                        self._figure(f"{store}, {body}: {since} to event at a stream, {name} ms", value)
                self._figure(f"{store}, {body}: every event at every stream, sound", float(found.whole))
            with self.bench.store_copy(store) as (data_dir, url):
                fill(data_dir, url, BEHIND, venues=1)
                with _serving(data_dir, url) as server:
                    seconds, whole = catch_up(server, data_dir, url)
                self._figure(f"{store}: a stream {BEHIND:,} events behind has caught up, s", seconds)
                self._figure(f"{store}: a stream has caught up, sound", float(whole))

    def deadlines(self, store: str) -> None:
        """The same rounds of deadlines as in the whole series."""
        for _ in range(self.scale.rounds):
            self._round_of_deadlines(store)

    def _round_of_deadlines(self, store: str) -> None:
        """From when a step of an accept deadline is due until it is carried out."""
        with self.bench.store_copy(store) as (data_dir, url):
            set_deadline(data_dir, url)
            with _serving(data_dir, url) as server:
                found = lateness(server, data_dir, url, self.scale.seconds)
            for name, value in zip(("p50", "p99", "worst"), found.late, strict=True):
                self._figure(f"{store}: step of a deadline, late by, {name} ms", value)
            self._figure(f"{store}: every step of a deadline once and in order, sound", float(found.whole))

    def _starts(self) -> None:
        """From starting the process on an existing store to its first answer."""
        for store in STORES:
            with self.bench.store_copy(store) as (data_dir, url):
                fill(data_dir, url, 10_000)
                for _ in range(self.scale.starts):
                    began = time.perf_counter()
                    server = start_comanda(data_dir, url)
                    self._figure(f"start to first answer {store}, s", time.perf_counter() - began)
                    server.stop()

    def growth(self, store: str) -> None:
        """The same load on an empty store and on one with many orders, in turns."""
        case = Case("comanda", store, venues=VENUES)
        with self.bench.store_copy(store) as (data_dir, url):
            fill(data_dir, url, self.scale.filled)
            for _ in range(2 * self.scale.rounds):
                empty = self.bench.run(case)
                server = start_comanda(data_dir, url)
                try:
                    grown = self.bench.measure(case, server, data_dir, url)
                finally:
                    server.stop()
                self._figure(f"empty {store}, CPU us/order", empty.cpu_us)
                self._figure(f"grown {store}, CPU us/order", grown.cpu_us)
                self._figure(f"empty {store}, orders/s", empty.per_second)
                self._figure(f"grown {store}, orders/s", grown.per_second)
                self._figure(f"grown {store}, sound", float(_is_sound(grown) and _is_sound(empty)))
                self._figure(f"grown {store}, resident MiB", grown.resident_mib)

    def read(self, store: str) -> None:
        """What reads take in a store after two years of business."""
        with self.bench.store_copy(store) as (data_dir, url):
            began = time.perf_counter()
            archive = fill_archive(data_dir, url, self.scale.archive)
            console.print(f"{store}: an archive was filled in {time.perf_counter() - began:.0f} s")
            found, figures = read_archive(
                data_dir, url, archive, rounds=self.scale.rounds, seconds=self.scale.reading_s
            )
        self.reads[store] = found
        for name, value in figures.items():
            self._figure(f"{store}: {name}", value)
        for one in found:
            verdict = "" if one.sound else "  UNSOUND"
            console.print(f"{store}: {one.name}, {one.width} at once: p50 {one.p50:.1f}, p99 {one.p99:.1f}{verdict}")

    def import_menus(self, store: str) -> None:
        """What imports take, and what they cost the orders that come in meanwhile."""
        with self.bench.store_copy(store) as (data_dir, url):
            found = run_imports(data_dir, url, self.scale.imported, self.scale.formats)
        for one in found:
            self._figure(f"{store}: import of {self.scale.imported:,} products as {one.format}, s", one.seconds)
            for when in ("before", "during", "after"):
                most, worst = getattr(one, when)
                self._figure(f"{store}: orders {when} an import, p99 ms", most)
                self._figure(f"{store}: orders {when} an import, worst ms", worst)
            self._figure(f"{store}: an import delays orders, worst ms", one.delay_ms)
            self._figure(f"{store}: every import whole and every order stored, sound", float(one.sound))

    def _memory(self) -> None:
        """Resident memory after ten thousand orders, and after many more by the same process."""
        if not self.scale.many_requests:
            return
        for store in STORES:
            with self.bench.store_copy(store) as (data_dir, url):
                server = start_comanda(data_dir, url)
                try:
                    self._send(store, server, data_dir, url, 10_000)
                    self._figure(f"resident after 10,000 orders {store}, MiB", server.resident_mib())
                    self._send(store, server, data_dir, url, self.scale.many_requests - 10_000)
                    self._figure(f"resident after 100,000 orders {store}, MiB", server.resident_mib())
                finally:
                    server.stop()

    def _send(self, store: str, server: Process, data_dir: Path, url: str | None, count: int) -> None:
        case = Case("comanda", store, venues=VENUES)
        measured = self.bench.measure(case, server, data_dir, url, requests=count)
        self._figure(f"{store}, {count:,} orders, sound", float(_is_sound(measured)))


@contextmanager
def _serving(data_dir: Path, url: str | None) -> Iterator[Process]:
    server = start_comanda(data_dir, url)
    try:
        yield server
    finally:
        server.stop()


def _is_sound(measured: Measured) -> bool:
    return measured.sound and not measured.errors


def main() -> None:
    """Run the series that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small series, about 4 minutes")
    parser.add_argument("--growth", action="store_true", help="only an empty store beside one of a million orders")
    parser.add_argument("--reads", action="store_true", help="only reads of a store after two years of business")
    parser.add_argument("--imports", action="store_true", help="only imports while orders come in")
    parser.add_argument("--deadlines", action="store_true", help="only how late steps of accept deadlines are")
    given = parser.parse_args()
    scale = QUICK if given.quick else FULL
    with tempfile.TemporaryDirectory(prefix="comanda-bench-") as folder, run_postgres() as postgres:
        bench = Bench(postgres, Path(folder), scale.seconds)
        bench.prepare()
        series = Series(bench, scale)
        parts = {
            series.growth: given.growth,
            series.read: given.reads,
            series.import_menus: given.imports,
            series.deadlines: given.deadlines,
        }
        alone = [part for part, wanted in parts.items() if wanted]
        if alone:
            for part in alone:
                for store in STORES:
                    part(store)
            sys.exit(0)
        report = series.run()
        sound = write_report(report, postgres)
    sys.exit(0 if sound else 1)


if __name__ == "__main__":
    main()
