"""Loops over buildings and hours that NumPy would walk several times; whole watts stay exact."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Power = NDArray[np.float32]
    Watts = NDArray[np.int32]


@njit(cache=True, nogil=True)
def own_loads(
    kwh: Floats, profile: Watts, shares: Floats, heat: Power, place: Watts, per_heat: Power
) -> Power:  # pragma: no cover
    """
    Return the electricity of buildings by hour [W], (n, 8760).

    Yearly figures `kwh` (n, parts) spread by rows `profile` of `shares`, plus heat [W] (m, 8760)
    times electricity per heat (m, 8760) in line `place` of both, -1 for none.
    """
    count, hours = kwh.shape[0], shares.shape[1]
    load = np.zeros((count, hours), np.float32)
    for i in range(count):
        for part in range(kwh.shape[1]):
            energy, row = kwh[i, part] * 1000.0, profile[i, part]
            if energy > 0:
                for h in range(hours):
                    load[i, h] += np.float32(energy * shares[row, h])
        if place[i] >= 0:
            for h in range(hours):
                load[i, h] += heat[place[i], h] * per_heat[place[i], h]
    return load


@njit(cache=True, nogil=True)
def add_plants(
    sums: Watts, lines: Watts, net: Power, load: Power, sun: Power
) -> None:  # pragma: no cover
    """Add what plants take off the load to line 0 of each building, what they make to line 1."""
    for i in range(net.shape[0]):
        first, second = lines[i, 0], lines[i, 1]
        for h in range(net.shape[1]):
            sums[first, h] += np.int32(np.rint(net[i, h])) - np.int32(np.rint(load[i, h]))
            sums[second, h] += np.int32(np.rint(sun[i, h]))


@njit(cache=True, nogil=True)
def add_water(warm: Watts, water_wh: Floats, shape: Floats) -> None:  # pragma: no cover
    """Add hot water [Wh/a] of each area to its hours of heat [W]; the same shape for all."""
    for i in range(warm.shape[0]):
        if water_wh[i] > 0:
            for h in range(warm.shape[1]):
                warm[i, h] += np.int32(np.rint(water_wh[i] * shape[h]))


@njit(cache=True, nogil=True)
def highest_and_sums(
    lines: Watts, group: Watts, count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:  # pragma: no cover
    """
    Return highest and lowest hour of each line, (n, 2), the lines added up by group and in all.

    Lines of group -1 count in all only. [W]
    """
    hours = lines.shape[1]
    ends = np.zeros((lines.shape[0], 2), np.int64)
    sums = np.zeros((count, hours), np.int64)
    total = np.zeros(hours, np.int64)
    for i in range(lines.shape[0]):
        high, low = np.int64(-(2**62)), np.int64(2**62)
        for h in range(hours):
            value = np.int64(lines[i, h])
            total[h] += value
            high, low = max(high, value), min(low, value)
        if group[i] >= 0:
            for h in range(hours):
                sums[group[i], h] += lines[i, h]
        ends[i, 0], ends[i, 1] = high, low
    return ends, sums, total
