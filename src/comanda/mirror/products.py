"""Products as a source shows them, and what is only shown with products: modifier groups, units, tags, recipes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args

from comanda.base import limits
from comanda.base.numbers import Count, Money, Stock
from comanda.catalogue.model import (
    Category,
    Modifier,
    ModifierGroup,
    Product,
    ProductType,
    RecipeItem,
    Tag,
    TimedPrice,
    TimerSetting,
    Unit,
    VenueOffer,
)
from comanda.mirror.context import Context, unique, without_circles, without_nesting
from comanda.mirror.row import Row, number_of, row_of
from comanda.mirror.values import flag_of, id_of, list_of, mapping_of, row_id, text_of, whole_of

_TYPES = get_args(ProductType)
_NOT_SOLD = ("INGREDIENT", "PREPARATION")
_DERIVED = ("parent_name", "full_name", "has_modifications", "cid", "modifications", "category", "station")
_TAKEN = (
    "status",
    "hidden",
    "type",
    "price",
    "cost_price",
    "unit_weight",
    "low_stock",
    "cooking_time",
    "position",
    "barcode",
    "gov_code",
    "description",
    "sold_by_weight",
    "sold_by_portion",
    "discountable",
    "giftable",
    "inventory_behavior",
    "category_id",
    "station_id",
    "parent_id",
    "unit_id",
    "venues",
    "modificator_groups",
    "recipe",
    "tags",
    "unit",
    "setting",
    "media",
)
_MODIFIERS = ("modificators", "modifiers")
"""The list's name at Clopos, and in libraries (contract 13.18)."""


@dataclass(frozen=True, slots=True)
class Menu:
    """What is sold, with all that products stand in."""

    categories: tuple[Category, ...]
    units: tuple[Unit, ...]
    tags: tuple[Tag, ...]
    modifier_groups: tuple[ModifierGroup, ...]
    products: tuple[Product, ...]


def menu_of(context: Context, categories: tuple[Category, ...]) -> Menu:
    """Every product with what is shown beside it."""
    rows = unique(_product_rows(context))
    context.learn(Product, rows)
    units = _units(rows, context)
    tags = _tags(rows, context)
    groups = _modifier_groups(rows, context)
    products = without_nesting([_product(row, context) for row in rows], context.bases(Product), context.remarks)
    return Menu(categories, units, tags, groups, products)


def _product_rows(context: Context) -> Iterator[Row]:
    """Products of the list, then variants that are only shown inside their parents; with what reads by id added."""
    details = {row_id(detail): mapping_of(detail) for detail in context.fetched.rows.get("details", [])}
    inside: list[Row] = []
    for value in context.fetched.rows.get("products", []):
        row = row_of("products", value, context.remarks)
        if row is None:
            continue
        shown = details.get(row.id, {})
        row.source = {**{key: shown[key] for key in ("unit", "setting") if key in shown}, **row.source}
        yield row
        for variant in list_of(row.source.get("modifications")):
            below = row_of("products", variant, context.remarks)
            if below is not None:
                below.source = {"parent_id": row.id, "type": "MODIFICATION", **below.source}
                inside.append(below)
    yield from inside


def _product(row: Row, context: Context) -> Product:
    row.name("Product")
    row.standing()
    row.times()
    _take_type(row)
    _take_plain(row)
    row.reference("category_id", context.known["categories"], "category")
    row.reference("station_id", context.known["stations"], "station")
    row.reference("parent_id", context.known["products"], "product")
    row.reference("unit_id", context.known["units"], "unit")
    _take_offers(row, context)
    _take_groups(row)
    _take_recipe(row, context)
    _take_tags(row, context)
    _take_timer(row)
    context.take_pictures(row)
    _take_price(row, context)
    row.passing(*_TAKEN, *_DERIVED)
    return context.take(row, Product)


