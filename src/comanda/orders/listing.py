"""Which orders or receipts a reader asks for: filters, order and page of contract 9.2, 9.5, 14.5, already checked."""

from dataclasses import dataclass, field
from typing import Final

from comanda.base import limits
from comanda.base.clock import Micros

SORTS: Final = ("id", "created_at", "updated_at")
FILTERS: Final = ("status", "customer_id", "sale_type_id", "integration_id", "order_number")
RELATIONS: Final[dict[str, tuple[str, ...]]] = {
    "customer": ("id", "name", "phone", "address", "email"),
    "receipt": ("id", "service_notification_id", "status"),
}
"""What ``with`` may ask for, and the columns each relation has."""
RECEIPT_SORTS: Final = ("id", "created_at", "updated_at", "closed_at", "total")
RECEIPT_FILTERS: Final = ("status", "order_status", "sale_type_id", "terminal_id", "customer_id", "order_number")
RECEIPT_RELATIONS: Final[dict[str, tuple[str, ...]]] = {
    "receipt_products": (),
    "receipt_products.modificators": (),
    "receipt_products.product.unit": (),
    "receipt_products.product.station": (),
    "receipt_products.modificators.modificator_group": (),
}
"""The documented relations of receipts (contract 9.5); they take no column lists."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a venue's rows. ``filters`` are IN lists; ``span`` is a half-open range of ``created_at``."""

    venue_id: int
    filters: dict[str, tuple[str | int, ...]] = field(default_factory=dict)
    span: tuple[Micros | None, Micros | None] = (None, None)
    sort: str = "created_at"
    descending: bool = True
    page: int = 1
    limit: int = limits.DEFAULT_PAGE_SIZE
    relations: dict[str, tuple[str, ...]] = field(default_factory=dict)
    after: tuple[int, int] | None = None
    """The sort value and id of the last row of the page before."""
    until: Micros | None = None
    """Only orders created by then: those that were there at a cursor's first page."""
