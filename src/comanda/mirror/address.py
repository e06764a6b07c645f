"""Where a mirror reads from, and as whom. Credentials come from the environment and are never shown or stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from ipaddress import ip_address
from urllib.parse import urlsplit

from comanda.base.errors import SetupError

V2_PATH = "/open-api/v2"
VARIABLES = {
    "client_id": "COMANDA_MIRROR_CLIENT_ID",
    "client_secret": "COMANDA_MIRROR_CLIENT_SECRET",
    "brand": "COMANDA_MIRROR_BRAND",
    "integrator_id": "COMANDA_MIRROR_INTEGRATOR_ID",
}
"""The four that ``POST /auth`` wants (contract 2.1), and where each is read."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What ``POST /auth`` wants."""

    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    brand: str = field(repr=False)
    integrator_id: str = field(repr=False)


def read_credentials(environment: Mapping[str, str]) -> Credentials:
    """The source's credentials. Raises SetupError naming the variables that are not set."""
    missing = [name for name in VARIABLES.values() if not environment.get(name)]
    if missing:
        raise SetupError(f"set {', '.join(missing)}: the source's credentials are read from the environment only")
    return Credentials(**{name: environment[variable] for name, variable in VARIABLES.items()})


def source_address(url: str, *, plain_http: bool) -> str:
    """The base address of the source's v2, ending in ``/open-api/v2``; the URL may have that path or not.

    Raises SetupError for what is no such URL, and for plain HTTP beyond this machine unless it is allowed.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise SetupError(f"the source's address is no URL: {error}") from error
    if parts.scheme not in ("https", "http") or not host:
        raise SetupError("the source's address begins with https://")
    if parts.username is not None or parts.password is not None:
        raise SetupError("the source's address must not carry credentials; they are read from the environment")
    if parts.query or parts.fragment:
        raise SetupError("the source's address has no ? and no #")
    if parts.scheme == "http" and not plain_http and not _is_loopback(host):
        raise SetupError("the source would be called without encryption; use https://, or allow it with --plain-http")
    path = parts.path.rstrip("/")
    name = f"[{host}]" if ":" in host else host
    place = name if port is None else f"{name}:{port}"
    return f"{parts.scheme}://{place}{path}" + ("" if path.endswith(V2_PATH) else V2_PATH)


def fingerprint(address: str, brand: str) -> str:
    """What tells one source from another without saying who is signed in."""
    return sha256(f"{address}\n{brand}".encode()).hexdigest()


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
