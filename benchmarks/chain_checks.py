"""What must hold of the chain behind an order after any crash: receipts, tickets, deadlines, papers, what staff did.

Pure like `benchmarks.crash_checks`, whose look at a store these checks are part of.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

import msgspec

Row = Sequence[Any]
KITCHEN: Final = 6
"""The venue with accept deadlines, a terminal of its own and a printer at its kitchen station."""
PRINTER: Final = 2
STATION: Final = 1
REMIND_S, IGNORE_S = 1, 2
STEPS: Final[Mapping[str, tuple[str, ...]]] = {
    "accept": ("order.received", "receipt.opened", "ticket.created"),
    "start": ("ticket.started", "receipt.changed", "order.changed"),
    "ready": ("ticket.ready", "receipt.changed", "order.changed"),
    "hand-over": ("receipt.changed", "order.handed_over"),
    "close": ("receipt.closed", "order.delivered"),
}
"""What staff do to an order, in this order, and the events each of it causes."""
_MOVES: Final = {"order.received": "RECEIVED", "order.ignored": "IGNORE", "order.delivered": "DELIVERED"}
_JOB_STATES: Final = ("queued", "sending", "printed", "uncertain", "settled", "overtaken")
_CLOSED: Final = 2


class Fate(Enum):
    """What is known of a request or a deed."""

    STORED = "stored"
    OPEN = "open"
    """No answer that counts: it may have happened or not."""
    ABSENT = "absent"


@dataclass(slots=True)
class Deed:
    """Something a terminal did to an order, under the key it is known by."""

    key: str
    order_id: int
    step: str
    path: str
    body: dict[str, Any]
    fate: Fate = Fate.OPEN


@dataclass(slots=True)
class Paper:
    """A paper that came out of the printer; ``doubtful`` when what the store knew of it was torn away."""

    ticket: tuple[int, int, int]
    marked: bool
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What the harness knows of the chain. Of ``papers`` the first ``papers_before`` came out before the look.

    A step that was due at ``overdue_at`` (UTC micros) must have happened by now, and the fate of a paper that was on
    its way by then must be known.
    """

    deeds: Mapping[str, Deed] = field(default_factory=dict)
    papers: Sequence[Paper] = ()
    papers_before: int = 0
    overdue_at: int = 0


@dataclass(frozen=True, slots=True)
class ChainFacts:
    """What the store holds of the chain, of orders from some id on."""

    receipts: list[Row]
    tickets: list[Row]
    lines: list[Row]
    jobs: list[Row]
    deadlines: list[Row]
    keys: list[Row]


QUERIES: Final = (
    """SELECT order_id, id, venue_id, status, total_minor, remaining_minor, payments FROM receipts
       WHERE brand_id = $1 AND order_id >= $2""",
    "SELECT order_id, station_id, revision, venue_id, lines FROM tickets WHERE brand_id = $1 AND order_id >= $2",
    "SELECT order_id, station_id, revision, line FROM ticket_lines WHERE brand_id = $1 AND order_id >= $2",
    """SELECT order_id, station_id, revision, venue_id, number, printer_id, kind, status, updated_at
       FROM print_jobs
       WHERE brand_id = $1 AND order_id >= $2""",
    "SELECT order_id, step, due_at FROM deadlines WHERE brand_id = $1 AND order_id >= $2",
    """SELECT key, status, order_id, expires_at FROM idempotency
       WHERE brand_id = $1 AND expires_at > $2 AND actor LIKE 'device:%'""",
)
"""The last takes a time instead of an id."""


def chain_violations(
    facts: ChainFacts, orders: Mapping[int, Row], events: Mapping[int, Sequence[Row]], known: Known, *, whole: bool
) -> Iterator[str]:
    """Everything that is wrong with the chain behind ``orders``; ``whole`` when they are all there are.

    Orders are rows of id, venue, status, total and whether they were sent; events of an order (sequence, type,
    venue, number), in order.
    """
    yield from _check_receipts(facts.receipts, orders)
    yield from _check_tickets(facts, orders)
    yield from _check_deadlines(facts.deadlines, orders, events, known.overdue_at)
    yield from _check_keys(facts.keys, orders, known.deeds)
    yield from _check_jobs(facts, events, known)
    yield from _check_papers(facts, known, whole=whole)


