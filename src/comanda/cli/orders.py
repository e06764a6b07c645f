"""``comanda order send`` and ``comanda orders tail``: a running server, from outside."""

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from comanda.base.errors import SetupError
from comanda.cli.api import Api, BrandName, ClientId, ClientSecret, Credentials, IntegratorId, Url
from comanda.cli.options import AsJson, console, printable
from comanda.demo import BRAND, CLIENT_ID, CLIENT_SECRET, INTEGRATOR_ID

order = typer.Typer(help="One order.", no_args_is_help=True)
orders = typer.Typer(help="Many orders.", no_args_is_help=True)
_DEFAULT_URL = "http://127.0.0.1:8080"


@order.command("send")
def send(
    file: Annotated[Path, typer.Argument(help="A create-order body, JSON.")],
    key: Annotated[str | None, typer.Option("--key", help="Idempotency-Key.")] = None,
    url: Url = _DEFAULT_URL,
    brand: BrandName = BRAND,
    client_id: ClientId = CLIENT_ID,
    client_secret: ClientSecret = CLIENT_SECRET,
    integrator_id: IntegratorId = INTEGRATOR_ID,
) -> None:
    """Send one order and print the answer; exit code 1 when it was refused. Defaults are the demo's."""
    try:
        body = file.read_bytes()
    except OSError as error:
        raise SetupError(f"{file} cannot be read: {error.strerror}") from error
    credentials = Credentials(client_id, client_secret, brand, integrator_id)

    async def work() -> int:
        async with Api(url, credentials) as api:
            answer = await api.send_order(body, key)
            typer.echo(answer.text)
            return answer.status_code

    if asyncio.run(work()) >= 400:
        raise typer.Exit(1)


@orders.command("tail")
def tail(
    follow: Annotated[bool, typer.Option("--follow/--once", help="Go on printing new orders.")] = True,
    last: Annotated[int, typer.Option("--last", min=1, max=200, help="How many to begin with.")] = 10,
    interval: Annotated[float, typer.Option("--interval", min=0.5, help="Seconds between looks.")] = 1.0,
    as_json: AsJson = False,
    url: Url = _DEFAULT_URL,
    brand: BrandName = BRAND,
    client_id: ClientId = CLIENT_ID,
    client_secret: ClientSecret = CLIENT_SECRET,
    integrator_id: IntegratorId = INTEGRATOR_ID,
) -> None:
    """Print the newest orders, oldest first, then each new one as it comes."""
    credentials = Credentials(client_id, client_secret, brand, integrator_id)

    async def work() -> None:
        async with Api(url, credentials) as api:
            seen: set[int] = set()
            limit = last
            while True:
                found = await _newest(api, limit)
                for item in reversed([item for item in found if item["id"] not in seen]):
                    seen.add(item["id"])
                    _print(item, as_json=as_json)
                if not follow:
                    return
                limit = 200
                await asyncio.sleep(interval)

    try:
        asyncio.run(work())
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


async def _newest(api: Api, limit: int) -> list[dict[str, Any]]:
    answer = (await api.get("/open-api/v2/orders", {"limit": limit})).json()
    if not answer.get("success"):
        raise SetupError(f"the list was refused: {answer.get('message')}")
    found: list[dict[str, Any]] = answer["data"]
    return found


def _print(item: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(item, ensure_ascii=False))
        return
    payload = item["payload"]
    lines = ", ".join(
        f"{line['count']} x {line['meta']['order_product']['product']['name']}" for line in payload["products"]
    )
    total = f"{payload['totals']['total']} {payload['totals']['currency']}"
    head = f"{item['created_at'][:19]}  {item['id']:>8}  {item['status']:<9} {total:>12}  "
    console.print(printable(head + lines), highlight=False, soft_wrap=True)
