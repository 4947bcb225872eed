"""Planes of all polygons of a model at once: area, direction, height, how flat they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from layers.citymodel.raw import CEILING, CLOSURE, FLOOR, GROUND, ROOF, UNKNOWN, WALL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from layers.citymodel.raw import RawModel

STEEP = 0.1
"""Cosine of the tilt (84°) below which a face without a name counts as a wall."""
BASE = 0.05  # m above the lowest point in which a face without a name is the ground
WIDEST, TALLEST = 1000.0, 500.0
"""Size [m] of a polygon in plan and height; the largest halls and towers stay below."""
HEIGHTS = (-500.0, 9000.0)  # m above sea
FAR = 1e8  # m; no projected coordinate is larger
BESIDE = 0.05  # m from a wall to the point that tells its inner side


def plausible(model: RawModel) -> NDArray[np.bool_]:
    """Tell which polygons lie on earth and are no larger than buildings can be."""
    if not len(model.ring_size):
        return np.zeros(0, dtype=bool)
    start = _starts(model.ring_size)[_starts(np.bincount(model.ring_polygon))]
    corners = np.where(np.isfinite(model.corners), model.corners, FAR)
    low, high = np.minimum.reduceat(corners, start), np.maximum.reduceat(corners, start)
    size = high - low
    good: NDArray[np.bool_] = (size[:, :2].max(axis=1) <= WIDEST) & (size[:, 2] <= TALLEST)
    good &= (np.abs(low) < FAR).all(axis=1) & (np.abs(high) < FAR).all(axis=1)
    return good & (low[:, 2] >= HEIGHTS[0]) & (high[:, 2] <= HEIGHTS[1])


def measure_polygons(model: RawModel) -> pd.DataFrame:
    """
    Measure every polygon of a model by Newell's sums over its rings, without any loop.

    Returns
    -------
    pd.DataFrame
        One row a polygon: `x`, `y`, `z` the vector area [m²] (right-handed: up where the corners
        run counter-clockwise seen from above), `area` [m²] in the plane, `moment` the integral of
        height over the signed plan [m³], `low`, `high` [m], `mean` the height of its middle [m]
        and `off_plane` [m], the largest distance of a corner from the plane.
    """
    ring, corner = _starts(model.ring_size), model.corners
    if not len(ring):
        names = ("x", "y", "z", "area", "moment", "low", "high", "mean", "off_plane")
        return pd.DataFrame({name: np.zeros(0) for name in names})
    vector, moment = _ring_sums(corner, ring, model.ring_size)
    first = _starts(np.bincount(model.ring_polygon))
    outer = vector[first][model.ring_polygon]
    turned = np.einsum("ij,ij->i", vector, outer)
    sign = np.where(turned > 0, -1.0, 1.0)  # a hole counts against its polygon, however it runs
    sign[first] = 1.0
    vector = np.add.reduceat(vector * sign[:, None], first)
    moment = np.add.reduceat(moment * sign, first)
    area = np.linalg.norm(vector, axis=1)
    start = ring[first]
    size = np.add.reduceat(model.ring_size, first)
    middle = np.add.reduceat(corner, start) / size[:, None]
    unit = vector / np.maximum(area, 1e-12)[:, None]
    away = np.einsum(
        "ij,ij->i", corner - np.repeat(middle, size, axis=0), np.repeat(unit, size, axis=0)
    )
    plan = vector[:, 2]
    leaning = np.abs(plan) > 0.02 * area
    mean = np.where(leaning, moment / np.where(leaning, plan, 1.0), middle[:, 2])
    return pd.DataFrame(
        {
            "x": vector[:, 0], "y": vector[:, 1], "z": plan, "area": area, "moment": moment,
            "low": np.minimum.reduceat(corner[:, 2], start),
            "high": np.maximum.reduceat(corner[:, 2], start),
            "mean": mean, "off_plane": np.maximum.reduceat(np.abs(away), start),
        }
    )  # fmt: skip


def _starts(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)[: len(sizes)]


def _ring_sums(
    corner: NDArray[np.float64], start: NDArray[np.int64], size: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return vector area and integral of height over the plan, by ring."""
    origin = corner[start]
    near = corner - np.repeat(origin, size, axis=0)  # small numbers: northings have seven digits
    following = np.arange(1, len(corner) + 1)
    following[start + size - 1] = start
    after = near[following]
    triangle = 0.5 * np.cross(near, after)
    vector = np.add.reduceat(triangle, start)
    lifted = triangle[:, 2] * (near[:, 2] + after[:, 2]) / 3
    return vector, np.add.reduceat(lifted, start) + origin[:, 2] * vector[:, 2]


