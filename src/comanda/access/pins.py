"""PINs: which ones are taken, and making one. They are short; what protects them is that guesses are counted."""

import re
import secrets
from itertools import pairwise
from typing import Final

from comanda.base import limits

_FORM: Final = re.compile(rf"[0-9]{{{limits.MIN_PIN},{limits.MAX_PIN}}}")
_MADE: Final = 6
_TURN: Final = 10


def pin_flaw(pin: str) -> tuple[str, str] | None:
    """Why a PIN is refused, as a code and the end of a sentence; None for one that is taken."""
    if not _FORM.fullmatch(pin):
        return "invalid_text", f"must be {limits.MIN_PIN} to {limits.MAX_PIN} digits"
    steps = {(int(after) - int(before)) % _TURN for before, after in pairwise(pin)}
    if steps in ({0}, {1}, {_TURN - 1}):
        return "too_simple", "must not be one digit repeated, nor digits counted up or down"
    return None


def make_pin() -> str:
    """A PIN for somebody, not a simple one."""
    while pin_flaw(made := "".join(secrets.choice("0123456789") for _ in range(_MADE))) is not None:
        pass
    return made
