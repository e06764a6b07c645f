"""What all reads of the catalogue share: the caller's menu with its pictures, and pages of resources."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from msgspec import Struct

from comanda.base.clock import Micros, instant_of
from comanda.base.listing import Listing
from comanda.catalogue.views import Menu
from comanda.http.call import Call, Reply
from comanda.http.hub import Hub
from comanda.http.open_api.lists import ListRules, list_reply
from comanda.http.open_api.media import media_by_id
from comanda.http.open_api.scope import check_header_venue


class _Place(Struct, frozen=True):
    """Where a row stands in its list."""

    id: int
    created_at: Micros


def menu_of(call: Call, hub: Hub) -> Menu:
    """The brand's catalogue as the caller sees it; an ``x-venue`` must be one that it may see, and changes nothing."""
    check_header_venue(call, hub)
    return Menu(hub.known.snapshot(call.acting.brand.id), call.acting.may_see)


async def with_media(menu: Menu, pictures: Iterable[str], call: Call, hub: Hub) -> Menu:
    """The menu with the media objects of these pictures."""
    return replace(menu, media=await media_by_id(call, hub, pictures))


def page_reply(
    call: Call, listing: Listing, rules: ListRules, found: tuple[Sequence[Any], int], data: Sequence[Any], **more: Any
) -> Reply:
    """The whole envelope around a page of resources; ``found`` is the page and how many there are in all."""
    rows, total = found
    places = [_Place(row.id, _instant_of(row)) for row in rows]
    return list_reply(call, listing, rules, places, data, total, **more)


def _instant_of(row: Any) -> Micros:
    return instant_of(row.created_at) if row.created_at else Micros(0)
