"""Step 4: everything that storing a priced order will cause, decided before the transaction. Pure.

Accepted or not, the row, the events, what it takes from stop lists, and the answer itself: the answer is part of
the idempotency record, so it must be known before the commit. Receipts and kitchen tickets join here.
"""

from collections.abc import Sequence
from decimal import Decimal

import msgspec
from msgspec import Struct

from comanda.access.model import Brand, Client
from comanda.base.clock import Micros
from comanda.base.json import to_json
from comanda.orders.lifecycle import Status
from comanda.orders.model import Claim, Guest, KeyedRequest, OrderId, PlannedEvent, PlannedOrder, PricedOrder
from comanda.orders.request import Line
from comanda.orders.view import creation, envelope, shape_a, stored_payload, totals_json


class Origin(Struct, frozen=True):
    """Where an order came from and under which names a repeat of it would be recognised."""

    brand: Brand
    client: Client
    started: Micros
    keyed: KeyedRequest | None
    claims: tuple[Claim, ...]


def plan_order(priced: PricedOrder, origin: Origin, order_id: OrderId, now: Micros) -> PlannedOrder:
    """Plan the order under its id, created ``now``."""
    checked, brand = priced.checked, origin.brand
    status = Status.RECEIVED if checked.accepts else Status.PENDING
    totals = totals_json(priced.totals, brand.currency, brand.decimals)
    external = (
        checked.external.integration_uuid,
        checked.external.integration_id,
        checked.external.customer_ref_id,
    )
    shape = shape_a(
        order_id=order_id,
        venue_id=checked.venue.id,
        status=Status.PENDING,
        external=external,
        created_at=now,
        updated_at=now,
    )
    warnings = [warning.as_json() for warning in checked.warnings]
    answer = envelope(
        creation(shape, status=status, totals=totals, warnings=warnings),
        started=origin.started,
        now=now,
        message="Order created",
    )
    return PlannedOrder(
        brand=brand,
        client=origin.client,
        id=order_id,
        priced=priced,
        status=status,
        created_at=now,
        payload=to_json(stored_payload(priced, totals, checked.warnings, brand.decimals)).decode(),
        events=_events(priced, origin, order_id, totals),
        answer=to_json(answer).decode(),
        demand=demand_of(checked.request.products),
        guest=_guest(priced, origin.client),
        keyed=origin.keyed,
        claims=origin.claims,
    )


def demand_of(lines: Sequence[Line]) -> dict[int, Decimal]:
    """How much an order takes of each product: the sum of ``count`` over its lines (contract 14.1.7)."""
    demand: dict[int, Decimal] = {}
    for line in lines:
        before = demand.get(line.product_id)
        demand[line.product_id] = line.count if before is None else before + line.count
    return demand


def _guest(priced: PricedOrder, client: Client) -> Guest | None:
    checked = priced.checked
    customer = checked.request.customer
    if customer.id or client.guest_customers == "none" or checked.phone_e164 is None:
        return None
    return Guest(checked.phone_e164, customer.name, customer.phone, customer.address)


def _events(priced: PricedOrder, origin: Origin, order_id: OrderId, totals: msgspec.Raw) -> tuple[PlannedEvent, ...]:
    """The events an order begins with; they name no person (contract 14.11)."""
    checked = priced.checked
    resource = {
        "id": order_id,
        "venue_id": checked.venue.id,
        "sale_type_id": checked.request.sale_type_id,
        "customer_id": checked.request.customer.id,
        "client_id": origin.client.id,
        "order_number": checked.order_number,
        "integration_id": checked.external.integration_id,
        "needs_attention": checked.needs_attention,
        "totals": totals,
    }
    resource["status"] = Status.PENDING.value
    resource["actor"] = f"client:{origin.client.id}"
    created = to_json(resource).decode()
    events = [PlannedEvent("order.created", created)]
    if checked.accepts:
        received = {
            **resource,
            "status": Status.RECEIVED.value,
            "terminal_id": checked.terminal_id,
            "actor": "automatic",
        }
        events.append(PlannedEvent("order.received", to_json(received).decode()))
    if checked.needs_attention:
        events.append(PlannedEvent("order.needs_attention", created))
    return tuple(events)
