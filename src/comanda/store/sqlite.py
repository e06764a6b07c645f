"""SQLite: one committer that turns the orders waiting into one synchronous commit, and readers beside it.

WAL with ``synchronous=FULL``: a commit that was answered survives a power cut. One fsync carries every order that
arrived while the last one ran.

What only computes runs on the event loop: the statements of a batch cost some ten microseconds an order, and a
thread of their own would spend many times that on being handed the interpreter back and forth (ADR 8). What waits
for the disk or for another process runs in the committer's thread: COMMIT, a lock that is taken, an import.
"""

import asyncio
import logging
import sqlite3
import threading
import time
from collections import deque
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
from comanda.store.transaction import SQLITE, Many, Query, Rows, RunAgain, Transaction, TransactionBuilder
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
    """The embedded store: a file, a committer, a few readers."""

    name = "sqlite"

    def __init__(self, path: Path, observer: Observer) -> None:
        self._path = path
        self._observer = observer
        self._queue: deque[Waiting | _Work[Any]] = deque()
        self._waiting = 0
        self._wake = asyncio.Event()
        self._closing = False
        self._failure = ""
        self._busy_since: float | None = None
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="sqlite-committer")
        self._readers = ThreadPoolExecutor(limits.READ_CONNECTIONS, thread_name_prefix="sqlite-reader")
        self._local = threading.local()
        self._read_connections: list[sqlite3.Connection] = []

    async def start(self) -> None:
        """Open the file and start the committer."""
        self._connection = await self._on_disk(lambda: open_sqlite(self._path))
        self._task = asyncio.create_task(self._commit_forever(), name="committer")

    async def close(self) -> None:
        """Commit what waits, then close every connection."""
        self._closing = True
        self._wake.set()
        await asyncio.wait([self._task])
        self._disk.shutdown()
        self._readers.shutdown()
        for connection in (self._connection, *self._read_connections):
            connection.close()

    def submit(self, waiting: Waiting) -> None:
        """Queue an order for the next batch."""
        self._enqueue(waiting)

    @property
    def health(self) -> Health:
        """How the committer fares."""
        if self._busy_since is not None and time.monotonic() - self._busy_since > limits.COMMIT_WAIT_S:
            return Health(failing=True, reason="a commit does not return")
        return Health(failing=bool(self._failure), reason=self._failure)

    def queued(self) -> int:
        """How many orders and transactions stand in line or are being committed, withdrawn ones too."""
        return self._waiting

    async def run(self, build: TransactionBuilder[Result]) -> Result:
        """Run a transaction in the committer's thread, between batches."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        work = _Work(build, future)
        self._enqueue(work)
        return await await_outcome(work, future)

    async def read(self, build: TransactionBuilder[Result]) -> Result:
        """Run a reading transaction on one of the readers' connections."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, build)

    def _enqueue(self, item: "Waiting | _Work[Any]") -> None:
        self._waiting += 1
        self._queue.append(item)
        self._wake.set()

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

    async def _commit_forever(self) -> None:
        while self._queue or not self._closing:
            if not self._queue:
                self._wake.clear()
                await self._wake.wait()
                continue
            self._busy_since = time.monotonic()
            if isinstance(self._queue[0], _Work):
                await self._commit_work(self._queue[0])
                self._queue.popleft()
                self._waiting -= 1
            else:
                taken = self._take_orders()
                await self._commit_batch([waiting for waiting in taken if waiting.begin()])
                self._waiting -= len(taken)
            self._busy_since = None

    def _take_orders(self) -> list[Waiting]:
        taken: list[Waiting] = []
        while self._queue and len(taken) < limits.MAX_BATCH:
            item = self._queue[0]
            if not isinstance(item, Waiting):
                break
            taken.append(item)
            self._queue.popleft()
        return taken

    async def _commit_batch(self, batch: Sequence[Waiting]) -> None:
        if not batch:
            return
        began = time.perf_counter()
        outcomes = await self._outcomes(batch)
        if isinstance(outcomes, BaseException) and not isinstance(outcomes, ComandaError) and len(batch) > 1:
            log.error("a batch failed and is tried order by order: %s", type(outcomes).__name__)
            for waiting in batch:
                await self._commit_batch([waiting])
            return
        if not isinstance(outcomes, BaseException):
            self._observer.committed(len(batch), time.perf_counter() - began)
        deliver_all(batch, outcomes)

    async def _outcomes(self, batch: Sequence[Waiting]) -> Sequence[PlaceOutcome] | BaseException:
        """Run and commit a batch; an error means that nothing was stored."""
        planned = [waiting.planned for waiting in batch]
        for _ in range(limits.BATCH_RETRIES):
            try:
                await self._begin()
                outcomes = _drive(self._connection, commit_orders(planned, now_micros()))
                await self._on_disk(self._connection.commit)
            except RunAgain:
                self._connection.rollback()
            except Exception as error:
                return await self._on_disk(lambda error=error: self._rolled_back(error))  # type: ignore[misc]
            else:
                self._failure = ""
                return outcomes
        return storage_away()

    async def _begin(self) -> None:
        """Take the write lock; when another process has it, wait for it off the event loop."""
        try:
            self._connection.execute("PRAGMA busy_timeout=0")
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            await self._on_disk(lambda: _begin_patiently(self._connection))

    async def _commit_work(self, work: _Work[Any]) -> None:
        if work.begin():
            settle(work.future, await self._on_disk(lambda: self._attempt(work.build)))

    def _attempt(self, build: TransactionBuilder[Result]) -> Result | BaseException:
        """Run and commit in the committer's thread; an error means that nothing was stored."""
        try:
            self._connection.execute(_PATIENCE)
            result = run_transaction(self._connection, build, "BEGIN IMMEDIATE")
        except Exception as error:
            return self._rolled_back(error)
        self._failure = ""
        return result

    def _rolled_back(self, error: BaseException) -> BaseException:
        """End the transaction that failed, and say what its callers are to hear."""
        if self._connection.in_transaction:
            self._connection.rollback()
        if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
            return error
        if isinstance(error, sqlite3.DatabaseError):
            log.error("sqlite cannot write: %s", error)
            self._failure = str(error)
            return storage_away()
        return error

    async def _on_disk(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._disk, work)


