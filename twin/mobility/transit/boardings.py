"""Who rides what: a matrix of trips put on the timetable."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twin.errors import ModelError
from twin.mobility.paths.threads import workers
from twin.mobility.transit.raptor import Query, make_labels, make_out, run
from twin.mobility.transit.reach import rides_of
from twin.mobility.transit.timetable import FIRST_EVENT, FIRST_PLACE, NEVER, STOP

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from twin.assumptions import Assumptions
    from twin.mobility.transit.access import StopAccess
    from twin.mobility.transit.timetable import Floats, Timetable

    Array = NDArray[Any]

BLOCKS = 8
"""Zones are put on in so many blocks whose sums are added in order, whatever the threads."""


@dataclass(frozen=True, eq=False)
class Boardings:
    """
    Passengers of a day.

    `lines` by line id: `boardings`, `passenger_km` (along straight lines from stop to stop),
    `largest_load` (persons in the fullest trip). `stops` by stop id: `boardings`, `alightings`.
    `trips` by trip id: `boardings`, `largest_load`. `sections` by `line_id`, `from_stop`,
    `to_stop`: `passengers`. `unserved` are trips by zone of origin without a journey.
    """

    lines: pd.DataFrame
    stops: pd.DataFrame
    trips: pd.DataFrame
    sections: pd.DataFrame
    journeys: float
    unserved: Floats


def boardings(
    timetable: Timetable,
    trips: ArrayLike,
    access: StopAccess,
    hour_shares: ArrayLike,
    given: Assumptions,
) -> Boardings:
    """
    Return who rides what on one day.

    Parameters
    ----------
    trips
        (z, z) trips by public transport from zone to zone.
    access
        Stops near each zone.
    hour_shares
        (24,) of the trips that set out in each hour; sums to 1.

    Passengers set out every `transit.loading_step` and take the journey they choose
    (`transit_skims`); vehicles are never full. Every trip is on a journey or in `unserved`.
    """
    persons, shares = np.asarray(trips, float), np.asarray(hour_shares, float)
    count = access.places
    fits = persons.shape == (count, count) and shares.shape == (24,)
    if not fits or not (persons >= 0).all() or not (shares >= 0).all():
        template = "Trips {trips} and shares of hours {hours} do not fit {count} zones."
        hint = "Give a matrix of zones by zones and 24 shares, none below 0."
        raise ModelError(template, hint=hint, trips=persons.shape, hours=shares.shape, count=count)
    departures, part = _departures(shares, given)
    edges = np.linspace(0, count, BLOCKS + 1).astype(int)
    work = _Work(timetable, persons, part, access, departures, given)
    with ThreadPoolExecutor(workers()) as pool:
        blocks = list(pool.map(work.block, edges[:-1], edges[1:]))
    booked, unserved = (np.sum([block[i] for block in blocks], axis=0) for i in range(2))
    return _summed(timetable, booked, unserved, float((persons * shares.sum()).sum()))


def _departures(shares: Array, given: Assumptions) -> tuple[Array, Array]:
    """Return the departures from late to early, and the share of the trips of each."""
    hour = 3600
    each = max(1, round(60 / given["transit.loading_step"]))
    at = np.arange(24 * each)
    # in the middle of each interval
    seconds = ((at + 0.5) * hour / each).astype(np.int32)
    share = np.repeat(shares / each, each)
    used = share > 0
    return np.ascontiguousarray(seconds[used][::-1]), share[used][::-1]


@dataclass(frozen=True, eq=False)
class _Work:
    timetable: Timetable
    persons: Floats
    part: Floats
    access: StopAccess
    departures: Array
    given: Assumptions

    def block(self, first: int, end: int) -> tuple[Array, Array]:
        """Put the passengers of some zones on: boardings and alightings by event; unserved."""
        net, given = self.timetable.net, self.given
        labels = make_labels(net, rides_of(given))
        longest, penalty = given["transit.longest_journey"], given["transit.transfer_penalty"]
        query = Query(self.departures, round(longest * 60), round(penalty * 60))
        ends = self.access.by_stop(self.timetable.stops)
        riding = np.zeros((self.timetable.stops, rides_of(given) + 1))
        booked = np.zeros((2, self.timetable.events))
        unserved = np.zeros(len(self.persons))
        for zone in range(first, end):
            persons = self.part[:, None] * self.persons[zone]
            out = make_out(len(self.departures), len(self.persons))
            out = out._replace(persons=persons, booked=booked, riding=riding)
            run(net, labels, self.access.start(zone), ends, query, out)
            unserved[zone] = persons[out.arrivals == NEVER].sum()
        return booked, unserved


def _summed(timetable: Timetable, booked: Array, unserved: Array, total: float) -> Boardings:
    events = _events(timetable, booked)
    sections = _sections(timetable, events)
    whole = {"boardings": "sum", "largest_load": "max"}
    return Boardings(
        _lines(timetable, events, sections),
        _by(events, "stop", {"boardings": "sum", "alightings": "sum"}, timetable.stop_ids),
        _by(events, "trip", whole, timetable.trip_ids),
        _named(timetable, sections),
        total - float(unserved.sum()),
        unserved,
    )


def _events(timetable: Timetable, booked: Array) -> pd.DataFrame:
    """Return passengers at each halt of each trip, its copies of other days added to it."""
    patterns, pattern = timetable.net.patterns, timetable.pattern_of_events()
    length = np.diff(patterns[:, FIRST_PLACE])[pattern]
    number = np.arange(timetable.events) - patterns[pattern, FIRST_EVENT]
    at, last = number % length, number % length == length - 1
    aboard = np.maximum(np.cumsum(booked[0] - booked[1]), 0.0)  # when leaving; rests of rounding
    events = pd.DataFrame(
        {
            "trip": timetable.trip[timetable.trip_offsets[pattern] + number // length],
            "at": at,
            "line": timetable.line[pattern],
            "stop": timetable.net.places[patterns[pattern, FIRST_PLACE] + at, STOP],
            "last": last,
            "boardings": booked[0],
            "alightings": booked[1],
            "largest_load": np.where(last, 0.0, aboard),
        }
    )
    keys = ["trip", "at", "line", "stop", "last"]
    return events.groupby(keys, as_index=False, sort=True).sum()


def _by(events: pd.DataFrame, key: str, how: dict[str, str], ids: pd.Index[Any]) -> pd.DataFrame:
    found = events.groupby(key).agg(how).reindex(range(len(ids)), fill_value=0.0)
    table: pd.DataFrame = found.set_axis(ids, axis=0)
    return table


def _sections(timetable: Timetable, events: pd.DataFrame) -> pd.DataFrame:
    """Return passengers between consecutive halts of each line, by rows, with the distance."""
    legs = events.assign(to=events["stop"].shift(-1, fill_value=-1))[~events["last"]]
    legs["passengers"] = legs["largest_load"]
    sums = legs.groupby(["line", "stop", "to"], as_index=False)[["passengers"]].sum()
    a, b = sums["stop"].to_numpy(), sums["to"].to_numpy()
    x, y = timetable.x, timetable.y
    return sums.assign(km=np.hypot(x[a] - x[b], y[a] - y[b]) / 1000)


def _lines(timetable: Timetable, events: pd.DataFrame, sections: pd.DataFrame) -> pd.DataFrame:
    how = {"boardings": "sum", "largest_load": "max"}
    lines = _by(events, "line", how, timetable.line_ids)
    ridden = (sections["passengers"] * sections["km"]).to_numpy()
    km = np.bincount(sections["line"], ridden, minlength=len(lines))
    return lines.assign(passenger_km=km)[["boardings", "passenger_km", "largest_load"]]


def _named(timetable: Timetable, sections: pd.DataFrame) -> pd.DataFrame:
    stops = timetable.stop_ids.to_numpy()
    return pd.DataFrame(
        {
            "line_id": timetable.line_ids.to_numpy()[sections["line"]],
            "from_stop": stops[sections["stop"]],
            "to_stop": stops[sections["to"]],
            "passengers": sections["passengers"].to_numpy(),
        }
    )
