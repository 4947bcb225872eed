"""
The hours of many rooms at once: 16 rooms side by side in the innermost loop, blocks by thread.

Rooms are calculated each by itself in float32, and what they add to the hourly sums are whole
watts, so the results are the same bits in any order of rooms and with any number of threads.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numba
import numpy as np
from numba import njit

from twin.rowwise import HOURS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int32]

LANES = 16  # rooms side by side: two registers of AVX2, one of AVX-512
SPAN = 14 * 24  # hours that are summed up at a time
WARM_UP = 21 * 24  # last hours of the year that are run before its first
MOST_THREADS = 4  # each may need sums of its own: 35 kB a group
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
        return Work(**{field.name: getattr(self, field.name)[first:last] for field in fields(self)})


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


def calculate(work: Work, year: Year, sums: Ints) -> None:
    """Fill in the results of all rooms and add their channels to the sums (lines, 8760)."""
    blocks = -(-len(work.lines) // LANES)
    threads = min(numba.get_num_threads(), MOST_THREADS, -(-blocks // 8))
    if threads <= 1:
        _run(work, year, sums, sums[:0])
        return
    edges = (np.linspace(0, blocks, threads + 1).astype(int) * LANES).tolist()
    parts = [work.part(first, last) for first, last in pairwise(edges)]
    shared, renumbered = _shared([part.lines for part in parts], len(sums))
    owns = [np.zeros((len(shared), HOURS), np.int32) for _ in parts]
    with ThreadPoolExecutor(threads) as pool:
        tasks = [
            pool.submit(_run, replace(part, lines=lines), year, sums, own)
            for part, lines, own in zip(parts, renumbered, owns, strict=True)
        ]
        for task in tasks:
            task.result()
    for own in owns:
        for line, row in zip(shared, own, strict=True):
            sums[line] += row


def _shared(parts: list[Ints], count: int) -> tuple[Ints, list[Ints]]:
    """
    Return the lines that several parts add to, and the lines of each part, those as -2, -3 and on.

    A thread adds to lines that are only its own where they are, to shared ones in its own array.
    """
    users = np.zeros(count, np.int32)
    for lines in parts:
        users[np.unique(lines[lines >= 0])] += 1
    shared = np.flatnonzero(users > 1).astype(np.int32)
    place = np.arange(-1, count, dtype=np.int32)  # by line + 1
    place[shared + 1] = -2 - np.arange(len(shared), dtype=np.int32)
    return shared, [np.ascontiguousarray(place[lines + 1]) for lines in parts]


def _run(work: Work, year: Year, sums: Ints, own: Ints) -> None:
    rooms = (work.parameters, work.series_index, work.lines)
    hours = (year.hours, year.series, year.used, _spans())
    results = (work.months, work.peaks, work.totals, work.matrix)
    _rooms(rooms, hours, results, (sums, own))


def _spans() -> NDArray[np.int64]:
    """Return first hour, hour after the last, and month of fortnights within months."""
    starts = [0, *MONTH_ENDS[:-1]]
    edges = [
        [*range(int(first), int(last), SPAN), int(last)]
        for first, last in zip(starts, MONTH_ENDS, strict=True)
    ]
    spans = [(*span, month) for month, edge in enumerate(edges) for span in pairwise(edge)]
    return np.array(spans, np.int64)


# In this file, because Numba keeps what it compiled until the file of the kernel changes.
@njit(inline="always")
def combined(terms: Any, by: Any) -> Any:
    """Return a temperature [°C] out of the TERMS of `formula` in an hour and their coefficients."""
    return (
        by[0] * terms[0] + by[1] * terms[1] + by[2] * terms[2]
        + by[3] * terms[3] + by[4] * terms[4] + by[5]
    )  # fmt: skip


@njit(inline="always")
def needed(set_point: Any, free: Any, watts_per_k: Any, least: Any) -> Any:
    """Return the heat [W] that lifts the air from `free` to the set-point, or `least` (C.4.2)."""
    return max((set_point - free) * watts_per_k, least)


@njit(cache=True, nogil=True)
def _rooms(rooms: Any, year: Any, results: Any, sums: Any) -> None:
    """Run all rooms, block by block and fortnight by fortnight; tuples as `_run` makes them."""
    parameters, spans = rooms[0], year[3]
    block = np.zeros(PARAMETERS * LANES, np.float32)
    mass = np.zeros(LANES, np.float32)
    tile = np.zeros(max(WARM_UP, SPAN) * LANES, np.float32)
    for first in range(0, len(parameters), LANES):
        for i in range(LANES):
            for p in range(PARAMETERS):  # the last block is filled up with its last room
                block[p * LANES + i] = parameters[min(first + i, len(parameters) - 1), p]
        mass[:] = START_C
        _hours(block, mass, year[0], HOURS - WARM_UP, HOURS, tile)
        for s in range(len(spans)):
            _hours(block, mass, year[0], spans[s, 0], spans[s, 1], tile)
            for i in range(min(LANES, len(parameters) - first)):
                _book(rooms, year, results, sums, (first + i, i, s), tile)


@njit(cache=True, nogil=True, inline="never")
def _hours(block: Any, mass: Any, hours: Any, first: int, last: int, tile: Any) -> None:
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
            terms = (mass[i], hour[OUTDOOR], sun, wall, hour[SKY])
            air = combined(terms, _coefficients(block, AIR, i))
            after = combined(terms, _coefficients(block, MASS, i))
            wanted = block[SET_POINT * LANES + i] - hour[NIGHT] * block[SET_BACK * LANES + i]
            heat = needed(wanted, air, block[WATTS_PER_K * LANES + i], least)
            mass[i] = after + heat * block[MASS_PER_W * LANES + i]
            tile[at + i] = heat


@njit(inline="always")
def _coefficients(block: Any, start: int, i: int) -> Any:
    at = start * LANES + i
    return (
        block[at], block[at + LANES], block[at + 2 * LANES], block[at + 3 * LANES],
        block[at + 4 * LANES], block[at + 5 * LANES],
    )  # fmt: skip


@njit(cache=True, nogil=True, inline="never")
def _book(rooms: Any, year: Any, results: Any, sums: Any, where: Any, tile: Any) -> None:
    """Book a room's hours of a span: months, peak, matrix, and its channels to the sums."""
    parameters, index, lines = rooms
    _, series, used, spans = year
    months, peaks, totals, matrix = results
    n, i, s = where
    begin, end, month = spans[s]
    heat = np.empty(end - begin, np.float32)
    for t in range(end - begin):
        heat[t] = tile[t * LANES + i]
    if matrix.shape[0]:
        matrix[n, begin:end] = heat
    scale = parameters[n, SCALE]
    total, peak = _measure(heat, scale)
    months[n, month] += total
    peaks[n] = max(peaks[n], peak)
    for c in range(lines.shape[1]):
        line, which = lines[n, c], index[n, c]
        if peak > 0 and line != -1 and used[which]:
            row = sums[0][line] if line >= 0 else sums[1][-2 - line]
            totals[n, c] += _add(heat, scale, series[which, begin:end], row[begin:end])


@njit(cache=True, nogil=True, inline="never")
def _measure(heat: Any, scale: Any) -> Any:
    """Return sum and highest of scaled hours in whole watts, each at most MOST_W."""
    total, peak, most = np.int64(0), np.int32(0), np.float32(MOST_W)
    for t in range(len(heat)):
        watts = np.int32(min(np.rint(scale * heat[t]), most))
        total += watts
        peak = max(peak, watts)
    return total, peak


@njit(cache=True, nogil=True, inline="never")
def _add(heat: Any, scale: Any, series: Any, line: Any) -> Any:
    """Add scaled hours times a series to a line of the sums in whole watts; give their total."""
    total = np.int64(0)
    for t in range(len(heat)):
        watts = np.int32(np.rint(scale * heat[t] * series[t]))
        line[t] += watts
        total += watts
    return total
