"""Electricity per unit of heat in every hour, and which series a building follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from twin.classes import AGE_CLASSES, HEAT_SYSTEMS, REFURBISHMENT
from twin.energy.supply.codes import codes_of
from twin.energy.supply.heat_pumps import (
    brine_temperature,
    cop,
    daily_mean,
    electricity_per_heat,
    fits,
    heat_pump_share,
    heating_curve,
)

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.energy.climate import Climate

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int32]

FLOWS_C = (35, 45, 55, 65)
"""Classes of the flow temperature on the design day."""

HEAT_PUMPS = {"air_heat_pump": "air", "brine_heat_pump": "brine", "hybrid_heat_pump": "hybrid"}

SERIES = (
    "zero", "one",
    "air_35", "air_45", "air_55", "air_65", "air_hot_water",
    "brine_35", "brine_45", "brine_55", "brine_65", "brine_hot_water",
    "hybrid_35", "hybrid_45", "hybrid_55", "hybrid_65", "hybrid_hot_water",
)  # fmt: skip
"""Names of all series in their order; `space_series` and `hot_water_series` count from 0 in it."""


@dataclass(frozen=True, eq=False)
class HeatSeries:
    """Electricity per unit of useful heat; `values` float32 (series, 8760) in order of `names`."""

    names: tuple[str, ...]
    values: NDArray[np.float32]


def heat_series(climate: Climate, given: Assumptions) -> HeatSeries:
    """
    Return the electricity that a unit of useful heat takes in every hour, for all SERIES.

    "zero" is for all that burns fuel or takes district heat, "one" for direct electric heat. Heat
    pumps: COP by source and flow temperature (`heat_pumps.cop`) times the field factor, flow
    temperature by the heating curve from the mean of the last 24 hours, an electric heater below
    the bivalence point, losses of distribution on top. A hybrid takes none where its boiler heats.
    """
    air_c = np.asarray(climate.temperature_c, dtype="float64")
    mean_c = daily_mean(air_c)
    named: dict[str, Floats] = {"zero": np.zeros_like(air_c), "one": np.ones_like(air_c)}
    for flow in FLOWS_C:
        curve = heating_curve(
            mean_c,
            flow,
            design_c=given["supply.design_temperature"],
            room_c=given["supply.room_temperature"],
            exponent=given["supply.radiator_exponent"],
        )
        flow_c = np.minimum(np.maximum(curve, given["supply.flow_minimum"]), flow)
        named |= _heat_pumps(air_c, mean_c, flow_c, given, str(flow))
    flow_c = np.full_like(air_c, given["supply.hot_water_flow"])
    named |= _heat_pumps(air_c, mean_c, flow_c, given, "hot_water")
    return HeatSeries(SERIES, np.stack([named[name] for name in SERIES]).astype("float32"))


def _heat_pumps(
    air_c: Floats, mean_c: Floats, flow_c: Floats, given: Assumptions, use: str
) -> dict[str, Floats]:
    """Return the series of the three kinds of heat pump at one flow temperature."""
    field = given["supply.field_factor"]
    kind = "hot_water" if use == "hot_water" else "space"
    made = 1.0 + given[f"supply.distribution_loss.{kind}"]
    fit = fits()
    air = np.maximum(cop(fit["air"], air_c, flow_c, air_c) * field, 1.0)
    brine = np.maximum(cop(fit["brine"], brine_temperature(mean_c), flow_c, air_c) * field, 1.0)
    share = heat_pump_share(
        air_c,
        bivalence_c=given["supply.bivalence"],
        limit_c=given["supply.heating_limit"],
        slope=given["supply.capacity_slope"],
    )
    runs = air_c >= given["supply.hybrid_bivalence"]
    return {
        f"air_{use}": made * electricity_per_heat(air, share),
        f"brine_{use}": made / brine,
        f"hybrid_{use}": np.where(runs, made / air, 0.0),
    }


def flow_class(stock: pd.DataFrame, given: Assumptions) -> Codes:
    """
    Return the place in FLOWS_C of each building's flow temperature on the design day.

    By age class as built, lower after a refurbishment; the next higher class is taken.
    """
    built = given.array("supply.flow_built", (*AGE_CLASSES, "unknown"))
    drop = given.array("supply.flow_drop", REFURBISHMENT)
    age = codes_of(stock["age_class"], AGE_CLASSES)  # -1, the last of `built`, where unknown
    flow = built[age] - drop[codes_of(stock["refurbishment"], REFURBISHMENT)]
    place: Codes = np.searchsorted(FLOWS_C[:-1], flow, side="left").astype("int32")
    return place


def space_series(stock: pd.DataFrame, given: Assumptions) -> Codes:
    """Return which of SERIES the space heat of each building follows, int32 in stock order."""
    system = codes_of(stock["system"], HEAT_SYSTEMS)
    first = np.array([_first_series(name) for name in HEAT_SYSTEMS], dtype="int32")
    pumped = np.array([name in HEAT_PUMPS for name in HEAT_SYSTEMS])
    result: Codes = first[system] + np.where(pumped[system], flow_class(stock, given), np.int32(0))
    return result


def _first_series(system: str) -> int:
    if system in HEAT_PUMPS:
        return SERIES.index(f"{HEAT_PUMPS[system]}_{FLOWS_C[0]}")
    return SERIES.index("one" if system == "direct_electric" else "zero")


def hot_water_series(stock: pd.DataFrame, given: Assumptions) -> Codes:
    """
    Return which of SERIES the hot water of each building follows, int32 in stock order.

    Where single stoves heat, water is heated electrically at the tap.
    """
    by_system = [
        f"{HEAT_PUMPS[name]}_hot_water"
        if name in HEAT_PUMPS
        else ("one" if name in ("direct_electric", "coal_stove") else "zero")
        for name in HEAT_SYSTEMS
    ]
    index = np.array([SERIES.index(name) for name in by_system], dtype="int32")
    return index[codes_of(stock["system"], HEAT_SYSTEMS)]
