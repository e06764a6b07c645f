"""PostgreSQL: a few committers, each turning the orders of its venues into one commit; a pool for the rest.

``synchronous_commit=on``. When the connection is lost during COMMIT, the transaction's fate is asked for on a new
one (``pg_xact_status``) before anybody is answered.
"""

import asyncio
import logging
import zlib
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

import asyncpg

from comanda.base import limits
from comanda.base.clock import now_micros
from comanda.base.errors import ComandaError, SetupError
from comanda.orders.gate import request_in_progress
from comanda.orders.model import PlaceOutcome
from comanda.store.commit_orders import commit_orders
from comanda.store.driver import Health, Observer, commit_batch, tell_nobody
from comanda.store.transaction import (
    POSTGRESQL,
    Many,
    Query,
    Rows,
    RunAgain,
    StillHeld,
    Transaction,
    TransactionBuilder,
)
from comanda.store.waiting import Waiting, deliver_all, outcome_unknown, storage_away

Result = TypeVar("Result")
log = logging.getLogger(__name__)
_CONFLICTS = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError, RunAgain)
_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what the driver says of a connection that is being terminated
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.DiskFullError,
    asyncpg.TooManyConnectionsError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.ReadOnlySQLTransactionError,
    OSError,
    TimeoutError,
    ConnectionError,
)
SETTINGS = {
    "synchronous_commit": "on",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "15s",
    "application_name": "comanda",
}


class Undecided(Exception):
    """The connection was lost during COMMIT; ``result`` is what the transaction answers if it was committed."""

    def __init__(self, xid: str, result: Any) -> None:
        super().__init__(xid)
        self.xid = xid
        self.result = result


