"""Pictures: uploaded by managers, served to everybody who knows their address (contract 3.1)."""

import re
from typing import Final

from comanda.base.clock import now_micros
from comanda.base.errors import ComandaError
from comanda.base.json import to_json
from comanda.http.call import Call, Reply
from comanda.http.hub import Hub
from comanda.http.hub_api.edits import whole_brand
from comanda.http.open_api.media import base_url
from comanda.orders.view import envelope
from comanda.pictures.model import VARIANTS, media_object
from comanda.store.pictures import find_pictures, picture_files_of, put_picture

_PLACE: Final = re.compile(r"/media/([a-z0-9_-]{1,63})/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/([a-z_]{1,20})")
_FOR_EVER: Final = "public, max-age=31536000, immutable"


async def upload_picture(call: Call, hub: Hub) -> Reply:
    """Keep the picture that the body is; 200 instead of 201 for one that the brand has already."""
    brand_id = whole_brand(call)
    rendered = await hub.renderings.render(call.body, call.started)
    added = await hub.store.run(lambda: put_picture(brand_id, rendered))
    data = media_object(rendered.picture, brand_id, base_url(call, hub))
    return Reply(201 if added else 200, to_json(envelope(data, started=call.started, now=now_micros())))


async def show_picture(call: Call, hub: Hub) -> Reply:
    """One size of a picture. What stands at an address never changes, so it may be kept for ever.

    The address is all that its ETag is made of, and whoever has it is answered without the file being read.
    """
    place = _PLACE.fullmatch(call.path)
    if place is None or place[3] not in VARIANTS:
        raise _missing()
    brand_id, picture_id, variant = place.groups()
    tag = f'"{picture_id}-{variant}"'
    headers = {"ETag": tag, "Cache-Control": _FOR_EVER}
    if _has(call.headers.get("if-none-match", ""), tag):
        known = await hub.store.read(lambda: find_pictures(brand_id, [picture_id]))
        if picture_id not in known:
            raise _missing()
        return Reply(304, b"", headers, known[picture_id].media_type)
    found = await hub.store.read(lambda: picture_files_of(brand_id, [picture_id], variant))
    if picture_id not in found:
        raise _missing()
    return Reply(200, found[picture_id].content, headers, found[picture_id].media_type)


def _has(known: str, tag: str) -> bool:
    """Whether ``If-None-Match`` names the tag, weakly compared, or any at all."""
    return known.strip() == "*" or tag in [part.strip().removeprefix("W/") for part in known.split(",")]


def _missing() -> ComandaError:
    return ComandaError("resource_not_found", "Picture not found")
