"""``GET /hub/v1/stream``: the logs of one or several venues as Server-Sent Events, from a number on, without an end.

In: venues, types, and where to go on from. Out: frames, each with an id that resumes all venues of the stream. A viewer
gets every event after its start once and in its venue's order, or is told to resync; nothing is left out silently.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from dataclasses import dataclass

import structlog

from comanda.base import limits
from comanda.base.errors import ComandaError, Kind
from comanda.base.json import to_json
from comanda.events.feed import Viewer
from comanda.events.model import LoggedEvent, OutsideLog
from comanda.http.call import Call, StreamReply
from comanda.http.hub import Hub
from comanda.http.hub_api.events import own_venue, require_still, require_venue, wanted_types
from comanda.http.open_api import query as queries
from comanda.http.staff_app import pages_digest

log = structlog.get_logger("comanda.http")
_POSITION = re.compile(r"\d{1,16}:\d{1,16}(,\d{1,16}:\d{1,16})*")
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_HEARTBEAT = b": heartbeat\n\n"


async def open_stream(call: Call, hub: Hub) -> StreamReply:
    """Begin a stream. Raises ComandaError: ``too_many_viewers``, a wrong parameter, a venue not to be seen."""
    query = queries.parse_query(call.query)
    venue_ids = _venues(query, call, hub)
    after = _resume_from(query, call)
    types = frozenset(wanted_types(query))
    caller = call.acting
    who, of_house = f"{caller.brand.id}/{caller.actor}", caller.kind != "integrator"
    viewer = await hub.feed.open(caller.brand.id, venue_ids, after, who, of_house=of_house)
    stream = _Stream(call, hub, viewer, types, _Position(viewer.cursors, venue_ids))
    return StreamReply(stream.chunks(), lambda: hub.feed.leave(viewer), hub.feed.draining, _HEADERS)


def _venues(query: queries.Query, call: Call, hub: Hub) -> list[int]:
    stated = [part.strip() for part in query.plain.get("venues", "").split(",") if part.strip()]
    if len(stated) > limits.MAX_STREAM_VENUES:
        queries.refuse_parameter("venues", f"must be {limits.MAX_STREAM_VENUES} at most", len(stated))
    named = [queries.whole_number("venues", part) for part in stated] or [own_venue(call, "venues")]
    for venue_id in named:
        require_venue(venue_id, call, hub)
    return sorted(set(named))


def _resume_from(query: queries.Query, call: Call) -> dict[int, int]:
    """Where to go on from, by venue; what a browser sends by itself is newer than the address it connects to again."""
    name, text = "Last-Event-ID", call.headers.get("last-event-id", "")
    if not text:
        name, text = "after", query.plain.get("after", "")
    if not text:
        return {}
    if not _POSITION.fullmatch(text):
        queries.refuse_parameter(name, "must be VENUE:NUMBER, several with commas", text)
    pairs = (part.split(":") for part in text.split(","))
    return {queries.whole_number(name, venue): queries.whole_number(name, number) for venue, number in pairs}


class _Position:
    """How far a stream has come in each of its venues, and its id."""

    def __init__(self, cursors: Mapping[int, int], venue_ids: Sequence[int]) -> None:
        self.numbers = {venue_id: cursors[venue_id] for venue_id in venue_ids}
        self._parts = {venue_id: f"{venue_id}:{number}" for venue_id, number in self.numbers.items()}

    def pass_(self, event: LoggedEvent) -> None:
        """Move on past an event, whether it is sent or not."""
        self.numbers[event.venue_id] = event.number
        self._parts[event.venue_id] = f"{event.venue_id}:{event.number}"

    @property
    def id(self) -> str:
        """What resumes every venue of the stream."""
        return ",".join(self._parts.values())


@dataclass(slots=True)
class _Stream:
    """One viewer's frames, in chunks."""

    call: Call
    hub: Hub
    viewer: Viewer
    types: frozenset[str]
    position: _Position
    told: str = ""
    """The last id that was sent."""

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Frames until the stream is to end; several of them make a chunk."""
        feed, loop = self.hub.feed, asyncio.get_running_loop()
        yield self._hello()
        beat_at = loop.time() + limits.STREAM_HEARTBEAT_S
        known = self.hub.known.present
        while not feed.draining.is_set():
            if self.hub.known.present is not known:
                known = self.hub.known.present
                if not await self._is_still_let_in():
                    return
            try:
                found = await feed.pull(self.viewer, limits.FEED_PAGE)
            except OutsideLog as outside:
                yield _frame("resync", {"venue_id": outside.venue_id, "last": outside.last})
                return
            except ComandaError as error:
                log.info("stream.ended", request_id=self.call.request_id, reason=error.code)
                return
            for chunk in self._chunks_of(found):
                yield chunk
            if loop.time() >= beat_at:
                if not await self._is_still_let_in():
                    return
                yield self._heartbeat()
                beat_at = loop.time() + limits.STREAM_HEARTBEAT_S
            if not found:
                await feed.wait(self.viewer, min(beat_at - loop.time(), limits.STREAM_LOOK_S))
        yield b"retry: 1000\n" + _frame("draining", {})

    def _hello(self) -> bytes:
        self.told = self.position.id
        venues = {str(venue_id): number for venue_id, number in self.position.numbers.items()}
        hello = {"venues": venues, "pages": pages_digest()}
        return f"retry: 2000\nid: {self.told}\n".encode() + _frame("hello", hello)

    def _chunks_of(self, found: Sequence[LoggedEvent]) -> Iterator[bytes]:
        """The frames of what is wanted, joined up to the size of a chunk."""
        joined = bytearray()
        for event in found:
            self.position.pass_(event)
            if self.types and event.type not in self.types:
                continue
            self.told = self.position.id
            joined += b"id: %b\nevent: %b\ndata: %b\n\n" % (self.told.encode(), event.type.encode(), event.wire)
            if len(joined) >= limits.STREAM_CHUNK_BYTES:
                yield bytes(joined)
                joined.clear()
        if joined:
            yield bytes(joined)

    def _heartbeat(self) -> bytes:
        """A sign of life; with an id of its own when only what was not asked for has moved it."""
        if self.told == self.position.id:
            return _HEARTBEAT
        self.told = self.position.id
        return f"id: {self.told}\n\n".encode() + _HEARTBEAT

    async def _is_still_let_in(self) -> bool:
        """Whether the request would be let in now: its token may have lapsed, its caller been disabled."""
        try:
            await require_still(self.call, self.hub, self.position.numbers)
        except ComandaError as error:
            return error.kind is Kind.UNAVAILABLE
        return True


def _frame(name: str, data: object) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), to_json(data))
