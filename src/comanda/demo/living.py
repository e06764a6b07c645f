"""The demo alive: guests order and a robot house works, through the server's own address, as it is switched."""

import asyncio
import random
import ssl
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

import structlog

from comanda.base.json import to_json
from comanda.catalogue.snapshot import Snapshot
from comanda.demo import BRAND, INTEGRATOR_ID, TERMINAL_TOKEN, VENUE_ID, DemoChannel
from comanda.demo.guests import Order, compose_order
from comanda.demo.life import Life
from comanda.demo.robot import Robot

if TYPE_CHECKING:
    import httpx

log = structlog.get_logger("comanda.demo")
_LOOK_S: Final = 1.0
"""How often the robot house looks at its board."""
_AGAIN_S: Final = 5.0
_PATIENCE_S: Final = 10.0


async def keep_living(life: Life, base_url: str, menu: Callable[[], Snapshot]) -> None:
    """Do what is switched on until the server winds down; then everything is let go at once."""
    import httpx  # noqa: PLC0415 - a client's library, which a server that starts should not wait for

    async with httpx.AsyncClient(base_url=base_url, timeout=_PATIENCE_S, verify=_own_certificate()) as http:
        chance = random.Random()
        guests, house = _Guests(life, http, menu, chance), _House(life, http, chance)
        work = [
            asyncio.create_task(_go_on(life, guests.order_one), name="demo-guests"),
            asyncio.create_task(_go_on(life, house.work), name="demo-house"),
        ]
        await life.ended.wait()
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)


async def _go_on(life: Life, step: Callable[[], Awaitable[None]]) -> None:
    """Take one step after the other; one that fails is told and followed by another after a while."""
    import httpx  # noqa: PLC0415 - as above

    while not life.ended.is_set():
        try:
            await step()
        except httpx.TransportError as error:
            log.info("demo.unreachable", reason=type(error).__name__)
            await life.rest(_AGAIN_S)
        except Exception:
            log.exception("demo.interrupted")
            await life.rest(_AGAIN_S)


class _Guests:
    """Whoever orders: signs in as each channel when it is needed."""

    def __init__(
        self, life: Life, http: "httpx.AsyncClient", menu: Callable[[], Snapshot], chance: random.Random
    ) -> None:
        self._life = life
        self._http = http
        self._menu = menu
        self._chance = chance
        self._tokens: dict[str, str] = {}

    async def order_one(self) -> None:
        """Wait for the next guest, and order."""
        state = self._life.state
        if not state.orders:
            await self._life.rest()
            return
        mean_s = 60 / state.per_minute
        await self._life.rest(min(self._chance.expovariate(1 / mean_s), 3 * mean_s))
        if self._life.state is not state:
            return
        order = compose_order(self._menu(), self._chance)
        if order is not None:
            await self._send(order)

    async def _send(self, order: Order) -> None:
        token = self._tokens.get(order.channel.client_id) or await self._sign_in(order.channel)
        headers = {
            "x-token": token,
            "content-type": "application/json",
            "idempotency-key": f"demo-{order.body['integration_id']}",
        }
        answer = await self._http.post("/open-api/v2/orders", content=to_json(order.body), headers=headers)
        if answer.status_code == 401:
            self._tokens.pop(order.channel.client_id, None)
        if answer.status_code != 201:
            log.info("demo.order_refused", status=answer.status_code, error=_error(answer))
        if answer.status_code in (429, 503):
            await self._life.rest(_AGAIN_S)

    async def _sign_in(self, channel: DemoChannel) -> str:
        who = {
            "client_id": channel.client_id,
            "client_secret": channel.secret,
            "brand": BRAND,
            "integrator_id": INTEGRATOR_ID,
        }
        answer = await self._http.post("/open-api/v2/auth", json=who)
        token = answer.json().get("token", "")
        if token:
            self._tokens[channel.client_id] = token
        return str(token)


class _House:
    """The robot house at the demo's venue."""

    def __init__(self, life: Life, http: "httpx.AsyncClient", chance: random.Random) -> None:
        self._life = life
        self._http = http
        self._robot = Robot(chance)

    async def work(self) -> None:
        """Look at the board and do what is due."""
        if not self._life.state.house:
            await self._life.rest()
            return
        loop = asyncio.get_running_loop()
        answer = await self._http.get(f"/hub/v1/venues/{VENUE_ID}/board", headers=_device(TERMINAL_TOKEN))
        if answer.status_code != 200:
            log.info("demo.no_board", status=answer.status_code, error=_error(answer))
            await self._life.rest(_AGAIN_S)
            return
        for act in self._robot.next_acts(answer.json()["data"], loop.time()):
            if not self._life.state.house:
                return
            done = await self._http.post(act.path, json=act.body, headers=_device(act.token))
            self._robot.done(act, loop.time())
            if done.status_code != 200:
                log.info("demo.not_done", status=done.status_code, error=_error(done))
        await self._life.rest(_LOOK_S)


def _device(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def _error(answer: "httpx.Response") -> Any:
    return answer.json().get("error") if "json" in answer.headers.get("content-type", "") else None


def _own_certificate() -> ssl.SSLContext:
    """For talking to oneself, whatever name the certificate is for."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
