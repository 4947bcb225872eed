"""New lines, and lines that are no longer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from twin.errors import ModelError
from twin.mobility.timetable.course import Course, lead
from twin.mobility.timetable.places import halting_places
from twin.mobility.timetable.service import (
    departures,
    line_rows,
    made_trips,
    pattern_of,
)
from twin.mobility.timetable.trips import SOURCE, member, with_trips, without_trips
from twin.mobility.timetable.ways import bus_ways, street_halts

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.mobility.timetable.service import Pattern, Service

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

BESIDE_M = 30.0
"""Streets that lie as near to a drawn line are those meant."""
OFF_LINE = 3.0
ROUND = 1.15
FASTEST = 2.5
"""Running speed is at most this often the travel speed asked for: halts cannot be free."""
ON_STREET = ("bus", "tram", "light_rail", "other")


@dataclass(frozen=True)
class NewLine:
    """What is known of a line to come; hours are those of first departures."""

    line_id: str
    name: str
    kind: str = "bus"  # of STOP_CLASSES
    headway_min: float = 20.0
    from_hour: float = 5.0
    to_hour: float = 23.0
    speed_kmh: float | None = None  # mean travel speed, halts included; none: of the streets
    both_ways: bool = True


def usable_stops(stops: gpd.GeoDataFrame, kind: str) -> NDArray[np.bool_]:
    """Tell at which stops a line of a class may halt: its own class, on streets any of them."""
    kinds = ON_STREET if kind in ON_STREET else (kind,)
    usable: NDArray[np.bool_] = stops["class"].astype("str").isin(kinds).to_numpy()
    return usable


def places_along(
    stops: gpd.GeoDataFrame, drawn: shapely.LineString, kind: str, given: Assumptions
) -> list[Ints]:
    """
    Return the halting places beside a drawn line in its order, each as rows of the stops.

    A place belongs to the line that has a stop within `timetable.stop_reach` of it, trains within
    half of `timetable.station_radius`. A line that ends where it began comes back to its first.
    """
    reach = given["timetable.stop_reach"]
    if kind not in ON_STREET:
        reach = given["timetable.station_radius"] / 2
    usable = np.flatnonzero(usable_stops(stops, kind))
    point = stops.geometry.to_numpy()[usable]
    near = shapely.dwithin(point, drawn, reach)
    place = halting_places(stops, given)
    along = pd.DataFrame(
        {
            "place": place[usable[near]],
            "at": shapely.line_locate_point(drawn, point[near]),
        }
    )
    first = along.groupby("place")["at"].min().sort_values(kind="stable")
    found = [usable[place[usable] == p] for p in first.index]
    start, end = shapely.get_point(drawn, 0), shapely.get_point(drawn, -1)
    if len(found) > 2 and shapely.distance(start, end) <= reach:
        found.append(found[0])
    return found


def places_named(
    stops: gpd.GeoDataFrame, names: Sequence[str], kind: str, given: Assumptions
) -> tuple[list[Ints], list[str]]:
    """
    Return halting places by the id or the name of a stop, and what is not known.

    An id means that stop alone; of several places of one name the one nearest to the place before
    it (or after it) counts.
    """
    usable = usable_stops(stops, kind)
    place = halting_places(stops, given)
    xy = shapely.get_coordinates(stops.geometry.to_numpy())
    label = stops["name"].astype(object).to_numpy()
    choices: list[list[Ints]] = []
    unknown = []
    for name in names:
        if name in stops.index:
            choices.append([np.array([stops.index.get_loc(name)], np.int64)])
            continue
        rows = np.flatnonzero(usable & (label == name))
        if not len(rows):
            unknown.append(name)
            continue
        choices.append([rows[place[rows] == p] for p in np.unique(place[rows])])
    return _nearest_choice(choices, xy), unknown


def _nearest_choice(choices: Sequence[list[Ints]], xy: Floats) -> list[Ints]:
    """Return one of several places each time: the one nearest to its settled neighbour."""
    settled = next((i for i, options in enumerate(choices) if len(options) == 1), 0)
    found = {settled: choices[settled][0]} if choices else {}
    order = [*range(settled + 1, len(choices)), *range(settled - 1, -1, -1)]
    for i in order:
        beside = found[i - 1] if i > settled else found[i + 1]
        here = xy[beside].mean(axis=0)
        found[i] = min(
            choices[i], key=lambda rows: float(np.hypot(*(xy[rows].mean(axis=0) - here)))
        )
    return [found[i] for i in sorted(found)]


def courses_of(
    stops: gpd.GeoDataFrame,
    streets: gpd.GeoDataFrame,
    places: Sequence[Ints],
    given: Assumptions,
    *,
    kind: str = "bus",
    drawn: shapely.LineString | None = None,
) -> list[Course]:
    """
    Return the course there and the course back through halting places.

    Buses are led along the streets, those along a drawn line first; other vehicles run along the
    drawn line or straight. A line that comes back to its first place has one course.

    Raises
    ------
    ModelError
        Fewer than two places can be reached by bus.
    """
    ring = len(places) > 2 and np.array_equal(places[0], places[-1])
    orders = [list(places)] if ring else [list(places), list(places)[::-1]]
    if kind != "bus":
        return [_off_street(stops, order, drawn) for order in orders]
    ways = bus_ways(streets, given)
    halts = street_halts(stops, ways, given)
    favoured = None
    if drawn is not None:
        middle = shapely.line_interpolate_point(ways.lines, 0.5, normalized=True)
        favoured = np.where(shapely.dwithin(middle, drawn, BESIDE_M), 1.0, OFF_LINE)
    found = [lead(ways, halts, order, favoured=favoured) for order in orders]
    good = [course for course in found if course is not None]
    if len(good) < len(orders):
        template = (
            "No bus can get from stop to stop: {count} places, and streets join none of them."
        )
        hint = "Choose stops on streets that buses may use."
        raise ModelError(template, hint=hint, count=len(places))
    return good


def _off_street(
    stops: gpd.GeoDataFrame, places: Sequence[Ints], drawn: shapely.LineString | None
) -> Course:
    rows = np.array([place[0] for place in places], np.int64)
    point = stops.geometry.to_numpy()[rows]
    xy = shapely.get_coordinates(point)
    away = np.hypot(*np.diff(xy, axis=0).T)
    line = shapely.LineString(xy)
    metres = np.append(0.0, away * ROUND)
    if drawn is not None:
        at = shapely.line_locate_point(drawn, point)
        metres = np.append(0.0, np.maximum(np.abs(np.diff(at)), away))
        line = drawn
    nothing = np.zeros(0, np.int64)
    return Course(rows, np.zeros(len(rows)), metres, line, nothing)


def new_line(
    service: Service, courses: Sequence[Course], new: NewLine, given: Assumptions,
    *, day: str = "weekday",
) -> Service:  # fmt: skip
    """
    Return the service with a line more, that runs every `headway_min` from first to last hour.

    Running times are those of the courses (streets), or follow from the travel speed; at every
    stop between the ends it halts for `timetable.dwell`.

    Raises
    ------
    ModelError
        There is a line of that id already.
    """
    if new.line_id in service.lines.index:
        template = "There is a line with the id {line} already."
        raise ModelError(template, hint="Choose another id.", line=new.line_id)
    patterns = [
        _pattern(service, course, new, given, direction=way)
        for way, course in enumerate(courses)
        if way == 0 or new.both_ways
    ]
    hours = np.array([new.from_hour, new.to_hour])
    left = [departures(hours, np.array([new.headway_min])) for _ in patterns]
    trips, times = made_trips(
        new.line_id, patterns, left, name=new.line_id, source=SOURCE, day=day
    )  # fmt: skip
    shapes = [course.line for course in courses]
    shape = shapes[0] if len(shapes) == 1 or shapes[0].equals(shapes[1].reverse()) else None
    row = {
        "line_id": new.line_id, "name": new.name, "class": new.kind, "course_source": SOURCE,
        "departures": 0.0, "geometry": shape or shapely.multilinestrings(shapes),
    }  # fmt: skip
    lines = _joined(service.lines, line_rows([row], service.crs))
    return with_trips(service.replace(lines=lines), trips, times)


def _pattern(
    service: Service, course: Course, new: NewLine, given: Assumptions, *, direction: int
) -> Pattern:
    dwell = given[f"timetable.dwell.{new.kind}"]
    running = course.seconds
    speed = new.speed_kmh
    if speed is None and new.kind != "bus":
        running = course.metres / given[f"timetable.track_speed.{new.kind}"] * 3.6
    elif speed is not None:
        whole = course.metres / speed * 3.6
        running = np.maximum(whole - dwell, whole / FASTEST)
    ids = service.stops.index.to_numpy(object)[course.stops]
    name = service.stops["name"].astype(object).to_numpy()[course.stops[-1]]
    headsign = name if isinstance(name, str) else None
    return pattern_of(ids, running, dwell, direction=direction, headsign=headsign)


def without_line(service: Service, line_ids: Sequence[str]) -> Service:
    """Return the service without lines and their trips; the stops stay."""
    trips = service.trips.index[member(service.trips["line_id"], line_ids)]
    left = without_trips(service, trips)
    return left.replace(lines=left.lines[~member(left.lines.index, line_ids)])


def _joined(table: Any, more: Any) -> Any:
    typed = {k: v for k, v in table.dtypes.items() if k != "geometry"}
    both = pd.concat([table, more.astype(typed)[table.columns]]) if len(table) else more
    both.index.name = table.index.name
    return both.sort_index()
