"""Streets as directed links between junctions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from layers.osm.access import MODES, MOTOR
from layers.osm.tags import choose
from layers.osm.topology import (
    Chains,
    Edges,
    Vertices,
    chains_of,
    edges_of,
    ends_of,
    shapes_of,
    vertices_of,
)
from layers.osm.ways import COMMON, DIRECTED

if TYPE_CHECKING:
    from layers.osm.barriers import Barriers

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Network:
    """Links with what the tables beside them need to find their way about."""

    ways: pd.DataFrame
    vertices: Vertices
    edges: Edges
    chains: Chains
    name: Array  # of every chain, without direction: "osm:w1:0"
    links: pd.DataFrame  # directed; index "osm:w1:0:f"; columns of the streets table
    node_xy: pd.DataFrame  # index node id, columns x, y: the ends of links


def build_network(ways: pd.DataFrame, barriers: Barriers, keep_nodes: Array) -> Network:
    """
    Return links between real junctions, geometry kept, total length unchanged.

    Parameters
    ----------
    ways
        `layers.osm.ways.road_ways`.
    barriers
        Barriers on them; where one stops somebody, a short link of its own carries that.
    keep_nodes
        Node ids that must stay nodes (turn restrictions).
    """
    ways = ways.iloc[np.argsort(way_numbers(ways.index), kind="stable")]
    vertices = vertices_of(list(ways["refs"]), ways["geometry"].to_numpy(dtype=object))
    vertices, gates = barriers.insert(vertices, ways)
    edges = edges_of(vertices, np.concatenate([keep_nodes, gates, -gates]))
    attributes = barriers.apply(ways.iloc[edges.way], edges, gates)
    code = _codes(attributes)
    chains = chains_of(edges, code, np.concatenate([keep_nodes, gates, -gates]))
    shapes = shapes_of(chains, edges, vertices)
    start, end = ends_of(chains, edges)
    way = ways.index.to_numpy(dtype=object)[edges.way[chains.lead]]
    section = pd.Series(way).groupby(way).cumcount().to_numpy()
    name = np.array([f"{w}:{s}" for w, s in zip(way, section, strict=True)], dtype=object)
    links = _links(attributes.iloc[chains.lead], name, way, shapes)
    for column, nodes in (("from_node", start), ("to_node", end)):
        other = end if column == "from_node" else start
        forward = links["forward"].to_numpy(dtype=bool)
        links[column] = node_names(np.where(forward, nodes[links["chain"]], other[links["chain"]]))
    used, where = np.unique(np.concatenate([start, end]), return_index=True)
    corner = np.concatenate([shapely.get_point(shapes, 0), shapely.get_point(shapes, -1)])[where]
    xy = shapely.get_coordinates(corner)
    node_xy = pd.DataFrame({"x": xy[:, 0], "y": xy[:, 1]}, index=used)
    return Network(ways, vertices, edges, chains, name, links, node_xy)


def way_numbers(keys: pd.Index) -> Array:
    """Return the numbers in keys like `osm:w123`."""
    return np.array([int(key[5:]) for key in keys], dtype=np.int64)


def node_names(numbers: Array) -> list[str]:
    """
    Return node keys; a negative number is the far side of the barrier at that node.

    >>> node_names(np.array([7, -7]))
    ['osm:n7', 'osm:n7:b']
    """
    return [f"osm:n{n}" if n >= 0 else f"osm:n{-n}:b" for n in numbers]


def _codes(attributes: pd.DataFrame) -> Array:
    """Return a number for every half-edge; equal numbers are the same kind of link both ways."""
    forward = [f"{name}_f" for name in DIRECTED]
    backward = [f"{name}_b" for name in DIRECTED]
    one = attributes[[*COMMON, *forward, *backward]]
    two = attributes[[*COMMON, *backward, *forward]].set_axis(one.columns, axis=1)
    both = pd.concat([one, two], ignore_index=True)
    code = np.zeros(len(both), dtype=np.int64)
    for column in both:
        values = pd.factorize(both[column], use_na_sentinel=False)[0]
        code = np.unique(code * (values.max(initial=0) + 1) + values, return_inverse=True)[1]
    size = len(one)
    out = np.empty(2 * size, dtype=np.int64)
    out[0::2], out[1::2] = code[:size], code[size:]
    return out


def _links(attributes: pd.DataFrame, name: Array, way: Array, shapes: Array) -> pd.DataFrame:
    """Return a row for each direction in which anybody may move; one where nobody may."""
    sides = []
    open_to = {
        s: attributes[[f"allow_{m}_{s}" for m in MODES]].any(axis=1).to_numpy() for s in "fb"
    }
    exists = {"f": open_to["f"] | ~open_to["b"], "b": open_to["b"]}
    for side, other in ("fb", "bf"):
        columns = [*COMMON, *(f"{column}_{side}" for column in DIRECTED)]
        row = attributes[columns].set_axis([*COMMON, *DIRECTED], axis=1)
        row = row.set_axis([f"{n}:{side}" for n in name], axis=0)
        row["way_id"], row["chain"] = way, np.arange(len(name))
        row["reverse_id"] = choose(exists[other], [f"{n}:{other}" for n in name], None)
        row["forward"] = side == "f"
        row["geometry"] = shapes if side == "f" else shapely.reverse(shapes)
        sides.append(row[exists[side]])
    links = pd.concat(sides)
    links["length_m"] = shapely.length(links["geometry"].to_numpy(dtype=object)).round(3)
    motor = links[[f"allow_{mode}" for mode in MOTOR]].any(axis=1)
    return links.assign(lanes=links["lanes"].where(motor | links["allow_bike"], 0.0))
