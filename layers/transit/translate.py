"""From one day of a feed to the standard tables (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer

from layers.transit.frequencies import expand
from layers.transit.lines import courses, line_rows, shape_lines
from layers.transit.notes import noted
from layers.transit.read import stops_in
from layers.transit.stops import STEP_FREE, stop_rows
from layers.transit.times import SOURCES, fill_gaps, order_stop_times
from layers.transit.transfers import transfer_rows
from twin.schema import LINES, STOP_TIMES, STOPS, TRANSFERS, TRIPS
from twin.validation import conform

if TYPE_CHECKING:
    from layers.source_data import Area
    from layers.transit.read import RawTransit
    from twin.provenance import Finding

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Timetable:
    """A day put in order: rows still point to each other by number."""

    trips: pd.DataFrame
    times: pd.DataFrame  # + boarding, alighting, place in the trip
    lines: pd.DataFrame  # by row of routes, with geometry
    xy: Array  # of the stops, in metres


def translate(
    raw: RawTransit, *, crs: str, prefix: str = "gtfs:", area: Area | None = None
) -> tuple[dict[str, pd.DataFrame], list[Finding]]:
    """
    Return the tables stops, lines, trips, stop_times and transfers of one day.

    Keys are `prefix` and the id of the feed. Where passengers may board counts as a departure:
    everywhere but at the last stop of a trip and where `pickup_type` is 1. With `area` the stops
    in it are kept and those of the trips; else all.
    """
    day, found = _timetable(raw, crs)
    kept = _kept_stops(raw.stops, day.times, area)
    ids = raw.stops["stop_id"]
    ends = _ends(day, ids)
    moves, seen = transfer_rows(raw.transfers, ends, pd.Index(ids), pd.Index(ids[kept]))
    idle = kept & ~np.isin(np.arange(len(ids)), day.times["stop"])
    idle &= ~raw.stops["station"].to_numpy(dtype=bool)
    message = "{count} of {total} stops have no departure on the day of the timetable."
    seen += noted(
        "stop_idle", "stops", prefix + ids[idle], message, total=int(kept.sum()), severity="info"
    )
    tables = {
        "stops": _stops(raw, day, kept, crs=crs, prefix=prefix),
        "lines": _lines(raw, day, crs=crs, prefix=prefix),
        "trips": _trips(raw, day, crs=crs, prefix=prefix),
        "stop_times": _stop_times(raw, day, crs=crs, prefix=prefix),
        "transfers": _transfers(moves, crs=crs, prefix=prefix),
    }
    return tables, [*raw.findings, *found, *seen]


def _timetable(raw: RawTransit, crs: str) -> tuple[Timetable, list[Finding]]:
    """Order, mend, expand; leave out trips of fewer than two stops and lines without a course."""
    to_metres = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform
    xy = np.round(np.column_stack(to_metres(raw.stops["lon"], raw.stops["lat"])), 3)
    ids = raw.trips["trip_id"].to_numpy(dtype=object)
    times, found = order_stop_times(raw.times, ids)
    times, seen = fill_gaps(times, _along(times, xy), ids)
    trips, times, again = expand(raw.trips, times, raw.frequencies)
    trips, times, short = _long_enough(trips, times)
    points = raw.shapes.assign(
        **dict(zip("xy", to_metres(raw.shapes["lon"], raw.shapes["lat"]), strict=True))
    )
    shapes = shape_lines(points)
    lines = courses(trips, times, xy, shapes)
    lost = ~trips["route"].isin(lines.index)
    message = "{count} trips have all their stops at one place; left out."
    nowhere = noted("trip_nowhere", "trips", trips["trip_id"][lost], message)
    trips, times = _only(trips, times, ~lost.to_numpy())
    bare = trips["shape_id"].notna() & ~trips["shape_id"].isin(shapes.index)
    message = "{count} of {total} trips name a shape that the feed does not draw."
    shapeless = noted("shape_unknown", "lines", trips["trip_id"][bare], message, total=len(trips))
    findings = [*found, *seen, *again, *short, *nowhere, *shapeless]
    return Timetable(trips, _with_places(times), lines, xy), findings


def _along(times: pd.DataFrame, xy: Array) -> Array:
    """Return metres (or the feed's own unit) from the first stop of each trip, never falling."""
    trip = times["trip"].to_numpy()
    step = np.zeros(len(times))
    at = xy[times["stop"].to_numpy()]
    step[1:] = np.hypot(*(at[1:] - at[:-1]).T)
    own = times["along"].to_numpy()
    rises = np.append(True, (trip[1:] != trip[:-1]) | (own[1:] >= own[:-1]))[: len(own)]
    good = pd.Series(rises & ~np.isnan(own)).groupby(trip).transform("all").to_numpy(dtype=bool)
    return np.where(good, own, np.cumsum(step))


def _long_enough(
    trips: pd.DataFrame, times: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, list[Finding]]:
    halts = np.bincount(times["trip"], minlength=len(trips))
    message = "{count} of {total} trips halt at fewer than two stops; left out."
    short = trips["trip_id"][halts < 2]
    found = noted("trip_short", "trips", short, message, total=len(trips))
    return *_only(trips, times, halts >= 2), found


def _only(
    trips: pd.DataFrame, times: pd.DataFrame, keep: Array
) -> tuple[pd.DataFrame, pd.DataFrame]:
    row = np.cumsum(keep) - 1
    times = times[keep[times["trip"].to_numpy()]]
    times = times.assign(trip=row[times["trip"].to_numpy()])
    return trips[keep].reset_index(drop=True), times.reset_index(drop=True)


def _with_places(times: pd.DataFrame) -> pd.DataFrame:
    """Count the stops of each trip from 1; nobody boards at the last or alights at the first."""
    trip = times["trip"].to_numpy()
    first = np.append(True, trip[1:] != trip[:-1])[: len(trip)]
    last = np.append(trip[1:] != trip[:-1], True)[: len(trip)]
    start = np.maximum.accumulate(np.where(first, np.arange(len(trip)), 0))
    return times.assign(
        sequence=np.arange(len(trip)) - start + 1,
        boarding=times["boarding"].astype(bool) & ~last,
        alighting=times["alighting"].astype(bool) & ~first,
    )


def _kept_stops(stops: pd.DataFrame, times: pd.DataFrame, area: Area | None) -> Array:
    if area is None:
        return np.ones(len(stops), dtype=bool)
    kept = stops_in(stops, area).copy()
    kept[times["stop"].to_numpy()] = True
    parent = stops["parent"].to_numpy()
    kept[parent[kept & (parent >= 0)]] = True
    return kept


def _ends(day: Timetable, stop_ids: pd.Series[Any]) -> pd.DataFrame:
    """Return the first and last stop of each trip by its id in the feed."""
    stop = day.times.groupby("trip")["stop"].agg(["first", "last"])
    ids = stop_ids.to_numpy(dtype=object)
    return pd.DataFrame(
        {"first": ids[stop["first"]], "last": ids[stop["last"]]},
        index=pd.Index(day.trips["trip_id"].to_numpy()[stop.index]),
    )


def _stops(
    raw: RawTransit, day: Timetable, kept: Array, *, crs: str, prefix: str
) -> gpd.GeoDataFrame:
    boarded = day.times["stop"][day.times["boarding"]]
    departures = np.bincount(boarded, minlength=len(raw.stops))
    rows = stop_rows(raw.stops, raw.served, departures)
    ids = prefix + raw.stops["stop_id"]
    parent = raw.stops["parent"].to_numpy()
    rows["parent_id"] = pd.Series(
        np.where(parent >= 0, ids.to_numpy(dtype=object)[parent], None), index=rows.index
    )
    out = gpd.GeoDataFrame(rows, geometry=shapely.points(day.xy), crs=crs)
    return conform(STOPS, out.set_index(ids)[kept], crs=crs)


def _lines(raw: RawTransit, day: Timetable, *, crs: str, prefix: str) -> gpd.GeoDataFrame:
    departures = day.trips["route"].value_counts()
    rows = line_rows(raw.routes).loc[day.lines.index]
    rows["departures"] = departures
    rows["course_source"] = day.lines["course_source"]
    out = gpd.GeoDataFrame(rows, geometry=day.lines.geometry.to_numpy(), crs=crs)
    used = out["departures"].notna()
    keys = prefix + raw.routes["route_id"].loc[out.index]
    return conform(LINES, out.set_index(keys)[used.to_numpy()], crs=crs)


def _trips(raw: RawTransit, day: Timetable, *, crs: str, prefix: str) -> pd.DataFrame:
    trips = day.trips
    last = day.times.groupby("trip")["stop"].last()
    name = raw.stops["stop_name"].to_numpy(dtype=object)[last.reindex(trips.index)]
    direction = pd.to_numeric(trips["direction_id"], errors="coerce")
    out = pd.DataFrame(
        {
            "line_id": prefix + raw.routes["route_id"].to_numpy()[trips["route"]],
            "headsign": trips["trip_headsign"].fillna(pd.Series(name, index=trips.index)),
            "direction": direction.where(direction.isin([0, 1])),
            "day_type": raw.day_type,
            "step_free": trips["wheelchair_accessible"].map(STEP_FREE).fillna("unknown"),
        }
    )
    table: pd.DataFrame = conform(TRIPS, out.set_index(prefix + trips["trip_id"]), crs=crs)
    return table


def _stop_times(raw: RawTransit, day: Timetable, *, crs: str, prefix: str) -> pd.DataFrame:
    times = day.times
    trip_id, stop_id = (prefix + ids for ids in (day.trips["trip_id"], raw.stops["stop_id"]))
    trip = trip_id.take(times["trip"].to_numpy()).set_axis(times.index)
    stop = stop_id.take(times["stop"].to_numpy()).set_axis(times.index)
    source = pd.Series(SOURCES, dtype="str").take(times["told"].to_numpy()).set_axis(times.index)
    place = times["sequence"].astype("str").str.zfill(4)
    out = times.assign(trip_id=trip, stop_id=stop, time_source=source)
    table: pd.DataFrame = conform(STOP_TIMES, out.set_index(trip + ":" + place), crs=crs)
    return table


def _transfers(moves: pd.DataFrame, *, crs: str, prefix: str) -> pd.DataFrame:
    key = prefix + moves["from_stop"] + ">" + moves["to_stop"] + ":" + moves["kind"]
    out = moves.assign(from_stop=prefix + moves["from_stop"], to_stop=prefix + moves["to_stop"])
    table: pd.DataFrame = conform(TRANSFERS, out.set_index(key), crs=crs)
    return table
