"""Past orders from any CSV or TSV: which columns mean what, and what each order came to. Pure but for the file.

In: a table with one row a line. Out: orders whose lines have exact unit prices and flat lists of choices.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path
from typing import Literal

from comanda.base.errors import SetupError
from comanda.base.money import plain

PriceIs = Literal["line", "unit"]
REQUIRED = ("order", "item", "quantity", "price")
KNOWN = (*REQUIRED, "choices", "time")
_UNIT = Decimal("0.0001")
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class PastLine:
    """One line: ``unit_price`` times ``count`` rounds to ``amount``, to the cent."""

    item: str
    count: Decimal
    unit_price: Decimal
    amount: Decimal
    choices: tuple[str, ...]
    note: str | None = None


@dataclass(frozen=True, slots=True)
class PastOrder:
    """One order and what it came to."""

    number: str
    lines: tuple[PastLine, ...]
    time: str = ""

    @property
    def total(self) -> Decimal:
        """The sum of its lines, in major units."""
        return sum((line.amount for line in self.lines), Decimal(0))


def read_mapping(text: str) -> dict[str, str]:
    """``order=…,item=…`` as a dictionary. Raises SetupError naming what is missing or unknown."""
    pairs = dict(part.split("=", 1) for part in text.split(",") if "=" in part)
    missing = [name for name in REQUIRED if not pairs.get(name)]
    unknown = [name for name in pairs if name not in KNOWN]
    if missing or unknown:
        wrong = f"missing: {', '.join(missing)}" if missing else f"unknown: {', '.join(unknown)}"
        raise SetupError(f"--map wants {', '.join(REQUIRED)} and may have choices, time; {wrong}")
    return pairs


def read_past_orders(path: Path, mapping: Mapping[str, str], price_is: PriceIs) -> list[PastOrder]:
    """Every order of the file, in the order of first appearance, or by time where a time is mapped.

    Raises SetupError naming the row that cannot be read.
    """
    lines: dict[str, list[PastLine]] = {}
    times: dict[str, str] = {}
    for number, row in _rows(path, mapping):
        try:
            order = row[mapping["order"]].strip()
            lines.setdefault(order, []).append(_line(row, mapping, price_is))
        except (InvalidOperation, ValueError, AttributeError) as error:
            raise SetupError(f"{path}, row {number}: {error or 'a number cannot be read'}") from error
        times.setdefault(order, row[mapping["time"]] if "time" in mapping else "")
    orders = [PastOrder(number, tuple(found), times[number]) for number, found in lines.items()]
    return sorted(orders, key=lambda order: order.time) if "time" in mapping else orders


def flat_choices(text: str) -> tuple[str, ...]:
    """The names in a bracketed, perhaps nested list: ``[A (Hot), [B, C]]`` is A (Hot), B, C."""
    if text.strip().upper() in ("", "NULL", "NONE"):
        return ()
    parts = (part.strip(" []\t") for part in re.split(r",(?![^(]*\))", text))
    return tuple(part for part in parts if part)


def _rows(path: Path, mapping: Mapping[str, str]) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            head = file.readline()
            file.seek(0)
            delimiter = max("\t,;", key=head.count)
            reader = csv.DictReader(file, delimiter=delimiter)
            absent = [column for column in mapping.values() if column not in (reader.fieldnames or ())]
            if absent:
                raise SetupError(
                    f"{path} has no column {', '.join(absent)}; it has {', '.join(reader.fieldnames or ())}"
                )
            for row in reader:
                yield reader.line_num, row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SetupError(f"{path} cannot be read: {error}") from error


def _line(row: Mapping[str, str], mapping: Mapping[str, str], price_is: PriceIs) -> PastLine:
    count = Decimal(row[mapping["quantity"]].strip())
    price = _amount(row[mapping["price"]])
    if count <= 0 or price < 0:
        raise ValueError("quantity must be positive, price not negative")
    item = row[mapping["item"]].strip()
    choices = flat_choices(row[mapping["choices"]]) if "choices" in mapping else ()
    if price_is == "unit":
        return PastLine(item, count, price, _round(price * count), choices)
    unit = (price / count).quantize(_UNIT, ROUND_HALF_UP)
    if _round(unit * count) == _round(price):
        return PastLine(item, count, unit, _round(price), choices)
    # No unit price with four decimals gives this line's amount, so the line is sold as one piece.
    return PastLine(item, Decimal(1), price, _round(price), choices, note=f"{plain(count)} pieces")


def _amount(text: str) -> Decimal:
    """An amount with any currency sign; ``1,234`` could be two amounts and is refused."""
    digits = re.sub(r"[^\d.,-]", "", text)
    if re.fullmatch(r"-?\d{1,3},\d{3}", digits):
        raise ValueError(f"{text.strip()} may mean thousands or decimals; write it without a comma")
    if digits.rfind(",") > digits.rfind("."):
        digits = digits.replace(".", "").replace(",", ".")
    return Decimal(digits.replace(",", ""))


def _round(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, ROUND_HALF_UP)
