"""Keeping people's sessions: the hash of a random token, whose it is, until when. No password or PIN is read twice.

Starting and ending a session raises the counter of changes, so that every process knows within a second.
"""

from typing import NamedTuple

from sqlalchemy import BigInteger, bindparam, case, insert, or_, select, update

from comanda.base import limits
from comanda.base.clock import Micros
from comanda.store.access import RAISE_CHANGES
from comanda.store.tables import devices, staff, staff_sessions
from comanda.store.transaction import Statement, Transaction, each, one


class NewSession(NamedTuple):
    """A session to be stored, of a person whose password was checked against ``proof_hash``.

    For ``by_pin`` it was the PIN. With a ``device_id`` it is good on that device only, and ends with it.
    """

    brand_id: str
    username: str
    proof_hash: str
    token_sha256: str
    created_at: Micros
    expires_at: Micros
    device_id: int | None = None
    by_pin: bool = False


def find_password(brand_id: str, username: str) -> Transaction[str | None]:
    """The hash of a person's password; None for somebody who is not known or not enabled."""
    rows = yield one(_SELECT_PASSWORD, brand_id=brand_id, username=username)
    return rows[0][0] if rows and rows[0][1] else None


def add_session(new: NewSession) -> Transaction[bool]:
    """Store a session; the oldest of a person who has too many end.

    False, and nothing stored, when the person was disabled or got another password or PIN since it was checked, or the
    device was revoked or moved meanwhile.
    """
    rows = yield one(_LOCK_PERSON, brand_id=new.brand_id, username=new.username)
    if not rows or rows[0][2 if new.by_pin else 0] != new.proof_hash or not rows[0][1]:
        return False
    if new.device_id is not None and not (
        yield one(_LOCK_DEVICE, brand_id=new.brand_id, device_id=new.device_id, enabled=True)
    ):
        return False
    yield one(
        _INSERT_SESSION,
        brand_id=new.brand_id,
        token_sha256=new.token_sha256,
        username=new.username,
        created_at=new.created_at,
        expires_at=new.expires_at,
        strong_until=None if new.by_pin else new.expires_at,
        device_id=new.device_id,
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


def strengthen_session(
    brand_id: str, token_sha256: str, username: str, password_hash: str, until: Micros
) -> Transaction[bool]:
    """Let a session count as the password's until an instant, unless it does so for longer already.

    One that was begun with a PIN stays one (`Session.strength`): its strength ends before the session does.

    False, and nothing changed, when it has ended or the password is not the one that was checked any more.
    """
    rows = yield one(_LOCK_PERSON, brand_id=brand_id, username=username)
    if not rows or rows[0][0] != password_hash or not rows[0][1]:
        return False
    known = yield one(_SELECT_SESSION, brand_id=brand_id, token_sha256=token_sha256)
    if not known:
        return False
    yield one(_STRENGTHEN, p_brand_id=brand_id, p_token_sha256=token_sha256, p_until=until)
    yield one(RAISE_CHANGES)
    return True


def end_weak_sessions_of(brand_id: str, username: str, *, keep: str = "") -> Transaction[None]:
    """End the sessions that a person began with a PIN, but for the one whose hash is ``keep``."""
    yield one(_END_WEAK_SESSIONS_OF, brand_id=brand_id, username=username, keep=keep)
    yield one(RAISE_CHANGES)


def end_sessions_on(brand_id: str, device_id: int) -> Transaction[None]:
    """End every session that is good on one device only; its token is another one now, or none."""
    yield one(_END_SESSIONS_ON, brand_id=brand_id, device_id=device_id)
    yield one(RAISE_CHANGES)


def end_sessions_of(brand_id: str, username: str, *, keep: str = "") -> Transaction[None]:
    """End the sessions of a person who is disabled or has got another password, but for the one of hash ``keep``."""
    yield one(_END_SESSIONS_OF, brand_id=brand_id, username=username, keep=keep)
    yield one(RAISE_CHANGES)


_person = select(staff.c.password_hash, staff.c.enabled, staff.c.pin_hash).where(
    staff.c.brand_id == bindparam("brand_id"), staff.c.username == bindparam("username")
)
_SELECT_PASSWORD = Statement(_person)
_LOCK_PERSON = Statement(_person.with_for_update())
_LOCK_DEVICE = Statement(
    select(devices.c.device_id)
    .where(
        devices.c.brand_id == bindparam("brand_id"),
        devices.c.device_id == bindparam("device_id"),
        devices.c.enabled == bindparam("enabled"),
    )
    .with_for_update()
)
_INSERT_SESSION = Statement(insert(staff_sessions), returns=False)
_SELECT_SESSIONS = Statement(
    select(staff_sessions.c.token_sha256)
    .where(staff_sessions.c.brand_id == bindparam("brand_id"), staff_sessions.c.username == bindparam("username"))
    .order_by(staff_sessions.c.created_at.desc(), staff_sessions.c.token_sha256)
)
_own = (staff_sessions.c.brand_id == bindparam("brand_id"), staff_sessions.c.token_sha256 == bindparam("token_sha256"))
_SELECT_SESSION = Statement(select(staff_sessions.c.token_sha256).where(*_own))
_until = bindparam("p_until", type_=BigInteger)
_capped = case((staff_sessions.c.expires_at <= _until, staff_sessions.c.expires_at - 1), else_=_until)
_STRENGTHEN = Statement(
    update(staff_sessions)
    .where(
        staff_sessions.c.brand_id == bindparam("p_brand_id"),
        staff_sessions.c.token_sha256 == bindparam("p_token_sha256"),
        or_(staff_sessions.c.strong_until.is_(None), staff_sessions.c.strong_until < _capped),
    )
    .values(strong_until=_capped),
    returns=False,
)
_END_SESSION = Statement(staff_sessions.delete().where(*_own), returns=False)
_of_person = (staff_sessions.c.brand_id == bindparam("brand_id"), staff_sessions.c.username == bindparam("username"))
_END_SESSIONS_OF = Statement(
    staff_sessions.delete().where(*_of_person, staff_sessions.c.token_sha256 != bindparam("keep")), returns=False
)
_END_WEAK_SESSIONS_OF = Statement(
    staff_sessions.delete().where(
        *_of_person,
        or_(staff_sessions.c.strong_until.is_(None), staff_sessions.c.strong_until < staff_sessions.c.expires_at),
        staff_sessions.c.token_sha256 != bindparam("keep"),
    ),
    returns=False,
)
_END_SESSIONS_ON = Statement(
    staff_sessions.delete().where(
        staff_sessions.c.brand_id == bindparam("brand_id"), staff_sessions.c.device_id == bindparam("device_id")
    ),
    returns=False,
)
