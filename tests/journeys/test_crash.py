"""The crash test in small: it finds nothing wrong with Comanda, and it would find it."""

import json
import random
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from benchmarks import crash, torn_log
from benchmarks import crash_checks as checks
from benchmarks.servers import make_brand

ROUNDS = 3
SPECIAL = {"sqlite": {"", "cut", "garble"}, "postgresql": {"server", "postgresql", "both"}}


def seed_with_everything(store: str) -> int:
    """The first seed whose rounds do every kind of thing."""
    for seed in range(1_000):
        plans = [crash.plan_round(store, seed, number) for number in range(1, ROUNDS + 1)]
        if {plan.torn if store == "sqlite" else plan.kill for plan in plans} == SPECIAL[store]:
            return seed
    raise AssertionError("no seed does everything")


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_a_store_killed_again_and_again_loses_and_doubles_nothing(store, tmp_path):
    """Kills of the server, of PostgreSQL, of both; a cut and a garbled log: nothing is wrong, and it says so."""
    evidence = tmp_path / "evidence.json"
    seed = seed_with_everything(store)
    words = ["--store", store, "--rounds", str(ROUNDS), "--seed", str(seed), "--evidence", str(evidence)]
    assert crash.main(words) == 0
    found = json.loads(evidence.read_bytes())
    tally = found["stores"][0]
    assert tally["violations"] == []
    assert tally["rounds"] == sum(tally["kills"].values()) == ROUNDS
    assert tally["sent"] > 100
    assert tally["repeated"] > 0
    if store == "sqlite":
        assert sum(tally["tears"].values()) == 2
    else:
        assert tally["kills"] == {"server": 1, "postgresql": 1, "both": 1}
    assert found["command"].endswith(f"--seed {seed}")
    assert "| **violations** | **0** |" in evidence.with_name("evidence.json.md").read_text()


def test_a_round_is_told_by_its_seed_store_and_number():
    """The same again, whatever was run before; and the shares of the special rounds are about a third."""
    for store in ("sqlite", "postgresql"):
        plans = [crash.plan_round(store, 7, number) for number in range(1, 301)]
        again = crash.plan_round(store, 7, 200)
        assert (again.after_s, again.kill, again.torn) == (plans[199].after_s, plans[199].kill, plans[199].torn)
        special = [plan for plan in plans if plan.torn or plan.kill != "server"]
        assert 70 < len(special) < 130


