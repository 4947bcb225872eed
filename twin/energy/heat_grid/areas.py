"""Candidate areas: where the heat along the streets is worth examining a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from twin.energy.heat_grid.exchange import kruskal
from twin.energy.heat_grid.graph import parts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.energy.heat_grid.streets import Ground

    Ints = NDArray[np.intp]
    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

SHORT_M = 25.0
"""Shorter sections are counted as this long: a corner with a tower is no dense street."""


def candidate_areas(
    lines: pd.DataFrame,
    ground: Ground,
    given: Assumptions,
    *,
    threshold_kwh_m: float | None = None,
    dense: Sequence[str] = (),
    footprints: gpd.GeoSeries | None = None,
) -> gpd.GeoDataFrame:
    """
    Return connected groups of street sections with enough heat along them.

    Parameters
    ----------
    lines
        `line_density(ground.connections, ground.sections, heat_kwh)`.
    threshold_kwh_m
        Least heat line density of a section; `grid.line_density_threshold` without it. Gaps up to
        `grid.gap` between two groups are closed.
    dense
        Sections taken in whatever their line density, e.g. `sections_in_dense_blocks`.
    footprints
        Buildings by id, drawn into the area of the section they are connected to.

    Returns
    -------
    areas
        Most heat first, index `area_id` (the section with the most heat in it): `streets` (tuple
        of section ids), `heat_kwh`, `buildings`, `length_m`, `line_density_kwh_m`, geometry.
        Groups below `grid.area_min_heat` or `grid.area_min_buildings` are left out.
    """
    areas = dense_streets(lines, ground, given, threshold_kwh_m=threshold_kwh_m, dense=dense)
    group = section_groups(ground, areas["streets"])
    houses = None if footprints is None else _houses_of(ground, group, footprints)
    geometry = ground.sections.geometry.to_numpy()
    shapes = []
    for number in range(len(areas)):
        on = None if houses is None else houses[2] == number
        near = None if houses is None else (houses[0][on], houses[1][on])
        shapes.append(area_shape(geometry[group == number], near, given["grid.area_margin"]))
    crs = ground.sections.crs
    return gpd.GeoDataFrame(areas, geometry=gpd.GeoSeries(shapes, areas.index, crs=crs))


def dense_streets(
    lines: pd.DataFrame,
    ground: Ground,
    given: Assumptions,
    *,
    threshold_kwh_m: float | None = None,
    dense: Sequence[str] = (),
) -> pd.DataFrame:
    """Return what `candidate_areas` gives, without the shapes of the areas."""
    sections = ground.sections
    least = given["grid.line_density_threshold"] if threshold_kwh_m is None else threshold_kwh_m
    table = lines.reindex(sections.index)
    length = table["section_m"].to_numpy(float)
    heat = table["heat_kwh"].to_numpy(float)
    chosen = (heat > 0) & (heat >= least * np.maximum(length, SHORT_M))
    chosen |= sections.index.isin(list(dense)) & (heat > 0)
    start, end, n = _junctions(sections)
    chosen |= _gap_sections(n, start, end, length, chosen, given["grid.gap"])
    group = np.where(chosen, parts(n, start[chosen], end[chosen])[start], -1)
    areas = _sum_up(table, sections, group)
    large = areas["heat_kwh"] >= given["grid.area_min_heat"] * 1000
    large &= areas["buildings"] >= given["grid.area_min_buildings"]
    return areas[large].sort_values("heat_kwh", ascending=False, kind="stable")


def section_groups(ground: Ground, streets: pd.Series[Any]) -> Ints:
    """Return for each section the number of the area it is part of, -1 for none."""
    group = np.full(len(ground.sections), -1)
    names = streets.explode()
    number = np.repeat(np.arange(len(streets)), streets.map(len).to_numpy(int))
    group[ground.sections.index.get_indexer(pd.Index(names))] = number
    return group


def _houses_of(
    ground: Ground, group: Ints, footprints: gpd.GeoSeries
) -> tuple[NDArray[np.object_], NDArray[np.object_], Ints]:
    """Return footprint, point on the street and area of the buildings connected in areas."""
    row = ground.sections.index.get_indexer(pd.Index(ground.connections["section_id"]))
    place = footprints.index.get_indexer(ground.connections.index)
    area = np.where((row >= 0) & (place >= 0), group[np.maximum(row, 0)], -1)
    on = area >= 0
    points = ground.connections.geometry.to_numpy()
    return footprints.to_numpy()[place[on]], points[on], area[on]


def sections_in_dense_blocks(
    connections: pd.DataFrame,
    stock: pd.DataFrame,
    densities: pd.DataFrame,
    given: Assumptions,
    *,
    threshold_mwh_ha: float | None = None,
) -> list[str]:
    """
    Return sections of which most buildings stand in blocks with a high heat density.

    `densities` as `heat_density`; the limit is `grid.heat_density_threshold` without another.
    """
    named = "grid.heat_density_threshold"
    least = given[named] if threshold_mwh_ha is None else threshold_mwh_ha
    high = densities.index[densities["heat_density_mwh_ha_a"] >= least]
    inside = stock["block_id"].isin(high).reindex(connections.index, fill_value=False)
    heated = (stock["heated_area_m2"] > 0).reindex(connections.index, fill_value=False)
    known = heated & connections["section_id"].notna()
    share = inside[known].groupby(connections.loc[known, "section_id"].to_numpy(object)).mean()
    return sorted(share.index[share > 0.5])


def _junctions(sections: gpd.GeoDataFrame) -> tuple[Ints, Ints, int]:
    ends = np.concatenate([sections["from_node"].to_numpy(str), sections["to_node"].to_numpy(str)])
    names, number = np.unique(ends, return_inverse=True)
    return number[: len(sections)], number[len(sections) :], len(names)


def _gap_sections(
    n: int, start: Ints, end: Ints, length: Floats, chosen: Flags, gap_m: float
) -> Flags:
    """Return further sections that join two groups of chosen ones over a gap at most this long."""
    group = parts(n, start[chosen], end[chosen])
    joined = np.zeros(len(start), bool)
    seeds = np.unique(np.concatenate([start[chosen], end[chosen]]))
    free = np.flatnonzero(~chosen & (length <= gap_m) & (start != end))
    if len(seeds) == 0 or len(free) == 0:
        return joined
    u, v, w = start[free], end[free], np.maximum(length[free], 1e-3)
    order = np.argsort(-w, kind="stable")  # of parallel sections the shortest is written last
    pair = pd.DataFrame({"u": np.minimum(u, v), "v": np.maximum(u, v), "w": w, "e": free})
    pair = pair.iloc[order].drop_duplicates(["u", "v"], keep="last").sort_values("e")
    u, v, w, free = (pair[name].to_numpy() for name in "uvwe")
    both = csr_array((np.tile(w, 2), (np.append(u, v), np.append(v, u))), shape=(n, n))
    far, before, source = dijkstra(
        both, indices=seeds, min_only=True, return_predecessors=True, limit=gap_m
    )
    met = np.flatnonzero(np.isfinite(far[u]) & np.isfinite(far[v]))
    met = met[group[source[u[met]]] != group[source[v[met]]]]
    way = far[u[met]] + w[met] + far[v[met]]
    met, way = met[way <= gap_m], way[way <= gap_m]
    a, b = group[source[u[met]]], group[source[v[met]]]
    taken = met[kruskal(n, a, b, np.argsort(way, kind="stable"))]
    joined[free[taken]] = True
    front = np.concatenate([u[taken], v[taken]])
    number = pd.Series(free, index=pd.MultiIndex.from_arrays([u, v]))
    while len(front := front[before[front] >= 0]):
        back = before[front]
        ends = pd.MultiIndex.from_arrays([np.minimum(front, back), np.maximum(front, back)])
        joined[number.reindex(ends).to_numpy()] = True
        front = np.unique(back)
    return joined


def _sum_up(table: pd.DataFrame, sections: gpd.GeoDataFrame, group: Ints) -> pd.DataFrame:
    """Return the figures of every group of sections."""
    rows = pd.DataFrame(
        {
            "group": group,
            "section_id": sections.index.to_numpy(object),
            "heat_kwh": table["heat_kwh"].to_numpy(float),
            "buildings": table["buildings"].to_numpy(int),
            "length_m": table["section_m"].to_numpy(float),
        }
    )
    rows = rows[rows["group"] >= 0]
    grouped = rows.groupby("group")
    areas = grouped[["heat_kwh", "buildings", "length_m"]].sum()
    areas["streets"] = grouped["section_id"].agg(tuple)
    areas["line_density_kwh_m"] = areas["heat_kwh"] / areas["length_m"]
    first = rows.sort_values("heat_kwh", ascending=False, kind="stable").groupby("group").first()
    return areas.set_index(pd.Index(first["section_id"].reindex(areas.index), name="area_id"))


def area_shape(
    streets: NDArray[np.object_],
    houses: tuple[NDArray[np.object_], NDArray[np.object_]] | None,
    margin_m: float,
) -> shapely.Geometry:
    """
    Return the area around streets and the houses connected to them.

    `houses` are footprints and their points on the street; the ground between is part of it.
    """
    shapes = [np.asarray(shapely.buffer(streets, margin_m, quad_segs=2))]
    if houses is not None:
        reach = shapely.convex_hull(shapely.geometrycollections(np.column_stack(houses)))
        shapes.append(np.asarray(shapely.buffer(reach, 1.0, quad_segs=1)))
    return shapely.simplify(shapely.union_all(np.concatenate(shapes)), 1.0)
