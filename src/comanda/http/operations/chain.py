"""What people and devices do along the delivery chain: orders, tickets, papers."""

from functools import partial
from typing import Any, Final

from comanda.http.operations.parts import ID, Operation, Operations, body, operation, parameter, path_part, reply

TICKET_ID: Final = path_part(
    "id", {"type": "string", "pattern": "^[0-9]{1,16}-[0-9]{1,16}-[0-9]{1,4}$"}, "The ticket's id"
)
_JOB_ID: Final = path_part("id", {"type": "string", "pattern": "^[0-9]{1,16}-[0-9]{1,16}$"}, "The paper's id")
_SEEN: Final = parameter(
    "header",
    "If-Unchanged-Since-Event",
    {"type": "integer", "minimum": 0, "maximum": 10**15 - 1},
    "Leave the order alone if anything happened to it since this event of its venue: 409 `order_changed`",
)
_LINE: Final = path_part("line", {"type": "integer", "minimum": 0, "maximum": 999}, "The line's position in the order")
_ORDER_ACTIONS: Final = {
    "accept": ("acceptOrder", "Accept an order"),
    "refuse": ("refuseOrder", "Refuse an order with a reason"),
    "send-to-station": ("sendOrder", "Send an accepted order to its stations"),
    "seen": ("seeOrder", "Note that a terminal shows the order"),
    "hand-over": ("handOrderOver", "Give the food to the guest or courier"),
}
_TICKET_ACTIONS: Final = {
    "start": ("startTicket", "Begin a ticket"),
    "ready": ("finishTicket", "Finish a ticket with all its lines"),
    "recall": ("recallTicket", "Take a finished ticket back into work"),
    "dismiss": ("dismissTicket", "Take a cancelled ticket off the screen"),
    "reprint": ("reprintTicket", "Print a ticket once more, marked as what it is"),
}
_PAPER_ACTIONS: Final = {
    "reprint": ("reprintPaper", "Print an uncertain paper again, marked POSSIBLE DUPLICATE"),
    "dismiss": ("dismissPaper", "Say that an uncertain paper came out"),
}


def _on_order(action: str) -> Operation:
    name, summary = _ORDER_ACTIONS[action]
    done = reply("The order after it; `changed` is false where it was so already", "ActionDone", "act.response")
    return operation(
        name,
        summary,
        "Delivery chain",
        {"200": done},
        parameters=[path_part("id", ID, "The order's id"), _SEEN],
        requestBody=_body_of(action),
    )


def _body_of(action: str) -> dict[str, Any]:
    if action == "accept":
        return body("AcceptBody", {"as ordered": {}, "in 20 minutes": {"minutes": 20}}, required=False)
    if action == "refuse":
        shown = {
            "reason": "out_of_stock",
            "note": "No dough left today",
            "lines": [{"line": 0, "reason": "out_of_stock"}],
            "update_stop_list": True,
        }
        return body("RefuseBody", {"too busy": {"reason": "too_busy"}, "sold out": shown})
    return body("NoBody", {"nothing": {}}, required=False)


def _on_ticket(action: str) -> Operation:
    name, summary = _TICKET_ACTIONS[action]
    return operation(
        name,
        summary,
        "Kitchen",
        {"200": reply("The order after it", "ActionDone")},
        parameters=[TICKET_ID, _SEEN],
        requestBody=_body_of(action),
    )


def _finish_line() -> Operation:
    return operation(
        "finishLine",
        "Finish one line of a ticket",
        "Kitchen",
        {"200": reply("The order after it", "ActionDone")},
        parameters=[TICKET_ID, _LINE, _SEEN],
        requestBody=_body_of("ready"),
    )


def _on_paper(action: str) -> Operation:
    name, summary = _PAPER_ACTIONS[action]
    return operation(
        name,
        summary,
        "Printing",
        {"200": reply("The paper; `changed` is false where it was settled already", "PrintJobSettled")},
        parameters=[_JOB_ID],
        requestBody=_body_of(action),
    )


OPERATIONS: Final[Operations] = {
    **{("POST", f"/hub/v1/orders/{{id}}/{action}"): partial(_on_order, action) for action in _ORDER_ACTIONS},
    **{("POST", f"/hub/v1/tickets/{{id}}/{action}"): partial(_on_ticket, action) for action in _TICKET_ACTIONS},
    ("POST", "/hub/v1/tickets/{id}/lines/{line}/ready"): _finish_line,
    **{("POST", f"/hub/v1/print-jobs/{{id}}/{action}"): partial(_on_paper, action) for action in _PAPER_ACTIONS},
}
