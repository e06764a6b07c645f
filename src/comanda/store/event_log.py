"""The event log: numbered gaplessly per venue, in the transaction that makes the change."""

from typing import Any

from sqlalchemy import insert
from sqlalchemy.dialects.postgresql import insert as insert_unless_present

from comanda.base.clock import Micros
from comanda.store.tables import events, venue_counters
from comanda.store.transaction import Statement, Transaction, each


def event_row(
    *, order_id: int | None, order_sequence: int | None, type: str, data: str, created_at: Micros
) -> dict[str, Any]:
    """An event's row, but for its venue and number."""
    return {
        "order_id": order_id,
        "order_sequence": order_sequence,
        "type": type,
        "data": data,
        "created_at": created_at,
    }


def append_events(by_venue: dict[tuple[str, int], list[dict[str, Any]]]) -> Transaction[None]:
    """Number events under their venues' row locks, the last locks of any transaction, and insert them."""
    counted = [
        {"brand_id": brand_id, "venue_id": venue_id, "last_event": len(rows)}
        for (brand_id, venue_id), rows in sorted(by_venue.items())
        if rows
    ]
    numbered: list[dict[str, Any]] = []
    for brand_id, venue_id, last in (yield each(_COUNT_EVENTS, counted)):
        rows = by_venue[brand_id, venue_id]
        first = int(last) - len(rows) + 1
        for number, row in enumerate(rows, start=first):
            numbered.append({**row, "brand_id": brand_id, "venue_id": venue_id, "number": number})
    yield each(_INSERT_EVENT, numbered)


_INSERT_EVENT = Statement(insert(events), returns=False)
_counter = insert_unless_present(venue_counters)
_COUNT_EVENTS = Statement(
    _counter.on_conflict_do_update(
        index_elements=[venue_counters.c.brand_id, venue_counters.c.venue_id],
        set_={"last_event": venue_counters.c.last_event + _counter.excluded.last_event},
    ).returning(venue_counters.c.brand_id, venue_counters.c.venue_id, venue_counters.c.last_event)
)
