"""The crash test in small: it finds nothing wrong with Comanda, and it would find it."""

import json
import random
import shutil
import socket
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import replace
from itertools import count, islice
from pathlib import Path

import pytest
from benchmarks import crash, torn_log
from benchmarks import crash_checks as checks
from benchmarks import crash_kitchen as kitchen
from benchmarks.chain_checks import Fate, Known, Paper, is_history

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
    assert tally["sent"] > 50
    assert tally["repeated"] > 0
    assert tally["deeds"] > 0
    assert tally["steps_reached"] > 0
    assert tally["papers"] > 0
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


SEED, CALM_ROUNDS, MOST_ROUNDS = 1, 3, 10
"""A store mostly holds everything after a few rounds; a slow machine may need more. In the first of this seed the
terminal closes a receipt of an order that no clock can ignore."""


class Attended(crash.Campaign):
    """A campaign whose terminal has, in every round, brought some orders as far as they go before anything begins."""

    def _strike(self, plan: crash.Plan) -> None:
        self.printer.be(plan.mood)
        # Dice of its own, because the plan's have been thrown as often as there were orders to sample.
        till = self._till(replace(plan, number=1_000_000 + plan.number, rng=random.Random(plan.number)))
        till.run()
        assert till.strange == []
        super()._strike(plan)


@pytest.fixture(scope="module")
def survivor(tmp_path_factory):
    """A store after rounds in which everything happened that the checks look at, with the book of what was sent."""
    folder = tmp_path_factory.mktemp("survivor")
    printer = kitchen.Printer()
    kitchen.make_store(folder, None, printer.port)
    campaign = Attended("sqlite", SEED, folder, checks.SqliteFile(folder / "comanda.db"), printer)
    numbers = calm_rounds(campaign.seed)
    assert campaign.run(numbers[:CALM_ROUNDS], print).violations == []
    for number in numbers[CALM_ROUNDS:]:
        if not fruitless_damage(campaign.database):
            break
        assert campaign.run([number], print).violations == []
    assert fruitless_damage(campaign.database) == []
    printer.close()
    return campaign


def calm_rounds(seed: int) -> list[int]:
    """The first rounds that last a while, tear no log, and leave the printer on."""
    plans = (crash.plan_round("sqlite", seed, number) for number in count(1))
    calm = (plan.number for plan in plans if plan.after_s > 0.6 and not plan.torn and plan.mood in ("there", "slow"))
    return list(islice(calm, MOST_ROUNDS))


def fruitless_damage(database: checks.SqliteFile) -> list[str]:
    """The statements of `DAMAGE` that would find nothing to change in a store."""
    with closing(sqlite3.connect(database.path)) as connection:
        return [statement for statement, _ in DAMAGE if not rows_changed(connection, statement)]


def rows_changed(connection: sqlite3.Connection, statement: str) -> int:
    """How many rows a statement would change; it is taken back."""
    try:
        return connection.execute(statement).rowcount
    except sqlite3.IntegrityError:  # it wanted to add a row for an order that is not there
        return 0
    finally:
        connection.rollback()


