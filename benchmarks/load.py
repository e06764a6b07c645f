"""A load generator in a process of its own: every request can carry its own key and body, every answer is kept.

The known tools send one body and one set of headers over and over, so they cannot send idempotency keys. This one
speaks HTTP/1.1 over keep-alive sockets, costs about as little per request, and keeps a journal of what was
acknowledged, so that it can be held against what is stored. In: a `Load` as JSON on standard input. Out: a
`Result` as JSON on standard output.
"""

import gc
import re
import select
import signal
import socket
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

_ORDER_ID = re.compile(rb'"id":(\d+)')
_TOTAL = b'"total":'
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_DRAIN_S = 20.0


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What to send. ``rate`` is requests a second at fixed times (open loop); 0 sends as fast as answers come.

    Of ``key_share`` of the requests, evenly spread, each carries an ``Idempotency-Key`` beginning with ``key_prefix``.
    Figures are of the ``seconds`` after the ``warmup_s`` and of answers with the ``wanted`` status; the journal is of
    everything. Where ``paths`` are given, each request is for the next of them instead of ``path``. SIGTERM ends it
    before its time.
    """

    host: str
    port: int
    bodies: list[str]
    headers: dict[str, str]
    method: str = "POST"
    path: str = "/open-api/v2/orders"
    paths: list[str] = []
    wanted: int = 201
    connections: int = 64
    rate: float = 0.0
    seconds: float = 5.0
    warmup_s: float = 1.0
    requests: int = 0
    key_prefix: str = ""
    key_share: float = 0.0
    journal: str | None = None


class Sent(msgspec.Struct, frozen=True, array_like=True):
    """One request in the journal; ``status`` 0 means that no answer came. Instants are `time.perf_counter`.

    ``body`` is which of the bodies, or of the paths, it was; ``total`` what an answer to a read says at its end.
    """

    number: int
    body: int
    key: str | None
    status: int
    order_id: int
    due_at: float = 0.0
    answered_at: float = 0.0
    total: int = -1


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it: ``per_second`` answered as wanted, latencies in ms from when one was due to its whole answer.

    ``late`` is how many requests the generator itself sent more than 1 ms after they were due.
    """

    requests: int
    per_second: float
    seconds: float
    statuses: dict[str, int]
    unanswered: int
    late: int
    p50: float
    p90: float
    p99: float
    p999: float
    worst: float


@dataclass(slots=True, eq=False)
class _Connection:
    """A socket with at most one request under way."""

    sock: socket.socket
    number: int = -1
    due: float = 0.0
    received: bytes = b""
    open: bool = True


