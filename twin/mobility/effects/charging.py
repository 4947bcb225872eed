"""Energy of electric cars by place and hour: what the grid of the town is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from twin.errors import ModelError
from twin.mobility.effects.emissions import DAYS
from twin.mobility.effects.fleet import per_km

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.state import AreaChange

    Floats = NDArray[np.float64]

PLACES = ("home", "work", "public")
"""Where the town's grid gives the energy; `away` is charged elsewhere."""

HOURS = 8760
SATURDAY = 5


@dataclass(frozen=True, eq=False)
class Charging:
    """
    A year of charging the cars of the residents.

    `by_building`: kWh a year from the grid, columns `home_kwh`, `work_kwh`, `public_kwh`.
    `away_kwh` is charged out of town. `shapes` has for each place the share of every hour of the
    year, (8760,) with sum 1: kWh of a place x its shape are kW.
    """

    by_building: pd.DataFrame
    away_kwh: float
    shapes: Mapping[str, Floats]

    @property
    def total_kwh(self) -> float:
        """All energy charged, in town and away."""
        return float(self.by_building.to_numpy().sum()) + self.away_kwh

    def hourly_kw(self) -> pd.DataFrame:
        """Return what the town's grid gives in every hour [kW], a column a place."""
        sums = self.by_building.sum()
        return pd.DataFrame({place: self.shapes[place] * sums[f"{place}_kwh"] for place in PLACES})


def charging_kwh(
    by_zone: pd.DataFrame,
    buildings: pd.DataFrame,
    given: Assumptions,
    year: float,
    *,
    points: pd.Series[float] | None = None,
    first_weekday: int = 0,
) -> Charging:
    """
    Return energy charged by building and hour, from the kilometres residents drive.

    Energy from the grid = kilometres x electric share x consumption x (1 + loss) x days of the
    year; its split over home, work, public and away is assumed. Home charging goes to the buildings
    of the zone by `residents` (zones without: to all of the town), work by `jobs` over the town,
    public by `points`, or by jobs where there are none. Nothing is lost: `total_kwh` is the energy.

    Parameters
    ----------
    by_zone
        `Demand.by_zone`, `km_car` a weekday; index zone id.
    buildings
        Index building id; `zone` (id; missing allowed), `residents`, `jobs`.
    points
        Public charging points by building, see `public_points`.
    first_weekday
        Of 1 January, 0 is Monday.
    """
    weights = buildings[["residents", "jobs"]].fillna(0.0).astype(float)
    _check(weights, by_zone)
    per_day = by_zone["km_car"].astype(float) * per_km("car", given, year).iloc[0]["electric_kwh"]
    energy = per_day * (DAYS * given["effects.week_factor"])
    places = given.by_class("fleet.charging_place")
    share = {name: value / sum(places.values()) for name, value in places.items()}
    home = _by_zone(energy * share["home"], buildings["zone"], weights["residents"])
    jobs = _spread(weights["jobs"], weights["residents"])
    public = jobs if points is None else _spread(points.reindex(buildings.index).fillna(0.0), jobs)
    table = {"home": home, "work": jobs * (energy.sum() * share["work"]),
             "public": public * (energy.sum() * share["public"])}  # fmt: skip
    return Charging(
        pd.DataFrame({f"{place}_kwh": table[place] for place in PLACES}, index=buildings.index),
        float(energy.sum() * share["away"]),
        charging_shapes(given, first_weekday=first_weekday),
    )


def _check(weights: pd.DataFrame, by_zone: pd.DataFrame) -> None:
    km = by_zone["km_car"].to_numpy(float)
    if not np.isfinite(km).all() or (km < 0).any():
        template = "Kilometres by car of {count} zones are negative or no numbers."
        count = int((~(np.isfinite(km) & (km >= 0))).sum())
        raise ModelError(template, hint="Compute the demand again.", count=count)
    if (weights.to_numpy() < 0).any():
        template = "Residents or jobs of {count} buildings are negative."
        count = int((weights < 0).any(axis=1).sum())
        raise ModelError(template, hint="Check the stock.", count=count)


def _spread(weight: pd.Series[float], instead: pd.Series[float]) -> pd.Series[float]:
    """Return shares with sum 1 by a weight; by another where all are 0, else all alike."""
    for chosen in (weight, instead):
        if (total := float(chosen.sum())) > 0:
            return chosen / total
    return pd.Series(1.0 / max(len(weight), 1), index=weight.index)


def _by_zone(
    energy: pd.Series[float], zone: pd.Series[str], residents: pd.Series[float]
) -> pd.Series[float]:
    """Give the energy of each zone to its buildings by residents; what finds none to all."""
    lived = residents.groupby(zone).sum()
    lived = lived[lived > 0]
    share = (residents / zone.map(lived).astype(float)).fillna(0.0)  # first: a rate might run over
    here = share * zone.map(energy.reindex(lived.index)).astype(float).fillna(0.0)
    rest = energy[~energy.index.isin(lived.index)].sum()
    return here + _spread(residents, residents) * rest


def charging_shapes(given: Assumptions, *, first_weekday: int = 0) -> dict[str, Floats]:
    """Return by place the share of each hour of a year of 8,760 hours, sum 1."""
    weekday = (first_weekday + np.arange(DAYS)) % 7
    free = weekday >= SATURDAY
    shapes = {}
    for place in PLACES:
        work_day, public = _day(place, given), _day("public", given)
        lighter = given[f"fleet.charging_weekend.{place}"]
        hours = np.where(free[:, None], public * lighter, work_day).reshape(HOURS)
        shapes[place] = hours / hours.sum()
    return shapes


def _day(place: str, given: Assumptions) -> Floats:
    hours = given.array(f"fleet.charging_{place}", [f"{hour:02d}" for hour in range(24)])
    share: Floats = hours / hours.sum()
    return share


def public_points(
    buildings: gpd.GeoDataFrame,
    places: gpd.GeoDataFrame,
    given: Assumptions,
    *,
    area_changes: Iterable[AreaChange] = (),
) -> pd.Series[float]:
    """
    Return public charging points by building: the building nearest to each mapped place.

    A place of class `charging` has `fleet.points_per_place`. `AreaChange` of kind
    `charging_points` adds its value `points` over the buildings of its area, by `jobs` where the
    table has them, else alike; an area without buildings gives them to the nearest one.
    """
    found = pd.Series(0.0, index=buildings.index)
    if buildings.empty:
        return found
    tree = shapely.STRtree(buildings.geometry.to_numpy())
    charging = places[places["class"] == "charging"]
    if len(charging):
        near = tree.nearest(charging.geometry.representative_point().to_numpy())
        counts = np.bincount(near, minlength=len(buildings)) * given["fleet.points_per_place"]
        found = found + counts
    for change in area_changes:
        if change.kind == "charging_points":
            found = found + _added(buildings, tree, change)
    return found


def _added(
    buildings: gpd.GeoDataFrame, tree: shapely.STRtree, change: AreaChange
) -> pd.Series[float]:
    """Return the points a measure adds, by building."""
    weight = np.zeros(len(buildings))
    inside = np.arange(len(buildings))
    if change.area is not None:
        inside = tree.query(change.area, predicate="intersects")
        if len(inside) == 0:
            inside = np.array([tree.nearest(change.area)])
    jobs = buildings["jobs"].to_numpy(float) if "jobs" in buildings else np.zeros(len(buildings))
    chosen = np.nan_to_num(jobs[inside])
    weight[inside] = chosen if chosen.sum() > 0 else 1.0
    return pd.Series(weight / weight.sum() * change.values["points"], index=buildings.index)
