"""Adjustment of a matrix of trips to counted traffic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from twin.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from twin.assumptions import Assumptions

Floats = NDArray[np.float64]
Assign = Callable[[Floats], csr_array]
"""Assigns a matrix (z, z) and returns the shares of the counted streets, see `shares_of`."""

LEAST_COUNT = 100.0  # vehicles a day; counts below do not weigh more than this one
STOP = 1e-8  # of the misfit: less gain ends the search
HALVINGS = 30


@dataclass(frozen=True, eq=False)
class Adjusted:
    """
    A matrix after its adjustment, and how well it fitted before and fits after.

    `table` has a row a count: `street`, `count`, `before`, `after` (vehicles a day), `geh_before`,
    `geh_after`, `is_reached` (some pair of zones uses the street; others change nothing).
    `summary`: `r2_before`, `r2_after`, `misfit_before`, `misfit_after` (what is minimised),
    `total_before`, `total_after`, `change_percent`, `most_factor`, `at_bound` (share of the trips
    before whose pair is at its bound), `unreached`, `iterations`.
    """

    trips: Floats
    table: pd.DataFrame
    summary: Mapping[str, float]


def shares_of(selected: Sequence[Floats], trips: Floats) -> csr_array:
    """
    Return what share of each pair's trips passes each counted street, (streets, z x z).

    `selected` is by counted street the matrix of the trips that pass it (select link). Pairs
    without trips have none.
    """
    pairs = np.maximum(trips, 0.0).ravel()
    rows = [np.divide(part.ravel(), pairs, out=np.zeros_like(pairs), where=pairs > 0)
            for part in selected]  # fmt: skip
    return csr_array(np.array(rows).reshape(len(rows), len(pairs)))


def geh(flow: Floats, count: Floats) -> Floats:
    """Return GEH = sqrt(2 (m - c)^2 / (m + c)) of flows an hour; below 5 is a good fit."""
    total = np.asarray(flow + count, float)
    wrong = 2.0 * np.square(flow - count)
    value: Floats = np.sqrt(np.divide(wrong, total, out=np.zeros_like(total), where=total > 0))
    return value


def adjust(
    trips: Floats,
    counts: pd.DataFrame,
    shares: csr_array,
    given: Assumptions,
    *,
    iterations: int = 200,
) -> Adjusted:
    """
    Return the matrix that fits the counts better, by the gradient method of Spiess (1990).

    Minimises 1/2 sum w (v - c)^2 over the counted streets, v = shares x trips, with steps along
    -g dZ/dg, each of the length that is best on its line. A step multiplies pairs of zones, so that
    pairs without trips stay without, and what no counted street sees stays as it is. Each pair
    stays within `counts.most_factor` of where it began.

    Parameters
    ----------
    trips
        Vehicles a day from zone to zone (z, z).
    counts
        `street`, `vehicles_day`, and where wanted `weight` (else 1 / count: misfit as in GEH).
    shares
        (counts, z x z), what share of a pair passes the street of each row of `counts`.

    Raises
    ------
    ModelError
        Counts, trips or shares are negative or no numbers, or do not fit together.

    Notes
    -----
    H. Spiess, A gradient approach for the O-D matrix adjustment problem, 1990.
    """
    target, weight = _checked(trips, counts, shares)
    start = trips.astype(float).ravel()
    before = shares @ start
    used = np.diff(shares.indptr) > 0
    weight = np.where(used, weight, 0.0)
    most = given["counts.most_factor"]
    found, taken = _descend(start, shares, (target, weight), most, iterations)
    after = shares @ found
    table = _table(counts, before, after, used, given["counts.hour_share"])
    summary = {
        "misfit_before": _misfit(before, target, weight),
        "misfit_after": _misfit(after, target, weight),
        "iterations": float(taken),
        **_changes(start, found, most),
    }
    return Adjusted(found.reshape(trips.shape), table, {**_fit(table), **summary})


def adjust_with_assignment(
    trips: Floats,
    counts: pd.DataFrame,
    assign: Assign,
    given: Assumptions,
    *,
    rounds: int = 4,
) -> tuple[Adjusted, list[Mapping[str, float]]]:
    """
    Return the matrix adjusted while routes follow it, and the summary of each round.

    In turn the matrix is assigned and adjusted to the counts with the shares found; bounds are
    those of the first matrix. `table` compares flows of the first with flows of the last
    assignment, so what it shows is what the network carries. The best round is kept.
    """
    shares = assign(trips)
    first = adjust(trips, counts, shares, given, iterations=0)
    best, record = first, [first.summary]
    current = trips
    for _ in range(rounds):
        step = adjust(current, counts, shares, given)
        current = _bounded(step.trips, trips, given["counts.most_factor"])
        shares = assign(current)
        reached = adjust(current, counts, shares, given, iterations=0)
        joined = _joined(first, reached, trips, given)
        record.append(joined.summary)
        if joined.summary["misfit_after"] >= best.summary["misfit_after"]:
            break
        best = joined
    return best, record


def _joined(first: Adjusted, last: Adjusted, trips: Floats, given: Assumptions) -> Adjusted:
    """Return the comparison of the first with the last assignment."""
    later = ["after", "geh_after", "is_reached"]
    table = first.table.assign(**{name: last.table[name] for name in later})
    summary = {
        **_fit(table),
        "misfit_before": first.summary["misfit_before"],
        "misfit_after": last.summary["misfit_after"],
        "iterations": last.summary["iterations"],
        **_changes(trips.ravel(), last.trips.ravel(), given["counts.most_factor"]),
    }
    return Adjusted(last.trips, table, summary)


def _checked(trips: Floats, counts: pd.DataFrame, shares: csr_array) -> tuple[Floats, Floats]:
    """Return targets and weights."""
    target = counts["vehicles_day"].to_numpy(float)
    weight = 1.0 / np.maximum(target, LEAST_COUNT)
    if "weight" in counts:
        weight = counts["weight"].to_numpy(float)
    everything = np.concatenate([trips.ravel(), target, weight])
    wrong = ~np.isfinite(everything) | (everything < 0)
    if wrong.any():
        template = "{count} trips, counts or weights are negative or no numbers."
        hint = "Leave them out or correct them."
        raise ModelError(template, hint=hint, count=int(wrong.sum()))
    if shares.shape != (len(target), trips.size):
        template = "{counts} counts and {pairs} pairs of zones do not fit shares of {shape}."
        hint = "Take the shares from an assignment of this matrix on the counted streets."
        raise ModelError(
            template, hint=hint, counts=len(target), pairs=trips.size, shape=shares.shape
        )
    return target, weight


def _misfit(flow: Floats, target: Floats, weight: Floats) -> float:
    return float(0.5 * (weight * np.square(flow - target)).sum())


def _descend(
    start: Floats, shares: csr_array, aim: tuple[Floats, Floats], most: float, iterations: int
) -> tuple[Floats, int]:
    """Return the pairs after steps of steepest descent in g x dZ/dg, and how many were made."""
    target, weight = aim
    low, high = start / most, start * most
    pairs, seen = start.copy(), shares.T.tocsr()
    misfit = _misfit(shares @ pairs, target, weight)
    for step in range(iterations):
        flow = shares @ pairs
        gradient = seen @ (weight * (flow - target))
        # what is at its bound and pushed outwards cannot take part
        stuck = ((pairs <= low) & (gradient > 0)) | ((pairs >= high) & (gradient < 0))
        way = np.where(stuck, 0.0, -pairs * gradient)
        change = shares @ way
        bend = float((weight * np.square(change)).sum())
        if bend == 0.0:
            return pairs, step
        length = float((weight * change * (target - flow)).sum()) / bend
        better, reached = _shortened(pairs, way, length, (low, high), misfit, shares, aim)
        if misfit - reached <= STOP * misfit:
            return (better if reached < misfit else pairs), step + 1
        pairs, misfit = better, reached
    return pairs, iterations


def _shortened(  # noqa: PLR0913, PLR0917 - a line search needs its line
    pairs: Floats,
    way: Floats,
    length: float,
    bounds: tuple[Floats, Floats],
    misfit: float,
    shares: csr_array,
    aim: tuple[Floats, Floats],
) -> tuple[Floats, float]:
    """Return the pairs after a step, halved until the bounds do not make it worse."""
    for halving in range(HALVINGS):
        better = np.clip(pairs + length * 0.5**halving * way, *bounds)
        reached = _misfit(shares @ better, *aim)
        if reached < misfit:
            return better, reached
    return pairs, misfit


def _bounded(trips: Floats, first: Floats, most: float) -> Floats:
    return np.clip(trips, first / most, first * most)


def _table(
    counts: pd.DataFrame, before: Floats, after: Floats, used: NDArray[np.bool_], hour: float
) -> pd.DataFrame:
    count = counts["vehicles_day"].to_numpy(float)
    return pd.DataFrame(
        {
            "street": counts["street"].to_numpy(),
            "count": count,
            "before": before,
            "after": after,
            "geh_before": geh(before * hour, count * hour),
            "geh_after": geh(after * hour, count * hour),
            "is_reached": used,
        },
        index=counts.index,
    )


def _fit(table: pd.DataFrame) -> dict[str, float]:
    """Return how much of the spread of the counts is explained, before and after."""
    spread = float(np.square(table["count"] - table["count"].mean()).sum())
    fit = {}
    for case in ("before", "after"):
        wrong = float(np.square(table[case] - table["count"]).sum())
        fit[f"r2_{case}"] = 1.0 - wrong / spread if spread > 0 else float("nan")
    return {**fit, "unreached": float((~table["is_reached"]).sum())}


def _changes(start: Floats, found: Floats, most: float) -> dict[str, float]:
    total, after = float(start.sum()), float(found.sum())
    there = start > 0
    factor = found[there] / start[there]
    furthest = np.maximum(factor, 1.0 / np.maximum(factor, 1e-12))
    bound = furthest >= most * (1 - 1e-9)
    return {
        "total_before": total,
        "total_after": after,
        "change_percent": 100.0 * (after / total - 1.0) if total > 0 else 0.0,
        "most_factor": float(furthest.max(initial=1.0)),
        "at_bound": float(start[there][bound].sum()) / total if total > 0 else 0.0,
    }
