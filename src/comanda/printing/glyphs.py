"""Glyphs: characters in, the dots of a fixed-width row out; and the way back, from dots to characters.

A cell is 12 by 24 dots, as a receipt printer's own font A, times a width and a height. The face is DejaVu Sans
Mono, which comes with python-barcode; at 20 dots it fills such a cell exactly. Nothing here knows printer commands.
"""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from io import BytesIO

from PIL import Image, ImageChops, ImageDraw, ImageFont

from comanda.base import limits

CELL_WIDTH = 12
CELL_HEIGHT = 24
ROW_HEIGHT = 30
"""The least a row takes: printers feed a sixth of an inch, also for smaller letters."""

SIZES = ((1, 1), (1, 2), (2, 2), (3, 3), (4, 4))
"""Widths and heights that papers use, as multiples of a cell."""

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

_FACE_SIZE = 20
_BASELINE = 19
# Latin, Greek and Cyrillic with their accents, Armenian, Georgian, punctuation, currencies and signs.
_DRAWN = ((0x20, 0x530), (0x531, 0x58B), (0x10A0, 0x1100), (0x1E00, 0x2000), (0x2010, 0x27C0))
_UNREADABLE = ("M", "C")


@lru_cache(maxsize=limits.GLYPH_CACHE)
def is_drawable(char: str) -> bool:
    """Whether a character stands alone in a cell, left to right, and the face has it."""
    if char in (" ", REPLACEMENT):
        return True
    if not any(begin <= ord(char) < end for begin, end in _DRAWN):
        return False
    if unicodedata.category(char)[0] in _UNREADABLE or unicodedata.bidirectional(char) in ("R", "AL"):
        return False
    return _dots(char) != _dots("\U0010fffe")


def row_height(height: int) -> int:
    """Dots that a row takes whose tallest letter is ``height`` cells."""
    return max(ROW_HEIGHT, CELL_HEIGHT * height)


def draw_row(text: str, width: int, height: int, *, bold: bool = False, inverted: bool = False) -> Image.Image:
    """A row of text as a picture of black on white, or white on black; its width is a multiple of 8 dots."""
    dots = -(-len(text) * CELL_WIDTH * width // 8) * 8
    row = Image.new("1", (dots, row_height(height)), 1)
    top = (row.height - CELL_HEIGHT * height) // 2
    for index, char in enumerate(text):
        row.paste(cell(char, width, height, bold=bold), (index * CELL_WIDTH * width, top))
    return ImageChops.invert(row) if inverted else row


@lru_cache(maxsize=limits.GLYPH_CACHE)
def cell(char: str, width: int, height: int, *, bold: bool) -> Image.Image:
    """One character in its cell, black on white. Bold is struck twice, a dot apart, as printers do."""
    image = Image.new("L", (CELL_WIDTH * height, CELL_HEIGHT * height), 255)
    draw = ImageDraw.Draw(image)
    draw.fontmode = "1" if width == height else "L"
    for shift in range(height + 1 if bold else 1):
        draw.text((shift, _BASELINE * height), char, fill=0, font=_face(_FACE_SIZE * height), anchor="ls")
    if width != height:
        image = image.resize((CELL_WIDTH * width, CELL_HEIGHT * height), Image.Resampling.BOX)
    return image.point(lambda level: 255 if level > 127 else 0).convert("1")


def read_row(image: Image.Image) -> str | None:
    """The text that `draw_row` drew, or None for any other picture.

    Letters that look the same in two alphabets are read as the alphabet of their word, of the word before, or of
    most of the row.
    """
    black = image.histogram()[0]
    upright = ImageChops.invert(image) if black * 2 > image.width * image.height else image
    for width, height in SIZES:
        if row_height(height) != image.height:
            continue
        for bold in (True, False):
            cells = _read_cells(upright, width, height, bold=bold)
            if cells is not None:
                return _spell(cells)
    return None


def _read_cells(image: Image.Image, width: int, height: int, *, bold: bool) -> list[str] | None:
    """Each cell's possible characters, likeliest first; None when one of them is no character of this size."""
    alphabet = _alphabet(width, height, bold=bold)
    top = (image.height - CELL_HEIGHT * height) // 2
    found = []
    for left in range(0, image.width - CELL_WIDTH * width + 1, CELL_WIDTH * width):
        box = (left, top, left + CELL_WIDTH * width, top + CELL_HEIGHT * height)
        candidates = alphabet.get(image.crop(box).tobytes())
        if candidates is None:
            return None
        found.append(candidates)
    return found


@lru_cache(maxsize=2 * len(SIZES))
def _alphabet(width: int, height: int, *, bold: bool) -> dict[bytes, str]:
    readable = [chr(code) for begin, end in _DRAWN for code in range(begin, end) if is_drawable(chr(code))]
    alphabet: dict[bytes, str] = {}
    for char in sorted([*readable, REPLACEMENT], key=_rareness):
        dots = cell.__wrapped__(char, width, height, bold=bold).tobytes()
        alphabet[dots] = alphabet.get(dots, "") + char
    return alphabet


def _rareness(char: str) -> tuple[bool, int]:
    return _is_phonetic(char), ord(char)


def _is_phonetic(char: str) -> bool:
    """Phonetic and old letters look like those of living languages, which are meant."""
    return ("\u0180" <= char <= "\u02ff" and char not in "Əə") or char == "\N{LATIN SMALL LETTER KRA}"


def _spell(cells: Sequence[str]) -> str:
    certain = Counter(_script(cell[0]) for cell in cells if len({_script(char) for char in cell}) == 1)
    scripts = sorted(("LATIN", "CYRILLIC", "GREEK"), key=lambda script: -certain[script])
    words: list[list[str]] = [[]]
    for candidates in cells:
        if candidates[0] == " ":
            words.append([])
        else:
            words[-1].append(candidates)
    spelt = []
    for word in words:
        text, script = _spell_word(word, scripts)
        scripts = [script, *(other for other in scripts if other != script)]
        spelt.append(text)
    return " ".join(spelt).rstrip()


def _spell_word(word: Sequence[str], scripts: Sequence[str]) -> tuple[str, str]:
    """A word in the first of the scripts that has all its letters, and that script."""
    for script in scripts:
        letters = [_of_script(candidates, script) for candidates in word]
        if all(letters):
            return "".join(letters), script
    return "".join(candidates[0] for candidates in word), scripts[0]


def _of_script(candidates: str, script: str) -> str:
    if not candidates[0].isalpha():
        return candidates[0]
    return next((char for char in candidates if _script(char) == script), "")


def _script(char: str) -> str:
    if not char.isalpha():
        return ""
    return "PHONETIC" if _is_phonetic(char) else unicodedata.name(char, "?").split()[0]


def _dots(char: str) -> bytes:
    return bytes(_face(_FACE_SIZE).getmask(char, mode="1"))


@lru_cache(maxsize=len(SIZES))
def _face(size: int) -> ImageFont.FreeTypeFont:
    path = files("barcode") / "fonts" / "DejaVuSansMono.ttf"
    return ImageFont.truetype(BytesIO(path.read_bytes()), size, layout_engine=ImageFont.Layout.BASIC)
