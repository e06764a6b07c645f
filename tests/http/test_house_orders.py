"""``POST /hub/v1/orders`` on both stores: the house orders as integrators do, under keys of its people's own."""

import asyncio
import copy
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from tests.conftest import Server, fresh_database
from tests.http.chain import DOCUMENTED, KITCHEN, MINIMAL, TILL, events, hub_get, manager
from tests.http.documented import ask
from tests.http.test_create_order import BAD_VALUES, V1, changed, exact
from tests.http.test_fuzz import Pair
from tests.http.test_quotes import DRAWN, MAIN, hold_sums, staff
from tests.unit.test_price import BODIES, encode

from comanda import administration, demo
from comanda.administration import ClientSettings
from comanda.base.errors import SetupError
from comanda.duties.erasing import erase_person
from comanda.store.erasure import find_person
from comanda.store.transaction import Statement, one

pytestmark = pytest.mark.anyio
PATH = "/hub/v1/orders"
GUEST = {"id": 0, "phone": "050 765 43 21", "address": "7 Sea Road", "name": "Guest"}


async def take(server: Server, body, headers, key="k-1", status=201, **more: str):
    """Take an order of the house's; the answer, which is as documented."""
    sent = {"content": body} if isinstance(body, bytes) else {"json": body}
    return await ask(server, "POST", PATH, {**headers, "idempotency-key": key, **more}, status, **sent)


async def count(server: Server, table: str) -> int:
    """How many rows a table has."""

    def build():
        return (yield one(Statement(text(f"SELECT count(*) FROM {table}"))))

    return int((await server.hub.store.read(build))[0][0])


async def test_the_house_is_answered_as_an_integrator_is(server: Server):
    """The same shape, sums and warnings, and the order is the same but for its channel and whom its events name."""
    cashier = await staff(server, "cashier")
    theirs = (await server.create(DOCUMENTED)).json()["data"]
    for headers, actor in ((TILL, f"device:{demo.TERMINAL_ID}"), (cashier, "staff:cashier-")):
        ours = (await take(server, DOCUMENTED, headers, key=actor))["data"]
        assert ours["payload"]["totals"] == theirs["payload"]["totals"]
        assert ours["payload"]["warnings"] == theirs["payload"]["warnings"] == []
        assert ours["payload"]["status"] == "RECEIVED"
        whole = await hub_get(server, f"/orders/{ours['id']}")
        assert whole["chain"]["order"]["client_id"] == "house"
        told = [(event["type"], event["actor"]) for event in await events(server, ours["id"])]
        assert told[:2] == [("order.created", actor), ("order.received", "automatic")]
        v2 = [(await server.get(f"/orders/{found['id']}")).json()["data"]["payload"] for found in (ours, theirs)]
        assert v2[0] == v2[1]


async def test_a_key_is_required_and_makes_one_order_of_two_requests(server: Server):
    """Without a key 400; two at once under one key are one order; another person's key is another."""
    refused = await ask(server, "POST", PATH, TILL, 400, json=MINIMAL)
    assert (refused["error"], refused["details"][0]["field"]) == ("invalid_header", "Idempotency-Key")
    answers = await asyncio.gather(
        *(server.http.post(PATH, json=MINIMAL, headers={**TILL, "idempotency-key": "double"}) for _ in range(8))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["data"]["id"] for answer in answers}) == 1
    assert sorted("idempotent-replayed" in answer.headers for answer in answers) == [False] + [True] * 7
    assert answers[0].headers["location"] == f"{PATH}/{answers[0].json()['data']['id']}"
    assert await count(server, "orders") == 1
    other = await take(server, changed(MINIMAL, comment="other"), TILL, "double", 422)
    assert other["error"] == "idempotency_key_reused"
    await take(server, MINIMAL, await staff(server, "call_centre"), "double")
    await server.create(MINIMAL, **{"idempotency-key": "double"})
    assert await count(server, "orders") == 3


async def test_what_a_create_refuses_is_refused_in_the_same_words(server: Server):
    """Every problem of the corpus; nothing is stored, and the key is free for the order put right."""
    boss = await manager(server)
    for values, _ in BAD_VALUES:
        body = changed(MINIMAL, **values)
        refused = await take(server, body, boss, status=400)
        theirs = (await server.create(body)).json()
        assert [refused[name] for name in ("error", "message", "details")] == [
            theirs[name] for name in ("error", "message", "details")
        ]
    assert await count(server, "orders") == 0
    assert (await take(server, b"{", boss, status=400))["error"] == "invalid_json"
    await take(server, MINIMAL, boss)


async def test_who_may_take_orders(server: Server):
    """Terminals and people at the counter, in their venues; no kitchen screen, no cook, no integrator."""
    elsewhere = changed(MINIMAL, venue_id=2)
    cook, limited = await staff(server, "cook"), await staff(server, "cashier", (1,))
    for headers in (KITCHEN, cook, server.headers):
        assert (await take(server, MINIMAL, headers, status=403))["error"] == "forbidden"
    assert (await take(server, MINIMAL, {}, status=401))["error"] == "unauthorized"
    for headers in (TILL, limited):
        refused = await take(server, elsewhere, headers, status=404)
        assert (refused["error"], refused["message"]) == ("resource_not_found", "Venue not found")
        await take(server, MINIMAL, headers)
    await take(server, elsewhere, await manager(server))
    boss = await manager(server)
    assert (await take(server, MINIMAL, {"cookie": boss["cookie"]}, status=403))["error"] == "csrf_failed"


