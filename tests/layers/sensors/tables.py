"""A store that a test writes by hand: what was kept, where to go on, a worker that is killed."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from layers.sensors.table import TableConfig, TableSource

NOW_MS = 1_790_000_000_000


@dataclass
class Kept:
    """Keeps deliveries as the store does: readings by stream and time, cursors by name."""

    values: dict = field(default_factory=dict)
    streams: dict = field(default_factory=dict)
    refused: list = field(default_factory=list)
    cursors: dict = field(default_factory=dict)
    states: list = field(default_factory=list)
    deliveries: int = 0
    doubled: int = 0  # readings that were handed over again
    killed_after: int | None = None

    def put(self, delivery):
        if self.killed_after is not None and self.deliveries >= self.killed_after:
            raise KeyboardInterrupt  # nothing in the source catches this
        self.deliveries += 1
        self.streams |= {stream.key: stream for stream in delivery.streams}
        self.refused += delivery.refused
        for reading in delivery.readings:
            self.doubled += (reading.stream, reading.at) in self.values
            self.values[reading.stream, reading.at] = reading.value
        if delivery.cursor is not None:
            name, state = delivery.cursor
            self.cursors[name] = dict(state)

    def cursor(self, name):
        return self.cursors.get(name)

    def state(self, state, why=None):
        self.states.append((state, str(why) if why else ""))

    @property
    def reasons(self):
        return sorted({refusal.reason for refusal in self.refused})


def config(**given):
    """Give a table with time and v, a speed, unless something else is given."""
    mapping = {
        "stream": "s",
        "time": {"path": "time", "zone": "UTC"},
        "values": [{"path": "v", "property": "speed"}],
    }
    usual = {"name": "table", "mapping": mapping} if "format" not in given else {"name": "table"}
    return TableConfig.model_validate({**usual, **given})


def source(made):
    return TableSource(made, clock=lambda: NOW_MS / 1000)


def look(made, kept, of=None):
    """Look once with a source that was just started; what went wrong, as text."""
    trouble = (of or source(made)).look(kept, threading.Event())
    return "" if trouble is None else str(trouble.error)
