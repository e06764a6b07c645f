"""The stream: ESC/POS bytes in, what a printer makes of them out. Tolerates every byte; prints and draws nothing.

It knows the commands that papers use and their common kin; any other is counted and passed over.
"""

from msgspec import Struct
from msgspec.structs import replace
from PIL import Image

ESC, GS, FS, DLE = 0x1B, 0x1D, 0x1C, 0x10
LF = 0x0A

_DEFAULT_PAGE = "cp437"
_PAGES = {0: "cp437", 2: "cp850", 13: "cp857", 16: "cp1252", 17: "cp866", 18: "cp852", 19: "cp858"}
_ALIGNMENTS = {0: "left", 1: "center", 2: "right"}
# How many bytes follow a command; a picture and a cut say so themselves.
_ARGUMENTS = {
    b"\x1b@": 0, b"\x1bt": 1, b"\x1bE": 1, b"\x1bG": 1, b"\x1ba": 1, b"\x1bd": 1, b"\x1bJ": 1, b"\x1bM": 1,
    b"\x1b-": 1, b"\x1b!": 1, b"\x1b2": 0, b"\x1b3": 1, b"\x1b{": 1, b"\x1bR": 1, b"\x1dB": 1, b"\x1d!": 1,
    b"\x1db": 1, b"\x1dv": 6, b"\x1dV": 1, b"\x1c.": 0, b"\x1c&": 0, b"\x10\x04": 1,
}  # fmt: skip


class Look(Struct, frozen=True):
    """How text looks where it stands; ``width`` and ``height`` are multiples of an ordinary letter."""

    width: int = 1
    height: int = 1
    bold: bool = False
    inverted: bool = False
    align: str = "left"
    page: str = _DEFAULT_PAGE


class Row(Struct, frozen=True):
    """A row of text in one or more looks, each of which goes with the text it applies to."""

    runs: tuple[tuple[str, Look], ...]


class Feed(Struct, frozen=True):
    """Some empty rows, or a number of dots."""

    rows: int = 0
    dots: int = 0


class Cut(Struct, frozen=True):
    """The paper is cut here."""


class Raster(Struct, frozen=True):
    """A picture, black on white."""

    image: Image.Image
    align: str


Part = Row | Feed | Cut | Raster


class Reading(Struct, frozen=True):
    """What stands on a paper, the commands by name in their order, and those of them that no one here knows."""

    parts: tuple[Part, ...]
    commands: tuple[bytes, ...]
    unknown: tuple[bytes, ...]


def read_stream(paper: bytes) -> Reading:
    """Follow a stream to its end, whatever it holds."""
    reader = _Reader(paper)
    while reader.position < len(paper):
        reader.step()
    reader.end_row()
    return Reading(tuple(reader.parts), tuple(reader.commands), tuple(reader.unknown))


class _Reader:
    """A printer's state while it reads."""

    def __init__(self, paper: bytes) -> None:
        self.position = 0
        self.parts: list[Part] = []
        self.commands: list[bytes] = []
        self.unknown: list[bytes] = []
        self._paper = paper
        self._look = Look()
        self._runs: list[tuple[str, Look]] = []

    def step(self) -> None:
        """Take the text up to the next command, or one command."""
        byte = self._paper[self.position]
        if byte in (ESC, GS, FS, DLE):
            self._command()
        elif byte == LF:
            self.position += 1
            self.parts.append(Row(tuple(self._runs)))
            self._runs.clear()
        elif byte < 0x20 or byte == 0x7F:
            self.position += 1
            if byte != 0x0D:
                self.unknown.append(bytes([byte]))
        else:
            self._text()

    def end_row(self) -> None:
        """Put down a row that has no end of its own."""
        if self._runs:
            self.parts.append(Row(tuple(self._runs)))
            self._runs.clear()

    def _text(self) -> None:
        begin = self.position
        while self.position < len(self._paper) and self._paper[self.position] >= 0x20:
            if self._paper[self.position] == 0x7F:
                break
            self.position += 1
        text = self._paper[begin : self.position].decode(self._look.page, errors="replace")
        self._runs.append((text, self._look))

    def _command(self) -> None:
        name = self._paper[self.position : self.position + 2]
        self.commands.append(name)
        arguments = _ARGUMENTS.get(name)
        if arguments is None:
            self.unknown.append(name)
            self.position += len(name)
            return
        given = self._paper[self.position + 2 : self.position + 2 + arguments]
        self.position += 2 + arguments
        if len(given) == arguments:
            self._obey(name, given)

    def _obey(self, name: bytes, given: bytes) -> None:
        value = given[0] if given else 0
        if name == b"\x1dv":
            self._raster(given)
        elif name == b"\x1dV":
            self.position += value in (65, 66)
            self.end_row()
            self.parts.append(Cut())
        elif name in (b"\x1bd", b"\x1bJ"):
            self.end_row()
            self.parts.append(Feed(rows=value) if name == b"\x1bd" else Feed(dots=value))
        else:
            self._look = _changed(self._look, name, value)

    def _raster(self, given: bytes) -> None:
        row_bytes, height = given[2] | given[3] << 8, given[4] | given[5] << 8
        data = self._paper[self.position : self.position + row_bytes * height]
        self.position += row_bytes * height
        rows = len(data) // row_bytes if row_bytes else 0
        if rows:
            self.end_row()
            # A set bit is black on paper and white in Pillow.
            image = Image.frombytes("1", (row_bytes * 8, rows), data[: row_bytes * rows], "raw", "1;I")
            self.parts.append(Raster(image, self._look.align))


def _changed(look: Look, name: bytes, value: int) -> Look:
    match name:
        case b"\x1b@":
            return Look()
        case b"\x1bt":
            return replace(look, page=_PAGES.get(value, "ascii"))
        case b"\x1bE" | b"\x1bG":
            return replace(look, bold=bool(value & 1))
        case b"\x1ba":
            return replace(look, align=_ALIGNMENTS.get(value % 48, look.align))
        case b"\x1dB":
            return replace(look, inverted=bool(value & 1))
        case b"\x1d!":
            return replace(look, width=(value >> 4 & 7) + 1, height=(value & 7) + 1)
        case b"\x1b!":
            doubled = {"width": 1 + (value >> 5 & 1), "height": 1 + (value >> 4 & 1)}
            return replace(look, bold=bool(value & 8), **doubled)
        case _:
            return look
