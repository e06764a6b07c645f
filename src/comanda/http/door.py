"""The door: what every request passes, whichever lane answers it.

Request id, sizes, rates, identity, the route table, the body, then a lane; afterwards headers, metrics, the log.
Both lanes stand behind it, so these duties cannot drift apart.
"""

import asyncio
import random
import re
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from ipaddress import ip_address
from time import monotonic
from typing import Any

import structlog
from msgspec.structs import replace

from comanda.access.credentials import identify_any, require_place
from comanda.access.identify import identify, require_scope
from comanda.access.model import Caller
from comanda.access.rates import Rate
from comanda.access.routes import JSON_BODIES, Bodies, find_route, methods_of
from comanda.base import limits
from comanda.base.clock import now_micros
from comanda.base.errors import ComandaError, unavailable
from comanda.http.call import CALL_KEY, JSON, Call, Reply, StreamReply
from comanda.http.errors import INTERNAL, error_reply
from comanda.http.hub import Hub
from comanda.http.streaming import send_chunks

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Lane = Callable[[Call, Hub], Awaitable[Reply | StreamReply]]

log = structlog.get_logger("comanda.http")
_TOO_SLOW = "body too slow"
_REQUEST_ID = re.compile(rf"[A-Za-z0-9._:-]{{1,{limits.MAX_REQUEST_ID}}}")


class Door:
    """The ASGI application. ``lanes`` answer their routes at once; everything else goes to ``app``."""

    def __init__(self, hub: Hub, app: App, lanes: dict[tuple[str, str], Lane]) -> None:
        self._hub = hub
        self._app = app
        self._lanes = lanes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        call = _call(scope, self._hub)
        exchange = _Exchange(call, send)
        self._hub.answering += 1
        try:
            await self._answer(scope, receive, call, exchange)
        except ComandaError as error:
            if not exchange.begun:
                await exchange.reply(_error_reply(error, call))
        except Exception:
            log.exception("request.failed", request_id=call.request_id, route=_route_name(call))
            if not exchange.begun:
                await exchange.reply(error_reply(INTERNAL))
        finally:
            self._hub.answering -= 1
        self._after(call, exchange)

    async def _answer(self, scope: Scope, receive: Receive, call: Call, exchange: "_Exchange") -> None:
        _check_sizes(scope)
        call.route = find_route(call.method, call.path)
        if call.route is None:
            raise _no_such_route(call)
        await self._admit(call, exchange)
        if call.method in ("POST", "PUT", "PATCH"):
            _check_media(call)
            call.body = await _read_body(receive, call)
        method = "GET" if call.method == "HEAD" else call.method
        lane = self._lanes.get((method, call.path))
        if lane is not None:
            answer = await lane(call, self._hub)
            await (exchange.stream(answer, receive) if isinstance(answer, StreamReply) else exchange.reply(answer))
            return
        inner = {**scope, "method": method, CALL_KEY: call}
        await self._app(inner, _replay(call.body), exchange.send)

    async def _admit(self, call: Call, exchange: "_Exchange") -> None:
        """Hold the request against the rates and the route's audience (contract 6, 14.10)."""
        hub, route = self._hub, call.route
        assert route is not None
        if route.audience == "public":
            return
        if hub.draining:
            raise unavailable("shutting_down", "The server is shutting down", limits.RETRY_AFTER_S)
        now_s = int(monotonic())
        if route.audience in ("credentials", "claim"):
            signs_in = route.audience == "credentials"
            window = hub.sign_ins if signs_in else hub.claims
            rate = window.peek(call.address, hub.settings.rate_auth if signs_in else limits.RATE_CLAIMS, now_s)
            exchange.rate = rate
            _refuse_over(rate)
            window.count(call.address, now_s)
            exchange.rate = _one_less(rate)
            return
        failed = hub.failures.peek(call.address, hub.settings.rate_failed, now_s)
        exchange.failed = failed
        if route.audience == "integrator":
            _refuse_over(failed)
            directory = await hub.known.directory()
            caller = identify(directory, hub.tokens, call.headers.get("x-token"), call.started // 1_000_000)
        else:
            directory = await hub.known.directory()
            try:
                known = identify_any(directory, hub.tokens, call.method, call.headers, call.started)
            except ComandaError:
                _refuse_over(failed)
                raise
            if not isinstance(known, Caller):
                # Tills and people are not kept out by what strangers do behind the same address.
                call.known = known
                exchange.failed = None
                require_place(route, known)
                return
            _refuse_over(failed)
            require_place(route, known)
            caller = known
        call.known = caller
        rate = self._count_call(caller, now_s)
        exchange.rate = rate
        _refuse_over(rate, already_counted=True)
        if route.scope is not None:
            require_scope(caller.client, route.scope)

    def _count_call(self, caller: Caller, now_s: int) -> Rate:
        hub = self._hub
        quota = caller.client.quota_per_minute
        key = f"{caller.integrator.id}:{caller.brand.id}"
        if quota is None:
            quota = hub.settings.rate_calls
        else:
            key = f"{key}:{caller.client.id}"
        rate = hub.calls.peek(key, quota, now_s)
        if rate.remaining == 0:
            return Rate(rate.limit, -1, rate.reset_s)
        hub.calls.count(key, now_s)
        return _one_less(rate)

    def _after(self, call: Call, exchange: "_Exchange") -> None:
        route = call.route
        counted = call.known is None or isinstance(call.known, Caller)
        if exchange.status >= 400 and route is not None and route.audience in ("integrator", "hub") and counted:
            self._hub.failures.count(call.address, int(monotonic()))
        name = _route_name(call)
        self._hub.metrics.request(name, exchange.status)
        log.debug(
            "request",
            request_id=call.request_id,
            route=name,
            status=exchange.status,
            ms=(now_micros() - call.started) / 1_000,
        )


class _Exchange:
    """The answering half of one request: adds the headers that every answer carries."""

    def __init__(self, call: Call, send: Send) -> None:
        self._call = call
        self._send = send
        self.rate: Rate | None = None
        self.failed: Rate | None = None
        """How many failures the address has left before this one."""
        self.begun = False
        self.status = 0

    async def reply(self, reply: Reply) -> None:
        """Send a whole reply."""
        headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in reply.headers.items()]
        headers.append((b"content-type", reply.media_type.encode()))
        headers.append((b"content-length", b"%d" % len(reply.body)))
        self.begun = True
        self.status = reply.status
        headers += self._extra()
        await self._send({"type": "http.response.start", "status": reply.status, "headers": headers})
        body = b"" if self._call.method == "HEAD" else reply.body
        await self._send({"type": "http.response.body", "body": body})

    async def stream(self, reply: StreamReply, receive: Receive) -> None:
        """Send a reply that goes on; whichever way it ends, what it holds is let go."""
        try:
            headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in reply.headers.items()]
            headers.append((b"content-type", reply.media_type.encode()))
            headers += self._extra()
            self.begun = True
            self.status = 200
            await self._send({"type": "http.response.start", "status": 200, "headers": headers})
            if self._call.method == "HEAD":
                await self._send({"type": "http.response.body", "body": b""})
                return
            await send_chunks(reply, receive, self._send)
        finally:
            reply.close()

    async def send(self, message: dict[str, Any]) -> None:
        """Pass a message on, completed."""
        if message["type"] == "http.response.start":
            self.begun = True
            self.status = message["status"]
            message = {**message, "headers": [*message["headers"], *self._extra()]}
        elif self._call.method == "HEAD":
            message = {**message, "body": b""}
        await self._send(message)

    def _extra(self) -> list[tuple[bytes, bytes]]:
        extra = [(b"x-request-id", self._call.request_id.encode()), (b"x-content-type-options", b"nosniff")]
        rate = self._nearest_rate()
        if rate is None:
            return extra
        remaining = max(rate.remaining, 0)
        extra.append((b"ratelimit-limit", b"%d" % rate.limit))
        extra.append((b"ratelimit-remaining", b"%d" % remaining))
        extra.append((b"ratelimit-reset", b"%d" % rate.reset_s))
        return extra

    def _nearest_rate(self) -> Rate | None:
        """The quota that ends first; a failure counts itself."""
        rate, failed = self.rate, self.failed
        if failed is None:
            return rate
        if self.status >= 400:
            failed = _one_less(failed)
        if rate is not None and rate.remaining * failed.limit <= failed.remaining * rate.limit:
            return rate
        return failed


