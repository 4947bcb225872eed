"""How much can be reached within some minutes: schools, shops, jobs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numba import njit

from twin.mobility.accessibility.directly import (
    Along,
    Points,
    along_of,
    by_street,
    direct,
    points_of,
    take,
)
from twin.mobility.accessibility.isochrones import check_minutes
from twin.mobility.paths.search import Net, Work, make_work, push, settle
from twin.mobility.paths.threads import in_rows
from twin.mobility.paths.ways import net_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from twin.mobility.tables import Access, ModeNetwork

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]
    Flags = NDArray[np.bool_]

BLOCK = 512
"""Facilities that are looked at together; memory is this times the number of origins, in bytes."""


class _Town(NamedTuple):
    """What the searches of all facilities share."""

    net: Net  # turned round
    origins: Points
    by_street: tuple[Ints, Ints]  # the origins
    ends: Points  # of the facilities, one after the other
    offsets: Ints  # (facilities + 1,) of `ends`
    along: Along


def within(  # noqa: PLR0913  two sides, a network and a limit
    network: ModeNetwork,
    costs: ArrayLike,
    origins: Access,
    facilities: Access,
    table: pd.DataFrame,
    *,
    minutes: float,
    start_s: float = 0.0,
) -> pd.DataFrame:
    """
    Return the weight of all facilities each origin reaches within so many minutes, by kind.

    Parameters
    ----------
    costs, origins, facilities, start_s
        As in `nearest_minutes`.
    table
        Rows beside `facilities`: kind, id, weight. A facility with several points (a park) counts
        once, with the way to the nearest of them.

    Returns
    -------
    DataFrame
        Index of the origins, a column a kind in the order they occur in `table`: number of schools,
        shops, parks, stops; number of jobs. The same to the last bit with any number of threads
        and any order of rows: weights are added in the order of the ids.
    """
    check_minutes([minutes])
    kinds = list(dict.fromkeys(table["kind"]))
    code = pd.Categorical(table["kind"], kinds).codes
    order = np.lexsort((table["id"].to_numpy(str), code))
    own = table.iloc[order]
    begins = np.flatnonzero((own[["kind", "id"]] != own[["kind", "id"]].shift()).any(axis=1))
    limit = max(60.0 * minutes - start_s, 0.0) if 60.0 * minutes >= start_s else -1.0
    back = network.graph.reversed()
    starts = points_of(network, origins)
    town = _Town(
        net_of(back, np.asarray(costs, np.float64)[back.order], limit=limit),
        starts,
        by_street(starts, len(network.street_ids)),
        take(points_of(network, facilities, arriving=True), order),
        np.append(begins, len(own)).astype(np.int32),
        along_of(network, costs),
    )
    column = code[order][begins].astype(np.int32)
    total = _sum(town, own["weight"].to_numpy(np.float64)[begins], column, len(kinds))
    return pd.DataFrame(total, origins.ids, pd.Index(kinds, dtype="object"))


def _sum(town: _Town, weight: Floats, column: Ints, kinds: int) -> Floats:
    """Return the weight reached by origin and kind."""
    total = np.zeros((len(town.origins.street), kinds))
    for first in range(0, len(weight), BLOCK):
        rows = range(first, min(first + BLOCK, len(weight)))
        reached = np.zeros((len(rows), len(total)), np.bool_)
        in_rows(partial(_reached, town, first, reached), len(rows), least=8)
        _add(reached, weight[rows.start : rows.stop], column[rows.start : rows.stop], total)
    return total


@njit(cache=True, nogil=True)
def _reached(
    town: _Town, first: int, reached: Flags, begin: int, end: int
) -> None:  # pragma: no cover
    """Say for each facility which origins reach it within the limit of the net."""
    net, origins = town.net, town.origins
    n = len(net.offsets) - 1
    work = make_work(n + len(town.ends.street), len(net.heads))
    link, dist = np.full(n, np.int32(-1)), np.full(n + 1, np.inf)  # the last node is none
    for row in range(begin, end):
        facility = first + row
        count = settle(net, dist, link, work, _seeded(town, facility, dist, link, work))
        for i in range(len(origins.street)):
            near = origins.seconds[i, 0] + dist[origins.node[i, 0]]
            far = origins.seconds[i, 1] + dist[origins.node[i, 1]]
            reached[row, i] = min(near, far) <= net.limit
        _directly(town, facility, reached[row])
        for k in range(count):
            dist[work.order[k]] = np.inf


@njit(cache=True, nogil=True)
def _seeded(
    town: _Town, facility: int, dist: Floats, link: Ints, work: Work
) -> int:  # pragma: no cover
    """Put the ends of all points of a facility into the heap; return how many it holds."""
    ends, size = town.ends, 0
    for k in range(town.offsets[facility], town.offsets[facility + 1]):
        for side in range(2):
            node, far = ends.node[k, side], ends.seconds[k, side]
            if node < len(link) and far <= town.net.limit and far < dist[node]:
                dist[node] = far
                link[node] = -1
                size = push(work, size, far, node)
    return size


@njit(cache=True, nogil=True)
def _directly(town: _Town, facility: int, reached: Flags) -> None:  # pragma: no cover
    """Add the origins that reach a facility along the street both are on."""
    offsets, order = town.by_street
    for k in range(town.offsets[facility], town.offsets[facility + 1]):
        street = town.ends.street[k]
        if street < 0:
            continue
        for place in range(offsets[street], offsets[street + 1]):
            i = order[place]
            if direct(town.origins, i, town.ends, k, town.along) <= town.net.limit:
                reached[i] = True


@njit(cache=True, nogil=True)
def _add(reached: Flags, weight: Floats, column: Ints, total: Floats) -> None:  # pragma: no cover
    """Add the weight of each facility to the origins that reach it, facility by facility."""
    for f in range(len(weight)):
        for i in range(len(total)):
            if reached[f, i]:
                total[i, column[f]] += weight[f]
