"""JSON as Comanda writes it: exact decimals as numbers, whole numbers without a fraction."""

from decimal import Decimal
from typing import Any

import msgspec

from comanda.base.money import plain


def to_json(value: Any) -> bytes:
    """Encode a value; its decimals are written digit by digit, never through a float."""
    return _encoder.encode(value)


def raw_json(text: str) -> msgspec.Raw:
    """JSON text to be placed inside a larger value as it stands."""
    return msgspec.Raw(text.encode())


def _encode_number(value: Any) -> Any:
    if isinstance(value, Decimal):
        return plain(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


_encoder = msgspec.json.Encoder(enc_hook=_encode_number, decimal_format="number")
