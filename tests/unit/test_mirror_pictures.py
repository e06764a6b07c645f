"""Which addresses pictures are fetched from, and what bounds them; with real servers and a resolver of the test's own."""

import asyncio
import ssl
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network

import pytest

from comanda.base import limits
from comanda.mirror.guard import Forbidden, is_public, judged_place
from comanda.mirror.pictures import NotFetched, Pictures

LOOPBACK = (ip_network("127.0.0.1/32"),)
pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("93.184.216.34", True),
        ("2606:4700:4700::1111", True),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::808:808", True),
        ("2002:808:808::1", True),
        ("127.0.0.1", False),
        ("127.255.255.254", False),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("192.0.2.1", False),
        ("198.18.0.1", False),
        ("192.88.99.1", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("fc00::1", False),
        ("fd12:3456::1", False),
        ("fe80::1", False),
        ("fe80::1%eth0", False),
        ("fec0::1", False),
        ("ff02::1", False),
        ("2001:db8::1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:127.0.0.1", False),
        ("::10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b:1::808:808", False),
        ("2002:a00:1::1", False),
        ("2002:7f00:1::1", False),
        ("2001:0:808:808::1", False),
        ("no address", False),
    ],
)
def test_an_address_is_public_or_not(address, public):
    """Every range that is not the public network, also inside addresses that carry another."""
    assert is_public(address) is public


@pytest.mark.parametrize(
    ("url", "addresses"),
    [
        ("http://cdn.example/a.jpg", ["10.0.0.1"]),
        ("http://cdn.example/a.jpg", ["8.8.8.8", "127.0.0.1"]),
        ("http://cdn.example/a.jpg", ["8.8.8.8", "::ffff:192.168.0.1"]),
        ("http://cdn.example/a.jpg", []),
        ("http://cdn.example:8080/a.jpg", ["8.8.8.8"]),
        ("https://cdn.example:22/a.jpg", ["8.8.8.8"]),
        ("ftp://cdn.example/a.jpg", ["8.8.8.8"]),
        ("file:///etc/passwd", ["8.8.8.8"]),
        ("http://user:secret@cdn.example/a.jpg", ["8.8.8.8"]),
        ("http:///a.jpg", ["8.8.8.8"]),
        ("http://cdn.example:99999/a.jpg", ["8.8.8.8"]),
        ("http://[::1/a.jpg", ["8.8.8.8"]),
    ],
)
async def test_a_place_beyond_the_public_web_is_forbidden(url, addresses):
    """One private address among several is enough, and other ports and schemes are."""
    with pytest.raises(Forbidden):
        await judged_place(url, allowed=(), resolve=resolver({"cdn.example": addresses, "": addresses}))


async def test_the_first_judged_address_is_where_it_connects():
    """The host stays for the certificate and the Host header; no second resolution can put another in its place."""
    asked = []
    place = await judged_place(
        "https://cdn.example/a/b.jpg?size=1#part", allowed=(), resolve=resolver({"cdn.example": ["8.8.8.8"]}, asked)
    )
    assert (place.address, place.host, place.port, place.target) == ("8.8.8.8", "cdn.example", 443, "/a/b.jpg?size=1")
    assert asked == ["cdn.example"]


async def test_a_picture_of_ones_own_network_needs_leave():
    """Without it nothing is sent to the server; with it the bytes come, and the Host header is the name."""
    with server() as seen:
        url = f"http://pictures.example:{seen.port}/a.jpg"
        found = resolver({"pictures.example": ["127.0.0.1"]})
        async with Pictures(resolve=found) as pictures:
            with pytest.raises(NotFetched, match="private network"):
                await pictures.fetch(url)
            with pytest.raises(NotFetched, match="private network"):
                await pictures.fetch("http://pictures.example/a.jpg")
        assert seen.requests == []
        async with Pictures(allowed=LOOPBACK, resolve=found) as pictures:
            assert await pictures.fetch(url) == b"picture"
        assert seen.requests == [("/a.jpg", f"pictures.example:{seen.port}")]


