"""Stages of supply: final energy by building, heat networks, greenhouse gas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.balance import best_decentral, emission_factors, emissions, prices
from twin.balance.prices import is_household
from twin.classes import CARRIERS
from twin.energy.heat_grid import (
    NetworkDesign,
    compare_decentral,
    heat_factor,
    lay_network,
    make_ground,
    network_price,
)
from twin.energy.supply import HeatSeries, final_energy, seasonal_performance
from twin.simulate.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twin.assumptions import Assumptions
    from twin.city import City
    from twin.energy.climate import Climate
    from twin.energy.heat_grid import Ground
    from twin.state import NetworkPlan

G_PER_T = 1e6
FOSSIL_FUELS = ("gas", "oil", "coal")
NETWORK_COLUMNS = (
    "name", "exists", "supplied_kwh", "renewable_share", "emission_t_kwh", "price_eur_kwh",
    "laid_eur", *(f"fuel_{fuel}_kwh" for fuel in FOSSIL_FUELS),
)  # fmt: skip
"""What a table of networks has at least, also where there is none."""


def _performance(series: HeatSeries, climate: Climate, given: Assumptions) -> pd.DataFrame:
    return seasonal_performance(series, climate, given)


def _final(
    systems: pd.DataFrame,
    heat_table: pd.DataFrame,
    performance: pd.DataFrame,
    year: int,
    given: Assumptions,
) -> pd.DataFrame:
    """Return final energy for heat by carrier; photovoltaics are not taken off."""
    return final_energy(systems, heat_table, year, given, performance=performance)


@dataclass(frozen=True, eq=False)
class Ways:
    """Where pipes can lie; worked out when the first network needs it."""

    city: City
    given: Assumptions
    found: dict[str, Ground]

    @property
    def ground(self) -> Ground:
        """Streets and house connections; a city without streets is a `ModelError`."""
        if "ground" not in self.found:
            self.found["ground"] = make_ground(self.city, self.given)
        return self.found["ground"]


def _ways(street_city: City, given: Assumptions) -> Ways:
    return Ways(street_city, given, {})


@dataclass(frozen=True, eq=False)
class Networks:
    """The heat networks that run in a year: designs by id with their customers."""

    designs: Mapping[str, NetworkDesign]
    customers: Mapping[str, pd.DataFrame]
    ways: Ways


def _networks(  # noqa: PLR0913, PLR0917 - called by name
    plans: tuple[NetworkPlan, ...],
    systems: pd.DataFrame,
    final: pd.DataFrame,
    heat_table: pd.DataFrame,
    base_stock: pd.DataFrame,
    ways: Ways,
    year: int,
    given: Assumptions,
    before: Networks | None,
) -> Networks:
    """Lay out every network that runs; one whose plan and customers are as before is kept."""
    standing = base_stock.index[(base_stock["system"] == "district_heat").to_numpy()]
    connected = pd.DataFrame(
        {
            "annual_kwh": final["district_heat_kwh"],
            "peak_kw": heat_table["peak_kw"],
            "new": standing.get_indexer(final.index) < 0,
        }
    )
    connected = connected[connected["annual_kwh"] > 0]
    network = systems["network_id"].reindex(connected.index).to_numpy(object)
    rows = pd.Series(np.arange(len(network))).groupby(network).indices
    designs, customers = {}, {}
    for plan in plans:
        if plan.start_year > year or plan.id not in rows:
            continue
        mine = connected.iloc[rows[plan.id]]
        designs[plan.id] = _kept(before, plan, mine, ways) or _laid(plan, mine, ways, given)
        customers[plan.id] = mine
    return Networks(designs, customers, ways)


def _kept(
    before: Networks | None, plan: NetworkPlan, mine: pd.DataFrame, ways: Ways
) -> NetworkDesign | None:
    if before is None or before.ways is not ways or plan.id not in before.designs:
        return None
    design = before.designs[plan.id]
    same = design.plan == plan and before.customers[plan.id].equals(mine)
    return design if same else None


def _laid(plan: NetworkPlan, mine: pd.DataFrame, ways: Ways, given: Assumptions) -> NetworkDesign:
    ground = ways.ground if not plan.exists or mine["new"].any() else None
    return lay_network(plan, ways.city, mine, given, ground=ground)


@dataclass(frozen=True, eq=False)
class NetworkFigures:
    """What networks deliver, need and cost in a year; index network_id. One row a design."""

    table: pd.DataFrame
    rows: Mapping[str, tuple[NetworkDesign, dict[str, object]]]
    context: tuple[int, str]  # year and assumptions


def _network_figures(
    networks: Networks, year: int, given: Assumptions, before: NetworkFigures | None
) -> NetworkFigures:
    """Price each network; one whose design is as before in the same year is not priced again."""
    context = (year, given.hash)
    known = before.rows if before is not None and before.context == context else {}
    price = {str(key): float(euros) for key, euros in prices(year, given)["business"].items()}
    grams = emission_factors(year, given).drop("district_heat")
    factors = {str(key): float(value) / G_PER_T for key, value in grams.items()}
    rows = {}
    for name, design in networks.designs.items():
        old = known.get(name)
        same = old is not None and old[0] is design
        row = old[1] if old and same else _network_row(design, year, given, (price, factors))
        rows[name] = (design, row)
    each = {name: row for name, (_, row) in rows.items()}
    table = pd.DataFrame.from_dict(each, orient="index", columns=None if rows else NETWORK_COLUMNS)
    return NetworkFigures(table.rename_axis("network_id"), rows, context)


def _network_row(
    design: NetworkDesign,
    year: int,
    given: Assumptions,
    figures: tuple[dict[str, float], dict[str, float]],
) -> dict[str, object]:
    price, factors = figures
    needed, supplied = design.final_energy_kwh, design.summary["supplied_kwh"]
    return {
        "name": design.plan.name,
        "exists": design.plan.exists,
        **design.summary,
        "emission_t_kwh": heat_factor(needed, supplied, year, given, factors=factors),
        "price_eur_kwh": network_price(design, design.plan, year, given, prices=price),
        "laid_eur": sum(design.investment_eur.values()),
        **{f"fuel_{fuel}_kwh": needed.get(fuel, 0.0) for fuel in FOSSIL_FUELS},
        "fuel_electricity_kwh": needed.get("electricity", 0.0),
    }


def _network_table(network_figures: NetworkFigures, given: Assumptions) -> pd.DataFrame:
    return network_figures.table


def _by_building(
    systems: pd.DataFrame, network_table: pd.DataFrame, given: Assumptions
) -> pd.DataFrame:
    """Return for each building what its network's heat is like; NaN where it has none."""
    columns = ["emission_t_kwh", "price_eur_kwh", "renewable_share"]
    found = network_table[columns].astype(float).reindex(systems["network_id"])
    found = found.set_axis(systems.index, axis=0)
    for fuel in FOSSIL_FUELS:
        per_kwh = network_table[f"fuel_{fuel}_kwh"] / network_table["supplied_kwh"]
        found[fuel] = per_kwh.astype(float).reindex(systems["network_id"]).fillna(0.0).to_numpy()
    return found


