"""PINs over a real socket: on paired devices only, few guesses whoever guesses however, and what they are not enough for."""

import asyncio
from dataclasses import replace
from itertools import pairwise

import pytest
from benchmarks.servers import free_port
from hypothesis import given
from hypothesis import settings as rules
from hypothesis import strategies as st
from sqlalchemy import update
from tests.conftest import Server, demo_hub, run_comanda, serving
from tests.http.chain import MINIMAL, did, place
from tests.http.documented import ask, manager_headers
from tests.http.test_hub_access import rows_of
from tests.http.test_openapi import new_order
from tests.http.test_pairing import SCREEN, SESSION, TILL, pair

from comanda import administration, demo
from comanda.access.pins import make_pin, pin_flaw
from comanda.base import limits
from comanda.base.clock import now_micros
from comanda.duties.housekeeping import clear_brand
from comanda.main import open_hub
from comanda.orders.dossier import House
from comanda.store import pins
from comanda.store.tables import audit_log, pin_failures, staff, staff_sessions
from comanda.store.transaction import Statement, one

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
USERS = "/hub/v1/admin/users"
PIN, CONFIRM = "/hub/v1/session/pin", "/hub/v1/session/confirm"
RIGHT = "428193"


@pytest.fixture
async def till(server: Server) -> dict[str, str]:
    """A paired till; the demo's people have PINs, and Anna the cashier works at venue 1 only."""
    store = server.hub.store
    await administration.add_staff(store, "demo", "anna", name="Anna", role="cashier", venues=(1,), password="x" * 8)
    await administration.add_staff(store, "demo", "boss", name="Boss", role="manager", venues=(), password="y" * 8)
    await administration.add_staff(store, "demo", "away", name="Away", role="cashier", venues=(2,), password="z" * 8)
    for username in ("anna", "boss", "away"):
        await administration.give_pin(store, "demo", username, pin=RIGHT)
    headers, _ = await pair(server, TILL)
    return headers


async def sign_in(server: Server, till: dict[str, str], username: str = "anna", pin: str = RIGHT):
    """Try a PIN on a till."""
    answer = await server.http.post(PIN, json={"username": username, "pin": pin}, headers={"cookie": till["cookie"]})
    server.http.cookies.clear()
    return answer


async def begun(server: Server, till: dict[str, str], username: str = "anna") -> dict[str, str]:
    """The headers of somebody who signed in with the PIN."""
    answer = await sign_in(server, till, username)
    assert answer.status_code == 200, answer.text
    cookie = answer.headers["set-cookie"].partition(";")[0]
    return {"cookie": f"{till['cookie']}; {cookie}", "x-csrf-token": answer.json()["data"]["csrf_token"]}


async def wait_out(server: Server) -> None:
    """Let every wait be over, as if its time had passed."""

    def build():
        over = update(pin_failures).where(pin_failures.c.brand_id == demo.BRAND).values(locked_until=0)
        yield one(Statement(over, returns=False))

    await server.hub.store.run(build)


async def test_a_person_signs_in_with_a_pin_on_a_paired_device(server: Server, till):
    """Twelve hours, weak, good with the device's cookie only; the PIN is nowhere but as a hash."""
    people = (await ask(server, "GET", "/hub/v1/people", {"cookie": till["cookie"]}))["data"]
    names = [person["username"] for person in people]
    assert {"anna", "boss"} <= set(names)
    assert "away" not in names
    answer = await sign_in(server, till)
    data = answer.json()["data"]
    assert (data["username"], data["strength"], data["strong_until"]) == ("anna", "pin", None)
    assert f"Max-Age={12 * 3600}; " in answer.headers["set-cookie"]
    cookie = answer.headers["set-cookie"].partition(";")[0]
    both = {"cookie": f"{cookie}; {till['cookie']}"}
    me = (await ask(server, "GET", SESSION, both))["data"]
    assert (me["kind"], me["actor"], me["has_pin"], me["device"]["id"]) == (
        "staff",
        "staff:anna",
        True,
        data["device_id"],
    )
    await ask(server, "GET", SESSION, {"cookie": cookie}, 401)
    other, _ = await pair(server, SCREEN)
    await ask(server, "GET", SESSION, {"cookie": f"{cookie}; {other['cookie']}"}, 401)
    assert RIGHT not in str(await rows_of(server.hub.store, staff))
    rows = await administration.list_rows(server.hub.store, "staff", "demo")
    assert all("pin_hash" not in row for row in rows)


