"""Seasonal performance of heat pumps: from the hours of a climate, or as assumed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.energy.supply.heat_pumps import daily_mean
from twin.energy.supply.series import FLOWS_C, SERIES, HeatSeries

if TYPE_CHECKING:
    from twin.assumptions import Assumptions
    from twin.energy.climate import Climate

SOURCES = ("air", "brine", "hybrid")
PURPOSES = (*(str(flow) for flow in FLOWS_C), "hot_water")


def seasonal_performance(series: HeatSeries, climate: Climate, given: Assumptions) -> pd.DataFrame:
    """
    Return seasonal performance and the share of heat by electricity, by name of SERIES.

    Hours weigh by degree hours below the heating limit for space heat, alike for hot water.

    Returns
    -------
    DataFrame
        `performance`: useful heat over electricity in the hours with electricity (infinite for
        "zero"); `share`: part of the yearly heat that falls in these hours.
    """
    mean_c = daily_mean(np.asarray(climate.temperature_c, dtype="float64"))
    degrees = np.maximum(given["supply.heating_limit"] - mean_c, 0.0)
    values = np.asarray(series.values, dtype="float64")
    weights = np.array(
        [np.ones_like(degrees) if n.endswith("hot_water") else degrees for n in series.names]
    )
    heat = (weights * (values > 0)).sum(axis=1)
    electricity = (weights * values).sum(axis=1)
    performance = np.divide(heat, electricity, out=np.full(len(heat), np.inf), where=heat > 0)
    total = weights.sum(axis=1)
    share = np.divide(heat, total, out=np.zeros(len(heat)), where=total > 0)
    return pd.DataFrame({"performance": performance, "share": share}, index=list(series.names))


def default_performance(given: Assumptions) -> pd.DataFrame:
    """Return the table of `seasonal_performance` as assumed, where no climate is at hand."""
    performance, share = {"zero": np.inf, "one": 1.0}, {"zero": 0.0, "one": 1.0}
    for source in SOURCES:
        values = given.by_class(f"supply.seasonal_performance_{source}")
        for purpose in PURPOSES:
            kind = "hot_water" if purpose == "hot_water" else "space"
            hybrid = source == "hybrid"
            performance[f"{source}_{purpose}"] = values[purpose]
            share[f"{source}_{purpose}"] = given[f"supply.hybrid_share.{kind}"] if hybrid else 1.0
    columns = {
        name: [values[series] for series in SERIES]
        for name, values in (("performance", performance), ("share", share))
    }
    return pd.DataFrame(columns, index=list(SERIES))
