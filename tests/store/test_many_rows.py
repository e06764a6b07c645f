"""Statements for many rows: found by key however many are asked for, within what SQLite takes by default."""

import sqlite3

from comanda.store.migrate import migrate_sqlite
from comanda.store.order_statements import LOCK_STOP_LIST, SELECT_CUSTOMER, SELECT_STOP_LIST
from comanda.store.sqlite import drive_transaction, open_sqlite
from comanda.store.transaction import SQLITE, many


def test_thousands_of_keys_fit_into_sqlite_as_it_is_built_by_default(tmp_path):
    """Nine orders of five hundred stop-listed lines each ask for 4,500 keys; a stock SQLite takes 32,766 parameters."""
    migrate_sqlite(tmp_path / "c.db")
    connection = open_sqlite(tmp_path / "c.db")
    connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 32_766)
    listed = range(0, 20_000, 2)
    connection.executemany(
        "INSERT INTO stop_list (brand_id, venue_id, product_id, quantity_milli, version, updated_at) "
        "VALUES ('demo', 1, ?, 1000, 1, 1)",
        [(product,) for product in listed],
    )

    def ask():
        rows = yield many(SELECT_STOP_LIST, [("demo", 1, product) for product in range(20_000)])
        return {row[2] for row in rows}

    assert drive_transaction(connection, ask()) == set(listed)
    connection.close()


def test_many_keys_are_looked_up_and_never_scanned_for(tmp_path):
    """Cost per order must not grow with what is stored."""
    migrate_sqlite(tmp_path / "c.db")
    connection = open_sqlite(tmp_path / "c.db")
    for statement, table in ((LOCK_STOP_LIST, "stop_list"), (SELECT_CUSTOMER, "customers")):
        keys = [("demo", *range(1, len(statement.columns)))] * 3
        for sql, values in statement.calls(SQLITE, keys):
            plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
            assert any(step.startswith(f"SEARCH {table} USING INDEX") for step in plan), plan
            assert not any(step.startswith(f"SCAN {table}") for step in plan), plan
    connection.close()
