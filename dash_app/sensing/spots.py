"""Where a datastream says that it stands, and whether that is in or near the town."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

if TYPE_CHECKING:
    from layers.sensors.records import Datastream
    from twin.city import City

Box = tuple[float, float, float, float]
"""West, south, east, north, degrees."""

FAR_M = 25_000.0
"""What stands farther from the town belongs to another one whose sensors share the store."""


def reach_of(city: City) -> Box | None:
    """Return within which degrees a sensor may be one of the town's; None for an empty city."""
    found = [table for table in (city.buildings, city.streets) if len(table)]
    if not found:
        return None
    corners = np.array([table.total_bounds for table in found])
    around = shapely.box(*corners[:, :2].min(axis=0), *corners[:, 2:].max(axis=0)).buffer(FAR_M)
    west, south, east, north = gpd.GeoSeries([around], crs=city.crs).to_crs(4326).total_bounds
    return float(west), float(south), float(east), float(north)


def is_within(stream: Datastream, box: Box | None) -> bool:
    """Tell whether a datastream may be one of the town's; one without a place is."""
    place = place_of(stream) if box else None
    if box is None or place is None:
        return True
    west, south, east, north = box
    return west <= place[0] <= east and south <= place[1] <= north


def place_of(stream: Datastream) -> tuple[float, float] | None:
    """Return where a sensor stands in degrees; of a segment alone a point halfway."""
    if stream.lon is not None and stream.lat is not None:
        found = (float(stream.lon), float(stream.lat))
        return found if all(map(math.isfinite, found)) else None
    paths = paths_of(stream.line)
    if not paths:
        return None
    point = shapely.LineString(max(paths, key=len)).interpolate(0.5, normalized=True)
    return round(point.x, 6), round(point.y, 6)


@lru_cache(maxsize=20_000)
def paths_of(text: str) -> list[list[tuple[float, float]]] | None:
    """
    Return the lines of a WKT text in degrees; None for what is none.

    >>> paths_of("LINESTRING (7 50, 7.1 50.1)"), paths_of("nonsense")
    ([[(7.0, 50.0), (7.1, 50.1)]], None)
    """
    found = shapely.from_wkt(text, on_invalid="ignore") if text else None
    if found is None or found.is_empty:
        return None
    lines = [one for one in shapely.get_parts(found) if one.geom_type == "LineString"]
    paths = [[(float(x), float(y)) for x, y, *_ in one.coords] for one in lines]
    known = [path for path in paths if all(abs(x) <= 180 and abs(y) <= 90 for x, y in path)]
    return known or None
