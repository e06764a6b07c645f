"""Secrets: made with the system's randomness, shown once, stored as hashes, compared in constant time."""

import hashlib
import hmac
import secrets
import string

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

_ALPHABET = string.ascii_letters + string.digits


def random_text(length: int) -> str:
    """Letters and digits, about 5.95 bits each."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def sha256_hex(secret: str) -> str:
    """The stored form of a generated secret. Its own entropy makes a slow hash pointless; passwords use argon2."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


def secret_matches(secret: str, stored_sha256: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(sha256_hex(secret), stored_sha256)


def hash_password(password: str) -> str:
    """The stored form of a person's password (argon2id)."""
    return PasswordHasher().hash(password)


def password_matches(password: str, stored_hash: str) -> bool:
    """Whether a password is the one of a stored hash; takes tens of milliseconds and tens of megabytes."""
    try:
        return PasswordHasher().verify(stored_hash, password)
    except (Argon2Error, InvalidHashError):
        return False
