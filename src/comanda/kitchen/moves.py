"""The moves of a ticket: one table, and the ticket after each."""

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from comanda.base.clock import Micros
from comanda.base.errors import ComandaError
from comanda.kitchen.model import Ticket, TicketStatus

MOVES: Final[Mapping[TicketStatus, frozenset[TicketStatus]]] = {
    TicketStatus.NEW: frozenset({TicketStatus.STARTED, TicketStatus.READY, TicketStatus.CANCELLED}),
    TicketStatus.STARTED: frozenset({TicketStatus.READY, TicketStatus.CANCELLED}),
    TicketStatus.READY: frozenset({TicketStatus.STARTED, TicketStatus.CANCELLED}),
    TicketStatus.CANCELLED: frozenset(),
}
"""From each state to which; READY to STARTED is a recall."""


def check_moves(moves: Mapping[TicketStatus, frozenset[TicketStatus]] = MOVES) -> None:
    """Hold the table against what cooks are promised; the server does not start with another.

    Raises AssertionError unless every state has its moves, a cancelled ticket stays so, every other one can be
    cancelled, and nothing that was begun is new again.
    """
    holds = (
        set(moves) == set(TicketStatus),
        not moves.get(TicketStatus.CANCELLED),
        all(TicketStatus.CANCELLED in to for at, to in moves.items() if at is not TicketStatus.CANCELLED),
        all(TicketStatus.NEW not in to for to in moves.values()),
    )
    if not all(holds):
        raise AssertionError("the table of a ticket's states contradicts contract 14.4")


def start(ticket: Ticket, now: Micros) -> Ticket:
    """The ticket begun; the same when it was begun before. Raises ComandaError ``ticket_not_allowed``."""
    if ticket.status in (TicketStatus.STARTED, TicketStatus.READY):
        return ticket
    _check(ticket, TicketStatus.STARTED)
    return replace(ticket, status=TicketStatus.STARTED, started_at=now, updated_at=now)


def line_ready(ticket: Ticket, line: int, now: Micros) -> Ticket:
    """The ticket with one line ready; with its last line it is ready itself.

    Raises ComandaError ``resource_not_found`` for a line that is not on it, ``ticket_not_allowed``.
    """
    found = next((item for item in ticket.lines if item.line == line), None)
    if found is None:
        raise ComandaError("resource_not_found", f"Line {line} is not on ticket {ticket.id}")
    if found.ready_at is not None:
        return ticket
    started = start(ticket, now)
    lines = tuple(replace(item, ready_at=now) if item.line == line else item for item in started.lines)
    changed = replace(started, lines=lines, updated_at=now)
    if all(item.ready_at is not None for item in lines):
        return replace(changed, status=TicketStatus.READY, ready_at=now)
    return changed


def ready(ticket: Ticket, now: Micros) -> Ticket:
    """The ticket with all its lines ready. Raises ComandaError ``ticket_not_allowed``."""
    if ticket.status is TicketStatus.READY:
        return ticket
    _check(ticket, TicketStatus.READY)
    return replace(
        ticket,
        status=TicketStatus.READY,
        lines=tuple(item if item.ready_at is not None else replace(item, ready_at=now) for item in ticket.lines),
        started_at=now if ticket.started_at is None else ticket.started_at,
        ready_at=now,
        updated_at=now,
    )


def recall(ticket: Ticket, now: Micros) -> Ticket:
    """A ready ticket back in work, all its lines to do; the same when it is.

    Raises ComandaError ``ticket_not_allowed``.
    """
    if ticket.status is TicketStatus.STARTED and not any(item.ready_at for item in ticket.lines):
        return ticket
    if ticket.status is not TicketStatus.READY:
        raise _not_allowed(ticket, "recalled")
    if not ticket.open:
        raise _not_allowed(ticket, "recalled: its order has left")
    lines = tuple(replace(item, ready_at=None) for item in ticket.lines)
    return replace(ticket, status=TicketStatus.STARTED, lines=lines, ready_at=None, updated_at=now)


def cancel(ticket: Ticket, now: Micros) -> Ticket:
    """The ticket cancelled; it stays open, so that the cook sees it, until it is dismissed."""
    _check(ticket, TicketStatus.CANCELLED)
    return replace(ticket, status=TicketStatus.CANCELLED, open=True, cancelled_at=now, updated_at=now)


def dismiss(ticket: Ticket, now: Micros) -> Ticket:
    """A cancelled ticket off the screen. Raises ComandaError ``ticket_not_allowed`` for any other."""
    if ticket.status is not TicketStatus.CANCELLED:
        raise _not_allowed(ticket, "dismissed")
    return replace(ticket, open=False, updated_at=now) if ticket.open else ticket


def _check(ticket: Ticket, wanted: TicketStatus) -> None:
    if wanted not in MOVES[ticket.status]:
        raise _not_allowed(ticket, wanted.value)


def _not_allowed(ticket: Ticket, wanted: str) -> ComandaError:
    return ComandaError("ticket_not_allowed", f"Ticket {ticket.id} is {ticket.status} and cannot be {wanted}")
