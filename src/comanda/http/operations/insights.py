"""A venue's figures, and what the demo does by itself."""

from typing import Any, Final

from comanda.base import limits
from comanda.http.hub_api.insights_csv import NAMES
from comanda.http.operations.parts import Operation, Operations, body, operation, parameter, reply
from comanda.http.operations.screens import VENUE

_TAG: Final = "Insights"
_DAY: Final[dict[str, Any]] = {"type": "string", "format": "date"}
_DAYS: Final = (
    VENUE,
    parameter("query", "from", _DAY, "The first day, of the venue's zone and day start; today when left out"),
    parameter("query", "to", _DAY, f"The last day, at most {limits.MAX_INSIGHT_DAYS} days in all; today when left out"),
)


def _insights() -> Operation:
    found = operation(
        "getInsights",
        "What a venue took over days; docs/insights.md has a query for every figure",
        _TAG,
        {"200": reply("The figures", "InsightsRead")},
        parameters=list(_DAYS),
    )
    found["responses"]["404"] = reply("No such venue", "Error")
    return found


def _table() -> Operation:
    table = {"type": "string", "enum": list(NAMES), "default": "orders"}
    content = {"description": "The table, UTF-8 with a byte order mark", "content": {"text/csv": {}}}
    content["headers"] = {"Content-Disposition": {"schema": {"type": "string"}, "description": "attachment"}}
    found = operation(
        "exportInsights",
        "One table of a venue's figures, or its orders, as CSV",
        _TAG,
        {"200": content},
        parameters=[*_DAYS, parameter("query", "table", table, "Which table")],
    )
    found["responses"]["404"] = reply("No such venue", "Error")
    return found


def _demo_state() -> Operation:
    return operation(
        "getDemo",
        "What the demo does by itself; only a server with --demo answers",
        "Demo",
        {"200": reply("What is switched on", "DemoStateRead"), "404": reply("This is no demo", "Error")},
    )


def _set_demo() -> Operation:
    quiet = {"orders": False, "house": False, "per_minute": 6}
    return operation(
        "setDemo",
        "Have the demo send orders by itself, and a robot house cook them",
        "Demo",
        {"200": reply("What is switched on", "DemoStateRead"), "404": reply("This is no demo", "Error")},
        requestBody=body("DemoWish", {"quiet": quiet, "alive": {**quiet, "orders": True, "house": True}}),
    )


OPERATIONS: Final[Operations] = {
    ("GET", "/hub/v1/insights"): _insights,
    ("GET", "/hub/v1/insights.csv"): _table,
    ("GET", "/hub/v1/demo"): _demo_state,
    ("PUT", "/hub/v1/demo"): _set_demo,
}
