"""Stations, sale types, payment methods, venues and price lists of v2 (contract 9.13 to 9.16, 9.19)."""

from collections.abc import Mapping
from typing import Any, Final

from comanda.base import limits
from comanda.base.clock import now_micros
from comanda.base.errors import ComandaError
from comanda.base.json import to_json
from comanda.base.listing import Listing
from comanda.catalogue.model import PriceList
from comanda.catalogue.product_view import pictures_shown, product_object
from comanda.catalogue.search import Keeps, is_set, is_value, search
from comanda.catalogue.views import (
    Menu,
    Priced,
    payment_method_object,
    picked,
    price_list_object,
    price_object,
    prices_by_id,
    prices_of,
    sale_type_object,
    station_object,
    venue_object,
)
from comanda.http.call import Call, Reply
from comanda.http.hub import Hub
from comanda.http.hub_api import paths
from comanda.http.open_api import price_answers
from comanda.http.open_api.catalogue_answers import columns
from comanda.http.open_api.lists import ListRules, number_filters, one_of, read_listing, true_or_false
from comanda.http.open_api.products import COLUMNS, selected
from comanda.http.open_api.shelves import menu_of, page_reply, with_media
from comanda.orders.view import envelope

STATIONS: Final = ListRules(
    sorts=("id", "name", "created_at", "updated_at"),
    filters={**number_filters("id"), "status": one_of("1", "0"), "can_print": true_or_false},
    plain=("status", "can_print"),
    most=limits.MAX_STATION_PAGE_SIZE,
)
SALE_TYPES: Final = ListRules(
    sorts=("id", "name", "position", "created_at", "updated_at"),
    filters={**number_filters("id"), "system_type": one_of("IN", "DELIVERY", "TAKEAWAY")},
)
PAYMENT_METHODS: Final = ListRules(
    sorts=("id", "name", "position", "created_at", "updated_at"), filters=number_filters("id")
)
VENUES: Final = ListRules(sorts=("id", "name", "created_at", "updated_at"), filters=number_filters("id"))
PRICE_LISTS: Final = ListRules(
    sorts=("id", "name", "created_at"),
    filters=number_filters("id"),
    relations={"prices": columns(price_answers.PriceItem)},
)
PRICE_LIST_COLUMNS: Final = columns(price_answers.PriceListItem)
PRICES: Final = ListRules(
    sorts=("id", "created_at"),
    filters=number_filters("id", "product_id", "list_id"),
    relations={"product": COLUMNS, "list": PRICE_LIST_COLUMNS},
)
"""What the lists take (contract 9.13 to 9.19, 14.5)."""
_BY_ID: Final[Mapping[str, Keeps]] = {"id": is_value("id")}
_STATION_FILTERS: Final[Mapping[str, Keeps]] = {**_BY_ID, "status": is_set("active"), "can_print": is_set("printable")}
_SALE_TYPE_FILTERS: Final[Mapping[str, Keeps]] = {**_BY_ID, "system_type": is_value("system_type")}
_PRICE_FILTERS: Final[Mapping[str, Keeps]] = {name: is_value(name) for name in ("id", "product_id", "list_id")}


async def list_stations(call: Call, hub: Hub) -> Reply:
    """A page of stations."""
    listing = read_listing(call, hub, STATIONS, None)
    snapshot = menu_of(call, hub).snapshot
    found = search(snapshot, "stations", snapshot.stations, _STATION_FILTERS, listing)
    return page_reply(call, listing, STATIONS, found, [station_object(station) for station in found[0]])


async def get_station(call: Call, hub: Hub) -> Reply:
    """One station."""
    station = menu_of(call, hub).snapshot.stations.get(paths.number(call, 3, _no_station))
    if station is None:
        raise _no_station()
    return Reply(200, to_json(envelope(station_object(station), started=call.started, now=now_micros())))


async def list_sale_types(call: Call, hub: Hub) -> Reply:
    """A page of sale types, with where each may be used."""
    listing = read_listing(call, hub, SALE_TYPES, None)
    menu = menu_of(call, hub)
    found = search(menu.snapshot, "sale_types", menu.snapshot.sale_types, _SALE_TYPE_FILTERS, listing)
    menu = await with_media(menu, _pictures(found), call, hub)
    return page_reply(call, listing, SALE_TYPES, found, [sale_type_object(sale_type, menu) for sale_type in found[0]])


