"""Cutting a city into square tiles, so that the browser loads what it sees."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dash_app.map.frame import Frame


@dataclass(frozen=True)
class Grid:
    """
    Rows of a table sorted into square tiles of `size` metres by the middle of their bounds.

    `rows` are table positions, ordered by tile; tile i holds `rows[starts[i] : starts[i + 1]]`.
    """

    size: float
    keys: list[str]
    rows: NDArray[np.int64]
    starts: NDArray[np.int64]
    bounds: NDArray[np.float64]  # (tiles, 4) in the city's CRS: what the tile's features cover

    @classmethod
    def of(cls, geometry: Any, *, size: float, rows: NDArray[np.int64] | None = None) -> Grid:
        """Sort geometries (all, or those at `rows`) into tiles; empty ones are left out."""
        rows = np.arange(len(geometry)) if rows is None else rows
        box = shapely.bounds(geometry)[rows] if len(rows) else np.empty((0, 4))
        drawn = ~np.isnan(box[:, 0])
        rows, box = rows[drawn], box[drawn]
        cell = np.floor((box[:, :2] + box[:, 2:]) / 2 / size).astype(np.int64)
        order = np.lexsort((rows, cell[:, 0], cell[:, 1]))
        rows, box, cell = rows[order], box[order], cell[order]
        new = np.ones(len(rows), bool)
        new[1:] = (cell[1:] != cell[:-1]).any(axis=1)
        first = np.flatnonzero(new)
        keys = [f"{x}_{y}" for x, y in cell[first]]
        bounds = np.empty((0, 4))
        if len(first):
            low = np.minimum.reduceat(box[:, :2], first)
            bounds = np.hstack([low, np.maximum.reduceat(box[:, 2:], first)])
        return cls(size, keys, rows, np.append(first, len(rows)), bounds)

    @cached_property
    def _place(self) -> dict[str, int]:
        return {key: i for i, key in enumerate(self.keys)}

    def __contains__(self, key: str) -> bool:
        """Whether there is a tile called `key`."""
        return key in self._place

    def rows_of(self, key: str) -> NDArray[np.int64]:
        """Return the table positions of one tile; `KeyError` where there is no such tile."""
        place = self._place[key]
        return self.rows[self.starts[place] : self.starts[place + 1]]

    def counts(self) -> NDArray[np.int64]:
        """Return how many features each tile holds."""
        return np.diff(self.starts)

    def describe(self, frame: Frame) -> list[dict[str, Any]]:
        """Return `{key, box, count}` of every tile; box in frame metres, a little generous."""
        corners = self.bounds[:, [0, 1, 0, 3, 2, 1, 2, 3]]
        metres = frame.from_city(corners).reshape(-1, 4, 2)
        low, high = np.floor(metres.min(axis=1)) - 1, np.ceil(metres.max(axis=1)) + 1
        boxes = np.hstack([low, high]).astype(int).tolist()
        return [
            {"key": key, "box": box, "count": int(count)}
            for key, box, count in zip(self.keys, boxes, self.counts(), strict=True)
        ]
