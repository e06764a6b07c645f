"""``GET /hub/v1/stream`` over a real socket: resuming, several venues, types, slow and vanished clients, winding down."""

import asyncio
import json
import signal
import socket
import time
from pathlib import Path

import httpx
import pytest
from benchmarks.servers import free_port
from tests.conftest import Server, run_comanda, sign_in
from tests.events.logs import MINIMAL, event, listening, numbers, until, write, write_many

from comanda import administration, demo
from comanda.base import limits
from comanda.base.clock import now_micros
from comanda.http.staff_app import pages_digest
from comanda.main import open_store
from comanda.settings import Settings
from comanda.store.event_log import append_events

pytestmark = pytest.mark.anyio
LARGE = json.dumps("x" * 20_000)


async def opened(server: Server, query: str = "", status: int = 400, **headers: str) -> dict:
    """The refusal of a stream."""
    answer = await server.http.get(f"/hub/v1/stream{query}", headers={**server.headers, **headers})
    assert answer.status_code == status, answer.text
    return answer.json()


def raw_client(server: Server, query: str, receive_bytes: int = 4_096) -> socket.socket:
    """A client that asks for a stream and reads only when told to."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    client.connect(("127.0.0.1", server.hub.settings.port))
    client.sendall(f"GET /hub/v1/stream{query} HTTP/1.1\r\nhost: x\r\nx-token: {server.token}\r\n\r\n".encode())
    return client


def read_to_the_end(client: socket.socket) -> bytes:
    """What the server had sent and kept for a client when it ended the answer."""
    client.settimeout(20)
    parts = []
    while part := client.recv(1 << 20):
        parts.append(part)
    return b"".join(parts)


async def test_a_stream_says_hello_and_then_what_happens(server: Server):
    """From the present numbers on, each frame with an id, a type and the event as the list shows it."""
    await server.create(MINIMAL)
    async with listening(server.http, server.headers) as listener:
        assert listener.answer.headers["content-type"] == "text/event-stream"
        assert listener.answer.headers["cache-control"] == "no-store"
        last = (await server.hub.store.log_ends("demo", [1]))[1].last
        assert await listener.next() == (f"1:{last}", "hello", {"venues": {"1": last}, "pages": pages_digest()})
        order_id = (await server.create(MINIMAL)).json()["data"]["id"]
        listed = (await server.http.get(f"/hub/v1/events?after={last}", headers=server.headers)).json()["data"]
        frames = await listener.take(len(listed))
        assert [frame.data for frame in frames] == listed
        assert [frame.id for frame in frames] == [f"1:{last + n}" for n in range(1, len(listed) + 1)]
        assert ("order.created", order_id) in [(frame.name, frame.data["order_id"]) for frame in frames]


async def test_resuming_gives_exactly_what_was_missed(server: Server):
    """By header or by query, from any id; the header is newer than the address."""
    await write(server.hub, 1, 10)
    async with listening(server.http, server.headers, "?after=1:4") as listener:
        assert (await listener.next()).data["venues"] == {"1": 4}
        assert numbers(await listener.take(6)) == [5, 6, 7, 8, 9, 10]
    async with listening(server.http, server.headers, "?after=1:4", resume="1:8") as listener:
        frames = await listener.take(3)
        assert [frame.id for frame in frames] == ["1:8", "1:9", "1:10"]
        await write(server.hub, 1, 2)
        assert numbers(await listener.take(2)) == [11, 12]


async def test_one_id_resumes_every_venue_of_a_stream(server: Server):
    """Also venue 0; a venue that is not in the id starts at its present number."""
    await write_many(server.hub, {1: 3, 2: 3})
    nought = (await server.hub.store.log_ends("demo", [0]))[0].last
    async with listening(server.http, server.headers, "?venues=0,1,2", resume="1:3,2:1") as listener:
        frames = await listener.take(3)
        assert frames[0].data["venues"] == {"0": nought, "1": 3, "2": 1}
        assert [frame.id for frame in frames] == [f"0:{nought},1:3,2:{number}" for number in (1, 2, 3)]
        await write_many(server.hub, {0: 1, 1: 1, 2: 1}, type="catalogue.changed")
        found = await listener.take(3)
        assert sorted((frame.data["venue_id"], frame.data["number"]) for frame in found) == [
            (0, nought + 1),
            (1, 4),
            (2, 4),
        ]
        assert found[-1].id == f"0:{nought + 1},1:4,2:4"


async def test_clients_that_are_cut_off_again_and_again_miss_nothing(server: Server):
    """Writers never stop; each client reads a few frames, drops the connection and resumes with its last id."""
    total = 200

    async def write_on() -> None:
        for _ in range(total):
            await write_many(server.hub, {1: 1, 2: 1})

    async def read_on(pieces: int) -> list[tuple[int, int]]:
        seen: list[tuple[int, int]] = []
        place = "1:0,2:0"
        while len(seen) < 2 * total:
            async with listening(server.http, server.headers, "?venues=1,2", resume=place) as listener:
                await listener.next()
                for _ in range(min(pieces, 2 * total - len(seen))):
                    frame = await listener.next()
                    seen.append((frame.data["venue_id"], frame.data["number"]))
                    place = frame.id
        return seen

    readers = [asyncio.create_task(read_on(pieces)) for pieces in (7, 31, 400)]
    await write_on()
    for seen in await asyncio.gather(*readers):
        for venue_id in (1, 2):
            assert [number for venue, number in seen if venue == venue_id] == list(range(1, total + 1))


async def test_types_are_filtered_while_the_id_moves_on(server: Server, monkeypatch):
    """With the heartbeat, as an id without an event."""
    monkeypatch.setattr(limits, "STREAM_HEARTBEAT_S", 0.3)
    async with listening(server.http, server.headers, "?types=receipt.closed,order.seen") as listener:
        await listener.next()
        await write(server.hub, 1, 2)
        await write(server.hub, 1, 1, type="order.seen")
        frame = await listener.next()
        while frame.name == "":
            # A heartbeat between the two writes.
            assert frame.id == "1:2"
            frame = await listener.next()
        assert (frame.id, frame.name) == ("1:3", "order.seen")
        await write(server.hub, 1, 4)
        assert await listener.next() == ("1:7", "", None)


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("?after=1", {}),
        ("?after=1:x", {}),
        ("?after=1:2;2:3", {}),
        ("", {"last-event-id": "205"}),
        ("", {"last-event-id": "1:99999999999999999"}),
        ("?venues=x", {}),
        ("?venues=" + ",".join(["1"] * 51), {}),
        ("?types=order.made", {}),
    ],
)
async def test_a_wrong_parameter_is_a_400_before_the_stream(server: Server, query, headers):
    """invalid_parameter."""
    assert (await opened(server, query, **headers))["error"] == "invalid_parameter"


async def test_venues_not_to_be_seen_do_not_exist_for_streams(server: Server):
    """One of them is enough for a 404; another brand's events are never heard."""
    store = server.hub.store
    await administration.add_brand(store, "other", name="Other", currency="AZN", region="AZ", is_test=True)
    other = await server.client("other-client", brand="other")
    limited = await server.client("limited", venues=(2,))
    assert (await opened(server, "?venues=1", 404, **other))["message"] == "Venue not found"
    for venues in ("1", "2,1", "2,77"):
        await opened(server, f"?venues={venues}", 404, **limited)
    assert server.hub.feed.viewers == 0
    async with listening(server.http, other, "?venues=0") as listener:
        await listener.next()
        await write(server.hub, 0, 3)
        await write(server.hub, 0, 1, brand="other", type="catalogue.changed")
        assert (await listener.next()).name == "catalogue.changed"


