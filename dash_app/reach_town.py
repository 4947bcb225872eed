"""One town made ready for questions of access: networks, facilities, timetable, who lives where."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from twin.energy.stock import initial_stock
from twin.errors import SourceError
from twin.mobility.accessibility import (
    Transit,
    by_cell,
    facilities,
    groups,
    isochrone,
    isochrone_areas,
    minutes_from_stops,
    nearest_minutes,
    profile_by_group,
    seconds_by_node,
    seconds_to_points,
    transit_minutes,
    trip,
)
from twin.mobility.accessibility.isochrones import isochrones, start_lines
from twin.mobility.accessibility.trip import check_points
from twin.mobility.cycling.stress import stress
from twin.mobility.demand import jobs_of
from twin.mobility.network import meet, mode_network
from twin.mobility.transit import (
    access_along_streets,
    compile_timetable,
    onward,
    reach,
    walks_between,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.city import City
    from twin.mobility.accessibility import Options
    from twin.mobility.tables import Access, ModeNetwork
    from twin.mobility.transit import Timetable

    Floats = NDArray[np.float64]

POINT = pd.Index(["point"])


@dataclass(frozen=True)
class Town:
    """A city and what questions of access need of it, each part made when it is first asked for."""

    city: City
    given: Assumptions

    @cached_property
    def stock(self) -> pd.DataFrame:
        """Buildings with residents and what else stands in the stock."""
        return initial_stock(self.city, self.given)

    @cached_property
    def facilities(self) -> pd.DataFrame:
        """Everything people want to reach."""
        city, jobs = self.city, jobs_of(self.stock, self.given)
        return facilities(
            city.places, city.landuse, city.stops, self.given, buildings=city.buildings, jobs=jobs
        )

    @cached_property
    def stress(self) -> pd.Series[float]:
        """Level of traffic stress by street, with the usual traffic of its class."""
        return stress(self.city.streets, None, self.given)["lts"]

    @cached_property
    def networks(self) -> dict[str, ModeNetwork]:
        """Networks by mode walk, bike, car."""
        city = self.city
        return {
            mode: mode_network(
                city.streets, city.nodes, city.turns, self.given, mode,
                street_points=city.street_points, stress=self.stress if mode == "bike" else None,
            )
            for mode in ("walk", "bike", "car")
        }  # fmt: skip

    @cached_property
    def timetable(self) -> Timetable | None:
        """A weekday; none where the city has no trips."""
        city, walk = self.city, self.networks["walk"]
        if not len(city.stop_times):
            return None
        at = shapely.get_coordinates(shapely.centroid(city.stops.geometry.to_numpy()))
        stops = meet(walk, at, city.stops.index, self.given)
        walks = walks_between(city.stops.index, walk, stops, self.given)
        tables = city.stops, city.lines, city.trips, city.stop_times, city.transfers
        return compile_timetable(*tables, self.given, walks=walks)

    def homes(self, mode: str) -> Access:
        """Return where the buildings of the stock meet a network."""
        shapes = self.city.buildings.geometry.loc[self.stock.index].to_numpy()
        at = shapely.get_coordinates(shapely.centroid(shapes))
        return meet(self.networks[mode], at, self.stock.index, self.given)

    def entrances(self, mode: str) -> Access:
        """Return where the facilities meet a network."""
        at = self.facilities[["x", "y"]].to_numpy(float)
        return meet(self.networks[mode], at, self.facilities.index, self.given)

    def stops(self, timetable: Timetable) -> Access:
        """Return where the stops of the timetable meet the walking network."""
        at = np.column_stack([timetable.x, timetable.y])
        return meet(self.networks["walk"], at, timetable.stop_ids, self.given)


def areas_of(
    town: Town, at: Floats, mode: str, minutes: Sequence[float]
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """
    Return the areas reached within each of the minutes, and what lies in them.

    The counts have a row for each of the minutes: `residents`, facilities by kind (jobs: their
    number).
    """
    network = town.networks["walk" if mode == "transit" else mode]
    start = meet(network, at[None, :], POINT, town.given)
    check_points({mode: start}, at[None, :], town.given)
    if mode == "transit":
        areas, seconds = _by_transit(town, network, start, minutes)
    else:
        areas, seconds = isochrone(
            network, network.time_s, start, minutes, town.given, crs=town.city.crs
        )
    on = network.mode
    home, place = (
        seconds_to_points(network, network.time_s, start, seconds, ends) / 60
        for ends in (town.homes(on), town.entrances(on))
    )
    return areas, _counts(town, home, place, minutes)


def _by_transit(
    town: Town, network: ModeNetwork, start: Access, minutes: Sequence[float]
) -> tuple[gpd.GeoDataFrame, Floats]:
    """Return areas and seconds by node, riding where it helps: half of the departures get there."""
    timetable, limit = town.timetable, max(minutes)
    if timetable is None:
        template = "{city} has no timetable."
        hint = "Build the city with a GTFS feed to ask for public transport."
        raise SourceError(template, hint=hint, city=town.city.name)
    walked = seconds_by_node(isochrones(network, network.time_s, start, limit), 0, network.graph.n)
    stops = town.stops(timetable)
    to_stops = seconds_to_points(network, network.time_s, start, walked, stops)
    to_stops[to_stops > 60 * town.given["transit.longest_access"]] = np.inf
    ridden = reach(timetable, to_stops, town.given)[0]
    seconds = np.minimum(walked, 60 * onward(ridden, network, stops, town.given))
    first = start_lines(network, network.time_s, start, minutes)
    areas = isochrone_areas(
        network, network.time_s, seconds, minutes, town.given, start=first, crs=town.city.crs
    )
    return areas, seconds


def _counts(town: Town, home: Floats, place: Floats, minutes: Sequence[float]) -> pd.DataFrame:
    """Return residents and facilities by minutes."""
    residents = town.stock["residents"].to_numpy(float)
    table = town.facilities.assign(minutes=place)
    once = table.groupby(["kind", "id"], sort=False).agg(
        minutes=("minutes", "min"), weight=("weight", "first")
    )
    kinds = dict.fromkeys(table["kind"])
    rows = []
    for limit in minutes:
        near = once[once["minutes"] <= limit].groupby("kind")["weight"].sum()
        lived = residents[home <= limit].sum()
        rows.append([lived, *(near.get(kind, 0.0) for kind in kinds)])
    return pd.DataFrame(rows, pd.Index(minutes), ["residents", *kinds])


def trip_in(town: Town, a: Floats, b: Floats, departure_s: int) -> Options:
    """Return what each mode offers for one trip; public transport where there is a timetable."""
    timetable = town.timetable
    transit = None if timetable is None else Transit(timetable, town.city.lines)
    return trip(
        town.networks, {}, a.tolist(), b.tolist(), town.given,
        stress=town.stress, transit=transit, departure_s=departure_s, crs=town.city.crs,
    )  # fmt: skip


class Access15(NamedTuple):
    """Minutes of every building and cell, and what groups of residents have nearby."""

    buildings: gpd.GeoDataFrame  # columns mode_kind
    cells: gpd.GeoDataFrame
    by_group: pd.DataFrame  # on foot, see `profile_by_group`


def access_in(town: Town) -> Access15:
    """Return the minutes from every building to the nearest facility of each kind by each mode."""
    kinds = town.facilities["kind"]
    if not len(kinds):
        template = "{city} has no places, stops or parks."
        raise SourceError(template, hint="Build it with OpenStreetMap.", city=town.city.name)
    homes, ends = town.homes("walk"), town.entrances("walk")
    walk = town.networks["walk"]
    minutes = {"walk": nearest_minutes(walk, walk.time_s, homes, ends, kinds).minutes}
    for mode in ("bike", "car"):
        network = town.networks[mode]
        minutes[mode] = nearest_minutes(
            network, network.time_s, town.homes(mode), town.entrances(mode), kinds
        ).minutes
    timetable = town.timetable
    if timetable is not None:
        stops = town.stops(timetable)
        onwards = minutes_from_stops(timetable, walk, stops, ends, kinds, town.given)
        near = access_along_streets(timetable, walk, stops, homes, town.given)
        minutes["transit"] = transit_minutes(near, onwards, minutes["walk"])
    return _tables(town, minutes)


def _tables(town: Town, minutes: dict[str, pd.DataFrame]) -> Access15:
    named = [table.add_prefix(f"{mode}_") for mode, table in minutes.items()]
    wide = pd.concat(named, axis=1)
    buildings = town.city.buildings.loc[town.stock.index]
    city = town.city
    cells = by_cell(wide, buildings, town.stock["residents"], cells=city.tables.get("cells"))
    people = groups(
        town.stock, town.given, cells=buildings["cell_id"], census_counts=city.census_counts
    )
    shapes = buildings.geometry
    return Access15(
        gpd.GeoDataFrame(_plain(wide), geometry=shapes, crs=city.crs),
        gpd.GeoDataFrame(
            _plain(cells.drop(columns=["residents", "geometry"])),
            geometry=cells.geometry, crs=city.crs,
        ),
        profile_by_group(minutes["walk"], people, town.given),
    )  # fmt: skip


def _plain(minutes: pd.DataFrame) -> pd.DataFrame:
    """Return minutes as files have them: rounded, empty where there is no way."""
    return minutes.astype(float).replace(np.inf, np.nan).round(2)
