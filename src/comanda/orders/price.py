"""Step 3: what a checked order costs, by contract 14.3, in integer minor units. Pure."""

from decimal import Decimal

from msgspec.structs import replace

from comanda.access.model import Brand
from comanda.base import limits
from comanda.base.errors import Problem, invalid
from comanda.base.money import EXACT, share, to_major, to_minor
from comanda.orders.model import CheckedLine, CheckedOrder, OrderWarning, PricedLine, PricedOrder, Totals

_HUNDREDTH = Decimal("0.01")


def price_order(checked: CheckedOrder, brand: Brand) -> PricedOrder:
    """Round and add up, half-up at the published points only.

    Raises ComandaError ``validation_failed`` with ``too_large``, after the order's other problems, when a sum passes
    the bound on money.
    """
    decimals = brand.decimals
    subtotals = [to_minor(_line_amount(line), decimals) for line in checked.lines]
    subtotal = sum(subtotals)
    discount = _discount(checked, subtotal, decimals)
    totals = Totals(
        subtotal_minor=subtotal,
        discount_minor=discount,
        service_minor=_service(checked, subtotal - discount),
        delivery_minor=to_minor(checked.delivery_fee, decimals),
    )
    _check_bound(checked, totals, decimals)
    lines = zip(subtotals, share(discount, subtotals), strict=True)
    return PricedOrder(
        _with_total_warning(checked, totals, decimals), tuple(PricedLine(*line) for line in lines), totals
    )


def _line_amount(line: CheckedLine) -> Decimal:
    unit = line.price
    for modifier in line.modifiers:
        unit = EXACT.fma(Decimal(modifier.count), modifier.price, unit)
    return EXACT.multiply(line.count, unit)


def _discount(checked: CheckedOrder, subtotal_minor: int, decimals: int) -> int:
    if checked.discount_type == 1:
        return _percent_of(subtotal_minor, checked.discount_value)
    if checked.discount_type == 2:
        return min(to_minor(checked.discount_value, decimals), subtotal_minor)
    return 0


def _service(checked: CheckedOrder, discounted_minor: int) -> int:
    return _percent_of(discounted_minor, checked.service_value) if checked.service_enabled else 0


def _percent_of(amount_minor: int, percent: Decimal) -> int:
    return to_minor(EXACT.multiply(EXACT.multiply(Decimal(amount_minor), percent), _HUNDREDTH), 0)


def _check_bound(checked: CheckedOrder, totals: Totals, decimals: int) -> None:
    bound_minor = limits.MAX_MONEY * 10**decimals
    if max(totals.subtotal_minor, totals.total_minor) > bound_minor:
        problem = Problem("products", "too_large", f"The order's total must be {limits.MAX_MONEY} or less")
        raise invalid([*checked.problems, problem])


def _with_total_warning(checked: CheckedOrder, totals: Totals, decimals: int) -> CheckedOrder:
    """A v1 body states its total; a difference is said, never charged (contract 14.1.2)."""
    ours = to_major(totals.total_minor, decimals)
    if checked.stated_total is None or checked.stated_total == ours:
        return checked
    message = f"orderTotal is {checked.stated_total}; the order's total is {ours}"
    warning = OrderWarning("total_differs", "payload.meta.orderTotal", message)
    return replace(checked, warnings=(*checked.warnings, warning))
