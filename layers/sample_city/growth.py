"""Where the town has grown: fields become settled from the old centres outward."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.sample_city.blocks import cut_until_small
from layers.sample_city.figures import rows_of, type_counts
from layers.sample_city.landscape import CRS

if TYPE_CHECKING:
    from layers.sample_city.landscape import Landscape

Array = np.ndarray[Any, Any]

GROSS_PLOT_M2 = {
    "detached": 1000, "semi": 560, "terraced": 350, "multi_3_6": 900, "multi_7_12": 1700,
    "multi_13": 3600,
}  # fmt: skip
"""Land for one house with its share of streets, schools and greens (planning practice)."""

SPARE_GROUND = 1.22
"""Vacant plots and corners too awkward to build on."""

CLEARING_M = 560.0
"""Woods keep this far from the old centres."""

EDGE_USES = ("sport", "cemetery", "allotments", "sport", "allotments", "orchard")


def plan_fields(landscape: Landscape, rng: np.random.Generator) -> tuple[gpd.GeoDataFrame, Array]:
    """
    Cut the domain into fields and say what each is.

    Returns fields (kind, district, growth, core_m; geometry) and the lines that bound them.
    `growth` is the order of settlement in metres from the old centre, 0 first.
    """
    faces, bounds = _faces(landscape)
    size = np.where(shapely.area(faces) > 4e6, 330.0, 210.0)
    pieces, _, cuts, _ = cut_until_small(faces, short_m=size, long_m=size * 1.9, rng=rng)
    centre = shapely.get_coordinates(shapely.centroid(pieces))
    points = landscape.districts[["x", "y"]].to_numpy(float)
    distance = np.hypot(*(centre[:, None] - points[None]).transpose(2, 0, 1))
    district = distance.argmin(axis=1)
    core = distance[np.arange(len(centre)), district]
    roads = shapely.STRtree(landscape.roads.geometry.to_numpy())
    _, to_road = roads.query_nearest(
        shapely.points(centre), return_distance=True, all_matches=False
    )
    growth = (0.75 * core + 0.6 * to_road) * rng.uniform(0.8, 1.2, len(centre))
    fields = gpd.GeoDataFrame(
        {"kind": "farmland", "district": district, "growth": growth, "core_m": core},
        geometry=pieces,
        crs=CRS,
    )
    fields["kind"] = _wild(landscape, centre, core, rng)
    _place_industry(fields, landscape.industry, centre)
    _settle(fields, landscape.districts)
    lines = np.concatenate([bounds, cuts])
    return fields, lines


def _faces(landscape: Landscape) -> tuple[Array, Array]:
    """Faces between main roads and corridors, and the edges of the corridors."""
    edges = shapely.boundary(landscape.corridors).intersection(landscape.domain)
    edges = shapely.get_parts(shapely.line_merge(edges))
    lines = np.array([*landscape.roads.geometry, *edges, landscape.domain.boundary], object)
    noded = shapely.get_parts(shapely.union_all(lines, grid_size=0.1))
    faces = shapely.get_parts(shapely.polygonize(noded))
    shapely.prepare(landscape.corridors)
    inside = shapely.intersects(landscape.corridors, shapely.point_on_surface(faces))
    return faces[~inside & (shapely.area(faces) > 200)], edges


def _wild(landscape: Landscape, centre: Array, core: Array, rng: np.random.Generator) -> Array:
    """Woods, heath and river meadows; elsewhere mostly farmland."""
    kind = np.where(rng.random(len(centre)) < 0.24, "meadow", "farmland").astype(object)
    points = shapely.points(centre)
    for row in rows_of(landscape.woods):
        kind[shapely.intersects(row.geometry, points) & (core > CLEARING_M)] = row[2]
    return kind


def _place_industry(fields: gpd.GeoDataFrame, industry: pd.DataFrame, centre: Array) -> None:
    """Give each industrial area the fields next to its point until it is large enough."""
    for area in rows_of(industry):
        distance = np.hypot(centre[:, 0] - area.x, centre[:, 1] - area.y)
        free = fields["kind"].isin(["farmland", "meadow"]).to_numpy() & (distance < 1500)
        free &= (fields["core_m"] > 230).to_numpy()
        order = np.argsort(np.where(free, distance, np.inf), kind="stable")[: free.sum()]
        sums = fields.area.to_numpy()[order].cumsum()
        taken = order[sums <= area.area_ha * 1e4 * 1.03]
        fields.loc[taken, "kind"] = f"industry_{area.hall}"


def _settle(fields: gpd.GeoDataFrame, districts: gpd.GeoDataFrame) -> None:
    """Turn the first fields of every district into housing, a few into parks and edge uses."""
    counts = type_counts(districts)
    budget = (counts * pd.Series(GROSS_PLOT_M2)).sum(axis=1).to_numpy() * SPARE_GROUND
    free = fields["kind"].isin(["farmland", "meadow"]) & (fields.area > 2500)
    free &= shapely.minimum_clearance(fields.geometry.to_numpy()) > 0
    for number in range(len(districts)):
        own = fields[free & (fields["district"] == number)].sort_values("growth")
        within = own.area.cumsum() - own.area < budget[number]
        fields.loc[own.index[within], "kind"] = "housing"
        parks = max(round(within.sum() / 22), 1)
        inner = own.index[within][
            np.linspace(0.25, 0.8, parks, dtype=float).__mul__(within.sum()).astype(int)
        ]
        if within.sum() > 6:
            fields.loc[inner, "kind"] = "park"
        edge = own.index[~within][: min(len(EDGE_USES), 1 + within.sum() // 9)]
        fields.loc[edge, "kind"] = list(EDGE_USES[: len(edge)])


def cut_blocks(fields: gpd.GeoDataFrame, rng: np.random.Generator) -> tuple[Array, Array]:
    """Cut settled fields into blocks; returns cut lines and dead-end stubs."""
    built = fields["kind"].str.startswith(("housing", "industry")).to_numpy()
    ids = np.flatnonzero(built)
    kinds = fields["kind"].to_numpy()[ids]
    core = fields["core_m"].to_numpy()[ids]
    short = np.where(core < 350, 118, rng.choice([112, 124, 138, 160], len(ids)))
    short = np.where(
        kinds == "industry_large", 260, np.where(kinds == "industry_medium", 150, short)
    )
    long = short * rng.uniform(1.7, 2.6, len(ids))
    jitter = 0.13
    pieces, origin, cuts, _ = cut_until_small(
        fields.geometry.to_numpy()[ids],
        short_m=short.astype(float),
        long_m=long,
        rng=rng,
        jitter=jitter,
    )
    house = np.char.startswith(kinds.astype(str), "housing")[origin]
    return cuts, _stubs(pieces[house], rng)


def _stubs(blocks: Array, rng: np.random.Generator) -> Array:
    """Dead-end lanes from the long side of large blocks to beyond their middle."""
    corners = shapely.get_coordinates(shapely.oriented_envelope(blocks)).reshape(-1, 5, 2)
    a, b = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 1]
    la, lb = np.hypot(*a.T), np.hypot(*b.T)
    short, long = np.minimum(la, lb), np.maximum(la, lb)
    use = (short > 84) & (long > 110) & (rng.random(len(blocks)) < 0.5)
    u = np.where((la < lb)[:, None], a / la[:, None], b / lb[:, None])[use]  # into the block
    side = np.where((la < lb)[:, None], b, a)[use]
    start = corners[use, :4].mean(axis=1) - u * short[use, None]
    start += side * rng.uniform(-0.15, 0.15, (use.sum(), 1))
    end = start + u * (short[use] * rng.uniform(1.02, 1.22, use.sum()))[:, None]
    lines = shapely.intersection(shapely.linestrings(np.stack([start, end], 1)), blocks[use])
    found: Array = lines[(shapely.get_type_id(lines) == 1) & (shapely.length(lines) > 35)]
    return found