async def test_a_viewer_below_the_low_water_mark_is_told_to_resync(server: Server):
    """And the stream ends."""
    await write(server.hub, 1, 10)
    await server.hub.store.purge_events("demo", 1, now_micros() + 1, 4)
    async with listening(server.http, server.headers, resume="1:3") as listener:
        hello, resync = await listener.rest()
        assert (hello.name, resync.name, resync.data) == ("hello", "resync", {"venue_id": 1, "last": 10})
    await until(lambda: server.hub.feed.viewers == 0)


async def test_ten_thousand_events_are_caught_up_with(server: Server):
    """From the store, page by page, then on with what happens now."""
    for _ in range(20):
        await write(server.hub, 1, 500, data=json.dumps({"id": 1, "text": "x" * 500}))
    async with listening(server.http, server.headers, resume="1:0") as listener:
        await listener.next()
        found = numbers(await listener.take(10_000))
        assert found == list(range(1, 10_001))
        await write(server.hub, 1, 1)
        assert numbers([await listener.next()]) == [10_001]


async def test_a_viewer_who_leaves_is_let_go_at_once(server: Server):
    """Also one that hears nothing."""
    client = raw_client(server, "")
    await until(lambda: server.hub.feed.viewers == 1)
    client.close()
    await until(lambda: server.hub.feed.viewers == 0, 20)
    assert server.hub.feed._rings == {}


