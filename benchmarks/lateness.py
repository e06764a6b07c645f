"""How late the steps of accept deadlines are: orders come at a fixed rate to a venue where nobody answers them.

In: a prepared store whose server is not running yet, since its catalogue is given the deadline first. Out: how long
after it was due each step was carried out, by the instants that the store keeps; a step's commit comes after the
instant that its event tells. The tests hold what a step is; only this says when.
"""

import asyncio
import time
from pathlib import Path

import msgspec

from benchmarks.bodies import bodies
from benchmarks.cases import gapless, query, send
from benchmarks.load import Load
from benchmarks.servers import VENUES, Process, sign_in
from comanda import administration, demo
from comanda.catalogue.document import parse_document
from comanda.main import open_store
from comanda.settings import Settings

ORDERS_A_SECOND = 100
REMIND_S, IGNORE_S = 1, 2
_HISTORY = [(1, 0), (2, 1), (3, 2)]
"""Sequence and type of an order's events, as the statement numbers the types."""
_PATIENCE_S = 30.0
_EVENTS = """SELECT o.id, e.order_sequence,
    CASE e.type WHEN 'order.created' THEN 0 WHEN 'order.reminded' THEN 1 WHEN 'order.ignored' THEN 2 ELSE 3 END,
    e.created_at - o.created_at
    FROM orders o JOIN events e ON e.brand_id = o.brand_id AND e.order_id = o.id ORDER BY o.id, e.order_sequence"""


class Lateness(msgspec.Struct, frozen=True, kw_only=True):
    """Milliseconds from when a step was due until it was carried out: median, 99th percentile and worst.

    ``whole``: every order was reminded once, then ignored once, neither before its time.
    """

    late: tuple[float, float, float]
    whole: bool


def set_deadline(data_dir: Path, url: str | None) -> None:
    """Let the last venue remind of what nobody answers, and ignore it in the end."""
    steps = [{"after_s": REMIND_S, "action": "remind"}, {"after_s": IGNORE_S, "action": "ignore"}]
    venue = {"id": VENUES, "name": "Unattended", "default_terminal_id": VENUES, "default_station_id": 1}
    document = parse_document({"venues": [{**venue, "accept_deadlines": [{"steps": steps}]}]})

    async def change() -> None:
        async with open_store(Settings(data_dir=data_dir, database_url=url)) as store:
            await administration.import_document(store, demo.BRAND, document)

    asyncio.run(change())


def lateness(server: Process, data_dir: Path, url: str | None, seconds: float) -> Lateness:
    """Send orders that nobody answers, and wait until no step of them is left."""
    load = Load(
        host="127.0.0.1",
        port=server.port,
        bodies=bodies("minimal", VENUES)[-1:],
        headers={"x-token": sign_in(server.url)},
        rate=ORDERS_A_SECOND,
        seconds=seconds,
        warmup_s=0.0,
    )
    result = send(load)
    nothing_left = _wait_until_nothing_is_left(data_dir, url)
    histories: dict[int, list[tuple[int, int]]] = {}
    late: list[int] = []
    for order_id, sequence, type_, after_us in query(data_dir, url, _EVENTS):
        histories.setdefault(order_id, []).append((sequence, type_))
        if type_ in (1, 2):
            late.append(after_us - (REMIND_S, IGNORE_S)[type_ - 1] * 1_000_000)
    each_once = len(histories) == result.requests and all(found == _HISTORY for found in histories.values())
    answered = result.statuses == {"201": result.requests}
    whole = answered and nothing_left and each_once and min(late) >= 0
    return Lateness(late=_spread_ms(sorted(late)), whole=whole and gapless(data_dir, url))


def _wait_until_nothing_is_left(data_dir: Path, url: str | None) -> bool:
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        if query(data_dir, url, "SELECT count(*) FROM deadlines")[0][0] == 0:
            return True
        time.sleep(0.2)
    return False


def _spread_ms(ordered: list[int]) -> tuple[float, float, float]:
    if not ordered:
        return (float("inf"),) * 3
    middle, most, worst = (ordered[place] / 1_000 for place in (len(ordered) // 2, int(len(ordered) * 0.99), -1))
    return middle, most, worst
