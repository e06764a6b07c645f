"""The event log: numbered gaplessly per venue, in the transaction that makes the change."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from comanda.base.clock import Micros
from comanda.store.tables import events, venue_counters
from comanda.store.transaction import InsertMany, Transaction, many


class NewEvent(NamedTuple):
    """An event but for its venue and number; ``sequence`` counts within its order. Changes of a brand name no order."""

    order_id: int | None
    sequence: int | None
    type: str
    data: str
    created_at: Micros


def append_events(by_venue: Mapping[tuple[str, int], Sequence[NewEvent]]) -> Transaction[None]:
    """Number events under their venues' row locks, the last locks of any transaction, and insert them."""
    counted = [(brand_id, venue_id, len(found)) for (brand_id, venue_id), found in sorted(by_venue.items()) if found]
    numbered = []
    for brand_id, venue_id, last in (yield many(COUNT_EVENTS, counted)):
        found = by_venue[brand_id, venue_id]
        for number, event in enumerate(found, start=int(last) - len(found) + 1):
            numbered.append((brand_id, venue_id, number, *event))
    yield many(INSERT_EVENT, numbered)


INSERT_EVENT = InsertMany(events)
COUNT_EVENTS = InsertMany(
    venue_counters,
    lambda insert: insert.on_conflict_do_update(
        index_elements=[venue_counters.c.brand_id, venue_counters.c.venue_id],
        set_={"last_event": venue_counters.c.last_event + insert.excluded.last_event},
    ).returning(venue_counters.c.brand_id, venue_counters.c.venue_id, venue_counters.c.last_event),
)
