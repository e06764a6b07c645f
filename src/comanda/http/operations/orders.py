"""The orders of v2: create, list, read, ignore."""

from typing import Any, Final

from comanda.demo import example
from comanda.http.operations.parts import (
    ID,
    Operation,
    Operations,
    body,
    operation,
    paging,
    parameter,
    path_part,
    reply,
)
from comanda.orders.listing import FILTERS, RELATIONS, SORTS

_TAG: Final = "Orders"


def _create() -> Operation:
    either = {"anyOf": [{"$ref": "#/components/schemas/OrderRequest"}, {"$ref": "#/components/schemas/V1Order"}]}
    examples = {
        name: {"value": example(f"create-order.{name}")} for name in ("request", "minimal.request", "v1.request")
    }
    return operation(
        "createOrder",
        "Create an order",
        _TAG,
        {
            "200": reply("A repeat of an order stored before", "OrderCreated"),
            "201": reply("The order was stored", "OrderCreated", "order-created.response"),
            "400": reply("Every problem at once", "Error", "create-order.refused"),
        },
        requestBody={"required": True, "content": {"application/json": {"schema": either, "examples": examples}}},
    )


def _list() -> Operation:
    status = {"enum": ["PENDING", "RECEIVED", "IGNORE", "DELIVERED"]}
    return operation(
        "listOrders",
        "List the active venue's orders",
        _TAG,
        {"200": reply("A page of orders", "OrderPage")},
        parameters=[
            *paging(SORTS, FILTERS),
            parameter("query", "status", status, "Only this status"),
            _with_parameter(),
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
    wanted = {"enum": [*RELATIONS, "receipt:id,service_notification_id,status"]}
    return parameter("query", "with[0]", wanted, "Relation")


def _id_parameter() -> dict[str, Any]:
    return path_part("id", ID, "The order's id")


OPERATIONS: Final[Operations] = {
    ("POST", "/open-api/v2/orders"): _create,
    ("GET", "/open-api/v2/orders"): _list,
    ("GET", "/open-api/v2/orders/{id}"): _read,
    ("PUT", "/open-api/v2/orders/{id}"): _update,
}
