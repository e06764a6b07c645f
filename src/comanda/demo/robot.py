"""The demo's robot house: what its people would do next with what is on the board, at a believable pace.

It works with the demo's till and kitchen screen, like any of them, and leaves some orders for whoever watches.
"""

import random
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from comanda.demo import KITCHEN_TOKEN, TERMINAL_TOKEN

Board = Mapping[str, Any]


class Act(Struct, frozen=True):
    """Something to do: who does it, where it is posted, with which body."""

    token: str
    path: str
    body: dict[str, Any]


class Robot:
    """Decides what to do with a board. What can be done is done after a while, drawn once for each thing."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._due: dict[str, float] = {}
        self._left: dict[int, bool] = {}

    def next_acts(self, board: Board, now: float) -> list[Act]:
        """What is due on a board at an instant; things that are no longer there are forgotten."""
        possible = {act.path: (act, pause) for act, pause in self._possible(board)}
        self._due = {path: due for path, due in self._due.items() if path in possible}
        here = {order["id"] for order in board["orders"]}
        self._left = {order_id: left for order_id, left in self._left.items() if order_id in here}
        for path, (_, (shortest, longest)) in possible.items():
            self._due.setdefault(path, now + self._chance.uniform(shortest, longest))
        return [act for path, (act, _) in possible.items() if self._due[path] <= now]

    def done(self, act: Act, now: float) -> None:
        """Note that something was tried; if it is still possible, it is tried again after a while."""
        self._due[act.path] = now + self._chance.uniform(8, 15)

    def _possible(self, board: Board) -> Iterator[tuple[Act, tuple[float, float]]]:
        """Everything that could be done, and how long it takes somebody to come to it."""
        receipts = {receipt["id"]: receipt for receipt in board["receipts"]}
        for order in board["orders"]:
            if self._is_left(order):
                continue
            if order["status"] == "PENDING":
                yield self._answer(order), (5, 25)
            elif order["sent_at"] is None:
                yield _till(f"/orders/{order['id']}/send-to-station"), (15, 40)
            elif order["ready_at"] is not None:
                yield from self._give(order, receipts.get(order["id"]))
        for ticket in board["tickets"]:
            yield from self._cook(ticket)

    def _is_left(self, order: Mapping[str, Any]) -> bool:
        """Whether an order is one for whoever watches: what must be mapped is, and now and then another."""
        if order["status"] != "PENDING":
            return False
        left = self._left.setdefault(order["id"], order["needs_attention"] or self._chance.random() < 0.06)
        return left or order["needs_attention"]

    def _answer(self, order: Mapping[str, Any]) -> Act:
        """Accept, or now and then refuse; the same answer for an order each time it is asked for."""
        own = random.Random(order["id"])
        if own.random() < 0.07:
            reason = own.choice(("too_busy", "outside_delivery_area", "out_of_stock", "customer_request"))
            return _till(f"/orders/{order['id']}/refuse", {"reason": reason})
        minutes = own.choice((15, 20, 25, 30, 35, 45))
        return _till(f"/orders/{order['id']}/accept", {"minutes": minutes, "send_to_station": True})

    def _give(
        self, order: Mapping[str, Any], receipt: Mapping[str, Any] | None
    ) -> Iterator[tuple[Act, tuple[float, float]]]:
        """Take the money, then hand the food over."""
        if receipt is not None and receipt["status"] == 1 and receipt["remaining"]:
            method = self._chance.choice(((1, "Cash"), (2, "Card")))
            paid = {"id": method[0], "name": method[1], "amount": receipt["remaining"]}
            yield _till(f"/receipts/{receipt['id']}/close", {"payment_methods": [paid]}), (4, 15)
        elif order["handed_over_at"] is None:
            yield _till(f"/orders/{order['id']}/hand-over"), (4, 18)

    def _cook(self, ticket: Mapping[str, Any]) -> Iterator[tuple[Act, tuple[float, float]]]:
        """Start a ticket, finish its lines one after the other, take a cancelled one off the screen."""
        path = f"/tickets/{ticket['id']}"
        if ticket["status"] == "NEW":
            yield _kitchen(f"{path}/start"), (5, 25)
        elif ticket["status"] == "STARTED":
            waiting = [line["line"] for line in ticket["lines"] if line["ready_at"] is None]
            if waiting:
                yield _kitchen(f"{path}/lines/{waiting[0]}/ready"), (6, 20)
        elif ticket["status"] == "CANCELLED":
            yield _kitchen(f"{path}/dismiss"), (8, 15)


def _till(path: str, body: dict[str, Any] | None = None) -> Act:
    return Act(TERMINAL_TOKEN, f"/hub/v1{path}", body or {})


def _kitchen(path: str) -> Act:
    return Act(KITCHEN_TOKEN, f"/hub/v1{path}", {})
