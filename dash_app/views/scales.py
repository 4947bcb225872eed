"""One scale for all sides and years of a view; differences around zero."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dash_app.map.binary import Column, pack
from dash_app.map.colours import (
    DIFFERENCE,
    HEAT,
    NODATA,
    OTHER,
    WORDS,
    Scale,
    _spread,
    round_breaks,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dash_app.views.view import View

PALETTES: dict[str, dict[str, tuple[str, ...]]] = {
    "heat": HEAT,
    "good": {
        "light": ("#E7F1E4", "#BFDDC5", "#8CC3A9", "#57A58E", "#2C8073", "#145458"),
        "dark": ("#2B3D3F", "#2F5A5A", "#37807A", "#55A493", "#8CC7AC", "#D3E9CB"),
    },
    "sun": {
        "light": ("#FFF3C4", "#FBDD79", "#F0BB3F", "#D9942A", "#AF6B1F", "#74451C"),
        "dark": ("#4A3B22", "#7A5923", "#A97B29", "#D29C36", "#EDC15E", "#FBE7A6"),
    },
    "flow": {
        "light": ("#E9B3CF", "#D07FB0", "#A9578F", "#71467F", "#352A5C"),
        "dark": ("#5B4266", "#8A4F8C", "#B967A3", "#DE93BC", "#F6CCDD"),
    },
    "low_is_bad": {
        "light": ("#7C3238", "#C8504A", "#E37F50", "#ECAC54", "#F5CF69", "#D5DDD8"),
        "dark": ("#F1D07F", "#DF9A5A", "#C66B4D", "#A3524A", "#7E4741", "#46525A"),
    },
    "stress": {
        "light": ("#CFE3E2", "#8DBDC1", "#CE8A4B", "#8C3F14"),
        "dark": ("#3F6D72", "#74B2B4", "#D9925A", "#F6C79E"),
    },
}
"""Sequential palettes of six steps, dark for much on light ground, bright on dark; the one that
falls is for what is bad where it is low. Stress runs from calm blue to warm brown."""

CLASSES = 6


def change(view: View, after: pd.Series[Any], before: pd.Series[Any]) -> pd.Series[Any]:
    """
    Return what `after` has more than `before`, row by row; missing where either is.

    A flow that one side has nowhere (a new street, one that was closed) counts as none there. Of
    categories it is the word of `after` where it is another one than before.
    """
    if view.kind == "category":
        if view.name == "cycling_stress":
            return pd.to_numeric(after) - pd.to_numeric(before)
        both = after.notna() & before.notna()
        return after.astype(object).where(both & (after != before), None)
    if view.kind == "flow":
        either = after.notna() | before.notna()
        return (after.fillna(0.0) - before.fillna(0.0)).where(either)
    return after - before


def scale_of(
    view: View,
    series: Sequence[pd.Series[Any]],
    theme: str,
    *,
    difference: bool = False,
    hour: int | None = None,
) -> Scale:
    """
    Return one scale for values of several sides and years.

    Parameters
    ----------
    series
        Of `values`, as the viewer may see them: all that is to be drawn with this scale, the
        baseline first, so that limits stay where they are while a scenario is edited; counts are of
        the last. With `difference` those of `change`.
    theme
        "light" or "dark".
    hour
        Of the day, as it was given to `values`.

    Notes
    -----
    Limits are those of the view where it has some, else round numbers that part the values about
    evenly; those of differences lie evenly on both sides of zero, and what hardly changes shares
    the class in the middle.
    """
    worded = view.kind == "category" and not (difference and view.name == "cycling_stress")
    base: dict[str, Any] = {
        "table": view.table, "column": view.name, "label": view.label, "unit": view.unit,
        "nodata": NODATA[theme],
    }  # fmt: skip
    if worded:
        return Scale(**base, kind="category", **_words(view, series, theme))
    numbers = [_finite(one) for one in series]
    shown = numbers[-1] if numbers else np.zeros(0)
    every = np.concatenate(numbers) if numbers else shown
    limits = _around_zero(view, every) if difference else _limits(view, _steady(numbers), hour)
    colours = DIFFERENCE[theme] if difference else PALETTES[view.palette][theme]
    counts = np.bincount(np.searchsorted(limits, shown, side="right"), minlength=len(limits) + 1)
    return Scale(
        **base,
        kind="classed",
        breaks=tuple(limits),
        colours=_spread(colours, len(limits) + 1),
        counts=tuple(counts.tolist()),
        missing=len(series[-1]) - len(shown) if series else 0,
        low=float(every.min()) if len(every) else None,
        high=float(every.max()) if len(every) else None,
    )


def _finite(values: pd.Series[Any]) -> np.ndarray[Any, Any]:
    column = np.asarray(values, np.float64)
    return column[np.isfinite(column)]


def _steady(numbers: Sequence[np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
    """
    Return the values that limits are made from: the first ones, where they can stand for all.

    They cannot where they hardly differ, or where a fifth of any other lies beyond them.
    """
    every = np.concatenate(numbers) if numbers else np.zeros(0)
    if not numbers or len(np.unique(numbers[0])) < CLASSES:
        return every
    low, high = numbers[0].min(), numbers[0].max()
    beyond = (((one < low) | (one > high)).mean() for one in numbers[1:] if len(one))
    return every if max(beyond, default=0.0) > 0.2 else numbers[0]


def _limits(view: View, every: np.ndarray[Any, Any], hour: int | None) -> list[float]:
    """Return the inner limits of classes; rows with nothing are many and do not rule them."""
    fixed = view.breaks if view.at_hour(hour) is None else view.hour_breaks
    if fixed:
        return list(fixed)
    some = every[every != 0]
    if not len(some) or some.min() == some.max():
        return []
    return round_breaks(some, CLASSES)


def _around_zero(view: View, every: np.ndarray[Any, Any]) -> list[float]:
    """
    Return limits that are even on both sides of zero, at most three on each.

    The least is a twentieth of what is large (the 98th of a hundred changes) at most: below it
    nothing that a planner would call a change has happened. Levels change by whole steps.
    """
    if view.kind == "category":
        return [-1.5, -0.5, 0.5, 1.5]
    size = np.abs(every[every != 0])
    if not len(size):
        return []
    large = float(np.quantile(size, 0.98))
    steps = [_round_down(large * part) for part in (0.05, 0.25, 0.6)]
    side = sorted({step for step in steps if step > 0})
    return [-step for step in reversed(side)] + side


def _round_down(value: float) -> float:
    """Return the largest of 1, 2 and 5 times a power of ten that is not above a value."""
    if not value > 0:
        return 0.0
    power = 10.0 ** np.floor(np.log10(value))
    best = max(n for n in (1.0, 2.0, 5.0) if n * power <= value * (1 + 1e-9))
    return float(np.round(best * power, 12))


def _words(view: View, series: Sequence[pd.Series[Any]], theme: str) -> dict[str, Any]:
    """Return words with colours, those of all series in the order of the view."""
    texts = [one.dropna().astype(str) for one in series]
    shown = texts[-1].value_counts() if texts else pd.Series(dtype=int)
    there = {word for one in texts for word in one.unique()}
    words = list(order_of(view)) or sorted(there)
    words += sorted(there - set(words))
    if view.palette == "words":
        free = iter(WORDS[theme])
        colours = {word: next(free, OTHER[theme]) for word in words}  # a word keeps its colour
    else:
        palette = HEAT if view.palette == "ordered" else PALETTES[view.palette]
        colours = dict(zip(words, _spread(palette[theme], len(words)), strict=True))
    kept = [word for word in words if word in there]
    return {
        "breaks": tuple(kept),
        "colours": tuple(colours[word] for word in kept),
        "counts": tuple(int(shown.get(word, 0)) for word in kept),
        "missing": int(series[-1].isna().sum()) if series else 0,
    }


def order_of(view: View) -> tuple[str, ...]:
    """Return the words of a category in their order, all that there can be."""
    if view.words or not view.word_context:
        return tuple(view.words)
    from twin.schema import STOCK, TABLES  # noqa: PLC0415 - only two views need them

    table, _, column = view.word_context.partition(".")
    found = STOCK if table == "stock" else TABLES[table]
    return tuple(found.column(column).values)


def encode(values: pd.Series[Any], withheld: pd.Series[bool] | None = None) -> bytes:
    """
    Return values as the map reads a column (`map-decode.js`), in their order.

    Columns: `value` (numbers, NaN missing; words as codes of the header's `words`, 0 missing) and
    `withheld` (1 where privacy takes the value away, which is drawn hatched). What is withheld is
    missing in `value`, whatever is handed in.
    """
    away = np.zeros(len(values), bool) if withheld is None else withheld.to_numpy(bool)
    number = pd.api.types.is_numeric_dtype(values.dtype)
    if number:
        header: dict[str, Any] = {"kind": "number"}
        column = Column(np.where(away, np.nan, values.to_numpy(np.float64)))
    else:
        words = pd.Categorical(values.where(~away, None))
        header = {"kind": "category", "words": [str(word) for word in words.categories]}
        column = Column(words.codes.astype(np.int64) + 1)
    return pack(header, {"value": column, "withheld": Column(away.astype(np.int64))})
