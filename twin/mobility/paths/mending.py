"""From the tree of cheapest ways at other costs to the tree at these."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from twin.mobility.paths.search import NONE, Net, Work, make_work, push, settle

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]


@njit(cache=True, nogil=True)
def _labels(
    net: Net, source: int, dist: Floats, link: Ints, work: Work
) -> None:  # pragma: no cover
    """Write what the ways of a tree cost now; ways over links that are closed now end there."""
    dist[:] = -1.0
    dist[source] = 0.0
    for v in range(len(dist)):
        node, high = v, 0
        while dist[node] < 0.0 and link[node] >= 0:
            work.order[high] = node
            high += 1
            node = net.tails[link[node]]
        far = dist[node] if dist[node] >= 0.0 else np.inf
        dist[node] = far
        for k in range(high - 1, -1, -1):
            node = work.order[k]
            far += net.costs[link[node]]
            dist[node] = far
            if far == np.inf:
                link[node] = -1


@njit(cache=True, nogil=True)
def mend(net: Net, source: int, dist: Floats, link: Ints, work: Work) -> None:  # pragma: no cover
    """
    Turn a tree of cheapest ways at other costs into one at these; a tree of -1 is an empty one.

    The labels along the old tree are upper bounds that some way attains. Heads of links that would
    improve one go into the heap, and Dijkstra's search goes on from there (Ramalingam and Reps
    1996 in its batch form): labels end the same to the last bit as those of a new search.
    """
    _labels(net, source, dist, link, work)
    better = work.order
    better[:] = 0
    size = NONE
    for node in range(len(dist)):
        far = dist[node]
        closed = node < net.through and node != source
        if far == np.inf or closed or better[node] == 1:  # what is better waits in the heap
            continue
        for e in range(net.offsets[node], net.offsets[node + 1]):
            head = net.heads[e]
            if far + net.costs[e] < dist[head]:
                dist[head] = far + net.costs[e]
                link[head] = e
                better[head] = 1
                size = push(work, size, dist[head], head)
    settle(net, dist, link, work, size)


@njit(cache=True, nogil=True)
def mend_rows(net: Net, first: int, trees: Ints, costs: Floats) -> None:  # pragma: no cover
    """Mend the trees of the nodes from `first` on, a row each; write what it costs to the first."""
    n = len(net.offsets) - 1
    work, dist = make_work(n, 2 * len(net.heads)), np.empty(n)
    for row in range(len(trees)):
        mend(net, first + row, dist, trees[row], work)
        costs[row, :] = dist[: costs.shape[1]]
