"""Names that only one request of this process may work on at a time: idempotency keys and order claims.

A second request with the same name waits for the first, so that one batch never holds both (contract 14.2).
Across processes the store's unique rows do the same.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager

from comanda.base import limits
from comanda.base.errors import ComandaError


class NameGate:
    """Locks by name, made when first wanted and dropped when nobody holds or awaits them."""

    def __init__(self) -> None:
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def hold(self, names: Iterable[str]) -> AsyncIterator[None]:
        """Hold every name, taken in sorted order; waits 8 seconds in all.

        Raises ComandaError ``request_in_progress`` when another request still works on one of them.
        """
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(limits.IN_FLIGHT_WAIT_S):
                    for name in sorted(set(names)):
                        await held.enter_async_context(self._hold_one(name))
            except TimeoutError as error:
                message = "The same request is still being worked on; ask again"
                raise ComandaError("request_in_progress", message, retry_after_s=limits.RETRY_AFTER_S) from error
            yield

    @asynccontextmanager
    async def _hold_one(self, name: str) -> AsyncIterator[None]:
        lock, users = self._locks.get(name) or (asyncio.Lock(), 0)
        self._locks[name] = (lock, users + 1)
        try:
            async with lock:
                yield
        finally:
            lock, users = self._locks[name]
            if users == 1:
                del self._locks[name]
            else:
                self._locks[name] = (lock, users - 1)
