"""What the documents promise of the code, held: keys, errors, the tour, limits, query plans."""

import ast
import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import Table
from tests.conftest import ROOT

from comanda.base.clock import Micros
from comanda.base.errors import CODES
from comanda.base.listing import Listing
from comanda.base.numbers import Number
from comanda.http.errors import STATUS
from comanda.store import orders, receipts, tables
from comanda.store.access import RAISE_CHANGES
from comanda.store.migrate import REVISIONS, migrate_sqlite
from comanda.store.sqlite import drive_transaction
from comanda.store.tables import metadata
from comanda.store.transaction import POSTGRESQL, SQLITE, Many, Query, Statement
from comanda.store.upgrade import script_revisions

REFERENCE = {"installation", "integrators", "signing_keys"}
DOCS = ROOT / "docs"


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=str)
def test_every_key_begins_with_the_brand(table):
    """Primary, unique and foreign keys, and every index; only reference data has no brand."""
    if table.name in REFERENCE:
        assert "brand_id" not in table.c
        return
    assert next(iter(table.primary_key.columns)).name == "brand_id"
    for index in table.indexes:
        assert next(iter(index.columns)).name == "brand_id"
    assert not table.foreign_keys


def statements() -> dict[str, Statement | Many]:
    """Every compiled statement of the store but those for everybody who is known, and the counter of changes."""
    found = {
        f"{path.stem}.{name}": value
        for path in (ROOT / "src/comanda/store").glob("*.py")
        if path.stem not in ("access", "__init__", "upgrade")
        for name, value in vars(import_module(f"comanda.store.{path.stem}")).items()
    }
    return {
        name: value
        for name, value in found.items()
        if isinstance(value, Statement | Many) and value is not RAISE_CHANGES
    }


@pytest.mark.parametrize("name", statements())
@pytest.mark.parametrize("dialect", [SQLITE, POSTGRESQL], ids=lambda dialect: dialect.name)
def test_every_statement_names_its_brand(name, dialect):
    """No query crosses brands, on either store."""
    statement = statements()[name]
    if isinstance(statement, Many):
        assert statement.columns[0].name == "brand_id"
        ((text, values),) = statement.calls(dialect, [tuple(range(len(statement.columns)))] * 3)
        assert "brand_id" in text
        assert len(values) == (
            4 * len(statement.columns) + text.count("LIMIT") * 2 if dialect is SQLITE else len(statement.columns)
        )
        return
    assert {"brand_id", "p_brand_id"} & set(statement.compiled(dialect).names)


def test_every_migration_is_known_to_the_quick_look():
    """A start asks the database for its revision only; the list it holds it against is the scripts'."""
    assert script_revisions() == REVISIONS


def test_figures_in_the_readme_are_what_the_benchmark_printed():
    """Each row of the README's table of figures stands in the series that is kept, word for word."""
    block = (ROOT / "README.md").read_text().partition("<!-- bench -->")[2].partition("<!-- /bench -->")[0]
    rows = [row for row in block.splitlines() if row.startswith("| ") and not row.startswith(("| what", "| case"))]
    assert rows
    kept = (DOCS / "benchmarks" / "full.md").read_text().splitlines()
    assert [row for row in rows if row not in kept] == []


def test_the_migrations_make_what_the_tables_say(tmp_path):
    """No drift between tables.py and the migrations."""
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import create_engine

    path = tmp_path / "c.db"
    migrate_sqlite(path)
    with create_engine(f"sqlite:///{path}").connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, metadata) == []


def test_a_newer_database_is_refused_and_an_older_one_backed_up(tmp_path):
    """Forward only."""
    from comanda.base.errors import SetupError

    path = tmp_path / "c.db"
    migrate_sqlite(path)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SetupError, match="newer than this Comanda"):
        migrate_sqlite(path)
    old = tmp_path / "old.db"
    with sqlite3.connect(old) as connection:
        connection.execute("CREATE TABLE something (x)")
    migrate_sqlite(old)
    assert [copy.name for copy in tmp_path.glob("old.db.before-*")] == [f"old.db.before-{REVISIONS[-1]}"]


def test_every_error_has_a_status_and_stands_in_the_docs():
    """One table maps kind to status; docs/errors.md lists each code."""
    page = (DOCS / "errors.md").read_text()
    for code, kind in CODES.items():
        assert f"| `{code}` | {STATUS[kind]} |" in page, code
    listed = set(re.findall(r"^\| `(\w+)` \| \d{3} \|", page, re.MULTILINE))
    assert listed == CODES.keys()


def test_every_problem_and_warning_code_stands_in_the_docs():
    """Integrators branch on them."""
    page = (DOCS / "errors.md").read_text()
    sources = [
        *(ROOT / "src/comanda/orders").glob("*.py"),
        ROOT / "src/comanda/base/reading.py",
        ROOT / "src/comanda/base/numbers.py",
    ]
    codes = set()
    for path in sources:
        text = path.read_text()
        codes |= set(re.findall(r'_warn\(\s*"(\w+)"', text))
        codes |= set(re.findall(r'NumberError\("(\w+)"', text))
        codes |= set(re.findall(r'Problem\([^,]+, "(\w+)"', text))
        codes |= set(re.findall(r'OrderWarning\(\s*"(\w+)"', text))
        codes |= set(re.findall(r'refuse\((?:path|where|""|[^,"]*), "(\w+)"', text))
    codes |= set(re.findall(r'_refuse\([^"]*"[^"]*", "(\w+)"', (ROOT / "src/comanda/orders/check.py").read_text()))
    assert len(codes) > 20
    assert {code for code in codes if f"`{code}`" not in page} == set()


