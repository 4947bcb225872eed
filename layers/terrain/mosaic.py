"""Many tiles as one surface: sampled at points and averaged to a raster, window by window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyproj
from rasterio.enums import Resampling
from rasterio.transform import from_origin
from rasterio.warp import reproject

from twin.raster import Raster

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from layers.terrain.tile import Tile

CHUNK = 2048  # cells along an edge that are in memory at once: 16 MB
ALIGNED = 0.01  # share of a cell by which grids may differ and still be one

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True)
class Grid:
    """Tiles whose cells fit on one lattice; `places` are column and row of their first cells."""

    tiles: tuple[Tile, ...]
    places: NDArray[np.int64]  # (tiles, 4): column, row, end column, end row

    @property
    def first(self) -> Tile:
        """The tile whose north-west corner is the origin of the lattice."""
        return self.tiles[0]

    def window(self, column: int, row: int, columns: int, rows: int) -> NDArray[np.float32]:
        """
        Return the cells of a window of the lattice; NaN where no tile knows a height.

        Where tiles overlap, the first by name that knows the cell decides.
        """
        cells = np.full((rows, columns), np.nan, dtype=np.float32)
        c0, r0, c1, r1 = self.places.T
        touched = (c0 < column + columns) & (c1 > column) & (r0 < row + rows) & (r1 > row)
        for at in np.flatnonzero(touched):
            left, top = max(c0[at], column), max(r0[at], row)
            right, bottom = min(c1[at], column + columns), min(r1[at], row + rows)
            part = cells[top - row : bottom - row, left - column : right - column]
            unknown = np.isnan(part)
            if unknown.any():
                size = (int(right - left), int(bottom - top))
                read = self.tiles[at].read(int(left - c0[at]), int(top - r0[at]), *size)
                part[unknown] = read[unknown]
        return cells


def make_grids(tiles: Iterable[Tile]) -> list[Grid]:
    """Put tiles on as few lattices as they need, finest cells first, whatever their order."""
    grids: list[list[Tile]] = []
    for tile in sorted(tiles, key=lambda t: (round(t.cell_m, 6), t.name, t.address)):
        home = next((grid for grid in grids if _fits(grid[0], tile)), None)
        if home is None:
            grids.append([tile])
        else:
            home.append(tile)
    return [Grid(tuple(grid), _places(grid)) for grid in grids]


def _fits(first: Tile, tile: Tile) -> bool:
    """Whether two tiles share CRS, cell size and lattice."""
    if tile.crs != first.crs:
        return False
    # a difference in cell size adds up over the width of the tile
    spread = max(tile.columns, first.columns, tile.rows, first.rows)
    sizes = np.array([tile.cell_x / first.cell_x, tile.cell_y / first.cell_y])
    if (abs(sizes - 1) * spread > ALIGNED).any():
        return False
    shift = np.array(
        [(tile.west - first.west) / first.cell_x, (first.north - tile.north) / first.cell_y]
    )
    return bool((abs(shift - np.round(shift)) <= ALIGNED).all())


def _places(tiles: Sequence[Tile]) -> NDArray[np.int64]:
    first = tiles[0]
    places = []
    for tile in tiles:
        column = round((tile.west - first.west) / first.cell_x)
        row = round((first.north - tile.north) / first.cell_y)
        places.append((column, row, column + tile.columns, row + tile.rows))
    return np.array(places, dtype=np.int64)


def overlaps(grid: Grid) -> list[tuple[str, str]]:
    """Name the pairs of tiles that share more than a common edge of one row or column."""
    c0, r0, c1, r1 = grid.places.T
    wide = np.minimum(c1[:, None], c1) - np.maximum(c0[:, None], c0)
    high = np.minimum(r1[:, None], r1) - np.maximum(r0[:, None], r0)
    first, second = np.nonzero(np.triu((wide > 1) & (high > 1), k=1))
    return [(grid.tiles[a].name, grid.tiles[b].name) for a, b in zip(first, second, strict=True)]


@dataclass(frozen=True)
class TileSurface:
    """
    A `layers.source_data.Surface` of tiles on disk.

    Every call opens what it needs and closes it again; nothing stays in memory.
    """

    grids: tuple[Grid, ...]  # finest first: a coarser one serves where the finer knows nothing

    @property
    def crs(self) -> str:
        """CRS of the finest tiles."""
        return self.grids[0].first.crs

    @property
    def cell_m(self) -> float:
        """Size of a cell of the finest tiles [m]; the longer edge where it is not square."""
        return self.grids[0].first.cell_m

    @property
    def tiles(self) -> tuple[Tile, ...]:
        """All tiles, finest first."""
        return tuple(tile for grid in self.grids for tile in grid.tiles)

    def bounds(self, crs: str) -> Bounds:
        """Return west, south, east, north of all tiles in `crs`."""
        each = np.array([to_crs(tile.bounds, tile.crs, crs) for tile in self.tiles])
        west, south = each[:, :2].min(axis=0)
        east, north = each[:, 2:].max(axis=0)
        return float(west), float(south), float(east), float(north)

    def sample(
        self, x: NDArray[np.float64], y: NDArray[np.float64], *, crs: str
    ) -> NDArray[np.float64]:
        """
        Return heights [m] at points in `crs`, bilinear between cell centres.

        Across the border of two tiles the cells of both count. A point whose own cell is unknown
        gives NaN; unknown cells beside it do not count.
        """
        x, y = np.broadcast_arrays(np.asarray(x, float), np.asarray(y, float))
        heights = np.full(x.size, np.nan)
        for grid in self.grids:
            open_ = np.flatnonzero(np.isnan(heights) & np.isfinite(x.ravel() + y.ravel()))
            if not len(open_):
                break
            u, v = _transformed(x.ravel()[open_], y.ravel()[open_], crs, grid.first.crs)
            heights[open_] = _sample_grid(grid, u, v)
        return heights.reshape(x.shape)

    def read(self, bounds: Bounds, *, crs: str, cell_m: float) -> Raster:
        """
        Return the means of cells of `cell_m` in `bounds` of `crs`, on multiples of `cell_m`.

        The mean of the finer cells inside, weighted by the area they share (GDAL's `average`);
        where the source is coarser than `cell_m`, bilinear at the middle of each cell.
        """
        west, north = np.floor(bounds[0] / cell_m) * cell_m, np.ceil(bounds[3] / cell_m) * cell_m
        columns = max(1, round(np.ceil(bounds[2] / cell_m) - west / cell_m))
        rows = max(1, round(north / cell_m - np.floor(bounds[1] / cell_m)))
        cells = np.full((rows, columns), np.nan, dtype=np.float32)
        for grid in self.grids:
            step = max(1, int(CHUNK * min(1.0, grid.first.cell_m / cell_m)))
            for top in range(0, rows, step):
                for left in range(0, columns, step):
                    part = cells[top : top + step, left : left + step]
                    if not np.isnan(part).any():
                        continue
                    corner = (west + left * cell_m, north - top * cell_m)
                    found = _means(grid, corner, part.shape, crs=crs, cell_m=cell_m)
                    part[:] = np.where(np.isnan(part), found, part)
        return Raster(cells, float(west), float(north), cell_m)


def _sample_grid(grid: Grid, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return heights at points in the CRS of a grid, window by window."""
    first = grid.first
    column, row = (x - first.west) / first.cell_x, (first.north - y) / first.cell_y
    heights = np.full(len(x), np.nan)
    ends = grid.places
    low, high = ends[:, :2].min(axis=0), ends[:, 2:].max(axis=0)
    inside = np.flatnonzero(
        (column >= low[0]) & (column <= high[0]) & (row >= low[1]) & (row <= high[1])
    )
    if not len(inside):
        return heights
    chunk = np.floor((row[inside] - low[1]) / CHUNK) * 1_000_000
    chunk += np.floor((column[inside] - low[0]) / CHUNK)
    order = np.argsort(chunk, kind="stable")
    cuts = np.flatnonzero(np.diff(chunk[order])) + 1
    for points in np.split(inside[order], cuts):
        heights[points] = _bilinear(grid, column[points], row[points])
    return heights


def _bilinear(
    grid: Grid, column: NDArray[np.float64], row: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return heights at positions counted in cells of the lattice, all in one window."""
    left, top = np.floor(column - 0.5).astype(int), np.floor(row - 0.5).astype(int)
    c0, r0 = int(left.min()), int(top.min())
    cells = grid.window(c0, r0, int(left.max()) - c0 + 2, int(top.max()) - r0 + 2)
    u, v = column - 0.5 - left, row - 0.5 - top
    left, top = left - c0, top - r0
    total, weights = np.zeros(len(u)), np.zeros(len(u))
    nearest, nearest_known = np.zeros(len(u)), np.zeros(len(u))
    for i, share_x in ((0, 1 - u), (1, u)):
        for j, share_y in ((0, 1 - v), (1, v)):
            z = cells[top + j, left + i]
            share = share_x * share_y
            weight = np.where(np.isnan(z), 0.0, share)
            nearest, nearest_known = np.maximum(nearest, share), np.maximum(nearest_known, weight)
            total += weight * np.nan_to_num(z)
            weights += weight
    known = nearest_known >= nearest - 1e-9  # the cell the point lies in has the largest share
    return np.where(known, total / np.where(known, weights, 1.0), np.nan)


def _means(
    grid: Grid,
    corner: tuple[float, float],
    shape: tuple[int, ...],
    *,
    crs: str,
    cell_m: float,
) -> NDArray[np.float32]:
    """Return the means over a block of target cells whose north-west corner is given."""
    first, (rows, columns) = grid.first, shape
    if first.cell_m > cell_m:
        x = corner[0] + (np.arange(columns) + 0.5) * cell_m
        y = corner[1] - (np.arange(rows) + 0.5) * cell_m
        points = np.meshgrid(x, y)
        u, v = _transformed(points[0].ravel(), points[1].ravel(), crs, first.crs)
        return _sample_grid(grid, u, v).reshape(shape).astype(np.float32)
    found = np.full(shape, np.nan, dtype=np.float32)
    block = (corner[0], corner[1] - rows * cell_m, corner[0] + columns * cell_m, corner[1])
    place = _cells_of(grid, to_crs(block, crs, first.crs))
    if place is None:
        return found
    c0, r0, wide, high = place
    source = from_origin(
        first.west + c0 * first.cell_x, first.north - r0 * first.cell_y, first.cell_x, first.cell_y
    )
    reproject(
        grid.window(c0, r0, wide, high), found,
        src_transform=source, src_crs=first.crs, src_nodata=np.nan,
        dst_transform=from_origin(*corner, cell_m, cell_m), dst_crs=crs, dst_nodata=np.nan,
        resampling=Resampling.average,
    )  # fmt: skip
    return found


def _cells_of(grid: Grid, bounds: Bounds) -> tuple[int, int, int, int] | None:
    """Return the window of the lattice that covers `bounds` where there are tiles at all."""
    first = grid.first
    low, high = grid.places[:, :2].min(axis=0), grid.places[:, 2:].max(axis=0)
    c0 = max(int(np.floor((bounds[0] - first.west) / first.cell_x)) - 1, int(low[0]))
    c1 = min(int(np.ceil((bounds[2] - first.west) / first.cell_x)) + 1, int(high[0]))
    r0 = max(int(np.floor((first.north - bounds[3]) / first.cell_y)) - 1, int(low[1]))
    r1 = min(int(np.ceil((first.north - bounds[1]) / first.cell_y)) + 1, int(high[1]))
    return (c0, r0, c1 - c0, r1 - r0) if c1 > c0 and r1 > r0 else None


def to_crs(bounds: Bounds, crs: str, target: str) -> Bounds:
    """Return the bounds in another CRS that hold all of `bounds`."""
    if crs == target:
        return bounds
    transformer = pyproj.Transformer.from_crs(crs, target, always_xy=True)
    west, south, east, north = transformer.transform_bounds(*bounds, densify_pts=21)
    return west, south, east, north


def _transformed(
    x: NDArray[np.float64], y: NDArray[np.float64], crs: str, target: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if crs == target:
        return x, y
    transformer = pyproj.Transformer.from_crs(crs, target, always_xy=True)
    u, v = transformer.transform(x, y)
    return np.asarray(u), np.asarray(v)
