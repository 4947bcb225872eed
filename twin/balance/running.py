"""What energy and operation cost in a year, and what of it leaves the town."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.balance.emissions import carriers_in
from twin.balance.prices import FOSSIL, SECTORS, co2_cost, feed_in_tariff, is_household, prices
from twin.classes import HEAT_SYSTEMS
from twin.energy.supply.codes import codes_of
from twin.energy.supply.generators import heating_cost

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Floats = NDArray[np.float64]

KG_PER_T = 1000.0


def running_costs(
    stock: pd.DataFrame,
    final: pd.DataFrame,
    loads: pd.DataFrame,
    year: int,
    given: Assumptions,
    *,
    heat_price: pd.Series[float] | float | None = None,
) -> pd.DataFrame:
    """
    Return what each building costs to run in `year` [€/a].

    Parameters
    ----------
    final
        From `final_energy`, rows as `stock`.
    loads
        By building `peak_kw`, the heat load, for repair and maintenance of the generator; and, 0
        where left out, `appliances_kwh`, `self_used_kwh` (solar power used in the house for any
        purpose, appliances first) and `fed_in_kwh`.
    heat_price
        Of district heat [€/kWh], one or by building; as assumed where None or missing.

    Returns
    -------
    DataFrame
        `<carrier>_eur`, `appliances_eur`, `energy_eur` (their sum), `operation_eur`, `feed_in_eur`
        (income), `total_eur` = energy + operation - feed-in; for sharing between actors `co2_eur`
        (CO2 price within energy) and `co2_kg` (direct CO2 of fuels).
    """
    names = [name for name in carriers_in(final) if name != "ambient_heat"]
    kwh = {name: final[f"{name}_kwh"].to_numpy("float64") for name in names}
    power = _electricity(stock, loads)
    kwh["appliances"] = np.maximum(power["appliances_kwh"] - power["self_used_kwh"], 0.0)
    if "electricity" in kwh:
        spare = np.maximum(power["self_used_kwh"] - power["appliances_kwh"], 0.0)
        kwh["electricity"] = np.maximum(kwh["electricity"] - spare, 0.0)
    household = is_household(stock)
    price = _by_building(prices(year, given), household)
    if heat_price is not None:
        price["district_heat"] = _heat_price(heat_price, price["district_heat"], stock)
    columns = {f"{name}_eur": used * price[name] for name, used in kwh.items()}
    columns["energy_eur"] = sum(columns.values(), np.zeros(len(stock)))
    columns["operation_eur"] = _operation(stock, loads, final, given)
    tariff = feed_in_tariff(stock["pv_kwp"], stock["pv_year"], year, given).to_numpy()
    columns["feed_in_eur"] = power["fed_in_kwh"] * tariff
    columns["total_eur"] = columns["energy_eur"] + columns["operation_eur"] - columns["feed_in_eur"]
    columns |= _co2(kwh, household, year, given)
    return pd.DataFrame(columns, index=stock.index)


def _by_building(table: pd.DataFrame, household: NDArray[np.bool_]) -> dict[str, Floats]:
    at_home, at_work = (table[sector].to_numpy() for sector in SECTORS)
    return {
        str(name): np.where(household, at_home[i], at_work[i]) for i, name in enumerate(table.index)
    }


def _heat_price(
    heat_price: pd.Series[float] | float, otherwise: Floats, stock: pd.DataFrame
) -> Floats:
    if not isinstance(heat_price, pd.Series):
        return np.full(len(stock), float(heat_price))
    known = heat_price.reindex(stock.index).to_numpy("float64")
    return np.where(np.isnan(known), otherwise, known)


def _electricity(stock: pd.DataFrame, loads: pd.DataFrame) -> dict[str, Floats]:
    names = ("appliances_kwh", "self_used_kwh", "fed_in_kwh")
    aligned = loads.reindex(index=stock.index, columns=list(names), fill_value=0.0)
    return {name: aligned[name].to_numpy("float64") for name in names}


def _operation(
    stock: pd.DataFrame, loads: pd.DataFrame, final: pd.DataFrame, given: Assumptions
) -> Floats:
    """
    Return operation, maintenance and repair of generators and photovoltaics [€/a].

    The variable part goes by all energy the heating takes, ambient heat included: nearly the heat
    it makes. District heat has none: its price holds the substation.
    """
    system = codes_of(stock["system"], HEAT_SYSTEMS)
    peak_kw = loads["peak_kw"].reindex(stock.index, fill_value=0.0).to_numpy("float64")
    share = given.array("supply.om_fixed_share", HEAT_SYSTEMS)[system]
    fixed = given.array("supply.om_fixed", HEAT_SYSTEMS)[system]
    variable = given.array("supply.om_variable", HEAT_SYSTEMS)[system]
    taken = sum((final[c].to_numpy("float64") for c in final if c != "district_heat_kwh"), 0.0)
    own = (peak_kw > 0) & (system != HEAT_SYSTEMS.index("district_heat"))
    yearly = heating_cost(system, peak_kw, given) * share + fixed + variable * taken
    heating = np.where(own, yearly, 0.0)
    kwp = stock["pv_kwp"].to_numpy("float64", na_value=0.0)
    solar = given["balance.pv_cost_a"] * kwp ** given["balance.pv_cost_b"]
    result: Floats = heating + solar * given["balance.pv_om_share"]
    return result


def _co2(
    kwh: dict[str, Floats], household: NDArray[np.bool_], year: int, given: Assumptions
) -> dict[str, Floats]:
    """Return the CO2 price that is paid within fuels, and their direct CO2."""
    euros = np.zeros(len(household))
    kilograms = np.zeros(len(household))
    for name in (n for n in FOSSIL if n in kwh):
        at_home, at_work = (co2_cost(name, sector, (year,), given)[0] for sector in SECTORS)
        euros += kwh[name] * np.where(household, at_home, at_work)
        kilograms += kwh[name] * given[f"balance.co2_direct.{name}"] / 1000.0 * KG_PER_T
    return {"co2_eur": euros, "co2_kg": kilograms}


def network_tariffs(final: pd.DataFrame, given: Assumptions) -> pd.Series[float]:
    """
    Return what operators of gas and electricity networks take within the prices [€/a].

    Summed over all rows; for information, it is part of what households and businesses pay.
    """
    gross = given["balance.gross_per_net_gas"]
    gas = sum(final[n].sum() for n in ("gas_kwh", "green_gas_kwh") if n in final) * gross
    power = final["electricity_kwh"].sum() if "electricity_kwh" in final else 0.0
    tariff = given.by_class("balance.network_tariff")
    euros = {"gas": gas * tariff["gas"], "electricity": power * tariff["electricity"]}
    return pd.Series(euros, name="network_tariff_eur", dtype="float64")


def fossil_imports(final: pd.DataFrame, given: Assumptions) -> pd.DataFrame:
    """
    Return what gas, oil and coal cost where they enter the town [€/a], `<carrier>_eur`.

    Imports avoided are the difference to the same of the reference. `final` may have any rows, the
    fuels of heat networks among them; electricity is not counted.
    """
    gross = {"gas": given["balance.gross_per_net_gas"]}
    columns = {
        f"{name}_eur": final[f"{name}_kwh"]
        * gross.get(name, 1.0)
        * given[f"balance.import_price.{name}"]
        for name in FOSSIL
        if f"{name}_kwh" in final
    }
    return pd.DataFrame(columns, index=final.index)
