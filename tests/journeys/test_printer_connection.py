"""The connection to a printer, against real sockets: printed, away, uncertain, and the addresses never connected to."""

import asyncio
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from ipaddress import ip_address, ip_network

import pytest

from comanda.base import limits
from comanda.printing.connection import PrinterAddressRefused, Sent, check_address, send_paper

PAPER = b"\x1b@1 x Soup\n\x1dV\x01"
LARGE = b"x" * limits.MAX_PAPER_BYTES


async def send(port: int, paper: bytes = PAPER, host: str = "127.0.0.1") -> Sent:
    """A paper to a printer on this machine."""
    return await send_paper(host, port, paper, allowed=(), loopback=True)


def with_printer(printer, paper: bytes = PAPER, host: str = "127.0.0.1") -> Sent:
    """What is known of a paper sent to a printer that behaves as the given connection handler."""

    async def run() -> Sent:
        server = await asyncio.start_server(printer, "127.0.0.1", 0)
        async with server:
            return await send(server.sockets[0].getsockname()[1], paper, host)

    return asyncio.run(run())


def reset(writer: asyncio.StreamWriter) -> None:
    """End a connection as a printer does that is switched off and on."""
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


def test_a_printer_that_takes_everything_has_printed():
    """It gets every byte once, then the end, and closes."""
    taken = []

    async def printer(reader, writer):
        taken.append(await reader.read())
        writer.close()

    assert with_printer(printer, LARGE) is Sent.PRINTED
    assert taken == [LARGE]


def test_a_name_is_resolved_and_connected_to():
    """As an address is."""

    async def printer(reader, writer):
        await reader.read()
        writer.close()

    assert with_printer(printer, host="localhost") is Sent.PRINTED


def test_a_printer_that_never_closes_has_printed(monkeypatch):
    """Silence after a whole paper is how many printers end."""
    monkeypatch.setattr(limits, "PRINTER_CLOSE_S", 0.1)
    ended = asyncio.Event()

    async def printer(reader, writer):
        writer.write(b"\x12")
        await reader.read()
        await ended.wait()

    assert with_printer(printer) is Sent.PRINTED


def test_a_printer_that_takes_nothing_has_not_printed(monkeypatch):
    """Out of paper, or without power since it was connected to: the paper is in this machine's own memory only."""
    monkeypatch.setattr(limits, "PRINTER_SEND_S", 0.3)
    monkeypatch.setattr(limits, "PRINTER_CLOSE_S", 0.1)
    with socket.socket() as stuck:
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stuck.bind(("127.0.0.1", 0))
        stuck.listen(1)
        assert asyncio.run(send(stuck.getsockname()[1], b"x" * 100_000)) is Sent.UNCERTAIN


def test_a_printer_that_closes_before_it_has_taken_the_paper_has_not_printed(monkeypatch):
    """A busy one, or what stands before it: it says that it is done and has read next to nothing."""
    monkeypatch.setattr(limits, "PRINTER_CLOSE_S", 0.3)
    with socket.socket() as busy:
        busy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        busy.bind(("127.0.0.1", 0))
        busy.listen(1)
        taken = []

        def answer() -> None:
            connection, _ = busy.accept()
            taken.append(connection)
            connection.shutdown(socket.SHUT_WR)

        thread = threading.Thread(target=answer)
        thread.start()
        assert asyncio.run(send(busy.getsockname()[1], b"x" * 200_000)) is Sent.UNCERTAIN
        thread.join()
        taken[0].close()


def test_a_slow_printer_has_printed_in_the_end(monkeypatch):
    """It takes a little at a time, and is silent for longer than silence may be once the whole paper is taken."""
    monkeypatch.setattr(limits, "PRINTER_CLOSE_S", 0.1)
    taken = bytearray()
    ended = threading.Event()
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.bind(("127.0.0.1", 0))
        slow.listen(1)

        def printer() -> None:
            connection, _ = slow.accept()
            with connection:
                while piece := connection.recv(2_048):
                    taken.extend(piece)
                    time.sleep(0.01)
                ended.wait(60)

        thread = threading.Thread(target=printer)
        thread.start()
        assert asyncio.run(send(slow.getsockname()[1], b"x" * 100_000)) is Sent.PRINTED
        # What its own system had taken for it may still be on the way to the paper.
        assert len(taken) > 80_000
        ended.set()
        thread.join()


