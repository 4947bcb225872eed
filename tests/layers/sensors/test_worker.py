"""The worker loses nothing and acknowledges nothing that is not kept, whatever goes wrong."""

from __future__ import annotations

import sqlite3
import threading
import time
from dataclasses import replace

import pytest
from sqlalchemy import event

from layers.project_store import open_store
from layers.sensors.board import Pauses
from layers.sensors.buffer import Buffer
from layers.sensors.config import Config, Health, Kept, Pace
from layers.sensors.records import Flag, Reading, Refusal
from layers.sensors.replay import ReplayConfig
from layers.sensors.worker import Worker, start_worker
from tests.layers.sensors.feeding import (
    BEGIN,
    Given,
    config,
    delivery,
    eventually,
    expected,
    stream,
    times,
)
from twin.errors import SourceError, StoreError


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "feeds.sqlite", check=None, patience_s=0.05) as opened:
        yield opened


@pytest.fixture
def begin(store):
    """Start workers that are stopped with the test."""
    started = []

    def start(*sources, told=None, **pace):
        tell = None if told is None else lambda *one: told.append(one)
        started.append(start_worker(config(**pace), store, sources=list(sources), tell=tell))
        return started[-1]

    yield start
    for worker in started:
        worker.stop()


@pytest.fixture
def locked(store):
    """Lock the database from outside, as a backup program does."""
    other = sqlite3.connect(store.database.path, isolation_level=None, check_same_thread=False)
    yield other
    other.close()


def test_what_is_brought_is_kept_and_then_acknowledged(store, begin):
    seen = []
    source = Given("a", [delivery("a", 0, 10), delivery("a", 10, 10)])
    source._watched = lambda one, _number: replace(
        one, done=lambda: seen.append(len(times(store, "a/a")))
    )
    worker = begin(source)
    assert worker.finished.wait(30)  # it ends by itself: the source has come to its end
    assert times(store, "a/a") == expected(20)
    assert len(seen) == 2
    assert seen[0] >= 10
    assert seen[1] == 20  # when it is acknowledged another reader finds it


def test_the_same_again_is_kept_once(store, begin):
    begin(Given("a", [delivery("a", 0, 10), delivery("a", 5, 10)])).finished.wait(30)
    assert times(store, "a/a") == expected(15)


def test_a_full_queue_makes_sources_wait(store, begin, locked):
    locked.execute("BEGIN IMMEDIATE")
    sources = [Given(name, [delivery(name, n, 10) for n in range(0, 500, 10)]) for name in "abc"]
    worker = begin(*sources, queue=95)
    eventually(lambda: worker.status.unsaved > 80 and worker.status.trouble, "a full queue")
    put = [source.put for source in sources]
    assert sum(put) < 10
    assert not any(source.acknowledged for source in sources)
    locked.execute("ROLLBACK")
    assert worker.finished.wait(30)
    assert worker.buffer.highest <= 95
    for source in sources:
        assert times(store, f"{source.name}/a") == expected(500)
        assert source.acknowledged == list(range(50))
    assert worker.status.unsaved == 0


def test_a_locked_database_is_waited_for_and_told(store, begin, locked):
    told = []
    locked.execute("BEGIN IMMEDIATE")
    source = Given("a", [delivery("a", 0, 10)])
    worker = begin(source, told=told)
    eventually(lambda: worker.status.trouble)
    assert "in use by another program" in str(worker.status.trouble)
    assert source.acknowledged == []
    locked.execute("ROLLBACK")
    assert worker.finished.wait(30)
    assert times(store, "a/a") == expected(10)
    assert worker.status.trouble is None
    states = [state for name, state, _ in told if name == ""]
    assert states == ["waiting", "connected"]  # told once each, not at every attempt


def test_a_full_disk_is_waited_for(store, begin):
    limit = {"pages": 1}

    @event.listens_for(store.database.engine, "begin")
    def _limit(connection):
        connection.exec_driver_sql(f"PRAGMA max_page_count = {limit['pages']}")  # SQLITE_FULL

    many = [delivery("a", n, 500) for n in range(0, 5000, 500)]
    source = Given("a", many)
    worker = begin(source)
    eventually(lambda: worker.status.trouble)
    assert "disk is full" in str(worker.status.trouble)
    assert len(source.acknowledged) < 10
    limit["pages"] = 1_000_000
    assert worker.finished.wait(30)
    assert times(store, "a/a") == expected(5000)
    assert source.acknowledged == list(range(10))


