"""Shapes in plan: rings to polygons, grounds to footprints, all repaired and at 1 mm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from layers.citymodel.raw import RawModel

GRID = 0.001  # m
LEAST = 0.05  # m²; less is no footprint


def polygons_of(model: RawModel, *, heights: bool) -> NDArray[np.object_]:
    """Return all polygons of a model, as they lie in space or as their plan; not yet repaired."""
    if not len(model.ring_size):
        return np.zeros(0, dtype=object)
    corners = model.corners if heights else model.corners[:, :2]
    number = np.repeat(np.arange(len(model.ring_size)), model.ring_size)
    rings = shapely.linearrings(corners, indices=number)
    return np.asarray(shapely.polygons(np.asarray(rings), indices=model.ring_polygon))


def plans_by_object(
    plans: NDArray[np.object_], owner: NDArray[np.int64], count: int
) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """
    Return the union of plans by object (None without any) and the rows of those repaired.

    `owner` is the row of the object of each plan, `count` the number of objects.
    """
    shapes = np.full(count, None, dtype=object)
    broken = ~shapely.is_valid(plans)
    plans = plans.copy()
    plans[broken] = shapely.make_valid(plans[broken])
    pieces, number = shapely.get_parts(plans, return_index=True)
    for _ in range(2):  # collections of collections
        pieces, inner = shapely.get_parts(pieces, return_index=True)
        number = number[inner]
    flat = (shapely.get_dimensions(pieces) == 2) & (shapely.area(pieces) > GRID)
    pieces, rows = pieces[flat], owner[number[flat]]
    order = np.argsort(rows, kind="stable")
    pieces, rows = pieces[order], rows[order]
    if len(rows):
        held, dense = np.unique(rows, return_inverse=True)
        shapes[held] = _merged(shapely.multipolygons(pieces, indices=dense))
    return shapes, np.unique(owner[broken])


def unions(
    shapes: NDArray[np.object_], group: NDArray[np.int64], count: int
) -> NDArray[np.object_]:
    """Return the union of the shapes of each group; None where a group has none."""
    there = ~shapely.is_missing(shapes)
    return plans_by_object(shapes[there], group[there], count)[0]


def _merged(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return shapes at 1 mm with touching and overlapping pieces joined, polygons only."""
    several = shapely.get_num_geometries(shapes) > 1
    out = shapes.copy()
    out[~several] = shapely.set_precision(shapely.get_geometry(shapes[~several], 0), GRID)
    out[several] = shapely.union_all(shapes[several][:, None], axis=1, grid_size=GRID)
    mixed = shapely.get_type_id(out) == 7
    out[mixed] = shapely.buffer(out[mixed], 0)
    small = shapely.area(out) < LEAST
    out[small] = None
    return out


def planes_in_space(model: RawModel) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    """
    Return polygons as they lie in space, valid in plan (None where not to be saved).

    The second array tells which of them were repaired.
    """
    shapes = polygons_of(model, heights=True)
    bad = ~shapely.is_valid(shapes)
    if not bad.any():
        return shapes, bad
    pieces, number = shapely.get_parts(shapely.make_valid(shapes[bad]), return_index=True)
    pieces, inner = shapely.get_parts(pieces, return_index=True)
    number = number[inner]
    size = np.where(shapely.get_dimensions(pieces) == 2, shapely.area(pieces), 0.0)
    order = np.lexsort((-size, number))
    best = order[np.unique(number[order], return_index=True)[1]]
    saved = np.full(int(bad.sum()), None, dtype=object)
    good = size[best] > 0
    saved[number[best][good]] = pieces[best][good]
    shapes[bad] = saved
    return shapes, bad
