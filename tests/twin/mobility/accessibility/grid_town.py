"""A town of square blocks whose minutes are worked out in the head."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import LineString, Point

from twin.mobility.graph import graph_of
from twin.mobility.tables import Access, ModeNetwork

CRS = "EPSG:25832"
BLOCK_M, BLOCK_S = 120.0, 60.0  # a block is a minute: 2 m/s


def grid_streets(side, *, one_way=()):
    """Give streets and nodes of side x side junctions; `one_way` lack the way back."""
    rows = []
    for y in range(side):
        for x in range(side):
            here = y * side + x
            for there, inside in ((here + 1, x + 1 < side), (here + side, y + 1 < side)):
                if inside:
                    rows.append((here, there))
                    if (here, there) not in one_way:
                        rows.append((there, here))
    at = [Point(BLOCK_M * (k % side), BLOCK_M * (k // side)) for k in range(side * side)]
    streets = gpd.GeoDataFrame(
        {
            "from_node": [f"n{a}" for a, _ in rows],
            "to_node": [f"n{b}" for _, b in rows],
            "length_m": BLOCK_M,
        },
        index=[f"s{a}-{b}" for a, b in rows],
        geometry=[LineString([at[a], at[b]]) for a, b in rows],
        crs=CRS,
    )
    nodes = gpd.GeoDataFrame(index=[f"n{k}" for k in range(side * side)], geometry=at, crs=CRS)
    return streets, nodes


def network_of(streets, nodes, *, mode="walk", seconds=BLOCK_S):
    """Give the network of these streets: every block takes the same."""
    number = {name: place for place, name in enumerate(nodes.index)}
    tails, heads = (streets[c].map(number).to_numpy() for c in ("from_node", "to_node"))
    graph = graph_of(tails, heads, len(nodes))
    m = graph.m
    every = np.arange(len(nodes), dtype=np.int32)
    time = np.broadcast_to(np.asarray(seconds, float), (m,)).copy()
    return ModeNetwork(
        mode=mode, graph=graph, street=graph.order.copy(), street_ids=streets.index,
        node_ids=nodes.index, out_nodes=every, in_nodes=every,
        length_m=streets["length_m"].to_numpy()[graph.order], time_s=time,
        capacity_vehh=np.full(m, np.inf), alpha=np.zeros(m), beta=np.ones(m),
        gradient_percent=np.zeros(m), cost=time, main=np.ones(m, bool),
        x=nodes.geometry.x.to_numpy(), y=nodes.geometry.y.to_numpy(),
        lines=streets.geometry.to_numpy(), reverse=opposite_of(streets),
    )  # fmt: skip


def opposite_of(streets):
    """Give the row of the other direction of each street, -1 where it is one-way."""
    turned = streets["to_node"] + streets["from_node"]
    here = pd.Index(streets["from_node"] + streets["to_node"])
    return here.get_indexer(turned).astype(np.int32)


def meeting(network, rows, shares, detours=0.0, ids=None):
    """Give where points meet the network: rows of streets, share from the start, detour [s]."""
    graph, rows, shares = network.graph, np.asarray(rows), np.asarray(shares, float)
    detour = np.broadcast_to(np.asarray(detours, float), shares.shape).copy()
    link = np.full(len(network.street_ids), -1)
    link[network.street] = np.arange(graph.m)
    back = np.where(network.reverse[rows] >= 0, link[network.reverse[rows]], -1)
    way, p = link[rows], len(rows)
    node, seconds = np.full((p, 2), -1, np.int32), np.full((p, 2), np.inf)
    in_node, in_seconds = node.copy(), seconds.copy()
    node[:, 1], in_node[:, 0] = graph.heads[way], graph.tails[way]
    seconds[:, 1] = detour + (1 - shares) * network.time_s[way]
    in_seconds[:, 0] = detour + shares * network.time_s[way]
    two = back >= 0
    node[two, 0], in_node[two, 1] = graph.heads[back[two]], graph.tails[back[two]]
    seconds[two, 0] = detour[two] + shares[two] * network.time_s[back[two]]
    in_seconds[two, 1] = detour[two] + (1 - shares[two]) * network.time_s[back[two]]
    names = pd.Index([f"p{k}" for k in range(p)] if ids is None else ids)
    return Access(names, node, seconds, rows.astype(np.int32), in_node, in_seconds, shares, detour)
