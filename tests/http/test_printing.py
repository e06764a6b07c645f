"""Papers on real sockets, on both stores: in order, never lost in silence, never printed twice by themselves."""

import asyncio
import re
import socket
import struct
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
import pytest
from benchmarks.servers import free_port
from sqlalchemy import text
from tests.conftest import Server, fresh_database, sign_in, until
from tests.http.chain import DOCUMENTED, KITCHEN, MINIMAL, TILL, did, events, hub_get, manager, place, post

from comanda import administration, demo
from comanda.base import limits
from comanda.base.clock import Micros, now_micros
from comanda.base.errors import ComandaError, SetupError
from comanda.catalogue.document import parse_document
from comanda.cli.serve import make_demo
from comanda.duties.printing import DUTY
from comanda.main import open_store
from comanda.printing.picture import text_of
from comanda.printing.stream import read_stream
from comanda.settings import Settings
from comanda.store.leases import NOBODY, Lease, hold_lease
from comanda.store.print_jobs import make_uncertain, take_job
from comanda.store.transaction import Statement, one

pytestmark = pytest.mark.anyio
SENT = {"auto_order_accept": True, "auto_order_sent_to_station": True}
NOWHERE = "203.0.113.9"
"""An address that nothing is ever sent to: it is in none of the printers' networks."""
UNPRINTED = "nobody knows what came out of the printer"
LARGE = [{**MINIMAL["products"][0], "product_name": "Şirəli kəklik " * 15, "note": "ə" * 900}] * 25
"""Lines that no code page can spell: they are drawn, and their paper is megabytes."""


class Printer:
    """A printer on this machine: what came of each connection, and how it behaves."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.papers: list[bytes] = []
        self.connections = 0
        self.broken_off = 0
        self.resets = False
        self.holds = False
        self.released = asyncio.Event()
        self._server: asyncio.Server | None = None

    @property
    def texts(self) -> list[str]:
        """The papers as text."""
        return [text_of(paper) for paper in self.papers]

    @property
    def tickets(self) -> list[str]:
        """Which ticket each paper is of, from its foot."""
        return [re.findall(r"/ (\d+-\d+-\d+)", text)[-1] for text in self.texts]

    async def switch_on(self) -> None:
        """Listen."""
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listening.bind(("127.0.0.1", self.port))
        self._server = await asyncio.start_server(self._connected, sock=listening)

    async def switch_off(self) -> None:
        """Take no more connections."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.released.set()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self.resets:
            await reader.read(1_000)
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()
            return
        if self.holds:
            await self.released.wait()
        try:
            self.papers.append(await reader.read())
        except ConnectionResetError:
            self.broken_off += 1
        writer.close()


@asynccontextmanager
async def printer(port: int | None = None, *, on: bool = True):
    """A printer while the block runs."""
    made = Printer(port or free_port())
    try:
        if on:
            await made.switch_on()
        yield made
    finally:
        await made.switch_off()


@pytest.fixture
def hasty(monkeypatch):
    """Looks and tries again at once."""
    monkeypatch.setattr(limits, "PRINT_POLL_S", 0.02)
    monkeypatch.setattr(limits, "PRINT_RETRY_S", 0.05)
    monkeypatch.setattr(limits, "PRINT_MAX_RETRY_S", 0.1)


def at(port: int, host: str = "127.0.0.1", **changes) -> dict:
    """A document that puts the kitchen's printer of venue 1 somewhere."""
    values = {"id": 1, "name": "Kitchen printer", "venue_id": 1, "station_id": 1, "host": host, "port": port, **changes}
    return {"printers": [values]}


async def jobs(server: Server, status: str, headers=None, venue: int = 1) -> list[dict]:
    """The papers of a venue in one state."""
    return await hub_get(server, f"/print-jobs?venue={venue}&status={status}", headers or TILL)


async def uncertain_job(server: Server, kitchen: Printer, **changes) -> dict:
    """An order's paper that was lost in the middle."""
    kitchen.resets = True
    await place(server, **SENT, **changes)

    async def found() -> bool:
        return bool(await jobs(server, "uncertain"))

    await until(found)
    kitchen.resets = False
    (job,) = await jobs(server, "uncertain")
    return job


async def quiet(kitchen: Printer) -> None:
    """Give anything that would print by itself the time to do it."""
    before = kitchen.connections
    await asyncio.sleep(0.5)
    assert kitchen.connections == before


async def test_an_order_sent_to_the_station_is_printed(server: Server, hasty):
    """The whole paper as text; its job takes the number of the event that caused it, and is printed at once."""
    async with printer() as kitchen:
        await server.import_(at(kitchen.port))
        order_id = await place(server, {**DOCUMENTED, "order_number": "A-17"})
        await until(lambda: kitchen.papers)
        (text,) = kitchen.texts
        rows = [row.strip() for row in re.sub(r"\d\d\.\d\d\.\d{4} \d\d:\d\d(:\d\d)?", "TIME", text).splitlines()]
        assert [row for row in rows if row] == [
            "Kitchen",
            "A-17",
            "Delivery",
            "Ordered TIME",
            "-" * 48,
            "2 x Pizza",
            "+ Extra Cheese",
            "No onions",
            "-" * 48,
            "Leave at the door",
            "-" * 48,
            f"A-17 / Printed TIME / {order_id}-1-1",
        ]
        await until(lambda: _printed(server))
        (job,) = await jobs(server, "printed")
        (created,) = [event for event in await events(server, order_id) if event["type"] == "ticket.created"]
        assert job == {
            "id": f"1-{created['number']}",
            "venue_id": 1,
            "printer_id": 1,
            "ticket_id": f"{order_id}-1-1",
            "order_id": order_id,
            "kind": "ticket",
            "status": "printed",
            "created_at": job["created_at"],
            "attempts": 1,
            "error": None,
        }
        await quiet(kitchen)


