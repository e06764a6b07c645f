"""Backups of the embedded store by the command: beside a server that never rests, and of older schemas."""

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
