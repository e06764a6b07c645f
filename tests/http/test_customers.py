"""Customers and their groups over HTTP on both stores: listed, searched, read, created once (contract 9.18, 14.2, 14.6)."""

import asyncio
import json
import random
import uuid
from datetime import datetime
from decimal import Decimal

import httpx
import pytest
from tests.conftest import DEMO_CREDENTIALS, Server
from tests.http.chain import MINIMAL, did, manager, payment, place
from tests.http.documented import ask

from comanda import demo
from comanda.catalogue.customer_names import cid_of, digits_of, folded, searched_digits
from comanda.http.open_api.customers import RULES
from comanda.store.customer_reads import spending_of
from comanda.store.transaction import POSTGRESQL, SQLITE, compile_statement

pytestmark = pytest.mark.anyio
CUSTOMERS = "/open-api/v2/customers"
GROUPS = "/open-api/v2/customer-groups"
CID = "0fd784b1-ee5a-4745-a130-a849b4e5db2f"
PEOPLE = [
    {"id": 11, "name": "İlham Əliyev", "phone": "050 123 45 11", "phones": ["+994 55 700 11 22"], "group_id": 31},
    {
        "id": 12,
        "name": "ilhamə QULİYEVA",
        "phone": "+994(50)123-45-12",
        "email": "b@example.com",
        "address": "B street",
    },
    {"id": 13, "name": "Ольга Сидорова", "phone": "99 no number 7", "group_id": 32, "email": "a@example.com"},
    {"id": 14, "name": "100%_Sure", "code": "C-14", "cid": CID, "venue_id": 2, "active": False},
]
GROUP_ROWS = [
    {
        "id": 31,
        "name": "Friends",
        "discount_type": "PERCENT",
        "discount_value": Decimal("7.5"),
        "system_type": "my_customers",
    },
    {"id": 32, "name": "Amber", "active": False},
    {"id": 33, "name": "Staff", "discount_value": 2},
]


async def furnish(server: Server) -> None:
    """Groups and four more customers beside the demo's."""
    await server.import_({"customer_groups": GROUP_ROWS, "customers": PEOPLE})


async def ids(server: Server, query: str = "") -> list[int]:
    """The ids of a list, in its order; its total is theirs."""
    body = await ask(server, "GET", f"{CUSTOMERS}?{query}")
    found = [row["id"] for row in body["data"]]
    assert body["total"] == len(found), query
    return found


async def found(server: Server, field: str, *values: str) -> set[int]:
    """Whom a filter finds."""
    many = {f"filters[0][1][{n}]": value for n, value in enumerate(values)}
    one = {"filters[0][1]": values[0]}
    body = await ask(server, "GET", CUSTOMERS, params={"filters[0][0]": field, **(many if len(values) > 1 else one)})
    assert body["total"] == len(body["data"])
    return {row["id"] for row in body["data"]}


async def create(server: Server, body, status: int = 200, headers=None, **more: str):
    """Post a customer; the answer is held to the document."""
    sent = {"json": body} if not isinstance(body, bytes) else {"content": body}
    return await ask(server, "POST", CUSTOMERS, {**(headers or server.headers), **more}, status, **sent)


async def one(server: Server, customer_id: int, query: str = "") -> dict:
    """A customer as v2 shows it."""
    return (await ask(server, "GET", f"{CUSTOMERS}/{customer_id}{query}"))["data"]


