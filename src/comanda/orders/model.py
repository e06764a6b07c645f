"""An order's stages. The name of the type says how far it has come; each step makes the next from the last."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal, NewType

from msgspec import Struct

from comanda.access.model import BrandId, Client
from comanda.base.clock import Micros
from comanda.base.errors import Problem
from comanda.base.money import plain
from comanda.catalogue.model import DeadlineAction, Venue
from comanda.kitchen.model import PrintKind, Ticket
from comanda.orders.lifecycle import Status
from comanda.orders.request import OrderRequest
from comanda.receipts.model import Receipt

OrderId = NewType("OrderId", int)


class OrderWarning(Struct, frozen=True):
    """Something the caller should know about an order that was taken all the same (contract 14.1.1)."""

    code: str
    field: str
    message: str

    def as_json(self) -> dict[str, str]:
        """The form used in ``warnings``."""
        return {"code": self.code, "field": self.field, "message": self.message}


class CheckedModifier(Struct, frozen=True):
    """A modifier with the price that is charged; ``known`` is False for one kept as a note."""

    modifier_id: int
    name: str
    count: int
    price: Decimal
    portion_size: Decimal
    known: bool = True


class CheckedLine(Struct, frozen=True):
    """A line with the price that is charged; ``known`` is False for a quarantined product."""

    product_id: int
    name: str
    count: Decimal
    stated_price: Decimal
    price: Decimal
    status: str
    product_hash: str
    portion_size: Decimal
    note: str | None
    modifiers: tuple[CheckedModifier, ...]
    known: bool = True


class External(Struct, frozen=True):
    """The caller's own names for an order (contract 14.1.12)."""

    integration_id: str | None = None
    integration_uuid: str | None = None
    customer_ref_id: str | None = None


class CheckedOrder(Struct, frozen=True):
    """A request held against the brand's catalogue, with defaults and policies applied.

    With ``problems`` it is refused: it may be priced for a quote, never planned. What only the transaction can know
    (customer, stop list, keys) is not decided yet.
    """

    request: OrderRequest
    venue: Venue
    lines: tuple[CheckedLine, ...]
    accepts: bool
    terminal_id: int | None
    phone_e164: str | None
    """By which the order is found."""
    guest_e164: str | None
    """By which a guest is known; a number without its area code is not."""
    order_number: str | None
    comment: str | None
    delivery_fee: Decimal
    discount_type: int
    discount_value: Decimal
    service_enabled: bool
    service_value: Decimal
    external: External
    needs_attention: bool
    stated_total: Decimal | None
    warnings: tuple[OrderWarning, ...]
    problems: tuple[Problem, ...] = ()


class PricedLine(Struct, frozen=True):
    """What a line costs, in minor units; ``total_minor`` = subtotal - its share of the discount."""

    subtotal_minor: int
    discount_minor: int

    @property
    def total_minor(self) -> int:
        """What remains of the line after its share of the order's discount."""
        return self.subtotal_minor - self.discount_minor


class Totals(Struct, frozen=True):
    """An order's sums in minor units (contract 14.3)."""

    subtotal_minor: int
    discount_minor: int
    service_minor: int
    delivery_minor: int

    @property
    def total_minor(self) -> int:
        """What the guest pays."""
        return self.subtotal_minor - self.discount_minor + self.service_minor + self.delivery_minor


class PricedOrder(Struct, frozen=True):
    """A checked order with its sums."""

    checked: CheckedOrder
    lines: tuple[PricedLine, ...]
    totals: Totals


ClaimKind = Literal["integration_id", "repeat"]


class Claim(Struct, frozen=True):
    """A name under which an order may exist only once: its ``integration_id``, or its content for a while.

    ``window_s`` None means for ever.
    """

    kind: ClaimKind
    value: str
    content_sha256: str
    window_s: int | None = None


class KeyedRequest(Struct, frozen=True):
    """An ``Idempotency-Key`` with what must be equal for a repeat to count as the same request (14.2)."""

    actor: str
    key: str
    request_sha256: str


