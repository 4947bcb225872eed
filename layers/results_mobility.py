"""
Mobility in the folder of results: tables, columns of buildings, layers of streets and zones.

Every function gives nothing where the city has no streets or zones to travel between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from layers.matrices import write_matrices
from twin.classes import MODES, PURPOSES
from twin.energy.heat_grid.density import PRIVATE_BELOW
from twin.mobility.assignment import street_flow

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    from numpy.typing import NDArray

    from twin.simulate.observed import Correction
    from twin.simulate.results import Results, YearResults
    from twin.simulate.travel import Travel

    Floats = NDArray[np.float64]

MOTOR = ("car", "truck")
PER_MODE = {"trips": "trips", "km": "person_km", "minutes": "minutes"}
WHOLE = "city"
CUT = "~"
"""What stands between the id of a street and the number of a piece cut from it."""
STREET_COLUMNS = ("name", "class", "length_m", "reverse_id", "geometry")


def has_mobility(found: YearResults) -> bool:
    """Tell whether a year has trips: zones, and streets between them."""
    return found.answers["travel"] is not None


def mobility_tables(results: Results) -> dict[str, pd.DataFrame]:
    """
    Return the tables of mobility by the name of their file; without those that have no rows.

    `mobility` has trips, person-km and minutes of the residents of a weekday by year, area (zone or
    city) and mode; `gains` who reaches what faster or slower than today; `benefit` what travellers
    gain in time and money against today; of the last year `passengers` by line of public transport
    and `missing_links`, what would join most people to a calm cycle network; `counts` traffic of
    today on counted streets, before and after the matrix was corrected by them.
    """
    years = {year: found for year, found in results.years.items() if has_mobility(found)}
    reached = {year: _gains(found) for year, found in results.years.items()}
    tables = {
        "mobility": {year: _of_zones(found) for year, found in years.items()},
        "gains": {year: table for year, table in reached.items() if len(table)},
        "benefit": {
            year: found.answers["benefit"].by_mode.rename_axis("mode")
            for year, found in years.items()
            if found.answers["benefit"] is not None
        },
    }
    found = {name: pd.concat(each, names=["year"]) for name, each in tables.items() if each}
    last = results.last.answers
    if last["passengers"] is not None:
        found["passengers"] = last["passengers"].lines
    if last["calm_town"] is not None and len(last["calm_town"].links):
        links = last["calm_town"].links
        found["missing_links"] = links.assign(
            streets=[" ".join(map(str, ids)) for ids in links["streets"]],
            junctions=[" ".join(map(str, ids)) for ids in links["junctions"]],
        )
    known = _correction(results)
    if known is not None and known.counts is not None:
        found["counts"] = known.counts.set_index("street")
    return found


def _correction(results: Results) -> Correction | None:
    """Return how known traffic of today corrected the model; none where nothing was known."""
    travel = results.last.answers["travel"]
    return None if travel is None else travel.correction


def _of_zones(found: YearResults) -> pd.DataFrame:
    """Return trips, person-km and minutes; index (level, area, mode)."""
    by_zone = found.answers["travel"].demand.by_zone
    enough = published_zones(found)
    whole = by_zone.sum().to_frame(WHOLE).T
    parts = {}
    for level, table in ((WHOLE, whole), ("zone", by_zone)):
        values = {
            name: table[[f"{short}_{mode}" for mode in MODES]].to_numpy().ravel()
            for short, name in PER_MODE.items()
        }
        index = pd.MultiIndex.from_product([table.index, MODES], names=["area", "mode"])
        parts[level] = pd.DataFrame(values, index)
    tall = pd.concat(parts, names=["level"])
    area = tall.index.get_level_values("area")
    is_city = tall.index.get_level_values("level") == WHOLE
    return tall.assign(publish=is_city | enough.reindex(area, fill_value=False).to_numpy())


def published_zones(found: YearResults) -> pd.Series[bool]:
    """Tell by zone whether at least five heated buildings stand in it, as for Baublöcke."""
    people = found.answers["people"]
    heated = found.buildings.index[found.buildings["heated_area_m2"] > 0]
    counts = people.zone.reindex(heated).value_counts()
    enough: pd.Series[bool] = counts.reindex(people.zones.index, fill_value=0) >= PRIVATE_BELOW
    return enough


def _gains(found: YearResults) -> pd.DataFrame:
    """Return who gains and loses; a group of fewer than five people is not for publication."""
    table: pd.DataFrame = found.answers["gains"]
    if not len(table):
        return table
    return table.assign(publish=table["residents"] >= PRIVATE_BELOW)


def building_columns(found: YearResults) -> pd.DataFrame:
    """
    Return minutes to the nearest facility of each kind by mode, and noise, by building.

    Columns `walk_min_<kind>`, `bike_min_<kind>`, `car_min_<kind>` (in traffic; missing where there
    is no way), `noise_day_db`, `noise_night_db` (loudest wall, heated buildings only).
    """
    ids = found.buildings.index
    reached, noise = found.answers["reached"], found.answers["noise"]
    parts = [pd.DataFrame(index=ids)]
    if reached is not None:
        parts += [
            minutes.reindex(ids).replace(np.inf, np.nan).round(2).add_prefix(f"{mode}_min_")
            for mode, minutes in reached.minutes.items()
        ]
    if noise is not None:
        names = {"day_db": "noise_day_db", "night_db": "noise_night_db"}
        parts.append(noise[list(names)].rename(columns=names).reindex(ids).round(1))
    return pd.concat(parts, axis=1)


def street_map(found: YearResults) -> gpd.GeoDataFrame:
    """
    Return the streets of a year with their traffic, one row a direction.

    Columns `car_day`, `truck_day` (vehicles a weekday), `peak_vehh` (busiest hour), `load` (of the
    capacity), `traffic_kmh` (with what is lost at the junction at its end), `lts` (level of traffic
    stress, 1 calm to 4), `today_day` (cars and trucks before the scenario) and `change_day`.
    """
    streets = found.state.city.streets
    traffic, stress = found.answers["traffic"], found.answers["stress"]
    if traffic is None:
        return streets.iloc[:0][["geometry"]]
    day = traffic[list(MOTOR)].sum(axis=1)
    before = traffic_today(found, streets.index)
    km, hours = streets["length_m"] / 1000, traffic["peak_s"] / 3600
    columns = {
        "car_day": traffic["car"].round(1),
        "truck_day": traffic["truck"].round(1),
        "peak_vehh": traffic[["car_peak", "truck_peak"]].sum(axis=1).round(1),
        "load": traffic["load"].round(3),
        "traffic_kmh": (km / hours.where(hours > 0)).round(1),
        "lts": stress["lts"] if stress is not None else np.nan,
        "today_day": before.round(1),
        "change_day": (day - before).round(1),
    }
    table = pd.DataFrame(columns).reindex(streets.index)
    named: gpd.GeoDataFrame = streets[list(STREET_COLUMNS)].join(table)
    return named


def traffic_today(found: YearResults, streets: pd.Index[str]) -> pd.Series[float]:
    """
    Return cars and trucks a weekday before the scenario on these streets, 0 on new ones.

    Pieces of a street that a measure cut (`street~1`, `street~2`) had the traffic of the street.
    """
    today = found.answers["today"]
    if today.travel is None or today.car_network is None:
        return pd.Series(0.0, streets)
    peak = street_flow(today.travel.equilibrium, today.car_network)[list(MOTOR)].sum(axis=1)
    place = peak.index.get_indexer(streets)
    name = streets.to_numpy(object)
    for row in np.flatnonzero(place < 0):  # the few that the scenario drew or cut
        place[row] = _place_of_whole(str(name[row]), peak.index)
    flow = np.append(peak.to_numpy(float) / today.travel.peak_share, 0.0)
    return pd.Series(flow[place], streets)


def _place_of_whole(piece: str, whole: pd.Index[str]) -> int:
    """Return the row of the street that a piece was cut from, -1 for none."""
    name = piece
    while CUT in name and name not in whole:
        name = name.rpartition(CUT)[0]
    return int(whole.get_indexer(pd.Index([name]))[0])


def zone_map(found: YearResults) -> gpd.GeoDataFrame:
    """
    Return the zones of a year: who lives and works there, and the trips of its residents.

    Columns `residents`, `jobs`, then `trips_<mode>`, `km_<mode>`, `minutes_<mode>` a weekday,
    `gain_hours`, `gain_eur` (of trips that begin there, against today) and `publish`.
    """
    people = found.answers["people"]
    if people is None or not has_mobility(found):
        return found.state.city.zones.iloc[:0][["geometry"]]
    zones: gpd.GeoDataFrame = people.zones[["name", "geometry"]]
    lived = people.table.reindex(zones.index)[["residents", "jobs"]]
    table = zones.join(lived).join(found.answers["travel"].demand.by_zone)
    benefit = found.answers["benefit"]
    if benefit is not None:
        gained = benefit.by_zone.reindex(zones.index)
        table = table.assign(gain_hours=gained["hours"], gain_eur=gained["total_eur"])
    return table.assign(publish=published_zones(found))


def write_trips(path: Path, found: YearResults) -> None:
    """
    Write trips from zone to zone of a weekday as OMX: persons by mode, vehicles by class.

    They are expectations of a model and no trips of anybody; gates at the edge of the town follow
    its zones.
    """
    if not has_mobility(found):
        return
    trips = found.answers["travel"].demand
    persons = {f"person_{mode}": matrix for mode, matrix in trips.trips.items()}
    vehicles = {f"vehicle_{name}": matrix for name, matrix in trips.vehicles.items()}
    write_matrices(path, {**persons, **vehicles}, trips.ids)


def fitted(results: Results) -> dict[str, Any] | None:
    """Return what travel was fitted to and how closely it was worked out; none without travel."""
    years = {year: found for year, found in results.years.items() if has_mobility(found)}
    if not years:
        return None
    found = years[max(years)].answers["travel"].calibration
    known = _correction(results)
    return {
        "mode_shares": _beside(MODES, found.shares, found.targets),
        "trip_length_km": _beside(PURPOSES, found.length_km, found.length_target_km),
        "jobs_scale": float(found.jobs_scale),
        "trip_rate_scale": float(found.rate_scale),
        "rounds": int(found.rounds),
        **({} if known is None else {"corrected_by_what_is_known": _summary(known)}),
        "years": {year: _solved(each.answers["travel"]) for year, each in years.items()},
    }


def _summary(known: Correction) -> dict[str, float | None]:
    """Return how well counts are met, before and after; empty where only a matrix was given."""
    return {name: _number(float(value)) for name, value in known.summary.items()}


def _beside(
    names: tuple[str, ...], model: Floats, wanted: Floats
) -> dict[str, dict[str, float | None]]:
    """Return what came out beside what was aimed at."""
    pairs = zip(names, model.tolist(), wanted.tolist(), strict=True)
    return {name: {"model": _number(one), "target": _number(two)} for name, one, two in pairs}


def _number(value: float) -> float | None:
    return round(value, 5) if np.isfinite(value) else None


def _solved(travel: Travel) -> dict[str, Any]:
    """Return how closely travel and traffic of a year agree, and what has no way."""
    solved = travel.equilibrium
    return {
        "gap": float(solved.gap),
        "iterations": int(solved.iterations),
        "conservation_error_vehicles": float(solved.conservation_error),
        "rounds_of_demand_and_traffic": int(travel.rounds),
        "minutes_still_moving": float(travel.settled),
        "trips_without_way": {k: round(float(v), 3) for k, v in travel.demand.unserved.items()},
        "vehicles_off_the_network": {k: round(float(v), 3) for k, v in solved.unserved.items()},
    }
