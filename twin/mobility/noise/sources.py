"""Streets as lines of sound: one for both directions, in pieces that receivers hear."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from twin.mobility.noise.emission import road_kinds

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]

SMOOTH_M = 0.5  # corners that stand out less cost time and change no level
CONTROLS = {"signals": "signals", "roundabout": "roundabout"}


@dataclass(frozen=True, eq=False)
class Lines:
    """
    Streets that may carry motor traffic, both directions in one line.

    `line` is the row of the line of each of `streets`, -1 for none. Line i has the corners
    `offsets[i]:offsets[i + 1]` of `xy`; `ways` are metres along streets from its first and its last
    corner to the nearest signals and roundabout (inf where beyond reach).
    """

    ids: pd.Index[str]
    streets: pd.Index[str]
    line: Ints  # (streets,)
    shapes: NDArray[np.object_]
    offsets: NDArray[np.int64]
    xy: Floats
    length: Floats
    ways: Floats  # (lines, 4): start signals, end signals, start roundabout, end roundabout
    reach: Floats  # (lines,) [m]


def sound_lines(streets: gpd.GeoDataFrame, nodes: pd.DataFrame, given: Assumptions) -> Lines:
    """Return the lines of all streets that motor vehicles may use and that are in no tunnel."""
    motor = streets["allow_car"] | streets["allow_truck"] | streets["allow_bus"]
    heard = (motor & ~streets["is_tunnel"]).to_numpy(bool)
    keys = _keys(streets)
    names, row = np.unique(keys[heard], return_inverse=True)
    line = np.full(len(streets), -1, np.int32)
    line[heard] = row
    first = np.flatnonzero(heard)[np.unique(row, return_index=True)[1]]
    shown = streets.iloc[_facing(streets, names, first)]
    shapes = shapely.simplify(shown.geometry.to_numpy(), SMOOTH_M, preserve_topology=False)
    xy, owner = shapely.get_coordinates(shapes, return_index=True)
    offsets = np.searchsorted(owner, np.arange(len(names) + 1)).astype(np.int64)
    reach = given.array("noise.reach_m", road_kinds(shown))
    return Lines(
        pd.Index(names), streets.index, line, shapes, offsets, np.ascontiguousarray(xy),
        shapely.length(shapes), _ways(shown, nodes, given), reach,
    )  # fmt: skip


def _keys(streets: pd.DataFrame) -> NDArray[np.object_]:
    """Return one name for both directions of a street: the smaller of their ids."""
    own = streets.index.to_numpy(object)
    back = streets["reverse_id"].astype(object).to_numpy()
    paired = pd.notna(back) & (streets.index.get_indexer(pd.Index(back)) >= 0)
    other = np.where(paired, back, own)
    keys: NDArray[np.object_] = np.where(own < other, own, other)
    return keys


def _facing(
    streets: pd.DataFrame, names: NDArray[np.object_], first: NDArray[np.intp]
) -> NDArray[np.intp]:
    """Return the row whose shape a line has: of the direction it is named after, where it is."""
    row = streets.index.get_indexer(pd.Index(names))
    return np.where(row >= 0, row, first)


def _ways(shown: gpd.GeoDataFrame, nodes: pd.DataFrame, given: Assumptions) -> Floats:
    """Return metres from both ends of each line to the nearest signals and roundabout."""
    ends = np.concatenate([shown["from_node"].to_numpy(object), shown["to_node"].to_numpy(object)])
    names, number = np.unique(ends, return_inverse=True)
    start, end = number[: len(shown)], number[len(shown) :]
    size = len(names)
    length = np.maximum(shown["length_m"].to_numpy(float), 1e-3)
    order = np.argsort(-length, kind="stable")  # of parallel streets the shortest stays
    shortest = pd.Series(length[order], pd.MultiIndex.from_arrays([start[order], end[order]]))
    shortest = shortest[~shortest.index.duplicated(keep="last")]
    graph = csr_array(
        (shortest.to_numpy(), (shortest.index.get_level_values(0).to_numpy(),
                               shortest.index.get_level_values(1).to_numpy())),
        shape=(size, size),
    )  # fmt: skip
    control = nodes["control"].astype(str).reindex(names).to_numpy(object)
    found = []
    for kind in CONTROLS.values():
        seeds = np.flatnonzero(control == kind)
        way = np.full(size, np.inf)
        if len(seeds):
            reach = given["noise.junction_reach_m"]
            way = dijkstra(graph, directed=False, indices=seeds, limit=reach, min_only=True)
        found += [way[start], way[end]]
    return np.column_stack(found)
