"""What a process remembers of the store: who may call, and each brand's catalogue. Never older than a second in use.

A change raises one counter; every process polls it (no query crosses brands, no NOTIFY inside an order's
transaction) and fetches only what changed.
"""

import asyncio
import logging
import time
from collections.abc import Mapping

from comanda.access.model import Directory, Published
from comanda.base import limits
from comanda.catalogue.snapshot import Snapshot, with_changes
from comanda.store.store import Store
from comanda.store.waiting import storage_away

log = logging.getLogger(__name__)
_NOTHING = Snapshot()
_NO_ONE = Published()


class Known:
    """The directory and the catalogue snapshots of one process."""

    def __init__(self, store: Store, *, refused: Published = _NO_ONE) -> None:
        """``refused`` are credentials whose owners are never known here."""
        self._store = store
        self._refused = refused
        self._directory = Directory()
        self._snapshots: dict[str, Snapshot] = {}
        self._read_at = float("-inf")
        self._refreshing = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._shared: asyncio.Task[None] | None = None
        self._told: asyncio.Task[None] | None = None
        """The question whose silence was logged, once for all who waited for it."""

    async def start(self) -> None:
        """Read everything once, then keep it fresh."""
        await self.refresh()
        self._task = asyncio.create_task(self._poll(), name="known-poll")

    async def close(self) -> None:
        """Stop polling."""
        for task in (self._task, self._shared):
            if task is not None and not task.done():
                task.cancel()
                await asyncio.wait([task])

    async def directory(self) -> Directory:
        """Who is known, at most a second old. Raises ComandaError ``storage_unavailable`` when that cannot be read."""
        if time.monotonic() - self._read_at > limits.SNAPSHOT_MAX_AGE_S:
            await self._refresh_together()
        return self._directory

    @property
    def present(self) -> Directory:
        """Who is known, as it was last read; the door has just made sure that it is fresh."""
        return self._directory

    def snapshot(self, brand_id: str) -> Snapshot:
        """A brand's catalogue as it was last read."""
        return self._snapshots.get(brand_id, _NOTHING)

    async def refresh(self) -> None:
        """Fetch what changed since the last look; a caller that just changed something sees it afterwards."""
        async with self._refreshing:
            asked_at = time.monotonic()
            if await self._store.changes() != self._directory.version:
                directory = (await self._store.directory()).without(self._refused)
                self._snapshots = await self._fresh_snapshots(directory)
                self._directory = directory
            self._read_at = asked_at

    async def _refresh_together(self) -> None:
        """One question to the store for all who wait for it, and nobody waits long: a silent store is away."""
        if self._shared is None or self._shared.done():
            self._shared = asyncio.create_task(self.refresh(), name="known-refresh")
            self._shared.add_done_callback(_heard)
        done, _ = await asyncio.wait({self._shared}, timeout=limits.SNAPSHOT_WAIT_S)
        if not done:
            if self._told is not self._shared:
                self._told = self._shared
                log.warning("the store did not say in %s s what has changed", limits.SNAPSHOT_WAIT_S)
            raise storage_away()
        await self._shared

    async def _fresh_snapshots(self, directory: Directory) -> dict[str, Snapshot]:
        fresh: Mapping[str, Snapshot] = self._snapshots
        found: dict[str, Snapshot] = {}
        for brand in directory.brands.values():
            snapshot = fresh.get(brand.id, _NOTHING)
            if snapshot.version != brand.catalogue_version:
                changed = await self._store.changed_resources(brand.id, snapshot.version)
                snapshot = with_changes(snapshot, brand.catalogue_version, changed)
            found[brand.id] = snapshot
        return found

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(limits.SNAPSHOT_POLL_S)
            try:
                await self.refresh()
            except Exception as error:
                log.warning("the store could not be asked for changes: %r", error)


def _heard(task: "asyncio.Task[None]") -> None:
    """Everybody may have stopped waiting; reading the exception keeps asyncio from reporting it as lost."""
    if not task.cancelled():
        task.exception()
