"""The papers of a venue's printers: which are where in their lines, what an uncertain one becomes, how one looks."""

import asyncio
import re
from functools import partial

from comanda.base import limits
from comanda.base.clock import now_micros
from comanda.base.errors import ComandaError
from comanda.base.json import to_json
from comanda.catalogue.snapshot import Snapshot
from comanda.http.acting import kept_answer, key_headers, keyed_request, refused_body
from comanda.http.body import read_body
from comanda.http.call import Call, Reply
from comanda.http.hub import Hub
from comanda.http.hub_api import paths
from comanda.http.hub_api.actions import NoBody, ticket_not_found, ticket_parts
from comanda.http.hub_api.events import own_venue, require_venue
from comanda.http.open_api import query as queries
from comanda.kitchen.model import TicketStatus
from comanda.orders.deliver import find_ticket
from comanda.orders.view import envelope
from comanda.printing.paper import paper_of
from comanda.printing.picture import picture_of
from comanda.store.boards import PrintJob, count_jobs
from comanda.store.keys import under_key
from comanda.store.print_jobs import job_card, settle_uncertain
from comanda.store.transaction import Transaction

STATUSES = ("queued", "sending", "printed", "uncertain", "settled", "overtaken")


async def list_jobs(call: Call, hub: Hub) -> Reply:
    """A venue's papers in one state, by default the uncertain ones; each printer's oldest first.

    Of more than `limits.MAX_BOARD_ORDERS` the newest; ``total`` says how many there are.
    """
    query = queries.parse_query(call.query)
    text = query.plain.get("venue")
    venue_id = own_venue(call, "venue") if text is None else queries.whole_number("venue", text)
    require_venue(venue_id, call, hub)
    status = query.plain.get("status", "uncertain")
    if status not in STATUSES:
        queries.refuse_parameter("status", f"must be one of {', '.join(STATUSES)}", status)
    brand_id = call.acting.brand.id
    jobs = await hub.store.read_jobs(brand_id, venue_id, status)
    total = len(jobs)
    if total == limits.MAX_BOARD_ORDERS:
        total = await hub.store.read(lambda: count_jobs(brand_id, venue_id, status))
    # What went wrong names addresses of the house's own network.
    of_house = call.acting.kind != "integrator"
    data = [{**job_card(job), "attempts": job.attempts, "error": job.error if of_house else None} for job in jobs]
    return Reply(200, to_json(envelope(data, started=call.started, now=now_micros(), total=total)))


async def settle_job(call: Call, hub: Hub) -> Reply:
    """Settle an uncertain paper: ``reprint`` prints it marked POSSIBLE DUPLICATE, ``dismiss`` says that it came out.

    It is settled once: whoever comes second changes nothing, so the paper is printed again at most once. Where nothing
    prints at its station by now it stays as it is, ``no_printer``.
    """
    try:
        read_body(call, NoBody)
    except ComandaError as refusal:
        return await refused_body(call, hub, refusal)
    caller, brand_id = call.acting, call.acting.brand.id
    found = re.fullmatch(r"([0-9]{1,16})-([0-9]{1,16})", paths.part(call, 3))
    if not found or max(map(int, found.groups())) > limits.MAX_ID or not caller.may_see(int(found[1])):
        raise ComandaError("resource_not_found", "Print job not found")
    venue_id, number = int(found[1]), int(found[2])
    again = partial(_printer_for, hub.known.snapshot(brand_id)) if paths.part(call, 4) == "reprint" else None

    def settle() -> Transaction[bytes]:
        changed, job = yield from settle_uncertain(
            brand_id, venue_id, number, caller.actor, again=again, now=now_micros()
        )
        data = {"changed": changed, **job_card(job, "settled")}
        return to_json(envelope(data, started=call.started, now=now_micros()))

    keyed, now = keyed_request(call, caller.actor, call.headers.get("x-venue")), now_micros()
    outcome = await hub.store.run(lambda: under_key(brand_id, keyed, settle, now))
    return kept_answer(outcome) if not isinstance(outcome, bytes) else Reply(200, outcome, key_headers(keyed, now))


def _printer_for(snapshot: Snapshot, job: PrintJob) -> int:
    """The printer that stands at the paper's station now; it need not be the one that failed."""
    printer = snapshot.printer_at.get((job.venue_id, job.station_id)) if snapshot.prints(job.station_id) else None
    if printer is None:
        raise ComandaError("no_printer", f"Station {job.station_id} has no printer at venue {job.venue_id}")
    return printer.id


async def show_paper(call: Call, hub: Hub) -> Reply:
    """A ticket's paper as a picture, as its station's printer would print it now."""
    ticket_id = paths.part(call, 3)
    order_id, station_id, _ = ticket_parts(ticket_id)
    brand = call.acting.brand
    dossier = await hub.store.find_dossier(brand.id, order_id)
    if dossier is None or not call.acting.may_see(dossier.order.venue_id):
        raise ticket_not_found()
    ticket = find_ticket(dossier, ticket_id)
    snapshot = hub.known.snapshot(brand.id)
    station, venue = snapshot.stations.get(station_id), snapshot.venues.get(ticket.venue_id)
    printer = snapshot.printer_at.get((ticket.venue_id, station_id))
    columns = printer.columns if printer else 48

    def draw() -> bytes:
        paper = paper_of(
            ticket,
            "cancellation" if ticket.status is TicketStatus.CANCELLED else "ticket",
            station=station.name if station else "",
            zone=venue.timezone if venue else "UTC",
            printed_at=now_micros(),
            columns=columns,
        )
        return picture_of(paper, columns=columns)

    return Reply(200, await asyncio.to_thread(draw), {"Cache-Control": "no-store"}, "image/png")
