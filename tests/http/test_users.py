"""Users over HTTP on both stores: every documented field, no credential, a client's venues (contract 9.17, 14.5)."""

import json

import pytest
from tests.conftest import Server
from tests.http.documented import ask

from comanda import demo

pytestmark = pytest.mark.anyio
USERS = "/open-api/v2/users"
PEOPLE = [
    {
        "id": 21,
        "name": "Aysel",
        "username": "aysel",
        "role": "manager",
        "first_name": "Aysel",
        "last_name": "Məmmədova",
        "email": "aysel@example.com",
        "mobile_number": "+994501110000",
        "owner": True,
    },
    {"id": 22, "name": "Rauf at the bar", "username": "rauf", "role": "cook", "venues": [2], "active": False},
    {"id": 23, "name": "Kamal", "username": "kamal", "role": "cashier", "venues": [1, 2]},
    {"id": 24, "name": "Nigar", "username": "nigar", "role": "cashier", "venues": [1]},
]


async def listed(server: Server, headers=None) -> list[int]:
    """Whom a caller sees, of these tests' people, lowest id first."""
    body = await ask(server, "GET", f"{USERS}?sort[0]=id&sort[1]=1", headers)
    assert body["total"] == len(body["data"])
    return [row["id"] for row in body["data"] if row["id"] > 20]


async def test_a_user_has_every_documented_field_and_no_credential(server: Server):
    """Exactly those; who has no first name is called by the name people know."""
    await server.import_({"users": PEOPLE})
    shown = (await ask(server, "GET", f"{USERS}/21"))["data"]
    at = shown["created_at"]
    assert shown == {
        "id": 21,
        "email": "aysel@example.com",
        "username": "aysel",
        "first_name": "Aysel",
        "last_name": "Məmmədova",
        "mobile_number": "+994501110000",
        "owner": 1,
        "status": True,
        "created_at": at,
        "updated_at": at,
    }
    assert (await ask(server, "GET", f"{USERS}/22"))["data"] == {
        "id": 22,
        "email": None,
        "username": "rauf",
        "first_name": "Rauf at the bar",
        "last_name": None,
        "mobile_number": None,
        "owner": 0,
        "status": False,
        "created_at": at,
        "updated_at": at,
    }
    page = (await server.get("/users")).text
    assert {frozenset(row) for row in json.loads(page)["data"]} == {frozenset(shown)}
    assert not shown.keys() & {"pin", "card", "salary", "hide", "password", "password_hash", "role"}
    assert "argon2" not in page


async def test_users_come_in_pages_with_the_whole_envelope(server: Server):
    """Newest first, ties by id; a changed person moves to the front of those sorted by change."""
    await server.import_({"users": PEOPLE})
    body = await ask(server, "GET", f"{USERS}?limit=3")
    assert body.keys() == {"success", "data", "total", "sorts", "next_cursor", "time", "timestamp", "unix"}
    assert body["sorts"] == ["id", "created_at", "updated_at"]
    assert ([row["id"] for row in body["data"]], body["total"]) == ([24, 23, 22], 5)
    rest = await ask(server, "GET", f"{USERS}?limit=3&cursor={body['next_cursor']}")
    assert [row["username"] for row in rest["data"]] == ["aysel", demo.MANAGER]
    assert rest["next_cursor"] is None
    await server.import_({"users": [{**PEOPLE[2], "email": "kamal@example.com"}]})
    changed = await ask(server, "GET", f"{USERS}?sort[0]=updated_at")
    assert [row["id"] for row in changed["data"]][:2] == [23, 24]
    second = await ask(server, "GET", f"{USERS}?limit=3&page=2")
    assert [row["username"] for row in second["data"]] == ["aysel", demo.MANAGER]
    assert (await ask(server, "GET", f"{USERS}?date[1]=2020-01-01"))["data"] == []
    for query in ("limit=1000", "sort[0]=username", "filters[0][0]=username&filters[0][1]=x", "with=role"):
        assert (await ask(server, "GET", f"{USERS}?{query}", status=400))["error"] == "invalid_parameter"


async def test_a_limited_client_sees_the_people_of_its_venues(server: Server):
    """And those without a venue of their own; so does one that asks for a venue."""
    await server.import_({"users": PEOPLE})
    assert await listed(server) == [21, 22, 23, 24]
    seaside = await server.client("seaside", venue_id=2, venues=(2,))
    assert await listed(server, seaside) == [21, 22, 23]
    assert await listed(server, {**server.headers, "x-venue": "1"}) == [21, 23, 24]
    assert (await ask(server, "GET", f"{USERS}/22", seaside))["data"]["username"] == "rauf"
    refusals = [
        await ask(server, "GET", f"{USERS}/24", seaside, 404),
        await ask(server, "GET", f"{USERS}/22", {**server.headers, "x-venue": "1"}, 404),
        await ask(server, "GET", f"{USERS}/99", status=404),
        await ask(server, "GET", f"{USERS}/aysel", status=404),
    ]
    assert {(refusal["error"], refusal["message"]) for refusal in refusals} == {
        ("resource_not_found", "User not found")
    }
    await ask(server, "GET", USERS, {**server.headers, "x-venue": "77"}, 400)


async def test_users_need_their_scope(server: Server):
    """One that may read all else may not."""
    other = await server.client("other", scopes=("orders:read", "catalogue:read", "customers:read"))
    for path in (USERS, f"{USERS}/1"):
        assert (await ask(server, "GET", path, other, 403))["error"] == "forbidden"
