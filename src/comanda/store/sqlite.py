"""SQLite: one writer thread that turns the orders waiting into one synchronous commit, and readers beside it.

WAL with ``synchronous=FULL``: a commit that was answered survives a power cut. One fsync carries every order that
arrived while the last one ran.
"""

import asyncio
import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Generic, TypeVar

from comanda.base import limits
from comanda.base.clock import now_micros
from comanda.base.errors import ComandaError
from comanda.orders.model import PlaceOutcome
from comanda.store.commit_orders import commit_orders
from comanda.store.driver import Health, Observer
from comanda.store.transaction import SQLITE, Query, Rows, RunAgain, Transaction, TransactionBuilder
from comanda.store.waiting import Turn, Waiting, await_outcome, deliver_all, settle, storage_away

Result = TypeVar("Result")
log = logging.getLogger(__name__)


class _Work(Turn, Generic[Result]):
    """A transaction of its own, in line with the batches."""

    def __init__(self, build: TransactionBuilder[Result], future: "asyncio.Future[Result]") -> None:
        super().__init__()
        self.build = build
        self.future = future


class SqliteDriver:
    """The embedded store: a file, a writer thread, a few readers."""

    name = "sqlite"

    def __init__(self, path: Path, observer: Observer) -> None:
        self._path = path
        self._observer = observer
        self._queue: queue.SimpleQueue[Waiting | _Work[Any] | None] = queue.SimpleQueue()
        self._waiting = 0
        self._readers = ThreadPoolExecutor(limits.READ_CONNECTIONS, thread_name_prefix="sqlite-reader")
        self._local = threading.local()
        self._read_connections: list[sqlite3.Connection] = []
        self._health = Health()

    async def start(self) -> None:
        """Start the writer; it opens the file in its own thread."""
        self._loop = asyncio.get_running_loop()
        self._writer = threading.Thread(target=self._write_forever, name="sqlite-writer", daemon=True)
        self._writer.start()

    async def close(self) -> None:
        """Commit what waits, then close every connection."""
        self._queue.put(None)
        await asyncio.to_thread(self._writer.join)
        self._readers.shutdown()
        for connection in self._read_connections:
            connection.close()

    def submit(self, waiting: Waiting) -> None:
        """Queue an order for the next batch."""
        if self._health.stopped:
            waiting.settle(storage_away())
            return
        self._waiting += 1
        waiting.future.add_done_callback(self._left)
        self._queue.put(waiting)

    @property
    def health(self) -> Health:
        """How the writer fares."""
        return self._health

    def queued(self) -> int:
        """How many orders wait or are being committed."""
        return self._waiting

    async def run(self, build: TransactionBuilder[Result]) -> Result:
        """Run a transaction in the writer thread, between batches."""
        if self._health.stopped:
            raise storage_away()
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        work = _Work(build, future)
        self._queue.put(work)
        return await await_outcome(work, future)

    async def read(self, build: TransactionBuilder[Result]) -> Result:
        """Run a reading transaction on one of the readers' connections."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, build)

    def _left(self, _: "asyncio.Future[PlaceOutcome]") -> None:
        self._waiting -= 1

    def _read(self, build: TransactionBuilder[Result]) -> Result:
        try:
            connection = getattr(self._local, "connection", None)
            if connection is None:
                connection = self._local.connection = open_sqlite(self._path)
                self._read_connections.append(connection)
            return run_transaction(connection, build, "BEGIN")
        except sqlite3.OperationalError as error:
            log.warning("sqlite read failed: %s", error)
            raise storage_away() from error

    def _write_forever(self) -> None:
        try:
            connection = open_sqlite(self._path)
            try:
                while self._write_once(connection):
                    pass
            finally:
                connection.close()
        except BaseException as error:
            log.exception("the sqlite writer stopped")
            self._health = Health(failing=True, stopped=True, reason=str(error))
            self._fail_rest()
            raise

    def _write_once(self, connection: sqlite3.Connection) -> bool:
        """Take what waits and commit it; False when asked to stop and nothing is left."""
        orders: list[Waiting] = []
        item = self._queue.get()
        while item is not None:
            if isinstance(item, _Work):
                self._commit_batch(connection, orders)
                orders = []
                self._commit_work(connection, item)
            elif item.begin():
                orders.append(item)
            if len(orders) == limits.MAX_BATCH:
                break
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                break
        self._commit_batch(connection, orders)
        return item is not None

    def _commit_batch(self, connection: sqlite3.Connection, batch: Sequence[Waiting]) -> None:
        if not batch:
            return
        planned = [waiting.planned for waiting in batch]
        began = time.perf_counter()
        outcomes = self._attempt(connection, lambda: commit_orders(planned, now_micros()))
        if isinstance(outcomes, BaseException) and not isinstance(outcomes, ComandaError) and len(batch) > 1:
            log.error("a batch failed and is tried order by order: %s", type(outcomes).__name__)
            for waiting in batch:
                self._commit_batch(connection, [waiting])
            return
        if not isinstance(outcomes, BaseException):
            self._observer.committed(len(batch), time.perf_counter() - began)
        self._on_loop(lambda: deliver_all(batch, outcomes))

    def _commit_work(self, connection: sqlite3.Connection, work: _Work[Any]) -> None:
        if work.begin():
            result = self._attempt(connection, work.build)
            self._on_loop(lambda: settle(work.future, result))

    def _attempt(self, connection: sqlite3.Connection, build: TransactionBuilder[Result]) -> Result | BaseException:
        """Run and commit; an error means that nothing was stored."""
        try:
            result = run_transaction(connection, build, "BEGIN IMMEDIATE")
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError) as error:
            return error
        except sqlite3.DatabaseError as error:
            log.error("sqlite cannot write: %s", error)
            self._health = Health(failing=True, reason=str(error))
            return storage_away()
        except Exception as error:
            return error
        if self._health.failing:
            self._health = Health()
        return result

    def _on_loop(self, callback: Callable[[], None]) -> None:
        try:
            self._loop.call_soon_threadsafe(callback)
        except RuntimeError:
            log.warning("the event loop was gone before an outcome could be told")

    def _fail_rest(self) -> None:
        while True:
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                return
            if isinstance(item, Waiting):
                self._on_loop(lambda waiting=item: waiting.settle(storage_away()))  # type: ignore[misc]
            elif item is not None:
                self._on_loop(lambda work=item: settle(work.future, storage_away()))  # type: ignore[misc]


def open_sqlite(path: Path) -> sqlite3.Connection:
    """A connection with full durability and explicit transactions."""
    connection = sqlite3.connect(path, timeout=limits.SQLITE_BUSY_S, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    return connection


def run_transaction(connection: sqlite3.Connection, build: TransactionBuilder[Result], begin: str) -> Result:
    """Run a transaction to its commit, or roll it back and raise."""
    for _ in range(limits.BATCH_RETRIES):
        connection.execute(begin)
        try:
            result = _drive(connection, build())
            connection.execute("COMMIT")
        except RunAgain:
            connection.execute("ROLLBACK")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        else:
            return result
    raise storage_away()


def _drive(connection: sqlite3.Connection, transaction: Transaction[Result]) -> Result:
    try:
        query = next(transaction)
        while True:
            query = transaction.send(_execute(connection, query))
    except StopIteration as end:
        result: Result = end.value
        return result


def _execute(connection: sqlite3.Connection, query: Query) -> Rows:
    if not query.sets:
        return []
    compiled = query.statement.compiled(SQLITE)
    if not query.statement.returns:
        connection.executemany(compiled.sql, map(compiled.bind, query.sets))
        return []
    rows: Rows = []
    for params in query.sets:
        rows.extend(connection.execute(compiled.sql, compiled.bind(params)))
    return rows
