"""Standard tables cut to an area, row by row; no geometry is cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import shapely

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import pandas as pd
    from shapely.geometry.base import BaseGeometry

NETWORK = frozenset({"streets", "nodes", "street_points", "turns"})
"""Tables that hang together: a way that crosses the boundary stays whole, with its junctions."""


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
        A building part stays with its building; a district stays that lies in the area with half
        of itself or covers a hundredth of it, so that neighbours that only share the line go; of
        the network nothing goes, for its cut was made between ways.
    """
    kept: dict[str, pd.DataFrame] = {}
    for name, table in tables.items():
        if name in NETWORK or not isinstance(table, gpd.GeoDataFrame) or table.empty:
            kept[name] = table
            continue
        area = gpd.GeoSeries([boundary], crs="EPSG:4326").to_crs(table.crs).iloc[0]
        shapely.prepare(area)
        rows = _districts(table, area) if name == "districts" else table.intersects(area)
        if name == "buildings" and "part_of" in table:
            rows |= table["part_of"].isin(table.index[rows])
        kept[name] = table[rows]
    return kept


def _districts(
    districts: gpd.GeoDataFrame, area: BaseGeometry
) -> np.ndarray[Any, np.dtype[np.bool_]]:
    shared = districts.intersection(area).area
    mostly_inside = shared >= 0.5 * districts.area
    local = districts["level"].ge(8) & (shared >= 0.01 * area.area)
    return (mostly_inside | local).to_numpy(dtype=bool)
