"""Databases of other versions: older ones are upgraded after a copy, newer ones refused."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from layers.project_store import open_store
from layers.project_store.database import connect
from layers.project_store.migrate import STEPS, bring_up_to_date
from layers.project_store.tables import METADATA, VERSION_TABLE
from tests.layers.project_store.conftest import scenario
from twin.errors import StoreError

NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade():
    op.create_table("comments", sa.Column("id", sa.Integer, primary_key=True))
    with op.batch_alter_table("scenarios") as scenarios:
        scenarios.add_column(sa.Column("colour", sa.Text))
        scenarios.alter_column("created", nullable=True)
    {more}
"""


@pytest.fixture
def future(tmp_path):
    """The steps of a later version of the program, as it might come."""

    def make(more="pass"):
        folder = tmp_path / "steps"
        folder.mkdir(exist_ok=True)
        (folder / "v0004_comments.py").write_text(NEXT.format(more=more))
        return (STEPS, folder)

    return make


def revision_of(database):
    with database.reading() as connection:
        return connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar_one()


def test_tables_are_what_the_steps_make(store):
    with store.database.reading() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE, "compare_type": True}
        )
        assert compare_metadata(context, METADATA) == []


def test_an_older_database_is_upgraded_and_keeps_everything(
    store, project, address, future, tmp_path
):
    made = store.create(project.id, scenario(step=1))
    store.close()
    database = connect(address, patience_s=5)
    bring_up_to_date(database, future())
    assert revision_of(database) == "0004"
    bring_up_to_date(database, future())  # a second time changes nothing
    copies = list(tmp_path.glob("projects.version-0003.*.sqlite"))
    assert len(copies) == (1 if database.is_sqlite else 0)
    with database.reading() as connection:
        kept = connection.execute(text("SELECT content FROM versions")).scalar_one()
    assert kept == made.text
    database.close()
    for copy in copies:
        with open_store(copy, check=None) as old:
            assert old.head(made.scenario_id) == made


def test_a_newer_database_is_refused_and_left_untouched(store, address, future):
    store.close()
    database = connect(address, patience_s=5)
    bring_up_to_date(database, future())
    with pytest.raises(StoreError, match=r"newer version of this program \(database 0004\)"):
        open_store(address, check=None)
    assert revision_of(database) == "0004"
    database.close()


def test_an_upgrade_that_fails_changes_nothing(store, project, address, future):
    made = store.create(project.id, scenario(step=1))
    database = connect(address, patience_s=5)
    with pytest.raises(ZeroDivisionError):
        bring_up_to_date(database, future("1 / 0"))
    assert revision_of(database) == "0003"
    with database.reading() as connection:
        if database.is_sqlite:
            tables = connection.execute(text("SELECT name FROM sqlite_master")).scalars().all()
        else:
            tables = connection.execute(text("SELECT tablename FROM pg_tables")).scalars().all()
    assert "comments" not in tables
    database.close()
    assert store.save(made.scenario_id, scenario(step=2), expected_version=1).number == 2


def test_without_room_for_a_copy_nothing_is_upgraded(tmp_path, future, monkeypatch):
    path = tmp_path / "p.sqlite"
    open_store(path, check=None).close()

    class Full(sqlite3.Connection):
        def backup(self, target, **more):
            raise sqlite3.OperationalError("database or disk is full")

    steps = future()
    database = connect(path, patience_s=5)
    real = sqlite3.connect
    monkeypatch.setattr(
        "layers.project_store.migrate.sqlite3.connect", lambda p: real(p, factory=Full)
    )
    with pytest.raises(StoreError, match="no copy of it can be kept"):
        bring_up_to_date(database, steps)
    assert revision_of(database) == "0003"
    assert not list(tmp_path.glob("*.part"))
    database.close()


def test_two_programs_may_open_a_new_database_at_once(address):
    def look(_):
        with open_store(address, check=None) as store:
            return store.project("b" * 32, "Troisdorf").id

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(look, range(8)))) == 1


def test_other_tables_on_the_server_are_no_hindrance_but_clashing_ones_are(server):
    server.execute("CREATE DATABASE shared_with")
    server.execute("CREATE TABLE spatial_ref_sys (a int)", "shared_with")
    open_store(server.url("shared_with"), check=None).close()
    server.execute("CREATE DATABASE clashing")
    server.execute("CREATE TABLE projects (a int)", "clashing")
    with pytest.raises(StoreError, match="is no project database"):
        open_store(server.url("clashing"), check=None)


def test_sqlite_promises_what_it_takes(tmp_path):
    with open_store(tmp_path / "p.sqlite", check=None) as store, store.database.reading() as c:
        assert c.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"
        assert c.execute(text("PRAGMA synchronous")).scalar_one() == 2  # FULL
        assert c.execute(text("PRAGMA foreign_keys")).scalar_one() == 1
        assert c.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"