ORDER = "(SELECT max(id) FROM orders WHERE status = 'RECEIVED' AND venue_id < 6)"
OF_LOAD = "actor NOT LIKE 'device:%'"
KEYED = f"(SELECT max(order_id) FROM idempotency WHERE {OF_LOAD})"
UNCOOKED = "(SELECT max(order_id) FROM tickets WHERE venue_id = 6 AND status = 'NEW')"
SENT = "(SELECT max(order_id) FROM tickets WHERE venue_id = 6)"
WAITED = "(SELECT max(id) FROM orders WHERE status = 'IGNORE')"
PAID = "(SELECT max(id) FROM receipts WHERE status = 2)"
PENDING = "(SELECT max(id) FROM orders WHERE status = 'PENDING' AND venue_id < 6)"
COPIED = "(SELECT order_id FROM print_jobs WHERE kind <> 'ticket')"
PRINTED = f"(SELECT max(order_id) FROM print_jobs WHERE status = 'printed' AND order_id NOT IN {COPIED})"
IN_LINE = f"(SELECT max(order_id) FROM print_jobs WHERE status IN ('queued', 'overtaken') AND order_id NOT IN {COPIED})"
COLUMNS = "brand_id, {}, venue_id, client_id, status, needs_attention, sale_type_id, customer_id, {}, subtotal_minor, \
discount_minor, service_minor, delivery_minor, total_minor, payload, created_at, updated_at, event_sequence, sent_at"
TWIN = COLUMNS.format("id", "order_number"), COLUMNS.format("id + 100000", "order_number")
STRANGER = COLUMNS.format("id", "order_number"), COLUMNS.format("id + 100000", "'nobody'")
TICKET = "SELECT brand_id, {}, revision, venue_id, status, open, order_number, sale_type, comment, promised_at, \
lines, created_at, started_at, ready_at, cancelled_at, updated_at FROM tickets"
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
    (f"DELETE FROM idempotency WHERE order_id = {KEYED} AND {OF_LOAD}", "which is not kept"),
    (f"UPDATE idempotency SET status = 0 WHERE order_id = {KEYED} AND {OF_LOAD}", "keeps an answer (0)"),
    (f"UPDATE idempotency SET order_id = order_id - 1 WHERE order_id = {KEYED} AND {OF_LOAD}", "which is not its order"),
    (f"UPDATE idempotency SET key = 'nobody' WHERE order_id = {KEYED} AND {OF_LOAD}", "sent by nobody"),
    (f"DELETE FROM receipts WHERE id = {ORDER}", "and has 0 receipts"),
    (f"UPDATE receipts SET order_id = {PENDING} WHERE id = {ORDER}", "which is not its order"),
    (f"UPDATE receipts SET venue_id = 7 WHERE id = {ORDER}", "which is not its order"),
    (f"UPDATE receipts SET order_id = 999999 WHERE id = {ORDER}", "which is not its order"),
    (f"UPDATE receipts SET total_minor = total_minor + 1 WHERE id = {ORDER}", "its order over"),
    (f"UPDATE receipts SET remaining_minor = 1 WHERE id = {PAID}", "are paid and 1 remain"),
    (f"UPDATE receipts SET payments = '[]' WHERE id = {PAID}", ": 0 are paid"),
    (f"UPDATE orders SET status = 'RECEIVED' WHERE id = {PAID}", "has status 2, its order is RECEIVED"),
    (f"DELETE FROM tickets WHERE order_id = {ORDER}", "has the tickets [] and not"),
    (f"INSERT INTO tickets {TICKET.format('order_id, 2')} WHERE order_id = {ORDER}", "(2, 1, "),
    (f"UPDATE tickets SET lines = '[]' WHERE order_id = {ORDER}", "has lines on tickets: []"),
    (f"DELETE FROM ticket_lines WHERE order_id = {ORDER}", "kept as []"),
    (f"UPDATE ticket_lines SET station_id = 2 WHERE order_id = {ORDER}", "kept as [(2, 1, 0)]"),
    (f"UPDATE orders SET sent_at = NULL WHERE id = {ORDER}", "and not []"),
    (f"INSERT INTO tickets {TICKET.format('999999, 1')} WHERE order_id = {ORDER}", "has tickets and is not stored"),
    (f"DELETE FROM events WHERE order_id = {WAITED} AND type = 'order.reminded'", "has the events"),
    (f"UPDATE orders SET status = 'PENDING' WHERE id = {WAITED}", "has the steps [] to come"),
    (f"UPDATE events SET type = 'order.ignored' WHERE order_id = {WAITED} AND type = 'order.reminded'",
     "has the events"),
    (f"INSERT INTO deadlines VALUES ('demo', {WAITED}, 1, 1, 'ignore')", "is overdue by"),
    (f"INSERT INTO deadlines VALUES ('demo', {WAITED}, 1, 9000000000000000, 'ignore')", "has the steps [1] to come"),
    ("INSERT INTO deadlines VALUES ('demo', 999999, 1, 9000000000000000, 'ignore')", "has steps to come and is not"),
    ("DELETE FROM idempotency WHERE key LIKE '%.accept'", "was acknowledged, and its key"),
    ("UPDATE idempotency SET key = 'nobody' || key WHERE key LIKE '%.accept'", "nobody did anything under it"),
    ("UPDATE idempotency SET order_id = 999999 WHERE key LIKE '%.accept'", "is kept with 200 for order 999999"),
    ("UPDATE events SET type = 'order.changed' WHERE type = 'receipt.closed'", "has the events"),
    (f"DELETE FROM print_jobs WHERE order_id = {SENT}", "has the papers [] and not"),
    (f"UPDATE print_jobs SET number = 999999 WHERE order_id = {SENT}", "has the papers [(6, 999999)] and not"),
    (f"UPDATE print_jobs SET order_id = 999999 WHERE order_id = {SENT}", "has a paper and is not stored"),
    (f"UPDATE print_jobs SET status = 'forgotten' WHERE order_id = {SENT}", "is forgotten at printer 2"),
    (f"UPDATE print_jobs SET status = 'sending', updated_at = 1 WHERE order_id = {SENT}", "is being sent for"),
    (f"UPDATE print_jobs SET status = 'overtaken' WHERE order_id = {UNCOOKED}", "is still to be cooked"),
    (f"UPDATE print_jobs SET status = 'overtaken' WHERE order_id = {PRINTED}", "its job says that it need not"),
    (f"UPDATE print_jobs SET status = 'printed' WHERE order_id = {IN_LINE}", "is printed by its job, and never came"),
    (f"UPDATE print_jobs SET status = 'queued' WHERE order_id = {PRINTED}", "and its job is still in line"),
    (f"UPDATE print_jobs SET kind = 'possible_duplicate' WHERE order_id = {PRINTED}", "1 copies for 0 settled"),
    (f"DELETE FROM print_jobs WHERE order_id = {PRINTED}", "came out of the printer and is nobody's"),
    ("UPDATE row_counts SET quantity = quantity + 1 WHERE counted = 'orders' AND status = 'IGNORE'",
     "with status IGNORE are counted as"),
    ("DELETE FROM row_counts WHERE counted = 'receipts' AND status = '2'", "with status 2 are counted as 0"),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "told"), DAMAGE, ids=[told for _, told in DAMAGE])
