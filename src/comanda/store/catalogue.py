"""Keeping a brand's catalogue: what changed since a version, and an edit applied whole in one transaction.

An edit was checked against one version of the catalogue and is applied to that version or not at all. Every change
stands in the audit log with what was there before.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, NamedTuple

from sqlalchemy import and_, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from comanda.base.clock import Micros, instant_of, iso_micros
from comanda.base.errors import SetupError
from comanda.base.json import to_json
from comanda.base.money import plain
from comanda.catalogue.document import Changes, Document
from comanda.catalogue.model import (
    RESOURCES,
    Resource,
    StopListEntry,
    Terminal,
    User,
    decode_resource,
    encode_resource,
    stamped,
)
from comanda.store.access import RAISE_CHANGES
from comanda.store.audit import ABSENT, AuditEntry, VersionDiffers, write_audit
from comanda.store.commit_orders import stop_list_event
from comanda.store.customers import PhonedCustomer, put_customers, read_customers
from comanda.store.event_log import NewEvent, append_events
from comanda.store.order_statements import LOCK_STOP_LIST, MILLI
from comanda.store.presence import move_terminal
from comanda.store.staff import put_people, read_people
from comanda.store.tables import brands, catalogue, stop_list
from comanda.store.transaction import InsertMany, Row, Rows, SelectMany, Statement, Transaction, many, one

ADMINISTRATION: Final = "administration"
"""Who changes a catalogue at the command line, in events and in the audit log."""
KINDS: Final[dict[str, type[Resource]]] = {kind.plural: kind for kind in RESOURCES}


@dataclass(frozen=True, slots=True)
class Edit:
    """A checked document and who applies it.

    ``checked_at`` is the catalogue version it was checked against; ``expected`` are the versions that the caller saw
    of resources, by kind and id, `ABSENT` for one that must not be there yet.
    """

    document: Document
    people: Sequence[PhonedCustomer]
    checked_at: int
    actor: str = ADMINISTRATION
    expected: Mapping[tuple[str, int], int] = field(default_factory=dict)

    @property
    def counted(self) -> bool:
        """Whether somebody at the venue says what is there; a document that says it once more changes nothing."""
        return self.actor != ADMINISTRATION

    @property
    def touches_resources(self) -> bool:
        """Whether it writes what snapshots hold."""
        return any(self.document.resources().values())


Told = Mapping[tuple[str, int], list[NewEvent]]
"""Events to append, by brand and venue."""


class Standing(NamedTuple):
    """Where a brand's catalogue stands: its version, and the number of the next entry of its audit log."""

    version: int
    entry: int

    def beyond(self, entries: int) -> "Standing":
        """The same after some entries."""
        return self._replace(entry=self.entry + entries)


class CatalogueMoved(Exception):
    """Somebody changed the catalogue since the edit was checked: it has to be checked again."""


def changed_rows(brand_id: str, since: int) -> Transaction[Rows]:
    """Kind and document of every resource changed after a version of the catalogue."""
    return (yield one(_SELECT_CHANGED, brand_id=brand_id, since=since))


def resources_of(rows: Iterable[Row]) -> list[Resource]:
    """The resources in rows of `changed_rows`."""
    return [decode_resource(KINDS[kind], document) for kind, document in rows if kind in KINDS]


def apply_edit(brand_id: str, edit: Edit, now: Micros) -> Transaction[Changes]:
    """Write a checked document whole; rows that say the same already are left alone.

    Raises CatalogueMoved, VersionDiffers, and SetupError for an unknown brand or a name that two people claim.
    """
    standing = yield from lock_catalogue(brand_id, edit)
    changes = Changes()
    written, told = yield from write_parts(brand_id, edit, standing, now, changes)
    yield from close_edit(brand_id, edit, standing.beyond(written), changes, told, now)
    return changes


