"""The way into a store that checks no references: what stands there may be older than today's checks."""

from typing import Any

from tests.conftest import Server, document

from comanda import demo
from comanda.store.catalogue import Edit


async def keep_unchecked(server: Server, **parts: Any) -> None:
    """Write parts of a catalogue into the demo brand's as they are, and let this process see them."""
    version = server.hub.known.snapshot(demo.BRAND).version
    edit = Edit(document=document(**parts), people=(), checked_at=version)
    await server.hub.store.apply_edit(demo.BRAND, edit)
    await server.hub.known.refresh()
