"""Where buildings, places and stops meet the network of a mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from twin.errors import ModelError
from twin.mobility.tables import Access

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.mobility.network.links import Floats, Ints
    from twin.mobility.tables import ModeNetwork


NEAR_M = 35.0
"""Most buildings stand this near to a street."""


def meet(network: ModeNetwork, xy: Floats, ids: pd.Index[str], given: Assumptions) -> Access:
    """
    Return where points meet the network: both ends of the nearest street, with seconds to each.

    Parameters
    ----------
    xy
        Places [m], (p, 2), in the CRS of the streets.

    Notes
    -----
    A street of the main part within `network.meet_distance` is taken before any other; then the
    nearest of the other parts within that distance; last motorways, ramps, bridges and tunnels;
    where there is none either the node is -1 and the seconds are infinite. The way is walked to the
    street (straight line times `network.meet_detour`), then goes along it in the directions the
    mode may use: from the foot of the perpendicular the street's time is shared by length.
    """
    if network.lines is None:
        template = "The network of {mode} has no lines to meet."
        raise ModelError(template, mode=network.mode)
    if network.graph.m == 0:
        none, never = np.full((len(ids), 2), -1, np.int32), np.full((len(ids), 2), np.inf)
        return Access(ids, none, never, none[:, 0], none, never)
    points = np.asarray(shapely.points(np.asarray(xy, float)), object)
    ahead = _link_of_street(network)
    link, away = _nearest(network, points, ahead, given["network.meet_distance"])
    met = link >= 0
    row = np.where(met, network.street[link], -1).astype(np.int32)
    walk = np.where(met, away * given["network.meet_detour"] / given["network.walk_speed"] * 3.6, 0)
    share = _share_along(network.lines[row], points, met)
    back = np.where(met, _opposite(network, ahead)[link], -1)
    graph, time = network.graph, network.time_s
    node, in_node = np.full((2, len(row), 2), -1, np.int32)
    seconds, in_seconds = np.full((2, len(row), 2), np.inf)
    for end, way, part in ((1, np.where(met, link, -1), 1 - share), (0, back, share)):
        used = way >= 0  # from the point over `way` to its head; from its tail to the point
        start, goal = (end, 1 - end)
        node[used, start] = graph.heads[way[used]]
        seconds[used, start] = walk[used] + part[used] * time[way[used]]
        in_node[used, goal] = graph.tails[way[used]]
        in_seconds[used, goal] = walk[used] + (1 - part[used]) * time[way[used]]
    return Access(ids, node, seconds, row, in_node, in_seconds, share, walk)


def _link_of_street(network: ModeNetwork) -> Ints:
    """Return the link of each row of the streets table, -1 where the mode may not use it."""
    out = np.full(len(network.street_ids), -1, np.int32)
    links = np.flatnonzero(network.street >= 0)
    out[network.street[links]] = links
    return out


def _opposite(network: ModeNetwork, ahead: Ints) -> Ints:
    """Return for each link the one on the same line in the other direction, -1 for none."""
    assert network.reverse is not None
    back = network.reverse[network.street]
    return np.where((network.street >= 0) & (back >= 0), ahead[back], -1).astype(np.int32)


def _nearest(
    network: ModeNetwork, points: NDArray[np.object_], ahead: Ints, within: float
) -> tuple[Ints, Floats]:
    """Return the link each point meets and how far it is [m]; -1 where there is none."""
    assert network.lines is not None
    opposite = _opposite(network, ahead)
    links = np.flatnonzero(network.street >= 0)
    both = opposite[links]
    links = links[(both < 0) | (network.street[links] <= network.street[both])]  # a line once
    out, far = np.full(len(points), -1, np.int32), np.full(len(points), np.inf)
    front = np.ones(len(links), dtype=bool)
    if network.fronts is not None:
        front = network.fronts[network.street[links]]
    main = network.main[links]
    for choice in (links[front & main], links[front & ~main], links[~front]):
        lines = network.lines[network.street[choice]]
        tree = shapely.STRtree(lines)
        for near in (min(NEAR_M, within), within):  # most are near, where boxes find them faster
            asked = np.flatnonzero(out < 0)
            point, line, away = _pairs(tree, lines, points[asked], near)
            order = np.lexsort((network.street[choice][line], away, point))
            first = order[np.unique(point[order], return_index=True)[1]]
            out[asked[point[first]]] = choice[line[first]]
            far[asked[point[first]]] = away[first]
    return out, far


def _pairs(
    tree: shapely.STRtree, lines: NDArray[np.object_], points: NDArray[np.object_], within: float
) -> tuple[Ints, Ints, Floats]:
    """Return places of points and lines with their distance, the nearest of each among them."""
    if within > NEAR_M:
        (point, line), away = tree.query_nearest(
            points, max_distance=within, return_distance=True, all_matches=True
        )
        return point, line, away
    x, y = shapely.get_x(points), shapely.get_y(points)
    point, line = tree.query(shapely.box(x - within, y - within, x + within, y + within))
    away = shapely.distance(points[point], lines[line])
    close = away <= within
    return point[close], line[close], away[close]


def _share_along(
    lines: NDArray[np.object_], points: NDArray[np.object_], met: NDArray[np.bool_]
) -> Floats:
    """Return how far along its line each point lies, 0 to 1; 0 where it meets none."""
    share = np.zeros(len(points))
    length = np.maximum(shapely.length(lines[met]), 1e-9)
    share[met] = np.clip(shapely.line_locate_point(lines[met], points[met]) / length, 0, 1)
    return share