_PATIENCE = f"PRAGMA busy_timeout={int(limits.SQLITE_BUSY_S * 1_000)}"


def open_sqlite(path: Path) -> sqlite3.Connection:
    """A connection with full durability and explicit transactions."""
    connection = sqlite3.connect(
        path,
        timeout=limits.SQLITE_BUSY_S,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=limits.SQLITE_STATEMENTS,
    )
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
            connection.commit()
        except RunAgain:
            connection.rollback()
        except BaseException:
            if connection.in_transaction:
                connection.rollback()
            raise
        else:
            return result
    raise storage_away()


def _begin_patiently(connection: sqlite3.Connection) -> None:
    connection.execute(_PATIENCE)
    connection.execute("BEGIN IMMEDIATE")


def _drive(connection: sqlite3.Connection, transaction: Transaction[Result]) -> Result:
    try:
        query = next(transaction)
        while True:
            query = transaction.send(_execute(connection, query))
    except StopIteration as end:
        result: Result = end.value
        return result


def _execute(connection: sqlite3.Connection, query: Query) -> Rows:
    statement, sets = query.statement, query.sets
    rows: Rows = []
    if not sets:
        return rows
    if isinstance(statement, Many):
        cursor = connection.execute(*statement.call(SQLITE, sets))
        return cursor.fetchall() if statement.returns else rows
    compiled = statement.compiled(SQLITE)
    if not statement.returns:
        connection.executemany(compiled.sql, map(compiled.bind, sets))
        return rows
    for params in sets:
        rows.extend(connection.execute(compiled.sql, compiled.bind(params)))
    return rows
