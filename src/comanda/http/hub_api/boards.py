"""What screens begin with: a venue's board, a station's tickets, an order whole, its timeline, how fast a venue is.

A board and the events after its number make the next board; `docs/events.md` says how, and a test holds it.
"""

import asyncio
from typing import Any

from comanda.base import limits
from comanda.base.clock import Micros, now_micros
from comanda.base.errors import ComandaError
from comanda.base.json import number_json, raw_json, to_json
from comanda.base.money import EXACT
from comanda.http.acting import house_of
from comanda.http.call import Call, Reply
from comanda.http.hub import Hub
from comanda.http.hub_api import paths
from comanda.http.hub_api.actions import dossier_json, ticket_not_found, ticket_parts
from comanda.http.hub_api.events import own_venue, require_venue
from comanda.http.open_api import query as queries
from comanda.orders.cards import order_card, receipt_card, ticket_card
from comanda.orders.deliver import find_ticket
from comanda.orders.dossier import Dossier
from comanda.orders.timeline import performance, timeline
from comanda.orders.view import envelope, order_object
from comanda.store.orders import order_not_found
from comanda.store.print_jobs import job_card


async def get_board(call: Call, hub: Hub) -> Reply:
    """Everything of a venue that is not done with, and the event number it stands at."""
    venue_id = _venue(call, hub)
    brand = call.acting.brand
    board = await hub.store.read_board(brand.id, venue_id)
    data = {
        "venue_id": venue_id,
        "number": board.number,
        "orders": [order_card(order, brand) for order in board.orders],
        "receipts": [receipt_card(receipt, brand) for receipt in board.receipts],
        "tickets": [ticket_card(ticket) for ticket in board.tickets],
        "stop_list": [
            {"venue_id": venue_id, "product_id": product_id, "quantity": number_json(EXACT.scaleb(left, -3))}
            for product_id, left in board.stop_list
        ],
        "devices": [{"id": device_id, "present": present} for device_id, present in board.presence],
        "print_jobs": [job_card(job) for job in board.uncertain],
        "truncated": len(board.orders) >= limits.MAX_BOARD_ORDERS or len(board.tickets) >= limits.MAX_BOARD_ORDERS,
    }
    return _answer(call, data)


async def get_station_tickets(call: Call, hub: Hub) -> Reply:
    """A station's open tickets at a venue, oldest first, and the event number they stand at."""
    query = queries.parse_query(call.query)
    text = query.plain.get("venue")
    venue_id = own_venue(call, "venue") if text is None else queries.whole_number("venue", text)
    require_venue(venue_id, call, hub)
    station_id = paths.number(call, 3, _station_not_found)
    if station_id not in hub.known.snapshot(call.acting.brand.id).stations:
        raise _station_not_found()
    number, tickets = await hub.store.read_station(call.acting.brand.id, venue_id, station_id)
    data = {
        "venue_id": venue_id,
        "station_id": station_id,
        "number": number,
        "tickets": [ticket_card(ticket) for ticket in tickets],
        "truncated": len(tickets) >= limits.MAX_BOARD_ORDERS,
    }
    return _answer(call, data)


async def get_whole_order(call: Call, hub: Hub) -> Reply:
    """An order with its payload, receipt and tickets; whom it is for stands only here and in v2's reads."""
    dossier = await _dossier(call, hub)
    house = house_of(call, hub)
    data = {
        **order_object(dossier.order, house.brand.decimals),
        "refusal": None if dossier.order.refusal is None else raw_json(dossier.order.refusal),
        "chain": dossier_json(dossier, house),
    }
    return _answer(call, data)


async def get_timeline(call: Call, hub: Hub) -> Reply:
    """The steps of an order's delivery chain with their times."""
    dossier = await _dossier(call, hub)
    order = dossier.order
    data = {"order_id": order.id, "venue_id": order.venue_id, "status": order.status.value, "steps": timeline(order)}
    return _answer(call, data)


async def get_ticket(call: Call, hub: Hub) -> Reply:
    """One ticket, with the order's comment."""
    ticket_id = paths.part(call, 3)
    order_id, _, _ = ticket_parts(ticket_id)
    dossier = await hub.store.find_dossier(call.acting.brand.id, order_id)
    if dossier is None or not call.acting.may_see(dossier.order.venue_id):
        raise ticket_not_found()
    ticket = find_ticket(dossier, ticket_id)
    return _answer(call, {**ticket_card(ticket), "comment": ticket.comment})


async def get_performance(call: Call, hub: Hub) -> Reply:
    """p50 and p99 of each leg of the chain over a venue's orders of the last ``hours`` (24)."""
    venue_id = _venue(call, hub)
    hours = queries.bounded_number(queries.parse_query(call.query), "hours", 24, 1, limits.MAX_PERFORMANCE_HOURS)
    since = Micros(now_micros() - hours * 3_600_000_000)
    times = await hub.store.read_times(call.acting.brand.id, venue_id, since)
    data = {
        "venue_id": venue_id,
        "hours": hours,
        "orders": len(times),
        "legs": await asyncio.to_thread(performance, times),
        "truncated": len(times) >= limits.MAX_MEASURED_ORDERS,
    }
    return _answer(call, data)


async def _dossier(call: Call, hub: Hub) -> Dossier:
    dossier = await hub.store.find_dossier(call.acting.brand.id, paths.number(call, 3, order_not_found))
    if dossier is None or not call.acting.may_see(dossier.order.venue_id):
        raise order_not_found()
    return dossier


def _venue(call: Call, hub: Hub) -> int:
    venue_id = paths.number(call, 3, lambda: ComandaError("resource_not_found", "Venue not found"))
    require_venue(venue_id, call, hub)
    return venue_id


def _station_not_found() -> ComandaError:
    return ComandaError("resource_not_found", "Station not found")


def _answer(call: Call, data: Any) -> Reply:
    return Reply(200, to_json(envelope(data, started=call.started, now=now_micros())))
