"""All indicators of all years and areas in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.indicators.catalogue import INDICATORS
from twin.indicators.definition import LEVELS, Level, area_sums

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from twin.simulate.results import Results, YearResults

    Values = NDArray[np.float64]


KEYS = ["indicator", "level", "area", "year"]


def year_values(year: YearResults, level: Level) -> tuple[pd.Index[str], dict[str, Values]]:
    """Return the areas of a level, and by indicator the value of each."""
    sums, peaks = area_sums(year.buildings, level), year.peaks.xs(level)
    areas = pd.Index(sorted({*sums.index, *peaks.index}), name="area", dtype=object)
    sums, peaks = sums.reindex(areas), peaks.reindex(areas)
    return areas, {
        indicator.name: indicator.values(sums, peaks).to_numpy(float)
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
    table = pd.DataFrame({"value": value, "unit": [units[name] for name in names]}, index)
    return table[~np.isnan(value)]
