"""The connection to a printer: an address and a paper in, what is known of the print out.

No address is connected to that the policy does not allow, whatever a name resolves to; nothing is ever sent twice.
"""

import asyncio
import contextlib
import fcntl
import socket
import struct
import sys
import time
from collections.abc import Sequence
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from weakref import WeakValueDictionary

from comanda.base import limits

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


_SIOCOUTQ = 0x5411
"""Linux asks by this number how much of what was sent is not acknowledged (tcp(7))."""
_ASK_AGAIN_S = 0.02
_talking: WeakValueDictionary[tuple[str, int], asyncio.Lock] = WeakValueDictionary()


class Sent(StrEnum):
    """What is known of a paper after it was sent."""

    PRINTED = "PRINTED"
    """The printer took all of it: every byte was acknowledged by it, and it closed the connection or fell silent."""
    AWAY = "AWAY"
    """Nothing was sent: refused, unreachable, or no answer in time."""
    UNCERTAIN = "UNCERTAIN"
    """The connection was lost or stood still after it was made; nobody here knows what came out."""


class PrinterAddressRefused(Exception):
    """A printer's address that must not be connected to."""


async def send_paper(
    host: str,
    port: int,
    paper: bytes,
    *,
    allowed: Sequence[Network],
    loopback: bool,
    connect_s: float = limits.PRINTER_CONNECT_S,
) -> Sent:
    """Send a paper once to a printer at ``host`` (a name or an address) and say what is known of it.

    Once connected, whoever else in this process sends to that host and port is waited for. Beside that it takes at most
    ``connect_s`` + 2 * (PRINTER_SEND_S + PRINTER_CLOSE_S) seconds. Raises PrinterAddressRefused when any address that
    the host stands for is not allowed, ValueError for a paper over MAX_PAPER_BYTES.
    """
    if len(paper) > limits.MAX_PAPER_BYTES:
        raise ValueError(f"a paper is at most {limits.MAX_PAPER_BYTES} bytes")
    try:
        async with asyncio.timeout(connect_s):
            addresses = await _resolve(host, port)
            for address in addresses:
                check_address(address, allowed=allowed, loopback=loopback)
            reader, writer = await _connect(addresses, port)
    except OSError:
        return Sent.AWAY
    sent = Sent.UNCERTAIN
    # A device that takes two connections would mix what comes through them.
    alone = _talking.setdefault((host, port), asyncio.Lock())
    try:
        async with alone:
            sent = await _hand_over(reader, writer, paper)
    finally:
        if sent is Sent.UNCERTAIN:
            _break_off(writer)
        else:
            writer.close()
    return sent


def _break_off(writer: asyncio.StreamWriter) -> None:
    """Let nothing more out: closed in order, the system would go on delivering a paper that was called uncertain."""
    connected = writer.get_extra_info("socket")
    # Of a connection that is lost already there is no socket any more, or one without a number.
    if connected is not None:
        with contextlib.suppress(OSError, ValueError):
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def check_address(address: Address, *, allowed: Sequence[Network], loopback: bool) -> None:
    """Raise PrinterAddressRefused unless a printer may have this address; IPv4 within IPv6 counts as IPv4."""
    bare = getattr(address, "ipv4_mapped", None) or address
    if bare.is_loopback:
        if not loopback:
            raise PrinterAddressRefused(f"{bare} is this machine itself, where no printer may be")
        return
    kinds = ("link_local", "multicast", "unspecified", "reserved")
    kind = next((kind for kind in kinds if getattr(bare, f"is_{kind}")), None)
    if kind is not None:
        raise PrinterAddressRefused(f"{bare} is {kind.replace('_', '-')}, where no printer can be")
    if not any(bare in network for network in allowed):
        raise PrinterAddressRefused(f"{bare} is in none of the networks allowed for printers")


async def _resolve(host: str, port: int) -> list[Address]:
    """Every address a host stands for; an OSError when there is none."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except ValueError as error:
        raise PrinterAddressRefused(f"{host!r} is no address") from error
    return list(dict.fromkeys(ip_address(entry[4][0]) for entry in found))


async def _connect(addresses: Sequence[Address], port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to the first address that answers; they are numbers by now, so no name is looked up again."""
    failure = OSError("the host has no address")
    for address in addresses:
        try:
            return await asyncio.open_connection(str(address), port)
        except OSError as error:
            failure = error
    raise failure


async def _hand_over(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, paper: bytes) -> Sent:
    # With no room in its own buffer, a drained writer has given every byte to the system.
    writer.transport.set_write_buffer_limits(high=0)
    try:
        async with asyncio.timeout(limits.PRINTER_SEND_S):
            writer.write(paper)
            await writer.drain()
            writer.write_eof()
    except OSError:
        return Sent.UNCERTAIN
    until = time.monotonic() + limits.PRINTER_SEND_S
    while True:
        try:
            async with asyncio.timeout(limits.PRINTER_CLOSE_S):
                while await reader.read(1024):
                    continue
        except TimeoutError:
            try:
                waiting = _unacknowledged(writer)
            except (OSError, ValueError):
                return Sent.UNCERTAIN  # the connection was lost in this very moment
            if not waiting:
                return Sent.PRINTED
            if time.monotonic() > until:
                return Sent.UNCERTAIN
        except OSError:
            return Sent.UNCERTAIN
        else:
            return await _after_closing(writer)


async def _after_closing(writer: asyncio.StreamWriter) -> Sent:
    """What is known of a paper whose printer has closed its side: one that closes at once may have taken none of it."""
    until = time.monotonic() + limits.PRINTER_CLOSE_S
    try:
        while _unacknowledged(writer):
            if time.monotonic() > until:
                return Sent.UNCERTAIN
            await asyncio.sleep(_ASK_AGAIN_S)
    except (OSError, ValueError):
        return Sent.UNCERTAIN
    return Sent.PRINTED


def _unacknowledged(writer: asyncio.StreamWriter) -> int:
    """How many bytes the system still holds because the printer has not taken them; 0 where it cannot be asked.

    A printer that is out of paper, or that lost its power after it was connected to, takes none: what was sent to it
    is then in this machine's own memory and nowhere else.
    """
    if not sys.platform.startswith("linux"):
        return 0
    asked = fcntl.ioctl(writer.get_extra_info("socket").fileno(), _SIOCOUTQ, bytes(4))
    waiting: int = struct.unpack("i", asked)[0]
    return waiting
