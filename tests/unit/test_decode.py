"""Reading bodies: the typed decoder and the collecting reader agree; hostile JSON is refused, never fatal."""

import copy
import json
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comanda import demo
from comanda.base import limits
from comanda.base.canonical import content_sha256
from comanda.base.errors import ComandaError
from comanda.base.numbers import Count, Money, NumberError, Percent, read_number
from comanda.orders.decode import _decode_typed, _read_slowly, decode, parse_json, v1_path
from comanda.orders.request import OrderRequest

DOCUMENTED = demo.example("create-order.request")
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=30),
    st.sampled_from([0, 1, -1, 0.5, 101.0, 1e9, 2**53, 2**53 - 1, "", "2.5", 0.0001, 0.00001, 1e-7]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def paths(value, at=()):
    """Every place in a body."""
    yield at
    if isinstance(value, dict):
        for key, item in value.items():
            yield from paths(item, (*at, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from paths(item, (*at, index))


PLACES = [path for path in paths(DOCUMENTED) if path]


def replaced(body, path, value, *, drop=False):
    """A copy of a body with one place changed or removed."""
    copied = copy.deepcopy(body)
    target = copied
    for step in path[:-1]:
        target = target[step]
    if drop and isinstance(target, dict):
        del target[path[-1]]
    else:
        target[path[-1]] = value
    return copied


@settings(max_examples=1000, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PLACES), VALUES, st.booleans()), max_size=3))
def test_both_readers_agree(changes):
    """Whatever the typed decoder takes, the collecting reader takes too, and reads the same."""
    body = DOCUMENTED
    for path, value, drop in changes:
        try:
            body = replaced(body, path, value, drop=drop)
        except (KeyError, IndexError, TypeError):
            continue
    raw = json.dumps(body, ensure_ascii=False).encode(errors="surrogatepass")
    fast = _decode_typed(raw)
    if fast is None:
        return
    slow = _read_slowly(parse_json(raw))
    assert slow.problems == ()
    assert slow.unknown_fields == ()
    assert slow.request == fast


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=200) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_read_or_refused(raw):
    """Never another exception than ours."""
    try:
        decode(raw)
    except ComandaError as error:
        assert error.code in ("invalid_json", "validation_failed")


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[" * 100_000, b'{"a":1}x', b'{"a":NaN}', b'{"a":Infinity}', b'{"a":"\xff"}', b"\xef\xbb\xbf{}",
     b'{"a":"\\ud800"}', b'{"a":' + b"9" * 5000 + b"}", b'{"a":01}', b"{'a':1}", b'{"x":' + b"[" * 16 + b"]" * 16 + b"}"],
)  # fmt: skip
def test_bytes_that_are_no_json_we_take_are_refused(raw):
    """invalid_json with a sentence."""
    with pytest.raises(ComandaError) as refusal:
        parse_json(raw)
    assert refusal.value.code == "invalid_json"


def test_of_duplicate_keys_the_last_wins():
    """In both readers."""
    raw = json.dumps(DOCUMENTED).encode()[:-1] + b', "venue_id": 2}'
    assert decode(raw).request.venue_id == 2
    assert decode(raw[:-1] + b', "odd": 1}').request.venue_id == 2


def test_escaped_text_is_read_like_plain_text():
    """Serialisers that escape everything; pairs of surrogates are one character."""
    body = {**DOCUMENTED, "comment": "Bakı 🍕"}
    assert decode(json.dumps(body).encode()) == decode(json.dumps(body, ensure_ascii=False).encode())


