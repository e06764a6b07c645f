"""The shapes of what `/hub/v1` answers, for the OpenAPI document; `comanda.orders.cards` makes most of them."""

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from comanda.http.open_api.answers import Detail, Envelope, Instant, Notice, OrderWhole, StatusName, Totals
from comanda.http.open_api.receipt_answers import Day, OrderStatusName, PaymentLine
from comanda.kitchen.model import PrintKind
from comanda.orders.ignore import LineReason, Reason

Role = Literal["cashier", "cook", "call_centre", "manager"]
JobStatus = Literal["queued", "sending", "printed", "uncertain", "settled", "overtaken"]
StepName = Literal["stored", "seen", "accepted", "sent_to_station", "started", "ready", "handed_over"]


class RefusedLineCard(Struct, frozen=True):
    """Why one line could not be made; ``line`` is its position, from 0."""

    line: int
    product_id: int
    reason: LineReason


class RefusalCard(Struct, frozen=True):
    """Why an order was ignored; the two reasons people cannot give are Comanda's own."""

    reason: Reason | Literal["not_answered", "withdrawn"]
    lines: list[RefusedLineCard]
    by: str
    at: Instant


class RefusalRead(RefusalCard, frozen=True, kw_only=True):
    """The refusal whole, with the note that people wrote."""

    note: str | None


class OrderCard(Struct, frozen=True):
    """An order by reference; ``open`` until it is ignored, or handed over and paid.

    Events that were stored before there were ``delivered_at`` and ``delivered_by`` do not have them.
    """

    id: int
    venue_id: int
    status: StatusName
    open: bool
    needs_attention: bool
    sale_type_id: int
    customer_id: int
    client_id: str
    order_number: str | None
    integration_id: str | None
    terminal_id: int | None
    accepted_by: str | None
    refusal: RefusalCard | None
    totals: Totals
    promised_at: Instant | None
    created_at: Instant
    seen_at: Instant | None
    received_at: Instant | None
    sent_at: Instant | None
    started_at: Instant | None
    ready_at: Instant | None
    handed_over_at: Instant | None
    updated_at: Instant
    delivered_at: Instant | UnsetType | None = UNSET
    delivered_by: str | UnsetType | None = UNSET


class ReceiptCard(Struct, frozen=True):
    """A receipt by reference; status 1 is open, 2 closed."""

    id: int
    venue_id: int
    service_notification_id: int
    cid: str
    customer_id: int
    sale_type_id: int
    terminal_id: int | None
    status: Literal[1, 2]
    order_status: OrderStatusName
    order_number: str
    lock: bool
    fiscal_id: str | None
    total: float
    remaining: float
    payment_methods: list[PaymentLine]
    refund_due: bool
    closed_by: str | None
    shift_date: Day
    created_at: Instant
    updated_at: Instant
    closed_at: Instant | None


class TicketModifierCard(Struct, frozen=True):
    """A modifier as the cook reads it."""

    name: str
    count: int
    portion_size: float


class TicketLineCard(Struct, frozen=True):
    """A line of the order on a ticket; ``line`` is its position in the order, from 0."""

    line: int
    product_id: int
    name: str
    count: float
    portion_size: float
    note: str | None
    modifiers: list[TicketModifierCard]
    ready_at: Instant | None


class TicketCard(Struct, frozen=True):
    """One station's part of an order; ``open`` while it belongs on a screen."""

    id: str
    order_id: int
    station_id: int
    revision: int
    venue_id: int
    status: Literal["NEW", "STARTED", "READY", "CANCELLED"]
    open: bool
    order_number: str
    sale_type: str
    promised_at: Instant | None
    lines: list[TicketLineCard]
    created_at: Instant
    started_at: Instant | None
    ready_at: Instant | None
    cancelled_at: Instant | None
    updated_at: Instant


class PrintJobCard(Struct, frozen=True):
    """A paper in a printer's line or out of it."""

    id: str
    venue_id: int
    printer_id: int
    ticket_id: str
    order_id: int
    kind: PrintKind
    status: JobStatus
    created_at: Instant


class Chain(Struct, frozen=True):
    """An order with all that hangs on it, by reference; the receipt is null until it is accepted."""

    order: OrderCard
    receipt: ReceiptCard | None
    tickets: list[TicketCard]


class ChainAfter(Struct, frozen=True):
    """An order with all that hangs on it after an action; ``changed`` is false where it was so already."""

    changed: bool
    order: OrderCard
    receipt: ReceiptCard | None
    tickets: list[TicketCard]


class ActionDone(Envelope, frozen=True, kw_only=True):
    """The answer to an action on an order or a ticket."""

    data: ChainAfter


class WholeOrder(OrderWhole, frozen=True, kw_only=True):
    """An order with its payload, and with all that hangs on it."""

    refusal: RefusalRead | None
    chain: Chain


class WholeOrderRead(Envelope, frozen=True, kw_only=True):
    """One order, whole."""

    data: WholeOrder


