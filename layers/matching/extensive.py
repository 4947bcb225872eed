"""Hands sums (dwellings, residents, areas) down to the stock: none lost, none counted twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from layers.matching.compare import conflicts, differ
from layers.matching.trust import ColumnTrust, ranked, trust
from twin.schema import BUILDINGS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from layers.matching.pool import Pool
    from layers.matching.ties import Ties

WHOLE = ("dwellings",)
"""Columns whose whole numbers stay whole when they are split."""


@dataclass(frozen=True)
class Sums:
    """A summed column of the stock, the label of its source, and figures for the report."""

    columns: dict[str, pd.Series[Any]]
    figures: dict[str, Any]


def handed_down(pool: Pool, ties: Ties, rule: ColumnTrust, weight: NDArray[np.float64]) -> Sums:
    """
    Return the column with each source's sums split by `weight` of the ties and added up.

    The first source in the order of trust that says something about a building wins there. The
    sum over all buildings that a source's value was split over equals that value.
    """
    label = BUILDINGS.column(rule.column).source
    values = pool.table[rule.column].to_numpy(dtype=float)
    tie = np.flatnonzero(~np.isnan(values[ties.row]))
    share = values[ties.row[tie]] * weight[tie]
    if rule.column in WHOLE:
        share = whole_shares(share, ties.row[tie], values[ties.row[tie]])
    frame = pd.DataFrame(
        {
            "stock": ties.stock[tie],
            "source": pool.source[ties.row[tie]],
            "value": share,
            "label": pool.table[label].to_numpy(dtype=object)[ties.row[tie]],
            "area": -ties.area[tie],
            "row": ties.row[tie],
        }
    )[weight[tie] > 0]
    frame = frame.sort_values(["stock", "source", "area", "row"], kind="stable")
    sums = frame.groupby(["stock", "source"], sort=True).agg(
        value=("value", "sum"), label=("label", "first")
    )
    return _best(sums.reset_index(), pool, ties, rule, label)


def _best(sums: pd.DataFrame, pool: Pool, ties: Ties, rule: ColumnTrust, label: str) -> Sums:
    """Choose the most trusted sum of each building."""
    order = ranked(pool.sources, rule.reasons, trust().order)
    place = np.array([order.index(name) for name in pool.sources])[sums["source"].to_numpy()]
    guessed = sums["label"].astype("str").str.startswith("estimated").fillna(value=False)
    sums = sums.assign(place=place + len(order) * guessed.to_numpy(dtype=bool))
    sums = sums.sort_values(["stock", "place"], kind="stable")
    best = sums.drop_duplicates("stock").set_index("stock")
    rest = sums[sums.duplicated("stock")]
    apart = differ(rule, best["value"].reindex(rest["stock"]), rest["value"])
    counts = np.bincount(best["source"], minlength=len(pool.sources))
    figures = {
        "from": {name: int(n) for name, n in zip(pool.sources, counts, strict=True) if n},
        "compared": int(rest["stock"].nunique()),
        **conflicts(pool, ties, rest["stock"].to_numpy(dtype=np.intp)[apart]),
    }
    best = best.reindex(range(len(ties.owner)))
    return Sums(
        {rule.column: best["value"].astype(float), label: best["label"].astype("str")}, figures
    )


def whole_shares(
    share: NDArray[np.float64], row: NDArray[np.intp], value: NDArray[np.float64]
) -> NDArray[np.float64]:
    """
    Round the shares of whole numbers so that they stay whole and keep their sum.

    The largest remainders are rounded up (Hare and Niemeyer), the earlier tie among equals.

    >>> import numpy as np
    >>> whole_shares(np.array([1.5, 1.0, 0.5]), np.array([7, 7, 7]), np.array([3.0, 3.0, 3.0]))
    array([2., 1., 0.])
    """
    low = np.floor(share + 1e-9)
    order = np.lexsort((np.arange(len(row)), -(share - low).round(9), row))
    _, start, number = np.unique(row[order], return_index=True, return_counts=True)
    rank = np.arange(len(row)) - np.repeat(start, number)
    left = np.repeat(np.add.reduceat((share - low)[order], start), number) if len(row) else share
    result = low.copy()
    result[order] += rank < np.round(left)
    return np.where(value == np.floor(value), result, share)
