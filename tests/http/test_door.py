"""The door: sizes, times, media, both lanes alike, health, the documentation page."""

import asyncio
import json
from dataclasses import replace

import httpx
import pytest
from tests.conftest import Server, demo_hub, serving

from comanda import demo
from comanda.access.routes import find_route
from comanda.base import limits
from comanda.http import door
from comanda.http.app import build_app

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("settings", ["sqlite"], indirect=True)]
DOCUMENTED = demo.example("create-order.request")
MINIMAL = demo.example("create-order.minimal.request")
CORPUS = {
    "documented": json.dumps(DOCUMENTED).encode(),
    "minimal": json.dumps(MINIMAL).encode(),
    "v1": demo.example_bytes("create-order.v1.request"),
    "two problems": json.dumps({**MINIMAL, "sale_type_id": 0, "delivery_fee": -1}).encode(),
    "unknown product": json.dumps({**MINIMAL, "products": [{**MINIMAL["products"][0], "product_id": 5}]}).encode(),
    "empty": b"",
    "no json": b"{",
    "array": b"[]",
    "number": b"1",
    "nan": b'{"venue_id": NaN}',
    "bad utf-8": b'{"venue_id": "\xff"}',
    "surrogate": b'{"comment": "\\ud800"}',
    "nul": b'{"comment": "\\u0000"}',
    "deep": b'{"x":' + b"[" * 17 + b"]" * 17 + b"}",
    "very deep": b"[" * 100_000,
    "huge exponent": b'{"delivery_fee": 1e999999999999999999999}',
    "huge integer": b'{"delivery_fee": ' + b"9" * 5000 + b"}",
    "mixed": b'{"payload": {}, "products": []}',
}
VARYING = {"id", "created_at", "updated_at", "time", "timestamp", "unix"}


