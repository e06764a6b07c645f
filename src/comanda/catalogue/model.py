"""The catalogue's resources, as documents write them and as the store keeps them.

One definition serves the import document, the stored row, the export and the snapshot. Ids are the brand's own and
kept as imported. Money is exact decimals in major units.
"""

from decimal import Decimal
from typing import Annotated, Any, ClassVar, Final, Literal, TypeVar, cast

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from comanda.base import limits
from comanda.base.money import plain
from comanda.base.numbers import Count, Money, Percent, Stock

EntityId = Annotated[int, Meta(ge=1, le=limits.MAX_ID)]
Name = Annotated[str, Meta(min_length=1, max_length=limits.MAX_TEXT)]
Text = Annotated[str, Meta(max_length=limits.MAX_NOTE)]
Line = Annotated[str, Meta(max_length=limits.MAX_TEXT)]
DayStart = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Day = Annotated[str, Meta(pattern=r"^\d{4}-(0\d|1[0-2])-([0-2]\d|3[01])$")]
Instant = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")]
"""UTC with microseconds, the form of contract 5."""
Color = Annotated[str, Meta(pattern=r"^[0-9a-fA-F]{6}$")]
Uuid = Annotated[
    str, Meta(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$", max_length=limits.MAX_TEXT)
]
Position = Annotated[int, Meta(ge=0, le=limits.MAX_ID)]
Pictures = Annotated[tuple[Uuid, ...], Meta(max_length=limits.MAX_PICTURES)]
"""Pictures by their id, which is made of their content; see `comanda.pictures`."""

PricePolicy = Literal["trust_caller", "catalogue", "reject"]
UnknownItemPolicy = Literal["reject", "quarantine"]
UnknownModifierPolicy = Literal["reject", "keep_as_note"]
ModifierRulesPolicy = Literal["warn", "reject"]
ServiceChargeDefault = Literal["off", "sale_type"]
SendOnAccept = Literal["as_ordered", "always"]
DeadlineAction = Literal["remind", "escalate", "accept", "ignore"]
ProductType = Literal["GOODS", "DISH", "TIMER", "PREPARATION", "INGREDIENT", "MODIFICATION"]
CategoryType = Literal["PRODUCT", "INGREDIENT", "ACCOUNTING"]
Role = Literal["cashier", "cook", "call_centre", "manager"]


class Resource(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What every catalogue resource has. A retired one is not active; nothing is ever deleted.

    A document's ``created_at`` and ``updated_at`` count for resources that are not there yet; the store keeps its own.
    """

    plural: ClassVar[str]
    id: EntityId
    name: Name
    active: bool = True
    created_at: Instant | None = None
    updated_at: Instant | None = None


# Defaults are plain decimals, which msgspec can show in a schema.
FREE: Final = cast("Money", Decimal(0))
ONE: Final = cast("Count", Decimal(1))
WEIGHTLESS: Final = cast("Stock", Decimal(0))
AnyResource = TypeVar("AnyResource", bound=Resource)
TargetMinutes = Annotated[int, Meta(ge=1, le=limits.MAX_PREPARATION_MINUTES)]


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
    kitchen_pressing_minutes: TargetMinutes = 10
    kitchen_late_minutes: TargetMinutes = 15
    """The age from which a ticket without a promise presses, and is late, on kitchen screens."""
    cash_method_id: EntityId | None = None
    card_method_id: EntityId | None = None
    """What a table that calls to pay may choose (contract 9.20)."""
    address: Line | None = None
    phone: Line | None = None
    email: Line | None = None
    pictures: Pictures = ()


class SaleType(Resource, frozen=True, kw_only=True):
    """How an order is served; ``disabled_venues`` are the venues whose ``status`` is 0 (contract 9.14)."""

    plural = "sale_types"
    system_type: Literal["IN", "DELIVERY", "TAKEAWAY"] = "IN"
    service_charge_rate: Percent | None = None
    disabled_venues: tuple[EntityId, ...] = ()
    position: Position = 0
    pictures: Pictures = ()


class Terminal(Resource, frozen=True, kw_only=True):
    """A till that accepts orders of one venue."""

    plural = "terminals"
    venue_id: EntityId


class Station(Resource, frozen=True, kw_only=True):
    """A place in the kitchen that gets tickets."""

    plural = "stations"
    kitchen: bool = True
    printable: bool = True
    description: Text | None = None


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
    service: Name | None = None
    position: Position = 0


class Unit(Resource, frozen=True, kw_only=True):
    """What products are counted or weighed in; ``equal`` is how many of its parent it holds."""

    plural = "units"
    type: Name = "PIECE"
    symbol: Name = "pcs"
    equal: Count = ONE
    parent_id: EntityId | None = None


class Tag(Resource, frozen=True, kw_only=True):
    """A mark that products carry."""

    plural = "tags"


class DiningTable(Resource, frozen=True, kw_only=True):
    """A table of a venue, whose guests may call (contract 9.20)."""

    plural = "tables"
    venue_id: EntityId


class CustomerGroup(Resource, frozen=True, kw_only=True):
    """A group that customers belong to; its discount is told to callers and changes no sum (contract 9.18)."""

    plural = "customer_groups"
    discount_type: Name | None = None
    discount_value: Money = FREE
    system_type: Name | None = None


class Category(Resource, frozen=True, kw_only=True):
    """A branch of the menu."""

    plural = "categories"
    parent_id: EntityId | None = None
    station_id: EntityId | None = None
    type: CategoryType = "PRODUCT"
    hidden: bool = False
    color: Color | None = None
    position: Position | None = None
    pictures: Pictures = ()


class Modifier(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One choice of a modifier group."""

    id: EntityId
    name: Name
    price: Money = FREE
    active: bool = True


class ModifierGroup(Resource, frozen=True, kw_only=True):
    """Choices offered with products; ``max_select`` 0 means no upper bound.

    ``single_choice`` is how people choose: one takes another one back. Orders are checked by the bounds alone (contract
    14.1.6).
    """

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


class RecipeItem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How much of an ingredient goes into a product, before and after preparation."""

    ingredient_id: EntityId
    gross: Stock
    net: Stock


class TimedPrice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a timed product costs from a minute on."""

    price: Money
    from_minute: Annotated[int, Meta(ge=0, le=limits.MAX_ID)] = 0


class TimerSetting(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How a ``TIMER`` product is charged: per ``interval`` minutes."""

    interval: Annotated[int, Meta(ge=1, le=limits.MAX_ID)]
    prices: tuple[TimedPrice, ...] = ()


class Product(Resource, frozen=True, kw_only=True):
    """Something sold. A product named as ``parent_id`` by variants is itself not sellable (contract 9.10).

    ``cooking_time`` is minutes, ``unit_weight`` kilograms. Comanda keeps no stock: ``inventory_behavior``,
    ``low_stock`` and ``cost_price`` are told to callers and nothing more.
    """

    plural = "products"
    price: Money = FREE
    type: ProductType = "DISH"
    parent_id: EntityId | None = None
    category_id: EntityId | None = None
    station_id: EntityId | None = None
    unit_id: EntityId | None = None
    modifier_groups: tuple[EntityId, ...] = ()
    venues: tuple[VenueOffer, ...] = ()
    tags: tuple[EntityId, ...] = ()
    barcode: Line | None = None
    gov_code: Line | None = None
    description: Text | None = None
    position: Position | None = None
    hidden: bool = False
    sold_by_weight: bool = False
    sold_by_portion: bool = False
    discountable: bool = True
    giftable: bool = False
    cost_price: Money = FREE
    cooking_time: Annotated[int, Meta(ge=0, le=limits.MAX_PREPARATION_MINUTES)] = 0
    inventory_behavior: Literal[0, 1, 3] = 3
    low_stock: Annotated[int, Meta(ge=0, le=limits.MAX_ID)] = 0
    unit_weight: Stock = WEIGHTLESS
    recipe: tuple[RecipeItem, ...] = ()
    timer: TimerSetting | None = None
    pictures: Pictures = ()


class ListPrice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a product costs in a price list."""

    id: EntityId
    product_id: EntityId
    price: Money


class PriceList(Resource, frozen=True, kw_only=True):
    """Prices kept beside the menu; v2 links a list to nothing, and none changes an order (contract 9.19)."""

    plural = "price_lists"
    description: Text | None = None
    prices: tuple[ListPrice, ...] = ()


class Customer(Resource, frozen=True, kw_only=True):
    """A person who orders. Personal data: kept out of snapshots, events and logs.

    ``phones`` are further numbers. Gender is 1 male, 2 female (contract 11). A customer without a ``cid`` has one made
    of its id.
    """

    plural = "customers"
    phone: Line | None = None
    phones: Annotated[tuple[Line, ...], Meta(max_length=limits.MAX_PHONES)] = ()
    address: Line | None = None
    email: Line | None = None
    cid: Uuid | None = None
    venue_id: EntityId | None = None
    group_id: EntityId | None = None
    code: Line | None = None
    description: Text | None = None
    gender: Literal[1, 2] | None = None
    date_of_birth: Day | None = None
    source: Line | None = None
    reference_id: Line | None = None


class User(Resource, frozen=True, kw_only=True):
    """Somebody who works here and signs in by ``username``; passwords are in no document.

    No venues means every venue.
    """

    plural = "users"
    username: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")]
    role: Role
    venues: tuple[EntityId, ...] = ()
    first_name: Line | None = None
    last_name: Line | None = None
    email: Line | None = None
    mobile_number: Line | None = None
    owner: bool = False


class StopListEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How much of a product a venue has left; null takes the limit away.

    ``updated_at`` counts for a product that had no limit here yet, as with every resource.
    """

    venue_id: EntityId
    product_id: EntityId
    quantity: Stock | None
    updated_at: Instant | None = None


RESOURCES: Final[tuple[type[Resource], ...]] = (
    Venue,
    SaleType,
    Terminal,
    Station,
    Printer,
    DiningTable,
    PaymentMethod,
    CustomerGroup,
    Unit,
    Tag,
    Category,
    ModifierGroup,
    Product,
    PriceList,
)
"""The kinds a snapshot holds, in the order a document lists them."""


def encode_resource(resource: msgspec.Struct) -> str:
    """A resource as the JSON text the store keeps; equal resources give equal texts."""
    return _encoder.encode(resource).decode()


def stamped(resource: AnyResource, before: AnyResource | None, now: str) -> AnyResource:
    """The resource with the times it is to be kept with; the very ``before`` when nothing else is different."""
    if before is None:
        created = resource.created_at or now
        return replace(resource, created_at=created, updated_at=resource.updated_at or created)
    after = replace(resource, created_at=before.created_at, updated_at=before.updated_at)
    return before if after == before else replace(after, updated_at=now)


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
