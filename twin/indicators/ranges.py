"""
How far an indicator may lie from its value: what the ranges of the assumptions do to it.

One run at the low and one at the high end of each assumption that matters, everything else as it
is. The deviations of the single runs add up like independent errors (root of the sum of squares),
upwards and downwards apart. This is a first-order range: two assumptions that work on each other
are not moved together, and faults of the model itself are not in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from twin.indicators.evaluate import year_values

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from twin.assumptions import Assumptions
    from twin.simulate.results import Results

    Run = Callable[[Assumptions], Results]
    Say = Callable[[str, float], None]

ENDS: tuple[Literal["low"], Literal["high"]] = ("low", "high")

DRIVERS = (
    "stock.set_point", "stock.reference_per_living", "stock.prebound", "stock.hot_water_housing",
    "archetypes.air_change_use", "supply.efficiency", "supply.field_factor",
    "supply.heating_cost_a", "electricity.household_house", "electricity.resident",
    "solar.losses", "grid.pipe_cost_factor", "balance.emission", "balance.co2_price",
    "balance.emission_electricity_direct", "balance.price_gas_household",
    "balance.price_electricity_heat_household", "balance.price_electricity_household",
    "balance.retrofit_cost_usual", "balance.pv_cost_a", "balance.interest",
    "demand.trips_per_mobile", "demand.through_per_weight", "demand.outside_km",
    "network.walk_speed", "fleet.consumption", "fleet.electric_share", "effects.week_factor",
)  # fmt: skip
"""Assumptions that move the indicators of a town most; the range is worked out over these."""


def spread(
    results: Results, run: Run, names: Sequence[str], *, progress: Say | None = None
) -> pd.DataFrame:
    """
    Run the scenario at both ends of each assumption.

    Parameters
    ----------
    results
        Answer with all assumptions as they are.
    run
        Gives the answer under other assumptions; best with the memo of `results`, and with the
        plan of the first answer, so that measures reach the same buildings. It may answer
        for some of the years only, e.g. the first and the last: in the years between, the
        deviation in proportion to the value is taken to change evenly.
    names
        Assumptions to move; an assumption by class or by year moves as a whole.

    Returns
    -------
    Columns `low` and `high`: the value of the city where the assumption is at that end, less the
    value; index (indicator, year, assumption).
    """
    if not names:
        index = pd.MultiIndex.from_arrays([[], [], []], names=["indicator", "year", "assumption"])
        return pd.DataFrame({"low": [], "high": []}, index=index, dtype=float)
    value = city_values(results)
    base = city_values(run(results.given))
    moved: dict[Literal["low", "high"], dict[str, pd.Series[float]]] = {"low": {}, "high": {}}
    for place, name in enumerate(names):
        if progress:
            progress("Ranges of the assumptions", place / len(names))
        for end in ENDS:
            there = city_values(run(results.given.at_end(name, end)))
            moved[end][name] = _in_all_years(value, base, there)
    if progress:
        progress("Ranges of the assumptions", 1.0)
    ends = {end: pd.concat(found, names=["assumption"]) for end, found in moved.items()}
    return pd.DataFrame(ends).reorder_levels([1, 2, 0]).sort_index()


def _in_all_years(
    value: pd.Series[float], base: pd.Series[float], there: pd.Series[float]
) -> pd.Series[float]:
    """Return the deviation in every year of `value` from that in the years that were run."""
    share = ((there - base) / base.abs().where(base != 0)).fillna(0.0)
    part: dict[tuple[str, int], float] = dict(
        zip(share.index.tolist(), share.tolist(), strict=True)
    )
    years = sorted({year for _, year in part})
    found = [
        float(np.interp(year, years, [part[name, known] for known in years])) * abs(size)
        for (name, year), size in zip(value.index.tolist(), value.tolist(), strict=True)
    ]
    return pd.Series(found, value.index)


def city_values(results: Results) -> pd.Series[float]:
    """Return the indicators of the whole city; index (indicator, year)."""
    rows = {
        (name, year): float(column[0])
        for year, found in results.years.items()
        for name, column in year_values(found, "city")[1].items()
    }
    values = pd.Series(rows, name="value").rename_axis(["indicator", "year"])
    return values.fillna(0.0)  # a ratio over nothing, the same in all runs


def bounds(spread: pd.DataFrame) -> pd.DataFrame:
    """
    Return how far each indicator may lie below and above its value.

    Returns
    -------
    Columns `below` and `above`, both 0 or more, in the unit of the indicator; index (indicator,
    year).
    """
    ends = spread[list(ENDS)].to_numpy()
    single = pd.DataFrame(
        {
            "below": np.maximum(-ends.min(axis=1), 0) ** 2,
            "above": np.maximum(ends.max(axis=1), 0) ** 2,
        },
        index=spread.index,
    )
    return single.groupby(level=[0, 1], sort=False).sum() ** 0.5


def with_bounds(table: pd.DataFrame, spread: pd.DataFrame) -> pd.DataFrame:
    """
    Add the columns `low` and `high` to an indicator table.

    Districts and blocks get the relative range of the city: their own runs would say the same for
    one large area and nothing reliable for a few buildings.
    """
    reach = bounds(spread)
    keys = pd.MultiIndex.from_arrays([table.index.get_level_values(n) for n in (0, 3)])
    whole = table.xs("city", level="level").droplevel("area")["value"].reindex(keys).to_numpy()
    share = np.divide(
        table["value"].to_numpy(), whole, out=np.zeros(len(table)), where=np.abs(whole) > 0
    )
    below = reach["below"].reindex(keys).to_numpy() * np.abs(share)
    above = reach["above"].reindex(keys).to_numpy() * np.abs(share)
    return table.assign(low=table["value"] - below, high=table["value"] + above)
