"""The README's way from accepted to the door, word for word, with a kill in the middle."""

import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import httpx
import pytest
from benchmarks.servers import free_port as a_port
from tests.conftest import DEMO_CREDENTIALS, ROOT, fresh_database, run_comanda

README = (ROOT / "README.md").read_text()
BLOCK = re.search(r"<!-- chain -->\n```console\n(.*?)```", README, re.DOTALL)


def shell(script: str, **variables: str) -> str:
    """Run lines of the README; what they print."""
    python = str(Path(sys.executable).parent)
    environment = {**os.environ, **variables, "PATH": f"{python}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-euc", script], capture_output=True, text=True, cwd=ROOT, env=environment, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def until(found, what: str, beside: "Running"):
    """Wait for something that comes by itself, from what runs beside."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if value := found():
            return value
        time.sleep(0.1)
    raise AssertionError(f"{what} did not come; there was:\n{beside.output.read_text()}")


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_the_readme_takes_an_order_to_the_door_through_a_kill(request, start_comanda, tmp_path, store):
    """On a stream, with receipt and ticket, on paper, ready, paid, handed over, DELIVERED; each thing once."""
    where = ["--data-dir", str(tmp_path / "store")]
    if store == "postgresql":
        where += ["--database-url", fresh_database(request)]
    printer_port = a_port()
    server = start_comanda("serve", "--demo", *where)
    (tmp_path / "printer.json").write_text(json.dumps({"printers": [_printer(printer_port)]}))
    run_comanda("import", str(tmp_path / "printer.json"), "--brand", "demo", *where, cwd=tmp_path)
    time.sleep(1)
    with (
        Running("printer", "listen", "--port", str(printer_port), "--pictures", str(tmp_path / "papers")) as printer,
        Running("tail", "--json", "--after", "1:0", "--url", server.url) as tail,
    ):
        first, ready, rest = _parts()
        token = _token(server.url)
        order = shell(f"{_at(first, server.url)}\necho ORDER=$ORDER", TOKEN=token).rpartition("ORDER=")[2].strip()
        until(lambda: list((tmp_path / "papers").glob("*.png")), "the paper", printer)
        server.popen.kill()
        server.popen.wait()
        again = start_comanda("serve", "--demo", *where, port=server.port)
        head = _at(first, again.url).partition("# The documented order")[0]
        told = shell(f"{head}\n{ready}{rest}", TOKEN=token, ORDER=order)
        steps = json.loads(_last(told))
        assert [step["step"] for step in steps["data"]["steps"]] == [
            "stored",
            "accepted",
            "sent_to_station",
            "started",
            "ready",
            "handed_over",
        ]
        assert steps["data"]["status"] == "DELIVERED"
        time.sleep(1)
        assert len(list((tmp_path / "papers").glob("*.png"))) == 1
        events = httpx.get(
            f"{again.url}/hub/v1/events", params={"venue": 1, "limit": 500}, headers={"x-token": token}, timeout=10
        ).json()["data"]
        counted = Counter(event["type"] for event in events if event["order_id"] == int(order))
        assert {counted[name] for name in ("order.created", "receipt.opened", "ticket.created", "order.delivered")} == {
            1
        }
        assert [event["number"] for event in events] == list(range(1, len(events) + 1))
        # Who follows the stream through the kill sees each of the order's events once, whenever it began to follow. Where
        # the kill came before the printer's word was stored, one more comes late: the paper is uncertain.
        of_order = [event["number"] for event in events if event["order_id"] == int(order)]
        until(lambda: of_order[-1] in _streamed(tail, order), f"event {of_order[-1]} on the stream", tail)
        assert _streamed(tail, order)[: len(of_order)] == of_order
    assert "Pizza" in printer.output.read_text()


def _parts() -> tuple[str, str, str]:
    """The block up to the started ticket, the line that finishes it, and what comes after."""
    assert BLOCK is not None
    lines = BLOCK[1].splitlines(keepends=True)
    at = next(index for index, line in enumerate(lines) if "-1-1/ready" in line)
    return "".join(lines[:at]), lines[at], "".join(lines[at + 1 :])


def _at(script: str, url: str) -> str:
    """The same lines against this server."""
    assert "API=http://127.0.0.1:8080" in script
    return script.replace("API=http://127.0.0.1:8080", f"API={url}")


def _last(printed: str) -> str:
    """The last of the answers that curl printed one after the other."""
    decoder = json.JSONDecoder()
    position, found = 0, ""
    while position < len(printed.rstrip()):
        _, end = decoder.raw_decode(printed, position)
        found = printed[position:end]
        position = end + len(printed[end:]) - len(printed[end:].lstrip())
    return found


def _token(url: str) -> str:
    token: str = httpx.post(f"{url}/open-api/v2/auth", json=DEMO_CREDENTIALS, timeout=10).json()["token"]
    return token


def _streamed(tail: "Running", order: str) -> list[int]:
    """The numbers of an order's events that `comanda tail --json` has printed."""
    lines = [line for line in tail.output.read_text().splitlines() if line.startswith("{")]
    return [event["number"] for event in map(json.loads, lines) if event["order_id"] == int(order)]


def _printer(port: int) -> dict[str, object]:
    return {"id": 1, "name": "P", "venue_id": 1, "station_id": 1, "host": "127.0.0.1", "port": port}


class Running:
    """A command that runs beside, until the end of the block."""

    def __init__(self, *words: str) -> None:
        self._words = words

    def __enter__(self):
        import tempfile

        self.output = Path(tempfile.mkstemp(suffix=".log")[1])
        self._file = self.output.open("w")
        self._popen = subprocess.Popen(
            [sys.executable, "-u", "-m", "comanda", *self._words], stdout=self._file, stderr=subprocess.STDOUT
        )
        return self

    def __exit__(self, *_):
        self._popen.terminate()
        self._popen.wait(60)
        self._file.close()