async def _printed(server: Server) -> bool:
    return bool(await jobs(server, "printed"))


async def test_what_is_not_sent_to_a_station_is_not_printed(server: Server, hasty):
    """Accepted alone prints nothing; sending prints once, sending again does not."""
    async with printer() as kitchen:
        await server.import_(at(kitchen.port))
        order_id = await place(server, auto_order_accept=True)
        await quiet(kitchen)
        await did(server, f"/orders/{order_id}/send-to-station")
        await did(server, f"/orders/{order_id}/send-to-station")
        await until(lambda: kitchen.papers)
        await quiet(kitchen)
        assert kitchen.tickets == [f"{order_id}-1-1"]


async def test_papers_of_a_printer_come_in_the_order_of_their_events(server: Server, hasty):
    """Thirty orders at once: each once, in the order in which they were stored."""
    async with printer() as kitchen:
        await server.import_(at(kitchen.port))
        ids = await asyncio.gather(*(place(server, **SENT) for _ in range(30)))
        await until(lambda: len(kitchen.papers) == 30)
        created = [event["data"]["id"] for event in await events(server) if event["type"] == "ticket.created"]
        assert kitchen.tickets == created
        assert {int(ticket.split("-")[0]) for ticket in created} == set(ids)
        await quiet(kitchen)


async def test_while_a_printer_is_away_orders_are_taken_and_its_line_waits(server: Server, hasty):
    """Nothing is lost: the head says why it waits; once the printer is back all come out once, in order."""
    async with printer(on=False) as kitchen:
        await server.import_(at(kitchen.port))
        ids = [await place(server, **SENT) for _ in range(4)]

        async def tried_again() -> bool:
            return (await jobs(server, "queued"))[0]["attempts"] >= 3

        await until(tried_again)
        waiting: list[dict] = []

        async def all_are_seen() -> bool:
            # The head goes to and fro between the two states.
            waiting[:] = [job for status in ("queued", "sending") for job in await jobs(server, status)]
            return sorted(job["order_id"] for job in waiting) == ids

        await until(all_are_seen)
        head = min(waiting, key=lambda job: job["order_id"])
        assert head["error"] == f"127.0.0.1:{kitchen.port} is AWAY"
        assert {job["attempts"] for job in waiting if job is not head} == {0}
        ids.append(await place(server, **SENT))
        await kitchen.switch_on()
        await until(lambda: len(kitchen.papers) == 5)
        await quiet(kitchen)
        assert kitchen.tickets == [f"{order_id}-1-1" for order_id in ids]
        assert await jobs(server, "uncertain") == []


async def test_a_long_line_of_one_printer_stops_no_other(server: Server, hasty):
    """Hundreds of papers wait for the kitchen's printer; the bar's prints."""
    async with printer() as bar:
        document = at(free_port())
        document["printers"].append(
            {"id": 2, "name": "Bar", "venue_id": 1, "station_id": 2, "host": "127.0.0.1", "port": bar.port}
        )
        document["stations"] = [{"id": 2, "name": "Bar"}]
        await server.import_(document)
        for _ in range(6):
            await asyncio.gather(*(place(server, **SENT) for _ in range(100)))
        drink = [{**MINIMAL["products"][0], "product_id": 111, "product_name": "Ayran"}]
        order_id = await place(server, **SENT, products=drink)
        await until(lambda: bar.papers)
        assert bar.tickets == [f"{order_id}-2-1"]


async def test_no_text_of_an_order_becomes_a_printer_command(server: Server, hasty):
    """Escape sequences in name, note, modifier and comment: only our own commands are on the wire."""
    evil = "A\x1bp1\x1dV1\x10\x04\x01B\x1b@\x9bC\x7f\r\n\x1cD"
    line = {
        **DOCUMENTED["products"][0],
        "product_name": evil,
        "note": evil,
        "modifiers": [{**DOCUMENTED["products"][0]["modifiers"][0], "modifier_name": evil}],
    }
    async with printer() as kitchen:
        await server.import_(at(kitchen.port))
        await place(server, {**DOCUMENTED, "products": [line], "comment": evil, "order_number": "1\x1b@2"})
        await until(lambda: kitchen.papers)
    (paper,) = kitchen.papers
    assert (paper.count(b"\x1dV"), paper.count(b"\x1b@")) == (1, 1)
    assert not [byte for byte in (b"\x1bp", b"\x10", b"\x7f", b"\x9b", b"\r") if byte in paper]
    assert paper.count(b"\x1c") == 1
    reading = read_stream(paper)
    assert reading.unknown == ()
    assert text_of(paper).count("Ap1V1B@C D") == 4


async def test_a_paper_lost_in_the_middle_is_uncertain_and_never_repeated_by_itself(server: Server, hasty):
    """The printer resets the connection in a large paper: it is set aside and told of; the line goes on."""
    async with printer() as kitchen:
        await server.import_(at(kitchen.port))
        job = await uncertain_job(server, kitchen, products=LARGE)
        assert (job["status"], job["error"], job["attempts"]) == ("uncertain", UNPRINTED, 1)
        told = [event for event in await events(server) if event["type"] == "print.uncertain"]
        card = {name: value for name, value in job.items() if name not in ("attempts", "error")}
        assert [event["data"] for event in told] == [card]
        board = await hub_get(server, "/venues/1/board")
        assert card["id"] in str(board)
        later = await place(server, **SENT)
        await until(lambda: kitchen.papers)
        await quiet(kitchen)
        assert kitchen.tickets == [f"{later}-1-1"]
        assert kitchen.connections == 2


