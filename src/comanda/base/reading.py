"""Read a decoded JSON value into a msgspec Struct, collecting every problem instead of the first (14.1.4).

The Struct's own annotations are the rules, so this reader, the typed decoder and the OpenAPI document cannot
drift. In: plain values whose numbers are `int` or `Decimal`. Out: the Struct, problems, and unknown paths. Where
something was refused the Struct has a stand-in, so that what can still be checked is checked.
"""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, TypeVar, cast

import msgspec
from msgspec import inspect

from comanda.base import limits
from comanda.base.errors import Problem
from comanda.base.numbers import Number, NumberError, Unreadable

REFUSED: Final = object()
"""What reading a refused value gives; a stand-in of the value's type takes its place."""
AnyStruct = TypeVar("AnyStruct", bound=msgspec.Struct)


@dataclass(slots=True)
class Reading:
    """What one pass over a body found."""

    problems: list[Problem] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def refuse(self, path: str, code: str, rule: str, value: Any = None) -> object:
        """Note a problem; ``rule`` completes the sentence that the field's name begins. Returns `REFUSED`."""
        if len(self.problems) < limits.MAX_DETAILS:
            name = path.rsplit(".", 1)[-1] or "body"
            self.problems.append(Problem(path, code, f"{name} {rule}", echo(value)))
        return REFUSED


def read_struct(kind: type[AnyStruct], value: Any, path: str, reading: Reading) -> AnyStruct:
    """Read ``value`` as ``kind``; when ``reading.problems`` grew, the result holds stand-ins where they are."""
    return cast("AnyStruct", _read(_type_of(kind), value, path, reading))


def nesting(value: Any) -> int:
    """How deeply lists and objects are nested; a scalar is 0. Stops counting one past the limit."""
    level, found = [value], 0
    while level and found <= limits.MAX_NESTING:
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
        found += any(isinstance(item, dict | list) for item in level)
        level = [item for item in inner if isinstance(item, dict | list)]
    return found


def text_flaw(text: str) -> str | None:
    """Why a text can be stored nowhere: U+0000 or an unpaired surrogate; None when it is sound."""
    if "\x00" in text:
        return "must not contain U+0000"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "must not contain unpaired surrogates"
    return None


def echo(value: Any) -> Any:
    """A refused value as it may be shown back: containers by name, long texts cut, flaws removed."""
    if isinstance(value, dict):
        return "{…}"
    if isinstance(value, list):
        return "[…]"
    if isinstance(value, str):
        return value[: limits.MAX_ECHOED_TEXT].encode(errors="replace").decode().replace("\x00", "�")
    if isinstance(value, Decimal) and abs(value.adjusted()) > limits.MAX_ECHOED_EXPONENT:
        return str(value)[:40]
    if isinstance(value, int | Decimal) and len(str(value)) > 40:
        return str(value)[:40] + "…"
    return value


@lru_cache(maxsize=128)
def _type_of(kind: type[msgspec.Struct]) -> inspect.Type:
    return inspect.type_info(kind)


def _read(kind: inspect.Type, value: Any, path: str, reading: Reading) -> Any:
    result = _read_kind(kind, value, path, reading)
    return _stand_in(kind) if result is REFUSED else result


def _stand_in(kind: inspect.Type) -> Any:
    """A value of the right type that claims nothing: null where allowed, else zero, empty, false."""
    if isinstance(kind, inspect.Metadata):
        return _stand_in(kind.type)
    if isinstance(kind, inspect.StructType):
        return kind.cls(**{item.name: _stand_in(item.type) for item in kind.fields if item.required})
    if isinstance(kind, inspect.IntType | inspect.BoolType):
        return 0 if isinstance(kind, inspect.IntType) else False
    if isinstance(kind, inspect.StrType):
        return ""
    if isinstance(kind, inspect.CustomType):
        return kind.cls(0)
    if isinstance(kind, inspect.LiteralType):
        return kind.values[0]
    return () if isinstance(kind, inspect.ListType | inspect.VarTupleType) else None


