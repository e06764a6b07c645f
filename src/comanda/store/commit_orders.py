"""Step 5: many planned orders in one transaction, each whole or not at all, none harming its neighbours.

Locks are taken in one global order, each kind sorted by brand and key: idempotency keys, claims, guest phones,
stop-list rows, daily numbers, row counts, venue counters last. What a refused order had claimed is taken back before
the commit.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import uuid4

from msgspec import Struct, field
from msgspec.structs import replace

from comanda.base.clock import Micros
from comanda.base.json import number_json, to_json
from comanda.catalogue.customer_names import folded, searched_digits
from comanda.orders.cards import with_values
from comanda.orders.dossier import numbered
from comanda.orders.model import (
    AlreadyStored,
    Claim,
    Guest,
    KeyReused,
    OrderId,
    Placed,
    PlaceOutcome,
    PlannedEvent,
    PlannedOrder,
    Refused,
    Replayed,
    Shortage,
)
from comanda.store.counts import add_counts
from comanda.store.event_log import NewEvent, NewPrint, append_events
from comanda.store.keys import key_record, renew_key
from comanda.store.numbering import take_numbers
from comanda.store.order_rows import deadline_row, line_rows, order_of, order_row, receipt_row, ticket_row
from comanda.store.order_statements import (
    DELETE_CLAIM,
    DELETE_GUEST,
    DELETE_KEY,
    INSERT_CLAIM,
    INSERT_DEADLINE,
    INSERT_GUEST,
    INSERT_HOLD,
    INSERT_KEY,
    INSERT_ORDER,
    INSERT_RECEIPT,
    INSERT_TICKET,
    INSERT_TICKET_LINE,
    LOCK_CLAIM,
    LOCK_KEY,
    LOCK_STOP_LIST,
    MILLI,
    RENEW_CLAIM,
    REVIVE_CUSTOMER,
    SELECT_BY_PHONE,
    SELECT_CUSTOMER,
    SELECT_ORDER_BY_ID,
    SET_STOP_LIST,
    TAKE_GUEST_ID,
)
from comanda.store.transaction import Row, RunAgain, Transaction, each, many, one

StopListLeft = dict[tuple[str, int, int], int]


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
    left = yield from _take_from_stop_lists(entries, now)
    yield from _give_back(entries, created)
    stored = [entry for entry in entries if entry.alive]
    yield from _number_receipts(stored)
    yield from _insert(stored)
    yield from _count(stored)
    yield from _tell(stored, left, now)
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
    for brand_id, client_id, kind, value in (yield many(INSERT_CLAIM, rows)):
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
        row = zip(INSERT_CLAIM.columns, _claim_row(planned, claim), strict=True)
        yield one(RENEW_CLAIM, **{f"p_{column.name}": value for column, value in row})
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
    stated = {(e.planned.brand_id, e.planned.order.customer_id) for e in alive}
    found = {tuple(row) for row in (yield many(SELECT_CUSTOMER, sorted(who for who in stated if who[1])))}
    for entry in alive:
        entry.customer_id = entry.planned.order.customer_id
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
        entry.planned = _for_customer(planned, guests[who])
    return created


def _for_customer(planned: PlannedOrder, customer_id: int) -> PlannedOrder:
    """The order of a guest, once the transaction knows who that is; events name the customer by id too."""
    told = [replace(event, data=with_values(event.data, {"customer_id": customer_id})) for event in planned.events]
    return replace(
        planned,
        order=replace(planned.order, customer_id=customer_id),
        receipt=planned.receipt and replace(planned.receipt, customer_id=customer_id),
        events=tuple(told),
    )


def _guest_order(entry: _Entry) -> tuple[str, str]:
    guest = entry.planned.guest
    return entry.planned.brand_id, guest.phone_e164 if guest else ""


def _match_guest(brand_id: str, guest: Guest, now: Micros) -> Transaction[tuple[int, bool]]:
    """The customer with the guest's phone, inserted if there is none; and whether it is new."""
    known = yield one(SELECT_BY_PHONE, brand_id=brand_id, phone_e164=guest.phone_e164)
    if known:
        if not known[0][1]:
            # A retired customer who orders again is one: else nobody would find them by their number.
            yield one(REVIVE_CUSTOMER, p_brand_id=brand_id, p_id=int(known[0][0]), p_now=now)
        return int(known[0][0]), False
    taken = yield one(TAKE_GUEST_ID, p_brand_id=brand_id)
    inserted = yield one(
        INSERT_GUEST,
        brand_id=brand_id,
        id=int(taken[0][0]) - 1,
        name=guest.name,
        name_folded=folded(guest.name),
        phone=guest.phone,
        phone_e164=guest.phone_e164,
        phone_digits=searched_digits((guest.phone, guest.phone_e164)),
        address=guest.address,
        email=None,
        cid=str(uuid4()),
        active=True,
        created_at=now,
        updated_at=now,
    )
    if inserted:
        return int(inserted[0][0]), True
    known = yield one(SELECT_BY_PHONE, brand_id=brand_id, phone_e164=guest.phone_e164)
    return int(known[0][0]), False