def instant(text: str) -> datetime:
    """A time of the form of contract 5."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")


# Reads


async def test_a_customer_has_every_documented_field(server: Server):
    """Exactly those, each with its type; what Comanda has no notion of by its type."""
    await furnish(server)
    shown = await one(server, 11)
    times = shown["created_at"], shown["updated_at"]
    assert instant(times[0]) == instant(times[1])
    assert shown == {
        "id": 11,
        "venue_id": 1,
        "cid": cid_of(demo.BRAND, 11),
        "group_id": 31,
        "balance_id": 0,
        "name": "İlham Əliyev",
        "email": None,
        "phone": "050 123 45 11",
        "phones": ["050 123 45 11", "+994 55 700 11 22"],
        "address": None,
        "address_data": [],
        "description": None,
        "discount": 0,
        "spent": 0,
        "total_discount": 0,
        "total_bonus": 0,
        "receipt_count": 0,
        "gender": None,
        "date_of_birth": None,
        "code": None,
        "source": None,
        "reference_id": None,
        "status": True,
        "can_use_loyalty_system": False,
        "is_verified": False,
        "created_at": times[0],
        "updated_at": times[1],
    }
    other = await one(server, 14)
    assert (other["venue_id"], other["cid"], other["code"], other["status"]) == (2, CID, "C-14", False)
    assert uuid.UUID(shown["cid"]).version == 5


async def test_a_list_has_the_whole_envelope_and_pages(server: Server):
    """Every key; newest first, ties by id; pages and a cursor that neither skip nor repeat."""
    await furnish(server)
    body = await ask(server, "GET", f"{CUSTOMERS}?limit=2")
    assert body.keys() == {"success", "data", "total", "sorts", "next_cursor", "time", "timestamp", "unix"}
    assert body["sorts"] == ["id", "cid", "group_id", "name", "email", "address", "created_at", "updated_at"]
    assert (body["total"], [row["id"] for row in body["data"]]) == (5, [14, 13])
    seen = [14, 13]
    while body["next_cursor"]:
        body = await ask(server, "GET", f"{CUSTOMERS}?limit=2&cursor={body['next_cursor']}")
        seen += [row["id"] for row in body["data"]]
    assert seen == [14, 13, 12, 11, 9]
    second = await ask(server, "GET", f"{CUSTOMERS}?limit=2&page=3")
    assert ([row["id"] for row in second["data"]], second["total"]) == ([9], 5)
    assert len((await ask(server, "GET", f"{CUSTOMERS}?limit=999"))["data"]) == 5
    for query, name in (
        ("limit=1000", "limit"),
        ("limit=0", "limit"),
        ("sort[0]=phone", "sort[0]"),
        ("filters[0][0]=phone&filters[0][1]=1", "filters[0][0]"),
        ("filters[0][0]=group_id&filters[0][1]=x", "group_id"),
        ("filters[0][0]=phones&filters[0][1]=none", "phones"),
        ("with[0]=orders", "with"),
    ):
        refusal = await ask(server, "GET", f"{CUSTOMERS}?{query}", status=400)
        assert (refusal["error"], refusal["details"][0]["field"]) == ("invalid_parameter", name)


async def test_every_sort_is_the_same_on_both_stores(server: Server):
    """Null comes before every value, names are sorted without case."""
    await furnish(server)
    await server.import_({"customers": [{"id": 15, "name": "alpha", "address": "A street"}]})
    orders = {
        "id": [9, 11, 12, 13, 14, 15],
        "group_id": [9, 12, 14, 15, 11, 13],
        "name": [14, 15, 11, 12, 9, 13],
        "email": [9, 11, 14, 15, 13, 12],
        "address": [11, 13, 14, 9, 15, 12],
        "created_at": [9, 11, 12, 13, 14, 15],
        "updated_at": [9, 11, 12, 13, 14, 15],
        "cid": sorted((9, 11, 12, 13, 14, 15), key=lambda n: CID if n == 14 else cid_of(demo.BRAND, n)),
    }
    assert orders.keys() == set(RULES.sorts)
    for sort, wanted in orders.items():
        assert await ids(server, f"sort[0]={sort}&sort[1]=1") == wanted, sort
        assert await ids(server, f"sort[0]={sort}&sort[1]=-1") == wanted[::-1], sort


async def test_names_are_found_in_any_case_and_script(server: Server):
    """A part is enough; wildcards of the database are letters like others."""
    await furnish(server)
    for text, wanted in {
        "ilham": {11, 12},
        "İLHAM": {11, 12},
        "ILHAM": {11, 12},
        "ılham": {11, 12},
        "əliyev": {11},
        "ƏLİYEV": {11},
        "quliyeva": {12},
        "ольга": {13},
        "СИДОР": {13},
        "test cust": {9},
        "%": {14},
        "_": {14},
        "100%_s": {14},
        "\\": set(),
        "/": set(),
        "nobody": set(),
    }.items():
        assert await found(server, "name", text) == wanted, text
    assert await found(server, "name", "olga", "ольга", "ilhamə") == {12, 13}


async def test_numbers_are_found_however_they_are_spelled(server: Server):
    """All numbers, theirs and ours in any spelling, whole or in part."""
    await furnish(server)
    for text, wanted in {
        "+994501234511": {11},
        "00994 50 123 45 11": {11},
        "(050) 123-45-11": {11},
        "501234511": {11},
        "0557001122": {11},
        "+994557001122": {11},
        "7001122": {11},
        "050 123 45 12": {12},
        "1234": {9, 11, 12},
        "٠٥٠١٢٣٤٥١٢": {12},
        "997": {13},
        "5117": set(),
        "0551234512": set(),
    }.items():
        assert await found(server, "phones", text) == wanted, text
    assert await found(server, "phones", "0557001122", "997") == {11, 13}
    assert await found(server, "group_id", "31") == {11}
    assert await found(server, "group_id", "31", "32", "33") == {11, 13}
    both = "filters[0][0]=name&filters[0][1]=ilham&filters[x][0]=group_id&filters[x][1]=31"
    assert await ids(server, both) == [11]


async def test_relations_come_when_they_are_asked_for(server: Server):
    """The group whole or by columns; balances are null, since nobody keeps any."""
    await furnish(server)
    shown = await one(server, 11, "?with[0]=group&with[1]=balance&with[2]=cashback_balance")
    groups = (await ask(server, "GET", f"{GROUPS}?sort[0]=id&sort[1]=1"))["data"]
    assert (shown["group"], shown["balance"], shown["cashback_balance"]) == (groups[-3], None, None)
    assert (await one(server, 13, "?with=group:id,name"))["group"] == {"id": 32, "name": "Amber"}
    assert (await one(server, 9, "?with[]=group"))["group"] is None
    assert "group" not in await one(server, 11)
    page = await ask(server, "GET", f"{CUSTOMERS}?with[0]=group&sort[0]=id&sort[1]=1")
    assert [row["group"] and row["group"]["name"] for row in page["data"]] == [None, "Friends", None, "Amber", None]
    assert await ids(server, "date[0]=2020-01-01&date[1]=2020-01-02") == []
    assert len(await ids(server, "date[0]=2020-01-01")) == 5


async def test_unknown_customers_are_404(server: Server):
    """Also what can be no id, and another brand's."""
    for wanted in (8, 0, "x", 2**60):
        refusal = await ask(server, "GET", f"{CUSTOMERS}/{wanted}", status=404)
        assert (refusal["error"], refusal["message"]) == ("resource_not_found", "Customer not found")
    assert (await ask(server, "GET", f"{CUSTOMERS}/9", {**server.headers, "x-venue": "77"}, 400))["error"]


