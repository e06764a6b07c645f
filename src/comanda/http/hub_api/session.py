"""``/hub/v1/session``: a person's password for a session, who one is, and the end of a session (contract 14.10).

The session's token goes out once, in a cookie that no script can read; only its hash is stored.
"""

from typing import Any

import structlog

from comanda.access.credentials import SESSION_COOKIE, csrf_token, session_token
from comanda.access.model import AnyCaller, Person, StaffCaller
from comanda.access.secrets import random_text, sha256_hex
from comanda.base import limits
from comanda.base.clock import Micros, iso_micros, now_micros
from comanda.base.errors import ComandaError, Problem, invalid
from comanda.base.json import to_json
from comanda.http.call import Call, Reply
from comanda.http.hub import Hub
from comanda.orders.decode import parse_json
from comanda.orders.view import envelope
from comanda.store.sessions import NewSession, add_session, end_session, find_password

log = structlog.get_logger("comanda.auth")


async def sign_in_person(call: Call, hub: Hub) -> Reply:
    """Answer a sign-in with the session's cookie and CSRF token; the cookie works at once.

    Raises ComandaError ``unauthorized`` in the same words, and after the same time, whatever is wrong.
    """
    brand_id, username, password = _credentials(parse_json(call.body))
    person = await _enabled_person(hub, brand_id, username)
    names = (person.brand_id, person.username) if person else ("", "")
    stored = await hub.store.read(lambda: find_password(*names))
    if not await hub.passwords.matches(password, stored) or person is None or stored is None:
        raise _refused()
    token, now = random_text(43), now_micros()
    expires_at = Micros(now + limits.SESSION_LIFE_S * 1_000_000)
    new = NewSession(person.brand_id, person.username, stored, sha256_hex(token), now, expires_at)
    if not await hub.store.run(lambda: add_session(new)):
        raise _refused()
    await hub.known.refresh()
    log.info("auth.signed_in", brand=person.brand_id, username=person.username, request_id=call.request_id)
    headers = {"Set-Cookie": _cookie(call, hub, token, limits.SESSION_LIFE_S), "Cache-Control": "no-store"}
    return _answer(call, _person_object(person, token, expires_at), headers)


async def who_am_i(call: Call, _hub: Hub) -> Reply:
    """Tell a caller who it is; a person also its CSRF token, so that a page can be loaded anew."""
    return _answer(call, _caller_object(call, call.acting), {"Cache-Control": "no-store"})


async def sign_out(call: Call, hub: Hub) -> Reply:
    """End the session that the request came with, in every process within a second and in this one at once."""
    caller = call.acting
    assert isinstance(caller, StaffCaller)
    await hub.store.run(lambda: end_session(caller.brand.id, caller.session_sha256))
    await hub.known.refresh()
    return _answer(call, {"signed_out": True}, {"Set-Cookie": _cookie(call, hub, "", 0), "Cache-Control": "no-store"})


def _credentials(body: Any) -> tuple[str, str, str]:
    if not isinstance(body, dict):
        raise ComandaError("validation_failed", "The body must be an object with brand, username and password")
    names = ("brand", "username", "password")
    wrong = [name for name in names if not isinstance(body.get(name), str) or not body[name]]
    if wrong:
        raise invalid([Problem(name, "required", "must be a text that is not empty") for name in wrong])
    return body["brand"], body["username"], body["password"]


async def _enabled_person(hub: Hub, brand_id: str, username: str) -> Person | None:
    directory = await hub.known.directory()
    brand = directory.brands.get(brand_id)
    person = directory.people.get((brand_id, username))
    return person if brand is not None and brand.enabled and person is not None and person.enabled else None


def _refused() -> ComandaError:
    return ComandaError("unauthorized", "The brand, user name or password is not correct")


def _cookie(call: Call, hub: Hub, token: str, life_s: int) -> str:
    """The cookie for a whole session; over TLS, here or at a proxy before us, it never travels in clear text."""
    over_tls = hub.settings.tls_cert is not None or call.headers.get("x-forwarded-proto", "").strip() == "https"
    secure = "; Secure" if over_tls else ""
    return f"{SESSION_COOKIE}={token}; Max-Age={life_s}; Path=/; HttpOnly; SameSite=Strict{secure}"


def _caller_object(call: Call, caller: AnyCaller) -> dict[str, Any]:
    common = {"kind": caller.kind, "actor": caller.actor, "brand": caller.brand.id, "venue_id": caller.venue_id}
    if not isinstance(caller, StaffCaller):
        return common
    token = session_token(call.headers) or ""
    return {**common, **_person_object(caller.person, token, caller.session.expires_at)}


def _person_object(person: Person, token: str, expires_at: Micros) -> dict[str, Any]:
    return {
        "username": person.username,
        "name": person.name,
        "role": person.role,
        "venues": sorted(person.venues),
        "csrf_token": csrf_token(token),
        "expires_at": iso_micros(expires_at),
    }


def _answer(call: Call, data: dict[str, Any], headers: dict[str, str]) -> Reply:
    return Reply(200, to_json(envelope(data, started=call.started, now=now_micros())), headers)
