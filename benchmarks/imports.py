"""What an import of 20,000 products costs, and what it costs the orders that come in meanwhile.

Orders come at a steady rate to a running server while ``comanda import`` runs in a process of its own on the same
store: first products as CSV, then the same with other prices as YAML, then again as JSON. In: a prepared store. Out:
for each, the seconds the command took, and how long orders waited before it, during it and in the seconds after it.
``python -m benchmarks.bench --imports`` runs this part alone.
"""

import csv
import subprocess
import sys
import time
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.archive import FIRST_PRODUCT, menu_document, product
from benchmarks.bodies import bodies
from benchmarks.cases import acknowledged_ids, gapless, query
from benchmarks.load import Load, Result, Sent, read_journal
from benchmarks.servers import ROOT, VENUES, Process, sign_in, start_comanda
from comanda import demo
from comanda.catalogue.document import Document, write_document
from comanda.catalogue.model import Product

RATE: Final = 50
AIM_S, AIM_DELAY_MS = 10.0, 200.0
FORMATS: Final = ("csv", "yaml", "json")
_BEFORE_S, _AFTER_S, _WARMUP_S = 4.0, 3.0, 1.0
_PATIENCE_S: Final = 120.0
_COLUMNS: Final = ("id", "name", "price", "type", "category_id", "modifier_groups", "barcode", "description")


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """One import: seconds of the command; p99 and worst of orders before, during and after it, in milliseconds.

    ``sound``: the store has every product with its price, and every order that was answered.
    """

    format: str
    seconds: float
    before: tuple[float, float]
    during: tuple[float, float]
    after: tuple[float, float]
    sound: bool

    @property
    def delay_ms(self) -> float:
        """How much longer than before the unluckiest order waited during the import and after it."""
        return max(self.during[1], self.after[1]) - self.before[1]


def run_imports(data_dir: Path, url: str | None, products: int, formats: Sequence[str]) -> list[Imported]:
    """Import as many products once in each format into a store under load."""
    server = start_comanda(data_dir, url)
    try:
        _run_command(_written(data_dir, "json", Document(categories=menu_document(0).categories)), data_dir, url)
        return [_import(server, data_dir, url, products, format_) for format_ in formats]
    finally:
        server.stop()


def _import(server: Process, data_dir: Path, url: str | None, products: int, format_: str) -> Imported:
    """One import while orders come in."""
    price = Decimal(FORMATS.index(format_) + 1)
    wanted = [product(number, price) for number in range(products)]
    file = _written(data_dir, format_, Document(products=tuple(wanted)))
    stored = acknowledged_ids(data_dir, url)
    journal = data_dir / "imports.json"
    generator = _start_load(server, journal)
    try:
        time.sleep(_WARMUP_S + _BEFORE_S)
        began = time.perf_counter()
        _run_command(file, data_dir, url)
        ended = time.perf_counter()
        time.sleep(_AFTER_S)
    finally:
        generator.terminate()
        told, _ = generator.communicate(timeout=60)
    result = msgspec.json.decode(told, type=Result)
    sent = read_journal(journal)
    whole = result.statuses == {"201": result.requests} and gapless(data_dir, url)
    whole = whole and acknowledged_ids(data_dir, url) - stored == {one.order_id for one in sent}
    return Imported(
        format=format_,
        seconds=ended - began,
        before=_spread_ms(sent, began - _BEFORE_S, began),
        during=_spread_ms(sent, began, ended),
        after=_spread_ms(sent, ended, ended + _AFTER_S),
        sound=whole and _are_stored(data_dir, url, products, price),
    )


def _start_load(server: Process, journal: Path) -> "subprocess.Popen[bytes]":
    """Orders at a steady rate over all venues until the process is told to end."""
    load = Load(
        host="127.0.0.1",
        port=server.port,
        bodies=bodies("minimal", VENUES),
        headers={"x-token": sign_in(server.url)},
        rate=RATE,
        seconds=_PATIENCE_S,
        warmup_s=0.0,
        key_prefix=f"imports-{time.time_ns()}-",
        key_share=1.0,
        journal=str(journal),
    )
    words = [sys.executable, "-m", "benchmarks.load"]
    generator = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)  # noqa: S603
    assert generator.stdin is not None
    generator.stdin.write(msgspec.json.encode(load))
    generator.stdin.close()
    generator.stdin = None
    return generator


def _run_command(file: Path, data_dir: Path, url: str | None) -> None:
    words = [sys.executable, "-m", "comanda", "import", str(file), "--brand", demo.BRAND, "--data-dir", str(data_dir)]
    if url:
        words += ["--database-url", url]
    done = subprocess.run(words, check=False, capture_output=True, text=True, cwd=ROOT, timeout=_PATIENCE_S)  # noqa: S603
    if done.returncode:
        raise RuntimeError(done.stderr[-4_000:])


def _written(data_dir: Path, format_: str, document: Document) -> Path:
    file = data_dir / f"products.{format_}"
    if format_ == "csv":
        _write_csv(file, document.products)
    else:
        file.write_text(write_document(document, as_json=format_ == "json"), encoding="utf-8")
    return file


def _write_csv(file: Path, products: Sequence[Product]) -> None:
    with file.open("w", encoding="utf-8", newline="") as text:
        rows = csv.writer(text)
        rows.writerow(_COLUMNS)
        for one in products:
            values = {name: getattr(one, name) for name in _COLUMNS}
            rows.writerow({**values, "modifier_groups": " ".join(map(str, one.modifier_groups))}.values())


def _spread_ms(sent: Sequence[Sent], begin: float, end: float) -> tuple[float, float]:
    """99th percentile and worst of the orders that were due in a time; one that got no answer counts for ever."""
    times = sorted(
        (one.answered_at - one.due_at) * 1_000 if one.status else float("inf")
        for one in sent
        if begin <= one.due_at < end
    )
    return (times[int(len(times) * 0.99)], times[-1]) if times else (float("inf"),) * 2


def _are_stored(data_dir: Path, url: str | None, products: int, price: Decimal) -> bool:
    """Whether every product is there with the price of the last import."""
    statement = (
        f"SELECT count(*) FROM catalogue WHERE kind = 'products' AND id >= {FIRST_PRODUCT} "  # noqa: S608
        f'AND document LIKE \'%"price":"{price}"%\''
    )
    return query(data_dir, url, statement)[0][0] == products
