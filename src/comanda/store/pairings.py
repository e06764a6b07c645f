"""Pairing: a device shows a code, a manager lets it in, the device fetches its token; each step once, all by hashes.

Approving locks the code's row as it waits, claiming deletes it; so of many at once one wins.
The device's token is made when it is claimed: before, nobody has one, and nothing stores it in clear.
"""

from typing import NamedTuple

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from comanda.access.model import DeviceKind
from comanda.base import limits
from comanda.base.clock import Micros
from comanda.base.errors import Problem, invalid
from comanda.catalogue.model import Terminal, decode_resource
from comanda.store.access import RAISE_CHANGES
from comanda.store.audit import AuditEntry, take_audit_numbers, write_audit
from comanda.store.catalogue import SELECT_RESOURCES
from comanda.store.devices import KeptDevice, add_screen, find_device
from comanda.store.presence import place_device
from comanda.store.tables import devices, pairings
from comanda.store.transaction import Row, Statement, Transaction, TransactionBuilder, many, one


class Pairing(NamedTuple):
    """A device that waits to be let in, until ``expires_at``."""

    brand_id: str
    code_sha256: str
    claim_sha256: str
    kind: DeviceKind
    address: str
    user_agent: str
    created_at: Micros
    expires_at: Micros


class Approval(NamedTuple):
    """As what a device is let in, by whom: a kitchen screen, or the terminal of the catalogue with ``terminal_id``.

    ``unknown_token_sha256`` stands for its token until it claims one; nobody knows what it is the hash of.
    """

    brand_id: str
    code_sha256: str
    kind: DeviceKind
    name: str
    venue_id: int
    terminal_id: int | None
    station_id: int | None
    actor: str
    unknown_token_sha256: str


def add_pairing(new: Pairing) -> Transaction[bool]:
    """Have a device wait; false, and nothing stored, when the code is in use or too many are let in unclaimed.

    What an address, or all of them, asked for beyond their share ends, the oldest first.
    """
    yield one(_CLEAR_LAPSED, brand_id=new.brand_id, now=new.created_at)
    own = yield one(_SELECT_OF_ADDRESS, brand_id=new.brand_id, address=new.address)
    for row in own[limits.PAIRINGS_PER_ADDRESS - 1 :]:
        yield one(_DELETE, brand_id=new.brand_id, code_sha256=row[0])
    waiting = yield one(_COUNT, brand_id=new.brand_id)
    if int(waiting[0][0]) >= limits.PAIRINGS_PER_BRAND:
        oldest = yield one(_SELECT_OLDEST, brand_id=new.brand_id)
        if not oldest:
            return False
        yield one(_DELETE, brand_id=new.brand_id, code_sha256=oldest[0][0])
    return bool((yield one(_INSERT, **new._asdict())))


def find_pairing(brand_id: str, code_sha256: str, now: Micros) -> Transaction[Pairing | None]:
    """The device that waits under a code and has not been let in yet."""
    rows = yield one(_SELECT, brand_id=brand_id, code_sha256=code_sha256, now=now)
    return _pairing(rows[0]) if rows else None


def approve_pairing(
    approval: Approval, now: Micros, make_terminal: TransactionBuilder[object] | None = None
) -> Transaction[KeptDevice | None]:
    """Let a device in, and the audit log say by whom; None, and nothing changed, when its code waits no more.

    ``make_terminal`` adds the terminal to the catalogue first. Raises SetupError when the terminal's id is a screen's,
    ComandaError ``validation_failed`` for one that is not in use at the venue.
    """
    brand_id, code_sha256 = approval.brand_id, approval.code_sha256
    if not (yield one(_LOCK, brand_id=brand_id, code_sha256=code_sha256, now=now)):
        return None
    if make_terminal is not None:
        yield from make_terminal()
    number = yield from take_audit_numbers(brand_id, 1)  # from here on nobody else edits the catalogue
    if make_terminal is None and approval.terminal_id is not None:
        yield from _require_terminal(brand_id, approval.terminal_id, approval.venue_id)
    row = {
        "brand_id": brand_id,
        "kind": approval.kind,
        "venue_id": approval.venue_id,
        "token_sha256": approval.unknown_token_sha256,
        "enabled": True,
        "name": approval.name,
        "station_id": approval.station_id,
        "paired_at": now,
    }
    device_id = approval.terminal_id
    if device_id is None:
        device_id = yield from add_screen(row)
    else:
        yield from place_device({**row, "device_id": device_id}, now)
    yield one(_APPROVE, p_brand_id=brand_id, p_code_sha256=code_sha256, p_device_id=device_id)
    entry = AuditEntry("paired", "devices", str(device_id), None, None)
    yield from write_audit(brand_id, number, approval.actor, [entry], now)
    return (yield from find_device(brand_id, device_id))


