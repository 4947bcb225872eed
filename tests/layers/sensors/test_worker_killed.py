"""`twin sensors run` killed with SIGKILL again and again: nothing is lost, nothing is doubled."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import numpy as np
import paho.mqtt.client as paho
import pandas as pd
import pytest

from layers.project_store import open_store
from tests.layers.sensors.feeding import eventually
from tests.layers.sensors.mosquitto import Broker, program

ROWS = 12_000
STREAMS = 4
MESSAGES = 600
MESSAGE = "at > 1780000000000"  # those of the recording are older
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


def connections(folder, source):
    return (folder / "log").read_bytes().count(f"{source}  Connected".encode())


def killed(process):
    assert process.poll() is None  # it was still there to be killed
    process.send_signal(signal.SIGKILL)
    process.wait(30)


@pytest.fixture
def broker(tmp_path_factory):
    program()
    running = Broker(tmp_path_factory.mktemp("broker")).start()
    yield running
    running.stop()


def write_config(folder, port):
    (folder / "sensors.toml").write_text(
        'store.database = "feeds.sqlite"\nhealth.on = false\nworker.batch = 100\n'
        '[[source]]\nname = "day"\nkind = "replay"\nfile = "day.csv"\nshift = "none"\n'
        'speed = "max"\n'
        f'[[source]]\nname = "m"\nkind = "mqtt"\nhost = "127.0.0.1"\nport = {port}\n'
        f'topics = ["town/+"]\nformat = "json"\n[source.mapping]\nstream = "id"\n'
        f'time = {{ path = "t" }}\n[[source.mapping.values]]\npath = "v"\n'
        f'property = "air_temperature"\n'
    )


def killed_twice(folder, port):
    """Kill a worker in the midst of the recording, another one in the midst of the messages."""
    database = folder / "feeds.sqlite"
    process = started(folder)
    go_on = threading.Event()
    sender = threading.Thread(target=send, args=(port, go_on))
    try:
        eventually(lambda: count(database) >= 1, "the first value")
        killed(process)  # in the midst of the recording
        assert count(database) < ROWS
        process = started(folder)
        eventually(lambda: connections(folder, "m"), "a connection")
        sender.start()
        eventually(lambda: count(database, MESSAGE) >= MESSAGES // 4, "some messages")
        killed(process)  # in the midst of the messages
        assert count(database, MESSAGE) < MESSAGES
        go_on.set()
        process = started(folder)
        sender.join(60)
        eventually(lambda: count(database) >= ROWS + MESSAGES, "all values")
        process.terminate()
        assert process.wait(30) == 0, (folder / "log").read_text()
    finally:
        go_on.set()
        process.kill()


def test_killed_at_any_moment_it_loses_and_doubles_nothing(tmp_path, broker):
    table = recording(tmp_path)
    write_config(tmp_path, broker.port)
    killed_twice(tmp_path, broker.port)
    with open_store(tmp_path / "feeds.sqlite", check=None) as store:
        kept = store.observations.table(step="raw")
        refused = store.observations.refusals().set_index("reason")["count"].to_dict()
        states = store.observations.states()
    assert refused == {"no_time": 1, "no_number": 1, "unknown_stream": 1}
    assert [state.state for state in states] == ["stopped", "stopped"]
    is_message = kept["key"].str.startswith("m/")
    numbers = Counter(kept["value"][is_message].round(2))
    assert numbers == Counter({round(n / 100, 2): 1 for n in range(MESSAGES)})
    wanted = table.assign(key="day/" + table["stream"], at=pd.to_datetime(table["time"]))
    columns = ["key", "at", "value"]
    given = kept[~is_message][columns].sort_values(columns[:2], ignore_index=True)
    wanted = wanted[columns].sort_values(columns[:2], ignore_index=True)
    pd.testing.assert_frame_equal(given, wanted, check_dtype=False)
    assert (kept["flags"][~is_message] & 128).all()  # of a recording


def send(port, go_on):
    """Publish messages, each with a time of its own; the second half when somebody was killed."""
    client = paho.Client(paho.CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", port)
    client.loop_start()
    begin = int(time.time()) - MESSAGES
    for n in range(MESSAGES):
        if n == MESSAGES // 2:
            go_on.wait(60)
        payload = f'{{"id": "d{n % 3}", "t": {begin + n}, "v": {n / 100}}}'
        client.publish("town/x", payload, qos=1).wait_for_publish(10)
        time.sleep(0.005)
    client.disconnect()
    client.loop_stop()
