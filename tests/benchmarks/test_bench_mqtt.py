"""
From a real broker into the store: sustained readings a second, and whether memory stays flat.

The peer is bare paho that acknowledges each message and keeps nothing: what the way itself costs.
"""

from __future__ import annotations

import json
import resource
import sqlite3
import subprocess
import threading
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import paho.mqtt.client as paho
import pytest

from layers.project_store import open_store
from layers.sensors.config import Config, Health
from layers.sensors.mqtt import MqttConfig, MqttSource
from layers.sensors.worker import Worker
from tests.layers.sensors.lorawan_messages import ttn
from tests.layers.sensors.mosquitto import Broker, Kept, Running, program, until

if TYPE_CHECKING:
    from pathlib import Path

DEVICES = 500
MAPPING = {
    "stream": "id",
    "time": {"path": "t"},
    "values": [
        {"path": "temp", "property": "air_temperature"},
        {"path": "hum", "property": "relative_humidity"},
        {"path": "p", "property": "air_pressure"},
        {"path": "pm", "property": "pm10"},
    ],
}


def of_town(number: int) -> str:
    """Give a message with four values."""
    at = 1_700_000_000_000 + number // DEVICES * 60_000
    values = {"temp": 20.5, "hum": 61, "p": 1011.2, "pm": 14}
    return json.dumps({"id": f"s{number % DEVICES}", "t": at, **values})


def bare(number: int) -> str:
    """Give a message with one value."""
    at = 1_700_000_000_000 + number // DEVICES * 60_000
    return json.dumps({"id": f"s{number % DEVICES}", "t": at, "temp": 20.5})


def of_ttn(number: int) -> str:
    """Give an uplink as The Things Stack sends it, with three values."""
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(1_700_000_000 + number // DEVICES * 60))
    decoded = {"TempC_SHT": 20.5, "Hum_SHT": 61, "BatV": 3.6}
    return json.dumps(ttn(f"d{number % DEVICES}", decoded, at=at, f_cnt=number // DEVICES))


KINDS = {"four values": (of_town, 4), "one value": (bare, 1), "ttn": (of_ttn, 3)}


@contextmanager
def published(broker: Broker, path: Path):
    """Send the lines of a file from a process of its own."""
    command = [program("mosquitto_pub"), "-p", str(broker.port), "-t", "town", "-q", "1", "-l"]
    with path.open("rb") as lines, subprocess.Popen(command, stdin=lines) as process:
        yield process
        process.wait(120)


def source_for(broker: Broker, kind: str) -> tuple[MqttConfig, MqttSource]:
    is_ttn = kind == "ttn"
    config = MqttConfig(
        name="bench", host="127.0.0.1", port=broker.port, topics=("town",),
        mapping=None if is_ttn else MAPPING, format="ttn" if is_ttn else "json",
    )  # fmt: skip
    return config, MqttSource(config)


def count(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT count(*) FROM observations").fetchone()[0]


@pytest.mark.parametrize("kind", list(KINDS))
def test_from_mqtt_into_sqlite(benchmark, tmp_path, kind):
    """Readings a second from publisher to commit, on the two cores that all share."""
    make, values = KINDS[kind]
    messages = 60_000 // values
    lines = tmp_path / "lines"
    lines.write_text("".join(make(number) + "\n" for number in range(messages)), "utf-8")
    broker = Broker(tmp_path).start()
    store = open_store(str(path := tmp_path / "feeds.sqlite"))
    _, source = source_for(broker, kind)
    states: list[str] = []
    config = Config(health=Health(on=False))
    worker = Worker(store, [source], config, tell=lambda _name, state, _why: states.append(state))
    thread = threading.Thread(target=worker.run, daemon=True)
    peaks = []

    def flow() -> None:
        thread.start()
        until(lambda: "connected" in states, "a connection")
        begin = time.perf_counter()
        with published(broker, lines):
            for share in (0.3, 1.0):
                until(lambda wanted=share: count(path) >= wanted * messages * values, "all", 120)
                peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        benchmark.extra_info["per_s"] = messages * values / (time.perf_counter() - begin)

    try:
        benchmark.pedantic(flow, rounds=1)
    finally:
        worker.stop()
        store.close()
        broker.stop()
    print(
        f"\n{kind}: {benchmark.extra_info['per_s']:,.0f} readings a second into SQLite, "
        f"peak {peaks[0]:.0f} MB after 30 %, {peaks[1]:.0f} MB at the end"
    )


@pytest.mark.parametrize("kind", list(KINDS))
def test_from_mqtt_without_store(benchmark, tmp_path, kind):
    """The source alone: a sink that says done at once."""
    make, values = KINDS[kind]
    messages = 60_000 // values
    lines = tmp_path / "lines"
    lines.write_text("".join(make(number) + "\n" for number in range(messages)), "utf-8")
    broker = Broker(tmp_path).start()
    _, source = source_for(broker, kind)

    def flow() -> float:
        with Running(source, Kept()) as kept:
            begin = time.perf_counter()
            with published(broker, lines):
                until(lambda: len(kept.written) >= messages * values, "all", 120)
            return messages * values / (time.perf_counter() - begin)

    try:
        rate = benchmark.pedantic(flow, rounds=1)
    finally:
        broker.stop()
    print(f"\n{kind}: {rate:,.0f} readings a second, source alone")


def test_peer_bare_paho(benchmark, tmp_path):
    """Messages a second that paho takes and acknowledges when nobody looks at them."""
    messages = 20_000
    lines = tmp_path / "lines"
    lines.write_text("".join(of_town(number) + "\n" for number in range(messages)), "utf-8")
    broker = Broker(tmp_path).start()
    seen = []
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    client.on_message = lambda *_: seen.append(1)
    ready = threading.Event()
    client.on_subscribe = lambda *_: ready.set()
    client.on_connect = lambda c, *_: c.subscribe("town", 1)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    assert ready.wait(10)

    def flow() -> float:
        begin = time.perf_counter()
        with published(broker, lines):
            until(lambda: len(seen) >= messages, "all", 120)
        return messages / (time.perf_counter() - begin)

    rate = benchmark.pedantic(flow, rounds=1)
    client.loop_stop()
    broker.stop()
    print(f"\npeer: {rate:,.0f} messages a second, bare paho")
