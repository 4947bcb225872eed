"""What databases refuse: one sentence each, no traceback, no password."""

from __future__ import annotations

import os
import resource
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import event

from layers.project_store import open_store
from tests.layers.project_store.conftest import scenario
from tests.layers.project_store.server import PASSWORD
from twin.errors import StoreError

SECRET = "s3cr:et/w@rd"


@pytest.fixture
def file(tmp_path):
    """A store file with one scenario in it, and the key of that."""
    path = tmp_path / "p.sqlite"
    with open_store(path, check=None) as store:
        project = store.project("b" * 32, "Troisdorf")
        key = store.create(project.id, scenario(step=1)).scenario_id
    return path, key


def refusal(where, **more) -> str:
    with pytest.raises(StoreError) as caught:
        open_store(where, check=None, **more)
    text = str(caught.value)
    assert SECRET not in text
    assert PASSWORD not in text
    assert "\n" not in text
    return text


@pytest.mark.parametrize(
    "content",
    [b"no database at all, only some text that is long enough" * 30, b"PK\x03\x04" + b"x" * 5000],
)
def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path, content):
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    assert "notes.txt is no project database" in refusal(path)
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_a_foreign_sqlite_file_is_left_as_it_is(tmp_path):
    path = tmp_path / "map.gpkg"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE gpkg_contents (a)")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    assert "is no project database" in refusal(path)
    assert path.read_bytes() == before


def test_a_damaged_file_is_said(file):
    path, key = file
    with path.open("r+b") as handle:
        handle.seek(4096)
        handle.write(os.urandom(path.stat().st_size - 4096))
    with pytest.raises(StoreError, match=r"damaged|no project database"):  # noqa: SIM117
        with open_store(path, check=None) as store:
            store.head(key)


def test_a_folder_and_a_folder_that_cannot_be_made(tmp_path):
    assert "is a folder" in refusal(tmp_path)
    (tmp_path / "file").write_text("x")
    assert "cannot be made" in refusal(tmp_path / "file" / "p.sqlite")


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (f"mysql://me:{SECRET}@server/db", "mysql is no kind of database"),
        (f"postgresql://me:{SECRET}@server:port/db", "cannot be read"),
        ("sqlite://", "names none"),
        ("sqlite:///:memory:", "names none"),
    ],
)
def test_addresses_that_mean_nothing(where, said):
    assert said in refusal(where)


def test_without_the_driver_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    said = refusal("postgresql://me:s3cr%3Aet%2Fw%40rd@server/db")
    assert "driver is missing" in said
    assert "troisdorf-twin[postgresql]" in said


def test_a_locked_database_is_said_and_keeps_what_it_has(file):
    path, key = file
    other = sqlite3.connect(path)
    other.execute("BEGIN IMMEDIATE")
    with open_store(path, check=None, patience_s=0.05) as store:
        with pytest.raises(StoreError, match="in use by another program"):
            store.save(key, scenario(step=2), expected_version=1)
        assert store.head(key).number == 1  # reading goes on
        other.rollback()
        other.close()
        assert store.save(key, scenario(step=2), expected_version=1).number == 2


def test_a_full_disk_is_said_and_nothing_is_half_saved(file):
    path, key = file
    with open_store(path, check=None) as store:

        @event.listens_for(store.database.engine, "connect")
        def _small(connection, _record):
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count = {pages + 1}")

        store.close()  # new connections are small
        with pytest.raises(StoreError, match="disk is full"):
            store.save(key, scenario(long="x" * 100_000), expected_version=1)
        assert [v.number for v in store.history(key)] == [1]
        assert len(store.moves(key)) == 1


def test_a_write_that_the_system_refuses_is_said(file):
    """A file size limit stands for quotas and disks that fail while writing."""
    path, key = file
    code = f"""
import resource, signal
from layers.project_store import open_store
from twin.errors import StoreError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
store = open_store({str(path)!r}, check=None)
try:
    store.save({key!r}, {{"name": "a", "x": "y" * 500_000}}, expected_version=1)
except StoreError as error:
    print(error)
"""
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 60_000
    done = run(code)
    assert "nothing was saved" in done.stdout, done.stderr
    with open_store(path, check=None) as store:
        assert [v.number for v in store.history(key)] == [1]


