"""Erasing persons: finding their orders, taking out what names them, step by step (contract 14.11).

Each function is one small transaction, so that no order waits long; run again, each finds nothing left to do. The
order of the steps makes an erasure that was broken off end well the next time: what a person is found by (the phone
on guests' orders, then the customer's row) goes last. Nothing here changes a number, a sum, an item or a time of an
order, and nothing appends an event.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from msgspec.structs import replace
from sqlalchemy import Select, bindparam, case, false, func, or_, select, tuple_, update
from sqlalchemy import text as literal_sql

from comanda.base import limits
from comanda.base.clock import Micros
from comanda.base.errors import SetupError
from comanda.catalogue.customer_names import digits_of
from comanda.catalogue.document import Changes
from comanda.orders.phone import normalise_phone
from comanda.orders.redact import (
    ERASED,
    redact_answer,
    redact_customer_answer,
    redact_event,
    redact_lines,
    redact_payload,
    redact_refusal,
)
from comanda.store.audit import AuditEntry, take_audit_numbers, write_audit
from comanda.store.catalogue import ADMINISTRATION
from comanda.store.customers import KeptCustomer, PhonedCustomer, find_kept, find_named, put_customers
from comanda.store.tables import brands, customers, events, idempotency, orders, tickets
from comanda.store.transaction import Row, SelectMany, Statement, Transaction, each, many, one

GUEST: Final = "guest"
"""What the audit log calls a person who is no customer."""


class Person(NamedTuple):
    """Whose data is meant: a customer, the phones under which guests' orders are theirs, or both.

    ``phones`` are E.164; ``digits`` are those of numbers that cannot be brought into that form.
    """

    customer: KeptCustomer | None
    phones: tuple[str, ...]
    digits: tuple[str, ...] = ()

    @property
    def customer_id(self) -> int:
        """0 for a guest."""
        return 0 if self.customer is None else self.customer.customer.id


class PersonsOrder(NamedTuple):
    """An order of a person."""

    id: int
    open: bool


class Redacted(NamedTuple):
    """How many rows were changed."""

    orders: int = 0
    tickets: int = 0
    events: int = 0
    answers: int = 0
    customers: int = 0

    def plus(self, other: "Redacted") -> "Redacted":
        """Both together."""
        return Redacted(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


def find_person(brand_id: str, customer_id: int | None, phone: str | None) -> Transaction[Person]:
    """A customer by id or phone; or the guest with a phone that no customer has.

    A phone that has no E.164 is looked for by its digits. Raises SetupError for an unknown brand or customer, a phone
    without digits, and one that several share.
    """
    region = yield from _region(brand_id)
    if phone is not None:
        if not digits_of(phone):
            raise SetupError("that is no phone number; write it as +994501234567")
        customer_id = yield from _customer_with(brand_id, phone, region)
    if customer_id is None:
        return Person(None, *_phones_of([phone or ""], region))
    kept = (yield from find_kept(brand_id, [customer_id])).get(customer_id)
    if kept is None:
        raise SetupError(f"there is no customer {customer_id}")
    spelled = (kept.phone_e164, kept.customer.phone, *kept.customer.phones)
    return Person(kept, *_phones_of([number for number in spelled if number], region))


def orders_of_customer(brand_id: str, customer_id: int, after: int) -> Transaction[list[PersonsOrder]]:
    """The next of a customer's orders by id; none when there are no more."""
    rows = yield one(
        _SELECT_OF_CUSTOMER, brand_id=brand_id, customer_id=customer_id, after=after, amount=limits.PURGE_STEP
    )
    return [PersonsOrder(int(row[0]), bool(row[1])) for row in rows]


def orders_of_guest(brand_id: str, person: Person, after: int) -> Transaction[tuple[list[PersonsOrder], int | None]]:
    """The orders that guests made under a person's phones among the brand's next ones, and where to go on.

    Phones of orders have no index, for the intake's sake: all of a brand's orders are looked through, a page at a time.
    """
    ends = yield one(_SELECT_PAGE_END, brand_id=brand_id, after=after, amount=limits.ORDER_SCAN)
    until = ends[0][0]
    if until is None:
        return [], None
    rows = yield one(_select_of_phones(brand_id, person, after, int(until)))
    found = [row for row in rows if row[2] is not None or digits_of(_phone_in(row[3])) in person.digits]
    return [PersonsOrder(int(row[0]), bool(row[1])) for row in found], int(until)


