"""Several scenarios side by side: one table with a scenario level, differences, what holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.errors import ModelError
from twin.indicators import INDICATORS, indicator_table
from twin.indicators.ranges import ENDS, city_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twin.simulate.results import Results


def compare(results: Mapping[str, Results]) -> pd.DataFrame:
    """
    Return the indicators of several scenarios side by side.

    Returns
    -------
    One column a scenario; index (indicator, level, area, year) of all of them, NaN where a
    scenario has no such stage or area.
    """
    tables = {name: indicator_table(found)["value"] for name, found in results.items()}
    index = pd.concat(list(tables.values())).index.unique()
    return pd.DataFrame({name: values.reindex(index) for name, values in tables.items()})


def difference(one: Results, other: Results) -> pd.DataFrame:
    """
    Return what `other` changes against `one`.

    Returns
    -------
    Columns `before`, `after`, `change`, `percent`, `unit`; index (indicator, level, area, year).
    """
    table = compare({"before": one, "after": other})
    table["change"] = table["after"] - table["before"]
    table["percent"] = table["change"] / table["before"].replace(0, np.nan) * 100
    names = table.index.get_level_values("indicator")
    table["unit"] = names.map({name: entry.unit for name, entry in INDICATORS.items()})
    return table


def ranking(
    one: Results, other: Results, spreads: tuple[pd.DataFrame, pd.DataFrame]
) -> pd.DataFrame:
    """
    Return whether `other` stays above or below `one` when the assumptions move.

    Both scenarios see the same assumption at the same end, so what is uncertain in both alike does
    not blur their difference.

    Returns
    -------
    Columns `change`, `low`, `high` (range of the change) and `holds`: True where the sign of the
    change is the same in every single run and over the whole range; index (indicator, year).
    """
    first, second = spreads
    if not first.index.equals(second.index):
        template = "The two scenarios were not run with the same stages and assumptions."
        raise ModelError(template, hint="Compute both ranges with the same list and years.")
    change = city_values(other) - city_values(one)
    moved = second[list(ENDS)] - first[list(ENDS)]
    ends = pd.DataFrame(
        {
            "below": np.minimum(moved.min(axis=1), 0) ** 2,
            "above": np.maximum(moved.max(axis=1), 0) ** 2,
        }
    )
    reach = ends.groupby(level=[0, 1], sort=False).sum() ** 0.5
    reach = reach.reindex(change.index, fill_value=0.0)
    table = pd.DataFrame(
        {"change": change, "low": change - reach["below"], "high": change + reach["above"]}
    )
    table["holds"] = (
        (table["low"] > 0) | (table["high"] < 0) | ((table["low"] == 0) & (table["high"] == 0))
    )
    return table
