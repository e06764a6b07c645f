"""Reading orders, and moving one to IGNORE."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, bindparam, delete, func, literal, select, tuple_, update

from comanda.base import limits
from comanda.base.clock import Micros
from comanda.base.errors import ComandaError
from comanda.base.json import to_json
from comanda.orders.lifecycle import Actor, Status, moves
from comanda.orders.listing import OrderListing
from comanda.orders.model import (
    AlreadyStored,
    Claim,
    KeyedRequest,
    KeyReused,
    Refused,
    Replayed,
    Shortage,
    StoredOrder,
)
from comanda.store.commit_orders import (
    INSERT_KEY,
    LOCK_KEY,
    LOCK_STOP_LIST,
    MILLI,
    SELECT_CLAIM,
    SELECT_CUSTOMER,
    SELECT_KEY,
    SELECT_ORDER_BY_ID,
    SELECT_STOP_LIST,
    SET_STOP_LIST,
    claim_lapsed,
    key_record,
    renew_key,
    replay_of,
)
from comanda.store.event_log import NewEvent, append_events
from comanda.store.order_rows import SELECT_ORDER, order_of
from comanda.store.tables import customers, orders, stop_list_holds
from comanda.store.transaction import RunAgain, Statement, Transaction, each, many, one


@dataclass(frozen=True, slots=True)
class IgnoreRequest:
    """A wish to move an order to IGNORE. ``sees`` tells whether the caller may touch a venue's orders.

    ``render`` makes the answer's body from the order as it then is; it is kept under the key.
    """

    brand_id: str
    order_id: int
    actor: Actor
    actor_name: str
    sees: Callable[[int], bool]
    render: Callable[[StoredOrder], bytes]
    keyed: KeyedRequest | None


@dataclass(frozen=True, slots=True)
class Ignored:
    """The order is IGNORE; the answer to give, and until when it is kept under the request's key."""

    body: bytes
    order: StoredOrder
    key_expires_at: Micros | None


def find_order(brand_id: str, order_id: int) -> Transaction[StoredOrder | None]:
    """One order of a brand."""
    rows = yield one(SELECT_ORDER_BY_ID, brand_id=brand_id, id=order_id)
    return order_of(rows[0]) if rows else None


def list_orders(brand_id: str, listing: OrderListing) -> Transaction[tuple[list[StoredOrder], int]]:
    """A page of orders and how many there are in all, on one view of the store."""
    where = _conditions(brand_id, listing)
    counted = yield one(Statement(select(func.count()).select_from(orders).where(*where)))
    column = orders.c[listing.sort]
    where += _after(listing)
    order_by = [column.desc(), orders.c.id.desc()] if listing.descending else [column, orders.c.id]
    page: Select[Any] = (
        SELECT_ORDER.where(*where).order_by(*order_by).limit(listing.limit).offset((listing.page - 1) * listing.limit)
    )
    rows = yield one(Statement(page))
    return [order_of(row) for row in rows], int(counted[0][0])


def _after(listing: OrderListing) -> list[Any]:
    """What a cursor adds: rows beyond the last one seen, of those there were at its first page."""
    where: list[Any] = [] if listing.until is None else [orders.c.created_at <= listing.until]
    if listing.after is not None:
        seen = tuple_(*(literal(part) for part in listing.after))
        place = tuple_(orders.c[listing.sort], orders.c.id)
        where.append(place < seen if listing.descending else place > seen)
    return where


def find_customers(brand_id: str, ids: Iterable[int]) -> Transaction[dict[int, dict[str, Any]]]:
    """Customers by id, as ``with=customer`` shows them."""
    rows = yield each(_SELECT_CUSTOMER_CARD, [{"brand_id": brand_id, "id": wanted} for wanted in sorted(set(ids))])
    return {
        int(row[0]): {"id": row[0], "name": row[1], "phone": row[2], "address": row[3], "email": row[4]} for row in rows
    }


def find_replay(brand_id: str, keyed: KeyedRequest, now: Micros) -> Transaction[Replayed | KeyReused | None]:
    """What is kept under an idempotency key."""
    rows = yield one(SELECT_KEY, brand_id=brand_id, actor=keyed.actor, key=keyed.key)
    return replay_of(rows, keyed.request_sha256, now)


def find_claimed(
    brand_id: str, client_id: str, claims: Iterable[Claim], now: Micros
) -> Transaction[AlreadyStored | None]:
    """The order that holds one of the claims."""
    for claim in claims:
        rows = yield one(SELECT_CLAIM, brand_id=brand_id, client_id=client_id, kind=claim.kind, value=claim.value)
        if not rows or claim_lapsed(claim, rows[0][2], now):
            continue
        found = yield one(SELECT_ORDER_BY_ID, brand_id=brand_id, id=rows[0][1])
        return AlreadyStored(order_of(found[0]), claim, rows[0][0] == claim.content_sha256)
    return None


def find_shortages(
    brand_id: str, venue_id: int, customer_id: int, demand: Mapping[int, Decimal]
) -> Transaction[Refused]:
    """What the store knows against an order right now; nothing is locked."""
    rows = yield many(SELECT_STOP_LIST, [(brand_id, venue_id, product_id) for product_id in demand])
    left = {int(row[2]): Decimal(int(row[3])) / MILLI for row in rows}
    shortages = tuple(Shortage(p, left[p]) for p, need in demand.items() if p in left and left[p] < need)
    known = (yield many(SELECT_CUSTOMER, [(brand_id, customer_id)])) if customer_id else [()]
    return Refused(unknown_customer=not known, shortages=shortages)


