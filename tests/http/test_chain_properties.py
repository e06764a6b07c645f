"""Whatever several people do to orders, in whatever order and at once: what must hold, holds (contract 14.4)."""

import asyncio
import random
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from functools import reduce
from itertools import pairwise
from typing import Any

import pytest
from tests.conftest import Server, demo_hub, serving
from tests.events.folding import KINDS, folded, shown
from tests.http.chain import DOCUMENTED, KITCHEN, MINIMAL, TILL, events, hub_get, manager, payment, place, post
from tests.http.test_deadlines import at_main, ladder, steps_left
from tests.http.totals import hold_totals

from comanda.base import limits
from comanda.base.clock import Micros, now_micros
from comanda.duties.presence import mark_silent
from comanda.kitchen.model import TicketStatus
from comanda.kitchen.moves import MOVES as TICKET_MOVES
from comanda.orders.lifecycle import TRANSITIONS, Status
from comanda.receipts.model import OrderStatus
from comanda.receipts.moves import MOVES as RECEIPT_MOVES

pytestmark = pytest.mark.anyio
STOCK = 60
PLENTY = {**MINIMAL, "products": [{**MINIMAL["products"][0], "product_id": 112, "price": 2.9}]}
SEEDS = range(12)


class Restaurant:
    """A till, a kitchen screen, a manager and an integrator who do as the dice say."""

    def __init__(self, server: Server, chief: dict[str, str], dice: random.Random, *, sets_stock: bool = True) -> None:
        self.server = server
        self.sets_stock = sets_stock
        self.chief = chief
        self.dice = dice
        self.orders: list[int] = []
        self.at_work: list[int] = []

    async def act(self) -> None:
        """One thing somebody does; what is refused must be refused cleanly."""
        if len(self.at_work) < 3:
            await self.place()
            return
        if self.dice.random() < 0.12:
            await self.look_after_the_house()
            return
        order_id = self.dice.choice(self.at_work[:5])
        if self.dice.random() < 0.05:
            await self.integrate(order_id)
            return
        path, body = self.dice.choice(await self.doings(order_id))
        who = self.dice.choice([TILL, KITCHEN if path.startswith("/tickets/") else TILL, self.chief])
        answer = await post(self.server, path, body, who)
        assert answer.status_code in (200, 400, 404, 409), (path, answer.text)

    async def doings(self, order_id: int) -> list[tuple[str, Any]]:
        """What could be done to an order; tickets and payments as they are just now."""
        chain = (await hub_get(self.server, f"/orders/{order_id}"))["chain"]
        if not chain["order"]["open"] and order_id in self.at_work and self.dice.random() < 0.5:
            self.at_work.remove(order_id)
        tickets = [ticket["id"] for ticket in chain["tickets"]] or [f"{order_id}-1-1"]
        path = f"/tickets/{self.dice.choice(tickets)}"
        remaining = chain["receipt"]["remaining"] if chain["receipt"] else 1
        return [
            (f"/orders/{order_id}/accept", {"send_to_station": self.dice.random() < 0.7, "minutes": 10}),
            (f"/orders/{order_id}/accept", {}),
            (f"/orders/{order_id}/send-to-station", None),
            (f"/orders/{order_id}/seen", None),
            (f"/orders/{order_id}/hand-over", None),
            (f"/receipts/{order_id}/close", payment(remaining)),
            *[(f"{path}/{name}", None) for name in ("start", "ready", "recall", "dismiss", "reprint")],
            *[(f"{path}/lines/{line}/ready", None) for line in (0, 1)],
            *([(f"/orders/{order_id}/refuse", self.refusal())] if self.dice.random() < 0.2 else []),
        ]

    async def look_after_the_house(self) -> None:
        """Devices say that they are there, papers in doubt are settled, portions are counted anew."""
        doing = self.dice.random()
        if doing < 0.15:
            now, hub = now_micros(), self.server.hub
            await mark_silent(hub.store, hub.known, Micros(now - 300_000), now)
            return
        if doing < 0.4:
            answer = await post(self.server, "/heartbeat", None, self.dice.choice([TILL, KITCHEN]))
        elif doing < 0.8 or not self.sets_stock:
            doubtful = (await hub_get(self.server, "/venues/1/board"))["print_jobs"]
            if not doubtful:
                return
            action = self.dice.choice(["reprint", "dismiss"])
            answer = await post(self.server, f"/print-jobs/{self.dice.choice(doubtful)['id']}/{action}")
        else:
            path = f"/hub/v1/venues/1/stop-list/{self.dice.choice([101, 111])}"
            quantity = self.dice.choice([None, 5, STOCK])
            answer = await self.server.http.put(path, json={"quantity": quantity}, headers=TILL)
        assert answer.status_code in (200, 404), answer.text

    def refusal(self) -> dict[str, Any]:
        if self.dice.random() < 0.5:
            return {"reason": "too_busy"}
        empties = self.sets_stock and self.dice.random() < 0.2
        gone = {"lines": [{"line": 0, "reason": "out_of_stock"}], "update_stop_list": empties}
        return {"reason": "out_of_stock", **gone}

    async def see_a_reminder_and_a_ticket(self) -> None:
        """An order that nobody touches until its clock has told of it, and one for the kitchen, of what never runs out."""
        forgotten = await place(self.server, PLENTY)
        self.orders.append(forgotten)
        async with asyncio.timeout(60):
            accepted = False
            while not accepted:
                cooked = await place(self.server, PLENTY)
                self.orders.append(cooked)
                answer = await post(self.server, f"/orders/{cooked}/accept", {"send_to_station": True})
                accepted = answer.status_code == 200
            while "order.reminded" not in await self.told(forgotten):
                await self.act()
        assert "ticket.created" in await self.told(cooked)

    async def told(self, order_id: int) -> set[str]:
        """The types of the events that an order has had."""
        return {event["type"] for event in await events(self.server, order_id)}

    async def place(self) -> None:
        line = {**MINIMAL["products"][0], "count": self.dice.choice([1, 2, 3])}
        drink = {**line, "product_id": 111, "price": 1.2}
        body = {
            **self.dice.choice([MINIMAL, DOCUMENTED]),
            "products": self.dice.choice([[line], [line, drink]]),
            "order_number": self.dice.choice(["", "K-7"]),
        }
        answer = await self.server.create(body)
        assert answer.status_code in (201, 400), answer.text
        if answer.status_code == 201:
            self.orders.append(answer.json()["data"]["id"])
            self.at_work.append(self.orders[-1])

    async def integrate(self, order_id: int) -> None:
        """What an integrator may do."""
        if self.dice.random() < 0.3:
            answer = await self.server.ignore(order_id)
        else:
            body = {"order_status": self.dice.choice(list(OrderStatus)).value, "fiscal_id": "F1"}
            answer = await self.server.http.patch(
                f"/open-api/v2/receipts/{order_id}", json=body, headers=self.server.headers
            )
        assert answer.status_code in (200, 400, 404), answer.text


