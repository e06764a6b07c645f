"""The moves of a receipt's ``order_status`` (contract 11, 14.4): one table."""

from collections.abc import Mapping
from typing import Final

from comanda.base.errors import ComandaError, Problem
from comanda.receipts.model import OrderStatus, Receipt

_BEFORE_PICK_UP: Final = (OrderStatus.READY, OrderStatus.PICKED_UP, OrderStatus.COMPLETED, OrderStatus.CANCELLED)
MOVES: Final[Mapping[OrderStatus, frozenset[OrderStatus]]] = {
    OrderStatus.NEW: frozenset({OrderStatus.SCHEDULED, OrderStatus.IN_PROGRESS, *_BEFORE_PICK_UP}),
    OrderStatus.SCHEDULED: frozenset({OrderStatus.NEW, OrderStatus.IN_PROGRESS, *_BEFORE_PICK_UP}),
    OrderStatus.IN_PROGRESS: frozenset({OrderStatus.NEW, OrderStatus.SCHEDULED, *_BEFORE_PICK_UP}),
    OrderStatus.READY: frozenset(
        {OrderStatus.IN_PROGRESS, OrderStatus.PICKED_UP, OrderStatus.COMPLETED, OrderStatus.CANCELLED}
    ),
    OrderStatus.PICKED_UP: frozenset({OrderStatus.COMPLETED, OrderStatus.CANCELLED}),
    OrderStatus.COMPLETED: frozenset(),
    OrderStatus.CANCELLED: frozenset(),
}
"""From each state to which. CANCELLED goes with the order's own move to IGNORE, COMPLETED with that to DELIVERED."""
_RANK: Final = {status: rank for rank, status in enumerate(OrderStatus)}


def check_moves(moves: Mapping[OrderStatus, frozenset[OrderStatus]] = MOVES) -> None:
    """Hold the table against contract 14.4; the server does not start with another.

    Raises AssertionError unless every state has its moves, COMPLETED and CANCELLED have none, each other one can come
    to both, and what was picked up never goes back to the kitchen.
    """
    ends = frozenset({OrderStatus.COMPLETED, OrderStatus.CANCELLED})
    holds = (
        set(moves) == set(OrderStatus),
        all(not moves.get(end) for end in ends),
        all(ends <= wanted for present, wanted in moves.items() if present not in ends),
        moves.get(OrderStatus.PICKED_UP) == ends,
    )
    if not all(holds):
        raise AssertionError("the table of a receipt's states contradicts contract 14.4")


def status_moves(receipt: Receipt, wanted: OrderStatus) -> bool:
    """Whether the receipt's ``order_status`` changes; False when it is there already.

    Raises ComandaError ``validation_failed`` for a move not in the table, or back on a closed receipt.
    """
    if receipt.order_status is wanted:
        return False
    if (receipt.order_status, wanted) == (OrderStatus.COMPLETED, OrderStatus.PICKED_UP):
        return False  # picked up it is; paid too, so that it became COMPLETED
    backward = _RANK[wanted] < _RANK[receipt.order_status]
    if wanted not in MOVES[receipt.order_status] or (receipt.closed and backward):
        message = f"order_status cannot move from {receipt.order_status} to {wanted}"
        if receipt.closed and backward:
            message = f"{message}: the receipt is closed"
        raise ComandaError(
            "validation_failed",
            "Invalid field values provided",
            details=(Problem("order_status", "not_allowed", message, str(wanted)),),
        )
    return True
