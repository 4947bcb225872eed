"""
Baublöcke where no official ones are given: what streets, rail, water and the boundary enclose.

Blocks cover the municipality without its waters. Streets with cars that the public may use cut;
paths, private ways, sidings, tunnels and small streams do not. Slivers between the carriageways of
one street and the islands of roundabouts join the neighbour with the longest common border.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from twin.assumptions import assumed
from twin.schema import BLOCKS
from twin.validation import conform

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

MUNICIPALITY = 8
CUTTING_ACCESS = ("public", "destination")
CUTTING_CLASSES = (
    "motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential",
    "living_street", "pedestrian", "busway",
)  # fmt: skip
CUTTING_RAIL = ("rail", "light_rail", "subway", "narrow_gauge", "tram", "monorail")
CUTTING_WATER = ("river", "canal")
LABEL = "estimated:streets"
GRID_M = 0.01  # lines that miss each other by less are taken to meet
MARGIN_M = 300.0  # around the outermost buildings, where no boundary is given
KEY_M = 10  # keys name the middle of a block on this grid: small repairs of the map keep them
WATER_SHARE = 0.8  # of an area's face, from which on it is no block


def make_blocks(tables: Mapping[str, pd.DataFrame], *, crs: str) -> gpd.GeoDataFrame:
    """
    Return the Baublöcke of a town with their district and what stands in them.

    Parameters
    ----------
    tables
        Standard tables; `streets`, `railways`, `water`, `districts` and `buildings` are used.

    Returns
    -------
    Table `blocks`, keyed `block:E_N` by the middle of the block in tens of metres, so that a
    rebuild finds the same keys. Buildings, dwellings and residents are summed up from the
    buildings that lie in it or, where none covers them, next to it.
    """
    extent = extent_of(tables)
    if extent.is_empty:
        return conform(BLOCKS, gpd.GeoDataFrame(geometry=[], crs=crs), crs=crs)
    faces = _faces(tables, extent)
    faces = _without_water(faces, tables["water"])
    inner = inner_districts(tables["districts"])
    faces = _cut_by_districts(faces, inner)
    faces = _without_slivers(faces, tables["buildings"])
    frame = gpd.GeoDataFrame(
        {"area_m2": shapely.area(faces).round(1), "boundary_source": LABEL},
        index=pd.Index(keys_of(faces, "block"), dtype="str"),
        geometry=faces,
        crs=crs,
    )
    frame = frame.assign(district_id=largest_overlap(frame, inner))
    return count_buildings(conform(BLOCKS, frame, crs=crs), tables["buildings"])


def municipality_of(tables: Mapping[str, pd.DataFrame]) -> BaseGeometry | None:
    """
    Return the municipality, None where its boundary is not known.

    An extract cuts the boundary of its own town now and then and keeps those of neighbours: known
    is only what holds all buildings but `block_buildings_outside` of them.
    """
    towns = tables["districts"][tables["districts"]["level"] == MUNICIPALITY]
    if towns.empty:
        return None
    town: BaseGeometry = shapely.union_all(towns.geometry.array)
    free = _outside(tables["buildings"], town)
    enough = len(free) <= assumed("block_buildings_outside") * len(tables["buildings"])
    return town if enough else None


def extent_of(tables: Mapping[str, pd.DataFrame]) -> BaseGeometry:
    """Return the municipality, else all districts and the surroundings of buildings outside."""
    town = municipality_of(tables)
    if town is not None:
        return town
    known: BaseGeometry = shapely.union_all(tables["districts"].geometry.array)
    free = _outside(tables["buildings"], known)
    if not len(free):
        return known
    around = shapely.MultiPoint(list(free)).convex_hull.buffer(MARGIN_M)
    whole: BaseGeometry = shapely.union_all([known, around])
    return whole


def _outside(buildings: gpd.GeoDataFrame, area: BaseGeometry) -> NDArray[Any]:
    """Return the middles of the buildings that lie outside an area."""
    points = shapely.centroid(buildings.geometry.array)
    shapely.prepare(area)
    return np.asarray(points[~shapely.intersects(area, points)])


def inner_districts(districts: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the districts inside the municipality; the municipality where there are none."""
    inner = districts[districts["level"] > MUNICIPALITY]
    if inner.empty:
        return districts
    finest = inner["level"].value_counts().sort_index().index
    # the level that most of the town is divided by: Stadtteile rather than a few Ortschaften
    area = inner.groupby("level")["area_m2"].sum().reindex(finest)
    return inner[inner["level"] == area[area >= 0.5 * area.max()].index.max()]


