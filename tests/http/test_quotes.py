"""``POST /hub/v1/quotes`` on both stores: what a create would answer to the cent and to the word, and nothing stored."""

import copy
import json
from decimal import Decimal

import msgspec
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import select
from tests.conftest import Server, fresh_database
from tests.http.chain import KITCHEN, TILL, events, manager
from tests.http.documented import ask
from tests.http.test_create_order import BAD_VALUES, DOCUMENTED, MINIMAL, V1, changed, exact, line
from tests.http.test_fuzz import Pair
from tests.unit.test_decode import PLACES, SCALARS, VALUES, replaced
from tests.unit.test_price import BODIES, encode

from comanda import administration, demo
from comanda.base import limits
from comanda.store.tables import metadata
from comanda.store.transaction import Statement, one

pytestmark = pytest.mark.anyio
PATH = "/hub/v1/quotes"
MAIN = {"id": 1, "name": "Main", "is_main": True, "default_terminal_id": 1}
BAKLAVA = {"product_id": 120, "product_name": "Baklava", "price": 14.9}
DRAWN = examples(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


async def quoted(server: Server, body, headers=None, **more: str) -> dict:
    """The data of a quote, which is as documented; by default an integrator's."""
    sent = {"content": body} if isinstance(body, bytes) else {"json": body}
    headers = {**(server.headers if headers is None else headers), **more}
    return (await ask(server, "POST", PATH, headers, **sent))["data"]


async def both(server: Server, body) -> tuple[dict, dict]:
    """What a quote says of a body, and what creating it then answers."""
    return await quoted(server, body), (await server.create(body)).json()


async def staff(server: Server, role: str, venues: tuple[int, ...] = ()) -> dict[str, str]:
    """A person of a role, signed in."""
    name = f"{role}-{'-'.join(map(str, venues))}"
    password = "long enough for anybody"
    await administration.add_staff(
        server.hub.store, demo.BRAND, name, name=name, role=role, venues=venues, password=password
    )
    await server.hub.known.refresh()
    who = {"brand": demo.BRAND, "username": name, "password": password}
    answer = await server.http.post("/hub/v1/session", json=who)
    assert answer.status_code == 200, answer.text
    server.http.cookies.clear()
    cookie = answer.headers["set-cookie"].partition(";")[0]
    return {"cookie": cookie, "x-csrf-token": answer.json()["data"]["csrf_token"]}


async def everything(server: Server) -> dict[str, list[tuple]]:
    """Every row of every table but who leads which duty."""

    def rows_of(table):
        def build():
            return (yield one(Statement(select(table))))

        return build

    return {
        table.name: sorted((tuple(row) for row in await server.hub.store.read(rows_of(table))), key=repr)
        for table in metadata.sorted_tables
        if table.name != "leases"
    }


async def test_the_documented_example_costs_19_51(server: Server):
    """The documented request gives the documented quote, and its creation the same sums and warnings."""
    body = demo.example_bytes("create-order.request")
    found = await quoted(server, body)
    assert found == demo.example("quote.response")["data"]
    assert found["totals"]["total"] == 19.51
    created = (await server.create(body)).json()["data"]
    assert created["payload"]["totals"] == found["totals"]
    stored = (await server.get(f"/orders/{created['id']}")).json()["data"]["payload"]["products"]
    assert [item["totals"] for item in stored] == [
        {name: item[name] for name in ("subtotal", "discount", "total")} for item in found["lines"]
    ]


async def test_a_quote_stores_nothing(server: Server):
    """Not a row of any table changes, whoever asks, also of a client whose guests are kept; no order id is used up."""
    guests = await server.client("guests", guest_customers="match")
    boss = await manager(server)
    first = (await server.create(MINIMAL)).json()["data"]["id"]
    guest = {"id": 0, "phone": "0507654321", "address": "", "name": "Guest"}
    accepted = changed(
        DOCUMENTED, customer=guest, products=[*DOCUMENTED["products"], line(count=2, **BAKLAVA)], integration_id="x-1"
    )
    before = await everything(server)
    logged = await events(server)
    for headers in (guests, server.headers, TILL, KITCHEN, boss):
        key = {"idempotency-key": "q-1"}
        assert (await quoted(server, accepted, headers, **key))["status"] == "RECEIVED"
        assert not (await quoted(server, changed(accepted, sale_type_id=99), headers, **key))["acceptable"]
        assert (await quoted(server, MINIMAL, headers))["status"] == "PENDING"
        assert (await quoted(server, V1, headers))["status"] == "RECEIVED"
    assert await everything(server) == before
    assert await events(server) == logged
    assert (await server.create(MINIMAL)).json()["data"]["id"] == first + 1


async def test_every_problem_is_the_one_a_create_tells(server: Server):
    """A corpus of refused bodies of both forms: the same problems in the same order and words."""
    bodies = [changed(MINIMAL, **values) for values, _ in BAD_VALUES]
    bodies += [{key: value for key, value in MINIMAL.items() if key != name} for name in MINIMAL]
    fuller = copy.deepcopy(V1)
    fuller["payload"]["products"][0]["product_id"] = 999
    fuller["payload"]["service"]["venue_id"] = 77
    fuller["customer_id"] = 12345
    known = {**V1, "customer_id": 12345}
    shared = changed(MINIMAL, sale_type_id=99, customer={**MINIMAL["customer"], "id": 5})
    bodies += [
        [1], "text", None, {}, changed(MINIMAL, payload={}), fuller, known,
        {**V1, "payload": {**V1["payload"], "products": []}},
        {**shared, "products": [line(), line(count=12.501, **BAKLAVA)]},
        {**shared, "products": [line(count=10000, price=10**9)]},
        {**shared, "products": [line(count=0), line(product_id=999), line(product_id=110)]},
        changed(MINIMAL, products=[line(count=13, **{**BAKLAVA, "price": -1})]),
    ]  # fmt: skip
    for body in bodies:
        quote, refused = await both(server, json.dumps(body).encode())
        assert refused["error"] == "validation_failed"
        assert quote["problems"] == refused["details"] != []
        assert (quote["acceptable"], quote["status"]) == (False, None)
        assert (quote["totals"] is None) == (quote["lines"] == [])


@pytest.mark.parametrize(
    ("values", "total"),
    [
        ({"sale_type_id": 99}, 17),
        ({"customer": {**MINIMAL["customer"], "id": 5}}, 17),
        ({"integration_id": "x" * 65}, 17),
        ({"products": [line(), line(count=13, **BAKLAVA)]}, Decimal("210.7")),
        ({"venue_id": 77}, None),
        ({"products": [line(), line(product_id=999)]}, None),
        ({"products": [line(), line(product_id=110)]}, None),
        ({"products": [line(modifiers=[{"modifier_id": 9, "modifier_name": "x", "count": 1, "price": 1}])]}, None),
        ({"discount": {"discount_type": 1, "discount_value": 101}}, None),
        ({"products": [line(count=10000, price=10**9)]}, None),
        ({"delivery_fee": -1}, None),
    ],
)
@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_a_refused_order_is_priced_where_that_can_be_done(server: Server, values, total):
    """Sums and lines where every part has a price; else neither, and never half of them."""
    quote = await quoted(server, changed(MINIMAL, **values))
    assert not quote["acceptable"]
    if total is None:
        assert (quote["totals"], quote["lines"], quote["warnings"]) == (None, [], [])
        return
    assert Decimal(str(quote["totals"]["total"])) == total
    assert len(quote["lines"]) == len(values.get("products", MINIMAL["products"]))


async def test_an_order_refused_by_the_venue_is_quoted_at_its_prices(server: Server):
    """Closed, too many choices, another price than the menu's: the sums are those of an order that is in order."""
    six = [{"modifier_id": 501, "modifier_name": "Extra Cheese", "count": 6, "price": 0.4}]
    body = changed(MINIMAL, products=[line(price=7, modifiers=six)])
    policies = {"accepting_orders": False, "price_policy": "reject", "modifier_rules_policy": "reject"}
    await server.import_({"venues": [{**MAIN, **policies}]})
    quote, refused = await both(server, body)
    assert quote["problems"] == refused["details"]
    assert [problem["code"] for problem in quote["problems"]] == [
        "venue_not_accepting", "price_differs", "price_differs", "modifier_rules"
    ]  # fmt: skip
    assert quote["totals"]["total"] == 23
    (found,) = quote["lines"]
    assert (found["price"], found["modifiers"][0]["price"]) == (8.5, 0.5)


async def test_the_prices_are_those_that_would_be_charged(server: Server):
    """The caller's where the venue trusts it, else the catalogue's, with the warning that a create gives."""
    cheaper = changed(MINIMAL, products=[line(price=7)])
    for venue, total, price in ((1, 14, 7), (2, 17, 8.5)):
        quote, created = await both(server, changed(cheaper, venue_id=venue))
        assert (quote["totals"]["total"], quote["lines"][0]["price"]) == (total, price)
        assert quote["warnings"] == created["data"]["payload"]["warnings"]
        assert [warning["code"] for warning in quote["warnings"]] == ["price_differs"]


async def test_the_last_portion_is_quoted_until_it_is_sold(server: Server):
    """A quote holds nothing: two callers may be told of the same portions; who comes late is told how many are left."""
    body = changed(MINIMAL, products=[line(count=10, **BAKLAVA)])
    assert [(await quoted(server, body))["acceptable"] for _ in range(2)] == [True, True]
    assert (await server.create(body)).status_code == 201
    quote, refused = await both(server, body)
    assert quote["problems"] == refused["details"]
    assert [(p["field"], p["code"], p["message"]) for p in quote["problems"]] == [
        ("products[0].product_id", "stop_listed", "Only 2.5 of product 120 is left")
    ]
    assert quote["totals"]["total"] == 149


async def test_an_order_sent_before_is_quoted_like_a_new_one(server: Server):
    """Keys and external ids say what a create is; a quote is none."""
    body = changed(MINIMAL, integration_id="x-1")
    assert (await server.create(body)).status_code == 201
    assert (await quoted(server, body))["acceptable"]
    assert (await quoted(server, changed(body, comment="Other content")))["acceptable"]


async def test_the_state_is_the_one_it_would_have(server: Server):
    """RECEIVED where somebody accepts at once; PENDING where nobody does, or people must look first."""
    bodies = [
        MINIMAL,
        changed(MINIMAL, auto_order_accept=True),
        changed(MINIMAL, auto_order_accept=True, auto_accept_terminal=99),
        changed(DOCUMENTED, products=[line(product_id=999)]),
    ]
    await server.import_({"venues": [{**MAIN, "unknown_item_policy": "quarantine"}]})
    states = []
    for body in bodies:
        quote, created = await both(server, body)
        assert quote["status"] == created["data"]["payload"]["status"]
        assert quote["warnings"] == created["data"]["payload"]["warnings"]
        states.append(quote["status"])
    assert states == ["PENDING", "RECEIVED", "RECEIVED", "PENDING"]


async def test_a_differing_venue_header_is_the_same_warning(server: Server):
    """The body decides, as in a create."""
    quote = await quoted(server, MINIMAL, **{"x-venue": "2"})
    created = (await server.create(MINIMAL, **{"x-venue": "2"})).json()["data"]["payload"]
    assert quote["warnings"] == created["warnings"]
    assert [warning["code"] for warning in quote["warnings"]] == ["venue_header_differs"]


async def test_an_absent_terminal_is_the_same_warning(server: Server):
    """A venue whose only terminal was heard of, and may no longer call."""
    await server.http.post("/hub/v1/heartbeat", headers=TILL)
    await server.hub.known.refresh()
    assert (await quoted(server, DOCUMENTED))["warnings"] == []
    key = {"brand_id": demo.BRAND, "device_id": demo.TERMINAL_ID}
    await administration.set_enabled(server.hub.store, "devices", key, enabled=False)
    await server.hub.known.refresh()
    quote, created = await both(server, DOCUMENTED)
    assert quote["warnings"] == created["data"]["payload"]["warnings"]
    assert [warning["code"] for warning in quote["warnings"]] == ["terminal_absent"]


async def test_who_may_ask_for_a_quote(server: Server):
    """Integrators who may write orders, devices, and people at the counter; no cook, and no person without CSRF."""
    boss = await manager(server)
    people = [await staff(server, role) for role in ("cashier", "call_centre")]
    for headers in (server.headers, TILL, KITCHEN, boss, *people):
        assert (await quoted(server, DOCUMENTED, headers))["totals"]["total"] == 19.51
    reader = await server.client("reader", scopes=("orders:read",))
    for headers in (await staff(server, "cook"), reader):
        assert (await ask(server, "POST", PATH, headers, 403, json=MINIMAL))["error"] == "forbidden"
    bare = {"cookie": boss["cookie"]}
    assert (await ask(server, "POST", PATH, bare, 403, json=MINIMAL))["error"] == "csrf_failed"
    assert (await ask(server, "POST", PATH, {}, 401, json=MINIMAL))["error"] == "unauthorized"


async def test_a_venue_beyond_the_callers_limits_is_refused_as_in_a_create(server: Server):
    """404, also for a body with problems; nobody learns what another venue has."""
    limited = await server.client("limited", venue_id=1, venues=(1,))
    elsewhere = changed(MINIMAL, venue_id=2)
    refused = (await server.create(elsewhere, **limited)).json()
    assert refused["error"] == "resource_not_found"
    for headers in (limited, TILL, KITCHEN, await staff(server, "cashier", (1,))):
        for body in (elsewhere, changed(elsewhere, sale_type_id=99, products=[line(count=0)])):
            assert await ask(server, "POST", PATH, headers, 404, json=body) == refused
        assert (await quoted(server, MINIMAL, headers))["acceptable"]
    assert (await quoted(server, elsewhere, await manager(server)))["acceptable"]


async def test_what_is_no_order_at_all_is_refused(server: Server):
    """Only what a create refuses as invalid is a quote."""
    for raw in (b"", b"{", b'{"a":NaN}', b"[" * 20 + b"]" * 20):
        assert (await ask(server, "POST", PATH, status=400, content=raw))["error"] == "invalid_json"
    large = b'"' + b"x" * limits.MAX_BODY_BYTES + b'"'
    assert (await ask(server, "POST", PATH, status=413, content=large))["error"] == "body_too_large"
    media = {**server.headers, "content-type": "text/plain"}
    answer = await server.http.post(PATH, content=b"{}", headers=media)
    assert (answer.status_code, answer.json()["error"]) == (415, "unsupported_media_type")


@pytest.fixture(scope="module")
def pair(tmp_path_factory, request):
    """A server on each store, with a menu for drawn orders beside the demo's."""
    servers = Pair(tmp_path_factory.mktemp("quotes"), fresh_database(request))
    names = [{"id": i, "name": "m", "price": i * Decimal("0.35")} for i in range(1, 10)]
    menu = {
        "venues": [{**MAIN, "service_charge_default": "sale_type"}],
        "modifier_groups": [{"id": 1, "name": "G", "max_select": 30, "modifiers": names}],
        "products": [
            {"id": i, "name": "p", "price": i * Decimal("1.25"), "modifier_groups": [1]} for i in range(1, 10)
        ],
    }
    for server in servers.servers:
        servers.run(server.import_(menu))
    yield servers
    servers.close()


def as_v1(body: dict) -> dict:
    """The fuller form of a drawn body; it states a total, right or not."""
    moved = ("discount", "service_charge", "products", "customer", "venue_id", "sale_type_id")
    rest = {key: value for key, value in body.items() if key not in moved}
    meta = {"orderTotal": "10.50", "discount": body["discount"]}
    if charge := body.get("service_charge"):
        meta |= {"apply_service_charge": charge["enabled"], "service_charge_value": charge["value"]}
    lines = [
        {
            "product_id": item["product_id"],
            "count": item["count"],
            "portion_size": item["portion_size"],
            "meta": {"price": item["price"], "order_product": {"product": {"name": "p"}}},
            "product_modificators": [
                {"modificator_id": m["modifier_id"], "count": m["count"], "price": m["price"]}
                for m in item["modifiers"]
            ],
        }
        for item in body["products"]
    ]
    service = {"venue_id": body["venue_id"], "sale_type_id": body["sale_type_id"]}
    payload = {**rest, "service": service, "customer": body["customer"], "products": lines, "meta": meta}
    return {"customer_id": 0, "payload": payload}


@DRAWN
@given(BODIES, st.sampled_from([1, 2]), st.booleans(), st.booleans(), st.booleans())
def test_a_quote_is_what_is_charged(pair, body, venue, accepted, charged, fuller):
    """Any order, either form, either price policy: sums, state and warnings are the created order's, to the cent."""
    body = {**body, "venue_id": venue, "auto_order_accept": accepted}
    if not charged:
        del body["service_charge"]
    raw = encode(as_v1(body) if fuller else body)
    for server in pair.servers:
        answer = pair.run(server.http.post(PATH, content=raw, headers=server.headers))
        created = pair.run(server.create(raw))
        assert (answer.status_code, created.status_code) == (200, 201), created.text
        quote, order = exact(answer.text)["data"], exact(created.text)["data"]["payload"]
        assert (quote["acceptable"], quote["problems"]) == (True, [])
        assert quote["totals"] == order["totals"]
        assert (quote["status"], quote["warnings"]) == (order["status"], order["warnings"])
        hold_sums(quote)


def hold_sums(quote: dict) -> None:
    """Lines sum to the totals, and the totals to the total."""
    totals, lines = quote["totals"], quote["lines"]
    for name in ("subtotal", "discount"):
        assert sum(item[name] for item in lines) == totals[name]
    assert sum(item["total"] for item in lines) == totals["subtotal"] - totals["discount"]
    extra = totals["service_charge"] + totals["delivery_fee"]
    assert totals["total"] == totals["subtotal"] - totals["discount"] + extra


@DRAWN
@given(st.lists(st.tuples(st.sampled_from(PLACES), VALUES | SCALARS, st.booleans()), max_size=3))
def test_a_quote_tells_whatever_a_create_would(pair, changes):
    """The documented body with anything anywhere: the problems of a refusal, or the sums of an order."""
    body = copy.deepcopy(DOCUMENTED)
    for path, value, drop in changes:
        try:
            body = replaced(body, path, value, drop=drop)
        except (KeyError, IndexError, TypeError):
            continue
    raw = json.dumps(body).encode()
    for server in pair.servers:
        answer = pair.run(server.http.post(PATH, content=raw, headers=server.headers))
        created = pair.run(server.create(raw))
        assert answer.status_code == 200, answer.text
        quote, order = answer.json()["data"], created.json()
        assert quote["problems"] == order.get("details", [])
        assert quote["acceptable"] == (created.status_code == 201)
        if quote["acceptable"]:
            kept = order["data"]["payload"]
            assert (quote["totals"], quote["warnings"]) == (kept["totals"], kept["warnings"])
            hold_sums(msgspec.json.Decoder(float_hook=Decimal).decode(answer.text)["data"])
