"""``/hub/v1/session``: a person's password for a session, who one is, and the end of a session (contract 14.10).

The session's token goes out once, in a cookie that no script can read; only its hash is stored. How PINs begin and
passwords confirm a session stands in `comanda.http.hub_api.pins`.
"""

from hmac import compare_digest
from typing import Any

import structlog

from comanda.access.credentials import DEVICE_COOKIE, SESSION_COOKIE, cookie_of, csrf_token, paired_device
from comanda.access.model import AnyCaller, Device, DeviceCaller, Person, Session, StaffCaller
from comanda.access.secrets import random_text, sha256_hex
from comanda.base import limits
from comanda.base.clock import Micros, iso_micros, now_micros
from comanda.base.errors import ComandaError, Problem, invalid
from comanda.base.json import to_json
from comanda.http.call import Call, Reply
from comanda.http.cookies import set_cookie
from comanda.http.hub import Hub
from comanda.orders.decode import parse_json
from comanda.orders.view import envelope
from comanda.store.sessions import NewSession, add_session, end_session, find_password

log = structlog.get_logger("comanda.auth")


async def sign_in_person(call: Call, hub: Hub) -> Reply:
    """Answer a sign-in with the session's cookie and CSRF token; the cookie works at once.

    On a paired device the session is that device's only, and ends with it. Raises ComandaError ``unauthorized`` in the
    same words, and after the same time, whatever is wrong.
    """
    brand_id, username, password = stated_texts(call, "brand", "username", "password")
    person = await enabled_person(hub, brand_id, username)
    names = (person.brand_id, person.username) if person else ("", "")
    stored = await hub.store.read(lambda: find_password(*names))
    if not await hub.passwords.matches(password, stored) or person is None or stored is None:
        raise _refused()
    device = paired_device(await hub.known.directory(), call.headers)
    on_it = device is not None and device.brand_id == person.brand_id and person.may_see(device.venue_id)
    token, new = fresh_session(person, stored, device=device if on_it else None)
    if not await hub.store.run(lambda: add_session(new)):
        raise _refused()
    return await session_begun(call, hub, person, token, new)


async def who_am_i(call: Call, hub: Hub) -> Reply:
    """Tell a caller who it is; who is known by a cookie also its CSRF token, so that a page can be loaded anew."""
    return answer(call, _caller_object(call, hub, call.acting), {"Cache-Control": "no-store"})


async def sign_out(call: Call, hub: Hub) -> Reply:
    """End the session of the cookie, in every process within a second and in this one at once; the cookie always goes.

    Raises ComandaError ``forbidden`` for who has no session to end, ``csrf_failed`` for a living one without its token.
    """
    if "x-token" in call.headers or "authorization" in call.headers:
        raise ComandaError("forbidden", "This is for people only")
    token = cookie_of(call.headers, SESSION_COOKIE) or ""
    session = (await hub.known.directory()).sessions.get(sha256_hex(token))
    if session is not None and session.expires_at > now_micros():
        given = call.headers.get("x-csrf-token", "")
        if not compare_digest(given.encode(errors="replace"), csrf_token(token).encode()):
            raise ComandaError("csrf_failed", "X-CSRF-Token must be the csrf_token that GET /hub/v1/session tells")
        await hub.store.run(lambda: end_session(session.brand_id, sha256_hex(token)))
        await hub.known.refresh()
    headers = {"Set-Cookie": set_cookie(call, hub, SESSION_COOKIE, "", 0), "Cache-Control": "no-store"}
    return answer(call, {"signed_out": True}, headers)


def stated_texts(call: Call, *names: str) -> list[str]:
    """The texts that a body must have, in order. Raises ComandaError ``validation_failed`` naming those it has not."""
    body = parse_json(call.body)
    if not isinstance(body, dict):
        raise ComandaError("validation_failed", f"The body must be an object with {', '.join(names)}")
    wrong = [name for name in names if not isinstance(body.get(name), str) or not body[name]]
    if wrong:
        raise invalid([Problem(name, "required", "must be a text that is not empty") for name in wrong])
    return [body[name] for name in names]


