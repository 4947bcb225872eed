"""What a measure costs once, as far as the assumptions know it: a first figure before any run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from twin.balance import investments
from twin.measures import (
    NEVER,
    Battery,
    Begun,
    BuildingMeasure,
    HeatingChange,
    Photovoltaics,
    Retrofit,
)
from twin.selection.columns import heat_demand

if TYPE_CHECKING:
    import pandas as pd

    from twin.measures import Measure
    from twin.state import State

COSTED: dict[type[Measure], tuple[str, ...]] = {
    Retrofit: ("retrofit_eur",),
    HeatingChange: ("heating_eur",),
    Photovoltaics: ("pv_eur", "battery_eur"),
    Battery: ("battery_eur",),
}
"""Kinds whose cost follows from assumptions alone, and which payments they are."""

MOST_YEARS = 60


def once_eur(
    state: State, measure: Measure, begun: Begun, peak_kw: pd.Series[float] | None = None
) -> float | None:
    """
    Return what owners invest until the measure is done [€ of 2025], None where nothing is known.

    The same formula as in the results (`twin.balance.investments`), on the buildings of the
    measure alone. Without `peak_kw` the heat load follows from the yearly heat and
    `grid.consumer_full_load_hours`.
    """
    columns = COSTED.get(type(measure))
    if columns is None or not isinstance(measure, BuildingMeasure):
        return None
    years = begun.years[begun.years < NEVER]
    if not len(years):
        return 0.0
    last = min(int(years.max()), measure.start_year + MOST_YEARS)
    mine = state.stock.index.get_indexer(years.index)
    small = state.replace(stock=state.stock.iloc[np.sort(mine[mine >= 0])])
    after = measure.advance(small, begun, since=measure.start_year - 1, year=last)
    sizes = after.stock[["heated_area_m2"]].assign(peak_kw=_peaks(small, peak_kw))
    spent = investments(
        small.stock, after.stock, sizes, years=(measure.start_year - 1, last),
        given=state.assumptions,
    )  # fmt: skip
    return float(spent[list(columns)].sum().sum())


def _peaks(state: State, known: pd.Series[float] | None) -> pd.Series[float]:
    hours = state.assumptions["grid.consumer_full_load_hours"]
    rows = np.arange(len(state.stock))
    usual = (heat_demand(state, rows) / hours).fillna(0.0).clip(lower=0.0)
    if known is None:
        return usual
    return known.reindex(state.stock.index).fillna(usual)
