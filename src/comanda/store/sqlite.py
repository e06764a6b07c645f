"""SQLite: one committer that turns the orders waiting into one synchronous commit, and readers beside it.

WAL with ``synchronous=FULL``: a commit that was answered survives a power cut. One fsync carries every order that
arrived while the last one ran.

What only computes runs on the event loop: a batch is a handful of statements, and a thread of their own would spend
more on being handed the interpreter back and forth than on them (ADR 8). What waits for the disk or for another
process runs in the committer's thread: COMMIT, a lock that is taken, an import.
"""

import asyncio
import logging
import queue
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
from comanda.orders.model import Placed, PlaceOutcome, PlannedOrder
from comanda.store.commit_orders import commit_orders
from comanda.store.driver import Health, Observer, commit_batch, tell_nobody
from comanda.store.order_statements import SELECT_ORDER_BY_ID
from comanda.store.transaction import SQLITE, Many, Query, Rows, RunAgain, Transaction, TransactionBuilder, one
from comanda.store.waiting import Turn, Waiting, await_outcome, deliver_all, outcome_unknown, settle, storage_away

Result = TypeVar("Result")
log = logging.getLogger(__name__)


class _Work(Turn, Generic[Result]):
    """A transaction of its own, in line with the batches."""

    def __init__(self, build: TransactionBuilder[Result], future: "asyncio.Future[Result]") -> None:
        super().__init__()
        self.build = build
        self.future = future


class _Disk:
    """A thread for what waits for the disk, one thing after the other.

    An executor does the same, but handing work to it and back takes about as long as a commit.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._work: queue.SimpleQueue[tuple[Callable[[], Any], asyncio.Future[Any]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run_all, name="sqlite-committer", daemon=True)
        self._thread.start()

    def run(self, work: Callable[[], Result]) -> "asyncio.Future[Result]":
        """Do ``work`` in the thread; the future has its result or the exception it raised."""
        future: asyncio.Future[Result] = self._loop.create_future()
        self._work.put((work, future))
        return future

    def close(self) -> None:
        """Finish and end the thread."""
        self._work.put(None)
        self._thread.join()

    def _run_all(self) -> None:
        while (item := self._work.get()) is not None:
            work, future = item
            try:
                result = work()
            except BaseException as error:
                self._loop.call_soon_threadsafe(settle, future, error)
            else:
                self._loop.call_soon_threadsafe(_succeed, future, result)


def _succeed(future: "asyncio.Future[Any]", result: Any) -> None:
    """Unlike `settle`: a result that is an exception is a result all the same."""
    if not future.done():
        future.set_result(result)


class SqliteDriver:
    """The embedded store: a file, a committer, a few readers."""

    name = "sqlite"

    def __init__(self, path: Path, observer: Observer) -> None:
        self._path = path
        self._observer = observer
        self.on_commit: Callable[[], None] = tell_nobody
        self._queue: deque[Waiting | _Work[Any]] = deque()
        self._waiting = 0
        self._wake = asyncio.Event()
        self._closing = False
        self._failure = ""
        self._busy_since: float | None = None
        self._readers = ThreadPoolExecutor(limits.READ_CONNECTIONS, thread_name_prefix="sqlite-reader")
        self._local = threading.local()
        self._read_connections: list[sqlite3.Connection] = []

    async def start(self) -> None:
        """Open the file and start the committer."""
        self._disk = _Disk()
        self._connection = await self._disk.run(lambda: open_sqlite(self._path))
        self._connection.execute(_NO_PATIENCE)
        self._task = asyncio.create_task(self._commit_forever(), name="committer")

    async def close(self) -> None:
        """Commit what waits, then close every connection."""
        self._closing = True
        self._wake.set()
        await asyncio.wait([self._task])
        self._disk.close()
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
                work = self._queue.popleft()
                assert isinstance(work, _Work)
                try:
                    await self._commit_work(work)
                except Exception as error:
                    log.exception("the committer failed; the transaction is refused and it goes on")
                    settle(work.future, error)
                self._waiting -= 1
            else:
                taken = self._take_orders()
                batch = [waiting for waiting in taken if waiting.begin()]
                try:
                    await commit_batch(batch, self._outcomes, self._observer)
                except Exception as error:
                    log.exception("the committer failed; its batch is refused and it goes on")
                    deliver_all(batch, error)
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

    async def _outcomes(self, batch: Sequence[Waiting]) -> Sequence[PlaceOutcome] | BaseException:
        """Run and commit a batch; an error means that nothing was stored, or says that this is not known."""
        planned = [waiting.planned for waiting in batch]
        for _ in range(limits.BATCH_RETRIES):
            outcomes: Sequence[PlaceOutcome] = ()
            try:
                await self._begin()
                outcomes = drive_transaction(self._connection, commit_orders(planned, now_micros()))
                await self._disk.run(self._connection.commit)
            except RunAgain:
                self._connection.rollback()
            except Exception as error:
                reply = self._rolled_back(error)
                if outcomes and _may_return(error):
                    reply = outcome_unknown()
                return self._settle_failed(planned, outcomes, reply)
            else:
                self._failure = ""
                self.on_commit()
                return outcomes
        return storage_away()

    def _settle_failed(
        self, planned: Sequence[PlannedOrder], outcomes: Sequence[PlaceOutcome], error: BaseException
    ) -> Sequence[PlaceOutcome] | BaseException:
        """What is true of a batch whose COMMIT raised: it is there whole or not at all, so one order tells."""
        stored = [order for order, outcome in zip(planned, outcomes, strict=False) if isinstance(outcome, Placed)]
        if not stored:
            return error
        try:
            query = one(SELECT_ORDER_BY_ID, brand_id=stored[0].brand_id, id=stored[0].id)
            return outcomes if _execute(self._connection, query) else error
        except sqlite3.Error:
            return outcome_unknown()

    async def _begin(self) -> None:
        """Take the write lock; when another process has it, wait for it off the event loop (`_NO_PATIENCE`)."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & _PRIMARY != sqlite3.SQLITE_BUSY:
                raise
            await self._disk.run(lambda: _begin_patiently(self._connection))

    async def _commit_work(self, work: _Work[Any]) -> None:
        if work.begin():
            outcome = await self._disk.run(lambda: self._attempt(work.build))
            settle(work.future, outcome)
            if not isinstance(outcome, BaseException):
                self.on_commit()

    def _attempt(self, build: TransactionBuilder[Result]) -> Result | BaseException:
        """Run and commit in the committer's thread; an error means that nothing was stored."""
        try:
            self._connection.execute(_PATIENCE)
            try:
                result = run_transaction(self._connection, build, "BEGIN IMMEDIATE")
            finally:
                self._connection.execute(_NO_PATIENCE)
        except Exception as error:
            reply = self._rolled_back(error)
            return outcome_unknown() if _may_return(error) else reply
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


