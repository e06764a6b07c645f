"""A printer's test page: names in, ESC/POS bytes out. It shows where the printer stands and what letters it prints.

It is no ticket and says so; cutting and width are seen as they will be on a real one.
"""

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from comanda.base.clock import Micros
from comanda.printing.lettering import clean, wrapped
from comanda.printing.roll import Roll, Style

SAMPLES: Final = (
    ("Azərbaycanca", "Çığırtma, şirəli düyü, göyərti, öküz ətli xəngəl"),  # noqa: RUF001
    ("Русский", "Борщ, пельмени, щи; ёлка, съел"),
    ("Türkçe", "İskender, ığdır köftesi, çiğ börek, üzüm suyu"),  # noqa: RUF001
)
"""A language and letters that a plain printer spells wrong if anything is amiss."""
_SMALL: Final = Style()
_PLAIN: Final = Style(height=2)
_LARGE: Final = Style(width=2, height=2, bold=True)
_NOTE: Final = Style(height=2, bold=True, inverted=True)


def make_test_page(*, venue: str, station: str, printer: str, zone: str, printed_at: Micros, columns: int) -> bytes:
    """Write the page for a printer of 48, 42 or 32 ``columns``; ``zone`` is the venue's IANA zone.

    Raises ZoneInfoNotFoundError for an unknown zone.
    """
    local = datetime.fromtimestamp(printed_at // 1_000_000, UTC).astimezone(ZoneInfo(zone))
    roll = Roll(columns)
    _write(roll, "TEST PAGE", _NOTE)
    roll.row("", _SMALL)
    for name in (venue, station, printer):
        _write(roll, name, _LARGE)
    roll.row("", _SMALL)
    _write(roll, f"{local:%d.%m.%Y %H:%M:%S}", _PLAIN)
    roll.row("-" * columns, _SMALL)
    for language, letters in SAMPLES:
        _write(roll, language, _SMALL)
        _write(roll, letters, _PLAIN)
    roll.row("-" * columns, _SMALL)
    roll.row(("1234567890" * 5)[:columns], _SMALL)
    return roll.cut()


def _write(roll: Roll, text: str, style: Style) -> None:
    for row in wrapped(clean(text), roll.room(style)):
        roll.row(row, style, centred=True)
