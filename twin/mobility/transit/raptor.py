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

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.mobility.transit.timetable import Floats, Ints, Net

NEVER = 1 << 30
RIDE, FOOT, FIRST, RIDES = range(4)
"""Parts of a journey: seconds in vehicles, on foot, of the first wait; number of rides."""


class Ends(NamedTuple):
    """Places by the stops they are near to: those of stop s are `offsets[s]:offsets[s + 1]`."""

    offsets: Ints
    place: Ints
    seconds: Ints
    places: int


class Out(NamedTuple):
    """What a run writes; parts and passengers only where there is room for them."""

    arrivals: Ints  # (d, places) [s], NEVER where there is no journey
    parts: Ints  # (d, places, 4) see RIDE to RIDES; or none
    persons: Floats  # (d, places) who set out; or none
    on: Floats  # (events,) boardings
    off: Floats  # (events,) alightings
    riding: Floats  # (s, k) 0 before and after


class Labels(NamedTuple):
    """
    What is known after the departures searched so far; column k is with k rides.

    Whoever can leave later can also leave earlier and wait: labels of a later departure hold for
    every earlier one and are only replaced by better ones.
    """

    alight: Ints  # (s, k) earliest arrival by vehicle [s]
    board: Ints  # (s, k) earliest time one is ready to board
    from_stop: Ints  # (s, k) where the last ride was boarded
    from_event: Ints  # its event there
    to_event: Ints  # and where it was left
    walked: Ints  # (s, k) from which stop one came to be ready to board; -1: from the door
    ridden: Ints  # (places, k) earliest trip of the pattern one has been on when leaving the place
    improved: Ints  # stops whose `alight` got better in this departure, round by round
    rounds: Ints  # (k + 1,) where each round begins in `improved`
    queue: Ints  # (s,) stops to board at
    queued: NDArray[np.bool_]  # (s,)
    access: Ints  # (s,) on foot from the door [s], NEVER where it is too far


def make_labels(net: Net, rides: int) -> Labels:
    """Return room for the labels of journeys of up to so many rides."""
    stops, places = len(net.change_s), len(net.stop)
    empty = np.empty((6, stops, rides + 1), np.int32)
    return Labels(
        *empty,
        np.empty((places, rides + 1), np.int32),
        np.zeros(stops * rides + 1, np.int32),
        np.zeros(rides + 2, np.int32),
        np.zeros(stops, np.int32),
        np.zeros(stops, np.bool_),
        np.empty(stops, np.int32),
    )


def make_out(
    net: Net, departures: int, places: int, *, parts: bool = False, persons: Floats | None = None
) -> Out:
    """Return room for what a run is asked for; `persons` (d, places) are put on the timetable."""
    none = np.zeros((0, places))
    loaded = 0 if persons is None else 1
    return Out(
        np.full((departures, places), NEVER, np.int32),
        np.zeros((departures if parts else 0, places, 4), np.int32),
        none if persons is None else np.ascontiguousarray(persons, float),
        np.zeros(len(net.arrivals) * loaded),
        np.zeros(len(net.arrivals) * loaded),
        np.zeros((len(net.change_s) * loaded, 1)),
    )


@numba.njit(cache=True, nogil=True)
def search(net: Any, labels: Any, start: Any, departure: Any, longest: Any) -> None:
    """
    Add one departure [s] to the labels, no later than those before.

    `start` are the stops within a walk of the door and the seconds to them; journeys end `longest`
    seconds after the departure at the latest.
    """
    rides = labels.alight.shape[1] - 1
    latest = departure + longest
    waiting = 0
    for i in range(len(start[0])):
        stop = start[0][i]
        time = departure + start[1][i]
        if time < labels.board[stop, 0]:
            labels.board[stop, 0] = time
            waiting = _enqueue(labels, stop, waiting)
    labels.rounds[:] = 0
    for k in range(1, rides + 1):
        labels.rounds[k + 1] = _ride(net, labels, waiting, k, latest)
        waiting = _walk(net, labels, k, latest) if k < rides else 0


