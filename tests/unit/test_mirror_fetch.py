"""Reading another v2 server: paced, repeated, bounded, resumed; against real HTTP servers that misbehave."""

import json
import stat
import threading
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import pytest

from comanda.base import limits
from comanda.base.errors import SetupError
from comanda.mirror.address import Credentials, fingerprint, read_credentials, source_address
from comanda.mirror.connection import Connection, Refused
from comanda.mirror.fetch import fetch
from comanda.mirror.kept import open_pages
from comanda.mirror.pace import Pace
from comanda.mirror.source import Wanted

pytestmark = pytest.mark.anyio
CREDENTIALS = Credentials("client", "very-secret", "omega", "test_x")
VENUES = {"success": True, "data": [{"id": 1, "name": "Main", "is_main": 1, "media": []}]}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://integrations.clopos.com", "https://integrations.clopos.com/open-api/v2"),
        ("https://integrations.clopos.com/open-api/v2/", "https://integrations.clopos.com/open-api/v2"),
        ("https://hub.example/orders", "https://hub.example/orders/open-api/v2"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/open-api/v2"),
        ("http://[::1]:8080/open-api/v2", "http://[::1]:8080/open-api/v2"),
        ("http://localhost", "http://localhost/open-api/v2"),
    ],
)
def test_an_address_has_the_path_or_not(given, expected):
    """Both give the base of v2."""
    assert source_address(given, plain_http=False) == expected


@pytest.mark.parametrize(
    "given",
    ["http://hub.example", "http://10.0.0.1", "ftp://hub.example", "hub.example", "https://", "https://u:p@hub.example",
     "https://hub.example/?a=1", "https://hub.example:99999", "https://[::1"],
)  # fmt: skip
def test_an_address_that_will_not_do_is_refused(given):
    """Plain HTTP beyond this machine, credentials in it, what is no URL."""
    with pytest.raises(SetupError):
        source_address(given, plain_http=False)


def test_plain_http_may_be_allowed():
    """For a source on one's own network."""
    assert source_address("http://10.0.0.1", plain_http=True) == "http://10.0.0.1/open-api/v2"


def test_credentials_come_from_the_environment_and_are_not_shown():
    """Every missing variable is named; what is there appears in no text of ours."""
    with pytest.raises(SetupError, match="COMANDA_MIRROR_CLIENT_SECRET, COMANDA_MIRROR_BRAND"):
        read_credentials({"COMANDA_MIRROR_CLIENT_ID": "a", "COMANDA_MIRROR_INTEGRATOR_ID": "b"})
    assert "secret" not in repr(CREDENTIALS)
    assert "omega" not in repr(CREDENTIALS)


async def test_quotas_are_obeyed_before_they_are_used_up():
    """It pauses while one call is left, for as long as the source says; after a 429 for as long as that says."""
    left = iter([3, 2, 1, 5, 5])
    refusals = iter([429])

    def answer(path, query, headers):
        if path == "/venues" and query["page"] == "9":
            status = next(refusals, 200)
            return status, {"Retry-After": "17"}, VENUES
        return 200, {"RateLimit-Remaining": str(next(left)), "RateLimit-Reset": "42"}, VENUES

    waits = []
    async with source(answer, waits=waits) as (connection, _):
        for _ in range(4):
            await connection.get("/venues", [("page", "1")])
        assert [wait for wait in waits if wait > 1] == [42.0]
        await connection.get("/venues", [("page", "9")])
    assert [wait for wait in waits if wait > 1] == [42.0, 17.0]


async def test_a_pause_too_long_for_a_run_ends_it():
    """An hour is not waited out."""
    async with source(lambda *_: (429, {"Retry-After": "3600"}, {})) as (connection, _):
        with pytest.raises(SetupError, match="pause of 3600 s"):
            await connection.get("/venues", [])


