"""What an indicator is: a ratio of sums over buildings, or a peak of summed hours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

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

    def values(
        self, buildings: pd.DataFrame, level: Level, peaks: pd.DataFrame | None = None
    ) -> pd.Series[float]:
        """
        Return the value by area.

        Parameters
        ----------
        buildings
            Results by building with `district_id` and `block_id`; what lies in no area counts for
            the whole city only.
        level
            Areas to sum over.
        peaks
            Highest hours by (level, area), needed where the indicator is a peak.

        Returns
        -------
        Index: id of the area. NaN where the sum below the line is zero.
        """
        if self.peak:
            assert peaks is not None
            return peaks.xs(level)[self.peak] * self.factor
        top = _sums(buildings, self.top, level)
        if not self.bottom:
            return top * self.factor
        bottom = _sums(buildings, self.bottom, level)
        return top / bottom.where(bottom != 0, np.nan) * self.factor


def _sums(buildings: pd.DataFrame, columns: tuple[str, ...], level: Level) -> pd.Series[float]:
    each = buildings[list(columns)].sum(axis=1)
    key = buildings[KEYS[level]] if level in KEYS else np.full(len(each), WHOLE)
    return each.groupby(key, observed=True).sum()
