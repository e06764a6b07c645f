"""Managers edit the catalogue: every kind created, read, changed, retired; versions, rights, the audit log."""

import asyncio
from typing import Any

import pytest
from tests.conftest import Server
from tests.http.documented import KITCHEN, TERMINAL, ask, manager_headers

from comanda import administration, demo
from comanda.access.routes import ADMINISTERED
from comanda.base import limits
from comanda.base.errors import unavailable
from comanda.catalogue.editing import EDITABLE
from comanda.http.operations.administration import _EXAMPLES

pytestmark = pytest.mark.anyio
ADMIN = "/hub/v1/admin"


async def whole_manager(server: Server) -> dict[str, str]:
    """The headers of the demo's manager, who is limited to no venue."""
    return await manager_headers(server)


async def limited_manager(server: Server) -> dict[str, str]:
    """The headers of a manager of venue 1 only."""
    password = await administration.add_staff(
        server.hub.store, demo.BRAND, "limited", name="Limited", role="manager", venues=(1,)
    )
    await server.hub.known.refresh()
    return await signed_in(server, "limited", password)


async def signed_in(server: Server, username: str, password: str, status: int = 200) -> dict[str, str]:
    """Sign a person in; the headers of the session."""
    who = {"brand": demo.BRAND, "username": username, "password": password}
    answer = await server.http.post("/hub/v1/session", json=who)
    assert answer.status_code == status, answer.text
    server.http.cookies.clear()
    if status != 200:
        return {}
    cookie = answer.headers["set-cookie"].partition(";")[0]
    return {"cookie": cookie, "x-csrf-token": answer.json()["data"]["csrf_token"]}


def test_every_administered_kind_has_a_type():
    """The table of routes and the table of types name the same kinds."""
    assert set(ADMINISTERED) == EDITABLE.keys()


@pytest.mark.parametrize("name", ADMINISTERED)
async def test_a_resource_is_created_read_changed_and_retired(server: Server, name: str):
    """Each kind, by its documented example; every step is one version and one entry of the audit log."""
    manager = await whole_manager(server)
    made = (await ask(server, "POST", f"{ADMIN}/{name}", manager, 201, json=_EXAMPLES[name]))["data"]
    password = made.pop("password", None)
    assert (password is not None) is (name == "users")
    assert _EXAMPLES[name].items() <= without_ids(made).items() or name in ("modifier-groups", "price-lists")
    path = f"{ADMIN}/{name}/{made['id']}"
    read = (await ask(server, "GET", path, manager))["data"]
    assert read == made
    tag = {**manager, "if-match": f'"{made["version"]}"'}
    changed = (await ask(server, "PATCH", path, tag, json={"name": "Another name"}))["data"]
    assert (changed["name"], changed["version"] > made["version"]) == ("Another name", True)
    assert changed["created_at"] == made["created_at"]
    assert {**changed, "name": made["name"], "updated_at": made["updated_at"], "version": made["version"]} == made
    gone = (await ask(server, "DELETE", path, {**manager, "if-match": "*"}))["data"]
    assert gone == {**changed, "active": False, "updated_at": gone["updated_at"], "version": gone["version"]}
    listed = await ask(server, "GET", f"{ADMIN}/{name}?limit=999", manager)
    assert gone in listed["data"]
    assert listed["total"] == len(listed["data"])
    audit = (await ask(server, "GET", f"{ADMIN}/audit?limit=4", manager))["data"]
    actions = ["changed", "changed", *(["password"] if name == "users" else []), "created"]
    audit = audit[: len(actions)]
    assert [entry["action"] for entry in audit] == actions
    assert {(entry["kind"], entry["resource"]) for entry in audit} == {(EDITABLE[name].plural, str(made["id"]))}
    assert {entry["actor"] for entry in audit} == {f"staff:{demo.MANAGER}"}
    if name != "customers":
        assert (audit[1]["before"]["name"], audit[1]["after"]["name"]) == (made["name"], "Another name")


