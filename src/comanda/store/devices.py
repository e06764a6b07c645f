"""Devices as managers see them: listed with their presence, let in under an id of their own, revoked for good."""

from itertools import count
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert as upsert

from comanda.access.model import DeviceKind
from comanda.base import limits
from comanda.base.clock import Micros
from comanda.store.access import RAISE_CHANGES
from comanda.store.audit import AuditEntry, take_audit_numbers, write_audit
from comanda.store.presence import end_claims_on, forget_device
from comanda.store.sessions import end_sessions_on
from comanda.store.tables import device_presence, devices
from comanda.store.transaction import Row, RunAgain, Statement, Transaction, one


class KeptDevice(NamedTuple):
    """A device and what was last heard of it where it stands; ``present`` and ``seen_at`` None for nothing yet."""

    id: int
    kind: DeviceKind
    name: str | None
    venue_id: int
    station_id: int | None
    enabled: bool
    present: bool | None
    seen_at: Micros | None
    paired_at: Micros | None


def list_devices(brand_id: str) -> Transaction[list[KeptDevice]]:
    """A brand's devices, by id."""
    rows = yield one(_SELECT, brand_id=brand_id)
    return [_kept(row) for row in rows]


def find_device(brand_id: str, device_id: int) -> Transaction[KeptDevice | None]:
    """One device of a brand."""
    rows = yield one(_SELECT_ONE, brand_id=brand_id, device_id=device_id)
    return _kept(rows[0]) if rows else None


def add_screen(row: dict[str, Any]) -> Transaction[int]:
    """Add a kitchen screen under an id that no device has; returns the id."""
    rows = yield one(_SELECT_IDS, brand_id=row["brand_id"])
    taken = {int(known[0]) for known in rows}
    screen_id = next(number for number in count(limits.FIRST_SCREEN_ID) if number not in taken)
    if not (yield one(_INSERT, **{**row, "device_id": screen_id})):
        raise RunAgain  # somebody was given the same id at the same time
    yield one(RAISE_CHANGES)
    return screen_id


def revoke_device(brand_id: str, device_id: int, actor: str, now: Micros) -> Transaction[bool]:
    """Take a device's token away for good, with every session that was begun on it; false when there is none.

    Nor can it be claimed any more by what was let in as this device and has not fetched its token yet.
    """
    number = yield from take_audit_numbers(brand_id, 1)
    yield from end_claims_on(brand_id, device_id)
    rows = yield one(_DELETE, brand_id=brand_id, device_id=device_id)
    if not rows:
        return False
    yield from end_sessions_on(brand_id, device_id)
    yield from forget_device(brand_id, device_id, rows[0][0], now)
    yield from write_audit(brand_id, number, actor, [AuditEntry("revoked", "devices", str(device_id), None, None)], now)
    yield one(RAISE_CHANGES)
    return True


def _kept(row: Row) -> KeptDevice:
    present = None if row[6] is None else bool(row[6])
    return KeptDevice(row[0], row[1], row[2], row[3], row[4], bool(row[5]), present, row[7], row[8])


_devices = (
    select(
        devices.c.device_id,
        devices.c.kind,
        devices.c.name,
        devices.c.venue_id,
        devices.c.station_id,
        devices.c.enabled,
        device_presence.c.present,
        device_presence.c.seen_at,
        devices.c.paired_at,
    )
    .join_from(
        devices,
        device_presence,
        and_(
            device_presence.c.brand_id == devices.c.brand_id,
            device_presence.c.device_id == devices.c.device_id,
            device_presence.c.venue_id == devices.c.venue_id,
        ),
        isouter=True,
    )
    .where(devices.c.brand_id == bindparam("brand_id"))
)
_SELECT = Statement(_devices.order_by(devices.c.device_id))
_SELECT_ONE = Statement(_devices.where(devices.c.device_id == bindparam("device_id")))
_SELECT_IDS = Statement(select(devices.c.device_id).where(devices.c.brand_id == bindparam("brand_id")))
_INSERT = Statement(upsert(devices).on_conflict_do_nothing().returning(devices.c.device_id))
_DELETE = Statement(
    delete(devices)
    .where(devices.c.brand_id == bindparam("brand_id"), devices.c.device_id == bindparam("device_id"))
    .returning(devices.c.kind)
)
