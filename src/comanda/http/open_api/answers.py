"""The shapes of what Comanda answers, for the OpenAPI document. Requests are described by the types that read them."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

Instant = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")]
Second = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$")]
StatusName = Literal["PENDING", "RECEIVED", "IGNORE", "DELIVERED"]


class Credentials(Struct, frozen=True):
    """The four credentials of contract 2.1."""

    client_id: Annotated[str, Meta(min_length=1)]
    client_secret: Annotated[str, Meta(min_length=1)]
    brand: Annotated[str, Meta(min_length=1)]
    integrator_id: Annotated[str, Meta(min_length=1)]


class Token(Struct, frozen=True):
    """A token; ``expires_at`` is epoch seconds. A test/production mismatch has only ``success`` false."""

    success: bool
    error: str | None = None
    token: str | None = None
    token_type: Literal["Bearer"] | None = None
    expires_in: int | None = None
    expires_at: int | None = None
    message: str | None = None


class StatusChange(Struct, frozen=True):
    """The only change an integrator may make."""

    status: Literal["IGNORE"]


class Totals(Struct, frozen=True):
    """Sums in major units; total = subtotal - discount + service_charge + delivery_fee."""

    currency: str
    subtotal: float
    discount: float
    service_charge: float
    delivery_fee: float
    total: float


class Notice(Struct, frozen=True):
    """Something the order was taken in spite of."""

    code: str
    field: str
    message: str


class CreatedPayload(Struct, frozen=True):
    """The inner object of a create answer; ``status`` is the state as committed."""

    id: int
    venue_id: int
    status: StatusName
    created_at: Instant
    updated_at: Instant
    totals: Totals
    warnings: list[Notice]


class OrderHead(Struct, frozen=True):
    """The twelve documented keys of an order."""

    id: int
    venue_id: int
    type: Literal["CALL_CENTER_ORDER"]
    integration: Literal["call_center_new"]
    integration_uuid: str | None
    integration_id: str | None
    customer_ref_id: str | None
    integration_status: Literal["CREATED"]
    status: StatusName
    created_at: Instant
    updated_at: Instant
    integration_response: dict[str, Any] | None


class CreatedOrder(OrderHead, frozen=True, kw_only=True):
    """A new order."""

    payload: CreatedPayload


class Order(OrderHead, frozen=True, kw_only=True):
    """An order as it is now, with all that was sent."""

    payload: dict[str, Any]
    customer_id: int
    receive_user_id: int | None
    receive_terminal_id: int | None
    received_at: Instant | None
    receipt_id: int | None
    total_amount: float
    needs_attention: bool
    deleted_at: str | None
    receipt: dict[str, Any] | None = None
    customer: dict[str, Any] | None = None


class Envelope(Struct, frozen=True, kw_only=True):
    """What every success carries; ``time`` is milliseconds."""

    success: Literal[True]
    time: int
    timestamp: Second
    unix: int


class OrderCreated(Envelope, frozen=True, kw_only=True):
    """The answer to a create."""

    message: str
    data: CreatedOrder


class OrderRead(Envelope, frozen=True, kw_only=True):
    """One order."""

    data: Order


class OrderChanged(Envelope, frozen=True, kw_only=True):
    """An order after its status changed."""

    data: OrderHead


class OrderPage(Envelope, frozen=True, kw_only=True):
    """A page of orders; ``total`` counts all pages."""

    data: list[Order]
    total: int
    sorts: list[str]
    next_cursor: str | None


class Detail(Struct, frozen=True):
    """One problem, with the path of its field."""

    field: str
    code: str
    message: str
    value: Any


class Error(Struct, frozen=True):
    """Every refusal and failure."""

    success: Literal[False]
    message: str
    error: str | None = None
    details: list[Detail] | None = None
