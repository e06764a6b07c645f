"""``comanda tls``: certificates for a house without a public name (docs/operating.md)."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from comanda.base.errors import SetupError
from comanda.base.private_files import open_private
from comanda.certificates import (
    Address,
    Signed,
    fingerprint,
    hosts_of,
    lapses_at,
    make_authority,
    parse_host,
    sign_server,
)
from comanda.cli.options import DataDir, console, store_settings
from comanda.settings import Settings

tls = typer.Typer(help="HTTPS inside the house: a local authority and the server's certificate.", no_args_is_help=True)
Hosts = Annotated[
    list[str] | None,
    typer.Option("--host", help="A name or an address that tablets reach the server under; repeat it for more."),
]


@tls.command("init")
def init(
    host: Hosts = None,
    data_dir: DataDir = None,
    renew: Annotated[
        bool, typer.Option("--renew", help="A new server certificate from the authority that is there.")
    ] = False,
) -> None:
    """Make the house's authority and the server's certificate; ``--renew`` makes only the latter anew."""
    settings = store_settings(data_dir, None)
    hosts = [parse_host(text) for text in host or ()]
    now = datetime.now(UTC)
    if renew:
        authority = _kept_authority(settings)
        hosts = hosts or _kept_hosts(settings)
    else:
        authority = _new_authority(settings, hosts, now)
    server = sign_server(authority, hosts, now)
    files = {
        settings.tls_folder / "ca.key": authority.key,
        settings.ca_file: authority.certificate,
        settings.tls_folder / "server.key": server.key,
        settings.tls_folder / "server.crt": server.certificate + authority.certificate,
    }
    _write({file: content for file, content in files.items() if not renew or file.stem == "server"})
    _tell(settings, hosts, authority)


def _kept_authority(settings: Settings) -> Signed:
    try:
        return Signed(settings.ca_file.read_bytes(), (settings.tls_folder / "ca.key").read_bytes())
    except OSError as error:
        raise SetupError(f"there is no authority to renew from: {error}") from error


def _kept_hosts(settings: Settings) -> list[str | Address]:
    """The hosts of the certificate that is renewed."""
    try:
        return hosts_of((settings.tls_folder / "server.crt").read_bytes())
    except (OSError, ValueError) as error:
        raise SetupError(f"say the hosts with --host: {error}") from error


def _new_authority(settings: Settings, hosts: list[str | Address], now: datetime) -> Signed:
    if not hosts:
        raise SetupError("say with --host how tablets reach the server: --host comanda.local --host 192.168.1.10")
    there = [name for name in ("ca.key", "ca.crt", "server.key", "server.crt") if (settings.tls_folder / name).exists()]
    if there:
        raise SetupError(
            f"{settings.tls_folder} holds {', '.join(there)} already, which tablets may trust; "
            "--renew makes a new server certificate from the authority that is there"
        )
    return make_authority(str(hosts[0]), now)


def _write(files: Mapping[Path, bytes]) -> None:
    """Put private files in place together, once all of them are written: what cannot be written leaves the old ones.

    A server that starts between the last two, its key and its certificate, says that they are no pair.
    """
    fresh = dict[Path, Path]()
    for file, content in files.items():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh[file] = file.with_name(f"{file.name}.fresh")
        with open_private(fresh[file]) as target:
            target.write(content)
            target.flush()
            os.fsync(target.fileno())
    for file, written in fresh.items():
        written.replace(file)


def _tell(settings: Settings, hosts: list[str | Address], authority: Signed) -> None:
    folder = settings.tls_folder
    lapse = lapses_at(folder / "server.crt")
    where = f"[{hosts[0]}]" if ":" in str(hosts[0]) else hosts[0]
    lines = [
        f"The certificate is for {', '.join(map(str, hosts))}, until {lapse:%Y-%m-%d}.",
        "",
        "Start the server (again) with it:",
        f"  comanda serve --host 0.0.0.0 --tls-cert {folder / 'server.crt'} --tls-key {folder / 'server.key'}",
        "",
        "Each tablet has to trust the house's authority once:",
        f"  open https://{where}:{settings.port}/hub/v1/tls/ca.crt on it, or bring it {settings.ca_file},",
        "  and install it as a CA certificate (docs/operating.md says where). Compare its SHA-256 fingerprint:",
        f"  {fingerprint(authority.certificate)}",
        "",
        f"{folder / 'ca.key'} vouches for every server that the tablets trust: keep it to yourself.",
    ]
    console.print("\n".join(lines), highlight=False, markup=False, soft_wrap=True)