async def test_a_head_of_a_stream_is_its_head_only(server: Server):
    """And holds no place."""
    answer = await server.http.head("/hub/v1/stream", headers=server.headers)
    assert (answer.status_code, answer.content, server.hub.feed.viewers) == (200, b"", 0)


async def test_one_stream_too_many_is_a_503(server: Server, monkeypatch):
    """With Retry-After."""
    monkeypatch.setattr(limits, "MAX_VIEWERS", 1)
    async with listening(server.http, server.headers) as listener:
        await listener.next()
        answer = await server.http.get("/hub/v1/stream", headers=server.headers)
        assert (answer.status_code, answer.json()["error"]) == (503, "too_many_viewers")
        assert answer.headers["retry-after"] == "5"


async def test_a_client_that_does_not_read_stops_its_own_stream_only(server: Server, monkeypatch):
    """60 MB of events: what is taken from the log for it stays bounded; others read on; then it is let go.

    Coming back too far behind it is told to take a fresh snapshot.
    """
    monkeypatch.setattr(limits, "STREAM_SEND_S", 3.0)
    with raw_client(server, "") as client:
        await until(lambda: server.hub.feed.viewers == 1)
        (slow,) = server.hub.feed._viewers
        for _ in range(30):
            await write(server.hub, 1, 100, data=LARGE)
        stopped_at = slow.cursors[1]
        await asyncio.sleep(1)
        assert 0 < stopped_at == slow.cursors[1] < 1_500
        async with listening(server.http, server.headers, resume="1:2900") as listener:
            await listener.next()
            assert numbers(await listener.take(100)) == list(range(2_901, 3_001))
        await until(lambda: slow not in server.hub.feed._viewers)
        left = await asyncio.to_thread(read_to_the_end, client)
        assert len(left) < 30_000_000
        assert not left.endswith(b"0\r\n\r\n"), "an answer that was cut off must not look whole"
    monkeypatch.setattr(limits, "MAX_STREAM_LAG", 1_000)
    async with listening(server.http, server.headers, resume=f"1:{stopped_at}") as listener:
        hello, resync = await listener.rest()
        assert (hello.name, resync.name, resync.data) == ("hello", "resync", {"venue_id": 1, "last": 3_000})


async def test_a_client_that_reads_slowly_gets_everything(server: Server):
    """The log is kept back for it, not thrown away."""
    with raw_client(server, "?after=1:0") as client:
        await until(lambda: server.hub.feed.viewers == 1)
        for _ in range(10):
            await write(server.hub, 1, 100, data=LARGE)
        loop = asyncio.get_running_loop()
        client.setblocking(False)
        read = bytearray()
        async with asyncio.timeout(200):
            while b'"number":1000,' not in read[-60_000:]:
                read += await loop.sock_recv(client, 1 << 20)
                await asyncio.sleep(0.001)
        assert read.count(b"\nevent: order.created\n") == 1_000


async def test_a_stream_ends_when_its_caller_is_no_longer_let_in(server: Server, monkeypatch):
    """At the next heartbeat after the client was disabled."""
    monkeypatch.setattr(limits, "STREAM_HEARTBEAT_S", 0.2)
    headers = await server.client("short-lived")
    async with listening(server.http, headers) as listener:
        await listener.next()
        await administration.set_enabled(
            server.hub.store, "clients", {"brand_id": "demo", "client_id": "short-lived"}, enabled=False
        )
        await server.hub.known.refresh()
        assert await listener.rest() == []


