"""Walls that two bodies share, found from footprint edges that lie against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from layers.envelopes.edges import direction_of, projected

if TYPE_CHECKING:
    from numpy.typing import NDArray

GAP = 0.3  # m between two walls that still stand against each other
LEAST = 0.05  # m of common length
OPPOSITE = -0.95
"""Cosine between the directions of two walls (18°) from which on they face each other."""


def shared_walls(
    edges: pd.DataFrame, height: NDArray[np.float64], base: NDArray[np.float64]
) -> pd.DataFrame:
    """
    Return stretches of wall that two bodies share.

    Parameters
    ----------
    edges
        As of `outer_edges`.
    height
        Mean height [m] of the wall above each edge.
    base
        Height [m above sea] of the underside of the wall; where one of two is not known, both
        count as standing on the same ground.

    Returns
    -------
    pd.DataFrame
        One row for each edge of each pair: `edge`, `other` (rows of `edges`), `area` [m²].
    """
    one, two = _beside_each_other(edges)
    first, second = edges.iloc[one], edges.iloc[two]
    along, away = projected(first, second)
    length = first["length"].to_numpy()
    ends = np.clip(along, 0, length[:, None])
    common = ends.max(axis=1) - ends.min(axis=1)
    span = along[:, 1] - along[:, 0]
    slope = (away[:, 1] - away[:, 0]) / np.where(np.abs(span) > 1e-9, span, np.inf)
    apart = np.abs(away[:, 0] + slope * (ends.mean(axis=1) - along[:, 0]))
    good = (common >= LEAST) & (apart <= GAP)
    one, two, common = one[good], two[good], common[good]
    area = common * _common_height(height[one], height[two], base[one], base[two])
    pairs = pd.DataFrame({"edge": one, "other": two, "area": area})
    mirrored = pairs.rename(columns={"edge": "other", "other": "edge"})
    both = pd.concat([pairs, mirrored], ignore_index=True)
    return both[both["area"] > 0]


def _common_height(
    one: NDArray[np.float64],
    two: NDArray[np.float64],
    base_one: NDArray[np.float64],
    base_two: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the height over which two walls overlap: the lesser one on level ground."""
    unknown = np.isnan(base_one) | np.isnan(base_two)
    low_one, low_two = np.where(unknown, 0.0, base_one), np.where(unknown, 0.0, base_two)
    top = np.minimum(low_one + one, low_two + two)
    tall: NDArray[np.float64] = np.maximum(top - np.maximum(low_one, low_two), 0.0)
    return tall


def _beside_each_other(edges: pd.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return pairs of edges of different bodies, each once, that face each other within `GAP`."""
    ends = edges[["x0", "y0", "x1", "y1"]].to_numpy().reshape(-1, 2, 2)
    lines = np.asarray(shapely.linestrings(ends))
    tree = shapely.STRtree(lines)
    one, two = tree.query(lines, predicate="dwithin", distance=GAP)
    body = edges["body"].to_numpy()
    once = (one < two) & (body[one] != body[two])
    one, two = one[once], two[once]
    way = direction_of(edges)
    facing = np.einsum("ij,ij->i", way[one], way[two]) <= OPPOSITE
    return one[facing], two[facing]
