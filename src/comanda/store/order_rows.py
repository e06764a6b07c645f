"""An order's columns: how a planned order becomes a row, and a row a `StoredOrder`."""

from typing import Any, Final

from sqlalchemy import select

from comanda.base.clock import Micros
from comanda.orders.lifecycle import Status
from comanda.orders.model import OrderId, PlannedOrder, StoredOrder
from comanda.store.tables import orders
from comanda.store.transaction import Row

COLUMNS: Final = (
    orders.c.brand_id,
    orders.c.id,
    orders.c.venue_id,
    orders.c.client_id,
    orders.c.status,
    orders.c.needs_attention,
    orders.c.sale_type_id,
    orders.c.customer_id,
    orders.c.order_number,
    orders.c.integration_id,
    orders.c.integration_uuid,
    orders.c.customer_ref_id,
    orders.c.receive_terminal_id,
    orders.c.subtotal_minor,
    orders.c.discount_minor,
    orders.c.service_minor,
    orders.c.delivery_minor,
    orders.c.total_minor,
    orders.c.payload,
    orders.c.created_at,
    orders.c.received_at,
    orders.c.updated_at,
    orders.c.event_sequence,
)
SELECT_ORDER: Final = select(*COLUMNS)


def order_of(row: Row) -> StoredOrder:
    """The order in a row selected as `COLUMNS`."""
    values: list[Any] = list(row)
    values[1] = OrderId(values[1])
    values[4] = Status(values[4])
    values[5] = bool(values[5])
    return StoredOrder(*values)


def row_of(planned: PlannedOrder, customer_id: int) -> dict[str, Any]:
    """The row of a new order; ``customer_id`` is the matched guest's, or as stated."""
    checked, totals = planned.priced.checked, planned.priced.totals
    received = planned.status is Status.RECEIVED
    created_at: Micros = planned.created_at
    return {
        "brand_id": planned.brand_id,
        "id": planned.id,
        "venue_id": planned.venue_id,
        "client_id": planned.client.id,
        "status": planned.status.value,
        "needs_attention": checked.needs_attention,
        "sale_type_id": checked.request.sale_type_id,
        "customer_id": customer_id,
        "phone_e164": checked.phone_e164,
        "order_number": checked.order_number,
        "integration_id": checked.external.integration_id,
        "integration_uuid": checked.external.integration_uuid,
        "customer_ref_id": checked.external.customer_ref_id,
        "receive_terminal_id": checked.terminal_id,
        "subtotal_minor": totals.subtotal_minor,
        "discount_minor": totals.discount_minor,
        "service_minor": totals.service_minor,
        "delivery_minor": totals.delivery_minor,
        "total_minor": totals.total_minor,
        "payload": planned.payload,
        "created_at": created_at,
        "received_at": created_at if received else None,
        "updated_at": created_at,
        "event_sequence": len(planned.events),
    }