async def test_customers_are_the_brands_and_need_a_scope(server: Server):
    """A client that is limited to a venue knows them all; one without the scope none."""
    await furnish(server)
    limited = await server.client("limited", venue_id=2, venues=(2,))
    assert len((await ask(server, "GET", CUSTOMERS, limited))["data"]) == 5
    assert (await ask(server, "GET", f"{CUSTOMERS}/9", limited))["data"]["venue_id"] == 1
    reader = await server.client("reader", scopes=("customers:read",))
    await ask(server, "GET", GROUPS, reader)
    await create(server, {"name": "New"}, 403, reader)
    other = await server.client("other", scopes=("orders:read", "customers:write"))
    for path in (CUSTOMERS, f"{CUSTOMERS}/9", GROUPS):
        assert (await ask(server, "GET", path, other, 403))["error"] == "forbidden"
    assert await ids(server) == [14, 13, 12, 11, 9]


# Groups


def ours(body) -> list[dict]:
    """The groups of these tests; the demo has some of its own."""
    return [row for row in body["data"] if row["id"] > 30]


async def test_groups_have_every_documented_field_and_sort(server: Server):
    """The sorts of contract 3 word for word; a retired group was deleted when it last changed."""
    await furnish(server)
    body = await ask(server, "GET", f"{GROUPS}?sort[0]=id&sort[1]=1")
    assert body["sorts"] == [
        "id",
        "name",
        "discount_type",
        "discount_value",
        "total_amount",
        "created_at",
        "updated_at",
        "deleted_at",
    ]
    rows = ours(body)
    at = rows[0]["created_at"]
    plain = {"discount_type": None, "discount_value": 0, "system_type": None, "deleted_at": None}
    assert rows == [
        {**plain, **shown, "created_at": at, "updated_at": at}
        for shown in (
            GROUP_ROWS[0],
            {"id": 32, "name": "Amber", "deleted_at": at},
            {"id": 33, "name": "Staff", "discount_value": 2},
        )
    ]
    for sort, wanted in {
        "name": [32, 31, 33],
        "discount_type": [32, 33, 31],
        "discount_value": [32, 33, 31],
        "total_amount": [31, 32, 33],
        "deleted_at": [31, 33, 32],
        "created_at": [31, 32, 33],
        "updated_at": [31, 32, 33],
    }.items():
        for way, expected in (("1", wanted), ("-1", wanted[::-1])):
            page = await ask(server, "GET", f"{GROUPS}?sort[0]={sort}&sort[1]={way}")
            assert [row["id"] for row in ours(page)] == expected, sort
    page = await ask(server, "GET", f"{GROUPS}?limit=2")
    assert ([row["id"] for row in page["data"]], page["total"]) == ([33, 32], body["total"])
    rest = await ask(server, "GET", f"{GROUPS}?limit=2&cursor={page['next_cursor']}")
    assert [row["id"] for row in ours(rest)] == [31]
    await ask(server, "GET", f"{GROUPS}?sort[0]=system_type", status=400)


