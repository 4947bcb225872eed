"""Values of the energy views: by Baublock, by street, by building."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dash_app.views.rows import (
    block_sums,
    building_rows,
    largest,
    per_hectare,
    ratio,
)
from twin.energy.heat_grid.streets import section_of_links

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from twin.city import City
    from twin.simulate.power import Roofs
    from twin.simulate.results import YearResults

    Floats = NDArray[np.float64]
    Values = pd.Series[Any]

CARRIED: dict[str, tuple[str, ...]] = {
    "gas": ("gas", "green_gas"),
    "oil": ("oil", "green_oil", "coal"),
    "district_heat": ("district_heat",),
    "heat_pump": ("electricity", "ambient_heat"),
    "biomass": ("biomass",),
}
"""Carriers as the maps show them: electricity counts with the heat that pumps draw by it."""


def _useful(found: YearResults) -> Floats:
    """Return useful heat of each building for rooms and hot water [kWh/a]."""
    table = found.buildings
    heat: Floats = (table["space_kwh"] + table["hot_water_kwh"]).to_numpy(np.float64)
    return heat


def _carried(found: YearResults, name: str) -> Floats:
    """Return final energy for heat of one group of carriers [kWh/a]."""
    columns = [f"heat_{carrier}_kwh" for carrier in CARRIED[name]]
    total: Floats = found.buildings[columns].to_numpy(np.float64).sum(axis=1)
    return total


def heat_density(found: YearResults, city: City, hour: int | None = None) -> Values:
    """Return useful heat over the area of the Baublock [MWh/(ha·a)]."""
    return per_hectare(city, block_sums(found, city, {"kwh": _useful(found)})["kwh"] / 1000)


def heat_line_density(found: YearResults, city: City, hour: int | None = None) -> Values:
    """
    Return useful heat of the houses along a street over its length [kWh/(m·a)], both directions.

    Streets where no house would be connected have 0; those that can carry no pipe have no value.
    """
    ground = found.answers["ways"].ground
    heat = pd.Series(_useful(found), found.buildings.index)
    joined = ground.connections
    kwh = heat.reindex(joined.index).fillna(0.0).groupby(joined["section_id"]).sum()
    sections = ground.sections["length_m"]
    density = kwh.reindex(sections.index).fillna(0.0) / sections.where(sections > 0)
    codes, names = _sections(city)  # pipes follow the streets of today
    column = np.append(density.to_numpy(np.float64), np.nan)
    return pd.Series(column[sections.index.get_indexer(names)][codes], city.streets.index)


@lru_cache(maxsize=4)
def _sections(city: City) -> tuple[NDArray[np.int64], pd.Index[Any]]:
    """Return the section of each street as a number, and their names."""
    codes, names = pd.factorize(section_of_links(city.streets))
    return codes, pd.Index(names)


def demand_per_m2(found: YearResults, city: City, hour: int | None = None) -> Values:
    """Return useful heat over the heated area of the Baublock [kWh/(m²·a)]."""
    area = found.buildings["heated_area_m2"]
    sums = block_sums(found, city, {"kwh": _useful(found), "m2": area})
    return ratio(sums["kwh"], sums["m2"])


def share_of(name: str) -> Callable[[YearResults, City, int | None], Values]:
    """Return what gives the share of a group of carriers in the heat of a Baublock [%]."""

    def make(found: YearResults, city: City, hour: int | None = None) -> Values:
        whole = found.buildings["all_heat_kwh"]
        sums = block_sums(found, city, {"top": _carried(found, name), "all": whole})
        return ratio(sums["top"], sums["all"], 100)

    return make


def carrier(found: YearResults, city: City, hour: int | None = None) -> Values:
    """Return the group of carriers that gives a Baublock most of its heat."""
    sums = block_sums(found, city, {name: _carried(found, name) for name in CARRIED})
    names = np.array([*CARRIED, None], object)
    best = np.where(sums.sum(axis=1) > 0, sums.to_numpy().argmax(axis=1), len(CARRIED))
    return pd.Series(names[best], sums.index, dtype=object)


def building_type(found: YearResults, city: City, hour: int | None = None) -> Values:
    """Return the type of building with most heated area in a Baublock."""
    stock = found.state.stock
    return largest(found, city, stock["size_class"], found.buildings["heated_area_m2"])


def age_class(found: YearResults, city: City, hour: int | None = None) -> Values:
    """Return the age class with most heated area in a Baublock."""
    stock = found.state.stock
    return largest(found, city, stock["age_class"], found.buildings["heated_area_m2"])


def renewable_share(found: YearResults, city: City, hour: int | None = None) -> Values:
    """Return the renewable part of final energy for heat, ambient heat included [%]."""
    table = found.buildings
    columns = {"top": table["renewable_heat_kwh"], "all": table["all_heat_kwh"]}
    sums = block_sums(found, city, columns)
    return ratio(sums["top"], sums["all"], 100)


def refurbished(found: YearResults, city: City, hour: int | None = None) -> Values:
    """Return the share of the heated area that has been refurbished [%]."""
    table = found.buildings
    columns = {"top": table["refurbished_m2"], "all": table["heated_area_m2"]}
    sums = block_sums(found, city, columns)
    return ratio(sums["top"], sums["all"], 100)


def connected(found: YearResults, city: City, hour: int | None = None) -> Values:
    """Return the share of the heated area on a heat network [%]."""
    table = found.buildings
    columns = {"top": table["connected_m2"], "all": table["heated_area_m2"]}
    sums = block_sums(found, city, columns)
    return ratio(sums["top"], sums["all"], 100)


def ghg(found: YearResults, city: City, hour: int | None = None) -> Values:
    """Return greenhouse gas of heat and appliances over the area [t CO2e/(ha·a)]."""
    return per_hectare(city, block_sums(found, city, {"t": found.buildings["co2e_t"]})["t"])


def heat_cost(found: YearResults, city: City, hour: int | None = None) -> Values:
    """Return what a year of energy, heating and its investments costs [€/(m²·a)]."""
    table = found.buildings
    columns = {"eur": table["annual_cost_eur"], "m2": table["heated_area_m2"]}
    sums = block_sums(found, city, columns)
    return ratio(sums["eur"], sums["m2"])


def _potential(found: YearResults) -> pd.DataFrame:
    """Return what the roofs of each building of the stock could carry [kWp] and yield [kWh/a]."""
    sums = _of_roofs(found.answers["roofs"])
    place = sums.index.get_indexer(found.buildings.index)
    columns = {name: np.append(sums[name].to_numpy(float), 0.0)[place] for name in sums}
    return pd.DataFrame(columns, found.buildings.index)


@lru_cache(maxsize=4)
def _of_roofs(roofs: Roofs) -> pd.DataFrame:
    """Return sums of the planes that can carry modules, by building."""
    good = roofs.potential[roofs.potential["kwp"] > 0]
    sums: pd.DataFrame = good.groupby("building_id")[["kwp", "annual_kwh"]].sum()
    return sums


def pv_potential(found: YearResults, city: City, hour: int | None = None) -> Values:
    """Return what all roofs of a Baublock could yield over its area [MWh/(ha·a)]."""
    could = _potential(found)["annual_kwh"]
    return per_hectare(city, block_sums(found, city, {"kwh": could})["kwh"] / 1000)


def pv_used(found: YearResults, city: City, hour: int | None = None) -> Values:
    """Return which part of what the roofs could carry is built [% of kWp]."""
    could = _potential(found)["kwp"]
    sums = block_sums(found, city, {"top": found.buildings["pv_kwp"], "all": could})
    return ratio(sums["top"], sums["all"], 100)


def pv_yield(found: YearResults, city: City, hour: int | None = None) -> Values:
    """Return what the plants of a Baublock yield over its area [MWh/(ha·a)]."""
    made = block_sums(found, city, {"kwh": found.buildings["pv_kwh"]})["kwh"]
    return per_hectare(city, made / 1000)


def peak(found: YearResults, city: City, hour: int | None = None) -> Values:
    """Return the highest load of a Baublock [kW], at an hour that of the hardest day."""
    if hour is not None:
        return _load_at(found, city, hour)
    peaks = found.peaks["import_kw"]
    blocks = peaks[peaks.index.get_level_values("level") == "block"].droplevel("level")
    return blocks.reindex(city.blocks.index).astype(float)


def _load_at(found: YearResults, city: City, hour: int) -> Values:
    """Return the load of each Baublock at an hour of the day with the city's highest load [kW]."""
    place = hardest_day(found) * 24 + hour
    lines, plants = found.answers["block_load"].lines, found.answers["prosumers"].rows.sums
    cars, known = found.answers["car_load"], found.state.city.blocks.index
    watts = np.array(
        [
            lines[k][place] + cars[k, place] + (plants[k][place] if k in plants else 0)
            for k in range(len(known))
        ],
        float,
    )
    return pd.Series(watts / 1000, known).reindex(city.blocks.index)