def _faces(tables: Mapping[str, pd.DataFrame], extent: BaseGeometry) -> NDArray[Any]:
    """Return the areas that the cutting lines enclose inside the extent."""
    lines = np.concatenate([_streets(tables["streets"]), *_rail_and_water(tables)])
    lines = lines[shapely.intersects(lines, extent)]
    ring = shapely.boundary(extent)
    noded = shapely.union_all([*lines, ring], grid_size=GRID_M)
    faces = shapely.get_parts(shapely.polygonize([noded]))
    shapely.prepare(extent)
    faces = faces[shapely.intersects(extent, shapely.point_on_surface(faces))]
    return _clean(faces)


def _streets(streets: gpd.GeoDataFrame) -> NDArray[Any]:
    cuts = (
        streets["allow_car"]
        & streets["car_access"].isin(CUTTING_ACCESS)
        & streets["class"].isin(CUTTING_CLASSES)
        & ~streets["is_tunnel"]
    )
    # the two directions of a street are one line
    lines = shapely.normalize(_flat(streets.geometry.array[cuts]))
    return np.asarray(lines[np.unique(shapely.to_wkb(lines), return_index=True)[1]])


def _rail_and_water(tables: Mapping[str, pd.DataFrame]) -> list[NDArray[Any]]:
    rail, water = tables["railways"], tables["water"]
    tracks = rail["class"].isin(CUTTING_RAIL) & ~rail["is_service"] & ~rail["is_tunnel"]
    open_water = water[~water["is_tunnel"]]
    is_area = shapely.get_dimensions(open_water.geometry.array) == 2
    large = is_area & (shapely.area(open_water.geometry.array) >= assumed("block_min_water"))
    courses = ~is_area & open_water["class"].isin(CUTTING_WATER).to_numpy()
    return [
        _flat(rail.geometry.array[tracks]),
        _flat(open_water.geometry.array[courses]),
        shapely.get_parts(shapely.boundary(_flat(open_water.geometry.array[large]))),
    ]


def _flat(geometry: Any) -> NDArray[Any]:
    return np.asarray(shapely.force_2d(np.asarray(geometry, dtype=object)), dtype=object)


def _clean(faces: NDArray[Any]) -> NDArray[Any]:
    """Put coordinates on the millimetre, and the faces in an order of their own."""
    faces = shapely.normalize(shapely.set_precision(faces, 0.001))
    faces = faces[~shapely.is_empty(faces)]
    west, south, _, _ = shapely.bounds(faces).T
    return np.asarray(faces[np.lexsort((shapely.area(faces), south, west))])


def _without_water(faces: NDArray[Any], water: gpd.GeoDataFrame) -> NDArray[Any]:
    """Leave out the faces that are rivers and lakes."""
    areas = water.geometry.array[shapely.get_dimensions(water.geometry.array) == 2]
    if not len(areas) or not len(faces):
        return faces
    face, area = shapely.STRtree(areas).query(faces, predicate="intersects")
    wet = np.zeros(len(faces))
    common = shapely.area(shapely.intersection(faces[face], np.asarray(areas)[area]))
    np.add.at(wet, face, common)
    return faces[wet < WATER_SHARE * shapely.area(faces)]


