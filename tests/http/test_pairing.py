"""Pairing over a real socket: a device shows a code, a manager lets it in, it gets its cookie once; then revoking."""

import asyncio
from dataclasses import replace

import pytest
from benchmarks.servers import free_port
from sqlalchemy import update
from tests.conftest import Server, demo_hub, serving
from tests.http.documented import KITCHEN, TERMINAL, ask, manager_headers
from tests.http.test_hub_access import rows_of

from comanda import administration, demo
from comanda.access.secrets import sha256_hex
from comanda.base import limits
from comanda.base.clock import now_micros
from comanda.base.errors import ComandaError
from comanda.duties.housekeeping import clear_brand
from comanda.http.hub_api.pairings import ALPHABET
from comanda.main import open_hub
from comanda.orders.dossier import House
from comanda.store.pairings import Approval, approve_pairing
from comanda.store.tables import audit_log, devices, pairings
from comanda.store.transaction import Statement, one

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
PAIRINGS, CLAIM, SESSION = "/hub/v1/pairings", "/hub/v1/pairings/claim", "/hub/v1/session"
SCREEN = {"venue_id": 1, "kind": "kitchen", "name": "Grill screen", "station_id": 1}
TILL = {"venue_id": 1, "kind": "terminal", "name": "Window till"}


async def begin(server: Server, kind: str = "kitchen", **headers: str) -> dict:
    """A device asks to be let in."""
    return (await ask(server, "POST", PAIRINGS, headers, json={"brand": demo.BRAND, "kind": kind}))["data"]


async def claimed(server: Server, claim: str):
    """A device asks how its wish stands; the answer with its headers."""
    answer = await server.http.post(CLAIM, json={"brand": demo.BRAND, "claim": claim})
    server.http.cookies.clear()
    assert answer.status_code == 200, answer.text
    return answer


async def pair(server: Server, place: dict = SCREEN) -> tuple[dict[str, str], dict]:
    """A paired device: the headers of its page, and its card."""
    manager = await manager_headers(server)
    begun = await begin(server, place["kind"])
    await ask(server, "POST", f"{PAIRINGS}/{begun['code']}/approve", manager, json=place)
    answer = await claimed(server, begun["claim"])
    headers = {"cookie": answer.headers["set-cookie"].partition(";")[0]}
    me = (await ask(server, "GET", SESSION, headers))["data"]
    return {**headers, "x-csrf-token": me["csrf_token"]}, answer.json()["data"]["device"]


async def expire(server: Server) -> None:
    """Let every code lapse."""

    def build():
        lapse = update(pairings).where(pairings.c.brand_id == demo.BRAND).values(expires_at=1)
        yield one(Statement(lapse, returns=False))

    await server.hub.store.run(build)


