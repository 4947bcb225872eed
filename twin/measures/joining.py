"""Where a drawn line joins the streets, and the links that come of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.ops import substring

from twin.hashing import hash_parts
from twin.measures.base import SOURCE
from twin.measures.city_change import derived
from twin.measures.cutting import Cut, cut_streets, stacked, typed, with_nodes
from twin.selection.streets import opposite

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from twin.city import City

    XY = tuple[float, float]
    Rows = NDArray[np.intp]

SAME_M = 1.0
"""A crossing this near to the end of a street, or to another crossing, means the same junction."""


@dataclass(frozen=True)
class Stop:
    """A place on the new line that is a junction: metres along it, node, its position."""

    at_m: float
    node: str
    xy: XY
    cut: Cut | None = None  # of the street that is joined there


@dataclass(frozen=True)
class Joined:
    """A line that joins the network: its junctions in order, and which ends touch a street."""

    line: shapely.LineString
    stops: tuple[Stop, ...]
    ends: tuple[bool, bool]
    nearest_m: float
    name: str
    cuts: tuple[Cut, ...] = field(default=())

    @property
    def touches(self) -> bool:
        """Whether it joins any street."""
        return any(self.ends) or bool(self.cuts) or len(self.stops) > 2


def join(
    city: City,
    line: shapely.LineString,
    name: str,
    *,
    modes: tuple[str, ...],
    reach: tuple[float, float],
    crossings: bool,
) -> Joined:
    """
    Find the junctions of a line with the streets.

    Parameters
    ----------
    city
        With its streets and nodes.
    line
        In the CRS of the city.
    name
        What new junctions are called after.
    modes
        Who may use the line; ends join streets that the first of car, bike, on foot may use.
    reach
        Distance within which an end means a junction, and a street [m].
    crossings
        Whether streets that it crosses are joined as well.
    """
    finder = _Finder(city, name, modes)
    first, last = (shapely.Point(line.coords[n]) for n in (0, -1))
    start, end = finder.end(first, reach), finder.end(last, reach)
    nearest = min(finder.away(first), finder.away(last))
    if start and end and start.node == end.node and line.length < 4 * max(reach):
        end = None  # a stub around one junction leads nowhere
    found = _moved(line, start, end)
    stops = [_at(start, 0.0) or finder.free(found, 0.0)]
    stops.append(_at(end, found.length) or finder.free(found, found.length))
    if crossings:
        stops += finder.crossings(found, stops)
    ordered = _once(sorted(stops, key=lambda stop: stop.at_m))
    cuts = tuple(finder.cuts)
    touching = (start is not None, end is not None)
    return Joined(found, ordered, touching, nearest, name, cuts)


def _at(stop: Stop | None, at_m: float) -> Stop | None:
    return None if stop is None else Stop(at_m, stop.node, stop.xy, stop.cut)


def _moved(line: shapely.LineString, start: Stop | None, end: Stop | None) -> shapely.LineString:
    """Return the line with its ends moved to the junctions they mean."""
    points = shapely.get_coordinates(line)
    if start is not None:
        points[0] = start.xy
    if end is not None:
        points[-1] = end.xy
    again = np.zeros(len(points), bool)
    again[1:-1] = (np.abs(np.diff(points[:-1], axis=0)) < 1e-6).all(axis=1)
    points = points[~again]
    return shapely.LineString(points)


def _once(stops: list[Stop]) -> tuple[Stop, ...]:
    """Leave out the same junction next to itself; only a ring begins and ends at one."""
    kept = stops[:1]
    for stop in stops[1:-1]:
        if stop.node not in (kept[-1].node, stops[-1].node):
            kept.append(stop)
    return (*kept, stops[-1])


class _Finder:
    """Looks for junctions; new ones are made once, also where several streets are cut there."""

    def __init__(self, city: City, name: str, modes: tuple[str, ...]) -> None:
        self.city, self.name = city, name
        self.streets = city.streets
        self.lines = np.asarray(self.streets.geometry.array)
        self.bounds = shapely.bounds(self.lines)
        leading = next((mode for mode in ("car", "bus", "bike", "walk") if mode in modes), modes[0])
        ground = self._on_the_ground()
        usable = self.streets[f"allow_{leading}"].to_numpy(bool)
        self.meeting = usable & (self.streets["class"] != "motorway").to_numpy()
        self.leading = ground & usable
        any_mode = np.zeros(len(self.streets), bool)
        for mode in modes:
            any_mode |= self.streets[f"allow_{mode}"].to_numpy(bool)
        self.any = ground & any_mode
        self.back = opposite(self.streets, np.arange(len(self.streets)))
        self.cuts: list[Cut] = []
        self.made: list[tuple[XY, str]] = []

    def _on_the_ground(self) -> NDArray[np.bool_]:
        streets = self.streets
        high = streets["is_bridge"] | streets["is_tunnel"] | (streets["level"] != 0)
        fast = streets["class"] == "motorway"
        found: NDArray[np.bool_] = ~(high | fast).to_numpy()
        return found

    def away(self, point: shapely.Point) -> float:
        """Return the distance to the nearest street that an end could join [m]."""
        rows = np.flatnonzero(self.leading)
        return float(shapely.distance(self.lines[rows], point).min()) if len(rows) else np.inf

    def near(self, among: NDArray[np.bool_], box: tuple[float, ...], by: float) -> Rows:
        """Return the streets that come near to a box."""
        west, south, east, north = self.bounds.T
        hit = (west <= box[2] + by) & (east >= box[0] - by)
        hit &= (south <= box[3] + by) & (north >= box[1] - by)
        return np.flatnonzero(hit & among)

    def end(self, point: shapely.Point, reach: tuple[float, float]) -> Stop | None:
        """Return the junction that an end of the line means; none where nothing is near."""
        if stop := self._junction(point, reach[0]):
            return stop
        rows = self.near(self.leading, point.bounds, reach[1])
        away = shapely.distance(self.lines[rows], point)
        if not len(rows) or away.min() > reach[1]:
            return None
        row = int(rows[int(np.argmin(away))])
        return self.cut(row, float(self.lines[row].project(point)))

    def _junction(self, point: shapely.Point, reach: float) -> Stop | None:
        """Return the nearest end of a street, one on a bridge as well."""
        rows = self.near(self.meeting, point.bounds, reach)
        if not len(rows):
            return None
        names = self.streets[["from_node", "to_node"]].iloc[rows].to_numpy(object).ravel()
        ends = np.stack([self._ends(rows, 0), self._ends(rows, -1)], axis=1).reshape(-1, 2)
        away = np.hypot(*(ends - [point.x, point.y]).T)
        best = int(np.argmin(away))
        if away[best] > reach:
            return None
        return Stop(0.0, str(names[best]), (float(ends[best][0]), float(ends[best][1])))

    def _ends(self, rows: Rows, which: int) -> NDArray[np.float64]:
        return shapely.get_coordinates(shapely.get_point(self.lines[rows], which))

    def cut(self, row: int, at_m: float) -> Stop:
        """Return the junction on a street at a place: its end, or a new one."""
        line = self.lines[row]
        near = min(SAME_M, line.length / 3)
        for place, which, name in ((0.0, 0, "from_node"), (line.length, -1, "to_node")):
            if abs(at_m - place) <= near:
                spot = line.coords[which]
                return Stop(0.0, str(self.streets[name].iloc[row]), (spot[0], spot[1]))
        row, at_m = self._one_direction(row, at_m)
        spot = self.lines[row].interpolate(at_m)
        xy = (float(spot.x), float(spot.y))
        for known in self.cuts:
            if known.row == row and abs(known.at_m - at_m) <= near:
                return Stop(0.0, known.node, known.xy, known)
        xy, fresh = self._new_node(xy)
        cut = Cut(row, at_m, fresh, xy)
        self.cuts.append(cut)
        return Stop(0.0, fresh, xy, cut)

    def _one_direction(self, row: int, at_m: float) -> tuple[int, float]:
        """Return the place on the one of two opposite links that all cuts are put on."""
        back = int(self.back[row])
        if back < 0 or back > row:
            return row, at_m
        return back, float(self.lines[back].project(self.lines[row].interpolate(at_m)))

    def _new_node(self, xy: XY) -> tuple[XY, str]:
        """Return a new junction, or the one that was made beside."""
        for known in self.made:
            if np.hypot(known[0][0] - xy[0], known[0][1] - xy[1]) <= SAME_M:
                return known
        self.made.append((xy, f"{self.name}:n{len(self.made) + 1}"))
        return self.made[-1]

    def free(self, line: shapely.LineString, at_m: float) -> Stop:
        """Return the new junction at an end that joins nothing."""
        point = line.coords[0 if at_m == 0 else -1]
        xy = (float(point[0]), float(point[1]))
        self.made.append((xy, f"{self.name}:n{len(self.made) + 1}"))
        return Stop(at_m, self.made[-1][1], xy)

    def crossings(self, line: shapely.LineString, ends: list[Stop]) -> list[Stop]:
        """Return the junctions with the streets that the line crosses between its ends."""
        rows = self.near(self.any, line.bounds, 0.0)
        rows = rows[shapely.intersects(self.lines[rows], line)]
        back = self.back[rows]
        rows = rows[(back < 0) | (back > rows) | ~np.isin(back, rows)]
        found = []
        for row in rows:
            for point in _points(shapely.intersection(self.lines[row], line)):
                at = float(line.project(point))
                if min(at, line.length - at) <= SAME_M:
                    continue
                stop = self.cut(int(row), float(self.lines[row].project(point)))
                if stop.node not in {end.node for end in ends}:
                    found.append(Stop(at, stop.node, stop.xy, stop.cut))
        return found


def _points(crossing: shapely.Geometry) -> list[shapely.Point]:
    """Return the points of a crossing; of a common stretch its ends."""
    found = []
    for part in shapely.get_parts(crossing):
        points = shapely.get_coordinates(part)
        found += [shapely.Point(xy) for xy in (points[[0, -1]] if len(points) > 1 else points)]
    return found


def build(city: City, joined: Joined, columns: Mapping[str, Any], *, both: bool) -> City:
    """Return the city with the streets cut and the new links and junctions put in."""
    cut = cut_streets(city, joined.cuts)
    links = _links(cut.streets, joined, columns, both=both)
    nodes = with_nodes(cut.nodes, {stop.node: stop.xy for stop in joined.stops})
    used = pd.Series([n for a, b in zip(joined.stops[:-1], joined.stops[1:], strict=True)
                      for n in (a.node, b.node)]).value_counts()  # fmt: skip
    degree = nodes["degree"].to_numpy(float).copy()
    degree[len(cut.nodes) :] = 0.0  # those at ends that join nothing
    degree[nodes.index.get_indexer(used.index)] += used.to_numpy(float)
    nodes = nodes.assign(degree=degree)
    said = [f"{stop.node} {stop.at_m!r}" for stop in joined.stops]
    values = [f"{key}={columns[key]!r}" for key in sorted(columns)]
    change = hash_parts(["new_link", joined.name, str(both), joined.line.wkt, *said, *values])
    return derived(cut, {"streets": stacked(cut.streets, links), "nodes": nodes}, change)


def _links(
    streets: gpd.GeoDataFrame, joined: Joined, columns: Mapping[str, Any], *, both: bool
) -> gpd.GeoDataFrame:
    stops = joined.stops
    lines = _pieces(joined)
    count = len(lines)
    nodes = [stop.node for stop in stops]
    there = [f"{joined.name}:{n}:f" for n in range(1, count + 1)]
    back = [f"{joined.name}:{n}:b" for n in range(1, count + 1)]
    frame = {"from_node": nodes[:-1], "to_node": nodes[1:], "reverse_id": back if both else None}
    geometry, index = lines, there
    if both:
        frame = {
            "from_node": nodes[:-1] + nodes[1:], "to_node": nodes[1:] + nodes[:-1],
            "reverse_id": back + there,
        }  # fmt: skip
        geometry = lines + [line.reverse() for line in lines]
        index = there + back
    data = {
        **dict.fromkeys(("is_ramp", "is_roundabout", "is_bridge", "is_tunnel"), False),
        "surface": "asphalt", "speed_source": SOURCE, "lanes_source": SOURCE, **columns, **frame,
        "length_m": shapely.length(np.array(geometry, object)).round(3),
    }  # fmt: skip
    if not np.isnan(columns["capacity_vehh"]):
        data["capacity_source"] = SOURCE
    made = gpd.GeoDataFrame(
        data, index=pd.Index(index, dtype="str"), geometry=geometry, crs=streets.crs
    ).reindex(columns=streets.columns)
    return typed(made, streets)


def _pieces(joined: Joined) -> list[shapely.LineString]:
    """Return the line cut at its junctions; the pieces meet exactly there."""
    found = []
    for one, other in zip(joined.stops[:-1], joined.stops[1:], strict=True):
        points = shapely.get_coordinates(substring(joined.line, one.at_m, other.at_m))
        if len(points) == 1:
            points = np.repeat(points, 2, axis=0)
        points[0], points[-1] = one.xy, other.xy
        found.append(shapely.LineString(points))
    return found
