"""Credentials, sessions, PINs, presence, and whether the server is well."""

from typing import Any, Final

from comanda import demo
from comanda.http.operations.parts import ID, Operation, Operations, body, operation, parameter, path_part, reply

_TAG: Final = "Authentication"


def _sign_in() -> Operation:
    shown = {
        "client_id": demo.CLIENT_ID,
        "client_secret": demo.CLIENT_SECRET,
        "brand": demo.BRAND,
        "integrator_id": demo.INTEGRATOR_ID,
    }
    return operation(
        "signIn",
        "Exchange credentials for a token",
        _TAG,
        {"200": reply("A token, or `success` false for a test/production mismatch", "Token")},
        requestBody=body("Credentials", {"demo": shown}),
    )


def _begin_session() -> Operation:
    shown = {"brand": demo.BRAND, "username": demo.MANAGER, "password": demo.MANAGER_PASSWORD}
    begun = reply("Signed in; the session is in the cookie", "SessionBegun", "session.response")
    begun["headers"] = _cookie("comanda_session, HttpOnly, SameSite=Strict")
    return operation(
        "beginSession",
        "Sign in as a person",
        _TAG,
        {"200": begun},
        requestBody=body("PersonCredentials", {"demo": shown}),
    )


def _begin_by_pin() -> Operation:
    shown = {"username": demo.PEOPLE[1].username, "pin": demo.PEOPLE[1].pin}
    begun = reply("Signed in; the session is in the cookie and good on this device only", "SessionBegun")
    begun["headers"] = _cookie("comanda_session, HttpOnly, SameSite=Strict")
    return operation(
        "beginSessionByPin",
        "Sign in with a PIN on a paired device, by its cookie",
        _TAG,
        {"200": begun},
        requestBody=body("PinCredentials", {"demo": shown}),
    )


def _confirm() -> Operation:
    return operation(
        "confirmSession",
        "Let a session do for 15 minutes what needs the password",
        _TAG,
        {"200": reply("Confirmed", "SessionBegun")},
        requestBody=body("Confirmation", {"demo": {"password": demo.MANAGER_PASSWORD}}),
    )


def _set_own_pin() -> Operation:
    return operation(
        "setOwnPin",
        "Give oneself another PIN, or none",
        _TAG,
        {"200": reply("Done", "PinSet")},
        requestBody=body("PinWish", {"set": {"pin": "8203571"}, "none": {"pin": None}}),
    )


def _give_pin() -> Operation:
    return operation(
        "adminGivePin",
        "Give a person another PIN, or none",
        "Administration",
        {"200": reply("Done; what was begun with the old one has ended", "PinSet")},
        parameters=[path_part("id", ID, "The person's id")],
        requestBody=body("PinWish", {"set": {"pin": "8203571"}, "none": {"pin": None}}),
    )


def _hello() -> Operation:
    return operation(
        "hello", "What a page may know before anybody has signed in", _TAG, {"200": reply("This server", "HelloRead")}
    )


def _who_am_i() -> Operation:
    return operation("whoAmI", "Who calls, and a person's CSRF token", _TAG, {"200": reply("The caller", "CallerRead")})


def _end_session() -> Operation:
    ended = reply("Signed out; also without a session, so that a dead cookie goes", "SessionEnded")
    ended["headers"] = _cookie("comanda_session, emptied")
    said = "The session's csrf_token; needed while the session lives"
    csrf = parameter("header", "X-CSRF-Token", {"type": "string"}, said)
    return operation("endSession", "Sign out", _TAG, {"200": ended}, parameters=[csrf])


def _cookie(description: str) -> dict[str, Any]:
    return {"Set-Cookie": {"schema": {"type": "string"}, "description": description}}


def _heartbeat() -> Operation:
    return operation(
        "beat",
        "Say that a device is there: the device itself, or who has signed in on it",
        "Terminals",
        {"200": reply("It counts as present", "HeartbeatTaken")},
    )


def _terminals() -> Operation:
    return operation(
        "listTerminals",
        "A venue's terminals and which are there",
        "Terminals",
        {"200": reply("The terminals, by id", "TerminalList")},
        parameters=[path_part("id", ID, "The venue's id")],
    )


def _health() -> Operation:
    return operation("health", "Health: the process answers", "Operation", {"200": reply("Yes", "Health")})


def _ready() -> Operation:
    responses = {"200": reply("Yes", "Readiness"), "503": reply("No", "Readiness")}
    return operation("ready", "Ready: orders can be taken now", "Operation", responses)


OPERATIONS: Final[Operations] = {
    ("POST", "/open-api/v2/auth"): _sign_in,
    ("GET", "/hub/v1/hello"): _hello,
    ("POST", "/hub/v1/session"): _begin_session,
    ("POST", "/hub/v1/session/pin"): _begin_by_pin,
    ("POST", "/hub/v1/session/confirm"): _confirm,
    ("PUT", "/hub/v1/session/pin"): _set_own_pin,
    ("PUT", "/hub/v1/admin/users/{id}/pin"): _give_pin,
    ("GET", "/hub/v1/session"): _who_am_i,
    ("DELETE", "/hub/v1/session"): _end_session,
    ("POST", "/hub/v1/heartbeat"): _heartbeat,
    ("GET", "/hub/v1/venues/{id}/terminals"): _terminals,
    ("GET", "/health"): _health,
    ("GET", "/ready"): _ready,
}
