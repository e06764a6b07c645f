"""The OpenAPI document says what is: every route, every example, every answer along the delivery chain, on both stores."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select
from tests.conftest import Server
from tests.http.documented import DOCUMENT, KITCHEN, TERMINAL, ask, manager_headers, problems

from comanda import demo
from comanda.access.routes import APP_FILES, APP_PAGES, ROUTES
from comanda.base.clock import now_micros
from comanda.duties.printing import DUTY
from comanda.orders.timeline import LEGS
from comanda.store.boards import read_jobs
from comanda.store.print_jobs import make_uncertain, take_job
from comanda.store.tables import leases
from comanda.store.transaction import Statement, one

PAGES = {*APP_PAGES, *APP_FILES, "/docs", "/docs/{asset}", "/openapi.json"}
WAITING = {
    **demo.example("create-order.request"),
    "auto_accept_terminal": None,
    "auto_order_accept": False,
    "auto_order_sent_to_station": False,
}


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every operation of the document, by method and path."""
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def test_every_route_is_in_the_document():
    """But the pages for people, and nothing that is no route."""
    assert {name for name, _ in operations()} == {route.name for route in ROUTES if route.path not in PAGES}
    names = [operation["operationId"] for _, operation in operations()]
    assert len(set(names)) == len(names)
    for name, operation in operations():
        assert operation["summary"], name
        assert operation["tags"], name


def test_each_route_says_who_may_call_it():
    """The schemes are those of the route's callers; a person's change needs the CSRF token beside the cookie."""
    said = dict(operations())
    of = {"integrator": {"token"}, "device": {"device"}, "staff": {"session"}}
    for route in ROUTES:
        if route.path in PAGES:
            continue
        callers = {"hub": route.callers, "integrator": ("integrator",)}.get(route.audience, ())
        wanted = [
            of[caller] | ({"csrf"} if caller == "staff" and route.method != "GET" else set()) for caller in callers
        ]
        assert [set(requirement) for requirement in said[route.name].get("security", [])] == wanted
    schemes = DOCUMENT["components"]["securitySchemes"]
    assert schemes.keys() == {"token", "device", "session", "csrf"}


def test_every_reference_leads_somewhere():
    """No schema is named that is not there."""
    pending: list[Any] = [DOCUMENT]
    while pending:
        node = pending.pop()
        if isinstance(node, list):
            pending.extend(node)
        elif isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                assert node["$ref"].removeprefix("#/components/schemas/") in DOCUMENT["components"]["schemas"]
            pending.extend(node.values())


def documented_examples() -> Iterator[Any]:
    """Every example with its schema; bodies and answers."""
    for name, operation in operations():
        parts = [("body", operation.get("requestBody", {})), *operation["responses"].items()]
        for part, described in parts:
            for media in described.get("content", {}).values():
                for title, shown in media.get("examples", {}).items():
                    yield pytest.param(media["schema"], shown["value"], id=f"{name} {part} {title}")
                if "example" in media:
                    yield pytest.param(media["schema"], media["example"], id=f"{name} {part}")


@pytest.mark.parametrize(("schema", "shown"), documented_examples())
def test_each_example_is_what_its_schema_says(schema, shown):
    """Readers copy them."""
    assert problems(schema, shown, closed=True) == []


async def new_order(server: Server, **changes: Any) -> int:
    """An order that waits for somebody, or as ``changes`` have it."""
    answer = await ask(server, "POST", "/open-api/v2/orders", status=201, json={**WAITING, **changes})
    return answer["data"]["id"]


async def ticket_of(server: Server, order_id: int) -> str:
    """The order's first ticket."""
    return (await ask(server, "GET", f"/hub/v1/orders/{order_id}"))["data"]["chain"]["tickets"][0]["id"]


