"""
A short tree that joins given nodes of a street graph (Steiner tree).

Mehlhorn's algorithm on the whole graph at once, then the tree is made as short as its own nodes
allow, and at last paths of the tree are exchanged for shorter ones while there are any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from twin.energy.heat_grid.exchange import exchange_paths, kruskal, make_net

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.intp]
    Floats = NDArray[np.float64]


def steiner_tree(
    n: int, start: Ints, end: Ints, weight: Floats, terminals: Ints, *, rounds: int = 3
) -> Ints:
    """
    Return the edges of a short tree that joins the terminals.

    Parameters
    ----------
    n
        Number of nodes.
    start, end, weight
        Nodes and positive weight of every edge; parallel edges and loops may occur.
    terminals
        Nodes to join, all in one connected part.
    rounds
        How often paths are exchanged at most; 0 for none. Each round goes through all of them.

    Returns
    -------
    edges
        Sorted rows of the chosen edges; none for fewer than two terminals. The weight is at most
        twice the least possible (Mehlhorn 1988); equal input gives equal output.

    References
    ----------
    K. Mehlhorn, A faster approximation algorithm for the Steiner problem in graphs, Information
    Processing Letters 27 (1988). Exchange of key paths: Uchoa and Werneck, Fast local search for
    the Steiner problem in graphs, ACM JEA 17 (2012).
    """
    terminals = np.unique(terminals)
    if len(terminals) < 2:
        return np.empty(0, np.intp)
    best = _lightest_parallel(start, end, weight)
    u, v, w = start[best], end[best], weight[best]
    nodes = _mehlhorn_nodes(n, u, v, w, terminals)
    is_terminal = np.zeros(n, bool)
    is_terminal[terminals] = True
    chosen = _pruned_spanning_tree(n, u, v, w, nodes, is_terminal)
    net = make_net(n, u, v, w)
    for _ in range(rounds):
        moved = exchange_paths(net, chosen, is_terminal)
        nodes = np.zeros(n, bool)
        nodes[u[moved]] = nodes[v[moved]] = True
        moved = _pruned_spanning_tree(n, u, v, w, nodes, is_terminal)
        if w[moved].sum() >= w[chosen].sum() - 1e-9:
            break
        chosen = moved
    return np.sort(best[chosen])


def _lightest_parallel(start: Ints, end: Ints, weight: Floats) -> Ints:
    """Return the rows left when of parallel edges only the lightest stays and loops go."""
    low, high = np.minimum(start, end), np.maximum(start, end)
    order = np.lexsort((np.arange(len(weight)), weight, high, low))
    first = np.ones(len(order), bool)
    first[1:] = (np.diff(low[order]) != 0) | (np.diff(high[order]) != 0)
    kept = order[first]
    return np.sort(kept[low[kept] != high[kept]])


def _mehlhorn_nodes(n: int, u: Ints, v: Ints, w: Floats, terminals: Ints) -> NDArray[np.bool_]:
    """Return which nodes the shortest paths between neighbouring terminals pass."""
    both = csr_array(
        (np.concatenate([w, w]), (np.concatenate([u, v]), np.concatenate([v, u]))), shape=(n, n)
    )
    distance, before, source = dijkstra(
        both, indices=terminals, return_predecessors=True, min_only=True
    )
    bridge = np.flatnonzero((source[u] != source[v]) & (source[u] >= 0) & (source[v] >= 0))
    a = np.searchsorted(terminals, source[u[bridge]])
    b = np.searchsorted(terminals, source[v[bridge]])
    cost = distance[u[bridge]] + w[bridge] + distance[v[bridge]]
    taken = bridge[kruskal(len(terminals), a, b, np.argsort(cost, kind="stable"))]
    seen = np.zeros(n, bool)
    seen[terminals] = True
    front = np.unique(np.concatenate([u[taken], v[taken]]))
    while len(front):
        seen[front] = True
        back = before[front]
        front = np.unique(back[back >= 0])
        front = front[~seen[front]]
    return seen


def _pruned_spanning_tree(
    n: int, u: Ints, v: Ints, w: Floats, nodes: NDArray[np.bool_], terminal: NDArray[np.bool_]
) -> Ints:
    """Return the lightest tree over the nodes, without dead ends that join no terminal."""
    inside = np.flatnonzero(nodes[u] & nodes[v])
    order = inside[np.argsort(w[inside], kind="stable")]
    tree = kruskal(n, u, v, order)
    while True:
        degree = np.bincount(np.concatenate([u[tree], v[tree]]), minlength=n)
        leaf = (degree == 1) & ~terminal
        keep = ~(leaf[u[tree]] | leaf[v[tree]])
        if keep.all():
            return np.sort(tree)
        tree = tree[keep]
