"""Papers in their printers' lines: taken before they are sent, settled after, never silently repeated.

A job goes queued → sending → printed; back to queued when nothing was sent; to uncertain when nobody knows what came
out of the printer, and from there a person settles it.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import and_, bindparam, exists, func, select, update

from comanda.base import limits
from comanda.base.clock import Micros, iso_micros
from comanda.base.errors import ComandaError
from comanda.base.json import to_json
from comanda.kitchen.model import Ticket
from comanda.store.boards import JOB_COLUMNS, PrintJob, job_of
from comanda.store.event_log import NewEvent, NewPrint, append_events
from comanda.store.order_rows import SELECT_TICKET, ticket_of
from comanda.store.tables import leases, print_jobs, tickets
from comanda.store.transaction import Statement, Transaction, one

UNKNOWN_FATE = "nobody knows what came out of the printer"


def heads_of_lines(brand_id: str, now: Micros) -> Transaction[list[tuple[PrintJob, bool]]]:
    """The first queued paper of every printer and station, and whether it may be tried now; others wait for it.

    So a station's papers keep their order, and what a printer that was moved may print no more holds up no other's.
    Oldest first: of two that come out of one device neither waits for ever.
    """
    rows = yield one(_SELECT_HEADS, brand_id=brand_id, status="queued")
    never = now + int((limits.PRINT_MAX_RETRY_S + limits.PRINT_CLOCKS_S) * 1_000_000)
    heads = [(job_of(row[:-1]), not now < int(row[-1]) <= never) for row in rows]
    return sorted(heads, key=lambda head: (head[0].created_at, head[0].number))


def take_job(brand_id: str, job: PrintJob, duty: str, holder: str, now: Micros) -> Transaction[Ticket | None]:
    """Mark a queued paper as being sent; the ticket it shows, or None when it is not ours to send.

    It is not when another process holds the duty's lease by now, however long this transaction was on its way.
    """
    taken = yield one(_TAKE, **_key(brand_id, job), p_duty=duty, p_holder=holder, p_now=now)
    if not taken:
        return None
    rows = yield one(
        _SELECT_TICKET,
        brand_id=brand_id,
        order_id=job.order_id,
        station_id=job.station_id,
        revision=job.revision,
    )
    return ticket_of(rows[0])


def settle_job(brand_id: str, job: PrintJob, status: str, now: Micros) -> Transaction[None]:
    """Note that a paper being sent was printed, or that it need not be."""
    yield one(_SETTLE, **_key(brand_id, job), p_status=status, p_error=None, p_next=now, p_now=now)


def put_back(brand_id: str, job: PrintJob, error: str, next_try_at: Micros, now: Micros) -> Transaction[None]:
    """Put a paper of which nothing was sent back to the head of its line, to be tried again later."""
    yield one(_SETTLE, **_key(brand_id, job), p_status="queued", p_error=error, p_next=next_try_at, p_now=now)


def move_line(brand_id: str, job: PrintJob, printer_id: int, now: Micros) -> Transaction[None]:
    """Let the queued papers of this one's printer and station be printed by another printer, in the same order."""
    yield one(
        _MOVE,
        p_brand_id=brand_id,
        p_venue_id=job.venue_id,
        p_station_id=job.station_id,
        p_printer_id=job.printer_id,
        p_to=printer_id,
        p_now=now,
    )


def wait_for_printer(
    brand_id: str, job: PrintJob, is_needless: Callable[[Ticket], bool], now: Micros
) -> Transaction[None]:
    """What becomes of a queued paper for which there is no printer: looked at again later, unless nobody needs it.

    Nobody does once its ticket has left the screens: whatever it says was seen there.
    """
    rows = yield one(
        _SELECT_TICKET, brand_id=brand_id, order_id=job.order_id, station_id=job.station_id, revision=job.revision
    )
    ticket = ticket_of(rows[0])
    needless = not ticket.open or is_needless(ticket)
    next_try_at = Micros(now + int(limits.PRINT_MAX_RETRY_S * 1_000_000))
    status = "overtaken" if needless else "queued"
    yield one(_POSTPONE, **_key(brand_id, job), p_status=status, p_next=next_try_at, p_now=now)


def make_uncertain(brand_id: str, job: PrintJob, now: Micros) -> Transaction[None]:
    """Set aside a paper whose fate is unknown, and tell of it; one that was settled meanwhile stays as it is."""
    key = _key(brand_id, job)
    taken = yield one(_SETTLE, **key, p_status="uncertain", p_error=UNKNOWN_FATE, p_next=now, p_now=now)
    if not taken:
        return
    yield from _tell(brand_id, job, "uncertain", "print.uncertain", "printing", now)


def find_abandoned(brand_id: str) -> Transaction[list[PrintJob]]:
    """Papers that some process was sending; whoever takes the duty over asks, and nobody is sending them."""
    rows = yield one(_SELECT_SENDING, brand_id=brand_id, status="sending")
    return [job_of(row) for row in rows]


