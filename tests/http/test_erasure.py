"""Persons taken out of what is stored, and given out: `comanda customer`, and orders that are old (contract 14.11)."""

import json
import re
import stat
from decimal import Decimal
from typing import Any

import pytest
from tests.conftest import Server, run_comanda
from tests.http.chain import DOCUMENTED, KITCHEN, MINIMAL, TILL, did, manager, payment, place
from tests.http.documented import TERMINAL, ask

from comanda import demo
from comanda.access.routes import ADMINISTERED, ROUTES, find_route
from comanda.base import limits
from comanda.base.clock import Micros, now_micros
from comanda.base.errors import SetupError
from comanda.duties.erasing import erase_person, redact_old
from comanda.duties.housekeeping import clear_brand
from comanda.orders.dossier import House
from comanda.orders.redact import redact_payload
from comanda.settings import Settings
from comanda.store.erasure import Redacted, find_person
from comanda.store.tables import metadata
from comanda.store.transaction import Statement, one

pytestmark = pytest.mark.anyio
PHONE = "+994551112233"
NAMED = (
    "Gülnarə",
    "Nizami 7",
    "gate code 4711",
    "for Leyla",
    "leyla@example.org",
    "VIP-77",
    "likes window",
    "crm-5150",
)
"""What tells who she is, besides her phone; each in a place of its own."""
SHE = {
    "id": 501,
    "name": "Gülnarə",
    "phone": "055 111 22 33",
    "phones": ["+994 12 404 55 66"],
    "address": "Nizami 7",
    "email": "leyla@example.org",
    "code": "VIP-77",
    "description": "likes window",
    "date_of_birth": "1990-01-19",
    "gender": 2,
    "group_id": None,
    "reference_id": "crm-5150",
}
ERASED_TABLES = ("orders", "tickets", "idempotency", "customers", "audit_log")
"""The tables that an erasure writes to, besides the events of tickets."""
LINE = {**DOCUMENTED["products"][0], "note": "for Leyla"}


def body_of(customer_id: int, phone: str = PHONE, **more: Any) -> dict[str, Any]:
    """The documented order as she sends it: accepted and sent at once."""
    who = {"id": customer_id, "phone": phone, "name": "Gülnarə", "address": "Nizami 7"}
    return {**DOCUMENTED, "customer": who, "comment": "gate code 4711", "products": [LINE], **more}


async def finish(server: Server, order_id: int) -> None:
    """Cook it, take the money, hand it over."""
    await did(server, f"/tickets/{order_id}-1-1/lines/0/ready", headers=KITCHEN)
    left = (await server.get(f"/receipts/{order_id}")).json()["data"]["remaining"]
    if left:
        await did(server, f"/receipts/{order_id}/close", payment(left))
    await did(server, f"/orders/{order_id}/hand-over", **{"idempotency-key": f"over-{order_id}"})


async def her_orders(server: Server) -> dict[str, int]:
    """Orders of hers of every sort, all done with, some answers kept under keys; and one of somebody else's."""
    await server.import_({"customers": [{name: value for name, value in SHE.items() if value is not None}]})
    matching = await server.client("matching", guest_customers="match")
    placed = {
        "known": await place(server, body_of(501, customer_ref_id="crm-5150")),
        "matched": int((await server.create(body_of(0, "0551112233"), **matching)).json()["data"]["id"]),
        "guest": await place(server, body_of(0, "+994 (55) 111-22-33")),
        "further": await place(server, body_of(0, "012 404 55 66")),
        "other": await place(server, {**DOCUMENTED, "comment": "Leave at the door"}),
        "refused": await place(server, body_of(501, auto_order_accept=False)),
    }
    for name in ("known", "matched", "guest", "further", "other"):
        patched = await server.http.patch(
            f"/open-api/v2/receipts/{placed[name]}",
            json={"fiscal_id": f"F-{name}"},
            headers={**server.headers, "Idempotency-Key": f"patch-{name}"},
        )
        assert patched.status_code == 200, patched.text
        await finish(server, placed[name])
    await did(server, f"/orders/{placed['refused']}/refuse", {"reason": "other", "note": "Gülnarə called"})
    return placed


