"""The street network and the tables that hang on it: nodes, points, turn restrictions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from layers.osm.barriers import barriers_of
from layers.osm.built_up import built_up
from layers.osm.extent import extent
from layers.osm.findings import finding
from layers.osm.network import Network, build_network, node_names
from layers.osm.points import node_control, street_points
from layers.osm.reach import islands, with_reach
from layers.osm.tags import among
from layers.osm.turns import nodes_to_keep, read_restrictions, turns
from layers.osm.ways import road_ways, roads

if TYPE_CHECKING:
    from layers.osm.raw import RawOsm
    from twin.provenance import Finding


def streets(
    raw: RawOsm, landuse: pd.DataFrame, buildings: pd.DataFrame, *, crs: str
) -> tuple[dict[str, pd.DataFrame], list[Finding]]:
    """Return the tables streets, nodes, street_points and turns."""
    ways, findings = road_ways(raw, built_up(roads(raw), landuse, buildings))
    restrictions, barriers = read_restrictions(raw.relations), barriers_of(raw)
    network = build_network(ways, barriers, nodes_to_keep(restrictions, ways))
    links = with_reach(network.links)
    turn_table, turn_findings = turns(restrictions, network)
    points, point_findings = street_points(raw, network, barriers)
    nodes = _nodes(network, raw, crs)
    nodes["control"] = node_control(nodes, points, network)
    tables = {"streets": links, "nodes": nodes, "street_points": points, "turns": turn_table}
    reach_findings = _reach_findings(links, nodes)
    return tables, [*findings, *turn_findings, *point_findings, *reach_findings]


def _nodes(network: Network, raw: RawOsm, crs: str) -> pd.DataFrame:
    """Return the junctions with how many streets meet and whether the extract ends there."""
    numbers = network.node_xy.index.to_numpy()
    names = node_names(numbers)
    links = network.links
    one_each = links[links["forward"] | links["reverse_id"].isna()]
    ends = pd.concat([one_each["from_node"], one_each["to_node"]]).value_counts()
    degree = ends.reindex(names).fillna(0).to_numpy(dtype=float)
    points = np.asarray(shapely.points(network.node_xy[["x", "y"]].to_numpy()))
    cut = np.isin(numbers, network.vertices.cut)
    outside = (degree == 1) & ~extent(raw, network.vertices, crs).contains(points)
    return pd.DataFrame(
        {
            "control": "none",
            "is_boundary": cut | outside,
            "degree": degree.clip(max=50),
            "geometry": points,
        },
        index=names,
    )


def _reach_findings(links: pd.DataFrame, nodes: pd.DataFrame) -> list[Finding]:
    """Count, for each mode, islands of the network and links one cannot leave or reach."""
    codes = pd.factorize(pd.concat([links["from_node"], links["to_node"]]))[0]
    start, end = codes[: len(links)], codes[len(links) :]
    cut = nodes.index[nodes["is_boundary"]]
    at_edge = among(links["from_node"], cut) | among(links["to_node"], cut)
    out = finding(
        "cut_street", "nodes", list(cut), "{count} of {total} junctions are where the extract cuts "
        "a street.", severity="info", total=len(nodes),
    )  # fmt: skip
    for mode in ("car", "bike", "walk"):
        reach = links[f"{mode}_reach"].to_numpy(dtype=object)
        total = int((reach != "not_allowed").sum())
        pieces = islands(start, end, reach)
        for kind, message in _REACH_MESSAGES.items():
            seen = links.index[reach == kind]
            out += finding(
                f"{mode}_{kind}", "streets", list(seen), message, severity="info", total=total,
                column=f"{mode}_reach",
            )  # fmt: skip
        edge = links.index[at_edge & np.isin(reach, ["only_in", "only_out"])]
        message = (
            "{column}: {count} of {total} links lead out of the extract or into it and not back."
        )
        out += finding(
            f"{mode}_edge_sink", "streets", list(edge), message, severity="info", total=total,
            column=f"{mode}_reach",
        )  # fmt: skip
        message = "{column}: there are {count} islands apart from the main part."
        out += finding(
            f"{mode}_islands", "streets", list(links.index[pieces]), message,
            severity="info", column=f"{mode}_reach",
        )  # fmt: skip
    return out


_REACH_MESSAGES = {
    "island": "{column}: {count} of {total} links lie on islands.",
    "only_in": "{column}: {count} of {total} links can be entered but not left again.",
    "only_out": "{column}: {count} of {total} links can be left but not entered.",
}