def test_the_tour_names_functions_that_exist():
    """docs/tour.md is read beside the code."""
    tour = (DOCS / "tour.md").read_text()
    named = re.findall(r"`([\w/]+\.py) :: (\w+)`", tour)
    assert len(named) >= 15
    for file, name in named:
        tree = ast.parse((ROOT / "src/comanda" / file).read_text())
        defined = {
            n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        }
        assert name in defined, f"{file} :: {name}"


def test_an_order_can_be_followed_through_ten_files():
    """The tour's own path."""
    tour = (DOCS / "tour.md").read_text()
    path = tour.split("## The path")[1].split("## ")[0]
    assert len(set(re.findall(r"`([\w/]+\.py) ::", path))) <= 10


def test_every_setting_stands_in_the_docs():
    """docs/operating.md has the table."""
    from dataclasses import fields

    from comanda.settings import Settings

    page = (DOCS / "operating.md").read_text()
    for item in fields(Settings):
        if item.name != "demo":
            assert f"`COMANDA_{item.name.upper()}`" in page


def test_every_kind_of_number_states_its_bounds():
    """Bounds of the wire come from base/limits.py through these types."""
    for kind in Number.__subclasses__():
        assert {"type", "maximum", "multipleOf"} <= kind.schema().keys()


DAY = 86_400_000_000
ASKED = {
    "newest first": Listing(venue_id=1),
    "by status": Listing(venue_id=1, filters={"status": ("PENDING",)}),
    "of some days": Listing(venue_id=1, span=(Micros(20_000 * DAY + 1), Micros(20_003 * DAY + 1))),
    "by status, of a day": Listing(
        venue_id=1, filters={"status": ("PENDING",)}, span=(Micros(20_000 * DAY + 1), Micros(20_001 * DAY + 1))
    ),
}
LISTINGS = {
    **{f"orders {name}": (orders.list_orders, listing) for name, listing in ASKED.items()},
    **{
        f"receipts {name}": (
            receipts.list_receipts,
            replace(listing, filters={"status": (1,)} if listing.filters else {}),
        )
        for name, listing in ASKED.items()
    },
}
OF_CUSTOMERS = {
    f"{table}, {whose}, {how}": (read, replace(listing, filters={**listing.filters, "customer_id": ids}))
    for table, read, status in (("orders", orders.list_orders, "PENDING"), ("receipts", receipts.list_receipts, 1))
    for whose, ids in (("one customer", (9,)), ("many customers", tuple(range(1, 60))))
    for how, listing in {
        "newest first": Listing(venue_id=1),
        "of the whole brand": Listing(),
        "by id": Listing(venue_id=1, sort="id"),
        "by status": Listing(venue_id=1, filters={"status": (status,)}),
        "of some days": Listing(venue_id=1, span=(Micros(20_000 * DAY), Micros(20_050 * DAY))),
        "by a cursor": Listing(venue_id=1, after=(20_040 * DAY, 70), until=Micros(20_050 * DAY)),
        "by a cursor of ids": Listing(venue_id=1, sort="id", after=(40_000, 40_000), until=Micros(20_050 * DAY)),
    }.items()
}


def queries_of(path: Path, name: str) -> list[Query]:
    """What a list asks of a new store: what it counts, then its page."""
    read, listing = {**LISTINGS, **OF_CUSTOMERS}[name]
    asked = []

    def noted():
        transaction = read("b", listing)
        query = next(transaction)
        while True:
            asked.append(query)
            try:
                query = transaction.send((yield query))
            except StopIteration:
                return

    migrate_sqlite(path)
    with closing(sqlite3.connect(path)) as connection:
        drive_transaction(connection, noted())
    return [query for query in asked if query.sets]


@pytest.mark.parametrize("name", LISTINGS)
def test_first_pages_and_their_totals_come_from_an_index_on_sqlite(tmp_path, name):
    """No scan, no sort; days that are whole are summed, and only parts of days counted."""
    *counts, page = queries_of(tmp_path / "c.db", name)
    assert 1 <= len(counts) <= 2
    for query in (*counts, page):
        compiled = query.statement.compiled(SQLITE)
        with closing(sqlite3.connect(tmp_path / "c.db")) as connection:
            for params in query.sets:
                plan = connection.execute(f"EXPLAIN QUERY PLAN {compiled.sql}", compiled.bind(params)).fetchall()
                steps = [row[3] for row in plan]
                assert all(re.match(r"SEARCH (orders|receipts|row_counts) USING (COVERING )?INDEX", s) for s in steps)
                assert steps[0].startswith(f"SEARCH {name.split()[0]} USING INDEX") or query is not page
    assert "row_counts" in counts[0].statement.compiled(SQLITE).sql


