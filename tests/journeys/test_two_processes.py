"""Two server processes on one PostgreSQL: who follows one of them misses nothing of what both write, and nothing comes twice."""

import asyncio
import random

import httpx
import pytest
from tests.conftest import DEMO_CREDENTIALS, fresh_database
from tests.events.logs import listening

from comanda import demo

pytestmark = pytest.mark.anyio
WRITERS, EACH = 6, 20


async def test_a_stream_of_either_process_has_every_event_of_both_once(request, start_comanda):
    """Orders accepted, refused and left waiting by writers at both processes at once; a follower at each, one resuming."""
    url = await asyncio.to_thread(fresh_database, request)
    words = ("serve", "--demo", "--bare", "--database-url", url, "--log-level", "error")
    environment = {"COMANDA_RATE_CALLS": "1000000", "COMANDA_RATE_AUTH": "1000000"}
    processes = [await asyncio.to_thread(lambda: start_comanda(*words, environment=environment)) for _ in range(2)]
    clients = [httpx.AsyncClient(base_url=process.url, timeout=60) for process in processes]
    token = (await clients[0].post("/open-api/v2/auth", json=DEMO_CREDENTIALS)).json()["token"]
    headers = {"x-token": token}
    till = {"authorization": f"Bearer {demo.TERMINAL_TOKEN}"}
    total: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    orders: set[int] = set()

    async def write(seed: int) -> None:
        dice = random.Random(seed)
        for _ in range(EACH):
            body = {**demo.example("create-order.minimal.request"), "auto_order_accept": dice.random() < 0.5}
            made = await dice.choice(clients).post("/open-api/v2/orders", json=body, headers=headers)
            assert made.status_code == 201, made.text
            order_id = made.json()["data"]["id"]
            orders.add(order_id)
            if dice.random() < 0.5:
                refusal = {"reason": "too_busy"}
                done = await dice.choice(clients).post(f"/hub/v1/orders/{order_id}/refuse", json=refusal, headers=till)
                assert done.status_code == 200, done.text

    async def follow(client: httpx.AsyncClient, pieces: int) -> list[dict]:
        found: list[dict] = []
        while not (total.done() and len(found) >= total.result()):
            async with listening(client, headers, "?venues=1", resume=f"1:{len(found)}") as listener:
                await listener.next()
                for _ in range(pieces):
                    if total.done() and len(found) >= total.result():
                        break
                    found.append((await listener.next()).data)
        return found

    # Both follow from the first event on; what the demo's making wrote is before the orders'.
    following = [
        asyncio.create_task(follow(client, pieces)) for client, pieces in zip(clients, (10**6, 23), strict=True)
    ]
    await asyncio.gather(*(write(seed) for seed in range(WRITERS)))
    # One more order ends the waiting of both: its event is the last.
    last = await clients[0].get("/hub/v1/venues/1/board", headers=till)
    total.set_result(last.json()["data"]["number"] + 1)
    body = demo.example("create-order.minimal.request")
    made = await clients[1].post("/open-api/v2/orders", json={**body, "auto_order_accept": False}, headers=headers)
    orders.add(made.json()["data"]["id"])
    for found in await asyncio.gather(*following):
        assert [event["number"] for event in found] == list(range(1, total.result() + 1))
        created = [event["order_id"] for event in found if event["type"] == "order.created"]
        assert sorted(created) == sorted(orders)
    for client in clients:
        await client.aclose()
