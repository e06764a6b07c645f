"""Step 5: many planned orders in one transaction, each whole or not at all, none harming its neighbours.

Locks are taken in one global order, each kind sorted by brand and key: idempotency keys, claims, guest phones,
stop-list rows, venue counters last. What a refused order had claimed is taken back before the commit.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec
from msgspec import Struct, field
from sqlalchemy import and_, bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert as insert_unless_present

from comanda.base import limits
from comanda.base.clock import Micros
from comanda.base.json import to_json
from comanda.orders.model import (
    AlreadyStored,
    Claim,
    Guest,
    KeyedRequest,
    KeyReused,
    OrderId,
    Placed,
    PlaceOutcome,
    PlannedOrder,
    Refused,
    Replayed,
    Shortage,
)
from comanda.store.event_log import NewEvent, append_events
from comanda.store.order_rows import SELECT_ORDER, order_of, row_of
from comanda.store.tables import (
    brands,
    customers,
    idempotency,
    order_claims,
    orders,
    stop_list,
    stop_list_holds,
)
from comanda.store.transaction import (
    InsertMany,
    Query,
    Row,
    RunAgain,
    SelectMany,
    Statement,
    Transaction,
    each,
    many,
    one,
)

MILLI: Final = 1_000
"""Stop-list quantities are kept in thousandths of a unit."""


class _Entry(Struct):
    """A planned order on its way through the transaction."""

    planned: PlannedOrder
    outcome: PlaceOutcome | None = None
    claimed_key: bool = False
    claimed: list[Claim] = field(default_factory=list)
    customer_id: int = 0
    unknown_customer: bool = False
    holds: list[Row] = field(default_factory=list)

    @property
    def alive(self) -> bool:
        return self.outcome is None


def commit_orders(batch: Sequence[PlannedOrder], now: Micros) -> Transaction[list[PlaceOutcome]]:
    """Store the orders of one batch and everything they cause; an outcome for each, in the order given.

    No two orders of a batch may share an idempotency key or a claim of one client; the gate in front sees to it.
    """
    entries = [_Entry(planned) for planned in batch]
    yield from _claim_keys(entries, now)
    yield from _claim_names(entries, now)
    created = yield from _find_customers(entries, now)
    yield from _take_from_stop_lists(entries, now)
    yield from _give_back(entries, created)
    stored = [entry for entry in entries if entry.alive]
    yield from _insert(stored)
    for entry in stored:
        entry.outcome = Placed()
    return [entry.outcome for entry in entries if entry.outcome is not None]


def _claim_keys(entries: list[_Entry], now: Micros) -> Transaction[None]:
    keyed = {_key_of(entry): entry for entry in entries if entry.planned.keyed}
    if not keyed:
        return
    claimed = yield many(INSERT_KEY, [_record(keyed[key]) for key in sorted(keyed)])
    for brand_id, actor, key in claimed:
        keyed[brand_id, actor, key].claimed_key = True
    if len(claimed) == len(keyed):
        return
    for _, entry in sorted(keyed.items()):
        if not entry.claimed_key:
            yield from _settle_taken_key(entry, now)


def _settle_taken_key(entry: _Entry, now: Micros) -> Transaction[None]:
    assert entry.planned.keyed is not None
    rows = yield one(LOCK_KEY, **_key_row(entry))
    if not rows:
        raise RunAgain
    status, body, order_id, expires_at, request_sha256 = rows[0]
    if expires_at <= now:
        yield renew_key(_record(entry))
        entry.claimed_key = True
    elif request_sha256 != entry.planned.keyed.request_sha256:
        entry.outcome = KeyReused()
    else:
        entry.outcome = Replayed(status, body, OrderId(order_id), Micros(expires_at))


def _claim_names(entries: list[_Entry], now: Micros) -> Transaction[None]:
    wanted = {
        (entry.planned.brand_id, entry.planned.client.id, claim.kind, claim.value): (entry, claim)
        for entry in entries
        if entry.alive
        for claim in entry.planned.claims
    }
    if not wanted:
        return
    rows = [_claim_row(entry.planned, claim) for _, (entry, claim) in sorted(wanted.items(), key=lambda pair: pair[0])]
    for brand_id, client_id, kind, value in (yield many(_INSERT_CLAIM, rows)):
        entry, claim = wanted.pop((brand_id, client_id, kind, value))
        entry.claimed.append(claim)
    for _, (entry, claim) in sorted(wanted.items(), key=lambda pair: pair[0]):
        yield from _settle_taken_claim(entry, claim, now)


def _settle_taken_claim(entry: _Entry, claim: Claim, now: Micros) -> Transaction[None]:
    planned = entry.planned
    held = yield one(
        LOCK_CLAIM, brand_id=planned.brand_id, client_id=planned.client.id, kind=claim.kind, value=claim.value
    )
    if not held:
        raise RunAgain
    content_sha256, order_id, claimed_at = held[0]
    if claim_lapsed(claim, claimed_at, now):
        row = zip(_INSERT_CLAIM.columns, _claim_row(planned, claim), strict=True)
        yield one(_RENEW_CLAIM, **{f"p_{column.name}": value for column, value in row})
        entry.claimed.append(claim)
    elif entry.alive:
        found = yield one(SELECT_ORDER_BY_ID, brand_id=planned.brand_id, id=order_id)
        entry.outcome = AlreadyStored(order_of(found[0]), claim, content_sha256 == claim.content_sha256)


def claim_lapsed(claim: Claim, claimed_at: int, now: Micros) -> bool:
    """Whether an earlier claim no longer stands in the way."""
    return claim.window_s is not None and claimed_at + claim.window_s * 1_000_000 <= now


def _find_customers(entries: list[_Entry], now: Micros) -> Transaction[set[tuple[str, int]]]:
    """Check stated customers and match guests; the customers created are returned."""
    alive = [entry for entry in entries if entry.alive]
    stated = {(e.planned.brand_id, e.planned.priced.checked.request.customer.id) for e in alive}
    found = {tuple(row) for row in (yield many(SELECT_CUSTOMER, sorted(who for who in stated if who[1])))}
    for entry in alive:
        entry.customer_id = entry.planned.priced.checked.request.customer.id
        if entry.customer_id and (entry.planned.brand_id, entry.customer_id) not in found:
            entry.unknown_customer = True
    created: set[tuple[str, int]] = set()
    guests: dict[tuple[str, str], int] = {}
    for entry in sorted((entry for entry in alive if entry.planned.guest), key=_guest_order):
        planned, guest = entry.planned, entry.planned.guest
        assert guest is not None
        who = (planned.brand_id, guest.phone_e164)
        if who not in guests:
            guests[who], fresh = yield from _match_guest(planned.brand_id, guest, now)
            created |= {(planned.brand_id, guests[who])} if fresh else set()
        entry.customer_id = guests[who]
    return created


def _guest_order(entry: _Entry) -> tuple[str, str]:
    guest = entry.planned.guest
    return entry.planned.brand_id, guest.phone_e164 if guest else ""


def _match_guest(brand_id: str, guest: Guest, now: Micros) -> Transaction[tuple[int, bool]]:
    """The customer with the guest's phone, inserted if there is none; and whether it is new."""
    known = yield one(_SELECT_BY_PHONE, brand_id=brand_id, phone_e164=guest.phone_e164)
    if known:
        return int(known[0][0]), False
    taken = yield one(_TAKE_GUEST_ID, p_brand_id=brand_id)
    inserted = yield one(
        _INSERT_GUEST,
        brand_id=brand_id,
        id=int(taken[0][0]) - 1,
        name=guest.name,
        phone=guest.phone,
        phone_e164=guest.phone_e164,
        address=guest.address,
        email=None,
        active=True,
        created_at=now,
        updated_at=now,
    )
    if inserted:
        return int(inserted[0][0]), True
    known = yield one(_SELECT_BY_PHONE, brand_id=brand_id, phone_e164=guest.phone_e164)
    return int(known[0][0]), False


