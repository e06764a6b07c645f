"""The shapes of events and of a page of them, for the OpenAPI document; `comanda.events.model` encodes them."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from comanda.http.hub_api.answers import OrderCard, PrintJobCard, ReceiptCard, TicketCard
from comanda.http.open_api.answers import Envelope, Instant
from comanda.http.open_api.people_answers import WaiterCallObject


class EventHead(Struct, frozen=True, kw_only=True):
    """What every event has; changes that are no order's have no ``order_id``. ``number`` counts a venue's events."""

    venue_id: int
    number: int
    version: Literal[1]
    time: Instant
    order_id: int | None
    order_sequence: int | None
    actor: str


class OrderEvent(EventHead, frozen=True, kw_only=True):
    """An order as it then was."""

    type: Literal[
        "order.created",
        "order.received",
        "order.ignored",
        "order.delivered",
        "order.needs_attention",
        "order.seen",
        "order.sent_to_station",
        "order.handed_over",
        "order.changed",
        "order.reminded",
        "order.escalated",
    ]
    data: OrderCard


class TicketEvent(EventHead, frozen=True, kw_only=True):
    """A ticket as it then was."""

    type: Literal[
        "ticket.created",
        "ticket.started",
        "ticket.line_ready",
        "ticket.ready",
        "ticket.recalled",
        "ticket.reprinted",
        "ticket.cancelled",
        "ticket.dismissed",
    ]
    data: TicketCard


class ReceiptEvent(EventHead, frozen=True, kw_only=True):
    """A receipt as it then was."""

    type: Literal["receipt.opened", "receipt.changed", "receipt.closed"]
    data: ReceiptCard


class PrintEvent(EventHead, frozen=True, kw_only=True):
    """A paper whose fate is unknown, or was settled."""

    type: Literal["print.uncertain", "print.settled"]
    data: PrintJobCard


class StopListChange(Struct, frozen=True):
    """What is left of a product at a venue; null when it has no limit any more."""

    venue_id: int
    product_id: int
    quantity: float | None


class StopListEvent(EventHead, frozen=True, kw_only=True):
    """A stop list changed."""

    type: Literal["stop_list.changed"]
    data: StopListChange


class WaiterEvent(EventHead, frozen=True, kw_only=True):
    """A table called for the waiter, or to pay."""

    type: Literal["waiter.called"]
    data: WaiterCallObject


class DevicePresence(Struct, frozen=True):
    """A device that came or went."""

    id: int
    kind: Literal["terminal", "kitchen"]
    venue_id: int
    present: bool | None
    seen_at: Instant


class TerminalEvent(EventHead, frozen=True, kw_only=True):
    """A device came or went."""

    type: Literal["terminal.present", "terminal.absent"]
    data: DevicePresence


class CatalogueChange(Struct, frozen=True):
    """A version of the catalogue, and how many resources of each kind it changed."""

    version: int
    changes: dict[str, int]


class CatalogueEvent(EventHead, frozen=True, kw_only=True):
    """The catalogue changed; told in the log of venue 0."""

    type: Literal["catalogue.changed"]
    data: CatalogueChange


EVENTS = (OrderEvent, TicketEvent, ReceiptEvent, PrintEvent, StopListEvent, WaiterEvent, TerminalEvent, CatalogueEvent)
"""What an event may be; its ``type`` says which."""


class EventsRead(Envelope, frozen=True, kw_only=True):
    """Events in ascending order; go on from ``next_after``. ``last`` is the newest number of the log."""

    data: Annotated[list[Any], Meta(extra_json_schema={"items": {"$ref": "#/components/schemas/Event"}})]
    next_after: int
    last: int