async def personal_rows(server: Server) -> dict[str, list[Any]]:
    """What an erasure writes to: no table in it is written to by a duty that works meanwhile."""
    found = await rows_of(server)
    tickets = [row for row in found["events"] if any(str(value).startswith("ticket.") for value in row)]
    return {**{name: found[name] for name in ERASED_TABLES}, "events": tickets}


async def rows_of(server: Server) -> dict[str, list[Any]]:
    """Every row of every table."""

    def read():
        found = {}
        for table in metadata.sorted_tables:
            found[table.name] = yield one(Statement(table.select().order_by(*table.primary_key)))
        return {name: [tuple(row) for row in rows] for name, rows in found.items()}

    return await server.hub.store.read(read)


async def traces(server: Server) -> set[tuple[str, str]]:
    """Where she is still named: table, and by what; phones in any spelling."""
    found = set()
    for table, rows in (await rows_of(server)).items():
        for value in (value for row in rows for value in row if isinstance(value, str)):
            plain = re.sub(r"[ ()+-]", "", value)
            found |= {(table, word) for word in NAMED if word in value}
            found |= {(table, digits) for digits in ("551112233", "124045566") if digits in plain}
    return found


async def erased(server: Server, customer_id: int | None = 501, phone: str | None = None, **more: bool) -> Redacted:
    """Erase her to the end; what was redacted in all."""
    store = server.hub.store
    person = await store.read(lambda: find_person(demo.BRAND, customer_id, phone))
    total = Redacted()
    async for step in erase_person(store, demo.BRAND, person, **{"also_open": False, **more}):
        total = total.plus(step)
    return total


async def sums(server: Server) -> dict[str, Any]:
    """The numbers of every order and receipt, and how many there are."""
    orders = (await server.get("/orders?limit=200")).json()
    receipts = (await server.get("/receipts?limit=200")).json()
    return {
        "orders": [
            (
                *(o["id"], o["status"], o["total_amount"], o["payload"]["totals"], o["customer_id"], o["updated_at"]),
                *((p["product_id"], p["count"], p["totals"], p["meta"]["price"]) for p in o["payload"]["products"]),
            )
            for o in orders["data"]
        ],
        "receipts": [
            {name: value for name, value in receipt.items() if name not in ("address", "description")}
            for receipt in receipts["data"]
        ],
        "totals": (orders["total"], receipts["total"]),
        "taken": sum(Decimal(str(o["total_amount"])) for o in orders["data"]),
    }


async def test_an_erased_person_stands_in_no_table_and_every_sum_stays(server: Server):
    """Customer, matched guest and unmatched guests of her phones; somebody else's order keeps every byte."""
    placed = await her_orders(server)
    hers = {placed[name] for name in ("known", "matched", "guest", "further", "refused")}
    assert {word for _, word in await traces(server)} == {*NAMED, "551112233", "124045566"}
    before, other = await sums(server), (await server.get(f"/orders/{placed['other']}")).json()["data"]
    other_receipt = (await server.get(f"/receipts/{placed['other']}")).json()["data"]
    done = await erased(server)
    assert await traces(server) == set()
    assert (done.orders, done.customers, done.tickets) == (len(hers), 1, 4)
    assert await sums(server) == before
    assert (await server.get(f"/orders/{placed['other']}")).json()["data"] == other
    assert (await server.get(f"/receipts/{placed['other']}")).json()["data"] == other_receipt
    assert other["payload"]["customer"]["name"] == "Test Customer"
    for order_id in hers:
        shown = (await server.get(f"/orders/{order_id}")).json()["data"]["payload"]
        assert {name: shown["customer"][name] for name in ("name", "phone", "address")} == {
            "name": "erased",
            "phone": "",
            "address": None,
        }
        assert (shown["meta"]["comment"], shown["products"][0]["note"]) == (None, None)


