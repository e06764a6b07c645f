"""``GET /hub/v1/menu``: a venue's menu for those who take orders there, made once per version of the catalogue.

It is remembered as the bytes that are sent, and known by their digest: who has the same already gets 304.
"""

import asyncio
from collections.abc import Mapping
from functools import partial
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

from comanda.access.model import Brand
from comanda.base import limits
from comanda.base.clock import now_micros
from comanda.base.json import to_json
from comanda.catalogue.house_menu import menu_object, offered_at
from comanda.catalogue.model import Venue
from comanda.catalogue.search import worked_out
from comanda.catalogue.snapshot import Snapshot
from comanda.http.call import Call, Reply
from comanda.http.hub import Hub
from comanda.http.hub_api.house_venues import first_venue
from comanda.orders.view import envelope
from comanda.pictures.model import Picture
from comanda.store.pictures import find_pictures

_CACHING = {"Cache-Control": "private, no-cache", "Vary": "Authorization, Cookie"}


class _Made(Struct, frozen=True):
    """A menu as it is sent."""

    tag: str
    data: bytes


async def show_menu(call: Call, hub: Hub) -> Reply:
    """The menu of the venue; 304 for a caller who has it already."""
    brand = call.acting.brand
    snapshot = hub.known.snapshot(brand.id)
    venue = snapshot.venues[first_venue(call, hub)]
    visible = frozenset(v.id for v in snapshot.venues.values() if v.active and call.acting.may_see(v.id))
    made: _Menus = worked_out(snapshot, "house_menus", dict)
    making = made.get((venue.id, visible)) or _begin(made, hub, brand, snapshot, venue, visible)
    menu = await asyncio.shield(making)  # others may wait for the same
    headers = {"ETag": menu.tag, **_CACHING}
    if _has(call.headers.get("if-none-match", ""), menu.tag):
        return Reply(304, b"", headers)
    body = envelope(msgspec.Raw(menu.data), started=call.started, now=now_micros())
    return Reply(200, to_json(body), headers)


_Menus = dict[tuple[int, frozenset[int]], asyncio.Task[_Made]]
"""Menus made or being made, by venue and the venues that their readers may see."""


def _begin(
    made: _Menus, hub: Hub, brand: Brand, snapshot: Snapshot, venue: Venue, visible: frozenset[int]
) -> asyncio.Task[_Made]:
    """Begin to make a menu, once for all who ask; one that could not be made is forgotten, of too many the oldest."""
    key = (venue.id, visible)
    making = asyncio.create_task(_make(hub, brand, snapshot, venue, visible), name=f"menu-{venue.id}")
    while len(made) >= limits.FOUND_LISTS:
        del made[next(iter(made))]
    made[key] = making

    def ended(task: asyncio.Task[_Made]) -> None:
        if (task.cancelled() or task.exception() is not None) and made.get(key) is task:
            del made[key]

    making.add_done_callback(ended)
    return making


async def _make(hub: Hub, brand: Brand, snapshot: Snapshot, venue: Venue, visible: frozenset[int]) -> _Made:
    """Make the menu beside the event loop: a large one takes a tenth of a second."""
    offered = await asyncio.to_thread(offered_at, snapshot, venue.id)
    found = await hub.store.read(lambda: find_pictures(brand.id, offered.pictures()))
    images = {picture.id: _image(picture, brand.id) for picture in found.values()}
    render = partial(menu_object, snapshot, venue, visible, offered, images)
    return await asyncio.to_thread(_rendered, lambda: {**render(), **_money(brand)}, snapshot.version)


def _rendered(render: Any, version: int) -> _Made:
    data = to_json(render())
    return _Made(f'"{version}-{sha256(data).hexdigest()[:16]}"', data)


def _money(brand: Brand) -> dict[str, Any]:
    return {"currency": brand.currency, "decimals": brand.decimals}


def _image(picture: Picture, brand_id: str) -> Mapping[str, Any]:
    """The small size, from the server that the menu came from."""
    return {"url": f"/media/{brand_id}/{picture.id}/thumb", "blur_hash": picture.blur_hash}


def _has(wanted: str, tag: str) -> bool:
    """Whether ``If-None-Match`` names the tag."""
    tags = [part.strip().removeprefix("W/") for part in wanted.split(",")]
    return tag in tags or "*" in tags
