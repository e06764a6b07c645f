"""The tables of both programs, as the ORM declares them. Money is minor units, instants are UTC microseconds.

Rows written with every order carry no foreign keys: Comanda's do not either, and each would cost PostgreSQL a shared
lock on a venue that every other order wants too. The menu, written rarely, has them.
"""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Identity, Index, Integer, Table, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

ORDER_IDS = "orders_id_seq"
"""The sequence behind ``orders.id`` on PostgreSQL, under the name that PostgreSQL itself gives it."""


class Base(DeclarativeBase):
    """The declarative base; its metadata is the schema."""

    type_annotation_map = {int: BigInteger, str: Text}  # noqa: RUF012 - read once by SQLAlchemy


class Brand(Base):
    """A chain of restaurants; ``catalogue_version`` rises with every change of its menu."""

    __tablename__ = "brands"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    currency: Mapped[str]
    enabled: Mapped[bool]
    catalogue_version: Mapped[int]


class Integrator(Base):
    """A third party that calls for many brands."""

    __tablename__ = "integrators"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    enabled: Mapped[bool]


class Client(Base):
    """One credential of a brand."""

    __tablename__ = "clients"
    brand_id: Mapped[str] = mapped_column(ForeignKey("brands.id"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    enabled: Mapped[bool]


class Venue(Base):
    """A restaurant; ``price_policy`` is ``trust_caller``, ``catalogue`` or ``reject``."""

    __tablename__ = "venues"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    brand_id: Mapped[str] = mapped_column(ForeignKey("brands.id"))
    name: Mapped[str]
    active: Mapped[bool]
    accepting_orders: Mapped[bool]
    price_policy: Mapped[str]
    default_terminal_id: Mapped[int | None]


class Terminal(Base):
    """A till of a venue."""

    __tablename__ = "terminals"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venues.id"))
    name: Mapped[str]
    active: Mapped[bool]


class SaleType(Base):
    """How an order is served."""

    __tablename__ = "sale_types"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    brand_id: Mapped[str] = mapped_column(ForeignKey("brands.id"))
    name: Mapped[str]
    system_type: Mapped[str]
    active: Mapped[bool]


class VenueSaleType(Base):
    """A sale type enabled at a venue."""

    __tablename__ = "venue_sale_types"
    venue_id: Mapped[int] = mapped_column(ForeignKey("venues.id"), primary_key=True)
    sale_type_id: Mapped[int] = mapped_column(ForeignKey("sale_types.id"), primary_key=True)


product_modifier_groups = Table(
    "product_modifier_groups",
    Base.metadata,
    Column("product_id", ForeignKey("products.id"), primary_key=True),
    Column("group_id", ForeignKey("modifier_groups.id"), primary_key=True),
)


class Modifier(Base):
    """One choice of a group."""

    __tablename__ = "modifiers"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    group_id: Mapped[int] = mapped_column(ForeignKey("modifier_groups.id"), index=True)
    name: Mapped[str]
    price_minor: Mapped[int]
    active: Mapped[bool]


class ModifierGroup(Base):
    """Choices offered with products; ``max_select`` 0 means no upper bound."""

    __tablename__ = "modifier_groups"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    brand_id: Mapped[str] = mapped_column(ForeignKey("brands.id"))
    name: Mapped[str]
    min_select: Mapped[int]
    max_select: Mapped[int]
    active: Mapped[bool]
    modifiers: Mapped[list[Modifier]] = relationship()


class Product(Base):
    """Something sold. What orders would have to look up, variants and their groups, is settled when it is written."""

    __tablename__ = "products"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    brand_id: Mapped[str] = mapped_column(ForeignKey("brands.id"))
    name: Mapped[str]
    price_minor: Mapped[int]
    active: Mapped[bool]
    has_variants: Mapped[bool]
    modifier_groups: Mapped[list[ModifierGroup]] = relationship(secondary=product_modifier_groups)


class VenueOffer(Base):
    """A product's exception at one venue: not offered there, or at another price."""

    __tablename__ = "venue_offers"
    venue_id: Mapped[int] = mapped_column(ForeignKey("venues.id"), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), primary_key=True)
    available: Mapped[bool]
    price_minor: Mapped[int | None]


class Customer(Base):
    """A person who orders."""

    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    brand_id: Mapped[str] = mapped_column(ForeignKey("brands.id"))
    name: Mapped[str]
    phone: Mapped[str | None]
    address: Mapped[str | None]
    active: Mapped[bool]


class StopListEntry(Base):
    """What is left of a product at a venue, in thousandths."""

    __tablename__ = "stop_list"
    __table_args__ = (CheckConstraint("quantity_milli >= 0", name="quantity_not_negative"),)
    venue_id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(primary_key=True)
    quantity_milli: Mapped[int]
    version: Mapped[int]
    updated_at: Mapped[int]


class StopListHold(Base):
    """What an order took from a stop list."""

    __tablename__ = "stop_list_holds"
    order_id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(primary_key=True)
    venue_id: Mapped[int]
    quantity_milli: Mapped[int]
    version: Mapped[int]


class Order(Base):
    """An order with the columns of Comanda's ``orders``."""

    __tablename__ = "orders"
    __table_args__ = (
        Index("ix_orders_created", "brand_id", "venue_id", "created_at", "id"),
        Index("ix_orders_status", "brand_id", "venue_id", "status", "created_at", "id"),
        Index("ix_orders_integration_id", "brand_id", "integration_id"),
    )
    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), Identity(), primary_key=True, autoincrement=True
    )
    brand_id: Mapped[str]
    venue_id: Mapped[int]
    client_id: Mapped[str]
    status: Mapped[str]
    needs_attention: Mapped[bool]
    sale_type_id: Mapped[int]
    customer_id: Mapped[int]
    phone_e164: Mapped[str | None]
    order_number: Mapped[str | None]
    integration_id: Mapped[str | None]
    integration_uuid: Mapped[str | None]
    customer_ref_id: Mapped[str | None]
    receive_terminal_id: Mapped[int | None]
    subtotal_minor: Mapped[int]
    discount_minor: Mapped[int]
    service_minor: Mapped[int]
    delivery_minor: Mapped[int]
    total_minor: Mapped[int]
    payload: Mapped[str]
    created_at: Mapped[int]
    received_at: Mapped[int | None]
    updated_at: Mapped[int]
    event_sequence: Mapped[int] = mapped_column(Integer)


class IdempotencyRecord(Base):
    """The first answer given under an ``Idempotency-Key``."""

    __tablename__ = "idempotency"
    __table_args__ = (Index("ix_idempotency_expires", "brand_id", "expires_at"),)
    brand_id: Mapped[str] = mapped_column(primary_key=True)
    actor: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_sha256: Mapped[str]
    status: Mapped[int] = mapped_column(Integer)
    body: Mapped[str]
    order_id: Mapped[int]
    expires_at: Mapped[int]


class VenueCounter(Base):
    """The last event number given out at a venue. Its row is locked last, so that it is held shortest."""

    __tablename__ = "venue_counters"
    venue_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_event: Mapped[int]


class Event(Base):
    """Something that happened, numbered without gaps at its venue."""

    __tablename__ = "events"
    __table_args__ = (Index("ix_events_order", "brand_id", "order_id"),)
    venue_id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    brand_id: Mapped[str]
    order_id: Mapped[int]
    order_sequence: Mapped[int] = mapped_column(Integer)
    type: Mapped[str]
    data: Mapped[str]
    created_at: Mapped[int]
