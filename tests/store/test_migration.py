"""A store of the version before is brought to this one with what is in it."""

import sqlite3

import asyncpg
import pytest
from alembic import command
from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from tests.conftest import fresh_database

from comanda.access.model import SCOPES
from comanda.main import open_store
from comanda.settings import Settings
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


def upgrade_to(connection, revision: str) -> None:
    """Run the migrations up to one, and put rows of that version in."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
    for row in ROWS:
        connection.execute(text(row))


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
async def test_what_the_first_schema_held_is_there_in_the_second(request, tmp_path, store):
    """Orders not ended are open; who was allowed everything still is; events go on from their number."""
    url = None
    if store == "sqlite":
        connection = sqlite3.connect(tmp_path / "comanda.db", isolation_level=None)
        engine = create_engine("sqlite://", creator=lambda: connection, poolclass=NullPool)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as bound:
            upgrade_to(bound, "0001")
        connection.close()
    else:
        url = await fresh(request)
        engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(url))
        async with engine.begin() as bound:
            await bound.run_sync(upgrade_to, "0001")
        await engine.dispose()
    async with open_store(Settings(data_dir=tmp_path, database_url=url)) as opened:
        directory = await opened.directory()
        assert directory.clients["b", "all"].scopes == set(SCOPES)
        assert directory.clients["b", "few"].scopes == {"orders:read"}
        found = [await opened.find_order("b", number) for number in (1, 2, 3)]
        assert [order.open for order in found] == [True, False, False]
        page = await opened.read_events("b", 1, 0, 10, ())
        assert [event.number for event in page.events] == [1]
    if store == "sqlite":
        assert (tmp_path / "comanda.db.before-0003").exists()


async def fresh(request) -> str:
    """A new, empty database."""
    import asyncio

    return await asyncio.to_thread(fresh_database, request)
