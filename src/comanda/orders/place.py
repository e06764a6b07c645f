"""The way of an order, whole: bytes in, a committed order and its answer out. Each step stands in its own file.

Every lane and every kind of caller comes through `place_order`. The steps from decode to price are pure; what is waited
for afterwards is the name, an id, and the commit.
"""

from collections.abc import Callable, Sequence

from msgspec import Struct

from comanda.access.model import AnyCaller, BrandId, Client
from comanda.base import limits
from comanda.base.canonical import content_sha256
from comanda.base.clock import Micros, now_micros
from comanda.base.errors import ComandaError, Problem, invalid
from comanda.base.json import to_json
from comanda.base.reading import text_flaw
from comanda.catalogue.snapshot import Snapshot
from comanda.orders.check import check_order
from comanda.orders.decode import Decoded, decode, external_id_text, v1_path
from comanda.orders.dossier import By
from comanda.orders.gate import NameGate
from comanda.orders.lifecycle import Status
from comanda.orders.model import (
    AlreadyStored,
    Claim,
    KeyedRequest,
    KeyReused,
    Placed,
    PlaceOutcome,
    PlannedOrder,
    PricedOrder,
    Refused,
    Replayed,
)
from comanda.orders.plan import Origin, demand_of, plan_order
from comanda.orders.ports import OrderStore
from comanda.orders.price import price_order
from comanda.orders.view import creation, envelope, payload_part, stored_shape_a

TerminalAbsent = Callable[[str, int], bool]
"""Tells of a brand's venue whether its terminals are watched and none is there."""


def never_absent(_brand_id: str, _venue_id: int) -> bool:
    """The presence of terminals where nobody watches it."""
    return False


class Incoming(Struct, frozen=True):
    """A create request as the door hands it over. ``started`` is when it arrived.

    ``client`` is whose order it becomes: the caller's own, or the house's for those who work there.
    """

    body: bytes
    caller: AnyCaller
    client: Client
    by: By
    keyed: KeyedRequest | None
    header_venue: str | None
    started: Micros
    terminal_absent: TerminalAbsent = never_absent


class Answer(Struct, frozen=True):
    """What to reply: 201 with a new order, or the earlier answer of a repeat.

    ``key_expires_at`` is when the idempotency record lapses, None without a key.
    """

    status: int
    body: bytes
    order_id: int
    replayed: bool
    outcome: str
    key_expires_at: Micros | None = None


async def place_order(incoming: Incoming, snapshot: Snapshot, store: OrderStore, gate: NameGate) -> Answer:
    """Take one order all the way to its commit.

    Raises ComandaError: 400 with every problem, 404 for a venue the client may not use, 409 and 422 for keys and
    external ids that clash, 503 when nothing was stored, 504 when that could not be found out.
    """
    decoded: Decoded | None = None
    try:
        decoded = decode(incoming.body)
        priced = _sound_order(decoded, incoming, snapshot)
    except ComandaError as refusal:
        return await _earlier_answer(refusal, decoded, incoming, store)
    origin = Origin(
        incoming.caller.brand,
        incoming.client,
        incoming.by,
        incoming.started,
        incoming.keyed,
        _claims(decoded, incoming),
    )
    names = _names(origin)
    await gate.enter(names)
    try:
        planned = plan_order(priced, origin, snapshot, await store.next_order_id(), now_micros())
        outcome = await store.place(planned)
    finally:
        gate.leave(names)
    return _answer(outcome, planned, decoded, incoming)


def _sound_order(decoded: Decoded, incoming: Incoming, snapshot: Snapshot) -> PricedOrder:
    """The order checked and priced. Raises ComandaError for one that has problems."""
    caller, venue = incoming.caller, incoming.header_venue
    priced = assess_order(decoded, caller, snapshot, venue, terminal_absent=incoming.terminal_absent)
    if priced.checked.problems:
        raise invalid(list(priced.checked.problems))
    return priced


def assess_order(
    decoded: Decoded,
    caller: AnyCaller,
    snapshot: Snapshot,
    header_venue: str | None,
    *,
    terminal_absent: TerminalAbsent,
) -> PricedOrder:
    """Check and price a request for its caller; an order that is refused says why in ``checked.problems``.

    Raises ComandaError: ``resource_not_found`` for a venue that the caller may not use, ``validation_failed`` with
    every problem for an order that cannot be priced.
    """
    stated, brand = decoded.request.venue_id, caller.brand
    if stated and not caller.may_see(stated):
        raise ComandaError("resource_not_found", "Venue not found")
    absent = terminal_absent(brand.id, stated)
    checked = check_order(decoded, snapshot, brand, header_venue, terminal_absent=absent)
    return price_order(checked, brand)