def lock_catalogue(brand_id: str, edit: Edit) -> Transaction[Standing]:
    """Where a brand's catalogue stands, locked for this transaction.

    Raises SetupError for an unknown brand, and CatalogueMoved when resources of the edit were checked against another
    version. Quantities and people refer to what is never deleted, so theirs may be older.
    """
    rows = yield one(_LOCK_BRAND, brand_id=brand_id)
    if not rows:
        raise SetupError(f"There is no brand {brand_id!r}; add it with: comanda brand add {brand_id}")
    standing = Standing(int(rows[0][0]), int(rows[0][1]))
    if edit.touches_resources and standing.version != edit.checked_at:
        raise CatalogueMoved
    return standing


def write_parts(
    brand_id: str, edit: Edit, standing: Standing, now: Micros, changes: Changes
) -> Transaction[tuple[int, Told]]:
    """Write what an edit's document holds, with the audit log; how many entries that has, and the events by venue.

    Resources get the catalogue's next version; customers and people the number of the edit's first entry, since no
    snapshot has them.
    """
    entries = list[AuditEntry]()
    # Before anything is told to a venue: orders lock quantities first and the venue's counter last.
    told = yield from _apply_stop_list(brand_id, edit, now, changes, entries)
    for kind, resources in edit.document.resources().items():
        entries += yield from _apply_kind(brand_id, edit, kind, resources, standing.version + 1, now, changes)
    entries += yield from put_customers(brand_id, edit.people, standing.entry, edit.expected, now, changes)
    entries += yield from put_people(brand_id, edit.document.users, standing.entry, edit.expected, now, changes)
    yield from write_audit(brand_id, standing.entry, edit.actor, entries, now)
    return len(entries), told


def close_edit(
    brand_id: str, edit: Edit, standing: Standing, changes: Changes, told: Told, now: Micros
) -> Transaction[None]:
    """Keep where the catalogue stands now, and tell; nothing of that for an edit that changed nothing.

    The version rises only with what snapshots hold, so quantities set all day disturb nobody's edit.
    """
    counts = changes.counts()
    if not counts:
        return
    version = standing.version + bool(counts.keys() & KINDS.keys())
    yield one(_SET_BRAND, p_brand_id=brand_id, p_version=version, p_entry=standing.entry)
    if counts.keys() == {"stop_list"}:
        yield from append_events(told)
        return
    yield from tell_changes(brand_id, version, counts, edit.actor, now, told)


def tell_changes(
    brand_id: str,
    version: int,
    counts: Mapping[str, int],
    actor: str,
    now: Micros,
    told: Told,
) -> Transaction[None]:
    """Have every process look, and append the brand's event beside those of venues."""
    data = to_json({"version": version, "changes": dict(counts)}).decode()
    event = NewEvent(None, None, "catalogue.changed", actor, data, now)
    yield one(RAISE_CHANGES)
    yield from append_events({(brand_id, 0): [event], **told})


def whole_catalogue(brand_id: str) -> Transaction[Document]:
    """Everything of a brand as one document."""
    rows = yield one(_SELECT_CHANGED, brand_id=brand_id, since=-1)
    found: dict[str, list[Any]] = {kind: [] for kind in KINDS}
    for kind, text in rows:
        found[kind].append(decode_resource(KINDS[kind], text))
    people = yield from read_customers(brand_id)
    users: list[User] = yield from read_people(brand_id)
    left = yield one(_SELECT_STOP_LIST, brand_id=brand_id)
    return Document.of(
        found, customers=people, users=users, stop_list=[(row[0], row[1], int(row[2]), Micros(row[3])) for row in left]
    )


def _apply_kind(
    brand_id: str,
    edit: Edit,
    kind: str,
    resources: Sequence[Resource],
    version: int,
    now: Micros,
    changes: Changes,
) -> Transaction[list[AuditEntry]]:
    rows = yield many(SELECT_RESOURCES, [(brand_id, kind, resource.id) for resource in resources])
    held = {int(row[0]): (row[1], int(row[2])) for row in rows}
    entries, writes = list[AuditEntry](), []
    for resource in resources:
        text, seen = held.get(resource.id, (None, ABSENT))
        wanted = edit.expected.get((kind, resource.id))
        if wanted is not None and wanted != seen:
            raise VersionDiffers(kind, resource.id, seen)
        before = None if text is None else decode_resource(KINDS[kind], text)
        after = stamped(resource, before, iso_micros(now))
        if after is before:
            continue
        changes.note(kind, resource.id, resource.name, version, added=before is None)
        document = encode_resource(after)
        writes.append((brand_id, kind, resource.id, version, document))
        entries.append(AuditEntry.of(kind, str(resource.id), text, document))
        if isinstance(after, Terminal):
            yield from move_terminal(brand_id, after, now)
    yield many(_UPSERT_RESOURCES, writes)
    return entries


