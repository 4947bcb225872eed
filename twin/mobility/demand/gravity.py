"""Gravity models of destination choice: balancing to margins, and finding their parameter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Balanced:
    """A matrix with given margins; errors are the largest miss of a margin over the total."""

    matrix: Floats
    iterations: int
    row_error: float
    column_error: float


def furness(
    seed: Floats, rows: Floats, columns: Floats, *, tolerance: float = 1e-9, most: int = 300
) -> Balanced:
    """
    Return T = a f b with the wanted sums of rows and columns (n, m), Furness' method.

    Rows without any seed stay empty. Ends with the rows, so they hold to rounding whatever the
    columns do; where the margins cannot both be met (parts without a way between them, totals that
    differ) `column_error` says by how much. Source: Furness (1965), iterative proportional fitting;
    Ortúzar and Willumsen, Modelling Transport, on doubly constrained models.
    """
    b = np.ones(len(columns))
    total = max(float(rows.sum()), 1e-300)
    error, count, before = np.inf, 0, np.inf
    for count in range(1, most + 1):
        a = _factor(rows, np.einsum("ij,j->i", seed, b))
        sums = b * np.einsum("ij,i->j", seed, a)
        error = float(np.abs(sums - columns).max(initial=0.0)) / total
        if error <= tolerance:
            break
        if count % 10 == 0:
            if error > 0.99 * before:  # the margins cannot both be met
                break
            before = error
        b = _factor(columns, sums / np.where(b > 0, b, 1.0))
        b[b > 0] = np.clip(b[b > 0], 1e-100, 1e100)  # where the margins cannot be met it runs away
    else:
        a = _factor(rows, np.einsum("ij,j->i", seed, b))
    matrix = a[:, None] * seed * b
    missed = float(np.abs(matrix.sum(axis=1) - rows).max(initial=0.0)) / total
    columns_missed = float(np.abs(matrix.sum(axis=0) - columns).max(initial=0.0)) / total
    return Balanced(matrix, count, missed, columns_missed)


def singly(seed: Floats, rows: Floats, sizes: Floats) -> Floats:
    """Return T = P f A / sum(f A): all trips of a row, spread by size and deterrence (n, m)."""
    pull = seed * sizes
    return np.asarray(pull * _factor(rows, pull.sum(axis=1))[:, None])


def _factor(wanted: Floats, found: Floats) -> Floats:
    return np.divide(wanted, found, out=np.zeros_like(wanted), where=found > 0)


def deterrence(utility: Floats) -> Floats:
    """
    Return exp(utility) with each row against its best (n, m), 0 where there is no way (-inf).

    What is worse by more than 300 counts as 300: the number stays above 0.

    A factor of a row changes neither a singly nor a doubly constrained model.
    """
    best = utility.max(axis=1, keepdims=True)
    best = np.where(np.isfinite(best), best, 0.0)
    return np.where(np.isneginf(utility), 0.0, np.exp(np.maximum(utility - best, -300.0)))


def hyman(
    mean: Callable[[float], float], target: float, start: float, *,
    bounds: tuple[float, float] = (0.05, 2.0), tolerance: float = 1e-4,
) -> float:  # fmt: skip
    """
    Return the deterrence parameter at which the mean trip length meets the target.

    Hyman's secant method (Hyman 1969, The calibration of trip distribution models), kept in the
    bounds; `mean` falls with the parameter. Where the target lies outside what the bounds allow,
    the nearer bound.
    """
    if target <= 0:
        return start
    old, old_mean = start, mean(start)
    new = float(np.clip(old * old_mean / target, *bounds))
    for _ in range(30):
        if abs(old_mean - target) <= tolerance * target or new == old:
            return old
        new_mean = mean(new)
        step = (new - old) * (target - new_mean) / (new_mean - old_mean or -1e-12)
        step = float(np.clip(step, -0.5 * new, new))  # Hyman's line may point far away
        if (target - new_mean) * step > 0:  # too long needs a larger parameter, and the reverse
            step = new * (new_mean / target - 1)
        old, old_mean, new = new, new_mean, float(np.clip(new + step, *bounds))
    return old