def _greenhouse_gas(
    final: pd.DataFrame,
    appliances: pd.DataFrame,
    heat_of_networks: pd.DataFrame,
    year: int,
    given: Assumptions,
) -> pd.DataFrame:
    """
    Return greenhouse gas by building [t CO2e/a]: of heat, of appliances, together.

    BISKO: all electricity counts with the national mix, whatever the roof gives.
    """
    heat = emissions(final, year, given, network_factor=heat_of_networks["emission_t_kwh"])
    used = appliances.sum(axis=1).to_frame("electricity_kwh")
    power = emissions(used, year, given)["electricity_t"]
    table = pd.DataFrame({"co2e_heat_t": heat.sum(axis=1), "co2e_appliances_t": power})
    return table.assign(co2e_t=table.sum(axis=1))


def _renewable(
    final: pd.DataFrame, heat_of_networks: pd.DataFrame, year: int, given: Assumptions
) -> pd.DataFrame:
    """Return final energy for heat with ambient heat, and the renewable part of it [kWh/a]."""
    green = ["ambient_heat", "biomass", "green_gas", "green_oil"]
    power = given.at("mix.renewable_electricity", year)
    part = final[[f"{name}_kwh" for name in green]].sum(axis=1)
    part = part + final["electricity_kwh"] * power
    part = part + final["district_heat_kwh"] * heat_of_networks["renewable_share"].fillna(0.0)
    total = final[[f"{name}_kwh" for name in CARRIERS]].sum(axis=1)
    return pd.DataFrame({"all_heat_kwh": total, "renewable_heat_kwh": part})


def _against_own_heating(  # noqa: PLR0913, PLR0917 - called by name
    networks: Networks,
    network_table: pd.DataFrame,
    stock: pd.DataFrame,
    heat_table: pd.DataFrame,
    final: pd.DataFrame,
    year: int,
    given: Assumptions,
) -> pd.DataFrame:
    """
    Return for each customer what the network's heat costs and what the best own heating would.

    Both are per delivered kWh and with the tax the customer pays; index building_id.
    """
    useful = heat_table["space_kwh"] + heat_table["hot_water_kwh"]
    best = best_decentral(stock, useful, heat_table["peak_kw"], year, given)
    own = best["heat_cost_eur_kwh"]
    delivered = final["district_heat_kwh"]
    tax = 1.0 + given["balance.vat"] * is_household(stock)
    net = own * (useful / delivered.where(delivered > 0)) / tax
    prices_of = network_table["price_eur_kwh"].astype(float)
    tables = [
        compare_decentral(design, float(prices_of[key]), net)
        for key, design in networks.designs.items()
        if len(design.buildings)
    ]
    if not tables:
        return pd.DataFrame(columns=["network_eur_kwh", "decentral_eur_kwh", "saving_eur_a"])
    table = pd.concat(tables)
    paid = pd.Series(tax, stock.index).reindex(table.index)
    euros = ["network_eur_kwh", "decentral_eur_kwh", "saving_eur_a"]
    return table.assign(**{name: table[name] * paid for name in euros})


SUPPLY_STAGES = (
    Stage("performance", _performance, ("series", "climate"), ("supply",)),
    Stage("final", _final, ("systems", "heat_table", "performance", "year"), ("supply",)),
    Stage("ways", _ways, ("street_city",), ("grid",)),
    Stage(
        "networks",
        _networks,
        ("plans", "systems", "final", "heat_table", "base_stock", "ways", "year"),
        ("grid",),
        growing=True,
    ),
    Stage(
        "network_figures",
        _network_figures,
        ("networks", "year"),
        ("grid", "balance"),
        growing=True,
    ),
    Stage("network_table", _network_table, ("network_figures",)),
    Stage("heat_of_networks", _by_building, ("systems", "network_table")),
    Stage(
        "greenhouse_gas",
        _greenhouse_gas,
        ("final", "appliances", "heat_of_networks", "year"),
        ("balance",),
    ),
    Stage("renewable", _renewable, ("final", "heat_of_networks", "year"), ("mix",)),
    Stage(
        "against_own_heating",
        _against_own_heating,
        ("networks", "network_table", "stock", "heat_table", "final", "year"),
        ("grid", "supply", "balance"),
    ),
)