class Guest(Struct, frozen=True):
    """A guest to be matched by phone, or created, in the order's transaction (14.1.8)."""

    phone_e164: str
    name: str
    phone: str
    address: str | None


class Paper(Struct, frozen=True):
    """A paper that an event puts in a printer's line."""

    printer_id: int
    ticket: Ticket
    kind: PrintKind


class PlannedEvent(Struct, frozen=True):
    """An event but for its number; ``data`` is the resource as JSON, persons by reference only."""

    type: str
    actor: str
    data: str
    paper: Paper | None = None


class Step(Struct, frozen=True):
    """A step of a pending order's accept deadline, with the instant it is due."""

    number: int
    due_at: Micros
    action: DeadlineAction


class PlannedOrder(Struct, frozen=True):
    """Everything an order causes, ready to be stored in one transaction; nothing in it awaits a decision of ours."""

    client: Client
    order: "StoredOrder"
    phone_e164: str | None
    events: tuple[PlannedEvent, ...]
    answer: str
    demand: Mapping[int, Decimal]
    receipt: Receipt | None = None
    tickets: tuple[Ticket, ...] = ()
    deadline: tuple[Step, ...] = ()
    guest: Guest | None = None
    keyed: KeyedRequest | None = None
    claims: tuple[Claim, ...] = ()

    @property
    def brand_id(self) -> BrandId:
        """The first column of every key."""
        return self.order.brand_id

    @property
    def venue_id(self) -> int:
        """Where the order is made."""
        return self.order.venue_id

    @property
    def id(self) -> OrderId:
        """The order's id."""
        return self.order.id

    @property
    def created_at(self) -> Micros:
        """When the order was planned; its row, events and records bear this instant."""
        return self.order.created_at


class StoredOrder(Struct, frozen=True):
    """An order as the store holds it. ``payload`` is the JSON text that reads show; instants are UTC micros.

    ``open`` until it is ignored, or handed over and paid; ``refusal`` is why it was ignored, as JSON text.
    """

    brand_id: BrandId
    id: OrderId
    venue_id: int
    client_id: str
    status: Status
    needs_attention: bool
    sale_type_id: int
    customer_id: int
    order_number: str | None
    integration_id: str | None
    integration_uuid: str | None
    customer_ref_id: str | None
    receive_terminal_id: int | None
    subtotal_minor: int
    discount_minor: int
    service_minor: int
    delivery_minor: int
    total_minor: int
    payload: str
    created_at: Micros
    received_at: Micros | None
    updated_at: Micros
    event_sequence: int
    open: bool = True
    accepted_by: str | None = None
    refusal: str | None = None
    promised_at: Micros | None = None
    seen_at: Micros | None = None
    sent_at: Micros | None = None
    started_at: Micros | None = None
    ready_at: Micros | None = None
    handed_over_at: Micros | None = None
    delivered_at: Micros | None = None
    delivered_by: str | None = None


class Placed(Struct, frozen=True):
    """The order was stored just now."""


class Replayed(Struct, frozen=True):
    """The same request was answered before: its status and body, and when the record lapses."""

    status: int
    body: str
    order_id: OrderId
    expires_at: Micros


class AlreadyStored(Struct, frozen=True):
    """The claim is held by an earlier order; ``same_content`` tells whether it is this very order again."""

    order: StoredOrder
    claim: Claim
    same_content: bool


class KeyReused(Struct, frozen=True):
    """The idempotency key belongs to another request."""


class Shortage(Struct, frozen=True):
    """A stop list has less of a product than the order takes."""

    product_id: int
    left: Decimal

    def problem(self, field: str) -> Problem:
        """The shortage as a problem of the field that names the product."""
        message = f"Only {plain(self.left)} of product {self.product_id} is left"
        return Problem(field, "stop_listed", message, self.product_id)


class Refused(Struct, frozen=True):
    """What only the store can know speaks against the order: its customer or a stop list; nothing is stored."""

    unknown_customer: bool = False
    shortages: tuple[Shortage, ...] = ()


PlaceOutcome = Placed | Replayed | AlreadyStored | KeyReused | Refused
