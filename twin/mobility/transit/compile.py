"""From the tables of a timetable to the arrays that searches run on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from twin.errors import ModelError
from twin.mobility.transit.footpaths import footpaths
from twin.mobility.transit.patterns import same_course, without_overtaking
from twin.mobility.transit.timetable import DAY_S, Net, Timetable
from twin.provenance import Finding

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Array = NDArray[Any]

LATEST_START_S = DAY_S  # journeys begin before midnight


@dataclass(frozen=True, eq=False)
class Halts:
    """Trips of the day, halts in a row: `offsets[i]:offsets[i + 1]` are those of trip i."""

    trip: Array  # row of the trips table
    day: Array
    offsets: Array
    stop: Array
    arrival: Array
    departure: Array
    flags: Array  # 2 x boarding + alighting


def compile_timetable(  # noqa: PLR0913 - the five tables of a timetable
    stops: pd.DataFrame,
    lines: pd.DataFrame,
    trips: pd.DataFrame,
    stop_times: pd.DataFrame,
    transfers: pd.DataFrame,
    given: Assumptions,
    *,
    day: str = "weekday",
    walks: pd.DataFrame | None = None,
) -> Timetable:
    """
    Return one kind of day of a timetable in arrays.

    Parameters
    ----------
    stops, lines, trips, stop_times, transfers
        The tables of `twin.schema.transit`.
    day
        Kind of day, one of DAY_TYPES.
    walks
        Walks between stops along streets (`walks_between`): columns `from_stop`, `to_stop`,
        `seconds`. Without it they are straight lines times `transit.detour`.

    Trips that name stops or lines which are not there, whose times run backwards, or that halt
    once only are left out and counted in `findings`.

    Raises
    ------
    ModelError
        No trip of that kind of day is usable.
    """
    chosen = np.flatnonzero((trips["day_type"] == day).to_numpy())
    if not len(chosen):
        raise _no_trips(trips, day)
    halts, findings = _halts(stops.index, trips.index, stop_times, chosen)
    line = lines.index.get_indexer(pd.Index(trips["line_id"]))
    halts, seen = _known_lines(halts, line, trips.index)
    if not len(halts.trip):
        template = "The timetable has {count} trips on a {day}, none of them usable."
        hint = "Trips need two known stops, a known line and times that do not run backwards."
        raise ModelError(template, hint=hint, count=len(chosen), day=day)
    halts = _repeated(halts, given["transit.longest_journey"] * 60)
    put, pattern = _in_patterns(halts, line)
    feet, begin, change = footpaths(
        stops, transfers, given, served=np.unique(halts.stop), walks=walks
    )
    net = _net(put, pattern, feet, np.column_stack([begin, np.append(change, 0)]))
    of_first = _offsets(np.bincount(pattern))
    xy = shapely.get_coordinates(stops.geometry.to_numpy())
    parent = stops.index.get_indexer(pd.Index(stops["parent_id"]))
    own = np.arange(len(stops))
    return Timetable(
        net=net,
        stop_ids=stops.index,
        x=xy[:, 0].copy(),
        y=xy[:, 1].copy(),
        station=np.where(parent >= 0, parent, own).astype(np.int32),
        trip_ids=trips.index,
        line_ids=lines.index,
        trip_offsets=of_first.astype(np.int32),
        trip=put.trip.astype(np.int32),
        day=put.day.astype(np.int8),
        line=line[put.trip[of_first[:-1]]].astype(np.int32),
        findings=(*findings, *seen),
    )


def _no_trips(trips: pd.DataFrame, day: str) -> ModelError:
    kinds = ", ".join(sorted(set(trips["day_type"].dropna().astype(str)))) or "-"
    template = "The timetable has no trips on a {day}; it has: {days}."
    hint = "Build the city with a timetable of that day, or choose another."
    return ModelError(template, hint=hint, day=day, days=kinds)


def _offsets(counts: Array) -> Array:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _halts(
    stop_ids: pd.Index[Any], trip_ids: pd.Index[Any], stop_times: pd.DataFrame, chosen: Array
) -> tuple[Halts, list[Finding]]:
    """Return the usable trips of the day, each halt after the other, and what was wrong."""
    row = trip_ids.get_indexer(pd.Index(stop_times["trip_id"]))
    wanted = np.zeros(len(trip_ids) + 1, bool)
    wanted[chosen] = True  # the last is for trips that are not there: -1
    rows = np.flatnonzero(wanted[row])
    sequence = stop_times["sequence"].to_numpy(float)[rows]
    in_order = _ordered(row[rows], sequence)
    if not in_order:
        rows = rows[np.lexsort((sequence, row[rows]))]
    as_is = in_order and len(rows) == len(stop_times)
    part = stop_times if as_is else stop_times.iloc[rows]
    trip = row[rows]
    stop = stop_ids.get_indexer(pd.Index(part["stop_id"]))
    arrival, departure = (part[name].to_numpy(float) for name in ("arrival_s", "departure_s"))
    starts = np.flatnonzero(np.diff(trip, prepend=-1))
    lengths = np.diff(starts, append=len(trip))
    at = np.repeat(np.arange(len(starts)), lengths)
    faults = _faults(stop, arrival, departure, at, lengths)
    wrong = np.zeros(len(starts), bool)
    findings = []
    for code, (bad, message) in faults.items():
        findings += _noted(code, trip_ids[trip[starts[bad]]], message, len(chosen))
        wrong |= bad
    findings += _absent(trip_ids, chosen, trip[starts])
    keep = ~wrong[at]
    flags = _flag(part, "boarding") * 2 + _flag(part, "alighting")
    return Halts(
        trip[starts[~wrong]],
        np.zeros(int((~wrong).sum()), np.int64),
        _offsets(lengths[~wrong]),
        stop[keep],
        np.rint(arrival[keep]).astype(np.int64),
        np.rint(departure[keep]).astype(np.int64),
        flags[keep],
    ), findings


def _ordered(trip: Array, sequence: Array) -> bool:
    later = (trip[1:] > trip[:-1]) | ((trip[1:] == trip[:-1]) & (sequence[1:] >= sequence[:-1]))
    return bool(later.all())


def _flag(table: pd.DataFrame, column: str) -> Array:
    """Return a flag as 0 and 1; missing means yes."""
    values = table[column]
    if values.hasnans:
        values = values.fillna(value=True)
    return np.asarray(values.to_numpy(bool).astype(np.int64))


def _faults(
    stop: Array, arrival: Array, departure: Array, at: Array, lengths: Array
) -> dict[str, tuple[Array, str]]:
    """Return by kind of fault which trips have it."""
    count = len(lengths)
    unknown = np.bincount(at[stop < 0], minlength=count) > 0
    missing = ~np.isfinite(arrival) | ~np.isfinite(departure)
    backwards = departure < arrival
    backwards[1:] |= (at[1:] == at[:-1]) & (arrival[1:] < departure[:-1])
    runs_back = np.bincount(at[backwards | missing], minlength=count) > 0
    return {
        "stop_unknown": (
            unknown, "{count} of {total} trips halt at stops that are not there; left out.",
        ),
        "times_backwards": (
            runs_back, "{count} of {total} trips have times that run backwards; left out.",
        ),
        "one_halt": (
            lengths < 2, "{count} of {total} trips halt at fewer than two stops; left out.",
        ),
    }  # fmt: skip


def _absent(trip_ids: pd.Index[Any], chosen: Array, present: Array) -> list[Finding]:
    absent = np.setdiff1d(chosen, present)
    message = "{count} of {total} trips have no stop times; left out."
    return _noted("no_halts", trip_ids[absent], message, len(chosen))


def _known_lines(halts: Halts, line: Array, trip_ids: pd.Index[Any]) -> tuple[Halts, list[Finding]]:
    good = line[halts.trip] >= 0
    message = "{count} of {total} trips belong to lines that are not there; left out."
    found = _noted("line_unknown", trip_ids[halts.trip[~good]], message, len(good))
    return (halts if good.all() else _chosen(halts, np.flatnonzero(good))), found


def _noted(code: str, ids: pd.Index[Any], message: str, total: int) -> list[Finding]:
    if not len(ids):
        return []
    examples = tuple(str(one) for one in ids[:5])
    return [Finding(f"timetable_{code}", "trips", len(ids), message, "warning", examples, total)]


def _chosen(halts: Halts, trips: Array, shift: int = 0) -> Halts:
    """Return some of the trips, shifted by whole days."""
    lengths = np.diff(halts.offsets)[trips]
    offsets = _offsets(lengths)
    rows = np.repeat(halts.offsets[trips] - offsets[:-1], lengths) + np.arange(offsets[-1])
    return Halts(
        halts.trip[trips],
        halts.day[trips] + shift,
        offsets,
        halts.stop[rows],
        halts.arrival[rows] + shift * DAY_S,
        halts.departure[rows] + shift * DAY_S,
        halts.flags[rows],
    )


def _repeated(halts: Halts, longest_s: float) -> Halts:
    """Add what of the same day before and after can be met by journeys that begin on it."""
    first, last = halts.departure[halts.offsets[:-1]], halts.arrival[halts.offsets[1:] - 1]
    before = _chosen(halts, np.flatnonzero(last >= DAY_S), -1)
    early = first + DAY_S <= LATEST_START_S + longest_s
    after = _chosen(halts, np.flatnonzero(early), 1)
    parts = [halts, before, after]
    joined = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("trip", "day", "stop", "arrival", "departure", "flags")
    }
    lengths = np.concatenate([np.diff(part.offsets) for part in parts])
    return Halts(offsets=_offsets(lengths), **joined)


def _in_patterns(halts: Halts, line: Array) -> tuple[Halts, Array]:
    """Return the trips in order of their patterns, and the pattern of each."""
    course = same_course(halts.offsets, halts.stop * 4 + halts.flags)
    lines = pd.factorize(line[halts.trip])[0]
    course = pd.factorize(course * (int(lines.max()) + 1) + lines)[0]
    first, last = halts.departure[halts.offsets[:-1]], halts.arrival[halts.offsets[1:] - 1]
    order = np.lexsort((halts.trip, last, first, course))
    put = _chosen(halts, order)
    pattern = without_overtaking(course[order], put.offsets, put.arrival, put.departure)
    again = np.argsort(pattern, kind="stable")
    return _chosen(put, again), pattern[again]


def _net(halts: Halts, pattern: Array, feet: Array, of_stops: Array) -> Net:
    """Lay the trips out; `of_stops` (s + 1, 2) is where walks begin and the time to change."""
    counts = np.bincount(pattern)
    length = np.diff(halts.offsets)[_offsets(counts)[:-1]]  # of the first trip of each pattern
    place_offsets, event_offsets = _offsets(length), _offsets(length * counts)
    of_place = np.repeat(np.arange(len(counts)), length)
    number = np.arange(place_offsets[-1]) - place_offsets[of_place]
    row = event_offsets[of_place] + number
    stop, flags = halts.stop[row], halts.flags[row]
    served = np.flatnonzero((flags >= 2) & (number < length[of_place] - 1))
    served = served[np.argsort(stop[served], kind="stable")]
    first_served = _offsets(np.bincount(stop[served], minlength=len(of_stops) - 1))
    boards = _by_place(halts, pattern, counts, event_offsets)
    arrays = {
        "stops": np.column_stack([first_served, of_stops]),
        "served": served,
        "places": np.column_stack([stop, of_place, (flags % 2 == 1) & (number > 0)]),
        "patterns": np.column_stack([place_offsets, event_offsets, np.append(counts, 0)]),
        "events": np.stack([halts.arrival, halts.departure, boards]),
        "feet": feet,
    }
    return Net(**{name: np.ascontiguousarray(a, np.int32) for name, a in arrays.items()})


def _by_place(halts: Halts, pattern: Array, counts: Array, event_offsets: Array) -> Array:
    """Return the departures with the trips of a place in a row."""
    lengths = np.diff(halts.offsets)
    at = np.repeat(np.arange(len(lengths)), lengths)
    number = np.arange(len(at)) - halts.offsets[at]
    in_pattern = at - _offsets(counts)[pattern[at]]
    out = np.empty(len(at), np.int64)
    out[event_offsets[pattern[at]] + number * counts[pattern[at]] + in_pattern] = halts.departure
    return out