async def test_failures_are_repeated_with_growing_pauses_and_then_told():
    """Five hundreds and lost connections of a GET; sign-ins are not repeated."""
    waits = []
    async with source(lambda *_: (504, {}, {"success": False, "message": "slow"}), waits=waits) as (connection, seen):
        with pytest.raises(Refused, match="504 slow"):
            await connection.get("/venues", [])
        assert len(seen) == 1 + limits.MIRROR_TRIES
    assert [wait for wait in waits if wait >= 1] == [1.0, 2.0, 4.0, 8.0, 16.0]
    away = Connection(connection.address, CREDENTIALS, Pace(1000, print))
    with pytest.raises(SetupError, match="cannot be reached"):
        await away.get("/venues", [])


async def test_an_expired_token_is_replaced():
    """A 401 signs in again; a source that refuses its own tokens is given up."""
    answers = iter([401, 200])

    def answer(path, query, headers):
        return next(answers, 401), {}, {"success": True, "data": [], "error": "Token expired"}

    async with source(answer) as (connection, seen):
        await connection.get("/venues", [])
        assert [path for path, _, _ in seen] == ["/auth", "/venues", "/auth", "/venues"]
        with pytest.raises(Refused, match="401 Token expired"):
            await connection.get("/venues", [])


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (200, {"success": False, "error": "Integrator is in test mode. But brand is not in test mode"}, "test mode"),
        (401, {"success": False, "message": "Bad credentials"}, "401 Bad credentials"),
        (200, [], "refused the sign-in"),
        (200, {"success": True, "token": "line\nbreak"}, "refused the sign-in"),
        (500, b"<html>", "refused the sign-in: 500"),
    ],
)
async def test_a_refused_sign_in_is_told_without_what_was_sent(status, body, reason):
    """Also the documented refusal that is a 200."""
    async with source(lambda *_: (200, {}, VENUES), auth=lambda: (status, body)) as (connection, _):
        with pytest.raises(SetupError, match=reason) as refusal:
            await connection.get("/venues", [])
    assert "very-secret" not in str(refusal.value)


async def test_redirects_are_not_followed():
    """The token would go along."""
    async with source(lambda *_: (302, {"Location": "http://elsewhere.example/"}, {})) as (connection, seen):
        with pytest.raises(SetupError, match="redirects /venues"):
            await connection.get("/venues", [])
    assert len(seen) == 2


async def test_an_answer_that_is_too_large_or_no_json_ends_the_run(monkeypatch):
    """Its size is bounded; a page of HTML says that the address is wrong."""
    monkeypatch.setattr(limits, "MIRROR_PAGE_BYTES", 10_000)
    async with source(lambda *_: (200, {}, b"x" * 20_000)) as (connection, _):
        with pytest.raises(SetupError, match="more than 10000 bytes"):
            await connection.get("/venues", [])
    async with source(lambda *_: (200, {}, b"<html>")) as (connection, _):
        with pytest.raises(SetupError, match="does not answer with JSON"):
            await connection.get("/venues", [])


