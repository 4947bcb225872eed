"""Crossings, signals and barriers on streets, and how junctions are controlled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from layers.osm.findings import finding
from layers.osm.tags import among, classify, first_tag, table, tag

if TYPE_CHECKING:
    from layers.osm.barriers import Barriers
    from layers.osm.network import Network
    from layers.osm.raw import RawOsm
    from twin.provenance import Finding

SIGNALS_WITHIN_M = 30.0
"""A signal this close before a junction belongs to it (stop lines stand 5 to 25 m before)."""

Array = np.ndarray[Any, Any]


def street_points(
    raw: RawOsm, network: Network, barriers: Barriers
) -> tuple[pd.DataFrame, list[Finding]]:
    """Return points on streets with the link they lie on."""
    kind = classify(raw.nodes, table()["street_point"])
    barrier = tag(raw.nodes, "barrier").str.strip().str.lower()
    no_barrier = (kind["class"] == "barrier") & barrier.isin(table()["barrier"]["not_a_barrier"])
    numbers = np.array([int(key[5:]) for key in raw.nodes.index], dtype=np.int64)
    on_street = np.isin(numbers, network.vertices.node)
    chosen = (kind["class"].notna() & ~no_barrier).to_numpy(dtype=bool) & on_street
    nodes, numbers = raw.nodes[chosen], numbers[chosen]
    gates = np.isin(-numbers, network.vertices.node)
    stops = barriers.passes.index[~barriers.passes["car"]]
    out = pd.DataFrame(
        {
            "class": kind["class"][chosen],
            "detail": _detail(nodes, kind[chosen]),
            "link_id": _link_of(nodes, numbers, network),
            "blocks_car": gates & np.isin(numbers, stops),
            "geometry": nodes["geometry"],
        },
        index=nodes.index,
    )
    idle = np.isin(numbers, stops) & ~gates
    message = "{count} barriers stand on a junction; it cannot be told which street they close."
    return out, finding(
        "barrier_on_junction", "street_points", list(out.index[idle]), message, severity="info"
    )


def _detail(nodes: pd.DataFrame, kind: pd.DataFrame) -> pd.Series[Any]:
    """Return what is said beyond the class: kind of crossing, barrier, traffic calming."""
    crossing = first_tag(nodes, ("crossing", "crossing:markings", "crossing_ref"))
    is_crossing = kind["class"].str.startswith("crossing").fillna(value=False)
    return kind["detail"].astype("str").mask(is_crossing, crossing)


def _link_of(nodes: pd.DataFrame, numbers: Array, network: Network) -> pd.Series[Any]:
    """Return the link each node lies on; the one in the direction it is tagged for, if any."""
    vertices, edges, chains = network.vertices, network.edges, network.chains
    known, place = np.unique(vertices.node, return_index=True)
    at = place[np.searchsorted(known, numbers)]
    edge = np.searchsorted(edges.first, at, side="right") - 1
    edge = np.where(edges.last[edge] < at, np.minimum(edge + 1, len(edges) - 1), edge)
    gate = np.flatnonzero(edges.gates())
    on_gate = pd.Series(gate, index=np.abs(edges.start[gate])).reindex(numbers).to_numpy()
    edge = np.where(np.isnan(on_gate), edge, on_gate).astype(np.int64)
    faces = first_tag(nodes, ("traffic_signals:direction", "direction")).str.lower()
    backward = (faces == "backward").to_numpy(dtype=bool)
    forward = chains.along[edge] != backward
    name = network.name[chains.of_edge[edge]]
    one = pd.Series(
        [f"{n}:{'f' if f else 'b'}" for n, f in zip(name, forward, strict=True)], nodes.index
    )
    two = pd.Series(
        [f"{n}:{'b' if f else 'f'}" for n, f in zip(name, forward, strict=True)], nodes.index
    )
    return one.where(among(one, network.links.index), two).astype("str")


# ------------------------------------------------------------------------------- control


def node_control(nodes: pd.DataFrame, points: pd.DataFrame, network: Network) -> pd.Series[Any]:
    """
    Return how each junction is controlled, the strongest rule first.

    Signals, stop and give-way signs count at the junction itself or up to 30 m before it on a
    street that leads there. Priority to the right holds where only streets of a 30 km/h zone meet
    (StVO § 45 (1c)).
    """
    links = network.links
    ends = pd.DataFrame(
        {
            "node": pd.concat([links["from_node"], links["to_node"]]),
            "chain": pd.concat([links["chain"]] * 2),
        }
    ).drop_duplicates()
    control = pd.Series("none", index=nodes.index, dtype=object)
    junction = nodes["degree"] >= 3
    control[_zone_junctions(nodes.index, ends, network) & junction] = "priority_to_right"
    for kind in ("give_way", "stop"):
        control[among(control.index, _controlled(points, kind, nodes, links))] = kind
    ring = set(links.index[links["is_roundabout"]])
    at_ring = set(links.loc[list(ring), "from_node"]) | set(links.loc[list(ring), "to_node"])
    control[among(control.index, at_ring) & junction] = "roundabout"
    control[among(control.index, _controlled(points, "signals", nodes, links))] = "signals"
    return control


def _controlled(
    points: pd.DataFrame, kind: str, nodes: pd.DataFrame, links: pd.DataFrame
) -> set[str]:
    """Return the nodes that points of one class control."""
    signs = points[points["class"] == kind]
    at_node = among(signs.index, nodes.index)
    itself = set(signs.index[at_node])
    before = signs[~at_node].dropna(subset=["link_id"])
    here = before["geometry"].to_numpy(dtype=object)
    found, away = [], []
    for end in ("from_node", "to_node"):
        node = links[end].reindex(before["link_id"]).to_numpy(dtype=object)
        there = nodes["geometry"].reindex(node).to_numpy(dtype=object)
        real = nodes["degree"].reindex(node).to_numpy(dtype=float) >= 3
        found.append(node)
        away.append(np.where(real, shapely.distance(here, there), np.inf))
    nearer = np.where(away[0] <= away[1], found[0], found[1])
    return itself | set(nearer[np.minimum(*away) <= SIGNALS_WITHIN_M])


def _zone_junctions(index: pd.Index, ends: pd.DataFrame, network: Network) -> Array:
    """Tell at which nodes three or more streets of 30 km/h zones meet and no other street."""
    lead = network.edges.way[network.chains.lead]
    zone = network.ways["zone30"].to_numpy(dtype=bool)[lead]
    kind = network.ways["class"].to_numpy(dtype=object)[lead]
    streets = network.links.groupby("chain")["allow_car"].any().reindex(range(len(lead))).to_numpy()
    counts = streets & (kind != "service") & (kind != "track")
    rows = ends[counts[ends["chain"]]]
    by_node = pd.Series(zone[rows["chain"]]).groupby(rows["node"].to_numpy()).agg(["all", "size"])
    good = by_node["all"] & (by_node["size"] >= 3)
    return np.asarray(good.reindex(index).fillna(value=False).to_numpy(dtype=bool))
