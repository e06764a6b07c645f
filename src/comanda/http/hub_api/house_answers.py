"""The shapes of what those read who take orders: summaries, guests, the menu; for the OpenAPI document."""

from typing import Literal

from msgspec import Struct

from comanda.catalogue.model import DeadlineAction, ProductType
from comanda.http.hub_api.answers import OrderCard, ReceiptCard
from comanda.http.open_api.answers import Envelope, Instant

SystemType = Literal["IN", "DELIVERY", "TAKEAWAY"]


class SummaryCustomer(Struct, frozen=True):
    """Whom an order is for, as it was said with the order; ``id`` is 0 for a guest."""

    id: int
    name: str | None
    phone: str | None
    address: str | None


class Channel(Struct, frozen=True):
    """How an order came: the client that sent it, or the house itself."""

    id: str
    name: str


class SummarySaleType(Struct, frozen=True):
    """How an order is served."""

    id: int
    name: str
    system_type: SystemType | None


class SummaryModifier(Struct, frozen=True):
    """A modifier with the price that is charged; ``unknown`` for one that the product did not have."""

    modifier_id: int
    name: str
    count: int
    price: float
    unknown: bool


class SummaryLine(Struct, frozen=True):
    """A line; ``unknown`` until somebody says which product of the menu it is. ``total`` is less its discount."""

    line: int
    product_id: int
    name: str
    count: float
    price: float
    portion_size: float
    note: str | None
    unknown: bool
    subtotal: float
    total: float
    modifiers: list[SummaryModifier]


class DueStep(Struct, frozen=True):
    """A step still to come of a pending order's accept deadline."""

    step: int
    due_at: Instant
    action: DeadlineAction


class OrderSummary(OrderCard, frozen=True, kw_only=True):
    """An order as screens show it: its card with whom it is for, its lines, its deadline and its receipt."""

    customer: SummaryCustomer | None
    comment: str | None
    channel: Channel
    sale_type: SummarySaleType
    lines: list[SummaryLine]
    deadlines: list[DueStep]
    receipt: ReceiptCard | None


class OrderSummaries(Envelope, frozen=True, kw_only=True):
    """Orders, newest first."""

    data: list[OrderSummary]


class GuestGroup(Struct, frozen=True):
    """The group a customer belongs to; its discount is told and changes no sum by itself."""

    id: int
    name: str
    discount_type: str | None
    discount_value: float


class Guest(Struct, frozen=True):
    """A customer as those see them who take orders; ``orders`` that were not refused, ``spent`` on closed receipts."""

    id: int
    name: str
    phone: str | None
    address: str | None
    email: str | None
    group: GuestGroup | None
    orders: int
    spent: float
    note: str | None


class GuestList(Envelope, frozen=True, kw_only=True):
    """Customers: who has the whole number first, then the newest."""

    data: list[Guest]


class MenuImage(Struct, frozen=True):
    """A picture's small size, on the server that the menu came from."""

    url: str
    blur_hash: str


class KitchenTargets(Struct, frozen=True):
    """The age in minutes from which a ticket without a promise presses, and is late."""

    pressing_minutes: int
    late_minutes: int


class MenuVenue(Struct, frozen=True):
    """A venue that the caller may see."""

    id: int
    name: str
    timezone: str
    accepting_orders: bool


class MenuSaleType(Struct, frozen=True):
    """A sale type that is on at the venue."""

    id: int
    name: str
    system_type: SystemType
    service_charge_rate: float | None


class MenuPaymentMethod(Struct, frozen=True):
    """A payment method that is on at the venue."""

    id: int
    name: str
    customer_required: bool


class MenuStation(Struct, frozen=True):
    """A station."""

    id: int
    name: str


class MenuTerminal(Struct, frozen=True):
    """A terminal of a venue that the caller may see."""

    id: int
    name: str
    venue_id: int


class MenuCategory(Struct, frozen=True):
    """A branch of the menu; those above it come before it."""

    id: int
    name: str
    parent_id: int | None
    color: str | None
    position: int | None
    image: MenuImage | None


class MenuProduct(Struct, frozen=True):
    """A product on sale at the venue; without a price it is sold by its variants, which follow it."""

    id: int
    name: str
    type: ProductType
    parent_id: int | None
    category_id: int | None
    price: float | None
    sold_by_weight: bool
    sold_by_portion: bool
    unit: str | None
    code: str | None
    barcode: str | None
    modifier_groups: list[int]
    image: MenuImage | None
    position: int | None
    station_id: int | None
    cooking_time: int | None


class MenuModifier(Struct, frozen=True):
    """One choice of a group."""

    id: int
    name: str
    price: float


class MenuModifierGroup(Struct, frozen=True):
    """Choices, and how many of them may be taken; ``max_select`` null is any number."""

    id: int
    name: str
    min_select: int
    max_select: int | None
    modifiers: list[MenuModifier]


class HouseMenu(Struct, frozen=True):
    """What a venue sells, as of a version of the catalogue; what the stop list says is not in it."""

    version: int
    venue_id: int
    currency: str
    decimals: int
    kitchen: KitchenTargets
    venues: list[MenuVenue]
    sale_types: list[MenuSaleType]
    payment_methods: list[MenuPaymentMethod]
    stations: list[MenuStation]
    terminals: list[MenuTerminal]
    categories: list[MenuCategory]
    products: list[MenuProduct]
    modifier_groups: list[MenuModifierGroup]


class HouseMenuRead(Envelope, frozen=True, kw_only=True):
    """A venue's menu."""

    data: HouseMenu


TestPageReason = Literal["no_answer", "connection_lost", "too_slow", "address_refused", "unknown_timezone"]
"""Why a test page did not come out."""


class TestPage(Struct, frozen=True):
    """Whether the printer took the page; if not, ``reason`` says why, and ``error`` in an English sentence."""

    printed: bool
    reason: TestPageReason | None
    error: str | None


class TestPagePrinted(Envelope, frozen=True, kw_only=True):
    """The answer to a test page."""

    data: TestPage


ANSWERS = (OrderSummaries, GuestList, HouseMenuRead, TestPagePrinted)
