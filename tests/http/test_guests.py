"""``GET /hub/v1/customers`` on both stores: who calls, and what they had before."""

import pytest
from tests.conftest import Server
from tests.http.chain import KITCHEN, MINIMAL, TILL, did, manager, payment, place
from tests.http.documented import ask
from tests.http.test_create_order import changed
from tests.http.test_quotes import staff

pytestmark = pytest.mark.anyio
PATH = "/hub/v1/customers"
PEOPLE = [
    {"id": 21, "name": "Aynur İsmayılova", "phone": "+994507654321", "phones": ["+994125000000"], "group_id": 1},
    {
        "id": 22,
        "name": "Aynur Quliyeva",
        "phone": "+994507650000",
        "description": "Rings twice",
        "email": "a@example.com",
    },
    {"id": 23, "name": "Gone", "phone": "+994507659999", "active": False},
]


@pytest.fixture
async def known(server: Server) -> Server:
    """A server whose brand knows some people."""
    await server.import_({"customers": PEOPLE})
    return server


async def found(server: Server, headers=TILL, status=200, **params):
    """Customers, as documented."""
    answer = await ask(server, "GET", PATH, headers, status, params=params)
    return answer["data"] if status == 200 else answer


async def names(server: Server, **params) -> list[int]:
    """The ids of those who are found."""
    return [guest["id"] for guest in await found(server, **params)]


async def test_a_phone_finds_its_owner_first(known: Server):
    """The whole number in any spelling, a further number, a part of one; nobody who is retired."""
    for phone in ("+994507654321", "050 765 43 21", "7654321", "12 500 00 00"):
        assert await names(known, phone=phone) == [21], phone
    assert await names(known, phone="50765") == [22, 21]
    assert await names(known, phone="50765", limit=1) == [22]
    assert await names(known, phone="7659999") == await names(known, phone="+994507659999") == []


async def test_a_number_that_is_being_dialled_finds_its_owner(known: Server):
    """With the zero that is dialled at home, from the fourth digit to the last; a number from abroad has none."""
    dialled = "0507654321"
    for length in range(4, len(dialled) + 1):
        assert 21 in await names(known, phone=dialled[:length]), dialled[:length]
    assert await names(known, phone="050 765 4") == [21]
    assert await names(known, phone="+05076") == []


async def test_a_text_finds_names_and_numbers(known: Server):
    """Whatever case; a number from four digits on; percent signs mean themselves."""
    assert await names(known, search="aynur") == [22, 21]
    assert await names(known, search="ISMAYILOVA") == [21]
    assert await names(known, search="4321") == [21]
    assert await names(known, search="%") == await names(known, search="321") == []


async def test_a_guest_is_told_with_group_orders_and_spending(known: Server):
    """Every order that was not refused counts; money once the receipt is closed."""
    whom = {"customer": {**MINIMAL["customer"], "id": 21}}
    made = [await place(known, **whom) for _ in range(3)]
    await known.ignore(made[0])
    await did(known, f"/orders/{made[1]}/accept")
    await did(known, f"/receipts/{made[1]}/close", payment(17))
    (guest,) = await found(known, phone="+994507654321")
    assert guest == {
        "id": 21, "name": "Aynur İsmayılova", "phone": "+994507654321", "address": None, "email": None,
        "group": {"id": 1, "name": "Regulars", "discount_type": "percentage", "discount_value": 5},
        "orders": 2, "spent": 17, "note": None,
    }  # fmt: skip
    (other,) = await found(known, search="quliyeva")
    assert (other["note"], other["email"], other["group"], other["orders"]) == ("Rings twice", "a@example.com", None, 0)


async def test_past_orders_come_newest_first_from_the_venues_one_may_see(known: Server):
    """Those of the venue that is asked for, else of all the caller's."""
    whom = {"customer": {**MINIMAL["customer"], "id": 21}}
    here = [await place(known, **whom) for _ in range(3)]
    there = await place(known, changed(MINIMAL, venue_id=2), **whom)
    boss, limited = await manager(known), await staff(known, "cashier", (1,))

    async def orders(headers, query="") -> list[int]:
        return [order["id"] for order in (await ask(known, "GET", f"{PATH}/21/orders{query}", headers))["data"]]

    assert await orders(boss) == [there, *here[::-1]]
    assert await orders(boss, "?limit=2") == [there, here[2]]
    assert await orders(boss, "?venue=2") == [there]
    for headers in (TILL, limited):
        assert await orders(headers) == here[::-1]
        assert (await ask(known, "GET", f"{PATH}/21/orders?venue=2", headers, 404))["error"] == "resource_not_found"
    for nobody in ("777", "0", "x"):
        assert (await ask(known, "GET", f"{PATH}/{nobody}/orders", boss, 404))["error"] == "resource_not_found"
    assert await orders(boss, "?venue=1&limit=1") == [here[2]]


async def test_what_must_be_asked_for(known: Server):
    """A phone or a text, one of them, of a sensible length."""
    for params in (
        {},
        {"phone": "1234", "search": "x"},
        {"phone": "abc"},
        {"search": "x" * 101},
        {"search": "a", "limit": 0},
    ):
        assert (await found(known, TILL, 400, **params))["error"] == "invalid_parameter"


async def test_who_may_ask(known: Server):
    """Terminals and people at the counter; no kitchen screen, no cook, no integrator."""
    for headers in (KITCHEN, await staff(known, "cook"), known.headers):
        assert (await found(known, headers, 403, search="a"))["error"] == "forbidden"
        assert (await ask(known, "GET", f"{PATH}/21/orders", headers, 403))["error"] == "forbidden"
    assert await found(known, await staff(known, "call_centre"), search="aynur")
