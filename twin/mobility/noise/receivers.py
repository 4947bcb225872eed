"""Points on the walls of buildings where noise is heard, and the heights that stand in its way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numba import njit

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]

FEWEST, MOST = 4, 12  # points a building
ASIDE_M = 1.0  # points stand off the wall, so that it is not in their own way
STEP_M = 0.05
CELL_M = 4.0
MOST_CELLS = 150_000_000
HALF_METRES = 2.0


@dataclass(frozen=True, eq=False)
class Receivers:
    """Points before the walls: those of building i are rows `offsets[i]:offsets[i + 1]`."""

    ids: pd.Index[str]
    offsets: Ints  # (b + 1,)
    x: Floats
    y: Floats
    centre: Floats  # (b, 2)


@dataclass(frozen=True, eq=False)
class Heights:
    """Heights of buildings above the ground in cells [half metres], 0 where nothing stands."""

    values: NDArray[np.uint8]  # (rows, columns), rows go north
    x: float
    y: float
    cell_m: float


def facade_points(buildings: gpd.GeoDataFrame, given: Assumptions) -> Receivers:
    """
    Return points evenly spread 1 m before the outer walls, 4 to 12 a building.

    Of a building of several parts the largest counts. Equal shapes give equal points, whatever
    other buildings there are.
    """
    rings = _outlines(buildings)
    length = shapely.length(rings)
    count = np.clip(np.rint(length / given["noise.facade_spacing_m"]), FEWEST, MOST).astype(int)
    offsets = np.concatenate([[0], np.cumsum(count)]).astype(np.int32)
    owner = np.repeat(np.arange(len(rings)), count)
    along = (np.arange(offsets[-1]) - offsets[owner] + 0.5) * (length / count)[owner]
    points = shapely.line_interpolate_point(rings[owner], along)
    ahead = shapely.line_interpolate_point(rings[owner], along + STEP_M)
    x, y = shapely.get_x(points), shapely.get_y(points)
    dx, dy = shapely.get_x(ahead) - x, shapely.get_y(ahead) - y
    size = np.maximum(np.hypot(dx, dy), 1e-9)
    centre = shapely.get_coordinates(shapely.centroid(buildings.geometry.to_numpy()))
    out_x, out_y = x + ASIDE_M * dy / size, y - ASIDE_M * dx / size
    return Receivers(buildings.index, offsets, out_x, out_y, centre)


def _outlines(buildings: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """Return the outer ring of each building's largest part, counter-clockwise."""
    parts, owner = shapely.get_parts(buildings.geometry.to_numpy(), return_index=True)
    order = np.lexsort((-shapely.area(parts), owner))
    first = order[np.unique(owner[order], return_index=True)[1]]
    turned = shapely.orient_polygons(parts[first], exterior_cw=False)
    rings: NDArray[np.object_] = shapely.get_exterior_ring(turned)
    return rings


def building_heights(buildings: gpd.GeoDataFrame) -> Heights:
    """
    Return the raster of heights, 4 m a cell; a cell is built where its middle is.

    Very large areas get larger cells, so that the raster stays below 150 MB. Courtyards are free.
    """
    if buildings.empty:
        return Heights(np.zeros((1, 1), np.uint8), 0.0, 0.0, CELL_M)
    left, bottom, right, top = buildings.total_bounds
    cell = max(CELL_M, float(np.sqrt((right - left) * (top - bottom) / MOST_CELLS)))
    shape = (int((top - bottom) / cell) + 2, int((right - left) / cell) + 2)
    values = np.zeros(shape, np.uint8)
    rings, owner = shapely.get_rings(buildings.geometry.to_numpy(), return_index=True)
    corners, ring = shapely.get_coordinates(rings, return_index=True)
    high = np.nan_to_num(buildings["height_m"].to_numpy(float))
    tall = np.clip(np.rint(high * HALF_METRES), 0, 255).astype(np.uint8)
    starts = np.searchsorted(ring, np.arange(len(rings) + 1)).astype(np.int64)
    first = np.searchsorted(owner, np.arange(len(buildings) + 1)).astype(np.int64)
    x = (corners[:, 0] - left) / cell
    y = (corners[:, 1] - bottom) / cell
    _fill(values, x, y, starts, first, tall)
    return Heights(values, float(left), float(bottom), cell)


@njit(cache=True)
def _fill(  # pragma: no cover
    values: NDArray[np.uint8], x: Floats, y: Floats, starts: NDArray[np.int64],
    first: NDArray[np.int64], tall: NDArray[np.uint8],
) -> None:  # fmt: skip
    """Fill cells whose middle lies inside a building with the greatest height there."""
    for building in range(len(tall)):
        begin, end = starts[first[building]], starts[first[building + 1]]
        if begin == end or tall[building] == 0:
            continue
        low, high = int(max(y[begin:end].min() - 0.5, 0)), int(y[begin:end].max() + 0.5)
        rings = starts[first[building] : first[building + 1] + 1]
        for row in range(low, min(high, values.shape[0] - 1) + 1):
            _fill_row(values[row], row + 0.5, x, y, rings, tall[building])


@njit(cache=True)
def _fill_row(  # pragma: no cover
    cells: NDArray[np.uint8], level: float, x: Floats, y: Floats, rings: NDArray[np.int64],
    height: int,
) -> None:  # fmt: skip
    """Fill one row between the crossings of the rings, by the even-odd rule."""
    crossings = np.empty(rings[-1] - rings[0])
    found = 0
    for ring in range(len(rings) - 1):
        for place in range(rings[ring], rings[ring + 1] - 1):
            if (y[place] > level) != (y[place + 1] > level):
                part = (level - y[place]) / (y[place + 1] - y[place])
                crossings[found] = x[place] + part * (x[place + 1] - x[place])
                found += 1
    crossings[:found].sort()
    for pair in range(0, found - 1, 2):
        start = int(np.ceil(crossings[pair] - 0.5))
        stop = int(np.ceil(crossings[pair + 1] - 0.5))
        for column in range(max(start, 0), min(stop, len(cells))):
            cells[column] = max(cells[column], height)
