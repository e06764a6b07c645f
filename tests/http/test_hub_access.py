"""Who may call the hub: tokens, devices, people, CSRF, roles, presence (contract 14.10, 14.1.5)."""

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import replace
from types import SimpleNamespace

import httpx
import pytest
from benchmarks.servers import free_port
from sqlalchemy import insert, select
from tests.conftest import DEMO_CREDENTIALS, Server, demo_hub, serving

from comanda import administration, demo
from comanda.access.credentials import identify_any, require_place
from comanda.access.model import Caller, DeviceCaller, Published, StaffCaller
from comanda.access.passwords import PasswordChecks
from comanda.access.routes import Route
from comanda.access.secrets import hash_password, sha256_hex
from comanda.base import limits
from comanda.base.clock import now_micros
from comanda.base.errors import ComandaError, SetupError
from comanda.duties.housekeeping import clear_brand
from comanda.duties.presence import mark_silent, watch_presence
from comanda.main import open_hub
from comanda.orders.dossier import House
from comanda.store import devices, presence, sessions
from comanda.store.tables import device_presence, events, staff_sessions
from comanda.store.transaction import Statement, one

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
TERMINAL = {"authorization": f"Bearer {demo.TERMINAL_TOKEN}"}
KITCHEN = {"authorization": f"Bearer {demo.KITCHEN_TOKEN}"}
MANAGER = {"brand": demo.BRAND, "username": demo.MANAGER, "password": demo.MANAGER_PASSWORD}
SESSION, HEARTBEAT = "/hub/v1/session", "/hub/v1/heartbeat"


async def sign_in_person(server: Server, **changes) -> dict[str, str]:
    """Headers of a person who has signed in: cookie and CSRF token. Our client keeps no cookies of its own."""
    answer = await server.http.post(SESSION, json={**MANAGER, **changes})
    assert answer.status_code == 200, answer.text
    server.http.cookies.clear()
    cookie = answer.headers["set-cookie"].partition(";")[0]
    return {"cookie": cookie, "x-csrf-token": answer.json()["data"]["csrf_token"]}


async def rows_of(store, table, *columns):
    """Rows of a table in key order, as tuples."""

    def build():
        query = select(*columns or table.c).order_by(*table.primary_key)
        return (yield one(Statement(query)))

    return [tuple(row) for row in await store.read(build)]


async def turns(store) -> list[tuple]:
    """What the event log says of devices: venue, type, actor, data."""
    found = await rows_of(store, events, events.c.venue_id, events.c.type, events.c.actor, events.c.data)
    return [(venue, type_, actor, json.loads(data)) for venue, type_, actor, data in found if "terminal." in type_]


async def make_silent(server: Server) -> int:
    """Run the duty once as if every device had been silent for long."""
    await server.hub.known.refresh()
    return await mark_silent(server.hub.store, server.hub.known, now_micros(), now_micros())


async def test_a_person_signs_in_and_out(server: Server):
    """The cookie works at once, names its owner, and is dead after the end; nothing but its hash is stored."""
    answer = await server.http.post(SESSION, json=MANAGER)
    body, cookie = answer.json(), answer.headers["set-cookie"]
    assert answer.status_code == 200
    assert body.keys() >= {"success", "data", "time", "timestamp", "unix"}
    data = body["data"]
    assert (data["username"], data["name"], data["role"], data["venues"]) == (
        demo.MANAGER, "Demo manager", "manager", [],
    )  # fmt: skip
    token = cookie.partition(";")[0].partition("=")[2]
    assert data["csrf_token"] == sha256_hex(f"csrf:{token}")
    stored = await rows_of(server.hub.store, staff_sessions)
    assert token not in str(stored)
    assert stored[0][1] == sha256_hex(token)
    assert stored[0][4] - stored[0][3] == limits.SESSION_LIFE_S * 1_000_000
    headers = {"cookie": f"other=1; comanda_session={token}"}
    server.http.cookies.clear()
    me = (await server.http.get(SESSION, headers=headers)).json()["data"]
    assert (me["kind"], me["actor"], me["venue_id"]) == ("staff", "staff:demo-manager", None)
    assert (me["csrf_token"], me["expires_at"]) == (data["csrf_token"], data["expires_at"])
    gone = await server.http.delete(SESSION, headers={**headers, "x-csrf-token": data["csrf_token"]})
    assert (gone.status_code, gone.json()["data"]) == (200, {"signed_out": True})
    assert "Max-Age=0" in gone.headers["set-cookie"]
    server.http.cookies.clear()
    after = await server.http.get(SESSION, headers=headers)
    assert (after.status_code, after.json()["error"]) == (401, "unauthorized")
    assert await rows_of(server.hub.store, staff_sessions) == []