def test_a_database_that_may_only_be_read_can_be_read(file):
    path, key = file
    with open_store(f"sqlite:///file:{path}?mode=ro&uri=true", check=None) as store:
        assert store.head(key).content["step"] == 1
        with pytest.raises(StoreError, match="may not be written; nothing was saved"):
            store.save(key, scenario(step=2), expected_version=1)


def test_without_permission_it_is_said(tmp_path):
    """As root, who may write everywhere, another user tries."""
    folder = tmp_path / "closed"
    folder.mkdir()
    folder.chmod(0o555)
    tmp_path.chmod(0o755)
    code = f"""
import os, sqlite3
from layers.project_store import open_store
from twin.errors import StoreError
os.setgroups([]) if os.geteuid() == 0 else None
os.setuid(65534) if os.geteuid() == 0 else None
try:
    open_store({str(folder / "p.sqlite")!r}, check=None)
except StoreError as error:
    print(error)
"""
    for parent in tmp_path.parents[:-2]:  # up to /tmp; two at a time it lies one folder deeper
        if os.geteuid() == 0 and not parent.stat().st_mode & 0o001:
            parent.chmod(0o711)
    done = run(code)
    assert "p.sqlite cannot be opened" in done.stdout, done.stderr


def test_nobody_answers():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    said = refusal(f"postgresql://me:s3cr%3Aet%2Fw%40rd@127.0.0.1:{port}/db", patience_s=2)
    assert "No database server answers" in said
    assert "me:***@127.0.0.1" in said


def test_wrong_password_user_and_database(server):
    wrong = server.url("postgres", password=SECRET)
    for where in (wrong, server.url("postgres", user="nobody")):
        said = refusal(where)
        assert "refuses to open postgresql://" in said
        assert "password authentication failed" in said
    assert "asks for a password" in refusal(server.url("postgres", password=""))
    said = refusal(server.url("nosuchplace"))
    assert "nosuchplace" in said
    assert "does not exist" in said


def test_password_in_the_query_is_hidden_as_well(server):
    address = (
        f"postgresql://owner@127.0.0.1:{server.port}/nosuchplace?password=geh%3Aeim%2Fp%40ss+%2523"
    )
    said = refusal(address)
    assert "geh" not in said


def test_a_server_that_may_only_be_read(server):
    server.execute("CREATE DATABASE readonly")
    with open_store(server.url("readonly"), check=None) as store:
        project = store.project("b" * 32, "Troisdorf")
        key = store.create(project.id, scenario(step=1)).scenario_id
    server.execute("ALTER DATABASE readonly SET default_transaction_read_only = on")
    with open_store(server.url("readonly"), check=None) as store:
        assert store.head(key).number == 1
        with pytest.raises(StoreError, match="may not be written"):
            store.save(key, scenario(step=2), expected_version=1)


def test_a_server_goes_away_and_comes_back(server):
    server.execute("CREATE DATABASE away")
    with open_store(server.url("away"), check=None, patience_s=2) as store:
        project = store.project("b" * 32, "Troisdorf")
        key = store.create(project.id, scenario(step=1)).scenario_id
        server.crash()
        with pytest.raises(StoreError, match="No database server answers"):
            store.save(key, scenario(step=2), expected_version=1)
        server.start()
        assert store.save(key, scenario(step=2), expected_version=1).number == 2


def test_somebody_holds_the_row_on_the_server(server):
    server.execute("CREATE DATABASE held")
    with open_store(server.url("held"), check=None, patience_s=0.2) as store:
        project = store.project("b" * 32, "Troisdorf")
        key = store.create(project.id, scenario(step=1)).scenario_id
        with store.database.engine.begin() as other:
            other.exec_driver_sql("SELECT id FROM scenarios FOR UPDATE")
            with pytest.raises(StoreError, match="in use by another program"):
                store.save(key, scenario(step=2), expected_version=1)
        assert store.save(key, scenario(step=2), expected_version=1).number == 2


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False,
        cwd=Path(__file__).parents[3],
    )  # fmt: skip
