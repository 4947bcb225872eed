"""
Real roofs: which buildings have measured planes, and how a tile carries them.

The mesh is closed whatever the planes look like: the browser hangs a wall from every edge of a
plane that no other plane of the building shares, down to its foot. Gables, steps between high and
low roofs and holes in a plane need no case of their own. Only where a roof reaches out over the
footprint does the server send the walls below it and name the edges that stay without.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from dash_app.map.binary import Column, quantise

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from dash_app.map.frame import Frame
    from dash_app.map.shapes import Rings
    from twin.city import City

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

XY_STEP = 0.05  # metres, as footprints: equal points stay equal
Z_STEP = 0.05
MAX_TILT = 85.0  # steeper planes are walls, which the edges above them give
MIN_COVER = 0.6  # share of the footprint under planes; else the estimated roof is the better one
OVERHANG_M = 0.25  # from which an edge beyond the footprint is an eave and no wall
MOST_M = 500.0


@dataclass(frozen=True)
class Roofs:
    """Planes of all buildings that are drawn with them, sorted by building."""

    row: Ints  # (planes,) position of the building
    plane: NDArray[Any]  # (planes,) polygons with heights above sea
    base: Floats  # (planes,) height above sea that counts as the ground of the building
    footprint: NDArray[Any]  # (buildings,) of the whole table

    @classmethod
    def of(cls, city: City) -> Roofs:
        """Choose the buildings whose planes make a whole roof."""
        buildings, roofs = city.buildings, city.tables["roofs"]
        footprint = np.asarray(buildings.geometry.array)
        if not len(roofs):
            empty = np.empty(0, np.int64)
            return cls(empty, np.empty(0, object), np.empty(0), footprint)
        row = buildings.index.get_indexer(pd.Index(roofs["building_id"]))
        shape = np.asarray(roofs.geometry.array)
        kept = (row >= 0) & _is_plane(roofs)
        kept[kept] &= ~buildings["has_parts"].to_numpy(dtype=bool)[row[kept]]
        order = np.flatnonzero(kept)[np.argsort(row[kept], kind="stable")]
        row, shape = row[order], shapely.orient_polygons(shape[order])
        good = _whole(row, shape, footprint)[row]
        row, shape = row[good], shape[good]
        return cls(row, shape, _grounds(buildings, row, shape)[row], footprint)

    def __len__(self) -> int:
        """Return the number of planes."""
        return len(self.row)

    @cached_property
    def buildings(self) -> int:
        """Number of buildings with a real roof."""
        return len(np.unique(self.row))

    def planes_of(self, rows: Ints) -> tuple[Ints, Ints]:
        """Return the planes of buildings: positions here, and for each the place in `rows`."""
        first = np.searchsorted(self.row, rows, side="left")
        count = np.searchsorted(self.row, rows, side="right") - first
        place = np.repeat(np.arange(len(rows)), count)
        step = np.arange(len(place)) - np.repeat(np.cumsum(count) - count, count)
        return first[place] + step, place


def _is_plane(roofs: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    shape = np.asarray(roofs.geometry.array)
    good = shapely.has_z(shape) & ~shapely.is_empty(shape) & ~shapely.is_missing(shape)
    good &= shapely.area(shape) > XY_STEP
    good &= ~(roofs["tilt_deg"].to_numpy() > MAX_TILT)
    xyz, owner = shapely.get_coordinates(shape, include_z=True, return_index=True)
    good[owner[~np.isfinite(xyz).all(axis=1)]] = False
    return np.asarray(good, dtype=bool)


def _whole(row: Ints, shape: NDArray[Any], footprint: NDArray[Any]) -> NDArray[np.bool_]:
    """Return for every building whether its planes cover enough of it."""
    covered = np.bincount(row, weights=shapely.area(shape), minlength=len(footprint))
    return np.asarray(covered >= MIN_COVER * shapely.area(footprint))


def _grounds(buildings: gpd.GeoDataFrame, row: Ints, shape: NDArray[Any]) -> Floats:
    """
    Return the height above sea at which each building stands, NaN where it has no plane.

    Parts stand where the lowest of them stands, so that they keep their places to each other on
    the flat map. Where the ground is unknown or does not fit the roof, the height of the building
    below its highest point is.
    """
    table = buildings[["part_of", "ground_m", "height_m"]]
    xyz, plane = shapely.get_coordinates(shape, include_z=True, return_index=True)
    top = np.full(len(table), -np.inf)
    np.maximum.at(top, row[plane], xyz[:, 2])
    whole = table["part_of"].astype(object).where(table["part_of"].notna(), table.index)
    whole = pd.Series(whole.to_numpy(), index=table.index).astype(str)
    ground = table["ground_m"].groupby(whole.to_numpy()).transform("min").to_numpy(np.float64)
    fits = (top - ground >= 0.5) & (top - ground <= MOST_M)
    below_top = top - table["height_m"].to_numpy(np.float64)
    return np.asarray(np.where(fits, ground, below_top), dtype=np.float64)


@dataclass(frozen=True)
class Corners:
    """The corners of planes, ring by ring, the closing one left out."""

    rings: Ints  # (planes,)
    points: Ints  # (rings,)
    plane: Ints  # (corners,) position of the plane
    xy: Floats  # (corners, 2) frame metres
    z: Floats  # (corners,) metres above the building's ground

    @cached_property
    def next(self) -> Ints:
        """The corner that follows each one in its ring."""
        following = np.arange(1, len(self.plane) + 1)
        ends = np.cumsum(self.points)
        following[ends - 1] = ends - self.points
        return following


def corners_of(shape: NDArray[Any], base: Floats, frame: Frame) -> Corners:
    """Return the corners of oriented planes, heights from `base` up."""
    rings, plane = shapely.get_rings(shape, return_index=True)
    xyz, ring = shapely.get_coordinates(rings, include_z=True, return_index=True)
    last = np.ones(len(ring), bool)
    last[:-1] = ring[1:] != ring[:-1]
    xyz, ring = xyz[~last], ring[~last]
    z = np.maximum(xyz[:, 2] - base[plane[ring]], 0)
    return Corners(
        np.bincount(plane, minlength=len(shape)),
        np.bincount(ring, minlength=len(rings)),
        plane[ring],
        frame.from_city(xyz[:, :2]),
        z,
    )


def encode_roofs(roofs: Roofs, rows: Ints, feet: Rings, frame: Frame) -> dict[str, Column]:
    """
    Return the columns of the real roofs of a tile; `feet` are the footprints of `rows`.

    `planes` holds for each footprint polygon 0 (no real roof), or 1 more than the planes of the
    building; further polygons of the same building hold 1. Corners of planes are numbers of
    vertices; a vertex is a point (of the footprint, or else one of `roof_xy`) and a height.
    """
    at, place = roofs.planes_of(rows)
    count = np.bincount(place, minlength=len(rows))
    first = np.ones(len(feet.owner), bool)
    first[1:] = feet.owner[1:] != feet.owner[:-1]
    planes = np.where(count[feet.owner] > 0, np.where(first, count[feet.owner], 0) + 1, 0)
    if not len(at):
        return {"planes": Column(planes)}
    corners = corners_of(roofs.plane[at], roofs.base[at], frame)
    under = _overhangs(roofs, rows[place], at, corners, frame)
    return {
        "planes": Column(planes),
        "plane_rings": Column(corners.rings),
        "plane_points": Column(corners.points),
        **_vertices(corners, place[corners.plane], feet, count > 0),
        **under,
    }


def _vertices(
    corners: Corners, owner: Ints, feet: Rings, roofed: NDArray[np.bool_]
) -> dict[str, Column]:
    """Return the corners as numbers of vertices; equal places of one building count once."""
    foot_owner = np.repeat(np.repeat(feet.owner, feet.rings), feet.points)
    foot_place = _place_in(foot_owner)
    xy = quantise(corners.xy, XY_STEP)
    foot_key, key = _keys(foot_owner, quantise(feet.xy, XY_STEP), owner, xy)
    known, where = np.unique(foot_key, return_index=True)
    in_foot = np.isin(key, known)
    other = np.flatnonzero(~in_foot)
    _, first, added = np.unique(key[other], return_index=True, return_inverse=True)
    extra_owner = owner[other[first]]  # sorted: the key counts by building first
    point = np.empty(len(key), np.int64)
    point[in_foot] = foot_place[where[np.searchsorted(known, key[in_foot])]]
    foot_count = np.bincount(foot_owner, minlength=len(roofed))
    point[other] = foot_count[owner[other]] + _place_in(extra_owner)[added]
    return {
        **_numbered(owner, point, quantise(corners.z, Z_STEP), roofed),
        "roof_points": Column(np.bincount(extra_owner, minlength=len(roofed))[roofed]),
        "roof_xy": Column(xy[other[first]].reshape(-1), delta=2),
    }


def _place_in(owner: Ints) -> Ints:
    """Return how many of the same owner come before each; `owner` is sorted."""
    return np.asarray(np.arange(len(owner)) - np.searchsorted(owner, owner))


def _keys(owner_a: Ints, xy_a: Ints, owner_b: Ints, xy_b: Ints) -> tuple[Ints, Ints]:
    """Return one number for each building and place, the same for both lists."""
    low = np.minimum(xy_a.min(axis=0), xy_b.min(axis=0))
    width, depth = np.maximum(xy_a.max(axis=0), xy_b.max(axis=0)) - low + 1

    def key(owner: Ints, xy: Ints) -> Ints:
        return np.asarray((owner * width + xy[:, 0] - low[0]) * depth + xy[:, 1] - low[1])

    return key(owner_a, xy_a), key(owner_b, xy_b)


def _numbered(owner: Ints, point: Ints, z: Ints, roofed: NDArray[np.bool_]) -> dict[str, Column]:
    """Return the vertices of each building in order of their points, and the corners as numbers."""
    order = np.lexsort((z, point, owner))
    triple = np.stack([owner, point, z], axis=1)[order]
    new = np.ones(len(order), bool)
    new[1:] = (triple[1:] != triple[:-1]).any(axis=1)
    vertex = triple[new]
    count = np.bincount(vertex[:, 0], minlength=len(roofed))
    number = np.empty(len(order), np.int64)
    number[order] = np.cumsum(new) - 1
    local = number - (np.cumsum(count) - count)[owner]
    return {
        "vertices": Column(count[roofed]),
        "vertex_point": Column(vertex[:, 1], delta=1),
        "vertex_z": Column(vertex[:, 2], delta=1),
        "corners": Column(local),
    }


def _overhangs(
    roofs: Roofs, row: Ints, at: Ints, corners: Corners, frame: Frame
) -> dict[str, Column]:
    """Return `out`, the corners whose edge has no wall, and the walls below, `under_…`."""
    shape = roofs.plane[at]
    owner = row[corners.plane]
    rings = shapely.get_rings(shape)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    inside = ring[1:] == ring[:-1]
    middle = shapely.points(((xy[1:] + xy[:-1]) / 2)[inside])
    out = shapely.distance(middle, roofs.footprint[owner]) > OVERHANG_M
    beyond = np.zeros(len(roofs.footprint), bool)
    beyond[owner[out]] = True
    walls = _walls_below(roofs.footprint, shape, row, beyond, frame, roofs.base[at])
    return {"out": Column(np.flatnonzero(out), delta=1), **walls}


def _walls_below(
    footprint: NDArray[Any],
    shape: NDArray[Any],
    row: Ints,
    beyond: NDArray[np.bool_],
    frame: Frame,
    base: Floats,
) -> dict[str, Column]:
    """Return pieces of the footprint's border below planes that reach over it, with heights."""
    chosen = np.flatnonzero(beyond[row])
    border = shapely.boundary(footprint[row[chosen]])
    rims = shapely.boundary(shapely.force_2d(shape[chosen]))
    inner = shapely.difference(border, shapely.buffer(rims, OVERHANG_M / 2, quad_segs=2))
    pieces, plane = shapely.get_parts(
        shapely.intersection(inner, shapely.force_2d(shape[chosen])), return_index=True
    )
    is_line = shapely.get_type_id(pieces) == shapely.GeometryType.LINESTRING
    xy, piece = shapely.get_coordinates(pieces[is_line], return_index=True)
    owner = chosen[plane[is_line]][piece]
    joined = piece[1:] == piece[:-1] if len(piece) else np.empty(0, bool)
    ends = np.stack([xy[:-1], xy[1:]], axis=1)[joined] if len(piece) else np.empty((0, 2, 2))
    owner = owner[:-1][joined] if len(piece) else owner
    ends = _outwards(ends, footprint[row[owner]])
    height = _height_at(shape[owner], ends) - base[owner][:, None]
    metres = frame.from_city(ends.reshape(-1, 2))
    return {
        "under_row": Column(row[owner], delta=1),
        "under_xy": Column(quantise(metres, XY_STEP).reshape(-1)),
        "under_z": Column(quantise(np.maximum(height, 0), Z_STEP).reshape(-1)),
    }


def _outwards(ends: Floats, footprint: NDArray[Any]) -> Floats:
    """Turn pieces so that the building lies to their left."""
    if not len(ends):
        return ends
    step = ends[:, 1] - ends[:, 0]
    left = np.stack([-step[:, 1], step[:, 0]], axis=1) / np.linalg.norm(step, axis=1)[:, None]
    probe = shapely.points(ends.mean(axis=1) + 0.02 * left)
    turned = ~shapely.intersects(footprint, probe)
    return np.where(turned[:, None, None], ends[:, ::-1], ends)


def _height_at(shape: NDArray[Any], ends: Floats) -> Floats:
    """Return the heights (n, 2) of planes at the ends of pieces (n, 2, 2), by least squares."""
    out = np.empty(ends.shape[:2])
    for i, (plane, piece) in enumerate(zip(shape, ends, strict=True)):  # few: overhangs only
        xyz = shapely.get_coordinates(plane, include_z=True)
        middle = xyz.mean(axis=0)
        slope, *_ = np.linalg.lstsq(xyz[:, :2] - middle[:2], xyz[:, 2] - middle[2], rcond=None)
        out[i] = middle[2] + (piece - middle[:2]) @ slope
    return out
