"""Step 1: bytes to an `OrderRequest`, whichever of the two bodies was sent.

The typed decoder takes the common case. A body it refuses, or one with unknown keys, goes to the reader that
collects every problem. Both read the same types, and a property test holds that they agree.
"""

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
from msgspec import Struct

from comanda.base import limits
from comanda.base.errors import ComandaError, Problem, invalid
from comanda.base.numbers import Money, read_number
from comanda.base.reading import Reading, nesting, read_struct, text_flaw
from comanda.orders.request import (
    Customer,
    Line,
    Modifier,
    OrderRequest,
    ServiceCharge,
    V1Line,
    V1Meta,
    V1Modifier,
    V1Order,
)


class Decoded(Struct, frozen=True):
    """A request in the v2 form; ``fuller`` when it came as the v1 body, ``stated_total`` what that one claims.

    With ``problems`` the request holds stand-ins in their places: it may be checked further, never priced.
    """

    request: OrderRequest
    problems: tuple[Problem, ...] = ()
    unknown_fields: tuple[str, ...] = ()
    fuller: bool = False
    unequal: tuple[str, ...] = ()
    stated_total: Any = None


def decode(raw: bytes) -> Decoded:
    """Read a body.

    Problems of its form are returned, so that they can be reported with those of its references.
    Raises ComandaError ``invalid_json`` for bytes that are no JSON, ``validation_failed`` for what is neither body.
    """
    request = None if _SUSPECT.search(raw) else _decode_typed(raw)
    return Decoded(request) if request is not None else _read_slowly(parse_json(raw))


def parse_json(raw: bytes) -> Any:
    """The plain value of a JSON text, numbers exact. Raises ComandaError ``invalid_json``."""
    try:
        value = _plain.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise ComandaError("invalid_json", f"The body is not valid JSON: {_first_line(error)}") from error
    if nesting(value) > limits.MAX_NESTING:
        raise ComandaError("invalid_json", f"The body is nested deeper than {limits.MAX_NESTING} levels")
    return value


def v1_path(field: str) -> str:
    """Where a v2 field stands in the v1 body, so that a problem names what the caller wrote."""
    for pattern, replacement in _V1_PATHS:
        if pattern.match(field):
            return pattern.sub(replacement, field)
    return f"payload.{field}"


def _decode_typed(raw: bytes) -> OrderRequest | None:
    """The request when it is sound beyond doubt; None leaves the verdict to the slower reader."""
    try:
        request = _typed.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError):
        return None
    external = (request.integration_id, request.integration_uuid, request.customer_ref_id)
    return None if any(isinstance(value, dict | list) for value in external) else request


def _read_slowly(value: Any) -> Decoded:
    reading = Reading()
    if not isinstance(value, dict):
        reading.refuse("", "wrong_type", "must be an object", value)
        raise invalid(reading.problems)
    fuller = "payload" in value or "customer_id" in value
    simple = [name for name in ("products", "sale_type_id", "venue_id", "customer") if name in value]
    if fuller and simple:
        problem = Problem(simple[0], "mixed_body", f"{simple[0]} belongs to the v2 body, payload to the v1 body")
        raise invalid([problem])
    if fuller:
        return _read_v1(value, reading)
    request = read_struct(OrderRequest, value, "", reading)
    _check_names(reading)
    return Decoded(request, tuple(reading.problems), tuple(reading.unknown))


def _read_v1(value: Any, reading: Reading) -> Decoded:
    body = read_struct(V1Order, value, "", reading)
    _check_names(reading)
    return Decoded(
        _as_v2(body),
        tuple(reading.problems),
        tuple(reading.unknown),
        fuller=True,
        stated_total=_meta(body).orderTotal,
        unequal=tuple(_unequal(body)),
    )


def _meta(body: V1Order) -> V1Meta:
    """``meta`` inside ``payload`` completed by the one beside it."""
    inner, outer = body.payload.meta or V1Meta(), body.meta or V1Meta()
    values = {name: getattr(inner, name) for name in V1Meta.__struct_fields__}
    return V1Meta(**{name: getattr(outer, name) if value is None else value for name, value in values.items()})


def _unequal(body: V1Order) -> Iterator[str]:
    """Where a v1 line's inner product says otherwise than the line, which decides."""
    for index, line in enumerate(body.payload.products):
        inner = line.meta.order_product
        path = f"payload.products[{index}].meta.order_product"
        if inner is None:
            continue
        if inner.count is not None and inner.count != line.count:
            yield f"{path}.count"
        outer = line.product_modificators
        if outer and inner.product_modificators and outer != inner.product_modificators:
            yield f"{path}.product_modificators"


