"""Outer edges of all footprints, and how high the wall above each of them is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

SHORT = 0.01  # m; shorter edges are crumbs
ON_EDGE = 0.15  # m between the edge of a roof plane and the footprint below it
ALONG = 0.05  # sine of the angle (3°) up to which the two count as parallel
GABLES = {
    "gabled": 1.0, "saltbox": 1.0, "gambrel": 1.3, "round": 1.4, "skillion": 1.0,
    "half_hipped": 0.6,
}  # fmt: skip
"""Area of the two end walls under the roof, in triangles over the full width and roof height."""


def outer_edges(bodies: gpd.GeoDataFrame) -> pd.DataFrame:
    """
    Return the edges of all footprints.

    Returns
    -------
    pd.DataFrame
        One row an edge: `body` (row number), `x0`, `y0`, `x1`, `y1` with the inside to the left,
        `length` [m] and `azimuth` [°] that the wall faces, 0 = grid north, clockwise.
    """
    shapes = shapely.orient_polygons(bodies.geometry.to_numpy())
    pieces, body = shapely.get_parts(shapes, return_index=True)
    rings, piece = shapely.get_rings(pieces, return_index=True)
    corner, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[1:] == ring[:-1]
    start, end = corner[:-1][same], corner[1:][same]
    dx, dy = (end - start).T
    edges = pd.DataFrame(
        {
            "body": body[piece[ring[:-1][same]]],
            "x0": start[:, 0], "y0": start[:, 1], "x1": end[:, 0], "y1": end[:, 1],
            "length": np.hypot(dx, dy),
            "azimuth": np.degrees(np.arctan2(dy, -dx)) % 360,  # right of the edge
        }
    )  # fmt: skip
    return edges[edges["length"] > SHORT].reset_index(drop=True)


def heights_of(
    edges: pd.DataFrame, bodies: gpd.GeoDataFrame, roofs: gpd.GeoDataFrame
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """
    Return the mean height [m] of the wall above each edge, and whether roof planes tell it.

    Where a roof plane ends above the edge, its heights are taken; elsewhere eaves and the shape of
    the roof.
    """
    drawn = _height_under_roofs(edges, bodies, roofs)
    known = ~np.isnan(drawn)
    return np.where(known, drawn, _height_by_shape(edges, bodies)), known


def bases_of(bodies: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Return the height of the underside of bodies [m above sea], NaN where it is not known."""
    ground: NDArray[np.float64] = bodies["ground_m"].to_numpy(float)
    lifted: NDArray[np.float64] = bodies["min_height_m"].fillna(0).to_numpy(float)
    return ground + lifted


def _height_under_roofs(
    edges: pd.DataFrame, bodies: gpd.GeoDataFrame, roofs: gpd.GeoDataFrame
) -> NDArray[np.float64]:
    """Return the mean height of roof edges above each edge, where they cover most of it."""
    height = np.full(len(edges), np.nan)
    row = bodies.index.get_indexer(roofs["building_id"])
    usable = (row >= 0) & shapely.has_z(roofs.geometry.to_numpy())
    rims = _rims(roofs.geometry.to_numpy()[usable], row[usable])
    if rims.empty:
        return height
    edge, rim = _above(edges, rims)
    along, away = projected(edges.iloc[edge], rims.iloc[rim])
    length = edges["length"].to_numpy()[edge]
    overlap = np.clip(along.max(axis=1), 0, length) - np.clip(along.min(axis=1), 0, length)
    good = (np.abs(away).max(axis=1) <= ON_EDGE) & (overlap > SHORT)
    edge, rim, overlap, along = edge[good], rim[good], overlap[good], along[good]
    z = _mean_height(rims.iloc[rim], along, edges["length"].to_numpy()[edge])
    share = np.bincount(edge, overlap, minlength=len(edges))
    summed = np.bincount(edge, overlap * z, minlength=len(edges))
    covered = share >= 0.5 * edges["length"].to_numpy()
    top = summed / np.where(share > 0, share, 1)
    tall = top - bases_of(bodies)[edges["body"].to_numpy()]
    height[covered] = tall[covered]
    return np.where(height > 0, height, np.nan)


def _rims(shapes: NDArray[np.object_], body: NDArray[np.int64]) -> pd.DataFrame:
    """Return the edges of roof planes with their heights; ridges between planes are among them."""
    rings, plane = shapely.get_rings(shapes, return_index=True)
    corner, ring = shapely.get_coordinates(rings, include_z=True, return_index=True)
    same = ring[1:] == ring[:-1]
    start, end = corner[:-1][same], corner[1:][same]
    rims = pd.DataFrame(
        np.column_stack([start, end]), columns=["x0", "y0", "z0", "x1", "y1", "z1"]
    ).assign(body=body[plane[ring[:-1][same]]])
    return rims[np.hypot(rims["x1"] - rims["x0"], rims["y1"] - rims["y0"]) > SHORT]


