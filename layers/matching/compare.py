"""Tells where sources contradict each other about the same building."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from layers.matching.pool import Pool
    from layers.matching.ties import Ties
    from layers.matching.trust import ColumnTrust


def first_of_each_source(pool: Pool, ties: Ties, chosen: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return one tie for each building and source: the one with the largest overlap."""
    tie = np.flatnonzero(chosen)
    source = pool.source[ties.row[tie]]
    order = np.lexsort((ties.row[tie], -ties.area[tie], source, ties.stock[tie]))
    code = (ties.stock[tie] * len(pool.sources) + source)[order]
    first = np.unique(code, return_index=True)[1]
    result: NDArray[np.intp] = tie[order][first]
    return result


def conflicts(pool: Pool, ties: Ties, stock: NDArray[np.intp]) -> dict[str, Any]:
    """Return how many buildings sources contradict each other about, and five of their keys."""
    keys = sorted(str(key) for key in pool.keys[ties.owner[np.unique(stock)]])
    return {"conflicts": len(keys), "examples": keys[:5]}


def differ(rule: ColumnTrust, ours: pd.Series[Any], theirs: pd.Series[Any]) -> NDArray[np.bool_]:
    """Tell which pairs of values differ beyond the tolerance of their column."""
    if rule.is_text:
        a, b = plain(ours), plain(theirs)
        apart: NDArray[np.bool_] = a != b
        for general, special in rule.general.items():
            apart &= ~_refines(a, b, general, special) & ~_refines(b, a, general, special)
        return apart
    a, b = ours.to_numpy(dtype=float), theirs.to_numpy(dtype=float)
    limit = np.full(len(a), rule.tolerance or 0.0)
    if rule.relative is not None:
        limit = np.maximum(limit, rule.relative * np.maximum(abs(a), abs(b)))
    result: NDArray[np.bool_] = abs(a - b) > limit + 1e-9
    return result


def _refines(
    a: NDArray[np.object_], b: NDArray[np.object_], general: str, special: tuple[str, ...]
) -> NDArray[np.bool_]:
    """Tell where `a` is a general word and `b` a special one for the same."""
    result: NDArray[np.bool_] = (a == general) & (np.isin(b, special) | ("*" in special))
    return result


def plain(values: pd.Series[Any]) -> NDArray[np.object_]:
    """
    Return words without case, spaces, hyphens and the ways to write Straße.

    >>> import pandas as pd
    >>> list(plain(pd.Series(["Kölner Str.", "kölner-straße", "12 A"])))
    ['kölnerstr', 'kölnerstr', '12a']
    """
    text = values.astype("str").str.casefold().str.replace(r"[\s.\-]+", "", regex=True)
    return text.str.replace(r"strasse\b", "str", regex=True).to_numpy(dtype=object)
