"""The application behind the door: Litestar routes every resource; the door's lanes may answer some sooner."""

from typing import Any

import structlog
from litestar import Litestar, Request, Response, get, post, put
from litestar.exceptions import HTTPException

from comanda.base.errors import ComandaError
from comanda.http import pages
from comanda.http.call import Reply, call_of
from comanda.http.door import Door, Lane
from comanda.http.errors import INTERNAL, error_reply
from comanda.http.hub import Hub
from comanda.http.open_api import auth, orders

log = structlog.get_logger("comanda.http")
INTAKE = ("POST", "/open-api/v2/orders")


def build_app(hub: Hub, *, fast_lane: bool = True) -> Door:  # noqa: C901 - a list of routes
    """The whole ASGI application; without the fast lane Litestar answers the intake too, to the same bytes."""

    async def on_hub(request: Request[Any, Any, Any], handler: Lane) -> Response[bytes]:
        return _response(await handler(call_of(request.scope), hub))

    @post("/open-api/v2/auth")
    async def sign_in(request: Request[Any, Any, Any]) -> Response[bytes]:
        return await on_hub(request, auth.sign_in_client)

    @post("/open-api/v2/orders")
    async def create(request: Request[Any, Any, Any]) -> Response[bytes]:
        return await on_hub(request, orders.create_order)

    @get("/open-api/v2/orders")
    async def listing(request: Request[Any, Any, Any]) -> Response[bytes]:
        return await on_hub(request, orders.list_orders)

    @get("/open-api/v2/orders/{order_id:str}")
    async def read(request: Request[Any, Any, Any]) -> Response[bytes]:
        return await on_hub(request, orders.get_order)

    @put("/open-api/v2/orders/{order_id:str}")
    async def update(request: Request[Any, Any, Any]) -> Response[bytes]:
        return await on_hub(request, orders.update_order)

    @get("/health")
    async def health(request: Request[Any, Any, Any]) -> Response[bytes]:
        return await on_hub(request, pages.health)

    @get("/ready")
    async def ready(request: Request[Any, Any, Any]) -> Response[bytes]:
        return await on_hub(request, pages.ready)

    @get("/openapi.json")
    async def openapi(request: Request[Any, Any, Any]) -> Response[bytes]:
        return await on_hub(request, pages.openapi)

    @get(["/", "/docs", "/docs/{asset:str}"])
    async def docs(request: Request[Any, Any, Any]) -> Response[bytes]:
        return await on_hub(request, pages.docs)

    app = Litestar(
        [sign_in, create, listing, read, update, health, ready, openapi, docs],
        openapi_config=None,
        logging_config=None,
        exception_handlers={ComandaError: _on_error, HTTPException: _on_http_error, Exception: _on_unexpected},
    )
    lanes: dict[tuple[str, str], Lane] = {INTAKE: orders.create_order} if fast_lane else {}
    return Door(hub, app, lanes)  # type: ignore[arg-type]


def _on_error(_: Request[Any, Any, Any], error: ComandaError) -> Response[bytes]:
    return _response(error_reply(error))


def _on_http_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """The door has refused unknown routes already; what Litestar still raises is a slip of ours, but for these."""
    if error.status_code in (404, 405):
        code = "method_not_allowed" if error.status_code == 405 else "resource_not_found"
        return _response(error_reply(ComandaError(code, "There is nothing at this address")))
    return _on_unexpected(request, error)


def _on_unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    call = call_of(request.scope)
    log.error("request.failed", request_id=call.request_id, path=call.path, exc_info=error)
    return _response(error_reply(INTERNAL))


def _response(reply: Reply) -> Response[bytes]:
    return Response(
        content=reply.body,
        status_code=reply.status,
        headers=dict(reply.headers),
        media_type=reply.media_type,
    )
