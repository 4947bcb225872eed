"""Districts, Baublöcke and traffic zones of a city, official or formed, and who lives in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layers.blocks import assign, complete, make_blocks
from layers.zones import make_zones

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd


def add_areas(tables: dict[str, pd.DataFrame], *, crs: str) -> dict[str, pd.DataFrame]:
    """
    Return the tables with blocks and zones, the block and zone of every building, and residents.

    Official blocks and zones stay as they are; where there are none, they are formed.
    """
    districts = _count_residents(tables["districts"], tables["buildings"])
    tables = {**tables, "districts": districts}
    official = tables["blocks"]
    blocks = complete(official, tables) if len(official) else make_blocks(tables, crs=crs)
    buildings = assign(tables["buildings"], blocks, "block_id")
    done = {**tables, "blocks": blocks, "buildings": buildings}
    if len(tables["zones"]):
        zones = complete(tables["zones"], done)
        return {**done, "zones": zones, "buildings": assign(buildings, zones, "zone_id")}
    zones, zone_of_block = make_zones(blocks, tables["districts"])
    zone = buildings["block_id"].map(zone_of_block).astype("str")
    zone_id = buildings["zone_id"].fillna(zone)
    return {**done, "zones": zones, "buildings": buildings.assign(zone_id=zone_id)}


def _count_residents(districts: gpd.GeoDataFrame, buildings: pd.DataFrame) -> gpd.GeoDataFrame:
    """Sum the estimated residents of the buildings where a district has no figure of its own."""
    counted = buildings.groupby("district_id", observed=True)["residents"].sum().round(0)
    bare = districts["residents"].isna()
    found = counted.reindex(districts.index)
    filled = bare & found.notna()
    return districts.assign(
        residents=districts["residents"].mask(filled, found),
        residents_source=districts["residents_source"].mask(filled, "estimated:buildings"),
    )