async def test_every_page_is_read_however_the_source_answers(tmp_path):
    """Sorting and relations refused, limits lowered without a word, totals absent or elsewhere, rows repeated."""

    def answer(path, query, headers):
        page = int(query.get("page", 1))
        if path == "/products":
            if "sort[0]" in query or query.get("with[1]") == "modifications":
                return 400, {}, {"success": False, "error": "invalid_parameter"}
            ids = range((page - 1) * 40, min(page * 40, 101))
            return 200, {}, {"success": True, "total": 101, "data": [{"id": n + 1, "name": "p"} for n in ids]}
        if path == "/categories":
            return 200, {}, {"success": True, "data": {"3": {"id": 3}, "5": {"id": 5}}}
        if path == "/price-lists/prices":
            ids = range((page - 1) * 2, min(page * 2, 5))
            return 200, {}, {"data": [{"id": n + 1, "list_id": 1} for n in ids], "pagination": {"total": 5}}
        if path == "/stations":
            return 200, {}, {"success": True, "data": [{"id": n} for n in range(1, 201)]}
        if path == "/customer-groups":
            return 403, {}, {"success": False, "message": "module missing"}
        if path == "/sale-types":
            return 200, {}, {"success": True, "total": 9, "data": [{"id": 1}, {"id": 1}, {"name": "?"}, {"name": "?"}]}
        return 200, {}, VENUES if path == "/venues" else {"success": True, "data": []}

    async with source(answer) as (connection, seen):
        fetched = await fetch(connection, pages_in(tmp_path), Wanted(), Watching())
    assert [row["id"] for row in fetched.rows["products"]] == list(range(1, 102))
    assert [row["id"] for row in fetched.rows["categories"]] == [3, 5]
    assert [row["id"] for row in fetched.rows["prices"]] == [1, 2, 3, 4, 5]
    assert len(fetched.rows["stations"]) == 200
    assert len(fetched.rows["sale_types"]) == 2
    assert "customer_groups" not in fetched.rows
    assert fetched.whole == {"venues", "stations", "payment_methods", "categories", "products", "price_lists", "prices"}
    said = {(kind, text) for kind, text, _ in fetched.remarks}
    assert said == {
        ("customer_groups", "cannot be read and stay as they are here: 403 module missing"),
        ("sale_types", "2 came, but the source counts 9: it changed meanwhile"),
    }
    asked = [query for path, query, _ in seen if path == "/products"]
    assert {query["limit"] for query in asked} == {"100"}
    assert [query["page"] for query in asked if "sort[0]" not in query and query.get("with[1]") == "recipe"] == list(
        "123"
    )


async def test_stop_lists_are_read_venue_by_venue_and_details_by_id(tmp_path):
    """With x-venue; a timer's setting and one product of each unit."""

    def answer(path, query, headers):
        if path == "/venues":
            return 200, {}, {"data": [{"id": 1, "name": "a"}, {"id": 7, "name": "b"}]}
        if path == "/products/stop-list":
            return 200, {}, {"data": [{"id": int(headers["x-venue"]), "limit": 2}]}
        if path == "/products":
            rows = [
                {"id": 1, "unit_id": 1},
                {"id": 2, "unit_id": 1},
                {"id": 3, "unit_id": 2},
                {"id": 4, "unit_id": 1, "type": "TIMER"},
            ]
            return 200, {}, {"data": rows, "total": 4}  # fmt: skip
        if path.startswith("/products/"):
            return (
                (404, {}, {"success": False}) if path == "/products/3" else (200, {}, {"data": {"id": int(path[10:])}})
            )
        return 200, {}, {"data": []}

    async with source(answer) as (connection, _):
        fetched = await fetch(connection, pages_in(tmp_path), Wanted(stop_list=True), Watching())
    assert fetched.stop_lists == {1: [{"id": 1, "limit": 2}], 7: [{"id": 7, "limit": 2}]}
    assert fetched.rows["details"] == [{"id": 1}, {"id": 4}]
    assert [(kind, ids) for kind, _, ids in fetched.remarks] == [("products", [3])]


async def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path):
    """Pages that are kept are not asked for again; the folder is its owner's only and has nothing of who signed in."""
    working = False

    def answer(path, query, headers):
        page = int(query.get("page", 1))
        if path == "/products" and page == 3 and not working:
            return 403, {}, {"success": False, "message": "closed for the night"}
        if path == "/products":
            ids = range((page - 1) * 100, page * 100)
            return 200, {}, {"success": True, "total": 400, "data": [{"id": n + 1, "name": "p"} for n in ids]}
        return 200, {}, VENUES if path == "/venues" else {"success": True, "data": []}

    async with source(answer) as (connection, seen):
        with pytest.raises(SetupError, match="closed for the night"):
            await fetch(connection, pages_in(tmp_path), Wanted(), Watching())
        first = len(seen)
        working = True
        pages = pages_in(tmp_path)
        assert pages.resumed
        fetched = await fetch(connection, pages, Wanted(), Watching())
        again = [(path, query["page"]) for path, query, _ in seen[first:]]
    assert len(fetched.rows["products"]) == 400
    assert again == [("/products", "3"), ("/products", "4"), *((path, "1") for path in (
        "/price-lists", "/price-lists/prices", "/customer-groups"))]  # fmt: skip
    folder = tmp_path / "state"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        text = path.read_text()
        assert "very-secret" not in text
        assert "omega" not in text
        assert "the-token" not in text
    pages.clear()
    assert not folder.exists()


