"""What the staff app stands on: paired devices, PINs, sessions of two strengths, and orders found by phone.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, columns and the index; the sessions there are were all begun with a password."""
    op.create_table(
        "pairings",
        sa.Column("brand_id", sa.Text(), nullable=False),
        sa.Column("code_sha256", sa.Text(), nullable=False),
        sa.Column("claim_sha256", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("device_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("brand_id", "code_sha256", name=op.f("pk_pairings")),
    )
    op.create_index("uq_pairings_claim", "pairings", ["brand_id", "claim_sha256"], unique=True)
    op.create_table(
        "pin_failures",
        sa.Column("brand_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("brand_id", "subject", name=op.f("pk_pin_failures")),
    )
    op.add_column("devices", sa.Column("name", sa.Text(), nullable=True))
    op.add_column("devices", sa.Column("station_id", sa.BigInteger(), nullable=True))
    op.add_column("devices", sa.Column("paired_at", sa.BigInteger(), nullable=True))
    op.add_column("staff", sa.Column("pin_hash", sa.Text(), nullable=True))
    op.add_column("staff_sessions", sa.Column("strong_until", sa.BigInteger(), nullable=True))
    op.add_column("staff_sessions", sa.Column("device_id", sa.BigInteger(), nullable=True))
    op.execute(sa.text("UPDATE staff_sessions SET strong_until = expires_at"))
    op.create_index(
        "ix_orders_phone",
        "orders",
        ["brand_id", "phone_e164", "id"],
        sqlite_where=sa.text("phone_e164 IS NOT NULL"),
        postgresql_where=sa.text("phone_e164 IS NOT NULL"),
    )
