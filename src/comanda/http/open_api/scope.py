"""Which venue a v2 request acts for, and what its caller may see (contract 14.5)."""

import re
from collections.abc import Callable
from datetime import date, datetime

from comanda.base.clock import Micros, day_bounds, instant_of
from comanda.base.errors import ComandaError
from comanda.http.call import Call
from comanda.http.hub import Hub
from comanda.http.open_api import query as queries


def active_venue(call: Call, hub: Hub) -> int:
    """The venue a list is of: ``x-venue``, else the token's; 404 beyond the client's limits."""
    venue_id = _header_venue(call, hub) or call.caller.venue_id
    if venue_id is None:
        queries.refuse_parameter("x-venue", "is required: this brand has no main venue", None)
    _check_limits(call, venue_id)
    return venue_id


def sees(call: Call, hub: Hub) -> Callable[[int], bool]:
    """Whether the caller may see a venue's rows: brand-wide within its limits, unless ``x-venue`` names one."""
    wanted = _header_venue(call, hub)
    caller = call.acting
    return lambda venue_id: caller.may_see(venue_id) and wanted in (None, venue_id)


def check_header_venue(call: Call, hub: Hub) -> None:
    """Refuse an ``x-venue`` that is no venue of the brand or beyond the caller's limits, where it decides nothing."""
    venue_id = _header_venue(call, hub)
    if venue_id is not None:
        _check_limits(call, venue_id)


def span(query: queries.Query, call: Call, hub: Hub, venue_id: int | None) -> tuple[Micros | None, Micros | None]:
    """The instants that ``date[]`` means: days of the venue's zone (contract 14.8), else of the active venue's."""
    first, last = queries.days(query)
    if first is None and last is None:
        return None, None
    venue_id = venue_id or active_venue(call, hub)
    venue = hub.known.snapshot(call.caller.brand.id).venues.get(venue_id)
    zone, day_start = (venue.timezone, venue.day_start) if venue else ("UTC", "00:00")
    begin = None if first is None else _bounds(first, zone, day_start)[0]
    end = None if last is None else _bounds(last, zone, day_start)[1]
    return begin, end


def _bounds(day: date | datetime, zone: str, day_start: str) -> tuple[Micros, Micros]:
    """Where a day of the venue begins and ends; an instant is a span of its own."""
    if not isinstance(day, datetime):
        return day_bounds(day, zone, day_start)
    instant = instant_of(day.isoformat())
    return instant, Micros(instant + 1)


def _check_limits(call: Call, venue_id: int) -> None:
    if not call.acting.may_see(venue_id):
        raise ComandaError("resource_not_found", "Venue not found")


def _header_venue(call: Call, hub: Hub) -> int | None:
    """The venue that ``x-venue`` names; an unknown one is a 400 on reads."""
    text = call.headers.get("x-venue")
    if text is None:
        return None
    venues = hub.known.snapshot(call.acting.brand.id).venues
    if not re.fullmatch(r"[0-9]{1,16}", text.strip()) or int(text) not in venues:
        queries.refuse_parameter("x-venue", "names no venue of this brand", text)
    return int(text)
