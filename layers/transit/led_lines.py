"""Assumed lines led through stops where nobody has drawn any: radial lines through the centre."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from scipy.sparse.csgraph import connected_components, dijkstra, minimum_spanning_tree
from scipy.spatial import cKDTree

from layers.transit.assumed_line import AssumedLine, Ground, between, straight
from twin.mobility.timetable.places import insertion, place_positions
from twin.mobility.timetable.ways import search

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from twin.assumptions import Assumptions

Array = np.ndarray[Any, Any]

NEAR_M = 500.0
"""Whom a stop serves, to find the busiest."""
LEAST_NEW = 3
"""A radial is a line of its own if it serves so many places that no longer one does."""
OPPOSITE = -0.3
"""Two radials become one through line where the cosine between them is below this."""


def led_lines(
    on: Ground, free: Array, tables: Mapping[str, pd.DataFrame], given: Assumptions
) -> list[AssumedLine]:
    """
    Return bus lines through the halting places `free` (numbers) of a town.

    From the centre (the busiest place, that at the railway station where there is one) the
    quickest ways lead out to the farthest places; a way serves what lies on it. Places beside a
    way are taken in where the detour is short (`timetable.detour`). Ways out on opposite sides
    are joined to lines through the centre. The same town always gives the same lines.
    """
    rows = {place: on.by_place[place] for place in free.tolist() if place in on.by_place}
    if len(rows) < 2:
        return []
    xy = place_positions(on.stops, on.places)
    centre = _centre(on, rows, xy, tables)
    radials, left = _radials(on, rows, centre)
    radials = _with_left(radials, left, xy, centre, given["timetable.detour"])
    lines = _joined(radials, xy, centre)
    return [
        line
        for number, places in enumerate(sorted(lines, key=lambda p: (-len(p), p)), 1)
        if (line := _line(on, places, number)) is not None
    ]


def _centre(on: Ground, rows: Mapping[int, Array], xy: Array, tables: Mapping[str, Any]) -> int:
    """Return the place of the most floor area around; at the busiest station where there is one."""
    places = np.array(list(rows))
    at = np.array([xy[p] for p in places])
    houses = tables["buildings"]
    middle = shapely.get_coordinates(shapely.centroid(houses.geometry.to_numpy()))
    weight = houses["floor_area_m2"].fillna(0).to_numpy(float)
    tree = cKDTree(middle) if len(middle) else None

    def around(points: Array) -> Array:
        found = tree.query_ball_point(points, NEAR_M) if tree else [[] for _ in points]
        return np.array([weight[np.sort(np.array(near, int))].sum() for near in found])

    stops = on.stops
    station = stops[(stops["class"] == "rail").to_numpy()]
    busy = around(at)
    if len(station):
        here = shapely.get_coordinates(station.geometry.to_numpy())
        best = here[around(here).argmax()]
        away = np.hypot(*(at - best).T)
        if away.min() <= NEAR_M and around(best[None])[0] > 0:
            return int(places[away.argmin()])
    return int(places[busy.argmax()])


def _radials(on: Ground, rows: Mapping[int, Array], centre: int) -> tuple[list[list[int]], Array]:
    """Return ways out from the centre as places in order, and the places that none serves."""
    ways, halts = on.ways, on.halts
    mine = np.flatnonzero(np.isin(halts.stop, np.concatenate(list(rows.values()))))
    start = mine[on.places[halts.stop[mine]] == centre]
    dist, before = search(ways, ways.seconds, np.array([ways.end[halts.link[start[0]]]]), np.inf)
    reach = dist[0][ways.start[halts.link[mine]]]
    place = on.places[halts.stop[mine]]
    far = {p: float(reach[place == p].min()) for p in rows}
    target = {p: int(mine[place == p][reach[place == p].argmin()]) for p in rows}
    by_pair: dict[tuple[int, int], set[int]] = {}
    for halt, p in zip(mine, place, strict=True):
        link = halts.link[halt]
        by_pair.setdefault((int(ways.start[link]), int(ways.end[link])), set()).add(int(p))
    open_places = {p for p in rows if np.isfinite(far[p]) and p != centre}
    radials: list[list[int]] = []
    left: set[int] = set()
    while open_places:
        farthest = max(open_places, key=lambda p: (far[p], -p))
        beside = _on_the_way(ways, before[0], int(halts.link[target[farthest]]), by_pair)
        passed = sorted((beside | {farthest}) & (far.keys() - {centre}), key=lambda p: (far[p], p))
        passed = [p for p in passed if np.isfinite(far[p]) and far[p] <= far[farthest]]
        new = [p for p in passed if p in open_places]
        if len(new) >= LEAST_NEW or not radials:
            radials.append(passed)
            open_places -= set(new)
        else:
            left.add(farthest)
            open_places.discard(farthest)
    served = {p for radial in radials for p in radial}
    return radials, np.array(sorted(left - served), int)


def _on_the_way(
    ways: Any, before: Array, link: int, by_pair: Mapping[tuple[int, int], set[int]]
) -> set[int]:
    """Return the places beside the way from the centre to a link, and on the link."""
    node, found = int(ways.start[link]), set()
    found |= by_pair.get((node, int(ways.end[link])), set())
    while before[node] >= 0:
        last = int(before[node])
        found |= by_pair.get((last, node), set()) | by_pair.get((node, last), set())
        node = last
    return found


def _with_left(
    radials: list[list[int]], left: Array, xy: Array, centre: int, detour_s: float
) -> list[list[int]]:
    """Take places beside the ways into the radial that it costs least; beyond the centre a new."""
    lines = [[centre, *radial] for radial in radials]
    for place in sorted(left.tolist(), key=lambda p: (np.hypot(*(xy[p] - xy[centre])), p)):
        costs = [(insertion(line, place, xy), i) for i, line in enumerate(lines)]
        (best, at), i = min(costs)
        if best > detour_s:
            continue
        if at == 0:
            lines.append([centre, place])
        else:
            lines[i].insert(at, place)
    return [line[1:] for line in lines]


def _joined(radials: list[list[int]], xy: Array, centre: int) -> list[tuple[int, ...]]:
    """Join ways out on opposite sides of the centre, the most opposite first."""
    way = []
    for radial in radials:
        away = np.mean([xy[p] for p in radial], axis=0) - xy[centre]
        way.append(away / max(float(np.hypot(*away)), 1e-9))
    pairs = sorted(
        (round(float(way[i] @ way[j]), 6), i, j)
        for i in range(len(radials))
        for j in range(i + 1, len(radials))
    )
    free, found = set(range(len(radials))), []
    for cosine, i, j in pairs:
        if cosine < OPPOSITE and {i, j} <= free:
            free -= {i, j}
            found.append((*radials[i][::-1], centre, *radials[j]))
    found += [(*radials[i][::-1], centre) for i in sorted(free)]
    return found


def _line(on: Ground, places: Sequence[int], number: int) -> AssumedLine | None:
    there, back = on.course(list(places)), on.course(list(places)[::-1])
    if there is None or back is None:
        return None
    return AssumedLine(
        key=f"assumed:bus:{number:02d}", name=str(number), kind="bus",
        courses=((0, there), (1, back)), long_name=between(on, there),
    )  # fmt: skip


def rail_lines(on: Ground, free: Array, given: Assumptions) -> list[AssumedLine]:
    """
    Return one line along each chain of stations that tracks join, of those no line serves.

    Stations are joined by the shortest tree of straight lines of at most `FAR_M`; its longest
    path is the line. A station alone is left without: a line needs two.
    """
    kinds = (on.stops["class"].astype("str") == on.kind).to_numpy()
    named = on.stops["name"].notna().to_numpy()
    rows = [np.flatnonzero((on.places == p) & kinds) for p in free]
    rows = [r[named[r]][:1] if named[r].any() else r[:1] for r in rows if len(r)]
    if len(rows) < 2:
        return []
    chosen = np.concatenate(rows)
    order = _chain(shapely.get_coordinates(on.stops.geometry.to_numpy()[chosen]))
    if len(order) < 2:
        return []
    stops = chosen[order]
    there = on.course([int(on.places[s]) for s in stops])
    there = there or straight(on.stops, stops, on.kind, given)
    back = on.course([int(on.places[s]) for s in stops[::-1]])
    back = back or straight(on.stops, stops[::-1], on.kind, given)
    line = AssumedLine(
        key=f"assumed:{on.kind}:01", name={"rail": "R", "ferry": "F"}.get(on.kind, "U") + " 1",
        kind=on.kind, courses=((0, there), (1, back)), long_name=between(on, there),
    )  # fmt: skip
    return [line]


FAR_M = 15_000.0


def _chain(xy: Array) -> Array:
    """Return the places of the longest path in the shortest tree that joins points."""
    away = np.hypot(*(xy[:, None, :] - xy[None, :, :]).transpose(2, 0, 1))
    away = np.where(away > FAR_M, 0.0, away)
    tree = minimum_spanning_tree(away)
    _, part = connected_components(tree, directed=False)
    biggest = np.flatnonzero(part == np.bincount(part).argmax())
    one = dijkstra(tree, directed=False, indices=biggest[0])
    start = int(biggest[one[biggest].argmax()])
    far, before = dijkstra(tree, directed=False, indices=start, return_predecessors=True)
    at = int(biggest[far[biggest].argmax()])
    order = [at]
    while before[order[-1]] >= 0:
        order.append(int(before[order[-1]]))
    return np.array(order)
