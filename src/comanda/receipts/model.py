"""A receipt: what the guest pays for one order. Money is minor units, instants are UTC microseconds."""

from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct

from comanda.access.model import BrandId
from comanda.base import limits
from comanda.base.clock import Micros

OPEN: Final = 1
CLOSED: Final = 2
"""The two values of a receipt's ``status`` (contract 11)."""


class OrderStatus(StrEnum):
    """How far the food is (contract 11); its moves stand in `comanda.receipts.moves`."""

    NEW = "NEW"
    SCHEDULED = "SCHEDULED"
    IN_PROGRESS = "IN_PROGRESS"
    READY = "READY"
    PICKED_UP = "PICKED_UP"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"


class Payment(Struct, frozen=True):
    """What was paid by one method; ``name`` is kept as it was sent."""

    id: int
    name: str
    amount_minor: int


class Receipt(Struct, frozen=True):
    """A receipt as the store holds it; ``refund_due`` marks one that was paid and then cancelled."""

    brand_id: BrandId
    id: int
    venue_id: int
    order_id: int
    cid: str
    customer_id: int
    sale_type_id: int
    terminal_id: int | None
    status: int
    order_status: OrderStatus
    order_number: str
    locked: bool
    fiscal_id: str | None
    subtotal_minor: int
    discount_minor: int
    service_minor: int
    delivery_minor: int
    total_minor: int
    remaining_minor: int
    payments: tuple[Payment, ...]
    refund_due: bool
    closed_by: str | None
    shift_date: str
    created_at: Micros
    updated_at: Micros
    closed_at: Micros | None

    @property
    def closed(self) -> bool:
        """Whether it takes no more payments."""
        return self.status == CLOSED

    @property
    def handed_over(self) -> bool:
        """Whether the guest has the food."""
        return self.order_status in (OrderStatus.PICKED_UP, OrderStatus.COMPLETED)


def receipt_cid(receipt_id: int, random_bits: int) -> str:
    """A version 8 UUID that holds the receipt's id in its first 54 free bits and 68 random ones after them."""
    bits = receipt_id << 68 | random_bits & (1 << 68) - 1
    high, middle, low = bits >> 74, bits >> 62 & 0xFFF, bits & (1 << 62) - 1
    return str(UUID(int=high << 80 | 0x8 << 76 | middle << 64 | 0b10 << 62 | low))


def receipt_id_of(cid: UUID) -> int:
    """The id that a receipt with this ``cid`` would have; whether it has this ``cid`` is for the reader to check."""
    value = cid.int
    bits = value >> 80 << 74 | (value >> 64 & 0xFFF) << 62 | value & (1 << 62) - 1
    return min(bits >> 68, limits.MAX_ID)
