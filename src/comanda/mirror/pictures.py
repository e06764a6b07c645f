"""Fetch pictures that a source names, and nothing else: from judged addresses, bounded in size, time and redirects."""

import asyncio
import ssl
from collections.abc import Sequence
from typing import Self
from urllib.parse import urljoin

import httpx

from comanda import __version__
from comanda.base import limits
from comanda.mirror.guard import Forbidden, Network, Place, Resolve, judged_place, resolve_host

_REDIRECTS = (301, 302, 303, 307, 308)


class NotFetched(Exception):
    """A picture that could not be had; the message says why."""


class Pictures:
    """Downloads pictures from public addresses, and from any port within ``allowed`` networks."""

    def __init__(self, *, allowed: Sequence[Network] = (), resolve: Resolve = resolve_host) -> None:
        self._allowed = allowed
        self._resolve = resolve
        # No proxies of the environment: they would resolve names for themselves.
        self._http = httpx.AsyncClient(
            trust_env=False,
            follow_redirects=False,
            timeout=limits.MIRROR_PICTURE_S / 2,
            limits=httpx.Limits(max_keepalive_connections=0),
            headers={"user-agent": f"comanda/{__version__}", "accept": "image/*", "accept-encoding": "identity"},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def fetch(self, url: str) -> bytes:
        """A picture's bytes. Raises NotFetched."""
        try:
            async with asyncio.timeout(limits.MIRROR_PICTURE_S):
                return await self._fetch(url)
        except Forbidden as error:
            raise NotFetched(str(error)) from error
        except TimeoutError as error:
            raise NotFetched("takes too long") from error
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError) as error:
            raise NotFetched("cannot be fetched") from error

    async def _fetch(self, url: str) -> bytes:
        for _ in range(limits.MIRROR_PICTURE_REDIRECTS + 1):
            place = await judged_place(url, allowed=self._allowed, resolve=self._resolve)
            async with self._http.stream(
                "GET", _connected(place), headers=_named(place), extensions=_certified(place)
            ) as response:
                if response.status_code in _REDIRECTS and "location" in response.headers:
                    url = urljoin(url, response.headers["location"])
                    continue
                if response.status_code != 200:
                    raise NotFetched(f"is answered with {response.status_code}")
                return await _bounded(response)
        raise NotFetched("is redirected too often")


def _connected(place: Place) -> str:
    """The URL of the judged address itself, so that no name is resolved again."""
    address = f"[{place.address}]" if ":" in place.address else place.address
    return f"{place.scheme}://{address}:{place.port}{place.target}"


def _named(place: Place) -> dict[str, str]:
    named = f"[{place.host}]" if ":" in place.host else place.host
    usual = place.port == {"http": 80, "https": 443}[place.scheme]
    return {"host": named if usual else f"{named}:{place.port}"}


def _certified(place: Place) -> dict[str, str]:
    """The host that TLS names, and that the certificate is held against."""
    return {"sni_hostname": place.host}


async def _bounded(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes(64 * 1024):
        body += chunk
        if len(body) > limits.MIRROR_PICTURE_BYTES:
            raise NotFetched(f"has more than {limits.MIRROR_PICTURE_BYTES} bytes")
    return bytes(body)
