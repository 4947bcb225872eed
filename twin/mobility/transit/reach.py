"""How far one gets from a door, over a window of departures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from twin.errors import ModelError
from twin.mobility import paths
from twin.mobility.transit.raptor import (
    ALIGHT,
    Ends,
    Query,
    make_labels,
    make_out,
    run,
)
from twin.mobility.transit.timetable import DAY_S, NEVER, whole_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from twin.assumptions import Assumptions
    from twin.mobility.tables import Access, ModeNetwork
    from twin.mobility.transit.access import StopAccess
    from twin.mobility.transit.raptor import Labels, Out
    from twin.mobility.transit.timetable import Floats, Ints, Timetable

STEP_S = 60
"""Departures looked at: every minute, as timetables have whole minutes."""


def window(given: Assumptions, hours: tuple[float, float] | None = None) -> Ints:
    """
    Return the departures of a window [s], from late to early, its end not among them.

    Without `hours` that of the assumptions, `transit.window_start` to `transit.window_end`.
    """
    first, end = hours or (given["transit.window_start"], given["transit.window_end"])
    if not 0 <= first < end <= DAY_S / 3600:
        template = "Departures from {first} to {end} o'clock are no window of a day."
        hint = "Give two hours from 0 to 24, the earlier one first."
        raise ModelError(template, hint=hint, first=first, end=end)
    seconds = np.arange(round(first * 3600), round(end * 3600), STEP_S, dtype=np.int32)
    return np.ascontiguousarray(seconds[::-1])


def arrivals(
    timetable: Timetable, seconds: ArrayLike, departures: Ints, given: Assumptions
) -> Ints:
    """
    Return the earliest arrival by vehicle at each stop (departures, s) [s].

    Parameters
    ----------
    seconds
        (s,) on foot from the door to each stop, inf where it is too far.
    departures
        Seconds after midnight, from late to early.

    `NEVER` where no journey of at most `transit.most_transfers` ends within
    `transit.longest_journey`.
    """
    out = make_out(len(departures), timetable.stops)
    _searched(timetable, seconds, departures, given, (_at_stops(timetable), out))
    return out.arrivals


def arrivals_by_rides(
    timetable: Timetable, seconds: ArrayLike, departure_s: int, given: Assumptions
) -> Ints:
    """
    Return the earliest arrival at each stop with at most so many rides (rides + 1, s) [s].

    Row 0 is without any: NEVER. A transfer less for a later arrival is what one may choose.
    """
    ends = _at_stops(timetable), make_out(1, timetable.stops)
    departures = np.array([departure_s], np.int32)
    labels = _searched(timetable, seconds, departures, given, ends)
    return np.minimum.accumulate(labels.times[:, ALIGHT].T, axis=0)


def _at_stops(timetable: Timetable) -> Ends:
    """Return the stops themselves as places."""
    stops = np.arange(timetable.stops + 1, dtype=np.int32)
    return Ends(stops, stops[:-1], np.zeros_like(stops[:-1]), timetable.stops)


def _searched(
    timetable: Timetable,
    seconds: ArrayLike,
    departures: Ints,
    given: Assumptions,
    ends: tuple[Ends, Out],
) -> Labels:
    """Search for the earliest arrivals from a door at places and write them out."""
    walk, net = np.asarray(seconds, float), timetable.net
    near = np.flatnonzero(np.isfinite(walk)).astype(np.int32)
    query = Query(departures, round(given["transit.longest_journey"] * 60), 0)
    labels = make_labels(net, rides_of(given))
    run(net, labels, (near, whole_seconds(walk[near])), ends[0], query, ends[1])
    return labels


def rides_of(given: Assumptions) -> int:
    """Return the most rides of a journey."""
    return round(given["transit.most_transfers"]) + 1


def reach(
    timetable: Timetable,
    seconds: ArrayLike,
    given: Assumptions,
    *,
    hours: tuple[float, float] | None = None,
    percentiles: Sequence[float] = (50,),
) -> Floats:
    """
    Return the minutes from a door to each stop (percentiles, s), on foot or by vehicle.

    Parameters
    ----------
    seconds
        (s,) on foot from the door to each stop, inf where it is too far.
    hours
        Window of departures, one a minute (`window`).
    percentiles
        Of the minutes over the window: 50 is what half of the departures reach (nearest rank).

    inf where that share of the departures does not get there.
    """
    departures = window(given, hours)
    found = arrivals(timetable, seconds, departures, given)
    return _percentiles(np.minimum(_taken(found, departures), whole_seconds(seconds)), percentiles)


def reach_places(
    timetable: Timetable,
    seconds: ArrayLike,
    places: StopAccess,
    given: Assumptions,
    *,
    hours: tuple[float, float] | None = None,
    percentiles: Sequence[float] = (50,),
) -> Floats:
    """
    Return the minutes from a door by vehicle to places near stops (percentiles, places).

    For every departure the best stop of each place counts, so that these are the percentiles of
    the whole journey; walking all the way is not in them.
    """
    departures = window(given, hours)
    out = make_out(len(departures), places.places)
    _searched(timetable, seconds, departures, given, (places.by_stop(timetable.stops), out))
    return _percentiles(_taken(out.arrivals, departures), percentiles)


def _taken(found: Ints, departures: Ints) -> Ints:
    """Return the seconds from departures to arrivals, NEVER where there is none."""
    return np.where(found < NEVER, found - departures[:, None], NEVER).astype(np.int32)


def _percentiles(seconds: Ints, percentiles: Sequence[float]) -> Floats:
    """Return percentiles down the columns in minutes, by nearest rank; inf for NEVER."""
    count = len(seconds)
    ranks = [max(0, int(np.ceil(one * count / 100)) - 1) for one in percentiles]
    columns = np.ascontiguousarray(seconds.T)
    columns.partition(sorted(set(ranks)), axis=1)
    found = columns[:, ranks].T.astype(float)
    found[found >= NEVER] = np.inf
    return np.asarray(found / 60)


def onward(minutes: ArrayLike, network: ModeNetwork, stops: Access, given: Assumptions) -> Floats:
    """
    Return the minutes to each node of the walking network when going on on foot from the stops.

    `minutes` (s,) are those to each stop (one row of `reach`), `stops` says where it meets the
    network. For a percentile of a window this is an upper bound: it takes the same stop for every
    departure. inf where no stop is reached or the walk is longer than `transit.longest_access`.
    """
    left = np.asarray(minutes, float)[:, None] * 60 + np.zeros(2)
    usable = (stops.node >= 0) & np.isfinite(left + stops.seconds)
    if not usable.any():
        return np.full(network.graph.n, np.inf)
    begin = (left + stops.seconds)[usable]
    found, seed = paths.nearest(network.graph, network.time_s, stops.node[usable], begin)
    walked = found - left[usable][seed]
    limit = given["transit.longest_access"] * 60
    return np.where((seed >= 0) & (walked <= limit), found, np.inf) / 60
