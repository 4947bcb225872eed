"""What can be reached from a point within some minutes: nodes, streets, an area."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely
from numba import njit
from shapely.ops import substring

from twin.errors import ModelError
from twin.mobility.accessibility.directly import along_of, direct, points_of
from twin.mobility.paths import Reach
from twin.mobility.paths.search import Net, make_work, push, settle
from twin.mobility.paths.threads import in_rows
from twin.mobility.paths.ways import net_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from twin.assumptions import Assumptions
    from twin.mobility.tables import Access, ModeNetwork

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]
    Shapes = NDArray[np.object_]

MOST_MINUTES = 120.0


def isochrones(network: ModeNetwork, costs: ArrayLike, access: Access, minutes: float) -> Reach:
    """
    Return the nodes each point reaches within so many minutes, nearest first, with seconds.

    `costs` are seconds by link of the network's graph, inf where closed. A way begins at either end
    of the street where the point meets the network, with the seconds it takes to get there. Equal
    to the last bit with any number of threads; the search ends at the limit, so that a thousand
    isochrones of a quarter of an hour cost a thousand neighbourhoods, not a thousand towns.
    """
    check_minutes([minutes])
    net = net_of(network.graph, costs, limit=60.0 * minutes)
    nodes = np.ascontiguousarray(access.node, np.int32)
    seconds = np.ascontiguousarray(access.seconds, np.float64)
    parts = in_rows(lambda a, b: _reach_rows(net, nodes[a:b], seconds[a:b]), len(nodes), least=16)
    counts = np.concatenate([part[0] for part in parts])
    offsets = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
    return Reach(
        offsets,
        np.concatenate([part[1] for part in parts]),
        np.concatenate([part[2] for part in parts]),
    )


def check_minutes(minutes: Sequence[float]) -> None:
    """Raise `ModelError` for limits that are no minutes between 0 and 120."""
    wrong = [value for value in minutes if not 0 < value <= MOST_MINUTES]
    if wrong or not len(minutes):
        template = "{minutes} minutes cannot be asked for."
        hint = "Minutes are more than 0 and at most 120."
        raise ModelError(template, hint=hint, minutes=", ".join(f"{w:g}" for w in wrong) or "0")


@njit(cache=True, nogil=True)
def _reach_rows(
    net: Net, seeds: Ints, seconds: Floats
) -> tuple[Ints, Ints, Floats]:  # pragma: no cover
    """Search from the ends of each row at once; return counts, nodes, seconds."""
    n = len(net.offsets) - 1
    work, link, dist = make_work(n, len(net.heads)), np.full(n, np.int32(-1)), np.full(n, np.inf)
    counts, total = np.zeros(len(seeds), np.int32), 0
    nodes, found = np.empty(n, np.int32), np.empty(n)
    for i in range(len(seeds)):
        size = 0
        for k in range(seeds.shape[1]):
            node = seeds[i, k]
            if node >= 0 and seconds[i, k] <= net.limit and seconds[i, k] < dist[node]:
                dist[node] = seconds[i, k]
                link[node] = -1
                size = push(work, size, seconds[i, k], node)
        count = settle(net, dist, link, work, size)
        if total + count > len(nodes):
            more = 2 * (total + count)
            old_nodes, old_found = nodes[:total], found[:total]
            nodes, found = np.empty(more, np.int32), np.empty(more)
            nodes[:total], found[:total] = old_nodes, old_found
        for k in range(count):
            node = work.order[k]
            nodes[total + k], found[total + k] = node, dist[node]
            dist[node] = np.inf
        counts[i] = count
        total += count
    return counts, nodes[:total], found[:total]


def seconds_by_node(reached: Reach, row: int, n: int) -> Floats:
    """Return the seconds from one of the points to every node (n,), inf beyond the limit."""
    seconds = np.full(n, np.inf)
    part = slice(reached.offsets[row], reached.offsets[row + 1])
    seconds[reached.nodes[part]] = reached.costs[part]
    return seconds


def seconds_to_points(
    network: ModeNetwork, costs: ArrayLike, origin: Access, seconds: Floats, access: Access
) -> Floats:
    """
    Return the seconds to points (p,) from the one that `seconds` by node (n,) belong to.

    Over the nearer end of the street each lies on, or along it where both lie on the same.
    """
    start, ends = points_of(network, origin), points_of(network, access, arriving=True)
    padded = np.append(seconds, np.inf)  # the last is no node
    far: Floats = (padded[ends.node] + ends.seconds).min(axis=1)
    along = along_of(network, costs)
    here = start.street[0]
    for place in np.flatnonzero((ends.street == here) & (here >= 0)).tolist():
        far[place] = min(far[place], direct.py_func(start, 0, ends, place, along))
    return far


def streets_reached(
    network: ModeNetwork, costs: ArrayLike, seconds: Floats, minutes: float
) -> tuple[Ints, Floats]:
    """
    Return the links that are entered within the minutes, and the share of each that is covered.

    A link is covered from its tail on until the time runs out; a turn inside a junction is none.
    """
    cost = np.asarray(costs, float)
    left = 60.0 * minutes - seconds[network.graph.tails]
    open_ = np.isfinite(cost) & (network.street >= 0) & (left > 0)
    links = np.flatnonzero(open_).astype(np.int32)
    takes = cost[links]
    with np.errstate(divide="ignore"):
        share = np.where(takes > 0, left[links] / takes, 1.0)
    return links, np.minimum(share, 1.0)


def first_parts(lines: Shapes, share: Floats) -> Shapes:
    """
    Return the first part of each line, up to a share of its length.

    >>> first_parts(np.array([shapely.LineString([(0, 0), (10, 0), (10, 10)])]), np.array([0.75]))
    array([<LINESTRING (0 0, 10 0, 10 5)>], dtype=object)
    """
    ends = shapely.get_coordinates(shapely.line_interpolate_point(lines, share, normalized=True))
    points, of = shapely.get_coordinates(lines, return_index=True)
    step = np.hypot(*np.diff(points, axis=0, prepend=points[:1]).T)
    first = np.diff(of, prepend=-1) > 0
    step[first] = 0.0
    along = np.cumsum(step)
    along -= along[first][of]
    keep = first | (along < share[of] * shapely.length(lines)[of])
    xy, row = np.concatenate([points[keep], ends]), np.concatenate([of[keep], np.arange(len(ends))])
    order = np.argsort(row, kind="stable")
    return np.asarray(shapely.linestrings(xy[order], indices=row[order]), object)


def isochrone(
    network: ModeNetwork,
    costs: ArrayLike,
    access: Access,
    minutes: Sequence[float],
    given: Assumptions,
    *,
    crs: object = None,
) -> tuple[gpd.GeoDataFrame, Floats]:
    """
    Return the areas reached from one point within each of the minutes, and seconds by node (n,).

    `access` has one row. The areas are those of `isochrone_areas`, the street one starts on from
    the point itself.
    """
    check_minutes(minutes)
    reached = isochrones(network, costs, access, max(minutes))
    seconds = seconds_by_node(reached, 0, network.graph.n)
    bands = sorted(set(minutes))
    start = start_lines(network, costs, access, bands)
    return isochrone_areas(network, costs, seconds, bands, given, start=start, crs=crs), seconds


def start_lines(
    network: ModeNetwork, costs: ArrayLike, access: Access, minutes: Sequence[float]
) -> list[Any]:
    """Return what is covered of the street a point starts on, for each of the minutes."""
    assert network.lines is not None
    if access.share is None or access.detour_s is None or access.street[0] < 0:
        return [shapely.LineString()] * len(minutes)
    here, along = points_of(network, access), along_of(network, costs)
    row, share = int(here.street[0]), float(here.share[0])
    lines = []
    for limit in minutes:
        left = max(60.0 * limit - float(here.detour[0]), 0.0)
        back, ahead = (left / seconds[row] if seconds[row] > 0 else 1.0 for seconds in along[::-1])
        ends = max(share - back, 0.0), min(share + ahead, 1.0)
        lines.append(substring(network.lines[row], *ends, normalized=True))
    return lines


def isochrone_areas(  # noqa: PLR0913  a search, what it ran on, what is asked
    network: ModeNetwork,
    costs: ArrayLike,
    seconds: Floats,
    minutes: Sequence[float],
    given: Assumptions,
    *,
    start: Sequence[Any] = (),
    crs: object = None,
) -> gpd.GeoDataFrame:
    """
    Return the areas reached within each of the minutes: the streets covered, made wide.

    Parameters
    ----------
    seconds
        From the point to each node (n,), at least up to the largest of the minutes.
    minutes
        Rising, each once.
    start
        Line covered before the first node, one for each of the minutes (`start_lines`).

    Returns
    -------
    GeoDataFrame
        A row for each of the minutes: `minutes`, `area_m2`, geometry in the CRS of the streets.
        Valid polygons, each inside the next (the next is joined with it); empty where nothing is
        reached.
    """
    check_minutes(minutes)
    width = given[f"accessibility.buffer.{network.mode}"]
    areas: list[Any] = []
    done = np.zeros(network.graph.m, bool)  # covered whole by an inner area
    for place, limit in enumerate(minutes):
        links, share = streets_reached(network, costs, seconds, limit)
        more = ~done[links]
        parts = [*_lines_covered(network, links[more], share[more]), *start[place : place + 1]]
        lines = np.array(parts, object)
        areas.append(widened(lines, width, given["accessibility.hole_area"], areas[-1:]))
        done[links[share >= 1.0]] = True
    table = {"minutes": list(minutes), "area_m2": shapely.area(np.array(areas, object))}
    return gpd.GeoDataFrame(table, geometry=areas, crs=crs)


def _lines_covered(network: ModeNetwork, links: Ints, share: Floats) -> Shapes:
    """Return what is covered of each street; of both directions covered whole only one."""
    assert network.lines is not None
    lines = network.lines
    whole = share >= 1.0
    full = links[whole]
    tail, head = network.graph.tails[full], network.graph.heads[full]
    length = np.rint(network.length_m[full] * 10).astype(np.int64)
    key = np.column_stack([np.minimum(tail, head), np.maximum(tail, head), length])
    _, once = np.unique(key, axis=0, return_index=True)
    cut = ~whole & (share > 0)
    parts = first_parts(lines[network.street[links[cut]]], share[cut])
    return np.concatenate([lines[network.street[full[np.sort(once)]]], parts])


def widened(
    lines: Shapes, width_m: float, hole_m2: float, inner: Sequence[Any] = ()
) -> shapely.Geometry:
    """Return the area within `width_m` of the lines, with `inner`, holes up to `hole_m2` closed."""
    wide = shapely.buffer(lines, width_m, quad_segs=4)
    area = shapely.union_all(np.array([*wide, *inner], object))
    return shapely.union_all([_filled(part, hole_m2) for part in shapely.get_parts(area)])


def _filled(polygon: shapely.Polygon, hole_m2: float) -> Any:
    rings = shapely.get_rings(polygon)
    holes = [ring for ring in rings[1:] if shapely.area(shapely.polygons(ring)) > hole_m2]
    return shapely.polygons(rings[0], holes=holes or None)