class PostgresDriver:
    """A PostgreSQL database. Orders of one venue stay with one committer, so its rows are locked once a batch."""

    name = "postgresql"

    def __init__(self, url: str, observer: Observer) -> None:
        self._url = url
        self.on_commit: Callable[[], None] = tell_nobody
        self._lanes = [_Lane(self, observer, index) for index in range(limits.COMMITTERS)]

    async def start(self) -> None:
        """Open the pool and start the committers. Raises SetupError when the database cannot be reached."""
        try:
            self._pool = await asyncpg.create_pool(
                self._url,
                min_size=1,
                max_size=limits.READ_CONNECTIONS,
                timeout=limits.READ_WAIT_S,
                command_timeout=limits.READ_WAIT_S,
                server_settings=SETTINGS,
            )
        except (*_AWAY, asyncpg.PostgresError) as error:
            raise SetupError(f"The database cannot be reached: {error}") from error
        for lane in self._lanes:
            lane.start()

    async def close(self) -> None:
        """Commit what waits, then close."""
        await asyncio.gather(*(lane.close() for lane in self._lanes))
        try:
            await asyncio.wait_for(self._pool.close(), limits.READ_WAIT_S)
        except TimeoutError:
            self._pool.terminate()

    def submit(self, waiting: Waiting) -> None:
        """Queue an order with its venue's committer."""
        planned = waiting.planned
        name = f"{planned.brand_id}/{planned.venue_id}".encode()
        self._lanes[zlib.crc32(name) % len(self._lanes)].submit(waiting)

    @property
    def health(self) -> Health:
        """How the committers fare; each mends itself, so none ever stops for good."""
        reasons = [lane.failure for lane in self._lanes if lane.failure]
        return Health(failing=bool(reasons), reason="; ".join(reasons))

    def queued(self) -> int:
        """How many orders wait or are being committed."""
        return sum(lane.waiting for lane in self._lanes)

    async def run(self, build: TransactionBuilder[Result]) -> Result:
        """Run a transaction on a pooled connection."""
        try:
            async with self._pooled() as connection:
                return await self.attempt(connection, build)
        except _AWAY as error:
            log.warning("postgresql cannot run a transaction: %r", error)
            raise storage_away() from error
        except Undecided as undecided:
            if isinstance(undecided.__cause__, asyncio.CancelledError):
                raise undecided.__cause__ from None
            if not await self.was_committed(undecided.xid):
                raise storage_away() from undecided
            result: Result = undecided.result
            return result

    async def read(self, build: TransactionBuilder[Result]) -> Result:
        """Run a reading transaction on one snapshot."""
        try:
            async with (
                self._pooled() as connection,
                connection.transaction(isolation="repeatable_read", readonly=True),
            ):
                return await _drive(connection, build())
        except _AWAY as error:
            log.warning("postgresql cannot read: %r", error)
            raise storage_away() from error

    @asynccontextmanager
    async def _pooled(self) -> AsyncIterator[Any]:
        """A connection of the pool; whatever keeps the database from giving one, it is away."""
        try:
            connection = await self._pool.acquire(timeout=limits.READ_WAIT_S)
        except (*_AWAY, asyncpg.PostgresError) as error:
            log.warning("postgresql gives no connection: %r", error)
            raise storage_away() from error
        try:
            yield connection
        finally:
            try:
                await self._pool.release(connection, timeout=limits.READ_WAIT_S)
            except (*_AWAY, asyncpg.PostgresError) as error:
                # Lost after its work was done: what was committed must not be answered as not stored.
                log.warning("postgresql took a connection back with it: %r", error)

    async def attempt(self, connection: Any, build: TransactionBuilder[Result]) -> Result:
        """Run and commit, retrying conflicts whole. Raises Undecided when the connection is lost during COMMIT."""
        for attempt in range(limits.BATCH_RETRIES):
            transaction = connection.transaction()
            await transaction.start()
            try:
                result = await _drive(connection, build())
                xid = await connection.fetchval("SELECT pg_current_xact_id_if_assigned()::text")
            except _CONFLICTS as conflict:
                await transaction.rollback()
                log.info("a transaction is run again: %r", conflict)
                await asyncio.sleep(0.002 * 2**attempt)
                continue
            except asyncio.CancelledError:
                # Out of time: asking a silent server to roll back would wait for ever; the connection is given up.
                raise
            except BaseException:
                if not connection.is_closed():
                    await transaction.rollback()
                raise
            try:
                await transaction.commit()
            except asyncio.CancelledError as error:
                if xid is None:
                    raise
                raise Undecided(xid, result) from error
            except _AWAY as error:
                if xid is not None:
                    raise Undecided(xid, result) from error
            self.on_commit()
            return result
        log.warning("a transaction met %d conflicts and is given up", limits.BATCH_RETRIES)
        raise storage_away()

    async def was_committed(self, xid: str) -> bool:
        """Find out on new connections, for up to 8 seconds, whether a transaction committed.

        Raises ComandaError ``outcome_unknown`` when that cannot be found out.
        """
        try:
            async with asyncio.timeout(limits.OUTCOME_WAIT_S):
                while True:
                    status = await self._xact_status(xid)
                    if status in ("committed", "aborted"):
                        return status == "committed"
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise outcome_unknown() from None

    async def _xact_status(self, xid: str) -> str | None:
        try:
            connection = await self.connect()
        except (*_AWAY, asyncpg.PostgresError):
            return None
        try:
            status: str | None = await connection.fetchval("SELECT pg_xact_status($1::text::xid8)", xid)
            return status
        except (*_AWAY, asyncpg.PostgresError):
            return None
        finally:
            connection.terminate()

    async def connect(self) -> Any:
        """A connection of its own, for a committer or a question. Raises OSError or asyncpg's errors."""
        return await asyncpg.connect(self._url, timeout=limits.COMMIT_WAIT_S / 2, server_settings=SETTINGS)


