"""``/hub/v1/demo``: what the demo does by itself, for the switch on its pages. No other server has such a thing."""

from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import asdict

from comanda.base import limits
from comanda.base.clock import now_micros
from comanda.base.errors import ComandaError
from comanda.base.json import to_json
from comanda.demo.life import Life
from comanda.http.body import read_body
from comanda.http.call import Call, Reply
from comanda.http.hub import Hub
from comanda.orders.view import envelope


class DemoWish(Struct, frozen=True):
    """Whether orders come by themselves, how many a minute, and whether a robot house works on them."""

    orders: bool
    house: bool
    per_minute: Annotated[int, Meta(ge=1, le=limits.MAX_DEMO_ORDERS_PER_MINUTE)]


async def get_demo(call: Call, hub: Hub) -> Reply:
    """What is switched on."""
    return _answer(call, _life(hub))


async def set_demo(call: Call, hub: Hub) -> Reply:
    """Switch the demo's orders and its robot house on or off."""
    life = _life(hub)
    wish = read_body(call, DemoWish)
    life.switch(orders=wish.orders, house=wish.house, per_minute=wish.per_minute)
    return _answer(call, life)


def _life(hub: Hub) -> Life:
    if hub.life is None:
        raise ComandaError("resource_not_found", "This server does not serve the demo")
    return hub.life


def _answer(call: Call, life: Life) -> Reply:
    data = asdict(life.state)
    return Reply(200, to_json(envelope(data, started=call.started, now=now_micros())), {"Cache-Control": "no-store"})
