"""Idempotency records (contract 14.2): taken first in a transaction, committed with what it does."""

from collections.abc import Callable

from comanda.base import limits
from comanda.base.clock import Micros
from comanda.orders.gate import request_in_progress
from comanda.orders.model import KeyedRequest, KeyReused, OrderId, Replayed
from comanda.store.order_statements import INSERT_KEY, LOCK_KEY, RENEW_KEY, SELECT_KEY
from comanda.store.transaction import Query, Row, RunAgain, StillHeld, Transaction, many, one


def find_replay(brand_id: str, keyed: KeyedRequest, now: Micros) -> Transaction[Replayed | KeyReused | None]:
    """What is kept under an idempotency key."""
    rows = yield one(SELECT_KEY, brand_id=brand_id, actor=keyed.actor, key=keyed.key)
    return replay_of(rows, keyed.request_sha256, now)


def claim_key(brand_id: str, keyed: KeyedRequest, now: Micros) -> Transaction[Replayed | KeyReused | None]:
    """Take the key for this transaction, waiting for another that holds it; or what is kept under it.

    Raises ComandaError ``request_in_progress`` when another process still works under it.
    """
    try:
        claimed = yield many(INSERT_KEY, [key_record(brand_id, keyed, 200, "", 0, now)])
        if claimed:
            return None
        kept = yield one(LOCK_KEY, brand_id=brand_id, actor=keyed.actor, key=keyed.key)
    except StillHeld as held:
        raise request_in_progress() from held
    if not kept:
        raise RunAgain
    return replay_of(kept, keyed.request_sha256, now)


def under_key(
    brand_id: str,
    keyed: KeyedRequest | None,
    work: Callable[[], Transaction[bytes]],
    now: Micros,
    *,
    status: int = 200,
) -> Transaction[bytes | Replayed | KeyReused]:
    """Do something once under a key and keep the answer it gives; without a key just do it."""
    if keyed is None:
        return (yield from work())
    known = yield from claim_key(brand_id, keyed, now)
    if known is not None:
        return known
    body = yield from work()
    yield renew_key(key_record(brand_id, keyed, status, body.decode(), 0, now))
    return body


def keep_answer(brand_id: str, keyed: KeyedRequest, order_id: int, body: bytes, now: Micros) -> Transaction[None]:
    """Keep the answer under a key that this transaction holds."""
    yield renew_key(key_record(brand_id, keyed, 200, body.decode(), order_id, now))


def key_record(brand_id: str, keyed: KeyedRequest, status: int, body: str, order_id: int, created_at: Micros) -> Row:
    """A row of `idempotency`: the answer kept under a key for the stated window."""
    expires_at = created_at + limits.IDEMPOTENCY_WINDOW_S * 1_000_000
    return (brand_id, keyed.actor, keyed.key, keyed.request_sha256, status, body, order_id, expires_at)


def renew_key(record: Row) -> Query:
    """Put another answer under a key that this transaction holds."""
    row = zip(INSERT_KEY.columns, record, strict=True)
    return one(RENEW_KEY, **{f"p_{column.name}": value for column, value in row})


def replay_of(rows: list[Row], request_sha256: str, now: Micros) -> Replayed | KeyReused | None:
    """What a key's record says about a request; rows are as `SELECT_KEY` returns them."""
    if not rows or rows[0][3] <= now:
        return None
    status, body, order_id, expires_at, kept_sha256 = rows[0]
    if kept_sha256 != request_sha256:
        return KeyReused()
    return Replayed(status, body, OrderId(order_id), Micros(expires_at))
