"""What roofs could carry: module area, power and yield of every plane, and where plants go."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from twin.energy.solar.planes import roof_planes
from twin.energy.solar.yields import module_angles, pv_year

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.city import City

    Values = NDArray[np.float64]


def module_area(planes: pd.DataFrame, given: Assumptions) -> pd.Series[float]:
    """
    Return the module area [m²] that fits on each plane.

    Area inside the edge distance e: A - e P + 4 e², exact for rectangles, cautious for what has
    more corners; times the usable share, and on flat roofs times the cover of the rows.
    """
    azimuth = planes["azimuth_deg"].to_numpy("float64")
    tilt = planes["tilt_deg"].to_numpy("float64")
    _, _, pairs = module_angles(azimuth, tilt, given)
    flat = (tilt < given["solar.flat_below"]) | np.isnan(azimuth)
    edge = np.where(flat, given["solar.flat_edge_distance"], given["solar.edge_distance"])
    area, around = planes["area_m2"].to_numpy("float64"), planes["perimeter_m"].to_numpy("float64")
    inside = np.where(around > 8 * edge, area - edge * around + 4 * edge**2, 0.0)
    single, paired = given["solar.flat_cover.single"], given["solar.flat_cover.pairs"]
    cover = np.where(flat, np.where(pairs, paired, single), 1.0)
    fits = np.clip(inside, 0, None) * planes["usable_share"].to_numpy("float64") * cover
    return pd.Series(fits, index=planes.index, name="module_m2")


def potential(
    planes: pd.DataFrame,
    weather: pd.DataFrame,
    horizons: pd.DataFrame | None,
    given: Assumptions,
) -> pd.DataFrame:
    """
    Return what each plane could carry and yield.

    Parameters
    ----------
    planes
        Table of `roof_planes`.
    weather, horizons
        Tables of the city.

    Returns
    -------
    Indexed by `plane_id`: `building_id`, `module_m2`, `kwp`, `poa_kwh_m2`, `yield_kwh_kwp`,
    `annual_kwh`. Planes that carry nothing have `kwp` 0 and no irradiation is worked out (NaN).
    """
    area = module_area(planes, given)
    kwp = (area * given["solar.module_power"]).rename("kwp")
    carries = (kwp > 0).to_numpy()
    year = pv_year(planes[carries], weather, horizons, given).reindex(planes.index)
    found = pd.concat([planes["building_id"], area, kwp, year], axis=1)
    return found.assign(annual_kwh=(kwp * year["yield_kwh_kwp"]).fillna(0.0))


def city_potential(city: City, given: Assumptions) -> pd.DataFrame:
    """Return `potential` of all roof planes of a city."""
    return potential(roof_planes(city, given), city.weather, city.horizons, given)


def building_potential(
    city: City,
    given: Assumptions,
    *,
    min_yield: float = 0.0,
    planes_potential: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """
    Return `kwp`, `yield_kwh_kwp` and `annual_kwh` of good planes by building.

    Parameters
    ----------
    min_yield
        Planes that yield less [kWh/(kWp·a)] are left out.
    planes_potential
        Result of `city_potential`, where it is there already.

    Returns
    -------
    A row for every whole building, indexed by `building_id`; 0 kWp and no yield (NaN) where no
    plane is good.
    """
    found = city_potential(city, given) if planes_potential is None else planes_potential
    good = found[(found["kwp"] > 0) & (found["yield_kwh_kwp"] >= min_yield)]
    sums = good.groupby("building_id")[["kwp", "annual_kwh"]].sum()
    whole = city.buildings.index[city.buildings["part_of"].isna()]
    sums = sums.reindex(whole).fillna(0.0)
    sums.insert(1, "yield_kwh_kwp", sums["annual_kwh"] / sums["kwp"].where(sums["kwp"] > 0))
    return sums.rename_axis("building_id")


class Allocation(NamedTuple):
    """Plants on planes, and what found no place there."""

    kwp: pd.Series[float]  # by plane_id
    unplaced: pd.Series[float]  # by building_id


def allocate(pv_kwp: pd.Series[float], planes_potential: pd.DataFrame) -> Allocation:
    """
    Put the plants of buildings on their planes, those of the highest yield first.

    Parameters
    ----------
    pv_kwp
        Installed power by building_id.
    planes_potential
        Result of `potential`.

    Returns
    -------
    Power by plane (every plane has a row), and by building what its planes cannot carry. Both
    together are exactly what was asked for, up to rounding.
    """
    owner = pv_kwp.index.get_indexer(pd.Index(planes_potential["building_id"]))
    room = planes_potential["kwp"].to_numpy("float64")
    rank = -planes_potential["yield_kwh_kwp"].fillna(0.0).to_numpy("float64")
    order = np.lexsort((_places(planes_potential.index), rank, owner))
    order = order[owner[order] >= 0]
    owner, room = owner[order], room[order]
    turn = np.arange(len(owner)) - np.searchsorted(owner, owner)  # best plane 0, next 1, ...
    left = pv_kwp.to_numpy("float64", copy=True)
    placed = np.zeros(len(planes_potential))
    by_turn = np.argsort(turn, kind="stable")
    for rows in np.split(by_turn, np.cumsum(np.bincount(turn))[:-1]):
        share = np.clip(left[owner[rows]], 0.0, room[rows])
        placed[order[rows]] = share
        left[owner[rows]] -= share
    kwp = pd.Series(placed, index=planes_potential.index, name="kwp")
    unplaced = pd.Series(np.where(left > 1e-9, left, 0.0), pv_kwp.index, name="unplaced_kwp")
    return Allocation(kwp, unplaced)


def _places(ids: pd.Index[str]) -> NDArray[np.int64]:
    """Return the place of each id in their order, to settle ties the same way in any order."""
    if ids.is_monotonic_increasing:
        return np.arange(len(ids))
    places = np.empty(len(ids), np.int64)
    places[ids.argsort()] = np.arange(len(ids))
    return places