# Creation


async def test_a_customer_is_created_with_all_that_is_documented(server: Server):
    """The answer is what a read shows; unknown keys pass, the cid is told in lower case."""
    await furnish(server)
    body = {
        "name": "Leyla Şahin",
        "email": "leyla@example.com",
        "phone": "050 765 43 21",
        "code": "L-1",
        "cid": CID.upper()[:-1] + "A",
        "description": "Rings twice",
        "group_id": 31,
        "gender": 2,
        "date_of_birth": "1990-02-28",
        "loyalty": {"points": 3},
    }
    answer = await create(server, body)
    assert answer.keys() == {"success", "data", "time", "timestamp", "unix"}
    shown = answer["data"]
    assert await one(server, shown["id"]) == shown
    given = {name: value for name, value in body.items() if name not in ("cid", "loyalty")}
    assert {name: shown[name] for name in given} == given
    assert (shown["cid"], shown["phones"]) == (CID[:-1] + "a", ["050 765 43 21"])
    assert (shown["venue_id"], shown["spent"], shown["receipt_count"], shown["status"]) == (1, 0, 0, True)
    assert shown["created_at"] == shown["updated_at"]
    assert await found(server, "phones", "+994507654321") == {shown["id"]}
    assert await found(server, "name", "ŞAHİN") == {shown["id"]}
    least = (await create(server, {"name": "Only", "phone": None, "email": "", "cid": "", "date_of_birth": ""}))["data"]
    assert least["id"] == shown["id"] + 1
    assert uuid.UUID(least["cid"]).version == 4
    assert (least["phone"], least["phones"], least["email"], least["date_of_birth"]) == (None, [], None, None)


async def test_no_group_is_sent_as_it_is_shown(server: Server):
    """A customer of no group is shown with group 0; sent so, null or left out it is of none."""
    for body in ({"group_id": 0}, {"group_id": None}, {}):
        made = (await create(server, {"name": "Nobody's", **body}))["data"]
        assert (made["group_id"], (await one(server, made["id"]))["group_id"]) == (0, 0)
    refused = await create(server, {"name": "Nobody's", "group_id": -1}, 400)
    assert refused["details"][0]["field"] == "group_id"


async def test_a_new_customer_can_order(server: Server):
    """The id of the answer is one for orders at once."""
    customer = (await create(server, {"name": "New", "phone": "+994501112233"}))["data"]
    order_id = await place(server, customer={**MINIMAL["customer"], "id": customer["id"]})
    order = (await server.get(f"/orders/{order_id}?with=customer")).json()["data"]
    assert order["customer"]["name"] == "New"


