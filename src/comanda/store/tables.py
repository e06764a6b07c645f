"""The only schema. Every primary and unique key begins with ``brand_id``; a test walks this file to hold it.

The exceptions are reference data of the whole installation: `integrators`, `signing_keys`, `installation`.
Instants are UTC microseconds, money is minor units, stop-list quantities are thousandths, documents are JSON texts.
The catalogue's tables stand in `comanda.store.catalogue_tables` and are part of it.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    false,
    text,
)

from comanda.store.catalogue_tables import audit_log, catalogue, catalogue_staged, customers, picture_files, pictures
from comanda.store.columns import big, brand, flag, metadata, words

__all__ = ["audit_log", "catalogue", "catalogue_staged", "customers", "metadata", "picture_files", "pictures"]

installation = Table(
    "installation",
    metadata,
    words("name"),
    big("value"),
    PrimaryKeyConstraint("name"),
)
"""Counters of the installation: ``next_order_id``; and ``changes``, raised by every change that processes remember."""

integrators = Table(
    "integrators",
    metadata,
    words("integrator_id"),
    words("name"),
    flag("is_test"),
    flag("enabled"),
    PrimaryKeyConstraint("integrator_id"),
)

signing_keys = Table(
    "signing_keys",
    metadata,
    words("kid"),
    words("secret"),
    big("created_s"),
    PrimaryKeyConstraint("kid"),
)

brands = Table(
    "brands",
    metadata,
    brand(),
    words("name"),
    flag("is_test"),
    words("currency"),
    Column("decimals", Integer, nullable=False),
    words("region"),
    flag("enabled"),
    big("catalogue_version"),
    big("next_guest_id"),
    Column("next_audit", BigInteger, nullable=False, server_default="1"),
    PrimaryKeyConstraint("brand_id"),
)

clients = Table(
    "clients",
    metadata,
    brand(),
    words("client_id"),
    words("name"),
    words("secret_sha256"),
    flag("enabled"),
    big("venue_id", null=True),
    words("venues"),
    words("scopes"),
    words("guest_customers"),
    flag("unique_integration_id"),
    Column("duplicate_window_s", Integer, nullable=False),
    Column("quota_per_minute", Integer, nullable=True),
    PrimaryKeyConstraint("brand_id", "client_id"),
)

staff = Table(
    "staff",
    metadata,
    brand(),
    words("username"),
    words("name"),
    words("role"),
    words("venues"),
    words("password_hash"),
    flag("enabled"),
    Column("id", BigInteger, nullable=False, server_default="0"),
    words("first_name", null=True),
    words("last_name", null=True),
    words("email", null=True),
    words("mobile_number", null=True),
    Column("owner", Boolean, nullable=False, server_default=false()),
    Column("created_at", BigInteger, nullable=False, server_default="0"),
    Column("updated_at", BigInteger, nullable=False, server_default="0"),
    Column("version", BigInteger, nullable=False, server_default="0"),
    words("pin_hash", null=True),
    PrimaryKeyConstraint("brand_id", "username"),
    Index("uq_staff_id", "brand_id", "id", unique=True),
)
"""Who signs in; ``id`` is what v2 calls a user by. A person without a password hash cannot sign in yet.

With a ``pin_hash`` a person also signs in on a paired device, by a PIN."""

devices = Table(
    "devices",
    metadata,
    brand(),
    big("device_id"),
    words("kind"),
    big("venue_id"),
    words("token_sha256"),
    flag("enabled"),
    words("name", null=True),
    big("station_id", null=True),
    big("paired_at", null=True),
    PrimaryKeyConstraint("brand_id", "device_id"),
)
"""Tills and kitchen screens; one with ``paired_at`` was let in by a code and calls with a cookie."""

device_presence = Table(
    "device_presence",
    metadata,
    brand(),
    big("device_id"),
    big("venue_id"),
    flag("present"),
    big("seen_at"),
    PrimaryKeyConstraint("brand_id", "device_id"),
)
"""When a device last said that it is there; a device without a row has never said so and is not watched."""

staff_sessions = Table(
    "staff_sessions",
    metadata,
    brand(),
    words("token_sha256"),
    words("username"),
    big("created_at"),
    big("expires_at"),
    big("strong_until", null=True),
    big("device_id", null=True),
    PrimaryKeyConstraint("brand_id", "token_sha256"),
)
"""``strong_until``: until when it may do what needs the password, null for never; ``device_id``: the only device it is
good on, null for any."""

pairings = Table(
    "pairings",
    metadata,
    brand(),
    words("code_sha256"),
    words("claim_sha256"),
    words("kind"),
    words("address"),
    words("user_agent"),
    big("created_at"),
    big("expires_at"),
    big("device_id", null=True),
    PrimaryKeyConstraint("brand_id", "code_sha256"),
    Index("uq_pairings_claim", "brand_id", "claim_sha256", unique=True),
)
"""Devices that wait to be let in; ``device_id`` once a manager did. Whoever deletes an approved row gets the token."""

pin_failures = Table(
    "pin_failures",
    metadata,
    brand(),
    words("subject"),
    Column("failures", Integer, nullable=False),
    big("locked_until"),
    big("last_at"),
    PrimaryKeyConstraint("brand_id", "subject"),
)
"""How often a secret that can be guessed was guessed in vain since it was last right, and until when nobody may guess
again; see `comanda.store.pins`."""

leases = Table(
    "leases",
    metadata,
    brand(),
    words("duty"),
    words("holder"),
    big("until"),
    PrimaryKeyConstraint("brand_id", "duty"),
)
"""Which process does a background duty for a brand; see `comanda.store.leases`."""

row_counts = Table(
    "row_counts",
    metadata,
    brand(),
    words("counted"),
    big("venue_id"),
    Column("day", Integer, nullable=False),
    words("status"),
    big("quantity"),
    PrimaryKeyConstraint("brand_id", "counted", "venue_id", "day", "status"),
)
"""How many orders or receipts of a venue and status were stored on a day of UTC (days since 1970), kept by the
transactions that change them: lists tell an exact total without counting. Locked just before the venue's counter."""