async def test_a_paper_whose_fate_is_known_is_never_called_uncertain(server: Server, hasty):
    """Two processes may come to the end of one paper; what the first said stands, and is told once."""
    async with printer() as kitchen:
        await server.import_(at(kitchen.port))
        await uncertain_job(server, kitchen)
        await place(server, **SENT)
        await until(lambda: _printed(server))
        store, before = server.hub.store, await events(server)
        for status in ("uncertain", "printed"):
            (job,) = await store.read_jobs(demo.BRAND, 1, status)
            await store.run(lambda job=job: make_uncertain(demo.BRAND, job, now_micros()))
            assert await store.read_jobs(demo.BRAND, 1, status) == [job]
        assert await events(server) == before


async def test_an_uncertain_paper_is_printed_again_once_however_often_it_is_asked_for(server: Server, hasty):
    """Marked POSSIBLE DUPLICATE; six at once and two later print one paper."""
    async with printer() as kitchen:
        await server.import_(at(kitchen.port))
        job = await uncertain_job(server, kitchen)
        path = f"/print-jobs/{job['id']}/reprint"
        answers = await asyncio.gather(*(did(server, path, headers=who) for who in (TILL, KITCHEN) * 3))
        assert sorted(answer["changed"] for answer in answers) == [False] * 5 + [True]
        assert {answer["status"] for answer in answers} == {"settled"}
        assert (await did(server, path))["changed"] is False
        assert (await did(server, f"/print-jobs/{job['id']}/dismiss"))["changed"] is False
        await until(lambda: kitchen.papers)
        await quiet(kitchen)
        assert kitchen.tickets == [job["ticket_id"]]
        assert kitchen.texts[0].split().count("POSSIBLE") == kitchen.texts[0].split().count("DUPLICATE") == 2
        settled = [event["data"]["id"] for event in await events(server) if event["type"] == "print.settled"]
        assert settled == [job["id"]]
        assert await jobs(server, "uncertain") == []


async def test_an_uncertain_paper_that_came_out_is_dismissed(server: Server, hasty):
    """Nothing is printed; whoever wants it again afterwards changes nothing."""
    async with printer() as kitchen:
        await server.import_(at(kitchen.port))
        job = await uncertain_job(server, kitchen)
        assert (await did(server, f"/print-jobs/{job['id']}/dismiss", headers=await manager(server)))["changed"] is True
        assert (await did(server, f"/print-jobs/{job['id']}/reprint"))["changed"] is False
        await quiet(kitchen)
        assert (kitchen.papers, await jobs(server, "uncertain"), await jobs(server, "queued")) == ([], [], [])


async def test_papers_of_a_printer_that_was_replaced_come_out_of_the_other_one(server: Server, hasty):
    """What waited for it, in its order, and what was in doubt and is printed again."""
    async with printer() as old, printer() as new:
        await server.import_(at(old.port))
        job = await uncertain_job(server, old)
        await old.switch_off()
        waiting = [await place(server, **SENT) for _ in range(3)]
        await server.import_({"printers": [*at(old.port, active=False)["printers"], *at(new.port, id=2)["printers"]]})
        await until(lambda: len(new.papers) == 3)
        assert new.tickets == [f"{order_id}-1-1" for order_id in waiting]
        assert (await did(server, f"/print-jobs/{job['id']}/reprint"))["changed"] is True
        await until(lambda: len(new.papers) == 4)
        assert new.tickets[-1] == job["ticket_id"]
        assert "DUPLICATE" in new.texts[-1]
        await quiet(new)


async def test_a_doubtful_paper_is_not_settled_by_a_print_that_nothing_can_make(server: Server, hasty):
    """Its printer was retired and no other stands there, or the station prints no more: it stays in doubt."""
    async with printer() as kitchen:
        await server.import_(at(kitchen.port))
        job = await uncertain_job(server, kitchen)
        path = f"/print-jobs/{job['id']}/reprint"
        for change in (
            at(kitchen.port, active=False),
            {"stations": [{"id": 1, "name": "Kitchen", "printable": False}]},
        ):
            await server.import_(change)
            refused = await post(server, path)
            assert (refused.status_code, refused.json()["error"]) == (409, "no_printer")
            assert [one["id"] for one in await jobs(server, "uncertain")] == [job["id"]]
            await server.import_(at(kitchen.port))
        await server.import_({"stations": [{"id": 1, "name": "Kitchen", "printable": True}]})
        assert (await did(server, path))["changed"] is True
        await until(lambda: kitchen.papers)


async def test_a_printer_that_is_moved_to_another_venue_prints_nothing_of_the_old_one(server: Server, hasty):
    """What waited there goes on waiting, also where it was the first in line; the new venue's papers come out."""
    async with printer(on=False) as moved:
        await server.import_(at(moved.port))
        left = await place(server, **SENT)
        await server.import_({"stations": [{"id": 1, "name": "Kitchen"}], **at(moved.port, venue_id=2)})
        # A try that is under way is still one of the old place.
        await asyncio.sleep(2)
        await moved.switch_on()
        there = await place(server, **SENT, venue_id=2)
        await until(lambda: moved.papers)
        await quiet(moved)
        assert moved.tickets == [f"{there}-1-1"]
        assert [job["order_id"] for job in await jobs(server, "queued")] == [left]


