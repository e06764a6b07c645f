"""The receipt endpoints of v2: list, read, patch, close (contract 9.5 to 9.8, 14.4)."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from msgspec import Meta, Struct

from comanda.base import limits
from comanda.base.clock import Micros, now_micros
from comanda.base.errors import ComandaError, Problem
from comanda.base.json import to_json
from comanda.base.numbers import Money, NumberError, read_number
from comanda.http.acting import Action, act, actor_of, house_of, refused_body
from comanda.http.body import read_body
from comanda.http.call import Call, Reply
from comanda.http.hub import Hub
from comanda.http.hub_api import paths
from comanda.http.open_api import query as queries
from comanda.http.open_api.lists import (
    ListRules,
    as_text,
    list_reply,
    number_filters,
    one_of,
    read_listing,
    read_relations,
)
from comanda.http.open_api.scope import active_venue, sees
from comanda.orders.deliver import close, patch, receipt_of
from comanda.orders.dossier import Change, Dossier
from comanda.orders.receipt_view import receipt_object
from comanda.orders.view import envelope
from comanda.receipts.model import OrderStatus, receipt_id_of
from comanda.receipts.pay import Offer, Tender
from comanda.store.receipts import PaidOrder

_AMOUNT = re.compile(r"[0-9]{1,10}(\.[0-9]{1,4})?")


class ReceiptChange(Struct, frozen=True):
    """The four keys that may be written (contract 9.7)."""

    order_status: Literal["NEW", "SCHEDULED", "IN_PROGRESS", "READY", "PICKED_UP", "COMPLETED", "CANCELLED"] | None = (
        None
    )
    order_number: Annotated[str, Meta(pattern=r"\S", max_length=limits.MAX_ORDER_NUMBER)] | None = None
    fiscal_id: Annotated[str, Meta(max_length=limits.MAX_TEXT)] | None = None
    lock: bool | None = None


Amount = Annotated[
    Any,
    Meta(
        description="Major units: a number, or the exact decimal as a string",
        extra_json_schema={"anyOf": [Money.schema(), {"type": "string", "pattern": r"^[0-9]{1,10}(\.[0-9]{1,4})?$"}]},
    ),
]


class ReceiptPayment(Struct, frozen=True):
    """A payment; ``amount`` is a number or an exact decimal string, in major units."""

    id: Annotated[int, Meta(ge=1, le=limits.MAX_ID)]
    name: Annotated[str, Meta(max_length=limits.MAX_TEXT)]
    amount: Amount


class ReceiptPayments(Struct, frozen=True):
    """What is paid; ``closed_at`` is ``YYYY-MM-DD HH:mm:ss`` or ISO 8601, UTC where it names no zone."""

    payment_methods: Annotated[tuple[ReceiptPayment, ...], Meta(max_length=limits.MAX_PAYMENTS)]
    closed_at: str | None = None


def _state(name: str, text: str) -> int:
    if text not in ("1", "2"):
        queries.refuse_parameter(name, "must be 1 (open) or 2 (closed)", text)
    return int(text)


RULES: Final = ListRules(
    sorts=("id", "created_at", "updated_at", "closed_at", "total"),
    filters={
        "status": _state,
        "order_status": one_of(*OrderStatus),
        **number_filters("sale_type_id", "terminal_id", "customer_id"),
        "order_number": as_text,
    },
    relations={
        "receipt_products": (),
        "receipt_products.modificators": (),
        "receipt_products.product.unit": (),
        "receipt_products.product.station": (),
        "receipt_products.modificators.modificator_group": (),
    },
    most=limits.MAX_ORDER_PAGE_SIZE,
)
"""What lists of receipts take (contract 9.5, 14.5); the relations take no column lists."""
STOCK_RULES: Final = ListRules(sorts=("id", "operated_at"), sort="id", dated=False)
"""What lists of a receipt's stock operations take."""


async def list_receipts(call: Call, hub: Hub) -> Reply:
    """A page of the active venue's receipts."""
    listing = read_listing(call, hub, RULES, active_venue(call, hub))
    found, total = await hub.store.list_receipts(call.caller.brand.id, listing)
    house = house_of(call, hub)
    data = [receipt_object(receipt, payload, house, listing.relations) for receipt, payload in found]
    return list_reply(call, listing, RULES, [receipt for receipt, _ in found], data, total)


async def get_receipt(call: Call, hub: Hub) -> Reply:
    """One receipt by its id, brand-wide unless ``x-venue`` is sent."""
    found = await hub.store.find_receipt(call.caller.brand.id, paths.number(call, 3, _not_found))
    return _one(call, hub, found)


async def get_receipt_by_cid(call: Call, hub: Hub) -> Reply:
    """One receipt by its ``cid``; what is no UUID is a 400 (contract 9.6)."""
    try:
        cid = UUID(paths.part(call, 4))
    except ValueError:
        queries.refuse_parameter("cid", "must be a UUID", paths.part(call, 4))
    found = await hub.store.find_receipt(call.caller.brand.id, receipt_id_of(cid))
    return _one(call, hub, found if found is not None and found[0].cid == str(cid) else None)


