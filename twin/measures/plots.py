"""Places for new buildings on an area."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHARE_BUILT = 0.4
"""Largest share of its plot that a building covers (Grundflächenzahl 0.4, BauNVO section 17)."""

MOST = 100_000


def footprints(
    area: shapely.Geometry,
    existing: NDArray[np.object_],
    *,
    size_m2: float,
    spacing_m: float,
) -> NDArray[np.object_]:
    """
    Return square footprints inside an area that overlap neither each other nor what stands.

    They stand on a grid along the longer side of the area's smallest enclosing rectangle, so far
    apart that they cover `SHARE_BUILT` of their plots and keep the spacing; half of it they keep
    from the edge. Row by row from the south; the order of `existing` does not matter.

    Parameters
    ----------
    area
        Polygon or multipolygon in metres.
    existing
        Footprints of buildings.
    size_m2
        Footprint of each.
    spacing_m
        Least distance between buildings.
    """
    side = np.sqrt(size_m2)
    step = max(side + spacing_m, np.sqrt(size_m2 / SHARE_BUILT))
    turn = _direction(area)
    middle = shapely.centroid(area)
    level = shapely.affinity.rotate(area, -turn, origin=middle)
    west, south, east, north = shapely.bounds(level)
    if (east - west) * (north - south) / step**2 > MOST:
        step = np.sqrt((east - west) * (north - south) / MOST)
    x = np.arange(west + spacing_m / 2, east, step)
    y = np.arange(south + spacing_m / 2, north, step)
    left, low = (axis.ravel() for axis in np.meshgrid(x, y))
    boxes = shapely.box(left, low, left + side, low + side)
    inner = shapely.buffer(level, -spacing_m / 2 + 1e-6)
    shapely.prepare(inner)
    boxes = boxes[shapely.contains_properly(inner, boxes) | shapely.covers(inner, boxes)]
    boxes = _rotated(boxes, turn, middle)
    return _apart(boxes, existing, spacing_m)


def _direction(area: shapely.Geometry) -> float:
    """Return the direction of the longer side of the smallest enclosing rectangle [°]."""
    ring = shapely.get_coordinates(shapely.minimum_rotated_rectangle(area))
    sides = np.diff(ring, axis=0)
    longest = sides[np.argmax(np.round(np.hypot(*sides.T), 6))]
    angle = round(float(np.degrees(np.arctan2(longest[1], longest[0]))), 3)
    return (angle + 90) % 180 - 90  # -90 to 90: the first row stays in the south


def _rotated(boxes: NDArray[np.object_], turn: float, middle: shapely.Point) -> NDArray[np.object_]:
    sin, cos = np.sin(np.radians(turn)), np.cos(np.radians(turn))
    centre = np.array([middle.x, middle.y])
    matrix = np.array([[cos, sin], [-sin, cos]])
    found: NDArray[np.object_] = np.asarray(
        shapely.transform(boxes, lambda points: (points - centre) @ matrix + centre)
    )
    return found


def _apart(
    boxes: NDArray[np.object_], existing: NDArray[np.object_], spacing_m: float
) -> NDArray[np.object_]:
    """Leave out the places that come too near to what stands."""
    if len(boxes) == 0:
        return boxes
    reach = shapely.box(*shapely.total_bounds(boxes)).buffer(spacing_m)
    old = np.asarray(existing)
    near = old[shapely.intersects(shapely.envelope(old), reach)] if len(old) else old
    tree = shapely.STRtree(near)
    taken = tree.query(boxes, predicate="dwithin", distance=spacing_m)[0]
    return boxes[~np.isin(np.arange(len(boxes)), taken)]
