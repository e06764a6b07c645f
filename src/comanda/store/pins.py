"""Guesses at secrets that can be guessed: counted before they are checked, so that no number of callers gets more.

A guess takes a turn under every subject it counts for (a person on a device, the device, a person's confirmations).
Turns are counted in the store, so they hold across processes and restarts; after a few in vain the subject waits, each
time twice as long. A right one gives back what it took. Also here: the PINs themselves, as hashes.
"""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from comanda.access.secrets import sha256_hex
from comanda.base import limits
from comanda.base.clock import Micros
from comanda.store.access import RAISE_CHANGES
from comanda.store.audit import AuditEntry, take_audit_numbers, write_audit
from comanda.store.sessions import end_weak_sessions_of
from comanda.store.tables import pin_failures, staff
from comanda.store.transaction import Query, RunAgain, Statement, Transaction, one


class Subject(NamedTuple):
    """Whose guesses are counted together, and how many in vain it takes until they must wait."""

    name: str
    tries: int


def guesses_on_device(device_id: int, username: str) -> tuple[Subject, Subject]:
    """What a PIN tried on a device counts for: the person there, and the device whoever is tried.

    Names are counted by their hash: anything may be sent as one.
    """
    person = Subject(f"device:{device_id}:{sha256_hex(username)[:32]}", limits.PIN_TRIES)
    return person, Subject(f"device:{device_id}", limits.PIN_TRIES_PER_DEVICE)


def guesses_of_person(username: str) -> tuple[Subject]:
    """What a password counts for that confirms a session."""
    return (Subject(f"confirm:{username}", limits.PIN_TRIES),)


class Taken(NamedTuple):
    """What a guess did to one subject: until when it made the others wait, and when the guess before it was."""

    subject: Subject
    locked_until: Micros
    at: Micros
    before_at: Micros


class Turn(NamedTuple):
    """A guess that may be checked, or, with ``locked_until``, one that may not and was not counted."""

    locked_until: Micros | None
    taken: tuple[Taken, ...] = ()


def take_turn(brand_id: str, subjects: Sequence[Subject], now: Micros) -> Transaction[Turn]:
    """Count a guess that is about to be checked; or say until when nobody may guess, and then nothing is counted."""
    found = []
    for subject in sorted(subjects):  # the device before the person there: while it waits, no name tried leaves a row
        fresh = {"brand_id": brand_id, "subject": subject.name, "failures": 0, "locked_until": 0, "last_at": now}
        yield one(_BEGIN, **fresh)
        rows = yield one(_LOCK, brand_id=brand_id, subject=subject.name)
        if not rows:
            raise RunAgain  # somebody was right just now, and the row is gone
        failures, locked_until, before_at = (int(value) for value in rows[0])
        if locked_until > now:
            return Turn(Micros(locked_until))
        wait_s = _wait_s(failures + 1, subject.tries)
        found.append((failures + 1, Taken(subject, Micros(now + wait_s * 1_000_000), now, Micros(before_at))))
    for failures, taken in found:
        yield _put(brand_id, taken.subject, failures, taken.locked_until, now)
    return Turn(None, tuple(taken for _, taken in found))


def give_turns_back(brand_id: str, subjects: Sequence[Subject], turn: Turn) -> Transaction[None]:
    """Forget the guesses of the first subject, since one was right; the others keep what others had in vain."""
    rows = yield from _lock(brand_id, turn)
    own = rows[subjects[0]][0]
    for taken in turn.taken:
        yield from _give_back(brand_id, taken, rows[taken.subject], own)


def undo_turn(brand_id: str, turn: Turn) -> Transaction[None]:
    """Let a guess count for nothing that nobody could check."""
    rows = yield from _lock(brand_id, turn)
    for taken in turn.taken:
        yield from _give_back(brand_id, taken, rows[taken.subject], 1)


