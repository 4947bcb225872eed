"""Numbers that look drawn and are always the same, and the smooth course of a year."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from layers.weather.hours import hours_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SUMMANDS = 12


def normals(name: str, count: int) -> Floats:
    """
    Return numbers of mean near 0 and deviation near 1, always the same for a name.

    Sums of twelve even numbers less six (Irwin and Hall): adding is exact on every machine, where
    the generators of libraries may change with their version. The even numbers are those of
    SplitMix64 (Steele, Lea and Flood 2014, Fast splittable pseudorandom number generators).

    >>> bool((normals("a", 4) == normals("a", 4)).all()), bool((normals("b", 4) == normals("a", 4)).any())
    (True, False)
    """  # noqa: E501 - one example
    seed = sum(byte << (8 * place) for place, byte in enumerate(name.encode()[:8]))
    step = np.arange(1, count * SUMMANDS + 1, dtype=np.uint64)
    mixed = np.uint64(seed) + step * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    even = (mixed >> np.uint64(11)).astype(np.float64) / 2.0**53
    drawn: Floats = even.reshape(count, SUMMANDS).sum(axis=1) - SUMMANDS / 2
    return drawn


def with_memory(drawn: Floats, memory: float) -> Floats:
    """
    Return a series that remembers the step before with this correlation, of deviation near 1.

    x[t] = m x[t-1] + sqrt(1 - m²) z[t]; the year is closed: 1 January follows 31 December.
    """
    back = np.arange(60)
    weights = np.sqrt(1 - memory**2) * memory**back
    series: Floats = np.zeros(len(drawn))
    for lag, weight in zip(back, weights, strict=True):  # 60 steps back nothing is left of 0.7
        series = series + weight * np.roll(drawn, lag)
    return series


@cache
def _basis() -> Floats:
    """Return what each month gives to each day, (365, 12): monthly means are met exactly."""
    months = hours_of(2015)[::24].month.to_numpy() - 1
    days = np.bincount(months)
    middle = np.cumsum(days) - days / 2
    at = np.concatenate([[middle[-1] - 365], middle, [middle[0] + 365]])
    tents = [np.interp(np.arange(365) + 0.5, at, unit[[-1, *range(12), 0]]) for unit in np.eye(12)]
    lines = np.column_stack(tents)
    means = np.stack([np.bincount(months, weights=line) for line in lines.T], axis=1)
    return np.asarray(lines @ np.linalg.inv(means / days[:, None]))


def course_of_year(monthly: Floats) -> Floats:
    """
    Return 365 daily values on straight lines whose means by month are those given.

    >>> course_of_year(np.ones(12)).round(9).tolist() == [1.0] * 365
    True
    """
    days: Floats = _basis() @ monthly
    return days


def days_to_hours(days: Floats) -> Floats:
    """Return (365, 24) hours on straight lines from noon to noon through daily values."""
    at = np.arange(-1, 366) * 24 + 12.0
    values = days[[-1, *range(365), 0]]
    hours: Floats = np.interp(np.arange(8760) + 0.5, at, values).reshape(365, 24)
    return hours