async def test_every_read_of_an_erased_person_is_as_documented(server: Server):
    """Orders, receipts, tickets, papers, boards, timelines, events, and repeats of what is kept under keys."""
    placed = await her_orders(server)
    await erased(server)
    assert len((await ask(server, "GET", "/open-api/v2/orders?with[0]=customer&with[1]=receipt"))["data"]) == 6
    await ask(server, "GET", "/open-api/v2/receipts?with[0]=receipt_products.product.unit")
    for order_id in placed.values():
        await ask(server, "GET", f"/open-api/v2/orders/{order_id}?with=customer")
        await ask(server, "GET", f"/hub/v1/orders/{order_id}")
        await ask(server, "GET", f"/hub/v1/orders/{order_id}/timeline")
    for name in ("known", "matched", "guest"):
        ticket_id = f"{placed[name]}-1-1"
        receipt = (await ask(server, "GET", f"/open-api/v2/receipts/{placed[name]}"))["data"]
        assert (receipt["address"], receipt["description"]) == (None, None)
        ticket = (await ask(server, "GET", f"/hub/v1/tickets/{ticket_id}"))["data"]
        assert (ticket["comment"], [line["note"] for line in ticket["lines"]]) == (None, [None])
        assert (await ask(server, "GET", f"/hub/v1/tickets/{ticket_id}/paper.png"))[:4] == b"\x89PNG"
    await ask(server, "GET", "/hub/v1/venues/1/board", headers=TERMINAL)
    told = (await ask(server, "GET", "/hub/v1/events?venue=1&after=0&limit=500"))["data"]
    notes = {line["note"] for event in told if event["type"].startswith("ticket.") for line in event["data"]["lines"]}
    assert notes == {None, "No onions"}
    refusal = (await ask(server, "GET", f"/hub/v1/orders/{placed['refused']}"))["data"]["refusal"]
    assert (refusal["reason"], refusal["note"]) == ("other", None)
    repeated = await server.http.patch(
        f"/open-api/v2/receipts/{placed['known']}",
        json={"fiscal_id": "F-known"},
        headers={**server.headers, "Idempotency-Key": "patch-known"},
    )
    assert repeated.headers["Idempotent-Replayed"] == "true"
    assert (repeated.json()["data"]["address"], repeated.json()["data"]["fiscal_id"]) == (None, "F-known")


async def test_erasing_twice_changes_nothing_more(server: Server):
    """Not a row, and no second entry in the audit log; the one there is holds no values."""
    await her_orders(server)
    await erased(server)
    rows = await personal_rows(server)
    audit = [row for row in rows["audit_log"] if "erased" in row]
    assert [row[3:] for row in audit] == [("administration", "erased", "customers", "501", None, None)]
    assert await erased(server) == Redacted()
    assert await personal_rows(server) == rows


async def test_a_customer_who_was_created_under_a_key_is_not_in_its_answer_any_more(server: Server):
    """The repeat still says which customer was made, and no more."""
    body = {"name": "Gülnarə", "phone": PHONE, "email": "leyla@example.org", "code": "VIP-77"}
    headers = {**server.headers, "Idempotency-Key": "create-her"}
    made = (await ask(server, "POST", "/open-api/v2/customers", headers=headers, json=body))["data"]
    await ask(
        server,
        "POST",
        "/open-api/v2/customers",
        headers={**server.headers, "Idempotency-Key": "create-him"},
        json={"name": "Samir"},
    )
    done = await erased(server, made["id"])
    assert (done.answers, done.customers, await traces(server)) == (1, 1, set())
    again = (await ask(server, "POST", "/open-api/v2/customers", headers=headers, json=body))["data"]
    assert (again["id"], again["cid"], again["name"], again["phones"]) == (made["id"], made["cid"], "erased", [])
    him = {**server.headers, "Idempotency-Key": "create-him"}
    assert (await ask(server, "POST", "/open-api/v2/customers", headers=him, json={"name": "Samir"}))["data"][
        "name"
    ] == "Samir"


