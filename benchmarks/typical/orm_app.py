"""``POST /open-api/v2/orders`` as most teams would write it: FastAPI, Pydantic 2 and the SQLAlchemy 2 ORM.

One transaction a request, on SQLite or PostgreSQL. Prepare the database first (`prepare`), then, for example::

    granian --interface asgi --workers 2 --loop uvloop --port 8001 benchmarks.typical.orm_app:app
    uvicorn --workers 2 --loop uvloop --http httptools --no-access-log --port 8001 benchmarks.typical.orm_app:app

Environment: ``DATABASE_URL`` (``postgresql+asyncpg://…``, ``sqlite:///FILE`` or ``sqlite+aiosqlite:///FILE``),
``TOKEN_SECRET``, ``POOL_SIZE`` (connections a process; SQLite, which has one writer, does best with 1) and
``RATE_PER_MINUTE``.
"""

import asyncio
import hashlib
import os
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from fastapi import Depends, FastAPI, Header, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from benchmarks.typical.access import Caller, Claims, MinuteCounter, TokenReader
from benchmarks.typical.clock import envelope_times, iso_micros, now_micros
from benchmarks.typical.database import Database, open_database
from benchmarks.typical.models import Event, IdempotencyRecord, Order, Product, StopListHold, VenueOffer
from benchmarks.typical.orm_statements import (
    CLAIM_KEY,
    COUNT_EVENTS,
    LOCK_STOP_LIST,
    SELECT_CALLER,
    SELECT_PRODUCTS,
    SELECT_REFERENCES,
)
from benchmarks.typical.rules import (
    KEY_LIFE_MICROS,
    Checked,
    Known,
    MenuGroup,
    MenuItem,
    Refusal,
    VenueFacts,
    check,
    check_key,
    demand_of,
    invalid,
    major,
    minor,
    phone_e164,
    shortage,
)
from benchmarks.typical.wire import (
    CreatedOrder,
    CreatedPayload,
    EventData,
    LineSumsOut,
    NoticeOut,
    OrderCreated,
    OrderIn,
    StoredPayload,
    TotalsOut,
    read_order,
)

ATTEMPTS = 6
CALLER_CACHE_S = 1.0
_CONFLICTS = {"40001", "40P01"}
_LOCK_NOT_AVAILABLE = "55P03"


class Shop:
    """What one process has: its database, and what it remembers of callers."""

    def __init__(self, database: Database, token_secret: str, rate_per_minute: int) -> None:
        self.database = database
        self._tokens = TokenReader(token_secret)
        self._rates = MinuteCounter(rate_per_minute)
        self._callers: dict[Claims, tuple[Caller, float]] = {}

    async def admit(self, token: str | None) -> Caller:
        """The enabled caller of a token, within its rate. Raises Refusal 401 or 429."""
        claims = self._tokens.read(token)
        caller, forget_at = self._callers.get(claims, (None, 0.0))
        if caller is None or forget_at <= time.monotonic():
            caller = await self._find_caller(claims)
        self._rates.count(caller)
        return caller

    async def _find_caller(self, claims: Claims) -> Caller:
        """Ask the database; the answer may be a second old, which is what Comanda allows itself too."""
        who = {"brand_id": claims.brand_id, "client_id": claims.client_id, "integrator_id": claims.integrator_id}
        currency = await self.database.run(lambda session: session.scalar(SELECT_CALLER, who))
        if currency is None:
            raise Refusal(401, "Client is disabled", "This client, its brand or its integrator is not enabled")
        caller = Caller(claims.brand_id, claims.client_id, claims.integrator_id, currency)
        self._callers[claims] = caller, time.monotonic() + CALLER_CACHE_S
        return caller


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open this worker's pool, and close it at the end."""
    environment = os.environ
    database = open_database(environment["DATABASE_URL"], int(environment.get("POOL_SIZE", "10")))
    app.state.shop = Shop(database, environment["TOKEN_SECRET"], int(environment.get("RATE_PER_MINUTE", "1000000")))
    yield
    await database.close()


app = FastAPI(lifespan=lifespan)


@app.exception_handler(Refusal)
async def answer_refusal(_: Request, refusal: Refusal) -> JSONResponse:
    """Answer a refusal in the documented envelope."""
    return JSONResponse(refusal.as_json(), refusal.status)


