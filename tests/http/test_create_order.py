"""``POST /orders`` over a real socket, on both stores: the documented answer, every default, every refusal."""

import asyncio
import copy
import json
from decimal import Decimal

import msgspec
import pytest
from msgspec.structs import replace
from sqlalchemy import text
from tests.conftest import Server

from comanda import administration, demo
from comanda.catalogue.document import Document
from comanda.store.transaction import Statement, one

pytestmark = pytest.mark.anyio
DOCUMENTED = demo.example("create-order.request")
MINIMAL = demo.example("create-order.minimal.request")
V1 = demo.example("create-order.v1.request")


def exact(text):
    """JSON with its numbers exact."""
    return msgspec.json.Decoder(float_hook=Decimal).decode(text)


def changed(body, **values):
    """A copy of a body with some top-level fields changed."""
    return {**copy.deepcopy(body), **values}


def line(**values):
    """The minimal body's line, changed."""
    return {**MINIMAL["products"][0], **values}


BAD_VALUES = [
    ({"venue_id": 77}, ("venue_id", "unknown_venue")),
    ({"sale_type_id": "2"}, ("sale_type_id", "wrong_type")),
    ({"sale_type_id": True}, ("sale_type_id", "wrong_type")),
    ({"sale_type_id": 2.5}, ("sale_type_id", "not_whole")),
    ({"sale_type_id": 2**53}, ("sale_type_id", "too_large")),
    ({"customer": None}, ("customer", "wrong_type")),
    ({"products": []}, ("products", "too_few")),
    ({"products": [line()] * 501}, ("products", "too_many")),
    ({"auto_order_accept": "true"}, ("auto_order_accept", "wrong_type")),
    ({"order_number": "x" * 21}, ("order_number", "too_long")),
    ({"comment": "x" * 1001}, ("comment", "too_long")),
    ({"comment": "a\x00b"}, ("comment", "invalid_text")),
    ({"delivery_fee": -1}, ("delivery_fee", "too_small")),
    ({"delivery_fee": 0.12345}, ("delivery_fee", "too_precise")),
    ({"delivery_fee": "2.5"}, ("delivery_fee", "wrong_type")),
    ({"discount": {"discount_type": 3}}, ("discount.discount_type", "too_large")),
    ({"discount": {"discount_type": 1, "discount_value": 101}}, ("discount.discount_value", "too_large")),
    ({"service_charge": {"enabled": True, "value": 101}}, ("service_charge.value", "too_large")),
    ({"products": [line(count=0)]}, ("products[0].count", "must_be_positive")),
    ({"products": [line(count=10001)]}, ("products[0].count", "too_large")),
    ({"products": [line(count=0.0001)]}, ("products[0].count", "too_precise")),
    ({"products": [line(price=10**9 + 1)]}, ("products[0].price", "too_large")),
    ({"products": [line(portion_size=0)]}, ("products[0].portion_size", "must_be_positive")),
    ({"products": [line(count=10000, price=10**9)]}, ("products", "too_large")),
    ({"products": [line(product_id=110)]}, ("products[0].product_id", "product_not_sellable")),
    ({"products": [line(product_id=120, count=13, price=14.9)]}, ("products[0].product_id", "stop_listed")),
    (
        {"products": [line(modifiers=[{"modifier_id": 9, "modifier_name": "x", "count": 1}])]},
        ("products[0].modifiers[0].modifier_id", "unknown_modifier"),
    ),
    (
        {"products": [line(modifiers=[{"modifier_id": 501, "modifier_name": "x", "count": 1.5}])]},
        ("products[0].modifiers[0].count", "not_whole"),
    ),
    ({"customer": {**MINIMAL["customer"], "id": 5}}, ("customer.id", "unknown_customer")),
    ({"customer": {**MINIMAL["customer"], "name": ""}}, ("customer.name", "required")),
    ({"integration_id": "x" * 65}, ("integration_id", "too_long")),
]
"""Changes to the minimal body, each with the one problem it causes."""


