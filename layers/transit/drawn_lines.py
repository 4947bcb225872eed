"""Assumed lines that follow the route relations of the map."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from layers.transit.assumed_line import (
    SERVES,
    AssumedLine,
    Ground,
    between,
    ground,
    straight,
)
from twin.mobility.timetable.course import lead, place_times
from twin.mobility.timetable.ways import part_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from layers.source_data import Routes
    from twin.assumptions import Assumptions
    from twin.mobility.timetable.course import Course
    from twin.mobility.timetable.ways import Halts, Ways

Array = np.ndarray[Any, Any]

OFF_COURSE = 5.0
"""Links that the relation does not name are this much dearer: it may have gaps."""
BESIDE_M = 200.0
NEW_PLACES = 2
"""A variant of a line runs where it serves this many places that others do not."""
WANDERS = 1.6
"""Halts whose straight lines are so much longer than the drawn course are in no order."""


def drawn_lines(
    routes: Routes, tables: Mapping[str, pd.DataFrame], places: Array, given: Assumptions
) -> list[AssumedLine]:
    """
    Return the lines that relations draw, where at least two halting places of each are known.

    Relations of one master, or of one class, number and operator, are the directions and variants
    of one line. Lines of long distance are left out.
    """
    lines = routes.lines
    lines = lines[~lines["long_distance"].to_numpy(bool)] if len(lines) else lines
    grounds = {kind: ground(kind, tables, places, given) for kind in sorted(set(lines["class"]))}
    members = dict(list(routes.members.groupby("route", sort=False)))
    way_ids = {}
    if "bus" in grounds:
        own = tables["streets"]["way_id"].reindex(grounds["bus"].ways.ids)
        way_ids["bus"] = WayIds(*pd.factorize(own.to_numpy(object)))
    found = []
    for _, group in lines.groupby(_same_line(lines), sort=False):
        on = grounds[group["class"].iloc[0]]
        led = [
            course
            for key in group.index
            if key in members
            for course in _courses(members[key], on, way_ids.get(on.kind), given)
        ]
        if led:
            found.append(_line(group, led, on))
    return _distinct(found)


class WayIds(NamedTuple):
    """The way that each link belongs to, as a number, and the names of the ways."""

    code: Array
    names: Array

    def named(self, keys: pd.Series[Any]) -> Array:
        """Tell which links belong to some ways."""
        wanted = np.zeros(len(self.names) + 1, bool)
        at = pd.Index(self.names).get_indexer(pd.Index(keys.unique()))
        wanted[at[at >= 0]] = True
        found: Array = wanted[self.code]
        return found


def _same_line(lines: pd.DataFrame) -> pd.Series[Any]:
    """Return what the relations of one line share."""
    told = lines[["class", "ref", "name", "operator", "master"]].astype(object)
    named = told["ref"].fillna(told["name"]).fillna(pd.Series(lines.index, lines.index, object))
    own = told["class"] + "|" + named.astype(str) + "|" + told["operator"].fillna("").astype(str)
    return told["master"].fillna(own).astype(str)


def _courses(
    members: pd.DataFrame, on: Ground, way_ids: WayIds | None, given: Assumptions
) -> list[Course]:
    """Return the courses of one relation."""
    orders = _orders(members, on, given)
    courses: list[Course] = []
    for places in orders:
        course = _led(on, places, members, way_ids, given)
        if course is not None:
            courses.append(course)
    if courses or way_ids is None:
        return courses
    mask = way_ids.named(members["key"])
    return _along(on, mask, given)


def _led(
    on: Ground, places: list[int], members: pd.DataFrame, way_ids: WayIds | None, given: Assumptions
) -> Course | None:
    if len(places) < 2:
        return None
    favoured = None
    if way_ids is not None:
        mask = way_ids.named(members["key"])
        favoured = np.where(mask, 1.0, OFF_COURSE) if mask.any() else None
        if mask.any() and _wander(on, places) > WANDERS * on.ways.metres[mask].sum():
            return None
    course = on.course(places, favoured)
    if course is None and on.kind != "bus":
        usable = on.stops["class"].astype("str").isin(SERVES[on.kind]).to_numpy()
        first = [int(np.flatnonzero((on.places == p) & usable)[0]) for p in places]
        return straight(on.stops, np.array(first), on.kind, given)
    return course


def _wander(on: Ground, places: list[int]) -> float:
    first = [int(np.flatnonzero(on.places == place)[0]) for place in places]
    xy = shapely.get_coordinates(on.stops.geometry.to_numpy()[first])
    return float(np.hypot(*np.diff(xy, axis=0).T).sum())


def _orders(members: pd.DataFrame, on: Ground, given: Assumptions) -> list[list[int]]:
    """
    Return the halting places of a relation in order, a list for each direction it tells.

    Roles like `forward_stop_3` give a list for each direction. Else stops and platforms are two
    tellings of the same order, and the one that knows more places counts.
    """
    halts = members[members["is_halt"] & members["x"].notna()]
    if halts.empty:
        return []
    halts = halts.assign(place=_resolved(halts, on, given))
    halts = halts[halts["place"] >= 0]
    role = halts["role"].astype("str")
    found = []
    for way in ("forward", "backward"):
        mine = halts[role.str.contains(way).to_numpy(bool)]
        if len(mine):
            number = [_number(text, way) for text in mine["role"]]
            order = np.argsort(np.array(number), kind="stable")
            found.append(_once(mine["place"].to_numpy()[order]))
    if found:
        return found
    platform = role.str.contains("platform").to_numpy(bool)
    tellings = [_once(halts["place"].to_numpy()[mask]) for mask in (~platform, platform)]
    return [max(tellings, key=lambda places: len(set(places)))]


def _number(role: str, way: str) -> float:
    match = re.search(way + r"\D*?(\d+)", role)
    return float(match[1]) if match else 0.0


def _once(places: Array) -> list[int]:
    """Return places without those that follow themselves."""
    keep = np.append(True, places[1:] != places[:-1])[: len(places)]
    return [int(place) for place in places[keep]]


def _resolved(halts: pd.DataFrame, on: Ground, given: Assumptions) -> Array:
    """Return the halting place of each member: the stop itself, else the nearest that fits."""
    known = on.stops.index.get_indexer(pd.Index(halts["key"]))
    rows = np.unique(on.halts.stop)
    if on.kind != "bus":
        kinds = on.stops["class"].astype("str").isin(SERVES[on.kind]).to_numpy()
        rows = np.flatnonzero(kinds)
    place = np.where(known >= 0, on.places[known], -1)
    known = np.where(np.isin(place, on.places[rows]), known, -1) if len(rows) else known * 0 - 1
    reach = given["timetable.station_radius" if on.kind == "rail" else "timetable.stop_reach"]
    if len(rows):
        xy = shapely.get_coordinates(on.stops.geometry.to_numpy()[rows])
        away, near = cKDTree(xy).query(halts[["x", "y"]].to_numpy(float))
        near = np.where(away <= reach, rows[np.minimum(near, len(rows) - 1)], -1)
        known = np.where(known >= 0, known, near)
    return np.where(known >= 0, on.places[known], -1)


# ------------------------------------------------------------------------- ways without halts


def _along(on: Ground, mask: Array, given: Assumptions) -> list[Course]:
    """
    Return both directions of a line of which only the streets are known.

    Its ends are the two halts on these streets that are farthest apart; it halts everywhere on
    the way between them, in each direction on the way that one-way streets leave.
    """
    ways, halts = on.ways, on.halts
    ours = np.flatnonzero(mask[halts.link])
    if len(np.unique(on.places[halts.stop[ours]])) < 2:
        return []
    away, _ = cKDTree(ways.xy[mask]).query(ways.xy, distance_upper_bound=BESIDE_M)
    links = np.flatnonzero(mask | np.isfinite(away)).astype(np.int64)
    some, moved = part_of(ways, halts, links)
    cost = some.seconds * np.where(mask[links], 1.0, OFF_COURSE)
    found, times = place_times(some, moved, cost, ours, on.places)
    favoured = np.where(mask[links], 1.0, OFF_COURSE)
    one, two = _far_apart(found, times)
    orders = [
        _once(on.places[halts.stop[_passed(some, moved, favoured, ours, _stops_of(on, ends))]])
        for ends in ((one, two), (two, one))
    ]
    orders = [order for order in orders if len(order) > 1]
    if orders:
        _with_loops(orders, found, times, given["timetable.detour"] / 2)
    full = np.where(mask, 1.0, OFF_COURSE)
    courses = [lead(ways, halts, on.rows(order), favoured=full) for order in orders]
    return [course for course in courses if course is not None]


def _with_loops(orders: list[list[int]], places: Array, times: Array, most_s: float) -> None:
    """
    Put in places of the drawn course that the shortest way between its ends leaves out.

    `times` [s] lead from place to place (by their row in `places`) along the course; each place
    goes where it costs least, in the direction that has its side of the street.
    """
    row = {int(place): i for i, place in enumerate(places)}
    missed = set(row) - {p for order in orders for p in order}
    while missed:
        (best, at), place, way = min(
            (_insertion([row[p] for p in order], row[place], times), place, way)
            for place in missed
            for way, order in enumerate(orders)
        )
        if best > most_s:
            return
        orders[way].insert(at, place)
        missed.discard(place)


def _insertion(order: list[int], place: int, times: Array) -> tuple[float, int]:
    """Return the seconds a place more costs a line at best, and where in the order it comes."""
    into, out = times[order, place], times[place, order]
    between = times[order[:-1], order[1:]]
    more = np.concatenate([out[:1], into[:-1] + out[1:] - between, into[-1:]])
    at = int(np.nan_to_num(more, nan=np.inf).argmin())
    return float(more[at]), at


def _far_apart(places: Array, times: Array) -> tuple[int, int]:
    """Return the two places with the longest way between them, in the quicker direction."""
    both = np.minimum(times, times.T)
    both = np.where(np.isfinite(both), both, -1.0)
    np.fill_diagonal(both, -1.0)
    one, two = np.unravel_index(int(both.argmax()), both.shape)
    return int(places[one]), int(places[two])


def _stops_of(on: Ground, places: Sequence[int]) -> list[Array]:
    return [on.by_place[place] for place in places]


def _passed(some: Ways, moved: Halts, favoured: Array, ours: Array, ends: Sequence[Array]) -> Array:
    """Return the halts on the way between two places, in order, those on the right side."""
    course = lead(some, moved, ends, favoured=favoured)
    if course is None:
        return np.zeros(0, np.int64)
    rank = np.full(len(some), -1)
    rank[course.links] = np.arange(len(course.links))
    link, share, stop = moved.link[ours], moved.share[ours], moved.stop[ours]
    first = share[(stop == course.stops[0]) & (link == course.links[0])]
    last = share[(stop == course.stops[-1]) & (link == course.links[-1])]
    start = first.min() if len(first) else 0.0  # a place may have its better stop off the course
    end = last.max() if len(last) else 1.0
    before = (rank[link] == 0) & (share < start)
    after = (rank[link] == len(course.links) - 1) & (share > end)
    here = ours[(rank[link] >= 0) & ~before & ~after]
    order = np.lexsort((moved.share[here], rank[moved.link[here]]))
    return _own_side_first(moved, here[order])


def _own_side_first(moved: Halts, here: Array) -> Array:
    """Leave out a halt on the wrong side where the stop has one on the right side."""
    right = set(moved.stop[here[moved.penalty_s[here] == 0]].tolist())
    keep = (moved.penalty_s[here] == 0) | ~np.isin(moved.stop[here], list(right))
    found: Array = here[keep]
    return found


# ------------------------------------------------------------------------- lines


def _line(group: pd.DataFrame, led: Sequence[Course], on: Ground) -> AssumedLine:
    """Return a line of its courses: two directions, a variant where it serves more."""
    first = group.iloc[0]
    courses = sorted(led, key=lambda c: -len(c))
    kept: list[tuple[int, Course]] = []
    for course in courses:
        direction = _direction(on, course, kept)
        mine = [other for way, other in kept if way == direction]
        known = {int(on.places[s]) for other in mine for s in other.stops}
        new = {int(on.places[s]) for s in course.stops} - known
        if not mine or len(new) >= NEW_PLACES:
            kept.append((direction, course))
    one_way = {way for way, _ in kept}
    if len(one_way) == 1 and not _is_ring(on, kept[0][1]):
        kept += [(1, back) for _, c in kept if (back := _back(on, c)) is not None]
    name = next((r for r in group["ref"] if isinstance(r, str)), None)
    long = next((n for n in group["name"] if isinstance(n, str)), None)
    headways = group["headway_min"].dropna()
    return AssumedLine(
        key=f"assumed:{group.index[0]}", name=name or long or str(group.index[0]), kind=on.kind,
        courses=tuple(kept), long_name=long or between(on, kept[0][1]),
        operator=_text(first["operator"]), colour=_text(first["colour"]),
        course_source=_text(first.get("course_source")) or "tagged:route_relation",
        headway_min=float(headways.max()) if len(headways) else float("nan"),
    )  # fmt: skip


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _direction(on: Ground, course: Course, kept: Sequence[tuple[int, Course]]) -> int:
    """Return 0, or 1 where the course meets the places of the first one in the opposite order."""
    if not kept:
        return 0
    order = {int(on.places[s]): i for i, s in enumerate(kept[0][1].stops)}
    met = [order[p] for s in course.stops if (p := int(on.places[s])) in order]
    steps = np.sign(np.diff(met)).sum() if len(met) > 1 else 0
    return int(steps < 0)


def _is_ring(on: Ground, course: Course) -> bool:
    return bool(on.places[course.stops[0]] == on.places[course.stops[-1]])


def _back(on: Ground, course: Course) -> Course | None:
    """Return the way back through the same places."""
    if not len(course.links):
        flipped = course.stops[::-1]
        metres, seconds = (
            np.append(0.0, values[:0:-1]) for values in (course.metres, course.seconds)
        )
        return type(course)(flipped, seconds, metres, shapely.reverse(course.line), course.links)
    places = [int(on.places[s]) for s in course.stops[::-1]]
    mask = np.zeros(len(on.ways), bool)
    mask[course.links] = True
    reverse = on.ways.reverse[course.links]
    mask[reverse[reverse >= 0]] = True
    return on.course(places, np.where(mask, 1.0, OFF_COURSE))


def _distinct(lines: list[AssumedLine]) -> list[AssumedLine]:
    """Leave out a line that halts at the same stops in the same order as another of its class."""
    seen, found = set(), []
    for line in lines:
        told = (line.kind, line.name, tuple(map(int, line.courses[0][1].stops)))
        if told not in seen:
            seen.add(told)
            found.append(line)
    return found