def without_ids(made: dict[str, Any]) -> dict[str, Any]:
    """Only what a caller may say."""
    return {name: value for name, value in made.items() if name not in ("id", "created_at", "updated_at", "version")}


async def test_pages_go_on_after_an_id(server: Server):
    """Every resource once, by id."""
    manager = await whole_manager(server)
    found, after = [], 0
    while after is not None:
        page = await ask(server, "GET", f"{ADMIN}/products?limit=2&after={after}", manager)
        found += [item["id"] for item in page["data"]]
        after = page["next_after"]
    assert found == sorted(found)
    assert {101, 102, 110, 111, 112, 120} <= set(found)
    assert len(found) == page["total"]


async def test_of_two_managers_the_second_is_told(server: Server):
    """The version that was seen decides; nothing of the second change is written."""
    manager = await whole_manager(server)
    path = f"{ADMIN}/products/101"
    seen = (await ask(server, "GET", path, manager))["data"]
    tag = {**manager, "if-match": f'"{seen["version"]}"'}
    first = (await ask(server, "PATCH", path, tag, json={"price": 9}))["data"]
    refused = await ask(server, "PATCH", path, tag, 412, json={"price": 10})
    assert (refused["error"], refused["version"]) == ("version_differs", first["version"])
    assert (await ask(server, "GET", path, manager))["data"]["price"] == 9
    assert (await ask(server, "PATCH", path, manager, 428, json={"price": 10}))["error"] == "version_required"
    wrong = await ask(server, "PATCH", path, {**manager, "if-match": "yesterday"}, 400, json={"price": 10})
    assert wrong["error"] == "invalid_header"


async def test_a_change_that_changes_nothing_makes_no_version(server: Server):
    """The same again is the same version, and no entry of the audit log; the next edit is none the worse for it."""
    manager = {**await whole_manager(server), "if-match": "*"}
    seen = (await ask(server, "GET", f"{ADMIN}/products/101", manager))["data"]
    same = (await ask(server, "PATCH", f"{ADMIN}/products/101", manager, json={"price": 8.5}))["data"]
    assert same == seen
    assert all(
        entry["resource"] != "101" for entry in (await ask(server, "GET", f"{ADMIN}/audit?limit=1", manager))["data"]
    )
    other = (await ask(server, "PATCH", f"{ADMIN}/products/101", manager, json={"price": 9}))["data"]
    assert (other["price"], other["version"] > seen["version"]) == (9, True)


async def test_a_quantity_set_twice_leaves_the_catalogue_to_be_edited(server: Server):
    """Neither the first time nor the same again stands in the way of the next edit."""
    manager = {**await whole_manager(server), "if-match": "*"}
    for _ in range(2):
        await ask(server, "PUT", "/hub/v1/venues/1/stop-list/101", KITCHEN, json={"quantity": 4})
        changed = await ask(server, "PATCH", f"{ADMIN}/products/101", manager, json={"price": 7})
        assert changed["data"]["price"] == 7
    events = (await ask(server, "GET", "/hub/v1/events?venue=1&types=stop_list.changed", TERMINAL))["data"]
    assert [event["data"]["quantity"] for event in events if event["data"]["product_id"] == 101] == [4]


