"""The audit log: who changed what in the catalogue, before and after; written by the transaction that changes it."""

from collections.abc import Sequence
from typing import Any, Final

from msgspec import Raw, Struct
from sqlalchemy import bindparam, select, update

from comanda.base.clock import Micros, iso_micros
from comanda.base.json import raw_json
from comanda.store.tables import audit_log, brands
from comanda.store.transaction import InsertMany, Row, Statement, Transaction, many, one

ABSENT: Final = -1
"""The version of a resource that is not there; whoever expects it means to create."""
FIRST_VERSION: Final = 1
"""What customers and people begin with that no edit makes; each edit raises it."""


class VersionDiffers(Exception):
    """A resource has another version than the caller saw, perhaps `ABSENT`."""

    def __init__(self, kind: str, resource_id: int, version: int) -> None:
        super().__init__(f"{kind} {resource_id} has version {version}")
        self.version = version


class AuditEntry(Struct, frozen=True):
    """One change; ``before`` and ``after`` are JSON texts, None for what was not there."""

    action: str
    kind: str
    resource: str
    before: str | None
    after: str | None

    @classmethod
    def of(cls, kind: str, resource: str, before: str | None, after: str | None) -> "AuditEntry":
        """An entry whose action follows from what there was before and after."""
        action = "created" if before is None else "removed" if after is None else "changed"
        return cls(action, kind, resource, before, after)


def take_audit_numbers(brand_id: str, count: int) -> Transaction[int]:
    """Reserve numbers for entries and lock the brand's row until the commit; returns the first."""
    rows = yield one(_TAKE, p_brand_id=brand_id, p_count=count)
    return int(rows[0][0]) - count


def write_audit(brand_id: str, first: int, actor: str, entries: Sequence[AuditEntry], now: Micros) -> Transaction[None]:
    """Append entries under numbers that were reserved, from ``first`` on."""
    rows = [
        (brand_id, first + n, now, actor, entry.action, entry.kind, entry.resource, entry.before, entry.after)
        for n, entry in enumerate(entries)
    ]
    yield many(_INSERT, rows)


def read_audit(brand_id: str, before: int, limit: int) -> Transaction[list[dict[str, Any]]]:
    """Entries with a lower number than ``before``, newest first."""
    rows = yield one(_SELECT, brand_id=brand_id, before=before, amount=limit)
    return [_entry_json(row) for row in rows]


def _entry_json(row: Row) -> dict[str, Any]:
    return {
        "number": int(row[0]),
        "at": iso_micros(Micros(row[1])),
        "actor": row[2],
        "action": row[3],
        "kind": row[4],
        "resource": row[5],
        "before": _shown(row[6]),
        "after": _shown(row[7]),
    }


def _shown(text: str | None) -> Raw | None:
    return None if text is None else raw_json(text)


_INSERT = InsertMany(audit_log)
_TAKE = Statement(
    update(brands)
    .where(brands.c.brand_id == bindparam("p_brand_id"))
    .values(next_audit=brands.c.next_audit + bindparam("p_count", type_=brands.c.next_audit.type))
    .returning(brands.c.next_audit)
)
_SELECT = Statement(
    select(
        audit_log.c.number,
        audit_log.c.at,
        audit_log.c.actor,
        audit_log.c.action,
        audit_log.c.kind,
        audit_log.c.resource,
        audit_log.c.before,
        audit_log.c.after,
    )
    .where(audit_log.c.brand_id == bindparam("brand_id"), audit_log.c.number < bindparam("before"))
    .order_by(audit_log.c.number.desc())
    .limit(bindparam("amount"))
)
