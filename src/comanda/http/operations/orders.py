"""The orders of v2: create, list, read, ignore; and quotes, which take the same bodies."""

from typing import Any, Final

from comanda.demo import example
from comanda.http.open_api.orders import RULES
from comanda.http.operations.parts import (
    ID,
    Operation,
    Operations,
    body,
    operation,
    paging,
    parameter,
    path_part,
    reference,
    reply,
)

_TAG: Final = "Orders"


def _create() -> Operation:
    return operation(
        "createOrder",
        "Create an order",
        _TAG,
        {
            "200": reply("A repeat of an order stored before", "OrderCreated"),
            "201": reply("The order was stored", "OrderCreated", "order-created.response"),
            "400": reply("Every problem at once", "Error", "create-order.refused"),
        },
        requestBody=order_body(),
    )


def _quote() -> Operation:
    return operation(
        "quoteOrder",
        "Check and price an order without storing anything",
        _TAG,
        {
            "200": reply(
                "What a create would cost, and every problem it would be refused with", "QuoteRead", "quote.response"
            ),
            "404": reply("A venue that the caller may not use", "Error"),
        },
        parameters=[parameter("header", "x-venue", ID, "As in a create: where it differs, the body decides")],
        requestBody=order_body(),
    )


def order_body() -> dict[str, Any]:
    """Either body of a create, with examples."""
    either = {"anyOf": [reference("OrderRequest"), reference("V1Order")]}
    examples = {
        name: {"value": example(f"create-order.{name}")} for name in ("request", "minimal.request", "v1.request")
    }
    return {"required": True, "content": {"application/json": {"schema": either, "examples": examples}}}


def _list() -> Operation:
    status = {"enum": ["PENDING", "RECEIVED", "IGNORE", "DELIVERED"]}
    return operation(
        "listOrders",
        "List the active venue's orders",
        _TAG,
        {"200": reply("A page of orders", "OrderPage")},
        parameters=[
            *paging(RULES),
            parameter("query", "status", status, "Only this status"),
        ],
    )


def _read() -> Operation:
    return operation(
        "getOrder",
        "Read one order",
        _TAG,
        {"200": reply("The order", "OrderRead", "get-order.response")},
        parameters=[_id_parameter(), _with_parameter()],
    )


def _update() -> Operation:
    return operation(
        "ignoreOrder",
        "Set an order to IGNORE",
        _TAG,
        {"200": reply("The order after the change", "OrderChanged")},
        parameters=[_id_parameter()],
        requestBody=body("StatusChange", {"ignore": {"status": "IGNORE"}}),
    )


def _with_parameter() -> dict[str, Any]:
    wanted = {"enum": [*RULES.relations, "receipt:id,service_notification_id,status"]}
    return parameter("query", "with[0]", wanted, "Relation")


def _id_parameter() -> dict[str, Any]:
    return path_part("id", ID, "The order's id")


OPERATIONS: Final[Operations] = {
    ("POST", "/open-api/v2/orders"): _create,
    ("GET", "/open-api/v2/orders"): _list,
    ("GET", "/open-api/v2/orders/{id}"): _read,
    ("PUT", "/open-api/v2/orders/{id}"): _update,
    ("POST", "/hub/v1/quotes"): _quote,
}
