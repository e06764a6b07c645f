"""The only schema. Every primary and unique key begins with ``brand_id``; a test walks this file to hold it.

The exceptions are reference data of the whole installation: `integrators`, `signing_keys`, `installation`.
Instants are UTC microseconds, money is minor units, stop-list quantities are thousandths, documents are JSON texts.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)

metadata = MetaData(naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s"})


def _brand() -> Column[str]:
    return Column("brand_id", Text, nullable=False)


def _text(name: str, *, null: bool = False) -> Column[str]:
    return Column(name, Text, nullable=null)


def _big(name: str, *, null: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=null)


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False)


installation = Table(
    "installation",
    metadata,
    _text("name"),
    _big("value"),
    PrimaryKeyConstraint("name"),
)
"""Counters of the installation: ``next_order_id``; and ``changes``, raised by every change that processes remember."""

integrators = Table(
    "integrators",
    metadata,
    _text("integrator_id"),
    _text("name"),
    _flag("is_test"),
    _flag("enabled"),
    PrimaryKeyConstraint("integrator_id"),
)

signing_keys = Table(
    "signing_keys",
    metadata,
    _text("kid"),
    _text("secret"),
    _big("created_s"),
    PrimaryKeyConstraint("kid"),
)

brands = Table(
    "brands",
    metadata,
    _brand(),
    _text("name"),
    _flag("is_test"),
    _text("currency"),
    Column("decimals", Integer, nullable=False),
    _text("region"),
    _flag("enabled"),
    _big("catalogue_version"),
    _big("next_guest_id"),
    PrimaryKeyConstraint("brand_id"),
)

clients = Table(
    "clients",
    metadata,
    _brand(),
    _text("client_id"),
    _text("name"),
    _text("secret_sha256"),
    _flag("enabled"),
    _big("venue_id", null=True),
    _text("venues"),
    _text("scopes"),
    _text("guest_customers"),
    _flag("unique_integration_id"),
    Column("duplicate_window_s", Integer, nullable=False),
    Column("quota_per_minute", Integer, nullable=True),
    PrimaryKeyConstraint("brand_id", "client_id"),
)

staff = Table(
    "staff",
    metadata,
    _brand(),
    _text("username"),
    _text("name"),
    _text("role"),
    _text("venues"),
    _text("password_hash"),
    _flag("enabled"),
    PrimaryKeyConstraint("brand_id", "username"),
)

devices = Table(
    "devices",
    metadata,
    _brand(),
    _big("device_id"),
    _text("kind"),
    _big("venue_id"),
    _text("token_sha256"),
    _flag("enabled"),
    PrimaryKeyConstraint("brand_id", "device_id"),
)

catalogue = Table(
    "catalogue",
    metadata,
    _brand(),
    _text("kind"),
    _big("id"),
    _big("version"),
    _text("document"),
    PrimaryKeyConstraint("brand_id", "kind", "id"),
    Index(None, "brand_id", "version"),
)
"""One row a resource; ``version`` is the catalogue version that last changed it, so readers fetch only changes."""

customers = Table(
    "customers",
    metadata,
    _brand(),
    _big("id"),
    _text("name"),
    _text("phone", null=True),
    _text("phone_e164", null=True),
    _text("address", null=True),
    _text("email", null=True),
    _flag("active"),
    _big("created_at"),
    _big("updated_at"),
    PrimaryKeyConstraint("brand_id", "id"),
    Index("uq_customers_phone", "brand_id", "phone_e164", unique=True),
)

stop_list = Table(
    "stop_list",
    metadata,
    _brand(),
    _big("venue_id"),
    _big("product_id"),
    _big("quantity_milli"),
    _big("version"),
    _big("updated_at"),
    PrimaryKeyConstraint("brand_id", "venue_id", "product_id"),
    CheckConstraint("quantity_milli >= 0", name="quantity_not_negative"),
)
"""What is left; ``version`` rises when the quantity is set anew, and holds taken before are not given back."""

stop_list_holds = Table(
    "stop_list_holds",
    metadata,
    _brand(),
    _big("order_id"),
    _big("product_id"),
    _big("venue_id"),
    _big("quantity_milli"),
    _big("version"),
    PrimaryKeyConstraint("brand_id", "order_id", "product_id"),
)

orders = Table(
    "orders",
    metadata,
    _brand(),
    _big("id"),
    _big("venue_id"),
    _text("client_id"),
    _text("status"),
    _flag("needs_attention"),
    _big("sale_type_id"),
    _big("customer_id"),
    _text("phone_e164", null=True),
    _text("order_number", null=True),
    _text("integration_id", null=True),
    _text("integration_uuid", null=True),
    _text("customer_ref_id", null=True),
    _big("receive_terminal_id", null=True),
    _big("subtotal_minor"),
    _big("discount_minor"),
    _big("service_minor"),
    _big("delivery_minor"),
    _big("total_minor"),
    _text("payload"),
    _big("created_at"),
    _big("received_at", null=True),
    _big("updated_at"),
    Column("event_sequence", Integer, nullable=False),
    PrimaryKeyConstraint("brand_id", "id"),
    Index(None, "brand_id", "venue_id", "created_at", "id"),
    Index(None, "brand_id", "venue_id", "status", "created_at", "id"),
    Index(None, "brand_id", "integration_id"),
)

order_claims = Table(
    "order_claims",
    metadata,
    _brand(),
    _text("client_id"),
    _text("kind"),
    _text("value"),
    _text("content_sha256"),
    _big("order_id"),
    _big("claimed_at"),
    PrimaryKeyConstraint("brand_id", "client_id", "kind", "value"),
)
"""Names under which an order may exist once: its ``integration_id``, or its content within a window."""

idempotency = Table(
    "idempotency",
    metadata,
    _brand(),
    _text("actor"),
    _text("key"),
    _text("request_sha256"),
    Column("status", Integer, nullable=False),
    _text("body"),
    _big("order_id"),
    _big("expires_at"),
    PrimaryKeyConstraint("brand_id", "actor", "key"),
    Index(None, "brand_id", "expires_at"),
)

venue_counters = Table(
    "venue_counters",
    metadata,
    _brand(),
    _big("venue_id"),
    _big("last_event"),
    PrimaryKeyConstraint("brand_id", "venue_id"),
)
"""The last event number given out per venue; venue 0 counts the brand's own changes. Locked last of all."""

events = Table(
    "events",
    metadata,
    _brand(),
    _big("venue_id"),
    _big("number"),
    _big("order_id", null=True),
    Column("order_sequence", Integer, nullable=True),
    _text("type"),
    _text("data"),
    _big("created_at"),
    PrimaryKeyConstraint("brand_id", "venue_id", "number"),
    Index(None, "brand_id", "order_id"),
)
