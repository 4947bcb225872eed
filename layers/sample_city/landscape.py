"""The ground the model town stands on: roads, rails, rivers and woods through known points."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely
from scipy.interpolate import CubicSpline

if TYPE_CHECKING:
    import pandas as pd

CRS = "EPSG:25832"
RAIL_HALF_M, MOTORWAY_HALF_M, MARGIN_M = 13.0, 34.0, 450.0


@dataclass(frozen=True)
class Landscape:
    """Everything that is there before the town grows (EPSG:25832, metres)."""

    districts: gpd.GeoDataFrame  # by district_id: name, x, y, residents, polygons
    domain: Any  # polygon of what is generated
    roads: gpd.GeoDataFrame  # class, ref, geometry
    motorways: gpd.GeoDataFrame  # ref, geometry
    railways: gpd.GeoDataFrame  # name, geometry
    rivers: gpd.GeoDataFrame  # name, class, width_m, geometry (centre lines)
    lake: shapely.Polygon
    woods: gpd.GeoDataFrame  # name, class, geometry; later rows lie on top
    corridors: shapely.Geometry  # ground of motorways, rails and water: nothing is built there
    industry: pd.DataFrame  # name, x, y, area_ha, hall
    stations: gpd.GeoDataFrame
    interchanges: tuple[tuple[float, float], ...]


def read_landscape(districts: pd.DataFrame, *, radius_m: float | None = None) -> Landscape:
    """
    Draw the landscape around `districts` (columns name, x, y, residents).

    `radius_m` cuts the domain to circles around the district points (small towns).
    """
    text = files("layers.sample_city").joinpath("landscape.json").read_text(encoding="utf-8")
    raw = json.loads(text)
    points = raw["points"]
    outline = smooth_ring(np.array(raw["outline"], float))
    outline = outline.buffer((raw["area_km2"] * 1e6 - outline.area) / outline.length)
    domain: Any = outline.buffer(MARGIN_M)
    if radius_m is not None:
        centres = shapely.points(districts[["x", "y"]].to_numpy(float))
        domain = domain.intersection(shapely.union_all(shapely.buffer(centres, radius_m)))
        domain = max(shapely.get_parts(domain), key=shapely.area)
    roads = _lines(raw["roads"], points, domain)
    motorways = _lines(raw["motorways"], points, domain)
    railways = _lines(raw["railways"], points, domain)
    rivers = _lines(raw["rivers"], points, domain)
    lake = _lake(raw["lake"])
    return Landscape(
        districts=_district_areas(districts, outline.intersection(domain)),
        domain=domain,
        roads=roads,
        motorways=motorways,
        railways=railways,
        rivers=rivers,
        lake=lake,
        woods=gpd.GeoDataFrame(
            [{k: w[k] for k in ("name", "class")} for w in raw["woods"]],
            geometry=[smooth_ring(np.array(w["ring"], float)) for w in raw["woods"]],
            crs=CRS,
        ),
        corridors=_corridors(motorways, railways, rivers, lake),
        industry=gpd.pd.DataFrame(
            [{**i, "x": i["at"][0], "y": i["at"][1]} for i in raw["industry"]]
        ).drop(columns="at"),
        stations=gpd.GeoDataFrame(
            {"name": [s["name"] for s in raw["stations"]]},
            geometry=shapely.points([s["at"] for s in raw["stations"]]),
            crs=CRS,
        ),
        interchanges=tuple(tuple(points[key]) for key in raw["interchanges"]),
    )


def smooth_line(points: np.ndarray[Any, Any], *, step_m: float = 18.0) -> np.ndarray[Any, Any]:
    """Return a curve (n, 2) that passes exactly through `points` (m, 2), about `step_m` apart."""
    chord = np.hypot(*np.diff(points, axis=0).T)
    knots = np.concatenate([[0], np.cumsum(np.sqrt(chord))])  # centripetal: no overshoot
    closed = bool((points[0] == points[-1]).all())
    spline = CubicSpline(knots, points, bc_type="periodic" if closed else "natural")
    pieces = [
        np.linspace(a, b, max(int(length / step_m), 1), endpoint=False)
        for a, b, length in zip(knots[:-1], knots[1:], chord, strict=True)
    ]
    curve: np.ndarray[Any, Any] = spline(np.concatenate([*pieces, knots[-1:]]))
    return curve


def smooth_ring(points: np.ndarray[Any, Any]) -> Any:
    """Return the area inside the closed curve through `points` (m, 2)."""
    return shapely.make_valid(shapely.Polygon(smooth_line(np.vstack([points, points[:1]]))))


def _lines(
    entries: list[dict[str, Any]], points: dict[str, list[float]], domain: shapely.Polygon
) -> gpd.GeoDataFrame:
    """Curves through the via points, cut to the domain; every part its own row."""
    geometry = [
        shapely.LineString(
            smooth_line(np.array([points[v] if isinstance(v, str) else v for v in e["via"]], float))
        )
        for e in entries
    ]
    rows = [{k: v for k, v in e.items() if k != "via"} for e in entries]
    frame = gpd.GeoDataFrame(rows, geometry=geometry, crs=CRS)
    frame["geometry"] = frame.intersection(domain)
    frame = frame[~frame.is_empty].explode(ignore_index=True)
    return frame[frame.length > 50].reset_index(drop=True)


def _lake(entry: dict[str, Any]) -> shapely.Polygon:
    """Draw an egg-shaped lake of the published size."""
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    reach = 1 + 0.12 * np.sin(2 * angle + 0.6) + 0.06 * np.sin(3 * angle)
    ring = np.column_stack([1.25 * reach * np.cos(angle), 0.8 * reach * np.sin(angle)])
    shape = shapely.Polygon(ring)
    factor = np.sqrt(entry["area_m2"] / shape.area)
    return shapely.Polygon(ring * factor + np.array(entry["at"], float))


def _corridors(
    motorways: gpd.GeoDataFrame,
    railways: gpd.GeoDataFrame,
    rivers: gpd.GeoDataFrame,
    lake: shapely.Polygon,
) -> shapely.Geometry:
    parts = [
        *motorways.buffer(MOTORWAY_HALF_M, cap_style="flat"),
        *railways.buffer(RAIL_HALF_M, cap_style="flat"),
        *_banks(rivers),
        lake.buffer(16),
    ]
    return shapely.union_all(parts, grid_size=0.1).simplify(0.5)


def _banks(rivers: gpd.GeoDataFrame) -> list[Any]:
    """Return rivers with their banks: 14 m, at the mill race 4 m."""
    if rivers.empty:
        return []
    width = rivers["width_m"].to_numpy(float)
    return list(rivers.buffer(width / 2 + np.where(width > 10, 14, 4)))


def _district_areas(districts: pd.DataFrame, outline: Any) -> gpd.GeoDataFrame:
    """Give every place to the nearest district point, inside the outline."""
    points = np.asarray(shapely.points(districts[["x", "y"]].to_numpy(float)))
    frame = districts.copy()
    if len(points) == 1:
        return gpd.GeoDataFrame(frame, geometry=[outline], crs=CRS)
    cells = shapely.get_parts(
        shapely.voronoi_polygons(shapely.MultiPoint(list(points)), extend_to=outline.buffer(9000))
    )
    owner, cell = shapely.STRtree(cells).query(points, predicate="intersects")
    geometry = shapely.intersection(cells[cell][np.argsort(owner)], outline)
    return gpd.GeoDataFrame(frame, geometry=geometry, crs=CRS)
