"""Stages that put mobility together: what each building and each street adds to the indicators."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from twin.classes import FACILITIES, MODES
from twin.indicators.definition import WHOLE, Level
from twin.indicators.mobility import OF_BUILDINGS, OF_STREETS
from twin.simulate.stage import Stage

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.city import City
    from twin.mobility.effects import Charging
    from twin.simulate.reach import Reached
    from twin.simulate.streets import Ground
    from twin.simulate.travel import Travel

    Floats = NDArray[np.float64]
    Sums = dict[Level, pd.DataFrame]

LOUD_DAY, LOUD_NIGHT = 65.0, 55.0
"""Levels [dB(A)] above which the health of residents is at risk (indicators of noise action)."""


def _of_buildings(  # noqa: PLR0913, PLR0917 - called by name
    residents: pd.DataFrame,
    ground: Ground | None,
    travel: Travel | None,
    reached: Reached | None,
    noise: pd.DataFrame | None,
    charging: Charging | None,
    given: Assumptions,
) -> pd.DataFrame:
    """Return what indicators sum up by building; missing where a model had nothing to go by."""
    people = residents["residents"].to_numpy(float)
    found = pd.DataFrame(np.nan, residents.index, list(OF_BUILDINGS))
    if travel is not None and ground is not None:
        found = found.assign(**_trips(people, ground, travel))
    if reached is not None:
        found = found.assign(**_near(people, reached, given))
    if noise is not None:
        level = noise.reindex(residents.index)
        found["loud_day"] = people * (level["day_db"].to_numpy() > LOUD_DAY)
        found["loud_night"] = people * (level["night_db"].to_numpy() > LOUD_NIGHT)
    if charging is not None:
        found["charging_kwh"] = charging.by_building.sum(axis=1)
    return found


def _trips(people: Floats, ground: Ground, travel: Travel) -> dict[str, Floats]:
    """Share what the residents of a zone do among its buildings."""
    by_zone = travel.demand.by_zone
    lived = np.bincount(ground.zone, people, minlength=ground.zones.count)
    share = people / np.maximum(lived, 1e-9)[ground.zone]
    each = {name: np.append(by_zone[name].to_numpy(float), 0.0) for name in by_zone}
    zone = np.minimum(ground.zone, len(by_zone))  # gates have no residents
    found = {f"trips_{mode}": share * each[f"trips_{mode}"][zone] for mode in MODES}
    minutes = np.sum([each[f"minutes_{mode}"] for mode in MODES], axis=0)
    return {
        **found,
        "km_car": share * each["km_car"][zone],
        "travel_minutes": share * minutes[zone],
        "residents_met": people,
    }


def _near(people: Floats, reached: Reached, given: Assumptions) -> dict[str, Floats]:
    """Count the residents who have something near."""
    limit = given["accessibility.profile_minutes"]
    there = [kind for kind in FACILITIES if (reached.facilities["kind"] == kind).any()]
    foot, bike = reached.minutes["walk"], reached.minutes["bike"]
    quick = np.minimum(foot[there].to_numpy(), bike[there].to_numpy())
    near = {
        f"near_{kind}": people * (foot[kind].to_numpy() <= minutes)
        for kind, minutes in (("daily_needs", limit), ("school", limit), ("stop", 10.0))
    }
    return {**near, "near_all": people * (quick <= limit).all(axis=1), "residents_met": people}


def _street_districts(
    street_lines: gpd.GeoDataFrame, district_shapes: gpd.GeoDataFrame, given: Assumptions
) -> NDArray[np.object_]:
    """Return the district that holds the middle of each street, "" where none does."""
    shapes = street_lines.geometry.to_numpy()
    found = np.full(len(shapes), "", object)
    if not len(district_shapes) or not len(shapes):
        return found
    middle = shapely.line_interpolate_point(shapes, 0.5, normalized=True)
    street, district = shapely.STRtree(district_shapes.geometry.to_numpy()).query(
        middle, predicate="intersects"
    )
    order = np.lexsort((-district, street))  # the first of several stays
    found[street[order]] = district_shapes.index.to_numpy(object)[district[order]]
    return found


def _of_streets(
    street_tables: City,
    traffic: pd.DataFrame | None,
    traffic_gas: pd.DataFrame | None,
    stress: pd.DataFrame | None,
    given: Assumptions,
) -> pd.DataFrame | None:
    """Return what indicators sum up by street."""
    streets = street_tables.streets
    if traffic is None:
        return None
    km = streets["length_m"] / 1000
    peak = traffic[["car_peak", "truck_peak"]].sum(axis=1)
    late = (traffic["peak_s"] - traffic["free_s"]).fillna(0.0)
    shared = streets["allow_bike"].to_numpy(bool) & streets["allow_car"].to_numpy(bool)
    cycled = streets["length_m"].where(shared & (streets["car_access"] == "public"), 0.0)
    calm = None if stress is None else stress["lts"].reindex(streets.index) <= 2
    return pd.DataFrame(
        {
            "vkm_car": traffic["car"] * km,
            "vkm_truck": traffic["truck"] * km,
            "delay_h": peak * late / 3600,
            "calm_m": np.nan if calm is None else cycled.where(calm, 0.0),
            "cycled_m": cycled,
            "traffic_t": np.nan if traffic_gas is None else traffic_gas["ghg_kg"] / 1000,
        }
    )


def _street_sums(
    street_table: pd.DataFrame | None,
    street_districts: NDArray[np.object_],
    given: Assumptions,
) -> Sums:
    """Return the sums by city and district; what lies in no district counts for the city only."""
    if street_table is None:
        return {"city": pd.DataFrame(np.nan, [WHOLE], list(OF_STREETS))}
    values = street_table.to_numpy(float)
    columns = list(street_table.columns)
    ids, code = np.unique(street_districts.astype(str), return_inverse=True)
    sums = np.zeros((len(ids), len(columns)))
    np.add.at(sums, code, values)
    by_district = pd.DataFrame(sums, ids.astype(object), columns)
    return {
        "city": pd.DataFrame(values.sum(axis=0)[None, :], [WHOLE], columns),
        "district": by_district.drop(index="", errors="ignore"),
    }


MOBILITY_STAGES = (
    Stage(
        "mobility_table",
        _of_buildings,
        ("residents", "ground", "travel", "reached", "noise", "charging"),
        ("accessibility",),
        bears=("ground", "travel", "reached", "noise", "charging"),
    ),
    Stage("street_districts", _street_districts, ("street_lines", "district_shapes")),
    Stage(
        "street_table",
        _of_streets,
        ("street_tables", "traffic", "traffic_gas", "stress"),
        bears=("traffic_gas", "stress"),
    ),
    Stage("street_sums", _street_sums, ("street_table", "street_districts")),
)