async def test_a_guest_of_the_house_is_known_the_next_time(server: Server):
    """However the number is written, one person is one customer."""
    first = (await take(server, changed(MINIMAL, customer=GUEST), TILL, "1"))["data"]["id"]
    second = changed(MINIMAL, customer={**GUEST, "phone": "+994 (50) 765-43-21"})
    again = (await take(server, second, await staff(server, "call_centre"), "2"))["data"]["id"]
    found = [(await hub_get(server, f"/orders/{order}"))["customer_id"] for order in (first, again)]
    assert found[0] == found[1] > 0
    assert await count(server, "customers") == 2


async def test_an_external_id_is_no_claim_of_the_house(server: Server):
    """The key alone says what a repeat is; the order is found by the id all the same."""
    body = changed(MINIMAL, integration_id="phone-7")
    await server.create(body)
    ids = [(await take(server, changed(body, comment=key), TILL, key))["data"]["id"] for key in ("a", "b")]
    found = (await ask(server, "GET", f"{PATH}?search=phone-7", TILL))["data"]
    assert {order["id"] for order in found} > set(ids)


async def test_no_client_may_be_called_the_house(server: Server):
    """The id is built in; a client of that name would be mistaken for it."""
    with pytest.raises(SetupError, match="house"):
        await administration.add_client(server.hub.store, demo.BRAND, "house", name="House", settings=ClientSettings())


async def test_the_last_portion_goes_to_one_of_all_who_want_it(server: Server):
    """The house and integrators at once: exactly as many are served as there are portions."""
    await server.import_({"stop_list": [{"venue_id": 1, "product_id": 101, "quantity": 10}]})
    house = [take_raw(server, f"k-{number}") for number in range(15)]
    theirs = [server.create(MINIMAL) for _ in range(15)]
    answers = await asyncio.gather(*house, *theirs)
    assert sorted(answer.status_code for answer in answers) == [201] * 5 + [400] * 25
    (left,) = [row for row in await hub_get(server, "/venues/1/stop-list") if row["product_id"] == 101]
    assert left["quantity"] == 0


async def take_raw(server: Server, key: str):
    """Post the minimal order as the till; the whole answer."""
    return await server.http.post(PATH, json=MINIMAL, headers={**TILL, "idempotency-key": key})


async def test_an_erased_guests_kept_answer_names_nobody(server: Server):
    """The answer under the key of an order of the house is redacted like any other."""
    order_id = (await take(server, changed(MINIMAL, customer=GUEST, customer_ref_id="Guest-1"), TILL))["data"]["id"]
    customer_id = (await hub_get(server, f"/orders/{order_id}"))["customer_id"]
    store = server.hub.store
    person = await store.read(lambda: find_person(demo.BRAND, customer_id, None))
    async for _ in erase_person(store, demo.BRAND, person, also_open=True):
        pass
    whole = await hub_get(server, f"/orders/{order_id}")
    assert (whole["payload"]["customer"]["name"], whole["payload"]["customer"]["phone"]) == ("erased", "")
    again = await take(server, changed(MINIMAL, customer=GUEST, customer_ref_id="Guest-1"), TILL)
    assert again["data"]["id"] == order_id
    assert again["data"]["customer_ref_id"] is None
    (summary,) = (await ask(server, "GET", f"{PATH}?ids={order_id}", TILL))["data"]
    assert summary["customer"] == {"id": customer_id, "name": "erased", "phone": None, "address": None}


@pytest.fixture(scope="module")
def pair(tmp_path_factory, request):
    """A server on each store, with a menu for drawn orders beside the demo's."""
    servers = Pair(tmp_path_factory.mktemp("house"), fresh_database(request))
    names = [{"id": i, "name": "m", "price": i} for i in range(1, 10)]
    menu = {
        "venues": [{**MAIN, "service_charge_default": "sale_type"}],
        "modifier_groups": [{"id": 1, "name": "G", "max_select": 30, "modifiers": names}],
        "products": [{"id": i, "name": "p", "price": i, "modifier_groups": [1]} for i in range(1, 10)],
    }
    for server in servers.servers:
        servers.run(server.import_(menu))
    yield servers
    servers.close()


@DRAWN
@given(BODIES, st.sampled_from([1, 2]), st.booleans(), st.booleans())
def test_a_persons_quote_is_what_the_house_charges(pair, body, venue, accepted, till):
    """Any order of a till or a call centre, either price policy: quoted and created come to the same, to the cent."""
    body = {**body, "venue_id": 1 if till else venue, "auto_order_accept": accepted}
    raw = encode(body)
    for server in pair.servers:
        headers = {**(TILL if till else caller(pair, server)), "content-type": "application/json"}
        answer = pair.run(server.http.post("/hub/v1/quotes", content=raw, headers=headers))
        keyed = {**headers, "idempotency-key": uuid.uuid4().hex}
        created = pair.run(server.http.post(PATH, content=raw, headers=keyed))
        assert (answer.status_code, created.status_code) == (200, 201), created.text
        quote, order = exact(answer.text)["data"], exact(created.text)["data"]["payload"]
        assert quote["totals"] == order["totals"]
        assert (quote["status"], quote["warnings"]) == (order["status"], order["warnings"])
        hold_sums(quote)


_SIGNED_IN: dict[int, dict[str, str]] = {}


def caller(pair, server: Server) -> dict[str, str]:
    """Somebody of the call centre, signed in once on each server."""
    if id(server) not in _SIGNED_IN:
        _SIGNED_IN[id(server)] = pair.run(staff(server, "call_centre"))
    return copy.copy(_SIGNED_IN[id(server)])


async def test_discount_charge_and_fee_are_those_of_v2(server: Server):
    """The documented order comes to 19.51, also in its fuller form."""
    for key, body in (("v2", DOCUMENTED), ("v1", V1)):
        sums = (await take(server, body, TILL, key))["data"]["payload"]["totals"]
        theirs = (await server.create(body)).json()["data"]["payload"]["totals"]
        assert sums == theirs
