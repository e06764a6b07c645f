"""The engines of `orm_app`: asyncpg or aiosqlite under an `AsyncSession`, or the standard sqlite3 in a thread.

The address decides. On SQLite the thread does an order for a third of what aiosqlite costs, which hands every call on a
cursor from thread to thread; FastAPI's own tutorial uses SQLite from threads too.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session, sessionmaker

Result = TypeVar("Result")
LOCK_WAIT_S = 5


class Database(Protocol):
    """A pool of connections that runs whole transactions."""

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""

    async def run(self, work: Callable[[Session], Result]) -> Result:
        """Begin, do the work, commit; roll back when it raises."""

    async def close(self) -> None:
        """Close every connection."""


def open_database(address: str, pool_size: int) -> Database:
    """The database of an SQLAlchemy address: an asyncio driver's, or ``sqlite:///FILE`` for threads."""
    url = make_url(address)
    return AsyncDatabase(url, pool_size) if url.get_dialect().is_async else ThreadDatabase(url, pool_size)


class AsyncDatabase:
    """A database behind an asyncio driver; the work runs in the event loop, one greenlet a transaction."""

    def __init__(self, url: URL, pool_size: int) -> None:
        self.dialect = url.get_backend_name()
        self._engine = create_async_engine(
            url, pool_size=pool_size, max_overflow=0, connect_args=_connect_arguments(self.dialect)
        )
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False, autoflush=False)
        if self.dialect == "sqlite":
            _set_up_sqlite(self._engine.sync_engine)

    async def run(self, work: Callable[[Session], Result]) -> Result:
        """Begin, do the work, commit; roll back when it raises."""
        async with self._sessions.begin() as session:
            return await session.run_sync(work)

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


class ThreadDatabase:
    """A database behind an ordinary driver, with a thread for each connection of the pool."""

    def __init__(self, url: URL, pool_size: int) -> None:
        self.dialect = url.get_backend_name()
        self._engine = create_engine(
            url, pool_size=pool_size, max_overflow=0, connect_args=_connect_arguments(self.dialect)
        )
        self._sessions = sessionmaker(self._engine, expire_on_commit=False, autoflush=False)
        self._threads = ThreadPoolExecutor(pool_size, thread_name_prefix="database")
        if self.dialect == "sqlite":
            _set_up_sqlite(self._engine)

    async def run(self, work: Callable[[Session], Result]) -> Result:
        """Begin, do the work, commit; roll back when it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._run, work)

    def _run(self, work: Callable[[Session], Result]) -> Result:
        with self._sessions.begin() as session:
            return work(session)

    async def close(self) -> None:
        """Close every connection."""
        self._threads.shutdown()
        self._engine.dispose()


def _connect_arguments(dialect: str) -> dict[str, Any]:
    """Durable commits, a bound on waiting for locks (SQLite's ``busy_timeout``), and plans that are made once."""
    if dialect == "sqlite":
        return {"timeout": LOCK_WAIT_S}
    settings = {
        "synchronous_commit": "on",
        "lock_timeout": f"{LOCK_WAIT_S}s",
        "plan_cache_mode": "force_generic_plan",
    }
    return {"server_settings": settings}


def _set_up_sqlite(engine: Engine) -> None:
    """Let SQLAlchemy begin each transaction, as its documentation says, and take the write lock at once.

    The driver's own way begins at the first write, and two requests that have read before would refuse each other.
    """

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
