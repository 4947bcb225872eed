"""The same link in the networks of two modes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from twin.mobility.network.links import Ints
    from twin.mobility.tables import ModeNetwork


def matched(network: ModeNetwork, other: ModeNetwork) -> Ints:
    """
    Return for each link of `network` the same street or turn in `other`, -1 where it has none.

    Cars and lorries take the same junctions apart: what is missing is closed to the other.
    """
    keys = [pd.MultiIndex.from_arrays(_keys(one)) for one in (network, other)]
    return np.asarray(keys[1].get_indexer(keys[0]), np.int32)


def _keys(network: ModeNetwork) -> list[Ints]:
    """Return what tells a link from all others: its street, else the streets it turns between."""
    graph, n = network.graph, network.graph.n
    own = np.arange(n, dtype=np.int32)  # junctions: themselves
    kind = np.zeros(n, np.int32)
    rows = len(network.out_nodes)
    ends = np.flatnonzero(network.in_nodes >= rows)
    own[network.in_nodes[ends]], kind[network.in_nodes[ends]] = ends, 1
    streets = np.flatnonzero(network.street >= 0)
    for code, nodes in ((2, graph.heads[streets]), (3, graph.tails[streets])):
        part = (nodes >= rows) & (kind[nodes] == 0)  # a node of one street at a junction with rules
        own[nodes[part]], kind[nodes[part]] = network.street[streets][part], code
    tails, heads = graph.tails, graph.heads
    ends_of_turns = [own[tails], kind[tails], own[heads], kind[heads]]
    inside = network.street < 0
    return [network.street, *(np.where(inside, values, -1) for values in ends_of_turns)]
