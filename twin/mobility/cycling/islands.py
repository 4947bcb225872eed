"""Islands of low stress: parts of a town one can cycle in without any stressful street."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from twin.mobility.cycling.calm import calm_graph

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.mobility.cycling.calm import CalmGraph
    from twin.mobility.tables import Access, ModeNetwork

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]
    Flags = NDArray[np.bool_]

CELL_M = 250.0
"""People are put together in cells of this size before distances between them are taken."""
MOST_CELLS = 4000
"""In larger towns the cells grow, so that never more pairs than its square are looked at."""


@dataclass(frozen=True, eq=False)
class Islands:
    """
    Islands of low stress, the one with most people first.

    `table` (index island, from 0): length_km of streets, one column each for what was counted
    (residents, jobs ...). The others say which island each belongs to, -1 for none: `node` of
    `calm`, `junction` of the network's graph (the greatest island that ends there), `street` the
    rows of the streets table, `point` the points of the access.
    """

    table: pd.DataFrame
    calm: CalmGraph
    node: Ints
    junction: Ints
    street: Ints
    point: Ints


def low_stress_islands(
    network: ModeNetwork,
    lts: pd.Series[float],
    access: Access,
    people: pd.DataFrame,
    given: Assumptions,
    *,
    shut: pd.Series[bool] | None = None,
) -> Islands:
    """
    Return the islands of low stress with the people each holds.

    Parameters
    ----------
    network
        Of bicycles.
    lts
        Level by street id (`stress`); at most `cycling.low_stress` is low.
    access, people
        Where buildings meet the network, and what they hold (residents, jobs ...), in the same
        order.
    shut
        Junctions, by id, where a busy street cannot be crossed without stress (`barriers`).

    Notes
    -----
    An island is a strongly connected part of the streets of low stress: one can ride there and
    back. A building belongs to the island of its street, or else of the nearer end of it; where
    neither is on one its junction is an island of its own. Pushing joins no islands.
    """
    calm = calm_graph(network, lts, given, shut)
    low, size = calm.low, calm.n
    ones = np.ones(int(low.sum()), np.int8)
    matrix = csr_array((ones, (calm.tails[low], calm.heads[low])), shape=(size, size))
    part = connected_components(matrix, connection="strong")[1]
    inside = low & (part[calm.tails] == part[calm.heads]) & (calm.street >= 0)
    at, metres = part[calm.tails[inside]], calm.length_m[inside]
    length = np.bincount(at, weights=metres, minlength=size).astype(float)
    street = np.full(len(network.street_ids) + 1, -1, np.int64)  # the last for points on none
    street[calm.street[inside]] = at
    junction = _parts_at(calm, part, length, network.graph.n)
    own = _part_of(access, street, junction, length > 0)
    sums = {
        name: np.bincount(own[own >= 0], weights=values[own >= 0], minlength=size)
        for name, values in ((key, np.nan_to_num(people[key].to_numpy(float))) for key in people)
    }
    table = pd.DataFrame({"length_km": length / 1000, **sums})
    held = table[list(sums)].sum(axis=1).to_numpy()
    kept = np.flatnonzero((length > 0) | (held > 0))
    kept = kept[np.lexsort((-length[kept], -held[kept]))]
    number = np.full(size + 1, -1, np.int32)
    number[kept] = np.arange(len(kept))
    table = table.iloc[kept].reset_index(drop=True).rename_axis("island")
    return Islands(table, calm, number[part], number[junction], number[street[:-1]], number[own])


def _parts_at(calm: CalmGraph, part: Ints, length: Floats, n: int) -> NDArray[np.int64]:
    """Return the part of each node of the network; at barriers the longest that ends there."""
    out = part[:n].astype(np.int64)
    ends = calm.tails[(calm.crossing >= 0) & (calm.tails >= n)]
    hub = calm.crossing[(calm.crossing >= 0) & (calm.tails >= n)]
    order = np.lexsort((ends, length[part[ends]]))
    out[hub[order]] = part[ends[order]]
    return out


def _part_of(
    access: Access, street: NDArray[np.int64], junction: NDArray[np.int64], served: Flags
) -> NDArray[np.int64]:
    """Return the part each point is on: of its street, else of the nearer end, islands first."""
    there = access.node >= 0
    good = there & served[junction[np.where(there, access.node, 0)]]
    seconds = np.where(good, access.seconds, np.where(there, 1e9 + access.seconds, np.inf))
    node = access.node[np.arange(len(access.node)), seconds.argmin(axis=1)]
    by_end = np.where(node >= 0, junction[node], -1)
    by_street = street[access.street]
    return np.where(by_street >= 0, by_street, by_end)


def reachable(
    islands: Islands, xy: Floats, residents: Floats, goals: Floats, given: Assumptions
) -> Floats:
    """
    Return residents of one island who find what they cycle for on another (islands, islands).

    Formula: P_ij = sum over a in i of R_a (sum over b in j of D_b f_ab) / (sum over all b of
    D_b f_ab) with f = exp(-distance / `cycling.reach`), R residents, D goals (e.g. jobs) of
    buildings put together in cells. Rows add up to the residents of an island when everything lies
    on some island. The share of the town within reach without stress is the diagonal's sum over all
    residents.
    """
    size = CELL_M
    while True:
        cell = np.floor(np.asarray(xy, float) / size).astype(np.int64)
        keys = np.column_stack([cell, islands.point])
        found, place = np.unique(keys, axis=0, return_inverse=True)
        if len(found) <= MOST_CELLS or size > 16 * CELL_M:
            break
        size *= 1.5
    place = place.reshape(-1)
    people = np.bincount(place, weights=np.nan_to_num(residents), minlength=len(found))
    wanted = np.bincount(place, weights=np.nan_to_num(goals), minlength=len(found))
    middle = (found[:, :2] + 0.5) * size
    away = np.hypot(*(middle[:, None, :] - middle[None, :, :]).transpose(2, 0, 1))
    pull = wanted * np.exp(-away / given["cycling.reach"])
    total = pull.sum(axis=1, keepdims=True)
    share = people[:, None] * np.divide(pull, total, out=np.zeros_like(pull), where=total > 0)
    on = found[:, 2] >= 0
    count = len(islands.table)
    member = csr_array(
        (np.ones(on.sum()), (found[on, 2], np.flatnonzero(on))), shape=(count, len(found))
    )
    return np.asarray((member @ (member @ share).T).T, float)


def between_islands(trips: Floats, connectors: pd.DataFrame, islands: Islands) -> Floats:
    """
    Return trips from island to island (islands, islands) of trips from zone to zone (z, z).

    Trips of a zone begin and end on the islands of its connectors, by their weight; those at nodes
    on no island are left out.
    """
    zone, weight = connectors["zone"].to_numpy(), connectors["weight"].to_numpy(float)
    island = np.where(connectors["node"] >= 0, islands.junction[connectors["node"]], -1)
    on = island >= 0
    shape = (len(islands.table), len(trips))
    share = csr_array((weight[on], (island[on], zone[on])), shape=shape)
    return np.asarray((share @ (share @ trips).T).T, float)
