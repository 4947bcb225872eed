"""Islands of low stress: parts of a town one can cycle in without any stressful street."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
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
    (residents, jobs ...). `node` and `street` say for each node of the graph and row of the streets
    table which island it belongs to, `point` for each point of the access; -1 for none.
    """

    table: pd.DataFrame
    node: Ints
    street: Ints
    point: Ints


def link_levels(network: ModeNetwork, lts: pd.Series[float]) -> Floats:
    """Return the level by link of a network; missing where one may not ride, 1 for turns."""
    by_row = lts.reindex(network.street_ids).to_numpy(float)
    return np.where(network.street >= 0, by_row[network.street], 1.0)


def low_stress_islands(
    network: ModeNetwork,
    lts: pd.Series[float],
    access: Access,
    people: pd.DataFrame,
    given: Assumptions,
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

    Notes
    -----
    An island is a strongly connected part of the streets of low stress: one can ride there and
    back. A building belongs to the island at the nearer end of its street; one whose street ends in
    none is an island of its own junction. Pushing joins no islands. That crossing a busy street
    is stressful as well is left out.
    """
    low = link_levels(network, lts) <= given["cycling.low_stress"]
    graph, n = network.graph, network.graph.n
    ones = np.ones(int(low.sum()), np.int8)
    matrix = csr_array((ones, (graph.tails[low], graph.heads[low])), shape=(n, n))
    part = connected_components(matrix, connection="strong")[1]
    inside = low & (part[graph.tails] == part[graph.heads]) & (network.street >= 0)
    length = np.bincount(part[graph.tails[inside]], weights=network.length_m[inside], minlength=n)
    node = _node_of(access, length[part] > 0)
    own = np.where(node >= 0, part[node], -1)
    sums = {
        name: np.bincount(own[own >= 0], weights=values[own >= 0], minlength=n)
        for name, values in ((key, people[key].to_numpy(float)) for key in people.columns)
    }
    table = pd.DataFrame({"length_km": length / 1000, **sums})
    held = table[list(sums)].sum(axis=1).to_numpy()
    kept = np.flatnonzero((length > 0) | (held > 0))
    kept = kept[np.lexsort((-length[kept], -held[kept]))]
    number = np.full(n + 1, -1, np.int32)
    number[kept] = np.arange(len(kept))
    street = np.full(len(network.street_ids), -1, np.int32)
    street[network.street[inside]] = number[part[graph.tails[inside]]]
    table = table.iloc[kept].reset_index(drop=True).rename_axis("island")
    return Islands(table, number[part], street, number[own])


def _node_of(access: Access, served: Flags) -> Ints:
    """Return the node each point starts from: the nearer of its ends, those on an island first."""
    node = access.node
    there = node >= 0
    good = there & served[np.where(there, node, 0)]
    seconds = np.where(good, access.seconds, np.where(there, 1e9 + access.seconds, np.inf))
    end = seconds.argmin(axis=1)
    return np.asarray(node[np.arange(len(node)), end], np.int32)


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
    people = np.bincount(place, weights=residents, minlength=len(found))
    wanted = np.bincount(place, weights=goals, minlength=len(found))
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
    island = np.where(connectors["node"] >= 0, islands.node[connectors["node"]], -1)
    on = island >= 0
    shape = (len(islands.table), len(trips))
    share = csr_array((weight[on], (island[on], zone[on])), shape=shape)
    return np.asarray((share @ (share @ trips).T).T, float)