def status_after(types: Sequence[str]) -> str:
    """The status of an order of which these events tell."""
    return next((_MOVES[type_] for type_ in reversed(types) if type_ in _MOVES), "PENDING")


def is_history(types: Sequence[str], wanted: Sequence[str], *, waits: bool) -> bool:
    """Whether events are those of an order's making and of every deed, and of the clock where the order ``waits``.

    The clock reminds at most once and before anybody answers; it ignores only what nobody answered, after reminding.
    """
    if not waits:
        return list(types) == list(wanted)
    deeds = [type_ for type_ in types if type_ != "order.reminded"]
    reminded = len(types) - len(deeds)
    before = types[: types.index("order.reminded")] if reminded else ()
    ignored = [*wanted, "order.ignored"]
    if reminded > 1 or any(type_ in _MOVES for type_ in before):
        return False
    return deeds == list(wanted) or (deeds == ignored and reminded == 1)


def _check_receipts(receipts: Sequence[Row], orders: Mapping[int, Row]) -> Iterator[str]:
    counts = Counter(row[0] for row in receipts)
    for order_id, order in orders.items():
        wanted = order[2] in ("RECEIVED", "DELIVERED")
        if counts[order_id] != wanted:
            yield f"order {order_id} is {order[2]} and has {counts[order_id]} receipts"
    for order_id, receipt_id, venue_id, status, total, remaining, payments in receipts:
        order = orders.get(order_id)
        if order is None or (receipt_id, venue_id) != (order_id, order[1]):
            yield f"receipt {receipt_id} of venue {venue_id} is of order {order_id}, which is not its order"
            continue
        paid = sum(payment["amount_minor"] for payment in msgspec.json.decode(payments))
        if total != order[3]:
            yield f"receipt {receipt_id} is over {total}, its order over {order[3]}"
        if (paid, remaining) != ((total, 0) if status == _CLOSED else (0, total)):
            yield f"receipt {receipt_id} over {total}, status {status}: {paid} are paid and {remaining} remain"
        if (status == _CLOSED) != (order[2] == "DELIVERED"):
            yield f"receipt {receipt_id} has status {status}, its order is {order[2]}"


def _check_tickets(facts: ChainFacts, orders: Mapping[int, Row]) -> Iterator[str]:
    """Every order here has one line, which one station makes."""
    tickets: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    standing: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for order_id, station_id, revision, venue_id, lines in facts.tickets:
        tickets[order_id].append((station_id, revision, venue_id))
        standing[order_id] += [(station_id, revision, line["line"]) for line in msgspec.json.decode(lines)]
    kept: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for order_id, *line in facts.lines:
        kept[order_id].append((line[0], line[1], line[2]))
    for order_id in (tickets.keys() | kept.keys()) - orders.keys():
        yield f"order {order_id} has tickets and is not stored"
    for order_id, order in orders.items():
        wanted = [(STATION, 1, order[1])] if order[4] else []
        if tickets[order_id] != wanted:
            yield f"order {order_id} has the tickets {tickets[order_id]} and not {wanted}"
        if [line for _, _, line in standing[order_id]] != [0] * len(wanted) or kept[order_id] != standing[order_id]:
            yield f"order {order_id} has lines on tickets: {standing[order_id]}, kept as {kept[order_id]}"


def _check_deadlines(
    deadlines: Sequence[Row], orders: Mapping[int, Row], events: Mapping[int, Sequence[Row]], overdue_at: int
) -> Iterator[str]:
    """A step of a waiting order is still to come or has been told of, never both and never neither."""
    left: dict[int, list[int]] = defaultdict(list)
    for order_id, step, due_at in deadlines:
        left[order_id].append(step)
        if due_at < overdue_at:
            yield f"step {step} of order {order_id} is overdue by {(overdue_at - due_at) / 1e6:.1f} s"
    for order_id in left.keys() - orders.keys():
        yield f"order {order_id} has steps to come and is not stored"
    for order_id, order in orders.items():
        told = [event[1] for event in events.get(order_id, ())]
        waits = order[1] == KITCHEN and order[2] == "PENDING"
        wanted = ([1] if "order.reminded" in told else [0, 1]) if waits else []
        if sorted(left[order_id]) != wanted:
            yield f"order {order_id}, {order[2]} after {told}, has the steps {sorted(left[order_id])} to come"