@app.get("/health")
async def health() -> dict[str, bool]:
    """Whether the process answers."""
    return {"success": True}


async def admitted(request: Request, x_token: Annotated[str | None, Header()] = None) -> Caller:
    """The caller of this request."""
    shop: Shop = request.app.state.shop
    return await shop.admit(x_token)


@dataclass(frozen=True, slots=True)
class Incoming:
    """One create request."""

    order: OrderIn
    caller: Caller
    key: str | None
    request_sha256: str
    started: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What to reply, and what is kept under the key."""

    order_id: int
    body: str
    expires_at: int
    status: int = 201
    replayed: bool = False


@app.post(
    "/open-api/v2/orders",
    status_code=201,
    responses={201: {"model": OrderCreated}},
    openapi_extra={"requestBody": {"content": {"application/json": {"schema": OrderIn.model_json_schema()}}}},
)
async def create_order(
    request: Request,
    caller: Annotated[Caller, Depends(admitted)],
    idempotency_key: Annotated[str | None, Header()] = None,
) -> Response:
    """Take an order: 201 and the new order, or what was answered first under its key.

    The answer is made into JSON once, by Pydantic, since the same bytes are kept for repeats.
    """
    started = now_micros()
    key = check_key(idempotency_key)
    raw = await request.body()
    incoming = Incoming(
        order=read_order(raw),
        caller=caller,
        key=key,
        request_sha256=hashlib.sha256(b"POST /open-api/v2/orders\n" + raw).hexdigest() if key else "",
        started=started,
    )
    answer = await place_order(request.app.state.shop.database, incoming)
    headers = {"location": f"/open-api/v2/orders/{answer.order_id}"}
    if key:
        headers["idempotency-expires"] = iso_micros(answer.expires_at)
    if answer.replayed:
        headers["idempotent-replayed"] = "true"
    return Response(answer.body, answer.status, headers, media_type="application/json")


class KeyTaken(Exception):
    """The key of this request was used before; the transaction is rolled back."""


async def place_order(database: Database, incoming: Incoming) -> Answer:
    """Store an order, or find the answer its key was given before. Raises Refusal."""
    try:
        return await _retrying(database, incoming)
    except (Refusal, KeyTaken) as reason:
        # What was answered once stays answered, also when the menu would refuse it today.
        kept = await database.run(partial(_kept_answer, incoming)) if incoming.key else None
        if kept is not None:
            return kept
        if isinstance(reason, KeyTaken):
            raise Refusal(409, "request_in_progress", "The same request is still being worked on") from None
        raise


async def _retrying(database: Database, incoming: Incoming) -> Answer:
    """One transaction, again where the database chose it as the victim of a conflict."""
    for attempt in range(ATTEMPTS):
        try:
            return await database.run(partial(_store, incoming))
        except PoolTimeoutError as error:
            raise _unavailable() from error
        except DBAPIError as error:
            state = getattr(error.orig, "sqlstate", None)
            if state not in _CONFLICTS:
                if state == _LOCK_NOT_AVAILABLE or isinstance(error, OperationalError):
                    raise _unavailable() from error
                raise
        await asyncio.sleep(0.002 * 2**attempt)
    raise _unavailable()


def _unavailable() -> Refusal:
    return Refusal(503, "storage_unavailable", "The database is away or overloaded; nothing was stored")


def _store(incoming: Incoming, session: Session) -> Answer:
    """Check, price and store. Locks: the key, stop-list rows by product, the venue's counter last and shortest."""
    order = incoming.order
    checked = check(order, _look_up(session, order, incoming.caller.brand_id))
    now = now_micros()
    totals = _totals(checked, incoming.caller.currency)
    row = _order_row(incoming, checked, totals, now)
    session.add(row)
    session.flush()
    answer = _answer(row, totals, checked, incoming.started)
    if incoming.key:
        _claim_key(session, incoming, answer, now)
    _take_from_stop_list(session, order, row.id, now)
    _append_events(session, row, totals)
    return answer


