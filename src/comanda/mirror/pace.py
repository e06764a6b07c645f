"""How fast a source may be asked: never above a ceiling of our own, and never past what it says is left."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from email.utils import parsedate_to_datetime

from comanda.base import limits
from comanda.base.errors import SetupError

Sleep = Callable[[float], Awaitable[object]]
_RESERVE = 1
"""Calls left to others when we pause: a quota is one for all who call for a brand."""
_UNSTATED_S = 5.0
_EPOCH_S = 1_000_000_000
"""From here on a number of seconds is an instant, not a span."""


class Pace:
    """Holds requests back; ``waiting`` is told of pauses that people would notice, in seconds."""

    def __init__(self, per_second: float, waiting: Callable[[float], None], sleep: Sleep = asyncio.sleep) -> None:
        self._gap_s = 1 / per_second
        self._waiting = waiting
        self._sleep = sleep
        self._next_at = 0.0
        self._pause_s = 0.0

    async def wait_turn(self) -> None:
        """Wait until the next request may leave."""
        pause, self._pause_s = self._pause_s, 0.0
        await self.wait(max(pause, self._next_at - time.monotonic()))
        self._next_at = time.monotonic() + self._gap_s

    def heed(self, headers: Mapping[str, str]) -> None:
        """Note what an answer says is left; the next request waits before nothing is."""
        remaining = _seconds(headers.get("ratelimit-remaining"))
        if remaining is not None and remaining <= _RESERVE:
            self._pause_s = _seconds(headers.get("ratelimit-reset")) or 1.0

    async def wait_out(self, headers: Mapping[str, str]) -> None:
        """Wait as long as a 429 says, a few seconds when it says nothing."""
        stated = _seconds(headers.get("retry-after")), _seconds(headers.get("ratelimit-reset"))
        self._pause_s = 0.0
        await self.wait(max((span for span in stated if span is not None), default=_UNSTATED_S))

    async def wait_to_repeat(self, headers: Mapping[str, str], at_least_s: float) -> None:
        """Wait before a request that failed is repeated, as long as the failure says if that is longer."""
        await self.wait(max(at_least_s, _seconds(headers.get("retry-after")) or 0.0))

    async def wait(self, seconds: float) -> None:
        """Wait. Raises SetupError for a pause longer than a run should have."""
        if seconds > limits.MIRROR_LONGEST_WAIT_S:
            raise SetupError(
                f"the source wants a pause of {seconds:.0f} s; run again after it, and it goes on from here"
            )
        if seconds > 1:
            self._waiting(seconds)
        if seconds > 0:
            await self._sleep(seconds)


def _seconds(text: str | None) -> float | None:
    """A header's span in seconds; instants, written as dates or as seconds of the epoch, become spans from now."""
    if not text:
        return None
    text = text.strip()
    if text.isascii() and text.isdigit() and len(text) <= 15:
        span = int(text)
        return max(0.0, span - time.time()) if span >= _EPOCH_S else span * 1.0
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError, TypeError):
        return None
