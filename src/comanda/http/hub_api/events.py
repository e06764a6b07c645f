"""``GET /hub/v1/events``: a page of one venue's log after a number, or a wait for what comes next.

A reader that goes on from ``next_after`` misses nothing and gets nothing twice. Nothing here changes anything.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from comanda.access.credentials import identify_any, require_place
from comanda.access.identify import require_scope
from comanda.access.model import AnyCaller, Caller
from comanda.base import limits
from comanda.base.clock import now_micros
from comanda.base.errors import ComandaError
from comanda.base.json import to_json
from comanda.events.model import EventPage, LogEnds, LoggedEvent, OutsideLog, check_within
from comanda.events.types import EVENT_TYPES
from comanda.http.call import Call, Reply
from comanda.http.hub import Hub
from comanda.http.open_api import query as queries
from comanda.orders.view import envelope


@dataclass(frozen=True, slots=True)
class EventQuery:
    """What a reader asks for; no types means every type."""

    brand_id: str
    venue_id: int
    after: int
    limit: int
    types: tuple[str, ...]
    wait_s: int
    viewer: str
    of_house: bool


async def list_events(call: Call, hub: Hub) -> Reply:
    """Events of a venue after a number, ascending; with ``wait`` as soon as there is one.

    Raises ComandaError ``events_expired`` when the log cannot be followed from there.
    """
    asked = _asked(call, hub)
    try:
        page = await hub.store.read_events(asked.brand_id, asked.venue_id, asked.after, asked.limit, asked.types)
        check_within(asked.venue_id, asked.after, page.ends)
        if not page.events and asked.wait_s and page.through == page.ends.last:
            page = await _next_page(asked, page, hub)
            await require_still(call, hub, [asked.venue_id])
    except OutsideLog as outside:
        raise _expired(outside) from None
    body = envelope(
        [msgspec.Raw(event.wire) for event in page.events],
        started=call.started,
        now=now_micros(),
        next_after=page.through,
        last=page.ends.last,
    )
    return Reply(200, to_json(body))


def wanted_types(query: queries.Query) -> tuple[str, ...]:
    """The types that ``types`` names; empty means every type. Raises ComandaError ``invalid_parameter``."""
    return queries.names(query, "types", EVENT_TYPES)


def require_venue(venue_id: int, call: Call, hub: Hub) -> None:
    """Raise ComandaError ``resource_not_found`` for a venue that is none of the brand's, or not for this caller."""
    caller = call.acting
    known = venue_id == 0 or venue_id in hub.known.snapshot(caller.brand.id).venues
    if not known or not may_follow(caller, venue_id):
        raise ComandaError("resource_not_found", "Venue not found")


def may_follow(caller: AnyCaller, venue_id: int) -> bool:
    """Whether the log of a venue is for this caller; venue 0 is the brand itself, which all who call for it follow."""
    return venue_id == 0 or caller.may_see(venue_id)


async def require_still(call: Call, hub: Hub, venue_ids: Iterable[int]) -> None:
    """Raise ComandaError if a call that has waited would not be let in now: its token lapsed, its caller disabled."""
    assert call.route is not None
    caller = identify_any(await hub.known.directory(), hub.tokens, call.method, call.headers, now_micros())
    require_place(call.route, caller)
    if isinstance(caller, Caller) and call.route.scope is not None:
        require_scope(caller.client, call.route.scope)
    if not all(may_follow(caller, venue_id) for venue_id in venue_ids):
        raise ComandaError("resource_not_found", "Venue not found")


def own_venue(call: Call, name: str) -> int:
    """The venue a caller stands for; ``name`` is the parameter to send where it stands for none."""
    venue_id = call.acting.venue_id
    if venue_id is None:
        queries.refuse_parameter(name, "is required: this caller stands for no one venue", None)
    return venue_id


def _asked(call: Call, hub: Hub) -> EventQuery:
    query = queries.parse_query(call.query)
    stated = query.plain.get("venue")
    venue_id = own_venue(call, "venue") if stated is None else queries.whole_number("venue", stated)
    require_venue(venue_id, call, hub)
    return EventQuery(
        brand_id=call.acting.brand.id,
        venue_id=venue_id,
        after=queries.whole_number("after", query.plain.get("after", "0")),
        limit=queries.bounded_number(query, "limit", limits.DEFAULT_EVENT_PAGE, 1, limits.MAX_EVENT_PAGE),
        types=wanted_types(query),
        wait_s=queries.bounded_number(query, "wait", 0, 0, limits.MAX_EVENT_WAIT_S),
        viewer=f"{call.acting.brand.id}/{call.acting.actor}",
        of_house=call.acting.kind != "integrator",
    )


async def _next_page(asked: EventQuery, empty: EventPage, hub: Hub) -> EventPage:
    """Wait for the first events that are wanted; an empty page when the time is over or the server winds down."""
    loop = asyncio.get_running_loop()
    until = loop.time() + asked.wait_s
    feed, venue_id = hub.feed, asked.venue_id
    viewer = await feed.open(
        asked.brand_id, [venue_id], {venue_id: empty.through}, asked.viewer, of_house=asked.of_house
    )
    try:
        found: Sequence[LoggedEvent] = ()
        while not found and loop.time() < until and not feed.draining.is_set():
            read = await feed.pull(viewer, asked.limit)
            found = [event for event in read if not asked.types or event.type in asked.types]
            if not read:
                await feed.wait(viewer, until - loop.time())
        through = viewer.cursors[venue_id]
        last = max(through, empty.ends.last, feed.last(viewer, venue_id))
        return EventPage(found, through, LogEnds(last, empty.ends.purged_through))
    finally:
        feed.leave(viewer)


def _expired(outside: OutsideLog) -> ComandaError:
    message = "The log cannot be followed from this number; take a fresh snapshot and go on from its number"
    return ComandaError("events_expired", message, extra={"last": outside.last})