def test_what_is_wrong_is_told_with_the_way_to_see_it_again(tmp_path, monkeypatch, capsys):
    """Exit status 1, the sentence, the command, the data kept."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(checks, "violations", lambda *_: ["something is wrong"])
    assert crash.main(["--store", "sqlite", "--rounds", "1", "--seed", "5"]) == 1
    told = capsys.readouterr().out
    assert "something is wrong" in told
    assert "python -m benchmarks.crash --store sqlite --rounds 1 --seed 5" in told
    assert list(tmp_path.glob("comanda-crash-*/comanda.db"))


@pytest.fixture(scope="module")
def survivor(tmp_path_factory):
    """A store after one round, with the book of what was sent to it."""
    folder = tmp_path_factory.mktemp("survivor")
    make_brand(folder, None, crash.STOCK)
    campaign = crash.Campaign("sqlite", 1, folder, checks.SqliteFile(folder / "comanda.db"))
    assert campaign.run(1, print).violations == []
    return campaign


ORDER = "(SELECT max(id) FROM orders WHERE status = 'RECEIVED')"
KEYED = "(SELECT max(order_id) FROM idempotency)"
COLUMNS = "brand_id, {}, venue_id, client_id, status, needs_attention, sale_type_id, customer_id, {}, subtotal_minor, \
discount_minor, service_minor, delivery_minor, total_minor, payload, created_at, updated_at, event_sequence"
TWIN = COLUMNS.format("id", "order_number"), COLUMNS.format("id + 100000", "order_number")
STRANGER = COLUMNS.format("id", "order_number"), COLUMNS.format("id + 100000", "'nobody'")
DAMAGE = [
    (f"DELETE FROM orders WHERE id = {ORDER}", "is lost"),
    (f"INSERT INTO orders ({TWIN[0]}) SELECT {TWIN[1]} FROM orders WHERE id = {ORDER}", "became 2 orders"),
    (f"INSERT INTO orders ({STRANGER[0]}) SELECT {STRANGER[1]} FROM orders WHERE id = {ORDER}", "sent by nobody"),
    (f"UPDATE orders SET id = id + 100000 WHERE id = {ORDER}", "and is stored as"),
    (f"UPDATE orders SET venue_id = 6 WHERE id = {ORDER}", "and not"),
    (f"UPDATE orders SET brand_id = 'other' WHERE id = {ORDER}", "is lost"),
    (f"UPDATE orders SET event_sequence = 1 WHERE id = {ORDER}", "and not"),
    (f"DELETE FROM events WHERE order_id = {ORDER} AND order_sequence = 2", "has the events"),
    ("DELETE FROM events WHERE number = 2 AND venue_id = 3", "events, numbered"),
    ("UPDATE venue_counters SET last_event = last_event - 1 WHERE venue_id = 2", "has counted to"),
    ("DELETE FROM stop_list_holds WHERE order_id = (SELECT min(order_id) FROM stop_list_holds)", "holds [] and not"),
    ("UPDATE stop_list_holds SET order_id = 999999 WHERE order_id = (SELECT max(order_id) FROM stop_list_holds)",
     "has stop-list holds and is not stored"),
    ("UPDATE stop_list SET quantity_milli = quantity_milli + 10", "stop list (1, 120)"),
    (f"DELETE FROM idempotency WHERE order_id = {KEYED}", "which is not kept"),
    (f"UPDATE idempotency SET status = 0 WHERE order_id = {KEYED}", "keeps an answer (0)"),
    (f"UPDATE idempotency SET order_id = order_id - 1 WHERE order_id = {KEYED}", "which is not its order"),
    (f"UPDATE idempotency SET key = 'nobody' WHERE order_id = {KEYED}", "sent by nobody"),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "told"), DAMAGE, ids=[told for _, told in DAMAGE])
def test_damage_of_every_kind_is_noticed(survivor, tmp_path, statement, told):
    """One row changed, and the checks say what is wrong."""
    for file in survivor.folder.glob("comanda.db*"):
        shutil.copy(file, tmp_path)
    damaged = checks.SqliteFile(tmp_path / "comanda.db")
    book = survivor.book
    with closing(sqlite3.connect(damaged.path)) as connection:
        sound = checks.read_facts(damaged, checks.Since())
        assert checks.violations(sound, book.everything, checks.Counts(), book.stop_list) == []
        assert connection.execute(statement).rowcount > 0
        connection.commit()
        facts = checks.read_facts(damaged, checks.Since())
    found = checks.violations(facts, book.everything, checks.Counts(), book.stop_list)
    assert any(told in sentence for sentence in found), found


def test_an_order_is_missed_also_when_only_what_is_new_is_looked_at(survivor, tmp_path):
    """An order of an earlier round that disappears later."""
    for file in survivor.folder.glob("comanda.db*"):
        shutil.copy(file, tmp_path)
    damaged, book = checks.SqliteFile(tmp_path / "comanda.db"), survivor.book
    with closing(sqlite3.connect(damaged.path)) as connection:
        connection.execute("DELETE FROM orders WHERE id = (SELECT min(id) FROM orders)")
        connection.commit()
        facts = checks.read_facts(damaged, book.since)
    assert facts.orders == []
    assert checks.violations(facts, {}, book.settled, book.stop_list)


@pytest.mark.parametrize("checkpoint", ["none", "at the end", "and a new log", "beside a reader", "again and again"])
@pytest.mark.parametrize("how", ["cut", "garble"])
def test_a_torn_log_never_costs_what_was_synced_before(tmp_path, how, checkpoint):
    """Torn a hundred times at random bytes: what was there at the mark stays, later transactions go whole, in order."""
    live = tmp_path / "live"
    live.mkdir()
    with closing(connect(live / "some.db")) as connection, closing(connect(live / "some.db")) as reader:
        connection.execute(f"PRAGMA wal_autocheckpoint={25 if checkpoint == 'again and again' else 0}")
        connection.execute("CREATE TABLE rows (step INTEGER, half INTEGER, filler TEXT)")
        commit(connection, range(40))
        quiet = torn_log.mark(live / "some.db-wal")
        commit(connection, range(40, 60))
        if checkpoint == "beside a reader":
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM rows").fetchall()
        if checkpoint in ("and a new log", "beside a reader"):
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        commit(connection, range(60, 75))
        connection.execute("PRAGMA wal_autocheckpoint=0")
        commit(connection, range(75, 80))
        if checkpoint == "at the end":
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        assert (torn_log.mark(live / "some.db-wal").salt != quiet.salt) == (
            checkpoint in ("and a new log", "again and again")
        )
        torn, least = 0, 80
        for seed in range(100):
            crashed = tmp_path / str(seed)
            shutil.copytree(live, crashed)  # all files as they are at this moment, as a killed process leaves them
            torn += torn_log.tear(crashed / "some.db-wal", quiet, how, random.Random(seed)) is not None
            least = min(least, steps_of(crashed / "some.db"))
            shutil.rmtree(crashed)
    assert torn == (0 if checkpoint == "at the end" else 100)
    safe = {"none": 40, "at the end": 80, "and a new log": 60, "beside a reader": 60, "again and again": 60}[checkpoint]
    assert safe <= least
    assert checkpoint == "at the end" or least < 80


def connect(file: Path) -> sqlite3.Connection:
    """A connection as the store opens its own."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    return connection


def commit(connection: sqlite3.Connection, steps: range) -> None:
    """Transactions of two rows, each some pages large."""
    for step in steps:
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO rows VALUES (?, ?, ?)", [(step, half, "x" * 6_000) for half in (0, 1)])
        connection.execute("COMMIT")


def steps_of(file: Path) -> int:
    """How many transactions a sound file holds: all of them whole, none before a missing one."""
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        rows = connection.execute("SELECT step, half FROM rows ORDER BY step, half").fetchall()
    assert rows == [(step, half) for step in range(len(rows) // 2) for half in (0, 1)]
    return len(rows) // 2