async def test_many_edits_at_once_are_all_there(server: Server):
    """Managers who edit different things at once need not know of each other."""
    manager = {**await whole_manager(server), "if-match": "*"}
    bodies = [{"name": f"Tag {number}"} for number in range(5)]
    paths = [(f"{ADMIN}/tags", "POST", body) for body in bodies]
    paths += [(f"{ADMIN}/products/{number}", "PATCH", {"name": f"P{number}"}) for number in (101, 102, 120)]
    answers = await asyncio.gather(
        *(server.http.request(method, path, headers=manager, json=body) for path, method, body in paths)
    )
    refused = [answer for answer in answers if answer.status_code not in (200, 201)]
    assert all(answer.json()["error"] == "catalogue_busy" for answer in refused), refused
    assert len(refused) <= 3
    tags = {tag["id"]: tag["name"] for tag in (await ask(server, "GET", f"{ADMIN}/tags", manager))["data"]}
    made = [answer.json()["data"] for answer in answers[:5] if answer.status_code == 201]
    assert len({tag["id"] for tag in made}) == len(made)
    assert {tag["id"]: tag["name"] for tag in made}.items() <= tags.items()
    products = {item["id"]: item["name"] for item in (await ask(server, "GET", f"{ADMIN}/products", manager))["data"]}
    changed = [answer.json()["data"] for answer in answers[5:] if answer.status_code == 200]
    assert {item["id"]: item["name"] for item in changed}.items() <= products.items()


REFUSED = [
    ("products", {"name": "X", "price": -1}, "price", "too_small"),
    ("products", {"name": "X", "category_id": 999}, "category_id", "unknown_reference"),
    ("products", {"name": "X", "colour": "red"}, "colour", "unknown_field"),
    ("products", {"price": 1}, "name", "required"),
    ("products", {"name": "X", "pictures": ["00000000-0000-8000-8000-000000000000"]}, "pictures[0]", "unknown_reference"),
    ("products", {"name": "X", "id": "twelve"}, "id", "wrong_type"),
    ("venues", {"name": "X", "timezone": "Mars/Olympus"}, "timezone", "unknown_time_zone"),
    ("tables", {"name": "X", "venue_id": 77}, "venue_id", "unknown_reference"),
    ("products", {"name": "X", "id": 2**52 + 1}, "id", "wrong_type"),
    ("users", {"name": "X", "username": "x", "role": "king"}, "role", "not_allowed"),
    ("categories", {"name": "X", "color": "#00bcd4"}, "color", "invalid_text"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "body", "field", "code"), REFUSED)
async def test_what_is_wrong_is_named_and_nothing_is_written(server: Server, name, body, field, code):
    """A 400 with the field; no version, no entry."""
    manager = await whole_manager(server)
    before = (await ask(server, "GET", f"{ADMIN}/audit", manager))["data"]
    refused = await ask(server, "POST", f"{ADMIN}/{name}", manager, 400, json=body)
    assert (refused["error"], refused["details"][0]["field"], refused["details"][0]["code"]) == (
        "validation_failed", field, code
    )  # fmt: skip
    assert (await ask(server, "GET", f"{ADMIN}/audit", manager))["data"] == before


async def test_names_and_ids_are_given_once(server: Server):
    """An id that is there, a phone number of another, a user name of another: 409."""
    manager = await whole_manager(server)
    there = await ask(server, "POST", f"{ADMIN}/products", manager, 409, json={"id": 101, "name": "Pizza"})
    assert there["error"] == "already_exists"
    phone = {"name": "Other", "phone": "050 123 45 67"}
    assert (await ask(server, "POST", f"{ADMIN}/customers", manager, 409, json=phone))["error"] == "name_taken"
    name = {"name": "Other", "username": demo.MANAGER, "role": "cook"}
    assert (await ask(server, "POST", f"{ADMIN}/users", manager, 409, json=name))["error"] == "name_taken"
    await ask(server, "GET", f"{ADMIN}/products/999", manager, 404)


TAKEN = [
    ("users", {"username": "intern", "name": "Intern", "role": "cook"}),
    ("customers", {"name": "Somebody"}),
    ("products", {"name": "Pizza"}),
]


