"""Media objects of resources that have pictures (contract 3.1)."""

from collections.abc import Iterable
from typing import Any

from comanda.http.call import Call
from comanda.http.hub import Hub
from comanda.pictures.model import media_object
from comanda.store.pictures import find_pictures


async def media_by_id(call: Call, hub: Hub, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The media objects of pictures; one that is not there is left out. Nothing is asked of the store for none."""
    wanted = set(ids)
    if not wanted:
        return {}
    brand_id = call.acting.brand.id
    found = await hub.store.read(lambda: find_pictures(brand_id, wanted))
    return {picture.id: media_object(picture, brand_id, base_url(call, hub)) for picture in found.values()}


def base_url(call: Call, hub: Hub) -> str:
    """Where this request's caller reaches us, without a slash at its end.

    The host is the one that the caller asked for, in an answer that nobody else gets.
    """
    scheme = "https" if call.proxied_over_tls or hub.settings.tls_cert is not None else "http"
    return f"{scheme}://{call.headers.get('host', 'localhost')}"