async def test_nothing_kept_under_any_key_names_an_erased_person(server: Server):
    """After every route that takes a key and answers something of a person; each repeat is what is documented."""
    assert {route.name for route in ROUTES if route.takes_key} == ANSWERING_OF_PERSONS | ANSWERING_OF_NOBODY
    calls = await keyed_calls(server)
    answers = {row[2]: row[5] for row in (await rows_of(server))["idempotency"]}
    assert answers.keys() == {f"key-{index}" for index in range(len(calls))}
    assert {find_route(method, path).name for method, path, _, _ in calls} == ANSWERING_OF_PERSONS
    for customer_id in sorted(row[1] for row in (await rows_of(server))["customers"] if "Gülnarə" in row):
        await erased(server, customer_id, also_open=True)
    assert await traces(server) == set()
    for index, (method, path, headers, body) in enumerate(calls):
        sent = {} if body is None else {"json": body}
        status = 201 if path.endswith(("/v2/orders", "/v1/orders", "/admin/customers")) else 200
        keyed = {**headers, "Idempotency-Key": f"key-{index}"}
        again = json.dumps(await ask(server, method, path, headers=keyed, status=status, **sent), ensure_ascii=False)
        assert not [word for word in (*NAMED, "1112233") if word in again], path
    rows = await personal_rows(server)
    assert await erased(server, also_open=True) == Redacted()
    assert await personal_rows(server) == rows


ANSWERING_OF_PERSONS = {
    "POST /open-api/v2/orders",
    "POST /hub/v1/orders",
    "PUT /open-api/v2/orders/{id}",
    "PATCH /open-api/v2/receipts/{id}",
    "POST /open-api/v2/receipts/{id}/close",
    "POST /open-api/v2/customers",
    "POST /hub/v1/admin/customers",
    *(f"POST /hub/v1/orders/{{id}}/{name}" for name in ("accept", "refuse", "send-to-station", "seen", "hand-over")),
    "POST /hub/v1/receipts/{id}/close",
    *(f"POST /hub/v1/tickets/{{id}}/{name}" for name in ("start", "ready", "recall", "dismiss", "reprint")),
    "POST /hub/v1/tickets/{id}/lines/{line}/ready",
}
ANSWERING_OF_NOBODY = {
    "POST /hub/v1/orders/{id}/lines/{line}/product",
    "POST /open-api/v2/waiter-call",
    "POST /hub/v1/print-jobs/{id}/reprint",
    "POST /hub/v1/print-jobs/{id}/dismiss",
    *(f"POST /hub/v1/admin/{kind}" for kind in ADMINISTERED if kind not in ("customers", "users")),
}
Sent = tuple[str, str, dict[str, str], Any]


