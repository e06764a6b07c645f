"""Who may call and how often: tokens, and a counter per minute."""

import time
from collections import Counter
from dataclasses import dataclass

import jwt

from benchmarks.typical.rules import Refusal

TOKEN_CACHE_S = 60
MAX_CACHED_TOKENS = 10_000


@dataclass(frozen=True, slots=True)
class Claims:
    """What a sound token says."""

    brand_id: str
    client_id: str
    integrator_id: str
    expires_s: int


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, found to be enabled."""

    brand_id: str
    client_id: str
    integrator_id: str
    currency: str

    @property
    def actor(self) -> str:
        """Who acts, for keys and events."""
        return f"client:{self.client_id}"


class TokenReader:
    """Verifies tokens and remembers for a minute which signatures were good."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._known: dict[str, tuple[Claims, float]] = {}

    def read(self, token: str | None) -> Claims:
        """The claims of a sound, unexpired token. Raises Refusal 401."""
        if not token:
            raise Refusal(401, "Headers are missing", "Missing authentication headers")
        now = time.time()
        claims, forget_at = self._known.get(token, (None, 0.0))
        if claims is None or forget_at <= now:
            claims = self._verified(token)
            if len(self._known) >= MAX_CACHED_TOKENS:
                self._known.clear()
            self._known[token] = claims, now + TOKEN_CACHE_S
        if claims.expires_s <= now:
            raise Refusal(401, "Token expired", "The token has expired")
        return claims

    def _verified(self, token: str) -> Claims:
        try:
            claims = jwt.decode(token, self._secret, algorithms=["HS256"], options={"require": ["exp"]})
            return Claims(claims["brand"], claims["client_id"], claims["integrator_id"], int(claims["exp"]))
        except jwt.ExpiredSignatureError:
            raise Refusal(401, "Token expired", "The token has expired") from None
        except (jwt.InvalidTokenError, KeyError):
            raise Refusal(401, "Invalid token", "The token is not valid") from None


class MinuteCounter:
    """Calls per integrator and brand in the present minute, in this process."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._minute = 0
        self._counts: Counter[tuple[str, str]] = Counter()

    def count(self, caller: Caller) -> None:
        """Count a call. Raises Refusal 429 when the minute is used up."""
        minute = int(time.time()) // 60
        if minute != self._minute:
            self._minute = minute
            self._counts.clear()
        key = caller.integrator_id, caller.brand_id
        self._counts[key] += 1
        if self._counts[key] > self._limit:
            raise Refusal(429, "rate_limited", f"More than {self._limit} calls a minute")
