"""The tables of public transport as one thing, and trips made for them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from twin.schema import LINES, STOP_TIMES, TRIPS
from twin.validation import conform

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

NAMES = ("stops", "lines", "trips", "stop_times", "transfers")
DAY_H = 24.0


@dataclass(frozen=True, eq=False)
class Service:
    """Stops, lines and one day of trips, as `twin.schema` has them."""

    stops: gpd.GeoDataFrame
    lines: gpd.GeoDataFrame
    trips: pd.DataFrame
    stop_times: pd.DataFrame
    transfers: pd.DataFrame

    @property
    def crs(self) -> str:
        """The projected CRS of stops and lines."""
        return str(self.stops.crs.to_string())

    def replace(self, **tables: Any) -> Service:
        """Return the service with some tables exchanged."""
        return dataclasses.replace(self, **tables)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the tables by name."""
        return {name: getattr(self, name) for name in NAMES}


def service_of(tables: Mapping[str, pd.DataFrame]) -> Service:
    """Return the tables of public transport out of those of a city."""
    return Service(**{name: tables[name] for name in NAMES})


@dataclass(frozen=True, eq=False)
class Pattern:
    """One way a line runs: stop ids, seconds after the first departure (k,) of both kinds."""

    stop_ids: NDArray[np.object_]
    arrival_s: Floats
    departure_s: Floats
    direction: int = 0
    headsign: str | None = None


def pattern_of(
    stop_ids: Sequence[str] | NDArray[np.object_],
    running_s: Floats,
    dwell_s: float,
    *,
    direction: int = 0,
    headsign: str | None = None,
) -> Pattern:
    """
    Return a pattern from the running time to each stop (0 at the first) and the halt at each.

    >>> import numpy as np
    >>> pattern_of(["a", "b", "c"], np.array([0.0, 60.0, 90.0]), 20.0).arrival_s.tolist()
    [0.0, 60.0, 170.0]
    """
    run = np.round(np.asarray(running_s, float))
    dwell = np.round(np.full(len(run), dwell_s))
    dwell[[0, -1]] = 0.0
    arrival = np.cumsum(run) + np.cumsum(dwell) - dwell
    ids = np.asarray(stop_ids, object)
    return Pattern(ids, arrival, arrival + dwell, direction, headsign)


def hourly_headways(given: Assumptions, kind: str) -> tuple[Floats, Floats]:
    """
    Return the hours from which assumed headways hold, with the end of service last, and minutes.

    >>> from twin.assumptions import assumptions
    >>> hours, minutes = hourly_headways(assumptions(), "bus")
    >>> hours.tolist(), minutes.astype(float).tolist()
    ([5.0, 6.0, 20.0, 23.0], [30.0, 20.0, 30.0])
    """
    values = given.by_class(f"timetable.headway_{kind}")
    hours = sorted(float(hour) for hour in values)
    minutes = [values[f"{hour:g}"] for hour in hours]
    return np.array([*hours, given[f"timetable.service_end.{kind}"]]), np.array(minutes)


def departures(hours: Floats, minutes: Floats, *, offset_s: float = 0.0) -> Floats:
    """
    Return departures in whole seconds after midnight, a headway for each span of hours.

    The first leaves `offset_s` (taken modulo the headway) after the first hour, each next one the
    headway of its hour after the one before.

    >>> (departures(np.array([6.0, 7.0, 8.0]), np.array([20.0, 30.0])) / 60).tolist()
    [360.0, 380.0, 400.0, 420.0, 450.0]
    """
    start, found = hours[0] * 3600 + offset_s % (minutes[0] * 60), []
    for end, headway in zip(hours[1:], minutes, strict=True):
        span = end * 3600 - start
        count = max(int(np.ceil(span / (headway * 60) - 1e-9)), 0)
        found.append(start + np.arange(count) * headway * 60)
        start += count * headway * 60
    return np.round(np.concatenate(found))


def made_trips(
    line_id: str,
    patterns: Sequence[Pattern],
    leaving: Sequence[Floats],
    *,
    name: str,
    source: str,
    day: str = "weekday",
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """
    Return trips and stop times of a line: each pattern leaves at its own times.

    Keys are `name`, the direction and a number in the order of leaving. The tables follow the
    schema but are not sorted in among others.
    """
    trips, times = [], []
    count = [0, 0]
    for pattern, left in zip(patterns, leaving, strict=True):
        first = count[pattern.direction]
        count[pattern.direction] += len(left)
        keys = [f"{name}:{pattern.direction}:{first + i + 1:03d}" for i in range(len(left))]
        trips.append(_trips(line_id, pattern, keys, day))
        times.append(stop_time_rows(keys, pattern, left, source))
    trip_table = conform(TRIPS, pd.concat(trips), crs="")
    return trip_table, conform(STOP_TIMES, pd.concat(times), crs="")


def _trips(line_id: str, pattern: Pattern, keys: Sequence[str], day: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "line_id": line_id, "headsign": pattern.headsign,
            "direction": float(pattern.direction), "day_type": day, "step_free": "unknown",
        },
        index=pd.Index(list(keys), dtype="str"),
    )  # fmt: skip


def stop_time_rows(
    keys: Sequence[str], pattern: Pattern, left: Floats, source: str
) -> pd.DataFrame:
    """Return the stop times of trips of one pattern that leave at given times."""
    k, n = len(pattern.stop_ids), len(keys)
    trip = np.repeat(np.asarray(keys, object), k)
    place = np.tile(np.arange(1, k + 1), n)
    start = np.repeat(left, k)
    index = [f"{key}:{number:04d}" for key, number in zip(trip, place, strict=True)]
    return pd.DataFrame(
        {
            "trip_id": trip,
            "stop_id": np.tile(pattern.stop_ids, n),
            "sequence": place.astype(float),
            "arrival_s": start + np.tile(pattern.arrival_s, n),
            "time_source": source,
            "departure_s": start + np.tile(pattern.departure_s, n),
            "boarding": place < k,
            "alighting": place > 1,
        },
        index=pd.Index(index, dtype="str"),
    )


def counted(service: Service) -> Service:
    """Return the service with the departures of its lines and stops counted anew."""
    by_line = service.trips["line_id"].value_counts()
    lines = service.lines.assign(
        departures=by_line.reindex(service.lines.index).fillna(0).to_numpy(float)
    )
    boarded = service.stop_times["stop_id"][service.stop_times["boarding"]].value_counts()
    stops = service.stops.assign(
        departures=boarded.reindex(service.stops.index).fillna(0).to_numpy(float)
    )
    return service.replace(lines=lines, stops=stops)


def line_rows(rows: Sequence[Mapping[str, Any]], crs: str) -> gpd.GeoDataFrame:
    """Return lines as the schema has them from `line_id`, `geometry` and columns."""
    frame = gpd.GeoDataFrame(list(rows), geometry="geometry", crs=crs).set_index("line_id")
    table: gpd.GeoDataFrame = conform(LINES, frame, crs=crs)
    return table
