"""From zone to zone: the cheapest way through the connectors, and what adds up along it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from twin.mobility.paths.search import NONE, Net, make_work, push, settle
from twin.mobility.paths.threads import in_rows
from twin.mobility.paths.ways import net_of, nodes_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from twin.mobility.tables import ModeNetwork

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]

LEAST_MINUTES = 1.0  # a trip inside a zone takes at least this
LEAST_METRES = 100.0  # and is at least this long


class Connectors(NamedTuple):
    """Connectors sorted by zone: those of zone i are `offsets[i]:offsets[i + 1]`."""

    offsets: Ints  # (z + 1,)
    node: Ints  # where ways begin, -1 where none may
    end: Ints  # where they arrive: another node where the two carriageways of a gate are apart
    cost: Floats


def connectors_of(table: pd.DataFrame, z: int) -> Connectors:
    """Return connectors sorted by zone, as the kernels take them; their cost is in seconds."""
    zone = table["zone"].to_numpy(np.int64)
    order = np.argsort(zone, kind="stable")
    offsets = np.searchsorted(zone[order], np.arange(z + 1)).astype(np.int32)
    node = np.ascontiguousarray(table["node"].to_numpy()[order], np.int32)
    end = node
    if "in_node" in table:
        end = np.ascontiguousarray(table["in_node"].to_numpy()[order], np.int32)
    return Connectors(offsets, node, end, table["seconds"].to_numpy(np.float64)[order])


def zone_skims(
    network: ModeNetwork,
    cost: ArrayLike,
    connectors: pd.DataFrame,
    z: int,
    *,
    along: Mapping[str, ArrayLike] | None = None,
) -> dict[str, Floats]:
    """
    Return "cost" and each of `along` from zone to zone (z, z), summed along the cheapest way.

    `cost` is by link in seconds (or generalised seconds: the connectors' seconds are added); of
    several connectors the cheapest pair counts. inf where there is no way. Inside a zone: half of
    what it is to the nearest other zone by cost, at least 60 s and 100 m; a zone that reaches no
    other has these least values. In `along` names that begin with `length` or `km` are lengths
    (metres, kilometres) and get the metres; other values have no least.
    """
    names = list(along or {})
    values = [np.asarray((along or {})[name], np.float64) for name in names]
    net = net_of(network.graph, cost)
    found = connectors_of(connectors, z)
    for nodes in (found.node, found.end):  # -1 where one direction is shut
        nodes_of(network.graph, nodes[nodes >= 0])
    columns = np.ascontiguousarray(np.stack(values)) if values else np.empty((0, network.graph.m))
    costs, sums = np.empty((z, z)), np.empty((len(names), z, z))
    in_rows(lambda a, b: _rows(net, found, columns, (a, b), costs, sums), z)
    fill_diagonal(costs, dict(zip(names, sums, strict=True)))
    return {"cost": costs, **dict(zip(names, sums, strict=True))}


def fill_diagonal(cost: Floats, along: Mapping[str, Floats]) -> None:
    """Write half of what it is to the nearest other zone into the diagonals of new skims."""
    z = len(cost)
    np.fill_diagonal(cost, np.inf)
    if z == 0:
        return
    near, rows = np.argmin(cost, axis=1), np.arange(z)
    alone = ~np.isfinite(cost[rows, near])
    for name, values in along.items():
        own = np.where(alone, 0.0, values[rows, near] / 2)
        np.fill_diagonal(values, np.maximum(own, _least(name)))
    own = np.where(alone, 0.0, cost[rows, near] / 2)
    np.fill_diagonal(cost, np.maximum(own, 60 * LEAST_MINUTES))


def _least(name: str) -> float:
    if name.startswith("km"):
        return LEAST_METRES / 1000
    return LEAST_METRES if name.startswith("length") else 0.0


@njit(cache=True, nogil=True)
def _rows(
    net: Net,
    zones: Connectors,
    columns: Floats,
    rows: tuple[int, int],
    costs: Floats,
    sums: Floats,
) -> None:  # pragma: no cover
    n = len(net.offsets) - 1
    work = make_work(n + len(zones.node), len(net.heads))
    link = np.empty(n, np.int32)
    for zone in range(rows[0], rows[1]):
        dist, size = np.full(n, np.inf), NONE
        link[:] = -1
        for k in range(zones.offsets[zone], zones.offsets[zone + 1]):
            node = zones.node[k]
            if node >= 0 and zones.cost[k] < dist[node]:
                dist[node] = zones.cost[k]
                size = push(work, size, zones.cost[k], node)
        settle(net, dist, link, work, size)
        for other in range(len(costs)):
            best, end = np.inf, -1
            for k in range(zones.offsets[other], zones.offsets[other + 1]):
                far = dist[zones.end[k]] + zones.cost[k] if zones.end[k] >= 0 else np.inf
                if far < best:
                    best, end = far, zones.end[k]
            costs[zone, other] = best
            _sum_along(net, columns, link, end, sums[:, zone, other])


@njit(cache=True, nogil=True)
def _sum_along(
    net: Net, columns: Floats, link: Ints, end: int, total: Floats
) -> None:  # pragma: no cover
    """Add up every column along the way that ends at a node; inf where there is none (-1)."""
    total[:] = 0.0 if end >= 0 else np.inf
    while end >= 0 and link[end] >= 0:
        for k in range(len(columns)):
            total[k] += columns[k, link[end]]
        end = net.tails[link[end]]
