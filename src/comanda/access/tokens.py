"""Tokens of integrators: HS256 JWTs with the documented claims (contract 2.2) and a key id.

Signature and expiry of a token are cached; whether its owner is still enabled never is.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime

import jwt

from comanda.access.model import Brand, Client, Directory, Integrator
from comanda.access.secrets import random_text
from comanda.base import limits
from comanda.base.errors import ComandaError

STAGE = "production"


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says. ``expires_s`` is epoch seconds."""

    brand: str
    client_id: str
    integrator_id: str
    venue_id: int | None
    expires_s: int


def issue_token(
    directory: Directory, brand: Brand, client: Client, integrator: Integrator, venue_id: int | None, now_s: int
) -> tuple[str, int]:
    """Sign a token for an hour; returns it and its expiry in epoch seconds."""
    key = directory.signing_keys[0]
    expires_s = now_s + limits.TOKEN_LIFE_S
    claims = {
        "token": "oauth_" + random_text(64),
        "brand": brand.id,
        "stage": STAGE,
        "venue_id": venue_id,
        "integrator_id": integrator.id,
        "client_id": client.id,
        "iat": now_s,
        "exp": expires_s,
    }
    return jwt.encode(claims, key.secret, algorithm="HS256", headers={"kid": key.kid}), expires_s


class TokenReader:
    """Verifies tokens, remembering the verdict on the most recent ones."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Claims] = OrderedDict()

    def read(self, token: str, directory: Directory, now_s: int) -> Claims:
        """The claims of a sound, unexpired token.

        Raises ComandaError ``unauthorized`` with the literals of contract 2.5: ``Invalid token``, ``Token expired``.
        """
        claims = self._known.get(token)
        if claims is None:
            claims = _verify(token, directory)
            self._known[token] = claims
            if len(self._known) > limits.TOKEN_CACHE:
                self._known.popitem(last=False)
        if claims.expires_s <= now_s:
            raise _expired(claims.expires_s)
        return claims


def _verify(token: str, directory: Directory) -> Claims:
    try:
        kid = jwt.get_unverified_header(token).get("kid")
        key = next((key for key in directory.signing_keys if key.kid == kid), None)
        if key is None:
            raise jwt.InvalidTokenError("unknown key")
        options: jwt.types.Options = {"require": ["exp", "iat"], "verify_exp": False, "verify_iat": False}
        found = jwt.decode(token, key.secret, algorithms=["HS256"], options=options)
        return Claims(
            brand=str(found["brand"]),
            client_id=str(found["client_id"]),
            integrator_id=str(found["integrator_id"]),
            venue_id=found["venue_id"],
            expires_s=int(found["exp"]),
        )
    except (jwt.PyJWTError, KeyError, ValueError) as error:
        raise ComandaError("unauthorized", "The token is not valid", error="Invalid token") from error


def _expired(expires_s: int) -> ComandaError:
    moment = datetime.fromtimestamp(expires_s, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return ComandaError("unauthorized", "The token has expired", error="Token expired", extra={"expires_at": moment})
