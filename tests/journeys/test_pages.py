"""The staff app as it is served: what each address answers, how it is kept and compressed, and without a build."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from benchmarks.servers import free_port
from tests.conftest import ROOT, Process, Server

from comanda.access.routes import APP_PAGES
from comanda.http.staff_app import shipped_files
from comanda.web import DIST

POLICY = {
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data: blob:", "connect-src 'self'",
    "font-src 'self'", "media-src 'self'", "manifest-src 'self'", "worker-src 'self'", "base-uri 'none'",
    "form-action 'none'", "frame-ancestors 'none'",
}  # fmt: skip


def an_asset() -> str:
    """The address of the largest script."""
    files = {name: file for name, file in shipped_files().items() if name.startswith("/assets/")}
    return max(files, key=lambda name: len(files[name].forms[""]))


@pytest.mark.anyio
async def test_every_page_is_the_app_under_a_strict_policy(server: Server):
    """One document for all of them, asked for each time, with the headers that hold the browser to it."""
    found = {}
    for path in APP_PAGES:
        answer = await server.http.get(path.replace("{station}", "1"))
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["cache-control"] == "no-cache"
        assert set(answer.headers["content-security-policy"].split("; ")) == POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "cross-origin-opener-policy" not in answer.headers, "browsers pass it over, and say so, without TLS"
        assert "camera=()" in answer.headers["permissions-policy"]
        assert "set-cookie" not in answer.headers
        found[path] = answer.content
    assert set(found.values()) == {(DIST / "index.html").read_bytes()}
    assert b"<script>" not in found["/"]


def test_all_scripts_in_one_language_are_less_than_150_kilobytes():
    """As they are sent to browsers that know Brotli; a screen loads a part of them."""
    scripts = {name: file for name, file in shipped_files().items() if name.endswith(".js") and name != "/sw.js"}
    sizes = {name: min(len(form) for form in file.forms.values()) for name, file in scripts.items()}
    languages = {name: size for name, size in sizes.items() if name.split("/")[-1][:3] in ("en-", "az-", "ru-", "tr-")}
    assert len(languages) == 4
    assert sum(sizes.values()) - sum(languages.values()) + max(languages.values()) < 150_000


@pytest.mark.anyio
async def test_files_are_kept_as_long_as_their_address_says(server: Server):
    """Assets are named by their content and kept for a year; what is not is asked for each time, and cheap to ask."""
    for path, kept in (
        (an_asset(), "public, max-age=31536000, immutable"),
        ("/sw.js", "no-cache"),
        ("/manifest.webmanifest", "no-cache"),
        ("/icons/icon-192.png", "no-cache"),
    ):
        answer = await server.http.get(path)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, kept)
        again = await server.http.get(path, headers={"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == answer.headers["etag"]
        other = await server.http.get(path, headers={"if-none-match": '"something else"'})
        assert other.status_code == 200


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("br; q=0.0", None),
        ("identity", None),
        ("", None),
    ],
)
async def test_what_compresses_is_sent_as_the_caller_takes_it(server: Server, accepted, coding):
    """The same content in each form, under a tag of its own, and caches are told what it depends on."""
    path = "/sw.js"
    async with server.http.stream("GET", path, headers={"accept-encoding": accepted}) as answer:
        raw = b"".join([part async for part in answer.aiter_raw()])
    plain = shipped_files()[path].forms[""]
    assert answer.headers.get("content-encoding") == coding
    assert answer.headers["vary"] == "Accept-Encoding"
    assert raw == shipped_files()[path].forms[coding or ""]
    assert (len(raw) < len(plain)) == (coding is not None)
    assert answer.headers["etag"].strip('"').endswith(f"-{coding}" if coding else sha256(plain).hexdigest()[:20])


@pytest.mark.anyio
async def test_head_says_what_get_would(server: Server):
    """Same status and headers, no body."""
    for path in ("/", "/kitchen/7", an_asset(), "/sw.js", "/icons/favicon.svg"):
        got, asked = await server.http.get(path), await server.http.head(path)
        assert (asked.status_code, asked.content) == (200, b"")
        for name in ("content-length", "content-type", "etag", "cache-control", "content-security-policy"):
            assert asked.headers.get(name) == got.headers.get(name), (path, name)


@pytest.mark.anyio
@pytest.mark.parametrize(
    "target",
    [
        "/assets/../index.html", "/assets/..%2findex.html", "/assets/%2e%2e/%2e%2e/__init__.py", "/assets/..\\index.html",
        "/icons/../../../settings.py", "/icons//etc/passwd", "/assets/%00", "/assets/", "/icons/sources.sha256",
        "/sources.sha256", "/index.html", "/index.html.br", "/sw.js.gz", "/assets/nothing.js", "/kitchen/1/2", "/boards",
    ],
)  # fmt: skip
async def test_nothing_else_can_be_read(server: Server, target):
    """Only what the build holds is found, by its whole address; targets go out as they are, byte for byte."""
    with socket.create_connection(("127.0.0.1", server.hub.settings.port), timeout=30) as connection:
        connection.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(connection, f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while part := await loop.sock_recv(connection, 65_536):
            answer += part
    assert answer.startswith(b"HTTP/1.1 404 "), answer[:200]
    assert b'"resource_not_found"' in answer


@pytest.mark.anyio
async def test_pages_are_still_answered_while_the_server_winds_down(server: Server):
    """A tablet that is reloaded just then gets the page, which says itself what is going on."""
    server.hub.draining = True
    try:
        assert (await server.http.get("/board")).status_code == 200
        assert (await server.http.get(an_asset())).status_code == 200
        assert (await server.http.get("/hub/v1/venues/1/board", headers=server.headers)).status_code == 503
    finally:
        server.hub.draining = False


def test_without_a_build_the_server_runs_and_says_so(tmp_path: Path):
    """A copy of the program without its pages takes orders; its first page tells the command that makes them."""
    shutil.copytree(
        ROOT / "src" / "comanda", tmp_path / "copy" / "comanda", ignore=shutil.ignore_patterns("dist", "__pycache__")
    )
    port, output = free_port(), tmp_path / "server.log"
    with output.open("w") as file:
        popen = subprocess.Popen(
            [sys.executable, "-m", "comanda", "serve", "--demo", "--port", str(port), "--metrics-port", "0"],
            stdout=file, stderr=subprocess.STDOUT, text=True, cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(tmp_path / "copy")},
        )  # fmt: skip
    try:
        process = Process(popen, port, output)
        process.wait_until_ready()
        page = httpx.get(f"{process.url}/board", timeout=60)
        assert page.status_code == 503
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert "make web" in page.text
        assert httpx.get(f"{process.url}/assets/index.js", timeout=60).status_code == 404
        assert httpx.get(f"{process.url}/docs", timeout=60).status_code == 200
    finally:
        popen.kill()
        popen.wait()
