"""`twin sensors run` killed with SIGKILL again and again: nothing is lost, nothing is doubled."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
import time
import tomllib
from collections import Counter
from pathlib import Path

import numpy as np
import paho.mqtt.client as paho
import pandas as pd
import pytest

from layers.project_store import open_store
from tests.layers.sensors.feeding import eventually
from tests.layers.sensors.mosquitto import Broker, program

ROWS = 16_000
STREAMS = 4
ROOT = Path(__file__).parents[3]


def recording(folder):
    """Write a day of four streams with some rows that cannot be read."""
    rng = np.random.default_rng(7)
    times = pd.date_range("2026-05-04", periods=ROWS // STREAMS, freq="20s", tz="UTC")
    table = pd.DataFrame(
        {
            "stream": np.repeat([f"s{n}" for n in range(STREAMS)], len(times)),
            "time": np.tile(times.strftime("%Y-%m-%dT%H:%M:%SZ"), STREAMS),
            "value": rng.normal(15, 3, ROWS).round(2),
        }
    )
    odd = pd.DataFrame(
        {"stream": ["s0", "s1", "zz"], "time": ["never", table["time"][0], table["time"][0]],
         "value": ["1", "warm", "2"]}
    )  # fmt: skip
    pd.concat([table, odd]).to_csv(folder / "day.csv", index=False)
    (folder / "day.streams.toml").write_text(
        "".join(
            f'[[stream]]\nstream = "s{n}"\nproperty = "air_temperature"\n' for n in range(STREAMS)
        )
    )
    return table


def count(database, where="1"):
    """Give how many values are kept, read as any other program may."""
    if not database.exists():
        return 0
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=5) as connection:
        try:
            query = f"SELECT count(*) FROM observations WHERE {where}"
            return connection.execute(query).fetchone()[0]
        except sqlite3.OperationalError:
            return 0


def started(folder):
    command = [sys.executable, "-m", "dash_app.cli", "--lang", "en", "sensors", "run",
               str(folder / "sensors.toml")]  # fmt: skip
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)


def connections(folder):
    return (folder / "log").read_bytes().count(b"Connected")


def killed_when(process, condition):
    """Kill a worker as soon as something is true; whether it was still there to be killed."""
    eventually(lambda: condition() or process.poll() is not None)
    was_there = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    return was_there


def ended(process, folder, patience_s=60):
    try:
        code = process.wait(patience_s)
    finally:
        process.kill()
    assert code == 0, (folder / "log").read_text()


def test_killed_at_any_moment_it_loses_and_doubles_nothing(tmp_path):
    table = recording(tmp_path)
    (tmp_path / "sensors.toml").write_text(
        'store.database = "feeds.sqlite"\nhealth.on = false\nworker.batch = 300\n'
        '[[source]]\nname = "day"\nkind = "replay"\nfile = "day.csv"\nshift = "none"\n'
        'speed = "max"\n'
    )
    tomllib.loads((tmp_path / "sensors.toml").read_text())
    database = tmp_path / "feeds.sqlite"
    kills = 0
    for least in (1, 5_000, 11_000):
        kills += killed_when(started(tmp_path), lambda least=least: count(database) >= least)
    assert kills >= 2  # a slow machine may have finished before the last
    assert 0 < count(database) <= ROWS
    ended(started(tmp_path), tmp_path)
    with open_store(database, check=None) as store:
        kept = store.observations.table(step="raw")
        refused = store.observations.refusals().set_index("reason")["count"].to_dict()
        states = store.observations.states()
    assert refused == {"no_time": 1, "no_number": 1, "unknown_stream": 1}
    assert [state.state for state in states] == ["stopped"]
    wanted = table.assign(key="day/" + table["stream"], at=pd.to_datetime(table["time"]))
    columns = ["key", "at", "value"]
    given = kept[columns].sort_values(columns[:2], ignore_index=True)
    wanted = wanted[columns].sort_values(columns[:2], ignore_index=True)
    pd.testing.assert_frame_equal(given, wanted, check_dtype=False)
    assert (kept["flags"] & 128).all()  # of a recording


MESSAGES = 600


@pytest.fixture
def broker(tmp_path_factory):
    program()
    running = Broker(tmp_path_factory.mktemp("broker")).start()
    yield running
    running.stop()


def test_killed_while_messages_come_it_has_each_of_them_once(tmp_path, broker):
    (tmp_path / "sensors.toml").write_text(
        f'store.database = "feeds.sqlite"\nhealth.on = false\nworker.batch = 50\n'
        f'[[source]]\nname = "m"\nkind = "mqtt"\nhost = "127.0.0.1"\nport = {broker.port}\n'
        f'topics = ["town/+"]\nformat = "json"\n[source.mapping]\nstream = "id"\n'
        f'time = {{ path = "t" }}\n[[source.mapping.values]]\npath = "v"\nproperty = "air_temperature"\n'
    )
    database = tmp_path / "feeds.sqlite"
    process = started(tmp_path)
    try:
        eventually(lambda: connections(tmp_path) == 1, "a connection")
        sender = threading.Thread(target=send, args=(broker.port,))
        sender.start()
        assert killed_when(process, lambda: count(database) >= MESSAGES // 3)
        process = started(tmp_path)
        sender.join(30)
        eventually(lambda: count(database) >= MESSAGES, f"{count(database)} of {MESSAGES} values")
        eventually(lambda: connections(tmp_path) == 2, "another connection")
        process.terminate()
        ended(process, tmp_path, 30)
    finally:
        process.kill()
    with open_store(database, check=None) as store:
        kept = store.observations.table(step="raw")
        refused = store.observations.refusals()
    numbers = Counter(kept["value"].round(2))
    assert numbers == Counter({round(n / 100, 2): 1 for n in range(MESSAGES)})
    assert not len(refused)


def send(port):
    """Publish messages, each with a time of its own, slowly enough to be killed meanwhile."""
    client = paho.Client(paho.CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", port)
    client.loop_start()
    begin = int(time.time()) - MESSAGES
    for n in range(MESSAGES):
        payload = f'{{"id": "d{n % 3}", "t": {begin + n}, "v": {n / 100}}}'
        client.publish("town/x", payload, qos=1).wait_for_publish(10)
    client.disconnect()
    client.loop_stop()