def settle_uncertain(
    brand_id: str,
    venue_id: int,
    number: int,
    actor: str,
    *,
    again: Callable[[PrintJob], int] | None,
    now: Micros,
) -> Transaction[tuple[bool, PrintJob]]:
    """Settle an uncertain paper: ``again`` says on which printer it is printed, marked POSSIBLE DUPLICATE.

    Settled ones stay as they are. Raises ComandaError ``resource_not_found``, ``print_not_uncertain`` for a paper whose
    fate is known, and what ``again`` raises.
    """
    key = {"p_brand_id": brand_id, "p_venue_id": venue_id, "p_number": number}
    taken = yield one(_SETTLE_UNCERTAIN, **key, p_now=now)
    rows = yield one(_SELECT_JOB, brand_id=brand_id, venue_id=venue_id, number=number)
    if not rows:
        raise ComandaError("resource_not_found", "Print job not found")
    job = job_of(rows[0])
    if taken:
        prints = again and NewPrint(again(job), job.order_id, job.station_id, job.revision, "possible_duplicate")
        yield from _tell(brand_id, job, "settled", "print.settled", actor, now, prints)
    elif job.status != "settled":
        raise ComandaError("print_not_uncertain", f"The paper is {job.status}; a ticket's reprint prints it again")
    return bool(taken), job


def job_card(job: PrintJob, status: str | None = None) -> dict[str, Any]:
    """A print job as events and the hub show it."""
    return {
        "id": f"{job.venue_id}-{job.number}",
        "venue_id": job.venue_id,
        "printer_id": job.printer_id,
        "ticket_id": f"{job.order_id}-{job.station_id}-{job.revision}",
        "order_id": job.order_id,
        "kind": job.kind,
        "status": status or job.status,
        "created_at": iso_micros(job.created_at),
    }


def _tell(
    brand_id: str, job: PrintJob, status: str, type_: str, actor: str, now: Micros, prints: NewPrint | None = None
) -> Transaction[None]:
    data = to_json(job_card(job, status)).decode()
    event = NewEvent(None, None, type_, actor, data, now, prints)
    yield from append_events({(brand_id, job.venue_id): [event]})


def _key(brand_id: str, job: PrintJob) -> dict[str, Any]:
    return {"p_brand_id": brand_id, "p_venue_id": job.venue_id, "p_number": job.number}


def _of_brand() -> Sequence[Any]:
    return (print_jobs.c.brand_id == bindparam("brand_id"), print_jobs.c.status == bindparam("status"))


_P_KEY = (
    print_jobs.c.brand_id == bindparam("p_brand_id"),
    print_jobs.c.venue_id == bindparam("p_venue_id"),
    print_jobs.c.number == bindparam("p_number"),
)
_heads = (
    select(print_jobs.c.venue_id, func.min(print_jobs.c.number).label("number"))
    .where(*_of_brand())
    .group_by(print_jobs.c.printer_id, print_jobs.c.venue_id, print_jobs.c.station_id)
    .subquery()
)
_SELECT_HEADS = Statement(
    select(*JOB_COLUMNS, print_jobs.c.next_try_at)
    .join(_heads, and_(_heads.c.venue_id == print_jobs.c.venue_id, _heads.c.number == print_jobs.c.number))
    .where(*_of_brand())
    .order_by(print_jobs.c.printer_id, print_jobs.c.number)
)
"""However long one printer's line is, the others have their heads too."""
_SELECT_SENDING = Statement(select(*JOB_COLUMNS).where(*_of_brand()).order_by(print_jobs.c.number))
_SELECT_JOB = Statement(
    select(*JOB_COLUMNS).where(
        print_jobs.c.brand_id == bindparam("brand_id"),
        print_jobs.c.venue_id == bindparam("venue_id"),
        print_jobs.c.number == bindparam("number"),
    )
)
_TAKE = Statement(
    update(print_jobs)
    .where(
        *_P_KEY,
        print_jobs.c.status == "queued",
        exists().where(
            leases.c.brand_id == bindparam("p_brand_id"),
            leases.c.duty == bindparam("p_duty"),
            leases.c.holder == bindparam("p_holder"),
        ),
    )
    .values(status="sending", attempts=print_jobs.c.attempts + 1, updated_at=bindparam("p_now"))
    .returning(print_jobs.c.number)
)
_SETTLE = Statement(
    update(print_jobs)
    .where(*_P_KEY, print_jobs.c.status == "sending")
    .values(
        status=bindparam("p_status"),
        error=bindparam("p_error"),
        next_try_at=bindparam("p_next"),
        updated_at=bindparam("p_now"),
    )
    .returning(print_jobs.c.number)
)
_POSTPONE = Statement(
    update(print_jobs)
    .where(*_P_KEY, print_jobs.c.status == "queued")
    .values(status=bindparam("p_status"), next_try_at=bindparam("p_next"), updated_at=bindparam("p_now")),
    returns=False,
)
_MOVE = Statement(
    update(print_jobs)
    .where(
        print_jobs.c.brand_id == bindparam("p_brand_id"),
        print_jobs.c.venue_id == bindparam("p_venue_id"),
        print_jobs.c.station_id == bindparam("p_station_id"),
        print_jobs.c.printer_id == bindparam("p_printer_id"),
        print_jobs.c.status == "queued",
    )
    .values(printer_id=bindparam("p_to"), next_try_at=0, updated_at=bindparam("p_now"))
)
_SETTLE_UNCERTAIN = Statement(
    update(print_jobs)
    .where(*_P_KEY, print_jobs.c.status == "uncertain")
    .values(status="settled", updated_at=bindparam("p_now"))
    .returning(print_jobs.c.number)
)
_SELECT_TICKET = Statement(
    SELECT_TICKET.where(
        tickets.c.brand_id == bindparam("brand_id"),
        tickets.c.order_id == bindparam("order_id"),
        tickets.c.station_id == bindparam("station_id"),
        tickets.c.revision == bindparam("revision"),
    )
)
