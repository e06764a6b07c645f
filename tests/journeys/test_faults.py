"""Real faults: a stop in full flight, a full disk, a PostgreSQL that goes away and comes back."""

import asyncio
import json
import os
import signal
import subprocess
from contextlib import asynccontextmanager

import httpx
import pytest
from benchmarks.servers import run_postgres
from tests.conftest import DEMO_CREDENTIALS, fresh_database, run_comanda, until

from comanda import demo

pytestmark = pytest.mark.anyio
MINIMAL = demo.example("create-order.minimal.request")


@asynccontextmanager
async def signed_in(url: str):
    """A client of the demo brand."""
    async with httpx.AsyncClient(base_url=url, timeout=40) as http:
        answer = await http.post("/open-api/v2/auth", json=DEMO_CREDENTIALS)
        http.headers["x-token"] = answer.json()["token"]
        yield http


async def create(http: httpx.AsyncClient, **values) -> httpx.Response:
    """One order."""
    return await http.post("/open-api/v2/orders", json={**MINIMAL, **values})


async def stored_numbers(http: httpx.AsyncClient) -> list[str]:
    """The order numbers stored."""
    found, page = [], 1
    while True:
        rows = (await http.get("/open-api/v2/orders", params={"limit": 200, "page": page})).json()["data"]
        found += [row["payload"]["order_number"] for row in rows]
        if len(rows) < 200:
            return found
        page += 1


async def is_ready(http: httpx.AsyncClient) -> bool:
    """Whether the server takes orders."""
    return (await http.get("/ready")).status_code == 200


async def test_sigterm_answers_what_is_in_flight(tmp_path, start_comanda):
    """Under load: the process ends with 0, and every order answered 201 is stored once."""
    environment = {"COMANDA_RATE_CALLS": "1000000", "COMANDA_RATE_FAILED": "1000000"}
    words = ("serve", "--demo", "--data-dir", str(tmp_path / "data"), "--log-level", "error")
    server = start_comanda(*words, environment=environment)
    answered: list[str] = []
    statuses: set[int] = set()

    async def work(http, name):
        for index in range(10_000):
            number = f"{name}-{index}"
            try:
                answer = await create(http, order_number=number)
            except httpx.TransportError:
                return
            statuses.add(answer.status_code)
            if answer.status_code == 201:
                answered.append(number)

    async with signed_in(server.url) as http:
        tasks = [asyncio.create_task(work(http, name)) for name in range(8)]
        async with asyncio.timeout(60):
            while len(answered) <= 50:
                await asyncio.sleep(0.1)
        server.popen.send_signal(signal.SIGTERM)
        await asyncio.gather(*tasks)
    assert await asyncio.to_thread(server.popen.wait, 40) == 0
    assert len(answered) > 50
    assert statuses <= {201, 503}
    again = start_comanda(*words, environment=environment)
    async with signed_in(again.url) as http:
        numbers = await stored_numbers(http)
    assert len(numbers) == len(set(numbers))
    assert set(answered) <= set(numbers)


