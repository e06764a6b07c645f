"""Every route with every identifier, by everybody who must not see: never a leak, never a 5xx, nothing changed."""

import asyncio
import itertools
import json
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
from tests.conftest import Server, demo_hub, document, serving, sign_in
from tests.http.documented import DOCUMENT, KITCHEN, TERMINAL

from comanda import administration, demo
from comanda.access.routes import ROUTES, Route
from comanda.access.tokens import issue_token
from comanda.administration import ClientSettings
from comanda.settings import Settings
from comanda.store.store import Store
from comanda.store.tables import metadata
from comanda.store.transaction import Statement, one

pytestmark = pytest.mark.anyio
RIVAL = "rival"
SECRET = "Undisclosed"
"""Stands in every text of the rival brand."""
ELSEWHERE = "Otherplace"
"""Stands in what belongs to venue 2 of our own brand."""
BASE = 7_000
"""The rival's ids, which are nobody's in our own brand."""
HOSTILE = ["0", "-1", "99999999999999999999", "abc", "%00", "%2e%2e", "1%20or%201=1", "x" * 300, "1-1-1-1", "é"]
GUARDED = [route for route in ROUTES if route.audience in ("integrator", "hub") and route.path != "/hub/v1/stream"]
MINIMAL = demo.example("create-order.minimal.request")


def rival_catalogue() -> dict[str, Any]:
    """A catalogue of the rival brand, with every kind of resource."""
    named: dict[str, Any] = {"id": BASE, "name": SECRET}
    return {
        "venues": [{**named, "is_main": True, "default_terminal_id": BASE, "default_station_id": BASE}],
        "sale_types": [named],
        "terminals": [{**named, "venue_id": BASE}],
        "stations": [named],
        "printers": [{**named, "venue_id": BASE, "station_id": BASE, "host": "10.0.0.9"}],
        "tables": [{**named, "venue_id": BASE}],
        "payment_methods": [named],
        "customer_groups": [named],
        "units": [named],
        "tags": [named],
        "categories": [named],
        "modifier_groups": [{**named, "modifiers": [named]}],
        "products": [{**named, "price": 5, "category_id": BASE, "modifier_groups": [BASE]}],
        "price_lists": [{**named, "prices": [{"id": BASE, "product_id": BASE, "price": 4}]}],
        "customers": [{**named, "phone": "+994507654321", "address": SECRET}],
        "users": [{**named, "username": "spy", "role": "manager"}],
        "stop_list": [{"venue_id": BASE, "product_id": BASE, "quantity": 50}],
    }


@dataclass
class World:
    """Two brands on one server, and the identifiers of both."""

    server: Server
    callers: dict[str, dict[str, str]]
    own: list[str]
    theirs: list[str]


@pytest.fixture
async def world(settings: Settings):
    """Our own brand with orders at two venues, a rival's with one of everything."""
    roomy = replace(settings, rate_calls=10_000_000, rate_auth=1_000_000, rate_failed=10_000_000)
    async with demo_hub(roomy) as hub, serving(hub) as server:
        theirs = await make_rival(server)
        own = await own_orders(server)
        yield World(server, await make_callers(server), own, theirs)


