"""Which products each filter of contract 9.10 keeps."""

from typing import Any

from comanda.catalogue.model import Product
from comanda.catalogue.search import Keeps, is_set, is_value
from comanda.catalogue.snapshot import Snapshot

FIELDS = ("id", "type", "category_id", "station_id")
FLAGS = ("giftable", "discountable", "sold_by_portion")
HAVING = ("haveIngredients", "has_variants", "has_modifiers", "has_barcode", "has_service_charge")


def product_filters(snapshot: Snapshot) -> dict[str, Keeps]:
    """The filters by name, over the products of a snapshot."""
    return {
        **{name: is_value(name) for name in FIELDS},
        **{name: is_set(name) for name in FLAGS},
        **{name: _having(name, snapshot) for name in HAVING},
        "inventory_behavior": lambda product, values: str(product.inventory_behavior) in values,
        "tags": lambda product, values: not values.isdisjoint(product.tags),
    }


def _having(name: str, snapshot: Snapshot) -> Keeps:
    return lambda product, values: ("1" if _has(name, product, snapshot) else "0") in values


def _has(name: str, product: Product, snapshot: Snapshot) -> Any:
    if name == "haveIngredients":
        return product.recipe
    if name == "has_variants":
        return product.id in snapshot.with_variants
    if name == "has_modifiers":
        return snapshot.groups_of(product)
    if name == "has_barcode":
        return product.barcode
    # An order's service charge is on all of its lines, whatever the product (contract 14.3).
    return True
