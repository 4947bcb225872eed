"""The network of bicycles with junctions where busy streets cannot be crossed without stress."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.mobility.tables import ModeNetwork

    Floats = NDArray[np.float64]
    Longs = NDArray[np.int64]
    Flags = NDArray[np.bool_]

SAFE_CONTROL = ("signals", "roundabout")
SAFE_POINTS = ("crossing_signals", "crossing_zebra", "signals")


@dataclass(frozen=True, eq=False)
class CalmGraph:
    """
    Links one may ride on.

    Node i is node i of the network's graph; behind them come the ends of calm streets at barriers,
    from where the other side is reached by a crossing.
    """

    n: int
    tails: Longs
    heads: Longs
    street: Longs  # row of the streets table, -1 for turns and crossings
    crossing: Longs  # node of the network's graph where one crosses, -1 for streets and turns
    length_m: Floats
    low: Flags  # of low stress; turns are


def link_levels(network: ModeNetwork, lts: pd.Series[float]) -> Floats:
    """Return the level by link of a network; missing where one may not ride, 1 for turns."""
    by_row = lts.reindex(network.street_ids).to_numpy(float)
    return np.where(network.street >= 0, by_row[network.street], 1.0)


def barriers(
    streets: pd.DataFrame,
    nodes: pd.DataFrame,
    lts: pd.Series[float],
    given: Assumptions,
    street_points: pd.DataFrame | None = None,
) -> pd.Series[bool]:
    """
    Return at which junctions (by id) a busy street cannot be crossed without stress.

    A street of `cycling.barrier_level` or more meets others there and neither signals, a roundabout
    nor a crossing for people on foot is at the junction itself.
    """
    busy = (lts.reindex(streets.index) >= given["cycling.barrier_level"]).to_numpy()
    ends = pd.concat([streets["from_node"][busy], streets["to_node"][busy]])
    found = nodes.index.isin(ends.unique()) & ~nodes["control"].isin(SAFE_CONTROL).to_numpy()
    if street_points is not None:
        safe = street_points.index[street_points["class"].isin(SAFE_POINTS).to_numpy()]
        found &= ~nodes.index.isin(safe)
    return pd.Series(found, nodes.index)


def calm_graph(
    network: ModeNetwork,
    lts: pd.Series[float],
    given: Assumptions,
    shut: pd.Series[bool] | None = None,
) -> CalmGraph:
    """Return the links one may ride on, calm streets cut off from the barriers they end at."""
    graph = network.graph
    level = link_levels(network, lts)
    ridden = np.flatnonzero(~np.isnan(level))
    street = network.street[ridden].astype(np.int64)
    low = level[ridden] <= given["cycling.low_stress"]
    tails, heads = graph.tails[ridden].astype(np.int64), graph.heads[ridden].astype(np.int64)
    at = np.zeros(graph.n, dtype=bool)
    if shut is not None:
        at = shut.reindex(network.node_ids).fillna(value=False).to_numpy(bool)
    back = street if network.reverse is None else network.reverse[street].astype(np.int64)
    line = np.where(back >= 0, np.minimum(street, back), street)  # one for both directions
    calm = low & (street >= 0)
    cut_tail, cut_head = calm & at[tails], calm & at[heads]
    key = np.concatenate(
        [line[cut_tail] * graph.n + tails[cut_tail], line[cut_head] * graph.n + heads[cut_head]]
    )
    stubs, number = np.unique(key, return_inverse=True)
    tails[cut_tail] = graph.n + number[: cut_tail.sum()]
    heads[cut_head] = graph.n + number[cut_tail.sum() :]
    hub, stub = stubs % graph.n, graph.n + np.arange(len(stubs))
    none = np.full(2 * len(stubs), -1, np.int64)
    half = np.full(len(none), given["cycling.crossing_length"] / 2)
    return CalmGraph(
        n=graph.n + len(stubs),
        tails=np.concatenate([tails, hub, stub]),
        heads=np.concatenate([heads, stub, hub]),
        street=np.concatenate([street, none]),
        crossing=np.concatenate([np.full(len(tails), -1, np.int64), hub, hub]),
        length_m=np.concatenate([network.length_m[ridden], half]),
        low=np.concatenate([low, np.zeros(len(none), dtype=bool)]),
    )