def _take_from_stop_lists(entries: list[_Entry], now: Micros) -> Transaction[None]:
    """Lock the rows of every product wanted, then let each order have all it wants or nothing."""
    wanted = sorted(
        {
            (entry.planned.brand_id, entry.planned.venue_id, product_id)
            for entry in entries
            if entry.alive
            for product_id in entry.planned.demand
        }
    )
    rows = yield many(LOCK_STOP_LIST, wanted)
    left = {(row[0], row[1], row[2]): int(row[3]) for row in rows}
    versions = {(row[0], row[1], row[2]): int(row[4]) for row in rows}
    before = dict(left)
    for entry in entries:
        if entry.alive:
            _take(entry, left, versions)
    changed = [key for key in sorted(left) if left[key] != before[key]]
    yield each(
        SET_STOP_LIST,
        [
            {"p_brand_id": key[0], "p_venue_id": key[1], "p_product_id": key[2], "p_left": left[key], "p_now": now}
            for key in changed
        ],
    )


def _take(entry: _Entry, left: dict[tuple[str, int, int], int], versions: dict[tuple[str, int, int], int]) -> None:
    planned = entry.planned
    needs = {}
    for product_id, count in planned.demand.items() if left else ():
        key = (planned.brand_id, planned.venue_id, product_id)
        if key in left:
            needs[key] = int(count * MILLI)
    shortages = tuple(Shortage(key[2], Decimal(left[key]) / MILLI) for key, need in needs.items() if left[key] < need)
    if shortages or entry.unknown_customer:
        entry.outcome = Refused(entry.unknown_customer, shortages)
        return
    for key, need in needs.items():
        left[key] -= need
        entry.holds.append((planned.brand_id, planned.id, key[2], planned.venue_id, need, versions[key]))