async def test_a_run_that_goes_on_reads_what_is_left_anew(tmp_path):
    """Quantities of a stop list are sold meanwhile; what an earlier run kept of them is not taken."""
    left = 7

    def answer(path, query, headers):
        if path == "/products/stop-list":
            return 200, {}, {"success": True, "data": [{"id": 5, "limit": left}]}
        return 200, {}, VENUES if path == "/venues" else {"success": True, "data": []}

    async with source(answer) as (connection, seen):
        first = await fetch(connection, pages_in(tmp_path), Wanted(stop_list=True), Watching())
        left, read = 2, len(seen)
        second = await fetch(connection, pages_in(tmp_path), Wanted(stop_list=True), Watching())
        assert [path for path, _, _ in seen[read:]] == ["/products/stop-list"]
    assert [fetched.stop_lists[1][0]["limit"] for fetched in (first, second)] == [7, 2]
    assert pages_in(tmp_path).names().count("stop_list_1-0-1") == 1


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    """Neither taken nor cleared; and a run of another source or too long ago starts anew."""
    folder = tmp_path / "state"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(SetupError, match="holds something else"):
        pages_in(tmp_path)
    (folder / "notes.txt").unlink()
    pages_in(tmp_path).write("venues-0-1", b"{}")
    assert pages_in(tmp_path).names() == ["venues-0-1"]
    other = open_pages(folder, "another", fresh=False)
    assert (other.resumed, other.names()) == (False, [])
    other.write("venues-0-1", b"{}")
    assert open_pages(folder, "another", fresh=True).names() == []
    marker = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**marker, "began": marker["began"] - limits.MIRROR_KEPT_S}))
    assert not open_pages(folder, "another", fresh=False).resumed
    (folder / "run.json").write_text("torn")
    assert not open_pages(folder, "another", fresh=False).resumed


def pages_in(tmp_path):
    """The kept pages of this test's source."""
    return open_pages(tmp_path / "state", fingerprint("http://source", "omega"), fresh=False)


class Watching:
    """Somebody who looks on."""

    def reading(self, resource, rows, total):
        """Nothing to do."""


@asynccontextmanager
async def source(answer, waits=None, auth=lambda: (200, {"success": True, "token": "the-token"})):
    """A real HTTP server whose answers are made by ``answer(path, query, headers)``, and a connection to it."""
    seen = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            parts = urlsplit(self.path)
            path, query = parts.path.removeprefix("/open-api/v2"), dict(parse_qsl(parts.query))
            seen.append((path, query, dict(self.headers.items())))
            assert self.headers["x-token"] == "the-token"
            self.reply(*answer(path, query, {name.lower(): value for name, value in self.headers.items()}))

        def do_POST(self):
            self.rfile.read(int(self.headers["content-length"]))
            seen.append(("/auth", {}, {}))
            status, body = auth()
            self.reply(status, {}, body)

        def reply(self, status, headers, body):
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    async def sleep(seconds):
        if waits is not None:
            waits.append(seconds)

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    try:
        address = f"http://127.0.0.1:{listening.server_port}/open-api/v2"
        async with Connection(address, CREDENTIALS, Pace(1_000, lambda _: None, sleep)) as connection:
            yield connection, seen
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()