def _take_from_stop_lists(entries: list[_Entry], now: Micros) -> Transaction[StopListLeft]:
    """Lock the rows of every product wanted, then let each order have all it wants or nothing.

    Returns what is left, in thousandths, of the products whose quantity changed.
    """
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
    return {key: left[key] for key in changed}


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
    yield each(DELETE_KEY, [_key_row(entry) for entry in dead if entry.claimed_key])
    claims = [(entry.planned, claim) for entry in dead for claim in entry.claimed]
    yield each(
        DELETE_CLAIM,
        [
            {"brand_id": p.brand_id, "client_id": p.client.id, "kind": c.kind, "value": c.value, "order_id": p.id}
            for p, c in claims
        ],
    )
    kept = {(entry.planned.brand_id, entry.customer_id) for entry in entries if entry.alive}
    orphans = sorted(created - kept)
    yield each(DELETE_GUEST, [{"brand_id": brand_id, "id": customer_id} for brand_id, customer_id in orphans])


def _number_receipts(stored: list[_Entry]) -> Transaction[None]:
    """Give receipts without a number the next ones of their venue's day."""
    wanting = [e for e in stored if e.planned.receipt is not None and not e.planned.receipt.order_number]
    if not wanting:
        return
    numbers = yield from take_numbers([e.planned.receipt for e in wanting if e.planned.receipt is not None])
    for entry in wanting:
        planned = entry.planned
        assert planned.receipt is not None
        number = numbers[planned.receipt.id]
        receipt, tickets, events = numbered(planned.receipt, planned.tickets, planned.events, number)
        entry.planned = replace(planned, receipt=receipt, tickets=tickets, events=events)


def _insert(stored: list[_Entry]) -> Transaction[None]:
    planned = [entry.planned for entry in stored]
    yield many(INSERT_ORDER, [order_row(replace(p.order, event_sequence=len(p.events)), p.phone_e164) for p in planned])
    yield many(INSERT_HOLD, [hold for entry in stored for hold in entry.holds])
    yield many(INSERT_RECEIPT, [receipt_row(p.receipt) for p in planned if p.receipt is not None])
    tickets = [ticket for p in planned for ticket in p.tickets]
    yield many(INSERT_TICKET, [ticket_row(ticket) for ticket in tickets])
    yield many(INSERT_TICKET_LINE, [row for ticket in tickets for row in line_rows(ticket)])
    yield many(
        INSERT_DEADLINE,
        [deadline_row(p.order, step.number, step.due_at, step.action) for p in planned for step in p.deadline],
    )


def _count(stored: list[_Entry]) -> Transaction[None]:
    planned = [entry.planned for entry in stored]
    yield from add_counts([*(p.order for p in planned), *(p.receipt for p in planned if p.receipt is not None)])


def _tell(stored: list[_Entry], left: StopListLeft, now: Micros) -> Transaction[None]:
    """Append the events of every order, then what the batch took from stop lists, a product at most once."""
    by_venue: dict[tuple[str, int], list[NewEvent]] = {}
    for entry in stored:
        planned = entry.planned
        events = by_venue.setdefault((planned.brand_id, planned.venue_id), [])
        at = planned.created_at
        events += [new_event(planned.id, n, event, at) for n, event in enumerate(planned.events, start=1)]
    for (brand_id, venue_id, product_id), quantity_milli in left.items():
        event = stop_list_event(venue_id, product_id, quantity_milli, "orders", now)
        by_venue.setdefault((brand_id, venue_id), []).append(event)
    yield from append_events(by_venue)


def new_event(order_id: int, sequence: int, event: PlannedEvent, at: Micros) -> NewEvent:
    """An event of an order, as the log takes it."""
    paper = event.paper
    prints = None
    if paper is not None:
        ticket = paper.ticket
        prints = NewPrint(paper.printer_id, ticket.order_id, ticket.station_id, ticket.revision, paper.kind)
    return NewEvent(order_id, sequence, event.type, event.actor, event.data, at, prints)


def stop_list_event(venue_id: int, product_id: int, quantity_milli: int | None, actor: str, now: Micros) -> NewEvent:
    """What is left of a product at a venue, in units; null when it has no limit any more."""
    quantity = None if quantity_milli is None else number_json(Decimal(quantity_milli) / MILLI)
    data = {"venue_id": venue_id, "product_id": product_id, "quantity": quantity}
    return NewEvent(None, None, "stop_list.changed", actor, to_json(data).decode(), now)


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


def _claim_row(planned: PlannedOrder, claim: Claim) -> Row:
    """A row of `order_claims`."""
    client_id, content = planned.client.id, claim.content_sha256
    return (planned.brand_id, client_id, claim.kind, claim.value, content, planned.id, planned.created_at)
