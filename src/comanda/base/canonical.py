"""What "the same request" means: SHA-256 of the decoded body with keys sorted and numbers by value (14.2)."""

import hashlib
import re
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import msgspec

from comanda.base import limits

_encoder = msgspec.json.Encoder(order="sorted")


def content_sha256(raw: bytes) -> str:
    """Hash a body by meaning: key order, white space and the spelling of numbers make no difference.

    Bytes that are not JSON are hashed as they are, so that they equal only themselves.
    """
    try:
        value = _decoder.decode(raw)
        if _WIDE.search(raw):
            value = _with_small_integers(value)
        return hashlib.sha256(_encoder.encode(value)).hexdigest()
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError):
        return hashlib.sha256(b"bytes:" + raw).hexdigest()


def _number_by_value(text: str) -> Any:
    return _short_number(text) if len(text) <= limits.MAX_CACHED_DIGITS else _read_number(text)


def _read_number(text: str) -> Any:
    try:
        sign, digits, exponent = Decimal(text).as_tuple()
    except InvalidOperation:
        return {"number": text.lower()}
    significant = "".join(map(str, digits)).lstrip("0")
    stripped = significant.rstrip("0")
    if not stripped:
        return 0
    assert isinstance(exponent, int)
    exponent += len(significant) - len(stripped)
    if exponent >= 0 and len(stripped) + exponent <= 18:
        return (-1 if sign else 1) * int(stripped) * 10**exponent
    return {"number": f"{'-' if sign else ''}{stripped}e{exponent}"}


def _with_small_integers(value: Any) -> Any:
    """Give integers too wide for 18 digits the same form as their spelling with an exponent."""
    if type(value) is int and abs(value) >= 10**18:
        return _number_by_value(str(value))
    if isinstance(value, list):
        return [_with_small_integers(item) for item in value]
    if isinstance(value, dict):
        return {key: _with_small_integers(item) for key, item in value.items()}
    return value


_short_number = lru_cache(maxsize=limits.NUMBER_CACHE)(_read_number)
_WIDE = re.compile(rb"\d{19}")
_decoder = msgspec.json.Decoder(float_hook=_number_by_value)
