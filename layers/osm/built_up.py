"""Which streets lie in a built-up area, where no tag says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from layers.osm.tags import tag

if TYPE_CHECKING:
    import pandas as pd

SETTLED = ("residential", "commercial", "industrial", "retail", "education", "health", "public")
HOUSES, HOUSES_WITHIN_M = 4, 60.0
STREETS, STREETS_WITHIN_M = 3, 150.0

Array = np.ndarray[Any, Any]


def built_up(ways: pd.DataFrame, landuse: pd.DataFrame, buildings: pd.DataFrame) -> Array:
    """
    Return which ways lie, with their middle, in a built-up area.

    That is: on settled land, or with four buildings within 60 m, or with the middles of three
    residential streets within 150 m. Our own rule; it stands in for the town signs (StVO sign
    310) that OpenStreetMap rarely holds.
    """
    shapes = ways["geometry"].to_numpy(dtype=object)
    middle = _middles(shapes)
    settled = landuse["class"].isin(SETTLED)
    inside = np.zeros(len(ways), dtype=bool)
    if settled.any():
        tree = shapely.STRtree(landuse["geometry"].to_numpy(dtype=object)[settled])
        inside[tree.query(middle, predicate="intersects")[0]] = True
    houses = shapely.centroid(buildings["geometry"].to_numpy(dtype=object))
    homes = tag(ways, "highway").isin(["residential", "living_street"]).to_numpy(dtype=bool)
    inside |= _many_near(middle, houses, HOUSES_WITHIN_M, HOUSES)
    return inside | _many_near(middle, middle[homes], STREETS_WITHIN_M, STREETS)


def _middles(shapes: Array) -> Array:
    """Return the middle vertex of every line that is somewhere."""
    xy, which = shapely.get_coordinates(shapes, return_index=True)
    here = np.isfinite(xy).all(axis=1)
    xy, which = xy[here], which[here]
    count = np.bincount(which, minlength=len(shapes))
    end = np.cumsum(count)
    out = np.full((len(shapes), 2), np.inf)
    some = count > 0
    out[some] = xy[(end - (count + 1) // 2)[some]]
    return np.asarray(shapely.points(np.where(np.isfinite(out), out, 0.0)))


def _many_near(points: Array, others: Array, distance: float, least: int) -> Array:
    """Tell which points have at least `least` others within `distance`."""
    if not len(others) or not len(points):
        return np.zeros(len(points), dtype=bool)
    found = shapely.STRtree(others).query(points, predicate="dwithin", distance=distance)[0]
    return np.asarray(np.bincount(found, minlength=len(points)) >= least)
