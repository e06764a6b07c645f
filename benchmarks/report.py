"""What a series came to: tables for people, JSON for programs, a plot; all under ``docs/benchmarks/``."""

import asyncio
import os
import platform
import sqlite3
import subprocess
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import asyncpg
import matplotlib as mpl
import msgspec

from benchmarks.cases import CHAIN, Case, Measured
from benchmarks.following import RATE, STREAMS
from benchmarks.imports import RATE as IMPORT_RATE
from benchmarks.lateness import IGNORE_S, ORDERS_A_SECOND, REMIND_S
from benchmarks.reads import AIM_MS, WIDTHS, ReadTimes
from benchmarks.servers import ROOT, VENUES, Postgres

mpl.use("agg")
from matplotlib import pyplot as plt

FOLDER = ROOT / "docs" / "benchmarks"
_MINIMAL = {store: Case("comanda", store) for store in ("sqlite", "postgresql")}
_CEILING = Case("ceiling", keys=0.0)
_NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


@dataclass(frozen=True)
class Report:
    """Every run of every case, and single figures by name: their medians and their spread."""

    scale: str
    minutes: float
    cases: dict[Case, list[Measured]]
    figures: dict[str, float]
    spread: dict[str, tuple[float, float]]
    reads: dict[str, list[ReadTimes]]

    def middle(self, case: Case, name: str) -> float:
        """The median of one measure over a case's runs."""
        return float(median(getattr(run, name) for run in self.cases[case]))

    def others(self, program: str, store: str) -> list[Case]:
        """The comparison's best configurations on a store."""
        return [case for case in self.cases if case.program == program and case.store == store]

    @property
    def sound(self) -> bool:
        """Whether in every run what is stored is what was acknowledged, and nothing was refused."""
        runs = [run.sound and not run.errors for runs in self.cases.values() for run in runs]
        reads = [one.sound for found in self.reads.values() for one in found]
        return all(runs + reads) and all(self.spread[name][0] == 1.0 for name in self.figures if name.endswith("sound"))


