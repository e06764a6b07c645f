"""From acceptance to the door: receipts, tickets, deadlines, print jobs, presence, sessions, who made an event."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

ALL_SCOPES_BEFORE = '["orders:read", "orders:write"]'
ALL_SCOPES = '["orders:read", "orders:write", "receipts:read", "receipts:write", "events:read"]'


def upgrade() -> None:
    """Add the tables and columns; a client that was allowed everything still is; orders not ended are open."""
    op.create_table('daily_numbers',
    sa.Column('brand_id', sa.Text(), nullable=False),
    sa.Column('venue_id', sa.BigInteger(), nullable=False),
    sa.Column('day', sa.Text(), nullable=False),
    sa.Column('last_number', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('brand_id', 'venue_id', 'day', name=op.f('pk_daily_numbers'))
    )
    op.create_table('deadlines',
    sa.Column('brand_id', sa.Text(), nullable=False),
    sa.Column('order_id', sa.BigInteger(), nullable=False),
    sa.Column('step', sa.Integer(), nullable=False),
    sa.Column('due_at', sa.BigInteger(), nullable=False),
    sa.Column('action', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('brand_id', 'order_id', 'step', name=op.f('pk_deadlines'))
    )
    op.create_index(op.f('ix_deadlines_brand_id_due_at'), 'deadlines', ['brand_id', 'due_at'], unique=False)
    op.create_table('device_presence',
    sa.Column('brand_id', sa.Text(), nullable=False),
    sa.Column('device_id', sa.BigInteger(), nullable=False),
    sa.Column('venue_id', sa.BigInteger(), nullable=False),
    sa.Column('present', sa.Boolean(), nullable=False),
    sa.Column('seen_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('brand_id', 'device_id', name=op.f('pk_device_presence'))
    )
    op.create_table('leases',
    sa.Column('brand_id', sa.Text(), nullable=False),
    sa.Column('duty', sa.Text(), nullable=False),
    sa.Column('holder', sa.Text(), nullable=False),
    sa.Column('until', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('brand_id', 'duty', name=op.f('pk_leases'))
    )
    op.create_table('print_jobs',
    sa.Column('brand_id', sa.Text(), nullable=False),
    sa.Column('venue_id', sa.BigInteger(), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('printer_id', sa.BigInteger(), nullable=False),
    sa.Column('order_id', sa.BigInteger(), nullable=False),
    sa.Column('station_id', sa.BigInteger(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('next_try_at', sa.BigInteger(), nullable=False),
    sa.Column('error', sa.Text(), nullable=True),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('updated_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('brand_id', 'venue_id', 'number', name=op.f('pk_print_jobs'))
    )
    op.create_index(op.f('ix_print_jobs_brand_id_status_printer_id_number'), 'print_jobs', ['brand_id', 'status', 'printer_id', 'number'], unique=False)
    op.create_table('receipts',
    sa.Column('brand_id', sa.Text(), nullable=False),
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('venue_id', sa.BigInteger(), nullable=False),
    sa.Column('order_id', sa.BigInteger(), nullable=False),
    sa.Column('cid', sa.Text(), nullable=False),
    sa.Column('customer_id', sa.BigInteger(), nullable=False),
    sa.Column('sale_type_id', sa.BigInteger(), nullable=False),
    sa.Column('terminal_id', sa.BigInteger(), nullable=True),
    sa.Column('status', sa.Integer(), nullable=False),
    sa.Column('order_status', sa.Text(), nullable=False),
    sa.Column('order_number', sa.Text(), nullable=False),
    sa.Column('locked', sa.Boolean(), nullable=False),
    sa.Column('fiscal_id', sa.Text(), nullable=True),
    sa.Column('subtotal_minor', sa.BigInteger(), nullable=False),
    sa.Column('discount_minor', sa.BigInteger(), nullable=False),
    sa.Column('service_minor', sa.BigInteger(), nullable=False),
    sa.Column('delivery_minor', sa.BigInteger(), nullable=False),
    sa.Column('total_minor', sa.BigInteger(), nullable=False),
    sa.Column('remaining_minor', sa.BigInteger(), nullable=False),
    sa.Column('payments', sa.Text(), nullable=False),
    sa.Column('refund_due', sa.Boolean(), nullable=False),
    sa.Column('closed_by', sa.Text(), nullable=True),
    sa.Column('shift_date', sa.Text(), nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('updated_at', sa.BigInteger(), nullable=False),
    sa.Column('closed_at', sa.BigInteger(), nullable=True),
    sa.PrimaryKeyConstraint('brand_id', 'id', name=op.f('pk_receipts'))
    )
    op.create_index(op.f('ix_receipts_brand_id_venue_id_created_at_id'), 'receipts', ['brand_id', 'venue_id', 'created_at', 'id'], unique=False)
    op.create_index(op.f('ix_receipts_brand_id_venue_id_status_created_at_id'), 'receipts', ['brand_id', 'venue_id', 'status', 'created_at', 'id'], unique=False)
    op.create_table('staff_sessions',
    sa.Column('brand_id', sa.Text(), nullable=False),
    sa.Column('token_sha256', sa.Text(), nullable=False),
    sa.Column('username', sa.Text(), nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('expires_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('brand_id', 'token_sha256', name=op.f('pk_staff_sessions'))
    )
    op.create_table('ticket_lines',
    sa.Column('brand_id', sa.Text(), nullable=False),
    sa.Column('order_id', sa.BigInteger(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('line', sa.Integer(), nullable=False),
    sa.Column('station_id', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('brand_id', 'order_id', 'revision', 'line', name=op.f('pk_ticket_lines'))
    )
    op.create_table('tickets',
    sa.Column('brand_id', sa.Text(), nullable=False),
    sa.Column('order_id', sa.BigInteger(), nullable=False),
    sa.Column('station_id', sa.BigInteger(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('venue_id', sa.BigInteger(), nullable=False),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('open', sa.Boolean(), nullable=False),
    sa.Column('order_number', sa.Text(), nullable=False),
    sa.Column('sale_type', sa.Text(), nullable=False),
    sa.Column('comment', sa.Text(), nullable=True),
    sa.Column('promised_at', sa.BigInteger(), nullable=True),
    sa.Column('lines', sa.Text(), nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('started_at', sa.BigInteger(), nullable=True),
    sa.Column('ready_at', sa.BigInteger(), nullable=True),
    sa.Column('cancelled_at', sa.BigInteger(), nullable=True),
    sa.Column('updated_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('brand_id', 'order_id', 'station_id', 'revision', name=op.f('pk_tickets'))
    )
    op.create_index(op.f('ix_tickets_brand_id_venue_id_open_station_id_created_at'), 'tickets', ['brand_id', 'venue_id', 'open', 'station_id', 'created_at'], unique=False)
    op.add_column('events', sa.Column('actor', sa.Text(), server_default='', nullable=False))
    op.add_column('orders', sa.Column('open', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column('orders', sa.Column('accepted_by', sa.Text(), nullable=True))
    op.add_column('orders', sa.Column('refusal', sa.Text(), nullable=True))
    op.add_column('orders', sa.Column('promised_at', sa.BigInteger(), nullable=True))
    op.add_column('orders', sa.Column('seen_at', sa.BigInteger(), nullable=True))
    op.add_column('orders', sa.Column('sent_at', sa.BigInteger(), nullable=True))
    op.add_column('orders', sa.Column('started_at', sa.BigInteger(), nullable=True))
    op.add_column('orders', sa.Column('ready_at', sa.BigInteger(), nullable=True))
    op.add_column('orders', sa.Column('handed_over_at', sa.BigInteger(), nullable=True))
    op.create_index(op.f('ix_orders_brand_id_venue_id_open_id'), 'orders', ['brand_id', 'venue_id', 'open', 'id'], unique=False)
    op.add_column('venue_counters', sa.Column('purged_through', sa.BigInteger(), server_default='0', nullable=False))
    op.execute(sa.text("UPDATE clients SET scopes = :now WHERE scopes = :before").bindparams(now=ALL_SCOPES, before=ALL_SCOPES_BEFORE))
    op.execute(sa.text("UPDATE orders SET open = :yes WHERE status = 'PENDING'").bindparams(yes=True))
