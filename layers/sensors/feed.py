"""Runs one source: its thread, its door to the worker, and another start where it has failed."""

from __future__ import annotations

import time
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, Any

from layers.sensors.board import Pauses
from layers.sensors.common import described
from layers.sensors.writer import explained, is_poison
from twin.errors import SourceError, TwinError
from twin.sentences import Sentence, say

if TYPE_CHECKING:
    from collections.abc import Mapping
    from threading import Event

    from layers.project_store import ProjectStore
    from layers.sensors.board import Board
    from layers.sensors.buffer import Buffer
    from layers.sensors.common import Common, Source, State
    from layers.sensors.metrics import Metrics
    from layers.sensors.records import Datastream, Delivery

STEADY_S = 600.0
"""A source that ran so long before it failed has short pauses again."""

LONGEST_PAUSE_S = 300.0


class Feed:
    """One source as the worker runs it; it is the `Sink` of the source."""

    def __init__(
        self,
        source: Source,
        config: Common | None,
        *,
        store: ProjectStore,
        buffer: Buffer,
        board: Board,
        metrics: Metrics,
    ) -> None:
        self.source, self.config = source, config
        self.name = source.name
        self._store, self._buffer, self._board, self._metrics = store, buffer, board, metrics
        self._lock = Lock()
        self._under_way: dict[str, Mapping[str, Any]] = {}
        self._stop: Event | None = None

    def run(self, stop: Event, known: Mapping[str, Datastream]) -> None:
        """Run the source until `stop` is set or it has come to its end."""
        self._stop = stop
        pauses = Pauses(1.0, LONGEST_PAUSE_S)
        if hasattr(self.source, "streams_known"):
            own = {key: one for key, one in known.items() if one.source == self.name}
            self.source.streams_known(own)
        while not stop.is_set():
            begin = time.monotonic()
            try:
                self.source.run(self, stop)
            except Exception as error:
                if not stop.is_set():
                    self._failed(error)
            if self._has_ended(stop):
                break
            if time.monotonic() - begin > STEADY_S:
                pauses.begin_anew()
            pauses.wait(stop)
        status = self._board.state_of(self.name)
        if status.state != "stopped":
            self.state("stopped")

    def _failed(self, error: Exception) -> None:
        """Tell why the source has failed; of a fault of the program only its kind is shown."""
        self._metrics.failures.labels(self.name).inc()
        if isinstance(error, TwinError):
            self.state("failed", explained(error))
            return
        self._board.tell(self.name, "note", explained(error))
        kind = type(error).__name__
        self.state("failed", say("The source has failed unexpectedly ({kind}).", kind=kind))

    def _has_ended(self, stop: Event) -> bool:
        state = self._board.state_of(self.name).state
        return stop.is_set() or state not in {"failed", "waiting"}

    def put(self, delivery: Delivery) -> None:
        """Take a delivery; see `Sink`."""
        streams = delivery.streams
        if self.config is not None and streams:
            streams = tuple(described(stream, self.config) for stream in streams)
        if delivery.source != self.name or streams is not delivery.streams:
            delivery = replace(delivery, source=self.name, streams=streams)
        if self._buffer.put(self._watched(delivery)) and delivery.readings:
            self._board.heard(self.name)

    def cursor(self, name: str) -> dict[str, Any] | None:
        """Return where the source goes on; see `Sink`."""
        with self._lock:
            if name in self._under_way:
                return dict(self._under_way[name])
        pauses = Pauses(0.25, 30.0)
        while True:
            try:
                return self._store.observations.cursor(self.name, name)
            except Exception as error:
                if is_poison(error):
                    raise
                self._board.trouble(explained(error))
            if self._stop is None or self._stop.is_set():
                template = "The store cannot say where the source goes on."
                raise SourceError(template)
            pauses.wait(self._stop)

    def state(self, state: State, why: Sentence | None = None) -> None:
        """Note how the source is; see `Sink`."""
        self._board.set_state(self.name, state, why)

    def _watched(self, delivery: Delivery) -> Delivery:
        """Return a delivery whose cursor is known here until it is kept."""
        if delivery.cursor is None:
            return delivery
        name, state = delivery.cursor
        with self._lock:
            self._under_way[name] = state

        def done() -> None:
            with self._lock:
                if self._under_way.get(name) is state:
                    del self._under_way[name]
            if delivery.done is not None:
                delivery.done()

        return replace(delivery, done=done)
