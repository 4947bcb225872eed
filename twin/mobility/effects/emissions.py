"""Energy and greenhouse gas of traffic: on the streets of the town and of its residents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.mobility.effects.fleet import COLUMNS, grid_g_kwh, per_km
from twin.mobility.effects.kilometres import vehicle_km
from twin.mobility.effects.own_factors import replaced_direct

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.mobility.effects.fleet import Vehicle
    from twin.mobility.effects.own_factors import OwnFactors

DAYS = 365
VEHICLES: tuple[Vehicle, ...] = ("car", "truck", "bus")
RAIL = {"rail": "rail", "light_rail": "tram", "subway": "tram", "tram": "tram"}


def street_emissions(
    streets: pd.DataFrame,
    flows: pd.DataFrame,
    given: Assumptions,
    year: float,
    *,
    speed_kmh: pd.Series[float] | None = None,
    own: OwnFactors | None = None,
) -> pd.DataFrame:
    """
    Return by street and weekday: vehicle-km, litres, kWh and kg CO2e of all that drives on it.

    Territorial, as BISKO balances traffic: sum over the streets inside the town. `flows` has
    vehicles a weekday in columns of `car`, `truck`, `bus`; others raise nothing and count nothing.
    `speed_kmh` replaces the speed limit the consumption follows, `own` the averages of what is
    burnt (`own_factors` of an HBEFA export).

    Columns: `km_<class>`, `petrol_l`, `diesel_l`, `electric_kwh`, `final_kwh`, `ghg_direct_kg`
    (tank to wheel), `ghg_kg` (with upstream chains), and `ghg_kg_<class>`.
    """
    km = vehicle_km(streets, flows[[name for name in VEHICLES if name in flows]])
    speed = streets["speed_kmh"] if speed_kmh is None else speed_kmh.reindex(streets.index)
    limits, place = np.unique(speed.to_numpy(float), return_inverse=True)
    total = np.zeros((len(streets), len(COLUMNS)))
    by_class = {}
    for vehicle in (name for name in VEHICLES if name in km):
        factors = per_km(vehicle, given, year, speed_kmh=limits)
        mine = replaced_direct(factors, own.get(vehicle) if own else None, limits)
        part = mine.to_numpy()[place] * km[vehicle].to_numpy()[:, None]
        by_class[f"ghg_kg_{vehicle}"] = part[:, -1] / 1000.0
        total += part
    table = pd.DataFrame(total, index=streets.index, columns=list(COLUMNS))
    return pd.concat([km.add_prefix("km_"), _kilograms(table), pd.DataFrame(by_class, km.index)],
                     axis=1)  # fmt: skip


def _kilograms(table: pd.DataFrame) -> pd.DataFrame:
    """Return grams as kilograms under the names of results."""
    names = {"direct_g": "ghg_direct_kg", "total_g": "ghg_kg"}
    table = table.rename(columns=names)
    return table.assign(**{name: table[name] / 1000.0 for name in names.values()})


def yearly(weekday: pd.DataFrame, given: Assumptions) -> pd.DataFrame:
    """Return a table of weekdays for a whole year: x 365 x mean day over mean weekday."""
    return weekday * (DAYS * given["effects.week_factor"])


def timetable_km(
    lines: pd.DataFrame,
    trips: pd.DataFrame,
    stop_times: pd.DataFrame,
    stops: gpd.GeoDataFrame,
    given: Assumptions,
    *,
    inside: pd.Series[bool] | None = None,
) -> pd.Series[float]:
    """
    Return vehicle-kilometres of a weekday's timetable by class of line.

    Between two stops runs the straight line x a detour by kind of vehicle. With `inside` (by stop)
    only half of a stretch counts whose other end lies outside.
    """
    ride = stop_times[stop_times["trip_id"].isin(trips.index[trips["day_type"] == "weekday"])]
    ride = ride.sort_values(["trip_id", "sequence"], kind="stable")
    place = stops.index.get_indexer(ride["stop_id"])
    x, y = stops.geometry.x.to_numpy()[place], stops.geometry.y.to_numpy()[place]
    within = np.ones(len(ride)) if inside is None else inside.reindex(stops.index).to_numpy(float)
    share = within if inside is None else within[place]
    trip = ride["trip_id"].to_numpy()
    goes_on = (trip[1:] == trip[:-1]) & (place[1:] >= 0) & (place[:-1] >= 0)
    km = np.hypot(np.diff(x), np.diff(y)) / 1000.0 * goes_on * (share[1:] + share[:-1]) / 2.0
    line = trips["line_id"].reindex(trip[1:]).to_numpy()
    kind = lines["class"].astype(str).reindex(line).to_numpy()
    detour = pd.Series(kind).map(RAIL).fillna("bus").map(given.by_class("fleet.timetable_detour"))
    return pd.Series(km * detour.to_numpy(float)).groupby(kind).sum()


def transit_emissions(
    km: pd.Series[float] | Mapping[str, float], given: Assumptions, year: float
) -> pd.DataFrame:
    """
    Return energy and greenhouse gas of public transport by class from its vehicle-kilometres.

    Buses by the fleet of the year; trams, light rail and trains from the grid (diesel trains are
    not told apart). Columns as `street_emissions`, for the time the kilometres are of.
    """
    grid = grid_g_kwh(given, year)
    bus = per_km("bus", given, year).iloc[0].to_numpy()
    rows: dict[str, NDArray[np.float64]] = {}
    for name, length in pd.Series(km, dtype=float).items():
        kind = str(name)
        if kind in RAIL:
            kwh = given[f"fleet.{RAIL[kind]}_kwh_km"]
            rows[kind] = np.array([0.0, 0.0, kwh, kwh, 0.0, kwh * grid]) * length
        else:
            rows[kind] = bus * length
    table = pd.DataFrame.from_dict(rows, orient="index", columns=list(COLUMNS))
    return _kilograms(table.astype(float))


def resident_emissions(by_zone: pd.DataFrame, given: Assumptions, year: float) -> pd.DataFrame:
    """
    Return kg CO2e a weekday of what the residents travel, inside and outside the town.

    Parameters
    ----------
    by_zone
        `Demand.by_zone`: `km_car` (as driver: vehicle-km), `km_transit` ... a weekday; walking,
        cycling and riding along give off nothing more.

    Returns
    -------
    DataFrame
        Index of `by_zone`; `ghg_kg_car`, `ghg_kg_transit`, `ghg_kg`, `ghg_direct_kg` (cars),
        `electric_kwh`, `final_kwh` (cars). Kilometres by car count at the mean over all streets.
    """
    car = per_km("car", given, year).iloc[0]
    shares = given.by_class("fleet.transit_share")
    factors = given.by_class("fleet.person_emission")
    transit = sum(shares[key] * factors[key] for key in shares) / sum(shares.values())
    km_car, km_transit = _km(by_zone, "car"), _km(by_zone, "transit")
    table = pd.DataFrame(
        {
            "ghg_kg_car": km_car * car["total_g"] / 1000.0,
            "ghg_kg_transit": km_transit * transit / 1000.0,
            "ghg_direct_kg": km_car * car["direct_g"] / 1000.0,
            "electric_kwh": km_car * car["electric_kwh"],
            "final_kwh": km_car * car["final_kwh"],
        },
        index=by_zone.index,
    )
    return table.assign(ghg_kg=table["ghg_kg_car"] + table["ghg_kg_transit"])


def _km(by_zone: pd.DataFrame, mode: str) -> NDArray[np.float64]:
    name = f"km_{mode}"
    return by_zone[name].to_numpy(float) if name in by_zone else np.zeros(len(by_zone))
