"""Stops: positions made sure of, stations and platforms, class and departures of the day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from layers.transit.notes import noted
from twin.classes import STOP_CLASSES
from twin.errors import SourceError

if TYPE_CHECKING:
    from twin.provenance import Finding

STOP_COLUMNS = (
    "stop_id", "stop_code", "stop_name", "stop_lat", "stop_lon", "location_type", "parent_station",
    "wheelchair_boarding", "platform_code",
)  # fmt: skip
FAR_DEGREES = 9.0  # about 1,000 km from the middle of the feed
EUROPE = (-27.0, 34.0, 45.0, 72.0)  # west, south, east, north
STEP_FREE = {"1": "yes", "2": "no"}
Array = np.ndarray[Any, Any]


def clean_stops(raw: pd.DataFrame, *, europe: bool) -> tuple[pd.DataFrame, bool, list[Finding]]:
    """
    Return stops and stations with `lon`, `lat`, `parent`, whether all were swapped, what was seen.

    Entrances, nodes and boarding areas are left out. Swapped coordinates are turned back: all of
    them where the feed is of a European agency and lies in Europe only the other way round, one
    where it lies far from the others only as it stands. A stop without a usable position takes
    that of its station, a station the middle of its platforms; who has neither is left out.
    """
    kind = raw["location_type"].fillna("0")
    of_feed = kind.isin(["0", "1"]) & raw["stop_id"].notna()
    message = "{count} of {total} entries of the stops are entrances or nodes of paths; left out."
    found = noted(
        "no_stop", "stops", raw["stop_id"][~of_feed], message, total=len(raw), severity="info"
    )
    again = raw["stop_id"].duplicated() & of_feed
    message = "{count} stops stand twice; the first counts."
    found += noted("stop_twice", "stops", raw["stop_id"][again], message)
    out = raw[of_feed & ~again].reset_index(drop=True)
    out["station"] = (out["location_type"] == "1").astype(bool)
    out, lost = _with_parent(out)
    message = "{count} stops name a station that the feed does not have."
    found += noted("station_unknown", "stops", lost, message)
    lon, lat, swapped, seen = _positions(out, europe=europe)
    out["lon"], out["lat"], bare = _borrowed(out, lon, lat)
    message = "{count} of {total} stops have no usable position; they take that of their station."
    named = out["stop_id"]
    borrowed = bare & out["lon"].notna()
    found += seen + noted("place_borrowed", "stops", named[borrowed], message, total=len(out))
    message = "{count} of {total} stops have no usable position; left out."
    nowhere = out["lon"].isna()
    found += noted("no_place", "stops", named[nowhere], message, total=len(out))
    return _with_parent(out[~nowhere].reset_index(drop=True))[0], swapped, found


def _with_parent(stops: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series[Any]]:
    """Return stops with `parent`, the row of their station or -1, and who names an unknown one."""
    ids = pd.Index(stops["stop_id"])
    row = ids.get_indexer(stops["parent_station"])
    named = stops["parent_station"].notna().to_numpy()
    station = stops["station"].to_numpy(dtype=bool)
    good = named & (row >= 0) & station[row] & ~station
    bad = named & ~good & ~station
    return stops.assign(parent=np.where(good, row, -1)), stops["stop_id"][bad]


def _positions(stops: pd.DataFrame, *, europe: bool) -> tuple[Array, Array, bool, list[Finding]]:
    lon, lat = (
        pd.to_numeric(stops[c].str.replace(",", "."), errors="coerce").to_numpy(dtype=float)
        for c in ("stop_lon", "stop_lat")
    )
    bad = (np.hypot(lon, lat) < 0.01) | (np.abs(lon) > 180) | (np.abs(lat) > 180)
    lon, lat = np.where(bad, np.nan, lon), np.where(bad, np.nan, lat)
    known = ~np.isnan(lon + lat)
    if not known.any():
        raise SourceError(
            "No stop of the timetable has a usable position.",
            hint="Check stop_lat and stop_lon, degrees in WGS 84.",
        )
    middle = np.median(lon[known]), np.median(lat[known])
    swapped = europe and not _in_europe(*middle) and _in_europe(*middle[::-1])
    if swapped:
        lon, lat, middle = lat, lon, middle[::-1]
    turn = _far(lon, lat, middle) & ~_far(lat, lon, middle)
    lon, lat = np.where(turn, lat, lon), np.where(turn, lon, lat)
    out = (lat > 84) | (lat < -80) | (np.abs(lon) > 180)
    lon, lat = np.where(out, np.nan, lon), np.where(out, np.nan, lat)
    message = "{count} of {total} stops have latitude and longitude swapped; turned back."
    seen = stops["stop_id"][known if swapped else turn]
    return lon, lat, swapped, noted("swapped", "stops", seen, message, total=len(stops))


def _in_europe(lon: float, lat: float) -> bool:
    return bool(EUROPE[0] <= lon <= EUROPE[2] and EUROPE[1] <= lat <= EUROPE[3])


def _far(lon: Array, lat: Array, middle: tuple[Any, ...]) -> Array:
    return np.asarray(np.hypot(lon - middle[0], lat - middle[1]) > FAR_DEGREES)


def _borrowed(stops: pd.DataFrame, lon: Array, lat: Array) -> tuple[Array, Array, Array]:
    """Give a stop without position that of its station, a station the mean of its platforms."""
    bare = np.isnan(lon + lat)
    parent = stops["parent"].to_numpy()
    child = parent >= 0
    of = pd.DataFrame({"lon": lon, "lat": lat})[child].groupby(parent[child]).mean()
    mean = of.reindex(range(len(stops))).to_numpy()
    lon, lat = np.where(bare, mean[:, 0], lon), np.where(bare, mean[:, 1], lat)
    lon = np.where(bare & child, lon[parent], lon)
    return lon, np.where(bare & child, lat[parent], lat), bare


def stop_rows(stops: pd.DataFrame, served: pd.DataFrame, departures: Array) -> pd.DataFrame:
    """
    Return the stops with class, step-free access and departures of the day.

    `served` has `stop` (row) and `class` of what halts there, one row a halt; `departures` the
    number at each row of `stops`. A station has the sum of its platforms.
    """
    parent = stops["parent"].to_numpy()
    child = parent >= 0
    total = departures.astype(float)
    np.add.at(total, parent[child], departures[child])
    platform = stops["platform_code"].fillna(stops["stop_code"])
    return pd.DataFrame(
        {
            "name": stops["stop_name"],
            "class": _classes(parent, served),
            "ref": platform,
            "step_free": _step_free(stops, parent),
            "departures": total,
        },
        index=stops.index,
    )


def _classes(parent: Array, served: pd.DataFrame) -> Array:
    """Return what halts most at each stop, at its platforms, or else at its station."""
    count = np.zeros((len(parent), len(STOP_CLASSES)))
    code = pd.Categorical(served["class"], STOP_CLASSES).codes
    np.add.at(count, (served["stop"].to_numpy(), code), served["halts"].to_numpy())
    child = parent >= 0
    np.add.at(count, parent[child], count[child])
    bare = (count.sum(axis=1) == 0) & child
    count[bare] = count[parent[bare]]
    best = np.array(STOP_CLASSES, dtype=object)[count.argmax(axis=1)]
    return np.where(count.sum(axis=1) > 0, best, "other")


def _step_free(stops: pd.DataFrame, parent: Array) -> Array:
    own = stops["wheelchair_boarding"].map(STEP_FREE).to_numpy(dtype=object)
    known = np.where(pd.isna(own) & (parent >= 0), own[parent], own)
    return np.where(pd.isna(known), "unknown", known)