async def list_stock_operations(call: Call, hub: Hub) -> Reply:
    """What a receipt took from stock (contract 9.9): nothing, since Comanda keeps none."""
    listing = read_listing(call, hub, STOCK_RULES, None)
    found = await hub.store.find_receipt(call.caller.brand.id, paths.number(call, 3, _not_found))
    if found is None or not sees(call, hub)(found[0].venue_id):
        raise _not_found()
    return list_reply(call, listing, STOCK_RULES, [], [], 0)


async def patch_receipt(call: Call, hub: Hub) -> Reply:
    """Change a receipt's writable keys; CANCELLED is the order's move to IGNORE (contract 14.4)."""
    try:
        body = _read_change(call)
    except ComandaError as refusal:
        return await refused_body(call, hub, refusal)
    values: dict[str, str | bool] = {}
    if body.order_number is not None:
        values["order_number"] = body.order_number
    if body.fiscal_id is not None:
        values["fiscal_id"] = body.fiscal_id
    if body.lock is not None:
        values["locked"] = body.lock
    wanted = None if body.order_status is None else OrderStatus(body.order_status)
    house, by = house_of(call, hub), actor_of(call.acting)

    def decide(dossier: Dossier, at: Micros) -> Change:
        return patch(dossier, house, by, at, values, wanted)

    def render(dossier: Dossier, _: bool) -> bytes:
        data = receipt_object(receipt_of(dossier), dossier.order.payload, house, {})
        message = "Operation completed successfully"
        return to_json(envelope(data, started=call.started, now=now_micros(), message=message))

    return await _act(call, hub, decide, render)


async def close_receipt(call: Call, hub: Hub) -> Reply:
    """Take payment for what remains and close the receipt."""
    try:
        tender = _tender(read_body(call, ReceiptPayments, unknown=True))
    except ComandaError as refusal:
        return await refused_body(call, hub, refusal)
    house, by = house_of(call, hub), actor_of(call.acting)

    def decide(dossier: Dossier, at: Micros) -> Change:
        return close(dossier, house, by, at, tender)

    def render(dossier: Dossier, _: bool) -> bytes:
        data = receipt_object(receipt_of(dossier), dossier.order.payload, house, {})
        return to_json(envelope(data, started=call.started, now=now_micros(), message="Receipt closed"))

    return await _act(call, hub, decide, render)


def _one(call: Call, hub: Hub, found: PaidOrder | None) -> Reply:
    wanted = read_relations(call, RULES)
    if found is None or not sees(call, hub)(found[0].venue_id):
        raise _not_found()
    data = receipt_object(found[0], found[1], house_of(call, hub), wanted)
    return Reply(200, to_json(envelope(data, started=call.started, now=now_micros())))


async def _act(call: Call, hub: Hub, decide: Any, render: Any) -> Reply:
    action = Action(
        order_id=paths.number(call, 3, _not_found),
        decide=decide,
        render=render,
        missing=_not_found,
        sees=sees(call, hub),
    )
    return await act(call, hub, action)


def _read_change(call: Call) -> ReceiptChange:
    try:
        return read_body(call, ReceiptChange, unknown=True)
    except ComandaError as refusal:
        if refusal.code != "validation_failed":
            raise
        raise ComandaError(refusal.code, "Invalid field values provided", details=refusal.details) from None


def _tender(body: ReceiptPayments) -> Tender:
    """The payments with exact amounts, and when. Raises ComandaError ``validation_failed`` with every problem."""
    problems: list[Problem] = []
    offers = [
        Offer(payment.id, payment.name, _amount(payment.amount, f"payment_methods[{index}].amount", problems))
        for index, payment in enumerate(body.payment_methods)
    ]
    closed_at = _instant(body.closed_at, problems) if body.closed_at else None
    if problems:
        raise ComandaError("validation_failed", problems[0].message, details=tuple(problems))
    return Tender(tuple(offers), closed_at)


def _amount(value: Any, path: str, problems: list[Problem]) -> Decimal:
    if isinstance(value, str) and _AMOUNT.fullmatch(value):
        number = read_number(value)
        value = int(number) if isinstance(number, Decimal) and number == number.to_integral_value() else number
    try:
        return Money.read(value)
    except NumberError as error:
        problems.append(Problem(path, error.code, f"amount {error.rule}", None if value is None else str(value)[:40]))
        return Decimal(0)


def _instant(text: str, problems: list[Problem]) -> Micros:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or not 1970 <= moment.year <= 9000:
        message = "closed_at must be a time such as 2026-01-20 09:59:54"
        problems.append(Problem("closed_at", "invalid_time", message, text[: limits.MAX_ECHOED_TEXT]))
        return Micros(0)
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return Micros(int(aware.timestamp()) * 1_000_000 + aware.microsecond)


def _not_found() -> ComandaError:
    """The documented 404 of receipts (contract 7)."""
    return ComandaError("not_found", "Receipt not found")
