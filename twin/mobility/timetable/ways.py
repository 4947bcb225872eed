"""Where buses and trains may run: links with running times, and the stops beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

LEAST_S = 0.01
"""A link takes at least this long: an edge of no cost is none to the search."""
JOIN_M = 0.05


@dataclass(frozen=True, eq=False)
class Ways:
    """Directed links (m,) between `n` nodes; `reverse` is the row of the opposite link or -1."""

    ids: NDArray[np.object_]
    start: Ints
    end: Ints
    seconds: Floats
    metres: Floats
    lines: NDArray[np.object_]
    reverse: Ints
    n: int
    xy: Floats  # (m, 2) where each link starts

    def __len__(self) -> int:
        """Count the links."""
        return len(self.start)


@dataclass(frozen=True, eq=False)
class Halts:
    """Where a vehicle may halt for a stop: places on links, worse ones with a penalty."""

    stop: Ints  # row of the stops
    link: Ints  # row of the ways
    share: Floats  # of the link's length, from its start
    penalty_s: Floats

    def __len__(self) -> int:
        """Count the places."""
        return len(self.stop)


def bus_ways(streets: gpd.GeoDataFrame, given: Assumptions) -> Ways:
    """
    Return the streets that buses may use, with the running time of a bus.

    t = length / min(`timetable.running_share` x limit, `timetable.bus_speed`); turns cost nothing.
    """
    rows = streets[streets["allow_bus"].to_numpy()]
    codes, names = pd.factorize(pd.concat([rows["from_node"], rows["to_node"]]))
    share = rows["class"].astype("str").map(given.by_class("timetable.running_share"))
    limit = rows["speed_kmh"].to_numpy(float)
    speed = np.minimum(share.fillna(0.65).to_numpy(float) * limit, given["timetable.bus_speed"])
    metres = rows["length_m"].to_numpy(float)
    reverse = rows.index.get_indexer(pd.Index(rows["reverse_id"]))
    reverse = np.where(rows["reverse_id"].isna().to_numpy(), -1, reverse)
    return Ways(
        rows.index.to_numpy(object), codes[: len(rows)].astype(np.int64),
        codes[len(rows) :].astype(np.int64), np.maximum(metres / speed * 3.6, LEAST_S), metres,
        rows.geometry.to_numpy(), reverse.astype(np.int64), len(names),
        _starts(rows.geometry.to_numpy()),
    )  # fmt: skip


def track_ways(railways: gpd.GeoDataFrame, given: Assumptions, kind: str) -> Ways:
    """Return the tracks of a class of STOP_CLASSES, both ways, cut where they meet."""
    own = {"rail": ("rail", "narrow_gauge", "light_rail")}.get(kind, (kind, "light_rail", "rail"))
    rows = railways[railways["class"].isin(own).to_numpy()]
    merged: Any = shapely.union_all(rows.geometry.to_numpy(), grid_size=JOIN_M)
    lines = shapely.get_parts(shapely.line_merge(merged)) if len(rows) else np.array([], object)
    lines = lines[shapely.length(lines) > 0] if len(lines) else lines
    ends = np.concatenate([shapely.get_point(lines, 0), shapely.get_point(lines, -1)])
    xy = np.round(shapely.get_coordinates(ends) / JOIN_M).astype(np.int64)
    _, code = np.unique(xy.reshape(-1, 2), axis=0, return_inverse=True)
    code = code.ravel().astype(np.int64)
    k = len(lines)
    metres = shapely.length(lines) if k else np.zeros(0)
    both = np.concatenate([lines, shapely.reverse(lines)]) if k else lines
    seconds = np.maximum(metres / given[f"timetable.track_speed.{kind}"] * 3.6, LEAST_S)
    return Ways(
        np.array([f"track:{i}" for i in range(2 * k)], object),
        np.concatenate([code[:k], code[k:]]), np.concatenate([code[k:], code[:k]]),
        np.tile(seconds, 2), np.tile(metres, 2),
        both, np.concatenate([np.arange(k) + k, np.arange(k)]), int(code.max(initial=-1)) + 1,
        _starts(both),
    )  # fmt: skip


def _starts(lines: Any) -> Floats:
    xy: Floats = shapely.get_coordinates(shapely.get_point(lines, 0)).reshape(-1, 2)
    return xy


def street_halts(stops: gpd.GeoDataFrame, ways: Ways, given: Assumptions) -> Halts:
    """
    Return where buses halt for each stop: on the link it is tied to, else on the nearest.

    On the opposite link a bus halts with the penalty `timetable.wrong_side`. Stops further than
    `timetable.stop_reach` from every way have no place.
    """
    reach = given["timetable.stop_reach"]
    point = stops.geometry.to_numpy()
    known = pd.Index(ways.ids).get_indexer(pd.Index(stops["link_id"].astype(object)))
    known = np.where(stops["link_id"].isna().to_numpy(), -1, known)
    near = np.full(len(stops), -1, np.int64)
    if len(ways) and len(stops):
        tree = shapely.STRtree(ways.lines)
        found, link = tree.query_nearest(point, max_distance=reach, all_matches=False)
        near[found] = link
    link = np.where(known >= 0, known, near).astype(np.int64)
    stop = np.flatnonzero(link >= 0)
    own = link[stop]
    back = ways.reverse[own]
    both = np.concatenate([own, back[back >= 0]])
    of = np.concatenate([stop, stop[back >= 0]])
    penalty = np.repeat([0.0, given["timetable.wrong_side"]], [len(own), len(both) - len(own)])
    return _placed(of, both, penalty, point, ways)


def track_halts(stops: gpd.GeoDataFrame, ways: Ways, given: Assumptions) -> Halts:
    """Return where trains halt for each stop: on every track within half the station's radius."""
    point = stops.geometry.to_numpy()
    if not len(ways) or not len(stops):
        nothing = np.zeros(0, np.int64)
        return Halts(nothing, nothing, np.zeros(0), np.zeros(0))
    reach = given["timetable.station_radius"] / 2
    stop, link = shapely.STRtree(ways.lines).query(point, predicate="dwithin", distance=reach)
    order = np.lexsort((link, stop))
    stop, link = stop[order], link[order]
    away = shapely.distance(point[stop], ways.lines[link])
    # a metre away costs as much as a tenth of a second: only to choose among parallel tracks
    return _placed(stop, link, away / 10, point, ways)


