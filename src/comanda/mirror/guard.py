"""Which addresses a picture may be fetched from: public ones, and those of networks that are allowed.

A name is resolved once, every address it has is judged, and the connection goes to the very address that was judged.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host, as texts. Raises OSError when there are none."""
Network = IPv4Network | IPv6Network
EVERY_NETWORK: Final = (ip_network("0.0.0.0/0"), ip_network("::/0"))
_PORTS: Final = {"http": 80, "https": 443}
_NAT64: Final = ip_network("64:ff9b::/96")
_NEVER: Final = tuple(
    map(ip_network, ("64:ff9b:1::/48", "fec0::/10", "ff00::/8", "192.88.99.0/24", "224.0.0.0/4", "240.0.0.0/4"))
)
"""Beside what Python calls not global: NAT64 of one's own, old site-local, multicast, old relays, reserved."""


class Forbidden(Exception):
    """A picture's address that must not be fetched; the message says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to connect to, and as whom: the address was judged, the host is for TLS and the Host header."""

    address: str
    host: str
    port: int
    scheme: str
    target: str


async def judged_place(url: str, *, allowed: Sequence[Network], resolve: Resolve) -> Place:
    """The place of a URL: a public address at port 80 or 443, or any port within the ``allowed`` networks.

    Raises Forbidden; one address of the host that is neither is enough.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise Forbidden("is no address") from error
    if parts.scheme not in _PORTS or not host or not host.isascii() or parts.username is not None:
        raise Forbidden("is no address of the web")
    port = _PORTS[parts.scheme] if port is None else port
    try:
        addresses = list(await resolve(host, port))
    except (OSError, UnicodeError) as error:
        raise Forbidden("has a host that cannot be found") from error
    beyond = [address for address in addresses if not _is_within(address, allowed)]
    if not addresses or not all(map(is_public, beyond)):
        raise Forbidden("leads into a private network; --private-pictures allows that")
    if beyond and port not in _PORTS.values():
        raise Forbidden("has another port than 80 and 443; --private-pictures allows that")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Place(addresses[0], host, port, parts.scheme, target)


def is_public(text: str) -> bool:
    """Whether an address is one of the public network; one that carries another is judged by that as well."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if any(address in network for network in _NEVER if network.version == address.version):
        return False
    if isinstance(address, IPv4Address):
        return address.is_global
    inner = _carried(address)
    if inner is not None:
        return is_public(str(inner))
    return address.is_global and address.scope_id is None


async def resolve_host(host: str, port: int) -> Sequence[str]:
    """Ask the system's resolver."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


def _is_within(text: str, networks: Sequence[Network]) -> bool:
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return any(address in network for network in networks if network.version == address.version)


def _carried(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that is reached by an IPv6 one: mapped, by 6to4 or NAT64, or in the old compatible form."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    if not int(address) >> 32 and int(address) > 1:
        return IPv4Address(int(address))
    return None
