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
from comanda.store.transaction import RunAgain, Statement, Transaction, each, one


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


def take_turn(brand_id: str, subjects: Sequence[Subject], now: Micros) -> Transaction[Micros | None]:
    """Count a guess that is about to be checked; None, or until when nobody may guess, and then nothing is counted."""
    ordered = sorted(subjects)
    fresh = {"brand_id": brand_id, "failures": 0, "locked_until": 0, "last_at": now}
    yield each(_BEGIN, [{**fresh, "subject": subject.name} for subject in ordered])
    found = []
    for subject in ordered:
        rows = yield one(_LOCK, brand_id=brand_id, subject=subject.name)
        if not rows:
            raise RunAgain  # somebody was right just now, and the row is gone
        found.append((subject, int(rows[0][0]), Micros(rows[0][1])))
    locked_until = max(until for _, _, until in found)
    if locked_until > now:
        return locked_until
    yield each(
        _COUNT,
        [
            {
                "p_brand_id": brand_id,
                "p_subject": subject.name,
                "p_failures": failures + 1,
                "p_locked_until": Micros(now + _wait_s(failures + 1, subject.tries) * 1_000_000),
                "p_last_at": now,
            }
            for subject, failures, _ in found
        ],
    )
    return None


def give_turns_back(brand_id: str, subjects: Sequence[Subject]) -> Transaction[None]:
    """Forget the guesses of the first subject, since one was right; the others keep what others had in vain."""
    rows = dict[str, int]()
    for subject in sorted(subjects):
        found = yield one(_LOCK, brand_id=brand_id, subject=subject.name)
        rows[subject.name] = int(found[0][0]) if found else 0
    own = rows[subjects[0].name]
    for subject in subjects:
        left = max(0, rows[subject.name] - own)
        if left >= subject.tries:
            yield one(_LESSEN, p_brand_id=brand_id, p_subject=subject.name, p_failures=left)
        elif left:
            yield one(_LESSEN_FREE, p_brand_id=brand_id, p_subject=subject.name, p_failures=left)
        else:
            yield one(_FORGET, brand_id=brand_id, subject=subject.name)


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
    select(pin_failures.c.failures, pin_failures.c.locked_until)
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
_LESSEN = Statement(update(pin_failures).where(*_one).values(failures=bindparam("p_failures")), returns=False)
_LESSEN_FREE = Statement(
    update(pin_failures).where(*_one).values(failures=bindparam("p_failures"), locked_until=0), returns=False
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