def ignore_order(request: IgnoreRequest, now: Micros) -> Transaction[Ignored | Replayed | KeyReused]:
    """Move an order to IGNORE, give its stop-list holds back, record the event: one transaction.

    Raises ComandaError ``resource_not_found``, or ``validation_failed`` for a move the lifecycle forbids.
    """
    if request.keyed is not None:
        known = yield from _claim_key(request.brand_id, request.keyed, now)
        if known is not None:
            return known
    rows = yield one(_LOCK_ORDER, brand_id=request.brand_id, id=request.order_id)
    if not rows or not request.sees(rows[0][2]):
        raise order_not_found()
    order = order_of(rows[0])
    if moves(present=order.status, wanted=Status.IGNORE, actor=request.actor):
        order = yield from _ignore(order, request.actor_name, now)
    body = request.render(order)
    if request.keyed is not None:
        yield from _keep_answer(request.brand_id, request.keyed, order.id, body, now)
    expires_at = Micros(now + limits.IDEMPOTENCY_WINDOW_S * 1_000_000)
    return Ignored(body, order, expires_at if request.keyed else None)


def order_not_found() -> ComandaError:
    """The documented 404 of orders (contract 9.3)."""
    return ComandaError("resource_not_found", "Order not found")


def _conditions(brand_id: str, listing: OrderListing) -> list[Any]:
    where = [orders.c.brand_id == brand_id, orders.c.venue_id == listing.venue_id]
    where += [orders.c[name].in_(values) for name, values in listing.filters.items()]
    first, last = listing.span
    if first is not None:
        where.append(orders.c.created_at >= first)
    if last is not None:
        where.append(orders.c.created_at < last)
    return where


def _ignore(order: StoredOrder, actor_name: str, now: Micros) -> Transaction[StoredOrder]:
    updated = max(now, Micros(order.updated_at + 1))
    yield one(_SET_STATUS, p_brand_id=order.brand_id, p_id=order.id, p_status=Status.IGNORE.value, p_now=updated)
    yield from _return_holds(order, now)
    data = {
        "id": order.id,
        "venue_id": order.venue_id,
        "customer_id": order.customer_id,
        "client_id": order.client_id,
        "order_number": order.order_number,
        "integration_id": order.integration_id,
        "status": Status.IGNORE,
        "actor": actor_name,
    }
    event = NewEvent(order.id, order.event_sequence + 1, "order.ignored", to_json(data).decode(), updated)
    yield from append_events({(order.brand_id, order.venue_id): [event]})
    rows = yield one(SELECT_ORDER_BY_ID, brand_id=order.brand_id, id=order.id)
    return order_of(rows[0])


def _return_holds(order: StoredOrder, now: Micros) -> Transaction[None]:
    """Give back what the order held, where the quantity was not set anew since (contract 14.1.7)."""
    holds = yield one(_SELECT_HOLDS, brand_id=order.brand_id, order_id=order.id)
    keys = [(order.brand_id, venue_id, product_id) for product_id, venue_id, _, _ in holds]
    rows = yield many(LOCK_STOP_LIST, sorted(keys))
    left = {int(row[2]): (int(row[3]), int(row[4])) for row in rows}
    yield each(
        SET_STOP_LIST,
        [
            {
                "p_brand_id": order.brand_id,
                "p_venue_id": venue_id,
                "p_product_id": product_id,
                "p_left": left[product_id][0] + quantity,
                "p_now": now,
            }
            for product_id, venue_id, quantity, version in holds
            if product_id in left and left[product_id][1] == version
        ],
    )
    yield one(_DELETE_HOLDS, brand_id=order.brand_id, order_id=order.id)


def _claim_key(brand_id: str, keyed: KeyedRequest, now: Micros) -> Transaction[Replayed | KeyReused | None]:
    """Take the key for this transaction, waiting for another that holds it; or what is kept under it."""
    claimed = yield many(INSERT_KEY, [key_record(brand_id, keyed, 200, "", 0, now)])
    if claimed:
        return None
    kept = yield one(LOCK_KEY, brand_id=brand_id, actor=keyed.actor, key=keyed.key)
    if not kept:
        raise RunAgain
    return replay_of(kept, keyed.request_sha256, now)


def _keep_answer(brand_id: str, keyed: KeyedRequest, order_id: int, body: bytes, now: Micros) -> Transaction[None]:
    yield renew_key(key_record(brand_id, keyed, 200, body.decode(), order_id, now))


_SELECT_CUSTOMER_CARD = Statement(
    select(customers.c.id, customers.c.name, customers.c.phone, customers.c.address, customers.c.email).where(
        customers.c.brand_id == bindparam("brand_id"), customers.c.id == bindparam("id")
    )
)
_LOCK_ORDER = Statement(
    SELECT_ORDER.where(orders.c.brand_id == bindparam("brand_id"), orders.c.id == bindparam("id")).with_for_update()
)
_SET_STATUS = Statement(
    update(orders)
    .where(orders.c.brand_id == bindparam("p_brand_id"), orders.c.id == bindparam("p_id"))
    .values(status=bindparam("p_status"), updated_at=bindparam("p_now"), event_sequence=orders.c.event_sequence + 1),
    returns=False,
)
_SELECT_HOLDS = Statement(
    select(
        stop_list_holds.c.product_id,
        stop_list_holds.c.venue_id,
        stop_list_holds.c.quantity_milli,
        stop_list_holds.c.version,
    )
    .where(stop_list_holds.c.brand_id == bindparam("brand_id"), stop_list_holds.c.order_id == bindparam("order_id"))
    .order_by(stop_list_holds.c.product_id)
)
_DELETE_HOLDS = Statement(
    delete(stop_list_holds).where(
        stop_list_holds.c.brand_id == bindparam("brand_id"), stop_list_holds.c.order_id == bindparam("order_id")
    ),
    returns=False,
)
