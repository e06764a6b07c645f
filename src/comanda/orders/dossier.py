"""An order with all that hangs on it, who acts on it, and what an action makes of it.

Every action on a stored order is a pure function from a `Dossier` to a `Change`; the store locks the order, hands
the dossier in, and writes what the change says in the same transaction.
"""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from comanda.access.model import Brand
from comanda.base.clock import Micros
from comanda.catalogue.model import Venue
from comanda.catalogue.snapshot import Snapshot
from comanda.kitchen.model import Ticket
from comanda.orders.cards import card_text, order_card, receipt_card, ticket_card, with_values
from comanda.orders.lifecycle import Actor
from comanda.orders.model import Paper, PlannedEvent, StoredOrder
from comanda.receipts.model import Receipt

_NOTHING: Final[Mapping[int, Decimal]] = MappingProxyType({})


class House(Struct, frozen=True):
    """The brand and its catalogue as they are known when somebody acts."""

    brand: Brand
    snapshot: Snapshot

    def venue(self, venue_id: int) -> Venue:
        """A venue of the brand; one that is gone from the catalogue has no policies."""
        return self.snapshot.venues.get(venue_id) or Venue(id=venue_id, name=f"Venue {venue_id}")


class By(Struct, frozen=True):
    """Who acts: in which capacity, under which name in events (``device:3``), at which terminal.

    ``unconfirmed``: a person who is known by a PIN only.
    """

    actor: Actor
    name: str
    terminal_id: int | None = None
    unconfirmed: bool = False


class Dossier(Struct, frozen=True):
    """An order, its receipt once it is accepted, its tickets once it is sent."""

    order: StoredOrder
    receipt: Receipt | None = None
    tickets: tuple[Ticket, ...] = ()

    @property
    def started(self) -> bool:
        """Whether any station has begun."""
        return any(ticket.started_at is not None for ticket in self.tickets)


class Change(Struct, frozen=True):
    """What an action made of a dossier, and the events that tell of it, in order.

    ``sold_out``: products whose quantity at the venue becomes 0, by ``stopped_by`` where nothing else happens;
    ``gives_back``: the order's holds are returned.
    ``takes``: how much more of products the order holds from now on, if the stop list has it; ``leaves``: how much
    less of others, if it holds so much.
    """

    dossier: Dossier
    events: tuple[PlannedEvent, ...] = ()
    sold_out: tuple[int, ...] = ()
    stopped_by: str = ""
    gives_back: bool = False
    takes: Mapping[int, Decimal] = _NOTHING
    leaves: Mapping[int, Decimal] = _NOTHING


class Telling:
    """Gathers the events of one action as it goes."""

    def __init__(self, house: House, by: By) -> None:
        self.house = house
        self._by = by
        self.events: list[PlannedEvent] = []

    def order(self, type_: str, order: StoredOrder) -> None:
        """Tell of an order as it now is."""
        self._tell(type_, card_text(order_card(order, self.house.brand)))

    def receipt(self, type_: str, receipt: Receipt) -> None:
        """Tell of a receipt as it now is."""
        self._tell(type_, card_text(receipt_card(receipt, self.house.brand)))

    def ticket(self, type_: str, ticket: Ticket, paper: Paper | None = None) -> None:
        """Tell of a ticket as it now is; ``paper`` goes to its station's printer."""
        self._tell(type_, card_text(ticket_card(ticket)), paper)

    def _tell(self, type_: str, data: str, paper: Paper | None = None) -> None:
        self.events.append(PlannedEvent(type_, self._by.name, data, paper))


def later(order: StoredOrder, now: Micros) -> Micros:
    """``updated_at`` of an order that changes now; it always moves on."""
    return max(now, Micros(order.updated_at + 1))


def numbered(
    receipt: Receipt, tickets: tuple[Ticket, ...], events: tuple[PlannedEvent, ...], number: str
) -> tuple[Receipt, tuple[Ticket, ...], tuple[PlannedEvent, ...]]:
    """A receipt without a number, its tickets and events, once the venue's day has given one."""
    told = []
    for event in events:
        if event.type.startswith(("receipt.", "ticket.")):
            paper = event.paper and replace(event.paper, ticket=replace(event.paper.ticket, order_number=number))
            told.append(replace(event, data=with_values(event.data, {"order_number": number}), paper=paper))
        else:
            told.append(event)
    return (
        replace(receipt, order_number=number),
        tuple(replace(ticket, order_number=number) for ticket in tickets),
        tuple(told),
    )