def is_waiting(brand_id: str, claim_sha256: str, now: Micros) -> Transaction[bool | None]:
    """Whether a claim still waits for a manager; false when it was let in, None when there is none, or no longer."""
    rows = yield one(_SELECT_CLAIM, brand_id=brand_id, claim_sha256=claim_sha256, now=now)
    return rows[0][0] is None if rows else None


def claim_device(brand_id: str, claim_sha256: str, token_sha256: str, now: Micros) -> Transaction[KeptDevice | None]:
    """Give an approved device its token, once; None for who comes second or too late, or was revoked since."""
    rows = yield one(_CLAIM, brand_id=brand_id, claim_sha256=claim_sha256, now=now)
    if not rows:
        return None
    device_id = int(rows[0][0])
    given = yield one(_GIVE_TOKEN, p_brand_id=brand_id, p_device_id=device_id, p_token_sha256=token_sha256)
    yield one(RAISE_CHANGES)
    return (yield from find_device(brand_id, device_id)) if given else None


def _require_terminal(brand_id: str, terminal_id: int, venue_id: int) -> Transaction[None]:
    """Raise ComandaError ``validation_failed`` for a terminal that is not in use at a venue."""
    rows = yield many(SELECT_RESOURCES, [(brand_id, Terminal.plural, terminal_id)])
    found = [decode_resource(Terminal, row[1]) for row in rows]
    if not any(terminal.active and terminal.venue_id == venue_id for terminal in found):
        message = "terminal_id is no terminal in use at that venue"
        raise invalid([Problem("terminal_id", "unknown_terminal", message, terminal_id)])


def _pairing(row: Row) -> Pairing:
    return Pairing(row[0], row[1], row[2], row[3], row[4], row[5], Micros(row[6]), Micros(row[7]))


_COLUMNS = tuple(pairings.c[name] for name in Pairing._fields)
_INSERT = Statement(upsert(pairings).on_conflict_do_nothing().returning(pairings.c.code_sha256))
_by_code = (pairings.c.brand_id == bindparam("brand_id"), pairings.c.code_sha256 == bindparam("code_sha256"))
_by_claim = (pairings.c.brand_id == bindparam("brand_id"), pairings.c.claim_sha256 == bindparam("claim_sha256"))
_living = pairings.c.expires_at > bindparam("now")
_CLEAR_LAPSED = Statement(
    delete(pairings).where(pairings.c.brand_id == bindparam("brand_id"), pairings.c.expires_at <= bindparam("now")),
    returns=False,
)
_SELECT_OF_ADDRESS = Statement(
    select(pairings.c.code_sha256)
    .where(
        pairings.c.brand_id == bindparam("brand_id"),
        pairings.c.address == bindparam("address"),
        pairings.c.device_id.is_(None),
    )
    .order_by(pairings.c.created_at.desc(), pairings.c.code_sha256)
)
_SELECT_OLDEST = Statement(
    select(pairings.c.code_sha256)
    .where(pairings.c.brand_id == bindparam("brand_id"), pairings.c.device_id.is_(None))
    .order_by(pairings.c.created_at, pairings.c.code_sha256)
    .limit(1)
)
_COUNT = Statement(select(func.count()).select_from(pairings).where(pairings.c.brand_id == bindparam("brand_id")))
_DELETE = Statement(delete(pairings).where(*_by_code), returns=False)
_SELECT = Statement(select(*_COLUMNS).where(*_by_code, _living, pairings.c.device_id.is_(None)))
_LOCK = Statement(
    select(pairings.c.code_sha256).where(*_by_code, _living, pairings.c.device_id.is_(None)).with_for_update()
)
_APPROVE = Statement(
    update(pairings)
    .where(pairings.c.brand_id == bindparam("p_brand_id"), pairings.c.code_sha256 == bindparam("p_code_sha256"))
    .values(device_id=bindparam("p_device_id")),
    returns=False,
)
_SELECT_CLAIM = Statement(select(pairings.c.device_id).where(*_by_claim, _living))
_CLAIM = Statement(
    delete(pairings).where(*_by_claim, _living, pairings.c.device_id.is_not(None)).returning(pairings.c.device_id)
)
_GIVE_TOKEN = Statement(
    update(devices)
    .where(
        devices.c.brand_id == bindparam("p_brand_id"),
        devices.c.device_id == bindparam("p_device_id"),
        devices.c.paired_at.is_not(None),
    )
    .values(token_sha256=bindparam("p_token_sha256"))
    .returning(devices.c.device_id)
)
