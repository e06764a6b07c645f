"""Checking people's passwords without letting it slow the orders: off the event loop, a few at a time.

What goes in is a password and the hash it is to match, what comes out is a yes or no that takes as long for a person
who does not exist. No password is kept or logged here.
"""

import asyncio
from functools import cache

from comanda.access.secrets import hash_password, password_matches, random_text
from comanda.base import limits
from comanda.base.errors import ComandaError


class PasswordChecks:
    """The checks of one process. A check costs 64 MiB and all cores for a moment, so only a few run at once."""

    def __init__(self) -> None:
        self._running = asyncio.Semaphore(limits.PASSWORD_CHECKS)
        self._asked = 0

    async def matches(self, password: str, stored_hash: str | None) -> bool:
        """Whether the password is that of the hash; None, for nobody's, takes as long and is never right.

        Raises ComandaError ``rate_limited`` when more people wait than could be served soon.
        """
        if self._asked >= limits.PASSWORD_CHECKS_WAITING:
            message = "Too many people sign in at once. Retry later."
            raise ComandaError("rate_limited", message, retry_after_s=limits.RETRY_AFTER_S)
        self._asked += 1
        # A caller who goes away must not make room for another while its own check still computes.
        return await asyncio.shield(self._check(password, stored_hash))

    async def hash(self, password: str) -> str:
        """The stored form of a new password; it takes its turn with the checks."""
        async with self._running:
            return await asyncio.to_thread(hash_password, password)

    async def _check(self, password: str, stored_hash: str | None) -> bool:
        try:
            async with self._running:
                return await asyncio.to_thread(_matches, password, stored_hash)
        finally:
            self._asked -= 1


def _matches(password: str, stored_hash: str | None) -> bool:
    nobody = _hash_of_nobody()
    return password_matches(password, stored_hash or nobody) and stored_hash is not None


@cache
def _hash_of_nobody() -> str:
    """A hash like any other, of a password that was never told to anybody."""
    return hash_password(random_text(40))