@pytest.mark.parametrize(("name", "body"), TAKEN)
async def test_what_is_there_is_never_written_over_by_adding(server: Server, name, body):
    """Everybody and everything with that id stays as it was, one's own account too; nothing is noted."""
    manager = await whole_manager(server)
    audit = await audited(server, manager)
    before = (await ask(server, "GET", f"{ADMIN}/{name}", manager))["data"]
    assert min(item["version"] for item in before) >= 1
    for item in before:
        refused = await ask(server, "POST", f"{ADMIN}/{name}", manager, 409, json={**body, "id": item["id"]})
        assert refused["error"] == "already_exists"
    assert (await ask(server, "GET", f"{ADMIN}/{name}", manager))["data"] == before
    assert await audited(server, manager) == audit


async def audited(server: Server, manager: dict[str, str]) -> list[dict[str, Any]]:
    """The newest entries of the audit log."""
    return (await ask(server, "GET", f"{ADMIN}/audit?limit=50", manager))["data"]


async def test_a_guest_made_by_an_order_is_never_written_over_by_adding(server: Server):
    """Nor one whom an integrator has added: both begin with a version, and each edit raises it."""
    manager = await whole_manager(server)
    matching = await server.client("matching", guest_customers="match")
    guest = {"id": 0, "name": "Guest", "phone": "+994501119988", "address": ""}
    order = {**demo.example("create-order.minimal.request"), "customer": guest}
    placed = await server.http.post("/open-api/v2/orders", json=order, headers=matching)
    assert placed.status_code == 201, placed.text
    made = await ask(server, "POST", "/open-api/v2/customers", json={"name": "Added", "phone": "+994501119977"})
    listed = (await ask(server, "GET", f"{ADMIN}/customers?limit=999", manager))["data"]
    guest_id = next(item["id"] for item in listed if item["phone"] == guest["phone"])
    for customer_id in (guest_id, made["data"]["id"]):
        path = f"{ADMIN}/customers/{customer_id}"
        seen = (await ask(server, "GET", path, manager))["data"]
        assert seen["version"] == 1
        body = {"id": customer_id, "name": "Somebody"}
        assert (await ask(server, "POST", f"{ADMIN}/customers", manager, 409, json=body))["error"] == "already_exists"
        assert (await ask(server, "GET", path, manager))["data"] == seen
        tag = {**manager, "if-match": '"1"'}
        assert (await ask(server, "PATCH", path, tag, json={"address": "A street"}))["data"]["version"] > 1
        await ask(server, "PATCH", path, tag, 412, json={"address": "B street"})


@pytest.mark.parametrize("path", ["users/1", "customers/9", "products/101"])
async def test_a_version_that_never_was_is_told_as_another(server: Server, path: str):
    """Nought is a version like any other that is not the one there is: 412, whatever the body says."""
    manager = await whole_manager(server)
    path = f"{ADMIN}/{path}"
    seen = (await ask(server, "GET", path, manager))["data"]
    tag = {**manager, "if-match": '"0"'}
    for method, body in (("PATCH", {"name": "X"}), ("PATCH", {"colour": 1}), ("DELETE", None)):
        refused = await ask(server, method, path, tag, 412, **({"json": body} if body else {}))
        assert (refused["error"], refused["version"]) == ("version_differs", seen["version"])
    assert (await ask(server, "GET", path, manager))["data"] == seen


async def test_whichever_version_there_is_never_differs(server: Server):
    """Of many who change one resource at once with ``*``, each is written or told that others are busy."""
    manager = {**await whole_manager(server), "if-match": "*"}
    path = f"{ADMIN}/users/1"
    fields = ("first_name", "last_name", "email", "mobile_number")
    answers = await asyncio.gather(
        *(server.http.request("PATCH", path, headers=manager, json={field: field}) for field in fields)
    )
    told = [200 if answer.status_code == 200 else answer.json()["error"] for answer in answers]
    assert set(told) <= {200, "catalogue_busy"}
    assert told.count(200) >= 2
    now = (await ask(server, "GET", path, manager))["data"]
    assert {field: now[field] for field in fields} == {
        field: field if status == 200 else None for field, status in zip(fields, told, strict=True)
    }


