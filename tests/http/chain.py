"""What the tests of the chain do as the people of a restaurant: a till, a kitchen screen, a manager, an integrator."""

from typing import Any

import httpx
from tests.conftest import Server

from comanda import demo

TILL = {"authorization": f"Bearer {demo.TERMINAL_TOKEN}"}
KITCHEN = {"authorization": f"Bearer {demo.KITCHEN_TOKEN}"}
DOCUMENTED = demo.example("create-order.request")
MINIMAL = demo.example("create-order.minimal.request")


async def place(server: Server, body: dict[str, Any] | None = None, **changes: Any) -> int:
    """Place an order, by default the minimal one; its id."""
    answer = await server.create({**(body or MINIMAL), **changes})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["data"]["id"])


async def hub_get(server: Server, path: str, headers: dict[str, str] | None = None) -> Any:
    """The data of one of our own resources."""
    answer = await server.http.get(f"/hub/v1{path}", headers=headers or TILL)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def post(
    server: Server, path: str, body: Any = None, headers: dict[str, str] | None = None, **more: str
) -> httpx.Response:
    """Act on one of our own resources; without a body none is sent."""
    sent = {**(headers or TILL), **more}
    if body is None:
        return await server.http.post(f"/hub/v1{path}", headers=sent)
    return await server.http.post(f"/hub/v1{path}", json=body, headers=sent)


async def did(server: Server, path: str, body: Any = None, headers: dict[str, str] | None = None, **more: str) -> Any:
    """Act and hold that it was answered 200; the answer's data."""
    answer = await post(server, path, body, headers, **more)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def manager(server: Server) -> dict[str, str]:
    """Sign the demo's manager in; the headers to act with."""
    body = {"brand": demo.BRAND, "username": demo.MANAGER, "password": demo.MANAGER_PASSWORD}
    answer = await server.http.post("/hub/v1/session", json=body)
    assert answer.status_code == 200, answer.text
    cookie = answer.cookies["comanda_session"]
    server.http.cookies.clear()
    return {"cookie": f"comanda_session={cookie}", "x-csrf-token": answer.json()["data"]["csrf_token"]}


async def events(server: Server, order_id: int | None = None, venue: int = 1) -> list[dict[str, Any]]:
    """The events of a venue, or of one of its orders."""
    found: list[dict[str, Any]] = []
    after = 0
    while True:
        answer = await server.http.get(
            "/hub/v1/events", params={"venue": venue, "after": after, "limit": 500}, headers=server.headers
        )
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["data"]
        if page["next_after"] >= page["last"]:
            return [event for event in found if order_id in (None, event["order_id"])]
        after = page["next_after"]


def payment(amount: Any, id: int = 1, name: str = "Cash") -> dict[str, Any]:
    """The body that closes a receipt by one method."""
    return {"payment_methods": [{"id": id, "name": name, "amount": amount}]}
