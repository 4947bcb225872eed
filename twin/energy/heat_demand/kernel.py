"""
The hours of many rooms at once: 16 rooms side by side in the innermost loop, blocks by thread.

Rooms are calculated each by itself in float32, and what they add to the hourly sums are whole
watts, so the results are the same bits in any order of rooms and with any number of threads.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numba
import numpy as np
from numba import njit

from twin.energy.heat_demand.formula import combined, needed
from twin.rowwise import HOURS

if TYPE_CHECKING:
    from numpy.typing import NDArray

LANES = 16  # rooms side by side: two registers of AVX2, one of AVX-512
TILE = 7 * 24  # hours that are summed up at a time
WARM_UP = 21 * 24  # last hours of the year that are run before its first
MOST_W = 2_147_000_000  # what an hour of a sum holds, in float32 as well
START_C = 18.0  # mass at the beginning of the warm-up
MONTH_ENDS = np.cumsum([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) * 24

# columns of a room's parameters
AIR, MASS, WINDOWS, WALLS = 0, 6, 12, 17
WATTS_PER_K, MASS_PER_W, SET_POINT, SET_BACK, SCALE = 22, 23, 24, 25, 26
PARAMETERS = 27
# columns of an hour
OUTDOOR, SKY, NIGHT, SUN, FALLS = 0, 1, 2, 3, 8
HOUR_VALUES = 13


@dataclass(frozen=True, eq=False)
class Year:
    """What the hours of a year are for all rooms."""

    hours: NDArray[np.float32]  # (8760, HOUR_VALUES)
    series: NDArray[np.float32]  # (s, 8760)
    used: NDArray[np.bool_]  # (s,) whether a series is anything but zero


@dataclass(frozen=True, eq=False)
class Work:
    """Rooms to calculate, with room for the results that the kernel fills in."""

    parameters: NDArray[np.float32]  # (n, PARAMETERS)
    series_index: NDArray[np.int32]  # (n, channels)
    lines: NDArray[np.int32]  # (n, channels): line of the sums; -1 for none
    months: NDArray[np.int64]  # (n, 12) [Wh]
    peaks: NDArray[np.int64]  # (n,) [W]
    totals: NDArray[np.int64]  # (n, channels) [Wh]
    matrix: NDArray[np.float32]  # (n, 8760) [W] not scaled, or (0, 0)

    def part(self, first: int, last: int) -> Work:
        """Return the rows from `first` to before `last`, as views."""
        rows = slice(first, last)
        parts = (self.parameters, self.series_index, self.lines, self.months, self.peaks)
        matrix = self.matrix[rows] if len(self.matrix) else self.matrix
        return Work(*(values[rows] for values in parts), self.totals[rows], matrix)


def prepared(
    parameters: NDArray[np.float32],
    series_index: NDArray[np.int32],
    lines: NDArray[np.int32],
    *,
    matrix: bool = False,
) -> Work:
    """Return rooms with empty results."""
    count, channels = lines.shape
    return Work(
        np.ascontiguousarray(parameters),
        np.ascontiguousarray(series_index),
        np.ascontiguousarray(lines),
        np.zeros((count, 12), np.int64),
        np.zeros(count, np.int64),
        np.zeros((count, channels), np.int64),
        np.zeros((count, HOURS) if matrix else (0, 0), np.float32),
    )


def calculate(work: Work, year: Year, sums: NDArray[np.int32]) -> None:
    """Fill in the results of all rooms and add their channels to the sums (lines, 8760)."""
    blocks = -(-len(work.lines) // LANES)
    threads = min(numba.get_num_threads(), -(-blocks // 8))
    if threads <= 1:
        _rooms(*_arguments(work, year), sums)
        return
    edges = np.linspace(0, blocks, threads + 1).astype(int) * LANES
    parts = [work.part(a, b) for a, b in zip(edges[:-1], edges[1:], strict=True)]
    with ThreadPoolExecutor(threads) as pool:
        for lines, own in pool.map(lambda part: _apart(part, year), parts):
            sums[lines] += own


def _apart(part: Work, year: Year) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Run a part with sums of its own, only as many as it touches: the lines and what to add."""
    lines, place = np.unique(part.lines, return_inverse=True)
    place = place.reshape(part.lines.shape).astype(np.int32)
    if len(lines) and lines[0] == -1:
        lines, place = lines[1:], place - np.int32(1)
    own = np.zeros((len(lines), HOURS), np.int32)
    _rooms(*_arguments(replace(part, lines=place), year), own)
    return lines, own


def _arguments(work: Work, year: Year) -> tuple[NDArray[Any], ...]:
    inputs = (work.parameters, work.series_index, work.lines)
    hours = (year.hours, year.series, year.used, _tiles())
    return (*inputs, *hours, work.months, work.peaks, work.totals, work.matrix)