async def test_a_repeat_under_a_key_adds_a_customer_once(server: Server):
    """The first answer again with its status, before anything is looked at; another request is refused."""
    manager = {**await whole_manager(server), "idempotency-key": "add-1"}
    body = {"name": "Keyed", "phone": "+994501110066"}
    first, *rest = await asyncio.gather(
        *(server.http.post(f"{ADMIN}/customers", headers=manager, json=body) for _ in range(4))
    )
    later = await server.http.post(f"{ADMIN}/customers", headers=manager, json=body)
    assert {(answer.status_code, answer.content) for answer in (first, *rest, later)} == {(201, first.content)}
    assert all("idempotency-expires" in answer.headers for answer in (first, *rest, later))
    replayed = [answer.headers.get("idempotent-replayed") for answer in (first, *rest)]
    assert sorted(replayed, key=str) == [None, "true", "true", "true"]
    assert later.headers["idempotent-replayed"] == "true"
    for other in ({"name": "Other"}, {"nonsense": 1}):
        refused = await ask(server, "POST", f"{ADMIN}/customers", manager, 422, json=other)
        assert refused["error"] == "idempotency_key_reused"
    listed = (await ask(server, "GET", f"{ADMIN}/customers?limit=999", manager))["data"]
    assert [item["name"] for item in listed].count("Keyed") == 1


async def test_a_refusal_keeps_nothing_under_its_key(server: Server):
    """The same key works once the cause is gone."""
    manager = {**await whole_manager(server), "idempotency-key": "add-2"}
    body = {"name": "Twice", "phone": "050 123 45 67"}
    assert (await ask(server, "POST", f"{ADMIN}/customers", manager, 409, json=body))["error"] == "name_taken"
    await ask(server, "POST", f"{ADMIN}/customers", manager, 201, json={"name": "Twice"})


async def test_what_is_stored_is_answered_though_it_cannot_be_read_again(server: Server, monkeypatch):
    """A store that goes away after the commit makes no 503, which would say that nothing was stored."""
    manager = {**await whole_manager(server), "if-match": "*"}
    refresh = server.hub.known.refresh

    async def away() -> None:
        raise unavailable("storage_unavailable", "The store is not available; nothing was stored", 1)

    monkeypatch.setattr(limits, "SNAPSHOT_MAX_AGE_S", 3600.0)
    monkeypatch.setattr(server.hub.known, "refresh", away)
    made = (await ask(server, "POST", f"{ADMIN}/users", manager, 201, json=_EXAMPLES["users"]))["data"]
    path = f"{ADMIN}/users/{made['id']}"
    await ask(server, "PATCH", path, manager, json={"name": "Renamed"})
    given = (await ask(server, "POST", f"{path}/password", manager))["data"]["password"]
    monkeypatch.setattr(server.hub.known, "refresh", refresh)
    await refresh()
    await signed_in(server, "cook", given)


async def test_the_highest_ids_leave_ids_to_give(server: Server):
    """A manager states none of the highest; and where a document has one, there is still a next."""
    manager = await whole_manager(server)
    highest = limits.MAX_ID
    await server.import_(
        {
            "tags": [{"id": highest, "name": "Last"}],
            "customers": [{"id": highest, "name": "Last"}],
            "users": [{"id": highest, "name": "Last", "username": "last", "role": "cook"}],
            "modifier_groups": [{"id": 77, "name": "G", "modifiers": [{"id": highest, "name": "Last"}]}],
        }
    )
    bodies = {"tags": {"name": "Next"}, "customers": {"name": "Next"}, "users": _EXAMPLES["users"]}
    for name, body in bodies.items():
        made = (await ask(server, "POST", f"{ADMIN}/{name}", manager, 201, json=body))["data"]
        assert made["id"] < limits.MAX_STATED_ID
        await ask(server, "POST", f"{ADMIN}/{name}", manager, 400, json={**body, "id": highest - 1})
        top = {**body, "id": limits.MAX_STATED_ID, **({"username": "top"} if name == "users" else {})}
        await ask(server, "POST", f"{ADMIN}/{name}", manager, 201, json=top)
        for number in (1, 2):
            more = {**body, **({"username": f"more{number}"} if name == "users" else {})}
            made = (await ask(server, "POST", f"{ADMIN}/{name}", manager, 201, json=more))["data"]
            assert made["id"] == limits.MAX_STATED_ID + number
    group = {"name": "Sauces", "modifiers": [{"name": "Hot"}]}
    made = (await ask(server, "POST", f"{ADMIN}/modifier-groups", manager, 201, json=group))["data"]
    assert made["modifiers"][0]["id"] < limits.MAX_STATED_ID


