"""``POST /hub/v1/admin/printers/{id}/test-page``: one page to a printer, now, and what became of it.

It is no print job: nobody waits for it in the kitchen, and one that does not come out is not tried again.
"""

import asyncio
from typing import Final
from zoneinfo import ZoneInfoNotFoundError

import structlog

from comanda.base import limits
from comanda.base.clock import now_micros
from comanda.base.errors import ComandaError
from comanda.base.json import to_json
from comanda.catalogue.model import Printer
from comanda.http.acting import house_of
from comanda.http.body import read_body
from comanda.http.call import Call, Reply
from comanda.http.hub import Hub
from comanda.http.hub_api import paths
from comanda.http.hub_api.actions import NoBody
from comanda.http.hub_api.edits import whole_brand
from comanda.http.hub_api.house_answers import TestPageReason
from comanda.orders.dossier import House
from comanda.orders.view import envelope
from comanda.printing.connection import PrinterAddressRefused, Sent, send_paper
from comanda.printing.test_page import make_test_page

log = structlog.get_logger("comanda.printing")
NotPrinted = tuple[TestPageReason, str]
"""Why a page did not come out: for machines, and for people who read English."""
_WHY: Final[dict[Sent, NotPrinted]] = {
    Sent.AWAY: ("no_answer", "The printer did not answer"),
    Sent.UNCERTAIN: ("connection_lost", "The connection was lost while the page was sent"),
}


async def print_test_page(call: Call, hub: Hub) -> Reply:
    """Send a test page to a printer, retired or not; the answer says whether it took the page, and if not, why."""
    read_body(call, NoBody)
    whole_brand(call)
    house = house_of(call, hub)
    printer = house.snapshot.printers.get(paths.number(call, 4, _no_printer))
    if printer is None:
        raise _no_printer()
    failed = await _print(printer, house, hub)
    reason, error = failed or (None, None)
    log.info("printing.test_page", brand=house.brand.id, printer=printer.id, error=error)
    data = {"printed": failed is None, "reason": reason, "error": error}
    return Reply(200, to_json(envelope(data, started=call.started, now=now_micros())))


async def _print(printer: Printer, house: House, hub: Hub) -> NotPrinted | None:
    """What went wrong; None for a page that the printer took."""
    venue, station = house.venue(printer.venue_id), house.snapshot.stations.get(printer.station_id)
    try:
        async with asyncio.timeout(limits.TEST_PAGE_S):
            page = await asyncio.to_thread(
                make_test_page,
                venue=venue.name,
                station=station.name if station else "",
                printer=printer.name,
                zone=venue.timezone,
                printed_at=now_micros(),
                columns=printer.columns,
            )
            sent = await send_paper(
                printer.host,
                printer.port,
                page,
                allowed=hub.settings.printer_networks,
                loopback=hub.settings.loopback_printers or hub.settings.demo,
                connect_s=limits.TEST_PAGE_CONNECT_S,
            )
    except TimeoutError:
        return "too_slow", f"The printer did not take the page within {limits.TEST_PAGE_S:g} seconds"
    except PrinterAddressRefused as refused:
        return "address_refused", str(refused)
    except ZoneInfoNotFoundError as unknown:
        return "unknown_timezone", str(unknown)
    return _WHY.get(sent)


def _no_printer() -> ComandaError:
    return ComandaError("resource_not_found", "Printer not found")
