"""The states of an order and who may move it, when: one table (contract 14.4), checked when the server starts."""

from collections.abc import Mapping
from enum import Enum, StrEnum
from typing import Final

from comanda.base.errors import ComandaError


class Status(StrEnum):
    """Where an order is."""

    PENDING = "PENDING"
    RECEIVED = "RECEIVED"
    IGNORE = "IGNORE"
    DELIVERED = "DELIVERED"


class Actor(StrEnum):
    """Who moves an order. ``TERMINAL`` is any paired device, ``STAFF`` any signed-in person but a manager."""

    INTEGRATOR = "integrator"
    TERMINAL = "terminal"
    STAFF = "staff"
    MANAGER = "manager"
    AUTOMATIC = "automatic"
    DEADLINE = "deadline"


class When(Enum):
    """What must hold for a move."""

    ALWAYS = "always"
    BEFORE_START = "before a ticket is started"
    WHILE_UNPAID = "while unpaid"


PEOPLE: Final = (Actor.TERMINAL, Actor.STAFF, Actor.MANAGER)
TRANSITIONS: Final[Mapping[tuple[Status, Status], Mapping[Actor, When]]] = {
    (Status.PENDING, Status.RECEIVED): dict.fromkeys((*PEOPLE, Actor.AUTOMATIC, Actor.DEADLINE), When.ALWAYS),
    (Status.PENDING, Status.IGNORE): dict.fromkeys((*PEOPLE, Actor.INTEGRATOR, Actor.DEADLINE), When.ALWAYS),
    (Status.RECEIVED, Status.IGNORE): {
        Actor.INTEGRATOR: When.BEFORE_START,
        Actor.TERMINAL: When.WHILE_UNPAID,
        Actor.STAFF: When.WHILE_UNPAID,
        Actor.MANAGER: When.ALWAYS,
    },
    (Status.RECEIVED, Status.DELIVERED): dict.fromkeys((*PEOPLE, Actor.INTEGRATOR), When.ALWAYS),
}
"""Every move there is."""


def moves(*, present: Status, wanted: Status, actor: Actor, started: bool = False, paid: bool = False) -> bool:
    """Whether the order changes: False when it is there already.

    ``started``: a station has begun; ``paid``: its receipt is closed. Raises ComandaError ``validation_failed`` /
    ``Status is not allowed`` for any move not in the table.
    """
    if present is wanted:
        return False
    when = TRANSITIONS.get((present, wanted), {}).get(actor)
    if when is None or (when is When.BEFORE_START and started) or (when is When.WHILE_UNPAID and paid):
        raise status_not_allowed()
    return True


def status_not_allowed() -> ComandaError:
    """The documented refusal of a status (contract 9.4)."""
    return ComandaError("validation_failed", "Status is not allowed")


Transitions = Mapping[tuple[Status, Status], Mapping[Actor, When]]


def check_lifecycle(transitions: Transitions = TRANSITIONS) -> None:
    """Hold the table against what the contract promises of any order; the server does not start with another.

    Raises AssertionError unless every state is reached from PENDING, IGNORE and DELIVERED have no way out, nothing is
    delivered that was not accepted, no integrator accepts, what is paid is cancelled by managers only, and every actor
    is named.
    """
    reached = {Status.PENDING}
    for _ in Status:
        reached |= {wanted for (present, wanted) in transitions if present in reached}
    left = {present for present, _ in transitions}
    named = {actor for actors in transitions.values() for actor in actors}
    cancels = transitions.get((Status.RECEIVED, Status.IGNORE), {})
    holds = (
        reached == set(Status),
        not left & {Status.IGNORE, Status.DELIVERED},
        (Status.PENDING, Status.DELIVERED) not in transitions,
        Actor.INTEGRATOR not in transitions.get((Status.PENDING, Status.RECEIVED), {}),
        {actor for actor, when in cancels.items() if when is When.ALWAYS} == {Actor.MANAGER},
        named == set(Actor),
    )
    if not all(holds):
        raise AssertionError("the table of an order's states contradicts contract 14.4")
