"""What a database driver offers the store: batches of orders, transactions, reads. Two implement it."""

from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from comanda.store.transaction import TransactionBuilder
from comanda.store.waiting import Waiting

Result = TypeVar("Result")


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


class Driver(Protocol):
    """One database, reached in one way."""

    name: str

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
