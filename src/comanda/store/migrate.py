"""Bring a database to this version's schema: forward only, under a lock, an embedded file backed up first.

Most starts find nothing to do, and find it out by one query; what changes a schema is loaded when it is needed.
"""

import sqlite3
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import asyncpg

from comanda.base import limits
from comanda.base.errors import SetupError

REVISIONS: Final = ("0001", "0002", "0003", "0004", "0005")
"""Every schema there has been, oldest first; the last is this version's. A test holds them to the scripts."""


def migrate_sqlite(path: Path) -> None:
    """Create or upgrade the file. Raises SetupError for a file this version cannot use."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = not path.exists() or path.stat().st_size == 0
    connection = sqlite3.connect(path, timeout=limits.COMMIT_WAIT_S, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
        if known and is_current(connection.execute("SELECT version_num FROM alembic_version").fetchone()):
            return
        if not fresh:
            _back_up(connection, path)
        _upgrades().upgrade_sqlite(connection)
    except sqlite3.DatabaseError as error:
        raise SetupError(f"{path} cannot be used: {error}") from error
    finally:
        connection.close()


async def migrate_postgres(url: str) -> None:
    """Create or upgrade the schema; of many processes starting at once, one does it and the others wait.

    Raises SetupError when the database cannot be reached or is newer than this version.
    """
    try:
        connection = await asyncpg.connect(url, timeout=limits.COMMIT_WAIT_S)
        try:
            known = await connection.fetchval("SELECT to_regclass('alembic_version') IS NOT NULL")
            if known and is_current(await connection.fetchrow("SELECT version_num FROM alembic_version")):
                return
        finally:
            await connection.close()
        await _upgrades().upgrade_postgres(url)
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise SetupError(f"The database cannot be reached: {error}") from error


def newest_revision() -> str:
    """The schema revision this version of Comanda works with."""
    return REVISIONS[-1]


def is_current(row: Any) -> bool:
    """Whether a schema is this version's; ``row`` holds its revision. Raises SetupError when it is a newer one."""
    if row is None:
        return False
    if row[0] not in REVISIONS:
        raise SetupError(f"The database is newer than this Comanda (schema {row[0]}); upgrade Comanda")
    return bool(row[0] == newest_revision())


def _upgrades() -> Any:
    """Alembic and the engines it wants: slow to load, needed once in a version's life."""
    return import_module("comanda.store.upgrade")


def _back_up(connection: sqlite3.Connection, path: Path) -> None:
    target = path.with_name(f"{path.name}.before-{newest_revision()}")
    copy = sqlite3.connect(target)
    try:
        connection.backup(copy)
    finally:
        copy.close()
