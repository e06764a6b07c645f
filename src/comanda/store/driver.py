"""What a database driver offers the store: batches of orders, transactions, reads. Two implement it."""

import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from comanda.base.errors import ComandaError
from comanda.orders.model import PlaceOutcome
from comanda.store.transaction import TransactionBuilder
from comanda.store.waiting import Waiting, deliver_all

Result = TypeVar("Result")
log = logging.getLogger(__name__)


class Observer(Protocol):
    """Hears of each commit, for metrics."""

    def committed(self, orders: int, seconds: float) -> None:
        """A batch of ``orders`` was committed in ``seconds``."""
        ...


class Silent:
    """An observer for commands and tests that measure nothing."""

    def committed(self, orders: int, seconds: float) -> None:
        """Say nothing."""


@dataclass(slots=True)
class Health:
    """How the writing side fares: ``failing`` since the last commit failed, or while one does not return."""

    failing: bool = False
    reason: str = field(default="")


def tell_nobody() -> None:
    """What a driver calls after a commit until somebody wants to know."""


async def commit_batch(
    batch: Sequence[Waiting],
    commit: Callable[[Sequence[Waiting]], Awaitable[Sequence[PlaceOutcome] | BaseException]],
    observer: Observer,
) -> None:
    """Commit a batch by ``commit`` and tell its callers.

    A batch that fails for a reason of its own, and not the store's, is tried order by order, so that one bad order
    harms no neighbour.
    """
    if not batch:
        return
    began = time.perf_counter()
    outcomes = await commit(batch)
    if isinstance(outcomes, BaseException) and not isinstance(outcomes, ComandaError) and len(batch) > 1:
        log.error("a batch failed and is tried order by order: %s", type(outcomes).__name__)
        for waiting in batch:
            await commit_batch([waiting], commit, observer)
        return
    if not isinstance(outcomes, BaseException):
        observer.committed(len(batch), time.perf_counter() - began)
    deliver_all(batch, outcomes)


class Driver(Protocol):
    """One database, reached in one way."""

    name: str
    on_commit: Callable[[], None]
    """Called after each successful commit of this process, on the event loop's thread."""

    @property
    def health(self) -> Health:
        """How the writing side fares."""
        ...

    async def start(self) -> None:
        """Open connections; raises SetupError when the database cannot be used."""
        ...

    async def close(self) -> None:
        """Commit what waits, then close."""
        ...

    def submit(self, waiting: Waiting) -> None:
        """Queue an order for the next batch of its venue."""
        ...

    def queued(self) -> int:
        """How many orders wait."""
        ...

    async def run(self, build: TransactionBuilder[Result]) -> Result:
        """Run a transaction of its own, retried whole on conflicts. Raises ComandaError ``storage_unavailable``."""
        ...

    async def read(self, build: TransactionBuilder[Result]) -> Result:
        """Run a transaction that only reads, on one consistent view."""
        ...
