"""Keeping which devices are there: heartbeats go in, turns from absent to present and back come out as events.

A turn is one statement whose WHERE holds for one transaction only, so it happens exactly once however many processes
hear of it. A heartbeat that is no turn changes its own row and wakes nobody.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, delete, select, true, update
from sqlalchemy.dialects.postgresql import insert as upsert

from comanda.access.model import Device, DeviceKind
from comanda.base.clock import Micros, iso_micros
from comanda.base.json import to_json
from comanda.catalogue.model import Terminal
from comanda.store.access import RAISE_CHANGES, put_device
from comanda.store.event_log import NewEvent, append_events
from comanda.store.sessions import end_sessions_on
from comanda.store.tables import device_presence, devices, pairings
from comanda.store.transaction import Statement, Transaction, one


class Seen(NamedTuple):
    """A device with a token, and what was last heard of it: both None for one that has never said anything."""

    device_id: int
    kind: DeviceKind
    enabled: bool
    present: bool | None
    seen_at: Micros | None


def beat(brand_id: str, device: Device, now: Micros) -> Transaction[bool]:
    """Note that a device is there; true when it was not before, which is an event.

    Nothing is noted of one that was revoked or moved meanwhile: its row is locked, so that either this comes first or
    that does.
    """
    place = {"brand_id": brand_id, "device_id": device.id, "venue_id": device.venue_id}
    if not (yield one(_LOCK_DEVICE, **place)):
        return False
    if (yield one(_STAY, **{f"p_{name}": value for name, value in place.items()}, now=now)):
        return False
    turned = yield one(_APPEAR, **place, present=True, seen_at=now)
    if not turned:
        return False
    yield from _announce(brand_id, device.venue_id, (device.id, device.kind), now, now)
    return True


def place_device(row: Mapping[str, Any], now: Micros) -> Transaction[None]:
    """Add a device, or give a known one another token; one that was present at another venue is gone from there.

    Sessions that were begun on the one with the earlier token end, and nobody may claim the token any more who was let
    in as this device before. Raises SetupError as `put_device`.
    """
    yield from end_claims_on(row["brand_id"], row["device_id"])
    yield from put_device(row)
    yield from end_sessions_on(row["brand_id"], row["device_id"])
    gone = yield one(_FORGET_ELSEWHERE, **{name: row[name] for name in ("brand_id", "device_id", "venue_id")})
    for venue_id, seen_at in gone:
        device = (row["device_id"], row["kind"])
        yield from _announce(row["brand_id"], int(venue_id), device, Micros(seen_at), now, present=None)


def end_claims_on(brand_id: str, device_id: int) -> Transaction[None]:
    """End the pairings that were approved for a device and not claimed yet.

    Before anything is done to the device's own row: who claims locks the pairing first, too.
    """
    yield one(_END_CLAIMS, brand_id=brand_id, device_id=device_id)


def move_terminal(brand_id: str, terminal: Terminal, now: Micros) -> Transaction[None]:
    """Have a terminal's token follow what the catalogue says: it works while the terminal does, at its venue."""
    place = {"brand_id": brand_id, "device_id": terminal.id, "venue_id": terminal.venue_id}
    yield one(_FOLLOW, **{f"p_{name}": value for name, value in place.items()}, p_enabled=terminal.active)
    gone = yield one(_FORGET_ELSEWHERE, **place)
    for venue_id, seen_at in gone:
        yield from _announce(brand_id, int(venue_id), (terminal.id, "terminal"), Micros(seen_at), now, present=None)


def forget_device(brand_id: str, device_id: int, kind: DeviceKind, now: Micros) -> Transaction[None]:
    """Forget what was heard of a device that is no more; where it was present it is so no longer."""
    gone = yield one(_FORGET, brand_id=brand_id, device_id=device_id)
    for venue_id, seen_at in gone:
        yield from _announce(brand_id, int(venue_id), (device_id, kind), Micros(seen_at), now, present=None)


def find_silent(brand_id: str, before: Micros) -> Transaction[list[int]]:
    """The ids of a brand's devices that count as present and were last heard of before an instant."""
    rows = yield one(_SELECT_SILENT, brand_id=brand_id, before=before)
    return [int(row[0]) for row in rows]


def mark_absent(brand_id: str, device_id: int, before: Micros, now: Micros) -> Transaction[bool]:
    """Let a device that is still silent count as absent; true when it did not before, which is an event.

    What was heard of a device that is no more is forgotten.
    """
    kinds = yield one(_SELECT_KIND, brand_id=brand_id, device_id=device_id)
    if not kinds:
        yield one(_FORGET, brand_id=brand_id, device_id=device_id)
        return False
    turned = yield one(_DISAPPEAR, p_brand_id=brand_id, p_device_id=device_id, before=before)
    if not turned:
        return False
    venue_id, seen_at = turned[0]
    yield from _announce(brand_id, venue_id, (device_id, kinds[0][0]), Micros(seen_at), now, present=False)
    return True


