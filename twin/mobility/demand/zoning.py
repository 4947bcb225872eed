"""Which zone a building or place belongs to, and what part of a zone an area covers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from twin.errors import ModelError

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def zone_of(buildings: gpd.GeoDataFrame, zones: gpd.GeoDataFrame) -> pd.Series[str]:
    """
    Return the zone id of each building, index as given.

    What the table says counts where it is a zone; else the zone around the building's middle, else
    the nearest one. Works for places and other points as well.

    Raises
    ------
    ModelError
        There are no zones.
    """
    _check(zones)
    if "zone_id" in buildings:
        place = zones.index.get_indexer(buildings["zone_id"])
    else:
        place = np.full(len(buildings), -1, np.intp)
    open_rows = np.flatnonzero(place < 0)
    if len(open_rows):
        place = place.copy()
        shapes = shapely.force_2d(buildings.geometry.to_numpy()[open_rows])
        place[open_rows] = nearest_zone(shapely.point_on_surface(shapes), zones)
    ids = zones.index.to_numpy(dtype=object)[place]
    return pd.Series(ids, index=buildings.index, name="zone_id")


def nearest_zone(points: NDArray[np.object_], zones: gpd.GeoDataFrame) -> NDArray[np.intp]:
    """Return the row of the zone that holds each point or is nearest; the first of several."""
    _check(zones)
    if not len(points):
        return np.zeros(0, np.intp)
    tree = shapely.STRtree(zones.geometry.to_numpy())
    point, zone = tree.query_nearest(points, all_matches=True)
    found = np.full(len(points), len(zones), np.intp)
    np.minimum.at(found, point, zone)
    return np.where(found < len(zones), found, 0)


def covered_share(
    zones: gpd.GeoDataFrame,
    area: shapely.Geometry | None,
    points: gpd.GeoSeries | None,
    weight: tuple[NDArray[np.intp], Floats],
) -> Floats:
    """
    Return what part of each zone (n_zones,) lies in an area; everything where it is none.

    With `points` (of buildings) and their `weight` (zone row, residents plus jobs) it is the part
    of people; zones without people and calls without points go by the ground covered.
    """
    if area is None:
        return np.ones(len(zones))
    shapes = zones.geometry.to_numpy()
    size = np.maximum(shapely.area(shapes), 1e-9)
    ground = shapely.area(shapely.intersection(shapes, area)) / size
    if points is None:
        return np.asarray(np.clip(ground, 0, 1))
    row, people = weight
    inside = shapely.contains_xy(area, shapely.get_coordinates(points.to_numpy()))
    total = np.bincount(row, people, len(zones))
    part = np.bincount(row, people * inside, len(zones))
    by_people = part / np.maximum(total, 1e-12)
    return np.asarray(np.where(total > 0, by_people, np.clip(ground, 0, 1)))


def _check(zones: gpd.GeoDataFrame) -> None:
    if len(zones) == 0:
        template = "The city has no traffic zones."
        hint = "Build it again with `twin build`, which makes zones of its blocks."
        raise ModelError(template, hint=hint)
