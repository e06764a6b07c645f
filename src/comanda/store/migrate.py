"""Bring a database to this version's schema: forward only, under a lock, an embedded file backed up first."""

import sqlite3
from pathlib import Path
from typing import Any

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from comanda.base import limits
from comanda.base.errors import SetupError

_LOCK_ID = 0x436F6D616E6461
_SCRIPTS = Path(__file__).parent / "migrations"


def migrate_sqlite(path: Path) -> None:
    """Create or upgrade the file. Raises SetupError for a file this version cannot use."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = not path.exists() or path.stat().st_size == 0
    connection = sqlite3.connect(path, timeout=limits.COMMIT_WAIT_S, isolation_level=None)
    engine = create_engine("sqlite://", creator=lambda: connection, poolclass=NullPool)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as bound:
            if _is_current(bound):
                return
            if not fresh:
                _back_up(connection, path)
            connection.execute("BEGIN EXCLUSIVE")
            _upgrade(bound)
            connection.execute("COMMIT")
    except sqlite3.DatabaseError as error:
        raise SetupError(f"{path} cannot be used: {error}") from error
    finally:
        connection.close()


async def migrate_postgres(url: str) -> None:
    """Create or upgrade the schema; of many processes starting at once, one does it and the others wait.

    Raises SetupError when the database cannot be reached or is newer than this version.
    """

    async def connect() -> Any:
        return await asyncpg.connect(url, timeout=limits.COMMIT_WAIT_S)

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK_ID})")
            await connection.run_sync(_upgrade)
            await connection.commit()
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise SetupError(f"The database cannot be reached: {error}") from error
    finally:
        await engine.dispose()


def newest_revision() -> str:
    """The schema revision this version of Comanda works with."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


def _upgrade(connection: Connection) -> None:
    if _is_current(connection):
        return
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _is_current(connection: Connection) -> bool:
    """Whether the schema is this version's. Raises SetupError when it is a newer one."""
    present = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if present is not None and present not in known:
        raise SetupError(f"The database is newer than this Comanda (schema {present}); upgrade Comanda")
    return present == newest_revision()


def _back_up(connection: sqlite3.Connection, path: Path) -> None:
    target = path.with_name(f"{path.name}.before-{newest_revision()}")
    copy = sqlite3.connect(target)
    try:
        connection.backup(copy)
    finally:
        copy.close()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    return config
