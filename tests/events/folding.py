"""A board and the events after it make the next board, by the rules of docs/events.md: what a screen does."""

from copy import deepcopy
from typing import Any

KINDS = ("orders", "receipts", "tickets", "stop_list", "devices", "print_jobs")


def shown(board: dict[str, Any]) -> dict[str, Any]:
    """A board as a screen keeps it: by kind and id, and the number it stands at."""
    keys = {"stop_list": "product_id"}
    return {
        "number": board["number"],
        **{kind: {item[keys.get(kind, "id")]: item for item in board[kind]} for kind in KINDS},
    }


def folded(state: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
    """What a screen shows after one more event; events come in order and without a gap."""
    assert event["number"] == state["number"] + 1
    state = {**deepcopy(state), "number": event["number"]}
    subject, data = event["type"].split(".")[0], event["data"]
    if subject == "order":
        _order(state, data)
    elif subject == "receipt":
        if data["service_notification_id"] in state["orders"]:
            state["receipts"][data["id"]] = data
    elif subject == "ticket":
        _keep(state["tickets"], data["id"], data, kept=data["open"])
    elif subject == "stop_list":
        _keep(state["stop_list"], data["product_id"], data, kept=data["quantity"] is not None)
    elif subject == "terminal":
        device = {"id": data["id"], "present": data["present"]}
        _keep(state["devices"], data["id"], device, kept=data["present"] is not None)
    elif subject == "print":
        _keep(state["print_jobs"], data["id"], data, kept=data["status"] == "uncertain")
    return state


def _order(state: dict[str, Any], order: dict[str, Any]) -> None:
    """An order that is no longer open takes its receipt and tickets along, but for cancelled tickets."""
    _keep(state["orders"], order["id"], order, kept=order["open"])
    if not order["open"]:
        state["receipts"].pop(order["id"], None)
        gone = [t for t, ticket in state["tickets"].items() if _leaves(ticket, order["id"])]
        for ticket_id in gone:
            del state["tickets"][ticket_id]


def _leaves(ticket: dict[str, Any], order_id: int) -> bool:
    return ticket["order_id"] == order_id and ticket["status"] != "CANCELLED"


def _keep(found: dict[Any, Any], key: Any, item: Any, *, kept: bool) -> None:
    if kept:
        found[key] = item
    else:
        found.pop(key, None)
