"""Sessions and the first page: hello, signing out with a dead cookie, sessions that managers see and end."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
import pytest
from tests.conftest import Server, demo_hub, serving
from tests.http.documented import ask, manager_headers

from comanda import __version__, administration, demo
from comanda.access.secrets import sha256_hex
from comanda.main import build_server, open_hub
from comanda.store.pins import find_pin

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
SESSION, HELLO, SESSIONS = "/hub/v1/session", "/hub/v1/hello", "/hub/v1/admin/sessions"


@on_sqlite
async def test_hello_tells_the_brand_only_where_there_is_one(settings):
    """And nobody's credentials on a server that is no demo."""
    async with demo_hub(settings):
        pass
    async with open_hub(replace(settings, demo=False)) as hub, unsigned(hub) as http:
        store = hub.store
        told = (await http.get(HELLO)).json()["data"]
        assert (told["name"], told["version"], told["brand"]) == (
            "Comanda",
            __version__,
            {"id": "demo", "name": "Demo"},
        )
        assert (told["demo"], told["demo_people"], told["secure"], told["ca_available"]) == (False, [], False, False)
        assert not (await http.get(HELLO, headers={"x-forwarded-proto": "https"})).json()["data"]["secure"]
        await administration.add_brand(store, "rival", name="Rival", currency="AZN", region="AZ", is_test=True)
        await hub.known.refresh()
        answer = await http.get(HELLO)
        assert answer.json()["data"]["brand"] is None
        assert "rival" not in answer.text.lower()
        await administration.set_enabled(store, "brands", {"brand_id": "rival"}, enabled=False)
        await hub.known.refresh()
        assert (await http.get(HELLO)).json()["data"]["brand"]["id"] == "demo"


@asynccontextmanager
async def unsigned(hub):
    """A client of a served hub that lets nobody of the demo in."""
    server = build_server(hub.settings, hub)
    task = asyncio.create_task(server.serve())
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{hub.settings.port}", timeout=60) as http:
        for _ in range(6_000):
            try:
                await http.get("/health")
                break
            except httpx.TransportError:
                await asyncio.sleep(0.01)
        yield http
    server.stop()
    await task


@on_sqlite
async def test_hello_of_the_demo_names_its_people(settings):
    """Their passwords stand on paper anyway, and work."""
    async with demo_hub(replace(settings, demo=True)) as hub, serving(hub) as server:
        told = (await ask(server, "GET", HELLO, {}))["data"]
        assert told["demo"]
        assert {person["username"] for person in told["demo_people"]} == {person.username for person in demo.PEOPLE}
        assert {person["role"] for person in told["demo_people"]} >= {"manager", "cashier", "cook", "call_centre"}


async def test_published_people_are_nobody_without_the_demo(settings):
    """Neither their passwords nor their PINs let them in to a server that does not serve the demo."""
    async with open_hub(replace(settings, demo=False)) as hub:
        people = (await hub.known.directory()).people
        assert not {("demo", person.username) for person in demo.PEOPLE} & people.keys()


async def test_signing_out_always_clears_the_cookie(server: Server):
    """A page with a dead cookie can get rid of it; a living session ends with its CSRF token only."""
    manager = await manager_headers(server)
    for headers in ({}, {"cookie": "comanda_session=dead"}):
        gone = await server.http.delete(SESSION, headers=headers)
        assert (gone.status_code, gone.json()["data"]) == (200, {"signed_out": True})
        assert gone.headers["set-cookie"].startswith("comanda_session=; Max-Age=0")
    cookie = {"cookie": manager["cookie"]}
    assert (await ask(server, "DELETE", SESSION, cookie, 403))["error"] == "csrf_failed"
    await ask(server, "GET", SESSION, cookie)
    await ask(server, "DELETE", SESSION, manager)
    await ask(server, "GET", SESSION, cookie, 401)
    await ask(server, "DELETE", SESSION, manager)


async def test_a_password_makes_a_strong_session(server: Server):
    """To its end, on every device; confirming it changes nothing."""
    answer = await server.http.post(
        SESSION, json={"brand": demo.BRAND, "username": demo.MANAGER, "password": demo.MANAGER_PASSWORD}
    )
    server.http.cookies.clear()
    data = answer.json()["data"]
    assert (data["strength"], data["strong_until"], data["device_id"]) == ("password", data["expires_at"], None)
    headers = {"cookie": answer.headers["set-cookie"].partition(";")[0], "x-csrf-token": data["csrf_token"]}
    again = await ask(server, "POST", f"{SESSION}/confirm", headers, json={"password": demo.MANAGER_PASSWORD})
    assert (again["data"]["strong_until"], again["data"]["csrf_token"]) == (data["expires_at"], data["csrf_token"])


async def test_managers_see_and_end_sessions(server: Server):
    """By the first half of what is stored, of their own brand only; the ended one is refused at once."""
    store = server.hub.store
    await administration.add_staff(store, "demo", "anna", name="Anna", role="cook", venues=(1,), password="x" * 8)
    await administration.add_brand(store, "rival", name="", currency="AZN", region="AZ", is_test=True)
    await administration.add_staff(store, "rival", "spy", name="", role="manager", venues=(), password="x" * 8)
    await server.hub.known.refresh()
    manager = await manager_headers(server)
    cookies = {}
    for brand, username in (("demo", "anna"), ("rival", "spy")):
        answer = await server.http.post(SESSION, json={"brand": brand, "username": username, "password": "x" * 8})
        server.http.cookies.clear()
        cookies[username] = answer.headers["set-cookie"].partition(";")[0]
    listed = (await ask(server, "GET", SESSIONS, manager))["data"]
    assert [(item["username"], item["role"], item["current"]) for item in listed] == [
        ("anna", "cook", False),
        (demo.MANAGER, "manager", True),
    ]
    hashed = {name: sha256_hex(cookie.partition("=")[2])[:16] for name, cookie in cookies.items()}
    assert listed[0]["id"] == hashed["anna"]
    for wrong in (hashed["spy"], "0" * 16, hashed["anna"][:8]):
        await ask(server, "DELETE", f"{SESSIONS}/{wrong}", manager, 404)
    await ask(server, "DELETE", f"{SESSIONS}/{hashed['anna']}", manager)
    await ask(server, "GET", SESSION, {"cookie": cookies["anna"]}, 401)
    await ask(server, "GET", SESSION, {"cookie": cookies["spy"]})
    assert await store.read(lambda: find_pin("demo", "anna")) is None
