"""Reading a SensorThings server in a test: a sink that keeps like the store, no waits."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

from layers.sensors.sensorthings import SensorThingsSource
from layers.sensors.sensorthings_config import SensorThingsConfig
from layers.web import Manners

MANNERS = Manners(attempts=3, first_wait_s=0, longest_wait_s=1, read_timeout_s=10)
NOW = datetime(2024, 11, 10, tzinfo=UTC).timestamp()


class BrokenError(Exception):
    """The power has gone."""


class Kept:
    """Keeps as the store does: each (stream, time) once; what is lost is lost with its cursor."""

    def __init__(self):
        self.values, self.streams, self.cursors = {}, {}, {}
        self.refused, self.states, self.doubles, self.revised = [], [], 0, 0
        self.deliveries = 0
        self.breaks_at = None  # number of the delivery that is lost, and all after it

    def put(self, delivery):
        self.deliveries += 1
        if self.breaks_at is not None and self.deliveries >= self.breaks_at:
            raise BrokenError
        self.streams |= {stream.key: stream for stream in delivery.streams}
        for reading in delivery.readings:
            assert reading.stream in self.streams, "a reading before its stream"
            at = (reading.stream, reading.at)
            self.doubles += self.values.get(at) == reading.value
            self.revised += at in self.values and self.values[at] != reading.value
            self.values[at] = reading.value
        self.refused += delivery.refused
        if delivery.cursor is not None:
            self.cursors[delivery.cursor[0]] = dict(delivery.cursor[1])
        if delivery.done is not None:
            delivery.done()

    def cursor(self, name):
        return self.cursors.get(name)

    def state(self, state, why=None):
        self.states.append((state, str(why) if why else ""))

    def of(self, key):
        """Give times and values of a stream in order."""
        return sorted((at, value) for (k, at), value in self.values.items() if k == key)


def source(url, now=NOW, **more):
    given = {"name": "sta", "url": url, "since": "2024-01-01", "every_s": 60, **more}
    return SensorThingsSource(SensorThingsConfig(**given), clock=lambda: now, manners=MANNERS)


def read(one, sink, rounds=200):
    """Let a source read until it has all there is; the error, if there is one."""
    stop = threading.Event()
    for _ in range(rounds):
        error, is_whole = one.look(sink, stop)
        if error is not None or is_whole:
            return error
    raise AssertionError("it does not come to an end")


def ms(text):
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)
