"""The products of v2: list, read, stop list (contract 9.10, 9.11)."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final, get_args

from msgspec import Struct

from comanda.base import limits
from comanda.base.clock import now_micros
from comanda.base.errors import ComandaError
from comanda.base.json import number_json, to_json
from comanda.catalogue.model import ProductType
from comanda.catalogue.product_filters import FLAGS, HAVING, product_filters
from comanda.catalogue.product_view import pictures_shown, product_object
from comanda.catalogue.search import search
from comanda.catalogue.snapshot import Snapshot
from comanda.http.call import Call, Reply
from comanda.http.hub import Hub
from comanda.http.hub_api import paths
from comanda.http.open_api import catalogue_answers, product_answers
from comanda.http.open_api import query as queries
from comanda.http.open_api.catalogue_answers import columns
from comanda.http.open_api.lists import (
    ListRules,
    number_filters,
    one_of,
    read_listing,
    read_relations,
    true_or_false,
    with_relations,
)
from comanda.http.open_api.media_answers import Media
from comanda.http.open_api.scope import active_venue
from comanda.http.open_api.shelves import menu_of, page_reply, with_media
from comanda.orders.view import envelope
from comanda.store.order_statements import MILLI
from comanda.store.stop_list import Limited, read_stop_list

COLUMNS: Final = columns(product_answers.ProductItem)
_ALWAYS: Final = ("id", "type", "name")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_QUANTITY: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,3})?")
RULES: Final = ListRules(
    sorts=("id", "name", "price", "created_at", "updated_at", "position"),
    filters={
        "type": one_of(*get_args(ProductType)),
        **number_filters("id", "category_id", "station_id", "tags"),
        "inventory_behavior": one_of("0", "1", "3"),
        **dict.fromkeys((*FLAGS, *HAVING), true_or_false),
    },
    several=frozenset({"tags"}),
    relations={
        "category": columns(catalogue_answers.CategoryItem),
        "station": columns(catalogue_answers.StationItem),
        "modifications": COLUMNS,
        "modifications.codes": columns(product_answers.ProductCode),
        "taxes": columns(product_answers.ProductTax),
        "codes": columns(product_answers.ProductCode),
        "modificator_groups": columns(product_answers.ModifierGroupItem),
        "recipe": columns(product_answers.RecipeIngredient),
        "packages": columns(product_answers.ProductPackage),
        "tags": columns(catalogue_answers.TagItem),
    },
    most=limits.MAX_PRODUCT_PAGE_SIZE,
    dated=False,
)
"""What the list of products takes (contract 9.10, 14.5)."""
ONE_RULES: Final = with_relations(
    RULES,
    {
        "unit": columns(catalogue_answers.UnitItem),
        "media": columns(Media),
        "setting": columns(product_answers.TimerItem),
        "modificator_groups.modificators": columns(product_answers.ModifierItem),
        "modificator_groups.modificators.ingredient": (),
        "modificator_groups.modificators.ingredient.unit": (),
    },
)
"""What the read of one product takes."""


async def list_products(call: Call, hub: Hub) -> Reply:
    """A page of the brand's products, those that are not active with ``status`` 0."""
    listing = read_listing(call, hub, RULES, None)
    wanted = selected(call, COLUMNS, _ALWAYS)
    menu = menu_of(call, hub)
    snapshot = menu.snapshot
    found = search(snapshot, "products", snapshot.products, product_filters(snapshot), listing)
    menu = await with_media(menu, pictures_shown(found[0], listing.relations, snapshot), call, hub)
    data = [product_object(product, menu, listing.relations, wanted) for product in found[0]]
    return page_reply(call, listing, RULES, found, data)


async def get_product(call: Call, hub: Hub) -> Reply:
    """One product by its id. Products have no UUIDs here, so one that is asked for is not there."""
    relations = read_relations(call, ONE_RULES)
    menu = menu_of(call, hub)
    product = menu.snapshot.products.get(_product_id(call))
    if product is None:
        raise _not_found()
    menu = await with_media(menu, pictures_shown([product], relations, menu.snapshot), call, hub)
    data = product_object(product, menu, relations)
    return Reply(200, to_json(envelope(data, started=call.started, now=now_micros())))


