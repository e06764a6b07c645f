"""Drawings of the demo's dishes."""

import math
from collections.abc import Callable
from typing import Final

from comanda.demo.sheet import Drawings, Sheet, bowl, herbs, mixed, plate, turn

_GOLDEN: Final = math.pi * (3 - math.sqrt(5))
"""Points that turn by it from one to the next lie as evenly as the seeds of a sunflower."""


def _rice(sheet: Sheet, colours: list[str]) -> None:
    sheet.round(50, 51, 26, mixed(colours[0], "#7a4a10", 0.30))
    sheet.round(50, 50, 25, colours[0])
    sheet.strew(520, 24, colours, 4.0, 1.25)


def _plov(sheet: Sheet) -> None:
    plate(sheet)
    _rice(sheet, ["#f4d38a", "#f8e3b0", "#e8b84f", "#fff3d2"])
    for x, y, angle in ((41, 43, 20), (56, 40, -30), (50, 55, 60), (62, 54, 10), (38, 57, -15)):
        sheet.tile(x, y + 0.8, 11, 8, "#5b2f1a", angle)
        sheet.tile(x, y, 11, 8, "#8a4b2a", angle)
        sheet.bar(x - 1, y - 1.4, 5, 1.2, "#a8663f", angle)
    for x, y in ((47, 47), (59, 47), (44, 63), (55, 64)):
        sheet.oval(x, y, 3.6, 3, "#d9731a")
        sheet.oval(x - 0.7, y - 0.8, 1.6, 1.1, "#f2a24b")
    herbs(sheet, 16, 20)


def _green_plov(sheet: Sheet) -> None:
    plate(sheet, "#eef3ea", "#e2ead9")
    _rice(sheet, ["#fbf3dc", "#fffaf0", "#efe0b4", "#ffffff"])
    sheet.oval(50, 51, 14, 12, "#2f4d20", 12)
    sheet.strew(60, 13, ["#41682c", "#558238", "#2a451c"], 5, 2.2)
    for x, y, angle in ((45, 47, 15), (56, 49, -25), (50, 57, 50)):
        sheet.tile(x, y, 8.5, 6.5, "#6b3a22", angle)
        sheet.tile(x, y - 0.7, 7.5, 5.2, "#94553a", angle)
    herbs(sheet, 18, 22)


def _shah_plov(sheet: Sheet) -> None:
    plate(sheet)
    sheet.round(50, 52, 25, "#8a4f12")
    sheet.round(50, 50, 25, "#c9852f")
    sheet.round(48, 47, 20, "#dc9d45")
    sheet.round(46, 44, 12, "#e9b765")
    sheet.strew(70, 22, ["#b9711f", "#e5b162"], 2.2, 0.9)
    sheet.shape([(50, 50), (74, 44), (76, 58), (66, 72)], "#7a3f10")
    sheet.shape([(51, 51), (72, 47), (73, 57), (65, 69)], "#f8e6b4")
    for x, y, colour in ((61, 54, "#d9731a"), (66, 52, "#8a4b2a"), (64, 61, "#d9731a"), (59, 59, "#6d3b20")):
        sheet.oval(x, y, 3, 2.5, colour)
    herbs(sheet, 8, 12)


def _onion(sheet: Sheet, x: float, y: float) -> None:
    for radius, colour in ((7, "#8e2a63"), (6, "#f6e3ee"), (4.6, "#b4558b"), (3.8, "#fbf0f6"), (2, "#c47aa5")):
        sheet.round(x, y, radius, colour)


def _tomato(sheet: Sheet, x: float, y: float, radius: float = 6.5) -> None:
    sheet.round(x, y + 0.7, radius, "#8f1f17")
    sheet.round(x, y, radius, "#d8402f")
    for step in range(5):
        way = step * math.tau / 5
        sheet.oval(
            x + radius * 0.5 * math.cos(way), y + radius * 0.5 * math.sin(way), radius * 0.26, radius * 0.18, "#f49a6a"
        )


def _lula(sheet: Sheet) -> None:
    plate(sheet)
    sheet.oval(50, 55, 27, 15, "#ecd1a0", -8)
    for x, y in ((38, 50), (60, 58), (48, 62), (57, 49)):
        sheet.oval(x, y, 3, 1.6, "#c9955a", 20)
    for y in (44, 56):
        sheet.bar(50, y, 78, 1.2, "#9aa0a6", -14)
        sheet.bar(50, y + 1.2, 44, 9.4, "#4a2413", -14)
        sheet.bar(50, y, 44, 9.4, "#8a4a26", -14)
        for offset in range(-18, 19, 6):
            dx, dy = turn((offset, 0), math.radians(-14))
            sheet.bar(50 + dx, y + dy, 8, 1.5, "#5f2f17", 66)
            sheet.bar(51.4 + dx, y + dy - 1, 5, 0.9, "#b06b3d", 66)
    _onion(sheet, 32, 66)
    _tomato(sheet, 68, 34)
    herbs(sheet, 10, 24)


