"""The catalogue as `raw_app` keeps it in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from benchmarks.typical.raw_wire import OrderIn
from benchmarks.typical.rules import Known, MenuGroup, MenuItem, VenueFacts, major

SELECT_ITEMS = """
SELECT p.brand_id, p.id, p.price_minor, p.has_variants, p.active,
    g.id AS group_id, g.name, g.min_select, g.max_select, m.id AS modifier_id, m.price_minor AS modifier_price_minor
FROM products p
LEFT JOIN product_modifier_groups pg ON pg.product_id = p.id
LEFT JOIN modifier_groups g ON g.id = pg.group_id AND g.active
LEFT JOIN modifiers m ON m.group_id = g.id AND m.active
ORDER BY p.id, g.id, m.id
"""
SELECT_VENUES = """
SELECT v.brand_id, v.id, v.accepting_orders, v.price_policy, v.default_terminal_id,
    ARRAY (SELECT t.id FROM terminals t WHERE t.venue_id = v.id AND t.active) AS terminal_ids,
    ARRAY (SELECT st.sale_type_id FROM venue_sale_types st WHERE st.venue_id = v.id) AS sale_type_ids
FROM venues v WHERE v.active
"""


@dataclass(frozen=True, slots=True)
class VenueMenu:
    """A venue, what it sells and how."""

    facts: VenueFacts
    sale_type_ids: frozenset[int]
    items: Mapping[int, MenuItem]


@dataclass(frozen=True, slots=True)
class Menus:
    """Everything of the catalogue that orders need, at one version of each brand's."""

    versions: Mapping[str, int] = field(default_factory=dict)
    venues: Mapping[tuple[str, int], VenueMenu] = field(default_factory=dict)
    sale_types: Mapping[tuple[str, int], bool] = field(default_factory=dict)

    def known(self, brand_id: str, order: OrderIn) -> Known:
        """What an order's references are; its customer and stop lists are asked for when it is stored."""
        venue = self.venues.get((brand_id, order.venue_id))
        if venue is None:
            return Known(None, None, customer_known=True, menu={})
        active = self.sale_types.get((brand_id, order.sale_type_id))
        return Known(
            venue=venue.facts,
            sale_type_enabled=None if active is None else active and order.sale_type_id in venue.sale_type_ids,
            customer_known=True,
            menu=venue.items,
        )


async def load_menus(connection: Any, versions: Mapping[str, int]) -> Menus:
    """Read the whole catalogue."""
    offers: dict[int, dict[int, Any]] = {}
    for row in await connection.fetch("SELECT venue_id, product_id, available, price_minor FROM venue_offers"):
        offers.setdefault(row["venue_id"], {})[row["product_id"]] = row
    items = _items(await connection.fetch(SELECT_ITEMS))
    venues = {}
    for row in await connection.fetch(SELECT_VENUES):
        own = items.get(row["brand_id"], {})
        changed = {
            product_id: _at_venue(own[product_id], offer)
            for product_id, offer in offers.get(row["id"], {}).items()
            if product_id in own
        }
        venues[row["brand_id"], row["id"]] = VenueMenu(
            facts=VenueFacts(
                accepting_orders=row["accepting_orders"],
                price_policy=row["price_policy"],
                default_terminal_id=row["default_terminal_id"],
                terminal_ids=frozenset(row["terminal_ids"]),
            ),
            sale_type_ids=frozenset(row["sale_type_ids"]),
            items={**own, **changed} if changed else own,
        )
    sale_types = await connection.fetch("SELECT brand_id, id, active FROM sale_types")
    return Menus(versions, venues, {(row["brand_id"], row["id"]): row["active"] for row in sale_types})


def _items(rows: list[Any]) -> dict[str, dict[int, MenuItem]]:
    """The products of each brand, from rows of one modifier each."""
    products: dict[tuple[str, int], Any] = {}
    groups: dict[tuple[str, int], dict[int, tuple[Any, dict[int, Decimal]]]] = {}
    for row in rows:
        key = row["brand_id"], row["id"]
        products[key] = row
        own = groups.setdefault(key, {})
        if row["group_id"] is not None:
            _, prices = own.setdefault(row["group_id"], (row, {}))
            if row["modifier_id"] is not None:
                prices[row["modifier_id"]] = major(row["modifier_price_minor"])
    items: dict[str, dict[int, MenuItem]] = {}
    for (brand_id, product_id), row in products.items():
        items.setdefault(brand_id, {})[product_id] = MenuItem(
            price=major(row["price_minor"]) if row["active"] else None,
            has_variants=row["has_variants"],
            groups=tuple(
                MenuGroup(group["name"], group["min_select"], group["max_select"], prices)
                for group, prices in groups[brand_id, product_id].values()
            ),
        )
    return items


def _at_venue(item: MenuItem, offer: Any) -> MenuItem:
    price = item.price
    if not offer["available"]:
        price = None
    elif price is not None and offer["price_minor"] is not None:
        price = major(offer["price_minor"])
    return MenuItem(price, item.has_variants, item.groups)
