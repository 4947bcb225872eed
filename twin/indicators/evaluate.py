"""All indicators of all years and areas in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from twin.indicators.catalogue import INDICATORS
from twin.indicators.definition import LEVELS, Level, area_sums

if TYPE_CHECKING:
    from collections.abc import Iterable

    from twin.simulate.results import Results, YearResults


def year_values(year: YearResults, *, levels: Iterable[Level] = LEVELS) -> pd.Series[float]:
    """Return the indicators of one year; index: (indicator, level, area)."""
    found = {}
    for level in levels:
        sums, peaks = area_sums(year.buildings, level), year.peaks.xs(level)
        areas = pd.Index(sorted({*sums.index, *peaks.index}), name="area", dtype=object)
        sums, peaks = sums.reindex(areas), peaks.reindex(areas)
        each = {
            indicator.name: indicator.values(sums, peaks).to_numpy()
            for indicator in INDICATORS.values()
            if level in indicator.levels
        }
        wide = pd.DataFrame(each, index=areas).rename_axis("indicator", axis=1)
        found[level] = wide.T.stack()
    values = pd.concat(found, names=["level"]).reorder_levels([1, 0, 2])
    return values.rename("value")


def indicator_table(results: Results, *, levels: Iterable[Level] = LEVELS) -> pd.DataFrame:
    """
    Return every indicator by level, area and year.

    Returns
    -------
    Columns `value` and `unit`; index (indicator, level, area, year), sorted as the catalogue is.
    """
    levels = tuple(levels)
    by_year = {year: year_values(found, levels=levels) for year, found in results.years.items()}
    table = pd.concat(by_year, names=["year"]).reorder_levels([1, 2, 3, 0]).to_frame()
    units = {name: indicator.unit for name, indicator in INDICATORS.items()}
    table["unit"] = table.index.get_level_values("indicator").map(units)
    places = {name: place for place, name in enumerate(INDICATORS)}
    order = table.index.get_level_values("indicator").map(places).to_numpy()
    return table.iloc[order.argsort(kind="stable")]
