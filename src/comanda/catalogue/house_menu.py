"""The menu of one venue as those see it who take its orders: what is on sale, at which price, with which choices.

In: a snapshot, a venue, the venues that the caller may see. Out: one plain value. What an order would refuse is not in
it: retired and hidden products, those that are not offered here; and neither is what the stop list says, which changes
by the minute. Pure, and long enough for a large menu to be no work for an event loop.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from comanda.base.json import number_json
from comanda.catalogue.model import Category, ModifierGroup, Product, Venue
from comanda.catalogue.snapshot import Snapshot, price_at
from comanda.catalogue.views import category_tree

SOLD_TYPES: Final = ("GOODS", "DISH", "TIMER", "MODIFICATION")
"""The types of products that stand on a menu; the others are what dishes are made of."""
Images = Mapping[str, Mapping[str, Any]]
"""What is shown of pictures, by their ids."""


class Offer(NamedTuple):
    """A product on sale; ``price`` is None for one that is sold by its variants, ``parent`` is whose variant it is."""

    product: Product
    parent: Product | None
    price: Any


@dataclass(frozen=True, slots=True)
class Offered:
    """What a venue sells, in the order in which it is shown."""

    categories: tuple[Category, ...]
    offers: tuple[Offer, ...]

    def pictures(self) -> set[str]:
        """The pictures that the menu shows: the first of each resource."""
        shown = [category.pictures for category in self.categories]
        shown += [offer.product.pictures for offer in self.offers]
        return {pictures[0] for pictures in shown if pictures}


def offered_at(snapshot: Snapshot, venue_id: int) -> Offered:
    """The categories and products of a venue's menu; a product of a category that is not shown is not either."""
    categories = tuple(_shown_categories(snapshot))
    shown = {None, *(category.id for category in categories)}
    variants: dict[int, list[Product]] = {}
    for product in snapshot.products.values():
        if product.parent_id and _is_shown(product) and price_at(product, venue_id) is not None:
            variants.setdefault(product.parent_id, []).append(product)
    offers: list[Offer] = []
    for product in sorted(snapshot.products.values(), key=_place):
        if product.parent_id or not _is_shown(product) or product.category_id not in shown:
            continue
        if product.id in snapshot.parents:
            own = sorted(variants.get(product.id, ()), key=_place)
            offers += [Offer(product, None, None)] if own else []
            offers += [Offer(variant, product, price_at(variant, venue_id)) for variant in own]
        elif (price := price_at(product, venue_id)) is not None:
            offers.append(Offer(product, None, price))
    return Offered(categories, tuple(offers))


def menu_object(
    snapshot: Snapshot, venue: Venue, visible: Collection[int], offered: Offered, images: Images
) -> dict[str, Any]:
    """The menu as one value; ``visible`` are the venues that the caller may see."""
    groups = {group for offer in offered.offers for group in snapshot.groups_of(offer.product)}
    return {
        "version": snapshot.version,
        "venue_id": venue.id,
        "kitchen": {
            "pressing_minutes": venue.kitchen_pressing_minutes,
            "late_minutes": venue.kitchen_late_minutes,
        },
        **_house(snapshot, venue, visible),
        "categories": [_category_json(category, images) for category in offered.categories],
        "products": [_product_json(offer, snapshot, venue, images) for offer in offered.offers],
        "modifier_groups": [_group_json(snapshot.modifier_groups[group], snapshot) for group in sorted(groups)],
    }


def _house(snapshot: Snapshot, venue: Venue, visible: Collection[int]) -> dict[str, Any]:
    """What an order can be made of beside products: where, how served, how paid."""
    sale_types = [s for s in snapshot.sale_types.values() if s.active and venue.id not in s.disabled_venues]
    methods = [m for m in snapshot.payment_methods.values() if m.active and venue.id not in m.disabled_venues]
    stations = [station for station in snapshot.stations.values() if station.active]
    terminals = [t for t in snapshot.terminals.values() if t.active and t.venue_id in visible]
    return {
        "venues": [
            {"id": v.id, "name": v.name, "timezone": v.timezone, "accepting_orders": v.accepting_orders}
            for v in (snapshot.venues[venue_id] for venue_id in sorted(visible))
        ],
        "sale_types": [
            {
                "id": sale_type.id,
                "name": sale_type.name,
                "system_type": sale_type.system_type,
                "service_charge_rate": _number(sale_type.service_charge_rate),
            }
            for sale_type in sorted(sale_types, key=lambda found: (found.position, found.id))
        ],
        "payment_methods": [
            {"id": method.id, "name": method.name, "customer_required": method.customer_required}
            for method in sorted(methods, key=lambda found: (found.position, found.id))
        ],
        "stations": [{"id": s.id, "name": s.name} for s in sorted(stations, key=lambda found: found.id)],
        "terminals": [
            {"id": t.id, "name": t.name, "venue_id": t.venue_id} for t in sorted(terminals, key=lambda found: found.id)
        ],
    }


def _shown_categories(snapshot: Snapshot) -> Iterator[Category]:
    """The categories that are on sale and hang below none that is not, in their order."""
    tree, shown = category_tree(snapshot), set[int]()
    roots = frozenset(tree.children.get(None, ()))
    for category_id in tree.places:
        category = snapshot.categories[category_id]
        on_sale = category.active and not category.hidden and category.type == "PRODUCT"
        if on_sale and (category_id in roots or category.parent_id in shown):
            shown.add(category_id)
            yield category


def _is_shown(product: Product) -> bool:
    return product.active and not product.hidden and product.type in SOLD_TYPES


def _place(product: Product) -> tuple[bool, int, int]:
    return product.position is None, product.position or 0, product.id


def _category_json(category: Category, images: Images) -> dict[str, Any]:
    return {
        "id": category.id,
        "name": category.name,
        "parent_id": category.parent_id,
        "color": category.color,
        "position": category.position,
        "image": _image(category.pictures, images),
    }


def _product_json(offer: Offer, snapshot: Snapshot, venue: Venue, images: Images) -> dict[str, Any]:
    product, parent, price = offer
    unit = snapshot.units.get(product.unit_id or 0)
    return {
        "id": product.id,
        "name": product.name,
        "type": product.type,
        "parent_id": product.parent_id,
        "category_id": product.category_id or (parent.category_id if parent else None),
        "price": _number(price),
        "sold_by_weight": product.sold_by_weight,
        "sold_by_portion": product.sold_by_portion,
        "unit": unit.symbol if unit else None,
        "code": product.gov_code,
        "barcode": product.barcode,
        "modifier_groups": snapshot.groups_of(product),
        "image": _image(product.pictures, images),
        "position": product.position,
        "station_id": snapshot.station_of(product.id, venue),
        "cooking_time": product.cooking_time or None,
    }


def _group_json(group: ModifierGroup, snapshot: Snapshot) -> dict[str, Any]:
    return {
        "id": group.id,
        "name": group.name,
        "min_select": group.min_select,
        "max_select": max(1, group.min_select) if group.single_choice else group.max_select or None,
        "modifiers": [
            {"id": modifier.id, "name": modifier.name, "price": _number(modifier.price)}
            for modifier in snapshot.modifiers[group.id].values()
        ],
    }


def _image(pictures: Iterable[str], images: Images) -> Mapping[str, Any] | None:
    return next((images.get(picture) for picture in pictures), None)


def _number(value: Any) -> Any:
    return None if value is None else number_json(value)
