"""The shapes of what Comanda answers, for the OpenAPI document. Requests are described by the types that read them."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

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
    """A token; ``expires_at`` is epoch seconds. A test/production mismatch has only ``success`` false and why."""

    success: bool
    message: str
    error: str | UnsetType = UNSET
    token: str | UnsetType = UNSET
    token_type: Literal["Bearer"] | UnsetType = UNSET
    expires_in: int | UnsetType = UNSET
    expires_at: int | UnsetType = UNSET


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


class PayloadService(Struct, frozen=True):
    """Where an order belongs."""

    sale_type_id: int
    venue_id: int


class PayloadCustomer(Struct, frozen=True):
    """Who ordered, as it was sent."""

    id: int
    phone: str
    address: str | None
    customer_discount_type: float
    name: str


class PayloadModifier(Struct, frozen=True):
    """A chosen modifier of a line."""

    modificator_id: int
    count: int
    name: str
    price: float
    portion_size: float


class PayloadProduct(Struct, frozen=True):
    """A line's product; ``price`` is what the caller stated."""

    id: int
    name: str
    price: float


class PayloadOrderProduct(Struct, frozen=True):
    """The inner line."""

    count: float
    status: str
    product_modificators: list[PayloadModifier]
    product_hash: str
    note: str | None
    product: PayloadProduct


class PayloadLineMeta(Struct, frozen=True):
    """``price`` is what is charged."""

    price: float
    order_product: PayloadOrderProduct


class LineTotals(Struct, frozen=True):
    """A line's sums, with its share of the discount."""

    subtotal: float
    discount: float
    total: float


class PayloadLine(Struct, frozen=True):
    """One line of a stored order."""

    product_id: int
    count: float
    product_modificators: list[PayloadModifier]
    portion_size: float
    note: str | None
    meta: PayloadLineMeta
    totals: LineTotals


class PayloadDiscount(Struct, frozen=True):
    """The discount of a stored order; 0 and 0 is none."""

    discount_type: int
    discount_value: float


class PayloadMeta(Struct, frozen=True):
    """Order-level values."""

    comment: str | None
    discount: PayloadDiscount
    apply_service_charge: bool
    customer_discount_type: float
    service_charge_value: float


class OrderPayload(Struct, frozen=True):
    """All that was sent, where v2 stores it, and our sums."""

    auto_order_accept: bool
    auto_order_sent_to_station: bool
    auto_accept_terminal: int | None
    delivery_fee: float
    order_number: str | None
    service: PayloadService
    customer: PayloadCustomer
    products: list[PayloadLine]
    meta: PayloadMeta
    customer_id: int
    sale_type_id: int
    totals: Totals
    warnings: list[Notice]


class OrderReceipt(Struct, frozen=True):
    """An order's receipt as ``with`` shows it: the columns asked for."""

    id: int | UnsetType = UNSET
    service_notification_id: int | UnsetType = UNSET
    status: Literal[1, 2] | UnsetType = UNSET


class OrderCustomer(Struct, frozen=True):
    """An order's customer as ``with`` shows it: the columns asked for."""

    id: int | UnsetType = UNSET
    name: str | UnsetType = UNSET
    phone: str | UnsetType | None = UNSET
    address: str | UnsetType | None = UNSET
    email: str | UnsetType | None = UNSET


class OrderWhole(OrderHead, frozen=True, kw_only=True):
    """An order as it is now, with all that was sent; ``receipt_id`` is null until it is accepted."""

    payload: OrderPayload
    customer_id: int
    receive_user_id: int | None
    receive_terminal_id: int | None
    received_at: Instant | None
    receipt_id: int | None
    total_amount: float
    needs_attention: bool
    deleted_at: str | None


class Order(OrderWhole, frozen=True, kw_only=True):
    """An order with the relations asked for; its receipt is null until it is accepted, a guest's customer always."""

    receipt: OrderReceipt | UnsetType | None = UNSET
    customer: OrderCustomer | UnsetType | None = UNSET


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
    """An order after its status changed: the twelve documented keys, and all else that reads show."""

    data: OrderWhole


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
    """Every refusal and failure; the last keys stand in those of its codes that name something (docs/errors.md)."""

    success: Literal[False]
    message: str
    error: str | UnsetType = UNSET
    details: list[Detail] | UnsetType = UNSET
    order_id: int | UnsetType = UNSET
    receipt_id: int | UnsetType = UNSET
    customer_id: int | UnsetType = UNSET
    expires_at: str | UnsetType = UNSET
    last: int | UnsetType = UNSET
    version: int | UnsetType = UNSET


class Health(Struct, frozen=True):
    """The process answers."""

    status: Literal["ok"]


class Readiness(Struct, frozen=True):
    """Whether orders can be taken now, and why not."""

    status: Literal["ready", "not ready"]
    draining: bool
    database: str
    queued: int
