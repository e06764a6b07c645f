"""What ``comanda mirror`` shows: how far it is, what would change, and what could not be taken."""

from types import TracebackType
from typing import Final, Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from comanda.cli.options import console, errors, printable
from comanda.mirror.difference import Difference, Line
from comanda.mirror.source import Remarks

_FIRST_LINES: Final = 5
_FIRST_IDS: Final = 8


class ProgressView:
    """A bar for each resource. Implements `comanda.mirror.fetch.Watcher`."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        self._progress = Progress(*columns, console=errors, transient=True)
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def reading(self, resource: str, rows: int, total: int | None) -> None:
        """So many rows of a resource are here."""
        if resource not in self._tasks:
            self._tasks[resource] = self._progress.add_task(_spoken(resource))
        self._progress.update(self._tasks[resource], completed=rows, total=rows if total is None else total)

    def waiting(self, seconds: float) -> None:
        """The source wants a pause, or is asked again after one."""
        self._progress.console.print(f"waiting {seconds:.0f} s, as the source asks", highlight=False)


def show_difference(found: Difference, *, verbose: bool) -> None:
    """Print what would change: counts of each kind, and its first lines or, ``verbose``, all."""
    for kind, changes in found.items():
        counts = {"new": changes.added, "changed": changes.changed, "retired": changes.retired}
        told = ", ".join(f"{len(lines)} {name}" for name, lines in counts.items() if lines)
        console.print(f"[bold]{_spoken(kind)}[/]: {told}", highlight=False, soft_wrap=True)
        for sign, lines in zip("+~-", counts.values(), strict=True):
            shown = lines if verbose else lines[:_FIRST_LINES]
            for line in shown:
                console.print(f"  {sign} {_told(line)}", highlight=False, soft_wrap=True)
            if len(shown) < len(lines):
                console.print(f"  {sign} … {len(lines) - len(shown)} more (--verbose shows them)", highlight=False)


def show_remarks(remarks: Remarks) -> None:
    """Print what has no place here or could not be taken, each sentence once with the ids it is said of."""
    for kind, text, ids in remarks:
        known = [str(number) for number in dict.fromkeys(ids) if number is not None]
        shown = ", ".join(known[:_FIRST_IDS]) + (", …" if len(known) > _FIRST_IDS else "")
        of = f" ({len(known)}: {shown})" if known else f" ({len(ids)} times)" if len(ids) > 1 else ""
        console.print(f"[yellow]note[/] {_spoken(kind)}: {printable(text)}{of}", highlight=False, soft_wrap=True)
    if remarks.uncounted:
        console.print(f"[yellow]note[/] {remarks.uncounted} further notes are not shown", highlight=False)


def _told(line: Line) -> str:
    fields = ", ".join(
        f"{change.name} {change.old} -> {change.new}" if change.old or change.new else change.name
        for change in line.fields
    )
    name = f" {line.name}" if line.name else ""
    return printable(f"{line.id}{name}{': ' if fields else ''}{fields}").replace("\n", " ")


def _spoken(kind: str) -> str:
    return printable(kind.replace("_", " "))
