"""Values of the mobility views: by street, Baublock, zone, stop, line and building."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from dash_app.views.rows import (
    block_sums,
    both_ways,
    building_rows,
    of_streets,
    on_streets,
    ratio,
    street_mean,
    street_rows,
    worse_way,
)
from twin.classes import FACILITIES, MODES, STRESS
from twin.hashing import hash_parts
from twin.mobility.cycling import cyclists
from twin.mobility.demand import hour_shares
from twin.simulate.reach import typical_day

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from twin.city import City
    from twin.simulate.results import YearResults

    Floats = NDArray[np.float64]
    Values = pd.Series[Any]
    Make = Callable[[YearResults, City, int | None], Values]

CENTRAL = ("shop", "food", "public_service", "culture", "bank_post", "health")
"""Places whose number says where the centre of a town is."""


def _nothing(city: City, table: str) -> Values:
    """Return no value for any row: the town lacks what the view is about."""
    return pd.Series(np.nan, city.tables[table].index)


def car_flow(found: YearResults, city: City, hour: int | None = None) -> Values:
    """Return cars and lorries on both directions of a street, a weekday or in one of its hours."""
    traffic = found.answers["traffic"]
    if traffic is None:
        return _nothing(city, "streets")
    share = {"car": 1.0, "truck": 1.0}
    if hour is not None:
        table = hour_shares(found.answers.given)
        share = {name: float(table[name].iloc[hour]) for name in share}
    each = [of_streets(found, traffic, name) * part for name, part in share.items()]
    day = street_mean(found, city, np.sum(each, axis=0))
    return on_streets(city, both_ways(city, _driven(city, day)))


def _driven(city: City, values: Floats) -> Floats:
    """Leave out streets no car may use; nothing drives there, and a map of flows shows none."""
    return np.where(city.streets["allow_car"].to_numpy(bool), values, np.nan)


def speed(found: YearResults, city: City, hour: int | None = None) -> Values:
    """Return the speed in the busiest hour, of that on the empty street [%]; slower direction."""
    traffic = found.answers["traffic"]
    if traffic is None:
        return _nothing(city, "streets")
    free, peak = (of_streets(found, traffic, name) for name in ("free_s", "peak_s"))
    rows = street_rows(city, found.state.city)
    known = np.isfinite(free) & np.isfinite(peak) & (rows.place >= 0)
    count = len(city.streets)
    empty, full = (np.bincount(rows.place[known], s[known], minlength=count) for s in (free, peak))
    part = np.divide(empty, full, out=np.full(count, np.nan), where=full > 0) * 100
    return on_streets(city, worse_way(city, part, high=False))


def load(found: YearResults, city: City, hour: int | None = None) -> Values:
    """Return vehicles over capacity in the busiest hour [%], the fuller direction."""
    traffic = found.answers["traffic"]
    if traffic is None:
        return _nothing(city, "streets")
    part = street_mean(found, city, of_streets(found, traffic, "load")) * 100
    return on_streets(city, worse_way(city, part, high=True))


def traffic_ghg(found: YearResults, city: City, hour: int | None = None) -> Values:
    """Return greenhouse gas of traffic on both directions, by length [kg CO2e/(m·a)]."""
    gas = found.answers["traffic_gas"]
    if gas is None:
        return _nothing(city, "streets")
    length = np.maximum(found.state.city.streets["length_m"].to_numpy(float), 1e-3)
    by_metre = street_mean(found, city, of_streets(found, gas, "ghg_kg") / length)
    return on_streets(city, both_ways(city, _driven(city, by_metre)))


def stress(found: YearResults, city: City, hour: int | None = None) -> Values:
    """Return the level of stress for cyclists, "1" to "4": of most of the length, worse way."""
    table = found.answers["stress"]
    if table is None:
        return pd.Series(None, city.streets.index, dtype=object)
    level = of_streets(found, table, "lts")
    rows = street_rows(city, found.state.city)
    there = (rows.place >= 0) & np.isfinite(level)
    metres = np.zeros((len(city.streets), len(STRESS)))
    place, code = rows.place[there], level[there].astype(int) - 1
    np.add.at(metres, (place, code), rows.length_m[there])
    most = len(STRESS) - metres[:, ::-1].argmax(axis=1)  # of equals the higher
    own = np.where(metres.sum(axis=1) > 0, most, np.nan).astype(float)
    both = worse_way(city, own, high=True)
    words = np.array([None, *(str(n) for n in STRESS)], object)
    return on_streets(city, words[np.nan_to_num(both).astype(int)])


def cycling_gaps(found: YearResults, city: City, hour: int | None = None) -> Values:
    """Return what a stressful stretch would join, were it calm: residents for a metre."""
    town = found.answers["calm_town"]
    if town is None:
        return _nothing(city, "streets")
    now, values = found.state.city.streets.index, np.full(len(found.state.city.streets), np.nan)
    for streets, gain in zip(town.links["streets"], town.links["gain_per_m"], strict=True):
        place = now.get_indexer(list(streets))
        values[place[place >= 0]] = np.fmax(values[place[place >= 0]], gain)
    return on_streets(city, worse_way(city, street_mean(found, city, values), high=True))


def bike_flow(found: YearResults, city: City, hour: int | None = None) -> Values:
    """Return cyclists on both directions of a street on a weekday, by trips inside the town."""
    answers = found.answers
    network, fed, travel = (answers[name] for name in ("bike_network", "bike_fed", "travel"))
    if network is None or fed is None or travel is None:
        return _nothing(city, "streets")
    key = hash_parts([*map(answers.key, ("bike_network", "bike_fed", "travel"))])
    given = answers.given

    def make(_: object) -> pd.Series[float]:
        return cyclists(network, fed, travel.demand.trips["bike"], given).street

    ridden = answers.memo.answer("view_bike_flow", key, make)
    each = ridden.reindex(found.state.city.streets.index).to_numpy(float)
    ways = city.streets["allow_bike"].to_numpy(bool)
    flow = np.where(ways, street_mean(found, city, each), np.nan)
    return on_streets(city, both_ways(city, flow))


def noisy_residents(found: YearResults, city: City, hour: int | None = None) -> Values:
    """Return the share of the residents of a Baublock with more than 65 dB(A) by day [%]."""
    if found.answers["noise"] is None:
        return _nothing(city, "blocks")
    table = found.answers["mobility_table"].reindex(found.buildings.index)
    columns = {"top": table["loud_day"], "all": found.buildings["residents"]}
    sums = block_sums(found, city, columns)
    return ratio(sums["top"], sums["all"], 100)


def noise_of(column: str) -> Make:
    """Return what gives the level at the loudest wall of each building [dB(A)]."""

    def make(found: YearResults, city: City, hour: int | None = None) -> Values:
        noise = found.answers["noise"]
        if noise is None:
            return _nothing(city, "buildings")
        return building_rows(found, city, noise[column])

    return make


def minutes_to(mode: str, kind: str) -> Make:
    """
    Return what gives the minutes from a Baublock to the nearest facility, the mean of residents.

    Residents without any way to one count nowhere, unless nobody of the Baublock has one; where
    nobody lives there is no value.
    """

    def make(found: YearResults, city: City, hour: int | None = None) -> Values:
        reached = found.answers["reached"]
        if reached is None:
            return _nothing(city, "blocks")
        minutes = reached.minutes[mode][kind].reindex(found.buildings.index).to_numpy(float)
        people = np.where(np.isfinite(minutes), found.buildings["residents"], 0.0)
        spent = np.where(people > 0, minutes, 0.0) * people
        sums = block_sums(found, city, {"top": spent, "all": people})
        return ratio(sums["top"], sums["all"])

    return make


def minutes_of_building(mode: str, kind: str) -> Make:
    """Return what gives the minutes from each building to the nearest facility."""

    def make(found: YearResults, city: City, hour: int | None = None) -> Values:
        reached = found.answers["reached"]
        if reached is None:
            return _nothing(city, "buildings")
        minutes = reached.minutes[mode][kind]
        return building_rows(found, city, minutes.where(np.isfinite(minutes)))

    return make


def _kinds_near(found: YearResults) -> pd.Series[float] | None:
    """Return the share of kinds of facilities within a quarter of an hour by building [%]."""
    reached = found.answers["reached"]
    if reached is None:
        return None
    limit = found.answers.given["accessibility.profile_minutes"]
    there = [kind for kind in FACILITIES if (reached.facilities["kind"] == kind).any()]
    foot, bike = reached.minutes["walk"], reached.minutes["bike"]
    quick = np.minimum(foot[there].to_numpy(), bike[there].to_numpy()) <= limit
    return pd.Series(quick.mean(axis=1) * 100, foot.index)


def fifteen(found: YearResults, city: City, hour: int | None = None) -> Values:
    """Return the kinds within a quarter of an hour on foot or by bicycle [%], of residents."""
    near = _kinds_near(found)
    if near is None:
        return _nothing(city, "blocks")
    people = found.buildings["residents"]
    share = near.reindex(people.index).fillna(0.0)
    sums = block_sums(found, city, {"top": share * people, "all": people})
    return ratio(sums["top"], sums["all"])


def fifteen_of_building(found: YearResults, city: City, hour: int | None = None) -> Values:
    """Return the kinds within a quarter of an hour on foot or by bicycle of each building [%]."""
    near = _kinds_near(found)
    return _nothing(city, "buildings") if near is None else building_rows(found, city, near)


def departures(found: YearResults, city: City, hour: int | None = None) -> Values:
    """Return departures at each stop on a typical day, or in one of its hours [1/h]."""
    now = found.state.city
    if hour is None:
        every: Values = now.stops["departures"].reindex(city.stops.index).astype(float)
        return every
    day = now.trips.index[(now.trips["day_type"] == typical_day(now.trips)).to_numpy()]
    times = now.stop_times
    mine = times["trip_id"].isin(day).to_numpy()
    at = (times["departure_s"].to_numpy(float) // 3600 % 24) == hour
    counts = times.loc[mine & at & ~_last_calls(times), "stop_id"].value_counts()
    called: Values = counts.reindex(city.stops.index).fillna(0.0).astype(float)
    return called


def _last_calls(times: pd.DataFrame) -> NDArray[np.bool_]:
    """Tell which rows are the end of a trip, where nobody departs."""
    last = times.groupby("trip_id")["sequence"].transform("max")
    ends: NDArray[np.bool_] = (times["sequence"] == last).to_numpy(bool)
    return ends


def line_departures(found: YearResults, city: City, hour: int | None = None) -> Values:
    """Return departures of each line on a typical day, both directions."""
    every: Values = found.state.city.lines["departures"].reindex(city.lines.index).astype(float)
    return every


def passengers(found: YearResults, city: City, hour: int | None = None) -> Values:
    """Return passengers of each line on a weekday."""
    riders = found.answers["passengers"]
    if riders is None:
        return _nothing(city, "lines")
    carried: Values = riders.lines["boardings"].reindex(city.lines.index).astype(float)
    return carried


@lru_cache(maxsize=4)
def centre_zone(city: City) -> str:
    """Return the zone with most places of a town's centre; "" where the town has no zones."""
    zones, places = city.zones, city.places
    if not len(zones):
        return ""
    central = places[places["class"].isin(CENTRAL)] if len(places) else places
    points = central if len(central) else city.buildings
    tree = shapely.STRtree(zones.geometry.to_numpy())
    spots = shapely.centroid(points.geometry.to_numpy())
    _, zone = tree.query(spots, predicate="intersects")
    if not len(zone):
        return str(zones.index[0])
    return str(zones.index[np.bincount(zone).argmax()])


