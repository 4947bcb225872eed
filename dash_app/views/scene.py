"""What measures add to the map and take away: links, buildings, stops, lines, heat pipes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from pyproj import Transformer

from dash_app.views.rows import CUT, street_rows

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

    from twin.city import City
    from twin.simulate.results import YearResults

    Bools = NDArray[np.bool_]

DIGITS = 6
"""Decimals of degrees: a tenth of a metre."""

TOUCHED = (
    "speed_kmh", "lanes", "capacity_vehh", "allow_car", "allow_truck", "allow_bus", "allow_bike",
    "allow_walk", "car_access", "cycle_facility",
)  # fmt: skip
"""Columns of a street whose change a map may mark."""


LEFT = ("buildings", "stops", "lines")
"""Tables whose rows a measure may take away whole."""


def scene(found: YearResults, city: City) -> dict[str, Any]:
    """
    Return what a scenario adds to the baseline, in degrees, and what it takes away, in rows.

    Keys `links` {id, path, class, name}, `buildings` {id, rings, height}, `stops` {id, name, at},
    `lines` {id, name, paths}, `pipes` {path, dn, network, exists}; `gone` and `changed` hold rows
    of `buildings`, `streets`, `stops`, `lines`. Of a link in both directions there is one.
    """
    now = found.state.city
    if now is city and not len(found.pipes):
        return _nothing()
    to = Transformer.from_crs(city.crs, "EPSG:4326", always_xy=True)
    rows = street_rows(city, now)
    pieces = np.bincount(rows.place[rows.place >= 0], minlength=len(city.streets))
    return {
        "links": _links(now.streets, rows.place < 0, to),
        "buildings": _buildings(_new(now.buildings, city.buildings), to),
        "stops": _stops(_new(now.stops, city.stops), to),
        "lines": _lines(_new(now.lines, city.lines), to),
        "pipes": _pipes(found, to),
        "gone": {
            "streets": _rows(pieces == 0),
            **{name: _gone(now.tables[name], city.tables[name]) for name in LEFT},
        },
        "changed": {"streets": _rows(_touched(city, now, rows.place))},
    }  # fmt: skip


def _nothing() -> dict[str, Any]:
    tables = ("streets", "buildings", "stops", "lines")
    parts: dict[str, Any] = {name: [] for name in ("links", "buildings", "stops", "lines", "pipes")}
    return parts | {"gone": {name: [] for name in tables}, "changed": {"streets": []}}


def _new(now: gpd.GeoDataFrame, before: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return now[:0] if now is before else now[~now.index.isin(before.index)]


def _gone(now: pd.DataFrame, before: pd.DataFrame) -> list[int]:
    return [] if now is before else _rows(~before.index.isin(now.index))


def _rows(flags: Bools) -> list[int]:
    found: list[int] = np.flatnonzero(flags).tolist()
    return found


def _touched(city: City, now: City, place: NDArray[np.int64]) -> Bools:
    """Tell which streets of the baseline have another column of `TOUCHED` than before."""
    touched = np.zeros(len(city.streets), bool)
    known = place >= 0
    if now.hashes["streets"] == city.hashes["streets"]:
        return touched
    for name in TOUCHED:
        before = city.streets[name].to_numpy(object)[place[known]]
        after = now.streets[name].to_numpy(object)[known]
        other = (before != after) & ~((before != before) & (after != after))  # noqa: PLR0124 - NaN
        touched[place[known][other.astype(bool)]] = True
    return touched


def _path(line: Any, to: Transformer) -> list[list[float]]:
    xy = shapely.get_coordinates(line)
    lon, lat = to.transform(xy[:, 0], xy[:, 1])
    found: list[list[float]] = np.round(np.column_stack([lon, lat]), DIGITS).tolist()
    return found


def rings(shape: Any, to: Transformer) -> list[list[list[float]]]:
    """Return every ring of a shape in degrees: outlines, then their courtyards."""
    each = [r for part in shapely.get_parts(shape) for r in shapely.get_rings(part)]
    return [_path(ring, to) for ring in each]


def _links(streets: gpd.GeoDataFrame, new: Bools, to: Transformer) -> list[dict[str, Any]]:
    found, seen = [], set()
    mine = streets[new]
    for row, kind in zip(mine.itertuples(), mine["class"].astype(str), strict=True):
        if CUT in str(row.Index) or row.reverse_id in seen:
            continue
        seen.add(row.Index)
        name = row.name if isinstance(row.name, str) else ""
        path = _path(row.geometry, to)
        found.append({"id": row.Index, "path": path, "class": kind, "name": name})
    return found


def _buildings(table: gpd.GeoDataFrame, to: Transformer) -> list[dict[str, Any]]:
    return [
        {"id": row.Index, "rings": rings(row.geometry, to), "height": float(row.height_m)}
        for row in table.itertuples()
    ]


def _stops(table: gpd.GeoDataFrame, to: Transformer) -> list[dict[str, Any]]:
    return [
        {"id": row.Index, "name": row.name if isinstance(row.name, str) else "",
         "at": _path(row.geometry, to)[0]}
        for row in table.itertuples()
    ]  # fmt: skip


def _lines(table: gpd.GeoDataFrame, to: Transformer) -> list[dict[str, Any]]:
    return [
        {"id": row.Index, "name": row.name if isinstance(row.name, str) else "",
         "paths": [_path(part, to) for part in shapely.get_parts(row.geometry)]}
        for row in table.itertuples()
        if row.geometry is not None
    ]  # fmt: skip


def _pipes(found: YearResults, to: Transformer) -> list[dict[str, Any]]:
    """Return the pipes in streets; connections of single houses are not among them."""
    pipes = found.pipes
    if not len(pipes) or "network_id" not in pipes:
        return []
    exists = found.networks["exists"].to_dict()
    names = found.networks["name"].to_dict()
    shapes = pipes.geometry.to_numpy()
    kept = pipes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    return [
        {"path": _path(shape, to), "dn": str(size), "network": str(names.get(key, key)),
         "exists": bool(exists.get(key, False))}
        for shape, size, key in zip(
            kept.geometry.to_numpy(), kept["dn"], kept["network_id"], strict=True
        )
    ]  # fmt: skip
