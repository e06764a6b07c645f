"""The staff app's files: read once into memory, found by their whole address, sent compressed to whoever takes it.

Every page of the app is its ``index.html``; which screen that shows, its script reads from the address.
"""

from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from msgspec import Struct

from comanda.base.errors import ComandaError
from comanda.http.call import Call, Reply
from comanda.http.cookies import is_over_tls
from comanda.http.hub import Hub
from comanda.web import DIST

_POLICY: Final = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "font-src 'self'",
        "media-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)
_GUARDED: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=()",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_NAMED_BY_CONTENT: Final = "public, max-age=31536000, immutable"
_ASKED_EACH_TIME: Final = "no-cache"
_MEDIA_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".wav": "audio/wav",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
}
"""What is served, and as what; anything else in the folder is not."""
_ENCODINGS: Final = (("br", ".br"), ("gzip", ".gz"))
"""The compressed forms, the smaller first."""
_NOT_BUILT: Final = b"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Comanda</title></head>
<body>
<h1>The pages are not built</h1>
<p>Comanda is running and takes orders, but this copy of it has no staff app in it.</p>
<p>In its folder, run <code>make web</code>, or without make <code>python hatch_build.py</code>, and start it again.</p>
<p>The interface is described at <a href="/docs">/docs</a>.</p>
</body>
</html>
"""


class StaticFile(Struct, frozen=True):
    """One file in every form it is sent in, by content coding; ``""`` is the plain one."""

    forms: Mapping[str, bytes]
    digest: str
    media_type: str


async def show_page(call: Call, hub: Hub) -> Reply:
    """The app itself, whichever of its pages was asked for."""
    page = shipped_files().get("/index.html")
    if page is None:
        return Reply(503, _NOT_BUILT, {**_guards(call, hub), "Cache-Control": "no-store"}, _MEDIA_TYPES[".html"])
    return _send(call, page, _ASKED_EACH_TIME, _guards(call, hub))


async def show_file(call: Call, hub: Hub) -> Reply:
    """A file of the app. What stands under ``/assets/`` is named by its content and may be kept for ever."""
    found = shipped_files().get(call.path)
    if found is None:
        raise ComandaError("resource_not_found", "There is nothing at this address")
    kept = _NAMED_BY_CONTENT if call.path.startswith("/assets/") else _ASKED_EACH_TIME
    return _send(call, found, kept, _guards(call, hub))


@lru_cache(maxsize=1)
def shipped_files() -> Mapping[str, StaticFile]:
    """Every file of the built app by its address; none when it was not built."""
    names = {path.relative_to(DIST).as_posix(): path for path in DIST.rglob("*") if path.is_file()}
    return {f"/{name}": _read(name, names) for name in names if Path(name).suffix in _MEDIA_TYPES}


def pages_digest() -> str:
    """Which build of the app this server has, empty for none; screens that nobody reloads see by it that it changed."""
    page = shipped_files().get("/index.html")
    return "" if page is None else page.digest


def _read(name: str, names: Mapping[str, Path]) -> StaticFile:
    content = names[name].read_bytes()
    packed = {coding: names[name + ending].read_bytes() for coding, ending in _ENCODINGS if name + ending in names}
    return StaticFile({**packed, "": content}, sha256(content).hexdigest()[:20], _MEDIA_TYPES[Path(name).suffix])


def _guards(call: Call, hub: Hub) -> dict[str, str]:
    """What guards every answer; browsers complain of an opener policy that did not come over TLS."""
    return {**_GUARDED, "Cross-Origin-Opener-Policy": "same-origin"} if is_over_tls(call, hub) else dict(_GUARDED)


def _send(call: Call, file: StaticFile, kept: str, guards: Mapping[str, str]) -> Reply:
    accepted = _accepted(call.headers.get("accept-encoding", ""))
    coding = next((coding for coding, _ in _ENCODINGS if coding in accepted and coding in file.forms), "")
    tag = f'"{file.digest}{coding and "-" + coding}"'
    headers = {**guards, "ETag": tag, "Cache-Control": kept, "Vary": "Accept-Encoding"}
    if _has(call.headers.get("if-none-match", ""), tag):
        return Reply(304, b"", headers, file.media_type)
    if coding:
        headers["Content-Encoding"] = coding
    return Reply(200, file.forms[coding], headers, file.media_type)


def _accepted(stated: str) -> set[str]:
    """The codings that the caller takes; one with a weight of nothing is refused."""
    accepted = set()
    for part in stated.lower().split(","):
        coding, _, weight = part.partition(";")
        if weight.replace(" ", "").removeprefix("q=").strip("0.") or not weight:
            accepted.add(coding.strip())
    return accepted


def _has(known: str, tag: str) -> bool:
    return known.strip() == "*" or tag in [part.strip().removeprefix("W/") for part in known.split(",")]
