"""Missing links: stressful streets that, made calm, join islands of low stress; ranked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.mobility.cycling.islands import Islands
    from twin.mobility.tables import ModeNetwork

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]

FREE = 1e-6
"""Metres that count for a metre of street without stress, so that ways prefer it."""
LEAST_M = 10.0
"""A shorter link costs as much as one of this length: no gain per metre without end."""
COLUMNS = (
    "rank",
    "streets",
    "junctions",
    "length_m",
    "gain",
    "gain_per_m",
    "from_island",
    "to_island",
    "total",
)


@dataclass(frozen=True, eq=False)
class Candidates:
    """Shortest stretches between neighbouring islands; `offsets` says where each one begins."""

    ends: Ints  # (c, 2) islands
    offsets: Ints  # (c + 1,)
    links: Ints  # of the islands' graph, stretch after stretch


def missing_links(
    network: ModeNetwork, islands: Islands, potential: Floats, given: Assumptions
) -> pd.DataFrame:
    """
    Return the ranked list of missing links: what joins most people per metre comes first.

    Parameters
    ----------
    potential
        What is gained when two islands are joined (islands, islands), both directions: residents
        (`reachable`) or trips (`between_islands`).

    Returns
    -------
    Table
        rank, streets (ids, both directions), junctions (ids, to be made safe to cross), length_m
        (stressful metres, once, with `cycling.crossing_length` a crossing), gain (potential from
        the one group of joined islands to the other and back), gain_per_m, from_island, to_island,
        total (potential joined so far, the start included).

    Notes
    -----
    Candidates: around every island grows the territory nearest to it along streets where one may
    ride and over barriers; where two territories meet, the shortest way between the islands is one
    candidate (Mehlhorn 1988, as for Steiner trees), at most `cycling.chain_most` long. Greedy: take
    the candidate with the largest gain per metre, join its islands, count its streets as calm, rank
    the rest anew; up to `cycling.links_listed`. A greedy list is not the best possible set.
    """
    found = candidates(islands, potential, given)
    stress_m = np.where(_is_calm(islands), 0.0, islands.calm.length_m)
    picked = _greedy(found, stress_m, potential, int(given["cycling.links_listed"]))
    rows = []
    for rank, (c, length, gain, total) in enumerate(picked, start=1):
        links = found.links[found.offsets[c] : found.offsets[c + 1]]
        links = links[stress_m[links] > 0]
        crossing = islands.calm.crossing[links]
        at = list(dict.fromkeys(network.node_ids[crossing[crossing >= 0]]))
        rows.append(
            {
                "rank": rank, "streets": _ids(network, islands.calm.street[links]),
                "junctions": tuple(at), "length_m": length, "gain": gain,
                "gain_per_m": gain / max(length, LEAST_M),
                "from_island": int(found.ends[c, 0]), "to_island": int(found.ends[c, 1]),
                "total": total,
            }
        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _ids(network: ModeNetwork, rows: NDArray[np.int64]) -> tuple[str, ...]:
    """Return the ids of streets in both directions, in the order of the way."""
    rows = rows[rows >= 0]
    back = network.reverse[rows] if network.reverse is not None else np.full(len(rows), -1)
    both = np.column_stack([rows, back]).ravel()
    return tuple(network.street_ids[list(dict.fromkeys(both[both >= 0].tolist()))])


def _is_calm(islands: Islands) -> NDArray[np.bool_]:
    """
    Tell which links need nothing done: inside an island, or turns.

    Calm one-way streets between two islands are not calm in this sense: they lack a direction.
    """
    calm = islands.calm
    same = islands.node[calm.tails] == islands.node[calm.heads]
    turn = (calm.street < 0) & (calm.crossing < 0)
    return np.asarray((calm.low & same) | turn)


def candidates(islands: Islands, potential: Floats, given: Assumptions) -> Candidates:
    """Return the shortest stretch between each pair of islands whose territories meet."""
    calm, n = islands.calm, islands.calm.n
    weight = np.maximum(calm.length_m, 1e-3) * np.where(_is_calm(islands), FREE, 1.0)
    key, link = _lookup(calm.tails, calm.heads, weight, n)
    seeds = np.flatnonzero(_counts(potential)[islands.node] & (islands.node >= 0))
    if not len(seeds):
        return Candidates(np.zeros((0, 2), np.int32), np.zeros(1, np.int32), np.zeros(0, np.int32))
    matrix = csr_array((weight[link], (key // n, key % n)), shape=(n, n))
    away, before, seed = dijkstra(
        matrix, directed=False, indices=seeds, min_only=True, return_predecessors=True
    )
    own = np.where(seed >= 0, islands.node[np.maximum(seed, 0)], -1)  # -9999: nobody gets there
    u, v = key // n, key % n
    length = away[u] + weight[link] + away[v]
    meets = (own[u] >= 0) & (own[v] >= 0) & (own[u] != own[v])
    meets &= length <= given["cycling.chain_most"]
    place = np.flatnonzero(meets)
    pair = np.sort(np.column_stack([own[u[place]], own[v[place]]]), axis=1)
    order = np.lexsort((key[place], calm.street[link[place]], length[place], *pair.T[::-1]))
    place, pair = place[order], pair[order]
    first = np.unique(pair, axis=0, return_index=True)[1]
    return _chains(place[first], pair[first], (key, link, n), before)


def _counts(potential: Floats) -> NDArray[np.bool_]:
    """Tell which islands anybody would be joined to."""
    return np.asarray((potential.sum(axis=0) + potential.sum(axis=1)) > 0)


def _lookup(
    tails: NDArray[np.int64], heads: NDArray[np.int64], weight: Floats, n: int
) -> tuple[NDArray[np.int64], Ints]:
    """Return pairs of junctions (smaller first, one number each) with their cheapest link."""
    low, high = np.minimum(tails, heads).astype(np.int64), np.maximum(tails, heads)
    key = low * n + high
    order = np.lexsort((np.arange(len(key)), weight, key))
    order = order[low[order] != high[order]]
    keys, first = np.unique(key[order], return_index=True)
    return keys, order[first].astype(np.int32)


def _chains(
    place: NDArray[np.int64],
    pair: Ints,
    table: tuple[NDArray[np.int64], Ints, int],
    before: Ints,
) -> Candidates:
    """Follow both ends of each meeting link back to the islands; all candidates step together."""
    key, link, n = table
    owner, found, step = [np.arange(len(place))], [link[place]], [np.zeros(len(place))]
    for side, ends in ((-1, key[place] // n), (1, key[place] % n)):
        node, active, k = ends.copy(), np.arange(len(place)), 0
        while len(active):
            active = active[before[node[active]] >= 0]
            here, there = node[active], before[node[active]].astype(np.int64)
            at = np.searchsorted(key, np.minimum(here, there) * n + np.maximum(here, there))
            k += 1
            owner.append(active)
            found.append(link[at])
            step.append(np.full(len(active), float(side * k)))
            node[active] = there
    owners, links = np.concatenate(owner), np.concatenate(found)
    order = np.lexsort((np.concatenate(step), owners))
    offsets = np.searchsorted(owners[order], np.arange(len(place) + 1))
    return Candidates(pair.astype(np.int32), offsets.astype(np.int32), links[order])


def _greedy(
    found: Candidates, stress_m: Floats, potential: Floats, most: int
) -> list[tuple[int, float, float, float]]:
    """Return candidate, length, gain and total of each link of the list, best first."""
    joined, group = potential.astype(float).copy(), np.arange(len(potential))
    left = stress_m.copy()
    out: list[tuple[int, float, float, float]] = []
    total = float(np.trace(joined))
    while len(found.ends) and len(out) < most:
        a, b = group[found.ends[:, 0]], group[found.ends[:, 1]]
        length = np.add.reduceat(left[found.links], found.offsets[:-1])
        gain = np.where(a != b, joined[a, b] + joined[b, a], 0.0)
        best = int(np.argmax(gain / np.maximum(length, LEAST_M)))
        if gain[best] <= 0:
            break
        total += float(gain[best])
        out.append((best, float(length[best]), float(gain[best]), total))
        left[found.links[found.offsets[best] : found.offsets[best + 1]]] = 0.0
        joined[a[best]] += joined[b[best]]
        joined[:, a[best]] += joined[:, b[best]]
        joined[b[best]] = joined[:, b[best]] = 0.0
        group[group == b[best]] = a[best]
    return out