def hardest_day(found: YearResults) -> int:
    """Return the day of the year with the hour of the city's highest load, 0 for 1 January."""
    return int(found.hourly["import_w"].to_numpy().argmax()) // 24


def _of_building(column: str, per: str = "", factor: float = 1.0) -> Any:
    def make(found: YearResults, city: City, hour: int | None = None) -> Values:
        values = found.buildings[column].astype(float) * factor
        if per:
            values = ratio(values, found.buildings[per])
        return building_rows(found, city, values)

    return make


cost_building = _of_building("annual_cost_eur", "heated_area_m2")
ghg_building = _of_building("co2e_t")
pv_building = _of_building("pv_kwh", factor=1 / 1000)


def demand_of_building(found: YearResults, city: City, hour: int | None = None) -> Values:
    """Return useful heat over the heated area of each building [kWh/(m²·a)]."""
    heat = pd.Series(_useful(found), found.buildings.index)
    return building_rows(found, city, ratio(heat, found.buildings["heated_area_m2"]))


def potential_of_building(found: YearResults, city: City, hour: int | None = None) -> Values:
    """Return what the roofs of each building could yield [MWh/a]."""
    could = _potential(found)["annual_kwh"]
    return building_rows(found, city, could / 1000)


def system_of_building(found: YearResults, city: City, hour: int | None = None) -> Values:
    """Return what heats each building."""
    system = found.state.stock["system"].astype(object)
    heated = found.buildings["heated_area_m2"].reindex(system.index) > 0
    return building_rows(found, city, system.where(heated & (system != "none"), None))


def transformer_of_building(found: YearResults, city: City, hour: int | None = None) -> Values:
    """Return the highest load of the assumed transformer area of each building [% of it]."""
    area = found.answers["transformer_area"]
    load = found.answers["transformers"]["loading"].astype(float) * 100
    values = pd.Series(load.reindex(area).to_numpy(float), area.index)
    return building_rows(found, city, values)
