"""The demo brand: a small menu on which the documented example works word for word, and its example bodies."""

from importlib.resources import files
from typing import Any

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


def example(name: str) -> Any:
    """A documented body by name, such as ``create-order.request``."""
    return msgspec.json.decode(example_bytes(name))


def example_bytes(name: str) -> bytes:
    """A documented body as its file has it."""
    return files("comanda.demo").joinpath("examples", f"{name}.json").read_bytes()


def catalogue_text() -> str:
    """The demo brand's catalogue document."""
    return files("comanda.demo").joinpath("catalogue.yaml").read_text(encoding="utf-8")
