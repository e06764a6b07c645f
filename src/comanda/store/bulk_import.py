"""Large imports: written beside the catalogue in small steps, then moved into it by one short transaction.

Orders wait for that one transaction only. A batch that is never moved is nobody's and lapses.
"""

from collections.abc import Sequence

from sqlalchemy import Integer, Text, bindparam, case, cast, delete, func, literal, select, tuple_
from sqlalchemy.dialects.postgresql import insert as upsert

from comanda.base import limits
from comanda.base.clock import Micros, iso_micros
from comanda.catalogue.document import Changes
from comanda.catalogue.model import Resource, decode_resource, encode_resource, stamped
from comanda.store.audit import SLOTS
from comanda.store.catalogue import KINDS, SELECT_RESOURCES, Edit, raise_version, tell_changes, write_small_parts
from comanda.store.tables import audit_log, catalogue, catalogue_staged
from comanda.store.transaction import InsertMany, Row, Statement, Transaction, many, one

Staged = list[tuple[str, int, str, bool]]
"""What was put in place: kind, id, name, and whether it is new."""


def stage_resources(
    brand_id: str, batch: str, kind: str, resources: Sequence[Resource], now: Micros
) -> Transaction[Staged]:
    """Put those of some resources in place that say something else than the catalogue does."""
    held = yield many(SELECT_RESOURCES, [(brand_id, kind, resource.id) for resource in resources])
    texts = {int(row[0]): row[1] for row in held}
    rows, told = list[Row](), Staged()
    for resource in resources:
        text = texts.get(resource.id)
        before = None if text is None else decode_resource(KINDS[kind], text)
        after = stamped(resource, before, iso_micros(now))
        if after is not before:
            rows.append((brand_id, batch, kind, resource.id, encode_resource(after), text, now))
            told.append((kind, resource.id, resource.name, before is None))
    yield many(_STAGE, rows)
    return told


def move_staged(brand_id: str, batch: str, edit: Edit, staged: Staged, now: Micros) -> Transaction[Changes]:
    """Make a batch the catalogue's next version, with the small parts of its document. Raises as `apply_edit`."""
    version = yield from raise_version(brand_id, edit.checked_at)
    changes = Changes()
    for kind, resource_id, name, added in staged:
        changes.note(kind, resource_id, name, version, added=added)
    written, told = yield from write_small_parts(brand_id, edit, version, now, changes)
    place = {"p_brand_id": brand_id, "p_batch": batch}
    yield one(_MOVE, **place, p_version=version)
    yield one(_AUDIT, **place, p_first=version * SLOTS + written, p_at=now, p_actor=edit.actor)
    if changes:
        yield from tell_changes(brand_id, version, changes.counts(), edit.actor, now, told)
    return changes


def clear_staged(brand_id: str, batch: str) -> Transaction[int]:
    """Remove some of a batch's rows; how many there were, 0 at the end."""
    place = {"p_brand_id": brand_id, "p_batch": batch}
    rows = yield one(_FIRST, **place, p_amount=limits.PURGE_STEP)
    if rows:
        kind, resource_id = rows[-1]
        yield one(_CLEAR, **place, p_kind=kind, p_id=resource_id)
    return len(rows)


_STAGE = InsertMany(catalogue_staged)
_of_batch = (
    catalogue_staged.c.brand_id == bindparam("p_brand_id"),
    catalogue_staged.c.batch == bindparam("p_batch"),
)
_resource = upsert(catalogue).from_select(
    ["brand_id", "kind", "id", "version", "document"],
    select(
        catalogue_staged.c.brand_id,
        catalogue_staged.c.kind,
        catalogue_staged.c.id,
        bindparam("p_version", type_=catalogue.c.version.type),
        catalogue_staged.c.document,
    ).where(*_of_batch),
)
_MOVE = Statement(
    _resource.on_conflict_do_update(
        index_elements=[catalogue.c.brand_id, catalogue.c.kind, catalogue.c.id],
        set_={"version": _resource.excluded.version, "document": _resource.excluded.document},
    ),
    returns=False,
)
_position = func.row_number().over(order_by=(catalogue_staged.c.kind, catalogue_staged.c.id))
_AUDIT = Statement(
    upsert(audit_log).from_select(
        ["brand_id", "number", "at", "actor", "action", "kind", "resource", "before", "after"],
        select(
            catalogue_staged.c.brand_id,
            bindparam("p_first", type_=audit_log.c.number.type) + _position - literal(1, Integer),
            bindparam("p_at", type_=audit_log.c.at.type),
            bindparam("p_actor", type_=Text),
            case((catalogue_staged.c.before.is_(None), "created"), else_="changed"),
            catalogue_staged.c.kind,
            cast(catalogue_staged.c.id, Text),
            catalogue_staged.c.before,
            catalogue_staged.c.document,
        ).where(*_of_batch),
    ),
    returns=False,
)
_FIRST = Statement(
    select(catalogue_staged.c.kind, catalogue_staged.c.id)
    .where(*_of_batch)
    .order_by(catalogue_staged.c.kind, catalogue_staged.c.id)
    .limit(bindparam("p_amount", type_=Integer))
)
_place = tuple_(catalogue_staged.c.kind, catalogue_staged.c.id)
_last = tuple_(bindparam("p_kind", type_=Text), bindparam("p_id", type_=catalogue_staged.c.id.type))
_CLEAR = Statement(delete(catalogue_staged).where(*_of_batch, _place <= _last), returns=False)
"""A range of the key: whatever a planner believes of a table that has just grown, it walks no row twice."""
