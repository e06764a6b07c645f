"""Drawings of the demo's desserts and drinks."""

import math
from typing import Final

from comanda.demo.sheet import Drawings, Sheet, mixed, plate, turn


def _baklava(sheet: Sheet) -> None:
    plate(sheet, "#eef1f4", "#e1e6ea")
    for x, y in ((50, 36), (36, 50), (64, 50), (50, 64)):
        diamond = [(x, y - 12.5), (x + 13, y), (x, y + 12.5), (x - 13, y)]
        sheet.shape([(px, py + 2.6) for px, py in diamond], "#7a4712")
        sheet.shape(diamond, "#c98429")
        sheet.shape([(x, y - 10), (x + 10.4, y), (x, y + 10), (x - 10.4, y)], "#e3aa4d")
        for step in (-5, 0, 5):
            sheet.bar(x + step / 2, y + step / 2, 12, 0.7, "#c98429", -44)
        sheet.round(x, y, 3.4, "#5d8c33")
        sheet.round(x - 0.6, y - 0.7, 2.2, "#8dbb56")


def _cake(sheet: Sheet, cream: str, crumb: str, topping: str) -> None:
    plate(sheet, "#f4ecf1", "#e8dbe4")
    sheet.shape([(24, 62), (72, 44), (78, 52), (78, 68), (30, 76)], mixed(crumb, "#000000", 0.12))
    sheet.shape([(24, 60), (78, 52), (78, 68), (26, 76)], crumb)
    for row in range(3):
        y = 61 + row * 5.2
        sheet.shape([(25, y + 1.6), (78, y - 6.6 + row), (78, y - 4.6 + row), (25, y + 3.4)], cream)
    sheet.shape([(24, 58), (66, 36), (78, 52), (26, 62)], topping)
    sheet.shape([(28, 57.5), (65, 39), (73, 49), (34, 58)], mixed(topping, "#ffffff", 0.20))
    sheet.round(62, 44, 4.2, "#b01f3a")
    sheet.round(60.8, 42.8, 1.5, "#e4667c")
    sheet.oval(68, 46, 4, 1.8, "#4f8a34", 24)


def _honey_cake(sheet: Sheet) -> None:
    _cake(sheet, "#fff1d6", "#c98a42", "#b9762c")


def _cheesecake(sheet: Sheet) -> None:
    _cake(sheet, "#fdeec4", "#f6dc9c", "#6f3d1b")


def _ice_cream(sheet: Sheet) -> None:
    sheet.shadow(50, 86, 24, 6)
    sheet.shape([(44, 70), (56, 70), (54, 84), (46, 84)], "#c9dbe6")
    sheet.bar(50, 85, 30, 4, "#b4cad8")
    for x, y, colour in ((37, 42, "#f7a9b8"), (63, 42, "#8a5a3c"), (50, 31, "#fff1cf")):
        sheet.round(x, y + 0.9, 14, mixed(colour, "#000000", 0.14))
        sheet.round(x, y, 14, colour)
        sheet.oval(x - 4, y - 5, 5, 3, mixed(colour, "#ffffff", 0.45), -30)
    sheet.shape([(20, 48), (80, 48), (66, 72), (34, 72)], "#dcebf3")
    sheet.shape([(26, 51), (40, 51), (43, 69), (37, 69)], "#f2f9fc")
    sheet.bar(72, 26, 30, 4.4, "#d9963f", -62)
    sheet.round(50, 16.5, 3.6, "#c21f33")
    sheet.bar(51.5, 12, 7, 0.9, "#4f8a34", -60)
    sheet.oval(44, 24, 3, 1.4, "#4f8a34", 30)


def _saucer(sheet: Sheet) -> None:
    sheet.shadow(50, 80, 33, 9)
    sheet.oval(50, 79, 33, 9, "#c9b37a")
    sheet.oval(50, 77.6, 33, 9, "#f7f1e6")
    sheet.oval(50, 77.6, 21, 5.2, "#e6dac2")


def _tea(sheet: Sheet) -> None:
    _saucer(sheet)
    sides = [(0, 17), (0.18, 15.5), (0.38, 11), (0.52, 10.4), (0.72, 14.6), (0.9, 14), (1, 11)]
    outline = [(50 - half, 20 + down * 58) for down, half in sides]
    outline += [(50 + half, 20 + down * 58) for down, half in reversed(sides)]
    sheet.shape(outline, "#e6f1f4")
    drink = [(50 + (x - 50) * 0.88, y) for x, y in outline if y > 28]
    sheet.shape([(50 - 14, 29), *drink, (50 + 14, 29)], "#b5451b")
    sheet.oval(50, 29.5, 14, 3, "#d2672f")
    sheet.oval(50, 20, 17, 3.2, "#d4e6ea")
    sheet.oval(50, 20, 15.6, 2.4, "#f4fafb")
    sheet.bar(42, 46, 22, 2.4, "#e08a55", 84)
    sheet.bar(41, 66, 12, 2.2, "#e08a55", 70)
    sheet.round(70, 74, 5, "#f7d547")
    sheet.round(70, 74, 3.8, "#fbec9c")
    sheet.tile(29, 76, 6, 5, "#ffffff", 12)


