"""What a crash campaign came to: counted while it runs, told as a table, kept as evidence."""

import os
import platform
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.servers import ROOT

_VICTIMS: Final = {"server": "the server", "postgresql": "PostgreSQL", "both": "both at once"}
_LIMITS: Final = (
    "SIGKILL ends processes; it does not lose what the operating system still holds for the disk. So the kills "
    "prove atomicity, ordering and recovery, and not that the disk keeps what it was told to sync. The torn logs "
    "stand in for the tail that a power cut loses. They are torn on purpose behind a moment when everything was "
    "synced, and so take orders acknowledged after it, which is counted and no violation: what must hold is that "
    "nothing before that moment is missing, nothing is there by half, and the database is sound."
)


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
    deeds: int = 0
    deeds_repeated: int = 0
    steps_reached: int = 0
    papers: int = 0
    papers_marked: int = 0
    uncertain: int = 0
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
            ("done by terminals: accepted, started, ready, handed over, paid", self.deeds),
            ("of these repeated with their key: unanswered, or perhaps torn away", self.deeds_repeated),
            ("steps of accept deadlines reached", self.steps_reached),
            ("papers that came out of the printer", self.papers),
            ("of these marked POSSIBLE DUPLICATE", self.papers_marked),
            ("papers whose fate was uncertain", self.uncertain),
            ("**violations**", f"**{len(self.violations)}**"),
            ("seconds", self.seconds),
            ("longest start until ready, s", self.longest_start_s),
            ("longest wait for ready after PostgreSQL was back, s", self.longest_recovery_s),
        ]


def circumstances() -> dict[str, object]:
    """Where and on what it ran."""

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


def table_of(tallies: list[Tally]) -> str:
    """The stores side by side."""
    lines = ["| | " + " | ".join(tally.store for tally in tallies) + " |", "|---|" + "---|" * len(tallies)]
    for cells in zip(*(tally.rows() for tally in tallies), strict=True):
        lines.append(f"| {cells[0][0]} | " + " | ".join(str(value) for _, value in cells) + " |")
    return "\n".join(lines)


def write_evidence(file: Path, circumstances: dict[str, object], table: str, tallies: list[Tally]) -> None:
    """JSON into ``file``, Markdown next to it."""
    found = msgspec.json.encode({**circumstances, "limits": _LIMITS, "stores": tallies})
    file.write_bytes(msgspec.json.format(found, indent=2) + b"\n")
    facts = "\n".join(f"- {name.replace('_', ' ')}: {value}" for name, value in circumstances.items())
    text = f"# Crash evidence\n\n{facts}\n\n{table}\n\n{_LIMITS}\n"
    file.with_name(file.name + ".md").write_text(text, encoding="utf-8")
