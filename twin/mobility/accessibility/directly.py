"""Two points on one street: the way along it, not to its end and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from twin.mobility.tables import Access, ModeNetwork

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]


class Along(NamedTuple):
    """Seconds from the start of each street to its end, and back; inf where not allowed."""

    ahead: Floats  # (streets,)
    back: Floats


class Points(NamedTuple):
    """Where points are on their streets, as the kernels take them."""

    node: Ints  # (p, 2), n (one behind the last node) for none
    seconds: Floats  # (p, 2)
    street: Ints  # (p,) of the two directions of a street the lower row; -1 for none
    share: Floats  # (p,) from the start of that row
    detour: Floats  # (p,)


def street_rows(network: ModeNetwork) -> tuple[Ints, NDArray[np.bool_]]:
    """Return for each street the lower row of its two directions, and whether it is the other."""
    row = np.arange(len(network.street_ids), dtype=np.int32)
    if network.reverse is None:
        return row, np.zeros(len(row), bool)
    first = np.where(network.reverse >= 0, np.minimum(row, network.reverse), row)
    return first.astype(np.int32), first < row


def along_of(network: ModeNetwork, costs: ArrayLike) -> Along:
    """Return the seconds along each street in both directions, by the lower row of the two."""
    row, turned = street_rows(network)
    link = np.flatnonzero(network.street >= 0)
    street = network.street[link]
    found = np.full((2, len(row)), np.inf)
    found[turned[street].astype(np.intp), row[street]] = np.asarray(costs, float)[link]
    return Along(found[0], found[1])


def points_of(network: ModeNetwork, access: Access, *, arriving: bool = False) -> Points:
    """
    Return points as the kernels take them, for ways that begin or end there.

    Without `share` none of them is on a street.
    """
    ends, seconds = access.arriving() if arriving else (access.node, access.seconds)
    node = np.where(ends >= 0, ends, network.graph.n).astype(np.int32)
    seconds = np.ascontiguousarray(seconds, np.float64)
    if access.share is None or access.detour_s is None:
        nothing = np.zeros(len(node))
        return Points(node, seconds, np.full(len(node), -1, np.int32), nothing, nothing)
    row, turned = street_rows(network)
    on = access.street >= 0
    street = np.where(on, row[access.street], -1).astype(np.int32)
    share = np.where(on & turned[access.street], 1.0 - access.share, access.share)
    detour = np.ascontiguousarray(access.detour_s, np.float64)
    return Points(node, seconds, street, np.ascontiguousarray(share), detour)


def take(points: Points, rows: NDArray[np.intp]) -> Points:
    """Return some of the points."""
    return Points(
        np.ascontiguousarray(points.node[rows]),
        np.ascontiguousarray(points.seconds[rows]),
        np.ascontiguousarray(points.street[rows]),
        np.ascontiguousarray(points.share[rows]),
        np.ascontiguousarray(points.detour[rows]),
    )


@njit(cache=True, nogil=True)
def direct(a: Points, i: int, b: Points, k: int, along: Along) -> Any:  # pragma: no cover
    """Return the seconds from point i of a to point k of b along their street, else inf."""
    street = a.street[i]
    if street < 0 or street != b.street[k]:
        return np.inf
    ahead = b.share[k] - a.share[i]
    rest = a.detour[i] + b.detour[k]
    if ahead > 0:
        return rest + ahead * along.ahead[street]
    if ahead < 0:
        return rest - ahead * along.back[street]
    return rest


@njit(cache=True, nogil=True)
def by_street(points: Points, streets: int) -> tuple[Ints, Ints]:  # pragma: no cover
    """Return offsets by street (streets + 1,) and the points in that order."""
    offsets = np.zeros(streets + 1, np.int32)
    for k in range(len(points.street)):
        if points.street[k] >= 0:
            offsets[points.street[k] + 1] += 1
    for s in range(streets):
        offsets[s + 1] += offsets[s]
    order, at = np.empty(offsets[-1], np.int32), offsets[:-1].copy()
    for k in range(len(points.street)):
        street = points.street[k]
        if street >= 0:
            order[at[street]] = k
            at[street] += 1
    return offsets, order


@njit(cache=True, nogil=True)
def nearest_points(
    cost: Floats, seed: Ints, origins: Points, ends: Points, along: Along
) -> tuple[Floats, Ints]:  # pragma: no cover
    """
    Return the seconds from each origin to its nearest end point, and which that is, -1 for none.

    `cost` and `seed` are by node (n + 1, the last for none): the way from the node and the place in
    the list of both ends of each end point. The way along the origin's own street counts as well.
    """
    offsets, order = by_street(ends, len(along.ahead))
    best, found = np.full(len(origins.street), np.inf), np.full(len(origins.street), np.int32(-1))
    for i in range(len(best)):
        for side in range(2):
            node = origins.node[i, side]
            far = origins.seconds[i, side] + cost[node]
            if far < best[i]:
                best[i], found[i] = far, seed[node]
        street = origins.street[i]
        if street < 0:
            continue
        for place in range(offsets[street], offsets[street + 1]):
            far = direct(origins, i, ends, order[place], along)
            if far < best[i]:
                best[i], found[i] = far, order[place]
    return best, found
