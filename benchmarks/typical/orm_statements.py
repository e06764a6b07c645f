"""The queries of `orm_app`, built once: building one costs more than running it from SQLAlchemy's cache."""

from typing import Any

from sqlalchemy import BigInteger, and_, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import aliased, joinedload

from benchmarks.typical.models import (
    Brand,
    Client,
    Customer,
    IdempotencyRecord,
    Integrator,
    ModifierGroup,
    Product,
    SaleType,
    StopListEntry,
    Terminal,
    Venue,
    VenueCounter,
    VenueOffer,
    VenueSaleType,
)

_WantedTerminal = aliased(Terminal)
_DefaultTerminal = aliased(Terminal)
SELECT_REFERENCES = (
    select(
        Venue.accepting_orders,
        Venue.price_policy,
        Venue.default_terminal_id,
        SaleType.active,
        VenueSaleType.venue_id.is_not(None),
        _WantedTerminal.id,
        _DefaultTerminal.id,
        Customer.id,
    )
    .select_from(Venue)
    .outerjoin(SaleType, and_(SaleType.id == bindparam("sale_type_id"), SaleType.brand_id == bindparam("brand_id")))
    .outerjoin(VenueSaleType, and_(VenueSaleType.venue_id == Venue.id, VenueSaleType.sale_type_id == SaleType.id))
    .outerjoin(
        _WantedTerminal,
        and_(
            _WantedTerminal.id == bindparam("terminal_id", type_=BigInteger),
            _WantedTerminal.venue_id == Venue.id,
            _WantedTerminal.active,
        ),
    )
    .outerjoin(
        _DefaultTerminal,
        and_(
            _DefaultTerminal.id == Venue.default_terminal_id,
            _DefaultTerminal.venue_id == Venue.id,
            _DefaultTerminal.active,
        ),
    )
    .outerjoin(
        Customer,
        and_(Customer.id == bindparam("customer_id"), Customer.brand_id == bindparam("brand_id"), Customer.active),
    )
    .where(Venue.id == bindparam("venue_id"), Venue.brand_id == bindparam("brand_id"), Venue.active)
)
# Joined, not select-in loading: groups are small, and a second query costs half a millisecond more than wider rows.
SELECT_PRODUCTS = (
    select(Product, VenueOffer)
    .outerjoin(VenueOffer, and_(VenueOffer.product_id == Product.id, VenueOffer.venue_id == bindparam("venue_id")))
    .where(Product.id.in_(bindparam("product_ids", expanding=True)), Product.brand_id == bindparam("brand_id"))
    .options(joinedload(Product.modifier_groups).joinedload(ModifierGroup.modifiers))
)
LOCK_STOP_LIST = (
    select(StopListEntry)
    .where(
        StopListEntry.venue_id == bindparam("venue_id"),
        StopListEntry.product_id.in_(bindparam("product_ids", expanding=True)),
    )
    .order_by(StopListEntry.product_id)
    .with_for_update()
)
COUNT_EVENTS = (
    update(VenueCounter)
    .where(VenueCounter.venue_id == bindparam("of_venue_id"))
    .values(last_event=VenueCounter.last_event + bindparam("events"))
    .returning(VenueCounter.last_event)
    .execution_options(synchronize_session=False)
)


def _claim_key_statement(insert: Any) -> Any:
    """Insert a record, or take over a lapsed one; no row comes back when the key is taken."""
    table = IdempotencyRecord.__table__
    row = insert(table).values({column: bindparam(column.name) for column in table.columns})
    kept = ("request_sha256", "status", "body", "order_id", "expires_at")
    return row.on_conflict_do_update(
        index_elements=table.primary_key,
        set_={name: row.excluded[name] for name in kept},
        where=table.c.expires_at <= bindparam("now"),
    ).returning(table.c.order_id)


CLAIM_KEY = {"postgresql": _claim_key_statement(postgresql_insert), "sqlite": _claim_key_statement(sqlite_insert)}
SELECT_CALLER = (
    select(Brand.currency)
    .join(Client, Client.brand_id == Brand.id)
    .join(Integrator, Integrator.id == bindparam("integrator_id"))
    .where(
        Brand.id == bindparam("brand_id"),
        Client.id == bindparam("client_id"),
        Brand.enabled,
        Client.enabled,
        Integrator.enabled,
    )
)
