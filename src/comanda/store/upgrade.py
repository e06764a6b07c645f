"""Changing a schema: the scripts under ``migrations/``, run whole under a lock. Loaded by `migrate` when needed."""

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
from comanda.store.migrate import is_current

_LOCK_ID = 0x436F6D616E6461
_SCRIPTS = Path(__file__).parent / "migrations"


def upgrade_sqlite(connection: sqlite3.Connection) -> None:
    """Run what is missing in one exclusive transaction; another process may have been faster."""
    engine = create_engine("sqlite://", creator=lambda: connection, poolclass=NullPool)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as bound:
        connection.execute("BEGIN EXCLUSIVE")
        _upgrade(bound)
        connection.execute("COMMIT")


async def upgrade_postgres(url: str) -> None:
    """Run what is missing in one transaction, under a lock that other processes wait for."""

    async def connect() -> Any:
        return await asyncpg.connect(url, timeout=limits.COMMIT_WAIT_S)

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK_ID})")
            await connection.run_sync(_upgrade)
            await connection.commit()
    finally:
        await engine.dispose()


def script_revisions() -> tuple[str, ...]:
    """The revisions there are scripts for, oldest first."""
    scripts = ScriptDirectory.from_config(_config()).walk_revisions()
    return tuple(reversed([script.revision for script in scripts]))


def _upgrade(connection: Connection) -> None:
    present = MigrationContext.configure(connection).get_current_revision()
    if present is not None and is_current((present,)):
        return
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    return config
