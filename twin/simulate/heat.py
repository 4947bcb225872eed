"""Stages of heat: what rooms and hot water need, hour by hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.energy.calibration import MEASURED
from twin.energy.calibration import calibration as calibrate
from twin.energy.climate import Climate, make_climate
from twin.energy.heat_demand import heat_hours
from twin.energy.hot_water import hot_water_kwh, hot_water_profile
from twin.energy.seasonal import seasonal_demand
from twin.energy.supply import HeatSeries, heat_series, hot_water_series, space_series
from twin.energy.zones import make_zones
from twin.simulate.parts import codes_of
from twin.simulate.stage import Stage

if TYPE_CHECKING:
    from twin.assumptions import Assumptions
    from twin.city import City
    from twin.energy.zone import Zones
    from twin.rowwise import Rows
    from twin.state import NetworkPlan

BUILDING_THEMES = ("stock", "archetypes", "heat")


def _climate(weather: pd.DataFrame, given: Assumptions) -> Climate:
    return make_climate(weather, given)


def _zones(shell: pd.DataFrame, envelopes: pd.DataFrame, given: Assumptions) -> Zones:
    return make_zones(shell, envelopes, given)


def _seasonal(shell: pd.DataFrame, envelopes: pd.DataFrame, given: Assumptions) -> pd.Series[float]:
    return seasonal_demand(shell, envelopes, given).reindex(shell.index, fill_value=0.0)


def _calculated_water(shell: pd.DataFrame, given: Assumptions) -> pd.Series[float]:
    return hot_water_kwh(shell, given).reindex(shell.index, fill_value=0.0)


def _calibration(
    shell: pd.DataFrame,
    seasonal: pd.Series[float],
    calculated_water: pd.Series[float],
    measured_ratio: pd.Series[float],
    given: Assumptions,
) -> pd.DataFrame:
    """
    Return by building how much of the calculated heat is expected to be used, and why.

    Where a Baublock was measured, what it used of the heat expected there at first stays as it was.
    """
    area = shell["heated_area_m2"]
    per_area = ((seasonal + calculated_water) / area.where(area > 0)).fillna(0.0)
    table = calibrate(shell, per_area, given)
    own = shell["block_id"].map(measured_ratio)
    return table.assign(
        factor=table["factor"] * own.fillna(1.0),
        factor_source=table["factor_source"].mask(own.notna(), MEASURED),
    )


def _hot_water(
    calculated_water: pd.Series[float], calibration: pd.DataFrame, given: Assumptions
) -> pd.Series[float]:
    """Return useful hot water by building as people are expected to use it [kWh/a]."""
    return calculated_water * calibration["factor"].reindex(calculated_water.index, fill_value=0.0)


def _series(climate: Climate, given: Assumptions) -> HeatSeries:
    return heat_series(climate, given)


def _heat(  # noqa: PLR0913, PLR0917 - called by name
    zones: Zones,
    climate: Climate,
    calibration: pd.DataFrame,
    series: HeatSeries,
    systems: pd.DataFrame,
    block_city: City,
    plans: tuple[NetworkPlan, ...],
    given: Assumptions,
    before: Rows | None,
) -> Rows:
    """
    Return heat by building and, hour by hour, by group.

    Groups: with n known Baublöcke and one more for buildings in none, 0 to n heat by Baublock,
    n + 1 to 2n + 1 electricity for room heat by Baublock, from 2n + 2 on heat by network.
    """
    rows = systems.loc[zones.ids]
    known = block_city.blocks.index
    block = codes_of(rows["block_id"], known)
    index = space_series(rows, given)
    zero, one = series.names.index("zero"), series.names.index("one")
    nets = codes_of(rows["network_id"], pd.Index([plan.id for plan in plans], dtype="str"))
    count = len(known) + 1
    groups = np.column_stack(
        [
            block,
            np.where(index == zero, -1, count + block),
            np.where(nets == len(plans), -1, 2 * count + nets),
        ]
    ).astype(np.int32)
    every = np.full(len(rows), one, np.int32)
    return heat_hours(
        zones,
        climate,
        given,
        scale=calibration["factor"].reindex(zones.ids).to_numpy(),
        groups=groups,
        series=series.values,
        series_index=np.column_stack([every, index, every]),
        before=before,
    )


def _heat_table(
    heat: Rows,
    hot_water: pd.Series[float],
    hot_water_shape: np.ndarray,
    series: HeatSeries,
    systems: pd.DataFrame,
    given: Assumptions,
) -> pd.DataFrame:
    """Return useful heat and the electricity for it by building [kWh/a], with the peak [kW]."""
    table = pd.DataFrame(
        {
            "space_kwh": heat.table["space_kwh"],
            "space_electric_kwh": heat.table["channel_1_kwh"],
            "peak_kw": heat.table["peak_kw"],
        }
    ).reindex(systems.index, fill_value=0.0)
    per_heat = series.values.astype(float) @ hot_water_shape
    table["hot_water_kwh"] = hot_water
    table["hot_water_electric_kwh"] = hot_water * per_heat[hot_water_series(systems, given)]
    table["peak_kw"] += hot_water * hot_water_shape.max()
    return table


def _hot_water_shape(given: Assumptions) -> np.ndarray:
    return hot_water_profile(given)


HEAT_STAGES = (
    Stage("climate", _climate, ("weather",), ("heat",)),
    Stage("zones", _zones, ("shell", "envelopes"), BUILDING_THEMES),
    Stage("seasonal", _seasonal, ("shell", "envelopes"), BUILDING_THEMES),
    Stage("calculated_water", _calculated_water, ("shell",), BUILDING_THEMES),
    Stage("hot_water_shape", _hot_water_shape, (), BUILDING_THEMES),
    Stage(
        "calibration",
        _calibration,
        ("shell", "seasonal", "calculated_water", "measured_ratio"),
        BUILDING_THEMES,
    ),
    Stage("hot_water", _hot_water, ("calculated_water", "calibration")),
    Stage("series", _series, ("climate",), ("supply",)),
    Stage(
        "heat",
        _heat,
        ("zones", "climate", "calibration", "series", "systems", "block_city", "plans"),
        ("heat", "supply"),
        growing=True,
    ),
    Stage(
        "heat_table",
        _heat_table,
        ("heat", "hot_water", "hot_water_shape", "series", "systems"),
        ("supply",),
    ),
)