async def test_whatever_is_wrong_is_refused_in_one_sentence(server: Server, till):
    """No such person, no PIN, another venue's, a wrong one, a disabled one; and without a device none is tried."""
    store = server.hub.store
    await administration.add_staff(store, "demo", "none", name="", role="cook", venues=(), password="x" * 8)
    await administration.set_enabled(store, "staff", {"brand_id": "demo", "username": "boss"}, enabled=False)
    await server.hub.known.refresh()
    said = set()
    for username, pin in (("nobody\0", RIGHT), ("none", RIGHT), ("away", RIGHT), ("anna", "9" * 40), ("boss", RIGHT)):
        answer = await sign_in(server, till, username, pin)
        assert (answer.status_code, answer.json()["error"]) == (401, "unauthorized"), username
        assert "set-cookie" not in answer.headers
        said.add(answer.json()["message"])
    assert len(said) == 1
    for headers in ({}, {"cookie": "comanda_device=x"}, {"authorization": f"Bearer {demo.TERMINAL_TOKEN}"}):
        assert (
            await server.http.post(PIN, json={"username": "anna", "pin": RIGHT}, headers=headers)
        ).status_code == 401


async def test_after_three_wrong_pins_the_next_waits_and_a_right_one_clears(server: Server, till):
    """Thirty seconds, doubling to fifteen minutes, for the right one too; who is not guessed at goes on."""
    for _ in range(2):
        assert (await sign_in(server, till, pin="111112")).status_code == 401
    assert (await sign_in(server, till)).status_code == 200
    assert await rows_of(server.hub.store, pin_failures) == []
    for _ in range(2):
        assert (await sign_in(server, till, pin="111112")).status_code == 401
    for wait_s in (30, 60, 120, 240, 480, 900, 900):
        assert (await sign_in(server, till, pin="111112")).status_code == 401
        locked = await sign_in(server, till)
        assert (locked.status_code, locked.json()["error"]) == (429, "pin_locked")
        assert wait_s - 5 <= int(locked.headers["retry-after"]) <= wait_s
        assert (await sign_in(server, till, "boss")).status_code == 200
        await wait_out(server)
    assert (await sign_in(server, till)).status_code == 200
    assert await rows_of(server.hub.store, pin_failures) == []


async def test_a_device_on_which_many_are_guessed_at_waits_whole(server: Server, till):
    """Also names that nobody has count; a right PIN of one does not clear what was tried on the others."""
    for number in range(limits.PIN_TRIES_PER_DEVICE - 1):
        assert (await sign_in(server, till, f"nobody-{number}")).status_code == 401
    assert (await sign_in(server, till, "anna")).status_code == 200
    assert (await sign_in(server, till, "nobody")).status_code == 401
    assert (await sign_in(server, till, "anna")).json()["error"] == "pin_locked"
    screen, _ = await pair(server, SCREEN)
    assert (await sign_in(server, screen, "anna")).status_code == 200


async def test_a_till_that_has_seen_many_wrong_pins_stays_usable(server: Server, till):
    """Once the wait is over right PINs work one after another; what was in vain is not made younger by them."""
    store = server.hub.store
    for number in range(limits.PIN_TRIES_PER_DEVICE):
        assert (await sign_in(server, till, f"nobody-{number}")).status_code == 401
    before = await rows_of(store, pin_failures, pin_failures.c.subject, pin_failures.c.last_at)
    assert (await sign_in(server, till)).json()["error"] == "pin_locked"
    await wait_out(server)
    for username in ("anna", "boss", "anna", "boss"):
        assert (await sign_in(server, till, username)).status_code == 200
    assert await rows_of(store, pin_failures, pin_failures.c.subject, pin_failures.c.last_at) == before
    assert (await sign_in(server, till, pin="111112")).status_code == 401
    locked = await sign_in(server, till, "boss")
    assert (locked.status_code, locked.json()["error"]) == (429, "pin_locked")
    assert 55 <= int(locked.headers["retry-after"]) <= 60


async def test_a_till_that_waits_keeps_no_name_that_is_tried(server: Server, till):
    """Or anybody could fill the store with them."""
    for number in range(limits.PIN_TRIES_PER_DEVICE):
        await sign_in(server, till, f"nobody-{number}")
    before = await rows_of(server.hub.store, pin_failures)
    for number in range(5):
        assert (await sign_in(server, till, f"other-{number}")).json()["error"] == "pin_locked"
    assert await rows_of(server.hub.store, pin_failures) == before


