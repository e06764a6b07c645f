"""Resources of every kind as administration reads and writes them: one with its version, or a page of a kind by id.

Customers and people have tables of their own; the others stand in `catalogue`.
"""

from typing import Any

from sqlalchemy import bindparam, func, select

from comanda.base.clock import Micros
from comanda.catalogue.model import Resource, decode_resource
from comanda.store.catalogue import KINDS, SELECT_RESOURCES, Edit, apply_edit
from comanda.store.customers import COLUMNS, find_kept, kept_of
from comanda.store.staff import PERSON_COLUMNS, person_of
from comanda.store.tables import catalogue, customers, staff
from comanda.store.transaction import Statement, Transaction, many, one

Kept = tuple[Resource, int]
"""A resource and the version that last changed it."""


def write_resource(brand_id: str, edit: Edit, kind: str, resource_id: int, now: Micros) -> Transaction[Kept]:
    """Apply the edit of one resource; the resource as it is then. Raises as `apply_edit`."""
    yield from apply_edit(brand_id, edit, now)
    kept = yield from find_resource(brand_id, kind, resource_id)
    assert kept is not None
    return kept


def find_resource(brand_id: str, kind: str, resource_id: int) -> Transaction[Kept | None]:
    """One resource of a kind."""
    if kind == "customers":
        kept = (yield from find_kept(brand_id, [resource_id])).get(resource_id)
        return None if kept is None else (kept.customer, kept.version)
    if kind == "users":
        rows = yield one(_SELECT_PERSON, brand_id=brand_id, id=resource_id)
        return (person_of(rows[0]), int(rows[0][-1])) if rows else None
    rows = yield many(SELECT_RESOURCES, [(brand_id, kind, resource_id)])
    return (decode_resource(KINDS[kind], rows[0][1]), int(rows[0][2])) if rows else None


def page_of_kind(brand_id: str, kind: str, after: int, limit: int) -> Transaction[tuple[list[Kept], int]]:
    """The next resources of a kind by id, and how many there are in all."""
    place: dict[str, Any] = {"brand_id": brand_id, "after": after, "amount": limit}
    if kind == "customers":
        total = yield one(_COUNT_CUSTOMERS, brand_id=brand_id)
        found = yield one(_PAGE_CUSTOMERS, **place)
        people = [kept_of(row) for row in found]
        return [(kept.customer, kept.version) for kept in people], int(total[0][0])
    if kind == "users":
        total = yield one(_COUNT_PEOPLE, brand_id=brand_id)
        found = yield one(_PAGE_PEOPLE, **place)
        return [(person_of(row), int(row[-1])) for row in found], int(total[0][0])
    total = yield one(_COUNT, brand_id=brand_id, kind=kind)
    found = yield one(_PAGE, **place, kind=kind)
    return [(decode_resource(KINDS[kind], row[0]), int(row[1])) for row in found], int(total[0][0])


_SELECT_PERSON = Statement(
    select(*PERSON_COLUMNS).where(staff.c.brand_id == bindparam("brand_id"), staff.c.id == bindparam("id"))
)
_COUNT_CUSTOMERS = Statement(
    select(func.count()).select_from(customers).where(customers.c.brand_id == bindparam("brand_id"))
)
_PAGE_CUSTOMERS = Statement(
    select(*COLUMNS)
    .where(customers.c.brand_id == bindparam("brand_id"), customers.c.id > bindparam("after"))
    .order_by(customers.c.id)
    .limit(bindparam("amount"))
)
_COUNT_PEOPLE = Statement(select(func.count()).select_from(staff).where(staff.c.brand_id == bindparam("brand_id")))
_PAGE_PEOPLE = Statement(
    select(*PERSON_COLUMNS)
    .where(staff.c.brand_id == bindparam("brand_id"), staff.c.id > bindparam("after"))
    .order_by(staff.c.id)
    .limit(bindparam("amount"))
)
_of_kind = (catalogue.c.brand_id == bindparam("brand_id"), catalogue.c.kind == bindparam("kind"))
_COUNT = Statement(select(func.count()).select_from(catalogue).where(*_of_kind))
_PAGE = Statement(
    select(catalogue.c.document, catalogue.c.version)
    .where(*_of_kind, catalogue.c.id > bindparam("after"))
    .order_by(catalogue.c.id)
    .limit(bindparam("amount"))
)
