"""The feed: what is new in the logs that somebody watches, read once for all viewers of this process.

A commit of this process wakes it, and it looks by itself five times a second, because other processes write too. A
wake-up is a hint and never data: what viewers get was read from the store, committed and in its venue's order. Viewers
hold cursors and nothing else: who is slow reads from the store, page by page, and makes nobody wait.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Mapping, Sequence

from comanda.base import limits
from comanda.base.errors import ComandaError, unavailable
from comanda.events.model import EventLog, EventPage, LoggedEvent, OutsideLog, check_within

log = logging.getLogger(__name__)


class Viewer:
    """Somebody who follows venues of one brand. ``cursors`` are the numbers it has been given, venue by venue."""

    __slots__ = ("brand_id", "cursors", "of_house", "who", "woken")

    def __init__(self, brand_id: str, cursors: dict[int, int], who: str, of_house: bool) -> None:
        self.brand_id = brand_id
        self.cursors = cursors
        self.who = who
        self.of_house = of_house
        self.woken = asyncio.Event()


class Feed:
    """One per process. Everything in it is bounded: viewers, the events it remembers, and their bytes."""

    def __init__(self, event_log: EventLog) -> None:
        self._log = event_log
        self._rings: dict[tuple[str, int], _Ring] = {}
        self._memory = _Memory()
        self._viewers: set[Viewer] = set()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.draining = asyncio.Event()
        """Set when the server winds down: every viewer is to end at once."""

    def start(self) -> None:
        """Begin to follow what is watched."""
        self._task = asyncio.create_task(self._follow(), name="feed")

    async def close(self) -> None:
        """Let every viewer end, and stop."""
        self.drain()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def drain(self) -> None:
        """Tell every viewer to end."""
        self.draining.set()
        for viewer in self._viewers:
            viewer.woken.set()

    def hint(self) -> None:
        """Say that something was committed; costs nothing when nobody watches."""
        if self._rings:
            self._wake.set()

    @property
    def viewers(self) -> int:
        """How many watch."""
        return len(self._viewers)

    async def open(
        self, brand_id: str, venue_ids: Sequence[int], after: Mapping[int, int], who: str = "", *, of_house: bool
    ) -> Viewer:
        """Begin to watch venues, each after its number in ``after`` or from now on; end it with `leave`.

        ``who`` calls: nobody has more than a share of the places, nor have all together who are not ``of_house``.
        Raises ComandaError ``too_many_viewers`` and ``storage_unavailable``. A number outside of the log is told by
        `pull`.
        """
        if sum(viewer.who == who for viewer in self._viewers) >= limits.MAX_VIEWERS_EACH:
            message = f"{limits.MAX_VIEWERS_EACH} viewers of yours are connected already; try again"
            raise unavailable("too_many_viewers", message, limits.VIEWER_RETRY_S)
        if len(self._viewers) >= limits.MAX_VIEWERS:
            message = f"{limits.MAX_VIEWERS} viewers are connected already; try again"
            raise unavailable("too_many_viewers", message, limits.VIEWER_RETRY_S)
        if not of_house and sum(not viewer.of_house for viewer in self._viewers) >= limits.MAX_INTEGRATORS_VIEWERS:
            message = f"{limits.MAX_INTEGRATORS_VIEWERS} integrators' viewers are connected already; try again"
            raise unavailable("too_many_viewers", message, limits.VIEWER_RETRY_S)
        viewer = Viewer(brand_id, {}, who, of_house)
        self._viewers.add(viewer)
        try:
            ends = await self._log.log_ends(brand_id, venue_ids)
        except BaseException:
            self._viewers.discard(viewer)
            raise
        for venue_id in venue_ids:
            last = ends[venue_id].last
            viewer.cursors[venue_id] = after.get(venue_id, last)
            ring = self._rings.setdefault((brand_id, venue_id), _Ring(self._memory, last))
            ring.viewers.add(viewer)
        self.hint()
        return viewer

    def leave(self, viewer: Viewer) -> None:
        """Stop watching; what only this viewer watched is forgotten. Leaving twice is no mistake."""
        self._viewers.discard(viewer)
        for venue_id in viewer.cursors:
            ring = self._rings.get((viewer.brand_id, venue_id))
            if ring is None:
                continue
            ring.viewers.discard(viewer)
            if not ring.viewers:
                ring.clear()
                del self._rings[viewer.brand_id, venue_id]

    async def pull(self, viewer: Viewer, limit: int) -> list[LoggedEvent]:
        """The next events of a viewer, ``limit`` at most; none when it has all there is. The venues take turns.

        Raises OutsideLog when it cannot go on from where it is, ComandaError ``storage_unavailable``.
        """
        viewer.woken.clear()
        found: list[LoggedEvent] = []
        for venue_id, cursor in list(viewer.cursors.items()):
            ring = self._rings[viewer.brand_id, venue_id]
            read: Sequence[LoggedEvent] = ()
            if ring.has_after(cursor):
                read = ring.after(cursor, limit - len(found))
            elif cursor != ring.last:
                read = await self._page(viewer.brand_id, venue_id, cursor, limit - len(found))
            if read:
                del viewer.cursors[venue_id]  # and in again at the end, so that the others are served first next time
                viewer.cursors[venue_id] = read[-1].number
                found.extend(read)
            if len(found) >= limit:
                break
        return found

    def last(self, viewer: Viewer, venue_id: int) -> int:
        """The last number that the feed has seen of a venue that somebody watches."""
        return self._rings[viewer.brand_id, venue_id].last

    async def wait(self, viewer: Viewer, timeout_s: float) -> None:
        """Wait until there may be something to pull, or the feed drains, or the time is over."""
        if timeout_s <= 0 or self.draining.is_set():
            return
        try:
            async with asyncio.timeout(timeout_s):
                await viewer.woken.wait()
        except TimeoutError:
            return

    async def _page(self, brand_id: str, venue_id: int, cursor: int, limit: int) -> Sequence[LoggedEvent]:
        """What the ring no longer holds, from the store."""
        page = (await self._log.new_events(brand_id, {venue_id: cursor}, min(limit, limits.FEED_PAGE)))[venue_id]
        check_within(venue_id, cursor, page.ends)
        if page.ends.last - cursor > limits.MAX_STREAM_LAG:
            raise OutsideLog(venue_id, page.ends.last)
        return page.events

    async def _follow(self) -> None:
        while True:
            await self._until_due()
            self._wake.clear()
            self._memory.forget_old()
            for brand_id, after in self._watched().items():
                try:
                    self._take(brand_id, await self._log.new_events(brand_id, after, limits.FEED_PAGE))
                except ComandaError as error:
                    log.warning("the event log could not be read: %s", error)
                except Exception:
                    log.exception("the feed failed; it goes on")
            await asyncio.sleep(limits.FEED_PAUSE_S)

    async def _until_due(self) -> None:
        """Wait for a hint, or for the next look of its own; for a hint only when nobody watches."""
        try:
            async with asyncio.timeout(limits.FEED_POLL_S if self._rings else None):
                await self._wake.wait()
        except TimeoutError:
            return

    def _watched(self) -> dict[str, dict[int, int]]:
        watched: dict[str, dict[int, int]] = {}
        for (brand_id, venue_id), ring in self._rings.items():
            watched.setdefault(brand_id, {})[venue_id] = ring.last
        return watched

    def _take(self, brand_id: str, found: Mapping[int, EventPage]) -> None:
        for venue_id, page in found.items():
            ring = self._rings.get((brand_id, venue_id))
            if ring is None or not ring.extend(page):
                continue
            for viewer in ring.viewers:
                viewer.woken.set()
            if ring.last < page.ends.last:
                self._wake.set()


class _Ring:
    """The newest events of one watched venue, without a gap up to ``last``; and who watches it."""

    __slots__ = ("_events", "_memory", "last", "viewers")

    def __init__(self, memory: "_Memory", last: int) -> None:
        self._memory = memory
        self._events: deque[LoggedEvent] = deque()
        self.last = last
        self.viewers: set[Viewer] = set()

    def has_after(self, cursor: int) -> bool:
        """Whether the event that follows a number is here."""
        return self.last - len(self._events) <= cursor < self.last

    def after(self, cursor: int, limit: int) -> list[LoggedEvent]:
        """Events after a number that is here."""
        found = self._events
        begin = cursor - (self.last - len(found))
        return [found[index] for index in range(begin, min(begin + limit, len(found)))]

    def extend(self, page: EventPage) -> bool:
        """Add what is new; whether anything was."""
        before = self.last
        if page.ends.purged_through > before:
            self.clear()
            self.last = page.ends.purged_through
        for event in page.events:
            if event.number == self.last + 1:
                self._events.append(event)
                self.last = event.number
                self._memory.add(self, event)
        return self.last > before

    def drop_oldest(self) -> int:
        """Forget the oldest event; how many bytes that frees."""
        return len(self._events.popleft().wire) if self._events else 0

    def clear(self) -> None:
        """Forget every event."""
        while self._events:
            self._memory.freed(self.drop_oldest())


class _Memory:
    """What all rings together hold: the oldest event of them all goes first when that is too much, or too old."""

    def __init__(self) -> None:
        self._order: deque[tuple[_Ring, float]] = deque()
        """Whose event came when, by the monotonic clock in seconds."""
        self._bytes = 0

    def add(self, ring: _Ring, event: LoggedEvent) -> None:
        """Count an event that a ring has taken, and make room."""
        self._order.append((ring, time.monotonic()))
        self._bytes += len(event.wire)
        while len(self._order) > limits.FEED_EVENTS or self._bytes > limits.FEED_BYTES:
            self._forget_oldest()

    def forget_old(self) -> None:
        """Forget what was taken long ago: the store may hold less of it by now."""
        before = time.monotonic() - limits.FEED_REMEMBERS_S
        while self._order and self._order[0][1] < before:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        ring, _ = self._order.popleft()
        self.freed(ring.drop_oldest())

    def freed(self, size: int) -> None:
        """Count what a ring has forgotten."""
        self._bytes -= size
