"""Where a Thing is: GeoJSON as servers write it, as a point and, of roads, a line."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import shapely
from shapely.errors import GEOSException
from shapely.geometry import shape

from layers.sensors.json_text import loads
from layers.sensors.values import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapely.geometry.base import BaseGeometry

MOST_TEXT = 200_000
DEEPEST = 6
HOLDERS = ("location", "feature", "geometry", "features")


class Place(NamedTuple):
    """Longitude and latitude, degrees (None: not told), and the line of what is a line (WKT)."""

    lon: float | None = None
    lat: float | None = None
    line: str = ""


def place_of(*given: object) -> Place:
    """
    Return the place of the first geometry that can be one: Locations, observedArea, features.

    >>> place_of([{"location": {"type": "Point", "coordinates": [7.48, 46.97, 540]}}])
    Place(lon=7.48, lat=46.97, line='')
    >>> place_of({"type": "Feature", "geometry": {"type": "Point", "coordinates": [7, 999]}})
    Place(lon=None, lat=None, line='')
    """
    for one in given:
        for geometry in _geometries(one, 0):
            place = _placed(geometry)
            if place is not None:
                return place
    return Place()


def _geometries(given: object, depth: int) -> Iterator[dict[str, Any]]:
    given = _parsed(given) if isinstance(given, str) else given
    inner: list[Any] = given[:1_000] if isinstance(given, list) else []
    if isinstance(given, dict):
        if "coordinates" in given or "geometries" in given:
            yield given
            return
        inner = [given[name] for name in HOLDERS if name in given]
    for one in inner if depth < DEEPEST else ():
        yield from _geometries(one, depth + 1)


def _parsed(text: str) -> object:
    if text.lstrip()[:1] != "{" or len(text) > MOST_TEXT:
        return None
    try:
        found: object = loads(text)
    except RefusedError:
        return None
    return found


def _placed(geometry: dict[str, Any]) -> Place | None:
    try:
        found = shapely.force_2d(shape(geometry))
        point = _point(found)
    except (GEOSException, ValueError, TypeError, KeyError, IndexError, AttributeError):
        return None
    if point is None:
        return None
    lon, lat = float(point.x), float(point.y)
    if not (math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90):
        return None
    is_line = found.geom_type in {"LineString", "MultiLineString"}
    return Place(round(lon, 7), round(lat, 7), shapely.to_wkt(found) if is_line else "")


def _point(found: BaseGeometry) -> Any:
    if found.is_empty:
        return None
    if found.geom_type == "LineString":
        return found.interpolate(0.5, normalized=True)
    centre = found.centroid
    is_inside = found.geom_type not in {"Polygon", "MultiPolygon"} or found.covers(centre)
    return centre if is_inside else found.representative_point()
