"""A connection lost during COMMIT, rows that others hold, for real: what callers are told is true (contract 14.2)."""

import asyncio

import asyncpg
import pytest
from asyncpg.transaction import Transaction
from benchmarks.servers import free_port
from tests.conftest import demo_hub, serving
from tests.http.chain import did, hub_get, post
from tests.http.chain import place as placed
from tests.store.test_group_commit import body, place, rows

from comanda.base import limits
from comanda.http.hub import Hub
from comanda.settings import Settings
from comanda.store import postgres

pytestmark = pytest.mark.anyio


@pytest.fixture
async def postgres_hub(new_postgres, tmp_path):
    """A hub on PostgreSQL."""
    async with demo_hub(Settings(data_dir=tmp_path, database_url=new_postgres, demo=True)) as hub:
        assert isinstance(await place(hub, body()), int)
        yield hub


async def count(hub: Hub) -> int:
    """How many orders are stored."""
    return (await rows(hub, "SELECT count(*) FROM orders"))[0][0]


async def holds_an_order(transaction: Transaction) -> bool:
    """Whether it is an order's transaction, beside the first: duties commit what they do at any time."""
    found: int = await transaction._connection.fetchval("SELECT count(*) FROM orders")
    return found > 1


async def test_a_commit_whose_answer_was_lost_is_recognised_as_stored(postgres_hub, monkeypatch):
    """The server committed, the connection broke before it said so: 201, one order."""
    commit = Transaction.commit
    broken = []

    async def commit_then_break(self):
        orders = not broken and await holds_an_order(self)
        await commit(self)
        if orders and not broken:
            broken.append(self)
            self._connection.terminate()
            raise ConnectionResetError("cable pulled")

    monkeypatch.setattr(Transaction, "commit", commit_then_break)
    assert isinstance(await place(postgres_hub, body()), int)
    assert broken
    assert await count(postgres_hub) == 2


async def test_a_commit_that_never_arrived_is_recognised_as_not_stored(postgres_hub, monkeypatch):
    """The connection broke before COMMIT reached the server: 503, no order; the next one is stored."""
    commit = Transaction.commit
    broken = []

    async def break_instead(self):
        if not broken and await holds_an_order(self):
            broken.append(self)
            self._connection.terminate()
            raise ConnectionResetError("cable pulled")
        await commit(self)

    monkeypatch.setattr(Transaction, "commit", break_instead)
    assert await place(postgres_hub, body()) == "storage_unavailable"
    assert await count(postgres_hub) == 1
    assert isinstance(await place(postgres_hub, body()), int)


async def test_a_backend_killed_while_it_commits_leaves_nothing(postgres_hub, new_postgres):
    """COMMIT is held up by a slow deferred trigger, the backend is terminated in it: 503, no order."""
    admin = await asyncpg.connect(new_postgres)
    await admin.execute(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(30); RETURN NULL; END $$;"
        "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON orders DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION slow()"
    )
    task = asyncio.create_task(place(postgres_hub, body()))
    for _ in range(900):
        await asyncio.sleep(0.03)
        found = await admin.fetch("SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
        if found:
            break
    assert found
    await admin.execute("SELECT pg_terminate_backend($1)", found[0][0])
    assert await task == "storage_unavailable"
    await admin.execute("DROP TRIGGER slow ON orders")
    await admin.close()
    assert await count(postgres_hub) == 1
    assert isinstance(await place(postgres_hub, body()), int)


async def test_an_outcome_that_cannot_be_found_out_is_said_to_be_unknown(postgres_hub, monkeypatch):
    """The connection broke in COMMIT and no new one can be made within the limit: 504, and only then."""
    commit = Transaction.commit
    connect = postgres_hub.store._driver.connect

    async def commit_then_break(self):
        await commit(self)
        self._connection.terminate()
        raise ConnectionResetError("cable pulled")

    async def no_connection():
        raise OSError("no route")

    monkeypatch.setattr(limits, "OUTCOME_WAIT_S", 0.3)
    monkeypatch.setattr(postgres_hub.store._driver, "connect", no_connection)
    monkeypatch.setattr(Transaction, "commit", commit_then_break)
    assert await place(postgres_hub, body()) == "outcome_unknown"
    monkeypatch.setattr(Transaction, "commit", commit)
    monkeypatch.setattr(postgres_hub.store._driver, "connect", connect)
    assert await count(postgres_hub) == 2
    assert isinstance(await place(postgres_hub, body()), int)


async def test_an_action_whose_key_another_process_holds_is_told_so(new_postgres, tmp_path, monkeypatch):
    """409 once it has waited; with the key let go the kept answer. Behind an order that is held it is 503. Nothing is
    done twice."""
    monkeypatch.setitem(postgres.SETTINGS, "lock_timeout", "300ms")
    settings = Settings(data_dir=tmp_path, database_url=new_postgres, demo=True, metrics_port=0, port=free_port())
    async with demo_hub(settings) as hub, serving(hub) as server:
        order_id = await placed(server)
        other = await asyncpg.connect(new_postgres)
        path = f"/orders/{order_id}/accept"
        done = await did(server, path, {}, **{"Idempotency-Key": "tap"})
        async with other.transaction():
            await other.execute("SELECT 1 FROM idempotency WHERE key = 'tap' FOR UPDATE")
            told = await post(server, path, {}, **{"Idempotency-Key": "tap"})
            assert (told.status_code, told.json()["error"]) == (409, "request_in_progress")
            assert told.headers["retry-after"] == "1"
        assert await did(server, path, {}, **{"Idempotency-Key": "tap"}) == done
        async with other.transaction():
            await other.execute("SELECT 1 FROM orders WHERE id = $1 FOR UPDATE", order_id)
            behind = await post(server, f"/orders/{order_id}/send-to-station", **{"Idempotency-Key": "send"})
            assert (behind.status_code, behind.json()["error"]) == (503, "storage_unavailable")
        await did(server, f"/orders/{order_id}/send-to-station", **{"Idempotency-Key": "send"})
        assert len((await hub_get(server, f"/orders/{order_id}"))["chain"]["tickets"]) == 1
        await other.close()
