"""The whole v2 surface: times and versions of the catalogue, more of customers and people, pictures, audit, counts.

Revision ID: 0003
Revises: 0002
"""

import json
import re
import time
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from comanda.catalogue.customer_names import cid_of, folded, searched_digits

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BEFORE = ["orders:read", "orders:write", "receipts:read", "receipts:write", "events:read"]
ADDED = ["catalogue:read", "customers:read", "customers:write", "users:read", "waiter-calls:write"]
DAY = 86_400_000_000


def upgrade() -> None:
    """Make the tables and columns, then bring what is there to their form."""
    _tables()
    _columns()
    now = time.time_ns() // 1_000
    _stamp_catalogue(datetime.fromtimestamp(now // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%S.000000Z"))
    _number_staff(now)
    _complete_customers()
    _count_rows()
    op.execute(
        sa.text("UPDATE clients SET scopes = :now WHERE scopes = :before").bindparams(
            now=json.dumps([*BEFORE, *ADDED]), before=json.dumps(BEFORE)
        )
    )


def _tables() -> None:
    op.create_table(
        "catalogue_staged",
        sa.Column("brand_id", sa.Text(), nullable=False),
        sa.Column("batch", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("staged_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("brand_id", "batch", "kind", "id", name=op.f("pk_catalogue_staged")),
    )
    op.create_table(
        "audit_log",
        sa.Column("brand_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("brand_id", "number", name=op.f("pk_audit_log")),
    )
    op.create_table(
        "retention_marks",
        sa.Column("brand_id", sa.Text(), nullable=False),
        sa.Column("venue_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("done_through", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("brand_id", "venue_id", "kind", name=op.f("pk_retention_marks")),
    )
    op.create_table(
        "pictures",
        sa.Column("brand_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("blur_hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("brand_id", "id", name=op.f("pk_pictures")),
    )
    op.create_table(
        "picture_files",
        sa.Column("brand_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("variant", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("brand_id", "id", "variant", name=op.f("pk_picture_files")),
    )
    op.create_table(
        "row_counts",
        sa.Column("brand_id", sa.Text(), nullable=False),
        sa.Column("counted", sa.Text(), nullable=False),
        sa.Column("venue_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("brand_id", "counted", "venue_id", "day", "status", name=op.f("pk_row_counts")),
    )


def _columns() -> None:
    op.add_column("brands", sa.Column("next_audit", sa.BigInteger(), server_default="1", nullable=False))
    op.add_column("staff", sa.Column("id", sa.BigInteger(), server_default="0", nullable=False))
    for name in ("first_name", "last_name", "email", "mobile_number"):
        op.add_column("staff", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("staff", sa.Column("owner", sa.Boolean(), server_default=sa.false(), nullable=False))
    for name in ("created_at", "updated_at", "version"):
        op.add_column("staff", sa.Column(name, sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("customers", sa.Column("phones", sa.Text(), server_default="[]", nullable=False))
    op.add_column("customers", sa.Column("cid", sa.Text(), nullable=True))
    for name in ("venue_id", "group_id"):
        op.add_column("customers", sa.Column(name, sa.BigInteger(), nullable=True))
    for name in ("code", "description"):
        op.add_column("customers", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("customers", sa.Column("gender", sa.Integer(), nullable=True))
    for name in ("date_of_birth", "source", "reference_id"):
        op.add_column("customers", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("customers", sa.Column("version", sa.BigInteger(), server_default="0", nullable=False))
    by_bytes = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.add_column("customers", sa.Column("name_folded", by_bytes, server_default="", nullable=False))
    op.add_column("customers", sa.Column("phone_digits", sa.Text(), server_default="", nullable=False))
    op.create_index("uq_customers_cid", "customers", ["brand_id", "cid"], unique=True)
    op.create_index("uq_customers_code", "customers", ["brand_id", "code"], unique=True)
    op.create_index(op.f("ix_customers_brand_id_created_at_id"), "customers", ["brand_id", "created_at", "id"])
    op.create_index(
        "ix_orders_customer",
        "orders",
        ["brand_id", "customer_id", "id"],
        sqlite_where=sa.text("customer_id <> 0"),
        postgresql_where=sa.text("customer_id <> 0"),
    )


def _stamp_catalogue(now: str) -> None:
    """Give every resource its times; what older versions took and this one bounds is brought within bounds."""
    connection = op.get_bind()
    rows = connection.execute(sa.text("SELECT brand_id, kind, id, document FROM catalogue")).fetchall()
    change = sa.text("UPDATE catalogue SET document = :document WHERE brand_id = :brand AND kind = :kind AND id = :id")
    for brand, kind, number, document in rows:
        resource = {**_bounded(json.loads(document)), "created_at": now, "updated_at": now}
        text = json.dumps(resource, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        connection.execute(change, {"document": text, "brand": brand, "kind": kind, "id": number})


def _bounded(resource: dict[str, Any]) -> dict[str, Any]:
    if "color" in resource:
        color = str(resource["color"]).removeprefix("#")
        resource["color"] = color if re.fullmatch("[0-9a-fA-F]{6}", color) else None
    if "barcode" in resource and resource["barcode"]:
        resource["barcode"] = resource["barcode"][:255]
    if isinstance(resource.get("position"), int):
        resource["position"] = max(resource["position"], 0)
    return resource


def _number_staff(now: int) -> None:
    op.execute(
        sa.text(
            "UPDATE staff SET created_at = :now, updated_at = :now, version = 1, id = (SELECT count(*) FROM staff AS other "
            "WHERE other.brand_id = staff.brand_id AND other.username <= staff.username)"
        ).bindparams(now=now)
    )
    op.create_index("uq_staff_id", "staff", ["brand_id", "id"], unique=True)


def _complete_customers() -> None:
    """Give every customer a cid, and what a search looks through."""
    connection = op.get_bind()
    rows = connection.execute(sa.text("SELECT brand_id, id, name, phone, phone_e164 FROM customers")).fetchall()
    change = sa.text(
        "UPDATE customers SET version = 1, cid = :cid, name_folded = :name, phone_digits = :digits "
        "WHERE brand_id = :brand AND id = :id"
    )
    for brand, number, name, phone, e164 in rows:
        digits = searched_digits([found for found in (phone, e164) if found])
        values = {"cid": cid_of(brand, number), "name": folded(name), "digits": digits}
        connection.execute(change, {**values, "brand": brand, "id": number})


def _count_rows() -> None:
    for table in ("orders", "receipts"):
        op.execute(
            sa.text(
                "INSERT INTO row_counts (brand_id, counted, venue_id, day, status, quantity) "
                f"SELECT brand_id, '{table}', venue_id, created_at / {DAY}, CAST(status AS TEXT), count(*) FROM {table} "
                f"GROUP BY brand_id, venue_id, created_at / {DAY}, status"
            )
        )
