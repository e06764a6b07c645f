"""Who may call what (contract 14.10): every route stands here, and what does not is refused by the door."""

import re
from dataclasses import dataclass
from typing import Final, Literal

from comanda.base import limits

Audience = Literal["public", "credentials", "claim", "integrator", "hub"]
"""``integrator``: v2, by ``x-token``. ``hub``: our own resources, for the kinds of caller that the route names.
``credentials`` and ``claim`` bring a secret in the body; each has a rate of its own by address."""
CallerKind = Literal["integrator", "device", "staff"]


@dataclass(frozen=True, slots=True)
class Bodies:
    """What a route takes as its body: which media types, how large; how much of a larger one is read in vain."""

    media_types: tuple[str, ...]
    largest_bytes: int
    drained_bytes: int
    within_s: float


JSON_BODIES: Final = Bodies(
    ("application/json",), limits.MAX_BODY_BYTES, limits.MAX_DRAINED_BYTES, limits.BODY_READ_TIMEOUT_S
)
PICTURE_BODIES: Final = Bodies(
    ("image/jpeg", "image/png", "image/webp"),
    limits.MAX_PICTURE_BYTES,
    limits.MAX_DRAINED_PICTURE_BYTES,
    limits.PICTURE_READ_TIMEOUT_S,
)


@dataclass(frozen=True, slots=True)
class Route:
    """One method on one path: its audience, the scope an integrator's client needs, the roles staff need.

    ``callers`` counts for the hub; no roles means every role. ``needs_key``: not without an ``Idempotency-Key``.
    ``needs_password``: of people, only for those whose session was begun or has just been confirmed with the password.
    """

    method: str
    path: str
    audience: Audience
    scope: str | None = None
    takes_key: bool = False
    callers: tuple[CallerKind, ...] = ("integrator",)
    roles: tuple[str, ...] = ()
    takes: Bodies = JSON_BODIES
    devices: tuple[str, ...] = ("terminal", "kitchen")
    needs_key: bool = False
    needs_password: bool = False

    @property
    def name(self) -> str:
        """How metrics and logs call it."""
        return f"{self.method} {self.path}"

    def matches(self, method: str, path: str) -> bool:
        """Whether a request is for this route."""
        return method == self.method and _pattern(self.path).fullmatch(path) is not None


EVERYBODY: Final[tuple[CallerKind, ...]] = ("integrator", "device", "staff")
HOUSE: Final[tuple[CallerKind, ...]] = ("device", "staff")
_COUNTER: Final = ("cashier", "call_centre", "manager")
_TILLS: Final = ("terminal",)
_KITCHEN: Final = ("cook", "cashier", "manager")
_ANYBODY: Final = ("cashier", "cook", "call_centre", "manager")


def _order_action(name: str, roles: tuple[str, ...] = _COUNTER) -> Route:
    path = f"/hub/v1/orders/{{id}}/{name}"
    return Route("POST", path, "hub", takes_key=True, callers=HOUSE, roles=roles, devices=_TILLS)


def _ticket_action(name: str) -> Route:
    path = f"/hub/v1/tickets/{{id}}/{name}"
    return Route("POST", path, "hub", takes_key=True, callers=HOUSE, roles=_KITCHEN)


def _read(path: str, scope: str) -> Route:
    return Route("GET", path, "hub", scope, callers=EVERYBODY)


def _catalogue(path: str) -> Route:
    return Route("GET", f"/open-api/v2/{path}", "integrator", "catalogue:read")


def _managed(method: str, path: str, *, takes_key: bool = False) -> Route:
    return _confirmed(method, f"/hub/v1/admin/{path}", takes_key=takes_key)


def _confirmed(
    method: str,
    path: str,
    *,
    roles: tuple[str, ...] = ("manager",),
    takes_key: bool = False,
    takes: Bodies = JSON_BODIES,
) -> Route:
    """A route for people that a PIN is not enough for."""
    return Route(
        method, path, "hub", takes_key=takes_key, callers=("staff",), roles=roles, takes=takes, needs_password=True
    )


def _edited(kind: str) -> tuple[Route, ...]:
    """How a kind of catalogue resource is listed, created, read, changed and retired."""
    one = f"{kind}/{{id}}"
    return (
        _managed("GET", kind),
        _managed("POST", kind, takes_key=kind != "users"),
        _managed("GET", one),
        _managed("PATCH", one),
        _managed("DELETE", one),
    )


