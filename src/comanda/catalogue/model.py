"""The catalogue's resources, as documents write them and as the store keeps them.

One definition serves the import document, the stored row, the export and the snapshot. Ids are the brand's own and
kept as imported. Money is exact decimals in major units.
"""

from decimal import Decimal
from typing import Annotated, Any, ClassVar, Final, Literal

import msgspec
from msgspec import Meta

from comanda.base import limits
from comanda.base.money import plain
from comanda.base.numbers import Money, Percent, Stock

EntityId = Annotated[int, Meta(ge=1, le=limits.MAX_ID)]
Name = Annotated[str, Meta(min_length=1, max_length=limits.MAX_TEXT)]
Text = Annotated[str, Meta(max_length=limits.MAX_NOTE)]
DayStart = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]

PricePolicy = Literal["trust_caller", "catalogue", "reject"]
UnknownItemPolicy = Literal["reject", "quarantine"]
UnknownModifierPolicy = Literal["reject", "keep_as_note"]
ModifierRulesPolicy = Literal["warn", "reject"]
ServiceChargeDefault = Literal["off", "sale_type"]
SendOnAccept = Literal["as_ordered", "always"]
DeadlineAction = Literal["remind", "escalate", "accept", "ignore"]


class Resource(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What every catalogue resource has."""

    plural: ClassVar[str]
    id: EntityId
    name: Name
    active: bool = True


class DeadlineStep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What happens to an order that is still pending ``after_s`` seconds after it was stored."""

    after_s: Annotated[int, Meta(ge=1, le=limits.MAX_DEADLINE_S)]
    action: DeadlineAction


class AcceptDeadline(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """An escalation ladder for orders nobody accepts; no sale types means every one."""

    sale_types: tuple[EntityId, ...] = ()
    steps: Annotated[tuple[DeadlineStep, ...], Meta(min_length=1, max_length=limits.MAX_DEADLINE_STEPS)]


class Venue(Resource, frozen=True, kw_only=True):
    """A restaurant of the brand, with its policies (contract 14.1.6). Of its deadlines the first that fits counts."""

    plural = "venues"
    is_main: bool = False
    timezone: str = "UTC"
    day_start: DayStart = "00:00"
    accepting_orders: bool = True
    default_terminal_id: EntityId | None = None
    default_station_id: EntityId | None = None
    price_policy: PricePolicy = "trust_caller"
    unknown_item_policy: UnknownItemPolicy = "reject"
    unknown_modifier_policy: UnknownModifierPolicy = "reject"
    modifier_rules_policy: ModifierRulesPolicy = "warn"
    service_charge_default: ServiceChargeDefault = "off"
    send_on_accept: SendOnAccept = "as_ordered"
    accept_deadlines: tuple[AcceptDeadline, ...] = ()


class SaleType(Resource, frozen=True, kw_only=True):
    """How an order is served; ``disabled_venues`` are the venues whose ``status`` is 0 (contract 9.14)."""

    plural = "sale_types"
    system_type: Literal["IN", "DELIVERY", "TAKEAWAY"] = "IN"
    service_charge_rate: Percent | None = None
    disabled_venues: tuple[EntityId, ...] = ()
    position: int = 0


class Terminal(Resource, frozen=True, kw_only=True):
    """A till that accepts orders of one venue."""

    plural = "terminals"
    venue_id: EntityId


class Station(Resource, frozen=True, kw_only=True):
    """A place in the kitchen that gets tickets."""

    plural = "stations"
    kitchen: bool = True
    printable: bool = True


class Printer(Resource, frozen=True, kw_only=True):
    """A network printer (ESC/POS) that prints one station's tickets at one venue; ``columns`` is its paper's width."""

    plural = "printers"
    venue_id: EntityId
    station_id: EntityId
    host: Name
    port: Annotated[int, Meta(ge=1, le=65_535)] = 9_100
    columns: Literal[32, 42, 48] = 48


class PaymentMethod(Resource, frozen=True, kw_only=True):
    """A way to pay; ``disabled_venues`` are the venues whose ``status`` is 0 (contract 9.15).

    ``split`` allows other methods beside it; ``customer_required`` takes no guest.
    """

    plural = "payment_methods"
    disabled_venues: tuple[EntityId, ...] = ()
    split: bool = True
    customer_required: bool = False
    is_system: bool = False
    position: int = 0


class Category(Resource, frozen=True, kw_only=True):
    """A branch of the menu."""

    plural = "categories"
    parent_id: EntityId | None = None
    station_id: EntityId | None = None
    type: Literal["PRODUCT", "INGREDIENT", "ACCOUNTING"] = "PRODUCT"
    color: str | None = None
    position: int | None = None


class Modifier(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One choice of a modifier group."""

    id: EntityId
    name: Name
    price: Money = Money(0)
    active: bool = True


class ModifierGroup(Resource, frozen=True, kw_only=True):
    """Choices offered with products; ``max_select`` 0 means no upper bound."""

    plural = "modifier_groups"
    single_choice: bool = False
    min_select: Annotated[int, Meta(ge=0, le=limits.MAX_MODIFIER_COUNT)] = 0
    max_select: Annotated[int, Meta(ge=0, le=limits.MAX_MODIFIER_COUNT)] = 0
    modifiers: tuple[Modifier, ...] = ()


class VenueOffer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A product's exception at one venue: not offered there, or at another price."""

    venue_id: EntityId
    available: bool = True
    price: Money | None = None


class Product(Resource, frozen=True, kw_only=True):
    """Something sold. A product named as ``parent_id`` by variants is itself not sellable (contract 9.10)."""

    plural = "products"
    price: Money = Money(0)
    type: Literal["GOODS", "DISH", "TIMER", "PREPARATION", "INGREDIENT", "MODIFICATION"] = "DISH"
    parent_id: EntityId | None = None
    category_id: EntityId | None = None
    station_id: EntityId | None = None
    modifier_groups: tuple[EntityId, ...] = ()
    venues: tuple[VenueOffer, ...] = ()
    barcode: str | None = None
    description: Text | None = None
    sold_by_weight: bool = False


class Customer(Resource, frozen=True, kw_only=True):
    """A person who orders. Personal data: kept out of snapshots, events and logs."""

    plural = "customers"
    phone: Annotated[str, Meta(max_length=limits.MAX_TEXT)] | None = None
    address: Annotated[str, Meta(max_length=limits.MAX_TEXT)] | None = None
    email: Annotated[str, Meta(max_length=limits.MAX_TEXT)] | None = None


class StopListEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much of a product a venue has left; null takes the limit away."""

    venue_id: EntityId
    product_id: EntityId
    quantity: Stock | None


RESOURCES: Final[tuple[type[Resource], ...]] = (
    Venue,
    SaleType,
    Terminal,
    Station,
    Printer,
    PaymentMethod,
    Category,
    ModifierGroup,
    Product,
)
"""The kinds a snapshot holds, in the order a document lists them."""


def encode_resource(resource: msgspec.Struct) -> str:
    """A resource as the JSON text the store keeps; equal resources give equal texts."""
    return _encoder.encode(resource).decode()


def decode_resource(kind: type[Resource], text: str) -> Any:
    """The resource a stored row holds."""
    return msgspec.json.decode(text, type=kind, dec_hook=_number)


def _number(kind: type, value: Any) -> Any:
    return kind(value)


def _exact_text(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(plain(value))
    raise TypeError(f"a {type(value).__name__} has no place in a document")


_encoder = msgspec.json.Encoder(order="sorted", enc_hook=_exact_text)