def _tika(sheet: Sheet) -> None:
    plate(sheet)
    for x, y in ((37, 38), (66, 66), (34, 64)):
        _tomato(sheet, x, y, 6)
    for y in (45, 58):
        sheet.bar(50, y, 80, 1.2, "#9aa0a6", 16)
        for index, offset in enumerate(range(-20, 21, 8)):
            dx, dy = turn((offset, 0), math.radians(16))
            colour = "#4f8a34" if index == 2 and y == 45 else "#8f4d27"
            sheet.tile(50 + dx, y + dy + 0.9, 7.4, 9.6, "#45210f", 16)
            sheet.tile(50 + dx, y + dy, 7.4, 9.6, colour, 16)
            sheet.bar(50 + dx, y + dy - 2, 4.2, 1.1, mixed(colour, "#ffffff", 0.28), 40)
    _onion(sheet, 66, 36)
    herbs(sheet, 10, 25)


def _steak(sheet: Sheet) -> None:
    plate(sheet, "#3d4147", "#2f3338")
    outline = [(28, 50), (33, 38), (45, 33), (58, 36), (69, 42), (73, 52), (66, 62), (53, 65), (41, 66), (31, 60)]
    middle = [(50 + (x - 50) * 0.9, 50 + (y - 50) * 0.88) for x, y in outline]
    sheet.shape([(x, y + 1.6) for x, y in outline], "#1f120c")
    sheet.shape(outline, "#e8c9a4")
    sheet.shape(middle, "#7c3a22")
    for offset in (-15, -5, 5, 15):
        sheet.bar(50 + offset, 50, 26, 1.8, "#4b1f10", 62)
    sheet.oval(58, 46, 4.5, 2.2, "#e8c9a4", 30)
    for step in range(7):
        sheet.bar(62 + step * 1.6, 72 - step * 2.1, 5, 1.1, "#6ba644", 20)
        sheet.bar(62 + step * 1.6, 72 - step * 2.1, 5, 1.1, "#4f8a34", -70)
    _tomato(sheet, 33, 70, 5)
    _tomato(sheet, 41, 73, 4.4)


def _lentils(sheet: Sheet) -> None:
    bowl(sheet, "#2f6f7a", "#e59a2f")
    sheet.oval(54, 56, 12, 8, "#f3bd68", 20)
    sheet.strew(20, 22, ["#c7541b", "#a63f12"], 1.6, 1.2)
    herbs(sheet, 14, 14)
    sheet.shape([(60, 34), (78, 27), (80, 38), (68, 42)], "#f7d547")
    sheet.shape([(62, 35), (76, 30), (78, 36), (68, 40)], "#fbe98a")


def _dovga(sheet: Sheet) -> None:
    bowl(sheet, "#4a7f4f", "#f6f3e2")
    sheet.strew(120, 28, ["#5d9440", "#7fb457", "#44742f"], 3.2, 1.4)
    for _ in range(9):
        x, y = sheet.within(24)
        sheet.round(x, y, 2.3, "#e3cf9c")


def _borsch(sheet: Sheet) -> None:
    bowl(sheet, "#efe6da", "#a1182c")
    sheet.strew(60, 28, ["#c5334a", "#7b0f20"], 6, 1.3)
    for x, y in ((38, 60), (62, 62), (64, 42)):
        sheet.oval(x, y, 3.6, 2.2, "#e58a3a", 30)
    sheet.oval(50, 49, 10, 8, "#f2e9e4", 10)
    sheet.oval(48, 47, 7, 5, "#ffffff", 10)
    herbs(sheet, 18, 16)


def _dumplings(sheet: Sheet) -> None:
    bowl(sheet, "#b5562f", "#f0d79a")
    for _ in range(17):
        x, y = sheet.within(24)
        angle = sheet.chance.uniform(0, 180)
        sheet.oval(x, y + 0.7, 5, 3.6, "#c9a560", angle)
        sheet.oval(x, y, 5, 3.6, "#fbeed0", angle)
        sheet.bar(x, y, 6, 0.8, "#e2c68c", angle)
    herbs(sheet, 22, 26)


