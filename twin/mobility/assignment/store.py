"""Stored paths in compact arrays: those without flow go, wanted ones come in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from twin.mobility.assignment.kernels import Links, Rows, Store
from twin.mobility.paths.search import NONE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.mobility.assignment.pricing import Prices

    Floats = NDArray[np.float64]
    Longs = NDArray[np.int64]


def empty_store(pairs: int) -> Store:
    """Return a store without a path."""
    none = np.zeros(0, np.int32)
    return Store(np.zeros(pairs + 1, np.int64), np.zeros(1, np.int64), none, np.zeros(0))


def merged(links: Links, rows: Rows, store: Store, prices: Prices) -> Store:
    """
    Return the paths that carry flow and, last of each pair, the cheaper way that pricing found.

    A new path carries nothing, unless it is the first of its pair: it takes all its demand.
    """
    counts, sizes = _sizes(store, prices.wanted)
    first = np.concatenate([[0], np.cumsum(counts)])
    size = int(sizes.sum())
    new = Store(
        first,
        np.zeros(first[-1] + 1, np.int64),
        np.empty(size, np.int32),
        np.zeros(first[-1]),
    )
    _fill(links, rows, store, prices, new)
    return new


@njit(cache=True, nogil=True)
def _sizes(store: Store, wanted: NDArray[np.int32]) -> tuple[Longs, Longs]:  # pragma: no cover
    """Return how many paths each pair will have, and how many links they have together."""
    counts, sizes = np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.int64)
    for k in range(len(wanted)):
        for p in range(store.first[k], store.first[k + 1]):
            if store.flow[p] > 0.0:
                counts[k] += 1
                sizes[k] += store.start[p + 1] - store.start[p]
        if wanted[k] > 0:
            counts[k] += 1
            sizes[k] += wanted[k]
    return counts, sizes


@njit(cache=True, nogil=True)
def _fill(
    links: Links, rows: Rows, store: Store, prices: Prices, new: Store
) -> None:  # pragma: no cover
    p = NONE
    begin, end = store.start[0], store.start[0]  # links of paths that stay, one after the other
    for r in range(len(rows.kind)):
        for k in range(rows.first[r], rows.first[r + 1]):
            for q in range(store.first[k], store.first[k + 1]):
                if store.flow[q] > 0.0:
                    if store.start[q] != end:
                        _copy(store, new, begin, end, new.start[p])
                        begin = store.start[q]
                    end = store.start[q + 1]
                    new.start[p + 1] = new.start[p] + end - store.start[q]
                    new.flow[p] = store.flow[q]
                    p += 1
            if prices.wanted[k] > 0:
                _copy(store, new, begin, end, new.start[p])
                begin = end
                _trace(links, prices.tree[r], rows.dest[k], new, p, prices.wanted[k])
                new.flow[p] = rows.demand[k] if p == new.first[k] else 0.0
                p += 1
    _copy(store, new, begin, end, new.start[p])


@njit(cache=True, nogil=True)
def _copy(store: Store, new: Store, begin: int, end: int, place: int) -> None:  # pragma: no cover
    """Copy links so that they end at a place."""
    new.links[place - (end - begin) : place] = store.links[begin:end]


@njit(cache=True, nogil=True)
def _trace(
    links: Links, tree: NDArray[np.int32], dest: int, new: Store, p: int, size: int
) -> None:  # pragma: no cover
    """Write the way to a node as path p."""
    new.start[p + 1] = new.start[p] + size
    node = dest
    for i in range(new.start[p + 1] - 1, new.start[p] - 1, -1):
        new.links[i] = tree[node]
        node = links.tails[tree[node]]


@njit(cache=True, nogil=True)
def settle_demand(rows: Rows, store: Store) -> None:  # pragma: no cover
    """Give the fullest path of each pair what the others leave: flows add up to the demand."""
    for k in range(len(rows.demand)):
        if store.first[k] == store.first[k + 1]:
            continue
        others, full = 0.0, store.first[k]
        for p in range(store.first[k], store.first[k + 1]):
            others += store.flow[p]
            if store.flow[p] > store.flow[full]:
                full = p
        store.flow[full] = rows.demand[k] - (others - store.flow[full])
