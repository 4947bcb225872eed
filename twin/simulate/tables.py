"""Stages that put the answers together: results by building, profiles and peaks by area."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.classes import CARRIERS
from twin.indicators.catalogue import SUMMED
from twin.indicators.definition import KEYS, WHOLE, Level, area_sums
from twin.indicators.mobility import OF_BUILDINGS, OF_STREETS
from twin.rowwise import HOURS
from twin.simulate.kernels import add_area
from twin.simulate.parts import codes_of
from twin.simulate.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.city import City
    from twin.rowwise import Rows
    from twin.simulate.power import BlockLoad, Prosumers
    from twin.simulate.traffic import CarLoad

    Watts = NDArray[np.int32]

MADE = ("pv_kwh", "self_use_kwh", "feed_in_kwh", "battery_loss_kwh", "charge_change_kwh")
HEAT = (
    "space_kwh", "space_electric_kwh", "peak_kw", "hot_water_kwh", "hot_water_electric_kwh",
)  # fmt: skip
RENEWABLE = ("all_heat_kwh", "renewable_heat_kwh")
GAS = ("co2e_heat_t", "co2e_appliances_t", "co2e_t")
PEAKS = ("heat_kw", "import_kw", "feed_in_kw")
PROFILES = ("heat_w", "electricity_w", "charging_w", "pv_w", "import_w", "feed_in_w")
COSTS = (
    "retrofit_eur", "heating_eur", "pv_eur", "battery_eur", "network_eur", "investment_eur",
    "capital_eur", "energy_cost_eur", "operation_eur", "annual_cost_eur", "imports_eur",
)  # fmt: skip


def _buildings(  # noqa: PLR0913, PLR0917 - called by name
    stock: pd.DataFrame,
    heat_table: pd.DataFrame | None,
    seasonal: pd.Series[float] | None,
    calibration: pd.DataFrame | None,
    final: pd.DataFrame | None,
    renewable: pd.DataFrame | None,
    appliances: pd.DataFrame | None,
    prosumers: Prosumers | None,
    greenhouse_gas: pd.DataFrame | None,
    given: Assumptions,
) -> pd.DataFrame:
    """Return energy and greenhouse gas by building; missing where a stage has no answer."""
    ids = stock.index
    factor = _or_gaps(calibration, ids, ("factor",))["factor"].reindex(ids)
    area = stock["heated_area_m2"]
    carriers = tuple(f"{carrier}_kwh" for carrier in CARRIERS)
    heat = _or_gaps(final, ids, carriers).rename(columns=lambda name: f"heat_{name}")
    used = pd.Series(np.nan, ids) if appliances is None else appliances.sum(axis=1)
    bought = [f"heat_{carrier}_kwh" for carrier in CARRIERS if carrier != "ambient_heat"]
    made = None if prosumers is None else prosumers.rows.table[list(MADE)]
    columns = {
        "heated_area_m2": area,
        "residents": stock["residents"],
        "dwellings": stock["dwellings"],
        "refurbished_m2": area * (stock["refurbishment"] != "existing"),
        "connected_m2": area * (stock["system"] == "district_heat"),
        "seasonal_kwh": np.nan if seasonal is None else seasonal * factor.fillna(0.0),
        "calibration_factor": factor,
        "appliance_kwh": used,
        "final_kwh": heat[bought].sum(axis=1, skipna=final is not None) + used,
        "heat_electricity_kwh": heat["heat_electricity_kwh"],
        "pv_kwp": stock["pv_kwp"],
    }
    areas = stock[["block_id", "district_id"]].astype("category")  # summed up by them
    solar = _or_gaps(made, ids, MADE)
    if made is not None:
        solar = made.reindex(ids, fill_value=0.0)
    each = [
        pd.DataFrame(columns, index=ids), areas, _or_gaps(heat_table, ids, HEAT),
        heat.drop(columns="heat_electricity_kwh"), _or_gaps(renewable, ids, RENEWABLE), solar,
        _or_gaps(greenhouse_gas, ids, GAS),
    ]  # fmt: skip
    return pd.concat(each, axis=1)


def _or_gaps(table: pd.DataFrame | None, ids: pd.Index[str], names: Sequence[str]) -> pd.DataFrame:
    """Return a table, or one of the same columns without values."""
    return pd.DataFrame(np.nan, ids, list(names)) if table is None else table


def _costs(  # noqa: PLR0913, PLR0917 - called by name
    invested: pd.DataFrame,
    capital: pd.DataFrame,
    running: pd.DataFrame,
    imports: pd.Series[float],
    final: pd.DataFrame,
    network_growth: pd.Series[float],
    systems: pd.DataFrame,
    given: Assumptions,
) -> pd.DataFrame:
    """Return money by building [EUR, EUR/a]; what networks invest is shared by their heat."""
    heat = final["district_heat_kwh"]
    network = systems["network_id"]
    of_network = heat.groupby(network).transform("sum")
    growth = network_growth.reindex(network).to_numpy(float)
    share = np.nan_to_num(growth * (heat / of_network.where(of_network > 0)).to_numpy(float))
    kinds = ["retrofit_eur", "heating_eur", "pv_eur", "battery_eur"]
    return pd.DataFrame(
        {
            **{name: invested[name] for name in kinds},
            "network_eur": share,
            "investment_eur": invested["total_eur"] + share,
            "capital_eur": capital[kinds].sum(axis=1),
            "energy_cost_eur": running["energy_eur"] - running["feed_in_eur"],
            "operation_eur": running["operation_eur"],
            "annual_cost_eur": running["total_eur"] + capital[kinds].sum(axis=1),
            "imports_eur": imports,
        },
        index=final.index,
    )


def _network_growth(
    network_table: pd.DataFrame,
    laid_before: pd.Series[float],
    given: Assumptions,
) -> pd.Series[float]:
    """Return what networks have invested since the stage before [EUR]; index network_id."""
    laid = network_table["laid_eur"].astype(float)
    return (laid - laid_before.reindex(laid.index, fill_value=0.0)).clip(lower=0.0)


def _sums(
    building_table: pd.DataFrame,
    cost_table: pd.DataFrame | None,
    mobility_table: pd.DataFrame | None,
    street_sums: dict[Level, pd.DataFrame] | None,
    given: Assumptions,
) -> dict[Level, pd.DataFrame]:
    """Return what indicators are made of, summed up by city, district and Baublock."""
    ids = building_table.index
    areas = [*KEYS.values(), *(name for name in SUMMED if name in building_table)]
    costs = [name for name in SUMMED if name in COSTS]
    each = [
        building_table[areas], _or_gaps(cost_table, ids, costs)[costs],
        _or_gaps(mobility_table, ids, OF_BUILDINGS),
    ]  # fmt: skip
    table = pd.concat(each, axis=1)
    found = area_sums(table, [name for name in SUMMED if name not in OF_STREETS])
    streets = street_sums or {"city": pd.DataFrame(np.nan, [WHOLE], list(OF_STREETS))}
    columns = list(streets["city"])
    none = pd.DataFrame(columns=columns, dtype=float)
    return {level: sums.join(streets.get(level, none)) for level, sums in found.items()}


@dataclass(frozen=True, eq=False)
class Profiles:
    """Hours of the city [W] and the highest hours by area [kW]."""

    hourly: pd.DataFrame
    peaks: pd.DataFrame


def _hours(  # noqa: PLR0913, PLR0917 - called by name
    heat: Rows,
    hot_water: pd.Series[float],
    hot_water_shape: NDArray[np.float64],
    block_load: BlockLoad,
    prosumers: Prosumers,
    car_load: CarLoad | None,
    systems: pd.DataFrame,
    block_city: City,
    weather: pd.DataFrame,
    given: Assumptions,
) -> Profiles:
    """
    Return profiles and peaks; what lies in no Baublock counts for the city only.

    Where it is not known what cars charge, the load of the grid is not known either.
    """
    known = block_city.blocks.index
    count = len(known) + 1
    block = codes_of(systems["block_id"], known)
    watt_hours = np.rint(hot_water.to_numpy(float) * 1000)
    water = np.bincount(block, watt_hours, minlength=count).astype(np.float64)
    codes, districts = pd.factorize(block_city.blocks["district_id"], sort=True)
    area = np.append(np.where(codes < 0, len(districts), codes), len(districts))
    sums, ends = np.zeros((len(districts) + 1, 2, HOURS), np.int64), np.zeros((count, 3), np.int64)
    none, plants = np.zeros(HOURS, np.int32), prosumers.rows.sums
    charged = np.zeros(HOURS, np.int64)
    for place in range(count):  # one compiled call a Baublock: no array of all hours of all blocks
        cars = none if car_load is None else car_load[place]
        charged += cars
        used = block_load.lines[place] + cars
        lines = (heat.sums.get(place, none), used, plants.get(place, none))
        add_area(lines, water[place], hot_water_shape, sums[area[place]], ends[place])
    whole = sums.sum(axis=0)
    sun = sum((line for group, line in plants.items() if group >= count), np.zeros(HOURS, np.int64))
    hourly = {
        "heat_w": whole[0],
        "electricity_w": sum(block_load.lines.values(), np.zeros(HOURS, np.int64)),
        "charging_w": np.nan if car_load is None else charged,
        "pv_w": sun,
        "import_w": np.maximum(whole[1], 0),
        "feed_in_w": np.maximum(-whole[1], 0),
    }
    peaks = {
        "city": _peaks([WHOLE], _ends(whole[None])),
        "district": _peaks(districts, _ends(sums[:-1])),
        "block": _peaks(known, ends[:-1]),
    }
    table = pd.concat(peaks, names=["level", "area"])
    profiles = pd.DataFrame(hourly, index=weather.index)
    if car_load is None:
        table[["import_kw", "feed_in_kw"]] = np.nan
        profiles[["import_w", "feed_in_w"]] = np.nan
    return Profiles(profiles, table)


def _ends(sums: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return highest heat, highest and lowest net load of areas from their hours (n, 2, 8760)."""
    heat, net = sums[:, 0], sums[:, 1]
    return np.column_stack([heat.max(axis=1), net.max(axis=1), net.min(axis=1)])