async def test_only_a_manager_of_the_whole_brand_may(server: Server):
    """No integrator, no device, no other role, no manager of one venue; nobody without a CSRF token."""
    manager, limited = await whole_manager(server), await limited_manager(server)
    password = (await ask(server, "POST", f"{ADMIN}/users", manager, 201, json=_EXAMPLES["users"]))["data"]["password"]
    cook = await signed_in(server, "cook", password)
    for headers in (server.headers, TERMINAL, KITCHEN, limited, cook):
        for method, path in (("GET", "products"), ("POST", "products"), ("GET", "audit"), ("DELETE", "products/101")):
            answer = await server.http.request(
                method, f"{ADMIN}/{path}", headers={**headers, "if-match": "*"}, json={"name": "X"}
            )
            assert (answer.status_code, answer.json()["error"]) == (403, "forbidden"), (headers, path)
    bare = {"cookie": manager["cookie"]}
    answer = await server.http.post(f"{ADMIN}/products", headers=bare, json={"name": "X"})
    assert (answer.status_code, answer.json()["error"]) == (403, "csrf_failed")


async def test_a_password_is_shown_once_and_ends_with_the_person(server: Server):
    """The first one works; a second ends it; who is retired is signed out."""
    manager = {**await whole_manager(server), "if-match": "*"}
    made = (await ask(server, "POST", f"{ADMIN}/users", manager, 201, json=_EXAMPLES["users"]))["data"]
    path = f"{ADMIN}/users/{made['id']}"
    assert "password" not in (await ask(server, "GET", path, manager))["data"]
    cook = await signed_in(server, "cook", made["password"])
    other = (await ask(server, "POST", f"{path}/password", manager))["data"]["password"]
    assert (await server.http.get("/hub/v1/session", headers=cook)).status_code == 401
    await signed_in(server, "cook", made["password"], 401)
    cook = await signed_in(server, "cook", other)
    entries = [{**entry, "number": 0, "at": ""} for entry in (await audited(server, manager))[:3]]
    common = {"number": 0, "at": "", "actor": f"staff:{demo.MANAGER}", "kind": "users", "resource": str(made["id"])}
    given = {**common, "action": "password", "before": None, "after": None}
    assert entries[:2] == [given, given]
    assert entries[2]["action"] == "created"
    await ask(server, "DELETE", path, manager)
    assert (await server.http.get("/hub/v1/session", headers=cook)).status_code == 401
    await signed_in(server, "cook", other, 401)


async def test_a_new_password_of_ones_own_ends_the_other_sessions_only(server: Server):
    """The page that shows it stays; what is signed in elsewhere is not."""
    manager = await whole_manager(server)
    users = (await ask(server, "GET", f"{ADMIN}/users", manager))["data"]
    own = next(user["id"] for user in users if user["username"] == demo.MANAGER)
    elsewhere = await whole_manager(server)
    password = (await ask(server, "POST", f"{ADMIN}/users/{own}/password", manager))["data"]["password"]
    assert (await ask(server, "GET", "/hub/v1/session", manager))["data"]["username"] == demo.MANAGER
    await ask(server, "GET", "/hub/v1/session", elsewhere, 401)
    await signed_in(server, demo.MANAGER, password)


