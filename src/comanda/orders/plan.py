"""Step 4: everything that storing a priced order will cause, decided before the transaction. Pure.

Accepted or not, its receipt and tickets, its deadline, the events, what it takes from stop lists, and the answer
itself: the answer is part of the idempotency record, so it must be known before the commit.
"""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from comanda.access.model import Brand, Client
from comanda.base.clock import Micros
from comanda.base.json import to_json
from comanda.catalogue.model import Venue
from comanda.catalogue.snapshot import Snapshot
from comanda.orders.accept import Acceptance, accept, automatic, cooking_of
from comanda.orders.dossier import By, Change, Dossier, House, Telling
from comanda.orders.lifecycle import Status
from comanda.orders.model import (
    Claim,
    Guest,
    KeyedRequest,
    OrderId,
    PlannedOrder,
    PricedOrder,
    Step,
    StoredOrder,
)
from comanda.orders.request import Line
from comanda.orders.view import creation, envelope, shape_a, stored_payload, totals_json


class Origin(Struct, frozen=True):
    """Where an order came from, by whom, and under which names a repeat of it would be recognised."""

    brand: Brand
    client: Client
    by: By
    started: Micros
    keyed: KeyedRequest | None
    claims: tuple[Claim, ...]


def plan_order(priced: PricedOrder, origin: Origin, snapshot: Snapshot, order_id: OrderId, now: Micros) -> PlannedOrder:
    """Plan the order under its id, created ``now``."""
    checked, brand = priced.checked, origin.brand
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
    house = House(brand, snapshot)
    payload = to_json(stored_payload(priced, totals, checked.warnings, brand.decimals)).decode()
    change = _change(_pending(priced, origin, order_id, now, payload), priced, house, origin)
    order, status = change.dossier.order, change.dossier.order.status
    warnings = [warning.as_json() for warning in checked.warnings]
    answer = envelope(
        creation(shape, status=status, totals=totals, warnings=warnings),
        started=origin.started,
        now=now,
        message="Order created",
    )
    return PlannedOrder(
        client=origin.client,
        order=order,
        phone_e164=checked.phone_e164,
        events=change.events,
        answer=to_json(answer).decode(),
        receipt=change.dossier.receipt,
        tickets=change.dossier.tickets,
        deadline=_deadline(order, snapshot, checked.venue) if status is Status.PENDING else (),
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
    if customer.id or client.guest_customers == "none" or checked.guest_e164 is None:
        return None
    return Guest(checked.guest_e164, customer.name, customer.phone, customer.address)


def _pending(priced: PricedOrder, origin: Origin, order_id: OrderId, now: Micros, payload: str) -> StoredOrder:
    """The order as it begins."""
    checked, totals, external = priced.checked, priced.totals, priced.checked.external
    return StoredOrder(
        brand_id=origin.brand.id,
        id=order_id,
        venue_id=checked.venue.id,
        client_id=origin.client.id,
        status=Status.PENDING,
        needs_attention=checked.needs_attention,
        sale_type_id=checked.request.sale_type_id,
        customer_id=checked.request.customer.id,
        order_number=checked.order_number,
        integration_id=external.integration_id,
        integration_uuid=external.integration_uuid,
        customer_ref_id=external.customer_ref_id,
        receive_terminal_id=None,
        subtotal_minor=totals.subtotal_minor,
        discount_minor=totals.discount_minor,
        service_minor=totals.service_minor,
        delivery_minor=totals.delivery_minor,
        total_minor=totals.total_minor,
        payload=payload,
        created_at=now,
        received_at=None,
        updated_at=now,
        event_sequence=0,
    )


def _change(order: StoredOrder, priced: PricedOrder, house: House, origin: Origin) -> Change:
    """The order with all it begins with: accepted at once it has its receipt and, if sent, its tickets."""
    checked = priced.checked
    telling = Telling(house, origin.by)
    telling.order("order.created", order)
    change = Change(Dossier(order))
    if checked.accepts:
        sends = bool(checked.request.auto_order_sent_to_station)
        cooking = cooking_of(checked.lines, checked.comment, flagged=sends)
        by = automatic(checked.terminal_id)
        change = accept(Dossier(order), house, by, order.created_at, Acceptance(), cooking)
    if checked.needs_attention:
        telling.order("order.needs_attention", order)
    return replace(change, events=(*telling.events, *change.events))


def _deadline(order: StoredOrder, snapshot: Snapshot, venue: Venue) -> tuple[Step, ...]:
    """The steps that come while nobody answers the order."""
    return tuple(
        Step(number, Micros(order.created_at + step.after_s * 1_000_000), step.action)
        for number, step in enumerate(snapshot.deadline_steps(venue, order.sale_type_id))
    )
