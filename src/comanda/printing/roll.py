"""The roll: rows of cleaned text in, the ESC/POS bytes of one paper out. Nothing here knows what a ticket is.

A row that the printer's code pages can spell goes as text; any other goes as a picture of the same size and
weight, because a wrong letter in a dish is worse than a few kilobytes: Azerbaijani's ə is in no code page.
"""

import logging
import os
import shutil
from functools import lru_cache
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from comanda.printing.glyphs import draw_row
from comanda.printing.lettering import PAGES, spelled

# An 80 mm printer of 576 dots whose code page numbers most others follow.
_PROFILE = "TM-T20II"


class Style(Struct, frozen=True):
    """How a row looks; ``width`` and ``height`` are multiples of an ordinary letter."""

    width: int = 1
    height: int = 1
    bold: bool = False
    inverted: bool = False


class Roll:
    """One paper, written from the top. ``rows`` counts what is on it."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self.rows = 0
        self._printer = _printer_class()(profile=_PROFILE)
        self._style = Style()
        self._page = PAGES[0]
        self._printer.hw("init")
        # Printers sold in East Asia begin in a mode that takes two bytes for one character; this leaves it.
        self._printer._raw(b"\x1c.")
        self._printer.charcode(self._page)

    def room(self, style: Style) -> int:
        """How many characters of a style stand in a row."""
        return self.columns // style.width

    def row(self, text: str, style: Style, *, centred: bool = False) -> None:
        """Print a row of cleaned text that is no longer than `room`; an inverted one is a bar over the whole width."""
        room = self.room(style)
        text = text.center(room).rstrip() if centred else text
        text = text.ljust(room) if style.inverted else text
        self.rows += 1
        runs = spelled(text, self._page)
        if runs is None:
            picture = draw_row(text, style.width, style.height, bold=style.bold, inverted=style.inverted)
            self._printer.image(picture)
            return
        self._set(style)
        for page, run in runs:
            self._page = page
            self._printer.charcode(page)
            self._printer.text(run)
        rest = self.columns % style.width
        if style.inverted and rest:
            self._set(replace(style, width=1))
            self._printer.text(" " * rest)
        self._printer.text("\n")

    def cut(self) -> bytes:
        """Feed, cut, and hand the paper over."""
        self._set(Style())
        self._printer.cut(mode="PART")
        paper: bytes = self._printer.output
        return paper

    def _set(self, style: Style) -> None:
        """Tell the printer only what changes."""
        before, self._style = self._style, style
        if (style.width, style.height) != (before.width, before.height):
            self._printer.set(custom_size=True, width=style.width, height=style.height)
        if style.bold != before.bold:
            self._printer.set(bold=style.bold)
        if style.inverted != before.inverted:
            self._printer.set(invert=style.inverted)


@lru_cache(maxsize=1)
def _printer_class() -> Any:
    """The library's printer, loaded when a first paper is made, without what loading leaves behind.

    It takes a third of a second, sets up the root logger and keeps a cache in a folder that nobody removes.
    """
    root = logging.getLogger()
    handlers = list(root.handlers)
    from escpos import capabilities  # noqa: PLC0415 - see above
    from escpos.printer import Dummy  # noqa: PLC0415

    root.handlers[:] = handlers
    if "ESCPOS_CAPABILITIES_PICKLE_DIR" not in os.environ:
        shutil.rmtree(capabilities.pickle_dir, ignore_errors=True)
    return Dummy
