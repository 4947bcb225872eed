"""From landscape to blocks: faces between main roads are cut again and again, as towns are."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from scipy.spatial import cKDTree

Array = np.ndarray[Any, Any]


def cut_until_small(
    faces: Array, *, short_m: Array, long_m: Array, rng: np.random.Generator, jitter: float = 0.12
) -> tuple[Array, Array, Array, Array]:
    """
    Cut polygons across and along until their bounding rectangle is at most `short_m` x `long_m`.

    Cuts are slightly turned (`jitter`, radians) and bowed, and seldom in the middle, so blocks
    come out irregular. Returns pieces, the face each came from, cut lines, and their faces.
    """
    pieces, origin = np.asarray(faces, object), np.arange(len(faces))
    lines, line_origin = [np.array([], object)], [np.array([], int)]
    for _ in range(14):
        centre, u, v, length, width = _rectangles(pieces)
        across = (length > long_m[origin]) | (length > 3.2 * width)
        across &= length > 0.6 * short_m[origin]
        along = ~across & (width > short_m[origin])
        todo = (across | along) & (width > 25)
        if not todo.any():
            break
        ids = np.flatnonzero(todo)
        axis, cross = (
            np.where(across[ids, None], u[ids], v[ids]),
            np.where(across[ids, None], v[ids], u[ids]),
        )
        reach = np.where(across[ids], length[ids], width[ids])
        breadth = np.where(across[ids], width[ids], length[ids])
        halves, curves = _half_planes(centre[ids], axis, cross, (reach, breadth), rng, jitter)
        inside = shapely.intersection(pieces[ids], halves)
        outside = shapely.difference(pieces[ids], halves)
        cut = shapely.intersection(curves, pieces[ids])
        parts, part_of = _polygon_parts(np.concatenate([inside, outside]))
        lines.append(cut)
        line_origin.append(origin[ids])
        pieces = np.concatenate([pieces[~todo], parts])
        origin = np.concatenate([origin[~todo], np.tile(origin[ids], 2)[part_of]])
    return pieces, origin, np.concatenate(lines), np.concatenate(line_origin)


def _rectangles(polygons: Array) -> tuple[Array, Array, Array, Array, Array]:
    """Centre, long axis, short axis, length and width of the smallest rectangles."""
    corners = shapely.get_coordinates(shapely.oriented_envelope(polygons)).reshape(-1, 5, 2)
    a, b = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 1]
    la, lb = np.hypot(*a.T), np.hypot(*b.T)
    first = la >= lb
    u = np.where(first[:, None], a / la[:, None], b / lb[:, None])
    v = np.where(first[:, None], b / lb[:, None], a / la[:, None])
    return corners[:, :4].mean(axis=1), u, v, np.maximum(la, lb), np.minimum(la, lb)


def _half_planes(
    centre: Array,
    axis: Array,
    cross: Array,
    size: tuple[Array, Array],
    rng: np.random.Generator,
    jitter: float,
) -> tuple[Array, Array]:
    """Areas on one side of a bowed line across each centre, and the lines."""
    reach, breadth = size
    n = len(centre)
    shift = rng.uniform(-0.13, 0.13, n) * reach
    angle = rng.normal(0, jitter, n)
    bow = rng.normal(0, 0.05, n) * np.minimum(breadth, 250)
    along = cross * np.cos(angle)[:, None] + axis * np.sin(angle)[:, None]
    normal = np.column_stack([-along[:, 1], along[:, 0]])
    t = np.linspace(-1, 1, 13)
    far = 0.75 * breadth + 0.5 * reach
    base = centre + axis * shift[:, None]
    curve = (
        base[:, None]
        + along[:, None] * (t[None, :, None] * far[:, None, None])
        + normal[:, None] * (bow[:, None] * (1 - t**2)[None])[..., None]
    )
    away = normal[:, None] * (3 * far + 3 * reach)[:, None, None]
    ring = np.concatenate([curve, curve[:, -1:] + away, curve[:, :1] + away], axis=1)
    return np.asarray(shapely.polygons(ring)), np.asarray(shapely.linestrings(curve))


def _polygon_parts(geometry: Array) -> tuple[Array, Array]:
    parts, index = shapely.get_parts(geometry, return_index=True)
    keep = (shapely.get_dimensions(parts) == 2) & (shapely.area(parts) > 1)
    return parts[keep], index[keep]


def warp(geometry: Array, *, fixed: Array, seed: int, reach_m: float = 16.0) -> Array:
    """
    Bend everything a little along a smooth random field, nothing within 25 m of `fixed` lines.

    The field is the same for lines and polygons, so what touched before touches after.
    """
    rng = np.random.default_rng(seed)
    tree = cKDTree(shapely.get_coordinates(shapely.segmentize(fixed, 12.0)))
    wave = rng.uniform(2 * np.pi / 900, 2 * np.pi / 320, (6, 1)) * _unit(rng.uniform(0, 6.3, 6))
    phase, toward = rng.uniform(0, 6.3, 6), _unit(rng.uniform(0, 6.3, 6))

    def bend(xy: Array) -> Array:
        distance, _ = tree.query(xy, distance_upper_bound=160)
        hold = np.clip((distance - 25) / 130, 0, 1)
        sway = np.sin(xy @ wave.T + phase) @ toward * (reach_m / 2.2)
        moved: Array = xy + sway * (hold * hold * (3 - 2 * hold))[:, None]
        return moved

    bent: Array = shapely.transform(shapely.segmentize(geometry, 14.0), bend)
    return bent


def _unit(angle: Array) -> Array:
    return np.column_stack([np.cos(angle), np.sin(angle)])
