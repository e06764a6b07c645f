"""A request as the door has read it, and a reply as handlers make it; both lanes speak these."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from comanda.access.model import Caller
from comanda.access.routes import Route
from comanda.base.clock import Micros
from comanda.base.errors import ComandaError

JSON = "application/json"


class Call(Struct):
    """One request. ``started`` is when it arrived; ``caller`` is set once the door knows it."""

    method: str
    path: str
    query: bytes
    headers: Mapping[str, str]
    address: str
    request_id: str
    started: Micros
    route: Route | None = None
    body: bytes = b""
    known: Caller | None = None

    @property
    def caller(self) -> Caller:
        """Who calls; only routes for integrators ask."""
        if self.known is None:
            raise ComandaError("unauthorized", "Missing authentication headers", error="Headers are missing")
        return self.known


class Reply(Struct, frozen=True):
    """What to answer."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = JSON


CALL_KEY = "comanda.call"


def call_of(scope: Mapping[str, Any]) -> Call:
    """The call the door put into an ASGI scope."""
    call: Call = scope[CALL_KEY]
    return call