@pytest.mark.parametrize(
    ("body", "message", "problems"),
    [
        ({}, "The name field is required.", [("name", "required")]),
        (b"", "The name field is required.", [("name", "required")]),
        ({"name": ""}, "The name field is required.", [("name", "required")]),
        ({"name": "  "}, "The name field is required.", [("name", "required")]),
        ({"name": None}, "1 field is invalid", [("name", "wrong_type")]),
        ([], "1 field is invalid", [("", "wrong_type")]),
        ({"name": "A", "phone": 5, "gender": 3}, "2 fields are invalid", [("phone", "wrong_type"), ("gender", "not_allowed")]),
        ({"name": "A", "gender": True}, "1 field is invalid", [("gender", "not_allowed")]),
        ({"name": "A", "cid": "no"}, "1 field is invalid", [("cid", "invalid_text")]),
        ({"name": "A", "cid": CID + "\n"}, "1 field is invalid", [("cid", "invalid_text")]),
        ({"name": "A", "group_id": 77}, "1 field is invalid", [("group_id", "unknown_customer_group")]),
        ({"name": "A", "group_id": "1"}, "1 field is invalid", [("group_id", "wrong_type")]),
        ({"name": "A", "date_of_birth": "1990-02-30"}, "1 field is invalid", [("date_of_birth", "invalid_time")]),
        ({"name": "A", "date_of_birth": "30.01.1990"}, "1 field is invalid", [("date_of_birth", "invalid_text")]),
        ({"name": "A" * 256, "code": "c" * 256}, "2 fields are invalid", [("name", "too_long"), ("code", "too_long")]),
        (
            {"group_id": 77, "date_of_birth": "1990-02-30", "email": 1},
            "The name field is required.",
            [("name", "required"), ("email", "wrong_type"), ("group_id", "unknown_customer_group"), ("date_of_birth", "invalid_time")],
        ),
    ],
)  # fmt: skip
async def test_every_problem_of_a_refused_customer_is_told_at_once(server: Server, body, message, problems):
    """The documented sentence for a missing name, and nothing stored."""
    refusal = await create(server, body, 400)
    assert (refusal["success"], refusal["error"], refusal["message"]) == (False, "validation_failed", message)
    assert [(problem["field"], problem["code"]) for problem in refusal["details"]] == problems
    assert await ids(server) == [9]


async def test_phone_code_and_cid_are_one_customers_only(server: Server):
    """Documented 409s that name the other; one number in two spellings is one number."""
    first = (await create(server, {"name": "A", "phone": "050 700 00 01", "code": "c", "cid": CID}))["data"]["id"]
    for body, error, called in (
        ({"phone": "+994 50 700-00-01"}, "duplicate_phone", "phone number"),
        ({"phone": "+994507000001", "code": "c"}, "duplicate_phone", "phone number"),
        ({"code": "c", "cid": CID}, "duplicate_code", "code"),
        ({"cid": CID.upper()}, "duplicate_cid", "cid"),
    ):
        refusal = await create(server, {"name": "B", **body}, 409)
        assert {key: refusal[key] for key in ("success", "error", "message", "customer_id")} == {
            "success": False,
            "error": error,
            "message": f"Customer with this {called} already exists",
            "customer_id": first,
        }
    made = await create(server, {"name": "B", "cid": cid_of(demo.BRAND, 9)}, 409)
    assert (made["error"], made["customer_id"]) == ("duplicate_cid", 9)
    assert await ids(server) == [first, 9]
    assert (await create(server, {"name": "B", "code": "C"}))["data"]["id"] == first + 1


async def test_a_number_that_is_none_is_kept_as_sent_and_may_repeat(server: Server):
    """Only E.164 is unique: what cannot be normalised says nothing about who it is."""
    made = [(await create(server, {"name": "A", "phone": "ask at the bar, 12"}))["data"] for _ in range(2)]
    assert [customer["phone"] for customer in made] == ["ask at the bar, 12"] * 2
    assert await found(server, "phones", "12") >= {customer["id"] for customer in made}


async def test_a_number_without_its_area_code_is_many_peoples(server: Server):
    """It is possible, dialled next door, and so names nobody (contract 14.1.8)."""
    anna, boris = [
        (await create(server, {"name": n, "phone": p}))["data"] for n, p in (("A", "498 12 34"), ("B", "4981234"))
    ]
    assert anna["id"] != boris["id"]
    asked = demo.example("create-order.request")
    order = await server.create({**asked, "customer": {**asked["customer"], "id": 0, "phone": "498 12 34"}})
    stored = order.json()["data"]
    assert [warning["code"] for warning in stored["payload"]["warnings"]] == ["phone_not_normalised"]
    till = {"authorization": f"Bearer {demo.TERMINAL_TOKEN}"}
    looked_for = await server.http.get("/hub/v1/orders?search=4981234", headers=till)
    assert [one["id"] for one in looked_for.json()["data"]] == [stored["id"]]
    assert [anna["phone"], boris["phone"]] == ["498 12 34", "4981234"]


