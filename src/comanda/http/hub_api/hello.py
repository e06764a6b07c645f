"""``/hub/v1/hello``: what a page may know before anybody has signed in; never which brands there are, if several."""

import asyncio
from functools import lru_cache
from pathlib import Path
from typing import Any

from comanda import __version__, demo
from comanda.base.clock import iso_micros, now_micros
from comanda.http.call import Call, Reply
from comanda.http.cookies import is_over_tls
from comanda.http.hub import Hub
from comanda.http.hub_api.session import answer


async def say_hello(call: Call, hub: Hub) -> Reply:
    """What this server is, the brand when it has only one, and the people who stand on paper when it is the demo."""
    authority = await asyncio.to_thread(_authority, hub.settings.ca_file)
    brands = [brand for brand in (await hub.known.directory()).brands.values() if brand.enabled]
    return answer(
        call,
        {
            "name": "Comanda",
            "version": __version__,
            "brand": {"id": brands[0].id, "name": brands[0].name} if len(brands) == 1 else None,
            "demo": hub.settings.demo,
            "demo_people": _demo_people() if hub.settings.demo else [],
            "secure": is_over_tls(call, hub),
            "ca_available": authority is not None,
            "ca_fingerprint": authority,
            "time": iso_micros(now_micros()),
        },
    )


def _authority(file: Path) -> str | None:
    """The SHA-256 fingerprint of the house's own authority, as `comanda tls init` prints it; None without one."""
    try:
        changed = file.stat().st_mtime_ns
    except OSError:
        return None
    return _fingerprint_of(file, changed)


@lru_cache(maxsize=4)
def _fingerprint_of(file: Path, _changed: int) -> str | None:
    from comanda.certificates import fingerprint  # noqa: PLC0415 - a large library, for houses with HTTPS of their own

    try:
        return fingerprint(file.read_bytes())
    except (OSError, ValueError):
        return None


def _demo_people() -> list[dict[str, Any]]:
    return [
        {"username": person.username, "password": person.password, "name": person.name, "role": person.role}
        for person in demo.PEOPLE
    ]
