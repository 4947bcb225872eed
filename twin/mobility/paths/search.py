"""Dijkstra's search on a graph in arrays, from any number of nodes at once, up to a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]


NONE: int = np.int64(0)  # type: ignore[assignment]  # a plain 0 is a type of its own to numba: kernels would be compiled twice


class Net(NamedTuple):
    """A graph with one cost a link, as the kernels take it."""

    offsets: Ints
    tails: Ints
    heads: Ints
    costs: Floats  # >= 0, inf = closed
    through: int  # nodes below this number begin and end ways but are no thoroughfare
    limit: float  # ways that cost more are not looked for


class Work(NamedTuple):
    """What a search writes besides its answer: a heap, and the nodes in the order they settled."""

    key: Floats  # (m + n,)
    node: Ints  # (m + n,)
    order: Ints  # (n,)


@njit(cache=True, nogil=True)
def make_work(n: int, m: int) -> Work:  # pragma: no cover
    """Return room for searches on a graph of n nodes and m links."""
    return Work(np.empty(n + m), np.empty(n + m, np.int32), np.empty(n, np.int32))


@njit(cache=True, nogil=True)
def push(work: Work, size: int, key: float, node: int) -> int:  # pragma: no cover
    """Put a node into the heap of four children a place; return the new size."""
    i = size
    while i > 0:
        up = (i - 1) >> 2
        if work.key[up] <= key:
            break
        work.key[i], work.node[i] = work.key[up], work.node[up]
        i = up
    work.key[i], work.node[i] = key, node
    return size + 1


@njit(cache=True, nogil=True)
def pop(work: Work, size: int) -> int:  # pragma: no cover
    """Take the first entry out and close the gap with the last; return the new size."""
    size -= 1
    key, node = work.key[size], work.node[size]
    i, child = 0, 1
    while child < size:
        least, small = child, work.key[child]
        for other in range(child + 1, min(child + 4, size)):
            if work.key[other] < small:
                least, small = other, work.key[other]
        if small >= key:
            break
        work.key[i], work.node[i] = small, work.node[least]
        i = least
        child = 4 * i + 1
    work.key[i], work.node[i] = key, node
    return size


@njit(cache=True, nogil=True)
def settle(net: Net, dist: Floats, link: Ints, work: Work, size: int) -> int:  # pragma: no cover
    """
    Finish a search whose first nodes are in the heap and in `dist`; return how many it settled.

    `dist` must be inf (or an upper bound that some way attains) elsewhere, `link` -1 at the first
    nodes. A node enters the heap once for each time it gets nearer; entries that are overtaken
    are passed over (Dijkstra 1959 without decrease-key). Distances are the least of sums taken
    from the first node on, the same to the last bit whatever the order of the heap.
    """
    count = 0
    while size > 0:
        key, node = work.key[0], work.node[0]
        size = pop(work, size)
        if key > dist[node]:
            continue
        work.order[count] = node
        count += 1
        if node < net.through and link[node] >= 0:
            continue
        for e in range(net.offsets[node], net.offsets[node + 1]):
            far = key + net.costs[e]
            head = net.heads[e]
            if far < dist[head] and far <= net.limit:
                dist[head] = far
                link[head] = e
                size = push(work, size, far, head)
    return count


@njit(cache=True, nogil=True)
def search(net: Net, source: int, dist: Floats, link: Ints, work: Work) -> int:  # pragma: no cover
    """Search from one node with `dist` inf everywhere; return how many nodes it settled."""
    dist[source] = 0.0
    link[source] = -1
    return settle(net, dist, link, work, push(work, NONE, 0.0, source))


@njit(cache=True, nogil=True)
def tree_rows(net: Net, sources: Ints, dist: Floats, link: Ints) -> None:  # pragma: no cover
    """Search from each source into its row; `link` may have no rows where it is not wanted."""
    n = len(net.offsets) - 1
    work, spare = make_work(n, len(net.heads)), np.empty(n, np.int32)
    for i in range(len(sources)):
        dist[i, :] = np.inf
        if len(link) == 0:
            search(net, sources[i], dist[i], spare, work)
            continue
        link[i, :] = -1
        search(net, sources[i], dist[i], link[i], work)


@njit(cache=True, nogil=True)
def reach_rows(net: Net, sources: Ints) -> tuple[Ints, Ints, Floats]:  # pragma: no cover
    """Return how many nodes each source reaches, these one after the other, and how far."""
    n = len(net.offsets) - 1
    work, spare, dist = make_work(n, len(net.heads)), np.empty(n, np.int32), np.full(n, np.inf)
    counts, total = np.zeros(len(sources), np.int32), 0
    nodes, costs = np.empty(n, np.int32), np.empty(n)
    for i in range(len(sources)):
        count = search(net, sources[i], dist, spare, work)
        if total + count > len(nodes):
            more = 2 * (total + count)
            old_nodes, old_costs = nodes[:total], costs[:total]
            nodes, costs = np.empty(more, np.int32), np.empty(more)
            nodes[:total], costs[:total] = old_nodes, old_costs
        for k in range(count):
            node = work.order[k]
            nodes[total + k], costs[total + k] = node, dist[node]
            dist[node] = np.inf
        counts[i] = count
        total += count
    return counts, nodes[:total], costs[:total]


@njit(cache=True, nogil=True)
def nearest_rows(
    net: Net, seeds: Ints, seed_costs: Floats
) -> tuple[Floats, Ints]:  # pragma: no cover
    """Return for every node the cost from the nearest seed and which seed that is, -1 for none."""
    n = len(net.offsets) - 1
    work = make_work(n + len(seeds), len(net.heads))
    dist, link, label = np.full(n, np.inf), np.full(n, np.int32(-1)), np.full(n, np.int32(-1))
    size = NONE
    for k in range(len(seeds)):
        if seed_costs[k] < dist[seeds[k]] and seed_costs[k] <= net.limit:
            dist[seeds[k]] = seed_costs[k]
            label[seeds[k]] = k
            size = push(work, size, seed_costs[k], seeds[k])
    for k in range(settle(net, dist, link, work, size)):
        node = work.order[k]
        if link[node] >= 0:
            label[node] = label[net.tails[link[node]]]
    return dist, label
