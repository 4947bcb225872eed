"""The streets as one mode may use them: a graph with times, capacities and costs of routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from twin.mobility.graph import graph_of
from twin.mobility.network.capacity import capacities
from twin.mobility.network.control import junction_delay, junctions, point_delay
from twin.mobility.network.links import MOTOR, by_category, fronts_of, links_of
from twin.mobility.network.speeds import (
    bike_speed_kmh,
    car_speed_kmh,
    surface_kind,
    walk_speed_kmh,
)
from twin.mobility.network.turns import (
    bound_turns,
    expand,
    split_at,
    turn_pairs,
    turn_rows,
    turn_seconds,
)
from twin.mobility.tables import ModeNetwork

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.mobility.graph import Graph
    from twin.mobility.network.links import Flags, Floats, Ints, Links
    from twin.mobility.network.turns import Expanded

LEAST_M = 0.1
"""No street takes no time."""


def mode_network(  # noqa: PLR0913  the contract of the chain
    streets: gpd.GeoDataFrame,
    nodes: gpd.GeoDataFrame,
    turns: pd.DataFrame,
    given: Assumptions,
    mode: str,
    *,
    street_points: pd.DataFrame | None = None,
    stress: pd.Series[float] | None = None,
) -> ModeNetwork:
    """
    Return the network of one mode.

    Parameters
    ----------
    streets, nodes, turns, street_points
        Tables of the city; without `street_points` nothing is lost between junctions.
    mode
        "car", "truck", "bike" or "walk".
    stress
        Level of traffic stress 1 to 4 by street id (`twin.mobility.cycling.stress`), for bikes:
        part of the cost, not of the time. Streets not in it count as level 1.

    Raises
    ------
    ModelError
        A street ends at no junction of the table, or one open to cars has no capacity.
    """
    links = links_of(streets, nodes, mode)
    found = junctions(streets, nodes)
    rules, via = turn_rows(bound_turns(turns, mode), streets, nodes)
    if mode in MOTOR:  # both take the same junctions apart, so that their links can be matched
        via = turn_rows(_any_motor(turns), streets, nodes)[1]
    split = split_at(links, via, found.signals, len(nodes))
    pairs = turn_pairs(links, split, rules)
    lines = streets.geometry.to_numpy()
    wait = turn_seconds(lines, links.row[pairs[0]], links.row[pairs[1]], given, mode)
    expanded = expand(links, split, pairs, wait, len(nodes))
    time, cost = _times(streets.iloc[links.row], links, given, stress)
    delay = junction_delay(streets, links, found, given)
    if street_points is not None:
        delay = delay + point_delay(streets, nodes, street_points, mode, given)[links.row]
    return _assembled(streets, nodes, links, expanded, (time + delay, cost + delay), given)


def _any_motor(turns: pd.DataFrame) -> pd.DataFrame:
    binds = [bound_turns(turns, mode).index for mode in MOTOR]
    return turns[turns.index.isin(binds[0]) | turns.index.isin(binds[1])]


def _times(
    own: gpd.GeoDataFrame, links: Links, given: Assumptions, stress: pd.Series[float] | None
) -> tuple[Floats, Floats]:
    """Return seconds and cost [s] of each link without junctions; `own` are its rows of streets."""
    length = np.maximum(own["length_m"].to_numpy(float), LEAST_M)
    gradient = own["gradient_percent"].to_numpy(float)
    if links.mode in MOTOR:
        time = length / car_speed_kmh(own, given, links.mode) * 3.6
        return time, time * by_category(given, "network.restricted_factor", own["car_access"])
    steps = (own["class"] == "steps").to_numpy()
    if links.mode == "walk":
        share = np.where(steps, given["network.walk_steps_share"], 1.0)
        time = length / (walk_speed_kmh(gradient, given) * share) * 3.6
        return time, time
    return _bike_times(own, links.pushed | steps, given, stress)


def _bike_times(
    own: gpd.GeoDataFrame, pushed: Flags, given: Assumptions, stress: pd.Series[float] | None
) -> tuple[Floats, Floats]:
    """Return seconds and cost [s] of riding, or pushing where one may not ride."""
    length = np.maximum(own["length_m"].to_numpy(float), LEAST_M)
    gradient = np.nan_to_num(own["gradient_percent"].to_numpy(float))
    share = by_category(given, "network.bike_surface_share", pd.Series(surface_kind(own)))
    by_class = given.by_class("network.bike_class_share")
    for column in ("cycle_facility", "class"):
        kinds = pd.Categorical(own[column])
        factor = np.array([by_class.get(kind, 1.0) for kind in kinds.categories], float)
        share = share * factor[kinds.codes]
    on_foot = np.where(
        own["class"] == "steps",
        given["network.push_speed.steps"],
        given["network.push_speed.street"],
    )
    speed = np.where(pushed, on_foot, bike_speed_kmh(gradient, given) * share)
    time = length / np.maximum(speed, given["network.push_speed.steps"]) * 3.6
    effort = 1 + given["network.climb_factor"] * np.where(pushed, 0.0, np.maximum(gradient, 0))
    if stress is not None:
        level = stress.reindex(own.index).fillna(1).to_numpy(int)
        factor = given.array("network.stress_factor", ["1", "2", "3", "4"])[level - 1]
        effort = effort * np.where(pushed, 1.0, factor)
    return time, time * effort


def _assembled(
    streets: gpd.GeoDataFrame,
    nodes: gpd.GeoDataFrame,
    links: Links,
    expanded: Expanded,
    seconds: tuple[Floats, Floats],
    given: Assumptions,
) -> ModeNetwork:
    """Return the network with arrays in the order of its graph."""
    n, turns = len(expanded.junction), len(expanded.seconds)
    graph = graph_of(expanded.tail, expanded.head, n)
    street = np.concatenate([links.row, np.full(turns, -1, np.int32)])[graph.order]

    def beside(values: Floats, inside: Floats | float) -> Floats:
        """Put values of streets and of turns inside junctions in the order of the graph."""
        rest = np.broadcast_to(np.asarray(inside, float), (turns,))
        return np.ascontiguousarray(np.concatenate([values, rest])[graph.order])

    own = streets.iloc[links.row]
    capacity, alpha, beta = np.full(len(own), np.inf), np.zeros(len(own)), np.ones(len(own))
    if links.mode in MOTOR:
        capacity, alpha, beta = capacities(own, given)
    length = beside(own["length_m"].to_numpy(float), 0.0)
    points = nodes.geometry.to_numpy()[expanded.junction]
    leaves = np.bincount(graph.tails, minlength=n) > 0
    arrives = np.bincount(graph.heads, minlength=n) > 0
    ends, rows = expanded.ends, np.arange(len(nodes), dtype=np.int32)
    return ModeNetwork(
        mode=links.mode,
        graph=graph,
        street=street,
        street_ids=streets.index,
        node_ids=nodes.index[expanded.junction],
        out_nodes=np.where(leaves[: len(nodes)], rows, -1).astype(np.int32),
        in_nodes=np.where(arrives[ends], ends, -1).astype(np.int32),
        length_m=length,
        time_s=beside(seconds[0], expanded.seconds),
        capacity_vehh=beside(capacity, np.inf),
        alpha=beside(alpha, 0.0),
        beta=beside(beta, 1.0),
        gradient_percent=beside(np.nan_to_num(own["gradient_percent"].to_numpy(float)), 0.0),
        cost=beside(seconds[1], expanded.seconds),
        main=main_part(graph, length, street < 0),
        x=shapely.get_x(points),
        y=shapely.get_y(points),
        lines=streets.geometry.to_numpy(),
        reverse=links.opposite,
        fronts=fronts_of(streets),
    )


def main_part(graph: Graph, length_m: Floats, inside: Flags) -> NDArray[np.bool_]:
    """
    Return which links belong to the largest strongly connected part, by length of its links.

    Links `inside` a junction that begin ways in this part or end them there belong to it.
    """
    if graph.m == 0:
        return np.zeros(0, dtype=bool)
    part = strong_parts(graph)
    within = part[graph.tails] == part[graph.heads]
    if not within.any():
        return np.zeros(graph.m, dtype=bool)
    size = np.bincount(part[graph.tails][within], weights=length_m[within] + LEAST_M)
    node = part == int(size.argmax())
    begins = np.bincount(graph.heads, minlength=graph.n) == 0
    ends = np.bincount(graph.tails, minlength=graph.n) == 0
    start = node[graph.tails] | (begins[graph.tails] & inside)
    end = node[graph.heads] | (ends[graph.heads] & inside)
    return np.asarray(start & end & (node[graph.tails] | node[graph.heads]))


def strong_parts(graph: Graph) -> Ints:
    """Return the number of the strongly connected part of each node (Pearce's method, scipy)."""
    ones = np.ones(graph.m, dtype=np.int8)
    matrix = csr_array((ones, graph.heads, graph.offsets), shape=(graph.n, graph.n))
    return np.asarray(connected_components(matrix, connection="strong")[1], np.int32)
