"""A store of the version before is brought to this one with what is in it."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import asyncpg
import pytest
from alembic import command
from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from tests.conftest import fresh_database

from comanda.access.model import SCOPES
from comanda.base.listing import Listing
from comanda.main import open_store
from comanda.settings import Settings
from comanda.store.migrate import REVISIONS
from comanda.store.resources import find_resource
from comanda.store.transaction import Statement, one
from comanda.store.upgrade import _config

pytestmark = pytest.mark.anyio

ROWS = (
    "INSERT INTO brands VALUES ('b', 'B', true, 'AZN', 2, 'AZ', true, 0, 1)",
    (
        "INSERT INTO clients VALUES ('b', 'all', 'All', 'x', true, NULL, '[]', '[\"orders:read\", \"orders:write\"]',"
        " 'none', true, 0, NULL)"
    ),
    "INSERT INTO clients VALUES ('b', 'few', 'Few', 'x', true, NULL, '[]', '[\"orders:read\"]', 'none', true, 0, NULL)",
    *(
        "INSERT INTO orders (brand_id, id, venue_id, client_id, status, needs_attention, sale_type_id, customer_id,"
        " subtotal_minor, discount_minor, service_minor, delivery_minor, total_minor, payload, created_at, updated_at,"
        f" event_sequence) VALUES ('b', {number}, 1, 'all', '{status}', false, 2, 0, 1, 0, 0, 0, 1, '{{}}', 5, 5, 1)"
        for number, status in ((1, "PENDING"), (2, "RECEIVED"), (3, "IGNORE"))
    ),
    "INSERT INTO venue_counters VALUES ('b', 1, 1)",
    "INSERT INTO events VALUES ('b', 1, 1, 1, 1, 'order.created', '{}', 5)",
)


def upgrade_to(connection, revision: str, rows: Sequence[str] = ROWS) -> None:
    """Run the migrations up to one, and put rows of that version in."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
    for row in rows:
        connection.execute(text(row))


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
async def test_what_the_first_schema_held_is_there_in_the_second(request, tmp_path, store):
    """Orders not ended are open; who was allowed everything still is; events go on from their number."""
    url = await make_store(request, tmp_path, store, "0001", ROWS)
    async with open_store(Settings(data_dir=tmp_path, database_url=url)) as opened:
        directory = await opened.directory()
        assert directory.clients["b", "all"].scopes == set(SCOPES)
        assert directory.clients["b", "few"].scopes == {"orders:read"}
        found = [await opened.find_order("b", number) for number in (1, 2, 3)]
        assert [order.open for order in found] == [True, False, False]
        page = await opened.read_events("b", 1, 0, 10, ())
        assert [event.number for event in page.events] == [1]
    if store == "sqlite":
        assert (tmp_path / f"comanda.db.before-{REVISIONS[-1]}").exists()


