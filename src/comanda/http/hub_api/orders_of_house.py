"""Orders as the house takes and sees them: ``POST`` and ``GET /hub/v1/orders``."""

import re
from collections.abc import Awaitable, Callable

from comanda.access.house_client import HOUSE_CLIENT, HOUSE_NAME, house_client
from comanda.access.model import DeviceCaller
from comanda.base import limits
from comanda.base.clock import now_micros
from comanda.base.errors import ComandaError, Problem
from comanda.base.json import to_json
from comanda.catalogue.customer_names import digits_of, folded
from comanda.http.acting import house_of
from comanda.http.call import Call, Reply
from comanda.http.hub import Hub
from comanda.http.hub_api.house_venues import asked_venue
from comanda.http.open_api import query as queries
from comanda.http.open_api.orders import take_order
from comanda.orders.dossier import House
from comanda.orders.phone import normalise_phone
from comanda.orders.summary import Summarised, names_person, order_summary
from comanda.orders.view import envelope
from comanda.store import order_summaries

_IDS = re.compile(r"[0-9]{1,16}(,[0-9]{1,16})*")
_NUMBER = re.compile(r"[0-9 +()./-]+")


async def take_house_order(call: Call, hub: Hub) -> Reply:
    """Take an order of the house's own: the body, checks, prices and answers of v2; a key is required.

    A double click or a lost reply must never make a second one, and people have no external ids.
    """
    if "idempotency-key" not in call.headers:
        message = "Idempotency-Key is required here"
        raise ComandaError(
            "invalid_header", message, details=(Problem("Idempotency-Key", "invalid_header", message, None),)
        )
    return await take_order(call, hub, house_client(call.acting.brand.id), "/hub/v1/orders")


async def list_summaries(call: Call, hub: Hub) -> Reply:
    """Orders of a venue with their lines and whom they are for: by id, by a text, or the last that are done.

    Raises ComandaError ``forbidden``: who works in the kitchen reads the orders it makes, and looks for no guests.
    """
    query = queries.parse_query(call.query)
    asked = [name for name in _WAYS if query.plain.get(name)]
    if len(asked) != 1:
        queries.refuse_parameter("ids", "or search or done is required, and only one of them", None)
    if asked != ["ids"] and _is_kitchen(call):
        raise ComandaError("forbidden", "The kitchen reads orders by their ids")
    venue_id = asked_venue(call, hub)
    limit = queries.bounded_number(query, "limit", limits.DEFAULT_SUMMARIES, 1, limits.MAX_ORDER_PAGE_SIZE)
    found = await _WAYS[asked[0]](call, hub, venue_id, query.plain[asked[0]], limit)
    return summaries_reply(call, hub, found)


def _is_kitchen(call: Call) -> bool:
    caller = call.acting
    return caller.device.kind == "kitchen" if isinstance(caller, DeviceCaller) else caller.role == "cook"


def summaries_reply(call: Call, hub: Hub, found: list[Summarised]) -> Reply:
    """Orders as summaries, newest first."""
    house = house_of(call, hub)
    channels = _channels(hub, house)
    data = [order_summary(order, house, channels) for order in found]
    return Reply(200, to_json(envelope(data, started=call.started, now=now_micros())))


async def _by_id(call: Call, hub: Hub, venue_id: int, text: str, _: int) -> list[Summarised]:
    if not _IDS.fullmatch(text) or text.count(",") >= limits.MAX_ORDER_PAGE_SIZE:
        queries.refuse_parameter("ids", f"must be at most {limits.MAX_ORDER_PAGE_SIZE} ids with commas", text)
    ids = {number for number in map(int, text.split(",")) if number <= limits.MAX_ID}
    brand_id = call.acting.brand.id
    found = await hub.store.read(lambda: order_summaries.read_summaries(brand_id, ids))
    return [order for order in found if order.order.venue_id == venue_id]


async def _done(call: Call, hub: Hub, venue_id: int, text: str, limit: int) -> list[Summarised]:
    if text != "1":
        queries.refuse_parameter("done", "must be 1", text)
    brand_id = call.acting.brand.id
    return await hub.store.read(lambda: order_summaries.read_done(brand_id, venue_id, limit))


async def _by_text(call: Call, hub: Hub, venue_id: int, text: str, limit: int) -> list[Summarised]:
    """What a text finds: numbers and ids first of all, then a phone or a name, whichever it can be."""
    brand, text = call.acting.brand, text.strip()
    if not text or len(text) > limits.MAX_SEARCH:
        queries.refuse_parameter("search", f"must be 1 to {limits.MAX_SEARCH} characters", text)
    ids = set(await hub.store.read(lambda: order_summaries.find_named_orders(brand.id, venue_id, text, limit)))
    digits = digits_of(text)
    if _NUMBER.fullmatch(text) and len(digits) >= limits.MIN_SEARCHED_DIGITS:
        phone = normalise_phone(text, brand.region)
        # 050 123 45 67 is written +994501234567: the zero is a prefix of the country's own.
        endings = sorted({digits, digits.lstrip("0")} - {""})
        ids |= set(
            await hub.store.read(lambda: order_summaries.find_phoned_orders(brand.id, venue_id, phone, endings, limit))
        )
    elif any(letter.isalpha() for letter in text):
        ids |= set(await _ids_of_name(hub, brand.id, venue_id, folded(text), limit))
    found = await hub.store.read(lambda: order_summaries.read_summaries(brand.id, ids))
    return found[:limit]


async def _ids_of_name(hub: Hub, brand_id: str, venue_id: int, part: str, limit: int) -> list[int]:
    """The newest orders for somebody of this name; orders go on while payloads are looked into."""
    found: list[int] = []
    after: tuple[int, int] | None = None
    for _ in range(limits.SEARCHED_ORDERS // limits.DECODED_AT_ONCE):
        looked = await hub.store.read(lambda after=after: order_summaries.look_through(brand_id, venue_id, after))
        found += [order_id for order_id, payload in looked.payloads if names_person(payload, part)]
        after = looked.until
        if after is None or len(found) >= limit:
            break
    return found[:limit]


def _channels(hub: Hub, house: House) -> dict[str, str]:
    """The names of the brand's clients, by which orders came."""
    clients = hub.known.present.clients.values()
    named = {client.id: client.name for client in clients if client.brand_id == house.brand.id}
    return {**named, HOUSE_CLIENT: HOUSE_NAME}


_WAYS: dict[str, Callable[[Call, Hub, int, str, int], Awaitable[list[Summarised]]]] = {
    "ids": _by_id,
    "search": _by_text,
    "done": _done,
}