async def test_a_screen_is_let_in_and_works_by_its_cookie(server: Server):
    """Waiting, approved, paired: the cookie comes once, its hash alone is stored, and the audit log says by whom."""
    manager, store = await manager_headers(server), server.hub.store
    begun = await begin(server, **{"user-agent": "Tablet/1"})
    code, claim = begun["code"], begun["claim"]
    assert len(code) == limits.PAIRING_CODE
    assert set(code) <= set(ALPHABET)
    assert (await claimed(server, claim)).json()["data"] == {"status": "waiting", "device": None}
    seen = (await ask(server, "GET", f"{PAIRINGS}/{code[:4].lower()}-{code[4:]}", manager))["data"]
    assert (seen["code"], seen["kind"], seen["address"], seen["user_agent"]) == (
        code,
        "kitchen",
        "127.0.0.1",
        "Tablet/1",
    )
    stored = str(await rows_of(store, pairings))
    assert code not in stored
    assert claim not in stored
    device = (await ask(server, "POST", f"{PAIRINGS}/{code}/approve", manager, json=SCREEN))["data"]
    assert (device["kind"], device["name"], device["venue_id"], device["station_id"]) == (
        "kitchen",
        "Grill screen",
        1,
        1,
    )
    answer = await claimed(server, claim)
    assert answer.json()["data"] == {"status": "paired", "device": device}
    parts = answer.headers["set-cookie"].split("; ")
    assert parts[1:] == [f"Max-Age={limits.DEVICE_COOKIE_LIFE_S}", "Path=/", "HttpOnly", "SameSite=Strict"]
    token = parts[0].removeprefix("comanda_device=")
    assert token not in str(await rows_of(store, devices))
    again = await claimed(server, claim)
    assert (again.json()["data"]["status"], "set-cookie" in again.headers) == ("expired", False)
    await ask(server, "GET", f"{PAIRINGS}/{code}", manager, 404)
    me = (await ask(server, "GET", SESSION, {"cookie": parts[0]}))["data"]
    assert (me["kind"], me["actor"], me["venue_id"], me["name"]) == (
        "device",
        f"device:{device['id']}",
        1,
        "Grill screen",
    )
    assert me["csrf_token"] == sha256_hex(f"csrf:{token}")
    assert me["device"] == {name: device[name] for name in ("id", "name", "kind", "venue_id", "station_id")}
    last = (await rows_of(store, audit_log, audit_log.c.actor, audit_log.c.action, audit_log.c.resource))[-1]
    assert last == ("staff:demo-manager", "paired", str(device["id"]))


async def test_a_devices_change_by_cookie_needs_its_csrf_token(server: Server):
    """The Bearer's does not; another cookie's token is as good as none."""
    headers, _ = await pair(server)
    cookie = {"cookie": headers["cookie"]}
    for wrong in ({}, {"x-csrf-token": "x"}):
        assert (await ask(server, "POST", "/hub/v1/heartbeat", {**cookie, **wrong}, 403))["error"] == "csrf_failed"
    await ask(server, "POST", "/hub/v1/heartbeat", headers)
    await ask(server, "POST", "/hub/v1/heartbeat", KITCHEN)
    await ask(server, "GET", "/hub/v1/venues/1/board", cookie)


async def test_a_terminal_is_a_known_one_or_is_made(server: Server):
    """A new one stands in the catalogue; a known one gets another token, and the earlier stops at once."""
    _, made = await pair(server, TILL)
    terminal = server.hub.known.snapshot(demo.BRAND).terminals[made["id"]]
    assert (terminal.name, terminal.venue_id, made["kind"]) == ("Window till", 1, "terminal")
    await ask(server, "GET", SESSION, TERMINAL)
    headers, known = await pair(server, {**TILL, "terminal_id": demo.TERMINAL_ID})
    assert known["id"] == demo.TERMINAL_ID
    await ask(server, "GET", SESSION, TERMINAL, 401)
    await ask(server, "GET", SESSION, headers)
    assert (await server.http.get("/hub/v1/venues/1/terminals", headers=headers)).json()["data"][0]["may_call"]


@on_sqlite
async def test_a_place_that_cannot_be_is_refused_with_every_problem(server: Server):
    """And the code goes on waiting."""
    manager, begun = await manager_headers(server), await begin(server)
    path = f"{PAIRINGS}/{begun['code']}/approve"
    wrong = {"venue_id": 99, "kind": "kitchen", "name": " ", "terminal_id": 1, "station_id": 77}
    answer = await ask(server, "POST", path, manager, 400, json=wrong)
    assert [problem["field"] for problem in answer["details"]] == ["venue_id", "name", "terminal_id", "station_id"]
    other = await ask(server, "POST", path, manager, 400, json={**TILL, "venue_id": 2, "terminal_id": 1})
    assert other["details"][0]["code"] == "unknown_terminal"
    missing = await ask(server, "POST", path, manager, 400, json={"extra": 1})
    assert {problem["field"] for problem in missing["details"]} == {"venue_id", "kind", "name", "extra"}
    await ask(server, "POST", path, manager, json=SCREEN)
    assert (await ask(server, "POST", PAIRINGS, {}, 400, json={"brand": "nowhere", "kind": "kitchen"}))["details"][0][
        "code"
    ] == "unknown_brand"