def _look_up(session: Session, order: OrderIn, brand_id: str) -> Known:
    """What the order refers to, in two queries whatever its length."""
    customer_id = order.customer.id
    references = {
        "brand_id": brand_id,
        "venue_id": order.venue_id,
        "sale_type_id": order.sale_type_id,
        "terminal_id": order.auto_accept_terminal,
        "customer_id": customer_id,
    }
    found = session.execute(SELECT_REFERENCES, references).one_or_none()
    if found is None:
        return Known(None, None, customer_known=False, menu={})
    accepting, policy, default_id, type_active, type_at_venue, wanted_terminal, default_terminal, customer = found
    wanted = {"brand_id": brand_id, "venue_id": order.venue_id, "product_ids": _product_ids(order)}
    products = session.execute(SELECT_PRODUCTS, wanted)
    return Known(
        venue=VenueFacts(accepting, policy, default_id, frozenset((wanted_terminal, default_terminal))),
        sale_type_enabled=None if type_active is None else type_active and type_at_venue,
        customer_known=customer_id == 0 or customer is not None,
        menu={product.id: _menu_item(product, offer) for product, offer in products.unique()},
    )


def _product_ids(order: OrderIn) -> list[int]:
    return sorted({line.product_id for line in order.products})


def _menu_item(product: Product, offer: VenueOffer | None) -> MenuItem:
    """A product as the order's venue sells it."""
    price_minor: int | None = product.price_minor
    if not product.active or (offer is not None and not offer.available):
        price_minor = None
    elif offer is not None and offer.price_minor is not None:
        price_minor = offer.price_minor
    groups = tuple(
        MenuGroup(
            name=group.name,
            min_select=group.min_select,
            max_select=group.max_select,
            prices={choice.id: major(choice.price_minor) for choice in group.modifiers if choice.active},
        )
        for group in product.modifier_groups
        if group.active
    )
    return MenuItem(None if price_minor is None else major(price_minor), product.has_variants, groups)


def _totals(checked: Checked, currency: str) -> TotalsOut:
    sums = checked.totals
    return TotalsOut(
        currency=currency,
        subtotal=float(sums.subtotal),
        discount=float(sums.discount),
        service_charge=float(sums.service_charge),
        delivery_fee=float(sums.delivery_fee),
        total=float(sums.total),
    )


def _order_row(incoming: Incoming, checked: Checked, totals: TotalsOut, now: int) -> Order:
    order, sums = incoming.order, checked.totals
    payload = StoredPayload(
        request=order,
        lines=[
            LineSumsOut(
                unit_price=float(line.unit_price),
                subtotal=float(line.subtotal),
                discount=float(line.discount),
                total=float(line.total),
            )
            for line in checked.lines
        ],
        totals=totals,
        warnings=_warnings(checked),
    )
    return Order(
        brand_id=incoming.caller.brand_id,
        venue_id=order.venue_id,
        client_id=incoming.caller.client_id,
        status="RECEIVED" if checked.accepted else "PENDING",
        needs_attention=False,
        sale_type_id=order.sale_type_id,
        customer_id=order.customer.id,
        phone_e164=phone_e164(order.customer.phone),
        order_number=order.order_number or None,
        integration_id=order.integration_id or None,
        integration_uuid=str(order.integration_uuid) if order.integration_uuid else None,
        customer_ref_id=order.customer_ref_id or None,
        receive_terminal_id=checked.terminal_id,
        subtotal_minor=minor(sums.subtotal),
        discount_minor=minor(sums.discount),
        service_minor=minor(sums.service_charge),
        delivery_minor=minor(sums.delivery_fee),
        total_minor=minor(sums.total),
        payload=payload.model_dump_json(),
        created_at=now,
        received_at=now if checked.accepted else None,
        updated_at=now,
        event_sequence=2 if checked.accepted else 1,
    )


def _answer(row: Order, totals: TotalsOut, checked: Checked, started: int) -> Answer:
    created_at = iso_micros(row.created_at)
    timestamp, unix = envelope_times(row.created_at)
    created = OrderCreated(
        data=CreatedOrder(
            id=row.id,
            venue_id=row.venue_id,
            integration_uuid=row.integration_uuid,
            integration_id=row.integration_id,
            customer_ref_id=row.customer_ref_id,
            created_at=created_at,
            updated_at=created_at,
            payload=CreatedPayload(
                id=row.id,
                venue_id=row.venue_id,
                status=row.status,
                created_at=created_at,
                updated_at=created_at,
                totals=totals,
                warnings=_warnings(checked),
            ),
        ),
        time=max(0, now_micros() - started) // 1_000,
        timestamp=timestamp,
        unix=unix,
    )
    return Answer(row.id, created.model_dump_json(), row.created_at + KEY_LIFE_MICROS)


