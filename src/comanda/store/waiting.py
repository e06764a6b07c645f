"""Orders waiting for their commit: a bounded queue, and callers who never wait past their limit."""

import asyncio
import logging
import threading
from collections.abc import Sequence
from enum import Enum
from typing import Any, TypeVar

from comanda.base import limits
from comanda.base.errors import ComandaError, unavailable
from comanda.orders.model import PlaceOutcome, PlannedOrder

log = logging.getLogger(__name__)
Result = TypeVar("Result")


class Stage(Enum):
    """How far a waiting order has come; only a queued one can still be withdrawn."""

    QUEUED = "queued"
    COMMITTING = "committing"
    WITHDRAWN = "withdrawn"


class Turn:
    """Something in line: either it begins, or its caller withdraws it; never both."""

    __slots__ = ("_lock", "_stage")

    def __init__(self) -> None:
        self._stage = Stage.QUEUED
        self._lock = threading.Lock()

    def begin(self) -> bool:
        """Start working on it; False when its caller has given up."""
        return self._move(Stage.COMMITTING)

    def withdraw(self) -> bool:
        """Give it up; False when it has begun and its outcome must be awaited."""
        return self._move(Stage.WITHDRAWN)

    def _move(self, to: Stage) -> bool:
        with self._lock:
            if self._stage is not Stage.QUEUED:
                return False
            self._stage = to
            return True


class Waiting(Turn):
    """One order on its way into a batch, and the caller's end of it."""

    __slots__ = ("future", "planned")

    def __init__(self, planned: PlannedOrder, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self.planned = planned
        self.future: asyncio.Future[PlaceOutcome] = loop.create_future()

    def settle(self, outcome: PlaceOutcome | BaseException) -> None:
        """Tell the caller; called on the event loop's thread."""
        settle(self.future, outcome)


def settle(future: "asyncio.Future[Any]", outcome: Any) -> None:
    """Resolve a future with a result or an error, unless its caller has gone."""
    if future.done():
        return
    if isinstance(outcome, BaseException):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)


async def await_outcome(turn: Turn, future: "asyncio.Future[Result]") -> Result:
    """The outcome of something in line, or an error in time.

    Raises ComandaError: ``storage_unavailable`` when it waited 8 s and was withdrawn unbegun, ``outcome_unknown``
    when its commit was still undecided 8 s after that. A caller who vanishes leaves the whole of it or nothing.
    """
    timer = future.get_loop().call_later(limits.COMMIT_WAIT_S, _give_up_waiting, turn, future)
    try:
        return await future
    except asyncio.CancelledError:
        turn.withdraw()
        raise
    finally:
        timer.cancel()


def _give_up_waiting(turn: Turn, future: "asyncio.Future[Any]") -> None:
    """Withdraw what has not begun; what has is given as long again. A timer that fires late finds the future done."""
    if turn.withdraw():
        log.warning("a commit waited %s s for its turn and was withdrawn", limits.COMMIT_WAIT_S)
        settle(future, storage_away())
    elif not future.done():
        future.get_loop().call_later(limits.OUTCOME_WAIT_S, lambda: settle(future, outcome_unknown()))


def deliver_all(batch: Sequence[Waiting], outcomes: Sequence[PlaceOutcome] | BaseException) -> None:
    """Hand each waiting order of a batch its outcome, or all of them the error that befell the batch."""
    if isinstance(outcomes, BaseException):
        for waiting in batch:
            waiting.settle(outcomes)
        return
    for waiting, outcome in zip(batch, outcomes, strict=True):
        waiting.settle(outcome)


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
