"""``comanda brand|integrator|client|staff|terminal|screen``: who is known, and their secrets, shown once."""

from typing import Annotated

import typer

from comanda import administration
from comanda.access.model import SCOPES
from comanda.administration import ClientSettings
from comanda.base.limits import MAX_ID
from comanda.cli.options import (
    AsJson,
    BrandOption,
    DatabaseUrl,
    DataDir,
    console,
    show,
    show_secret,
    store_settings,
    with_store,
)

brands = typer.Typer(help="Brands: a restaurant or a chain.", no_args_is_help=True)
integrators = typer.Typer(help="Integrators: third parties who post orders.", no_args_is_help=True)
clients = typer.Typer(help="Clients: a brand's credentials for one channel.", no_args_is_help=True)
staff = typer.Typer(help="Staff: people who sign in.", no_args_is_help=True)
terminals = typer.Typer(help="Terminals: tills that accept orders.", no_args_is_help=True)

screens = typer.Typer(help="Screens: what a kitchen looks at.", no_args_is_help=True)

Name = Annotated[str, typer.Option("--name", help="A name to show.")]
Enable = Annotated[bool, typer.Option("--undo", help="Enable again.")]
AskPassword = Annotated[bool, typer.Option("--ask", help="Ask for the password instead of making one.")]
IsTest = Annotated[bool, typer.Option("--test/--production", help="A test party works only with test parties.")]