def selected(call: Call, allowed: Sequence[str], always: Sequence[str]) -> tuple[str, ...] | None:
    """The columns that ``selects`` names, with those that are always there; None for all."""
    found = queries.names(queries.parse_query(call.query), "selects", allowed)
    return (*always, *found) if found else None


class _Left(Struct, frozen=True):
    """A row of a stop list as it is filtered and sorted: thousandths and milliseconds.

    ``limit`` is in whole units, as every client reads it: rounded down, but not to 0 while something is left.
    """

    id: int
    limit: int
    quantity: int
    timestamp: int
    created_at: None = None
    """Only the last change of a row is kept."""


Matches = Callable[[_Left], bool]


def _thousandths(name: str, text: str) -> int:
    if not _QUANTITY.fullmatch(text):
        queries.refuse_parameter(name, "must be a quantity such as 12.5", text)
    return int(Decimal(text).scaleb(3))


STOP_LIST_RULES: Final = ListRules(
    sorts=("id", "limit", "timestamp", "quantity"),
    filters={**number_filters("id", "timestamp"), "limit": _thousandths, "quantity": _thousandths},
    sort="timestamp",
    dated=False,
)
"""What the stop list takes (contract 9.11, 14.5)."""
STOP_LIST_SORTS: Final = STOP_LIST_RULES.sorts
_PAGING: Final = ("page", "limit", "cursor")


async def list_stop_list(call: Call, hub: Hub) -> Reply:
    """What the active venue has left: every row, unless pages are asked for."""
    venue_id = active_venue(call, hub)
    query = queries.parse_query(call.query)
    matches = _stop_list_filters(query)
    listing = read_listing(call, hub, STOP_LIST_RULES, venue_id)
    brand_id = call.caller.brand.id
    rows = [_left(row) for row in await hub.store.read(lambda: read_stop_list(brand_id, venue_id))]
    kept = {row.id: row for row in rows if all(match(row) for match in matches)}
    if not any(name in query.plain for name in _PAGING):
        listing = replace(listing, limit=max(1, len(kept)))
    # A snapshot of nothing, as the rows are read anew each time; they are filtered already, since ranges have an order.
    found = search(Snapshot(), "stop list", kept, {}, replace(listing, filters={}))
    return page_reply(call, listing, STOP_LIST_RULES, found, [_stop_list_json(row) for row in found[0]])


def _product_id(call: Call) -> int:
    text = paths.part(call, 3)
    if _UUID.fullmatch(text):
        raise _not_found()
    if not re.fullmatch(r"[0-9]+", text):
        queries.refuse_parameter("id", "must be an integer or a UUID", text)
    return paths.number(call, 3, _not_found)


def _not_found() -> ComandaError:
    """The documented 404 of products (contract 7)."""
    return ComandaError("resource_not_found", "Product not found")


def _stop_list_filters(query: queries.Query) -> list[Matches]:
    """The filters: ids as a list, all others as a value or an inclusive range (contract 14.5).

    Raises ComandaError ``invalid_parameter`` with the documented sentence.
    """
    try:
        found = queries.filters(query, tuple(STOP_LIST_RULES.filters))
        return [_matches(name, values) for name, values in found]
    except ComandaError as refusal:
        raise ComandaError(refusal.code, "Invalid filter parameters", details=refusal.details) from None


def _matches(name: str, texts: list[str]) -> Matches:
    numbers = [STOP_LIST_RULES.filters[name](name, text) for text in texts]
    if name == "id":
        return lambda row: getattr(row, name) in numbers
    if len(numbers) > 2:
        queries.refuse_parameter(name, "takes one value, or two for a range", ", ".join(texts))
    return lambda row: numbers[0] <= getattr(row, name) <= numbers[-1]


def _left(row: Limited) -> _Left:
    milli = row.quantity_milli
    whole = max(milli // MILLI, 1 if milli else 0)
    return _Left(row.product_id, whole * MILLI, milli, row.updated_at // 1_000)


def _stop_list_json(row: _Left) -> dict[str, Any]:
    return {
        "id": row.id,
        "limit": row.limit // MILLI,
        "timestamp": row.timestamp,
        "quantity": number_json(Decimal(row.quantity).scaleb(-3)),
    }
