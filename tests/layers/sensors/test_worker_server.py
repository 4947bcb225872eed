"""The worker and a PostgreSQL server that goes away and comes back."""

from __future__ import annotations

import shutil

import pytest

from layers.project_store import open_store
from layers.sensors import worker as worker_module
from layers.sensors.lock import held, is_held
from layers.sensors.worker import start_worker
from tests.layers.project_store.server import binaries, new_server
from tests.layers.sensors.feeding import Given, config, delivery, eventually, expected, times
from twin.errors import StoreError


@pytest.fixture(scope="module")
def server():
    if binaries() is None:
        pytest.skip("needs PostgreSQL (Debian: apt-get install postgresql)")
    running = new_server()
    running.execute("CREATE DATABASE twin")
    yield running
    running.crash()
    shutil.rmtree(running.folder, ignore_errors=True)


def test_a_server_that_went_away_gets_all_when_it_is_back(server):
    source = Given("a", [delivery("a", 0, 100)], ends=False)
    with open_store(server.url("twin"), check=None, patience_s=2) as store:
        worker = start_worker(config(), store, sources=[source])
        eventually(lambda: source.acknowledged == [0])
        server.crash()
        late = Given("b", [delivery("b", 0, 100)])
        sink = worker._feeds[0]
        sink.put(delivery("a", 100, 100, done=lambda: late.acknowledged.append(1)))
        eventually(lambda: worker.status.trouble)
        assert "database server" in str(worker.status.trouble)
        assert not late.acknowledged
        server.start()
        eventually(lambda: late.acknowledged)
        assert times(store, "a/a") == expected(200)
        assert worker.stop()


def test_one_worker_a_source(server):
    with open_store(server.url("twin"), check=None) as one, open_store(server.url("twin")) as two:
        with held(one, ["x", "y"]):
            assert is_held(two, "x")
            assert not is_held(two, "z")
            with (
                pytest.raises(StoreError, match="Another worker runs the source y"),
                held(two, "y"),
            ):
                pass
        assert not is_held(two, "x")


def test_a_server_that_was_restarted_learns_again_whose_the_sources_are(server, monkeypatch):
    monkeypatch.setattr(worker_module, "HOLD_S", 0.05)
    source = Given("h", [delivery("h", 0, 10)], ends=False)
    with open_store(server.url("twin"), check=None, patience_s=2) as store:
        worker = start_worker(config(), store, sources=[source])
        eventually(lambda: source.acknowledged == [0])
        server.crash()
        server.start()
        with open_store(server.url("twin"), check=None) as other:
            eventually(lambda: is_held(other, "h"))
        assert worker.stop()


def test_who_lost_the_sources_to_another_worker_ends(server):
    with (
        open_store(server.url("twin"), check=None, patience_s=2) as one,
        held(one, ["z"]) as renew,
    ):
        renew()
        server.crash()
        renew()  # nobody to ask: tried again later
        server.start()
        with (
            open_store(server.url("twin"), check=None) as two,
            held(two, ["z"]),
            pytest.raises(StoreError, match="Another worker runs the source z"),
        ):
            renew()
        renew()
        with open_store(server.url("twin"), check=None) as two:
            assert is_held(two, "z")
