"""How orders, receipts and tickets become rows, and rows become them again."""

from typing import Any, Final

import msgspec
from sqlalchemy import select

from comanda.base.clock import Micros
from comanda.base.json import to_json
from comanda.kitchen.model import Ticket, TicketLine, TicketStatus
from comanda.orders.lifecycle import Status
from comanda.orders.model import OrderId, StoredOrder
from comanda.receipts.model import OrderStatus, Payment, Receipt
from comanda.store.tables import orders, receipts, tickets
from comanda.store.transaction import Row

COLUMNS: Final = tuple(column for column in orders.c if column.name != "phone_e164")
"""An order's columns but the normalised phone, which only searches need."""
SELECT_ORDER: Final = select(*COLUMNS)
SELECT_RECEIPT: Final = select(*receipts.c)
SELECT_TICKET: Final = select(*tickets.c)
_PHONE_AT: Final = next(index for index, column in enumerate(orders.c) if column.name == "phone_e164")


def order_of(row: Row) -> StoredOrder:
    """The order in a row selected as `COLUMNS`."""
    values: list[Any] = list(row)
    values[1] = OrderId(values[1])
    values[4] = Status(values[4])
    values[5] = bool(values[5])
    values[_OPEN_AT] = bool(values[_OPEN_AT])
    return StoredOrder(*values)


def order_row(order: StoredOrder, phone_e164: str | None) -> Row:
    """The row of an order, in the table's order."""
    values = list(msgspec.structs.astuple(order))
    values[4] = order.status.value
    values.insert(_PHONE_AT, phone_e164)
    return values


def receipt_of(row: Row) -> Receipt:
    """The receipt in a row selected as `SELECT_RECEIPT`."""
    values = dict(zip(_RECEIPT_FIELDS, row, strict=True))
    values["order_status"] = OrderStatus(values["order_status"])
    values["locked"] = bool(values["locked"])
    values["refund_due"] = bool(values["refund_due"])
    values["payments"] = _payments.decode(values["payments"])
    return Receipt(**values)


def receipt_row(receipt: Receipt) -> Row:
    """The row of a receipt, in the table's order."""
    values = list(msgspec.structs.astuple(receipt))
    values[_ORDER_STATUS_AT] = receipt.order_status.value
    values[_PAYMENTS_AT] = to_json(receipt.payments).decode()
    return values


def ticket_of(row: Row) -> Ticket:
    """The ticket in a row selected as `SELECT_TICKET`."""
    values = dict(zip(_TICKET_FIELDS, row, strict=True))
    values["status"] = TicketStatus(values["status"])
    values["open"] = bool(values["open"])
    values["lines"] = _lines.decode(values["lines"])
    return Ticket(**values)


def ticket_row(ticket: Ticket) -> Row:
    """The row of a ticket, in the table's order."""
    values = list(msgspec.structs.astuple(ticket))
    values[_TICKET_STATUS_AT] = ticket.status.value
    values[_LINES_AT] = to_json(ticket.lines).decode()
    return values


def line_rows(ticket: Ticket) -> list[Row]:
    """The rows that let each of a ticket's lines stand on no other."""
    return [(ticket.brand_id, ticket.order_id, ticket.revision, line.line, ticket.station_id) for line in ticket.lines]


def deadline_row(order: StoredOrder, number: int, due_at: Micros, action: str) -> Row:
    """The row of a step of an accept deadline."""
    return (order.brand_id, order.id, number, due_at, action)


_RECEIPT_FIELDS: Final = tuple(column.name for column in receipts.c)
_TICKET_FIELDS: Final = tuple(column.name for column in tickets.c)
_OPEN_AT: Final = [column.name for column in COLUMNS].index("open")
_ORDER_STATUS_AT: Final = _RECEIPT_FIELDS.index("order_status")
_PAYMENTS_AT: Final = _RECEIPT_FIELDS.index("payments")
_TICKET_STATUS_AT: Final = _TICKET_FIELDS.index("status")
_LINES_AT: Final = _TICKET_FIELDS.index("lines")
_payments = msgspec.json.Decoder(tuple[Payment, ...])
_lines = msgspec.json.Decoder(tuple[TicketLine, ...])
if (_RECEIPT_FIELDS, _TICKET_FIELDS, tuple(column.name for column in COLUMNS)) != (
    Receipt.__struct_fields__,
    Ticket.__struct_fields__,
    StoredOrder.__struct_fields__,
):
    raise AssertionError("a type of the order's path and its table have drifted apart")