def _take_type(row: Row) -> None:
    stated = row.source.get("type")
    if stated is None:
        return
    if stated in _TYPES:
        row.told["type"] = stated
        return
    row.told["type"] = "MODIFICATION" if id_of(row.source.get("parent_id")) else "DISH"
    shown = (text_of(stated) or "of that type")[:40]
    row.remark(f"type {shown} is not known here: taken as {row.told['type']}")


def _take_plain(row: Row) -> None:
    for name in ("hidden", "sold_by_weight", "sold_by_portion", "discountable", "giftable"):
        row.flag(name)
    row.number("cost_price", Money)
    row.number("unit_weight", Stock)
    row.whole("low_stock")
    row.whole("cooking_time", high=limits.MAX_PREPARATION_MINUTES)
    row.whole("position", null=True)
    row.choice("inventory_behavior", (0, 1, 3))
    row.text("barcode")
    row.text("gov_code")
    row.text("description", most=limits.MAX_NOTE)


def _take_price(row: Row, context: Context) -> None:
    """Take the price; what is sold and has none that can be kept must not be sold for nothing."""
    if row.number("price", Money) or row.told.get("type") in _NOT_SOLD:
        return
    base = context.bases(Product).get(row.id)
    if base is None or not base.active:
        row.told["active"] = False
        row.remark("has no price that can be kept: taken as not active")


def _take_offers(row: Row, context: Context) -> None:
    """Take what differs at venues. Clopos never shows the form of it (contract 9.10); this is our own."""
    if "venues" not in row.source:
        return
    offers: dict[int, VenueOffer] = {}
    for value in list_of(row.source["venues"]):
        stated = mapping_of(value)
        venue_id, available = (
            id_of(stated.get("venue_id")),
            flag_of(stated.get("available", stated.get("status", True))),
        )
        price = number_of(stated.get("price"), Money)
        if venue_id is None or venue_id not in context.known["venues"] or available is None:
            row.remark("venues has entries of another form; left out")
        elif price is None and stated.get("price") is not None:
            row.remark("venues has a price that cannot be kept; left out")
        else:
            offers.setdefault(venue_id, VenueOffer(venue_id=venue_id, available=available, price=price))
    row.told["venues"] = tuple(offers.values())


def _take_groups(row: Row) -> None:
    if "modificator_groups" in row.source:
        ids = (row_id(value) for value in list_of(row.source["modificator_groups"]))
        row.told["modifier_groups"] = tuple(dict.fromkeys(number for number in ids if number is not None))


def _take_recipe(row: Row, context: Context) -> None:
    """Take the recipe: plain entries, or products with their amounts in ``pivot``."""
    if "recipe" not in row.source:
        return
    found: list[RecipeItem] = []
    for value in list_of(row.source["recipe"]):
        stated = {**mapping_of(value), **mapping_of(mapping_of(value).get("pivot"))}
        ingredient_id = id_of(stated.get("ingredient_id"))
        gross, net = number_of(stated.get("gross"), Stock), number_of(stated.get("net"), Stock)
        if ingredient_id is None or ingredient_id not in context.known["products"]:
            row.remark("recipe names an ingredient that the source does not have; left out")
        elif gross is None or net is None:
            row.remark("recipe has amounts that cannot be kept; left out")
        else:
            found.append(RecipeItem(ingredient_id=ingredient_id, gross=gross, net=net))
    row.told["recipe"] = tuple(found)


def _take_tags(row: Row, context: Context) -> None:
    if "tags" not in row.source:
        return
    ids = [id_of(mapping_of(value).get("id") if isinstance(value, dict) else value) for value in _tags_in(row)]
    known = [tag for tag in ids if tag is not None and tag in context.known["tags"]]
    if len(known) < len(ids):
        row.remark("tags names a tag that the source does not show; left out")
    row.told["tags"] = tuple(dict.fromkeys(known))


def _tags_in(row: Row) -> list[Any]:
    return list_of(row.source.get("tags"))