@on_sqlite
async def test_the_cookie_is_kept_from_scripts_and_other_sites(server: Server):
    """HttpOnly, SameSite=Strict, whole site, 12 hours; Secure where TLS is spoken, also by a proxy before us."""
    plain = (await server.http.post(SESSION, json=MANAGER)).headers["set-cookie"]
    parts = plain.split("; ")
    assert parts[0].startswith("comanda_session=")
    assert parts[1:] == ["Max-Age=43200", "Path=/", "HttpOnly", "SameSite=Strict"]
    proxied = await server.http.post(SESSION, json=MANAGER, headers={"x-forwarded-proto": "https"})
    assert proxied.headers["set-cookie"].endswith("; Secure")
    assert proxied.headers["cache-control"] == "no-store"


@on_sqlite
async def test_a_wrong_sign_in_is_refused_in_one_sentence(server: Server):
    """Unknown, wrong and disabled cannot be told apart; missing fields are named."""
    store = server.hub.store
    await administration.add_staff(store, "demo", "gone", name="", role="cook", venues=(), password="long enough")
    await administration.set_enabled(store, "staff", {"brand_id": "demo", "username": "gone"}, enabled=False)
    await server.hub.known.refresh()
    said = set()
    for changes in (
        {"password": "wrong-password"},
        {"username": "nobody"},
        {"username": "nobody\0"},
        {"brand": "nowhere"},
        {"username": "gone", "password": "long enough"},
    ):
        answer = await server.http.post(SESSION, json={**MANAGER, **changes})
        assert (answer.status_code, answer.json()["error"]) == (401, "unauthorized"), changes
        assert "set-cookie" not in answer.headers
        said.add(answer.json()["message"])
    assert len(said) == 1
    lacking = await server.http.post(SESSION, json={"brand": "demo", "password": 5})
    assert lacking.status_code == 400
    assert [problem["field"] for problem in lacking.json()["details"]] == ["username", "password"]
    assert (await server.http.post(SESSION, json=[1])).status_code == 400


@on_sqlite
async def test_sign_ins_of_people_are_limited_by_address(settings):
    """They share the tier of /auth."""
    async with demo_hub(replace(settings, rate_auth=3)) as hub, serving(hub) as server:
        wrong = {**MANAGER, "password": "wrong-password"}
        codes = [(await server.http.post(SESSION, json=wrong)).status_code for _ in range(3)]
        assert codes == [401, 401, 429]
        assert (await server.http.post("/open-api/v2/auth", json=DEMO_CREDENTIALS)).status_code == 429


async def test_a_flood_of_sign_ins_is_refused_before_it_costs_anything():
    """Only so many wait; the rest hear 429 at once, and those who waited are answered."""
    checks, stored = PasswordChecks(), hash_password("right-password")
    asked = [checks.matches("right-password", stored) for _ in range(limits.PASSWORD_CHECKS_WAITING + 5)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, ComandaError)]
    assert [error.code for error in refused] == ["rate_limited"] * 5
    assert answers.count(True) == limits.PASSWORD_CHECKS_WAITING
    assert not await checks.matches("right-password", None)
    assert not await checks.matches("right-password", "no hash")


@on_sqlite
@pytest.mark.parametrize(
    ("headers", "error", "sentence"),
    [
        ({}, "unauthorized", "Send an x-token, a device's Authorization header, or sign in"),
        ({"x-token": "x"}, "Invalid token", "The token is not valid"),
        ({"x-token": "", **TERMINAL}, "Headers are missing", "Missing authentication headers"),
        ({"x-token": "x", **TERMINAL}, "Invalid token", "The token is not valid"),
        ({"authorization": "Bearer x"}, "unauthorized", "The device token is not valid"),
        ({"authorization": "Bearer"}, "unauthorized", "Authorization must be Bearer with a device's token"),
        ({"authorization": "Basic eDp4"}, "unauthorized", "Authorization must be Bearer with a device's token"),
        ({"cookie": "comanda_session=x"}, "unauthorized", "The session has ended; sign in again"),
        (
            {"cookie": "comanda_session="},
            "unauthorized",
            "Send an x-token, a device's Authorization header, or sign in",
        ),
    ],
)
async def test_wrong_credentials_are_refused_and_never_made_good_by_another(server: Server, headers, error, sentence):
    """One credential decides; each failure says what is wrong."""
    for method, path in (("GET", SESSION), ("GET", "/hub/v1/venues/1/terminals"), ("POST", HEARTBEAT)):
        answer = await server.http.request(method, path, headers=headers)
        assert (answer.status_code, answer.json()["error"], answer.json()["message"]) == (401, error, sentence)