@pytest.mark.anyio
async def test_every_answer_along_the_chain_is_as_documented(server: Server):
    """From stored to closed, by an integrator, a till, a kitchen screen and a manager."""
    manager = await manager_headers(server)
    await ask(server, "POST", "/hub/v1/heartbeat", TERMINAL)
    order_id = await new_order(server)
    order, receipt = f"/hub/v1/orders/{order_id}", f"/open-api/v2/receipts/{order_id}"
    assert (await ask(server, "GET", receipt, status=404))["error"] == "not_found"
    await ask(server, "POST", f"{order}/seen", TERMINAL)
    done = await ask(
        server, "POST", f"{order}/accept", {**TERMINAL, "idempotency-key": "a"}, json={"minutes": 20, "send_to_station": False}
    )  # fmt: skip
    assert (done["data"]["order"]["status"], done["data"]["tickets"]) == ("RECEIVED", [])
    assert not (await ask(server, "POST", f"{order}/accept", manager))["data"]["changed"]
    await ask(server, "POST", f"{order}/send-to-station", manager)
    ticket = f"/hub/v1/tickets/{await ticket_of(server, order_id)}"
    await ask(server, "POST", f"{ticket}/start", KITCHEN)
    assert (await ask(server, "POST", f"{ticket}/dismiss", KITCHEN, 409))["error"] == "ticket_not_allowed"
    await ask(server, "POST", f"{ticket}/lines/0/ready", KITCHEN)
    await ask(server, "POST", f"{ticket}/lines/7/ready", KITCHEN, 404)
    await ask(server, "POST", f"{ticket}/recall", KITCHEN)
    await ask(server, "POST", f"{ticket}/ready", KITCHEN)
    await ask(server, "POST", f"{ticket}/reprint", TERMINAL)
    await ask(server, "GET", ticket, KITCHEN)
    assert (await ask(server, "GET", f"{ticket}/paper.png", manager)).startswith(b"\x89PNG")
    await ask(server, "PATCH", receipt, json={"order_number": "A-17", "fiscal_id": "FX-1029", "lock": True})
    await ask(server, "PATCH", receipt, status=400, json={"order_status": "SOLD"})
    await ask(server, "POST", f"{receipt}/close", status=400, json={"payment_methods": []})
    paid = {
        "payment_methods": [{"id": 1, "name": "Cash", "amount": "10.00"}, {"id": 2, "name": "Card", "amount": 9.51}]
    }
    await ask(server, "POST", f"/hub/v1/receipts/{order_id}/close", manager, json=paid)
    assert (await ask(server, "POST", f"{receipt}/close", status=409, json=paid))["error"] == "receipt_closed"
    done = await ask(server, "POST", f"{order}/hand-over", TERMINAL)
    assert (done["data"]["order"]["status"], done["data"]["order"]["open"]) == ("DELIVERED", False)
    await check_reads(server, manager, order_id)


async def check_reads(server: Server, manager: dict[str, str], order_id: int) -> None:
    """All that can be read of an order that went the whole chain, and of one that is under way."""
    waiting = await new_order(server, customer={**WAITING["customer"], "id": 0})
    await new_order(server, auto_order_accept=True, auto_order_sent_to_station=True)
    cid = (await ask(server, "GET", f"/open-api/v2/receipts/{order_id}"))["data"]["cid"]
    relations = "with[0]=receipt_products.modificators&with[1]=receipt_products.product.station"
    for path in (f"/{order_id}?{relations}", f"?{relations}", f"/cid/{cid}", "?filters[0][0]=status&filters[0][1]=2"):
        await ask(server, "GET", f"/open-api/v2/receipts{path}")
    for path in (f"/{order_id}", f"/{waiting}", "", "?limit=1"):
        sign = "&" if "?" in path else "?"
        await ask(server, "GET", f"/open-api/v2/orders{path}{sign}with[0]=receipt&with[1]=customer")
    for order in (order_id, waiting):
        await ask(server, "GET", f"/hub/v1/orders/{order}")
        timeline = await ask(server, "GET", f"/hub/v1/orders/{order}/timeline")
        assert len(timeline["data"]["steps"]) == (7 if order == order_id else 1)
    for headers in (server.headers, TERMINAL, KITCHEN, manager):
        board = await ask(server, "GET", "/hub/v1/venues/1/board", headers)
        assert (len(board["data"]["orders"]), len(board["data"]["tickets"])) == (2, 1)
        await ask(server, "GET", "/hub/v1/stations/1/tickets?venue=1", headers)
        await ask(server, "GET", "/hub/v1/venues/1/terminals", headers)
        await ask(server, "GET", "/hub/v1/session", headers)
        found = await ask(server, "GET", "/hub/v1/events?venue=1&limit=500", headers)
        assert found["last"] == len(found["data"])
    performance = await ask(server, "GET", "/hub/v1/venues/1/performance")
    assert performance["data"]["legs"].keys() == {name for name, _, _ in LEGS}
    await ask(server, "GET", "/hub/v1/events?venue=0")
    await ask(server, "GET", f"/hub/v1/events?after={found['last'] + 1}", status=410)
    await ask(server, "DELETE", "/hub/v1/session", manager)
    await ask(server, "GET", "/hub/v1/session", manager, 401)


