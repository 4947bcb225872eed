"""The terrain a city keeps: as fine as a map and a slope need, small enough for memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    import pandas as pd

    from layers.source_data import Surface
    from twin.raster import Raster

MOST_CELLS = 4_000_000
CELL_SIZES_M = (1, 2, 5, 10, 20, 25, 50, 100, 200, 500)
MARGIN_M = 200.0


def city_terrain(
    tables: Mapping[str, pd.DataFrame], surfaces: Mapping[str, Surface], *, crs: str
) -> dict[str, Raster]:
    """
    Return `{"terrain": raster}` of the city's extent, `{}` where no terrain is given.

    The cells are the smallest of a round size, no finer than the source, that cover buildings and
    streets with at most 4 million cells.
    """
    surface = surfaces.get("terrain")
    if surface is None:
        return {}
    bounds = _overlap(_extent(tables), surface.bounds(crs))
    if bounds is None:
        return {}
    west, south, east, north = bounds
    area = (east - west) * (north - south)
    fitting = [c for c in CELL_SIZES_M if c >= surface.cell_m * 0.99 and area <= MOST_CELLS * c**2]
    cell = float(fitting[0] if fitting else CELL_SIZES_M[-1])
    raster = surface.read(bounds, crs=crs, cell_m=cell)
    return {"terrain": raster} if np.isfinite(raster.cells).any() else {}


def _extent(tables: Mapping[str, pd.DataFrame]) -> tuple[float, float, float, float] | None:
    found: list[gpd.GeoDataFrame] = [tables[n] for n in ("buildings", "nodes") if len(tables[n])]
    if not found:
        return None
    bounds = np.array([table.total_bounds for table in found])
    west, south = bounds[:, :2].min(axis=0) - MARGIN_M
    east, north = bounds[:, 2:].max(axis=0) + MARGIN_M
    return float(west), float(south), float(east), float(north)


def _overlap(
    a: tuple[float, float, float, float] | None, b: tuple[float, float, float, float]
) -> tuple[float, float, float, float] | None:
    if a is None:
        return None
    west, south = max(a[0], b[0]), max(a[1], b[1])
    east, north = min(a[2], b[2]), min(a[3], b[3])
    return (west, south, east, north) if west < east and south < north else None
