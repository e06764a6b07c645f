"""The shapes of products in v2's answers, for the OpenAPI document; `comanda.catalogue` makes them.

Their fields are also the columns that a relation may be asked for.
"""

from typing import Any, Final, Literal

from msgspec import UNSET, Struct, UnsetType, field

from comanda.http.open_api.answers import Envelope, Second
from comanda.http.open_api.catalogue_answers import (
    CategoryColumns,
    Flag,
    MediaColumns,
    Page,
    StationColumns,
    TagColumns,
    UnitColumns,
)
from comanda.http.open_api.media_answers import Media

ProductTypeName = Literal["GOODS", "DISH", "TIMER", "PREPARATION", "INGREDIENT", "MODIFICATION"]


class OfferItem(Struct, frozen=True):
    """A product's exception at a venue: not offered there, or at another price."""

    venue_id: int
    available: bool
    price: float | None


class ProductItem(Struct, frozen=True, kw_only=True):
    """A product; ``cooking_time`` is minutes, ``unit_weight`` kilograms. A parent with variants is not sold itself."""

    id: int
    parent_id: int | None
    station_id: int | None
    category_id: int | None
    unit_id: int
    type: ProductTypeName
    name: str
    parent_name: str
    full_name: str
    position: int | None
    barcode: str | None
    gov_code: str | None
    status: Flag
    hidden: Flag
    sold_by_weight: bool
    discountable: bool
    giftable: bool
    has_modifications: bool
    description: str | None
    price: float
    cost_price: float
    cooking_time: int
    inventory_behavior: Literal[0, 1, 3]
    low_stock: int
    unit_weight: float
    venues: list[OfferItem]
    media: list[Media]
    created_at: Second
    updated_at: Second
    cid: str | None
    net_output: float
    image: str | None
    max_age: int
    meta: dict[str, Any] | None
    emenu_category_id: int | None
    emenu_position: int | None
    emenu_hidden: Flag
    accounting_category_id: int | None
    markup_rate: float
    ignore_service_charge: bool
    name_slug: str | None
    slug: str | None
    color: str | None
    gross_margin: float
    properties: list[Any]
    deleted_at: str | None
    is_inventory_behavior_changeable: bool
    sold_by_portion: bool


class ProductCode(Struct, frozen=True):
    """A product's barcode."""

    code: str


class ModifierItem(Struct, frozen=True, kw_only=True):
    """A choice of a modifier group."""

    id: int
    name: str
    price: float
    ingredient: dict[str, Any] | None
    group_id: int
    dish_id: int | None
    ingredient_id: int | None
    image: str | None
    cost_price: float
    brutto: float
    default_count: int
    min_count: int
    max_count: int
    meta: dict[str, Any] | None
    status: Flag
    position: int
    media: list[Media]
    created_at: Second
    updated_at: Second
    deleted_at: str | None


class ModifierColumns(ModifierItem, frozen=True, kw_only=True):
    """Those columns of a modifier that were asked for."""


class GroupPivot(Struct, frozen=True):
    """Which product has which group; a variant may have its parent's."""

    product_id: int
    modificator_group_id: int


class ModifierGroupItem(Struct, frozen=True, kw_only=True):
    """Choices offered with a product; ``type`` 1 takes one of them, ``max_select`` 0 any number."""

    id: int
    name: str
    type: Flag
    min_select: int
    max_select: int
    modificators: list[ModifierColumns]
    meta: dict[str, Any] | None
    status: Flag
    adjust_to_portion: bool
    created_at: Second
    updated_at: Second
    deleted_at: str | None
    pivot: GroupPivot


class ModifierGroupColumns(ModifierGroupItem, frozen=True, kw_only=True):
    """Those columns of a modifier group that were asked for."""


class RecipeIngredient(Struct, frozen=True):
    """How much of an ingredient goes into a product, before and after preparation, such as ``1.000``."""

    ingredient_id: int
    name: str
    gross: str
    net: str


class IngredientColumns(RecipeIngredient, frozen=True):
    """Those columns of a recipe's item that were asked for."""


class TimedPriceItem(Struct, frozen=True):
    """What a timed product costs from a minute on."""

    price: float
    from_minute: int = field(name="from")


class TimerItem(Struct, frozen=True):
    """How a timed product is charged: per ``interval`` minutes."""

    interval: int
    prices: list[TimedPriceItem]


class TimerColumns(TimerItem, frozen=True):
    """Those columns of a timer's setting that were asked for."""


class ProductTax(Struct, frozen=True):
    """A tax of a product; Comanda keeps none."""

    id: int
    name: str
    rate: float


class ProductPackage(Struct, frozen=True):
    """A package of a product; Comanda keeps none."""

    id: int
    name: str
    equal: float


class VariantColumns(ProductItem, frozen=True, kw_only=True):
    """Those columns of a variant that were asked for."""

    codes: list[ProductCode] | UnsetType = UNSET


class ProductWhole(ProductItem, frozen=True, kw_only=True):
    """A product with the relations asked for."""

    media: list[MediaColumns]  # type: ignore[assignment]
    category: CategoryColumns | UnsetType | None = UNSET
    station: StationColumns | UnsetType | None = UNSET
    modifications: list[VariantColumns] | UnsetType = UNSET
    taxes: list[ProductTax] | UnsetType = UNSET
    codes: list[ProductCode] | UnsetType = UNSET
    modificator_groups: list[ModifierGroupColumns] | UnsetType = UNSET
    recipe: list[IngredientColumns] | UnsetType = UNSET
    packages: list[ProductPackage] | UnsetType = UNSET
    tags: list[TagColumns] | UnsetType = UNSET
    unit: UnitColumns | UnsetType = UNSET
    setting: TimerColumns | UnsetType | None = UNSET


class ProductColumns(ProductWhole, frozen=True, kw_only=True):
    """A product with the columns that ``selects`` names and the relations asked for."""


class ProductRead(Envelope, frozen=True, kw_only=True):
    """One product."""

    data: ProductWhole


class ProductPage(Page, frozen=True, kw_only=True):
    """A page of products."""

    data: list[ProductColumns]


class StopListItem(Struct, frozen=True):
    """What is left of the product ``id``; ``timestamp`` is epoch milliseconds of the last change.

    ``limit`` is whole units, 0 only when nothing is left; ``quantity`` is what is left exactly.
    """

    id: int
    limit: int
    timestamp: int
    quantity: float


class StopListPage(Page, frozen=True, kw_only=True):
    """A venue's stop list; a product that is not on it has no limit."""

    data: list[StopListItem]


ANSWERS: Final = (
    ProductRead,
    ProductPage,
    StopListPage,
)
PARTIAL: Final[dict[type[Struct], tuple[str, ...]]] = {
    ProductColumns: ("id", "type", "name"),
    ModifierColumns: (),
    ModifierGroupColumns: (),
    IngredientColumns: (),
    TimerColumns: (),
    VariantColumns: (),
}
"""Objects of which only the columns asked for are there, and those that always are."""
