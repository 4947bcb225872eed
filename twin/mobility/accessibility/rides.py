"""Public transport between two points: walks to and from stops, rides, where they run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from shapely.ops import substring

from twin.mobility.accessibility.routes import route
from twin.mobility.network import meet
from twin.mobility.paths import nearest
from twin.mobility.transit import journey

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.mobility.graph import Graph
    from twin.mobility.tables import Access, ModeNetwork
    from twin.mobility.transit import Timetable
    from twin.mobility.transit.journey import Leg as PlannedLeg

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]

NEAR_M = 150.0
"""A stop this far from the course of its line at most lies on it."""


@dataclass(frozen=True, eq=False)
class Transit:
    """A timetable with what is needed to draw and to weigh a journey."""

    timetable: Timetable
    lines: gpd.GeoDataFrame  # the lines table: class, geometry where the course is known


@dataclass(frozen=True, eq=False)
class Leg:
    """A part of a trip by one means."""

    mode: str  # walk, bike, car, or the class of a line (STOP_CLASSES)
    minutes: float
    km: float
    geometry: shapely.LineString
    line_id: str = ""
    from_stop: str = ""
    to_stop: str = ""
    departure_s: float = np.nan
    arrival_s: float = np.nan


def walks_to_stops(
    network: ModeNetwork, ends: Access, stops: Access, given: Assumptions
) -> tuple[Floats, Floats]:
    """
    Return the seconds on foot from the first point to each stop, and from each to the second.

    inf for stops farther than `transit.longest_access`. A stop on the street of a point is reached
    over the end of that street.
    """
    limit = 60 * given["transit.longest_access"]
    back = network.graph.reversed()
    in_node, in_seconds = ends.arriving()
    stop_in = stops.arriving()
    away = _from_seeds(network.graph, network.time_s, ends.node[0], ends.seconds[0])
    home = _from_seeds(back, network.time_s[back.order], in_node[1], in_seconds[1])
    access = (away[stop_in[0]] + stop_in[1]).min(axis=1)
    egress = (home[stops.node] + stops.seconds).min(axis=1)
    return np.where(access <= limit, access, np.inf), np.where(egress <= limit, egress, np.inf)


def _from_seeds(graph: Graph, costs: Floats, nodes: Ints, seconds: Floats) -> Floats:
    """Return seconds by node, one more (inf) for no node."""
    there = nodes >= 0
    cost, _ = nearest(graph, costs, nodes[there], seconds[there])
    return np.append(cost, np.inf)


def transit_legs(
    network: ModeNetwork,
    transit: Transit,
    ends: Access,
    xy: Floats,
    departure_s: int,
    given: Assumptions,
) -> tuple[Leg, ...]:
    """
    Return the legs of the journey passengers choose, none where there is none.

    `network` is that of walking; `ends` and `xy` are the two points. Waits lie between the legs.
    """
    table = transit.timetable
    at = np.column_stack([table.x, table.y])
    stops = meet(network, at, table.stop_ids, given)
    access, egress = walks_to_stops(network, ends, stops, given)
    if not (np.isfinite(access).any() and np.isfinite(egress).any()):
        return ()
    found = journey(table, access, egress, departure_s, given)
    if found is None:
        return ()
    return tuple(
        _walk(network, table, leg, xy, given) if leg.kind == "walk" else _ride(transit, leg)
        for leg in found.legs
    )


def _walk(
    network: ModeNetwork, table: Timetable, leg: PlannedLeg, xy: Floats, given: Assumptions
) -> Leg:
    """Return a walk as it runs along the streets; it takes as long as the journey has it."""
    points = np.vstack([_place(table, leg.from_stop, xy[0]), _place(table, leg.to_stop, xy[1])])
    ends = meet(network, points, pd.Index(["a", "b"]), given)
    found = route(network, network.time_s, ends, points)
    line = found.line if found is not None else shapely.LineString(points)
    return _leg(leg, "walk", line)


def _place(table: Timetable, stop: str, door: Floats) -> Floats:
    if not stop:
        return door
    row = table.stop_ids.get_loc(stop)
    return np.array([table.x[row], table.y[row]])


def _ride(transit: Transit, leg: PlannedLeg) -> Leg:
    table = transit.timetable
    rows = table.stop_ids.get_indexer(pd.Index(leg.stops))
    line = transit.lines.loc[leg.line_id]
    course = ride_line(line.geometry, np.column_stack([table.x[rows], table.y[rows]]))
    return _leg(leg, str(line["class"]), course)


def _leg(leg: PlannedLeg, mode: str, line: shapely.LineString) -> Leg:
    minutes = (leg.arrival_s - leg.departure_s) / 60
    stops = leg.from_stop, leg.to_stop
    times = float(leg.departure_s), float(leg.arrival_s)
    return Leg(mode, minutes, line.length / 1000, line, leg.line_id, *stops, *times)


def ride_line(course: Any, stops: Floats) -> Any:
    """
    Return where a ride runs: the course of the line between the stops, else straight lines.

    A part of the course counts where it passes all stops of the ride (within 150 m) and is no more
    than three times as long as the straight lines; a round trip is not told from its short cut.

    >>> road = shapely.LineString([(0, 0), (5, 5), (10, 0)])
    >>> ride_line(road, np.array([(10.0, 0.0), (0.0, 0.0)])).wkt
    'LINESTRING (10 0, 5 5, 0 0)'
    """
    straight = shapely.LineString(stops)
    if course is None or course.is_empty:
        return straight
    parts = shapely.get_parts(shapely.line_merge(course))
    points = np.asarray(shapely.points(stops), object)
    near = [part for part in parts if (shapely.distance(part, points) <= NEAR_M).all()]
    for part in near:
        first, last = shapely.line_locate_point(part, points[[0, -1]])
        cut = substring(part, first, last)
        if straight.length * 0.9 <= cut.length <= straight.length * 3:
            return cut
    return straight
