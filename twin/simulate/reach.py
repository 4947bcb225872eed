"""Stages of what people reach: ways on foot and by bicycle, timetables, facilities nearby."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from twin.classes import DAY_TYPES, FACILITIES
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
    from twin.simulate.streets import Ground, People
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


def _service(
    transit_tables: City,
    walk_network: ModeNetwork | None,
    walk_met: Access | None,
    given: Assumptions,
) -> Service | None:
    """Return the timetable with the ways to its stops; none where the town has none."""
    city, walk = transit_tables, walk_network
    if walk is None or walk_met is None or not len(city.stop_times):
        return None
    xy = shapely.get_coordinates(shapely.centroid(city.stops.geometry.to_numpy()))
    stops = meet(walk, xy, city.stops.index, given)
    walks = walks_between(city.stops.index, walk, stops, given)
    timetable = compile_timetable(
        city.stops, city.lines, city.trips, city.stop_times, city.transfers, given,
        walks=walks, day=typical_day(city.trips),
    )  # fmt: skip
    stops = meet(walk, np.column_stack([timetable.x, timetable.y]), timetable.stop_ids, given)
    return Service(timetable, access_along_streets(timetable, walk, stops, walk_met, given))


def typical_day(trips: pd.DataFrame) -> str:
    """Return the kind of day travel is worked out for: a weekday, else what the timetable has."""
    there = set(trips["day_type"].astype(str))
    return next((day for day in DAY_TYPES if day in there), DAY_TYPES[0])


def _way_skims(mode: str) -> Stage:
    """Return the stage of minutes, kilometres and felt minutes of a slow mode between zones."""

    def make(
        people: People | None, given: Assumptions, **parts: Any
    ) -> tuple[Floats, Floats, Floats] | None:
        network, fed = parts[f"{mode}_network"], parts[f"{mode}_fed"]
        if people is None or network is None:
            return None
        along = {"km": network.length_m / 1000, "time": network.time_s, "felt": network.cost}
        found = zone_skims(network, network.cost, fed, len(people.table), along=along)
        there = np.isfinite(found["cost"])
        ends = np.zeros_like(found["cost"])  # from the doors to the streets
        ends[there] = found["cost"][there] - found["felt"][there]
        return (found["time"] + ends) / 60, found["km"], found["cost"] / 60

    return Stage(f"{mode}_skims", make, ("people", f"{mode}_network", f"{mode}_fed"), ("network",))


def _ride_skims(
    people: People | None,
    service: Service | None,
    walk_skims: tuple[Floats, Floats, Floats] | None,
    given: Assumptions,
) -> dict[str, Floats] | None:
    """Return the skims of public transport; none where there is no timetable."""
    if people is None or service is None or walk_skims is None:
        return None
    count = len(people.table)
    access = zone_access(service.timetable, service.access, people.place, people.weight, count)
    return transit_skims(service.timetable, access, given, walk_minutes=walk_skims[0])


def _slow_skims(
    ground: Ground | None,
    walk_skims: tuple[Floats, Floats, Floats] | None,
    bike_skims: tuple[Floats, Floats, Floats] | None,
    ride_skims: dict[str, Floats] | None,
    given: Assumptions,
) -> Skims | None:
    """Return the skims of all modes but cars; without a timetable nobody rides."""
    if ground is None or walk_skims is None or bike_skims is None:
        return None
    minutes = {"walk": walk_skims[0], "bike": bike_skims[0]}
    km = {"walk": walk_skims[1], "bike": bike_skims[1]}
    more = {"bike_cost": bike_skims[2]}
    if ride_skims is not None:
        minutes["transit"] = ride_skims["minutes"]
        names = ("wait", "transfers", "in_vehicle", "walk")
        more |= {f"transit_{name}": ride_skims[name] for name in names}
    return Skims(ground.zones.ids, minutes, km, more)


def _facilities(
    place_tables: City, building_shapes: pd.DataFrame, jobs: pd.Series[float], given: Assumptions
) -> pd.DataFrame:
    """Return what people want to reach, with where it is."""
    city = place_tables
    return facilities(
        city.places, city.landuse, city.stops, given, buildings=building_shapes, jobs=jobs
    )


def _near(mode: str) -> Stage:
    """Return the stage of minutes from each building to the nearest facility of each kind."""

    def make(
        facility_table: pd.DataFrame, given: Assumptions, travel: Travel | None = None, **parts: Any
    ) -> pd.DataFrame | None:
        network, met = parts[f"{mode}_network"], parts[f"{mode}_met"]
        if network is None or met is None:
            return None
        seconds = network.time_s if travel is None else link_times(travel.equilibrium, network)
        table = facility_table
        ends = meet(network, table[["x", "y"]].to_numpy(float), table.index, given)
        found = nearest_minutes(network, seconds, met, ends, table["kind"])
        return found.minutes.reindex(columns=list(FACILITIES), fill_value=np.inf)

    needs = ("facility_table", f"{mode}_network", f"{mode}_met")
    traffic = ("travel",) if mode == "car" else ()
    return Stage(f"{mode}_near", make, (*needs, *traffic), ("network", "accessibility"))


def _reached(
    facility_table: pd.DataFrame,
    walk_near: pd.DataFrame | None,
    bike_near: pd.DataFrame | None,
    car_near: pd.DataFrame | None,
    given: Assumptions,
) -> Reached | None:
    """Put the minutes on foot, by bicycle and by car in traffic together."""
    if walk_near is None or bike_near is None or not len(facility_table):
        return None
    found = {"walk": walk_near, "bike": bike_near}
    return Reached(found if car_near is None else {**found, "car": car_near}, facility_table)


REACH_STAGES = (
    Stage(
        "service",
        _service,
        ("transit_tables", "walk_network", "walk_met"),
        ("transit", "network"),
    ),
    *(_way_skims(mode) for mode in SLOW),
    Stage("ride_skims", _ride_skims, ("people", "service", "walk_skims"), ("transit",)),
    Stage("slow_skims", _slow_skims, ("ground", "walk_skims", "bike_skims", "ride_skims")),
    Stage(
        "facility_table",
        _facilities,
        ("place_tables", "building_shapes", "jobs"),
        ("accessibility",),
    ),
    *(_near(mode) for mode in (*SLOW, "car")),
    Stage(
        "reached",
        _reached,
        ("facility_table", "walk_near", "bike_near", "car_near"),
        bears=("car_near",),
    ),
)
