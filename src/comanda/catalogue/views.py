"""How a brand's menu looks on the v2 wire (contract 9.12 to 9.19): everything but products.

Extra keys known from live systems are there; what Comanda has no notion of is null, 0 or [] (contract 14.5).
"""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from comanda.base import limits
from comanda.base.json import number_json
from comanda.catalogue.model import (
    Category,
    PaymentMethod,
    PriceList,
    Resource,
    SaleType,
    Station,
    Tag,
    Unit,
    Venue,
)
from comanda.catalogue.search import worked_out
from comanda.catalogue.snapshot import Snapshot
from comanda.catalogue.tree import Tree, plant

Columns = tuple[str, ...]
Relations = Mapping[str, Columns]
"""The relations asked for, with dotted paths, and the columns of each."""
PIECE = Unit(id=1, name="Piece")
"""What a product without a unit is counted in."""


@dataclass(frozen=True, slots=True)
class Menu:
    """A brand's catalogue as one caller sees it: media objects by picture, and the venues within its limits."""

    snapshot: Snapshot
    sees: Callable[[int], bool]
    media: Mapping[str, Any] = field(default_factory=dict)

    def media_of(self, pictures: Iterable[str]) -> list[Any]:
        """The media objects of pictures, in order; one that is gone is left out."""
        return [self.media[picture] for picture in pictures if picture in self.media]

    def at_venues(self, disabled: Container[int], *, active: bool) -> dict[str, int]:
        """A ``status`` map: every venue that the caller may see, 1 where the resource may be used."""
        venues = sorted(self.snapshot.venues)
        return {str(venue): int(active and venue not in disabled) for venue in venues if self.sees(venue)}


class Priced(NamedTuple):
    """A product's price in a list; it is as old as its list."""

    id: int
    list_id: int
    product_id: int
    price: Any
    created_at: str | None
    updated_at: str | None


def category_object(category: Category, menu: Menu, shown: Container[int] = ()) -> dict[str, Any]:
    """A category, with those of its children that are ``shown``, down to 64 levels."""
    return _category(category, menu, shown, limits.MAX_CATEGORY_LEVELS)


def category_tree(snapshot: Snapshot) -> Tree:
    """Where each category of a brand stands: by position, those without one last, then by id."""
    return worked_out(snapshot, "category_tree", lambda: _plant_categories(snapshot.categories))


def visible_categories(snapshot: Snapshot) -> frozenset[int]:
    """The categories that are active and hang below none that is not."""
    return worked_out(snapshot, "visible_categories", lambda: frozenset(_visible(snapshot)))


def unit_object(snapshot: Snapshot, unit_id: int | None) -> dict[str, Any]:
    """A unit; the piece where there is none."""
    unit = snapshot.units.get(unit_id or PIECE.id, PIECE)
    place = worked_out(snapshot, "unit_tree", lambda: plant(snapshot.units, sorted(snapshot.units))).places.get(unit.id)
    return {
        "id": unit.id,
        "_lft": place.left if place else 1,
        "_rgt": place.right if place else 2,
        "parent_id": unit.parent_id,
        "name": unit.name,
        "type": unit.type,
        "symbol": unit.symbol,
        "equal": number_json(unit.equal),
        "deleted_at": None,
    }


def tag_object(tag: Tag) -> dict[str, Any]:
    """A tag."""
    return {"id": tag.id, "name": tag.name}


def station_object(station: Station) -> dict[str, Any]:
    """A station."""
    return {
        "id": station.id,
        "name": station.name,
        "status": int(station.active),
        "type": int(station.kitchen),
        "printable": int(station.printable),
        **_times(station),
        "can_print": station.printable,
        "reminder_enabled": False,
        "meta": None,
        "description": station.description,
    }