@pytest.mark.parametrize("name", OF_CUSTOMERS)
def test_lists_of_customers_come_from_their_index_on_sqlite(tmp_path, name):
    """Count and page: the orders of each customer, the receipt of each order; only the rows found are sorted."""
    count, page = queries_of(tmp_path / "c.db", name)
    for query in (count, page):
        compiled = query.statement.compiled(SQLITE)
        with closing(sqlite3.connect(tmp_path / "c.db")) as connection:
            plan = connection.execute(f"EXPLAIN QUERY PLAN {compiled.sql}", compiled.bind({})).fetchall()
        begin = next(place for place, row in enumerate(plan) if row[3] == "SCAN wanted")
        steps = [row[3].replace("COVERING ", "") for row in plan[begin + 1 :]]
        by_customer = r"SEARCH orders USING INDEX ix_orders_customer \(brand_id=\? AND customer_id=\?( AND id<\?)?\)"
        by_id = "SEARCH receipts USING INDEX sqlite_autoindex_receipts_1 (brand_id=? AND id=?)"
        assert re.fullmatch(by_customer, steps[0])
        assert steps[1:] == [by_id] * name.startswith("receipts") + ["USE TEMP B-TREE FOR ORDER BY"] * (query is page)


DAILY = ("boards", "changes", "counts", "deadlines", "events", "keys", "order_statements", "print_jobs", "receipts")


@pytest.mark.parametrize("name", [name for name in statements() if name.split(".")[0] in DAILY])
def test_what_is_asked_all_day_never_scans_a_table(tmp_path, name):
    """Boards, receipts, actions, deadlines, papers: by an index, however much is stored."""
    statement = statements()[name]
    migrate_sqlite(tmp_path / "c.db")
    if isinstance(statement, Many):
        ((sql, values),) = statement.calls(SQLITE, [tuple(range(len(statement.columns)))] * 2)
    else:
        compiled = statement.compiled(SQLITE)
        sql, values = compiled.sql, compiled.bind({name: 1 for name in compiled.names if name not in compiled.fixed})
    with sqlite3.connect(tmp_path / "c.db") as connection:
        plan = connection.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()
    scanned = [row[3] for row in plan if row[3].startswith("SCAN") and not re.search("given|CONSTANT|VALUES", row[3])]
    assert scanned == []


@pytest.mark.anyio
@pytest.mark.parametrize("name", LISTINGS)
async def test_first_pages_and_their_totals_come_from_an_index_on_postgresql(new_postgres, tmp_path, name):
    """No scan, no sort, where the tables are large enough for that to be the better way."""
    connection = await asyncpg.connect(new_postgres)
    for way in ("seqscan", "bitmapscan", "sort"):
        await connection.execute(f"SET enable_{way} = off")
    for query in queries_of(tmp_path / "c.db", name):
        compiled = query.statement.compiled(POSTGRESQL)
        for params in query.sets:
            rows = await connection.fetch(f"EXPLAIN {compiled.sql}", *compiled.bind(params))
            text = "\n".join(row[0] for row in rows)
            assert "Index" in text
            assert not re.search("Seq Scan|Sort", text)
    await connection.close()


@pytest.mark.anyio
async def test_lists_of_customers_come_from_their_index_on_postgresql(new_postgres, tmp_path):
    """Count and page: the orders of each customer, the receipt of each order, where there are many of both."""
    connection = await asyncpg.connect(new_postgres)
    for table in (tables.orders, tables.receipts):
        await connection.execute(filling(table))
    await connection.execute("ANALYZE")
    for number, name in enumerate(OF_CUSTOMERS):
        for query in queries_of(tmp_path / f"{number}.db", name):
            compiled = query.statement.compiled(POSTGRESQL)
            rows = await connection.fetch(f"EXPLAIN {compiled.sql}", *compiled.bind({}))
            text = "\n".join(row[0] for row in rows)
            used = re.findall(r"(?:using|Scan on) ((?:ix|pk)_\w+)", text)
            assert used == ["ix_orders_customer"] + ["pk_receipts"] * name.startswith("receipts"), (name, text)
            assert "Seq Scan" not in text
    await connection.close()


def filling(table: Table) -> str:
    """Fifty thousand rows of a brand, five of each customer."""
    made = {
        "brand_id": "'b'",
        "id": "n",
        "order_id": "n",
        "venue_id": "1 + n % 3",
        "customer_id": "1 + n % 10000",
        "created_at": f"{20_000 * DAY} + n * 100000000",
        "status": "'PENDING'" if table is tables.orders else "1",
    }
    plain = {"BOOLEAN": "false", "BIGINT": "0", "INTEGER": "0"}
    values = [made.get(found.name, plain.get(str(found.type), "''")) for found in table.c]
    names = [found.name for found in table.c]
    return (
        f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} FROM generate_series(1::bigint, 50000) n"
    )


def test_the_house_rules_hold():
    """tools/tidy.py, as make check runs it."""
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, str(Path(ROOT) / "tools/tidy.py")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
