"""Values of a source read tolerantly: types vary between its pages (contract 13), and PHP writes empty maps as lists.

In: decoded JSON whose numbers are `int` or `Decimal`. Out: a value of ours, or None for what cannot be one. Nothing
here ever raises, whatever the JSON is.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, Final

from comanda.base import limits
from comanda.base.numbers import Number, Unreadable

_NUMBER: Final = re.compile(r"\s*-?[0-9]{1,30}(\.[0-9]{1,30})?\s*", re.ASCII)
_FLAGS: Final[dict[Any, bool]] = {"1": True, "true": True, "0": False, "false": False}
_WIDEST: Final = 40
"""Digits and exponents beyond it are no number of ours."""
_INVISIBLE: Final = re.compile("[\x00\ud800-\udfff]")


def mapping_of(value: Any) -> Mapping[str, Any]:
    """An object; empty for anything else, such as the list that PHP makes of an empty map."""
    return value if isinstance(value, dict) else {}


def list_of(value: Any) -> list[Any]:
    """A list, or the values of a map that should have been one; empty for anything else."""
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def decimal_of(value: Any) -> Decimal | None:
    """A number, also one written as text."""
    if isinstance(value, str) and not isinstance(value, Unreadable) and _NUMBER.fullmatch(value):
        return Decimal(value.strip())
    if type(value) is int and abs(value) < 10**_WIDEST:
        return Decimal(value)
    if type(value) is Decimal and value.is_finite():
        _, digits, exponent = value.as_tuple()
        return value if isinstance(exponent, int) and len(digits) + abs(exponent) <= 2 * _WIDEST else None
    return None


def whole_of(value: Any) -> int | None:
    """A whole number, also one written as text or with a fraction of zeros."""
    number = decimal_of(value)
    return int(number) if number is not None and number == number.to_integral_value() else None


def flag_of(value: Any) -> bool | None:
    """True or false, also as 1 and 0, as a number or a text."""
    if isinstance(value, bool):
        return value
    number = whole_of(value)
    if number is not None:
        return {1: True, 0: False}.get(number)
    return _FLAGS.get(value.strip().lower()) if isinstance(value, str) else None


def text_of(value: Any) -> str | None:
    """A text that can be stored; numbers become their digits."""
    if isinstance(value, str):
        return _INVISIBLE.sub("", value)
    number = None if isinstance(value, bool) else decimal_of(value)
    return None if number is None else format(number, "f")


def id_of(value: Any) -> int | None:
    """An id within our bounds."""
    number = whole_of(value)
    return number if number is not None and 1 <= number <= limits.MAX_ID else None


def row_id(row: Any) -> int | None:
    """The id of a row."""
    return id_of(mapping_of(row).get("id"))


def rounded(number: Decimal, kind: type[Number]) -> Decimal:
    """The number with the digits that its kind keeps, half up; servers that compute in floats send more."""
    context = Context(prec=limits.MAX_SIGNIFICANT_DIGITS, rounding=ROUND_HALF_UP)
    shortened = context.plus(number)
    exponent = shortened.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -kind.decimals:
        shortened = shortened.quantize(Decimal(1).scaleb(-kind.decimals), ROUND_HALF_UP)
    return shortened


def instant_text(value: Any) -> str | None:
    """``2026-02-02T13:45:53.000000Z`` of any spelling of contract 5; what has no zone is UTC."""
    if not isinstance(value, str) or not 10 <= len(value) <= 40:
        return None
    try:
        moment = datetime.fromisoformat(value)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z" if 1970 <= moment.year <= 9000 else None
