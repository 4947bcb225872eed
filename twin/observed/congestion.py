"""
Observed classes of congestion against modelled load of streets.

Cities tell drivers how full roads are by classes (Köln: 0 free, 1 slow, 2 jam). These are no
counts: nothing can be adjusted to them, GEH has no meaning. What can be compared is the order (are
the roads that jam those the model loads most) and the shape of the day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.observed.count_days import count_profile
from twin.observed.fit import three_digits
from twin.sentences import Sentence, say

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MOST_CLASS = 2.0
LEAST_SEGMENTS = 5
LEAST_HOURS = 12


@dataclass(frozen=True, eq=False)
class CongestionFit:
    """
    Order and shape of observed congestion against modelled load.

    `segments` (index segment): `observed` (mean class), `modelled` (mean load, flow over capacity),
    `shape` (correlation of both over the hours), `busiest_observed`, `busiest_modelled` (hour).
    `hours` (index hour): `rank`, `segments`. `rank` is Spearman's over the means of the segments,
    `shape` the median of theirs; NaN where nothing varies.
    """

    segments: pd.DataFrame
    hours: pd.DataFrame
    rank: float
    shape: float
    said: Sentence


def congestion_profile(
    classes: pd.Series[float],
    *,
    most: float = MOST_CLASS,
    zone: str = "Europe/Berlin",
    state: str = "NW",
) -> pd.Series[float]:
    """
    Return the mean class of each hour of a weekday (0 to 23).

    Parameters
    ----------
    classes
        By UTC time, as reported. What is above `most` or below 0 says that nothing is known (Köln:
        16) and is left out.
    """
    known = classes.where(classes.between(0.0, most)).dropna()
    hours = known.groupby(pd.DatetimeIndex(known.index).floor("h")).mean()
    return count_profile(hours, zone=zone, state=state).hours["weekday"]


def hourly_load(traffic: pd.DataFrame, shares: pd.DataFrame) -> pd.DataFrame:
    """
    Return flow over capacity by street and hour of a weekday (columns 0 to 23).

    Parameters
    ----------
    traffic
        The answer `traffic` of `simulate`: `car`, `truck` a weekday and at the busiest hour
        (`*_peak`), and `load` then.
    shares
        `twin.mobility.demand.hour_shares(given)`.
    """
    there = [name for name in ("car", "truck") if name in traffic]
    flow = sum(np.outer(traffic[name].to_numpy(float), shares[name].to_numpy(float))
               for name in there)  # fmt: skip
    peak = sum(traffic[f"{name}_peak"].to_numpy(float) for name in there)
    room = np.divide(peak, traffic["load"], out=np.full(len(traffic), np.nan), where=peak > 0)
    load = flow / np.asarray(room)[:, None]
    idle = np.asarray(peak) == 0
    load[idle] = np.where(traffic["load"].to_numpy(float)[idle, None] == 0, 0.0, np.nan)
    return pd.DataFrame(load, traffic.index, shares.index)


def compare_congestion(observed: pd.DataFrame, modelled: pd.DataFrame) -> CongestionFit:
    """
    Return how order and shape of the modelled load agree with observed congestion.

    Parameters
    ----------
    observed, modelled
        By segment (index) and hour (columns): mean class, and flow over capacity. What only one
        of them has is left out.
    """
    lines = observed.index.intersection(modelled.index)
    hours = observed.columns.intersection(modelled.columns)
    own, other = (table.loc[lines, hours].astype(float) for table in (observed, modelled))
    there = own.notna() & other.notna()
    own, other = own.where(there), other.where(there)
    segments = pd.DataFrame(
        {
            "observed": own.mean(axis=1),
            "modelled": other.mean(axis=1),
            "shape": [_correlation(own.loc[line], other.loc[line]) for line in lines],
            "busiest_observed": _busiest(own),
            "busiest_modelled": _busiest(other),
        },
        index=lines,
    )
    by_hour = pd.DataFrame(
        {
            "rank": [rank_correlation(own[hour], other[hour]) for hour in hours],
            "segments": there.sum(),
        },
        index=hours,
    )
    rank = rank_correlation(segments["observed"], segments["modelled"])
    shape = float(segments["shape"].median())
    return CongestionFit(segments, by_hour, rank, shape, _told(rank, shape, segments))


def _told(rank: float, shape: float, segments: pd.DataFrame) -> Sentence:
    count = int(segments[["observed", "modelled"]].notna().all(axis=1).sum())
    if count < LEAST_SEGMENTS or not np.isfinite(rank):
        return say(
            "Classes of congestion are no counts; on {count} segments their order says nothing.",
            count=count,
        )
    if not np.isfinite(shape):
        return say(
            "Classes of congestion are no counts. The order of {count} segments agrees with the"
            " model by {rank} (rank correlation; 1: the same order, 0: none).",
            count=count,
            rank=three_digits(rank),
        )
    return say(
        "Classes of congestion are no counts. The order of {count} segments agrees with the model"
        " by {rank}, the course of the day by {shape} (correlations; 1: the same, 0: none).",
        count=count,
        rank=three_digits(rank),
        shape=three_digits(shape),
    )


def rank_correlation(first: pd.Series[float], second: pd.Series[float]) -> float:
    """Return Spearman's rank correlation of pairs that both have; equal values share a rank."""
    both = pd.concat([first, second], axis=1).dropna()
    ranks = both.rank()
    return _correlation(ranks.iloc[:, 0], ranks.iloc[:, 1], least=3)


def _correlation(
    first: pd.Series[float], second: pd.Series[float], *, least: int = LEAST_HOURS
) -> float:
    there = (first.notna() & second.notna()).to_numpy()
    a, b = first.to_numpy(float)[there], second.to_numpy(float)[there]
    if len(a) < least:
        return float("nan")
    a, b = a - a.mean(), b - b.mean()
    spread = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / spread if spread > 1e-12 else float("nan")


def _busiest(table: pd.DataFrame) -> pd.Series:
    """Return the hour with the highest value of each row; missing where nothing is known."""
    known = table.notna().any(axis=1)
    found = pd.Series(pd.NA, table.index, dtype="Int64")
    if known.any():
        found[known] = table[known].idxmax(axis=1).astype("Int64")
    return found
