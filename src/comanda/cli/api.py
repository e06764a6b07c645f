"""A client of a running Comanda, for the command line; it knows only the public API."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Annotated, Any, Self

import typer

from comanda.base.errors import SetupError

if TYPE_CHECKING:
    import httpx

Url = Annotated[str, typer.Option("--url", envvar="COMANDA_URL", help="The running server.")]
BrandName = Annotated[str, typer.Option("--brand", envvar="COMANDA_BRAND", help="The brand's slug.")]
ClientId = Annotated[str, typer.Option("--client-id", envvar="COMANDA_CLIENT_ID", help="Client id.")]
ClientSecret = Annotated[str, typer.Option("--client-secret", envvar="COMANDA_CLIENT_SECRET", help="Client secret.")]
IntegratorId = Annotated[str, typer.Option("--integrator-id", envvar="COMANDA_INTEGRATOR_ID", help="Integrator id.")]
_PATIENCE_S = 30.0
_SILENCE_S = 40.0
"""A stream says something every 15 seconds; silent for longer, its connection is lost."""
_TRIES = 8


@dataclass(frozen=True, slots=True)
class Credentials:
    """What ``POST /auth`` wants."""

    client_id: str
    client_secret: str
    brand: str
    integrator_id: str


class Api:
    """Signs in, sends, waits out rate limits, and repeats what may be repeated under its key."""

    def __init__(self, base_url: str, credentials: Credentials) -> None:
        import httpx  # noqa: PLC0415 - a client's library, which a server that starts should not wait for

        self._transport_error = httpx.TransportError
        self._credentials = credentials
        self._http = httpx.AsyncClient(
            base_url=base_url, timeout=_PATIENCE_S, verify=not base_url.startswith("https://127.")
        )
        self._token = ""

    async def __aenter__(self) -> Self:
        await self._sign_in()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def get(self, path: str, params: dict[str, Any] | None = None) -> "httpx.Response":
        """Read a resource."""
        return await self._call("GET", path, params=params)

    async def send_order(self, body: bytes, key: str | None = None) -> "httpx.Response":
        """Create an order; with a key, a lost reply is asked for again and never makes a second order."""
        headers = {"Content-Type": "application/json"}
        if key is not None:
            headers["Idempotency-Key"] = key
        return await self._call(
            "POST", "/open-api/v2/orders", content=body, headers=headers, repeatable=key is not None
        )

    async def lines(self, path: str, params: dict[str, Any], headers: dict[str, str]) -> AsyncIterator[str]:
        """The lines of an answer that goes on, until it ends; asks for it again while it is refused for the moment.

        Signs in first where nobody has. Raises SetupError when it is refused for good, httpx.TransportError when the
        connection is lost or does not come about.
        """
        if not self._token:
            await self._sign_in(patiently=True)
        while True:
            given = {**headers, "x-token": self._token}
            async with self._http.stream("GET", path, params=params, headers=given, timeout=_SILENCE_S) as answer:
                if answer.status_code == 200:
                    async for line in answer.aiter_lines():
                        yield line
                    return
                await answer.aread()
            if answer.status_code in (429, 503):
                await asyncio.sleep(float(answer.headers.get("Retry-After", 1)))
            elif answer.status_code == 401 and answer.json().get("error") == "Token expired":
                await self._sign_in(patiently=True)
            else:
                raise SetupError(f"{path} was refused: {answer.json().get('message')}")

    async def _call(self, method: str, path: str, *, repeatable: bool = True, **options: Any) -> "httpx.Response":
        headers = options.pop("headers", {})
        for attempt in range(_TRIES):
            try:
                answer = await self._http.request(method, path, headers={**headers, "x-token": self._token}, **options)
            except self._transport_error:
                if not repeatable or attempt == _TRIES - 1:
                    raise
                await asyncio.sleep(0.2 * 2**attempt)
                continue
            if answer.status_code in (429, 503):
                await asyncio.sleep(float(answer.headers.get("Retry-After", 1)))
            elif answer.status_code == 401 and answer.json().get("error") == "Token expired":
                await self._sign_in()
            else:
                return answer
        return answer

    async def _sign_in(self, *, patiently: bool = False) -> None:
        """Get a token; ``patiently`` waits for as long as the server cannot answer for the moment.

        Raises SetupError when it is refused.
        """
        c = self._credentials
        body = {
            "client_id": c.client_id,
            "client_secret": c.client_secret,
            "brand": c.brand,
            "integrator_id": c.integrator_id,
        }
        for attempt in count(1):
            answer = await self._http.post("/open-api/v2/auth", json=body)
            if answer.status_code not in (429, 503) or (attempt == _TRIES and not patiently):
                break
            await asyncio.sleep(float(answer.headers.get("Retry-After", 1)))
        told = answer.json()
        if not told.get("success"):
            raise SetupError(f"sign-in was refused: {told.get('error') or told.get('message')}")
        self._token = told["token"]