def _apply_stop_list(
    brand_id: str, edit: Edit, now: Micros, changes: Changes, entries: list[AuditEntry]
) -> Transaction[Told]:
    """Set quantities anew: the version rises, so that holds taken before are not given back on top.

    Returns the events that tell of it, by venue.
    """
    events: dict[tuple[str, int], list[NewEvent]] = {}
    for entry in sorted(edit.document.stop_list, key=lambda entry: (entry.venue_id, entry.product_id)):
        key = {"brand_id": brand_id, "venue_id": entry.venue_id, "product_id": entry.product_id}
        rows = yield many(LOCK_STOP_LIST, [tuple(key.values())])
        before = Decimal(int(rows[0][3])) / MILLI if rows else None
        seen = int(rows[0][4]) if rows else 0
        if edit.expected.get((f"stop_list/{entry.venue_id}", entry.product_id), seen) != seen:
            raise VersionDiffers("stop_list", entry.product_id, seen)
        if before == entry.quantity:
            if before is not None and edit.counted:
                yield one(_SET_STOP_LIST, **key, quantity_milli=int(before * MILLI), version=now, updated_at=now)
            continue
        told = f"venue {entry.venue_id}: was {_quantity(before)}, now {_quantity(entry.quantity)}"
        changes.note("stop_list", entry.product_id, told, now, added=before is None)
        where = f"{entry.venue_id}/{entry.product_id}"
        entries.append(AuditEntry.of("stop_list", where, _entry_text(before), _entry_text(entry.quantity)))
        left = None if entry.quantity is None else int(entry.quantity * MILLI)
        if left is None:
            yield one(_DELETE_STOP_LIST, **key)
        else:
            stated = entry.updated_at if before is None else None
            at = now if stated is None else instant_of(stated)
            yield one(_SET_STOP_LIST, **key, quantity_milli=left, version=now, updated_at=at)
        event = stop_list_event(entry.venue_id, entry.product_id, left, edit.actor, now)
        events.setdefault((brand_id, entry.venue_id), []).append(event)
    return events


def _quantity(quantity: Decimal | None) -> str:
    return "unlimited" if quantity is None else str(plain(quantity))


def _entry_text(quantity: StopListEntry | Decimal | None) -> str | None:
    return None if quantity is None else to_json({"quantity": quantity}).decode()


_SELECT_CHANGED = Statement(
    select(catalogue.c.kind, catalogue.c.document)
    .where(catalogue.c.brand_id == bindparam("brand_id"), catalogue.c.version > bindparam("since"))
    .order_by(catalogue.c.kind, catalogue.c.id)
)
SELECT_RESOURCES = SelectMany(
    (catalogue.c.id, catalogue.c.document, catalogue.c.version),
    (catalogue.c.brand_id, catalogue.c.kind, catalogue.c.id),
)
"""Resources by kind and id: id, document, version."""
_LOCK_BRAND = Statement(
    select(brands.c.catalogue_version, brands.c.next_audit)
    .where(brands.c.brand_id == bindparam("brand_id"))
    .with_for_update()
)
_SET_BRAND = Statement(
    update(brands)
    .where(brands.c.brand_id == bindparam("p_brand_id"))
    .values(catalogue_version=bindparam("p_version"), next_audit=bindparam("p_entry")),
    returns=False,
)
_UPSERT_RESOURCES = InsertMany(
    catalogue,
    lambda insert: insert.on_conflict_do_update(
        index_elements=[catalogue.c.brand_id, catalogue.c.kind, catalogue.c.id],
        set_={"version": insert.excluded.version, "document": insert.excluded.document},
    ),
)
_SELECT_STOP_LIST = Statement(
    select(stop_list.c.venue_id, stop_list.c.product_id, stop_list.c.quantity_milli, stop_list.c.updated_at)
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
