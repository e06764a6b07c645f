"""The HTTP ceiling: Comanda's own server and event loop answering a constant, so that only HTTP is measured.

Run as ``python -m benchmarks.ceiling PORT``. The answer has the size and the headers of a real one.
"""

import sys
from typing import Any

from comanda import demo
from comanda.main import http_server, run
from comanda.settings import Settings

_BODY = demo.example_bytes("create-order.response")
_HEADERS = [
    (b"location", b"/open-api/v2/orders/1234567"),
    (b"content-type", b"application/json"),
    (b"content-length", str(len(_BODY)).encode()),
    (b"x-request-id", b"0123456789abcdef"),
    (b"x-content-type-options", b"nosniff"),
    (b"ratelimit-limit", b"1000000"),
    (b"ratelimit-remaining", b"999999"),
    (b"ratelimit-reset", b"60"),
]


async def constant(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Read the body, as any handler of a POST must, and answer the constant."""
    status = 200
    if scope["method"] == "POST":
        status = 201
        await receive()
    await send({"type": "http.response.start", "status": status, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": _BODY})


if __name__ == "__main__":
    run(http_server(constant, Settings(port=int(sys.argv[1]))).serve())