def _cut_by_districts(faces: NDArray[Any], districts: gpd.GeoDataFrame) -> NDArray[Any]:
    """Cut faces of open country of which several districts have a good piece."""
    shapes = np.asarray(districts.geometry.array)
    if len(shapes) < 2 or not len(faces):
        return faces
    face, district = shapely.STRtree(shapes).query(faces, predicate="intersects")
    piece = shapely.intersection(faces[face], shapes[district])
    good = shapely.area(piece) >= assumed("block_min_cut")
    cut = np.bincount(face[good], minlength=len(faces)) > 1
    keep = good & cut[face]
    owner = face[keep]
    pieces = piece[keep]
    # what is left (outside all districts, or too small to cut off) joins by its longest border
    taken = gpd.GeoSeries(pieces).groupby(owner).agg(shapely.union_all)
    left = shapely.difference(faces[taken.index], taken.to_numpy())
    every = _polygons(np.concatenate([pieces, left]))
    return _clean(np.concatenate([faces[~cut], every]))


def _polygons(shapes: NDArray[Any]) -> NDArray[Any]:
    """Return the polygons of all shapes one by one, without lines and points."""
    parts = shapely.get_parts(shapely.get_parts(shapes))
    areas = parts[shapely.get_dimensions(parts) == 2]
    return np.asarray(areas[shapely.area(areas) > 1.0])


def _without_slivers(faces: NDArray[Any], buildings: gpd.GeoDataFrame) -> NDArray[Any]:
    """Join faces that are too small or thin to be blocks to their neighbours, smallest first."""
    while len(faces) > 1:
        sliver = _is_sliver(faces, buildings)
        if not sliver.any():
            break
        left, right, border = borders(faces)
        target = _neighbour_by_border(sliver, left, right, border, shapely.area(faces))
        if (target < 0).all():
            break
        faces = _joined(faces, target)
    return faces


