"""Backups of the embedded store by the command: beside a server that never rests, and of older schemas."""

import json
import shutil
import sqlite3
import threading
from contextlib import closing

from alembic import command
from sqlalchemy import create_engine
from tests.conftest import run_comanda

from comanda.settings import Settings
from comanda.store.upgrade import _config

LARGE = 40_000


def test_a_backup_ends_though_the_server_goes_on_committing(tmp_path, demo_file):
    """It is of one moment; without that, every commit between two of its steps would begin it anew."""
    store = Settings(data_dir=tmp_path).database_file
    with closing(sqlite3.connect(demo_file)) as demo, closing(sqlite3.connect(store)) as copy:
        demo.backup(copy)
        copy.execute("PRAGMA journal_mode=WAL")
        copy.execute("CREATE TABLE filling (id INTEGER PRIMARY KEY, dots BLOB)")
        copy.executemany("INSERT INTO filling (dots) VALUES (?)", [(b"x" * 2_000,)] * LARGE)
        copy.commit()
    resting = threading.Event()

    def commit() -> None:
        with closing(sqlite3.connect(store, isolation_level=None, timeout=30)) as server:
            while not resting.is_set():
                server.execute("UPDATE filling SET dots = 'y' WHERE id = 1")

    server = threading.Thread(target=commit)
    server.start()
    try:
        run_comanda("backup", str(tmp_path / "copy.db"), "--data-dir", str(tmp_path), cwd=tmp_path)
    finally:
        resting.set()
        server.join()
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("SELECT count(*) FROM filling").fetchone() == (LARGE,)


def test_a_backup_of_an_older_schema_is_restored_and_brought_up_to_date(tmp_path):
    """Whatever tables have been added since; an older store can be backed up before it is upgraded."""
    old, new = Settings(data_dir=tmp_path / "old"), Settings(data_dir=tmp_path / "new")
    for settings in (old, new):
        settings.data_dir.mkdir()
    engine = create_engine(f"sqlite:///{old.database_file}")
    with engine.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
    engine.dispose()
    run_comanda("backup", "copy.db", "--data-dir", str(old.data_dir), cwd=tmp_path)
    run_comanda("restore", "copy.db", "--data-dir", str(new.data_dir), cwd=tmp_path)
    run_comanda("brand", "add", "plov", "--data-dir", str(new.data_dir), cwd=tmp_path)
    assert "plov" in run_comanda("brand", "list", "--data-dir", str(new.data_dir), cwd=tmp_path).stdout


def test_what_is_no_store_replaces_none(tmp_path):
    """A copy that failed, another program's file: refused before anything is touched."""
    run_comanda("brand", "add", "plov", "--data-dir", str(tmp_path), cwd=tmp_path)
    (tmp_path / "empty.db").touch()
    with closing(sqlite3.connect(tmp_path / "foreign.db")) as foreign:
        foreign.execute("CREATE TABLE orders (id INTEGER)")
    for name in ("empty.db", "foreign.db"):
        refused = run_comanda("restore", name, "--replace", "--data-dir", str(tmp_path), cwd=tmp_path, check=False)
        assert (refused.returncode, "no store of Comanda" in refused.stderr) == (1, True), refused.stderr
    assert "plov" in run_comanda("brand", "list", "--data-dir", str(tmp_path), cwd=tmp_path).stdout
    assert not list(tmp_path.glob("*.replaced-*"))


def test_prices_are_imported_from_a_table_of_ids_and_prices(tmp_path, demo_file):
    """Nothing else of the products is touched."""
    shutil.copy(demo_file, Settings(data_dir=tmp_path).database_file)
    (tmp_path / "prices.csv").write_text("id,price\n102,8.15\n")
    where = ("--brand", "demo", "--data-dir", str(tmp_path))

    def pizza() -> dict:
        exported = json.loads(run_comanda("export", "--json", *where, cwd=tmp_path).stdout)
        return next(product for product in exported["products"] if product["id"] == 102)

    before = pizza()
    run_comanda("import", "prices.csv", *where, cwd=tmp_path)
    after = pizza()
    assert {**after, "updated_at": before["updated_at"]} == {**before, "price": 8.15}
    assert before["category_id"] == 1
