"""Keys, claims and windows over a real socket, on both stores (contract 14.2, 14.1.12)."""

import asyncio
import copy
import json

import pytest
from sqlalchemy import text
from tests.conftest import Server, demo_hub, serving

from comanda import demo
from comanda.store.transaction import Statement, one

pytestmark = pytest.mark.anyio
MINIMAL = demo.example("create-order.minimal.request")
KEY = {"idempotency-key": "key-1"}


def changed(**values):
    """The minimal body with some fields changed."""
    return {**copy.deepcopy(MINIMAL), **values}


async def stored(server: Server) -> int:
    """How many orders there are."""
    return (await server.get("/orders")).json()["total"]


async def test_a_repeat_gets_the_first_status_and_body(server: Server):
    """Also when keys stand in another order and numbers are spelt differently."""
    first = await server.create(MINIMAL, **KEY)
    assert first.status_code == 201
    assert "idempotent-replayed" not in first.headers
    respelt = json.dumps(dict(reversed(MINIMAL.items()))).replace('"count": 2', '"count": 2.0').replace("8.5", "85e-1")
    again = await server.create(respelt.encode(), **KEY)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["idempotency-expires"] == first.headers["idempotency-expires"]
    assert again.headers["location"] == first.headers["location"]
    assert await stored(server) == 1


async def test_another_request_under_the_same_key_is_refused(server: Server):
    """422, whether the other body is sound, unsound, or no JSON at all."""
    await server.create(MINIMAL, **KEY)
    for body in (changed(delivery_fee=1), changed(products=[]), b"{"):
        answer = await server.create(body, **KEY)
        assert (answer.status_code, answer.json()["error"]) == (422, "idempotency_key_reused")
    assert await stored(server) == 1


async def test_a_kept_answer_outlives_the_catalogue(server: Server):
    """The key is looked up before validation: a retired product does not spoil a repeat."""
    first = await server.create(MINIMAL, **KEY)
    await server.import_({"products": [{"id": 101, "name": "Pizza", "active": False}]})
    assert (await server.create(MINIMAL, **KEY)).content == first.content
    assert (await server.create(MINIMAL)).status_code == 400


async def test_a_refusal_leaves_the_key_free(server: Server):
    """Only committed work is kept."""
    assert (await server.create(changed(sale_type_id=99), **KEY)).status_code == 400
    short = changed(products=[{**MINIMAL["products"][0], "product_id": 120, "count": 13}])
    assert (await server.create(short, **KEY)).status_code == 400
    assert (await server.create(MINIMAL, **KEY)).status_code == 201


async def test_keys_belong_to_their_client(server: Server):
    """Two clients may use the same key."""
    other = await server.client("other")
    await server.create(MINIMAL, **KEY)
    answer = await server.create(MINIMAL, **KEY, **other)
    assert (answer.status_code, "idempotent-replayed" in answer.headers) == (201, False)
    assert await stored(server) == 2