def _give_back(entries: list[_Entry], created: set[tuple[str, int]]) -> Transaction[None]:
    """Undo what orders that are not stored had claimed: keys, names, and guests nobody else is."""
    dead = [entry for entry in entries if not entry.alive]
    if not dead:
        return
    yield each(_DELETE_KEY, [_key_row(entry) for entry in dead if entry.claimed_key])
    claims = [(entry.planned, claim) for entry in dead for claim in entry.claimed]
    yield each(
        _DELETE_CLAIM,
        [
            {"brand_id": p.brand_id, "client_id": p.client.id, "kind": c.kind, "value": c.value, "order_id": p.id}
            for p, c in claims
        ],
    )
    kept = {(entry.planned.brand_id, entry.customer_id) for entry in entries if entry.alive}
    orphans = sorted(created - kept)
    yield each(_DELETE_GUEST, [{"brand_id": brand_id, "id": customer_id} for brand_id, customer_id in orphans])


def _insert(stored: list[_Entry]) -> Transaction[None]:
    yield many(INSERT_ORDER, [row_of(entry.planned, entry.customer_id) for entry in stored])
    yield many(_INSERT_HOLD, [hold for entry in stored for hold in entry.holds])
    by_venue: dict[tuple[str, int], list[NewEvent]] = {}
    for entry in stored:
        planned = entry.planned
        events = by_venue.setdefault((planned.brand_id, planned.venue_id), [])
        for sequence, event in enumerate(planned.events, start=1):
            data = _with_customer(event.data, entry) if planned.guest else event.data
            events.append(NewEvent(planned.id, sequence, event.type, data, planned.created_at))
    yield from append_events(by_venue)


def _with_customer(data: str, entry: _Entry) -> str:
    """An event names the customer that the transaction found for a guest."""
    parts: dict[str, Any] = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    return to_json({**parts, "customer_id": entry.customer_id}).decode()


def _key_of(entry: _Entry) -> tuple[str, str, str]:
    keyed = entry.planned.keyed
    assert keyed is not None
    return entry.planned.brand_id, keyed.actor, keyed.key


def _key_row(entry: _Entry) -> dict[str, Any]:
    brand_id, actor, key = _key_of(entry)
    return {"brand_id": brand_id, "actor": actor, "key": key}


def _record(entry: _Entry) -> Row:
    planned = entry.planned
    assert planned.keyed is not None
    return key_record(planned.brand_id, planned.keyed, 201, planned.answer, planned.id, planned.created_at)


def key_record(brand_id: str, keyed: KeyedRequest, status: int, body: str, order_id: int, created_at: Micros) -> Row:
    """A row of `idempotency`: the answer kept under a key for the stated window."""
    expires_at = created_at + limits.IDEMPOTENCY_WINDOW_S * 1_000_000
    return (brand_id, keyed.actor, keyed.key, keyed.request_sha256, status, body, order_id, expires_at)


def renew_key(record: Row) -> Query:
    """Put another answer under a key that this transaction holds."""
    row = zip(INSERT_KEY.columns, record, strict=True)
    return one(_RENEW_KEY, **{f"p_{column.name}": value for column, value in row})


def _claim_row(planned: PlannedOrder, claim: Claim) -> Row:
    """A row of `order_claims`."""
    client_id, content = planned.client.id, claim.content_sha256
    return (planned.brand_id, client_id, claim.kind, claim.value, content, planned.id, planned.created_at)


def replay_of(rows: list[Row], request_sha256: str, now: Micros) -> Replayed | KeyReused | None:
    """What a key's record says about a request; rows are as `SELECT_KEY` returns them."""
    if not rows or rows[0][3] <= now:
        return None
    status, body, order_id, expires_at, kept_sha256 = rows[0]
    if kept_sha256 != request_sha256:
        return KeyReused()
    return Replayed(status, body, OrderId(order_id), Micros(expires_at))


