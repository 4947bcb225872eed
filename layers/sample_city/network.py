"""Lines become a street network: noded, bent a little, sorted into classes, directed links."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components, dijkstra

from layers.sample_city.blocks import warp
from layers.sample_city.landscape import CRS

if TYPE_CHECKING:
    from layers.sample_city.landscape import Landscape

Array = np.ndarray[Any, Any]

RANK = ("primary", "secondary", "tertiary", "way", "stub")
HALF_WIDTH_M = {
    "primary": 9.5, "secondary": 8.5, "tertiary": 7.5, "unclassified": 6.5, "residential": 5.0,
    "living_street": 4.0, "track": 2.5,
}  # fmt: skip
"""Half of the public ground of a street: carriageway, pavements, parking lane, verge."""


def node_lines(landscape: Landscape, ways: Array, stubs: Array) -> gpd.GeoDataFrame:
    """
    Cut all lines where they meet; columns rank, way (the line it was cut from), ref, geometry.

    `ways` are every boundary of fields and blocks, `stubs` dead-end lanes.
    """
    roads = landscape.roads
    lines = np.concatenate([roads.geometry.to_numpy(), ways, stubs])
    rank = np.concatenate(
        [
            roads["class"].map(RANK.index).to_numpy(),
            np.full(len(ways), 3),
            np.full(len(stubs), 4),
        ]
    )
    border = landscape.domain.boundary
    parts = np.concatenate([lines, [border]])
    noded = shapely.line_merge(shapely.union_all(parts, grid_size=0.1))
    pieces = shapely.get_parts(noded)
    middle = shapely.line_interpolate_point(pieces, 0.5, normalized=True)
    piece, line = shapely.STRtree(lines).query(middle, predicate="dwithin", distance=0.4)
    found = pd.DataFrame({"piece": piece, "line": line, "rank": rank[line]})
    found = found.sort_values(["piece", "rank", "line"]).drop_duplicates("piece")
    found = found.set_index("piece").reindex(range(len(pieces)))
    frame = gpd.GeoDataFrame(
        {"rank": found["rank"].fillna(-1).astype(int), "way": found["line"].fillna(-1).astype(int)},
        geometry=pieces,
        crs=CRS,
    )
    refs = np.append(roads["ref"].fillna("").to_numpy(object), [""])
    on_road = (frame["way"] < len(roads)) & (frame["way"] >= 0)
    frame["ref"] = refs[np.where(on_road, frame["way"], len(roads))]
    return frame


def faces_of(
    pieces: gpd.GeoDataFrame, fields: gpd.GeoDataFrame, landscape: Landscape
) -> gpd.GeoDataFrame:
    """Return the blocks between pieces with the values of the field each lies in."""
    faces = shapely.get_parts(shapely.polygonize(pieces.geometry.to_numpy()))
    points = shapely.point_on_surface(faces)
    face, field = shapely.STRtree(fields.geometry.to_numpy()).query(points, predicate="intersects")
    first = pd.Series(field, index=face).groupby(level=0).first()
    values = fields.drop(columns="geometry").iloc[first.to_numpy()].reset_index(drop=True)
    return gpd.GeoDataFrame(
        values.assign(field=first.to_numpy()), geometry=faces[first.index], crs=CRS
    )


def bend(
    landscape: Landscape, seed: int, *frames: gpd.GeoDataFrame
) -> tuple[gpd.GeoDataFrame, ...]:
    """Bend pieces and blocks alike; roads, rails and rivers stay."""
    fixed = [
        *landscape.roads.geometry,
        *shapely.get_parts(shapely.boundary(landscape.corridors)),
    ]
    return tuple(
        frame.set_geometry(
            warp(frame.geometry.to_numpy(), fixed=np.array(fixed, object), seed=seed)
        )
        for frame in frames
    )


def beside(pieces: gpd.GeoDataFrame, blocks: gpd.GeoDataFrame) -> Array:
    """Return the block on each side of every piece as (n, 2) positions, -1 for none."""
    line = pieces.geometry.to_numpy()
    half = shapely.length(line) / 2
    a = shapely.get_coordinates(shapely.line_interpolate_point(line, half - 0.5))
    b = shapely.get_coordinates(shapely.line_interpolate_point(line, half + 0.5))
    normal = np.column_stack([a[:, 1] - b[:, 1], b[:, 0] - a[:, 0]])
    normal /= np.maximum(np.hypot(*normal.T), 1e-9)[:, None]
    tree = shapely.STRtree(blocks.geometry.to_numpy())
    sides = np.full((len(pieces), 2), -1)
    for column, sign in enumerate((1.5, -1.5)):
        point, block = tree.query(
            shapely.points((a + b) / 2 + sign * normal), predicate="intersects"
        )
        sides[point, column] = block
    return sides


def classify(pieces: gpd.GeoDataFrame, sides: Array, kind: Array) -> Array:
    """Name the class of every piece by what stands beside it (`kind` by block)."""
    beside_kind = np.append(kind.astype("str"), "")[sides]
    housing = (np.char.startswith(beside_kind, "housing")).any(axis=1)
    works = np.char.startswith(beside_kind, "industry").any(axis=1)
    rank = pieces["rank"].to_numpy()
    street = np.where(works, "unclassified", np.where(housing, "residential", "track"))
    street = np.where((rank == 4) & (street == "residential"), "living_street", street)
    named = np.array(RANK, object)[np.clip(rank, 0, 4)]
    result: Array = np.where(rank < 3, named, street)
    return result


def connect(pieces: gpd.GeoDataFrame, classes: Array) -> tuple[Array, Array]:
    """
    Make every car street reachable: open the tracks that tie islands to the town.

    Returns classes and a mask of the pieces to keep (those tied to the largest part at all).
    """
    start, end, count = _ends(pieces)
    length = pieces.length.to_numpy()
    whole = _parts(start, end, length, count)
    keep = whole[start] == np.bincount(whole[start], weights=length).argmax()
    car = (classes != "track") & keep
    parts = _parts(start[car], end[car], length[car], count)
    heart = np.bincount(parts[start[car]], weights=length[car]).argmax()
    weight = np.where(car, length * 1e-3 + 1e-3, length + 5)
    far, before = dijkstra(
        _graph(start, end, weight, count),
        directed=False,
        indices=int(np.flatnonzero(parts == heart)[0]),
        return_predecessors=True,
    )
    nodes = pd.DataFrame({"part": parts, "far": far}).loc[np.unique(start[car])]
    way_back = _walk(nodes.groupby("part")["far"].idxmin().to_numpy(), before)
    pair = np.sort(np.column_stack([start, end]), axis=1)
    used = np.sort(np.column_stack([way_back, before[way_back]]), axis=1)
    opened = np.isin(pair @ [count, 1], used @ [count, 1]) & ~car & keep
    return np.where(opened, "unclassified", classes), keep


def _walk(nodes: Array, before: Array) -> Array:
    """Return all nodes on the way from `nodes` back to the root (which has no predecessor)."""
    seen = [nodes[before[nodes] >= 0]]
    while len(seen[-1]):
        ahead = np.unique(before[seen[-1]])
        seen.append(ahead[before[ahead] >= 0])
    return np.unique(np.concatenate(seen))


def _parts(start: Array, end: Array, length: Array, count: int) -> Array:
    """Return the number of the connected part; one number a node."""
    labels: Array = connected_components(_graph(start, end, length, count), directed=False)[1]
    return labels


def _ends(pieces: gpd.GeoDataFrame) -> tuple[Array, Array, int]:
    """Return numbers for the ends of pieces by place (to 5 cm)."""
    line = pieces.geometry.to_numpy()
    xy = np.concatenate(
        [
            shapely.get_coordinates(shapely.get_point(line, 0)),
            shapely.get_coordinates(shapely.get_point(line, -1)),
        ]
    )
    _, number = np.unique(np.round(xy * 20).astype(np.int64), axis=0, return_inverse=True)
    n = len(line)
    number = number.ravel()
    return number[:n], number[n:], int(number.max()) + 1


def _graph(start: Array, end: Array, weight: Array, count: int) -> coo_matrix:
    order = np.argsort(weight, kind="stable")
    pair = pd.DataFrame({"a": start[order], "b": end[order]}).drop_duplicates()
    first = order[pair.index.to_numpy()]
    return coo_matrix((weight[first], (start[first], end[first])), shape=(count, count)).tocsr()