def _coffee(sheet: Sheet, foam: bool) -> None:
    sheet.shadow(51, 55, 38, 37)
    sheet.round(50, 51, 38, "#b9aa98")
    sheet.round(50, 50, 38, "#f6efe4")
    sheet.round(50, 50, 24, "#d6c7b2")
    sheet.bar(79, 50, 15, 6.5, "#d6c7b2", 0)
    sheet.bar(78, 49.4, 14, 5, "#fffaf2", 0)
    sheet.round(50, 50, 25, "#fffaf2")
    sheet.round(50, 50, 21, "#4a2816")
    if not foam:
        sheet.round(50, 50, 19.6, "#6b3f22")
        sheet.oval(44, 44, 9, 4, "#8d5a34", -35)
        for _ in range(16):
            x, y = sheet.within(17)
            sheet.round(x, y, 1, "#a9774a")
        return
    sheet.round(50, 50, 19.6, "#b9793f")
    for radius in (9, 6):
        colour = "#fdf3e3" if radius == 9 else "#f1d6b1"
        side = radius * 0.52
        sheet.round(50 - side, 47, side * 1.06, colour)
        sheet.round(50 + side, 47, side * 1.06, colour)
        sheet.shape([(50 - radius, 48.4), (50 + radius, 48.4), (50, 48 + radius * 1.3)], colour)


def _cappuccino(sheet: Sheet) -> None:
    _coffee(sheet, foam=True)


def _turkish_coffee(sheet: Sheet) -> None:
    _coffee(sheet, foam=False)
    sheet.tile(22, 80, 9, 9, "#e98ba5", 18)
    sheet.tile(33, 85, 9, 9, "#f3c9d4", -12)


def _glass(sheet: Sheet, drink: str, surface: str) -> None:
    sheet.shadow(50, 86, 24, 6)
    sheet.shape([(29, 18), (71, 18), (65, 86), (35, 86)], "#dcebf0")
    sheet.oval(50, 86, 15, 3.4, "#c3d8e0")
    sheet.shape([(31.2, 30), (68.8, 30), (64, 83), (36, 83)], drink)
    sheet.oval(50, 83, 14, 2.8, mixed(drink, "#000000", 0.14))
    sheet.oval(50, 30, 18.8, 4, surface)
    sheet.oval(50, 18, 21, 4.2, "#c9dfe7")
    sheet.oval(50, 18, 19.4, 3.2, "#eff7fa")
    sheet.shape([(35, 34), (39, 34), (41, 78), (38, 78)], mixed(drink, "#ffffff", 0.35))


def _pomegranate(sheet: Sheet) -> None:
    _glass(sheet, "#9c1230", "#c42c4d")
    sheet.round(77, 74, 13, "#a31c34")
    sheet.round(75, 72, 12, "#c7324b")
    sheet.shape([(72, 62), (75, 55), (77, 60), (80, 55), (81, 62)], "#a31c34")
    for x, y in ((24, 84), (19, 80), (28, 88)):
        sheet.oval(x, y, 2.6, 2, "#b8142f")
        sheet.round(x - 0.6, y - 0.6, 0.7, "#f1a1ae")


def _ayran(sheet: Sheet) -> None:
    _glass(sheet, "#fbfaf4", "#ffffff")
    for x, y in ((42, 29), (50, 31), (57, 29), (47, 28)):
        sheet.round(x, y, 1.6, "#e8e6da")
    sheet.oval(60, 27, 7, 3, "#5d9440", -24)
    sheet.oval(54, 25, 6, 2.6, "#7fb457", 28)


def _lemonade(sheet: Sheet) -> None:
    _glass(sheet, "#7cc49a", "#a5dcb8")
    for x, y, angle in ((44, 45, 20), (57, 56, -30), (47, 68, 50)):
        sheet.tile(x, y, 10, 10, "#b5e3c6", angle)
        sheet.tile(x - 0.8, y - 0.8, 7, 7, "#d6f1df", angle)
    sheet.bar(62, 26, 46, 2.6, "#f2f2f2", -68)
    sheet.bar(58, 36, 8, 2.6, "#d8402f", -68)
    sheet.round(33, 20, 9, "#f2c73a")
    sheet.round(33, 20, 7.6, "#fdf0a6")
    for step in range(6):
        dx, dy = turn((6.4, 0), step * math.tau / 6)
        sheet.bar(33 + dx / 2, 20 + dy / 2, 6.4, 0.7, "#f2c73a", step * 60)


SWEETS_AND_DRINKS: Final[Drawings] = {
    (251,): ("#6d8a96", _baklava),
    (253,): ("#b9849c", _honey_cake),
    (254,): ("#8fa3b8", _cheesecake),
    (255, 256, 257): ("#a9d3d8", _ice_cream),
    (261,): ("#7c9885", _tea),
    (262,): ("#a9825f", _turkish_coffee),
    (263,): ("#7fa3a8", _cappuccino),
    (264, 265, 266): ("#e7c3b8", _pomegranate),
    (110, 111, 112): ("#8db3d3", _ayran),
    (267,): ("#f4dfa0", _lemonade),
}
