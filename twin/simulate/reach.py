"""Stages of what people reach: ways on foot and by bicycle, timetables, facilities nearby."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from twin.classes import FACILITIES
from twin.mobility.accessibility import facilities, nearest_minutes
from twin.mobility.assignment import link_times
from twin.mobility.network import meet
from twin.mobility.paths import zone_skims
from twin.mobility.tables import Skims
from twin.mobility.transit import (
    access_along_streets,
    compile_timetable,
    transit_skims,
    walks_between,
    zone_access,
)
from twin.simulate.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.city import City
    from twin.mobility.tables import Access, ModeNetwork
    from twin.mobility.transit import StopAccess, Timetable
    from twin.simulate.streets import Ground
    from twin.simulate.travel import Travel

    Floats = NDArray[np.float64]

SLOW = ("walk", "bike")


@dataclass(frozen=True, eq=False)
class Service:
    """The timetable of a weekday and the stops near each building."""

    timetable: Timetable
    access: StopAccess  # by building of the stock


@dataclass(frozen=True, eq=False)
class Reached:
    """Minutes from each building to the nearest facility of each kind, by mode."""

    minutes: Mapping[str, pd.DataFrame]
    facilities: pd.DataFrame


def _met(
    mode_networks: dict[str, ModeNetwork],
    positions: Floats,
    residents: pd.DataFrame,
    given: Assumptions,
) -> dict[str, Access]:
    """Return where each building meets the network of each mode."""
    return {
        mode: meet(mode_networks[mode], positions, residents.index, given)
        for mode in ("walk", "bike", "car")
        if mode in mode_networks
    }


def _service(
    transit_tables: City,
    mode_networks: dict[str, ModeNetwork],
    met: dict[str, Access],
    given: Assumptions,
) -> Service | None:
    """Return the timetable with the ways to its stops; none where the town has none."""
    city = transit_tables
    if not mode_networks or not len(city.stop_times):
        return None
    walk = mode_networks["walk"]
    xy = shapely.get_coordinates(shapely.centroid(city.stops.geometry.to_numpy()))
    stops = meet(walk, xy, city.stops.index, given)
    walks = walks_between(city.stops.index, walk, stops, given)
    timetable = compile_timetable(
        city.stops, city.lines, city.trips, city.stop_times, city.transfers, given, walks=walks
    )
    stops = meet(walk, np.column_stack([timetable.x, timetable.y]), timetable.stop_ids, given)
    access = access_along_streets(timetable, walk, stops, met["walk"], given)
    return Service(timetable, access)


def _way_skims(
    ground: Ground | None, mode_networks: dict[str, ModeNetwork], given: Assumptions
) -> Skims | None:
    """Return minutes and kilometres on foot and by bicycle from zone to zone."""
    if ground is None:
        return None
    zones = ground.zones
    minutes, km, more = {}, {}, {}
    for mode in SLOW:
        network = mode_networks[mode]
        along = {"km": network.length_m / 1000, "time": network.time_s, "felt": network.cost}
        found = zone_skims(network, network.cost, zones.connectors[mode], zones.count, along=along)
        there = np.isfinite(found["cost"])
        ends = np.zeros_like(found["cost"])  # from the doors to the streets
        ends[there] = found["cost"][there] - found["felt"][there]
        minutes[mode], km[mode] = (found["time"] + ends) / 60, found["km"]
        more[f"{mode}_cost"] = found["cost"] / 60
    return Skims(zones.ids, minutes, km, more)


def _slow_skims(
    ground: Ground | None, way_skims: Skims | None, service: Service | None, given: Assumptions
) -> Skims | None:
    """Return the skims of all modes but cars; without a timetable nobody rides."""
    if ground is None or way_skims is None or service is None:
        return way_skims
    zones = ground.zones
    access = zone_access(service.timetable, service.access, ground.zone, ground.weight, zones.count)
    found = transit_skims(service.timetable, access, given, walk_minutes=way_skims.minutes["walk"])
    more = {f"transit_{name}": found[name] for name in ("wait", "transfers", "in_vehicle", "walk")}
    return replace(
        way_skims,
        minutes={**way_skims.minutes, "transit": found["minutes"]},
        more={**way_skims.more, **more},
    )


def _facilities(
    place_tables: City, building_shapes: pd.DataFrame, jobs: pd.Series[float], given: Assumptions
) -> pd.DataFrame:
    """Return what people want to reach, with where it is."""
    city = place_tables
    return facilities(
        city.places, city.landuse, city.stops, given, buildings=building_shapes, jobs=jobs
    )


def _reached(
    mode_networks: dict[str, ModeNetwork],
    met: dict[str, Access],
    facility_table: pd.DataFrame,
    travel: Travel | None,
    given: Assumptions,
) -> Reached | None:
    """Return minutes to the nearest facility of each kind: on foot, by bicycle, in traffic."""
    if not mode_networks or not len(facility_table):
        return None
    table = facility_table
    times = {mode: mode_networks[mode].time_s for mode in SLOW}
    if travel is not None:
        times["car"] = link_times(travel.equilibrium, mode_networks["car"])
    points = table[["x", "y"]].to_numpy(float)
    minutes = {}
    for mode, seconds in times.items():
        ends = meet(mode_networks[mode], points, table.index, given)
        found = nearest_minutes(mode_networks[mode], seconds, met[mode], ends, table["kind"])
        minutes[mode] = found.minutes.reindex(columns=list(FACILITIES), fill_value=np.inf)
    return Reached(minutes, table)


REACH_STAGES = (
    Stage("met", _met, ("mode_networks", "positions", "residents"), ("network",)),
    Stage("service", _service, ("transit_tables", "mode_networks", "met"), ("transit", "network")),
    Stage("way_skims", _way_skims, ("ground", "mode_networks"), ("network",)),
    Stage("slow_skims", _slow_skims, ("ground", "way_skims", "service"), ("transit",)),
    Stage(
        "facility_table",
        _facilities,
        ("place_tables", "building_shapes", "jobs"),
        ("accessibility",),
    ),
    Stage(
        "reached",
        _reached,
        ("mode_networks", "met", "facility_table", "travel"),
        ("network", "accessibility"),
        room=6,
    ),
)
