"""The shapes of the catalogue in v2's answers, for the OpenAPI document; `comanda.catalogue` makes them.

Their fields are also the columns that a relation may be asked for.
"""

from typing import Any, Final, Literal

from msgspec import Struct, field

from comanda.http.open_api.answers import Envelope, Instant
from comanda.http.open_api.media_answers import Media

Flag = Literal[0, 1]


class Page(Envelope, frozen=True, kw_only=True):
    """A page; ``total`` counts all pages."""

    total: int
    sorts: list[str]
    next_cursor: str | None


class UnitItem(Struct, frozen=True):
    """What a product is counted or weighed in; ``equal`` is how many of its parent it holds."""

    id: int
    left: int = field(name="_lft")
    right: int = field(name="_rgt")
    parent_id: int | None
    name: str
    type: str
    symbol: str
    equal: float
    deleted_at: str | None


class UnitColumns(UnitItem, frozen=True):
    """Those columns of a unit that were asked for."""


class TagItem(Struct, frozen=True):
    """A mark that products carry."""

    id: int
    name: str


class TagColumns(TagItem, frozen=True):
    """Those columns of a tag that were asked for."""


class CategoryItem(Struct, frozen=True, kw_only=True):
    """A branch of the menu; ``color`` is hexadecimal without #, ``depth`` is 0 for a root."""

    id: int
    name: str
    status: Flag
    hidden: bool
    type: Literal["PRODUCT", "INGREDIENT", "ACCOUNTING"]
    position: int | None
    parent_id: int | None
    left: int = field(name="_lft")
    right: int = field(name="_rgt")
    depth: int
    color: str | None
    children: "list[CategoryItem]"
    media: list[Media]
    created_at: Instant
    updated_at: Instant


class CategoryColumns(CategoryItem, frozen=True, kw_only=True):
    """Those columns of a category that were asked for."""


class StationItem(Struct, frozen=True, kw_only=True):
    """A place in the kitchen; ``type`` 1 is a kitchen, ``printable`` 0 has a screen only."""

    id: int
    name: str
    status: Flag
    type: Flag
    printable: Flag
    created_at: Instant
    updated_at: Instant
    can_print: bool
    reminder_enabled: bool
    meta: dict[str, Any] | None
    description: str | None


class StationColumns(StationItem, frozen=True, kw_only=True):
    """Those columns of a station that were asked for."""


class SaleTypeItem(Struct, frozen=True, kw_only=True):
    """How orders are served; ``status`` says by venue id where, 1 or 0."""

    id: int
    name: str
    system_type: Literal["IN", "DELIVERY", "TAKEAWAY"]
    channel: Literal["IN", "DELIVERY", "TAKEAWAY"]
    status: dict[str, Flag]
    service_charge_rate: float | None
    position: int
    media: list[Media]
    created_at: Instant
    updated_at: Instant
    payment_method_id: int | None
    payment_method: dict[str, Any] | None


class PaymentService(Struct, frozen=True):
    """What stands behind a payment method."""

    name: str
    check: list[Any]
    payload: list[Any]


class PaymentMethodItem(Struct, frozen=True, kw_only=True):
    """A way to pay; ``status`` says by venue id where, 1 or 0; ``split`` 1 goes together with others."""

    id: int
    name: str
    status: dict[str, Flag]
    split: Flag
    position: int
    customer_required: Flag
    is_system: Flag
    created_at: Instant
    updated_at: Instant
    balance: dict[str, Any] | None
    service: PaymentService | None


class VenueItem(Struct, frozen=True, kw_only=True):
    """A restaurant of the brand."""

    id: int
    name: str
    is_main: Flag
    media: list[Media]
    address: str | None
    status: Flag
    phone: str | None
    email: str | None


class MediaColumns(Media, frozen=True):
    """Those columns of a picture that were asked for."""


class CategoryRead(Envelope, frozen=True, kw_only=True):
    """One category."""

    data: CategoryItem


class CategoryPage(Page, frozen=True, kw_only=True):
    """A page of categories."""

    data: list[CategoryItem]


class StationRead(Envelope, frozen=True, kw_only=True):
    """One station."""

    data: StationItem


class StationPage(Page, frozen=True, kw_only=True):
    """A page of stations."""

    data: list[StationItem]


class SaleTypePage(Page, frozen=True, kw_only=True):
    """A page of sale types."""

    data: list[SaleTypeItem]


class PaymentMethodPage(Page, frozen=True, kw_only=True):
    """A page of payment methods."""

    data: list[PaymentMethodItem]


class VenuePage(Page, frozen=True, kw_only=True):
    """A page of venues."""

    data: list[VenueItem]


ANSWERS: Final = (
    CategoryRead,
    CategoryPage,
    StationRead,
    StationPage,
    SaleTypePage,
    PaymentMethodPage,
    VenuePage,
)
PARTIAL: Final[dict[type[Struct], tuple[str, ...]]] = {
    UnitColumns: (),
    TagColumns: (),
    CategoryColumns: (),
    StationColumns: (),
    MediaColumns: (),
}
"""Objects of which only the columns asked for are there, and those that always are."""


def columns(kind: type[Struct]) -> tuple[str, ...]:
    """The names of an object's fields on the wire."""
    return kind.__struct_encode_fields__