_PATIENCE = f"PRAGMA busy_timeout={int(limits.SQLITE_BUSY_S * 1_000)}"
_NO_PATIENCE = "PRAGMA busy_timeout=0"
_PRIMARY = 0xFF
"""The part of SQLite's error codes that names the kind."""


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
            result = drive_transaction(connection, build())
            connection.commit()
        except RunAgain:
            connection.rollback()
        except BaseException:
            if connection.in_transaction:
                connection.rollback()
            raise
        else:
            return result
    log.warning("a transaction met %d conflicts and is given up", limits.BATCH_RETRIES)
    raise storage_away()


def _may_return(error: BaseException) -> bool:
    """Whether a commit that cannot be seen may still appear.

    When the disk fails between its writing and its syncing, recovery after a crash would find it in the log.
    """
    return getattr(error, "sqlite_errorcode", 0) & _PRIMARY == sqlite3.SQLITE_IOERR


def _begin_patiently(connection: sqlite3.Connection) -> None:
    """Take the write lock soon after it is free: SQLite's own waiting sleeps ever longer, up to 100 ms."""
    until = time.monotonic() + limits.SQLITE_BUSY_S
    while True:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & _PRIMARY != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(limits.SQLITE_RETRY_S)
        else:
            return


def drive_transaction(connection: sqlite3.Connection, transaction: Transaction[Result]) -> Result:
    """Run a transaction's statements; BEGIN and COMMIT are the caller's."""
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
        for sql, values in statement.calls(SQLITE, sets):
            cursor = connection.execute(sql, values)
            if statement.returns:
                rows.extend(cursor)
        return rows
    compiled = statement.compiled(SQLITE)
    if not statement.returns:
        connection.executemany(compiled.sql, map(compiled.bind, sets))
        return rows
    for params in sets:
        rows.extend(connection.execute(compiled.sql, compiled.bind(params)))
    return rows
