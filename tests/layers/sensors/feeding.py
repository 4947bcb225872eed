"""Sources that a test writes by hand, and waiting for what must become true."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from layers.sensors.common import Checked
from layers.sensors.config import Config, Health, Pace
from layers.sensors.records import Datastream, Delivery, Reading

PATIENCE_S = 30.0
BEGIN = 1_780_000_000_000


def eventually(condition, what="it"):
    """Wait until something is true; what it gave."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come true")


def stream(source, name="a", **more):
    given = {"property": "air_temperature", "unit": "Cel", "lon": 7.15, "lat": 50.81, **more}
    return Datastream(f"{source}/{name}", source, name, **given)


def delivery(source, first, count, name="a", done=None, **more):
    """Give readings first ... first + count - 1 of a stream, a minute apart, each its number."""
    numbers = range(first, first + count)
    readings = tuple(Reading(f"{source}/{name}", BEGIN + 60_000 * n, n % 40) for n in numbers)
    return Delivery(source, readings, done=done, **more)


def config(**pace):
    return Config(health=Health(on=False), worker=Pace(**{"wait_s": 0.02, **pace}))


@dataclass
class Given:
    """Hands over what it was given, notes what was acknowledged, and then waits or ends."""

    name: str
    deliveries: list = field(default_factory=list)
    ends: bool = True
    error: Exception | None = None
    acknowledged: list = field(default_factory=list)
    put: int = 0
    runs: int = 0
    known: dict | None = None
    stopped: threading.Event = field(default_factory=threading.Event)

    def streams_known(self, known):
        self.known = dict(known)

    def run(self, sink, stop):
        self.runs += 1
        sink.state("connected")
        if self.runs == 1:
            sink.put(Delivery(self.name, streams=(stream(self.name),)))
        while self.deliveries:
            number = self.put
            one = self.deliveries.pop(0)
            sink.put(self._watched(one, number))
            self.put += 1
        if self.error is not None:
            raise self.error
        if not self.ends:
            stop.wait()
        self.stopped.set()

    def _watched(self, one, number):
        from dataclasses import replace  # noqa: PLC0415

        return replace(one, done=lambda: self.acknowledged.append(number))

    def check(self, seconds):
        return Checked()


def times(store, key):
    """Give minutes and values of what is kept of a stream."""
    row = store.observations.stream(key)
    if row is None:
        return []
    series = store.observations.series(row.number)
    minutes = (series.index.as_unit("ms").asi8 - BEGIN) // 60_000
    return list(zip(minutes.tolist(), series["value"].tolist(), strict=True))


def expected(count, first=0):
    return [(n, float(n % 40)) for n in range(first, first + count)]
