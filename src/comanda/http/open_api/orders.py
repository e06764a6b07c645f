"""The order endpoints of v2: create, list, read, ignore (contract 9.1 to 9.4)."""

import re
from typing import Any, Final

import structlog

from comanda.access.model import Client
from comanda.base import limits
from comanda.base.clock import iso_micros, now_micros
from comanda.base.errors import ComandaError
from comanda.base.json import to_json
from comanda.http.acting import Action, act, actor_of, keyed_request, refused_body
from comanda.http.call import Call, Reply
from comanda.http.hub import Hub
from comanda.http.open_api.lists import (
    ListRules,
    as_text,
    list_reply,
    number_filters,
    one_of,
    read_listing,
    read_relations,
)
from comanda.http.open_api.scope import active_venue, sees
from comanda.orders.decode import parse_json
from comanda.orders.dossier import Dossier, House
from comanda.orders.ignore import WITHDRAWN, Refusal, ignore
from comanda.orders.lifecycle import Status, status_not_allowed
from comanda.orders.model import StoredOrder
from comanda.orders.place import Answer, Incoming, place_order
from comanda.orders.view import envelope, order_object
from comanda.store.orders import order_not_found

log = structlog.get_logger("comanda.orders")
RULES: Final = ListRules(
    filters={
        "status": one_of(*Status),
        **number_filters("customer_id", "sale_type_id"),
        **dict.fromkeys(("integration_id", "order_number"), as_text),
    },
    plain=("status",),
    relations={
        "customer": ("id", "name", "phone", "address", "email"),
        "receipt": ("id", "service_notification_id", "status"),
    },
    most=limits.MAX_ORDER_PAGE_SIZE,
)
"""What lists of orders take (contract 9.2, 14.5)."""


async def create_order(call: Call, hub: Hub) -> Reply:
    """Take an order of the client that calls."""
    return await take_order(call, hub, call.caller.client, "/open-api/v2/orders")


async def take_order(call: Call, hub: Hub, client: Client, address: str) -> Reply:
    """Take an order as one of ``client``'s: 201 with shape A and ``payload``, or a repeat's first answer.

    Its ``Location`` is below ``address``. Raises ComandaError as `place_order`.
    """
    caller = call.acting
    incoming = Incoming(
        body=call.body,
        caller=caller,
        client=client,
        by=actor_of(caller),
        keyed=keyed_request(call, caller.actor, None),
        header_venue=call.headers.get("x-venue"),
        started=call.started,
        terminal_absent=hub.known.present.terminal_absent,
    )
    try:
        answer = await place_order(incoming, hub.known.snapshot(caller.brand.id), hub.store, hub.gate)
    except ComandaError as error:
        _note_refusal(call, hub, client, error)
        raise
    _note_answer(call, hub, client, answer)
    headers = {"Location": f"{address}/{answer.order_id}"}
    if answer.replayed:
        headers["Idempotent-Replayed"] = "true"
    if answer.key_expires_at is not None:
        headers["Idempotency-Expires"] = iso_micros(answer.key_expires_at)
    return Reply(answer.status, answer.body, headers)


async def list_orders(call: Call, hub: Hub) -> Reply:
    """A page of the active venue's orders."""
    listing = read_listing(call, hub, RULES, active_venue(call, hub))
    found, total = await hub.store.list_orders(call.caller.brand.id, listing)
    data = await _with_relations(found, listing.relations, call, hub)
    return list_reply(call, listing, RULES, found, data, total)


async def get_order(call: Call, hub: Hub) -> Reply:
    """One order, brand-wide unless ``x-venue`` is sent."""
    wanted = read_relations(call, RULES)
    order = await hub.store.find_order(call.caller.brand.id, _order_id(call))
    if order is None or not sees(call, hub)(order.venue_id):
        raise order_not_found()
    data = await _with_relations([order], wanted, call, hub)
    return Reply(200, to_json(envelope(data[0], started=call.started, now=now_micros())))


async def update_order(call: Call, hub: Hub) -> Reply:
    """Set an order to IGNORE, the only status an integrator may set."""
    caller = call.caller
    try:
        body = parse_json(call.body)
        if not isinstance(body, dict) or body.get("status") != Status.IGNORE:
            raise status_not_allowed()
    except ComandaError as refusal:
        return await refused_body(call, hub, refusal)
    house = House(caller.brand, hub.known.snapshot(caller.brand.id))
    by = actor_of(caller)

    def render(dossier: Dossier, _: bool) -> bytes:
        data = order_object(dossier.order, caller.brand.decimals)
        return to_json(envelope(data, started=call.started, now=now_micros()))

    action = Action(
        order_id=_order_id(call),
        decide=lambda dossier, at: ignore(dossier, house, by, at, Refusal(WITHDRAWN)),
        render=render,
        missing=order_not_found,
        sees=sees(call, hub),
    )
    return await act(call, hub, action)


def _note_answer(call: Call, hub: Hub, client: Client, answer: Answer) -> None:
    seconds = (now_micros() - call.started) / 1_000_000
    hub.metrics.intake(answer.outcome, seconds)
    log.info(
        "order.answered",
        request_id=call.request_id,
        brand=client.brand_id,
        client=client.id,
        order_id=answer.order_id,
        outcome=answer.outcome,
        status=answer.status,
        ms=round(seconds * 1_000, 3),
    )


def _note_refusal(call: Call, hub: Hub, client: Client, error: ComandaError) -> None:
    seconds = (now_micros() - call.started) / 1_000_000
    hub.metrics.intake(error.code, seconds)
    log.info(
        "order.refused",
        request_id=call.request_id,
        brand=client.brand_id,
        client=client.id,
        outcome=error.code,
        problems=[f"{problem.field}:{problem.code}" for problem in error.details[:20]],
        ms=round(seconds * 1_000, 3),
    )


def _order_id(call: Call) -> int:
    text = call.path.rsplit("/", 1)[-1]
    if not re.fullmatch(r"[0-9]{1,16}", text) or int(text) > limits.MAX_ID:
        raise order_not_found()
    return int(text)


async def _with_relations(
    found: list[StoredOrder], wanted: dict[str, tuple[str, ...]], call: Call, hub: Hub
) -> list[dict[str, Any]]:
    """Orders as objects, with the relations asked for; a receipt is null until the order is accepted."""
    brand = call.caller.brand
    data = [order_object(order, brand.decimals) for order in found]
    if "receipt" in wanted:
        receipts = await hub.store.find_receipt_heads(brand.id, [order.id for order in found])
        data = [{**item, "receipt": _columns(receipts.get(item["id"]), wanted["receipt"])} for item in data]
    if "customer" in wanted:
        ids = {order.customer_id for order in found if order.customer_id}
        people = await hub.store.find_customers(brand.id, ids) if ids else {}
        data = [{**item, "customer": _columns(people.get(item["customer_id"]), wanted["customer"])} for item in data]
    return data


def _columns(row: dict[str, Any] | None, columns: tuple[str, ...]) -> dict[str, Any] | None:
    return None if row is None else {name: row[name] for name in columns}