async def keyed_calls(server: Server) -> list[Sent]:
    """Every keyed call that answers something of her, done; the keys are key-0, key-1 and so on."""
    calls: list[Sent] = []

    async def call(method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        sent = (method, path, headers or server.headers, body)
        keyed = {**sent[2], "Idempotency-Key": f"key-{len(calls)}"}
        calls.append(sent)
        answer = await server.http.request(method, path, headers=keyed, **({} if body is None else {"json": body}))
        assert answer.status_code in (200, 201), f"{path}: {answer.text}"
        return answer.json()["data"]

    async def created(**more: Any) -> int:
        return int((await call("POST", "/open-api/v2/orders", body_of(501, customer_ref_id="crm-5150", **more)))["id"])

    await server.import_({"customers": [{name: value for name, value in SHE.items() if value is not None}]})
    other = {"name": "Gülnarə", "phone": "050 111 22 33", "email": "leyla@example.org", "code": "VIP-77b"}
    await call("POST", "/open-api/v2/customers", other)
    managed = {**SHE, "id": 503, "phone": "060 111 22 33", "phones": ["+994 12 404 55 66"], "code": "VIP-77c"}
    await call("POST", "/hub/v1/admin/customers", managed, await manager(server))
    await call("POST", "/hub/v1/orders", body_of(501, customer_ref_id="crm-5150"), TILL)
    waiting = {"auto_order_accept": False, "auto_order_sent_to_station": False}
    await call("PUT", f"/open-api/v2/orders/{await created(**waiting)}", {"status": "IGNORE"})
    refused = await created(**waiting)
    refusal = {"reason": "other", "note": "Gülnarə called"}
    await call("POST", f"/hub/v1/orders/{refused}/refuse", refusal, TILL)
    order_id = await created(**waiting)
    order, ticket = f"/hub/v1/orders/{order_id}", f"/hub/v1/tickets/{order_id}-1-1"
    await call("POST", f"{order}/seen", None, TILL)
    await call("POST", f"{order}/accept", {"send_to_station": False}, TILL)
    await call("POST", f"{order}/send-to-station", None, TILL)
    for name in ("start", "reprint", "lines/0/ready", "recall", "ready"):
        await call("POST", f"{ticket}/{name}", None, KITCHEN)
    await call("PATCH", f"/open-api/v2/receipts/{order_id}", {"fiscal_id": "F-1"})
    left = (await server.get(f"/receipts/{order_id}")).json()["data"]["remaining"]
    await call("POST", f"/open-api/v2/receipts/{order_id}/close", payment(left))
    await call("POST", f"{order}/hand-over", None, TILL)
    paid = await created()
    left = (await server.get(f"/receipts/{paid}")).json()["data"]["remaining"]
    await call("POST", f"/hub/v1/receipts/{paid}/close", payment(left), TILL)
    await server.ignore(cancelled := await created())
    await call("POST", f"/hub/v1/tickets/{cancelled}-1-1/dismiss", None, KITCHEN)
    return calls


async def test_an_erasure_that_is_broken_off_anywhere_finishes_the_next_time(server: Server, monkeypatch):
    """After each of its steps, however small they are."""
    monkeypatch.setattr(limits, "REDACT_STEP", 1)
    monkeypatch.setattr(limits, "PURGE_STEP", 2)
    monkeypatch.setattr(limits, "ORDER_SCAN", 2)
    await her_orders(server)
    before = await sums(server)
    store, steps = server.hub.store, 0
    for stop_after in range(1, 100):
        person = await store.read(lambda: find_person(demo.BRAND, 501, None))
        going = erase_person(store, demo.BRAND, person, also_open=False)
        taken = [await anext(going, None) for _ in range(stop_after)]
        await going.aclose()
        steps += 1
        if taken[-1] is None:
            break
    assert steps > 5
    assert await traces(server) == set()
    assert await sums(server) == before


async def test_an_order_that_comes_in_during_an_erasure_is_erased_with_the_rest(server: Server):
    """Until the customer's row is redacted she can order; after it nobody can as her."""
    await server.import_({"customers": [{"id": 501, "name": "Gülnarə", "phone": PHONE}]})
    await server.ignore(await place(server, body_of(501, auto_order_accept=False)))
    store = server.hub.store
    person = await store.read(lambda: find_person(demo.BRAND, 501, None))
    going = erase_person(store, demo.BRAND, person, also_open=False)
    assert (await anext(going)).orders == 1
    late = await place(server, body_of(501, auto_order_accept=False))
    await server.ignore(late)
    assert sum([step.orders async for step in going]) == 1
    assert (await names_of(server, [late]), await traces(server)) == ({late: "erased"}, set())


async def test_a_phone_is_enough_for_a_guest_who_is_no_customer(server: Server):
    """Every order under the phone, and none of anybody else's; the audit log does not say whose."""
    guest = await place(server, {**MINIMAL, "customer": {**body_of(0, "070 444 55 66")["customer"]}})
    await server.ignore(guest)
    stranger = await place(server, {**MINIMAL, "customer": {**MINIMAL["customer"], "id": 0, "phone": "070 444 55 67"}})
    done = await erased(server, None, "+994704445566")
    assert (done.orders, done.customers) == (1, 0)
    assert (await server.get(f"/orders/{guest}")).json()["data"]["payload"]["customer"]["name"] == "erased"
    kept = (await server.get(f"/orders/{stranger}")).json()["data"]["payload"]["customer"]
    assert (kept["name"], kept["phone"]) == ("Test Customer", "070 444 55 67")
    audit = [row for row in (await rows_of(server))["audit_log"] if "erased" in row]
    assert [row[6] for row in audit] == ["guest"]
    assert not any("704445566" in str(row) for row in audit)


async def test_a_phone_that_is_none_anywhere_is_found_by_its_digits(server: Server, monkeypatch):
    """Customers, and guests whose orders were taken with a warning; broken off, the next run still finds all."""
    monkeypatch.setattr(limits, "REDACT_STEP", 1)
    await server.import_({"customers": [{"id": 502, "name": "Gülnarə", "phone": "12-34"}]})
    placed = {}
    for name, customer_id, phone in (("known", 502, "12-34"), ("guest", 0, "12 34"), ("other", 0, "1 2345")):
        answer = await server.create(
            body_of(customer_id, phone, auto_order_accept=False), **{"idempotency-key": f"new-{name}"}
        )
        placed[name] = int(answer.json()["data"]["id"])
        await server.ignore(placed[name], **{"idempotency-key": f"ignore-{name}"})
    store = server.hub.store
    person = await store.read(lambda: find_person(demo.BRAND, None, "(12) 34"))
    assert (person.customer_id, person.phones, person.digits) == (502, (), ("1234",))
    going = erase_person(store, demo.BRAND, person, also_open=False)
    assert [await anext(going), await anext(going)] == [Redacted(answers=2), Redacted(orders=1)]
    await going.aclose()
    await erased(server, None, "1234")
    assert await names_of(server, [*placed.values()]) == {
        placed["known"]: "erased",
        placed["guest"]: "erased",
        placed["other"]: "Gülnarə",
    }
    answers = {row[2]: row[5] for row in (await rows_of(server))["idempotency"]}
    assert {key for key, body in answers.items() if "Gülnarə" in body} == {"ignore-other"}
    assert (await erased(server, None, "1-2345")).orders == 1
    assert await traces(server) == set()
    for nobody in ("", "none"):
        with pytest.raises(SetupError, match="no phone number"):
            await erased(server, None, nobody)


async def test_what_is_written_of_persons_is_its_owners_only(server: Server, tmp_path):
    """The catalogue with its customers, and one customer; also over a file that everybody could read."""
    await server.import_({"customers": [{"id": 501, "name": "Gülnarə", "phone": PHONE}]})
    settings = server.hub.settings
    place_ = ("--database-url", settings.database_url) if settings.database_url else ("--data-dir", settings.data_dir)
    where = ("--brand", demo.BRAND, *map(str, place_))
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    for words in (("export",), ("customer", "export", "501")):
        new.unlink(missing_ok=True)
        old.write_text("old")
        old.chmod(0o644)
        for file in (old, new):
            run_comanda(*words, "--out", str(file), *where, cwd=tmp_path)
            assert "Gülnarə" in file.read_text(encoding="utf-8")
            assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_an_open_order_refuses_the_erasure_unless_it_is_said_to_go_too(server: Server):
    """A driver may need the address; nothing is changed by the refusal."""
    await server.import_({"customers": [{"id": 501, "name": "Gülnarə", "phone": PHONE}]})
    order_id = await place(server, body_of(501))
    rows = await personal_rows(server)
    with pytest.raises(SetupError, match=rf"1 of the person's orders still open: {order_id}; .*--also-open"):
        await erased(server)
    assert await personal_rows(server) == rows
    done = await erased(server, also_open=True)
    assert (done.orders, await traces(server)) == (1, set())
    await finish(server, order_id)
    assert (await server.get(f"/orders/{order_id}")).json()["data"]["status"] == "DELIVERED"


async def test_an_order_cannot_name_an_erased_customer_and_the_phone_is_a_new_guest(server: Server):
    """Nobody comes back to life by ordering again under the same phone."""
    await server.import_({"customers": [{"id": 501, "name": "Gülnarə", "phone": PHONE}]})
    await erased(server)
    refused = await server.create(body_of(501))
    assert (refused.status_code, refused.json()["details"][0]["code"]) == (400, "unknown_customer")
    matching = await server.client("matching", guest_customers="match")
    answer = await server.create(body_of(0), **matching)
    order = (await server.get(f"/orders/{answer.json()['data']['id']}")).json()["data"]
    assert order["customer_id"] not in (0, 501)


async def test_the_commands_find_export_and_erase_a_person(server: Server, tmp_path):
    """By phone or id; the export holds what the erasure takes; a refusal says why and ends with 1."""
    placed = await her_orders(server)
    settings = server.hub.settings
    place_ = ("--database-url", settings.database_url) if settings.database_url else ("--data-dir", settings.data_dir)
    where = ("--brand", demo.BRAND, *map(str, place_))

    def customer(*words: str, check: bool = True):
        return run_comanda("customer", *words, *where, cwd=tmp_path, check=check)

    found = json.loads(customer("find", "--phone", "012 404 55 66", "--json").stdout)
    assert found == [{"id": 501, "name": "Gülnarə", "phone": "055 111 22 33", "orders": 5, "open": 0}]
    whole = json.loads(customer("export", "501").stdout)
    hers = [placed[name] for name in ("known", "refused", "matched", "guest", "further")]
    assert sorted(order["id"] for order in whole["orders"]) == sorted(hers)
    assert sorted(receipt["id"] for receipt in whole["receipts"]) == sorted(set(hers) - {placed["refused"]})
    assert {word for word in NAMED if word in json.dumps(whole, ensure_ascii=False)} == set(NAMED)
    nobody = customer("erase", check=False)
    assert (nobody.returncode, "either an id or --phone" in nobody.stderr) == (1, True)
    unknown = customer("erase", "502", check=False)
    assert (unknown.returncode, "there is no customer 502" in unknown.stderr) == (1, True)
    open_ = await place(server, body_of(501))
    refused = customer("erase", "501", check=False)
    assert (refused.returncode, str(open_) in refused.stderr) == (1, True)
    done = customer("erase", "501", "--also-open")
    assert done.stdout.startswith("redacted: orders 6, tickets 5, ")
    assert done.stdout.endswith(", customers 1\n")
    assert await traces(server) == set()
    assert customer("erase", "501", "--also-open").stdout == "redacted: nothing was left to redact\n"


async def test_old_orders_lose_what_names_persons_and_younger_ones_keep_it(server: Server, monkeypatch):
    """By the venue's time, from where the last run ended; customers stay, and open orders for some days more."""
    monkeypatch.setattr(limits, "ORDER_SCAN", 2)
    placed = await her_orders(server)
    open_, late = await place(server, body_of(501)), await place(server, body_of(501))
    day, now = 86_400_000_000, now_micros()
    ages = {placed[name]: now - days * day for days, name in enumerate(("guest", "further", "known", "matched"), 3)}
    ages |= {open_: now - 5 * day, late: now - (4 + limits.SPARE_OPEN_DAYS) * day}
    await aged(server, ages)
    await clear(server, keep_personal_days=4, keep_open_days=0)
    names = await names_of(server, [*placed.values(), open_, late])
    assert {order_id for order_id, name in names.items() if name == "erased"} == {
        placed["known"],
        placed["further"],
        placed["matched"],
        late,
    }
    answers = {row[2]: row[5] for row in (await rows_of(server))["idempotency"]}
    assert ("Nizami 7" in answers["patch-guest"], "Nizami 7" in answers["patch-known"]) == (True, False)
    person = await server.hub.store.read(lambda: find_person(demo.BRAND, 501, None))
    assert person.customer is not None
    assert person.customer.customer.name == "Gülnarə"
    before = Micros(now - 4 * day)
    assert await redact_old(server.hub.store, demo.BRAND, 1, before) == Redacted()
    await finish(server, open_)
    assert (await redact_old(server.hub.store, demo.BRAND, 1, before)).orders == 1
    assert (await names_of(server, [open_])) == {open_: "erased"}
    marks = (await rows_of(server))["retention_marks"]
    assert marks == [(demo.BRAND, 1, "personal", before - 1)]
    await aged(server, {placed["other"]: before - 1})
    assert await redact_old(server.hub.store, demo.BRAND, 1, before) == Redacted()
    assert await names_of(server, [placed["other"]]) == {placed["other"]: "Test Customer"}


async def test_by_default_old_orders_keep_everything_and_old_audit_entries_go(server: Server, monkeypatch):
    """`keep_personal_days` 0 is for ever; the audit log is kept two years, and cleared in steps from its beginning."""
    monkeypatch.setattr(limits, "PURGE_STEP", 2)
    order_id = await place(server, body_of(0))
    for name in ("One", "Two", "Three", "Four", "Five"):
        await server.import_({"customers": [{"id": 601, "name": name}]})
    entries = [row[1] for row in (await rows_of(server))["audit_log"]]

    def age():
        table = metadata.tables["audit_log"]
        old = now_micros() - 731 * 86_400_000_000
        yield one(Statement(table.update().where(table.c.number < entries[-1]).values(at=old), returns=False))

    await server.hub.store.run(age)
    await aged(server, {order_id: now_micros() - 4_000 * 86_400_000_000})
    await clear(server, keep_audit_days=0)
    assert [row[1] for row in (await rows_of(server))["audit_log"]] == entries
    await clear(server)
    assert [row[1] for row in (await rows_of(server))["audit_log"]] == entries[-1:]
    assert await names_of(server, [order_id]) == {order_id: "Gülnarə"}


async def clear(server: Server, **changed: int) -> None:
    """One round of housekeeping with some settings."""
    directory = await server.hub.known.directory()
    house = House(directory.brands[demo.BRAND], server.hub.known.snapshot(demo.BRAND))
    await clear_brand(server.hub.store, house, Settings(**changed))


async def aged(server: Server, created_at: dict[int, int]) -> None:
    """Have orders been made at other instants."""
    table = metadata.tables["orders"]

    def age():
        for order_id, instant in created_at.items():
            yield one(Statement(table.update().where(table.c.id == order_id).values(created_at=instant), returns=False))

    await server.hub.store.run(age)


async def names_of(server: Server, ids: list[int]) -> dict[int, str]:
    """The names that orders show."""
    shown = [(await server.get(f"/orders/{order_id}")).json()["data"] for order_id in ids]
    return {order["id"]: order["payload"]["customer"]["name"] for order in shown}


def test_a_payload_without_a_name_comes_back_the_very_same():
    """Every number keeps its spelling; only the places named are touched."""
    payload = (
        '{"delivery_fee":2.50,"customer":{"id":9,"phone":"1","address":"a","name":"n"},"products":[{"count":1.0,'
        '"note":"x","meta":{"price":8.50,"order_product":{"note":"x"}}}],"meta":{"comment":"c"},"totals":{"total":19.510}}'
    )
    redacted = redact_payload(payload)
    assert redacted == (
        '{"delivery_fee":2.50,"customer":{"id":9,"phone":"","address":null,"name":"erased"},"products":[{"count":1.0,'
        '"note":null,"meta":{"price":8.50,"order_product":{"note":null}}}],"meta":{"comment":null},"totals":{"total":19.510}}'
    )
    assert redact_payload(redacted) is redacted