async def board(server: Server) -> dict[str, Any]:
    """The board of venue 1 as a screen keeps it."""
    return shown(await hub_get(server, "/venues/1/board"))


@pytest.fixture
def restless(monkeypatch):
    """Printers are tried again at once."""
    monkeypatch.setattr(limits, "PRINT_POLL_S", 0.02)
    monkeypatch.setattr(limits, "PRINT_RETRY_S", 0.05)
    monkeypatch.setattr(limits, "PRINT_MAX_RETRY_S", 0.1)


@asynccontextmanager
async def moody_printer(dice: random.Random) -> AsyncIterator[int]:
    """A printer that takes papers, or breaks off as one does that is switched off and on; its port."""

    async def printer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        if dice.random() < 0.4:
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()
        else:
            writer.close()

    async with await asyncio.start_server(printer, "127.0.0.1", 0) as listening:
        yield listening.sockets[0].getsockname()[1]


@pytest.mark.parametrize("seed", SEEDS)
async def test_what_must_hold_holds_after_anything(settings, restless, seed):
    """Snapshots, numbers, states, receipts, tickets, portions, money and totals, after some 150 random actions, often at once.

    Clocks, a printer that breaks off, devices that fall silent and, by every second seed, people who count portions anew
    take part.
    """
    roomy = replace(settings, rate_calls=10**6, rate_auth=10**6, rate_failed=10**6)
    dice = random.Random(seed)
    async with moody_printer(random.Random(seed)) as port, demo_hub(roomy) as hub, serving(hub) as server:
        await server.import_(
            {
                **at_main(ladder(remind=1, escalate=2, **{dice.choice(["accept", "ignore"]): 4})),
                "stop_list": [{"venue_id": 1, "product_id": 101, "quantity": STOCK}],
                "printers": [
                    {"id": 1, "name": "Pass", "venue_id": 1, "station_id": 1, "host": "127.0.0.1", "port": port}
                ],
            }
        )
        people = Restaurant(server, await manager(server), dice, sets_stock=seed % 2 == 0)
        boards, stations = [await board(server)], [await station(server)]
        for _ in range(40):
            await asyncio.gather(*(people.act() for _ in range(dice.choice([1, 2, 3, 8]))))
            if dice.random() < 0.3:
                boards.append(await board(server))
                stations.append(await station(server))
        await people.see_a_reminder_and_a_ticket()
        # Once no clock runs any more nothing but papers moves: what is compared was true at one number.
        async with asyncio.timeout(60):
            while await steps_left(server):
                await asyncio.sleep(0.1)
        station_now, board_now = await station(server), await board(server)
        told = await events(server)
        assert [event["number"] for event in told] == list(range(1, len(told) + 1))
        hold_snapshots(boards, told, board_now)
        hold_stations(stations, told, station_now)
        hold_order_of_events(told)
        hold_stock(told)
        wholes = [await hub_get(server, f"/orders/{order_id}") for order_id in people.orders]
        for whole in wholes:
            hold_order(whole["chain"], lines=len(whole["payload"]["products"]))
        if not people.sets_stock:
            await hold_portions(server, wholes)
        totals = await hold_totals(server)
        assert totals["/orders?&"] == len(people.orders)


