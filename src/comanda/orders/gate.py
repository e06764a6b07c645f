"""Names that only one request of this process may work on at a time: idempotency keys and order claims.

A second request with the same name waits for the first, so that one batch never holds both (contract 14.2).
Across processes the store's unique rows do the same.
"""

import asyncio
from collections import deque
from collections.abc import Sequence

from comanda.base import limits
from comanda.base.errors import ComandaError


class NameGate:
    """Names that are held, each with those who wait for it, first come first served. A free name costs no wait."""

    def __init__(self) -> None:
        self._held: dict[str, deque[asyncio.Future[None]]] = {}

    async def enter(self, names: Sequence[str]) -> None:
        """Hold every name, taken in sorted order; waits 8 seconds in all. Whoever entered leaves with `leave`.

        Raises ComandaError ``request_in_progress`` when another request still works on one of them; then none is held.
        """
        if not any(name in self._held for name in names):
            for name in names:
                self._held[name] = deque()
            return
        entered: list[str] = []
        try:
            async with asyncio.timeout(limits.IN_FLIGHT_WAIT_S):
                for name in sorted(names):
                    await self._enter_one(name)
                    entered.append(name)
        except BaseException as error:
            self.leave(entered)
            if isinstance(error, TimeoutError):
                raise request_in_progress() from error
            raise

    def leave(self, names: Sequence[str]) -> None:
        """Let go of names; the first who waits for one holds it from now on."""
        for name in names:
            waiting = self._held[name]
            while waiting:
                following = waiting.popleft()
                if not following.done():
                    following.set_result(None)
                    break
            else:
                del self._held[name]

    async def _enter_one(self, name: str) -> None:
        waiting = self._held.get(name)
        if waiting is None:
            self._held[name] = deque()
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave([name])  # it was handed over just as we gave up
            raise


def request_in_progress() -> ComandaError:
    """Another request has held the same key or claim for longer than one waits (contract 14.2)."""
    message = "The same request is still being worked on; ask again"
    return ComandaError("request_in_progress", message, retry_after_s=limits.RETRY_AFTER_S)
