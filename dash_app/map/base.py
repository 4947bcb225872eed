"""Ground tiles: land use, water, roads, rail and street names, ready to be laid on the ground."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from dash_app.map.binary import Column, pack, quantise
from dash_app.map.grid import Grid
from dash_app.map.shapes import Paths, paths_of, rings_of, triangles_of
from dash_app.map.street_names import straight_names
from dash_app.map.style import AREA_CODES, LANDUSE, LINE_CODES, STREETS, WATERWAYS

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

    from dash_app.map.frame import Frame
    from twin.city import City

XY_STEP = 0.1
AREA_TOLERANCE = 0.6  # metres; land use is drawn no finer, which halves its points
BRIDGE, TUNNEL = 1, 2
AREA, LINE = "area", "line"


def ground_rows(city: City) -> dict[str, NDArray[np.int64]]:
    """Return for each table the positions that are drawn; of a street's two directions, one."""
    streets = city.streets
    back = streets["reverse_id"].fillna("").astype(str).to_numpy(dtype=object)
    first = np.array(streets.index.astype(str), dtype=object)
    water_lines = _is_line(city.water)
    open_air = ~city.water["is_tunnel"].to_numpy(dtype=bool)
    return {
        "streets": np.flatnonzero((back == "") | (first < back)),
        "railways": np.arange(len(city.railways)),
        "landuse": np.flatnonzero(city.landuse["class"].astype(str).to_numpy() != "other"),
        "water": np.flatnonzero(~water_lines),
        "waterways": np.flatnonzero(water_lines & open_air),
    }


def ground_grids(city: City, *, size: float) -> dict[str, Grid]:
    """Return one grid for each kind of ground feature, all on the same squares."""
    return {
        kind: Grid.of(_table(city, kind).geometry.array, size=size, rows=rows)
        for kind, rows in ground_rows(city).items()
    }


def encode_ground(city: City, grids: dict[str, Grid], key: str, frame: Frame) -> bytes:
    """Return the ground tile `key`: every kind of feature that has rows there."""
    here = {kind: grid.rows_of(key) for kind, grid in grids.items() if key in grid}
    columns = _areas(city, here, frame)
    for kind in ("streets", "railways", "waterways"):
        columns |= _lines(city, kind, here.get(kind, np.empty(0, np.int64)), frame)
    streets = city.streets.iloc[here.get("streets", np.empty(0, np.int64))]
    header = {"kind": "ground", "xy_step": XY_STEP, "names": straight_names(streets, frame)}
    return pack(header, columns)


def _table(city: City, kind: str) -> gpd.GeoDataFrame:
    return city.tables["water" if kind == "waterways" else kind]


def _is_line(table: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    kinds = shapely.get_type_id(table.geometry.array)
    return np.asarray(kinds == shapely.GeometryType.LINESTRING)


def _areas(city: City, here: dict[str, NDArray[np.int64]], frame: Frame) -> dict[str, Column]:
    """Land use and water as triangles, bottom paint first, within a paint the large ones first."""
    nothing = np.empty(0, np.int64)
    land = city.landuse.iloc[here.get("landuse", nothing)]
    water = city.water.iloc[here.get("water", nothing)]
    paints = land["class"].astype(str).map(LANDUSE).map(AREA_CODES)
    code = np.concatenate([paints.to_numpy(np.int64), np.full(len(water), AREA_CODES["water"])])
    shape = np.concatenate([np.asarray(land.geometry.array), np.asarray(water.geometry.array)])
    shape = shapely.simplify(shape, AREA_TOLERANCE)
    kept = ~(shapely.is_empty(shape) | shapely.is_missing(shape))
    code, shape = code[kept], shape[kept]
    order = np.lexsort((-shapely.area(shape), code))
    rings = rings_of(shape[order], frame)
    triangles, counts = triangles_of(rings)
    ends = np.cumsum(rings.points)
    first_ring = np.cumsum(rings.rings) - rings.rings
    starts = (ends - rings.points)[first_ring]
    return {
        "area_code": Column(code[order][rings.owner]),
        "area_rings": Column(rings.rings),
        "area_points": Column(rings.points),
        "area_xy": Column(quantise(rings.xy, XY_STEP).reshape(-1), delta=2),
        "area_triangles": Column(counts),
        "area_corners": Column(triangles - np.repeat(starts, counts * 3)),
    }


def _lines(city: City, kind: str, rows: NDArray[np.int64], frame: Frame) -> dict[str, Column]:
    """Lines of one kind, thin paints first so that wide ones lie on top."""
    table = _table(city, kind).iloc[rows]
    code = _line_codes(kind, table)
    order = np.lexsort((rows, code))
    paths: Paths = paths_of(table.geometry.array[order], frame)
    columns = {
        "row": Column(rows[order][paths.owner], delta=1),
        "code": Column(code[order][paths.owner]),
        "flags": Column(_flags(table)[order][paths.owner]),
        "points": Column(paths.points),
        "xy": Column(quantise(paths.xy, XY_STEP).reshape(-1), delta=2),
    }
    return {f"{kind}_{name}": column for name, column in columns.items()}


def _line_codes(kind: str, table: pd.DataFrame) -> NDArray[np.int64]:
    if kind == "railways":
        side = table["is_service"] | table["class"].astype(str).isin(["disused", "construction"])
        return np.asarray(np.where(side, LINE_CODES["siding"], LINE_CODES["rail"]), np.int64)
    if kind == "waterways":
        paint = table["class"].astype(str).map(WATERWAYS).fillna("stream")
    else:
        paint = table["class"].astype(str).map(STREETS)
        paint = paint.mask(table["is_ramp"].to_numpy(dtype=bool), "ramp")
    return np.asarray(paint.map(LINE_CODES), np.int64)


def _flags(table: pd.DataFrame) -> NDArray[np.int64]:
    flags = np.zeros(len(table), np.int64)
    for name, bit in (("is_bridge", BRIDGE), ("is_tunnel", TUNNEL)):
        if name in table:
            flags |= np.where(table[name].to_numpy(dtype=bool), bit, 0)
    return flags


def encode_trees(trees: gpd.GeoDataFrame, rows: NDArray[np.int64], frame: Frame) -> bytes:
    """Return one tile of trees: place, crown and height in metres, needles or leaves."""
    table = trees.iloc[rows]
    xy: Any = frame.from_city(shapely.get_coordinates(table.geometry.array))
    columns = {
        "row": Column(rows, delta=1),
        "xy": Column(quantise(xy, XY_STEP).reshape(-1), delta=2),
        "crown": Column(quantise(table["crown_m"], XY_STEP)),
        "height": Column(quantise(table["height_m"], XY_STEP)),
        "needles": Column((table["leaf"].astype(str) == "needleleaved").to_numpy(np.int64)),
    }
    return pack({"kind": "trees", "xy_step": XY_STEP}, columns)
