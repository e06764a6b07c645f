"""Keeping people's sessions: the hash of a random token, whose it is, until when. Passwords are never read twice.

Starting and ending a session raises the counter of changes, so that every process knows within a second.
"""

from typing import NamedTuple

from sqlalchemy import bindparam, insert, select

from comanda.base import limits
from comanda.base.clock import Micros
from comanda.store.access import RAISE_CHANGES
from comanda.store.tables import staff, staff_sessions
from comanda.store.transaction import Statement, Transaction, each, one


class NewSession(NamedTuple):
    """A session to be stored, of a person whose password was checked against ``password_hash``."""

    brand_id: str
    username: str
    password_hash: str
    token_sha256: str
    created_at: Micros
    expires_at: Micros


def find_password(brand_id: str, username: str) -> Transaction[str | None]:
    """The hash of a person's password; None for somebody who is not known or not enabled."""
    rows = yield one(_SELECT_PASSWORD, brand_id=brand_id, username=username)
    return rows[0][0] if rows and rows[0][1] else None


def add_session(new: NewSession) -> Transaction[bool]:
    """Store a session; the oldest of a person who has too many end.

    False, and nothing stored, when the person was disabled or got another password since it was checked.
    """
    rows = yield one(_LOCK_PERSON, brand_id=new.brand_id, username=new.username)
    if not rows or rows[0][0] != new.password_hash or not rows[0][1]:
        return False
    yield one(
        _INSERT_SESSION,
        brand_id=new.brand_id,
        token_sha256=new.token_sha256,
        username=new.username,
        created_at=new.created_at,
        expires_at=new.expires_at,
    )
    living = yield one(_SELECT_SESSIONS, brand_id=new.brand_id, username=new.username)
    surplus = [row[0] for row in living[limits.SESSIONS_PER_PERSON :]]
    yield each(_END_SESSION, [{"brand_id": new.brand_id, "token_sha256": token} for token in surplus])
    yield one(RAISE_CHANGES)
    return True


def end_session(brand_id: str, token_sha256: str) -> Transaction[None]:
    """End a session; one that has ended already stays so."""
    yield one(_END_SESSION, brand_id=brand_id, token_sha256=token_sha256)
    yield one(RAISE_CHANGES)


def end_sessions_of(brand_id: str, username: str) -> Transaction[None]:
    """End every session of a person who is disabled or has got another password."""
    yield one(_END_SESSIONS_OF, brand_id=brand_id, username=username)
    yield one(RAISE_CHANGES)


_person = select(staff.c.password_hash, staff.c.enabled).where(
    staff.c.brand_id == bindparam("brand_id"), staff.c.username == bindparam("username")
)
_SELECT_PASSWORD = Statement(_person)
_LOCK_PERSON = Statement(_person.with_for_update())
_INSERT_SESSION = Statement(insert(staff_sessions), returns=False)
_SELECT_SESSIONS = Statement(
    select(staff_sessions.c.token_sha256)
    .where(staff_sessions.c.brand_id == bindparam("brand_id"), staff_sessions.c.username == bindparam("username"))
    .order_by(staff_sessions.c.created_at.desc(), staff_sessions.c.token_sha256)
)
_END_SESSION = Statement(
    staff_sessions.delete().where(
        staff_sessions.c.brand_id == bindparam("brand_id"),
        staff_sessions.c.token_sha256 == bindparam("token_sha256"),
    ),
    returns=False,
)
_END_SESSIONS_OF = Statement(
    staff_sessions.delete().where(
        staff_sessions.c.brand_id == bindparam("brand_id"), staff_sessions.c.username == bindparam("username")
    ),
    returns=False,
)
_PURGE_SESSIONS = Statement(
    staff_sessions.delete().where(
        staff_sessions.c.brand_id == bindparam("brand_id"), staff_sessions.c.expires_at <= bindparam("now")
    ),
    returns=False,
)
