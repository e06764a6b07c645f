"""The parts of a path under ``/hub/v1``: ``/hub/v1/orders/12/accept`` has ``12`` at 3."""

import re
from collections.abc import Callable

from comanda.base import limits
from comanda.base.errors import ComandaError
from comanda.http.call import Call


def part(call: Call, index: int) -> str:
    """One part of the path as text."""
    return call.path.strip("/").split("/")[index]


def number(call: Call, index: int, missing: Callable[[], ComandaError]) -> int:
    """One part of the path as an id; raises ``missing`` for what can be none."""
    text = part(call, index)
    if not re.fullmatch(r"[0-9]{1,16}", text) or int(text) > limits.MAX_ID:
        raise missing()
    return int(text)
