"""Time as Comanda keeps it: integer microseconds since the Unix epoch, UTC; and the forms the wire uses."""

import time
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from functools import lru_cache
from typing import NewType
from zoneinfo import ZoneInfo

from comanda.base import limits

Micros = NewType("Micros", int)
"""Microseconds since 1970-01-01T00:00:00Z."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def now_micros() -> Micros:
    """The present instant in UTC."""
    return Micros(time.time_ns() // 1_000)


class ClockWatch:
    """Notices that this machine's clock was set, or that the machine slept: both look as if time had jumped."""

    def __init__(self) -> None:
        self._ahead = _ahead_s()

    def jumped(self) -> bool:
        """Whether the clock has gone another way than time has, since the last look, by more than CLOCK_JUMP_S."""
        before, self._ahead = self._ahead, _ahead_s()
        return abs(self._ahead - before) > limits.CLOCK_JUMP_S


def _ahead_s() -> float:
    return time.time() - time.monotonic()


@lru_cache(maxsize=256)
def iso_micros(instant: Micros) -> str:
    """``2026-02-02T13:45:53.000000Z``, the form of orders (contract 5)."""
    seconds, micros = divmod(instant, 1_000_000)
    return f"{_second_text(seconds)}.{micros:06d}Z"


def instant_of(text: str) -> Micros:
    """The instant that `iso_micros` wrote."""
    return _micros(datetime.fromisoformat(text))


def envelope_times(instant: Micros) -> tuple[str, int]:
    """``timestamp`` (UTC, ``YYYY-MM-DD HH:mm:ss``) and ``unix`` of the same instant (contract 14.8)."""
    seconds = instant // 1_000_000
    return _second_text(seconds).replace("T", " "), seconds


def business_day(instant: Micros, zone: str, day_start: str) -> str:
    """The venue's day that an instant falls on, ``2026-01-19`` (contract 14.8)."""
    return _business_day(instant // 60_000_000, zone, day_start)


def day_bounds(day: date, zone: str, day_start: str) -> tuple[Micros, Micros]:
    """The half-open span of a venue's day: from ``day_start`` (``HH:MM`` in its zone) to the next (contract 14.8)."""
    begin_at = time_of_day.fromisoformat(day_start)
    timezone = ZoneInfo(zone)
    begin = datetime.combine(day, begin_at, timezone)
    end = datetime.combine(day + timedelta(days=1), begin_at, timezone)
    return _micros(begin), _micros(end)


@lru_cache(maxsize=256)
def _business_day(minute: int, zone: str, day_start: str) -> str:
    # By instants: on the night when clocks are put back some times of day come twice.
    instant = minute * 60_000_000
    day = datetime.fromtimestamp(minute * 60, ZoneInfo(zone)).date()
    if instant < day_bounds(day, zone, day_start)[0]:
        day -= timedelta(days=1)
    return day.isoformat()


def _micros(moment: datetime) -> Micros:
    return Micros((moment - _EPOCH) // timedelta(microseconds=1))


@lru_cache(maxsize=64)
def _second_text(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
