"""Who made an order DELIVERED, and when.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, and fill them from the events that are still there."""
    op.add_column("orders", sa.Column("delivered_at", sa.BigInteger(), nullable=True))
    op.add_column("orders", sa.Column("delivered_by", sa.Text(), nullable=True))
    op.execute(
        sa.text(
            """
            UPDATE orders SET delivered_at = told.created_at, delivered_by = told.actor
            FROM events AS told
            WHERE told.brand_id = orders.brand_id AND told.order_id = orders.id AND told.type = 'order.delivered'
            """
        )
    )