async def test_a_guess_that_nobody_could_check_does_not_count(server: Server, till, monkeypatch):
    """Too many passwords are being checked: neither PINs nor confirmations are lost by trying."""
    boss, counted = await begun(server, till, "boss"), (pin_failures, pin_failures.c.failures, pin_failures.c.last_at)
    assert (await sign_in(server, till, pin="111112")).status_code == 401
    before = await rows_of(server.hub.store, *counted)
    with monkeypatch.context() as busy:
        busy.setattr(limits, "PASSWORD_CHECKS_WAITING", 0)
        for _ in range(limits.PIN_TRIES_PER_DEVICE):
            assert (await sign_in(server, till)).json()["error"] == "rate_limited"
            await ask(server, "POST", CONFIRM, boss, 429, json={"password": "y" * 8})
    assert await rows_of(server.hub.store, *counted) == before
    assert (await sign_in(server, till)).status_code == 200


async def test_a_device_is_there_while_somebody_works_on_it(server: Server, till):
    """The page's heartbeat is the device's also under a person's session; people elsewhere send none."""
    anna = await begun(server, till)
    assert (await ask(server, "POST", "/hub/v1/heartbeat", anna))["data"]["present"]
    device_id = (await ask(server, "GET", SESSION, anna))["data"]["device"]["id"]
    manager = await manager_headers(server)
    listed = (await ask(server, "GET", "/hub/v1/admin/devices", manager))["data"]
    assert [device["present"] for device in listed if device["id"] == device_id] == [True]
    assert (await ask(server, "POST", "/hub/v1/heartbeat", manager, 403))["error"] == "forbidden"
    bare = {"cookie": anna["cookie"]}
    assert (await ask(server, "POST", "/hub/v1/heartbeat", bare, 403))["error"] == "csrf_failed"


async def test_many_guesses_at_once_are_no_more_than_one_after_another(settings):
    """Two processes, thirty guesses at the same moment: three are looked at, the others wait."""
    roomy = replace(settings, rate_calls=1_000_000, rate_auth=1_000_000, rate_failed=1_000_000)
    async with (
        demo_hub(roomy) as first,
        open_hub(replace(roomy, port=free_port())) as second,
        serving(first) as one_server,
        serving(second) as other,
    ):
        await administration.give_pin(first.store, "demo", demo.MANAGER, pin=RIGHT)
        till, _ = await pair(one_server, SCREEN)
        await second.known.refresh()
        guesses = [
            sign_in(server, till, demo.MANAGER, f"55{number:04d}")
            for number in range(15)
            for server in (one_server, other)
        ]
        codes = [answer.status_code for answer in await asyncio.gather(*guesses)]
        assert sorted(codes) == [401] * limits.PIN_TRIES + [429] * (30 - limits.PIN_TRIES)
        assert (await sign_in(other, till, demo.MANAGER)).status_code == 429
    async with open_hub(replace(roomy, port=free_port())) as third, serving(third) as restarted:
        assert (await sign_in(restarted, till, demo.MANAGER)).status_code == 429


@rules(max_examples=200)
@given(st.lists(st.integers(min_value=0, max_value=100_000), min_size=1, max_size=300))
def test_nobody_gets_more_guesses_than_the_waits_allow(pauses):
    """However a guesser times the tries: three at once, then each after the wait of the one before at the soonest."""
    state = {"failures": 0, "locked_until": 0, "last_at": 0}

    def turn(now: int) -> int | None:
        transaction = pins.take_turn("b", pins.guesses_of_person("anna"), now)
        query = next(transaction)
        try:
            while True:
                rows = []
                for values in query.sets:
                    if "p_failures" in values:
                        state["failures"], state["locked_until"] = values["p_failures"], values["p_locked_until"]
                    elif "failures" not in values:
                        rows = [tuple(state.values())]
                query = transaction.send(rows)
        except StopIteration as done:
            return done.value.locked_until

    now, looked_at = 0, []
    for pause_s in pauses:
        now += pause_s * 1_000_000 // 100
        if turn(now) is None:
            looked_at.append(now)
    for number, (before, after) in enumerate(pairwise(looked_at), start=1):
        wait_s = 0 if number < limits.PIN_TRIES else min(30 * 2 ** (number - limits.PIN_TRIES), 900)
        assert after - before >= wait_s * 1_000_000


