"""``POST /open-api/v2/orders`` in the strongest form we could write by hand: Starlette, msgspec, asyncpg, no ORM.

The menu and the callers are kept in memory, at most a second old. An order is one SQL statement, and so one
transaction and one round trip; its id comes from a block of ids taken beforehand, so that the answer is known before.
PostgreSQL only. Prepare the database first (`prepare`), then, for example::

    granian --interface asgi --workers 2 --loop uvloop --port 8001 benchmarks.typical.raw_app:app
    uvicorn --workers 2 --loop uvloop --http httptools --no-access-log --port 8001 benchmarks.typical.raw_app:app

Environment: ``DATABASE_URL`` (``postgresql+asyncpg://…`` or ``postgresql://…``), ``TOKEN_SECRET``, ``POOL_SIZE``
(connections a process) and ``RATE_PER_MINUTE``.
"""

import asyncio
import hashlib
import logging
import os
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import asyncpg
import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.typical.access import Caller, MinuteCounter, TokenReader
from benchmarks.typical.clock import envelope_times, iso_micros, now_micros
from benchmarks.typical.models import ORDER_IDS
from benchmarks.typical.raw_menus import Menus, load_menus
from benchmarks.typical.raw_statements import SELECT_CALLERS, SELECT_KEPT, STORE
from benchmarks.typical.raw_wire import OrderIn, read_order
from benchmarks.typical.rules import (
    KEY_LIFE_MICROS,
    Checked,
    Refusal,
    check,
    check_key,
    demand_of,
    invalid,
    minor,
    phone_e164,
    shortage,
    unknown_customer,
)

ATTEMPTS = 6
REFRESH_S = 1.0
ID_BLOCK = 200
SETTINGS = {
    "synchronous_commit": "on",
    "lock_timeout": "5s",
    # The statement is large and its best plan never changes; planning it each time would cost more than running it.
    "plan_cache_mode": "force_generic_plan",
}
_CONFLICTS = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
_AWAY = (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.LockNotAvailableError, OSError, TimeoutError)
_encoder = msgspec.json.Encoder(decimal_format="number")
log = logging.getLogger(__name__)


