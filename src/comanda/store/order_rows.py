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


def row_of(planned: PlannedOrder, customer_id: int) -> Row:
    """The row of a new order, in the table's order; ``customer_id`` is the matched guest's, or as stated."""
    checked, totals, external = planned.priced.checked, planned.priced.totals, planned.priced.checked.external
    created_at: Micros = planned.created_at
    return (
        planned.brand_id,
        planned.id,
        planned.venue_id,
        planned.client.id,
        planned.status.value,
        checked.needs_attention,
        checked.request.sale_type_id,
        customer_id,
        checked.phone_e164,
        checked.order_number,
        external.integration_id,
        external.integration_uuid,
        external.customer_ref_id,
        checked.terminal_id,
        totals.subtotal_minor,
        totals.discount_minor,
        totals.service_minor,
        totals.delivery_minor,
        totals.total_minor,
        planned.payload,
        created_at,
        created_at if planned.status is Status.RECEIVED else None,
        created_at,
        len(planned.events),
    )