def test_damage_of_every_kind_is_noticed(survivor, tmp_path, statement, told):
    """One row changed, and the checks say what is wrong."""
    for file in survivor.folder.glob("comanda.db*"):
        shutil.copy(file, tmp_path)
    damaged = checks.SqliteFile(tmp_path / "comanda.db")
    with closing(sqlite3.connect(damaged.path)) as connection:
        assert wrong_with(damaged, survivor) == []
        assert connection.execute(statement).rowcount > 0
        connection.commit()
    found = wrong_with(damaged, survivor)
    assert any(told in sentence for sentence in found), found


PAPERS = [
    (lambda papers: [*papers, papers[0]], "came out 2 times plain"),
    (lambda papers: [*papers, replace(papers[0], marked=True)], "1 times marked"),
    (lambda papers: [*papers, Paper((999999, 1, 1), marked=False)], "is nobody's"),
    (lambda papers: papers[1:], "and never came out"),
]


@pytest.mark.parametrize(("spoil", "told"), PAPERS, ids=[told for _, told in PAPERS])
def test_what_came_out_of_the_printer_is_held_against_its_jobs(survivor, spoil, told):
    """A paper twice, a copy that nobody asked for, a paper of nobody, a paper that never came."""
    ((order_id,),) = survivor.database.ask([(f"SELECT {PRINTED}", ())])[0]
    papers = spoil(sorted(survivor.printer.papers, key=lambda paper: paper.ticket[0] != order_id))
    found = wrong_with(survivor.database, survivor, papers)
    assert any(told in sentence for sentence in found), found


