"""The demo brand: a small menu on which the documented example works word for word, and its example bodies.

`comanda.demo.house` furnishes it as a restaurant with a menu, pictures and people, whose credentials stand here.
"""

from importlib.resources import files
from typing import Any, Final

import msgspec

BRAND = "demo"
CLIENT_ID = "demo-client"
CLIENT_SECRET = "demo-secret"
INTEGRATOR_ID = "test_demo"
TERMINAL_ID = 1
VENUE_ID = 1
TERMINAL_TOKEN = "demo-terminal-token"
KITCHEN_TOKEN = "demo-kitchen-token"
MANAGER = "demo-manager"
MANAGER_PASSWORD = "demo-password"


class DemoPerson(msgspec.Struct, frozen=True):
    """Somebody who works in the demo."""

    username: str
    password: str
    pin: str
    name: str
    role: str


class DemoChannel(msgspec.Struct, frozen=True):
    """Where the demo's guests order: a client of the brand."""

    client_id: str
    secret: str
    name: str


_PIN: Final = "24680"
PEOPLE: Final = (
    DemoPerson(MANAGER, MANAGER_PASSWORD, _PIN, "Demo manager", "manager"),
    DemoPerson("demo-cashier", MANAGER_PASSWORD, _PIN, "Aysel", "cashier"),
    DemoPerson("demo-cook", MANAGER_PASSWORD, _PIN, "Məmməd", "cook"),
    DemoPerson("demo-operator", MANAGER_PASSWORD, _PIN, "Светлана", "call_centre"),
)
"""Who signs in to the demo: printed on paper, so that no other server lets them in."""
CHANNELS: Final = (
    DemoChannel("demo-marketplace", "demo-marketplace-secret", "Yemək Express"),
    DemoChannel("demo-site", "demo-site-secret", "Own site"),
    DemoChannel("demo-kiosk", "demo-kiosk-secret", "Kiosk"),
)
"""Where the demo's guests order from by themselves; the documented example's client is none of them."""


def example(name: str) -> Any:
    """A documented body by name, such as ``create-order.request``."""
    return msgspec.json.decode(example_bytes(name))


def example_bytes(name: str) -> bytes:
    """A documented body as its file has it."""
    return files("comanda.demo").joinpath("examples", f"{name}.json").read_bytes()


def catalogue_text() -> str:
    """The demo brand's catalogue document."""
    return files("comanda.demo").joinpath("catalogue.yaml").read_text(encoding="utf-8")


def house_text() -> str:
    """What makes the demo brand a restaurant to look at, as a catalogue document beside the first."""
    return files("comanda.demo").joinpath("house.yaml").read_text(encoding="utf-8")