async def refusal(server: Server, body) -> list[tuple[str, str]]:
    """The fields and codes a body is refused with, having checked that nothing was stored."""
    before = (await server.get("/orders")).json()["total"]
    answer = await server.create(body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["success"] is False
    assert (await server.get("/orders")).json()["total"] == before
    return [(detail["field"], detail["code"]) for detail in answer.json()["details"]]


async def test_the_documented_request_is_answered_as_documented(server: Server):
    """The example of the contract gives 201, shape A, the inner payload and 19.51."""
    answer = await server.create(demo.example_bytes("create-order.request"))
    documented = demo.example("create-order.response")
    body = exact(answer.text)
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/open-api/v2/orders/{body['data']['id']}"
    assert body.keys() >= documented.keys() | {"time", "timestamp", "unix"}
    assert body["data"].keys() == documented["data"].keys()
    for name in documented["data"].keys() - {"id", "payload", "created_at", "updated_at"}:
        assert body["data"][name] == documented["data"][name], name
    inner = body["data"]["payload"]
    assert inner["status"] == "RECEIVED"
    assert inner["warnings"] == []
    assert inner["totals"] == {
        "currency": "AZN",
        "subtotal": 18,
        "discount": Decimal("1.8"),
        "service_charge": Decimal("0.81"),
        "delivery_fee": Decimal("2.5"),
        "total": Decimal("19.51"),
    }
    assert '"subtotal":18,' in answer.text


async def test_everything_sent_can_be_read_back(server: Server):
    """Each field of the payload stands where v2 stores it."""
    order_id = (await server.create(changed(DOCUMENTED, order_number="A-1024"))).json()["data"]["id"]
    order = exact((await server.get(f"/orders/{order_id}")).text)["data"]
    payload = order["payload"]
    assert order["status"] == "RECEIVED"
    assert order["receive_terminal_id"] == 1
    assert order["received_at"] == order["created_at"]
    assert payload["auto_accept_terminal"] == 1
    assert payload["auto_order_accept"] is True
    assert payload["auto_order_sent_to_station"] is True
    assert payload["order_number"] == "A-1024"
    assert payload["delivery_fee"] == Decimal("2.5")
    assert payload["service"] == {"sale_type_id": 2, "venue_id": 1}
    assert payload["customer"] == DOCUMENTED["customer"]
    assert payload["customer_id"] == 9
    assert payload["sale_type_id"] == 2
    assert payload["meta"] == {
        "comment": "Leave at the door",
        "discount": {"discount_type": 1, "discount_value": 10},
        "apply_service_charge": True,
        "customer_discount_type": 1,
        "service_charge_value": 5,
    }
    modifiers = [
        {"modificator_id": 501, "count": 1, "name": "Extra Cheese", "price": Decimal("0.5"), "portion_size": 1}
    ]
    (found,) = payload["products"]
    assert found == {
        "product_id": 101,
        "count": 2,
        "product_modificators": modifiers,
        "portion_size": 1,
        "note": "No onions",
        "meta": {
            "price": Decimal("8.5"),
            "order_product": {
                "count": 2,
                "status": "new",
                "product_modificators": modifiers,
                "product_hash": "abc123",
                "note": "No onions",
                "product": {"id": 101, "name": "Pizza", "price": Decimal("8.5")},
            },
        },
        "totals": {"subtotal": 18, "discount": Decimal("1.8"), "total": Decimal("16.2")},
    }
    assert payload["totals"]["total"] == Decimal("19.51")


async def test_omitted_fields_read_as_their_documented_defaults(server: Server):
    """The minimal body is stored with every default applied."""
    answer = await server.create(MINIMAL)
    order = (await server.get(f"/orders/{answer.json()['data']['id']}")).json()["data"]
    payload = order["payload"]
    assert order["status"] == answer.json()["data"]["payload"]["status"] == "PENDING"
    assert order["received_at"] is None
    assert (payload["auto_order_accept"], payload["auto_order_sent_to_station"]) == (False, False)
    assert (payload["delivery_fee"], payload["order_number"], payload["auto_accept_terminal"]) == (0, None, None)
    assert payload["meta"] == {
        "comment": None,
        "discount": {"discount_type": 0, "discount_value": 0},
        "apply_service_charge": False,
        "customer_discount_type": 0,
        "service_charge_value": 0,
    }
    assert payload["products"][0]["product_modificators"] == []
    assert payload["products"][0]["portion_size"] == 1
    assert payload["totals"]["total"] == 17


async def test_null_zero_and_empty_count_as_omitted(server: Server):
    """Serialisers that write every key are served as those that leave them out."""
    body = changed(
        MINIMAL,
        auto_accept_terminal=0,
        auto_order_accept=None,
        order_number="",
        comment="",
        delivery_fee=None,
        discount=None,
        service_charge={"enabled": None, "value": None},
        customer={**MINIMAL["customer"], "address": None},
        products=[line(note="", modifiers=None, portion_size=None, product_hash="", status="", count=2.0)],
    )
    answer = await server.create(body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["data"]["payload"]["warnings"] == []
    payload = (await server.get(f"/orders/{answer.json()['data']['id']}")).json()["data"]["payload"]
    assert (payload["order_number"], payload["meta"]["comment"], payload["products"][0]["note"]) == (None, None, None)


async def test_the_v1_body_becomes_the_same_stored_order(server: Server):
    """The fuller body is taken on the same address; its stated total is compared, never charged."""
    answer = await server.create(demo.example_bytes("create-order.v1.request"))
    body = exact(answer.text)
    assert answer.status_code == 201, answer.text
    assert body["data"]["payload"]["totals"]["total"] == Decimal("15.3")
    codes = {(warning["code"], warning["field"]) for warning in body["data"]["payload"]["warnings"]}
    assert codes == {
        ("total_differs", "payload.meta.orderTotal"),
        ("price_differs", "payload.products[0].product_modificators[0].price"),
    }
    stored = exact((await server.get(f"/orders/{body['data']['id']}")).text)["data"]["payload"]
    assert stored["customer"] == {**DOCUMENTED["customer"], "address": None}
    assert stored["products"][0]["product_modificators"][0]["name"] == "Extra Cheese"
    beside = {**V1, "payload": {k: v for k, v in V1["payload"].items() if k != "meta"}, "meta": V1["payload"]["meta"]}
    again = await server.create(beside)
    assert exact(again.text)["data"]["payload"]["totals"]["total"] == Decimal("15.3")


async def test_a_body_that_mixes_v1_and_v2_is_refused(server: Server):
    """Nobody has to guess which half counts."""
    assert await refusal(server, changed(MINIMAL, payload={})) == [("products", "mixed_body")]


async def test_problems_of_a_v1_body_name_its_own_fields(server: Server):
    """The path in a problem is the path the caller wrote."""
    body = copy.deepcopy(V1)
    body["payload"]["products"][0]["product_id"] = 999
    body["payload"]["service"]["venue_id"] = 77
    body["customer_id"] = 12345
    found = await refusal(server, body)
    assert set(found) == {
        ("payload.service.venue_id", "unknown_venue"),
        ("payload.products[0].product_id", "unknown_product"),
        ("customer_id", "unknown_customer"),
    }


async def test_every_problem_is_reported_at_once(server: Server):
    """The documented refusal: each field, its code, a sentence and the value."""
    body = changed(MINIMAL, products=[line(count=0), line(product_id=999)])
    answer = await server.create(body)
    assert answer.status_code == 400
    assert answer.json() == demo.example("create-order.refused")
    two = changed(MINIMAL, sale_type_id=99, products=[line(product_id=999), line(product_id=110), line()])
    assert set(await refusal(server, two)) == {
        ("sale_type_id", "unknown_sale_type"),
        ("products[0].product_id", "unknown_product"),
        ("products[1].product_id", "product_not_sellable"),
    }


async def test_a_product_whose_variants_are_all_off_sale_is_not_sold_itself(server: Server):
    """Nobody can make it, and it has no price of its own."""
    document = await server.hub.store.whole_catalogue(demo.BRAND)
    variants = [replace(product, active=False) for product in document.products if product.parent_id == 110]
    assert variants
    await administration.import_document(server.hub.store, demo.BRAND, Document(products=tuple(variants)))
    await server.hub.known.refresh()
    for venue_id in (1, 2):
        body = changed(MINIMAL, venue_id=venue_id, products=[line(product_id=110)])
        assert await refusal(server, body) == [("products[0].product_id", "product_not_sellable")]


@pytest.mark.parametrize(("values", "expected"), BAD_VALUES)
@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_a_bad_value_is_refused_with_its_field_and_code(server: Server, values, expected):
    """One mistake, one problem, at its path."""
    assert await refusal(server, changed(MINIMAL, **values)) == [expected]


@pytest.mark.parametrize("name", ["sale_type_id", "venue_id", "customer", "products"])
@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_a_missing_required_field_is_named(server: Server, name):
    """Required means required."""
    body = {key: value for key, value in MINIMAL.items() if key != name}
    assert await refusal(server, body) == [(name, "required")]


async def test_shortage_and_unknown_customer_are_reported_with_the_rest(server: Server):
    """What only the store knows is told together with what the body shows."""
    body = changed(
        MINIMAL,
        sale_type_id=99,
        customer={**MINIMAL["customer"], "id": 5},
        products=[line(), line(product_id=120, count=12.501)],
    )
    assert set(await refusal(server, body)) == {
        ("sale_type_id", "unknown_sale_type"),
        ("customer.id", "unknown_customer"),
        ("products[1].product_id", "stop_listed"),
    }


async def test_unknown_keys_are_taken_with_a_warning(server: Server):
    """A misspelt comment does not vanish in silence."""
    body = changed(MINIMAL, coment="x", products=[line(extra=1)])
    answer = await server.create(body)
    warnings = answer.json()["data"]["payload"]["warnings"]
    assert {(w["code"], w["field"]) for w in warnings} == {
        ("unknown_field", "coment"),
        ("unknown_field", "products[0].extra"),
    }


async def test_prices_follow_the_venues_policy(server: Server):
    """trust_caller charges the caller's price, catalogue ours, reject refuses a difference."""
    cheaper = changed(MINIMAL, products=[line(price=7)])
    trusted = (await server.create(cheaper)).json()["data"]["payload"]
    assert (trusted["totals"]["total"], trusted["warnings"][0]["code"]) == (14, "price_differs")
    ours = (await server.create(changed(cheaper, venue_id=2))).json()["data"]["payload"]
    assert (ours["totals"]["total"], ours["warnings"][0]["code"]) == (17, "price_differs")
    await server.import_({"venues": [{"id": 1, "name": "Main", "is_main": True, "price_policy": "reject"}]})
    assert await refusal(server, cheaper) == [("products[0].price", "price_differs")]


async def test_an_unknown_item_is_quarantined_where_the_venue_says_so(server: Server):
    """The order is stored, waits for staff, and is never accepted by itself."""
    await server.import_({"venues": [{"id": 1, "name": "Main", "is_main": True, "unknown_item_policy": "quarantine"}]})
    answer = await server.create(changed(DOCUMENTED, products=[line(product_id=999), line()]))
    assert answer.status_code == 201
    assert answer.json()["data"]["payload"]["status"] == "PENDING"
    order = (await server.get(f"/orders/{answer.json()['data']['id']}")).json()["data"]
    assert (order["needs_attention"], order["status"]) == (True, "PENDING")


async def test_an_unknown_modifier_is_kept_as_a_note_where_the_venue_says_so(server: Server):
    """It stays on the order, charged as sent, and is legible in the line's note."""
    await server.import_(
        {"venues": [{"id": 1, "name": "Main", "is_main": True, "unknown_modifier_policy": "keep_as_note"}]}
    )
    odd = {"modifier_id": 9, "modifier_name": "Extra love", "count": 2, "price": 1}
    answer = await server.create(changed(MINIMAL, products=[line(note="hot", modifiers=[odd])]))
    payload = (await server.get(f"/orders/{answer.json()['data']['id']}")).json()["data"]["payload"]
    assert payload["products"][0]["note"] == "hot; 2 x Extra love"
    assert payload["totals"]["total"] == 21


async def test_modifier_rules_warn_or_refuse(server: Server):
    """More choices than a group allows."""
    six = [{"modifier_id": 501, "modifier_name": "Extra Cheese", "count": 6, "price": 0.5}]
    answer = await server.create(changed(MINIMAL, products=[line(modifiers=six)]))
    assert [w["code"] for w in answer.json()["data"]["payload"]["warnings"]] == ["modifier_rules"]
    await server.import_({"venues": [{"id": 1, "name": "Main", "is_main": True, "modifier_rules_policy": "reject"}]})
    assert await refusal(server, changed(MINIMAL, products=[line(modifiers=six)])) == [
        ("products[0].modifiers", "modifier_rules")
    ]


async def test_an_absent_service_charge_may_come_from_the_sale_type(server: Server):
    """Filled only where the venue says so, only when absent, with a warning."""
    await server.import_(
        {"venues": [{"id": 1, "name": "Main", "is_main": True, "service_charge_default": "sale_type"}]}
    )
    filled = (await server.create(changed(MINIMAL, sale_type_id=1))).json()["data"]["payload"]
    assert (filled["totals"]["service_charge"], filled["warnings"][0]["code"]) == (1.7, "service_charge_applied")
    stated = changed(MINIMAL, sale_type_id=1, service_charge={"enabled": False})
    assert (await server.create(stated)).json()["data"]["payload"]["totals"]["service_charge"] == 0


async def test_a_bad_terminal_never_refuses_an_order(server: Server):
    """The default terminal accepts instead; without one the order stays PENDING."""
    answer = (await server.create(changed(DOCUMENTED, auto_accept_terminal=99))).json()["data"]
    assert answer["payload"]["status"] == "RECEIVED"
    assert [w["code"] for w in answer["payload"]["warnings"]] == ["terminal_unavailable"]
    await server.import_({"venues": [{"id": 1, "name": "Main", "is_main": True}]})
    answer = (await server.create(changed(DOCUMENTED, auto_accept_terminal=99))).json()["data"]
    assert answer["payload"]["status"] == "PENDING"
    nobody = (await server.create(changed(DOCUMENTED, auto_accept_terminal=None))).json()["data"]
    order = (await server.get(f"/orders/{nobody['id']}")).json()["data"]
    assert (order["status"], order["receive_terminal_id"]) == ("RECEIVED", None)


async def test_a_closed_venue_and_a_disabled_sale_type_refuse(server: Server):
    """Each has its own code."""
    await server.import_(
        {
            "venues": [{"id": 1, "name": "Main", "is_main": True, "accepting_orders": False}],
            "sale_types": [{"id": 2, "name": "Delivery", "disabled_venues": [1]}],
        }
    )
    assert set(await refusal(server, MINIMAL)) == {
        ("venue_id", "venue_not_accepting"),
        ("sale_type_id", "sale_type_disabled"),
    }


async def test_a_differing_venue_header_is_a_warning(server: Server):
    """The body decides."""
    answer = await server.create(MINIMAL, **{"x-venue": "2"})
    assert answer.json()["data"]["venue_id"] == 1
    assert [w["code"] for w in answer.json()["data"]["payload"]["warnings"]] == ["venue_header_differs"]


async def test_a_guest_is_created_once_by_phone_where_the_client_says_so(server: Server):
    """Twenty orders at once from one phone, however written, are one customer; the default makes none."""
    headers = await server.client("guests", guest_customers="match")
    guest = changed(MINIMAL, customer={"id": 0, "phone": "050 765 43 21", "address": "", "name": "Guest"})
    other = changed(guest, customer={**guest["customer"], "phone": "+994 50 765-43-21"})
    answers = await asyncio.gather(*(server.create(body, **headers) for body in [guest, other] * 10))
    ids = [answer.json()["data"]["id"] for answer in answers]
    people = {(await server.get(f"/orders/{i}?with[0]=customer")).json()["data"]["customer_id"] for i in ids}
    assert len(people) == 1
    assert 0 not in people
    plain = await server.create(guest)
    assert (await server.get(f"/orders/{plain.json()['data']['id']}")).json()["data"]["customer_id"] == 0


async def test_a_retired_customer_who_orders_again_is_one_again(server: Server):
    """Found by the phone next time, and taken where an order states the id."""
    headers = await server.client("guests", guest_customers="match")
    guest = changed(MINIMAL, customer={"id": 0, "phone": "050 765 43 21", "address": "", "name": "Guest"})

    async def order() -> int:
        made = (await server.create(guest, **headers)).json()["data"]["id"]
        return (await server.get(f"/orders/{made}?with[0]=customer")).json()["data"]["customer_id"]

    customer_id = await order()
    await server.import_(
        {"customers": [{"id": customer_id, "name": "Guest", "phone": "+994507654321", "active": False}]}
    )
    stated = changed(MINIMAL, customer={**MINIMAL["customer"], "id": customer_id})
    assert (await server.create(stated)).status_code == 400
    assert await order() == customer_id
    assert (await server.create(stated)).status_code == 201


@pytest.mark.parametrize("number", ["", " ", "\u00a0 "])
async def test_a_number_of_blanks_is_none(server: Server, number: str):
    """The order gets one by which it can be called."""
    answer = await server.create(changed(MINIMAL, order_number=number, auto_order_accept=True))
    receipt = await server.get(f"/receipts/{answer.json()['data']['id']}")
    assert receipt.json()["data"]["order_number"].strip()


async def test_a_phone_that_is_none_is_kept_with_a_warning(server: Server):
    """Never a refusal."""
    answer = await server.create(changed(MINIMAL, customer={**MINIMAL["customer"], "phone": "call me"}))
    assert answer.status_code == 201
    assert [w["code"] for w in answer.json()["data"]["payload"]["warnings"]] == ["phone_not_normalised"]


async def test_external_identity_is_echoed_and_odd_values_are_warned_of(server: Server):
    """integration_id, integration_uuid and customer_ref_id come back in their documented fields."""
    body = changed(
        MINIMAL, integration_id=77, integration_uuid="96AB5D26-d6bb-4976-a6f8-9e8806ef6aa5", customer_ref_id=[1]
    )
    data = (await server.create(body)).json()["data"]
    assert (data["integration_id"], data["customer_ref_id"]) == ("77", None)
    assert data["integration_uuid"] == "96ab5d26-d6bb-4976-a6f8-9e8806ef6aa5"
    assert [w["code"] for w in data["payload"]["warnings"]] == ["ignored_value"]


async def test_a_v1_body_loses_nothing_it_states_in_its_second_place(server: Server):
    """Modifiers only in order_product, meta in both places: used; a contradiction: the line decides, with a warning."""
    body = copy.deepcopy(V1)
    line = body["payload"]["products"][0]
    line["meta"]["order_product"]["count"] = 3
    line["product_modificators"] = []
    body["meta"] = {"comment": "Outer", "discount": {"discount_type": 2, "discount_value": 1}}
    body["payload"]["meta"] = {"apply_service_charge": True, "service_charge_value": 10}
    answer = await server.create(body)
    codes = {(w["code"], w["field"]) for w in answer.json()["data"]["payload"]["warnings"]}
    assert ("ignored_value", "payload.products[0].meta.order_product.count") in codes
    payload = exact((await server.get(f"/orders/{answer.json()['data']['id']}")).text)["data"]["payload"]
    assert payload["products"][0]["product_modificators"][0]["modificator_id"] == 501
    assert (payload["meta"]["comment"], payload["meta"]["discount"]["discount_type"]) == ("Outer", 2)
    assert payload["totals"]["total"] == Decimal("17.6")


async def test_a_quarantined_order_has_no_terminal_and_events_name_the_matched_guest(server: Server):
    """What a reader is shown is what happened."""
    await server.import_({"venues": [{"id": 1, "name": "Main", "is_main": True, "unknown_item_policy": "quarantine"}]})
    answer = await server.create(changed(DOCUMENTED, products=[line(product_id=999)]))
    order = (await server.get(f"/orders/{answer.json()['data']['id']}")).json()["data"]
    assert order["receive_terminal_id"] is None
    guests = await server.client("guests", guest_customers="match", venues=(1,))
    body = changed(MINIMAL, customer={"id": 0, "phone": "0507654321", "address": "", "name": "Guest"})
    order_id = (await server.create(body, **guests)).json()["data"]["id"]
    customer_id = (await server.get(f"/orders/{order_id}")).json()["data"]["customer_id"]

    def build():
        found = yield one(Statement(text(f"SELECT data FROM events WHERE order_id = {order_id}")))
        return [json.loads(row[0])["customer_id"] for row in found]

    assert await server.hub.store.read(build) == [customer_id]
    assert customer_id > 10**9
