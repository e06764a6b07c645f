"""The shapes of a venue's figures, for the OpenAPI document; docs/insights.md says what each figure is."""

from typing import Annotated

from msgspec import Meta, Struct

from comanda.http.open_api.answers import Envelope
from comanda.http.open_api.receipt_answers import Day


class InsightTotals(Struct, frozen=True):
    """The sums of a span; money is of accepted orders."""

    orders: int
    accepted: int
    refused: int
    delivered: int
    items: int | float
    sales: int | float
    average_ticket: int | float | None
    discounts: int | float
    service_charges: int | float
    delivery_fees: int | float


class HourTaken(Struct, frozen=True):
    """Accepted orders of an hour of the venue's clock."""

    hour: Annotated[int, Meta(ge=0, le=23)]
    orders: int
    sales: int | float


class DayTaken(Struct, frozen=True):
    """Accepted orders of a day of the venue."""

    day: Day
    orders: int
    sales: int | float


class ChannelTaken(Struct, frozen=True):
    """Accepted orders of a client; ``house`` is what staff took."""

    channel: str
    name: str
    orders: int
    sales: int | float


class SaleTypeTaken(Struct, frozen=True):
    """Accepted orders of a sale type."""

    sale_type_id: int
    name: str
    orders: int
    sales: int | float


class ItemSold(Struct, frozen=True):
    """How much of a product was sold."""

    product_id: int
    name: str
    count: int | float
    sales: int | float


class ModifierSold(Struct, frozen=True):
    """How much of a modifier was sold."""

    modifier_id: int
    name: str
    count: int | float
    sales: int | float


class RefusalCount(Struct, frozen=True):
    """Ignored orders of one reason."""

    reason: str
    orders: int


class LegTime(Struct, frozen=True):
    """How long a leg took, by nearest rank; null where no order went it."""

    orders: int
    p50_s: int | float | None
    p90_s: int | float | None


class InsightTimes(Struct, frozen=True):
    """How long the legs of accepted orders took."""

    accept: LegTime
    ready: LegTime
    hand_over: LegTime


class StationLoad(Struct, frozen=True):
    """A station's tickets and how long they took."""

    station_id: int
    name: str
    tickets: int
    p50_s: int | float | None
    p90_s: int | float | None


class Insights(Struct, frozen=True, rename={"from_": "from"}):
    """A venue's figures over days of its own clock, both inclusive."""

    venue_id: int
    from_: Day
    to: Day
    timezone: str
    currency: str
    decimals: int
    totals: InsightTotals
    by_hour: list[HourTaken]
    by_day: list[DayTaken]
    by_channel: list[ChannelTaken]
    by_sale_type: list[SaleTypeTaken]
    top_items: list[ItemSold]
    top_modifiers: list[ModifierSold]
    refusals: list[RefusalCount]
    times: InsightTimes
    stations: list[StationLoad]


class InsightsRead(Envelope, frozen=True, kw_only=True):
    """The answer to a request for figures."""

    data: Insights


class DemoState(Struct, frozen=True):
    """What the demo does by itself."""

    orders: bool
    house: bool
    per_minute: int


class DemoStateRead(Envelope, frozen=True, kw_only=True):
    """The answer to a request for what the demo does."""

    data: DemoState


ANSWERS = (InsightsRead, DemoStateRead)
