"""Lettering: hostile text in, text that paper can show out, and which code page of the printer spells it.

What comes out of `clean` holds no control character, so no text of an order can ever become a printer command.
"""

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from textwrap import wrap

from comanda.base import limits
from comanda.printing.glyphs import REPLACEMENT, is_drawable

PAGES = ("CP437", "CP857", "CP866", "CP850", "CP852", "CP858", "CP1252")
"""Tried in this order. Few on purpose: these are what even plain printers have; the rest of Unicode is drawn."""

_SPACES = "\t\n\v\f\r\x85"


def clean(text: str) -> str:
    """Text as paper may show it, on one line.

    Control, format and direction characters are gone, separators are single spaces, and what can neither be
    spelled nor drawn legibly (letters that join or run from right to left, emoji) is a visible replacement.
    """
    kept = unicodedata.normalize("NFC", "".join(map(_kept, text)))
    shown = "".join(c if is_drawable(c) else REPLACEMENT for c in kept)
    return " ".join(shown.split())


def wrapped(text: str, columns: int, *, first: str = "", indent: str = "") -> list[str]:
    """Cleaned text as rows of at most ``columns`` characters, broken at words, in words only where one is longer.

    ``first`` stands before the first row, ``indent`` before the others; no character but a space is lost.
    """
    rows = wrap(text, columns, initial_indent=first, subsequent_indent=indent, break_on_hyphens=False)
    return rows or [first.rstrip()]


def spelled(text: str, page: str) -> list[tuple[str, str]] | None:
    """Runs of a code page and the text in it, beginning with the ``page`` that is set; None if it must be drawn."""
    runs: list[tuple[str, str]] = []
    for char in text:
        if not _encodes(page, char):
            found = next(_pages_of(char), None)
            if found is None:
                return None
            page = found
        if runs and runs[-1][0] == page:
            runs[-1] = (page, runs[-1][1] + char)
        else:
            runs.append((page, char))
    return runs


def _kept(char: str) -> str:
    if char in _SPACES:
        return " "
    category = unicodedata.category(char)
    if category[0] == "Z":
        return " "
    return "" if category in ("Cc", "Cf") or "\ufe00" <= char <= "\ufe0f" else char


def _pages_of(char: str) -> Iterator[str]:
    return (page for page in PAGES if _encodes(page, char))


@lru_cache(maxsize=limits.GLYPH_CACHE)
def _encodes(page: str, char: str) -> bool:
    try:
        return len(char.encode(page)) == 1
    except UnicodeEncodeError:
        return False
