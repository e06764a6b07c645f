"""PINs: signing in with one on a paired device, confirming with the password what it is not enough for, giving them.

A guess is counted in the store before it is checked (`comanda.store.pins`), so that neither more processes nor a
restart nor many guesses at once give anybody more of them.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import structlog

from comanda.access.credentials import SESSION_COOKIE, cookie_of, paired_device
from comanda.access.model import Device, Person, StaffCaller
from comanda.access.pins import pin_flaw
from comanda.base import limits
from comanda.base.clock import Micros, now_micros
from comanda.base.errors import ComandaError, Problem, invalid
from comanda.catalogue.model import User
from comanda.http.call import Call, Reply
from comanda.http.hub import Hub
from comanda.http.hub_api import paths
from comanda.http.hub_api.edits import own_session, see_change, whole_brand
from comanda.http.hub_api.session import (
    answer,
    enabled_person,
    fresh_session,
    person_object,
    session_begun,
    stated_texts,
)
from comanda.orders.decode import parse_json
from comanda.store.pins import (
    Subject,
    Turn,
    find_pin,
    give_turns_back,
    guesses_of_person,
    guesses_on_device,
    set_pin,
    take_turn,
    undo_turn,
)
from comanda.store.resources import find_resource
from comanda.store.sessions import NewSession, add_session, find_password, strengthen_session
from comanda.store.transaction import Transaction

log = structlog.get_logger("comanda.auth")


async def sign_in_by_pin(call: Call, hub: Hub) -> Reply:
    """Begin a session with a PIN, on the paired device whose cookie the request carries and on no other.

    Raises ComandaError ``unauthorized`` in the same words, and after the same time, whatever is wrong, ``pin_locked``.
    """
    device = paired_device(await hub.known.directory(), call.headers)
    if device is None:
        raise ComandaError("unauthorized", "PINs are for paired devices; sign in with the password")
    username, pin = stated_texts(call, "username", "pin")
    subjects = guesses_on_device(device.id, username)
    async with _turn(hub, device.brand_id, subjects) as turn:
        person = await _person_on(hub, device, username)
        names = (person.brand_id, person.username) if person else ("", "")
        stored = await hub.store.read(lambda: find_pin(*names))
        if not await hub.passwords.matches(pin, stored) or person is None or stored is None:
            log.info("auth.pin_refused", brand=device.brand_id, device=device.id, request_id=call.request_id)
            raise _refused()
        token, new = fresh_session(person, stored, device=device, by_pin=True)
        if not await hub.store.run(lambda: _begun(new, subjects, turn)):
            raise _refused()
    return await session_begun(call, hub, person, token, new)


async def confirm_session(call: Call, hub: Hub) -> Reply:
    """Let a session do for a while what needs the password, for its owner's password.

    Raises ComandaError ``unauthorized`` for a wrong one, ``pin_locked``.
    """
    caller = _staff(call)
    (password,) = stated_texts(call, "password")
    brand_id, username = caller.brand.id, caller.person.username
    subjects = guesses_of_person(username)
    async with _turn(hub, brand_id, subjects) as turn:
        stored = await hub.store.read(lambda: find_password(brand_id, username))
        if not await hub.passwords.matches(password, stored) or stored is None:
            raise ComandaError("unauthorized", "The password is not correct")
        until = Micros(now_micros() + limits.CONFIRMED_S * 1_000_000)

        def confirm() -> Transaction[bool]:
            if not (yield from strengthen_session(brand_id, caller.session_sha256, username, stored, until)):
                return False
            yield from give_turns_back(brand_id, subjects, turn)
            return True

        if not await hub.store.run(confirm):
            raise ComandaError("unauthorized", "The session has ended; sign in again")
    await hub.known.refresh()
    session = hub.known.present.sessions.get(caller.session_sha256, caller.session)
    token = cookie_of(call.headers, SESSION_COOKIE) or ""
    return answer(call, person_object(caller.person, token, session))


async def set_own_pin(call: Call, hub: Hub) -> Reply:
    """Give oneself another PIN, or none; what was begun with the old one elsewhere ends."""
    caller = _staff(call)
    return await _give(call, hub, caller.person.username, _stated_pin(call))


async def give_pin(call: Call, hub: Hub) -> Reply:
    """Give a person another PIN, or none; what was begun with the old one elsewhere ends.

    Raises ComandaError ``resource_not_found``.
    """
    brand_id, pin = whole_brand(call), _stated_pin(call)
    user_id = paths.number(call, 4, _nobody)
    kept = await hub.store.read(lambda: find_resource(brand_id, User.plural, user_id))
    if kept is None or not isinstance(kept[0], User):
        raise _nobody()
    return await _give(call, hub, kept[0].username, pin)


async def _give(call: Call, hub: Hub, username: str, pin: str | None) -> Reply:
    brand_id, actor = call.acting.brand.id, call.acting.actor
    hashed = None if pin is None else await hub.passwords.hash(pin)
    set_it = partial(set_pin, brand_id, username, hashed, actor, now_micros(), keep=own_session(call))
    if not await hub.store.run(set_it):
        raise _nobody()
    await see_change(hub)
    return answer(call, {"has_pin": pin is not None})


@asynccontextmanager
async def _turn(hub: Hub, brand_id: str, subjects: tuple[Subject, ...]) -> AsyncIterator[Turn]:
    """Count a guess, unless no verdict is reached. Raises ComandaError ``pin_locked`` when there were too many."""
    now = now_micros()
    turn = await hub.store.run(lambda: take_turn(brand_id, subjects, now))
    if turn.locked_until is not None:
        wait_s = max(1, -(-(turn.locked_until - now) // 1_000_000))
        raise ComandaError("pin_locked", "Too many wrong tries. Retry later.", retry_after_s=wait_s)
    try:
        yield turn
    except Exception as error:
        if not isinstance(error, ComandaError) or error.code != "unauthorized":
            await hub.store.run(lambda: undo_turn(brand_id, turn))
        raise


def _begun(new: NewSession, subjects: tuple[Subject, ...], turn: Turn) -> Transaction[bool]:
    if not (yield from add_session(new)):
        return False
    yield from give_turns_back(new.brand_id, subjects, turn)
    return True


async def _person_on(hub: Hub, device: Device, username: str) -> Person | None:
    """Somebody who works where the device stands."""
    person = await enabled_person(hub, device.brand_id, username)
    return person if person is not None and person.may_see(device.venue_id) else None


def _stated_pin(call: Call) -> str | None:
    """The PIN of a body; null takes it away. It is never shown back."""
    body: Any = parse_json(call.body)
    if not isinstance(body, dict) or "pin" not in body:
        raise invalid([Problem("pin", "required", "pin is required: digits, or null for none")])
    unknown = [name for name in body if name != "pin"]
    if unknown:
        raise invalid([Problem(name, "unknown_field", f"{name} is not a field of this request") for name in unknown])
    pin = body["pin"]
    if pin is None:
        return None
    if not isinstance(pin, str):
        raise invalid([Problem("pin", "wrong_type", "pin must be a text of digits")])
    flaw = pin_flaw(pin)
    if flaw is not None:
        raise invalid([Problem("pin", flaw[0], f"pin {flaw[1]}")])
    return pin


def _staff(call: Call) -> StaffCaller:
    caller = call.acting
    assert isinstance(caller, StaffCaller)
    return caller


def _refused() -> ComandaError:
    return ComandaError("unauthorized", "The user name or PIN is not correct")


def _nobody() -> ComandaError:
    return ComandaError("resource_not_found", "There is no such user")