async def test_a_manager_cannot_lock_itself_out(server: Server):
    """Not retired, not another role, not limited to a venue, not renamed by itself."""
    manager = {**await whole_manager(server), "if-match": "*"}
    users = (await ask(server, "GET", f"{ADMIN}/users", manager))["data"]
    own = next(user["id"] for user in users if user["username"] == demo.MANAGER)
    for change in ({"role": "cook"}, {"venues": [1]}, {"active": False}, {"username": "somebody"}):
        assert (await ask(server, "PATCH", f"{ADMIN}/users/{own}", manager, 409, json=change))["error"] == "own_account"
    assert (await ask(server, "DELETE", f"{ADMIN}/users/{own}", manager, 409))["error"] == "own_account"
    await ask(server, "PATCH", f"{ADMIN}/users/{own}", manager, json={"first_name": "Test"})


async def test_a_retired_terminal_is_out_at_once_and_a_moved_one_acts_at_its_new_venue(server: Server):
    """The token follows the catalogue."""
    manager = {**await whole_manager(server), "if-match": "*"}
    path = f"{ADMIN}/terminals/{demo.TERMINAL_ID}"
    await ask(server, "PATCH", path, manager, json={"venue_id": 2})
    assert (await ask(server, "GET", "/hub/v1/session", TERMINAL))["data"]["venue_id"] == 2
    await ask(server, "DELETE", path, manager)
    assert (await server.http.get("/hub/v1/session", headers=TERMINAL)).status_code == 401
    await ask(server, "PATCH", path, manager, json={"active": True, "venue_id": 1})
    assert (await ask(server, "GET", "/hub/v1/session", TERMINAL))["data"]["venue_id"] == 1


async def test_the_next_order_is_priced_by_the_changed_catalogue(server: Server):
    """What a manager changes counts at once in the process that took it."""
    manager = {**await whole_manager(server), "if-match": "*"}
    await ask(server, "PATCH", f"{ADMIN}/venues/1", manager, json={"price_policy": "catalogue"})
    await ask(server, "PATCH", f"{ADMIN}/products/101", manager, json={"price": 10})
    made = (await server.create(demo.example("create-order.minimal.request"))).json()["data"]
    assert made["payload"]["totals"]["subtotal"] == 20
    await ask(server, "DELETE", f"{ADMIN}/products/101", manager)
    refused = (await server.create(demo.example("create-order.minimal.request"))).json()
    assert refused["details"][0]["code"] == "product_unavailable"


async def test_parts_without_ids_get_their_own(server: Server):
    """Modifiers and list prices are numbered among all of the brand."""
    manager = await whole_manager(server)
    body = {"name": "Sauces", "modifiers": [{"name": "Hot"}, {"id": 900, "name": "Mild"}, {"name": "Sweet"}]}
    made = (await ask(server, "POST", f"{ADMIN}/modifier-groups", manager, 201, json=body))["data"]
    assert [part["id"] for part in made["modifiers"]] == [901, 900, 902]


async def test_parts_that_two_managers_add_at_once_are_numbered_apart(server: Server):
    """However they come to meet, no two choices are one."""
    manager = await whole_manager(server)
    groups = [
        (await ask(server, "POST", f"{ADMIN}/modifier-groups", manager, 201, json={"name": f"Group {n}"}))["data"]
        for n in range(4)
    ]
    tag = {**manager, "if-match": "*"}
    changed = await asyncio.gather(
        *(
            ask(server, "PATCH", f"{ADMIN}/modifier-groups/{one['id']}", tag, json={"modifiers": [{"name": "Extra"}]})
            for one in groups
        )
    )
    ids = [answer["data"]["modifiers"][0]["id"] for answer in changed]
    assert len(set(ids)) == len(groups)


