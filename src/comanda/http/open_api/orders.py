"""The order endpoints of v2: create, list, read, ignore (contract 9.1 to 9.4)."""

import hashlib
import re
from typing import Any

import structlog

from comanda.base import limits
from comanda.base.canonical import content_sha256
from comanda.base.clock import Micros, day_bounds, iso_micros, now_micros
from comanda.base.errors import ComandaError, Problem
from comanda.base.json import to_json
from comanda.http.call import Call, Reply
from comanda.http.hub import Hub
from comanda.http.open_api import query as queries
from comanda.http.open_api.cursor import continue_listing, next_cursor
from comanda.orders.decode import parse_json
from comanda.orders.lifecycle import Actor, Status, status_not_allowed
from comanda.orders.listing import FILTERS, RELATIONS, SORTS, OrderListing, SortField
from comanda.orders.model import KeyedRequest, KeyReused, Replayed, StoredOrder
from comanda.orders.place import Answer, Incoming, key_reused, place_order
from comanda.orders.view import envelope, order_object, stored_shape_a
from comanda.store.orders import IgnoreRequest, order_not_found

log = structlog.get_logger("comanda.orders")
_KEY = re.compile(rf"[\x21-\x7e]{{1,{limits.MAX_IDEMPOTENCY_KEY}}}")


async def create_order(call: Call, hub: Hub) -> Reply:
    """Take an order: 201 with shape A and ``payload``, or a repeat's first answer."""
    caller = call.caller
    keyed = keyed_request(call, caller.actor, None)
    header_venue = call.headers.get("x-venue")
    incoming = Incoming(call.body, caller, keyed, header_venue, call.started)
    try:
        answer = await place_order(incoming, hub.known.snapshot(caller.brand.id), hub.store, hub.gate)
    except ComandaError as error:
        _note_refusal(call, hub, error)
        raise
    _note_answer(call, hub, answer)
    headers = {"Location": f"/open-api/v2/orders/{answer.order_id}"}
    if answer.replayed:
        headers["Idempotent-Replayed"] = "true"
    if answer.key_expires_at is not None:
        headers["Idempotency-Expires"] = iso_micros(answer.key_expires_at)
    return Reply(answer.status, answer.body, headers)


async def list_orders(call: Call, hub: Hub) -> Reply:
    """A page of the active venue's orders."""
    query = queries.parse_query(call.query)
    venue_id = _active_venue(call, hub)
    page, limit = queries.page_and_limit(query, limits.MAX_ORDER_PAGE_SIZE)
    sort, descending = queries.sorting(query, SORTS, "created_at")
    field: SortField = next(name for name in SORTS if name == sort)
    listing = OrderListing(
        venue_id=venue_id,
        filters=_filters(query),
        span=_span(query, call, hub, venue_id),
        sort=field,
        descending=descending,
        page=page,
        limit=limit,
        relations=queries.relations(query, RELATIONS),
    )
    listing = continue_listing(listing, query.plain.get("cursor"))
    found, total = await hub.store.list_orders(call.caller.brand.id, listing)
    more = len(found) == limit and (listing.after is not None or page * limit < total)
    data = await _with_relations(found, listing.relations, call, hub)
    body = envelope(
        data,
        started=call.started,
        now=now_micros(),
        total=total,
        sorts=list(SORTS),
        next_cursor=next_cursor(listing, found, more=more),
    )
    return Reply(200, to_json(body))


async def get_order(call: Call, hub: Hub) -> Reply:
    """One order, brand-wide unless ``x-venue`` is sent."""
    query = queries.parse_query(call.query)
    wanted = queries.relations(query, RELATIONS)
    order = await hub.store.find_order(call.caller.brand.id, _order_id(call))
    if order is None or not _sees(call, hub)(order.venue_id):
        raise order_not_found()
    data = await _with_relations([order], wanted, call, hub)
    return Reply(200, to_json(envelope(data[0], started=call.started, now=now_micros())))


async def update_order(call: Call, hub: Hub) -> Reply:
    """Set an order to IGNORE, the only status an integrator may set."""
    caller = call.caller
    keyed = keyed_request(call, caller.actor, call.headers.get("x-venue"))
    try:
        body = parse_json(call.body)
        if not isinstance(body, dict) or body.get("status") != Status.IGNORE:
            raise status_not_allowed()
    except ComandaError:
        if keyed and await hub.store.find_replay(caller.brand.id, keyed, now_micros()) is not None:
            raise key_reused() from None
        raise

    def render(order: StoredOrder) -> bytes:
        return to_json(envelope(stored_shape_a(order), started=call.started, now=now_micros()))

    request = IgnoreRequest(
        brand_id=caller.brand.id,
        order_id=_order_id(call),
        actor=Actor.INTEGRATOR,
        actor_name=caller.actor,
        sees=_sees(call, hub),
        render=render,
        keyed=keyed,
    )
    outcome = await hub.store.ignore_order(request)
    if isinstance(outcome, KeyReused):
        raise key_reused()
    if isinstance(outcome, Replayed):
        headers = {"Idempotent-Replayed": "true", "Idempotency-Expires": iso_micros(outcome.expires_at)}
        return Reply(outcome.status, outcome.body.encode(), headers)
    log.info("order.ignored", request_id=call.request_id, brand=caller.brand.id, order_id=outcome.order.id)
    expires_at = outcome.key_expires_at
    return Reply(200, outcome.body, {} if expires_at is None else {"Idempotency-Expires": iso_micros(expires_at)})


