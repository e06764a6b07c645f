"""The demo's guests: believable orders of what is on the menu now, as the apps they order with would send them.

Names and numbers are plainly invented. Nothing here sends anything.
"""

import random
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

import msgspec
import yaml
from msgspec import Struct

from comanda.catalogue.model import Product
from comanda.catalogue.snapshot import Snapshot, price_at
from comanda.demo import CHANNELS, VENUE_ID, DemoChannel


class Order(Struct, frozen=True):
    """An order that is about to be sent, and by which channel."""

    channel: DemoChannel
    body: dict[str, Any]


class _Person(Struct, frozen=True):
    name: str
    number: str


class _Item(Struct, frozen=True):
    name: str
    price: Decimal


class _Words(Struct, frozen=True):
    """What guests are called and what they write."""

    people: list[_Person]
    streets: list[str]
    doors: list[str]
    notes: list[str]
    comments: list[str]
    for_later: list[str]
    long_comment: str
    unknown: list[_Item]


def compose_order(snapshot: Snapshot, chance: random.Random) -> Order | None:
    """An order of the demo's venue; None where there is nothing to order, or no way to serve it."""
    menu = [product for product in snapshot.products.values() if _is_sold(product, snapshot)]
    channel = chance.choices(CHANNELS, (5, 3, 2))[0]
    sale_type = _sale_type(channel, snapshot, chance)
    if not menu or sale_type is None:
        return None
    sale_type_id, system_type = sale_type
    at_kiosk = channel is CHANNELS[-1]
    body: dict[str, Any] = {
        "venue_id": VENUE_ID,
        "sale_type_id": sale_type_id,
        "customer": _customer(chance, delivered=system_type == "DELIVERY"),
        "products": _lines(menu, snapshot, chance),
        "auto_order_accept": at_kiosk and chance.random() < 0.7,
        "auto_order_sent_to_station": True,
        "order_number": f"{_PREFIXES[CHANNELS.index(channel)]}-{chance.randint(1000, 9999)}",
        "integration_id": f"{chance.getrandbits(48):012x}",
        "comment": _comment(chance),
    }
    if system_type == "DELIVERY":
        body["delivery_fee"] = chance.choice([1.9, 2.5, 3.9])
    if chance.random() < 0.18:
        body["discount"] = chance.choice(_DISCOUNTS)
    if system_type == "IN":
        body["service_charge"] = {"enabled": True, "value": 10}
    return Order(channel, body)


def _is_sold(product: Product, snapshot: Snapshot) -> bool:
    return (
        product.active
        and not product.hidden
        and product.type in ("DISH", "GOODS", "MODIFICATION")
        and product.id not in snapshot.parents
        and price_at(product, VENUE_ID) is not None
    )


def _sale_type(channel: DemoChannel, snapshot: Snapshot, chance: random.Random) -> tuple[int, str] | None:
    wanted = {0: ("DELIVERY",), 1: ("DELIVERY", "TAKEAWAY"), 2: ("IN", "TAKEAWAY")}[CHANNELS.index(channel)]
    found = [
        (sale_type.id, sale_type.system_type)
        for sale_type in snapshot.sale_types.values()
        if sale_type.active and sale_type.system_type in wanted and VENUE_ID not in sale_type.disabled_venues
    ]
    return chance.choice(found) if found else None


def _customer(chance: random.Random, *, delivered: bool) -> dict[str, Any]:
    words = _words()
    person = chance.choice(words.people)
    house, door = chance.randint(1, 140), chance.randint(1, 90)
    address = f"{chance.choice(words.streets)} {house}, {chance.choice(words.doors)} {door}"
    phone = chance.choice(_SPELLINGS)(person.number)
    return {"id": 0, "name": person.name, "phone": phone, "address": address if delivered else None}


def _lines(menu: Sequence[Product], snapshot: Snapshot, chance: random.Random) -> list[dict[str, Any]]:
    """One to five different things, and now and then one that nobody knows."""
    wanted = chance.choices((1, 2, 3, 4, 5), (25, 35, 22, 12, 6))[0]
    lines = [_line(product, snapshot, chance) for product in chance.sample(menu, min(wanted, len(menu)))]
    if chance.random() < 0.05:
        unknown = chance.choice(_words().unknown)
        lines.append(_line_of(_UNKNOWN_ID + chance.randint(0, 9), unknown.name, unknown.price, 1, []))
    return lines


def _line(product: Product, snapshot: Snapshot, chance: random.Random) -> dict[str, Any]:
    price = price_at(product, VENUE_ID)
    assert price is not None
    count: Any = chance.choices((1, 2, 3, 4), (66, 24, 7, 3))[0]
    if product.sold_by_weight:
        count = Decimal(chance.randint(4, 30) * 50).scaleb(-3)
    line = _line_of(product.id, product.name, price, count, _modifiers(product, snapshot, chance))
    if chance.random() < 0.14:
        line["note"] = chance.choice(_words().notes)
    return line


def _line_of(product_id: int, name: str, price: Any, count: Any, modifiers: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "product_id": product_id,
        "product_name": name,
        "price": price,
        "count": count,
        "status": "new",
        "product_hash": f"{product_id:x}",
        "modifiers": modifiers,
    }


def _modifiers(product: Product, snapshot: Snapshot, chance: random.Random) -> list[dict[str, Any]]:
    """Choices within what each group allows."""
    chosen: list[dict[str, Any]] = []
    for group_id in snapshot.groups_of(product):
        group, known = snapshot.modifier_groups[group_id], list(snapshot.modifiers[group_id].values())
        most = min(len(known), group.max_select or 2)
        least = min(group.min_select, most)
        number = least if chance.random() < 0.55 else chance.randint(least, most)
        chosen += [
            {"modifier_id": one.id, "modifier_name": one.name, "count": 1, "price": one.price}
            for one in chance.sample(known, number)
        ]
    return chosen


def _comment(chance: random.Random) -> str | None:
    words, kind = _words(), chance.random()
    if kind < 0.07:
        return chance.choice(words.for_later).format(
            time=f"{chance.randint(18, 22)}:{chance.choice(('00', '15', '30'))}"
        )
    if kind < 0.10:
        return words.long_comment
    return chance.choice(words.comments) if kind < 0.35 else None


@lru_cache
def _words() -> _Words:
    text = files("comanda.demo").joinpath("guests.yaml").read_text(encoding="utf-8")
    return msgspec.convert(yaml.safe_load(text), _Words)


_PREFIXES: Final = ("YE", "WEB", "K")
_UNKNOWN_ID: Final = 990_001
"""What another menu has and ours has not: it waits for somebody to map it."""
_DISCOUNTS: Final = (
    {"discount_type": 1, "discount_value": 10},
    {"discount_type": 1, "discount_value": 15},
    {"discount_type": 2, "discount_value": 2},
)
_SPELLINGS: Final[tuple[Callable[[str], str], ...]] = (
    lambda number: f"+99450555{number}",
    lambda number: f"+994 50 555 {number[:2]} {number[2:]}",
    lambda number: f"050 555 {number[:2]} {number[2:]}",
)
"""As people write the same number."""