def _take_timer(row: Row) -> None:
    """Take how a timed product is charged (contract 9.10)."""
    setting = mapping_of(row.source.get("setting"))
    if not setting:
        if "setting" in row.source:
            row.told["timer"] = None
        elif row.told.get("type") == "TIMER":
            row.remark("is timed, and the source does not show how it is charged")
        return
    interval = whole_of(setting.get("interval"))
    if interval is None or not 1 <= interval <= limits.MAX_ID:
        row.remark("setting cannot be taken; skipped")
        return
    prices: list[TimedPrice] = []
    for value in map(mapping_of, list_of(setting.get("prices"))):
        price, begin = number_of(value.get("price"), Money), whole_of(value.get("from", 0))
        if price is None or begin is None or not 0 <= begin <= limits.MAX_ID:
            row.remark("setting has a price that cannot be kept; left out")
        else:
            prices.append(TimedPrice(price=price, from_minute=begin))
    row.told["timer"] = TimerSetting(interval=interval, prices=tuple(prices))


def _units(rows: list[Row], context: Context) -> tuple[Unit, ...]:
    shown = (row.source.get("unit") for row in rows)
    found = unique(row for value in shown if mapping_of(value) and (row := row_of("units", value, context.remarks)))
    # Units are only seen where products show them: one that is here and not seen may well be there.
    context.known["units"] = {row.id for row in found} | set(context.bases(Unit))
    return without_circles("units", [_unit(row, context) for row in found], context.bases(Unit), context.remarks)


def _unit(row: Row, context: Context) -> Unit:
    row.name("Unit")
    row.standing()
    row.text("type")
    row.text("symbol")
    row.without_nulls("type", "symbol")
    row.number("equal", Count)
    row.reference("parent_id", context.known["units"], "unit")
    row.passing("status", "type", "symbol", "equal", "parent_id")
    return context.take(row, Unit)


def _tags(rows: list[Row], context: Context) -> tuple[Tag, ...]:
    shown = (value for row in rows for value in _tags_in(row) if isinstance(value, dict))
    found = unique(row for value in shown if (row := row_of("tags", value, context.remarks)))
    context.known["tags"] = {row.id for row in found} | set(context.bases(Tag))
    return tuple(_tag(row, context) for row in found)


def _tag(row: Row, context: Context) -> Tag:
    row.name("Tag")
    row.standing()
    row.passing("status")
    return context.take(row, Tag)


def _modifier_groups(rows: list[Row], context: Context) -> tuple[ModifierGroup, ...]:
    """Each group once, however many products show it."""
    shown = (value for row in rows for value in list_of(row.source.get("modificator_groups")))
    found = unique(row for value in shown if (row := row_of("modifier_groups", value, context.remarks)))
    return tuple(_modifier_group(row, context) for row in found)


def _modifier_group(row: Row, context: Context) -> ModifierGroup:
    row.name("Group")
    row.standing()
    row.times()
    row.flag("single_choice", "type")
    row.whole("min_select", high=limits.MAX_MODIFIER_COUNT)
    row.whole("max_select", high=limits.MAX_MODIFIER_COUNT)
    if 0 < row.told.get("max_select", 0) < row.told.get("min_select", 0):
        row.told["max_select"] = 0
        row.remark("max_select is below min_select; taken as no bound")
    key = next((key for key in _MODIFIERS if key in row.source), None)
    if key is not None:
        row.told["modifiers"] = tuple(_modifiers(row, key))
    row.passing("status", "type", "min_select", "max_select", *_MODIFIERS)
    return context.take(row, ModifierGroup)


def _modifiers(group: Row, key: str) -> Iterator[Modifier]:
    values = list_of(group.source[key])
    for row in unique(row for value in values if (row := row_of("modifiers", value, group.remarks))):
        row.name("Modifier")
        row.standing()
        if not row.number("price", Money):
            row.told["active"] = False
            row.remark("has no price that can be kept: taken as not active")
        row.passing("status", "price", "position", "group_id")
        yield Modifier(id=row.id, **row.told)
