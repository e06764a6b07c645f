"""What screens show, each with the event number it stands at: read on one view of the store."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, literal_column, select, true

from comanda.base import limits
from comanda.base.clock import Micros
from comanda.kitchen.model import Ticket
from comanda.orders.model import StoredOrder
from comanda.orders.timeline import STEPS
from comanda.receipts.model import Receipt
from comanda.store.order_rows import SELECT_ORDER, SELECT_RECEIPT, SELECT_TICKET, order_of, receipt_of, ticket_of
from comanda.store.tables import device_presence, orders, print_jobs, receipts, stop_list, tickets, venue_counters
from comanda.store.transaction import Row, Statement, Transaction, each, one


@dataclass(frozen=True, slots=True)
class PrintJob:
    """A paper in a printer's line or out of it.

    ``status`` is queued, sending, printed, uncertain, settled by people, or overtaken: needed no more.
    """

    venue_id: int
    number: int
    printer_id: int
    order_id: int
    station_id: int
    revision: int
    kind: str
    status: str
    attempts: int
    error: str | None
    created_at: Micros
    updated_at: Micros


@dataclass(frozen=True, slots=True)
class Board:
    """Everything of a venue that is not done with, as it was when its log stood at ``number``."""

    number: int
    orders: Sequence[StoredOrder]
    receipts: Sequence[Receipt]
    tickets: Sequence[Ticket]
    stop_list: Sequence[tuple[int, int]]
    presence: Sequence[tuple[int, bool]]
    uncertain: Sequence[PrintJob]


def read_board(brand_id: str, venue_id: int) -> Transaction[Board]:
    """A venue's open orders with their receipts, its open tickets, stop list, terminals and uncertain papers.

    Where there are more than a screen can show, the newest are shown.
    """
    number = yield from _number(brand_id, venue_id)
    found = yield one(_SELECT_OPEN, brand_id=brand_id, venue_id=venue_id)
    open_orders = [order_of(row) for row in reversed(found)]
    paid = yield each(_SELECT_RECEIPT, [{"brand_id": brand_id, "id": order.id} for order in open_orders])
    cards = yield one(_SELECT_OPEN_TICKETS, brand_id=brand_id, venue_id=venue_id)
    left = yield one(_SELECT_STOP_LIST, brand_id=brand_id, venue_id=venue_id)
    present = yield one(_SELECT_PRESENCE, brand_id=brand_id, venue_id=venue_id)
    uncertain = yield from read_jobs(brand_id, venue_id, "uncertain")
    return Board(
        number=number,
        orders=open_orders,
        receipts=[receipt_of(row) for row in paid],
        tickets=[ticket_of(row) for row in reversed(cards)],
        stop_list=[(int(row[0]), int(row[1])) for row in left],
        presence=[(int(row[0]), bool(row[1])) for row in present],
        uncertain=uncertain,
    )


def read_station(brand_id: str, venue_id: int, station_id: int) -> Transaction[tuple[int, list[Ticket]]]:
    """A station's open tickets at a venue, oldest first, and the number they stand at."""
    number = yield from _number(brand_id, venue_id)
    rows = yield one(_SELECT_STATION, brand_id=brand_id, venue_id=venue_id, station_id=station_id)
    return number, [ticket_of(row) for row in reversed(rows)]


def read_jobs(brand_id: str, venue_id: int, status: str) -> Transaction[list[PrintJob]]:
    """The newest papers of a venue that are in a state, MAX_BOARD_ORDERS at most, by printer, each's oldest first."""
    rows = yield one(_SELECT_JOBS, brand_id=brand_id, venue_id=venue_id, status=status)
    return sorted((job_of(row) for row in rows), key=lambda job: (job.printer_id, job.number))


def count_jobs(brand_id: str, venue_id: int, status: str) -> Transaction[int]:
    """How many papers of a venue are in a state."""
    rows = yield one(_COUNT_JOBS, brand_id=brand_id, venue_id=venue_id, status=status)
    return int(rows[0][0])


def read_times(brand_id: str, venue_id: int, since: Micros) -> Transaction[list[dict[str, int | None]]]:
    """The instants of the delivery chain of a venue's orders stored since then."""
    rows = yield one(_SELECT_TIMES, brand_id=brand_id, venue_id=venue_id, since=since)
    return [dict(zip(_TIMES, row, strict=True)) for row in rows]


def job_of(row: Row) -> PrintJob:
    """The job in a row selected as `JOB_COLUMNS`."""
    return PrintJob(*row)


def _number(brand_id: str, venue_id: int) -> Transaction[int]:
    rows = yield one(_SELECT_NUMBER, brand_id=brand_id, venue_id=venue_id)
    return int(rows[0][0]) if rows else 0


def _at_venue(table: Any) -> tuple[Any, Any]:
    return table.c.brand_id == bindparam("brand_id"), table.c.venue_id == bindparam("venue_id")


_TIMES = tuple(field for _, field in STEPS)
JOB_COLUMNS = (
    print_jobs.c.venue_id,
    print_jobs.c.number,
    print_jobs.c.printer_id,
    print_jobs.c.order_id,
    print_jobs.c.station_id,
    print_jobs.c.revision,
    print_jobs.c.kind,
    print_jobs.c.status,
    print_jobs.c.attempts,
    print_jobs.c.error,
    print_jobs.c.created_at,
    print_jobs.c.updated_at,
)
_SELECT_NUMBER = Statement(select(venue_counters.c.last_event).where(*_at_venue(venue_counters)))
_SELECT_OPEN = Statement(
    SELECT_ORDER.where(*_at_venue(orders), orders.c.open == true())
    # In a sum it leads no planner to the index of all orders by time, of which few are open.
    .order_by((orders.c.created_at + literal_column("0")).desc(), orders.c.id.desc())
    .limit(limits.MAX_BOARD_ORDERS)
)
_SELECT_RECEIPT = Statement(
    SELECT_RECEIPT.where(receipts.c.brand_id == bindparam("brand_id"), receipts.c.id == bindparam("id"))
)
_open_tickets = SELECT_TICKET.where(*_at_venue(tickets), tickets.c.open == true()).limit(limits.MAX_BOARD_ORDERS)
_newest_first = (tickets.c.created_at.desc(), tickets.c.order_id.desc(), tickets.c.station_id.desc())
_SELECT_OPEN_TICKETS = Statement(_open_tickets.order_by(*_newest_first))
_SELECT_STATION = Statement(
    _open_tickets.where(tickets.c.station_id == bindparam("station_id")).order_by(*_newest_first)
)
_SELECT_STOP_LIST = Statement(
    select(stop_list.c.product_id, stop_list.c.quantity_milli)
    .where(*_at_venue(stop_list))
    .order_by(stop_list.c.product_id)
)
_SELECT_PRESENCE = Statement(
    select(device_presence.c.device_id, device_presence.c.present)
    .where(*_at_venue(device_presence))
    .order_by(device_presence.c.device_id)
)
_SELECT_JOBS = Statement(
    select(*JOB_COLUMNS)
    .where(*_at_venue(print_jobs), print_jobs.c.status == bindparam("status"))
    .order_by(print_jobs.c.number.desc())
    .limit(limits.MAX_BOARD_ORDERS)
)
_COUNT_JOBS = Statement(select(func.count()).where(*_at_venue(print_jobs), print_jobs.c.status == bindparam("status")))
_SELECT_TIMES = Statement(
    select(*(orders.c[name] for name in _TIMES))
    .where(*_at_venue(orders), orders.c.created_at >= bindparam("since"))
    .order_by(orders.c.created_at.desc())
    .limit(limits.MAX_MEASURED_ORDERS)
)
