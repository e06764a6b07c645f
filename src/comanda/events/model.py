"""An event as readers get it, and what they may learn of a venue's log. Nothing here reads or waits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from comanda.base.clock import Micros, iso_micros
from comanda.base.json import raw_json, to_json

VERSION: Final = 1
"""Of an event's form on the wire."""


class LoggedEvent(NamedTuple):
    """An event of the log. ``wire`` is its JSON without a line break, encoded once for all who read it."""

    venue_id: int
    number: int
    type: str
    wire: bytes


class LogEnds(NamedTuple):
    """The numbers between which a venue's log stands: events up to ``purged_through`` are gone, ``last`` is there."""

    last: int = 0
    purged_through: int = 0


@dataclass(frozen=True, slots=True)
class EventPage:
    """What was found in a venue's log. ``through`` is where to go on: it has passed what was not asked for, too."""

    events: Sequence[LoggedEvent]
    through: int
    ends: LogEnds


class EventLog(Protocol):
    """The log as the feed needs it; the store implements it."""

    async def log_ends(self, brand_id: str, venue_ids: Sequence[int]) -> Mapping[int, LogEnds]:
        """The ends of each venue's log. Raises ComandaError ``storage_unavailable``."""
        ...

    async def new_events(self, brand_id: str, after: Mapping[int, int], limit: int) -> Mapping[int, EventPage]:
        """The events of venues after a number each, on one view of the store. Raises ComandaError."""
        ...


class OutsideLog(Exception):
    """A reader asks for events that are gone, or that this log has never given out: only a fresh snapshot helps."""

    def __init__(self, venue_id: int, last: int) -> None:
        super().__init__(f"venue {venue_id}, last {last}")
        self.venue_id = venue_id
        self.last = last


def check_within(venue_id: int, after: int, ends: LogEnds) -> None:
    """Raise OutsideLog when a log cannot be followed from ``after``."""
    if not ends.purged_through <= after <= ends.last:
        raise OutsideLog(venue_id, ends.last)


def encode_event(
    venue_id: int,
    number: int,
    type: str,
    created_at: Micros,
    order_id: int | None,
    order_sequence: int | None,
    actor: str,
    data: str,
) -> LoggedEvent:
    """An event from its row; ``data`` is JSON already and is taken over as it stands, but for line breaks."""
    if "\n" in data or "\r" in data:
        data = data.replace("\n", " ").replace("\r", " ")
    event = {
        "venue_id": venue_id,
        "number": number,
        "type": type,
        "version": VERSION,
        "time": iso_micros(created_at),
        "order_id": order_id,
        "order_sequence": order_sequence,
        "actor": actor,
        "data": raw_json(data),
    }
    return LoggedEvent(venue_id, number, type, to_json(event))