async def test_a_paper_without_a_printer_waits_until_nobody_needs_it(server: Server, hasty):
    """Its printer was retired; once its ticket is finished, or the station has a screen only, it is in line no more."""
    await server.import_(at(free_port()))
    cooked, other = [await place(server, **SENT) for _ in range(2)]
    await server.import_({"stations": [{"id": 1, "name": "Kitchen"}], **at(9, active=False)})

    def waiting(orders: list[int]):
        async def found() -> bool:
            return [job["order_id"] for job in await jobs(server, "queued")] == orders

        return found

    await until(waiting([cooked, other]))
    await did(server, f"/tickets/{cooked}-1-1/ready", headers=KITCHEN)
    await until(waiting([other]))
    await server.import_({"stations": [{"id": 1, "name": "Kitchen", "printable": False}]})
    await until(waiting([]))


async def test_one_device_in_two_places_of_the_catalogue_gets_one_paper_at_a_time(server: Server, hasty):
    """Two stations share it: the second connection is made when the first has ended."""
    async with printer() as shared:
        shared.holds = True
        both = [*at(shared.port)["printers"], *at(shared.port, id=2, station_id=2)["printers"]]
        await server.import_({"stations": [{"id": 2, "name": "Bar"}], "printers": both})
        drink = {**MINIMAL["products"][0], "product_id": 111, "product_name": "Ayran"}
        await place(server, **SENT, products=[MINIMAL["products"][0], drink])
        await until(lambda: shared.connections == 1)
        await asyncio.sleep(0.5)
        assert shared.connections == 1
        shared.released.set()
        await until(lambda: len(shared.papers) == 2)


async def test_paper_does_not_wait_for_a_clock_that_was_wrong(server: Server, hasty):
    """Put in line by an action that is dated ahead, or put back by one that is."""
    ahead = now_micros() + 4 * 3600 * 1_000_000

    def dated(statement: str):
        yield one(Statement(text(statement), returns=False))

    async with printer(on=False) as kitchen:
        await server.import_(at(kitchen.port))
        early = await place(server)
        await server.hub.store.run(lambda: dated(f"UPDATE orders SET updated_at = {ahead} WHERE id = {early}"))
        await did(server, f"/orders/{early}/accept", {"send_to_station": True})

        async def tried() -> bool:
            return any(job["attempts"] for job in await jobs(server, "queued"))

        await until(tried)
        await server.hub.store.run(lambda: dated(f"UPDATE print_jobs SET next_try_at = {ahead}"))
        await kitchen.switch_on()
        await until(lambda: kitchen.papers)
        assert kitchen.tickets == [f"{early}-1-1"]


async def test_a_duty_goes_on_whatever_the_clock_of_its_last_holder_said(server: Server):
    """A lease that is not renewed is taken by who has watched it; one that is, is not, however far clocks are apart."""
    now = now_micros()
    ahead = Micros(now + 4 * 3600 * 1_000_000)

    async def hold(holder: str, at: Micros, lapsed: Lease = NOBODY) -> Lease | None:
        wanted = Lease(holder, Micros(at + 6_000_000))
        return await server.hub.store.run(lambda: hold_lease("demo", "test", wanted, lapsed=lapsed))

    assert await hold("early", ahead) is None
    seen = await hold("right", now)
    assert seen == Lease("early", Micros(ahead + 6_000_000))
    assert await hold("early", Micros(ahead + 2_000_000)) is None
    renewed = await hold("right", now, lapsed=seen)
    assert renewed == Lease("early", Micros(ahead + 8_000_000))
    assert await hold("right", now, lapsed=renewed) is None
    assert await hold("right", now) is None
    # One whose clock is far ahead has no better claim.
    assert await hold("early", ahead) == Lease("right", Micros(now + 6_000_000))


async def test_printing_is_taken_over_from_a_process_that_is_gone_and_whose_clock_was_wrong(
    server: Server, hasty, monkeypatch
):
    """After as long as a lease lasts, not after as long as it says."""
    monkeypatch.setattr(limits, "LEASE_S", 1.0)
    ahead = now_micros() + 4 * 3600 * 1_000_000

    def gone():
        yield one(Statement(text(f"UPDATE leases SET until = {ahead}, holder = 'gone'"), returns=False))

    async with printer() as kitchen:
        await server.import_(at(kitchen.port))
        await place(server, **SENT)
        await until(lambda: kitchen.papers)
        await server.hub.store.run(gone)
        await asyncio.sleep(1)
        later = await place(server, **SENT)
        await until(lambda: len(kitchen.papers) == 2)
        assert kitchen.tickets[-1] == f"{later}-1-1"


async def test_only_what_is_uncertain_is_settled(server: Server, hasty):
    """409 for a paper whose fate is known; nothing is printed or told."""
    async with printer() as kitchen:
        await server.import_(at(kitchen.port))
        await place(server, **SENT)
        await until(lambda: _printed(server))
        (job,) = await jobs(server, "printed")
        before = await events(server)
        for action in ("reprint", "dismiss"):
            answer = await post(server, f"/print-jobs/{job['id']}/{action}")
            assert (answer.status_code, answer.json()["error"]) == (409, "print_not_uncertain")
        assert await events(server) == before
        await quiet(kitchen)


async def test_a_cancelled_order_prints_that_it_is_cancelled(server: Server, hasty):
    """After the ticket a slip for the same station, marked at head and foot."""
    async with printer() as kitchen:
        await server.import_(at(kitchen.port))
        order_id = await place(server, **SENT)
        await until(lambda: kitchen.papers)
        await server.ignore(order_id)
        await until(lambda: len(kitchen.papers) == 2)
        assert kitchen.tickets == [f"{order_id}-1-1"] * 2
        assert [text.split().count("CANCELLED") for text in kitchen.texts] == [0, 2]