@on_sqlite
async def test_only_managers_let_devices_in(server: Server):
    """A cashier, a till and nobody are refused; a manager of one venue pairs there and nowhere else."""
    store, begun = server.hub.store, await begin(server)
    await administration.add_staff(store, "demo", "cash", name="", role="cashier", venues=(), password="x" * 8)
    await administration.add_staff(store, "demo", "sea", name="", role="manager", venues=(2,), password="x" * 8)
    await server.hub.known.refresh()
    path = f"{PAIRINGS}/{begun['code']}/approve"
    signed_in = {}
    for username in ("cash", "sea"):
        answer = await server.http.post(SESSION, json={"brand": "demo", "username": username, "password": "x" * 8})
        server.http.cookies.clear()
        signed_in[username] = {
            "cookie": answer.headers["set-cookie"].partition(";")[0],
            "x-csrf-token": answer.json()["data"]["csrf_token"],
        }
    for headers, status in ((signed_in["cash"], 403), (TERMINAL, 403), ({}, 401)):
        await ask(server, "POST", path, headers, status, json=SCREEN)
    await ask(server, "POST", path, signed_in["sea"], 400, json=SCREEN)
    await ask(server, "POST", path, signed_in["sea"], 403, json={**TILL, "venue_id": 2})
    await ask(server, "POST", path, signed_in["sea"], json={**SCREEN, "venue_id": 2})


async def test_codes_lapse_after_five_minutes_and_are_swept_away(server: Server):
    """Neither approved nor claimed afterwards, also when it was approved in time."""
    manager = await manager_headers(server)
    late, slow = await begin(server), await begin(server)
    await ask(server, "POST", f"{PAIRINGS}/{slow['code']}/approve", manager, json=SCREEN)
    await expire(server)
    await ask(server, "POST", f"{PAIRINGS}/{late['code']}/approve", manager, 404, json=SCREEN)
    for begun in (late, slow):
        assert (await claimed(server, begun["claim"])).json()["data"]["status"] == "expired"
    hub = server.hub
    house = House((await hub.known.directory()).brands["demo"], hub.known.snapshot("demo"))
    await clear_brand(hub.store, house, hub.settings)
    assert await rows_of(hub.store, pairings) == []


async def test_of_many_at_once_one_lets_in_and_one_claims(settings):
    """Two processes, managers and devices at the same moment: one device, one cookie."""
    roomy = replace(settings, rate_calls=1_000_000, rate_auth=1_000_000, rate_failed=1_000_000)
    async with (
        demo_hub(roomy) as first,
        open_hub(replace(roomy, port=free_port())) as second,
        serving(first) as one_server,
        serving(second) as other,
    ):
        pair_of = (one_server, other)
        manager = await manager_headers(one_server)
        await second.known.refresh()
        for place in (SCREEN, TILL):
            before = len(await rows_of(first.store, devices))
            begun = await begin(one_server)
            path = f"{PAIRINGS}/{begun['code']}/approve"
            answers = await asyncio.gather(
                *(server.http.post(path, json=place, headers=manager) for server in pair_of for _ in range(3))
            )
            assert sorted(answer.status_code for answer in answers) == [200, *[404] * 5], [a.text for a in answers]
            assert len(await rows_of(first.store, devices)) == before + 1
            body = {"brand": demo.BRAND, "claim": begun["claim"]}
            answers = await asyncio.gather(
                *(server.http.post(CLAIM, json=body) for server in pair_of for _ in range(3))
            )
            said = sorted(answer.json()["data"]["status"] for answer in answers)
            assert said == [*["expired"] * 5, "paired"]
            assert sum("set-cookie" in answer.headers for answer in answers) == 1
            for server in pair_of:
                server.http.cookies.clear()