@pytest.mark.parametrize(
    ("kind", "text", "code"),
    [
        (Money, "1.00000", None), (Money, "1.00001", "too_precise"), (Money, "1e9", None), (Money, "1.1e9", "too_large"),
        (Money, "-0.0", None), (Money, "-0.01", "too_small"), (Money, "1e400000000", "too_large"),
        (Money, "1e-400000000", "too_precise"), (Money, "1e99999999999999999999", "too_precise"),
        (Money, "123456789.1234567", "too_precise"), (Count, "0.001", None), (Count, "0.0001", "too_precise"),
        (Count, "0.0", "must_be_positive"), (Percent, "100.0", None), (Percent, "100.0001", "too_large"),
    ],
)  # fmt: skip
def test_numbers_are_bounded_before_any_arithmetic(kind, text, code):
    """Checked on the text; trailing zeros are no decimals."""
    try:
        kind.read(read_number(text))
    except NumberError as error:
        assert error.code == code
    else:
        assert code is None


@given(st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12))
def test_the_same_content_has_the_same_digest(value):
    """Key order and spelling make no difference; another value does."""
    raw = json.dumps(value).encode()
    again = msgspec.json.Encoder(order="sorted").encode(json.loads(raw))
    assert content_sha256(raw) == content_sha256(again)
    assert content_sha256(raw) != content_sha256(json.dumps([value, 1]).encode())


@pytest.mark.parametrize(
    ("one", "other"),
    [("1", "1.0"), ("100", "1e2"), ("0", "-0.0"), ("8.5", "85e-1"), ("8.5", "8.500"), ("12e20", "1200000000000000000000"),
     ("1e18", "1000000000000000000"), ("-5", "-5.0"), ("0.1", "1E-1")],
)  # fmt: skip
def test_numbers_are_compared_by_value(one, other):
    """However they are spelt."""
    assert content_sha256(one.encode()) == content_sha256(other.encode())
    assert content_sha256(one.encode()) != content_sha256(f'"{one}"'.encode())


def test_the_bounds_of_the_schema_are_the_bounds_of_the_decoder():
    """OpenAPI and decoder cannot drift: both come from the types, and the types from base/limits.py."""
    from comanda.access.routes import ROUTES
    from comanda.http.openapi import openapi_document

    schemas = openapi_document(ROUTES)["components"]["schemas"]
    line, order = schemas["Line"]["properties"], schemas["OrderRequest"]["properties"]
    assert line["count"] == {
        "type": "number",
        "exclusiveMinimum": 0,
        "maximum": int(limits.MAX_COUNT),
        "multipleOf": 0.001,
    }
    assert line["price"]["maximum"] == int(limits.MAX_MONEY)
    assert line["price"]["multipleOf"] == float(Decimal(1).scaleb(-limits.MAX_DECIMALS))
    assert line["product_id"] == {"type": "integer", "minimum": 1, "maximum": limits.MAX_ID}
    assert line["product_name"]["maxLength"] == limits.MAX_TEXT
    assert (order["products"]["minItems"], order["products"]["maxItems"]) == (1, limits.MAX_LINES)
    assert order["order_number"]["anyOf"][0]["maxLength"] == limits.MAX_ORDER_NUMBER
    assert order["comment"]["anyOf"][0]["maxLength"] == limits.MAX_NOTE
    modifiers = line["modifiers"]["anyOf"][0]
    assert modifiers["maxItems"] == limits.MAX_MODIFIERS
    assert schemas["Modifier"]["properties"]["count"]["maximum"] == limits.MAX_MODIFIER_COUNT
    assert set(schemas["OrderRequest"]["required"]) == {"sale_type_id", "venue_id", "customer", "products"}
    assert OrderRequest.__struct_fields__ == tuple(name for name in order if name not in ("payload", "customer_id"))


def test_v1_paths_name_what_the_caller_wrote():
    """Each v2 field has its place in the v1 body."""
    assert (
        v1_path("products[3].modifiers[1].modifier_id") == "payload.products[3].product_modificators[1].modificator_id"
    )
    assert v1_path("products[0].price") == "payload.products[0].meta.price"
    assert v1_path("discount.discount_value") == "payload.meta.discount.discount_value"
    assert v1_path("customer.phone") == "payload.customer.phone"
