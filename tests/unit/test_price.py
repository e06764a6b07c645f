"""Money: contract 14.3 held by examples and by properties over whole orders (decode, check, price, plan)."""

import json
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comanda import demo
from comanda.access.model import Brand, BrandId, Client
from comanda.base.clock import now_micros
from comanda.base.errors import ComandaError
from comanda.base.money import plain, share, to_major, to_minor
from comanda.catalogue.document import parse_document
from comanda.catalogue.snapshot import Snapshot, with_changes
from comanda.orders.check import check_order
from comanda.orders.decode import decode
from comanda.orders.dossier import By
from comanda.orders.lifecycle import Actor
from comanda.orders.model import OrderId, PricedOrder
from comanda.orders.plan import Origin, plan_order
from comanda.orders.price import price_order


def brand(decimals: int = 2) -> Brand:
    """A brand with a currency of some decimals."""
    return Brand(BrandId("b"), "B", True, "AZN", decimals, "AZ", True, 1)


def snapshot() -> Snapshot:
    """A menu on which any product of 1 to 9 may be ordered at any price with modifiers 1 to 9."""
    group = {"id": 1, "name": "G", "modifiers": [{"id": i, "name": "m"} for i in range(1, 10)]}
    document = parse_document(
        {
            "venues": [{"id": 1, "name": "V"}],
            "sale_types": [{"id": 1, "name": "S"}],
            "modifier_groups": [group],
            "products": [{"id": i, "name": "p", "modifier_groups": [1]} for i in range(1, 10)],
        }
    )
    return with_changes(Snapshot(), 1, [item for items in document.resources().values() for item in items])


MENU = snapshot()


def amounts(high: int, places: int):
    """Exact decimals as JSON may write them."""
    return st.integers(0, high * 10**places).map(lambda n: Decimal(n).scaleb(-places))


def lines():
    """Lines with any sensible counts, prices, modifiers."""
    modifier = st.fixed_dictionaries(
        {
            "modifier_id": st.integers(1, 9),
            "modifier_name": st.just("m"),
            "count": st.integers(1, 20),
            "price": amounts(50, 4),
        }
    )
    return st.fixed_dictionaries(
        {
            "product_id": st.integers(1, 9),
            "product_name": st.just("p"),
            "count": st.integers(1, 5000).map(lambda n: Decimal(n).scaleb(-3)) | st.integers(1, 50).map(Decimal),
            "price": amounts(1000, 4),
            "status": st.just("new"),
            "product_hash": st.just(""),
            "portion_size": st.sampled_from([Decimal("0.5"), Decimal(1), Decimal(2)]),
            "modifiers": st.lists(modifier, max_size=4),
        }
    )


BODIES = st.fixed_dictionaries(
    {
        "venue_id": st.just(1),
        "sale_type_id": st.just(1),
        "customer": st.just({"id": 0, "phone": "1", "address": "", "name": "n"}),
        "products": st.lists(lines(), min_size=1, max_size=6),
        "delivery_fee": amounts(100, 4),
        "discount": st.one_of(
            st.fixed_dictionaries({"discount_type": st.just(1), "discount_value": amounts(100, 4)}),
            st.fixed_dictionaries({"discount_type": st.just(2), "discount_value": amounts(5000, 4)}),
            st.just({"discount_type": 0, "discount_value": 7}),
        ),
        "service_charge": st.fixed_dictionaries({"enabled": st.booleans(), "value": amounts(100, 4)}),
    }
)


def encode(body) -> bytes:
    """A body as bytes, its decimals exact."""
    return msgspec.json.Encoder(decimal_format="number").encode(body)


def priced(raw: bytes, decimals: int = 2) -> PricedOrder:
    """A body brought as far as its price."""
    return price_order(check_order(decode(raw), MENU, brand(decimals), None), brand(decimals))


def half_up(value: Fraction) -> int:
    """Rounding by another road: exact fractions."""
    return int(value + Fraction(1, 2)) if value >= 0 else -int(-value + Fraction(1, 2))


def expected(body, decimals: int) -> dict[str, int]:
    """Contract 14.3, written a second time with fractions."""
    unit = 10**decimals
    subtotals = []
    for item in body["products"]:
        price = Fraction(item["price"]) + sum(Fraction(m["price"]) * m["count"] for m in item["modifiers"])
        subtotals.append(half_up(Fraction(item["count"]) * price * unit))
    subtotal = sum(subtotals)
    kind, value = body["discount"]["discount_type"], Fraction(body["discount"]["discount_value"])
    discount = {0: 0, 1: half_up(subtotal * value / 100), 2: min(half_up(value * unit), subtotal)}[kind]
    charge = body["service_charge"]
    service = half_up((subtotal - discount) * Fraction(charge["value"]) / 100) if charge["enabled"] else 0
    fee = half_up(Fraction(body["delivery_fee"]) * unit)
    return {
        "subtotal": subtotal,
        "discount": discount,
        "service": service,
        "total": subtotal - discount + service + fee,
    }