async def test_a_revoked_device_is_out_at_once_with_all_that_was_begun_on_it(server: Server):
    """Its cookie, the sessions of people on it, its presence; pairing it anew gives another token."""
    headers, device = await pair(server)
    manager = await manager_headers(server)
    await ask(server, "POST", "/hub/v1/heartbeat", headers)
    answer = await server.http.post(
        SESSION,
        json={"brand": "demo", "username": demo.MANAGER, "password": demo.MANAGER_PASSWORD},
        headers={"cookie": headers["cookie"]},
    )
    server.http.cookies.clear()
    assert answer.json()["data"]["device_id"] == device["id"]
    session = answer.headers["set-cookie"].partition(";")[0]
    both = {"cookie": f"{session}; {headers['cookie']}"}
    assert (await ask(server, "GET", SESSION, both))["data"]["device"]["id"] == device["id"]
    await ask(server, "GET", SESSION, {"cookie": session}, 401)
    listed = (await ask(server, "GET", "/hub/v1/admin/devices", manager))["data"]
    assert [item["present"] for item in listed if item["id"] == device["id"]] == [True]
    gone = await ask(server, "DELETE", f"/hub/v1/admin/devices/{device['id']}", manager)
    assert gone["data"] == {"revoked": True}
    await ask(server, "GET", SESSION, {"cookie": headers["cookie"]}, 401)
    await ask(server, "GET", SESSION, both, 401)
    listed = (await ask(server, "GET", "/hub/v1/admin/devices", manager))["data"]
    assert device["id"] not in {item["id"] for item in listed}
    await ask(server, "DELETE", f"/hub/v1/admin/devices/{device['id']}", manager, 404)
    actions = await rows_of(server.hub.store, audit_log, audit_log.c.action, audit_log.c.resource)
    assert actions[-1] == ("revoked", str(device["id"]))


async def test_a_revoked_device_claims_nothing_any_more(server: Server):
    """Let in but not yet there when it was revoked: also not once another tablet is let in as the same terminal."""
    manager, place = await manager_headers(server), {**TILL, "terminal_id": demo.TERMINAL_ID}
    lost, right = await begin(server, "terminal"), await begin(server, "terminal")
    await ask(server, "POST", f"{PAIRINGS}/{lost['code']}/approve", manager, json=place)
    await ask(server, "DELETE", f"/hub/v1/admin/devices/{demo.TERMINAL_ID}", manager)
    await ask(server, "POST", f"{PAIRINGS}/{right['code']}/approve", manager, json=place)
    assert (await claimed(server, lost["claim"])).json()["data"]["status"] == "expired"
    assert (await claimed(server, right["claim"])).json()["data"]["status"] == "paired"
    assert (await claimed(server, lost["claim"])).json()["data"]["status"] == "expired"


async def test_who_is_let_in_later_has_the_terminal(server: Server):
    """The tablet before claims nothing, whether another was let in or the terminal got a token at the command line."""
    manager, place = await manager_headers(server), {**TILL, "terminal_id": demo.TERMINAL_ID}
    first, second = await begin(server, "terminal"), await begin(server, "terminal")
    for begun in (first, second):
        await ask(server, "POST", f"{PAIRINGS}/{begun['code']}/approve", manager, json=place)
    assert (await claimed(server, first["claim"])).json()["data"]["status"] == "expired"
    assert (await claimed(server, second["claim"])).json()["data"]["status"] == "paired"
    third = await begin(server, "terminal")
    await ask(server, "POST", f"{PAIRINGS}/{third['code']}/approve", manager, json=place)
    await administration.rotate_terminal(server.hub.store, "demo", demo.TERMINAL_ID)
    assert (await claimed(server, third["claim"])).json()["data"]["status"] == "expired"