class _Lane:
    """One committer: its queue, its connection, its task."""

    def __init__(self, driver: PostgresDriver, observer: Observer, index: int) -> None:
        self._driver = driver
        self._observer = observer
        self.failure = ""
        self._index = index
        self._queue: deque[Waiting] = deque()
        self._wake = asyncio.Event()
        self._closing = False
        self._connection: Any = None
        self.waiting = 0

    def start(self) -> None:
        self._task = asyncio.create_task(self._commit_forever(), name=f"committer-{self._index}")

    async def close(self) -> None:
        self._closing = True
        self._wake.set()
        await asyncio.wait([self._task])
        if self._connection is not None:
            self._connection.terminate()

    def submit(self, waiting: Waiting) -> None:
        self.waiting += 1
        self._queue.append(waiting)
        self._wake.set()

    async def _commit_forever(self) -> None:
        while self._queue or not self._closing:
            if not self._queue:
                self._wake.clear()
                await self._wake.wait()
                continue
            taken = [self._queue.popleft() for _ in range(min(len(self._queue), limits.MAX_BATCH))]
            batch = [waiting for waiting in taken if waiting.begin()]
            try:
                await commit_batch(batch, self._outcomes, self._observer)
            except Exception as error:
                log.error("a committer failed; its batch is refused and it goes on: %s", type(error).__name__)
                self._drop(error)
                deliver_all(batch, error)
            self.waiting -= len(taken)

    async def _outcomes(self, batch: Sequence[Waiting]) -> Sequence[PlaceOutcome] | BaseException:
        planned = [waiting.planned for waiting in batch]
        try:
            async with asyncio.timeout(limits.COMMIT_WAIT_S):
                if not await self._is_connected():
                    return storage_away()
                outcomes = await self._driver.attempt(self._connection, lambda: commit_orders(planned, now_micros()))
        except Undecided as undecided:
            return await self._settle_undecided(undecided)
        except asyncpg.LockNotAvailableError as error:
            return error if len(batch) > 1 else _still_locked(batch[0])
        except _AWAY as error:
            self._drop(error)
            return storage_away()
        except Exception as error:
            if not isinstance(error, asyncpg.PostgresError | ComandaError):
                self._drop(error)
            return error
        self.failure = ""
        return outcomes

    async def _is_connected(self) -> bool:
        if self._connection is not None and not self._connection.is_closed():
            return True
        try:
            self._connection = await self._driver.connect()
        except (OSError, ConnectionError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            self._drop(error)
            return False
        return True

    async def _settle_undecided(self, undecided: Undecided) -> Sequence[PlaceOutcome] | BaseException:
        self._drop(undecided)
        try:
            committed = await self._driver.was_committed(undecided.xid)
        except ComandaError as error:
            return error
        if not committed:
            return storage_away()
        self.failure = ""
        outcomes: Sequence[PlaceOutcome] = undecided.result
        return outcomes

    def _drop(self, error: BaseException) -> None:
        """Give the connection up; an open transaction on it can no longer commit."""
        log.error("a committer lost its connection: %s", type(error).__name__)
        self.failure = type(error).__name__
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None


def _still_locked(waiting: Waiting) -> ComandaError:
    """Another process has held a row for longer than we wait: the same request, where the order has a name."""
    if not (waiting.planned.keyed or waiting.planned.claims):
        return storage_away()
    return request_in_progress()


async def _drive(connection: Any, transaction: Transaction[Result]) -> Result:
    try:
        query = next(transaction)
        while True:
            try:
                rows = await _execute(connection, query)
            except asyncpg.LockNotAvailableError:
                with suppress(StillHeld):
                    transaction.throw(StillHeld())
                raise
            query = transaction.send(rows)
    except StopIteration as end:
        result: Result = end.value
        return result


async def _execute(connection: Any, query: Query) -> Rows:
    statement, sets = query.statement, query.sets
    if not sets:
        return []
    if isinstance(statement, Many):
        rows: Rows = []
        for sql, values in statement.calls(POSTGRESQL, sets):
            rows.extend(await connection.fetch(sql, *values))
        return rows
    compiled = statement.compiled(POSTGRESQL)
    bound = [compiled.bind(params) for params in sets]
    if not statement.returns:
        await connection.executemany(compiled.sql, bound)
        return []
    if len(bound) == 1:
        return list(await connection.fetch(compiled.sql, *bound[0]))
    return list(await connection.fetchmany(compiled.sql, bound))
