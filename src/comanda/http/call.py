"""A request as the door has read it, and a reply as handlers make it; both lanes speak these."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any

from msgspec import Struct, field

from comanda.access.model import AnyCaller, Caller
from comanda.access.routes import Route
from comanda.base.clock import Micros
from comanda.base.errors import ComandaError

JSON = "application/json"


class Call(Struct):
    """One request. ``started`` is when it arrived; ``known`` is set once the door knows the caller.

    ``proxied_over_tls``: a trusted proxy says that the caller came over TLS; what anybody else says does not count.
    """

    method: str
    path: str
    query: bytes
    headers: Mapping[str, str]
    address: str
    request_id: str
    started: Micros
    route: Route | None = None
    body: bytes = b""
    known: AnyCaller | None = None
    proxied_over_tls: bool = False

    @property
    def caller(self) -> Caller:
        """The integrator that calls; only routes for integrators ask."""
        if not isinstance(self.known, Caller):
            raise ComandaError("unauthorized", "Missing authentication headers", error="Headers are missing")
        return self.known

    @property
    def acting(self) -> AnyCaller:
        """Who calls, of whichever kind; the hub's routes ask."""
        if self.known is None:
            raise ComandaError("unauthorized", "The caller is not known")
        return self.known


class Reply(Struct, frozen=True):
    """What to answer."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = JSON


class StreamReply(Struct, frozen=True):
    """An answer that goes on for as long as it is listened to.

    ``close`` is called once it has ended, also when ``chunks`` were never asked for. ``ending`` is set when the server
    winds down: the chunks are to end by themselves then, and are cut off when they do not.
    """

    chunks: AsyncGenerator[bytes, None]
    close: Callable[[], None]
    ending: asyncio.Event
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = "text/event-stream"


CALL_KEY = "comanda.call"


def call_of(scope: Mapping[str, Any]) -> Call:
    """The call the door put into an ASGI scope."""
    call: Call = scope[CALL_KEY]
    return call
