"""Moving in: one Comanda filled from another by ``comanda mirror``, over a real socket, on both stores."""

import asyncio
import io
import json
import os
import re
import signal
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from benchmarks.servers import free_port
from PIL import Image
from tests.conftest import Server, serving, sign_in
from tests.http.documented import manager_headers

from comanda import administration, demo
from comanda.administration import ClientSettings
from comanda.main import open_hub, open_store
from comanda.settings import Settings

pytestmark = pytest.mark.anyio
BRAND = "plov"
READS = (
    "venues",
    "stations",
    "sale-types",
    "payment-methods",
    "categories",
    "products",
    "price-lists",
    "price-lists/prices",
    "customer-groups",
    "customers",
    "users",
)
RELATIONS = ("modificator_groups", "modifications", "recipe", "tags", "category", "station", "codes")
EVERYTHING = ("--with-stop-list", "--with-users", "--with-customers", "--with-pictures", "--private-pictures")


async def test_another_brand_becomes_what_the_source_shows(source: Server, elsewhere: Settings, tmp_path: Path):
    """Every v2 read is equal; a second run finds nothing to do; a price that changed is named, then taken."""
    picture = await _fill(source)
    done = await _mirror(source, elsewhere, tmp_path, "--yes", *EVERYTHING)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "applied: " in done.stdout
    assert demo.CLIENT_SECRET not in done.stdout + done.stderr
    assert not (tmp_path / "state").exists()
    async with _opened(elsewhere) as (there, headers):
        for path in READS:
            wanted = await _all(source, source.headers, path)
            assert await _all(there, headers, path) == wanted, path
            assert len(wanted) > (0 if path != "products" else 250), path
        for number in (1003, 1900, 1901):
            query = "with[0]=unit&with[1]=setting&with[2]=media"
            both = [await _one(server, h, f"products/{number}?{query}") for server, h in
                    ((source, source.headers), (there, headers))]  # fmt: skip
            assert both[0] == both[1]
        for venue in ("1", "2"):
            left = [await _stop_list(server, h, venue) for server, h in ((source, source.headers), (there, headers))]
            assert left[0] == left[1]
        original = await there.http.get(f"/media/{BRAND}/{picture}/original")
        assert original.content == (await source.http.get(f"/media/{demo.BRAND}/{picture}/original")).content

    again = await _mirror(source, elsewhere, tmp_path, "--yes", *EVERYTHING)
    assert (again.returncode, "nothing to do" in again.stdout) == (0, True), again.stdout

    await _import(source, {"products": [{**_product(7), "price": 99.9}]})
    shown = await _mirror(source, elsewhere, tmp_path, "--dry-run")
    assert shown.returncode == 0
    assert "products: 1 changed\n  ~ 1007 Item 7: price 7.5 -> 99.9\n" in shown.stdout
    assert "nothing was changed" in shown.stdout
    declined = await _mirror(source, elsewhere, tmp_path, answer=b"n\n")
    assert (declined.returncode, "nothing was changed" in declined.stdout) == (1, True)
    taken = await _mirror(source, elsewhere, tmp_path, answer=b"y\n")
    assert (taken.returncode, "applied: 1 products" in taken.stdout) == (0, True), taken.stdout + taken.stderr
    async with _opened(elsewhere) as (there, headers):
        assert (await _one(there, headers, "products/1007"))["price"] == 99.9


