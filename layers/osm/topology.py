"""Cuts ways into edges at junctions and joins edges again where nothing changes; arrays only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Vertices:
    """Vertices of all ways, one after the other: way row, node id, position, unbroken run."""

    way: Array
    node: Array
    xy: Array
    run: Array  # vertices of one run are joined; a gap in the data starts the next
    cut: Array  # node ids next to a node that the extract lacks


@dataclass(frozen=True)
class Edges:
    """Stretches of ways between junctions: vertices `first` to `last` of way row `way`."""

    way: Array
    first: Array
    last: Array
    start: Array  # node id
    end: Array  # node id
    length: Array  # m

    def __len__(self) -> int:
        """Return the number of edges."""
        return len(self.way)

    def gates(self) -> Array:
        """Return which edges are the link of a barrier: from a node to its far side (-id)."""
        return np.asarray((self.start == -self.end) & (self.last - self.first == 1))


@dataclass(frozen=True)
class Chains:
    """
    Edges joined to links.

    A half-edge is an edge with a direction: `2 * e` along its way, `2 * e + 1` against it. Every
    chain lists its half-edges in travel order in the direction of its lead edge.
    """

    half_edge: Array  # of all chains, one after the other
    offset: Array  # chain c has half_edge[offset[c]:offset[c + 1]]
    lead: Array  # edge whose way and direction names the chain
    of_edge: Array  # chain of each edge
    along: Array  # whether each edge runs the way of its chain


def vertices_of(refs: list[Array], shapes: Array) -> Vertices:
    """Lay all vertices out flat; repeated ones and those without a place are dropped."""
    way = np.repeat(np.arange(len(refs)), [len(r) for r in refs])
    node = np.concatenate([*refs, np.array([], dtype=np.int64)])
    xy = shapely.get_coordinates(shapes)
    again = np.zeros(len(node), dtype=bool)
    again[1:] = (node[1:] == node[:-1]) & (way[1:] == way[:-1])
    way, node = way[~again], node[~again]
    xy = _apart(way, node, xy[~again])
    here = np.asarray(np.isfinite(xy).all(axis=1))
    same_way = way[1:] == way[:-1]
    joined = same_way & here[1:] & here[:-1]
    run = np.concatenate([[0], np.cumsum(~joined)]) if len(way) else way
    beside = np.zeros(len(node), dtype=bool)
    beside[1:] |= same_way & here[1:] & ~here[:-1]
    beside[:-1] |= same_way & here[:-1] & ~here[1:]
    keep = here & (np.bincount(run, minlength=1)[run] > 1 if len(run) else here)
    return Vertices(way[keep], node[keep], xy[keep], run[keep], np.unique(node[beside & here]))


def _apart(way: Array, node: Array, xy: Array) -> Array:
    """
    Move neighbours that lie on one another a millimetre apart, all vertices of the node alike.

    Two nodes may share a place; a link between them needs a length.
    """
    out = xy.copy()
    for _ in range(10):
        onto = (way[1:] == way[:-1]) & (out[1:] == out[:-1]).all(axis=1)
        if not onto.any():
            break
        out[np.isin(node, node[1:][onto]), 0] += 0.001
        out = out.round(3)
    return out


def edges_of(vertices: Vertices, always: Array) -> Edges:
    """Cut every run at nodes that occur more than once, at its ends and at the nodes `always`."""
    node, run = vertices.node, vertices.run
    if not len(node):
        none = np.array([], dtype=np.int64)
        return Edges(none, none, none, none, none, none.astype(float))
    _, inverse, count = np.unique(node, return_inverse=True, return_counts=True)
    change = run[1:] != run[:-1]
    first, last = np.concatenate([[True], change]), np.concatenate([change, [True]])
    stop = np.flatnonzero((count[inverse] > 1) | first | last | np.isin(node, always))
    inside = run[stop[1:]] == run[stop[:-1]]
    start, end = stop[:-1][inside], stop[1:][inside]
    step = np.concatenate([[0.0], np.hypot(*np.diff(vertices.xy, axis=0).T)])
    way_so_far = np.cumsum(step)
    length = way_so_far[end] - way_so_far[start]
    return Edges(vertices.way[start], start, end, node[start], node[end], length)


def chains_of(edges: Edges, code: Array, protected: Array) -> Chains:
    """
    Join edges at nodes where exactly two of them meet and nothing changes.

    `code` says for every half-edge what its link would be in travel direction; equal codes may be
    joined. Nodes in `protected` stay.
    """
    following = _followers(edges, code, protected)
    component = _components(following)
    following = _cut_rings(following, component)
    last, steps = _list_rank(following)
    lead = np.full(component.max(initial=-1) + 1, len(edges))
    np.minimum.at(lead, component, np.arange(len(edges)))
    order = np.argsort(lead)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    chain, lead = rank[component], lead[order]
    half = np.arange(2 * len(edges))
    wanted = last[half] == last[2 * lead][chain[half // 2]]
    chosen = half[wanted]
    chosen = chosen[np.lexsort((-steps[chosen], chain[chosen // 2]))]
    size = np.bincount(chain, minlength=len(lead))
    along = np.zeros(len(edges), dtype=bool)
    along[chosen[chosen % 2 == 0] // 2] = True
    return Chains(chosen, np.concatenate([[0], np.cumsum(size)]), lead, chain, along)


def _followers(edges: Edges, code: Array, protected: Array) -> Array:
    """Return for every half-edge the one that continues it through a dissolved node, else -1."""
    head = np.empty(2 * len(edges), dtype=np.int64)
    head[0::2], head[1::2] = edges.end, edges.start
    order = np.argsort(head, kind="stable")
    _, begin, count = np.unique(head[order], return_index=True, return_counts=True)
    pair = begin[count == 2]
    one, two = order[pair], order[pair + 1]
    keep = (one // 2 != two // 2) & (code[one] == code[two ^ 1]) & ~np.isin(head[one], protected)
    following = np.full(len(head), -1)
    following[one[keep]] = two[keep] ^ 1
    following[two[keep]] = one[keep] ^ 1
    return following


def _components(following: Array) -> Array:
    """Return for every edge the number of the chain it belongs to."""
    half = np.flatnonzero(following >= 0)
    size = len(following) // 2
    graph = coo_array(
        (np.ones(len(half), dtype=bool), (half // 2, following[half] // 2)), (size, size)
    )
    return np.asarray(connected_components(graph, directed=False)[1])


def _cut_rings(following: Array, component: Array) -> Array:
    """Open chains that bite their own tail at the start of their first edge."""
    half = np.flatnonzero(following >= 0)
    links = np.bincount(component[half // 2], minlength=component.max(initial=-1) + 1)
    size = np.bincount(component)
    first = np.full(len(size), len(component))
    np.minimum.at(first, component, np.arange(len(component)))
    start = first[links == 2 * size]  # each edge of a ring is continued at both ends
    out = following.copy()
    back = 2 * start + 1  # arrives at the start of the first edge
    before = out[back] ^ 1  # and so does the last edge of the ring
    out[back], out[before] = -1, -1
    return out


def _list_rank(following: Array) -> tuple[Array, Array]:
    """Return for every half-edge the last one of its chain and the steps to it (doubling)."""
    last = np.where(following >= 0, following, np.arange(len(following)))
    steps = (following >= 0).astype(np.int64)
    while True:
        further = last[last]
        if np.array_equal(further, last):
            return last, steps
        steps, last = steps + steps[last], further


def shapes_of(chains: Chains, edges: Edges, vertices: Vertices) -> Array:
    """Return the line of every chain in the direction of its lead edge."""
    edge, back = chains.half_edge // 2, chains.half_edge % 2 == 1
    size = edges.last[edge] - edges.first[edge] + 1
    which = np.repeat(np.arange(len(edge)), size)
    place = np.arange(len(which)) - np.repeat(np.cumsum(size) - size, size)
    index = np.where(back[which], edges.last[edge][which] - place, edges.first[edge][which] + place)
    chain = np.repeat(np.arange(len(chains.lead)), np.diff(chains.offset))[which]
    repeated = (place == 0) & (np.concatenate([[-1], chain[:-1]]) == chain)
    return np.asarray(shapely.linestrings(vertices.xy[index[~repeated]], indices=chain[~repeated]))


def ends_of(chains: Chains, edges: Edges) -> tuple[Array, Array]:
    """Return the node ids at which every chain starts and ends."""
    first, last = chains.half_edge[chains.offset[:-1]], chains.half_edge[chains.offset[1:] - 1]
    start = np.where(first % 2 == 0, edges.start[first // 2], edges.end[first // 2])
    end = np.where(last % 2 == 0, edges.end[last // 2], edges.start[last // 2])
    return start, end
