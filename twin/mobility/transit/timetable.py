"""A day of public transport in arrays: what every search for a journey runs on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

    from twin.provenance import Finding

Ints = NDArray[np.int32]
Floats = NDArray[np.float64]
DAY_S = 86_400


class Net(NamedTuple):
    """
    The arrays that kernels read.

    A pattern is a set of trips with the same stops and the same flags none of which overtakes
    another, in order of time. Its places are `place_offsets[p]:place_offsets[p + 1]`; its events
    (a trip at a place) begin at `event_offsets[p]`, the places of a trip in a row. `boards` holds
    the departures the other way, the trips of a place in a row, for finding the next one.
    """

    stop_offsets: Ints  # (s + 1,) of `stop_places`
    stop_places: Ints  # places where one may board, by stop
    stop: Ints  # (places,)
    pattern: Ints  # (places,)
    alights: NDArray[np.bool_]  # (places,) one may get off
    place_offsets: Ints  # (patterns + 1,)
    counts: Ints  # (patterns,) trips
    event_offsets: Ints  # (patterns + 1,)
    arrivals: Ints  # (events,) seconds after midnight
    departures: Ints  # (events,)
    boards: Ints  # (events,)
    foot_offsets: Ints  # (s + 1,) of `foot_to`, `foot_s`
    foot_to: Ints
    foot_s: Ints  # from alighting to being ready to board
    change_s: Ints  # (s,) the same at one stop


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
        return len(self.net.counts)

    @property
    def events(self) -> int:
        """Number of halts of trips and their copies."""
        return len(self.net.arrivals)

    @property
    def served(self) -> NDArray[np.bool_]:
        """Tell at which stops a trip halts."""
        found = np.zeros(self.stops, bool)
        found[self.net.stop] = True
        return found

    def pattern_of_events(self) -> Ints:
        """Return the pattern of each event."""
        sizes = np.diff(self.net.event_offsets)
        return np.repeat(np.arange(self.patterns, dtype=np.int32), sizes)