def stable(value):
    """An answer without what differs from one order to the next."""
    if isinstance(value, dict):
        return {key: stable(item) for key, item in value.items() if key not in VARYING}
    return [stable(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", CORPUS)
async def test_both_lanes_answer_alike(server: Server, name):
    """The fast lane and Litestar's: same status, headers and body."""
    found = []
    for fast_lane in (True, False):
        app = build_app(server.hub, fast_lane=fast_lane)
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://door") as http:
            answer = await http.post(
                "/open-api/v2/orders",
                content=CORPUS[name],
                headers={"x-token": server.token, "x-request-id": "same", "content-type": "application/json"},
            )
        headers = {key: value for key, value in answer.headers.items() if not key.startswith("ratelimit-")}
        headers.pop("location", None)
        headers.pop("content-length")
        found.append((answer.status_code, headers, stable(answer.json())))
    assert found[0] == found[1]
    assert found[0][0] == (201 if name in ("documented", "minimal", "v1") else 400)


async def test_a_body_over_the_limit_is_refused_unread(server: Server):
    """413 for a stated length and for a stream without one."""
    big = b" " * (limits.MAX_BODY_BYTES + 1)

    async def stream():
        for _ in range(40):
            yield b" " * 8192

    for content in (big, stream()):
        answer = await server.http.post(
            "/open-api/v2/orders", content=content, headers={**server.headers, "content-type": "application/json"}
        )
        assert (answer.status_code, answer.json()["error"]) == (413, "body_too_large")
    reader, writer = await asyncio.open_connection("127.0.0.1", server.hub.settings.port)
    stated = f"Content-Length: {limits.MAX_DRAINED_BYTES + 1}"
    head = f"POST /open-api/v2/orders HTTP/1.1\r\nHost: x\r\nx-token: {server.token}\r\n{stated}\r\n\r\n"
    writer.write(head.encode())
    assert b" 413 " in (await asyncio.wait_for(reader.read(1000), 5)).split(b"\r\n")[0]
    writer.close()
    padded = json.dumps(MINIMAL).encode().ljust(limits.MAX_BODY_BYTES)
    assert (await server.create(padded)).status_code == 201


async def test_headers_and_addresses_have_bounds(server: Server):
    """431 for both."""
    answer = await server.get("/orders", **{"x-big": "x" * limits.MAX_HEADER_BYTES})
    assert (answer.status_code, answer.json()["error"]) == (431, "headers_too_large")
    answer = await server.get("/orders?x=" + "y" * limits.MAX_TARGET_BYTES)
    assert answer.status_code == 431


async def test_other_media_are_refused(server: Server):
    """415: the body is JSON, not compressed."""
    for headers in ({"content-type": "text/xml"}, {"content-type": "application/json", "content-encoding": "gzip"}):
        answer = await server.http.post("/open-api/v2/orders", content=b"{}", headers={**server.headers, **headers})
        assert (answer.status_code, answer.json()["error"]) == (415, "unsupported_media_type")


async def test_a_slow_body_is_cut_off(server: Server, monkeypatch):
    """A client that dribbles holds nothing for long."""
    intake = find_route("POST", "/open-api/v2/orders")
    hurried = replace(intake, takes=replace(intake.takes, within_s=0.3))
    monkeypatch.setattr(door, "find_route", lambda *_: hurried)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.hub.settings.port)
    head = f"POST /open-api/v2/orders HTTP/1.1\r\nHost: x\r\nx-token: {server.token}\r\nContent-Length: 100\r\n\r\n{{"
    writer.write(head.encode())
    answer = await asyncio.wait_for(reader.read(1000), 5)
    assert b" 408 " in answer.split(b"\r\n")[0]
    assert b"request_timeout" in answer
    writer.close()


async def test_request_ids_are_echoed_or_made(server: Server):
    """A sound one comes back; anything else is replaced."""
    assert (await server.get("/orders", **{"x-request-id": "abc-1"})).headers["x-request-id"] == "abc-1"
    made = (await server.get("/orders", **{"x-request-id": "a b"})).headers["x-request-id"]
    assert made != "a b"
    assert len(made) == 16


async def test_head_is_get_without_a_body(server: Server):
    """Monitors ask so."""
    answer = await server.http.head("/health")
    assert (answer.status_code, answer.content) == (200, b"")


async def test_readiness_follows_the_store_and_the_drain(server: Server):
    """Live is not ready."""
    assert (await server.http.get("/ready")).status_code == 200
    server.hub.draining = True
    assert (await server.http.get("/ready")).status_code == 503
    assert (await server.http.get("/health")).status_code == 200
    answer = await server.create(MINIMAL)
    assert (answer.status_code, answer.json()["error"], answer.headers["retry-after"]) == (503, "shutting_down", "1")


async def test_a_full_queue_refuses_at_once(server: Server, monkeypatch):
    """503 with Retry-After, and nothing is stored."""
    monkeypatch.setattr(limits, "INTAKE_QUEUE", 0)
    answer = await server.create(MINIMAL)
    assert (answer.status_code, answer.json()["error"], answer.headers["retry-after"]) == (503, "intake_full", "1")
    monkeypatch.undo()
    assert (await server.get("/orders")).json()["total"] == 0


async def test_the_meters_tell_of_intake(server: Server):
    """Latency, outcomes, batches, commits, queue."""
    from prometheus_client import generate_latest

    await server.create(DOCUMENTED)
    await server.create(MINIMAL)
    await server.create({})
    meters = generate_latest(server.hub.metrics.registry).decode()
    assert 'comanda_orders_total{outcome="received"} 1.0' in meters
    assert 'comanda_orders_total{outcome="pending"} 1.0' in meters
    assert 'comanda_orders_total{outcome="validation_failed"} 1.0' in meters
    assert "comanda_intake_seconds_count 3.0" in meters
    assert "comanda_batch_orders_sum 2.0" in meters
    assert "comanda_commit_seconds_count 2.0" in meters
    assert "comanda_intake_queue_orders 0.0" in meters


async def test_the_documentation_is_served_from_here(server: Server):
    """The page names no other host."""
    page = await server.http.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "http" not in page.text
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css", "page.js"):
        assert (await server.http.get(f"/docs/{asset}")).status_code == 200


async def test_slow_headers_are_cut_off(settings, monkeypatch):
    """A connection that never finishes its head is closed."""
    monkeypatch.setattr(limits, "HEADER_READ_TIMEOUT_S", 0.4)
    async with demo_hub(settings) as hub, serving(hub):
        reader, writer = await asyncio.open_connection("127.0.0.1", hub.settings.port)
        writer.write(b"GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        assert await asyncio.wait_for(reader.read(100), 5) == b""
        writer.close()


async def test_a_slip_of_ours_is_a_500_in_our_envelope(server: Server, monkeypatch):
    """In both lanes; internals stay inside."""

    async def slip(*_):
        raise RuntimeError("internal detail")

    monkeypatch.setattr(server.hub.store, "list_orders", slip)
    monkeypatch.setattr(server.hub.store, "place", slip)
    for answer in (await server.get("/orders"), await server.create(MINIMAL)):
        assert (answer.status_code, answer.json()["error"]) == (500, "internal_error")
        assert "detail" not in answer.text.replace("details", "")