async def test_the_ticket_of_an_order_cancelled_before_it_was_printed_is_not(server: Server, hasty):
    """Else it would be cooked: it is overtaken, and so is its reprint; the slip is printed."""
    async with printer() as kitchen:
        await server.import_(at(kitchen.port, NOWHERE))
        order_id = await place(server, **SENT)
        await did(server, f"/tickets/{order_id}-1-1/reprint")
        await server.ignore(order_id)
        await server.import_(at(kitchen.port))
        await until(lambda: kitchen.papers)
        await quiet(kitchen)
        assert [text.split().count("CANCELLED") for text in kitchen.texts] == [2]
        assert [job["kind"] for job in await jobs(server, "overtaken")] == ["ticket", "reprint"]


@pytest.mark.parametrize("lost", ["ticket", "cancellation"])
async def test_a_doubtful_paper_of_a_cancelled_order_says_cancelled(server: Server, hasty, lost):
    """Whether the ticket or its slip was lost: printed again it never looks like food to cook."""
    async with printer() as kitchen:
        await server.import_(at(kitchen.port))
        if lost == "ticket":
            job = await uncertain_job(server, kitchen)
            await server.ignore(job["order_id"])
        else:
            order_id = await place(server, **SENT)
            await until(lambda: kitchen.papers)
            kitchen.resets = True
            await server.ignore(order_id)
            await until(lambda: _uncertain(server))
            kitchen.resets = False
            (job,) = await jobs(server, "uncertain")
        assert job["kind"] == lost
        await did(server, f"/print-jobs/{job['id']}/reprint")
        await until(lambda: len(kitchen.papers) == 2)
        await quiet(kitchen)
        assert kitchen.texts[-1].split().count("CANCELLED") == 2


async def test_what_says_cancelled_is_printed_whatever_the_screens_have_seen(server: Server, hasty):
    """A ticket of unknown fate is asked for again, cancelled and dismissed on the screen: its cook has only the paper."""
    async with printer() as kitchen:
        await server.import_(at(kitchen.port))
        job = await uncertain_job(server, kitchen)
        await server.import_(at(kitchen.port, NOWHERE))
        await did(server, f"/print-jobs/{job['id']}/reprint")
        await server.ignore(job["order_id"])
        await did(server, f"/tickets/{job['ticket_id']}/dismiss")
        await server.import_(at(kitchen.port))
        await until(lambda: len(kitchen.papers) == 2)
        assert all("CANCELLED" in text for text in kitchen.texts)


async def _uncertain(server: Server) -> bool:
    return bool(await jobs(server, "uncertain"))


async def test_papers_that_wait_follow_their_station_to_another_printer(server: Server, hasty):
    """Two printers that were set up the wrong way round are put right while one of them is away."""
    async with printer() as kitchen, printer(on=False) as bar:
        wrong = {"printers": [*at(bar.port)["printers"], *at(kitchen.port, id=2, station_id=2)["printers"]]}
        await server.import_(wrong)
        waiting = [await place(server, **SENT) for _ in range(2)]
        right = {"printers": [*at(bar.port, station_id=2)["printers"], *at(kitchen.port, id=2)["printers"]]}
        await server.import_(right)
        await until(lambda: len(kitchen.papers) == 2)
        assert kitchen.tickets == [f"{order_id}-1-1" for order_id in waiting]
        await bar.switch_on()
        await quiet(bar)
        assert bar.papers == []


async def test_a_station_with_a_screen_only_prints_nothing(server: Server, hasty):
    """Its printer is left alone, by tickets and by hand (contract 9.13), also by what was in line before."""
    async with printer() as kitchen:
        await server.import_(at(kitchen.port, NOWHERE))
        before = await place(server, **SENT)
        await server.import_({"stations": [{"id": 1, "name": "Kitchen", "printable": False}]})
        await server.import_(at(kitchen.port))
        await until(lambda: _overtaken(server))
        assert [job["order_id"] for job in await jobs(server, "overtaken")] == [before]
        order_id = await place(server, **SENT)
        answer = await post(server, f"/tickets/{order_id}-1-1/reprint")
        assert (answer.status_code, answer.json()["error"]) == (409, "no_printer")
        await server.ignore(order_id)
        await quiet(kitchen)
        assert kitchen.papers == []
        assert await jobs(server, "queued") == []


async def _overtaken(server: Server) -> bool:
    return bool(await jobs(server, "overtaken"))


async def test_a_ticket_is_printed_again_marked_as_a_reprint(server: Server, hasty):
    """Once per request, and once under one key; of a cancelled ticket it is the slip."""
    async with printer() as kitchen:
        await server.import_(at(kitchen.port))
        order_id = await place(server, **SENT)
        path = f"/tickets/{order_id}-1-1/reprint"
        for _ in range(2):
            await did(server, path, headers=KITCHEN, **{"Idempotency-Key": "tap"})
        await until(lambda: len(kitchen.papers) == 2)
        await server.ignore(order_id)
        await did(server, path)
        await until(lambda: len(kitchen.papers) == 4)
        await quiet(kitchen)
        marks = [[text.split().count(mark) for mark in ("REPRINT", "CANCELLED")] for text in kitchen.texts]
        assert marks == [[0, 0], [2, 0], [0, 2], [0, 2]]


