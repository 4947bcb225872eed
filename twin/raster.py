"""A grid of heights or other values over the city, held in memory at the resolution it needs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from twin.hashing import hash_parts

if TYPE_CHECKING:
    from numpy.typing import NDArray

RASTERS = {"terrain": "Terrain", "surface": "Surface model"}
"""Rasters a city may hold, with their labels: the ground, and the ground with buildings and trees
on it; both in metres above sea."""


@dataclass(frozen=True, eq=False)
class Raster:
    """Values of square cells in the CRS of the city; NaN where nothing is known."""

    cells: NDArray[np.float32]  # (rows, columns); the first row is the northernmost
    west: float  # outer edge of the grid [m]
    north: float
    cell_m: float

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Outer edges: west, south, east, north [m]."""
        rows, columns = self.cells.shape
        east, south = self.west + columns * self.cell_m, self.north - rows * self.cell_m
        return self.west, south, east, self.north

    @property
    def hash(self) -> str:
        """Content hash: place, size and values, on any machine."""
        values = self.cells.astype("<f4", copy=True)
        values[np.isnan(values)] = np.nan  # one bit pattern for "missing"
        digest = hashlib.blake2b((values + np.float32(0)).tobytes(), digest_size=16).hexdigest()
        place = [repr(float(v)) for v in (self.west, self.north, self.cell_m)]
        return hash_parts([*place, str(values.shape), digest])

    def sample(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        """
        Return the values at points, bilinear between cell centres.

        Parameters
        ----------
        x, y
            Coordinates [m] in the CRS of the city, of equal shape.

        Returns
        -------
        Same shape; NaN outside the grid and where one of the cells around is unknown. Points in
        the outer half cell take the value of the edge.
        """
        rows, columns = self.cells.shape
        column = (np.asarray(x, float) - self.west) / self.cell_m - 0.5
        row = (self.north - np.asarray(y, float)) / self.cell_m - 0.5
        inside = (abs(column - (columns - 1) / 2) <= columns / 2) & (
            abs(row - (rows - 1) / 2) <= rows / 2
        )
        column = np.clip(np.where(inside, column, 0), 0, columns - 1)
        row = np.clip(np.where(inside, row, 0), 0, rows - 1)
        left, top = np.floor(column).astype(int), np.floor(row).astype(int)
        right, bottom = np.minimum(left + 1, columns - 1), np.minimum(top + 1, rows - 1)
        u, v = column - left, row - top
        z = self.cells
        upper = _mix(z[top, left], z[top, right], u)
        lower = _mix(z[bottom, left], z[bottom, right], u)
        return np.where(inside, _mix(upper, lower, v), np.nan)


def _mix(
    a: NDArray[np.floating], b: NDArray[np.floating], share: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the value between a and b; one that counts nothing may be unknown."""
    mixed: NDArray[np.float64] = np.where(share == 0, a, a * (1 - share) + b * share)
    return mixed