@pytest.mark.anyio
async def test_refusals_and_cancellations_are_as_documented(server: Server):
    """An order refused with a stop list, one withdrawn from the kitchen, one paid and cancelled by a manager."""
    manager = await manager_headers(server)
    refusal = {
        "reason": "out_of_stock",
        "note": "No dough left",
        "lines": [{"line": 0, "reason": "out_of_stock"}],
        "update_stop_list": True,
    }
    paid, refused, withdrawn = [await new_order(server) for _ in range(3)]
    done = await ask(server, "POST", f"/hub/v1/orders/{refused}/refuse", TERMINAL, json=refusal)
    assert done["data"]["order"]["refusal"]["lines"] == [{"line": 0, "product_id": 101, "reason": "out_of_stock"}]
    await ask(server, "POST", f"/hub/v1/orders/{refused}/refuse", TERMINAL, 400, json={"reason": "mood"})
    await ask(server, "POST", f"/hub/v1/orders/{withdrawn}/accept", TERMINAL, json={"send_to_station": True})
    ticket = f"/hub/v1/tickets/{await ticket_of(server, withdrawn)}"
    await ask(server, "PUT", f"/open-api/v2/orders/{withdrawn}", json={"status": "IGNORE"})
    await ask(server, "POST", f"{ticket}/dismiss", KITCHEN)
    await ask(server, "GET", f"{ticket}/paper.png")
    await ask(server, "POST", f"/hub/v1/orders/{paid}/accept", manager, json={"send_to_station": True})
    body = {"payment_methods": [{"id": 2, "name": "Card", "amount": 19.51}]}
    await ask(server, "POST", f"/open-api/v2/receipts/{paid}/close", json=body)
    await ask(server, "POST", f"/hub/v1/orders/{paid}/refuse", TERMINAL, 400, json={"reason": "other"})
    done = await ask(server, "POST", f"/hub/v1/orders/{paid}/refuse", manager, json={"reason": "other"})
    assert done["data"]["receipt"]["refund_due"]
    await ask(server, "GET", "/open-api/v2/receipts?with[0]=receipt_products")
    board = await ask(server, "GET", "/hub/v1/venues/1/board")
    assert {"venue_id": 1, "product_id": 101, "quantity": 0} in board["data"]["stop_list"]
    await ask(server, "GET", "/hub/v1/events?limit=500")
    for path in ("/hub/v1/orders/999", "/hub/v1/tickets/9-9-1", "/hub/v1/venues/9/board", "/hub/v1/stations/9/tickets"):
        await ask(server, "GET", path, status=404)


@pytest.mark.anyio
async def test_papers_are_as_documented(server: Server):
    """Lists of every state, and an uncertain paper that is printed again once."""
    store = server.hub.store

    def held():
        return (yield one(Statement(select(leases.c.holder).where(leases.c.duty == DUTY))))[0][0]

    await new_order(server, auto_order_accept=True, auto_order_sent_to_station=True)
    taken = None
    async with asyncio.timeout(20):
        while taken is None:
            (job,) = await store.read(lambda: read_jobs(demo.BRAND, 1, "queued")) or [None]
            holder = await store.run(held)
            taken = job and await store.run(lambda j=job, by=holder: take_job(demo.BRAND, j, DUTY, by, now_micros()))
            await asyncio.sleep(0.01)
    await store.run(lambda: make_uncertain(demo.BRAND, job, now_micros()))
    board = await ask(server, "GET", "/hub/v1/venues/1/board")
    (uncertain,) = board["data"]["print_jobs"]
    manager = await manager_headers(server)
    paper = f"/hub/v1/print-jobs/{uncertain['id']}"
    assert (await ask(server, "POST", f"{paper}/reprint", manager))["data"]["changed"]
    assert not (await ask(server, "POST", f"{paper}/dismiss", TERMINAL))["data"]["changed"]
    for status in ("queued", "sending", "printed", "uncertain", "settled", "overtaken"):
        await ask(server, "GET", f"/hub/v1/print-jobs?venue=1&status={status}")
    await ask(server, "GET", "/hub/v1/print-jobs?status=lost", status=400)
    await ask(server, "POST", "/hub/v1/print-jobs/1-999/dismiss", manager, 404)
    await ask(server, "GET", "/hub/v1/events?types=print.uncertain,print.settled")