def write_report(report: Report, postgres: Postgres) -> bool:
    """Write and print the report; False when a run was unsound."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    machine = _machine(postgres)
    text = _markdown(report, machine)
    (FOLDER / f"{report.scale}.md").write_text(text, encoding="utf-8")
    values = {
        "machine": machine,
        "minutes": report.minutes,
        "sound": report.sound,
        "cases": {case.name: [msgspec.to_builtins(run) for run in runs] for case, runs in report.cases.items()},
        "figures": report.figures,
        "spread": report.spread,
        "reads": {store: [msgspec.to_builtins(one) for one in found] for store, found in report.reads.items()},
    }
    (FOLDER / f"{report.scale}.json").write_bytes(msgspec.json.format(msgspec.json.encode(values), indent=1))
    _plot(report, FOLDER / f"{report.scale}.png")
    print(text)
    return report.sound


def _markdown(report: Report, machine: dict[str, str]) -> str:
    parts = [f"# Series `{report.scale}` of {machine['date']}", ""]
    parts += [f"- {name}: {value}" for name, value in machine.items() if name != "date"]
    parts += [f"- rounds: {len(next(iter(report.cases.values())))}, minutes: {report.minutes}"]
    verdict = "yes" if report.sound else "NO"
    parts += [f"- in every run stored = acknowledged, without an error, events numbered without a gap: {verdict}", ""]
    parts += ["## Throughput and latency", ""]
    parts += [
        "Closed loop: a connection sends when it has its answer, so its latency leaves out what would have waited."
    ]
    parts += ["Open loop: sent at due times, latency counted from them.", ""]
    parts += [
        "| case | orders/s | p50 ms | p99 ms | p99.9 ms | CPU µs/order | % of ceiling |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for case in report.cases:
        same = next((c for c in report.cases if c.program == "ceiling" and c.connections == case.connections), None)
        share = ""
        if same is not None and not case.rate:
            share = f"{report.middle(case, 'per_second') / report.middle(same, 'per_second') * 100:.0f}"
        cells = [case.name, f"{report.middle(case, 'per_second'):,.0f}"]
        cells += [f"{report.middle(case, name):.1f}" for name in ("p50", "p99", "p999")]
        cells += [f"{report.middle(case, 'cpu_us'):.0f}" if case.program != "ceiling" else ""]
        cells += [share]
        parts.append(f"| {' | '.join(cells)} |")
    parts += ["", "## Ratios", "", "| what | ratio |", "|---|--:|"]
    parts += [f"| {name} | {value:.2f} |" for name, value in _ratios(report)]
    parts += ["", "## Reads after two years of business", ""]
    parts += [f"p50 and p99 in ms by {' and by '.join(map(str, WIDTHS))} clients at once, each as fast as its answers"]
    parts += [f"come; the aim is a p99 below {AIM_MS:.0f} ms. Every answer's total was held against the archive's.", ""]
    parts += ["| read | p50, 1 | p99, 1 | p50, 8 | p99, 8 | aim at 1 | aim at 8 |", "|---|--:|--:|--:|--:|---|---|"]
    for store, shown in _NAMES.items():
        parts += [f"| {shown}: {row} |" for row in _read_rows(report.reads[store])]
    parts += ["", "## Single figures", ""]
    parts += [f"Streams: {RATE} orders/s over {VENUES} venues, open loop, {STREAMS} streams open. The commit lies"]
    parts += ["between an order's request and its answer, so commit to event lies between the two times shown.", ""]
    parts += [
        f"Deadlines: {ORDERS_A_SECOND} orders/s at one venue where nobody answers, reminded after {REMIND_S} s and"
    ]
    parts += [f"ignored after {IGNORE_S} s; the server looks four times a second for what is due.", ""]
    parts += [
        f"Imports: {IMPORT_RATE} orders/s over {VENUES} venues, open loop, while `comanda import` runs. The delay is"
    ]
    parts += ["the worst wait during an import and just after it, less the worst one just before it.", ""]
    parts += ["| what | median | least | most |", "|---|--:|--:|--:|"]
    for name, value in report.figures.items():
        least, most = report.spread[name]
        parts.append(f"| {name} | {value:,.2f} | {least:,.2f} | {most:,.2f} |")
    return "\n".join([*parts, ""])


def _read_rows(found: list[ReadTimes]) -> list[str]:
    """A row for each read: medians over the rounds."""
    rows = []
    for name in dict.fromkeys(one.name for one in found):
        cells, verdicts = [name], []
        for width in WIDTHS:
            runs = [one for one in found if (one.name, one.width) == (name, width)]
            if not runs:
                cells += ["", ""]
                verdicts.append("")
                continue
            most = median(run.p99 for run in runs)
            cells += [f"{median(run.p50 for run in runs):.1f}", f"{most:.1f}"]
            verdicts.append(("yes" if most < AIM_MS else "**no**") if runs[0].aimed else "")
        rows.append(" | ".join([*cells, *verdicts]))
    return rows


def _ratios(report: Report) -> list[tuple[str, float]]:
    found = []
    for store, shown in _NAMES.items():
        ours = report.middle(_MINIMAL[store], "per_second")
        keyless = report.middle(Case("comanda", store, keys=0.0), "per_second")
        ceiling = report.middle(_CEILING, "per_second")
        found.append((f"{shown}: minimal body with keys / HTTP ceiling", ours / ceiling))
        found.append((f"{shown}: minimal body without keys / HTTP ceiling", keyless / ceiling))
        tool, tool_ceiling = (f"h2load comanda {store}, answers/s", "h2load ceiling, answers/s")
        if tool in report.figures:
            share = report.figures[tool] / report.figures[tool_ceiling]
            found.append((f"{shown}: the same without keys, by h2load", share))
        chain = report.middle(Case("comanda", store, CHAIN), "per_second")
        found.append((f"{shown}: full chain (documented body accepted and sent, keys) / HTTP ceiling", chain / ceiling))
        found.append((f"{shown}: / storage ceiling", ours / report.figures[f"storage ceiling {store}, orders/s"]))
        for program, name in (("typical", "FastAPI + ORM at its best"), ("raw", "hand-written SQL at its best")):
            for other in report.others(program, store):
                same = report.middle(Case("comanda", store, venues=other.venues), "per_second")
                venues = "1 venue" if other.venues == 1 else f"{other.venues} venues"
                found.append((f"{shown}, {venues}: / {name}", same / report.middle(other, "per_second")))
        for what in ("CPU us/order", "orders/s"):
            grown, empty = report.figures[f"grown {store}, {what}"], report.figures[f"empty {store}, {what}"]
            found.append((f"{shown}: {what}, grown store / empty store", grown / empty))
    return found


def _plot(report: Report, file: Path) -> None:
    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 5))
    bars = [(_CEILING, "HTTP ceiling")]
    for store, shown in _NAMES.items():
        bars.append((_MINIMAL[store], f"Comanda, {shown}"))
        for program, name in (("typical", "FastAPI + ORM"), ("raw", "hand-written SQL")):
            bars += [(other, f"{name}, {shown}, venues: {other.venues}") for other in report.others(program, store)]
    values = [report.middle(case, "per_second") for case, _ in bars]
    drawn = left.barh([name for _, name in bars], values)
    left.bar_label(drawn, labels=[f"{value:,.0f}" for value in values], padding=3)
    left.set_xlabel("orders a second, closed loop, minimal body with keys")
    left.set_xlim(0, max(values) * 1.15)
    left.invert_yaxis()
    for store, shown in _NAMES.items():
        cases = sorted((c for c in report.cases if c.rate and c.store == store), key=lambda c: c.rate)
        for name, style in (("p50", "o-"), ("p99", "s--"), ("p999", "^:")):
            label = f"{shown} {name.replace('p999', 'p99.9')}"
            right.plot([c.rate for c in cases], [report.middle(c, name) for c in cases], style, label=label)
    right.set_xlabel(f"orders a second, open loop, {VENUES} venues")
    right.set_ylabel("ms from due to answered")
    right.set_yscale("log")
    right.set_ylim(bottom=1)
    right.grid(visible=True, which="both", alpha=0.3)
    right.legend()
    figure.tight_layout()
    figure.savefig(file, dpi=80)


def _machine(postgres: Postgres) -> dict[str, str]:
    settings = asyncio.run(_postgres_settings(postgres.url))
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": _git("rev-parse", "--short", "HEAD") + (" with changes" if _git("status", "--porcelain") else ""),
        "processor": f"{_processor()}, {os.cpu_count()} cores, load generator included",
        "system": platform.platform(),
        "python": platform.python_version(),
        "sqlite": f"{sqlite3.sqlite_version}, WAL, synchronous=FULL",
        "postgresql": settings,
        "fdatasync of 4 KiB, median ms": f"{_fdatasync_ms():.2f}",
    }


async def _postgres_settings(url: str) -> str:
    connection = await asyncpg.connect(url)
    try:
        shown = [f"{name}={await connection.fetchval(f'SHOW {name}')}" for name in ("fsync", "synchronous_commit")]
        return f"{await connection.fetchval('SHOW server_version')}, {', '.join(shown)}"
    finally:
        await connection.close()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown"


def _fdatasync_ms() -> float:
    times = []
    with tempfile.NamedTemporaryFile() as file:
        for _ in range(100):
            file.write(b"x" * 4096)
            file.flush()
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - began)
    return median(times) * 1_000


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603, S607
    return done.stdout.strip()