async def station(server: Server) -> dict[str, Any]:
    """The tickets of station 1 as a screen keeps them."""
    found = await hub_get(server, "/stations/1/tickets?venue=1")
    return {"number": found["number"], "tickets": {ticket["id"]: ticket for ticket in found["tickets"]}}


def hold_snapshots(snapshots: list[dict], told: list[dict], fresh: dict) -> None:
    """Any snapshot and the events after it make the fresh one."""
    for snapshot in snapshots:
        assert reduce(folded, told[snapshot["number"] : fresh["number"]], snapshot) == fresh


def hold_stations(snapshots: list[dict], told: list[dict], fresh: dict) -> None:
    """The same for what one station's screen shows, which keeps to its own tickets and to orders that leave."""
    for snapshot in snapshots:
        empty = {kind: {} for kind in KINDS}
        state = reduce(folded, told[snapshot["number"] : fresh["number"]], {**empty, **snapshot})
        own = {ticket_id: ticket for ticket_id, ticket in state["tickets"].items() if ticket["station_id"] == 1}
        assert {"number": state["number"], "tickets": own} == fresh


def hold_order_of_events(told: list[dict]) -> None:
    """Each order's events are numbered without a gap, and every move in them stands in its table."""
    by_order: dict[int, list[dict]] = {}
    for event in told:
        if event["order_id"] is not None:
            by_order.setdefault(event["order_id"], []).append(event)
    for found in by_order.values():
        assert [event["order_sequence"] for event in found] == list(range(1, len(found) + 1))
        assert [event["type"] for event in found].count("receipt.opened") <= 1
        hold_moves([e["data"]["status"] for e in found if e["type"].startswith("order.")], order_moves)
        for card in (e["data"] for e in found if e["type"].startswith("order.")):
            hold_delivered(card)
        hold_moves([e["data"]["order_status"] for e in found if e["type"].startswith("receipt.")], receipt_moves)
        cards = [e["data"] for e in found if e["type"].startswith("ticket.")]
        for ticket in {card["id"] for card in cards}:
            hold_moves([card["status"] for card in cards if card["id"] == ticket], ticket_moves)


