"""Pictures of papers: the bytes a printer is sent in, a PNG or plain text out, by reading those bytes and no others."""

from io import BytesIO

from PIL import Image, ImageChops

from comanda.base import limits
from comanda.printing.glyphs import (
    CELL_HEIGHT,
    CELL_WIDTH,
    REPLACEMENT,
    ROW_HEIGHT,
    cell,
    is_drawable,
    read_row,
    row_height,
)
from comanda.printing.stream import Cut, Feed, Look, Part, Raster, Row, read_stream

_MARGIN = 24
_CUT_DASH = 8


def picture_of(paper: bytes, *, columns: int = 48) -> bytes:
    """Draw a paper as a PNG, as wide as ``columns`` ordinary letters and at most MAX_PICTURE_DOTS long.

    Any bytes are taken; unknown commands are passed over and what stands outside the paper is not drawn.
    """
    width = columns * CELL_WIDTH
    strips: list[Image.Image] = []
    height = 0
    for part in read_stream(paper[: limits.MAX_PAPER_BYTES]).parts:
        if height >= limits.MAX_PICTURE_DOTS:
            break
        strips.append(_strip(part, width))
        height += strips[-1].height
    roll = _joined(strips, width)
    page = Image.new("1", (width + 2 * _MARGIN, min(height, limits.MAX_PICTURE_DOTS) + 2 * _MARGIN), 1)
    page.paste(roll.crop((0, 0, width, page.height - 2 * _MARGIN)), (_MARGIN, _MARGIN))
    file = BytesIO()
    page.save(file, "PNG")
    return file.getvalue()


def text_of(paper: bytes) -> str:
    """The text on a paper, a row a line, drawn rows read back; rows that are some other picture say ``[picture]``."""
    rows = [_text(part) for part in read_stream(paper[: limits.MAX_PAPER_BYTES]).parts]
    return "\n".join(row.rstrip() for row in rows if row is not None)


def _text(part: Part) -> str | None:
    if isinstance(part, Row):
        return "".join(text for text, _ in part.runs)
    if isinstance(part, Raster):
        read = read_row(part.image)
        return "[picture]" if read is None else read
    return None


def _strip(part: Part, width: int) -> Image.Image:
    """A part as a picture as wide as the paper."""
    if isinstance(part, Raster):
        return _aligned(part.image, part.image.height, width, part.align)
    if isinstance(part, Row) and part.runs:
        return _row(part, width)
    if isinstance(part, Cut):
        return _cut_line(width)
    height = part.rows * ROW_HEIGHT + part.dots if isinstance(part, Feed) else ROW_HEIGHT
    return Image.new("1", (width, height), 1)


def _row(row: Row, width: int) -> Image.Image:
    """Text in its looks, standing on one line; what is longer than the paper goes on below, as printers do."""
    letters = [(char, look) for text, look in row.runs for char in text][: limits.MAX_PICTURE_DOTS]
    lines: list[list[tuple[str, Look]]] = [[]]
    used = 0
    for char, look in letters:
        if used + look.width * CELL_WIDTH > width:
            lines.append([])
            used = 0
        lines[-1].append((char, look))
        used += look.width * CELL_WIDTH
    return _joined([_letters(line, width) for line in lines if line], width)


def _joined(strips: list[Image.Image], width: int) -> Image.Image:
    whole = Image.new("1", (width, sum(strip.height for strip in strips)), 1)
    top = 0
    for strip in strips:
        whole.paste(strip, (0, top))
        top += strip.height
    return whole


def _letters(letters: list[tuple[str, Look]], width: int) -> Image.Image:
    tallest = max(look.height for _, look in letters)
    line = Image.new("1", (sum(look.width for _, look in letters) * CELL_WIDTH, CELL_HEIGHT * tallest), 1)
    left = 0
    for char, look in letters:
        shown = cell(char if is_drawable(char) else REPLACEMENT, look.width, look.height, bold=look.bold)
        line.paste(ImageChops.invert(shown) if look.inverted else shown, (left, line.height - shown.height))
        left += shown.width
    return _aligned(line, row_height(tallest), width, letters[0][1].align)


def _aligned(image: Image.Image, height: int, width: int, align: str) -> Image.Image:
    strip = Image.new("1", (width, height), 1)
    left = {"left": 0, "center": (width - image.width) // 2, "right": width - image.width}[align]
    strip.paste(image, (left, (height - image.height) // 2))
    return strip


def _cut_line(width: int) -> Image.Image:
    strip = Image.new("1", (width, ROW_HEIGHT), 1)
    for left in range(0, width, 2 * _CUT_DASH):
        strip.paste(0, (left, ROW_HEIGHT // 2, left + _CUT_DASH, ROW_HEIGHT // 2 + 2))
    return strip
