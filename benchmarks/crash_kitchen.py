"""Who stands around a store while it is killed: a terminal that acts on orders, and a printer that is not always there.

The printer keeps a journal of what came out of it, which no crash of Comanda can touch.
"""

import asyncio
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any, Final

import httpx

from benchmarks.chain_checks import IGNORE_S, KITCHEN, PRINTER, REMIND_S, STATION, STEPS, Deed, Fate, Paper
from benchmarks.crash_checks import STOP_LISTED
from benchmarks.servers import free_port, make_brand
from comanda import administration, demo
from comanda.catalogue.document import parse_document
from comanda.main import open_store
from comanda.printing.picture import text_of
from comanda.settings import Settings

TOKEN: Final = "a crash test's terminal token, long enough"
MOODS: Final = ("there", "slow", "slow", "resets", "away")
_TICKET = re.compile(r"(?<!\d)(\d+)-(\d+)-(\d+)(?!\d)")
_RESET = struct.pack("ii", 1, 0)
_PAPER_S = 5.0
_SLOW_S = 0.4
_LAST_S = 0.3
"""What a paper may take that was sent before the kill."""


def make_store(data_dir: Path, database_url: str | None, printer_port: int) -> None:
    """A store with twenty venues, a full stop list, and a kitchen with deadlines, a terminal's token and a printer."""
    make_brand(data_dir, database_url, {"stop_list": [_STOCK]})
    document = {
        "venues": [_KITCHEN],
        "printers": [
            {
                "id": 1,
                "name": "Switched off",
                "venue_id": 1,
                "station_id": STATION,
                "host": "127.0.0.1",
                "active": False,
            },
            {**_PRINTER, "port": printer_port},
        ],
    }

    async def make() -> None:
        async with open_store(Settings(data_dir=data_dir, database_url=database_url)) as store:
            await administration.import_document(store, demo.BRAND, parse_document(document))
            await administration.rotate_terminal(store, demo.BRAND, KITCHEN, token=TOKEN)

    asyncio.run(make())


class Printer:
    """A network printer on the loopback. It takes papers, slowly perhaps, resets connections, or is away."""

    def __init__(self) -> None:
        self.papers: list[Paper] = []
        self._listener = socket.socket()
        # Only a port that was asked for by its number is kept while nobody listens.
        self.port = free_port()
        self._listener.bind(("127.0.0.1", self.port))
        self._mood = "away"
        self._connections = 0
        self._busy = threading.Lock()
        self._ending = threading.Event()
        self._open = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def be(self, mood: str) -> None:
        """Change its mood; away, it keeps its port and refuses connections."""
        if "away" in (mood, self._mood) and mood != self._mood:
            if mood == "away":
                self._open.clear()
                self._listener.shutdown(socket.SHUT_RDWR)
            else:
                self._listener.listen(16)
                self._open.set()
        self._mood = mood

    def come_back(self) -> None:
        """Be there, in whatever mood, if it was away."""
        if self._mood == "away":
            self.be("there")

    def doubt(self, begin: int) -> None:
        """What came out after the first ``begin`` papers is doubtful: the store may have forgotten it."""
        time.sleep(_LAST_S)
        with self._busy:
            for paper in self.papers[begin:]:
                paper.doubtful = True

    def close(self) -> None:
        """Switch it off."""
        self._ending.set()
        self.be("away")
        self._open.set()
        self._thread.join(_PAPER_S)
        self._listener.close()

    def _serve(self) -> None:
        while not self._ending.is_set():
            self._open.wait()
            with suppress(OSError):
                connection, _ = self._listener.accept()
                with connection, self._busy:
                    self._print(connection)

    def _print(self, connection: socket.socket) -> None:
        """Take a paper and note it before the sender can learn of it."""
        self._connections += 1
        resets = self._mood == "resets" and self._connections % 4
        connection.settimeout(_PAPER_S)
        if resets == 1:  # nothing of it is printed
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            return
        paper = bytearray()
        with suppress(OSError):
            while found := connection.recv(65_536):
                paper += found
        text = text_of(bytes(paper))
        ticket = _TICKET.search(text)
        if ticket is not None:
            parts = (int(ticket[1]), int(ticket[2]), int(ticket[3]))
            self.papers.append(Paper(parts, marked="DUPLICATE" in text))
        if self._mood == "slow":
            time.sleep(_SLOW_S)
        if resets == 2:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)