def _placed(stop: Ints, link: Ints, penalty: Floats, point: Any, ways: Ways) -> Halts:
    along = shapely.line_locate_point(ways.lines[link], point[stop], normalized=True)
    return Halts(stop.astype(np.int64), link.astype(np.int64), np.asarray(along, float), penalty)


def part_of(ways: Ways, halts: Halts, links: Ints) -> tuple[Ways, Halts]:
    """
    Return the ways of some links (rows) alone, nodes renumbered, and the halts on them.

    Halts keep their rows; those on other links point to link 0 and must not be used.
    """
    nodes, code = np.unique(
        np.concatenate([ways.start[links], ways.end[links]]), return_inverse=True
    )
    place = np.full(len(ways) + 1, -1, np.int64)
    place[links] = np.arange(len(links))
    some = Ways(
        ways.ids[links], code[: len(links)], code[len(links) :], ways.seconds[links],
        ways.metres[links], ways.lines[links], place[ways.reverse[links]], len(nodes),
        ways.xy[links],
    )  # fmt: skip
    moved = Halts(halts.stop, np.maximum(place[halts.link], 0), halts.share, halts.penalty_s)
    return some, moved


def search(
    ways: Ways, cost: Floats, sources: Ints, limit: float
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return least costs (s, n) from nodes within a limit and the node before each; inf, -9999."""
    dist, before = dijkstra(
        _matrix(ways, cost, cost), indices=sources, limit=limit, return_predecessors=True
    )
    return np.atleast_2d(dist), np.atleast_2d(before)


def links_between(ways: Ways, cost: Floats) -> csr_matrix:
    """Return the row of the cheapest link from node to node, plus 1."""
    return _matrix(ways, cost, np.arange(1, len(ways) + 1, dtype=float))


def _matrix(ways: Ways, cost: Floats, values: Floats) -> csr_matrix:
    """Return values by node pair, of parallel links that of the cheapest (sums would be wrong)."""
    order = np.lexsort((np.arange(len(ways)), cost, ways.end, ways.start))
    start, end = ways.start[order], ways.end[order]
    first = np.append(True, (start[1:] != start[:-1]) | (end[1:] != end[:-1]))[: len(order)]
    first &= start != end
    row = order[first]
    return csr_matrix((values[row], (ways.start[row], ways.end[row])), shape=(ways.n, ways.n))