def keyed_request(call: Call, actor: str, venue: str | None) -> KeyedRequest | None:
    """The request's ``Idempotency-Key`` with the digest of what must be equal for a repeat (contract 14.2).

    Raises ComandaError ``invalid_header`` for a key that is no 1 to 255 visible characters.
    """
    key = call.headers.get("idempotency-key")
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        message = f"Idempotency-Key must be 1 to {limits.MAX_IDEMPOTENCY_KEY} visible characters"
        raise ComandaError(
            "invalid_header", message, details=(Problem("Idempotency-Key", "invalid_header", message, None),)
        )
    parts = (call.method, call.path, venue or "", content_sha256(call.body))
    return KeyedRequest(actor, key, hashlib.sha256("\n".join(parts).encode()).hexdigest())


def _note_answer(call: Call, hub: Hub, answer: Answer) -> None:
    seconds = (now_micros() - call.started) / 1_000_000
    hub.metrics.intake(answer.outcome, seconds)
    log.info(
        "order.answered",
        request_id=call.request_id,
        brand=call.caller.brand.id,
        client=call.caller.client.id,
        order_id=answer.order_id,
        outcome=answer.outcome,
        status=answer.status,
        ms=round(seconds * 1_000, 3),
    )


def _note_refusal(call: Call, hub: Hub, error: ComandaError) -> None:
    seconds = (now_micros() - call.started) / 1_000_000
    hub.metrics.intake(error.code, seconds)
    log.info(
        "order.refused",
        request_id=call.request_id,
        brand=call.caller.brand.id,
        client=call.caller.client.id,
        outcome=error.code,
        problems=[f"{problem.field}:{problem.code}" for problem in error.details[:20]],
        ms=round(seconds * 1_000, 3),
    )


def _order_id(call: Call) -> int:
    text = call.path.rsplit("/", 1)[-1]
    if not re.fullmatch(r"[0-9]{1,16}", text) or int(text) > limits.MAX_ID:
        raise order_not_found()
    return int(text)


def _header_venue(call: Call, hub: Hub) -> int | None:
    """The venue that ``x-venue`` names; an unknown one is a 400 on reads."""
    text = call.headers.get("x-venue")
    if text is None:
        return None
    venues = hub.known.snapshot(call.caller.brand.id).venues
    if not re.fullmatch(r"[0-9]{1,16}", text.strip()) or int(text) not in venues:
        queries.refuse_parameter("x-venue", "names no venue of this brand", text)
    return int(text)


def _active_venue(call: Call, hub: Hub) -> int:
    """The venue a list is of: ``x-venue``, else the token's; 404 beyond the client's limits."""
    venue_id = _header_venue(call, hub) or call.caller.venue_id
    if venue_id is None:
        queries.refuse_parameter("x-venue", "is required: this brand has no main venue", None)
    if not call.caller.client.may_see(venue_id):
        raise ComandaError("resource_not_found", "Venue not found")
    return venue_id


def _sees(call: Call, hub: Hub) -> Any:
    wanted = _header_venue(call, hub)
    client = call.caller.client
    return lambda venue_id: client.may_see(venue_id) and wanted in (None, venue_id)


def _filters(query: queries.Query) -> dict[str, tuple[str | int, ...]]:
    found = queries.filters(query, FILTERS)
    stated = [value for _, value in query.indexed.get("status", [])]
    if "status" in query.plain:
        stated.append(query.plain["status"])
    if stated:
        found["status"] = [value for value in stated if value in found["status"]] if "status" in found else stated
    checked: dict[str, tuple[str | int, ...]] = {}
    for name, values in found.items():
        if name in ("customer_id", "sale_type_id"):
            checked[name] = tuple(queries.whole_number(name, value) for value in values)
        else:
            checked[name] = tuple(values)
    for value in checked.get("status", ()):
        if value not in set(Status):
            queries.refuse_parameter("status", "must be one of PENDING, RECEIVED, IGNORE, DELIVERED", value)
    return checked


def _span(query: queries.Query, call: Call, hub: Hub, venue_id: int) -> tuple[Micros | None, Micros | None]:
    first, last = queries.days(query)
    venue = hub.known.snapshot(call.caller.brand.id).venues.get(venue_id)
    zone, day_start = (venue.timezone, venue.day_start) if venue else ("UTC", "00:00")
    begin = day_bounds(first, zone, day_start)[0] if first else None
    end = day_bounds(last, zone, day_start)[1] if last else None
    return begin, end


async def _with_relations(
    found: list[StoredOrder], wanted: dict[str, tuple[str, ...]], call: Call, hub: Hub
) -> list[dict[str, Any]]:
    """Orders as objects, with the relations asked for; no receipt exists before receipts are kept."""
    brand = call.caller.brand
    data = [order_object(order, brand.decimals) for order in found]
    if "receipt" in wanted:
        data = [{**item, "receipt": None} for item in data]
    if "customer" in wanted:
        ids = {order.customer_id for order in found if order.customer_id}
        people = await hub.store.find_customers(brand.id, ids) if ids else {}
        data = [{**item, "customer": _columns(people.get(item["customer_id"]), wanted["customer"])} for item in data]
    return data


def _columns(row: dict[str, Any] | None, columns: tuple[str, ...]) -> dict[str, Any] | None:
    return None if row is None else {name: row[name] for name in columns}
