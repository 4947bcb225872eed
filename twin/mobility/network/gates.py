"""Gates: where roads leave the extract, and with them traffic from and to elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components
from scipy.spatial import cKDTree

from twin.mobility.graph import graph_of
from twin.mobility.network.build import main_part
from twin.mobility.network.capacity import capacities
from twin.mobility.network.links import by_category, ends_of, flags

if TYPE_CHECKING:
    import geopandas as gpd

    from twin.assumptions import Assumptions
    from twin.mobility.network.links import Flags, Ints
    from twin.mobility.tables import ModeNetwork

COLUMNS = ("x", "y", "node_id", "out_node_id", "in_node_id", "ref", "class", "weight")
SAME_ROAD = 3.0
"""Carriageways of one road number are one gate up to this many times farther apart."""


def gates(
    streets: gpd.GeoDataFrame, nodes: gpd.GeoDataFrame, given: Assumptions
) -> gpd.GeoDataFrame:
    """
    Return the gates of a town, index gate id: x, y, node_id, out_node_id, in_node_id, weight ...

    A gate stands where a road of the greater classes (those with a `network.gate_use`) meets a
    junction at the edge of the extract, if the road leads to the main part of the town's streets or
    comes from it. Parallel carriageways are one gate: trips into the town begin at `out_node_id`,
    trips out of it end at `in_node_id`; one of them is missing where the road has one direction.
    `weight` is the capacity over the edge [veh/h, both directions] times the part of it that
    through and commuter traffic uses by class. A town without such roads has no gates.
    """
    ways = _ways_over_edge(streets, nodes, given)
    if not len(ways):
        return pd.DataFrame({name: [] for name in COLUMNS}, index=pd.Index([], name="gate_id"))
    ways["gate"] = _merged(ways, given["network.one_gate_within"])
    ways = ways.sort_values(["gate", "weight", "node_id"], ascending=[True, False, True])
    first = ways.groupby("gate").first()
    by_side = {
        side: ways[ways["inward"] == inward].groupby("gate")["node_id"].first()
        for side, inward in (("out_node_id", True), ("in_node_id", False))
    }
    out = pd.DataFrame(
        {
            "x": first["x"], "y": first["y"], "node_id": first["node_id"],
            **{side: found.reindex(first.index) for side, found in by_side.items()},
            "ref": first["ref"], "class": first["class"],
            "weight": _capacity(ways),
        }
    )  # fmt: skip
    out.index = pd.Index("gate:" + out["node_id"].astype(str), name="gate_id")
    return out.sort_index()


def _capacity(ways: pd.DataFrame) -> pd.Series[float]:
    """Return the weight of each gate; a road that winds over the edge counts once a direction."""
    road = ways["ref"].where(ways["ref"].notna(), ways["node_id"])
    once = ways.groupby(["gate", "inward", road.rename("road")])["weight"].max()
    return once.groupby("gate").sum()


def _ways_over_edge(
    streets: gpd.GeoDataFrame, nodes: gpd.GeoDataFrame, given: Assumptions
) -> pd.DataFrame:
    """Return one row for each direction of a road over the edge."""
    use = by_category(given, "network.gate_use", streets["class"])
    tail, head = ends_of(streets, nodes)
    car = flags(streets, "allow_car") & (tail >= 0) & (head >= 0)
    edge = flags(nodes, "is_boundary")
    from_main, to_main = _connected(streets, tail, head, car)
    rows = []
    for inward, here, there, linked in (
        (True, tail, head, to_main),
        (False, head, tail, from_main),
    ):
        row = np.flatnonzero(car & (use > 0) & edge[here] & ~edge[there] & linked[there])
        row = np.union1d(
            row,
            np.flatnonzero(
                car & (use > 0) & edge[here] & edge[there] & linked[there] & linked[here]
            ),
        )
        own = streets.iloc[row]
        point = nodes.geometry.to_numpy()[here[row]]
        weight = capacities(own, given)[0] * use[row] if len(row) else np.zeros(0)
        rows.append(
            pd.DataFrame(
                {
                    "inward": inward, "node_id": nodes.index[here[row]],
                    "x": shapely.get_x(point), "y": shapely.get_y(point), "weight": weight,
                    "class": own["class"].astype(str).to_numpy(object),
                    "ref": own["ref"].to_numpy(object),
                }
            )
        )  # fmt: skip
    return pd.concat(rows, ignore_index=True)


def _connected(streets: pd.DataFrame, tail: Ints, head: Ints, car: Flags) -> tuple[Flags, Flags]:
    """Return which nodes can be reached from the main part of the streets, and can reach it."""
    n = int(max(tail.max(initial=0), head.max(initial=0))) + 1
    graph = graph_of(tail[car], head[car], n)
    length = streets["length_m"].to_numpy(float)[car][graph.order]
    main = main_part(graph, length, np.zeros(graph.m, dtype=bool))
    out = np.zeros((2, n), dtype=bool)
    if main.any():
        seed = int(graph.tails[main][0])
        matrix = csr_array((np.ones(graph.m, np.int8), graph.heads, graph.offsets), shape=(n, n))
        for side, directed in enumerate((matrix, matrix.T.tocsr())):
            out[side, breadth_first_order(directed, seed, return_predecessors=False)] = True
    return out[0], out[1]


def _merged(ways: pd.DataFrame, within: float) -> Ints:
    """Return the number of the gate of each way: near ones are one, of one road number farther."""
    xy = ways[["x", "y"]].to_numpy(float)
    pairs = cKDTree(xy).query_pairs(SAME_ROAD * within, output_type="ndarray")
    away = np.hypot(*(xy[pairs[:, 0]] - xy[pairs[:, 1]]).T)
    ref = ways["ref"].to_numpy(object)
    same = (ref[pairs[:, 0]] == ref[pairs[:, 1]]) & ~pd.isna(ref[pairs[:, 0]])
    pairs = pairs[(away <= within) | same]
    size = len(ways)
    graph = csr_array(
        (np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(size, size)
    )
    return np.asarray(connected_components(graph, directed=False)[1], np.int32)


def gate_connectors(
    network: ModeNetwork, nodes: pd.DataFrame, gates: pd.DataFrame, first: int
) -> pd.DataFrame:
    """
    Return the connectors of gates, in the form of those of zones; the first gate is zone `first`.

    Gates that the mode cannot use have no row; one of `node` and `in_node` is -1 where only one
    direction can be used.
    """
    sides = {}
    for column, ends in (("out_node_id", network.out_nodes), ("in_node_id", network.in_nodes)):
        row = nodes.index.get_indexer(pd.Index(gates[column]))
        sides[column] = np.where(row >= 0, ends[row], -1).astype(np.int32)
    out = pd.DataFrame(
        {
            "zone": np.arange(first, first + len(gates), dtype=np.int32),
            "node": sides["out_node_id"],
            "in_node": sides["in_node_id"],
            "weight": 1.0,
            "seconds": 0.0,
        }
    )
    return out[(out["node"] >= 0) | (out["in_node"] >= 0)].reset_index(drop=True)