async def test_what_the_command_line_does_to_people_is_kept_like_any_edit(server: Server):
    """Entries in the audit log, and versions: an edit made of what was before is told so."""
    manager, store = await whole_manager(server), server.hub.store
    await administration.add_staff(store, demo.BRAND, "eve", name="Eve", role="manager", venues=())
    await administration.rotate_staff(store, demo.BRAND, "eve")
    await server.hub.known.refresh()
    (eve,) = [one for one in (await ask(server, "GET", f"{ADMIN}/users", manager))["data"] if one["username"] == "eve"]
    await administration.set_enabled(store, "staff", {"brand_id": demo.BRAND, "username": "eve"}, enabled=False)
    await server.hub.known.refresh()
    audit = (await ask(server, "GET", f"{ADMIN}/audit?limit=3", manager))["data"]
    assert [(entry["action"], entry["actor"]) for entry in audit] == [
        ("changed", "administration"),
        ("password", "administration"),
        ("created", "administration"),
    ]
    assert {entry["resource"] for entry in audit} == {str(eve["id"])}
    lost = await signed_in(server, "eve", "a guess of eve's", 401)
    assert lost == {}
    stale = {**manager, "if-match": f'"{eve["version"]}"'}
    await ask(server, "PATCH", f"{ADMIN}/users/{eve['id']}", stale, 412, json={"active": True})


async def test_another_token_does_not_bring_a_retired_till_back(server: Server):
    """It works again when the till does."""
    store = server.hub.store
    await administration.enable_terminal(store, demo.BRAND, 1, enabled=False)
    token = await administration.rotate_terminal(store, demo.BRAND, 1)
    headers = {"authorization": f"Bearer {token}"}
    for enabled, status in ((False, 401), (True, 200)):
        await administration.enable_terminal(store, demo.BRAND, 1, enabled=enabled)
        await server.hub.known.refresh()
        assert (await server.http.get("/hub/v1/session", headers=headers)).status_code == status


async def test_the_stop_list_is_set_by_those_who_work_there(server: Server):
    """By the kitchen's screen, a till, a manager; with a version only while it is that; told as an event."""
    manager = await whole_manager(server)
    path = "/hub/v1/venues/1/stop-list"
    assert (await ask(server, "PUT", f"{path}/101", KITCHEN, json={"quantity": 2.5}))["data"]["quantity"] == 2.5
    listed = (await ask(server, "GET", path, TERMINAL))["data"]
    entry = next(item for item in listed if item["product_id"] == 101)
    assert entry["quantity"] == 2.5
    tag = {**manager, "if-match": f'"{entry["version"]}"'}
    await ask(server, "PUT", f"{path}/101", tag, json={"quantity": 7})
    assert (await ask(server, "PUT", f"{path}/101", tag, 412, json={"quantity": 8}))["error"] == "version_differs"
    await ask(server, "PUT", f"{path}/101", manager, json={"quantity": None})
    assert 101 not in {item["product_id"] for item in (await ask(server, "GET", path))["data"]}
    await ask(server, "PUT", f"{path}/999", manager, 404, json={"quantity": 1})
    await ask(server, "PUT", "/hub/v1/venues/2/stop-list/101", KITCHEN, 404, json={"quantity": 1})
    refused = await ask(server, "PUT", f"{path}/101", manager, 400, json={"quantity": -1})
    assert refused["details"][0]["field"] == "quantity"
    events = (await ask(server, "GET", "/hub/v1/events?venue=1&types=stop_list.changed", TERMINAL))["data"]
    told = [event["data"]["quantity"] for event in events if event["data"]["product_id"] == 101]
    assert told == [2.5, 7, None]


async def test_an_export_says_what_was_edited(server: Server):
    """The command line and the API write the same catalogue."""
    manager = await whole_manager(server)
    made = (await ask(server, "POST", f"{ADMIN}/tags", manager, 201, json={"name": "Spicy"}))["data"]
    document = await server.hub.store.whole_catalogue(demo.BRAND)
    assert (document.tags[-1].id, document.tags[-1].name) == (made["id"], "Spicy")
