"""What the tests of events share: writing many events, following a stream, and other brands."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import httpx
from sqlalchemy import delete

from comanda import demo
from comanda.base.clock import now_micros
from comanda.http.hub import Hub
from comanda.store.event_log import NewEvent, append_events
from comanda.store.tables import events, venue_counters
from comanda.store.transaction import Statement, one

MINIMAL = demo.example("create-order.minimal.request")


def event(type="order.created", data='{"id":1}', created_at=None) -> NewEvent:
    """An event to append."""
    return NewEvent(1, 1, type, "client:test", data, created_at or now_micros())


async def empty_logs(hub: Hub) -> None:
    """Make every log as if nothing had ever happened."""

    def build():
        for table in (events, venue_counters):
            yield one(Statement(delete(table), returns=False))

    await hub.store.run(build)


async def write(hub: Hub, venue_id: int, count: int = 1, brand: str = demo.BRAND, **values: Any) -> None:
    """Append events to a venue's log in one transaction."""
    await write_many(hub, {venue_id: count}, brand, **values)


async def write_many(hub: Hub, counts: dict[int, int], brand: str = demo.BRAND, **values: Any) -> None:
    """Append events to several venues' logs in one transaction."""
    found = {(brand, venue_id): [event(**values) for _ in range(count)] for venue_id, count in counts.items()}
    await hub.store.run(lambda: append_events(found))


class Frame(NamedTuple):
    """One frame of a stream."""

    id: str
    name: str
    data: Any


class Listener:
    """A client of a stream."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self._frames = self._read()

    async def _read(self) -> AsyncIterator[Frame]:
        found: dict[str, str] = {}
        async for line in self.answer.aiter_lines():
            name, _, value = line.partition(": ")
            if line:
                found[name] = value
            elif found.keys() & {"id", "event"}:
                yield Frame(found.get("id", ""), found.get("event", ""), json.loads(found.get("data", "null")))
                found = {}
            else:
                found = {}

    async def next(self) -> Frame:
        """The next frame; heartbeats are passed over."""
        async with asyncio.timeout(20):
            return await anext(self._frames)

    async def take(self, count: int) -> list[Frame]:
        """So many frames."""
        return [await self.next() for _ in range(count)]

    async def rest(self) -> list[Frame]:
        """Every frame up to the stream's end."""
        async with asyncio.timeout(20):
            return [frame async for frame in self._frames]


@asynccontextmanager
async def listening(
    http: httpx.AsyncClient, headers: dict[str, str], query: str = "", resume: str | None = None
) -> AsyncIterator[Listener]:
    """Open a stream and leave it at the end."""
    more = {} if resume is None else {"last-event-id": resume}
    async with http.stream("GET", f"/hub/v1/stream{query}", headers={**headers, **more}) as answer:
        assert answer.status_code == 200, await answer.aread()
        yield Listener(answer)


def numbers(frames: Sequence[Frame], venue_id: int = 1) -> list[int]:
    """The numbers of a venue's events."""
    return [frame.data["number"] for frame in frames if frame.data["venue_id"] == venue_id]


async def until(condition, timeout_s: float = 10) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.01)
