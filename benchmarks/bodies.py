"""What is sent: the documented example, the minimal body, and real orders with the menu they need.

Real orders are read from ``../shared/data`` where that folder is present; a clone without it has no such figures.
"""

import random
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.servers import ROOT
from comanda import demo
from comanda.base.json import to_json
from comanda.catalogue.model import encode_resource
from comanda.catalogue.snapshot import Snapshot
from comanda.cli import replay
from comanda.cli.past_orders import PastOrder, read_mapping, read_past_orders
from comanda.cli.replay import missing_menu, order_body

REAL_FILE = ROOT.parent / "shared" / "data" / "chipotle-orders.tsv"
_COLUMNS = "order=order_id,item=item_name,quantity=quantity,price=item_price,choices=choice_description"
_FIRST_PRODUCT = 1_000
_GROUP = 900
_FIRST_MODIFIER = 10_000
_SEED = 1
_TAKEAWAY = 3


@dataclass(frozen=True, slots=True)
class Menu:
    """What real orders need besides the demo menu: a document to import, and ids by name."""

    document: dict[str, Any]
    products: dict[str, int]
    modifiers: dict[str, int]


def bodies(name: str, venues: int = 1) -> list[str]:
    """The bodies called ``name`` (``minimal``, ``documented``, ``real``), spread evenly over the first ``venues``."""
    if name == "real":
        orders = real_orders()
        menu = real_menu(orders)
        wanted = [_real_body(order, menu, index % venues + 1) for index, order in enumerate(orders)]
        random.Random(_SEED).shuffle(wanted)
        return [to_json(body).decode() for body in wanted]
    file = {"minimal": "create-order.minimal.request", "documented": "create-order.request"}[name]
    return [msgspec.json.encode(_at(demo.example(file), venue)).decode() for venue in range(1, venues + 1)]


def real_orders() -> list[PastOrder]:
    """The real orders; none where the file is absent."""
    return read_past_orders(REAL_FILE, read_mapping(_COLUMNS), "line") if Path(REAL_FILE).exists() else []


def real_menu(orders: list[PastOrder]) -> Menu | None:
    """The menu real orders are of; None without orders."""
    if not orders:
        return None
    found = missing_menu(Snapshot(), orders)
    products = {product.name: _FIRST_PRODUCT + index for index, product in enumerate(found.products)}
    choices = [modifier.name for group in found.modifier_groups for modifier in group.modifiers]
    modifiers = {name: _FIRST_MODIFIER + index for index, name in enumerate(choices)}
    group = {
        "id": _GROUP,
        "name": "Choices",
        "modifiers": [{"id": number, "name": name} for name, number in modifiers.items()],
    }
    items = [msgspec.json.decode(encode_resource(product)) for product in found.products]
    for item in items:
        item.update(id=products[item["name"]], price=Decimal(item["price"]), modifier_groups=[_GROUP])
    return Menu({"modifier_groups": [group], "products": items}, products, modifiers)


def _at(body: dict[str, Any], venue: int) -> dict[str, Any]:
    body["venue_id"] = venue
    if "auto_accept_terminal" in body:
        body["auto_accept_terminal"] = venue
    return body


def _real_body(order: PastOrder, menu: Menu | None, venue: int) -> dict[str, Any]:
    """The body that `comanda replay` would send, without an external id: the same orders are sent many times."""
    assert menu is not None
    body = order_body(order, replay.Menu(venue, _TAKEAWAY, menu.products, menu.modifiers), "")
    del body["integration_id"]
    return body