@numba.njit(inline="always")
def _enqueue(labels: Any, stop: Any, waiting: Any) -> Any:
    if not labels.queued[stop]:
        labels.queued[stop] = True
        labels.queue[waiting] = stop
        waiting += 1
    return waiting


@numba.njit(inline="always")
def _reached(table: Any, row: Any, k: Any, value: Any) -> Any:
    """Tell whether some column up to k is no larger than the value."""
    found = False
    for q in range(k, -1, -1):
        if table[row, q] <= value:
            found = True
            break
    return found


@numba.njit(inline="always")
def _next_trip(net: Any, labels: Any, place: Any, k: Any, time: Any) -> Any:
    """Return the first trip at a place from a time on, -1 where one as early was ridden before."""
    pattern = net.pattern[place]
    top = net.counts[pattern]
    for q in range(1, k + 1):
        top = min(top, labels.ridden[place, q])
    first = net.place_offsets[pattern]
    base = net.event_offsets[pattern] + (place - first) * net.counts[pattern]
    if top == 0 or net.boards[base + top - 1] < time:
        return -1
    low, high = 0, top - 1
    while low < high:
        middle = (low + high) // 2
        if net.boards[base + middle] >= time:
            high = middle
        else:
            low = middle + 1
    return low


@numba.njit(cache=True, nogil=True)
def _ride(net: Any, labels: Any, waiting: int, k: int, latest: int) -> Any:
    """Board at all stops in the queue; return the end of the round in `improved`."""
    count = labels.rounds[k]
    for i in range(waiting):
        stop = labels.queue[i]
        labels.queued[stop] = False
    for i in range(waiting):
        stop = labels.queue[i]
        time = labels.board[stop, k - 1]
        for j in range(net.stop_offsets[stop], net.stop_offsets[stop + 1]):
            place = net.stop_places[j]
            trip = _next_trip(net, labels, place, k, time)
            if trip < 0:
                continue
            pattern = net.pattern[place]
            first, end = net.place_offsets[pattern], net.place_offsets[pattern + 1]
            row = net.event_offsets[pattern] + trip * (end - first) - first
            if net.departures[row + place] > latest:
                continue
            labels.ridden[place, k] = trip
            for at in range(place + 1, end):
                arrival = net.arrivals[row + at]
                if arrival > latest or _reached(labels.ridden, at, k, trip):
                    break
                labels.ridden[at, k] = trip
                to = net.stop[at]
                if net.alights[at] and not _reached(labels.alight, to, k, arrival):
                    labels.alight[to, k] = arrival
                    labels.from_stop[to, k] = stop
                    labels.from_event[to, k] = row + place
                    labels.to_event[to, k] = row + at
                    if not labels.queued[to]:
                        labels.queued[to] = True
                        labels.improved[count] = to
                        count += 1
    for i in range(labels.rounds[k], count):
        labels.queued[labels.improved[i]] = False
    return count


@numba.njit(cache=True, nogil=True)
def _walk(net: Any, labels: Any, k: int, latest: int) -> Any:
    """Walk from where the round arrived to where it can be gone on; return the length of queue."""
    waiting = 0
    for i in range(labels.rounds[k], labels.rounds[k + 1]):
        stop = labels.improved[i]
        arrival = labels.alight[stop, k]
        for j in range(net.foot_offsets[stop] - 1, net.foot_offsets[stop + 1]):
            to, time = stop, arrival + net.change_s[stop]
            if j >= net.foot_offsets[stop]:
                to, time = net.foot_to[j], arrival + net.foot_s[j]
            if time <= latest and not _reached(labels.board, to, k, time):
                labels.board[to, k] = time
                labels.walked[to, k] = stop
                waiting = _enqueue(labels, to, waiting)
    return waiting


@numba.njit(cache=True, nogil=True)
def clear(labels: Any) -> None:
    """Forget everything."""
    labels.alight[:] = NEVER
    labels.board[:] = NEVER
    labels.ridden[:] = NEVER
    labels.access[:] = NEVER