def _above(edges: pd.DataFrame, rims: pd.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return pairs of an edge and a parallel rim of the same body."""
    left = pd.DataFrame({"body": edges["body"], "edge": np.arange(len(edges))})
    right = pd.DataFrame({"body": rims["body"].to_numpy(), "rim": np.arange(len(rims))})
    pairs = left.merge(right, on="body")
    edge, rim = pairs["edge"].to_numpy(), pairs["rim"].to_numpy()
    direction = direction_of(edges)[edge]
    other = direction_of(rims)[rim]
    cross = direction[:, 0] * other[:, 1] - direction[:, 1] * other[:, 0]
    parallel = np.abs(cross) <= ALONG
    return edge[parallel], rim[parallel]


def direction_of(lines: pd.DataFrame) -> NDArray[np.float64]:
    """Return unit vectors (n, 2) from start to end."""
    step = np.column_stack([lines["x1"] - lines["x0"], lines["y1"] - lines["y0"]])
    unit: NDArray[np.float64] = step / np.hypot(step[:, 0], step[:, 1])[:, None]
    return unit


def projected(
    edges: pd.DataFrame, others: pd.DataFrame
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return both ends of `others` along and across the lines of `edges` [m], row by row."""
    unit = direction_of(edges)
    along, away = [], []
    for end in ("0", "1"):
        dx = others[f"x{end}"].to_numpy() - edges["x0"].to_numpy()
        dy = others[f"y{end}"].to_numpy() - edges["y0"].to_numpy()
        along.append(dx * unit[:, 0] + dy * unit[:, 1])
        away.append(unit[:, 0] * dy - unit[:, 1] * dx)
    return np.column_stack(along), np.column_stack(away)


def _mean_height(
    rims: pd.DataFrame, along: NDArray[np.float64], length: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the mean height of rims over the stretch they share with an edge."""
    z0, z1 = rims["z0"].to_numpy(), rims["z1"].to_numpy()
    span = along[:, 1] - along[:, 0]
    rise = (z1 - z0) / np.where(np.abs(span) > SHORT, span, np.inf)
    middle = (np.clip(along.min(axis=1), 0, length) + np.clip(along.max(axis=1), 0, length)) / 2
    result: NDArray[np.float64] = z0 + rise * (middle - along[:, 0])
    return result


def _height_by_shape(edges: pd.DataFrame, bodies: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """
    Return eaves height plus the share of the gables, which the two ends of the roof carry.

    The ridge runs along the longer side of the smallest rectangle around the footprint. The gables
    are shared among the edges that run across it, by length.
    """
    body = edges["body"].to_numpy()
    width, _, ridge = frame_of(bodies)
    rise = roof_rise(bodies)
    eaves = wall_top(bodies) - rise
    part = bodies["roof_type"].astype("str").map(GABLES).fillna(0.0).to_numpy(float)
    direction = direction_of(edges)
    across = np.abs(np.einsum("ij,ij->i", direction, ridge[body])) < np.sqrt(0.5)
    total = np.bincount(body[across], edges["length"].to_numpy()[across], minlength=len(bodies))
    added = part * width * rise / np.maximum(total, 0.1)
    added = np.minimum(added, rise)
    skillion = (bodies["roof_type"].astype("str") == "skillion").to_numpy()
    beside = np.where(skillion[body] & ~across, rise[body] / 2, 0.0)  # one low, one high wall
    tall: NDArray[np.float64] = eaves[body] + np.where(across, added[body], beside)
    return np.maximum(tall, 0.0)


def wall_top(bodies: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Return the height from underside to top of bodies [m]."""
    tall = bodies["height_m"].to_numpy(float) - bodies["min_height_m"].fillna(0).to_numpy(float)
    height: NDArray[np.float64] = np.nan_to_num(np.maximum(tall, 0.0))
    return height


def roof_rise(bodies: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Return the height of the roof [m], 0 where flat or unknown, never above the body's own."""
    rise = bodies["roof_height_m"].fillna(0.0).to_numpy(float)
    height: NDArray[np.float64] = np.clip(rise, 0.0, 0.95 * wall_top(bodies))
    return height


def frame_of(
    bodies: gpd.GeoDataFrame,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return width and length [m] of the smallest rectangle around footprints, and its long way."""
    around = shapely.oriented_envelope(bodies.geometry.to_numpy())
    corner, number = shapely.get_coordinates(around, return_index=True)
    first = np.unique(number, return_index=True)[1]
    one, two = corner[first + 1] - corner[first], corner[first + 2] - corner[first + 1]
    a, b = np.hypot(*one.T), np.hypot(*two.T)
    long_way = np.where((a >= b)[:, None], one, two)
    length = np.maximum(a, b)
    return np.minimum(a, b), length, long_way / np.maximum(length, 1e-9)[:, None]