class WholeTicket(TicketCard, frozen=True, kw_only=True):
    """A ticket with its order's comment."""

    comment: str | None


class TicketRead(Envelope, frozen=True, kw_only=True):
    """One ticket."""

    data: WholeTicket


class QuotedModifier(Struct, frozen=True):
    """A modifier with the price that would be charged."""

    modifier_id: int
    name: str
    count: int
    price: float


class QuotedLine(Struct, frozen=True):
    """A line with the unit price that would be charged; ``discount`` is its share of the order's."""

    product_id: int
    name: str
    count: float
    price: float
    modifiers: list[QuotedModifier]
    subtotal: float
    discount: float
    total: float


class Quote(Struct, frozen=True):
    """What a create would answer now. Without problems it is ``acceptable``, and ``status`` is how it would be stored.

    ``totals`` is null, ``lines`` and ``warnings`` are empty where nobody can say what the order costs.
    """

    acceptable: bool
    status: Literal["PENDING", "RECEIVED"] | None
    totals: Totals | None
    lines: list[QuotedLine]
    warnings: list[Notice]
    problems: list[Detail]


class QuoteRead(Envelope, frozen=True, kw_only=True):
    """The answer to a quote."""

    data: Quote


class TimelineStep(Struct, frozen=True):
    """A step that happened; durations in seconds."""

    step: StepName
    at: Instant
    since_stored_s: float
    since_previous_s: float


class Timeline(Struct, frozen=True):
    """The steps of an order's delivery chain, in the order they happened."""

    order_id: int
    venue_id: int
    status: StatusName
    steps: list[TimelineStep]


class TimelineRead(Envelope, frozen=True, kw_only=True):
    """One order's timeline."""

    data: Timeline


class StopListLeft(Struct, frozen=True):
    """What is left of a product at a venue."""

    venue_id: int
    product_id: int
    quantity: float


class DeviceOnBoard(Struct, frozen=True):
    """A device that was heard of, and whether it is there."""

    id: int
    present: bool


class Board(Struct, frozen=True):
    """Everything of a venue that is not done with, as its log stood at ``number``; ``truncated`` when it is not all."""

    venue_id: int
    number: int
    orders: list[OrderCard]
    receipts: list[ReceiptCard]
    tickets: list[TicketCard]
    stop_list: list[StopListLeft]
    devices: list[DeviceOnBoard]
    print_jobs: list[PrintJobCard]
    truncated: bool


class BoardRead(Envelope, frozen=True, kw_only=True):
    """A venue's board."""

    data: Board


class StationTickets(Struct, frozen=True):
    """A station's open tickets at a venue, oldest first, as the venue's log stood at ``number``."""

    venue_id: int
    station_id: int
    number: int
    tickets: list[TicketCard]
    truncated: bool


class StationTicketsRead(Envelope, frozen=True, kw_only=True):
    """A station's tickets."""

    data: StationTickets


class Leg(Struct, frozen=True):
    """How long a leg of the chain took; null for one that nobody went."""

    orders: int
    p50_s: float | None
    p99_s: float | None


class Legs(Struct, frozen=True):
    """The legs that are measured."""

    stored_to_seen: Leg
    stored_to_accepted: Leg
    accepted_to_sent: Leg
    sent_to_started: Leg
    started_to_ready: Leg
    ready_to_handed_over: Leg
    stored_to_handed_over: Leg


class Performance(Struct, frozen=True):
    """How fast a venue's orders of the last ``hours`` went; ``truncated`` when only the newest were measured."""

    venue_id: int
    hours: int
    orders: int
    legs: Legs
    truncated: bool


class PerformanceRead(Envelope, frozen=True, kw_only=True):
    """A venue's performance."""

    data: Performance


class PrintJobEntry(PrintJobCard, frozen=True, kw_only=True):
    """A paper with how often it was tried, and what went wrong last."""

    attempts: int
    error: str | None


class PrintJobPage(Envelope, frozen=True, kw_only=True):
    """Papers of a venue, oldest first."""

    data: list[PrintJobEntry]
    total: int


class SettledJob(PrintJobCard, frozen=True, kw_only=True):
    """A paper that is settled; ``changed`` is false where it was already."""

    changed: bool


class PrintJobSettled(Envelope, frozen=True, kw_only=True):
    """The answer to settling a paper."""

    data: SettledJob


class Heartbeat(Struct, frozen=True):
    """The device counts as present; it is to say so again within ``next_in_s`` seconds."""

    present: Literal[True]
    next_in_s: int


class HeartbeatTaken(Envelope, frozen=True, kw_only=True):
    """The answer to a heartbeat."""

    data: Heartbeat


class TerminalCard(Struct, frozen=True):
    """A terminal; ``may_call`` is whether its token works. ``present`` and ``seen_at`` are null if never heard of."""

    id: int
    name: str
    venue_id: int
    active: bool
    may_call: bool
    present: bool | None
    seen_at: Instant | None


class TerminalList(Envelope, frozen=True, kw_only=True):
    """A venue's terminals, by id."""

    data: list[TerminalCard]