def seen_devices(brand_id: str, venue_id: int) -> Transaction[list[Seen]]:
    """The devices of a venue and what was last heard of them, by id."""
    rows = yield one(_SELECT_SEEN, brand_id=brand_id, venue_id=venue_id)
    return [Seen(row[0], row[1], bool(row[2]), None if row[3] is None else bool(row[3]), row[4]) for row in rows]


def _announce(
    brand_id: str, venue_id: int, device: tuple[int, str], seen_at: Micros, now: Micros, *, present: bool | None = True
) -> Transaction[None]:
    """Tell that a device came, fell silent, or (``present`` None) stands here no more."""
    device_id, kind = device
    data = {"id": device_id, "kind": kind, "venue_id": venue_id, "present": present, "seen_at": iso_micros(seen_at)}
    type_, actor = ("terminal.present", f"device:{device_id}") if present else ("terminal.absent", "presence")
    yield one(RAISE_CHANGES)
    event = NewEvent(None, None, type_, actor, to_json(data).decode(), now)
    yield from append_events({(brand_id, venue_id): [event]})


_LOCK_DEVICE = Statement(
    select(devices.c.device_id)
    .where(
        devices.c.brand_id == bindparam("brand_id"),
        devices.c.device_id == bindparam("device_id"),
        devices.c.venue_id == bindparam("venue_id"),
    )
    .with_for_update()
)
_END_CLAIMS = Statement(
    delete(pairings).where(
        pairings.c.brand_id == bindparam("brand_id"), pairings.c.device_id == bindparam("device_id")
    ),
    returns=False,
)
_FORGET_ELSEWHERE = Statement(
    delete(device_presence)
    .where(
        device_presence.c.brand_id == bindparam("brand_id"),
        device_presence.c.device_id == bindparam("device_id"),
        device_presence.c.venue_id != bindparam("venue_id"),
    )
    .returning(device_presence.c.venue_id, device_presence.c.seen_at)
)
_FORGET = Statement(
    delete(device_presence)
    .where(device_presence.c.brand_id == bindparam("brand_id"), device_presence.c.device_id == bindparam("device_id"))
    .returning(device_presence.c.venue_id, device_presence.c.seen_at)
)
_STAY = Statement(
    update(device_presence)
    .where(
        device_presence.c.brand_id == bindparam("p_brand_id"),
        device_presence.c.device_id == bindparam("p_device_id"),
        device_presence.c.venue_id == bindparam("p_venue_id"),
        device_presence.c.present == true(),
    )
    .values(seen_at=bindparam("now"))
    .returning(device_presence.c.device_id)
)
_seen = upsert(device_presence)
_APPEAR = Statement(
    _seen.on_conflict_do_update(
        index_elements=[device_presence.c.brand_id, device_presence.c.device_id],
        set_={name: _seen.excluded[name] for name in ("venue_id", "present", "seen_at")},
        where=(~device_presence.c.present) | (device_presence.c.venue_id != _seen.excluded.venue_id),
    ).returning(device_presence.c.device_id)
)
_SELECT_SILENT = Statement(
    select(device_presence.c.device_id)
    .where(
        device_presence.c.brand_id == bindparam("brand_id"),
        device_presence.c.present == true(),
        device_presence.c.seen_at < bindparam("before"),
    )
    .order_by(device_presence.c.device_id)
)
_DISAPPEAR = Statement(
    update(device_presence)
    .where(
        device_presence.c.brand_id == bindparam("p_brand_id"),
        device_presence.c.device_id == bindparam("p_device_id"),
        device_presence.c.present == true(),
        device_presence.c.seen_at < bindparam("before"),
    )
    .values(present=False)
    .returning(device_presence.c.venue_id, device_presence.c.seen_at)
)
_SELECT_KIND = Statement(
    select(devices.c.kind).where(
        devices.c.brand_id == bindparam("brand_id"), devices.c.device_id == bindparam("device_id")
    )
)
_SELECT_SEEN = Statement(
    select(
        devices.c.device_id,
        devices.c.kind,
        devices.c.enabled,
        device_presence.c.present,
        device_presence.c.seen_at,
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
    .where(devices.c.brand_id == bindparam("brand_id"), devices.c.venue_id == bindparam("venue_id"))
    .order_by(devices.c.device_id)
)
_FOLLOW = Statement(
    update(devices)
    .where(
        devices.c.brand_id == bindparam("p_brand_id"),
        devices.c.device_id == bindparam("p_device_id"),
        devices.c.kind == "terminal",
    )
    .values(venue_id=bindparam("p_venue_id"), enabled=bindparam("p_enabled")),
    returns=False,
)
