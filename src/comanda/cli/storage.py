"""``comanda backup``, ``restore`` and ``doctor``: the store's safety and its state."""

import asyncio
import os
import shutil
import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import typer

from comanda import __version__
from comanda.base import limits
from comanda.base.clock import iso_micros, now_micros
from comanda.base.errors import SetupError
from comanda.certificates import WARNED_BEFORE, lapses_at
from comanda.cli.options import AsJson, DatabaseUrl, DataDir, console, show, store_settings
from comanda.settings import Settings
from comanda.store.migrate import newest_revision
from comanda.store.tables import metadata

_LOW_DISK_BYTES = 1024**3


def backup(
    out: Annotated[Path, typer.Argument(help="The file to write; must not exist.")],
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Copy the embedded store while it runs, then reopen the copy and check it."""
    settings = _embedded(store_settings(data_dir, database_url))
    if not settings.database_file.exists():
        raise SetupError(f"there is no store at {settings.database_file}")
    if out.exists():
        raise SetupError(f"{out} exists already")
    counts = _copy_checked(settings.database_file, out)
    console.print(f"backed up to {out}: {counts['orders']} orders, {counts['events']} events, checked")


def restore(
    file: Annotated[Path, typer.Argument(help="A file that backup wrote.")],
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    replace: Annotated[bool, typer.Option("--replace", help="Put a store that is there aside.")] = False,
) -> None:
    """Put a backup in place of the embedded store; the server must not run."""
    settings = _embedded(store_settings(data_dir, database_url))
    target = settings.database_file
    if not file.exists():
        raise SetupError(f"{file} does not exist")
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    if target.exists():
        if not replace:
            raise SetupError(f"{target} exists; --replace puts it aside")
        _check_unused(target)
    fresh = target.with_name(f"{target.name}.restoring")
    fresh.unlink(missing_ok=True)
    counts = _copy_checked(file, fresh)
    if target.exists():
        aside = target.with_name(f"{target.name}.replaced-{int(time.time())}")
        target.rename(aside)
        console.print(f"the former store is at {aside}")
    for leftover in (f"{target.name}-wal", f"{target.name}-shm"):
        target.with_name(leftover).unlink(missing_ok=True)
    fresh.rename(target)
    counts = _check_copy(target)
    console.print(f"restored {target}: {counts['orders']} orders, {counts['events']} events, checked")


def doctor(as_json: AsJson = False, data_dir: DataDir = None, database_url: DatabaseUrl = None) -> None:
    """Look at settings (secrets masked), database, disk and clock; exit code 1 when something is wrong."""
    settings = store_settings(data_dir, database_url)
    rows = [{"check": name, "state": "info", "detail": value} for name, value in settings.masked().items()]
    rows += [_version_row(), *_database_rows(settings), *_disk_rows(settings), *_tls_rows(settings), _clock_row()]
    show(rows, as_json=as_json, title=f"Comanda {__version__}")
    if any(row["state"] == "bad" for row in rows):
        raise typer.Exit(1)


def _embedded(settings: Settings) -> Settings:
    if settings.database_url:
        raise SetupError("PostgreSQL has its own tools: use pg_dump and pg_restore (docs/operating.md)")
    return settings


def _copy_checked(source: Path, target: Path) -> dict[str, int]:
    """Copy with SQLite's online backup, then reopen the copy and check its integrity and its tables."""
    os.umask(0o077)
    try:
        reading = _read_only(source)
        writing = sqlite3.connect(target)
        try:
            # One view for the whole copy: without it every commit of the server would begin it anew.
            reading.execute("BEGIN")
            reading.execute("SELECT count(*) FROM sqlite_master").fetchone()
            reading.backup(writing, pages=1_000)
            writing.execute("PRAGMA journal_mode=DELETE")
        finally:
            reading.close()
            writing.close()
        return _check_copy(target)
    except (sqlite3.DatabaseError, SetupError) as error:
        target.unlink(missing_ok=True)
        raise SetupError(f"{source} cannot be copied: {error}") from error


def _read_only(path: Path) -> sqlite3.Connection:
    address = f"{path.absolute().as_uri()}?mode=ro"
    return sqlite3.connect(address, uri=True, timeout=limits.SQLITE_BUSY_S, isolation_level=None)


def _check_copy(path: Path) -> dict[str, int]:
    copy = _read_only(path)
    try:
        verdict = copy.execute("PRAGMA integrity_check").fetchone()[0]
        if verdict != "ok":
            raise SetupError(f"the copy is damaged: {verdict}")
        # It may be older than the tables of today: then the server brings it up to date when it starts.
        there = {row[0] for row in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not there >= {"alembic_version", "orders", "events"}:
            raise SetupError(f"{path} holds no store of Comanda")
        count = "SELECT count(*) FROM "
        return {name: copy.execute(count + name).fetchone()[0] for name in metadata.tables if name in there}
    finally:
        copy.close()


def _check_unused(path: Path) -> None:
    """Raise SetupError while a server has the store open: it must not be swapped under it."""
    connection = sqlite3.connect(path, timeout=0.5, isolation_level=None)
    try:
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("ROLLBACK")
        mode = connection.execute("PRAGMA journal_mode=DELETE").fetchone()[0]
        if mode != "delete":
            raise SetupError(f"{path} is in use; stop the server first")
    except sqlite3.OperationalError as error:
        raise SetupError(f"{path} is in use; stop the server first ({error})") from error
    finally:
        connection.close()


def _version_row() -> dict[str, Any]:
    return {"check": "schema", "state": "info", "detail": f"this version wants {newest_revision()}"}


def _database_rows(settings: Settings) -> list[dict[str, Any]]:
    if settings.database_url:
        return asyncio.run(_postgres_rows(settings.database_url))
    path = settings.database_file
    if not path.exists():
        return [{"check": "database", "state": "info", "detail": f"{path} does not exist yet; serve makes it"}]
    try:
        connection = _read_only(path)
        revision = connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]
        orders = connection.execute("SELECT count(*) FROM orders").fetchone()[0]
        connection.close()
    except sqlite3.DatabaseError as error:
        return [{"check": "database", "state": "bad", "detail": f"{path}: {error}"}]
    state = "good" if revision == newest_revision() else "info"
    writable = os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
    return [
        {
            "check": "database",
            "state": state,
            "detail": f"SQLite {sqlite3.sqlite_version}, schema {revision}, {orders} orders",
        },
        {"check": "writable", "state": "good" if writable else "bad", "detail": str(path)},
    ]


async def _postgres_rows(url: str) -> list[dict[str, Any]]:
    try:
        connection = await asyncpg.connect(url, timeout=limits.READ_WAIT_S)
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        return [{"check": "database", "state": "bad", "detail": f"cannot be reached: {error}"}]
    try:
        version = await connection.fetchval("SHOW server_version")
        durable = await connection.fetchval("SELECT current_setting('fsync') = 'on'")
        offset_s = float(await connection.fetchval("SELECT extract(epoch FROM clock_timestamp())")) - time.time()
    finally:
        await connection.close()
    return [
        {"check": "database", "state": "good", "detail": f"PostgreSQL {version}"},
        {
            "check": "fsync",
            "state": "good" if durable else "bad",
            "detail": "on" if durable else "off: commits can be lost",
        },
        {
            "check": "clock offset",
            "state": "good" if abs(offset_s) < 1 else "bad",
            "detail": f"{offset_s:+.3f} s to the database",
        },
    ]


def _disk_rows(settings: Settings) -> list[dict[str, Any]]:
    if settings.database_url:
        return []
    folder = next(
        path for path in (settings.data_dir.absolute(), *settings.data_dir.absolute().parents) if path.exists()
    )
    free = shutil.disk_usage(folder).free
    state = "good" if free > _LOW_DISK_BYTES else "bad"
    return [{"check": "disk", "state": state, "detail": f"{free // 1024**2} MiB free at {folder}"}]


def _tls_rows(settings: Settings) -> list[dict[str, Any]]:
    """When the server's certificate lapses: the one that the settings name, else the one `comanda tls init` made."""
    file = settings.tls_cert or settings.tls_folder / "server.crt"
    if not file.exists():
        return []
    try:
        lapse = lapses_at(file)
    except SetupError as error:
        return [{"check": "certificate", "state": "bad", "detail": str(error)}]
    left = lapse - datetime.now(UTC)
    detail = f"{file} lapses on {lapse:%Y-%m-%d}, in {left.days} days"
    return [{"check": "certificate", "state": "good" if left > WARNED_BEFORE else "bad", "detail": detail}]


def _clock_row() -> dict[str, Any]:
    now = now_micros()
    sane = now > 1_767_225_600_000_000
    return {"check": "clock", "state": "good" if sane else "bad", "detail": f"{iso_micros(now)} UTC"}
