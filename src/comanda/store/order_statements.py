"""The statements of an order's transaction; each names its brand."""

from typing import Final

from sqlalchemy import and_, bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert as insert_unless_present

from comanda.store.audit import FIRST_VERSION
from comanda.store.order_rows import SELECT_ORDER
from comanda.store.tables import (
    brands,
    customers,
    deadlines,
    idempotency,
    order_claims,
    orders,
    receipts,
    stop_list,
    stop_list_holds,
    ticket_lines,
    tickets,
)
from comanda.store.transaction import InsertMany, SelectMany, Statement

MILLI: Final = 1_000
"""Stop-list quantities are kept in thousandths of a unit."""
_KEY = and_(
    idempotency.c.brand_id == bindparam("brand_id"),
    idempotency.c.actor == bindparam("actor"),
    idempotency.c.key == bindparam("key"),
)
_P_KEY = and_(
    idempotency.c.brand_id == bindparam("p_brand_id"),
    idempotency.c.actor == bindparam("p_actor"),
    idempotency.c.key == bindparam("p_key"),
)
_CLAIM = and_(
    order_claims.c.brand_id == bindparam("brand_id"),
    order_claims.c.client_id == bindparam("client_id"),
    order_claims.c.kind == bindparam("kind"),
    order_claims.c.value == bindparam("value"),
)
_P_CLAIM = and_(
    order_claims.c.brand_id == bindparam("p_brand_id"),
    order_claims.c.client_id == bindparam("p_client_id"),
    order_claims.c.kind == bindparam("p_kind"),
    order_claims.c.value == bindparam("p_value"),
)
INSERT_KEY = InsertMany(
    idempotency,
    lambda insert: insert.on_conflict_do_nothing().returning(
        idempotency.c.brand_id, idempotency.c.actor, idempotency.c.key
    ),
)
_kept = select(
    idempotency.c.status,
    idempotency.c.body,
    idempotency.c.order_id,
    idempotency.c.expires_at,
    idempotency.c.request_sha256,
).where(_KEY)
SELECT_KEY = Statement(_kept)
LOCK_KEY = Statement(_kept.with_for_update())
RENEW_KEY = Statement(
    update(idempotency)
    .where(_P_KEY)
    .values(
        request_sha256=bindparam("p_request_sha256"),
        status=bindparam("p_status"),
        body=bindparam("p_body"),
        order_id=bindparam("p_order_id"),
        expires_at=bindparam("p_expires_at"),
    ),
    returns=False,
)
DELETE_KEY = Statement(delete(idempotency).where(_KEY), returns=False)
INSERT_CLAIM = InsertMany(
    order_claims,
    lambda insert: insert.on_conflict_do_nothing().returning(
        order_claims.c.brand_id, order_claims.c.client_id, order_claims.c.kind, order_claims.c.value
    ),
)
_held = select(order_claims.c.content_sha256, order_claims.c.order_id, order_claims.c.claimed_at).where(_CLAIM)
SELECT_CLAIM = Statement(_held)
LOCK_CLAIM = Statement(_held.with_for_update())
RENEW_CLAIM = Statement(
    update(order_claims)
    .where(_P_CLAIM)
    .values(
        content_sha256=bindparam("p_content_sha256"),
        order_id=bindparam("p_order_id"),
        claimed_at=bindparam("p_claimed_at"),
    ),
    returns=False,
)
DELETE_CLAIM = Statement(
    delete(order_claims).where(_CLAIM, order_claims.c.order_id == bindparam("order_id")), returns=False
)
SELECT_ORDER_BY_ID = Statement(
    SELECT_ORDER.where(orders.c.brand_id == bindparam("brand_id"), orders.c.id == bindparam("id"))
)
_who = (customers.c.brand_id, customers.c.id)
SELECT_CUSTOMER = SelectMany(_who, _who, customers.c.active)
SELECT_BY_PHONE = Statement(
    select(customers.c.id, customers.c.active).where(
        customers.c.brand_id == bindparam("brand_id"), customers.c.phone_e164 == bindparam("phone_e164")
    )
)
REVIVE_CUSTOMER = Statement(
    update(customers)
    .where(customers.c.brand_id == bindparam("p_brand_id"), customers.c.id == bindparam("p_id"))
    .values(active=True, updated_at=bindparam("p_now")),
    returns=False,
)
TAKE_GUEST_ID = Statement(
    update(brands)
    .where(brands.c.brand_id == bindparam("p_brand_id"))
    .values(next_guest_id=brands.c.next_guest_id + 1)
    .returning(brands.c.next_guest_id)
)
_GUEST = (
    "brand_id",
    "id",
    "name",
    "name_folded",
    "phone",
    "phone_e164",
    "phone_digits",
    "address",
    "email",
    "cid",
    "active",
    "created_at",
    "updated_at",
)
INSERT_GUEST = Statement(
    insert_unless_present(customers)
    .values({**{name: bindparam(name) for name in _GUEST}, "version": FIRST_VERSION})
    .on_conflict_do_nothing()
    .returning(customers.c.id)
)
DELETE_GUEST = Statement(
    delete(customers).where(customers.c.brand_id == bindparam("brand_id"), customers.c.id == bindparam("id")),
    returns=False,
)
_listed = (stop_list.c.brand_id, stop_list.c.venue_id, stop_list.c.product_id)
_left = (*_listed, stop_list.c.quantity_milli, stop_list.c.version)
SELECT_STOP_LIST = SelectMany(_left, _listed)
LOCK_STOP_LIST = SelectMany(_left, _listed, lock=True)
SET_STOP_LIST = Statement(
    update(stop_list)
    .where(
        stop_list.c.brand_id == bindparam("p_brand_id"),
        stop_list.c.venue_id == bindparam("p_venue_id"),
        stop_list.c.product_id == bindparam("p_product_id"),
    )
    .values(quantity_milli=bindparam("p_left"), updated_at=bindparam("p_now")),
    returns=False,
)
INSERT_ORDER = InsertMany(orders)
INSERT_RECEIPT = InsertMany(receipts)
INSERT_TICKET = InsertMany(tickets)
INSERT_TICKET_LINE = InsertMany(ticket_lines)
INSERT_DEADLINE = InsertMany(deadlines)
INSERT_HOLD = InsertMany(stop_list_holds)