def redact_orders(brand_id: str, ids: Iterable[int]) -> Transaction[Redacted]:
    """Redact some orders with their tickets and events, under the orders' locks; their phones stay for now."""
    keys = [(brand_id, order_id) for order_id in sorted(set(ids))]
    found = {int(row[0]): row for row in (yield many(_LOCK_ORDERS, keys))}
    changed = [_order_values(brand_id, row) for row in found.values()]
    changed_orders = [values for values in changed if values is not None]
    yield each(_SET_ORDER, changed_orders)
    changed_tickets = yield from _redact_tickets(brand_id, keys)
    changed_events = yield from _redact_events(brand_id, keys)
    return Redacted(len(changed_orders), changed_tickets, changed_events)


def kept_answers(brand_id: str, after: tuple[str, str]) -> Transaction[list[tuple[str, str, int]]]:
    """The brand's next idempotency records: actor, key and order; none when there are no more."""
    rows = yield one(
        _SELECT_KEYS, brand_id=brand_id, after_actor=after[0], after_key=after[1], amount=limits.PURGE_STEP
    )
    return [(row[0], row[1], int(row[2])) for row in rows]


def redact_answers(brand_id: str, names: Iterable[tuple[str, str]], customer_id: int = 0) -> Transaction[Redacted]:
    """Redact what is kept under some keys: the answers about orders, and those that show a customer."""
    rows = yield many(_LOCK_KEYS, sorted({(brand_id, actor, key) for actor, key in names}))
    changed = []
    for actor, key, order_id, before in dict.fromkeys(map(tuple, rows)):
        after = redact_answer(before) if order_id else redact_customer_answer(before, customer_id)
        if after != before:
            changed.append({"p_brand_id": brand_id, "p_actor": actor, "p_key": key, "p_body": after})
    yield each(_SET_KEY, changed)
    return Redacted(answers=len(changed))


def forget_phones(brand_id: str, ids: Iterable[int]) -> Transaction[None]:
    """Take the searchable phone off some orders: the last step, since guests' orders are found by it."""
    yield each(_FORGET_PHONE, [{"p_brand_id": brand_id, "p_id": order_id} for order_id in sorted(set(ids))])


def erase_customer(brand_id: str, person: Person, redacted: Redacted, now: Micros) -> Transaction[Redacted]:
    """Redact the customer's row and note the erasure in the audit log; not a word when there was nothing to do."""
    if redacted == Redacted() and not _differs((yield from _kept(brand_id, person.customer_id))):
        return Redacted()
    number = yield from take_audit_numbers(brand_id, 1)
    kept = yield from _kept(brand_id, person.customer_id)
    if kept is not None and _differs(kept):
        yield from put_customers(brand_id, [_nameless(kept)], number, {}, now, Changes())
    entry = AuditEntry("erased", "customers", str(person.customer_id or GUEST), None, None)
    yield from write_audit(brand_id, number, ADMINISTRATION, [entry], now)
    return Redacted(customers=int(_differs(kept)))


def _kept(brand_id: str, customer_id: int) -> Transaction[KeptCustomer | None]:
    if not customer_id:
        return None
    return (yield from find_kept(brand_id, [customer_id])).get(customer_id)


def _differs(kept: KeptCustomer | None) -> bool:
    """Whether the row still tells who the customer is."""
    return kept is not None and (_nameless(kept).customer != kept.customer or kept.phone_e164 is not None)


def _region(brand_id: str) -> Transaction[str]:
    rows = yield one(_SELECT_REGION, brand_id=brand_id)
    if not rows:
        raise SetupError(f"There is no brand {brand_id!r}; add it with: comanda brand add {brand_id}")
    region: str = rows[0][0]
    return region


