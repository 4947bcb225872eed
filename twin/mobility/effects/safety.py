"""What people on foot and on bicycles are exposed to; no accidents are forecast."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from twin.classes import STRESS
from twin.mobility.effects.kilometres import vehicle_km

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Bools = NDArray[np.bool_]

SCHOOLS = ("school", "kindergarten")
CROSSINGS = ("crossing", "crossing_signals", "crossing_zebra")
CROSSING_FREE = "crossing"


def safety_exposure(
    streets: gpd.GeoDataFrame,
    flows: pd.DataFrame,
    buildings: gpd.GeoDataFrame,
    places: gpd.GeoDataFrame,
    given: Assumptions,
) -> tuple[pd.Series[float], pd.DataFrame]:
    """
    Return totals and a table by street of traffic faster than Tempo 30 beside homes and schools.

    Totals a weekday: `km_fast` (vehicle-km on streets with a limit above `effects.calm_speed_kmh`),
    `km_fast_at_homes`, `km_fast_at_schools`, and `residents_at_fast`, who live within
    `effects.home_distance_m` of such a street that carries traffic. By street: `vehicle_km`,
    `is_fast`, `at_homes`, `at_schools`. Accident rates are not invented: they need the accidents
    of the town (Unfallatlas) beside the flows.
    """
    km = vehicle_km(streets, flows).sum(axis=1).to_numpy()
    fast = streets["speed_kmh"].to_numpy(float) > given["effects.calm_speed_kmh"]
    lived = buildings[buildings["residents"].fillna(0.0) > 0]
    home_m, school_m = given["effects.home_distance_m"], given["effects.school_distance_m"]
    homes, beside = _near(streets, lived, home_m)
    schools = _near(streets, places[places["class"].isin(SCHOOLS)], school_m)[1]
    at_homes, at_schools = _marked(beside, len(streets)), _marked(schools, len(streets))
    hit = np.unique(homes[(fast & (km > 0))[beside]])
    totals = {
        "km_fast": km[fast].sum(),
        "km_fast_at_homes": km[fast & at_homes].sum(),
        "km_fast_at_schools": km[fast & at_schools].sum(),
        "residents_at_fast": lived["residents"].to_numpy(float)[hit].sum(),
    }
    table = {"vehicle_km": km, "is_fast": fast, "at_homes": at_homes, "at_schools": at_schools}
    return pd.Series(totals, dtype=float), pd.DataFrame(table, index=streets.index)


def _near(
    streets: gpd.GeoDataFrame, what: gpd.GeoDataFrame, distance_m: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the pairs (row of `what`, row of a street) that are within a distance."""
    tree = shapely.STRtree(streets.geometry.to_numpy())
    shapes = what.geometry.to_numpy()
    if len(shapes) == 0:
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    pairs = tree.query(shapes, predicate="dwithin", distance=distance_m)
    return pairs[0], pairs[1]


def _marked(rows: NDArray[np.intp], count: int) -> Bools:
    found = np.zeros(count, bool)
    found[rows] = True
    return found


def crossing_exposure(
    streets: pd.DataFrame, street_points: pd.DataFrame, flows: pd.DataFrame
) -> pd.DataFrame:
    """
    Return crossings on streets with the vehicles a weekday that pass them, both directions.

    Columns `class`, `vehicles_day`, `is_guarded` (zebra or signals); crossings on no street of the
    network are left out.
    """
    point = street_points[street_points["class"].isin(CROSSINGS)]
    point = point[point["link_id"].isin(streets.index)]
    total = flows.sum(axis=1).reindex(streets.index).fillna(0.0)
    back = streets["reverse_id"].reindex(point["link_id"])
    ahead = total.reindex(point["link_id"]).to_numpy()
    vehicles = ahead + total.reindex(back).fillna(0.0).to_numpy()
    guarded = point["class"] != CROSSING_FREE
    table = {"class": point["class"], "vehicles_day": vehicles, "is_guarded": guarded}
    return pd.DataFrame(table, index=point.index)


def stress_km(
    streets: pd.DataFrame, bikes: pd.Series[float], stress: pd.Series[float]
) -> pd.Series[float]:
    """
    Return bicycle-kilometres a weekday by level of traffic stress of the streets.

    `bikes` by street id, `stress` 1 to 4 by street id; where it is missing the kilometres go to 0.
    """
    km = bikes.reindex(streets.index).fillna(0.0) * streets["length_m"] / 1000.0
    level = stress.reindex(streets.index).fillna(0).astype(int)
    return km.groupby(level).sum().reindex([0, *STRESS], fill_value=0.0)
