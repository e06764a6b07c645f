"""The checks and the sums of an order, without web or storage: both programs call the same code.

The rules are those of docs/contract.md, under "Creating an order" and "Money".
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from benchmarks.typical.sent import SentDiscount, SentLine, SentModifier, SentOrder

MAX_BODY_BYTES = 256 * 1024
MAX_MONEY = Decimal(10**9)
MAX_ID = 2**53 - 1
KEY_LIFE_MICROS = 72 * 3600 * 1_000_000
ZERO = Decimal(0)
_CENT = Decimal("0.01")
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_PHONE_PUNCTUATION = str.maketrans("", "", " -().")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a request."""

    field: str
    code: str
    message: str
    value: Any = None


class Refusal(Exception):
    """A request that is answered with an error; nothing of it is stored."""

    def __init__(self, status: int, code: str, message: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.problems = problems

    def as_json(self) -> dict[str, Any]:
        """The documented error envelope."""
        body: dict[str, Any] = {"success": False, "error": self.code, "message": self.message}
        if self.problems:
            body["details"] = [
                {"field": p.field, "code": p.code, "message": p.message, "value": p.value} for p in self.problems
            ]
        return body


def invalid(problems: Sequence[Problem]) -> Refusal:
    """The 400 that reports every problem at once."""
    count = len(problems)
    return Refusal(400, "validation_failed", f"{count} field{'s are' if count > 1 else ' is'} invalid", problems)


@dataclass(frozen=True, slots=True)
class MenuGroup:
    """A modifier group: the prices of its active modifiers by id."""

    name: str
    min_select: int
    max_select: int
    prices: Mapping[int, Decimal]


@dataclass(frozen=True, slots=True)
class MenuItem:
    """A product as one venue sells it; ``price`` None where it does not."""

    price: Decimal | None
    has_variants: bool
    groups: tuple[MenuGroup, ...]


@dataclass(frozen=True, slots=True)
class VenueFacts:
    """What an order needs to know of its venue; ``terminal_ids`` are those that may accept it."""

    accepting_orders: bool
    price_policy: str
    default_terminal_id: int | None
    terminal_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class Known:
    """What an order's references turned out to be. ``sale_type_enabled`` None means that there is no such type."""

    venue: VenueFacts | None
    sale_type_enabled: bool | None
    customer_known: bool
    menu: Mapping[int, MenuItem]


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the caller should know about an order that was taken all the same."""

    code: str
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class LineSums:
    """What a line costs after its share of the order's discount; ``unit_price`` includes its modifiers."""

    unit_price: Decimal
    subtotal: Decimal
    discount: Decimal
    total: Decimal


@dataclass(frozen=True, slots=True)
class Totals:
    """An order's sums in major units."""

    subtotal: Decimal
    discount: Decimal
    service_charge: Decimal
    delivery_fee: Decimal
    total: Decimal


@dataclass(frozen=True, slots=True)
class Checked:
    """An order that may be stored, but for its stop lists and its key."""

    lines: list[LineSums]
    totals: Totals
    warnings: list[Notice]
    accepted: bool
    terminal_id: int | None


def check_key(key: str | None) -> str | None:
    """An ``Idempotency-Key`` as it was sent. Raises Refusal when it is none."""
    if key is not None and not _KEY.fullmatch(key):
        message = "Idempotency-Key must be 1 to 255 visible characters"
        raise Refusal(400, "invalid_header", message, [Problem("Idempotency-Key", "invalid_header", message)])
    return key


def phone_e164(phone: str) -> str | None:
    """An international number without its punctuation; None for any other spelling."""
    digits = phone.translate(_PHONE_PUNCTUATION)
    return digits if _PHONE.fullmatch(digits) else None


def minor(amount: Decimal) -> int:
    """An amount rounded to cents, as cents."""
    return int(amount.scaleb(2))


def major(amount_minor: int) -> Decimal:
    """Cents as an amount."""
    return Decimal(amount_minor).scaleb(-2)


def demand_of(order: SentOrder) -> dict[int, int]:
    """How much an order takes of each product, in thousandths."""
    demand: dict[int, int] = {}
    for line in order.products:
        demand[line.product_id] = demand.get(line.product_id, 0) + int(line.count * 1_000)
    return demand


def shortage(order: SentOrder, product_id: int, left_milli: int) -> Problem:
    """The problem of a stop list that has less than the order takes."""
    index = next(i for i, line in enumerate(order.products) if line.product_id == product_id)
    left = f"{Decimal(left_milli) / 1_000:f}"
    message = f"Only {left} of product {product_id} is left"
    return Problem(f"products[{index}].product_id", "stop_listed", message, product_id)


def unknown_customer(customer_id: int) -> Problem:
    """The problem of a customer that is not in the brand."""
    return Problem("customer.id", "unknown_customer", f"No customer {customer_id} in this brand", customer_id)


def check(order: SentOrder, known: Known) -> Checked:
    """Hold an order against what its references are, and price it. Raises Refusal with every problem found."""
    problems: list[Problem] = []
    warnings: list[Notice] = []
    venue = known.venue
    if venue is None:
        message = f"No venue {order.venue_id} in this brand"
        raise invalid([Problem("venue_id", "unknown_venue", message, order.venue_id)])
    if not venue.accepting_orders:
        message = f"Venue {order.venue_id} is not accepting orders"
        problems.append(Problem("venue_id", "venue_not_accepting", message, order.venue_id))
    if known.sale_type_enabled is None:
        message = f"No sale type {order.sale_type_id} in this brand"
        problems.append(Problem("sale_type_id", "unknown_sale_type", message, order.sale_type_id))
    elif not known.sale_type_enabled:
        message = f"Sale type {order.sale_type_id} is not enabled here"
        problems.append(Problem("sale_type_id", "sale_type_disabled", message, order.sale_type_id))
    if not known.customer_known:
        problems.append(unknown_customer(order.customer.id))
    discount = order.discount
    if discount and discount.discount_type == 1 and (discount.discount_value or ZERO) > 100:
        message = "discount_value must be 100 or less for a percentage"
        problems.append(Problem("discount.discount_value", "too_large", message))
    pricing = _Pricing(venue.price_policy, problems, warnings)
    units = [
        pricing.unit_price(line, known.menu.get(line.product_id), f"products[{i}]")
        for i, line in enumerate(order.products)
    ]
    accepted, terminal_id = _acceptance(order, venue, warnings)
    if problems:
        raise invalid(problems)
    lines, totals = _sums(order, units)
    return Checked(lines, totals, warnings, accepted, terminal_id)


class _Pricing:
    """Finds what each line costs at a venue, noting what is wrong with it."""

    def __init__(self, policy: str, problems: list[Problem], warnings: list[Notice]) -> None:
        self._policy = policy
        self._problems = problems
        self._warnings = warnings

    def unit_price(self, line: SentLine, item: MenuItem | None, path: str) -> Decimal:
        """The price of one portion with its modifiers."""
        where, product_id = f"{path}.product_id", line.product_id
        if item is None:
            self._refuse(where, "unknown_product", f"No product {product_id} in this brand", product_id)
            return line.price
        if item.has_variants:
            message = f"Product {product_id} has variants; order one of them"
            self._refuse(where, "product_not_sellable", message, product_id)
        elif item.price is None:
            message = f"Product {product_id} is not available at this venue"
            self._refuse(where, "product_unavailable", message, product_id)
        unit = line.price if item.price is None else self._charged(line.price, item.price, f"{path}.price")
        chosen = line.modifiers or ()
        for index, modifier in enumerate(chosen):
            unit += modifier.count * self._modifier_price(modifier, item, product_id, f"{path}.modifiers[{index}]")
        for group in item.groups:
            self._check_group(group, chosen, path)
        return unit

    def _modifier_price(self, modifier: SentModifier, item: MenuItem, product_id: int, path: str) -> Decimal:
        stated = modifier.price or ZERO
        for group in item.groups:
            ours = group.prices.get(modifier.modifier_id)
            if ours is not None:
                return self._charged(stated, ours, f"{path}.price")
        message = f"Product {product_id} has no modifier {modifier.modifier_id}"
        self._refuse(f"{path}.modifier_id", "unknown_modifier", message, modifier.modifier_id)
        return stated

    def _charged(self, stated: Decimal, ours: Decimal, field: str) -> Decimal:
        if stated == ours:
            return ours
        message = f"The catalogue's price is {ours}"
        if self._policy == "reject":
            self._refuse(field, "price_differs", message, float(stated))
            return stated
        charged = stated if self._policy == "trust_caller" else ours
        self._warnings.append(Notice("price_differs", field, f"{message}; {charged} is charged"))
        return charged

    def _check_group(self, group: MenuGroup, chosen: Sequence[SentModifier], path: str) -> None:
        count = sum(modifier.count for modifier in chosen if modifier.modifier_id in group.prices)
        if count >= group.min_select and (not group.max_select or count <= group.max_select):
            return
        message = f"{group.name} takes {group.min_select} to {group.max_select or 'any number'}, not {count}"
        self._warnings.append(Notice("modifier_rules", f"{path}.modifiers", message))

    def _refuse(self, field: str, code: str, message: str, value: Any) -> None:
        self._problems.append(Problem(field, code, message, value))


def _acceptance(order: SentOrder, venue: VenueFacts, warnings: list[Notice]) -> tuple[bool, int | None]:
    """Whether the order is accepted at once, and by which terminal."""
    accepted = bool(order.auto_order_accept)
    wanted = order.auto_accept_terminal
    if wanted and wanted in venue.terminal_ids:
        return accepted, wanted if accepted else None
    fallback = venue.default_terminal_id if venue.default_terminal_id in venue.terminal_ids else None
    if wanted:
        message = f"Terminal {wanted} is not available here"
        warnings.append(Notice("terminal_unavailable", "auto_accept_terminal", message))
        accepted = accepted and fallback is not None
    return accepted, fallback if accepted else None


def _sums(order: SentOrder, units: list[Decimal]) -> tuple[list[LineSums], Totals]:
    """Round half-up at the published points and add up."""
    subtotals = [_rounded(line.count * unit) for line, unit in zip(order.products, units, strict=True)]
    subtotal = sum(subtotals, ZERO)
    discount = _discount(order.discount, subtotal)
    charge = order.service_charge
    service = _rounded((subtotal - discount) * (charge.value or ZERO) / 100) if charge and charge.enabled else ZERO
    delivery = _rounded(order.delivery_fee or ZERO)
    totals = Totals(subtotal, discount, service, delivery, subtotal - discount + service + delivery)
    if max(subtotal, totals.total) > MAX_MONEY:
        raise invalid([Problem("products", "too_large", f"The order's total must be {MAX_MONEY} or less")])
    shares = _shares(minor(discount), [minor(amount) for amount in subtotals])
    lines = []
    for unit, amount, share_minor in zip(units, subtotals, shares, strict=True):
        share = Decimal(share_minor) / 100
        lines.append(LineSums(unit, amount, share, amount - share))
    return lines, totals


def _discount(discount: SentDiscount | None, subtotal: Decimal) -> Decimal:
    if discount is None or not discount.discount_type:
        return ZERO
    value = discount.discount_value or ZERO
    if discount.discount_type == 1:
        return _rounded(subtotal * value / 100)
    return min(_rounded(value), subtotal)


def _shares(amount: int, weights: list[int]) -> list[int]:
    """Split an amount by largest remainder, ties to the earlier weight; the parts sum to it exactly."""
    whole = sum(weights)
    if not amount:
        return [0] * len(weights)
    parts = [amount * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(amount * weights[i] % whole), i))
    for index in by_remainder[: amount - sum(parts)]:
        parts[index] += 1
    return parts


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, ROUND_HALF_UP)
