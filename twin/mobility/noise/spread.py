"""How the sound of each line reaches each wall: computed once for streets and buildings."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numba import njit, prange

from twin.mobility.noise.receivers import TILE
from twin.mobility.noise.rls19 import free_damping, ground_damping, screen_damping

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.mobility.noise.receivers import Heights, Receivers
    from twin.mobility.noise.sources import Lines

    Floats = NDArray[np.float64]

LEAST_PIECE_M = 1.0
DEEPEST = 64  # halvings that can wait
NEIGHBOURHOOD_M = 200.0
FINE_CELLS = 20.0  # from both ends every cell is looked at, between every other
NEAR_CELLS = 1.5  # cells at both ends of a way that screen nothing: walls are not cell edges


@dataclass(frozen=True, eq=False)
class Spread:
    """
    What part of a line's sound power a metre arrives, by point and line.

    Building i hears the lines `lines[heard[i]:heard[i + 1]]`; its points stand in rows of a block
    that begins at `blocks[i]` of `values`. Energy at a point = sum over lines of 10^(0.1 LW') x
    value.
    """

    receivers: Receivers
    lines: Lines
    heights: Heights
    field: NDArray[np.uint8]  # heights in the way
    numbers: Floats  # what else it depends on
    heard: NDArray[np.int64]  # (b + 1,)
    line: NDArray[np.int32]
    blocks: NDArray[np.int64]  # (b + 1,)
    values: NDArray[np.float32]
    computed: int = 0  # buildings that were computed anew, for the record


def spread_of(
    lines: Lines,
    receivers: Receivers,
    heights: Heights,
    given: Assumptions,
    *,
    screened: bool = True,
    before: Spread | None = None,
) -> Spread:
    """
    Return how sound spreads from lines to walls after RLS-19, without reflections.

    Each line is halved until no piece is longer than half its way to the point; damping is
    D_div + D_atm + max(D_gr, D_z) over flat ground, a rubber band of up to two edges over the
    buildings between (none with `screened=False`); pieces near signals and roundabouts are louder.
    `before` spares the buildings that hear only lines that are the same there; the answer is equal
    bit for bit.
    """
    heard, line = _heard(lines, receivers)
    sizes = np.diff(receivers.offsets) * np.diff(heard)
    blocks = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    values = np.zeros(blocks[-1], np.float32)
    field = heights.tiles if screened else np.zeros((0, 0, TILE, TILE), np.uint8)
    numbers = np.array([
        given["noise.source_height_m"], given["noise.receiver_height_m"],
        given["noise.junction.signals"], given["noise.junction.roundabout"],
        given["noise.junction_reach_m"], heights.x, heights.y, heights.cell_m,
    ])  # fmt: skip
    found = Spread(receivers, lines, heights, field, numbers, heard, line, blocks, values)
    done = copied(found, before)
    todo = np.flatnonzero(~done)
    todo = todo[_nearby_first(receivers.centre[todo])]
    _compute(
        values, todo, blocks, heard, line, receivers.offsets, receivers.x, receivers.y,
        lines.offsets, lines.xy, np.column_stack([lines.ways, lines.reach]), field, numbers,
    )  # fmt: skip
    return dataclasses.replace(found, computed=len(todo))


def _heard(lines: Lines, receivers: Receivers) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return by building the lines within their reach of its middle, in order."""
    count = len(receivers.centre)
    points = np.asarray(shapely.points(receivers.centre), object)
    pairs = []
    for reach in np.unique(lines.reach):
        rows = np.flatnonzero(lines.reach == reach)
        tree = shapely.STRtree(lines.shapes[rows])
        building, place = tree.query(points, predicate="dwithin", distance=float(reach))
        pairs.append((building, rows[place]))
    if not pairs:
        return np.zeros(count + 1, np.int64), np.zeros(0, np.int32)
    building, line = (np.concatenate(part) for part in zip(*pairs, strict=True))
    order = np.lexsort((line, building))
    heard = np.searchsorted(building[order], np.arange(count + 1)).astype(np.int64)
    return heard, line[order].astype(np.int32)


def _nearby_first(centre: Floats) -> NDArray[np.intp]:
    """Return an order in which neighbours follow each other, which keeps heights in the cache."""
    tile = np.floor(centre / NEIGHBOURHOOD_M)
    return np.lexsort((centre[:, 0], tile[:, 0], tile[:, 1]))


def copied(found: Spread, before: Spread | None) -> NDArray[np.bool_]:
    """Copy into `found` the buildings that hear the same lines as before, and mark them."""
    count = len(found.receivers.ids)
    if before is None or not _comparable(found, before):
        return np.zeros(count, bool)
    place = _same_lines(found.lines, before.lines)[found.line]
    owner = np.repeat(np.arange(count), np.diff(found.heard))
    old_count, new_count = np.diff(before.heard), np.diff(found.heard)
    known = np.bincount(owner, place >= 0, minlength=count) == new_count
    same: NDArray[np.bool_] = known & (old_count == new_count)
    rank = np.arange(len(owner)) - found.heard[owner]
    there = np.flatnonzero(same[owner])
    old = before.line[(before.heard[owner] + rank)[there]]
    same &= np.bincount(owner[there], old == place[there], minlength=count) == new_count
    block = np.repeat(np.arange(count), np.diff(found.blocks))
    entry = np.flatnonzero(same[block])
    owner = block[entry]
    found.values[entry] = before.values[entry - found.blocks[owner] + before.blocks[owner]]
    return same


def _comparable(found: Spread, before: Spread) -> bool:
    """Tell whether points, heights and numbers are the same."""
    new, old = found.receivers, before.receivers
    pairs = (
        (found.field, before.field), (found.numbers, before.numbers), (new.offsets, old.offsets),
        (new.x, old.x), (new.y, old.y),
    )  # fmt: skip
    return new.ids.equals(old.ids) and all(
        one is two or np.array_equal(one, two) for one, two in pairs
    )


def _same_lines(new: Lines, old: Lines) -> NDArray[np.intp]:
    """Return for each line its number among the old ones, -1 where anything differs."""
    place = old.ids.get_indexer(new.ids)
    here = np.flatnonzero(place >= 0)
    there = place[here]
    equal = shapely.equals_identical(new.shapes[here], old.shapes[there])
    equal &= (new.ways[here] == old.ways[there]).all(axis=1)
    equal &= new.reach[here] == old.reach[there]
    place[here[~equal]] = -1
    return place


@njit(cache=True, parallel=True)
def _compute(  # noqa: PLR0913, PLR0917 - arrays of a kernel  # pragma: no cover
    values: NDArray[np.float32],
    todo: NDArray[np.intp],
    blocks: NDArray[np.int64],
    heard: NDArray[np.int64],
    line: NDArray[np.int32],
    points: NDArray[np.int32],
    px: Floats,
    py: Floats,
    corners: NDArray[np.int64],
    xy: Floats,
    ways: Floats,
    field: NDArray[np.uint8],
    numbers: Floats,
) -> None:
    """Fill the blocks of the buildings in `todo`; every value depends on its pair alone."""
    for place in prange(len(todo)):
        building = todo[place]
        count = heard[building + 1] - heard[building]
        for point in range(points[building], points[building + 1]):
            row = blocks[building] + (point - points[building]) * count
            for column in range(count):
                which = line[heard[building] + column]
                values[row + column] = _of_line(
                    px[point], py[point], xy[corners[which]:corners[which + 1]], ways[which],
                    field, numbers,
                )  # fmt: skip


@njit(cache=True)
def _of_line(  # pragma: no cover
    x: float, y: float, xy: Floats, ways: Floats, field: NDArray[np.uint8], numbers: Floats
) -> float:
    """Return the sum over pieces of length x 10^(0.1 (D_K - D)) of one line."""
    length = 0.0
    for corner in range(len(xy) - 1):
        length += np.hypot(xy[corner + 1, 0] - xy[corner, 0], xy[corner + 1, 1] - xy[corner, 1])
    total, along = 0.0, 0.0
    waiting = np.empty((DEEPEST, 2))
    for corner in range(len(xy) - 1):
        x0, y0 = xy[corner, 0], xy[corner, 1]
        dx, dy = xy[corner + 1, 0] - x0, xy[corner + 1, 1] - y0
        size = np.hypot(dx, dy)
        waiting[0, 0], waiting[0, 1] = 0.0, 1.0
        left = 1
        while left > 0:
            left -= 1
            start, end = waiting[left, 0], waiting[left, 1]
            middle = 0.5 * (start + end)
            sx, sy = x0 + middle * dx, y0 + middle * dy
            piece = (end - start) * size
            distance = np.sqrt((sx - x) ** 2 + (sy - y) ** 2 + (numbers[0] - numbers[1]) ** 2)
            if piece > max(0.5 * distance, LEAST_PIECE_M) and left < DEEPEST - 2:
                waiting[left, 0], waiting[left, 1] = middle, end
                waiting[left + 1, 0], waiting[left + 1, 1] = start, middle
                left += 2
                continue
            if distance > ways[4]:
                continue
            level = _junction(along + middle * size, length, ways, numbers)
            level -= _damping(x, y, sx, sy, field, numbers)
            total += piece * 10.0 ** (0.1 * level)
        along += size
    return total


@njit(cache=True)
def _junction(  # pragma: no cover
    along: float, length: float, ways: Floats, numbers: Floats
) -> float:
    """Return D_K at a place of a line: the loudest junction within reach along the streets."""
    signals = min(ways[0] + along, ways[1] + length - along)
    roundabout = min(ways[2] + along, ways[3] + length - along)
    level: float = max(
        numbers[2] * (1.0 - signals / numbers[4]), numbers[3] * (1.0 - roundabout / numbers[4]), 0.0
    )
    return level


@njit(cache=True)
def _damping(  # pragma: no cover
    from_x: float, from_y: float, to_x: float, to_y: float, field: NDArray[np.uint8],
    numbers: Floats,
) -> float:  # fmt: skip
    """Return D_div + D_atm + max(D_gr, D_z) from a point (from) to a piece of a line (to)."""
    source, receiver = numbers[0], numbers[1]
    flat = np.sqrt((to_x - from_x) ** 2 + (to_y - from_y) ** 2)
    distance = np.sqrt(flat**2 + (source - receiver) ** 2)
    ground = ground_damping(distance, 0.5 * (source + receiver))
    edges = _edges(from_x, from_y, to_x, to_y, field, numbers)
    if edges[0] < 0.0:
        return free_damping(distance) + ground
    last, last_h, first, first_h = edges
    between = np.hypot(flat - first - last, first_h - last_h)
    screen = screen_damping(
        distance, np.hypot(first, first_h - source), between, np.hypot(last, last_h - receiver)
    )
    return free_damping(distance) + max(ground, screen)


@njit(cache=True)
def _edges(  # pragma: no cover
    from_x: float, from_y: float, to_x: float, to_y: float, field: NDArray[np.uint8],
    numbers: Floats,
) -> tuple[float, float, float, float]:  # fmt: skip
    """
    Return what a band touches that is drawn tight over the buildings between two points.

    Distance and height of the edge seen highest from the point, then of that seen highest from the
    line; -1 where all stand below the line of sight.
    """
    source, receiver, cell = numbers[0], numbers[1], numbers[7]
    flat = max(np.sqrt((to_x - from_x) ** 2 + (to_y - from_y) ** 2), 1e-9)
    across, up = (to_x - from_x) / flat, (to_y - from_y) / flat  # in cells a step
    begin_x, begin_y = (from_x - numbers[5]) / cell, (from_y - numbers[6]) / cell
    steep, low = -1e9, -1e9
    last, last_h, first, first_h = -1.0, 0.0, 0.0, 0.0
    whole, cells = flat / cell, NEAR_CELLS
    while cells <= whole - NEAR_CELLS and field.size > 0:
        halves = _height(begin_x + cells * across, begin_y + cells * up, field)
        gone, height = cells * cell, 0.5 * halves
        cells += 1.0 if min(cells, whole - cells) < FINE_CELLS else 2.0
        if halves == 0 or height <= receiver + gone / flat * (source - receiver):
            continue
        if (height - receiver) > steep * gone:
            steep, last, last_h = (height - receiver) / gone, gone, height
        if (height - source) > low * (flat - gone):
            low, first, first_h = (height - source) / (flat - gone), flat - gone, height
    return last, last_h, first, first_h


@njit(cache=True)
def _height(column_at: float, row_at: float, field: NDArray[np.uint8]) -> int:  # pragma: no cover
    """Return the height of a cell of the tiled raster [half metres], 0 outside."""
    column, row = int(column_at), int(row_at)
    if (
        column_at < 0.0
        or row_at < 0.0
        or row >> 3 >= field.shape[0]
        or column >> 3 >= field.shape[1]
    ):
        return 0
    return int(field[row >> 3, column >> 3, row & 7, column & 7])
