"""The paper of a kitchen ticket: a ticket in, ESC/POS bytes out. Nothing is sent here, and no text is trusted.

Readable from an arm's length: the order number as large as fits, dishes in double letters, every note on black.
"""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from comanda.base import limits
from comanda.base.clock import Micros
from comanda.base.money import plain
from comanda.kitchen.model import PrintKind, Ticket, TicketLine, TicketModifier
from comanda.printing.lettering import clean, wrapped
from comanda.printing.roll import Roll, Style

MARKS: dict[PrintKind, str] = {
    "reprint": "REPRINT",
    "cancellation": "CANCELLED",
    "possible_duplicate": "POSSIBLE DUPLICATE",
}
"""What a paper says of itself at its head and its foot, so that nobody cooks it twice."""

_SMALL = Style()
_PLAIN = Style(height=2)
_STRONG = Style(height=2, bold=True)
_LARGE = Style(width=2, height=2, bold=True)
_NOTE = Style(height=2, bold=True, inverted=True)
_INDENT = "    "


def paper_of(
    ticket: Ticket, kind: PrintKind, *, station: str, zone: str, printed_at: Micros, columns: int = 48
) -> bytes:
    """Write a ticket for one station's printer.

    ``zone`` is the venue's IANA zone, ``columns`` the printer's ordinary letters in a row: 48, 42 or 32. It can
    take seconds for the largest orders: not for an event loop. Raises ValueError for another number of columns,
    ZoneInfoNotFoundError for an unknown zone.
    """
    if columns not in (32, 42, 48):
        raise ValueError(f"a paper has 32, 42 or 48 columns, not {columns}")
    timezone = ZoneInfo(zone)
    roll = Roll(columns)
    _mark(roll, kind)
    _head(roll, ticket, station, timezone)
    _lines(roll, ticket)
    if ticket.comment:
        _block(roll, ticket.comment, _NOTE, first=_INDENT, indent=_INDENT)
        _rule(roll)
    _foot(roll, ticket, printed_at, timezone)
    _mark(roll, kind)
    return roll.cut()


def _mark(roll: Roll, kind: PrintKind) -> None:
    mark = MARKS.get(kind)
    if mark is None:
        return
    style = _largest(roll, mark, inverted=True)
    bar = Style(inverted=True, height=2)
    roll.row("", bar)
    _block(roll, mark, style, centred=True)
    roll.row("", bar)
    roll.row("", _SMALL)


def _head(roll: Roll, ticket: Ticket, station: str, timezone: ZoneInfo) -> None:
    _block(roll, station, _STRONG, centred=True)
    roll.row("", _SMALL)
    _block(roll, ticket.order_number, _largest(roll, clean(ticket.order_number)), centred=True)
    roll.row("", _SMALL)
    _block(roll, ticket.sale_type, _LARGE, centred=True)
    ordered = _local(ticket.created_at, timezone)
    _block(roll, f"Ordered {ordered:%d.%m.%Y %H:%M}", _PLAIN, centred=True)
    if ticket.promised_at is not None:
        promised = _local(ticket.promised_at, timezone)
        same_day = promised.date() == ordered.date()
        _block(roll, f"FOR {promised:%H:%M}" if same_day else f"FOR {promised:%d.%m. %H:%M}", _LARGE, centred=True)
    _rule(roll)


def _lines(roll: Roll, ticket: Ticket) -> None:
    for index, line in enumerate(ticket.lines):
        if roll.rows > limits.MAX_PAPER_ROWS:
            _block(roll, f"{len(ticket.lines) - index} MORE LINES: SEE THE SCREEN", _NOTE, centred=True)
            break
        if index:
            roll.row("", _SMALL)
        _line(roll, line)
    _rule(roll)


def _line(roll: Roll, line: TicketLine) -> None:
    quantity = f"{plain(line.count)} x "
    indent = min(quantity, _INDENT, key=len)
    _block(roll, line.name, _LARGE, first=quantity, indent=" " * len(indent))
    if line.portion_size != 1:
        _block(roll, _portion(line.portion_size), _STRONG, first=_INDENT * 2)
    for modifier in line.modifiers:
        _block(roll, _modifier(modifier), _STRONG, first=_INDENT + "  + ", indent=_INDENT * 2)
    if line.note:
        _block(roll, line.note, _NOTE, first=_INDENT, indent=_INDENT)


def _modifier(modifier: TicketModifier) -> str:
    count = f"{modifier.count} x " if modifier.count > 1 else ""
    portion = f", {_portion(modifier.portion_size)}" if modifier.portion_size != 1 else ""
    return f"{count}{modifier.name}{portion}"


def _portion(size: Decimal) -> str:
    return f"portion {plain(size)}"


def _foot(roll: Roll, ticket: Ticket, printed_at: Micros, timezone: ZoneInfo) -> None:
    printed = f"Printed {_local(printed_at, timezone):%d.%m.%Y %H:%M:%S}"
    _block(roll, f"{ticket.order_number} / {printed} / {ticket.id}", _SMALL, centred=True)
    roll.row("", _SMALL)


def _largest(roll: Roll, text: str, *, inverted: bool = False) -> Style:
    """The largest letters, up to fourfold, in which no word is broken."""
    longest = max(map(len, text.split()), default=0)
    size = next((size for size in (4, 3) if longest * size <= roll.columns), 2)
    return Style(width=size, height=size, bold=True, inverted=inverted)


def _rule(roll: Roll) -> None:
    roll.row("-" * roll.columns, _SMALL)


def _block(roll: Roll, text: str, style: Style, *, first: str = "", indent: str = "", centred: bool = False) -> None:
    for row in wrapped(clean(text), roll.room(style), first=first, indent=indent):
        roll.row(row, style, centred=centred)


def _local(instant: Micros, timezone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(instant // 1_000_000, UTC).astimezone(timezone)
