"""The request of `raw_app` as msgspec reads it, with its documented bounds."""

from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from benchmarks.typical.rules import MAX_BODY_BYTES, MAX_ID, MAX_MONEY, Problem, Refusal, invalid

_COUNT_LIMIT = Decimal(10_000)
EntityId = Annotated[int, Meta(ge=1, le=MAX_ID)]
OptionalId = Annotated[int, Meta(ge=0, le=MAX_ID)]
RequiredText = Annotated[str, Meta(min_length=1, max_length=255)]
OpaqueText = Annotated[str, Meta(max_length=255)]
Note = Annotated[str, Meta(max_length=1_000)]
ExternalId = Annotated[str, Meta(max_length=64)]


def _bound(name: str, value: Decimal | None, maximum: Decimal = MAX_MONEY, decimals: int = 4) -> None:
    """Check a number as the documented bounds want it; msgspec has none for decimals. Raises ValueError."""
    if value is None:
        return
    if not value.is_finite() or not 0 <= value <= maximum:
        raise ValueError(f"{name} must be 0 to {maximum}")
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -decimals:
        raise ValueError(f"{name} must have at most {decimals} decimals")


def _positive(name: str, value: Decimal | None) -> None:
    if value is not None and not value:
        raise ValueError(f"{name} must be greater than 0")


class ModifierIn(msgspec.Struct, frozen=True, gc=False):
    """A chosen modifier of a line."""

    modifier_id: EntityId
    modifier_name: RequiredText
    count: Annotated[int, Meta(ge=1, le=1_000)]
    price: Decimal | None = None
    portion_size: Decimal | None = None

    def __post_init__(self) -> None:
        """Check what msgspec cannot."""
        _bound("price", self.price)
        _bound("portion_size", self.portion_size)
        _positive("portion_size", self.portion_size)


class LineIn(msgspec.Struct, frozen=True):
    """One product of an order."""

    product_id: EntityId
    product_name: RequiredText
    count: Decimal
    price: Decimal
    status: OpaqueText
    product_hash: OpaqueText
    portion_size: Decimal | None = None
    note: Note | None = None
    modifiers: Annotated[tuple[ModifierIn, ...], Meta(max_length=100)] | None = None

    def __post_init__(self) -> None:
        """Check what msgspec cannot."""
        _bound("count", self.count, _COUNT_LIMIT, 3)
        _positive("count", self.count)
        _bound("price", self.price)
        _bound("portion_size", self.portion_size)
        _positive("portion_size", self.portion_size)


class CustomerIn(msgspec.Struct, frozen=True, gc=False):
    """Who ordered, as the caller states it; id 0 is a guest."""

    id: OptionalId
    phone: RequiredText
    address: OpaqueText | None
    name: RequiredText
    customer_discount_type: Decimal | None = None

    def __post_init__(self) -> None:
        """Check what msgspec cannot."""
        _bound("customer_discount_type", self.customer_discount_type)


class DiscountIn(msgspec.Struct, frozen=True, gc=False):
    """An order-level discount: type 0 none, 1 percent, 2 amount."""

    discount_type: Literal[0, 1, 2] | None = None
    discount_value: Decimal | None = None

    def __post_init__(self) -> None:
        """Check what msgspec cannot."""
        _bound("discount_value", self.discount_value)


class ServiceChargeIn(msgspec.Struct, frozen=True, gc=False):
    """A percentage added after the discount."""

    enabled: bool | None = None
    value: Decimal | None = None

    def __post_init__(self) -> None:
        """Check what msgspec cannot."""
        _bound("value", self.value, Decimal(100))


class OrderIn(msgspec.Struct, frozen=True):
    """The simplified v2 create-order payload."""

    sale_type_id: EntityId
    venue_id: EntityId
    customer: CustomerIn
    products: Annotated[tuple[LineIn, ...], Meta(min_length=1, max_length=500)]
    auto_accept_terminal: OptionalId | None = None
    auto_order_accept: bool | None = None
    auto_order_sent_to_station: bool | None = None
    order_number: Annotated[str, Meta(max_length=20)] | None = None
    delivery_fee: Decimal | None = None
    comment: Note | None = None
    discount: DiscountIn | None = None
    service_charge: ServiceChargeIn | None = None
    integration_id: ExternalId | OptionalId | None = None
    integration_uuid: UUID | None = None
    customer_ref_id: ExternalId | OptionalId | None = None

    def __post_init__(self) -> None:
        """Check what msgspec cannot."""
        _bound("delivery_fee", self.delivery_fee)


_decoder = msgspec.json.Decoder(OrderIn)


def read_order(raw: bytes) -> OrderIn:
    """The order in a body. Raises Refusal with the first problem of its form."""
    if len(raw) > MAX_BODY_BYTES:
        raise Refusal(413, "body_too_large", f"The body is larger than {MAX_BODY_BYTES} bytes")
    try:
        return _decoder.decode(raw)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        raise invalid([Problem(path.strip(".`"), "invalid", message)]) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refusal(400, "invalid_json", f"The body is no JSON: {error}") from None
