"""
Writing and asking observations: 2,000 datastreams, a year of hours; the peer writes row by row.

The targets of the issue: 5,000 values a second into SQLite from MQTT (of which the store may take
a small part only), 20,000 into PostgreSQL by batches; last values of all in 50 ms, a year of one
stream in 100 ms; `changes` each second in about one.
"""

from __future__ import annotations

import itertools
import resource
import shutil
import sqlite3
import time

import numpy as np
import pandas as pd
import pytest

from layers.project_store import Retention, open_store
from layers.sensors.records import Datastream, Delivery, Reading
from tests.layers.project_store.server import binaries, new_server

STREAMS, HOURS, HOUR = 2_000, 8_760, 3_600_000
BEGIN = 1_735_689_600_000  # 2025


def streams() -> list[Datastream]:
    return [
        Datastream(
            key=f"net/dev{n:05d}/noise", source="net", name=f"Place {n}", property="noise",
            unit="dB", statistic="mean", lon=7.1 + n / 10_000, lat=50.8, device=f"{n:016x}",
        )
        for n in range(STREAMS)
    ]  # fmt: skip


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def store(request, tmp_path_factory):
    if request.param == "sqlite":
        with open_store(tmp_path_factory.mktemp("bench") / "p.sqlite", check=None) as opened:
            yield opened.observations
        return
    if binaries() is None:
        pytest.skip("needs PostgreSQL (Debian: apt-get install postgresql)")
    server = new_server(durable=True)
    server.execute("CREATE DATABASE twin")
    with open_store(server.url("twin"), check=None) as opened:
        yield opened.observations
    server.crash()
    shutil.rmtree(server.folder, ignore_errors=True)


TURNS = itertools.count()


def messages(size: int) -> list[Delivery]:
    """One value a message, over all streams in turn, later than all before."""
    begin = BEGIN + (2 * HOURS + 100 * next(TURNS)) * HOUR
    return [
        Delivery("net", (Reading(f"net/dev{n % STREAMS:05d}/noise", begin + n // STREAMS * 60_000,
                                 float(n % 71)),))
        for n in range(size)
    ]  # fmt: skip


@pytest.mark.parametrize("size", [2_000, 5_000, 20_000])
def test_write(benchmark, store, size):
    """One batch of messages of 2,000 devices, on the disk when it returns."""
    store.write([Delivery("net", streams=tuple(streams()))])

    def new():
        return (messages(size),), {}

    written = benchmark.pedantic(store.write, setup=new, rounds=15, warmup_rounds=1)
    assert written.new == size
    print(f"\n{size} a batch: {size / benchmark.stats['median']:,.0f} values/s, {peak()}")


def test_write_what_is_there(benchmark, store):
    """The same messages again, e.g. after the broker was restarted."""
    store.write([Delivery("net", streams=tuple(streams()))])
    batch = messages(5_000)
    store.write(batch)
    written = benchmark.pedantic(store.write, args=(batch,), rounds=15)
    assert written.same == 5_000
    print(f"\n{5_000 / benchmark.stats['median']:,.0f} values/s found to be there")


@pytest.mark.parametrize("size", [1, 2_000])
def test_peer_row_by_row(benchmark, tmp_path, size):
    """Plain SQLite without roll-ups, cursors or counts: each row a statement, `size` a commit."""
    connection = sqlite3.connect(tmp_path / "bare.sqlite", isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute(
        "CREATE TABLE o (stream INTEGER, at BIGINT, value DOUBLE, flags INTEGER, "
        "PRIMARY KEY (stream, at)) WITHOUT ROWID"
    )
    turns = itertools.count()

    def write():
        at = next(turns)
        connection.execute("BEGIN")
        for stream in range(size):
            connection.execute("INSERT OR REPLACE INTO o VALUES (?, ?, ?, ?)", (stream, at, 1.0, 0))
        connection.execute("COMMIT")

    benchmark.pedantic(write, rounds=30, warmup_rounds=1)
    print(f"\nrow by row, {size} a commit: {size / benchmark.stats['median']:,.0f} values/s")
    connection.close()


@pytest.fixture(scope="module")
def year(tmp_path_factory):
    """17.5 million values in SQLite; half of the streams are rolled up."""
    times = pd.to_datetime(BEGIN + np.arange(HOURS) * HOUR, unit="ms", utc=True)
    values = pd.Series(np.arange(HOURS) % 97 / 7, index=times)
    path = tmp_path_factory.mktemp("year") / "p.sqlite"
    with open_store(path, check=None) as opened:
        store, started = opened.observations, time.perf_counter()
        for place, stream in enumerate(streams()):
            store.import_series(stream, values)
            if place == 49:
                rolling = time.perf_counter()
                count = store.roll_up()
                rate = count / (time.perf_counter() - rolling)
                print(f"\nrolled up {rate:,.0f} hours/s")
        rate = STREAMS * HOURS / (time.perf_counter() - started)
        size = path.stat().st_size / 1e9
        print(f"\nbrought in {rate:,.0f} values/s, {size:.2f} GB, {peak()}")
        yield store


ASKED = {
    "latest of all": lambda store: store.latest(),
    "all at a moment": lambda store: store.at(BEGIN + HOURS // 2 * HOUR),
    "all streams": lambda store: store.streams(),
    "year of values": lambda store: store.series(7),
    "year of hours": lambda store: store.series(7, step="hour"),
    "year of days": lambda store: store.series(7, step="day"),
    "year of hours, not yet rolled up": lambda store: store.series(1_007, step="hour"),
    "year of days, not yet rolled up": lambda store: store.series(1_007, step="day"),
    "nothing changed": lambda store: store.changes(store.marker)[1] or [1],
    "all changed": lambda store: store.changes(0)[1],
}


@pytest.mark.parametrize("what", ASKED)
def test_ask(benchmark, year, what):
    year.marker = year.changes()[0]
    found = benchmark.pedantic(ASKED[what], args=(year,), rounds=25, warmup_rounds=2)
    assert len(found)
    print(f"\n{what}: {1000 * benchmark.stats['median']:.2f} ms, {peak()}")


def test_prune(benchmark, tmp_path):
    """A month of hours of 500 streams is rolled up, and half of the values go."""
    with open_store(tmp_path / "p.sqlite", check=None) as opened:
        store, count = opened.observations, 30 * 24
        first = int(time.time() * 1000) // HOUR * HOUR - count * HOUR
        times = pd.to_datetime(first + np.arange(count) * HOUR, unit="ms", utc=True)
        for stream in streams()[:500]:
            store.import_series(stream, pd.Series(1.0, index=times))
        started = time.perf_counter()
        hours = store.roll_up()
        rate = hours / (time.perf_counter() - started)
        removed = benchmark.pedantic(store.prune, args=(Retention(raw_days=15),), rounds=1)
        print(f"\nrolled up {rate:,.0f} hours/s; removed {removed[0]:,} values")
        print(f"in {benchmark.stats['median']:.2f} s, {peak()}")


def peak() -> str:
    return f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"
