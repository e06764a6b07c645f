"""The venue that a request of the house is about, and which venues its caller may see."""

from comanda.access.model import DeviceCaller, StaffCaller
from comanda.base.errors import ComandaError
from comanda.http.call import Call
from comanda.http.hub import Hub
from comanda.http.hub_api.events import own_venue
from comanda.http.open_api import query as queries


def asked_venue(call: Call, hub: Hub) -> int:
    """The venue that ``venue`` names, else the one that the caller stands for.

    Raises ComandaError ``resource_not_found`` for one that is none of the brand's, or not for this caller,
    ``invalid_parameter`` where none is named and the caller stands for none.
    """
    text = queries.parse_query(call.query).plain.get("venue")
    venue_id = own_venue(call, "venue") if text is None else queries.whole_number("venue", text)
    if venue_id not in hub.known.snapshot(call.acting.brand.id).venues or not call.acting.may_see(venue_id):
        raise ComandaError("resource_not_found", "Venue not found")
    return venue_id


def first_venue(call: Call, hub: Hub) -> int:
    """As `asked_venue`; where none is named and the caller stands for none, the main one of those it may see.

    A screen begins with it: it learns from there which venues there are.
    """
    if call.acting.venue_id is not None or "venue" in queries.parse_query(call.query).plain:
        return asked_venue(call, hub)
    venues = hub.known.snapshot(call.acting.brand.id).venues.values()
    seen = [venue for venue in venues if venue.active and call.acting.may_see(venue.id)]
    if not seen:
        raise ComandaError("resource_not_found", "Venue not found")
    return min(seen, key=lambda venue: (not venue.is_main, venue.id)).id


def seen_venues(call: Call) -> frozenset[int]:
    """The venues that the caller is limited to; none means every venue."""
    caller = call.acting
    if isinstance(caller, DeviceCaller):
        return frozenset({caller.device.venue_id})
    return caller.person.venues if isinstance(caller, StaffCaller) else caller.client.venues