def _call(scope: Scope, hub: Hub) -> Call:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    if len(headers) != len(scope["headers"]):
        headers = _joined(scope["headers"])
    asked = headers.get("x-request-id", "")
    return Call(
        method=scope["method"],
        path=scope["path"],
        query=scope.get("query_string", b""),
        headers=headers,
        address=_client_address(scope, headers, hub),
        request_id=asked if _REQUEST_ID.fullmatch(asked) else f"{random.getrandbits(64):016x}",
        started=now_micros(),
        proxied_over_tls=headers.get("x-forwarded-proto", "").strip() == "https" and _is_proxied(scope, hub),
    )


def _joined(pairs: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers of which one came more than once: its values as one list, as RFC 9110 has it."""
    headers: dict[str, str] = {}
    for name, value in pairs:
        text, found = name.decode("latin-1"), value.decode("latin-1")
        headers[text] = f"{headers[text]}, {found}" if text in headers else found
    return headers


def _client_address(scope: Scope, headers: dict[str, str], hub: Hub) -> str:
    """The peer, or what trusted proxies say of it: the last forwarded address that is not one of them."""
    peer = _bare((scope.get("client") or ("",))[0])
    trusted = hub.settings.trusted_proxies
    if not trusted:
        return peer
    forwarded = [part.strip() for part in headers.get("x-forwarded-for", "").split(",") if part.strip()]
    while forwarded and _is_within(peer, trusted):
        peer = _bare(forwarded.pop()[: limits.MAX_ADDRESS])
    return peer


def _is_proxied(scope: Scope, hub: Hub) -> bool:
    """Whether the peer is a trusted proxy."""
    return _is_within(_bare((scope.get("client") or ("",))[0]), hub.settings.trusted_proxies)


@lru_cache(maxsize=limits.ADDRESS_CACHE)
def _bare(address: str) -> str:
    """An address without port, and IPv4 as IPv4 also where it came in over IPv6."""
    text = address.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text)
    except ValueError:
        return text
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)


def _is_within(address: str, networks: Any) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in networks)


def _check_sizes(scope: Scope) -> None:
    size = sum([len(name) + len(value) + 4 for name, value in scope["headers"]])
    if size > limits.MAX_HEADER_BYTES:
        raise ComandaError("headers_too_large", f"The headers are larger than {limits.MAX_HEADER_BYTES} bytes")
    target = len(scope.get("raw_path") or scope["path"].encode()) + len(scope.get("query_string", b""))
    if target > limits.MAX_TARGET_BYTES:
        raise ComandaError("headers_too_large", f"The address is longer than {limits.MAX_TARGET_BYTES} bytes")


def _error_reply(error: ComandaError, call: Call) -> Reply:
    reply = error_reply(error)
    if error.code != "method_not_allowed":
        return reply
    return replace(reply, headers={**reply.headers, "Allow": ", ".join(methods_of(call.path))})


def _no_such_route(call: Call) -> ComandaError:
    allowed = methods_of(call.path)
    if allowed:
        message = f"{call.path} takes {', '.join(allowed)}"
        return ComandaError("method_not_allowed", message)
    return ComandaError("resource_not_found", "There is nothing at this address")


def _check_media(call: Call) -> None:
    assert call.route is not None
    takes = call.route.takes
    stated, encoding = call.headers.get("content-type", JSON), call.headers.get("content-encoding", "identity")
    if stated == JSON and encoding == "identity" and takes is JSON_BODIES:
        return
    media, encoding = stated.split(";")[0].strip().lower(), encoding.strip().lower()
    fits = media in takes.media_types or (takes is JSON_BODIES and media.endswith("+json"))
    if not fits or encoding not in ("identity", ""):
        wanted = " or ".join(takes.media_types)
        raise ComandaError("unsupported_media_type", f"The body must be {wanted}, not compressed")


async def _read_body(receive: Receive, call: Call) -> bytes:
    """The whole body, within its route's bounds of size and time."""
    assert call.route is not None
    takes = call.route.takes
    stated = call.headers.get("content-length", "")
    sized = stated.isascii() and stated.isdigit() and "transfer-encoding" not in call.headers
    size = int(stated[:12]) if sized else takes.drained_bytes
    if size > takes.drained_bytes:
        raise _body_too_large(takes)
    loop = asyncio.get_running_loop()
    task = asyncio.current_task(loop)
    assert task is not None
    timer = loop.call_later(takes.within_s, task.cancel, _TOO_SLOW)
    try:
        message = await receive()
        body: bytes = message.get("body", b"")
        if message["type"] != "http.request" or (message.get("more_body", False) and len(body) < size):
            body = await _read_rest(message, receive, takes)
    except asyncio.CancelledError as cancelled:
        if _TOO_SLOW not in cancelled.args:
            raise
        task.uncancel()
        message_text = f"The body did not arrive within {takes.within_s:g} seconds"
        raise ComandaError("request_timeout", message_text) from None
    finally:
        timer.cancel()
    if len(body) > takes.largest_bytes:
        raise _body_too_large(takes)
    return body


async def _read_rest(message: dict[str, Any], receive: Receive, takes: Bodies) -> bytes:
    """A body that comes in parts."""
    parts: list[bytes] = []
    size = 0
    while True:
        if message["type"] == "http.disconnect":
            raise ComandaError("request_timeout", "The connection ended before the body did")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > takes.drained_bytes:
            raise _body_too_large(takes)
        if size > takes.largest_bytes:
            parts.clear()  # read on a little, so that the caller hears the refusal, but keep nothing
        if not message.get("more_body", False):
            break
        message = await receive()
    if size > takes.largest_bytes:
        raise _body_too_large(takes)
    return b"".join(parts)


def _body_too_large(takes: Bodies) -> ComandaError:
    return ComandaError("body_too_large", f"The body is larger than {takes.largest_bytes} bytes")


def _replay(body: bytes) -> Receive:
    """A receive channel for the inner application: the body once, then silence."""
    pending = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        return pending.pop() if pending else {"type": "http.disconnect"}

    return receive


def _refuse_over(rate: Rate, *, already_counted: bool = False) -> None:
    if rate.remaining < (0 if already_counted else 1):
        raise ComandaError("rate_limited", "Too many requests. Retry later.", retry_after_s=max(rate.reset_s, 1))


def _one_less(rate: Rate) -> Rate:
    return Rate(rate.limit, rate.remaining - 1, rate.reset_s or 60)


def _route_name(call: Call) -> str:
    return call.route.name if call.route else "none"