def sale_type_object(sale_type: SaleType, menu: Menu) -> dict[str, Any]:
    """A sale type; a retired one is off at every venue."""
    rate = sale_type.service_charge_rate
    return {
        "id": sale_type.id,
        "name": sale_type.name,
        "system_type": sale_type.system_type,
        "channel": sale_type.system_type,
        "status": menu.at_venues(sale_type.disabled_venues, active=sale_type.active),
        "service_charge_rate": None if rate is None else number_json(rate),
        "position": sale_type.position,
        "media": menu.media_of(sale_type.pictures),
        **_times(sale_type),
        "payment_method_id": None,
        "payment_method": None,
    }


def payment_method_object(method: PaymentMethod, menu: Menu) -> dict[str, Any]:
    """A payment method; a retired one is off at every venue."""
    return {
        "id": method.id,
        "name": method.name,
        "status": menu.at_venues(method.disabled_venues, active=method.active),
        "split": int(method.split),
        "position": method.position,
        "customer_required": int(method.customer_required),
        "is_system": int(method.is_system),
        **_times(method),
        "balance": None,
        "service": None if method.service is None else {"name": method.service, "check": [], "payload": []},
    }


def venue_object(venue: Venue, menu: Menu) -> dict[str, Any]:
    """A venue."""
    return {
        "id": venue.id,
        "name": venue.name,
        "is_main": int(venue.is_main),
        "media": menu.media_of(venue.pictures),
        "address": venue.address,
        "status": int(venue.active),
        "phone": venue.phone,
        "email": venue.email,
    }


def price_list_object(price_list: PriceList) -> dict[str, Any]:
    """A price list without its prices."""
    return {
        "id": price_list.id,
        "name": price_list.name,
        "description": price_list.description,
        "status": price_list.active,
        **_times(price_list),
    }


def prices_of(price_list: PriceList) -> Iterator[Priced]:
    """The prices of a list."""
    for price in price_list.prices:
        yield Priced(
            price.id, price_list.id, price.product_id, price.price, price_list.created_at, price_list.updated_at
        )


def prices_by_id(snapshot: Snapshot) -> Mapping[int, Priced]:
    """The prices of all lists; each has an id of its own."""
    lists = snapshot.price_lists.values()
    return worked_out(snapshot, "prices", lambda: {row.id: row for found in lists for row in prices_of(found)})


def price_object(priced: Priced) -> dict[str, Any]:
    """A product's price in a list."""
    return {
        "id": priced.id,
        "list_id": priced.list_id,
        "product_id": priced.product_id,
        "price": number_json(priced.price),
    }


def picked(shown: dict[str, Any], columns: Iterable[str] | None) -> dict[str, Any]:
    """Those columns of an object that are wanted; all of them for None."""
    if columns is None:
        return shown
    wanted = frozenset(columns)
    return {name: value for name, value in shown.items() if name in wanted}


def _category(category: Category, menu: Menu, shown: Container[int], levels: int) -> dict[str, Any]:
    categories, tree = menu.snapshot.categories, category_tree(menu.snapshot)
    place = tree.places[category.id]
    children = [child for child in tree.children.get(category.id, ()) if child in shown] if levels else []
    return {
        "id": category.id,
        "name": category.name,
        "status": int(category.active),
        "hidden": category.hidden,
        "type": category.type,
        "position": category.position,
        "parent_id": category.parent_id,
        "_lft": place.left,
        "_rgt": place.right,
        "depth": place.depth,
        "color": category.color,
        "children": [_category(categories[child], menu, shown, levels - 1) for child in children],
        "media": menu.media_of(category.pictures),
        **_times(category),
    }


def _plant_categories(categories: Mapping[int, Category]) -> Tree:
    def order(category_id: int) -> tuple[bool, int, int]:
        position = categories[category_id].position
        return position is None, position or 0, category_id

    return plant(categories, sorted(categories, key=order))


def _visible(snapshot: Snapshot) -> set[int]:
    visible: set[int] = set()
    tree = category_tree(snapshot)
    roots = frozenset(tree.children.get(None, ()))
    for category_id in tree.places:
        category = snapshot.categories[category_id]
        if category.active and (category_id in roots or category.parent_id in visible):
            visible.add(category_id)
    return visible


def _times(resource: Resource) -> dict[str, str | None]:
    return {"created_at": resource.created_at, "updated_at": resource.updated_at}
