"""One way through one network, as it is walked or driven: links, seconds, metres, a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely.ops import substring

from twin.mobility.accessibility.directly import Along, along_of, direct, points_of
from twin.mobility.paths import trees, way

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from twin.mobility.tables import Access, ModeNetwork

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Route:
    """A way from the first of two points to the second; ends lie where the points were given."""

    seconds: float
    metres: float
    line: shapely.LineString
    streets: Ints  # rows of the streets table, in order
    metres_by_street: Floats  # of each of `streets`


def route(
    network: ModeNetwork,
    times: ArrayLike,
    ends: Access,
    xy: Floats,
    *,
    costs: ArrayLike | None = None,
) -> Route | None:
    """
    Return the way from the first to the second of two points, none where there is none.

    Parameters
    ----------
    times
        Seconds by link, inf where closed.
    ends, xy
        Where the two points meet the network, and their places [m], (2, 2).
    costs
        What the way is chosen by, where not by time; inf where `times` are.
    """
    times = np.asarray(times, np.float64)
    chosen = times if costs is None else np.asarray(costs, np.float64)
    starts, goals = points_of(network, ends), points_of(network, ends, arriving=True)
    dist, link = trees(network.graph, chosen, np.maximum(ends.node[0], 0))
    padded = np.pad(dist, ((0, 0), (0, 1)), constant_values=np.inf)
    total = starts.seconds[0][:, None] + padded[:, goals.node[1]] + goals.seconds[1][None, :]
    total[ends.node[0] < 0] = np.inf
    straight = direct.py_func(starts, 0, goals, 1, along_of(network, chosen))
    if straight <= total.min() and np.isfinite(straight):
        return _along(network, times, ends, xy)
    if not np.isfinite(total.min()):
        return None
    start, goal = np.unravel_index(int(total.argmin()), total.shape)
    links = way(network.graph, link[start], int(goals.node[1, goal]))
    seconds = starts.seconds[0, start] + times[links].sum() + goals.seconds[1, goal]
    return _joined(network, ends, xy, links, (int(start), int(goal)), float(seconds))


def _along(network: ModeNetwork, times: Floats, ends: Access, xy: Floats) -> Route:
    """Return the way between two points on one street."""
    starts, goals = points_of(network, ends), points_of(network, ends, arriving=True)
    along: Along = along_of(network, times)
    seconds = direct.py_func(starts, 0, goals, 1, along)
    line = _line_of(network, int(starts.street[0]))
    shares = float(starts.share[0]), float(goals.share[1])
    part = substring(line, *shares, normalized=True)
    streets = np.array([starts.street[0]], np.int32)
    return _route(seconds, [part], xy, streets, np.array([part.length]))


def _joined(
    network: ModeNetwork,
    ends: Access,
    xy: Floats,
    links: Ints,
    sides: tuple[int, int],
    seconds: float,
) -> Route:
    """Return a way over links, with the parts of the streets at both ends."""
    assert network.lines is not None
    inside = links[network.street[links] >= 0]
    streets = network.street[inside]
    first, first_row = _part(network, ends, 0, away=True, side=sides[0])
    last, last_row = _part(network, ends, 1, away=False, side=sides[1])
    parts = [*first, *network.lines[streets], *last]
    rows = np.concatenate([first_row, streets, last_row]).astype(np.int32)
    return _route(seconds, parts, xy, rows, shapely.length(np.array(parts, object)))


def _part(
    network: ModeNetwork, ends: Access, point: int, *, away: bool, side: int
) -> tuple[list[Any], list[int]]:
    """Return the part of the street between a point and one of its ends, in the way's direction."""
    row = int(ends.street[point])
    if row < 0 or ends.share is None:
        return [], []
    share = float(ends.share[point])
    # side 1 is the end of the street's row, side 0 its start
    stretch = (share, float(side)) if away else (float(side), share)
    part = substring(_line_of(network, row), *stretch, normalized=True)
    return ([part], [row]) if part.length > 0 else ([], [])


def _line_of(network: ModeNetwork, row: int) -> Any:
    assert network.lines is not None
    return network.lines[row]


def _route(
    seconds: float,
    parts: list[Any],
    xy: Floats,
    streets: Ints,
    metres: Floats,
) -> Route:
    """Join the parts and the straight lines from and to the points themselves."""
    inner = [shapely.get_coordinates(part) for part in parts]
    line = np.concatenate([xy[:1], *inner, xy[1:]])
    step = np.append(True, np.any(np.diff(line, axis=0) != 0, axis=1))
    points = line[step] if step.sum() > 1 else np.repeat(line[:1], 2, axis=0)
    whole = shapely.LineString(points)
    return Route(float(seconds), float(whole.length), whole, streets, metres)
