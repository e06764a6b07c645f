"""Rate limits: sliding one-minute windows (contract 6, 14.7), counted in this process.

A window is 60 buckets of one second. A library's moving window keeps a row per request, which costs most where a
quota is highest; buckets cost the same for 60 and for 600,000 a minute.
"""

from collections import OrderedDict

from msgspec import Struct

from comanda.base import limits

_SPAN_S = 60


class Rate(Struct, frozen=True):
    """Where a caller stands within one tier: its quota, what is left, and seconds until it eases."""

    limit: int
    remaining: int
    reset_s: int


class SlidingWindow:
    """Counts events by key over the last minute; the least recently used keys are forgotten first."""

    def __init__(self) -> None:
        self._windows: OrderedDict[str, _Window] = OrderedDict()

    def peek(self, key: str, quota: int, now_s: int) -> Rate:
        """Where ``key`` stands, counting nothing."""
        window = self._windows.get(key)
        if window is None:
            return Rate(quota, quota, 0)
        return window.standing(quota, now_s)

    def count(self, key: str, now_s: int) -> None:
        """Count one event."""
        window = self._windows.get(key)
        if window is None:
            window = self._windows[key] = _Window(now_s)
            if len(self._windows) > limits.RATE_KEYS:
                self._windows.popitem(last=False)
        else:
            self._windows.move_to_end(key)
        window.count(now_s)


class _Window:
    """Counts of the last minute, a bucket a second; ``_oldest`` is the earliest second that may have a count."""

    __slots__ = ("_buckets", "_latest", "_oldest", "_total")

    def __init__(self, now_s: int) -> None:
        self._buckets = [0] * _SPAN_S
        self._latest = now_s
        self._oldest = now_s
        self._total = 0

    def count(self, now_s: int) -> None:
        self._advance(now_s)
        self._buckets[self._latest % _SPAN_S] += 1
        self._total += 1

    def standing(self, quota: int, now_s: int) -> Rate:
        self._advance(now_s)
        if not self._total:
            return Rate(quota, quota, 0)
        while not self._buckets[self._oldest % _SPAN_S]:
            self._oldest += 1
        return Rate(quota, max(0, quota - self._total), _SPAN_S - (self._latest - self._oldest))

    def _advance(self, now_s: int) -> None:
        passed = now_s - self._latest
        if passed <= 0:
            return
        for step in range(1, min(passed, _SPAN_S) + 1):
            index = (self._latest + step) % _SPAN_S
            self._total -= self._buckets[index]
            self._buckets[index] = 0
        self._latest = now_s
        self._oldest = max(self._oldest, now_s - _SPAN_S + 1)
