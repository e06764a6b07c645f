"""``/hub/v1/heartbeat`` and a venue's terminals: which devices are there, as they say themselves."""

import re
from typing import Any

from comanda.access.credentials import paired_device
from comanda.access.model import Device, DeviceCaller, StaffCaller
from comanda.base import limits
from comanda.base.clock import iso_micros, now_micros
from comanda.base.errors import ComandaError
from comanda.base.json import to_json
from comanda.catalogue.model import Terminal
from comanda.http.call import Call, Reply
from comanda.http.hub import Hub
from comanda.orders.view import envelope
from comanda.store.presence import Seen, beat, seen_devices

_VENUE = re.compile(r"/hub/v1/venues/([0-9]{1,16})/terminals")


async def take_heartbeat(call: Call, hub: Hub) -> Reply:
    """Note that a device is there, and say in how many seconds it is to say so again.

    Who has signed in on a paired device says so for it. Raises ComandaError ``forbidden`` for people elsewhere.
    """
    device = await _device_of(call, hub)
    if await hub.store.run(lambda: beat(device.brand_id, device, now_micros())):
        await hub.known.refresh()
    return _answer(call, {"present": True, "next_in_s": limits.HEARTBEAT_S})


async def list_terminals(call: Call, hub: Hub) -> Reply:
    """A venue's terminals, by id. Raises ComandaError ``resource_not_found`` beyond the caller's venues."""
    caller = call.acting
    found = _VENUE.fullmatch(call.path)
    venue_id = int(found[1]) if found else 0
    snapshot = hub.known.snapshot(caller.brand.id)
    if venue_id not in snapshot.venues or not caller.may_see(venue_id):
        raise ComandaError("resource_not_found", "Venue not found")
    seen = {
        device.device_id: device for device in await hub.store.read(lambda: seen_devices(caller.brand.id, venue_id))
    }
    terminals = [terminal for terminal in snapshot.terminals.values() if terminal.venue_id == venue_id]
    return _answer(call, [_terminal_object(t, seen.get(t.id)) for t in sorted(terminals, key=lambda t: t.id)])


async def _device_of(call: Call, hub: Hub) -> Device:
    caller = call.acting
    if isinstance(caller, DeviceCaller):
        return caller.device
    if isinstance(caller, StaffCaller) and caller.session.device_id is not None:
        device = paired_device(await hub.known.directory(), call.headers)
        if device is not None and device.id == caller.session.device_id:
            return device
    raise ComandaError("forbidden", "This is for devices, and for people who have signed in on one")


def _terminal_object(terminal: Terminal, seen: Seen | None) -> dict[str, Any]:
    """``present`` and ``seen_at`` are null for a terminal that was never heard of."""
    return {
        "id": terminal.id,
        "name": terminal.name,
        "venue_id": terminal.venue_id,
        "active": terminal.active,
        "may_call": seen is not None and seen.enabled,
        "present": seen.present if seen else None,
        "seen_at": iso_micros(seen.seen_at) if seen and seen.seen_at is not None else None,
    }


def _answer(call: Call, data: Any) -> Reply:
    return Reply(200, to_json(envelope(data, started=call.started, now=now_micros())))