async def test_a_station_without_a_printer_cannot_print(server: Server):
    """409 no_printer, and nothing is told; a ticket that is not there is a 404."""
    drink = [{**MINIMAL["products"][0], "product_id": 111, "product_name": "Ayran"}]
    order_id = await place(server, **SENT, products=drink)
    before = await events(server)
    answer = await post(server, f"/tickets/{order_id}-2-1/reprint")
    assert (answer.status_code, answer.json()["error"]) == (409, "no_printer")
    missing = await post(server, f"/tickets/{order_id}-1-1/reprint")
    assert (missing.status_code, missing.json()["error"]) == (404, "resource_not_found")
    assert await events(server) == before
    assert await jobs(server, "queued") == []


async def test_addresses_that_are_not_allowed_are_never_connected_to(server: Server, hasty):
    """The job waits and says why; put right in the catalogue, it prints."""
    async with printer() as kitchen:
        reasons = {
            "0.0.0.0": "0.0.0.0 is unspecified, where no printer can be",
            "169.254.169.254": "169.254.169.254 is link-local, where no printer can be",
            "::ffff:169.254.169.254": "169.254.169.254 is link-local, where no printer can be",
            "224.0.0.1": "224.0.0.1 is multicast, where no printer can be",
            "203.0.113.9": "203.0.113.9 is in none of the networks allowed for printers",
        }
        await server.import_(at(kitchen.port, next(iter(reasons))))
        order_id = await place(server, **SENT)
        for host, reason in reasons.items():
            await server.import_(at(kitchen.port, host))

            async def says(reason=reason) -> bool:
                found = [job for status in ("queued", "sending") for job in await jobs(server, status)]
                return [job["error"] for job in found] == [reason]

            await until(says)
        assert kitchen.connections == 0
        await server.import_(at(kitchen.port))
        await until(lambda: kitchen.papers)
        assert kitchen.tickets == [f"{order_id}-1-1"]


async def test_a_paper_that_cannot_be_drawn_waits_and_says_why(server: Server, hasty, monkeypatch):
    """It is not lost between its states, and stops no other printer."""
    async with printer() as kitchen:
        await server.import_(at(kitchen.port))
        monkeypatch.setattr(limits, "MAX_PAPER_BYTES", 10)
        await place(server, **SENT)

        async def says() -> bool:
            found = [job for status in ("queued", "sending") for job in await jobs(server, status)]
            return [job["error"] for job in found] == ["a paper is at most 10 bytes"]

        await until(says)
        monkeypatch.undo()
        await until(lambda: kitchen.papers)


async def test_a_printer_of_an_odd_width_is_refused_when_it_is_imported():
    """What could never be printed on is said at once."""
    with pytest.raises(SetupError, match="columns"):
        parse_document(at(9100, columns=40))


async def test_a_ticket_is_seen_as_a_picture(server: Server):
    """A PNG, never cached, of what the station's printer would print; 404 for a ticket that is not there."""
    order_id = await place(server, **SENT)
    answer = await server.http.get(f"/hub/v1/tickets/{order_id}-1-1/paper.png", headers=KITCHEN)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert answer.content.startswith(b"\x89PNG\r\n\x1a\n")
    assert answer.headers["cache-control"] == "no-store"
    for wanted in (f"{order_id}-7-1", f"{order_id}-1-2", "99999-1-1", "x", "1-1"):
        missing = await server.http.get(f"/hub/v1/tickets/{wanted}/paper.png", headers=KITCHEN)
        assert (missing.status_code, missing.json()["error"]) == (404, "resource_not_found"), wanted


async def test_papers_of_another_venue_are_not_there(server: Server, hasty):
    """A device of venue 2 neither sees nor settles those of venue 1."""
    async with printer() as kitchen:
        await server.import_(at(kitchen.port))
        job = await uncertain_job(server, kitchen)
        _, token = await administration.add_terminal(server.hub.store, demo.BRAND, venue_id=2, name="Elsewhere")
        await server.hub.known.refresh()
        elsewhere = {"authorization": f"Bearer {token}"}
        before = await events(server)
        answers = [
            await post(server, f"/print-jobs/{job['id']}/reprint", headers=elsewhere),
            await post(server, f"/print-jobs/{job['id']}/dismiss", headers=elsewhere),
            await post(server, f"/print-jobs/{job['id'].replace('1-', '2-', 1)}/reprint", headers=elsewhere),
            await post(server, "/print-jobs/1-999999/reprint"),
            await post(server, "/print-jobs/9-9/reprint", headers=await manager(server)),
            await post(server, "/print-jobs/x/reprint"),
            await post(server, f"/tickets/{job['ticket_id']}/reprint", headers=elsewhere),
            await server.http.get("/hub/v1/print-jobs?venue=1", headers=elsewhere),
            await server.http.get(f"/hub/v1/tickets/{job['ticket_id']}/paper.png", headers=elsewhere),
        ]
        assert [answer.status_code for answer in answers] == [404] * len(answers)
        assert await events(server) == before
        assert await jobs(server, "uncertain", elsewhere, venue=2) == []
        wrong = await server.http.get("/hub/v1/print-jobs?status=lost", headers=TILL)
        assert (wrong.status_code, wrong.json()["error"]) == (400, "invalid_parameter")


# Real processes


@pytest.fixture
def elsewhere(request, tmp_path):
    """Where real processes keep their store, for each kind: words for the command line and settings for us."""

    def where(kind: str) -> tuple[list[str], Settings]:
        settings = Settings(data_dir=tmp_path / "data", demo=True)
        words = ["serve", "--demo", "--log-level", "error", "--data-dir", str(settings.data_dir)]
        if kind == "postgresql":
            settings = replace(settings, database_url=fresh_database(request))
            words += ["--database-url", str(settings.database_url)]
        return words, settings

    return where


