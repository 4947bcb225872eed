"""Fits the matrix of vehicles to what was counted: one at a time, told as it goes, stoppable."""

from __future__ import annotations

import logging
from collections import OrderedDict
from dataclasses import dataclass, replace
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Literal

from dash_app.workspace.runs import StoppedError, unexpected
from twin.errors import ModelError, TwinError
from twin.simulate import Observed
from twin.simulate.observed import correction
from twin.simulate.travel import driving

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from twin.mobility.assignment import Equilibrium
    from twin.mobility.tables import Demand
    from twin.simulate.results import YearResults

    Floats = NDArray[np.float64]
    Say = Callable[[float], None]
    Stop = Callable[[], bool]

LOG = logging.getLogger(__name__)

DRIVES = 6
"""How often traffic is worked out on the way at most: once before, once a round and at the end."""

MOST_KEPT = 3
"""Results remembered; a matrix of a thousand zones takes 8 MB."""


@dataclass(frozen=True, eq=False)
class Adjustment:
    """
    A matrix of today's vehicles fitted to counts.

    `table` has a row a counted direction: `street`, `count`, `before`, `after` (cars a weekday; the
    modelled lorries are taken off the count), `geh_before`, `geh_after`, `is_reached`; `summary`
    as of `twin.mobility.counts.Adjusted`, and `share_before`, `share_after`: directions with a GEH
    below 5 [%]. `vehicles` are by class between the `zones`.
    """

    table: pd.DataFrame
    summary: Mapping[str, float]
    vehicles: Mapping[str, Floats]
    zones: pd.Index[str]


@dataclass(frozen=True)
class Progress:
    """Where an adjustment stands; `share` is the part that is done at most, 0 to 1."""

    state: Literal["none", "running", "done", "failed", "stopped"] = "none"
    share: float = 0.0
    counts: int = 0
    result: Adjustment | None = None
    problem: TwinError | None = None


def adjust_matrix(
    year: YearResults,
    counts: pd.DataFrame,
    *,
    stop: Stop = lambda: False,
    say: Say = lambda share: None,
) -> Adjustment:
    """
    Return the vehicles of a weekday fitted to counts, as `twin run --counts` fits them.

    Parameters
    ----------
    counts
        `street`, `vehicles_day` (cars and lorries), a row a direction.

    Raises
    ------
    ModelError
        The town has no travel, or a count is on a street it does not have.
    StoppedError
        `stop` said so.
    """
    inputs, travel = year.answers["travel_inputs"], year.answers["travel"]
    if inputs is None or travel is None:
        template = "This city lacks the streets or traffic zones that trips need."
        raise ModelError(template)
    drive, done = driving(inputs, travel, year.answers.given), 0

    def watched(trips: Demand) -> Equilibrium:
        nonlocal done
        if stop():
            raise StoppedError
        found = drive(trips)
        done += 1
        say(min(done / DRIVES, 0.95))
        if stop():
            raise StoppedError
        return found

    trips = _modelled(travel.demand, travel.correction is not None)
    known = correction(
        Observed(counts=counts), trips, inputs.networks["car"], watched, year.answers.given
    )
    if known.counts is None:
        template = "Nothing was counted on a street of this town."
        raise ModelError(template, hint="Give counters their street or their place.")
    return Adjustment(
        known.counts,
        {**known.summary, **_shares(known.counts)},
        known.of(trips).vehicles,
        trips.ids,
    )


def _modelled(trips: Demand, corrected: bool) -> Demand:
    """Return the demand with vehicles that may be written over."""
    if corrected:
        template = "The vehicles of this run were fitted to counts already."
        raise ModelError(template)
    return replace(trips, vehicles={name: each.copy() for name, each in trips.vehicles.items()})


def _shares(table: pd.DataFrame) -> dict[str, float]:
    """Return the share of counted directions with a GEH below 5 [%], before and after."""
    return {
        f"share_{case}": 100.0 * float((table[f"geh_{case}"] < 5.0).mean())
        for case in ("before", "after")
    }


class Adjusting:
    """
    Adjusts matrices in a thread of its own; safe to use from any thread.

    It leaves the engine to the planners: edits are answered meanwhile. A second start of the same
    key changes nothing; of another key it waits its turn until the first is over or stopped.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: OrderedDict[str, Progress] = OrderedDict()
        self._running = ""
        self._stop = Event()
        self._thread: Thread | None = None
        self._closed = False

    def start(
        self, key: str, year: YearResults, counts: pd.DataFrame, *,
        work: Callable[..., Adjustment] = adjust_matrix,
    ) -> Progress:  # fmt: skip
        """
        Begin an adjustment, unless it is there or under way; return where it stands.

        Raises
        ------
        ModelError
            Another one is under way.
        """
        with self._lock:
            now = self._known.get(key, Progress())
            if now.state in {"running", "done"} or self._closed:
                return now
            if self._running:
                template = "Another matrix is being adjusted just now."
                raise ModelError(template, hint="Wait until it is done, or stop it.")
            self._running, self._stop = key, Event()
            started = Progress("running", 0.0, len(counts))
            self._keep(key, started)
            self._thread = Thread(
                target=self._run, args=(key, year, counts, work, self._stop), name="adjusting",
                daemon=True,
            )  # fmt: skip
            self._thread.start()
            return started

    def progress(self, key: str) -> Progress:
        """Return where an adjustment stands."""
        with self._lock:
            return self._known.get(key, Progress())

    def cancel(self, key: str) -> Progress:
        """Have an adjustment stopped; it ends after the step it is in."""
        with self._lock:
            if self._running == key:
                self._stop.set()
            return self._known.get(key, Progress())

    def wait(self, timeout: float | None = None) -> None:
        """Wait until nothing is under way."""
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join(timeout)

    def close(self, timeout: float | None = 0.0) -> None:
        """Stop for good."""
        with self._lock:
            self._closed = True
            self._stop.set()
        self.wait(timeout)

    def _run(
        self, key: str, year: YearResults, counts: pd.DataFrame,
        work: Callable[..., Adjustment], stop: Event,
    ) -> None:  # fmt: skip
        def say(share: float) -> None:
            with self._lock:
                self._keep(key, Progress("running", share, len(counts)))

        try:
            found = work(year, counts, stop=stop.is_set, say=say)
            ended = Progress("done", 1.0, len(counts), found)
        except StoppedError:
            ended = Progress("stopped", 0.0, len(counts))
        except TwinError as error:
            ended = Progress("failed", 0.0, len(counts), problem=error)
        except Exception:
            LOG.exception("Adjusting the matrix failed")
            ended = Progress("failed", 0.0, len(counts), problem=unexpected())
        with self._lock:
            self._keep(key, ended)
            self._running = ""

    def _keep(self, key: str, progress: Progress) -> None:
        self._known[key] = progress
        self._known.move_to_end(key)
        while len(self._known) > MOST_KEPT:
            self._known.popitem(last=False)
