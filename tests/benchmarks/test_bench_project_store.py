"""Saving, undoing and listing scenarios; the peer is a bare insert into SQLite, synced alike."""

from __future__ import annotations

import json
import shutil
import sqlite3

import pytest

from layers.assumption_files import import_file
from layers.project_store import open_store
from tests.benchmarks.measure import run
from tests.layers.assumption_files.make import air_heat_pump, write
from tests.layers.project_store.server import binaries, new_server

CONTENT = {"format": 2, "name": "Oberlar", "measures": [{"kind": "retrofit", "id": "m"}] * 20}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def address(request, tmp_path_factory):
    if request.param == "sqlite":
        yield str(tmp_path_factory.mktemp("store") / "p.sqlite")
        return
    if binaries() is None:
        pytest.skip("needs PostgreSQL (Debian: apt-get install postgresql)")
    server = new_server(durable=True)
    server.execute("CREATE DATABASE twin")
    yield server.url("twin")
    server.crash()
    shutil.rmtree(server.folder, ignore_errors=True)


@pytest.mark.parametrize("versions", [10, 1000])
def test_save_undo_and_list(benchmark, address, versions):
    """What a click costs, with few and with many versions behind it."""
    with open_store(address, check=None) as store:
        project = store.project("b" * 32, f"Troisdorf {versions}")
        head = store.create(project.id, CONTENT)
        key = head.scenario_id
        while head.number < versions:
            content = {**CONTENT, "step": head.number}
            head = store.save(key, content, expected_version=head.number)

        def save():
            number = store.head(key).number
            store.save(key, {**CONTENT, "step": number}, expected_version=number)

        benchmark.pedantic(save, rounds=30, warmup_rounds=2)
        print(f"\n{versions} versions: {1000 * benchmark.stats['median']:.1f} ms a save")
        assert len(store.history(key)) == versions + 32


def test_peer_bare_insert(benchmark, tmp_path):
    """One row, one commit, synced to the disk: what SQLite itself needs."""
    connection = sqlite3.connect(tmp_path / "bare.sqlite")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE versions (number INTEGER PRIMARY KEY, content TEXT)")
    text = json.dumps(CONTENT)

    def save():
        connection.execute("INSERT INTO versions (content) VALUES (?)", (text,))
        connection.commit()

    benchmark.pedantic(save, rounds=30, warmup_rounds=2)
    print(f"\nbare insert: {1000 * benchmark.stats['median']:.1f} ms")
    connection.close()


def test_open_in_a_new_process(benchmark, tmp_path):
    """Everything a command needs before it can save: imports, upgrade check, connection."""
    code = (
        f"from layers.project_store import open_store; open_store({str(tmp_path / 'p')!r}).close()"
    )
    done = benchmark.pedantic(run, args=("-c", code), rounds=3)
    print(f"\nopen: {done.seconds:.2f} s, {done.peak_mb:.0f} MB")


def test_import_of_a_whole_catalogue(benchmark, tmp_path):
    """The flat table has some ten thousand rows."""
    rows = air_heat_pump() * 50
    path = write(tmp_path / "flatdata_all.csv", rows)
    imported = benchmark.pedantic(import_file, args=(path,), rounds=3)
    assert imported.rows == len(rows)
    print(f"\n{len(rows)} rows: {benchmark.stats['median']:.2f} s")
