"""A network without what no choice of way depends on: dead ends go, chains become one link."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.mobility.graph import Graph

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]
    Bools = NDArray[np.bool_]


class Contraction(NamedTuple):
    """Which links of the graph a link of the small one stands for, in the order of driving."""

    node: Ints  # (n,) number in the small graph, -1 where it is no end of a link there
    nodes: int  # of the small graph
    tails: Ints  # (s,) in the small graph, ascending
    heads: Ints
    first: Ints  # (s + 1,) members of link s are `first[s]:first[s + 1]`
    member: Ints  # links of the graph
    of: Ints  # (m,) link of the small graph, -1 for dead ends and loops


def contracted(graph: Graph, kept: int) -> Contraction:
    """
    Return the graph with chains joined and dead ends left out; the first `kept` nodes all stay.

    A dead end is a node that cannot be left or reached, or only from one other node: no cheapest
    way goes there and on, costs being 0 or more. A chain node has one way in and one out, or both
    to each of two others: who enters it has no choice. The volume on all links of a chain is the
    same, so that their times may be added up.
    """
    back = graph.reversed()
    live = _live_links(graph.offsets, graph.heads, back.offsets, back.heads, kept)
    ends = _sorted_ends(graph, live)
    onward = _onward(graph, live, kept, ends)
    return _joined(graph, live, onward, kept)


def _sorted_ends(graph: Graph, live: Bools) -> tuple[Ints, Ints, Ints, Ints]:
    """Return live links in and out of each node, and the least and largest neighbour."""
    tails, heads, n = graph.tails[live], graph.heads[live], graph.n
    low, high = np.full(n, n, np.int32), np.full(n, -1, np.int32)
    for ends, others in ((tails, heads), (heads, tails)):
        np.minimum.at(low, ends, others)
        np.maximum.at(high, ends, others)
    come, leave = np.bincount(heads, minlength=n), np.bincount(tails, minlength=n)
    return come.astype(np.int32), leave.astype(np.int32), low, high


def _onward(graph: Graph, live: Bools, kept: int, ends: tuple[Ints, Ints, Ints, Ints]) -> Bools:
    """Tell which nodes belong to the inside of a chain."""
    come, leave, low, high = ends
    single = (come == 1) & (leave == 1) & (low != high)
    # both ways between two neighbours: each of them is the head of one link and the tail of one
    tails, heads = graph.tails[live], graph.heads[live]
    n = graph.n
    out_low = np.bincount(tails, heads == low[tails], n)
    in_low = np.bincount(heads, tails == low[heads], n)
    out_high = np.bincount(tails, heads == high[tails], n)
    in_high = np.bincount(heads, tails == high[heads], n)
    both = (come == 2) & (leave == 2) & (low != high)
    both &= (out_low == 1) & (in_low == 1) & (out_high == 1) & (in_high == 1)
    inside: Bools = np.asarray(single | both)
    inside[:kept] = False
    return inside


def _joined(graph: Graph, live: Bools, inside: Bools, kept: int) -> Contraction:
    """Walk each chain from its first node and return the small graph."""
    ends = graph.offsets, graph.heads
    place = np.full(graph.m, -1, np.int32)
    last, size, _ = _walk(ends, live, inside, place)
    start = np.flatnonzero((size > 0) & (graph.heads[last] != graph.tails)).astype(np.int32)
    first = np.concatenate([[0], np.cumsum(size[start])]).astype(np.int32)
    place[start] = first[:-1]
    member = _walk(ends, live, inside, place)[2][: first[-1]]
    stays = np.zeros(graph.n, np.bool_)
    stays[:kept] = True
    stays[graph.tails[start]] = True
    stays[graph.heads[last[start]]] = True
    node = np.where(stays, np.cumsum(stays) - 1, -1).astype(np.int32)
    of = np.full(graph.m, -1, np.int32)
    of[member] = np.repeat(np.arange(len(start)), np.diff(first))
    return Contraction(
        node, int(stays.sum()), node[graph.tails[start]], node[graph.heads[last[start]]],
        first, member, of,
    )  # fmt: skip


@njit(cache=True, nogil=True)
def _only(begin: int, end: int, heads: Ints, dead: Bools, me: int) -> int:  # pragma: no cover
    """Return the only live neighbour besides the node itself: -1 for none, -2 for several."""
    other = -1
    for e in range(begin, end):
        node = heads[e]
        if not dead[node] and node not in (me, other):
            if other >= 0:
                return -2
            other = node
    return other


@njit(cache=True, nogil=True)
def _live_links(
    offsets: Ints, heads: Ints, back: Ints, origins: Ints, kept: int
) -> Bools:  # pragma: no cover
    """Tell which links lead between nodes that are no dead ends."""
    n = len(offsets) - 1
    dead, stack = np.zeros(n, np.bool_), np.arange(n - 1, -1, -1)
    waits, high = np.ones(n, np.bool_), n
    while high > 0:
        high -= 1
        v = stack[high]
        waits[v] = False
        if v < kept or dead[v]:
            continue
        out = _only(offsets[v], offsets[v + 1], heads, dead, v)
        come = _only(back[v], back[v + 1], origins, dead, v)
        if out != -1 and come != -1 and (out == -2 or come == -2 or out != come):
            continue
        dead[v] = True
        for k in range(offsets[v], offsets[v + 1] + back[v + 1] - back[v]):
            w = heads[k] if k < offsets[v + 1] else origins[back[v] + k - offsets[v + 1]]
            if not waits[w] and not dead[w]:
                waits[w] = True
                stack[high] = w
                high += 1
    live = np.zeros(len(heads), np.bool_)
    for v in range(n):
        for e in range(offsets[v], offsets[v + 1]):
            live[e] = not dead[v] and not dead[heads[e]] and heads[e] != v
    return live


@njit(cache=True, nogil=True)
def _step(offsets: Ints, heads: Ints, live: Bools, tail: int, node: int) -> int:  # pragma: no cover
    """Return the link on which a way that comes from `tail` leaves a chain node."""
    for e in range(offsets[node], offsets[node + 1]):
        if live[e] and heads[e] != tail:
            return e
    return -1


@njit(cache=True, nogil=True)
def _walk(
    graph: tuple[Ints, Ints], live: Bools, inside: Bools, place: Ints
) -> tuple[Ints, Ints, Ints]:  # pragma: no cover
    """
    Return the last link of the chain that each live link begins, how many it has, and all members.

    Members of the chain that link e begins are written from `place[e]` on, -1 for nowhere.
    """
    offsets, heads = graph
    last, size = np.zeros(len(heads), np.int32), np.zeros(len(heads), np.int32)
    member = np.zeros(len(heads), np.int32)
    for v in range(len(inside)):
        for first in range(offsets[v], offsets[v + 1]):
            if not live[first] or inside[v]:
                continue
            e, tail, count = first, v, 0
            while True:
                if place[first] >= 0:
                    member[place[first] + count] = e
                count += 1
                node = heads[e]
                if not inside[node]:
                    break
                e = _step(offsets, heads, live, tail, node)
                tail = node
            last[first], size[first] = e, count
    return last, size, member
