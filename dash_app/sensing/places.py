"""Where datastreams are in the town: the street they count on, Baublock, zone, district."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from dash_app.sensing.spots import paths_of, place_of
from layers.traffic_counts import place_counts
from twin.errors import TwinError
from twin.observed.segments import match_segments

if TYPE_CHECKING:
    from collections.abc import Mapping

    from layers.sensors.records import Datastream
    from twin.city import City

AREAS = {"block": "blocks", "zone": "zones", "district": "districts"}
COLUMNS = ("lon", "lat", "street", "both", *AREAS)


def places_of(streams: Mapping[int, Datastream], city: City) -> pd.DataFrame:
    """
    Return where datastreams are: columns `COLUMNS` by number, empty text where nothing is there.

    `street` is the id of the street it names, runs along (`line`) or stands at (within 50 m, of the
    road it names within 100 m); `both`: it counts both directions of it. `block`, `zone` and
    `district` hold its point.
    """
    index = pd.Index(list(streams), name="number", dtype="int64")
    points = [place_of(stream) or (np.nan, np.nan) for stream in streams.values()]
    lon, lat = np.array(points, float).reshape(-1, 2).T
    table = pd.DataFrame({"lon": lon, "lat": lat, "street": "", "both": False}, index=index)
    streets = _streets(streams, table, city)
    table["street"] = streets["street"].reindex(index).fillna("")
    table["both"] = streets["both"].reindex(index, fill_value=False).astype(bool)
    where = gpd.GeoSeries(gpd.points_from_xy(lon, lat), index=index, crs=4326).to_crs(city.crs)
    for name, layer in AREAS.items():
        table[name] = _area(where, city.tables[layer])
    return table[list(COLUMNS)]


def _streets(streams: Mapping[int, Datastream], points: pd.DataFrame, city: City) -> pd.DataFrame:
    """Return `street` and `both` by number, of those that have one."""
    empty = pd.DataFrame({"street": pd.Series(dtype=object), "both": pd.Series(dtype=bool)})
    if not len(city.streets) or not streams:
        return empty
    named = {n: s.street for n, s in streams.items() if s.street in city.streets.index}
    along = {n: s for n, s in streams.items() if n not in named and paths_of(s.line)}
    rest = {n: s for n, s in streams.items() if n not in named}
    found = {n: (street, _both(streams[n], street, city)) for n, street in named.items()}
    found |= _beside(rest, points, city)
    found |= _along(along, city)
    rows = pd.DataFrame.from_dict(found, orient="index", columns=["street", "both"])
    return rows if len(rows) else empty


def _along(streams: Mapping[int, Datastream], city: City) -> dict[int, tuple[str, bool]]:
    """Return the streets that segments run along, those in their direction first."""
    try:
        lines = {str(number): stream.line for number, stream in streams.items()}
        table = match_segments(lines, city.streets, skip_wrong=True)
    except TwinError:
        return {}
    order = table.sort_values(["overlap_m", "is_along"], ascending=False, kind="stable")
    best = order.drop_duplicates("line")
    return {
        int(line): (str(street), _both(streams[int(line)], str(street), city))
        for line, street in zip(best["line"], best["street"], strict=True)
    }


def _beside(
    streams: Mapping[int, Datastream], points: pd.DataFrame, city: City
) -> dict[int, tuple[str, bool]]:
    """Return the streets that points stand at, as `layers.traffic_counts` finds them."""
    numbers = [
        n for n in streams if np.isfinite(points.loc[n, ["lon", "lat"]].to_numpy(float)).all()
    ]
    if not numbers:
        return {}
    lines = pd.DataFrame(
        {
            "vehicles_day": 1.0, "spelt": "1",
            "lon": points.loc[numbers, "lon"], "lat": points.loc[numbers, "lat"],
            "road": [streams[n].street for n in numbers],
            "direction": [streams[n].direction for n in numbers],
        },
        index=pd.Index(numbers, name="count"),
    )  # fmt: skip
    placed = place_counts(lines, city.streets, latest_only=False).table
    return {
        int(str(number)): (str(rows["street"].iloc[0]), len(rows) > 1)
        for number, rows in placed.groupby("count", sort=False)
    }


def _both(stream: Datastream, street: str, city: City) -> bool:
    """Tell whether both directions are counted: where nothing is told and there are two."""
    back = city.streets["reverse_id"].get(street)
    return stream.direction.strip().casefold() in {"", "both"} and bool(pd.notna(back))


def _area(where: gpd.GeoSeries, areas: gpd.GeoDataFrame) -> pd.Series[str]:
    """Return the key of the area that holds each point."""
    found = np.full(len(where), "", dtype=object)
    points = where.to_numpy()
    known = ~(shapely.is_empty(points) | shapely.is_missing(points))
    if len(areas) and known.any():
        at = np.flatnonzero(known)
        point, area = areas.sindex.query(points[at], predicate="intersects")
        found[at[point]] = areas.index.to_numpy()[area]
    return pd.Series(found, where.index, dtype=object)
