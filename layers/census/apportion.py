"""Shares whole numbers and classes out among the members of groups, exactly and repeatably."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray


def hamilton(
    group: NDArray[np.int64], weight: NDArray[np.float64], total: NDArray[np.int64]
) -> NDArray[np.int64]:
    """
    Share `total[group]` among the members of each group by weight, in whole numbers.

    Largest remainders (Hamilton, Hare-Niemeyer): everybody gets the whole part of the quota, what
    is left goes to the largest fractions, ties to the earlier row. Rows must stand in an order that
    does not depend on the input (sorted by key); then the result does not either.

    Parameters
    ----------
    group
        Number of the group of each row, 0 to len(total) - 1.
    weight
        At least 0; a group of which all weights are 0 is shared equally.
    total
        What each group has, at least 0.

    Returns
    -------
    One whole number a row; every group with members sums to its total exactly.

    >>> hamilton(np.array([0, 0, 0]), np.array([1.0, 1.0, 2.0]), np.array([7]))
    array([2, 2, 3])
    """
    groups = len(total)
    weight = np.where(np.isfinite(weight) & (weight > 0), weight, 0.0)
    # the largest weight as unit: sums of huge weights stay finite, of tiny ones above zero
    top = np.zeros(groups)
    np.maximum.at(top, group, weight)
    weight = np.where(top[group] > 0, weight / np.where(top[group] > 0, top[group], 1.0), 1.0)
    whole = np.bincount(group, weights=weight, minlength=groups)
    quota = total[group] * (weight / whole[group])
    given: NDArray[np.int64] = np.floor(quota + 1e-9).astype(np.int64)
    left = total - np.bincount(group, weights=given, minlength=groups).astype(np.int64)
    fraction = np.round(quota - given, 9)
    order = np.lexsort((np.arange(len(group)), -fraction, group))
    rank = np.empty(len(group), dtype=np.int64)
    rank[order] = place_in_group(group[order])
    return given + (rank < left[group])


def place_in_group(group: NDArray[np.int64]) -> NDArray[np.int64]:
    """
    Count from 0 within each group of rows that stand together.

    >>> place_in_group(np.array([3, 3, 5, 5, 5]))
    array([0, 1, 0, 1, 2])
    """
    if not len(group):
        return np.array([], dtype=np.int64)
    starts = np.flatnonzero(np.r_[True, group[1:] != group[:-1]])
    sizes = np.diff(np.r_[starts, len(group)])
    return np.arange(len(group)) - np.repeat(starts, sizes)


def systematic(
    group: NDArray[np.int64],
    weight: NDArray[np.float64],
    counts: NDArray[np.float64],
    start: NDArray[np.float64],
) -> NDArray[np.int64]:
    """
    Give each member of a group one of its classes, so that classes come as often as counted.

    Members and classes are laid side by side along the same line, each as long as its weight or
    count; a member takes the class beside the point `start` of its length (systematic sampling).
    With equal weights every class gets its quota rounded down or up, and exactly its count where
    a group has as many members as counts; over many groups no class is favoured.

    Parameters
    ----------
    group, weight
        Rows of a group stand together, in the order of the line.
    counts
        Groups by classes.
    start
        One number in (0, 1) a group.

    Returns
    -------
    Column of `counts` for each row; -1 where the group counts nothing.

    >>> two = np.array([[2.0, 1.0]])
    >>> systematic(np.zeros(3, dtype=int), np.ones(3), two, np.array([0.4]))
    array([0, 0, 1])
    """
    if not len(group):
        return np.array([], dtype=np.int64)
    groups, classes = counts.shape
    whole = np.bincount(group, weights=weight, minlength=groups)
    before = np.cumsum(weight) - weight
    first = np.flatnonzero(np.r_[True, group[1:] != group[:-1]])
    before -= np.repeat(before[first], np.diff(np.r_[first, len(group)]))
    share = (before + start[group] * weight) / np.where(whole[group] > 0, whole[group], 1.0)
    total = counts.sum(axis=1)
    bounds = np.cumsum(counts, axis=1) / np.where(total > 0, total, 1.0)[:, None]
    found = (share[:, None] >= bounds[group]).sum(axis=1)
    # classes without a count end where the one before ends: never beyond the last that has one
    last = classes - 1 - np.argmax((counts > 0)[:, ::-1], axis=1)
    return np.where(total[group] > 0, np.minimum(found, last[group]), -1)


def hashed(keys: pd.Index | pd.Series[Any], *, salt: str = "") -> NDArray[np.float64]:
    """
    Return a number in (0, 1) for each key, the same on every machine and in every order.

    >>> bool((hashed(pd.Index(["a", "b"])) == hashed(pd.Index(["b", "a"]))[::-1]).all())
    True
    """
    text = pd.Series(np.asarray(keys, dtype=object)).astype("str") + salt
    hashes = pd.util.hash_array(text.to_numpy(dtype=object), categorize=False)
    return np.asarray((hashes % 999_983 + 0.5) / 999_983)
