"""Who calls the hub: whichever credential a request carries, to a caller; then whether the route is for such a caller.

An ``x-token`` is an integrator's, ``Authorization: Bearer`` a device's, the session cookie a person's, the device
cookie a paired device's. The first of them that is there decides alone; a wrong one is never made good by another.
Contract 14.10.
"""

from collections.abc import Mapping
from hmac import compare_digest
from typing import Final

from comanda.access.identify import identify
from comanda.access.model import AnyCaller, Brand, Device, DeviceCaller, Directory, Session, StaffCaller
from comanda.access.routes import Route
from comanda.access.secrets import sha256_hex
from comanda.access.tokens import TokenReader
from comanda.base.clock import Micros
from comanda.base.errors import ComandaError

SESSION_COOKIE: Final = "comanda_session"
DEVICE_COOKIE: Final = "comanda_device"
_READING: Final = ("GET", "HEAD")


def identify_any(
    directory: Directory, reader: TokenReader, method: str, headers: Mapping[str, str], now: Micros
) -> AnyCaller:
    """The caller a request's headers stand for, as enabled as the directory says right now.

    Raises ComandaError ``unauthorized``, and ``csrf_failed`` for a change by cookie without the cookie's CSRF token.
    """
    if "x-token" in headers:
        return identify(directory, reader, headers["x-token"], now // 1_000_000)
    if "authorization" in headers:
        return _identify_device(directory, headers["authorization"])
    token = cookie_of(headers, SESSION_COOKIE)
    caller: AnyCaller
    if token is not None:
        caller = _identify_staff(directory, token, headers, now)
    else:
        token = cookie_of(headers, DEVICE_COOKIE)
        if token is None:
            raise _unauthorized("Send an x-token, a device's Authorization header, or sign in")
        device = _device_of(directory, token)
        caller = DeviceCaller(_enabled_brand(directory, device.brand_id), device, by_cookie=True)
    if method not in _READING and not _is_csrf_token(headers.get("x-csrf-token", ""), token):
        raise ComandaError("csrf_failed", "X-CSRF-Token must be the csrf_token that GET /hub/v1/session tells")
    return caller


def paired_device(directory: Directory, headers: Mapping[str, str]) -> Device | None:
    """The device whose cookie a request carries, whoever else it is from; None for none that is good."""
    token = cookie_of(headers, DEVICE_COOKIE)
    device = None if token is None else directory.devices.get(sha256_hex(token))
    if device is None or not device.enabled:
        return None
    brand = directory.brands.get(device.brand_id)
    return device if brand is not None and brand.enabled else None


def require_place(route: Route, caller: AnyCaller) -> None:
    """Raise ComandaError ``forbidden`` when a route is not for such a caller, a person's role or a device's kind.

    ``password_needed`` when it is, but not for a session that was begun with a PIN.
    """
    if caller.kind not in route.callers:
        raise ComandaError("forbidden", f"This is not for {_PLURALS[caller.kind]}")
    if isinstance(caller, DeviceCaller) and caller.device.kind not in route.devices:
        raise ComandaError("forbidden", f"This is not for {caller.device.kind} devices")
    if route.roles and caller.role is not None and caller.role not in route.roles:
        raise ComandaError("forbidden", f"This needs the role {' or '.join(route.roles)}")
    if route.needs_password and isinstance(caller, StaffCaller) and not caller.strong:
        raise ComandaError("password_needed", "This needs your password: POST /hub/v1/session/confirm")


def cookie_of(headers: Mapping[str, str], wanted: str) -> str | None:
    """The value of one of a request's cookies; None when there is none. Several Cookie headers come as one."""
    for part in headers.get("cookie", "").replace(",", ";").split(";"):
        name, _, value = part.strip().partition("=")
        if name == wanted and value:
            return value.strip('"')
    return None


def csrf_token(token: str) -> str:
    """What a page sends back with every change, so that no other site can make one; nothing more is stored for it."""
    return sha256_hex(f"csrf:{token}")


def _identify_device(directory: Directory, authorization: str) -> DeviceCaller:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _unauthorized("Authorization must be Bearer with a device's token")
    device = _device_of(directory, token.strip())
    return DeviceCaller(_enabled_brand(directory, device.brand_id), device)


def _device_of(directory: Directory, token: str) -> Device:
    device = directory.devices.get(sha256_hex(token))
    if device is None:
        raise _unauthorized("The device token is not valid")
    if not device.enabled:
        raise _unauthorized("This device has been disabled")
    return device


def _identify_staff(directory: Directory, token: str, headers: Mapping[str, str], now: Micros) -> StaffCaller:
    token_sha256 = sha256_hex(token)
    session = directory.sessions.get(token_sha256)
    if session is None or session.expires_at <= now:
        raise _unauthorized("The session has ended; sign in again")
    person = directory.people.get((session.brand_id, session.username))
    if person is None or not person.enabled:
        raise _unauthorized("This person has been disabled")
    brand = _enabled_brand(directory, session.brand_id)
    device = None
    if session.device_id is not None:
        device = paired_device(directory, headers)
        if device is None or not _is_of(session, device) or not person.may_see(device.venue_id):
            raise _unauthorized("The session is good on its own device only; sign in again")
    terminal_id = device.id if device is not None and device.kind == "terminal" else None
    return StaffCaller(brand, person, token_sha256, session, session.is_strong(now), terminal_id)


def _is_of(session: Session, device: Device) -> bool:
    """Whether a session was begun on a device."""
    return (session.brand_id, session.device_id) == (device.brand_id, device.id)


def _enabled_brand(directory: Directory, brand_id: str) -> Brand:
    brand = directory.brands.get(brand_id)
    if brand is None or not brand.enabled:
        raise _unauthorized("This brand has been disabled")
    return brand


def _is_csrf_token(given: str, token: str) -> bool:
    return compare_digest(given.encode(errors="replace"), csrf_token(token).encode())


def _unauthorized(message: str) -> ComandaError:
    return ComandaError("unauthorized", message)


_PLURALS: Final = {"integrator": "integrators", "device": "devices", "staff": "people"}
