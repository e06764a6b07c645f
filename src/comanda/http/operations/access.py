"""Credentials, sessions, devices, and whether the server is well."""

from typing import Any, Final

from comanda import demo
from comanda.http.operations.parts import ID, Operation, Operations, body, operation, path_part, reply

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


def _who_am_i() -> Operation:
    return operation("whoAmI", "Who calls, and a person's CSRF token", _TAG, {"200": reply("The caller", "CallerRead")})


def _end_session() -> Operation:
    ended = reply("Signed out", "SessionEnded")
    ended["headers"] = _cookie("comanda_session, emptied")
    return operation("endSession", "Sign out", _TAG, {"200": ended})


def _cookie(description: str) -> dict[str, Any]:
    return {"Set-Cookie": {"schema": {"type": "string"}, "description": description}}


def _heartbeat() -> Operation:
    return operation(
        "beat", "Say that a device is there", "Terminals", {"200": reply("It counts as present", "HeartbeatTaken")}
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
    ("POST", "/hub/v1/session"): _begin_session,
    ("GET", "/hub/v1/session"): _who_am_i,
    ("DELETE", "/hub/v1/session"): _end_session,
    ("POST", "/hub/v1/heartbeat"): _heartbeat,
    ("GET", "/hub/v1/venues/{id}/terminals"): _terminals,
    ("GET", "/health"): _health,
    ("GET", "/ready"): _ready,
}