def _warnings(checked: Checked) -> list[NoticeOut]:
    return [NoticeOut(code=w.code, field=w.field, message=w.message) for w in checked.warnings]


def _claim_key(session: Session, incoming: Incoming, answer: Answer, now: int) -> None:
    """Keep the answer under the key, unless another request has it. Raises KeyTaken.

    On PostgreSQL this waits for a first request that is still in flight: its unique index has the row already.
    """
    record = {
        "brand_id": incoming.caller.brand_id,
        "actor": incoming.caller.actor,
        "key": incoming.key,
        "request_sha256": incoming.request_sha256,
        "status": answer.status,
        "body": answer.body,
        "order_id": answer.order_id,
        "expires_at": answer.expires_at,
        "now": now,
    }
    if session.execute(CLAIM_KEY[session.get_bind().dialect.name], record).scalar() is None:
        raise KeyTaken


def _kept_answer(incoming: Incoming, session: Session) -> Answer | None:
    """What was answered first under the key. Raises Refusal 422 for another request's key."""
    kept = session.get(IdempotencyRecord, (incoming.caller.brand_id, incoming.caller.actor, incoming.key))
    if kept is None or kept.expires_at <= now_micros():
        return None
    if kept.request_sha256 != incoming.request_sha256:
        raise Refusal(422, "idempotency_key_reused", "This Idempotency-Key was used for another request")
    return Answer(kept.order_id, kept.body, kept.expires_at, kept.status, replayed=True)


def _take_from_stop_list(session: Session, order: OrderIn, order_id: int, now: int) -> None:
    """Take what the order needs of limited products, all of it or nothing. Raises Refusal."""
    limited = {"venue_id": order.venue_id, "product_ids": _product_ids(order)}
    entries = session.scalars(LOCK_STOP_LIST, limited).all()
    if not entries:
        return
    demand: Mapping[int, int] = demand_of(order)
    short = [entry for entry in entries if entry.quantity_milli < demand[entry.product_id]]
    if short:
        raise invalid([shortage(order, entry.product_id, entry.quantity_milli) for entry in short])
    for entry in entries:
        need = demand[entry.product_id]
        entry.quantity_milli -= need
        entry.updated_at = now
        session.add(
            StopListHold(
                order_id=order_id,
                product_id=entry.product_id,
                venue_id=entry.venue_id,
                quantity_milli=need,
                version=entry.version,
            )
        )


def _append_events(session: Session, row: Order, totals: TotalsOut) -> None:
    """Number the order's events under the lock of its venue's counter; the commit inserts them."""
    created = EventData(
        id=row.id,
        venue_id=row.venue_id,
        sale_type_id=row.sale_type_id,
        customer_id=row.customer_id,
        client_id=row.client_id,
        order_number=row.order_number,
        integration_id=row.integration_id,
        needs_attention=row.needs_attention,
        totals=totals,
        status="PENDING",
        actor=f"client:{row.client_id}",
        terminal_id=None,
    )
    bodies = [("order.created", created.model_dump_json())]
    if row.status == "RECEIVED":
        changes = {"status": row.status, "actor": "automatic", "terminal_id": row.receive_terminal_id}
        bodies.append(("order.received", created.model_copy(update=changes).model_dump_json()))
    # The stop-list rows and holds are written before the counter is locked, so that it is locked for less.
    session.flush()
    last = session.scalar(COUNT_EVENTS, {"of_venue_id": row.venue_id, "events": len(bodies)})
    if last is None:
        raise LookupError(f"venue {row.venue_id} has no counter")
    first = last - len(bodies) + 1
    session.add_all(
        Event(
            venue_id=row.venue_id,
            number=first + index,
            brand_id=row.brand_id,
            order_id=row.id,
            order_sequence=index + 1,
            type=kind,
            data=data,
            created_at=row.created_at,
        )
        for index, (kind, data) in enumerate(bodies)
    )
