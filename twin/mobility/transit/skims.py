"""Travel times of public transport from zone to zone, and what they are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from twin.mobility.paths.threads import in_rows
from twin.mobility.transit.raptor import (
    FIRST,
    FOOT,
    RIDE,
    RIDES,
    Query,
    make_labels,
    make_out,
    run,
)
from twin.mobility.transit.reach import rides_of, window
from twin.mobility.transit.timetable import NEVER

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from twin.assumptions import Assumptions
    from twin.mobility.transit.access import StopAccess
    from twin.mobility.transit.timetable import Floats, Ints, Timetable

PARTS = ("in_vehicle", "wait", "first_wait", "walk")


def transit_skims(
    timetable: Timetable,
    access: StopAccess,
    given: Assumptions,
    *,
    hours: tuple[float, float] | None = None,
    walk_minutes: ArrayLike | None = None,
) -> dict[str, Floats]:
    """
    Return journeys from zone to zone (z, z): door to door, in the median over a window.

    Parameters
    ----------
    access
        Stops near each zone.
    hours
        Window of departures, one a minute; without it that of the assumptions.
    walk_minutes
        (z, z) on foot all the way. Where that is no longer than by vehicle, nobody rides: inf.

    Of each departure it is the journey passengers choose: the least of arrival and
    `transit.transfer_penalty` a change. The median departure (nearest rank, of equal ones the
    earliest) gives all figures of a pair, so that `minutes` is the sum of `in_vehicle`, `wait`
    and `walk`, all in minutes. `wait` holds the `first_wait` (from leaving the door on, beside
    the walk) and the times to change at a stop; `walk` the ways to, from and between stops.
    `transfers` is a number. inf everywhere where there is no journey, and within a zone.
    """
    departures = window(given, hours)
    query = Query(
        departures,
        round(given["transit.longest_journey"] * 60),
        round(given["transit.transfer_penalty"] * 60),
    )
    ends, rides = access.by_stop(timetable.stops), rides_of(given)
    count = access.places
    out = {name: np.full((count, count), np.inf) for name in ("minutes", *PARTS, "transfers")}

    def rows(first: int, end: int) -> None:
        labels = make_labels(timetable.net, rides)
        for zone in range(first, end):
            found = make_out(len(departures), count, parts=True)
            run(timetable.net, labels, access.start(zone), ends, query, found)
            for name, values in _median(found.arrivals.T, found.parts, departures).items():
                out[name][zone] = values

    in_rows(rows, count, least=4)
    nobody = np.eye(count, dtype=bool)
    if walk_minutes is not None:
        nobody |= np.asarray(walk_minutes, float) <= out["minutes"]
    for values in out.values():
        values[nobody] = np.inf
    return out


def _median(found: Ints, parts: Ints, departures: Ints) -> dict[str, Floats]:
    """Return the figures of the median departure of each place; inf where it has no journey."""
    taken = np.where(found < NEVER, found - departures, NEVER).astype(np.int32)
    rank = (len(departures) - 1) // 2
    median = np.partition(taken, rank, axis=1)[:, rank]
    # departures run from late to early: the last that equals it is the earliest
    at = len(departures) - 1 - np.argmax((taken == median[:, None])[:, ::-1], axis=1)
    of = parts[at, np.arange(len(at))].astype(float)
    seconds = {
        "minutes": median.astype(float),
        "in_vehicle": of[:, RIDE],
        "wait": median - of[:, RIDE] - of[:, FOOT],
        "first_wait": of[:, FIRST],
        "walk": of[:, FOOT],
    }
    figures = {name: values / 60 for name, values in seconds.items()}
    figures["transfers"] = of[:, RIDES] - 1
    return {name: np.where(median < NEVER, values, np.inf) for name, values in figures.items()}
