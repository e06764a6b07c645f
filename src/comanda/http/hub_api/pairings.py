"""``/hub/v1/pairings``: a device asks, shows a code, a manager lets it in, the device fetches its cookie; each once.

The code is short, for people to type, and good for a manager only; the claim is long and only the device has it. Both
lapse after five minutes, and neither is stored in clear. The token exists from the moment it is claimed.
"""

import re
import secrets
from time import monotonic
from typing import Annotated, Final, Literal

import structlog
from msgspec import Meta, Struct

from comanda.access.credentials import DEVICE_COOKIE
from comanda.access.model import BrandId
from comanda.access.secrets import random_text, sha256_hex
from comanda.base import limits
from comanda.base.clock import Micros, iso_micros, now_micros
from comanda.base.errors import ComandaError, Problem, SetupError, invalid
from comanda.catalogue.document import Document
from comanda.catalogue.editing import free_ids
from comanda.catalogue.model import EntityId, Terminal
from comanda.catalogue.snapshot import Snapshot
from comanda.http.body import read_body
from comanda.http.call import Call, Reply
from comanda.http.cookies import set_cookie
from comanda.http.hub import Hub
from comanda.http.hub_api import paths
from comanda.http.hub_api.devices import device_object
from comanda.http.hub_api.edits import apply_document, see_change, whole_brand
from comanda.http.hub_api.session import answer
from comanda.store.audit import ABSENT
from comanda.store.catalogue import Edit, apply_edit
from comanda.store.devices import KeptDevice, list_devices
from comanda.store.pairings import (
    Approval,
    Pairing,
    add_pairing,
    approve_pairing,
    claim_device,
    find_pairing,
    is_waiting,
)
from comanda.store.transaction import Transaction

log = structlog.get_logger("comanda.auth")
ALPHABET: Final = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Without what reads like something else."""
Kind = Literal["terminal", "kitchen"]
_CODE_TRIES: Final = 3


class PairingWish(Struct, frozen=True):
    """A device that wants to be let in to a brand."""

    brand: Annotated[str, Meta(min_length=1, max_length=limits.MAX_TEXT)]
    kind: Kind


class PairingClaim(Struct, frozen=True):
    """The claim that a device was given when it asked."""

    brand: Annotated[str, Meta(min_length=1, max_length=limits.MAX_TEXT)]
    claim: Annotated[str, Meta(min_length=1, max_length=limits.MAX_TEXT)]


class DevicePlace(Struct, frozen=True):
    """Where a device is to stand and as what: a terminal of the catalogue, or one that is made; or a kitchen screen."""

    venue_id: EntityId
    kind: Kind
    name: Annotated[str, Meta(min_length=1, max_length=limits.MAX_DEVICE_NAME)]
    terminal_id: EntityId | None = None
    station_id: EntityId | None = None


async def ask(call: Call, hub: Hub) -> Reply:
    """Have a device wait under a code. Raises ComandaError ``rate_limited`` when too many wait."""
    wish = read_body(call, PairingWish)
    brand = (await hub.known.directory()).brands.get(wish.brand)
    if brand is None or not brand.enabled:
        raise invalid([Problem("brand", "unknown_brand", "brand is not known here")])
    for _ in range(_CODE_TRIES):
        code = "".join(secrets.choice(ALPHABET) for _ in range(limits.PAIRING_CODE))
        secret, now = random_text(43), now_micros()
        waiting = Pairing(
            brand_id=brand.id,
            code_sha256=sha256_hex(code),
            claim_sha256=sha256_hex(secret),
            kind=wish.kind,
            address=call.address,
            user_agent=call.headers.get("user-agent", "")[: limits.MAX_USER_AGENT].replace("\0", ""),
            created_at=now,
            expires_at=Micros(now + limits.PAIRING_LIFE_S * 1_000_000),
        )
        if await hub.store.run(lambda waiting=waiting: add_pairing(waiting)):
            return answer(call, {"code": code, "claim": secret, "expires_at": iso_micros(waiting.expires_at)})
    message = "Too many devices wait to be let in. Retry later."
    raise ComandaError("rate_limited", message, retry_after_s=limits.PAIRING_LIFE_S)


async def claim(call: Call, hub: Hub) -> Reply:
    """Say how a device's wish stands; once it was let in, give it its cookie, this once."""
    body = read_body(call, PairingClaim)
    brand = (await hub.known.directory()).brands.get(body.brand)
    if brand is None or not brand.enabled:
        return _standing(call, "expired")
    claim_sha256, now = sha256_hex(body.claim), now_micros()
    waiting = await hub.store.read(lambda: is_waiting(brand.id, claim_sha256, now))
    if waiting is not False:
        return _standing(call, "waiting" if waiting else "expired")
    token = random_text(43)
    device = await hub.store.run(lambda: claim_device(brand.id, claim_sha256, sha256_hex(token), now))
    if device is None:
        return _standing(call, "expired")
    await see_change(hub)
    log.info("auth.device_paired", brand=brand.id, device=device.id, request_id=call.request_id)
    cookie = set_cookie(call, hub, DEVICE_COOKIE, token, limits.DEVICE_COOKIE_LIFE_S)
    data = {"status": "paired", "device": device_object(hub, brand.id, device)}
    return answer(call, data, {"Set-Cookie": cookie, "Cache-Control": "no-store"})


async def look_up(call: Call, hub: Hub) -> Reply:
    """Tell a manager what waits under a code, so that it is seen to be the right one."""
    code = _code(call, hub)
    found = await hub.store.read(lambda: find_pairing(call.acting.brand.id, sha256_hex(code), now_micros()))
    if found is None:
        raise _not_waiting(call, hub)
    data = {
        "code": code,
        "kind": found.kind,
        "address": found.address,
        "user_agent": found.user_agent,
        "created_at": iso_micros(found.created_at),
        "expires_at": iso_micros(found.expires_at),
    }
    return answer(call, data)


