"""Single journeys with their legs, to be shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from twin.mobility.transit.raptor import (
    ALIGHT,
    FROM_EVENT,
    FROM_STOP,
    TO_EVENT,
    WALKED,
    Ends,
    Query,
    make_labels,
    make_out,
    run,
)
from twin.mobility.transit.reach import STEP_S, rides_of
from twin.mobility.transit.timetable import (
    ARRIVAL,
    DEPARTURE,
    FIRST_EVENT,
    FIRST_PLACE,
    NEVER,
    STOP,
    whole_seconds,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from numpy.typing import ArrayLike, NDArray

    from twin.assumptions import Assumptions
    from twin.mobility.transit.raptor import Labels
    from twin.mobility.transit.timetable import Ints, Timetable

    Array = NDArray[Any]


@dataclass(frozen=True)
class Leg:
    """A walk or a ride; a walk begins or ends at the door where a stop is empty."""

    kind: Literal["walk", "ride"]
    from_stop: str
    to_stop: str
    departure_s: int
    arrival_s: int
    line_id: str = ""
    trip_id: str = ""
    stops: tuple[str, ...] = ()  # all from boarding to alighting


@dataclass(frozen=True)
class Journey:
    """A way from door to door; waits lie between the legs, the first one before them."""

    asked_s: int  # departure that was asked for
    legs: tuple[Leg, ...]

    @property
    def departure_s(self) -> int:
        """When one has to leave, without waiting at the first stop."""
        return self.legs[0].departure_s

    @property
    def arrival_s(self) -> int:
        """When one is there."""
        return self.legs[-1].arrival_s

    @property
    def transfers(self) -> int:
        """How often one changes."""
        return sum(leg.kind == "ride" for leg in self.legs) - 1


def journeys(
    timetable: Timetable,
    access_a: ArrayLike,
    egress_b: ArrayLike,
    departure_s: int,
    given: Assumptions,
) -> tuple[Journey, ...]:
    """
    Return all journeys none of which another beats in arrival and transfers, fewest first.

    Parameters
    ----------
    access_a, egress_b
        (s,) seconds on foot from the door A to each stop, and from each stop to B; inf: too far.
    departure_s
        Seconds after midnight.

    Empty where there is none; walking all the way is not asked.
    """
    departures = np.array([departure_s], np.int32)
    labels, _ = _searched(timetable, access_a, egress_b, departures, given)
    to_stop, from_stop = whole_seconds(access_a), whole_seconds(egress_b)
    until, last = _arrived(labels, from_stop)
    found, best = [], departure_s + round(given["transit.longest_journey"] * 60) + 1
    for k in range(1, len(until)):
        if until[k] < best:
            best = int(until[k])
            legs = _legs(timetable, labels, k, int(last[k]), (to_stop, from_stop))
            found.append(Journey(departure_s, tuple(legs)))
    return tuple(found)


def journey(
    timetable: Timetable,
    access_a: ArrayLike,
    egress_b: ArrayLike,
    departure_s: int,
    given: Assumptions,
) -> Journey | None:
    """Return the one of the `journeys` that passengers choose, none where there is none."""
    penalty = given["transit.transfer_penalty"] * 60
    every = journeys(timetable, access_a, egress_b, departure_s, given)
    return min(every, key=lambda one: one.arrival_s + penalty * one.transfers, default=None)


def journey_until(
    timetable: Timetable,
    access_a: ArrayLike,
    egress_b: ArrayLike,
    arrival_s: int,
    given: Assumptions,
) -> Journey | None:
    """
    Return the journey that leaves last and is there in time, asked minute by minute.

    None where no journey of at most `transit.longest_journey` arrives until then.
    """
    longest = round(given["transit.longest_journey"] * 60)
    departures = np.arange(arrival_s, max(0, arrival_s - longest) - 1, -STEP_S, dtype=np.int32)
    _, arrivals = _searched(timetable, access_a, egress_b, departures, given)
    in_time = arrivals <= arrival_s
    if not in_time.any():
        return None
    latest = int(departures[in_time.argmax()])
    every = journeys(timetable, access_a, egress_b, latest, given)
    return next(one for one in every if one.arrival_s <= arrival_s)


def _searched(
    timetable: Timetable,
    access_a: ArrayLike,
    egress_b: ArrayLike,
    departures: Ints,
    given: Assumptions,
) -> tuple[Labels, Ints]:
    """Return the labels after some departures, and the earliest arrival of each."""
    net, to_stop, from_stop = timetable.net, whole_seconds(access_a), whole_seconds(egress_b)
    near, last = (np.flatnonzero(walk < NEVER).astype(np.int32) for walk in (to_stop, from_stop))
    labels, out = make_labels(net, rides_of(given)), make_out(len(departures), 1)
    query = Query(departures, round(given["transit.longest_journey"] * 60), 0)
    has_egress = np.append(0, np.cumsum(from_stop < NEVER)).astype(np.int32)
    ends = Ends(has_egress, np.zeros_like(last), from_stop[last], 1)
    run(net, labels, (near, to_stop[near]), ends, query, out)
    return labels, out.arrivals[:, 0]


def _arrived(labels: Labels, from_stop: Ints) -> tuple[Array, Array]:
    """Return the arrival at the door by number of rides, and the last stop before it."""
    near = np.flatnonzero(from_stop < NEVER)
    time = labels.times[near, ALIGHT].astype(np.int64) + from_stop[near, None]
    if not len(near):
        nowhere = np.full(labels.times.shape[2], NEVER)
        return nowhere, nowhere
    best = time.argmin(axis=0)
    return np.minimum(time[best, np.arange(time.shape[1])], NEVER), near[best]


@dataclass(frozen=True)
class Ride:
    """A part of a trip, by numbers of the timetable."""

    pattern: int
    trip: int  # in its pattern
    board: int  # place
    alight: int


def _times(timetable: Timetable, ride: Ride) -> tuple[int, int]:
    """Return when a ride begins and ends."""
    events = timetable.net.events
    board = timetable.event(ride.pattern, ride.trip, ride.board)
    alight = timetable.event(ride.pattern, ride.trip, ride.alight)
    return int(events[DEPARTURE, board]), int(events[ARRIVAL, alight])


def _legs(
    timetable: Timetable, labels: Labels, k: int, last: int, walks: tuple[Ints, Ints]
) -> Iterator[Leg]:
    """Yield the legs of the journey with k rides that ends at a stop."""
    rides = _later(timetable, _rides(timetable, labels, k, last))
    places, ids = timetable.net.places, timetable.stop_ids
    stop = int(places[rides[0].board, STOP])
    leaves, _ = _times(timetable, rides[0])
    yield Leg("walk", "", ids[stop], leaves - int(walks[0][stop]), leaves)
    for ride, following in zip(rides, [*rides[1:], None], strict=True):
        yield _ride_leg(timetable, ride)
        stop = int(places[ride.alight, STOP])
        _, there = _times(timetable, ride)
        if following is None:
            yield Leg("walk", ids[stop], "", there, there + int(walks[1][stop]))
        elif (to := int(places[following.board, STOP])) != stop:
            yield Leg("walk", ids[stop], ids[to], there, there + timetable.foot_s(stop, to))


def _ride_leg(timetable: Timetable, ride: Ride) -> Leg:
    trip = timetable.trip[timetable.trip_offsets[ride.pattern] + ride.trip]
    rows = timetable.net.places[ride.board : ride.alight + 1, STOP]
    stops = tuple(timetable.stop_ids[stop] for stop in rows)
    leaves, there = _times(timetable, ride)
    line, name = timetable.line_ids[timetable.line[ride.pattern]], timetable.trip_ids[trip]
    return Leg("ride", stops[0], stops[-1], leaves, there, line, name, stops)


def _rides(timetable: Timetable, labels: Labels, k: int, last: int) -> list[Ride]:
    """Follow the labels back from the last stop; first ride first."""
    patterns, parents, rides, stop = timetable.net.patterns, labels.parents, [], last
    for number in range(k, 0, -1):
        board, alight = (int(parents[stop, event, number]) for event in (FROM_EVENT, TO_EVENT))
        pattern = int(np.searchsorted(patterns[:, FIRST_EVENT], board, side="right")) - 1
        first, end = (int(place) for place in patterns[pattern : pattern + 2, FIRST_PLACE])
        trip, at = divmod(board - int(patterns[pattern, FIRST_EVENT]), end - first)
        rides.append(Ride(pattern, trip, first + at, first + at + alight - board))
        stop = int(parents[parents[stop, FROM_STOP, number], WALKED, number - 1])
    return rides[::-1]


def _later(timetable: Timetable, rides: list[Ride]) -> list[Ride]:
    """Take the last trips with which the next ride is still met: one waits at home instead."""
    net, out = timetable.net, [rides[-1]]
    for ride in reversed(rides[:-1]):
        following = out[0]
        a, b = (int(net.places[place, STOP]) for place in (ride.alight, following.board))
        latest = _times(timetable, following)[0] - timetable.foot_s(a, b)
        first, end = net.patterns[ride.pattern : ride.pattern + 2, FIRST_PLACE]
        events = slice(*net.patterns[ride.pattern : ride.pattern + 2, FIRST_EVENT])
        times = net.events[ARRIVAL, events].reshape(-1, end - first)[:, ride.alight - first]
        trip = int(np.searchsorted(times, latest, side="right")) - 1
        out.insert(0, Ride(ride.pattern, trip, ride.board, ride.alight))
    return out
