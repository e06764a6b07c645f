"""Draws the app's icons into ``web/public/icons``: a counter bell on a rounded square.

Run by hand when the mark changes; the files are committed.
"""

import sys
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw

ICONS: Final = Path(__file__).parent.parent / "web" / "public" / "icons"
GROUND: Final = "#0f766e"
BELL: Final = "#ffffff"
_FINE: Final = 4
"""Drawn this many times larger and made smaller, so that edges are smooth."""
_UNITS: Final = 64
"""The drawing's own measure: both the SVG and the pictures are drawn on a square of so many units."""
_DOME: Final = (14, 20, 50, 56)
_BASE: Final = (10, 42, 54, 48)
_STEM: Final = (30, 14, 34, 21)
_BUTTON: Final = (26, 10, 38, 15)


def main() -> int:
    """Write every icon."""
    ICONS.mkdir(parents=True, exist_ok=True)
    (ICONS / "favicon.svg").write_text(_svg(), encoding="utf-8")
    for name, size, bleeds in (
        ("icon-192.png", 192, False),
        ("icon-512.png", 512, False),
        ("icon-maskable-192.png", 192, True),
        ("icon-maskable-512.png", 512, True),
        ("apple-touch-icon.png", 180, True),
    ):
        _picture(size, bleeds=bleeds).save(ICONS / name, optimize=True)
    return 0


def _picture(size: int, *, bleeds: bool) -> Image.Image:
    """The mark; one that bleeds fills its square and keeps the bell within the part that no mask cuts off."""
    side = size * _FINE
    unit = side / _UNITS
    picture = Image.new("RGBA", (side, side), GROUND if bleeds else (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)
    if not bleeds:
        pen.rounded_rectangle((0, 0, side - 1, side - 1), radius=14 * unit, fill=GROUND)
    shrink = 0.8 if bleeds else 1.0

    def placed(box: tuple[int, int, int, int]) -> tuple[float, float, float, float]:
        left, top, right, bottom = (((value - 32) * shrink + 32) * unit for value in box)
        return left, top + 2.5 * unit * shrink, right, bottom + 2.5 * unit * shrink

    pen.pieslice(placed(_DOME), 180, 360, fill=BELL)
    for box in (_BASE, _STEM, _BUTTON):
        pen.rounded_rectangle(placed(box), radius=2 * unit * shrink, fill=BELL)
    return picture.resize((size, size), Image.Resampling.LANCZOS).quantize(64)


def _svg() -> str:
    boxes = "".join(
        f'<rect x="{left}" y="{top}" width="{right - left}" height="{bottom - top}" rx="2"/>'
        for left, top, right, bottom in (_BASE, _STEM, _BUTTON)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_UNITS} {_UNITS}">'
        f'<rect width="{_UNITS}" height="{_UNITS}" rx="14" fill="{GROUND}"/>'
        f'<g fill="{BELL}" transform="translate(0 2.5)"><path d="M14 38a18 18 0 0 1 36 0z"/>{boxes}</g></svg>\n'
    )


if __name__ == "__main__":
    sys.exit(main())