def _read_kind(kind: inspect.Type, value: Any, path: str, reading: Reading) -> Any:
    if isinstance(kind, inspect.Metadata):
        return _read(kind.type, value, path, reading)
    if isinstance(kind, inspect.UnionType):
        if value is None and any(isinstance(option, inspect.NoneType) for option in kind.types):
            return None
        option = next(option for option in kind.types if not isinstance(option, inspect.NoneType))
        return _read(option, value, path, reading)
    if isinstance(kind, inspect.StructType):
        return _read_object(kind, value, path, reading)
    if isinstance(kind, inspect.ListType | inspect.VarTupleType):
        return _read_list(kind, value, path, reading)
    if isinstance(kind, inspect.LiteralType):
        found = [] if isinstance(value, bool) else [option for option in kind.values if option == value]
        if not found:
            return reading.refuse(path, "not_allowed", f"must be one of {', '.join(map(str, kind.values))}", value)
        return found[0]
    if isinstance(kind, inspect.StrType):
        return _read_text(kind, value, path, reading)
    if isinstance(kind, inspect.IntType):
        return _read_integer(kind, value, path, reading)
    if isinstance(kind, inspect.CustomType):
        return _read_decimal(kind.cls, value, path, reading)
    if isinstance(kind, inspect.BoolType):
        if not isinstance(value, bool):
            return reading.refuse(path, "wrong_type", "must be true or false", value)
        return value
    assert isinstance(kind, inspect.AnyType), kind
    return value


def _read_object(kind: inspect.StructType, value: Any, path: str, reading: Reading) -> Any:
    if not isinstance(value, dict):
        return reading.refuse(path, "wrong_type", "must be an object", value)
    known = {item.encode_name for item in kind.fields}
    reading.unknown.extend(_join(path, name) for name in value if name not in known)
    found: dict[str, Any] = {}
    for item in kind.fields:
        where = _join(path, item.encode_name)
        if item.encode_name in value:
            found[item.name] = _read(item.type, value[item.encode_name], where, reading)
        elif item.required:
            reading.refuse(where, "required", "is required")
            found[item.name] = _stand_in(item.type)
    return kind.cls(**found)


def _read_list(kind: inspect.ListType | inspect.VarTupleType, value: Any, path: str, reading: Reading) -> Any:
    if not isinstance(value, list):
        return reading.refuse(path, "wrong_type", "must be an array", value)
    if kind.min_length is not None and len(value) < kind.min_length:
        return reading.refuse(path, "too_few", f"must have at least {kind.min_length} entry", len(value))
    if kind.max_length is not None and len(value) > kind.max_length:
        return reading.refuse(path, "too_many", f"must have at most {kind.max_length} entries", len(value))
    items = (_read(kind.item_type, item, f"{path}[{index}]", reading) for index, item in enumerate(value))
    return tuple(items) if isinstance(kind, inspect.VarTupleType) else list(items)


def _read_text(kind: inspect.StrType, value: Any, path: str, reading: Reading) -> Any:
    if not isinstance(value, str) or isinstance(value, Unreadable):
        return reading.refuse(path, "wrong_type", "must be a string", value)
    if kind.min_length and not value:
        return reading.refuse(path, "required", "must not be empty", value)
    if kind.max_length is not None and len(value) > kind.max_length:
        return reading.refuse(path, "too_long", f"must have at most {kind.max_length} characters", value)
    if kind.pattern is not None and not re.search(kind.pattern, value):
        return reading.refuse(path, "invalid_text", f"must match {kind.pattern}", value)
    if flaw := text_flaw(value):
        return reading.refuse(path, "invalid_text", flaw, value)
    return value


def _read_integer(kind: inspect.IntType, value: Any, path: str, reading: Reading) -> Any:
    number = _whole(value)
    if number is None:
        rule = "must be a whole number" if isinstance(value, Decimal) else "must be an integer"
        code = "not_whole" if isinstance(value, Decimal) else "wrong_type"
        return reading.refuse(path, code, rule, value)
    if kind.ge is not None and number < kind.ge:
        code = "must_be_positive" if kind.ge == 1 else "too_small"
        rule = "must be greater than 0" if kind.ge == 1 else f"must be {kind.ge} or more"
        return reading.refuse(path, code, rule, value)
    if kind.le is not None and number > kind.le:
        return reading.refuse(path, "too_large", f"must be {kind.le} or less", value)
    return number


def _read_decimal(kind: type, value: Any, path: str, reading: Reading) -> Any:
    assert issubclass(kind, Number), kind
    try:
        return kind.read(value)
    except NumberError as error:
        return reading.refuse(path, error.code, error.rule, value)


def _whole(value: Any) -> int | None:
    """A JSON number that is an integer by value (``101.0`` is 101); None otherwise."""
    if type(value) is int:
        return value
    if type(value) is not Decimal or value.adjusted() > 18:
        return None
    return int(value) if value == value.to_integral_value() else None


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
