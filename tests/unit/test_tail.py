"""The client behind ``comanda tail`` against a server that is there and cannot answer yet."""

import asyncio
from contextlib import aclosing

import pytest

from comanda.base.errors import SetupError
from comanda.cli import api
from comanda.cli.api import Api, Credentials

pytestmark = pytest.mark.anyio
REFUSED = b'{"success": false, "error": "Client is disabled"}'


@pytest.fixture
async def starting():
    """A server that begins to answer after more tries than other commands make; its address, and what it was asked."""
    asked: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        is_ready = len(asked) > api._TRIES + 4
        head = b"401 Unauthorized" if is_ready else b"503 Service Unavailable\r\nRetry-After: 0"
        writer.write(b"HTTP/1.1 %b\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % (head, len(REFUSED)) + REFUSED)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}", asked


async def test_a_follower_waits_for_a_server_that_cannot_answer_yet_and_other_commands_give_up(starting):
    """Refused for good is told by both."""
    url, asked = starting
    credentials = Credentials("client", "secret", "brand", "integrator")
    with pytest.raises(SetupError, match="sign-in was refused"):
        async with Api(url, credentials):
            pass
    assert len(asked) == api._TRIES
    async with aclosing(Api(url, credentials)) as client:
        with pytest.raises(SetupError, match="Client is disabled"):
            await anext(client.lines("/hub/v1/stream", {}, {}))
    assert len(asked) == api._TRIES + 5
