"""A model that computes nothing, as slowly as a test wants: it stops where it is told to wait."""

from __future__ import annotations

import time
from collections import Counter
from threading import Event, Lock
from typing import Any

import numpy as np

from dash_app.workspace.runs import StoppedError
from twin.measures import Retrofit
from twin.scenario import Baseline, Scenario
from twin.simulate.results import Results

YEARS = (2025, 2035, 2045)
PATIENCE_S = 20.0


def scenario(name: int, *, stages: tuple[int, ...] = YEARS) -> Scenario:
    """Return one of many different scenarios; 0 changes nothing."""
    measures = (Retrofit(kind="retrofit", id=f"m{name}"),) if name else ()
    return Scenario(baseline=Baseline(hash="town"), stages=stages, measures=measures)


class SlowModel:
    """Answers with empty years; `hold` makes the next answers wait, `free` lets them go on."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, int]] = []
        self.done: Counter[tuple[str, int]] = Counter()
        self.stopped: list[tuple[str, int]] = []
        self.most_at_once = 0
        self.faults: dict[str, Exception] = {}
        self.size = 10
        self._free = Event()
        self._free.set()
        self._now = 0
        self._lock = Lock()

    def hold(self) -> None:
        self._free.clear()

    def free(self) -> None:
        self._free.set()

    def __call__(self, wanted: Scenario, year: int, *, stop: Any, say: Any) -> Results:
        key = wanted.hash, year
        with self._lock:
            self.calls.append(key)
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        try:
            say(0.5)
            while not self._free.wait(0.002):
                self._look(stop, key)
            self._look(stop, key)
            if wanted.hash in self.faults:
                raise self.faults[wanted.hash]
            self.done[key] += 1
            return self._answer(wanted, year)
        finally:
            with self._lock:
                self._now -= 1

    def _look(self, stop: Any, key: tuple[str, int]) -> None:
        if stop():
            self.stopped.append(key)
            raise StoppedError

    def _answer(self, wanted: Scenario, year: int) -> Results:
        found: Any = {year: {"column": np.zeros(self.size)}}
        nothing: Any = None
        return Results(wanted, found, nothing, "", (), nothing)


def until(what: Any) -> None:
    """Wait until something holds; fail after long."""
    end = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.002)
