"""The figures of a venue over days: one transaction on one view of the store, a statement a day for what is large.

Money is summed in minor units, counts of lines in thousandths. What each figure means, and a query anyone can run for
it, stands in docs/insights.md; a test holds the two against each other.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Subquery, bindparam, case, func, or_, select

from comanda.base.clock import Micros
from comanda.kitchen.model import TicketStatus
from comanda.orders.lifecycle import Actor, Status
from comanda.store.insights.lines import (
    MILLI,
    id_in,
    lines_of_orders,
    minor_in,
    modifier_minor,
    modifiers_of,
    text_in,
    whole_in,
)
from comanda.store.tables import orders, tickets
from comanda.store.transaction import Statement, Transaction, one

ACCEPTED: Final = (Status.RECEIVED.value, Status.DELIVERED.value)
"""What counts as sold: accepted and not cancelled since."""
QUARTER_US: Final = 900_000_000
"""Every zone's clock differs from UTC by whole quarters of an hour, so each lies within one hour of every clock."""


@dataclass(frozen=True, slots=True)
class Span:
    """What is read: a venue's days, each from its beginning to the next one's, oldest first."""

    brand_id: str
    venue_id: int
    days: Sequence[tuple[str, Micros, Micros]]
    decimals: int

    @property
    def whole(self) -> dict[str, Any]:
        """The parameters of statements over the whole span."""
        return self.between(self.days[0][1], self.days[-1][2])

    def between(self, begin: Micros, end: Micros) -> dict[str, Any]:
        """The parameters of statements over a part of the span."""
        return {"brand_id": self.brand_id, "venue_id": self.venue_id, "begin": begin, "end": end}


@dataclass(slots=True)
class Taken:
    """Orders and what was taken with them, in minor units."""

    orders: int = 0
    sales_minor: int = 0

    def add(self, orders: int, sales_minor: int) -> None:
        """Count some more."""
        self.orders += orders
        self.sales_minor += sales_minor


@dataclass(slots=True)
class Sold:
    """How much of an item or modifier was sold, in thousandths, for how much; ``name`` is as somebody sent it."""

    name: str
    count_milli: int = 0
    sales_minor: int = 0


@dataclass(frozen=True, slots=True)
class Lasted:
    """How long something took how many: the median and the ninth decile by nearest rank, None where nothing did."""

    number: int = 0
    p50_us: int | None = None
    p90_us: int | None = None


@dataclass(slots=True)
class Figures:
    """All the figures of a span."""

    statuses: Counter[str] = field(default_factory=Counter)
    discounts_minor: int = 0
    services_minor: int = 0
    deliveries_minor: int = 0
    total: Taken = field(default_factory=Taken)
    by_quarter: defaultdict[int, Taken] = field(default_factory=lambda: defaultdict(Taken))
    by_day: dict[str, Taken] = field(default_factory=dict)
    by_channel: defaultdict[str, Taken] = field(default_factory=lambda: defaultdict(Taken))
    by_sale_type: defaultdict[int, Taken] = field(default_factory=lambda: defaultdict(Taken))
    items: dict[int, Sold] = field(default_factory=dict)
    modifiers: dict[int, Sold] = field(default_factory=dict)
    refusals: list[tuple[str, int]] = field(default_factory=list)
    times: dict[str, Lasted] = field(default_factory=dict)
    tickets: dict[int, int] = field(default_factory=dict)
    stations: dict[int, Lasted] = field(default_factory=dict)


def read_figures(span: Span) -> Transaction[Figures]:
    """Every figure of a span."""
    found = Figures()
    for day, begin, end in span.days:
        part = span.between(begin, end)
        yield from _add_orders(found, found.by_day.setdefault(day, Taken()), part)
        scaled = {**part, "scale": 10**span.decimals}
        _add_sold(found.items, (yield one(_SELECT_ITEMS, **scaled)))
        _add_sold(found.modifiers, (yield one(_SELECT_MODIFIERS, **scaled)))
    refusals = yield one(_SELECT_REFUSALS, **span.whole)
    found.refusals = sorted(((row[0], int(row[1])) for row in refusals), key=lambda found: (-found[1], found[0]))
    for name, statement in _SELECT_LEGS.items():
        rows = yield one(statement, **span.whole)
        found.times[name] = _lasted(rows[0])
    found.tickets = {int(row[0]): int(row[1]) for row in (yield one(_SELECT_TICKETS, **span.whole))}
    found.stations = {int(row[0]): _lasted(row[1:]) for row in (yield one(_SELECT_STATIONS, **span.whole))}
    return found


def _add_orders(found: Figures, day: Taken, part: dict[str, Any]) -> Transaction[None]:
    for row in (yield one(_SELECT_ORDERS, **part)):
        status, quarter, client_id, sale_type_id = row[:4]
        number, sales, discounts, services, deliveries = (int(value) for value in row[4:])
        found.statuses[status] += number
        if status not in ACCEPTED:
            continue
        found.discounts_minor += discounts
        found.services_minor += services
        found.deliveries_minor += deliveries
        groups = (found.by_quarter[quarter], found.by_channel[client_id], found.by_sale_type[sale_type_id])
        for taken in (found.total, day, *groups):
            taken.add(number, sales)