stop_list = Table(
    "stop_list",
    metadata,
    brand(),
    big("venue_id"),
    big("product_id"),
    big("quantity_milli"),
    big("version"),
    big("updated_at"),
    PrimaryKeyConstraint("brand_id", "venue_id", "product_id"),
    CheckConstraint("quantity_milli >= 0", name="quantity_not_negative"),
)
"""What is left; ``version`` rises when the quantity is set anew, and holds taken before are not given back."""

stop_list_holds = Table(
    "stop_list_holds",
    metadata,
    brand(),
    big("order_id"),
    big("product_id"),
    big("venue_id"),
    big("quantity_milli"),
    big("version"),
    PrimaryKeyConstraint("brand_id", "order_id", "product_id"),
)

orders = Table(
    "orders",
    metadata,
    brand(),
    big("id"),
    big("venue_id"),
    words("client_id"),
    words("status"),
    flag("needs_attention"),
    big("sale_type_id"),
    big("customer_id"),
    words("phone_e164", null=True),
    words("order_number", null=True),
    words("integration_id", null=True),
    words("integration_uuid", null=True),
    words("customer_ref_id", null=True),
    big("receive_terminal_id", null=True),
    big("subtotal_minor"),
    big("discount_minor"),
    big("service_minor"),
    big("delivery_minor"),
    big("total_minor"),
    words("payload"),
    big("created_at"),
    big("received_at", null=True),
    big("updated_at"),
    Column("event_sequence", Integer, nullable=False),
    Column("open", Boolean, nullable=False, server_default=false()),
    words("accepted_by", null=True),
    words("refusal", null=True),
    big("promised_at", null=True),
    big("seen_at", null=True),
    big("sent_at", null=True),
    big("started_at", null=True),
    big("ready_at", null=True),
    big("handed_over_at", null=True),
    big("delivered_at", null=True),
    words("delivered_by", null=True),
    PrimaryKeyConstraint("brand_id", "id"),
    Index(None, "brand_id", "venue_id", "open", "id"),
    Index(None, "brand_id", "venue_id", "created_at", "id"),
    Index(None, "brand_id", "venue_id", "status", "created_at", "id"),
    Index(None, "brand_id", "integration_id"),
    Index(
        "ix_orders_customer",
        "brand_id",
        "customer_id",
        "id",
        sqlite_where=text("customer_id <> 0"),
        postgresql_where=text("customer_id <> 0"),
    ),
    Index(
        "ix_orders_phone",
        "brand_id",
        "phone_e164",
        "id",
        sqlite_where=text("phone_e164 IS NOT NULL"),
        postgresql_where=text("phone_e164 IS NOT NULL"),
    ),
)
"""``open`` until the order is ignored, or handed over and paid; ``refusal`` is why it was ignored, as JSON."""

receipts = Table(
    "receipts",
    metadata,
    brand(),
    big("id"),
    big("venue_id"),
    big("order_id"),
    words("cid"),
    big("customer_id"),
    big("sale_type_id"),
    big("terminal_id", null=True),
    Column("status", Integer, nullable=False),
    words("order_status"),
    words("order_number"),
    flag("locked"),
    words("fiscal_id", null=True),
    big("subtotal_minor"),
    big("discount_minor"),
    big("service_minor"),
    big("delivery_minor"),
    big("total_minor"),
    big("remaining_minor"),
    words("payments"),
    flag("refund_due"),
    words("closed_by", null=True),
    words("shift_date"),
    big("created_at"),
    big("updated_at"),
    big("closed_at", null=True),
    PrimaryKeyConstraint("brand_id", "id"),
    Index(None, "brand_id", "venue_id", "created_at", "id"),
    Index(None, "brand_id", "venue_id", "status", "created_at", "id"),
)
"""A receipt made from an order has the order's id, so that there can be no second; its lines are the order's, which do
not change once it is accepted. Its ``cid`` holds its id, so that it is found without an index of random keys."""

