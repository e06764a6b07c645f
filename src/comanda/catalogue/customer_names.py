"""What a customer is known and found by: the ``cid`` of one that has none, names without case, numbers as digits.

Stores fold letters in ways of their own, and most of them only ASCII; so what is searched is folded here, on its way
in and when it is asked for, and both stores find the same.
"""

import unicodedata
from collections.abc import Iterable
from typing import Final
from uuid import UUID, uuid5

_CUSTOMERS: Final = UUID("6f0e4a4e-3f0b-5d0c-9b57-6d1d6a1c2f0e")
"""The name space of the cids we make; it never changes, because the cids must not."""


def cid_of(brand_id: str, customer_id: int) -> str:
    """The ``cid`` of a customer whom nobody gave one: a version 5 UUID made of brand and id."""
    return str(uuid5(_CUSTOMERS, f"{brand_id}/{customer_id}"))


def folded(name: str) -> str:
    """A name as it is searched: every script's letters without case, the four Azerbaijani i as one."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return plain.replace("i\N{COMBINING DOT ABOVE}", "i").replace("\N{LATIN SMALL LETTER DOTLESS I}", "i")


def digits_of(phone: str) -> str:
    """The digits of a number however it is spelled; empty for a text that has none."""
    return "".join(str(unicodedata.decimal(letter)) for letter in phone if letter.isdecimal())


def searched_digits(phones: Iterable[str]) -> str:
    """The digits of several numbers, each once, with a space around each so that none runs into the next."""
    found = dict.fromkeys(digits for digits in map(digits_of, phones) if digits)
    return f" {' '.join(found)} " if found else ""
