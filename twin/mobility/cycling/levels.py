"""Level of traffic stress of a street, criteria v2.2 of Furth: formulas, no tables of a city."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Levels = NDArray[np.int64]

MILE_KM = 1.609344
FOOT_M = 0.3048
SPEEDS_KMH = np.array([23.5, 28.5, 33.5, 38.5, 43.5, 48.5]) * MILE_KM
"""Upper ends of the classes of speed; 30 km/h falls in the first, 50 km/h in the third."""
STREETS = ("unlaned", "laned", "narrow_one_way", "two_lanes", "three_lanes")
"""No centre line; one lane a direction with centre line, or a wide one-way street; a narrow one-way
street of one lane; two and three or more lanes a direction."""


@cache
def criteria() -> pd.DataFrame:
    """Return the eighteen rows of the criteria: table, street, up_to, levels by class of speed."""
    path = files("twin.mobility.cycling") / "levels.csv"
    with path.open(encoding="utf-8") as file:
        return pd.read_csv(file, comment="#")


@cache
def _rows(table: str) -> dict[str, tuple[NDArray[np.float64], Levels]]:
    """Return upper ends and levels (rows, classes of speed) by kind of street of one table."""
    own = criteria()[criteria()["table"] == table].sort_values("up_to")
    return {
        str(kind): (rows["up_to"].to_numpy(float), rows.iloc[:, 3:].to_numpy(np.int64))
        for kind, rows in own.groupby("street")
    }


def mixed_level(street: ArrayLike, daily_vehicles: ArrayLike, speed_kmh: ArrayLike) -> Levels:
    """
    Return the level 1 to 4 of riding among cars, by kind of street (one of `STREETS`).

    `daily_vehicles` counts both directions; upper ends of a class belong to it (750 is the last of
    the first), as do those of speed.

    >>> mixed_level(["unlaned", "laned"], [750, 9000], [30, 50]).tolist()
    [1, 3]
    """
    return _level("mixed", street, np.rint(np.asarray(daily_vehicles, float)), speed_kmh)


def lane_level(street: ArrayLike, width_m: ArrayLike, speed_kmh: ArrayLike) -> Levels:
    """
    Return the level 1 to 4 of riding on a bike lane with no parking beside it.

    `width_m` is the lane with its marking; six feet (1.83 m) and more is wide. Only the number of
    lanes tells streets apart here; contraflow lanes are as one lane a direction.

    >>> lane_level(["laned", "laned"], [1.85, 1.5], [50, 50]).tolist()
    [1, 2]
    """
    kinds = np.asarray(street, object)
    kinds = np.where(np.isin(kinds, ("unlaned", "narrow_one_way")), "laned", kinds)
    # one hair more, so that six feet are wide
    return _level("lane", kinds, np.asarray(width_m, float) / FOOT_M + 1e-9, speed_kmh)


def _level(table: str, street: ArrayLike, measure: ArrayLike, speed_kmh: ArrayLike) -> Levels:
    """Look the level up in one of the two tables."""
    kinds, value, speed = np.broadcast_arrays(
        np.asarray(street, object), np.asarray(measure, float), np.asarray(speed_kmh, float)
    )
    column = np.searchsorted(SPEEDS_KMH, np.round(speed, 6))
    out = np.zeros(kinds.shape, np.int64)
    for kind, (up_to, levels) in _rows(table).items():
        here = kinds == kind
        out[here] = levels[np.searchsorted(up_to, value[here]), column[here]]
    return out
