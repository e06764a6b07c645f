"""Settings: read once at start, from ``COMANDA_*`` variables and the command line; the command line wins."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from comanda.base.errors import SetupError

Network = IPv4Network | IPv6Network


PRIVATE_NETWORKS = tuple(
    ip_network(network) for network in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
)


@dataclass(frozen=True, slots=True)
class Settings:
    """How one process runs. Rates are per minute and per process.

    Printers may only stand in ``printer_networks``; on this machine itself only with ``loopback_printers``.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    data_dir: Path = Path("comanda-data")
    database_url: str | None = None
    metrics_host: str = "127.0.0.1"
    metrics_port: int = 9464
    trusted_proxies: tuple[Network, ...] = ()
    tls_cert: Path | None = None
    tls_key: Path | None = None
    printer_networks: tuple[Network, ...] = PRIVATE_NETWORKS
    loopback_printers: bool = False
    keep_events_days: int = 90
    keep_open_days: int = 3
    keep_personal_days: int = 0
    keep_audit_days: int = 730
    rate_auth: int = 60
    rate_failed: int = 600
    rate_calls: int = 300
    log_level: str = "info"
    demo: bool = False

    @property
    def database_file(self) -> Path:
        """The embedded store's file."""
        return self.data_dir / "comanda.db"

    @property
    def tls_folder(self) -> Path:
        """Where `comanda tls init` keeps the house's own authority and what it signed."""
        return self.data_dir / "tls"

    @property
    def ca_file(self) -> Path:
        """The certificate of the house's own authority, where there is one."""
        return self.tls_folder / "ca.crt"

    @property
    def own_url(self) -> str:
        """Where this very machine reaches the server."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        scheme = "https" if self.tls_cert else "http"
        return f"{scheme}://[{host}]:{self.port}" if ":" in host else f"{scheme}://{host}:{self.port}"

    def masked(self) -> dict[str, str]:
        """The settings as they may be shown: passwords in addresses are hidden."""
        shown = {item.name: getattr(self, item.name) for item in fields(self)}
        shown["database_url"] = mask_url(self.database_url) if self.database_url else None
        shown["trusted_proxies"] = ", ".join(map(str, self.trusted_proxies))
        shown["printer_networks"] = ", ".join(map(str, self.printer_networks))
        return {name: "" if value is None else str(value) for name, value in shown.items()}


def read_settings(environment: Mapping[str, str] | None = None, **given: Any) -> Settings:
    """Settings from the environment, overridden by every given value that is not None.

    Raises SetupError naming the variable that is wrong.
    """
    source = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    for item in fields(Settings):
        if item.name == "demo":
            values["demo"] = bool(given.get("demo"))
            continue
        name = f"COMANDA_{item.name.upper()}"
        if source.get(name):
            values[item.name] = _parse(item.name, source[name], name)
        if given.get(item.name) is not None:
            option = f"--{item.name.replace('_', '-')}"
            value = given[item.name]
            values[item.name] = _parse(item.name, str(value), option) if isinstance(value, str | int) else value
    settings = Settings(**values)
    if bool(settings.tls_cert) != bool(settings.tls_key):
        raise SetupError("TLS needs both --tls-cert and --tls-key")
    for file in (settings.tls_cert, settings.tls_key):
        if file is not None and not file.is_file():
            raise SetupError(f"{file} is no file")
    return settings


def mask_url(url: str) -> str:
    """A database address without its password."""
    parts = urlsplit(url)
    query = re.sub(r"((?:^|&)(?:\w*password|passfile)=)[^&]*", r"\1***", parts.query, flags=re.IGNORECASE)
    user, at, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{re.sub(':.*', ':***', user)}{at}{host}", query=query))


def _parse(name: str, text: str, origin: str) -> Any:
    try:
        if name.startswith(("rate_", "keep_")) or name in ("port", "metrics_port"):
            return _whole(text, 65_535 if name.endswith("port") else 10**9)
        if name in ("data_dir", "tls_cert", "tls_key"):
            return Path(text)
        if name == "loopback_printers":
            return {"1": True, "true": True, "0": False, "false": False}[text.lower()]
        if name in ("trusted_proxies", "printer_networks"):
            return tuple(ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip())
        if name == "database_url" and urlsplit(text).scheme not in ("postgresql", "postgres"):
            raise ValueError("must begin with postgresql://")
    except (ValueError, KeyError) as error:
        raise SetupError(f"{origin} is wrong: {error}") from error
    return text


def _whole(text: str, highest: int) -> int:
    number = int(text)
    if not 0 <= number <= highest:
        raise ValueError(f"must be 0 to {highest}")
    return number