def _salad(sheet: Sheet) -> None:
    bowl(sheet, "#f7f1e6", "#7fb04c")
    for _ in range(34):
        x, y = sheet.within(27)
        kind, angle = sheet.chance.choice(["tomato", "cucumber", "leaf"]), sheet.chance.uniform(0, 90)
        if kind == "tomato":
            sheet.tile(x, y, 8, 7, "#b32a20", angle)
            sheet.tile(x, y - 0.6, 7, 5.6, "#e4503f", angle)
        elif kind == "cucumber":
            sheet.round(x, y, 4.4, "#2f6b34")
            sheet.round(x, y, 3.7, "#cfe6a6")
            sheet.round(x, y, 1.8, "#e6f3cc")
        else:
            sheet.oval(x, y, 6, 3, "#4f8a34", angle)
    for x, y in ((42, 43), (59, 57)):
        _onion(sheet, x, y)
    herbs(sheet, 20, 26)


def _caesar(sheet: Sheet) -> None:
    bowl(sheet, "#6a4a3c", "#8fbf58")
    for _ in range(46):
        x, y = sheet.within(27)
        angle = sheet.chance.uniform(0, 180)
        sheet.oval(x, y, 8, 4, sheet.chance.choice(["#7fb04c", "#a9d272", "#5f9438"]), angle)
        sheet.bar(x, y, 11, 0.9, "#dcefc0", angle)
    for _ in range(8):
        x, y = sheet.within(22)
        sheet.tile(x, y, 6.4, 6.4, "#a8702b", sheet.chance.uniform(0, 90))
        sheet.tile(x, y - 0.6, 5.6, 5.4, "#dba958", sheet.chance.uniform(0, 20))
    for x, y, angle in ((43, 49, 20), (57, 45, -20), (52, 60, 50)):
        sheet.bar(x, y, 15, 5.4, "#c98a4b", angle)
        sheet.bar(x, y - 0.7, 13, 3.4, "#eec389", angle)
    sheet.strew(26, 24, ["#fff6d8", "#f7e7b0"], 5, 1.3)


def _pizza(sheet: Sheet, spots: Callable[[Sheet, float, float], None], number: int) -> None:
    sheet.shadow(51, 54, 41, 40)
    sheet.round(50, 51, 40, "#8f5420")
    sheet.round(50, 50, 40, "#d9963f")
    sheet.round(49, 49, 38, "#e8b25c")
    sheet.round(50, 50, 33.5, "#c23a22")
    sheet.round(50, 50, 32, "#f3cf6b")
    for _ in range(26):
        x, y = sheet.within(28)
        sheet.oval(x, y, 4, 2.8, sheet.chance.choice(["#fae49b", "#e9b64b"]), sheet.chance.uniform(0, 90))
    for index in range(number):
        far, way = 27 * math.sqrt((index + 0.6) / number), index * _GOLDEN
        spots(sheet, 50 + far * math.cos(way), 50 + far * math.sin(way))
    for step in range(3):
        dx, dy = turn((39, 0), step * math.tau / 6 + 0.3)
        sheet.shape(
            [(50 + dx, 50 + dy), (50 + dx * 0.99, 50 + dy * 0.99 + 0.9), (50 - dx, 50 - dy), (50 - dx, 49.2 - dy)],
            "#b9762c",
        )


def _margherita(sheet: Sheet) -> None:
    def spot(on: Sheet, x: float, y: float) -> None:
        _tomato(on, x, y, 4.6)

    _pizza(sheet, spot, 9)
    for x, y, angle in ((45, 44, 30), (60, 50, -40), (48, 63, 80), (36, 53, 10)):
        sheet.oval(x, y, 6, 3.2, "#3c7a2f", angle)
        sheet.bar(x, y, 9, 0.8, "#7fb457", angle)


def _diavola(sheet: Sheet) -> None:
    def spot(on: Sheet, x: float, y: float) -> None:
        on.round(x, y + 0.6, 5.2, "#7d1c12")
        on.round(x, y, 5.2, "#b8321f")
        for _ in range(5):
            dot_x, dot_y = on.within(3.6, x, y)
            on.round(dot_x, dot_y, 0.7, "#e9a08a")

    _pizza(sheet, spot, 12)
    for x, y, angle in ((44, 56, 20), (57, 43, 70), (62, 61, -30)):
        sheet.bar(x, y, 9, 2, "#d22a1f", angle)
    herbs(sheet, 10, 26)


def _formaggi(sheet: Sheet) -> None:
    def spot(on: Sheet, x: float, y: float) -> None:
        on.oval(x, y, 5.4, 4.2, "#fff4cf", 20)
        on.oval(x - 0.4, y - 0.6, 3.4, 2.4, "#fffbea", 20)
        on.round(x + 2, y + 1.2, 0.9, "#7f9bb0")

    _pizza(sheet, spot, 12)
    herbs(sheet, 8, 24)


