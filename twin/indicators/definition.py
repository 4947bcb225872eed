"""What an indicator is: a ratio of sums over buildings, or a peak of summed hours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Values = NDArray[np.float64]

Level = Literal["city", "district", "block"]
LEVELS: tuple[Level, ...] = ("city", "district", "block")
WHOLE = "city"
"""Area id at the level of the whole city."""

KEYS: dict[Level, str] = {"district": "district_id", "block": "block_id"}


@dataclass(frozen=True)
class Indicator:
    """
    One figure that stands for a city, a district or a Baublock in one year.

    Its value is `factor` x the sum of the columns `top` over the buildings of the area, divided by
    the sum of `bottom` where there is one; or, with `peak`, the highest hour of the summed profile.
    """

    name: str
    label: str  # English, key of the message catalogue
    unit: str
    formula: str  # for people, English, key of the catalogue
    better: Literal["up", "down", "neither"] = "down"
    top: tuple[str, ...] = ()
    bottom: tuple[str, ...] = ()
    factor: float = 1.0
    peak: str = ""  # column of the peaks
    inputs: tuple[str, ...] = ()  # columns of the stock it rests on, each with its source labels
    themes: tuple[str, ...] = ()  # themes of the assumptions it rests on
    group: str = "heat"  # heading under which it is shown
    levels: tuple[Level, ...] = LEVELS
    decimals: int = 0

    def values(self, sums: pd.DataFrame, peaks: pd.DataFrame) -> pd.Series[float]:
        """
        Return the value by area.

        Parameters
        ----------
        sums
            Of `area_sums`, for the areas wanted.
        peaks
            Highest hours of the same areas; index: area.

        Returns
        -------
        Index: id of the area. NaN where the sum below the line is zero.
        """
        table = peaks if self.peak else sums
        columns = {name: table[name].to_numpy(float) for name in self.columns}
        return pd.Series(self.of(columns), table.index)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the sums, or of the peaks, that it is made of."""
        return (self.peak,) if self.peak else (*self.top, *self.bottom)

    def of(self, columns: Mapping[str, Values]) -> Values:
        """Return the values from the columns as arrays; NaN where the sum below the line is 0."""
        if self.peak:
            return columns[self.peak] * self.factor
        top = _total(columns, self.top)
        if not self.bottom:
            return top * self.factor
        bottom = _total(columns, self.bottom)
        return top / np.where(bottom != 0, bottom, np.nan) * self.factor


def _total(columns: Mapping[str, Values], names: tuple[str, ...]) -> Values:
    total = columns[names[0]]
    for name in names[1:]:
        total = total + columns[name]
    return total


def area_sums(buildings: pd.DataFrame, columns: Sequence[str]) -> dict[Level, pd.DataFrame]:
    """
    Return the sums of columns over the buildings of each area, by level; index: area, sorted.

    What lies in no district or Baublock counts for the whole city only.
    """
    names = list(columns)
    values = buildings[names].to_numpy(float)
    found: dict[Level, pd.DataFrame] = {
        "city": pd.DataFrame(values.sum(axis=0)[None, :], [WHOLE], names)
    }
    for level, name in KEYS.items():
        key = buildings[name].astype("category").cat
        codes = key.codes.to_numpy()
        order = np.argsort(codes, kind="stable")
        order = order[codes[order] >= 0]
        present, starts = np.unique(codes[order], return_index=True)
        sums = np.add.reduceat(values[order], starts, axis=0) if len(order) else values[:0]
        found[level] = pd.DataFrame(sums, key.categories[present].astype(object), names)
    return found
