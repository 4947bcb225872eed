"""The cheapest ways of each origin at given costs, from the tree it had before."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from twin.mobility.paths.mending import mend
from twin.mobility.paths.search import Net, make_work

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
        mend(net, source, dist, link, work)
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
