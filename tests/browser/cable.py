"""A cable between a browser and a house: it can be cut and mended, and says how many event streams run through it."""

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self

STREAM = b"GET /hub/v1/stream"
PIECE_BYTES = 65_536


class _Connection:
    """One of the browser's connections, carried on to the house byte by byte."""

    def __init__(self, near: socket.socket, port: int) -> None:
        self.near = near
        self.far = socket.create_connection(("127.0.0.1", port))
        self.is_stream = False
        self.open = True
        for source, target in ((self.near, self.far), (self.far, self.near)):
            threading.Thread(target=self._carry, args=(source, target), daemon=True).start()

    def close(self) -> None:
        """End it on both sides, as a cable does that is pulled."""
        self.open = False
        for end in (self.near, self.far):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(PIECE_BYTES):
                if source is self.near and b" HTTP/1.1\r\n" in piece:
                    self.is_stream = STREAM in piece
                target.sendall(piece)
        self.close()


class Cable:
    """Listens on a port of its own and carries what comes to a house's."""

    def __init__(self, house_port: int, host: str = "127.0.0.1") -> None:
        self._house_port = house_port
        self._host = host
        self._connections: list[_Connection] = []
        self._listener = self._listen(0)
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cut()

    @property
    def url(self) -> str:
        """Where the house is reached through it."""
        return f"http://{self._host}:{self.port}"

    @property
    def streams(self) -> int:
        """How many event streams are open at this moment."""
        return sum(one.open and one.is_stream for one in self._connections)

    def cut(self) -> None:
        """Nothing goes through any more; new connections are refused."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in self._connections:
            one.close()

    def mend(self) -> None:
        """It carries again."""
        self._listener = self._listen(self.port)

    def _listen(self, port: int) -> socket.socket:
        listener = socket.create_server((self._host, port))
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            try:
                self._connections.append(_Connection(near, self._house_port))
            except OSError:
                near.close()