def _tiles() -> NDArray[np.int64]:
    """Return first hour, last hour and month of spans of up to a week that end with the month."""
    edges = [
        np.append(np.arange(first, last, TILE), last)
        for first, last in zip([0, *MONTH_ENDS[:-1]], MONTH_ENDS, strict=True)
    ]
    spans = [
        (first, last, month)
        for month, edge in enumerate(edges)
        for first, last in zip(edge[:-1], edge[1:], strict=True)
    ]
    return np.array(spans, np.int64)


@njit(cache=True, nogil=True, inline="never")  # type: ignore[untyped-decorator]
def _hours(block, mass, hours, first, last, tile):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202, PLR0913
    """Carry the mass of 16 rooms over some hours; what they need [W] goes to tile[hour, room]."""
    least = np.float32(0)
    for h in range(first, last):
        hour = hours[h]
        at = (h - first) * LANES
        for i in range(LANES):
            sun = hour[SUN] * block[WINDOWS * LANES + i]
            wall = hour[FALLS] * block[WALLS * LANES + i]
            for o in range(1, 5):
                sun += hour[SUN + o] * block[(WINDOWS + o) * LANES + i]
                wall += hour[FALLS + o] * block[(WALLS + o) * LANES + i]
            air = combined(
                mass[i], hour[OUTDOOR], sun, wall, hour[SKY],
                block[AIR * LANES + i], block[(AIR + 1) * LANES + i],
                block[(AIR + 2) * LANES + i], block[(AIR + 3) * LANES + i],
                block[(AIR + 4) * LANES + i], block[(AIR + 5) * LANES + i],
            )  # fmt: skip
            after = combined(
                mass[i], hour[OUTDOOR], sun, wall, hour[SKY],
                block[MASS * LANES + i], block[(MASS + 1) * LANES + i],
                block[(MASS + 2) * LANES + i], block[(MASS + 3) * LANES + i],
                block[(MASS + 4) * LANES + i], block[(MASS + 5) * LANES + i],
            )  # fmt: skip
            wanted = block[SET_POINT * LANES + i] - hour[NIGHT] * block[SET_BACK * LANES + i]
            heat = needed(wanted, air, block[WATTS_PER_K * LANES + i], least)
            mass[i] = after + heat * block[MASS_PER_W * LANES + i]
            tile[at + i] = heat


@njit(cache=True, nogil=True, inline="never")  # type: ignore[untyped-decorator]
def _add(heat, scale, series, line):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
    """Add scaled hours times a series to a line of the sums in whole watts; give their total."""
    total = np.int64(0)
    for t in range(len(heat)):
        watts = np.int32(np.rint(scale * heat[t] * series[t]))
        line[t] += watts
        total += watts
    return total


@njit(cache=True, nogil=True, inline="never")  # type: ignore[untyped-decorator]
def _measure(heat, scale):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
    """Return sum and highest of scaled hours in whole watts, each at most MOST_W."""
    total, peak, most = np.int64(0), np.int32(0), np.float32(MOST_W)
    for t in range(len(heat)):
        watts = np.int32(min(np.rint(scale * heat[t]), most))
        total += watts
        peak = max(peak, watts)
    return total, peak


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _rooms(  # type: ignore[no-untyped-def] # noqa: ANN202, PLR0913, C901, PLR0912
    parameters,
    index,
    lines,
    hours,
    series,
    used,
    tiles,
    months,
    peaks,
    totals,
    matrix,
    sums,  # noqa: ANN001
):
    """Run all rooms, block by block and week by week; results as in `Work`."""
    count, channels = lines.shape
    block = np.zeros(PARAMETERS * LANES, np.float32)
    mass = np.zeros(LANES, np.float32)
    tile = np.zeros(WARM_UP * LANES, np.float32)
    heat = np.zeros(TILE, np.float32)
    for first in range(0, count, LANES):
        lanes = min(LANES, count - first)
        for i in range(LANES):
            for p in range(PARAMETERS):
                block[p * LANES + i] = parameters[min(first + i, count - 1), p]
        mass[:] = START_C
        _hours(block, mass, hours, HOURS - WARM_UP, HOURS, tile)
        for s in range(len(tiles)):
            begin, end, month = tiles[s]
            _hours(block, mass, hours, begin, end, tile)
            for i in range(lanes):
                n = first + i
                for t in range(end - begin):
                    heat[t] = tile[t * LANES + i]
                if matrix.shape[0]:
                    matrix[n, begin:end] = heat[: end - begin]
                scale = parameters[n, SCALE]
                total, peak = _measure(heat[: end - begin], scale)
                if peak == 0:
                    continue
                months[n, month] += total
                peaks[n] = max(peaks[n], peak)
                for c in range(channels):
                    line, which = lines[n, c], index[n, c]
                    if line >= 0 and used[which]:
                        totals[n, c] += _add(
                            heat[: end - begin], scale, series[which, begin:end],
                            sums[line, begin:end],
                        )  # fmt: skip
