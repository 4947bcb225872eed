"""What can be laid over the ground: parcels, blocks, zones and cells as areas, transit as lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from dash_app.map.binary import Column, pack, quantise
from dash_app.map.shapes import paths_of, rings_of, triangles_of
from dash_app.map.style import LINE_CODES, LINES

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

    from dash_app.map.frame import Frame

TILE_M = {
    "parcels": 1000.0, "blocks": 4000.0, "zones": 8000.0, "cells": 8000.0, "districts": 1e6,
    "lines": 1e6,
}  # fmt: skip
"""Tables with an overlay, and the size of their tiles; lines all come at once, to share a scale."""

FROM_ZOOM = {"parcels": 16.0, "cells": 11.0}
"""Zoom from which an overlay is worth loading; the others from the first."""

FILLED = ("blocks", "zones", "districts", "cells")  # areas that values can colour
XY_STEP = 0.1
TOLERANCE = 0.4  # metres a border may leave the true one; parcels keep theirs
NO_COLOUR = -1


def encode_overlay(
    name: str, table: gpd.GeoDataFrame, rows: NDArray[np.int64], frame: Frame
) -> bytes:
    """Return one tile of an overlay."""
    if name == "lines":
        return _lines(table, rows, frame)
    shape = np.asarray(table.geometry.array)[rows]
    if name != "parcels":
        shape = shapely.simplify(shape, TOLERANCE)
    kept = ~(shapely.is_empty(shape) | shapely.is_missing(shape))
    rings = rings_of(shape[kept], frame)
    columns = {
        "area_row": Column(rows[kept][rings.owner], delta=1),
        "area_rings": Column(rings.rings),
        "area_points": Column(rings.points),
        "area_xy": Column(quantise(rings.xy, XY_STEP).reshape(-1), delta=2),
    }
    if name in FILLED:
        triangles, counts = triangles_of(rings)
        first_ring = np.cumsum(rings.rings) - rings.rings
        starts = (np.cumsum(rings.points) - rings.points)[first_ring]
        columns |= {
            "area_triangles": Column(counts),
            "area_corners": Column(triangles - np.repeat(starts, counts * 3)),
        }
    return pack({"kind": "areas", "xy_step": XY_STEP, "paint": LINE_CODES[name]}, columns)


def _lines(table: gpd.GeoDataFrame, rows: NDArray[np.int64], frame: Frame) -> bytes:
    """Lines with much service first, so that the others stay visible on top of them."""
    part = table.iloc[rows]
    departures = part["departures"].to_numpy(np.float64)
    order = np.lexsort((rows, -departures))
    paths = paths_of(shapely.simplify(part.geometry.array[order], TOLERANCE), frame)
    columns = {
        "line_row": Column(rows[order][paths.owner]),
        "line_width": Column(quantise(line_width(departures), 0.05)[order][paths.owner]),
        "line_colour": Column(_colours(part["colour"])[order][paths.owner]),
        "line_points": Column(paths.points),
        "line_xy": Column(quantise(paths.xy, XY_STEP).reshape(-1), delta=2),
    }
    header = {
        "kind": "lines", "xy_step": XY_STEP, "width_step": 0.05, "rows": len(table),
        "paint": LINE_CODES["lines"], "colour": [LINES["lines"].light, LINES["lines"].dark],
    }  # fmt: skip
    return pack(header, columns)


def line_width(departures: NDArray[np.float64]) -> NDArray[np.float64]:
    """
    Return how wide each line is drawn, 1 being the usual width.

    The square root keeps a line of 12 departures a day visible beside one of 400.

    >>> line_width(np.array([0.0, 100.0, 400.0])).tolist()
    [0.5, 1.0, 2.0]
    """
    return np.clip(np.sqrt(np.nan_to_num(departures) / 100), 0.5, 2.5)


def _colours(words: pd.Series[Any]) -> NDArray[np.int64]:
    """Return "#rrggbb" as a number, `NO_COLOUR` for anything else."""
    text = words.astype(object).where(words.notna(), "").astype(str)
    given = text.str.fullmatch(r"#[0-9a-fA-F]{6}").to_numpy(dtype=bool)
    return np.array(
        [int(word[1:], 16) if ok else NO_COLOUR for word, ok in zip(text, given, strict=True)],
        dtype=np.int64,
    )
