"""Footprints of two sources that overlap, and how far one source as a whole lies off the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from scipy.ndimage import uniform_filter
from scipy.spatial import cKDTree

from twin.assumptions import assumed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Shapes = NDArray[np.object_]
    Rows = NDArray[np.intp]
    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Pairs:
    """Pairs of footprints, by position in the two arrays, with the area they share [m²]."""

    left: Rows
    right: Rows
    area: Floats

    def only(self, chosen: NDArray[np.bool_]) -> Pairs:
        """Return the chosen pairs."""
        return Pairs(self.left[chosen], self.right[chosen], self.area[chosen])


@dataclass(frozen=True)
class Shift:
    """Offset of a whole source [m]: what to add to it to lie on the other; 0 where unknown."""

    east: float = 0.0
    north: float = 0.0
    buildings: int = 0  # how many agree


def overlapping(left: Shapes, right: Shapes, *, share: float, itself: bool = False) -> Pairs:
    """
    Return the pairs that share at least `share` of the smaller footprint.

    With `itself` both arrays are the same one and each pair of different footprints comes once.

    The boxes around two footprints share at least as much as the footprints, so most neighbours
    are left out before anything is intersected. Cost: n log n and one intersection a match.
    """
    if not len(left) or not len(right):
        nothing = np.array([], dtype=np.intp)
        return Pairs(nothing, nothing, np.array([]))
    found_right, found_left = shapely.STRtree(left).query(right)
    if itself:
        once = found_left < found_right
        found_right, found_left = found_right[once], found_left[once]
    size = np.minimum(shapely.area(left)[found_left], shapely.area(right)[found_right])
    a, b = shapely.bounds(left)[found_left], shapely.bounds(right)[found_right]
    sides = np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2])
    near = sides.clip(min=0).prod(axis=1) >= share * size
    found_left, found_right, size = found_left[near], found_right[near], size[near]
    area = shared_area(left[found_left], right[found_right])
    order = np.lexsort((found_right, found_left))
    pairs = Pairs(found_left[order], found_right[order], area[order])
    return pairs.only((pairs.area >= share * size[order]) & (pairs.area > 0))


def shared_area(left: Shapes, right: Shapes) -> Floats:
    """Return the area that each pair shares [m²]; invalid footprints are mended for it."""
    try:
        return np.asarray(shapely.area(shapely.intersection(left, right)))
    except shapely.GEOSException:
        mended = shapely.intersection(shapely.make_valid(left), shapely.make_valid(right))
        return np.asarray(shapely.area(mended))


def moved(shapes: Shapes, shift: Shift) -> Shapes:
    """Return footprints moved by a shift."""
    if not (shift.east or shift.north):
        return shapes
    by = np.array([shift.east, shift.north])
    result: Shapes = shapely.transform(shapes, lambda xy: xy + by)
    return result


def systematic_shift(left: Shapes, right: Shapes) -> Shift:
    """
    Return how far the whole of `right` must move to lie on `left`.

    Centres of footprints of like size near each other vote for an offset (0.5 m cells); the
    densest place, refined by medians, wins where enough buildings and at least half of those
    that voted at all agree. Rows of equal houses vote for many offsets, but together for one.
    """
    reach = assumed("match_shift_limit")
    votes, voters = _votes(left, right, reach=reach)
    least = assumed("match_shift_buildings")
    if voters < least:
        return Shift()
    edges = np.arange(-reach - 0.25, reach + 0.5, 0.5)
    counts = np.histogram2d(votes[:, 0], votes[:, 1], bins=[edges, edges])[0]
    densest = np.unravel_index(uniform_filter(counts, 3, mode="constant").argmax(), counts.shape)
    shift = np.array([edges[densest[0]], edges[densest[1]]]) + 0.25
    agree = np.zeros(len(votes), dtype=bool)
    for _ in range(5):
        agree = ((votes - shift) ** 2).sum(axis=1) <= 1.5**2
        if not agree.any():
            return Shift()
        shift = np.median(votes[agree], axis=0)
    if agree.sum() < max(least, voters / 2):
        return Shift()
    east, north = shift.round(2)
    return Shift(float(east) + 0.0, float(north) + 0.0, int(agree.sum()))


def _votes(left: Shapes, right: Shapes, *, reach: float) -> tuple[Floats, int]:
    """Return the offsets [m] of near footprints of like size and how many of `right` have one."""
    if not len(left) or not len(right):
        return np.empty((0, 2)), 0
    centres = shapely.get_coordinates(shapely.centroid(left))
    ours = shapely.get_coordinates(shapely.centroid(right))
    near, found = cKDTree(centres).query(ours, k=4, distance_upper_bound=reach)
    row, place = np.nonzero(np.isfinite(near))
    partner = found[row, place]
    ratio = shapely.area(right)[row] / np.maximum(shapely.area(left)[partner], 1e-9)
    alike = (ratio > 0.8) & (ratio < 1.25)
    votes: NDArray[Any] = centres[partner[alike]] - ours[row[alike]]
    return votes, len(np.unique(row[alike]))
