"""The shaded relief: light on the ground, worked out once and sent as one small grey picture."""

from __future__ import annotations

import gzip
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from dash_app.map.binary import Column, pack

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dash_app.map.frame import Frame
    from twin.raster import Raster

    Floats = NDArray[np.float64]

SUNS = ((315.0, 0.5), (270.0, 0.25), (0.0, 0.25))
"""Azimuth and weight of the lights: the north-west of all maps, and both sides of it, so that no
valley lies in the blind direction (as in Mark, USGS Open-File Report 92-422)."""

ELEVATION = 45.0
USUAL_SLOPE = 0.3  # a tenth of the ground is steeper after exaggeration: flat towns show theirs
MAX_EXAGGERATION = 10.0
FLAT = 128  # grey of level ground
REACH = 110.0  # greys from level ground to full shade
GREY_STEP = 4  # finer steps are not seen, and cost bytes
MAX_CELLS = 1_200_000
MAX_BYTES = 300_000
MESH = 9  # corners of the net each way: follows the bend between the city's CRS and the map


def encode_terrain(raster: Raster, frame: Frame) -> bytes:
    """Return the relief as grey values row by row from the north, and the net it is laid on."""
    rows, columns = raster.cells.shape
    factor = max(1, int(np.ceil(np.sqrt(rows * columns / MAX_CELLS))))
    while True:
        data = _packed(raster, factor, frame)
        if len(gzip.compress(data, 6)) <= MAX_BYTES or min(rows, columns) / factor < 64:
            return data
        factor += 1


def _packed(raster: Raster, factor: int, frame: Frame) -> bytes:
    cells = coarse(raster.cells.astype(np.float64), factor)
    grey = hillshade(cells, raster.cell_m * factor)
    grey = np.pad(grey, ((0, 0), (0, -grey.shape[1] % 4)), constant_values=FLAT)
    height, width = grey.shape
    step = raster.cell_m * factor
    east = raster.west + np.linspace(0, width * step, MESH)
    north = raster.north - np.linspace(0, height * step, MESH)
    net = np.stack([np.tile(east, MESH), np.repeat(north, MESH)], axis=1)
    header = {
        "kind": "terrain", "width": width, "height": height, "mesh": MESH, "step": GREY_STEP,
    }  # fmt: skip
    columns = {
        "grey": Column(grey.reshape(-1).astype(np.int64) // GREY_STEP, delta=1),
        "xy": Column(frame.from_city(net).reshape(-1)),
    }
    return pack(header, columns)


def coarse(cells: Floats, factor: int) -> Floats:
    """Return means of squares of `factor` cells; a square at the edge may be cut."""
    if factor == 1:
        return cells
    padded = np.pad(cells, [(0, -size % factor) for size in cells.shape], constant_values=np.nan)
    rows, columns = (size // factor for size in padded.shape)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # squares where nothing is known
        return np.asarray(np.nanmean(padded.reshape(rows, factor, columns, factor), axis=(1, 3)))


def hillshade(cells: Floats, cell_m: float) -> NDArray[np.uint8]:
    """
    Return the relief of heights [m], rows from the north: 128 level, less in shade, more in light.

    Lambert's cosine over three lights; slopes are exaggerated where the town is flat. Unknown
    cells, and those beside them, count as level.
    """
    if min(cells.shape) < 2:
        return np.full(cells.shape, FLAT, np.uint8)
    south, east = np.gradient(cells, cell_m)
    north = -south
    known = np.isfinite(cells) & np.isfinite(north) & np.isfinite(east)
    steep = np.hypot(north, east)[known]
    usual = float(np.quantile(steep, 0.9)) if len(steep) else 0.0
    grow = min(max(USUAL_SLOPE / usual, 1.0), MAX_EXAGGERATION) if usual > 1e-4 else 1.0
    up = 1 / np.sqrt(1 + (north * grow) ** 2 + (east * grow) ** 2)
    height, level = np.cos(np.radians(ELEVATION)), np.sin(np.radians(ELEVATION))
    light = np.zeros(cells.shape)
    for azimuth, weight in SUNS:
        to_east, to_north = np.sin(np.radians(azimuth)), np.cos(np.radians(azimuth))
        facing = (-(east * to_east + north * to_north) * grow * height + level) * up
        light += weight * np.maximum(facing, 0)
    shade: Any = FLAT + REACH * (light / level - 1)
    return np.where(known, np.clip(np.round(shade), 0, 255), FLAT).astype(np.uint8)