async def test_a_run_that_was_killed_goes_on_where_it_stopped(source: Server, elsewhere: Settings, tmp_path: Path):
    """The second run asks the source for exactly the pages that the first one had not kept."""
    await _fill(source)
    whole = await _mirror(source, elsewhere, tmp_path, "--dry-run", "--with-customers", state="whole")
    assert whole.returncode == 0, whole.stderr
    needed = {path.name for path in (tmp_path / "whole").glob("*.page")}
    first = await _start(source, elsewhere, tmp_path, "--yes", "--with-customers", "--rate", "4")
    await _until(lambda: list((tmp_path / "state").glob("products-*.page")), first)
    first.send_signal(signal.SIGKILL)
    await first.wait()
    kept = {path.name for path in (tmp_path / "state").glob("*.page")}
    assert kept < needed
    before = _reads(source)
    second = await _mirror(source, elsewhere, tmp_path, "--yes", "--with-customers")
    assert second.returncode == 0, second.stdout + second.stderr
    assert "going on with what was read since" in second.stdout
    assert _reads(source) - before == len(needed - kept)
    async with _opened(elsewhere) as (there, headers):
        assert await _all(there, headers, "customers") == await _all(source, source.headers, "customers")
        prices = [
            [(row["id"], row["price"]) for row in await _all(server, some, "products")]
            for server, some in ((there, headers), (source, source.headers))
        ]
        assert prices[0] == prices[1]


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_a_small_quota_is_obeyed(source: Server, elsewhere: Settings, tmp_path: Path):
    """It waits before the quota is used up: the source never has to refuse, and the run ends well."""
    secret = await administration.add_client(
        source.hub.store, demo.BRAND, "slow", name="slow", settings=ClientSettings(quota_per_minute=9)
    )
    await source.hub.known.refresh()
    environment = {"COMANDA_MIRROR_CLIENT_ID": "slow", "COMANDA_MIRROR_CLIENT_SECRET": secret}
    done = await _mirror(source, elsewhere, tmp_path, "--yes", environment=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "as the source asks" in done.stderr
    assert _reads(source) > 9
    assert _answers(source, "429") == 0


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_what_cannot_be_done_is_a_sentence(source: Server, elsewhere: Settings, tmp_path: Path):
    """Exit code 1 for what is refused or away, 2 for wrong usage; nothing is changed."""
    wrong = await _mirror(source, elsewhere, tmp_path, environment={"COMANDA_MIRROR_CLIENT_SECRET": "not-the-secret"})
    assert (wrong.returncode, "the source refused the sign-in: 401" in wrong.stderr) == (1, True), wrong.stderr
    assert "not-the-secret" not in wrong.stdout + wrong.stderr
    away = await _mirror(source, elsewhere, tmp_path, url=f"http://127.0.0.1:{free_port()}")
    assert (away.returncode, "the source cannot be reached" in away.stderr) == (1, True), away.stderr
    unknown = await _mirror(source, elsewhere, tmp_path, brand="nobody")
    assert (unknown.returncode, "There is no brand 'nobody'" in unknown.stderr) == (1, True), unknown.stderr
    plain = await _mirror(source, elsewhere, tmp_path, url="http://198.51.100.1")
    assert (plain.returncode, "--plain-http" in plain.stderr) == (2, True), plain.stderr
    missing = await _mirror(source, elsewhere, tmp_path, environment={"COMANDA_MIRROR_BRAND": ""})
    assert (missing.returncode, "COMANDA_MIRROR_BRAND" in missing.stderr) == (2, True), missing.stderr
    assert not (tmp_path / "state").exists() or list((tmp_path / "state").glob("*.page")) == []


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_pictures_of_ones_own_network_need_leave(source: Server, elsewhere: Settings, tmp_path: Path):
    """Without it they are notes, and everything else is taken."""
    await _fill(source)
    done = await _mirror(source, elsewhere, tmp_path, "--yes", "--with-pictures")
    assert done.returncode == 0, done.stderr
    assert "leads into a private network" in re.sub(r"\s+", " ", done.stdout)
    async with _opened(elsewhere) as (there, headers):
        assert (await _one(there, headers, "products/1003"))["media"] == []


@pytest.fixture
async def source(server: Server) -> Server:
    """The Comanda that is read."""
    return server


@pytest.fixture
async def elsewhere(settings: Settings, tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    """A second installation on the same kind of store, with an empty brand and a client of it."""
    url = None
    if settings.database_url is not None:
        name = f"mirror_{uuid.uuid4().hex}"
        template = request.getfixturevalue("postgres_template")
        plain = request.getfixturevalue("postgres_url")
        connection = await asyncpg.connect(plain)
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        await connection.close()
        url = plain.replace("/postgres?", f"/{name}?")
    found = replace(settings, data_dir=tmp_path / "elsewhere", database_url=url, port=free_port(), rate_calls=1_000_000)
    found.data_dir.mkdir()
    if url is None:
        found.database_file.write_bytes(Path(request.getfixturevalue("demo_file")).read_bytes())
    async with open_store(found) as store:
        await administration.add_brand(store, BRAND, name="Plov", currency="AZN", region="AZ", is_test=True)
        await administration.add_client(
            store, BRAND, demo.CLIENT_ID, name="reader", settings=ClientSettings(), secret="reads-it-back"
        )
    return found


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    returncode: int | None
    stdout: str
    stderr: str


async def _mirror(source: Server, elsewhere: Settings, tmp_path: Path, *words: str, **options: Any) -> Done:
    answer = options.pop("answer", None)
    process = await _start(source, elsewhere, tmp_path, *words, **options)
    out, err = await asyncio.wait_for(process.communicate(answer), 200)
    return Done(process.returncode, out.decode(), err.decode())


async def _start(
    source: Server,
    elsewhere: Settings,
    tmp_path: Path,
    *words: str,
    url: str | None = None,
    brand: str = BRAND,
    state: str = "state",
    environment: dict[str, str] | None = None,
) -> asyncio.subprocess.Process:
    where = ["--data-dir", str(elsewhere.data_dir)]
    if elsewhere.database_url is not None:
        where += ["--database-url", elsewhere.database_url]
    if "--rate" not in words:
        where += ["--rate", "50"]
    credentials = {
        "COMANDA_MIRROR_CLIENT_ID": demo.CLIENT_ID,
        "COMANDA_MIRROR_CLIENT_SECRET": demo.CLIENT_SECRET,
        "COMANDA_MIRROR_BRAND": demo.BRAND,
        "COMANDA_MIRROR_INTEGRATOR_ID": demo.INTEGRATOR_ID,
        "COLUMNS": "200",
    }
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "comanda", "mirror", "--from", url or str(source.http.base_url), "--brand", brand,
        "--timezone", "Asia/Baku", "--state", str(tmp_path / state), *where, *words,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path,
        env={**os.environ, **credentials, **(environment or {})},
    )  # fmt: skip


async def _until(found: Any, process: asyncio.subprocess.Process) -> None:
    for _ in range(2_000):
        assert process.returncode is None
        if found():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come")


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[tuple[Server, dict[str, str]]]:
    """The second installation served, and the headers of a client of its brand."""
    async with open_hub(settings) as hub, serving(hub) as running:
        token = await sign_in(running.http, brand=BRAND, client_secret="reads-it-back")
        yield running, {"x-token": token}


async def _all(server: Server, headers: dict[str, str], path: str) -> list[Any]:
    """Every row of a list, by id, with the relations that products have."""
    query = {"limit": "100", "sort[0]": "id", "sort[1]": "1", "include_inactive": "true"}
    if path == "products":
        query |= {f"with[{index}]": name for index, name in enumerate(RELATIONS)}
    found: list[Any] = []
    for page in range(1, 20):
        answer = await server.http.get(f"/open-api/v2/{path}", params={**query, "page": page}, headers=headers)
        body = _neutral(server, answer)
        found += body["data"]
        if len(found) >= body["total"]:
            return found
    raise AssertionError(f"{path} has no end")


async def _one(server: Server, headers: dict[str, str], path: str) -> Any:
    return _neutral(server, await server.http.get(f"/open-api/v2/{path}", headers=headers))["data"]


async def _stop_list(server: Server, headers: dict[str, str], venue: str) -> dict[int, Any]:
    """What a venue has left by product; each store keeps its own times of change."""
    answer = await server.http.get("/open-api/v2/products/stop-list", headers={**headers, "x-venue": venue})
    return {row["id"]: row["limit"] for row in answer.json()["data"]}


def _neutral(server: Server, answer: httpx.Response) -> Any:
    """An answer without what names its server."""
    assert answer.status_code == 200, answer.text
    base = f"{server.http.base_url}".rstrip("/")
    return json.loads(re.sub(rf"{re.escape(base)}/media/[a-z]+/", "media/", answer.text))


def _reads(server: Server) -> int:
    """How many GETs of v2 the source has answered with what they asked for."""
    return _answers(server, "200", "GET /open-api/v2/")


def _answers(server: Server, status: str, routes: str = "") -> int:
    return sum(
        int(sample.value)
        for metric in server.hub.metrics.registry.collect()
        for sample in metric.samples
        if sample.name == "comanda_requests_total"
        and sample.labels["status"] == status
        and sample.labels["route"].startswith(routes)
    )


async def _fill(source: Server) -> str:
    """Beside the demo's catalogue some of everything that v2 shows; returns the id of the one picture."""
    file = io.BytesIO()
    Image.new("RGB", (640, 480), "red").save(file, "JPEG")
    manager = await manager_headers(source)
    sent = await source.http.post(
        "/hub/v1/admin/pictures", content=file.getvalue(), headers={**manager, "content-type": "image/jpeg"}
    )
    assert sent.status_code in (200, 201), sent.text
    picture = sent.json()["data"]["uuid"]
    products = [_product(n) for n in range(1, 251)]
    products[2] |= {"pictures": [picture], "tags": [1], "unit_id": 2, "venues": [{"venue_id": 2, "available": False}]}
    products[3] |= {"recipe": [{"ingredient_id": 1001, "gross": 0.15, "net": 0.125}], "modifier_groups": [60, 50]}
    products[4] |= {"active": False, "hidden": True, "description": "x" * 900, "barcode": "4760000000001"}
    products[5] |= {"venues": [{"venue_id": 2, "price": 3.75}], "position": 4, "cooking_time": 12}
    await _import(
        source,
        {
            "units": [{"id": 1, "name": "Piece"}, {"id": 2, "name": "Gram", "type": "WEIGHT", "symbol": "g", "equal": 0.001}],
            "tags": [{"id": 1, "name": "Vegan"}],
            "stations": [{"id": 3, "name": "Tandir", "printable": False, "description": "Bread"}],
            "categories": [
                {"id": 20, "name": "Plov", "color": "00bcd4", "position": 1},
                {"id": 21, "name": "Lamb", "parent_id": 20, "pictures": [picture]},
                {"id": 22, "name": "Old", "parent_id": 21, "active": False},
            ],
            "modifier_groups": [
                {"id": 60, "name": "Size", "single_choice": True, "min_select": 1, "max_select": 1,
                 "modifiers": [{"id": 601, "name": "Half", "price": 0}, {"id": 602, "name": "Whole", "price": 4.25}]},
            ],
            "products": [
                *products,
                {"id": 1900, "name": "Billiard", "type": "TIMER", "timer": {"interval": 60, "prices": [{"price": 5, "from_minute": 0}]}},
                {"id": 1901, "name": "Compote", "type": "GOODS", "category_id": 20},
                *({"id": 1902 + n, "name": f"Compote {n}", "type": "MODIFICATION", "parent_id": 1901, "price": n + 0.5} for n in range(3)),
            ],
            "price_lists": [
                {"id": 1, "name": "Evening", "prices": [{"id": n, "product_id": 1000 + n, "price": n + 0.25} for n in range(1, 121)]},
                {"id": 2, "name": "Old", "active": False, "description": "gone"},
            ],
            "customer_groups": [{"id": 1, "name": "Regulars", "discount_type": "percent", "discount_value": 5}],
            "customers": [
                {"id": 100 + n, "name": f"Guest {n}", "phone": f"+99450{1000000 + n}", "group_id": 1 if n % 2 else None,
                 "address": f"Street {n}", "code": f"C{n}", "date_of_birth": "1990-05-01", "gender": 1 + n % 2}
                for n in range(120)
            ],
            "sale_types": [{"id": 4, "name": "Wolt", "system_type": "DELIVERY", "disabled_venues": [2], "position": 5}],
            "payment_methods": [{"id": 4, "name": "Cashback", "service": "loyalty", "disabled_venues": [1], "split": False}],
            "stop_list": [{"venue_id": 2, "product_id": 1009, "quantity": 0}, {"venue_id": 1, "product_id": 1009, "quantity": 2.5}],
        }
    )  # fmt: skip
    return str(picture)


async def _import(source: Server, document: dict[str, Any]) -> None:
    await source.import_(json.loads(json.dumps(document), parse_float=Decimal))


def _product(n: int) -> dict[str, Any]:
    return {
        "id": 1000 + n,
        "name": f"Item {n}",
        "price": n + 0.5,
        "type": "DISH" if n % 3 else "GOODS",
        "category_id": 20 + n % 2,
        "station_id": 3,
        "cost_price": 1.25,
        "modifier_groups": [60] if n % 5 == 0 else [],
    }
