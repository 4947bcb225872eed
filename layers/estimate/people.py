"""Floor area, age class, dwellings and residents where no source gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from layers.estimate.labels import ACCESSORY, LIVING, keep
from twin.assumptions import assumed
from twin.classes import AGE_CLASSES

if TYPE_CHECKING:
    import geopandas as gpd


def fill_floor_area(buildings: gpd.GeoDataFrame, group: pd.Series[str]) -> gpd.GeoDataFrame:
    """Floor area from footprint and storeys; living area of homes from floor area."""
    whole = buildings["part_of"].isna() & ~group.isin(ACCESSORY)
    area = (buildings["footprint_m2"] * buildings["storeys"].clip(lower=1)).where(whole).round(1)
    by_storeys = pd.Series("estimated:storeys", index=buildings.index).where(whole)
    floor_area = buildings["floor_area_m2"].fillna(area)
    homes = buildings["use"].isin(LIVING) & whole
    living = (floor_area * assumed("gross_to_living_area")).where(homes).round(1)
    by_floor = pd.Series("estimated:floor_area", index=buildings.index).where(homes)
    return buildings.assign(
        floor_area_m2=floor_area,
        floor_area_source=keep(buildings, "floor_area_m2", "floor_area_source", by_storeys),
        living_area_m2=buildings["living_area_m2"].fillna(living),
        living_area_source=keep(buildings, "living_area_m2", "living_area_source", by_floor),
    )


def fill_age_class(buildings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Age class from the year built; a building of unknown year stays unknown."""
    edges = [-np.inf, *(int(name.partition("_")[0]) - 1 for name in AGE_CLASSES[1:]), np.inf]
    found = pd.cut(buildings["year_built"], edges, labels=list(AGE_CLASSES)).astype("str")
    return buildings.assign(
        age_class=buildings["age_class"]
        .astype("str")
        .fillna(found)
        .astype(buildings["age_class"].dtype),
        age_class_source=keep(
            buildings, "age_class", "age_class_source", buildings["year_built_source"]
        ),
    )


def fill_people(buildings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Dwellings from living area, residents from dwellings; only an order of magnitude."""
    homes = buildings["use"].isin(LIVING) & buildings["part_of"].isna()
    flats = (
        (buildings["living_area_m2"] / assumed("living_area_per_dwelling")).round().clip(lower=1)
    )
    house = buildings["size_class"].isin(["detached", "terraced"])
    dwellings = flats.mask(house, flats.clip(upper=2)).where(homes)
    all_dwellings = buildings["dwellings"].fillna(dwellings)
    residents = (all_dwellings * assumed("residents_per_dwelling")).round(2)
    by_area = pd.Series("estimated:floor_area", index=buildings.index).where(homes)
    by_dwellings = pd.Series("estimated:dwellings", index=buildings.index)
    large = buildings["size_class_source"].eq("estimated:shape") & (
        all_dwellings >= assumed("large_apartments_dwellings")
    )
    return buildings.assign(
        size_class=buildings["size_class"].mask(large & homes, "large_apartments"),
        dwellings=all_dwellings,
        dwellings_source=keep(buildings, "dwellings", "dwellings_source", by_area),
        residents=buildings["residents"].fillna(residents),
        residents_source=keep(
            buildings, "residents", "residents_source", by_dwellings.where(all_dwellings.notna())
        ),
    )
