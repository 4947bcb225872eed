"""New, moved and closed stops, and what they cost the lines in time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from twin.mobility.timetable.places import DRIVES_M_S, ROUNDABOUT
from twin.mobility.timetable.trips import (
    SOURCE,
    member,
    never_back,
    ordered_times,
    renumbered,
    with_times,
    without_trips,
)
from twin.schema import STOPS
from twin.validation import conform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.mobility.timetable.service import Service

    Floats = NDArray[np.float64]

WALK_REACH_M = 100.0


def nearest_street(point: shapely.Point, streets: gpd.GeoDataFrame) -> str | None:
    """Return the link one can walk to that is nearest to a point, none beyond 100 m."""
    rows = streets[streets["allow_walk"].to_numpy() & (streets["class"] != "motorway").to_numpy()]
    away = shapely.distance(rows.geometry.to_numpy(), point)
    if not len(away) or away.min() > WALK_REACH_M:
        return None
    return str(rows.index[away.argmin()])


def with_stop(
    service: Service,
    point: shapely.Point,
    *,
    stop_id: str,
    name: str,
    kind: str = "bus",
    link_id: str | None = None,
) -> Service:
    """Return the service with a stop more, at which nothing halts yet."""
    row = gpd.GeoDataFrame(
        {"name": [name], "class": [kind], "link_id": [link_id], "departures": [0.0]},
        index=pd.Index([stop_id], dtype="str"),
        geometry=[point],
        crs=service.stops.crs,
    )
    more = conform(STOPS, row, crs=service.crs)
    typed = {k: v for k, v in service.stops.dtypes.items() if k != "geometry"}
    stops = pd.concat([service.stops, more.astype(typed)]).sort_index()
    stops.index.name = service.stops.index.name
    return service.replace(stops=stops)


def moved_stop(
    service: Service, stop_id: str, point: shapely.Point, *, link_id: str | None = None
) -> Service:
    """Return the service with a stop at another place; times stay as they are."""
    shapes = service.stops.geometry.to_numpy().copy()
    row = service.stops.index.get_loc(stop_id)
    shapes[row] = point
    links = service.stops["link_id"].astype(object).to_numpy().copy()
    links[row] = link_id if link_id is not None else links[row]
    stops = service.stops.assign(link_id=pd.Series(links, service.stops.index, dtype="str"))
    return service.replace(stops=stops.set_geometry(gpd.GeoSeries(
        shapes, index=stops.index, crs=stops.crs)))  # fmt: skip


def passing_lines(service: Service, point: shapely.Point, kind: str, reach_m: float) -> list[str]:
    """Return the ids of lines of a class whose course passes within a distance of a point."""
    lines = service.lines
    near = shapely.dwithin(lines.geometry.to_numpy(), point, reach_m)
    return list(lines.index[near & (lines["class"].astype("str") == kind).to_numpy()])


def with_halt(
    service: Service, stop_id: str, line_ids: Sequence[str], given: Assumptions
) -> Service:
    """
    Return the service with a stop at which lines halt as well.

    Each trip halts there between the two stops to which the detour is shortest, never before its
    first or after its last. The leg is cut in proportion to the straight distances; everything
    after is later by `timetable.dwell` and `timetable.stop_loss`, and by what is driven more
    where the stop lies off the straight line between its neighbours by more than
    `timetable.stop_reach`. Trips that halt there already stay.
    """
    trips = service.trips.index[member(service.trips["line_id"], line_ids)]
    times = ordered_times(service, trips)
    there = times.loc[(times["stop_id"] == stop_id).to_numpy(), "trip_id"].unique()
    times = times[~member(times["trip_id"], there)]
    if times.empty:
        return service
    kind = str(service.stops["class"].astype("str")[stop_id])
    dwell = given[f"timetable.dwell.{kind}"] if kind in ("tram", "rail", "bus") else 20.0
    at, share, detour = _best_leg(times, service, stop_id)
    detour = np.where(detour > 2 * given["timetable.stop_reach"], detour, 0.0)
    lost = np.round(detour * ROUNDABOUT / DRIVES_M_S + dwell + given["timetable.stop_loss"])
    return with_times(service, renumbered(_inserted(times, stop_id, at, share, (lost, dwell))))


def _best_leg(
    times: pd.DataFrame, service: Service, stop_id: str
) -> tuple[NDArray[np.bool_], Floats, Floats]:
    """
    Return by row whether the new halt comes after it, and by trip share of the leg and detour [m].

    `times` lie by trip in order.
    """
    xy = shapely.get_coordinates(service.stops.geometry.to_numpy())
    here = xy[service.stops.index.get_loc(stop_id)]
    at = xy[service.stops.index.get_indexer(pd.Index(times["stop_id"]))]
    away = np.hypot(*(at - here).T)
    step = np.append(np.hypot(*np.diff(at, axis=0).T), 0.0)
    trip = pd.factorize(times["trip_id"])[0]
    after = np.append(away[1:], np.inf)
    more = away + after - step
    more[np.append(trip[1:] != trip[:-1], True)] = np.inf
    order = np.lexsort((np.arange(len(trip)), np.round(more, 3), trip))
    best = order[np.unique(trip[order], return_index=True)[1]]
    chosen = np.zeros(len(times), bool)
    chosen[best] = True
    total = np.maximum(away[best] + after[best], 1e-9)
    return chosen, away[best] / total, more[best]


def _inserted(
    times: pd.DataFrame,
    stop_id: str,
    chosen: NDArray[np.bool_],
    share: Floats,
    costs: tuple[Floats, float],
) -> pd.DataFrame:
    """Return stop times with a halt after each chosen row, all later ones of the trip delayed."""
    lost, dwell = costs
    trip = pd.factorize(times["trip_id"])[0]
    arrival, departure = times["arrival_s"].to_numpy(float), times["departure_s"].to_numpy(float)
    before = np.flatnonzero(chosen)
    place = np.arange(len(times))
    later = place > before[trip]
    reached = np.round(departure[before] + share * (arrival[before + 1] - departure[before])
                       + (lost - dwell) * share)  # fmt: skip
    new = times.iloc[before].assign(
        stop_id=stop_id, arrival_s=reached, departure_s=reached + round(dwell),
        boarding=True, alighting=True, time_source=SOURCE,
    )  # fmt: skip
    shift = np.where(later, lost[trip], 0.0)
    moved = times.assign(arrival_s=arrival + shift, departure_s=departure + shift)
    source = moved["time_source"].astype(object).to_numpy()
    moved = moved.assign(time_source=pd.Series(np.where(later, SOURCE, source), moved.index))
    both = pd.concat([moved, new])
    return both.iloc[np.argsort(np.concatenate([place, before + 0.5]), kind="stable")]


def without_halts(
    service: Service, stop_ids: Sequence[str], given: Assumptions, line_ids: Sequence[str] = ()
) -> Service:
    """
    Return the service whose trips (of some lines, or all) pass stops without halting.

    A trip is earlier after it by its halt there and `timetable.stop_loss`, as far as the leg has
    that much; trips left with fewer than two stops are gone.
    """
    hit = member(service.stop_times["stop_id"], stop_ids)
    trips = pd.Index(service.stop_times["trip_id"][hit].unique())
    if line_ids:
        mine = member(service.trips["line_id"], line_ids)
        trips = trips[member(trips, service.trips.index[mine])]
    times = ordered_times(service, trips)
    if times.empty:
        return service
    left = _passed(times, member(times["stop_id"], stop_ids), given["timetable.stop_loss"])
    count = left["trip_id"].value_counts().reindex(trips).fillna(0)
    short = trips[(count < 2).to_numpy()]
    changed = without_trips(service, short)
    left = left[~member(left["trip_id"], short)]
    return with_times(changed, renumbered(left)) if len(left) else changed


def _passed(times: pd.DataFrame, skip: NDArray[np.bool_], loss_s: float) -> pd.DataFrame:
    """Return stop times without some halts, what follows earlier; never before the halt before."""
    trip = pd.factorize(times["trip_id"])[0]
    arrival, departure = times["arrival_s"].to_numpy(float), times["departure_s"].to_numpy(float)
    first = np.append(True, trip[1:] != trip[:-1])
    row = np.maximum.accumulate(np.where(first, np.arange(len(trip)), 0))
    halted = np.cumsum(~skip)
    begun = halted - halted[row] + (~skip)[row] > 0
    gain = np.where(skip & begun, departure - arrival + loss_s, 0.0)
    total = np.cumsum(gain)
    saved = total - total[row] + gain[row]
    keep = np.flatnonzero(~skip)
    kept = times.iloc[keep]
    new_arrival, new_departure = never_back(
        np.round(arrival[keep] - saved[keep]), np.round(departure[keep] - saved[keep]), trip[keep]
    )
    changed = (new_arrival != arrival[keep]) | (new_departure != departure[keep])
    source = np.where(changed, SOURCE, kept["time_source"].astype(object).to_numpy())
    return kept.assign(
        arrival_s=new_arrival, departure_s=new_departure,
        time_source=pd.Series(source, kept.index),
    )  # fmt: skip


def closed_stop(service: Service, stop_ids: Sequence[str], given: Assumptions) -> Service:
    """Return the service without stops: no trip halts there, no transfer names them."""
    left = without_halts(service, stop_ids, given)
    stops = left.stops[~member(left.stops.index, stop_ids)]
    parent = stops["parent_id"].mask(member(stops["parent_id"], stop_ids))
    moves: Any = left.transfers
    lost = member(moves["from_stop"], stop_ids) | member(moves["to_stop"], stop_ids)
    if lost.any():
        moves = moves[~lost]
    return left.replace(stops=stops.assign(parent_id=parent), transfers=moves)
