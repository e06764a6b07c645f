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
    false,
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

device_presence = Table(
    "device_presence",
    metadata,
    _brand(),
    _big("device_id"),
    _big("venue_id"),
    _flag("present"),
    _big("seen_at"),
    PrimaryKeyConstraint("brand_id", "device_id"),
)
"""When a device last said that it is there; a device without a row has never said so and is not watched."""

staff_sessions = Table(
    "staff_sessions",
    metadata,
    _brand(),
    _text("token_sha256"),
    _text("username"),
    _big("created_at"),
    _big("expires_at"),
    PrimaryKeyConstraint("brand_id", "token_sha256"),
)

leases = Table(
    "leases",
    metadata,
    _brand(),
    _text("duty"),
    _text("holder"),
    _big("until"),
    PrimaryKeyConstraint("brand_id", "duty"),
)
"""Which process does a background duty for a brand, and until when; see `comanda.duties`."""

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
    Column("open", Boolean, nullable=False, server_default=false()),
    _text("accepted_by", null=True),
    _text("refusal", null=True),
    _big("promised_at", null=True),
    _big("seen_at", null=True),
    _big("sent_at", null=True),
    _big("started_at", null=True),
    _big("ready_at", null=True),
    _big("handed_over_at", null=True),
    PrimaryKeyConstraint("brand_id", "id"),
    Index(None, "brand_id", "venue_id", "open", "id"),
    Index(None, "brand_id", "venue_id", "created_at", "id"),
    Index(None, "brand_id", "venue_id", "status", "created_at", "id"),
    Index(None, "brand_id", "integration_id"),
)

"""``open`` until the order is ignored, or handed over and paid; ``refusal`` is why it was ignored, as JSON."""

receipts = Table(
    "receipts",
    metadata,
    _brand(),
    _big("id"),
    _big("venue_id"),
    _big("order_id"),
    _text("cid"),
    _big("customer_id"),
    _big("sale_type_id"),
    _big("terminal_id", null=True),
    Column("status", Integer, nullable=False),
    _text("order_status"),
    _text("order_number"),
    _flag("locked"),
    _text("fiscal_id", null=True),
    _big("subtotal_minor"),
    _big("discount_minor"),
    _big("service_minor"),
    _big("delivery_minor"),
    _big("total_minor"),
    _big("remaining_minor"),
    _text("payments"),
    _flag("refund_due"),
    _text("closed_by", null=True),
    _text("shift_date"),
    _big("created_at"),
    _big("updated_at"),
    _big("closed_at", null=True),
    PrimaryKeyConstraint("brand_id", "id"),
    Index(None, "brand_id", "venue_id", "created_at", "id"),
    Index(None, "brand_id", "venue_id", "status", "created_at", "id"),
)
"""A receipt made from an order has the order's id, so that there can be no second; its lines are the order's, which do
not change once it is accepted. Its ``cid`` holds its id, so that it is found without an index of random keys."""

daily_numbers = Table(
    "daily_numbers",
    metadata,
    _brand(),
    _big("venue_id"),
    _text("day"),
    _big("last_number"),
    PrimaryKeyConstraint("brand_id", "venue_id", "day"),
)
"""The last receipt number given out per venue and business day; locked just before the venue's counter."""

tickets = Table(
    "tickets",
    metadata,
    _brand(),
    _big("order_id"),
    _big("station_id"),
    Column("revision", Integer, nullable=False),
    _big("venue_id"),
    _text("status"),
    _flag("open"),
    _text("order_number"),
    _text("sale_type"),
    _text("comment", null=True),
    _big("promised_at", null=True),
    _text("lines"),
    _big("created_at"),
    _big("started_at", null=True),
    _big("ready_at", null=True),
    _big("cancelled_at", null=True),
    _big("updated_at"),
    PrimaryKeyConstraint("brand_id", "order_id", "station_id", "revision"),
    Index(None, "brand_id", "venue_id", "open", "station_id", "created_at"),
)
"""One ticket per order, station and revision: the key is the promise. ``open`` while it belongs on a screen."""

ticket_lines = Table(
    "ticket_lines",
    metadata,
    _brand(),
    _big("order_id"),
    Column("revision", Integer, nullable=False),
    Column("line", Integer, nullable=False),
    _big("station_id"),
    PrimaryKeyConstraint("brand_id", "order_id", "revision", "line"),
)
"""On which ticket a line stands: its key lets it stand on no second one."""

deadlines = Table(
    "deadlines",
    metadata,
    _brand(),
    _big("order_id"),
    Column("step", Integer, nullable=False),
    _big("due_at"),
    _text("action"),
    PrimaryKeyConstraint("brand_id", "order_id", "step"),
    Index(None, "brand_id", "due_at"),
)
"""The steps still to come of a pending order's accept deadline; whoever deletes a row carries its step out."""

print_jobs = Table(
    "print_jobs",
    metadata,
    _brand(),
    _big("venue_id"),
    _big("number"),
    _big("printer_id"),
    _big("order_id"),
    _big("station_id"),
    Column("revision", Integer, nullable=False),
    _text("kind"),
    _text("status"),
    Column("attempts", Integer, nullable=False),
    _big("next_try_at"),
    _text("error", null=True),
    _big("created_at"),
    _big("updated_at"),
    PrimaryKeyConstraint("brand_id", "venue_id", "number"),
    Index(None, "brand_id", "status", "printer_id", "number"),
)
"""A paper to be printed; its number is that of the event which caused it, so a printer's jobs are in commit order."""

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
    Column("purged_through", BigInteger, nullable=False, server_default="0"),
    PrimaryKeyConstraint("brand_id", "venue_id"),
)
"""The last event number given out per venue; venue 0 counts the brand's own changes. Locked last of all.

Events up to ``purged_through`` are gone: the log's low-water mark."""

events = Table(
    "events",
    metadata,
    _brand(),
    _big("venue_id"),
    _big("number"),
    _big("order_id", null=True),
    Column("order_sequence", Integer, nullable=True),
    _text("type"),
    Column("actor", Text, nullable=False, server_default=""),
    _text("data"),
    _big("created_at"),
    PrimaryKeyConstraint("brand_id", "venue_id", "number"),
    Index(None, "brand_id", "order_id"),
)
