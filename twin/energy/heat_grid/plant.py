"""What feeds a heat network: capacities, fuel, emissions, share of renewables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.energy.heat_grid.pipes import mean_flow_c

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twin.assumptions import Assumptions
    from twin.state import NetworkPlan

PEAK_SOURCES = ("gas_boiler", "electric_boiler", "biomass", "air_heat_pump", "river_heat_pump")
"""Sources that are made larger where the others do not reach the peak, first of these first."""

CARRIER = {
    "gas_boiler": "gas",
    "gas_chp": "gas",
    "biomass": "biomass",
    "waste_heat": "waste_heat",
    "waste_incineration": "waste_incineration",
    "geothermal": "ambient_heat",
    "solar_thermal": "ambient_heat",
    "air_heat_pump": "ambient_heat",
    "river_heat_pump": "ambient_heat",
    "electric_boiler": "electricity",
}
"""What each source takes in besides the electricity that drives it."""

ZERO_C = 273.15
OUTSIDE_C = 10.0
"""Mean outdoor temperature, lower end of the Carnot efficiency in the BISKO allocation of CHP."""


def size_plant(
    sources: Mapping[str, float], fed_in_kwh: float, peak_kw: float, given: Assumptions
) -> pd.DataFrame:
    """
    Return the plant of a network by source: `share`, `heat_kwh` a year, `capacity_kw`.

    Each source is as large as its yearly heat over its full-load hours; what is then missing at the
    peak is added to the first of PEAK_SOURCES in the mix, or to all in proportion.
    """
    names = sorted(name for name, share in sources.items() if share > 0)
    share = np.array([sources[name] for name in names], float)
    heat = share * fed_in_kwh
    capacity = heat / given.array("grid.full_load_hours", names)
    missing = max(peak_kw - capacity.sum(), 0.0)
    peak = [name for name in PEAK_SOURCES if name in names]
    if peak:
        capacity[names.index(peak[0])] += missing
    elif capacity.sum() > 0:
        capacity = capacity * (1 + missing / capacity.sum())
    index = pd.Index(names, name="source")
    return pd.DataFrame({"share": share, "heat_kwh": heat, "capacity_kw": capacity}, index=index)


def coefficient_of_performance(source: str, flow_c: float, given: Assumptions) -> float:
    """
    Return heat per electricity of a large heat pump: quality grade times the Carnot value.

    Source temperature as weighted yearly mean, sink at the yearly mean flow temperature.
    """
    lift = max(flow_c - given[f"grid.source_temperature.{source}"], 5.0)
    return given[f"grid.quality_grade.{source}"] * (flow_c + ZERO_C) / lift


def chp_heat_share(flow_c: float, return_c: float, given: Assumptions) -> float:
    """
    Return the share of its fuel that a CHP burns for the heat, by exergy as BISKO has it.

    The heat counts by its Carnot efficiency against the outdoor mean, the electricity in full.
    """
    sink = (flow_c + return_c) / 2 + ZERO_C
    exergy = given["grid.efficiency.gas_chp"] * (1 - (OUTSIDE_C + ZERO_C) / sink)
    return exergy / (exergy + given["grid.chp_electric"])


def make_plant(
    plan: NetworkPlan, fed_in_kwh: float, peak_kw: float, given: Assumptions
) -> pd.DataFrame:
    """Return sizes and yearly energy of the plant of a network, as `size_plant`, `plant_energy`."""
    plant = size_plant(plan.sources, fed_in_kwh, peak_kw, given)
    energy = plant_energy(plan, plant["heat_kwh"], mean_flow_c(plan.flow_c, given), given)
    return plant.join(energy)


def plant_energy(
    plan: NetworkPlan, heat_kwh: pd.Series[float], flow_c: float, given: Assumptions
) -> pd.DataFrame:
    """
    Return what each source takes in a year for the heat it gives.

    Parameters
    ----------
    plan
        Network; of a CHP its return temperature is used.
    heat_kwh
        Yearly heat by source. [kWh/a]
    flow_c
        Yearly mean flow temperature.

    Returns
    -------
    energy
        By source: `carrier`; `intake_kwh` of it, bought for money or gathered; `for_heat_kwh`, the
        part that counts for the heat (of a CHP by exergy, else all); `electricity_kwh` to drive
        it; `sold_kwh` electricity made. Heat = intake + electricity of a heat pump.
    """
    rows = [_source_energy(name, plan, flow_c, given) for name in heat_kwh.index]
    per_heat = pd.DataFrame(
        rows,
        index=heat_kwh.index,
        columns=["intake_kwh", "for_heat_kwh", "electricity_kwh", "sold_kwh"],
        dtype=float,
    )
    energy = per_heat.mul(heat_kwh, axis=0)
    energy.insert(0, "carrier", [CARRIER[name] for name in heat_kwh.index])
    return energy


def _source_energy(
    name: str, plan: NetworkPlan, flow_c: float, given: Assumptions
) -> tuple[float, float, float, float]:
    """Return intake, part of it for heat, driving and sold electricity, each per heat."""
    auxiliary = given[f"grid.auxiliary.{name}"]
    if name in ("air_heat_pump", "river_heat_pump"):
        drive = 1 / coefficient_of_performance(name, flow_c, given)
        return 1 - drive, 1 - drive, drive + auxiliary, 0.0
    intake = 1 / given[f"grid.efficiency.{name}"]
    if name == "gas_chp":
        share = chp_heat_share(flow_c, plan.return_c, given)
        return intake, intake * share, auxiliary, intake * given["grid.chp_electric"]
    return intake, intake, auxiliary, 0.0


def final_energy(energy: pd.DataFrame, pump_kwh: float) -> dict[str, float]:
    """Return what the network needs a year by carrier, of a CHP the part for its heat [kWh]."""
    by_carrier = energy.groupby("carrier")["for_heat_kwh"].sum()
    total = {str(name): float(value) for name, value in by_carrier.items()}
    driving = float(energy["electricity_kwh"].sum()) + pump_kwh
    total["electricity"] = total.get("electricity", 0.0) + driving
    return dict(sorted(total.items()))


def heat_factor(
    needed: Mapping[str, float],
    delivered_kwh: float,
    year: int,
    given: Assumptions,
    *,
    factors: Mapping[str, float] | None = None,
) -> float:
    """
    Return the greenhouse gas of delivered heat [t CO2e/kWh]: all upstream, losses and pumps in it.

    Parameters
    ----------
    needed
        Final energy of the network by carrier, as `final_energy`.
    factors
        t/kWh by carrier from the balance; those of `grid.emission` where one is missing.
    """
    known = {
        **given.by_class("grid.emission"),
        "electricity": given.at("grid.electricity_emission", year),
        **(factors or {}),
    }
    if delivered_kwh <= 0:
        return 0.0
    return sum(known[carrier] * kwh for carrier, kwh in needed.items()) / delivered_kwh


def renewable_share(sources: Mapping[str, float], given: Assumptions) -> float:
    """Return the share of the heat that counts as renewable or as unavoidable waste heat."""
    counts = given.by_class("grid.renewable")
    total = sum(sources.values())
    return sum(counts[name] * share for name, share in sources.items()) / total
