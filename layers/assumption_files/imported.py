"""What an import gives: what changes, what was not understood, and a table where it is one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from layers.assumption_files.units import factor
from twin.assumptions import Assumption

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions


@dataclass(frozen=True)
class Change:
    """One assumption as it was and as the file has it."""

    old: Assumption
    new: Assumption


@dataclass(frozen=True)
class Skipped:
    """Rows of one kind that were not used: a sentence with `{count}`, and some of them."""

    message: str
    count: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Imported:
    """
    The outcome of one import.

    `changes` go into an assumption file; `table` is what is no list of constants (emission factors,
    heat by Baublock), in our columns. One of both is empty.
    """

    kind: str  # catalogue, emission_factors, prices, heat_use
    source: str
    changes: tuple[Change, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    table: pd.DataFrame | None = None
    unit: str = ""  # of the values of the table
    rows: int = field(default=0)  # of the file

    @property
    def entries(self) -> dict[str, Assumption]:
        """Return the new assumptions by name, for `Assumptions.replaced`."""
        return {change.new.name: change.new for change in self.changes}


def skipped(message: str, values: Iterable[object]) -> list[Skipped]:
    """Return one entry for all rows of a kind, with the most frequent of them; none for none."""
    counts = Counter(str(value) for value in values)
    if not counts:
        return []
    examples = tuple(value for value, _ in counts.most_common(5))
    return [Skipped(message, sum(counts.values()), examples)]


@dataclass(frozen=True)
class Found:
    """Values of one assumption as a file gives them, in the file's unit, by year."""

    middle: Mapping[int, float]
    low: Mapping[int, float]  # of the file itself: the smallest of several sizes
    high: Mapping[int, float]
    unit: str
    source: str
    reference_year: int = 2025
    status: Literal["published", "derived", "user"] = "published"
    ranged: bool = False  # the file gives the range; else the width of the old one is kept


def changes_for(name: str, found: Found, given: Assumptions) -> list[Change]:
    """
    Return what becomes of one assumption: one value, or one for each year it is given for.

    Between the years of the file the value is linear. A single number takes the reference year,
    or the nearest one of the file; of numbers by year those outside the file's years stay.
    """
    scale = factor(found.unit, _unit_of(name, given))
    known = np.array(sorted(found.middle), float)

    def at(series: Mapping[int, float], year: float) -> float:
        return scale * float(np.interp(year, known, [series[int(y)] for y in known]))

    targets: list[tuple[str, float]] = [(name, found.reference_year)] if name in given else []
    if not targets:
        inside = (y for y in years_of(name, given) if known[0] <= y <= known[-1])
        targets = [(f"{name}.{year}", year) for year in inside]
    changes = []
    for target, year in targets:
        old = given.entry(target)
        value, low, high = (at(s, year) for s in (found.middle, found.low, found.high))
        if not found.ranged:
            low, high = _wide_as(old, value, low, high)
        source = f"{found.source}, {_years_text(known, year)}"
        low, value, high = (float(f"{number:.6g}") for number in (low, value, high))
        new = Assumption(target, value, low, high, old.unit, found.status, source)
        changes.append(Change(old, new))
    return changes


def years_of(name: str, given: Assumptions) -> list[int]:
    """Return the years that an assumption has values for; none where it is not given by year."""
    prefix = f"{name}."
    ends = [key.removeprefix(prefix) for key in given if key.startswith(prefix)]
    return sorted(int(end) for end in ends if end.isdigit() and len(end) == 4)


def years(values: pd.Series[float]) -> dict[int, float]:
    """Return values indexed by year as a mapping."""
    return dict(zip(values.index.astype(int).tolist(), values.tolist(), strict=True))


def _unit_of(name: str, given: Assumptions) -> str:
    """Return the unit of an assumption, or of its first year; an unknown name is an error."""
    by_year = years_of(name, given)
    return given.entry(f"{name}.{by_year[0]}" if by_year and name not in given else name).unit


def _wide_as(old: Assumption, value: float, low: float, high: float) -> tuple[float, float]:
    """Keep the range as wide, relative to the value, as it was: most files give none."""
    if old.value:
        ends = (value * old.low / old.value, value * old.high / old.value)
        low, high = min(low, *ends), max(high, *ends)
    return min(low, value), max(high, value)


def _years_text(known: NDArray[np.float64], year: float) -> str:
    if year in known:
        return f"{year:.0f}"
    nearest = known[np.abs(known - year).argsort()[:2]]
    if known[0] < year < known[-1]:
        return f"{year:.0f} between {nearest.min():.0f} and {nearest.max():.0f}"
    return f"{nearest[0]:.0f}"
