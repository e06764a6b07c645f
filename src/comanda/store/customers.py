"""Customers as rows: put by documents and by callers, each phone number, code and cid one customer's only."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from msgspec.structs import asdict
from msgspec.structs import replace as with_fields
from sqlalchemy import bindparam, select, update

from comanda.base import limits
from comanda.base.clock import Micros, instant_of, iso_micros
from comanda.base.errors import SetupError
from comanda.base.json import to_json
from comanda.catalogue.customer_names import cid_of, folded, searched_digits
from comanda.catalogue.document import Changes
from comanda.catalogue.model import Customer, stamped
from comanda.orders.phone import normalise_phone, personal_phone
from comanda.store.audit import ABSENT, AuditEntry, VersionDiffers
from comanda.store.tables import brands, customers
from comanda.store.transaction import InsertMany, Row, SelectMany, Statement, Transaction, each, many, one

COLUMNS: Final = tuple(customers.c)
UNIQUE: Final = {"phone_e164": "phone number", "code": "code", "cid": "cid"}
"""The columns that name one customer of a brand, and what people call them."""


@dataclass(frozen=True, slots=True)
class PhonedCustomer:
    """A customer with the phone as it is matched by, and the digits of all numbers as they are searched."""

    customer: Customer
    phone_e164: str | None
    phone_digits: str

    def name(self, column: str) -> str | None:
        """What stands in one of the `UNIQUE` columns."""
        value = self.phone_e164 if column == "phone_e164" else getattr(self.customer, column)
        return value or None


@dataclass(frozen=True, slots=True)
class KeptCustomer:
    """A customer as the store has it."""

    customer: Customer
    phone_e164: str | None
    version: int


Moving = list[tuple[str, int]]
"""Names that customers lose: the column, and whose."""


def phoned(people: Sequence[Customer], region: str) -> list[PhonedCustomer]:
    """Customers with their phones as they are matched by: E.164 where a number can be normalised."""
    return [_phoned(customer, region) for customer in people]


def _phoned(customer: Customer, region: str) -> PhonedCustomer:
    numbers = [number for number in (customer.phone, *customer.phones) if number]
    normalised = {number: normalise_phone(number, region) for number in numbers}
    digits = searched_digits([*numbers, *(number for number in normalised.values() if number)])
    return PhonedCustomer(customer, personal_phone(customer.phone or "", region), digits)


def put_customers(
    brand_id: str,
    people: Sequence[PhonedCustomer],
    version: int,
    expected: Mapping[tuple[str, int], int],
    now: Micros,
    changes: Changes,
) -> Transaction[list[AuditEntry]]:
    """Write customers; those that say the same already are left alone.

    Versions rise at least to ``version``. Raises VersionDiffers, and SetupError for a phone number, code or cid that
    two customers claim.
    """
    if not people:
        return []
    kept = yield from find_kept(brand_id, [person.customer.id for person in people])
    people = [_with_cid(brand_id, person, kept.get(person.customer.id)) for person in people]
    entries, rows = list[AuditEntry](), list[Row]()
    for person in sorted(people, key=lambda person: person.customer.id):
        before = kept.get(person.customer.id)
        seen = ABSENT if before is None else before.version
        wanted = expected.get(("customers", person.customer.id))
        if wanted is not None and wanted != seen:
            raise VersionDiffers("customers", person.customer.id, seen)
        old = None if before is None else before.customer
        after = stamped(person.customer, old, iso_micros(now))
        if before is not None and after is old and before.phone_e164 == person.phone_e164:
            continue
        raised = max(version, seen + 1)
        changes.note("customers", after.id, f"customer {after.id}", raised, added=before is None)
        entries.append(_entry(old, after))
        rows.append(customer_row(brand_id, replace(person, customer=after), raised))
    yield from free_names(brand_id, (yield from claim_names(brand_id, people)))
    yield many(_UPSERT, rows)
    ids = (person.customer.id for person in people)
    highest = max((number for number in ids if number <= limits.MAX_STATED_ID), default=0)
    yield one(_KEEP_GUEST_IDS_ABOVE, p_brand_id=brand_id, p_next=highest + 1)
    return entries


def _with_cid(brand_id: str, person: PhonedCustomer, kept: KeptCustomer | None) -> PhonedCustomer:
    """A document that names no ``cid`` leaves the customer the one that it has; a new one's is made of its id."""
    if person.customer.cid is not None:
        return person
    cid = kept.customer.cid if kept is not None else None
    made = cid or cid_of(brand_id, person.customer.id)
    return replace(person, customer=with_fields(person.customer, cid=made))


def find_kept(brand_id: str, ids: Sequence[int]) -> Transaction[dict[int, KeptCustomer]]:
    """Customers by id."""
    rows = yield many(_SELECT_BY_ID, [(brand_id, number) for number in sorted(set(ids))])
    return {int(row[1]): kept_of(row) for row in rows}


def find_named(brand_id: str, column: str, names: Sequence[str]) -> Transaction[dict[str, int]]:
    """The ids of those who have these phone numbers, codes or cids."""
    rows = yield many(_SELECT_BY_NAME[column], [(brand_id, name) for name in sorted(set(names))])
    return {row[0]: int(row[1]) for row in rows}


