"""Shortest ways on a graph with one cost a link."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from twin.errors import ModelError
from twin.mobility.paths.search import Net, nearest_rows, reach_rows, tree_rows
from twin.mobility.paths.threads import in_rows

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from twin.mobility.graph import Graph

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]

BLOCK = 30_000  # nodes searched that are worth a thread


class Reach(NamedTuple):
    """What each source reaches: those of source i are `offsets[i]:offsets[i + 1]`."""

    offsets: NDArray[np.int64]
    nodes: Ints
    costs: Floats


def net_of(graph: Graph, costs: ArrayLike, *, limit: float = np.inf, through: int = 0) -> Net:
    """
    Return a graph with its costs as the kernels take them.

    Costs are one a link of `graph`, >= 0; inf closes a link. `ModelError` for anything else.
    """
    values = np.ascontiguousarray(costs, np.float64)
    if values.shape != (graph.m,):
        template = "There are {given} costs for {links} links."
        hint = "Give one cost for each link of the graph."
        raise ModelError(template, hint=hint, given=values.size, links=graph.m)
    bad = np.flatnonzero(~(values >= 0))
    if len(bad):
        template = (
            "{count} links have a cost that is negative or no number, the first is link {link}."
        )
        hint = "Costs of a way are 0 or more; a closed link costs infinity."
        raise ModelError(template, hint=hint, count=len(bad), link=int(bad[0]))
    return Net(graph.offsets, graph.tails, graph.heads, values, int(through), float(limit))


def nodes_of(graph: Graph, nodes: ArrayLike) -> Ints:
    """Return node numbers as the kernels take them; `ModelError` for one the graph has not."""
    found = np.atleast_1d(np.asarray(nodes))
    if len(found) and (found.min() < 0 or found.max() >= graph.n):
        template = "There is no node {node} in a graph of {n} nodes."
        hint = "Nodes are numbered from 0."
        wrong = found[(found < 0) | (found >= graph.n)][0]
        raise ModelError(template, hint=hint, node=int(wrong), n=graph.n)
    return np.ascontiguousarray(found, np.int32)


def distances(
    graph: Graph, costs: ArrayLike, sources: ArrayLike, *, limit: float = np.inf
) -> Floats:
    """
    Return the cost of the cheapest way from each source to every node (s, n).

    inf where there is no way, or none up to `limit` (itself allowed). Equal to the last bit with
    any number of threads. For many small searches `reach` needs less room.
    """
    net, nodes = net_of(graph, costs, limit=limit), nodes_of(graph, sources)
    dist, none = np.empty((len(nodes), graph.n)), np.empty((0, graph.n), np.int32)
    in_rows(
        lambda a, b: tree_rows(net, nodes[a:b], dist[a:b], none),
        len(nodes), least=_least(graph),
    )  # fmt: skip
    return dist


def trees(graph: Graph, costs: ArrayLike, sources: ArrayLike) -> tuple[Floats, Ints]:
    """
    Return the cheapest ways from each source: cost (s, n) and the last link (s, n).

    The link is -1 at the source and where there is no way.
    """
    net, nodes = net_of(graph, costs), nodes_of(graph, sources)
    dist = np.empty((len(nodes), graph.n))
    link = np.empty((len(nodes), graph.n), np.int32)
    in_rows(
        lambda a, b: tree_rows(net, nodes[a:b], dist[a:b], link[a:b]),
        len(nodes), least=_least(graph),
    )  # fmt: skip
    return dist, link


def reach(graph: Graph, costs: ArrayLike, sources: ArrayLike, *, limit: float = np.inf) -> Reach:
    """Return the nodes each source reaches up to `limit`, nearest first: `distances` made short."""
    net, nodes = net_of(graph, costs, limit=limit), nodes_of(graph, sources)
    parts = in_rows(lambda a, b: reach_rows(net, nodes[a:b]), len(nodes), least=16)
    counts = np.concatenate([part[0] for part in parts])
    return Reach(
        np.concatenate([[0], np.cumsum(counts, dtype=np.int64)]),
        np.concatenate([part[1] for part in parts]),
        np.concatenate([part[2] for part in parts]),
    )


def nearest(
    graph: Graph,
    costs: ArrayLike,
    seeds: ArrayLike,
    seed_costs: ArrayLike | None = None,
    *,
    limit: float = np.inf,
) -> tuple[Floats, Ints]:
    """
    Return for every node the cost (n,) from the seed it is cheapest from, and that seed's place.

    A way begins with the seed's own cost (0 where none are given). Seeds may share a node; the
    cheaper counts, of equal ones the first. -1 and inf where no seed reaches. For the cost to the
    nearest, search on `graph.reversed()`.
    """
    net, nodes = net_of(graph, costs, limit=limit), nodes_of(graph, seeds)
    begin = np.zeros(len(nodes)) if seed_costs is None else np.asarray(seed_costs, np.float64)
    if begin.shape != nodes.shape or not np.all(begin >= 0):
        template = "The costs of {count} seeds must be as many numbers of 0 or more."
        raise ModelError(template, count=len(nodes))
    dist, label = nearest_rows(net, nodes, np.ascontiguousarray(begin))
    return dist, label


def way(graph: Graph, link_row: Ints, target: int) -> Ints:
    """
    Return the links of the way to a node in the order they are driven.

    `link_row` is one row of `trees`. Empty at the source and where there is no way.
    """
    links = []
    node = int(target)
    while (link := int(link_row[node])) >= 0:
        links.append(link)
        node = int(graph.tails[link])
    return np.array(links[::-1], np.int32)


def _least(graph: Graph) -> int:
    """Return how many full searches are worth a thread."""
    return 1 + BLOCK // max(1, graph.n)
