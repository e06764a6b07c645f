"""Reading the event log, and cutting its oldest part off.

In: a brand, venues, the numbers a reader has seen. Out: encoded events in their venues' order, and the log's ends. A
number that a reader is given is committed, and so is every one below it: they are given out under the lock of the
venue's counter. Nothing here writes an event, and no hole is ever made: only a beginning is deleted.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from sqlalchemy import Select, bindparam, delete, or_, select, update

from comanda.base import limits
from comanda.base.clock import Micros
from comanda.events.model import EventPage, LogEnds, LoggedEvent, encode_event
from comanda.store.tables import events, venue_counters
from comanda.store.transaction import Row, SelectMany, Statement, Transaction, each, many, one


def read_events(
    brand_id: str, venue_id: int, after: int, limit: int, types: Sequence[str] = ()
) -> Transaction[EventPage]:
    """The next events of a venue after a number, of some types or of all; at most 10,000 numbers are looked through."""
    ends = (yield from read_counters(brand_id, [venue_id]))[venue_id]
    wanted = _select_of_types(tuple(sorted(set(types)))) if types else _SELECT_EVENTS
    until = min(ends.last, after + limits.EVENT_SCAN)
    rows = yield one(wanted, brand_id=brand_id, venue_id=venue_id, after=after, until=until, limit=limit)
    found = [_event_of(row) for row in rows]
    through = found[-1].number if len(found) == limit else max(after, until)
    return EventPage(found, through, ends)


def read_new_events(brand_id: str, after: Mapping[int, int], limit: int) -> Transaction[dict[int, EventPage]]:
    """What is new in several venues, each after its own number, ``limit`` at most of each, on one view of the store."""
    ends = yield from read_counters(brand_id, list(after))
    found: dict[int, list[LoggedEvent]] = {venue_id: [] for venue_id in after}
    asked = [
        {"brand_id": brand_id, "venue_id": venue_id, "after": number, "until": ends[venue_id].last, "limit": limit}
        for venue_id, number in after.items()
        if ends[venue_id].last > number
    ]
    for row in (yield each(_SELECT_EVENTS, asked)):
        found[row[0]].append(_event_of(row))
    return {
        venue_id: EventPage(read, read[-1].number if read else after[venue_id], ends[venue_id])
        for venue_id, read in found.items()
    }


def read_counters(brand_id: str, venue_ids: Sequence[int]) -> Transaction[dict[int, LogEnds]]:
    """The last number and the low-water mark of each venue; a venue where nothing has happened stands at nought."""
    rows = yield many(SELECT_COUNTERS, [(brand_id, venue_id) for venue_id in sorted(set(venue_ids))])
    found = {int(venue_id): LogEnds(int(last), int(purged)) for venue_id, last, purged in rows}
    return {venue_id: found.get(venue_id, LogEnds()) for venue_id in venue_ids}


def purge_events(brand_id: str, venue_id: int, before: Micros, limit: int) -> Transaction[int]:
    """Delete a venue's oldest events, up to the first that is not older than ``before``; ``limit`` at most.

    Returns how many are gone; run it again while that is ``limit``. The low-water mark rises with them.
    """
    counted = yield one(_LOCK_COUNTER, brand_id=brand_id, venue_id=venue_id)
    if not counted:
        return 0
    last, purged = map(int, counted[0])
    oldest = yield one(
        _SELECT_AGES, brand_id=brand_id, venue_id=venue_id, after=purged, until=min(last, purged + limit)
    )
    through = purged
    for number, created_at in oldest:
        if created_at >= before:
            break
        through = int(number)
    if through > purged:
        yield one(_DELETE_EVENTS, p_brand_id=brand_id, p_venue_id=venue_id, p_through=through)
        yield one(_SET_PURGED, p_brand_id=brand_id, p_venue_id=venue_id, p_through=through)
    return through - purged


def _event_of(row: Row) -> LoggedEvent:
    return encode_event(*row)


_EVENTS: Select[tuple[int, int, str, int, int, int, str, str]] = (
    select(
        events.c.venue_id,
        events.c.number,
        events.c.type,
        events.c.created_at,
        events.c.order_id,
        events.c.order_sequence,
        events.c.actor,
        events.c.data,
    )
    .where(
        events.c.brand_id == bindparam("brand_id"),
        events.c.venue_id == bindparam("venue_id"),
        events.c.number > bindparam("after"),
        events.c.number <= bindparam("until"),
    )
    .order_by(events.c.number)
    .limit(bindparam("limit"))
)
_SELECT_EVENTS = Statement(_EVENTS)


@lru_cache(maxsize=64)
def _select_of_types(types: tuple[str, ...]) -> Statement:
    return Statement(_EVENTS.where(or_(*(events.c.type == name for name in types))))


SELECT_COUNTERS = SelectMany(
    (venue_counters.c.venue_id, venue_counters.c.last_event, venue_counters.c.purged_through),
    (venue_counters.c.brand_id, venue_counters.c.venue_id),
)
_LOCK_COUNTER = Statement(
    select(venue_counters.c.last_event, venue_counters.c.purged_through)
    .where(venue_counters.c.brand_id == bindparam("brand_id"), venue_counters.c.venue_id == bindparam("venue_id"))
    .with_for_update()
)
_SELECT_AGES = Statement(
    select(events.c.number, events.c.created_at)
    .where(
        events.c.brand_id == bindparam("brand_id"),
        events.c.venue_id == bindparam("venue_id"),
        events.c.number > bindparam("after"),
        events.c.number <= bindparam("until"),
    )
    .order_by(events.c.number)
)
_DELETE_EVENTS = Statement(
    delete(events).where(
        events.c.brand_id == bindparam("p_brand_id"),
        events.c.venue_id == bindparam("p_venue_id"),
        events.c.number <= bindparam("p_through"),
    ),
    returns=False,
)
_SET_PURGED = Statement(
    update(venue_counters)
    .where(venue_counters.c.brand_id == bindparam("p_brand_id"), venue_counters.c.venue_id == bindparam("p_venue_id"))
    .values(purged_through=bindparam("p_through")),
    returns=False,
)
