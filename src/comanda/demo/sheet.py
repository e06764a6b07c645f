"""What the demo's pictures are drawn with: a square of 100 by 100, simple shapes on it, and dishes to put food on."""

import io
import math
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from PIL import Image, ImageDraw, ImageFilter

SIZE: Final = 448
_FINE: Final = 2
"""How much larger it is drawn before it is made smooth."""
Point = tuple[float, float]


class Sheet:
    """A square of 100 by 100 with a table on it, to draw on."""

    def __init__(self, table: str, seed: int) -> None:
        self._unit = SIZE * _FINE / 100
        self.chance = random.Random(seed)
        side = SIZE * _FINE
        self._image = Image.new("RGB", (side, side), table)
        self._draw = ImageDraw.Draw(self._image)
        self.round(18, 14, 62, mixed(table, "#ffffff", 0.10))

    def png(self) -> bytes:
        """The drawing as a file."""
        out = io.BytesIO()
        self._image.resize((SIZE, SIZE), Image.Resampling.LANCZOS).save(out, "PNG")
        return out.getvalue()

    def round(self, x: float, y: float, radius: float, colour: str) -> None:
        """A disc."""
        box = [value * self._unit for value in (x - radius, y - radius, x + radius, y + radius)]
        self._draw.ellipse(box, fill=colour)

    def oval(self, x: float, y: float, across: float, down: float, colour: str, angle: float = 0) -> None:
        """An ellipse by its radii, turned by degrees."""
        turned = math.radians(angle)
        ring = [
            turn((across * math.cos(step * math.tau / 72), down * math.sin(step * math.tau / 72)), turned)
            for step in range(72)
        ]
        self.shape([(x + dx, y + dy) for dx, dy in ring], colour)

    def shape(self, points: Sequence[tuple[float, float]], colour: str) -> None:
        """A polygon."""
        self._draw.polygon([(x * self._unit, y * self._unit) for x, y in points], fill=colour)

    def bar(self, x: float, y: float, length: float, width: float, colour: str, angle: float = 0) -> None:
        """A bar with round ends about its middle, turned by degrees."""
        turned = math.radians(angle)
        half = max(0.0, length - width) / 2
        corners = [(-half, -width / 2), (half, -width / 2), (half, width / 2), (-half, width / 2)]
        self.shape([(x + dx, y + dy) for dx, dy in (turn(corner, turned) for corner in corners)], colour)
        for end in (-half, half):
            dx, dy = turn((end, 0), turned)
            self.round(x + dx, y + dy, width / 2, colour)

    def tile(self, x: float, y: float, width: float, height: float, colour: str, angle: float = 0) -> None:
        """A rectangle about its middle with slightly round corners, turned by degrees."""
        turned, soft = math.radians(angle), min(width, height) * 0.22
        for shrink_x, shrink_y in ((soft, 0.0), (0.0, soft)):
            half_x, half_y = width / 2 - shrink_x, height / 2 - shrink_y
            corners = [(-half_x, -half_y), (half_x, -half_y), (half_x, half_y), (-half_x, half_y)]
            self.shape([(x + dx, y + dy) for dx, dy in (turn(corner, turned) for corner in corners)], colour)
        for corner_x in (-1, 1):
            for corner_y in (-1, 1):
                dx, dy = turn((corner_x * (width / 2 - soft), corner_y * (height / 2 - soft)), turned)
                self.round(x + dx, y + dy, soft, colour)

    def shadow(self, x: float, y: float, across: float, down: float) -> None:
        """The soft shadow of something that stands on the table."""
        mask = Image.new("L", self._image.size, 0)
        box = [value * self._unit for value in (x - across, y - down, x + across, y + down)]
        ImageDraw.Draw(mask).ellipse(box, fill=70)
        dark = Image.new("RGB", self._image.size, "#20140c")
        self._image.paste(dark, mask=mask.filter(ImageFilter.GaussianBlur(2.2 * self._unit)))
        self._draw = ImageDraw.Draw(self._image)

    def within(self, radius: float, x: float = 50, y: float = 50) -> Point:
        """A point somewhere within a disc, everywhere as likely."""
        far, way = radius * math.sqrt(self.chance.random()), self.chance.uniform(0, math.tau)
        return x + far * math.cos(way), y + far * math.sin(way)

    def strew(self, number: int, radius: float, colours: list[str], length: float, width: float) -> None:
        """Small bars at random within a disc in the middle: grains, herbs, shavings."""
        for _ in range(number):
            x, y = self.within(radius)
            self.bar(x, y, length, width, self.chance.choice(colours), self.chance.uniform(0, 180))


def turn(point: Point, angle: float) -> Point:
    """A point turned about the origin by radians."""
    x, y = point
    return x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle)


def mixed(colour: str, other: str, share: float) -> str:
    """A colour with a share of another."""
    pairs = [(int(colour[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def plate(sheet: Sheet, rim: str = "#fbf7f0", inner: str = "#f1eadf") -> None:
    """A plate from above."""
    sheet.shadow(51, 54, 40, 39)
    sheet.round(50, 50, 39, mixed(rim, "#8a7f72", 0.25))
    sheet.round(50, 49.4, 39, rim)
    sheet.round(50, 50, 29.5, mixed(inner, "#8a7f72", 0.16))
    sheet.round(50, 50.6, 29, inner)


def bowl(sheet: Sheet, glaze: str, soup: str) -> None:
    """A bowl of soup, or of whatever has its colour."""
    sheet.shadow(51, 55, 38, 37)
    sheet.round(50, 50, 38, mixed(glaze, "#000000", 0.22))
    sheet.round(50, 49, 38, glaze)
    sheet.round(50, 50, 32.5, mixed(glaze, "#000000", 0.35))
    sheet.round(50, 51.5, 31.5, soup)
    sheet.oval(41, 38, 15, 5.5, mixed(soup, "#ffffff", 0.22), -24)


def herbs(sheet: Sheet, number: int, radius: float) -> None:
    """Chopped herbs over the middle."""
    sheet.strew(number, radius, ["#4f8a34", "#6ba644", "#3c6f2b"], 3.4, 1.3)


Drawings = Mapping[tuple[int, ...], tuple[str, Callable[[Sheet], None]]]
"""What is drawn for which products, on which table; products of one drawing share its picture."""