DAY = 86_400_000_000
PLACED = [  # an order's venue, status, instant and receipt's status
    (1, "PENDING", DAY - 1, None),
    (1, "RECEIVED", DAY, 1),
    (1, "RECEIVED", DAY + 5, 1),
    (1, "DELIVERED", 2 * DAY - 1, 2),
    (2, "DELIVERED", 2 * DAY - 1, 2),
]
ROWS_OF_0002 = [
    ROWS[0],
    *(
        "INSERT INTO orders (brand_id, id, venue_id, client_id, status, needs_attention, sale_type_id, customer_id,"
        " subtotal_minor, discount_minor, service_minor, delivery_minor, total_minor, payload, created_at, updated_at,"
        f" event_sequence) VALUES ('b', {number}, {venue}, 'all', '{status}', false, 2, 0, 1, 0, 0, 0, 1, '{{}}', {at},"
        f" {at}, 1)"
        for number, (venue, status, at, _) in enumerate(PLACED)
    ),
    *(
        "INSERT INTO receipts (brand_id, id, venue_id, order_id, cid, customer_id, sale_type_id, status, order_status,"
        " order_number, locked, subtotal_minor, discount_minor, service_minor, delivery_minor, total_minor,"
        " remaining_minor, payments, refund_due, shift_date, created_at, updated_at) VALUES ('b',"
        f" {number}, {venue}, {number}, 'c{number}', 0, 2, {paid}, 'NEW', '001', false, 1, 0, 0, 0, 1, 0, '[]', false,"
        f" '1970-01-02', {at}, {at})"
        for number, (venue, _, at, paid) in enumerate(PLACED)
        if paid
    ),
]
COUNTED = [
    ("orders", 1, 0, "PENDING", 1),
    ("orders", 1, 1, "DELIVERED", 1),
    ("orders", 1, 1, "RECEIVED", 2),
    ("orders", 2, 1, "DELIVERED", 1),
    ("receipts", 1, 1, "1", 2),
    ("receipts", 1, 1, "2", 1),
    ("receipts", 2, 1, "2", 1),
]


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
async def test_what_the_second_schema_held_is_counted_in_the_third(request, tmp_path, store):
    """Orders and receipts by venue, day and status; lists tell their totals from that."""
    url = await make_store(request, tmp_path, store, "0002", ROWS_OF_0002)

    def counts():
        asked = (
            "SELECT counted, venue_id, day, status, quantity FROM row_counts WHERE brand_id = 'b' ORDER BY 1, 2, 3, 4"
        )
        return (yield one(Statement(text(asked))))

    async with open_store(Settings(data_dir=tmp_path, database_url=url)) as opened:
        assert [tuple(row) for row in await opened.read(counts)] == COUNTED
        assert (await opened.list_orders("b", Listing(venue_id=1)))[1] == 4
        assert (await opened.list_receipts("b", Listing(venue_id=1, filters={"status": (1,)})))[1] == 2


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
async def test_people_of_an_older_store_have_a_version(request, tmp_path, store):
    """An edit names the version that it was made of, and 0 is none."""
    rows = (
        ROWS[0],
        "INSERT INTO staff VALUES ('b', 'anna', 'Anna', 'manager', '[]', 'x', true)",
        "INSERT INTO customers VALUES ('b', 9, 'Guest', NULL, NULL, NULL, NULL, true, 5, 5)",
    )
    url = await make_store(request, tmp_path, store, "0002", rows)
    async with open_store(Settings(data_dir=tmp_path, database_url=url)) as opened:
        for kind, resource_id in (("users", 1), ("customers", 9)):
            kept = await opened.read(lambda kind=kind, number=resource_id: find_resource("b", kind, number))
            assert kept is not None
            assert kept[1] == 1


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
async def test_people_and_devices_of_an_older_store_go_on(request, tmp_path, store):
    """A session was begun with the password and stays strong to its end; a till keeps its token and has no name."""
    late = 4_000_000_000_000_000
    rows = (
        "INSERT INTO brands VALUES ('b', 'B', true, 'AZN', 2, 'AZ', true, 0, 1, 1)",
        (
            "INSERT INTO staff (brand_id, username, name, role, venues, password_hash, enabled, id) VALUES"
            " ('b', 'anna', 'Anna', 'manager', '[]', 'x', true, 1)"
        ),
        "INSERT INTO devices VALUES ('b', 1, 'terminal', 1, 'till', true)",
        f"INSERT INTO staff_sessions VALUES ('b', 'session', 'anna', 5, {late})",
    )
    url = await make_store(request, tmp_path, store, "0003", rows)
    async with open_store(Settings(data_dir=tmp_path, database_url=url)) as opened:
        directory = await opened.directory()
        session, device = directory.sessions["session"], directory.devices["till"]
        assert (session.strength, session.strong_until, session.device_id) == ("password", late, None)
        assert (device.name, device.station_id, device.paired_at) == (None, None, None)
        assert not directory.people["b", "anna"].has_pin


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
async def test_who_delivered_an_order_is_known_from_its_events(request, tmp_path, store):
    """Those whose events are gone stay without."""
    order = (
        "INSERT INTO orders (brand_id, id, venue_id, client_id, status, needs_attention, sale_type_id, customer_id,"
        " subtotal_minor, discount_minor, service_minor, delivery_minor, total_minor, payload, created_at, updated_at,"
        " event_sequence, open) VALUES ('b', {number}, 1, 'all', '{status}', false, 2, 0, 1, 0, 0, 0, 1, '{{}}', 5, 5,"
        " 1, false)"
    )
    event = (
        "INSERT INTO events (brand_id, venue_id, number, order_id, order_sequence, type, data, created_at, actor)"
        " VALUES ('b', 1, {number}, {order}, {number}, '{type}', '{{}}', {number}00, '{actor}')"
    )
    rows = (
        "INSERT INTO brands VALUES ('b', 'B', true, 'AZN', 2, 'AZ', true, 0, 1, 1)",
        *(
            order.format(number=number, status=status)
            for number, status in ((1, "DELIVERED"), (2, "DELIVERED"), (3, "RECEIVED"))
        ),
        event.format(number=1, order=1, type="order.received", actor="device:1"),
        event.format(number=2, order=1, type="order.delivered", actor="staff:leyla"),
        event.format(number=3, order=3, type="order.received", actor="device:1"),
    )
    url = await make_store(request, tmp_path, store, "0004", rows)
    async with open_store(Settings(data_dir=tmp_path, database_url=url)) as opened:
        found = [await opened.find_order("b", number) for number in (1, 2, 3)]
        assert [(one.delivered_at, one.delivered_by) for one in found] == [
            (200, "staff:leyla"), (None, None), (None, None),
        ]  # fmt: skip


async def make_store(request, folder: Path, store: str, revision: str, rows: Sequence[str]) -> str | None:
    """A store as an older version left it; the address of one in PostgreSQL."""
    if store == "sqlite":
        connection = sqlite3.connect(folder / "comanda.db", isolation_level=None)
        local = create_engine("sqlite://", creator=lambda: connection, poolclass=NullPool)
        with local.connect().execution_options(isolation_level="AUTOCOMMIT") as bound:
            upgrade_to(bound, revision, rows)
        connection.close()
        return None
    url = await fresh(request)
    engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(url))
    async with engine.begin() as bound:
        await bound.run_sync(upgrade_to, revision, rows)
    await engine.dispose()
    return url


async def fresh(request) -> str:
    """A new, empty database."""
    import asyncio

    return await asyncio.to_thread(fresh_database, request)
