"""A caller's customer, stored once: under its idempotency key, with a name space that two posts cannot both take.

Whoever gives a customer an id holds the brand's row from there to the commit; so what is looked for after that is
still true when the row is written. Nothing is kept of a refusal.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from msgspec.structs import replace as with_fields

from comanda.base.clock import Micros, iso_micros
from comanda.base.errors import ComandaError
from comanda.catalogue.model import Customer
from comanda.orders.model import KeyedRequest, KeyReused, Replayed
from comanda.store.audit import FIRST_VERSION
from comanda.store.customers import UNIQUE, PhonedCustomer, customer_row, find_named, phoned
from comanda.store.keys import under_key
from comanda.store.order_statements import TAKE_GUEST_ID
from comanda.store.tables import customers
from comanda.store.transaction import InsertMany, RunAgain, Transaction, many, one

_DUPLICATES: Final = {"phone_e164": "duplicate_phone", "code": "duplicate_code", "cid": "duplicate_cid"}


@dataclass(frozen=True, slots=True)
class CustomerWish:
    """A customer to be stored: everything but id and times. ``render`` makes the answer that a repeat gets too."""

    brand_id: str
    region: str
    customer: Customer
    render: Callable[[Customer], bytes]
    keyed: KeyedRequest | None = None


def create_customer(wish: CustomerWish, now: Micros) -> Transaction[bytes | Replayed | KeyReused]:
    """Store a customer and answer with it; or what is kept under the key.

    Raises ComandaError ``duplicate_phone``, ``duplicate_code``, ``duplicate_cid``.
    """
    return (yield from under_key(wish.brand_id, wish.keyed, lambda: _store(wish, now), now))


def _store(wish: CustomerWish, now: Micros) -> Transaction[bytes]:
    taken = yield one(TAKE_GUEST_ID, p_brand_id=wish.brand_id)
    at = iso_micros(now)
    cid = wish.customer.cid or str(uuid4())
    customer = with_fields(wish.customer, id=int(taken[0][0]) - 1, cid=cid, created_at=at, updated_at=at)
    (person,) = phoned([customer], wish.region)
    yield from _refuse_duplicates(wish.brand_id, person)
    inserted = yield many(_INSERT, [customer_row(wish.brand_id, person, FIRST_VERSION)])
    if not inserted:
        raise RunAgain
    return wish.render(customer)


def _refuse_duplicates(brand_id: str, person: PhonedCustomer) -> Transaction[None]:
    for column, called in UNIQUE.items():
        name = person.name(column)
        held: dict[str, int] = {} if name is None else (yield from find_named(brand_id, column, [name]))
        for customer_id in held.values():
            message = f"Customer with this {called} already exists"
            raise ComandaError(_DUPLICATES[column], message, extra={"customer_id": customer_id})


_INSERT = InsertMany(customers, lambda insert: insert.on_conflict_do_nothing().returning(customers.c.id))
