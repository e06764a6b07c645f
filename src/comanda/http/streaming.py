"""Sending an answer that goes on: chunk by chunk, at the pace of who listens, until either side ends it.

The server takes a chunk only when it has room for it, so that who does not read stops the chunks and costs no more than
what the server already has. Nothing is ever thrown away to go on: an answer that does not get through is ended.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

import structlog

from comanda.base import limits
from comanda.http.call import StreamReply

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

log = structlog.get_logger("comanda.http")


async def send_chunks(reply: StreamReply, receive: Receive, send: Send) -> None:
    """Send the chunks of an answer whose head has gone out; returns when they end or the client has gone.

    A chunk that does not get through within 30 seconds ends the answer, and so does the server's winding down when the
    chunks do not end by themselves within a second.
    """
    sending = asyncio.create_task(_send_all(reply.chunks, send))
    leaving = asyncio.create_task(_until_gone(receive))
    ending = asyncio.create_task(reply.ending.wait())
    tasks = (sending, leaving, ending)
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if not sending.done() and not leaving.done():
            await asyncio.wait((sending, leaving), timeout=limits.STREAM_LAST_S, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    if not sending.cancelled():
        sending.result()


async def _send_all(chunks: AsyncGenerator[bytes, None], send: Send) -> None:
    try:
        async with aclosing(chunks):
            async for chunk in chunks:
                await _send_one({"type": "http.response.body", "body": chunk, "more_body": True}, send)
        await _send_one({"type": "http.response.body", "body": b"", "more_body": False}, send)
    except TimeoutError:
        log.info("stream.stuck", seconds=limits.STREAM_SEND_S)


async def _send_one(message: dict[str, Any], send: Send) -> None:
    async with asyncio.timeout(limits.STREAM_SEND_S):
        await send(message)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
