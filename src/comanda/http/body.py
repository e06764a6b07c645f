"""Bodies of our own resources: read whole, every problem at once; a key we do not know is refused, not dropped."""

from typing import TypeVar

from msgspec import Struct

from comanda.base.errors import Problem, invalid
from comanda.base.reading import Reading, read_struct
from comanda.http.call import Call
from comanda.orders.decode import parse_json

AnyStruct = TypeVar("AnyStruct", bound=Struct)


def read_body(call: Call, kind: type[AnyStruct], *, unknown: bool = False) -> AnyStruct:
    """The body as ``kind``; no body is an empty object. ``unknown`` lets unknown keys pass.

    Raises ComandaError ``invalid_json``, ``validation_failed``.
    """
    value = parse_json(call.body) if call.body.strip() else {}
    reading = Reading()
    body = read_struct(kind, value, "", reading)
    problems = list(reading.problems)
    if not unknown:
        problems += [
            Problem(path, "unknown_field", f"{path} is not a field of this request") for path in reading.unknown
        ]
    if problems:
        raise invalid(problems)
    return body
