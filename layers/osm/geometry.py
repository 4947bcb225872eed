"""From degrees to metres, and polygons made valid; coordinates end at the millimetre."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from pyproj import Transformer

from layers.osm.tags import with_any
from twin.crs import utm_crs
from twin.errors import SourceError

if TYPE_CHECKING:
    import pandas as pd

    from layers.osm.raw import RawOsm

DECIMALS = 3  # metres: coordinates are kept to the millimetre, so that hashes are stable

Array = np.ndarray[Any, Any]


def crs_of(raw: RawOsm) -> str:
    """
    Return the UTM zone at the median position of buildings and streets.

    Raises `SourceError` where there are neither.
    """
    parts = [with_any(raw.areas, ["building", "building:part"]), with_any(raw.lines, ["highway"])]
    shapes = np.concatenate([part["geometry"].to_numpy(dtype=object) for part in parts])
    xy = shapely.get_coordinates(shapes)
    xy = xy[np.isfinite(xy).all(axis=1)]
    if not len(xy):
        template = "The OpenStreetMap data hold neither buildings nor streets."
        raise SourceError(template, hint="Check that it is an extract of a place.")
    lon, lat = np.median(xy, axis=0)
    return utm_crs(float(lon), float(lat))


def project(raw: RawOsm, crs: str) -> RawOsm:
    """Return the same objects with geometry in `crs`, rounded to the millimetre."""
    to_metres = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    frames = {
        name: frame.assign(geometry=_projected(frame["geometry"], to_metres))
        for name in ("nodes", "lines", "areas")
        if len(frame := getattr(raw, name))
    }
    return replace(raw, **frames)


def _projected(geometry: pd.Series[Any], to_metres: Transformer) -> Array:
    shapes = geometry.to_numpy(dtype=object)
    lon, lat = shapely.get_coordinates(shapes).T
    east, north = to_metres.transform(lon, lat)
    xy = np.column_stack([east, north]).round(DECIMALS)
    xy[~np.isfinite(xy)] = np.nan
    with np.errstate(invalid="ignore"):
        return np.asarray(shapely.set_coordinates(shapes.copy(), xy))


def valid_polygons(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str], list[str]]:
    """
    Return rows with valid polygons, and the keys of those repaired and of those given up.

    A ring that crosses itself becomes the parts it encloses; one that encloses nothing is given
    up. Repaired corners are rounded like all others.
    """
    shapes = frame["geometry"].to_numpy(dtype=object).copy()
    broken = ~shapely.is_valid(shapes)
    shapes[broken] = [_repaired(shape) for shape in shapes[broken]]
    area = shapely.area(shapes)
    given_up = shapely.is_missing(shapes) | ~(area > 0.01)
    out = frame.assign(geometry=single_where_possible(shapes))[~given_up]
    repaired = list(frame.index[broken & ~given_up])
    return out, repaired, list(frame.index[given_up])


def _repaired(shape: Any) -> Any:
    """Return the polygons inside a broken one, valid on the millimetre grid, or None."""
    mended = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    mended = shapely.set_precision(mended, 10.0**-DECIMALS)
    parts = [p for p in shapely.get_parts(mended) if p.geom_type == "Polygon" and p.area > 0.01]
    if not parts:
        return None
    return shapely.multipolygons(parts) if len(parts) > 1 else parts[0]


def single_where_possible(shapes: Array) -> Array:
    """Return multipolygons of one part as that polygon, others unchanged."""
    one = (shapely.get_type_id(shapes) == 6) & (shapely.get_num_geometries(shapes) == 1)
    out = shapes.copy()
    out[one] = shapely.get_geometry(shapes[one], 0)
    return out


def points_in(points: Array, areas: Array) -> Array:
    """
    Return for each point the number of the smallest area it lies in, -1 where in none.

    The smallest, because the smallest land use, building or district says most about a point.
    """
    out = np.full(len(points), -1)
    if len(points) and len(areas):
        which, inside = shapely.STRtree(areas).query(points, predicate="intersects")
        size = shapely.area(areas)[inside]
        order = np.lexsort((inside, -size, which))  # the smallest last, so that it is written last
        out[which[order]] = inside[order]
    return out
