"""From the values of a column to classes, colours and a legend, the same for map and panel."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from dash_app.map.columns import finest, shown_values
from twin.schema import TABLES, Column

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from twin.city import City

Kind = Literal["classed", "continuous", "category"]

HEAT: dict[str, tuple[str, ...]] = {
    "light": ("#FBEFA6", "#F5CF69", "#ECAC54", "#E37F50", "#C8504A", "#7C3238"),
    "dark": ("#4E3833", "#7E4741", "#A3524A", "#C66B4D", "#DF9A5A", "#F1D07F"),
}
"""One direction, after lajolla: darker is more on light ground, brighter is more on dark."""

DIFFERENCE: dict[str, tuple[str, ...]] = {
    "light": ("#034280", "#2D7BA5", "#90BCD1", "#EBE6E2", "#DCAC90", "#C37243", "#942F06"),
    "dark": ("#8CC3E8", "#4C96C4", "#3A5E78", "#3A3F43", "#7A553F", "#CE8353", "#F3BE93"),
}
"""Less and more around zero, after vik."""

WORDS: dict[str, tuple[str, ...]] = {
    "light": (
        "#4477AA", "#E69F00", "#117733", "#CC6677", "#88CCEE", "#AA4499", "#DDCC77", "#332288",
        "#44AA99", "#882255",
    ),
    "dark": (
        "#77AADD", "#EE8866", "#44BB99", "#FFAABB", "#EEDD88", "#AAAA00", "#99DDFF", "#BBCC33",
        "#CC99DD", "#DDDDDD",
    ),
}  # fmt: skip
"""Kinds without order, after Paul Tol (muted, light) and Okabe and Ito: safe for colour blindness.
The legend always names them, so that no meaning hangs on colour alone."""

ORDERED = ("age_class",)  # categories whose words run from less to more
NODATA = {"light": "#D3D2CF", "dark": "#4A5157"}
OTHER = {"light": "#B9B4AC", "dark": "#5F6871"}


@dataclass(frozen=True)
class Scale:
    """
    Colours of one column and what a legend says about them.

    `breaks`: for classes the inner limits (one fewer than colours; a value on a limit belongs to
    the class above), for a continuous scale the places of the colours, for categories the words.
    `counts` are rows for each colour (classes and words), `missing` rows without a value.
    """

    table: str
    column: str
    label: str
    unit: str
    kind: Kind
    breaks: tuple[Any, ...]
    colours: tuple[str, ...]
    nodata: str
    counts: tuple[int, ...]
    missing: int
    low: float | None = None  # smallest and largest value
    high: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain lists and numbers."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }


def colourable(city: City, table: str = "buildings") -> list[Column]:
    """Return the columns of a table that a map can show: numbers, flags and categories in use."""
    frame = city.tables[table]
    columns = [c for c in TABLES[table].columns if c.type != "text" and c.name in frame]
    return [c for c in columns if frame[c.name].notna().any()]


def scale_for(
    city: City,
    table: str,
    column: str,
    *,
    theme: str,
    kind: Kind | None = None,
    classes: int = 6,
) -> Scale:
    """
    Return the scale of a column: `kind` as asked, else categories for words, classes for numbers.

    Limits are round numbers near equal counts. Numbers on both sides of zero get the difference
    palette with a class around zero. Raises `KeyError` for a column the table does not have.
    """
    described = TABLES[table].column(column)
    frame = city.tables[table]
    values = shown_values(frame, column, table)
    if table == "cells":
        values = values[finest(frame, column)]  # the others are neither shown nor missing
    base: dict[str, Any] = {
        "table": table, "column": column, "label": described.label, "unit": described.unit,
        "nodata": NODATA[theme], "missing": int(values.isna().sum()),
    }  # fmt: skip
    if described.type != "number":
        return Scale(**base, kind="category", **_words(described, values, theme))
    numbers = values.to_numpy(np.float64)
    numbers = numbers[np.isfinite(numbers)]
    if not len(numbers):
        return Scale(**base, kind="classed", breaks=(), colours=HEAT[theme][:1], counts=(0,))
    limits: dict[str, Any] = {"low": float(numbers.min()), "high": float(numbers.max())}
    if kind == "continuous":
        return Scale(**base, kind="continuous", **limits, **_smooth(numbers, theme))
    return Scale(**base, kind="classed", **limits, **_classes(numbers, theme, classes))


def round_breaks(values: NDArray[np.float64], classes: int) -> list[float]:
    """
    Return at most `classes - 1` rising round limits that part the values about evenly.

    Quantiles are moved to the coarsest round number (1, 2, 2.5 or 5 times a power of ten) that
    keeps them apart; limits outside the values fall away, so few values give few classes.
    """
    low, high = float(values.min()), float(values.max())
    if low == high:
        return []
    shares = np.arange(1, classes) / classes
    wanted = np.quantile(values, shares)
    if len(np.unique(wanted)) < 3:  # one value rules: let the others speak too
        wanted = np.quantile(np.unique(values), shares)
    span = float(np.quantile(values, 0.95) - np.quantile(values, 0.05)) or high - low
    whole = bool((values == np.round(values)).all())
    best: list[float] = []
    for part in (1, 2, 4, 10, 25, 100):
        step = _round_step(span / classes / part)
        step = max(float(np.floor(step)), 1.0) if whole else step  # 2.5 parts no whole numbers
        found = np.unique(np.round(np.round(wanted / step) * step, 10))
        found = found[(found > low) & (found <= high)]
        if len(found) > len(best):
            best = found.tolist()
        if len(best) == len(np.unique(wanted)):
            break
    middle = (low + high) / 2
    return best or [float(np.ceil(middle) if whole else middle)]


def _round_step(step: float) -> float:
    """Return the largest of 1, 2, 2.5 and 5 times a power of ten that is not above `step`."""
    power = 10.0 ** np.floor(np.log10(step))
    return float(power * max(n for n in (1.0, 2.0, 2.5, 5.0) if n * power <= step * (1 + 1e-9)))


def _classes(numbers: NDArray[np.float64], theme: str, classes: int) -> dict[str, Any]:
    both_sides = numbers.min() < 0 < numbers.max()
    if both_sides:
        size = np.abs(numbers[numbers != 0])
        side = [b for b in round_breaks(size, 3) if b > 0] or [float(size.max() / 2)]
        breaks = [-b for b in reversed(side)] + side
        palette = DIFFERENCE[theme]
    else:
        breaks = round_breaks(numbers, classes)
        palette = HEAT[theme]
    counts = np.bincount(np.searchsorted(breaks, numbers, side="right"), minlength=len(breaks) + 1)
    return {
        "breaks": tuple(breaks),
        "colours": _spread(palette, len(breaks) + 1),
        "counts": tuple(int(count) for count in counts),
    }


def _smooth(numbers: NDArray[np.float64], theme: str) -> dict[str, Any]:
    """Spread the palette between the 2nd and 98th of a hundred values, so outliers do not rule."""
    low, high = (float(v) for v in np.quantile(numbers, [0.02, 0.98]))
    if low == high:
        low, high = float(numbers.min()), float(numbers.max())
    if low == high:
        high = low + 1
    palette = HEAT[theme]
    if low < 0 < high:
        palette, reach = DIFFERENCE[theme], max(-low, high)
        low, high = -reach, reach
    step = _round_step((high - low) / 20)
    low, high = np.floor(low / step) * step, np.ceil(high / step) * step
    places = np.round(np.linspace(low, high, len(palette)), 6)
    return {"breaks": tuple(places.tolist()), "colours": palette, "counts": ()}


def _words(described: Column, values: pd.Series[Any], theme: str) -> dict[str, Any]:
    """Return words with colours: in their own order where they have one, else by frequency."""
    present = values.dropna().astype(str)
    counted = present.value_counts()
    if described.type == "flag":
        return _pair(present, theme)
    if described.name in ORDERED:
        order = described.values
        words = [word for word in order if word in counted.index]
        colours = _spread(HEAT[theme], len(words))
    else:
        words = sorted(counted.index, key=lambda word: (-int(counted[word]), word))
        free = iter(WORDS[theme])
        plain = ("other", "unknown")
        colours = tuple(OTHER[theme] if w in plain else next(free, OTHER[theme]) for w in words)
    counts = tuple(int(counted[word]) for word in words)
    return {"breaks": tuple(words), "colours": colours, "counts": counts}


def _pair(present: pd.Series[Any], theme: str) -> dict[str, Any]:
    """Return no and yes."""
    yes = int((present == "True").sum())
    return {
        "breaks": ("False", "True"),
        "colours": (OTHER[theme], WORDS[theme][0]),
        "counts": (len(present) - yes, yes),
    }


def _spread(palette: tuple[str, ...], n: int) -> tuple[str, ...]:
    """Return `n` colours spread over a palette, mixed where the palette has fewer."""
    if n <= 1:
        return (palette[len(palette) // 2],) * max(n, 0)
    if n == len(palette):
        return palette
    rgb = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in palette], dtype=float)
    at = np.linspace(0, len(palette) - 1, n)
    mixed = [np.interp(at, np.arange(len(palette)), rgb[:, k]) for k in range(3)]
    return tuple(
        "#{:02X}{:02X}{:02X}".format(*(round(v) for v in c)) for c in zip(*mixed, strict=True)
    )
