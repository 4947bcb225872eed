"""Districts where no boundaries are given: each point of a town belongs to its nearest suburb."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import shapely

from twin.schema import DISTRICTS
from twin.validation import conform

MUNICIPALITY = 8  # administrative level in Germany
DISTRICT = 10
SUBURBS = ("suburb", "quarter")
MARGIN_M = 300.0  # around the outermost buildings, where the municipality has no boundary


def add_districts(
    districts: gpd.GeoDataFrame, places: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """
    Return `districts` with one more for each suburb point of a town that has no inner boundaries.

    The new areas are the Voronoi cells of the suburb points, cut at the boundary of the
    municipality (where there is none: around the buildings) and labelled
    `estimated:nearest_place`. Towns with boundaries of level 9 or more stay as they are.
    """
    suburbs = places[places["class"].isin(SUBURBS) & places["name"].notna()]
    towns = districts[districts["level"] == MUNICIPALITY]
    inner = shapely.union_all(districts.geometry.array[districts["level"] > MUNICIPALITY])
    suburbs = suburbs[~shapely.intersects(suburbs.geometry.array, inner)]
    areas = [*towns.geometry.array, _around(buildings, towns)]
    cells = [_cells(suburbs, area) for area in areas]
    found = pd.concat(cells) if cells else suburbs.iloc[:0]
    if found.empty:
        return districts
    new = conform(DISTRICTS, found, crs=districts.crs.to_string())
    return pd.concat([districts, new[~new.index.isin(districts.index)]]).sort_index()


def _around(buildings: gpd.GeoDataFrame, towns: gpd.GeoDataFrame) -> shapely.Geometry:
    """Return the built-up area that lies in no municipality of the table."""
    points = shapely.centroid(buildings.geometry.array)
    known = shapely.union_all(towns.geometry.array)
    free = points[~shapely.intersects(points, known)]
    hull = shapely.convex_hull(shapely.multipoints(free)).buffer(MARGIN_M)
    return shapely.difference(hull, known) if len(free) else shapely.Polygon()


def _cells(suburbs: gpd.GeoDataFrame, area: shapely.Geometry) -> gpd.GeoDataFrame:
    """Cut `area` among the suburb points inside it; nothing where there are fewer than two."""
    inside = suburbs[shapely.intersects(suburbs.geometry.array, area)]
    inside = inside[~inside.geometry.duplicated()]
    if len(inside) < 2:
        return inside.iloc[:0]
    points = shapely.multipoints(inside.geometry.array)
    cells = shapely.get_parts(shapely.voronoi_polygons(points, extend_to=area))
    owner, cell = shapely.STRtree(cells).query(inside.geometry.array, predicate="intersects")
    shapes = shapely.intersection(cells[cell], area)
    found = inside.iloc[owner]
    return gpd.GeoDataFrame(
        {
            "name": found["name"].to_numpy(),
            "level": float(DISTRICT),
            "area_m2": shapely.area(shapes).round(1),
            "boundary_source": "estimated:nearest_place",
        },
        index=found.index,
        geometry=_polygonal(shapes),
        crs=suburbs.crs,
    )


def _polygonal(shapes: list[shapely.Geometry]) -> list[shapely.Geometry]:
    """Drop the lines and points that cutting may leave, and put coordinates on the millimetre."""
    rounded = shapely.set_precision(shapes, 0.001)
    return [
        shape
        if shape.geom_type in {"Polygon", "MultiPolygon"}
        else shapely.union_all([p for p in shapely.get_parts(shape) if p.geom_type == "Polygon"])
        for shape in rounded
    ]