@numba.njit(cache=True, nogil=True)
def arrive(labels: Any, ends: Any, until: Ints, last: Ints) -> None:
    """
    Carry what got better at stops on to the places behind them, with the walk to the door.

    `until` (places, k) is the arrival at the door, `last` the stop before it.
    """
    for k in range(1, labels.alight.shape[1]):
        for i in range(labels.rounds[k], labels.rounds[k + 1]):
            stop = labels.improved[i]
            for j in range(ends.offsets[stop], ends.offsets[stop + 1]):
                time = labels.alight[stop, k] + ends.seconds[j]
                if time < until[ends.place[j], k]:
                    until[ends.place[j], k] = time
                    last[ends.place[j], k] = stop


@numba.njit(inline="always")
def chosen(until: Any, departure: Any, longest: Any, penalty: Any) -> Any:
    """
    Return the number of rides passengers choose, 0 where there is no journey.

    They weigh the arrival against the transfers: the least sum of arrival and penalties; of equal
    ones the one with fewer rides.
    """
    rides, least = 0, NEVER
    for k in range(1, len(until)):
        if until[k] - departure <= longest and until[k] + penalty * k < least:
            rides, least = k, until[k] + penalty * k
    return rides


@numba.njit(cache=True, nogil=True)
def _trace(net: Any, labels: Any, last: Any, k: Any, out: Ints) -> None:
    """Follow a journey back into `out`: in vehicles, to and between stops, when to leave [s]."""
    ride, walk, stop, first, rides = 0, 0, last, 0, k
    while k > 0:
        first = labels.from_event[stop, k]
        ride += net.arrivals[labels.to_event[stop, k]] - net.departures[first]
        stop = labels.from_stop[stop, k]
        k -= 1
        before = labels.walked[stop, k] if k > 0 else stop
        if before != stop:
            for j in range(net.foot_offsets[before], net.foot_offsets[before + 1]):
                if net.foot_to[j] == stop:
                    walk += net.foot_s[j]
        stop = before
    walk += labels.access[stop]
    out[RIDE], out[FOOT], out[RIDES] = ride, walk, rides
    out[FIRST] = net.departures[first] - labels.access[stop]


@numba.njit(cache=True, nogil=True)
def run(net: Any, labels: Any, start: Any, ends: Any, query: Any, out: Any) -> None:
    """
    Search from one door for one departure after the other and write what is wanted into `out`.

    `start` are the stops near the door and the seconds to them; `query` departures from late to
    early, longest journey and penalty of a transfer [s].
    """
    departures, longest, penalty = query
    rides = labels.alight.shape[1] - 1
    clear(labels)
    until = np.full((ends.places, rides + 1), NEVER, np.int32)
    last = np.full((ends.places, rides + 1), -1, np.int32)
    parts, loads = len(out.parts) > 0, len(out.persons) > 0
    for i in range(len(start[0])):
        labels.access[start[0][i]] = start[1][i]
    for d in range(len(departures)):
        search(net, labels, start, departures[d], longest)
        arrive(labels, ends, until, last)
        for place in range(ends.places):
            k = chosen(until[place], departures[d], longest, penalty)
            if k > 0:
                out.arrivals[d, place] = until[place, k]
                if parts:
                    _trace(net, labels, last[place, k], k, out.parts[d, place])
                    out.parts[d, place, FIRST] -= departures[d]
                    egress = until[place, k] - labels.alight[last[place, k], k]
                    out.parts[d, place, FOOT] += egress
                if loads:
                    out.riding[last[place, k], k] += out.persons[d, place]
        if loads:
            _put_on(labels, out)


@numba.njit(cache=True, nogil=True)
def _put_on(labels: Any, out: Any) -> None:
    """Book passengers from the last ride to the first on the events they board and leave at."""
    for k in range(out.riding.shape[1] - 1, 0, -1):
        for stop in range(len(out.riding)):
            count = out.riding[stop, k]
            if count > 0:
                out.riding[stop, k] = 0.0
                out.on[labels.from_event[stop, k]] += count
                out.off[labels.to_event[stop, k]] += count
                if k > 1:
                    out.riding[labels.walked[labels.from_stop[stop, k], k - 1], k - 1] += count
