"""The event log: pages of it, and its stream."""

from typing import Any, Final

from comanda.base import limits
from comanda.events.types import EVENT_TYPES
from comanda.http.operations.parts import (
    NUMBER,
    Operation,
    Operations,
    comma_list,
    operation,
    parameter,
    reply,
)
from comanda.http.operations.screens import VENUE

_TAG: Final = "Events"
_POSITION: Final = {"type": "string", "pattern": "^[0-9]{1,15}:[0-9]{1,15}(,[0-9]{1,15}:[0-9]{1,15})*$"}


def _list() -> Operation:
    limit = {
        "type": "integer",
        "minimum": 1,
        "maximum": limits.MAX_EVENT_PAGE,
        "default": limits.DEFAULT_EVENT_PAGE,
    }
    wait = {"type": "integer", "minimum": 0, "maximum": limits.MAX_EVENT_WAIT_S, "default": 0}
    return operation(
        "listEvents",
        "Events of a venue after a number, or a wait for the next",
        _TAG,
        {
            "200": reply("Events in ascending order", "EventsRead", "events.response"),
            "404": reply("No such venue", "Error"),
            "410": reply("The log cannot be followed from there; begin again with a board", "Error"),
        },
        parameters=[
            VENUE,
            parameter("query", "after", {**NUMBER, "default": 0}, "The number to go on after"),
            parameter("query", "limit", limit, "Page size"),
            parameter("query", "wait", wait, "Seconds to wait where there is none yet"),
            _types_parameter(),
        ],
    )


def _stream() -> Operation:
    frames = "hello, then each event with an id that resumes all venues; resync and draining end the stream"
    return operation(
        "streamEvents",
        "The logs of one or several venues as Server-Sent Events",
        _TAG,
        {
            "200": {"description": frames, "content": {"text/event-stream": {"schema": {"type": "string"}}}},
            "404": reply("No such venue", "Error"),
            "410": reply("The log cannot be followed from there; begin again with a board", "Error"),
        },
        parameters=[
            comma_list("venues", NUMBER, limits.MAX_STREAM_VENUES, "The venues; by default the caller's own"),
            parameter("query", "after", _POSITION, "Where to go on from: VENUE:NUMBER, several with commas"),
            parameter("header", "Last-Event-ID", _POSITION, "The same, as browsers send it; it decides"),
            _types_parameter(),
        ],
    )


def _types_parameter() -> dict[str, Any]:
    return comma_list("types", {"enum": list(EVENT_TYPES)}, len(EVENT_TYPES), "Only these types")


OPERATIONS: Final[Operations] = {
    ("GET", "/hub/v1/events"): _list,
    ("GET", "/hub/v1/stream"): _stream,
}
