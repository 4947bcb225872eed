"""
The search for journeys: RAPTOR round by round, for one departure after the other.

Delling, Pajor, Werneck: Round-Based Public Transit Routing, ALENEX 2012 (rounds, range queries
with departures from late to early, rRAPTOR); Witt: Trip-Based Public Transit Routing, ESA 2015
(a part of a trip that was ridden before is not ridden again).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numba
import numpy as np

from twin.mobility.transit.timetable import (
    ALIGHTS,
    ARRIVAL,
    BOARDS,
    CHANGE_S,
    DEPARTURE,
    FIRST_EVENT,
    FIRST_FOOT,
    FIRST_PLACE,
    FOOT_S,
    FOOT_TO,
    NEVER,
    PATTERN,
    SERVED,
    STOP,
    TRIPS,
)

if TYPE_CHECKING:
    from twin.mobility.transit.timetable import Floats, Ints, Net

ALIGHT, BOARD = 0, 1
"""Rows of `Labels.times`: earliest arrival by vehicle, earliest time one is ready to board [s]."""
FROM_STOP, FROM_EVENT, TO_EVENT, WALKED = range(4)
"""Rows of `Labels.parents`: where the last ride was boarded, its event there and where it was left;
from which stop one walked to be ready to board."""
QUEUED, ACCESS = 0, 1
"""Columns of `Labels.stops`: whether the stop is in a list; on foot from the door [s]."""
RIDE, FOOT, FIRST, RIDES = range(4)
"""Parts of a journey: seconds in vehicles, on foot, of the first wait; number of rides."""


class Labels(NamedTuple):
    """
    What is known after the departures searched so far; place k of the last axis is with k rides.

    Whoever can leave later can also leave earlier and wait: labels of a later departure hold for
    every earlier one and are only replaced by better ones.
    """

    times: Ints  # (s, 2, k)
    parents: Ints  # (s, 4, k)
    ridden: Ints  # (places, k) earliest trip of the pattern one has been on when leaving the place
    stops: Ints  # (s, 2)
    queue: Ints  # (s,) stops to board at
    improved: Ints  # stops with a better arrival in this departure, round by round
    rounds: Ints  # (k + 1,) where each round begins in `improved`


class Ends(NamedTuple):
    """Places by the stops they are near to: those of stop s are `offsets[s]:offsets[s + 1]`."""

    offsets: Ints
    place: Ints
    seconds: Ints
    places: int


class Query(NamedTuple):
    """When passengers set out, and what they accept."""

    departures: Ints  # seconds after midnight, from late to early
    longest: int  # journey [s]
    penalty: int  # of a transfer [s]


class Out(NamedTuple):
    """What a run writes; parts and passengers only where there is room for them."""

    arrivals: Ints  # (d, places) [s], NEVER where there is no journey
    parts: Ints  # (d, places, 4) see RIDE to RIDES; or none
    persons: Floats  # (d, places) who set out; or none
    booked: Floats  # (2, events) boardings, alightings
    riding: Floats  # (s, k) 0 before and after


def make_labels(net: Net, rides: int) -> Labels:
    """Return room for the labels of journeys of up to so many rides."""
    stops, places = len(net.stops) - 1, len(net.places)
    return Labels(
        np.empty((stops, 2, rides + 1), np.int32),
        np.empty((stops, 4, rides + 1), np.int32),
        np.empty((places, rides + 1), np.int32),
        np.zeros((stops, 2), np.int32),
        np.zeros(stops, np.int32),
        np.zeros(stops * rides + 1, np.int32),
        np.zeros(rides + 2, np.int32),
    )


def make_out(departures: int, places: int, *, parts: bool = False) -> Out:
    """Return room for what a run is asked for, without passengers."""
    return Out(
        np.full((departures, places), NEVER, np.int32),
        np.zeros((departures if parts else 0, places, 4), np.int32),
        np.zeros((0, places)),
        np.zeros((2, 0)),
        np.zeros((0, 0)),
    )


def run(
    net: Net, labels: Labels, start: tuple[Ints, Ints], ends: Ends, query: Query, out: Out
) -> None:
    """
    Search from one door for one departure after the other and write what is wanted into `out`.

    `start` are the stops near the door and the seconds to them. Labels are cleared first.
    """
    labels.times.fill(NEVER)
    labels.ridden.fill(NEVER)
    labels.stops[start[0], ACCESS] = start[1]
    until = np.full((ends.places, labels.times.shape[2]), NEVER, np.int32)
    _run(net, labels, start, ends, query, out, (until, np.empty_like(until)))


@numba.njit(cache=True, nogil=True)
def _run(  # noqa: PLR0913, PLR0917
    net: Any, labels: Any, start: Any, ends: Any, query: Any, out: Any, best: Any
) -> None:
    """Do what `run` says; `best` has for places and rides the arrival, and the stop before it."""
    departures, longest, penalty = query
    until, last = best
    for d in range(len(departures)):
        _search(net, labels, start, departures[d], longest)
        _arrive(labels, ends, until, last)
        for place in range(len(until)):
            k = _chosen(until, place, departures[d], longest, penalty)
            if k > 0:
                out.arrivals[d, place] = until[place, k]
                if len(out.parts) > 0:
                    _trace(net, labels, last[place, k], k, out.parts[d, place])
                    egress = until[place, k] - labels.times[last[place, k], ALIGHT, k]
                    out.parts[d, place, FOOT] += egress
                    out.parts[d, place, FIRST] -= departures[d]
                if len(out.persons) > 0:
                    out.riding[last[place, k], k] += out.persons[d, place]
        if len(out.persons) > 0:
            _book(labels.parents, out.riding, out.booked)


@numba.njit(nogil=True, inline="always")
def _search(net: Any, labels: Any, start: Any, departure: Any, longest: Any) -> None:
    """
    Add one departure [s] to the labels, no later than those before.

    Journeys end `longest` seconds after the departure at the latest.
    """
    rides = labels.times.shape[2] - 1
    latest = departure + longest
    waiting = 0
    for i in range(len(start[0])):
        stop = start[0][i]
        time = departure + start[1][i]
        if time < labels.times[stop, BOARD, 0]:
            labels.times[stop, BOARD, 0] = time
            labels.queue[waiting] = stop
            waiting += 1
    labels.rounds[:] = 0
    for k in range(1, rides + 1):
        labels.rounds[k + 1] = _ride(net, labels, waiting, k, latest)
        if k < rides:
            waiting = _walk(net, labels, k, latest)


@numba.njit(nogil=True, inline="always")
def _ride(net: Any, labels: Any, waiting: Any, k: Any, latest: Any) -> Any:
    """Board at all stops in the queue; return the end of the round in `improved`."""
    count = labels.rounds[k]
    for i in range(waiting):
        stop = labels.queue[i]
        time = labels.times[stop, BOARD, k - 1]
        for j in range(net.stops[stop, SERVED], net.stops[stop + 1, SERVED]):
            place = net.served[j]
            trip = _next_trip(net, labels.ridden, place, k, time)
            if trip >= 0:
                count = _stay_on(net, labels, place, trip, k, latest, count)
    for i in range(labels.rounds[k], count):
        labels.stops[labels.improved[i], QUEUED] = 0
    return count


@numba.njit(nogil=True)
def _next_trip(net: Any, ridden: Any, place: Any, k: Any, time: Any) -> Any:
    """Return the first trip at a place from a time on, -1 where one as early was ridden before."""
    pattern = net.patterns[net.places[place, PATTERN]]
    trips = pattern[TRIPS]
    top = trips
    for q in range(1, k + 1):
        top = min(top, ridden[place, q])
    base = pattern[FIRST_EVENT] + (place - pattern[FIRST_PLACE]) * trips
    if top == 0 or net.events[BOARDS, base + top - 1] < time:
        return -1
    low, high = 0, top - 1
    while low < high:
        middle = (low + high) // 2
        if net.events[BOARDS, base + middle] >= time:
            high = middle
        else:
            low = middle + 1
    return low


@numba.njit(nogil=True)
def _reached(row: Any, k: Any, value: Any) -> Any:
    """Tell whether some entry up to k is no larger than the value."""
    while k >= 0 and row[k] > value:
        k -= 1
    return k >= 0


@numba.njit(nogil=True)
def _stay_on(  # noqa: PLR0913, PLR0917
    net: Any, labels: Any, place: Any, trip: Any, k: Any, latest: Any, count: Any
) -> Any:
    """Ride a trip until one as early was ridden from there; return the end of `improved`."""
    pattern = net.places[place, PATTERN]
    first, end = net.patterns[pattern, FIRST_PLACE], net.patterns[pattern + 1, FIRST_PLACE]
    row = net.patterns[pattern, FIRST_EVENT] + trip * (end - first) - first
    if net.events[DEPARTURE, row + place] > latest:
        return count
    labels.ridden[place, k] = trip
    for at in range(place + 1, end):
        arrival = net.events[ARRIVAL, row + at]
        if arrival > latest:
            break
        to = net.places[at, STOP]
        if net.places[at, ALIGHTS] and not _reached(labels.times[to, ALIGHT], k, arrival):
            labels.times[to, ALIGHT, k] = arrival
            labels.parents[to, FROM_STOP, k] = net.places[place, STOP]
            labels.parents[to, FROM_EVENT, k] = row + place
            labels.parents[to, TO_EVENT, k] = row + at
            if labels.stops[to, QUEUED] == 0:
                labels.stops[to, QUEUED] = 1
                labels.improved[count] = to
                count += 1
        if _reached(labels.ridden[at], k, trip):
            break  # whoever boarded here has seen the rest, but not the arrival
        labels.ridden[at, k] = trip
    return count


@numba.njit(nogil=True, inline="always")
def _walk(net: Any, labels: Any, k: Any, latest: Any) -> Any:
    """Walk from where the round arrived to where it can be gone on; return the length of queue."""
    waiting = 0
    for i in range(labels.rounds[k], labels.rounds[k + 1]):
        stop = labels.improved[i]
        arrival = labels.times[stop, ALIGHT, k]
        first = net.stops[stop, FIRST_FOOT]
        for j in range(first - 1, net.stops[stop + 1, FIRST_FOOT]):
            to, time = stop, arrival + net.stops[stop, CHANGE_S]
            if j >= first:
                to, time = net.feet[j, FOOT_TO], arrival + net.feet[j, FOOT_S]
            if time <= latest and not _reached(labels.times[to, BOARD], k, time):
                labels.times[to, BOARD, k] = time
                labels.parents[to, WALKED, k] = stop
                if labels.stops[to, QUEUED] == 0:
                    labels.stops[to, QUEUED] = 1
                    labels.queue[waiting] = to
                    waiting += 1
    for i in range(waiting):
        labels.stops[labels.queue[i], QUEUED] = 0
    return waiting


@numba.njit(nogil=True, inline="always")
def _arrive(labels: Any, ends: Any, until: Any, last: Any) -> None:
    """Carry what got better at stops on to the places behind them, with the walk to the door."""
    for k in range(1, until.shape[1]):
        for i in range(labels.rounds[k], labels.rounds[k + 1]):
            stop = labels.improved[i]
            for j in range(ends.offsets[stop], ends.offsets[stop + 1]):
                time = labels.times[stop, ALIGHT, k] + ends.seconds[j]
                if time < until[ends.place[j], k]:
                    until[ends.place[j], k] = time
                    last[ends.place[j], k] = stop


@numba.njit(nogil=True)
def _chosen(until: Any, place: Any, departure: Any, longest: Any, penalty: Any) -> Any:
    """
    Return the number of rides passengers choose, 0 where there is no journey.

    They weigh the arrival against the transfers: the least sum of arrival and penalties; of equal
    ones the one with fewer rides.
    """
    rides, least = 0, NEVER
    for k in range(1, until.shape[1]):
        time = until[place, k]
        if time - departure <= longest and time + penalty * k < least:
            rides, least = k, time + penalty * k
    return rides


@numba.njit(nogil=True, inline="always")
def _trace(net: Any, labels: Any, last: Any, k: Any, out: Any) -> None:
    """Follow a journey back into `out`: in vehicles, to and between stops, when to leave [s]."""
    ride, walk, stop, first, rides = 0, 0, last, 0, k
    while k > 0:
        first, left = labels.parents[stop, FROM_EVENT, k], labels.parents[stop, TO_EVENT, k]
        ride += net.events[ARRIVAL, left] - net.events[DEPARTURE, first]
        stop = labels.parents[stop, FROM_STOP, k]
        k -= 1
        before = labels.parents[stop, WALKED, k] if k > 0 else stop
        if before != stop:
            for j in range(net.stops[before, FIRST_FOOT], net.stops[before + 1, FIRST_FOOT]):
                if net.feet[j, FOOT_TO] == stop:
                    walk += net.feet[j, FOOT_S]
        stop = before
    out[RIDE], out[FOOT], out[RIDES] = ride, walk + labels.stops[stop, ACCESS], rides
    out[FIRST] = net.events[DEPARTURE, first] - labels.stops[stop, ACCESS]


@numba.njit(nogil=True, inline="always")
def _book(parents: Any, riding: Any, booked: Any) -> None:
    """Book passengers from the last ride to the first on the events they board and leave at."""
    for k in range(riding.shape[1] - 1, 0, -1):
        for stop in range(len(riding)):
            count = riding[stop, k]
            if count > 0:
                riding[stop, k] = 0.0
                booked[0, parents[stop, FROM_EVENT, k]] += count
                booked[1, parents[stop, TO_EVENT, k]] += count
                if k > 1:
                    riding[parents[parents[stop, FROM_STOP, k], WALKED, k - 1], k - 1] += count