@on_sqlite
async def test_each_kind_of_caller_is_told_who_it_is(server: Server):
    """Kind, actor, brand, venue; the CSRF token is for people only."""
    for headers, kind, actor, venue_id in (
        (server.headers, "integrator", "client:demo-client", 1),
        (TERMINAL, "device", "device:1", 1),
        (KITCHEN, "device", f"device:{limits.FIRST_SCREEN_ID}", 1),
        ({"authorization": f"bearer  {demo.TERMINAL_TOKEN}"}, "device", "device:1", 1),
    ):
        answer = await server.http.get(SESSION, headers=headers)
        assert answer.json()["data"] == {"kind": kind, "actor": actor, "brand": "demo", "venue_id": venue_id}
    await administration.add_staff(
        server.hub.store, "demo", "anna", name="Anna", role="cashier", venues=(2,), password="anna-password"
    )
    await server.hub.known.refresh()
    anna = await sign_in_person(server, username="anna", password="anna-password")
    data = (await server.http.get(SESSION, headers=anna)).json()["data"]
    assert (data["actor"], data["venue_id"], data["venues"], data["role"]) == ("staff:anna", 2, [2], "cashier")


@on_sqlite
async def test_a_change_by_a_person_needs_the_csrf_token(server: Server):
    """Reads do not; another session's token is as good as none."""
    first, second = await sign_in_person(server), await sign_in_person(server)
    cookie = {"cookie": first["cookie"]}
    assert (await server.http.get(SESSION, headers=cookie)).status_code == 200
    assert (await server.http.head(SESSION, headers=cookie)).status_code == 200
    for wrong in ({}, {"x-csrf-token": ""}, {"x-csrf-token": "x"}, {"x-csrf-token": second["x-csrf-token"]}):
        answer = await server.http.delete(SESSION, headers={**cookie, **wrong})
        assert (answer.status_code, answer.json()["error"]) == (403, "csrf_failed")
    assert (await server.http.delete(SESSION, headers=first)).status_code == 200
    assert (await server.http.get(SESSION, headers=second)).status_code == 200