async def test_no_group_is_found_as_it_is_shown(server: Server):
    """0 is those without one, beside others that are asked for."""
    await furnish(server)
    alone = (await create(server, {"name": "Alone"}))["data"]
    grouped = (await create(server, {"name": "Grouped", "group_id": 31}))["data"]
    for wanted, inside in (("[1]=0", {alone["id"]}), ("[1][0]=0&filters[0][1][1]=31", {alone["id"], grouped["id"]})):
        body = await server.get(f"/customers?limit=999&filters[0][0]=group_id&filters[0]{wanted}")
        ids = {customer["id"] for customer in body.json()["data"]}
        assert inside <= ids
        assert (grouped["id"] in ids) == (grouped["id"] in inside)


async def test_every_part_of_a_name_that_is_asked_for_is_in_it(server: Server):
    """Filters hold together, also several of one field; what contradicts itself finds nobody, and not everybody."""
    anna = (await create(server, {"name": "Anna Quliyeva", "phone": "+994501239876"}))["data"]["id"]
    await create(server, {"name": "Anna Karenina", "phone": "+994501239875"})

    def query(name: str, first: str, second: str) -> str:
        return f"filters[0][0]={name}&filters[0][1]={first}&filters[1][0]={name}&filters[1][1]={second}"

    for wanted, found in (
        (query("name", "anna", "quli"), {anna}),
        (query("name", "anna", "zzz"), set()),
        (query("name", "zzz", "yyy"), set()),
        (query("phones", "5012398", "9876"), {anna}),
        (query("group_id", "31", "32"), set()),
    ):
        body = (await server.get(f"/customers?limit=999&{wanted}")).json()
        assert ({customer["id"] for customer in body["data"]}, body["total"]) == (found, len(found)), wanted


async def test_of_many_posts_of_one_phone_exactly_one_wins(server: Server):
    """At once, in many spellings; the others are told who won, and ids are given without a gap."""
    spellings = ["+994501239999", "050 123 99 99", "(050)123-99-99", "00994501239999", "+994 50 1239999"] * 4
    answers = await asyncio.gather(
        *(
            server.http.post(CUSTOMERS, json={"name": f"N{n}", "phone": phone}, headers=server.headers)
            for n, phone in enumerate(spellings)
        )
    )
    won = [answer.json()["data"]["id"] for answer in answers if answer.status_code == 200]
    lost = [answer.json() for answer in answers if answer.status_code == 409]
    assert (len(won), len(lost)) == (1, 19)
    assert {(body["error"], body["customer_id"]) for body in lost} == {("duplicate_phone", won[0])}
    assert await found(server, "phones", "+994501239999") == set(won)
    assert (await create(server, {"name": "Next"}))["data"]["id"] == won[0] + 1


async def test_a_guest_and_a_created_customer_are_one_person(server: Server):
    """A guest's order finds who was created here, a post finds whom an order made; also when both come at once."""
    matching = await server.client("matching", guest_customers="match")

    async def order(phone: str) -> int:
        guest = {**MINIMAL["customer"], "id": 0, "phone": phone, "name": "Guest Ğ"}
        answer = await server.create({**MINIMAL, "customer": guest}, **matching)
        assert answer.status_code == 201, answer.text
        return (await server.get(f"/orders/{answer.json()['data']['id']}")).json()["data"]["customer_id"]

    created = (await create(server, {"name": "A", "phone": "050 111 00 01"}))["data"]["id"]
    assert await order("+994501110001") == created
    guest = await order("050 111 00 02")
    assert (await create(server, {"name": "A", "phone": "+994501110002"}, 409))["customer_id"] == guest
    shown = await one(server, guest)
    assert (shown["name"], shown["phone"], uuid.UUID(shown["cid"]).version) == ("Guest Ğ", "050 111 00 02", 4)
    assert await found(server, "phones", "+994501110002") == await found(server, "name", "guest ğ") == {guest}
    for last in range(10, 20):
        phone = f"+9945011100{last}"
        body = {"name": "A", "phone": phone}
        customer, answer = await asyncio.gather(
            order(phone), server.http.post(CUSTOMERS, json=body, headers=server.headers)
        )
        known = answer.json()["data"]["id"] if answer.status_code == 200 else answer.json()["customer_id"]
        assert answer.status_code in (200, 409)
        assert await found(server, "phones", phone) == {known} == {customer}