_KEY = and_(
    idempotency.c.brand_id == bindparam("brand_id"),
    idempotency.c.actor == bindparam("actor"),
    idempotency.c.key == bindparam("key"),
)
_P_KEY = and_(
    idempotency.c.brand_id == bindparam("p_brand_id"),
    idempotency.c.actor == bindparam("p_actor"),
    idempotency.c.key == bindparam("p_key"),
)
_CLAIM = and_(
    order_claims.c.brand_id == bindparam("brand_id"),
    order_claims.c.client_id == bindparam("client_id"),
    order_claims.c.kind == bindparam("kind"),
    order_claims.c.value == bindparam("value"),
)
_P_CLAIM = and_(
    order_claims.c.brand_id == bindparam("p_brand_id"),
    order_claims.c.client_id == bindparam("p_client_id"),
    order_claims.c.kind == bindparam("p_kind"),
    order_claims.c.value == bindparam("p_value"),
)
INSERT_KEY = InsertMany(
    idempotency,
    lambda insert: insert.on_conflict_do_nothing().returning(
        idempotency.c.brand_id, idempotency.c.actor, idempotency.c.key
    ),
)
_kept = select(
    idempotency.c.status,
    idempotency.c.body,
    idempotency.c.order_id,
    idempotency.c.expires_at,
    idempotency.c.request_sha256,
).where(_KEY)
SELECT_KEY = Statement(_kept)
LOCK_KEY = Statement(_kept.with_for_update())
_RENEW_KEY = Statement(
    update(idempotency)
    .where(_P_KEY)
    .values(
        request_sha256=bindparam("p_request_sha256"),
        status=bindparam("p_status"),
        body=bindparam("p_body"),
        order_id=bindparam("p_order_id"),
        expires_at=bindparam("p_expires_at"),
    ),
    returns=False,
)
_DELETE_KEY = Statement(delete(idempotency).where(_KEY), returns=False)
_INSERT_CLAIM = InsertMany(
    order_claims,
    lambda insert: insert.on_conflict_do_nothing().returning(
        order_claims.c.brand_id, order_claims.c.client_id, order_claims.c.kind, order_claims.c.value
    ),
)
_held = select(order_claims.c.content_sha256, order_claims.c.order_id, order_claims.c.claimed_at).where(_CLAIM)
SELECT_CLAIM = Statement(_held)
LOCK_CLAIM = Statement(_held.with_for_update())
_RENEW_CLAIM = Statement(
    update(order_claims)
    .where(_P_CLAIM)
    .values(
        content_sha256=bindparam("p_content_sha256"),
        order_id=bindparam("p_order_id"),
        claimed_at=bindparam("p_claimed_at"),
    ),
    returns=False,
)
_DELETE_CLAIM = Statement(
    delete(order_claims).where(_CLAIM, order_claims.c.order_id == bindparam("order_id")), returns=False
)
SELECT_ORDER_BY_ID = Statement(
    SELECT_ORDER.where(orders.c.brand_id == bindparam("brand_id"), orders.c.id == bindparam("id"))
)
_who = (customers.c.brand_id, customers.c.id)
SELECT_CUSTOMER = SelectMany(_who, _who, customers.c.active)
_SELECT_BY_PHONE = Statement(
    select(customers.c.id).where(
        customers.c.brand_id == bindparam("brand_id"), customers.c.phone_e164 == bindparam("phone_e164")
    )
)
_TAKE_GUEST_ID = Statement(
    update(brands)
    .where(brands.c.brand_id == bindparam("p_brand_id"))
    .values(next_guest_id=brands.c.next_guest_id + 1)
    .returning(brands.c.next_guest_id)
)
_INSERT_GUEST = Statement(insert_unless_present(customers).on_conflict_do_nothing().returning(customers.c.id))
_DELETE_GUEST = Statement(
    delete(customers).where(customers.c.brand_id == bindparam("brand_id"), customers.c.id == bindparam("id")),
    returns=False,
)
_listed = (stop_list.c.brand_id, stop_list.c.venue_id, stop_list.c.product_id)
_left = (*_listed, stop_list.c.quantity_milli, stop_list.c.version)
SELECT_STOP_LIST = SelectMany(_left, _listed)
LOCK_STOP_LIST = SelectMany(_left, _listed, lock=True)
SET_STOP_LIST = Statement(
    update(stop_list)
    .where(
        stop_list.c.brand_id == bindparam("p_brand_id"),
        stop_list.c.venue_id == bindparam("p_venue_id"),
        stop_list.c.product_id == bindparam("p_product_id"),
    )
    .values(quantity_milli=bindparam("p_left"), updated_at=bindparam("p_now")),
    returns=False,
)
INSERT_ORDER = InsertMany(orders)
_INSERT_HOLD = InsertMany(stop_list_holds)