def _peaks(areas: Sequence[str] | pd.Index[str], ends: NDArray[np.int64]) -> pd.DataFrame:
    """Return the highest hours [kW] of heat, import and feed-in."""
    highest = ends * np.array([1, 1, -1])
    return pd.DataFrame(np.maximum(highest, 0) / 1000, list(areas), list(PEAKS))


TABLE_STAGES = (
    Stage(
        "building_table",
        _buildings,
        ("stock", "heat_table", "seasonal", "calibration", "final", "renewable", "appliances",
         "prosumers", "greenhouse_gas"),
        bears=("heat_table", "seasonal", "calibration", "final", "renewable", "appliances",
               "prosumers", "greenhouse_gas"),
    ),
    Stage("network_growth", _network_growth, ("network_table", "laid_before")),
    Stage(
        "cost_table",
        _costs,
        ("invested", "capital", "running", "imports", "final", "network_growth", "systems"),
    ),
    Stage(
        "sums",
        _sums,
        ("building_table", "cost_table", "mobility_table", "street_sums"),
        bears=("cost_table", "mobility_table", "street_sums"),
    ),
    Stage(
        "hours",
        _hours,
        ("heat", "hot_water", "hot_water_shape", "block_load", "prosumers", "car_load", "systems",
         "block_city", "weather"),
        bears=("car_load",),
    ),
)  # fmt: skip
