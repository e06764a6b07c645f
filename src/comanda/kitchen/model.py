"""A kitchen ticket: what one station cooks of one order. Instants are UTC microseconds."""

from decimal import Decimal
from enum import StrEnum
from typing import Literal

from msgspec import Struct

from comanda.access.model import BrandId
from comanda.base.clock import Micros


class TicketStatus(StrEnum):
    """Where a ticket is; its moves stand in `comanda.kitchen.moves`."""

    NEW = "NEW"
    STARTED = "STARTED"
    READY = "READY"
    CANCELLED = "CANCELLED"


PrintKind = Literal["ticket", "reprint", "cancellation", "possible_duplicate"]
"""Why a paper is printed; all but the first are marked as what they are."""


class TicketModifier(Struct, frozen=True):
    """A modifier as the cook reads it."""

    name: str
    count: int
    portion_size: Decimal


class TicketLine(Struct, frozen=True):
    """A line of the order on this ticket; ``line`` is its position in the order, from 0."""

    line: int
    product_id: int
    name: str
    count: Decimal
    portion_size: Decimal
    note: str | None
    modifiers: tuple[TicketModifier, ...]
    ready_at: Micros | None = None


class Ticket(Struct, frozen=True):
    """One station's part of an order; at most one exists per order, station and revision.

    ``open`` is True while the ticket belongs on a screen; ``sale_type`` is the name staff know it by.
    """

    brand_id: BrandId
    order_id: int
    station_id: int
    revision: int
    venue_id: int
    status: TicketStatus
    open: bool
    order_number: str
    sale_type: str
    comment: str | None
    promised_at: Micros | None
    lines: tuple[TicketLine, ...]
    created_at: Micros
    started_at: Micros | None = None
    ready_at: Micros | None = None
    cancelled_at: Micros | None = None
    updated_at: Micros = Micros(0)

    @property
    def id(self) -> str:
        """How addresses name it: its key within the brand, which is why there cannot be two."""
        return f"{self.order_id}-{self.station_id}-{self.revision}"

    @property
    def finished(self) -> bool:
        """Whether the station has nothing more to do for it."""
        return self.status in (TicketStatus.READY, TicketStatus.CANCELLED)
