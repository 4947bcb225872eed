"""Programs that are killed, that write at once, that wait; disks that are full."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sqlite3
import time
from collections import Counter

import pytest
from sqlalchemy import event, text

from layers.project_store import Retention, open_store
from layers.project_store.database import connect
from layers.project_store.migrate import STEPS, bring_up_to_date
from layers.sensors.records import Delivery, Reading, Refusal
from tests.layers.project_store.conftest import scenario
from tests.layers.project_store.observing import (
    HOUR,
    MINUTE,
    NOON,
    as_rows,
    assert_same,
    delivery_of,
    plain_days,
    plain_hours,
    stream_of,
)
from twin.errors import StoreError

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload([__name__])
KILLS = 4
SIZE = 40


def messages(number: int, *, again: bool = False) -> list[Delivery]:
    """What a broker would bring: each message one value of two meters, some of them garbage."""
    found = []
    for place in range(number * SIZE, (number + 1) * SIZE):
        stream = stream_of("broker", "meter", name=f"m{place % 2}")
        reading = Reading(stream.key, NOON + place * 7 * MINUTE, float(place))
        garbage = Refusal("broker", "not_json", f"message {place}", again)
        refused = (garbage,) if place % 5 == 0 else ()
        found.append(Delivery("broker", (reading,), (stream,), refused))
    return found


def write_until_killed(address, start, pipe):
    """Acknowledge only after writing; roll up and prune beside, as a worker does."""
    with open_store(address, check=None) as store:
        number = start
        while True:
            again = number == start  # nobody knows whether it was kept
            parts = messages(number, again=again)
            last = Delivery("broker", cursor=("last", {"number": number}))
            store.observations.write([*parts, last])
            pipe.send(number)
            number += 1
            if number % 3 == 0:
                store.observations.roll_up()


def test_killed_while_writing_nothing_is_lost_and_nothing_double(address):
    """Over and over, each time going on with what was not acknowledged."""
    open_store(address, check=None).close()
    chance, acknowledged = random.Random(7), -1
    for _ in range(KILLS):
        near, far = CONTEXT.Pipe(duplex=False)
        process = CONTEXT.Process(target=write_until_killed, args=(address, acknowledged + 1, far))
        process.start()
        far.close()
        assert near.poll(60)  # the first acknowledgement
        time.sleep(chance.uniform(0, 0.05))
        os.kill(process.pid, signal.SIGKILL)
        process.join(60)
        while True:
            try:
                acknowledged = near.recv()
            except EOFError:
                break
    with open_store(address, check=None) as store:
        kept = store.observations
        written = kept.cursor("broker", "last")["number"]
        assert written in {acknowledged, acknowledged + 1}
        wanted = [one for number in range(written + 1) for one in messages(number)]
        for name in ("m0", "m1"):
            key = stream_of("broker", "meter", name=name).key
            readings = {
                r.at: (r.value, 0) for one in wanted for r in one.readings if r.stream == key
            }
            number = kept.stream(key).number
            assert as_rows(kept.series(number)) == {
                at: {"value": value, "flags": 0} for at, (value, _) in readings.items()
            }
            hours = plain_hours("meter", readings)
            assert_same(as_rows(kept.series(number, step="hour")), hours)
            assert_same(as_rows(kept.series(number, step="day")), plain_days("meter", hours))
        assert kept.refusals()["count"].tolist() == [sum(len(one.refused) for one in wanted)]


def write_many(address, mine, barrier):
    with open_store(address, check=None) as store:
        barrier.wait()
        for turn in range(12):
            own = stream_of("own", "count", name=mine)
            shared = stream_of("shared", "count")
            both = (
                Reading(own.key, NOON + turn * HOUR, 1.0),
                Reading(shared.key, NOON + turn, 1.0),
            )
            store.observations.write(
                [Delivery("x", both, (own, shared), (Refusal("x", "unit", mine),))]
            )
            if turn % 4 == 3:
                store.observations.roll_up()


def test_programs_that_write_at_once_wait_for_each_other(address):
    names = ("Ada", "Grace")
    barrier = CONTEXT.Barrier(len(names) + 1)
    workers = [CONTEXT.Process(target=write_many, args=(address, n, barrier)) for n in names]
    with open_store(address, check=None) as store:
        for worker in workers:
            worker.start()
        barrier.wait()
        marker, told = 0, Counter()
        while any(worker.is_alive() for worker in workers) or store.observations.changes(marker)[1]:
            marker, numbers = store.observations.changes(marker)
            told.update(numbers)
            store.observations.latest()  # a reader beside never waits
        for worker in workers:
            worker.join(60)
            assert worker.exitcode == 0
        rows = {row.stream.key: row.number for row in store.observations.streams()}
        assert sorted(rows.values()) == [1, 2, 3]
        assert set(told) == {1, 2, 3}
        for key, number in rows.items():
            assert len(store.observations.series(number)) == 12, key
            assert store.observations.series(number, step="day")["sum"].sum() == 12
        assert store.observations.refusals()["count"].tolist() == [24]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "p.sqlite"
    with open_store(path, check=None) as store:
        store.observations.write([delivery_of(stream_of("s"), [(NOON, 1.0)])])
    return path


def test_a_locked_database_is_said_and_the_batch_can_be_written_again(file):
    batch = [delivery_of(stream_of("s"), [(NOON + HOUR, 2.0)])]
    other = sqlite3.connect(file)
    other.execute("BEGIN IMMEDIATE")
    with open_store(file, check=None, patience_s=0.05) as store:
        with pytest.raises(StoreError, match="in use by another program"):
            store.observations.write(batch)
        assert len(store.observations.latest()) == 1  # reading goes on
        other.rollback()
        other.close()
        assert store.observations.write(batch) == (1, 0, 0, 0)


def test_a_full_disk_is_said_and_nothing_is_half_written(file):
    streams = [stream_of("s", name=f"n{n}") for n in range(50)]
    batch = [delivery_of(s, [(NOON + n, 1.0) for n in range(100)]) for s in streams]
    with open_store(file, check=None) as store:

        @event.listens_for(store.database.engine, "connect")
        def _small(connection, _record):
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count = {pages + 2}")

        store.close()  # new connections are small
        marker = store.observations.changes()
        with pytest.raises(StoreError, match="disk is full"):
            store.observations.write(batch)
        assert store.observations.changes() == marker
        assert len(store.observations.streams()) == 1
        event.remove(store.database.engine, "connect", _small)
        store.close()
        assert store.observations.write(batch).new == 5000


def test_a_server_that_is_away_is_said_and_is_found_again(server):
    server.execute("CREATE DATABASE feeds_away")
    batch = [delivery_of(stream_of("s"), [(NOON, 2.0)])]
    with open_store(server.url("feeds_away"), check=None, patience_s=2) as store:
        store.observations.write(batch)
        server.crash()
        with pytest.raises(StoreError, match="No database server answers"):
            store.observations.write(batch)
        server.start()
        assert store.observations.write(batch) == (0, 1, 0, 0)


def test_somebody_holds_the_server(server):
    server.execute("CREATE DATABASE feeds_held")
    with open_store(server.url("feeds_held"), check=None, patience_s=0.2) as store:
        with store.database.engine.begin() as other:
            other.exec_driver_sql("SELECT * FROM observation_marker FOR UPDATE")
            with pytest.raises(StoreError, match="in use by another program"):
                store.observations.write([delivery_of(stream_of("s"), [(NOON, 2.0)])])
            with pytest.raises(StoreError, match="in use by another program"):
                store.observations.prune(Retention(raw_days=1))
        assert store.observations.streams() == ()


def test_a_database_of_the_version_before_is_upgraded_in_place(address, tmp_path):
    folder = tmp_path / "before"
    folder.mkdir()
    for step in STEPS.glob("v000[12]_*.py"):
        (folder / step.name).write_text(step.read_text())
    database = connect(address, patience_s=5)
    bring_up_to_date(database, [folder])
    with database.reading() as connection:
        sql = text("SELECT version_num FROM twin_store_version")
        assert connection.execute(sql).scalar_one() == "0002"
    database.close()
    with open_store(address, check=None) as store:
        made = store.create(store.project("b" * 32, "Troisdorf").id, scenario(step=1))
        assert store.observations.write([delivery_of(stream_of("s"), [(NOON, 2.0)])]).new == 1
        assert store.head(made.scenario_id) == made
    copies = list(tmp_path.glob("projects.version-0002.*.sqlite"))
    assert len(copies) == (1 if database.is_sqlite else 0)
