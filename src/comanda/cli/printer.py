"""``comanda printer``: a kitchen printer on the screen, to see papers without one. It keeps nothing but pictures."""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from comanda.base import limits
from comanda.base.errors import SetupError
from comanda.cli.options import console, printable
from comanda.printing.picture import picture_of, text_of

printer = typer.Typer(help="A printer on the screen.", no_args_is_help=True)

_SILENCE_S = 2.0

Port = Annotated[int, typer.Option("--port", min=0, max=65_535, help="Port to listen on; 0 for any free one.")]


@printer.callback()
def group() -> None:
    """Keep `listen` a command of its own."""


@printer.command("listen")
def listen(
    port: Port = 9100,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    pictures: Annotated[
        Path | None, typer.Option("--pictures", help="Folder for a PNG of each paper.", show_default=False)
    ] = None,
    columns: Annotated[int, typer.Option("--columns", min=16, max=96, help="Letters in a row.")] = 48,
) -> None:
    """Listen like a network printer; show each paper here, and save its picture where asked, until stopped."""
    if pictures is not None:
        pictures.mkdir(parents=True, exist_ok=True)
    screen = _Screen(pictures, columns)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_listen(host, port, screen.show))


class _Screen:
    """Where papers come out, numbered from 1."""

    def __init__(self, pictures: Path | None, columns: int) -> None:
        self._pictures = pictures
        self._columns = columns
        self._count = 0

    def show(self, paper: bytes) -> None:
        """Print a paper's text, and save its picture."""
        self._count += 1
        console.rule(f"paper {self._count}, {len(paper)} bytes")
        console.print(printable(text_of(paper)), highlight=False, soft_wrap=True)
        if self._pictures is not None:
            file = self._free_file(self._pictures)
            file.write_bytes(picture_of(paper, columns=self._columns))
            console.print(f"saved {printable(str(file))}", highlight=False, soft_wrap=True)

    def _free_file(self, folder: Path) -> Path:
        """The picture's name; pictures of earlier runs are left alone."""
        number = self._count
        while (file := folder / f"paper-{number:04d}.png").exists():
            number += 1
        return file


async def _listen(host: str, port: int, show: Callable[[bytes], None]) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await _receive(reader, show)
        writer.close()

    try:
        server = await asyncio.start_server(connected, host, port)
    except OSError as error:
        raise SetupError(f"cannot listen on {host}:{port}: {error.strerror}") from error
    where = server.sockets[0].getsockname()
    console.print(f"printer at {where[0]}:{where[1]}; Ctrl-C ends", highlight=False)
    async with server:
        await server.serve_forever()


async def _receive(reader: asyncio.StreamReader, show: Callable[[bytes], None]) -> None:
    """Show what comes; a paper ends with its connection, with silence, or where it is larger than any paper is."""
    paper = bytearray()
    while True:
        try:
            chunk = await asyncio.wait_for(reader.read(65_536), _SILENCE_S)
        except TimeoutError:
            chunk = None
        paper += chunk or b""
        if paper and (not chunk or len(paper) >= limits.MAX_PAPER_BYTES):
            await asyncio.to_thread(show, bytes(paper))
            paper.clear()
        if chunk == b"":
            return
