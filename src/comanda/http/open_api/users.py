"""The people who work for a brand on the v2 wire (contract 9.17): list and read.

A client that is limited to venues sees who works in one of them, and who is limited to none.
"""

from typing import Final

from comanda.base.clock import now_micros
from comanda.base.errors import ComandaError
from comanda.base.json import to_json
from comanda.catalogue.customer_view import user_object
from comanda.catalogue.model import User
from comanda.catalogue.search import search
from comanda.catalogue.snapshot import Snapshot
from comanda.http.call import Call, Reply
from comanda.http.hub import Hub
from comanda.http.hub_api import paths
from comanda.http.open_api.lists import ListRules, read_listing
from comanda.http.open_api.scope import sees
from comanda.http.open_api.shelves import page_reply
from comanda.orders.view import envelope
from comanda.store.staff import read_people

RULES: Final = ListRules()
"""What the list of users takes."""


async def list_all(call: Call, hub: Hub) -> Reply:
    """A page of the users whom the client may see."""
    listing = read_listing(call, hub, RULES, None)
    people = await _visible_people(call, hub)
    # A snapshot of nothing: what lists are made of it is forgotten with it, as people are read anew each time.
    found = search(Snapshot(), "users", {user.id: user for user in people}, {}, listing)
    return page_reply(call, listing, RULES, found, [user_object(user) for user in found[0]])


async def get_one(call: Call, hub: Hub) -> Reply:
    """One user by its id."""
    user_id = paths.number(call, 3, _not_found)
    for user in await _visible_people(call, hub):
        if user.id == user_id:
            return Reply(200, to_json(envelope(user_object(user), started=call.started, now=now_micros())))
    raise _not_found()


async def _visible_people(call: Call, hub: Hub) -> list[User]:
    brand_id, may_see = call.caller.brand.id, sees(call, hub)
    people = await hub.store.read(lambda: read_people(brand_id))
    return [user for user in people if not user.venues or any(map(may_see, user.venues))]


def _not_found() -> ComandaError:
    return ComandaError("resource_not_found", "User not found")