@brands.command("add")
def add_brand(
    slug: str,
    name: Name = "",
    currency: Annotated[str, typer.Option(help="ISO 4217.")] = "AZN",
    region: Annotated[str, typer.Option(help="ISO 3166, for phone numbers.")] = "AZ",
    is_test: IsTest = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add a brand."""
    with_store(
        store_settings(data_dir, database_url),
        lambda store: administration.add_brand(
            store, slug, name=name, currency=currency, region=region, is_test=is_test
        ),
    )
    console.print(f"brand [bold]{slug}[/] added")


@brands.command("list")
def list_brands(as_json: AsJson = False, data_dir: DataDir = None, database_url: DatabaseUrl = None) -> None:
    """List the brands."""
    _list("brands", None, as_json, data_dir, database_url)


@brands.command("disable")
def disable_brand(slug: str, undo: Enable = False, data_dir: DataDir = None, database_url: DatabaseUrl = None) -> None:
    """Refuse every call for a brand, from the next second on."""
    _set_enabled("brands", {"brand_id": slug}, undo, data_dir, database_url)


@integrators.command("add")
def add_integrator(
    integrator_id: str,
    name: Name = "",
    is_test: IsTest = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add an integrator; it has an id and no secret of its own."""
    with_store(
        store_settings(data_dir, database_url),
        lambda store: administration.add_integrator(store, integrator_id, name=name, is_test=is_test),
    )
    console.print(f"integrator [bold]{integrator_id}[/] added")


@integrators.command("list")
def list_integrators(as_json: AsJson = False, data_dir: DataDir = None, database_url: DatabaseUrl = None) -> None:
    """List the integrators."""
    _list("integrators", None, as_json, data_dir, database_url)


@integrators.command("disable")
def disable_integrator(
    integrator_id: str, undo: Enable = False, data_dir: DataDir = None, database_url: DatabaseUrl = None
) -> None:
    """Refuse an integrator everywhere, its living tokens included."""
    _set_enabled("integrators", {"integrator_id": integrator_id}, undo, data_dir, database_url)


@clients.command("add")
def add_client(
    client_id: str,
    brand: BrandOption,
    name: Name = "",
    venue: Annotated[
        int | None, typer.Option(min=1, max=MAX_ID, help="The venue its tokens act for; default the main one.")
    ] = None,
    only_venue: Annotated[
        list[int] | None, typer.Option(min=1, max=MAX_ID, help="Limit to this venue; may be repeated.")
    ] = None,
    scope: Annotated[list[str] | None, typer.Option(help=f"Allow only this; known: {', '.join(SCOPES)}.")] = None,
    guests: Annotated[str, typer.Option(help="Customer id 0: none, or match by phone.")] = "none",
    unique_integration_id: Annotated[bool, typer.Option(help="One order for each integration_id.")] = True,
    duplicate_window: Annotated[
        int, typer.Option(help="Seconds in which an identical numbered order is a repeat.")
    ] = 0,
    quota: Annotated[int | None, typer.Option(min=1, max=10**9, help="Calls a minute of this client's own.")] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add a client of a brand and print its secret, once."""
    settings = ClientSettings(
        venue_id=venue,
        venues=tuple(only_venue or ()),
        scopes=tuple(scope or SCOPES),
        guest_customers=guests,
        unique_integration_id=unique_integration_id,
        duplicate_window_s=duplicate_window,
        quota_per_minute=quota,
    )
    secret = with_store(
        store_settings(data_dir, database_url),
        lambda store: administration.add_client(store, brand, client_id, name=name, settings=settings),
    )
    show_secret("client", client_id, secret, as_json=as_json)


@clients.command("list")
def list_clients(
    brand: BrandOption, as_json: AsJson = False, data_dir: DataDir = None, database_url: DatabaseUrl = None
) -> None:
    """List a brand's clients."""
    _list("clients", brand, as_json, data_dir, database_url)


@clients.command("rotate")
def rotate_client(
    client_id: str,
    brand: BrandOption,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Give a client another secret and print it, once."""
    secret = with_store(
        store_settings(data_dir, database_url),
        lambda store: administration.rotate_client(store, brand, client_id),
    )
    show_secret("client", client_id, secret, as_json=as_json)


@clients.command("disable")
def disable_client(
    client_id: str,
    brand: BrandOption,
    undo: Enable = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Refuse a client, its living tokens included."""
    _set_enabled("clients", {"brand_id": brand, "client_id": client_id}, undo, data_dir, database_url)


@staff.command("add")
def add_staff(
    username: str,
    brand: BrandOption,
    role: Annotated[str, typer.Option(help=f"One of {', '.join(administration.ROLES)}.")] = "manager",
    name: Name = "",
    only_venue: Annotated[
        list[int] | None, typer.Option(min=1, max=MAX_ID, help="Limit to this venue; may be repeated.")
    ] = None,
    ask: AskPassword = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add a person and print a first password, once; --ask takes it from you instead."""
    password = _asked_password() if ask else None
    made = with_store(
        store_settings(data_dir, database_url),
        lambda store: administration.add_staff(
            store, brand, username, name=name, role=role, venues=tuple(only_venue or ()), password=password
        ),
    )
    _show_password(username, made, asked=ask, as_json=as_json)


@staff.command("list")
def list_staff(
    brand: BrandOption, as_json: AsJson = False, data_dir: DataDir = None, database_url: DatabaseUrl = None
) -> None:
    """List a brand's people."""
    _list("staff", brand, as_json, data_dir, database_url)


@staff.command("rotate")
def rotate_staff(
    username: str,
    brand: BrandOption,
    ask: AskPassword = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Give a person another password and print it, once; the person's sessions end."""
    password = _asked_password() if ask else None
    made = with_store(
        store_settings(data_dir, database_url),
        lambda store: administration.rotate_staff(store, brand, username, password=password),
    )
    _show_password(username, made, asked=ask, as_json=as_json)


@staff.command("pin")
def give_pin(
    username: str,
    brand: BrandOption,
    ask: Annotated[bool, typer.Option("--ask", help="Ask for the PIN instead of making one.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Take the PIN away.")] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Give a person a PIN for paired devices and print it, once."""
    settings = store_settings(data_dir, database_url)
    if remove:
        with_store(settings, lambda store: administration.take_pin(store, brand, username))
        console.print(f"user [bold]{username}[/] has no PIN")
        return
    pin: str | None = typer.prompt("PIN", hide_input=True, confirmation_prompt=True) if ask else None
    made = with_store(settings, lambda store: administration.give_pin(store, brand, username, pin=pin))
    if pin is None:
        show_secret("user", username, made, as_json=as_json)
    elif not as_json:
        console.print(f"user [bold]{username}[/] has the PIN you gave")


@staff.command("disable")
def disable_staff(
    username: str, brand: BrandOption, undo: Enable = False, data_dir: DataDir = None, database_url: DatabaseUrl = None
) -> None:
    """Refuse a person and end the person's sessions."""
    _set_enabled("staff", {"brand_id": brand, "username": username}, undo, data_dir, database_url)


@terminals.command("add")
def add_terminal(
    name: str,
    brand: BrandOption,
    venue: Annotated[int, typer.Option(help="The venue it stands in.")],
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add a terminal and print its device token, once."""
    terminal_id, token = with_store(
        store_settings(data_dir, database_url),
        lambda store: administration.add_terminal(store, brand, venue_id=venue, name=name),
    )
    show_secret("terminal", str(terminal_id), token, as_json=as_json)


@terminals.command("list")
def list_terminals(
    brand: BrandOption, as_json: AsJson = False, data_dir: DataDir = None, database_url: DatabaseUrl = None
) -> None:
    """List a brand's terminals."""
    rows = with_store(store_settings(data_dir, database_url), lambda store: administration.list_terminals(store, brand))
    show(rows, as_json=as_json)


@terminals.command("rotate")
def rotate_terminal(
    terminal_id: int,
    brand: BrandOption,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Give a terminal another device token and print it, once."""
    token = with_store(
        store_settings(data_dir, database_url),
        lambda store: administration.rotate_terminal(store, brand, terminal_id),
    )
    show_secret("terminal", str(terminal_id), token, as_json=as_json)


@terminals.command("disable")
def disable_terminal(
    terminal_id: int,
    brand: BrandOption,
    undo: Enable = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Let a terminal accept no more orders, and refuse its token."""
    with_store(
        store_settings(data_dir, database_url),
        lambda store: administration.enable_terminal(store, brand, terminal_id, enabled=undo),
    )
    console.print(f"terminal {terminal_id} {'enabled' if undo else 'disabled'}")


@screens.command("add")
def add_screen(
    brand: BrandOption,
    venue: Annotated[int, typer.Option(help="The venue it stands in.")],
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add a kitchen screen and print its device token, once."""
    screen_id, token = with_store(
        store_settings(data_dir, database_url),
        lambda store: administration.add_screen(store, brand, venue_id=venue),
    )
    show_secret("screen", str(screen_id), token, as_json=as_json)


@screens.command("list")
def list_screens(
    brand: BrandOption, as_json: AsJson = False, data_dir: DataDir = None, database_url: DatabaseUrl = None
) -> None:
    """List a brand's kitchen screens."""
    rows = with_store(store_settings(data_dir, database_url), lambda store: administration.list_screens(store, brand))
    show(rows, as_json=as_json)


@screens.command("rotate")
def rotate_screen(
    screen_id: int,
    brand: BrandOption,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Give a kitchen screen another device token and print it, once."""
    token = with_store(
        store_settings(data_dir, database_url),
        lambda store: administration.rotate_screen(store, brand, screen_id),
    )
    show_secret("screen", str(screen_id), token, as_json=as_json)


@screens.command("disable")
def disable_screen(
    screen_id: int,
    brand: BrandOption,
    undo: Enable = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Refuse a kitchen screen's token."""
    with_store(
        store_settings(data_dir, database_url),
        lambda store: administration.enable_screen(store, brand, screen_id, enabled=undo),
    )
    console.print(f"screen {screen_id} {'enabled' if undo else 'disabled'}")


def _asked_password() -> str:
    asked: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return asked


def _show_password(username: str, password: str, *, asked: bool, as_json: bool) -> None:
    """A password that was asked for is known already and is not shown."""
    if not asked:
        show_secret("user", username, password, as_json=as_json)
    elif not as_json:
        console.print(f"user [bold]{username}[/] has the password you gave")


def _list(table: str, brand: str | None, as_json: bool, data_dir: DataDir, database_url: DatabaseUrl) -> None:
    rows = with_store(
        store_settings(data_dir, database_url), lambda store: administration.list_rows(store, table, brand)
    )
    show(rows if as_json else [{name: row[name] for name in _COLUMNS[table]} for row in rows], as_json=as_json)


def _set_enabled(
    table: str, key: dict[str, str | int], undo: bool, data_dir: DataDir, database_url: DatabaseUrl
) -> None:
    with_store(
        store_settings(data_dir, database_url),
        lambda store: administration.set_enabled(store, table, dict(key), enabled=undo),
    )
    console.print(f"{' '.join(map(str, key.values()))} {'enabled' if undo else 'disabled'}")


_COLUMNS = {
    "brands": ("brand_id", "name", "currency", "region", "is_test", "enabled"),
    "integrators": ("integrator_id", "name", "is_test", "enabled"),
    "clients": ("client_id", "name", "venues", "quota_per_minute", "enabled"),
    "staff": ("username", "name", "role", "venues", "enabled"),
}
"""What a table on the terminal has room for; --json shows the rest."""
