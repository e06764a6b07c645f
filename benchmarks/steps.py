"""Where an order's time goes: ``python -m benchmarks.steps`` times each step of the path on its own, in one process.

Best of several runs in a tight loop, so caches are warm: under real load, with other work in between, each step takes
longer. It shows shares, not what a server reaches.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import structlog

from benchmarks.report import FOLDER
from benchmarks.servers import make_brand
from comanda import demo
from comanda.access.model import Caller
from comanda.access.tokens import issue_token
from comanda.base.canonical import content_sha256
from comanda.base.clock import now_micros
from comanda.http.app import build_app
from comanda.http.call import Call, Reply
from comanda.http.door import Door
from comanda.http.hub import Hub
from comanda.logs import configure_logging
from comanda.main import open_hub
from comanda.orders.check import check_order
from comanda.orders.decode import decode
from comanda.orders.dossier import By
from comanda.orders.lifecycle import Actor
from comanda.orders.model import KeyedRequest, OrderId, PlannedOrder
from comanda.orders.plan import Origin, plan_order
from comanda.orders.price import price_order
from comanda.settings import Settings
from comanda.store.commit_orders import commit_orders
from comanda.store.sqlite import drive_transaction, open_sqlite

_RUNS, _LOOPS, _BATCH = 7, 2_000, 64
_PATH = "/open-api/v2/orders"


def main() -> None:
    """Print the table and keep it."""
    sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - log lines are timed, not read
    configure_logging("info")
    with tempfile.TemporaryDirectory() as folder:
        make_brand(Path(folder), None)
        settings = Settings(data_dir=Path(folder), demo=True, metrics_port=0, rate_calls=10**9)
        found = asyncio.run(_measure(settings))
    lines = ["| step | µs an order |", "|---|--:|", *(f"| {name} | {value:.1f} |" for name, value in found.items()), ""]
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "steps.md").write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines))


async def _measure(settings: Settings) -> dict[str, float]:
    async with open_hub(settings) as hub:
        directory = await hub.known.directory()
        brand, client = directory.brands[demo.BRAND], directory.clients[demo.BRAND, demo.CLIENT_ID]
        snapshot = hub.known.snapshot(brand.id)
        raw = msgspec.json.encode(demo.example("create-order.minimal.request"))
        decoded = decode(raw)
        checked = check_order(decoded, snapshot, brand, None)
        priced = price_order(checked, brand)

        def plan(number: int) -> PlannedOrder:
            keyed = KeyedRequest("client:steps", f"steps-{number}", "0" * 64)
            by = By(Actor.INTEGRATOR, keyed.actor)
            origin = Origin(brand, client, by, now_micros(), keyed, ())
            return plan_order(priced, origin, snapshot, OrderId(10**9 + number), now_micros())

        log = structlog.get_logger("comanda.orders")
        caller = Caller(brand, client, directory.integrators[demo.INTEGRATOR_ID], 1)
        now_s = now_micros() // 1_000_000
        token, _ = issue_token(directory, brand, client, caller.integrator, 1, now_s)
        return {
            "the door: identity, limits, headers, meters (a lane that answers a constant)": await _door(
                hub, raw, token
            ),
            "1 decode": _time(lambda: decode(raw)),
            "2 check": _time(lambda: check_order(decoded, snapshot, brand, None)),
            "3 price": _time(lambda: price_order(checked, brand)),
            "4 plan: payload, events, answer": _time(lambda: plan(1)),
            "the digest of a keyed body": _time(lambda: content_sha256(raw)),
            "5 statements of a keyed order in a batch of 64, SQLite": _statements(settings, plan),
            "one log line": _time(
                lambda: log.info("order.answered", order_id=1, outcome="pending", status=201, ms=1.0)
            ),
            "meters of one order": _time(lambda: hub.metrics.intake("pending", 0.01)),
        }


def _time(work: Callable[[], Any]) -> float:
    best = float("inf")
    for _ in range(_RUNS):
        began = time.perf_counter()
        for _ in range(_LOOPS):
            work()
        best = min(best, time.perf_counter() - began)
    return best / _LOOPS * 1e6


async def _door(hub: Hub, raw: bytes, token: str) -> float:
    """The ASGI application around a lane that does nothing."""
    reply = Reply(201, raw, {"Location": f"{_PATH}/1"})

    async def constant(_call: Call, _hub: Hub) -> Reply:
        return reply

    app = Door(hub, build_app(hub), {("POST", _PATH): constant})
    headers = [(b"content-type", b"application/json"), (b"x-token", token.encode())]
    headers.append((b"content-length", b"%d" % len(raw)))
    scope = {
        "type": "http",
        "method": "POST",
        "path": _PATH,
        "query_string": b"",
        "headers": headers,
        "client": ("127.0.0.1", 1),
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": raw, "more_body": False}

    async def send(_: dict[str, Any]) -> None:
        return None

    return await _time_async(lambda: app(scope, receive, send))


async def _time_async(work: Callable[[], Awaitable[None]]) -> float:
    best = float("inf")
    for _ in range(_RUNS):
        began = time.perf_counter()
        for _ in range(_LOOPS):
            await work()
        best = min(best, time.perf_counter() - began)
    return best / _LOOPS * 1e6


def _statements(settings: Settings, plan: Callable[[int], PlannedOrder]) -> float:
    """What a batch computes between BEGIN and COMMIT; COMMIT itself waits for the disk in a thread."""
    connection = open_sqlite(settings.database_file)
    best = float("inf")
    for run in range(_RUNS * 4):
        batch = [plan(run * _BATCH + index) for index in range(_BATCH)]
        connection.execute("BEGIN IMMEDIATE")
        began = time.perf_counter()
        drive_transaction(connection, commit_orders(batch, now_micros()))
        best = min(best, time.perf_counter() - began)
        connection.execute("COMMIT")
    connection.close()
    return best / _BATCH * 1e6


if __name__ == "__main__":
    main()
