"""What a kWh of heat costs with every system a building could have by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.balance.annuity import annuity_factor
from twin.balance.prices import SECTORS, is_household, price_path
from twin.classes import HEAT_SYSTEMS
from twin.energy.supply.final import FUEL, UNPIPED
from twin.energy.supply.generators import heating_cost, neutral_share
from twin.energy.supply.performance import default_performance
from twin.energy.supply.series import FLOWS_C, HEAT_PUMPS, flow_class

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Floats = NDArray[np.float64]

DECENTRAL = (
    "gas_boiler", "oil_boiler", "biomass_boiler", "direct_electric", "air_heat_pump",
    "brine_heat_pump", "hybrid_heat_pump",
)  # fmt: skip
"""Systems a building can have by itself; stoves are no choice any more."""


def decentral_costs(
    stock: pd.DataFrame,
    useful_kwh: pd.Series[float],
    peak_kw: pd.Series[float],
    year: int,
    given: Assumptions,
    *,
    performance: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """
    Return the full cost of heat [€ per kWh of useful heat] by building for each of DECENTRAL.

    Annuity of the investment in `year` less subsidy, operation, and energy at the mean price over
    the generator's life, discounted; gas and oil with the climate-neutral part the law asks of
    generators installed in `year`. Losses of distribution as in `final_energy`.

    Parameters
    ----------
    useful_kwh, peak_kw
        Heat for rooms and water a year, and load, by building; without heat the cost is missing.
    performance
        From `seasonal_performance`; as assumed where left out.
    """
    kwh = np.asarray(useful_kwh.reindex(stock.index), dtype="float64")
    load = np.asarray(peak_kw.reindex(stock.index), dtype="float64")
    household = is_household(stock)
    flows = flow_class(stock, given)
    table = default_performance(given) if performance is None else performance
    columns = {}
    per_kwh = np.divide(1.0, kwh, out=np.full(len(kwh), np.nan), where=kwh > 0)
    for system in DECENTRAL:
        energy = np.array([_energy_cost(system, s, year, given, table) for s in SECTORS])
        energy += given[f"supply.om_variable.{system}"]
        by_building = energy[np.where(household, 0, 1), flows]
        columns[system] = _fixed_cost(system, load, given) * per_kwh + by_building
    return pd.DataFrame(columns, index=stock.index)


def best_decentral(
    stock: pd.DataFrame,
    useful_kwh: pd.Series[float],
    peak_kw: pd.Series[float],
    year: int,
    given: Assumptions,
    *,
    allowed: Iterable[str] = DECENTRAL,
) -> pd.DataFrame:
    """
    Return the cheapest system of each building by itself and its full cost of heat.

    Parameters
    ----------
    allowed
        Some of DECENTRAL, e.g. without gas where its network goes.

    Returns
    -------
    DataFrame
        `system` (category of HEAT_SYSTEMS) and `heat_cost_eur_kwh`, missing without heat.
    """
    wanted = [name for name in DECENTRAL if name in set(allowed)]
    costs = decentral_costs(stock, useful_kwh, peak_kw, year, given)[wanted].to_numpy()
    known = ~np.isnan(costs).any(axis=1)
    best = np.argmin(np.where(np.isnan(costs), np.inf, costs), axis=1)
    codes = np.array([HEAT_SYSTEMS.index(name) for name in wanted], dtype="int8")[best]
    codes[~known] = -1
    system = pd.Categorical.from_codes(codes, categories=pd.Index(HEAT_SYSTEMS))
    cost = np.where(known, costs[np.arange(len(costs)), best], np.nan)
    return pd.DataFrame({"system": system, "heat_cost_eur_kwh": cost}, index=stock.index)


def _fixed_cost(system: str, load: Floats, given: Assumptions) -> Floats:
    """Return capital and operation [€/a]."""
    code = np.full(len(load), HEAT_SYSTEMS.index(system))
    cost = heating_cost(code, np.nan_to_num(load), given)
    factor = annuity_factor(given["balance.interest"], given[f"supply.lifetime.{system}"])
    share = factor * (1.0 - given[f"balance.subsidy.{system}"])
    share += given[f"supply.om_fixed_share.{system}"]
    return cost * share + given[f"supply.om_fixed.{system}"]


def _energy_cost(
    system: str, sector: str, year: int, given: Assumptions, performance: pd.DataFrame
) -> Floats:
    """Return energy [€ per kWh useful heat] by class of flow temperature (FLOWS_C)."""
    water = given["balance.hot_water_share"]
    losses = given.by_class("supply.distribution_loss")
    made = 1.0 + (1.0 - water) * losses["space"] + water * losses["hot_water"]
    price = mean_price(system, sector, year, given)
    burnt, power = price["fuel"] / given[f"supply.efficiency.{system}"], price["electricity"]
    if system not in HEAT_PUMPS:
        return np.full(len(FLOWS_C), power if system in UNPIPED else burnt * made)
    source = HEAT_PUMPS[system]
    names = [f"{source}_{flow}" for flow in FLOWS_C]
    space = performance.loc[names].to_numpy()
    tap = performance.loc[f"{source}_hot_water"].to_numpy()
    # performance counts losses already: electricity per useful heat
    pumped = (1.0 - water) * space[:, 1] / space[:, 0] + water * tap[1] / tap[0]
    rest = (1.0 - water) * (1.0 - space[:, 1]) * (1.0 + losses["space"])
    rest = rest + water * (1.0 - tap[1]) * (1.0 + losses["hot_water"])
    result: Floats = pumped * power + rest * burnt
    return result


def mean_price(system: str, sector: str, year: int, given: Assumptions) -> dict[str, float]:
    """
    Return the discounted mean price over a generator's life [€/kWh net] of fuel and electricity.

    Gas and oil are mixed year by year with their climate-neutral part (GModG). A hybrid's boiler
    is taken to burn no more of it than a boiler alone would.
    """
    years = np.arange(year, year + round(given[f"supply.lifetime.{system}"]))
    weight = (1.0 + given["balance.interest"]) ** -(years - year + 1.0)
    weight /= weight.sum()
    fuel = FUEL.get(system)
    price = np.zeros(len(years))
    if fuel is not None:
        price = price_path(fuel, sector, years, given)
    if fuel in ("gas", "oil") and year >= given["supply.neutral_fuel_since"]:
        part = np.array([neutral_share(float(y), given) for y in years])
        price = (1.0 - part) * price + part * price_path(f"green_{fuel}", sector, years, given)
    power = price_path("electricity", sector, years, given)
    return {"fuel": float(price @ weight), "electricity": float(power @ weight)}
