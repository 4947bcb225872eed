"""Ground tiles: land use, water, roads, rail and street names, ready to be laid on the ground."""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True)
class Ground:
    """What lies on the ground, by kind: drawn columns, and tiles on the same squares."""

    tables: dict[str, gpd.GeoDataFrame]
    grids: dict[str, Grid]

    @classmethod
    def of(cls, city: City, *, size: float) -> Ground:
        """Sort a city's ground features into tiles of `size` metres."""
        rows = ground_rows(city)
        tables = {kind: _slim(city.tables[TABLE_OF.get(kind, kind)]) for kind in rows}
        grids = {
            kind: Grid.of(tables[kind].geometry.array, size=size, rows=rows[kind]) for kind in rows
        }
        return cls(tables, grids)

    def __contains__(self, key: str) -> bool:
        """Whether any kind of feature has a tile called `key`."""
        return any(key in grid for grid in self.grids.values())

    def rows(self, kind: str, key: str) -> NDArray[np.int64]:
        """Return the positions of one kind in a tile, none where there are none."""
        grid = self.grids[kind]
        return grid.rows_of(key) if key in grid else np.empty(0, np.int64)


TABLE_OF = {"waterways": "water"}
DRAWN = ("name", "class", "is_ramp", "is_service", "is_bridge", "is_tunnel", "geometry")


def _slim(table: gpd.GeoDataFrame) -> Any:
    """Leave out what is not drawn: taking rows costs by the column."""
    return table[[name for name in DRAWN if name in table]]


def encode_ground(ground: Ground, key: str, frame: Frame) -> bytes:
    """Return the ground tile `key`: every kind of feature that has rows there."""
    columns = _areas(ground, key, frame)
    for kind in ("streets", "railways", "waterways"):
        columns |= _lines(ground, kind, key, frame)
    streets = ground.tables["streets"].iloc[ground.rows("streets", key)]
    header = {"kind": "ground", "xy_step": XY_STEP, "names": straight_names(streets, frame)}
    return pack(header, columns)


def _is_line(table: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    kinds = shapely.get_type_id(table.geometry.array)
    return np.asarray(kinds == shapely.GeometryType.LINESTRING)


def _areas(ground: Ground, key: str, frame: Frame) -> dict[str, Column]:
    """Land use and water as triangles, bottom paint first, within a paint the large ones first."""
    land, water = (
        ground.tables[kind].iloc[ground.rows(kind, key)] for kind in ("landuse", "water")
    )
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


def _lines(ground: Ground, kind: str, key: str, frame: Frame) -> dict[str, Column]:
    """Lines of one kind, thin paints first so that wide ones lie on top."""
    rows = ground.rows(kind, key)
    table = ground.tables[kind].iloc[rows]
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
