"""The states of an order and who may move it: one table (contract 14.4)."""

from enum import StrEnum
from typing import Final

from comanda.base.errors import ComandaError


class Status(StrEnum):
    """Where an order is."""

    PENDING = "PENDING"
    RECEIVED = "RECEIVED"
    IGNORE = "IGNORE"
    DELIVERED = "DELIVERED"


class Actor(StrEnum):
    """Who moves an order."""

    INTEGRATOR = "integrator"
    AUTOMATIC = "automatic"


TRANSITIONS: Final[dict[tuple[Status, Status], frozenset[Actor]]] = {
    (Status.PENDING, Status.RECEIVED): frozenset({Actor.AUTOMATIC}),
    (Status.PENDING, Status.IGNORE): frozenset({Actor.INTEGRATOR}),
    (Status.RECEIVED, Status.IGNORE): frozenset({Actor.INTEGRATOR}),
}
"""Every move there is. Acceptance by people, hand-over and tickets join with the kitchen."""


def moves(*, present: Status, wanted: Status, actor: Actor) -> bool:
    """Whether the order changes: False when it is there already.

    Raises ComandaError ``validation_failed`` / ``Status is not allowed`` for any move not in the table.
    """
    if present is wanted:
        return False
    if actor not in TRANSITIONS.get((present, wanted), frozenset()):
        raise status_not_allowed()
    return True


def status_not_allowed() -> ComandaError:
    """The documented refusal of a status (contract 9.4)."""
    return ComandaError("validation_failed", "Status is not allowed")
