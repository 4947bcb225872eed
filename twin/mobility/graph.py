"""A directed graph in arrays: what every search in the town runs on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Ints = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Graph:
    """
    Directed links in compressed rows: those that leave node i are `offsets[i]:offsets[i + 1]`.

    Links are sorted by tail, in each tail by the order they were given in; `order` is the place
    each had there, so that `values[graph.order]` puts a column of the input beside the links.
    Parallel links and loops are allowed. No link is one where `n` nodes stand alone.
    """

    offsets: Ints  # (n + 1,)
    tails: Ints  # (m,)
    heads: Ints  # (m,)
    order: Ints  # (m,)

    @property
    def n(self) -> int:
        """Number of nodes."""
        return len(self.offsets) - 1

    @property
    def m(self) -> int:
        """Number of links."""
        return len(self.heads)

    def reversed(self) -> Graph:
        """Return the graph with every link turned round; `order` is the link in this one."""
        return graph_of(self.heads, self.tails, self.n)


def graph_of(tails: ArrayLike, heads: ArrayLike, n: int) -> Graph:
    """
    Return the graph of links given by the numbers of their ends.

    >>> graph = graph_of([1, 0, 0], [2, 1, 2], 3)
    >>> graph.offsets.tolist(), graph.heads.tolist(), graph.order.tolist()
    ([0, 2, 3, 3], [1, 2, 2], [1, 2, 0])
    """
    start, end = np.asarray(tails, np.int32), np.asarray(heads, np.int32)
    order = np.argsort(start, kind="stable").astype(np.int32)
    counts = np.bincount(start, minlength=n)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    return Graph(offsets, start[order], end[order], order)
