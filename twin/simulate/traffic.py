"""Stages of what traffic does: flows on streets, greenhouse gas, noise, electricity of cars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twin.mobility.assignment import link_times, street_flow
from twin.mobility.cycling import stress
from twin.mobility.effects import charging_kwh, public_points, street_emissions, yearly
from twin.mobility.noise import (
    building_heights,
    facade_levels,
    facade_points,
    noise_emission,
    sound_lines,
    spread_of,
)
from twin.rowwise import HOURS
from twin.simulate.parts import codes_of
from twin.simulate.stage import Stage

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.city import City
    from twin.mobility.effects import Charging
    from twin.mobility.noise import Receivers, Spread
    from twin.mobility.noise.receivers import Heights
    from twin.mobility.tables import ModeNetwork
    from twin.simulate.parts import Streets
    from twin.simulate.streets import Ground
    from twin.simulate.travel import Travel
    from twin.state import AreaChange

    Watts = NDArray[np.int32]

MOTOR = ("car", "truck")


def _traffic(
    travel: Travel | None,
    car_network: ModeNetwork | None,
    given: Assumptions,
) -> pd.DataFrame | None:
    """
    Return vehicles on each street; none where there is no travel.

    Columns `car` and `truck` (a weekday), `car_peak`, `truck_peak` (the busiest hour), `free_s` and
    `peak_s` (time to drive it), `load` (flow over capacity in the busiest hour); index link_id.
    """
    if travel is None or car_network is None:
        return None
    network = car_network
    peak = street_flow(travel.equilibrium, network)
    day = peak / travel.peak_share
    there = network.street >= 0
    row = network.street[there]
    columns = {}
    times = link_times(travel.equilibrium, network)
    for name, values in {
        "free_s": network.time_s, "peak_s": times, "capacity_vehh": network.capacity_vehh,
    }.items():  # fmt: skip
        column = np.full(len(network.street_ids), np.nan)
        column[row] = values[there]
        columns[name] = column
    table = pd.DataFrame(columns, network.street_ids)
    table = pd.concat([day, peak.add_suffix("_peak"), table], axis=1)
    table["load"] = peak.sum(axis=1) / table.pop("capacity_vehh")
    return table


def _stress(
    street_tables: City, traffic: pd.DataFrame | None, given: Assumptions
) -> pd.DataFrame | None:
    """Return the level of traffic stress of each street under the traffic of the scenario."""
    streets = street_tables.streets
    if traffic is None:
        return None
    both = traffic[list(MOTOR)].sum(axis=1)
    back = both.reindex(streets["reverse_id"]).fillna(0.0).to_numpy()
    return stress(streets, both + back, given)


def _traffic_gas(
    traffic: pd.DataFrame | None, street_tables: City, year: int, given: Assumptions
) -> pd.DataFrame | None:
    """Return energy and greenhouse gas of the traffic on each street in a year."""
    if traffic is None:
        return None
    found = street_emissions(street_tables.streets, traffic[list(MOTOR)], given, year)
    return yearly(found, given)


def _walls(
    building_shapes: gpd.GeoDataFrame, residents: pd.DataFrame, given: Assumptions
) -> tuple[Receivers, Heights]:
    """Return points at the walls of heated buildings, and what stands in the way of sound."""
    heated = residents.index[residents["heated_area_m2"].to_numpy() > 0]
    return facade_points(building_shapes.loc[heated], given), building_heights(building_shapes)


def _spread(
    heard_streets: Streets,
    walls: tuple[Receivers, Heights],
    given: Assumptions,
    before: Spread | None,
) -> Spread:
    """Return how sound comes from streets to walls; it does not depend on traffic."""
    lines = sound_lines(heard_streets.streets, heard_streets.nodes, given)
    return spread_of(lines, *walls, given, before=before)


def _noise(
    traffic: pd.DataFrame | None, spread: Spread, street_tables: City, given: Assumptions
) -> pd.DataFrame | None:
    """Return the level at each building by day and at night [dB(A)]."""
    if traffic is None:
        return None
    return facade_levels(spread, noise_emission(street_tables.streets, traffic[list(MOTOR)], given))


def _charging(  # noqa: PLR0913, PLR0917 - called by name
    travel: Travel | None,
    ground: Ground | None,
    residents: pd.DataFrame,
    jobs: pd.Series[float],
    building_shapes: gpd.GeoDataFrame,
    place_tables: City,
    area_changes: tuple[AreaChange, ...],
    year: int,
    given: Assumptions,
) -> Charging | None:
    """Return what electric cars of the residents take from the grid of the town."""
    if travel is None or ground is None:
        return None
    zone = ground.zones.ids.to_numpy(object)[ground.zone]
    buildings = pd.DataFrame(
        {"zone": zone, "residents": residents["residents"], "jobs": jobs}, residents.index
    )
    shapes = building_shapes.loc[residents.index, ["geometry"]].assign(jobs=jobs)
    points = public_points(shapes, place_tables.places, given, area_changes=area_changes)
    return charging_kwh(travel.demand.by_zone, buildings, given, year, points=points)


@dataclass(frozen=True, eq=False)
class CarLoad:
    """
    What cars charge by Baublock and hour; the last Baublock is for buildings in none.

    `car_load[n]` are the hours of one [W] (8760,): they are made when they are asked for, because
    all of them take as much room as everything else of a year.
    """

    watt_hours: NDArray[np.float32]  # (blocks, places) in a year, whole
    shapes: NDArray[np.float32]  # (places, 8760) share of each hour

    def __len__(self) -> int:
        """Return the number of Baublöcke."""
        return len(self.watt_hours)

    def __getitem__(self, which: Any) -> Any:
        """Return the hours of a Baublock [W], or `[block, hour]` one of them."""
        block, hour = which if isinstance(which, tuple) else (which, slice(None))
        watts = np.zeros(self.shapes.shape[1], np.float32)[hour]
        for kwh, shape in zip(self.watt_hours[block], self.shapes, strict=True):
            watts = watts + kwh * shape[hour]
        return np.rint(watts).astype(np.int32)

    def all(self) -> Watts:
        """Return the hours of all Baublöcke [W] (blocks, 8760)."""
        return np.stack([self[block] for block in range(len(self))])


def _car_load(
    charging: Charging | None, residents: pd.DataFrame, block_city: City, given: Assumptions
) -> CarLoad:
    """Return what cars charge by Baublock and hour."""
    known = block_city.blocks.index
    count = len(known) + 1
    if charging is None:
        return CarLoad(np.zeros((count, 1), np.float32), np.zeros((1, HOURS), np.float32))
    block = codes_of(residents["block_id"], known)
    kwh = charging.by_building.reindex(residents.index).to_numpy(float)
    watt_hours = np.rint(kwh * 1000)  # whole, so that the order of buildings does not count
    sums = np.column_stack([np.bincount(block, column, count) for column in watt_hours.T])
    places = [str(name).removesuffix("_kwh") for name in charging.by_building]
    shapes = np.vstack([charging.shapes[place] for place in places])
    return CarLoad(sums.astype(np.float32), shapes.astype(np.float32))


TRAFFIC_STAGES = (
    Stage("traffic", _traffic, ("travel", "car_network")),
    Stage("stress", _stress, ("street_tables", "traffic"), ("cycling",)),
    Stage(
        "traffic_gas", _traffic_gas, ("traffic", "street_tables", "year"),
        ("fleet", "effects", "balance"),
    ),
    Stage("walls", _walls, ("building_shapes", "residents"), ("noise",)),
    Stage(
        "spread",
        _spread,
        ("heard_streets", "walls"),
        ("noise",),
        growing=True,
    ),
    Stage("noise", _noise, ("traffic", "spread", "street_tables"), ("noise", "effects")),
    Stage(
        "charging",
        _charging,
        ("travel", "ground", "residents", "jobs", "building_shapes", "place_tables",
         "area_changes", "year"),
        ("fleet", "effects", "balance"),
    ),
    Stage("car_load", _car_load, ("charging", "residents", "block_city")),
)  # fmt: skip
