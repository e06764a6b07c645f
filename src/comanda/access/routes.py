"""Who may call what (contract 14.10): every route stands here, and what does not is refused by the door."""

import re
from dataclasses import dataclass
from typing import Final, Literal

Audience = Literal["public", "credentials", "integrator"]


@dataclass(frozen=True, slots=True)
class Route:
    """One method on one path: its audience, and the scope an integrator's client needs."""

    method: str
    path: str
    audience: Audience
    scope: str | None = None
    takes_key: bool = False

    @property
    def name(self) -> str:
        """How metrics and logs call it."""
        return f"{self.method} {self.path}"

    def matches(self, method: str, path: str) -> bool:
        """Whether a request is for this route."""
        return method == self.method and _pattern(self.path).fullmatch(path) is not None


ROUTES: Final[tuple[Route, ...]] = (
    Route("POST", "/open-api/v2/auth", "credentials"),
    Route("POST", "/open-api/v2/orders", "integrator", "orders:write", takes_key=True),
    Route("GET", "/open-api/v2/orders", "integrator", "orders:read"),
    Route("GET", "/open-api/v2/orders/{id}", "integrator", "orders:read"),
    Route("PUT", "/open-api/v2/orders/{id}", "integrator", "orders:write", takes_key=True),
    Route("GET", "/health", "public"),
    Route("GET", "/ready", "public"),
    Route("GET", "/openapi.json", "public"),
    Route("GET", "/docs", "public"),
    Route("GET", "/docs/{asset}", "public"),
    Route("GET", "/", "public"),
)


def find_route(method: str, path: str) -> Route | None:
    """The route of a request; HEAD is answered as GET. None when no route is listed for it."""
    wanted = "GET" if method == "HEAD" else method
    exact = _EXACT.get((wanted, path))
    if exact is not None:
        return exact
    return next((route for route in _WITH_PARAMETERS if route.matches(wanted, path)), None)


def methods_of(path: str) -> list[str]:
    """The methods a path is listed with; empty for an unknown path."""
    return [route.method for route in ROUTES if route.matches(route.method, path)]


def _pattern(path: str) -> re.Pattern[str]:
    found = _PATTERNS.get(path)
    if found is None:
        found = _PATTERNS[path] = re.compile(re.sub(r"\{\w+\}", r"[^/]+", path))
    return found


_PATTERNS: dict[str, re.Pattern[str]] = {}
_EXACT: Final = {(route.method, route.path): route for route in ROUTES if "{" not in route.path}
_WITH_PARAMETERS: Final = tuple(route for route in ROUTES if "{" in route.path)
