"""Which cell a building draws from: the finest that knows a figure; of coarser ones, the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Grid:
    """Cells by rising size and key, and where buildings and finer cells lie in them."""

    cells: gpd.GeoDataFrame
    of_buildings: tuple[NDArray[np.int64], ...]  # a size each: row of the cell, -1 where none
    of_cells: tuple[NDArray[np.int64], ...]  # a size each: row of the cell that holds each cell

    @property
    def finest(self) -> NDArray[np.int64]:
        """Return the row of the smallest cell of each building, -1 where it lies in none."""
        return self.where(np.ones(len(self.cells), dtype=bool))

    def where(self, known: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the row of the smallest cell of each building that is `known`."""
        found = np.full(len(self.of_buildings[0]) if self.of_buildings else 0, -1)
        for rows in self.of_buildings:
            fits = (found < 0) & (rows >= 0)
            fits[fits] = known[rows[fits]]
            found = np.where(fits, rows, found)
        return found

    def rest(self, amount: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """
        Return what each cell has beyond the finer cells in it, and where these have more.

        `amount` is NaN where a cell does not know it; the rest is 0 there. The finer cells count:
        where they sum to more than the coarser, its rest is 0.
        """
        sizes = self.cells["size_m"].to_numpy()
        rest = np.zeros_like(amount)
        over = np.zeros(amount.shape[0], dtype=bool)
        for size, parents in zip(np.unique(sizes), self.of_cells, strict=True):
            here = sizes == size
            inside = (parents >= 0) & (sizes < size)
            finer = np.zeros_like(amount)
            np.add.at(finer, parents[inside], rest[inside])
            left = amount - finer
            over |= here & (left < 0).reshape(len(amount), -1).any(axis=1)
            rest[here] = np.nan_to_num(np.maximum(left, 0))[here]
        return rest, over


def lay_out(cells: gpd.GeoDataFrame, points: NDArray[Any]) -> Grid:
    """Find the cell of each size that each point and each finer cell's middle lies in."""
    cells = cells.sort_index().sort_values("size_m", kind="stable")
    middles = shapely.centroid(cells.geometry.array)
    of_buildings, of_cells = [], []
    for size in np.unique(cells["size_m"]):
        rows = np.flatnonzero(cells["size_m"] == size)
        tree = shapely.STRtree(cells.geometry.array[rows])
        of_buildings.append(_first_hit(tree, rows, points))
        of_cells.append(_first_hit(tree, rows, middles))
    return Grid(cells, tuple(of_buildings), tuple(of_cells))


def _first_hit(
    tree: shapely.STRtree, rows: NDArray[np.int64], points: NDArray[Any]
) -> NDArray[np.int64]:
    """Return the cell of each point, the first by key for a point on an edge."""
    point, cell = tree.query(points, predicate="intersects")
    found = np.full(len(points), np.iinfo(np.int64).max)
    np.minimum.at(found, point, rows[cell])
    return np.where(found == np.iinfo(np.int64).max, -1, found)


def matrix(grid: Grid, counts: pd.DataFrame, theme: str, words: tuple[str, ...]) -> NDArray[Any]:
    """Return counts of a theme, cells by `words`; a row of NaN where a cell has none of them."""
    rows = counts[(counts["theme"] == theme) & counts["class"].isin(words)]
    table = rows.pivot_table(index="cell_id", columns="class", values="count", aggfunc="sum")
    full = table.reindex(index=grid.cells.index, columns=list(words)).to_numpy(
        dtype=float, copy=True
    )
    known = ~np.isnan(full).all(axis=1)
    full[known] = np.nan_to_num(full[known])
    return full
