"""The application behind the door: Litestar routes every resource; the door's lanes may answer some sooner."""

from typing import Any

import structlog
from litestar import Litestar, Request, Response, route
from litestar.exceptions import HTTPException

from comanda.access.routes import ROUTES, Route
from comanda.base.errors import ComandaError
from comanda.http.call import Reply, StreamReply, call_of
from comanda.http.door import Door, Lane
from comanda.http.errors import INTERNAL, error_reply
from comanda.http.handlers import HANDLERS, INTAKE, STREAM
from comanda.http.hub import Hub
from comanda.http.staff_app import shipped_files

log = structlog.get_logger("comanda.http")


def build_app(hub: Hub, *, fast_lane: bool = True) -> Door:
    """The whole ASGI application; without the fast lane Litestar answers the intake too, to the same bytes."""
    shipped_files()  # read before the first request, not by it
    app = Litestar(
        [_endpoint(found, HANDLERS[found.name], hub) for found in ROUTES if found.name != " ".join(STREAM)],
        openapi_config=None,
        logging_config=None,
        exception_handlers={ComandaError: _on_error, HTTPException: _on_http_error, Exception: _on_unexpected},
    )
    always = (INTAKE, STREAM) if fast_lane else (STREAM,)
    lanes: dict[tuple[str, str], Lane] = {place: HANDLERS[" ".join(place)] for place in always}
    return Door(hub, app, lanes)  # type: ignore[arg-type]


def _endpoint(found: Route, handler: Lane, hub: Hub) -> Any:
    """A handler of ours at its route; Litestar wants to know the type of each part of a path."""

    async def answer(request: Request[Any, Any, Any]) -> Response[bytes]:
        return _response(await handler(call_of(request.scope), hub))

    path = found.path.replace("}", ":str}")
    return route(path, http_method=[found.method], name=found.name, status_code=200)(answer)  # type: ignore[list-item]


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


def _response(reply: Reply | StreamReply) -> Response[bytes]:
    assert isinstance(reply, Reply), "what goes on is answered by a lane"
    return Response(
        content=reply.body,
        status_code=reply.status,
        headers=dict(reply.headers),
        media_type=reply.media_type.removesuffix("; charset=utf-8"),  # Litestar says that of every text itself
    )