async def test_a_repeat_under_a_key_gets_the_first_answer(server: Server):
    """Also one with the keys in another order; another request is 422, and a refusal keeps nothing."""
    key = {"idempotency-key": "customer-1"}
    assert (await create(server, {"name": ""}, 400, **key))["error"] == "validation_failed"
    assert (await create(server, {"name": "A", "phone": "+994501234567"}, 409, **key))["error"] == "duplicate_phone"
    headers = {**server.headers, **key}
    first = await server.http.post(CUSTOMERS, json={"name": "A", "code": "x"}, headers=headers)
    again = await server.http.post(CUSTOMERS, json={"code": "x", "name": "A"}, headers=headers)
    assert (first.status_code, again.status_code, again.content) == (200, 200, first.content)
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["idempotency-expires"] == first.headers["idempotency-expires"]
    assert (await create(server, {"name": "B"}, 422, **key))["error"] == "idempotency_key_reused"
    assert (await create(server, {"name": ""}, 422, **key))["error"] == "idempotency_key_reused"
    answers = await asyncio.gather(
        *(
            server.http.post(CUSTOMERS, json={"name": "C"}, headers={**server.headers, "idempotency-key": "customer-2"})
            for _ in range(8)
        )
    )
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert len(await ids(server)) == 3


SECRET = {"name": "Zümrüd Gizli", "phone": "+994509998877", "email": "zumrud@example.com", "code": "ZG-1"}


async def test_a_created_customer_is_in_no_event(server: Server):
    """Nobody's screen needs to know, and nobody's data is in an event."""
    before = [(await hub_events(server, venue))["last"] for venue in (0, 1)]
    await create(server, SECRET)
    await create(server, SECRET, 409)
    assert [(await hub_events(server, venue))["last"] for venue in (0, 1)] == before


async def hub_events(server: Server, venue: int) -> dict:
    """The log of a venue."""
    return await ask(server, "GET", f"/hub/v1/events?venue={venue}&limit=500")


def test_a_created_customer_is_logged_by_id_only(start_comanda):
    """A real server's lines: who created whom, and no name, number, address or code."""
    process = start_comanda("serve", "--demo", environment={"COMANDA_LOG_LEVEL": "info"})
    with httpx.Client(base_url=process.url, timeout=30) as http:
        headers = {"x-token": http.post("/open-api/v2/auth", json=DEMO_CREDENTIALS).json()["token"]}
        customer = http.post(CUSTOMERS, json=SECRET, headers=headers).json()["data"]
        assert http.post(CUSTOMERS, json=SECRET, headers=headers).status_code == 409
        wanted = {"filters[0][0]": "name", "filters[0][1]": SECRET["name"]}
        assert http.get(CUSTOMERS, params=wanted, headers=headers).json()["total"] == 1
    process.popen.terminate()
    process.popen.wait()
    logged = process.output.read_text()
    (line,) = [json.loads(text) for text in logged.splitlines() if '"customer.created"' in text]
    assert (line["customer_id"], line["client"]) == (customer["id"], demo.CLIENT_ID)
    for text in ("Gizli", "99998877", "9998877", "zumrud", "ZG-1", "Z%C3%BC", "Z\\u00fc"):
        assert text not in logged


# What customers spent