ROOMY = {"COMANDA_RATE_CALLS": "1000000", "COMANDA_RATE_FAILED": "1000000", "COMANDA_RATE_AUTH": "1000000"}


async def with_demo(settings: Settings, document: dict) -> None:
    """Make the demo brand in a store, with changes to its catalogue."""
    async with open_store(settings) as store:
        await make_demo(store)
        await administration.import_document(store, demo.BRAND, parse_document(document))


@asynccontextmanager
async def client_of(process):
    """A client of a real process, as the tests' server has one."""
    async with httpx.AsyncClient(base_url=process.url, timeout=40) as http:
        yield Server(None, http, await sign_in(http))


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_paper_that_a_killed_process_was_sending_is_uncertain(kind, elsewhere, start_comanda):
    """Killed while the printer holds the connection: set aside once the duty lapses, never printed again by itself,
    and those behind it in the line are printed."""
    words, settings = await asyncio.to_thread(elsewhere, kind)
    async with printer() as kitchen:
        await with_demo(settings, at(kitchen.port))
        kitchen.holds = True
        first = await asyncio.to_thread(lambda: start_comanda(*words, environment=ROOMY))
        async with client_of(first) as server:
            lost = await place(server, **SENT)
            behind = await place(server, **SENT)
            await until(lambda: kitchen.connections == 1)
            assert [job["order_id"] for job in await jobs(server, "sending")] == [lost]
            first.popen.kill()
            first.popen.wait()
        kitchen.holds = False
        kitchen.released.set()
        second = await asyncio.to_thread(lambda: start_comanda(*words, environment=ROOMY))
        async with client_of(second) as server:
            await until(lambda: _uncertain(server))
            (job,) = await jobs(server, "uncertain")
            assert (job["order_id"], job["kind"], job["attempts"]) == (lost, "ticket", 1)
            await until(lambda: f"{behind}-1-1" in kitchen.tickets)
            await asyncio.sleep(1)
            assert kitchen.tickets.count(f"{lost}-1-1") <= 1
            assert kitchen.connections == 2
            told = [event["data"]["id"] for event in await events(server) if event["type"] == "print.uncertain"]
            assert told == [job["id"]]


async def test_two_processes_on_one_store_print_each_paper_once(elsewhere, start_comanda):
    """Orders to both, and the one that prints is killed between papers: every other paper comes out once, in order."""
    words, settings = await asyncio.to_thread(elsewhere, "postgresql")
    async with printer() as kitchen:
        await with_demo(settings, at(kitchen.port))
        both = [await asyncio.to_thread(lambda: start_comanda(*words, environment=ROOMY)) for _ in range(2)]
        async with client_of(both[0]) as one, client_of(both[1]) as other:
            await asyncio.gather(*(place((one, other)[n % 2], **SENT) for n in range(20)))
            await until(lambda: len(kitchen.papers) == 20)
            both[0].popen.kill()
            await asyncio.gather(*(place(other, **SENT) for _ in range(5)))
            await until(lambda: len(kitchen.papers) == 25)
            await quiet(kitchen)
            created = [event["data"]["id"] for event in await events(other) if event["type"] == "ticket.created"]
            assert kitchen.tickets == created
            assert len(set(created)) == 25


async def test_what_is_cooked_already_is_not_printed_as_if_it_were_to_be_cooked(server: Server, hasty):
    """The printer comes back when the kitchen has finished from the screen: the paper is overtaken."""
    async with printer() as kitchen:
        await server.import_(at(kitchen.port, NOWHERE))
        cooked, waiting = await place(server, **SENT), await place(server, **SENT)
        await did(server, f"/tickets/{cooked}-1-1/ready")
        await server.import_(at(kitchen.port))
        await until(lambda: kitchen.papers)
        await quiet(kitchen)
        assert kitchen.tickets == [f"{waiting}-1-1"]
        assert [job["order_id"] for job in await jobs(server, "overtaken")] == [cooked]


async def test_a_reprint_of_what_was_cooked_meanwhile_is_not_printed(server: Server, hasty):
    """Asked for before it was cooked, it would be cooked again; asked for of what is ready, it comes out."""
    async with printer() as kitchen:
        await server.import_(at(kitchen.port, NOWHERE))
        cooked, ready = await place(server, **SENT), await place(server, **SENT)
        await did(server, f"/tickets/{cooked}-1-1/reprint")
        await did(server, f"/tickets/{cooked}-1-1/ready")
        await did(server, f"/tickets/{ready}-1-1/ready")
        await did(server, f"/tickets/{ready}-1-1/reprint")
        await server.import_(at(kitchen.port))
        await until(lambda: kitchen.papers)
        await quiet(kitchen)
        assert kitchen.tickets == [f"{ready}-1-1"]
        assert "REPRINT" in kitchen.texts[0]
        assert [job["order_id"] for job in await jobs(server, "overtaken")] == [cooked, ready, cooked]


async def test_new_papers_wait_for_those_of_the_printer_that_was_replaced(server: Server, hasty, monkeypatch):
    """Also while those are not to be tried again yet: a station's papers come in their order."""
    async with printer() as new:
        await server.import_(at(free_port()))
        monkeypatch.setattr(limits, "PRINT_RETRY_S", 60.0)
        monkeypatch.setattr(limits, "PRINT_MAX_RETRY_S", 60.0)
        waiting = [await place(server, **SENT) for _ in range(3)]

        async def tried() -> bool:
            return any(job["attempts"] for job in await jobs(server, "queued"))

        await until(tried)
        await server.import_({"printers": [*at(9, active=False)["printers"], *at(new.port, id=2)["printers"]]})
        waiting += [await place(server, **SENT) for _ in range(3)]
        await until(lambda: len(new.papers) == 6)
        assert new.tickets == [f"{order_id}-1-1" for order_id in waiting]


