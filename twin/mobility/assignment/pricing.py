"""The cheapest ways of each origin at given costs, from the tree it had before."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from twin.mobility.paths.search import NONE, Net, Work, make_work, push, settle

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.mobility.assignment.kernels import Flow, Links, Rows, Store

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]


class Prices(NamedTuple):
    """What pricing finds, by row and by pair."""

    tree: Ints  # (r, n) last link of the cheapest way, -1 for none
    total: Floats  # (r,) cost of all flows
    excess: Floats  # (r,) of it, what the cheapest ways would save
    least: Floats  # (k,) cost of the cheapest way, inf for none
    wanted: Ints  # (k,) links of a way that is cheaper than all stored ones, else 0
    slack: float  # share of the cost by which a new way must be cheaper to be wanted


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
def _mend(net: Net, source: int, dist: Floats, link: Ints, work: Work) -> None:  # pragma: no cover
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
def _compare(
    rows: Rows, r: int, store: Store, costs: Floats, prices: Prices, dist: Floats
) -> None:  # pragma: no cover
    """Hold the stored paths of a row against its cheapest ways."""
    prices.total[r], prices.excess[r] = 0.0, 0.0
    for k in range(rows.first[r], rows.first[r + 1]):
        least, best = dist[rows.dest[k]], np.inf
        for p in range(store.first[k], store.first[k + 1]):
            cost = 0.0
            for i in range(store.start[p], store.start[p + 1]):
                cost += costs[store.links[i]]
            best = min(best, cost)
            if store.flow[p] > 0.0:
                prices.total[r] += store.flow[p] * cost
                prices.excess[r] += store.flow[p] * (cost - least)
        prices.least[k] = least
        prices.wanted[k] = 1 if least < best - prices.slack * least or best == np.inf else 0


@njit(cache=True, nogil=True)
def _count(net: Net, rows: Rows, r: int, prices: Prices) -> None:  # pragma: no cover
    """Count the links of the ways that are wanted."""
    for k in range(rows.first[r], rows.first[r + 1]):
        if prices.wanted[k] > 0:
            node, count = rows.dest[k], 0
            while prices.tree[r, node] >= 0:
                node = net.tails[prices.tree[r, node]]
                count += 1
            prices.wanted[k] = count


@njit(cache=True, nogil=True)
def price_rows(
    links: Links, flow: Flow, rows: Rows, store: Store, prices: Prices, chosen: Ints
) -> None:  # pragma: no cover
    """Search the chosen rows and hold their paths against the cheapest ways."""
    n, m = prices.tree.shape[1], len(links.heads)
    work, dist = make_work(n, 2 * m), np.empty(n)
    for r in chosen:
        costs, link, source = flow.cost[rows.kind[r]], prices.tree[r], rows.source[r]
        net = Net(links.offsets, links.tails, links.heads, costs, links.through, np.inf)
        _mend(net, source, dist, link, work)
        _compare(rows, r, store, costs, prices, dist)
        _count(net, rows, r, prices)


@njit(cache=True, nogil=True)
def load_trees(
    links: Links, flow: Flow, rows: Rows, prices: Prices, chosen: Ints
) -> None:  # pragma: no cover
    """Put the demand of the chosen rows on their cheapest ways and cost the links anew."""
    for r in chosen:
        for k in range(rows.first[r], rows.first[r + 1]):
            node = rows.dest[k]
            while prices.tree[r, node] >= 0:
                e = prices.tree[r, node]
                flow.volume[e] += rows.demand[k]
                node = links.tails[e]