retention_marks = Table(
    "retention_marks",
    metadata,
    brand(),
    big("venue_id"),
    words("kind"),
    big("done_through"),
    PrimaryKeyConstraint("brand_id", "venue_id", "kind"),
)
"""Through which instant a venue's orders have had something taken out of them that is kept for a while only."""

daily_numbers = Table(
    "daily_numbers",
    metadata,
    brand(),
    big("venue_id"),
    words("day"),
    big("last_number"),
    PrimaryKeyConstraint("brand_id", "venue_id", "day"),
)
"""The last receipt number given out per venue and business day; locked just before the row counts."""

tickets = Table(
    "tickets",
    metadata,
    brand(),
    big("order_id"),
    big("station_id"),
    Column("revision", Integer, nullable=False),
    big("venue_id"),
    words("status"),
    flag("open"),
    words("order_number"),
    words("sale_type"),
    words("comment", null=True),
    big("promised_at", null=True),
    words("lines"),
    big("created_at"),
    big("started_at", null=True),
    big("ready_at", null=True),
    big("cancelled_at", null=True),
    big("updated_at"),
    PrimaryKeyConstraint("brand_id", "order_id", "station_id", "revision"),
    Index(None, "brand_id", "venue_id", "open", "station_id", "created_at"),
)
"""One ticket per order, station and revision: the key is the promise. ``open`` while it belongs on a screen."""

ticket_lines = Table(
    "ticket_lines",
    metadata,
    brand(),
    big("order_id"),
    Column("revision", Integer, nullable=False),
    Column("line", Integer, nullable=False),
    big("station_id"),
    PrimaryKeyConstraint("brand_id", "order_id", "revision", "line"),
)
"""On which ticket a line stands: its key lets it stand on no second one."""

deadlines = Table(
    "deadlines",
    metadata,
    brand(),
    big("order_id"),
    Column("step", Integer, nullable=False),
    big("due_at"),
    words("action"),
    PrimaryKeyConstraint("brand_id", "order_id", "step"),
    Index(None, "brand_id", "due_at"),
)
"""The steps still to come of a pending order's accept deadline; whoever deletes a row carries its step out."""

print_jobs = Table(
    "print_jobs",
    metadata,
    brand(),
    big("venue_id"),
    big("number"),
    big("printer_id"),
    big("order_id"),
    big("station_id"),
    Column("revision", Integer, nullable=False),
    words("kind"),
    words("status"),
    Column("attempts", Integer, nullable=False),
    big("next_try_at"),
    words("error", null=True),
    big("created_at"),
    big("updated_at"),
    PrimaryKeyConstraint("brand_id", "venue_id", "number"),
    Index(None, "brand_id", "status", "printer_id", "number"),
)
"""A paper to be printed; its number is that of the event which caused it, so a printer's jobs are in commit order."""

order_claims = Table(
    "order_claims",
    metadata,
    brand(),
    words("client_id"),
    words("kind"),
    words("value"),
    words("content_sha256"),
    big("order_id"),
    big("claimed_at"),
    PrimaryKeyConstraint("brand_id", "client_id", "kind", "value"),
)
"""Names under which an order may exist once: its ``integration_id``, or its content within a window."""

idempotency = Table(
    "idempotency",
    metadata,
    brand(),
    words("actor"),
    words("key"),
    words("request_sha256"),
    Column("status", Integer, nullable=False),
    words("body"),
    big("order_id"),
    big("expires_at"),
    PrimaryKeyConstraint("brand_id", "actor", "key"),
    Index(None, "brand_id", "expires_at"),
)

venue_counters = Table(
    "venue_counters",
    metadata,
    brand(),
    big("venue_id"),
    big("last_event"),
    Column("purged_through", BigInteger, nullable=False, server_default="0"),
    PrimaryKeyConstraint("brand_id", "venue_id"),
)
"""The last event number given out per venue; venue 0 counts the brand's own changes. Locked last of all.

Events up to ``purged_through`` are gone: the log's low-water mark."""

events = Table(
    "events",
    metadata,
    brand(),
    big("venue_id"),
    big("number"),
    big("order_id", null=True),
    Column("order_sequence", Integer, nullable=True),
    words("type"),
    Column("actor", Text, nullable=False, server_default=""),
    words("data"),
    big("created_at"),
    PrimaryKeyConstraint("brand_id", "venue_id", "number"),
    Index(None, "brand_id", "order_id"),
)