async def enabled_person(hub: Hub, brand_id: str, username: str) -> Person | None:
    """Somebody who may sign in to a brand; None for who is not known or not enabled."""
    directory = await hub.known.directory()
    brand = directory.brands.get(brand_id)
    person = directory.people.get((brand_id, username))
    return person if brand is not None and brand.enabled and person is not None and person.enabled else None


def fresh_session(
    person: Person, proof_hash: str, *, device: Device | None, by_pin: bool = False
) -> tuple[str, NewSession]:
    """The token of a session that is about to be stored, and the session."""
    token, now = random_text(43), now_micros()
    expires_at = Micros(now + limits.SESSION_LIFE_S * 1_000_000)
    names = (person.brand_id, person.username, proof_hash, sha256_hex(token))
    return token, NewSession(*names, now, expires_at, None if device is None else device.id, by_pin)


async def session_begun(call: Call, hub: Hub, person: Person, token: str, new: NewSession) -> Reply:
    """The answer to a sign-in, once its session is stored."""
    await hub.known.refresh()
    log.info(
        "auth.signed_in",
        brand=person.brand_id,
        username=person.username,
        device=new.device_id,
        by_pin=new.by_pin,
        request_id=call.request_id,
    )
    strong_until = None if new.by_pin else new.expires_at
    session = Session(person.brand_id, person.username, new.expires_at, new.created_at, strong_until, new.device_id)
    cookie = set_cookie(call, hub, SESSION_COOKIE, token, limits.SESSION_LIFE_S)
    return answer(call, person_object(person, token, session), {"Set-Cookie": cookie, "Cache-Control": "no-store"})


def person_object(person: Person, token: str, session: Session) -> dict[str, Any]:
    """A person who has signed in, and how strong the session is."""
    return {
        "username": person.username,
        "name": person.name,
        "role": person.role,
        "venues": sorted(person.venues),
        "csrf_token": csrf_token(token),
        "expires_at": iso_micros(session.expires_at),
        "strength": session.strength,
        "strong_until": None if session.strong_until is None else iso_micros(session.strong_until),
        "device_id": session.device_id,
    }


def device_name(hub: Hub, brand_id: str, device_id: int, name: str | None) -> str:
    """What a device is called: as when it was paired, else as its terminal, else by its id."""
    terminal = hub.known.snapshot(brand_id).terminals.get(device_id)
    return name or (terminal.name if terminal else f"Device {device_id}")


def answer(call: Call, data: Any, headers: dict[str, str] | None = None) -> Reply:
    """The usual envelope."""
    body = to_json(envelope(data, started=call.started, now=now_micros()))
    return Reply(200, body, {"Cache-Control": "no-store"} if headers is None else headers)


def _refused() -> ComandaError:
    return ComandaError("unauthorized", "The brand, user name or password is not correct")


def _caller_object(call: Call, hub: Hub, caller: AnyCaller) -> dict[str, Any]:
    common = {"kind": caller.kind, "actor": caller.actor, "brand": caller.brand.id, "venue_id": caller.venue_id}
    if isinstance(caller, StaffCaller):
        token = cookie_of(call.headers, SESSION_COOKIE) or ""
        device = paired_device(hub.known.present, call.headers)
        return {
            **common,
            **person_object(caller.person, token, caller.session),
            "has_pin": caller.person.has_pin,
            "device": None if device is None else _device_object(hub, device),
        }
    if isinstance(caller, DeviceCaller) and caller.by_cookie:
        token = cookie_of(call.headers, DEVICE_COOKIE) or ""
        device_card = _device_object(hub, caller.device)
        return {**common, "name": device_card["name"], "csrf_token": csrf_token(token), "device": device_card}
    return common


def _device_object(hub: Hub, device: Device) -> dict[str, Any]:
    return {
        "id": device.id,
        "name": device_name(hub, device.brand_id, device.id, device.name),
        "kind": device.kind,
        "venue_id": device.venue_id,
        "station_id": device.station_id,
    }
