"""The shapes of price lists in v2's answers, for the OpenAPI document; `comanda.catalogue` makes them.

Their fields are also the columns that a relation may be asked for.
"""

from typing import Final

from msgspec import UNSET, Struct, UnsetType

from comanda.http.open_api.answers import Instant
from comanda.http.open_api.catalogue_answers import Page
from comanda.http.open_api.product_answers import VariantColumns


class Pagination(Struct, frozen=True):
    """Where a page of price lists stands."""

    page: int
    per_page: int
    total: int
    total_pages: int


class PriceItem(Struct, frozen=True, kw_only=True):
    """A product's price in a list."""

    id: int
    list_id: int
    product_id: int
    price: float


class PriceColumns(PriceItem, frozen=True, kw_only=True):
    """Those columns of a price that were asked for."""


class PriceListItem(Struct, frozen=True, kw_only=True):
    """A price list."""

    id: int
    name: str
    description: str | None
    status: bool
    created_at: Instant
    updated_at: Instant


class PriceListColumns(PriceListItem, frozen=True, kw_only=True):
    """A price list with the columns that were asked for, and its prices where they were."""

    prices: list[PriceColumns] | UnsetType = UNSET


class PriceWhole(PriceItem, frozen=True, kw_only=True):
    """A price with the relations asked for."""

    product: VariantColumns | UnsetType = UNSET
    list: PriceListColumns | UnsetType = UNSET


class PriceListPage(Page, frozen=True, kw_only=True):
    """A page of price lists."""

    data: list[PriceListColumns]
    pagination: Pagination


class PricePage(Page, frozen=True, kw_only=True):
    """A page of prices."""

    data: list[PriceWhole]
    pagination: Pagination


ANSWERS: Final = (
    PriceListPage,
    PricePage,
)
PARTIAL: Final[dict[type[Struct], tuple[str, ...]]] = {PriceColumns: (), PriceListColumns: ()}
"""Objects of which only the columns asked for are there, and those that always are."""
