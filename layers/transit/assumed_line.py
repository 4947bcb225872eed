"""A line that is assumed: where it halts, where it runs, how often; and trips made for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from twin.mobility.timetable.course import Course, lead
from twin.mobility.timetable.places import members
from twin.mobility.timetable.service import (
    departures,
    hourly_headways,
    made_trips,
    pattern_of,
)
from twin.mobility.timetable.ways import (
    Halts,
    Ways,
    bus_ways,
    street_halts,
    track_halts,
    track_ways,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd
    import pandas as pd

    from twin.assumptions import Assumptions

Array = np.ndarray[Any, Any]

SOURCE = "estimated:assumed_timetable"
ROUND = 1.15
"""Tracks and ferries whose way is not known are this much longer than the straight line."""
SERVES = {
    "bus": ("bus", "tram", "light_rail", "other"),
    "tram": ("tram", "light_rail", "bus", "other"),
    "light_rail": ("light_rail", "tram", "rail", "subway", "other"),
    "subway": ("subway", "light_rail", "other"),
    "rail": ("rail", "light_rail"),
    "ferry": ("ferry",),
}
"""Classes of stops that a line of a class may halt at, first its own."""


@dataclass(frozen=True)
class AssumedLine:
    """A line with a course in each direction; several a direction take turns."""

    key: str
    name: str
    kind: str  # of STOP_CLASSES
    courses: tuple[tuple[int, Course], ...]  # direction and course
    long_name: str | None = None
    operator: str | None = None
    colour: str | None = None
    headway_min: float = float("nan")
    course_source: str = SOURCE


@dataclass(frozen=True, eq=False)
class Ground:
    """What lines of one class run on, and where they may halt there."""

    kind: str
    stops: gpd.GeoDataFrame
    ways: Ways
    halts: Halts
    places: Array  # of each stop

    def rows(self, places: Sequence[int]) -> list[Array]:
        """Return the stops of places that the class may halt at."""
        return [self.by_place[place] for place in places if place in self.by_place]

    @cached_property
    def by_place(self) -> dict[int, Array]:
        """The stops of each place that the class may halt at."""
        return members(self.places, np.unique(self.halts.stop))

    def course(self, places: Sequence[int], favoured: Array | None = None) -> Course | None:
        """Lead a line through places; tracks and ferries straight where no way is known."""
        if self.kind != "ferry" and len(self.ways):
            course = lead(self.ways, self.halts, self.rows(places), favoured=favoured)
            if self.kind == "bus" or (course is not None and len(course) == len(places)):
                return course
        return None


def ground(
    kind: str, tables: Mapping[str, pd.DataFrame], places: Array, given: Assumptions
) -> Ground:
    """Return the ground of a class of lines."""
    stops: Any = tables["stops"]
    usable = stops["class"].astype("str").isin(SERVES[kind]).to_numpy()
    if kind == "bus":
        ways = bus_ways(tables["streets"], given)
        halts = street_halts(stops, ways, given)
    else:
        ways = track_ways(tables["railways"], given, kind)
        halts = track_halts(stops, ways, given)
    ok = usable[halts.stop]
    halts = Halts(halts.stop[ok], halts.link[ok], halts.share[ok], halts.penalty_s[ok])
    return Ground(kind, stops, ways, halts, places)


def straight(stops: gpd.GeoDataFrame, rows: Array, kind: str, given: Assumptions) -> Course:
    """Return the course straight through stops (rows)."""
    point = stops.geometry.to_numpy()[rows]
    xy = shapely.get_coordinates(point)
    metres = np.append(0.0, np.hypot(*np.diff(xy, axis=0).T) * ROUND)
    seconds = metres / given[f"timetable.track_speed.{kind}"] * 3.6
    nothing = np.zeros(0, np.int64)
    return Course(np.asarray(rows), seconds, metres, shapely.LineString(xy), nothing)


def between(on: Ground, course: Course) -> str | None:
    """Return the names of both ends of a course where they have different ones."""
    one, two = on.stops["name"].to_numpy(object)[course.stops[[0, -1]]]
    return (
        f"{one} – {two}" if isinstance(one, str) and isinstance(two, str) and one != two else None
    )


def line_row(line: AssumedLine) -> dict[str, Any]:
    """Return the row of the lines table."""
    shapes = [course.line for _, course in line.courses]
    kept: list[Any] = []
    for shape in sorted(shapes, key=lambda s: (-s.length, s.wkt)):
        if not any(shape.within(other.buffer(25)) for other in kept):
            kept.append(shape)
    return {
        "line_id": line.key, "name": line.name, "long_name": line.long_name,
        "class": line.kind, "operator": line.operator, "colour": line.colour,
        "course_source": line.course_source, "departures": 0.0,
        "geometry": kept[0] if len(kept) == 1 else shapely.multilinestrings(kept),
    }  # fmt: skip


def timetable_of(
    line: AssumedLine, stops: gpd.GeoDataFrame, given: Assumptions, *, number: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """
    Return the trips of a weekday: headways by class and hour, the drawn headway where it is said.

    `number` is the place of the line among all: lines leave staggered, not all on the hour.
    """
    hours, minutes = hourly_headways(given, line.kind)
    if np.isfinite(line.headway_min):
        minutes = np.full(len(minutes), line.headway_min)
    ids, names = stops.index.to_numpy(object), stops["name"].to_numpy(object)
    dwell = given[f"timetable.dwell.{line.kind}"]
    patterns, leaving = [], []
    for direction in (0, 1):
        mine = [course for way, course in line.courses if way == direction]
        offset = float((number * 7 + direction * 5) * 60)
        every = departures(hours, minutes, offset_s=offset)
        for turn, course in enumerate(mine):
            last = names[course.stops[-1]]
            patterns.append(
                pattern_of(
                    ids[course.stops],
                    course.seconds,
                    dwell,
                    direction=direction,
                    headsign=last if isinstance(last, str) else None,
                )
            )
            leaving.append(every[turn :: len(mine)])
    return made_trips(line.key, patterns, leaving, name=line.key, source=SOURCE)
