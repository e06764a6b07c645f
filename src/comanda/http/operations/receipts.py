"""The receipts of v2, and their close in the hub."""

from typing import Any, Final

from comanda.http.open_api.receipts import RULES, STOCK_RULES
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
    with_parameters,
)

_TAG: Final = "Receipts"


def _list() -> Operation:
    return operation(
        "listReceipts",
        "List the active venue's receipts",
        _TAG,
        {"200": reply("A page of receipts", "ReceiptPage")},
        parameters=[*paging(RULES)],
    )


def _read() -> Operation:
    return operation(
        "getReceipt",
        "Read one receipt",
        _TAG,
        {"200": reply("The receipt", "ReceiptRead", "get-receipt.response")},
        parameters=[_id_parameter(), *with_parameters(RULES)],
    )


def _read_by_cid() -> Operation:
    return operation(
        "getReceiptByCid",
        "Read one receipt by its cid",
        _TAG,
        {"200": reply("The receipt", "ReceiptRead", "get-receipt.response")},
        parameters=[
            path_part("cid", {"type": "string", "format": "uuid"}, "The receipt's cid"),
            *with_parameters(RULES),
        ],
    )


def _stock_operations() -> Operation:
    return operation(
        "listReceiptStockOperations",
        "What a receipt took from stock: always nothing, since no stock is kept",
        _TAG,
        {"200": reply("An empty page", "StockOperationPage")},
        parameters=[_id_parameter(), *paging(STOCK_RULES)],
    )


def _patch() -> Operation:
    examples = {
        "number": {"order_number": "A-17", "fiscal_id": "FX-1029"},
        "cancel": {"order_status": "CANCELLED"},
        "lock": {"lock": True},
    }
    return operation(
        "changeReceipt",
        "Change a receipt; CANCELLED is its order's move to IGNORE",
        _TAG,
        {"200": reply("The receipt after the change", "ReceiptChanged")},
        parameters=[_id_parameter()],
        requestBody=body("ReceiptChange", examples),
    )


def _close(name: str, *more: dict[str, Any]) -> Operation:
    examples = {
        "cash": {"payment_methods": [{"id": 1, "name": "Cash", "amount": 19.51}]},
        "exact": {
            "payment_methods": [{"id": 2, "name": "Card", "amount": "19.51"}],
            "closed_at": "2026-01-20 09:59:54",
        },
    }
    return operation(
        name,
        "Take payment for what remains and close the receipt",
        _TAG,
        {"200": reply("The receipt is closed", "ReceiptClosed", "close-receipt.response")},
        parameters=[_id_parameter(), *more],
        requestBody=body("ReceiptPayments", examples),
    )


def _id_parameter() -> dict[str, Any]:
    return path_part("id", ID, "The receipt's id, which is its order's")


OPERATIONS: Final[Operations] = {
    ("GET", "/open-api/v2/receipts"): _list,
    ("GET", "/open-api/v2/receipts/{id}"): _read,
    ("GET", "/open-api/v2/receipts/cid/{cid}"): _read_by_cid,
    ("GET", "/open-api/v2/receipts/{id}/stock-operations"): _stock_operations,
    ("PATCH", "/open-api/v2/receipts/{id}"): _patch,
    ("POST", "/open-api/v2/receipts/{id}/close"): lambda: _close("closeReceipt"),
    ("POST", "/hub/v1/receipts/{id}/close"): lambda: _close(
        "takePayment", parameter("header", "x-venue", ID, "Only a receipt of this venue")
    ),
}
