"""JSON as Comanda writes it: exact decimals as numbers, whole numbers without a fraction."""

from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec

from comanda.base import limits
from comanda.base.money import plain, to_major


def to_json(value: Any) -> bytes:
    """Encode a value; its decimals are written digit by digit, never through a float."""
    return _encoder.encode(value)


@lru_cache(maxsize=limits.NUMBER_CACHE)
def number_json(number: Decimal | int) -> int | msgspec.Raw:
    """A number's exact JSON text, for a value that is about to be encoded; menus have few different numbers."""
    value = plain(number)
    return value if isinstance(value, int) else msgspec.Raw(str(value).encode())


@lru_cache(maxsize=limits.NUMBER_CACHE)
def major_json(amount_minor: int, decimals: int) -> int | msgspec.Raw:
    """Minor units as the JSON number of major units, for a value that is about to be encoded."""
    return number_json(to_major(amount_minor, decimals))


def raw_json(text: str) -> msgspec.Raw:
    """JSON text to be placed inside a larger value as it stands."""
    return msgspec.Raw(text.encode())


def _encode_number(value: Any) -> Any:
    if isinstance(value, Decimal):
        return plain(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


_encoder = msgspec.json.Encoder(enc_hook=_encode_number, decimal_format="number")
