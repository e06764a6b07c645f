"""Closing a receipt: payments that cover exactly what remains, by methods of the venue (contract 9.8, 14.4). Pure."""

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from comanda.access.model import Brand
from comanda.base.clock import Micros
from comanda.base.errors import ComandaError, Problem
from comanda.base.money import EXACT, plain, to_major
from comanda.catalogue.model import PaymentMethod
from comanda.receipts.model import CLOSED, Payment, Receipt

_A_DAY = 86_400_000_000
"""In microseconds: clocks of tills and notions of their zone differ by less."""


class Offer(Struct, frozen=True):
    """One payment as it was sent; ``amount`` is exact, in major units."""

    id: int
    name: str
    amount: Decimal


class Tender(Struct, frozen=True):
    """What is paid, and when if that was stated: UTC."""

    payments: tuple[Offer, ...]
    closed_at: Micros | None = None


def close_receipt(
    receipt: Receipt,
    tender: Tender,
    brand: Brand,
    methods: Mapping[int, PaymentMethod],
    *,
    by_name: str,
    at: Micros,
) -> Receipt:
    """The receipt closed by the tender.

    Raises ComandaError ``receipt_closed``; ``validation_failed`` with ``closed_at must be greater than created_at``,
    or with every problem of the payments: ``unknown_payment_method``, ``underpaid``, ``overpaid``, and others.
    """
    if receipt.closed:
        raise ComandaError("receipt_closed", f"Receipt {receipt.id} is closed", extra={"receipt_id": receipt.id})
    closed_at = at if tender.closed_at is None else tender.closed_at
    if tender.closed_at is not None and closed_at // 1_000_000 < receipt.created_at // 1_000_000:
        message = "closed_at must be greater than created_at"
        raise ComandaError("validation_failed", message, details=(Problem("closed_at", "too_early", message),))
    if closed_at > at + _A_DAY:
        message = "closed_at must not lie in the future"
        raise ComandaError("validation_failed", message, details=(Problem("closed_at", "too_late", message),))
    problems = [
        problem
        for index, offer in enumerate(tender.payments)
        for problem in _problems_of(offer, f"payment_methods[{index}]", receipt, tender, brand, methods)
    ]
    if not problems:
        problems = _sum_problems(receipt, tender, brand)
    if problems:
        raise ComandaError("validation_failed", problems[0].message, details=tuple(problems))
    payments = tuple(Payment(offer.id, offer.name, _minor(offer.amount, brand)) for offer in tender.payments)
    return replace(
        receipt,
        status=CLOSED,
        remaining_minor=0,
        payments=payments,
        closed_by=by_name,
        closed_at=closed_at,
        updated_at=at,
    )


def _problems_of(
    offer: Offer, path: str, receipt: Receipt, tender: Tender, brand: Brand, methods: Mapping[int, PaymentMethod]
) -> list[Problem]:
    method = methods.get(offer.id)
    if method is None or not method.active or receipt.venue_id in method.disabled_venues:
        message = f"There is no payment method {offer.id} at this venue"
        return [Problem(f"{path}.id", "unknown_payment_method", message, offer.id)]
    problems = []
    if method.customer_required and not receipt.customer_id:
        message = f"{method.name} needs a customer; this receipt is a guest's"
        problems.append(Problem(f"{path}.id", "customer_required", message, offer.id))
    if not method.split and len(tender.payments) > 1:
        problems.append(Problem(f"{path}.id", "not_divisible", f"{method.name} must pay the whole amount", offer.id))
    exact = EXACT.scaleb(offer.amount, brand.decimals)
    if exact != exact.to_integral_value():
        message = f"{brand.currency} has {brand.decimals} decimals"
        problems.append(Problem(f"{path}.amount", "too_many_decimals", message, plain(offer.amount)))
    return problems


def _sum_problems(receipt: Receipt, tender: Tender, brand: Brand) -> list[Problem]:
    paid = sum(_minor(offer.amount, brand) for offer in tender.payments)
    if paid == receipt.remaining_minor:
        return []
    given, due = to_major(paid, brand.decimals), to_major(receipt.remaining_minor, brand.decimals)
    code = "underpaid" if paid < receipt.remaining_minor else "overpaid"
    return [Problem("payment_methods", code, f"The payments sum to {given}; {due} remains", given)]


def _minor(amount: Decimal, brand: Brand) -> int:
    return int(EXACT.scaleb(amount, brand.decimals))