@dataclass(slots=True)
class Generator:
    """Drives the connections of one load and remembers every request."""

    load: Load
    journal: list[Sent] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    answered: int = 0
    late: int = 0
    _count: int = 0
    _from: float = 0.0
    _until: float = 0.0
    _heads: list[bytes] = field(default_factory=list)
    _key: bytes = b""
    _bodies: list[bytes] = field(default_factory=list)

    def end(self) -> None:
        """Send nothing more from now on."""
        self._until = time.perf_counter()

    def run(self) -> Result:
        """Send it all and wait for the last answer."""
        load = self.load
        lines = [f"host: {load.host}:{load.port}", *(f"{name}: {value}" for name, value in load.headers.items())]
        paths = load.paths or [load.path]
        self._heads = ["\r\n".join([f"{load.method} {path} HTTP/1.1", *lines, ""]).encode() for path in paths]
        self._key = b"idempotency-key: " + load.key_prefix.encode()
        bodies = [body.encode() for body in load.bodies]
        head = b"content-type: application/json\r\n" if load.method == "POST" else b""
        self._bodies = [head + b"content-length: %d\r\n\r\n" % len(body) + body for body in bodies]
        connections = [_Connection(_connect(load)) for _ in range(load.connections)]
        began = time.perf_counter()
        self._from = began + load.warmup_s
        self._until = self._from + load.seconds
        if load.rate:
            self._run_open(connections, began)
        else:
            self._run_closed(connections)
        for connection in connections:
            if connection.number >= 0:
                self._note(connection, 0, 0)
            connection.sock.close()
        return self._result()

    def _run_closed(self, connections: list[_Connection]) -> None:
        """Each connection sends its next request when it has its answer."""
        poll = select.epoll()
        by_fd = {connection.sock.fileno(): connection for connection in connections}
        for fd, connection in by_fd.items():
            poll.register(fd, select.EPOLLIN)
            self._send(connection, time.perf_counter())
        while any(connection.number >= 0 for connection in connections):
            events = poll.poll(1.0)
            now = time.perf_counter()
            if not events and now > self._until + _DRAIN_S:
                return
            for fd, _ in events:
                connection = by_fd[fd]
                if not self._receive(connection):
                    continue
                now = time.perf_counter()
                if now < self._until and not 0 < self.load.requests <= self._count:
                    self._send(connection, now)

    def _run_open(self, connections: list[_Connection], began: float) -> None:
        """Requests are due at fixed times; one that finds no free connection waits, and its wait counts."""
        free = deque(connections)
        busy: dict[int, _Connection] = {}
        step = 1 / self.load.rate
        due, now = began, began
        while True:
            now = time.perf_counter()
            while due <= now and due < self._until and free:
                connection = free.popleft()
                self._send(connection, due)
                if connection.open:
                    busy[connection.sock.fileno()] = connection
                    self.late += now - due > 0.001
                due += step
            if due >= self._until and not busy:
                return
            if now > self._until + _DRAIN_S or not (free or busy):
                return
            waiting = due < self._until and free
            timeout = max(0.0, due - time.perf_counter()) if waiting else 1.0
            ready, _, _ = select.select(list(busy), [], [], timeout)
            for fd in ready:
                connection = busy[fd]
                if self._receive(connection) or not connection.open:
                    del busy[fd]
                    if connection.open:
                        free.append(connection)

    def _send(self, connection: _Connection, due: float) -> None:
        number = self._count
        self._count += 1
        connection.number, connection.due = number, due
        body = self._bodies[number % len(self._bodies)]
        start = self._heads[number % len(self._heads)]
        message = start + self._key + b"%d\r\n" % number + body if self._is_keyed(number) else start + body
        try:
            connection.sock.sendall(message)
        except OSError:
            self._lose(connection)

    def _receive(self, connection: _Connection) -> bool:
        """Take what has come; True when the answer is whole."""
        try:
            data = connection.sock.recv(65_536)
        except OSError:
            data = b""
        if not data:
            self._lose(connection)
            return False
        data = connection.received + data if connection.received else data
        end = data.find(b"\r\n\r\n")
        length = _LENGTH.search(data, 0, end + 2) if end >= 0 else None
        if length is None or len(data) < end + 4 + int(length[1]):
            connection.received = data
            return False
        now = time.perf_counter()
        connection.received = b""
        status = int(data[9:12])
        if status == self.load.wanted:
            self.answered += self._from <= now < self._until
            # In an open loop what was due counts, however late its answer; in a closed one, what was answered.
            if self._from <= (connection.due if self.load.rate else now) < self._until:
                self.latencies.append(now - connection.due)
        if self.load.method == "GET":
            self._note(connection, status, 0, now, _total(data))
            return True
        found = _ORDER_ID.search(data, end) if data[9:11] == b"20" else None
        self._note(connection, status, int(found[1]) if found else 0, now)
        return True

    def _lose(self, connection: _Connection) -> None:
        self._note(connection, 0, 0)
        connection.open = False
        connection.sock.close()

    def _note(
        self, connection: _Connection, status: int, order_id: int, answered_at: float = 0.0, total: int = -1
    ) -> None:
        number = connection.number
        connection.number = -1
        key = f"{self.load.key_prefix}{number}" if self._is_keyed(number) else None
        body = number % max(len(self._bodies), len(self._heads))
        self.journal.append(Sent(number, body, key, status, order_id, connection.due, answered_at, total))

    def _is_keyed(self, number: int) -> bool:
        share = self.load.key_share
        return int((number + 1) * share) > int(number * share)

    def _result(self) -> Result:
        statuses: dict[str, int] = {}
        for sent in self.journal:
            if sent.status:
                statuses[str(sent.status)] = statuses.get(str(sent.status), 0) + 1
        ordered = sorted(self.latencies)
        seconds = self.load.seconds
        return Result(
            requests=len(self.journal),
            per_second=self.answered / seconds,
            seconds=seconds,
            statuses=statuses,
            unanswered=sum(1 for sent in self.journal if not sent.status),
            late=self.late,
            p50=_percentile_ms(ordered, 0.5),
            p90=_percentile_ms(ordered, 0.9),
            p99=_percentile_ms(ordered, 0.99),
            p999=_percentile_ms(ordered, 0.999),
            worst=_percentile_ms(ordered, 1),
        )


def _total(answer: bytes) -> int:
    """The last ``total`` in an answer, which is that of its envelope; -1 when there is none."""
    at = answer.rfind(_TOTAL) + len(_TOTAL)
    end = answer.find(b",", at)
    return int(answer[at:end]) if at >= len(_TOTAL) and answer[at:end].isdigit() else -1


def read_journal(path: Path) -> list[Sent]:
    """The journal a load has written."""
    return msgspec.json.decode(path.read_bytes(), type=list[Sent])


def _connect(load: Load) -> socket.socket:
    sock = socket.create_connection((load.host, load.port), timeout=_DRAIN_S)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def _percentile_ms(ordered: list[float], share: float) -> float:
    if not ordered:
        return 0.0
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1_000, 3)


def main() -> None:
    """Run the load given on standard input."""
    gc.disable()
    generator = Generator(msgspec.json.decode(sys.stdin.buffer.read(), type=Load))
    signal.signal(signal.SIGTERM, lambda *_: generator.end())
    result = generator.run()
    if generator.load.journal:
        Path(generator.load.journal).write_bytes(msgspec.json.encode(generator.journal))
    sys.stdout.buffer.write(msgspec.json.encode(result))


if __name__ == "__main__":
    main()
