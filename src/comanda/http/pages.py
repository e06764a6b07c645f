"""Pages beside the API: liveness and readiness, the OpenAPI document, and the page that shows it."""

from functools import lru_cache
from importlib.resources import files

from comanda.access.routes import ROUTES
from comanda.base.errors import ComandaError
from comanda.base.json import to_json
from comanda.http.call import Call, Reply
from comanda.http.hub import Hub
from comanda.http.openapi import openapi_document
from comanda.store.access import take_order_ids

_ASSETS = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "page.js": "text/javascript",
}
_POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"


async def health(_call: Call, _hub: Hub) -> Reply:
    """The process answers."""
    return Reply(200, to_json({"status": "ok"}))


async def ready(_: Call, hub: Hub) -> Reply:
    """Whether this process can take orders now; after a failed commit it tries a write to find out."""
    checks = {"draining": hub.draining, "database": "ok", "queued": hub.store.queued()}
    try:
        if hub.store.health.failing:
            await hub.store.run(lambda: take_order_ids(0))
        await hub.known.directory()
    except ComandaError as error:
        checks["database"] = str(error)
    is_ready = checks["database"] == "ok" and not hub.draining
    return Reply(200 if is_ready else 503, to_json({"status": "ready" if is_ready else "not ready", **checks}))


async def openapi(_call: Call, _hub: Hub) -> Reply:
    """The OpenAPI document."""
    return Reply(200, _document(), {"Access-Control-Allow-Origin": "*"})


async def docs(call: Call, _hub: Hub) -> Reply:
    """The documentation page and its files, all served from here."""
    name = call.path.removeprefix("/docs").strip("/")
    if name in _ASSETS:
        return Reply(200, _asset(name), {"Cache-Control": "max-age=86400"}, _ASSETS[name])
    if call.path != "/docs":
        raise ComandaError("resource_not_found", "There is nothing at this address")
    return Reply(200, _asset("index.html"), {"Content-Security-Policy": _POLICY}, "text/html; charset=utf-8")


@lru_cache(maxsize=1)
def _document() -> bytes:
    return to_json(openapi_document(ROUTES))


@lru_cache(maxsize=8)
def _asset(name: str) -> bytes:
    return files("comanda.http").joinpath("docs_page", name).read_bytes()