def test_a_paper_that_was_printed_twice_is_excused_only_where_the_log_was_torn(survivor):
    """What the store knew of it is gone then."""
    papers = [*survivor.printer.papers, replace(survivor.printer.papers[0], doubtful=True)]
    assert wrong_with(survivor.database, survivor, papers) == []


def test_a_deed_that_was_acknowledged_is_missed(survivor):
    """The book knows of one more than the store."""
    deed = next(deed for deed in survivor.book.deeds.values() if deed.fate is Fate.STORED)
    more = replace(deed, key="more", step="close")
    known = Known({**survivor.book.deeds, "more": more}, survivor.printer.papers)
    facts = checks.read_facts(survivor.database, checks.Since())
    found = checks.violations(facts, survivor.book.everything, checks.Counts(), survivor.book.stop_list, known)
    assert any("was acknowledged, and its key more is not kept" in sentence for sentence in found)
    assert any("has the events" in sentence for sentence in found)


CREATED, REMINDED, RECEIVED, IGNORED = "order.created", "order.reminded", "order.received", "order.ignored"
HISTORIES = [
    ([CREATED], [CREATED], True),
    ([CREATED, REMINDED], [CREATED], True),
    ([CREATED, REMINDED, IGNORED], [CREATED], True),
    ([CREATED, REMINDED, RECEIVED], [CREATED, RECEIVED], True),
    ([CREATED, REMINDED, REMINDED], [CREATED], False),
    ([CREATED, IGNORED], [CREATED], False),
    ([CREATED, REMINDED, IGNORED, IGNORED], [CREATED], False),
    ([CREATED, IGNORED, REMINDED], [CREATED], False),
    ([CREATED, RECEIVED, REMINDED], [CREATED, RECEIVED], False),
    ([CREATED, REMINDED], [CREATED, RECEIVED], False),
    ([CREATED, REMINDED, RECEIVED], [CREATED], False),
]


@pytest.mark.parametrize(("types", "wanted", "holds"), HISTORIES)
def test_the_clock_reminds_once_and_ignores_only_what_nobody_answered(types, wanted, holds):
    """Every way a waiting order can go, and ways it cannot."""
    assert is_history(types, wanted, waits=True) is holds


def test_a_printer_keeps_its_port_while_it_is_away():
    """Away it refuses, back it takes what comes, and it resets when it is in the mood."""
    printer = kitchen.Printer()
    for mood, expected in (("away", {"refused"}), ("there", {"taken"}), ("away", {"refused"}), ("resets", BOTH)):
        printer.be(mood)
        assert {outcome_of_sending(printer.port) for _ in range(8)} == expected
    printer.close()


BOTH = {"taken", "reset"}


def outcome_of_sending(port: int) -> str:
    """What a sender of one line learns."""
    try:
        with closing(socket.create_connection(("127.0.0.1", port), timeout=60)) as sender:
            sender.sendall(b"something\n")
            sender.shutdown(socket.SHUT_WR)
            return "reset" if sender.recv(10) else "taken"
    except ConnectionRefusedError:
        return "refused"
    except OSError:
        return "reset"


def wrong_with(database, campaign, papers=None):
    """What the checks say of a store after a campaign, at a time when everything that was due must have happened."""
    facts = checks.read_facts(database, checks.Since())
    book, papers = campaign.book, campaign.printer.papers if papers is None else papers
    known = Known(book.deeds, papers, len(papers), overdue_at=1_000_000_000)
    return checks.violations(facts, book.everything, checks.Counts(), book.stop_list, known)


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
    assert checks.violations(facts, {}, book.settled, book.stop_list, Known())


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
