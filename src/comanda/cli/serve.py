"""``comanda serve`` and ``comanda demo``: run the server."""

import asyncio
import sys
import tempfile
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any

import typer

from comanda import administration
from comanda import demo as demo_brand
from comanda.administration import ClientSettings
from comanda.base.errors import SetupError
from comanda.catalogue.document import read_document
from comanda.cli.api import Api, Credentials
from comanda.cli.options import DatabaseUrl, DataDir, console
from comanda.demo.house import furnish_demo
from comanda.http.hub import Hub
from comanda.logs import configure_logging
from comanda.main import open_store, run
from comanda.main import serve as serve_hub
from comanda.settings import Settings, read_settings
from comanda.store.store import Store

Host = Annotated[str | None, typer.Option("--host", help="Address to listen on; default 127.0.0.1.")]
Port = Annotated[int | None, typer.Option("--port", help="Port to listen on; default 8080.")]
MetricsPort = Annotated[int | None, typer.Option("--metrics-port", help="Port of /metrics; 0 for none; default 9464.")]
DemoLan = Annotated[bool, typer.Option("--demo-lan", help="Let the demo listen beyond this machine.")]


def serve(
    host: Host = None,
    port: Port = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    demo: Annotated[bool, typer.Option("--demo", help="Serve the demo brand with its printed credentials.")] = False,
    demo_lan: DemoLan = False,
    bare: Annotated[
        bool, typer.Option("--bare", help="With --demo: only the small menu of the documents, no restaurant around it.")
    ] = False,
    trusted_proxies: Annotated[
        str | None, typer.Option("--trusted-proxies", help="Networks whose X-Forwarded-For and -Proto are believed.")
    ] = None,
    tls_cert: Annotated[str | None, typer.Option("--tls-cert", help="Certificate chain, PEM.")] = None,
    tls_key: Annotated[str | None, typer.Option("--tls-key", help="Private key, PEM.")] = None,
    metrics_port: MetricsPort = None,
    log_level: Annotated[str | None, typer.Option("--log-level", help="debug, info, warning or error.")] = None,
) -> None:
    """Serve orders until stopped; SIGTERM and Ctrl-C finish what is in flight first."""
    settings = read_settings(
        host=host or ("0.0.0.0" if demo_lan else None),  # noqa: S104 - asked for with --demo-lan
        port=port,
        data_dir=data_dir or (Path("comanda-demo") if demo else None),
        database_url=database_url,
        trusted_proxies=trusted_proxies,
        tls_cert=tls_cert,
        tls_key=tls_key,
        metrics_port=metrics_port,
        log_level=log_level,
        demo=demo,
    )
    if demo:
        prepare_demo(settings, lan=demo_lan, furnished=not bare)
    configure_logging(settings.log_level)

    async def announce(_: Hub) -> None:
        if demo:
            _print_credentials(settings)
            return
        scheme = "https" if settings.tls_cert else "http"
        console.print(f"Comanda listens on {scheme}://{settings.host}:{settings.port}  (documentation at /docs)")

    run(serve_hub(settings, announce))
    console.print("Stopped. Every order that was answered is stored.")


def demo(
    host: Host = None,
    port: Port = None,
    data_dir: DataDir = None,
    metrics_port: MetricsPort = None,
    demo_lan: DemoLan = False,
    life: Annotated[
        bool, typer.Option("--life/--no-life", help="Have guests order and a robot house cook from the start.")
    ] = True,
) -> None:
    """Serve the demo brand, put the documented example order through it over real HTTP, and let it live by itself."""
    settings = read_settings(
        host=host or ("0.0.0.0" if demo_lan else None),  # noqa: S104 - asked for with --demo-lan
        port=port,
        data_dir=data_dir or Path("comanda-demo"),
        metrics_port=metrics_port,
        log_level="error",  # the demo's printer is not there, and a newcomer has not asked
        demo=True,
    )
    prepare_demo(settings, lan=demo_lan)
    configure_logging(settings.log_level)

    async def announce(hub: Hub) -> None:
        try:
            await _first_order(settings)
            if life and hub.life is not None:
                hub.life.switch(orders=True, house=True, per_minute=hub.life.state.per_minute)
        except Exception as error:
            console.print(f"[bold red]the first order failed:[/] {error!r}")
            sys.stdout.flush()
            raise

    run(serve_hub(settings, announce))
    console.print("Stopped. Every order that was answered is stored.")


def prepare_demo(settings: Settings, *, lan: bool, furnished: bool = True) -> None:
    """Make the demo brand where there is none, and the restaurant around it unless it is not wanted.

    Raises SetupError beyond loopback, or beside another brand.
    """
    if not lan and not _is_loopback(settings.host):
        raise SetupError(f"the demo's credentials are public: {settings.host} needs --demo-lan")

    async def work() -> None:
        async with open_store(settings) as store:
            await make_demo(store)
            if furnished:
                await furnish_demo(store)

    asyncio.run(work())


