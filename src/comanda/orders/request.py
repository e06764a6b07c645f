"""The bodies of ``POST /orders`` as types: the simplified v2 body and the fuller v1 body (contract 9.1, 12, 14.1).

These types are the law three times over: the typed decoder reads with them, the reader that collects problems
walks them, and the OpenAPI document is generated from them. An optional field that is null counts as omitted.
"""

from typing import Annotated, Any

from msgspec import Meta, Struct

from comanda.base import limits
from comanda.base.numbers import Count, Money, Percent, PortionSize

EntityId = Annotated[int, Meta(ge=1, le=limits.MAX_ID)]
GuestOrCustomerId = Annotated[int, Meta(ge=0, le=limits.MAX_ID, description="0 is a guest")]
OptionalId = Annotated[int, Meta(ge=0, le=limits.MAX_ID, description="0 means omitted")]
ModifierCount = Annotated[int, Meta(ge=1, le=limits.MAX_MODIFIER_COUNT)]
DiscountType = Annotated[int, Meta(ge=0, le=2, description="0 none, 1 percent, 2 amount")]
RequiredText = Annotated[str, Meta(min_length=1, max_length=limits.MAX_TEXT)]
OpaqueText = Annotated[str, Meta(max_length=limits.MAX_TEXT)]
Note = Annotated[str, Meta(max_length=limits.MAX_NOTE)]
OrderNumber = Annotated[str, Meta(max_length=limits.MAX_ORDER_NUMBER)]
ExternalId = Annotated[
    Any,
    Meta(
        description=f"Your own id, at most {limits.MAX_EXTERNAL_ID} characters; an integer is kept as its digits",
        extra_json_schema={
            "anyOf": [
                {"type": "string", "maxLength": limits.MAX_EXTERNAL_ID},
                {"type": "integer", "minimum": 0, "maximum": limits.MAX_ID},
                {"type": "null"},
            ]
        },
    ),
]
ExternalUuid = Annotated[
    Any,
    Meta(
        description="Your own UUID for the order",
        extra_json_schema={"anyOf": [{"type": "string", "format": "uuid"}, {"type": "null"}]},
    ),
]


class Modifier(Struct, frozen=True, forbid_unknown_fields=True):
    """A chosen modifier of a line."""

    modifier_id: EntityId
    modifier_name: RequiredText
    count: ModifierCount
    price: Money | None = None
    portion_size: PortionSize | None = None


class Line(Struct, frozen=True, forbid_unknown_fields=True):
    """One product of an order."""

    product_id: EntityId
    product_name: RequiredText
    count: Count
    price: Money
    status: OpaqueText
    product_hash: OpaqueText
    portion_size: PortionSize | None = None
    note: Note | None = None
    modifiers: Annotated[tuple[Modifier, ...], Meta(max_length=limits.MAX_MODIFIERS)] | None = None


class Customer(Struct, frozen=True, forbid_unknown_fields=True):
    """Who ordered, as the caller states it."""

    id: GuestOrCustomerId
    phone: RequiredText
    address: OpaqueText | None
    name: RequiredText
    customer_discount_type: Money | None = None


class Discount(Struct, frozen=True, forbid_unknown_fields=True):
    """An order-level discount; a percent (type 1) is at most 100."""

    discount_type: DiscountType | None = None
    discount_value: Money | None = None


class ServiceCharge(Struct, frozen=True, forbid_unknown_fields=True):
    """A percentage added after the discount."""

    enabled: bool | None = None
    value: Percent | None = None


class OrderRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """The simplified v2 create-order payload, with Comanda's optional external identity (14.1.12)."""

    sale_type_id: EntityId
    venue_id: EntityId
    customer: Customer
    products: Annotated[tuple[Line, ...], Meta(min_length=1, max_length=limits.MAX_LINES)]
    auto_accept_terminal: OptionalId | None = None
    auto_order_accept: bool | None = None
    auto_order_sent_to_station: bool | None = None
    order_number: OrderNumber | None = None
    delivery_fee: Money | None = None
    comment: Note | None = None
    discount: Discount | None = None
    service_charge: ServiceCharge | None = None
    integration_id: ExternalId = None
    integration_uuid: ExternalUuid = None
    customer_ref_id: ExternalId = None


class V1Service(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a v1 order belongs."""

    sale_type_id: EntityId
    venue_id: EntityId
    sale_type_name: str | None = None
    venue_name: str | None = None


class V1Customer(Struct, frozen=True, forbid_unknown_fields=True):
    """The customer of a v1 order; `V1Order.customer_id` decides who it is."""

    phone: RequiredText
    name: RequiredText
    id: GuestOrCustomerId | None = None
    address: OpaqueText | None = None
    customer_discount_type: Money | None = None


class V1Modifier(Struct, frozen=True, forbid_unknown_fields=True):
    """A chosen modifier of a v1 line; an absent price is 0."""

    modificator_id: EntityId
    count: ModifierCount
    name: OpaqueText | None = None
    price: Money | None = None
    portion_size: PortionSize | None = None


class V1Product(Struct, frozen=True, forbid_unknown_fields=True):
    """The product a v1 line restates."""

    id: EntityId | None = None
    name: OpaqueText | None = None
    category_id: Any = None
    station_id: Any = None
    price: Money | None = None


class V1OrderProduct(Struct, frozen=True, forbid_unknown_fields=True):
    """The inner line of a v1 line; the outer one decides where both say something."""

    product: V1Product | None = None
    count: Count | None = None
    status: OpaqueText | None = None
    product_modificators: Annotated[tuple[V1Modifier, ...], Meta(max_length=limits.MAX_MODIFIERS)] | None = None
    product_hash: OpaqueText | None = None
    note: Note | None = None


class V1LineMeta(Struct, frozen=True, forbid_unknown_fields=True):
    """Price and product of a v1 line."""

    price: Money
    order_product: V1OrderProduct | None = None


class V1Line(Struct, frozen=True, forbid_unknown_fields=True):
    """One product of a v1 order."""

    product_id: EntityId
    count: Count
    meta: V1LineMeta
    product_modificators: Annotated[tuple[V1Modifier, ...], Meta(max_length=limits.MAX_MODIFIERS)] | None = None
    portion_size: PortionSize | None = None
    note: Note | None = None


class V1Meta(Struct, frozen=True, forbid_unknown_fields=True):
    """Order-level values of a v1 body. ``orderTotal`` is compared, never charged."""

    comment: Note | None = None
    discount: Discount | None = None
    orderTotal: Any = None
    apply_service_charge: bool | None = None
    customer_discount_type: Money | None = None
    service_charge_value: Percent | None = None


class V1Payload(Struct, frozen=True, forbid_unknown_fields=True):
    """The content of a v1 order."""

    service: V1Service
    customer: V1Customer
    products: Annotated[tuple[V1Line, ...], Meta(min_length=1, max_length=limits.MAX_LINES)]
    auto_accept_terminal: OptionalId | None = None
    auto_order_accept: bool | None = None
    auto_order_sent_to_station: bool | None = None
    order_number: OrderNumber | None = None
    delivery_fee: Money | None = None
    meta: V1Meta | None = None


class V1Order(Struct, frozen=True, forbid_unknown_fields=True):
    """The fuller v1 body; ``meta`` stands inside ``payload`` or beside it (contract 12)."""

    customer_id: GuestOrCustomerId
    payload: V1Payload
    meta: V1Meta | None = None
    integration_id: ExternalId = None
    integration_uuid: ExternalUuid = None
    customer_ref_id: ExternalId = None
