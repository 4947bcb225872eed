"""Trips taken out of a service and put in: what every change of a timetable is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from twin.mobility.timetable.service import Service

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Mask = NDArray[np.bool_]

SOURCE = "estimated:scenario"


def member(values: pd.Series[Any] | pd.Index[Any], keys: Iterable[object]) -> Mask:
    """Tell which values are among some keys."""
    known = pd.Index(list(keys))
    found: Mask = known.get_indexer(pd.Index(values)) >= 0
    return found


def trips_of(service: Service, line_ids: Iterable[str], day: str) -> pd.DataFrame:
    """Return the trips of lines on a day, with first departure, last arrival and stops."""
    trips = service.trips
    mine = member(trips["line_id"], line_ids) & (trips["day_type"] == day).to_numpy()
    times = service.stop_times
    times = times[member(times["trip_id"], trips.index[mine])]
    ends = times.groupby("trip_id", sort=False).agg(
        start_s=("departure_s", "min"), end_s=("arrival_s", "max"), halts=("stop_id", "size")
    )
    return trips[mine].join(ends, how="inner")


def ordered_times(service: Service, trip_ids: Iterable[str]) -> pd.DataFrame:
    """Return the stop times of trips, by trip and sequence."""
    times = service.stop_times
    times = times[member(times["trip_id"], trip_ids)]
    order = np.lexsort((times["sequence"].to_numpy(), pd.factorize(times["trip_id"])[0]))
    return times.iloc[order]


def without_trips(service: Service, trip_ids: Iterable[str]) -> Service:
    """Return the service without some trips; all others stay as they are."""
    gone = pd.Index(list(trip_ids))
    if not len(gone):
        return service
    lost = service.stop_times[member(service.stop_times["trip_id"], gone)]
    trips = service.trips[~member(service.trips.index, gone)]
    stop_times = service.stop_times.drop(index=lost.index)
    changed = _counted(service, service.trips.loc[service.trips.index.intersection(gone)], lost, -1)
    return changed.replace(trips=trips, stop_times=stop_times)


def with_trips(service: Service, trips: pd.DataFrame, times: pd.DataFrame) -> Service:
    """Return the service with more trips; keys must be new."""
    if not len(trips):
        return service
    trip_table = pd.concat([service.trips, _typed(trips, service.trips)]).sort_index()
    time_table = pd.concat([service.stop_times, _typed(times, service.stop_times)]).sort_index()
    changed = _counted(service, trips, times, 1)
    return changed.replace(trips=trip_table, stop_times=time_table)


def with_times(service: Service, times: pd.DataFrame) -> Service:
    """Return the service with other stop times for some trips: all of theirs are exchanged."""
    old = service.stop_times
    mine = member(old["trip_id"], times["trip_id"].unique())
    table = pd.concat([old[~mine], _typed(times, old)]).sort_index()
    none = service.trips.iloc[:0]
    changed = _counted(_counted(service, none, old[mine], -1), none, times, 1)
    return changed.replace(stop_times=table)


def renumbered(times: pd.DataFrame) -> pd.DataFrame:
    """
    Return stop times in order with new sequences from 1, keys, and ends nobody boards or leaves at.

    `times` lie by trip in the order of the halts.
    """
    trip = times["trip_id"].to_numpy(object)
    first = np.append(True, trip[1:] != trip[:-1])[: len(trip)]
    last = np.append(trip[1:] != trip[:-1], True)[: len(trip)]
    start = np.maximum.accumulate(np.where(first, np.arange(len(trip)), 0))
    place = np.arange(len(trip)) - start + 1
    keys = [f"{key}:{number:04d}" for key, number in zip(trip, place, strict=True)]
    return times.assign(
        sequence=place.astype(float),
        boarding=times["boarding"].to_numpy(bool) & ~last,
        alighting=times["alighting"].to_numpy(bool) & ~first,
    ).set_axis(pd.Index(keys, dtype="str", name=times.index.name), axis=0)


def never_back(arrival: Floats, departure: Floats, trip: Ints) -> tuple[Floats, Floats]:
    """
    Return times that never fall along each trip: what would come too early waits.

    >>> import numpy as np
    >>> trip = np.array([0, 0, 0])
    >>> never_back(np.array([0.0, 50, 40]), np.array([0.0, 60, 70]), trip)[0].tolist()
    [0.0, 50.0, 60.0]
    """
    if not len(trip):
        return arrival, departure
    both = np.column_stack([arrival, departure]).ravel()
    lift = np.repeat(trip * (both.max() - both.min() + 1.0), 2)  # trips do not touch
    up = np.maximum.accumulate(both + lift) - lift
    return up[::2], up[1::2]


def copies(service: Service, templates: pd.Series[Any], left: Floats) -> tuple[Any, Any]:
    """
    Return trips like others that leave at other times.

    `templates` are trip ids by the new keys; `left` the new first departures [s].
    """
    trips = service.trips.loc[templates.to_numpy()]
    trips = trips.set_axis(pd.Index(templates.index, dtype="str", name=trips.index.name), axis=0)
    times = ordered_times(service, templates.unique())
    start = times.groupby("trip_id", sort=False)["departure_s"].transform("first").to_numpy()
    group = pd.factorize(times["trip_id"])
    rows = pd.Series(np.arange(len(times))).groupby(group[0]).indices
    number = {key: i for i, key in enumerate(group[1])}
    chosen = [rows[number[key]] for key in templates]
    take = np.concatenate(chosen)
    count = np.array([len(part) for part in chosen])
    shift = np.repeat(left, count) - start[take]
    made = times.iloc[take].assign(
        trip_id=np.repeat(templates.index.to_numpy(object), count),
        time_source=SOURCE,
    )
    made["arrival_s"] = made["arrival_s"].to_numpy() + shift
    made["departure_s"] = made["departure_s"].to_numpy() + shift
    keys = (
        made["trip_id"].astype("str")
        + ":"
        + made["sequence"].astype(int).astype("str").str.zfill(4)
    )
    return trips, made.set_axis(pd.Index(keys, dtype="str", name=times.index.name), axis=0)


def _typed(rows: pd.DataFrame, like: pd.DataFrame) -> pd.DataFrame:
    typed = rows.astype(like.dtypes.to_dict())[like.columns]
    typed.index.name = like.index.name
    return typed


def _counted(service: Service, trips: pd.DataFrame, times: pd.DataFrame, sign: int) -> Service:
    """Return the service with departures of lines and stops that trips bring or take."""
    by_line = trips["line_id"].value_counts() * sign
    by_stop = times.loc[times["boarding"].to_numpy(bool), "stop_id"].value_counts() * sign
    return service.replace(lines=_more(service.lines, by_line), stops=_more(service.stops, by_stop))


def _more(table: Any, counts: pd.Series[Any]) -> Any:
    if not len(counts):
        return table
    values = table["departures"].to_numpy(float).copy()
    row = table.index.get_indexer(pd.Index(counts.index))
    there = row >= 0
    values[row[there]] = np.nan_to_num(values[row[there]]) + counts.to_numpy(float)[there]
    return table.assign(departures=np.maximum(values, 0.0))
