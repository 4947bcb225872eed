"""How often lines run, and how fast: other headways, priority."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.mobility.timetable.trips import (
    SOURCE,
    copies,
    never_back,
    ordered_times,
    trips_of,
    with_times,
    with_trips,
    without_trips,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.mobility.timetable.service import Service

    Floats = NDArray[np.float64]

HOUR_S = 3600.0


def with_headway(  # noqa: PLR0913 - one keyword each reads better than a bundle
    service: Service,
    line_ids: Sequence[str],
    *,
    name: str,
    headway_min: float | None = None,
    factor: float | None = None,
    from_hour: float | None = None,
    to_hour: float | None = None,
    day: str = "weekday",
) -> Service:
    """
    Return the service with lines that run at another headway, each direction for itself.

    Parameters
    ----------
    name
        What the keys of new trips begin with.
    headway_min
        New headway. Departures at the first stop lie evenly in the span of hours, in step with the
        first trip there; of a span of h hours there are about 60 h / headway.
    factor
        Or a factor on the headway: 0.5 doubles the trips, 2 keeps every second one.
    from_hour, to_hour
        Span of first departures, hours after midnight; where left out the line keeps its first or
        last departure.

    Trips outside of the span stay as they are. A new trip runs like the one of the direction that
    leaves nearest to it (variants of a line and slow hours stay), with its times moved; trips that
    leave at the very time of an old one are the old one. A direction without any trip gets none.
    """
    trips = trips_of(service, line_ids, day)
    gone, new_keys, new_from, left = [], [], [], []
    direction = trips["direction"].fillna(0.0)
    trips = trips.sort_values(["start_s", "end_s"], kind="stable")
    for key, group in trips.groupby(trips["line_id"] + ":" + direction.map("{:.0f}".format)):
        start = group["start_s"].to_numpy()
        low = start[0] if from_hour is None else from_hour * HOUR_S
        high = np.nextafter(start[-1], np.inf) if to_hour is None else to_hour * HOUR_S
        inside = (start >= low) & (start < high)
        times = _new_times(start, inside, (low, high), headway_min, factor)
        keep, at, template = _matched(start, inside, times)
        gone += list(group.index[inside & ~keep])
        new_keys += [f"{name}:{key}:{n:03d}" for n in range(1, len(at) + 1)]
        new_from += list(group.index[template])
        left.append(at)
    changed = service
    if new_keys:
        made = copies(service, pd.Series(new_from, index=new_keys), np.concatenate(left))
        changed = with_trips(changed, *made)
    return without_trips(changed, gone)


def _new_times(
    start: Floats,
    inside: NDArray[np.bool_],
    span: tuple[float, float],
    headway_min: float | None,
    factor: float | None,
) -> Floats:
    """Return the new first departures in the span, whole seconds."""
    now = start[inside]
    if factor is not None:
        if len(now) < 2:
            return now
        place = np.arange(0, len(now) - 1 + 1e-9, factor)
        between: Floats = np.interp(place, np.arange(len(now)), now)
        return np.round(between)
    headway = (headway_min or 60.0) * 60
    anchor = now[0] if len(now) else start[np.abs(start - span[0]).argmin()]
    first = span[0] + (anchor - span[0]) % headway
    every: Floats = np.arange(first, span[1], headway)
    return np.round(every)


def _matched(
    start: Floats, inside: NDArray[np.bool_], times: Floats
) -> tuple[NDArray[np.bool_], Floats, NDArray[np.intp]]:
    """Return which old trips stay, when new ones leave, and the old trip each is like."""
    keep, old = np.zeros(len(start), bool), np.flatnonzero(inside)
    place = np.searchsorted(start[old], times)
    there = place < len(old)
    same = np.zeros(len(times), bool)
    same[there] = start[old[place[there]]] == times[there]
    keep[old[place[same]]] = True
    at = times[~same]
    near = old if len(old) else np.arange(len(start))
    template = near[np.abs(start[near][None, :] - at[:, None]).argmin(axis=1)]
    return keep, at, template


def faster(
    service: Service,
    line_ids: Sequence[str],
    given: Assumptions,
    *,
    percent: float | None = None,
    seconds_per_stop: float | None = None,
    day: str = "weekday",
) -> Service:
    """
    Return the service with lines that are given priority.

    `percent` of the time from departure to arrival is saved on every leg, or `seconds_per_stop` at
    every halt but the first and last: of the halt first, the rest on the leg to it. A leg keeps
    `timetable.least_running` of its time. First departures stay, all times are whole seconds.
    """
    trips = trips_of(service, line_ids, day)
    times = ordered_times(service, trips.index)
    if times.empty:
        return service
    first, run, dwell = _parts(times)
    least = run * given["timetable.least_running"]
    if percent is not None:
        new_run, new_dwell = np.maximum(run * (1 - percent / 100), least), dwell
    else:
        last = np.append(first[1:], True)
        saved = np.where(first | last, 0.0, seconds_per_stop or 0.0)
        new_dwell = np.maximum(dwell - saved, 0.0)
        new_run = np.maximum(run - (saved - (dwell - new_dwell)), least)
    return with_times(service, _timed(times, first, new_run, new_dwell))


def _parts(times: pd.DataFrame) -> tuple[NDArray[np.bool_], Floats, Floats]:
    """Return which rows are first of a trip, running time to each halt, and halt [s]."""
    trip = times["trip_id"].to_numpy(object)
    first = np.append(True, trip[1:] != trip[:-1])
    arrival, departure = times["arrival_s"].to_numpy(float), times["departure_s"].to_numpy(float)
    run = np.append(0.0, arrival[1:] - departure[:-1])
    return first, np.where(first, 0.0, run), departure - arrival


def _timed(
    times: pd.DataFrame, first: NDArray[np.bool_], run: Floats, dwell: Floats
) -> pd.DataFrame:
    """Return stop times with other running times and halts; the first departure stays."""
    step = np.where(first, 0.0, run + dwell)
    total = np.cumsum(step)
    row = np.maximum.accumulate(np.where(first, np.arange(len(first)), 0))
    start = times["departure_s"].to_numpy(float)[row]
    departure = np.round(start + total - total[row])
    arrival = np.minimum(np.round(start + total - total[row] - dwell), departure)
    arrival = np.where(first, times["arrival_s"].to_numpy(float), arrival)
    arrival, departure = never_back(arrival, departure, pd.factorize(times["trip_id"])[0])
    return times.assign(arrival_s=arrival, departure_s=departure, time_source=SOURCE)