async def test_a_redirect_into_a_private_network_is_not_followed():
    """The one server stands in an allowed network; the other, where it leads to, never sees a request."""
    with server(address="127.0.0.2") as inner:
        with server({"/a.jpg": f"http://inner.example:{inner.port}/secret"}) as outer:
            found = resolver({"outer.example": ["127.0.0.1"], "inner.example": ["127.0.0.2"]})
            async with Pictures(allowed=LOOPBACK, resolve=found) as pictures:
                with pytest.raises(NotFetched, match="private network"):
                    await pictures.fetch(f"http://outer.example:{outer.port}/a.jpg")
            assert [path for path, _ in outer.requests] == ["/a.jpg"]
        assert inner.requests == []


async def test_tls_names_the_host_and_not_the_address():
    """The connection goes to the judged address; what the certificate is held against is the name."""
    named = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sni_callback = lambda _, name, __: named.append(name)

    async def answer(_, writer):
        writer.close()

    listening = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    port = listening.sockets[0].getsockname()[1]
    async with Pictures(allowed=LOOPBACK, resolve=resolver({"pictures.example": ["127.0.0.1"]})) as pictures:
        with pytest.raises(NotFetched, match="cannot be fetched"):
            await pictures.fetch(f"https://pictures.example:{port}/a.jpg")
    listening.close()
    assert named == ["pictures.example"]


async def test_redirects_are_followed_three_times():
    """Relative ones too; a fourth is one too many."""
    with server({"/1": "/2", "/2": "/3", "/3": "/a.jpg", "/0": "/1"}) as seen:
        async with Pictures(allowed=LOOPBACK) as pictures:
            assert await pictures.fetch(f"http://127.0.0.1:{seen.port}/1") == b"picture"
            with pytest.raises(NotFetched, match="redirected too often"):
                await pictures.fetch(f"http://127.0.0.1:{seen.port}/0")


async def test_a_picture_that_is_too_large_or_away_is_told():
    """Nothing is read past the bound."""
    with server() as seen:
        async with Pictures(allowed=LOOPBACK) as pictures:
            with pytest.raises(NotFetched, match=f"more than {limits.MIRROR_PICTURE_BYTES} bytes"):
                await pictures.fetch(f"http://127.0.0.1:{seen.port}/large")
            with pytest.raises(NotFetched, match="answered with 404"):
                await pictures.fetch(f"http://127.0.0.1:{seen.port}/none")
    async with Pictures(allowed=LOOPBACK) as pictures:
        with pytest.raises(NotFetched, match="cannot be fetched"):
            await pictures.fetch(f"http://127.0.0.1:{seen.port}/a.jpg")


class Seen:
    """What a server was asked: path and Host header."""

    def __init__(self):
        self.requests = []
        self.port = 0


@contextmanager
def server(redirects=None, address="127.0.0.1"):
    """A real HTTP server on the loopback that redirects some paths and has a picture for others."""
    seen = Seen()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            seen.requests.append((self.path, self.headers["host"]))
            if self.path in (redirects or {}):
                self.send_response(302)
                self.send_header("location", redirects[self.path])
                self.send_header("content-length", "0")
                self.end_headers()
                return
            self.send_response(404 if self.path == "/none" else 200)
            self.end_headers()
            try:
                for _ in range(100 if self.path == "/large" else 1):
                    self.wfile.write(b"picture" if self.path != "/large" else b"x" * 100_000)
            except OSError:
                pass

        def log_message(self, *_):
            pass

    listening = ThreadingHTTPServer((address, 0), Handler)
    seen.port = listening.server_port
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    try:
        yield seen
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()


def resolver(addresses, asked=None):
    """A resolver that knows these hosts only."""

    async def resolve(host, port):
        if asked is not None:
            asked.append(host)
        if host not in addresses:
            raise OSError(host)
        return addresses[host]

    return resolve