async def test_a_paper_that_was_called_uncertain_does_not_come_out_later(server: Server, hasty, monkeypatch):
    """The printer takes nothing for a while: what is left of the paper is broken off, not delivered when it goes on."""
    monkeypatch.setattr(limits, "PRINTER_SEND_S", 0.5)
    monkeypatch.setattr(limits, "PRINTER_CLOSE_S", 0.2)
    async with printer() as kitchen:
        kitchen.holds = True
        await server.import_(at(kitchen.port))
        await place(server, **SENT, products=LARGE)

        async def doubtful() -> bool:
            return bool(await jobs(server, "uncertain"))

        await until(doubtful)
        kitchen.released.set()
        await until(lambda: kitchen.broken_off)
        assert kitchen.papers == []


async def test_a_process_that_lost_the_duty_takes_no_paper(server: Server, monkeypatch: pytest.MonkeyPatch):
    """However long its transaction was on its way: another one holds the lease by now."""
    store = server.hub.store
    monkeypatch.setattr(limits, "PRINT_RETRY_S", 600.0)
    monkeypatch.setattr(limits, "PRINT_MAX_RETRY_S", 600.0)
    await server.import_(at(free_port(), NOWHERE))
    await place(server, **SENT)

    async def put_back() -> bool:
        return any(job.attempts for job in await store.read_jobs(demo.BRAND, 1, "queued"))

    await until(put_back)
    (job,) = await store.read_jobs(demo.BRAND, 1, "queued")
    assert await store.run(lambda: take_job(demo.BRAND, job, DUTY, "somebody else", now_micros())) is None
    assert [one.status for one in await store.read_jobs(demo.BRAND, 1, "queued")] == ["queued"]


async def test_integrators_do_not_learn_where_printers_stand(server: Server, hasty):
    """What went wrong names addresses of the house: the house reads it, others read that it waits."""
    await server.import_(at(free_port()))
    await place(server, **SENT)

    async def tried() -> bool:
        return any(job["attempts"] and job["error"] for job in await jobs(server, "queued"))

    await until(tried)
    assert [job["error"] for job in await jobs(server, "queued", server.headers)] == [None]


async def test_a_paper_taken_by_a_commit_whose_answer_was_lost_is_set_aside(server: Server, hasty, monkeypatch):
    """Nobody is sending it although it is marked so: with the next renewal of the lease it is uncertain."""
    monkeypatch.setattr(limits, "LEASE_S", 0.6)
    real, lost = server.hub.store.run, []

    async def losing(build):
        result = await real(build)
        if not lost and type(result).__name__ == "Ticket":
            lost.append(build)
            raise ComandaError("outcome_unknown", "the answer was lost")
        return result

    monkeypatch.setattr(server.hub.store, "run", losing)
    async with printer() as kitchen:
        await server.import_(at(kitchen.port))
        order_id = await place(server, **SENT)

        async def found() -> bool:
            return bool(await jobs(server, "uncertain"))

        await until(found)
        assert [job["order_id"] for job in await jobs(server, "uncertain")] == [order_id]
        assert kitchen.papers == []


async def test_a_test_page_shows_where_the_printer_stands_and_what_it_spells(server: Server):
    """Venue, station, printer and letters of three languages, at once; and no print job."""
    boss = await manager(server)
    async with printer() as kitchen:
        await server.import_(at(kitchen.port))
        page = await did(server, "/admin/printers/1/test-page", headers=boss)
        assert page == {"printed": True, "reason": None, "error": None}
        await until(lambda: kitchen.papers)
        (paper,) = kitchen.texts
    for words in ("TEST PAGE", "Main", "Kitchen", "Борщ", "Türkçe", "1234567890"):
        assert words in paper, paper
    assert await jobs(server, "printed") == await jobs(server, "queued") == []


async def test_a_test_page_that_does_not_come_out_says_why(server: Server, monkeypatch):
    """Nobody there, no printer's address, one that takes nothing: an answer in time, and no failure of ours."""
    boss = await manager(server)
    await server.import_(at(free_port()))
    away = await did(server, "/admin/printers/1/test-page", headers=boss)
    assert away == {"printed": False, "reason": "no_answer", "error": "The printer did not answer"}
    await server.import_(at(9100, "203.0.113.9"))
    refused = await did(server, "/admin/printers/1/test-page", headers=boss)
    assert (refused["printed"], refused["reason"]) == (False, "address_refused")
    assert "none of the networks" in refused["error"]
    monkeypatch.setattr(limits, "TEST_PAGE_S", 0.2)
    monkeypatch.setattr(limits, "PRINTER_CLOSE_S", 20)
    async with printer() as kitchen:
        kitchen.holds = True
        await server.import_(at(kitchen.port))
        late = await did(server, "/admin/printers/1/test-page", headers=boss)
        assert late == {
            "printed": False,
            "reason": "too_slow",
            "error": "The printer did not take the page within 0.2 seconds",
        }
        kitchen.released.set()
    answer = await post(server, "/admin/printers/77/test-page", headers=boss)
    assert (answer.status_code, answer.json()["error"]) == (404, "resource_not_found")
    for headers in (TILL, server.headers):
        assert (await post(server, "/admin/printers/1/test-page", headers=headers)).status_code == 403