@pytest.fixture
def small_disk(tmp_path):
    """A real file system of 3 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("mounting a small file system needs root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


async def test_a_full_disk_refuses_and_recovers(small_disk, start_comanda):
    """503 while it is full, nothing half-stored; orders again once there is room, without a restart."""
    environment = {"COMANDA_RATE_CALLS": "1000000", "COMANDA_RATE_FAILED": "1000000"}
    server = start_comanda(
        "serve", "--demo", "--bare", "--data-dir", str(small_disk), "--log-level", "error", environment=environment
    )
    ballast = small_disk / "ballast"
    async with signed_in(server.url) as http:
        assert (await create(http, order_number="before")).status_code == 201
        free = os.statvfs(small_disk)
        ballast.write_bytes(b"x" * max(0, free.f_bavail * free.f_frsize - 200_000))
        statuses, answered = [], ["before"]
        for index in range(400):
            answer = await create(http, order_number=str(index), comment="x" * 900)
            statuses.append(answer.status_code)
            if answer.status_code == 201:
                answered.append(str(index))
            if statuses[-3:] == [503] * 3:
                break
        assert statuses[-1] == 503, statuses
        assert answer.json()["error"] == "storage_unavailable"
        assert answer.headers["retry-after"]
        assert set(statuses) <= {201, 503}
        ballast.unlink()
        assert (await create(http, order_number="after")).status_code == 201
        assert (await http.get("/ready")).status_code == 200
        assert sorted(await stored_numbers(http)) == sorted([*answered, "after"])


async def test_a_postgresql_that_goes_away_refuses_and_recovers(start_comanda, tmp_path):
    """503 at once while it is stopped, whole orders only, orders again when it is back, without a restart."""
    environment = {"COMANDA_RATE_CALLS": "1000000", "COMANDA_RATE_FAILED": "1000000"}
    with run_postgres() as postgres:
        words = ("serve", "--demo", "--database-url", postgres.url, "--log-level", "error")
        server = await asyncio.to_thread(lambda: start_comanda(*words, environment=environment))
        answered, statuses = [], set()
        async with signed_in(server.url) as http:
            done = asyncio.Event()

            async def work(name):
                index = 0
                while not done.is_set():
                    index += 1
                    number = f"{name}-{index}"
                    answer = await http.post(
                        "/open-api/v2/orders",
                        json={**MINIMAL, "order_number": number},
                        headers={"idempotency-key": number},
                    )
                    statuses.add(answer.status_code)
                    if answer.status_code == 201:
                        answered.append(number)
                    await asyncio.sleep(0.02)

            tasks = [asyncio.create_task(work(name)) for name in range(6)]
            await until(lambda: len(answered) >= 10, 60)
            await asyncio.to_thread(postgres.stop)
            answer = await create(http)
            assert (answer.status_code, answer.json()["error"]) == (503, "storage_unavailable")
            assert (await http.get("/ready")).status_code == 503
            assert (await http.get("/health")).status_code == 200
            await asyncio.to_thread(postgres.start)
            await until(lambda: is_ready(http), 60)
            done.set()
            await asyncio.gather(*tasks)
            assert (await create(http, order_number="after")).status_code == 201
            numbers = [number for number in await stored_numbers(http) if number]
            assert statuses <= {201, 503, 504}
            assert 503 in statuses
            assert len(numbers) == len(set(numbers))
            assert set(answered) <= set(numbers)
            repeated = await http.post(
                "/open-api/v2/orders",
                json={**MINIMAL, "order_number": answered[0]},
                headers={"idempotency-key": answered[0]},
            )
            assert repeated.headers["idempotent-replayed"] == "true"


async def test_a_postgresql_that_falls_silent_keeps_nobody_waiting_past_the_limit(start_comanda):
    """Every process of it frozen, connections open: 503 or 504 in bounded time, orders again when it wakes."""
    import time

    import psutil

    with run_postgres() as postgres:
        words = ("serve", "--demo", "--database-url", postgres.url, "--log-level", "error")
        server = await asyncio.to_thread(lambda: start_comanda(*words))
        async with signed_in(server.url) as http:
            assert (await create(http, order_number="before")).status_code == 201
            postmaster = psutil.Process(postgres.handle.get_pid())
            frozen = [postmaster, *postmaster.children(recursive=True)]
            for process in frozen:
                process.suspend()
            began = time.monotonic()
            early = [asyncio.create_task(create(http, order_number=str(n))) for n in range(5)]
            await asyncio.sleep(2)
            asked = time.monotonic()
            late = await asyncio.gather(*(http.get("/open-api/v2/orders") for _ in range(10)))
            assert time.monotonic() - asked < 60
            assert {answer.status_code for answer in late} == {503}
            answers = await asyncio.gather(*early)
            waited = time.monotonic() - began
            for process in frozen:
                process.resume()
            assert {answer.status_code for answer in answers} <= {503, 504}
            assert waited < 60
            await until(lambda: is_ready(http), 60)
            assert (await create(http, order_number="after")).status_code == 201
            numbers = await stored_numbers(http)
            assert len(numbers) == len(set(numbers))
            unknown = {str(n) for n, answer in enumerate(answers) if answer.status_code == 504}
            assert set(numbers) <= {"before", "after"} | unknown


async def test_the_last_portions_over_http_by_several_processes(start_comanda, request, tmp_path):
    """1,000 buyers through two server processes on one PostgreSQL: exactly 100 portions are sold."""
    url = await asyncio.to_thread(fresh_database, request)
    environment = {"COMANDA_RATE_CALLS": "1000000", "COMANDA_RATE_FAILED": "1000000"}
    words = ("serve", "--demo", "--database-url", url, "--log-level", "error")
    servers = [await asyncio.to_thread(lambda: start_comanda(*words, environment=environment)) for _ in range(2)]
    (tmp_path / "stop.json").write_text(
        json.dumps({"stop_list": [{"venue_id": 1, "product_id": 101, "quantity": 100}]})
    )
    await asyncio.to_thread(
        lambda: run_comanda("import", "stop.json", "--brand", "demo", "--database-url", url, cwd=tmp_path)
    )
    one = [{**MINIMAL["products"][0], "count": 1}]
    async with signed_in(servers[0].url) as first, signed_in(servers[1].url) as second:
        answers = await asyncio.gather(*(create((first, second)[i % 2], products=one) for i in range(1000)))
        sold = [answer.json()["data"]["id"] for answer in answers if answer.status_code == 201]
        assert (len(sold), len(set(sold))) == (100, 100)
        codes = {answer.json()["details"][0]["code"] for answer in answers if answer.status_code == 400}
        assert codes == {"stop_listed"}
        assert (await first.get("/open-api/v2/orders")).json()["total"] == 100


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_killed_process_loses_no_answered_order_and_doubles_none(kind, request, tmp_path, start_comanda):
    """SIGKILL in full flight, three times: every 201 is stored once; every unanswered request, repeated with its key,
    ends in one order."""
    where = ["--data-dir", str(tmp_path / "data")]
    if kind == "postgresql":
        where += ["--database-url", await asyncio.to_thread(fresh_database, request)]
    environment = {"COMANDA_RATE_CALLS": "1000000", "COMANDA_RATE_FAILED": "1000000"}
    words = ("serve", "--demo", "--log-level", "error", *where)
    answered: dict[str, int] = {}
    unanswered: list[str] = []

    async def work(http, name):
        for index in range(10_000):
            key = f"{name}-{index}"
            try:
                answer = await http.post(
                    "/open-api/v2/orders", json={**MINIMAL, "order_number": key}, headers={"idempotency-key": key}
                )
            except httpx.TransportError:
                unanswered.append(key)
                return
            if answer.status_code == 201:
                answered[key] = answer.json()["data"]["id"]

    for round_ in range(3):
        server = await asyncio.to_thread(lambda: start_comanda(*words, environment=environment))
        async with signed_in(server.url) as http:
            tasks = [asyncio.create_task(work(http, f"{round_}-{name}")) for name in range(8)]
            await asyncio.sleep(0.5 + round_ * 0.13)
            async with asyncio.timeout(60):
                while len(answered) <= 20 * (round_ + 1):
                    await asyncio.sleep(0.01)
            server.popen.kill()
            await asyncio.gather(*tasks)
    assert len(answered) > 50
    assert unanswered
    server = await asyncio.to_thread(lambda: start_comanda(*words, environment=environment))
    async with signed_in(server.url) as http:
        for key in unanswered:
            answer = await http.post(
                "/open-api/v2/orders", json={**MINIMAL, "order_number": key}, headers={"idempotency-key": key}
            )
            assert answer.status_code == 201
        numbers = await stored_numbers(http)
        assert sorted(numbers) == sorted([*answered, *unanswered])
        for key in list(answered)[-5:]:
            stored = (await http.get(f"/open-api/v2/orders/{answered[key]}")).json()["data"]
            assert stored["payload"]["order_number"] == key
