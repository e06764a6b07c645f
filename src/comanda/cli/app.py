"""The root of the command line: every command, and one place where mistakes become exit codes.

Exit codes: 0 done, 1 refused or failed (the reason is on standard error), 2 wrong usage.
"""

import os
import sys

import typer

from comanda import __version__
from comanda.base.errors import ComandaError, SetupError
from comanda.cli import access, catalogue, customers, mirror, orders, printer, replay, serve, storage, tail, tls
from comanda.cli.options import errors, printable

app = typer.Typer(
    name="comanda",
    help="Order hub for restaurants: takes orders over the Clopos v2 wire and stores each exactly once.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


@app.callback(invoke_without_command=True)
def root(version: bool = typer.Option(False, "--version", help="Print the version.")) -> None:
    """Say the version when asked."""
    if version:
        typer.echo(__version__)
        raise typer.Exit


app.command("serve")(serve.serve)
app.command("demo")(serve.demo)
app.command("import")(catalogue.import_catalogue)
app.command("export")(catalogue.export_catalogue)
app.command("mirror")(mirror.mirror)
app.add_typer(access.brands, name="brand")
app.add_typer(access.integrators, name="integrator")
app.add_typer(access.clients, name="client")
app.add_typer(access.staff, name="staff")
app.add_typer(access.terminals, name="terminal")
app.add_typer(access.screens, name="screen")
app.add_typer(customers.customers, name="customer")
app.add_typer(orders.order, name="order")
app.add_typer(orders.orders, name="orders")
app.command("tail")(tail.tail)
app.command("replay")(replay.replay)
app.add_typer(printer.printer, name="printer")
app.add_typer(tls.tls, name="tls")
app.command("backup")(storage.backup)
app.command("restore")(storage.restore)
app.command("doctor")(storage.doctor)


def main() -> None:
    """Run a command; a mistake is told in a sentence, not a traceback."""
    try:
        app()
    except (SetupError, ComandaError) as error:
        details = [f"\n  {problem.field}: {problem.message}" for problem in getattr(error, "details", ())]
        _tell(f"{error}{''.join(details)}")
    except Exception as error:
        if {"TransportError", "InvalidURL"} & {kind.__name__ for kind in type(error).__mro__}:
            _tell(f"the server cannot be reached: {error}")
        if os.environ.get("COMANDA_TRACEBACK"):
            raise
        _tell(f"{type(error).__name__}: {error} (COMANDA_TRACEBACK=1 shows where)")


def _tell(reason: str) -> None:
    errors.print(f"[bold red]error:[/] {printable(reason)}", highlight=False, soft_wrap=True)
    sys.exit(1)