def _add_sold(known: dict[int, Sold], rows: Sequence[Any]) -> None:
    for identity, name, count_milli, sales_minor in rows:
        sold = known.setdefault(int(identity), Sold(name or ""))
        sold.count_milli += int(count_milli)
        sold.sales_minor += int(sales_minor)


def _lasted(row: Sequence[Any]) -> Lasted:
    number, p50_us, p90_us = row
    return Lasted(int(number), p50_us, p90_us)


WITHIN: Final = (
    orders.c.brand_id == bindparam("brand_id"),
    orders.c.venue_id == bindparam("venue_id"),
    orders.c.created_at >= bindparam("begin"),
    orders.c.created_at < bindparam("end"),
)
"""The orders stored in the span, or in a part of it."""
_SOLD: Final = (*WITHIN, or_(*(orders.c.status == status for status in ACCEPTED)))
_quarter = orders.c.created_at // QUARTER_US
_groups: Final = (orders.c.status, _quarter, orders.c.client_id, orders.c.sale_type_id)
_sums: Final = (orders.c.total_minor, orders.c.discount_minor, orders.c.service_minor, orders.c.delivery_minor)
_SELECT_ORDERS = Statement(
    select(*_groups, func.count(), *(func.sum(amount) for amount in _sums)).where(*WITHIN).group_by(*_groups)
)


def _items() -> Select[int, Any, int, int]:
    lines = lines_of_orders()
    product_id = id_in(lines.c.value, "product_id")
    return (
        select(
            product_id,
            func.min(text_in(lines.c.value, "meta.order_product.product.name")),
            func.sum(whole_in(lines.c.value, "count", MILLI)),
            func.sum(minor_in(lines.c.value, "totals.total")),
        )
        .select_from(orders, lines)
        .where(*_SOLD)
        .group_by(product_id)
    )


def _modifiers() -> Select[int, Any, int, int]:
    lines = lines_of_orders()
    chosen = modifiers_of(lines)
    modifier_id = id_in(chosen.c.value, "modificator_id")
    count_milli = id_in(chosen.c.value, "count") * whole_in(lines.c.value, "count", MILLI)
    return (
        select(
            modifier_id,
            func.min(text_in(chosen.c.value, "name")),
            func.sum(count_milli),
            func.sum(modifier_minor(lines.c.value, chosen.c.value)),
        )
        .select_from(orders, lines, chosen)
        .where(*_SOLD)
        .group_by(modifier_id)
    )


def _refusals() -> Select[Any]:
    reason = text_in(orders.c.refusal, "reason")
    ignored = (*WITHIN, orders.c.status == Status.IGNORE.value)
    return select(reason, func.count()).where(*ignored).group_by(reason)


def _ranked(query: Select[Any], *groups: str) -> Subquery:
    """The durations that a query selects as ``lasted``, each with its rank within its group."""
    found = query.subquery()
    by = [found.c[name] for name in groups]
    rank = func.row_number().over(partition_by=by, order_by=found.c.lasted).label("rank")
    number = func.count().over(partition_by=by).label("number")
    return select(*by, found.c.lasted, rank, number).subquery()


def _percentiles(ranked: Subquery) -> tuple[ColumnElement[Any], ...]:
    """How many there are, and the smallest duration that so many of a hundred do not exceed (nearest rank)."""
    ranks = [(ranked.c.number * share + 99) // 100 for share in (50, 90)]
    return (func.count(), *(func.min(case((ranked.c.rank == rank, ranked.c.lasted))) for rank in ranks))


def _leg(begin: str, end: str, *where: ColumnElement[bool]) -> Statement:
    began, ended = orders.c[begin], orders.c[end]
    lasted = select((ended - began).label("lasted")).where(*_SOLD, ended >= began, *where)
    return Statement(select(*_percentiles(_ranked(lasted))))


def _tickets(*where: ColumnElement[bool]) -> Select[Any]:
    """Tickets of what was sold; read from the orders, which the index finds."""
    of_order = (tickets.c.brand_id == orders.c.brand_id) & (tickets.c.order_id == orders.c.id)
    return (
        select(tickets.c.station_id, (tickets.c.ready_at - tickets.c.created_at).label("lasted"))
        .join_from(orders, tickets, of_order)
        .where(*_SOLD, tickets.c.status != TicketStatus.CANCELLED.value, *where)
    )


def _station_times() -> Select[Any]:
    ranked = _ranked(_tickets(tickets.c.ready_at >= tickets.c.created_at), "station_id")
    return select(ranked.c.station_id, *_percentiles(ranked)).group_by(ranked.c.station_id)


_SELECT_ITEMS = Statement(_items())
_SELECT_MODIFIERS = Statement(_modifiers())
_SELECT_REFUSALS = Statement(_refusals())
_SELECT_LEGS: Final = {
    "accept": _leg("created_at", "received_at", orders.c.accepted_by != Actor.AUTOMATIC.value),
    "ready": _leg("received_at", "ready_at", orders.c.ready_at > orders.c.received_at),
    "hand_over": _leg("ready_at", "handed_over_at"),
}
"""Each leg with where it begins and ends; what is accepted as it comes in waited for nobody, and what no station
makes was ready at once."""
_SELECT_TICKETS = Statement(
    _tickets().with_only_columns(tickets.c.station_id, func.count()).group_by(tickets.c.station_id)
)
_SELECT_STATIONS = Statement(_station_times())