@on_sqlite
async def test_a_route_is_for_the_callers_it_names(server: Server):
    """A person without a device sends no heartbeat, a device ends no session: 403, and failures count against the address."""
    manager = await sign_in_person(server)
    for method, path, headers in (
        ("POST", HEARTBEAT, manager),
        ("POST", HEARTBEAT, server.headers),
        ("DELETE", SESSION, TERMINAL),
        ("DELETE", SESSION, server.headers),
        *(
            ("POST", f"/hub/v1/{path}", KITCHEN)
            for path in ("orders/1/accept", "orders/1/refuse", "orders/1/hand-over", "receipts/1/close")
        ),
    ):
        answer = await server.http.request(method, path, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (403, "forbidden"), (method, path)
    writer = await server.client("writer", scopes=("orders:write",))
    assert (await server.http.get("/hub/v1/venues/1/terminals", headers=writer)).status_code == 403
    assert (await server.http.patch(SESSION, headers=manager)).headers["allow"] == "DELETE, GET, POST"


@on_sqlite
async def test_a_route_is_for_the_roles_it_lists(server: Server):
    """No roles means every role; roles bind people and nobody else."""
    directory = await server.hub.known.directory()
    brand, person = directory.brands["demo"], directory.people["demo", demo.MANAGER]
    session = SimpleNamespace(expires_at=0)
    manager = StaffCaller(brand, person, "", session)
    cook = StaffCaller(brand, replace(person, role="cook"), "", session)
    device = DeviceCaller(brand, directory.devices[sha256_hex(demo.TERMINAL_TOKEN)])
    every = ("device", "staff")
    managed = Route("POST", "/x", "hub", callers=every, roles=("manager", "cashier"))
    for caller in (manager, device):
        require_place(managed, caller)
        require_place(replace(managed, roles=()), caller)
    require_place(replace(managed, roles=()), cook)
    with pytest.raises(ComandaError, match="role manager or cashier") as refused:
        require_place(managed, cook)
    assert refused.value.code == "forbidden"


@on_sqlite
async def test_failures_in_the_hub_are_limited_by_address(settings):
    """Tier 2 holds for integrators and whoever cannot be told who it is; tills and people are under neither tier."""
    async with demo_hub(replace(settings, rate_failed=3, rate_calls=2)) as hub, serving(hub) as server:
        for _ in range(6):
            answer = await server.http.get(SESSION, headers=TERMINAL)
            assert (answer.status_code, "ratelimit-limit" in answer.headers) == (200, False)
        codes = [(await server.http.get(SESSION, headers=server.headers)).status_code for _ in range(3)]
        assert codes == [200, 200, 429]
        wrong = {"authorization": "Bearer x"}
        assert [(await server.http.get(SESSION, headers=wrong)).status_code for _ in range(4)] == [401, 401, 429, 429]
        for _ in range(4):
            missing = await server.http.get("/hub/v1/orders/999", headers=TERMINAL)
            assert missing.status_code == 404, missing.text
        assert (await server.http.get(SESSION, headers=TERMINAL)).status_code == 200
        assert (await server.http.get(SESSION, headers=server.headers)).status_code == 429


@on_sqlite
@pytest.mark.parametrize(
    ("table", "key", "credential"),
    [
        ("brands", {"brand_id": "demo"}, "device"),
        ("brands", {"brand_id": "demo"}, "staff"),
        ("devices", {"brand_id": "demo", "device_id": 1}, "device"),
        ("staff", {"brand_id": "demo", "username": demo.MANAGER}, "staff"),
    ],
)
async def test_a_disabled_party_is_refused_at_once(server: Server, table, key, credential):
    """401 with the living token; a person's sessions end for good, a device's token works again."""
    headers = TERMINAL if credential == "device" else await sign_in_person(server)
    assert (await server.http.get(SESSION, headers=headers)).status_code == 200
    await administration.set_enabled(server.hub.store, table, key, enabled=False)
    await server.hub.known.refresh()
    answer = await server.http.get(SESSION, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (401, "unauthorized")
    await administration.set_enabled(server.hub.store, table, key, enabled=True)
    await server.hub.known.refresh()
    again = 401 if table == "staff" else 200
    assert (await server.http.get(SESSION, headers=headers)).status_code == again


async def test_another_password_or_token_ends_what_the_old_one_began(server: Server):
    """Sessions end with the password; a rotated device token stops working."""
    store, headers = server.hub.store, await sign_in_person(server)
    password = await administration.rotate_staff(store, "demo", demo.MANAGER)
    token = await administration.rotate_terminal(store, "demo", 1)
    await server.hub.known.refresh()
    assert (await server.http.get(SESSION, headers=headers)).status_code == 401
    assert (await server.http.post(SESSION, json=MANAGER)).status_code == 401
    assert (await server.http.post(SESSION, json={**MANAGER, "password": password})).status_code == 200
    server.http.cookies.clear()
    assert (await server.http.get(SESSION, headers=TERMINAL)).status_code == 401
    assert (await server.http.get(SESSION, headers={"authorization": f"Bearer {token}"})).status_code == 200


async def test_a_session_is_not_stored_for_a_password_that_has_changed_meanwhile(server: Server):
    """Whoever checked the old one comes too late, also after being disabled; the oldest of too many sessions end."""
    store, now = server.hub.store, now_micros()
    old = await store.read(lambda: sessions.find_password("demo", demo.MANAGER))
    await administration.rotate_staff(store, "demo", demo.MANAGER)
    fresh = await store.read(lambda: sessions.find_password("demo", demo.MANAGER))

    async def add(password_hash: str, name: str, after: int) -> bool:
        new = sessions.NewSession("demo", demo.MANAGER, password_hash, name, now + after, now + 10**9)
        return await store.run(lambda: sessions.add_session(new))

    assert not await add(old, "late", 0)
    for number in range(limits.SESSIONS_PER_PERSON + 2):
        assert await add(fresh, f"{number:03d}", number)
    kept = [row[1] for row in await rows_of(store, staff_sessions)]
    assert kept == [f"{number:03d}" for number in range(2, limits.SESSIONS_PER_PERSON + 2)]
    await administration.set_enabled(store, "staff", {"brand_id": "demo", "username": demo.MANAGER}, enabled=False)
    assert not await add(fresh, "disabled", 99)
    assert await store.read(lambda: sessions.find_password("demo", demo.MANAGER)) is None
    assert await rows_of(store, staff_sessions) == []


async def test_a_session_lapses_and_is_swept_away(server: Server):
    """A lapsed one is refused by its own time, whoever remembers it, and removed by housekeeping."""
    store, now = server.hub.store, now_micros()
    stored = await store.read(lambda: sessions.find_password("demo", demo.MANAGER))
    new = sessions.NewSession("demo", demo.MANAGER, stored, sha256_hex("t"), now, now + 15_000_000)
    assert await store.run(lambda: sessions.add_session(new))
    await server.hub.known.refresh()
    directory, cookie = await server.hub.known.directory(), {"cookie": "comanda_session=t"}
    assert (await server.http.get(SESSION, headers=cookie)).status_code == 200
    with pytest.raises(ComandaError, match="The session has ended"):
        identify_any(directory, server.hub.tokens, "GET", cookie, now + 15_000_000)
    await asyncio.sleep(15.1)
    assert (await server.http.get(SESSION, headers=cookie)).status_code == 401
    assert (await store.directory()).sessions == {}
    await clear_brand(store, House(directory.brands["demo"], server.hub.known.snapshot("demo")), server.hub.settings)
    assert await rows_of(store, staff_sessions) == []


@on_sqlite
async def test_brands_and_venues_stay_apart_in_the_hub(server: Server):
    """A device and a limited person see their venue only, a client its own; another brand's venue is a 404."""
    store = server.hub.store
    await administration.add_brand(store, "rival", name="", currency="JPY", region="JP", is_test=True)
    await server.import_({"venues": [{"id": 1, "name": "R"}, {"id": 7, "name": "S"}]}, brand="rival")
    _, rival = await administration.add_terminal(store, "rival", venue_id=7, name="Till")
    await administration.add_staff(store, "rival", demo.MANAGER, name="", role="cook", venues=(7, 1), password="x" * 8)
    await administration.add_staff(store, "demo", "anna", name="", role="cook", venues=(2,), password="x" * 8)
    await server.hub.known.refresh()
    their_manager = await sign_in_person(server, brand="rival", password="x" * 8)
    anna = await sign_in_person(server, username="anna", password="x" * 8)
    limited = await server.client("limited", venues=(2,))
    for headers, venue_id, status in (
        (TERMINAL, "1", 200),
        (TERMINAL, "2", 404),
        (server.headers, "2", 200),
        (server.headers, "7", 404),
        (server.headers, "x", 404),
        (server.headers, "0", 404),
        (limited, "1", 404),
        (limited, "2", 200),
        (anna, "2", 200),
        (anna, "1", 404),
        (their_manager, "7", 200),
        (their_manager, "2", 404),
        ({"authorization": f"Bearer {rival}"}, "7", 200),
        ({"authorization": f"Bearer {rival}"}, "1", 404),
    ):
        answer = await server.http.get(f"/hub/v1/venues/{venue_id}/terminals", headers=headers)
        assert answer.status_code == status, (headers, venue_id)
    assert (await server.http.post(SESSION, json={**MANAGER, "brand": "rival"})).status_code == 401
    known = await server.hub.known.directory()
    assert known.sessions.keys() >= {sha256_hex(their_manager["cookie"].partition("=")[2])}


async def test_a_device_turns_present_and_absent_exactly_once(server: Server):
    """Heartbeats between the turns are no events; each turn says who, where and when."""
    store = server.hub.store
    assert not (await server.hub.known.directory()).terminal_absent("demo", 1)
    for _ in range(3):
        answer = await server.http.post(HEARTBEAT, headers=TERMINAL)
        assert (answer.status_code, answer.json()["data"]) == (200, {"present": True, "next_in_s": limits.HEARTBEAT_S})
    directory = await server.hub.known.directory()
    assert directory.present == {("demo", 1): frozenset({1})}
    assert (directory.watched, directory.terminal_absent("demo", 1)) == (frozenset({("demo", 1)}), False)
    seen_at = (await rows_of(store, device_presence))[0][4]
    assert (await make_silent(server), await make_silent(server)) == (1, 0)
    await server.hub.known.refresh()
    directory = await server.hub.known.directory()
    assert (directory.present, directory.terminal_absent("demo", 1)) == ({}, True)
    assert not directory.terminal_absent("demo", 2)
    await server.http.post(HEARTBEAT, headers=TERMINAL)
    assert not (await server.hub.known.directory()).terminal_absent("demo", 1)
    found = await turns(store)
    assert [(venue, type_, actor) for venue, type_, actor, _ in found] == [
        (1, "terminal.present", "device:1"),
        (1, "terminal.absent", "presence"),
        (1, "terminal.present", "device:1"),
    ]
    data = found[1][3]
    assert data.keys() == {"id", "kind", "venue_id", "present", "seen_at"}
    assert (data["id"], data["kind"], data["venue_id"], data["present"]) == (1, "terminal", 1, False)
    assert data["seen_at"].endswith(f"{seen_at % 1_000_000:06d}Z")


async def test_a_heartbeat_that_is_no_turn_wakes_nobody(server: Server):
    """It changes its own row; the counter that makes every process read anew stands still."""
    store = server.hub.store
    await server.http.post(HEARTBEAT, headers=TERMINAL)
    before, first = await store.changes(), await rows_of(store, device_presence)
    await server.http.post(HEARTBEAT, headers=TERMINAL)
    after = await rows_of(store, device_presence)
    assert await store.changes() == before
    assert after[0][:4] == first[0][:4]
    assert after[0][4] > first[0][4]


async def test_a_heartbeat_that_comes_after_its_device_was_revoked_leaves_nothing(server: Server):
    """And what an earlier one left of a device that is no more is forgotten instead of asked about for ever."""
    store = server.hub.store
    device = next(d for d in (await store.directory()).devices.values() if d.id == demo.TERMINAL_ID)
    assert await store.run(lambda: devices.revoke_device("demo", device.id, "staff:x", now_micros()))
    assert not await store.run(lambda: presence.beat("demo", device, now_micros()))
    assert await rows_of(store, device_presence) == []

    def leave():
        row = {"brand_id": "demo", "device_id": device.id, "venue_id": 1, "present": True, "seen_at": 1}
        yield one(Statement(insert(device_presence), returns=False), **row)

    await store.run(leave)
    await server.http.post(HEARTBEAT, headers=KITCHEN)
    assert await make_silent(server) == 1
    assert await rows_of(store, device_presence, device_presence.c.device_id) == [(limits.FIRST_SCREEN_ID,)]
    assert {data["id"] for _, _, _, data in await turns(store)} == {limits.FIRST_SCREEN_ID}


@on_sqlite
async def test_only_an_enabled_terminal_makes_a_venue_attended(server: Server):
    """A kitchen screen is watched for its own sake: it neither takes orders nor lets a venue be warned about."""
    await server.http.post(HEARTBEAT, headers=KITCHEN)
    directory = await server.hub.known.directory()
    assert directory.present == {("demo", 1): frozenset({limits.FIRST_SCREEN_ID})}
    assert not directory.terminal_absent("demo", 1)
    await server.http.post(HEARTBEAT, headers=TERMINAL)
    await administration.set_enabled(server.hub.store, "devices", {"brand_id": "demo", "device_id": 1}, enabled=False)
    await server.hub.known.refresh()
    assert (await server.hub.known.directory()).terminal_absent("demo", 1)
    assert [data["kind"] for _, _, _, data in await turns(server.hub.store)] == ["kitchen", "terminal"]


async def test_the_terminals_of_a_venue_are_listed_with_their_presence(server: Server):
    """Null for one that was never heard of, then true, then false with the time it was last heard."""
    await administration.import_document(
        server.hub.store, "demo", _terminals({"id": 9, "name": "Spare", "venue_id": 1, "active": False})
    )
    await server.hub.known.refresh()

    async def listed() -> list[dict]:
        return (await server.http.get("/hub/v1/venues/1/terminals", headers=server.headers)).json()["data"]

    first, spare = await listed()
    assert first == {
        "id": 1, "name": "Main till", "venue_id": 1, "active": True, "may_call": True, "present": None, "seen_at": None,
    }  # fmt: skip
    assert (spare["id"], spare["active"], spare["may_call"], spare["present"]) == (9, False, False, None)
    await server.http.post(HEARTBEAT, headers=TERMINAL)
    seen = (await listed())[0]
    assert (seen["present"], seen["seen_at"][-1]) == (True, "Z")
    await make_silent(server)
    assert {**(await listed())[0], "present": True} == seen


def _terminals(*rows):
    from tests.conftest import document

    return document(terminals=list(rows))


async def test_the_watch_waits_for_silence_that_it_could_have_heard(server: Server):
    """It listens first, marks nobody who goes on speaking, then marks who says nothing."""
    store, known = server.hub.store, server.hub.known
    await server.http.post(HEARTBEAT, headers=TERMINAL)
    watch = asyncio.create_task(watch_presence(store, known, asyncio.Event(), absent_after_s=6, every_s=0.05))
    try:
        for _ in range(25):
            await asyncio.sleep(0.3)
            await server.http.post(HEARTBEAT, headers=TERMINAL)
        assert [type_ for _, type_, _, _ in await turns(store)] == ["terminal.present"]
        for _ in range(1_200):
            await asyncio.sleep(0.05)
            if len(await turns(store)) > 1:
                break
        assert [type_ for _, type_, _, _ in await turns(store)] == ["terminal.present", "terminal.absent"]
    finally:
        watch.cancel()
        await asyncio.wait([watch])


@asynccontextmanager
async def two_servers(settings):
    """Two hubs on one database, each on a socket of its own."""
    roomy = replace(settings, rate_calls=1_000_000, rate_auth=1_000_000, rate_failed=1_000_000)
    async with (
        demo_hub(roomy) as first,
        open_hub(replace(roomy, port=free_port())) as second,
        serving(first) as one_server,
        serving(second) as other,
    ):
        yield one_server, other


@on_postgresql
async def test_turns_happen_once_however_many_processes_hear_of_them(settings):
    """Two hubs on one PostgreSQL take the same heartbeats and the same silences at the same time."""
    async with two_servers(settings) as pair:
        store = pair[0].hub.store
        for round_ in range(1, 6):
            answers = await asyncio.gather(*(s.http.post(HEARTBEAT, headers=TERMINAL) for s in pair for _ in range(4)))
            assert {answer.status_code for answer in answers} == {200}
            assert len(await turns(store)) == 2 * round_ - 1
            for server in pair:
                await server.hub.known.refresh()
            now = now_micros()
            marked = await asyncio.gather(
                *(mark_silent(s.hub.store, s.hub.known, now, now) for s in pair for _ in range(3))
            )
            assert sum(marked) == 1
            assert len(await turns(store)) == 2 * round_
        numbers = await rows_of(store, events, events.c.venue_id, events.c.number)
        of_venue = [number for venue, number in numbers if venue == 1]
        assert of_venue == list(range(1, len(of_venue) + 1))


@on_postgresql
async def test_a_session_and_its_end_are_known_to_every_process(settings):
    """Signed in here, known there within a second; signed out there, refused here within a second."""
    async with two_servers(settings) as (here, there):
        headers = await sign_in_person(here)
        assert await _soon(there, headers) == 200
        assert (await there.http.delete(SESSION, headers=headers)).status_code == 200
        assert (await there.http.get(SESSION, headers=headers)).status_code == 401
        await asyncio.sleep(limits.SNAPSHOT_MAX_AGE_S)
        assert (await here.http.get(SESSION, headers=headers)).status_code == 401


async def _soon(server: Server, headers: dict[str, str]) -> int:
    await asyncio.sleep(limits.SNAPSHOT_MAX_AGE_S)
    return (await server.http.get(SESSION, headers=headers)).status_code


async def test_the_demos_credentials_are_refused_by_a_server_without_the_demo(settings):
    """Client, devices, person, and a session that the person had begun before."""
    async with demo_hub(settings) as hub, serving(hub) as server:
        session = await sign_in_person(server)
    plain = replace(settings, demo=False, port=free_port())
    async with open_hub(plain) as hub, _serving_without_demo(hub) as http:
        for headers in (TERMINAL, KITCHEN, session):
            answer = await http.get(SESSION, headers=headers)
            assert (answer.status_code, answer.json()["error"]) == (401, "unauthorized")
        assert (await http.post(SESSION, json=MANAGER)).status_code == 401
        assert (await http.post("/open-api/v2/auth", json=DEMO_CREDENTIALS)).status_code == 401
        directory = await hub.known.directory()
        assert (directory.devices, directory.people, directory.clients) == ({}, {}, {})


@asynccontextmanager
async def _serving_without_demo(hub):
    """A server nobody can sign in to with the demo's credentials."""
    from comanda.main import build_server

    server = build_server(hub.settings, hub)
    task = asyncio.create_task(server.serve())
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{hub.settings.port}", timeout=60) as http:
        for _ in range(6_000):
            try:
                await http.get("/health")
                break
            except httpx.TransportError:
                await asyncio.sleep(0.01)
        try:
            yield http
        finally:
            server.stop()
            await task


async def test_screens_and_terminals_never_share_an_id(server: Server):
    """One space of ids: a screen is never given a till's, nor a till a screen's, wherever the catalogue's ids stand."""
    store, first = server.hub.store, limits.FIRST_SCREEN_ID
    assert [row["id"] for row in await administration.list_screens(store, "demo")] == [first]
    with pytest.raises(SetupError, match="there is no venue 77"):
        await administration.add_screen(store, "demo", venue_id=77)
    await server.import_({"terminals": [{"id": first + 1, "name": "Odd", "venue_id": 2}]})
    screen_id, token = await administration.add_screen(store, "demo", venue_id=2)
    assert screen_id == first + 2
    terminal_id, _ = await administration.add_terminal(store, "demo", venue_id=2, name="Till")
    assert terminal_id == first + 3
    await server.import_({"terminals": [{"id": first, "name": "Clash", "venue_id": 2}]})
    with pytest.raises(SetupError, match="share their ids"):
        await administration.rotate_terminal(store, "demo", first)
    with pytest.raises(SetupError, match="no kitchen screen"):
        await administration.rotate_screen(store, "demo", terminal_id)
    await administration.enable_screen(store, "demo", screen_id, enabled=False)
    await server.hub.known.refresh()
    headers = {"authorization": f"Bearer {token}"}
    assert (await server.http.get(SESSION, headers=headers)).status_code == 401
    headers = {"authorization": f"Bearer {await administration.rotate_screen(store, 'demo', screen_id)}"}
    await server.hub.known.refresh()
    assert (await server.http.post(HEARTBEAT, headers=headers)).status_code == 200
    listed = {row["id"]: row for row in await administration.list_screens(store, "demo")}
    assert (listed[screen_id]["venue_id"], listed[screen_id]["present"]) == (2, True)
    assert (listed[first]["present"], listed[first]["seen_at"]) == (None, None)


async def test_what_was_heard_of_a_device_is_forgotten_when_it_moves(server: Server):
    """A till that gets its new token at another venue is gone from the old one, which is told, and new there."""
    store = server.hub.store
    await server.http.post(HEARTBEAT, headers=TERMINAL)
    await server.import_({"terminals": [{"id": 1, "name": "Main till", "venue_id": 2}]})
    token = await administration.rotate_terminal(store, "demo", 1)
    assert await rows_of(store, device_presence) == []
    await server.hub.known.refresh()
    await server.http.post(HEARTBEAT, headers={"authorization": f"Bearer {token}"})
    assert [venue for venue, *_ in await turns(store)] == [1, 1, 2]
    seen = await store.read(lambda: presence.seen_devices("demo", 2))
    assert [(device.device_id, device.present) for device in seen] == [(1, True)]


@on_sqlite
async def test_a_short_password_is_not_taken(server: Server):
    """At least 8 characters, at the start and later."""
    store = server.hub.store
    with pytest.raises(SetupError, match="at least 8 characters"):
        await administration.add_staff(store, "demo", "bo", name="", role="cook", venues=(), password="seven..")
    with pytest.raises(SetupError, match="at least 8 characters"):
        await administration.rotate_staff(store, "demo", demo.MANAGER, password="")
    assert await administration.rotate_staff(store, "demo", demo.MANAGER, password="eight...") == "eight..."


@on_sqlite
async def test_every_kind_of_caller_has_the_same_surface(server: Server):
    """Handlers ask brand, venue, actor, role and limits without asking of which kind the caller is."""
    directory = await server.hub.known.directory()
    brand, client = directory.brands["demo"], directory.clients["demo", "demo-client"]
    person = replace(directory.people["demo", demo.MANAGER], venues=frozenset({1, 2}))
    integrator = Caller(brand, replace(client, venues=frozenset({2})), directory.integrators["test_demo"], 2)
    device = DeviceCaller(brand, directory.devices[sha256_hex(demo.KITCHEN_TOKEN)])
    staff = StaffCaller(brand, person, "", SimpleNamespace())
    table = [
        (c.kind, c.role, c.venue_id, [v for v in (1, 2, 3) if c.may_see(v)], c.brand)
        for c in (integrator, device, staff)
    ]
    assert table == [
        ("integrator", None, 2, [2], brand),
        ("device", None, 1, [1], brand),
        ("staff", "manager", None, [1, 2], brand),
    ]
    assert directory.without(Published()) == directory