async def test_what_customers_spent_is_what_their_receipts_say(server: Server):
    """After random orders: paid, open, refused, cancelled after payment, with discounts, and a guest's beside them."""
    chosen = random.Random(5)
    await server.import_({"customers": [{"id": 21, "name": "B"}, {"id": 22, "name": "C"}, {"id": 23, "name": "D"}]})
    boss = await manager(server)
    for _ in range(60):
        who = chosen.choice([0, 9, 21, 22])
        order_id = await place(
            server,
            customer={**MINIMAL["customer"], "id": who},
            discount={"discount_type": 1, "discount_value": chosen.choice([0, 10, 33])},
            delivery_fee=chosen.choice([0, 2.5]),
            auto_order_accept=chosen.random() < 0.9,
        )
        answer = await server.get(f"/receipts/{order_id}")
        fate = chosen.random()
        if answer.status_code == 404:
            continue
        if fate < 0.6:
            await did(server, f"/receipts/{order_id}/close", payment(answer.json()["data"]["total"]))
            if fate < 0.1:
                await did(server, f"/orders/{order_id}/refuse", {"reason": "other"}, boss)
        elif fate < 0.8:
            await server.ignore(order_id)
    receipts = (await server.get("/receipts?limit=200")).json()["data"]
    wanted = {customer_id: [0, Decimal(0), Decimal(0)] for customer_id in (9, 21, 22, 23)}
    for receipt in receipts:
        if receipt["status"] == 2 and receipt["order_status"] != "CANCELLED" and receipt["customer_id"]:
            mine = wanted[receipt["customer_id"]]
            mine[0] += 1
            mine[1] += Decimal(str(receipt["total"]))
            mine[2] += Decimal(str(receipt["total_discount"]))
    shown = (await ask(server, "GET", CUSTOMERS))["data"]
    told = {
        row["id"]: [row["receipt_count"], Decimal(str(row["spent"])), Decimal(str(row["total_discount"]))]
        for row in shown
    }
    assert told == wanted
    assert wanted[23] == [0, 0, 0]
    assert all(wanted[who][0] and wanted[who][2] for who in (9, 21, 22))
    assert {row["id"]: await one(server, row["id"]) for row in shown} == {row["id"]: row for row in shown}
    assert len({receipt["order_status"] for receipt in receipts}) > 1


async def test_what_customers_spent_is_summed_by_an_index(server: Server):
    """However many orders there are: their customers' index, then the receipts' key."""
    element = spending_of(demo.BRAND, [9, 21])
    if server.hub.store.name == "sqlite":
        compiled = compile_statement(element, SQLITE)
        text = " ".join(
            row[3] for row in await explain(server, f"EXPLAIN QUERY PLAN {compiled.sql}", compiled.bind({}))
        )
        assert "SEARCH orders USING COVERING INDEX ix_orders_customer (brand_id=? AND customer_id=?)" in text
        assert "SEARCH receipts USING INDEX sqlite_autoindex_receipts_1 (brand_id=? AND id=?)" in text
    else:
        compiled = compile_statement(element, POSTGRESQL)
        text = "\n".join(row[0] for row in await explain(server, f"EXPLAIN {compiled.sql}", compiled.bind({})))
        assert "ix_orders_customer" in text
        assert "pk_receipts" in text
        assert "Seq Scan" not in text


async def explain(server: Server, sql: str, values) -> list:
    """The plan of a statement on the test's store."""
    import asyncpg

    from comanda.store.sqlite import open_sqlite

    settings = server.hub.settings
    if server.hub.store.name == "sqlite":
        connection = open_sqlite(settings.database_file)
        rows = connection.execute(sql, values).fetchall()
        connection.close()
        return rows
    pg = await asyncpg.connect(settings.database_url)
    await pg.execute("SET enable_seqscan = off")
    rows = await pg.fetch(sql, *values)
    await pg.close()
    return rows


# Names, numbers, cids


def test_names_are_folded_alike_however_they_are_written():
    """Case, composed and decomposed letters, the four Azerbaijani i."""
    assert {folded(name) for name in ("İI", "ıi", "iı", "I\u0307I", "ii", "II")} == {"ii"}
    assert folded("ƏLİYEV Ö") == folded("əliyev o\u0308")
    assert folded("СИДОРОВА Ё") == folded("сидорова ё")
    assert folded("Straße") == folded("STRASSE")


def test_numbers_are_searched_each_by_itself():
    """No search runs from one number into the next."""
    assert searched_digits(["+1 (2) 3", "4-5", "none", "123"]) == " 123 45 "
    assert searched_digits(["none"]) == ""
    assert digits_of("٠١") == "01"


def test_cids_made_of_ids_never_change():
    """They are told to callers who keep them."""
    assert cid_of("demo", 9) == "a67d05f5-2541-579f-8af7-258d8b509a0d"
    assert cid_of("demo", 9) != cid_of("other", 9)