def _check_names(reading: Reading) -> None:
    """Unknown keys are echoed in warnings, so they must be texts that can be stored."""
    for path in reading.unknown:
        if flaw := text_flaw(path):
            reading.refuse("", "invalid_text", f"has a key that {flaw}")


def _as_v2(body: V1Order) -> OrderRequest:
    payload, meta = body.payload, _meta(body)
    discount_type = payload.customer.customer_discount_type
    if discount_type is None:
        discount_type = meta.customer_discount_type
    return OrderRequest(
        sale_type_id=payload.service.sale_type_id,
        venue_id=payload.service.venue_id,
        customer=Customer(
            id=body.customer_id,
            phone=payload.customer.phone,
            address=payload.customer.address,
            name=payload.customer.name,
            customer_discount_type=discount_type,
        ),
        products=tuple(_line_as_v2(line) for line in payload.products),
        auto_accept_terminal=payload.auto_accept_terminal,
        auto_order_accept=payload.auto_order_accept,
        auto_order_sent_to_station=payload.auto_order_sent_to_station,
        order_number=payload.order_number,
        delivery_fee=payload.delivery_fee,
        comment=meta.comment,
        discount=meta.discount,
        service_charge=_charge_as_v2(meta),
        integration_id=body.integration_id,
        integration_uuid=body.integration_uuid,
        customer_ref_id=body.customer_ref_id,
    )


def _charge_as_v2(meta: V1Meta) -> ServiceCharge | None:
    if meta.apply_service_charge is None and meta.service_charge_value is None:
        return None
    return ServiceCharge(enabled=meta.apply_service_charge, value=meta.service_charge_value)


def _line_as_v2(line: V1Line) -> Line:
    inner = line.meta.order_product
    product = inner.product if inner else None
    chosen = line.product_modificators or (inner.product_modificators if inner else None)
    return Line(
        product_id=line.product_id,
        product_name=(product.name if product else None) or "",
        count=line.count,
        price=line.meta.price,
        status=(inner.status if inner else None) or "",
        product_hash=(inner.product_hash if inner else None) or "",
        portion_size=line.portion_size,
        note=line.note or (inner.note if inner else None),
        modifiers=tuple(_modifier_as_v2(modifier) for modifier in chosen or ()),
    )


def _modifier_as_v2(modifier: V1Modifier) -> Modifier:
    return Modifier(
        modifier_id=modifier.modificator_id,
        modifier_name=modifier.name or "",
        count=modifier.count,
        price=modifier.price or Money(0),
        portion_size=modifier.portion_size,
    )


def stated_amount(value: Any) -> Decimal | None:
    """The amount a v1 ``orderTotal`` claims, a number or a text such as ``"16.2000"``; None when it is neither."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str) or len(str(value)) > 40:
        return None
    try:
        amount = Decimal(value)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and amount.adjusted() < 20 else None


def external_id_text(value: Any) -> str | None:
    """An external id as it is kept: a text, or an integer's digits; None when it is neither or empty."""
    if isinstance(value, Decimal) and value.adjusted() < 19 and value == int(value):
        value = int(value)
    text = str(value) if type(value) is int else value
    return text if type(text) is str and text else None


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _read_kind(kind: Any, value: Any) -> Any:
    return kind.read(value)


# Escapes that may spell U+0000 or half a surrogate pair, which no store can keep.
_SUSPECT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_V1_PATHS = (
    (re.compile(r"^(sale_type_id|venue_id)$"), r"payload.service.\1"),
    (re.compile(r"^customer\.id$"), "customer_id"),
    (re.compile(r"^products\[(\d+)\]\.price$"), r"payload.products[\1].meta.price"),
    (re.compile(r"^products\[(\d+)\]\.modifiers$"), r"payload.products[\1].product_modificators"),
    (
        re.compile(r"^products\[(\d+)\]\.modifiers\[(\d+)\]\.modifier_id$"),
        r"payload.products[\1].product_modificators[\2].modificator_id",
    ),
    (
        re.compile(r"^products\[(\d+)\]\.modifiers\[(\d+)\]\.(\w+)$"),
        r"payload.products[\1].product_modificators[\2].\3",
    ),
    (re.compile(r"^(discount.*)$"), r"payload.meta.\1"),
    (re.compile(r"^service_charge(\.value)?$"), "payload.meta.service_charge_value"),
    (re.compile(r"^(integration_id|integration_uuid|customer_ref_id)$"), r"\1"),
)
_typed = msgspec.json.Decoder(OrderRequest, dec_hook=_read_kind, float_hook=read_number)
_plain = msgspec.json.Decoder(float_hook=read_number)