async def test_a_pin_is_not_enough_for_what_a_manager_confirms(server: Server, till):
    """Administration, pairing, PINs: 403 until the password is given, fifteen minutes then; a wrong one backs off."""
    boss = await begun(server, till, "boss")
    closed = (
        ("GET", "/hub/v1/admin/devices", None),
        ("GET", "/hub/v1/admin/products", None),
        ("GET", "/hub/v1/pairings/AAAAAAAA", None),
        ("PUT", PIN, {"pin": "903215"}),
    )
    for method, path, body in closed:
        sent = {} if body is None else {"json": body}
        assert (await ask(server, method, path, boss, 403, **sent))["error"] == "password_needed"
    await ask(server, "GET", "/hub/v1/venues/1/board", boss)
    assert (await ask(server, "POST", CONFIRM, boss, 401, json={"password": "wrong"}))["error"] == "unauthorized"
    done = (await ask(server, "POST", CONFIRM, boss, json={"password": "y" * 8}))["data"]
    assert done["strength"] == "pin"
    assert done["strong_until"] is not None
    sessions = [s for s in server.hub.known.present.sessions.values() if s.username == "boss"]
    assert len(sessions) == 1
    assert 0 < sessions[0].strong_until - now_micros() <= limits.CONFIRMED_S * 1_000_000
    await ask(server, "GET", "/hub/v1/admin/devices", boss)
    await ask(server, "PUT", PIN, boss, json={"pin": "903215"})
    await ask(server, "GET", SESSION, boss)
    own = next(row["id"] for row in (await ask(server, "GET", USERS, boss))["data"] if row["username"] == "boss")
    await ask(server, "PUT", f"{USERS}/{own}/pin", boss, json={"pin": "420917"})
    await ask(server, "GET", SESSION, boss)
    for _ in range(limits.PIN_TRIES):
        await ask(server, "POST", CONFIRM, boss, 401, json={"password": "wrong"})
    assert (await ask(server, "POST", CONFIRM, boss, 429, json={"password": "y" * 8}))["error"] == "pin_locked"


async def test_who_works_at_a_till_accepts_by_it(server: Server, till):
    """The till stands in the order and its receipt; not where the order is another venue's."""
    boss = await begun(server, till, "boss")
    here = await place(server)
    there = await place(server, {**MINIMAL, "venue_id": 2})
    taken = [(await did(server, f"/orders/{one}/accept", {}, boss))["order"] for one in (here, there)]
    at_venue_1 = next(session.device_id for session in server.hub.known.present.sessions.values() if session.device_id)
    assert [one["terminal_id"] for one in taken] == [at_venue_1, None]
    found = (await server.get(f"/receipts?filters[0][0]=terminal_id&filters[0][1]={at_venue_1}")).json()
    assert [receipt["id"] for receipt in found["data"]] == [here]


@on_sqlite
async def test_a_confirmation_is_over_when_its_time_is(server: Server, till, monkeypatch):
    """Weak again, and still signed in."""
    monkeypatch.setattr(limits, "CONFIRMED_S", 10)
    boss = await begun(server, till, "boss")
    await ask(server, "POST", CONFIRM, boss, json={"password": "y" * 8})
    await ask(server, "GET", "/hub/v1/admin/devices", boss)
    await asyncio.sleep(10.1)
    assert (await ask(server, "GET", "/hub/v1/admin/devices", boss, 403))["error"] == "password_needed"
    await ask(server, "GET", SESSION, boss)


async def test_a_pins_session_stays_one_when_it_is_confirmed_near_its_end(server: Server, till):
    """It is strong until just before its end, and ends with the PIN it was begun with."""
    boss = await begun(server, till, "boss")

    def age():
        soon = update(staff_sessions).where(staff_sessions.c.username == "boss")
        yield one(Statement(soon.values(expires_at=now_micros() + 60_000_000), returns=False))

    await server.hub.store.run(age)
    for _ in range(2):
        done = (await ask(server, "POST", CONFIRM, boss, json={"password": "y" * 8}))["data"]
        assert done["strength"] == "pin"
        assert done["strong_until"] < done["expires_at"]
    await ask(server, "GET", "/hub/v1/admin/devices", boss)
    await administration.give_pin(server.hub.store, "demo", "boss", pin="903215")
    await server.hub.known.refresh()
    await ask(server, "GET", SESSION, boss, 401)


