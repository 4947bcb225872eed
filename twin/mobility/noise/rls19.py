"""
Formulas of RLS-19, the German method for road noise: what a vehicle gives off, how sound spreads.

Source of all: RLS-19 (FGSV 2019, binding by 16. BImSchV) as MATSim contrib noise implements it,
whose regression values the tests hold to 0.001 dB. Levels are dB(A), speeds km/h, lengths m.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from twin.assumptions import Assumptions

    Floats = NDArray[np.float64]

GROUPS = ("car", "truck_1", "truck_2")
"""Pkw; Lkw1: lorries without trailer and buses; Lkw2: lorries with trailer."""


def vehicle_level(group: str, speed_kmh: ArrayLike, given: Assumptions) -> Floats:
    """
    Return the sound power level LW0 of a vehicle at steady speed on flat mastic asphalt.

    LW0 = A + 10 lg(1 + (v / B)^C).
    """
    a, b, c = (given[f"noise.base_{name}.{group}"] for name in ("level", "speed", "power"))
    level: Floats = a + 10.0 * np.log10(1.0 + (np.asarray(speed_kmh, float) / b) ** c)
    return level


def gradient_correction(group: str, gradient: ArrayLike, speed_kmh: ArrayLike) -> Floats:
    """
    Return D_LN for a rise [%] in driving direction (downhill negative).

    Uphill counts above 2 %, downhill below -6 % (cars) or -4 % (lorries); valid to 12 % either way.
    """
    g = np.asarray(gradient, float)
    v = np.asarray(speed_kmh, float)
    up, down = np.maximum(g - 2.0, 0.0) / 10.0, np.maximum(-4.0 - g, 0.0) / 8.0
    found: Floats
    if group == "car":
        steep = np.maximum(-6.0 - g, 0.0) / 6.0
        found = up * (v + 70.0) / 100.0 + steep * (90.0 - np.minimum(v, 70.0)) / 20.0
    elif group == "truck_1":
        found = up * v / 10.0 + down * (v - 20.0) / 10.0
    else:
        found = up * (v + 10.0) / 10.0 + down * v / 10.0
    return found


def surface_correction(speed_kmh: ArrayLike, steps: Mapping[str, float]) -> Floats:
    """Return D_SD of a pavement: the value of the highest step of speed that is reached."""
    limits = sorted(steps, key=float)
    values = np.array([steps[limits[0]], *(steps[key] for key in limits)])
    reached = np.searchsorted([float(key) for key in limits], np.asarray(speed_kmh), side="right")
    found: Floats = values[reached]
    return found


def line_level(vehicles_h: Floats, shares: Floats, levels: Floats, speeds: Floats) -> Floats:
    """
    Return LW', the sound power level of a metre of line source; -inf where nothing drives.

    LW' = 10 lg M + 10 lg(sum p_i 10^(0.1 LW_i) / v_i) - 30, groups along the first axis; `shares`
    are parts of 1, `vehicles_h` vehicles an hour.
    """
    power = (shares * 10.0 ** (0.1 * levels) / speeds).sum(axis=0) * vehicles_h
    with np.errstate(divide="ignore"):
        level: Floats = 10.0 * np.log10(power) - 30.0
    return level


def junction_correction(distance_m: ArrayLike, correction: float, reach_m: float) -> Floats:
    """Return D_K at a way from a junction: K x max(1 - x / 120, 0)."""
    part = 1.0 - np.asarray(distance_m, float) / reach_m
    found: Floats = correction * np.maximum(part, 0.0)
    return found


@njit(cache=True)
def ground_damping(distance: float, mean_height: float) -> float:
    """Return D_gr = max(4.8 - h_m / s (34 + 600 / s), 0) over porous ground."""
    damping: float = 4.8 - mean_height / distance * (34.0 + 600.0 / distance)
    return max(damping, 0.0)


@njit(cache=True)
def screen_damping(distance: float, before: float, between: float, after: float) -> float:
    """
    Return D_z of screens on the way: 10 lg(3 + 80 z K_w), z = A + C + B - s.

    `before` is the way from the source to the first edge, `after` from the last to the receiver,
    `between` from the first edge to the last. K_w = exp(-1/2000 sqrt(A B s / 2 z)) is weather.
    """
    detour = before + between + after - distance
    if detour <= 0.0:
        return 0.0
    weather = np.exp(-np.sqrt(before * after * distance / (2.0 * detour)) / 2000.0)
    damping: float = 10.0 * np.log10(3.0 + 80.0 * detour * weather)
    return damping


@njit(cache=True)
def free_damping(distance: float) -> float:
    """Return D_div + D_atm = 20 lg s + 10 lg 2 pi + s / 200."""
    damping: float = 20.0 * np.log10(distance) + 10.0 * np.log10(2.0 * np.pi) + distance / 200.0
    return damping