async def test_a_terminal_that_was_moved_or_retired_meanwhile_is_refused(server: Server):
    """By what the store says and not by what the process knew; the code goes on waiting."""
    store, begun = server.hub.store, await begin(server, "terminal")
    approval = Approval(
        "demo", sha256_hex(begun["code"]), "terminal", "Till", 1, demo.TERMINAL_ID, None, "staff:x", sha256_hex("x")
    )
    terminal = {"id": demo.TERMINAL_ID, "name": "Till"}
    for changed in ({"venue_id": 2}, {"venue_id": 1, "active": False}):
        await server.import_({"terminals": [{**terminal, **changed}]})
        with pytest.raises(ComandaError) as refused:
            await store.run(lambda: approve_pairing(approval, now_micros()))
        assert [problem.code for problem in refused.value.details] == ["unknown_terminal"]
        assert (await claimed(server, begun["claim"])).json()["data"]["status"] == "waiting"
    await server.import_({"terminals": [{**terminal, "venue_id": 1, "active": True}]})
    assert await store.run(lambda: approve_pairing(approval, now_micros()))


async def test_the_stream_of_a_revoked_device_ends_at_once(server: Server, monkeypatch):
    """Also where nothing happens that would be told; it does not wait for the next heartbeat."""
    monkeypatch.setattr(limits, "STREAM_HEARTBEAT_S", 3_600)
    headers, device = await pair(server)
    manager = await manager_headers(server)
    async with server.http.stream("GET", "/hub/v1/stream", headers={"cookie": headers["cookie"]}) as stream:
        assert stream.status_code == 200
        frames = stream.aiter_text()
        assert "hello" in await anext(frames)
        await ask(server, "DELETE", f"/hub/v1/admin/devices/{device['id']}", manager)
        async with asyncio.timeout(30):
            async for _ in frames:
                pass


@on_sqlite
async def test_a_device_that_is_moved_takes_no_person_along(server: Server):
    """Another token for the same terminal ends what was begun on the one before."""
    headers, device = await pair(server, TILL)
    manager = {"brand": "demo", "username": demo.MANAGER, "password": demo.MANAGER_PASSWORD}
    answer = await server.http.post(SESSION, json=manager, headers={"cookie": headers["cookie"]})
    server.http.cookies.clear()
    session = answer.headers["set-cookie"].partition(";")[0]
    await administration.rotate_terminal(server.hub.store, "demo", device["id"])
    await server.hub.known.refresh()
    await ask(server, "GET", SESSION, {"cookie": f"{session}; {headers['cookie']}"}, 401)


@on_sqlite
async def test_guessing_codes_is_limited(server: Server):
    """After thirty in vain within a minute also the right one has to wait."""
    manager, begun = await manager_headers(server), await begin(server)
    for _ in range(limits.PAIRING_GUESSES):
        await ask(server, "GET", f"{PAIRINGS}/AAAAAAAA", manager, 404)
    refused = await server.http.get(f"{PAIRINGS}/{begun['code']}", headers=manager)
    assert (refused.status_code, refused.json()["error"]) == (429, "rate_limited")
    assert int(refused.headers["retry-after"]) >= 1


@on_sqlite
async def test_one_address_cannot_fill_the_place_where_devices_wait(server: Server):
    """Its oldest wish gives way to its newest."""
    begun = [await begin(server) for _ in range(limits.PAIRINGS_PER_ADDRESS + 2)]
    assert len(await rows_of(server.hub.store, pairings)) == limits.PAIRINGS_PER_ADDRESS
    assert (await claimed(server, begun[0]["claim"])).json()["data"]["status"] == "expired"
    assert (await claimed(server, begun[-1]["claim"])).json()["data"]["status"] == "waiting"


async def test_many_addresses_cannot_keep_a_device_out(server: Server, monkeypatch):
    """The brand's oldest wish gives way, but none that was let in already."""
    monkeypatch.setattr(limits, "PAIRINGS_PER_BRAND", 3)
    manager = await manager_headers(server)
    begun = [await begin(server) for _ in range(3)]
    await ask(server, "POST", f"{PAIRINGS}/{begun[0]['code']}/approve", manager, json=SCREEN)
    begun.append(await begin(server))
    said = [(await claimed(server, one_of["claim"])).json()["data"]["status"] for one_of in begun]
    assert said == ["paired", "expired", "waiting", "waiting"]
