"""``comanda tail``: what happens at a running server, one line an event, as it happens.

It reads the stream of events, from outside. It waits for a server that is not there yet, and goes on from the last
event printed whenever the connection is lost.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing
from typing import Annotated, Any, NamedTuple

import typer

from comanda.cli.api import Api, BrandName, ClientId, ClientSecret, Credentials, IntegratorId, Url
from comanda.cli.options import AsJson, console, errors, printable
from comanda.demo import BRAND, CLIENT_ID, CLIENT_SECRET, INTEGRATOR_ID

_DEFAULT_URL = "http://127.0.0.1:8080"
_RETRY_S = 2.0
_DESCRIBED = ("status", "order_number", "integration_id", "station_id", "printer_id", "terminal_id", "reason")


class Frame(NamedTuple):
    """One frame of a stream; a name that is empty only moves the place to go on from."""

    id: str
    name: str
    data: str


def tail(
    venues: Annotated[str, typer.Option("--venues", help="Venues with commas; 0 is the brand itself.")] = "",
    types: Annotated[str, typer.Option("--types", help="Only these types of events, with commas.")] = "",
    after: Annotated[str, typer.Option("--after", help="Go on from VENUE:NUMBER, several with commas.")] = "",
    as_json: AsJson = False,
    url: Url = _DEFAULT_URL,
    brand: BrandName = BRAND,
    client_id: ClientId = CLIENT_ID,
    client_secret: ClientSecret = CLIENT_SECRET,
    integrator_id: IntegratorId = INTEGRATOR_ID,
) -> None:
    """Print what happens, as it happens, and go on by itself after a lost connection. Defaults are the demo's."""
    credentials = Credentials(client_id, client_secret, brand, integrator_id)
    wanted = {name: value for name, value in (("venues", venues), ("types", types)) if value}

    async def work() -> None:
        async with aclosing(Api(url, credentials)) as api:
            await follow(api, wanted, after, as_json=as_json)

    try:
        asyncio.run(work())
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


async def follow(api: Api, wanted: dict[str, str], after: str, *, as_json: bool) -> None:
    """Print events for ever, each once. Raises SetupError when the server refuses for good."""
    import httpx  # noqa: PLC0415 - a client's library, which a server that starts should not wait for

    place = after
    while True:
        headers = {"Last-Event-ID": place} if place else {}
        try:
            async for frame in frames(api.lines("/hub/v1/stream", wanted, headers)):
                place = frame.id or place
                if frame.name == "resync":
                    place = _skip(place, json.loads(frame.data))
                elif frame.name and frame.name not in ("hello", "draining"):
                    _print(frame.data, as_json=as_json)
        except httpx.TransportError as error:
            errors.print(printable(f"no connection, trying again: {error}"), highlight=False)
        await asyncio.sleep(_RETRY_S)


async def frames(lines: AsyncIterator[str]) -> AsyncIterator[Frame]:
    """The frames that the lines of a stream make."""
    found: dict[str, str] = {}
    async for line in lines:
        if line:
            name, _, value = line.partition(": ")
            found[name] = value
        elif found:
            yield Frame(found.get("id", ""), found.get("event", ""), found.get("data", ""))
            found = {}


def _skip(place: str, told: dict[str, Any]) -> str:
    """The place behind events that are no longer to be had."""
    venue_id, last = told["venue_id"], told["last"]
    errors.print(f"venue {venue_id}: some events are no longer there; going on after {last}", highlight=False)
    kept = [part for part in place.split(",") if part and part.partition(":")[0] != str(venue_id)]
    return ",".join([*kept, f"{venue_id}:{last}"])


def _print(data: str, *, as_json: bool) -> None:
    if as_json:
        typer.echo(data)
        return
    event = json.loads(data)
    order = "" if event["order_id"] is None else f"order {event['order_id']}"
    head = f"{event['time'][:19]}  {event['venue_id']:>4}  {event['number']:>7}  {event['type']:<22} {order:<14} "
    console.print(printable(head + _described(event["data"])), highlight=False, soft_wrap=True)


def _described(data: Any) -> str:
    """A few words of what an event is about."""
    if not isinstance(data, dict):
        return ""
    words = [f"{name.removesuffix('_id')} {data[name]}" for name in _DESCRIBED if data.get(name) is not None]
    return ", ".join([*words, *_amount(data.get("totals"))])


def _amount(totals: Any) -> Iterable[str]:
    if isinstance(totals, dict) and "total" in totals:
        yield f"{totals['total']} {totals.get('currency', '')}".strip()
