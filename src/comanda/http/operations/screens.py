"""What screens read: boards, tickets, an order whole, its timeline, how fast a venue is, its papers."""

from typing import Any, Final

from comanda.base import limits
from comanda.http.hub_api.papers import STATUSES
from comanda.http.operations.chain import TICKET_ID
from comanda.http.operations.parts import (
    ID,
    NUMBER,
    Operation,
    Operations,
    operation,
    parameter,
    path_part,
    reply,
)

VENUE: Final = parameter("query", "venue", NUMBER, "The venue; needed by callers that stand for no one venue")
_ORDER_ID: Final = path_part("id", ID, "The order's id")
_VENUE_ID: Final = path_part("id", NUMBER, "The venue's id")


def _whole_order() -> Operation:
    return _reading(
        "getWholeOrder",
        "An order with its payload, receipt and tickets",
        "Delivery chain",
        reply("The order", "WholeOrderRead"),
        _ORDER_ID,
    )


def _timeline() -> Operation:
    return _reading(
        "getTimeline",
        "The steps of an order's delivery chain with their times",
        "Delivery chain",
        reply("The steps that happened", "TimelineRead", "timeline.response"),
        _ORDER_ID,
    )


def _board() -> Operation:
    return _reading(
        "getBoard",
        "Everything of a venue that is not done with, and the event number it stands at",
        "Screens",
        reply("The board", "BoardRead", "board.response"),
        _VENUE_ID,
    )


def _performance() -> Operation:
    hours = {"type": "integer", "minimum": 1, "maximum": limits.MAX_PERFORMANCE_HOURS, "default": 24}
    return _reading(
        "getPerformance",
        "How fast a venue's orders went along the chain",
        "Screens",
        reply("p50 and p99 of each leg, in seconds", "PerformanceRead", "performance.response"),
        _VENUE_ID,
        parameter("query", "hours", hours, "Over orders stored in these last hours"),
    )


def _station() -> Operation:
    return _reading(
        "getStationTickets",
        "A station's open tickets at a venue, oldest first",
        "Screens",
        reply("The tickets, and the event number they stand at", "StationTicketsRead"),
        path_part("id", ID, "The station's id"),
        VENUE,
    )


def _ticket() -> Operation:
    return _reading("getTicket", "One ticket", "Kitchen", reply("The ticket", "TicketRead"), TICKET_ID)


def _paper() -> Operation:
    picture = {"description": "The paper as its station's printer would print it now", "content": {"image/png": {}}}
    return _reading("showPaper", "A ticket's paper as a picture", "Printing", picture, TICKET_ID)


def _print_jobs() -> Operation:
    found = _reading(
        "listPapers",
        "A venue's papers in one state, oldest first",
        "Printing",
        reply("The papers", "PrintJobPage"),
        VENUE,
        parameter("query", "status", {"enum": list(STATUSES), "default": "uncertain"}, "Where they are in their lines"),
    )
    found["responses"]["404"] = reply("No such venue", "Error")
    return found


def _reading(name: str, summary: str, tag: str, found: dict[str, Any], *parameters: dict[str, Any]) -> Operation:
    return operation(name, summary, tag, {"200": found}, parameters=list(parameters))


OPERATIONS: Final[Operations] = {
    ("GET", "/hub/v1/orders/{id}"): _whole_order,
    ("GET", "/hub/v1/orders/{id}/timeline"): _timeline,
    ("GET", "/hub/v1/tickets/{id}"): _ticket,
    ("GET", "/hub/v1/tickets/{id}/paper.png"): _paper,
    ("GET", "/hub/v1/venues/{id}/board"): _board,
    ("GET", "/hub/v1/venues/{id}/performance"): _performance,
    ("GET", "/hub/v1/stations/{id}/tickets"): _station,
    ("GET", "/hub/v1/print-jobs"): _print_jobs,
}