def test_nobody_listening_is_away():
    """A port that was free a moment ago."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert asyncio.run(send(port)) is Sent.AWAY


def test_an_unknown_name_is_away():
    """A name that by definition stands for nothing."""
    assert asyncio.run(send(9100, host="printer.invalid")) is Sent.AWAY


def test_a_printer_that_does_not_answer_is_away(monkeypatch):
    """A full queue of connections: the time limit ends it, and nothing was sent."""
    monkeypatch.setattr(limits, "PRINTER_CONNECT_S", 0.2)
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for client in waiting:
            client.setblocking(False)
            client.connect_ex(deaf.getsockname())
        assert asyncio.run(send(deaf.getsockname()[1])) is Sent.AWAY
        for client in waiting:
            client.close()


def test_a_reset_in_the_middle_of_a_paper_is_uncertain():
    """Some of it may have come out."""

    async def printer(reader, writer):
        await reader.readexactly(1_000)
        reset(writer)

    assert with_printer(printer, LARGE) is Sent.UNCERTAIN


def test_a_reset_after_the_paper_is_uncertain():
    """It was all handed over, but the printer says that something went wrong."""

    async def printer(reader, writer):
        await reader.read()
        reset(writer)

    assert with_printer(printer) is Sent.UNCERTAIN


def test_a_printer_that_stops_reading_is_uncertain(monkeypatch):
    """Out of paper: it took some and stands still."""
    monkeypatch.setattr(limits, "PRINTER_SEND_S", 0.3)
    ended = asyncio.Event()

    async def printer(reader, writer):
        await reader.readexactly(1_000)
        await ended.wait()

    assert with_printer(printer, LARGE) is Sent.UNCERTAIN


def test_an_endless_paper_is_not_sent():
    """Beyond the bound it is our mistake, not the printer's."""
    with pytest.raises(ValueError, match="at most"):
        asyncio.run(send(9, LARGE + b"x"))


ALLOWED = (ip_network("192.168.1.0/24"), ip_network("fd00::/8"), ip_network("0.0.0.0/0"), ip_network("::/0"))
HOME = (ip_network("192.168.1.0/24"),)


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "224.0.0.1", "ff02::1", "0.0.0.0", "::",
                                     "240.0.0.1", "255.255.255.255", "127.0.0.1", "127.8.8.8", "::1",
                                     "::ffff:127.0.0.1", "::ffff:169.254.169.254"])  # fmt: skip
def test_addresses_where_no_printer_is_are_refused_whatever_is_allowed(address):
    """Also where an administrator allowed everything."""
    with pytest.raises(PrinterAddressRefused, match=re.escape(address.removeprefix("::ffff:"))):
        check_address(ip_address(address), allowed=ALLOWED, loopback=False)


@pytest.mark.parametrize("address", ["10.0.0.1", "8.8.8.8", "192.168.2.1", "fd00::1", "::ffff:10.0.0.1"])
def test_addresses_outside_the_allowed_networks_are_refused(address):
    """Private or public."""
    with pytest.raises(PrinterAddressRefused, match="none of the networks"):
        check_address(ip_address(address), allowed=HOME, loopback=True)


@pytest.mark.parametrize("address", ["192.168.1.77", "::ffff:192.168.1.77"])
def test_addresses_within_an_allowed_network_pass(address):
    """IPv4 within IPv6 counts as IPv4."""
    check_address(ip_address(address), allowed=HOME, loopback=False)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "::ffff:127.0.0.1", "0x7f.1"])
def test_this_machine_is_refused_under_any_of_its_names(host):
    """A name or an odd spelling is held against the policy by what it stands for."""
    with pytest.raises(PrinterAddressRefused, match="this machine itself"):
        asyncio.run(send_paper(host, 9100, PAPER, allowed=ALLOWED, loopback=False))


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "a..b"])
def test_what_is_no_name_is_refused(host):
    """It cannot even be looked up."""
    with pytest.raises(PrinterAddressRefused, match="is no address"):
        asyncio.run(send_paper(host, 9100, PAPER, allowed=ALLOWED, loopback=True))


def test_the_printer_on_the_screen_shows_and_saves_a_paper(tmp_path):
    """The command, as a shell runs it."""
    command = [sys.executable, "-m", "comanda", "printer", "listen", "--port", "0", "--pictures", str(tmp_path)]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "NO_COLOR": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        port = int(process.stdout.readline().split(";")[0].rpartition(":")[2])
        assert asyncio.run(send(port)) is Sent.PRINTED
        shown = ""
        while "saved" not in shown:
            shown += process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    assert "1 x Soup" in shown
    assert (tmp_path / "paper-0001.png").read_bytes().startswith(b"\x89PNG")
