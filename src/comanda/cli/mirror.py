"""``comanda mirror``: fill a brand's catalogue from another v2 server, after showing what would change."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from comanda.base.errors import SetupError
from comanda.cli.options import BrandOption, DatabaseUrl, DataDir, Result, store_settings
from comanda.mirror.address import read_credentials, source_address
from comanda.mirror.source import Wanted


def mirror(
    source: Annotated[str, typer.Option("--from", help="The other server, with or without /open-api/v2.")],
    brand: BrandOption,
    with_stop_list: Annotated[bool, typer.Option("--with-stop-list", help="Take what venues have left too.")] = False,
    with_users: Annotated[bool, typer.Option("--with-users", help="Take people too; they get no password.")] = False,
    with_customers: Annotated[bool, typer.Option("--with-customers", help="Take customers too.")] = False,
    with_pictures: Annotated[bool, typer.Option("--with-pictures", help="Fetch pictures too.")] = False,
    private_pictures: Annotated[
        bool, typer.Option("--private-pictures", help="Fetch them from one's own network and any port too.")
    ] = False,
    retire_missing: Annotated[
        bool, typer.Option("--retire-missing", help="Make inactive what is here and not in the source.")
    ] = False,
    timezone: Annotated[str | None, typer.Option("--timezone", help="Of new venues, such as Asia/Baku.")] = None,
    rate: Annotated[float, typer.Option("--rate", min=0.01, max=50, help="Requests a second at most.")] = 4,
    plain_http: Annotated[bool, typer.Option("--plain-http", help="Allow http:// beyond this machine.")] = False,
    state: Annotated[Path | None, typer.Option("--state", help="Folder for an interrupted run's pages.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Read everything again.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Apply without asking.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show every line that would change.")] = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Fill a brand's catalogue from another v2 server, a Clopos account or a Comanda, after showing what would change.

    The source's credentials are read from COMANDA_MIRROR_CLIENT_ID, COMANDA_MIRROR_CLIENT_SECRET, COMANDA_MIRROR_BRAND
    and COMANDA_MIRROR_INTEGRATOR_ID.
    """
    from comanda.cli.mirror_run import Choices, run_mirror  # noqa: PLC0415 - libraries that other commands do without

    credentials = _usage(lambda: read_credentials(os.environ))
    choices = Choices(
        address=_usage(lambda: source_address(source, plain_http=plain_http)),
        credentials=credentials,
        brand=brand,
        wanted=Wanted(with_stop_list, with_users, with_customers),
        rate=rate,
        timezone=_usage(lambda: _zone(timezone)),
        pictures=with_pictures,
        private_pictures=private_pictures,
        retire_missing=retire_missing,
        state=state,
        fresh=fresh,
        dry_run=dry_run,
        yes=yes,
        verbose=verbose,
    )
    run_mirror(choices, store_settings(data_dir, database_url))


def _usage(check: Callable[[], Result]) -> Result:
    """What a check gives; its refusal is wrong usage."""
    try:
        return check()
    except SetupError as error:
        raise typer.BadParameter(str(error)) from error


def _zone(name: str | None) -> str | None:
    try:
        ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError) as error:
        raise SetupError(f"{name} is no IANA time zone, such as Asia/Baku") from error
    return name
