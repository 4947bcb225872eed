"""From zone to zone: the cheapest way through the connectors, and what adds up along it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from twin.mobility.graph import graph_of
from twin.mobility.paths.contraction import contracted
from twin.mobility.paths.mending import mend_rows
from twin.mobility.paths.search import Net, make_work, search
from twin.mobility.paths.threads import in_rows
from twin.mobility.paths.ways import net_of, nodes_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from twin.mobility.paths.contraction import Contraction
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


@dataclass(frozen=True, eq=False)
class ZoneNet:
    """
    A network that zones are joined to, made small: nodes 0 to z - 1 are the zones.

    It depends on streets and connectors alone, not on costs.
    """

    count: int  # zones
    small: Contraction
    offsets: Ints  # of the small graph
    order: Ints  # (m,) place of each link of the full graph: those of the network come first
    seconds: Floats  # of the connectors, in their order

    def along(self, streets: Floats, connectors: Floats) -> Floats:
        """Return values of the network's links and of the connectors, summed by small link."""
        values = np.concatenate([streets, connectors])[self.order][self.small.member]
        first = self.small.first[:-1]
        return np.add.reduceat(values, first) if len(first) else np.zeros(0)


def zone_net(network: ModeNetwork, connectors: pd.DataFrame, z: int) -> ZoneNet:
    """Return what `zone_skims` searches on; for several skims of the same streets."""
    node = connectors["node"].to_numpy(np.int32)
    end = connectors["in_node"].to_numpy(np.int32) if "in_node" in connectors else node
    for nodes in (node, end):  # -1 where one direction is shut
        nodes_of(network.graph, nodes[nodes >= 0])
    zone = connectors["zone"].to_numpy(np.int32)
    seconds = connectors["seconds"].to_numpy(np.float64)
    out, back = node >= 0, end >= 0
    graph = graph_of(
        np.concatenate([network.graph.tails + z, zone[out], end[back] + z]),
        np.concatenate([network.graph.heads + z, node[out] + z, zone[back]]),
        network.graph.n + z,
    )
    small = contracted(graph, z)
    offsets = np.searchsorted(small.tails, np.arange(small.nodes + 1)).astype(np.int32)
    both = np.concatenate([seconds[out], seconds[back]])
    return ZoneNet(z, small, offsets, graph.order, both)


def zone_skims(
    network: ModeNetwork,
    cost: ArrayLike,
    connectors: pd.DataFrame,
    z: int,
    *,
    along: Mapping[str, ArrayLike] | None = None,
    net: ZoneNet | None = None,
) -> dict[str, Floats]:
    """
    Return "cost" and each of `along` from zone to zone (z, z), summed along the cheapest way.

    `cost` is by link in seconds (or generalised seconds: the connectors' seconds are added); of
    several connectors the cheapest pair counts. inf where there is no way. Inside a zone: half of
    what it is to the nearest other zone by cost, at least 60 s and 100 m; a zone that reaches no
    other has these least values. In `along` names that begin with `length` or `km` are lengths
    (metres, kilometres) and get the metres; other values have no least. `net` is that of
    `zone_net` where it is at hand.
    """
    names = list(along or {})
    net = net or zone_net(network, connectors, z)
    small = _costed(network, cost, net)
    columns = np.empty((len(names), len(net.small.tails)))
    for place, name in enumerate(names):
        values = np.asarray((along or {})[name], np.float64)
        columns[place] = net.along(values, np.zeros(len(net.seconds)))
    costs, sums = np.empty((z, z)), np.empty((len(names), z, z))
    in_rows(lambda a, b: _rows(small, columns, (a, b), costs, sums), z)
    fill_diagonal(costs, dict(zip(names, sums, strict=True)))
    return {"cost": costs, **dict(zip(names, sums, strict=True))}


def zone_costs(network: ModeNetwork, cost: ArrayLike, net: ZoneNet, trees: Ints) -> Floats:
    """
    Return "cost" of `zone_skims` alone, starting from the trees of other costs.

    `trees` (z, nodes of the small graph) hold the last link of each way, -1 for none, and are
    overwritten by those found; the costs do not depend on them.
    """
    small, z = _costed(network, cost, net), net.count
    costs = np.empty((z, z))
    in_rows(lambda a, b: mend_rows(small, a, trees[a:b], costs[a:b]), z)
    fill_diagonal(costs, {})
    return costs


def _costed(network: ModeNetwork, cost: ArrayLike, net: ZoneNet) -> Net:
    """Return the small graph with its costs; what no cost can be is refused."""
    given = net_of(network.graph, cost).costs
    small = net.small
    costs = np.ascontiguousarray(net.along(given, net.seconds))
    return Net(net.offsets, small.tails, small.heads, costs, net.count, np.inf)


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
    net: Net, columns: Floats, rows: tuple[int, int], costs: Floats, sums: Floats
) -> None:  # pragma: no cover
    n = len(net.offsets) - 1
    work = make_work(n, len(net.heads))
    link, dist = np.empty(n, np.int32), np.empty(n)
    for zone in range(rows[0], rows[1]):
        dist[:] = np.inf
        link[:] = -1
        search(net, zone, dist, link, work)
        for other in range(len(costs)):
            costs[zone, other] = dist[other]
            if len(columns) > 0:
                _sum_along(net, columns, link, other, sums[:, zone, other])


@njit(cache=True, nogil=True)
def _sum_along(
    net: Net, columns: Floats, link: Ints, end: int, total: Floats
) -> None:  # pragma: no cover
    """Add up every column along the way that ends at a node; inf where there is none."""
    total[:] = 0.0 if link[end] >= 0 else np.inf
    while link[end] >= 0:
        for k in range(len(columns)):
            total[k] += columns[k, link[end]]
        end = net.tails[link[end]]