class Away:
    """A store whose server is away for a while."""

    def __init__(self, store, failures):
        self.database = store.database
        self.observations = self
        self.real, self.failures, self.tried = store.observations, failures, 0

    def write(self, deliveries):
        self.tried += 1
        if self.tried <= self.failures:
            raise StoreError("No database server answers at {place}.", place="postgresql://x")
        return self.real.write(deliveries)

    def __getattr__(self, name):
        return getattr(self.real, name)


def test_a_server_that_is_away_is_tried_again(store):
    source = Given("a", [delivery("a", 0, 10)])
    worker = Worker(Away(store, 3), [source], config())
    worker.run()
    assert times(store, "a/a") == expected(10)
    assert source.acknowledged == [0]


def test_it_ends_within_seconds_though_the_store_is_away(store):
    source = Given("a", [delivery("a", n, 10) for n in range(0, 1000, 10)], ends=False)
    worker = start_worker(config(queue=50, stop_s=0.5), Away(store, 10**9), sources=[source])
    eventually(lambda: worker.status.trouble)
    begun = time.monotonic()
    assert worker.stop(10)
    assert time.monotonic() - begun < 10
    assert source.acknowledged == []  # it comes again
    assert times(store, "a/a") == []


def test_what_is_read_before_the_end_is_saved(store, begin):
    source = Given("a", [delivery("a", n, 10) for n in range(0, 1000, 10)], ends=False)
    worker = begin(source, wait_s=30, batch=100_000)  # it would wait half a minute for more
    eventually(lambda: source.put == 100)
    assert worker.stop(20)
    assert times(store, "a/a") == expected(1000)
    assert source.acknowledged == list(range(100))


def test_a_source_that_fails_is_told_and_started_again_while_others_go_on(store, begin):
    told = []
    bad = Given("bad", [delivery("bad", 0, 5)], error=SourceError("The password is wrong."))
    worse = Given("worse", error=ZeroDivisionError("sensor 4711"))
    good = Given("good", [delivery("good", 0, 50)], ends=False)
    worker = begin(bad, worse, good, told=told)
    eventually(lambda: bad.runs > 1 and worse.runs > 1)
    eventually(lambda: len(times(store, "good/a")) == 50)
    assert times(store, "bad/a") == expected(5)
    why = {feed.source: str(feed.why) for feed in worker.status.feeds}
    assert why["bad"] == "The password is wrong."
    assert "ZeroDivisionError" in why["worse"]
    assert "4711" not in why["worse"]  # what it says may name a device: for the log alone
    assert any("4711" in str(what) for _, state, what in told if state == "note")
    eventually(lambda: store.observations.state("bad").state == "failed")
    assert store.observations.state("good").state == "connected"


def test_what_can_never_be_kept_is_refused_and_the_rest_kept(store, begin):
    poison = Reading("a/a", 10**30, 1.0)  # no database has so large a number
    rest = delivery("a", 0, 20).readings
    readings = (*rest[:7], poison, *rest[7:])
    first = replace(delivery("a", 0, 0), readings=readings, cursor=("page", {"n": 1}))
    source = Given("a", [first, delivery("a", 20, 5)])
    begin(source).finished.wait(30)
    assert times(store, "a/a") == expected(25)
    assert source.acknowledged == [0, 1]
    assert store.observations.cursor("a", "page") == {"n": 1}
    assert store.observations.refusals()["count"].sum() == 1


def test_an_acknowledgement_that_fails_stops_nothing(store, begin):
    told = []
    source = Given("a", [delivery("a", 0, 5), delivery("a", 5, 5)])
    source._watched = lambda one, _number: replace(one, done=lambda: 1 / 0)
    begin(source, told=told).finished.wait(30)
    assert times(store, "a/a") == expected(10)
    assert sum("acknowledged" in str(what) for _, _, what in told) == 2


def test_a_second_worker_for_a_source_is_told(store, begin):
    begin(Given("a", ends=False))
    with pytest.raises(StoreError, match="Another worker runs the source a into"):
        begin(Given("b"), Given("a"))
    begin(Given("b")).finished.wait(30)  # another source may run beside it


