"""Numbers as the wire carries them: read exactly from their text, bounded before any arithmetic.

Each subclass of `Number` is one kind of quantity with its bounds (contract 14.1.3). The typed decoder, the
reader that collects problems and the OpenAPI document all take the bounds from here.
"""

from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar, Self

from comanda.base import limits


class Unreadable(str):
    """The text of a JSON number whose exponent no decimal can hold."""

    __slots__ = ()


def read_number(text: str) -> "Decimal | Unreadable":
    """Keep a JSON number exactly as written; the decoder calls this for every number with ``.``, ``e`` or ``E``."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return Unreadable(text)


class NumberError(ValueError):
    """A number is out of bounds: ``code`` for machines, ``rule`` completes "<field> …"."""

    def __init__(self, code: str, rule: str) -> None:
        super().__init__(rule)
        self.code = code
        self.rule = rule


class Number(Decimal):
    """An exact decimal within bounds. Build one from the wire with `read`, never from a float."""

    minimum: ClassVar[Decimal] = Decimal(0)
    exclusive: ClassVar[bool] = False
    maximum: ClassVar[Decimal] = limits.MAX_MONEY
    decimals: ClassVar[int] = limits.MAX_DECIMALS

    @classmethod
    def read(cls, value: Any) -> Self:
        """Check a decoded JSON value and make it a number of this kind.

        Raises NumberError: ``wrong_type``, ``too_precise``, ``must_be_positive``, ``too_small``, ``too_large``.
        """
        kind = type(value)
        if kind is Unreadable:
            raise NumberError("too_precise", _PRECISION)
        if kind is not int and kind is not Decimal:
            raise NumberError("wrong_type", "must be a number")
        if kind is Decimal:
            _check_precision(value, cls.decimals)
        if value < cls.minimum or (cls.exclusive and value == cls.minimum):
            if cls.exclusive and not cls.minimum:
                raise NumberError("must_be_positive", "must be greater than 0")
            raise NumberError("too_small", f"must be {cls.minimum} or more")
        if value > cls.maximum:
            raise NumberError("too_large", f"must be {cls.maximum} or less")
        return cls(value)

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """This kind's bounds as JSON Schema."""
        floor = "exclusiveMinimum" if cls.exclusive else "minimum"
        return {
            "type": "number",
            floor: int(cls.minimum),
            "maximum": int(cls.maximum),
            "multipleOf": float(Decimal(1).scaleb(-cls.decimals)),
        }


class Money(Number):
    """An amount in major units, 0 to 10^9, at most 4 decimals."""


class Count(Number):
    """How many or how much of a product: more than 0, up to 10,000, 3 decimals for weighed goods."""

    exclusive = True
    maximum = limits.MAX_COUNT
    decimals = limits.MAX_COUNT_DECIMALS


class Stock(Count):
    """What is left of a product on a stop list; 0 means none (contract 9.11)."""

    exclusive = False


class PortionSize(Number):
    """How much is served of a product; it never scales the price (contract 14.3)."""

    exclusive = True


class Percent(Number):
    """A percentage, 0 to 100."""

    maximum = limits.MAX_PERCENT


_PRECISION = f"must have at most {limits.MAX_SIGNIFICANT_DIGITS} significant digits and the decimals its kind allows"


def _check_precision(value: Decimal, decimals: int) -> None:
    _, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise NumberError("wrong_type", "must be a number")
    if len(digits) <= limits.MAX_SIGNIFICANT_DIGITS and 0 >= exponent >= -decimals:
        return
    text = "".join(map(str, digits)).lstrip("0")
    significant = text.rstrip("0")
    if not significant:
        return
    exponent += len(text) - len(significant)
    if len(significant) > limits.MAX_SIGNIFICANT_DIGITS or -exponent > decimals:
        raise NumberError("too_precise", _precision_rule(decimals))


def _precision_rule(decimals: int) -> str:
    return f"must have at most {limits.MAX_SIGNIFICANT_DIGITS} significant digits and {decimals} decimals"
