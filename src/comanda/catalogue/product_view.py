"""Products on the v2 wire (contract 9.10): all documented fields, and the relations that were asked for.

The keys of relations are there only when they are asked for. Times are UTC without a zone, to the second.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from comanda.base.json import number_json
from comanda.catalogue.model import Modifier, ModifierGroup, Product, RecipeItem, TimerSetting
from comanda.catalogue.search import worked_out
from comanda.catalogue.snapshot import Snapshot
from comanda.catalogue.views import (
    PIECE,
    Columns,
    Menu,
    Relations,
    category_object,
    picked,
    station_object,
    tag_object,
    unit_object,
)


def product_object(
    product: Product, menu: Menu, relations: Relations, columns: Columns | None = None
) -> dict[str, Any]:
    """A product as reads show it, with some of its columns or, for None, all; and with its relations."""
    shown = picked(_columns(product, menu), columns)
    for name in sorted({path.partition(".")[0] for path in relations}):
        shown[name] = _RELATIONS[name](product, menu, _below(name, relations), relations.get(name))
    return shown


def pictures_shown(products: Iterable[Product], relations: Relations, snapshot: Snapshot) -> Iterator[str]:
    """The pictures that objects of these products name."""
    asked = {path.partition(".")[0] for path in relations}
    for product in products:
        yield from product.pictures
        category = snapshot.categories.get(product.category_id or 0) if "category" in asked else None
        if category is not None:
            yield from category.pictures
        if "modifications" in asked:
            for variant in _variants(product, snapshot):
                yield from variant.pictures


def _columns(product: Product, menu: Menu) -> dict[str, Any]:
    parent = menu.snapshot.products.get(product.parent_id) if product.parent_id else None
    parent_name = parent.name if parent else ""
    return {
        "id": product.id,
        "parent_id": product.parent_id,
        "station_id": product.station_id,
        "category_id": product.category_id,
        "unit_id": product.unit_id or PIECE.id,
        "type": product.type,
        "name": product.name,
        "parent_name": parent_name,
        "full_name": _full_name(product.name, parent_name),
        "position": product.position,
        "barcode": product.barcode,
        "gov_code": product.gov_code,
        "status": int(product.active),
        "hidden": int(product.hidden),
        "sold_by_weight": product.sold_by_weight,
        "discountable": product.discountable,
        "giftable": product.giftable,
        "has_modifications": product.id in menu.snapshot.with_variants,
        "description": product.description,
        "price": number_json(product.price),
        "cost_price": number_json(product.cost_price),
        "cooking_time": product.cooking_time,
        "inventory_behavior": product.inventory_behavior,
        "low_stock": product.low_stock,
        "unit_weight": number_json(product.unit_weight),
        "venues": [
            {
                "venue_id": offer.venue_id,
                "available": offer.available,
                "price": None if offer.price is None else number_json(offer.price),
            }
            for offer in product.venues
            if menu.sees(offer.venue_id)
        ],
        "media": menu.media_of(product.pictures),
        "created_at": _second(product.created_at),
        "updated_at": _second(product.updated_at),
        **_LIVE,
        "sold_by_portion": product.sold_by_portion,
    }


_LIVE: Mapping[str, Any] = {
    "cid": None,
    "net_output": 0,
    "image": None,
    "max_age": 0,
    "meta": None,
    "emenu_category_id": None,
    "emenu_position": None,
    "emenu_hidden": 0,
    "accounting_category_id": None,
    "markup_rate": 0,
    "ignore_service_charge": False,
    "name_slug": None,
    "slug": None,
    "color": None,
    "gross_margin": 0,
    "properties": [],
    "deleted_at": None,
    "is_inventory_behavior_changeable": False,
}
"""Keys of live systems that Comanda has no notion of."""


def _full_name(name: str, parent_name: str) -> str:
    """Variants are often named in full already."""
    return name if not parent_name or name.startswith(parent_name) else f"{parent_name} {name}"


def _category(product: Product, menu: Menu, _: Relations, columns: Columns | None) -> Any:
    category = menu.snapshot.categories.get(product.category_id or 0)
    return None if category is None else picked(category_object(category, menu), columns)


def _station(product: Product, menu: Menu, _: Relations, columns: Columns | None) -> Any:
    station = menu.snapshot.stations.get(product.station_id or 0)
    return None if station is None else picked(station_object(station), columns)


def _unit(product: Product, menu: Menu, _: Relations, columns: Columns | None) -> Any:
    return picked(unit_object(menu.snapshot, product.unit_id), columns)


def _modifications(product: Product, menu: Menu, inner: Relations, columns: Columns | None) -> Any:
    return [product_object(variant, menu, inner, columns) for variant in _variants(product, menu.snapshot)]


def _groups(product: Product, menu: Menu, inner: Relations, columns: Columns | None) -> Any:
    snapshot = menu.snapshot
    groups = (snapshot.modifier_groups[group_id] for group_id in snapshot.groups_of(product))
    return [_group(group, product, inner, columns) for group in groups]


def _recipe(product: Product, menu: Menu, _: Relations, columns: Columns | None) -> Any:
    return [picked(_ingredient(item, menu.snapshot), columns) for item in product.recipe]


def _codes(product: Product, *_: Any) -> Any:
    return [{"code": product.barcode}] if product.barcode else []


def _tags(product: Product, menu: Menu, _: Relations, columns: Columns | None) -> Any:
    tags = menu.snapshot.tags
    return [picked(tag_object(tags[tag]), columns) for tag in product.tags if tag in tags]


def _media(product: Product, menu: Menu, _: Relations, columns: Columns | None) -> Any:
    return [picked(medium, columns) for medium in menu.media_of(product.pictures)]


def _timer(product: Product, _: Menu, __: Relations, columns: Columns | None) -> Any:
    return None if product.timer is None else picked(_setting(product.timer), columns)


def _nothing(*_: Any) -> Any:
    return []


_RELATIONS: Mapping[str, Callable[[Product, Menu, Relations, Columns | None], Any]] = {
    "category": _category,
    "station": _station,
    "unit": _unit,
    "modifications": _modifications,
    "modificator_groups": _groups,
    "recipe": _recipe,
    "codes": _codes,
    "tags": _tags,
    "media": _media,
    "setting": _timer,
    # Comanda keeps neither.
    "taxes": _nothing,
    "packages": _nothing,
}


def _variants(product: Product, snapshot: Snapshot) -> tuple[Product, ...]:
    """The variants of a product, by position and id; those that are not active too, with their status."""
    return worked_out(snapshot, "variants", lambda: _variants_by_parent(snapshot)).get(product.id, ())


def _variants_by_parent(snapshot: Snapshot) -> dict[int, tuple[Product, ...]]:
    found: dict[int, list[Product]] = {}
    for product in snapshot.products.values():
        if product.parent_id:
            found.setdefault(product.parent_id, []).append(product)
    return {parent_id: tuple(sorted(variants, key=_by_position)) for parent_id, variants in found.items()}


def _by_position(product: Product) -> tuple[bool, int, int]:
    return product.position is None, product.position or 0, product.id


def _group(group: ModifierGroup, product: Product, inner: Relations, columns: Columns | None) -> dict[str, Any]:
    """A group with its active modifiers."""
    active = [modifier for modifier in group.modifiers if modifier.active]
    wanted = _with_inner(inner.get("modificators"), "ingredient", _below("modificators", inner))
    modifiers = [picked(_modifier(modifier, position, group), wanted) for position, modifier in enumerate(active)]
    shown = {
        "id": group.id,
        "name": group.name,
        "type": int(group.single_choice),
        "min_select": group.min_select,
        "max_select": group.max_select,
        "modificators": modifiers,
        "meta": None,
        "status": int(group.active),
        "adjust_to_portion": False,
        **_times(group),
        "deleted_at": None,
        "pivot": {"product_id": product.id, "modificator_group_id": group.id},
    }
    return picked(shown, _with_inner(columns, "modificators", inner))


def _with_inner(columns: Columns | None, name: str, inner: Relations) -> Columns | None:
    """The columns with that of an inner relation, where one is asked for."""
    return (*columns, name) if columns and inner else columns


def _modifier(modifier: Modifier, position: int, group: ModifierGroup) -> dict[str, Any]:
    return {
        "id": modifier.id,
        "name": modifier.name,
        "price": number_json(modifier.price),
        "ingredient": None,
        "group_id": group.id,
        "dish_id": None,
        "ingredient_id": None,
        "image": None,
        "cost_price": 0,
        "brutto": 0,
        "default_count": 0,
        "min_count": 0,
        "max_count": 0,
        "meta": None,
        "status": int(modifier.active),
        "position": position,
        "media": [],
        **_times(group),
        "deleted_at": None,
    }


def _ingredient(item: RecipeItem, snapshot: Snapshot) -> dict[str, Any]:
    ingredient = snapshot.products.get(item.ingredient_id)
    return {
        "ingredient_id": item.ingredient_id,
        "name": ingredient.name if ingredient else "",
        "gross": _thousandths(item.gross),
        "net": _thousandths(item.net),
    }


def _setting(timer: TimerSetting) -> dict[str, Any]:
    prices = [{"price": number_json(timed.price), "from": timed.from_minute} for timed in timer.prices]
    return {"interval": timer.interval, "prices": prices}


def _times(group: ModifierGroup) -> dict[str, str | None]:
    return {"created_at": _second(group.created_at), "updated_at": _second(group.updated_at)}


def _second(instant: str | None) -> str | None:
    """``2026-01-13 20:04:05`` of an instant's text."""
    return None if instant is None else f"{instant[:10]} {instant[11:19]}"


def _thousandths(quantity: Decimal) -> str:
    return f"{quantity:.3f}"


def _below(name: str, relations: Relations) -> dict[str, Columns]:
    """The relations of a relation."""
    inside = f"{name}."
    return {path.removeprefix(inside): columns for path, columns in relations.items() if path.startswith(inside)}
