"""Money: exact decimals from the wire, integer minor units for what we compute. Never a binary float.

Rounding is half-up, only where contract 14.3 says.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal

# 60 digits: the widest exact product of the wire's bounds (count x modifier count x price) has 29.
EXACT = Context(prec=60, rounding=ROUND_HALF_UP)


def to_minor(amount: Decimal, decimals: int) -> int:
    """Round a major-unit amount half-up to integer minor units of a currency with ``decimals`` decimals."""
    return int(EXACT.to_integral_value(EXACT.scaleb(amount, decimals)))


def to_major(amount_minor: int, decimals: int) -> int | Decimal:
    """Minor units as the JSON number of contract 14.1.1: integral amounts without a fraction."""
    return plain(EXACT.scaleb(Decimal(amount_minor), -decimals))


def plain(number: Decimal | int) -> int | Decimal:
    """The same value with no trailing zeros and no exponent: ``2.50`` becomes 2.5, ``2.0`` becomes 2."""
    if type(number) is int:
        return number
    value = Decimal(number)
    whole = int(value)
    if value == whole:
        return whole
    return Decimal(format(value.normalize(EXACT), "f"))


def share(amount_minor: int, weights: Sequence[int]) -> list[int]:
    """Split an amount in proportion to weights by largest remainder; the parts sum to it exactly.

    Ties go to the earlier weight. With every weight zero the amount must be zero too. No part exceeds its
    weight when the amount does not exceed their sum.
    """
    if not amount_minor:
        return [0] * len(weights)
    whole = sum(weights)
    if whole == 0:
        raise ValueError("an amount cannot be shared over nothing")
    parts = [amount_minor * weight // whole for weight in weights]
    missing = amount_minor - sum(parts)
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(amount_minor * weights[i] % whole), i))
    for index in by_remainder[:missing]:
        parts[index] += 1
    return parts
