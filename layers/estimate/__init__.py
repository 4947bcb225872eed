"""
Fills in what no source says about buildings and trees, and labels every value it fills.

Nothing known is touched. Each estimate takes the best ground there is and says which one in the
`*_source` column: `estimated:height`, `estimated:neighbours`, `estimated:landuse`,
`estimated:shape`, `estimated:class`. Values by class stand in `twin/assumptions/city.toml`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import shapely

from layers.estimate.labels import group, label
from layers.estimate.people import fill_age_class, fill_floor_area, fill_people
from layers.estimate.shape import fill_height, fill_roof, fill_storeys
from layers.estimate.use import fill_size_class, fill_use
from twin.assumptions import assumed
from twin.schema import BUILDINGS

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["estimate_buildings", "estimate_people", "estimate_stock", "estimate_trees"]


def estimate_buildings(buildings: gpd.GeoDataFrame, landuse: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return `buildings` with everything filled in that no source says: stock, then people."""
    return estimate_people(estimate_stock(buildings, landuse))


def estimate_stock(buildings: gpd.GeoDataFrame, landuse: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """
    Return `buildings` with use, type, storeys, roof, height, floor and living area filled in.

    Parameters
    ----------
    buildings, landuse
        Standard tables in one projected CRS; unknown values missing (use: `unknown`).

    Returns
    -------
    Same index and columns. Parts of buildings get a volume, but no areas: their outline has them.
    """
    if buildings.empty:
        return buildings
    done = buildings.assign(footprint_m2=shapely.area(buildings.geometry.array).round(2))
    done = fill_use(done, landuse)
    done = fill_size_class(done)
    kind = group(done)
    done = fill_storeys(done, kind)
    done = fill_roof(done, kind)
    done = fill_height(done, kind)
    return _within_schema(fill_floor_area(done, kind))


def estimate_people(buildings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return `buildings` of `estimate_stock` with age class, dwellings and residents filled in."""
    if buildings.empty:
        return buildings
    return _within_schema(fill_people(fill_age_class(buildings)))


def _within_schema(buildings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Keep estimates for giants (a field tagged as a house) within what the schema allows."""
    limited = [c for c in BUILDINGS.columns if c.source and c.high is not None]
    return buildings.assign(**{c.name: buildings[c.name].clip(c.low, c.high) for c in limited})


def estimate_trees(trees: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return `trees` with height and crown diameter [m] of the usual street tree filled in."""
    height = trees["height_m"].fillna(assumed("tree_height"))
    crown = trees["crown_m"].fillna((height * assumed("tree_crown_share")).round(1))
    return trees.assign(
        leaf=trees["leaf"].fillna("unknown"),
        height_m=height,
        height_source=label(trees, "height_m", "height_source", "estimated:class"),
        crown_m=crown,
        crown_source=label(trees, "crown_m", "crown_source", "estimated:height"),
        position_source=trees["position_source"].fillna("unknown"),
    )
