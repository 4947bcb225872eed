"""Every roof plane of a city: measured where LoD2 knows it, else out of footprint and shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from twin.classes import ROOF_TYPES
from twin.energy.solar.shapes import SHAPES, bodies

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.city import City
    from twin.energy.solar.shapes import Bodies, Facet

ESTIMATED = "estimated:roof_type"
NEVER_FLAT = tuple(kind for kind in ROOF_TYPES if kind not in {"flat", "other", "skillion"})
COLUMNS = [
    "building_id", "body_id", "area_m2", "plan_m2", "perimeter_m", "azimuth_deg", "tilt_deg",
    "height_m", "above_m", "x", "y", "own_m", "usable_share", "plane_source",
]  # fmt: skip


def roof_planes(city: City, given: Assumptions) -> pd.DataFrame:
    """Return every roof plane of a city, see `planes_of`."""
    return planes_of(city.buildings, city.roofs, given)


def planes_of(
    buildings: gpd.GeoDataFrame, roofs: gpd.GeoDataFrame, given: Assumptions
) -> pd.DataFrame:
    """
    Return every roof plane of buildings.

    Parameters
    ----------
    buildings, roofs
        Tables of a city.

    Returns
    -------
    Indexed by `plane_id` (a `roof_id` where measured, else building and number), sorted:

    - `building_id` of the whole building, `body_id` of the part that carries the plane
    - `area_m2` and `perimeter_m` in the plane, `plan_m2` seen from above; the plans of estimated
      planes of a body sum up to its footprint
    - `azimuth_deg` downslope from north, NaN where level; `tilt_deg`
    - `height_m` above sea, `above_m` above ground, `x`, `y` of the middle; NaN where unknown
    - `own_m`: how far the own building reaches, where its planes are estimated; else 0
    - `usable_share` of the area inside the edge distances; 0 where the plane carries no modules
    - `plane_source`
    """
    measured = _measured(buildings, roofs)
    covered = pd.Index(measured["body_id"].unique())
    part_of = buildings["part_of"].astype(object)
    drawn = _is_body(buildings) & ~buildings.index.isin(covered)
    drawn &= ~part_of.isin(covered).to_numpy()
    estimated = _estimated(buildings[drawn], given)
    found = pd.concat([frame for frame in (measured, estimated) if len(frame)] or [estimated])
    whole = part_of.reindex(found["body_id"])
    found["building_id"] = np.where(whole.isna(), found["body_id"], whole.to_numpy())
    found["usable_share"] = _usable(found, buildings, given)
    found = found[COLUMNS].astype({"building_id": "str", "body_id": "str", "plane_source": "str"})
    return found.rename_axis("plane_id").sort_index()


def _is_body(buildings: pd.DataFrame) -> NDArray[np.bool_]:
    """Tell which rows carry volume: parts where a building has them, else the whole."""
    part_of = buildings["part_of"].astype(object)
    outlines = buildings.index[buildings["has_parts"].to_numpy(bool)]
    carried = outlines[outlines.isin(part_of.dropna())]
    whole = part_of.isna().to_numpy() & ~buildings.index.isin(carried)
    return np.asarray(whole | part_of.isin(carried).to_numpy())


def _measured(buildings: gpd.GeoDataFrame, roofs: gpd.GeoDataFrame) -> pd.DataFrame:
    roofs = roofs[roofs["building_id"].isin(buildings.index)]
    ground = buildings["ground_m"].reindex(roofs["building_id"]).to_numpy("float64")
    height = roofs["height_m"].to_numpy("float64")
    shapes = roofs.geometry.array
    middle = shapely.get_coordinates(shapely.point_on_surface(shapes)).reshape(-1, 2)
    tilt = roofs["tilt_deg"].to_numpy("float64")
    return pd.DataFrame(
        {
            "body_id": roofs["building_id"].astype(object),
            "area_m2": roofs["area_m2"].to_numpy("float64"),
            "plan_m2": roofs["area_m2"].to_numpy("float64") * np.cos(np.radians(tilt)),
            "perimeter_m": _lengths(shapes),
            "azimuth_deg": roofs["azimuth_deg"].to_numpy("float64"),
            "tilt_deg": tilt,
            "height_m": height,
            "above_m": height - ground,
            "x": middle[:, 0],
            "y": middle[:, 1],
            "own_m": 0.0,
            "plane_source": roofs["plane_source"].astype(object),
        },
        index=roofs.index.astype(object),
    )


def _lengths(shapes: NDArray[np.object_]) -> NDArray[np.float64]:
    """Return the length of all rings in space [m]."""
    at, row = shapely.get_coordinates(shapely.get_rings(shapes), include_z=True, return_index=True)
    ring_of = np.repeat(np.arange(len(shapes)), shapely.get_num_interior_rings(shapes) + 1)
    step = np.diff(np.nan_to_num(at), axis=0)
    same = row[1:] == row[:-1]
    long = np.sqrt((step[same] ** 2).sum(axis=1))
    return np.bincount(ring_of[row[1:][same]], long, minlength=len(shapes)).astype(float)


def _estimated(buildings: gpd.GeoDataFrame, given: Assumptions) -> pd.DataFrame:
    """Return planes of footprints, all roofs of one shape at once."""
    shapes = np.asarray(buildings.geometry.array)
    kind = buildings["roof_type"].astype(object).to_numpy()
    rise = buildings["roof_height_m"].to_numpy("float64")
    facing = buildings["roof_direction_deg"].to_numpy("float64")
    roof = bodies(shapes, facing, np.zeros(len(shapes)))
    pitch = np.tan(np.radians(given["solar.pitch_unknown"])) * roof.run_m / 2
    unknown = np.isnan(rise) & np.isin(kind, NEVER_FLAT)
    roof = roof._replace(rise_m=np.nan_to_num(np.where(unknown, pitch, rise)))
    centre = shapely.get_coordinates(shapely.centroid(shapes)).reshape(-1, 2)
    half = 0.5 * np.hypot(roof.run_m, roof.width_m)
    above = buildings["height_m"].to_numpy("float64") - roof.rise_m / 2
    height = buildings["ground_m"].to_numpy("float64") + above
    parts = []
    for name in ROOF_TYPES:
        rows = np.flatnonzero(kind == name)
        for number, facet in enumerate(SHAPES[name](roof.take(rows), given), start=1):
            frame = _plane(roof.take(rows), facet, centre[rows])
            frame["height_m"], frame["above_m"] = height[rows], above[rows]
            frame["own_m"] = half[rows] + facet.middle_m
            frame["body_id"] = buildings.index[rows].astype(object)
            parts.append(frame.set_axis([f"{key}:e{number}" for key in frame["body_id"]]))
    return pd.concat(parts).assign(plane_source=ESTIMATED)


def _plane(roof: Bodies, facet: Facet, centre: NDArray[np.float64]) -> pd.DataFrame:
    """Return one plane of each roof, lifted from its plan into its slope."""
    stretch = np.sqrt(1 + facet.slope**2)
    azimuth = (roof.facing_deg + facet.turn_deg) % 360
    away = facet.middle_m[:, None] * np.column_stack(
        [np.sin(np.radians(azimuth)), np.cos(np.radians(azimuth))]
    )
    return pd.DataFrame(
        {
            "area_m2": facet.plan_m2 * stretch,
            "plan_m2": facet.plan_m2,
            "perimeter_m": facet.along_m + facet.verges_m * stretch,
            "azimuth_deg": np.where(facet.slope > 0, azimuth, np.nan),
            "tilt_deg": np.degrees(np.arctan(facet.slope)),
            "x": centre[:, 0] + away[:, 0],
            "y": centre[:, 1] + away[:, 1],
        }
    )


def _usable(
    planes: pd.DataFrame, buildings: pd.DataFrame, given: Assumptions
) -> NDArray[np.float64]:
    """
    Return the share of each plane that can carry modules; 0 on sheds, slivers and walls.

    A measured plane takes the share of a flat or a gabled roof, as it lies.
    """
    row = buildings.index.get_indexer(pd.Index(planes["body_id"]))
    kind = buildings["roof_type"].astype(object).to_numpy()[row]
    level = planes["tilt_deg"].to_numpy() < given["solar.flat_below"]
    as_it_lies = np.where(level, "flat", "gabled")
    kind = np.where(planes["plane_source"] == ESTIMATED, kind, as_it_lies)
    shares = given.array("solar.usable_share", ROOF_TYPES)
    share = shares[pd.Categorical(kind, categories=list(ROOF_TYPES)).codes]
    footprint = buildings["footprint_m2"].reindex(planes["building_id"]).to_numpy("float64")
    fits = planes["area_m2"].to_numpy() >= given["solar.plane_min"]
    fits &= footprint >= given["solar.footprint_min"]
    fits &= planes["tilt_deg"].to_numpy() <= given["solar.steepest"]
    return np.where(fits, share, 0.0)
