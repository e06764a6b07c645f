"""Event streams in a process of its own: many are opened, every event is kept with the instant it came.

While streams run, bytes are put aside with their instants and nothing else is done; they are read afterwards. Instants
are `time.perf_counter`, which on Linux all processes of a machine share with the load generator. In: a `Streams` as
JSON in one line of standard input. Out: one line when every stream has said hello; then, once another line has come
in and nothing more has arrived for a while, a list of `Followed` as JSON.
"""

import gc
import re
import select
import socket
import sys
import time
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

_STATUS = re.compile(rb"HTTP/1\.1 (\d{3})")
_FRAME = re.compile(rb"(?:id: [^\n]*\n)?event: ([a-z_.]+)\ndata: ([^\n]*)\n\n")
_HELLO_S = 20.0
_RECEIVED = 1 << 20


class Streams(msgspec.Struct, frozen=True, kw_only=True):
    """What to open. A stream is over when nothing has come for ``quiet_s``, at the latest after ``patience_s``."""

    host: str
    port: int
    headers: dict[str, str]
    paths: list[str]
    quiet_s: float = 1.0
    patience_s: float = 30.0


class Seen(msgspec.Struct, frozen=True, array_like=True):
    """An event that a stream was given, and when its last byte had come; no order is 0."""

    venue_id: int
    number: int
    order_id: int
    at: float


class Followed(msgspec.Struct, frozen=True, kw_only=True):
    """What one stream was given. ``venues``: the numbers it began after; ``ended`` names a frame that ended it."""

    status: int
    asked_at: float
    venues: dict[int, int]
    seen: list[Seen]
    ended: str = ""


class _Hello(msgspec.Struct):
    venues: dict[int, int]


class _Event(msgspec.Struct):
    venue_id: int
    number: int
    order_id: int | None


@dataclass(slots=True, eq=False)
class _Stream:
    """A socket, what came, and when."""

    sock: socket.socket
    asked_at: float
    raw: bytearray = field(default_factory=bytearray)
    ends: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    open: bool = True

    def take(self) -> None:
        """Put aside what has come."""
        try:
            found = self.sock.recv(_RECEIVED)
        except OSError:
            found = b""
        if not found:
            self.open = False
            return
        self.raw += found
        self.ends.append(len(self.raw))
        self.times.append(time.perf_counter())

    @property
    def greeted(self) -> bool:
        """Whether it has begun, or was refused."""
        return not self.open or b"event: hello" in self.raw or self.raw[9:12] not in (b"200", b"")


def main() -> None:
    """Follow what standard input asks for."""
    gc.disable()
    asked = msgspec.json.decode(sys.stdin.buffer.readline(), type=Streams)
    streams = [_open(asked, path) for path in asked.paths]
    poll = select.epoll()
    by_fd = {stream.sock.fileno(): stream for stream in streams}
    for fd in by_fd:
        poll.register(fd, select.EPOLLIN)
    until = time.perf_counter() + _HELLO_S
    while not all(stream.greeted for stream in streams) and time.perf_counter() < until:
        _read(poll, by_fd, 0.1)
    sys.stdout.buffer.write(b"ready\n")
    sys.stdout.buffer.flush()
    _follow(asked, poll, by_fd)
    sys.stdout.buffer.write(msgspec.json.encode([_followed(stream) for stream in streams]))


def _open(asked: Streams, path: str) -> _Stream:
    lines = [f"GET {path} HTTP/1.1", f"host: {asked.host}:{asked.port}"]
    lines += [f"{name}: {value}" for name, value in asked.headers.items()]
    sock = socket.create_connection((asked.host, asked.port), timeout=_HELLO_S)
    asked_at = time.perf_counter()
    sock.sendall("\r\n".join([*lines, "", ""]).encode())
    sock.setblocking(False)
    return _Stream(sock, asked_at)


def _follow(asked: Streams, poll: select.epoll, by_fd: dict[int, _Stream]) -> None:
    """Read until told that no more is sent, and then until it is quiet."""
    poll.register(sys.stdin.fileno(), select.EPOLLIN)
    while _read(poll, by_fd, 1.0):
        pass
    poll.unregister(sys.stdin.fileno())
    began = time.perf_counter()
    while any(stream.open for stream in by_fd.values()):
        latest = max([began, *(stream.times[-1] for stream in by_fd.values() if stream.times)])
        now = time.perf_counter()
        if now - latest > asked.quiet_s or now - began > asked.patience_s:
            return
        _read(poll, by_fd, 0.05)


def _read(poll: select.epoll, by_fd: dict[int, _Stream], timeout_s: float) -> bool:
    """Take what has come; False when standard input has something to say."""
    told = False
    for fd, _ in poll.poll(timeout_s):
        stream = by_fd.get(fd)
        if stream is None:
            told = True
            continue
        stream.take()
        if not stream.open:
            poll.unregister(fd)
    return not told


def _followed(stream: _Stream) -> Followed:
    """What stands in a stream's bytes."""
    raw = bytes(stream.raw)
    status = _STATUS.match(raw)
    body, places = _body(raw)
    venues: dict[int, int] = {}
    seen = []
    ended = "" if stream.open else "closed"
    for found in _FRAME.finditer(body):
        name, data = found[1], found[2]
        if name == b"hello":
            venues = msgspec.json.decode(data, type=_Hello).venues
        elif b"." in name:
            event = msgspec.json.decode(data, type=_Event)
            at = stream.times[bisect_left(stream.ends, _place(places, found.end()))]
            seen.append(Seen(event.venue_id, event.number, event.order_id or 0, at))
        else:
            ended = name.decode()
    return Followed(
        status=int(status[1]) if status else 0, asked_at=stream.asked_at, venues=venues, seen=seen, ended=ended
    )


def _body(raw: bytes) -> tuple[bytes, list[tuple[int, int]]]:
    """A chunked answer's body so far, and of each chunk where it ends in the body and in the bytes."""
    body, places = bytearray(), []
    for begin, end in _chunks(raw):
        body += raw[begin:end]
        places.append((len(body), end))
    return bytes(body), places


def _chunks(raw: bytes) -> Iterator[tuple[int, int]]:
    position = raw.find(b"\r\n\r\n") + 4
    while position >= 4:
        line = raw.find(b"\r\n", position)
        size = int(raw[position:line], 16) if line > 0 else 0
        if not size or line + 2 + size > len(raw):
            return
        yield line + 2, line + 2 + size
        position = line + 2 + size + 2


def _place(places: list[tuple[int, int]], offset: int) -> int:
    """Where in the bytes an offset of the body stands."""
    end, raw_end = places[bisect_left(places, (offset, 0))]
    return raw_end - (end - offset)


if __name__ == "__main__":
    main()
