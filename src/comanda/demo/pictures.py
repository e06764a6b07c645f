"""The demo's pictures: flat drawings of what it sells, drawn by this code and nobody's photographs.

What is drawn is the same each time, so that a picture's id is too.
"""

from comanda.demo.dishes import DISHES
from comanda.demo.sheet import Sheet
from comanda.demo.sweets import SWEETS_AND_DRINKS


def draw_pictures() -> dict[tuple[int, ...], bytes]:
    """A PNG for each drawing, by the products that it shows."""
    found: dict[tuple[int, ...], bytes] = {}
    for product_ids, (table, draw) in {**DISHES, **SWEETS_AND_DRINKS}.items():
        sheet = Sheet(table, product_ids[0])
        draw(sheet)
        found[product_ids] = sheet.png()
    return found
