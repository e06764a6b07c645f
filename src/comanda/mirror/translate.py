"""Fetched rows as a catalogue document: ids and times as the source has them, money exact.

In: what was fetched and what is here. Out: a `Document` that can be applied, and a remark for everything that has no
place here or cannot be taken. What the source does not tell stays as it is here. Nothing raises, whatever the rows are.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, get_args

from msgspec.structs import replace

from comanda.base import limits
from comanda.base.numbers import Money, Percent, Stock
from comanda.catalogue.document import Document
from comanda.catalogue.model import (
    Category,
    CategoryType,
    ListPrice,
    PaymentMethod,
    PriceList,
    Resource,
    SaleType,
    Station,
    StopListEntry,
    Terminal,
    Venue,
)
from comanda.mirror.context import Context, Here, unique, without_circles
from comanda.mirror.people import customer_groups_of, customers_of, users_of
from comanda.mirror.products import menu_of
from comanda.mirror.row import Row, number_of, row_of
from comanda.mirror.source import Fetched, Remarks
from comanda.mirror.values import flag_of, id_of, list_of, mapping_of

_TERMINAL = "Mirrored till"


@dataclass(frozen=True, slots=True)
class Translation:
    """A document, and what is to be said of it."""

    document: Document
    remarks: Remarks


def translate(
    fetched: Fetched, here: Here, *, timezone: str | None = None, pictures: Mapping[str, str] | None = None
) -> Translation:
    """Translate what was fetched. New venues are in ``timezone``, in UTC with a remark for None.

    ``pictures`` are ids by the addresses of originals; None leaves pictures as they are.
    """
    remarks = Remarks()
    for kind, text, ids in fetched.remarks:
        for resource_id in ids:
            remarks.note(kind, text, resource_id)
    context = Context(fetched, here, remarks, timezone, pictures)
    venues = [_venue(row, context) for row in _learnt(Venue, context)]
    stations = tuple(_station(row, context) for row in _learnt(Station, context))
    groups = customer_groups_of(context)
    menu = menu_of(context, _categories(context))
    terminals, venues = _with_terminals(venues, here)
    document = Document(
        venues=tuple(venues),
        sale_types=tuple(_sale_type(row, context) for row in context.rows("sale_types")),
        terminals=terminals,
        stations=stations,
        payment_methods=tuple(_payment_method(row, context) for row in context.rows("payment_methods")),
        customer_groups=groups,
        units=menu.units,
        tags=menu.tags,
        categories=menu.categories,
        modifier_groups=menu.modifier_groups,
        products=menu.products,
        price_lists=tuple(_price_lists(context)),
        customers=customers_of(context),
        users=users_of(context),
        stop_list=tuple(_stop_list(context)),
    )
    return Translation(document, remarks)


def _learnt(kind: type[Resource], context: Context) -> list[Row]:
    rows = context.rows(kind.plural)
    context.learn(kind, rows)
    return rows


def _venue(row: Row, context: Context) -> Venue:
    """A venue; its zone, policies and deadlines are ours alone."""
    row.name("Venue")
    row.flag("is_main")
    row.standing()
    row.times()
    for name in ("address", "phone", "email"):
        row.text(name)
    context.take_pictures(row)
    row.passing("is_main", "status", "address", "phone", "email", "media")
    if row.id not in context.bases(Venue):
        row.told["timezone"] = context.timezone or "UTC"
        if context.timezone is None:
            row.remark("is new and v2 tells no time zone: taken as UTC; --timezone says another")
        row.remark("is new and v2 tells no default station: products without a station make no ticket until it has one")
    return context.take(row, Venue)


def _with_terminals(venues: list[Venue], here: Here) -> tuple[tuple[Terminal, ...], list[Venue]]:
    """A till for each venue that has none, to accept what comes in; v2 tells of none."""
    equipped = {terminal.venue_id for terminal in here.document.terminals}
    taken = {terminal.id for terminal in here.document.terminals} | here.device_ids
    first = max((terminal.id for terminal in here.document.terminals), default=0) + 1
    free = (number for number in count(first) if number not in taken)
    terminals: list[Terminal] = []
    found: list[Venue] = []
    for venue in venues:
        if venue.default_terminal_id is None and venue.id not in equipped and venue.active:
            terminals.append(Terminal(id=next(free), name=_TERMINAL, venue_id=venue.id))
            found.append(replace(venue, default_terminal_id=terminals[-1].id))
        else:
            found.append(venue)
    return tuple(terminals), found


def _station(row: Row, context: Context) -> Station:
    row.name("Station")
    row.standing()
    row.times()
    row.flag("kitchen", "type")
    row.flag("printable", "printable" if "printable" in row.source else "can_print")
    row.text("description", most=limits.MAX_NOTE)
    row.passing("status", "type", "printable", "can_print", "description")
    return context.take(row, Station)


def _sale_type(row: Row, context: Context) -> SaleType:
    row.name("Sale type")
    row.times()
    _take_status(row, context)
    key = "system_type" if row.source.get("system_type") is not None else "channel"
    row.choice("system_type", ("IN", "DELIVERY", "TAKEAWAY"), key)
    row.number("service_charge_rate", Percent, null=True)
    row.whole("position")
    context.take_pictures(row)
    row.passing("status", "system_type", "channel", "service_charge_rate", "position", "media")
    return context.take(row, SaleType)


def _payment_method(row: Row, context: Context) -> PaymentMethod:
    row.name("Payment method")
    row.times()
    _take_status(row, context)
    for name in ("split", "customer_required", "is_system"):
        row.flag(name)
    row.whole("position")
    if "service" in row.source:
        service = Row(row.kind, row.id, mapping_of(row.source["service"]), row.remarks)
        service.text("service", "name", pattern=f"(?s).{{1,{limits.MAX_TEXT}}}")
        row.told["service"] = service.told.get("service")
    row.passing("status", "split", "customer_required", "is_system", "position", "service")
    return context.take(row, PaymentMethod)


def _take_status(row: Row, context: Context) -> None:
    """Take the map of venues to 1 and 0 (contract 9.14); a venue that it does not name is not excepted."""
    status = row.source.get("status")
    if row.source.get("deleted_at") not in (None, ""):
        row.told["active"] = False
    if isinstance(status, dict) or status == []:
        disabled: set[int] = set()
        for key, value in mapping_of(status).items():
            venue_id, enabled = id_of(key), flag_of(value)
            if venue_id not in context.known["venues"] or venue_id is None or enabled is None:
                row.remark("status names a venue or a value that is not known; left out")
            elif not enabled:
                disabled.add(venue_id)
        row.told["disabled_venues"] = tuple(sorted(disabled))
    elif status is not None:
        row.flag("active", "status")


def _categories(context: Context) -> tuple[Category, ...]:
    rows = unique(_branches(context))
    context.learn(Category, rows)
    categories = [_category(row, context) for row in rows]
    return without_circles("categories", categories, context.bases(Category), context.remarks)


def _branches(context: Context) -> Iterator[Row]:
    """Categories of a tree as well as of a flat list; those inside another have it as their parent."""
    level: list[tuple[Any, int | None]] = [(value, None) for value in context.fetched.rows.get("categories", [])]
    for _ in range(limits.MIRROR_CATEGORY_DEPTH):
        below: list[tuple[Any, int | None]] = []
        for value, parent_id in level:
            row = row_of("categories", value, context.remarks)
            if row is None:
                continue
            if row.source.get("parent_id") is None and parent_id is not None:
                row.source = {**row.source, "parent_id": parent_id}
            yield row
            below += [(child, row.id) for child in list_of(row.source.get("children"))]
        level = below
    if level:
        context.remarks.note(
            "categories", f"are nested deeper than {limits.MIRROR_CATEGORY_DEPTH}; the rest is left out"
        )


def _category(row: Row, context: Context) -> Category:
    row.name("Category")
    row.standing()
    row.times()
    row.choice("type", get_args(CategoryType))
    row.flag("hidden")
    row.whole("position", null=True)
    row.reference("parent_id", context.known["categories"], "category")
    if isinstance(row.source.get("color"), str):
        row.source = {**row.source, "color": row.source["color"].removeprefix("#")}
    row.text("color", pattern="[0-9a-fA-F]{6}")
    context.take_pictures(row)
    row.passing("status", "type", "hidden", "position", "parent_id", "color", "media", "children")
    return context.take(row, Category)


def _price_lists(context: Context) -> Iterator[PriceList]:
    """Price lists with their prices, which are read by themselves; nested ones count where they were not."""
    apart = "prices" in context.fetched.rows
    by_list: dict[int | None, list[Any]] = {}
    for value in context.fetched.rows.get("prices", []):
        by_list.setdefault(id_of(mapping_of(value).get("list_id")), []).append(value)
    rows = context.rows("price_lists")
    for row in rows:
        row.name("Price list")
        row.standing()
        row.times()
        row.text("description", most=limits.MAX_NOTE)
        base = context.bases(PriceList).get(row.id)
        if apart or "prices" in row.source:
            whole = "prices" in context.fetched.whole or not apart
            values = by_list.get(row.id, []) if apart else list_of(row.source["prices"])
            kept = {} if whole or base is None else {price.id: price for price in base.prices}
            row.told["prices"] = tuple((kept | _prices(values, context)).values())
        row.passing("status", "description", "prices")
        yield context.take(row, PriceList)
    strays = sum(len(values) for list_id, values in by_list.items() if list_id not in {row.id for row in rows})
    if strays:
        context.remarks.note("prices", f"{strays} belong to a list that was not read; left out")


def _prices(values: list[Any], context: Context) -> dict[int, ListPrice]:
    found: dict[int, ListPrice] = {}
    for value in values:
        row = row_of("prices", value, context.remarks)
        if row is None:
            continue
        product_id, price = id_of(row.source.get("product_id")), number_of(row.source.get("price"), Money)
        if product_id is None or product_id not in context.known["products"]:
            row.remark("is of a product that the source does not have; left out")
        elif price is None:
            row.remark("is no amount that can be kept; left out")
        else:
            found.setdefault(row.id, ListPrice(id=row.id, product_id=product_id, price=price))
    return found


def _stop_list(context: Context) -> Iterator[StopListEntry]:
    """What each venue has left; a product that is not on its list has no limit there, and stays as it is here."""
    for venue_id, rows in context.fetched.stop_lists.items():
        for row in unique(row for value in rows if (row := row_of("stop_list", value, context.remarks))):
            # Another Comanda tells the exact quantity beside the whole units of v2.
            quantity = number_of(row.source.get("quantity", row.source.get("limit")), Stock)
            if row.id not in context.known["products"] or venue_id not in context.known["venues"]:
                row.remark("is of a product that the source does not have; left out")
            elif quantity is None:
                row.remark("limit is no quantity that can be kept; left out")
            else:
                yield StopListEntry(venue_id=venue_id, product_id=row.id, quantity=quantity)
