"""Names of links and nodes that outlive an edit of the streets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.mobility.tables import ModeNetwork


def link_keys(network: ModeNetwork) -> pd.Index[str]:
    """Return the id of a street link's street, for turns the streets or junctions they join."""
    names, graph = node_names(network), network.graph
    keys = names[graph.tails] + ">" + names[graph.heads]
    there = network.street >= 0
    keys[there] = network.street_ids.to_numpy(object)[network.street[there]]
    return pd.Index(numbered(pd.Series(keys, dtype=object)))


def node_names(network: ModeNetwork) -> NDArray[np.object_]:
    """
    Return a name of each node that outlives an edit.

    Junctions have that of their row; the nodes of one that is taken apart have that of the one
    street that comes in or goes out there, ends of ways that of the junction.
    """
    graph, count = network.graph, len(network.out_nodes)
    names = network.node_ids.to_numpy(object).astype(object)
    inner = np.arange(graph.n) >= count
    names[inner] = "end:" + names[inner]
    ids = network.street_ids.to_numpy(object)
    for mark, node in (("<", graph.tails), (">", graph.heads)):
        mine = (network.street >= 0) & inner[node]
        names[node[mine]] = mark + ids[network.street[mine]]
    return names


def numbered(keys: pd.Series[str]) -> NDArray[np.object_]:
    """Return keys made unique by a number behind those that came before."""
    again = keys.groupby(keys).cumcount().to_numpy()
    names = keys.to_numpy(object).copy()
    twice = again > 0
    names[twice] = names[twice] + "#" + again[twice].astype(str).astype(object)
    return names