async def list_payment_methods(call: Call, hub: Hub) -> Reply:
    """A page of payment methods, with where each may be used."""
    listing = read_listing(call, hub, PAYMENT_METHODS, None)
    menu = menu_of(call, hub)
    found = search(menu.snapshot, "payment_methods", menu.snapshot.payment_methods, _BY_ID, listing)
    data = [payment_method_object(method, menu) for method in found[0]]
    return page_reply(call, listing, PAYMENT_METHODS, found, data)


async def list_venues(call: Call, hub: Hub) -> Reply:
    """A page of the venues within the caller's limits."""
    listing = read_listing(call, hub, VENUES, None)
    menu = menu_of(call, hub)
    among = {venue.id: venue for venue in menu.snapshot.venues.values() if menu.sees(venue.id)}
    found = search(menu.snapshot, ("venues", call.caller.client.venues), among, _BY_ID, listing)
    menu = await with_media(menu, _pictures(found), call, hub)
    return page_reply(call, listing, VENUES, found, [venue_object(venue, menu) for venue in found[0]])


async def list_price_lists(call: Call, hub: Hub) -> Reply:
    """A page of price lists."""
    listing = read_listing(call, hub, PRICE_LISTS, None)
    wanted = selected(call, (*PRICE_LIST_COLUMNS, "prices"), ("id", "name"))
    if wanted and "prices" in wanted:
        listing.relations.setdefault("prices", PRICE_LISTS.relations["prices"])
    snapshot = menu_of(call, hub).snapshot
    found = search(snapshot, "price_lists", snapshot.price_lists, _BY_ID, listing)
    data = [_price_list(price_list, listing, wanted) for price_list in found[0]]
    return page_reply(call, listing, PRICE_LISTS, found, data, pagination=_pagination(listing, found[1]))


async def list_prices(call: Call, hub: Hub) -> Reply:
    """A page of the prices of all lists."""
    listing = read_listing(call, hub, PRICES, None)
    menu = menu_of(call, hub)
    snapshot = menu.snapshot
    found = search(snapshot, "prices", prices_by_id(snapshot), _PRICE_FILTERS, listing)
    if "product" in listing.relations:
        products = (snapshot.products.get(row.product_id) for row in found[0])
        menu = await with_media(menu, pictures_shown(filter(None, products), {}, snapshot), call, hub)
    data = [_price(row, menu, listing) for row in found[0]]
    return page_reply(call, listing, PRICES, found, data, pagination=_pagination(listing, found[1]))


def _no_station() -> ComandaError:
    """The documented 404 of stations (contract 7)."""
    return ComandaError("resource_not_found", "Station not found")


def _pictures(found: tuple[Any, int]) -> set[str]:
    return {picture for resource in found[0] for picture in resource.pictures}


def _price_list(price_list: PriceList, listing: Listing, wanted: tuple[str, ...] | None) -> dict[str, Any]:
    shown = picked(price_list_object(price_list), wanted)
    prices = listing.relations.get("prices")
    if prices is not None:
        shown["prices"] = [picked(price_object(priced), prices) for priced in prices_of(price_list)]
    return shown


def _price(priced: Priced, menu: Menu, listing: Listing) -> dict[str, Any]:
    shown = price_object(priced)
    wanted = listing.relations
    if "product" in wanted:
        product = menu.snapshot.products.get(priced.product_id)
        shown["product"] = None if product is None else product_object(product, menu, {}, wanted["product"])
    if "list" in wanted:
        shown["list"] = picked(price_list_object(menu.snapshot.price_lists[priced.list_id]), wanted["list"])
    return shown


def _pagination(listing: Listing, total: int) -> dict[str, int]:
    """Contract 9.19; a page that a cursor asked for counts as the first."""
    pages = -(-total // listing.limit)
    return {"page": listing.page, "per_page": listing.limit, "total": total, "total_pages": pages}
