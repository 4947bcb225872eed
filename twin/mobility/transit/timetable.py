"""A day of public transport in arrays: what every search for a journey runs on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from twin.provenance import Finding

Ints = NDArray[np.int32]
Floats = NDArray[np.float64]
DAY_S = 86_400
NEVER = 1 << 30
"""Later than any time [s]."""


SERVED, FIRST_FOOT, CHANGE_S = range(3)
"""Columns of `Net.stops`: where its `served` and its `feet` begin; time to change there [s]."""
STOP, PATTERN, ALIGHTS = range(3)
"""Columns of `Net.places`: stop, pattern, whether one may get off."""
FIRST_PLACE, FIRST_EVENT, TRIPS = range(3)
"""Columns of `Net.patterns`: where its places and events begin; number of trips."""
ARRIVAL, DEPARTURE, BOARDS = range(3)
"""Rows of `Net.events`, see there."""
FOOT_TO, FOOT_S = range(2)
"""Columns of `Net.feet`: stop walked to; from alighting to being ready to board [s]."""


class Net(NamedTuple):
    """
    The arrays that kernels read.

    A pattern is a set of trips with the same stops and the same flags none of which overtakes
    another, in order of time. Its places are the stops in turn; its events (a trip at a place) run
    trip by trip. BOARDS are the departures once more, place by place, to find the next trip.
    Stops and patterns have one row more, where the last one ends.
    """

    stops: Ints  # (s + 1, 3)
    served: Ints  # places where one may board, stop by stop
    places: Ints  # (places, 3)
    patterns: Ints  # (patterns + 1, 3)
    events: Ints  # (3, events) seconds after midnight
    feet: Ints  # (walks, 2) by the stop one comes from


def whole_seconds(seconds: ArrayLike) -> Ints:
    """
    Return walks in whole seconds, rounded up to the next but for a thousandth; NEVER for inf.

    >>> whole_seconds([195.0000001, 195.2, np.inf]).tolist() == [195, 196, NEVER]
    True
    """
    values = np.asarray(seconds, float)
    return np.ceil(np.where(values < NEVER, values, NEVER) - 0.001).astype(np.int32)


@dataclass(frozen=True, eq=False)
class Timetable:
    """
    One typical day, as passengers meet it; made by `compile_timetable`.

    The day repeats itself: trips of the day before that run past midnight, and those of the
    morning after, are there as shifted copies, so that `trip` can name a trip of the table twice.
    Times are seconds after midnight, negative for what began the day before.
    """

    net: Net
    stop_ids: pd.Index[str]
    x: Floats  # (s,) of the stops [m]
    y: Floats
    station: Ints  # (s,) row of the station a stop belongs to, its own where there is none
    trip_ids: pd.Index[str]  # of the trips table
    line_ids: pd.Index[str]  # of the lines table
    trip_offsets: Ints  # (patterns + 1,) of `trip`
    trip: Ints  # (trips and copies,) row of `trip_ids`, pattern by pattern
    day: NDArray[np.int8]  # (trips and copies,) -1 of the day before, 0, 1 of the day after
    line: Ints  # (patterns,) row of `line_ids`
    findings: tuple[Finding, ...] = ()

    @property
    def stops(self) -> int:
        """Number of stops, also of those where nothing halts."""
        return len(self.stop_ids)

    @property
    def patterns(self) -> int:
        """Number of patterns."""
        return len(self.line)

    @property
    def events(self) -> int:
        """Number of halts of trips and their copies."""
        return int(self.net.events.shape[1])

    @property
    def served(self) -> NDArray[np.bool_]:
        """Tell at which stops a trip halts."""
        found = np.zeros(self.stops, bool)
        found[self.net.places[:, STOP]] = True
        return found

    def pattern_of_events(self) -> Ints:
        """Return the pattern of each event."""
        sizes = np.diff(self.net.patterns[:, FIRST_EVENT])
        return np.repeat(np.arange(self.patterns, dtype=np.int32), sizes)

    def event(self, pattern: int, trip: int, place: int) -> int:
        """Return the event of a trip (its number in the pattern) at a place."""
        first, end = self.net.patterns[pattern : pattern + 2, FIRST_PLACE]
        start = int(self.net.patterns[pattern, FIRST_EVENT])
        return start + trip * int(end - first) + place - int(first)

    def foot_s(self, a: int, b: int) -> int:
        """Return the seconds to change from one stop to another, or at one, that has a walk."""
        stops = self.net.stops
        if a == b:
            return int(stops[a, CHANGE_S])
        row = self.net.feet[stops[a, FIRST_FOOT] : stops[a + 1, FIRST_FOOT]]
        return int(row[row[:, FOOT_TO] == b, FOOT_S][0])
