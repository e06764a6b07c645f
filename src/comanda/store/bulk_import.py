"""Large imports: written beside the catalogue in small steps, then moved into it by one short transaction.

Orders wait for that one transaction only. It leaves a mark in place of the batch's audit log, whose entries are made of
what was staged in small steps afterwards: by the import, or by housekeeping when the import died. A batch without a
mark was never moved; it is nobody's and lapses.
"""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Integer, Text, bindparam, case, cast, delete, func, literal, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert

from comanda.base import limits
from comanda.base.clock import Micros, iso_micros
from comanda.catalogue.document import Changes
from comanda.catalogue.model import Resource, decode_resource, encode_resource, stamped
from comanda.store.catalogue import (
    KINDS,
    SELECT_RESOURCES,
    CatalogueMoved,
    Edit,
    close_edit,
    lock_catalogue,
    write_parts,
)
from comanda.store.tables import audit_log, brands, catalogue, catalogue_staged
from comanda.store.transaction import InsertMany, Row, Statement, Transaction, many, one

Staged = list[tuple[str, int, str, bool]]
"""What was put in place: kind, id, name, and whether it is new."""


class _Mark(msgspec.Struct, frozen=True):
    """That a batch was moved, when and by whom; the next number of its audit log, and the last resource that is there.

    It stands among what was staged, as the resource of no kind.
    """

    at: Micros
    actor: str
    number: int
    kind: str = ""
    id: int = 0


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
    """Make a batch the catalogue's next version, with the small parts of its document. Raises as `apply_edit`.

    Where some of the batch has been cleared meanwhile, that is CatalogueMoved too: the import has to go again.
    """
    standing = yield from lock_catalogue(brand_id, edit)
    if standing.version != edit.checked_at:
        raise CatalogueMoved
    version = standing.version + 1
    place = {"p_brand_id": brand_id, "p_batch": batch}
    if (yield one(_COUNT, **place))[0][0] != len(staged):
        raise CatalogueMoved
    changes = Changes()
    for kind, resource_id, name, added in staged:
        changes.note(kind, resource_id, name, version, added=added)
    written, told = yield from write_parts(brand_id, edit, standing, now, changes)
    yield one(_MOVE, **place, p_version=version)
    if staged:
        mark = _Mark(now, edit.actor, standing.entry + written)
        yield many(_STAGE, [(brand_id, batch, mark.kind, mark.id, _mark_text(mark), None, now)])
    yield from close_edit(brand_id, edit, standing.beyond(written + len(staged)), changes, told, now)
    return changes


def settle_staged(brand_id: str, batch: str) -> Transaction[int]:
    """Bring some of a moved batch from where it was staged into the audit log, or clear some of one that was not moved.

    Returns how many resources that were, 0 when nothing is left. Any number of processes may settle a batch at once.
    """
    place = {"p_brand_id": brand_id, "p_batch": batch}
    yield one(_LOCK_BRAND, p_brand_id=brand_id)
    marks = yield one(_SELECT_MARK, **place)
    mark = msgspec.json.decode(marks[0][0], type=_Mark) if marks else None
    after = {"p_after_kind": mark.kind if mark else "", "p_after_id": mark.id if mark else 0}
    rows = yield one(_NEXT, **place, **after, p_amount=limits.IMPORT_STEP)
    if rows:
        kind, resource_id = rows[-1]
        span = {**place, **after, "p_kind": kind, "p_id": resource_id}
        if mark:
            yield one(_AUDIT, **span, p_first=mark.number, p_at=mark.at, p_actor=mark.actor)
            moved = msgspec.structs.replace(mark, number=mark.number + len(rows), kind=kind, id=resource_id)
            yield one(_SET_MARK, **place, p_document=_mark_text(moved))
        yield one(_CLEAR, **span)
    elif mark:
        yield one(_DELETE_MARK, **place)
    return len(rows)


def find_unsettled(brand_id: str, before: Micros) -> Transaction[list[str]]:
    """Batches that were moved, and those staged before an instant."""
    return [row[0] for row in (yield one(_UNSETTLED, brand_id=brand_id, before=before))]


def _mark_text(mark: _Mark) -> str:
    return msgspec.json.encode(mark).decode()


_STAGE = InsertMany(catalogue_staged)
_of_batch = (
    catalogue_staged.c.brand_id == bindparam("p_brand_id"),
    catalogue_staged.c.batch == bindparam("p_batch"),
)
_COUNT = Statement(select(func.count()).select_from(catalogue_staged).where(*_of_batch))
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
_LOCK_BRAND = Statement(
    select(brands.c.catalogue_version).where(brands.c.brand_id == bindparam("p_brand_id")).with_for_update()
)
"""Whoever settles waits for a move under way, whose mark it would not see; orders do not lock this row."""
_is_mark = (*_of_batch, catalogue_staged.c.kind == "")
_SELECT_MARK = Statement(select(catalogue_staged.c.document).where(*_is_mark))
_SET_MARK = Statement(
    update(catalogue_staged).where(*_is_mark).values(document=bindparam("p_document", type_=Text)), returns=False
)
_DELETE_MARK = Statement(delete(catalogue_staged).where(*_is_mark), returns=False)
_place = tuple_(catalogue_staged.c.kind, catalogue_staged.c.id)
_after = tuple_(bindparam("p_after_kind", type_=Text), bindparam("p_after_id", type_=catalogue_staged.c.id.type))
_last = tuple_(bindparam("p_kind", type_=Text), bindparam("p_id", type_=catalogue_staged.c.id.type))
_NEXT = Statement(
    select(catalogue_staged.c.kind, catalogue_staged.c.id)
    .where(*_of_batch, _place > _after)
    .order_by(catalogue_staged.c.kind, catalogue_staged.c.id)
    .limit(bindparam("p_amount", type_=Integer))
)
_span = (*_of_batch, _place > _after, _place <= _last)
"""A range of the key: whatever a planner believes of a table that has just grown, it walks no row twice."""
_CLEAR = Statement(delete(catalogue_staged).where(*_span), returns=False)
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
        ).where(*_span),
    ),
    returns=False,
)
_UNSETTLED = Statement(
    select(catalogue_staged.c.batch)
    .where(
        catalogue_staged.c.brand_id == bindparam("brand_id"),
        (catalogue_staged.c.kind == "") | (catalogue_staged.c.staged_at < bindparam("before")),
    )
    .distinct()
)