class Shop:
    """What one process has: its connections, the menus, who may call, and ids to give out."""

    def __init__(self, pool: Any, token_secret: str, rate_per_minute: int) -> None:
        self.pool = pool
        self.menus = Menus()
        self._tokens = TokenReader(token_secret)
        self._rates = MinuteCounter(rate_per_minute)
        self._callers: dict[tuple[str, str, str], Caller] = {}
        self._ids: deque[int] = deque()
        self._filling = asyncio.Lock()

    def admit(self, token: str | None) -> Caller:
        """The enabled caller of a token, within its rate. Raises Refusal 401 or 429."""
        claims = self._tokens.read(token)
        caller = self._callers.get((claims.brand_id, claims.client_id, claims.integrator_id))
        if caller is None:
            raise Refusal(401, "Client is disabled", "This client, its brand or its integrator is not enabled")
        self._rates.count(caller)
        return caller

    async def refresh(self) -> None:
        """Read who may call, and the catalogue if its version changed."""
        async with (
            self.pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            rows = await connection.fetch(SELECT_CALLERS)
            self._callers = {tuple(row.values())[:3]: Caller(*row.values()) for row in rows}
            versions = dict(await connection.fetch("SELECT id, catalogue_version FROM brands"))
            if versions != self.menus.versions:
                self.menus = await load_menus(connection, versions)

    async def refresh_forever(self) -> None:
        """Stay at most about a second behind the database."""
        while True:
            await asyncio.sleep(REFRESH_S)
            try:
                await self.refresh()
            except (*_AWAY, asyncpg.PostgresError):
                log.exception("the catalogue could not be refreshed")

    async def next_order_id(self) -> int:
        """An id of this process's block."""
        while not self._ids:
            async with self._filling:
                if not self._ids:
                    query = f"SELECT nextval('{ORDER_IDS}') FROM generate_series(1, $1)"  # noqa: S608 - our constant
                    self._ids.extend(row[0] for row in await self.pool.fetch(query, ID_BLOCK))
        return self._ids.popleft()


async def _keep_session(_: Any) -> None:
    """Give a connection back as it is: no query changes its session, so none is needed to reset it."""


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """Open this worker's pool and read the catalogue; close the pool at the end."""
    environment = os.environ
    size = int(environment.get("POOL_SIZE", "10"))
    address = environment["DATABASE_URL"].replace("+asyncpg", "", 1)
    async with asyncpg.create_pool(
        address,
        min_size=size,
        max_size=size,
        max_inactive_connection_lifetime=0,
        reset=_keep_session,
        server_settings=SETTINGS,
    ) as pool:
        shop = Shop(pool, environment["TOKEN_SECRET"], int(environment.get("RATE_PER_MINUTE", "1000000")))
        await shop.refresh()
        app.state.shop = shop
        refreshing = asyncio.create_task(shop.refresh_forever())
        yield
        refreshing.cancel()
        with suppress(asyncio.CancelledError):
            await refreshing


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


async def health(_: Request) -> Response:
    """Whether the process answers."""
    return Response(b'{"success":true}', media_type="application/json")


async def create_order(request: Request) -> Response:
    """Take an order: 201 and the new order, or what was answered first under its key."""
    started = now_micros()
    shop: Shop = request.app.state.shop
    caller = shop.admit(request.headers.get("x-token"))
    key = check_key(request.headers.get("idempotency-key"))
    raw = await request.body()
    digest = hashlib.sha256(b"POST /open-api/v2/orders\n" + raw).hexdigest() if key else ""
    answer = await place_order(shop, Incoming(read_order(raw), caller, key, digest, started))
    headers = {"location": f"/open-api/v2/orders/{answer.order_id}"}
    if key:
        headers["idempotency-expires"] = iso_micros(answer.expires_at)
    if answer.replayed:
        headers["idempotent-replayed"] = "true"
    return Response(answer.body, answer.status, headers, media_type="application/json")


async def answer_refusal(_: Request, refusal: Exception) -> Response:
    """Answer a refusal in the documented envelope."""
    assert isinstance(refusal, Refusal)
    return Response(_encoder.encode(refusal.as_json()), refusal.status, media_type="application/json")


app = Starlette(
    routes=[Route("/open-api/v2/orders", create_order, methods=["POST"]), Route("/health", health)],
    exception_handlers={Refusal: answer_refusal},
    lifespan=lifespan,
)


async def place_order(shop: Shop, incoming: Incoming) -> Answer:
    """Store an order, or find the answer its key was given before. Raises Refusal."""
    try:
        checked = check(incoming.order, shop.menus.known(incoming.caller.brand_id, incoming.order))
        answer = await _store(shop, incoming, checked)
    except Refusal:
        # What was answered once stays answered, also when the menu would refuse it today.
        kept = await _kept_answer(shop, incoming)
        if kept is None:
            raise
        return kept
    if answer is None:
        answer = await _kept_answer(shop, incoming)
    if answer is None:
        raise Refusal(409, "request_in_progress", "The same request is still being worked on")
    return answer


async def _store(shop: Shop, incoming: Incoming, checked: Checked) -> Answer | None:
    """Store a checked order; None when its key is taken. Raises Refusal for its customer and stop lists."""
    order = incoming.order
    order_id, now = await shop.next_order_id(), now_micros()
    answer, parameters = _plan(incoming, checked, order_id, now)
    row = await _fetch(shop.pool, STORE, parameters)
    if row["stored"]:
        return answer
    problems = [] if row["customer_known"] else [unknown_customer(order.customer.id)]
    problems += [shortage(order, *short) for short in zip(row["short"], row["short_left"], strict=True)]
    if problems:
        raise invalid(problems)
    return None


async def _fetch(pool: Any, query: str, parameters: tuple[Any, ...]) -> Any:
    """Run one statement, again where the database chose it as the victim of a conflict."""
    for attempt in range(ATTEMPTS):
        try:
            return await pool.fetchrow(query, *parameters)
        except _CONFLICTS:
            await asyncio.sleep(0.002 * 2**attempt)
        except _AWAY as error:
            raise _unavailable() from error
    raise _unavailable()


def _unavailable() -> Refusal:
    return Refusal(503, "storage_unavailable", "The database is away or overloaded; nothing was stored")


async def _kept_answer(shop: Shop, incoming: Incoming) -> Answer | None:
    """What was answered first under the key. Raises Refusal 422 for another request's key."""
    if incoming.key is None:
        return None
    caller = incoming.caller
    row = await _fetch(shop.pool, SELECT_KEPT, (caller.brand_id, caller.actor, incoming.key, now_micros()))
    if row is None:
        return None
    status, body, order_id, expires_at, request_sha256 = row
    if request_sha256 != incoming.request_sha256:
        raise Refusal(422, "idempotency_key_reused", "This Idempotency-Key was used for another request")
    return Answer(order_id, body, expires_at, status, replayed=True)


def _plan(incoming: Incoming, checked: Checked, order_id: int, now: int) -> tuple[Answer, tuple[Any, ...]]:
    """The answer, and the parameters of `STORE` in their order."""
    order, caller, sums = incoming.order, incoming.caller, checked.totals
    status = "RECEIVED" if checked.accepted else "PENDING"
    totals = {
        "currency": caller.currency,
        "subtotal": sums.subtotal,
        "discount": sums.discount,
        "service_charge": sums.service_charge,
        "delivery_fee": sums.delivery_fee,
        "total": sums.total,
    }
    external = (
        _text(order.integration_id),
        None if order.integration_uuid is None else str(order.integration_uuid),
        _text(order.customer_ref_id),
    )
    answer = Answer(
        order_id,
        _encoder.encode(_answer(incoming, checked, order_id, now, status, totals, external)).decode(),
        now + KEY_LIFE_MICROS,
    )
    event_types, event_data = _events(incoming, checked, order_id, status, totals, external[0])
    payload = {"request": order, "lines": checked.lines, "totals": totals, "warnings": checked.warnings}
    demand = demand_of(order)
    return answer, (
        caller.brand_id,
        order.venue_id,
        order.customer.id,
        list(demand),
        list(demand.values()),
        caller.actor,
        incoming.key,
        incoming.request_sha256,
        answer.body,
        order_id,
        answer.expires_at,
        now,
        caller.client_id,
        status,
        order.sale_type_id,
        phone_e164(order.customer.phone),
        order.order_number or None,
        *external,
        checked.terminal_id,
        minor(sums.subtotal),
        minor(sums.discount),
        minor(sums.service_charge),
        minor(sums.delivery_fee),
        minor(sums.total),
        _encoder.encode(payload).decode(),
        now if checked.accepted else None,
        event_types,
        event_data,
    )


def _text(external_id: str | int | None) -> str | None:
    return None if external_id is None or external_id == "" else str(external_id)


def _answer(
    incoming: Incoming,
    checked: Checked,
    order_id: int,
    now: int,
    status: str,
    totals: dict[str, Any],
    external: tuple[str | None, str | None, str | None],
) -> dict[str, Any]:
    """The documented answer; ``external`` is integration_id, integration_uuid, customer_ref_id."""
    created_at = iso_micros(now)
    timestamp, unix = envelope_times(now)
    venue_id = incoming.order.venue_id
    return {
        "success": True,
        "message": "Order created",
        "data": {
            "id": order_id,
            "venue_id": venue_id,
            "type": "CALL_CENTER_ORDER",
            "integration": "call_center_new",
            "integration_uuid": external[1],
            "integration_id": external[0],
            "customer_ref_id": external[2],
            "integration_status": "CREATED",
            "status": "PENDING",
            "created_at": created_at,
            "updated_at": created_at,
            "integration_response": None,
            "payload": {
                "id": order_id,
                "venue_id": venue_id,
                "status": status,
                "created_at": created_at,
                "updated_at": created_at,
                "totals": totals,
                "warnings": checked.warnings,
            },
        },
        "time": max(0, now_micros() - incoming.started) // 1_000,
        "timestamp": timestamp,
        "unix": unix,
    }


def _events(
    incoming: Incoming,
    checked: Checked,
    order_id: int,
    status: str,
    totals: dict[str, Any],
    integration_id: str | None,
) -> tuple[list[str], list[str]]:
    """The types and the bodies of the events that the order begins with; they name no person."""
    order, caller = incoming.order, incoming.caller
    created = {
        "id": order_id,
        "venue_id": order.venue_id,
        "sale_type_id": order.sale_type_id,
        "customer_id": order.customer.id,
        "client_id": caller.client_id,
        "order_number": order.order_number or None,
        "integration_id": integration_id,
        "needs_attention": False,
        "totals": totals,
        "status": "PENDING",
        "actor": caller.actor,
        "terminal_id": None,
    }
    types, bodies = ["order.created"], [_encoder.encode(created).decode()]
    if checked.accepted:
        received = {**created, "status": status, "actor": "automatic", "terminal_id": checked.terminal_id}
        types.append("order.received")
        bodies.append(_encoder.encode(received).decode())
    return types, bodies