async def test_a_refund_needs_the_password(server: Server, till):
    """An unpaid order is refused with a PIN; one whose receipt was paid only once the manager has confirmed."""
    boss = await begun(server, till, "boss")
    unpaid, paid = await new_order(server), await new_order(server)
    await ask(server, "POST", f"/hub/v1/orders/{unpaid}/refuse", boss, json={"reason": "other"})
    await ask(server, "POST", f"/hub/v1/orders/{paid}/accept", boss, json={"send_to_station": True})
    payment = {"payment_methods": [{"id": 2, "name": "Card", "amount": 19.51}]}
    await ask(server, "POST", f"/hub/v1/receipts/{paid}/close", boss, json=payment)
    refused = await ask(server, "POST", f"/hub/v1/orders/{paid}/refuse", boss, 403, json={"reason": "other"})
    assert refused["error"] == "password_needed"
    assert (await ask(server, "GET", f"/hub/v1/orders/{paid}", boss))["data"]["status"] != "IGNORE"
    await ask(server, "POST", CONFIRM, boss, json={"password": "y" * 8})
    done = await ask(server, "POST", f"/hub/v1/orders/{paid}/refuse", boss, json={"reason": "other"})
    assert done["data"]["receipt"]["refund_due"]


async def test_another_pin_ends_what_the_old_one_began(server: Server, till):
    """By the manager or at the command line, also for none; the audit log names it without its value."""
    manager = await manager_headers(server)
    anna = await begun(server, till)
    user = next(
        row for row in await administration.list_rows(server.hub.store, "staff", "demo") if row["username"] == "anna"
    )
    path = f"/hub/v1/admin/users/{user['id']}/pin"
    assert (await ask(server, "PUT", path, manager, json={"pin": "739104"}))["data"] == {"has_pin": True}
    await ask(server, "GET", SESSION, anna, 401)
    assert (await sign_in(server, till)).status_code == 401
    assert (await sign_in(server, till, pin="739104")).status_code == 200
    assert (await ask(server, "PUT", path, manager, json={"pin": None}))["data"] == {"has_pin": False}
    assert (await sign_in(server, till, pin="739104")).status_code == 401
    await ask(server, "PUT", "/hub/v1/admin/users/9999/pin", manager, 404, json={"pin": None})
    entries = await rows_of(server.hub.store, audit_log, audit_log.c.action, audit_log.c.resource, audit_log.c.after)
    assert entries.count(("pin", str(user["id"]), None)) == 3


@on_sqlite
async def test_a_simple_pin_is_refused_and_never_shown_back(server: Server):
    """One digit repeated, counted up or down, too short, too long, no digits."""
    manager = await manager_headers(server)
    for pin in ("55555", "12345", "54321", "67890", "0987", "1234567890123", "12a45", "", "١٢٣٤٦", 13579, True):
        answer = await ask(server, "PUT", PIN, manager, 400, json={"pin": pin})
        (problem,) = answer["details"]
        assert (problem["field"], problem["value"]) == ("pin", None), pin
    for body in ({}, [], {"pin": "24680", "other": 1}):
        await ask(server, "PUT", PIN, manager, 400, json=body)
    assert (await ask(server, "PUT", PIN, manager, json={"pin": "24680"}))["data"] == {"has_pin": True}
    assert (await ask(server, "GET", SESSION, manager))["data"]["has_pin"]


def test_made_pins_are_taken():
    """None of them is simple."""
    assert all(pin_flaw(make_pin()) is None for _ in range(500))


@on_sqlite
async def test_guesses_in_vain_are_forgotten_after_a_day(server: Server, till):
    """Housekeeping takes them away; fresh ones stay."""
    assert (await sign_in(server, till, pin="111112")).status_code == 401
    hub = server.hub
    house = House((await hub.known.directory()).brands["demo"], hub.known.snapshot("demo"))
    await clear_brand(hub.store, house, hub.settings)
    assert len(await rows_of(hub.store, pin_failures)) == 2

    def age():
        old = update(pin_failures).where(pin_failures.c.brand_id == "demo").values(last_at=1)
        yield one(Statement(old, returns=False))

    await hub.store.run(age)
    await clear_brand(hub.store, house, hub.settings)
    assert await rows_of(hub.store, pin_failures) == []


def test_a_pin_is_given_at_the_command_line(tmp_path):
    """Shown once; --remove takes it away."""
    run_comanda("brand", "add", "plov", "--data-dir", "d", cwd=tmp_path)
    run_comanda("staff", "add", "anna", "--brand", "plov", "--data-dir", "d", cwd=tmp_path)
    made = run_comanda("staff", "pin", "anna", "--brand", "plov", "--json", "--data-dir", "d", cwd=tmp_path)
    assert '"user": "anna"' in made.stdout
    run_comanda("staff", "pin", "anna", "--brand", "plov", "--remove", "--data-dir", "d", cwd=tmp_path)
    wrong = run_comanda("staff", "pin", "nobody", "--brand", "plov", "--data-dir", "d", cwd=tmp_path, check=False)
    assert wrong.returncode != 0
