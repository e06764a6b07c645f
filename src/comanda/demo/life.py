"""The switches of what the demo does by itself: guests who order, and a house that cooks. Both are off at first."""

import asyncio

from msgspec import Struct


class LifeState(Struct, frozen=True):
    """Whether orders come by themselves, whether a robot house works on them, and how many come in a minute."""

    orders: bool = False
    house: bool = False
    per_minute: int = 6


class Life:
    """The switches, which pages turn and `comanda.demo.living` watches."""

    def __init__(self) -> None:
        self.state = LifeState()
        self.ended = asyncio.Event()
        self._turned = asyncio.Event()

    def switch(self, *, orders: bool, house: bool, per_minute: int) -> None:
        """Turn the switches; it works at once."""
        self.state = LifeState(orders, house, per_minute)
        self._turned.set()
        self._turned = asyncio.Event()

    def end(self) -> None:
        """Have nothing done any more: the server winds down."""
        self.ended.set()

    async def rest(self, seconds: float | None = None) -> None:
        """Wait so long, or until a switch is turned."""
        try:
            async with asyncio.timeout(seconds):
                await self._turned.wait()
        except TimeoutError:
            return