def test_refusals_are_counted_by_reason(store, begin):
    refused = (Refusal("a", "not_json", "x"), Refusal("a", "not_json", "y"), Refusal("a", "unit"))
    begin(Given("a", [replace(delivery("a", 0, 1), refused=refused)])).finished.wait(30)
    table = store.observations.refusals().set_index("reason")
    assert table["count"].to_dict() == {"not_json": 2, "unit": 1}


def test_values_out_of_range_are_flagged_and_kept(store, begin):
    odd = replace(delivery("a", 0, 0), readings=(Reading("a/a", BEGIN, 71.0),))
    begin(Given("a", [odd])).finished.wait(30)
    latest = store.observations.latest()
    assert latest["value"].tolist() == [71.0]
    assert latest["flags"].tolist()[0] & Flag.RANGE


def test_the_configuration_says_where_a_sensor_is_and_what_is_expected(store):
    given = ReplayConfig(
        name="a", file="x", licence="CC BY 4.0", at={"lon": 7.0, "lat": 50.0},
        expect={"air_temperature": {"high": 20, "alert_above": 18}},
    )  # fmt: skip
    all_of_it = Config(health=Health(on=False), source=[given])
    Worker(store, [Given("a", [delivery("a", 25, 1)])], all_of_it).run()
    kept = store.observations.stream("a/a").stream
    assert (kept.lon, kept.lat, kept.licence) == (7.0, 50.0, "CC BY 4.0")
    assert (kept.high, kept.alert_above) == (20, 18)
    assert store.observations.latest()["flags"].tolist()[0] & Flag.RANGE  # 25 degrees


class Asking(Given):
    """Asks for its cursor while what it brought is still under way, and after it was kept."""

    asked = ()

    def run(self, sink, stop):
        before = sink.cursor("page")
        done = threading.Event()
        sink.put(replace(delivery("a", 0, 1), cursor=("page", {"n": 7}), done=done.set))
        under_way = sink.cursor("page")
        done.wait(30)
        self.asked = (before, under_way, sink.cursor("page"))


def test_a_source_goes_on_where_it_was(store, begin):
    first, second = Asking("a"), Asking("a")
    begin(first).finished.wait(30)
    assert first.asked == (None, {"n": 7}, {"n": 7})
    begin(second).finished.wait(30)
    assert second.asked[0] == {"n": 7}


def test_a_source_hears_which_of_its_streams_are_known(store, begin):
    begin(Given("a"), Given("b")).finished.wait(30)
    again = Given("a")
    begin(again).finished.wait(30)
    assert list(again.known) == ["a/a"]
    assert again.known["a/a"] == stream("a")


def test_old_values_go_when_there_is_little_to_do_their_hours_stay(store):
    keep = Config(
        health=Health(on=False), worker=Pace(wait_s=0.02), retention=Kept(raw_days=1)
    )  # fmt: skip
    source = Given("a", [delivery("a", 0, 600)], ends=False)  # of May 2026
    store.observations._clock = lambda: BEGIN / 1000 + 10 * 86_400
    worker = start_worker(keep, store, sources=[source])
    eventually(lambda: source.acknowledged)
    worker._writer._due["prune"] = 0.0
    eventually(lambda: len(times(store, "a/a")) < 600)
    worker.stop()
    hours = store.observations.series(store.observations.stream("a/a").number, step="hour")
    assert hours["n"].sum() == 600


def test_the_buffer_takes_a_delivery_larger_than_itself_when_it_is_empty():
    buffer = Buffer(5)
    assert buffer.put(delivery("a", 0, 9))
    waiting = threading.Thread(target=buffer.put, args=(delivery("a", 0, 1),))
    waiting.start()
    taken = buffer.take(100, 0.01)
    assert len(taken) == 1
    assert waiting.is_alive()
    buffer.release(taken)
    waiting.join(10)
    assert buffer.held == 1


def test_pauses_grow_and_end_early():
    pauses, stop = Pauses(0.01, 0.04), threading.Event()
    lengths = []
    for _ in range(4):
        lengths.append(pauses._next)
        pauses.wait(stop)
    assert lengths == [0.01, 0.02, 0.04, 0.04]
    stop.set()
    long = Pauses(1000, 1000)
    long.wait(stop)  # comes back at once
