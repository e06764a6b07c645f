"""Keeping a brand's catalogue: what changed since a version, and a whole document applied in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from comanda.base.clock import Micros
from comanda.base.errors import SetupError
from comanda.base.json import to_json
from comanda.base.money import plain
from comanda.catalogue.document import Changes, Document
from comanda.catalogue.model import (
    RESOURCES,
    Customer,
    Resource,
    StopListEntry,
    decode_resource,
    encode_resource,
)
from comanda.store.access import RAISE_CHANGES
from comanda.store.commit_orders import stop_list_event
from comanda.store.event_log import NewEvent, append_events
from comanda.store.order_statements import LOCK_STOP_LIST, MILLI
from comanda.store.tables import brands, catalogue, customers, stop_list
from comanda.store.transaction import Statement, Transaction, each, many, one

ACTOR = "administration"
"""Who changes a catalogue, in events."""
_KINDS: dict[str, type[Resource]] = {kind.plural: kind for kind in RESOURCES}


@dataclass(frozen=True, slots=True)
class PhonedCustomer:
    """A customer with the phone as it is matched by."""

    customer: Customer
    phone_e164: str | None


def changed_resources(brand_id: str, since: int) -> Transaction[list[Resource]]:
    """Every resource changed after a version of the catalogue."""
    rows = yield one(_SELECT_CHANGED, brand_id=brand_id, since=since)
    return [decode_resource(_KINDS[kind], document) for kind, document in rows if kind in _KINDS]


def apply_document(
    brand_id: str, document: Document, people: Sequence[PhonedCustomer], now: Micros
) -> Transaction[Changes]:
    """Write a checked document whole; rows that say the same already are left alone.

    Raises SetupError for an unknown brand or a phone number that two customers claim.
    """
    raised = yield one(_RAISE_VERSION, p_brand_id=brand_id)
    if not raised:
        raise SetupError(f"There is no brand {brand_id!r}; add it with: comanda brand add {brand_id}")
    version = int(raised[0][0])
    changes = Changes()
    for kind, resources in document.resources().items():
        yield from _apply_kind(brand_id, kind, resources, version, changes)
    yield from _apply_customers(brand_id, people, now, changes)
    told = yield from _apply_stop_list(brand_id, document.stop_list, now, changes)
    if changes:
        data = to_json({"version": version, "changes": changes.counts()}).decode()
        event = NewEvent(None, None, "catalogue.changed", ACTOR, data, now)
        yield one(RAISE_CHANGES)
        yield from append_events({(brand_id, 0): [event], **told})
    return changes


def whole_catalogue(brand_id: str) -> Transaction[Document]:
    """Everything of a brand as one document."""
    rows = yield one(_SELECT_CHANGED, brand_id=brand_id, since=-1)
    found: dict[str, list[Any]] = {kind.plural: [] for kind in RESOURCES}
    for kind, text in rows:
        found[kind].append(decode_resource(_KINDS[kind], text))
    people = yield one(_SELECT_CUSTOMERS, brand_id=brand_id)
    left = yield one(_SELECT_STOP_LIST, brand_id=brand_id)
    return Document.of(
        found,
        customers=[_customer_of(row) for row in people],
        stop_list=[(row[0], row[1], int(row[2])) for row in left],
    )


def _apply_kind(
    brand_id: str, kind: str, resources: Sequence[Resource], version: int, changes: Changes
) -> Transaction[None]:
    if not resources:
        return
    rows = yield one(_SELECT_KIND, brand_id=brand_id, kind=kind)
    before = {int(row[0]): row[1] for row in rows}
    writes = []
    for resource in resources:
        text = encode_resource(resource)
        if before.get(resource.id) != text:
            changes.note(kind, resource.id, resource.name, added=resource.id not in before)
            writes.append({"brand_id": brand_id, "kind": kind, "id": resource.id, "version": version, "document": text})
    yield each(_UPSERT_RESOURCE, writes)


def _apply_customers(
    brand_id: str, people: Sequence[PhonedCustomer], now: Micros, changes: Changes
) -> Transaction[None]:
    if not people:
        return
    rows = yield one(_SELECT_CUSTOMERS, brand_id=brand_id)
    before = {int(row[0]): _customer_of(row) for row in rows}
    named = {person.customer.id for person in people}
    phones = {row[6]: int(row[0]) for row in rows if row[6] and int(row[0]) not in named}
    held = {int(row[0]): row[6] for row in rows}
    moving = [p for p in people if held.get(p.customer.id) not in (None, p.phone_e164)]
    yield each(_FREE_PHONE, [{"p_brand_id": brand_id, "p_id": p.customer.id} for p in moving])
    for person in sorted(people, key=lambda person: person.customer.id):
        customer = person.customer
        holder = phones.setdefault(person.phone_e164, customer.id) if person.phone_e164 else customer.id
        if holder != customer.id:
            raise SetupError(f"customers {holder} and {customer.id} have the same phone number")
        if before.get(customer.id) != customer:
            changes.note("customers", customer.id, f"customer {customer.id}", added=customer.id not in before)
            yield one(_UPSERT_CUSTOMER, **_customer_row(brand_id, person, now))
    highest = max(person.customer.id for person in people)
    yield one(_KEEP_GUEST_IDS_ABOVE, p_brand_id=brand_id, p_next=highest + 1)


def _apply_stop_list(
    brand_id: str, entries: Sequence[StopListEntry], now: Micros, changes: Changes
) -> Transaction[dict[tuple[str, int], list[NewEvent]]]:
    """Set quantities anew: the version rises, so that holds taken before are not given back on top.

    Returns the events that tell of it, by venue.
    """
    events: dict[tuple[str, int], list[NewEvent]] = {}
    for entry in sorted(entries, key=lambda entry: (entry.venue_id, entry.product_id)):
        key = {"brand_id": brand_id, "venue_id": entry.venue_id, "product_id": entry.product_id}
        rows = yield many(LOCK_STOP_LIST, [tuple(key.values())])
        before = Decimal(int(rows[0][3])) / MILLI if rows else None
        if before == entry.quantity:
            continue
        told = f"venue {entry.venue_id}: was {_quantity(before)}, now {_quantity(entry.quantity)}"
        changes.note("stop_list", entry.product_id, told, added=before is None)
        left = None if entry.quantity is None else int(entry.quantity * MILLI)
        if left is None:
            yield one(_DELETE_STOP_LIST, **key)
        else:
            yield one(_SET_STOP_LIST, **key, quantity_milli=left, version=now, updated_at=now)
        event = stop_list_event(entry.venue_id, entry.product_id, left, ACTOR, now)
        events.setdefault((brand_id, entry.venue_id), []).append(event)
    return events


def _quantity(quantity: Decimal | None) -> str:
    return "unlimited" if quantity is None else str(plain(quantity))


def _customer_of(row: Any) -> Customer:
    return Customer(id=int(row[0]), name=row[1], phone=row[2], address=row[3], email=row[4], active=bool(row[5]))


def _customer_row(brand_id: str, person: PhonedCustomer, now: Micros) -> dict[str, Any]:
    customer = person.customer
    return {
        "brand_id": brand_id,
        "id": customer.id,
        "name": customer.name,
        "phone": customer.phone,
        "phone_e164": person.phone_e164,
        "address": customer.address,
        "email": customer.email,
        "active": customer.active,
        "created_at": now,
        "updated_at": now,
    }


_SELECT_CHANGED = Statement(
    select(catalogue.c.kind, catalogue.c.document)
    .where(catalogue.c.brand_id == bindparam("brand_id"), catalogue.c.version > bindparam("since"))
    .order_by(catalogue.c.kind, catalogue.c.id)
)
_SELECT_KIND = Statement(
    select(catalogue.c.id, catalogue.c.document).where(
        catalogue.c.brand_id == bindparam("brand_id"), catalogue.c.kind == bindparam("kind")
    )
)
_RAISE_VERSION = Statement(
    update(brands)
    .where(brands.c.brand_id == bindparam("p_brand_id"))
    .values(catalogue_version=brands.c.catalogue_version + 1)
    .returning(brands.c.catalogue_version)
)
_KEEP_GUEST_IDS_ABOVE = Statement(
    update(brands)
    .where(brands.c.brand_id == bindparam("p_brand_id"), brands.c.next_guest_id < bindparam("p_next"))
    .values(next_guest_id=bindparam("p_next")),
    returns=False,
)
_resource = upsert(catalogue)
_UPSERT_RESOURCE = Statement(
    _resource.on_conflict_do_update(
        index_elements=[catalogue.c.brand_id, catalogue.c.kind, catalogue.c.id],
        set_={"version": _resource.excluded.version, "document": _resource.excluded.document},
    ),
    returns=False,
)
_SELECT_CUSTOMERS = Statement(
    select(
        customers.c.id,
        customers.c.name,
        customers.c.phone,
        customers.c.address,
        customers.c.email,
        customers.c.active,
        customers.c.phone_e164,
    )
    .where(customers.c.brand_id == bindparam("brand_id"))
    .order_by(customers.c.id)
)
_customer = upsert(customers)
_UPSERT_CUSTOMER = Statement(
    _customer.on_conflict_do_update(
        index_elements=[customers.c.brand_id, customers.c.id],
        set_={
            name: _customer.excluded[name]
            for name in ("name", "phone", "phone_e164", "address", "email", "active", "updated_at")
        },
    ),
    returns=False,
)
_FREE_PHONE = Statement(
    update(customers)
    .where(customers.c.brand_id == bindparam("p_brand_id"), customers.c.id == bindparam("p_id"))
    .values(phone_e164=None),
    returns=False,
)
_SELECT_STOP_LIST = Statement(
    select(stop_list.c.venue_id, stop_list.c.product_id, stop_list.c.quantity_milli)
    .where(stop_list.c.brand_id == bindparam("brand_id"))
    .order_by(stop_list.c.venue_id, stop_list.c.product_id)
)
_entry = upsert(stop_list)
_SET_STOP_LIST = Statement(
    _entry.on_conflict_do_update(
        index_elements=[stop_list.c.brand_id, stop_list.c.venue_id, stop_list.c.product_id],
        set_={
            "quantity_milli": _entry.excluded.quantity_milli,
            "version": _entry.excluded.version,
            "updated_at": _entry.excluded.updated_at,
        },
    ),
    returns=False,
)
_DELETE_STOP_LIST = Statement(
    stop_list.delete().where(
        and_(
            stop_list.c.brand_id == bindparam("brand_id"),
            stop_list.c.venue_id == bindparam("venue_id"),
            stop_list.c.product_id == bindparam("product_id"),
        )
    ),
    returns=False,
)