def _customer_with(brand_id: str, phone: str, region: str) -> Transaction[int | None]:
    """The customer whose main phone this is, or else who has it among further ones."""
    e164 = normalise_phone(phone, region)
    named = (yield from find_named(brand_id, "phone_e164", [e164])) if e164 else {}
    if named:
        return next(iter(named.values()))
    rows = yield one(_SELECT_BY_DIGITS, brand_id=brand_id, pattern=f"% {digits_of(e164 or phone)} %")
    if len(rows) > 1:
        raise SetupError(f"customers {', '.join(str(row[0]) for row in rows)} have that phone; name one by id")
    return int(rows[0][0]) if rows else None


def _phones_of(numbers: Sequence[str], region: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Numbers in E.164, each once; and the digits of those that have none."""
    normalised = {number: normalise_phone(number, region) for number in numbers}
    digits = {digits_of(number) for number, e164 in normalised.items() if e164 is None}
    return tuple(sorted({e164 for e164 in normalised.values() if e164})), tuple(sorted(digits - {""}))


def _nameless(kept: KeptCustomer) -> PhonedCustomer:
    """The customer with nothing left but id, cid, group, venue, source and times."""
    nameless = replace(
        kept.customer,
        name=ERASED,
        active=False,
        phone=None,
        phones=(),
        address=None,
        email=None,
        code=None,
        description=None,
        gender=None,
        date_of_birth=None,
        reference_id=None,
    )
    return PhonedCustomer(nameless, phone_e164=None, phone_digits="")


def _order_values(brand_id: str, row: Row) -> dict[str, Any] | None:
    """What to write over an order; None when nothing in it names anybody."""
    order_id, payload, refusal, reference = row
    cleared = redact_payload(payload), None if refusal is None else redact_refusal(refusal)
    if cleared == (payload, refusal) and reference is None:
        return None
    return {"p_brand_id": brand_id, "p_id": order_id, "p_payload": cleared[0], "p_refusal": cleared[1]}


def _redact_tickets(brand_id: str, keys: Sequence[Row]) -> Transaction[int]:
    rows = yield many(_SELECT_TICKETS, keys)
    changed = {}
    for order_id, station_id, revision, comment, before in rows:
        after = redact_lines(before)
        if comment is not None or after != before:
            changed[order_id, station_id, revision] = after
    sets = [
        {"p_brand_id": brand_id, "p_order_id": o, "p_station_id": s, "p_revision": r, "p_lines": lines}
        for (o, s, r), lines in sorted(changed.items())
    ]
    yield each(_SET_TICKET, sets)
    return len(sets)


def _redact_events(brand_id: str, keys: Sequence[Row]) -> Transaction[int]:
    """Rewrite events in the order of their numbers, as they are purged, so that neither waits for the other."""
    rows = yield many(_SELECT_EVENTS, keys)
    changed = {}
    for venue_id, number, type_, before in rows:
        after = redact_event(type_, before)
        if after != before:
            changed[venue_id, number] = after
    sets = [
        {"p_brand_id": brand_id, "p_venue_id": venue_id, "p_number": number, "p_data": data}
        for (venue_id, number), data in sorted(changed.items())
    ]
    yield each(_SET_EVENT, sets)
    return len(sets)


def _phone_in(payload: str) -> str:
    phone: str = _PAYLOAD.decode(payload).customer.phone
    return phone


def _select_of_phones(brand_id: str, person: Person, after: int, until: int) -> Statement:
    """Built for one use: how many phones there are is part of its text, and whether payloads are read for more."""
    theirs = orders.c.phone_e164.in_(person.phones)
    unknown = orders.c.phone_e164.is_(None) if person.digits else false()
    payload = case((orders.c.phone_e164.is_(None), orders.c.payload))
    return Statement(
        select(orders.c.id, orders.c.open, orders.c.phone_e164, payload)
        .where(
            orders.c.brand_id == brand_id,
            orders.c.id > after,
            orders.c.id <= until,
            orders.c.customer_id == 0,
            or_(theirs, unknown),
        )
        .order_by(orders.c.id)
    )


def _page_of_orders() -> Select[Any]:
    return (
        select(orders.c.id)
        .where(orders.c.brand_id == bindparam("brand_id"), orders.c.id > bindparam("after"))
        .order_by(orders.c.id)
        .limit(bindparam("amount"))
    )


_SELECT_REGION = Statement(select(brands.c.region).where(brands.c.brand_id == bindparam("brand_id")))


class _Phoned(msgspec.Struct):
    phone: str


class _Payload(msgspec.Struct):
    """What is read of an order's payload to find whose it is."""

    customer: _Phoned


_PAYLOAD: Final = msgspec.json.Decoder(_Payload)
_SELECT_BY_DIGITS = Statement(
    select(customers.c.id)
    .where(customers.c.brand_id == bindparam("brand_id"), customers.c.phone_digits.like(bindparam("pattern")))
    .order_by(customers.c.id)
)
_SELECT_OF_CUSTOMER = Statement(
    select(orders.c.id, orders.c.open)
    .where(
        orders.c.brand_id == bindparam("brand_id"),
        orders.c.customer_id == bindparam("customer_id"),
        literal_sql("customer_id <> 0"),  # the condition of the index
        orders.c.id > bindparam("after"),
    )
    .order_by(orders.c.id)
    .limit(bindparam("amount"))
)
_SELECT_PAGE_END = Statement(select(func.max(_page_of_orders().subquery().c.id)))
_LOCK_ORDERS = SelectMany(
    (orders.c.id, orders.c.payload, orders.c.refusal, orders.c.customer_ref_id),
    (orders.c.brand_id, orders.c.id),
    lock=True,
)
_SELECT_TICKETS = SelectMany(
    (tickets.c.order_id, tickets.c.station_id, tickets.c.revision, tickets.c.comment, tickets.c.lines),
    (tickets.c.brand_id, tickets.c.order_id),
)
_SELECT_EVENTS = SelectMany(
    (events.c.venue_id, events.c.number, events.c.type, events.c.data),
    (events.c.brand_id, events.c.order_id),
    literal_sql("events.type LIKE 'ticket.%'"),
)
_SELECT_KEYS = Statement(
    select(idempotency.c.actor, idempotency.c.key, idempotency.c.order_id)
    .where(
        idempotency.c.brand_id == bindparam("brand_id"),
        tuple_(idempotency.c.actor, idempotency.c.key) > tuple_(bindparam("after_actor"), bindparam("after_key")),
    )
    .order_by(idempotency.c.actor, idempotency.c.key)
    .limit(bindparam("amount"))
)
_LOCK_KEYS = SelectMany(
    (idempotency.c.actor, idempotency.c.key, idempotency.c.order_id, idempotency.c.body),
    (idempotency.c.brand_id, idempotency.c.actor, idempotency.c.key),
    lock=True,
)
_SET_ORDER = Statement(
    update(orders)
    .where(orders.c.brand_id == bindparam("p_brand_id"), orders.c.id == bindparam("p_id"))
    .values(payload=bindparam("p_payload"), refusal=bindparam("p_refusal"), customer_ref_id=None),
    returns=False,
)
_FORGET_PHONE = Statement(
    update(orders)
    .where(
        orders.c.brand_id == bindparam("p_brand_id"),
        orders.c.id == bindparam("p_id"),
        orders.c.phone_e164.is_not(None),
    )
    .values(phone_e164=None),
    returns=False,
)
_SET_TICKET = Statement(
    update(tickets)
    .where(
        tickets.c.brand_id == bindparam("p_brand_id"),
        tickets.c.order_id == bindparam("p_order_id"),
        tickets.c.station_id == bindparam("p_station_id"),
        tickets.c.revision == bindparam("p_revision"),
    )
    .values(comment=None, lines=bindparam("p_lines")),
    returns=False,
)
_SET_EVENT = Statement(
    update(events)
    .where(
        events.c.brand_id == bindparam("p_brand_id"),
        events.c.venue_id == bindparam("p_venue_id"),
        events.c.number == bindparam("p_number"),
    )
    .values(data=bindparam("p_data")),
    returns=False,
)
_SET_KEY = Statement(
    update(idempotency)
    .where(
        idempotency.c.brand_id == bindparam("p_brand_id"),
        idempotency.c.actor == bindparam("p_actor"),
        idempotency.c.key == bindparam("p_key"),
    )
    .values(body=bindparam("p_body")),
    returns=False,
)
