"""Devices: pairing, who signs in on them, and what managers end."""

from typing import Any, Final

from comanda import demo
from comanda.http.operations.parts import ID, Operation, Operations, body, operation, path_part, reply

_TAG: Final = "Devices"
_CODE: Final[dict[str, Any]] = {"type": "string", "minLength": 1}
_SESSION: Final[dict[str, Any]] = {"type": "string", "pattern": "^[0-9a-f]{16}$"}


def _ask() -> Operation:
    return operation(
        "askForPairing",
        "A device asks to be let in",
        _TAG,
        {"200": reply("The code to show and the claim to keep, both for five minutes", "PairingAsked")},
        requestBody=body("PairingWish", {"screen": {"brand": demo.BRAND, "kind": "kitchen"}}),
    )


def _claim() -> Operation:
    claimed = reply("How it stands; when paired the device's token is in the cookie, this once", "PairingClaimed")
    description = "comanda_device, HttpOnly, SameSite=Strict, once the device is paired"
    claimed["headers"] = {"Set-Cookie": {"schema": {"type": "string"}, "description": description}}
    return operation(
        "claimPairing",
        "A device asks whether it was let in; every two seconds will do",
        _TAG,
        {"200": claimed},
        requestBody=body(
            "PairingClaim", {"one": {"brand": demo.BRAND, "claim": "the claim that the device was given"}}
        ),
    )


def _look_up() -> Operation:
    return operation(
        "readPairing",
        "What waits under a code",
        _TAG,
        {"200": reply("It waits", "PairingRead")},
        parameters=[path_part("code", _CODE, "As the device shows it")],
    )


def _approve() -> Operation:
    till = {"venue_id": demo.VENUE_ID, "kind": "terminal", "name": "Second till", "terminal_id": None}
    screen = {"venue_id": demo.VENUE_ID, "kind": "kitchen", "name": "Grill", "station_id": 1}
    return operation(
        "approvePairing",
        "Let a device in",
        _TAG,
        {"200": reply("It is let in and will fetch its token", "DeviceRead")},
        parameters=[path_part("code", _CODE, "As the device shows it")],
        requestBody=body("DevicePlace", {"terminal": till, "kitchen": screen}),
    )


def _people() -> Operation:
    return operation(
        "listPeopleOnDevice",
        "Who may sign in with a PIN where the device stands",
        _TAG,
        {"200": reply("By name", "PeopleOnDevice")},
    )


def _list() -> Operation:
    return operation("adminListDevices", "The brand's devices", _TAG, {"200": reply("By id", "DeviceList")})


def _revoke() -> Operation:
    return operation(
        "adminRevokeDevice",
        "Take a device's token away",
        _TAG,
        {"200": reply("Revoked, and what was begun on it has ended", "DeviceRevoked")},
        parameters=[path_part("id", ID, "The device's id")],
    )


def _sessions() -> Operation:
    return operation("adminListSessions", "Who is signed in", _TAG, {"200": reply("The newest first", "SessionList")})


def _end_session() -> Operation:
    return operation(
        "adminEndSession",
        "End somebody's session",
        _TAG,
        {"200": reply("Ended", "SessionRemoved")},
        parameters=[path_part("id", _SESSION, "The session's id")],
    )


OPERATIONS: Final[Operations] = {
    ("POST", "/hub/v1/pairings"): _ask,
    ("POST", "/hub/v1/pairings/claim"): _claim,
    ("GET", "/hub/v1/pairings/{code}"): _look_up,
    ("POST", "/hub/v1/pairings/{code}/approve"): _approve,
    ("GET", "/hub/v1/people"): _people,
    ("GET", "/hub/v1/admin/devices"): _list,
    ("DELETE", "/hub/v1/admin/devices/{id}"): _revoke,
    ("GET", "/hub/v1/admin/sessions"): _sessions,
    ("DELETE", "/hub/v1/admin/sessions/{id}"): _end_session,
}
