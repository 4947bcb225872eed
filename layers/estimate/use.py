"""What a building is for and of which type it is, where no source says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.estimate.labels import LIVING, label
from twin.assumptions import assumed, assumed_by_class

if TYPE_CHECKING:
    from numpy.typing import NDArray


USE_BY_LANDUSE = {
    "residential": "residential",
    "commercial": "commercial",
    "industrial": "industrial",
    "retail": "retail",
    "public": "public",
    "education": "education",
    "health": "health",
    "farmyard": "agriculture",
    "allotments": "shed",
    "sport": "sport",
    "railway": "transport",
    "military": "public",
    "landfill": "utility",
}
"""What a building of unknown use on such land is taken for."""


def fill_use(buildings: gpd.GeoDataFrame, landuse: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Unknown use: from the land it stands on, else small ones are sheds, else it stays unknown."""
    use = buildings["use"].astype("str").fillna("unknown")
    unknown = use == "unknown"
    by_land = pd.Series(np.nan, index=buildings.index, dtype="str")
    if unknown.any() and len(landuse):
        points = buildings.loc[unknown, ["geometry"]].set_geometry(
            buildings.loc[unknown].representative_point()
        )
        land = landuse[landuse["class"].isin(USE_BY_LANDUSE)]
        hit = gpd.sjoin(points, land[["class", "area_m2", "geometry"]], predicate="within")
        hit = hit.sort_values("area_m2", kind="stable")  # the smallest area says most
        found = hit.loc[~hit.index.duplicated(), "class"].astype("str").map(USE_BY_LANDUSE)
        by_land = by_land.where(~by_land.index.isin(found.index), found.reindex(by_land.index))
    small = buildings["footprint_m2"] < assumed("small_building")
    in_housing = by_land.isin(["residential"]) | by_land.isna()
    shed = unknown & small & in_housing
    land_says = unknown & ~shed & by_land.notna()
    new_use = use.mask(shed, "shed").mask(land_says, by_land)
    source = buildings["use_source"].astype("str").mask(unknown, "unknown")
    source = source.mask(shed, "estimated:shape").mask(land_says, "estimated:landuse")
    return buildings.assign(
        use=new_use.astype(buildings["use"].dtype), use_source=source.fillna("unknown")
    )


def fill_size_class(buildings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Type of a residential building from its footprint and whether it touches another."""
    living = buildings["use"].isin(LIVING)
    area = buildings["footprint_m2"]
    attached = _touches_another(buildings, living)
    houses = np.where(
        attached,
        area <= assumed("terraced_footprint_limit"),
        area <= assumed("detached_footprint_limit"),
    )
    houses &= ~higher_than(buildings, assumed("house_storeys_limit")).to_numpy()
    kind = np.where(houses, np.where(attached, "terraced", "detached"), "apartments")
    kind = np.where(living, kind, "non_residential")
    unknown_use = buildings["use"] == "unknown"
    guess = pd.Series(kind, index=buildings.index, dtype="str").mask(unknown_use, np.nan)
    text = buildings["size_class"].astype("str")
    source = label(buildings, "size_class", "size_class_source", "estimated:shape")
    return buildings.assign(
        size_class=text.fillna(guess).astype(buildings["size_class"].dtype),
        size_class_source=source.mask(text.isna() & unknown_use, np.nan),
    )


def higher_than(buildings: gpd.GeoDataFrame, storeys: float) -> pd.Series[bool]:
    """Tell which buildings are known to have more storeys, by count or by height to the ridge."""
    ridge = (storeys + 1.5) * assumed_by_class("storey_height")["detached"]
    by_height = buildings["storeys"].isna() & (buildings["height_m"] > ridge)
    higher: pd.Series[bool] = by_height | (buildings["storeys"] > storeys)
    return higher


def _touches_another(buildings: gpd.GeoDataFrame, among: pd.Series[bool]) -> NDArray[np.bool_]:
    """Tell which buildings stand wall to wall (within 0.2 m) with another one in `among`."""
    result = np.zeros(len(buildings), dtype=bool)
    whole = among.to_numpy() & buildings["part_of"].isna().to_numpy()
    rows = np.flatnonzero(whole)
    geometry = buildings.geometry.array[rows]
    left, right = shapely.STRtree(geometry).query(geometry, predicate="dwithin", distance=0.2)
    result[rows[left[left != right]]] = True
    return result
