"""Readings of many orders at once: one at a time in a process, so that screens do not wait for figures."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from comanda.base import limits
from comanda.base.errors import unavailable


class Readings:
    """A turn for whoever reads a venue's figures; each may hold a reader of the store for seconds."""

    def __init__(self) -> None:
        self._running = asyncio.Semaphore(limits.INSIGHTS_AT_ONCE)
        self._asked = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn. Raises ComandaError ``too_many_readings`` when more wait than could be served soon."""
        if self._asked >= limits.INSIGHTS_WAITING:
            raise unavailable("too_many_readings", "Too many figures are being read at once", limits.RETRY_AFTER_S)
        self._asked += 1
        try:
            async with self._running:
                yield
        finally:
            self._asked -= 1