def hold_moves(states: list[str], allowed: Any) -> None:
    for before, after in pairwise(states):
        assert before == after or allowed(before, after), (before, after)


def order_moves(before: str, after: str) -> bool:
    return (Status(before), Status(after)) in TRANSITIONS


def receipt_moves(before: str, after: str) -> bool:
    return OrderStatus(after) in RECEIPT_MOVES[OrderStatus(before)]


def ticket_moves(before: str, after: str) -> bool:
    return TicketStatus(after) in TICKET_MOVES[TicketStatus(before)]


def hold_stock(told: list[dict]) -> None:
    """A quantity is never below zero, whoever took or gave back."""
    left = [event["data"]["quantity"] for event in told if event["type"] == "stop_list.changed"]
    assert all(quantity is None or quantity >= 0 for quantity in left)


async def hold_portions(server: Server, wholes: list[dict]) -> None:
    """What is left is what there was, less what is held: by living orders, and by those that were begun."""
    held = 0
    for whole in wholes:
        chain = whole["chain"]
        begun = any(ticket["started_at"] for ticket in chain["tickets"])
        if chain["order"]["status"] != "IGNORE" or begun:
            held += sum(line["count"] for line in whole["payload"]["products"] if line["product_id"] == 101)
    left = {entry["product_id"]: entry["quantity"] for entry in (await hub_get(server, "/venues/1/board"))["stop_list"]}
    assert left[101] == STOCK - held


def hold_delivered(order: dict) -> None:
    """Who delivered an order, and when, is told with its being delivered."""
    for field in ("delivered_at", "delivered_by"):
        assert (order[field] is not None) == (order["status"] == "DELIVERED")


def hold_order(chain: dict, *, lines: int) -> None:
    """One receipt once accepted, each routed line on exactly one ticket once sent, and the money adds up."""
    order, receipt, tickets = chain["order"], chain["receipt"], chain["tickets"]
    hold_delivered(order)
    assert (receipt is None) == (order["accepted_by"] is None)
    if receipt is None:
        assert tickets == []
        return
    routed = sorted(line["line"] for ticket in tickets for line in ticket["lines"])
    assert routed == (list(range(lines)) if tickets else [])
    assert bool(tickets) == (order["sent_at"] is not None)
    if order["status"] == "IGNORE":
        assert (receipt["order_status"], receipt["total"], receipt["remaining"]) == ("CANCELLED", 0, 0)
        assert {ticket["status"] for ticket in tickets} <= {"CANCELLED"}
        return
    assert receipt["total"] == order["totals"]["total"]
    paid = sum(Decimal(str(item["amount"])) for item in receipt["payment_methods"])
    assert paid == (Decimal(str(receipt["total"])) if receipt["status"] == 2 else 0)
    assert receipt["remaining"] == (0 if receipt["status"] == 2 else receipt["total"])
    cooked = order["sent_at"] is not None
    done = cooked and receipt["status"] == 2 and all(ticket["status"] in ("READY", "CANCELLED") for ticket in tickets)
    if done or receipt["order_status"] == "COMPLETED":
        assert order["status"] == "DELIVERED"
    assert order["open"] == (receipt["status"] == 1 or receipt["order_status"] not in ("PICKED_UP", "COMPLETED"))
