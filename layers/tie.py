"""Ties the tables of a city together: addresses and places to buildings, buildings to areas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from layers.districts import add_districts

if TYPE_CHECKING:
    import geopandas as gpd


def tie(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """
    Fill the keys that tie addresses and places to buildings and buildings to districts, parcels.

    Keys that a source gave stay. Districts are added where no boundaries are given.
    """
    buildings = tables["buildings"]
    whole = buildings[buildings["part_of"].isna()]
    addresses = _with_building(tables["addresses"], whole)
    places = _with_building(tables["places"], whole)
    buildings = _with_address(buildings, addresses)
    districts = add_districts(tables["districts"], places, whole)
    buildings = _with_parcel(_with_district(buildings, districts), tables["parcels"])
    tied = {"buildings": buildings, "addresses": addresses, "places": places}
    return {**tables, **tied, "districts": districts}


def _with_building(points: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Name the building each point lies in, where it names none itself."""
    free = points["building_id"].isna().to_numpy()
    if not free.any() or buildings.empty:
        return points
    row, found = buildings.sindex.query(points.geometry.array[free], predicate="intersects")
    first = np.unique(row, return_index=True)[1]  # lowest key where buildings overlap
    keys = points["building_id"].astype(object).to_numpy(copy=True)
    keys[np.flatnonzero(free)[row[first]]] = buildings.index.to_numpy()[found[first]]
    return points.assign(building_id=pd.array(keys, dtype="str"))


ADDRESS = ["street", "housenumber", "postcode", "locality"]


def _with_address(buildings: gpd.GeoDataFrame, addresses: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give a building without an address the first one that lies in it."""
    inside = addresses.dropna(subset=["building_id"]).sort_values(["street", "housenumber"])
    first = inside.drop_duplicates("building_id").set_index("building_id")[ADDRESS]
    first = first.reindex(buildings.index)
    bare = buildings["street"].isna() & buildings["housenumber"].isna()
    return buildings.assign(**{c: buildings[c].mask(bare, first[c]) for c in ADDRESS})


def _with_district(buildings: gpd.GeoDataFrame, districts: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Name the smallest district each building lies in (highest administrative level)."""
    bare = buildings["district_id"].isna().to_numpy()
    if districts.empty or not bare.any():
        return buildings
    ranked = districts.sort_values(["level", "area_m2"], ascending=[False, True], kind="stable")
    ids = _first_area(buildings, ranked)
    return buildings.assign(district_id=buildings["district_id"].fillna(ids))


def _with_parcel(buildings: gpd.GeoDataFrame, parcels: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Name the parcel a point inside each building lies on."""
    if parcels.empty:
        return buildings
    ids = _first_area(buildings, parcels)
    return buildings.assign(parcel_id=buildings["parcel_id"].fillna(ids))


def _first_area(buildings: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> pd.Series[str]:
    """Return the first area in the order given that a point inside each building lies in."""
    points = shapely.point_on_surface(buildings.geometry.array)
    row, found = areas.sindex.query(points, predicate="intersects")
    order = np.lexsort((found, row))
    row, found = row[order], found[order]
    first = np.unique(row, return_index=True)[1]
    keys = np.full(len(buildings), None, dtype=object)
    keys[row[first]] = areas.index.to_numpy()[found[first]]
    return pd.Series(keys, index=buildings.index, dtype="str")
