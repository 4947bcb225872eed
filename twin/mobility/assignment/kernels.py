"""What the kernels of the assignment share: links with their volume-delay function, and flows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from numba import njit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]
    Longs = NDArray[np.int64]

LOG_MOST = 500.0  # (v / c)^beta stays under e^500: a sum of such costs is still a number


class Curves(NamedTuple):
    """What each link of a problem costs: base + gain x (v / c)^beta + fixed."""

    base: Floats  # (m,)
    gain: Floats  # (m,) 0 where the time is constant
    per_capacity: Floats  # (m,) 1 / capacity
    beta: Floats  # (m,)
    fixed: Floats  # (classes, m) inf where the class may not drive


class Links(NamedTuple):
    """Links of the graph that is solved; those of a chain are one, its time a sum of terms."""

    offsets: Ints
    tails: Ints
    heads: Ints
    base: Floats  # (m,)
    term: Ints  # (m + 1,) terms of link e are `term[e]:term[e + 1]`
    gain: Floats  # (terms,)
    per_capacity: Floats
    beta: Floats
    fixed: Floats  # (classes, m)
    through: int  # nodes below this number are no thoroughfare


class Flow(NamedTuple):
    """Volumes and what they cost."""

    volume: Floats  # (m,) passenger car units
    slope: Floats  # (m,) d time / d volume
    cost: Floats  # (classes, m) time + fixed


class Rows(NamedTuple):
    """One origin of one class each; its destinations are `first[r]:first[r + 1]`."""

    kind: Ints  # (r,) class
    source: Ints  # (r,) node of the origin
    first: Longs  # (r + 1,)
    dest: Ints  # (k,) node of the destination
    demand: Floats  # (k,) passenger car units


class Store(NamedTuple):
    """Paths of pair k are `first[k]:first[k + 1]`, links of path p `start[p]:start[p + 1]`."""

    first: Longs  # (k + 1,)
    start: Longs  # (p + 1,)
    links: Ints
    flow: Floats  # (p,) passenger car units


@njit(cache=True, nogil=True)
def update(links: Links, flow: Flow, e: int) -> None:  # pragma: no cover
    """
    Write time, slope and costs of a link from its volume (BPR: Bureau of Public Roads 1964).

    Less flow than none counts as none. Under beta 1 the slope at no flow is infinite: it is taken
    at a thousandth of the capacity, which only steers the step.
    """
    time, slope, volume = links.base[e], 0.0, max(flow.volume[e], 0.0)
    for k in range(links.term[e], links.term[e + 1]):
        beta, gain, x = links.beta[k], links.gain[k], volume * links.per_capacity[k]
        if beta == 4.0 and x < 1e50:
            cube = x * x * x
            time += gain * cube * x
            slope += gain * 4.0 * cube * links.per_capacity[k]
            continue
        if x > 1.0 and beta * math.log(x) > LOG_MOST:
            x = math.exp(LOG_MOST / beta)
        time += gain * x**beta
        least = x if beta >= 1.0 else max(x, 1e-3)
        slope += gain * beta * least ** (beta - 1.0) * links.per_capacity[k]
    flow.slope[e] = slope
    for kind in range(len(links.fixed)):
        flow.cost[kind, e] = time + links.fixed[kind, e]


@njit(cache=True, nogil=True)
def update_all(links: Links, flow: Flow) -> None:  # pragma: no cover
    """Write times, slopes and costs of all links from their volumes."""
    for e in range(len(flow.volume)):
        update(links, flow, e)


@njit(cache=True, nogil=True)
def load(store: Store, volume: Floats) -> None:  # pragma: no cover
    """Write the volumes that the flows of all paths add up to."""
    volume[:] = 0.0
    for p in range(len(store.flow)):
        flow = store.flow[p]
        if flow > 0.0:
            for k in range(store.start[p], store.start[p + 1]):
                volume[store.links[k]] += flow


@njit(cache=True, nogil=True)
def load_kinds(rows: Rows, store: Store, volume: Floats) -> None:  # pragma: no cover
    """Write the volumes by class (classes, m) that the flows of all paths add up to."""
    volume[:] = 0.0
    for r in range(len(rows.kind)):
        for p in range(store.first[rows.first[r]], store.first[rows.first[r + 1]]):
            if store.flow[p] > 0.0:
                for k in range(store.start[p], store.start[p + 1]):
                    volume[rows.kind[r], store.links[k]] += store.flow[p]