async def test_a_device_follows_the_brand_beside_its_venue_for_as_long_as_it_likes(server: Server, monkeypatch):
    """Neither a heartbeat nor a change of who is known ends its stream."""
    monkeypatch.setattr(limits, "STREAM_HEARTBEAT_S", 0.1)
    till = {"authorization": f"Bearer {demo.TERMINAL_TOKEN}"}
    async with listening(server.http, till, "?venues=0,1") as listener:
        assert set((await listener.next()).data["venues"]) == {"0", "1"}
        for client_id in ("first", "second"):
            await asyncio.sleep(0.5)
            await server.client(client_id)
        await asyncio.sleep(0.5)
        await write(server.hub, 1)
        assert (await listener.next()).data["venue_id"] == 1


async def test_streams_end_when_the_server_winds_down(server: Server):
    """With a hint to come back soon."""
    async with listening(server.http, server.headers) as listener:
        await listener.next()
        server.hub.feed.drain()
        assert await listener.rest() == [("", "draining", {})]
    await until(lambda: server.hub.feed.viewers == 0)


async def fill(settings: Settings, count: int) -> None:
    """Write large events into a server's store from beside it."""
    async with open_store(settings) as store:
        for _ in range(count // 100):
            await store.run(lambda: append_events({("demo", 1): [event(data=LARGE) for _ in range(100)]}))


async def test_sigterm_ends_streams_at_once_and_does_not_wait_for_who_does_not_read(tmp_path, start_comanda):
    """The real process: a client that listens hears why, one that does not read is left."""
    process = start_comanda("serve", "--demo", "--data-dir", "store")
    await fill(Settings(data_dir=tmp_path / "store"), 1_000)
    async with httpx.AsyncClient(base_url=process.url, timeout=30) as http:
        headers = {"x-token": await sign_in(http)}
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            deaf.connect(("127.0.0.1", process.port))
            deaf.sendall(
                f"GET /hub/v1/stream?after=1:0 HTTP/1.1\r\nhost: x\r\nx-token: {headers['x-token']}\r\n\r\n".encode()
            )
            async with listening(http, headers) as listener:
                await listener.next()
                await asyncio.sleep(0.5)
                began = time.monotonic()
                process.popen.send_signal(signal.SIGTERM)
                assert await listener.rest() == [("", "draining", {})]
                assert time.monotonic() - began < limits.DRAIN_S
            assert await asyncio.to_thread(process.popen.wait, 30) == 0
            assert time.monotonic() - began < limits.DRAIN_S


def printed(folder: Path) -> int:
    """How many events the command line has printed."""
    return len((folder / "tail.txt").read_text().splitlines())


async def test_the_command_line_follows_a_server_through_a_restart(tmp_path, start_comanda):
    """comanda tail waits for a server that is not there yet, and prints each event once, in order."""
    import subprocess
    import sys

    words = ["serve", "--demo", "--data-dir", "store"]
    made: list[int] = []
    port = free_port()
    follow = [sys.executable, "-m", "comanda", "tail", "--json", "--types", "order.created", "--after", "1:0"]
    follow += ["--url", f"http://127.0.0.1:{port}"]
    with (tmp_path / "tail.txt").open("w") as output, (tmp_path / "told.txt").open("w") as told:
        tail = subprocess.Popen(follow, stdout=output, stderr=told, cwd=tmp_path)
    try:
        await until(lambda: "no connection" in (tmp_path / "told.txt").read_text(), 60)
        process = start_comanda(*words, port=port)
        for turn in (1, 2):
            async with httpx.AsyncClient(base_url=process.url, timeout=30) as http:
                headers = {"x-token": await sign_in(http)}
                for _ in range(3):
                    answer = await http.post("/open-api/v2/orders", json=MINIMAL, headers=headers)
                    made.append(answer.json()["data"]["id"])
            await until(lambda: printed(tmp_path) >= 3 * turn, 30)  # noqa: B023
            process.popen.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(process.popen.wait, 30) == 0
            process = start_comanda(*words, port=process.port)
    finally:
        tail.terminate()
        tail.wait()
    rows = [json.loads(row) for row in (tmp_path / "tail.txt").read_text().splitlines()]
    assert [(row["type"], row["order_id"]) for row in rows] == [("order.created", order_id) for order_id in made]
    refused = run_comanda("tail", "--venues", "77", "--url", process.url, cwd=tmp_path, check=False)
    assert (refused.returncode, "Venue not found" in refused.stderr) == (1, True)
