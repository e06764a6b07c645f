"""People who sign in, as rows: added, changed, listed. Their sessions have a module of their own."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace
from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from comanda.base.clock import Micros, instant_of, iso_micros
from comanda.base.errors import SetupError
from comanda.catalogue.document import Changes
from comanda.catalogue.editing import free_ids
from comanda.catalogue.model import User, encode_resource, stamped
from comanda.store.access import RAISE_CHANGES
from comanda.store.audit import (
    ABSENT,
    FIRST_VERSION,
    AuditEntry,
    VersionDiffers,
    take_audit_numbers,
    write_audit,
)
from comanda.store.sessions import end_sessions_of
from comanda.store.tables import staff
from comanda.store.transaction import Row, Statement, Transaction, one


def add_person(brand_id: str, user: User, password_hash: str, actor: str, now: Micros) -> Transaction[None]:
    """Add a person, of whom the audit log says who did it.

    ``password_hash`` may be empty, and then nobody can sign in as them yet.

    Raises SetupError when the user name or the id is taken.
    """
    number = yield from take_audit_numbers(brand_id, 1)
    added = yield one(_INSERT, **person_row(brand_id, user, now), password_hash=password_hash, version=FIRST_VERSION)
    if not added:
        raise SetupError(f"user {user.username} exists already")
    entry = AuditEntry.of("users", str(user.id), None, encode_resource(user))
    yield from write_audit(brand_id, number, actor, [entry], now)
    yield one(RAISE_CHANGES)


def put_people(
    brand_id: str,
    users: Sequence[User],
    version: int,
    expected: Mapping[tuple[str, int], int],
    now: Micros,
    changes: Changes,
) -> Transaction[list[AuditEntry]]:
    """Write people by their ids; those new here have no password yet, and who is retired is signed out.

    Versions rise at least to ``version``. Raises VersionDiffers, and SetupError for a user name that two people claim.
    """
    if not users:
        return []
    rows = yield one(_SELECT, brand_id=brand_id)
    kept = {int(row[0]): (person_of(row), int(row[-1])) for row in rows}
    names = {person.username: number for number, (person, _) in kept.items()}
    entries = list[AuditEntry]()
    for user in users:
        before, seen = kept.get(user.id, (None, ABSENT))
        if expected.get(("users", user.id), seen) != seen:
            raise VersionDiffers("users", user.id, seen)
        if names.get(user.username, user.id) != user.id:
            raise SetupError(f"users {names[user.username]} and {user.id} have the same user name")
        after = stamped(user, before, iso_micros(now))
        if after is before:
            continue
        raised = max(version, seen + 1)
        changes.note("users", user.id, user.username, raised, added=before is None)
        text = None if before is None else encode_resource(before)
        entries.append(AuditEntry.of("users", str(user.id), text, encode_resource(after)))
        yield from _put(brand_id, before, after, raised)
    return entries


def _put(brand_id: str, before: User | None, after: User, version: int) -> Transaction[None]:
    row = person_row(brand_id, after, Micros(0))
    assert after.created_at is not None
    assert after.updated_at is not None
    row |= {"created_at": instant_of(after.created_at), "updated_at": instant_of(after.updated_at), "version": version}
    if before is None:
        yield one(_INSERT, **row, password_hash="")
        return
    yield one(_UPDATE, **{f"p_{name}": value for name, value in row.items()})
    if not after.active or before.username != after.username:
        yield from end_sessions_of(brand_id, before.username)


def enable_person(brand_id: str, username: str, actor: str, now: Micros, *, enabled: bool) -> Transaction[bool]:
    """Let a person in or not, whatever else is written of them; False when there is nobody of that name."""
    number = yield from take_audit_numbers(brand_id, 1)
    people = yield from read_people(brand_id)
    person = next((one for one in people if one.username == username), None)
    if person is None:
        return False
    changed = replace(person, active=enabled)
    entries = yield from put_people(brand_id, [changed], FIRST_VERSION, {}, now, Changes())
    yield from write_audit(brand_id, number, actor, entries, now)
    yield one(RAISE_CHANGES)
    return True


def set_password(
    brand_id: str, user_id: int, password_hash: str, actor: str, now: Micros, *, keep: str = ""
) -> Transaction[None]:
    """Give a person another password, and say in the audit log who did it.

    Every session of the person ends, but for the one whose hash is ``keep``.
    """
    number = yield from take_audit_numbers(brand_id, 1)
    rows = yield one(_SET_PASSWORD, p_brand_id=brand_id, p_id=user_id, p_password_hash=password_hash)
    for row in rows:
        yield from end_sessions_of(brand_id, row[0], keep=keep)
        entry = AuditEntry("password", "users", str(user_id), None, None)
        yield from write_audit(brand_id, number, actor, [entry], now)


def free_person_id(brand_id: str) -> Transaction[int]:
    """An id that no person of the brand has."""
    rows = yield one(_SELECT_IDS, brand_id=brand_id)
    return next(free_ids({int(row[0]) for row in rows}))


def read_people(brand_id: str) -> Transaction[list[User]]:
    """Everybody who works for a brand, by id."""
    rows = yield one(_SELECT, brand_id=brand_id)
    return [person_of(row) for row in rows]


def person_row(brand_id: str, user: User, now: Micros) -> dict[str, Any]:
    """A person's columns but for the password; ``now`` is when the row is written."""
    return {
        "brand_id": brand_id,
        "username": user.username,
        "name": user.name,
        "role": user.role,
        "venues": json.dumps(user.venues),
        "enabled": user.active,
        "id": user.id,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email": user.email,
        "mobile_number": user.mobile_number,
        "owner": user.owner,
        "created_at": now,
        "updated_at": now,
    }


def person_of(row: Row) -> User:
    """The person that a row of `PERSON_COLUMNS` holds."""
    return User(
        id=int(row[0]),
        username=row[1],
        name=row[2],
        role=row[3],
        venues=tuple(json.loads(row[4])),
        active=bool(row[5]),
        first_name=row[6],
        last_name=row[7],
        email=row[8],
        mobile_number=row[9],
        owner=bool(row[10]),
        created_at=iso_micros(Micros(row[11])),
        updated_at=iso_micros(Micros(row[12])),
    )


PERSON_COLUMNS = (
    staff.c.id,
    staff.c.username,
    staff.c.name,
    staff.c.role,
    staff.c.venues,
    staff.c.enabled,
    staff.c.first_name,
    staff.c.last_name,
    staff.c.email,
    staff.c.mobile_number,
    staff.c.owner,
    staff.c.created_at,
    staff.c.updated_at,
    staff.c.version,
)
_INSERT = Statement(upsert(staff).on_conflict_do_nothing().returning(staff.c.id))
_UPDATE = Statement(
    update(staff)
    .where(staff.c.brand_id == bindparam("p_brand_id"), staff.c.id == bindparam("p_id"))
    .values(
        {
            column.name: bindparam(f"p_{column.name}")
            for column in staff.c
            if column.name not in ("brand_id", "id", "password_hash", "pin_hash")
        }
    ),
    returns=False,
)
_SET_PASSWORD = Statement(
    update(staff)
    .where(staff.c.brand_id == bindparam("p_brand_id"), staff.c.id == bindparam("p_id"))
    .values(password_hash=bindparam("p_password_hash"))
    .returning(staff.c.username)
)
_SELECT_IDS = Statement(select(staff.c.id).where(staff.c.brand_id == bindparam("brand_id")))
_SELECT = Statement(select(*PERSON_COLUMNS).where(staff.c.brand_id == bindparam("brand_id")).order_by(staff.c.id))
