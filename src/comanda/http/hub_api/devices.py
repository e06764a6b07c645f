"""Devices and sessions as managers see them, and who may sign in on a device; what is ended is ended at once."""

import re
from typing import Any, Final

from comanda.access.model import DeviceCaller, Session, StaffCaller
from comanda.base.clock import iso_micros, now_micros
from comanda.base.errors import ComandaError
from comanda.http.call import Call, Reply
from comanda.http.hub import Hub
from comanda.http.hub_api import paths
from comanda.http.hub_api.edits import see_change, whole_brand
from comanda.http.hub_api.session import answer, device_name
from comanda.store.devices import KeptDevice, list_devices, revoke_device
from comanda.store.sessions import end_session

_ID: Final = 16
"""How much of a session's hash names it: enough to tell sessions apart, of no use to whoever reads it."""


async def list_people(call: Call, hub: Hub) -> Reply:
    """Who may sign in with a PIN where the device stands, by name."""
    caller = call.acting
    assert isinstance(caller, DeviceCaller)
    people = [
        person
        for person in hub.known.present.people.values()
        if person.brand_id == caller.brand.id and person.enabled and person.has_pin and person.may_see(caller.venue_id)
    ]
    shown = [{"username": person.username, "name": person.name, "role": person.role} for person in people]
    return answer(call, sorted(shown, key=lambda person: (person["name"].casefold(), person["username"])))


async def list_all(call: Call, hub: Hub) -> Reply:
    """The brand's devices, by id."""
    brand_id = whole_brand(call)
    found = await hub.store.read(lambda: list_devices(brand_id))
    return answer(call, [device_object(hub, brand_id, device) for device in found])


async def revoke(call: Call, hub: Hub) -> Reply:
    """Take a device's token away, in every process within a second; the sessions that were begun on it end with it."""
    brand_id, actor = whole_brand(call), call.acting.actor
    device_id = paths.number(call, 4, _no_device)
    if not await hub.store.run(lambda: revoke_device(brand_id, device_id, actor, now_micros())):
        raise _no_device()
    await see_change(hub)
    return answer(call, {"revoked": True})


async def list_sessions(call: Call, hub: Hub) -> Reply:
    """The living sessions of the brand's people, the newest first."""
    brand_id, caller = whole_brand(call), call.acting
    assert isinstance(caller, StaffCaller)
    found = _living(hub, brand_id)
    found.sort(key=lambda item: (-item[1].created_at, item[0]))
    return answer(call, [_session_object(hub, caller, token, session) for token, session in found])


async def end(call: Call, hub: Hub) -> Reply:
    """End one session. Raises ComandaError ``resource_not_found``."""
    brand_id, wanted = whole_brand(call), paths.part(call, 4)
    found = [token for token, _ in _living(hub, brand_id) if token[:_ID] == wanted]
    if not re.fullmatch(rf"[0-9a-f]{{{_ID}}}", wanted) or not found:
        raise ComandaError("resource_not_found", "There is no such session")
    for token in found:
        await hub.store.run(lambda token=token: end_session(brand_id, token))
    await see_change(hub)
    return answer(call, {"ended": True})


def device_object(hub: Hub, brand_id: str, device: KeptDevice) -> dict[str, Any]:
    """A device as managers see it, and as it sees itself once it is paired."""
    return {
        "id": device.id,
        "kind": device.kind,
        "name": device_name(hub, brand_id, device.id, device.name),
        "venue_id": device.venue_id,
        "station_id": device.station_id,
        "enabled": device.enabled,
        "present": device.present,
        "seen_at": None if device.seen_at is None else iso_micros(device.seen_at),
        "paired_at": None if device.paired_at is None else iso_micros(device.paired_at),
    }


def _living(hub: Hub, brand_id: str) -> list[tuple[str, Session]]:
    """A brand's sessions that are good now, by the hash of their token."""
    now, known = now_micros(), hub.known.present
    return [
        (token, session)
        for token, session in known.sessions.items()
        if session.brand_id == brand_id and session.expires_at > now and (brand_id, session.username) in known.people
    ]


def _session_object(hub: Hub, caller: StaffCaller, token: str, session: Session) -> dict[str, Any]:
    person = hub.known.present.people[session.brand_id, session.username]
    return {
        "id": token[:_ID],
        "username": person.username,
        "name": person.name,
        "role": person.role,
        "strength": session.strength,
        "device_id": session.device_id,
        "created_at": iso_micros(session.created_at),
        "expires_at": iso_micros(session.expires_at),
        "current": token == caller.session_sha256,
    }


def _no_device() -> ComandaError:
    return ComandaError("resource_not_found", "There is no such device")
