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
TILE = 8


@dataclass(frozen=True, eq=False)
class Receivers:
    """
    Points before the walls: those of building i are rows `offsets[i]:offsets[i + 1]`.

    `shapes` are the buildings they were made from.
    """

    ids: pd.Index[str]
    offsets: Ints  # (b + 1,)
    x: Floats
    y: Floats
    centre: Floats  # (b, 2)
    shapes: NDArray[np.object_]
    spacing_m: float


@dataclass(frozen=True, eq=False)
class Heights:
    """
    Heights of buildings above the ground in cells [half metres], 0 where nothing stands.

    `tiles` are 8 x 8 cells each, so that one lies in one line of the processor's cache: cell
    (row, column), rows going north, is `tiles[row // 8, column // 8, row % 8, column % 8]`.
    `height_m` are the buildings' own.
    """

    tiles: NDArray[np.uint8]
    x: float
    y: float
    cell_m: float
    height_m: Floats


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
    shapes = buildings.geometry.to_numpy()
    spacing = given["noise.facade_spacing_m"]
    return Receivers(buildings.index, offsets, out_x, out_y, centre, shapes, spacing)


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
        return Heights(np.zeros((0, 0, TILE, TILE), np.uint8), 0.0, 0.0, CELL_M, np.zeros(0))
    left, bottom, right, top = buildings.total_bounds
    cell = max(CELL_M, float(np.sqrt((right - left) * (top - bottom) / MOST_CELLS)))
    rows, columns = (int(side / cell / TILE) + 1 for side in (top - bottom, right - left))
    values = np.zeros((rows * TILE, columns * TILE), np.uint8)
    rings, owner = shapely.get_rings(buildings.geometry.to_numpy(), return_index=True)
    corners, ring = shapely.get_coordinates(rings, return_index=True)
    high = np.nan_to_num(buildings["height_m"].to_numpy(float))
    tall = np.clip(np.rint(high * HALF_METRES), 0, 255).astype(np.uint8)
    starts = np.searchsorted(ring, np.arange(len(rings) + 1)).astype(np.int64)
    first = np.searchsorted(owner, np.arange(len(buildings) + 1)).astype(np.int64)
    x = (corners[:, 0] - left) / cell
    y = (corners[:, 1] - bottom) / cell
    ends = (shapely.bounds(buildings.geometry.to_numpy())[:, [1, 3]] - bottom) / cell
    span = np.ceil(np.where((tall > 0)[:, None], np.nan_to_num(ends), 0.0) - 0.5).astype(np.int64)
    _fill(values, x, y, starts, first, span, tall)
    parts = values.reshape(rows, TILE, columns, TILE).transpose(0, 2, 1, 3)
    own = buildings["height_m"].to_numpy(float)
    return Heights(np.ascontiguousarray(parts), float(left), float(bottom), cell, own)


@njit(cache=True)
def _fill(  # noqa: PLR0913, PLR0917 - arrays of a kernel  # pragma: no cover
    values: NDArray[np.uint8],
    x: Floats,
    y: Floats,
    starts: NDArray[np.int64],
    first: NDArray[np.int64],
    span: NDArray[np.int64],
    tall: NDArray[np.uint8],
) -> None:
    """Fill cells whose middle lies inside a building with the greatest height there."""
    for building in range(len(tall)):
        rings = starts[first[building] : first[building + 1] + 1]
        for row in range(span[building, 0], span[building, 1]):
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
                crossing, rank = x[place] + part * (x[place + 1] - x[place]), found
                while rank > 0 and crossings[rank - 1] > crossing:  # few: put in where it belongs
                    crossings[rank] = crossings[rank - 1]
                    rank -= 1
                crossings[rank] = crossing
                found += 1
    for pair in range(0, found - 1, 2):
        start = int(np.ceil(crossings[pair] - 0.5))
        stop = int(np.ceil(crossings[pair + 1] - 0.5))
        for column in range(max(start, 0), min(stop, len(cells))):
            cells[column] = max(cells[column], height)