async def make_rival(server: Server) -> list[str]:
    """The rival brand with an order all the way to its receipt; its identifiers."""
    store = server.hub.store
    await administration.add_brand(store, RIVAL, name=SECRET, currency="AZN", region="AZ", is_test=True)
    await administration.import_document(store, RIVAL, document(**rival_catalogue()))
    headers = await server.client("rival-client", RIVAL)
    line = {**MINIMAL["products"][0], "product_id": BASE, "product_name": SECRET, "note": SECRET}
    body = {
        **MINIMAL,
        "venue_id": BASE,
        "sale_type_id": BASE,
        "auto_order_accept": True,
        "auto_order_sent_to_station": True,
        "customer": {"id": BASE, "name": SECRET, "phone": "+994507654321", "address": SECRET},
        "comment": SECRET,
        "integration_id": SECRET,
        "products": [line],
    }
    answer = await server.http.post("/open-api/v2/orders", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    order_id = answer.json()["data"]["id"]
    receipt = (await server.http.get(f"/open-api/v2/receipts/{order_id}", headers=headers)).json()["data"]
    return [str(order_id), receipt["cid"], f"{order_id}-{BASE}-1", f"{BASE}-1", str(BASE)]


async def own_orders(server: Server) -> list[str]:
    """An order at each venue of our own brand, the second one's texts marked; the identifiers of the first."""
    first = await server.create({**MINIMAL, "auto_order_accept": True, "auto_order_sent_to_station": True})
    customer = {"id": 0, "name": ELSEWHERE, "phone": "+994550001122", "address": ELSEWHERE}
    second = await server.create(
        {
            **MINIMAL,
            "venue_id": 2,
            "auto_order_accept": True,
            "auto_order_sent_to_station": True,
            "customer": customer,
            "comment": ELSEWHERE,
        }
    )
    assert (first.status_code, second.status_code) == (201, 201)
    ids = [answer.json()["data"]["id"] for answer in (first, second)]
    return [str(ids[1]), f"{ids[1]}-1-1", "2", "1", "101"]


async def make_callers(server: Server) -> dict[str, dict[str, str]]:
    """Everybody who calls, with the headers that make them so; each with what they may not see."""
    store = server.hub.store
    directory = server.hub.known.present
    whom = (directory.brands[demo.BRAND], directory.clients[demo.BRAND, demo.CLIENT_ID])
    expired, _ = issue_token(directory, *whom, directory.integrators[demo.INTEGRATOR_ID], 1, 1_000_000)
    await administration.add_integrator(store, "barred", name="Barred", is_test=True)
    secret = await administration.add_client(store, demo.BRAND, "any", name="Any", settings=ClientSettings())
    await server.hub.known.refresh()
    barred = await sign_in(server.http, client_id="any", client_secret=secret, integrator_id="barred")
    await administration.set_enabled(store, "integrators", {"integrator_id": "barred"}, enabled=False)
    password = await administration.add_staff(store, demo.BRAND, "cook", name="", role="cook", venues=(1,))
    limited = await administration.add_staff(store, demo.BRAND, "limited", name="", role="manager", venues=(1,))
    await server.hub.known.refresh()
    return {
        "client": server.headers,
        "limited client": await server.client("limited", venues=(1,), venue_id=1),
        "without scopes": await server.client("scopeless", scopes=()),
        "nobody": {},
        "late": {"x-token": expired},
        "barred": {"x-token": barred},
        "terminal": TERMINAL,
        "kitchen": KITCHEN,
        "cook": await person(server, "cook", password),
        "limited manager": await person(server, "limited", limited),
        "manager": await person(server, demo.MANAGER, demo.MANAGER_PASSWORD),
    }


async def person(server: Server, username: str, password: str) -> dict[str, str]:
    """The headers of a person who has signed in."""
    answer = await server.http.post(
        "/hub/v1/session", json={"brand": demo.BRAND, "username": username, "password": password}
    )
    assert answer.status_code == 200, answer.text
    server.http.cookies.clear()
    cookie = answer.headers["set-cookie"].partition(";")[0]
    return {"cookie": cookie, "x-csrf-token": answer.json()["data"]["csrf_token"], "if-match": "*"}


def requests_of(route: Route, identifiers: list[str]) -> list[tuple[str, str, Any]]:
    """Method, path and body of every request to a route: each identifier in each place, then in the query."""
    parts = route.path.count("{")
    if not parts:
        filters = [f"?filters[0][0]=id&filters[0][1]={wanted}&venue={wanted}" for wanted in identifiers]
        return [(route.method, f"{route.path}{query}", body_of(route)) for query in ["", *filters]]
    found = []
    for wanted in itertools.product(identifiers, repeat=parts) if parts == 1 else [(x, x) for x in identifiers]:
        path = route.path
        for value in wanted[:parts]:
            head, _, rest = path.partition("{")
            path = f"{head}{value}{rest.partition('}')[2]}"
        found.append((route.method, path, body_of(route)))
    return found


def body_of(route: Route) -> Any:
    """The first documented example of a route's body."""
    described = DOCUMENT["paths"][route.path][route.method.lower()].get("requestBody", {})
    for media in described.get("content", {}).values():
        for shown in media.get("examples", {}).values():
            return shown["value"]
    return None


async def walk(world: World, caller: str, identifiers: list[str], routes: list[Route] | None = None) -> list[Any]:
    """Call every guarded route with every identifier; the route, the path and the answer of each."""
    turns = asyncio.Semaphore(24)

    async def call(route: Route, method: str, path: str, body: Any) -> Any:
        async with turns:
            sent = {} if body is None else {"json": body}
            answer = await world.server.http.request(method, path, headers=world.callers[caller], **sent)
            return route, f"{method} {path}", answer

    wanted = [(route, *request) for route in routes or GUARDED for request in requests_of(route, identifiers)]
    return await asyncio.gather(*(call(*request) for request in wanted))


def sound(answer: httpx.Response) -> bool:
    """No failure of ours, and a refusal has the one envelope."""
    if answer.status_code >= 500:
        return False
    if answer.status_code >= 400:
        body = answer.json()
        return body["success"] is False and isinstance(body["message"], str)
    return True


async def rows_of_the_rival(store: Store) -> dict[str, Any]:
    """Everything the store holds of the rival brand, but for who does its duties."""
    found = {}
    for table in metadata.sorted_tables:
        if "brand_id" in table.c and table.name != "leases":
            query = table.select().where(table.c.brand_id == RIVAL).order_by(*table.primary_key)
            rows = await store.read(lambda query=query: (yield one(Statement(query))))
            found[table.name] = [tuple(row) for row in rows]
    return found


async def test_another_brands_identifiers_lead_nowhere(world: World):
    """A whole client, a till, a kitchen screen and a manager: never a word of the rival, and nothing of it changes."""
    before = await rows_of_the_rival(world.server.hub.store)
    assert all(before[name] for name in ("orders", "receipts", "tickets", "customers", "catalogue", "events"))
    for caller in ("client", "terminal", "kitchen", "manager"):
        for _, what, answer in await walk(world, caller, world.theirs):
            assert sound(answer), (caller, what, answer.status_code, answer.text[:300])
            assert SECRET not in answer.text, (caller, what, answer.text[:500])
            assert "spy" not in answer.text, (caller, what)
    assert await rows_of_the_rival(world.server.hub.store) == before


async def test_what_belongs_to_another_venue_is_not_there_for_the_limited(world: World):
    """A client and a manager of venue 1, its till and its kitchen: never a word of venue 2's orders."""
    for caller in ("limited client", "terminal", "kitchen", "limited manager", "cook"):
        for route, what, answer in await walk(world, caller, world.own):
            assert sound(answer), (caller, what, answer.status_code, answer.text[:300])
            assert ELSEWHERE not in answer.text, (caller, what, answer.text[:500])
            if route.path in ("/open-api/v2/orders/{id}", "/open-api/v2/receipts/{id}") and world.own[0] in what:
                assert answer.status_code in (401, 404), (caller, what)


async def test_who_may_not_call_is_refused_everywhere(world: World):
    """No token, one that has lapsed, a disabled integrator: 401; no scope: 403; whatever stands in the path."""
    identifiers = [world.own[0], world.theirs[0], "abc"]
    for caller, expected in (("nobody", 401), ("late", 401), ("barred", 401)):
        for _, what, answer in await walk(world, caller, identifiers):
            assert answer.status_code == expected, (caller, what, answer.text[:300])
            assert sound(answer)
    scoped = [route for route in GUARDED if route.scope is not None]
    for _, what, answer in await walk(world, "without scopes", identifiers, scoped):
        assert (answer.status_code, answer.json()["error"]) == (403, "forbidden"), what


async def test_a_device_and_the_wrong_role_get_no_further(world: World):
    """Devices and people are nobody on the integrators' routes; a cook is refused where the role is missing."""
    identifiers = [world.own[0], "1"]
    for caller in ("terminal", "kitchen", "cook", "manager"):
        for _, what, answer in await walk(
            world, caller, identifiers, [route for route in GUARDED if route.audience == "integrator"]
        ):
            assert answer.status_code == 401, (caller, what)
    for caller, kind in (("cook", "staff"), ("terminal", "device")):
        closed = [route for route in GUARDED if route.audience == "hub" and kind not in route.callers]
        closed += [
            route
            for route in GUARDED
            if route.audience == "hub"
            and kind == "staff" in route.callers
            and route.roles
            and "cook" not in route.roles
        ]
        assert closed
        for _, what, answer in await walk(world, caller, identifiers, closed):
            assert (answer.status_code, answer.json()["error"]) == (403, "forbidden"), (caller, what)


async def test_no_identifier_breaks_anything(world: World):
    """Zero, negative, huge, not a number, a null byte, dots, quotes, letters beyond ASCII: a refusal in our envelope."""
    for caller in ("client", "terminal", "manager"):
        for route, what, answer in await walk(world, caller, HOSTILE):
            assert sound(answer), (caller, what, answer.status_code, answer.text[:300])
            if "{" in route.path and "/venues/0/" not in what:  # venue 0 stands for the brand itself
                assert answer.status_code in (400, 401, 403, 404, 405, 409, 412), (caller, what, answer.text[:300])


NEVER = {"pin", "card", "salary", "hide", "password_hash", "token_sha256", "secret_sha256", "client_secret"}


async def test_no_answer_holds_a_credential(world: World):
    """Contract 14.5: whoever reads whatever, none of these keys is there."""
    for caller in ("client", "terminal", "manager"):
        reads = [route for route in GUARDED if route.method == "GET"]
        for _, what, answer in await walk(world, caller, ["1", "101", world.own[0]], reads):
            if answer.headers["content-type"].startswith("application/json"):
                assert not NEVER & set(keys_in(json.loads(answer.text))), (caller, what)


def keys_in(value: Any):
    """Every key of every object."""
    if isinstance(value, dict):
        yield from value
        for part in value.values():
            yield from keys_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from keys_in(part)
