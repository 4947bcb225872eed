"""Who lives where: people on streets, near stops, in areas."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from twin.hashing import hash_parts
from twin.selection.streets import PART

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.city import City

    Rows = NDArray[np.intp]

NEAR_STOP_M = 400.0
"""Five minutes on foot: who lives this near to a stop is reached by it."""

NOT_LIVED_ON = ("motorway", "trunk", "track", "path", "footway", "steps", "bridleway", "cycleway")
"""Classes that no address is on, where there is another street."""


@dataclass(frozen=True, eq=False)
class Homes:
    """Whole buildings of the town: where they stand, who lives there, on which street."""

    index: pd.Index[str]
    xy: NDArray[np.float64]  # (n, 2) metres
    residents: NDArray[np.float64]
    dwellings: NDArray[np.float64]
    street: pd.Index[str]  # id of the nearest link


@dataclass(frozen=True)
class _Of:
    key: str
    city: City = field(compare=False)


def homes_of(city: City) -> Homes:
    """Return the buildings with people in them, worked out once for the same tables."""
    key = hash_parts([city.hashes["buildings"], city.hashes["streets"]])
    return _homes(_Of(key, city))


@lru_cache(maxsize=3)
def _homes(of: _Of) -> Homes:
    buildings = of.city.buildings
    people = buildings["residents"].fillna(0.0).to_numpy(float)
    dwellings = buildings["dwellings"].fillna(0.0).to_numpy(float)
    lived = np.flatnonzero((people > 0) | (dwellings > 0))
    centre = shapely.centroid(np.asarray(buildings.geometry.array)[lived])
    xy = shapely.get_coordinates(centre)
    street = _nearest_streets(of.city, centre)
    return Homes(buildings.index[lived], xy, people[lived], dwellings[lived], street)


def _nearest_streets(city: City, spots: NDArray[np.object_]) -> pd.Index[str]:
    streets = city.streets
    fit = np.flatnonzero(~streets["class"].isin(NOT_LIVED_ON).to_numpy())
    fit = fit if len(fit) else np.arange(len(streets))
    if not len(fit) or not len(spots):
        return pd.Index([""] * len(spots), dtype="str")
    tree = shapely.STRtree(np.asarray(streets.geometry.array)[fit])
    spot, nearest = tree.query_nearest(spots, all_matches=False)
    row = np.zeros(len(spots), np.intp)
    row[spot] = fit[nearest]
    found: pd.Index[str] = streets.index[row]
    return found


def on_streets(city: City, ids: pd.Index[str], opposite: pd.Index[str]) -> tuple[float, float]:
    """
    Return residents and dwellings of the buildings nearest to some links.

    `ids` and the ids of their opposite links count; parts of a link that was cut count for all.
    """
    homes = homes_of(city)
    wanted = {name.partition(PART)[0] for name in ids} | {
        name.partition(PART)[0] for name in opposite if isinstance(name, str)
    }
    mine = homes.street.isin(list(wanted))
    return float(homes.residents[mine].sum()), float(homes.dwellings[mine].sum())


def near_places(
    city: City, xy: NDArray[np.float64], metres: float = NEAR_STOP_M
) -> tuple[float, float]:
    """Return residents and dwellings within some metres of any of the places (m, 2)."""
    homes = homes_of(city)
    if not len(xy) or not len(homes.xy):
        return 0.0, 0.0
    tree = shapely.STRtree(np.asarray(shapely.points(homes.xy)))
    found = tree.query(shapely.points(xy), predicate="dwithin", distance=metres)[1]
    rows = np.unique(found)
    return float(homes.residents[rows].sum()), float(homes.dwellings[rows].sum())


def inside(city: City, area: shapely.Geometry | None) -> tuple[float, float]:
    """Return residents and dwellings of the buildings with their middle in an area; none: all."""
    homes = homes_of(city)
    mine = np.ones(len(homes.xy), bool)
    if area is not None and len(homes.xy):
        shapely.prepare(area)
        mine = shapely.contains_xy(area, homes.xy[:, 0], homes.xy[:, 1])
    return float(homes.residents[mine].sum()), float(homes.dwellings[mine].sum())