async def _earlier_answer(
    refusal: ComandaError, decoded: Decoded | None, incoming: Incoming, store: OrderStore
) -> Answer:
    """A key or claim is looked at before validation (14.2): what was answered once stays answered.

    Re-raises the refusal, with what the store knows against the order added to it.
    """
    brand, client, now = incoming.caller.brand, incoming.client, now_micros()
    if incoming.keyed is not None:
        kept = await store.find_replay(brand.id, incoming.keyed, now)
        if kept is not None:
            return _answer_repeat(kept, incoming)
    if decoded is None:
        raise refusal
    claims = _claims(decoded, incoming)
    earlier = await store.find_claimed(brand.id, client.id, claims, now) if claims else None
    if earlier is not None:
        return _answer_repeat(earlier, incoming)
    if refusal.code != "validation_failed":
        raise refusal
    more = await problems_in_store(decoded, refusal.details, brand.id, store)
    raise invalid([*refusal.details, *more])


async def problems_in_store(
    decoded: Decoded, known: Sequence[Problem], brand_id: BrandId, store: OrderStore
) -> list[Problem]:
    """What the store knows against a request now, but for fields that have a ``known`` problem; nothing is held."""
    request = decoded.request
    found = await store.find_shortages(brand_id, request.venue_id, request.customer.id, demand_of(request.products))
    fields = {problem.field for problem in known}
    return [problem for problem in _problems_of(found, decoded) if problem.field not in fields]


def _claims(decoded: Decoded, incoming: Incoming) -> tuple[Claim, ...]:
    """Under which names this very order may exist only once (14.1.12, 14.2)."""
    request, client = decoded.request, incoming.client
    claims = []
    external = external_id_text(request.integration_id)
    usable = external is not None and len(external) <= limits.MAX_EXTERNAL_ID and not text_flaw(external)
    if client.unique_integration_id and external is not None and usable:
        claims.append(Claim("integration_id", external, content_sha256(incoming.body)))
    if client.duplicate_window_s and request.order_number:
        content = content_sha256(incoming.body)
        name = f"{request.venue_id}/{request.order_number}/{content}"
        claims.append(Claim("repeat", name, content, client.duplicate_window_s))
    return tuple(claims)


def _names(origin: Origin) -> list[str]:
    if origin.keyed is None and not origin.claims:
        return []
    prefix = f"{origin.brand.id}/{origin.client.id}"
    names = [f"{prefix}/{claim.kind}/{claim.value}" for claim in origin.claims]
    # Those of one client may be several people, each with keys of their own.
    return [*names, f"{origin.brand.id}/{origin.keyed.actor}/key/{origin.keyed.key}"] if origin.keyed else names


def _answer(outcome: PlaceOutcome, planned: PlannedOrder, decoded: Decoded, incoming: Incoming) -> Answer:
    if isinstance(outcome, Placed):
        expires_at = Micros(planned.created_at + limits.IDEMPOTENCY_WINDOW_S * 1_000_000)
        return Answer(
            status=201,
            body=planned.answer.encode(),
            order_id=planned.id,
            replayed=False,
            outcome="received" if planned.order.status is Status.RECEIVED else "pending",
            key_expires_at=expires_at if planned.keyed else None,
        )
    if isinstance(outcome, Refused):
        raise invalid(_problems_of(outcome, decoded))
    return _answer_repeat(outcome, incoming)


def _answer_repeat(outcome: Replayed | KeyReused | AlreadyStored, incoming: Incoming) -> Answer:
    if isinstance(outcome, KeyReused):
        raise key_reused()
    if isinstance(outcome, Replayed):
        return Answer(
            status=outcome.status,
            body=outcome.body.encode(),
            order_id=outcome.order_id,
            replayed=True,
            outcome="replayed",
            key_expires_at=outcome.expires_at,
        )
    return _answer_claimed(outcome, incoming)


def key_reused() -> ComandaError:
    """The refusal of a key that belongs to another request (contract 14.2)."""
    return ComandaError("idempotency_key_reused", "This Idempotency-Key was used for another request")


def _answer_claimed(outcome: AlreadyStored, incoming: Incoming) -> Answer:
    order = outcome.order
    where = {"order_id": order.id}
    if not outcome.same_content:
        message = f"integration_id {outcome.claim.value} belongs to order {order.id} with other content"
        raise ComandaError("duplicate_integration_id", message, extra=where)
    if order.status is Status.IGNORE:
        message = f"This order was sent before as order {order.id}, which was ignored"
        raise ComandaError("order_already_ignored", message, extra=where)
    data = creation(
        stored_shape_a(order),
        status=order.status,
        totals=payload_part(order, "totals"),
        warnings=payload_part(order, "warnings"),
    )
    body = to_json(envelope(data, started=incoming.started, now=now_micros(), message="Order created"))
    return Answer(status=200, body=body, order_id=order.id, replayed=True, outcome="replayed")


def _problems_of(found: Refused, decoded: Decoded) -> list[Problem]:
    """The store's verdict in terms of the caller's body."""
    request = decoded.request
    problems = []
    if found.unknown_customer:
        message = f"No customer {request.customer.id} in this brand"
        problems.append(Problem("customer.id", "unknown_customer", message, request.customer.id))
    for shortage in found.shortages:
        index = next(i for i, line in enumerate(request.products) if line.product_id == shortage.product_id)
        problems.append(shortage.problem(f"products[{index}].product_id"))
    if not decoded.fuller:
        return problems
    return [Problem(v1_path(p.field), p.code, p.message, p.value) for p in problems]