ADMINISTERED: Final = (
    "venues",
    "sale-types",
    "terminals",
    "stations",
    "printers",
    "tables",
    "payment-methods",
    "customer-groups",
    "units",
    "tags",
    "categories",
    "modifier-groups",
    "products",
    "price-lists",
    "customers",
    "users",
)
"""The kinds of catalogue resource that managers edit; `comanda.catalogue.editing` has their types."""
_ADMINISTRATION: Final = (
    *(route for kind in ADMINISTERED for route in _edited(kind)),
    _managed("POST", "users/{id}/password"),
    _managed("PUT", "users/{id}/pin"),
    _managed("GET", "devices"),
    _managed("DELETE", "devices/{id}"),
    _managed("GET", "sessions"),
    _managed("DELETE", "sessions/{id}"),
    _managed("GET", "audit"),
    _managed("POST", "printers/{id}/test-page"),
    _confirmed("POST", "/hub/v1/admin/pictures", takes=PICTURE_BODIES),
)
_ACCESS: Final = (
    Route("GET", "/hub/v1/hello", "public"),
    Route("POST", "/hub/v1/session", "credentials"),
    Route("POST", "/hub/v1/session/pin", "credentials"),
    Route("POST", "/hub/v1/session/confirm", "hub", callers=("staff",)),
    _confirmed("PUT", "/hub/v1/session/pin", roles=()),
    Route("GET", "/hub/v1/session", "hub", callers=EVERYBODY),
    Route("DELETE", "/hub/v1/session", "public"),
    Route("POST", "/hub/v1/pairings", "credentials"),
    Route("POST", "/hub/v1/pairings/claim", "claim"),
    _confirmed("GET", "/hub/v1/pairings/{code}"),
    _confirmed("POST", "/hub/v1/pairings/{code}/approve"),
    Route("GET", "/hub/v1/people", "hub", callers=("device",)),
    Route("POST", "/hub/v1/heartbeat", "hub", callers=HOUSE),
)
_ORDERS: Final = "/hub/v1/orders"
_AT_THE_COUNTER: Final = (
    Route("POST", _ORDERS, "hub", takes_key=True, callers=HOUSE, roles=_COUNTER, devices=_TILLS, needs_key=True),
    Route("GET", _ORDERS, "hub", callers=HOUSE),
    Route(
        "POST",
        f"{_ORDERS}/{{id}}/lines/{{line}}/product",
        "hub",
        takes_key=True,
        callers=HOUSE,
        roles=_COUNTER,
        devices=_TILLS,
    ),
    Route("GET", "/hub/v1/customers", "hub", callers=HOUSE, roles=_COUNTER, devices=_TILLS),
    Route("GET", "/hub/v1/customers/{id}/orders", "hub", callers=HOUSE, roles=_COUNTER, devices=_TILLS),
    Route("GET", "/hub/v1/menu", "hub", callers=HOUSE),
)
"""What those read and do who take orders in the house."""
APP_PAGES: Final = (
    "/",
    "/board",
    "/kitchen",
    "/kitchen/{station}",
    "/new",
    "/insights",
    "/setup",
    "/sign-in",
    "/pair",
)
"""The staff app's pages: one document, whose script reads from the address what to show."""
APP_FILES: Final = ("/assets/{file}", "/icons/{file}", "/sw.js", "/manifest.webmanifest")
_PAGES: Final = tuple(Route("GET", path, "public") for path in (*APP_PAGES, *APP_FILES))
ROUTES: Final[tuple[Route, ...]] = (
    Route("POST", "/open-api/v2/auth", "credentials"),
    Route("POST", "/open-api/v2/orders", "integrator", "orders:write", takes_key=True),
    Route("GET", "/open-api/v2/orders", "integrator", "orders:read"),
    Route("GET", "/open-api/v2/orders/{id}", "integrator", "orders:read"),
    Route("PUT", "/open-api/v2/orders/{id}", "integrator", "orders:write", takes_key=True),
    Route("GET", "/open-api/v2/receipts", "integrator", "receipts:read"),
    Route("GET", "/open-api/v2/receipts/{id}", "integrator", "receipts:read"),
    Route("GET", "/open-api/v2/receipts/cid/{cid}", "integrator", "receipts:read"),
    Route("PATCH", "/open-api/v2/receipts/{id}", "integrator", "receipts:write", takes_key=True),
    Route("POST", "/open-api/v2/receipts/{id}/close", "integrator", "receipts:write", takes_key=True),
    Route("GET", "/open-api/v2/receipts/{id}/stock-operations", "integrator", "receipts:read"),
    Route("GET", "/open-api/v2/customers", "integrator", "customers:read"),
    Route("POST", "/open-api/v2/customers", "integrator", "customers:write", takes_key=True),
    Route("GET", "/open-api/v2/customers/{id}", "integrator", "customers:read"),
    Route("GET", "/open-api/v2/customer-groups", "integrator", "customers:read"),
    Route("GET", "/open-api/v2/users", "integrator", "users:read"),
    Route("GET", "/open-api/v2/users/{id}", "integrator", "users:read"),
    Route("POST", "/open-api/v2/waiter-call", "integrator", "waiter-calls:write", takes_key=True),
    _catalogue("products"),
    _catalogue("products/stop-list"),
    _catalogue("products/{id}"),
    _catalogue("categories"),
    _catalogue("categories/{id}"),
    _catalogue("stations"),
    _catalogue("stations/{id}"),
    _catalogue("sale-types"),
    _catalogue("payment-methods"),
    _catalogue("price-lists"),
    _catalogue("price-lists/prices"),
    _catalogue("venues"),
    Route("POST", "/hub/v1/quotes", "hub", "orders:write", callers=EVERYBODY, roles=_COUNTER),
    *_AT_THE_COUNTER,
    _read("/hub/v1/orders/{id}", "orders:read"),
    _read("/hub/v1/orders/{id}/timeline", "orders:read"),
    _order_action("accept"),
    _order_action("refuse"),
    _order_action("send-to-station"),
    _order_action("seen"),
    _order_action("hand-over"),
    Route(
        "POST",
        "/hub/v1/receipts/{id}/close",
        "hub",
        takes_key=True,
        callers=HOUSE,
        roles=("cashier", "manager"),
        devices=_TILLS,
    ),
    _read("/hub/v1/tickets/{id}", "orders:read"),
    _read("/hub/v1/tickets/{id}/paper.png", "orders:read"),
    _ticket_action("start"),
    _ticket_action("ready"),
    _ticket_action("recall"),
    _ticket_action("dismiss"),
    _ticket_action("reprint"),
    _ticket_action("lines/{line}/ready"),
    _read("/hub/v1/venues/{id}/board", "orders:read"),
    _read("/hub/v1/venues/{id}/performance", "orders:read"),
    _read("/hub/v1/stations/{id}/tickets", "orders:read"),
    _read("/hub/v1/print-jobs", "orders:read"),
    Route("POST", "/hub/v1/print-jobs/{id}/reprint", "hub", takes_key=True, callers=HOUSE, roles=_KITCHEN),
    Route("POST", "/hub/v1/print-jobs/{id}/dismiss", "hub", takes_key=True, callers=HOUSE, roles=_KITCHEN),
    _read("/hub/v1/venues/{id}/stop-list", "catalogue:read"),
    Route("PUT", "/hub/v1/venues/{id}/stop-list/{product}", "hub", callers=HOUSE, roles=_ANYBODY),
    *_ADMINISTRATION,
    *_ACCESS,
    Route("GET", "/hub/v1/venues/{id}/terminals", "hub", "orders:read", callers=("integrator", "device", "staff")),
    Route("GET", "/hub/v1/events", "hub", "events:read", callers=("integrator", "device", "staff")),
    Route("GET", "/hub/v1/stream", "hub", "events:read", callers=("integrator", "device", "staff")),
    Route("GET", "/hub/v1/insights", "hub", callers=("staff",), roles=("manager",)),
    Route("GET", "/hub/v1/insights.csv", "hub", callers=("staff",), roles=("manager",)),
    Route("GET", "/hub/v1/demo", "public"),
    Route("PUT", "/hub/v1/demo", "hub", callers=("staff",), roles=("manager",)),
    Route("GET", "/media/{brand}/{id}/{variant}", "public"),
    Route("GET", "/health", "public"),
    Route("GET", "/ready", "public"),
    Route("GET", "/openapi.json", "public"),
    Route("GET", "/docs", "public"),
    Route("GET", "/docs/{asset}", "public"),
    Route("GET", "/hub/v1/tls/ca.crt", "public"),
    *_PAGES,
)


def find_route(method: str, path: str) -> Route | None:
    """The route of a request; HEAD is answered as GET. None when no route is listed for it."""
    wanted = "GET" if method == "HEAD" else method
    exact = _EXACT.get((wanted, path))
    if exact is not None:
        return exact
    return next((route for route in _WITH_PARAMETERS if route.matches(wanted, path)), None)


def methods_of(path: str) -> list[str]:
    """The methods a path is listed with, each once; empty for an unknown path."""
    return sorted({route.method for route in ROUTES if route.matches(route.method, path)})


def _pattern(path: str) -> re.Pattern[str]:
    found = _PATTERNS.get(path)
    if found is None:
        found = _PATTERNS[path] = re.compile(re.sub(r"\{\w+\}", r"[^/]+", path))
    return found


_PATTERNS: dict[str, re.Pattern[str]] = {}
_EXACT: Final = {(route.method, route.path): route for route in ROUTES if "{" not in route.path}
_WITH_PARAMETERS: Final = tuple(route for route in ROUTES if "{" in route.path)
