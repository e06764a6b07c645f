"""Which station makes which line: the tickets of an order. Pure."""

from collections.abc import Sequence

from comanda.catalogue.model import Venue
from comanda.catalogue.snapshot import Snapshot
from comanda.kitchen.model import TicketLine

REVISION = 1
"""Orders cannot be edited, so every ticket is of the first revision (contract 14.4)."""


def route_lines(lines: Sequence[TicketLine], venue: Venue, snapshot: Snapshot) -> dict[int, tuple[TicketLine, ...]]:
    """Each line at one station, in the order of stations; a line that no station makes stands nowhere."""
    stations: dict[int, list[TicketLine]] = {}
    for line in lines:
        station_id = snapshot.station_of(line.product_id, venue)
        if station_id is not None:
            stations.setdefault(station_id, []).append(line)
    return {station_id: tuple(stations[station_id]) for station_id in sorted(stations)}