@settings(max_examples=300, deadline=None)
@given(BODIES, st.sampled_from([0, 2, 3]))
def test_sums_close_and_nothing_is_negative(body, decimals):
    """Sum of line totals = subtotal - discount; the total closes; all as an independent computation says."""
    order = priced(encode(body), decimals)
    totals = order.totals
    assert sum(line.total_minor for line in order.lines) == totals.subtotal_minor - totals.discount_minor
    assert sum(line.subtotal_minor for line in order.lines) == totals.subtotal_minor
    assert all(0 <= line.discount_minor <= line.subtotal_minor for line in order.lines)
    assert min(totals.subtotal_minor, totals.discount_minor, totals.service_minor, totals.delivery_minor) >= 0
    found = {
        "subtotal": totals.subtotal_minor,
        "discount": totals.discount_minor,
        "service": totals.service_minor,
        "total": totals.total_minor,
    }
    assert found == expected(body, decimals)


@settings(max_examples=100, deadline=None)
@given(BODIES, st.randoms())
def test_key_order_is_irrelevant(body, random):
    """Shuffled keys price alike."""

    def shuffled(value):
        if isinstance(value, dict):
            keys = list(value)
            random.shuffle(keys)
            return {key: shuffled(value[key]) for key in keys}
        return [shuffled(item) for item in value] if isinstance(value, list) else value

    assert priced(encode(body)).totals == priced(encode(shuffled(body))).totals


@settings(max_examples=100, deadline=None)
@given(BODIES)
def test_no_decimal_passes_through_a_float(body):
    """Every number sent is read back digit by digit, and the stored sums are the computed ones."""
    order = priced(encode(body))
    client = Client(BrandId("b"), "c", "C", "", True, None, frozenset(), frozenset(), "none", True, 0, None)
    origin = Origin(brand(), client, By(Actor.INTEGRATOR, "client:c"), now_micros(), None, ())
    planned = plan_order(order, origin, Snapshot(), OrderId(1), now_micros())
    stored = msgspec.json.Decoder(float_hook=Decimal).decode(planned.order.payload)
    for sent, kept in zip(body["products"], stored["products"], strict=True):
        assert (kept["count"], kept["meta"]["price"]) == (plain(sent["count"]), plain(sent["price"]))
        assert [m["price"] for m in kept["product_modificators"]] == [plain(m["price"]) for m in sent["modifiers"]]
    assert stored["delivery_fee"] == plain(body["delivery_fee"])
    assert to_minor(Decimal(stored["totals"]["total"]), 2) == order.totals.total_minor


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**9), min_size=1, max_size=30))
def test_shares_are_exact_and_within_their_weights(amount, weights):
    """Largest remainder, for any amount up to the whole."""
    amount = min(amount, sum(weights))
    parts = share(amount, weights)
    assert sum(parts) == amount
    assert all(0 <= part <= weight for part, weight in zip(parts, weights, strict=True))


def test_equal_remainders_go_to_the_earlier_line():
    """One cent over three equal lines."""
    assert share(1, [1, 1, 1]) == [1, 0, 0]
    assert share(100, [333, 333, 334]) == [33, 33, 34]


@given(st.decimals(0, 10**9, places=4), st.sampled_from([0, 2, 3]))
def test_rounding_is_half_up(amount, decimals):
    """Against the decimal module's own rounding."""
    wanted = amount.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    assert to_major(to_minor(amount, decimals), decimals) == wanted


def test_the_documented_example_is_19_51():
    """18.00 - 1.80 + 0.81 + 2.50."""
    document = parse_document(
        {
            "venues": [{"id": 1, "name": "Main", "default_terminal_id": 1}],
            "sale_types": [{"id": 2, "name": "Delivery"}],
            "terminals": [{"id": 1, "name": "T", "venue_id": 1}],
            "modifier_groups": [{"id": 50, "name": "Extras", "modifiers": [{"id": 501, "name": "Extra Cheese"}]}],
            "products": [{"id": 101, "name": "Pizza", "modifier_groups": [50]}],
        }
    )
    menu = with_changes(Snapshot(), 1, [item for items in document.resources().values() for item in items])
    order = price_order(check_order(decode(demo.example_bytes("create-order.request")), menu, brand(), None), brand())
    assert order.totals.total_minor == 1951


def test_the_largest_numbers_stay_exact():
    """The widest product of the wire's bounds is refused by its sum, not by a wrong rounding."""
    modifier = {"modifier_id": 1, "modifier_name": "m", "count": 1000, "price": 99999999.9999}
    line = {
        "product_id": 1, "product_name": "p", "count": 9999.999, "price": 999999999.9999, "status": "",
        "product_hash": "", "modifiers": [modifier] * 100,
    }  # fmt: skip
    body = {"venue_id": 1, "sale_type_id": 1, "customer": {"id": 0, "phone": "1", "address": "", "name": "n"}}
    with pytest.raises(ComandaError) as refusal:
        priced(json.dumps({**body, "products": [line]}).encode())
    assert refusal.value.details[0].code == "too_large"
    small = {**line, "count": 0.001, "price": 0.0001, "modifiers": []}
    assert priced(json.dumps({**body, "products": [small]}).encode()).totals.total_minor == 0
