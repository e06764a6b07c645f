"""Who calls: credentials to a token (`sign_in`), a token to a caller (`identify`). Contract 2."""

from typing import Any

from comanda.access.model import Brand, Caller, Client, Directory, Integrator
from comanda.access.secrets import secret_matches, sha256_hex
from comanda.access.tokens import TokenReader, issue_token
from comanda.base.errors import ComandaError

TEST_INTEGRATOR = "Integrator is in test mode. But brand is not in test mode"
TEST_BRAND = "Brand is in test mode. But integrator is not in test mode"
CREDENTIALS = ("client_id", "client_secret", "brand", "integrator_id")
_NOBODY = sha256_hex("nobody")


class WrongMode(Exception):
    """Test integrator with production brand or the reverse: answered 200 at ``/auth``, as documented (2.1)."""


def sign_in(directory: Directory, body: Any, main_venue_id: int | None, now_s: int) -> tuple[str, int]:
    """Exchange the four credentials for a token and its expiry in epoch seconds.

    Raises ComandaError with the literals of contract 2.1, and WrongMode.
    """
    stated = [body.get(name) if isinstance(body, dict) else None for name in CREDENTIALS]
    given = [value for value in stated if isinstance(value, str) and value]
    if len(given) < len(CREDENTIALS):
        text = "Missing client_id, client_secret, brand, or integrator_id"
        raise ComandaError("validation_failed", text, error=text)
    client_id, secret, brand_id, integrator_id = given
    integrator = directory.integrators.get(integrator_id)
    if integrator is None or not integrator.enabled:
        raise ComandaError("validation_failed", "The integrator is not registered", error="Invalid integrator_id")
    brand = directory.brands.get(brand_id)
    client = directory.clients.get((brand_id, client_id))
    matches = secret_matches(secret, client.secret_sha256 if client else _NOBODY)
    if brand is None or not brand.enabled or client is None or not matches:
        raise ComandaError("unauthorized", "The client id, secret or brand is not correct", error="")
    if not client.enabled:
        raise ComandaError("unauthorized", "This client has been disabled", error="Client is disabled")
    mismatch = _wrong_mode(integrator, brand)
    if mismatch is not None:
        raise WrongMode(mismatch)
    return issue_token(directory, brand, client, integrator, _venue_of(client, main_venue_id), now_s)


def identify(directory: Directory, reader: TokenReader, token: str | None, now_s: int) -> Caller:
    """The caller a token stands for, as enabled as the directory says right now.

    Raises ComandaError ``unauthorized`` with the literals of contract 2.5.
    """
    if not token:
        raise ComandaError("unauthorized", "Missing authentication headers", error="Headers are missing")
    claims = reader.read(token, directory, now_s)
    integrator = directory.integrators.get(claims.integrator_id)
    if integrator is None or not integrator.enabled:
        raise ComandaError("unauthorized", "The integrator is not registered", error="Invalid integrator_id")
    brand = directory.brands.get(claims.brand)
    client = directory.clients.get((claims.brand, claims.client_id))
    if brand is None or not brand.enabled or client is None:
        raise ComandaError("unauthorized", "The token is not valid", error="Invalid token")
    if not client.enabled:
        raise ComandaError("unauthorized", "This client has been disabled", error="Client is disabled")
    if text := _wrong_mode(integrator, brand):
        raise ComandaError("unauthorized", text, error=text)
    return Caller(brand, client, integrator, claims.venue_id)


def _venue_of(client: Client, main_venue_id: int | None) -> int | None:
    """The venue a client's tokens act for: its own, else the main one, else the first it may see."""
    if client.venue_id is not None:
        return client.venue_id
    if main_venue_id is not None and client.may_see(main_venue_id):
        return main_venue_id
    return min(client.venues, default=None)


def _wrong_mode(integrator: Integrator, brand: Brand) -> str | None:
    if integrator.is_test == brand.is_test:
        return None
    return TEST_INTEGRATOR if integrator.is_test else TEST_BRAND


def require_scope(client: Client, scope: str) -> None:
    """Raise ComandaError ``forbidden`` when a client lacks a scope (contract 14.10)."""
    if scope not in client.scopes:
        raise ComandaError("forbidden", f"This client lacks the scope {scope}")
