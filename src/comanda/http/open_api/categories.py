"""The categories of v2, flat or as a tree (contract 9.12)."""

from collections.abc import Collection, Container, Iterable
from typing import Final, get_args

from comanda.base import limits
from comanda.base.clock import now_micros
from comanda.base.errors import ComandaError
from comanda.base.json import to_json
from comanda.base.listing import Listing
from comanda.catalogue.model import Category, CategoryType
from comanda.catalogue.search import is_value, search
from comanda.catalogue.snapshot import Snapshot
from comanda.catalogue.views import category_object, category_tree, visible_categories
from comanda.http.call import Call, Reply
from comanda.http.hub import Hub
from comanda.http.hub_api import paths
from comanda.http.open_api import query as queries
from comanda.http.open_api.lists import ListRules, number_filters, one_of, read_listing
from comanda.http.open_api.shelves import menu_of, page_reply, with_media
from comanda.orders.view import envelope

RULES: Final = ListRules(
    sorts=("id", "name", "position", "created_at", "updated_at"),
    filters={**number_filters("id", "parent_id"), "type": one_of(*get_args(CategoryType)), "status": one_of("1", "0")},
    plain=("parent_id", "type", "status"),
    most=limits.MAX_PAGE_SIZE,
)
"""What the list of categories takes (contract 9.12, 14.5)."""
_KEEPS: Final = {
    **{name: is_value(name) for name in ("id", "parent_id", "type")},
    "status": lambda category, values: ("1" if category.active else "0") in values,
}


async def list_categories(call: Call, hub: Hub) -> Reply:
    """A page of categories: each by itself or, with children, those at the top or below ``parent_id``."""
    listing = read_listing(call, hub, RULES, None)
    query = queries.parse_query(call.query)
    nested = bool(queries.flag(query, "include_children"))
    everything = bool(queries.flag(query, "include_inactive")) or "0" in listing.filters.get("status", ())
    menu = menu_of(call, hub)
    snapshot = menu.snapshot
    visible: Collection[int] = snapshot.categories.keys() if everything else visible_categories(snapshot)
    top = _top(snapshot, listing) if nested else snapshot.categories
    among = {category_id: snapshot.categories[category_id] for category_id in top if category_id in visible}
    kind = ("categories", nested, everything, nested and "parent_id" in listing.filters)
    found = search(snapshot, kind, among, _KEEPS, listing)
    shown: Container[int] = visible if nested else ()
    menu = await with_media(menu, _pictures(found[0], shown, snapshot), call, hub)
    data = [category_object(category, menu, shown) for category in found[0]]
    return page_reply(call, listing, RULES, found, data)


async def get_category(call: Call, hub: Hub) -> Reply:
    """One category, with its children when they are asked for."""
    query = queries.parse_query(call.query)
    menu = menu_of(call, hub)
    snapshot = menu.snapshot
    category = snapshot.categories.get(paths.number(call, 3, _not_found))
    shown: Container[int] = ()
    if queries.flag(query, "include_children"):
        everything = queries.flag(query, "include_inactive")
        shown = snapshot.categories if everything else _active(snapshot)
    if category is None:
        raise _not_found()
    menu = await with_media(menu, _pictures([category], shown, snapshot), call, hub)
    data = category_object(category, menu, shown)
    return Reply(200, to_json(envelope(data, started=call.started, now=now_micros())))


def _top(snapshot: Snapshot, listing: Listing) -> Iterable[int]:
    """Where trees begin: at the roots, unless a parent is named."""
    return snapshot.categories if "parent_id" in listing.filters else category_tree(snapshot).children.get(None, ())


def _active(snapshot: Snapshot) -> Container[int]:
    return frozenset(category.id for category in snapshot.categories.values() if category.active)


def _pictures(categories: Iterable[Category], shown: Container[int], snapshot: Snapshot) -> set[str]:
    """The pictures of these categories and of all their children that are shown."""
    found: set[str] = set()
    tree = category_tree(snapshot)
    for category in categories:
        for category_id in tree.below(category.id):
            if category_id == category.id or category_id in shown:
                found.update(snapshot.categories[category_id].pictures)
    return found


def _not_found() -> ComandaError:
    """The documented 404 of categories (contract 7)."""
    return ComandaError("resource_not_found", "Category not found")
