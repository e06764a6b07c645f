"""``/hub/v1/insights.csv``: one table of a venue's figures for a spreadsheet, or its orders one by one.

A text that a spreadsheet would run as a formula, whole or from a separator on, gets an apostrophe before that; numbers
of ours stay numbers.
"""

import asyncio
import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from comanda.base import limits
from comanda.base.money import to_major
from comanda.http.call import Call, Reply
from comanda.http.hub import Hub
from comanda.http.hub_api import insights
from comanda.http.hub_api.insights import Asked, read_asked
from comanda.http.open_api import query as queries
from comanda.store.insights.read import Figures, read_figures
from comanda.store.insights.rows import OrderLine, count_orders, read_order_lines

Table = Callable[[Asked, Figures], list[dict[str, Any]]]
TABLES: Final[dict[str, tuple[Table, tuple[str, ...]]]] = {
    "hours": (insights.hours, ("hour", "orders", "sales")),
    "days": (insights.by_day, ("day", "orders", "sales")),
    "channels": (insights.channels, ("channel", "name", "orders", "sales")),
    "sale_types": (insights.sale_types, ("sale_type_id", "name", "orders", "sales")),
    "items": (insights.items, ("product_id", "name", "count", "sales")),
    "modifiers": (insights.modifiers, ("modifier_id", "name", "count", "sales")),
    "refusals": (insights.refusals, ("reason", "orders")),
    "stations": (insights.stations, ("station_id", "name", "tickets", "p50_s", "p90_s")),
}
"""The tables of figures with their columns, as `insights.get_insights` answers them, but whole."""
ORDER_COLUMNS: Final = (
    "id",
    "created_at",
    "order_number",
    "status",
    "channel",
    "channel_name",
    "sale_type",
    "subtotal",
    "discount",
    "service_charge",
    "delivery_fee",
    "total",
    "received_at",
    "ready_at",
    "handed_over_at",
    "refusal",
)
NAMES: Final = ("orders", *TABLES)
_BOM: Final = b"\xef\xbb\xbf"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What makes a spreadsheet read a cell as more than text; the last four are the full-width forms."""
_CELL_WITHIN: Final = re.compile('([;|\t\r\n][\\s"]*)([=+\\-@\uff1d\uff0b\uff0d\uff20])')
"""A formula behind what separates cells where lists are written with semicolons: in Azerbaijan, Russia, Turkey."""


async def export_insights(call: Call, hub: Hub) -> Reply:
    """One table as CSV in UTF-8 with a byte order mark. Raises ComandaError for days with too many orders."""
    asked = read_asked(call, hub)
    table = queries.parse_query(call.query).plain.get("table", "orders")
    if table not in NAMES:
        queries.refuse_parameter("table", f"must be of {', '.join(NAMES)}", table)
    async with hub.readings.turn():
        content = await (_orders(asked, hub) if table == "orders" else _figures(table, asked, hub))
    days = asked.span.days
    name = f"{table}-{asked.venue.id}-{days[0][0]}-{days[-1][0]}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Reply(200, content, headers, "text/csv")


def cell(value: Any) -> Any:
    """A value as a cell: numbers as they are, texts so that no spreadsheet takes them for a formula."""
    if isinstance(value, msgspec.Raw):
        return bytes(value).decode()
    if isinstance(value, str):
        text = _CELL_WITHIN.sub(r"\1'\2", value)
        return f"'{text}" if text.startswith(_FORMULA) else text
    return "" if value is None else value


async def _figures(table: str, asked: Asked, hub: Hub) -> bytes:
    figures = await hub.store.read(lambda: read_figures(asked.span))
    rows_of, columns = TABLES[table]
    return _BOM + _csv([columns, *([row[name] for name in columns] for row in rows_of(asked, figures))])


async def _orders(asked: Asked, hub: Hub) -> bytes:
    """The orders, read and written a page at a time and off the loop, so that nobody waits for a month of them."""
    number = await hub.store.read(lambda: count_orders(asked.span))
    if number > limits.MAX_EXPORTED_ORDERS:
        rule = f"must be nearer to from: there are {number} orders, and a file has {limits.MAX_EXPORTED_ORDERS} at most"
        queries.refuse_parameter("to", rule, asked.span.days[-1][0])
    parts = [_BOM + _csv([ORDER_COLUMNS])]
    zone, after = ZoneInfo(asked.venue.timezone), (int(asked.span.days[0][1]), 0)
    while True:
        page = await hub.store.read(lambda after=after: read_order_lines(asked.span, after))
        parts.append(await asyncio.to_thread(_order_rows, asked, page, zone))
        if len(page) < limits.EXPORT_STEP:
            return b"".join(parts)
        after = (page[-1].created_at, page[-1].id)


def _order_rows(asked: Asked, page: Sequence[OrderLine], zone: ZoneInfo) -> bytes:
    return _csv(_order_cells(asked, order, zone) for order in page)


def _order_cells(asked: Asked, order: OrderLine, zone: ZoneInfo) -> list[Any]:
    sale_type = asked.snapshot.sale_types.get(order.sale_type_id)
    amounts = (
        order.subtotal_minor,
        order.discount_minor,
        order.service_minor,
        order.delivery_minor,
        order.total_minor,
    )
    return [
        order.id,
        _local(order.created_at, zone),
        order.order_number,
        order.status,
        order.client_id,
        asked.channels.get(order.client_id, order.client_id),
        str(order.sale_type_id) if sale_type is None else sale_type.name,
        *(_number(to_major(amount, asked.brand.decimals)) for amount in amounts),
        _local(order.received_at, zone),
        _local(order.ready_at, zone),
        _local(order.handed_over_at, zone),
        order.reason,
    ]


def _number(amount: int | Decimal) -> int | msgspec.Raw:
    """An amount of ours, which is no text, whichever sign it has."""
    return amount if isinstance(amount, int) else msgspec.Raw(str(amount).encode())


def _local(instant: int | None, zone: ZoneInfo) -> str | None:
    """A time of the venue's clock with its distance from UTC, so that no hour of the year is ambiguous."""
    if instant is None:
        return None
    return datetime.fromtimestamp(instant // 1_000_000, UTC).astimezone(zone).isoformat(sep=" ")


def _csv(rows: Iterable[Iterable[Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows([cell(value) for value in row] for row in rows)
    return text.getvalue().encode()
