"""Land use, water and trees around the houses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.sample_city.landscape import CRS
from layers.sample_city.network import HALF_WIDTH_M

if TYPE_CHECKING:
    from layers.sample_city.landscape import Landscape

Array = np.ndarray[Any, Any]
SOURCE = "estimated:model_town"

LANDUSE = {
    "housing": "residential", "industry_large": "industrial", "industry_medium": "commercial",
}  # fmt: skip
"""Kinds of fields that have another name in the schema."""

TREE_CHANCE = {
    "forest": 0.42, "heath": 0.07, "housing": 0.26, "park": 0.5, "cemetery": 0.55, "sport": 0.12,
    "allotments": 0.35, "orchard": 0.75, "grass": 0.3, "meadow": 0.02, "farmland": 0.003,
    "industry_large": 0.02, "industry_medium": 0.03,
}  # fmt: skip
"""Chance of a tree on each spot of a 15 m raster."""

SPECIES = {
    "broadleaved": ("Acer platanoides", "Tilia cordata", "Quercus robur", "Betula pendula",
                    "Fagus sylvatica", "Prunus avium"),
    "needleleaved": ("Pinus sylvestris", "Picea abies"),
}  # fmt: skip


def landuse_table(
    blocks: gpd.GeoDataFrame, extras: list[tuple[str, Array]], landscape: Landscape
) -> gpd.GeoDataFrame:
    """Return fields (blocks of one field as one area), grounds in `extras` and railway land."""
    kind = blocks["kind"].replace(LANDUSE).rename("class")
    frame = gpd.GeoDataFrame(
        {"class": kind, "field": blocks["field"]}, geometry=blocks.geometry, crs=CRS
    )
    frame = frame.dissolve(by=["field", "class"], as_index=False, method="unary")
    frame = frame[["class", "geometry"]]
    rails = shapely.union_all(
        landscape.railways.buffer(11, cap_style="flat").to_numpy()
    ).intersection(landscape.domain)
    grounds = [*extras, ("railway", shapely.get_parts(rails))]
    parts = [
        gpd.GeoDataFrame({"class": [name] * len(shapes)}, geometry=shapes, crs=CRS)
        for name, shapes in grounds
        if len(shapes)
    ]
    table = pd.concat([frame, *parts], ignore_index=True).explode(ignore_index=True)
    table = table[(table.geom_type == "Polygon") & (table.area > 20)]
    return table.assign(area_m2=table.area).reset_index(drop=True)


def water_table(landscape: Landscape) -> gpd.GeoDataFrame:
    """Return rivers as areas, the mill race as a line, and the lake."""
    rivers = landscape.rivers
    wide = (rivers["width_m"] > 10).to_numpy(bool)
    width = rivers["width_m"].to_numpy(float)
    shapes = np.where(wide, rivers.buffer(width / 2).to_numpy(), rivers.geometry.to_numpy())
    table = gpd.GeoDataFrame(
        {
            "name": rivers["name"],
            "class": rivers["class"],
            "width_m": np.where(wide, np.nan, width),
        },
        geometry=shapely.intersection(shapes, landscape.domain),
        crs=CRS,
    )
    lake = gpd.GeoDataFrame(
        {"name": ["Rotter See"], "class": "lake", "width_m": np.nan},
        geometry=[landscape.lake],
        crs=CRS,
    )
    lake = lake[lake.intersects(landscape.domain)]
    table = pd.concat([table, lake]).explode(ignore_index=True)
    return table.assign(width_source=table["width_m"].notna().map({True: SOURCE, False: None}))


def tree_table(
    blocks: gpd.GeoDataFrame, land: Array, pieces: gpd.GeoDataFrame, houses: Array, rng: Any
) -> gpd.GeoDataFrame:
    """Return trees of woods, gardens, parks and streets, none within 2 m of a wall."""
    ground, on_block = _scattered(blocks, land, rng)
    along = _street_trees(pieces, rng)
    points = np.concatenate([ground, along])
    wild = np.concatenate([on_block, np.zeros(len(along), bool)])
    near, _ = shapely.STRtree(houses).query(points, predicate="dwithin", distance=2.0)
    keep = np.ones(len(points), bool)
    keep[near] = False
    points, wild = points[keep], wild[keep]
    n = len(points)
    height = np.where(wild, rng.normal(17, 4, n), rng.normal(8.5, 2.5, n)).clip(3, 30)
    leaf = np.where(rng.random(n) < np.where(wild, 0.35, 0.12), "needleleaved", "broadleaved")
    names = {key: rng.choice(values, n) for key, values in SPECIES.items()}
    return gpd.GeoDataFrame(
        {
            "leaf": leaf,
            "height_m": height.round(1),
            "height_source": SOURCE,
            "crown_m": (height * rng.uniform(0.38, 0.62, n)).round(1),
            "crown_source": SOURCE,
            "position_source": SOURCE,
            "species": np.where(leaf == "broadleaved", *names.values()),
        },
        geometry=points,
        crs=CRS,
    )


def _scattered(blocks: gpd.GeoDataFrame, land: Array, rng: Any) -> tuple[Array, Array]:
    """Thin a shaken 15 m raster by land use; in built blocks on private ground only."""
    x0, y0, x1, y1 = blocks.total_bounds
    x, y = np.meshgrid(np.arange(x0, x1, 15.0), np.arange(y0, y1, 15.0))
    xy = np.column_stack([x.ravel(), y.ravel()]) + rng.uniform(-7, 7, (x.size, 2))
    luck = rng.random(len(xy))
    xy, luck = xy[luck < max(TREE_CHANCE.values())], luck[luck < max(TREE_CHANCE.values())]
    points = shapely.points(xy)
    point, block = shapely.STRtree(blocks.geometry.to_numpy()).query(points, predicate="intersects")
    kind = blocks["kind"].to_numpy()[block]
    keep = luck[point] < pd.Series(kind).map(TREE_CHANCE).fillna(0).to_numpy()
    point, kind = point[keep], kind[keep]
    built = pd.Series(kind).str.startswith(("housing", "industry")).to_numpy()
    inside, _ = shapely.STRtree(land).query(points[point], predicate="intersects")
    private = np.zeros(len(point), bool)
    private[inside] = True
    keep = ~built | private
    return points[point[keep]], np.isin(kind[keep], ["forest", "heath"])


def _street_trees(pieces: gpd.GeoDataFrame, rng: Any) -> Array:
    """Rows of trees on the verge of main streets and of every third other street in town."""
    town = pieces[pieces["inside"] & ~pieces["bridge"] & (pieces["class"] != "track")]
    lined = town[(town["rank"] < 3) | (town["way"] % 3 == 0)]
    if lined.empty:
        return np.array([], object)
    line, length = lined.geometry.to_numpy(), lined.length.to_numpy()
    count = np.maximum(((length - 16) / 15).astype(int), 0)
    owner = np.repeat(np.arange(len(line)), count)
    at = 8 + 15.0 * (np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count))
    at = at + rng.uniform(-2.5, 2.5, len(at))
    a = shapely.get_coordinates(shapely.line_interpolate_point(line[owner], at - 1))
    b = shapely.get_coordinates(shapely.line_interpolate_point(line[owner], at + 1))
    normal = np.column_stack([a[:, 1] - b[:, 1], b[:, 0] - a[:, 0]])
    normal /= np.maximum(np.hypot(*normal.T), 1e-9)[:, None]
    half = lined["class"].map(HALF_WIDTH_M).to_numpy()[owner] - 1.3
    both = [(a + b) / 2 + sign * normal * half[:, None] for sign in (1, -1)]
    kept = np.concatenate(both)[rng.random(2 * len(owner)) < 0.8]
    return np.asarray(shapely.points(kept))
