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
from comanda.orders.dossier import House
from comanda.orders.view import envelope
from comanda.printing.connection import PrinterAddressRefused, Sent, send_paper
from comanda.printing.test_page import make_test_page

log = structlog.get_logger("comanda.printing")
_WHY: Final = {
    Sent.AWAY: "The printer did not answer",
    Sent.UNCERTAIN: "The connection was lost while the page was sent",
}


async def print_test_page(call: Call, hub: Hub) -> Reply:
    """Send a test page to a printer, retired or not; the answer says whether it took the page, and if not, why."""
    read_body(call, NoBody)
    whole_brand(call)
    house = house_of(call, hub)
    printer = house.snapshot.printers.get(paths.number(call, 4, _no_printer))
    if printer is None:
        raise _no_printer()
    error = await _print(printer, house, hub)
    log.info("printing.test_page", brand=house.brand.id, printer=printer.id, error=error)
    data = {"printed": error is None, "error": error}
    return Reply(200, to_json(envelope(data, started=call.started, now=now_micros())))


async def _print(printer: Printer, house: House, hub: Hub) -> str | None:
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
            )
    except TimeoutError:
        return f"The printer did not take the page within {limits.TEST_PAGE_S:g} seconds"
    except (PrinterAddressRefused, ZoneInfoNotFoundError) as refused:
        return str(refused)
    return _WHY.get(sent)


def _no_printer() -> ComandaError:
    return ComandaError("resource_not_found", "Printer not found")