async def test_concurrent_duplicates_make_one_order(server: Server):
    """Fifty at once: one is first, all others get its answer."""
    answers = await asyncio.gather(*(server.create(MINIMAL, **KEY) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    assert await stored(server) == 1


async def test_a_repeat_after_a_restart_gets_the_stored_answer(settings):
    """The record lives in the store."""
    async with demo_hub(settings) as hub, serving(hub) as server:
        first = await server.create(MINIMAL, **KEY)
    async with demo_hub(settings) as hub, serving(hub) as server:
        again = await server.create(MINIMAL, **KEY)
        assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")
        assert await stored(server) == 1


async def test_a_lapsed_key_is_free_again(server: Server):
    """After 72 hours the same key makes another order."""
    await server.create(MINIMAL, **KEY)
    lapse = Statement(text("UPDATE idempotency SET expires_at = 1"), returns=False)

    def build():
        yield one(lapse)

    await server.hub.store.run(build)
    answer = await server.create(changed(delivery_fee=1), **KEY)
    assert (answer.status_code, "idempotent-replayed" in answer.headers) == (201, False)
    assert (await server.create(changed(delivery_fee=1), **KEY)).content == answer.content
    assert await stored(server) == 2


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "ключ".encode()])
async def test_a_malformed_key_is_refused(server: Server, key):
    """1 to 255 visible characters."""
    answer = await server.http.post(
        "/open-api/v2/orders", json=MINIMAL, headers=[("x-token", server.token), ("idempotency-key", key)]
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_header")


async def test_an_integration_id_exists_once(server: Server):
    """The same content again is 200 with the order as it is; other content and an ignored order are 409."""
    body = changed(integration_id="W-1")
    first = await server.create(body)
    order_id = first.json()["data"]["id"]
    again = await server.create(body)
    assert (again.status_code, again.json()["data"]["id"]) == (200, order_id)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json()["data"]["payload"]["totals"] == first.json()["data"]["payload"]["totals"]
    other = await server.create(changed(integration_id="W-1", comment="other"))
    assert (other.status_code, other.json()["error"], other.json()["order_id"]) == (
        409,
        "duplicate_integration_id",
        order_id,
    )
    await server.ignore(order_id)
    ignored = await server.create(body)
    assert (ignored.status_code, ignored.json()["error"], ignored.json()["order_id"]) == (
        409,
        "order_already_ignored",
        order_id,
    )
    assert await stored(server) == 1


async def test_concurrent_integration_ids_make_one_order(server: Server):
    """Thirty at once, with different keys."""
    body = changed(integration_id=5)
    answers = await asyncio.gather(*(server.create(body, **{"idempotency-key": f"k{i}"}) for i in range(30)))
    assert sorted(answer.status_code for answer in answers) == [200] * 29 + [201]
    assert len({answer.json()["data"]["id"] for answer in answers}) == 1


async def test_an_integration_id_may_repeat_where_the_client_says_so(server: Server):
    """The setting unique_integration_id, off."""
    loose = await server.client("loose", unique_integration_id=False)
    body = changed(integration_id="W-1")
    assert [(await server.create(body, **loose)).status_code for _ in range(2)] == [201, 201]


async def test_an_identical_numbered_order_within_the_window_is_a_repeat(server: Server):
    """For clients that know no keys."""
    careful = await server.client("careful", duplicate_window_s=60)
    body = changed(order_number="A-1")
    first, second = [await server.create(body, **careful) for _ in range(2)]
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json()["data"]["id"] == first.json()["data"]["id"]
    assert second.headers["idempotent-replayed"] == "true"
    assert (await server.create(changed(order_number="A-2"), **careful)).status_code == 201
    assert (await server.create(changed(order_number="A-1", comment="x"), **careful)).status_code == 201
    assert (await server.create(MINIMAL, **careful)).status_code == 201
    assert (await server.create(MINIMAL, **careful)).status_code == 201
    assert await stored(server) == 5


async def test_ignoring_with_a_key_is_replayed(server: Server):
    """PUT keeps its answer too; another order under the same key is refused."""
    ids = [(await server.create(MINIMAL)).json()["data"]["id"] for _ in range(2)]
    first = await server.ignore(ids[0], **KEY)
    again = await server.ignore(ids[0], **KEY)
    assert (again.status_code, again.content, again.headers["idempotent-replayed"]) == (200, first.content, "true")
    assert (await server.ignore(ids[1], **KEY)).status_code == 422
    at_once = await asyncio.gather(*(server.ignore(ids[1], **{"idempotency-key": "k2"}) for _ in range(20)))
    assert len({answer.content for answer in at_once}) == 1


async def test_deep_nesting_under_a_key_is_a_refusal(server: Server):
    """The digest of a body is taken before the body is checked."""
    for body in (b"[" * 600 + b"]" * 600, b'{"a":' * 900 + b"1" + b"}" * 900):
        answer = await server.create(body, **KEY)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_json")


async def test_an_integration_id_no_store_can_keep_is_refused(server: Server):
    """U+0000 on both stores, with and without a key."""
    body = json.dumps(changed(integration_id="a")).replace('"a"', '"a\\u0000b"').encode()
    for headers in ({}, KEY):
        answer = await server.create(body, **headers)
        assert (answer.status_code, answer.json()["details"][0]["code"]) == (400, "invalid_text")


async def test_ignoring_looks_at_the_key_before_the_body(server: Server):
    """422, not 400, for a key of another request."""
    order_id = (await server.create(MINIMAL, **KEY)).json()["data"]["id"]
    answer = await server.ignore(order_id, {"status": "READY"}, **KEY)
    assert (answer.status_code, answer.json()["error"]) == (422, "idempotency_key_reused")
