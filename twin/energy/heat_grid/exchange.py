"""Kernels on trees in graphs: spanning tree, exchange of paths for shorter ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numba as nb
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.intp]
    Floats = NDArray[np.float64]


class Net(NamedTuple):
    """A graph without loops and parallel edges; edges of node i from indptr[i] to indptr[i + 1]."""

    indptr: Ints
    neighbour: Ints
    edge: Ints
    u: Ints
    v: Ints
    weight: Floats


class Tree(NamedTuple):
    """A tree in a net: its edges, the degree of each node in it, the nodes it must keep."""

    edge: NDArray[np.bool_]
    degree: Ints
    terminal: NDArray[np.bool_]


class Work(NamedTuple):
    """Memory of the search, marked with the number of the step instead of being emptied."""

    path: Ints
    queue: Ints
    side: Ints
    small: Ints
    reached: Ints
    distance: Floats
    via: Ints
    heap_key: Floats
    heap_node: Ints


def make_net(n: int, u: Ints, v: Ints, weight: Floats) -> Net:
    """Sort the edges of a graph by node."""
    tail, head = np.concatenate([u, v]), np.concatenate([v, u])
    edge = np.tile(np.arange(len(u)), 2)
    order = np.lexsort((edge, tail))
    indptr = np.concatenate([[0], np.cumsum(np.bincount(tail, minlength=n))]).astype(np.intp)
    return Net(indptr, head[order].astype(np.intp), edge[order].astype(np.intp), u, v, weight)


def exchange_paths(net: Net, chosen: Ints, terminal: NDArray[np.bool_]) -> Ints:
    """
    Take each path of a tree out and put the shortest one between its two parts in.

    A path runs between key nodes: terminals and nodes where the tree branches. One pass over the
    edges of the tree; the search spreads from the smaller part and stops at the length of the old
    path. Returns sorted edges of a tree that is no longer than before.
    """
    n, m = len(net.indptr) - 1, len(net.u)
    inside = np.zeros(m, bool)
    inside[chosen] = True
    ends = np.concatenate([net.u[chosen], net.v[chosen]])
    tree = Tree(inside, np.bincount(ends, minlength=n).astype(np.intp), terminal)
    none = np.full((3, n), -1, np.intp)
    work = Work(
        path=np.empty(n, np.intp),
        queue=np.empty(2 * n + 2, np.intp),
        side=none[0].copy(),
        small=none[1].copy(),
        reached=none[2].copy(),
        distance=np.empty(n),
        via=np.empty(n, np.intp),
        heap_key=np.empty(2 * m + n),
        heap_node=np.empty(2 * m + n, np.intp),
    )
    _pass(net, tree, work, chosen)
    return np.flatnonzero(tree.edge)


@nb.njit(cache=True, nogil=True)
def _root(parent: Ints, node: int) -> int:
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node


@nb.njit(cache=True, nogil=True)
def kruskal(n: int, u: Ints, v: Ints, order: Ints) -> Ints:
    """Return the edges of a spanning forest, taking edges in the order given."""
    parent = np.arange(n)
    taken = np.empty(len(order), np.intp)
    count = 0
    for edge in order:
        a, b = _root(parent, u[edge]), _root(parent, v[edge])
        if a != b:
            parent[max(a, b)] = min(a, b)
            taken[count] = edge
            count += 1
    return taken[:count]


@nb.njit(cache=True, nogil=True)
def _pass(net: Net, tree: Tree, work: Work, chosen: Ints) -> None:
    for mark in range(len(chosen)):
        first = chosen[mark]
        if not tree.edge[first]:
            continue
        begin = net.u[first] if _is_key(tree, net.u[first]) else net.v[first]
        if not _is_key(tree, begin):
            continue
        count, last = _key_path(net, tree, work, first, begin)
        old = work.path[:count]
        _switch(net, tree, old, on=False)
        size = _smaller_side(net, tree, work, begin, last, mark)
        tree.degree[begin] += 1  # both ends stay nodes of their parts, even alone
        tree.degree[last] += 1
        limit = net.weight[old].sum() - 1e-9
        found = _way_back(net, tree, work, work.queue[:size], mark, limit)
        tree.degree[begin] -= 1
        tree.degree[last] -= 1
        if found < 0:
            _switch(net, tree, old, on=True)
        else:
            _switch(net, tree, work.path[: _trace(net, work, found)], on=True)


@nb.njit(cache=True, nogil=True)
def _is_key(tree: Tree, node: int) -> bool:
    return bool(tree.terminal[node] or tree.degree[node] > 2)


@nb.njit(cache=True, nogil=True)
def _switch(net: Net, tree: Tree, edges: Ints, on: bool) -> None:
    change = 1 if on else -1
    for e in edges:
        tree.edge[e] = on
        tree.degree[net.u[e]] += change
        tree.degree[net.v[e]] += change


@nb.njit(cache=True, nogil=True)
def _key_path(net: Net, tree: Tree, work: Work, first: int, begin: int) -> tuple[int, int]:
    """Walk from `begin` over the tree edge `first` to the next key node; return length and end."""
    work.path[0] = first
    count = 1
    node = net.v[first] if net.u[first] == begin else net.u[first]
    while not _is_key(tree, node):
        for k in range(net.indptr[node], net.indptr[node + 1]):
            if tree.edge[net.edge[k]] and net.edge[k] != work.path[count - 1]:
                work.path[count] = net.edge[k]
                count += 1
                node = net.neighbour[k]
                break
    return count, node


@nb.njit(cache=True, nogil=True)
def _smaller_side(net: Net, tree: Tree, work: Work, a: int, b: int, mark: int) -> int:
    """Put the nodes of the smaller of two parts first in the queue; return how many they are."""
    half = len(work.queue) // 2
    work.queue[0], work.queue[half] = a, b
    work.side[a], work.side[b] = 2 * mark, 2 * mark + 1
    head, tail = np.zeros(2, np.intp), np.ones(2, np.intp)
    which = 0
    while head[which] < tail[which]:  # both grow in turn until one is complete
        node = work.queue[which * half + head[which]]
        head[which] += 1
        for k in range(net.indptr[node], net.indptr[node + 1]):
            other = net.neighbour[k]
            if tree.edge[net.edge[k]] and work.side[other] != 2 * mark + which:
                work.side[other] = 2 * mark + which
                work.queue[which * half + tail[which]] = other
                tail[which] += 1
        which = 1 - which
    for k in range(tail[which]):
        work.queue[k] = work.queue[which * half + k]
        work.small[work.queue[k]] = mark
    return int(tail[which])


@nb.njit(cache=True, nogil=True)
def _way_back(net: Net, tree: Tree, work: Work, seeds: Ints, mark: int, limit: float) -> int:
    """Find the nearest node of the other part within a limit; return it, or -1 for none."""
    size = 0
    for node in seeds:
        work.reached[node], work.distance[node], work.via[node] = mark, 0.0, -1
        size = _push(work, size, 0.0, node)
    while size:
        key, node = work.heap_key[0], work.heap_node[0]
        size = _pop(work, size)
        if key > work.distance[node]:
            continue
        if tree.degree[node] > 0 and work.small[node] != mark:
            return int(node)
        for k in range(net.indptr[node], net.indptr[node + 1]):
            other, far = net.neighbour[k], key + net.weight[net.edge[k]]
            if far < limit and (work.reached[other] != mark or far < work.distance[other]):
                work.reached[other], work.distance[other] = mark, far
                work.via[other] = net.edge[k]
                size = _push(work, size, far, other)
    return -1


@nb.njit(cache=True, nogil=True)
def _trace(net: Net, work: Work, node: int) -> int:
    """Write the edges of the way found into `path`; return how many they are."""
    count = 0
    while work.via[node] >= 0:
        e = work.via[node]
        work.path[count] = e
        count += 1
        node = net.v[e] if net.u[e] == node else net.u[e]
    return count


@nb.njit(cache=True, nogil=True)
def _push(work: Work, size: int, key: float, node: int) -> int:
    i = size
    while i > 0 and work.heap_key[(i - 1) // 2] > key:
        up = (i - 1) // 2
        work.heap_key[i], work.heap_node[i] = work.heap_key[up], work.heap_node[up]
        i = up
    work.heap_key[i], work.heap_node[i] = key, node
    return size + 1


@nb.njit(cache=True, nogil=True)
def _pop(work: Work, size: int) -> int:
    """Take the first entry out and close the gap with the last; return the new size."""
    size -= 1
    key, node = work.heap_key[size], work.heap_node[size]
    i = 0
    while 2 * i + 1 < size:
        child = 2 * i + 1
        if child + 1 < size and work.heap_key[child + 1] < work.heap_key[child]:
            child += 1
        if work.heap_key[child] >= key:
            break
        work.heap_key[i], work.heap_node[i] = work.heap_key[child], work.heap_node[child]
        i = child
    work.heap_key[i], work.heap_node[i] = key, node
    return size
