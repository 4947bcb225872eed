"""Standard tables cut to an area, row by row; no geometry is cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import shapely

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from shapely.geometry.base import BaseGeometry

NETWORK = frozenset({"streets", "nodes", "street_points", "turns"})
"""Tables that hang together: a way that crosses the boundary stays whole, with its junctions."""
EDGE_M = 5.0  # a street that ends this close to the boundary is taken for cut
STRAIGHT_DEG = 0.001  # a line longer than this is straight in degrees, but not in metres


def clip_tables(
    tables: Mapping[str, pd.DataFrame], boundary: BaseGeometry
) -> dict[str, pd.DataFrame]:
    """
    Return the tables without the rows that lie outside an area.

    Parameters
    ----------
    tables
        Standard tables in a projected CRS.
    boundary
        The area in EPSG:4326.

    Returns
    -------
    dict
        A building part stays with its building. A municipality or quarter stays that lies in the
        area with half of itself or covers a hundredth of it, so that neighbours that only share
        the line go; a Landkreis stays if it is as good as the area (kreisfreie Stadt). Of the
        network nothing goes, for its cut was made between ways; dead ends outside are marked as
        the edge.
    """
    kept = dict(tables)
    area = _flat(tables, boundary)
    for name, table in tables.items():
        if name in NETWORK or not isinstance(table, gpd.GeoDataFrame) or table.empty:
            continue
        rows = _districts(table, area) if name == "districts" else table.intersects(area)
        if name == "buildings" and "part_of" in table:
            rows |= table["part_of"].isin(table.index[rows])
        kept[name] = table[rows]
    if "nodes" in tables:
        kept["nodes"] = _with_edge(tables["nodes"], area)
    return kept


def _flat(tables: Mapping[str, pd.DataFrame], boundary: BaseGeometry) -> BaseGeometry:
    crs = next(table.crs for table in tables.values() if isinstance(table, gpd.GeoDataFrame))
    fine = shapely.segmentize(boundary, STRAIGHT_DEG)
    area: BaseGeometry = gpd.GeoSeries([fine], crs="EPSG:4326").to_crs(crs).iloc[0]
    shapely.prepare(area)
    return area


def _districts(districts: gpd.GeoDataFrame, area: BaseGeometry) -> pd.Series[bool]:
    shared = districts.intersection(area).area
    local = districts["level"].ge(8)
    enough = (shared >= 0.5 * districts.area) | (shared >= 0.01 * area.area)
    stays: pd.Series[bool] = local & enough | (shared >= 0.9 * districts.area)
    return stays


def _with_edge(nodes: pd.DataFrame, area: BaseGeometry) -> pd.DataFrame:
    outside = ~shapely.intersects(area.buffer(-EDGE_M), nodes.geometry.to_numpy())
    edge = nodes["is_boundary"] | (nodes["degree"].eq(1) & outside)
    return nodes.assign(is_boundary=edge)