def _is_sliver(faces: NDArray[Any], buildings: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    area, length = shapely.area(faces), shapely.length(faces)
    width = 2 * area / length  # of a strip of this area and perimeter
    small = area < assumed("block_min_area")
    thin = width < assumed("block_min_width")
    points = shapely.point_on_surface(buildings.geometry.array)
    face = shapely.STRtree(faces).query(points, predicate="intersects")[1]
    built = np.bincount(face, minlength=len(faces)) > 0
    return np.asarray((small | thin) & ~built)


def borders(
    areas: NDArray[Any],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return pairs of areas (left < right) that touch along a line, and its length [m]."""
    left, right = shapely.STRtree(areas).query(areas, predicate="intersects")
    once = left < right
    left, right = left[once], right[once]
    rings = shapely.boundary(areas)
    length = shapely.length(shapely.intersection(rings[left], rings[right]))
    touch = length > 0.01
    order = np.lexsort((right[touch], left[touch]))
    return left[touch][order], right[touch][order], length[touch][order]


def _neighbour_by_border(
    sliver: NDArray[np.bool_],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    border: NDArray[np.float64],
    area: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Return for each sliver the neighbour of the longest border, -1 for all others."""
    pairs = pd.DataFrame(
        {"own": np.r_[left, right], "other": np.r_[right, left], "border": np.r_[border, border]}
    )
    pairs = pairs[sliver[pairs["own"]]]
    # two slivers side by side: the smaller joins the larger, never both each other
    smaller = (area[pairs["own"]] < area[pairs["other"]]) | (
        (area[pairs["own"]] == area[pairs["other"]]) & (pairs["own"] < pairs["other"])
    )
    pairs = pairs[~sliver[pairs["other"]] | smaller]
    best = pairs.sort_values(["own", "border", "other"], ascending=[True, False, True])
    best = best.drop_duplicates("own")
    target = np.full(len(area), -1)
    target[best["own"]] = best["other"]
    return target


def _joined(faces: NDArray[Any], target: NDArray[np.int64]) -> NDArray[Any]:
    """Unite every face with its target; chains of slivers end at the last face."""
    root = np.where(target >= 0, target, np.arange(len(faces)))
    while (root[root] != root).any():
        root = root[root]
    touched = np.isin(root, root[target >= 0])
    united = gpd.GeoSeries(faces[touched]).groupby(root[touched]).agg(shapely.union_all)
    return _clean(np.concatenate([faces[~touched], united.to_numpy()]))


def keys_of(areas: NDArray[Any], prefix: str) -> list[str]:
    """
    Return a key for each area from its middle on a grid of 10 m: `block:37012_563098`.

    Areas with the middle in the same square are numbered by falling size.
    """
    middle = shapely.centroid(areas)
    east = np.floor(shapely.get_x(middle) / KEY_M).astype(np.int64)
    north = np.floor(shapely.get_y(middle) / KEY_M).astype(np.int64)
    names = pd.Series([f"{prefix}:{e}_{n}" for e, n in zip(east, north, strict=True)], dtype="str")
    order = np.lexsort((shapely.get_x(middle), -shapely.area(areas)))
    number = names.iloc[order].groupby(names.iloc[order]).cumcount().sort_index()
    return [n if i == 0 else f"{n}_{i + 1}" for n, i in zip(names, number, strict=True)]


def largest_overlap(areas: gpd.GeoDataFrame, others: gpd.GeoDataFrame) -> pd.Series[str]:
    """Return for each area the key of the other that covers most of it, missing where none."""
    others = others.sort_index()
    shapes, targets = areas.geometry.array, others.geometry.array
    row, found = others.sindex.query(shapes, predicate="intersects")
    share = shapely.area(shapely.intersection(shapes[row], targets[found]))
    order = np.lexsort((found, -share, row))
    first = order[np.unique(row[order], return_index=True)[1]]
    first = first[share[first] > 0]
    names = pd.Series(None, index=areas.index, dtype="str")
    names.iloc[row[first]] = others.index.to_numpy()[found[first]]
    return names


def assign(buildings: gpd.GeoDataFrame, areas: gpd.GeoDataFrame, column: str) -> gpd.GeoDataFrame:
    """
    Return `buildings` with the key of the area each lies in, in `column`.

    A building lies where its point on the surface does; where no area covers it, the nearest
    counts, so that every building gets one. Keys it has already stay.
    """
    bare = buildings[column].isna().to_numpy()
    if areas.empty or not bare.any():
        return buildings
    names = np.full(len(buildings), None, dtype=object)
    names[bare] = _area_of(buildings.geometry.array[bare], areas.sort_index())
    filled = pd.Series(names, index=buildings.index, dtype="str")
    return buildings.assign(**{column: buildings[column].fillna(filled)})


def _area_of(shapes: Any, areas: gpd.GeoDataFrame) -> NDArray[Any]:
    points = shapely.point_on_surface(shapes)
    row, found = areas.sindex.query(points, predicate="intersects")
    place = np.full(len(points), len(areas))
    np.minimum.at(place, row, found)
    lost = np.flatnonzero(place == len(areas))
    row, found = areas.sindex.nearest(points[lost], return_all=True)
    np.minimum.at(place, lost[row], found)
    return np.asarray(areas.index.to_numpy(dtype=object)[place])


def complete(areas: gpd.GeoDataFrame, tables: Mapping[str, pd.DataFrame]) -> gpd.GeoDataFrame:
    """Return official blocks or zones with their district and what stands in them filled in."""
    found = largest_overlap(areas, inner_districts(tables["districts"]))
    filled = areas.assign(district_id=areas["district_id"].fillna(found))
    return count_buildings(filled, tables["buildings"])


def count_buildings(areas: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Fill in buildings, dwellings and residents where an area has no figures of its own."""
    if areas.empty:
        return areas
    whole = buildings[buildings["part_of"].isna()]
    place = _area_of(whole.geometry.array, areas.sort_index())
    sums = whole[["dwellings", "residents"]].groupby(place).sum()
    number = pd.Series(place).value_counts()
    done = areas.assign(
        buildings=areas["buildings"].fillna(number.reindex(areas.index).fillna(0)),
    )
    for name in ("dwellings", "residents"):
        bare = areas[name].isna()
        found = sums[name].reindex(areas.index).fillna(0).round(2)
        label = done[f"{name}_source"].mask(bare, "estimated:buildings")
        done = done.assign(**{name: areas[name].fillna(found), f"{name}_source": label})
    return done
