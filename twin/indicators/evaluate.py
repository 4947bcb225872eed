"""All indicators of all years and areas in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.indicators.catalogue import INDICATORS
from twin.indicators.definition import LEVELS, Level

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from twin.simulate.results import Results, YearResults

    Values = NDArray[np.float64]


KEYS = ["indicator", "level", "area", "year"]


def peaks_of(year: YearResults, level: Level) -> pd.DataFrame:
    """Return the highest hours of the areas of a level; index: area."""
    peaks = year.peaks[year.peaks.index.get_level_values("level") == level]
    return peaks.droplevel("level")


def year_values(year: YearResults, level: Level) -> tuple[pd.Index[str], dict[str, Values]]:
    """Return the areas of a level, and by indicator the value of each."""
    sums, peaks = year.sums[level], peaks_of(year, level)
    areas = pd.Index(sorted({*sums.index, *peaks.index}), name="area", dtype=object)
    columns: dict[str, Values] = {}
    for table in (sums, peaks):
        each = table.reindex(areas).to_numpy(float)
        columns |= dict(zip(table.columns, each.T, strict=True))
    return areas, {
        indicator.name: indicator.of(columns)
        for indicator in INDICATORS.values()
        if level in indicator.levels
    }


def indicator_table(results: Results, *, levels: Iterable[Level] = LEVELS) -> pd.DataFrame:
    """
    Return every indicator by level, area and year; what has no value in an area has no row.

    Returns
    -------
    Columns `value` and `unit`; index (indicator, level, area, year), sorted as the catalogue is.
    """
    parts = []
    for year, found in results.years.items():
        for level in levels:
            areas, values = year_values(found, level)
            parts += [(name, level, year, areas, column) for name, column in values.items()]
    places = {name: place for place, name in enumerate(INDICATORS)}
    parts.sort(key=lambda part: (places[part[0]], LEVELS.index(part[1])))  # years keep their order
    counts = [len(part[3]) for part in parts]
    names = np.repeat(np.array([part[0] for part in parts], object), counts)
    index = pd.MultiIndex.from_arrays(
        [
            names,
            np.repeat(np.array([part[1] for part in parts], object), counts),
            np.concatenate([part[3].to_numpy(object) for part in parts]),
            np.repeat([part[2] for part in parts], counts),
        ],
        names=KEYS,
    )
    units = {name: indicator.unit for name, indicator in INDICATORS.items()}
    value = np.concatenate([part[4] for part in parts])
    known = ~np.isnan(value)
    unit = np.array([units[name] for name in names], object)
    return pd.DataFrame({"value": value[known], "unit": unit[known]}, index[known])


def by_year(table: pd.DataFrame, column: str = "value") -> dict[str, dict[int, float]]:
    """Return one column for the whole city by indicator and year, NaN where there is no value."""
    city = table[column][table.index.get_level_values("level") == "city"]
    names, years = (city.index.get_level_values(key) for key in ("indicator", "year"))
    found: dict[str, dict[int, float]] = {
        name: dict.fromkeys(sorted(set(years.tolist())), float("nan")) for name in INDICATORS
    }
    for name, year, value in zip(names, years, city.to_numpy(float).tolist(), strict=True):
        found[name][year] = value
    return found
