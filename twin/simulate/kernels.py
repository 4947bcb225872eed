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
def add_area(
    lines: tuple[Watts, Watts, Watts],
    water_wh: float,
    shape: Floats,
    sums: NDArray[np.int64],
    ends: NDArray[np.int64],
) -> None:  # pragma: no cover
    """
    Add one Baublock to the sums of its area and find its own extremes.

    Parameters
    ----------
    lines
        Heat for rooms, electricity, and what plants take off it, by hour [W].
    water_wh, shape
        Hot water of a year and its share of each hour.
    sums
        (2, 8760) heat and net load of an area, added to [W].
    ends
        (3,) set to highest heat, highest and lowest net load [W], 0 between them.
    """
    warm, load, plants = lines
    high, top, low = np.int64(0), np.int64(0), np.int64(0)
    for h in range(len(shape)):
        heat = np.int64(warm[h]) + np.int64(np.rint(water_wh * shape[h]))
        net = np.int64(load[h]) + np.int64(plants[h])
        sums[0, h] += heat
        sums[1, h] += net
        high, top, low = max(high, heat), max(top, net), min(low, net)
    ends[0], ends[1], ends[2] = high, top, low