def minutes_to_centre(mode: str) -> Make:
    """Return what gives the minutes from each zone to the centre of the town."""

    def make(found: YearResults, city: City, hour: int | None = None) -> Values:
        travel = found.answers["travel"]
        centre = centre_zone(city)
        if travel is None or mode not in travel.skims.minutes or centre not in travel.skims.ids:
            return _nothing(city, "zones")
        column = int(travel.skims.ids.get_loc(centre))
        minutes = pd.Series(travel.skims.minutes[mode][:, column], travel.skims.ids)
        minutes = minutes.where(np.isfinite(minutes))
        minutes.loc[centre] = 0.0
        return minutes.reindex(city.zones.index)

    return make


def _by_zone(found: YearResults, city: City) -> pd.DataFrame | None:
    travel = found.answers["travel"]
    if travel is None:
        return None
    trips: pd.DataFrame = travel.demand.by_zone[[f"trips_{mode}" for mode in MODES]]
    return trips.reindex(city.zones.index)


def mode_share(*modes: str) -> Make:
    """Return what gives the share of modes in the trips of the residents of each zone [%]."""

    def make(found: YearResults, city: City, hour: int | None = None) -> Values:
        trips = _by_zone(found, city)
        if trips is None:
            return _nothing(city, "zones")
        mine = trips[[f"trips_{mode}" for mode in modes]].sum(axis=1, min_count=1)
        return ratio(mine, trips.sum(axis=1), 100)

    return make


def trips(found: YearResults, city: City, hour: int | None = None) -> Values:
    """Return the trips of the residents of each zone on a weekday."""
    table = _by_zone(found, city)
    return _nothing(city, "zones") if table is None else table.sum(axis=1, min_count=1)
