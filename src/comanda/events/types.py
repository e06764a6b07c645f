"""The closed list of what happens: every type that an event of the log may have, and that readers may ask for."""

from typing import Final

EVENT_TYPES: Final[tuple[str, ...]] = (
    "order.created",
    "order.received",
    "order.ignored",
    "order.delivered",
    "order.needs_attention",
    "order.seen",
    "order.sent_to_station",
    "order.handed_over",
    "order.changed",
    "order.reminded",
    "order.escalated",
    "ticket.created",
    "ticket.started",
    "ticket.line_ready",
    "ticket.ready",
    "ticket.recalled",
    "ticket.reprinted",
    "ticket.cancelled",
    "ticket.dismissed",
    "print.uncertain",
    "print.settled",
    "receipt.opened",
    "receipt.changed",
    "receipt.closed",
    "stop_list.changed",
    "terminal.present",
    "terminal.absent",
    "catalogue.changed",
)