async def approve(call: Call, hub: Hub) -> Reply:
    """Let the device in that waits under a code; of two managers at once, one does.

    Raises ComandaError ``resource_not_found`` for a code under which nothing waits, ``validation_failed``.
    """
    code, place, brand_id = _code(call, hub), read_body(call, DevicePlace), call.acting.brand.id
    _check_place(call, place, hub.known.snapshot(brand_id))
    approval = Approval(
        brand_id=brand_id,
        code_sha256=sha256_hex(code),
        kind=place.kind,
        name=place.name.strip(),
        venue_id=place.venue_id,
        terminal_id=place.terminal_id,
        station_id=place.station_id,
        actor=call.acting.actor,
        unknown_token_sha256=sha256_hex(random_text(43)),
    )
    if place.kind == "terminal" and place.terminal_id is None:
        device = await _approve_new_terminal(call, hub, approval)
    else:
        device = await _approve_known(hub, approval)
    if device is None:
        raise _not_waiting(call, hub)
    await see_change(hub)
    log.info("auth.device_approved", brand=brand_id, device=device.id, actor=approval.actor)
    return answer(call, device_object(hub, brand_id, device))


async def _approve_known(hub: Hub, approval: Approval) -> KeptDevice | None:
    """Let a device in as a kitchen screen, or as a terminal that the catalogue has."""
    try:
        return await hub.store.run(lambda: approve_pairing(approval, now_micros()))
    except SetupError:
        message = "terminal_id is the id of a kitchen screen"
        raise invalid([Problem("terminal_id", "unknown_terminal", message, approval.terminal_id)]) from None


async def _approve_new_terminal(call: Call, hub: Hub, approval: Approval) -> KeptDevice | None:
    """Let a device in as a terminal that is added to the catalogue by the same transaction."""
    brand_id: BrandId = whole_brand(call)
    found = await hub.store.read(lambda: find_pairing(brand_id, approval.code_sha256, now_micros()))
    if found is None:
        return None
    for _ in range(limits.EDIT_TRIES):
        taken = {device.id for device in await hub.store.read(lambda: list_devices(brand_id))}
        terminals = hub.known.snapshot(brand_id).terminals
        terminal_id = next(number for number in free_ids([*terminals]) if number not in taken)
        terminal = Terminal(id=terminal_id, name=approval.name, venue_id=approval.venue_id)

        def carry_out(edit: Edit, terminal_id: int = terminal_id) -> Transaction[KeptDevice | None]:
            now, named = now_micros(), approval._replace(terminal_id=terminal_id)
            return approve_pairing(named, now, lambda: apply_edit(brand_id, edit, now))

        try:
            expected = {(Terminal.plural, terminal_id): ABSENT}
            document = Document(terminals=(terminal,))
            return await apply_document(call, hub, lambda _, made=document: made, expected, carry_out)  # type: ignore[misc]
        except ComandaError as error:
            if error.code != "already_exists":
                raise
            await hub.known.refresh()
    raise ComandaError("catalogue_busy", "Others change the catalogue just now; try again")


def _check_place(call: Call, place: DevicePlace, snapshot: Snapshot) -> None:
    """Refuse what the device cannot be, with every problem at once. Raises ComandaError ``validation_failed``."""
    problems = []
    if place.venue_id not in snapshot.venues or not call.acting.may_see(place.venue_id):
        problems.append(Problem("venue_id", "unknown_venue", "venue_id is no venue of yours", place.venue_id))
    if not place.name.strip():
        problems.append(Problem("name", "required", "name must not be blank"))
    if place.terminal_id is not None:
        terminal = snapshot.terminals.get(place.terminal_id)
        if place.kind != "terminal":
            problems.append(
                Problem("terminal_id", "not_allowed", "terminal_id is for terminals only", place.terminal_id)
            )
        elif terminal is None or not terminal.active or terminal.venue_id != place.venue_id:
            message = "terminal_id is no terminal in use at that venue"
            problems.append(Problem("terminal_id", "unknown_terminal", message, place.terminal_id))
    if place.station_id is not None and place.station_id not in snapshot.stations:
        problems.append(Problem("station_id", "unknown_station", "station_id is no station", place.station_id))
    if problems:
        raise invalid(problems)


def _code(call: Call, hub: Hub) -> str:
    """The code of the path, however it was typed. Raises ComandaError ``rate_limited`` for too many guesses."""
    rate = hub.code_guesses.peek(_guesser(call), limits.PAIRING_GUESSES, int(monotonic()))
    if rate.remaining < 1:
        raise ComandaError("rate_limited", "Too many wrong codes. Retry later.", retry_after_s=max(rate.reset_s, 1))
    code = re.sub(r"[\s-]", "", paths.part(call, 3)).upper()
    if not re.fullmatch(rf"[{ALPHABET}]{{{limits.PAIRING_CODE}}}", code):
        raise _not_waiting(call, hub)
    return code


def _not_waiting(call: Call, hub: Hub) -> ComandaError:
    """The refusal of a code, which is counted against whoever tried it."""
    hub.code_guesses.count(_guesser(call), int(monotonic()))
    return ComandaError("resource_not_found", "No device waits under this code; codes are good for five minutes")


def _guesser(call: Call) -> str:
    return f"{call.acting.brand.id}:{call.acting.actor}"


def _standing(call: Call, status: str) -> Reply:
    return answer(call, {"status": status, "device": None})