async def make_demo(store: Store) -> None:
    """Make what the demo brand lacks in a store. Raises SetupError beside another brand."""
    directory = await store.directory()
    others = sorted(set(directory.brands) - {demo_brand.BRAND})
    if others:
        raise SetupError(f"this store holds the brand {others[0]}; the demo wants one of its own")
    if demo_brand.BRAND not in directory.brands:
        await administration.add_brand(store, demo_brand.BRAND, name="Demo", currency="AZN", region="AZ", is_test=True)
    if demo_brand.INTEGRATOR_ID not in directory.integrators:
        await administration.add_integrator(store, demo_brand.INTEGRATOR_ID, name="Demo integrator", is_test=True)
    if (demo_brand.BRAND, demo_brand.CLIENT_ID) not in directory.clients:
        await administration.add_client(
            store,
            demo_brand.BRAND,
            demo_brand.CLIENT_ID,
            name="Demo channel",
            settings=ClientSettings(),
            secret=demo_brand.CLIENT_SECRET,
        )
    if not (await administration.catalogue_of(store, demo_brand.BRAND)).venues:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "catalogue.yaml"
            path.write_text(demo_brand.catalogue_text(), encoding="utf-8")
            await administration.import_document(store, demo_brand.BRAND, read_document(path))
    await _make_demo_devices(store)
    if (demo_brand.BRAND, demo_brand.MANAGER) not in directory.people:
        await administration.add_staff(
            store,
            demo_brand.BRAND,
            demo_brand.MANAGER,
            name="Demo manager",
            role="manager",
            venues=(),
            password=demo_brand.MANAGER_PASSWORD,
        )


async def _make_demo_devices(store: Store) -> None:
    """Give the demo's till its public token and its kitchen a screen, where the catalogue still has their places."""
    snapshot = await administration.catalogue_of(store, demo_brand.BRAND)
    rows = await administration.list_rows(store, "devices", demo_brand.BRAND)
    if demo_brand.TERMINAL_ID in snapshot.terminals and not any(row["kind"] == "terminal" for row in rows):
        await administration.rotate_terminal(
            store, demo_brand.BRAND, demo_brand.TERMINAL_ID, token=demo_brand.TERMINAL_TOKEN
        )
    if demo_brand.VENUE_ID in snapshot.venues and not any(row["kind"] == "kitchen" for row in rows):
        await administration.add_screen(
            store, demo_brand.BRAND, venue_id=demo_brand.VENUE_ID, token=demo_brand.KITCHEN_TOKEN
        )


async def _first_order(settings: Settings) -> None:
    """Post the documented request, show the answer, read the order back."""
    base_url = settings.own_url
    credentials = Credentials(
        demo_brand.CLIENT_ID, demo_brand.CLIENT_SECRET, demo_brand.BRAND, demo_brand.INTEGRATOR_ID
    )
    async with Api(base_url, credentials) as api:
        answer = await api.send_order(demo_brand.example_bytes("create-order.request"))
        console.rule("POST /open-api/v2/orders  answered " + str(answer.status_code))
        console.print_json(answer.text)
        order_id = answer.json()["data"]["id"]
        stored = await api.get(f"/open-api/v2/orders/{order_id}")
        console.rule(f"GET /open-api/v2/orders/{order_id}")
        console.print_json(stored.text)
        totals = stored.json()["data"]["payload"]["totals"]
    console.rule("Ready")
    console.print(
        f"order {order_id}: {totals['subtotal']} - {totals['discount']} + {totals['service_charge']} + "
        f"{totals['delivery_fee']} = [bold]{totals['total']} {totals['currency']}[/]"
    )
    _print_credentials(settings)
    sys.stdout.flush()


def _print_credentials(settings: Settings) -> None:
    console.print()
    console.print(f"  Open [bold]{settings.own_url}[/]", highlight=False, soft_wrap=True)
    console.print()
    console.print(f"  Sign in with the password {demo_brand.MANAGER_PASSWORD}; on a paired device with a PIN:")
    for person in demo_brand.PEOPLE:
        role = person.role.replace("_", " ")
        console.print(f"    {person.username:<14} {role:<12} PIN {person.pin}  {person.name}", highlight=False)
    lines: dict[str, Any] = {
        "API": "/open-api/v2 at the same address, documentation at /docs",
        "metrics": f"/metrics at {settings.metrics_host}:{settings.metrics_port}" if settings.metrics_port else "off",
        "brand": demo_brand.BRAND,
        "client_id": demo_brand.CLIENT_ID,
        "client_secret": demo_brand.CLIENT_SECRET,
        "integrator_id": demo_brand.INTEGRATOR_ID,
        "terminal token": demo_brand.TERMINAL_TOKEN,
        "kitchen token": demo_brand.KITCHEN_TOKEN,
        "data": (settings.database_url and "PostgreSQL") or str(settings.database_file),
    }
    for name, value in lines.items():
        console.print(f"  {name:<14} {value}", highlight=False, soft_wrap=True)
    console.print("Ctrl-C stops it.")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
