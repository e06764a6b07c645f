"""Orders waiting for their commit: a bounded queue, and callers who never wait past their limit."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from enum import Enum

from comanda.base import limits
from comanda.base.errors import ComandaError, unavailable
from comanda.orders.model import PlaceOutcome, PlannedOrder


class Stage(Enum):
    """How far a waiting order has come; only a queued one can still be withdrawn."""

    QUEUED = "queued"
    COMMITTING = "committing"
    WITHDRAWN = "withdrawn"


class Waiting:
    """One order on its way into a batch, and the caller's end of it."""

    __slots__ = ("_lock", "_stage", "future", "planned")

    def __init__(self, planned: PlannedOrder) -> None:
        self.planned = planned
        self.future: asyncio.Future[PlaceOutcome] = asyncio.get_running_loop().create_future()
        self._stage = Stage.QUEUED
        self._lock = threading.Lock()

    def begin(self) -> bool:
        """Take the order into a batch; False when its caller has given up."""
        return self._move(Stage.COMMITTING)

    def withdraw(self) -> bool:
        """Give up before the order is in a batch; False when it is too late and the outcome must be awaited."""
        return self._move(Stage.WITHDRAWN)

    def settle(self, outcome: PlaceOutcome | BaseException) -> None:
        """Tell the caller; called on the event loop's thread."""
        if self.future.done():
            return
        if isinstance(outcome, BaseException):
            self.future.set_exception(outcome)
        else:
            self.future.set_result(outcome)

    def _move(self, to: Stage) -> bool:
        with self._lock:
            if self._stage is not Stage.QUEUED:
                return False
            self._stage = to
            return True


async def await_outcome(waiting: Waiting) -> PlaceOutcome:
    """The order's outcome, or an error in time.

    Raises ComandaError: ``storage_unavailable`` when it waited 8 s and was withdrawn unstored, ``outcome_unknown``
    when its commit was still undecided 8 s after that. A caller who vanishes leaves a whole order or none.
    """
    try:
        return await asyncio.wait_for(asyncio.shield(waiting.future), limits.COMMIT_WAIT_S)
    except TimeoutError:
        if waiting.withdraw():
            raise storage_away() from None
    except asyncio.CancelledError:
        waiting.withdraw()
        waiting.future.add_done_callback(_forget)
        raise
    try:
        return await asyncio.wait_for(asyncio.shield(waiting.future), limits.OUTCOME_WAIT_S)
    except TimeoutError:
        waiting.future.add_done_callback(_forget)
        raise outcome_unknown() from None


def deliver_all(
    batch: Sequence[Waiting],
    deliver: Callable[[Waiting, PlaceOutcome | BaseException], None],
    outcomes: Sequence[PlaceOutcome] | BaseException,
) -> None:
    """Hand each waiting order of a batch its outcome, or all of them the error that befell the batch."""
    for index, waiting in enumerate(batch):
        deliver(waiting, outcomes if isinstance(outcomes, BaseException) else outcomes[index])


def intake_full() -> ComandaError:
    """The queue is at its bound: refused at once, nothing stored."""
    return unavailable("intake_full", "Too many orders are waiting; try again", limits.RETRY_AFTER_S)


def storage_away() -> ComandaError:
    """The store cannot be written or reached: nothing was stored."""
    return unavailable("storage_unavailable", "The store is not available; nothing was stored", limits.RETRY_AFTER_S)


def outcome_unknown() -> ComandaError:
    """Whether the commit happened could not be found out in time."""
    message = "Whether the order was stored is not known; repeat it with the same Idempotency-Key"
    return ComandaError("outcome_unknown", message)


def _forget(future: "asyncio.Future[PlaceOutcome]") -> None:
    """Nobody is left to hear of it; reading the exception keeps asyncio from reporting it as lost."""
    if not future.cancelled():
        future.exception()
