"""Terrain of the made-up town: a smooth formula, and tiles written as NRW publishes them."""

from __future__ import annotations

import gzip
import math
from typing import TYPE_CHECKING

import numpy as np
import rasterio
import shapely
from rasterio.transform import from_origin

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

CRS = "EPSG:25832"
TILE = 1000  # m
NODATA = -9999.0


def ground(x, y):
    """
    Give the height of the ground [m above sea] at points in EPSG:25832, about 50 to 110 m.

    Two long waves (hills of 4 and 2.5 km) on a gentle slope: smooth, with gradients up to 5 %,
    the same everywhere on earth, so that tiles of any place fit together.
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    hills = 16 * np.sin(2 * np.pi * x / 4000) * np.cos(2 * np.pi * y / 4000)
    knolls = 9 * np.sin(2 * np.pi * (x + 0.5 * y) / 2500 + 1)
    slope = 5 * np.sin(2 * np.pi * y / 9000)
    return 80 + hills + knolls + slope


def tile_name(east, north, *, kind="terrain", year=2022, ending="tif"):
    """Name a tile as the state does; east and north in metres of its south-west corner."""
    product = {"terrain": "dgm1", "surface": "dom1"}[kind]
    return f"{product}_32_{int(east) // TILE}_{int(north) // TILE}_1_nw_{year}.{ending}"


def heights(
    west: float,
    north: float,
    *,
    cell_m: float,
    shape: tuple[int, int],
    buildings=None,
) -> NDArray[np.float32]:
    """
    Give the heights of cell centres, rows from the north; with `buildings` the surface on them.

    `buildings` are pairs (footprint, height above the ground at its middle): a flat top.
    """
    rows, columns = shape
    x = west + (np.arange(columns) + 0.5) * cell_m
    y = north - (np.arange(rows) + 0.5) * cell_m
    z = ground(x[None, :], y[:, None])
    for footprint, height in buildings or ():
        left, bottom, right, top = footprint.bounds
        columns_in = np.flatnonzero((x > left) & (x < right))
        rows_in = np.flatnonzero((y > bottom) & (y < top))
        if not len(columns_in) or not len(rows_in):
            continue
        window = np.ix_(rows_in, columns_in)
        inside = shapely.contains_xy(footprint, x[None, columns_in], y[rows_in][:, None])
        middle = footprint.centroid
        z[window] = np.where(inside, ground(middle.x, middle.y) + height, z[window])
    return z.astype("float32")


def write_tile(path: Path, z, *, west, north, cell_m, crs=CRS, nodata=NODATA) -> Path:
    """Write one GeoTIFF as the state does: float32, deflate, nodata -9999."""
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=z.shape[0],
        width=z.shape[1],
        count=1,
        dtype="float32",
        crs=crs,
        transform=from_origin(west, north, cell_m, cell_m),
        nodata=nodata,
        compress="deflate",
        predictor=3,
        tiled=True,
        blockxsize=256,
        blockysize=256,
    ) as file:
        file.write(z, 1)
    return path


def tiles_of(bounds):
    """List the south-west corners [m] of the 1 km tiles that `bounds` touch."""
    west, south, east, north = bounds
    return [
        (e * TILE, n * TILE)
        for e in range(math.floor(west / TILE), math.ceil(east / TILE))
        for n in range(math.floor(south / TILE), math.ceil(north / TILE))
    ]


def write_dgm1(
    bounds, folder: Path, *, cell_m: float = 1.0, kind="terrain", buildings=None
) -> list[Path]:
    """
    Write the tiles of 1 km² that `bounds` (west, south, east, north in EPSG:25832) touch.

    `kind="surface"` writes DOM tiles; `buildings` are pairs (footprint, height [m]) and count
    there only. Returns the files in order of their names.
    """
    folder.mkdir(parents=True, exist_ok=True)
    size = round(TILE / cell_m)
    standing = buildings if kind == "surface" else None
    return sorted(
        write_tile(
            folder / tile_name(east, north, kind=kind),
            heights(east, north + TILE, cell_m=cell_m, shape=(size, size), buildings=standing),
            west=east,
            north=north + TILE,
            cell_m=cell_m,
        )
        for east, north in tiles_of(bounds)
    )


def write_xyz(bounds, folder: Path, *, cell_m: float = 1.0, packed=False) -> list[Path]:
    """
    Write the same tiles as text, one point a line at the cell centres, west to east, south first.

    NRW writes whole coordinates for the south-west corner of a cell in older deliveries and
    centres (.50) in newer ones; these are centres. `packed` writes `.xyz.gz`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    size = round(TILE / cell_m)
    written = []
    for east, north in tiles_of(bounds):
        z = heights(east, north + TILE, cell_m=cell_m, shape=(size, size))[::-1]
        at = (np.arange(size) + 0.5) * cell_m
        x, y = np.meshgrid(east + at, north + at)
        lines = np.column_stack([x.ravel(), y.ravel(), z.ravel()])
        name = tile_name(east, north, ending="xyz.gz" if packed else "xyz")
        opened = gzip.open if packed else open
        with opened(folder / name, "wt") as file:
            np.savetxt(file, lines, fmt="%.2f")
        written.append(folder / name)
    return sorted(written)