def _burger(sheet: Sheet, patties: int = 1) -> None:
    sheet.shadow(50, 84, 38, 7)
    base = 82
    sheet.tile(50, base - 6, 64, 13, "#b06a24")
    sheet.tile(50, base - 7.5, 64, 10, "#d99441")
    top = base - 14
    for _ in range(patties):
        sheet.bar(50, top, 68, 9.5, "#4a2413")
        sheet.bar(50, top - 1, 66, 6.5, "#6d3820")
        sheet.shape(
            [(18, top - 5), (82, top - 5), (74, top - 3), (66, top + 3), (57, top - 3), (30, top - 3), (24, top + 2)],
            "#f7bf3a",
        )
        top -= 10
    sheet.bar(50, top + 2.5, 66, 4, "#d8402f")
    for step in range(9):
        sheet.oval(20 + step * 7.5, top - 1.5, 5.6, 3.2, "#6ba644" if step % 2 else "#87c05a", 8)
    dome = (
        [(16, top - 3)]
        + [
            (50 + 34 * math.cos(math.pi + step * math.pi / 40), top - 5 + 30 * math.sin(math.pi + step * math.pi / 40))
            for step in range(41)
        ]
        + [(84, top - 3)]
    )
    sheet.shape([(x, y + 1.6) for x, y in dome], "#a8611d")
    sheet.shape(dome, "#dd9a45")
    sheet.oval(40, top - 22, 14, 6, "#eab86d", -18)
    for x, y, angle in (
        (36, 12, 20),
        (50, 8, -10),
        (62, 13, 30),
        (44, 19, -30),
        (57, 20, 10),
        (70, 20, 40),
        (30, 21, 10),
    ):
        sheet.bar(x, top - 36 + y + 3, 3.6, 1.6, "#fff1cf", angle)


def _double_burger(sheet: Sheet) -> None:
    _burger(sheet, 2)


def _wrap(sheet: Sheet) -> None:
    sheet.shadow(52, 60, 40, 22)
    for shift, angle in ((0, -28), (18, -28)):
        x, y = 42 + shift, 44 + shift * 0.9
        sheet.bar(x, y + 1.4, 62, 19, "#a9753a", angle)
        sheet.bar(x, y, 62, 19, "#eccd96", angle)
        for offset in (-20, -10, 0, 9):
            dx, dy = turn((offset, sheet.chance.uniform(-4, 4)), math.radians(angle))
            sheet.oval(x + dx, y + dy, 4, 2.2, "#c79350", angle + 20)
        dx, dy = turn((24, 0), math.radians(angle))
        sheet.round(x + dx, y + dy, 9.4, "#eccd96")
        sheet.round(x + dx, y + dy, 7.8, "#6ba644")
        sheet.round(x + dx + 1, y + dy + 0.6, 5.8, "#b06b3d")
        sheet.round(x + dx - 1.6, y + dy - 2, 2.4, "#e4503f")
        sheet.round(x + dx + 2.6, y + dy + 2, 1.9, "#f7e7b0")


def _qutab(sheet: Sheet) -> None:
    plate(sheet)
    for x, y, angle in ((46, 42, -12), (54, 56, 8)):
        turned = math.radians(angle)
        half = [(24 * math.cos(step * math.pi / 30), -17 * math.sin(step * math.pi / 30)) for step in range(31)]
        placed = [(x + dx, y + 8 + dy) for dx, dy in (turn(point, turned) for point in half)]
        sheet.shape([(px, py + 1.6) for px, py in placed], "#8f6a3a")
        sheet.shape(placed, "#ead09c")
        for _ in range(12):
            dx, dy = turn((sheet.chance.uniform(-18, 18), -sheet.chance.uniform(1, 9)), turned)
            sheet.oval(x + dx, y + 8 + dy, 3, 1.7, sheet.chance.choice(["#b98342", "#6f9a4a", "#cfa463"]), angle + 30)
    for _ in range(26):
        dot_x, dot_y = sheet.within(25)
        sheet.round(dot_x, dot_y, 0.8, "#8c1830")


DISHES: Final[Drawings] = {
    (201,): ("#7d4b3a", _shah_plov),
    (203, 204): ("#3f6e72", _plov),
    (202,): ("#9a6b4b", _green_plov),
    (211, 213): ("#4d5a4a", _lula),
    (212, 214, 218): ("#8a5545", _tika),
    (215,): ("#b98a5e", _steak),
    (221,): ("#d8b98c", _dumplings),
    (222,): ("#c7d3b4", _dovga),
    (223,): ("#e7cfae", _lentils),
    (224,): ("#57716a", _borsch),
    (231, 233): ("#c98f5b", _salad),
    (232,): ("#d9c7a3", _caesar),
    (101, 102): ("#6b5345", _margherita),
    (103,): ("#5d6b7c", _formaggi),
    (104, 105): ("#474f57", _diavola),
    (241,): ("#f0d9a8", _burger),
    (242,): ("#e9b9a0", _double_burger),
    (243,): ("#a8c6a4", _wrap),
    (244, 245): ("#8b6f9c", _qutab),
}