def read_customers(brand_id: str) -> Transaction[list[Customer]]:
    """Every customer of a brand, by id."""
    rows = yield one(_SELECT_ALL, brand_id=brand_id)
    return [kept_of(row).customer for row in rows]


def kept_of(row: Row) -> KeptCustomer:
    """The customer that a whole row holds."""
    values = dict(zip((column.name for column in COLUMNS), row, strict=True))
    customer = Customer(
        id=int(values["id"]),
        name=values["name"],
        active=bool(values["active"]),
        created_at=iso_micros(Micros(values["created_at"])),
        updated_at=iso_micros(Micros(values["updated_at"])),
        phones=tuple(json.loads(values["phones"])),
        **{name: values[name] for name in _PLAIN},
    )
    return KeptCustomer(customer, values["phone_e164"], int(values["version"]))


def customer_row(brand_id: str, person: PhonedCustomer, version: int) -> Row:
    """A stamped customer as a whole row."""
    customer = person.customer
    assert customer.created_at is not None
    assert customer.updated_at is not None
    values = {
        **{name: getattr(customer, name) for name in _PLAIN},
        "brand_id": brand_id,
        "id": customer.id,
        "name": customer.name,
        "active": customer.active,
        "phone_e164": person.phone_e164,
        "phones": to_json(customer.phones).decode(),
        "name_folded": folded(customer.name),
        "phone_digits": person.phone_digits,
        "created_at": instant_of(customer.created_at),
        "updated_at": instant_of(customer.updated_at),
        "version": version,
    }
    return tuple(values[column.name] for column in COLUMNS)


def claim_names(brand_id: str, people: Sequence[PhonedCustomer]) -> Transaction[Moving]:
    """The names that customers of a document are about to lose, so that others of it may have them.

    Nothing is written. Raises SetupError for a name that two customers claim.
    """
    kept = yield from find_kept(brand_id, [person.customer.id for person in people])
    people = [_with_cid(brand_id, person, kept.get(person.customer.id)) for person in people]
    named = {person.customer.id for person in people}
    moving = Moving()
    for column, called in UNIQUE.items():
        wanted: dict[str, int] = {}
        for person in people:
            name = person.name(column)
            if name is not None and wanted.setdefault(name, person.customer.id) != person.customer.id:
                raise SetupError(f"customers {wanted[name]} and {person.customer.id} have the same {called}")
        held = yield from find_named(brand_id, column, list(wanted))
        for name, holder in held.items():
            if holder not in named:
                raise SetupError(f"customers {holder} and {wanted[name]} have the same {called}")
        moving += [(column, p.customer.id) for p in people if _loses(p, kept.get(p.customer.id), column)]
    return moving


def free_names(brand_id: str, moving: Moving) -> Transaction[None]:
    """Take names from the customers who lose them."""
    for column in UNIQUE:
        ids = [customer_id for name, customer_id in moving if name == column]
        yield each(_FREE[column], [{"p_brand_id": brand_id, "p_id": customer_id} for customer_id in ids])


def _loses(person: PhonedCustomer, kept: KeptCustomer | None, column: str) -> bool:
    if kept is None:
        return False
    before = PhonedCustomer(kept.customer, kept.phone_e164, "").name(column)
    return before not in (None, person.name(column))


def _entry(before: Customer | None, after: Customer) -> AuditEntry:
    """What the audit log says of a customer: which fields changed, and never what stands in them."""
    old = asdict(before) if before else {}
    changed = sorted(name for name, value in asdict(after).items() if value != old.get(name))
    fields = to_json({"fields": changed}).decode()
    return AuditEntry("changed" if before else "created", "customers", str(after.id), None, fields)


_PLAIN: Final = (
    "phone",
    "address",
    "email",
    "cid",
    "venue_id",
    "group_id",
    "code",
    "description",
    "gender",
    "date_of_birth",
    "source",
    "reference_id",
)
"""The columns that are fields of the same name."""
_SELECT_BY_ID = SelectMany(COLUMNS, (customers.c.brand_id, customers.c.id))
_SELECT_BY_NAME = {
    column: SelectMany((customers.c[column], customers.c.id), (customers.c.brand_id, customers.c[column]))
    for column in UNIQUE
}
_SELECT_ALL = Statement(select(*COLUMNS).where(customers.c.brand_id == bindparam("brand_id")).order_by(customers.c.id))
_UPSERT = InsertMany(
    customers,
    lambda insert: insert.on_conflict_do_update(
        index_elements=[customers.c.brand_id, customers.c.id],
        set_={column.name: insert.excluded[column.name] for column in COLUMNS if not column.primary_key},
    ),
)
_FREE = {
    column: Statement(
        update(customers)
        .where(customers.c.brand_id == bindparam("p_brand_id"), customers.c.id == bindparam("p_id"))
        .values({column: None}),
        returns=False,
    )
    for column in UNIQUE
}
_KEEP_GUEST_IDS_ABOVE = Statement(
    update(brands)
    .where(brands.c.brand_id == bindparam("p_brand_id"), brands.c.next_guest_id < bindparam("p_next"))
    .values(next_guest_id=bindparam("p_next")),
    returns=False,
)
