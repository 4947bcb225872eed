"""A raster of a city as a GeoTIFF that any other program opens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import rasterio
from rasterio.errors import RasterioIOError
from rasterio.transform import from_origin

from twin.errors import StoreError
from twin.raster import Raster

if TYPE_CHECKING:
    from pathlib import Path


def write_raster(raster: Raster, path: Path, *, crs: str) -> None:
    """Write `raster` as a compressed, tiled GeoTIFF; unknown cells are NaN."""
    rows, columns = raster.cells.shape
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=rows,
        width=columns,
        count=1,
        dtype="float32",
        crs=crs,
        transform=from_origin(raster.west, raster.north, raster.cell_m, raster.cell_m),
        nodata=np.nan,
        compress="deflate",
        predictor=3,  # floating point
        tiled=True,
    ) as file:
        file.write(raster.cells.astype("float32", copy=False), 1)


def read_raster(path: Path) -> Raster:
    """
    Read what `write_raster` wrote.

    Raises
    ------
    StoreError
        The file is no raster.
    """
    try:
        with rasterio.open(path) as file:
            grid = file.transform
            return Raster(file.read(1), grid.c, grid.f, grid.a)
    except RasterioIOError as error:
        template = "{path} cannot be read as a raster ({reason})."
        hint = "Build the city again with `twin build`."
        raise StoreError(template, hint=hint, path=path, reason=str(error)) from error
