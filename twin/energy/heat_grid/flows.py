"""Flows in a tree of pipes: which way they run, what each carries, how much of it at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numba as nb
import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Ints = NDArray[np.intp]
    Floats = NDArray[np.float64]


class Hung(NamedTuple):
    """A tree hung up at its root: nodes from the root outwards, parent and pipe to it."""

    order: Ints
    parent: Ints  # -1 at the root and outside of the tree
    pipe: Ints  # edge between node and parent; -1 likewise


def hang(n: int, start: Ints, end: Ints, root: int) -> Hung:
    """Hang a tree of n possible nodes up at its root."""
    links = csr_array((np.ones(len(start), np.int8), (start, end)), shape=(n, n))
    order, parent = breadth_first_order(links, root, directed=False)
    parent = np.where(parent < 0, -1, parent).astype(np.intp)
    child = np.where(parent[start] == end, start, end)
    pipe = np.full(n, -1, np.intp)
    pipe[child] = np.arange(len(start))
    return Hung(order.astype(np.intp), parent, pipe)


@nb.njit(cache=True, nogil=True)
def subtree_sums(order: Ints, parent: Ints, values: Floats) -> Floats:
    """Return for each node the sum of `values` (n, k) over itself and all behind it."""
    sums = values.copy()
    for i in range(len(order) - 1, 0, -1):
        node = order[i]
        for k in range(sums.shape[1]):
            sums[parent[node], k] += sums[node, k]
    return sums


@nb.njit(cache=True, nogil=True)
def path_sums(order: Ints, parent: Ints, values: Floats) -> Floats:
    """Return for each node the sum of `values` (n) over the way from the root, itself included."""
    sums = values.copy()
    for i in range(1, len(order)):
        sums[order[i]] += sums[parent[order[i]]]
    return sums


@nb.njit(cache=True, nogil=True)
def best_cut(order: Ints, parent: Ints, worth: Floats) -> NDArray[np.bool_]:
    """
    Return which nodes to keep so that the worth of the tree with its root is greatest.

    `worth` of a node is what it earns less what the pipe to its parent costs; a branch goes where
    node and branches behind it together are worth less than nothing.
    """
    sums = worth.copy()
    for i in range(len(order) - 1, 0, -1):
        node = order[i]
        if sums[node] > 0:
            sums[parent[node]] += sums[node]
    keep = np.zeros(len(worth), np.bool_)
    keep[order[0]] = True
    for i in range(1, len(order)):
        node = order[i]
        keep[node] = keep[parent[node]] and sums[node] > 0
    return keep


def centre_of_load(n: int, start: Ints, end: Ints, load_kw: Floats) -> int:
    """
    Return the node of a tree with the least sum of load times distance along the tree.

    It is where no branch carries more than half of the load (the median of the tree, whatever the
    lengths; Goldman 1971); the lowest number if there are two.
    """
    root = int(min(start.min(), end.min()))
    hung = hang(n, start, end, root)
    sums = subtree_sums(hung.order, hung.parent, load_kw.reshape(-1, 1))[:, 0]
    within = hung.order[sums[hung.order] >= 0.5 * sums[root] * (1 - 1e-12)]
    least = sums[within].min()
    return int(within[sums[within] <= least * (1 + 1e-12)].min())


def simultaneity(consumers: Floats, given: Assumptions) -> Floats:
    """
    Return the share of the sum of peaks that n consumers draw at once (Gleichzeitigkeitsfaktor).

    a + b / (1 + (n / c)^d), at most 1; n of a mixed group is its effective number, see
    `effective_number`.

    References
    ----------
    Winter, Haslauer, Obernberger: Untersuchungen der Gleichzeitigkeit in kleinen und mittleren
    Nahwärmenetzen, Euroheat & Power 09 and 10/2001 (constants second hand, see the assumptions).
    """
    ratio = (np.maximum(consumers, 1.0) / given["grid.simultaneity_c"]) ** given[
        "grid.simultaneity_d"
    ]
    share = given["grid.simultaneity_a"] + given["grid.simultaneity_b"] / (1 + ratio)
    return np.minimum(share, 1.0)


def effective_number(peaks_kw: Floats, squares: Floats) -> Floats:
    """
    Return how many equal consumers a group is like: (sum of peaks)² / sum of squared peaks.

    n equal consumers give n. A large school among ten garages counts about one, so that one more
    consumer never lowers the flow in a pipe, which the plain count would not hold.
    """
    square = peaks_kw * peaks_kw
    return np.divide(square, squares, where=squares > 0, out=np.ones_like(squares))
