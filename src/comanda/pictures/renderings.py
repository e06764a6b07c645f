"""The renderings of one process: a few at once, each in a thread, so that orders do not wait for pictures."""

import asyncio

from comanda.base import limits
from comanda.base.clock import Micros
from comanda.base.errors import unavailable
from comanda.pictures.model import Rendered
from comanda.pictures.render import render_picture


class Renderings:
    """One rendering may take two seconds of a core and 600 MiB; so few run at once, and few more wait."""

    def __init__(self) -> None:
        self._running = asyncio.Semaphore(limits.RENDERINGS)
        self._asked = 0

    async def render(self, content: bytes, now: Micros) -> Rendered:
        """Render an uploaded picture.

        Raises ComandaError ``not_a_picture``, ``picture_too_large``, and ``too_many_pictures`` when more wait than
        could be served soon.
        """
        if self._asked >= limits.RENDERINGS_WAITING:
            message = "Too many pictures are being uploaded at once"
            raise unavailable("too_many_pictures", message, limits.RETRY_AFTER_S)
        self._asked += 1
        # A caller who goes away must not make room for another while its own picture is still worked on.
        return await asyncio.shield(self._render(content, now))

    async def _render(self, content: bytes, now: Micros) -> Rendered:
        try:
            async with self._running:
                return await asyncio.to_thread(render_picture, content, now)
        finally:
            self._asked -= 1
