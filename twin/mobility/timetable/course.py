"""A line is led through its stops: which side of the street, which way between, how long."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely.ops import substring

from twin.mobility.timetable.ways import links_between, part_of, search

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from twin.mobility.timetable.ways import Halts, Ways

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

SLOW_M_S = 2.5
SPARE_S = 150.0
LONG_S = 3600.0
"""A way from stop to stop is searched as far as this speed as the crow flies leads, and these
seconds more; where that does not reach every stop, an hour more."""
CORRIDOR_M = 1500.0
"""Ways that begin further than this from the box around all stops are searched only in need."""


@dataclass(frozen=True, eq=False)
class Course:
    """Stops in order (rows), running seconds and metres from the one before (0 at the first)."""

    stops: Ints
    seconds: Floats
    metres: Floats
    line: shapely.LineString
    links: Ints  # rows of the ways driven on, in order

    def __len__(self) -> int:
        """Count the stops."""
        return len(self.stops)


def lead(
    ways: Ways, halts: Halts, places: Sequence[Ints], *, favoured: Floats | None = None
) -> Course | None:
    """
    Lead a line through halting places in order, on the way that is cheapest as a whole.

    Parameters
    ----------
    places
        For each place the rows of the stops it may halt at (both sides of a street, platforms).
    favoured
        Factor on the running time of each link (m,) while the way is chosen: a drawn course.

    Returns
    -------
    The course, at one stop of each place; a place that cannot be reached from the one before is
    left out. None where fewer than two places are left. The choice among the stops of all places
    together is the cheapest (dynamic programming over places, Dijkstra between them).
    """
    rows = [np.flatnonzero(np.isin(halts.stop, place)) for place in places]
    rows = [row for row in rows if len(row)]
    if len(rows) < 2:
        return None
    factor = np.ones(len(ways)) if favoured is None else favoured
    near = _corridor(ways, halts, rows)
    some, moved = part_of(ways, halts, near)
    course, reached = _led(some, moved, near, some.seconds * factor[near], rows)
    if reached < len(rows):  # the way round is longer than usual
        everywhere = np.arange(len(ways))
        course, _ = _led(ways, halts, everywhere, ways.seconds * factor, rows, spare=LONG_S)
    return course


def place_times(
    ways: Ways, halts: Halts, cost: Floats, some: Ints, places: Ints
) -> tuple[Ints, Floats]:
    """
    Return the places of some halts (rows), and the least cost from each to each (p, p).

    `places` numbers the place of every stop; halting on the wrong side costs its penalty.
    """
    sources = np.unique(ways.end[halts.link[some]])
    dist, before = search(ways, cost, sources, np.inf)
    found = _Search(ways, halts, cost, sources, dist, before)
    times = found.between(some, some) + halts.penalty_s[some][None, :]
    known, of = np.unique(places[halts.stop[some]], return_inverse=True)
    least = np.full((len(known), len(known)), np.inf)
    np.minimum.at(least, (of[:, None], of[None, :]), times)
    return known, least


def _corridor(ways: Ways, halts: Halts, rows: Sequence[Ints]) -> Ints:
    """Return the links that begin near the places, in a box around them."""
    link = halts.link[np.concatenate(rows)]
    low, high = ways.xy[link].min(axis=0) - CORRIDOR_M, ways.xy[link].max(axis=0) + CORRIDOR_M
    inside = ((ways.xy >= low) & (ways.xy <= high)).all(axis=1)
    inside[link] = True
    return np.flatnonzero(inside).astype(np.int64)


def _led(
    ways: Ways,
    halts: Halts,
    links: Ints,
    cost: Floats,
    rows: Sequence[Ints],
    *,
    spare: float = SPARE_S,
) -> tuple[Course | None, int]:
    """Return the course over some links (their rows in all ways) and the places it reaches."""
    used = np.unique(np.concatenate(rows))
    sources = np.unique(ways.end[halts.link[used]])
    xy = ways.xy[halts.link[np.array([row[0] for row in rows])]]
    gap = float(np.hypot(*np.diff(xy, axis=0).T).max())
    limit = gap / SLOW_M_S + spare
    dist, before = search(ways, cost, sources, limit)
    found = _Search(ways, halts, cost, sources, dist, before)
    chosen = _cheapest(found, rows)
    if len(chosen) < 2:
        return None, len(chosen)
    course = _course(found, chosen)
    return dataclasses.replace(course, links=links[course.links]), len(chosen)


@dataclass(frozen=True, eq=False)
class _Search:
    """What the search found from the ends of all links with halts."""

    ways: Ways
    halts: Halts
    cost: Floats
    sources: Ints
    dist: NDArray[Any]
    before: NDArray[Any]

    def between(self, one: Ints, two: Ints) -> Floats:
        """Return the cost from each halt to each other (a, b)."""
        w, h = self.ways, self.halts
        a, b = h.link[one], h.link[two]
        rest = (1 - h.share[one]) * self.cost[a]
        into = h.share[two] * self.cost[b]
        source = np.searchsorted(self.sources, w.end[a])
        around = rest[:, None] + self.dist[np.ix_(source, w.start[b])] + into[None, :]
        step = h.share[two][None, :] - h.share[one][:, None]
        same = (a[:, None] == b[None, :]) & (step >= 0)
        return np.where(same, np.maximum(step, 0) * self.cost[b][None, :], around)


def _cheapest(found: _Search, rows: Sequence[Ints]) -> list[int]:
    """Return one halt for each place that can be reached, in order, of least total cost."""
    penalty = found.halts.penalty_s
    total, kept, back = penalty[rows[0]], [rows[0]], []
    for row in rows[1:]:
        costs = total[:, None] + found.between(kept[-1], row)
        if not np.isfinite(costs).any():
            continue
        best = costs.argmin(axis=0)
        total = costs[best, np.arange(len(row))] + penalty[row]
        kept.append(row)
        back.append(best)
    at = int(total.argmin())
    chosen = [int(kept[-1][at])]
    for row, best in zip(kept[-2::-1], back[::-1], strict=True):
        at = int(best[at])
        chosen.append(int(row[at]))
    return chosen[::-1]


def _course(found: _Search, chosen: list[int]) -> Course:
    ways, halts = found.ways, found.halts
    pair_links = links_between(ways, found.cost)
    seconds, metres, parts = [0.0], [0.0], []
    links: list[int] = []
    for one, two in pairwise(chosen):
        path = _path(found, pair_links, one, two)
        a, b = halts.share[one], halts.share[two]
        part = np.ones(len(path))
        part[0] -= a
        part[-1] -= 1 - b
        seconds.append(float((ways.seconds[path] * part).sum()))
        metres.append(float((ways.metres[path] * part).sum()))
        parts.append(_drawn(ways, path, a, b))
        links += path if not links or links[-1] != path[0] else path[1:]
    xy = np.concatenate(parts)
    again = np.append(False, (np.abs(np.diff(xy, axis=0)) < 1e-6).all(axis=1))
    xy = xy[~again]
    line = shapely.LineString(xy if len(xy) > 1 else np.repeat(xy, 2, axis=0))
    stops = halts.stop[np.array(chosen)]
    return Course(stops, np.array(seconds), np.array(metres), line, np.array(links, np.int64))


def _path(found: _Search, pair_links: Any, one: int, two: int) -> list[int]:
    """Return the links from halt to halt, that of both halts among them (once if it is one)."""
    ways, halts = found.ways, found.halts
    a, b = int(halts.link[one]), int(halts.link[two])
    if a == b and halts.share[two] >= halts.share[one]:
        return [a]
    before = found.before[np.searchsorted(found.sources, ways.end[a])]
    nodes = [int(ways.start[b])]
    while nodes[-1] != ways.end[a]:
        nodes.append(int(before[nodes[-1]]))
    nodes = nodes[::-1]
    if len(nodes) == 1:
        return [a, b]
    inner = np.asarray(pair_links[nodes[:-1], nodes[1:]]).ravel().astype(np.int64) - 1
    return [a, *inner.tolist(), b]


def _drawn(ways: Ways, path: list[int], a: float, b: float) -> Floats:
    """Return the corners of the way from a share of the first link to a share of the last."""
    lines = list(ways.lines[path])
    if len(path) == 1:
        return shapely.get_coordinates(substring(lines[0], a, b, normalized=True))
    lines[0] = substring(lines[0], a, 1.0, normalized=True)
    lines[-1] = substring(lines[-1], 0.0, b, normalized=True)
    return shapely.get_coordinates(np.array(lines, object))
