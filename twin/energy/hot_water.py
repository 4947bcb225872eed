"""Useful heat for hot water: by use and area over the year, by hour of the day over the day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.classes import BUILDING_USES
from twin.energy.archetypes.classes import SIZES
from twin.energy.places import places

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Floats = NDArray[np.float64]

__all__ = ["hot_water_kwh", "hot_water_profile"]

DAYS = 365


def hot_water_kwh(stock: pd.DataFrame, given: Assumptions) -> pd.Series[float]:
    """
    Return the useful heat of hot water of each building [kWh/a], losses of store and pipes apart.

    Housing by size class after TABULA, other uses by use, each for a m² of heated area.
    """
    use = places(stock["use"], BUILDING_USES)
    size = places(stock["size_class"], SIZES)
    each = given.array("stock.hot_water", BUILDING_USES)[use]
    housing = given.array("stock.hot_water_housing", SIZES)[size]
    lived = (stock["use"] == "residential").to_numpy() & (size >= 0)
    heat = np.where(lived, housing, each) * stock["heated_area_m2"].to_numpy(float)
    return pd.Series(heat, stock.index, name="hot_water_kwh")


def hot_water_profile(given: Assumptions) -> Floats:
    """Return the share of the year's hot water in each of its 8,760 hours; they sum to 1."""
    hours = given.array("stock.hot_water_hour", map(str, range(24)))
    return np.tile(hours / hours.sum() / DAYS, DAYS)