def name_faces(
    model: RawModel, planes: pd.DataFrame
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """
    Return the kind of every polygon, those without a name judged by their normals, and its sign.

    The sign is -1 where the polygon runs the wrong way round: a roof that looks down, a ground
    that looks up, a solid inside out. Walls are judged by `wall_signs`.
    """
    kind, owner = model.polygon_kind.copy(), model.polygon_object
    count = len(model.objects)
    low = np.full(count, np.inf)
    np.minimum.at(low, owner, planes["low"].to_numpy())
    base = low[owner]
    lifted = planes["moment"].to_numpy() - base * planes["z"].to_numpy()
    unnamed = kind == UNKNOWN
    volume = np.bincount(owner[unnamed], lifted[unnamed], minlength=count)
    inside_out = unnamed & (volume[owner] < 0)
    mixed = _mixed_up(planes, owner, unnamed, count)[owner]  # normals that tell nothing
    up = planes["z"].to_numpy() * np.where(inside_out, -1.0, 1.0)
    slope = up / np.maximum(planes["area"].to_numpy(), 1e-12)
    on_base = planes["high"].to_numpy() <= base + BASE
    judged = np.select(
        [np.abs(slope) < STEEP, on_base, (slope > 0) | mixed], [WALL, GROUND, ROOF], CEILING
    )
    kind[unnamed] = judged[unnamed]
    raw_up = planes["z"].to_numpy()
    wrong = (np.isin(kind, (ROOF, FLOOR)) & (raw_up < 0)) | (
        np.isin(kind, (GROUND, CEILING)) & (raw_up > 0)
    )
    wrong |= inside_out & (kind == WALL)
    return kind, np.where(wrong, -1.0, 1.0)


def _mixed_up(
    planes: pd.DataFrame, owner: NDArray[np.int64], unnamed: NDArray[np.bool_], count: int
) -> NDArray[np.bool_]:
    """Tell the objects whose faces without a name do not run the same way round."""
    chosen = planes[unnamed]
    sums = [np.bincount(owner[unnamed], chosen[name].to_numpy(), minlength=count) for name in "xyz"]
    surface = np.bincount(owner[unnamed], chosen["area"].to_numpy(), minlength=count)
    mixed: NDArray[np.bool_] = np.linalg.norm(np.stack(sums), axis=0) > 0.02 * surface
    return mixed


def wall_signs(
    model: RawModel, planes: pd.DataFrame, kind: NDArray[np.int64], footprints: NDArray[np.object_]
) -> NDArray[np.float64]:
    """
    Return -1 for every wall whose normal looks into the footprint of its object, else 1.

    Judged 5 cm beside the middle of the longest edge in plan; where that tells nothing (a wall
    inside the footprint or away from it) the wall stays as it is.
    """
    sign = np.ones(len(kind))
    walls = np.flatnonzero(np.isin(kind, (WALL, CLOSURE)))
    if not len(walls):
        return sign
    middle = _longest_edges(model)[walls]
    normal = planes[["x", "y"]].to_numpy()[walls]
    normal = normal / np.maximum(np.linalg.norm(normal, axis=1), 1e-12)[:, None]
    shape = footprints[model.polygon_object[walls]]
    ahead, behind = middle + BESIDE * normal, middle - BESIDE * normal
    inwards = shapely.contains_xy(shape, ahead[:, 0], ahead[:, 1])
    outwards = shapely.contains_xy(shape, behind[:, 0], behind[:, 1])
    sign[walls[inwards & ~outwards]] = -1.0
    return sign


def _longest_edges(model: RawModel) -> NDArray[np.float64]:
    """Return the middle of the longest edge in plan, by polygon."""
    start, size = _starts(model.ring_size), model.ring_size
    following = np.arange(1, len(model.corners) + 1)
    following[start + size - 1] = start
    here, there = model.corners[:, :2], model.corners[following, :2]
    length = np.linalg.norm(there - here, axis=1)
    polygon = np.repeat(model.ring_polygon, size)
    order = np.lexsort((-length, polygon))
    best = order[np.unique(polygon[order], return_index=True)[1]]
    middle: NDArray[np.float64] = (here[best] + there[best]) / 2
    return middle
