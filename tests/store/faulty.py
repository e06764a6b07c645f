"""A store whose commits misbehave by plan: what stands between a driver and its database is wrapped.

Each commit takes the next fault of the plan; when the plan is used up, all is well. The faults are the ones there
are: refused before anything was kept, kept while the answer is lost, late, and so late that nobody waits any more.
"""

import asyncio
import sqlite3
import time
from collections.abc import Iterator, Sequence
from enum import Enum

from comanda.http.hub import Hub
from comanda.store.postgres import PostgresDriver
from comanda.store.sqlite import SqliteDriver

LATE_S = 0.15
TOO_LATE_S = 0.9


class Fault(Enum):
    """What happens to one commit."""

    NONE = "none"
    FAILS = "fails"
    DISK_FAILS = "disk fails"
    LOSES_ANSWER = "loses answer"
    LATE = "late"
    TOO_LATE = "too late"


class Plan:
    """The faults still to come."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self._coming: Iterator[Fault] = iter(faults)
        self.happened: list[Fault] = []

    def next(self) -> Fault:
        """The fault of the commit at hand."""
        fault = next(self._coming, Fault.NONE)
        self.happened.append(fault)
        return fault


class FaultySqlite:
    """A SQLite connection with faulty commits."""

    def __init__(self, connection: sqlite3.Connection, plan: Plan) -> None:
        self._connection = connection
        self._plan = plan

    def __getattr__(self, name: str) -> object:
        return getattr(self._connection, name)

    def commit(self) -> None:
        """Commit, or not."""
        fault = self._plan.next()
        if fault is Fault.FAILS:
            raise sqlite3.OperationalError("disk I/O error")
        if fault is Fault.DISK_FAILS:
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
            raise error
        if fault in (Fault.LATE, Fault.TOO_LATE):
            time.sleep(LATE_S if fault is Fault.LATE else TOO_LATE_S)
        self._connection.commit()
        if fault is Fault.LOSES_ANSWER:
            raise sqlite3.OperationalError("disk I/O error")


class FaultyPostgres:
    """An asyncpg connection with faulty commits."""

    def __init__(self, connection, plan: Plan) -> None:
        self._connection = connection
        self._plan = plan

    def __getattr__(self, name: str) -> object:
        return getattr(self._connection, name)

    def transaction(self, **options):
        """A transaction of it."""
        return _FaultyTransaction(self._connection.transaction(**options), self._connection, self._plan)


class _FaultyTransaction:
    def __init__(self, transaction, connection, plan: Plan) -> None:
        self._transaction = transaction
        self._connection = connection
        self._plan = plan

    def __getattr__(self, name: str) -> object:
        return getattr(self._transaction, name)

    async def commit(self) -> None:
        """Commit, or not."""
        fault = self._plan.next()
        if fault in (Fault.FAILS, Fault.DISK_FAILS):
            self._lose_connection()
        if fault in (Fault.LATE, Fault.TOO_LATE):
            await asyncio.sleep(LATE_S if fault is Fault.LATE else TOO_LATE_S)
        await self._transaction.commit()
        if fault is Fault.LOSES_ANSWER:
            self._lose_connection()

    def _lose_connection(self) -> None:
        self._connection.terminate()
        raise ConnectionResetError("cable pulled")


def make_faulty(hub: Hub, faults: Sequence[Fault]) -> Plan:
    """Let the commits of a running hub's orders go by a plan."""
    plan = Plan(faults)
    driver = hub.store._driver
    if isinstance(driver, SqliteDriver):
        driver._connection = FaultySqlite(driver._connection, plan)
        return plan
    assert isinstance(driver, PostgresDriver)
    connect = driver.connect

    async def connect_faulty():
        return FaultyPostgres(await connect(), plan)

    for lane in driver._lanes:
        if lane._connection is not None:
            lane._connection = FaultyPostgres(lane._connection, plan)
    driver.connect = connect_faulty
    return plan
