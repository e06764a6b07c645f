"""The event log: numbered gaplessly per venue, in the transaction that makes the change."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from comanda.base.clock import Micros
from comanda.store.tables import events, print_jobs, venue_counters
from comanda.store.transaction import InsertMany, Row, Transaction, many


class NewPrint(NamedTuple):
    """A paper that an event causes, on one printer; the job takes the event's number."""

    printer_id: int
    order_id: int
    station_id: int
    revision: int
    kind: str


class NewEvent(NamedTuple):
    """An event but for its venue and number; ``sequence`` counts within its order. Changes of a brand name no order."""

    order_id: int | None
    sequence: int | None
    type: str
    actor: str
    data: str
    created_at: Micros
    prints: NewPrint | None = None


def append_events(by_venue: Mapping[tuple[str, int], Sequence[NewEvent]]) -> Transaction[None]:
    """Number events under their venues' row locks, the last locks of any transaction, and insert them.

    The papers they cause are put in line in the same step, so that a printer's line is in the order of commits.
    """
    counted = [(brand_id, venue_id, len(found), 0) for (brand_id, venue_id), found in sorted(by_venue.items()) if found]
    numbered: list[Row] = []
    jobs: list[Row] = []
    for brand_id, venue_id, last in (yield many(COUNT_EVENTS, counted)):
        found = by_venue[brand_id, venue_id]
        for number, event in enumerate(found, start=int(last) - len(found) + 1):
            numbered.append((brand_id, venue_id, number, *event[:-1]))
            if event.prints is not None:
                now = event.created_at
                # To be tried at once, whatever the clock of whoever put it in line said.
                jobs.append((brand_id, venue_id, number, *event.prints, "queued", 0, 0, None, now, now))
    yield many(INSERT_EVENT, numbered)
    if jobs:
        yield many(_INSERT_PRINT, jobs)


INSERT_EVENT = InsertMany(events)
_INSERT_PRINT = InsertMany(print_jobs)
COUNT_EVENTS = InsertMany(
    venue_counters,
    lambda insert: insert.on_conflict_do_update(
        index_elements=[venue_counters.c.brand_id, venue_counters.c.venue_id],
        set_={"last_event": venue_counters.c.last_event + insert.excluded.last_event},
    ).returning(venue_counters.c.brand_id, venue_counters.c.venue_id, venue_counters.c.last_event),
)
