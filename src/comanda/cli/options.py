"""What commands share: options, settings, output, and the way a mistake is told."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from comanda.main import open_store
from comanda.settings import Settings, read_settings
from comanda.store.store import Store

Result = TypeVar("Result")
console = Console()
errors = Console(stderr=True)

DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Folder of the embedded store.", show_default=False)]
DatabaseUrl = Annotated[
    str | None, typer.Option("--database-url", help="postgresql://… instead of the embedded store.", show_default=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print data as JSON.")]
BrandOption = Annotated[str, typer.Option("--brand", help="The brand's slug.")]


def store_settings(data_dir: Path | None, database_url: str | None) -> Settings:
    """Settings for a command that works on the store itself."""
    return read_settings(data_dir=data_dir, database_url=database_url)


def with_store(settings: Settings, work: Callable[[Store], Awaitable[Result]]) -> Result:
    """Run some work on the settings' store; a running server sees the change within a second."""

    async def run() -> Result:
        async with open_store(settings) as store:
            return await work(store)

    return asyncio.run(run())


def show(rows: list[dict[str, Any]], *, as_json: bool, title: str = "") -> None:
    """Print rows as a table, or as JSON."""
    if as_json:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False, default=str))
        return
    table = Table(title=title or None, title_justify="left")
    for name in rows[0] if rows else []:
        table.add_column(name)
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    console.print(table if rows else "nothing")


def show_secret(what: str, name: str, secret: str, *, as_json: bool) -> None:
    """Print a secret, the only time it is shown."""
    if as_json:
        typer.echo(json.dumps({what: name, "secret": secret}))
        return
    console.print(f"{what} [bold]{name}[/]")
    console.print(f"secret: [bold]{secret}[/]  (shown once; stored only as a hash)", soft_wrap=True)


def printable(text: str) -> str:
    """Data as a terminal may show it: no markup of ours, no control characters of theirs."""
    return escape("".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text))


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "all"
    return "" if value is None else printable(str(value))
