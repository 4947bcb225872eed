"""Final energy by carrier out of useful heat: what goes in is useful heat plus losses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.classes import CARRIERS, HEAT_SYSTEMS
from twin.energy.supply.codes import codes_of
from twin.energy.supply.generators import efficiency, installed_year, neutral_share
from twin.energy.supply.performance import default_performance
from twin.energy.supply.series import HEAT_PUMPS, SERIES, hot_water_series, space_series
from twin.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Floats = NDArray[np.float64]

HEAT = ("space_kwh", "hot_water_kwh", "space_electric_kwh", "hot_water_electric_kwh")

FUEL = {
    "gas_boiler": "gas", "oil_boiler": "oil", "coal_stove": "coal", "biomass_boiler": "biomass",
    "hybrid_heat_pump": "gas", "district_heat": "district_heat",
}  # fmt: skip
"""What a system takes besides electricity and ambient heat."""

UNPIPED = ("coal_stove", "direct_electric", "none")
"""Systems without pipes: their heat is made where it is used."""


def final_energy(
    stock: pd.DataFrame,
    heat: pd.DataFrame,
    year: int,
    given: Assumptions,
    *,
    performance: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """
    Return final energy [kWh/a] by carrier for each building, `<carrier>_kwh` for CARRIERS.

    Fuels are in net calorific value. Made heat = useful heat + losses of distribution; fuel = made
    heat / efficiency of the generator standing in `year`; heat pumps: electricity as the hours
    gave it, ambient heat the rest; district heat is what the network delivers, losses of the
    substation included. New gas and oil heating takes its climate-neutral part by law (GModG).

    Parameters
    ----------
    stock
        STOCK; a building with system "none" takes nothing.
    heat
        Useful heat and electricity for it, columns HEAT, by building; missing rows are unheated.
    performance
        From `seasonal_performance`; tells how much heat the electricity of hybrids made. As
        assumed where left out.
    """
    useful = _checked(heat, stock)
    system = codes_of(stock["system"], HEAT_SYSTEMS)
    installed = np.asarray(installed_year(stock, year, given), dtype="float64")
    made = _made(useful, system, given)
    electric = useful["space_electric_kwh"] + useful["hot_water_electric_kwh"]
    table = default_performance(given) if performance is None else performance
    pumped = _pumped(stock, useful, made, given, table)
    burnt = np.maximum(made["space"] + made["hot_water"] - pumped, 0.0)
    fuel = burnt / efficiency(system, installed, given)
    green = _green_part(system, installed, pumped, burnt, given, year=year)
    columns = _by_fuel(system, fuel, green)
    is_pump = np.array([name in HEAT_PUMPS for name in HEAT_SYSTEMS])[system]
    columns["electricity"] = electric
    columns["ambient_heat"] = np.maximum(pumped - electric, 0.0) * is_pump
    return pd.DataFrame({f"{c}_kwh": columns[c] for c in CARRIERS}, index=stock.index)


def _checked(heat: pd.DataFrame, stock: pd.DataFrame) -> dict[str, Floats]:
    """Return the columns of heat in stock order, or raise one error that names every fault."""
    gone = [name for name in HEAT if name not in heat]
    aligned = heat if heat.index.equals(stock.index) else heat.reindex(stock.index, fill_value=0.0)
    found = {name: aligned[name].to_numpy("float64") for name in HEAT if name not in gone}
    faults = [f"no column {name}" for name in gone]
    for name, values in found.items():
        wrong = ~(values >= 0.0) | np.isinf(values)
        if wrong.any():
            faults.append(f"{name} of {stock.index[wrong][0]} is {values[wrong][0]}")
    if faults:
        template = "The heat of the buildings cannot be supplied: {faults}."
        hint = "Useful heat and electricity are kWh a year, 0 or more."
        raise ModelError(template, hint=hint, faults="; ".join(faults))
    return found


def _made(
    useful: dict[str, Floats], system: NDArray[np.intp], given: Assumptions
) -> dict[str, Floats]:
    """Return the heat generators make [kWh]: useful heat and losses of distribution."""
    piped = np.array([name not in UNPIPED for name in HEAT_SYSTEMS], dtype="float64")[system]
    heated = (system != HEAT_SYSTEMS.index("none")).astype("float64")
    return {
        use: heated
        * useful[f"{use}_kwh"]
        * (1.0 + piped * given[f"supply.distribution_loss.{use}"])
        for use in ("space", "hot_water")
    }


def _pumped(
    stock: pd.DataFrame,
    useful: dict[str, Floats],
    made: dict[str, Floats],
    given: Assumptions,
    performance: pd.DataFrame,
) -> Floats:
    """Return the heat made with electricity [kWh], by heat pumps and electric heaters."""
    system = codes_of(stock["system"], HEAT_SYSTEMS)
    hybrid = system == HEAT_SYSTEMS.index("hybrid_heat_pump")
    series = {"space": space_series(stock, given), "hot_water": hot_water_series(stock, given)}
    kwh_per_kwh = performance["performance"].reindex(list(SERIES)).to_numpy("float64")
    total = np.zeros(len(stock))
    for use, followed in series.items():
        electric = useful[f"{use}_electric_kwh"]
        all_of_it = np.where(followed == SERIES.index("zero"), 0.0, made[use])
        useful_kwh = useful[f"{use}_kwh"]
        share = np.divide(
            electric * np.where(hybrid, kwh_per_kwh[followed], 0.0),
            useful_kwh,
            out=np.zeros(len(stock)),
            where=useful_kwh > 0,
        )
        total += np.where(hybrid, made[use] * np.minimum(share, 1.0), all_of_it)
    return total


def _green_part(
    system: NDArray[np.intp],
    installed: Floats,
    pumped: Floats,
    burnt: Floats,
    given: Assumptions,
    *,
    year: int,
) -> Floats:
    """
    Return the climate-neutral part of the fuel of gas and oil heating.

    The law asks for a part of all heat; what a hybrid's heat pump gives counts.
    """
    fossil = np.array([FUEL.get(name) in ("gas", "oil") for name in HEAT_SYSTEMS])[system]
    new = fossil & (installed >= given["supply.neutral_fuel_since"])
    wanted = neutral_share(year, given) * (burnt + pumped) - pumped
    part = np.divide(wanted, burnt, out=np.zeros_like(burnt), where=burnt > 0)
    return np.where(new, np.clip(part, 0.0, 1.0), 0.0)


def _by_fuel(system: NDArray[np.intp], fuel: Floats, green: Floats) -> dict[str, Floats]:
    """Return fuel and district heat [kWh] by carrier."""
    carrier = np.array([_place(FUEL.get(name)) for name in HEAT_SYSTEMS])[system]
    fossil = fuel * (1.0 - green)
    columns = {name: fossil * (carrier == _place(name)) for name in FUEL.values()}
    for name in ("gas", "oil"):
        columns[f"green_{name}"] = (fuel - fossil) * (carrier == _place(name))
    return columns


def _place(carrier: str | None) -> int:
    return -1 if carrier is None else CARRIERS.index(carrier)