def _check_keys(keys: Sequence[Row], orders: Mapping[int, Row], deeds: Mapping[str, Deed]) -> Iterator[str]:
    kept = {row[0]: row for row in keys}
    for key, status, order_id, _ in keys:
        deed = deeds.get(key)
        if deed is None:
            yield f"key {key} is kept and nobody did anything under it"
        elif (status, order_id) != (200, deed.order_id):
            yield f"key {key} is kept with {status} for order {order_id} and not {deed.order_id}"
    for deed in deeds.values():
        if deed.fate is Fate.STORED and deed.order_id in orders and deed.key not in kept:
            yield f"{deed.step} of order {deed.order_id} was acknowledged, and its key {deed.key} is not kept"


def _check_jobs(facts: ChainFacts, events: Mapping[int, Sequence[Row]], known: Known) -> Iterator[str]:
    """Every ticket of the venue with the printer has one paper in its line, caused by the event of its making."""
    papers: dict[tuple[int, int, int], list[tuple[int, int]]] = defaultdict(list)
    for order_id, station_id, revision, venue_id, number, printer_id, kind, status, updated_at in facts.jobs:
        if kind == "ticket":
            papers[order_id, station_id, revision].append((venue_id, number))
        if status not in _JOB_STATES or printer_id != PRINTER:
            yield f"paper {venue_id}-{number} is {status} at printer {printer_id}"
        if status == "overtaken" and not any(event[1] == "ticket.ready" for event in events.get(order_id, ())):
            yield f"paper {venue_id}-{number} is overtaken, and its ticket is still to be cooked"
        if status == "sending" and updated_at < known.overdue_at:
            yield f"paper {venue_id}-{number} is being sent for {(known.overdue_at - updated_at) / 1e6:.1f} s"
    tickets = {(row[0], row[1], row[2]): row[3] for row in facts.tickets}
    for ticket in papers.keys() - tickets.keys():
        yield f"ticket {_name(ticket)} has a paper and is not stored"
    for ticket, venue_id in tickets.items():
        made = [(event[2], event[3]) for event in events.get(ticket[0], ()) if event[1] == "ticket.created"]
        wanted = made if venue_id == KITCHEN else []
        if papers[ticket] != wanted:
            yield f"ticket {_name(ticket)} has the papers {papers[ticket]} and not {wanted}"


def _check_papers(facts: ChainFacts, known: Known, *, whole: bool) -> Iterator[str]:
    """What came out of the printer against what the jobs say: no ticket twice but marked, none that is a secret."""
    jobs: dict[tuple[int, int, int], list[tuple[str, str]]] = defaultdict(list)
    for row in facts.jobs:
        jobs[row[0], row[1], row[2]].append((row[6], row[7]))
    doubtful = {paper.ticket for paper in known.papers if paper.doubtful}
    plain = Counter(paper.ticket for paper in known.papers if not paper.marked)
    marked = Counter(paper.ticket for paper in known.papers if paper.marked)
    early = Counter(paper.ticket for paper in known.papers[: known.papers_before] if not paper.marked)
    for ticket in sorted(plain.keys() | marked.keys()) if whole else ():
        if ticket not in jobs:
            yield f"ticket {_name(ticket)} came out of the printer and is nobody's"
    for ticket, found in jobs.items():
        first = [status for kind, status in found if kind == "ticket"]
        copies = sum(kind == "possible_duplicate" for kind, _ in found)
        settled = sum(status == "settled" for _, status in found)
        yield from _check_first(ticket, first, plain[ticket])
        if copies > settled:
            yield f"ticket {_name(ticket)} has {copies} copies for {settled} settled papers"
        if ticket in doubtful:
            continue
        if plain[ticket] > 1 or marked[ticket] > copies:
            yield f"ticket {_name(ticket)} came out {plain[ticket]} times plain, {marked[ticket]} times marked"
        if "queued" in first and early[ticket]:
            yield f"ticket {_name(ticket)} came out, and its job is still in line"


def _check_first(ticket: tuple[int, int, int], first: Sequence[str], plain: int) -> Iterator[str]:
    """The unmarked paper of a ticket came out when its job says so, and not when it says that it need not."""
    if "printed" in first and not plain:
        yield f"ticket {_name(ticket)} is printed by its job, and never came out"
    if "overtaken" in first and plain:
        yield f"ticket {_name(ticket)} came out, and its job says that it need not"


def _name(ticket: tuple[int, int, int]) -> str:
    return "-".join(map(str, ticket))
