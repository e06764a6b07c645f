"""Keeping brands and those who call for them. Sessions of people and presence of devices have modules of their own."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table, and_, bindparam, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from comanda.access.model import (
    Brand,
    BrandId,
    Client,
    Device,
    Directory,
    Integrator,
    Person,
    Session,
    SigningKey,
)
from comanda.base.clock import Micros, now_micros
from comanda.base.errors import SetupError
from comanda.store.tables import (
    brands,
    clients,
    device_presence,
    devices,
    installation,
    integrators,
    signing_keys,
    staff,
    staff_sessions,
)
from comanda.store.transaction import Row, Rows, Statement, Transaction, one


def read_changes() -> Transaction[int]:
    """The counter that every change to what processes remember raises."""
    rows = yield one(_SELECT_COUNTER, name="changes")
    return int(rows[0][0]) if rows else 0


def read_directory() -> Transaction[Directory]:
    """Everybody who is known, with the counter they were read at."""
    version = yield from read_changes()
    known_brands = yield one(_SELECT_BRANDS)
    known_integrators = yield one(_SELECT_INTEGRATORS)
    known_clients = yield one(_SELECT_CLIENTS)
    known_devices = yield one(_SELECT_DEVICES)
    people = yield one(_SELECT_PEOPLE)
    sessions = yield one(_SELECT_SESSIONS, now=now_micros())
    keys = yield one(_SELECT_KEYS)
    return Directory(
        version=version,
        brands={row[0]: _brand_of(row) for row in known_brands},
        integrators={row[0]: Integrator(row[0], row[1], bool(row[2]), bool(row[3])) for row in known_integrators},
        clients={(row[0], row[1]): _client_of(row) for row in known_clients},
        devices={row[4]: _device_of(row) for row in known_devices},
        people={(row[0], row[1]): _person_of(row) for row in people},
        sessions={row[1]: _session_of(row) for row in sessions},
        signing_keys=tuple(SigningKey(*row) for row in keys),
        **_presence_of(known_devices),
    )


def take_order_ids(count: int) -> Transaction[int]:
    """Take a block of order ids for one process; returns the first."""
    rows = yield one(_ADD_TO_COUNTER, name="next_order_id", value=count)
    return int(rows[0][0]) - count + 1


def add_row(table: Table, row: Mapping[str, Any], what: str) -> Transaction[None]:
    """Add a brand, integrator, client, device or person. Raises SetupError when it is there already."""
    added = yield one(Statement(upsert(table).on_conflict_do_nothing().returning(*table.primary_key)), **row)
    if not added:
        raise SetupError(f"{what} exists already")
    yield one(RAISE_CHANGES)


def put_device(row: Mapping[str, Any]) -> Transaction[None]:
    """Add a device, or give a known one another token; what was heard of it at another venue is forgotten.

    Raises SetupError when a device of the other kind has that id.
    """
    put = yield one(_PUT_DEVICE, **row)
    if not put:
        raise SetupError(
            f"device {row['device_id']} is no {row['kind']}: terminals and kitchen screens share their ids"
        )
    yield one(RAISE_CHANGES)


def change_row(table: Table, key: Mapping[str, Any], values: Mapping[str, Any], what: str) -> Transaction[None]:
    """Change some columns of a row. Raises SetupError when there is none."""
    where = [table.c[name] == value for name, value in key.items()]
    changed = yield one(Statement(update(table).where(*where).values(**values).returning(*table.primary_key)))
    if not changed:
        raise SetupError(f"There is no {what}")
    yield one(RAISE_CHANGES)


def list_rows(table: Table, brand_id: str | None) -> Transaction[list[dict[str, Any]]]:
    """The rows of a table, of one brand where it has brands; secrets and hashes left out."""
    shown = [column for column in table.c if not _is_secret(column.name)]
    query = select(*shown).order_by(*table.primary_key)
    if brand_id is not None and "brand_id" in table.c:
        query = query.where(table.c.brand_id == brand_id)
    rows = yield one(Statement(query))
    return [{column.name: _plain(column.name, value) for column, value in zip(shown, row, strict=True)} for row in rows]


def add_signing_key(key: SigningKey, *, retire_before_s: int) -> Transaction[None]:
    """Add a key that signs from now on; keys too old to verify any living token are removed."""
    yield one(_INSERT_SIGNING_KEY, kid=key.kid, secret=key.secret, created_s=key.created_s)
    yield one(_RETIRE_SIGNING_KEYS, before=retire_before_s)
    yield one(RAISE_CHANGES)


def _is_secret(name: str) -> bool:
    return name in ("secret", "password_hash", "pin_hash") or name.endswith("_sha256")


def _plain(name: str, value: Any) -> Any:
    if name in ("venues", "scopes"):
        return json.loads(value)
    if name in ("enabled", "is_test", "unique_integration_id"):
        return bool(value)
    return value


def _brand_of(row: Row) -> Brand:
    return Brand(
        id=BrandId(row[0]),
        name=row[1],
        is_test=bool(row[2]),
        currency=row[3],
        decimals=row[4],
        region=row[5],
        enabled=bool(row[6]),
        catalogue_version=row[7],
    )


def _client_of(row: Row) -> Client:
    return Client(
        brand_id=BrandId(row[0]),
        id=row[1],
        name=row[2],
        secret_sha256=row[3],
        enabled=bool(row[4]),
        venue_id=row[5],
        venues=frozenset(json.loads(row[6])),
        scopes=frozenset(json.loads(row[7])),
        guest_customers=row[8],
        unique_integration_id=bool(row[9]),
        duplicate_window_s=row[10],
        quota_per_minute=row[11],
    )


def _device_of(row: Row) -> Device:
    return Device(
        brand_id=BrandId(row[0]),
        id=row[1],
        kind=row[2],
        venue_id=row[3],
        enabled=bool(row[5]),
        name=row[8],
        station_id=row[9],
        paired_at=row[10],
    )


def _person_of(row: Row) -> Person:
    return Person(
        brand_id=BrandId(row[0]),
        username=row[1],
        name=row[2],
        role=row[3],
        venues=frozenset(json.loads(row[4])),
        enabled=bool(row[5]),
        has_pin=bool(row[6]),
    )


def _session_of(row: Row) -> Session:
    return Session(
        brand_id=BrandId(row[0]),
        username=row[2],
        expires_at=Micros(row[3]),
        created_at=Micros(row[4]),
        strong_until=row[5],
        device_id=row[6],
    )


def _presence_of(rows: Rows) -> dict[str, Any]:
    """What the devices say of their venues: which are there, which venues are watched, which are attended."""
    present: dict[tuple[str, int], set[int]] = {}
    watched: set[tuple[str, int]] = set()
    attended: set[tuple[str, int]] = set()
    for brand_id, device_id, kind, _, _, enabled, venue_id, is_there, *_ in rows:
        if venue_id is None:
            continue
        if is_there:
            present.setdefault((brand_id, venue_id), set()).add(device_id)
        if kind == "terminal":
            watched.add((brand_id, venue_id))
            if is_there and enabled:
                attended.add((brand_id, venue_id))
    return {
        "present": {venue: frozenset(ids) for venue, ids in present.items()},
        "watched": frozenset(watched),
        "attended": frozenset(attended),
    }


_SELECT_COUNTER = Statement(select(installation.c.value).where(installation.c.name == bindparam("name")))
_counter = upsert(installation)
_ADD_TO_COUNTER = Statement(
    _counter.on_conflict_do_update(
        index_elements=[installation.c.name], set_={"value": installation.c.value + _counter.excluded.value}
    ).returning(installation.c.value)
)
RAISE_CHANGES = Statement(
    upsert(installation)
    .values(name="changes", value=1)
    .on_conflict_do_update(index_elements=[installation.c.name], set_={"value": installation.c.value + 1}),
    returns=False,
)
_SELECT_BRANDS = Statement(
    select(
        brands.c.brand_id,
        brands.c.name,
        brands.c.is_test,
        brands.c.currency,
        brands.c.decimals,
        brands.c.region,
        brands.c.enabled,
        brands.c.catalogue_version,
    )
)
_SELECT_INTEGRATORS = Statement(
    select(integrators.c.integrator_id, integrators.c.name, integrators.c.is_test, integrators.c.enabled)
)
_SELECT_CLIENTS = Statement(select(*clients.c))
_SELECT_DEVICES = Statement(
    select(
        devices.c.brand_id,
        devices.c.device_id,
        devices.c.kind,
        devices.c.venue_id,
        devices.c.token_sha256,
        devices.c.enabled,
        device_presence.c.venue_id,
        device_presence.c.present,
        devices.c.name,
        devices.c.station_id,
        devices.c.paired_at,
    ).join_from(
        devices,
        device_presence,
        and_(
            device_presence.c.brand_id == devices.c.brand_id,
            device_presence.c.device_id == devices.c.device_id,
        ),
        isouter=True,
    )
)
_SELECT_PEOPLE = Statement(
    select(
        staff.c.brand_id,
        staff.c.username,
        staff.c.name,
        staff.c.role,
        staff.c.venues,
        staff.c.enabled,
        staff.c.pin_hash.is_not(None),
    )
)
_SELECT_SESSIONS = Statement(
    select(
        staff_sessions.c.brand_id,
        staff_sessions.c.token_sha256,
        staff_sessions.c.username,
        staff_sessions.c.expires_at,
        staff_sessions.c.created_at,
        staff_sessions.c.strong_until,
        staff_sessions.c.device_id,
    ).where(staff_sessions.c.expires_at > bindparam("now"))
)
_SELECT_KEYS = Statement(
    select(signing_keys.c.kid, signing_keys.c.secret, signing_keys.c.created_s).order_by(
        signing_keys.c.created_s.desc(), signing_keys.c.kid
    )
)
_INSERT_SIGNING_KEY = Statement(insert(signing_keys), returns=False)
_RETIRE_SIGNING_KEYS = Statement(
    signing_keys.delete().where(signing_keys.c.created_s < bindparam("before")), returns=False
)
_device = upsert(devices)
_PUT_DEVICE = Statement(
    _device.on_conflict_do_update(
        index_elements=[devices.c.brand_id, devices.c.device_id],
        set_={
            name: _device.excluded[name]
            for name in ("venue_id", "token_sha256", "enabled", "name", "station_id", "paired_at")
        },
        where=devices.c.kind == _device.excluded.kind,
    ).returning(devices.c.device_id)
)