class Till(threading.Thread):
    """The kitchen's terminal, which brings orders as far as it gets: each a random way from accepted to paid."""

    def __init__(
        self, url: str, orders: Mapping[int, tuple[str, float, bool]], rng: Random, note: Callable[[Deed], None]
    ) -> None:
        """Orders by id: a name for keys, the sum to pay, and whether it is accepted already."""
        super().__init__(daemon=True)
        self.strange: list[str] = []
        self._client = client(url)
        self._note = note
        self._plan: list[list[Deed]] = []
        for order_id, (name, total, accepted) in orders.items():
            steps = list(STEPS)[accepted : rng.randint(2, len(STEPS))]
            self._plan.append([deed_of(order_id, name, step, total) for step in steps])

    def run(self) -> None:
        """Do it, step by step; an order that did not move is left alone."""
        with self._client as http:
            while self._plan:
                for deeds in list(self._plan):
                    if not deeds or not self._do(http, deeds.pop(0)):
                        self._plan.remove(deeds)

    def _do(self, http: httpx.Client, deed: Deed) -> bool:
        self._note(deed)
        try:
            answer = send(http, deed)
        except httpx.TransportError:
            return False
        if answer.status_code == 200:
            deed.fate = Fate.STORED
        elif answer.status_code == 503 or is_refused(deed, answer):
            deed.fate = Fate.ABSENT
        elif answer.status_code != 504:
            self.strange.append(f"{deed.step} of order {deed.order_id} was answered {answer.text}")
        return deed.fate is Fate.STORED


def client(url: str) -> httpx.Client:
    """Calls as the kitchen's terminal."""
    headers = {"authorization": f"Bearer {TOKEN}"}
    return httpx.Client(base_url=url, headers=headers, timeout=30, trust_env=False)


def deed_of(order_id: int, name: str, step: str, total: float) -> Deed:
    """A step on an order, as it is to be sent."""
    ticket = f"/hub/v1/tickets/{order_id}-{STATION}-1"
    paths = {
        "accept": f"/hub/v1/orders/{order_id}/accept",
        "start": f"{ticket}/start",
        "ready": f"{ticket}/ready",
        "hand-over": f"/hub/v1/orders/{order_id}/hand-over",
        "close": f"/hub/v1/receipts/{order_id}/close",
    }
    bodies: dict[str, dict[str, Any]] = {
        "accept": {"send_to_station": True},
        "close": {"payment_methods": [{"id": 1, "name": "Cash", "amount": total}]},
    }
    return Deed(f"{name}.{step}", order_id, step, paths[step], bodies.get(step, {}))


def send(http: httpx.Client, deed: Deed) -> httpx.Response:
    """Send a step under its key."""
    return http.post(deed.path, json=deed.body, headers={"idempotency-key": deed.key})


def is_refused(deed: Deed, answer: httpx.Response) -> bool:
    """Whether the clock was faster: an order that it ignored cannot be accepted any more."""
    return deed.step == "accept" and answer.status_code == 400 and "Status is not allowed" in answer.text


_STOCK: Final = {"venue_id": 1, "product_id": STOP_LISTED, "quantity": 9_000}
"""More than any number of rounds takes."""
_KITCHEN: Final = {
    "id": KITCHEN,
    "name": "Kitchen",
    "default_terminal_id": KITCHEN,
    "default_station_id": STATION,
    "accept_deadlines": [
        {"steps": [{"after_s": REMIND_S, "action": "remind"}, {"after_s": IGNORE_S, "action": "ignore"}]}
    ],
}
_PRINTER: Final = {"id": PRINTER, "name": "Printer", "venue_id": KITCHEN, "station_id": STATION, "host": "127.0.0.1"}
