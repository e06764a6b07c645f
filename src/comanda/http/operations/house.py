"""What the house takes and reads itself: orders of its own, summaries, guests, the menu, a printer's test page."""

from typing import Any, Final

from comanda.base import limits
from comanda.http.operations.orders import order_body
from comanda.http.operations.parts import (
    ID,
    Operation,
    Operations,
    body,
    comma_list,
    operation,
    parameter,
    path_part,
    reply,
)
from comanda.http.operations.screens import VENUE

_ORDERS: Final = "House"
_TEXT: Final = {"type": "string", "maxLength": limits.MAX_SEARCH}


def _limit(default: int) -> dict[str, Any]:
    schema = {"type": "integer", "minimum": 1, "maximum": limits.MAX_ORDER_PAGE_SIZE, "default": default}
    return parameter("query", "limit", schema, "How many at most")


def _take() -> Operation:
    return operation(
        "takeOrder",
        "Take an order of the house's own",
        _ORDERS,
        {
            "201": reply("The order was stored", "OrderCreated"),
            "400": reply("Every problem at once, or no Idempotency-Key", "Error"),
            "404": reply("A venue that the caller may not use", "Error"),
        },
        parameters=[parameter("header", "x-venue", ID, "As in v2: where it differs, the body decides")],
        requestBody=order_body(),
    )


def _summaries() -> Operation:
    return operation(
        "listOrderSummaries",
        "A venue's orders with their lines: by id, by a text, or the last that are done",
        _ORDERS,
        {"200": reply("Orders, newest first", "OrderSummaries"), "404": reply("No such venue", "Error")},
        parameters=[
            VENUE,
            comma_list("ids", ID, limits.MAX_ORDER_PAGE_SIZE, "These orders"),
            parameter("query", "search", _TEXT, "A number, an id, a phone or its end, a part of a name"),
            parameter("query", "done", {"enum": ["1"]}, "Those that are done with"),
            _limit(limits.DEFAULT_SUMMARIES),
        ],
    )


def _map_item() -> Operation:
    line = {"type": "integer", "minimum": 0, "maximum": 999}
    return operation(
        "mapOrderItem",
        "Make an unknown item of a pending order one of a product",
        "Delivery chain",
        {"200": reply("The order after it; `changed` is false where it was so already", "ActionDone")},
        parameters=[
            path_part("id", ID, "The order's id"),
            path_part("line", line, "The line's position in the order"),
        ],
        requestBody=body("MapBody", {"lahmacun": {"product_id": 101}}),
    )


def _guests() -> Operation:
    return operation(
        "listGuests",
        "The brand's customers with a phone, or with a part of a name or number",
        _ORDERS,
        {"200": reply("Customers, who has the whole number first", "GuestList")},
        parameters=[
            parameter("query", "phone", _TEXT, "A number in any spelling, or a part of one"),
            parameter("query", "search", _TEXT, "A part of a name or number"),
            _limit(limits.DEFAULT_GUESTS),
        ],
    )


def _guests_orders() -> Operation:
    return operation(
        "listGuestOrders",
        "A customer's last orders, at the venues that the caller may see",
        _ORDERS,
        {"200": reply("Orders, newest first", "OrderSummaries")},
        parameters=[path_part("id", ID, "The customer's id"), VENUE, _limit(limits.DEFAULT_PAST_ORDERS)],
    )


def _menu() -> Operation:
    found = reply("The menu", "HouseMenuRead")
    found["headers"] = {"ETag": {"schema": {"type": "string"}, "description": "Of this menu; send it to ask again"}}
    return operation(
        "getMenu",
        "What a venue sells, with its prices and choices",
        _ORDERS,
        {
            "200": found,
            "304": {"description": "The caller has it already"},
            "404": reply("No such venue", "Error"),
        },
        parameters=[VENUE, parameter("header", "If-None-Match", {"type": "string"}, "The ETag of the menu one has")],
    )


def _test_page() -> Operation:
    return operation(
        "printTestPage",
        "Print a test page, within 5 seconds or not at all",
        "Printing",
        {"200": reply("Whether the printer took it", "TestPagePrinted")},
        parameters=[path_part("id", ID, "The printer's id")],
        requestBody=body("NoBody", {"nothing": {}}, required=False),
    )


OPERATIONS: Final[Operations] = {
    ("POST", "/hub/v1/orders"): _take,
    ("GET", "/hub/v1/orders"): _summaries,
    ("POST", "/hub/v1/orders/{id}/lines/{line}/product"): _map_item,
    ("GET", "/hub/v1/customers"): _guests,
    ("GET", "/hub/v1/customers/{id}/orders"): _guests_orders,
    ("GET", "/hub/v1/menu"): _menu,
    ("POST", "/hub/v1/admin/printers/{id}/test-page"): _test_page,
}
