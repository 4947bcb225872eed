"""Building tiles: footprints and roof figures; the browser builds walls and roofs from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from dash_app.map.binary import Column, pack, quantise
from dash_app.map.roofs import Z_STEP as ROOF_Z_STEP
from dash_app.map.roofs import encode_roofs
from dash_app.map.shapes import rings_of
from twin.classes import ROOF_TYPES

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from dash_app.map.frame import Frame
    from dash_app.map.roofs import Roofs

XY_STEP = 0.05  # metres; finer than any survey of a footprint
Z_STEP = 0.1
ANGLE_STEP = 2.0
NO_ANGLE = 255


DRAWN = [
    "height_m", "min_height_m", "roof_type", "roof_height_m", "roof_direction_deg", "geometry",
]  # fmt: skip
"""Columns a tile is made of; a table of no others is faster to take rows from."""


def drawn_rows(buildings: gpd.GeoDataFrame) -> NDArray[np.int64]:
    """Return positions of buildings with a volume: outlines whose parts carry it are left out."""
    return np.flatnonzero(~buildings["has_parts"].to_numpy(dtype=bool))


def encode_near(
    buildings: gpd.GeoDataFrame, rows: NDArray[np.int64], frame: Frame, roofs: Roofs | None = None
) -> bytes:
    """
    Return one tile in full detail: rings, heights, roof figures of the buildings at `rows`.

    Buildings with planes in `roofs` carry those besides.
    """
    table = buildings.iloc[rows]
    rings = rings_of(table.geometry.array, frame)
    direction = table["roof_direction_deg"].to_numpy()
    angle = np.where(np.isnan(direction), NO_ANGLE, quantise(direction % 360, ANGLE_STEP))
    columns = {
        "row": Column(rows[rings.owner], delta=1),
        "rings": Column(rings.rings),
        "points": Column(rings.points),
        "xy": Column(quantise(rings.xy, XY_STEP).reshape(-1), delta=2),
        "height": Column(quantise(table["height_m"], Z_STEP)[rings.owner]),
        "base": Column(quantise(table["min_height_m"], Z_STEP)[rings.owner]),
        "roof": Column(_codes(table["roof_type"])[rings.owner]),
        "roof_height": Column(quantise(table["roof_height_m"], Z_STEP)[rings.owner]),
        "roof_angle": Column(angle[rings.owner]),
    }
    header = {"kind": "buildings", "xy_step": XY_STEP, "z_step": Z_STEP, "roofs": ROOF_TYPES}
    if roofs:
        columns |= encode_roofs(roofs, rows, rings, frame)
        header["roof_z_step"] = ROOF_Z_STEP
    return pack(header, columns)


def encode_far(buildings: gpd.GeoDataFrame, rows: NDArray[np.int64], frame: Frame) -> bytes:
    """
    Return one tile as seen from afar: the smallest rectangle around each building, and its height.

    Three corners of four are sent (origin, then the two neighbours as differences).
    """
    table = buildings.iloc[rows]
    boxes = shapely.oriented_envelope(table.geometry.array)
    whole = shapely.get_type_id(boxes) == shapely.GeometryType.POLYGON
    corners = shapely.get_coordinates(boxes[whole]).reshape(-1, 5, 2)[:, [0, 1, 3]]
    metres = quantise(frame.from_city(corners.reshape(-1, 2)), Z_STEP).reshape(-1, 3, 2)
    sides = metres[:, 1:] - metres[:, :1]
    columns = {
        "row": Column(rows[whole], delta=1),
        "xy": Column(metres[:, 0].reshape(-1), delta=2),
        "sides": Column(sides.reshape(-1)),
        "height": Column(quantise(table["height_m"], Z_STEP)[whole]),
    }
    return pack({"kind": "far", "xy_step": Z_STEP, "z_step": Z_STEP}, columns)


def _codes(roofs: pd.Series[Any]) -> NDArray[np.int64]:
    """Return positions in `ROOF_TYPES`; unknown words count as flat."""
    codes = pd.Categorical(roofs, categories=list(ROOF_TYPES)).codes.astype(np.int64)
    return np.where(codes < 0, 0, codes)
