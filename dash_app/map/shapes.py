"""Taking geometries apart into the flat number columns that tiles are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import mapbox_earcut
import numpy as np
import shapely
from numpy.typing import NDArray

if TYPE_CHECKING:
    from dash_app.map.frame import Frame

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Rings:
    """Polygons as open rings: the outer one first and anticlockwise, holes clockwise."""

    owner: Ints  # (polygons,) position of the geometry a polygon came from
    rings: Ints  # (polygons,) number of rings
    points: Ints  # (rings,) number of points, the closing one left out
    xy: NDArray[np.float64]  # (points, 2) frame metres


def rings_of(geometry: Any, frame: Frame) -> Rings:
    """Return the rings of polygons and multipolygons in frame metres."""
    polygons, owner = shapely.get_parts(geometry, return_index=True)
    polygons = shapely.orient_polygons(polygons)
    rings, polygon = shapely.get_rings(polygons, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    last = np.ones(len(ring), bool)
    last[:-1] = ring[1:] != ring[:-1]
    return Rings(
        owner,
        np.bincount(polygon, minlength=len(polygons)),
        np.bincount(ring[~last], minlength=len(rings)),
        frame.from_city(xy[~last]),
    )


@dataclass(frozen=True)
class Paths:
    """Lines as runs of points."""

    owner: Ints  # (paths,) position of the geometry a path came from
    points: Ints  # (paths,)
    xy: NDArray[np.float64]  # (points, 2) frame metres


def paths_of(geometry: Any, frame: Frame) -> Paths:
    """Return lines (or the rings of polygons, closed) in frame metres."""
    parts, owner = shapely.get_parts(geometry, return_index=True)
    xy, part = shapely.get_coordinates(parts, return_index=True)
    return Paths(owner, np.bincount(part, minlength=len(parts)), frame.from_city(xy))


def triangles_of(rings: Rings) -> tuple[Ints, Ints]:
    """
    Return triangles (3 point numbers each, flat) and their number for each polygon.

    Ear clipping by mapbox_earcut; point numbers count through all points of `rings`.
    """
    ends = np.cumsum(rings.points)
    starts = ends - rings.points
    last_ring = np.cumsum(rings.rings)
    first_ring = last_ring - rings.rings
    parts: list[Ints] = []
    for first, last in zip(first_ring, last_ring, strict=True):
        start = starts[first]
        local = (ends[first:last] - start).astype(np.uint32)
        found = mapbox_earcut.triangulate_float64(rings.xy[start : ends[last - 1]], local)
        parts.append(found.astype(np.int64) + start)
    counts = np.array([len(part) // 3 for part in parts], dtype=np.int64)
    flat = np.concatenate(parts) if parts else np.empty(0, np.int64)
    return flat, counts
