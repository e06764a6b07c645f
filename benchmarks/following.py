"""How soon an event is at who watches, and how soon a stream that fell behind has caught up.

The instant of a commit is known to nobody outside of the server. Two clocks that stand on this machine enclose it: the
request was sent before the commit, its answer had come after it. So the time from commit to event is at least the one
counted from the answer, which is below zero where the event overtook it, and at most the one counted from the request.
"""

import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from benchmarks.bodies import bodies
from benchmarks.cases import CHAIN, chain_is_whole, gapless, query, send
from benchmarks.load import Load, Sent, read_journal
from benchmarks.servers import ROOT, VENUES, Process, sign_in
from benchmarks.streams import Followed, Streams

STREAMS = 100
RATE = 300
BEHIND = 10_000
_WIDE, _WIDTH = 20, 5
"""How many of the streams watch several venues, and how many; the others watch one each."""
_WARMUP_S = 1.0
_SEED = 1


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """Milliseconds to an event at a stream, over all events at all streams.

    ``whole``: every stream was given each event of its venues once and in order, and every order has its chain.
    """

    deliveries: int
    after_answer: tuple[float, float, float]
    after_request: tuple[float, float, float]
    whole: bool


class Following:
    """Streams that are open in a process of their own."""

    def __init__(self, server: Process, paths: Sequence[str]) -> None:
        headers = {"x-token": sign_in(server.url)}
        asked = Streams(host="127.0.0.1", port=server.port, headers=headers, paths=list(paths))
        words = [sys.executable, "-m", "benchmarks.streams"]
        self._popen = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)  # noqa: S603
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        self._popen.stdin.write(msgspec.json.encode(asked) + b"\n")
        self._popen.stdin.flush()
        self._popen.stdout.readline()

    def finish(self) -> list[Followed]:
        """What each stream was given, once nothing more comes."""
        told, _ = self._popen.communicate(b"enough\n", timeout=120)
        return msgspec.json.decode(told, type=list[Followed])


def delivery(server: Process, data_dir: Path, url: str | None, body: str, seconds: float) -> Delivery:
    """Orders at a fixed rate over all venues while streams watch them."""
    following = Following(server, _paths())
    journal = data_dir / "followed.json"
    load = Load(
        host="127.0.0.1",
        port=server.port,
        bodies=bodies(body, VENUES),
        headers={"x-token": sign_in(server.url)},
        rate=RATE,
        seconds=seconds,
        warmup_s=_WARMUP_S,
        key_prefix="followed-",
        key_share=1.0,
        journal=str(journal),
    )
    result = send(load)
    followed = following.finish()
    sent = {one.order_id: one for one in read_journal(journal) if one.order_id}
    whole = result.statuses == {"201": result.requests} and gapless(data_dir, url)
    whole = whole and (body != CHAIN or chain_is_whole(data_dir, url))
    return Delivery(
        deliveries=sum(len(one.seen) for one in followed),
        after_answer=_spread(followed, sent, "answered_at"),
        after_request=_spread(followed, sent, "due_at"),
        whole=whole and _got_everything(followed, data_dir, url),
    )


def catch_up(server: Process, data_dir: Path, url: str | None) -> tuple[float, bool]:
    """Seconds from asking for a stream `BEHIND` events behind until it has them all, and whether it has each once."""
    (last,) = query(data_dir, url, "SELECT max(number) FROM events WHERE venue_id = 1")[0]
    (followed,) = Following(server, [f"/hub/v1/stream?venues=1&after=1:{last - BEHIND}"]).finish()
    whole = len(followed.seen) == BEHIND and _got_everything([followed], data_dir, url)
    return (followed.seen[-1].at - followed.asked_at if followed.seen else float("inf")), whole


def _paths() -> list[str]:
    """What the streams watch: evenly spread, and for some of them several venues."""
    pick = random.Random(_SEED)
    wide = [pick.sample(range(1, VENUES + 1), _WIDTH) for _ in range(_WIDE)]
    narrow = [[index % VENUES + 1] for index in range(STREAMS - _WIDE)]
    return [f"/hub/v1/stream?venues={','.join(map(str, venues))}" for venues in (*wide, *narrow)]


def _got_everything(followed: Sequence[Followed], data_dir: Path, url: str | None) -> bool:
    """Whether each stream was given every event after its beginning, once and in its venue's order."""
    last: dict[int, int] = dict(query(data_dir, url, "SELECT venue_id, last_event FROM venue_counters"))
    for one in followed:
        given: dict[int, list[int]] = {venue_id: [] for venue_id in one.venues}
        for event in one.seen:
            given.setdefault(event.venue_id, []).append(event.number)
        wanted = {venue: list(range(after + 1, last.get(venue, 0) + 1)) for venue, after in one.venues.items()}
        if one.status != 200 or one.ended or not given or given != wanted:
            return False
    return True


def _spread(followed: Sequence[Followed], sent: dict[int, Sent], since: str) -> tuple[float, float, float]:
    """Median, 99th percentile and worst of the times to events since an instant of their orders' requests, in ms."""
    begin = min(one.due_at for one in sent.values()) + _WARMUP_S
    times = sorted(
        event.at - getattr(sent[event.order_id], since)
        for one in followed
        for event in one.seen
        if event.order_id in sent and sent[event.order_id].due_at >= begin
    )
    if not times:
        return (float("inf"),) * 3
    places = (len(times) // 2, int(len(times) * 0.99), len(times) - 1)
    middle, most, worst = (round(times[place] * 1_000, 3) for place in places)
    return middle, most, worst
