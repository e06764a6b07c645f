"""Logging: one JSON object a line on standard error, for our own events and the libraries'."""

import asyncio
import atexit
import logging
import sys
from collections import deque
from typing import Any, TextIO

import msgspec
import structlog

from comanda.base.clock import iso_micros, now_micros
from comanda.base.errors import SetupError


class TurnStream:
    """A text stream written once a turn of the event loop, however many lines that turn logged.

    Every write to a pipe or file lets other threads take the interpreter; one for each order would cost more than
    the order. What is waiting is written before the process ends; a killed process may lose the lines of one turn.
    """

    def __init__(self, target: TextIO) -> None:
        self._target = target
        self._waiting: deque[str] = deque()
        self._scheduled_on: asyncio.AbstractEventLoop | None = None
        atexit.register(self._write_out)

    def write(self, text: str) -> None:
        """Take a line, from any thread."""
        self._waiting.append(text)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._write_out()
            return
        if self._scheduled_on is not loop:
            self._scheduled_on = loop
            loop.call_soon(self._write_out)

    def flush(self) -> None:
        """The turn's end flushes."""

    def _write_out(self) -> None:
        self._scheduled_on = None
        lines = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if lines:
            self._target.write("".join(lines))
            self._target.flush()


def configure_logging(level: str) -> None:
    """Log from ``level`` up. Raises SetupError for a level that is none."""
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise SetupError(f"{level} is no log level; use debug, info, warning or error")
    structlog.configure(
        processors=[_json_line],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(TurnStream(sys.stderr)),  # type: ignore[arg-type]
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _json_line],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(number, logging.WARNING) if number > logging.DEBUG else logging.INFO)


def _json_line(logger: Any, level: str, event: structlog.typing.EventDict) -> str:
    """The one step from an event to its line; a chain of them would cost most of what an order's log line costs."""
    event["level"] = level
    event["timestamp"] = iso_micros(now_micros())
    if event.get("exc_info"):
        event = structlog.processors.format_exc_info(logger, level, event)
    try:
        return msgspec.json.encode(event, enc_hook=repr).decode()
    except (ValueError, TypeError):  # text that is no Unicode, keys that are no text
        return msgspec.json.encode({"event": ascii(dict(event)), "level": level}).decode()
