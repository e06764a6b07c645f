"""The bodies of the endpoint as Pydantic models: the request with its documented bounds, and what is answered."""

from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field, PlainSerializer, ValidationError

from benchmarks.typical.rules import MAX_BODY_BYTES, MAX_ID, MAX_MONEY, Problem, Refusal, invalid

_AsNumber = PlainSerializer(float, return_type=float, when_used="json")
EntityId = Annotated[int, Field(ge=1, le=MAX_ID)]
OptionalId = Annotated[int, Field(ge=0, le=MAX_ID)]
Money = Annotated[Decimal, Field(ge=0, le=MAX_MONEY, decimal_places=4), _AsNumber]
Quantity = Annotated[Decimal, Field(gt=0, le=10_000, decimal_places=3), _AsNumber]
PortionSize = Annotated[Decimal, Field(gt=0, le=MAX_MONEY, decimal_places=4), _AsNumber]
Percent = Annotated[Decimal, Field(ge=0, le=100, decimal_places=4), _AsNumber]
RequiredText = Annotated[str, Field(min_length=1, max_length=255)]
OpaqueText = Annotated[str, Field(max_length=255)]
Note = Annotated[str, Field(max_length=1_000)]
ExternalId = Annotated[str, Field(max_length=64, coerce_numbers_to_str=True)]


class ModifierIn(BaseModel):
    """A chosen modifier of a line."""

    modifier_id: EntityId
    modifier_name: RequiredText
    count: Annotated[int, Field(ge=1, le=1_000)]
    price: Money | None = None
    portion_size: PortionSize | None = None


class LineIn(BaseModel):
    """One product of an order."""

    product_id: EntityId
    product_name: RequiredText
    count: Quantity
    price: Money
    status: OpaqueText
    product_hash: OpaqueText
    portion_size: PortionSize | None = None
    note: Note | None = None
    modifiers: Annotated[list[ModifierIn], Field(max_length=100)] | None = None


class CustomerIn(BaseModel):
    """Who ordered, as the caller states it; id 0 is a guest."""

    id: OptionalId
    phone: RequiredText
    address: OpaqueText | None
    name: RequiredText
    customer_discount_type: Money | None = None


class DiscountIn(BaseModel):
    """An order-level discount: type 0 none, 1 percent, 2 amount."""

    discount_type: Literal[0, 1, 2] | None = None
    discount_value: Money | None = None


class ServiceChargeIn(BaseModel):
    """A percentage added after the discount."""

    enabled: bool | None = None
    value: Percent | None = None


class OrderIn(BaseModel):
    """The simplified v2 create-order payload."""

    sale_type_id: EntityId
    venue_id: EntityId
    customer: CustomerIn
    products: Annotated[list[LineIn], Field(min_length=1, max_length=500)]
    auto_accept_terminal: OptionalId | None = None
    auto_order_accept: bool | None = None
    auto_order_sent_to_station: bool | None = None
    order_number: Annotated[str, Field(max_length=20)] | None = None
    delivery_fee: Money | None = None
    comment: Note | None = None
    discount: DiscountIn | None = None
    service_charge: ServiceChargeIn | None = None
    integration_id: ExternalId | None = None
    integration_uuid: UUID | None = None
    customer_ref_id: ExternalId | None = None


class NoticeOut(BaseModel):
    """Something the order was taken in spite of."""

    code: str
    field: str
    message: str


class TotalsOut(BaseModel):
    """Sums in major units."""

    currency: str
    subtotal: float
    discount: float
    service_charge: float
    delivery_fee: float
    total: float


class LineSumsOut(BaseModel):
    """What a line costs after its share of the discount."""

    unit_price: float
    subtotal: float
    discount: float
    total: float


class StoredPayload(BaseModel):
    """What is kept of an order beside its columns: everything sent, and the sums."""

    request: OrderIn
    lines: list[LineSumsOut]
    totals: TotalsOut
    warnings: list[NoticeOut]


class EventData(BaseModel):
    """The body of an event; it names no person."""

    id: int
    venue_id: int
    sale_type_id: int
    customer_id: int
    client_id: str
    order_number: str | None
    integration_id: str | None
    needs_attention: bool
    totals: TotalsOut
    status: str
    actor: str
    terminal_id: int | None


class CreatedPayload(BaseModel):
    """The inner object of the answer; ``status`` is the state as committed."""

    id: int
    venue_id: int
    status: str
    created_at: str
    updated_at: str
    totals: TotalsOut
    warnings: list[NoticeOut]


class CreatedOrder(BaseModel):
    """The twelve documented keys and ``payload``."""

    id: int
    venue_id: int
    type: str = "CALL_CENTER_ORDER"
    integration: str = "call_center_new"
    integration_uuid: str | None
    integration_id: str | None
    customer_ref_id: str | None
    integration_status: str = "CREATED"
    status: str = "PENDING"
    created_at: str
    updated_at: str
    integration_response: None = None
    payload: CreatedPayload


class OrderCreated(BaseModel):
    """The success envelope; ``time`` is milliseconds."""

    success: Literal[True] = True
    message: str = "Order created"
    data: CreatedOrder
    time: int
    timestamp: str
    unix: int


def read_order(raw: bytes) -> OrderIn:
    """The order in a body. Raises Refusal with every problem of its form.

    Pydantic reads the bytes itself, as its performance guide advises; a declared FastAPI body parameter would parse
    them with the standard library first.
    """
    if len(raw) > MAX_BODY_BYTES:
        raise Refusal(413, "body_too_large", f"The body is larger than {MAX_BODY_BYTES} bytes")
    try:
        return OrderIn.model_validate_json(raw)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise invalid([Problem(_path(item["loc"]), item["type"], item["msg"]) for item in found]) from None


def _path(location: tuple[int | str, ...]) -> str:
    """``products[0].count`` from Pydantic's ``("products", 0, "count")``."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).removeprefix(".")
