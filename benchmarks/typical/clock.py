"""Instants as integer microseconds, UTC, and the two forms in which answers show them."""

import time
from datetime import UTC, datetime


def now_micros() -> int:
    """The present instant."""
    return time.time_ns() // 1_000


def iso_micros(instant: int) -> str:
    """``2026-02-02T13:45:53.000000Z``."""
    seconds, micros = divmod(instant, 1_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{micros:06d}Z"


def envelope_times(instant: int) -> tuple[str, int]:
    """``timestamp`` and ``unix`` of an answer."""
    seconds = instant // 1_000_000
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}", seconds
