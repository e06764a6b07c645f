"""How duties go round until the server winds down: they end between two rounds, never in a transaction."""

import asyncio
import contextlib


async def pause(ending: asyncio.Event, seconds: float) -> None:
    """Wait for the next round, or until the server winds down."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await ending.wait()
