"""``/hub/v1/insights``: what a venue took over days of its own clock. docs/insights.md says what each figure is."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from comanda.access.house_client import HOUSE_CLIENT, HOUSE_NAME
from comanda.access.model import Brand
from comanda.base import limits
from comanda.base.clock import business_day, day_bounds, now_micros
from comanda.base.errors import ComandaError
from comanda.base.json import major_json, number_json, to_json
from comanda.base.money import EXACT
from comanda.catalogue.model import Venue
from comanda.catalogue.snapshot import Snapshot
from comanda.http.call import Call, Reply
from comanda.http.hub import Hub
from comanda.http.hub_api.events import own_venue, require_venue
from comanda.http.open_api import query as queries
from comanda.orders.view import envelope
from comanda.store.insights.read import QUARTER_US, Figures, Lasted, Sold, Span, Taken, read_figures


class Asked(Struct, frozen=True):
    """Whose figures, of which days, and the names that things have now."""

    brand: Brand
    snapshot: Snapshot
    venue: Venue
    span: Span
    channels: Mapping[str, str]

    @property
    def currency_decimals(self) -> int:
        """How many decimals amounts have."""
        return self.brand.decimals


async def get_insights(call: Call, hub: Hub) -> Reply:
    """All figures of a venue over days. Raises ComandaError ``too_many_readings`` when too many wait."""
    asked = read_asked(call, hub)
    async with hub.readings.turn():
        figures = await hub.store.read(lambda: read_figures(asked.span))
    return Reply(
        200,
        to_json(envelope(insights_json(asked, figures), started=call.started, now=now_micros())),
        {"Cache-Control": "no-store"},
    )


def read_asked(call: Call, hub: Hub) -> Asked:
    """The venue and days that a query names; no days are today. Raises ComandaError for what cannot be told."""
    query = queries.parse_query(call.query)
    stated = query.plain.get("venue")
    venue_id = own_venue(call, "venue") if stated is None else queries.whole_number("venue", stated)
    require_venue(venue_id, call, hub)
    brand = call.acting.brand
    snapshot = hub.known.snapshot(brand.id)
    if venue_id not in snapshot.venues:
        raise ComandaError("resource_not_found", "Venue not found")
    venue = snapshot.venues[venue_id]
    today = business_day(call.started, venue.timezone, venue.day_start)
    last = _day(query, "to", today)
    first = _day(query, "from", min(today, last.isoformat()))
    if first > last:
        queries.refuse_parameter("from", f"must not be after {last}", first.isoformat())
    number = (last - first).days + 1
    if number > limits.MAX_INSIGHT_DAYS:
        rule = f"must be within {limits.MAX_INSIGHT_DAYS} days from {first}"
        queries.refuse_parameter("to", rule, last.isoformat(), "too_many_days")
    days = [first + timedelta(days=index) for index in range(number)]
    bounds = [(day.isoformat(), *day_bounds(day, venue.timezone, venue.day_start)) for day in days]
    channels = {key[1]: client.name for key, client in hub.known.present.clients.items() if key[0] == brand.id}
    return Asked(
        brand, snapshot, venue, Span(brand.id, venue_id, bounds, brand.decimals), {**channels, HOUSE_CLIENT: HOUSE_NAME}
    )


def insights_json(asked: Asked, figures: Figures) -> dict[str, Any]:
    """The figures as they are answered."""
    days = asked.span.days
    return {
        "venue_id": asked.venue.id,
        "from": days[0][0],
        "to": days[-1][0],
        "timezone": asked.venue.timezone,
        "currency": asked.brand.currency,
        "decimals": asked.brand.decimals,
        "totals": _totals(asked, figures),
        "by_hour": hours(asked, figures),
        "by_day": by_day(asked, figures),
        "by_channel": channels(asked, figures),
        "by_sale_type": sale_types(asked, figures),
        "top_items": items(asked, figures)[: limits.TOP_ITEMS],
        "top_modifiers": modifiers(asked, figures)[: limits.TOP_ITEMS],
        "refusals": refusals(asked, figures),
        "times": {name: {"orders": lasted.number, **_seconds(lasted)} for name, lasted in figures.times.items()},
        "stations": stations(asked, figures),
    }


def hours(asked: Asked, figures: Figures) -> list[dict[str, Any]]:
    """The 24 hours of the venue's clock."""
    zone = ZoneInfo(asked.venue.timezone)
    found: defaultdict[int, Taken] = defaultdict(Taken)
    for quarter, taken in figures.by_quarter.items():
        hour = datetime.fromtimestamp(quarter * QUARTER_US // 1_000_000, UTC).astimezone(zone).hour
        found[hour].add(taken.orders, taken.sales_minor)
    return [{"hour": hour, **_taken(asked, found[hour])} for hour in range(24)]


def by_day(asked: Asked, figures: Figures) -> list[dict[str, Any]]:
    """Every day of the span, oldest first."""
    return [{"day": day, **_taken(asked, taken)} for day, taken in figures.by_day.items()]


def channels(asked: Asked, figures: Figures) -> list[dict[str, Any]]:
    """The clients that orders came from, most sales first."""
    return [
        {"channel": client_id, "name": asked.channels.get(client_id, client_id), **_taken(asked, taken)}
        for client_id, taken in _most_first(figures.by_channel)
    ]


def sale_types(asked: Asked, figures: Figures) -> list[dict[str, Any]]:
    """The sale types of orders, most sales first."""
    known = asked.snapshot.sale_types
    return [
        {"sale_type_id": number, "name": _name(known.get(number), number), **_taken(asked, taken)}
        for number, taken in _most_first(figures.by_sale_type)
    ]


def items(asked: Asked, figures: Figures) -> list[dict[str, Any]]:
    """Every product sold, most sales first, under the name it has now, else one it was sent with."""
    known = asked.snapshot.products
    return [
        {"product_id": number, "name": _name(known.get(number), sold.name), **_sold(asked, sold)}
        for number, sold in _best_first(figures.items)
    ]


def modifiers(asked: Asked, figures: Figures) -> list[dict[str, Any]]:
    """Every modifier sold, most sales first."""
    known = {modifier.id: modifier for group in asked.snapshot.modifier_groups.values() for modifier in group.modifiers}
    return [
        {"modifier_id": number, "name": _name(known.get(number), sold.name), **_sold(asked, sold)}
        for number, sold in _best_first(figures.modifiers)
    ]


def refusals(_: Asked, figures: Figures) -> list[dict[str, Any]]:
    """Why orders were ignored, the most frequent reason first."""
    return [{"reason": reason, "orders": number} for reason, number in figures.refusals]


def stations(asked: Asked, figures: Figures) -> list[dict[str, Any]]:
    """The stations that had tickets, by id."""
    known = asked.snapshot.stations
    return [
        {
            "station_id": number,
            "name": _name(known.get(number), number),
            "tickets": count,
            **_seconds(figures.stations.get(number, Lasted())),
        }
        for number, count in sorted(figures.tickets.items())
    ]


def _totals(asked: Asked, figures: Figures) -> dict[str, Any]:
    total, decimals = figures.total, asked.currency_decimals
    average = (2 * total.sales_minor + total.orders) // (2 * total.orders) if total.orders else None
    return {
        "orders": figures.statuses.total(),
        "accepted": total.orders,
        "refused": figures.statuses["IGNORE"],
        "delivered": figures.statuses["DELIVERED"],
        "items": _thousandths(sum(sold.count_milli for sold in figures.items.values())),
        "sales": major_json(total.sales_minor, decimals),
        "average_ticket": None if average is None else major_json(average, decimals),
        "discounts": major_json(figures.discounts_minor, decimals),
        "service_charges": major_json(figures.services_minor, decimals),
        "delivery_fees": major_json(figures.deliveries_minor, decimals),
    }


def _taken(asked: Asked, taken: Taken) -> dict[str, Any]:
    return {"orders": taken.orders, "sales": major_json(taken.sales_minor, asked.currency_decimals)}


def _sold(asked: Asked, sold: Sold) -> dict[str, Any]:
    return {"count": _thousandths(sold.count_milli), "sales": major_json(sold.sales_minor, asked.currency_decimals)}


def _seconds(lasted: Lasted) -> dict[str, Any]:
    """Rounded half-up to milliseconds."""
    found = {"p50_s": lasted.p50_us, "p90_s": lasted.p90_us}
    return {name: None if value is None else _thousandths((value + 500) // 1_000) for name, value in found.items()}


def _thousandths(value: int) -> Any:
    return number_json(EXACT.scaleb(Decimal(value), -3))


def _most_first(groups: Mapping[Any, Taken]) -> list[tuple[Any, Taken]]:
    return sorted(groups.items(), key=lambda found: (-found[1].sales_minor, -found[1].orders, found[0]))


def _best_first(groups: Mapping[int, Sold]) -> list[tuple[int, Sold]]:
    return sorted(groups.items(), key=lambda found: (-found[1].sales_minor, -found[1].count_milli, found[0]))


def _name(known: Any, otherwise: Any) -> str:
    return str(otherwise) if known is None else known.name


def _day(query: queries.Query, name: str, default: str) -> date:
    text = query.plain.get(name, default)
    try:
        found = date.fromisoformat(text) if len(text) == len("2026-01-19") else None
    except ValueError:
        found = None
    if found is None or not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        queries.refuse_parameter(name, "must be a day such as 2026-01-19", text)
    return found


_FIRST_YEAR, _LAST_YEAR = 1971, 9_000
