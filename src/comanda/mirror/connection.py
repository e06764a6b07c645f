"""One signed-in connection to a source: GETs that are paced, bounded and repeated, and nothing else but signing in."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import httpx
import msgspec

from comanda import __version__
from comanda.base import limits
from comanda.base.errors import SetupError
from comanda.base.numbers import read_number
from comanda.mirror.address import Credentials
from comanda.mirror.pace import Pace

Query = Sequence[tuple[str, str]]
_SIGN_INS = 3
"""Of one request: a source that keeps refusing its own tokens is given up."""


class Refused(Exception):
    """The source answered and said no; the message is what it said."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"{status} {reason}".strip())
        self.status = status


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: httpx.Headers
    body: bytes


class Connection:
    """Reads a source's v2. Redirects are not followed: they would carry the token elsewhere."""

    def __init__(self, address: str, credentials: Credentials, pace: Pace) -> None:
        self.address = address
        self._credentials = credentials
        self._pace = pace
        self._token = ""
        self._received_bytes = 0
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(limits.MIRROR_REQUEST_S / 2, pool=None),
            headers={
                "user-agent": f"comanda/{__version__}",
                "accept": "application/json",
                "accept-encoding": "identity",
            },
            follow_redirects=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def get(self, path: str, query: Query, venue_id: int | None = None) -> tuple[Any, bytes]:
        """The answer to a GET: its JSON with exact numbers, and the text of it.

        Raises Refused where the source says no, SetupError where it cannot be reached or read.
        """
        failures = sign_ins = 0
        while True:
            if not self._token:
                await self._sign_in()
                sign_ins += 1
            answer = await self._attempt(path, query, venue_id)
            value = None if isinstance(answer, str) else _json_of(answer)
            if isinstance(answer, str) or answer.status >= 500 or (answer.status == 200 and value is None):
                failures += _weight(answer)
                await self._wait_after_failure(answer, failures)
            elif answer.status == 429:
                await self._pace.wait_out(answer.headers)
            elif answer.status == 401 and sign_ins < _SIGN_INS:
                self._token = ""
            elif _succeeded(answer, value):
                return value, answer.body
            else:
                raise Refused(answer.status, _reason(value))

    async def _attempt(self, path: str, query: Query, venue_id: int | None) -> _Answer | str:
        """One try; a text says why there is no answer."""
        headers = {"x-token": self._token} | ({} if venue_id is None else {"x-venue": str(venue_id)})
        try:
            return await self._send("GET", path, params=list(query), headers=headers)
        except (httpx.RequestError, TimeoutError) as error:
            return str(error) or type(error).__name__

    async def _wait_after_failure(self, answer: _Answer | str, failures: int) -> None:
        """Wait before a GET is repeated. Raises Refused or SetupError when it has been often enough."""
        pause = min(0.5 * 2.0**failures, 20.0)
        if failures < limits.MIRROR_TRIES:
            await self._pace.wait_to_repeat({} if isinstance(answer, str) else answer.headers, pause)
            return
        if isinstance(answer, str):
            raise SetupError(f"the source cannot be reached: {answer}")
        if answer.status == 200:
            raise SetupError(f"{self.address} does not answer with JSON; is it the address of a v2 server?")
        raise Refused(answer.status, _reason(_json_of(answer)))

    async def _sign_in(self) -> None:
        """Sign in; never repeated by itself, but for a rate limit that was to be waited out."""
        c = self._credentials
        body = {
            "client_id": c.client_id,
            "client_secret": c.client_secret,
            "brand": c.brand,
            "integrator_id": c.integrator_id,
        }
        while True:
            try:
                answer = await self._send("POST", "/auth", json=body)
            except (httpx.RequestError, TimeoutError) as error:
                reason = str(error) or type(error).__name__
                raise SetupError(f"the source cannot be reached: {reason}") from error
            if answer.status != 429:
                break
            await self._pace.wait_out(answer.headers)
        value = _json_of(answer)
        token = value.get("token") if isinstance(value, dict) else None
        if (
            not _succeeded(answer, value)
            or not isinstance(token, str)
            or not token.isascii()
            or not token.isprintable()
        ):
            raise SetupError(f"the source refused the sign-in: {answer.status} {_reason(value)}".rstrip())
        self._token = token

    async def _send(self, method: str, path: str, **options: Any) -> _Answer:
        """One request and its whole, bounded answer. Raises httpx.RequestError, TimeoutError, SetupError."""
        await self._pace.wait_turn()
        async with (
            asyncio.timeout(limits.MIRROR_REQUEST_S),
            self._http.stream(method, f"{self.address}{path}", **options) as response,
        ):
            body = await self._bounded(response)
        self._pace.heed(response.headers)
        if response.is_redirect:
            place = response.headers.get("location", "")
            raise SetupError(f"the source redirects {path} to {place[:200]}; give --from the address it wants")
        return _Answer(response.status_code, response.headers, body)

    async def _bounded(self, response: httpx.Response) -> bytes:
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > limits.MIRROR_PAGE_BYTES:
                raise SetupError(f"an answer of the source has more than {limits.MIRROR_PAGE_BYTES} bytes")
        self._received_bytes += len(body)
        if self._received_bytes > limits.MIRROR_BYTES:
            raise SetupError(f"the source sent more than {limits.MIRROR_BYTES} bytes; run again to go on")
        return bytes(body)


def parse_json(body: bytes) -> Any:
    """JSON with exact numbers; None for what is none."""
    try:
        return _decoder.decode(body)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return None


def _json_of(answer: _Answer) -> Any:
    return parse_json(answer.body)


def _weight(answer: _Answer | str) -> int:
    """How much of our patience a failure takes: a 500 is mostly the query's own, and seldom passes."""
    return limits.MIRROR_TRIES // 2 if not isinstance(answer, str) and answer.status == 500 else 1


def _succeeded(answer: _Answer, value: Any) -> bool:
    """Whether a body says yes: some answers have no ``success`` (contract 13.16), some refusals are 200 (2.1)."""
    return answer.status == 200 and not (isinstance(value, dict) and value.get("success") is False)


def _reason(value: Any) -> str:
    """What a refusal says, in any of the shapes of contract 7."""
    if not isinstance(value, dict):
        return ""
    found = [value.get("message"), value.get("error")]
    if isinstance(value.get("error"), list):
        found += [item.get("message") for item in value["error"] if isinstance(item, dict)]
    texts = dict.fromkeys(text for text in found if isinstance(text, str) and text)
    return " / ".join(texts)[:300]


_decoder = msgspec.json.Decoder(float_hook=read_number)