def _lock(brand_id: str, turn: Turn) -> Transaction[dict[Subject, tuple[int, Micros, Micros]]]:
    """How often was guessed, until when nobody may, and when the last guess was; by subject, in order."""
    rows = dict[Subject, tuple[int, Micros, Micros]]()
    for taken in turn.taken:
        found = yield one(_LOCK, brand_id=brand_id, subject=taken.subject.name)
        failures, locked_until, last_at = found[0] if found else (0, 0, 0)
        rows[taken.subject] = (int(failures), Micros(locked_until), Micros(last_at))
    return rows


def _give_back(brand_id: str, taken: Taken, row: tuple[int, Micros, Micros], count: int) -> Transaction[None]:
    """Lessen what is counted, as if this guess had never been: its wait ends, and the guess before it is the last."""
    failures, locked_until, last_at = row
    if failures > count:
        locked_until = Micros(0) if locked_until == taken.locked_until else locked_until
        last_at = taken.before_at if last_at == taken.at else last_at
        yield _put(brand_id, taken.subject, failures - count, locked_until, last_at)
    else:
        yield one(_FORGET, brand_id=brand_id, subject=taken.subject.name)


def _put(brand_id: str, subject: Subject, failures: int, locked_until: Micros, last_at: Micros) -> Query:
    return one(
        _COUNT,
        p_brand_id=brand_id,
        p_subject=subject.name,
        p_failures=failures,
        p_locked_until=locked_until,
        p_last_at=last_at,
    )


def find_pin(brand_id: str, username: str) -> Transaction[str | None]:
    """The hash of a person's PIN; None for somebody who has none, is not known or not enabled."""
    rows = yield one(_SELECT_PIN, brand_id=brand_id, username=username)
    return rows[0][0] if rows and rows[0][1] else None


def set_pin(
    brand_id: str, username: str, pin_hash: str | None, actor: str, now: Micros, *, keep: str = ""
) -> Transaction[bool]:
    """Give a person another PIN, or none; false for nobody of that name.

    What was begun with the old one ends, but for the session whose hash is ``keep``; the audit log says who did it.
    """
    number = yield from take_audit_numbers(brand_id, 1)
    rows = yield one(_SET_PIN, p_brand_id=brand_id, p_username=username, p_pin_hash=pin_hash)
    if not rows:
        return False
    yield from end_weak_sessions_of(brand_id, username, keep=keep)
    entry = AuditEntry("pin", "users", str(rows[0][0]), None, None)
    yield from write_audit(brand_id, number, actor, [entry], now)
    yield one(RAISE_CHANGES)
    return True


def _wait_s(failures: int, tries: int) -> int:
    """How long a subject waits after so many guesses in vain."""
    if failures < tries:
        return 0
    return int(min(limits.PIN_WAIT_S * 2 ** min(failures - tries, 16), limits.PIN_LONGEST_WAIT_S))


_failure = upsert(pin_failures)
_BEGIN = Statement(_failure.on_conflict_do_nothing(), returns=False)
_LOCK = Statement(
    select(pin_failures.c.failures, pin_failures.c.locked_until, pin_failures.c.last_at)
    .where(pin_failures.c.brand_id == bindparam("brand_id"), pin_failures.c.subject == bindparam("subject"))
    .with_for_update()
)
_one = (pin_failures.c.brand_id == bindparam("p_brand_id"), pin_failures.c.subject == bindparam("p_subject"))
_COUNT = Statement(
    update(pin_failures)
    .where(*_one)
    .values(failures=bindparam("p_failures"), locked_until=bindparam("p_locked_until"), last_at=bindparam("p_last_at")),
    returns=False,
)
_FORGET = Statement(
    pin_failures.delete().where(
        pin_failures.c.brand_id == bindparam("brand_id"), pin_failures.c.subject == bindparam("subject")
    ),
    returns=False,
)
_SELECT_PIN = Statement(
    select(staff.c.pin_hash, staff.c.enabled).where(
        staff.c.brand_id == bindparam("brand_id"), staff.c.username == bindparam("username")
    )
)
_SET_PIN = Statement(
    update(staff)
    .where(staff.c.brand_id == bindparam("p_brand_id"), staff.c.username == bindparam("p_username"))
    .values(pin_hash=bindparam("p_pin_hash"))
    .returning(staff.c.id)
)
